"""One panel of a SCED graph, as layers: points, lines, phase changes, missed sessions, goal, levels, projection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from scd.charts.bands import level_layers, projection_layers
from scd.charts.series import estimates, phases_of, series
from scd.charts.space import Axes, Space, space_of
from scd.charts.style import COLOURS, CROSS, GREY, INK, SHAPES, by_condition, rows

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["Panel", "change_rule", "panel_layers", "panel_of"]

_CHANGE_DASH, _PLANNED_DASH = [5, 3], [2, 4]


@dataclass(frozen=True)
class Panel:
    """What one panel draws.

    Parameters
    ----------
    space : Space
        The plotting area.
    points : pandas.DataFrame
        Columns ``session, phase, condition, value, segment``, as `scd.charts.series.series` gives them.
    phases : pandas.DataFrame
        Columns ``phase, start, end``.
    levels, projection : pandas.DataFrame
        Estimates, or empty tables.
    reached : int
        The last session that was recorded; phases that start later are still planned.
    """

    space: Space
    points: pd.DataFrame
    phases: pd.DataFrame
    levels: pd.DataFrame
    projection: pd.DataFrame
    reached: int

    @property
    def changes(self) -> list[tuple[str, float, bool]]:
        """The phase changes: label of the new phase, the place between the sessions, whether it is still planned."""
        return [
            (str(p["phase"]), int(p["start"]) - 0.5, int(p["start"]) > self.reached)
            for p in self.phases.iloc[1:].to_dict("records")
        ]

    @property
    def conditions(self) -> list[str]:
        """The condition letters, in alphabetical order."""
        return sorted({str(label)[0] for label in self.phases["phase"]})


def panel_of(
    frame: pd.DataFrame,
    *,
    measure: Measure,
    phases: pd.DataFrame,
    case: str,
    levels: pd.DataFrame | None,
    projection: pd.DataFrame | None,
    width: int,
    height: int,
) -> Panel:
    """Gather what one case's panel draws; its x axis spans all phases of the table, also those of other cases.

    The parameters are those of `scd.charts.study_chart.study_chart`.

    Raises
    ------
    StudyError
        When a table lacks a column.
    """
    points = series(frame, measure=measure, phases=phases, case=case)
    at = estimates(
        levels,
        case=case,
        columns=("phase", "session_from", "session_to", "median", "lower", "upper"),
        what="table of levels",
    )
    ahead = estimates(
        projection, case=case, columns=("phase", "session", "median", "lower", "upper"), what="table of projections"
    )
    recorded = frame.loc[frame["case"] == case, "session"]
    return Panel(
        space=space_of([points, at, ahead], measure=measure, phases=phases, width=width, height=height),
        points=points,
        phases=phases_of(phases, case=case),
        levels=at,
        projection=ahead,
        reached=int(recorded.max()) if len(recorded) else 0,
    )


def panel_layers(
    panel: Panel,
    *,
    measure: Measure,
    title: Sequence[str],
    title_y: float | None = None,
    session_axis: bool = True,
    overhang: Mapping[str, tuple[float, float]] | None = None,
) -> list[alt.Chart]:
    """The layers of one panel, back to front, without words beside or above it.

    Parameters
    ----------
    panel : Panel
        The tables.
    measure : Measure
        Its goal and cut-off.
    title : sequence of str
        The lines of the y axis' title; empty for none.
    title_y : float, optional
        Where the title's middle stands, in pixels from the panel's top; the panel's middle by default.
    session_axis : bool
        Whether the x axis has numbers and a title.
    overhang : mapping of str to (float, float), optional
        For a phase: how many pixels the line at its start reaches beyond the panel's top and bottom; else 8 and 0.
    """
    axes = Axes(panel.space, title=tuple(title), title_y=title_y, session_axis=session_axis)
    return [
        *projection_layers(panel.projection, axes=axes),
        *level_layers(panel.levels, axes=axes, conditions=panel.conditions),
        *_thresholds(measure, axes=axes),
        *_phase_changes(panel, axes=axes, overhang=overhang or {}),
        *_values(panel, axes=axes),
        *_missed(panel, axes=axes),
    ]


def _values(panel: Panel, *, axes: Axes) -> list[alt.Chart]:
    seen = panel.points.dropna(subset=["value"])
    data = rows(
        {"session": p["session"], "value": p["value"], "condition": p["condition"], "segment": p["segment"]}
        for p in seen.to_dict("records")
    )
    apart = panel.space.width / (panel.space.last - panel.space.first + 1)
    size = 52 if apart >= 12 else 30 if apart >= 7 else 14
    rim = 0.6 if apart >= 7 else 0.3
    base = alt.Chart(data).encode(x=axes.x("session"), y=axes.y("value"))
    lines = base.mark_line(stroke=INK, strokeWidth=1.2, strokeJoin="round").encode(detail=alt.Detail("segment:N"))
    points = base.mark_point(filled=True, opacity=1, size=size, stroke="white", strokeWidth=rim).encode(
        shape=alt.Shape("condition:N", scale=by_condition(panel.conditions, palette=SHAPES), legend=None),
        fill=alt.Fill("condition:N", scale=by_condition(panel.conditions, palette=COLOURS), legend=None),
    )
    return [lines, points]


def _missed(panel: Panel, *, axes: Axes) -> list[alt.Chart]:
    missed = panel.points[panel.points["value"].isna()]
    if missed.empty:
        return []
    data = rows({"session": int(n), "missed": True} for n in missed["session"])
    cross = alt.Chart(data).mark_point(shape=CROSS, filled=False, size=70, stroke=INK, strokeWidth=1.5, opacity=1)
    return [cross.encode(x=axes.x("session"), y=alt.YValue(panel.space.height - 5))]


def change_rule(datum: Mapping[str, Any], *, planned: bool) -> alt.Chart:
    """A rule for a phase change, without its place: dashed where the phase has begun, dotted grey while it is planned.

    Parameters
    ----------
    datum : mapping
        Its data row.
    planned : bool
        Whether the phase that begins there is still planned.
    """
    dash, ink = (_PLANNED_DASH, GREY) if planned else (_CHANGE_DASH, INK)
    return alt.Chart(rows([dict(datum)])).mark_rule(strokeWidth=1.2, strokeDash=dash, stroke=ink)


def _phase_changes(panel: Panel, *, axes: Axes, overhang: Mapping[str, tuple[float, float]]) -> list[alt.Chart]:
    drawn = []
    for label, place, planned in panel.changes:
        above, below = overhang.get(label, (8, 0))
        rule = change_rule({"phase": label, "change": place}, planned=planned)
        drawn.append(rule.encode(x=axes.x("change"), y=alt.YValue(-above), y2=alt.Y2Value(panel.space.height + below)))
    return drawn


def _thresholds(measure: Measure, *, axes: Axes) -> list[alt.Chart]:
    drawn = []
    for name, dash in (("goal", [1, 3]), ("cutoff", [10, 3, 2, 3])):
        value = getattr(measure, name)
        if value is not None:
            rule = alt.Chart(rows([{name: value}])).mark_rule(strokeWidth=1, strokeDash=dash, stroke=INK)
            drawn.append(rule.encode(y=axes.y(name), x=alt.XValue(0), x2=alt.X2Value(axes.space.width)))
    return drawn
