"""The graph of one case with the lines that a visual analyst draws: median, envelope, trend, projected baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from scd.charts.labels import phase_labels
from scd.charts.panel import Panel, panel_layers, panel_of
from scd.charts.series import need_columns, only_case
from scd.charts.space import Axes
from scd.charts.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    Layer,
    axis_title,
    by_condition,
    rows,
    shown,
    styled,
    text_mark,
    text_width,
    title_of,
)
from scd.language import gettext as _
from scd.language import gettext_noop as N_

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Measure

__all__ = ["visual_chart"]

_COLUMNS = ("case", "phase", "line", "session_from", "session_to", "value_from", "value_to")
_KEY = {
    "median": N_("median of a phase"),
    "envelope": N_("within a share of the median"),
    "trend": N_("trend of a phase (Theil-Sen)"),
    "projected mean": N_("the baseline's mean and trend, drawn on"),
}
_SOLID = [1, 0]
_DASHES = {"trend": [5, 3], "projected mean": [1, 3], "projected trend": [1, 3]}


def visual_chart(
    frame: pd.DataFrame,
    *,
    measure: Measure,
    phases: pd.DataFrame,
    lines: pd.DataFrame,
    case: str | None = None,
    title: str | None = None,
    label: str | None = None,
    width: int = 640,
    height: int = 260,
) -> alt.LayerChart:
    """Draw one case as `scd.charts.study_chart.study_chart` does, with the lines of a visual analysis.

    Parameters
    ----------
    frame, measure, phases, case, title, label, width, height
        As for `study_chart`.
    lines : pandas.DataFrame
        From `scd.analysis.visual.table.visual_lines`; lines are cut where the measure's range ends.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    StudyError
        When a table lacks a column, or it is not clear which case to draw.

    Examples
    --------
    >>> from scd.analysis.visual.table import visual_lines
    >>> from scd.study import Case, Measure, Phase, Session, Study, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([4, 5, 6], 1)]
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),)).record(*rows)
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,))
    >>> lines = visual_lines(study, case="K7M2")
    >>> visual_chart(study.frame(), measure=mood, phases=study.phase_frame(), lines=lines).to_dict()["height"]
    260
    """
    code = only_case(phases, case=case)
    need_columns(lines, columns=_COLUMNS, what="table of lines")
    own = lines[lines["case"] == code]
    panel = panel_of(
        frame,
        measure=measure,
        phases=phases[phases["case"] == code],
        case=code,
        levels=None,
        projection=None,
        width=width,
        height=height,
    )
    words = axis_title(measure, length=height)
    axes = Axes(panel.space, title=tuple(words), title_y=None, session_axis=True)
    layers: list[Layer] = [
        *_lines(own, panel=panel, axes=axes),
        *panel_layers(panel, measure=measure, title=words),
        *phase_labels(panel),
        *_key(set(own["line"]), y=height + 54, width=width),
    ]
    chart = alt.LayerChart(layer=layers).properties(width=width, height=height)
    heads = [shown(text) for text in (title, label) if text]
    if heads:
        chart = chart.properties(title=title_of(heads[0], subtitle=heads[1:], width=width))
    return styled(chart)


def _lines(table: pd.DataFrame, *, panel: Panel, axes: Axes) -> list[alt.Chart]:
    colour = by_condition(panel.conditions, palette=COLOURS)
    drawn = []
    for _phase, edges in table[table["line"] == "envelope"].groupby("phase", sort=False):
        low, high = sorted(edges["value_from"].clip(panel.space.low, panel.space.high))
        first = edges.iloc[0]
        data = rows(
            [
                {
                    "condition": str(first["phase"])[0],
                    "from": float(first["session_from"]) - 0.4,
                    "to": float(first["session_to"]) + 0.4,
                    "lower": float(low),
                    "upper": float(high),
                }
            ]
        )
        band = alt.Chart(data).mark_rect(opacity=0.14)
        drawn.append(
            band.encode(
                x=axes.x("from"),
                x2=alt.X2("to"),
                y=axes.y("lower"),
                y2=alt.Y2("upper"),
                fill=alt.Fill("condition:N", scale=colour, legend=None),
            )
        )
    for one in table[table["line"] != "envelope"][list(_COLUMNS)].itertuples(index=False):
        _case, phase, name, x1, x2, y1, y2 = one
        ends = _inside((float(x1), float(y1)), (float(x2), float(y2)), low=panel.space.low, high=panel.space.high)
        drawn.append(_line(str(name), str(phase)[0], ends, axes=axes, colour=colour))
    return drawn


def _line(
    name: str, condition: str, ends: tuple[tuple[float, float], ...], *, axes: Axes, colour: alt.Scale
) -> alt.Chart:
    beyond = (-0.4, 0.4) if name == "median" else (0.0, 0.0)
    data = rows(
        {"condition": condition, "session": x + more, "value": y} for (x, y), more in zip(ends, beyond, strict=True)
    )
    width = 2.5 if name == "median" else 1.6
    mark = alt.Chart(data).mark_line(strokeWidth=width, strokeDash=_DASHES.get(name, _SOLID))
    projected = name.startswith("projected")
    stroke = alt.StrokeValue(GREY) if projected else alt.Stroke("condition:N", scale=colour, legend=None)
    return mark.encode(x=axes.x("session"), y=axes.y("value"), stroke=stroke)


def _inside(
    start: tuple[float, float], end: tuple[float, float], *, low: float, high: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The part of a line between the ends of the y axis; where none of it is inside, its nearest edge."""
    (x1, y1), (x2, y2) = start, end
    if y1 == y2 or x1 == x2:
        held = min(max(y1, low), high)
        return (x1, held), (x2, min(max(y2, low), high))
    slope = (y2 - y1) / (x2 - x1)
    reach = sorted(x1 + (edge - y1) / slope for edge in (low, high))
    first, last = (min(max(x, reach[0]), reach[1]) for x in (x1, x2))
    return (first, min(max(y1 + slope * (first - x1), low), high)), (
        last,
        min(max(y1 + slope * (last - x1), low), high),
    )


def _key(names: set[str], *, y: float, width: int) -> list[Layer]:
    drawn: list[Layer] = []
    x, line = 0.0, y
    for name, entry in _KEY.items():
        if name not in names:
            continue
        words = _(entry)
        needed = 26 + text_width(words) + 18
        if x > 0 and x + needed > width + 120:
            x, line = 0.0, line + 16
        one = alt.Chart(rows([{}]))
        place = {"x": alt.XValue(x), "x2": alt.X2Value(x + 20)}
        if name == "envelope":
            band = one.mark_rect(fill=BLUE, opacity=0.2)
            drawn.append(band.encode(**place, y=alt.YValue(line - 5), y2=alt.Y2Value(line + 5)))
        else:
            thick = 2.5 if name == "median" else 1.6
            ink = GREY if name.startswith("projected") else INK
            rule = one.mark_rule(stroke=ink, strokeWidth=thick, strokeDash=_DASHES.get(name, _SOLID))
            drawn.append(rule.encode(**place, y=alt.YValue(line)))
        drawn.append(text_mark([words], x=x + 26, y=line + 4))
        x += needed
    return drawn
