"""Mixtures of normals: what an exact posterior says of one quantity, without Monte Carlo error."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.polynomial import hermite_e

__all__ = ["Mixture", "normal_cdf"]

# Points that together hold less than this share of the weight are left out.
_NEGLIGIBLE = 1e-6
# The quantiles of a mixture of more points than this are first sought in a condensed one.
_MANY = 3000
# The normal distribution function is tabled up to here, at so many points a unit.
_END, _PER_UNIT = 9, 4096


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weighted normals, one row a series.

    Attributes
    ----------
    weight, center, spread : ndarray, shape (batch, points)
        Weights (each row sums to 1), and mean and SD of each normal; an SD of 0 is a point mass.

    Examples
    --------
    >>> one = Mixture(np.array([[0.5, 0.5]]), np.array([[-1.0, 1.0]]), np.array([[1.0, 1.0]]))
    >>> float(one.mean()[0]), round(float(one.sd()[0]), 4), round(float(one.above(0)[0]), 9)
    (0.0, 1.4142, 0.5)
    """

    weight: np.ndarray
    center: np.ndarray
    spread: np.ndarray

    def mean(self) -> np.ndarray:
        """Mean of each series, shape (batch,)."""
        return (self.weight * self.center).sum(axis=-1)

    def sd(self) -> np.ndarray:
        """Standard deviation of each series, shape (batch,)."""
        away = self.center - self.mean()[:, None]
        return np.sqrt((self.weight * (self.spread**2 + away**2)).sum(axis=-1))

    def above(self, threshold: float) -> np.ndarray:
        """Probability of a value above the threshold, shape (batch,)."""
        return (self.weight * self._below(np.array([threshold]), sign=-1.0)[..., 0]).sum(axis=-1)

    def quantile(self, probabilities: tuple[float, ...]) -> np.ndarray:
        """Quantiles by bisection and Newton's method, shape (batch, len)."""
        wanted = np.asarray(probabilities, dtype=float)
        mean, sd = self.mean()[:, None], self.sd()[:, None]
        reach = 10 * np.where(sd > 0, sd, 1.0)
        # One-sided Chebyshev puts every usual quantile inside; the tails of the mixture widen it where needed.
        low = np.minimum(mean - reach, (self.center - 9 * self.spread).min(axis=-1)[:, None]) + 0 * wanted
        high = np.maximum(mean + reach, (self.center + 9 * self.spread).max(axis=-1)[:, None]) + 0 * wanted
        if self.weight.shape[1] > _MANY:  # start close by: each step over all points is dear
            x = self.condensed().quantile(probabilities)
        else:
            x = mean + sd * np.array([NormalDist().inv_cdf(p) for p in probabilities])
        spread = self._spread()
        for _ in range(60):
            z = (x[:, None] - self.center[..., None]) / spread
            density = np.exp(-0.5 * z**2) / (spread * np.sqrt(2 * np.pi))
            below = np.einsum("bp,bpq->bq", self.weight, normal_cdf(z))
            low, high = np.where(below < wanted, x, low), np.where(below < wanted, high, x)
            slope = np.einsum("bp,bpq->bq", self.weight, density)
            with np.errstate(divide="ignore", invalid="ignore"):
                newton = x - (below - wanted) / slope
            inside = (newton >= low) & (newton <= high)  # at an end where it is there already
            new = np.where(inside, newton, (low + high) / 2)
            # Newton's method squares the error, so what is left is far below the last step.
            done = np.abs(new - x) <= np.where(inside, 1e-5, 1e-9) * reach
            x = new
            if done.all():
                break
        return x

    def expect(self, function: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Expected value of a smooth function, by Gauss-Hermite quadrature in every normal, shape (batch,)."""
        if self.weight.shape[1] > _MANY:
            return self.condensed().expect(function)
        nodes, weights = _hermite(24)
        at = self.center[..., None] + self.spread[..., None] * nodes
        return (self.weight * (function(at) @ weights)).sum(axis=-1)

    def pruned(self) -> Mixture:
        """Without the points whose weight does not matter in any series."""
        share = self.weight.max(axis=0)
        keep = share > _NEGLIGIBLE / share.size
        weight = self.weight[:, keep]
        return Mixture(weight / weight.sum(axis=-1, keepdims=True), self.center[:, keep], self.spread[:, keep])

    def condensed(self) -> Mixture:
        """Fewer points with nearly the same distribution: neighbours in mean and SD are merged, moments kept."""
        rows = [_merged(*row) for row in zip(self.weight, self.center, self.spread, strict=True)]
        width = max(len(row[0]) for row in rows)
        padded = [[np.pad(part, (0, width - len(part)), mode="edge") for part in row] for row in rows]
        for row, (weight, *_) in zip(padded, rows, strict=True):
            row[0][len(weight) :] = 0.0
        return Mixture(*(np.stack(parts) for parts in zip(*padded, strict=True)))

    def affine(self, *, shift: float = 0.0, scale: float = 1.0) -> Mixture:
        """The posterior of ``shift + scale * quantity``."""
        return Mixture(self.weight, shift + scale * self.center, abs(scale) * self.spread)

    def _spread(self) -> np.ndarray:
        """The SDs, above 0 also for point masses, shape (batch, points, 1)."""
        tiny = 1e-12 * np.maximum(self.sd()[:, None], np.finfo(float).tiny)
        return np.maximum(self.spread, tiny)[..., None]

    def _below(self, x: np.ndarray, *, sign: float) -> np.ndarray:
        return normal_cdf(sign * (x - self.center[..., None]) / self._spread())


def normal_cdf(z: np.ndarray) -> np.ndarray:
    """The standard normal distribution function of every number, to eight digits after the point.

    Examples
    --------
    >>> normal_cdf(np.array([-np.inf, 0.0, 1.96])).round(6)
    array([0.      , 0.5     , 0.975002])
    """
    # SciPy's import takes longer than all else in the analysis of one series, so it serves only where it is loaded.
    if "scipy.special" in sys.modules:
        from scipy.special import ndtr  # type: ignore[import-untyped]

        return ndtr(z)
    value, rise = _normal_table()
    place = np.clip(z, -_END, _END)
    place += _END
    place *= _PER_UNIT
    at = place.astype(np.int32)
    place -= at
    place *= rise.take(at)
    place += value.take(at)
    return place


@cache
def _normal_table() -> tuple[np.ndarray, np.ndarray]:
    """The normal distribution function at evenly spaced points, and its rise from each to the next."""
    edges = np.linspace(-_END, _END, 2 * _END * _PER_UNIT + 1)
    middle, half = (edges[1:] + edges[:-1]) / 2, 0.5 / _PER_UNIT
    # Two Gauss-Legendre nodes in so small a cell are exact to the last digit.
    nodes = middle + half / math.sqrt(3) * np.array([[-1.0], [1.0]])
    rise = np.append(np.exp(-0.5 * nodes**2).sum(axis=0) * half / math.sqrt(2 * math.pi), 0.0)
    return np.append(0.0, rise[:-1].cumsum()), rise


def _merged(weight: np.ndarray, center: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merge points that fall into the same of 48 bins of the SD and 64 of the mean."""
    bins = []
    for values, count in ((np.sqrt(spread), 48), (center, 64)):
        # Between where nearly all the weight lies; what is further out shares the bins at the ends.
        mean = (weight * values).sum()
        reach = 6 * math.sqrt((weight * (values - mean) ** 2).sum())
        low, high = max(values.min(), mean - reach), min(values.max(), mean + reach)
        place = (values - low) / ((high - low) or 1.0) * count
        bins.append(np.clip(place, 0, count - 1).astype(int))
    key = bins[0] * 64 + bins[1]
    _, key = np.unique(key, return_inverse=True)
    total = np.bincount(key, weight)
    mean = np.bincount(key, weight * center) / total
    square = np.bincount(key, weight * (spread**2 + (center - mean[key]) ** 2)) / total
    return total, mean, np.sqrt(square)


@cache
def _hermite(points: int) -> tuple[np.ndarray, np.ndarray]:
    nodes, weights = hermite_e.hermegauss(points)
    return nodes, weights / weights.sum()
