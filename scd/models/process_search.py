"""A search among many processes: the regularised horseshoe by weighted draws.

The same model as `scd.models.process_chain.build_model` with its horseshoe. Given the horseshoe's scales and sigma the
links are jointly normal; over sigma they are summed on a grid. So only the scales are left to draw, one for each
process and two for all.

References
----------
Piironen, J., & Vehtari, A. (2017). Sparsity information and regularization in the horseshoe and other shrinkage priors.
Electronic Journal of Statistics, 11(2), 5018-5051. https://doi.org/10.1214/17-EJS1337SI
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from scd.models.adaptive import adapted
from scd.models.link_shares import link_shares
from scd.models.process_chain import EXPECTED, SLAB, SLAB_FREEDOM

if TYPE_CHECKING:
    from scd.models.lagged import Lagged
    from scd.models.link_shares import LinkShares

__all__ = ["search_links"]

_DRAWS, _START = 8000, 1500
# Working arrays stay below so many numbers.
_CHUNK = 1_000_000
_FARTHEST = 12.0


def search_links(pairs: Lagged, *, seed: int = 1, draws: int = _DRAWS) -> np.ndarray | None:
    """Draw the links of one client under the regularised horseshoe.

    Parameters
    ----------
    pairs : Lagged
        With two or more processes.
    seed : int
        Same seed and data, same draws.
    draws : int

    Returns
    -------
    ndarray, shape (draws, processes)
        In within-phase SDs of the outcome per within-phase SD of the process.
    None
        When the weighted draws are worth too few: a Markov chain is needed.

    Examples
    --------
    >>> from scd.design.linked import linked_study
    >>> from scd.models.lagged import lagged_pairs
    >>> study = linked_study(links={"a": 0.7, "b": 0.0, "c": 0.0, "d": 0.0}, sessions=12)
    >>> pairs = lagged_pairs(study, case="SYNPR2", outcome="wellbeing", processes=["a", "b", "c", "d"])
    >>> search_links(pairs, draws=1000).shape
    (1000, 4)
    """
    shares, count, obs = link_shares([pairs]), len(pairs.processes), len(pairs.value)
    rng = np.random.default_rng(seed)
    chunk = max(1, _CHUNK // (shares.log_weight.size * count**2))

    def log_density(points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):  # far-out points over- and underflow, and count as impossible
            parts = [_log_posterior(points[i : i + chunk], shares, obs=obs) for i in range(0, len(points), chunk)]
        return np.concatenate(parts)

    # About where the prior lies: log of the scale of all links, of each one's, and of the slab's variance.
    start = rng.standard_normal((_START, count + 2)) * np.r_[np.full(count + 1, 1.5), 0.7]
    start[:, -1] += 2 * math.log(SLAB)
    weighed = adapted(log_density, start, size=draws, rng=rng)
    if weighed is None:
        return None
    points = weighed[0]
    parts = [_links(points[i : i + chunk], shares, rng, obs=obs) for i in range(0, len(points), chunk)]
    return np.concatenate(parts)


def _scales(points: np.ndarray, shares: LinkShares, *, obs: int) -> np.ndarray:
    """SD of each link's prior given the horseshoe's scales and sigma, shape (points, sigmas, links)."""
    count = points.shape[1] - 2
    expected = EXPECTED / max(count - EXPECTED, 1) / math.sqrt(obs) * shares.sigma[0]
    overall, local, slab = np.exp(points[:, :1]), np.exp(points[:, None, 1:-1]), np.exp(points[:, None, -1:])
    free = (overall * expected)[..., None] * local
    return free * np.sqrt(slab / (slab + free**2))


def _given(points: np.ndarray, shares: LinkShares, *, obs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Root of the precision and mean of the links for each sigma, and the log weight of sigma."""
    scale = _scales(points, shares, obs=obs)
    precision = shares.precision[0] + (scale**-2)[..., None] * np.eye(scale.shape[-1])
    pull = np.broadcast_to(shares.pull[0], scale.shape)
    root = np.linalg.cholesky(precision)
    center = np.linalg.solve(precision, pull[..., None])[..., 0]
    log_weight = (
        shares.log_weight[0]
        - np.log(scale).sum(axis=-1)
        - np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
        + 0.5 * (pull * center).sum(axis=-1)
    )
    return root, center, log_weight


def _log_posterior(points: np.ndarray, shares: LinkShares, *, obs: int) -> np.ndarray:
    beyond = (np.abs(points) > _FARTHEST).any(axis=1)
    points = np.clip(points, -_FARTHEST, _FARTHEST)
    log_weight = _given(points, shares, obs=obs)[2]
    top = log_weight.max(axis=-1, keepdims=True)
    likelihood = top[:, 0] + np.log(np.exp(log_weight - top).sum(axis=-1))
    cauchy, slab = points[:, :-1], points[:, -1]
    prior = (cauchy - np.logaddexp(0.0, 2 * cauchy)).sum(axis=1)  # half-Cauchy, of the logarithm
    prior += -0.5 * SLAB_FREEDOM * (slab + SLAB**2 * np.exp(-slab))  # inverse gamma, of the logarithm
    return np.where(beyond, -np.inf, likelihood + prior)


def _links(points: np.ndarray, shares: LinkShares, rng: np.random.Generator, *, obs: int) -> np.ndarray:
    root, center, log_weight = _given(points, shares, obs=obs)
    weight = np.cumsum(np.exp(log_weight - log_weight.max(axis=-1, keepdims=True)), axis=-1)
    chosen = (weight < rng.random((len(points), 1)) * weight[:, -1:]).sum(axis=-1)
    at = np.arange(len(points)), chosen
    noise = rng.standard_normal((*center[at].shape, 1))
    return center[at] + np.linalg.solve(np.swapaxes(root[at], -1, -2), noise)[..., 0]
