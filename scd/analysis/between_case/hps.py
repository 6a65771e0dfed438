"""Between-case effect sizes from moments: Hedges, Pustejovsky and Shadish for reversals and multiple baselines."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scd.analysis.between_case.cells import cell_means, cell_numbers, places
from scd.analysis.between_case.occasions import Occasions
from scd.analysis.between_case.small_sample import correction, standard_error
from scd.study import StudyError

__all__ = ["Moments", "hps_multiple_baseline", "hps_reversal"]


@dataclass(frozen=True)
class Moments:
    """A between-case effect size with every quantity on the way to it.

    Attributes
    ----------
    mean_difference : float
        Intervention minus baseline, averaged over cases (and pairs of phases), in the measure's units.
    variance : float
        S²: pooled over sessions of like place and condition, of values between cases.
    values, cells : int
        How many values the variance comes from, in how many cells of like sessions; their difference is its number of
        contrasts.
    delta : float
        Effect size before the correction: `mean_difference` in units of the root of `variance`.
    phi : float
        Autocorrelation of the deviations within a case, one session apart.
    variance_within : float or None
        Of values of one case around its level; None where `rho` was given.
    rho : float
        Share of the variance that lies between cases (intraclass correlation).
    kappa : float
        Standard error of `mean_difference`, in units of the root of `variance` (theta in the papers).
    df : float
        Degrees of freedom of the variance.
    g : float
        Effect size, corrected for few degrees of freedom.
    se : float
        Its standard error.
    shared_sessions : tuple of int
        For reversals: how many sessions of each phase all cases have, in the order A1, B1, A2, B2; else empty.
    """

    mean_difference: float
    variance: float
    values: int
    cells: int
    delta: float
    phi: float
    variance_within: float | None
    rho: float
    kappa: float
    df: float
    g: float
    se: float
    shared_sessions: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class _Layout:
    """What differs between the designs.

    `levels` numbers the cells that share one level of a case; `alike` those whose values are comparable between cases,
    -1 where none are; `clock` is the time between values of one level.
    """

    levels: np.ndarray
    alike: np.ndarray
    contrast: np.ndarray
    clock: np.ndarray


def hps_multiple_baseline(data: Occasions, *, phi: float | None = None, rho: float | None = None) -> Moments:
    """The effect size of a multiple baseline.

    The numerator is the mean over cases of the mean under intervention minus the mean in baseline; the denominator is
    the root of the variance between cases in the same session under the same condition.

    Parameters
    ----------
    data : Occasions
    phi, rho : float, optional
        Autocorrelation and intraclass correlation, where they are known; else they are estimated.

    Returns
    -------
    Moments

    Raises
    ------
    StudyError
        When no two cases share a session under the same condition, or those that do never differ.

    References
    ----------
    Hedges, L. V., Pustejovsky, J. E., & Shadish, W. R. (2013). A standardized mean difference effect size for multiple
    baseline designs across individuals. Research Synthesis Methods, 4, 324-341. https://doi.org/10.1002/jrsm.1086

    Examples
    --------
    >>> import pandas as pd
    >>> from scd.analysis.between_case.occasions import occasions_of_table
    >>> rows = [("P", 3, (4, 6, 9, 8, 9)), ("Q", 4, (2, 5, 3, 7, 6)), ("R", 5, (5, 3, 4, 5, 8))]
    >>> table = pd.DataFrame(
    ...     [(c, n, "A1" if n < b else "B1", v) for c, b, values in rows for n, v in enumerate(values, 1)],
    ...     columns=["case", "session", "phase", "value"],
    ... )
    >>> found = hps_multiple_baseline(occasions_of_table(table))
    >>> round(found.mean_difference, 6), round(found.variance, 6), found.values - found.cells
    (3.527778, 1.875, 8)
    """
    levels = cell_numbers(data.case, data.intervention)
    contrast = _contrast(levels, data.case, data.intervention)
    layout = _Layout(levels, cell_numbers(data.session, data.intervention), contrast, data.session)
    if phi is None:  # residuals of one case follow each other also from baseline into intervention
        phi = _autocorrelation(data, levels, data.case)
    return _moments(data, layout, phi=phi, rho=rho)


def hps_reversal(data: Occasions, *, phi: float | None = None, rho: float | None = None) -> Moments:
    """The effect size of a reversal design, (AB)^k.

    The numerator is the mean over cases and pairs of phases of the intervention's mean minus the baseline's; the
    denominator is the root of the variance between cases at the same place of the same phase, over the places that
    every case has.

    Parameters
    ----------
    data : Occasions
    phi, rho : float, optional
        Autocorrelation and intraclass correlation, where they are known; else they are estimated.

    Returns
    -------
    Moments

    Raises
    ------
    StudyError
        When no place of a phase has values of all cases, or those never differ.

    References
    ----------
    Hedges, L. V., Pustejovsky, J. E., & Shadish, W. R. (2012). A standardized mean difference effect size for single
    case designs. Research Synthesis Methods, 3, 224-239. https://doi.org/10.1002/jrsm.1052

    Examples
    --------
    >>> import pandas as pd
    >>> from scd.analysis.between_case.occasions import occasions_of_table
    >>> values = {"P": (7, 9, 2, 3, 8, 7, 1, 4), "Q": (6, 6, 3, 1, 9, 6, 2, 2), "R": (9, 8, 5, 4, 9, 8, 4, 2)}
    >>> phases = ("A1", "A1", "B1", "B1", "A2", "A2", "B2", "B2")
    >>> table = pd.DataFrame(
    ...     [(c, n, p, v) for c, held in values.items() for n, (p, v) in enumerate(zip(phases, held), 1)],
    ...     columns=["case", "session", "phase", "value"],
    ... )
    >>> found = hps_reversal(occasions_of_table(table))
    >>> round(found.mean_difference, 6), round(found.variance, 6), found.shared_sessions
    (-4.916667, 1.791667, (2, 2, 2, 2))
    """
    levels = cell_numbers(data.case, data.pair, data.intervention)
    place = places(levels)
    alike = cell_numbers(data.pair, data.intervention, place)
    shared = np.bincount(alike)[alike] == len(data.cases)
    if not shared.any():
        raise StudyError(
            "reversal design: no phase has a value of every case, so values can't be compared between cases; "
            "leave out the case whose phases are missing",
            field="cases",
        )
    contrast = _contrast(levels, cell_numbers(data.case, data.pair), data.intervention)
    compared = np.full(len(alike), -1)
    compared[shared] = np.unique(alike[shared], return_inverse=True)[1]
    layout = _Layout(levels, compared, contrast, place)
    if phi is None:
        phi = _autocorrelation(data, levels, levels)
    counts = tuple(
        int((shared & (data.pair == p) & (data.intervention == d)).sum()) // len(data.cases)
        for p in np.unique(data.pair)
        for d in (0, 1)
    )
    return _moments(data, layout, phi=phi, rho=rho, shared_sessions=counts)


def _moments(
    data: Occasions, layout: _Layout, *, phi: float, rho: float | None, shared_sessions: tuple[int, ...] = ()
) -> Moments:
    _check_given(rho)
    used = layout.alike >= 0
    values, cells = int(used.sum()), int(layout.alike.max()) + 1
    contrasts = values - cells
    if contrasts == 0:
        raise StudyError(
            "between-case effect size: no two cases have a value in the same session under the same condition, so the "
            "variance between cases can't be estimated from moments; use method 'reml'",
            field="sessions",
        )
    deviation = data.value[used] - cell_means(layout.alike[used], data.value[used])
    variance = float((deviation**2).sum() / contrasts)
    if variance <= 1e-20 * float((data.value**2).max()):
        raise StudyError(
            "between-case effect size: cases never differ in the same session under the same condition; without "
            "variance between them nothing can be standardised",
            field="values",
        )
    mean_difference = float(layout.contrast @ data.value)
    within = None
    if rho is None:
        within = _variance_within(data, layout, phi)
        rho = max(0.0, 1 - within / variance)
    kappa, df = _precision(data, layout, phi=phi, rho=rho)
    delta = mean_difference / math.sqrt(variance)
    g = correction(df) * delta
    return Moments(
        mean_difference=mean_difference,
        variance=variance,
        values=values,
        cells=cells,
        delta=delta,
        phi=float(phi),
        variance_within=within,
        rho=float(rho),
        kappa=kappa,
        df=df,
        g=g,
        se=standard_error(g, kappa=kappa, df=df, truncated=False),
        shared_sessions=shared_sessions,
    )


def _check_given(rho: float | None) -> None:
    if rho is not None and not 0 <= rho < 1:
        raise StudyError(f"rho: must be 0 or more and below 1 (got {rho:g})", field="rho")


def _precision(data: Occasions, layout: _Layout, *, phi: float, rho: float) -> tuple[float, float]:
    """The standard error of the numerator, and the degrees of freedom of the variance: (n - K)² / tr(A V A V).

    V, the correlations in units of the whole variance, links values of one case only, and A takes the means of the
    cells out; so that the trace is a sum over cases, and none of their matrices is larger than a case.
    """
    counts = np.bincount(layout.alike[layout.alike >= 0])
    spread, trace, across = 0.0, 0.0, np.zeros((len(counts), len(counts)))
    for i in range(len(data.cases)):
        mine = data.case == i
        correlation = rho + (1 - rho) * _powers(phi, data.session[mine])
        weights, cell = layout.contrast[mine], layout.alike[mine]
        spread += float(weights @ correlation @ weights)
        cell, correlation = cell[cell >= 0], correlation[np.ix_(cell >= 0, cell >= 0)]
        squares = correlation**2
        trace += float(squares.sum() - 2 * (squares.sum(axis=1) / counts[cell]).sum())
        across[np.ix_(cell, cell)] += correlation  # a case has one value in a cell at most
    trace += float((across**2 / np.outer(counts, counts)).sum())
    return math.sqrt(max(spread, 0.0)), (int(counts.sum()) - len(counts)) ** 2 / trace


def _variance_within(data: Occasions, layout: _Layout, phi: float) -> float:
    """The variance within cases: squares around the levels, over what autocorrelation leaves of their number."""
    residual = data.value - cell_means(layout.levels, data.value)
    taken = 0.0
    for level in range(int(layout.levels.max()) + 1):
        clock = layout.clock[layout.levels == level]
        taken += float(_powers(phi, clock).sum()) / len(clock)
    left = len(data.value) - taken
    if left <= 1e-9 * len(data.value):
        raise StudyError(
            "between-case effect size: the values within phases leave no variance to estimate (autocorrelation "
            f"{phi:.2f}); use method 'reml'",
            field="values",
        )
    return float((residual**2).sum()) / left


def _powers(phi: float, clock: np.ndarray) -> np.ndarray:
    """The correlations of values at these times."""
    with np.errstate(over="ignore"):  # an estimate beyond 1 comes with a warning
        return np.power(phi, np.abs(clock[:, None] - clock))


def _contrast(levels: np.ndarray, blocks: np.ndarray, intervention: np.ndarray) -> np.ndarray:
    """Weights that make the mean difference of all values, over the blocks that have both conditions."""
    size = np.bincount(levels)[levels]
    treated = np.bincount(blocks, weights=intervention)
    complete = (treated > 0) & (treated < np.bincount(blocks))
    if not complete.any():
        raise StudyError(
            "reversal design: no baseline is followed by an intervention, so there is no pair of phases to compare",
            field="phases",
        )
    return np.where(intervention == 1, 1.0, -1.0) / size * complete[blocks] / complete.sum()


def _autocorrelation(data: Occasions, levels: np.ndarray, runs: np.ndarray) -> float:
    """The lag-one autocorrelation around the levels, within runs, made up for what estimating the levels takes away."""
    sizes = np.bincount(levels)
    free = int((sizes - 1).sum())
    if free == 0:
        raise StudyError(
            "between-case effect size: every phase has a single value, so the autocorrelation can't be estimated; "
            "record two sessions or more of each phase",
            field="values",
        )
    residual = data.value - cell_means(levels, data.value)
    squares = float((residual**2).sum())
    lagged = float(((runs[1:] == runs[:-1]) * residual[1:] * residual[:-1]).sum())
    return (lagged / squares if squares > 0 else 0.0) + float((1 - 1 / sizes).sum()) / free
