"""Areas of life, one row each in order of change: better to the right, with the verdict in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from scd.charts.series import need_columns
from scd.charts.style import BLUE, GREY, INK, LINE_HEIGHT, ORANGE, Layer, rows, styled, text_mark, title_of, wrapped
from scd.language import gettext as _
from scd.study import StudyError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["areas_chart", "describe_areas"]

_NEEDED = ("label", "standardized", "standardized_lower", "standardized_upper", "verdict")
_PITCH, _LABEL_WIDTH = 34, 190
# Told apart by shape before colour, and by the word beside it.
_LOOK = {
    "better": ("triangle-right", BLUE, BLUE),
    "worse": ("triangle-left", ORANGE, ORANGE),
    "unclear": ("circle", "white", GREY),
}


def areas_chart(table: pd.DataFrame, *, title: str | None = None, width: int = 380) -> alt.LayerChart:
    """Draw how each area changed, most improved on top.

    A triangle that points right is an area that got better, one that points left one that got worse, a ring one that
    can't be told yet; the thin line is the 95 % interval. Every area lies on its own scale: the width of the picture is
    the same share of each measure's range.

    Parameters
    ----------
    table : pandas.DataFrame
        From `scd.analysis.areas.area_changes.area_changes`, its `rows`, in the order to draw them.
    title : str, optional
        Stands above the chart.
    width : int
        The plotting area in pixels; names and verdicts stand around it.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    StudyError
        When the table lacks a column or has no row.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"label": "Sleep", "standardized": 1.0, "standardized_lower": 0.2, "standardized_upper": 1.7}
    >>> areas_chart(pd.DataFrame([row | {"verdict": "better"}])).to_dict()["width"]
    380
    """
    need_columns(table, columns=_NEEDED, what="table of areas")
    if table.empty:
        raise StudyError("chart, table of areas: needs at least 1 area (got 0)", field="areas")
    words = _verdict_words()
    reach = 1.08 * max(0.5, float(table[["standardized_lower", "standardized_upper"]].abs().max().max()))
    height = _PITCH * len(table)
    zero = alt.Chart(rows([{"change": 0.0}])).mark_rule(stroke=INK, strokeWidth=1.2)
    layers: list[Layer] = [
        zero.encode(x=_place("change", reach=reach), y=alt.YValue(-4), y2=alt.Y2Value(height + 4)),
        text_mark([_("← worse")], x=0, y=-10),
        text_mark([_("no change")], x=width / 2, y=-10, align="center"),
        text_mark([_("better →")], x=width, y=-10, align="right"),
    ]
    for n, row in enumerate(table.to_dict("records")):
        place = (n + 0.5) * _PITCH
        layers += _area(row, reach=reach, place=place)
        lines = wrapped(str(row["label"]), width=_LABEL_WIDTH, lines=2)
        layers.append(text_mark(lines, x=-10, y=place - LINE_HEIGHT * len(lines) / 2 + 10, align="right"))
        verdict = str(row["verdict"])
        ink = GREY if verdict == "unclear" else _LOOK[verdict][2]
        layers.append(text_mark([words[verdict]], x=width + 14, y=place + 4, colour=ink, bold=verdict != "unclear"))
    note = _("Each line shows where the change may lie (95 %). Every area is drawn as a share of its own scale.")
    layers.append(text_mark(wrapped(note, width=width + 170, lines=2), x=-_LABEL_WIDTH / 2, y=height + 26))
    chart = alt.LayerChart(layer=layers).properties(width=width, height=height)
    if title:
        chart = chart.properties(title=title_of(title, width=width))
    return styled(chart)


def describe_areas(table: pd.DataFrame) -> str:
    """Say in plain sentences what `areas_chart` shows, in its order.

    Parameters
    ----------
    table : pandas.DataFrame
        As for `areas_chart`.

    Raises
    ------
    StudyError
        When the table lacks a column.

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"label": "Sleep", "standardized": 1.0, "standardized_lower": 0.2, "standardized_upper": 1.7}
    >>> describe_areas(pd.DataFrame([row | {"verdict": "better"}]))
    'Areas in order of change, most improved first. Sleep: better.'
    """
    need_columns(table, columns=_NEEDED, what="table of areas")
    words = _verdict_words()
    told = [f"{row['label']}: {words[str(row['verdict'])]}." for row in table.to_dict("records")]
    return " ".join([_("Areas in order of change, most improved first."), *told])


def _verdict_words() -> dict[str, str]:
    return {"better": _("better"), "worse": _("worse"), "unclear": _("can't tell yet")}


def _place(field: str, *, reach: float) -> alt.X:
    scale = alt.Scale(domain=[-reach, reach], nice=False, zero=False)
    return alt.X(f"{field}:Q", title=None, axis=None, scale=scale)


def _area(row: dict, *, reach: float, place: float) -> list[Layer]:
    shape, fill, stroke = _LOOK[str(row["verdict"])]
    data = {
        "change": float(row["standardized"]),
        "lower": float(row["standardized_lower"]),
        "upper": float(row["standardized_upper"]),
        "verdict": str(row["verdict"]),
    }
    base = alt.Chart(rows([data])).encode(y=alt.YValue(place))
    line = base.mark_rule(stroke=stroke, strokeWidth=1.3)
    point = base.mark_point(shape=shape, filled=True, fill=fill, stroke=stroke, strokeWidth=1.6, size=150, opacity=1)
    return [
        line.encode(x=_place("lower", reach=reach), x2=alt.X2("upper")),
        point.encode(x=_place("change", reach=reach)),
    ]
