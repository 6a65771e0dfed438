"""The density that the exact engine integrates: given u = atanh(phi / 0.99) and v = log(innovation SD - floor).

The coefficients are integrated out. Where the density lies is found on a wide grid; then it is worked out on a close
one.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from scd.models.errors import innovation_share, log_prior_u, log_prior_v, phi_of

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.quadrature import LinearModel

__all__ = ["CHUNK", "DEPTH", "ends_between", "log_peak", "on_grid", "whitened"]

DEPTH = 16.0
"""A grid ends where the density is e**-16 of its peak: what lies outside holds less than a millionth."""
CHUNK = 3_000_000
"""Working arrays stay below so many numbers; longer batches are cut into pieces."""


def log_peak(
    value: np.ndarray,
    model: LinearModel,
    priors: Priors,
    u: np.ndarray,
    *,
    points: int,
    between: tuple[float, float] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The log density's highest point over v for each outer value and u, shape (batch, outer, u), and the ends of v.

    The ends have the shape (2, batch, outer, u, 1). They are sought between two values of v, or anywhere.
    """
    piece = max(1, int(CHUNK / (len(model.outer) * len(u) * points)))
    lowest, highest = between or _widest(priors, obs=value.shape[1])
    v = lowest + (highest - lowest) * _evenly(points)
    found, ends = [], []
    for i in range(0, len(value), piece):
        moments, own = whitened(value[i : i + piece], model, u)
        top, low, high = _ends(v, moments, own, priors, u, obs=value.shape[1])
        if between and len(value) > 1:  # what holds for all is wide for each
            top, low, high = _ends(low + (high - low) * _evenly(16), moments, own, priors, u, obs=value.shape[1])
        found.append(top)
        ends.append(np.stack([low, high]))
    with np.errstate(divide="ignore"):
        peak = np.concatenate(found) + log_prior_u(u, priors, held=False) + np.log(model.outer_weight)[:, None]
    return peak, np.concatenate(ends, axis=1)


def ends_between(
    ends: np.ndarray, outer: tuple[np.ndarray, np.ndarray], u: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Ends of v at new outer places and values of u: the outermost of the known ones around them."""
    low, high = ends
    for axis, (known, new) in ((1, outer), (2, u)):
        right = np.clip(np.searchsorted(known, new), 0, len(known) - 1)
        left = np.where(known[right] > new, right - 1, right)
        low = np.minimum(low.take(left, axis=axis), low.take(right, axis=axis))
        high = np.maximum(high.take(left, axis=axis), high.take(right, axis=axis))
    return np.stack([low, high])


def on_grid(
    value: np.ndarray,
    model: LinearModel,
    priors: Priors,
    u: np.ndarray,
    *,
    points: int,
    ends: np.ndarray | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Log density over v = log(innovation SD - floor), on a grid fitted to every outer value and u."""
    moments, own = whitened(value, model, u)
    if ends is None:
        lowest, highest = _widest(priors, obs=value.shape[1])
        wide = lowest + (highest - lowest) * _evenly(40)
        _, low, high = _ends(wide, moments, own, priors, u, obs=value.shape[1])
        _, low, high = _ends(low + (high - low) * _evenly(16), moments, own, priors, u, obs=value.shape[1])
    else:
        low, high = ends
    v = low + (high - low) * _evenly(points)
    density, sigma = _log_density(v, moments, own, priors, u, obs=value.shape[1])
    step = (high - low)[..., 0] / (points - 1)
    return moments, {"log_density": density, "sigma": sigma, "step": step, "pull": own["pull"]}


def _ends(
    v: np.ndarray,
    moments: dict[str, np.ndarray],
    own: dict[str, np.ndarray],
    priors: Priors,
    u: np.ndarray,
    *,
    obs: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The log density's highest point over some values of v, and the values around what is not negligible."""
    density, _ = _log_density(v, moments, own, priors, u, obs=obs)
    top = density.max(axis=-1, keepdims=True)
    above = density > top - DEPTH
    count = above.shape[-1]
    first = np.maximum(above.argmax(axis=-1) - 1, 0)
    last = np.minimum(count - above[..., ::-1].argmax(axis=-1), count - 1)
    everywhere = np.broadcast_to(v, density.shape)
    low, high = (np.take_along_axis(everywhere, i[..., None], axis=-1) for i in (first, last))
    return top[..., 0], low, high


def _widest(priors: Priors, *, obs: int) -> tuple[float, float]:
    """Values of v beyond which no series of this length has its mass."""
    unit, floor = priors.sigma_sd, priors.sigma_floor
    smallest = math.log(min(unit, floor / obs) if floor > 0 else unit * 1e-4) - DEPTH
    return smallest, math.log(6.0 * unit)


@cache
def _evenly(count: int) -> np.ndarray:
    return np.linspace(0, 1, count)


def whitened(
    value: np.ndarray, model: LinearModel, u: np.ndarray
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Whiten by the autocorrelation and turn the coefficients so that they are independent: shared, and by series."""
    rho = model.linked * phi_of(u)[:, None] ** model.gap
    root = np.sqrt(1 - rho**2)
    columns = (model.columns[:, None] - rho[..., None] * _before(model.columns, axis=1)[:, None]) / root[..., None]
    centered = value - model.columns[0] @ model.prior_mean
    whitened = (centered[:, None] - rho * _before(centered, axis=1)[:, None]) / root
    turned = np.swapaxes(columns, -1, -2)
    sd = model.prior_sd[:, None]
    curvature, rotation = np.linalg.eigh((turned @ columns) * sd[..., None] * sd[..., None, :])
    cross = sd * (turned @ whitened[:, None, ..., None])[..., 0]
    pull = (np.swapaxes(rotation, -1, -2) @ cross[..., None])[..., 0]
    shared = {"curvature": np.maximum(curvature, 0.0), "rotation": rotation, "log_root": np.log(root).sum(axis=-1)}
    return shared, {"pull": pull, "square": (whitened**2).sum(axis=-1)[:, None]}


def _before(values: np.ndarray, *, axis: int) -> np.ndarray:
    shifted = np.zeros_like(values)
    to, from_ = [slice(None)] * values.ndim, [slice(None)] * values.ndim
    to[axis], from_[axis] = slice(1, None), slice(None, -1)
    shifted[tuple(to)] = values[tuple(from_)]
    return shifted


def _log_density(
    v: np.ndarray,
    moments: dict[str, np.ndarray],
    own: dict[str, np.ndarray],
    priors: Priors,
    u: np.ndarray,
    *,
    obs: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Log of likelihood (coefficients integrated out) times the prior of sigma, as a density of v; and sigma."""
    innovation = priors.sigma_floor + np.exp(v)
    share = innovation_share(phi_of(u))[:, None]
    sigma = innovation / share
    variance = sigma**2
    shape = np.broadcast_shapes(variance.shape, (*own["pull"].shape[:3], 1))
    determinant, explained = np.ones(shape), np.zeros(shape)
    for j in range(own["pull"].shape[-1]):
        curvature = moments["curvature"][..., j, None]
        determinant *= 1 + curvature / variance
        explained += own["pull"][..., j, None] ** 2 / (variance + curvature)
    left = np.maximum(own["square"][..., None] - explained, 0.0)
    log_density = (
        log_prior_v(v, innovation, share, priors)
        - obs * np.log(sigma)
        - 0.5 * np.log(determinant)
        - 0.5 * left / variance
        - moments["log_root"][:, None]
    )
    return log_density, sigma
