"""How often a case has its sessions: as the dates on record lie."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from scd.study import Case

__all__ = ["rhythm_of"]

_WEEKLY = 5


def rhythm_of(case: Case) -> Literal["day", "week"]:
    """Whether a session of a case is a day or a week.

    Parameters
    ----------
    case : Case
        As on record.

    Returns
    -------
    {"day", "week"}
        A week where half of the dated sessions or more are at least five days apart; a day where no two have a date.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.study import Phase, Session
    >>> weekly = [Session(number=n, date=dt.date(2026, 3, 2) + dt.timedelta(days=7 * n)) for n in (1, 2, 3)]
    >>> rhythm_of(Case(code="K7M2QX", phases=(Phase(label="A1", planned_start=1),)).record(*weekly))
    'week'
    """
    days = sorted(s.date for s in case.sessions if s.date is not None)
    gaps = sorted((later - earlier).days for earlier, later in pairwise(days))
    return "week" if gaps and gaps[len(gaps) // 2] >= _WEEKLY else "day"
