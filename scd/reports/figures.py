"""A figure of a report: a chart as SVG inside the page, with a description for those who can't see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from scd.language import gettext as _
from scd.language import localized
from scd.reports.markup import Piece
from scd.reports.phrases import design_words, measure_words

if TYPE_CHECKING:
    from collections.abc import Callable

    from scd.reports.job import Job
    from scd.study import Case, Measure

__all__ = ["figure", "graph_words", "once"]


def once(job: Job, *, name: str, draw: Callable[[], Markup]) -> Piece:
    """A picture as it was drawn beforehand, or drawn now.

    Parameters
    ----------
    job : Job
        The job.
    name : str
        The picture's own name on this page.
    draw : callable
        Draws it.
    """
    held = job.pictures.get(name)
    return Piece(draw() if held is None else Markup(held), name=name)


def figure(graph: Any, *, title: str, description: str, caption: str) -> Markup:
    """A chart inside the page.

    Parameters
    ----------
    graph : altair.Chart
    title, description : str
        What it is and what it shows, for those who can't see it.
    caption : str
        Stands below it.
    """
    from scd.charts.svg import to_svg

    # The one place where markup enters as it is: vl-convert has escaped its texts, and the page is checked again.
    svg = Markup(to_svg(graph, title=title, description=description))
    return Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(svg, caption)


def graph_words(job: Job, case: Case, measure: Measure) -> str:
    """What a graph of one measure shows, in words: every phase with its sessions and the range of its values."""
    said = []
    for phase in case.phases:
        held = [s for s in case.sessions if case.phase_at(s.number) == phase]
        values = [v for s in held if (v := s.value(measure.key)) is not None]
        if values:
            low, high = (localized(f"{end:g}") for end in (min(values), max(values)))
            span = low if low == high else _("{low} to {high}").format(low=low, high=high)
            said.append(_("{phase} {n} values, {span}").format(phase=phase.label, n=len(values), span=span))
    name = f"{case.code}, " if len(job.study.cases) > 1 else ""
    return f"{name}{measure_words(measure)}; {design_words(job.study)}: {'; '.join(said) or _('no values yet')}."
