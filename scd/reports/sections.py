"""The sections of a report: from a job to a piece of the page. Numbers and their sentences come from the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.language import gettext as _
from scd.reports.appendix import appendix
from scd.reports.areas import areas, client_areas
from scd.reports.indices import between_cases, draw_test, indices
from scd.reports.job import finish, open_job
from scd.reports.limits import client_limits, judged_together, limits
from scd.reports.markup import Piece, facts, items, joined, paragraphs
from scd.reports.origins import diagnostics, provenance
from scd.reports.phrases import (
    design_words,
    judged_measure,
    judged_words,
    measure_words,
    record_words,
    session_words,
)
from scd.reports.pictures import chart, effect_chart, other_charts, outcome_chart
from scd.reports.practice import client_chart, client_practice, practice
from scd.reports.processes import client_processes, processes
from scd.reports.shares import has_several_clients
from scd.reports.standards import standards
from scd.reports.steering import client_steering, steering
from scd.reports.tables import course, data, effect_table, outcome_table, overview
from scd.reports.visual import visual

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.analysis.summary import Summary
    from scd.reports.job import Job

__all__ = [
    "appendix",
    "areas",
    "between_cases",
    "chart",
    "client_areas",
    "client_chart",
    "client_limits",
    "client_practice",
    "client_processes",
    "client_steering",
    "course",
    "data",
    "diagnostics",
    "draw_test",
    "effect_chart",
    "effect_table",
    "finish",
    "header",
    "indices",
    "limits",
    "meaning",
    "open_job",
    "other_charts",
    "other_outcomes",
    "practice",
    "processes",
    "provenance",
    "result",
    "standards",
    "steering",
    "visual",
]


def header(job: Job, *, audience: str) -> Piece:
    """Whose page it is, of which version of the record, and made when.

    Parameters
    ----------
    job : Job
        The job.
    audience : {"clinician", "client"}
        Who reads the page.

    Returns
    -------
    Piece
        The top of the page.
    """
    study = job.study
    subject = _("Study") if has_several_clients(study) else _("Client")
    kind, title = {
        "clinician": (_("Report for the clinician"), f"{subject} {job.code}"),
        "client": (_("Report for client {code}").format(code=job.code), _("What your numbers say")),
    }[audience]
    head = Markup('<p class="kind">{}</p><h1>{}</h1>').format(kind, title)
    if job.is_example:
        banner = _("Example client, invented numbers. No person stands behind this page.")
        head = Markup('<p class="example">{}</p>').format(banner) + head
    measures = dict.fromkeys(judged_measure(study, case, summary=s) for s in job.summaries for case in study.cases)
    # With several measures the client's page names each beside its panel or words; it has room for one list only.
    listed = audience == "clinician" or len(measures) == 1
    about = {
        _("Measures") if len(measures) > 1 else _("Measure"): "; ".join(map(measure_words, measures)) if listed else "",
        _("Design"): _sentence_start(design_words(study)) if audience == "clinician" else "",
        _("Sessions"): session_words(study),
        _("Record"): record_words(job) if audience == "clinician" else "",
    }
    return Piece(Markup("<header>") + head + facts(about.items()) + Markup("</header>"), name="header")


def result(job: Job) -> Piece:
    """The result in the clinician's words, or why there is none, with the design's grade.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Sentences, then the summary's warnings; with several outcomes a table of them all.
    """
    summary = job.summary
    parts = [_verdict(summary), _graded(summary.grade), overview(job), _warned(summary.warnings)]
    return Piece(joined(parts), name="result")


def other_outcomes(job: Job) -> Piece:
    """The other outcomes, each by itself: its words, its graph, its numbers, or why there are none.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of their own; nothing when the headline is the only outcome.
    """
    others = job.summaries[1:]
    if not others:
        return Piece(Markup(""), name="other outcomes")
    parts = [
        Markup("<h2>{}</h2>").format(_("Other outcomes")),
        paragraphs([_by_itself(job)], kind="note"),
    ]
    said, grades = set(job.summary.warnings), {job.summary.grade}
    for summary in others:
        # What holds for every outcome was said beside the headline.
        new = [warning for warning in summary.warnings if warning not in said]
        graded = _graded(summary.grade) if summary.grade not in grades else Markup("")
        parts += [
            Markup("<h3>{}</h3>").format(judged_words(job.study, summary=summary)),
            *(_verdict(summary), graded, _warned(new)),
            outcome_chart(job, summary=summary).html,
            outcome_table(job, summary=summary),
        ]
        said |= set(new)
        grades.add(summary.grade)
    return Piece(joined(parts), name="other outcomes")


def meaning(job: Job) -> Piece:
    """The result in the client's words, or that there is none yet.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A few sentences about the headline; then one entry for each other outcome.
    """
    headline, *others = job.summaries
    told = _client_text(job, headline)
    kind = "withheld" if headline.withheld else "result"
    html = Markup('<div class="{}">{}</div>').format(kind, paragraphs(told))
    if others and not judged_together(job):  # which tell of them together
        # How strong the design is stands once on the page; and the chart is the headline's.
        words = [" ".join(text for text in _client_text(job, other) if text not in told) for other in others]
        html += Markup("<h3>{}</h3>").format(_("What else was measured")) + items(words)
    return Piece(html, name="meaning")


def _by_itself(job: Job) -> str:
    if judged_together(job):
        return _(
            "Each is estimated by itself, as if it were the only one; “Areas of life” judges all of them together."
        )
    return _("Each is estimated by itself, as if it were the only one.")


def _verdict(summary: Summary) -> Markup:
    if summary.withheld:
        return Markup('<div class="withheld"><p>{}</p>{}</div>').format(
            _("No effect is shown."), paragraphs(summary.text)
        )
    return Markup('<div class="result">{}</div>').format(paragraphs(summary.text))


def _client_text(job: Job, summary: Summary) -> tuple[str, ...]:
    if len(job.summaries) == 1 or not summary.withheld:
        return summary.client_text
    if summary.model:  # that the page shows no numbers would be wrong of the others
        name = judged_words(job.study, summary=summary)
        return (
            _("The numbers for {name} could not be worked out reliably this time, so none are shown here.").format(
                name=name
            ),
        )
    return summary.client_text if summary is job.summary else summary.client_text[:1]


def _graded(grade: str) -> Markup:
    return Markup('<p><span class="grade">{}</span> {}</p>').format(_("The design:"), grade) if grade else Markup("")


def _warned(warnings: Sequence[str]) -> Markup:
    if not warnings:
        return Markup("")
    return Markup('<div class="warning"><p>{}</p>{}</div>').format(_("Before you rely on this"), items(warnings))


def _sentence_start(words: str) -> str:
    return words[:1].upper() + words[1:]
