"""Gaussian outcomes of one case: a change of level with stationary AR(1) errors, and its relatives.

All models share the error process: the deviation from the expected value is a stationary AR(1) that runs through
phase boundaries, with correlation ``phi ** gap`` across real session gaps, so missed sessions are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from scd.models.priors import Priors

if TYPE_CHECKING:
    from scd.models.series import Series

__all__ = ["PHASE_CAPACITY", "SINGLE_CASE_MODELS", "ar1_likelihood", "build_single_case", "single_case_data"]

SINGLE_CASE_MODELS = ("level", "level-trend", "phase-level", "piecewise")

# One compiled phase-level model serves every design with up to this many phases; spare phases only see their prior.
PHASE_CAPACITY = 8


def single_case_data(series: Series, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that a single-case model takes as `pm.Data`.

    Parameters
    ----------
    series : Series
        One case.
    priors : Priors
        On the scale of ``series.value``.
    model : {"level", "level-trend", "phase-level", "piecewise"}
        Which model.

    Returns
    -------
    dict of str to ndarray
    """
    data: dict[str, Any] = {
        "value": series.value,
        "intervention": series.intervention,
        "gap": series.gap,
        "linked": series.linked,
        "alpha_prior": np.array([priors.center, priors.alpha_sd]),
        "delta_prior_sd": np.array(priors.delta_sd),
        "sigma_prior_sd": np.array(priors.sigma_sd),
        "phi_prior": np.array([priors.phi_mean, priors.phi_sd]),
    }
    if model == "level-trend":
        data |= {"time": series.time, "trend_prior_sd": np.array(priors.trend_sd)}
    elif model == "phase-level":
        data |= {"phase_index": series.phase_index, "omega_prior_sd": np.array(priors.omega_sd)}
    elif model == "piecewise":
        data |= {
            "time": series.time_from_start,
            "time_in_intervention": series.intervention * series.time_in_phase,
            "trend_prior_sd": np.array(priors.trend_sd),
            "slope_change_prior_sd": np.array(priors.slope_change_sd),
        }
    return data


def build_single_case(data: dict[str, Any], *, model: str) -> pm.Model:
    """The PyMC model of one case.

    The expected value at session *t*, with D = 1 under intervention:

    - ``level``: alpha + delta D
    - ``level-trend``: alpha + delta D + trend (t - mean session)
    - ``phase-level``: alpha + delta D + gamma[phase], gamma ~ Normal(0, omega)
    - ``piecewise``: alpha + trend (t - first session) + delta D + slope_change D (t - first session of that phase)

    Parameters
    ----------
    data : dict
        From `single_case_data`; everything enters as `pm.Data`, so one compilation serves every client.
    model : {"level", "level-trend", "phase-level", "piecewise"}
        Which model.

    Returns
    -------
    pymc.Model
        With parameters ``alpha, delta, sigma`` (marginal within-phase SD), ``phi`` and those of the model.

    References
    ----------
    Huitema, B. E., & McKean, J. W. (2000). Design specification issues in time-series intervention models.
    Educational and Psychological Measurement, 60, 38-58. https://doi.org/10.1177/00131640021970358
    """
    with pm.Model(coords={"phase": np.arange(PHASE_CAPACITY)} if model == "phase-level" else {}) as built:
        d = _as_data(data)
        alpha = pm.Normal("alpha", d["alpha_prior"][0], d["alpha_prior"][1])
        delta = pm.Normal("delta", 0, d["delta_prior_sd"])
        expected = alpha + delta * d["intervention"]
        if model in ("level-trend", "piecewise"):
            expected += pm.Normal("trend", 0, d["trend_prior_sd"]) * d["time"]
        if model == "piecewise":
            slope_change = pm.Normal("slope_change", 0, d["slope_change_prior_sd"])
            expected += slope_change * d["time_in_intervention"]
        if model == "phase-level":
            # Non-centred: with four phases the spread between them is mostly prior, a funnel when centred.
            omega = pm.HalfNormal("omega", d["omega_prior_sd"])
            z = pm.Normal("gamma_z", 0, 1, dims="phase")
            gamma = pm.Deterministic("gamma", omega * z, dims="phase")
            expected += gamma[d["phase_index"]]
        sigma = pm.HalfNormal("sigma", d["sigma_prior_sd"])
        ar1_likelihood(d, expected, sigma)
    return built


def ar1_likelihood(d: dict[str, Any], expected: Any, sigma: Any) -> None:
    """Add the autocorrelation and the likelihood of the observed values to the model in context.

    Each value follows the one before: with rho = phi ** gap (0 at a case's first value), the deviation is
    Normal(rho * deviation before, sigma * sqrt(1 - rho ** 2)), which keeps the SD `sigma` at every session.

    Parameters
    ----------
    d : dict
        The model's data: ``value, gap, linked, phi_prior``.
    expected : tensor, shape (obs,)
        Expected values.
    sigma : tensor
        Marginal within-phase SD, one or one a value.
    """
    phi = pm.TruncatedNormal("phi", d["phi_prior"][0], d["phi_prior"][1], lower=-0.99, upper=0.99)
    rho = d["linked"] * phi ** d["gap"]
    before = pt.concatenate([[0.0], (d["value"] - expected)[:-1]])
    pm.Normal("observed", expected + rho * before, sigma * pt.sqrt(1 - rho**2), observed=d["value"])


def _as_data(data: dict[str, Any]) -> dict[str, Any]:
    return {name: pm.Data(name, content) for name, content in data.items()}
