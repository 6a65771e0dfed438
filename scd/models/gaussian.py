"""Scores: normal around a linear predictor, with a stationary AR(1).

The deviation from the expected value runs through phase boundaries, with correlation ``phi ** gap`` across real session
gaps, so missed sessions are exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pymc as pm
import pytensor.tensor as pt

from scd.models.predictor import autocorrelation, linear_predictor, predictor_coords, within_phase_sd
from scd.models.terms import TERMS, predictor_data, spread_data

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["build_gaussian", "gaussian_data"]


def gaussian_data(series: Series, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that the Gaussian model takes as `pm.Data`.

    Parameters
    ----------
    series : Series
        One case, or several for the multilevel model, with values on one common scale.
    priors : Priors
        On that scale.
    model : str
        The model's name.

    Returns
    -------
    dict of str to ndarray
    """
    return {
        "value": series.value,
        **predictor_data(series, priors, model=model),
        **spread_data(series, priors, model=model),
    }


def build_gaussian(data: dict[str, Any], *, cases: int = 0, terms: tuple[str, ...] = TERMS) -> pm.Model:
    """The PyMC model of scores.

    Parameters
    ----------
    data : dict
        From `gaussian_data`; all of it `pm.Data`, so that one compilation serves every client.
    cases : int
        Room for so many cases; 0 for the model of one.
    terms : tuple of str
        For one case, the terms to build; see `scd.models.predictor.linear_predictor`.

    Returns
    -------
    pymc.Model
        With the predictor's parameters, ``sigma`` (marginal within-phase SD) and ``phi``; with several cases also
        ``sigma_case`` and ``sigma_spread``, their SD on the log scale.
    """
    with pm.Model(coords=predictor_coords(data, cases=cases, terms=terms)) as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        expected = linear_predictor(d, cases=cases, terms=terms)
        phi = autocorrelation(d)
        _ar1_likelihood(d, expected, within_phase_sd(d, phi, cases=cases), phi)
    return built


def _ar1_likelihood(d: dict[str, Any], expected: Any, sigma: Any, phi: Any) -> None:
    """Add the likelihood of the observed values to the model in context.

    Each value follows the one before: with rho = phi ** gap (0 at a case's first value), the deviation is
    Normal(rho * deviation before, sigma * sqrt(1 - rho ** 2)), which keeps the SD `sigma` at every session.
    """
    rho = d["linked"] * phi ** d["gap"]
    before = pt.concatenate([[0.0], (d["value"] - expected)[:-1]])
    pm.Normal("observed", expected + rho * before, sigma * pt.sqrt(1 - rho**2), observed=d["value"])
