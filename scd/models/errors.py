"""The error process that the models share, a stationary AR(1), with its prior on a scale without bounds.

Its two quantities are the autocorrelation phi and the marginal within-phase SD sigma. Engines work with
u = atanh(phi / 0.99) and v = log(innovation SD - floor), where the innovation SD is ``sigma * sqrt(1 - phi ** 2)``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scd.models.priors import Priors

__all__ = ["PHI_LIMIT", "U_LIMIT", "innovation_share", "log_prior_mass", "log_prior_u", "log_prior_v", "phi_of"]

PHI_LIMIT = 0.99
"""The autocorrelation lies within this of 0."""
U_LIMIT = 9.0
"""At such a u all but 3e-8 of the range of phi is inside."""


def phi_of(u: np.ndarray) -> np.ndarray:
    """The autocorrelation at u = atanh(phi / 0.99).

    Examples
    --------
    >>> phi_of(np.array([0.0, 20.0]))
    array([0.  , 0.99])
    """
    return PHI_LIMIT * np.tanh(u)


def innovation_share(phi: np.ndarray) -> np.ndarray:
    """The innovation SD as a share of the marginal one, ``sqrt(1 - phi ** 2)``."""
    return np.sqrt(1 - phi**2)


def log_prior_u(u: np.ndarray, priors: Priors, *, held: bool = False) -> np.ndarray:
    """Log prior density of u = atanh(phi / 0.99).

    Parameters
    ----------
    u : ndarray
    priors : Priors
    held : bool
        The autocorrelation is not a parameter but held at one value: 0 throughout.

    Returns
    -------
    ndarray, of the shape of `u`
    """
    return np.zeros(np.shape(u)) if held else _log_density_u(u, priors.phi_mean, priors.phi_sd)


def _log_density_u(u: np.ndarray, mean: float, sd: float) -> np.ndarray:
    # log of 0.99 / cosh(u)**2, safe where cosh is large
    jacobian = math.log(PHI_LIMIT) + math.log(4) - 2 * np.logaddexp(u, -u)
    if math.isinf(sd):
        return jacobian - math.log(2 * PHI_LIMIT)
    inside = 0.5 * (math.erf((PHI_LIMIT - mean) / sd / 2**0.5) + math.erf((PHI_LIMIT + mean) / sd / 2**0.5))
    density = -0.5 * ((phi_of(u) - mean) / sd) ** 2 - math.log(sd * (2 * math.pi) ** 0.5 * inside)
    return jacobian + density


def log_prior_v(v: np.ndarray, innovation: np.ndarray, share: np.ndarray, priors: Priors) -> np.ndarray:
    """Log prior density of v = log(innovation SD - floor), given the autocorrelation.

    The prior is half-normal in sigma or in the innovation SD, as `Priors.sigma_of` says. What it holds below the floor
    is not taken off; see `log_prior_mass`.

    Parameters
    ----------
    v, innovation : ndarray
        v, and the innovation SD there, ``floor + exp(v)``.
    share : ndarray
        ``sqrt(1 - phi ** 2)``; broadcasts with `v`.
    priors : Priors

    Returns
    -------
    ndarray
    """
    unit = priors.sigma_sd
    constant = 0.5 * math.log(2 / math.pi) - math.log(unit)
    if priors.sigma_of == "marginal":
        return v - np.log(share) - 0.5 * (innovation / share / unit) ** 2 + constant
    return v - 0.5 * (innovation / unit) ** 2 + constant


def log_prior_mass(priors: Priors, *, phi: float | None = None) -> float:
    """Log of what the priors of both quantities hold above the floor of the innovation SD.

    Parameters
    ----------
    priors : Priors
    phi : float, optional
        The autocorrelation, where it is held at one value.
    """
    marginal = priors.sigma_of == "marginal"
    return _log_prior_mass(priors.sigma_floor / priors.sigma_sd, marginal, priors.phi_mean, priors.phi_sd, phi)


@cache
def _log_prior_mass(floor: float, marginal: bool, mean: float, sd: float, phi: float | None) -> float:
    held = phi is not None
    u = np.linspace(-U_LIMIT, U_LIMIT, 400) if phi is None else np.array([math.atanh(phi / PHI_LIMIT)])
    weight = np.ones(1) if held else np.exp(_log_density_u(u, mean, sd)) * (u[1] - u[0])
    share = innovation_share(phi_of(u)) if marginal else np.ones(len(u))
    above = [math.erfc(floor / s / 2**0.5) for s in share]
    return math.log(float(weight @ np.array(above)))
