"""A diary for the coming weeks: which days, which session each is, and what is asked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from scd.design.dating import number_dates
from scd.study import Case, Measure, Phase, Study, StudyError

__all__ = ["Diary", "DiaryDay", "blank_diary", "diary_days", "diary_of"]

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_WEEKS = 53


@dataclass(frozen=True)
class DiaryDay:
    """One row of a diary.

    Parameters
    ----------
    session : int
        The number of the session.
    date : datetime.date
        Its day.
    """

    session: int
    date: dt.date


@dataclass(frozen=True)
class Diary:
    """What a client is asked, day by day.

    Parameters
    ----------
    code : str
        The case's pseudonym; empty for a sheet of nobody's.
    days : tuple of DiaryDay
        In order.
    measures : tuple of Measure
        What is asked; practice among them.
    phases : tuple of Phase
        The phases of the case; a sheet never shows them.
    """

    code: str
    days: tuple[DiaryDay, ...]
    measures: tuple[Measure, ...]
    phases: tuple[Phase, ...] = ()

    @property
    def asked(self) -> tuple[Measure, ...]:
        """The measures that ask for one number."""
        return tuple(m for m in self.measures if m.role != "practice")

    @property
    def practices(self) -> tuple[Measure, ...]:
        """The measures that ask what was done, what was planned and what got in the way."""
        return tuple(m for m in self.measures if m.role == "practice")


def diary_days(*, start: dt.date, weeks: int, every: str = "day") -> tuple[dt.date, ...]:
    """The days of a diary.

    Parameters
    ----------
    start : datetime.date
        The first day it may be.
    weeks : int
        For how many weeks, from 1 to 53.
    every : str
        ``day``, ``weekday`` (Monday to Friday), ``week``, or days of the week as in ``mon,wed,fri``.

    Returns
    -------
    tuple of datetime.date

    Raises
    ------
    StudyError
        When `weeks` or `every` is none of these.

    Examples
    --------
    >>> [f"{day:%a %d}" for day in diary_days(start=dt.date(2026, 1, 5), weeks=2, every="mon,thu")]
    ['Mon 05', 'Thu 08', 'Mon 12', 'Thu 15']
    """
    if not 1 <= weeks <= _MOST_WEEKS:
        raise StudyError(f"diary: must be for 1 to {_MOST_WEEKS} weeks (got {weeks})", field="weeks")
    days = [start + dt.timedelta(days=n) for n in range(7 * weeks)]
    if every == "week":
        return tuple(days[::7])
    said = {"day": _WEEKDAYS, "weekday": _WEEKDAYS[:5]}.get(every, tuple(part.strip() for part in every.split(",")))
    unknown = [part for part in said if part not in _WEEKDAYS]
    if unknown:
        raise StudyError(
            f"diary: every '{every}' is not known; say day, weekday, week, or days such as mon,wed,fri", field="every"
        )
    return tuple(day for day in days if _WEEKDAYS[day.weekday()] in said)


def diary_of(study: Study, *, case: str, weeks: int = 2, start: dt.date | None = None, every: str = "day") -> Diary:
    """The diary of a case, in step with its sessions on record.

    Parameters
    ----------
    study : Study
        As it is on record.
    case : str
        The case's code.
    weeks, every
        As in `diary_days`.
    start : datetime.date, optional
        The first day; by default the one after the last session with a date (a week after, where a session is a week).

    Returns
    -------
    Diary
        Days that are on record already are left out. Where sessions on record count days or weeks, these do too; else
        they follow the last one, one by one.

    Raises
    ------
    StudyError
        When nothing tells the first day, or no day is left.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> held = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),))
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(held,))
    >>> diary = diary_of(study, case="K7M2", weeks=1, start=dt.date(2026, 1, 5))
    >>> [(d.session, d.date.day) for d in diary.days][:3]
    [(1, 5), (2, 6), (3, 7)]
    """
    held = study.case(case)
    known = {s.date for s in held.sessions if s.date is not None}
    if start is None:
        if not known:
            raise StudyError(
                f"case '{case}': no session on record has a date; say on which day the diary begins (--from)",
                field="start",
            )
        start = max(known) + dt.timedelta(days=7 if every == "week" else 1)
    days = [day for day in diary_days(start=start, weeks=weeks, every=every) if day not in known]
    numbers = _numbers(held, days, every=every)
    taken = {s.number for s in held.sessions}
    rows = tuple(DiaryDay(n, day) for n, day in zip(numbers, days, strict=True) if n not in taken)
    if not rows:
        raise StudyError(f"case '{case}': no day is left in these weeks; choose a later first day", field="start")
    return Diary(case, rows, study.measures_of(held), held.phases)


def _numbers(held: Case, days: Sequence[dt.date], *, every: str) -> list[int]:
    if every in ("day", "week") and any(s.date is not None for s in held.sessions):
        numbered = number_dates(held, days, every="day" if every == "day" else "week")
        return [numbered[day] for day in days]
    first = max(held.sessions[-1].number + 1 if held.sessions else 0, held.phases[0].start)
    return list(range(first, first + len(days)))


def blank_diary(measures: Sequence[Measure], *, start: dt.date, weeks: int = 2, every: str = "day") -> Diary:
    """A diary of nobody's, to be copied: the code is written in by hand.

    Parameters
    ----------
    measures : sequence of Measure
        What is asked.
    start, weeks, every
        As in `diary_days`.

    Returns
    -------
    Diary

    Raises
    ------
    StudyError
        When there is nothing to ask.
    """
    if not measures:
        raise StudyError("diary: has nothing to ask; name at least one measure", field="measures")
    days = diary_days(start=start, weeks=weeks, every=every)
    return Diary("", tuple(DiaryDay(n, day) for n, day in enumerate(days, 1)), tuple(measures))
