"""The section of visual analysis: what an analyst looks at in each phase and from one phase to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.reports.markup import Piece, fold, items, joined, paragraphs, table
from scd.reports.phrases import judged_words, number, of_case
from scd.reports.pictures import visual_charts

if TYPE_CHECKING:
    from scd.analysis.findings import Findings, VisualRow
    from scd.reports.job import Job

__all__ = ["visual"]

_MOST = 6
_PHASE = {
    "Values": "values",
    "Mean": "mean",
    "Median": "median",
    "Last 3, mean": "mean of the last 3",
    "Slope": "slope, Theil-Sen",
    "SD": "SD",
    "Inside 25 %": "inside 25 % of the median",
}
_CHANGE = {
    "Change in mean": "means",
    "Last 3 to first 3": "means, last 3 to first 3",
    "Change in slope": "slopes, Theil-Sen",
    "NAP": "NAP",
    "PND": "PND",
}


def visual(job: Job) -> Piece:
    """What a visual analyst looks at, as numbers, with the lines drawn in.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        For the headline two short tables and sentences, all quantities folded away; the other outcomes folded, too.
    """
    headline, *others = job.findings or (None,)
    if headline is None or not headline.visual:
        return Piece(paragraphs(["There is nothing to look at yet."]), name="visual")
    parts = [_of_outcome(job, headline), fold("The graph with the lines of a visual analysis", visual_charts(job).html)]
    for n, found in enumerate(others, start=1):
        if found.visual:
            parts.append(fold(judged_words(job.study, summary=job.summaries[n]), _of_outcome(job, found)))
    return Piece(joined(parts), name="visual")


def _of_outcome(job: Job, found: Findings) -> Markup:
    parts: dict[tuple[str, str], dict[str, VisualRow]] = {(row.case, row.part): {} for row in found.visual}
    for row in found.visual:
        parts[row.case, row.part][row.quantity] = row
    phases = {key: held for key, held in parts.items() if "values" in held}
    changes = {key: held for key, held in parts.items() if "means" in held}
    caption = (
        "Slope: the median of all slopes between two values, a session. Inside 25 %: the share of values within a "
        "quarter of the median; the phase is called stable from 80 % on."
    )
    shown = _table(job, phases, _PHASE, first="Phase", caption=caption)
    if changes:
        said = (
            "From one phase to the next, later minus earlier. Last 3 to first 3 is how much changed at once. NAP and "
            "PND are shares of better values under intervention."
        )
        shown += _table(job, changes, _CHANGE, first="Phases", caption=said)
    # Of many cases the last sentence counts them together.
    every = found.visual_words
    shown += items(every) if len(every) <= _MOST else items(every[-1:]) + fold("Case by case", items(every[:-1]))
    shown += paragraphs(["These numbers describe the record; none of them is a verdict."])
    return shown + fold("Everything a visual analyst looks at", _everything(job, found))


def _table(
    job: Job,
    parts: dict[tuple[str, str], dict[str, VisualRow]],
    columns: dict[str, str],
    *,
    first: str,
    caption: str,
) -> Markup:
    rows = []
    for (case, part), held in parts.items():
        told = [_cell(held.get(quantity)) for quantity in columns.values()]
        rows.append([of_case(job.study, job.study.case(case), said=part), *told])
    return table(rows, head=[first, *columns], caption=caption, numbers=range(1, len(columns) + 1))


def _cell(row: VisualRow | None) -> str:
    if row is None or row.value is None:
        return number(None)
    if row.quantity in ("values", "missed"):
        return f"{row.value:.0f}"
    if row.quantity.startswith("inside"):
        return f"{100 * row.value:.0f} %"
    return number(row.value)


def _everything(job: Job, found: Findings) -> Markup:
    rows = [
        [of_case(job.study, job.study.case(row.case), said=row.part), row.quantity, _cell(row), row.note]
        for row in found.visual
    ]
    caption = "Every quantity, phase by phase."
    return table(rows, head=["Phases", "Quantity", "Value", "Note"], caption=caption, numbers=(2,))
