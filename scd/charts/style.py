"""What all charts share: two colours, one font, the words on an axis, and the config that each chart carries itself."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from math import ceil, floor, log10
from typing import TYPE_CHECKING, Any, Literal

import altair as alt

from scd.language import current_language, number, thousands
from scd.language import gettext as _

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = [
    "BLUE",
    "COLOURS",
    "CROSS",
    "FONT",
    "GREY",
    "INK",
    "LINE_HEIGHT",
    "ORANGE",
    "SHAPES",
    "Layer",
    "Top",
    "axis_title",
    "by_condition",
    "nice_end",
    "nice_step",
    "number_words",
    "rows",
    "shown",
    "styled",
    "text_mark",
    "text_width",
    "title_of",
    "wrapped",
]

# Okabe and Ito's blue and vermillion: apart for every kind of colour vision. Shape and dash still carry the meaning.
BLUE = "#0072B2"
ORANGE = "#D55E00"
INK = "#1a1a1a"
GREY = "#6b6b6b"  # 5.3 : 1 on white, so that planned phases can still be read

COLOURS = (BLUE, ORANGE, INK, GREY)
SHAPES = ("circle", "square", "triangle-up", "diamond")
CROSS = "M-1,-1L1,1M-1,1L1,-1"

# Three faces of the same widths: what vl-convert measures with its own Liberation Sans, a browser lays out alike.
FONT = "Arial, Liberation Sans, Helvetica, sans-serif"
_LABEL_SIZE, _TITLE_SIZE = 11, 12
LINE_HEIGHT = 13

_JOINERS = "\u200c\u200d"  # Persian, Hindi and others can't be written without them

type Layer = alt.Chart | alt.LayerChart
type Top = alt.Chart | alt.LayerChart | alt.VConcatChart


def styled[Drawn: Top](chart: Drawn) -> Drawn:
    """Return the chart with scd's look set on itself; no theme or renderer is switched on anywhere.

    Parameters
    ----------
    chart : altair.Chart, altair.LayerChart or altair.VConcatChart
        A chart that will not be put into another one: config may stand on the outermost chart only.

    Examples
    --------
    >>> styled(alt.Chart(rows([{"x": 1}])).mark_point().encode(x="x:Q")).to_dict()["config"]["background"]
    'white'
    """
    axis = alt.AxisConfig(
        grid=False,
        domainColor=INK,
        tickColor=INK,
        tickSize=4,
        labelColor=INK,
        labelFontSize=_LABEL_SIZE,
        titleColor=INK,
        titleFontSize=_TITLE_SIZE,
        titleFontWeight="normal",
        titlePadding=8,
    )
    return chart.configure(
        font=FONT,
        # One description stands for the whole picture; a label on every mark would drown it.
        aria=False,
        background="white",
        axis=axis,
        view=alt.ViewConfig(stroke=None),
        text=alt.MarkConfig(color=INK, fontSize=_LABEL_SIZE),
        title=alt.TitleConfig(color=INK, fontSize=14, subtitleColor=INK, subtitleFontSize=12, anchor="start"),
        **_locale(),
    )


def _locale() -> dict[str, Any]:
    """How the numbers of an axis are written, where that is not as in English."""
    if current_language() == "en":
        return {}
    mark, group = number(0.5)[1], thousands(1000)[1]
    return {"locale": {"number": {"decimal": mark, "thousands": group, "grouping": [3], "currency": ["", ""]}}}


def rows(records: Iterable[dict[str, Any]]) -> alt.InlineData:
    """Records as inline data, which no data transformer of the reader's session touches."""
    return alt.InlineData(values=list(records))


def shown(text: object) -> str:
    """A label as it may stand in a picture: one line, without characters that XML can't hold or that reorder text.

    Examples
    --------
    >>> shown("Anna\\x00 \\n B.")
    'Anna B.'
    """
    kept = "".join(c if c.isprintable() or c in _JOINERS else " " for c in str(text))
    return " ".join(kept.split())


def text_width(text: str, *, size: float = _LABEL_SIZE) -> float:
    """About how many pixels a line of text needs; rather too many than too few."""
    wide = sum(1.0 if ord(c) > 0x2E7F else 0.75 if c.isupper() or c in "mw%—" else 0.54 for c in text)
    return wide * size


def wrapped(text: str, *, width: float, lines: int, size: float = _LABEL_SIZE) -> list[str]:
    """The text in at most so many lines of about this width in pixels; what does not fit ends in ``…``."""
    letters = max(6, int(width / (0.54 * size)))
    return textwrap.wrap(shown(text), letters, max_lines=lines, placeholder="…") or [""]


def axis_title(measure: Measure, *, length: float) -> list[str]:
    """Label, unit and direction of a measure, in lines for an upright y axis of this length in pixels.

    The arrow is written as it must stand before the title is turned upright: ``←`` then points down the axis.

    Examples
    --------
    >>> from scd.study import Measure
    >>> axis_title(Measure(key="mood", label="Mood", improvement="increase"), length=200)
    ['Mood (points)', 'higher is better →']
    """
    direction = _("higher is better →") if measure.sign > 0 else _("← lower is better")
    if not measure.unit:
        return [*wrapped(measure.label, width=length, lines=3, size=_TITLE_SIZE), direction]
    unit = f"({shown(measure.unit_words)})"
    together = wrapped(f"{measure.label} {unit}", width=length, lines=4, size=_TITLE_SIZE)
    if len(together) <= 3 and unit in together[-1]:
        return [*together, direction]
    label = wrapped(measure.label, width=length, lines=2, size=_TITLE_SIZE)
    return [*label, wrapped(unit, width=length, lines=1, size=_TITLE_SIZE)[0], direction]


def title_of(text: str, *, subtitle: Sequence[str] = (), width: float) -> alt.TitleParams:
    """A title in at most two lines above a chart of this width in pixels."""
    lines = wrapped(text, width=width + 60, lines=2, size=14)
    return alt.TitleParams(text=lines, subtitle=[shown(line) for line in subtitle], offset=12)


def by_condition(conditions: Sequence[str], *, palette: Sequence[str]) -> alt.Scale:
    """The scale that gives each condition letter its colour or shape from a palette, in alphabetical order."""
    return alt.Scale(domain=list(conditions), range=[palette[i % len(palette)] for i in range(len(conditions))])


def nice_step(span: float, *, at_most: int) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten that cuts a span into at most so many parts.

    Examples
    --------
    >>> nice_step(27, at_most=6), nice_step(1, at_most=4)
    (5.0, 0.5)
    """
    if span <= 0:
        return 1.0
    rough = span / max(1, at_most)
    power = 10.0 ** floor(log10(rough))
    return next(f * power for f in (1, 2, 5, 10) if f * power >= rough * (1 - 1e-9))


def nice_end(value: float, *, step: float, up: bool) -> float:
    """The next multiple of a step at or beyond a value."""
    return (ceil(value / step - 1e-9) if up else floor(value / step + 1e-9)) * step


def text_mark(
    lines: Sequence[str],
    *,
    x: float,
    y: float,
    colour: str = INK,
    align: Literal["left", "center", "right"] = "left",
    bold: bool = False,
    halo: bool = False,
) -> Layer:
    """Lines of text at a pixel; the lines travel as data, for what stands in data is never read as an expression.

    Parameters
    ----------
    lines : sequence of str
        What it says.
    x, y : float
        Pixels from the panel's left and top: where the first line begins (or its middle or end, by `align`).
    colour : str
        The ink.
    align : {"left", "center", "right"}
        Which part of the text stands at `x`.
    bold : bool
        Whether it is bold.
    halo : bool
        Whether it is set off from what lies below it by a white rim.
    """
    base = alt.Chart(rows([{"text": [shown(line) for line in lines]}])).encode(
        x=alt.XValue(x), y=alt.YValue(y), text=alt.Text("text:N")
    )
    look: dict[str, Any] = {"align": align, "baseline": "alphabetic", "lineHeight": LINE_HEIGHT}
    words = base.mark_text(fill=colour, fontWeight="bold" if bold else "normal", **look)
    if not halo:
        return words
    return alt.LayerChart(layer=[base.mark_text(fill="white", stroke="white", strokeWidth=4, **look), words])


def number_words(value: float, *, decimals: int | None = None) -> str:
    """A number with a true minus sign.

    Parameters
    ----------
    value : float
        The number.
    decimals : int, optional
        How many decimals; by default as many as it has, in six digits.

    Examples
    --------
    >>> number_words(-5.52, decimals=1), number_words(-0.04, decimals=1), number_words(3.0)
    ('−5.5', '0.0', '3')
    """
    return number(value, digits=decimals)
