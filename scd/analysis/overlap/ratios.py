"""Changes told as ratios, for outcomes with a true zero: log response ratios and the log odds ratio."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from scd.analysis.overlap.contrasts import Contrasts, Estimate, quantile_of
from scd.analysis.overlap.mean_differences import means_and_variances
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.study import StudyError
from scd.study.measure import Scale

__all__ = ["RATIO_SCALES", "lor", "lrrd", "lrri"]

RATIO_SCALES = ("count", "rate", "proportion", "percentage", "duration")
"""Scales on which zero means none at all, so that a ratio has a meaning."""

_NEGATIVE = N_("a value is below 0, which this kind of outcome can't be; look at it again")
_WHOLE = {"proportion": 1.0, "percentage": 100.0}
Shares = float | np.ndarray | None


def lrri(
    contrasts: Contrasts,
    *,
    scale: Scale,
    trials: Shares = None,
    minutes: Shares = None,
    bias_corrected: bool = True,
    floored: bool = True,
    ci_prob: float = 0.95,
) -> Estimate:
    """The log response ratio, positive for improvement.

    ln of the mean under intervention over the mean in baseline, plus s^2 / (2 n mean^2) of the intervention less that
    of the baseline against the bias of few values. Of proportions and percentages that should fall, what is left to
    the whole is taken (1 - p), so that more is better; of other outcomes that should fall the sign is turned.

    Parameters
    ----------
    contrasts : Contrasts
    scale : {"count", "rate", "proportion", "percentage", "duration"}
    trials : float or ndarray, optional
        Intervals or items behind a proportion or percentage, on average.
    minutes : float or ndarray, optional
        How long a rate was observed, on average.
    bias_corrected : bool
    floored : bool
        Raise a mean of 0 to 1 / (2 D n), half of what one event in all n sessions comes to, and variances to
        1 / (D^2 n^3). D is 1 for counts, `minutes` for rates, `trials` for proportions; without them nothing is raised.
    ci_prob : float
        Probability of the interval, value -+ z SE. Both take the values as independent of each other.

    Returns
    -------
    Estimate
        NaN where a mean has no logarithm, or a value does not belong to the scale.

    Raises
    ------
    StudyError
        When the scale has no true zero: a score or a rating.

    References
    ----------
    Pustejovsky (2015), https://doi.org/10.1037/met0000019. Pustejovsky (2018), https://doi.org/10.1016/j.jsp.2018.02.003.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> one = contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase")
    >>> round(lrri(one, scale="count").value, 6), round(lrri(one, scale="count", bias_corrected=False).value, 6)
    (0.195396, 0.195885)
    """
    return _lrr(
        contrasts, "increase", scale=scale, trials=trials, minutes=minutes,
        bias_corrected=bias_corrected, floored=floored, ci_prob=ci_prob,
    )  # fmt: skip


def lrrd(
    contrasts: Contrasts,
    *,
    scale: Scale,
    trials: Shares = None,
    minutes: Shares = None,
    bias_corrected: bool = True,
    floored: bool = True,
    ci_prob: float = 0.95,
) -> Estimate:
    """The log response ratio, negative for improvement.

    As `lrri` with the sign turned; of proportions and percentages, though, it is about their other side and so another
    number: those that should rise are taken as what is left to the whole.

    Parameters
    ----------
    contrasts, scale, trials, minutes, bias_corrected, floored, ci_prob
        As in `lrri`.

    Returns
    -------
    Estimate

    Raises
    ------
    StudyError
        When the scale has no true zero: a score or a rating.

    References
    ----------
    Pustejovsky (2018), https://doi.org/10.1016/j.jsp.2018.02.003.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> one = contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase")
    >>> round(lrrd(one, scale="count").value, 6)
    -0.195396
    """
    return _lrr(
        contrasts, "decrease", scale=scale, trials=trials, minutes=minutes,
        bias_corrected=bias_corrected, floored=floored, ci_prob=ci_prob,
    )  # fmt: skip


def lor(
    contrasts: Contrasts,
    *,
    scale: Scale,
    trials: Shares = None,
    bias_corrected: bool = True,
    floored: bool = True,
    ci_prob: float = 0.95,
) -> Estimate:
    """The log odds ratio of proportions or percentages, positive for improvement.

    The difference of ln(mean / (1 - mean)) between the phases, less s^2 (2 mean - 1) / (2 n mean^2 (1 - mean)^2) of the
    intervention and plus that of the baseline against the bias of few values.

    Parameters
    ----------
    contrasts, trials, bias_corrected, floored, ci_prob
        As in `lrri`; a mean of 1 is lowered as one of 0 is raised.
    scale : {"proportion", "percentage"}

    Returns
    -------
    Estimate
        NaN where a mean is 0 or 1 and the trials are not known, or a value lies outside the scale.

    Raises
    ------
    StudyError
        When the scale is neither.

    References
    ----------
    Pustejovsky (2015), https://doi.org/10.1037/met0000019.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> one = contrasts([20, 20, 25, 25, 20, 25], [30, 25, 25, 25, 35, 30, 25], improvement="increase")
    >>> round(lor(one, scale="percentage", trials=20).value, 4)
    0.2853
    """
    if scale not in _WHOLE:
        raise StudyError(f"scale: a log odds ratio needs proportions or percentages (got {scale!r})", field="scale")
    counts = contrasts.m, contrasts.n
    known = _resolution(scale, trials, None) * _WHOLE[scale]
    parts = []
    for (mean, variance), count in zip(means_and_variances(contrasts), counts, strict=True):
        share, spread = mean / _WHOLE[scale], variance / _WHOLE[scale] ** 2
        low = np.where(np.isfinite(known) & floored, 1 / (2 * known * count), 0.0)
        parts.append((np.clip(share, low, 1 - low), _raised(spread, known, count, floored), count, share))
    with np.errstate(divide="ignore", invalid="ignore"):
        logits = [np.log(p) - np.log1p(-p) for p, *_ in parts]
        bias = [v * (2 * p - 1) / (2 * k * p**2 * (1 - p) ** 2) for p, v, k, _ in parts]
        se = np.sqrt(sum(v / (k * p**2 * (1 - p) ** 2) for p, v, k, _ in parts))
        value = logits[1] - logits[0] - (bias[1] - bias[0] if bias_corrected else 0.0)
    outside = _outside(contrasts, 0.0, _WHOLE[scale])
    value = np.where(outside, np.nan, value)
    at_end = np.logical_or.reduce([(s <= 0) | (s >= 1) for *_, s in parts])
    words = (
        _("a value lies outside 0 to {most}, so it is no {scale}").format(
            most=localized(f"{_WHOLE[scale]:g}"), scale=_(scale)
        ),
        _("a phase mean is 0 or the whole, which has no log odds; record the trials behind the values"),
        _("a phase mean of 0 or the whole was moved by half of what one event in all its sessions comes to"),
    )
    return _told(contrasts, contrasts.sign * value, se, outside, at_end, np.isfinite(known) & floored, words, ci_prob)


def _lrr(
    contrasts: Contrasts,
    upward: Literal["increase", "decrease"],
    *,
    scale: str,
    trials: Shares,
    minutes: Shares,
    bias_corrected: bool,
    floored: bool,
    ci_prob: float,
) -> Estimate:
    if scale not in RATIO_SCALES:
        raise StudyError(
            f"scale: a response ratio needs an outcome with a true zero: {', '.join(RATIO_SCALES)} (got {scale!r})",
            field="scale",
        )
    known = _resolution(scale, trials, minutes)
    turned = scale in _WHOLE and contrasts.improvement != upward
    parts = []
    for (mean, variance), count in zip(means_and_variances(contrasts), (contrasts.m, contrasts.n), strict=True):
        level = _WHOLE[scale] - mean if turned else mean
        least = np.where(np.isfinite(known) & floored, 1 / (2 * known * count), 0.0)
        parts.append((np.maximum(level, least), _raised(variance, known, count, floored), count, level))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = [np.log(np.where(y > 0, y, np.nan)) for y, *_ in parts]
        bias = [v / (2 * k * y**2) for y, v, k, _ in parts]
        se = np.sqrt(sum(v / (k * y**2) for y, v, k, _ in parts))
        value = logs[1] - logs[0] + (bias[1] - bias[0] if bias_corrected else 0.0)
    if scale not in _WHOLE and contrasts.improvement != upward:
        value = -value
    outside = _outside(contrasts, 0.0, _WHOLE.get(scale, math.inf))
    end = _("the whole") if turned else "0"
    logs_of = (
        _("a phase mean is the whole, whose rest has no logarithm")
        if turned
        else _("a phase mean is 0, whose size has no logarithm")
    )
    wanted = {
        "rate": _("; record the minutes of observation behind the values"),
        "proportion": _("; record the trials behind the values"),
        "percentage": _("; record the trials behind the values"),
    }.get(scale, "")
    words = (
        _("a value lies outside 0 to {most}; look at it again").format(most=localized(f"{_WHOLE[scale]:g}"))
        if scale in _WHOLE
        else _(_NEGATIVE),
        logs_of + wanted,
        _("a phase mean of {end} was moved by half of what one event in all its sessions comes to").format(end=end),
    )
    at_end = np.logical_or.reduce([level <= 0 for *_, level in parts])
    return _told(contrasts, value, se, outside, at_end, np.isfinite(known) & floored, words, ci_prob)


def _resolution(scale: str, trials: Shares, minutes: Shares) -> np.ndarray:
    """Pustejovsky's constant D, the events that one unit of the scale stands for; infinite where it is not known."""
    told: Shares = {"count": 1.0, "rate": minutes, "proportion": trials, "percentage": trials}.get(scale)
    known = np.asarray(math.inf if told is None else told, dtype=float)
    known = np.where(np.isnan(known), math.inf, known)
    return known / 100 if scale == "percentage" else known


def _raised(variance: np.ndarray, known: np.ndarray, count: np.ndarray, floored: bool) -> np.ndarray:
    least = np.where(np.isfinite(known) & floored, 1 / (known**2 * count.astype(float) ** 3), 0.0)
    return np.maximum(variance, least)


def _outside(contrasts: Contrasts, low: float, high: float) -> np.ndarray:
    every = np.concatenate([contrasts.baseline, contrasts.intervention], axis=1)
    return ((every < low) | (every > high)).any(axis=1)


def _told(
    contrasts: Contrasts,
    value: np.ndarray,
    se: np.ndarray,
    outside: np.ndarray,
    at_end: np.ndarray,
    moved: np.ndarray,
    words: tuple[str, str, str],
    ci_prob: float,
) -> Estimate:
    """The estimate, with the reason where there is none."""
    value = np.where(at_end & ~moved, np.nan, value)
    se = np.where(np.isnan(value) | (se == 0), np.nan, se)
    reach = quantile_of(ci_prob) * se
    alone = (contrasts.m < 2) | (contrasts.n < 2)
    note = np.select(
        [at_end & ~moved, outside, ~np.isfinite(se) & alone, ~np.isfinite(se), at_end],
        [
            words[1],
            words[0],
            _("no standard error: a phase holds one value"),
            _("no standard error: both phases are constant"),
            words[2],
        ],
        "",
    )
    return contrasts.estimate(value, se=se, lower=value - reach, upper=value + reach, note=note)
