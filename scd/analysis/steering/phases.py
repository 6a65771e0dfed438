"""Where a case stands in its plan: which phase, how many values, what comes next and when."""

from __future__ import annotations

from dataclasses import dataclass

from scd.study import Case, Phase, Study, StudyError

__all__ = ["Stand", "planned_length", "stand_of", "the_change", "up_to", "values_in"]


@dataclass(frozen=True)
class Stand:
    """Where a case stands.

    Attributes
    ----------
    session : int or None
        The last session on record; None before the first.
    phase : Phase
        The phase in force there; the first before any session.
    values : int
        Values of the watched measure in it.
    planned : int
        Its planned sessions.
    next : Phase or None
        What follows it by the plan.
    kind : {"baseline", "intervention", "later"}
        The first baseline that an intervention phase follows, that phase, or any other.
    over : bool
        Whether its planned sessions have gone by.
    """

    session: int | None
    phase: Phase
    values: int
    planned: int
    next: Phase | None
    kind: str
    over: bool


def the_change(case: Case) -> tuple[Phase, Phase]:
    """The first intervention phase and the baseline before it.

    Raises
    ------
    StudyError
        When no baseline is followed by an intervention phase.

    Examples
    --------
    >>> phases = tuple(Phase(label=a, planned_start=b) for a, b in (("A1", 1), ("B1", 6), ("A2", 11)))
    >>> [p.label for p in the_change(Case(code="K7M2QX", phases=phases))]
    ['A1', 'B1']
    """
    for before, after in zip(case.phases, case.phases[1:], strict=False):
        if before.condition == "A" and after.condition == "B":
            return before, after
    raise StudyError(
        f"case '{case.code}': has no baseline A with an intervention phase B after it, so there is no change to watch",
        field="phases",
    )


def planned_length(study: Study, case: Case, phase: Phase) -> int:
    """Planned sessions of a phase; of the last one up to the planned end of the study, at least 1."""
    starts = [p.planned_start for p in case.phases]
    place = case.phases.index(phase)
    if place + 1 < len(starts):
        return starts[place + 1] - starts[place]
    return max((study.sessions_planned or 0) - starts[place] + 1, 1)


def values_in(case: Case, measure: str, phase: Phase) -> list[tuple[int, float]]:
    """Session and number of every observed value of a measure in one phase."""
    seen = ((s.number, s.value(measure)) for s in case.sessions)
    return [(n, v) for n, v in seen if v is not None and case.phase_at(n).label == phase.label]


def up_to(study: Study, case: Case, session: int) -> Study:
    """The study with one case alone, as its record stood after a session, without phases that are neither A nor B.

    What comes after the study proper, such as a follow-up, says nothing of the change from baseline to intervention.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", sessions=2, code="K7M2QX")
    >>> case = study.cases[0].record(*(Session(number=n, values=(Value(measure="mood", value=n),)) for n in (1, 2, 3)))
    >>> [s.number for s in up_to(study.with_case(case), case, 2).cases[0].sessions]
    [1, 2]
    """
    seen = (s for s in case.sessions if s.number <= session and case.phase_at(s.number).condition in "AB")
    kept = case.replace(sessions=tuple(seen))
    return study.replace(cases=(kept,), randomization=None, decisions=())


def stand_of(study: Study, case: Case, *, measure: str) -> Stand:
    """Where a case stands after its last session on record."""
    before, after = the_change(case)
    session = case.sessions[-1].number if case.sessions else None
    phase = case.phases[0] if session is None else case.phase_at(session)
    place = [p.label for p in case.phases].index(phase.label)
    following = case.phases[place + 1] if place + 1 < len(case.phases) else None
    planned = planned_length(study, case, case.phases[place])
    kind = {before.label: "baseline", after.label: "intervention"}.get(phase.label, "later")
    # A phase that started late keeps its planned length.
    over = session is not None and session - phase.start + 1 >= planned
    return Stand(session, phase, len(values_in(case, measure, phase)), planned, following, kind, over)
