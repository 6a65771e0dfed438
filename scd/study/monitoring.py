"""The rule for looking at the data while a study runs: fixed before the first session, kept with the record."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from scd.study.errors import StudyError
from scd.study.measure import Key
from scd.study.record import Number, Record
from scd.study.stability import StabilityRule

__all__ = ["AlarmRates", "Monitoring"]

Probability = Annotated[Number, Field(gt=0, lt=1)]
Share = Annotated[Number, Field(ge=0, le=1)]


class AlarmRates(Record):
    """How often a monitoring rule alarms at some look, in clients of one kind: simulated, not promised.

    Parameters
    ----------
    autocorrelation : float
        Of the simulated values, from one session to the next.
    change : float
        What the intervention changes for the better, in the measure's units; 0 is nothing.
    success, futility, harm : float
        Share of the simulated clients in whom the alarm is ever raised.
    median_stop : int, optional
        After how many intervention values success has been found in half of the clients; None where it never is.
    """

    autocorrelation: Annotated[Number, Field(gt=-1, lt=1)]
    change: Annotated[Number, Field(ge=0)]
    success: Share
    futility: Share
    harm: Share
    median_stop: Annotated[int, Field(ge=1)] | None = None


class Monitoring(Record):
    """When to look at the intervention phase, what counts as success, futility and harm, and how often it errs.

    Parameters
    ----------
    measure : str
        Key of the outcome that is watched.
    looks : tuple of int
        After how many values of the first intervention phase to look, in order.
    meaningful_change : float
        The smallest change that matters, in the measure's units, above 0.
    success_meaningful, success_improvement : float
        Success needs both: the probability of a meaningful improvement above the first, of any improvement above the
        second. From `success_from` intervention values on.
    futility : float
        Futility: the probability of a meaningful improvement below this, from `futility_from` values on.
    harm : float
        Harm: the probability of a change for the worse above this, from the first look on. It is lower than success's
        on purpose.
    sceptical_sd : float
        SD of the prior of the change under which success is judged, in units of the prior's scale (a fifth of the
        range). Futility, harm and the estimates on pages use the neutral prior: a doubting one would give up too soon
        and see harm too late.
    baseline : StabilityRule
        When the baseline counts as stable, so that the intervention may begin.
    baseline_longest : int
        The baseline moves on at this many values, stable or not; a tier that was planned for longer has its plan.
    least_points : int
        A phase of a design that comes back (ABA, ABAB) is not ended before it has so many values, whatever they are:
        the What Works Clearinghouse's standards ask for 5.
    missed : float
        Share of the sessions that are expected to be missed.
    baseline_sessions : int
        Baseline sessions of the simulated clients; 0 until they have been simulated.
    rates : tuple of AlarmRates
        How often the rule would ever alarm, simulated for this very design before the first intervention session;
        empty until it has been.
    replications, seed : int
        Simulated clients for each row of `rates`, and what their numbers come from.

    Raises
    ------
    StudyError
        When the looks are not in order.

    Examples
    --------
    >>> rule = Monitoring(measure="mood", looks=(3, 5, 8), meaningful_change=2)
    >>> rule.false_success is None, rule.baseline.values
    (True, 5)
    """

    measure: Key
    looks: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(min_length=1)]
    meaningful_change: Annotated[Number, Field(gt=0)]
    success_meaningful: Probability = 0.90
    success_improvement: Probability = 0.99
    success_from: Annotated[int, Field(ge=1)] = 5
    futility: Probability = 0.10
    futility_from: Annotated[int, Field(ge=1)] = 8
    harm: Probability = 0.95
    sceptical_sd: Annotated[Number, Field(gt=0)] = 1.0
    baseline: StabilityRule = StabilityRule()
    baseline_longest: Annotated[int, Field(ge=2)] = 15
    least_points: Annotated[int, Field(ge=1)] = 5
    missed: Annotated[Number, Field(ge=0, lt=1)] = 0.0
    baseline_sessions: Annotated[int, Field(ge=0)] = 0
    rates: tuple[AlarmRates, ...] = ()
    replications: Annotated[int, Field(ge=0)] = 0
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _looks_in_order(self) -> Self:
        if any(a >= b for a, b in pairwise(self.looks)):
            raise StudyError(
                f"monitoring of '{self.measure}': looks must be in order, each once (got "
                f"{', '.join(str(n) for n in self.looks)})",
                field="looks",
            )
        return self

    @property
    def false_success(self) -> float | None:
        """How often success is ever found though nothing changes: the largest over the autocorrelations tried."""
        return max((r.success for r in self.rates if r.change == 0), default=None)

    @property
    def false_harm(self) -> float | None:
        """How often harm is ever found though nothing changes: the largest over the autocorrelations tried."""
        return max((r.harm for r in self.rates if r.change == 0), default=None)

    @property
    def false_futility(self) -> float | None:
        """How often futility is ever found though the stated change is there: the largest over those tried."""
        return max((r.futility for r in self.rates if r.change > 0), default=None)
