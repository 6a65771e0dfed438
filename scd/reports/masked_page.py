"""The analyst's page of a masked visual analysis: the graphs, what is asked, and how to answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.language import current_language
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.reports.html import check_page
from scd.reports.markup import joined, paragraphs

if TYPE_CHECKING:
    from scd.analysis.visual.masked_records import HowDrawn, MaskedAnalysis

__all__ = ["masked_page"]

_STYLE = Path(__file__).resolve().parent / "page" / "page.css"
_CONDITIONS = {"A": N_("baseline (A)"), "B": N_("intervention (B)")}


def masked_page(analysis: MaskedAnalysis) -> str:
    """The page that the analyst looks at; like the graphs, it is made from the masked analysis alone.

    Parameters
    ----------
    analysis : MaskedAnalysis
        From `scd.analysis.visual.masked.seal_analysis`.

    Returns
    -------
    str
        A whole HTML document that loads and runs nothing. It shows neither seal nor guesses.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.analysis.visual.masked_records import HowDrawn, MaskedAnalysis, MaskedGraph
    >>> graph = MaskedGraph(name="graph 1", measure="Mood", improvement="increase", values=(4, 5, None, 7))
    >>> drawn = HowDrawn(name="phase-starts", begins="A", phases=3, arrangements=3)
    >>> page = masked_page(MaskedAnalysis(
    ...     graphs=(graph,), drawn=drawn, sealed_at=dt.datetime(2026, 3, 2, tzinfo=dt.UTC), seal="0" * 64,
    ... ))
    >>> "scd guess analysis.json START,START" in page
    True
    """
    from scd.charts import describe_masked, masked_chart, picture

    drawing = picture(masked_chart(analysis), title=_("Masked graphs"), description=describe_masked(analysis))
    page = Markup(
        '<!DOCTYPE html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="robots" content="noindex">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n'
        "<body>\n<main>\n<h1>{}</h1>\n{}\n{}\n"
        "<h2>{}</h2>\n{}\n</main>\n</body>\n</html>\n"
    ).format(
        current_language(),
        _("Masked visual analysis"),
        Markup(_STYLE.read_text(encoding="utf-8")),
        _("Where do the phases change?") if analysis.drawn.begins else _("Which session was under which condition?"),
        paragraphs([analysis.words]),
        Markup(drawing.html),
        _("How to answer"),
        _how_to_answer(analysis),
    )
    check_page(page)
    return str(page)


def _how_to_answer(analysis: MaskedAnalysis) -> Markup:
    """The rules that the graphs can't show, what stands for each graph in an answer, and the command that takes it."""
    asked, word = _asked(analysis.drawn, several=len(analysis.graphs) > 1)
    where = _("In the folder of this page:")
    command = Markup('<p class="hash">{}</p>').format(
        " ".join(["scd guess analysis.json", *[word] * len(analysis.graphs)])
    )
    after = _(
        "A guess stands for good and is kept with its time. If it is not the right one, you may "
        "name another; every further guess makes p larger. Nobody who knows the phases should "
        "see you choose."
    )
    return joined([paragraphs([*_rules(analysis), f"{asked} {where}"]), command,
                   paragraphs([after])])  # fmt: skip


def _asked(drawn: HowDrawn, *, several: bool) -> tuple[str, str]:
    if not drawn.begins:
        return (
            _(
                "For each graph, from top to bottom, name the condition of every session, A (baseline) or B "
                "(intervention), as in ABBA, with a space between graphs."
            )
            if several
            else _("Please name the condition of every session, A (baseline) or B (intervention), as in ABBA."),
            "ORDER",
        )
    if drawn.phases == 2:
        return (
            _(
                "For each graph, from top to bottom, name the first session of the second phase, with a space between "
                "graphs."
            )
            if several
            else _("Please name the first session of the second phase."),
            "START",
        )
    return (
        _(
            "For each graph, from top to bottom, name the first session of every phase after the first, with commas "
            "between them, with a space between graphs."
        )
        if several
        else _("Please name the first session of every phase after the first, with commas between them."),
        ",".join(["START"] * (drawn.phases - 1)),
    )


def _rules(analysis: MaskedAnalysis) -> list[str]:
    drawn, many = analysis.drawn, len(analysis.graphs) > 1
    points = drawn.scheme.start_points
    said = []
    if drawn.begins:
        text = (
            _("Each graph begins under {condition} and has {n} phases.")
            if many
            else _("The graph begins under {condition} and has {n} phases.")
        )
        said.append(text.format(condition=_(_CONDITIONS[drawn.begins]), n=drawn.phases))
    if drawn.treated:
        said.append(
            _("{treated} of the {n} sessions were under intervention (B).").format(
                treated=drawn.treated, n=len(analysis.graphs[0].values)
            )
        )
    if drawn.assignments:
        said.append(_("The assignments that were possible stand in analysis.json, under 'assignments'."))
    if points and drawn.name in ("start-windows", "marascuilo-busk"):
        said.append(_("The windows of the draw stand in the order of the graphs."))
    if points and drawn.name == "wampold-worsham":
        fixed = ", ".join(str(point) for row in points for point in row)
        said.append(_("The fixed starts are sessions {fixed}; which graph has which was drawn.").format(fixed=fixed))
    if any(value is None for graph in analysis.graphs for value in graph.values):
        said.append(_("A cross (×) marks a session that was missed."))
    return [" ".join(said)] if said else []
