"""The technical appendix of a clinician's report: other models and priors, and checks of the model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.reports.markup import Piece, fold, joined, paragraphs, table
from scd.reports.phrases import interval, judged_words, number, of_case, probability

if TYPE_CHECKING:
    from scd.analysis.appendix import BetweenCases, Robustness
    from scd.analysis.summary import Summary
    from scd.reports.job import Job

__all__ = ["appendix"]

_MANY_CASES = 8
_UNITS = {
    "level_change": "change",
    "rate_ratio": "ratio of expected values",
    "odds_ratio": "ratio of odds",
    "standardized_change": "standardised change",
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
        said = "Other models and priors were not tried here."
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
    about = f" for {judged_words(job.study, summary=summary)}" if len(job.summaries) > 1 else ""
    return fold(f"Other models and priors, and checks of the model{about}", joined(parts))


def _between(found: BetweenCases) -> str:
    def told(three: tuple[float, float, float]) -> str:
        return f"{number(three[0])} ({interval(*three[1:])})"

    few = " With so few cases the prior has much of the say." if found.cases < _MANY_CASES else ""
    return (
        f"SD of the change between the {found.cases} cases: {told(found.prior)} before the data, "
        f"{told(found.posterior)} after them.{few}"
    )


def _ladder(job: Job, found: Robustness) -> Markup:
    foretold = any(row.elpd_difference is not None for row in found.alternatives)
    head = ["Model or prior", _UNITS[found.alternatives[0].effect].capitalize(), "95 % interval", "P(better)"]
    rows = []
    for row in found.alternatives:
        cells = [row.name, number(row.median), interval(row.lower, row.upper), probability(row.p_improvement)]
        if foretold:
            told = row.elpd_difference is not None and row.elpd_se is not None
            cells.append(f"{row.elpd_difference:.1f} ({row.elpd_se:.1f})" if told else number(None))
        rows.append(cells)
    if foretold:
        head.append("Foretelling (SE)")
    choose = (
        "Foretelling is how well each value was foretold from those before it, as log density against the best; "
        "differences below 4 are no preference."
        if foretold
        else "The series is too short to choose between models."
    )
    known = found.prior_sensitivity is not None
    moved = (
        f"Sensitivity to the prior {found.prior_sensitivity:.2f}, to the data {found.likelihood_sensitivity:.2f} "
        "(power-scaling; above 0.05 is worth a look)."
        if known
        else ""
    )
    if found.case is None:
        caption = "The average over cases under other models and priors."
    else:
        said = f"The effect under other models and priors. {choose}"
        caption = of_case(job.study, job.study.case(found.case), said=said)
    shown = table(rows, head=head, caption=caption, numbers=tuple(range(1, len(head))))
    return shown + paragraphs([text for text in (moved, found.note) if text], kind="note")


def _checks(job: Job, summary: Summary) -> Markup:
    rows = [
        [
            of_case(job.study, job.study.case(check.case), said=check.figure),
            number(check.observed),
            interval(check.lower, check.upper),
            "as expected" if check.ok else "not reproduced",
        ]
        for check in summary.checks
    ]
    caption = "Figures of the data, and where 95 % of the series lie that the fitted model would make."
    shown = table(rows, head=["Figure", "Data", "Model", ""], caption=caption, numbers=(1, 2))
    if summary.prior_outside is None:
        return shown
    share = f"{100 * summary.prior_outside:.0f} %"
    said = f"Before any data, the priors put {share} of values outside the range: wide on purpose."
    return shown + paragraphs([said], kind="note")
