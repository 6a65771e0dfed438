"""From a chart to a picture that stands by itself: inline SVG with a title and a description, and nothing to fetch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.dom import minidom

import altair as alt
import vl_convert

from scd.analysis.words import condition_name
from scd.charts.series import only_case, phases_of, series
from scd.charts.style import Top, number_words, shown
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Measure

__all__ = ["Picture", "describe_study", "picture", "to_svg"]

# The Vega-Lite that Altair writes for, as vl-convert names it: v6.4.1 is 6.4.
_VEGALITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
_FOREIGN = {"script", "foreignObject", "iframe", "style"}


@dataclass(frozen=True)
class Picture:
    """A chart as every page can show it: in JupyterLab, in a report, or in an ``ipywidgets.HTML``.

    Parameters
    ----------
    svg : str
        The picture, from `to_svg`.
    description : str
        The same in words, for those who can't see it and for a page that can't draw it.
    """

    svg: str
    description: str

    @property
    def html(self) -> str:
        """The picture as a ``<figure>``."""
        return f'<figure style="margin:0">{self.svg}</figure>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self.html, "text/plain": self.description}


def picture(chart: Top, *, title: str, description: str) -> Picture:
    """Turn a chart into a `Picture`.

    Parameters
    ----------
    chart : altair chart
        From one of the functions of `scd.charts`.
    title : str
        A few words: what a screen reader says first.
    description : str
        A sentence or two: what is to be seen.
    """
    return Picture(svg=to_svg(chart, title=title, description=description), description=shown(description))


def to_svg(chart: Top, *, title: str, description: str) -> str:
    """Draw a chart as SVG, without a network; the same chart gives the same text.

    Parameters
    ----------
    chart : altair chart
        The chart. Its data must stand in it.
    title : str
        Becomes the ``<title>``.
    description : str
        Becomes the ``<desc>``.

    Returns
    -------
    str
        One ``<svg role="img">`` element for a page's body. Its ids come from its content, so that two charts on one
        page don't meet; it holds no script, no style sheet and no reference to anything outside it.

    Raises
    ------
    StudyError
        When the chart would have to fetch something.

    Examples
    --------
    >>> from scd.charts.style import rows
    >>> chart = alt.Chart(rows([{"x": 1}])).mark_point().encode(x="x:Q")
    >>> to_svg(chart, title="A point", description="One point at 1.")[:21]
    '<svg role="img" aria-'
    """
    try:
        # Unchecked against the schema: Altair checked its parts when they were built, and Vega-Lite refuses the rest.
        drawn = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), vl_version=_VEGALITE, allowed_base_urls=[])
    except ValueError as error:
        if "not allowed" in str(error):
            raise StudyError(
                "chart: refers to data on the network, which is never fetched; put the rows into the chart"
            ) from error
        raise
    words = (shown(title), shown(description))
    name = "scd-" + hashlib.sha256("\n".join((drawn, *words)).encode()).hexdigest()[:16]
    document = minidom.parseString(drawn)
    root = document.documentElement
    if root is None:
        raise StudyError("chart: came out as an empty picture")
    for element in _below(root):
        _make_safe(element, name=name)
    size = (root.getAttribute("width"), root.getAttribute("height"), root.getAttribute("viewBox"))
    for key in list(root.attributes.keys()):
        root.removeAttribute(key)
    for key, value in {
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-desc",
        "xmlns": "http://www.w3.org/2000/svg",
        "width": size[0],
        "height": size[1],
        "viewBox": size[2],
        "style": "max-width:100%;height:auto",
    }.items():
        root.setAttribute(key, value)
    for tag, text in zip(("desc", "title"), reversed(words), strict=True):
        node = document.createElement(tag)
        node.setAttribute("id", f"{name}-{tag}")
        node.appendChild(document.createTextNode(text))
        root.insertBefore(node, root.firstChild)
    return str(root.toxml())


def _below(element: minidom.Element) -> Iterator[minidom.Element]:
    for child in element.childNodes:
        if isinstance(child, minidom.Element):
            yield child
            yield from _below(child)


def _make_safe(element: minidom.Element, *, name: str) -> None:
    """Make ids the picture's own, drop the roles of parts, and refuse what could act or fetch."""
    if element.tagName in _FOREIGN:
        raise StudyError(f"chart: holds a <{element.tagName}>, which a picture may not")
    for key, value in list(element.attributes.items()):
        if key.startswith("on") or (key.endswith("href") and not value.startswith(("#", "data:image/"))):
            raise StudyError(f"chart: refers to something outside it ({key}={value!r}), which is never fetched")
        if key == "role" or key.startswith("aria-"):
            element.removeAttribute(key)
        elif key == "id":
            element.setAttribute(key, f"{name}-{value}")
        elif "url(#" in value:
            element.setAttribute(key, value.replace("url(#", f"url(#{name}-"))
        elif key.endswith("href") and value.startswith("#"):
            element.setAttribute(key, f"#{name}-{value[1:]}")


def describe_study(
    frame: pd.DataFrame, *, measure: Measure, phases: pd.DataFrame, case: str | None = None, label: str | None = None
) -> str:
    """Say in plain sentences what `scd.charts.study_chart.study_chart` shows: counts and ranges, no statistic.

    Parameters
    ----------
    frame, measure, phases, case
        As for `study_chart`.
    label : str, optional
        The case's name as people know it.

    Raises
    ------
    StudyError
        When a table lacks a column, or it is not clear which case is meant.

    Examples
    --------
    >>> import pandas as pd
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> frame = pd.DataFrame({"case": "K", "session": [1, 2], "phase": "A1", "measure": "mood", "value": [3, 4]})
    >>> phases = pd.DataFrame({"case": ["K", "K"], "phase": ["A1", "B1"], "start": [1, 3], "end": [2, 6]})
    >>> print(describe_study(frame, measure=mood, phases=phases))
    Mood (points, 0 to 10; higher is better) by session. A1, baseline, sessions 1 to 2: 2 values, from 3 to 4. \
B1, intervention, planned for sessions 3 to 6.
    """
    code = only_case(phases, case=case)
    points = series(frame, measure=measure, phases=phases, case=code)
    recorded = frame.loc[frame["case"] == code, "session"]
    reached = int(recorded.max()) if len(recorded) else 0
    unit = f"{shown(measure.unit_words)}, " if measure.unit else ""
    about = _(" of {label}").format(label=shown(label)) if label else ""
    first = (
        _("{measure} ({unit}{range}; higher is better){about} by session.")
        if measure.sign > 0
        else _("{measure} ({unit}{range}; lower is better){about} by session.")
    )
    span = measure.range_words.replace("-", "−")
    sentences = [first.format(measure=shown(measure.label), unit=unit, range=span, about=about)]
    for phase in phases_of(phases, case=code).to_dict("records"):
        name, start, end = str(phase["phase"]), int(phase["start"]), int(phase["end"])
        head = f"{name}, {condition_name(name[0])}"
        span = (
            _("session {number}").format(number=start)
            if start == end
            else _("sessions {start} to {end}").format(start=start, end=end)
        )
        if start > reached:
            sentences.append(_("{phase}, planned for {span}.").format(phase=head, span=span))
            continue
        here = points[points["phase"] == name]
        sentences.append(f"{head}, {span}: {_values_words(here)}.")
    for word, value in ((_("Goal"), measure.goal), (_("Published cut-off"), measure.cutoff)):
        if value is not None:
            sentences.append(f"{word}: {number_words(value)}.")
    return " ".join(sentences)


def _values_words(points: pd.DataFrame) -> str:
    values = points["value"].dropna()
    missed, held = len(points) - len(values), len(values)
    words = _("no values") if not held else ngettext("{n} value", "{n} values", held).format(n=held)
    if held == 1:
        words += f", {number_words(values.iloc[0])}"
    elif held:
        low, high = number_words(values.min()), number_words(values.max())
        span = _(", all {low}") if low == high else _(", from {low} to {high}")
        words += span.format(low=low, high=high)
    if missed:
        words += ngettext("; {n} session missed", "; {n} sessions missed", missed).format(n=missed)
    return words
