"""A tidy table of any app: one row an answer, with person, time, item and value."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from scd.records.cells import Cells
from scd.records.notation import Unread, is_missing
from scd.records.preview import Problem
from scd.records.profiles.answers import Answer, Item, needed_column, optional_column
from scd.records.profiles.moments import read_moments
from scd.study import StudyError

__all__ = ["ema_answers", "ema_items"]

_ALIASES = {
    "person": ("person", "participant", "participant_id", "subject", "subject_id", "client", "case", "user", "id"),
    "time": ("time", "timestamp", "datetime", "date_time", "date", "answered_at", "created_at"),
    "item": ("item", "question", "variable", "measure", "item_id", "question_id", "name"),
    "value": ("value", "answer", "response", "score"),
}


def _roles(cells: Cells, columns: Mapping[str, str]) -> dict[str, str]:
    """The column of each role."""
    plain = {re.sub(r"[\s\-.]+", "_", h.casefold()): h for h in cells.header if h}
    roles = {}
    for role, aliases in _ALIASES.items():
        named = columns.get(role) or next((plain[alias] for alias in aliases if alias in plain), "")
        if not named:
            raise StudyError(
                f"{cells.name}: is no tidy table of answers: it has no column for the {role} ({', '.join(aliases)}); "
                f"say which one it is, as in --column {role}=NAME (its columns are "
                f"{', '.join(h for h in cells.header[:20] if h)})",
                field=role,
            )
        roles[role] = named
    return roles


def ema_items(cells: Cells, *, columns: Mapping[str, str]) -> dict[str, Item]:
    """The items of a tidy table.

    Parameters
    ----------
    cells : Cells
        The table.
    columns : mapping of str to str
        Columns by role (``person, time, item, value``), where their names don't tell.

    Raises
    ------
    StudyError
        When a role has no column.
    """
    roles = _roles(cells, columns)
    counts: dict[str, int] = {}
    items, values = needed_column(cells, roles["item"]), needed_column(cells, roles["value"])
    for item, value in zip(items, values, strict=True):
        if item:
            counts[item] = counts.get(item, 0) + (not is_missing(value))
    return {item: Item("", count) for item, count in counts.items()}


def ema_answers(
    cells: Cells,
    wanted: set[str],
    *,
    columns: Mapping[str, str],
    phase: str,
    day_first: bool | None,
    zone: ZoneInfo | None,
) -> tuple[list[Answer], list[str], list[Problem]]:
    """The answers of a tidy table.

    Parameters
    ----------
    cells : Cells
        The table. A row with an empty value is a prompt that nobody answered.
    wanted : set of str
        The items that are taken.
    columns : mapping of str to str
        Columns by role, where their names don't tell.
    phase : str
        The column that tells the phase; without it ``phase`` or ``condition`` where there is one.
    day_first, zone
        As in `scd.records.profiles.moments.read_moments`.

    Returns
    -------
    answers : list of Answer
        In the order of the table.
    notes : list of str
        What was assumed.
    problems : list of Problem
        Times that can't be read; rows without person, item or time.
    """
    roles = _roles(cells, columns)
    who, when, what, said = (needed_column(cells, roles[role]) for role in ("person", "time", "item", "value"))
    told = phase or next((h for h in cells.header if h.casefold() in ("phase", "condition")), "")
    phases = needed_column(cells, told) if told else optional_column(cells, "")
    moments, notes = read_moments(when, day_first=day_first, zone=zone)
    answers, problems = [], []
    for i, (row, _) in enumerate(cells.rows):
        moment = moments[i]
        if not what[i]:
            problems.append(Problem(row, roles["item"], "is empty; name the item in every row"))
        elif what[i] not in wanted:
            continue
        elif not who[i]:
            problems.append(Problem(row, roles["person"], "is empty; name the person in every row"))
        elif isinstance(moment, Unread):
            problems.append(Problem(row, roles["time"], moment.why))
        elif moment is None:
            if is_missing(when[i]):  # else another row of the column says what is wrong with it
                problems.append(Problem(row, roles["time"], "is empty; say when"))
        else:
            text = "" if is_missing(said[i]) else said[i]
            prompt = when[i] if isinstance(moment, dt.datetime) else ""
            answers.append(Answer(row, who[i], moment, None, what[i], text, phases[i], prompt))
    return answers, notes, problems
