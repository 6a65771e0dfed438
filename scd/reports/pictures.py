"""The pictures of a report: charts as SVG inside the page, each with a description for those who can't see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from scd.language import gettext as _
from scd.reports.changes import effect_words, told_effect, told_measure
from scd.reports.figures import figure, graph_words, once
from scd.reports.markup import Piece, joined, paragraphs
from scd.reports.outcomes import study_of_outcome
from scd.reports.phrases import (
    case_words,
    interval,
    judged_measure,
    number,
    of_case,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scd.analysis.summary import Summary
    from scd.reports.job import Job
    from scd.study import Measure, Study

__all__ = ["chart", "effect_chart", "effects_drawn", "other_charts", "outcome_chart", "visual_charts"]

_HEIGHT, _LOWER = 260, 150  # of the headline's graph, and of those below it


def chart(job: Job, *, plain: bool = False) -> Piece:
    """The graph of the headline measure over the sessions.

    Parameters
    ----------
    job : Job
        The job.
    plain : bool
        Whether to draw the values alone, without estimated levels and the baseline's projection.

    Returns
    -------
    Piece
        One figure a case, or the staircase of a multiple baseline.
    """
    name = "plain chart" if plain else "chart"
    return once(job, name=name, draw=lambda: _graph(job, job.summary, plain=plain, height=_HEIGHT))


def outcome_chart(job: Job, *, summary: Summary) -> Piece:
    """The graph of another outcome over the sessions, with its estimate.

    Parameters
    ----------
    job : Job
        The job.
    summary : Summary
        One of the job's.

    Returns
    -------
    Piece
        As `chart` gives it, smaller.
    """
    name = f"chart of {summary.measure}"
    return once(job, name=name, draw=lambda: _graph(job, summary, plain=False, height=_LOWER))


def _graph(job: Job, summary: Summary, *, plain: bool, height: int) -> Markup:
    from scd.charts.multiple_baseline import multiple_baseline_chart
    from scd.charts.study_chart import study_chart

    other = None if summary is job.summary else job.study.measure(summary.measure)
    study = study_of_outcome(job.study, measure=other)
    held = not plain and not summary.withheld
    levels = summary.levels_table() if held and summary.levels else None
    projection = summary.projection_table() if held and summary.projection else None
    told: dict[str, Any] = {"phases": study.phase_frame(), "levels": levels, "projection": projection}
    frame = study.frame()
    pairs = [(case, judged_measure(study, case, summary=summary)) for case in study.cases]
    caption = _("Each point is one session.")
    if projection is not None:
        caption += " " + _(
            "The band: where 95 % of single values would have fallen by the model, had the baseline gone on."
        )
    if study.design == "multiple-baseline" and len(pairs) > 1:
        # The client knows the behaviours by their names, not by our codes.
        by_name = plain and study.across == "behaviours"
        labels = {case.code: m.label if by_name else case_words(study, case) for case, m in pairs}
        stairs = multiple_baseline_chart(frame, measures=[m for _, m in pairs], labels=labels, **told)
        said = " ".join(graph_words(job, case, measure) for case, measure in pairs)
        title = _title([measure for _, measure in pairs])
        return figure(stairs, title=title, description=said, caption=caption)
    figures = []
    for n, (case, measure) in enumerate(pairs):
        label = case.code if len(pairs) > 1 else None
        one = study_chart(frame, measure=measure, case=case.code, label=label, height=height, **told)
        said = graph_words(job, case, measure)
        below = caption if n == 0 else _("{case}, as above.").format(case=case.code)
        figures.append(figure(one, title=_title([measure]), description=said, caption=below))
    return joined(figures)


def effect_chart(job: Job) -> Piece:
    """The changes with their intervals.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A figure, or words when the effect is withheld.
    """
    return once(job, name="effect chart", draw=lambda: _effects(job))


def _effects(job: Job) -> Markup:
    study, summary = job.study, job.summary
    if not summary.shows_effects:
        return paragraphs([_("No effect is drawn, because none is shown here.")])
    labels = {case.code: case_words(study, case) for case in study.cases}
    intervals, description = effects_drawn(study, summary=summary, labels=labels)
    return figure(
        intervals,
        title=_("Changes with their intervals"),
        description=description,
        caption=_("A point is the middle of the plausible changes, the line their 95 % interval; 0 is no change."),
    )


def effects_drawn(study: Study, *, summary: Summary, labels: Mapping[str, str]) -> tuple[Any, str]:
    """The changes with their intervals, as a chart, and in words for those who can't see it.

    Parameters
    ----------
    study : Study
        As estimated.
    summary : Summary
        With effects.
    labels : mapping of str to str
        What each case is called, by code.

    Returns
    -------
    tuple of (altair.Chart, str)
        In the measure's units; where the cases have unlike ones, standardised.
    """
    from scd.charts.effects_chart import effects_chart

    measures = [judged_measure(study, case, summary=summary) for case in study.cases]
    first = study.cases[0].code  # an average is in the unit of all
    alike = len({(m.minimum, m.maximum, m.improvement, m.unit, m.scale) for m in measures}) == 1
    effect = "level_change" if alike else "standardized_change"  # unlike units have no common axis
    told = [
        told_effect(row, measure=judged_measure(study, study.case(row.case or first), summary=summary))
        for row in summary.effects
    ]
    rows = summary.replace(effects=tuple(told)).table()
    if len(study.cases) > 1:
        rows = rows[rows["contrast"] == "overall"]  # one line a case; the phases stand in the table
    intervals = effects_chart(rows, measure=told_measure(measures[0]), effect=effect, labels=labels)
    said = "; ".join(
        f"{labels.get(row.case or '', _('average'))} {_('overall') if row.contrast == 'overall' else row.contrast}: "
        f"{number(row.median)} ({interval(row.lower, row.upper)})"
        for row in told
        if row.effect == effect and (row.contrast == "overall" or len(study.cases) == 1)
    )
    return intervals, _("{effect}, median and 95 % interval. {said}.").format(
        effect=effect_words(effect, measure=measures[0]), said=said
    )


def other_charts(job: Job) -> Piece:
    """The graphs of all other measures that have values, without estimates.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        One figure a case and measure under a heading of their own; nothing when there is no other measure.
    """
    return once(job, name="other charts", draw=lambda: _others(job))


def _others(job: Job) -> Markup:
    from scd.charts.study_chart import study_chart

    study = job.study
    frame, phases = study.frame(), study.phase_frame()
    figures = []
    for case in study.cases:
        shown = {judged_measure(study, case, summary=summary).key for summary in job.summaries}
        # Practice has its own picture, beside the outcome.
        shown |= {found.practice for held in job.between if held.case == case.code for found in held.practice}
        for measure in study.measures_of(case):
            mine = frame[(frame["case"] == case.code) & (frame["measure"] == measure.key)]
            if measure.key in shown or mine["value"].isna().all():
                continue
            graph = study_chart(frame, measure=measure, phases=phases, case=case.code, height=_LOWER)
            name = of_case(study, case, said=measure.label)
            caption = f"{name}, {_(measure.role)}."
            figures.append(figure(graph, title=name, description=graph_words(job, case, measure), caption=caption))
    if not figures:
        return Markup("")
    head = Markup("<h2>{}</h2>").format(_("Other measures")) + paragraphs([_("Drawn without estimates.")], kind="note")
    return head + joined(figures)


def visual_charts(job: Job) -> Piece:
    """The graph of each case with the lines that a visual analyst draws into it.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        One figure a case that has values.
    """
    return once(job, name="visual charts", draw=lambda: _with_lines(job))


def _with_lines(job: Job) -> Markup:
    from scd.analysis.visual.table import visual_lines
    from scd.charts.visual_chart import visual_chart

    study = job.study
    frame, phases = study.frame(), study.phase_frame()
    figures = []
    for case in study.cases:
        measure = judged_measure(study, case, summary=job.summary)
        mine = frame[(frame["case"] == case.code) & (frame["measure"] == measure.key)]
        if mine["value"].isna().all():
            continue
        lines = visual_lines(study, case=case.code, measure=measure.key)
        graph = visual_chart(frame, measure=measure, phases=phases, lines=lines, case=case.code)
        name = of_case(study, case, said=measure.label)
        caption = _("{name}, with the lines of a visual analysis.").format(name=name)
        figures.append(figure(graph, title=name, description=graph_words(job, case, measure), caption=caption))
    return joined(figures)


def _title(measures: list[Measure]) -> str:
    labels = dict.fromkeys(measure.label for measure in measures)
    return _("{measures} over the sessions").format(measures=_(" and ").join(labels))
