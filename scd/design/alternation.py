"""Alternating treatments against the What Works Clearinghouse's rules: repetitions and runs instead of phases."""

from __future__ import annotations

from scd.design.tally import PhaseTally
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import Study

__all__ = ["alternates", "alternation_faults", "repetitions"]

LONGEST_RUN = 2


def alternates(study: Study) -> bool:
    """Whether the study's stored draw says that conditions alternate from session to session.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> alternates(reversal(measures=[mood], phases="AB", sessions=3))
    False
    """
    return study.randomization is not None and study.randomization.scheme in ("alternating", "blocks")


def repetitions(row: list[PhaseTally]) -> int:
    """How often the alternation was repeated: the points of the condition that has fewer; 0 after a run too long.

    More than 2 points in a row under one condition are a phase, and the design no alternation.

    Parameters
    ----------
    row : list of PhaseTally
        One case; a run of sessions under one condition is a phase.

    Returns
    -------
    int

    Examples
    --------
    >>> repetitions([])
    0
    """
    if any(p.points > LONGEST_RUN for p in row):
        return 0
    points = dict.fromkeys("AB", 0)
    for phase in row:
        points[phase.condition] = points.get(phase.condition, 0) + phase.points
    return min(points.values())


def alternation_faults(row: list[PhaseTally], *, full: int, some: int) -> list[str]:
    """What is missing, in words.

    Parameters
    ----------
    row : list of PhaseTally
        One case.
    full, some : int
        The points that each condition needs without and with reservations.

    Returns
    -------
    list of str
        Empty when nothing is.

    Examples
    --------
    >>> alternation_faults([], full=5, some=4)
    []
    """
    faults = [
        _(
            "case {case} has {points} points in a row under condition {condition}; at most {most} make an alternation"
        ).format(case=p.case, points=p.points, condition=p.condition, most=LONGEST_RUN)
        for p in row
        if p.points > LONGEST_RUN
    ]
    for condition in sorted({p.condition for p in row}):
        points = sum(p.points for p in row if p.condition == condition)
        if points < full:
            faults.append(
                ngettext(
                    "condition {condition} of case {case} has {n} point; {some} are needed to meet with reservations, "
                    "{full} without",
                    "condition {condition} of case {case} has {n} points; {some} are needed to meet with reservations, "
                    "{full} without",
                    points,
                ).format(condition=condition, case=row[0].case, n=points, some=some, full=full)
            )
    return faults
