"""Bayesian models of single cases; `fit` loads PyMC, the rest does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.models.priors import Priors, priors_for
from scd.models.series import Series, series_of

if TYPE_CHECKING:
    from scd.models.posterior import MODELS, build_model, fit

__all__ = ["MODELS", "Priors", "Series", "build_model", "fit", "priors_for", "series_of"]


def __getattr__(name: str) -> Any:
    # PyMC takes seconds to import: it is loaded when a model is asked for, not when the room is entered.
    if name in ("MODELS", "build_model", "fit"):
        from importlib import import_module

        return getattr(import_module("scd.models.posterior"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
