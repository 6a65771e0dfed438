"""What is measured: its range, its direction, and the change that matters."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import StringConstraints, model_validator

from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.study.errors import StudyError
from scd.study.record import Number, Record, Text

__all__ = ["Improvement", "Measure", "Reporter", "Role", "Scale", "unit_said"]

Scale = Literal["score", "rating", "count", "rate", "proportion", "percentage", "duration"]
Improvement = Literal["increase", "decrease"]
Role = Literal["outcome", "process", "practice"]
Reporter = Literal["", "self", "observer", "device"]

# What is kept in English and shown in the language of the page; marked for the catalogue.
_SCALES = (
    N_("score"), N_("rating"), N_("count"), N_("rate"), N_("proportion"), N_("percentage"), N_("duration"),
)  # fmt: skip
_ROLES = (N_("outcome"), N_("process"), N_("practice"))
_USUAL_UNITS = (
    N_("points"), N_("minutes"), N_("hours"), N_("days"), N_("times"), N_("times a day"), N_("share"), N_("sessions"),
)  # fmt: skip

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


def unit_said(words: str) -> str:
    """A unit as it is kept, from what a person reads or types: a usual one in English, any other as it is.

    Examples
    --------
    >>> unit_said("points")
    'points'
    """
    return next((unit for unit in _USUAL_UNITS if words in (unit, _(unit))), words)


class Measure(Record):
    """One thing that is measured at each session.

    Parameters
    ----------
    key : str
        Short name used in tables: lower-case letters, digits, ``-`` and ``_``.
    label : str
        The name people read.
    improvement : {"increase", "decrease"}
        The direction that is better for the client. There is no default: a silent one would turn effects round.
    scale : {"score", "rating", "count", "rate", "proportion", "percentage", "duration"}
        What kind of number it is.
    minimum, maximum : float, optional
        The instrument's range; values outside it are refused. Either may be open.
    role : {"outcome", "process", "practice"}
        An outcome of therapy, a process thought to carry the change, or the client's practice between sessions.
    unit : str
        The word on the axis, such as ``points`` or ``minutes``.
    meaningful_change : float, optional
        The smallest change that matters, in the measure's units, always positive.
    goal : float, optional
        The value that client and clinician aim for.
    cutoff : float, optional
        A published cut-off score, drawn on the chart when present.
    source : str
        Where range, cut-off and meaningful change come from.
    reporter : {"", "self", "observer", "device"}
        Who tells the value: the client, someone who observes, or a device; empty where nobody has said. Observers can
        be asked to agree with each other, a client's own rating can't.

    Raises
    ------
    StudyError
        When the range is empty, or goal, cut-off or meaningful change do not fit it.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> mood.center, mood.spread
    (5.0, 2.0)
    """

    key: Key
    label: Annotated[Text, StringConstraints(min_length=1)]
    improvement: Improvement
    scale: Scale = "score"
    minimum: Number | None = None
    maximum: Number | None = None
    role: Role = "outcome"
    unit: Text = "points"
    meaningful_change: Number | None = None
    goal: Number | None = None
    cutoff: Number | None = None
    source: Text = ""
    reporter: Reporter = ""

    @model_validator(mode="after")
    def _fits_its_range(self) -> Self:
        where = f"measure '{self.key}'"
        if self.minimum is not None and self.maximum is not None and self.maximum <= self.minimum:
            raise StudyError(
                f"{where}: maximum must be above minimum (got {self.minimum:g} and {self.maximum:g})", field="maximum"
            )
        if self.meaningful_change is not None and self.meaningful_change <= 0:
            raise StudyError(
                f"{where}: meaningful change must be above 0 (got {self.meaningful_change:g}); "
                "the direction is told by 'improvement'",
                field="meaningful_change",
            )
        if self.meaningful_change is not None and self.range is not None and self.meaningful_change > self.range:
            raise StudyError(
                f"{where}: meaningful change must fit into the range of {self.range:g} "
                f"(got {self.meaningful_change:g})",
                field="meaningful_change",
            )
        for name in ("goal", "cutoff"):
            value = getattr(self, name)
            if value is not None and not self.holds(value):
                raise StudyError(f"{where}: {name} must lie in {self.range_words} (got {value:g})", field=name)
        return self

    @property
    def range(self) -> float | None:
        """Width of the instrument's range, or None where an end is open."""
        if self.minimum is None or self.maximum is None:
            return None
        return self.maximum - self.minimum

    @property
    def center(self) -> float | None:
        """Middle of the range, the prior's centre; None where an end is open."""
        return None if self.range is None else self.minimum + self.range / 2  # type: ignore[operator]

    @property
    def spread(self) -> float | None:
        """A fifth of the range, the prior's unit; None where an end is open."""
        return None if self.range is None else self.range / 5

    @property
    def sign(self) -> int:
        """1 when an increase is better, -1 when a decrease is."""
        return 1 if self.improvement == "increase" else -1

    @property
    def range_words(self) -> str:
        """The range as people say it."""
        if self.minimum is None and self.maximum is None:
            return _("any number")
        low, high = (None if end is None else localized(f"{end:g}") for end in (self.minimum, self.maximum))
        if high is None:
            return _("{low} or more").format(low=low)
        if low is None:
            return _("{high} or less").format(high=high)
        return _("{low} to {high}").format(low=low, high=high)

    @property
    def unit_words(self) -> str:
        """The unit as people read it: a usual one in the language of the page, any other as it was entered.

        Examples
        --------
        >>> Measure(key="mood", label="Mood", improvement="increase").unit_words
        'points'
        """
        return _(self.unit) if self.unit in _USUAL_UNITS else self.unit

    def holds(self, value: float) -> bool:
        """Whether a value is a finite number inside the instrument's range."""
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        return math.isfinite(value) and low <= value <= high
