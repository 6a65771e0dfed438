"""Reporting checklists: one row an item, filled from the record, or missing and where to fill it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from scd.language import gettext as _
from scd.study.record import Record

__all__ = ["Asked", "ChecklistRow", "RowStatus", "filled_rows"]

RowStatus = Literal["filled", "partly", "missing", "not applicable"]
Asked = tuple[str, str, str]
"""An item's number, its topic, and where to fill what the record can't tell."""


class ChecklistRow(Record):
    """One item of a checklist.

    Parameters
    ----------
    item : str
        Its number.
    topic : str
        What it asks for, in our words.
    status : {"filled", "partly", "missing", "not applicable"}
        ``partly`` where the record tells something and a person must add to it.
    text : str
        What the record tells; empty where it tells nothing.
    where : str
        Where to fill in the rest; empty where nothing is missing.
    """

    item: str
    topic: str
    status: RowStatus
    text: str = ""
    where: str = ""


def filled_rows(
    asked: Iterable[Asked],
    *,
    told: Mapping[str, str],
    partly: Iterable[str] = (),
    not_applicable: Mapping[str, str] | None = None,
) -> tuple[ChecklistRow, ...]:
    """The rows of a checklist.

    Parameters
    ----------
    asked : iterable of (item, topic, where)
        All items in order.
    told : mapping of item to str
        What the record tells; an empty text tells nothing.
    partly : iterable of str
        Items that a person must complete even where the record tells something.
    not_applicable : mapping of item to str, optional
        Items that don't apply, and why.

    Returns
    -------
    tuple of ChecklistRow
        One an item.

    Examples
    --------
    >>> asked = [("1", "title", "your manuscript"), ("2", "design", "the plan")]
    >>> [row.status for row in filled_rows(asked, told={"2": "ABAB"})]
    ['missing', 'filled']
    """
    half, without = set(partly), not_applicable or {}
    rows = []
    for item, topic, where in asked:
        text = told.get(item, "")
        if item in without:
            rows.append(ChecklistRow(item=item, topic=_(topic), status="not applicable", text=without[item]))
        elif text and item not in half:
            rows.append(ChecklistRow(item=item, topic=_(topic), status="filled", text=text))
        else:
            status: RowStatus = "partly" if text else "missing"
            rows.append(ChecklistRow(item=item, topic=_(topic), status=status, text=text, where=_(where)))
    return tuple(rows)
