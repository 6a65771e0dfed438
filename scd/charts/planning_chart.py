"""How many sessions give which chance to know: one curve a design, against sessions a phase and sessions in all."""

from __future__ import annotations

from dataclasses import dataclass

import altair as alt
import pandas as pd

from scd.charts.series import need_columns
from scd.charts.style import (
    COLOURS,
    GREY,
    SHAPES,
    Layer,
    nice_end,
    nice_step,
    rows,
    shown,
    styled,
    text_mark,
    wrapped,
)
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import percent

__all__ = ["describe_planning", "planning_chart"]

_NEEDED = ("design", "sessions", "total", "quantity", "value", "lower", "upper")
_TITLES = {
    "p_detect": N_("chance to find the change"),
    "p_meaningful": N_("chance to find that it is meaningful"),
    "randomization_power": N_("chance that the randomisation test finds it"),
    "width": N_("width of the 95 % interval, in the measure's units"),
}
_FIFTHS = [0, 0.2, 0.4, 0.6, 0.8, 1]
_PHASE, _ALL = N_("sessions a phase"), N_("sessions in all, of each client")


@dataclass(frozen=True)
class _Looks:
    """Colour and shape of each design."""

    colour: alt.Color
    shape: alt.Shape


def planning_chart(
    table: pd.DataFrame,
    *,
    enough: float = 0.8,
    cost: str = "",
    width: int = 270,
    height: int = 165,
) -> alt.VConcatChart:
    """Draw the curves of a plan: both chances of the posterior, that of the test, and the interval's width.

    The first row has the chance to find the change, against sessions a phase and against sessions in all. A band is
    what the simulation's error leaves.

    Parameters
    ----------
    table : pandas.DataFrame
        From `scd.analysis.planning.tables.curve_table`.
    enough : float
        The chance that is asked for, drawn as a line.
    cost : str
        What a session costs, in words, below the axis of all sessions.
    width, height : int
        Of one panel, in pixels.

    Returns
    -------
    altair.VConcatChart

    Raises
    ------
    StudyError
        When a column is missing.

    Examples
    --------
    >>> point = {"design": "AB", "sessions": 5, "total": 10, "quantity": "p_detect", "value": 0.3}
    >>> chart = planning_chart(pd.DataFrame([point | {"lower": 0.26, "upper": 0.34}]))
    >>> len(chart.to_dict()["vconcat"])
    1
    """
    need_columns(table, columns=_NEEDED, what="curves of a plan")
    looks = _looks_of([str(name) for name in dict.fromkeys(table["design"])])
    wanted = [("p_detect", "sessions"), ("p_detect", "total"), ("p_meaningful", "sessions"),
              ("randomization_power", "sessions"), ("width", "sessions")]  # fmt: skip
    panels = []
    for quantity, by in wanted:
        part = table[table["quantity"] == quantity]
        if part.empty:
            continue
        title = [*wrapped(_(_PHASE if by == "sessions" else _ALL), width=width, lines=2)]
        if by == "total" and cost:
            title += wrapped(_("a session costs {cost}").format(cost=cost), width=width, lines=2)
        x = alt.X("x:Q", scale=_x_scale(part, by=by), axis=_ticks(part, by=by), title=title)
        layers = _panel(part, quantity=quantity, by=by, x=x, looks=looks, enough=enough, height=height)
        panels.append(alt.LayerChart(layer=layers).properties(width=width, height=height, title=_head(quantity)))
    pairs = [panels[i : i + 2] for i in range(0, len(panels), 2)]
    return styled(alt.VConcatChart(vconcat=[alt.HConcatChart(hconcat=pair, spacing=36) for pair in pairs], spacing=24))


def describe_planning(table: pd.DataFrame) -> str:
    """Say in plain sentences what `planning_chart` shows.

    Parameters
    ----------
    table : pandas.DataFrame
        As for `planning_chart`.

    Examples
    --------
    >>> point = {"design": "AB", "sessions": 5, "total": 10, "quantity": "p_detect", "value": 0.3}
    >>> describe_planning(pd.DataFrame([point | {"lower": 0.26, "upper": 0.34}]))
    'Chance to find the change by sessions a phase. AB: 30\\xa0% with 5 sessions a phase, 10 in all.'
    """
    need_columns(table, columns=_NEEDED, what="curves of a plan")
    told = [_("Chance to find the change by sessions a phase.")]
    for name, part in table[table["quantity"] == "p_detect"].groupby("design", sort=False):
        part = part.sort_values("sessions")
        first, last = part.iloc[0], part.iloc[-1]
        ends = {
            "design": shown(name),
            "first": percent(float(first["value"])),
            "few": int(first["sessions"]),
            "few_total": int(first["total"]),
            "last": percent(float(last["value"])),
            "many": int(last["sessions"]),
            "many_total": int(last["total"]),
        }
        one = _("{design}: {first} with {few} sessions a phase, {few_total} in all.")
        two = _(
            "{design}: from {first} with {few} sessions a phase ({few_total} in all) to {last} with {many} "
            "({many_total} in all)."
        )
        told.append((one if len(part) == 1 else two).format(**ends))
    return " ".join(told)


def _head(quantity: str) -> alt.TitleParams:
    return alt.TitleParams(text=wrapped(_(_TITLES[quantity]), width=290, lines=2, size=12), fontSize=12, offset=8)


def _looks_of(names: list[str]) -> _Looks:
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))]
    shapes = [SHAPES[i % len(SHAPES)] for i in range(len(names))]
    legend = alt.Legend(orient="bottom", title=None, labelFontSize=12, symbolSize=70, symbolOpacity=1)
    return _Looks(
        colour=alt.Color("design:N", sort=names, scale=alt.Scale(domain=names, range=colours), legend=legend),
        shape=alt.Shape("design:N", sort=names, scale=alt.Scale(domain=names, range=shapes), legend=legend),
    )


def _panel(
    part: pd.DataFrame, *, quantity: str, by: str, x: alt.X, looks: _Looks, enough: float, height: int
) -> list[Layer]:
    """Bands, lines and points of one quantity."""
    fields = ("value", "lower", "upper")
    records = [
        {"design": str(r["design"]), "x": int(r[by])} | {f: float(r[f]) for f in fields}
        for r in part.to_dict("records")
    ]
    base = alt.Chart(rows(records))
    if quantity == "width":
        top = float(part["upper"].max())
        step = nice_step(top, at_most=5)
        scale, axis = alt.Scale(domain=[0, nice_end(top, step=step, up=True)], nice=False), alt.Axis(tickCount=5)
    else:
        scale, axis = alt.Scale(domain=[0, 1], nice=False), alt.Axis(values=_FIFTHS, format=".0%", labelOverlap=False)
    drawn: list[Layer] = []
    if quantity != "width":
        at = alt.Chart(rows([{"enough": enough}]))
        drawn.append(
            at.mark_rule(stroke=GREY, strokeDash=[4, 3]).encode(y=alt.Y("enough:Q", scale=scale, axis=axis, title=None))
        )
        drawn.append(text_mark([percent(enough)], x=4, y=height * (1 - enough) - 4, colour=GREY))
    y = alt.Y("value:Q", scale=scale, axis=axis, title=None)
    drawn += [
        base.mark_area(opacity=0.16).encode(
            x=x, y=alt.Y("lower:Q", scale=scale, axis=axis, title=None), y2="upper:Q", color=looks.colour
        ),
        base.mark_line(strokeWidth=2).encode(x=x, y=y, color=looks.colour),
        base.mark_point(filled=True, size=52, opacity=1).encode(x=x, y=y, color=looks.colour, shape=looks.shape),
    ]
    return drawn


def _x_scale(part: pd.DataFrame, *, by: str) -> alt.Scale:
    low, high = float(part[by].min()), float(part[by].max())
    room = max((high - low) * 0.05, 0.5)
    return alt.Scale(domain=[low - room, high + room], nice=False, zero=False)


def _ticks(part: pd.DataFrame, *, by: str) -> alt.Axis:
    places = sorted({int(v) for v in part[by]})
    if len(places) > 12 or by == "total":
        step = max(1, int(nice_step(places[-1] - places[0], at_most=7)))
        places = [n for n in range(places[0] // step * step, places[-1] + 1, step) if n >= places[0]]
    return alt.Axis(values=places, format="d", labelOverlap=True)
