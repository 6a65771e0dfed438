"""What a plan is asked: which change there would be, in which noise, on which scale; and what counts as finding it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from scd.analysis.planning.replicates import simulate
from scd.study import StudyError

if TYPE_CHECKING:
    from scd.analysis.planning.designs import PlannedDesign
    from scd.study.measure import Improvement, Scale

__all__ = ["PLANNED_MODELS", "PLANNED_SCALES", "PlannedModel", "Question"]

PlannedModel = Literal["level", "level-trend", "phase-level", "report"]
PLANNED_MODELS: tuple[PlannedModel, ...] = ("level", "level-trend", "phase-level", "report")
"""What a plan of one client can be judged by: a model, or the one that heads its report."""
PLANNED_SCALES: tuple[Scale, ...] = ("score", "rating")
"""The scales that a plan can be made for."""


@dataclass(frozen=True)
class Question:
    """What is assumed of the client and the measure, and what counts as finding a change.

    Parameters
    ----------
    unit : float
        The unit s that the priors are set by, in the measure's units, above 0: a fifth of the instrument's range.
    sd : float, optional
        Marginal SD of the values within a phase, in the measure's units; by default one unit.
    meaningful : float, optional
        The smallest change that matters, in the measure's units, 0 or more; by default half a unit.
    missed : float
        Share of sessions missed, 0 to 0.9.
    model : {"level", "level-trend", "phase-level", "report"}
        The model that judges one client; ``report`` is the one that heads the report: ``level`` with two phases,
        ``phase-level`` with more. Tiers of a multiple baseline are always judged together by their average.
    change_sd : float
        SD of the change's prior in units: 2.5 (neutral) or 1 (sceptical).
    scale : {"score", "rating"}
        Ratings are whole numbers inside the range.
    minimum, maximum : float, optional
        The range; a rating needs it.
    baseline : float, optional
        Level without intervention, in the measure's units. A score's chances do not hang on it; a rating's do, near
        floor and ceiling. By default the levels of a rating lie evenly around the middle of the range.
    improvement : {"increase", "decrease"}
        The direction that is better.

    Raises
    ------
    StudyError
        When a number is out of its range, or the scale can't be planned for.

    Examples
    --------
    >>> asked = Question(unit=2)
    >>> asked.within_sd, asked.smallest_meaningful
    (2, 1.0)
    """

    unit: float
    sd: float | None = None
    meaningful: float | None = None
    missed: float = 0.0
    model: PlannedModel = "level"
    change_sd: float = 2.5
    scale: Scale = "score"
    minimum: float | None = None
    maximum: float | None = None
    baseline: float | None = None
    improvement: Improvement = "increase"

    def __post_init__(self) -> None:
        if self.scale not in PLANNED_SCALES:
            raise StudyError(
                f"plan: sessions can be planned for scores and ratings, not for a {self.scale} yet; where its values "
                "are large enough to be read as scores, plan it as a score with the SD that they have within a phase",
                field="scale",
            )
        if self.model not in PLANNED_MODELS:
            raise StudyError(f"plan: model '{self.model}' is none of {', '.join(PLANNED_MODELS)}", field="model")
        for name, value in (("unit", self.unit), ("sd", self.sd), ("change_sd", self.change_sd)):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise StudyError(f"plan: {name} must be above 0 (got {value:g})", field=name)
        if self.meaningful is not None and not (math.isfinite(self.meaningful) and self.meaningful >= 0):
            raise StudyError(
                f"plan: the smallest meaningful change must be 0 or more (got {self.meaningful:g}); the direction is "
                "that of the improvement",
                field="meaningful",
            )
        if not 0 <= self.missed <= 0.9:
            raise StudyError(
                f"plan: the share of missed sessions must be 0 to 0.9 (got {self.missed:g})", field="missed"
            )
        self._check_range()

    def _check_range(self) -> None:
        low, high = self.minimum, self.maximum
        if low is not None and high is not None and not low < high:
            raise StudyError(f"plan: the range must have its lower end first (got {low:g} {high:g})", field="range")
        if self.scale == "rating" and (low is None or high is None):
            raise StudyError("plan: a rating needs its range, such as 0 10", field="range")
        if self.baseline is not None and not (
            (low is None or self.baseline >= low) and (high is None or self.baseline <= high)
        ):
            raise StudyError(f"plan: the baseline must lie inside the range (got {self.baseline:g})", field="baseline")

    @property
    def within_sd(self) -> float:
        """Marginal SD of the values within a phase."""
        return self.unit if self.sd is None else self.sd

    @property
    def smallest_meaningful(self) -> float:
        """The smallest change that matters."""
        return self.unit / 2 if self.meaningful is None else self.meaningful

    @property
    def step(self) -> float:
        """What the instrument can resolve; 0 for scores."""
        return 1.0 if self.scale == "rating" else 0.0

    def model_of(self, plan: PlannedDesign) -> str:
        """The single-case model that judges a plan of one client.

        Examples
        --------
        >>> from scd.analysis.planning.designs import planned_design
        >>> Question(unit=1, model="report").model_of(planned_design("abab", sessions=5))
        'phase-level'
        """
        if self.model != "report":
            return self.model
        return "phase-level" if plan.phases > 2 else "level"

    @property
    def center(self) -> float:
        """Middle of the range that the prior of the level is set by; without a range the baseline."""
        if self.minimum is None or self.maximum is None:
            return self.baseline or 0.0
        return (self.minimum + self.maximum) / 2

    def noise(self, plan: PlannedDesign, *, autocorrelation: float, replications: int, seed: int) -> np.ndarray:
        """Values without any change, around 0, NaN where missed, shape (replications, tier, session).

        Parameters
        ----------
        plan : PlannedDesign
        autocorrelation : float
            In (-1, 1).
        replications, seed : int
            As for `scd.analysis.planning.simulate`.
        """
        tiers = [
            simulate(
                under,
                change=0.0,
                sd=self.within_sd,
                autocorrelation=autocorrelation,
                replications=replications,
                seed=[seed, number],
                missed=self.missed,
            )
            for number, under in enumerate(plan.treated)
        ]
        return np.stack(tiers, axis=1)

    def observed(self, values: np.ndarray, *, change: float) -> np.ndarray:
        """What the instrument shows of values around 0, on a scale on which up is better and the middle is 0.

        Parameters
        ----------
        values : ndarray
            Level 0 without, `change` with intervention.
        change : float
            The change that the client's levels leave room for, where no baseline is given.
        """
        if self.scale == "score":
            return values
        assert self.minimum is not None
        assert self.maximum is not None
        start = self.center - change / 2
        if self.baseline is not None:
            start = self.baseline if self.improvement == "increase" else self.minimum + self.maximum - self.baseline
        shown = np.clip(np.round(start + values - self.minimum), 0, np.floor(self.maximum - self.minimum))
        return shown + self.minimum - self.center
