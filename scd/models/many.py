"""Thousands of series of one design at once: the exact engine on a grid that all of them share.

`scd.models.quadrature.integrate` fits a grid to every series. Where thousands of simulated series come from one plan,
one grid holds the posteriors of all: what hangs on the design is worked out once, and what is left for each series is
two products of small matrices.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from scd.models.density import whitened
from scd.models.errors import PHI_LIMIT, innovation_share, log_prior_u, log_prior_v, phi_of
from scd.models.mixture import Mixture

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scd.models.priors import Priors
    from scd.models.quadrature import LinearModel

__all__ = ["mixtures"]

_PHI_ENDS = (-0.85, 0.985)
"""Beyond these the prior of the autocorrelation holds less than 0.0003 of its mass."""
_STEP = 1.3
"""Steps of both axes in SDs of the posterior, as a normal likelihood would have them."""
_BELOW, _ABOVE = 5.0, 6.0
"""How many such SDs the grid of the innovations' SD reaches beyond the smallest and the largest estimate."""
_NEGLIGIBLE = 1e-5
"""Cells that together hold less than this in every series are left out."""
_NUMBERS = 1_500_000
"""Working arrays stay below so many numbers."""


def mixtures(
    value: np.ndarray, model: LinearModel, priors: Priors, *, loading: ArrayLike
) -> Iterator[tuple[slice, Mixture]]:
    """The exact posterior of a weighted sum of coefficients in each of many series.

    Parameters
    ----------
    value : ndarray, shape (batch, obs)
        Observed values of all series, on a scale of unit size.
    model : LinearModel
        Their design; its columns are the same for every outer value.
    priors : Priors
        Of the within-phase SD and the autocorrelation, on that scale; the prior of the autocorrelation must be near
        the default one, as the grid ends at -0.85 and 0.985.
    loading : array_like, shape (coefficients,)
        Weights of the sum.

    Yields
    ------
    slice, Mixture
        Which series, and their posteriors.

    Examples
    --------
    >>> from scd.models import Priors
    >>> from scd.models.quadrature import LinearModel, integrate
    >>> ones, treated = np.ones(8), np.repeat([0.0, 1.0], 4)
    >>> priors = Priors.on_scale(center=0, unit=1)
    >>> model = LinearModel(
    ...     coefficients=("alpha", "delta"), columns=np.stack([ones, treated], axis=-1)[None], prior_mean=np.zeros(2),
    ...     prior_sd=np.full((1, 2), 2.5), outer=np.zeros(1), outer_weight=np.ones(1), gap=np.ones(8, dtype=int),
    ...     linked=np.r_[0.0, np.ones(7)],
    ... )
    >>> values = np.array([[0, 1, -1, 0, 2, 3, 1, 2.0]])
    >>> [(_, found)] = mixtures(values, model, priors, loading=[0, 1])
    >>> one_by_one = integrate(values, model, priors).mixture([0, 1])
    >>> float(found.mean()[0].round(3)) == float(one_by_one.mean()[0].round(3))
    True
    """
    obs = value.shape[1]
    low, high = (math.atanh(end / PHI_LIMIT) for end in _PHI_ENDS)
    u = np.linspace(low, high, math.ceil((high - low) * math.sqrt(obs + 11) / _STEP) + 1)
    shared, own = whitened(value, model, u)
    v = _innovations(shared["curvature"], own, priors, u, obs=obs)
    innovation, share = priors.sigma_floor + np.exp(v), innovation_share(phi_of(u))[:, None]
    variance = (innovation / share) ** 2
    shrunk = 1 / (variance[..., None] + shared["curvature"][:, :, None])  # outer, u, v, component
    with np.errstate(divide="ignore"):
        design = (
            np.log(model.outer_weight)[:, None, None]
            + log_prior_u(u, priors)[:, None]
            + log_prior_v(v, innovation, share, priors)
            - 0.5 * obs * np.log(variance)
            - shared["log_root"][:, None]
            + 0.5 * np.log(shrunk * variance[..., None]).sum(axis=-1)
        )
    weights = np.asarray(loading, dtype=float)
    loaded = np.einsum("hk,hukj->huj", np.broadcast_to(weights * model.prior_sd, (len(model.outer), len(weights))),
                       shared["rotation"])[:, :, None]  # fmt: skip
    spread = np.sqrt((loaded**2 * variance[..., None] * shrunk).sum(axis=-1)).reshape(-1)
    explaining = np.swapaxes(shrunk, -1, -2)
    moving = np.swapaxes(loaded * shrunk, -1, -2)
    block = max(1, int(_NUMBERS / design.size))
    for first in range(0, len(value), block):
        rows = slice(first, min(first + block, len(value)))
        pull = np.moveaxis(own["pull"][rows], 0, 2)  # outer, u, series, component
        square = own["square"][rows, 0].T[:, :, None]
        left = np.maximum(square - pull**2 @ explaining, 0.0)
        log_weight = _by_series(design[:, :, None] - 0.5 * left / variance[:, None])
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        weight /= weight.sum(axis=1, keepdims=True)
        keep = weight.max(axis=0) > _NEGLIGIBLE / weight.shape[1]
        weight, center = weight[:, keep], _by_series(pull @ moving)[:, keep] + float(weights @ model.prior_mean)
        weight /= weight.sum(axis=1, keepdims=True)
        yield rows, Mixture(weight, center, np.broadcast_to(spread[keep], center.shape))


def _innovations(
    curvature: np.ndarray, own: dict[str, np.ndarray], priors: Priors, u: np.ndarray, *, obs: int
) -> np.ndarray:
    """Values of v = log(innovation SD - floor) that hold the posteriors of all series."""
    width = 1 / math.sqrt(2 * max(obs - 2, 1))
    free = max(obs - 2, 1)
    # Hardly shrunken coefficients leave least, strongly shrunken ones most.
    ends = []
    for variance in (1e-3, 1.0):
        left = own["square"] - (own["pull"] ** 2 / (variance + curvature)).sum(axis=-1)
        ends.append(0.5 * np.log(np.maximum(left, 1e-8) / free) + np.log(innovation_share(phi_of(u))))
    unit, floor = priors.sigma_sd, priors.sigma_floor
    lowest = max(float(ends[0].min()) - _BELOW * width, math.log(1e-3 * unit))
    highest = min(float(ends[1].max()) + _ABOVE * width, math.log(5.5 * unit))
    if floor > 0:
        lowest = math.log(max(math.exp(lowest) - floor, 0.02 * floor))
    # With few values the posterior is less even than a normal one, so that steps must be closer.
    step = _STEP / math.sqrt(2 * (obs + 8))
    return np.linspace(lowest, highest, math.ceil((highest - lowest) / step) + 1)


def _by_series(cells: np.ndarray) -> np.ndarray:
    """From (outer, u, series, v) to (series, cells)."""
    return np.moveaxis(cells, 2, 0).reshape(cells.shape[2], -1)
