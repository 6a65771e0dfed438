"""The ladder of models and priors that an effect is looked at under, from the simplest to the richest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.language import gettext_noop as N_

if TYPE_CHECKING:
    from scd.models.power_scaling import Sensitivity
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["Climbed", "Rung", "against_best", "first_foretold", "foretelling", "ladder", "loadings"]

# Prefixes with fewer values than this don't forecast, and shorter series can't choose between models.
_FEWEST_TO_CHOOSE = 20
_FEWEST_BEFORE = _FEWEST_FORETOLD = 8


@dataclass(frozen=True)
class Rung:
    """One model and prior.

    Attributes
    ----------
    name : str
        What it is, in words.
    model : str
    phi : float, optional
        The autocorrelation, where it is held at one value.
    delta_sd : float, optional
        SD of the change's prior in units, where it is not the default.
    family : str, optional
        Where it is not the headline's.
    shift : float
        What is added to the effect, in units.
    """

    name: str
    model: str
    phi: float | None = None
    delta_sd: float | None = None
    family: str | None = None
    shift: float = 0.0

    def priors(self, priors: Priors) -> Priors:
        """The priors of this rung, on the scale of `priors`."""
        if self.delta_sd is None:
            return priors
        return priors.replace(delta_sd=min(self.delta_sd * priors.unit, priors.delta_sd))


@dataclass(frozen=True)
class Climbed:
    """What the ladder gave for one case.

    Attributes
    ----------
    effects : dict of str to dict
        By the rung's name: ``median, lower, upper, p_improvement``.
    foretold : dict of str to (float, float)
        By the rung's name: how much worse it foretold than the best, and the standard error; see `against_best`.
    sensitivity : Sensitivity
        Of the headline's effect.
    """

    effects: dict[str, dict[str, float]]
    foretold: dict[str, tuple[float, float]]
    sensitivity: Sensitivity


def ladder(series: Series, *, headline: str, family: str) -> list[Rung]:
    """The rungs that suit a series.

    Parameters
    ----------
    series : Series
    headline : str
        The headline's model; its sceptical prior ends the ladder.
    family : str
        The headline's family, which says in what else than the level the models can differ.

    Returns
    -------
    list of Rung
    """
    if family in ("count", "poisson", "poisson-lognormal"):
        rungs = [
            Rung(N_("Level, Poisson spread"), "level", family="poisson"),
            Rung(N_("Level, negative binomial spread"), "level", family="count"),
            Rung(N_("Level, autocorrelated rate (Poisson-lognormal)"), "level", family="poisson-lognormal"),
        ]
    elif family == "proportion":
        rungs = [Rung(N_("Level"), "level")]
    else:
        rungs = [Rung(N_("Level, sessions independent"), "level", phi=0.0), Rung(N_("Level"), "level")]
    rungs += [Rung(N_("Level and trend"), "level-trend"), Rung(N_("Level and slopes"), "piecewise")]
    if len(series.phases[0]) > 2 or headline == "phase-level":
        rungs.append(Rung(N_("Levels that differ between like phases"), "phase-level"))
    rungs.append(Rung(N_("Gradual onset (full effect)"), "gradual"))
    rungs.append(Rung(N_("Sceptical prior"), headline, delta_sd=1.0))
    return rungs


def loadings(model: str, series: Series) -> dict[str, float]:
    """The effect as a sum of coefficients: with slopes, at the mean session under intervention."""
    if model != "piecewise":
        return {"delta": 1.0}
    return {"delta": 1.0, "slope_change": float(series.time_in_phase[series.intervention != 0].mean())}


def first_foretold(series: Series) -> int | None:
    """The place of the first value that is foretold from those before it; None where the series is too short."""
    begin = max(int(np.argmax(series.intervention != 0)) + 3, _FEWEST_BEFORE)
    count = len(series.value)
    return None if count < _FEWEST_TO_CHOOSE or count - begin < _FEWEST_FORETOLD else begin


def foretelling(rungs: list[Rung]) -> list[Rung]:
    """The rungs whose forecasts are compared: those that differ in the model of a value and are quickly made anew."""
    compared = [r for r in rungs if r.delta_sd is None and not r.shift and r.model not in ("phase-level", "gradual")]
    return [r for r in compared if r.family != "poisson-lognormal"]


def against_best(steps: dict[str, np.ndarray]) -> dict[str, tuple[float, float]]:
    """Leave-future-out: how each rung foretold value after value, against the best.

    Parameters
    ----------
    steps : dict of str to ndarray, shape (foretold,)
        Log density of each value given those before it.

    Returns
    -------
    dict of str to (float, float)
        Difference to the best in log density, at most 0, and its standard error.

    References
    ----------
    Bürkner, P.-C., Gabry, J., & Vehtari, A. (2020). Approximate leave-future-out cross-validation for Bayesian time
    series models. Journal of Statistical Computation and Simulation, 90(14), 2499-2523.
    https://doi.org/10.1080/00949655.2020.1783262

    Examples
    --------
    >>> against_best({"Level": np.array([-1.0, -1.0]), "Trend": np.array([-2.0, -1.0])})["Trend"][0]
    -1.0
    """
    if not steps:
        return {}
    best = max(steps.values(), key=np.sum)
    return {
        name: (float((density - best).sum()), float(np.std(density - best) * math.sqrt(len(best))))
        for name, density in steps.items()
    }
