"""A plan as people read it: one row a case, one box a session, and the same in a table."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from scd.analysis.words import condition_word
from scd.forms.markup import table
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import Case, Study

__all__ = ["case_name", "named", "schedule"]

# Letter and border tell the condition; the fill only repeats it.
_BOX = "display:inline-block;min-width:1.5em;padding:1px 3px;margin:1px;text-align:center;font-size:12px"
_FILLS = {
    "A": "background:#fff;color:#111;border:1px solid #555",
    "B": "background:#1b4f72;color:#fff;border:1px solid #1b4f72",
}
_MOST_BOXES = 80


def case_name(code: str, labels: Mapping[str, str]) -> str:
    """The clinic's own name of a case with its code; the code alone where it has none.

    Examples
    --------
    >>> case_name("K7M2QX", {"K7M2QX": "Monday, 10 o'clock"}), case_name("P4QXAB", {})
    ("Monday, 10 o'clock (K7M2QX)", 'P4QXAB')
    """
    return f"{labels[code]} ({code})" if labels.get(code) else code


def named(text: str, labels: Mapping[str, str]) -> str:
    """A text with the clinic's own names beside the codes: for the clinician's page only.

    Examples
    --------
    >>> named("Case K7M2QX improved.", {"K7M2QX": "Monday, 10 o'clock"})
    "Case Monday, 10 o'clock (K7M2QX) improved."
    """
    for code in labels:
        text = text.replace(code, case_name(code, labels))
    return text


def schedule(study: Study, *, labels: Mapping[str, str]) -> str:
    """Draw a study's phases over its sessions.

    Parameters
    ----------
    study : Study
        With data or without.
    labels : mapping of str to str
        The clinic's own names by code.

    Returns
    -------
    str
        HTML: boxes to look at, and a table that says the same to a screen reader.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study.catalogue import from_catalogue
    >>> study = reversal(measures=[from_catalogue("phq-9")], phases="AB", sessions=[3, 4], code="K7M2QX")
    >>> "Sessions 4 to 7" in schedule(study, labels={})
    True
    """
    spans = study.phase_frame()
    rows = []
    strips = []
    for case in study.cases:
        own = spans[spans["case"] == case.code]
        cells = [
            (f"{phase} {condition_word(condition)}", _sessions(start, end), end - start + 1)
            for phase, condition, start, end in zip(
                own["phase"], own["condition"], own["start"].tolist(), own["end"].tolist(), strict=True
            )
        ]
        rows += [
            (case_name(case.code, labels) if i == 0 and len(study.cases) > 1 else "", *c) for i, c in enumerate(cells)
        ]
        if own["end"].max() <= _MOST_BOXES:
            strips.append(_strip(case, int(own["end"].max()), labels if len(study.cases) > 1 else None))
    head = [*([""] if len(study.cases) > 1 else []), _("Phase"), _("When"), _("Planned length")]
    body = rows if len(study.cases) > 1 else [r[1:] for r in rows]
    picture = f'<div aria-hidden="true" style="margin:6px 0">{"".join(strips)}</div>'
    return picture + table(
        head, [(*r[:-1], ngettext("{n} session", "{n} sessions", r[-1]).format(n=r[-1])) for r in body]
    )


def _sessions(start: int, end: int) -> str:
    return (
        _("Session {number}").format(number=start)
        if end == start
        else _("Sessions {start} to {end}").format(start=start, end=end)
    )


def _strip(case: Case, last: int, labels: Mapping[str, str] | None) -> str:
    boxes = "".join(
        f'<span style="{_BOX};{_FILLS.get(case.phase_at(n).condition, _FILLS["A"])}">'
        f"{case.phase_at(n).condition}<br>{n}</span>"
        for n in range(case.phases[0].start, last + 1)
    )
    name = ""
    if labels is not None:
        name = f'<div style="font-size:12px;color:#555">{escape(case_name(case.code, labels))}</div>'
    return f'{name}<div style="line-height:1.15">{boxes}</div>'
