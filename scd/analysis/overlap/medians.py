"""The log ratio of the phase medians, for skewed outcomes with a true zero."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from scd.analysis.overlap.contrasts import Contrasts, Estimate, median, quantile_of
from scd.language import gettext as _

__all__ = ["lrm"]


def lrm(contrasts: Contrasts, *, delta_method: bool = False, ci_prob: float = 0.95) -> Estimate:
    """The log ratio of the phase medians, positive for improvement.

    Its standard error comes from two order statistics of each phase, l = max(1, n / 2 - sqrt(n)) from the bottom and
    from the top: the distance of their logarithms over twice the normal quantile that belongs to l.

    Parameters
    ----------
    contrasts : Contrasts
        Of an outcome with a true zero.
    delta_method : bool
        Take the distance of the values over the median, not of their logarithms.
    ci_prob : float

    Returns
    -------
    Estimate
        NaN where a median is 0; the standard error is NaN where a phase holds one value or its lower order statistic
        is 0.

    References
    ----------
    Bonett & Price (2020), https://doi.org/10.3102/1076998620934125.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> one = contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase")
    >>> round(lrm(one).value, 6), round(lrm(one).se, 6)
    (0.218689, 0.076415)
    """
    logs, variances = [], []
    degenerate, negative = np.zeros((2, len(contrasts.m)), dtype=bool)
    for values, count in ((contrasts.baseline, contrasts.m), (contrasts.intervention, contrasts.n)):
        ordered = np.sort(values, axis=1)
        middle = median(ordered, count)
        rank = np.array([max(round(k / 2 - math.sqrt(k)), 1) for k in count.tolist()])
        below = [sum(math.comb(k, i) for i in range(r)) / 2.0**k for k, r in zip(count.tolist(), rank, strict=True)]
        quantile = np.array([NormalDist().inv_cdf(1 - p) for p in below])
        low, high = (np.take_along_axis(ordered, i[:, None], axis=1)[:, 0] for i in (rank - 1, count - rank))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs.append(np.log(np.where(middle > 0, middle, np.nan)))
            span = (high - low) / middle if delta_method else np.log(high) - np.log(np.where(low >= 0, low, np.nan))
            variances.append((span / (2 * quantile)) ** 2)
        degenerate |= low == high
        negative |= (values < 0).any(axis=1)
    value = contrasts.sign * (logs[1] - logs[0])
    se = np.sqrt(variances[0] + variances[1])
    se = np.where(np.isnan(value) | (se == 0), np.nan, se)
    reach = quantile_of(ci_prob) * se
    note = np.select(
        [
            np.isnan(value),
            np.isfinite(se) & negative,
            np.isfinite(se),
            (contrasts.m < 2) | (contrasts.n < 2),
            degenerate,
        ],
        [
            _("a phase median is 0 or less, which has no logarithm"),
            _("a value is below 0, which an outcome with a true zero can't be; look at it again"),
            "",
            _("no standard error: a phase holds one value"),
            _("no standard error: the middle values of the phases are all the same"),
        ],
        _("no standard error: one of the lower values is 0 or less, which has no logarithm"),
    )
    return contrasts.estimate(value, se=se, lower=value - reach, upper=value + reach, note=note)
