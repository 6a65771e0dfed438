"""The rule for looking at the data while a study runs: fixed before the first session, kept with the record."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, model_validator

from scd.study.errors import StudyError
from scd.study.measure import Key
from scd.study.record import Number, Record

__all__ = ["Monitoring"]

Probability = Annotated[Number, Field(gt=0, lt=1)]


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
        Harm: the probability of a change for the worse above this. It is lower than success's on purpose.
    sceptical_sd : float
        SD of the prior of the change under which success is judged, in units of the prior's scale (a fifth of the
        range). Estimates on pages use the neutral prior.
    baseline_longest : int
        The baseline moves on at this many values, stable or not.
    false_success, false_harm : float, optional
        How often the rule would ever alarm though nothing changes, simulated for this very design before the first
        session; None until it has been.
    replications, seed : int
        What those two come from.

    Raises
    ------
    StudyError
        When the looks are not in order.
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
    baseline_longest: Annotated[int, Field(ge=2)] = 15
    false_success: Annotated[Number, Field(ge=0, le=1)] | None = None
    false_harm: Annotated[Number, Field(ge=0, le=1)] | None = None
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
