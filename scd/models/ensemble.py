"""Many short chains at once, for a density in some dozens of dimensions that a normal distribution nearly fits.

Weighted draws fail there: in forty dimensions small misfits multiply. A chain that proposes from the fitted normal
distribution, a part of the way back to where it stands, only has to mend the misfit. Hundreds of chains cost one
vectorised call a step, and what they have in common tells the normal distribution and when they have settled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Ensemble", "ensemble"]

_REFIT = 10
# Steps are widened or narrowed so that about this share of them is taken.
_TAKEN = 0.3
_NARROWEST, _WIDEST = 0.05, 0.95
_ENOUGH = 500.0


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Draws from a density.

    Attributes
    ----------
    points : ndarray, shape (draws, parameters)
        Neighbours come from different chains.
    effective : float
        How many independent draws they are worth, in the parameter that mixes worst.
    drift : float
        How far the mean moved from the first to the second half of the steps, in SDs, at most.
    """

    points: np.ndarray
    effective: float
    drift: float


def ensemble(
    log_density: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    *,
    rng: np.random.Generator,
    chains: int = 400,
    settle: int = 40,
    keep: int = 40,
    every: int = 4,
    blocks: int = 6,
) -> Ensemble:
    """Draw by a preconditioned Crank-Nicolson walk of many chains.

    With the reference distribution Normal(m, C), fitted to the chains themselves while they settle, a chain at x
    proposes ``m + sqrt(1 - b ** 2) (x - m) + b Normal(0, C)``. That move leaves the reference as it is, so it is taken
    with probability ``min(1, r(proposed) / r(x))``, where r is the density over that of the reference.

    Parameters
    ----------
    log_density : callable
        Of points, shape (points, parameters), up to a constant; -inf where impossible.
    start : ndarray, shape (points, parameters)
        About where it lies; not too narrow.
    rng : numpy.random.Generator
    chains : int
        How many walk side by side.
    settle, keep : int
        Steps that are thrown away, and steps that are kept; the latter again until the draws are worth 500.
    every : int
        Of the kept steps every so many-th gives draws.
    blocks : int
        How often at most steps are kept.

    Returns
    -------
    Ensemble

    References
    ----------
    Cotter, S. L., Roberts, G. O., Stuart, A. M., & White, D. (2013). MCMC methods for functions: modifying old
    algorithms to make them faster. Statistical Science, 28(3), 424-446. https://doi.org/10.1214/13-STS421

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found = ensemble(lambda x: -0.5 * (x**2).sum(axis=1), rng.standard_normal((500, 3)) + 1, rng=rng)
    >>> bool(abs(found.points.mean()) < 0.1), found.points.shape[1], found.effective > 500
    (True, 3, True)
    """
    walk = _Walk(log_density, start, chains=chains, rng=rng)
    for step in range(settle):
        walk.step(adapt=True)
        if step % _REFIT == _REFIT - 1:
            walk.refit()
    kept: list[np.ndarray] = []
    for _ in range(blocks):
        for _ in range(keep):
            walk.step(adapt=False)
            kept.append(walk.at)
        effective = _effective(np.array(kept))
        if effective >= _ENOUGH:
            break
    path = np.array(kept)
    half = len(path) // 2
    spread = path.reshape(-1, path.shape[2]).std(axis=0)
    drift = np.abs(path[:half].mean(axis=(0, 1)) - path[half:].mean(axis=(0, 1))) / np.where(spread > 0, spread, 1.0)
    return Ensemble(path[every - 1 :: every].reshape(-1, path.shape[2]), effective, float(drift.max()))


class _Walk:
    """Chains on their way, and the reference distribution that they propose from."""

    def __init__(
        self,
        log_density: Callable[[np.ndarray], np.ndarray],
        start: np.ndarray,
        *,
        chains: int,
        rng: np.random.Generator,
    ) -> None:
        self._log_density, self._rng = log_density, rng
        value = log_density(start)
        possible = np.flatnonzero(np.isfinite(value))
        chosen = rng.choice(possible, chains, replace=len(possible) < chains)
        self.at, self._value = start[chosen], value[chosen]
        self._away: np.ndarray
        self._share = 0.5
        self._refer_to(start)

    def step(self, *, adapt: bool) -> None:
        """One step of every chain."""
        away = self._away
        fresh = self._rng.standard_normal(self.at.shape)
        to = np.sqrt(1 - self._share**2) * away + self._share * fresh
        proposed = self._center + to @ self._root.T
        value = self._log_density(proposed)
        gain = value + 0.5 * (to**2).sum(axis=1) - self._value - 0.5 * (away**2).sum(axis=1)
        taken = np.log(self._rng.random(len(gain))) < gain
        self.at = np.where(taken[:, None], proposed, self.at)
        self._away = np.where(taken[:, None], to, away)
        self._value = np.where(taken, value, self._value)
        if adapt:
            self._seen.append(self.at)
            self._share *= np.exp(0.5 * (taken.mean() - _TAKEN))
            self._share = float(np.clip(self._share, _NARROWEST, _WIDEST))

    def refit(self) -> None:
        """Fit the reference distribution to where the chains were in the latest steps."""
        self._refer_to(np.concatenate(self._seen[-_REFIT // 2 :]))

    def _refer_to(self, points: np.ndarray) -> None:
        covariance = np.atleast_2d(np.cov(points.T))
        self._center = points.mean(axis=0)
        self._root = np.linalg.cholesky(covariance + 1e-9 * np.eye(len(covariance)))
        self._away = np.linalg.solve(self._root, (self.at - self._center).T).T
        self._seen: list[np.ndarray] = []


def _effective(path: np.ndarray) -> float:
    """Chains are independent of each other: what their means vary less than single draws do, counts as draws."""
    single = path.reshape(-1, path.shape[2]).var(axis=0)
    means = path.mean(axis=0).var(axis=0, ddof=1)
    share = np.where(means > 0, single / np.where(means > 0, means, 1.0), 1.0)
    return float(path.shape[1] * share.min())
