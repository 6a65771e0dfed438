"""The section of visual analysis: what an analyst looks at in each phase and from one phase to the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.reports.markup import Piece, fold, items, joined, paragraphs, table
from scd.reports.phrases import judged_words, number, of_case
from scd.reports.pictures import visual_charts

if TYPE_CHECKING:
    from scd.analysis.findings import Findings, VisualRow
    from scd.reports.job import Job

__all__ = ["visual"]

_MOST = 6
_PHASE = {
    N_("Values"): "values",
    N_("Mean"): "mean",
    N_("Median"): "median",
    N_("Last 3, mean"): "mean of the last 3",
    N_("Slope"): "slope, Theil-Sen",
    N_("SD"): "SD",
    N_("Inside 25 %"): "inside 25 % of the median",
}
_CHANGE = {
    N_("Change in mean"): "means",
    N_("Last 3 to first 3"): "means, last 3 to first 3",
    N_("Change in slope"): "slopes, Theil-Sen",
    N_("NAP"): "NAP",
    N_("PND"): "PND",
}
# Every other quantity's name, which the table keeps in English; marked for the catalogue.
_QUANTITIES = (
    N_("values"), N_("missed"), N_("mean"), N_("median"), N_("mean of the last 3"), N_("median of the last 3"),
    N_("inside 20 % of the median"), N_("lower end of 20 % of the median"), N_("upper end of 20 % of the median"),
    N_("inside 25 % of the median"), N_("lower end of 25 % of the median"), N_("upper end of 25 % of the median"),
    N_("slope, least squares"), N_("slope, Theil-Sen"), N_("slope, split-middle"), N_("slope, tri-split"),
    N_("minimum"), N_("maximum"), N_("range"), N_("SD around Theil-Sen"), N_("outliers"), N_("means"), N_("medians"),
    N_("slopes, Theil-Sen"), N_("last value to first value"), N_("means, last 3 to first 3"),
    N_("means, last 5 to first 5"), N_("medians, last 3 to first 3"), N_("medians, last 5 to first 5"),
    N_("SD of phase means over SD of all values"),
    N_("largest difference between like phases over that between conditions"), N_("least squares"), N_("Theil-Sen"),
    N_("split-middle"), N_("tri-split"),
)  # fmt: skip


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
        return Piece(paragraphs([_("There is nothing to look at yet.")]), name="visual")
    parts = [
        _of_outcome(job, headline),
        fold(_("The graph with the lines of a visual analysis"), visual_charts(job).html),
    ]
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
    caption = _(
        "Slope: the median of all slopes between two values, a session. Inside 25 %: the share "
        "of values within a quarter of the median; the phase is called stable from 80 % on."
    )
    shown = _table(job, phases, _PHASE, first=_("Phase"), caption=caption)
    if changes:
        said = _(
            "From one phase to the next, later minus earlier. Last 3 to first 3 is how much changed "
            "at once. NAP and PND are shares of better values under intervention."
        )
        shown += _table(job, changes, _CHANGE, first=_("Phases"), caption=said)
    # Of many cases the last sentence counts them together.
    every = found.visual_words
    shown += items(every) if len(every) <= _MOST else items(every[-1:]) + fold(_("Case by case"), items(every[:-1]))
    shown += paragraphs([_("These numbers describe the record; none of them is a verdict.")])
    return shown + fold(_("Everything a visual analyst looks at"), _everything(job, found))


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
    return table(
        rows, head=[first, *(_(name) for name in columns)], caption=caption, numbers=range(1, len(columns) + 1)
    )


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
        [of_case(job.study, job.study.case(row.case), said=row.part), _(row.quantity), _cell(row), row.note]
        for row in found.visual
    ]
    caption = _("Every quantity, phase by phase.")
    return table(rows, head=[_("Phases"), _("Quantity"), _("Value"), _("Note")], caption=caption, numbers=(2,))
