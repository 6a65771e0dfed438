"""The ladder of counts and proportions: weighted draws on every rung, and forecasts by weighing them anew."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from scd.analysis.ladder import Climbed, Rung, against_best, first_foretold, foretelling, loadings
from scd.models.adaptive import weighed, weights_of
from scd.models.family_priors import family_priors
from scd.models.importance import parameters_of, target_of
from scd.models.power_scaling import weighed_sensitivity

if TYPE_CHECKING:
    from scd.models.importance import Target
    from scd.models.outcome import Outcome
    from scd.models.priors import Priors

__all__ = ["climb_by_weights"]

_PROBABILITIES = (0.025, 0.5, 0.975)
_DRAWS = 4000
# Weighed anew for one more value, draws must still be worth so many; else they are drawn anew.
_ENOUGH = 500


def climb_by_weights(
    outcome: Outcome, priors: Priors, rungs: list[Rung], *, headline: Rung, sign: int, seed: int
) -> Climbed:
    """The effect on every rung, as a ratio.

    Parameters
    ----------
    outcome : Outcome
        One case, of a family in `scd.models.importance.WEIGHED`.
    priors : Priors
    rungs : list of Rung
        One that can't be weighed is left out.
    headline : Rung
        One of them.
    sign : {1, -1}
        The direction that is better.
    seed : int

    Returns
    -------
    Climbed
    """
    effects: dict[str, dict[str, float]] = {}
    steps: dict[str, np.ndarray] = {}
    sensitivity = None
    compared, begin = foretelling(rungs), first_foretold(outcome.series)
    for rung in rungs:
        rng = np.random.default_rng(seed)
        seen = outcome if rung.family is None else replace(outcome, family=rung.family)
        own = rung.priors(_priors_of(seen, outcome, priors))
        target = target_of(seen, own, model=rung.model, rng=rng)
        sample = weighed(target.log_density, target.start, rng=rng)
        if sample is None:
            continue
        points = sample.resampled(size=_DRAWS, rng=rng)
        found = parameters_of(points, seen, own, model=rung.model, rng=rng)
        change = np.zeros(_DRAWS)
        for name, weight in loadings(rung.model, outcome.series).items():
            change += weight * found[name]
        lower, median, upper = (math.exp(q) for q in np.quantile(change, _PROBABILITIES))
        chance = float((sign * change > 0).mean())
        effects[rung.name] = {"median": median, "lower": lower, "upper": upper, "p_improvement": chance}
        if rung == headline:
            fit = target.increments(points).sum(axis=1)
            sensitivity = weighed_sensitivity(change, found, own, log_likelihood=fit)
        if begin is not None and rung in compared:
            told = _foretold(target, begin, rng=rng)
            steps |= {} if told is None else {rung.name: told}
    if sensitivity is None:
        raise ArithmeticError("the headline's model can't be weighed")
    return Climbed(effects=effects, foretold=against_best(steps), sensitivity=sensitivity)


def _priors_of(seen: Outcome, headline: Outcome, priors: Priors) -> Priors:
    """The headline's priors, with the spread that another family's own priors have."""
    if seen.family == headline.family:
        return priors
    own = family_priors(seen.series.measures[0], family=seen.family, center=None, unit=None)
    return priors.replace(sigma_sd=own.sigma_sd, dispersion_sd=own.dispersion_sd)


def _foretold(target: Target, begin: int, *, rng: np.random.Generator) -> np.ndarray | None:
    """Log density of each value from place `begin` on, given those before it."""
    steps: list[float] = []
    given = _given_first(target, begin, rng=rng)
    while given is not None:
        increments, log_weight = given
        for end in range(begin + len(steps), increments.shape[1]):
            weight, effective, _ = weights_of(log_weight)
            if effective < _ENOUGH:
                given = _given_first(target, end, rng=rng)
                break
            steps.append(float(np.log(weight @ np.exp(increments[:, end]))))
            log_weight = log_weight + increments[:, end]
        else:
            return np.array(steps)
    return None


def _given_first(target: Target, end: int, *, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray] | None:
    """Points given the values before place `end`: what each says of every value, and its log weight."""

    def log_density(points: np.ndarray) -> np.ndarray:
        return target.log_prior(points) + target.increments(points)[:, :end].sum(axis=1)

    sample = weighed(log_density, target.start, rng=rng)
    if sample is None:
        return None
    with np.errstate(divide="ignore"):
        return target.increments(sample.points), np.log(sample.weight)
