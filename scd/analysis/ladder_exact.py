"""The ladder where the models can be integrated: every figure without Monte Carlo error."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scd.analysis.ladder import Climbed, Rung, against_best, first_foretold, foretelling, loadings
from scd.models.exact import linear_model, quadrature_of
from scd.models.power_scaling import integrated_sensitivity
from scd.models.quadrature import integrate

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.quadrature import Quadrature
    from scd.models.series import Series

__all__ = ["climb_exactly"]

_PROBABILITIES = (0.025, 0.5, 0.975)


def climb_exactly(
    series: Series, priors: Priors, rungs: list[Rung], *, headline: Rung, unit: float, sign: int, ratio: bool, seed: int
) -> Climbed:
    """The effect on every rung, by integration.

    Parameters
    ----------
    series : Series
        One case, on a scale of unit size.
    priors : Priors
        On that scale.
    rungs : list of Rung
    headline : Rung
        One of them.
    unit : float
        The measure's units in one of that scale.
    sign : {1, -1}
        The direction that is better.
    ratio : bool
        The effect is read as a ratio.
    seed : int
        Of the draws that the sensitivity is read from.

    Returns
    -------
    Climbed
    """
    grids = {r.name: quadrature_of(series, r.priors(priors), model=r.model, phi=r.phi) for r in rungs}
    effects = {}
    for rung in rungs:
        grid = grids[rung.name]
        change = grid.mixture(_loading(grid, rung.model, series)).affine(shift=rung.shift * unit, scale=unit)
        told = [float(q) for q in change.quantile(_PROBABILITIES)[0]]
        lower, median, upper = map(math.exp, told) if ratio else told
        above = float(change.above(0.0)[0])
        chance = above if sign > 0 else 1 - above
        effects[rung.name] = {"median": median, "lower": lower, "upper": upper, "p_improvement": chance}
    grid = grids[headline.name]
    sensitivity = integrated_sensitivity(
        grid, series, priors, loading=_loading(grid, headline.model, series), seed=seed
    )
    return Climbed(effects=effects, foretold=_foretold(series, priors, rungs), sensitivity=sensitivity)


def _loading(grid: Quadrature, model: str, series: Series) -> np.ndarray:
    weight = loadings(model, series)
    return np.array([weight.get(name, 0.0) for name in grid.coefficients])


def _foretold(series: Series, priors: Priors, rungs: list[Rung]) -> dict[str, tuple[float, float]]:
    """The density of a value given those before it is a ratio of evidences."""
    begin = first_foretold(series)
    if begin is None:
        return {}
    steps = {}
    for rung in foretelling(rungs):
        linear = linear_model(series, priors, model=rung.model)
        evidence = []
        for end in range(begin, len(series.value) + 1):
            part = replace(linear, columns=linear.columns[:, :end], gap=linear.gap[:end], linked=linear.linked[:end])
            evidence.append(integrate(series.value[:end], part, priors, phi=rung.phi, refine=0.7).log_evidence[0])
        steps[rung.name] = np.diff(evidence)
    return against_best(steps)
