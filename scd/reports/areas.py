"""Areas of life: all outcomes of one client in one model, a row each, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.analysis.areas.words import verdict_word
from scd.analysis.words import change_unit
from scd.language import gettext as _
from scd.reports.figures import figure, graph_words, once
from scd.reports.markup import MANY, Piece, fold, items, joined, paragraphs, table
from scd.reports.phrases import interval, number, probability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scd.analysis.between_sessions.values import AreasFound
    from scd.reports.job import Job
    from scd.study import Case, Measure

__all__ = ["areas", "areas_charts", "client_areas"]

_LOW = 100


def areas(job: Job) -> Piece:
    """Which areas got better, which worse, and which can't be told yet, judged together.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing with fewer than two outcomes of one client.
    """
    held = list(_every(job))
    if not held:
        return Piece(Markup(""), name="areas")
    parts = [Markup("<h2>{}</h2>").format(_("Areas of life"))]
    for case, found in held:
        if len(job.study.cases) > 1:
            parts.append(Markup("<h3>{}</h3>").format(case.code))
        if not found.rows:
            told = _("The areas can't be judged together here: {problem}").format(problem=found.problem)
            parts.append(paragraphs([told]))
            continue
        inside = joined([_rows(job, found), *_few(found), paragraphs(found.text[1:], kind="note")])
        parts += [paragraphs(found.text[:1]), _chart(job, case, found).html]
        parts.append(inside if len(held) <= MANY else fold(_("The numbers"), inside))
    parts += _model(job, held)
    return Piece(joined(parts), name="areas")


def client_areas(job: Job) -> Piece:
    """The same for the client: at a glance, in words, and a graph an area.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing with fewer than two outcomes, or where they can't be judged yet.
    """
    parts = []
    for case, found in _every(job):
        if found.rows and found.reliable:
            parts += [_chart(job, case, found).html, items(found.client_text)]
            parts += [
                _small(job, case, job.study.measure(row.measure), said=row.client_text).html
                for row in found.rows
                if row.measure != job.summary.measure
            ]
    if not parts:
        return Piece(Markup(""), name="client areas")
    return Piece(Markup("<h2>{}</h2>").format(_("The areas of your life")) + joined(parts), name="client areas")


def areas_charts(job: Job, *, plain: bool) -> Iterator[Piece]:
    """The pictures of the section, to be drawn before the notebook runs.

    Parameters
    ----------
    job : Job
        The job.
    plain : bool
        Those of the client's page, with a graph an area.
    """
    for case, found in _every(job):
        if not found.rows or (plain and not found.reliable):
            continue
        yield _chart(job, case, found)
        for row in found.rows:
            if plain and row.measure != job.summary.measure:
                yield _small(job, case, job.study.measure(row.measure), said=row.client_text)


def _every(job: Job) -> Iterator[tuple[Case, AreasFound]]:
    for held in job.between:
        if held.areas is not None:
            yield job.study.case(held.case), held.areas


def _few(found: AreasFound) -> Iterator[Markup]:
    told = _("{area}: no verdict and no probabilities, for {reason}.")
    few = [told.format(area=row.label, reason=row.note) for row in found.rows if row.note]
    if few:
        yield items(few)


def _model(job: Job, held: Sequence[tuple[Case, AreasFound]]) -> Iterator[Markup]:
    """What the model takes for granted, once for all cases."""
    for found in [found for _case, found in held if found.rows][:1]:
        said = _(
            "Each area has one change for all its phases here. The estimates further up let it differ from phase to "
            "phase, so their intervals are wider where it does. They head the page, and these tell which areas stand "
            "out."
        )
        if any(summary.model == "phase-level" for summary in job.summaries):
            yield paragraphs([said], kind="note")
        priors = "; ".join(f"{name}: {told}" for name, told in (found.priors or {}).items())
        told = _("Priors, in fifths of a range: {priors}").format(priors=priors)
        yield fold(_("The model of the areas"), paragraphs([told]))


def _rows(job: Job, found: AreasFound) -> Markup:
    rows = []
    for row in found.rows:
        factor, unit = change_unit(job.study.measure(row.measure))
        rows.append(
            [
                row.label,
                f"{number(factor * row.change)} {unit}",
                interval(factor * row.lower, factor * row.upper),
                *(
                    number(None) if row.note else probability(p)
                    for p in (row.p_improvement, row.p_meaningful, row.p_alone)
                ),
                verdict_word(row.verdict),
            ]
        )
    head = [
        _("Area"),
        _("Change"),
        _("95 % interval"),
        _("P(better)"),
        _("P(meaningful)"),
        _("P(better), alone"),
        _("Verdict"),
    ]
    caption = _(
        "The change of each area from baseline to intervention in one model of all areas, most improved first. Alone: "
        "by its own values only."
    )
    return table(rows, head=head, caption=caption, numbers=(1, 2))


def _chart(job: Job, case: Case, found: AreasFound) -> Piece:
    def draw() -> Markup:
        from scd.analysis.between_sessions.values import AreaRow
        from scd.analysis.summary_values import frame_of
        from scd.charts.areas_chart import areas_chart

        said = " ".join(
            _("{area}: {verdict}.").format(area=row.label, verdict=verdict_word(row.verdict)) for row in found.rows
        )
        caption = _("One row an area, the most improved on top.")
        graph = areas_chart(frame_of(found.rows, kind=AreaRow))
        return figure(graph, title=_("How the areas of life changed"), description=said, caption=caption)

    return once(job, name=f"areas of {case.code}", draw=draw)


def _small(job: Job, case: Case, measure: Measure, *, said: str) -> Piece:
    def draw() -> Markup:
        from scd.charts.study_chart import study_chart

        study = job.study
        graph = study_chart(study.frame(), measure=measure, phases=study.phase_frame(), case=case.code, height=_LOW)
        title = _("{measure} over the sessions").format(measure=measure.label)
        return figure(graph, title=title, description=graph_words(job, case, measure), caption=said)

    return once(job, name=f"area {measure.key} of {case.code}", draw=draw)
