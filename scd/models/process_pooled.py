"""Links of several clients together: each client's own, around an average that a short series leans on.

Each link b[k, i] of client i is Normal(mu[k], tau[k]); all else is each client's own, as in `scd.models.process`. Given
a client's sigma, everything but the links is integrated out, which leaves a normal likelihood of that client's links.
Over sigma it is summed on the grid of the client's own fit. So only mu and tau are left to draw, however many clients
there are; then each client's links are drawn exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.models.adaptive import adapted
from scd.models.link_shares import link_shares
from scd.models.process import LINK_SD
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.models.lagged import Lagged
    from scd.models.link_shares import LinkShares

__all__ = ["TAU_SD", "PooledLinks", "pool_links"]

TAU_SD = 0.2
"""Scale of the half-normal prior of the SD between clients of a link."""

_DRAWS, _START = 8000, 1500
# Working arrays stay below so many numbers.
_CHUNK = 1_000_000
_FARTHEST = 12.0


@dataclass(frozen=True, eq=False)
class PooledLinks:
    """Draws of what the clients share, and of each one's links.

    Attributes
    ----------
    cases : tuple of str
    mean, spread : ndarray, shape (draws, processes)
        mu and tau: average and SD between clients of each link, in within-phase SDs.
    link : ndarray, shape (draws, cases, processes)
    effective : float
        How many independent draws the weighted ones are worth.
    """

    cases: tuple[str, ...]
    mean: np.ndarray
    spread: np.ndarray
    link: np.ndarray
    effective: float


def pool_links(pairs: Sequence[Lagged], *, seed: int = 1, draws: int = _DRAWS) -> PooledLinks:
    """Estimate the links of two or more clients together.

    Priors: mu[k] is Normal(0, 0.3), tau[k] HalfNormal(0.2), both in within-phase SDs of the outcome per within-phase
    SD of the process; the others as for one client.

    Parameters
    ----------
    pairs : sequence of Lagged
        One a client, with the same outcome and processes.
    seed : int
        Same seed and data, same draws.
    draws : int

    Returns
    -------
    PooledLinks

    Raises
    ------
    StudyError
        With fewer than two clients, or unlike processes; or when the weighted draws are worth too few.

    References
    ----------
    Cappé, O., Douc, R., Guillin, A., Marin, J.-M., & Robert, C. P. (2008). Adaptive importance sampling in general
    mixture classes. Statistics and Computing, 18, 447-459. https://doi.org/10.1007/s11222-008-9059-x
    """
    if len(pairs) < 2:
        raise StudyError(f"links together: need at least 2 clients (got {len(pairs)})", field="cases")
    keys = [tuple(m.key for m in p.processes) for p in pairs]
    if len(set(keys)) > 1:
        told = "; ".join(dict.fromkeys(", ".join(own) for own in keys))
        raise StudyError(f"links together: all clients need the same processes (got {told})", field="process")
    shares = link_shares(pairs)
    count = len(keys[0])
    rng = np.random.default_rng(seed)
    chunk = max(1, _CHUNK // (shares.log_weight.size * count**2))

    def log_density(points: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):  # far-out points over- and underflow, and count as impossible
            parts = [_log_posterior(points[i : i + chunk], shares) for i in range(0, len(points), chunk)]
        return np.concatenate(parts)

    weighed = adapted(log_density, _start(count, rng), size=draws, rng=rng)
    if weighed is None:
        raise StudyError("links together: the weighted draws are worth too few; name fewer processes", field="process")
    points, sample = weighed
    parts = [_links(points[i : i + chunk], shares, rng) for i in range(0, len(points), chunk)]
    return PooledLinks(
        cases=tuple(p.case for p in pairs),
        mean=points[:, :count],
        spread=np.exp(points[:, count:]),
        link=np.concatenate(parts),
        effective=min(sample.effective, float(draws)),
    )


def _start(count: int, rng: np.random.Generator) -> np.ndarray:
    """Points over the prior, which is never far from a posterior of a few clients."""
    mean = LINK_SD * rng.standard_normal((_START, count))
    return np.column_stack([mean, math.log(0.5 * TAU_SD) + 0.8 * rng.standard_normal((_START, count))])


def _given(points: np.ndarray, shares: LinkShares) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Root of the precision and mean of each client's links given mu, tau and sigma, and the log weight of sigma.

    Shapes (points, cases, sigmas, links, links), (points, cases, sigmas, links) and (points, cases, sigmas).
    """
    count = points.shape[1] // 2
    mean, log_spread = points[:, :count], np.clip(points[:, count:], -_FARTHEST, _FARTHEST)
    between = np.exp(-2 * log_spread)
    precision = shares.precision + (between[..., None] * np.eye(count))[:, None, None]
    pull = shares.pull + (between * mean)[:, None, None]
    root = np.linalg.cholesky(precision)
    center = np.linalg.solve(precision, pull[..., None])[..., 0]
    log_weight = (
        shares.log_weight
        - log_spread.sum(axis=1)[:, None, None]
        - np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
        + 0.5 * (pull * center).sum(axis=-1)
        - 0.5 * (between * mean**2).sum(axis=1)[:, None, None]
    )
    return root, center, log_weight


def _log_posterior(points: np.ndarray, shares: LinkShares) -> np.ndarray:
    count = points.shape[1] // 2
    _, _, log_weight = _given(points, shares)
    top = log_weight.max(axis=-1, keepdims=True)
    likelihood = (top[..., 0] + np.log(np.exp(log_weight - top).sum(axis=-1))).sum(axis=1)
    mean, log_spread = points[:, :count], points[:, count:]
    prior = -0.5 * ((mean / LINK_SD) ** 2).sum(axis=1)
    prior += (log_spread - 0.5 * (np.exp(log_spread) / TAU_SD) ** 2).sum(axis=1)
    return np.where((np.abs(points) > _FARTHEST).any(axis=1), -np.inf, likelihood + prior)


def _links(points: np.ndarray, shares: LinkShares, rng: np.random.Generator) -> np.ndarray:
    """Each client's links, drawn exactly given mu and tau, shape (points, cases, links)."""
    root, center, log_weight = _given(points, shares)
    weight = np.cumsum(np.exp(log_weight - log_weight.max(axis=-1, keepdims=True)), axis=-1)
    chosen = (weight < rng.random((*weight.shape[:2], 1)) * weight[..., -1:]).sum(axis=-1)
    picked_root = np.take_along_axis(root, chosen[..., None, None, None], axis=2)[:, :, 0]
    picked = np.take_along_axis(center, chosen[..., None, None], axis=2)[:, :, 0]
    noise = rng.standard_normal((*picked.shape, 1))
    return picked + np.linalg.solve(np.swapaxes(picked_root, -1, -2), noise)[..., 0]
