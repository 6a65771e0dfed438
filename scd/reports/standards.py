"""The section of standards: how far the record goes towards them, and where to fill in what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.reports.markup import Piece, fold, items, table

if TYPE_CHECKING:
    from scd.reports.job import Job

__all__ = ["standards"]

# What a table of the check keeps in English and a page shows in its language; marked for the catalogue.
_ITEMS = (
    N_("design"), N_("agreement"), N_("screens"), N_("reversibility"), N_("baseline trend"), N_("all"),
)  # fmt: skip
_RESULTS = (
    N_("meets without reservations"), N_("meets with reservations"), N_("does not meet"), N_("met"), N_("not met"),
    N_("filled"), N_("partly"), N_("missing"), N_("passed"), N_("not passed"), N_("note"), N_("not recorded"),
    N_("not applicable"), N_("not computable"),
)  # fmt: skip


def standards(job: Job) -> Piece:
    """The record against the field's standards, under a heading of its own.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A sentence a standard, each standard's items folded away; nothing where none was looked at.
    """
    if not job.findings or not job.findings[0].standards:
        return Piece(Markup(""), name="standards")
    found = job.findings[0]
    html = Markup("<h2>{}</h2>").format(_("Standards")) + items(found.standards_words)
    for name in dict.fromkeys(row.standard for row in found.standards):
        rows = [[_(r.item), _(r.topic), _(r.result), r.text, r.where] for r in found.standards if r.standard == name]
        head = [_("Item"), _("Asks for"), _("Result"), _("From the record"), _("Where to fill it in")]
        html += fold(
            _("{name}, item by item").format(name=name),
            table(rows, head=head, caption=_("{name}, as far as the record tells.").format(name=name)),
        )
    return Piece(html, name="standards")
