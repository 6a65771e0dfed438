"""How a gradual effects model is fitted: the exposure, weighted lines for many omegas at once, the lowest deviance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["FARTHEST", "LINKS", "exposure", "fit_lines", "least_deviance"]

_GRID = np.linspace(0, 1, 33)
_ZOOMS, _POINTS = 8, np.linspace(-1, 1, 9)
_STEPS = 60
_CHUNK = 2_000_000  # numbers that are worked on at a time
FARTHEST = 30.0
"""Beyond this predictor a mean is 0 or the whole as far as numbers go."""


def exposure(d: np.ndarray, after: np.ndarray, omega: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exposure and its derivative with respect to omega, shape (series, omegas, values).

    (1 - omega) / (1 - omega^m) is 1 over the sum of omega^i for i below m, which is good at omega = 1 too.
    """
    total, slope, power = (np.zeros_like(omega) for _ in range(3))
    for i in range(int(after.max()) - 1, -1, -1):
        inside = (i < after)[:, None]
        slope = np.where(inside, slope * omega + total, slope)
        total = np.where(inside, total * omega + 1, total)
    x, change = np.zeros((2, *omega.shape, d.shape[1]))
    held, moved = np.zeros_like(omega), power
    for t in range(d.shape[1]):
        moved = held + omega * moved
        held = omega * held + d[:, t : t + 1]
        x[..., t] = held / total
        change[..., t] = moved / total - held * slope / total**2
    return x, change


def least_deviance(y: np.ndarray, d: np.ndarray, seen: np.ndarray, after: np.ndarray, family: str) -> np.ndarray:
    """The omega of least deviance of each series, some series at a time."""
    step = max(1, _CHUNK // (len(_GRID) * max(y.shape[1], 1)))
    pieces = [slice(i, i + step) for i in range(0, len(y), step)]
    return np.concatenate([_lowest(y[p], d[p], seen[p], after[p], family) for p in pieces])


def _lowest(y: np.ndarray, d: np.ndarray, seen: np.ndarray, after: np.ndarray, family: str) -> np.ndarray:
    best, width = np.zeros(len(y)), _GRID[1]
    omegas = np.broadcast_to(_GRID, (len(y), len(_GRID)))
    for _ in range(_ZOOMS + 1):
        deviance = fit_lines(y, exposure(d, after, omegas)[0], seen, family)[2]
        best = np.take_along_axis(omegas, deviance.argmin(axis=1)[:, None], axis=1)[:, 0]
        omegas = np.clip(best[:, None] + width * _POINTS, 0, 1)
        width /= (len(_POINTS) - 1) / 2
    return best


def fit_lines(y: np.ndarray, x: np.ndarray, seen: np.ndarray, family: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intercept, slope and deviance of each series at each omega."""
    target, mask = y[:, None, :], seen[:, None, :].astype(float)
    if family == "gaussian":
        intercept, slope = _weighted_line(x, np.broadcast_to(target, x.shape), np.broadcast_to(mask, x.shape))
        rest = (target - intercept[..., None] - slope[..., None] * x) * mask
        return intercept, slope, (rest**2).sum(axis=-1)
    mean_of, unit, cumulant, entropy = LINKS[family]
    start = target + 0.1 if family == "poisson" else (target + 0.5) / 2
    eta = np.broadcast_to(np.log(start) - (0 if family == "poisson" else np.log1p(-start)), x.shape)
    fullest, before = (entropy(target) * mask).sum(axis=-1), np.inf
    for _ in range(_STEPS):
        mean = mean_of(eta)
        weight = unit(mean)
        intercept, slope = _weighted_line(x, eta + (target - mean) / weight, weight * mask)
        eta = np.clip(intercept[..., None] + slope[..., None] * x, -FARTHEST, FARTHEST)
        deviance = 2 * (fullest - ((target * eta - cumulant(eta)) * mask).sum(axis=-1))
        if np.max(np.abs(deviance - before) / (np.abs(deviance) + 0.1)) < 1e-10:
            break
        before = deviance
    return intercept, slope, deviance


def _weighted_line(x: np.ndarray, z: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    total = weight.sum(axis=-1)
    level, height = (weight * x).sum(axis=-1) / total, (weight * z).sum(axis=-1) / total
    away = x - level[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (weight * away * z).sum(axis=-1) / (weight * away**2).sum(axis=-1)
    slope = np.nan_to_num(slope)
    return height - slope * level, slope


def _y_log_y(y: np.ndarray) -> np.ndarray:
    return y * np.log(np.where(y > 0, y, 1.0))


# Mean of the predictor, variance of the mean, what the log-likelihood takes off, and its value if every mean is met.
LINKS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], ...]] = {
    "poisson": (np.exp, lambda mean: mean, np.exp, lambda y: _y_log_y(y) - y),
    "binomial": (
        lambda eta: 1 / (1 + np.exp(-eta)),
        lambda mean: mean * (1 - mean),
        lambda eta: np.logaddexp(0, eta),
        lambda y: _y_log_y(y) + _y_log_y(1 - y),
    ),
}
