"""How a gradual effects model is fitted: the exposure, weighted lines for many omegas at once, the lowest deviance."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["FARTHEST", "LINKS", "exposure", "fit_lines", "least_deviance"]

_GRID = np.linspace(0, 1, 33)
_ZOOMS, _POINTS = 10, np.linspace(-1, 1, 9)
_STEPS = 60
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
    """The omega of least deviance of each series."""

    def deviance(omega: np.ndarray) -> np.ndarray:
        return fit_lines(y, exposure(d, after, omega)[0], seen, family)[2]

    best, width = np.zeros(len(y)), _GRID[1]
    omegas = np.broadcast_to(_GRID, (len(y), len(_GRID)))
    for _ in range(_ZOOMS + 1):
        best = np.take_along_axis(omegas, deviance(omegas).argmin(axis=1)[:, None], axis=1)[:, 0]
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
    mean_of, unit, left = LINKS[family]
    start = target + 0.1 if family == "poisson" else (target + 0.5) / 2
    eta = np.broadcast_to(np.log(start) - (0 if family == "poisson" else np.log1p(-start)), x.shape)
    before = np.inf
    for _ in range(_STEPS):
        mean = mean_of(eta)
        weight = unit(mean)
        intercept, slope = _weighted_line(x, eta + (target - mean) / weight, weight * mask)
        eta = np.clip(intercept[..., None] + slope[..., None] * x, -FARTHEST, FARTHEST)
        deviance = (left(target, mean_of(eta)) * mask).sum(axis=-1)
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


def _poisson_left(y: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return 2 * (_log_part(y, mean) - (y - mean))


def _binomial_left(y: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return 2 * (_log_part(y, mean) + _log_part(1 - y, 1 - mean))


def _log_part(y: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return y * np.log(np.where(y > 0, y, 1.0) / np.where(y > 0, mean, 1.0))


LINKS: dict[str, tuple[Callable[..., np.ndarray], Callable[..., np.ndarray], Callable[..., np.ndarray]]] = {
    "poisson": (np.exp, lambda mean: mean, _poisson_left),
    "binomial": (lambda eta: 1 / (1 + np.exp(-eta)), lambda mean: mean * (1 - mean), _binomial_left),
}
