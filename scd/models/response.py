"""From a model's scale to the values that people read: their mean, their spread, and new ones."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.polynomial import hermite_e

from scd.language import gettext_noop as N_
from scd.models.mixture import normal_cdf
from scd.study.record import Number, Record

__all__ = [
    "AUTOCORRELATED",
    "FAMILY_WORDS",
    "Family",
    "Response",
    "beta_parameters",
    "mean_value",
    "new_values",
    "spread_name",
    "value_sd",
]

Family = Literal["gaussian", "rating", "count", "poisson", "poisson-lognormal", "proportion", "log", "logit"]
FAMILY_WORDS: dict[str, str] = {
    "gaussian": N_("a score with even, autocorrelated spread"),
    "rating": N_("a rating: a latent score, rounded and cut off at floor and ceiling, with autocorrelated spread"),
    "count": N_("counts with negative binomial spread"),
    "poisson": N_("counts with Poisson spread"),
    "poisson-lognormal": N_("Poisson counts around an autocorrelated rate"),
    "proportion": N_("proportions with beta-binomial spread"),
    "log": N_("scores on the logarithmic scale, with autocorrelated spread"),
    "logit": N_("scores on the logit scale, with autocorrelated spread"),
}
AUTOCORRELATED = frozenset({"gaussian", "rating", "poisson-lognormal", "log", "logit"})
"""Families whose deviations from the expected value follow a stationary AR(1)."""

_NODES, _WEIGHTS = hermite_e.hermegauss(31)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


class Response(Record):
    """How a family's values hang on its linear predictor, at a reference session.

    Parameters
    ----------
    family : str
        The kind of values.
    exposure : float
        Counts: how much longer the reference session is than one of rate ``exp(predictor)``.
    trials : float
        Proportions: trials of the reference session.
    scale : float
        Counts and proportions: what one more count adds to the value, at the reference session.
    shift : float
        Durations: what was added to every value before the logarithm.
    low, high : float
        Ratings and percentages: the ends of their range.

    Examples
    --------
    >>> percent = Response(family="proportion", trials=20, scale=5)
    >>> mean_value(percent, np.array([0.0]), spread=np.array([0.2]))
    array([50.])
    """

    family: Family
    exposure: Number = 1.0
    trials: Number = 1.0
    scale: Number = 1.0
    shift: Number = 0.0
    low: Number = 0.0
    high: Number = 0.0


def spread_name(family: str) -> str | None:
    """The parameter that spreads a family's values around their expected ones; None for plain Poisson.

    Examples
    --------
    >>> spread_name("count"), spread_name("rating")
    ('dispersion', 'sigma')
    """
    if family == "poisson":
        return None
    return "sigma" if family in AUTOCORRELATED else "dispersion"


def mean_value(
    response: Response,
    predictor: np.ndarray,
    *,
    spread: np.ndarray,
    exposure: np.ndarray | None = None,
    trials: np.ndarray | None = None,
    scale: np.ndarray | None = None,
) -> np.ndarray:
    """The expected value.

    Parameters
    ----------
    response : Response
        The family and its reference session.
    predictor : ndarray
        The linear predictor, such as one a draw, or draws by sessions.
    spread : ndarray
        `sigma` or `dispersion`; broadcasts with `predictor`.
    exposure, trials, scale : ndarray, optional
        Of the sessions, where they are not those of the reference session; broadcast with `predictor`.

    Returns
    -------
    ndarray
        On the scale of the values.
    """
    return _moments(response, predictor, spread, exposure=exposure, trials=trials, scale=scale)[0]


def value_sd(response: Response, predictor: np.ndarray, *, spread: np.ndarray) -> np.ndarray:
    """The SD of values under one expected level, at the reference session.

    Parameters
    ----------
    response, predictor, spread
        As in `mean_value`.

    Returns
    -------
    ndarray
        On the scale of the values.
    """
    return np.sqrt(_moments(response, predictor, spread)[1])


def _moments(
    response: Response,
    predictor: np.ndarray,
    spread: np.ndarray,
    *,
    exposure: np.ndarray | None = None,
    trials: np.ndarray | None = None,
    scale: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of the values."""
    r = response
    unit = r.scale if scale is None else scale
    match r.family:
        case "rating":
            first, second = np.zeros_like(predictor), np.zeros_like(predictor)
            for step in range(1, round(r.high - r.low) + 1):
                above = normal_cdf((predictor - (r.low + step - 0.5)) / spread)
                first, second = first + above, second + (2 * step - 1) * above
            return r.low + first, np.maximum(second - first**2, 0)
        case "log":
            mean = np.exp(predictor + spread**2 / 2)
            return mean - r.shift, mean**2 * np.expm1(spread**2)
        case "logit":
            first, second = np.zeros_like(predictor), np.zeros_like(predictor)
            for node, weight in zip(_NODES, _WEIGHTS, strict=True):
                at = _from_logit(r, predictor + spread * node)
                first, second = first + weight * at, second + weight * at**2
            return first, np.maximum(second - first**2, 0)
        case "count" | "poisson":
            mean = (r.exposure if exposure is None else exposure) * np.exp(predictor)
            return unit * mean, unit**2 * (mean + _dispersed(r, spread) * mean**2)
        case "poisson-lognormal":
            mean = (r.exposure if exposure is None else exposure) * np.exp(predictor + spread**2 / 2)
            return unit * mean, unit**2 * (mean + mean**2 * np.expm1(spread**2))
        case "proportion":
            n = r.trials if trials is None else trials
            p = _expit(predictor)
            within = spread**2 / (1 + spread**2)  # correlation of two trials of one session
            return unit * n * p, unit**2 * n * p * (1 - p) * (1 + (n - 1) * within)
        case _:
            return predictor, np.broadcast_to(spread**2, predictor.shape)


def _dispersed(response: Response, spread: np.ndarray) -> np.ndarray:
    return spread**2 if response.family == "count" else np.zeros_like(spread)


def _from_logit(response: Response, x: np.ndarray) -> np.ndarray:
    """Back from logit((100 p + 0.5) / 101)."""
    share = np.clip((101 * _expit(x) - 0.5) / 100, 0, 1)
    return response.low + (response.high - response.low) * share


def _expit(x: np.ndarray) -> np.ndarray:
    return 0.5 + 0.5 * np.tanh(0.5 * x)


def beta_parameters(predictor: np.ndarray, *, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of the beta distribution of a session's share: mean expit(predictor), sum 1 / spread ** 2."""
    size = 1 / (spread**2 + 1e-6)
    return size * _expit(predictor) + 1e-12, size * _expit(-predictor) + 1e-12


def new_values(
    response: Response,
    predictor: np.ndarray,
    *,
    spread: np.ndarray,
    rng: np.random.Generator,
    exposure: np.ndarray | None = None,
    trials: np.ndarray | None = None,
    scale: np.ndarray | None = None,
) -> np.ndarray:
    """New values, one for each predictor.

    Parameters
    ----------
    response : Response
        The family and its reference session.
    predictor : ndarray
        The linear predictor; for the autocorrelated families with its deviation added already.
    spread : ndarray
        `dispersion`, for counts and proportions; broadcasts with `predictor`.
    rng : numpy.random.Generator
    exposure, trials, scale : ndarray, optional
        Of the sessions; by default those of the reference session.

    Returns
    -------
    ndarray
        On the scale of the values.
    """
    r = response
    unit = r.scale if scale is None else scale
    match r.family:
        case "rating":
            return np.clip(np.round(predictor), r.low, r.high)
        case "log":
            return np.maximum(np.exp(predictor) - r.shift, 0)
        case "logit":
            return _from_logit(r, predictor)
        case "count" | "poisson" | "poisson-lognormal":
            # The largest rate that NumPy's Poisson draws from is near 9e18.
            mean = np.minimum((r.exposure if exposure is None else exposure) * np.exp(np.minimum(predictor, 40)), 1e15)
            if r.family == "count":
                size = 1 / (spread**2 + 1e-8)
                mean = np.minimum(mean * rng.gamma(np.broadcast_to(size, mean.shape)) / size, 1e15)
            return unit * rng.poisson(mean)
        case "proportion":
            n = np.broadcast_to(r.trials if trials is None else trials, predictor.shape).astype("int64")
            return unit * rng.binomial(n, rng.beta(*beta_parameters(predictor, spread=spread)))
        case _:
            return predictor
