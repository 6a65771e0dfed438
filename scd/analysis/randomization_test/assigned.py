"""What a study's cases went through, ready for a randomisation test: the course of each and its values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scd.design.courses import Course
from scd.design.randomization import assignment_is_admissible, redraw
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from scd.design.schemes import Scheme
    from scd.study import Case, Measure, Randomization, Study

__all__ = ["Assigned", "assigned_as_drawn", "assigned_as_recorded"]


@dataclass(frozen=True, eq=False)
class Assigned:
    """One case: its course and its values.

    Parameters
    ----------
    course : Course
        Sessions and conditions.
    values : numpy.ndarray
        One value a session, NaN where it was missed.
    """

    course: Course
    values: np.ndarray


def assigned_as_drawn(study: Study, *, measures: Mapping[str, Measure]) -> tuple[tuple[Assigned, ...], tuple[str, ...]]:
    """The cases of a study whose schedule was drawn, when everything happened as it was drawn.

    Parameters
    ----------
    study : Study
        With a stored draw.
    measures : mapping of str to Measure
        For each case's code, whose values.

    Returns
    -------
    cases : tuple of Assigned
        Every session from 1 to the planned last one.
    notes : tuple of str
        What was noticed.

    Raises
    ------
    StudyError
        When nothing was drawn, the stored draw contradicts itself, the plan or a phase departs from the draw, or a
        phase has not begun.
    """
    import numpy as np

    drawn = study.randomization
    if drawn is None:
        raise StudyError(
            f"study '{study.code}': has no stored draw, so its schedule was not randomised as far as the record knows, "
            "and no randomisation test of it is valid; to see all the same where it would lie among other schedules, "
            "ask for a hypothetical reference set",
            field="randomization",
        )
    if not assignment_is_admissible(drawn):
        raise StudyError(
            f"study '{study.code}': the stored draw lies outside the set that it states, or its count is wrong, so it "
            "can't have come from it; no randomisation test is made",
            field="randomization",
        )
    notes = []
    if redraw(drawn) != drawn:
        notes.append(
            _("The stored seed gives another schedule than the stored one: the draw can't be repeated from it.")
        )
    held = []
    for case, order, starts in zip(study.cases, drawn.orders, drawn.starts, strict=True):
        _refuse_departure(case, order, starts, drawn)
        seen = _seen(case, measures[case.code].key)
        values = np.array([seen.get(n, np.nan) for n in range(1, drawn.sessions + 1)])
        if late := sum(n > drawn.sessions for n in seen):
            notes.append(
                _("Case '{code}': {many} after session {sessions}, the last one of the draw, left out.").format(
                    code=case.code, many=_many(late), sessions=drawn.sessions
                )
            )
        notes += _missed(case.code, values)
        held.append(Assigned(Course(case.code, tuple(range(1, drawn.sessions + 1)), order), values))
    return tuple(held), tuple(notes)


def assigned_as_recorded(
    study: Study, *, measures: Mapping[str, Measure], scheme: Scheme
) -> tuple[tuple[Assigned, ...], tuple[str, ...]]:
    """The cases of a study as they happened, whatever was drawn or not.

    Parameters
    ----------
    study : Study
        The study.
    measures : mapping of str to Measure
        For each case's code, whose values.
    scheme : Scheme
        The scheme that is going to be taken for theirs.

    Returns
    -------
    cases : tuple of Assigned
        The sessions that the record holds, those without a value included. Phases from the first condition other than
        A and B on are left out.
    notes : tuple of str
        What was noticed.

    Raises
    ------
    StudyError
        When no case has values, or conditions other than A and B alternate with them.
    """
    import numpy as np

    held, notes = [], []
    for case in study.cases:
        measure = measures[case.code]
        seen = _seen(case, measure.key)
        if not seen:
            notes.append(
                _("Case '{code}': has no value of '{label}' and is left out.").format(
                    code=case.code, label=measure.label
                )
            )
            continue
        numbers = sorted(seen.keys() | case.missed_sessions(measure=measure.key))
        numbers, said = _two_conditions(case, numbers, scheme)
        order = "".join(case.phase_at(n).condition for n in numbers)
        values = np.array([seen.get(n, np.nan) for n in numbers])
        notes += [*said, *_missed(case.code, values)]
        held.append(Assigned(Course(case.code, tuple(numbers), order), values))
    if not held:
        named = ", ".join(dict.fromkeys(f"'{measure.label}'" for measure in measures.values()))
        raise StudyError(f"study '{study.code}': has no value of {named}", field="measure")
    return tuple(held), tuple(notes)


def _seen(case: Case, key: str) -> dict[int, float]:
    """The observed values by session number."""
    return {s.number: value for s in case.sessions if (value := s.value(key)) is not None}


def _refuse_departure(case: Case, order: str, starts: tuple[int, ...], drawn: Randomization) -> None:
    phases = [p for p in case.phases if p.planned_start <= drawn.sessions]
    if len(phases) != len(starts) + 1:
        raise StudyError(
            f"case '{case.code}': has {len(phases)} phases within the {drawn.sessions} sessions of the draw, which was "
            f"for {len(starts) + 1}; no randomisation test against this draw is valid",
            field="randomization",
        )
    first = order[0]
    if phases[0].condition != first or any(p.condition not in ("A", "B") for p in phases):
        raise StudyError(
            f"case '{case.code}': begins with condition {phases[0].condition}, and the draw with {first}; no "
            "randomisation test against this draw is valid",
            field="randomization",
        )
    recorded = case.sessions[-1].number if case.sessions else 0
    for phase, start in zip(phases, (1, *starts), strict=True):
        where = _("case '{case}', phase '{phase}'").format(case=case.code, phase=phase.label)
        if phase.planned_start != start:
            raise StudyError(
                _(
                    "{where}: is planned for session {planned}, and the draw gave session {drawn}; the plan was "
                    "changed after the draw, so no randomisation test against it is valid"
                ).format(where=where, planned=phase.planned_start, drawn=start),
                field="randomization",
            )
        if phase.start != start:
            raise StudyError(
                _(
                    "{where}: was drawn for session {drawn} and started at session {started}; the schedule departed "
                    "from the draw, so a randomisation test against it is not valid. A hypothetical reference set can "
                    "be asked for, and the result will say so"
                ).format(where=where, drawn=start, started=phase.start),
                field="randomization",
            )
        if phase.start > recorded:
            raise StudyError(
                _(
                    "{where}: has not begun (it was drawn for session {drawn}, the record ends at session {recorded}); "
                    "test when the study is complete"
                ).format(where=where, drawn=start, recorded=recorded),
                field="randomization",
            )


def _two_conditions(case: Case, numbers: list[int], scheme: Scheme) -> tuple[list[int], list[str]]:
    """The sessions before the first one under a condition other than A and B."""
    others = [n for n in numbers if case.phase_at(n).condition not in ("A", "B")]
    if not others:
        return numbers, []
    met = ", ".join(dict.fromkeys(case.phase_at(n).label for n in numbers if n >= others[0]))
    if scheme.alternates or others[0] == numbers[0]:
        raise StudyError(
            f"case '{case.code}': has conditions other than A and B (phases {met}); a randomisation test compares two "
            "conditions, so keep the sessions of two and call them A and B",
            field="phase",
        )
    first = case.phase_at(others[0]).label
    said = _("Case '{code}': the test compares A with B; the sessions from phase {first} on are left out.").format(
        code=case.code, first=first
    )
    return [n for n in numbers if n < others[0]], [said]


def _missed(code: str, values: np.ndarray) -> list[str]:
    import numpy as np

    missed = int(np.isnan(values).sum())
    if not missed:
        return []
    return [
        _("Case '{code}': {many} without a value; they keep their place, and assignments move over them.").format(
            code=code, many=_many(missed)
        )
    ]


def _many(number: int) -> str:
    return ngettext("{n} session", "{n} sessions", number).format(n=number)
