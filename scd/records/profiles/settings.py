"""What a clinic says once of its diary app: which item is which measure, and how a day's value comes about."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from scd.study import Measure, StudyError
from scd.study.measure import Key
from scd.study.record import Record, Text

__all__ = [
    "RULES",
    "ImportSettings",
    "PhaseStart",
    "Profile",
    "Rule",
    "Taken",
]

Profile = Literal["m-path", "redcap", "studyu", "ema"]
Rule = Literal["mean", "median", "first", "last", "min", "max", "sum", "count"]
RULES = {
    "mean": "the mean of its answers",
    "median": "the median of its answers",
    "first": "its first answer",
    "last": "its last answer",
    "min": "its lowest answer",
    "max": "its highest answer",
    "sum": "the sum of its answers",
    "count": "how often it was answered",
}
"""How a day's value comes about from several answers, in words."""

_WHOLE = ("first", "last", "min", "max", "sum", "count")


class PhaseStart(Record):
    """Where a phase begins.

    Parameters
    ----------
    label : str
        ``A1``, ``B1``, ``A2`` …
    start : datetime.date or int
        Its first day, or the number of its first session.

    Examples
    --------
    >>> PhaseStart(label="B1", start=dt.date(2026, 1, 26)).start
    datetime.date(2026, 1, 26)
    """

    label: Annotated[str, StringConstraints(pattern=r"^[A-Z][1-9][0-9]{0,2}$")]
    start: dt.date | Annotated[int, Field(ge=1, le=100_000)]


class Taken(Record):
    """One measure and the items that it is read from.

    Parameters
    ----------
    key : str
        The measure's key.
    item : str
        The item of its value; for practice, of what was done.
    measure : Measure, optional
        The measure itself; None where the study that takes it in has it already.
    planned, obstacle : str
        Of practice: the items of what was planned and of what got in the way.
    daily : str, optional
        Its own rule for a day's value (see `RULES`); by default that of the settings.
    missing : tuple of str
        Codes that stand for no answer, such as ``-99``.

    Raises
    ------
    StudyError
        When plan or obstacle belong to a measure that is not practice, or a count's day could be a broken number.

    Examples
    --------
    >>> Taken(key="walks", item="walks_done", planned="walks_planned").planned
    'walks_planned'
    """

    key: Key
    item: Annotated[Text, StringConstraints(min_length=1)]
    measure: Measure | None = None
    planned: Text = ""
    obstacle: Text = ""
    daily: Rule | None = None
    missing: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_its_measure(self) -> Self:
        if self.measure is not None and self.measure.role != "practice" and (self.planned or self.obstacle):
            raise StudyError(
                f"measure '{self.key}': has items of what was planned or got in the way, and is not practice; give it "
                "the role 'practice'",
                field="role",
            )
        return self

    def rule(self, default: Rule) -> Rule:
        """The rule for a day's value: its own, or the one for all.

        Raises
        ------
        StudyError
            When a count's day would be a mean or a median, which need not be whole.
        """
        rule = self.daily or default
        if self.measure is not None and self.measure.scale == "count" and rule not in _WHOLE:
            raise StudyError(
                f"measure '{self.key}': counts, and the {rule} of several counts is none; say daily = 'sum'",
                field="daily",
            )
        return rule


class ImportSettings(Record):
    """All that an import of a diary app's export needs to be told.

    Parameters
    ----------
    profile : {"m-path", "redcap", "studyu", "ema"}, optional
        Which kind of export.
    measures : tuple of Taken
        What is taken.
    daily : str
        How a day's value comes about from several answers; see `RULES`.
    every : {"day", "week"}
        What a session is.
    day_starts : datetime.time
        When a day begins; what was answered before belongs to the day before.
    time_zone : str
        The client's, for times in UTC.
    day_first : bool, optional
        Whether 03/04/2026 is the third of April.
    start : datetime.date, optional
        The day of session 1; by default the first phase's, or the first day with an answer.
    phases : tuple of PhaseStart
        Where phases begin, in order.
    phase_column : str
        The column that tells them instead.
    conditions : dict of str to str
        What stands in that column, and its condition's letter.
    columns : dict of str to str
        Columns by role (``person, time, item, value``) where their names don't tell.

    Examples
    --------
    >>> ImportSettings().daily, ImportSettings().day_starts
    ('mean', datetime.time(0, 0))
    """

    profile: Profile | None = None
    measures: tuple[Taken, ...] = ()
    daily: Rule = "mean"
    every: Literal["day", "week"] = "day"
    day_starts: dt.time = dt.time(0)
    time_zone: Text = ""
    day_first: bool | None = None
    start: dt.date | None = None
    phases: tuple[PhaseStart, ...] = ()
    phase_column: Text = ""
    conditions: dict[str, Annotated[str, StringConstraints(pattern=r"^[A-Z]$")]] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        keys = [t.key for t in self.measures]
        twice = next((key for key in keys if keys.count(key) > 1), None)
        if twice is not None:
            raise StudyError(f"settings: take measure '{twice}' twice; keep one", field="measures")
        if self.day_starts > dt.time(12):
            raise StudyError(
                f"settings: a day must begin between 00:00 and 12:00 (got {self.day_starts:%H:%M})", field="day_starts"
            )
        kinds = {type(p.start) for p in self.phases}
        if len(kinds) > 1:
            raise StudyError("settings: give all phases by date, or all by session number", field="phases")
        unknown = next((role for role in self.columns if role not in ("person", "time", "item", "value")), None)
        if unknown is not None:
            raise StudyError(
                f"settings: '{unknown}' is not a role of a column (they are person, time, item, value)", field="columns"
            )
        return self
