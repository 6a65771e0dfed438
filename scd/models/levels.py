"""Levels of phases that differ between like phases: their joint prior, and the way back to level, change and spread.

Given the SD between like phases the levels are jointly normal; over its half-normal prior they are a mixture of those.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from scd.models.exact import half_normal_grid

if TYPE_CHECKING:
    from scd.models.priors import Priors

__all__ = ["levels_log_prior", "normal_log_density", "split_levels"]

_OMEGA_POINTS = 18


def levels_log_prior(level: np.ndarray, treated: np.ndarray, priors: Priors) -> np.ndarray:
    """Log prior density of the levels of all phases.

    Parameters
    ----------
    level : ndarray, shape (points, phases)
    treated : ndarray, shape (phases,)
        1 under intervention, else 0.
    priors : Priors

    Returns
    -------
    ndarray, shape (points,)
    """
    omega, weight = half_normal_grid(priors.omega_sd, points=_OMEGA_POINTS)
    parts = _log_components(level - priors.center, _covariance(priors, treated, omega)) + np.log(weight)
    top = parts.max(axis=1)
    return top + np.log(np.exp(parts - top[:, None]).sum(axis=1))


def split_levels(
    level: np.ndarray, treated: np.ndarray, priors: Priors, *, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw, given the phases' levels: the SD between like phases, then level and change, then the deviations.

    Parameters
    ----------
    level, treated, priors
        As in `levels_log_prior`.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray
        ``alpha, delta, omega`` of shape (points,) and ``gamma`` of shape (points, phases).
    """
    omega, weight = half_normal_grid(priors.omega_sd, points=_OMEGA_POINTS)
    log_share = _log_components(level - priors.center, _covariance(priors, treated, omega)) + np.log(weight)
    share = np.exp(log_share - log_share.max(axis=1, keepdims=True))
    share = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
    chosen = np.minimum((share < rng.random((len(level), 1))).sum(axis=1), len(omega) - 1)
    spread = np.maximum(omega, _least(omega))[chosen]
    design = np.column_stack([np.ones_like(treated), treated])
    prior = np.diag([priors.alpha_sd**-2, priors.delta_sd**-2])
    precision = prior + (design.T @ design) / spread[:, None, None] ** 2
    pull = (level - priors.center) @ design / spread[:, None] ** 2
    root = np.linalg.cholesky(np.linalg.inv(precision))
    mean = np.linalg.solve(precision, pull[..., None])[..., 0]
    both = mean + (root @ rng.standard_normal((len(level), 2, 1)))[..., 0]
    alpha, delta = priors.center + both[:, 0], both[:, 1]
    gamma = level - alpha[:, None] - delta[:, None] * treated
    return {"alpha": alpha, "delta": delta, "omega": spread, "gamma": gamma}


def normal_log_density(away: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """Log density of independent normals around 0, summed over the last axis."""
    return (-0.5 * (away / sd) ** 2 - np.log(sd) - 0.5 * math.log(2 * math.pi)).sum(axis=-1)


def _least(omega: np.ndarray) -> float:
    """An SD of 0 would tie the levels to one another; a thousandth of the prior's scale is as good as 0."""
    return float(omega[-1]) / 6000


def _covariance(priors: Priors, treated: np.ndarray, omega: np.ndarray) -> np.ndarray:
    shared = priors.alpha_sd**2 + priors.delta_sd**2 * np.outer(treated, treated)
    spread = np.maximum(omega, _least(omega))
    return shared + spread[:, None, None] ** 2 * np.eye(len(treated))


def _log_components(away: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Log density of each normal at each point, shape (points, components)."""
    root = np.linalg.cholesky(covariance)
    white = np.linalg.solve(root, np.broadcast_to(away.T, (len(root), *away.T.shape)))
    log_det = np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
    return (-0.5 * (white**2).sum(axis=1) - log_det[:, None]).T - 0.5 * away.shape[1] * math.log(2 * math.pi)
