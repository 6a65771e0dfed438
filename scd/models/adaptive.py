"""Adaptive importance sampling: weighted draws from a distribution that is fitted to the density, independent each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Weighed", "adapted", "weighed", "weights_of"]

# The fitted distribution is a t with so many degrees of freedom; one draw in five comes from a wider one, so that no
# weight can grow beyond bounds in the tails.
_FREEDOM = 6.0
_WIDE_SHARE, _WIDE = 0.2, 4.0
_ROUNDS, _ROUND_SIZE = 4, 800
_SIZE, _LARGEST = 5000, 40000
# Of the effective draws that weights leave, so many at least; and no draw may stand for more than this share.
_ENOUGH, _HEAVIEST = 1000, 0.01


@dataclass(frozen=True, eq=False)
class Weighed:
    """Weighted points from a density.

    Attributes
    ----------
    points : ndarray, shape (tried, parameters)
    weight : ndarray, shape (tried,)
        Sums to 1.
    effective : float
        How many independent points they are worth.
    log_evidence : float
        Log of the density's integral.
    """

    points: np.ndarray
    weight: np.ndarray
    effective: float
    log_evidence: float

    def resampled(self, *, size: int, rng: np.random.Generator) -> np.ndarray:
        """Points drawn by their weight with as little chance as can be, in random order, shape (size, parameters)."""
        places = (np.arange(size) + rng.random()) / size
        chosen = np.minimum(np.searchsorted(np.cumsum(self.weight), places), len(self.weight) - 1)
        return self.points[rng.permutation(chosen)]


def weights_of(log_weight: np.ndarray) -> tuple[np.ndarray, float, float]:
    """Weights that sum to 1, how many independent points they are worth, and the log of the mean weight."""
    top = log_weight.max()
    weight = np.exp(log_weight - top)
    total = weight.sum()
    weight /= total
    return weight, 1 / float(weight @ weight), float(top + math.log(total / len(weight)))


def adapted(
    log_density: Callable[[np.ndarray], np.ndarray], start: np.ndarray, *, size: int, rng: np.random.Generator
) -> tuple[np.ndarray, Weighed] | None:
    """Points from a density by adaptive importance sampling.

    Parameters
    ----------
    log_density : callable
        Of points, shape (points, parameters); where it is normalised but for the evidence, `Weighed.log_evidence`
        tells that.
    start : ndarray, shape (points, parameters)
        About where it lies; not too narrow.
    size : int
        How many points to draw.
    rng : numpy.random.Generator

    Returns
    -------
    points : ndarray, shape (size, parameters)
    weighed : Weighed
        What they were drawn from.
    None
        When they are worth too few.

    References
    ----------
    Cappé, O., Douc, R., Guillin, A., Marin, J.-M., & Robert, C. P. (2008). Adaptive importance sampling in general
    mixture classes. Statistics and Computing, 18, 447-459. https://doi.org/10.1007/s11222-008-9059-x
    """
    found = weighed(log_density, start, rng=rng)
    return None if found is None else (found.resampled(size=size, rng=rng), found)


def weighed(
    log_density: Callable[[np.ndarray], np.ndarray], start: np.ndarray, *, rng: np.random.Generator
) -> Weighed | None:
    """The weighted points themselves; parameters as in `adapted`."""
    center, spread = start.mean(axis=0), 1.5 * np.atleast_2d(np.cov(start.T))
    for _ in range(_ROUNDS):
        points = _t_draws(center, spread, size=_ROUND_SIZE, rng=rng)
        log_weight = _finite(log_density(points)) - _t_log_density(points, center, spread)
        center, spread = _fitted(points, log_weight)
    tried = _SIZE
    while True:
        points = _defensive_draws(center, spread, size=tried, rng=rng)
        log_weight = _finite(log_density(points)) - _defensive_log_density(points, center, spread)
        weight, effective, log_evidence = weights_of(log_weight)
        if effective >= _ENOUGH and weight.max() < _HEAVIEST:
            return Weighed(points=points, weight=weight, effective=effective, log_evidence=log_evidence)
        if tried >= _LARGEST:
            return None
        center, spread = _fitted(points, log_weight)
        tried *= 2


def _finite(log_density: np.ndarray) -> np.ndarray:
    """Points so far out that their density can't be worked out count as impossible."""
    return np.where(np.isfinite(log_density), log_density, -np.inf)


def _fitted(points: np.ndarray, log_weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weighted mean and covariance; weights that hang on few points are flattened first."""
    power = 1.0
    for _ in range(30):
        weight, effective, _ = weights_of(power * log_weight)
        if effective >= 0.1 * len(points):
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
