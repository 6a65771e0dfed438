"""A first grade of a design against the What Works Clearinghouse standards: phases, points, demonstrations."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from scd.design.agreement import Agreement, AgreementStatus, observer_agreement
from scd.design.alternation import alternates, repetitions
from scd.design.shortfalls import DEMONSTRATIONS, FULL, REPETITIONS, SOME, shortfalls
from scd.design.tally import (
    PhaseTally,
    counted_outcome,
    staggered_tiers,
    tally_plan,
    tally_reach,
    tally_record,
)
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import Measure, Study
from scd.study.record import Record

__all__ = ["Grade", "WwcGrade", "grade_wwc"]

WwcGrade = Literal["meets without reservations", "meets with reservations", "does not meet"]

# What a grade says of a record under way, of one that is done, and of a plan.
_SAID: dict[tuple[str, WwcGrade], str] = {
    ("running", "does not meet"): N_("So far the record does not meet the {standard} standards"),
    ("running", "meets with reservations"): N_("So far the record meets the {standard} standards with reservations"),
    ("running", "meets without reservations"): N_(
        "So far the record meets the {standard} standards without reservations"
    ),
    ("record", "does not meet"): N_("The record does not meet the {standard} standards"),
    ("record", "meets with reservations"): N_("The record meets the {standard} standards with reservations"),
    ("record", "meets without reservations"): N_("The record meets the {standard} standards without reservations"),
    ("plan", "does not meet"): N_("By plan, the design does not meet the {standard} standards"),
    ("plan", "meets with reservations"): N_("By plan, the design meets the {standard} standards with reservations"),
    ("plan", "meets without reservations"): N_(
        "By plan, the design meets the {standard} standards without reservations"
    ),
}
_TO_COME: dict[WwcGrade, str] = {
    "does not meet": N_("; if the rest goes to plan it will not meet the {standard} standards"),
    "meets with reservations": N_("; if the rest goes to plan it will meet the {standard} standards with reservations"),
    "meets without reservations": N_(
        "; if the rest goes to plan it will meet the {standard} standards without reservations"
    ),
}
_OBSERVERS = N_("the standards ask for it in every phase, on at least 20 % of the points of each condition")
_AGREEMENT: dict[AgreementStatus, str] = {
    "met": N_("agreement between observers is high enough"),
    "not met": N_("agreement between observers is not shown"),
    "not recorded": N_("agreement between observers is not assessed"),
    "not applicable": N_("inter-observer agreement not applicable: no observer reports the outcome"),
}


class Grade(Record):
    """How far a design goes towards the standards, by plan and by what has been recorded.

    Parameters
    ----------
    standard : str
        The standards and their version.
    grade : str
        What `basis` supports now.
    planned : str
        What the plan as made supports, if every planned session gives a point.
    reachable : str
        What the study can still come to: points so far, and every session ahead as planned.
    basis : {"plan", "record"}
        ``plan`` until the first value is recorded.
    demonstrations : int
        How many times the effect has a chance to show. In a reversal design: the phase changes in the longest row of
        phases of at least 3 points. In a multiple baseline: the tiers of at least 3 points a phase that start at
        different times while the later ones are still in baseline. In alternating treatments: the repetitions, the
        points of the condition that has fewer.
    phases : int
        Phases with at least one point.
    points_per_phase : tuple of (case, phase label, points planned, points recorded)
        Points of the outcome that was counted; a missed session is no point.
    reasons : tuple of str
        What is missing, most important first; empty when nothing is.
    not_assessed : tuple of str
        What the standards ask for and this grade does not look at.
    agreement : {"met", "not met", "not recorded", "not applicable"}
        Agreement between observers, see `scd.design.agreement.observer_agreement`. Where second observers' values are
        on record and don't suffice, the record does not meet the standards.
    alternating : bool
        Whether the design is one of alternating treatments.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> print(grade_wwc(reversal(measures=[mood], phases="AB", code="K7M2")).words)
    By plan, the design does not meet the WWC 4.1 standards: case K7M2 has one change from baseline to intervention, \
which is a single demonstration and can't show that the intervention caused the change.
    """

    standard: str
    grade: WwcGrade
    planned: WwcGrade
    reachable: WwcGrade
    basis: Literal["plan", "record"]
    demonstrations: int
    phases: int
    points_per_phase: tuple[tuple[str, str, int, int], ...]
    reasons: tuple[str, ...]
    not_assessed: tuple[str, ...]
    agreement: AgreementStatus = "not recorded"
    alternating: bool = False

    @property
    def words(self) -> str:
        """The grade in one sentence; while the study can still gain or lose a grade it says both."""
        running = self.basis == "record" and self.reachable != self.grade
        subject = "running" if running else self.basis
        told = _(_SAID[subject, self.grade]).format(standard=self.standard) + ": "
        if self.grade == "meets without reservations":
            times = "3" if self.demonstrations == DEMONSTRATIONS else _("3 or more")
            told += (
                _("the conditions alternate, with {points} points or more under each").format(
                    points=self.demonstrations
                )
                if self.alternating
                else _(
                    "the effect can show at {times} different times, between phases of at least {full} points"
                ).format(times=times, full=FULL)
            )
        elif self.reasons and (self.agreement == "not met" or not (running and self.grade == "does not meet")):
            told += self.reasons[0]
        else:
            text, needed = (
                (_("it holds {held} of the {needed} repetitions of the alternation it needs"), REPETITIONS[1])
                if self.alternating
                else (_("it holds {held} of the {needed} demonstrations of the effect it needs"), DEMONSTRATIONS)
            )
            told += text.format(held=self.demonstrations, needed=needed)
        if running:
            told += _(_TO_COME[self.reachable]).format(standard=self.standard)
        if self.grade != "does not meet" or self.reachable != "does not meet":
            told += f" ({_(_AGREEMENT[self.agreement])})"
        return f"{told}."


def grade_wwc(study: Study, *, measure: str | None = None) -> Grade:
    """Grade a study's design by the What Works Clearinghouse's rules for reversal and multiple-baseline designs.

    Both need 3 demonstrations of the effect at different times. A reversal design gives one at each change within a
    row of phases that are long enough (so at least 4 phases in a row). A multiple baseline gives one in each tier
    whose intervention starts at its own time while the later tiers are still in baseline (so at least 3 tiers,
    6 phases). Phases of at least 5 points meet the standards without reservations, of 3 or 4 with reservations; a
    shorter phase demonstrates nothing. Phases and tiers beyond the 3 demonstrations do not lower the grade. In a
    reversal design of several cases each case stands for itself, and the weakest one decides. Alternating treatments
    need 5 points under each condition, or 4 with reservations, and never more than 2 in a row under one.

    Where second observers' values are on record, they must agree well enough; without any, that is said and not graded.

    Parameters
    ----------
    study : Study
        With data or without: as long as nothing is recorded the plan is graded.
    measure : str, optional
        Key of the outcome whose points are counted, where a case has it; by default each case's first outcome.

    Returns
    -------
    Grade
        With what is missing in words.

    Raises
    ------
    StudyError
        When the study has no such measure.

    References
    ----------
    What Works Clearinghouse (2020), Standards Handbook, version 4.1. Kratochwill et al. (2013),
    doi:10.1177/0741932512452794.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> grade = grade_wwc(reversal(measures=[mood], phases="ABAB", sessions=5))
    >>> grade.grade, grade.basis, grade.demonstrations
    ('meets without reservations', 'plan', 3)
    """
    if measure is not None:
        study.measure(measure)
    counted = {case.code: counted_outcome(study, case=case.code, measure=measure) for case in study.cases}
    keys = {code: None if outcome is None else outcome.key for code, outcome in counted.items()}
    planned, recorded, reach = (tally(study, keys) for tally in (tally_plan, tally_record, tally_reach))
    basis: Literal["plan", "record"] = "record" if any(p.points for row in recorded for p in row) else "plan"
    now = recorded if basis == "record" else planned
    observers = observer_agreement(study, measure=measure)
    disagree = observers.status == "not met"
    grade = "does not meet" if disagree and basis == "record" else _graded(study, now)
    final = disagree and _too_late(observers, recorded, reach)
    return Grade(
        standard="WWC 4.1",
        grade=grade,
        planned=_graded(study, planned),
        reachable="does not meet" if final else _graded(study, reach),
        basis=basis,
        demonstrations=_demonstrations(study, now, SOME),
        phases=_phases(study.design, now),
        points_per_phase=tuple(
            (p.case, p.label, p.points, r.points)
            for plan_row, record_row in zip(planned, recorded, strict=True)
            for p, r in zip(plan_row, record_row, strict=True)
        ),
        reasons=(observers.reasons if disagree else ()) + shortfalls(study, now, basis, counted, grade),
        not_assessed=_left_out(study, now, basis, counted, observers),
        agreement=observers.status,
        alternating=alternates(study),
    )


def _too_late(observers: Agreement, recorded: list[list[PhaseTally]], reach: list[list[PhaseTally]]) -> bool:
    """Whether no second observer can still come: nothing lies ahead, or a phase without one is over."""
    ended = {
        (now.case, now.label): now.points == most.points
        for now_row, most_row in zip(recorded, reach, strict=True)
        for now, most in zip(now_row, most_row, strict=True)
    }
    return all(ended.values()) or any(ended[p.case, p.part] for p in observers.phases if not p.doubled)


def _graded(study: Study, rows: list[list[PhaseTally]]) -> WwcGrade:
    full, some = REPETITIONS if alternates(study) else (DEMONSTRATIONS, DEMONSTRATIONS)
    if _demonstrations(study, rows, FULL) >= full:
        return "meets without reservations"
    if _demonstrations(study, rows, SOME) >= some:
        return "meets with reservations"
    return "does not meet"


def _demonstrations(study: Study, rows: list[list[PhaseTally]], least: int) -> int:
    if study.design == "multiple-baseline":
        return staggered_tiers(rows, least=least)
    if alternates(study):
        return min(repetitions(row) for row in rows)
    return min(_changes(row, least) for row in rows)


def _changes(row: list[PhaseTally], least: int) -> int:
    # In a row: a phase that is too short stands between two designs and joins neither.
    longest = run = 0
    for one, other in pairwise(row):
        run = run + 1 if one.points >= least and other.points >= least else 0
        longest = max(longest, run)
    return longest


def _phases(design: str, rows: list[list[PhaseTally]]) -> int:
    reached = [sum(p.points > 0 for p in row) for row in rows]
    return sum(reached) if design == "multiple-baseline" else min(reached)


def _left_out(
    study: Study, rows: list[list[PhaseTally]], basis: str, counted: dict[str, Measure | None], observers: Agreement
) -> tuple[str, ...]:
    told = [] if observers.status in ("met", "not met") else [f"{observers.words}; {_(_OBSERVERS)}"]
    if alternates(study):
        told.append(_("whether the effect of one condition lasts into the next"))
    undated = basis == "record" and any(
        p.points and p.first is not None and p.first[1] is None for r in rows for p in r
    )
    if study.design == "multiple-baseline" and study.across == "clients" and undated:
        told.append(
            _(
                "whether the clients' baselines ran at the same time: some sessions carry no date, so "
                "session numbers were compared"
            )
        )
    used = {m.key for m in counted.values() if m is not None}
    others = [m.label for m in study.outcomes if m.key not in used]
    if others:
        names = ", ".join(sorted({m.label for m in counted.values() if m is not None}))
        told.append(
            _("the other outcomes ({others}): the points of {names} were counted").format(
                others=", ".join(others), names=names
            )
        )
    return tuple(told)
