"""m-Path: ``basic.csv``, one row a questionnaire that was sent, and the file of meta data beside it.

Times are seconds since 1970 by the participant's own clock, not in UTC; texts are JSON inside the cell; a cell with
several answers lists them with commas. Format after the R package mpathr (KU Leuven).
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

from scd.records.cells import Cells
from scd.records.notation import is_missing
from scd.records.preview import Problem
from scd.records.profiles.answers import Item, Prompt, needed_column, optional_column
from scd.records.profiles.moments import local_clock
from scd.study import StudyError

__all__ = ["OWN_COLUMNS", "mpath_items", "mpath_prompts", "read_meta", "unpacked"]

OWN_COLUMNS = (
    "connectionId", "legacyCode", "code", "alias", "initials", "accountCode", "scheduledBeepId", "sentBeepId",
    "reminderForOriginalSentBeepId", "questionListName", "questionListLabel", "fromProtocolName", "timeStampScheduled",
    "timeStampSent", "timeStampStart", "timeStampStop", "originalTimeStampSent", "timeZoneOffset", "deltaUTC",
)  # fmt: skip
"""The columns that are m-Path's own and no items."""

_SEVERAL = ("intList", "doubleList", "stringList")
_NO_ANSWER = ("basic", "file", "containerAnswer")


@dataclass(frozen=True)
class _Beep:
    index: int
    person: str
    sent: dt.datetime | None
    started: dt.datetime | None
    form: str
    identity: str


def read_meta(cells: Cells) -> dict[str, tuple[str, str]]:
    """Question and kind of answer of each item.

    Parameters
    ----------
    cells : Cells
        The file of meta data.

    Returns
    -------
    dict of str to (str, str)
        Column name to the question's text and the answer's type.

    Raises
    ------
    StudyError
        When it is another file.
    """
    needed = ("columnName", "fullQuestion", "typeAnswer")
    lacking = [name for name in needed if name not in cells.header]
    if lacking:
        raise StudyError(
            f"{cells.name}: is not m-Path's file of meta data (it has no column {', '.join(lacking)}); give the file "
            "that m-Path exports beside basic.csv",
            field="meta",
        )
    name, question, kind = (cells.column(cells.header.index(column)) for column in needed)
    return {n: (unpacked(q), k) for n, q, k in zip(name, question, kind, strict=True) if n}


def mpath_items(cells: Cells, meta: dict[str, tuple[str, str]] | None) -> dict[str, Item]:
    """The items of an export.

    Parameters
    ----------
    cells : Cells
        ``basic.csv``.
    meta : dict, optional
        From `read_meta`.

    Returns
    -------
    dict of str to Item
        By column name. Without meta data nothing tells that an item has several answers in one cell, until one has.
    """
    items = {}
    for index, column in enumerate(cells.header):
        if not column or column in OWN_COLUMNS:
            continue
        question, kind = (meta or {}).get(column, ("", ""))
        problem = "holds several answers in one cell" if kind in _SEVERAL else ""
        problem = "is no question with an answer" if kind in _NO_ANSWER else problem
        answered = sum(not is_missing(text) for text in cells.column(index))
        items[column] = Item(question, answered, problem)
    return items


def mpath_prompts(cells: Cells, *, person: str = "", time: str = "") -> tuple[list[Prompt], list[str], list[Problem]]:
    """The questionnaires that were sent, each once: a reminder stands for the one that it reminds of.

    Parameters
    ----------
    cells : Cells
        ``basic.csv``.
    person : str
        The column that tells persons apart; by default ``connectionId``.
    time : str
        The column of times; by default ``timeStampStart`` where somebody answered, else when it was sent.

    Returns
    -------
    prompts : list of Prompt
        One a questionnaire, without a moment where the export tells none.
    notes : list of str
        What was assumed.
    problems : list of Problem
        Times that can't be read, rows without a person.
    """
    problems: list[Problem] = []
    sent = [_times(cells, c, problems) for c in ("timeStampSent", "timeStampScheduled") if c in cells.header]
    started = _times(cells, time or "timeStampStart", problems)
    who = needed_column(cells, person or "connectionId")
    forms, own, original = (
        optional_column(cells, name) for name in ("questionListName", "sentBeepId", "reminderForOriginalSentBeepId")
    )
    beeps: list[_Beep] = []
    for i, (row, _) in enumerate(cells.rows):
        if not who[i]:
            problems.append(Problem(row, person or "connectionId", "is empty; it tells persons apart"))
            continue
        identity = original[i] if original[i] not in ("", "0") else own[i] if own[i] not in ("", "0", "-1") else ""
        first_sent = next((times[i] for times in sent if times[i] is not None), None)
        beeps.append(_Beep(i, who[i], first_sent, started[i], forms[i], identity))
    answered = {(b.person, b.identity) for b in beeps if b.started is not None}
    prompts, missed, seen = [], 0, set()
    for beep in beeps:
        key = (beep.person, beep.identity)
        if beep.started is None and beep.identity:
            if key in answered or key in seen:
                continue  # a reminder was answered, or told already that nobody did
            seen.add(key)
        missed += beep.started is None
        prompts.append(Prompt(beep.index, beep.person, beep.started or beep.sent, form=beep.form, prompt=beep.identity))
    notes = ["times are those of the participant's own clock, as m-Path writes them; a prompt belongs to the day on "
             "which it was opened, or else sent"]  # fmt: skip
    notes.append(f"persons are told apart by '{person or 'connectionId'}'")
    notes.append(f"{len(prompts)} prompts, {missed} of them not answered")
    return prompts, notes, problems


def unpacked(text: str) -> str:
    """A text as m-Path packs it, with the quotation marks of JSON around it, without them.

    Examples
    --------
    >>> unpacked('"too far\\\\nand late"'), unpacked("7")
    ('too far and late', '7')
    """
    if len(text) > 1 and text[0] == text[-1] == '"':
        try:
            held = json.loads(f"[{text}]")
        except json.JSONDecodeError:
            return text.strip('"')
        return " ".join("; ".join(str(part) for part in held).split())
    return text


def _times(cells: Cells, column: str, problems: list[Problem]) -> list[dt.datetime | None]:
    """Seconds on the participant's clock; 0 and nothing are no time."""
    times: list[dt.datetime | None] = []
    texts = needed_column(cells, column)
    for (row, _), text in zip(cells.rows, texts, strict=True):
        if is_missing(text) or text == "0":
            times.append(None)
        elif text.isdecimal() and 8 < len(text) < 11:
            times.append(local_clock(int(text)))
        else:
            problems.append(Problem(row, column, f"'{text}' is not a time as m-Path writes it (seconds since 1970)"))
            times.append(None)
    return times
