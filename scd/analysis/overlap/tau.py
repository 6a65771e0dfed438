"""Tau: better pairs less worse ones, as they stand or with the baseline's trend taken off."""

from __future__ import annotations

import numpy as np

from scd.analysis.overlap.baseline_trend import rank_trend, theil_sen
from scd.analysis.overlap.contrasts import Contrasts, Estimate, Timing, quantile_of, tied
from scd.analysis.overlap.nonoverlap import NapError, nap, overlap_of_pairs
from scd.language import gettext as _

__all__ = ["tau", "tau_bc"]


def tau(contrasts: Contrasts, *, se: NapError = "unbiased", ci_prob: float = 0.95) -> Estimate:
    """Tau without any correction for trend: 2 NAP - 1, the better pairs less the worse ones over all pairs.

    Parameters
    ----------
    contrasts : Contrasts
    se, ci_prob
        As in `scd.analysis.overlap.nonoverlap.nap`, of which standard error and interval are twice as wide here.

    Returns
    -------
    Estimate
        -1 to 1; 0 where the phases do not differ.

    References
    ----------
    Parker, Vannest, Davis & Sauber (2011), https://doi.org/10.1016/j.beth.2010.08.006.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> round(tau(contrasts([3, 3, 4, 5], [4, 5, 6, 7, 7], improvement="increase")).value, 6)
    0.8
    """
    return _doubled(nap(contrasts, se=se, ci_prob=ci_prob))


def tau_bc(
    contrasts: Contrasts,
    *,
    kendall: bool = False,
    pretest: float | None = None,
    timing: Timing = "order",
    se: NapError = "unbiased",
    ci_prob: float = 0.95,
) -> Estimate:
    """Baseline-corrected Tau: Tau after the baseline's Theil-Sen line has been taken off the whole series.

    What is left is compared with a tolerance for rounding, so that values that lie on the line are ties: of
    1 2 3 4 5 | 6 7 8 9 10 nothing is left, and Tau-BC is exactly 0. A slope from a short baseline is drawn out far
    beyond it, which can turn the sign of an effect.

    Parameters
    ----------
    contrasts : Contrasts
    kendall : bool
        Divide as Tarlow does, by Kendall's tau-b of the values with the phase. It can't reach 1 and depends on how long
        the phases are, so by default Tau of all pairs is taken.
    pretest : float, optional
        Correct only baselines whose trend has a p of at most this, as Tarlow does with 0.05. By default all are
        corrected: a short baseline that passes the test has not been shown to be flat.
    timing : {"order", "sessions"}
        What counts as time; by the authors' definition the order of the values.
    se : {"unbiased", "hanley", "null"}
        As in `scd.analysis.overlap.nonoverlap.nap`; with `kendall`, Tarlow's sqrt(2 (1 - tau^2) / (m + n)). Neither
        knows that the slope is an estimate.
    ci_prob : float

    Returns
    -------
    Estimate
        -1 to 1; NaN for a baseline of one value, which has no trend.

    References
    ----------
    Tarlow (2017), https://doi.org/10.1177/0145445516676750.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> tau_bc(contrasts([1, 2, 3, 4, 5], [6, 7, 8, 9, 10], improvement="increase")).value
    0.0
    """
    slope, _intercept = theil_sen(contrasts, timing)
    if pretest is not None:
        slope = np.where(rank_trend(contrasts)[1] <= pretest, slope, 0.0)
    alone = contrasts.m < 2
    slope = np.where(alone, 0.0, slope)
    (early, late), (before, after) = contrasts.times(timing), contrasts.better
    slope = contrasts.sign * slope[:, None]
    rest_before, rest_after = before - slope * early, after - slope * late
    size = _size(before, after) + np.abs(slope[:, 0]) * _size(early, late)
    better = _scored(rest_before, rest_after, size)
    if kendall:
        found = _kendall(contrasts, better, np.concatenate([rest_before, rest_after], axis=1), size, ci_prob)
    else:
        found = _doubled(overlap_of_pairs(contrasts, better, se=se, ci_prob=ci_prob))
    if not alone.any():
        return found
    told = [
        None if p is None else np.where(alone, np.nan, p) for p in (found.value, found.se, found.lower, found.upper)
    ]
    note = np.where(
        alone, _("a baseline of one value has no trend to correct for"), np.asarray(found.note, dtype=object)
    )
    return contrasts.estimate(np.atleast_1d(told[0]), se=told[1], lower=told[2], upper=told[3], note=note)


def _size(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.maximum(np.nanmax(np.abs(one), axis=1), np.nanmax(np.abs(other), axis=1))


def _scored(before: np.ndarray, after: np.ndarray, size: np.ndarray) -> np.ndarray:
    early, late = before[:, :, None], after[:, None, :]
    same = tied(late, early, size[:, None, None])
    return np.where(same, 0.5, late > early)


def _doubled(found: Estimate) -> Estimate:
    se = None if found.se is None else 2 * found.se
    return Estimate(2 * found.value - 1, se, 2 * found.lower - 1, 2 * found.upper - 1, found.note)


def _kendall(contrasts: Contrasts, better: np.ndarray, rest: np.ndarray, size: np.ndarray, ci_prob: float) -> Estimate:
    """Tau-b of what is left with the phase, and Tarlow's standard error."""
    m, n = contrasts.m, contrasts.n
    first, second = np.triu_indices(rest.shape[1], 1)
    same = tied(rest[:, first], rest[:, second], size[:, None]).sum(axis=1)
    every = (m + n) * (m + n - 1) / 2
    s = 2 * better.sum(axis=(1, 2)) - m * n
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(same == every, 0.0, s / np.sqrt(m * n * (every - same)))
    se = np.sqrt(np.maximum(2 * (1 - value**2) / (m + n), 0))
    reach = quantile_of(ci_prob) * se
    note = np.where(same == every, _("all values are the same once the trend is taken off"), "")
    return contrasts.estimate(value, se=se, lower=value - reach, upper=value + reach, note=note)
