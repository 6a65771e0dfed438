"""What a stored study may not lose: the decisions taken, and the rule they were taken by."""

from __future__ import annotations

from scd.study import Study, StudyError
from scd.study.begun import first_treated

__all__ = ["refuse_rewriting"]


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
                f"{where}: decision {place} (session {decision.session}, '{decision.decided}') would be lost or "
                "altered; a decision on record stays as it was: add a new one that says what has changed",
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
