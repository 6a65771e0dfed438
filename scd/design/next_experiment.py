"""The next experiment: a process is tested by switching the part of the intervention that works on it on and off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scd.design.alternating import alternating_treatments
from scd.design.order_draws import draw_alternating
from scd.design.plans import reversal
from scd.design.randomization import draw_phase_starts
from scd.design.schedules import whole_number
from scd.language import gettext as _
from scd.study import Study, StudyError

if TYPE_CHECKING:
    import datetime as dt

    from scd.study import Case, Measure, Randomization

__all__ = ["next_experiment"]

_LONGEST_RUN = 2


def next_experiment(
    study: Study,
    process: str,
    *,
    kind: Literal["phases", "alternating"] = "phases",
    phases: str = "ABAB",
    sessions: int = 28,
    min_phase: int = 5,
    case: str | None = None,
    seed: int | None = None,
    drawn_at: dt.datetime | None = None,
    code: str | None = None,
) -> Study:
    """Plan a new study of a client in which the component for one process is off (A) and on (B).

    What else the client gets goes on in both conditions. A link between sessions is only a lead; whether working on the
    process makes a difference is seen by manipulating it.

    Parameters
    ----------
    study : Study
        The client's study, which stays as it is.
    process : str
        Key of the process to be worked on; a measure with the role process or practice.
    kind : {"phases", "alternating"}
        A component phase design, or conditions that alternate from session to session in a random order with at most
        two in a row.
    phases : str
        Conditions in order, for ``phases``.
    sessions : int
        Planned sessions in all.
    min_phase : int
        The fewest sessions of each phase, for ``phases`` with starts that are drawn.
    case : str, optional
        The client, where the study has several.
    seed : int, optional
        Of the draw. Without it phases have equal lengths, as nearly as can be; alternating conditions need a draw.
    drawn_at : datetime.datetime, optional
        The time of the draw, with time zone; needed with `seed`.
    code : str, optional
        Pseudonym of the new study and of its case, for a code belongs to one study of a caseload; without it a new one
        is made.

    Returns
    -------
    Study
        With the same measures, no sessions yet, and a note that says what A and B are and whose study came before. Rule
        and decisions of the old study are not taken over.

    Raises
    ------
    StudyError
        When the process is unknown or not declared as one, the study has several cases and none is named, or the draw
        lacks its seed or its time.

    References
    ----------
    Ward-Horner, J., & Sturmey, P. (2010). Component analyses using single-subject experimental designs: A review.
    Journal of Applied Behavior Analysis, 43(4), 685-704. https://doi.org/10.1901/jaba.2010.43-685

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.design.linked import linked_study
    >>> old = linked_study(links={"sleep": 0.5})
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> new = next_experiment(old, "sleep", sessions=24, seed=7, drawn_at=now, code="N4XT")
    >>> [(p.label, p.planned_start) for p in new.cases[0].phases]
    [('A1', 1), ('B1', 6), ('A2', 15), ('B2', 20)]
    >>> new.note
    'Component experiment after SYNPR2: A without, B with the part of the intervention that works on “Sleep”.'
    """
    client, measure = _client(study, case), _process(study, process)
    measures = study.measures_of(client)
    if measure.key not in [m.key for m in measures]:
        raise StudyError(f"case '{client.code}': is not measured on '{process}'", field="process")
    draw = _draw(kind, phases=phases, sessions=sessions, min_phase=min_phase, seed=seed, drawn_at=drawn_at)
    if kind == "alternating":
        assert draw is not None, "an alternating plan is always drawn"
        plan = alternating_treatments(measures=measures, randomization=draw, code=code)
    else:
        lengths = _even(sessions, len(phases.strip())) if draw is None else 1
        plan = reversal(measures=measures, phases=phases, sessions=lengths, code=code, randomization=draw)
    note = _(
        "Component experiment after {study}: A without, B with the part of the intervention that works on “{process}”."
    )
    return plan.replace(note=note.format(study=client.code, process=measure.label))


def _client(study: Study, case: str | None) -> Case:
    if case is None and len(study.cases) > 1:
        codes = ", ".join(f"'{c.code}'" for c in study.cases)
        raise StudyError(
            f"study '{study.code}': has several cases ({codes}); name the one the experiment is for", field="case"
        )
    return study.cases[0] if case is None else study.case(case)


def _process(study: Study, key: str) -> Measure:
    measure = study.measure(key)
    if measure.role == "outcome":
        raise StudyError(
            f"process '{key}': is an outcome; an experiment works on a process and watches the outcome", field="process"
        )
    return measure


def _draw(
    kind: str, *, phases: str, sessions: int, min_phase: int, seed: int | None, drawn_at: dt.datetime | None
) -> Randomization | None:
    if kind not in ("phases", "alternating"):
        raise StudyError(f"next experiment: is of kind 'phases' or 'alternating' (got {kind!r})", field="kind")
    if (seed is None) != (drawn_at is None):
        lacking = "its time (drawn_at)" if drawn_at is None else "a seed"
        raise StudyError(f"next experiment: a draw lacks {lacking}", field="seed" if seed is None else "drawn_at")
    if seed is None or drawn_at is None:
        if kind == "alternating":
            raise StudyError(
                "next experiment: conditions that alternate need a draw; give seed and drawn_at", field="seed"
            )
        return None
    if kind == "alternating":
        return draw_alternating(sessions=sessions, max_consecutive=_LONGEST_RUN, seed=seed, drawn_at=drawn_at)
    count = len(phases.strip())
    return draw_phase_starts(sessions=sessions, phases=count, min_phase=min_phase, seed=seed, drawn_at=drawn_at)


def _even(sessions: int, phases: int) -> list[int]:
    """Lengths that differ by 1 at most, the longer ones first."""
    total = whole_number(sessions, field="sessions", what="next experiment, number of sessions", least=max(phases, 1))
    return [total // phases + (i < total % phases) for i in range(phases)] if phases else []
