"""New sessions for a study that is on record: what is new is added, what differs is told, nothing is taken away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from scd.design.dating import Every, number_dates
from scd.records.columns import ONLY_CASE
from scd.records.intake import sessions_from_table
from scd.records.preview import Preview
from scd.records.profiles.counts import is_count_note
from scd.study import Session, Study, StudyError, Value

__all__ = ["Changed", "Update", "add_sessions", "sessions_for"]

_FIELDS = ("value", "planned", "obstacle", "trials", "minutes", "second")


@dataclass(frozen=True)
class Changed:
    """A value that the record has otherwise.

    Parameters
    ----------
    session : int
        Its number.
    date : datetime.date, optional
        Its day.
    measure : str
        The measure's key.
    field : str
        ``value``, ``planned``, ``obstacle``, ``trials``, ``minutes`` or ``second``.
    stored, new : float, str or None
        What the record has, and what the file has.
    """

    session: int
    date: dt.date | None
    measure: str
    field: str
    stored: float | str | None
    new: float | str | None


@dataclass(frozen=True)
class Update:
    """What a file would add to a study.

    Parameters
    ----------
    study : Study
        The study with it.
    added : tuple of (int, str)
        Session and measure of each new value, missed ones included.
    changed : tuple of Changed
        What the record has otherwise; in the study only where it was to be replaced.
    same : int
        How many values the record has already as they are.
    """

    study: Study
    added: tuple[tuple[int, str], ...]
    changed: tuple[Changed, ...]
    same: int


def add_sessions(study: Study, *, case: str, sessions: Iterable[Session], replace: bool = False) -> Update:
    """Add sessions to a case, measure by measure.

    Parameters
    ----------
    study : Study
        As it is on record.
    case : str
        The case's code.
    sessions : iterable of Session
        The new ones; a number on record is the same session.
    replace : bool
        Whether a value that differs takes the place of the one on record. An empty one never does.

    Returns
    -------
    Update
        The study with what is new.

    Raises
    ------
    StudyError
        When a session has another date on record, or the case would not stand.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> held = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),))
    >>> held = held.record(Session(number=1, values=(Value(measure="mood", value=4),)))
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(held,))
    >>> new = [Session(number=n, values=(Value(measure="mood", value=5),)) for n in (1, 2)]
    >>> update = add_sessions(study, case="K7M2", sessions=new)
    >>> update.added, [(c.session, c.stored, c.new) for c in update.changed]
    (((2, 'mood'),), [(1, 4.0, 5.0)])
    """
    held = study.case(case)
    there = {s.number: s for s in held.sessions}
    added: list[tuple[int, str]] = []
    changed: list[Changed] = []
    same = 0
    merged = []
    for session in sessions:
        old = there.get(session.number)
        if old is None:
            added += [(session.number, v.measure) for v in session.values]
            merged.append(session)
            continue
        if old.date is not None and session.date not in (None, old.date):
            raise StudyError(
                f"case '{case}', session {session.number}: is on {old.date} on record and on {session.date} in the "
                "file; correct one of them",
                field="date",
            )
        values = {v.measure: v for v in old.values}
        for value in session.values:
            before = values.get(value.measure)
            if before is None:
                added.append((session.number, value.measure))
                values[value.measure] = value
                continue
            differs = _differences(before, value)
            changed += [
                Changed(session.number, old.date or session.date, value.measure, field, getattr(before, field), new)
                for field, new in differs.items()
            ]
            same += not differs
            if replace and differs:
                values[value.measure] = before.replace(**differs)
        # A count of prompts is the import's own word, and goes with the values that it counts.
        renewed = replace and (not old.note or is_count_note(old.note))
        note = session.note if renewed else old.note or session.note
        merged.append(old.replace(values=tuple(values.values()), date=old.date or session.date, note=note))
    return Update(study.with_case(held.record(*merged)), tuple(added), tuple(changed), same)


def _differences(before: Value, after: Value) -> dict[str, float | str]:
    """What the file says otherwise; what it leaves empty is no difference."""
    told = {field: getattr(after, field) for field in _FIELDS}
    return {f: new for f, new in told.items() if new not in (None, "") and new != getattr(before, f)}


def sessions_for(
    preview: Preview,
    study: Study,
    *,
    case: str,
    labels: Mapping[str, str] | None = None,
    every: Every = "day",
    start: dt.date | None = None,
) -> tuple[Session, ...]:
    """The sessions of a table for a case of a study on record, such as a diary that a client has filled in.

    Parameters
    ----------
    preview : Preview
        The table. Without a column of session numbers its dates tell them.
    study : Study
        As it is on record.
    case : str
        The case's code.
    labels : mapping of str to str, optional
        The clinic's names by code: a table that names its cases must name this one, by code or name.
    every : {"day", "week"}
        What a session is, where dates number them.
    start : datetime.date, optional
        The day of session 1, where no session on record has a date.

    Returns
    -------
    tuple of Session
        In order.

    Raises
    ------
    StudyError
        With every problem of the table, or when it is of another case, or tells neither sessions nor dates.

    Examples
    --------
    >>> from scd.records.tables import read_table
    >>> from scd.study import Case, Measure, Phase
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> held = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),))
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(held,))
    >>> diary = read_table("date,session,mood\\n2026-01-05,1,4\\n2026-01-06,2,\\n2026-01-07,3,\\n", name="diary.csv")
    >>> [s.number for s in sessions_for(diary, study, case="K7M2")], diary.notes[0]
    ([1], 'days that are yet to come: 2 dated rows at the end with nothing in them are left out')
    """
    held = study.case(case)
    names = [code for code in preview.cases if code != ONLY_CASE]
    own = {case.casefold(), (labels or {}).get(case, case).casefold()}
    if names and not (len(names) == 1 and names[0].casefold() in own):
        raise StudyError(
            f"{preview.name}: its column '{preview.roles.get('case', 'case')}' does not name case '{case}' alone; "
            "give a table of this case",
            field="case",
        )
    sessions = sessions_from_table(preview, measures=study.measures_of(held))
    if "session" not in preview.roles:
        dates = [s.date for s in sessions if s.date is not None]
        if len(dates) < len(sessions):
            raise StudyError(
                f"{preview.name}: tells neither session nor date of every row; add a column 'session' or 'date'",
                field="session",
            )
        numbers = number_dates(held, dates, every=every, start=start)
        sessions = tuple(s.replace(number=numbers[s.date]) for s in sessions if s.date is not None)
        twice = len(sessions) - len({s.number for s in sessions})
        if twice:
            raise StudyError(f"{preview.name}: has several dates in one {every}; number the sessions", field="date")
    return sessions
