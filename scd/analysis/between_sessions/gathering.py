"""Gather what happened between the sessions of each client: areas, practice, processes, and the looks at the data."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from scd.analysis.between_sessions.practice_values import (
    CourseRow,
    DoseFound,
    DoseRow,
    FollowPhase,
    FollowRow,
    Obstacle,
    PracticeFound,
)
from scd.analysis.between_sessions.values import (
    AreaRow,
    AreasFound,
    BetweenSessions,
    ProcessesFound,
    ProcessRow,
    SteeringFound,
)
from scd.analysis.cautions import too_few_points
from scd.analysis.processes.evidence import MOST_PROCESSES
from scd.language import gettext as _
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from scd.study import Case, Measure, Study
    from scd.study.record import Record

__all__ = ["between_sessions_of"]

_FEWEST_AREAS = 2


def between_sessions_of(study: Study, *, looked_at: dt.datetime) -> tuple[BetweenSessions, ...]:
    """Gather what happened between the sessions.

    Parameters
    ----------
    study : Study
    looked_at : datetime.datetime
        When, with time zone; as for `scd.analysis.steering.after_session.steer`.

    Returns
    -------
    tuple of BetweenSessions
        One a case of which there is something to say. What can't be told yet stands there in words: too little for one
        part stops no other.

    Examples
    --------
    >>> from scd.design.linked import linked_study
    >>> now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    >>> found = between_sessions_of(linked_study(links={"sleep": 0.6, "worry": 0.0}), looked_at=now)
    >>> found[0].processes.leading, found[0].practice, found[0].steering
    ('sleep', (), None)
    """
    found = [
        BetweenSessions(
            case=case.code,
            areas=_areas(study, case),
            practice=_practice(study, case),
            processes=_processes(study, case),
            steering=_steering(study, case, looked_at),
        )
        for case in study.cases
    ]
    return tuple(one for one in found if one != BetweenSessions(case=one.case))


def _areas(study: Study, case: Case) -> AreasFound | None:
    from scd.analysis.areas.area_changes import area_changes
    from scd.analysis.areas.words import area_client_words, area_words
    from scd.analysis.between_sessions.area_sentences import area_sentence

    seen = _recorded(case)
    if sum(m.role == "outcome" and m.key in seen for m in study.measures_of(case)) < _FEWEST_AREAS:
        return None
    try:
        held = area_changes(study, case=case.code)
    except StudyError as error:
        return AreasFound(problem=error.message.replace("\n", "; "))
    if len(held.rows) < _FEWEST_AREAS:
        reasons = "; ".join(held.left_out.values())
        return AreasFound(problem=_("Fewer than two areas can be judged so far. {reasons}").format(reasons=reasons))
    rows: list[dict[str, Any]] = held.rows.to_dict("records")  # type: ignore[assignment]
    if all(row["note"] for row in rows):
        return AreasFound(problem="; ".join(dict.fromkeys(row["note"] for row in rows)))
    told = [area_sentence(row, measure=study.measure(row["measure"])) for row in rows]
    text = area_words(held, study=study)
    return AreasFound(
        rows=_rows(held.rows.assign(client_text=told), AreaRow),
        text=(text[0], *text[1 + len(rows) :]),
        client_text=area_client_words(held),
        reliable=held.reliable,
        priors=held.priors,
    )


def _practice(study: Study, case: Case) -> tuple[PracticeFound, ...]:
    from scd.analysis.practice.follow_through import follow_through, follow_through_table
    from scd.analysis.practice.words import follow_through_client_words, follow_through_words

    told = []
    for practice in study.measures_of(case):
        if practice.role != "practice":
            continue
        sessions = follow_through(study, case=case.code, practice=practice.key)
        if sessions[["planned", "done"]].isna().all(axis=None):
            continue  # named in the plan, and never asked for
        phases = follow_through_table(study, case=case.code, practice=practice.key)
        found = PracticeFound(
            practice=practice.key,
            measure=_headline(study, case).key,
            sessions=_rows(sessions, FollowRow),
            phases=_rows(phases, FollowPhase),
            obstacles=_obstacles(case, practice.key),
            text=follow_through_words(phases, practice=practice, case=case.code),
            client_text=follow_through_client_words(phases, practice=practice, case=case.code),
        )
        told.append(_with_dose(found, study, case))
    return tuple(told)


def _with_dose(found: PracticeFound, study: Study, case: Case) -> PracticeFound:
    from scd.analysis.practice.dose_effects import dose_effects
    from scd.analysis.practice.words import dose_client_words, dose_words

    outcome = study.measure(found.measure)
    if outcome.role != "outcome":
        return found
    few = too_few_points(study, {case.code: outcome}).get(case.code)
    if few:  # a probability would rest on the prior, as that of the phase's own effect would
        return found.replace(problem=few)
    try:
        held = dose_effects(study, measure=found.measure, practice=found.practice, case=case.code)
    except StudyError as error:
        return found.replace(problem=error.message)
    dose = DoseFound(
        rows=_rows(held.rows, DoseRow),
        courses=_rows(held.courses, CourseRow),
        told_apart=held.told_apart,
        text=dose_words(held),
        client_text=dose_client_words(held),
    )
    return found.replace(dose=dose)


def _obstacles(case: Case, practice: str) -> tuple[Obstacle, ...]:
    return tuple(
        Obstacle(session=session.number, date=session.date, text=value.obstacle)
        for session in case.sessions
        for value in session.values
        if value.measure == practice and value.obstacle
    )


def _processes(study: Study, case: Case) -> ProcessesFound | None:
    from scd.analysis.processes.table import process_table

    declared = [m.key for m in study.measures_of(case) if m.role == "process"]
    outcome = _headline(study, case)
    if outcome.role != "outcome" or not _recorded(case).intersection(declared):
        return None
    found = ProcessesFound(outcome=outcome.key, processes=tuple(declared))
    if len(declared) > MOST_PROCESSES:
        told = _(
            "{n} processes were declared for one outcome. Among so many something looks like a link by chance, so none "
            "is shown; declare at most {most}."
        )
        return found.replace(problem=told.format(n=len(declared), most=MOST_PROCESSES))
    try:
        held = process_table(study, case=case.code, outcome=outcome.key)
    except StudyError as error:
        return found.replace(problem=error.message)
    rows = _rows(held.table, ProcessRow)
    return found.replace(
        processes=tuple(row.process for row in rows),
        rows=rows,
        model=held.model,
        priors=held.priors,
        text=held.text[len(rows) :],
        client_text=held.client_text,
        warnings=held.warnings,
        leading=_leading(rows),
    )


def _leading(rows: Sequence[ProcessRow]) -> str:
    """The process with the strongest evidence; among leads the one that is most probably the largest."""
    most = [row.process for row in rows if row.evidence == "matters most"]
    leads = [row for row in rows if row.evidence == "lead to try next"]
    if most or not leads:
        return most[0] if most else ""
    return max(leads, key=lambda row: (row.p_rank1 or 0, row.p_direction)).process


def _steering(study: Study, case: Case, looked_at: dt.datetime) -> SteeringFound | None:
    from scd.analysis.between_sessions.looks_words import look_client_words, looks_alarm_words
    from scd.analysis.steering.after_session import steer
    from scd.analysis.steering.steering_words import rule_words

    decisions = tuple(decision for decision in study.decisions if decision.case == case.code)
    if study.monitoring is None and not decisions:
        return None
    try:
        steering = steer(study, case=case.code, looked_at=looked_at)
    except StudyError as error:
        return SteeringFound(steering=None, decisions=decisions, problem=error.message)
    measure, rule = study.measure(steering.measure), steering.rule
    return SteeringFound(
        steering=steering,
        rule_text=() if rule is None else rule_words(rule, measure=measure),
        alarm_text=looks_alarm_words(steering, measure=measure),
        decisions=decisions,
        client_text=look_client_words(steering, decisions, measure=measure),
    )


def _recorded(case: Case) -> set[str]:
    """Keys of the measures of which there is a value."""
    return {v.measure for session in case.sessions for v in session.values if v.value is not None}


def _headline(study: Study, case: Case) -> Measure:
    own = study.measures_of(case)
    return next((m for m in own if m.role == "outcome"), own[0])


def _rows[R: Record](table: pd.DataFrame, kind: type[R]) -> tuple[R, ...]:
    """The rows of a table as values; what is no number, and no day, is None."""
    return tuple(kind(**{str(name): _plain(cell) for name, cell in row.items()}) for row in table.to_dict("records"))


def _plain(cell: Any) -> Any:
    if cell is None or cell != cell:
        return None
    return cell.date() if isinstance(cell, dt.datetime) else cell
