"""The tables of a report: effects, the course of the phases, and every value on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.reports.markup import Piece, fold, paragraphs, table
from scd.reports.phrases import (
    case_words,
    comparison_words,
    draw_words,
    effect_words,
    headline_measure,
    interval,
    missed_sessions,
    number,
    probability,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.analysis.summary import Effect
    from scd.reports.job import Job
    from scd.study import Case, Study

__all__ = ["course", "data", "effect_table"]

# What heads the table; the other effects are folded away below it.
_MAIN = {"level_change", "level_change_first", "level_change_last", "slope_change", "trend", "consistent_change"}


def effect_table(job: Job) -> Piece:
    """The table of effects, with the design's grade in its caption.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Words when the effect is withheld.
    """
    study, summary = job.study, job.summary
    if summary.withheld or not summary.effects:
        return Piece(paragraphs(["There is no table, because no effect is shown on this page."]), name="effect table")
    several = len(study.cases) > 1
    main = [row for row in summary.effects if row.effect in _MAIN and (row.contrast == "overall" or not several)]
    if not main:  # an average over unlike measures has no unit
        main = [row for row in summary.effects if row.effect == "standardized_change"]
    rest = [row for row in summary.effects if row not in main]
    html = _effects(job, main, caption=f"Changes with their intervals and probabilities. {summary.grade}")
    notes = (
        "Estimates are posterior medians. A change is always intervention minus baseline, in the measure's units. P is "
        "a probability: of an improvement, and of a meaningful one."
    )
    html += paragraphs([notes], kind="note")
    if rest:
        caption = (
            "The standardised change is in SDs of the client's own values, positive when things got better. "
            f"{summary.grade}"
        )
        html += fold("More effects: standardised, and phase by phase", _effects(job, rest, caption=caption))
    return Piece(html, name="effect table")


def course(job: Job) -> Piece:
    """The plan and what happened: starts, reasons, missed sessions, the draw.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        One table over all cases, then sentences.
    """
    study = job.study
    several = len(study.cases) > 1
    rows = [line for case in study.cases for line in _phase_rows(study, case)]
    head = ["Phase", "Planned start", "Started", "Values", "Missed", "Why it moved"]
    html = table(
        rows,
        head=["Case", *head] if several else head,
        caption="Sessions by number; a phase lasts until the next one starts.",
        numbers=range(1 + several, 5 + several),
    )
    said = [draw_words(study)]
    for case in study.cases:
        missed = [f"{n} ({note})" if note else str(n) for n, note in missed_sessions(case).items()]
        if missed:
            said.append(f"Missed{f' by {case.code}' if several else ''}: session {', '.join(missed)}.")
    return Piece(html + paragraphs(said), name="course")


def data(job: Job) -> Piece:
    """Every value on record, folded away.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A table, one row a session and measure.
    """
    study = job.study
    head = ["Session", "Date", "Case", "Phase", "Measure", "Value", "Note"]
    rows = []
    for case in study.cases:
        for session in case.sessions:
            for measure in study.measures_of(case):
                if session.values and all(entry.measure != measure.key for entry in session.values):
                    continue  # not due at this session
                value = session.value(measure.key)
                day = "" if session.date is None else f"{session.date}"
                said = "missed" if value is None else f"{value:g}"
                phase = case.phase_at(session.number).label
                rows.append([str(session.number), day, case.code, phase, measure.label, said, session.note])
    if not rows:
        return Piece(paragraphs(["No session is on record yet."]), name="data")
    # A column that says the same in every row, or nothing, is left out.
    kept = [0] + [n for n in range(1, len(head)) if n in (3, 5) or len({row[n] for row in rows}) > 1]
    html = table(
        [[row[n] for n in kept] for row in rows],
        head=[head[n] for n in kept],
        caption="One row a session and measure.",
        numbers=(kept.index(0), kept.index(5)),
    )
    return Piece(fold(f"All values on record ({len(rows)} rows)", html), name="data")


def _phase_rows(study: Study, case: Case) -> list[list[str]]:
    rows = []
    last = case.sessions[-1].number if case.sessions else 0
    measure = headline_measure(study, case).key
    missed = missed_sessions(case)
    for phase in case.phases:
        values = [s.value(measure) for s in case.sessions if case.phase_at(s.number) == phase]
        begun = phase.actual_start is not None and phase.start <= last
        line = [
            phase.label,
            str(phase.planned_start),
            str(phase.start) if begun else "not yet",
            str(sum(v is not None for v in values)),
            str(sum(case.phase_at(n) == phase for n in missed)),
            phase.reason,
        ]
        rows.append([case.code, *line] if len(study.cases) > 1 else line)
    return rows


def _effects(job: Job, effects: Sequence[Effect], *, caption: str) -> Markup:
    study = job.study
    several = len(study.cases) > 1
    rows = []
    for row in effects:
        case = study.case(row.case) if row.case is not None else None
        unit = headline_measure(study, case or study.cases[0]).unit
        line = [
            effect_words(row.effect, unit=unit),
            comparison_words(row.contrast),
            number(row.median),
            interval(row.lower, row.upper),
            probability(row.p_improvement),
            probability(row.p_meaningful),
        ]
        rows.append([case_words(study, case) if case else "Average", *line] if several else line)
    head = ["Effect", "Phases compared", "Estimate", "95 % interval", "P(better)", "P(meaningful)"]
    if all(row.p_meaningful is None for row in effects):
        head, rows = head[:-1], [row[:-1] for row in rows]
    full = ["Case", *head] if several else head
    return table(rows, head=full, caption=caption, numbers=range(2 + several, len(full)))
