"""What a design or a record still lacks for the What Works Clearinghouse's standards, in words."""

from __future__ import annotations

from itertools import pairwise

from scd.design.alternation import alternates, alternation_faults
from scd.design.record_words import across_words
from scd.design.tally import PhaseTally, stagger_faults
from scd.language import gettext as _
from scd.language import ngettext
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
        _("case {code} has no outcome measure, so nothing can be counted").format(code=code)
        for code, outcome in counted.items()
        if outcome is None
    ]
    if basis == "plan" and study.sessions_planned is None:
        reasons.append(_("the plan does not say how many sessions there are, so the last phase has no planned end"))
    if alternates(study):
        full, some = REPETITIONS
        return tuple(reasons + [told for row in rows for told in alternation_faults(row, full=full, some=some)])
    if study.design == "reversal":
        reasons += [told for row in rows if (told := _too_few_changes(row))]
    else:
        reasons += _too_few_tiers(study, rows) + _without_change(rows) + stagger_faults(rows)
    planned = basis == "plan"
    short = sorted((p for row in rows for p in row if p.points < FULL), key=lambda p: (not p.begun, p.points >= SOME))
    if grade == "meets without reservations":
        # A phase too many is no fault: say only which ones the grade does not rest on.
        return tuple(
            reasons + [_("{has}; the grade does not rest on it").format(has=_has(p, planned)) for p in short if p.begun]
        )
    return tuple(reasons + [_too_few_points(p, planned) for p in short])


def _too_few_changes(row: list[PhaseTally]) -> str:
    told = {
        1: _("case {case} has one phase only, so there is nothing to compare"),
        2: _(
            "case {case} has one change from baseline to intervention, which is a single demonstration and can't show "
            "that the intervention caused the change"
        ),
        3: _(
            "case {case} has 3 phases, so 2 demonstrations of the effect; the 3 that are needed take 4 phases, as in "
            "ABAB"
        ),
    }.get(len(row), "")
    return told.format(case=row[0].case)


def _too_few_tiers(study: Study, rows: list[list[PhaseTally]]) -> list[str]:
    if len(rows) >= DEMONSTRATIONS:
        return []
    return [
        ngettext(
            "the design has {n} tier ({across}); at least {least}, each with its own start of the intervention, are "
            "needed to show that it caused the change",
            "the design has {n} tiers ({across}); at least {least}, each with its own start of the intervention, are "
            "needed to show that it caused the change",
            len(rows),
        ).format(n=len(rows), across=across_words(study), least=DEMONSTRATIONS)
    ]


def _without_change(rows: list[list[PhaseTally]]) -> list[str]:
    return [
        _("case {case} has no change from baseline to intervention").format(case=row[0].case)
        for row in rows
        if ("A", "B") not in pairwise(p.condition for p in row)
    ]


def _has(phase: PhaseTally, planned: bool) -> str:
    told = (
        ngettext(
            "phase {phase} of case {case} has {n} planned point",
            "phase {phase} of case {case} has {n} planned points",
            phase.points,
        )
        if planned
        else ngettext(
            "phase {phase} of case {case} has {n} point", "phase {phase} of case {case} has {n} points", phase.points
        )
    )
    return told.format(phase=phase.label, case=phase.case, n=phase.points)


def _too_few_points(phase: PhaseTally, planned: bool) -> str:
    if not phase.begun:
        return _("phase {phase} of case {case} has not begun").format(phase=phase.label, case=phase.case)
    has = _has(phase, planned)
    if phase.points >= SOME:
        return _("{has}; {full} are needed to meet without reservations").format(has=has, full=FULL)
    return _("{has}; {some} are needed to meet with reservations, {full} without").format(has=has, some=SOME, full=FULL)
