"""Draws from the unit scale that they are made on, brought back to the family's scale and given their names."""

from __future__ import annotations

from collections.abc import Sized
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from scd.models.history import occasions

if TYPE_CHECKING:
    from scd.models.series import Series

__all__ = ["named", "to_units"]

# How each parameter follows when values are shifted, turned and stretched: levels, changes, and spreads.
_LEVELS = ("alpha", "alpha_mean")
_CHANGES = ("delta", "delta_mean", "trend", "slope_change", "gamma", "history")
_SPREADS = ("sigma", "sigma_case", "omega", "alpha_sd", "delta_sd", "history_sd")


def named(draws: xr.Dataset, series: Series) -> xr.Dataset:
    """Cut off the spare phases, cases or occasions and give the others their names.

    Parameters
    ----------
    draws : xarray.Dataset
    series : Series
        What they are draws for.

    Returns
    -------
    xarray.Dataset
    """
    names: dict[str, Sized] = {
        "phase": list(series.phases[0]),
        "case": list(series.cases),
        "occasion": occasions(series)[0],
    }
    for dim, held in names.items():
        if dim in draws.dims:
            draws = draws.isel({dim: slice(len(held))}).assign_coords({dim: held})
    return draws


def to_units(
    draws: xr.Dataset, *, center: np.ndarray, unit: np.ndarray, turned: np.ndarray, sign: np.ndarray
) -> xr.Dataset:
    """Bring draws from the unit scale back to the family's; an average over unlike measures stays unitless.

    Parameters
    ----------
    draws : xarray.Dataset
        Changes were turned by `sign`, levels by `turned`.
    center, unit, turned, sign : ndarray, shape (cases,)

    Returns
    -------
    xarray.Dataset
    """
    alike = bool((unit == unit[0]).all() and (center == center[0]).all() and (sign == sign[0]).all())
    by_case = {
        name: xr.DataArray(v, dims="case", coords={"case": draws["case"]}) if "case" in draws.dims else v[0]
        for name, v in (("center", center), ("unit", unit), ("turned", turned), ("sign", sign))
    }
    out = {}
    for name, values in draws.data_vars.items():
        per_case = "case" in values.dims
        if not per_case and not alike:
            out[name] = values
            continue
        c, u, t, s = (
            by_case[k] if per_case else v[0] for k, v in zip(by_case, (center, unit, turned, sign), strict=True)
        )
        if name in _LEVELS:
            out[name] = c + t * u * values
        elif name in _CHANGES:
            out[name] = s * u * values
        elif name in _SPREADS:
            out[name] = u * values
        else:
            out[name] = values
    return xr.Dataset(out, attrs={"common_units": int(alike)}).transpose("chain", "draw", ...)
