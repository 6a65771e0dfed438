"""The reliable change index: whether a change is more than the instrument's own error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from scd.analysis.overlap.contrasts import Contrasts, quantile_of
from scd.analysis.overlap.mean_differences import means_and_variances
from scd.study import StudyError

__all__ = ["Compared", "ReliableChange", "reliable_change"]

Compared = Literal["scores", "means"]
"""Whether two single scores are compared, or the means of two phases."""


@dataclass(frozen=True)
class ReliableChange:
    """A change in units of the error that a difference of two scores has.

    Parameters
    ----------
    index : float
        The change over `s_diff`, positive for improvement; beyond -+1.96 it is more than measurement error.
    change : float
        Mean under intervention less mean in baseline, in the measure's units and direction.
    sem, s_diff : float
        Standard error of measurement, and of the difference of two scores or means.
    threshold : float
        The smallest change that is reliable, in the measure's units.
    """

    index: float
    change: float
    sem: float
    s_diff: float
    threshold: float

    @property
    def reliable(self) -> bool:
        """Whether the change, for better or worse, is beyond the threshold."""
        return abs(self.change) > self.threshold


def reliable_change(
    contrast: Contrasts, *, reliability: float, sd: float | None = None, of: Compared = "scores", ci_prob: float = 0.95
) -> ReliableChange:
    """Jacobson and Truax's reliable change index of the phase means.

    The difference of the phase means over S_diff. The standard error of measurement SEM is the SD times the square root
    of (1 - reliability); S_diff is SEM times the square root of 2, the error of the difference of two single scores, or
    SEM times the square root of (1 / m + 1 / n), that of two means.

    Parameters
    ----------
    contrast : Contrasts
        Of one series.
    reliability : float
        Of the instrument, 0 to below 1, from its manual; best its stability without treatment.
    sd : float, optional
        Of the instrument in the people it was normed on. By default the SD of the client's own baseline, which is
        mostly smaller and makes changes look more reliable than they are.
    of : {"scores", "means"}
        Whose error S_diff is. Jacobson and Truax compare two scores; that of the phase means is smaller, and takes the
        errors of the sessions as independent of each other.
    ci_prob : float
        Confidence of the threshold.

    Returns
    -------
    ReliableChange

    Raises
    ------
    StudyError
        When the reliability is not below 1 or is negative, `of` is neither, there is more than one series, or no SD.

    References
    ----------
    Jacobson & Truax (1991), https://doi.org/10.1037/0022-006X.59.1.12. Christensen & Mendoza (1986),
    https://doi.org/10.1016/S0005-7894(86)80060-0.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> johanna = contrasts(
    ...     [54, 53, 56, 58, 52], [61, 62, 71, 66, 64, 78, 70, 74, 82, 77, 86, 68, 80, 86, 87], improvement="increase"
    ... )
    >>> found = reliable_change(johanna, reliability=0.8)
    >>> round(found.index, 3), round(found.s_diff, 3), found.reliable
    (12.824, 1.523, True)
    """
    if not 0 <= reliability < 1:
        raise StudyError(f"reliability: must be 0 or more and below 1 (got {reliability:g})", field="reliability")
    if of not in get_args(Compared):
        raise StudyError(f"of: must be one of {', '.join(get_args(Compared))} (got {of!r})", field="of")
    if not contrast.single:
        raise StudyError(f"contrast: must be one series (got {len(contrast.m)})", field="contrast")
    (first, variance), (second, _) = means_and_variances(contrast)
    spread = math.sqrt(variance[0]) if sd is None else sd
    if not (np.isfinite(spread) and spread > 0):
        what = "the baseline's SD is 0 or can't be told" if sd is None else f"sd must be above 0 (got {sd:g})"
        raise StudyError(f"sd: {what}; give the instrument's SD", field="sd")
    sem = spread * math.sqrt(1 - reliability)
    s_diff = sem * math.sqrt(2 if of == "scores" else 1 / contrast.m[0] + 1 / contrast.n[0])
    change = float(second[0] - first[0])
    return ReliableChange(
        index=contrast.sign * change / s_diff,
        change=change,
        sem=sem,
        s_diff=s_diff,
        threshold=quantile_of(ci_prob) * s_diff,
    )
