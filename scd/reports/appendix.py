"""The technical appendix of a clinician's report: other models and priors, and checks of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.reports.markup import Piece, fold, joined, paragraphs, table
from scd.reports.phrases import interval, judged_words, number, of_case, probability

if TYPE_CHECKING:
    from scd.analysis.appendix import BetweenCases, Robustness
    from scd.analysis.summary import Summary
    from scd.reports.job import Job

__all__ = ["appendix"]

_MANY_CASES = 8
_UNITS = {
    "level_change": N_("change"),
    "rate_ratio": N_("ratio of expected values"),
    "odds_ratio": N_("ratio of odds"),
    "standardized_change": N_("standardised change"),
}


def appendix(job: Job) -> Piece:
    """What a methodologist asks for, folded away.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        For every outcome the ladder of models and priors of each case, and the checks of the model; words where there
        are none.
    """
    parts = [part for summary in job.summaries if (part := _of_outcome(job, summary))]
    if not parts:
        said = _("Other models and priors were not tried here.")
        return Piece(paragraphs([said], kind="note"), name="appendix")
    return Piece(joined(parts), name="appendix")


def _of_outcome(job: Job, summary: Summary) -> Markup:
    parts = [_ladder(job, found) for found in summary.robustness]
    if summary.between_cases:
        parts.insert(0, paragraphs([_between(summary.between_cases)], kind="note"))
    if summary.checks:
        parts.append(_checks(job, summary))
    if not parts:
        return Markup("")
    heading = (
        _("Other models and priors, and checks of the model for {outcome}").format(
            outcome=judged_words(job.study, summary=summary)
        )
        if len(job.summaries) > 1
        else _("Other models and priors, and checks of the model")
    )
    return fold(heading, joined(parts))


def _between(found: BetweenCases) -> str:
    def told(three: tuple[float, float, float]) -> str:
        return f"{number(three[0])} ({interval(*three[1:])})"

    few = " " + _("With so few cases the prior has much of the say.") if found.cases < _MANY_CASES else ""
    return _("SD of the change between the {cases} cases: {before} before the data, {after} after them.{few}").format(
        cases=found.cases, before=told(found.prior), after=told(found.posterior), few=few
    )


def _ladder(job: Job, found: Robustness) -> Markup:
    foretold = any(row.elpd_difference is not None for row in found.alternatives)
    head = [
        _("Model or prior"),
        _sentence_start(_(_UNITS[found.alternatives[0].effect])),
        _("95 % interval"),
        _("P(better)"),
    ]
    rows = []
    for row in found.alternatives:
        cells = [_(row.name), number(row.median), interval(row.lower, row.upper), probability(row.p_improvement)]
        if foretold:
            told = row.elpd_difference is not None and row.elpd_se is not None
            cells.append(localized(f"{row.elpd_difference:.1f} ({row.elpd_se:.1f})") if told else number(None))
        rows.append(cells)
    if foretold:
        head.append(_("Foretelling (SE)"))
    choose = (
        _(
            "Foretelling is how well each value was foretold from those before it, as log density "
            "against the best; differences below 4 are no preference."
        )
        if foretold
        else _("The series is too short to choose between models.")
    )
    known = found.prior_sensitivity is not None
    moved = (
        _(
            "Sensitivity to the prior {prior_sensitivity}, to the data {likelihood_sensitivity} "
            "(power-scaling; above 0.05 is worth a look)."
        ).format(
            prior_sensitivity=localized(f"{found.prior_sensitivity:.2f}"),
            likelihood_sensitivity=localized(f"{found.likelihood_sensitivity:.2f}"),
        )
        if known
        else ""
    )
    if found.case is None:
        caption = _("The average over cases under other models and priors.")
    else:
        said = _("The effect under other models and priors. {choose}").format(choose=choose)
        caption = of_case(job.study, job.study.case(found.case), said=said)
    shown = table(rows, head=head, caption=caption, numbers=tuple(range(1, len(head))))
    return shown + paragraphs([text for text in (moved, found.note) if text], kind="note")


def _sentence_start(words: str) -> str:
    # Only the first sign: where nouns have capitals, `capitalize` would take theirs away.
    return words[:1].upper() + words[1:]


def _checks(job: Job, summary: Summary) -> Markup:
    rows = [
        [
            of_case(job.study, job.study.case(check.case), said=check.figure),
            number(check.observed),
            interval(check.lower, check.upper),
            _("as expected") if check.ok else _("not reproduced"),
        ]
        for check in summary.checks
    ]
    caption = _("Figures of the data, and where 95 % of the series lie that the fitted model would make.")
    shown = table(rows, head=[_("Figure"), _("Data"), _("Model"), ""], caption=caption, numbers=(1, 2))
    if summary.prior_outside is None:
        return shown
    share = f"{100 * summary.prior_outside:.0f} %"
    said = _("Before any data, the priors put {share} of values outside the range: wide on purpose.").format(
        share=share
    )
    return shown + paragraphs([said], kind="note")
