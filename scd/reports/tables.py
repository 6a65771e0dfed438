"""The tables of a report: effects, the course of the phases, and every value on record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.analysis.cautions import too_few_points
from scd.analysis.words import grade_words
from scd.design.standards import grade_wwc
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized, short_day
from scd.reports.changes import comparison_words, effect_words, overall_effect, told_effect, told_measure
from scd.reports.markup import Piece, fold, paragraphs, table
from scd.reports.phrases import (
    case_words,
    draw_words,
    headline_measure,
    interval,
    judged_measure,
    judged_words,
    number,
    probability,
    value_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.analysis.summary import Effect, Summary
    from scd.reports.job import Job
    from scd.study import Case, Study

__all__ = ["course", "data", "effect_table", "outcome_table", "overview"]

# What heads the table; the other effects are folded away below it.
_MAIN = {"level_change", "level_change_first", "level_change_last", "slope_change", "trend", "consistent_change"}

_EXPLAINED = (
    (
        {"standardized_change"},
        N_("The standardised change is in SDs of the client's own values, positive when things got better."),
    ),
    (
        {"nap"},
        N_(
            "NAP is how probable it is that a value under intervention is better than one in baseline; {half} is no "
            "difference."
        ),
    ),
    ({"rate_ratio", "odds_ratio"}, N_("A ratio of 1 is no change.")),
)


def overview(job: Job) -> Markup:
    """One line for each outcome, to be seen at a glance; nothing when there is only one outcome.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    markupsafe.Markup
        A table with the grade beside each probability. Where several cases stand for themselves, no line could speak
        for all of them, and there is no table.
    """
    lines = [(summary, overall_effect(job.study, summary=summary)) for summary in job.summaries]
    if len(lines) < 2 or any(row is None and not summary.withheld for summary, row in lines):
        return Markup("")
    average = _(", average") if len(job.study.cases) > 1 else ""
    rows = []
    for n, (summary, row) in enumerate(lines):
        name = judged_words(job.study, summary=summary)
        measure_of = {case.code: judged_measure(job.study, case, summary=summary) for case in job.study.cases}
        if row is None:
            rows.append([name, _("not shown: see below") if n else _("not shown"), *[number(None)] * 4])
            continue
        measure = measure_of[job.study.cases[0].code]
        chances = [probability(row.p_improvement), probability(row.p_meaningful)]
        if len(too_few_points(job.study, measure_of)) == len(measure_of):
            chances = [_("no verdict"), number(None)]
        told = told_effect(row, measure=measure)
        unit = told_measure(measure).unit
        change = [f"{number(told.median)} {unit}{average}", interval(told.lower, told.upper)]
        rows.append([name, *change, *chances, grade_words(grade_wwc(job.study, measure=measure.key))])
    head = [_("Outcome"), _("Change"), _("95 % interval"), _("P(better)"), _("P(meaningful)"), _("Design")]
    caption = _("All outcomes, the headline first: the change from baseline to intervention.")
    head, rows = _without_empty(head, rows, column=4)
    return table(rows, head=head, caption=caption, numbers=range(2, len(head) - 1))


def effect_table(job: Job) -> Piece:
    """The table of effects of the headline, with the design's grade in its caption.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Words when the effect is withheld.
    """
    summary = job.summary
    if not summary.shows_effects:
        return Piece(paragraphs([_("There is no table, because no effect is shown here.")]), name="effect table")
    main, rest = _main_and_rest(job, summary)
    html = _effects(job, main, summary=summary, caption=_caption(summary))
    notes = _(
        "Estimates are posterior medians. A change is always intervention minus baseline, in the "
        "units shown. P is a probability: of an improvement, and of a meaningful one."
    )
    html += paragraphs([notes], kind="note")
    if rest:
        shown = {row.effect for row in rest}
        told = " ".join(_(said).format(half=localized("0.5")) for effects, said in _EXPLAINED if shown & effects)
        caption = f"{told} {summary.grade}"
        more = _effects(job, rest, summary=summary, caption=caption)
        html += fold(_("More effects: standardised, and phase by phase"), more)
    return Piece(html, name="effect table")


def outcome_table(job: Job, *, summary: Summary) -> Markup:
    """All effects of another outcome, folded away; nothing when none is shown.

    Parameters
    ----------
    job : Job
        The job.
    summary : Summary
        One of the job's.
    """
    if not summary.shows_effects:
        return Markup("")
    main, rest = _main_and_rest(job, summary)
    name = judged_words(job.study, summary=summary)
    numbers = _effects(job, [*main, *rest], summary=summary, caption=_caption(summary))
    return fold(_("The numbers for {name}").format(name=name), numbers)


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
    html = _case_table(
        [(case.code, line) for case in study.cases for line in _phase_rows(study, case)],
        study=study,
        head=[_("Phase"), _("Planned start"), _("Started"), _("Values"), _("Missed"), _("Why it moved")],
        caption=_("Sessions by number; a phase lasts until the next one starts."),
        numbers=range(1, 5),
    )
    said = [draw_words(study)]
    for case in study.cases:
        missed = [f"{n} ({note})" if note else str(n) for n, note in case.missed_sessions().items()]
        if missed:
            text = _("Missed by {case}: session {sessions}.") if several else _("Missed: session {sessions}.")
            said.append(text.format(case=case.code, sessions=", ".join(missed)))
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
    head = [_("Session"), _("Date"), _("Case"), _("Phase"), _("Measure"), _("Value"), _("Note")]
    rows = []
    for case in study.cases:
        for session in case.sessions:
            for measure in study.measures_of(case):
                if not session.due(measure.key):
                    continue
                day = "" if session.date is None else short_day(session.date)
                said = value_words(session, measure=measure.key) or "missed"
                phase = case.phase_at(session.number).label
                rows.append([str(session.number), day, case.code, phase, measure.label, said, session.note])
    if not rows:
        return Piece(paragraphs([_("No session is on record yet.")]), name="data")
    # A column that says the same in every row, or nothing, is left out.
    kept = [0] + [n for n in range(1, len(head)) if n in (3, 5) or len({row[n] for row in rows}) > 1]
    html = table(
        [[row[n] for n in kept] for row in rows],
        head=[head[n] for n in kept],
        caption=_("One row a session and measure."),
        numbers=(kept.index(0), kept.index(5)),
    )
    return Piece(fold(_("All values on record ({n} rows)").format(n=len(rows)), html), name="data")


def _phase_rows(study: Study, case: Case) -> list[list[str]]:
    rows = []
    last = case.sessions[-1].number if case.sessions else 0
    measure = headline_measure(study, case).key
    missed = case.missed_sessions()
    for phase in case.phases:
        values = [s.value(measure) for s in case.sessions if case.phase_at(s.number) == phase]
        begun = phase.actual_start is not None and phase.start <= last
        rows.append(
            [
                phase.label,
                str(phase.planned_start),
                str(phase.start) if begun else _("not yet"),
                str(sum(v is not None for v in values)),
                str(sum(case.phase_at(n) == phase for n in missed)),
                phase.reason,
            ]
        )
    return rows


def _main_and_rest(job: Job, summary: Summary) -> tuple[list[Effect], list[Effect]]:
    several = len(job.study.cases) > 1
    main = [row for row in summary.effects if row.effect in _MAIN and (row.contrast == "overall" or not several)]
    if not main:  # an average over unlike measures has no unit
        main = [row for row in summary.effects if row.effect == "standardized_change"]
    return main, [row for row in summary.effects if row not in main]


def _caption(summary: Summary) -> str:
    return " ".join([_("Changes with their intervals and probabilities."), summary.grade])


def _effects(job: Job, effects: Sequence[Effect], *, summary: Summary, caption: str) -> Markup:
    study = job.study
    names, rows = [], []
    for row in effects:
        case = study.case(row.case) if row.case is not None else None
        measure = judged_measure(study, case or study.cases[0], summary=summary)
        told = told_effect(row, measure=measure)
        names.append(case_words(study, case) if case else _("Average"))
        rows.append(
            [
                effect_words(row.effect, measure=measure),
                comparison_words(row.contrast),
                number(told.median),
                interval(told.lower, told.upper),
                probability(row.p_improvement),
                probability(row.p_meaningful),
            ]
        )
    head = [_("Effect"), _("Phases compared"), _("Estimate"), _("95 % interval"), _("P(better)"), _("P(meaningful)")]
    head, rows = _without_empty(head, rows, column=5)
    return _case_table(
        list(zip(names, rows, strict=True)), study=study, head=head, caption=caption, numbers=range(2, len(head))
    )


def _case_table(
    rows: Sequence[tuple[str, list[str]]], *, study: Study, head: list[str], caption: str, numbers: Sequence[int]
) -> Markup:
    """A table whose rows are each about a case, which is named in front where there are several."""
    if len(study.cases) == 1:
        return table([line for _, line in rows], head=head, caption=caption, numbers=numbers)
    shifted = [n + 1 for n in numbers]
    return table([[name, *line] for name, line in rows], head=[_("Case"), *head], caption=caption, numbers=shifted)


def _without_empty(head: list[str], rows: list[list[str]], *, column: int) -> tuple[list[str], list[list[str]]]:
    """Head and rows, without a column that has a dash in every row."""
    if any(row[column] != number(None) for row in rows):
        return head, rows
    return [*head[:column], *head[column + 1 :]], [[*row[:column], *row[column + 1 :]] for row in rows]
