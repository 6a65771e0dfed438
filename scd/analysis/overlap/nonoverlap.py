"""How far intervention values stand clear of baseline values: NAP, PND, PEM, PET, PAND and IRD."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from scd.analysis.overlap.contrasts import Contrasts, Estimate, median, tied
from scd.analysis.overlap.nap_interval import nap_interval
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import StudyError

__all__ = ["NapError", "ird", "nap", "overlap_of_pairs", "pand", "pem", "pet", "pnd"]

NapError = Literal["unbiased", "hanley", "null"]
"""Which standard error of NAP."""

_NO_SPREAD = N_("no standard error or interval: {name} has no known sampling distribution")
_ONE_VALUE = N_("a phase of one value has no unbiased standard error")
"""Said where a formula divides by the number of values less one."""


def nap(contrasts: Contrasts, *, se: NapError = "unbiased", ci_prob: float = 0.95) -> Estimate:
    """Non-overlap of all pairs: how often an intervention value is better than a baseline value, ties counting half.

    NAP is the mean over all pairs of 1 where the intervention value is better, 1/2 where the two are tied, else 0.

    Parameters
    ----------
    contrasts : Contrasts
        From `scd.analysis.overlap.contrasts.contrasts`.
    se : {"unbiased", "hanley", "null"}
        Sen's exactly unbiased variance; Hanley and McNeil's; or the variance if the phases do not differ. In the first
        two NAP (1 - NAP) keeps 1 / (2 m n) away from 0, so that complete separation does not look certain.
    ci_prob : float
        Probability of the interval, Newcombe's fifth method, the inverted score test. It stays inside 0 to 1 and
        keeps its width at NAP = 1. All of it takes the values as independent of each other.

    Returns
    -------
    Estimate
        0 to 1; 0.5 where the phases do not differ.

    Raises
    ------
    StudyError
        When `se` is none of the three, or `ci_prob` no probability.

    References
    ----------
    Parker & Vannest (2009), https://doi.org/10.1016/j.beth.2008.10.006. Hanley & McNeil (1982),
    https://doi.org/10.1148/radiology.143.1.7063747. Newcombe (2006), https://doi.org/10.1002/sim.2324. Mee (1990),
    https://doi.org/10.1080/01621459.1990.10474942.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> found = nap(contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase"))
    >>> round(found.value, 6), round(found.se, 6), round(found.lower, 6)
    (0.916667, 0.069007, 0.597319)
    """
    if se not in get_args(NapError):
        raise StudyError(f"se: must be one of {', '.join(get_args(NapError))} (got {se!r})", field="se")
    better = _pairs(contrasts)
    return overlap_of_pairs(contrasts, better, se=se, ci_prob=ci_prob)


def overlap_of_pairs(contrasts: Contrasts, better: np.ndarray, *, se: NapError, ci_prob: float) -> Estimate:
    """NAP of scored pairs, with its standard error and interval.

    Parameters
    ----------
    contrasts : Contrasts
    better : ndarray, shape (contrasts, baseline values, intervention values)
        1 where the intervention value is better, 1/2 for a tie, else 0; 0 where there is no pair.
    se, ci_prob
        As in `nap`.

    Returns
    -------
    Estimate
    """
    m, n = contrasts.m.astype(float), contrasts.n.astype(float)
    value = better.sum(axis=(1, 2)) / (m * n)
    lower, upper = nap_interval(value, m=m, n=n, ci_prob=ci_prob)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = _variance(better, value, m, n, se)
    level = (np.where(better > 0, better, 0.5) == 0.5).all(axis=(1, 2)) & (value == 0.5)
    note = np.where(np.isfinite(variance), np.where(level, _("all values are the same"), ""), _(_ONE_VALUE))
    return contrasts.estimate(value, se=np.sqrt(np.maximum(variance, 0)), lower=lower, upper=upper, note=note)


def pnd(contrasts: Contrasts) -> Estimate:
    """Non-overlapping data: the share of intervention values better than every baseline value.

    It hangs on a single baseline value and falls with every baseline session more, so it is shown for comparison with
    older studies and not recommended.

    Returns
    -------
    Estimate
        0 to 1, without standard error.

    References
    ----------
    Scruggs, Mastropieri & Casto (1987), https://doi.org/10.1177/074193258700800206. Allison & Gorman (1993),
    https://doi.org/10.1016/0005-7967(93)90115-B.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> found = pnd(contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase"))
    >>> found.value == 5 / 7
    True
    """
    before, after = contrasts.better
    clear = (after > np.nanmax(before, axis=1, keepdims=True)).sum(axis=1)
    note = _("hangs on a single baseline value") + "; " + _(_NO_SPREAD).format(name="PND")
    return contrasts.estimate(clear / contrasts.n, note=note)


def pem(contrasts: Contrasts) -> Estimate:
    """The share of intervention values better than the baseline median, those at the median counting half.

    Returns
    -------
    Estimate
        0 to 1, without standard error.

    References
    ----------
    Ma (2006), https://doi.org/10.1177/0145445504272974.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> pem(contrasts([3, 3, 4, 5], [4, 5, 6, 7, 7], improvement="increase")).value
    1.0
    """
    before, after = contrasts.better
    middle = median(np.sort(before, axis=1), contrasts.m)[:, None]
    share = ((after > middle) + 0.5 * (after == middle)).sum(axis=1) / contrasts.n
    return contrasts.estimate(share, note=_(_NO_SPREAD).format(name="PEM"))


def pet(contrasts: Contrasts) -> Estimate:
    """The share of intervention values better than the baseline's least-squares line, drawn on over the sessions.

    A value on the line is not better than it. Time is the session number, so that gaps count.

    Returns
    -------
    Estimate
        0 to 1, without standard error; NaN for a baseline of one value, which has no line.

    References
    ----------
    Wolery, Busick, Reichow & Barton (2010), https://doi.org/10.1177/0022466908328009.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> pet(contrasts([1, 2, 3], [4, 6, 7, 7], improvement="increase")).value
    0.5
    """
    before, after = contrasts.better
    early, late = contrasts.times("sessions")
    center = np.nanmean(early, axis=1, keepdims=True)
    level = np.nanmean(before, axis=1, keepdims=True)
    alone = contrasts.m < 2
    spread = np.where(alone, 1.0, np.nansum((early - center) ** 2, axis=1))
    slope = np.nansum((early - center) * (before - level), axis=1) / spread
    line = level + slope[:, None] * (late - center)
    size = np.nanmax(np.abs(before), axis=1, keepdims=True) + np.nanmax(np.abs(line), axis=1, keepdims=True)
    above = ((after > line) & ~tied(after, line, size)).sum(axis=1) / contrasts.n
    note = np.where(alone, _("a baseline of one value has no trend to exceed"), _(_NO_SPREAD).format(name="PET"))
    return contrasts.estimate(np.where(alone, np.nan, above), note=note)


def pand(contrasts: Contrasts) -> Estimate:
    """All non-overlapping data: the share of values left when the fewest are taken out so that the phases separate.

    The largest i + j such that the i lowest baseline values all lie below the j highest intervention values, over the
    number of values; for outcomes that should fall the other way round.

    Returns
    -------
    Estimate
        0.5 to 1 for phases of the same length, without standard error.

    References
    ----------
    Parker, Vannest & Davis (2011), https://doi.org/10.1177/0145445511399147. Pustejovsky (2019),
    https://doi.org/10.1037/met0000179.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> found = pand(contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase"))
    >>> found.value == 11 / 13
    True
    """
    return contrasts.estimate(_pand(contrasts), note=_(_NO_SPREAD).format(name="PAND"))


def ird(contrasts: Contrasts) -> Estimate:
    """The robust improvement rate difference: 1 - (m + n)^2 / (2 m n) (1 - PAND).

    The difference of the improvement rates of the phases when the overlapping values are shared out evenly.

    Returns
    -------
    Estimate
        At most 1, without standard error.

    References
    ----------
    Parker, Vannest & Brown (2009), https://doi.org/10.1177/001440290907500201. Parker, Vannest & Davis (2011),
    https://doi.org/10.1177/0145445511399147.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> found = ird(contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase"))
    >>> round(found.value, 6)
    0.690476
    """
    m, n = contrasts.m, contrasts.n
    value = 1 - (m + n) ** 2 / (2 * m * n) * (1 - _pand(contrasts))
    return contrasts.estimate(value, note=_(_NO_SPREAD).format(name="IRD"))


def _pairs(contrasts: Contrasts) -> np.ndarray:
    """1 where the intervention value of a pair is better, 1/2 for a tie, 0 where it is worse or there is no pair."""
    before, after = (part[:, None, :] if i else part[:, :, None] for i, part in enumerate(contrasts.better))
    return (after > before) + 0.5 * (after == before)


def _variance(better: np.ndarray, value: np.ndarray, m: np.ndarray, n: np.ndarray, se: str) -> np.ndarray:
    if se == "null":
        return (m + n + 1) / (12 * m * n)
    kept = np.clip(value, 1 / (2 * m * n), 1 - 1 / (2 * m * n))
    rows = (better.sum(axis=2) ** 2).sum(axis=1) / (m * n**2) - value**2
    columns = (better.sum(axis=1) ** 2).sum(axis=1) / (m**2 * n) - value**2
    if se == "hanley":
        return (kept * (1 - kept) + (n - 1) * rows + (m - 1) * columns) / (m * n)
    every = (better**2).sum(axis=(1, 2)) / (m * n) - value**2
    return (kept * (1 - kept) + n * rows + m * columns - 2 * every) / ((m - 1) * (n - 1))


def _pand(contrasts: Contrasts) -> np.ndarray:
    before, after = contrasts.better
    kept = np.sort(before, axis=1)
    clear = (after[:, None, :] > kept[:, :, None]).sum(axis=2) + np.arange(1, kept.shape[1] + 1)
    most = np.where(np.isnan(kept), 0, clear).max(axis=1)
    return np.maximum(most, contrasts.n) / (contrasts.m + contrasts.n)
