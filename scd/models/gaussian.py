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

__all__ = ["PHASE_CAPACITY", "SINGLE_CASE_MODELS", "TERMS", "ar1_likelihood", "build_single_case", "single_case_data"]

# What each model adds to alpha + delta D. Every term is switched off by zeros in its data, so that one compiled
# structure, with all the terms, samples all the models.
SINGLE_CASE_MODELS: dict[str, tuple[str, ...]] = {
    "level": (),
    "level-trend": ("trend",),
    "phase-level": ("gamma",),
    "piecewise": ("trend", "slope_change"),
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
    model : {"level", "level-trend", "phase-level", "piecewise"}
        Which model; the data of the terms that it lacks are zeros.

    Returns
    -------
    dict of str to ndarray
    """
    off = np.zeros(len(series.value))
    terms = SINGLE_CASE_MODELS[model]
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
        "sigma_prior_sd": np.array(priors.sigma_sd),
        "phi_prior": np.array([priors.phi_mean, priors.phi_sd]),
    }


def build_single_case(data: dict[str, Any], *, terms: tuple[str, ...] = TERMS) -> pm.Model:
    """The PyMC model of one case.

    The expected value at session *t*, with D = 1 under intervention, is alpha + delta D and the model's terms:

    - ``level``: none
    - ``level-trend``: + trend (t - mean session)
    - ``phase-level``: + gamma[phase], gamma ~ Normal(0, omega)
    - ``piecewise``: + trend (t - first session) + slope_change D (t - first session of that phase)

    Parameters
    ----------
    data : dict
        From `single_case_data`; everything enters as `pm.Data`, so one compilation serves every client.
    terms : tuple of str
        The terms to build, of ``trend, slope_change, gamma``; see `SINGLE_CASE_MODELS`.

    Returns
    -------
    pymc.Model
        With parameters ``alpha, delta, sigma`` (marginal within-phase SD), ``phi`` and those of the terms.

    References
    ----------
    Huitema, B. E., & McKean, J. W. (2000). Design specification issues in time-series intervention models.
    Educational and Psychological Measurement, 60, 38-58. https://doi.org/10.1177/00131640021970358
    """
    with pm.Model(coords={"phase": np.arange(PHASE_CAPACITY)} if "gamma" in terms else {}) as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        alpha = pm.Normal("alpha", d["alpha_prior"][0], d["alpha_prior"][1])
        delta = pm.Normal("delta", 0, d["delta_prior_sd"])
        expected = alpha + delta * d["intervention"]
        if "trend" in terms:
            expected += pm.Normal("trend", 0, d["trend_prior_sd"]) * d["time"]
        if "slope_change" in terms:
            expected += pm.Normal("slope_change", 0, d["slope_change_prior_sd"]) * d["time_in_intervention"]
        if "gamma" in terms:
            # Non-centred: with four phases the spread between them is mostly prior, a funnel when centred.
            omega = pm.HalfNormal("omega", d["omega_prior_sd"])
            z = pm.Normal("gamma_z", 0, 1, dims="phase")
            gamma = pm.Deterministic("gamma", omega * z, dims="phase")
            expected += d["phases_differ"] * gamma[d["phase_index"]]
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
