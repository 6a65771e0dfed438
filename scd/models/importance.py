"""Ratings, counts and proportions of one case by adaptive importance sampling: independent draws, nothing compiled.

The likelihood of these families is known without sampling the latent values: a negative binomial or beta-binomial is
one by itself, and the probability of a row of ratings is an integral over an autocorrelated path through their cells,
worked out session by session. With four to nine parameters, weighted draws from a fitted t distribution then give the
posterior in a second; how well the fit covers it is read off the weights.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.polynomial import legendre

from scd.models.exact import half_normal_grid, linear_model
from scd.models.onset import carried
from scd.models.quadrature import integrate, log_prior_u
from scd.models.terms import SINGLE_CASE_MODELS

if TYPE_CHECKING:
    from scd.models.families import Outcome
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["WEIGHED", "adapted", "rating_log_likelihood", "weighted_draws"]

WEIGHED = ("rating", "count", "poisson", "proportion")
"""The families that this module takes."""

_PHI_LIMIT = 0.99
_FREEDOM = 6.0
_ROUNDS, _ROUND_SIZE = 4, 800
_SIZE, _LARGEST = 5000, 40000
# Of the effective draws that weights leave, so many at least; and no draw may stand for more than this share.
_ENOUGH, _HEAVIEST = 1000, 0.01
# Up to such a correlation, so many points in a cell: an open one is some 9 SDs wide, what carries on sqrt(1 - phi^2).
_NODES = ((0.5, 12), (0.75, 20), (0.9, 32), (0.96, 48), (1.0, 72))
_CHUNK = 1000
_LEAST_DISPERSION = 1e-4


@dataclass(frozen=True, eq=False)
class _Target:
    """A posterior over a plain vector: predictor parameters first, then those of spread."""

    coefficients: int
    log_density: Callable[[np.ndarray], np.ndarray]
    start: np.ndarray


def weighted_draws(
    outcome: Outcome, priors: Priors, *, model: str, seed: int, draws: int, chains: int
) -> tuple[xr.Dataset, xr.Dataset, float] | None:
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
    posterior, sample_stats : xarray.Dataset
        With dims ``chain, draw``, as a sampler would give.
    effective : float
        How many independent draws the weighted ones are worth.
    None
        When too few, even after more rounds: a Markov chain is needed.

    References
    ----------
    Cappé, O., Douc, R., Guillin, A., Marin, J.-M., & Robert, C. P. (2008). Adaptive importance sampling in general
    mixture classes. Statistics and Computing, 18, 447-459. https://doi.org/10.1007/s11222-008-9059-x
    """
    rng = np.random.default_rng(seed)
    target = _target(outcome, priors, model=model, rng=rng)
    weighed = adapted(target.log_density, target.start, size=draws * chains, rng=rng)
    if weighed is None:
        return None
    chosen, effective = weighed
    found = _parameters(chosen, outcome, priors, model=model, rng=rng)
    dims = ("chain", "draw")
    coords: dict[str, object] = {"chain": np.arange(chains), "draw": np.arange(draws)}
    held = {}
    for name, values in found.items():
        held[name] = (*dims, "phase")[: values.ndim + 1], values.reshape(chains, draws, *values.shape[1:])
    if "gamma" in found:
        coords["phase"] = list(outcome.series.phases[0])
    stats = xr.Dataset({"diverging": (dims, np.zeros((chains, draws), dtype=bool))})
    return xr.Dataset(held, coords=coords), stats, effective


def adapted(
    log_density: Callable[[np.ndarray], np.ndarray], start: np.ndarray, *, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, float] | None:
    """Points from a density by adaptive importance sampling.

    Parameters
    ----------
    log_density : callable
        Of points, shape (points, parameters); need not be normalised.
    start : ndarray, shape (points, parameters)
        About where it lies; not too narrow.
    size : int
        How many points to draw.
    rng : numpy.random.Generator

    Returns
    -------
    points : ndarray, shape (size, parameters)
    effective : float
        How many independent points they are worth.
    None
        When too few.
    """
    center, spread = start.mean(axis=0), 1.5 * np.atleast_2d(np.cov(start.T))
    for _ in range(_ROUNDS):
        points = _t_draws(center, spread, size=_ROUND_SIZE, rng=rng)
        log_weight = _finite(log_density(points)) - _t_log_density(points, center, spread)
        center, spread = _fitted(points, log_weight)
    tried = _SIZE
    while True:
        points = _defensive_draws(center, spread, size=tried, rng=rng)
        log_weight = _finite(log_density(points)) - _defensive_log_density(points, center, spread)
        weight = np.exp(log_weight - log_weight.max())
        weight /= weight.sum()
        effective = 1 / float(weight @ weight)
        if effective >= _ENOUGH and weight.max() < _HEAVIEST:
            return points[_systematic(weight, size=size, rng=rng)], min(effective, float(size))
        if tried >= _LARGEST:
            return None
        center, spread = _fitted(points, log_weight)
        tried *= 2


def _finite(log_density: np.ndarray) -> np.ndarray:
    """Points so far out that their density can't be worked out count as impossible."""
    return np.where(np.isfinite(log_density), log_density, -np.inf)


def rating_log_likelihood(
    lower: np.ndarray,
    upper: np.ndarray,
    predictor: np.ndarray,
    sigma: np.ndarray,
    phi: np.ndarray,
    *,
    gap: np.ndarray,
    linked: np.ndarray,
    nodes: int | None = None,
) -> np.ndarray:
    """Log probability that an autocorrelated normal path runs through all cells.

    From session to session the density of the path inside its cell is carried on by Gauss-Legendre quadrature. The
    closer neighbouring sessions hang together, the narrower what carries on, and the more points it takes.

    Parameters
    ----------
    lower, upper : ndarray, shape (obs,)
        The cells; infinite at floor and ceiling.
    predictor : ndarray, shape (draws, obs)
        Expected values.
    sigma, phi : ndarray, shape (draws,)
        Marginal SD, and correlation of neighbouring sessions.
    gap, linked : ndarray, shape (obs,)
    nodes : int, optional
        Points in each cell; by default as many as each correlation takes.

    Returns
    -------
    ndarray, shape (draws,)

    References
    ----------
    Kitagawa, G. (1987). Non-Gaussian state-space modeling of nonstationary time series. Journal of the American
    Statistical Association, 82, 1032-1041. https://doi.org/10.1080/01621459.1987.10478534
    """
    if nodes is None:
        total = np.empty(len(predictor))
        levels = np.searchsorted([limit for limit, _ in _NODES], np.abs(phi))
        for level in np.unique(levels):
            some = levels == level
            arrays = {"predictor": predictor[some], "sigma": sigma[some], "phi": phi[some]}
            total[some] = rating_log_likelihood(lower, upper, **arrays, gap=gap, linked=linked, nodes=_NODES[level][1])
        return total
    place, share = legendre.leggauss(nodes)
    total = np.zeros(len(predictor))
    inside = before = np.empty(0)
    for t in range(predictor.shape[1]):
        low, high = _ends((lower[t] - predictor[:, t]) / sigma, (upper[t] - predictor[:, t]) / sigma)
        half = (high - low)[:, None] / 2
        at = (low + high)[:, None] / 2 + half * place
        if linked[t]:
            rho = (phi ** gap[t])[:, None]
            rest = 1 - rho**2
            step = at[:, None, :] - rho[..., None] * before[..., None]
            kernel = np.exp(-0.5 * step**2 / rest[..., None])
            inside = (inside[:, None, :] @ kernel)[:, 0] / np.sqrt(rest)
        else:
            inside = np.exp(-0.5 * at**2)
        inside = inside * share * half / math.sqrt(2 * math.pi)
        mass = np.maximum(inside.sum(axis=1), 1e-300)
        total += np.log(mass)
        inside, before = inside / mass[:, None], at
    return total


def _ends(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells in SDs, cut where a normal's density has fallen by e**-20 from their inner edge."""
    far = 40.0

    def reach(edge: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(edge, 0) ** 2 + far)

    return np.maximum(low, -reach(-high)), np.minimum(high, reach(low))


def _target(outcome: Outcome, priors: Priors, *, model: str, rng: np.random.Generator) -> _Target:
    family = outcome.family
    predict, log_prior, start = _predictor(outcome, priors, model=model, rng=rng)
    coefficients = start["coefficients"].shape[1]

    def spread_prior(points: np.ndarray) -> np.ndarray:
        if family == "rating":
            u, v = points[:, coefficients], points[:, coefficients + 1]
            phi, sigma = _errors(points[:, coefficients:], priors)
            root = np.sqrt(1 - phi**2)
            marginal = priors.sigma_of == "marginal"
            spoken_of, jacobian = (sigma, -np.log(root)) if marginal else (sigma * root, 0.0)
            return log_prior_u(u, priors, held=False) + v + jacobian - 0.5 * (spoken_of / priors.sigma_sd) ** 2
        if family == "poisson":
            return np.zeros(len(points))
        log_dispersion = points[:, coefficients]
        return log_dispersion - 0.5 * (np.exp(log_dispersion) / priors.dispersion_sd) ** 2

    def log_density(points: np.ndarray) -> np.ndarray:
        found = []
        for i in range(0, len(points), _CHUNK):
            part = points[i : i + _CHUNK]
            expected = predict(part[:, :coefficients])
            fit = _log_likelihood(outcome, priors, expected, part[:, coefficients:])
            found.append(fit + log_prior(part[:, :coefficients]) + spread_prior(part))
        return np.concatenate(found)

    if family == "rating":
        phi, sigma = start["phi"], start["sigma"]
        innovation = np.maximum(sigma * np.sqrt(1 - phi**2) - priors.sigma_floor, 1e-6 * priors.sigma_sd)
        begin = np.column_stack([start["coefficients"], np.arctanh(phi / _PHI_LIMIT), np.log(innovation)])
    elif family == "poisson":
        begin = start["coefficients"]
    else:
        begin = np.column_stack([start["coefficients"], rng.normal(math.log(0.3), 0.8, len(start["coefficients"]))])
    return _Target(coefficients=coefficients, log_density=log_density, start=begin)


def _predictor(
    outcome: Outcome, priors: Priors, *, model: str, rng: np.random.Generator
) -> tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray], dict[str, np.ndarray]]:
    """Expected values and log prior as functions of the predictor's parameters, and draws to begin with.

    With deviations between like phases the parameters are the phases' levels, whose prior is a mixture of normals over
    the SD between phases.
    """
    series = outcome.series
    near, near_priors = _near_gaussian(outcome, priors)
    linear = linear_model(near, near_priors, model=model)
    drawn = integrate(near.value, linear, near_priors).draw(rng, size=1000)
    terms = SINGLE_CASE_MODELS[model]
    begin = {"phi": drawn["phi"], "sigma": drawn["sigma"]}
    if "gamma" in terms:
        labels = series.phases[0]
        treated = np.array([float(label[0] == "B") for label in labels])
        level = drawn["coefficients"][:, [0]] + drawn["coefficients"][:, [1]] * treated + drawn["coefficients"][:, 2:]

        def from_levels(points: np.ndarray) -> np.ndarray:
            return points[:, series.phase_index]

        omega, weight = half_normal_grid(priors.omega_sd, points=18)
        covariance = _level_covariance(priors, treated, omega)

        def level_prior(points: np.ndarray) -> np.ndarray:
            return _mixture_log_density(points - priors.center, covariance, weight)

        return from_levels, level_prior, begin | {"coefficients": level}
    if "carried" in terms:
        share = linear.outer[drawn["outer_index"]]
        own = np.column_stack([drawn["coefficients"], np.log(share / (1 - share))])

        def by_degrees(points: np.ndarray) -> np.ndarray:
            reached = carried(series, 1 / (1 + np.exp(-points[:, 2])))
            return points[:, [0]] + points[:, [1]] * reached

        def degrees_prior(points: np.ndarray) -> np.ndarray:
            kept = 1 / (1 + np.exp(-points[:, 2]))
            normal = _normal_log_prior(points[:, :2], priors, linear.prior_sd[0])
            return normal + np.log(kept) + 2 * np.log1p(-kept)  # Beta(1, 2), as a density of the logit

        return by_degrees, degrees_prior, begin | {"coefficients": own}
    columns, sd = (
        linear_model(series, priors, model=model).columns[0],
        linear_model(series, priors, model=model).prior_sd[0],
    )

    def linearly(points: np.ndarray) -> np.ndarray:
        return points @ columns.T

    def normal_prior(points: np.ndarray) -> np.ndarray:
        return _normal_log_prior(points, priors, sd)

    return linearly, normal_prior, begin | {"coefficients": drawn["coefficients"]}


def _near_gaussian(outcome: Outcome, priors: Priors) -> tuple[Series, Priors]:
    """Values that a Gaussian model takes, near enough to begin with."""
    from dataclasses import replace

    series = outcome.series
    if outcome.family == "rating":
        return series, priors
    if outcome.family == "proportion":
        value = np.log((series.value + 0.5) / (outcome.trials - series.value + 0.5))
    else:
        value = np.log((series.value + 0.5) / outcome.exposure)
    return replace(series, value=value), priors.replace(sigma_sd=1.0, sigma_floor=0.05)


def _log_likelihood(outcome: Outcome, priors: Priors, predictor: np.ndarray, spread: np.ndarray) -> np.ndarray:
    from scipy import special  # type: ignore[import-untyped]  # a slow import, so only where it is used

    series = outcome.series
    if outcome.family == "rating":
        phi, sigma = _errors(spread, priors)
        return rating_log_likelihood(
            outcome.lower, outcome.upper, predictor, sigma, phi, gap=series.gap, linked=series.linked
        )
    y = series.value
    if outcome.family == "proportion":
        n = outcome.trials
        size = 1 / np.maximum(np.exp(spread), 1e-3) ** 2
        a, b = size * special.expit(predictor) + 1e-12, size * special.expit(-predictor) + 1e-12
        choose = special.gammaln(n + 1) - special.gammaln(y + 1) - special.gammaln(n - y + 1)
        return (choose + special.betaln(y + a, n - y + b) - special.betaln(a, b)).sum(axis=1)
    log_mean = predictor + np.log(outcome.exposure)
    mean = np.exp(np.minimum(log_mean, 50.0))
    if outcome.family == "poisson":
        return (y * log_mean - mean - special.gammaln(y + 1)).sum(axis=1)
    size = 1 / np.maximum(np.exp(spread), _LEAST_DISPERSION) ** 2
    log_mass = special.gammaln(y + size) - special.gammaln(size) - special.gammaln(y + 1)
    return (log_mass + y * (log_mean - np.log(size + mean)) - size * np.log1p(mean / size)).sum(axis=1)


def _errors(spread: np.ndarray, priors: Priors) -> tuple[np.ndarray, np.ndarray]:
    """phi and the marginal SD from u and v."""
    phi = _PHI_LIMIT * np.tanh(spread[:, 0])
    return phi, (priors.sigma_floor + np.exp(spread[:, 1])) / np.sqrt(1 - phi**2)


def _parameters(
    points: np.ndarray, outcome: Outcome, priors: Priors, *, model: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The model's own parameters from the vector that was drawn."""
    terms = SINGLE_CASE_MODELS[model]
    found: dict[str, np.ndarray] = {}
    if "gamma" in terms:
        labels = outcome.series.phases[0]
        count = len(labels)
        treated = np.array([float(label[0] == "B") for label in labels])
        found |= _split_levels(points[:, :count], treated, priors, rng)
    else:
        names = ["alpha", "delta", *(t for t in ("trend", "slope_change", "carried") if t in terms)]
        count = len(names)
        found = {name: points[:, i] for i, name in enumerate(names)}
        if "carried" in terms:
            found["carried"] = 1 / (1 + np.exp(-points[:, 2]))
    if outcome.family == "rating":
        found["phi"], found["sigma"] = _errors(points[:, count:], priors)
    elif outcome.family != "poisson":
        found["dispersion"] = np.exp(points[:, count])
    return found


def _split_levels(
    level: np.ndarray, treated: np.ndarray, priors: Priors, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Given the phases' levels: the SD between phases, then baseline level and change, then the deviations."""
    omega, weight = half_normal_grid(priors.omega_sd, points=18)
    covariance = _level_covariance(priors, treated, omega)
    log_share = _log_components(level - priors.center, covariance) + np.log(weight)
    share = np.exp(log_share - log_share.max(axis=1, keepdims=True))
    share = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
    chosen = np.minimum((share < rng.random((len(level), 1))).sum(axis=1), len(omega) - 1)
    spread = np.maximum(omega, _least(omega))[chosen]
    design = np.column_stack([np.ones_like(treated), treated])
    prior = np.diag([priors.alpha_sd**-2, priors.delta_sd**-2])
    precision = prior + (design.T @ design) / spread[:, None, None] ** 2
    pull = (level - priors.center) @ design / spread[:, None] ** 2
    root = np.linalg.cholesky(np.linalg.inv(precision))
    mean = np.linalg.solve(precision, pull[..., None])[..., 0]
    both = mean + (root @ rng.standard_normal((len(level), 2, 1)))[..., 0]
    alpha, delta = priors.center + both[:, 0], both[:, 1]
    gamma = level - alpha[:, None] - delta[:, None] * treated
    return {"alpha": alpha, "delta": delta, "omega": spread, "gamma": gamma}


def _least(omega: np.ndarray) -> float:
    """An SD of 0 would tie the levels to one another; a thousandth of the prior's scale is as good as 0."""
    return float(omega[-1]) / 6000


def _level_covariance(priors: Priors, treated: np.ndarray, omega: np.ndarray) -> np.ndarray:
    shared = priors.alpha_sd**2 + priors.delta_sd**2 * np.outer(treated, treated)
    spread = np.maximum(omega, _least(omega))
    return shared + spread[:, None, None] ** 2 * np.eye(len(treated))


def _log_components(away: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log density of each normal at each point, shape (points, components)."""
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, np.broadcast_to(away.T, (len(root), *away.T.shape)))
    log_det = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return (-0.5 * (white**2).sum(axis=1) - log_det[:, None]).T - 0.5 * away.shape[1] * math.log(2 * math.pi)


def _mixture_log_density(away: np.ndarray, covariance: np.ndarray, weight: np.ndarray) -> np.ndarray:
    parts = _log_components(away, covariance) + np.log(weight)
    top = parts.max(axis=1)
    return top + np.log(np.exp(parts - top[:, None]).sum(axis=1))


def _normal_log_prior(points: np.ndarray, priors: Priors, sd: np.ndarray) -> np.ndarray:
    away = points.copy()
    away[:, 0] -= priors.center
    return (-0.5 * (away / sd[: points.shape[1]]) ** 2).sum(axis=1)


def _fitted(points: np.ndarray, log_weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and covariance; weights that hang on few points are flattened first."""
    power = 1.0
    for _ in range(30):
        weight = np.exp(power * (log_weight - log_weight.max()))
        weight /= weight.sum()
        if 1 / (weight @ weight) >= 0.1 * len(points):
            break
        power *= 0.8
    center = weight @ points
    away = points - center
    spread = (away * weight[:, None]).T @ away
    return center, spread + 1e-10 * np.diag(np.diag(spread) + 1e-8)


def _t_draws(center: np.ndarray, spread: np.ndarray, *, size: int, rng: np.random.Generator) -> np.ndarray:
    root = np.linalg.cholesky(np.atleast_2d(spread))
    scale = np.sqrt(_FREEDOM / rng.chisquare(_FREEDOM, size))
    return center + (rng.standard_normal((size, len(center))) @ root.T) * scale[:, None]


def _t_log_density(points: np.ndarray, center: np.ndarray, spread: np.ndarray) -> np.ndarray:
    root = np.linalg.cholesky(np.atleast_2d(spread))
    count = len(center)
    square = (np.linalg.solve(root, (points - center).T) ** 2).sum(axis=0)
    constant = (
        math.lgamma((_FREEDOM + count) / 2) - math.lgamma(_FREEDOM / 2) - 0.5 * count * math.log(_FREEDOM * math.pi)
    )
    return constant - np.log(np.diag(root)).sum() - 0.5 * (_FREEDOM + count) * np.log1p(square / _FREEDOM)


# One draw in five comes from a wider distribution, so that no weight can grow beyond bounds in the tails.
_WIDE_SHARE, _WIDE = 0.2, 4.0


def _defensive_draws(center: np.ndarray, spread: np.ndarray, *, size: int, rng: np.random.Generator) -> np.ndarray:
    wide = int(_WIDE_SHARE * size)
    return np.concatenate(
        [
            _t_draws(center, spread, size=size - wide, rng=rng),
            _t_draws(center, _WIDE * spread, size=wide, rng=rng),
        ]
    )


def _defensive_log_density(points: np.ndarray, center: np.ndarray, spread: np.ndarray) -> np.ndarray:
    near = _t_log_density(points, center, spread) + math.log(1 - _WIDE_SHARE)
    return np.logaddexp(near, _t_log_density(points, center, _WIDE * spread) + math.log(_WIDE_SHARE))


def _systematic(weight: np.ndarray, *, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw points by their weight with as little chance as can be, in random order."""
    places = (np.arange(size) + rng.random()) / size
    chosen = np.minimum(np.searchsorted(np.cumsum(weight), places), len(weight) - 1)
    return rng.permutation(chosen)
