"""The demo's front page: one row a synthetic client, with links to its reports."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from scd.design.record_words import across_words
from scd.language import current_language
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.reports.markup import joined
from scd.study import Case, Study

__all__ = ["DemoRow", "index_page"]

BANNER = N_("Synthetic clients only – do not enter real clients.")

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #1b1f23; margin: 0 auto;
  padding: 1.5rem; max-width: 86rem; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
.banner { border: 2px solid #7a4b00; background: #fff6e0; padding: .6rem 1rem; font-weight: 600; margin: 0 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; padding: .4rem 0; color: #444; }
th, td { text-align: left; vertical-align: top; padding: .6rem .7rem; border-top: 1px solid #c9ced6; }
thead th { border-top: 0; border-bottom: 2px solid #555; vertical-align: bottom; }
tbody th { font-weight: 600; min-width: 8.5rem; }
.code { font-family: ui-monospace, "DejaVu Sans Mono", monospace; font-weight: 400; color: #444; display: block; }
.story { min-width: 11rem; }
.series { min-width: 9.5rem; }
.says { min-width: 15rem; }
.says p { margin: 0; }
.says p + p { margin-top: .5rem; }
.failed { font-weight: 600; }
td a { display: block; white-space: nowrap; }
svg { display: block; margin-bottom: .3rem; }
.phase { fill: #e6e9ee; }
.line { fill: none; stroke: #1b1f23; stroke-width: 1.4; }
.dot { fill: #1b1f23; }
@media (max-width: 60rem) {
  thead { position: absolute; left: -999rem; }
  table, caption, tbody, tr, th, td { display: block; }
  tr { border-top: 1px solid #555; padding: .6rem 0; }
  th, td { border: 0; padding: .2rem 0; }
}
@media print { body { padding: 0; max-width: none; font-size: 11px; } }
"""

_WIDTH, _HEIGHT, _EDGE = 150.0, 34.0, 3.0


@dataclass(frozen=True)
class DemoRow:
    """What the front page says about one synthetic client.

    Parameters
    ----------
    label : str
        What the clinic calls the client.
    story : str
        What was put into the data.
    study : Study
        The record.
    grade : str
        The design's grade, in a few words.
    says : tuple of str
        What the clinician's report says: the first sentence, then what it says first of the time between the sessions.
    links : tuple of (str, str)
        The words of each link and its address, relative to the front page.
    failure : str
        Why a report is missing, if one is.
    """

    label: str
    story: str
    study: Study
    grade: str = ""
    says: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    failure: str = ""


def index_page(rows: Sequence[DemoRow]) -> str:
    """The front page: self-contained, and a browser is told to load and run nothing.

    Parameters
    ----------
    rows : sequence of DemoRow
        In the order of the table.

    Returns
    -------
    str
        A whole HTML document.

    Examples
    --------
    >>> from scd.design.synthetic import synthetic_studies
    >>> first = synthetic_studies()[0]
    >>> page = index_page([DemoRow(label=first.label, story=first.story, study=first.study)])
    >>> "Synthetic clients only" in page, "<script" in page
    (True, False)
    """
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    head = Markup(
        '<!doctype html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; "
        "base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="same-origin">\n<title>{}</title>\n'
        "<style>{}</style>\n</head>\n"
    ).format(current_language(), digest, _("scd demo: synthetic clients"), Markup(_STYLE))
    columns = (
        _("Client"), _("What was put into the data"), _("Design"), _("Series"), _("WWC 4.1 standard"),
        _("What the report says"), _("Pages"),
    )  # fmt: skip
    top = joined(Markup('<th scope="col">{}</th>').format(name) for name in columns)
    body = Markup(
        '<body>\n<main>\n<p class="banner" role="note">{}</p>\n<h1>{}</h1>\n<p>{}</p>\n'
        '<div class="wide"><table>\n<caption>{}</caption>\n<thead><tr>{}</tr></thead>\n<tbody>\n{}</tbody>\n</table>'
        "</div>\n<p>{}</p>\n</main>\n</body>\n</html>\n"
    ).format(
        _(BANNER),
        _("Does this help this client?"),
        _(
            "Each row is a made-up client whose true story is known, so you can judge what the reports say against it. "
            "Shaded stretches of a series are intervention phases."
        ),
        _("{n} synthetic clients, each with a report for the clinician and a page for the client").format(n=len(rows)),
        top,
        joined(_row(row) for row in rows),
        Markup(
            _(
                "To work in this workspace yourself, run <code>scd lab</code> in its folder: the set-up pages and a "
                "weekly page are in <code>pages</code>, the reports in <code>reports</code>."
            )
        ),
    )
    return str(head + body)


def _row(row: DemoRow) -> Markup:
    links = joined(Markup('<a href="{}">{}</a>').format(address, words) for words, address in row.links)
    failure = (
        Markup('<span class="failed">{}</span>').format(_("Not made: {why}").format(why=row.failure))
        if row.failure
        else Markup("")
    )
    return Markup(
        '<tr><th scope="row">{}<span class="code">{}</span></th><td class="story">{}</td><td>{}; {}</td>'
        '<td class="series">{}</td><td>{}</td><td class="says">{}</td><td>{}{}</td></tr>\n'
    ).format(
        row.label,
        row.study.code,
        row.story,
        _design_words(row.study),
        _session_words(row.study),
        joined(_sparkline(row.study, case) for case in row.study.cases),
        row.grade,
        joined(Markup("<p>{}</p>").format(text) for text in row.says),
        links,
        failure,
    )


def _design_words(study: Study) -> str:
    drawn = _(", starts drawn at random") if study.randomization else ""
    if study.design == "multiple-baseline":
        told = _("Multiple baseline across {n} {across}")
        return told.format(n=len(study.cases), across=across_words(study)) + drawn
    return "".join(p.condition for p in study.cases[0].phases) + drawn


def _session_words(study: Study) -> str:
    held = max(sum(not s.missed for s in case.sessions) for case in study.cases)
    if study.sessions_planned:
        return _("{n} of {planned} sessions").format(n=held, planned=study.sessions_planned)
    return _("{n} sessions").format(n=held)


def _sparkline(study: Study, case: Case) -> Markup:
    """The headline measure as a small picture; the reports hold the real chart, so it is hidden from screen readers."""
    measure = next((m for m in study.measures_of(case) if m.role == "outcome"), study.measures_of(case)[0])
    seen = [(s.number, v) for s in case.sessions if (v := s.value(measure.key)) is not None]
    if not seen:
        return Markup("")
    last = max(study.sessions_planned or 0, seen[-1][0])
    low = measure.minimum if measure.minimum is not None else min(v for _, v in seen)
    high = measure.maximum if measure.maximum is not None else max(v for _, v in seen)

    def across(session: float) -> float:
        return round(_EDGE + (session - 0.5) * (_WIDTH - 2 * _EDGE) / last, 1)

    def down(value: float) -> float:
        return round(_HEIGHT - _EDGE - (value - low) * (_HEIGHT - 2 * _EDGE) / ((high - low) or 1), 1)

    starts = [p.start for p in case.phases] + [last + 1]
    shades = joined(
        Markup('<rect class="phase" x="{}" y="0" width="{}" height="{}"/>').format(
            across(start - 0.5), round(across(end - 0.5) - across(start - 0.5), 1), _HEIGHT
        )
        for phase, start, end in zip(case.phases, starts, starts[1:], strict=False)
        if phase.condition != "A"
    )
    runs: list[list[tuple[int, float]]] = []
    for number, value in seen:
        joins = runs and runs[-1][-1][0] == number - 1 and number not in starts
        runs = [*runs[:-1], [*runs[-1], (number, value)]] if joins else [*runs, [(number, value)]]
    lines = joined(
        Markup('<polyline class="line" points="{}"/>').format(" ".join(f"{across(n)},{down(v)}" for n, v in run))
        for run in runs
        if len(run) > 1
    )
    dots = joined(Markup('<circle class="dot" cx="{}" cy="{}" r="1.6"/>').format(across(n), down(v)) for n, v in seen)
    return Markup('<svg aria-hidden="true" width="{}" height="{}" viewBox="0 0 {} {}">{}{}{}</svg>').format(
        int(_WIDTH), int(_HEIGHT), int(_WIDTH), int(_HEIGHT), shades, lines, dots
    )
