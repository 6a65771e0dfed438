"""How new values of two conditions overlap, whatever their family."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import hermite_e

from scd.models.mixture import normal_cdf
from scd.models.response import Response, beta_parameters, mean_value, value_sd

__all__ = ["overlap"]

# Up to so many values, their distribution is read at every one; above at fewer.
_POINTS, _FEW_POINTS = 128, 64
# Elements of an array that are worked on at a time.
_CHUNK = 2_000_000
# From such a count on, its logarithm is as good as normal.
_MANY = 30
_NODES, _WEIGHTS = hermite_e.hermegauss(15)


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
        mean = mean_value(response, predictor, spread=spread) / response.scale
        ends.append(mean + 9 * value_sd(response, predictor, spread=spread) / response.scale + 5)
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
                for x, w in zip(_NODES, _WEIGHTS / _WEIGHTS.sum(), strict=True)
            )
    found = np.array(found)
    found[:, -1] = 1.0
    return found


def _log_beta_binomial(points: np.ndarray, trials: float, predictor: np.ndarray, spread: np.ndarray) -> np.ndarray:
    from scipy import special

    a, b = beta_parameters(predictor, spread=spread)
    ways = -np.log(trials + 1) - special.betaln(points + 1, trials - points + 1)
    return ways + special.betaln(points + a, trials - points + b) - special.betaln(a, b)
