"""What a session's expected value hangs on, the same in every family: a level, its change, and the model's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm

from scd.models.multilevel import multilevel_data
from scd.models.terms import PHASE_CAPACITY, TERMS, single_case_data

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["linear_predictor", "predictor_coords", "predictor_data"]

_OF_VALUES = frozenset({"value", "gap", "linked", "sigma_prior", "phi_prior", "sigma_spread_prior_sd"})


def predictor_data(series: Series, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that the linear predictor takes as `pm.Data`.

    Parameters
    ----------
    series : Series
        One case, or several for the multilevel model.
    priors : Priors
        On the scale of the predictor.
    model : str
        The model's name.

    Returns
    -------
    dict of str to ndarray
    """
    several = model == "multilevel"
    data = multilevel_data(series, priors) if several else single_case_data(series, priors, model=model)
    return {name: content for name, content in data.items() if name not in _OF_VALUES}


def predictor_coords(cases: int) -> dict[str, Any]:
    """The dims of the predictor's parameters: so many cases, or for 0 the phases of one."""
    return {"case": np.arange(cases)} if cases else {"phase": np.arange(PHASE_CAPACITY)}


def linear_predictor(d: dict[str, Any], *, cases: int, terms: tuple[str, ...] = TERMS) -> Any:
    """Add the parameters of the expected values to the model in context.

    Parameters
    ----------
    d : dict
        The model's data: those of `predictor_data`.
    cases : int
        Room for so many cases; 0 for the model of one.
    terms : tuple of str
        For one case, the terms to build, of ``trend, slope_change, gamma``.

    Returns
    -------
    tensor, shape (obs,)
    """
    if cases:
        return _several(d)
    alpha = pm.Normal("alpha", d["alpha_prior"][0], d["alpha_prior"][1])
    delta = pm.Normal("delta", 0, d["delta_prior_sd"])
    predictor = alpha + delta * d["intervention"]
    if "trend" in terms:
        predictor += pm.Normal("trend", 0, d["trend_prior_sd"]) * d["time"]
    if "slope_change" in terms:
        predictor += pm.Normal("slope_change", 0, d["slope_change_prior_sd"]) * d["time_in_intervention"]
    if "gamma" in terms:
        # Non-centred: with four phases the spread between them is mostly prior, a funnel when centred.
        omega = pm.HalfNormal("omega", d["omega_prior_sd"])
        z = pm.Normal("gamma_z", 0, 1, dims="phase")
        gamma = pm.Deterministic("gamma", omega * z, dims="phase")
        predictor += d["phases_differ"] * gamma[d["phase_index"]]
    return predictor


def _several(d: dict[str, Any]) -> Any:
    alpha_mean = pm.Normal("alpha_mean", d["alpha_mean_prior"][0], d["alpha_mean_prior"][1])
    alpha_sd = pm.HalfNormal("alpha_sd", d["alpha_sd_prior_sd"])
    delta_mean = pm.Normal("delta_mean", 0, d["delta_mean_prior_sd"])
    delta_sd = pm.HalfNormal("delta_sd", d["delta_sd_prior_sd"])
    alpha_z, delta_z = (pm.Normal(f"{name}_z", 0, 1, dims="case") for name in ("alpha", "delta"))
    alpha = pm.Deterministic("alpha", alpha_mean + alpha_sd * alpha_z, dims="case")
    delta = pm.Deterministic("delta", delta_mean + delta_sd * delta_z, dims="case")
    return alpha[d["case_index"]] + delta[d["case_index"]] * d["intervention"]
