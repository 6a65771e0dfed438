"""A case and its phases: what was planned and what happened."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from scd.study.errors import StudyError
from scd.study.measure import Key
from scd.study.record import Record, Text
from scd.study.session import Session, SessionNumber, numbers_left_out

__all__ = ["Case", "Phase"]

Label = Annotated[str, StringConstraints(pattern=r"^[A-Z][1-9][0-9]{0,2}$")]
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

    def missed_sessions(self, *, measure: str | None = None) -> dict[int, str]:
        """The sessions that were missed, with the note that says why.

        Missed is a session with nothing recorded, one at which the measure was due and gave no value, and a number
        left out (see `scd.study.session.numbers_left_out`). A session at which only other measures were due is not.

        Parameters
        ----------
        measure : str, optional
            Key of the measure that was missed; without it, the sessions at which nothing at all was observed.

        Returns
        -------
        dict of int to str
            By number, from the first phase's start (of a measure that was first due later: from there) to the last
            session at which the measure was due.

        Examples
        --------
        >>> from scd.study import Value
        >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=3))
        >>> seen = (1, "mood", 4), (3, "mood", None), (4, "sleep", 6), (6, "mood", 5)
        >>> sessions = [Session(number=n, values=(Value(measure=m, value=v),)) for n, m, v in seen]
        >>> case = Case(code="K7M2", phases=phases).record(*sessions, Session(number=5, note="ill"))
        >>> case.missed_sessions(measure="mood")
        {2: '', 3: '', 5: 'ill'}
        """
        if measure is not None and self.measures and measure not in self.measures:
            return {}
        due = [s for s in self.sessions if measure is None or s.due(measure)]
        if not due:
            return {}
        begin = self.phases[0].start if due[0] == self.sessions[0] else due[0].number
        numbers = {s.number for s in self.sessions}
        missed = dict.fromkeys(numbers_left_out(numbers, first=begin, last=due[-1].number), "")
        for session in due:
            if session.missed if measure is None else session.value(measure) is None:
                missed[session.number] = session.note
        return dict(sorted(missed.items()))

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
