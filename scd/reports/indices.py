"""What the record says without a model: the field's indices, the test of the draw, differences between cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.reports.markup import Piece, fold, items, joined, paragraphs, table
from scd.reports.phrases import interval, judged_words, number, of_case

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.analysis.findings import Findings, IndexRow
    from scd.reports.job import Job

__all__ = ["between_cases", "draw_test", "indices"]

_MOST = 4
_METHODS = {"hps": N_("moments (Hedges, Pustejovsky and Shadish)"), "reml": N_("mixed model, restricted likelihood")}


def indices(job: Job) -> Piece:
    """The indices to read for these values, with reasons; all others folded away.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        For every outcome a few sentences and a short table; nothing where nothing was found.
    """
    parts = [part for found in job.findings if (part := _of_outcome(job, found))]
    return Piece(joined(parts), name="indices")


def draw_test(job: Job) -> Piece:
    """The randomisation test that the stored draw allows, under a heading of its own; nothing where none was drawn.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
    """
    parts = []
    for found in job.findings:
        if found.draw_test is None:
            continue
        parts += [_named(job, found), paragraphs([*found.draw_test.text, *found.draw_test.warnings])]
    if not parts:
        return Piece(Markup(""), name="draw test")
    said = _(
        "It asks how often a schedule that might have been drawn instead would have shown as "
        "large an effect. It needs no model, only the draw."
    )
    heading = Markup("<h2>{}</h2>").format(_("Randomisation test"))
    return Piece(joined([heading, *parts, paragraphs([said], kind="note")]), name="draw test")


def between_cases(job: Job) -> Piece:
    """The between-case effect size, under a heading of its own; nothing with fewer than three clients.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
    """
    parts = []
    for found in job.findings:
        if found.between_words:
            parts += [
                _named(job, found),
                paragraphs([_("It can't be told here: {between_words}").format(between_words=found.between_words)]),
            ]
        if not found.between:
            continue
        rows = [
            [_(_METHODS[one.method]), number(one.g), interval(one.lower, one.upper), number(one.df), number(one.rho)]
            for one in found.between
        ]
        head = [_("Method"), "g", _("95 % interval"), _("Degrees of freedom"), _("Share of variance between clients")]
        caption = _("Positive is an improvement.")
        warned = dict.fromkeys(warning for one in found.between for warning in one.warnings)
        parts += [_named(job, found), table(rows, head=head, caption=caption, numbers=(1, 2, 3, 4))]
        parts.append(items(warned) if warned else Markup(""))
    if not parts:
        return Piece(Markup(""), name="between cases")
    said = _(
        "The change in units of the SD that different clients have in the same session, so that "
        "it can stand beside effect sizes of trials between groups. The standardised changes "
        "above can't."
    )
    heading = Markup("<h2>{}</h2>").format(_("Beside trials of groups"))
    return Piece(joined([heading, *parts, paragraphs([said], kind="note")]), name="between cases")


def _of_outcome(job: Job, found: Findings) -> Markup:
    if found.unread:
        return _named(job, found) + paragraphs([_("No index can be told yet: {unread}").format(unread=found.unread)])
    held = {(row.case, row.contrast, row.index): row for row in found.indices}
    chosen = [held[one.case, one.contrast, index] for one in found.guidance for index in one.read]
    caption = _("The indices to read for these values, phase by phase.")
    general, particular = _sentences(found)
    said = [
        of_case(job.study, job.study.case(one.case), said=f"{one.contrast}: {' '.join(own)}")
        for one, own in zip(found.guidance, particular, strict=True)
        if own
    ]
    left = dict.fromkeys(why for one in found.guidance for _, why in one.leave)
    more = joined([paragraphs([_("Not read, and why:")]), items(left)]) if left else Markup("")
    known = [row for row in found.indices if row.value is not None]
    absent = dict.fromkeys(f"{row.index}: {row.note}" for row in found.indices if row.value is None)
    without = _("An index without an interval has none: its sampling distribution is not known.")
    more += _rows(job, known, caption=" ".join([_("All indices, phase by phase."), without]), notes=True)
    more += joined([paragraphs([_("Not told:")]), items(absent)]) if absent else Markup("")
    parts = [_named(job, found), _rows(job, chosen, caption=caption), paragraphs(general)]
    # With many cases what is particular to each would drown what holds for all.
    parts.append(items(said) if len(said) <= _MOST else fold(_("What is particular to each"), items(said)))
    return joined([*parts, fold(_("All indices, and why not the others"), more)])


def _sentences(found: Findings) -> tuple[list[str], list[list[str]]]:
    """The sentences that hold for all contrasts, told once, and those of each."""
    every = [[*one.because, *one.cautions] for one in found.guidance]
    shared = [text for text in every[0] if all(text in own for own in every)] if len(every) > 1 else []
    return shared, [[text for text in own if text not in shared] for own in every]


def _rows(job: Job, rows: Sequence[IndexRow], *, caption: str, notes: bool = False) -> Markup:
    head = [_("Phases compared"), _("Index"), _("Value"), _("95 % interval"), *([_("Note")] if notes else [])]
    told = []
    for row in rows:
        contrast = of_case(job.study, job.study.case(row.case), said=row.contrast or _("none"))
        cells = [contrast, row.index, number(row.value), interval(row.lower, row.upper)]
        # What the caption says of all such indices need not stand beside each.
        noted = [""] if row.note.startswith(_("no standard error or interval")) else [row.note]
        told.append([*cells, *(noted if notes else [])])
    return table(told, head=head, caption=caption, numbers=(2, 3))


def _named(job: Job, found: Findings) -> Markup:
    """The outcome's name, where the page has several."""
    if len(job.findings) < 2:
        return Markup("")
    name = judged_words(job.study, summary=job.summaries[job.findings.index(found)])
    return Markup("<h3>{}</h3>").format(name)
