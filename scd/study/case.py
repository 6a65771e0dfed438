"""A case, its phases, and its sessions: what was planned and what happened."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from scd.study.errors import StudyError
from scd.study.measure import Key
from scd.study.record import Number, Record, Text

__all__ = ["Case", "Phase", "Session", "Value"]

Label = Annotated[str, StringConstraints(pattern=r"^[A-Z][1-9][0-9]?$")]
SessionNumber = Annotated[int, Field(ge=1, le=100_000)]
Code = Annotated[Text, StringConstraints(min_length=1, max_length=64)]


class Phase(Record):
    """A run of sessions under one condition.

    Parameters
    ----------
    label : str
        Condition letter and running number: ``A1``, ``B1``, ``A2``.
    planned_start : int
        The first session of the phase by the plan, from 1.
    actual_start : int, optional
        The first session of the phase as it happened; None until it is known.
    reason : str
        Why the phase did not start as planned. Needed exactly when the two differ.

    Examples
    --------
    >>> Phase(label="B1", planned_start=6, actual_start=8, reason="client on holiday").start
    8
    """

    label: Label
    planned_start: SessionNumber
    actual_start: SessionNumber | None = None
    reason: Text = ""

    @model_validator(mode="after")
    def _says_why_it_moved(self) -> Self:
        if self.actual_start not in (None, self.planned_start) and not self.reason:
            raise StudyError(
                f"phase '{self.label}': started at session {self.actual_start}, planned for {self.planned_start}; "
                "say why (field 'reason')",
                field="reason",
            )
        return self

    @property
    def condition(self) -> str:
        """What is in force: ``A`` baseline, ``B`` intervention."""
        return self.label[0]

    @property
    def start(self) -> int:
        """The first session in force: as it happened, else as planned."""
        return self.planned_start if self.actual_start is None else self.actual_start


class Value(Record):
    """One observed number of one measure; `value` is None when it was due and missed, never 0.

    Parameters
    ----------
    measure : str
        The measure's key.
    value : float, optional
        The number, in the measure's units.
    trials : int, optional
        The denominator of a proportion.
    minutes : float, optional
        How long was observed, for counts and rates.
    """

    measure: Key
    value: Number | None = None
    trials: Annotated[int, Field(ge=1)] | None = None
    minutes: Annotated[Number, Field(gt=0)] | None = None


class Session(Record):
    """One measurement occasion.

    Parameters
    ----------
    number : int
        1-based index; gaps are real.
    date : datetime.date, optional
        The day it took place or was due.
    values : tuple of Value
        One entry a measure; empty when the session was missed altogether.
    note : str
        A short remark, such as why it was missed.
    """

    number: SessionNumber
    date: dt.date | None = None
    values: tuple[Value, ...] = ()
    note: Text = ""

    @model_validator(mode="after")
    def _names_each_measure_once(self) -> Self:
        keys = [v.measure for v in self.values]
        for key in keys:
            if keys.count(key) > 1:
                raise StudyError(f"session {self.number}: has measure '{key}' twice; keep one", field="values")
        return self

    @property
    def missed(self) -> bool:
        """True when nothing was observed."""
        return all(v.value is None for v in self.values)

    def value(self, measure: str) -> float | None:
        """The observed number of a measure, or None."""
        return next((v.value for v in self.values if v.measure == measure), None)


class Case(Record):
    """The unit of intervention and analysis: a client, or one tier of a multiple baseline.

    Parameters
    ----------
    code : str
        A pseudonym; never a name.
    phases : tuple of Phase
        In order; a phase ends where the next one starts.
    sessions : tuple of Session
        In order of their number.
    measures : tuple of str
        Keys of the measures of this case; empty means all of the study's.

    Raises
    ------
    StudyError
        When phases or sessions are out of order, doubled, or before the first phase.

    Examples
    --------
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=6)))
    >>> case.phase_at(5).label, case.phase_at(6).label
    ('A1', 'B1')
    """

    code: Code
    phases: Annotated[tuple[Phase, ...], Field(min_length=1)]
    sessions: tuple[Session, ...] = ()
    measures: tuple[Key, ...] = ()

    @model_validator(mode="after")
    def _stands_in_order(self) -> Self:
        where = f"case '{self.code}'"
        labels = [p.label for p in self.phases]
        for label in labels:
            if labels.count(label) > 1:
                raise StudyError(f"{where}: has phase '{label}' twice; number them, as in A1, B1, A2", field="phases")
        for earlier, later in pairwise(self.phases):
            if earlier.condition == later.condition:
                raise StudyError(
                    f"{where}, phase '{later.label}': follows '{earlier.label}' under the same condition; join the two",
                    field="phases",
                )
            if later.start <= earlier.start:
                raise StudyError(
                    f"{where}, phase '{earlier.label}': needs at least 1 session "
                    f"(it starts at {earlier.start}, '{later.label}' at {later.start}); "
                    f"give '{later.label}' a later start",
                    field="phases",
                )
            if later.planned_start <= earlier.planned_start:
                raise StudyError(
                    f"{where}, phase '{earlier.label}': needs at least 1 planned session "
                    f"(planned for {earlier.planned_start}, '{later.label}' for {later.planned_start})",
                    field="phases",
                )
        for before, after in pairwise(self.sessions):
            if before.number == after.number:
                raise StudyError(f"{where}, session {after.number}: is recorded twice; keep one", field="sessions")
            if before.number > after.number:
                raise StudyError(
                    f"{where}, session {after.number}: stands after session {before.number}; sort the sessions",
                    field="sessions",
                )
        if self.sessions and self.sessions[0].number < self.phases[0].start:
            raise StudyError(
                f"{where}, session {self.sessions[0].number}: lies before phase '{self.phases[0].label}', "
                f"which starts at session {self.phases[0].start}",
                field="sessions",
            )
        dated = [s for s in self.sessions if s.date is not None]
        for before, after in pairwise(dated):
            if after.date < before.date:  # type: ignore[operator]
                raise StudyError(
                    f"{where}, session {after.number}: its date {after.date} lies before that of session "
                    f"{before.number} ({before.date}); correct one of them",
                    field="sessions",
                )
        return self

    def phase_at(self, session: int) -> Phase:
        """The phase in force at a session; a session before the first phase belongs to none.

        Raises
        ------
        StudyError
            When the session lies before the first phase.
        """
        current = None
        for phase in self.phases:
            if phase.start <= session:
                current = phase
        if current is None:
            raise StudyError(f"case '{self.code}', session {session}: lies before the first phase")
        return current

    def record(self, *sessions: Session) -> Case:
        """Return the case with sessions added, or replaced where the number is there already.

        The start of every phase that has been reached is recorded as it happened.
        """
        merged = {s.number: s for s in self.sessions} | {s.number: s for s in sessions}
        ordered = tuple(merged[n] for n in sorted(merged))
        last = ordered[-1].number if ordered else 0
        phases = tuple(
            p.replace(actual_start=p.start) if p.actual_start is None and p.start <= last else p for p in self.phases
        )
        return self.replace(sessions=ordered, phases=phases)

    def start_phase(self, label: str, *, session: int, reason: str = "") -> Case:
        """Return the case with a phase's actual start recorded.

        Parameters
        ----------
        label : str
            The phase.
        session : int
            Its first session as it happened.
        reason : str
            Why; needed when it differs from the plan. Later phases that have not begun move by as many sessions as
            they must to keep their planned length, with the same reason.

        Raises
        ------
        StudyError
            When the case has no such phase, or no reason is given for a start off the plan.
        """
        if label not in [p.label for p in self.phases]:
            known = ", ".join(p.label for p in self.phases)
            raise StudyError(f"case '{self.code}': has no phase '{label}' (its phases are {known})", field="phases")
        phases: list[Phase] = []
        shift = 0
        reached = False
        last = self.sessions[-1].number if self.sessions else 0
        for phase in self.phases:
            if phase.label == label:
                shift, reached = session - phase.start, True
                phase = phase.replace(actual_start=session, reason=reason if session != phase.planned_start else "")
            elif reached and shift > 0 and phase.start > last:
                moved = phase.start + shift
                phase = phase.replace(actual_start=moved, reason=reason if moved != phase.planned_start else "")
            phases.append(phase)
        return self.replace(phases=tuple(phases))
