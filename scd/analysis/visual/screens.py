"""Two screens of the What Works Clearinghouse's standards 5.0: did the baseline come back, was it moving before?"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

import numpy as np

from scd.analysis.overlap.contrasts import contrasts
from scd.analysis.overlap.nonoverlap import nap
from scd.analysis.visual.phase_values import phase_values
from scd.language import gettext as _
from scd.language import localized
from scd.study import Study, StudyError
from scd.study.measure import Improvement

__all__ = ["CUTOFF", "Screen", "trend_nap", "wwc5_screens"]

CUTOFF = 0.85
"""From this NAP on a screen is failed. A setting: check the value against the handbook before you report by it."""

_LAST = 3


@dataclass(frozen=True)
class Screen:
    """One screen of one case.

    Parameters
    ----------
    case : str
    screen : {"reversibility", "baseline trend"}
    part : str
        The two baselines, or the baseline.
    nap : float
        Share of pairs in which the later values are better; NaN where it can't be told.
    cutoff : float
        The setting it was compared with.
    passed : bool or None
        Whether `nap` lies below it; None where it can't be told.
    note : str
        Why not; else empty.
    """

    case: str
    screen: Literal["reversibility", "baseline trend"]
    part: str
    nap: float
    cutoff: float
    passed: bool | None
    note: str = ""

    @property
    def words(self) -> str:
        """The screen in one sentence."""
        where = f"{self.case}, {self.part}"
        if self.passed is None:
            return _("{where}: {screen} can't be told, {note}.").format(
                where=where, screen=_(self.screen), note=self.note
            )
        size = _("NAP {nap}, cut-off {cutoff}").format(
            nap=localized(f"{self.nap:.3f}"), cutoff=localized(f"{self.cutoff:g}")
        )
        if self.screen == "reversibility":
            told = _("the second baseline went back") if self.passed else _("the second baseline stayed better")
        else:
            told = _("no trend towards improvement") if self.passed else _("the baseline was improving already")
        return f"{where}: {told} ({size})."


def trend_nap(values: np.ndarray, *, improvement: Improvement) -> float:
    """NAP of a baseline's last three values against its earlier ones.

    Parameters
    ----------
    values : ndarray of float, shape (values,)
        Four at least, in order of time.
    improvement : {"increase", "decrease"}
        The direction that is better.

    Returns
    -------
    float
        Near 1 where the baseline was improving, near 0 where it was getting worse.

    Raises
    ------
    StudyError
        When there are fewer than four values.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook, version 5.0, appendix on single-case designs.

    Examples
    --------
    >>> round(trend_nap(np.array([15, 10, 14, 17, 13, 12]), improvement="decrease"), 3)
    0.444
    """
    if len(values) <= _LAST:
        raise StudyError(f"baseline trend: needs at least {_LAST + 1} values (got {len(values)})", field="values")
    both = contrasts(list(values[:-_LAST]), list(values[-_LAST:]), improvement=improvement)
    return float(nap(both).value)


def wwc5_screens(
    study: Study, *, measure: str | None = None, case: str | None = None, cutoff: float = CUTOFF
) -> tuple[Screen, ...]:
    """The screens that version 5.0 put in the place of visual analysis, for each case.

    Reversibility: NAP of each later baseline against the one before it; where it is high, the effect did not go away
    when the intervention did. Baseline trend: see `trend_nap`; where it is high, the change had begun before.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the measure; by default each case's own first outcome.
    case : str, optional
        Only this case.
    cutoff : float
        Between 0.5 and 1.

    Returns
    -------
    tuple of Screen
        Empty for a case without a baseline.

    Raises
    ------
    StudyError
        When the study has no such case or measure or no value yet, or `cutoff` makes no sense.

    References
    ----------
    What Works Clearinghouse (2022), Procedures and Standards Handbook, version 5.0, appendix on single-case designs.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> calls = Measure(key="calls", label="Calling out", improvement="decrease", scale="count")
    >>> values = [15, 10, 14, 17, 13, 12, 2, 1, 1, 0, 0, 9, 9, 11, 15, 20, 1, 0, 4, 0, 1]
    >>> rows = [Session(number=n, values=(Value(measure="calls", value=v),)) for n, v in enumerate(values, 1)]
    >>> starts = (("A1", 1), ("B1", 7), ("A2", 12), ("B2", 17))
    >>> case = Case(code="K7M2", phases=tuple(Phase(label=a, planned_start=n) for a, n in starts)).record(*rows)
    >>> study = Study(code="K7M2", design="reversal", measures=(calls,), cases=(case,))
    >>> [(one.screen, one.part, round(one.nap, 3)) for one in wwc5_screens(study)]
    [('reversibility', 'A1, A2', 0.617), ('baseline trend', 'A1', 0.444), ('baseline trend', 'A2', 0.0)]
    """
    if not 0.5 < cutoff <= 1:
        raise StudyError(f"cutoff: must lie above 0.5, and at most at 1 (got {cutoff:g})", field="cutoff")
    found = []
    held = phase_values(study, measure=measure, case=case)
    for code, part in groupby(held, key=lambda one: one.case):
        baselines = [one for one in part if one.condition == "A"]
        for before, after in pairwise(baselines):
            both = contrasts(list(before.values), list(after.values), improvement=before.measure.improvement)
            size = float(nap(both).value)
            found.append(Screen(code, "reversibility", f"{before.phase}, {after.phase}", size, cutoff, size < cutoff))
        for one in baselines:
            if len(one.values) <= _LAST:
                why = _("it needs {needed} values (there are {values})").format(
                    needed=_LAST + 1, values=len(one.values)
                )
                found.append(Screen(code, "baseline trend", one.phase, np.nan, cutoff, None, note=why))
                continue
            size = trend_nap(one.values, improvement=one.measure.improvement)
            found.append(Screen(code, "baseline trend", one.phase, size, cutoff, size < cutoff))
    return tuple(found)
