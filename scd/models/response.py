"""From a model's scale to the values that people read: their mean, their spread, how they overlap, and new ones."""

from __future__ import annotations

from typing import Literal

import numpy as np

from scd.models.mixture import normal_cdf
from scd.study.record import Number, Record

__all__ = [
    "AUTOCORRELATED",
    "FAMILY_WORDS",
    "Family",
    "Response",
    "mean_value",
    "new_values",
    "overlap",
    "spread_name",
    "value_sd",
]

Family = Literal["gaussian", "rating", "count", "poisson", "poisson-lognormal", "proportion", "log", "logit"]
FAMILY_WORDS: dict[str, str] = {
    "gaussian": "a score with even, autocorrelated spread",
    "rating": "a rating: a latent score, rounded and cut off at floor and ceiling, with autocorrelated spread",
    "count": "counts with negative binomial spread",
    "poisson": "counts with Poisson spread",
    "poisson-lognormal": "Poisson counts around an autocorrelated rate",
    "proportion": "proportions with beta-binomial spread",
    "log": "scores on the logarithmic scale, with autocorrelated spread",
    "logit": "scores on the logit scale, with autocorrelated spread",
}
AUTOCORRELATED = frozenset({"gaussian", "rating", "poisson-lognormal", "log", "logit"})
"""Families whose deviations from the expected value follow a stationary AR(1)."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(31)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
# Up to so many values, their distribution is read at every one; above, and where each is dear, at fewer.
_POINTS, _FEW_POINTS = 128, 64
_CHUNK = 2_000_000
_MANY = 30


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


def overlap(response: Response, before: np.ndarray, after: np.ndarray, *, spread: np.ndarray, sign: int) -> np.ndarray:
    """The probability that a new value after is better than one before, plus half that of a tie (NAP).

    Parameters
    ----------
    response : Response
        The family and its reference session.
    before, after : ndarray, shape (draws,)
        Linear predictors of the two conditions.
    spread : ndarray, shape (draws,)
        `sigma` or `dispersion`.
    sign : {1, -1}
        1 when more is better.

    Returns
    -------
    ndarray, shape (draws,)
        0 to 1; 0.5 when the two don't differ.

    References
    ----------
    Parker, R. I., & Vannest, K. (2009). An improved effect size for single-case research: Nonoverlap of all pairs.
    Behavior Therapy, 40(4), 357-367. https://doi.org/10.1016/j.beth.2008.10.006

    Examples
    --------
    >>> coin = Response(family="proportion")
    >>> certain = overlap(coin, np.array([-50.0]), np.array([50.0]), spread=np.array([0.1]), sign=1)
    >>> round(float(certain[0]), 6)
    1.0
    """
    if response.family in ("gaussian", "log", "logit"):
        return normal_cdf(sign * (after - before) / (np.sqrt(2) * spread))
    step = max(1, _CHUNK // max(_POINTS, round(response.trials) if response.family == "proportion" else 1))
    parts = [slice(i, i + step) for i in range(0, len(before), step)]
    if response.family == "poisson-lognormal":
        low, high = (
            response.exposure * np.exp(edge) for edge in (np.minimum(before, after), np.maximum(before, after))
        )
        if low.min() > _MANY:  # the logarithms of such counts are nearly normal, with 1 / mean added to their variance
            return normal_cdf(sign * (after - before) / np.sqrt(2 * spread**2 + 1 / low + 1 / high))
    higher = np.concatenate([_overlap_of_steps(response, before[p], after[p], spread[p]) for p in parts])
    return higher if sign > 0 else 1 - higher


def _overlap_of_steps(response: Response, before: np.ndarray, after: np.ndarray, spread: np.ndarray) -> np.ndarray:
    points = _points(response, before, after, spread)
    first, second = (_cumulative(response, p[:, None], spread[:, None], points) for p in (before, after))
    mass = np.diff(second, axis=1, prepend=0.0)
    below = np.concatenate([np.zeros((len(first), 1)), first[:, :-1]], axis=1)
    return (mass * (below + first) / 2).sum(axis=1)


def _points(response: Response, before: np.ndarray, after: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Whole numbers at which both distributions are read, one row a draw; the last is where both are complete."""
    if response.family == "rating":
        return np.arange(response.low, response.high + 1)[None, :]
    if response.family == "proportion":
        return np.arange(round(response.trials) + 1.0)[None, :]
    ends = []
    for predictor in (before, after):
        mean, variance = _moments(response, predictor, spread, scale=np.ones(1))
        ends.append(mean + 9 * np.sqrt(variance) + 5)
    end = np.maximum(*ends)[:, None]
    every = int(np.ceil(np.quantile(end, 0.99)))
    count = min(every, _POINTS if every <= _POINTS else _FEW_POINTS)
    points = np.arange(count)[None, :]
    # Where some are left out they lie closer below, where the narrower of the two distributions lies.
    return np.where(end <= count, points, np.floor(end * (points / count) ** 1.5))


def _cumulative(response: Response, predictor: np.ndarray, spread: np.ndarray, points: np.ndarray) -> np.ndarray:
    """P(count or rating <= point); 1 at the last point."""
    from scipy import special  # type: ignore[import-untyped]  # takes a while to import, and scores do without

    match response.family:
        case "rating":
            found = special.ndtr((points + 0.5 - predictor) / spread)
        case "proportion":
            found = np.cumsum(np.exp(_log_beta_binomial(points, response.trials, predictor, spread)), axis=1)
            found = found / found[:, -1:]
        case "count":
            mean, size = response.exposure * np.exp(predictor), 1 / (spread**2 + 1e-8)
            steps = (np.diff(points, axis=1) != 1).any(axis=1)
            log_mass = special.gammaln(points + size) - special.gammaln(size) - special.gammaln(points + 1)
            log_mass += points * np.log(mean / (size + mean)) - size * np.log1p(mean / size)
            found = np.cumsum(np.exp(log_mass), axis=1)
            # Where not every whole number is a point, its mass does not sum up; the distribution function is dearer.
            found[steps] = special.betainc(size[steps], points[steps] + 1, (size / (size + mean))[steps])
        case "poisson":
            found = special.pdtr(points, response.exposure * np.exp(predictor))
        case _:
            found = sum(
                w * special.pdtr(points, response.exposure * np.exp(predictor + spread * x))
                for x, w in zip(_NODES[8:-8], _WEIGHTS[8:-8], strict=True)
            )
    found = np.array(found)
    found[:, -1] = 1.0
    return found


def _log_beta_binomial(points: np.ndarray, trials: float, predictor: np.ndarray, spread: np.ndarray) -> np.ndarray:
    from scipy import special

    a, b = _beta(predictor, spread)
    ways = -np.log(trials + 1) - special.betaln(points + 1, trials - points + 1)
    return ways + special.betaln(points + a, trials - points + b) - special.betaln(a, b)


def _beta(predictor: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Parameters of the beta distribution of a session's share."""
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
            return unit * rng.binomial(n, rng.beta(*_beta(predictor, spread)))
        case _:
            return predictor
