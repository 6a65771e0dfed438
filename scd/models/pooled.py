"""The multilevel model of Gaussian values by weighted draws: everything linear is integrated out first.

Given the autocorrelation and the spreads, levels and changes of all cases and their averages are jointly normal, so
only five shared quantities and one for each case are left to draw.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scd.models.adaptive import adapted
from scd.models.errors import PHI_LIMIT, innovation_share, log_prior_mass, log_prior_u, log_prior_v, phi_of

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["MOST_CASES", "pooled_draws"]

MOST_CASES = 12
"""With more cases a Markov chain is the better tool."""

# Places in the vector: atanh(phi / 0.99), log of the innovations' SD above its floor, log SDs between cases of level,
# change and spread, then the standardised spread of each case.
_SHARED = 5
# No case's SD is more than e**4 times the shared one.
_MOST_APART = 4.0
_CHUNK = 1000


def pooled_draws(
    series: Series, priors: Priors, *, seed: int, draws: int, chains: int
) -> tuple[xr.Dataset, xr.Dataset, float] | None:
    """Draw from the posterior of several cases.

    Parameters
    ----------
    series : Series
        Two or more cases, with values on one common scale of unit size.
    priors : Priors
        On that scale.
    seed : int
        Same seed and data, same draws.
    draws, chains : int

    Returns
    -------
    posterior, sample_stats : xarray.Dataset
        With dims ``chain, draw`` and ``case``; parameters as in `scd.models.predictor.linear_predictor`.
    effective : float
        How many independent draws the weighted ones are worth.
    None
        When too few, or there are more cases than `MOST_CASES`: a Markov chain is needed.
    """
    cases = len(series.cases)
    if cases > MOST_CASES:
        return None
    rng = np.random.default_rng(seed)

    def log_density(points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):  # far-out points over- and underflow, and count as impossible
            parts = [_log_posterior(points[i : i + _CHUNK], series, priors) for i in range(0, len(points), _CHUNK)]
        return np.concatenate(parts)

    weighed = adapted(log_density, _start(series, priors, rng), size=draws * chains, rng=rng)
    if weighed is None:
        return None
    points, sample = weighed
    shape, dims = (chains, draws), ("chain", "draw")
    held = {
        name: ((*dims, "case")[: values.ndim + 1], values.reshape(*shape, *values.shape[1:]))
        for name, values in _parameters(points, series, priors, rng).items()
    }
    coords = {"chain": np.arange(chains), "draw": np.arange(draws), "case": np.arange(cases)}
    stats = xr.Dataset({"diverging": (dims, np.zeros(shape, dtype=bool))})
    return xr.Dataset(held, coords=coords), stats, min(sample.effective, float(draws * chains))


def _start(series: Series, priors: Priors, rng: np.random.Generator) -> np.ndarray:
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
    center = np.r_[math.atanh(0.3 / PHI_LIMIT), np.log(spread), np.zeros(cases)]
    width = np.r_[0.3, 0.25, 0.5, 0.7, 0.7, np.full(cases, 0.8)]
    return center + width * rng.standard_normal((size, _SHARED + cases))


def _errors(points: np.ndarray, priors: Priors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """phi, the shared within-phase SD, and that of each case."""
    phi = phi_of(points[:, 0])
    sigma = (priors.sigma_floor + np.exp(points[:, 1])) / innovation_share(phi)
    return phi, sigma, sigma[:, None] * np.exp(np.exp(points[:, [4]]) * points[:, _SHARED:])


def _far_out(points: np.ndarray) -> np.ndarray:
    """SDs of cases so far apart that sums cancel; the priors all but rule them out."""
    return (np.abs(points[:, _SHARED:] * np.exp(points[:, [4]])) > _MOST_APART).any(axis=1)


def _log_prior(points: np.ndarray, priors: Priors) -> np.ndarray:
    v, share = points[:, 1], innovation_share(phi_of(points[:, 0]))
    found = log_prior_u(points[:, 0], priors) + log_prior_v(v, priors.sigma_floor + np.exp(v), share, priors)
    found -= log_prior_mass(priors)
    scales = (priors.alpha_between_sd, priors.delta_between_sd, priors.sigma_between_sd)
    for column, scale in zip((2, 3, 4), scales, strict=True):
        found += points[:, column] - 0.5 * (np.exp(points[:, column]) / scale) ** 2
    return found - 0.5 * (points[:, _SHARED:] ** 2).sum(axis=1)


def _sums(series: Series, phi: np.ndarray, center: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Whitened sums of every case: of columns by columns, columns by values, values squared; and the log root."""
    rho = series.linked * phi[:, None] ** series.gap
    root = np.sqrt(1 - rho**2)

    def white(row: np.ndarray) -> np.ndarray:
        return (row - rho * np.r_[0.0, row[:-1]]) / root

    rows = [white(r) for r in (np.ones(len(series.value)), series.intervention, series.value - center)]
    first = np.flatnonzero(np.r_[True, np.diff(series.case_index) != 0])

    def total(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, first, axis=1)

    gram = np.stack(
        [np.stack([total(rows[i] * rows[j]) for j in (0, 1)], axis=-1) for i in (0, 1)], axis=-2
    )  # (points, cases, 2, 2)
    cross = np.stack([total(rows[i] * rows[2]) for i in (0, 1)], axis=-1)
    return gram, cross, total(rows[2] ** 2), total(np.log(root))


def _pooled(
    points: np.ndarray, series: Series, priors: Priors
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """What each case says of its level and change, with the average's prior around it.

    Returns the cases' log likelihoods at an average of 0, what each adds to the average's precision and pull, and the
    precision of each case's deviation from the average.
    """
    phi, _, sigma = _errors(points, priors)
    gram, cross, square, log_root = _sums(series, phi, priors.center)
    variance = sigma**2
    precision = gram / variance[..., None, None]
    pull = cross / variance[..., None]
    between = np.exp(-2 * points[:, 2:4])  # precisions of level and change between cases
    own = precision + between[:, None, :, None] * np.eye(2)
    counts = np.bincount(series.case_index)
    shrunk = np.linalg.solve(own, pull[..., None])[..., 0]
    log_likelihood = (
        -counts * np.log(sigma)
        - log_root
        - 0.5 * (np.linalg.slogdet(own)[1] - np.log(between).sum(axis=1)[:, None])
        - 0.5 * (square / variance - (pull * shrunk).sum(axis=-1))
    )
    # The average enters as X mu: its precision is what is left of the cases' own after their deviations are out.
    kept = precision - precision @ np.linalg.solve(own, precision)
    toward = pull - (precision @ shrunk[..., None])[..., 0]
    return log_likelihood, kept, toward, own


def _average(kept: np.ndarray, toward: np.ndarray, priors: Priors) -> tuple[np.ndarray, np.ndarray]:
    prior = np.diag([priors.alpha_sd**-2, priors.delta_sd**-2])
    return prior + kept.sum(axis=1), toward.sum(axis=1)


def _log_posterior(points: np.ndarray, series: Series, priors: Priors) -> np.ndarray:
    log_likelihood, kept, toward, _ = _pooled(points, series, priors)
    precision, pull = _average(kept, toward, priors)
    mean = np.linalg.solve(precision, pull[..., None])[..., 0]
    average = 0.5 * (pull * mean).sum(axis=1) - 0.5 * np.linalg.slogdet(precision)[1]
    found = log_likelihood.sum(axis=1) + average + _log_prior(points, priors)
    return np.where(_far_out(points), -np.inf, found)


def _parameters(points: np.ndarray, series: Series, priors: Priors, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Averages, then each case's level and change, drawn exactly given the rest."""
    _, kept, toward, own = _pooled(points, series, priors)
    precision, drawn_to = _average(kept, toward, priors)
    average = _normal(precision, drawn_to, rng)
    phi, sigma, sigma_case = _errors(points, priors)
    gram, cross, _, _ = _sums(series, phi, priors.center)
    variance = sigma_case[..., None] ** 2
    left = cross / variance - (gram / variance[..., None] @ average[:, None, :, None])[..., 0]
    deviation = _normal(own, left, rng)
    case = average[:, None] + deviation
    return {
        "alpha_mean": priors.center + average[:, 0],
        "alpha_sd": np.exp(points[:, 2]),
        "delta_mean": average[:, 1],
        "delta_sd": np.exp(points[:, 3]),
        "sigma": sigma,
        "sigma_spread": np.exp(points[:, 4]),
        "phi": phi,
        "alpha": priors.center + case[..., 0],
        "delta": case[..., 1],
        "sigma_case": sigma_case,
    }


def _normal(precision: np.ndarray, pull: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws of normals given by precision and pull."""
    covariance = np.linalg.inv(precision)
    root = np.linalg.cholesky((covariance + np.swapaxes(covariance, -1, -2)) / 2)
    mean = (covariance @ pull[..., None])[..., 0]
    return mean + (root @ rng.standard_normal((*pull.shape, 1)))[..., 0]
