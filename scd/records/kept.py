"""What a stored study may not lose: the decisions taken, and the rule they were taken by."""

from __future__ import annotations

from scd.study import Study, StudyError

__all__ = ["first_treated", "refuse_rewriting"]


def refuse_rewriting(stored: Study, new: Study) -> None:
    """Refuse a version that alters what was decided, or the monitoring rule once the intervention has begun.

    Parameters
    ----------
    stored : Study
        The version in the store.
    new : Study
        The version that shall follow it.

    Raises
    ------
    StudyError
        When a decision on record is lost, altered or moved, or the rule differs although the stored version holds a
        value of an outcome under intervention.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> case = Case(code="K7M2QX", phases=(Phase(label="A1", planned_start=1),))
    >>> study = Study(code="K7M2QX", design="reversal", measures=(mood,), cases=(case,))
    >>> refuse_rewriting(study, study.replace(note="a new room"))
    """
    where = f"study '{stored.code}'"
    for place, decision in enumerate(stored.decisions, 1):
        if new.decisions[place - 1 : place] != (decision,):
            raise StudyError(
                f"{where}: decision {place} (session {decision.session}, '{decision.decided}') would be lost or altered; "
                "a decision on record stays as it was: add a new one that says what has changed",
                field="decisions",
            )
    if new.monitoring != stored.monitoring and (begun := first_treated(stored)) is not None:
        code, session, label = begun
        raise StudyError(
            f"{where}: its monitoring rule would change, and case '{code}' has a value at session {session} in phase "
            f"'{label}' already; a rule that is chosen in view of the data has no known rate of false alarms: keep the "
            "rule as it is",
            field="monitoring",
        )


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
