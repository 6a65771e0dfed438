"""Ratings on a bounded whole-number scale: a latent normal value, rounded, and cut off at floor and ceiling."""

from __future__ import annotations

import math
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

__all__ = ["build_ratings", "ratings_data"]

# The open ends of the scale: so far away that nothing lies beyond, yet finite, so that gradients stay so.
_FAR = 1e4
# Beyond so many SDs a tail's probability has no place in double precision.
_DEEPEST = 36.0


def ratings_data(outcome: Outcome, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays that the model of ratings takes as `pm.Data`.

    Parameters
    ----------
    outcome : Outcome
        Of the family ``rating``.
    priors : Priors
        On the latent scale.
    model : str
        The model's name.

    Returns
    -------
    dict of str to ndarray
    """
    series = outcome.series
    return {
        **predictor_data(series, priors, model=model),
        "lower": np.maximum(outcome.lower, -_FAR),
        "upper": np.minimum(outcome.upper, _FAR),
        **spread_data(series, priors, model=model),
    }


def build_ratings(data: dict[str, Any], *, sessions: int, cases: int = 0, terms: tuple[str, ...] = TERMS) -> pm.Model:
    """The PyMC model of ratings: the probability of a rating is that of the latent value's lying in its cell.

    The latent values are normal around the predictor with marginal SD sigma and a stationary AR(1). Floor and ceiling
    cost no parameter, as the cells are known.

    Parameters
    ----------
    data : dict
        From `ratings_data`.
    sessions : int
        Room for so many; see `scd.models.terms.session_capacity`.
    cases : int
        Room for so many cases; 0 for the model of one.
    terms : tuple of str
        For one case, the terms to build.

    Returns
    -------
    pymc.Model
        With the predictor's parameters, ``sigma`` and ``phi`` on the latent scale.

    References
    ----------
    Tobin, J. (1958). Estimation of relationships for limited dependent variables. Econometrica, 26(1), 24-36.
    https://doi.org/10.2307/1907382
    """
    with pm.Model(coords=predictor_coords(data, cases=cases, terms=terms) | {"session": np.arange(sessions)}) as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        predictor = linear_predictor(d, cases=cases, terms=terms)
        phi = autocorrelation(d)
        sigma = within_phase_sd(d, phi, cases=cases)
        # Where a latent value lies in its cell: a standard normal, carried over by the truncated normal's quantiles.
        place = pm.Normal("place_z", 0, 1, dims="session")[: d["lower"].shape[0]]
        deviation, log_probability = _in_cells(
            (d["lower"] - predictor) / sigma, (d["upper"] - predictor) / sigma, place
        )
        pm.Potential("cells", log_probability.sum())
        autocorrelate(d, deviation, phi)
    return built


def _in_cells(lower: Any, upper: Any, place: Any) -> tuple[Any, Any]:
    """Standard normal deviations within their cells, and the log probability of each cell.

    Cells above the middle are turned over, so that every probability is one of the lower tail, where it is exact.
    """
    turned = pt.switch(lower + upper > 0, -1.0, 1.0)
    a, b = pt.switch(turned > 0, lower, -upper), pt.switch(turned > 0, upper, -lower)
    log_a, log_b = _log_below(a), _log_below(b)
    log_probability = log_b + pt.log1mexp(log_a - log_b)
    below_a, below_b = _below(pt.maximum(a, -_DEEPEST - 1)), _below(pt.maximum(b, -_DEEPEST))
    reached = below_a + _below(turned * place) * (below_b - below_a)
    return -turned * math.sqrt(2) * pt.erfcinv(2 * reached), log_probability


def _below(x: Any) -> Any:
    return pt.erfc(-x / math.sqrt(2)) / 2


def _log_below(x: Any) -> Any:
    # Each branch sees only arguments that it is exact for: the other one's infinite slope would spoil the gradient.
    tail, body = pt.minimum(x, -1.0), pt.maximum(x, -1.0)
    in_tail = pt.log(pt.erfcx(-tail / math.sqrt(2)) / 2) - tail**2 / 2
    return pt.switch(x < -1, in_tail, pt.log1p(-pt.erfc(body / math.sqrt(2)) / 2))
