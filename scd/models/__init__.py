"""Bayesian models of single cases; PyMC is loaded only when something is sampled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.models.priors import Priors, priors_for
from scd.models.series import Series, series_of

if TYPE_CHECKING:
    from scd.models.posterior import ENGINES, Engine, build_model, fit
    from scd.models.prepare import MODELS

__all__ = ["ENGINES", "MODELS", "Engine", "Priors", "Series", "build_model", "fit", "priors_for", "series_of"]

_HOMES = {
    **dict.fromkeys(("ENGINES", "Engine", "build_model", "fit"), "posterior"),
    "MODELS": "prepare",
}


def __getattr__(name: str) -> Any:
    # xarray takes a while to import: it is loaded when a model is asked for, not when the room is entered.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"scd.models.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
