"""The graphs of a masked visual analysis: values over sessions, and nothing that tells the phases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt
import pandas as pd

from scd.charts.space import Axes, Space, space_of
from scd.charts.style import CROSS, GREY, INK, Layer, axis_title, rows, styled, text_mark
from scd.language import gettext as _
from scd.language import localized
from scd.study import Measure

if TYPE_CHECKING:
    from scd.analysis.visual.masked_records import MaskedAnalysis, MaskedGraph

__all__ = ["describe_masked", "masked_chart"]


def masked_chart(analysis: MaskedAnalysis, *, width: int = 640, height: int = 150) -> alt.VConcatChart:
    """Draw the graphs for the analyst, one under the other; graphs of one measure have the same axes.

    All points look alike and are joined but for missed sessions; there are no phase lines, labels, colours or codes.
    The chart is drawn from the masked analysis alone, which holds none of them.

    Parameters
    ----------
    analysis : MaskedAnalysis
        From `scd.analysis.visual.masked.seal_analysis`.
    width, height : int
        The plotting area of one graph, in pixels.

    Returns
    -------
    altair.VConcatChart

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.analysis.visual.masked_records import HowDrawn, MaskedAnalysis, MaskedGraph
    >>> graph = MaskedGraph(name="graph 1", measure="Mood", improvement="increase", values=(4, 5, None, 7))
    >>> drawn, now = HowDrawn(name="phase-starts", arrangements=2), dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    >>> analysis = MaskedAnalysis(graphs=(graph,), drawn=drawn, sealed_at=now, seal="0" * 64)
    >>> len(masked_chart(analysis).to_dict()["vconcat"])
    1
    """
    last = max(len(graph.values) for graph in analysis.graphs)
    sessions = pd.DataFrame({"start": [1], "end": [last]})
    measures = [_measure(graph) for graph in analysis.graphs]
    tables = [_table(graph) for graph in analysis.graphs]
    panels = []
    for graph, measure, table in zip(analysis.graphs, measures, tables, strict=True):
        alike = [other for other, its in zip(tables, measures, strict=True) if its == measure]
        space = space_of(alike, measure=measure, phases=sessions, width=width, height=height)
        panels.append(_panel(graph, table, measure=measure, space=space))
    return styled(alt.vconcat(*panels, spacing=14))


def describe_masked(analysis: MaskedAnalysis) -> str:
    """Say in plain sentences what `masked_chart` shows, for those who can't see it; it tells no phases either.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.analysis.visual.masked_records import HowDrawn, MaskedAnalysis, MaskedGraph
    >>> graph = MaskedGraph(name="graph 1", measure="Mood", improvement="increase", values=(4, 5, None, 7))
    >>> drawn, now = HowDrawn(name="phase-starts", arrangements=2), dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    >>> print(describe_masked(MaskedAnalysis(graphs=(graph,), drawn=drawn, sealed_at=now, seal="0" * 64)))
    Phases are hidden. graph 1, Mood by session, higher is better: 4, 5, missed, 7.
    """
    told = [_("Phases are hidden.")]
    for graph in analysis.graphs:
        text = (
            _("{graph}, {measure} by session, higher is better: {values}.")
            if graph.improvement == "increase"
            else _("{graph}, {measure} by session, lower is better: {values}.")
        )
        values = ", ".join(_("missed") if value is None else localized(f"{value:g}") for value in graph.values)
        told.append(text.format(graph=graph.name, measure=graph.measure, values=values))
    return " ".join(told)


def _measure(graph: MaskedGraph) -> Measure:
    low, high = graph.limits
    return Measure(
        key="masked",
        label=graph.measure,
        improvement=graph.improvement,
        unit=graph.unit,
        minimum=low,
        maximum=high,
    )


def _table(graph: MaskedGraph) -> pd.DataFrame:
    segment, records = 0, []
    for number, value in enumerate(graph.values, start=1):
        segment += value is None
        records.append((number, value, segment))
    return pd.DataFrame(records, columns=["session", "value", "segment"]).astype({"value": "float64"})


def _panel(graph: MaskedGraph, table: pd.DataFrame, *, measure: Measure, space: Space) -> alt.LayerChart:
    axes = Axes(space, title=tuple(axis_title(measure, length=space.height)), title_y=None, session_axis=True)
    seen = table.dropna(subset=["value"])
    data = rows(
        {"session": int(n), "value": float(value), "segment": int(segment)}
        for n, value, segment in seen.itertuples(index=False)
    )
    base = alt.Chart(data).encode(x=axes.x("session"), y=axes.y("value"))
    layers: list[Layer] = [
        base.mark_line(stroke=GREY, strokeWidth=1.2, strokeJoin="round").encode(detail=alt.Detail("segment:N")),
        base.mark_point(filled=True, opacity=1, size=42, fill=INK, stroke="white", strokeWidth=0.6),
    ]
    missed = table[table["value"].isna()]
    if len(missed):
        cross = alt.Chart(rows({"session": int(n)} for n in missed["session"])).mark_point(
            shape=CROSS, filled=False, size=70, stroke=INK, strokeWidth=1.5, opacity=1
        )
        layers.append(cross.encode(x=axes.x("session"), y=alt.YValue(space.height - 5)))
    layers.append(text_mark([graph.name], x=space.width + 10, y=12, bold=True))
    return alt.LayerChart(layer=layers).properties(width=space.width, height=space.height)
