"""The section of standards: how far the record goes towards them, and where to fill in what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.reports.markup import Piece, fold, items, table

if TYPE_CHECKING:
    from scd.reports.job import Job

__all__ = ["standards"]


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
    html = Markup("<h2>Standards</h2>") + items(found.standards_words)
    for name in dict.fromkeys(row.standard for row in found.standards):
        rows = [[r.item, r.topic, r.result, r.text, r.where] for r in found.standards if r.standard == name]
        head = ["Item", "Asks for", "Result", "From the record", "Where to fill it in"]
        html += fold(f"{name}, item by item", table(rows, head=head, caption=f"{name}, as far as the record tells."))
    return Piece(html, name="standards")
