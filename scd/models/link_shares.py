"""What a client's sessions say of the links alone: a normal likelihood for each sigma, all else integrated out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.models.process import integrate_links, regressions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.models.lagged import Lagged

__all__ = ["LinkShares", "link_shares"]

_SIGMA_POINTS = 16


@dataclass(frozen=True, eq=False)
class LinkShares:
    """What each client's data say of its links, given sigma; the prior of the links is not in it.

    Attributes
    ----------
    sigma : ndarray, shape (cases, points)
        The innovations' SD.
    precision, pull : ndarray, shape (cases, points, links, links) and (cases, points, links)
        Of the normal likelihood of the links.
    log_weight : ndarray, shape (cases, points)
        Log of prior, grid step and likelihood where all links are 0, up to a constant.
    """

    sigma: np.ndarray
    precision: np.ndarray
    pull: np.ndarray
    log_weight: np.ndarray


def link_shares(pairs: Sequence[Lagged]) -> LinkShares:
    """Integrate everything but links and sigma out of each client's regression.

    Parameters
    ----------
    pairs : sequence of Lagged
        With as many processes each.

    Returns
    -------
    LinkShares
        On a grid over sigma that spans its posterior under the usual prior of the links.

    Examples
    --------
    >>> from scd.design.linked import linked_study
    >>> from scd.models.lagged import lagged_pairs
    >>> study = linked_study(links={"sleep": 0.5}, sessions=8)
    >>> pairs = lagged_pairs(study, case="SYNPR2", outcome="wellbeing", processes=["sleep"])
    >>> link_shares([pairs]).precision.shape
    (1, 16, 1, 1)
    """
    model = regressions_of(pairs)
    grid = integrate_links(model, points=_SIGMA_POINTS)
    others = len(model.coefficients) - model.links
    variance = grid.sigma**2
    turned = np.swapaxes(model.columns, 1, 2)
    centered = model.value - (model.columns[..., :others] @ model.prior_mean[:, :others, None])[..., 0]
    gram, cross = turned @ model.columns, (turned @ centered[..., None])[..., 0]
    own = np.zeros_like(gram)
    index = np.arange(others)
    own[:, index, index] = model.prior_sd[:, :others] ** -2
    full = gram[:, None] / variance[..., None, None] + own[:, None]
    toward = cross[:, None] / variance[..., None]
    nuisance, across = full[..., :others, :others], full[..., :others, others:]
    solved = np.linalg.solve(nuisance, np.concatenate([across, toward[..., :others, None]], axis=-1))
    precision = full[..., others:, others:] - np.swapaxes(across, -1, -2) @ solved[..., :-1]
    pull = toward[..., others:] - (np.swapaxes(across, -1, -2) @ solved[..., -1:])[..., 0]
    explained = (toward[..., :others] * solved[..., -1]).sum(axis=-1)
    square = (centered**2).sum(axis=1)[:, None]
    excess = grid.sigma - model.sigma_floor[:, None]
    log_weight = (
        np.log(excess)  # the grid is even in log(sigma - floor)
        - 0.5 * (grid.sigma / model.sigma_sd[:, None]) ** 2
        - model.obs[:, None] * np.log(grid.sigma)
        - 0.5 * np.linalg.slogdet(nuisance)[1]
        - 0.5 * (square / variance - explained)
    )
    return LinkShares(grid.sigma, precision, pull, log_weight - log_weight.max(axis=1, keepdims=True))
