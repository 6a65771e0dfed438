"""The probability of a series that hangs on an autocorrelated path nobody sees, worked out session by session.

From session to session the density of the path is carried on by quadrature at points of its own. What is left over at
each session is the probability of its value given those before.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.polynomial import legendre

__all__ = ["lognormal_count_increments", "rating_increments"]

# Up to such a correlation, so many points at a session: the closer neighbouring sessions hang together, the narrower
# what carries on. An open cell of a rating is some 9 SDs wide, what carries on sqrt(1 - phi ** 2).
_POINTS = ((0.5, 12), (0.75, 20), (0.9, 32), (0.96, 48), (1.0, 72))
# For counts the path's range given one value is this wide, in SDs either side.
_REACH = 6.5
_LEAST = 1e-300


def rating_increments(
    lower: np.ndarray,
    upper: np.ndarray,
    predictor: np.ndarray,
    sigma: np.ndarray,
    phi: np.ndarray,
    *,
    gap: np.ndarray,
    linked: np.ndarray,
    points: int | None = None,
) -> np.ndarray:
    """Log probability that an autocorrelated normal path runs through each cell, given the cells before.

    Parameters
    ----------
    lower, upper : ndarray, shape (obs,)
        The cells; infinite at floor and ceiling.
    predictor : ndarray, shape (draws, obs)
        Expected values.
    sigma, phi : ndarray, shape (draws,)
        Marginal SD, and correlation of neighbouring sessions.
    gap, linked : ndarray, shape (obs,)
        Sessions since the value before; 0 at the first value, else 1.
    points : int, optional
        Points in each cell; by default as many as each correlation takes.

    Returns
    -------
    ndarray, shape (draws, obs)
        The sum over `obs` is the log probability of the series.

    References
    ----------
    Kitagawa, G. (1987). Non-Gaussian state-space modeling of nonstationary time series. Journal of the American
    Statistical Association, 82, 1032-1041. https://doi.org/10.1080/01621459.1987.10478534
    """

    def some(chosen: np.ndarray, count: int) -> np.ndarray:
        place, share = legendre.leggauss(count)
        spread = sigma[chosen]

        def cell(t: int) -> tuple[np.ndarray, np.ndarray]:
            away = predictor[chosen, t]
            low, high = _ends((lower[t] - away) / spread, (upper[t] - away) / spread)
            half = (high - low)[:, None] / 2
            return (low + high)[:, None] / 2 + half * place, half * share

        return _carried_on(cell, phi[chosen], gap=gap, linked=linked)

    return _by_correlation(some, phi, obs=len(gap), points=points)


def lognormal_count_increments(
    count: np.ndarray,
    log_mean: np.ndarray,
    sigma: np.ndarray,
    phi: np.ndarray,
    *,
    gap: np.ndarray,
    linked: np.ndarray,
    points: int | None = None,
) -> np.ndarray:
    """Log probability of each Poisson count, given those before, where the log rate follows a stationary AR(1).

    Parameters
    ----------
    count : ndarray, shape (obs,)
    log_mean : ndarray, shape (draws, obs)
        Log rate where the path is at 0.
    sigma, phi, gap, linked, points
        As in `rating_increments`; `sigma` is the SD of the log rate.

    Returns
    -------
    ndarray, shape (draws, obs)
    """
    log_factorial = np.array([math.lgamma(c + 1) for c in count])

    def some(chosen: np.ndarray, number: int) -> np.ndarray:
        place = np.linspace(-_REACH, _REACH, number)
        spread = sigma[chosen]

        def around(t: int) -> tuple[np.ndarray, np.ndarray]:
            center, width = _given_one(count[t], log_mean[chosen, t], spread)
            at = center[:, None] + width[:, None] * place
            log_rate = log_mean[chosen, t, None] + spread[:, None] * at
            log_mass = count[t] * log_rate - np.exp(np.minimum(log_rate, 700)) - log_factorial[t]
            return at, np.exp(log_mass) * width[:, None] * (place[1] - place[0])

        return _carried_on(around, phi[chosen], gap=gap, linked=linked)

    return _by_correlation(some, phi, obs=len(gap), points=points)


def _by_correlation(
    some: Callable[[np.ndarray, int], np.ndarray], phi: np.ndarray, *, obs: int, points: int | None
) -> np.ndarray:
    """Work out draws of like correlation together, with as many points as they take."""
    if points is not None:
        return some(np.arange(len(phi)), points)
    found = np.empty((len(phi), obs))
    levels = np.searchsorted([limit for limit, _ in _POINTS], np.abs(phi))
    for level in np.unique(levels):
        chosen = np.flatnonzero(levels == level)
        found[chosen] = some(chosen, _POINTS[level][1])
    return found


def _carried_on(
    session: Callable[[int], tuple[np.ndarray, np.ndarray]], phi: np.ndarray, *, gap: np.ndarray, linked: np.ndarray
) -> np.ndarray:
    """Carry the path's density on from session to session.

    `session` gives the points of a session, shape (draws, points), in SDs, and for each what a value of the density
    there contributes to the session's probability.
    """
    found = np.empty((len(phi), len(gap)))
    inside = before = np.empty(0)
    for t in range(len(gap)):
        at, weight = session(t)
        if linked[t]:
            rho = (phi ** gap[t])[:, None]
            rest = 1 - rho**2
            # Most of the work is here. Single precision is enough, as far-off exponents vanish either way.
            kernel = at.astype(np.float32)[:, None, :] - (rho * before).astype(np.float32)[..., None]
            np.square(kernel, out=kernel)
            kernel *= (-0.5 / rest).astype(np.float32)[..., None]
            np.exp(kernel, out=kernel)
            density = (inside.astype(np.float32)[:, None, :] @ kernel)[:, 0] / np.sqrt(rest)
        else:
            density = np.exp(-0.5 * at**2)
        inside = density * weight / math.sqrt(2 * math.pi)
        mass = np.maximum(inside.sum(axis=1), _LEAST)
        found[:, t] = np.log(mass)
        inside, before = inside / mass[:, None], at
    return found


def _ends(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cells in SDs, cut where a normal's density has fallen by e**-20 from their inner edge."""
    far = 40.0

    def reach(edge: np.ndarray) -> np.ndarray:
        return np.sqrt(np.maximum(edge, 0) ** 2 + far)

    return np.maximum(low, -reach(-high)), np.minimum(high, reach(low))


def _given_one(count: float, log_mean: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mode and width of the path, in SDs, given one count alone."""
    # From the right of the mode Newton's method comes down to it without overshooting.
    at = np.maximum((math.log(count + 0.5) - log_mean) / sigma, 0.0)
    for _ in range(25):
        rate = np.exp(np.minimum(log_mean + sigma * at, 700))
        at = at - (sigma * (rate - count) + at) / (sigma**2 * rate + 1)
    return at, 1 / np.sqrt(sigma**2 * np.exp(np.minimum(log_mean + sigma * at, 700)) + 1)
