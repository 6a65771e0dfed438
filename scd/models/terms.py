"""What the models add to a level and its change, and the arrays that carry it into any family."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scd.models.history import occasion_widths, occasions
from scd.models.onset import lags_treated

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = [
    "PHASE_CAPACITY",
    "SEVERAL_CASES_MODELS",
    "SINGLE_CASE_MODELS",
    "TERMS",
    "predictor_data",
    "session_capacity",
    "spread_data",
]

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
# What the models of several cases add to each case's level and change.
SEVERAL_CASES_MODELS: dict[str, tuple[str, ...]] = {"multilevel": (), "multilevel-history": ("history",)}

# Room for so many phases; spare phases only see their prior and are cut off afterwards.
PHASE_CAPACITY = 8


def session_capacity(sessions: int) -> int:
    """How many sessions a compiled model makes room for: 64, then 256, 1024 and so on.

    Spare ones see only their prior, so one compilation serves every number of sessions up to its capacity.

    Examples
    --------
    >>> session_capacity(31), session_capacity(65)
    (64, 256)
    """
    capacity = 64
    while capacity < sessions:
        capacity *= 4
    return capacity


def predictor_data(series: Series, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays of what the expected values hang on, the same in every family.

    Parameters
    ----------
    series : Series
        One case, or several for the multilevel model.
    priors : Priors
        On the scale of the expected values.
    model : {"level", "level-trend", "phase-level", "piecewise", "gradual", "multilevel", "multilevel-history"}
        Which model; the data of the terms that a single-case model lacks are zeros.

    Returns
    -------
    dict of str to ndarray
    """
    if model in SEVERAL_CASES_MODELS:
        shared = {}
        if "history" in SEVERAL_CASES_MODELS[model]:
            _, index = occasions(series)
            widths = occasion_widths(series)
            # Spare occasions stay where the last one was.
            spare = np.zeros(session_capacity(len(widths)) - len(widths))
            shared = {
                "occasion_index": index,
                "occasion_width": np.r_[widths, spare],
                "history_sd_prior_sd": np.array(priors.history_sd),
            }
        return {
            "intervention": series.intervention,
            "case_index": series.case_index,
            "alpha_mean_prior": np.array([priors.center, priors.alpha_sd]),
            "alpha_sd_prior_sd": np.array(priors.alpha_between_sd),
            "delta_mean_prior_sd": np.array(priors.delta_sd),
            "delta_sd_prior_sd": np.array(priors.delta_between_sd),
            **shared,
        }
    level = {
        "alpha_prior": np.array([priors.center, priors.alpha_sd]),
        "delta_prior_sd": np.array(priors.delta_sd),
    }
    off = np.zeros(len(series.value))
    terms = SINGLE_CASE_MODELS[model]
    if "carried" in terms:
        lag, treated = lags_treated(series)
        return {"lag": lag, "treated": treated, **level}
    return {
        "intervention": series.intervention,
        "time": off if "trend" not in terms else series.time_from_start if model == "piecewise" else series.time,
        "time_in_intervention": series.intervention * series.time_in_phase if "slope_change" in terms else off,
        "phase_index": series.phase_index,
        "phases_differ": np.array(float("gamma" in terms)),
        "trend_prior_sd": np.array(priors.trend_sd),
        "slope_change_prior_sd": np.array(priors.slope_change_sd),
        "omega_prior_sd": np.array(priors.omega_sd),
        **level,
    }


def spread_data(series: Series, priors: Priors, *, model: str) -> dict[str, np.ndarray]:
    """The named arrays of deviations that are autocorrelated: gaps, and the priors of their SD and correlation.

    Parameters
    ----------
    series, priors, model
        As in `predictor_data`.

    Returns
    -------
    dict of str to ndarray
    """
    # So wide a normal is flat to nine digits over (-0.99, 0.99).
    phi_sd = min(priors.phi_sd, 1e5)
    data = {
        "gap": series.gap,
        "linked": series.linked,
        "sigma_prior": np.array([priors.sigma_sd, priors.sigma_floor, float(priors.sigma_of == "innovation")]),
        "phi_prior": np.array([priors.phi_mean, phi_sd]),
    }
    if model in SEVERAL_CASES_MODELS:
        data["sigma_spread_prior_sd"] = np.array(priors.sigma_between_sd)
    return data
