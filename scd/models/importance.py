"""Ratings, counts and proportions of one case by adaptive importance sampling: independent draws, nothing compiled.

The likelihood of these families is known without sampling the latent values: a negative binomial or beta-binomial is
one by itself, and the probability of a row of ratings, or of counts around an autocorrelated rate, is an integral over
a path, worked out session by session. With three to nine parameters, weighted draws from a fitted t distribution then
give the posterior in a second; how well the fit covers it is read off the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scd.models.adaptive import adapted
from scd.models.errors import PHI_LIMIT, innovation_share, log_prior_mass, log_prior_u, log_prior_v, phi_of
from scd.models.exact import linear_model
from scd.models.levels import levels_log_prior, normal_log_density, split_levels
from scd.models.onset import carried
from scd.models.paths import lognormal_count_increments, rating_increments
from scd.models.quadrature import integrate
from scd.models.response import AUTOCORRELATED
from scd.models.terms import SINGLE_CASE_MODELS

if TYPE_CHECKING:
    from scd.models.outcome import Outcome
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["WEIGHED", "Target", "parameters_of", "target_of", "weighted_draws"]

WEIGHED = ("rating", "count", "poisson", "poisson-lognormal", "proportion")
"""The families that this module takes."""

# Points whose likelihood is worked out at once.
_CHUNK = 1000
_LEAST_DISPERSION = 1e-4


@dataclass(frozen=True, eq=False)
class Target:
    """A posterior over a plain vector: the predictor's parameters first, then those of spread.

    Attributes
    ----------
    log_prior : callable
        Log prior density of points, shape (points,), normalised.
    increments : callable
        Log probability of each value given those before, shape (points, obs).
    start : ndarray, shape (points, parameters)
        About where the posterior lies.
    """

    log_prior: Callable[[np.ndarray], np.ndarray]
    increments: Callable[[np.ndarray], np.ndarray]
    start: np.ndarray

    def log_density(self, points: np.ndarray) -> np.ndarray:
        """Log of prior times likelihood."""
        return self.log_prior(points) + self.increments(points).sum(axis=1)


def weighted_draws(
    outcome: Outcome, priors: Priors, *, model: str, seed: int, draws: int, chains: int
) -> tuple[dict[str, np.ndarray], float] | None:
    """Draw from the posterior of one case.

    Parameters
    ----------
    outcome : Outcome
        Of a family in `WEIGHED`, best on a scale of unit size.
    priors : Priors
        On the same scale.
    model : str
        A single-case model.
    seed : int
        Same seed and data, same draws.
    draws, chains : int

    Returns
    -------
    posterior : dict of str to ndarray, shape (chain, draw) or (chain, draw, phase)
        As a sampler would give.
    effective : float
        How many independent draws the weighted ones are worth.
    None
        When too few, even after more rounds: a Markov chain is needed.
    """
    rng = np.random.default_rng(seed)
    target = target_of(outcome, priors, model=model, rng=rng)
    weighed = adapted(target.log_density, target.start, size=draws * chains, rng=rng)
    if weighed is None:
        return None
    chosen, sample = weighed
    found = parameters_of(chosen, outcome, priors, model=model, rng=rng)
    held = {name: values.reshape(chains, draws, *values.shape[1:]) for name, values in found.items()}
    return held, min(sample.effective, float(draws * chains))


def target_of(
    outcome: Outcome, priors: Priors, *, model: str, rng: np.random.Generator, phi: float | None = None
) -> Target:
    """The posterior of one case, to draw from.

    Parameters
    ----------
    outcome, priors, model
        As in `weighted_draws`.
    rng : numpy.random.Generator
        For points to begin with.
    phi : float, optional
        Hold the autocorrelation at this value, where the family has one.

    Returns
    -------
    Target
    """
    begin = _nearby(outcome, priors, model=model, rng=rng)
    predict, log_prior = _predictor(outcome.series, priors, model=model)
    coefficients = begin["coefficients"].shape[1]

    def log_priors(points: np.ndarray) -> np.ndarray:
        return log_prior(points[:, :coefficients]) + _spread_log_prior(
            outcome.family, points[:, coefficients:], priors, phi=phi
        )

    def increments(points: np.ndarray) -> np.ndarray:
        found = []
        for i in range(0, len(points), _CHUNK):
            part = points[i : i + _CHUNK]
            spread = _spread(outcome.family, part[:, coefficients:], priors, phi=phi)
            found.append(_increments(outcome, predict(part[:, :coefficients]), spread))
        return np.concatenate(found)

    start = begin["coefficients"]
    if outcome.family in AUTOCORRELATED:
        innovation = begin["sigma"] * innovation_share(begin["phi"]) - priors.sigma_floor
        v = np.log(np.maximum(innovation, 1e-6 * priors.sigma_sd))
        start = np.column_stack([start, v] if phi is not None else [start, np.arctanh(begin["phi"] / PHI_LIMIT), v])
    elif outcome.family != "poisson":
        start = np.column_stack([start, rng.normal(math.log(0.3), 0.8, len(start))])
    return Target(log_prior=log_priors, increments=increments, start=start)


def parameters_of(
    points: np.ndarray,
    outcome: Outcome,
    priors: Priors,
    *,
    model: str,
    rng: np.random.Generator,
    phi: float | None = None,
) -> dict[str, np.ndarray]:
    """The model's own parameters from the vectors that were drawn, one array a parameter, the draw first."""
    terms = SINGLE_CASE_MODELS[model]
    if "gamma" in terms:
        treated = _treated(outcome.series)
        count = len(treated)
        found = split_levels(points[:, :count], treated, priors, rng=rng)
    else:
        names = ["alpha", "delta", *(t for t in ("trend", "slope_change", "carried") if t in terms)]
        count = len(names)
        found = {name: points[:, i] for i, name in enumerate(names)}
        if "carried" in terms:
            found["carried"] = _share(points[:, 2])
    return found | _spread(outcome.family, points[:, count:], priors, phi=phi)


def _treated(series: Series) -> np.ndarray:
    """1 for each phase under intervention, else 0."""
    return np.array([float(label[0] == "B") for label in series.phases[0]])


def _share(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logit))


def _predictor(
    series: Series, priors: Priors, *, model: str
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]:
    """Expected values, and the log prior, as functions of the predictor's parameters.

    With deviations between like phases the parameters are the phases' levels.
    """
    terms = SINGLE_CASE_MODELS[model]
    if "gamma" in terms:
        treated = _treated(series)
        return (
            lambda points: points[:, series.phase_index],
            lambda points: levels_log_prior(points, treated, priors),
        )
    linear = linear_model(series, priors, model=model)

    def normal(points: np.ndarray) -> np.ndarray:
        return normal_log_density(points - linear.prior_mean, linear.prior_sd[0])

    if "carried" in terms:

        def by_degrees(points: np.ndarray) -> np.ndarray:
            return points[:, [0]] + points[:, [1]] * carried(series, _share(points[:, 2]))

        def degrees_prior(points: np.ndarray) -> np.ndarray:
            kept = _share(points[:, 2])
            return normal(points[:, :2]) + math.log(2) + np.log(kept) + 2 * np.log1p(-kept)  # Beta(1, 2), of the logit

        return by_degrees, degrees_prior
    columns = linear.columns[0]
    return lambda points: points @ columns.T, normal


def _nearby(outcome: Outcome, priors: Priors, *, model: str, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draws of a Gaussian model of nearly the same values, to begin with."""
    series, near = outcome.series, priors
    if outcome.family == "proportion":
        series = replace(series, value=np.log((series.value + 0.5) / (outcome.trials - series.value + 0.5)))
    elif outcome.family != "rating":
        series = replace(series, value=np.log((series.value + 0.5) / outcome.exposure))
    if outcome.family != "rating":
        near = priors.replace(sigma_sd=1.0, sigma_floor=0.05)
    linear = linear_model(series, near, model=model)
    drawn = integrate(series.value, linear, near).draw(rng, size=1000)
    terms, own = SINGLE_CASE_MODELS[model], drawn["coefficients"]
    if "gamma" in terms:
        own = own[:, [0]] + own[:, [1]] * _treated(series) + own[:, 2:]
    elif "carried" in terms:
        share = linear.outer[drawn["outer_index"]]
        own = np.column_stack([own, np.log(share / (1 - share))])
    return {"coefficients": own, "phi": drawn["phi"], "sigma": drawn["sigma"]}


def _spread(family: str, points: np.ndarray, priors: Priors, *, phi: float | None) -> dict[str, np.ndarray]:
    """The parameters of spread, by name."""
    if family == "poisson":
        return {}
    if family not in AUTOCORRELATED:
        return {"dispersion": np.exp(points[:, 0])}
    correlation = phi_of(points[:, 0]) if phi is None else np.full(len(points), phi)
    innovation = priors.sigma_floor + np.exp(points[:, -1])
    return {"phi": correlation, "sigma": innovation / innovation_share(correlation)}


def _spread_log_prior(family: str, points: np.ndarray, priors: Priors, *, phi: float | None) -> np.ndarray:
    if family == "poisson":
        return np.zeros(len(points))
    if family not in AUTOCORRELATED:
        unit = priors.dispersion_sd
        half_normal = 0.5 * math.log(2 / math.pi) - math.log(unit) - 0.5 * (np.exp(points[:, 0]) / unit) ** 2
        return points[:, 0] + half_normal
    u = points[:, 0] if phi is None else np.full(len(points), math.atanh(phi / PHI_LIMIT))
    v = points[:, -1]
    of_v = log_prior_v(v, priors.sigma_floor + np.exp(v), innovation_share(phi_of(u)), priors)
    return log_prior_u(u, priors, held=phi is not None) + of_v - log_prior_mass(priors, phi=phi)


def _increments(outcome: Outcome, predictor: np.ndarray, spread: dict[str, np.ndarray]) -> np.ndarray:
    """Log probability of each value given those before, shape (points, obs)."""
    from scipy import special  # type: ignore[import-untyped]  # a slow import, so only where it is used

    series, y = outcome.series, outcome.series.value
    if outcome.family == "rating":
        return rating_increments(
            outcome.lower,
            outcome.upper,
            predictor,
            spread["sigma"],
            spread["phi"],
            gap=series.gap,
            linked=series.linked,
        )
    if outcome.family == "proportion":
        n = outcome.trials
        size = 1 / np.maximum(spread["dispersion"], 1e-3)[:, None] ** 2
        a, b = size * special.expit(predictor) + 1e-12, size * special.expit(-predictor) + 1e-12
        choose = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        return choose + special.betaln(y + a, n - y + b) - special.betaln(a, b)
    log_mean = predictor + np.log(outcome.exposure)
    if outcome.family == "poisson-lognormal":
        return lognormal_count_increments(
            y, log_mean, spread["sigma"], spread["phi"], gap=series.gap, linked=series.linked
        )
    mean = np.exp(np.minimum(log_mean, 50.0))
    if outcome.family == "poisson":
        return y * log_mean - mean - special.gammaln(y + 1)
    size = 1 / np.maximum(spread["dispersion"], _LEAST_DISPERSION)[:, None] ** 2
    log_mass = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1)
    return log_mass + y * (log_mean - np.log(size + mean)) - size * np.log1p(mean / size)
