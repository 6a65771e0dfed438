"""Where the numbers of a report come from: models, priors, checks, versions, and the record itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.language import gettext as _
from scd.language import localized
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
        return Piece(paragraphs([_("Nothing was estimated yet.")]), name="diagnostics")
    pairs = []
    for summary in estimated:
        pairs += [
            *_outcome(job, summary),
            (_("Model"), _model(summary)),
            (_("Values"), _("taken as {family}").format(family=_(FAMILY_WORDS.get(summary.family, summary.family)))),
            (_("Priors"), _priors(summary)),
            (_("Checks"), _checks(summary)),
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
    pairs = [
        (_("Study") if has_several_clients(job.study) else _("Client"), job.code),
        (_("Record"), record_words(job)),
    ]
    versions: dict[str, str] = {}
    for summary in job.summaries:
        versions |= summary.versions
        if summary.model:
            model = _("{model}; priors {priors}").format(model=_model(summary), priors=_priors(summary))
            checks = _figures(summary)
            about = [(name, f"{model}; {checks}") for _, name in _outcome(job, summary)]  # one line an outcome
            pairs += about or [(_("Model"), model), (_("Checks"), checks)]
    pairs.append((_("Versions"), ", ".join(f"{name} {said}" for name, said in versions.items())))
    mark = Markup('<p>{} <span class="hash">{}</span></p>').format(_("Data fingerprint"), job.fingerprint)
    return Piece(Markup('<footer class="footer">{}{}</footer>').format(facts(pairs), mark), name="provenance")


def _outcome(job: Job, summary: Summary) -> list[tuple[str, str]]:
    return [(_("Outcome"), judged_words(job.study, summary=summary))] if len(job.summaries) > 1 else []


def _model(summary: Summary) -> str:
    return _("{model}, {engine}, seed {seed}").format(
        model=summary.model, engine=engine_words(summary.engine), seed=summary.seed
    )


def _priors(summary: Summary) -> str:
    return "; ".join(f"{name} ~ {said}" for name, said in summary.priors.items())


def _checks(summary: Summary) -> str:
    if summary.engine == "exact":
        return _("No chains to check: nothing was sampled")
    found = summary.diagnostics
    passed = _("Passed") if found.get("ok") else _("NOT passed")
    draws = whole(found.get("ess_bulk_min"))
    if summary.engine == "importance":
        told = _("{passed}. Weighted draws worth {draws} independent ones (must be 400 or more)")
        return told.format(passed=passed, draws=draws)
    return _(
        "{passed}. R-hat at most {rhat} (must be below {limit}); effective draws at least {bulk} in bulk and {tail} in "
        "the tails (must be 400 or more); divergences: {divergences} (must be 0)"
    ).format(
        passed=passed,
        rhat=rhat_words(found.get("rhat_max")),
        limit=localized("1.01"),
        bulk=draws,
        tail=whole(found.get("ess_tail_min")),
        divergences=whole(found.get("divergences")),
    )


def _figures(summary: Summary) -> str:
    if summary.engine == "exact":
        return _("no chains to check")
    found = summary.diagnostics
    draws = whole(found.get("ess_bulk_min"))
    if summary.engine == "importance":
        return _("weighted draws worth {draws}").format(draws=draws)
    return _("R-hat {rhat}, effective draws {bulk} and {tail}, divergences {divergences}").format(
        rhat=rhat_words(found.get("rhat_max")),
        bulk=draws,
        tail=whole(found.get("ess_tail_min")),
        divergences=whole(found.get("divergences")),
    )
