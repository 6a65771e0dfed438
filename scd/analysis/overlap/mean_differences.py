"""Differences of phase means: standardised by the client's own spread, or as a share of the way to the goal."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from scd.analysis.overlap.contrasts import Contrasts, Estimate, quantile_of
from scd.language import gettext as _
from scd.study import StudyError

__all__ = ["Standardizer", "means_and_variances", "pogo", "smd"]

Standardizer = Literal["baseline", "pooled"]
"""The SD that a standardised mean difference is told in."""


def smd(
    contrasts: Contrasts,
    *,
    standardizer: Standardizer = "baseline",
    bias_corrected: bool = True,
    ci_prob: float = 0.95,
) -> Estimate:
    """The within-client standardised mean difference, positive for improvement.

    The difference of the phase means over the SD of the baseline, or over the SD pooled over both phases, times
    1 - 3 / (4 df - 1) against the bias of few values. It tells a difference in units of this client's own ups and downs
    and can't be compared with effect sizes between people.

    Parameters
    ----------
    contrasts : Contrasts
    standardizer : {"baseline", "pooled"}
        The baseline's SD has m - 1 degrees of freedom and lets the phases spread differently; the pooled one m + n - 2.
    bias_corrected : bool
    ci_prob : float
        Probability of the interval, value -+ z SE. Both take the values as independent of each other.

    Returns
    -------
    Estimate
        NaN where the SD is 0 or can't be told, and where the correction would rest on a single degree of freedom, which
        makes any difference 0.

    Raises
    ------
    StudyError
        When `standardizer` is neither.

    References
    ----------
    Hedges (1981), https://doi.org/10.3102/10769986006002107. Pustejovsky (2019), https://doi.org/10.1037/met0000179.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> one = contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase")
    >>> round(smd(one).value, 6), round(smd(one, standardizer="pooled").value, 6)
    (1.649932, 1.876247)
    """
    if standardizer not in get_args(Standardizer):
        raise StudyError(
            f"standardizer: must be one of {', '.join(get_args(Standardizer))} (got {standardizer!r})",
            field="standardizer",
        )
    m, n = contrasts.m, contrasts.n
    (first, v_first), (second, v_second) = means_and_variances(contrasts)
    if standardizer == "baseline":
        df, variance = m - 1, v_first
        sampling = 1 / m + v_second / n / np.where(variance > 0, variance, np.nan)
    else:
        df = m + n - 2
        squares = (m - 1) * np.nan_to_num(v_first) + (n - 1) * np.nan_to_num(v_second)
        variance = squares / np.maximum(df, 1)
        sampling = 1 / m + 1 / n
    correction = 1 - 3 / (4.0 * df - 1) if bias_corrected else np.ones(len(m))
    usable = (df > (1 if bias_corrected else 0)) & (variance > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(usable, correction * contrasts.sign * (second - first) / np.sqrt(variance), np.nan)
        se = correction * np.sqrt(sampling + value**2 / (2 * df))
    reach = quantile_of(ci_prob) * se
    note = np.select(
        [df <= (1 if bias_corrected else 0), variance <= 0, ~np.isfinite(se)],
        [
            _("the baseline holds too few values to tell an SD")
            if standardizer == "baseline"
            else _("the phases together hold too few values to tell an SD"),
            _("the SD is 0"),
            _("no standard error: a phase holds one value"),
        ],
        "",
    )
    return contrasts.estimate(value, se=se, lower=value - reach, upper=value + reach, note=note)


def pogo(contrasts: Contrasts, *, goal: float | np.ndarray, ci_prob: float = 0.95) -> Estimate:
    """The percentage of the goal obtained: how much of the way from the baseline mean to the goal has been covered.

    100 (mean of intervention - mean of baseline) / (goal - mean of baseline). Its variance, relative to the squared
    distance, is the sum of the two means' variances and of the baseline mean's times PoGO / 100 squared.

    Parameters
    ----------
    contrasts : Contrasts
    goal : float or ndarray, shape (contrasts,)
        The value that client and clinician aim for, in the measure's units; any number.
    ci_prob : float

    Returns
    -------
    Estimate
        In percent: 0 for no change, 100 at the goal. NaN where the goal is the baseline mean or on its wrong side.

    References
    ----------
    Ferron, Goldstein, Olszewski & Rohrer (2020), https://doi.org/10.1080/17489539.2020.1732024. Dunlap & Silver (1986),
    https://doi.org/10.3758/BF03201412.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> round(pogo(contrasts([2, 2, 3, 1], [5, 6, 7], improvement="increase"), goal=10).value, 6)
    50.0
    """
    m, n = contrasts.m, contrasts.n
    (first, v_first), (second, v_second) = means_and_variances(contrasts)
    distance = np.broadcast_to(np.asarray(goal, dtype=float), first.shape) - first
    size = np.maximum(np.abs(goal), np.abs(first))
    ahead = contrasts.sign * distance > 1e-12 * size
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(ahead, (second - first) / distance, np.nan)
        se = 100 * np.sqrt(v_first / m + v_second / n + share**2 * v_first / m) / np.abs(distance)
    constant = (v_first == 0) & (v_second == 0)
    se = np.where(constant | ~ahead, np.nan, se)
    reach = quantile_of(ci_prob) * se
    note = np.select(
        [np.abs(distance) <= 1e-12 * size, ~ahead, np.isfinite(se), constant],
        [
            _("the goal is the baseline mean: there is no way to cover"),
            _("the baseline mean already lies beyond the goal: there is no way left to cover"),
            _("in percent"),
            _("in percent; no standard error: both phases are constant"),
        ],
        _("in percent; no standard error: a phase holds one value"),
    )
    return contrasts.estimate(100 * share, se=se, lower=100 * share - reach, upper=100 * share + reach, note=note)


def means_and_variances(
    contrasts: Contrasts,
) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Mean and variance (over n - 1) of the baseline and of the intervention; a variance of one value is NaN."""
    found = []
    for values, count in ((contrasts.baseline, contrasts.m), (contrasts.intervention, contrasts.n)):
        mean = np.nansum(values, axis=1) / count
        # Of equal values the mean may be off by a rounding; their variance is 0 all the same.
        same = np.nanmax(values, axis=1) == np.nanmin(values, axis=1)
        squares = np.where(same, 0.0, np.nansum((values - mean[:, None]) ** 2, axis=1))
        found.append(
            (np.where(same, values[:, 0], mean), np.where(count > 1, squares / np.maximum(count - 1, 1), np.nan))
        )
    return found[0], found[1]
