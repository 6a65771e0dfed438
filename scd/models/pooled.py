"""The multilevel model of Gaussian values by weighted draws: everything linear is integrated out first.

Given the autocorrelation and the spreads, levels and changes of all cases, their averages, and what happens to all at
once are jointly normal, so only five or six shared quantities and one for each case are left to draw.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from scd.models.adaptive import adapted
from scd.models.errors import PHI_LIMIT, innovation_share, log_prior_mass, log_prior_u, log_prior_v, phi_of
from scd.models.history import occasion_widths, steps_taken
from scd.models.levels import normal_log_density
from scd.models.terms import SEVERAL_CASES_MODELS

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["MOST_CASES", "pooled_draws"]

MOST_CASES = 12
"""With more cases a Markov chain is the better tool."""

# Places in the vector: atanh(phi / 0.99), log of the innovations' SD above its floor, log SDs between cases of level,
# change and spread; with a shared walk the log of its SD; then the standardised spread of each case.
_SHARED = 5
# No case's SD is more than e**4 times the shared one, and no logarithm beyond this: sums would cancel there.
_MOST_APART = 4.0
_FARTHEST = 15.0
# Working arrays stay below so many numbers.
_CHUNK = 1_000_000


def pooled_draws(
    series: Series, priors: Priors, *, model: str = "multilevel", seed: int, draws: int, chains: int
) -> tuple[dict[str, np.ndarray], float] | None:
    """Draw from the posterior of several cases.

    Parameters
    ----------
    series : Series
        Two or more cases, with values on one common scale of unit size.
    priors : Priors
        On that scale.
    model : {"multilevel", "multilevel-history"}
    seed : int
        Same seed and data, same draws.
    draws, chains : int

    Returns
    -------
    posterior : dict of str to ndarray, shape (chain, draw) or (chain, draw, case | occasion)
        Parameters as in `scd.models.predictor.linear_predictor`.
    effective : float
        How many independent draws the weighted ones are worth.
    None
        When too few, or there are more cases than `MOST_CASES`: a Markov chain is needed.
    """
    cases = len(series.cases)
    if cases > MOST_CASES:
        return None
    rng = np.random.default_rng(seed)
    history = "history" in SEVERAL_CASES_MODELS[model]
    shared = steps_taken(series) if history else np.empty((len(series.value), 0))
    chunk = max(1, _CHUNK // ((2 + shared.shape[1]) * (len(series.value) + cases * (2 + shared.shape[1]))))

    def log_density(points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):  # far-out points over- and underflow, and count as impossible
            parts = [
                _log_posterior(points[i : i + chunk], series, priors, shared) for i in range(0, len(points), chunk)
            ]
        return np.concatenate(parts)

    weighed = adapted(log_density, _start(series, priors, rng, history=history), size=draws * chains, rng=rng)
    if weighed is None:
        return None
    points, sample = weighed
    parts = [_parameters(points[i : i + chunk], series, priors, shared, rng) for i in range(0, len(points), chunk)]
    drawn = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    held = {name: values.reshape(chains, draws, *values.shape[1:]) for name, values in drawn.items()}
    return held, min(sample.effective, float(draws * chains))


def _start(series: Series, priors: Priors, rng: np.random.Generator, *, history: bool) -> np.ndarray:
    """Points about where the posterior lies, from means and SDs of the phases."""
    size, cases = 1000, len(series.cases)
    levels, changes, squares = [], [], 0.0
    for i in range(cases):
        mine = series.case_index == i
        parts = [series.value[mine & (series.intervention == d)] for d in np.unique(series.intervention[mine])]
        levels.append(parts[0].mean())
        if len(parts) > 1:
            changes.append(parts[1].mean() - parts[0].mean())
        squares += sum(((p - p.mean()) ** 2).sum() for p in parts)
    least = 0.05 * priors.sigma_sd
    within = max(math.sqrt(squares / max(len(series.value) - 2 * cases, 1)) - priors.sigma_floor, least)
    spread = [
        within,
        max(float(np.std(levels)), least),
        max(float(np.std(changes)), least),
        0.7 * priors.sigma_between_sd,
    ]
    # The prior holds the SDs between cases where few cases say little.
    spread[1] = min(spread[1], priors.alpha_between_sd)
    spread[2] = min(spread[2], priors.delta_between_sd)
    walk = [math.log(0.4 * priors.history_sd)] if history else []
    center = np.r_[math.atanh(0.3 / PHI_LIMIT), np.log(spread), walk, np.zeros(cases)]
    width = np.r_[0.3, 0.25, 0.5, 0.7, 0.7, np.full(len(walk), 0.8), np.full(cases, 0.8)]
    return center + width * rng.standard_normal((size, len(center)))


def _errors(points: np.ndarray, priors: Priors, *, cases: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """phi, the shared within-phase SD, and that of each case."""
    phi = phi_of(points[:, 0])
    sigma = (priors.sigma_floor + np.exp(points[:, 1])) / innovation_share(phi)
    apart = np.clip(np.exp(points[:, [4]]) * points[:, -cases:], -_MOST_APART, _MOST_APART)
    return phi, sigma, sigma[:, None] * np.exp(apart)


def _far_out(points: np.ndarray, *, cases: int) -> np.ndarray:
    """SDs so far apart that sums cancel; the priors all but rule them out."""
    apart = np.abs(points[:, -cases:] * np.exp(points[:, [4]])) > _MOST_APART
    return apart.any(axis=1) | (np.abs(points) > _FARTHEST).any(axis=1)


def _log_prior(points: np.ndarray, priors: Priors, *, cases: int) -> np.ndarray:
    v, share = points[:, 1], innovation_share(phi_of(points[:, 0]))
    found = log_prior_u(points[:, 0], priors) + log_prior_v(v, priors.sigma_floor + np.exp(v), share, priors)
    scales = [priors.alpha_between_sd, priors.delta_between_sd, priors.sigma_between_sd, priors.history_sd]
    for column, scale in zip(range(2, points.shape[1] - cases), scales, strict=False):
        half_normal = 0.5 * math.log(2 / math.pi) - math.log(scale)
        found += half_normal + points[:, column] - 0.5 * (np.exp(points[:, column]) / scale) ** 2
    return found - log_prior_mass(priors) + normal_log_density(points[:, -cases:], np.ones(cases))


def _sums(
    series: Series, phi: np.ndarray, center: float, shared: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Whitened sums of every case: of columns by columns, columns by values, values squared; and the log root.

    The columns are 1, the intervention, and those of `shared`, shape (obs, steps).
    """
    rho = series.linked * phi[:, None] ** series.gap
    root = np.sqrt(1 - rho**2)
    design = np.column_stack([np.ones(len(series.value)), series.intervention, shared, series.value - center])
    before = np.vstack([np.zeros(design.shape[1]), design[:-1]])
    white = (design - rho[..., None] * before) / root[..., None]
    cases = len(series.cases)
    product = np.stack(
        [np.swapaxes(part, 1, 2) @ part for part in (white[:, series.case_index == i] for i in range(cases))], axis=1
    )
    first = np.flatnonzero(np.r_[True, np.diff(series.case_index) != 0])
    log_root = np.add.reduceat(np.log(root), first, axis=1)
    return product[..., :-1, :-1], product[..., :-1, -1], product[..., -1, -1], log_root


def _pooled(
    points: np.ndarray, series: Series, priors: Priors, shared: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What the cases say of what they share, and each of its own deviations.

    What is shared are the average level and change, and the steps of the walk that all cases take. Returns the log
    density where all shared is 0, precision and pull of what is shared, the precision of each case's deviation, and
    the whitened products of its columns with all columns and with its values.
    """
    phi, _, sigma = _errors(points, priors, cases=len(series.cases))
    gram, cross, square, log_root = _sums(series, phi, priors.center, shared)
    variance = sigma[..., None, None] ** 2
    precision, pull = gram / variance, cross / variance[..., 0]
    between = np.exp(-2 * points[:, 2:4])  # precisions of level and change between cases
    own = precision[..., :2, :2] + between[:, None, :, None] * np.eye(2)
    counts = np.bincount(series.case_index)
    across = precision[..., :2]
    shrunk = np.linalg.solve(own, np.concatenate([pull[..., :2, None], np.swapaxes(across, -1, -2)], axis=-1))
    log_likelihood = (
        -counts * np.log(sigma)
        - log_root
        - 0.5 * (np.linalg.slogdet(own)[1] - np.log(between).sum(axis=1)[:, None])
        - 0.5 * (square / variance[..., 0, 0] - (pull[..., :2] * shrunk[..., 0]).sum(axis=-1))
    )
    # What is shared keeps the precision that is left when the cases' own deviations are out.
    kept = (precision - across @ shrunk[..., 1:]).sum(axis=1)
    toward = (pull - (across @ shrunk[..., :1])[..., 0]).sum(axis=1)
    prior = _shared_precision(points, series, priors, steps=shared.shape[1])
    kept += np.eye(kept.shape[-1]) * prior[:, None]
    log_density = log_likelihood.sum(axis=1) + 0.5 * np.log(prior).sum(axis=1)
    log_density -= 0.5 * len(series.value) * math.log(2 * math.pi)
    return log_density, kept, toward, own, np.concatenate([across, pull[..., None]], axis=-1)


def _shared_precision(points: np.ndarray, series: Series, priors: Priors, *, steps: int) -> np.ndarray:
    """Prior precision of what is shared, shape (points, 2 + steps)."""
    average = np.broadcast_to([priors.alpha_sd**-2, priors.delta_sd**-2], (len(points), 2))
    if not steps:
        return average
    widths = occasion_widths(series)[1:]
    return np.column_stack([average, np.exp(-2 * points[:, [_SHARED]]) / widths**2])


def _log_posterior(points: np.ndarray, series: Series, priors: Priors, shared: np.ndarray) -> np.ndarray:
    beyond = _far_out(points, cases=len(series.cases))
    points = np.clip(points, -_FARTHEST, _FARTHEST)
    log_likelihood, precision, pull, *_ = _pooled(points, series, priors, shared)
    mean = np.linalg.solve(precision, pull[..., None])[..., 0]
    average = 0.5 * (pull * mean).sum(axis=1) - 0.5 * np.linalg.slogdet(precision)[1]
    found = log_likelihood + average + _log_prior(points, priors, cases=len(series.cases))
    return np.where(beyond, -np.inf, found)


def _parameters(
    points: np.ndarray, series: Series, priors: Priors, shared: np.ndarray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """What is shared, then each case's level and change, drawn exactly given the rest."""
    _, precision, drawn_to, own, products = _pooled(points, series, priors, shared)
    common = _normal(precision, drawn_to, rng)
    phi, sigma, sigma_case = _errors(points, priors, cases=len(series.cases))
    across, pull = products[..., :-1], products[..., :2, -1]
    left = pull - (common[:, None, None] @ across)[..., 0, :]
    case = common[:, None, :2] + _normal(own, left, rng)
    found = {
        "alpha_mean": priors.center + common[:, 0],
        "alpha_sd": np.exp(points[:, 2]),
        "delta_mean": common[:, 1],
        "delta_sd": np.exp(points[:, 3]),
        "sigma": sigma,
        "sigma_spread": np.exp(points[:, 4]),
        "phi": phi,
        "alpha": priors.center + case[..., 0],
        "delta": case[..., 1],
        "sigma_case": sigma_case,
    }
    if shared.shape[1]:
        walk = np.cumsum(common[:, 2:], axis=1)
        found["history_sd"] = np.exp(points[:, _SHARED])
        found["history"] = np.column_stack([np.zeros(len(walk)), walk])
    return found


def _normal(precision: np.ndarray, pull: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws of normals given by precision and pull."""
    root = np.swapaxes(np.linalg.cholesky(precision), -1, -2)
    mean = np.linalg.solve(precision, pull[..., None])[..., 0]
    return mean + np.linalg.solve(root, rng.standard_normal((*pull.shape, 1)))[..., 0]
