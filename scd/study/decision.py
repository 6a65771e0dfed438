"""What clinician and client decided after a look at the data, and why: kept for the report and the audit."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import StringConstraints

from scd.study.record import Record, Text
from scd.study.session import SessionNumber

__all__ = ["Decision", "Step"]

Step = Literal["stay", "move on", "talk about it"]
"""What to do next: stay in the phase, move on to the next one, or talk about it first."""


class Decision(Record):
    """One decision after one look.

    Parameters
    ----------
    case : str
        The case's code.
    session : int
        The last session that was on record when it was taken.
    suggested : {"stay", "move on", "talk about it"}
        What the monitoring rule suggested.
    decided : {"stay", "move on", "talk about it"}
        What was decided; it need not be what was suggested.
    reason : str
        Why, in one line. Never empty: a decision without its reason can't be understood later.
    alarms : tuple of str
        What the rule found: ``success``, ``futility``, ``harm``, ``baseline stable``, ``baseline at its longest``.
    decided_at : datetime.datetime
        When, with time zone.

    Examples
    --------
    >>> Decision(
    ...     case="K7M2", session=9, suggested="stay", decided="move on", reason="holidays from next week",
    ...     decided_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC),
    ... ).decided
    'move on'
    """

    case: Text
    session: SessionNumber
    suggested: Step
    decided: Step
    reason: Annotated[Text, StringConstraints(min_length=1)]
    alarms: tuple[Literal["success", "futility", "harm", "baseline stable", "baseline at its longest"], ...] = ()
    decided_at: dt.datetime
