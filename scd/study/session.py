"""One measurement occasion and what was observed at it; which occasions were left out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Annotated, Self

from pydantic import Field, model_validator

from scd.study.errors import StudyError
from scd.study.measure import Key
from scd.study.record import Number, Record, Text

__all__ = ["Session", "SessionNumber", "Value", "numbers_left_out"]

SessionNumber = Annotated[int, Field(ge=1, le=100_000)]


class Value(Record):
    """One observed number of one measure; `value` is None when it was due and missed, never 0.

    Parameters
    ----------
    measure : str
        The measure's key.
    value : float, optional
        The number, in the measure's units.
    trials : int, optional
        The denominator of a proportion.
    minutes : float, optional
        How long was observed, for counts and rates.
    second : float, optional
        What a second observer recorded independently at the same time, for the agreement between observers. No
        analysis takes it for a value.
    planned : float, optional
        Of a practice measure: how much was planned until this session, in the measure's units, from 0. `value` is how
        much was done; nothing done is 0, nobody having said is None.
    obstacle : str
        Of a practice measure: what got in the way, in the client's or clinician's words.

    Examples
    --------
    >>> Value(measure="walks", value=2, planned=5, obstacle="rain").follow_through
    0.4
    """

    measure: Key
    value: Number | None = None
    trials: Annotated[int, Field(ge=1)] | None = None
    minutes: Annotated[Number, Field(gt=0)] | None = None
    second: Number | None = None
    planned: Annotated[Number, Field(ge=0)] | None = None
    obstacle: Text = ""

    @property
    def follow_through(self) -> float | None:
        """Which share of what was planned was done, from 0; above 1 where more was done than planned.

        None where either is unknown, or where nothing was planned.
        """
        return self.value / self.planned if self.value is not None and self.planned else None


class Session(Record):
    """One measurement occasion.

    Parameters
    ----------
    number : int
        1-based index; gaps are real.
    date : datetime.date, optional
        The day it took place or was due.
    values : tuple of Value
        One entry a measure; empty when the session was missed altogether.
    note : str
        A short remark, such as why it was missed.
    """

    number: SessionNumber
    date: dt.date | None = None
    values: tuple[Value, ...] = ()
    note: Text = ""

    @model_validator(mode="after")
    def _names_each_measure_once(self) -> Self:
        keys = [v.measure for v in self.values]
        for key in keys:
            if keys.count(key) > 1:
                raise StudyError(f"session {self.number}: has measure '{key}' twice; keep one", field="values")
        return self

    @property
    def missed(self) -> bool:
        """True when nothing was observed."""
        return all(v.value is None for v in self.values)

    def due(self, measure: str) -> bool:
        """Whether a measure was due: it has an entry, with a number or without, or the session was missed altogether.

        A session that has entries of other measures only was none of this one's: a weekly measure among daily ones.
        """
        return not self.values or any(v.measure == measure for v in self.values)

    def value(self, measure: str) -> float | None:
        """The observed number of a measure, or None."""
        return next((v.value for v in self.values if v.measure == measure), None)


def numbers_left_out(numbers: Collection[int], *, first: int, last: int) -> list[int]:
    """The session numbers that no record carries, and that count as missed sessions.

    They count while they are the exception, as where a table of published values leaves a missed session's row out.
    Where more numbers are empty than recorded, sessions were numbered by day or probed now and then, and nothing
    was missed.

    Parameters
    ----------
    numbers : collection of int
        The numbers on record, of whatever measure.
    first, last : int
        Where to look, both included.

    Returns
    -------
    list of int
        In order.

    Examples
    --------
    >>> numbers_left_out([1, 2, 4], first=1, last=4), numbers_left_out([1, 8, 15], first=1, last=15)
    ([3], [])
    """
    empty = [n for n in range(first, last + 1) if n not in numbers]
    return empty if len(empty) <= len(numbers) else []
