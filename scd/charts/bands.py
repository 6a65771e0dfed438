"""What a model says about a panel: levels of phases and the baseline's projection. Bands end where the range ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import altair as alt

from scd.charts.space import Axes, Space
from scd.charts.style import BLUE, COLOURS, by_condition, rows

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["level_layers", "projection_layers"]


def level_layers(table: pd.DataFrame, *, axes: Axes, conditions: Sequence[str]) -> list[alt.Chart]:
    """Short horizontal lines for the estimated level of each phase, each with its light band.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``phase, session_from, session_to, median, lower, upper``.
    axes : Axes
        The panel's axes.
    conditions : sequence of str
        The condition letters of the panel, which decide the colours.
    """
    if table.empty:
        return []
    data = rows(
        {
            "condition": str(p["phase"])[0],
            "from": float(p["session_from"]) - 0.4,
            "to": float(p["session_to"]) + 0.4,
            "level": _inside(p["median"], axes.space),
            "lower": _within(p["lower"], axes.space),
            "upper": _within(p["upper"], axes.space),
        }
        for p in table.to_dict("records")
    )
    base = alt.Chart(data)
    colour = by_condition(conditions, palette=COLOURS)
    band = base.mark_rect(opacity=0.18).encode(
        x=axes.x("from"),
        x2=alt.X2("to"),
        y=axes.y("lower"),
        y2=alt.Y2("upper"),
        fill=alt.Fill("condition:N", scale=colour, legend=None),
    )
    line = base.mark_rule(strokeWidth=3, opacity=0.85).encode(
        x=axes.x("from"),
        x2=alt.X2("to"),
        y=axes.y("level"),
        stroke=alt.Stroke("condition:N", scale=colour, legend=None),
    )
    return [band, line]


def projection_layers(table: pd.DataFrame, *, axes: Axes) -> list[alt.Chart]:
    """The baseline's projection: a dashed line in a light band with dotted edges, for each phase it is drawn into.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``phase, session, median, lower, upper``.
    axes : Axes
        The panel's axes.
    """
    if table.empty:
        return []
    records = []
    for label, part in table.groupby("phase", sort=False):
        part = part.sort_values("session")
        places = [float(n) for n in part["session"]]
        # Drawn a little beyond the first and last session, so that a phase of one session has a band one can see.
        for n, (place, row) in enumerate(zip(places, part.to_dict("records"), strict=True)):
            at = [place]
            at = [place - 0.4, *at] if n == 0 else at
            at = [*at, place + 0.4] if n == len(places) - 1 else at
            numbers = {
                "lower": _within(row["lower"], axes.space),
                "upper": _within(row["upper"], axes.space),
                "projected": _inside(row["median"], axes.space),
                "lower_edge": _inside(row["lower"], axes.space),
                "upper_edge": _inside(row["upper"], axes.space),
            }
            records += [{"session": x, "phase": str(label)} | numbers for x in at]
    base = alt.Chart(rows(records))
    x = axes.x("session")
    band = base.mark_area(fill=BLUE, opacity=0.12).encode(
        x=x, y=axes.y("lower"), y2=alt.Y2("upper"), detail=alt.Detail("phase:N")
    )
    edges = [
        base.mark_line(stroke=BLUE, strokeWidth=0.8, strokeDash=[2, 2]).encode(
            x=x, y=axes.y(end), detail=alt.Detail("phase:N")
        )
        for end in ("lower_edge", "upper_edge")
    ]
    middle = base.mark_line(stroke=BLUE, strokeWidth=2, strokeDash=[7, 4]).encode(
        x=x, y=axes.y("projected"), detail=alt.Detail("phase:N")
    )
    return [band, *edges, middle]


def _within(value: float, space: Space) -> float:
    """A band's end, cut where the instrument's range ends."""
    return min(max(float(value), space.low), space.high)


def _inside(value: float, space: Space) -> float | None:
    """A line's value; none outside the instrument's range, where no client could score."""
    return float(value) if space.low <= value <= space.high else None
