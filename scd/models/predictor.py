"""What a session's expected value hangs on, the same in every family: a level, its change, and the model's terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from scd.models.terms import PHASE_CAPACITY, TERMS

__all__ = ["autocorrelation", "case_capacity", "linear_predictor", "predictor_coords", "within_phase_sd"]


def case_capacity(cases: int) -> int:
    """How many cases the compiled model makes room for: 16, then 64, 256 and so on.

    Spare cases see only their prior and are cut off afterwards, so one compilation serves every number of clients
    up to its capacity.

    Examples
    --------
    >>> case_capacity(3), case_capacity(17)
    (16, 64)
    """
    capacity = 16
    while capacity < cases:
        capacity *= 4
    return capacity


def predictor_coords(data: dict[str, Any], *, cases: int, terms: tuple[str, ...] = TERMS) -> dict[str, Any]:
    """The dims of the predictor's parameters: so many cases and occasions, or for 0 cases the phases of one."""
    if cases:
        shared = {"occasion": np.arange(len(data["occasion_width"]))} if "history" in terms else {}
        return {"case": np.arange(cases)} | shared
    return {"phase": np.arange(PHASE_CAPACITY)} if "gamma" in terms else {}


def linear_predictor(d: dict[str, Any], *, cases: int, terms: tuple[str, ...] = TERMS) -> Any:
    """Add the parameters of the expected values to the model in context.

    For one case, the predictor at session *t*, with D = 1 under intervention, is alpha + delta D and the model's terms:

    - ``level``: none
    - ``level-trend``: + trend (t - mean session)
    - ``phase-level``: + gamma[phase], gamma ~ Normal(0, omega)
    - ``gradual``: delta by degrees, the share `carried` over from each session to the next; see `scd.models.onset`
    - ``piecewise``: + trend (t - first session) + slope_change D (t - first session of that phase)

    For several, case *i* has level alpha[i] ~ Normal(alpha_mean, alpha_sd) and level change delta[i] ~
    Normal(delta_mean, delta_sd); ``multilevel-history`` adds what happened to all at a session, see
    `scd.models.history`.

    Parameters
    ----------
    d : dict
        The model's data: those of `scd.models.terms.predictor_data`.
    cases : int
        Room for so many cases; 0 for the model of one.
    terms : tuple of str
        The terms to build; see `scd.models.terms`.

    Returns
    -------
    tensor, shape (obs,)

    References
    ----------
    Huitema, B. E., & McKean, J. W. (2000). Design specification issues in time-series intervention models.
    Educational and Psychological Measurement, 60, 38-58. https://doi.org/10.1177/00131640021970358

    Rindskopf, D. (2014). Nonlinear Bayesian analysis for single case designs. Journal of School Psychology, 52,
    179-189. https://doi.org/10.1016/j.jsp.2013.12.003
    """
    return _several_cases(d, terms) if cases else _one_case(d, terms)


def _one_case(d: dict[str, Any], terms: tuple[str, ...]) -> Any:
    alpha = pm.Normal("alpha", d["alpha_prior"][0], d["alpha_prior"][1])
    delta = pm.Normal("delta", 0, d["delta_prior_sd"])
    if "carried" in terms:
        share = pm.Beta("carried", 1, 2)
        reached = (1 - share) * (share ** d["lag"] * d["treated"]).sum(axis=1)
    else:
        reached = d["intervention"]
    predictor = alpha + delta * reached
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


def _several_cases(d: dict[str, Any], terms: tuple[str, ...]) -> Any:
    alpha_mean = pm.Normal("alpha_mean", d["alpha_mean_prior"][0], d["alpha_mean_prior"][1])
    alpha_sd = pm.HalfNormal("alpha_sd", d["alpha_sd_prior_sd"])
    delta_mean = pm.Normal("delta_mean", 0, d["delta_mean_prior_sd"])
    delta_sd = pm.HalfNormal("delta_sd", d["delta_sd_prior_sd"])
    alpha_z, delta_z = (pm.Normal(f"{name}_z", 0, 1, dims="case") for name in ("alpha", "delta"))
    alpha = pm.Deterministic("alpha", alpha_mean + alpha_sd * alpha_z, dims="case")
    delta = pm.Deterministic("delta", delta_mean + delta_sd * delta_z, dims="case")
    predictor = alpha[d["case_index"]] + delta[d["case_index"]] * d["intervention"]
    if "history" in terms:
        spread = pm.HalfNormal("history_sd", d["history_sd_prior_sd"])
        z = pm.Normal("history_z", 0, 1, dims="occasion")
        shared = pm.Deterministic("history", spread * pt.cumsum(z * d["occasion_width"]), dims="occasion")
        predictor += shared[d["occasion_index"]]
    return predictor


def autocorrelation(d: dict[str, Any]) -> Any:
    """The correlation between two values one session apart, with its prior."""
    return pm.TruncatedNormal("phi", d["phi_prior"][0], d["phi_prior"][1], lower=-0.99, upper=0.99)


def within_phase_sd(d: dict[str, Any], phi: Any, *, cases: int) -> Any:
    """The marginal within-phase SD, with a half-normal prior on it or on the innovations' SD, which has a floor.

    With several cases, that of case *i* is sigma * exp(sigma_spread * z[i]).

    Parameters
    ----------
    d : dict
        The model's data: those of `scd.models.terms.spread_data`, and ``case_index``.
    phi : tensor
        Correlation of two values one session apart.
    cases : int
        Room for so many cases; 0 for the model of one.

    Returns
    -------
    tensor, scalar or shape (obs,)
    """
    prior_sd, floor, of_innovations = (d["sigma_prior"][i] for i in range(3))
    root = pt.sqrt(1 - phi**2)
    excess = pm.HalfNormal("excess_z", 1.0)
    # Above the floor the density stays that of the half-normal: weighted by it, relative to that of the excess.
    spoken_of = floor / pt.switch(of_innovations, 1.0, root) + prior_sd * excess
    pm.Potential("sigma_above_floor", 0.5 * (excess**2 - (spoken_of / prior_sd) ** 2))
    sigma = pm.Deterministic("sigma", spoken_of / pt.switch(of_innovations, root, 1.0))
    if not cases:
        return sigma
    spread = pm.HalfNormal("sigma_spread", d["sigma_spread_prior_sd"])
    z = pm.Normal("sigma_z", 0, 1, dims="case")
    return pm.Deterministic("sigma_case", sigma * pt.exp(spread * z), dims="case")[d["case_index"]]
