"""A first grade of a design against the What Works Clearinghouse standards: phases, points, demonstrations."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from scd.design.tally import PhaseTally, stagger_faults, staggered_tiers, tally_plan, tally_reach, tally_record
from scd.study import Measure, Study
from scd.study.record import Record

__all__ = ["Grade", "WwcGrade", "grade_wwc"]

WwcGrade = Literal["meets without reservations", "meets with reservations", "does not meet"]

_FULL, _SOME = 5, 3  # points a phase, without and with reservations
_DEMONSTRATIONS = 3
_NO_OBSERVERS = (
    "agreement between observers: the record holds no second observer's values; the standards ask for it in every "
    "phase, on at least 20 % of the points of each condition"
)


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
        different times while the later ones are still in baseline.
    phases : int
        Phases with at least one point.
    points_per_phase : tuple of (case, phase label, points planned, points recorded)
        Points of the outcome that was counted; a missed session is no point.
    reasons : tuple of str
        What is missing, most important first; empty when nothing is.
    not_assessed : tuple of str
        What the standards ask for and this grade does not look at.

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

    @property
    def words(self) -> str:
        """The grade in one sentence; while the study can still gain or lose a grade it says both."""
        running = self.basis == "record" and self.reachable != self.grade
        subject = "So far the record" if running else "The record" if self.basis == "record" else "By plan, the design"
        told = f"{subject} {_verb(self.grade, self.standard)}: "
        if self.grade == "meets without reservations":
            times = "3" if self.demonstrations == _DEMONSTRATIONS else "3 or more"
            told += f"the effect can show at {times} different times, between phases of at least {_FULL} points"
        elif self.reasons and not (running and self.grade == "does not meet"):
            told += self.reasons[0]
        else:
            told += f"it holds {self.demonstrations} of the {_DEMONSTRATIONS} demonstrations of the effect it needs"
        if running:
            told += f"; if the rest goes to plan it {_verb(self.reachable, self.standard, future=True)}"
        if self.grade != "does not meet" or self.reachable != "does not meet":
            told += " (agreement between observers is not assessed)"
        return f"{told}."


def grade_wwc(study: Study, *, measure: str | None = None) -> Grade:
    """Grade a study's design by the What Works Clearinghouse's rules for reversal and multiple-baseline designs.

    Both need 3 demonstrations of the effect at different times. A reversal design gives one at each change within a
    row of phases that are long enough (so at least 4 phases in a row). A multiple baseline gives one in each tier
    whose intervention starts at its own time while the later tiers are still in baseline (so at least 3 tiers,
    6 phases). Phases of at least 5 points meet the standards without reservations, of 3 or 4 with reservations; a
    shorter phase demonstrates nothing. Phases and tiers beyond the 3 demonstrations do not lower the grade. In a
    reversal design of several cases each case stands for itself, and the weakest one decides.

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
    counted = {case.code: _counted(study, case.code, measure) for case in study.cases}
    keys = {code: None if outcome is None else outcome.key for code, outcome in counted.items()}
    planned, recorded, reach = (tally(study, keys) for tally in (tally_plan, tally_record, tally_reach))
    basis: Literal["plan", "record"] = "record" if any(p.points for row in recorded for p in row) else "plan"
    now = recorded if basis == "record" else planned
    grade = _graded(study.design, now)
    return Grade(
        standard="WWC 4.1",
        grade=grade,
        planned=_graded(study.design, planned),
        reachable=_graded(study.design, reach),
        basis=basis,
        demonstrations=_demonstrations(study.design, now, _SOME),
        phases=_phases(study.design, now),
        points_per_phase=tuple(
            (p.case, p.label, p.points, r.points)
            for plan_row, record_row in zip(planned, recorded, strict=True)
            for p, r in zip(plan_row, record_row, strict=True)
        ),
        reasons=_missing(study, now, basis, counted, grade),
        not_assessed=_left_out(study, now, basis, counted),
    )


def _counted(study: Study, code: str, measure: str | None) -> Measure | None:
    own = study.measures_of(study.case(code))
    asked = [m for m in own if m.key == measure]
    return next(iter(asked + [m for m in own if m.role == "outcome"]), None)


def _graded(design: str, rows: list[list[PhaseTally]]) -> WwcGrade:
    if _demonstrations(design, rows, _FULL) >= _DEMONSTRATIONS:
        return "meets without reservations"
    if _demonstrations(design, rows, _SOME) >= _DEMONSTRATIONS:
        return "meets with reservations"
    return "does not meet"


def _demonstrations(design: str, rows: list[list[PhaseTally]], least: int) -> int:
    if design == "multiple-baseline":
        return staggered_tiers(rows, least=least)
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


def _missing(
    study: Study, rows: list[list[PhaseTally]], basis: str, counted: dict[str, Measure | None], grade: WwcGrade
) -> tuple[str, ...]:
    reasons = [
        f"case {code} has no outcome measure, so nothing can be counted"
        for code, outcome in counted.items()
        if outcome is None
    ]
    if basis == "plan" and study.sessions_planned is None:
        reasons.append("the plan does not say how many sessions there are, so the last phase has no planned end")
    if study.design == "reversal":
        reasons += [told for row in rows if (told := _too_few_changes(row))]
    else:
        reasons += _too_few_tiers(study, rows) + _without_change(rows) + stagger_faults(rows)
    noun = "planned point" if basis == "plan" else "point"
    short = sorted((p for row in rows for p in row if p.points < _FULL), key=lambda p: (not p.begun, p.points >= _SOME))
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
    if len(rows) >= _DEMONSTRATIONS:
        return []
    tiers = f"{len(rows)} tier{'' if len(rows) == 1 else 's'} ({study.across})"
    return [
        f"the design has {tiers}; at least {_DEMONSTRATIONS}, each with its own start of the intervention, are needed "
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
    if phase.points >= _SOME:
        return f"{_has(phase, noun)}; {_FULL} are needed to meet without reservations"
    return f"{_has(phase, noun)}; {_SOME} are needed to meet with reservations, {_FULL} without"


def _left_out(
    study: Study, rows: list[list[PhaseTally]], basis: str, counted: dict[str, Measure | None]
) -> tuple[str, ...]:
    told = [_NO_OBSERVERS]
    undated = basis == "record" and any(
        p.points and p.first is not None and p.first[1] is None for r in rows for p in r
    )
    if study.design == "multiple-baseline" and study.across == "clients" and undated:
        told.append(
            "whether the clients' baselines ran at the same time: some sessions carry no date, so session numbers were "
            "compared"
        )
    used = {m.key for m in counted.values() if m is not None}
    others = [m.label for m in study.outcomes if m.key not in used]
    if others:
        names = ", ".join(sorted({m.label for m in counted.values() if m is not None}))
        told.append(f"the other outcomes ({', '.join(others)}): the points of {names} were counted")
    return tuple(told)


def _verb(grade: WwcGrade, standard: str, *, future: bool = False) -> str:
    if grade == "does not meet":
        return f"{'will' if future else 'does'} not meet the {standard} standards"
    return f"{'will meet' if future else 'meets'} the {standard} standards {grade.removeprefix('meets ')}"
