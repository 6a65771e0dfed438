"""Deviations that can't be seen directly: standard normal at each session, autocorrelated from one to the next."""

from __future__ import annotations

from typing import Any

import pymc as pm
import pytensor.tensor as pt

__all__ = ["autocorrelate"]


def autocorrelate(d: dict[str, Any], deviation: Any, phi: Any) -> None:
    """Tie standard normal deviations into a stationary AR(1), in the model in context.

    The joint density of an AR(1) is that of independent standard normals times a factor for each neighbouring pair:
    ``(1 - rho^2)^(-1/2) exp(-(rho^2 (u^2 + x^2) - 2 rho u x) / (2 (1 - rho^2)))`` with rho = phi ** gap, u before and x
    now. Adding only the factors keeps the deviations non-centred in their spread, whatever pins them down, and needs no
    loop over sessions.

    Parameters
    ----------
    d : dict
        The model's data: ``gap`` and ``linked`` (0 at a case's first value).
    deviation : tensor, shape (obs,)
        Standard normal apart from what is added here.
    phi : tensor
        Correlation of two deviations one session apart.
    """
    rho = d["linked"] * phi ** d["gap"]
    before = pt.concatenate([[0.0], deviation[:-1]])
    rest = 1 - rho**2
    together = rho**2 * (deviation**2 + before**2) - 2 * rho * deviation * before
    pm.Potential("autocorrelation", -(0.5 * pt.log(rest) + together / (2 * rest)).sum())
