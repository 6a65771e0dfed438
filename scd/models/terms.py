"""What the single-case models add to a level and its change, and the arrays that carry it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scd.models.onset import lags_treated

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["PHASE_CAPACITY", "SINGLE_CASE_MODELS", "TERMS", "single_case_data", "spread_data"]

# What each model adds to alpha + delta D. Every term but `carried` is switched off by zeros in its data, so that one
# compiled structure, with all the TERMS, samples all the models but `gradual`.
SINGLE_CASE_MODELS: dict[str, tuple[str, ...]] = {
    "level": (),
    "level-trend": ("trend",),
    "phase-level": ("gamma",),
    "piecewise": ("trend", "slope_change"),
    "gradual": ("carried",),
}
TERMS = ("trend", "slope_change", "gamma")

# Room for so many phases; spare phases only see their prior and are cut off afterwards.
PHASE_CAPACITY = 8


def single_case_data(series: Series, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that a single-case model takes as `pm.Data`.

    Parameters
    ----------
    series : Series
        One case.
    priors : Priors
        On the scale of ``series.value``.
    model : {"level", "level-trend", "phase-level", "piecewise", "gradual"}
        Which model; the data of the terms that it lacks are zeros.

    Returns
    -------
    dict of str to ndarray
    """
    off = np.zeros(len(series.value))
    terms = SINGLE_CASE_MODELS[model]
    if "carried" in terms:
        lag, treated = lags_treated(series)
        return {
            "value": series.value,
            "lag": lag,
            "treated": treated,
            "gap": series.gap,
            "linked": series.linked,
            "alpha_prior": np.array([priors.center, priors.alpha_sd]),
            "delta_prior_sd": np.array(priors.delta_sd),
            **spread_data(priors),
        }
    return {
        "value": series.value,
        "intervention": series.intervention,
        "gap": series.gap,
        "linked": series.linked,
        "time": off if "trend" not in terms else series.time_from_start if model == "piecewise" else series.time,
        "time_in_intervention": series.intervention * series.time_in_phase if "slope_change" in terms else off,
        "phase_index": series.phase_index,
        "phases_differ": np.array(float("gamma" in terms)),
        "alpha_prior": np.array([priors.center, priors.alpha_sd]),
        "delta_prior_sd": np.array(priors.delta_sd),
        "trend_prior_sd": np.array(priors.trend_sd),
        "slope_change_prior_sd": np.array(priors.slope_change_sd),
        "omega_prior_sd": np.array(priors.omega_sd),
        **spread_data(priors),
    }


def spread_data(priors: Priors) -> dict[str, np.ndarray]:
    """The priors of the within-phase SD and the autocorrelation, as arrays for `pm.Data`."""
    # So wide a normal is flat to nine digits over (-0.99, 0.99).
    phi_sd = min(priors.phi_sd, 1e5)
    return {
        "sigma_prior": np.array([priors.sigma_sd, priors.sigma_floor, float(priors.sigma_of == "innovation")]),
        "phi_prior": np.array([priors.phi_mean, phi_sd]),
    }
