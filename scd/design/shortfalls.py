"""What a design or a record still lacks for the What Works Clearinghouse's standards, in words."""

from __future__ import annotations

from itertools import pairwise

from scd.design.alternation import alternates, alternation_faults
from scd.design.tally import PhaseTally, stagger_faults
from scd.study import Measure, Study

__all__ = ["DEMONSTRATIONS", "FULL", "REPETITIONS", "SOME", "shortfalls"]

FULL, SOME = 5, 3
"""Points a phase, without and with reservations."""
DEMONSTRATIONS = 3
"""Demonstrations of the effect at different times."""
REPETITIONS = 5, 4
"""Repetitions of an alternation, without and with reservations."""


def shortfalls(
    study: Study, rows: list[list[PhaseTally]], basis: str, counted: dict[str, Measure | None], grade: str
) -> tuple[str, ...]:
    """What is missing, most important first.

    Parameters
    ----------
    study : Study
        The study.
    rows : list of list of PhaseTally
        The points that are graded, one row a case.
    basis : {"plan", "record"}
        Whether they are planned or recorded.
    counted : dict of str to Measure or None
        The outcome of each case.
    grade : str
        The grade they give.

    Returns
    -------
    tuple of str
        With the highest grade, only what it does not rest on.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", sessions=5, code="K7M2")
    >>> row = [PhaseTally("K7M2", "A1", "A", 5, True, (1, None), (1, None), (5, None))]
    >>> shortfalls(study, [row], "plan", {"K7M2": mood}, "does not meet")
    ('case K7M2 has one phase only, so there is nothing to compare',)
    """
    reasons = [
        f"case {code} has no outcome measure, so nothing can be counted"
        for code, outcome in counted.items()
        if outcome is None
    ]
    if basis == "plan" and study.sessions_planned is None:
        reasons.append("the plan does not say how many sessions there are, so the last phase has no planned end")
    if alternates(study):
        full, some = REPETITIONS
        return tuple(reasons + [told for row in rows for told in alternation_faults(row, full=full, some=some)])
    if study.design == "reversal":
        reasons += [told for row in rows if (told := _too_few_changes(row))]
    else:
        reasons += _too_few_tiers(study, rows) + _without_change(rows) + stagger_faults(rows)
    noun = "planned point" if basis == "plan" else "point"
    short = sorted((p for row in rows for p in row if p.points < FULL), key=lambda p: (not p.begun, p.points >= SOME))
    if grade == "meets without reservations":
        # A phase too many is no fault: say only which ones the grade does not rest on.
        return tuple(reasons + [f"{_has(p, noun)}; the grade does not rest on it" for p in short if p.begun])
    return tuple(reasons + [_too_few_points(p, noun) for p in short])


def _too_few_changes(row: list[PhaseTally]) -> str:
    case = f"case {row[0].case}"
    if len(row) == 1:
        return f"{case} has one phase only, so there is nothing to compare"
    if len(row) == 2:
        return (
            f"{case} has one change from baseline to intervention, which is a single demonstration and "
            "can't show that the intervention caused the change"
        )
    if len(row) == 3:
        return (
            f"{case} has 3 phases, so 2 demonstrations of the effect; the 3 that are needed take 4 phases, as in ABAB"
        )
    return ""


def _too_few_tiers(study: Study, rows: list[list[PhaseTally]]) -> list[str]:
    if len(rows) >= DEMONSTRATIONS:
        return []
    tiers = f"{len(rows)} tier{'' if len(rows) == 1 else 's'} ({study.across})"
    return [
        f"the design has {tiers}; at least {DEMONSTRATIONS}, each with its own start of the intervention, are needed "
        "to show that it caused the change"
    ]


def _without_change(rows: list[list[PhaseTally]]) -> list[str]:
    return [
        f"case {row[0].case} has no change from baseline to intervention"
        for row in rows
        if ("A", "B") not in pairwise(p.condition for p in row)
    ]


def _has(phase: PhaseTally, noun: str) -> str:
    plural = "" if phase.points == 1 else "s"
    return f"phase {phase.label} of case {phase.case} has {phase.points} {noun}{plural}"


def _too_few_points(phase: PhaseTally, noun: str) -> str:
    if not phase.begun:
        return f"phase {phase.label} of case {phase.case} has not begun"
    if phase.points >= SOME:
        return f"{_has(phase, noun)}; {FULL} are needed to meet without reservations"
    return f"{_has(phase, noun)}; {SOME} are needed to meet with reservations, {FULL} without"
