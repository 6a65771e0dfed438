"""The sections of a report: from a job to a piece of the page. Numbers and their sentences come from the summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.reports.job import finish, open_job
from scd.reports.markup import Piece, facts, items, joined, paragraphs
from scd.reports.phrases import (
    design_words,
    headline_measure,
    measure_words,
    record_words,
    session_words,
    whole,
)
from scd.reports.pictures import chart, effect_chart, other_charts
from scd.reports.shares import has_several_clients
from scd.reports.tables import course, data, effect_table

if TYPE_CHECKING:
    from scd.reports.job import Job

__all__ = [
    "chart",
    "client_limits",
    "course",
    "data",
    "diagnostics",
    "effect_chart",
    "effect_table",
    "finish",
    "header",
    "limits",
    "meaning",
    "open_job",
    "other_charts",
    "provenance",
    "result",
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
    subject = "Study" if has_several_clients(study) else "Client"
    kind, title = {
        "clinician": ("Report for the clinician", f"{subject} {job.code}"),
        "client": (f"Report for client {job.code}", "What your numbers say"),
    }[audience]
    head = Markup('<p class="kind">{}</p><h1>{}</h1>').format(kind, title)
    if job.is_example:
        banner = "Example client, invented numbers. No person stands behind this page."
        head = Markup('<p class="example">{}</p>').format(banner) + head
    measures = dict.fromkeys(headline_measure(study, case) for case in study.cases)
    # With several measures the client's chart names each beside its panel; the sheet has room for one list only.
    listed = audience == "clinician" or len(measures) == 1
    about = {
        "Measure": "; ".join(measure_words(m) for m in measures) if listed else "",
        "Design": _sentence_start(design_words(study)) if audience == "clinician" else "",
        "Sessions": session_words(study),
        "Record": record_words(job) if audience == "clinician" else "",
    }
    return Piece(Markup("<header>") + head + facts(about) + Markup("</header>"), name="header")


def result(job: Job) -> Piece:
    """The result in the clinician's words, or why there is none, with the design's grade.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Sentences, then the summary's warnings.
    """
    summary = job.summary
    if summary.withheld:
        body = Markup('<div class="withheld"><p>No effect is shown.</p>{}</div>').format(paragraphs(summary.text))
    else:
        body = Markup('<div class="result">{}</div>').format(paragraphs(summary.text))
    grade = Markup('<p><span class="grade">The design:</span> {}</p>').format(summary.grade) if summary.grade else ""
    warned = Markup("")
    if summary.warnings:
        warned = Markup('<div class="warning"><p>Before you rely on this</p>{}</div>').format(items(summary.warnings))
    return Piece(joined([body, grade, warned]), name="result")


def diagnostics(job: Job) -> Piece:
    """The model, its priors, and whether the sampler can be trusted.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A list of facts; words when nothing was estimated.
    """
    summary = job.summary
    if not summary.model:
        return Piece(paragraphs(["Nothing was estimated yet."]), name="diagnostics")
    found = summary.diagnostics
    rhat = found.get("rhat_max")
    passed = "Passed" if found.get("ok") else "NOT passed"
    checks = {
        "Model": f"{summary.model}, sampled with {summary.engine}, seed {summary.seed}",
        "Priors": "; ".join(f"{name} ~ {said}" for name, said in summary.priors.items()),
        "Checks": f"{passed}. R-hat at most {'–' if rhat is None else f'{rhat:.4f}'} (must be below 1.01); effective "
        f"draws at least {whole(found.get('ess_bulk_min'))} in bulk and {whole(found.get('ess_tail_min'))} in the "
        f"tails (must be 400 or more); divergences: {whole(found.get('divergences'))} (must be 0)",
    }
    return Piece(facts(checks), name="diagnostics")


def limits(job: Job) -> Piece:
    """What the numbers can't tell, for this design.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A list of sentences.
    """
    drawn = job.study.randomization is not None
    said = [
        "A probability says how plausible a difference between phases is, given the data and the model. Whether the "
        f"treatment made the difference rests on the design. {job.summary.grade}",
        "The starts of the phases were drawn at random, which guards against starting when things happened to be bad."
        if drawn
        else "The starts of the phases were not drawn at random. If treatment began because things were especially "
        "bad, part of an improvement may be the way back to usual.",
        "The model compares levels. A change that builds up slowly, or lasts after treatment stops, comes out smaller "
        "than it is: look for it in the chart.",
        "The standardised change is measured by the client's own ups and downs. It can't be compared with effect "
        "sizes from trials of groups.",
        "If the person who gives the treatment also rates its outcome, no model can put that right.",
        "It says nothing about other clients.",
    ]
    return Piece(items(said), name="limits")


def provenance(job: Job) -> Piece:
    """Where every number on the page comes from.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        The foot of the page.
    """
    summary = job.summary
    found = summary.diagnostics
    rhat = found.get("rhat_max")
    about = {"Study" if has_several_clients(job.study) else "Client": job.code, "Record": record_words(job)}
    if summary.model:
        about |= {
            "Model": f"{summary.model}, {summary.engine}, seed {summary.seed}; priors "
            + "; ".join(f"{name} ~ {said}" for name, said in summary.priors.items()),
            "Checks": f"R-hat {'–' if rhat is None else f'{rhat:.4f}'}, effective draws "
            f"{whole(found.get('ess_bulk_min'))} and {whole(found.get('ess_tail_min'))}, divergences "
            f"{whole(found.get('divergences'))}",
        }
    about["Versions"] = ", ".join(f"{name} {said}" for name, said in summary.versions.items())
    mark = Markup('<p>Data fingerprint <span class="hash">{}</span></p>').format(job.fingerprint)
    return Piece(Markup('<footer class="footer">{}{}</footer>').format(facts(about), mark), name="provenance")


def meaning(job: Job) -> Piece:
    """The result in the client's words, or that there is none yet.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A few sentences.
    """
    kind = "withheld" if job.summary.withheld else "result"
    html = Markup('<div class="{}">{}</div>').format(kind, paragraphs(job.summary.client_text))
    return Piece(html, name="meaning")


def client_limits(job: Job) -> Piece:
    """What the client's page can't tell.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A list of plain sentences.
    """
    said = [
        "It can't tell for certain why your numbers changed. Other things may have changed too.",
        "It can't tell whether a change will last.",
        "It only knows the numbers that were written down. How you are is more than that.",
        "It is about you. It says nothing about other people.",
        "It is not a diagnosis, and it does not decide what comes next. Talk that over with your clinician.",
    ]
    return Piece(items(said), name="client limits")


def _sentence_start(words: str) -> str:
    return words[:1].upper() + words[1:]
