"""Which way the baseline was heading before anything was done: Theil and Sen's line, and Kendall's rank correlation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist
from typing import Any

import numpy as np

from scd.analysis.overlap.contrasts import Contrasts, Timing, median

__all__ = ["BaselineTrend", "baseline_trend", "kendall_p", "rank_trend", "rising", "theil_sen"]


@dataclass(frozen=True, eq=False)
class BaselineTrend:
    """The trend of each baseline; of one contrast numbers, of many arrays.

    Parameters
    ----------
    slope, intercept : float or ndarray
        Theil and Sen's line, in the measure's units a step of time; NaN for a baseline of one value.
    tau : float or ndarray
        Kendall's tau of the values with time, corrected for ties (tau-b), positive when they rise; NaN when all are
        the same.
    p : float or ndarray
        Two-sided: exact without ties, else normal with a correction for continuity; NaN below 3 values.
    """

    slope: Any
    intercept: Any
    tau: Any
    p: Any


def baseline_trend(contrasts: Contrasts, *, timing: Timing = "order") -> BaselineTrend:
    """The trend of the baseline: Theil and Sen's line, Kendall's tau and its p.

    The slope is the median of the slopes between all pairs of baseline values, the intercept the median of what is left
    when it is taken off.

    Parameters
    ----------
    contrasts : Contrasts
    timing : {"order", "sessions"}

    Returns
    -------
    BaselineTrend
        In the measure's own direction, whatever is better.

    References
    ----------
    Sen (1968), https://doi.org/10.1080/01621459.1968.10480934. Kendall (1970), Rank Correlation Methods, 4th edition.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> trend = baseline_trend(contrasts([20, 20, 26, 25, 22, 23], [28, 25], improvement="increase"))
    >>> round(trend.slope, 6), round(trend.tau, 3)
    (0.6, 0.276)
    """
    told = (*theil_sen(contrasts, timing), *rank_trend(contrasts))
    return BaselineTrend(*(float(part[0]) if contrasts.single else part for part in told))


def theil_sen(contrasts: Contrasts, timing: Timing) -> tuple[np.ndarray, np.ndarray]:
    """Slope and intercept of Theil and Sen's line through each baseline; NaN where it has one value."""
    values, (times, _) = contrasts.baseline, contrasts.times(timing)
    m = contrasts.m
    first, second = np.triu_indices(values.shape[1], 1)
    if not first.size:
        return np.full(len(values), np.nan), np.full(len(values), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (values[:, second] - values[:, first]) / (times[:, second] - times[:, first])
    slope = median(np.sort(slopes, axis=1), np.maximum(m * (m - 1) // 2, 1))
    intercept = median(np.sort(values - slope[:, None] * times, axis=1), m)
    return slope, intercept


def rank_trend(contrasts: Contrasts) -> tuple[np.ndarray, np.ndarray]:
    """Kendall's tau-b of each baseline with time, and its p."""
    correlation, p = np.full((2, len(contrasts.baseline)), np.nan)
    for i, (row, s) in enumerate(zip(contrasts.baseline, rising(contrasts.baseline), strict=True)):
        shared = np.unique(row[np.isfinite(row)], return_counts=True)[1]
        count = int(shared.sum())
        pairs = count * (count - 1) // 2
        distinct = pairs - int((shared * (shared - 1) // 2).sum())
        if distinct:
            correlation[i] = s / (pairs * distinct) ** 0.5
        if count > 2:
            p[i] = kendall_p(float(s), ties=tuple(int(t) for t in shared), count=count)
    return correlation, p


def rising(values: np.ndarray) -> np.ndarray:
    """Kendall's S of each row with its order: the rising pairs less the falling ones."""
    later, earlier = values[:, None, :], values[:, :, None]
    in_order = np.triu(np.ones((values.shape[1],) * 2, dtype=bool), 1)
    return (((later > earlier).astype(float) - (later < earlier)) * in_order).sum(axis=(1, 2))


def kendall_p(s: float, *, ties: tuple[int, ...], count: int) -> float:
    """Two-sided p of Kendall's S against a series in random order.

    Exact where no values are tied; else normal, with the variance corrected for ties and S for continuity.

    Parameters
    ----------
    s : float
        Rising pairs less falling ones.
    ties : tuple of int
        How many values share each number, such as ``(1, 1, 3)``.
    count : int
        Number of values, at least 3.

    Returns
    -------
    float
        1 where all values are the same.

    References
    ----------
    Kendall (1970), Rank Correlation Methods, 4th edition.

    Examples
    --------
    >>> round(kendall_p(10, ties=(1,) * 5, count=5), 6)  # 2 of the 120 orders of five values
    0.016667
    """
    if max(ties) == 1 and count <= _EXACT:
        return min(1.0, 2 * float(_orders(count)[(count * (count - 1) // 2 + round(abs(s))) // 2 :].sum()))
    variance = (count * (count - 1) * (2 * count + 5) - sum(t * (t - 1) * (2 * t + 5) for t in ties)) / 18
    if variance <= 0 or s == 0:
        return 1.0
    return 2 * NormalDist().cdf(-(abs(s) - 1) / variance**0.5)


# Up to so many values all their orders are counted; beyond, the normal distribution tells no other p.
_EXACT = 60


@lru_cache(maxsize=_EXACT)
def _orders(count: int) -> np.ndarray:
    """The share of all orders of `count` values that has 0, 1, 2, ... rising pairs."""
    share = np.ones(1)
    for k in range(2, count + 1):
        share = np.convolve(share, np.full(k, 1 / k))
    return share
