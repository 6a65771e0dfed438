"""Whether the intervention has begun: what is fixed beforehand can't be chosen any more."""

from __future__ import annotations

from scd.study.study import Study

__all__ = ["first_treated"]


def first_treated(study: Study) -> tuple[str, int, str] | None:
    """The first value of an outcome under intervention: case, session and phase; None where there is none yet.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=2))
    >>> case = Case(code="K7M2QX", phases=phases).record(Session(number=2, values=(Value(measure="mood", value=4),)))
    >>> first_treated(Study(code="K7M2QX", design="reversal", measures=(mood,), cases=(case,)))
    ('K7M2QX', 2, 'B1')
    """
    outcomes = {m.key for m in study.outcomes}
    for case in study.cases:
        for session in case.sessions:
            phase = case.phase_at(session.number)
            if phase.condition != "A" and any(v.measure in outcomes and v.value is not None for v in session.values):
                return case.code, session.number, phase.label
    return None
