"""Which session a date is: a study that is measured every day or week counts days or weeks, any other its occasions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

from scd.study import Case, StudyError

__all__ = ["Every", "first_day", "number_dates"]

Every = Literal["day", "week"]

_DAYS = {"day": 1, "week": 7}


def first_day(case: Case, *, every: Every) -> dt.date | None:
    """The date that session 1 has, or would have, where the dated sessions of a case count days or weeks.

    Parameters
    ----------
    case : Case
        Its recorded sessions.
    every : {"day", "week"}
        What a session stands for.

    Returns
    -------
    datetime.date or None
        None where no session is dated, or where one of them does not stand where its date would put it.

    Examples
    --------
    >>> from scd.study import Phase, Session
    >>> held = (Session(number=3, date=dt.date(2026, 1, 7)), Session(number=6, date=dt.date(2026, 1, 10)))
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),), sessions=held)
    >>> first_day(case, every="day"), first_day(case, every="week")
    (datetime.date(2026, 1, 5), None)
    """
    dated = [(s.number, s.date) for s in case.sessions if s.date is not None]
    if not dated:
        return None
    step = _DAYS[every]
    begin = dated[0][1] - dt.timedelta(days=step * (dated[0][0] - 1))
    return begin if all((date - begin).days // step == number - 1 for number, date in dated) else None


def number_dates(
    case: Case, dates: Iterable[dt.date], *, every: Every = "day", start: dt.date | None = None
) -> dict[dt.date, int]:
    """The session number of each date, in step with the sessions on record.

    Parameters
    ----------
    case : Case
        Its recorded sessions. Where they count days (or weeks), the new dates are counted so too, and gaps are real.
        Where they don't, a date on record keeps its number and later ones follow it one by one.
    dates : iterable of datetime.date
        The days to number.
    every : {"day", "week"}
        What a session stands for.
    start : datetime.date, optional
        The day (or a day of the week) of session 1, where no session is dated.

    Returns
    -------
    dict of datetime.date to int

    Raises
    ------
    StudyError
        When a date lies before session 1 or between two recorded sessions that don't count days, or when nothing
        tells which date session 1 has.

    Examples
    --------
    >>> from scd.study import Phase
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),))
    >>> list(number_dates(case, [dt.date(2026, 1, 9)], start=dt.date(2026, 1, 5)).values())
    [5]
    """
    wanted = sorted(set(dates))
    known = {s.date: s.number for s in case.sessions if s.date is not None}
    begin = first_day(case, every=every) if known else start
    if begin is None and not known:
        raise StudyError(
            f"case '{case.code}': no session on record has a date; say which day session 1 is (start)", field="start"
        )
    if begin is not None:
        early = next((date for date in wanted if date < begin), None)
        if early is not None:
            raise StudyError(f"case '{case.code}': {early} lies before session 1, which is on {begin}", field="date")
        return {date: (date - begin).days // _DAYS[every] + 1 for date in wanted}
    numbers: dict[dt.date, int] = {}
    last_date, last = max(known), case.sessions[-1].number
    for date in wanted:
        if date in known:
            numbers[date] = known[date]
        elif date < last_date:
            raise StudyError(
                f"case '{case.code}': {date} lies between sessions that are numbered one by one; number the new one "
                "yourself, in a column 'session'",
                field="date",
            )
        else:
            last += 1
            numbers[date] = last
    return numbers
