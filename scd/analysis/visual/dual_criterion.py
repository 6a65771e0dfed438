"""The dual and the conservative dual criterion: how many intervention values lie beyond the baseline's two lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import Literal, get_args

import numpy as np

from scd.analysis.overlap.contrasts import contrasts, tied
from scd.analysis.visual.trend_lines import TrendName, trend_line
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import StudyError
from scd.study.measure import Improvement

__all__ = [
    "CriterionRule",
    "DualCriterion",
    "binomial_p",
    "dual_criterion",
    "needed_beyond",
]

CriterionRule = Literal["binomial", "fisher2003"]

_ALPHA = 0.05
_SHIFT = 0.25  # of the baseline's standard deviation, in the conservative form
# Fisher, Kelley and Lomas (2003), table for 3 to 23 intervention values; laxer than the binomial from 6 values on.
_FISHER = dict(enumerate((3, 4, 5, 6, 6, 7, 8, 8, 9, 9, 10, 11, 12, 12, 12, 13, 13, 13, 14, 14, 15), start=3))


@dataclass(frozen=True)
class DualCriterion:
    """The criterion for one contrast.

    Parameters
    ----------
    case, contrast : str
        What was compared; empty where values were given without a study.
    met : bool or None
        Whether enough values lie beyond both lines; None where the baseline has no line.
    beyond, values : int
        Intervention values better than both lines, and all intervention values.
    needed : int or None
        The fewest that are enough by the rule; None where no number of so few (or, by the table, so many) values is.
    p : float
        Probability of so many or more if each value lay beyond both lines with probability 1/2.
    level, slope, intercept : float
        The mean line, and the trend line by session number (its height at session 0), both shifted as `shift` says.
    shift : float
        How far both lines were moved in the direction of improvement, in the measure's units; 0 in the plain form.
    rule : {"binomial", "fisher2003"}
        Where `needed` comes from.
    trend : str
        How the trend line was found.
    conservative : bool
        Whether the lines were shifted.
    note : str
        What to be careful about; empty when there is nothing to say.
    """

    case: str
    contrast: str
    met: bool | None
    beyond: int
    values: int
    needed: int | None
    p: float
    level: float
    slope: float
    intercept: float
    shift: float
    rule: CriterionRule
    trend: TrendName
    conservative: bool
    note: str = ""


def binomial_p(beyond: int, *, values: int) -> float:
    """The probability of at least so many heads in so many throws of a fair coin, exactly.

    Parameters
    ----------
    beyond : int
        At least so many, from 0.
    values : int
        Of so many.

    Returns
    -------
    float

    Examples
    --------
    >>> binomial_p(5, values=5), binomial_p(4, values=4)
    (0.03125, 0.0625)
    """
    return sum(comb(values, k) for k in range(max(0, beyond), values + 1)) / 2**values


def needed_beyond(values: int, *, rule: CriterionRule = "binomial") -> int | None:
    """The fewest intervention values beyond both lines that are enough.

    Parameters
    ----------
    values : int
        Number of intervention values.
    rule : {"binomial", "fisher2003"}
        ``binomial``: the smallest number whose `binomial_p` is below .05. ``fisher2003``: the table printed by Fisher,
        Kelley and Lomas for 3 to 23 values, which asks for less.

    Returns
    -------
    int or None
        None where there is none: fewer than 5 values, or outside the table.

    Raises
    ------
    StudyError
        When the rule is unknown.

    References
    ----------
    Fisher, Kelley and Lomas (2003), doi:10.1901/jaba.2003.36-387.

    Examples
    --------
    >>> [needed_beyond(n) for n in (4, 5, 8, 30)], [needed_beyond(n, rule="fisher2003") for n in (4, 5, 8, 30)]
    ([None, 5, 7, 20], [4, 5, 7, None])
    """
    if rule not in get_args(CriterionRule):
        raise StudyError(f"rule: must be one of {', '.join(get_args(CriterionRule))} (got {rule!r})", field="rule")
    if rule == "fisher2003":
        return _FISHER.get(values)
    return next((k for k in range(values + 1) if binomial_p(k, values=values) < _ALPHA), None)


def dual_criterion(
    baseline: Sequence[float],
    intervention: Sequence[float],
    *,
    improvement: Improvement,
    sessions: tuple[Sequence[float], Sequence[float]] | None = None,
    conservative: bool = True,
    rule: CriterionRule = "binomial",
    trend: TrendName = "least squares",
    ddof: Literal[0, 1] = 1,
) -> DualCriterion:
    """Count the intervention values better than the baseline's mean line and its trend line drawn on.

    The conservative form first moves both lines by a quarter of the baseline's standard deviation in the direction of
    improvement. A value on a line is not beyond it.

    Parameters
    ----------
    baseline, intervention : sequence of float
        Values in order of time; NaN is a missed one.
    improvement : {"increase", "decrease"}
        The direction that is better.
    sessions : tuple of two sequences, optional
        Session numbers of both; by default the values are counted on from 1.
    conservative : bool
        Whether the lines are moved.
    rule : {"binomial", "fisher2003"}
        See `needed_beyond`.
    trend : {"least squares", "Theil-Sen", "split-middle", "tri-split"}
        See `scd.analysis.visual.trend_lines.trend_line`.
    ddof : {0, 1}
        1 divides the baseline's sum of squares by n - 1, as R's scan does; 0 by n, as in Lanovaz's published code. With
        0 the lines move a little less.

    Returns
    -------
    DualCriterion

    Raises
    ------
    StudyError
        When a phase holds no value, or direction, rule or trend are unknown.

    References
    ----------
    Fisher, Kelley and Lomas (2003), doi:10.1901/jaba.2003.36-387.

    Examples
    --------
    >>> found = dual_criterion([54, 53, 56, 58, 52], [61, 62, 71, 66, 64, 78, 70], improvement="increase")
    >>> found.met, found.beyond, found.needed, found.p
    (True, 7, 7, 0.0078125)
    """
    both = contrasts(list(baseline), list(intervention), improvement=improvement, sessions=sessions)
    needed_beyond(0, rule=rule)
    a, b = both.baseline[0], both.intervention[0]
    early, late = both.times("sessions")
    y, t = a[: both.m[0]], early[0][: both.m[0]]
    least = 3 if trend == "tri-split" else 2
    if len(y) < least:
        why = ngettext(
            "a baseline of {n} value has no {trend} line", "a baseline of {n} values has no {trend} line", len(y)
        ).format(n=len(y), trend=_(trend))
        nan = float("nan")
        return DualCriterion(
            "", "", None, 0, len(b), None, nan, nan, nan, nan, nan, rule, trend, conservative, note=why
        )
    line = trend_line(y, sessions=t, name=trend)
    shift = both.sign * _SHIFT * float(y.std(ddof=ddof)) if conservative else 0.0
    level, ahead = float(y.mean()) + shift, line.heights(late[0]) + shift
    size = np.abs(y).max() + np.abs(b) + np.abs(ahead)
    clear = [
        (both.sign * (b - height) > 0) & ~tied(b, np.broadcast_to(height, b.shape), size) for height in (level, ahead)
    ]
    beyond, needed = int((clear[0] & clear[1]).sum()), needed_beyond(len(b), rule=rule)
    return DualCriterion(
        case="",
        contrast="",
        met=needed is not None and beyond >= needed,
        beyond=beyond,
        values=len(b),
        needed=needed,
        p=binomial_p(beyond, values=len(b)),
        level=level,
        slope=line.slope,
        intercept=line.intercept + shift,
        shift=shift,
        rule=rule,
        trend=trend,
        conservative=conservative,
        note=_note(len(y), len(b), needed, rule, flat=conservative and shift == 0),
    )


def _note(m: int, n: int, needed: int | None, rule: CriterionRule, *, flat: bool) -> str:
    notes = []
    if needed is None and rule == "binomial":
        notes.append(
            ngettext(
                "{n} value can't reach it, at least 5 are needed", "{n} values can't reach it, at least 5 are needed", n
            ).format(n=n)
        )
    elif needed is None:
        notes.append(_("the table of Fisher and others (2003) reaches from 3 to 23 values (got {n})").format(n=n))
    if m < 3:
        notes.append(_("the trend line rests on 2 baseline values"))
    if flat:
        notes.append(_("the baseline does not vary, so the lines were not moved"))
    return "; ".join(notes)
