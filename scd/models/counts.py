"""Counts: negative binomial around a log-linear rate, or Poisson around one with autocorrelated log-normal spread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from scd.models.latent import autocorrelate
from scd.models.predictor import autocorrelation, linear_predictor, predictor_coords, within_phase_sd
from scd.models.terms import TERMS, predictor_data, spread_data

if TYPE_CHECKING:
    from scd.models.outcome import Outcome
    from scd.models.priors import Priors

__all__ = ["build_counts", "build_lognormal_counts", "counts_data", "lognormal_counts_data"]

# Keeps the negative binomial's size below 1e8: beyond it is Poisson to eight digits, and its terms cancel.
_LEAST_VARIANCE = 1e-8


def counts_data(outcome: Outcome, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that the model of counts takes as `pm.Data`.

    Parameters
    ----------
    outcome : Outcome
        Of the family ``count`` or ``poisson``; for the latter the dispersion is switched off.
    priors : Priors
        On the log scale.
    model : str
        The model's name.

    Returns
    -------
    dict of str to ndarray
    """
    return {
        **predictor_data(outcome.series, priors, model=model),
        "count": outcome.series.value,
        "log_exposure": np.log(outcome.exposure),
        "overdispersed": np.array(float(outcome.family == "count")),
        "dispersion_prior_sd": np.array(priors.dispersion_sd),
    }


def build_counts(data: dict[str, Any], *, cases: int = 0, terms: tuple[str, ...] = TERMS) -> pm.Model:
    """The PyMC model of counts: NB2 with a log link, ``variance = mean + (dispersion * mean) ** 2``.

    Parameters
    ----------
    data : dict
        From `counts_data`.
    cases : int
        Room for so many cases; 0 for the model of one.
    terms : tuple of str
        For one case, the terms to build.

    Returns
    -------
    pymc.Model
        With the predictor's parameters on the log scale and ``dispersion``, 1 / sqrt(size); no autocorrelation.

    References
    ----------
    Declercq, L., Jamshidi, L., Fernández-Castilla, B., Beretvas, S. N., Moeyaert, M., Ferron, J. M., & Van den
    Noortgate, W. (2019). Analysis of single-case experimental count data using the linear mixed effects model: A
    simulation study. Behavior Research Methods, 51, 2477-2497. https://doi.org/10.3758/s13428-018-1091-y
    """
    with pm.Model(coords=predictor_coords(data, cases=cases, terms=terms)) as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        mean = pt.exp(linear_predictor(d, cases=cases, terms=terms) + d["log_exposure"])
        dispersion = pm.HalfNormal("dispersion", d["dispersion_prior_sd"])
        size = 1 / (d["overdispersed"] * dispersion**2 + _LEAST_VARIANCE)
        pm.NegativeBinomial("observed", mu=mean, alpha=size, observed=d["count"])
    return built


def lognormal_counts_data(outcome: Outcome, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that the Poisson-lognormal model takes as `pm.Data`; parameters as for `counts_data`."""
    series = outcome.series
    return {
        **predictor_data(series, priors, model=model),
        "count": series.value,
        "log_exposure": np.log(outcome.exposure),
        **spread_data(series, priors, model=model),
    }


def build_lognormal_counts(
    data: dict[str, Any], *, sessions: int, cases: int = 0, terms: tuple[str, ...] = TERMS
) -> pm.Model:
    """The PyMC model of counts whose log rate deviates from its expected value by a stationary AR(1).

    Parameters
    ----------
    data : dict
        From `lognormal_counts_data`.
    sessions : int
        Room for so many; see `scd.models.terms.session_capacity`.
    cases, terms
        As in `build_counts`.

    Returns
    -------
    pymc.Model
        With the predictor's parameters on the log scale, ``sigma`` (marginal SD of the log rate) and ``phi``.
    """
    with pm.Model(coords=predictor_coords(data, cases=cases, terms=terms) | {"session": np.arange(sessions)}) as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        predictor = linear_predictor(d, cases=cases, terms=terms) + d["log_exposure"]
        phi = autocorrelation(d)
        sigma = within_phase_sd(d, phi, cases=cases)
        deviation = pm.Normal("deviation_z", 0, 1, dims="session")[: d["count"].shape[0]]
        autocorrelate(d, deviation, phi)
        pm.Poisson("observed", pt.exp(predictor + sigma * deviation), observed=d["count"])
    return built
