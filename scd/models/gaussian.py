"""Gaussian outcomes of one case: a change of level with stationary AR(1) errors, and its relatives.

All models share the error process: the deviation from the expected value is a stationary AR(1) that runs through
phase boundaries, with correlation ``phi ** gap`` across real session gaps, so missed sessions are exact.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from scd.models.terms import PHASE_CAPACITY, TERMS

__all__ = ["ar1_likelihood", "autocorrelation", "build_single_case", "within_phase_sd"]


def build_single_case(data: dict[str, Any], *, terms: tuple[str, ...] = TERMS) -> pm.Model:
    """The PyMC model of one case.

    The expected value at session *t*, with D = 1 under intervention, is alpha + delta D and the model's terms:

    - ``level``: none
    - ``level-trend``: + trend (t - mean session)
    - ``phase-level``: + gamma[phase], gamma ~ Normal(0, omega)
    - ``gradual``: delta by degrees, the share `carried` over from each session to the next; see `scd.models.onset`
    - ``piecewise``: + trend (t - first session) + slope_change D (t - first session of that phase)

    Parameters
    ----------
    data : dict
        From `scd.models.terms.single_case_data`; all of it `pm.Data`, so that one compilation serves every client.
    terms : tuple of str
        The terms to build, of ``trend, slope_change, gamma, carried``; see `scd.models.terms.SINGLE_CASE_MODELS`.

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
        reached = d["intervention"]
        if "carried" in terms:
            share = pm.Beta("carried", 1, 2)
            reached = (1 - share) * (share ** d["lag"] * d["treated"]).sum(axis=1)
        expected = alpha + delta * reached
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
        phi = autocorrelation(d)
        ar1_likelihood(d, expected, within_phase_sd(d, phi), phi)
    return built


def autocorrelation(d: dict[str, Any]) -> Any:
    """The correlation between two values one session apart, with its prior."""
    return pm.TruncatedNormal("phi", d["phi_prior"][0], d["phi_prior"][1], lower=-0.99, upper=0.99)


def within_phase_sd(d: dict[str, Any], phi: Any) -> Any:
    """The marginal within-phase SD, with a half-normal prior on it or on the innovations' SD, which has a floor."""
    prior_sd, floor, of_innovations = (d["sigma_prior"][i] for i in range(3))
    root = pt.sqrt(1 - phi**2)
    excess = pm.HalfNormal("excess_z", 1.0)
    # Above the floor the density stays that of the half-normal: weighted by it, relative to that of the excess.
    spoken_of = floor / pt.switch(of_innovations, 1.0, root) + prior_sd * excess
    pm.Potential("sigma_above_floor", 0.5 * (excess**2 - (spoken_of / prior_sd) ** 2))
    return pm.Deterministic("sigma", spoken_of / pt.switch(of_innovations, root, 1.0))


def ar1_likelihood(d: dict[str, Any], expected: Any, sigma: Any, phi: Any) -> None:
    """Add the likelihood of the observed values to the model in context.

    Each value follows the one before: with rho = phi ** gap (0 at a case's first value), the deviation is
    Normal(rho * deviation before, sigma * sqrt(1 - rho ** 2)), which keeps the SD `sigma` at every session.

    Parameters
    ----------
    d : dict
        The model's data: ``value, gap, linked``.
    expected : tensor, shape (obs,)
        Expected values.
    sigma : tensor
        Marginal within-phase SD, one or one a value.
    phi : tensor
        Correlation of two values one session apart.
    """
    rho = d["linked"] * phi ** d["gap"]
    before = pt.concatenate([[0.0], (d["value"] - expected)[:-1]])
    pm.Normal("observed", expected + rho * before, sigma * pt.sqrt(1 - rho**2), observed=d["value"])
