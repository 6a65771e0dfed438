"""Practice on the same time axis as the outcome: what was planned and done, and the courses that go with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from scd.charts.labels import MarginLabel, beside, key, key_words, phase_labels, threshold_labels
from scd.charts.panel import Panel, change_rule, panel_layers, panel_of
from scd.charts.series import need_columns, only_case
from scd.charts.space import Axes, Space
from scd.charts.style import (
    BLUE,
    COLOURS,
    CROSS,
    INK,
    ORANGE,
    Layer,
    axis_title,
    by_condition,
    nice_end,
    nice_step,
    rows,
    shown,
    styled,
    text_mark,
    text_width,
    title_of,
    wrapped,
)
from scd.language import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Measure

__all__ = ["courses_chart", "describe_practice", "practice_chart"]

_FOLLOW = ("case", "session", "phase", "condition", "planned", "done", "obstacle", "missed")
_COURSES = ("case", "session", "practice", "mean", "lower", "upper")
# Told apart by dash before colour: full, own, none.
_LINES: dict[str, tuple[str, list[int], float]] = {
    "full": (ORANGE, [1, 0], 2.4),
    "own": (INK, [7, 4], 2.0),
    "none": (BLUE, [2, 3], 2.4),
}
_GAP = 16


def practice_chart(
    frame: pd.DataFrame,
    *,
    measure: Measure,
    phases: pd.DataFrame,
    follow: pd.DataFrame,
    practice: Measure,
    case: str | None = None,
    title: str | None = None,
    label: str | None = None,
    width: int = 640,
    height: int = 220,
    strip: int = 110,
) -> alt.VConcatChart:
    """Draw one case's outcome above and the practice between sessions below, over the same sessions.

    In the strip a bar is what was done and a short line across it what was planned; a ring on the axis means that
    nothing was done, a cross that nobody said, and a small triangle above that something got in the way.

    Parameters
    ----------
    frame, measure, phases, case, title, label
        As for `scd.charts.study_chart.study_chart`; the outcome.
    follow : pandas.DataFrame
        From `scd.analysis.practice.follow_through.follow_through`, of one measure of practice.
    practice : Measure
        That measure.
    width, height, strip : int
        The plotting areas in pixels: their width, and the height of the outcome's and of the practice's.

    Returns
    -------
    altair.VConcatChart

    Raises
    ------
    StudyError
        When a table lacks a column, or it is not clear which case to draw.
    """
    code = only_case(phases, case=case)
    need_columns(follow, columns=_FOLLOW, what="table of follow-through")
    own = follow[follow["case"] == code]
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
    upper: list[Layer] = [
        *panel_layers(panel, measure=measure, title=axis_title(measure, length=height), session_axis=False),
        *phase_labels(panel),
        *beside(threshold_labels(panel, measure=measure), space=panel.space),
    ]
    below = _strip(own, panel=panel, practice=practice, height=strip)
    chart = alt.vconcat(
        alt.LayerChart(layer=upper).properties(width=width, height=height),
        alt.LayerChart(layer=below).properties(width=width, height=strip),
        spacing=_GAP,
        bounds="flush",
    )
    heads = [shown(text) for text in (title, label) if text]
    if heads:
        chart = chart.properties(title=title_of(heads[0], subtitle=heads[1:], width=width))
    return styled(chart)


def describe_practice(follow: pd.DataFrame, *, practice: Measure, case: str) -> str:
    """Say in plain sentences what the strip of `practice_chart` shows: counts, no statistic.

    Parameters
    ----------
    follow : pandas.DataFrame
        As for `practice_chart`.
    practice : Measure
    case : str
        The case's code.

    Raises
    ------
    StudyError
        When the table lacks a column.
    """
    need_columns(follow, columns=_FOLLOW, what="table of follow-through")
    own = follow[follow["case"] == case]
    counts = {
        "due": len(own),
        "some": int((own["done"] > 0).sum()),
        "none": int((own["done"] == 0).sum()),
        "missed": int(own["missed"].sum()),
        "obstacles": int(own["obstacle"].sum()),
    }
    told = _(
        "{practice} below, on the same sessions. Of {due} sessions: something done at {some}, nothing at {none}, "
        "unknown at {missed}. Something got in the way at {obstacles}."
    )
    return told.format(practice=shown(practice.label), **counts)


def courses_chart(
    frame: pd.DataFrame,
    *,
    measure: Measure,
    phases: pd.DataFrame,
    courses: pd.DataFrame,
    case: str | None = None,
    title: str | None = None,
    label: str | None = None,
    width: int = 640,
    height: int = 260,
) -> alt.LayerChart:
    """Draw what is expected with full practice, with the client's own, and with none, beside what came.

    Parameters
    ----------
    frame, measure, phases, case, title, label, width, height
        As for `scd.charts.study_chart.study_chart`.
    courses : pandas.DataFrame
        From `scd.analysis.practice.dose_effects.dose_effects`: columns ``case, session, practice, mean, lower, upper``
        with 95 % bands, cut where the measure's range ends.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    StudyError
        When a table lacks a column, or it is not clear which case to draw.
    """
    code = only_case(phases, case=case)
    need_columns(courses, columns=_COURSES, what="table of courses")
    own = courses[courses["case"] == code]
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
    names = {"full": _("full practice"), "own": _("practice as it was"), "none": _("no practice")}
    layers: list[Layer] = []
    labels = threshold_labels(panel, measure=measure)
    for name in _LINES:
        part = own[own["practice"] == name].sort_values("session")
        if name != "own":  # before the first intervention they are all one
            part = part[part["session"] >= _first_intervention(panel)]
        if len(part):
            layers += _course(part, name=name, axes=axes)
            end = panel.space.y(float(part["mean"].iloc[-1]))
            labels.append(MarginLabel(text=names[name], y=end, colour=_LINES[name][0], bold=True))
    words_needed = key_words(panel)
    layers += [
        *panel_layers(panel, measure=measure, title=words),
        *phase_labels(panel),
        *beside(labels, space=panel.space),
        *key(words_needed, panel=panel, y=height + 54),
        text_mark([_("Lines: expected values with their 95 % bands.")], x=0, y=height + (76 if words_needed else 58)),
    ]
    chart = alt.LayerChart(layer=layers).properties(width=width, height=height)
    heads = [shown(text) for text in (title, label) if text]
    if heads:
        chart = chart.properties(title=title_of(heads[0], subtitle=heads[1:], width=width))
    return styled(chart)


def _first_intervention(panel: Panel) -> int:
    starts = panel.phases.loc[panel.phases["phase"].str.startswith("B"), "start"]
    return int(starts.min()) if len(starts) else panel.space.first


def _course(table: pd.DataFrame, *, name: str, axes: Axes) -> list[Layer]:
    colour, dash, thick = _LINES[name]
    space = axes.space
    data = rows(
        {
            "session": int(p["session"]),
            "expected": min(max(float(p["mean"]), space.low), space.high),
            "lower": min(max(float(p["lower"]), space.low), space.high),
            "upper": min(max(float(p["upper"]), space.low), space.high),
        }
        for p in table.to_dict("records")
    )
    base = alt.Chart(data).encode(x=axes.x("session"))
    band = base.mark_area(fill=colour, opacity=0.1).encode(y=axes.y("lower"), y2=alt.Y2("upper"))
    line = base.mark_line(stroke=colour, strokeWidth=thick, strokeDash=dash).encode(y=axes.y("expected"))
    return [band, line]


def _strip(table: pd.DataFrame, *, panel: Panel, practice: Measure, height: int) -> list[Layer]:
    """The layers of the strip below the outcome."""
    amounts = [float(v) for column in ("planned", "done") for v in table[column].dropna()]
    high = max([*amounts, 0.0]) or 1.0
    step = nice_step(high, at_most=max(2, height // 38))
    outer = panel.space
    space = Space(
        first=outer.first,
        last=outer.last,
        low=0.0,
        high=nice_end(high, step=step, up=True),
        step=step,
        width=outer.width,
        height=height,
    )
    name = f"{practice.label} ({shown(practice.unit_words)})" if practice.unit else practice.label
    axes = Axes(space, title=tuple(wrapped(name, width=height, lines=3)), title_y=None, session_axis=True)
    layers: list[Layer] = []
    for label, place, planned in panel.changes:
        rule = change_rule({"phase": label, "session": place}, planned=planned)
        layers.append(rule.encode(x=axes.x("session"), y=alt.YValue(-_GAP), y2=alt.Y2Value(height)))
    layers += _amounts(table, axes=axes, conditions=panel.conditions)
    layers += _signs(table, axes=axes)
    return [*layers, *_strip_key(table, missed=bool(panel.points["value"].isna().any()), space=space)]


def _amounts(table: pd.DataFrame, *, axes: Axes, conditions: list[str]) -> list[Layer]:
    """Bars for what was done, short lines across them for what was planned."""
    drawn: list[Layer] = []
    done = table[table["done"] > 0]
    if len(done):
        data = rows(
            {
                "condition": str(p["condition"]),
                "from": int(p["session"]) - 0.3,
                "to": int(p["session"]) + 0.3,
                "done": float(p["done"]),
                "nothing": 0.0,
            }
            for p in done.to_dict("records")
        )
        colour = by_condition(conditions, palette=COLOURS)
        bar = alt.Chart(data).mark_rect(opacity=0.75).encode(x=axes.x("from"), x2=alt.X2("to"), y=axes.y("done"))
        drawn.append(bar.encode(y2=alt.Y2("nothing"), fill=alt.Fill("condition:N", scale=colour, legend=None)))
    planned = table[table["planned"] > 0]
    if len(planned):
        data = rows(
            {"from": int(p["session"]) - 0.46, "to": int(p["session"]) + 0.46, "planned": float(p["planned"])}
            for p in planned.to_dict("records")
        )
        line = alt.Chart(data).mark_rule(stroke=INK, strokeWidth=1.8)
        drawn.append(line.encode(x=axes.x("from"), x2=alt.X2("to"), y=axes.y("planned")))
    return drawn


def _signs(table: pd.DataFrame, *, axes: Axes) -> list[Layer]:
    """Rings for nothing done, crosses for nobody said, triangles for something in the way."""
    drawn: list[Layer] = []
    height = axes.space.height
    for sign, chosen, y in (
        ("none", table[table["done"] == 0], axes.space.y(0.0)),
        ("missed", table[table["missed"]], height - 5),
        ("obstacle", table[table["obstacle"]], -5),
    ):
        if len(chosen):
            data = rows({"session": int(n), sign: True} for n in chosen["session"])
            drawn.append(_sign(alt.Chart(data), sign).encode(x=axes.x("session"), y=alt.YValue(y)))
    return drawn


def _sign(base: alt.Chart, sign: str) -> alt.Chart:
    look: dict[str, Any] = {"opacity": 1, "stroke": INK}
    if sign == "none":
        return base.mark_point(shape="circle", filled=True, fill="white", size=36, strokeWidth=1.3, **look)
    if sign == "missed":
        return base.mark_point(shape=CROSS, filled=False, size=60, strokeWidth=1.5, **look)
    return base.mark_point(shape="triangle-down", filled=True, fill=INK, size=34, strokeWidth=0, **look)


def _strip_key(table: pd.DataFrame, *, missed: bool, space: Space) -> list[Layer]:
    """What the signs of the strip mean, only those that are drawn."""
    held = {
        "done": (bool((table["done"] > 0).any()), _("done")),
        "planned": (bool((table["planned"] > 0).any()), _("planned")),
        "none": (bool((table["done"] == 0).any()), _("nothing done")),
        "missed": (missed or bool(table["missed"].any()), _("nobody said")),
        "obstacle": (bool(table["obstacle"].any()), _("something got in the way")),
    }
    drawn: list[Layer] = []
    x, line = 0.0, space.height + 54.0
    one = alt.Chart(rows([{}]))
    for name, (needed, words) in held.items():
        if not needed:
            continue
        room = 22 + text_width(words) + 18
        if x > 0 and x + room > space.width + 100:
            x, line = 0.0, line + 16
        if name == "done":
            bar = one.mark_rect(fill=ORANGE, opacity=0.75)
            bar = bar.encode(
                x=alt.XValue(x + 3), x2=alt.X2Value(x + 13), y=alt.YValue(line - 6), y2=alt.Y2Value(line + 6)
            )
            drawn.append(bar)
        elif name == "planned":
            rule = one.mark_rule(stroke=INK, strokeWidth=1.8)
            drawn.append(rule.encode(x=alt.XValue(x), x2=alt.X2Value(x + 16), y=alt.YValue(line)))
        else:
            drawn.append(_sign(one, name).encode(x=alt.XValue(x + 8), y=alt.YValue(line)))
        drawn.append(text_mark([words], x=x + 22, y=line + 4))
        x += room
    return drawn
