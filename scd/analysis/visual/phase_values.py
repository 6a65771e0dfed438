"""The values of each phase of a case, as a visual analyst sees them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scd.analysis.overlap.phase_pairs import counts_successes
from scd.language import gettext as _
from scd.study import Measure, Study, StudyError

__all__ = ["PhaseValues", "phase_values"]


@dataclass(frozen=True, eq=False)
class PhaseValues:
    """What was observed of one measure in one phase of one case.

    Parameters
    ----------
    case : str
    measure : Measure
    phase : str
        Its label.
    values, sessions : ndarray of float, shape (values,)
        In order of time, missed ones left out. Successes out of so many trials are shares from 0 to 1.
    missed : int
        Sessions of the phase at which the measure was due and gave no value.
    """

    case: str
    measure: Measure
    phase: str
    values: np.ndarray
    sessions: np.ndarray
    missed: int

    @property
    def condition(self) -> str:
        """What is in force: ``A`` baseline, ``B`` intervention."""
        return self.phase[0]


def phase_values(
    study: Study, *, measure: str | None = None, case: str | None = None, as_charted: bool = False
) -> tuple[PhaseValues, ...]:
    """The phases of every case that hold values.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the measure; by default each case's own first outcome.
    case : str, optional
        Only this case.
    as_charted : bool
        Whether successes stay numbers of successes, as the charts draw them.

    Returns
    -------
    tuple of PhaseValues
        In order of the cases and of time.

    Raises
    ------
    StudyError
        When the study has no such case or measure, or no phase holds a value.

    Examples
    --------
    >>> from scd.study import Case, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=3))
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([4, 5, None], 1)]
    >>> case = Case(code="K7M2", phases=phases).record(*rows)
    >>> found = phase_values(Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,)))
    >>> [(one.phase, one.values.tolist(), one.missed) for one in found]
    [('A1', [4.0, 5.0], 0)]
    """
    if measure is not None:
        study.measure(measure)
    found: list[PhaseValues] = []
    for one in study.cases if case is None else (study.case(case),):
        own = study.measures_of(one)
        chosen = next((m for m in own if (m.key == measure if measure is not None else m.role == "outcome")), None)
        if chosen is None:
            continue
        shares = not as_charted and counts_successes(study, chosen)
        held: dict[str, list[tuple[float, int]]] = {p.label: [] for p in one.phases}
        for session in one.sessions:
            entry = next((v for v in session.values if v.measure == chosen.key), None)
            if entry is not None and entry.value is not None:
                value = entry.value / (entry.trials or 1) if shares else entry.value
                held[one.phase_at(session.number).label].append((value, session.number))
        missed = [one.phase_at(number).label for number in one.missed_sessions(measure=chosen.key)]
        for label, rows in held.items():
            if rows:
                values, sessions = np.array(rows, dtype=float).T
                found.append(PhaseValues(one.code, chosen, label, values, sessions, missed.count(label)))
    if not found:
        told = (
            _("study '{study}': has no value of an outcome yet; a visual analysis begins with the first session")
            if measure is None
            else _("study '{study}': has no value of '{measure}' yet; a visual analysis begins with the first session")
        )
        raise StudyError(told.format(study=study.code, measure=measure), field="sessions")
    return tuple(found)
