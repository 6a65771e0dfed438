"""What clinician and client decided after a look at the data, and why: kept for the report and the audit."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from scd.study.errors import StudyError
from scd.study.record import Number, Record, Text
from scd.study.session import SessionNumber

__all__ = ["Decision", "Finding", "Step"]

Step = Literal["stay", "move on", "talk about it"]
"""What to do next: stay in the phase, move on to the next one, or talk about it first."""

Finding = Literal["success", "futility", "harm", "baseline stable", "baseline at its longest"]
"""What a monitoring rule can find: three alarms, and two about a baseline."""


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
    look : int, optional
        After how many intervention values the fixed look was; None where it was none of the fixed looks.
    p_improvement, p_meaningful : float, optional
        What the estimate was, under the neutral prior; None where there was none.
    decided_at : datetime.datetime
        When, with time zone.

    Raises
    ------
    StudyError
        When no reason is given, or the time has no zone.

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
    alarms: tuple[Finding, ...] = ()
    look: Annotated[int, Field(ge=1)] | None = None
    p_improvement: Annotated[Number, Field(ge=0, le=1)] | None = None
    p_meaningful: Annotated[Number, Field(ge=0, le=1)] | None = None
    decided_at: dt.datetime

    @model_validator(mode="after")
    def _knows_its_time(self) -> Self:
        if self.decided_at.tzinfo is None:
            raise StudyError(
                f"decision on case '{self.case}', session {self.session}: its time needs a time zone",
                field="decided_at",
            )
        return self
