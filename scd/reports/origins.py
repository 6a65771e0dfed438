"""Where the numbers of a report come from: models, priors, checks, versions, and the record itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.models.response import FAMILY_WORDS
from scd.reports.markup import Piece, facts, paragraphs
from scd.reports.phrases import engine_words, judged_words, record_words, rhat_words, whole
from scd.reports.shares import has_several_clients

if TYPE_CHECKING:
    from scd.analysis.summary import Summary
    from scd.reports.job import Job

__all__ = ["diagnostics", "provenance"]


def diagnostics(job: Job) -> Piece:
    """The model, its priors, and whether the sampler can be trusted.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A list of facts for each outcome; words when nothing was estimated.
    """
    estimated = [summary for summary in job.summaries if summary.model]
    if not estimated:
        return Piece(paragraphs(["Nothing was estimated yet."]), name="diagnostics")
    pairs = []
    for summary in estimated:
        pairs += [
            *_outcome(job, summary),
            ("Model", _model(summary)),
            ("Values", f"taken as {FAMILY_WORDS.get(summary.family, summary.family)}"),
            ("Priors", _priors(summary)),
            ("Checks", _checks(summary)),
        ]
    return Piece(facts(pairs), name="diagnostics")


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
    pairs = [("Study" if has_several_clients(job.study) else "Client", job.code), ("Record", record_words(job))]
    versions: dict[str, str] = {}
    for summary in job.summaries:
        versions |= summary.versions
        if summary.model:
            model = f"{_model(summary)}; priors {_priors(summary)}"
            checks = _figures(summary)
            about = [(name, f"{model}; {checks}") for _, name in _outcome(job, summary)]  # one line an outcome
            pairs += about or [("Model", model), ("Checks", checks)]
    pairs.append(("Versions", ", ".join(f"{name} {said}" for name, said in versions.items())))
    mark = Markup('<p>Data fingerprint <span class="hash">{}</span></p>').format(job.fingerprint)
    return Piece(Markup('<footer class="footer">{}{}</footer>').format(facts(pairs), mark), name="provenance")


def _outcome(job: Job, summary: Summary) -> list[tuple[str, str]]:
    return [("Outcome", judged_words(job.study, summary=summary))] if len(job.summaries) > 1 else []


def _model(summary: Summary) -> str:
    return f"{summary.model}, {engine_words(summary.engine)}, seed {summary.seed}"


def _priors(summary: Summary) -> str:
    return "; ".join(f"{name} ~ {said}" for name, said in summary.priors.items())


def _checks(summary: Summary) -> str:
    if summary.engine == "exact":
        return "No chains to check: nothing was sampled"
    found = summary.diagnostics
    passed = "Passed" if found.get("ok") else "NOT passed"
    if summary.engine == "importance":
        return (
            f"{passed}. Weighted draws worth {whole(found.get('ess_bulk_min'))} independent ones (must be 400 or more)"
        )
    return (
        f"{passed}. R-hat at most {rhat_words(found.get('rhat_max'))} (must be below 1.01); effective draws at least "
        f"{whole(found.get('ess_bulk_min'))} in bulk and {whole(found.get('ess_tail_min'))} in the tails (must be 400 "
        f"or more); divergences: {whole(found.get('divergences'))} (must be 0)"
    )


def _figures(summary: Summary) -> str:
    if summary.engine == "exact":
        return "no chains to check"
    found = summary.diagnostics
    if summary.engine == "importance":
        return f"weighted draws worth {whole(found.get('ess_bulk_min'))}"
    return (
        f"R-hat {rhat_words(found.get('rhat_max'))}, effective draws {whole(found.get('ess_bulk_min'))} and "
        f"{whole(found.get('ess_tail_min'))}, divergences {whole(found.get('divergences'))}"
    )
