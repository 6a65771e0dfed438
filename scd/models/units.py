"""Draws from the unit scale that they are made on, brought back to the family's scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scd.models.fitted import third_axis
from scd.models.history import occasions

if TYPE_CHECKING:
    from scd.models.series import Series

__all__ = ["labels_of", "one_unit", "to_units", "trimmed"]

# How each parameter follows when values are shifted, turned and stretched: levels, changes, and spreads.
_LEVELS = ("alpha", "alpha_mean")
_CHANGES = ("delta", "delta_mean", "trend", "slope_change", "gamma", "history")
_SPREADS = ("sigma", "sigma_case", "omega", "alpha_sd", "delta_sd", "history_sd")


def labels_of(series: Series) -> dict[str, list]:
    """The names of phases, cases and occasions, which the third axis of a parameter stands for."""
    return {
        "phase": list(series.phases[0]),
        "case": list(series.cases),
        "occasion": occasions(series)[0].tolist(),
    }


def trimmed(draws: dict[str, np.ndarray], labels: dict[str, list]) -> dict[str, np.ndarray]:
    """Cut off the spare phases, cases or occasions, of which a compiled model has room for more.

    Parameters
    ----------
    draws : dict of str to ndarray, shape (chain, draw) or (chain, draw, phase | case | occasion)
    labels : dict of str to list
        From `labels_of`.

    Returns
    -------
    dict of str to ndarray
    """
    return {name: v if v.ndim < 3 else v[..., : len(labels[third_axis(name)])] for name, v in draws.items()}


def to_units(
    draws: dict[str, np.ndarray],
    *,
    center: np.ndarray,
    unit: np.ndarray,
    turned: np.ndarray,
    sign: np.ndarray,
) -> dict[str, np.ndarray]:
    """Bring draws from the unit scale back to the family's; an average over unlike measures stays unitless.

    Parameters
    ----------
    draws : dict of str to ndarray
        Changes were turned by `sign`, levels by `turned`.
    center, unit, turned, sign : ndarray, shape (cases,)

    Returns
    -------
    dict of str to ndarray
    """
    alike = one_unit(center=center, unit=unit, sign=sign)
    out = {}
    for name, values in draws.items():
        per_case = values.ndim == 3 and third_axis(name) == "case"
        if not per_case and not alike:
            out[name] = values
            continue
        c, u, t, s = (v if per_case else v[0] for v in (center, unit, turned, sign))
        if name in _LEVELS:
            out[name] = c + t * u * values
        elif name in _CHANGES:
            out[name] = s * u * values
        elif name in _SPREADS:
            out[name] = u * values
        else:
            out[name] = values
    return out


def one_unit(*, center: np.ndarray, unit: np.ndarray, sign: np.ndarray) -> bool:
    """Whether all cases are told in the same units and the same direction."""
    return bool((unit == unit[0]).all() and (center == center[0]).all() and (sign == sign[0]).all())
