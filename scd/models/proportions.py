"""Proportions with a denominator: beta-binomial around a logit-linear share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt

from scd.models.predictor import linear_predictor, predictor_coords
from scd.models.terms import TERMS, predictor_data

if TYPE_CHECKING:
    from scd.models.outcome import Outcome
    from scd.models.priors import Priors

__all__ = ["build_proportions", "proportions_data"]

# Keeps the concentration below 1e6, where the beta-binomial is binomial to six digits, and its terms cancel beyond.
_LEAST_VARIANCE = 1e-6
# Keeps a share off 0 and 1, where the beta distribution ends.
_LEAST_SHARE = 1e-12


def proportions_data(outcome: Outcome, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that the model of proportions takes as `pm.Data`.

    Parameters
    ----------
    outcome : Outcome
        Of the family ``proportion``.
    priors : Priors
        On the logit scale.
    model : str
        The model's name.

    Returns
    -------
    dict of str to ndarray
    """
    return {
        **predictor_data(outcome.series, priors, model=model),
        "successes": outcome.series.value,
        "trials": outcome.trials,
        "dispersion_prior_sd": np.array(priors.dispersion_sd),
    }


def build_proportions(data: dict[str, Any], *, cases: int = 0, terms: tuple[str, ...] = TERMS) -> pm.Model:
    """The PyMC model of proportions: beta-binomial with a logit link and concentration ``1 / dispersion ** 2``.

    Parameters
    ----------
    data : dict
        From `proportions_data`.
    cases : int
        Room for so many cases; 0 for the model of one.
    terms : tuple of str
        For one case, the terms to build.

    Returns
    -------
    pymc.Model
        With the predictor's parameters on the logit scale and ``dispersion``; no autocorrelation.
    """
    with pm.Model(coords=predictor_coords(data, cases=cases, terms=terms)) as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        predictor = linear_predictor(d, cases=cases, terms=terms)
        dispersion = pm.HalfNormal("dispersion", d["dispersion_prior_sd"])
        size = 1 / (dispersion**2 + _LEAST_VARIANCE)
        pm.BetaBinomial(
            "observed",
            n=d["trials"],
            alpha=size * pt.sigmoid(predictor) + _LEAST_SHARE,
            beta=size * pt.sigmoid(-predictor) + _LEAST_SHARE,
            observed=d["successes"],
        )
    return built
