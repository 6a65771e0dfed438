"""Standardised mean differences with few degrees of freedom: correction, standard error, and intervals."""

from __future__ import annotations

import math

import numpy as np

from scd.study import StudyError

__all__ = [
    "FEWEST_DF",
    "check_coverage",
    "correction",
    "noncentral_interval",
    "standard_error",
    "symmetric_interval",
]

FEWEST_DF = 2.001
"""With two degrees of freedom or fewer the variance of a t variable is infinite; it is computed with this many."""

# The chi distribution is cut into so many pieces, each integrated by Gauss and Legendre with so many points.
_PIECES, _POINTS = 200, 12
# What lies further out of it has less weight than rounding.
_TAIL = 1e-17


def correction(df: float) -> float:
    """What an effect size with an estimated denominator is multiplied by to be unbiased: 1 - 3 / (4 df - 1).

    Parameters
    ----------
    df : float
        Degrees of freedom of the denominator's variance, above 1.

    Raises
    ------
    StudyError
        With one degree of freedom or fewer, for which the formula gives 0 or turns the sign.

    References
    ----------
    Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related estimators. Journal of
    Educational Statistics, 6, 107-128. https://doi.org/10.3102/10769986006002107

    Examples
    --------
    >>> round(correction(10), 6)
    0.923077
    """
    if not df > 1 + 1e-9:
        raise StudyError(
            f"between-case effect size: the variance between cases has only {df:.2f} degrees of freedom, too few to "
            "standardise by; record more sessions, that cases share, or more cases",
            field="cases",
        )
    return 1 - 3 / (4 * df - 1)


def standard_error(g: float, *, kappa: float, df: float, truncated: bool) -> float:
    """The standard error of a corrected effect size.

    The variance is J^2 (kappa^2 df / (df - 2) + g^2 (df / (df - 2) - 1 / J^2)), with the correction J.

    Parameters
    ----------
    g : float
        Corrected effect size.
    kappa : float
        Standard error of the numerator, in units of the denominator.
    df : float
        Degrees of freedom of the denominator's variance; with fewer than 2.001 the variance is that of 2.001.
    truncated : bool
        Whether the innermost J is that of the truncated degrees of freedom too (as with REML), which matters below
        2.001 only.

    References
    ----------
    Hedges, L. V., Pustejovsky, J. E., & Shadish, W. R. (2012). A standardized mean difference effect size for single
    case designs. Research Synthesis Methods, 3, 224-239. https://doi.org/10.1002/jrsm.1052 (formula 30)

    Examples
    --------
    >>> round(standard_error(1.388385, kappa=0.1024972, df=13.100415, truncated=False), 6)
    0.317019
    """
    held = max(df, FEWEST_DF)
    inflated = held / (held - 2)
    inner = correction(held if truncated else df)
    variance = correction(df) ** 2 * (kappa**2 * inflated + g**2 * (inflated - 1 / inner**2))
    return math.sqrt(max(variance, 0.0))


def symmetric_interval(g: float, *, se: float, df: float, ci_prob: float = 0.95) -> tuple[float, float]:
    """The interval g ± t SE, with the quantile of the t distribution with `df` degrees of freedom.

    Parameters
    ----------
    g, se : float
        Corrected effect size and its standard error.
    df : float
    ci_prob : float
        Coverage, between 0 and 1.

    Raises
    ------
    StudyError
        When the coverage does not lie between 0 and 1.

    Examples
    --------
    >>> low, high = symmetric_interval(1.404887, se=0.286325, df=18.552406)
    >>> round(low, 4), round(high, 4)
    (0.8046, 2.0052)
    """
    from scipy import stats  # type: ignore[import-untyped]

    check_coverage(ci_prob)
    half = float(stats.t.ppf((1 + ci_prob) / 2, df)) * se
    return g - half, g + half


def noncentral_interval(delta: float, *, kappa: float, df: float, ci_prob: float = 0.95) -> tuple[float, float]:
    """The interval that follows from delta / kappa having a noncentral t distribution; it is not symmetric.

    Parameters
    ----------
    delta : float
        Uncorrected effect size.
    kappa : float
        Standard error of the numerator, in units of the denominator.
    df : float
        Degrees of freedom of the denominator's variance.
    ci_prob : float
        Coverage, between 0 and 1.

    Raises
    ------
    StudyError
        When the coverage does not lie between 0 and 1.

    References
    ----------
    Pustejovsky, J. E., Hedges, L. V., & Shadish, W. R. (2014). Design-comparable effect sizes in multiple baseline
    designs. Journal of Educational and Behavioral Statistics, 39, 368-393. https://doi.org/10.3102/1076998614547577

    Examples
    --------
    >>> low, high = noncentral_interval(1.464917, kappa=0.1430354, df=18.552406)
    >>> round(low, 4), round(high, 4)
    (0.9144, 2.0047)
    """
    check_coverage(ci_prob)
    tail = (1 - ci_prob) / 2
    low, high = (_noncentrality(delta / kappa, df, p) for p in (1 - tail, tail))
    return kappa * low, kappa * high


def check_coverage(ci_prob: float) -> None:
    """Refuse a coverage that is no probability.

    Raises
    ------
    StudyError
        When it does not lie between 0 and 1.

    Examples
    --------
    >>> check_coverage(95)
    Traceback (most recent call last):
    scd.study.errors.StudyError: ci_prob: must lie between 0 and 1 (got 95)
    """
    if not 0 < ci_prob < 1:
        raise StudyError(f"ci_prob: must lie between 0 and 1 (got {ci_prob:g})", field="ci_prob")


def _noncentrality(t: float, df: float, p: float) -> float:
    """The noncentrality with which a t variable stays below `t` with probability `p`.

    A t variable stays below `t` when a normal one stays below `t` times an independent root of chi² / df: one integral,
    which stays exact where the series that libraries sum give up.
    """
    from scipy import optimize, special, stats

    least, most = (math.sqrt(float(q) / df) for q in (stats.chi2.ppf(_TAIL, df), stats.chi2.isf(_TAIL, df)))
    edges = np.linspace(least, most, _PIECES + 1)
    nodes, weights = np.polynomial.legendre.leggauss(_POINTS)
    half = np.diff(edges)[:, None] / 2
    root = (edges[:-1, None] + half + half * nodes).ravel()
    density = stats.chi.pdf(root * math.sqrt(df), df) * math.sqrt(df) * (half * weights).ravel()
    density /= density.sum()

    def gap(noncentrality: float) -> float:
        return float(special.ndtr(t * root - noncentrality) @ density) - p

    reach = 1.0 + abs(t)
    while not gap(t - reach) > 0 > gap(t + reach):
        reach *= 2
    return float(optimize.brentq(gap, t - reach, t + reach, xtol=1e-12))
