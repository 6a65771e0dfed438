"""Gaussian outcomes of several cases: partial pooling of levels and level changes, non-centred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from scd.models.gaussian import ar1_likelihood, autocorrelation, within_phase_sd
from scd.models.terms import spread_data

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["build_multilevel", "case_capacity", "multilevel_data"]


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


def multilevel_data(series: Series, priors: Priors) -> dict[str, Any]:
    """The named arrays that the multilevel model takes as `pm.Data`.

    Parameters
    ----------
    series : Series
        Two or more cases, with values on one common scale.
    priors : Priors
        On that scale.

    Returns
    -------
    dict of str to ndarray
    """
    return {
        "value": series.value,
        "intervention": series.intervention,
        "gap": series.gap,
        "linked": series.linked,
        "case_index": series.case_index,
        "alpha_mean_prior": np.array([priors.center, priors.alpha_sd]),
        "alpha_sd_prior_sd": np.array(priors.alpha_between_sd),
        "delta_mean_prior_sd": np.array(priors.delta_sd),
        "delta_sd_prior_sd": np.array(priors.delta_between_sd),
        "sigma_spread_prior_sd": np.array(priors.sigma_between_sd),
        **spread_data(priors),
    }


def build_multilevel(data: dict[str, Any], *, capacity: int) -> pm.Model:
    """The PyMC model of several cases.

    Case *i* has level alpha[i] ~ Normal(alpha_mean, alpha_sd) and level change delta[i] ~ Normal(delta_mean,
    delta_sd); its within-phase SD is sigma * exp(sigma_spread * z[i]); the autocorrelation phi is shared.

    Parameters
    ----------
    data : dict
        From `multilevel_data`.
    capacity : int
        Cases the model makes room for; see `case_capacity`.

    Returns
    -------
    pymc.Model
        With ``alpha_mean, alpha_sd, delta_mean, delta_sd, sigma, sigma_spread, phi`` and, by case, ``alpha, delta,
        sigma_case``.

    References
    ----------
    Rindskopf, D. (2014). Nonlinear Bayesian analysis for single case designs. Journal of School Psychology, 52,
    179-189. https://doi.org/10.1016/j.jsp.2013.12.003
    """
    with pm.Model(coords={"case": np.arange(capacity)}) as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        alpha_mean = pm.Normal("alpha_mean", d["alpha_mean_prior"][0], d["alpha_mean_prior"][1])
        alpha_sd = pm.HalfNormal("alpha_sd", d["alpha_sd_prior_sd"])
        delta_mean = pm.Normal("delta_mean", 0, d["delta_mean_prior_sd"])
        delta_sd = pm.HalfNormal("delta_sd", d["delta_sd_prior_sd"])
        phi = autocorrelation(d)
        sigma = within_phase_sd(d, phi)
        sigma_spread = pm.HalfNormal("sigma_spread", d["sigma_spread_prior_sd"])

        alpha_z, delta_z, sigma_z = (pm.Normal(f"{name}_z", 0, 1, dims="case") for name in ("alpha", "delta", "sigma"))
        alpha = pm.Deterministic("alpha", alpha_mean + alpha_sd * alpha_z, dims="case")
        delta = pm.Deterministic("delta", delta_mean + delta_sd * delta_z, dims="case")
        sigma_case = pm.Deterministic("sigma_case", sigma * pt.exp(sigma_spread * sigma_z), dims="case")

        of = d["case_index"]
        ar1_likelihood(d, alpha[of] + delta[of] * d["intervention"], sigma_case[of], phi)
    return built
