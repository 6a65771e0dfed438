"""A table's rows along each case and each series: sessions numbered, phases labelled, order checked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from scd.records.notation import number_phases
from scd.records.preview import Problem

__all__ = ["Entry", "check_order", "label_phases", "number_sessions"]


@dataclass(frozen=True)
class Entry:
    """One value of a table with all that the table says of it; what could not be read is None.

    Parameters
    ----------
    row : int
        The row as a spreadsheet numbers it.
    case, measure : str, optional
        Labels as in the table.
    session : int, optional
        Its number.
    date : datetime.date, optional
        Its day.
    told : tuple of (str, int or None), optional
        The phase as the table tells it: letter and number.
    value, trials, minutes : float, optional
        The numbers.
    phase : str, optional
        The phase's label, once it is known.
    second : float, optional
        What a second observer recorded.
    planned : float, optional
        How much practice was planned.
    obstacle : str
        What got in the way of it.
    """

    row: int
    case: str | None
    measure: str | None
    session: int | None
    date: dt.date | None
    told: tuple[str, int | None] | None
    value: float | None
    trials: float | None = None
    minutes: float | None = None
    phase: str | None = None
    second: float | None = None
    planned: float | None = None
    obstacle: str = ""


def _groups(entries: Sequence[Entry], key: Callable[[Entry], Hashable]) -> list[list[int]]:
    groups: dict[Hashable, list[int]] = {}
    for index, entry in enumerate(entries):
        groups.setdefault(key(entry), []).append(index)
    return list(groups.values())


def number_sessions(entries: Sequence[Entry], *, date_column: str = "") -> tuple[list[Entry], list[str], list[Problem]]:
    """Number sessions from 1 where the table doesn't number them.

    Parameters
    ----------
    entries : sequence of Entry
        In the order of the table.
    date_column : str
        The column of dates, if there is one: then sessions are counted by the dates of a case, else by its rows.

    Returns
    -------
    entries : list of Entry
        With sessions.
    notes : list of str
        What was assumed.
    problems : list of Problem
        Rows without a date, when dates number the sessions.

    Examples
    --------
    >>> rows = [Entry(2, "K", "mood", None, None, None, 4.0), Entry(3, "K", "mood", None, None, None, 5.0)]
    >>> [e.session for e in number_sessions(rows)[0]]
    [1, 2]
    """
    numbered = list(entries)
    if not date_column:
        for members in _groups(entries, lambda e: (e.case, e.measure)):
            for number, i in enumerate(members, 1):
                numbered[i] = replace(entries[i], session=number)
        return numbered, ["the table has no session column: the rows of a case are its sessions 1, 2, 3 …"], []
    problems: list[Problem] = []
    for members in _groups(entries, lambda e: e.case):
        days = sorted({day for i in members if (day := entries[i].date)})
        position = {day: number for number, day in enumerate(days, 1)}
        for i in members:
            if day := entries[i].date:
                numbered[i] = replace(entries[i], session=position[day])
            else:
                problem = Problem(entries[i].row, date_column, "has no date, and dates number the sessions here")
                problems += [problem] if problem not in problems[-1:] else []
    return numbered, ["the table has no session column: sessions are numbered 1, 2, 3 … by their dates"], problems


def label_phases(entries: Sequence[Entry], *, column: str) -> tuple[list[Entry], list[Problem]]:
    """Label the phases along each case's sessions, or along each series where series of a case differ in their phases.

    Parameters
    ----------
    entries : sequence of Entry
        With sessions.
    column : str
        The column that tells the phases.

    Returns
    -------
    entries : list of Entry
        With phases.
    problems : list of Problem
        Phases out of order.

    Examples
    --------
    >>> rows = [Entry(n + 1, "K", "mood", n, None, (c, None), 4.0) for n, c in enumerate("AABA", 1)]
    >>> [e.phase for e in label_phases(rows, column="phase")[0]]
    ['A1', 'A1', 'B1', 'A2']
    """
    labelled = list(entries)
    problems = []
    several = len({e.case for e in entries}) > 1
    for members in _groups(entries, lambda e: e.case):
        told: dict[int | None, set[Any]] = {}
        for i in members:
            told.setdefault(entries[i].session, set()).add(entries[i].told)
        parts = [members]
        if any(len(seen - {None}) > 1 for seen in told.values()):
            series = _groups([entries[i] for i in members], lambda e: e.measure)
            parts = [[members[position] for position in part] for part in series]
        for part in parts:
            known = [i for i in part if entries[i].told and entries[i].session is not None]
            known.sort(key=lambda i: (entries[i].session or 0, entries[i].row))
            labels = number_phases([token for i in known if (token := entries[i].told)])
            for i, (label, wrong) in zip(known, labels, strict=True):
                labelled[i] = replace(entries[i], phase=label)
                if wrong:
                    whose = f" (case '{entries[i].case}')" if several else ""
                    problems.append(Problem(entries[i].row, column, wrong + whose))
    return labelled, problems


def check_order(entries: Sequence[Entry], *, session_column: str, date_column: str) -> list[Problem]:
    """Sessions that stand twice, and dates that go back or differ within a session.

    Parameters
    ----------
    entries : sequence of Entry
        With sessions.
    session_column, date_column : str
        Where to point to.

    Returns
    -------
    list of Problem

    Examples
    --------
    >>> rows = [Entry(2, "K", "mood", 1, None, None, 4.0), Entry(3, "K", "mood", 1, None, None, 5.0)]
    >>> check_order(rows, session_column="mt", date_column="")[0].words
    "row 3, column 'mt': session 1 of case 'K' stands already in row 2; keep one"
    """
    problems = []
    several = len({e.measure for e in entries}) > 1
    for members in _groups(entries, lambda e: (e.case, e.measure)):
        first: dict[int, int] = {}
        for entry in (entries[i] for i in members):
            if entry.session is None:
                continue
            if entry.session in first:
                whose = f"case '{entry.case}'" + (f", '{entry.measure}'" if several else "")
                message = f"session {entry.session} of {whose} stands already in row {first[entry.session]}; keep one"
                problems.append(Problem(entry.row, session_column or date_column, message))
            first.setdefault(entry.session, entry.row)
    for members in _groups(entries, lambda e: e.case):
        dated = [(e.session, e.row, e.date) for i in members if (e := entries[i]).session is not None and e.date]
        for (session, row, date), (next_session, next_row, next_date) in pairwise(sorted(dated)):
            if next_session == session and next_date != date:
                message = f"session {session} has two dates: {date} in row {row}, {next_date} here"
                problems.append(Problem(next_row, date_column, message))
            elif next_date < date:
                message = f"{next_date} lies before {date}, the date of session {session}"
                problems.append(Problem(next_row, date_column, message))
    return problems
