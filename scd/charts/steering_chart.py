"""A running study after a look: what came, where the baseline would have gone, and what the fixed looks found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import altair as alt

from scd.charts.labels import beside, key, key_words, phase_labels, projection_label, threshold_labels
from scd.charts.panel import Panel, panel_layers, panel_of
from scd.charts.series import need_columns, only_case
from scd.charts.space import Axes
from scd.charts.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    Layer,
    axis_title,
    rows,
    shown,
    styled,
    text_mark,
    text_width,
    title_of,
)
from scd.charts.svg import describe_study
from scd.language import gettext as _
from scd.language import ngettext

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Measure

__all__ = ["describe_steering", "steering_chart"]

_TRAJECTORY = ("case", "phase", "session", "value", "median", "lower", "upper", "side")
_LOOKS = ("case", "number", "session", "alarms")
# From the panel's foot: the strip of looks below the axis' title, and the key below that.
_STRIP, _STRIP_HEIGHT, _KEY = 58, 60, 54
# The most serious alarm gives a look its symbol; each has a shape of its own, and its word beside it.
_SYMBOLS = {
    "harm": ("triangle-down", ORANGE),
    "success": ("triangle-up", BLUE),
    "futility": ("square", INK),
    "": ("diamond", "white"),
}


def steering_chart(
    frame: pd.DataFrame,
    *,
    measure: Measure,
    phases: pd.DataFrame,
    trajectory: pd.DataFrame,
    looks: pd.DataFrame,
    case: str | None = None,
    title: str | None = None,
    label: str | None = None,
    width: int = 640,
    height: int = 260,
) -> alt.LayerChart:
    """Draw one case as `scd.charts.study_chart.study_chart` does, with a strip of the fixed looks below.

    A look is a diamond under its session, tied to it by a dotted line, with the number of intervention values it rests
    on. An alarm has a symbol of its own (success a triangle, harm one on its tip, futility a square) and its word.

    Parameters
    ----------
    frame, measure, phases, case, title, label, width, height
        As for `study_chart`.
    trajectory : pandas.DataFrame
        From `scd.analysis.steering.trajectory_table`.
    looks : pandas.DataFrame
        From `scd.analysis.steering.looks_table`.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    StudyError
        When a table lacks a column, or it is not clear which case to draw.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.analysis.steering import looks_table, steer, trajectory_table
    >>> from scd.design.synthetic import synthetic_studies
    >>> study = synthetic_studies()[7].study
    >>> seen = (steer(study, looked_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)),)
    >>> chart = steering_chart(study.frame(), measure=study.measures[0], phases=study.phase_frame(),
    ...                        trajectory=trajectory_table(seen), looks=looks_table(seen))
    >>> chart.to_dict()["height"]
    260
    """
    code = only_case(phases, case=case)
    need_columns(trajectory, columns=_TRAJECTORY, what="table of trajectories")
    need_columns(looks, columns=_LOOKS, what="table of looks")
    panel = panel_of(
        frame,
        measure=measure,
        phases=phases[phases["case"] == code],
        case=code,
        levels=None,
        projection=trajectory,
        width=width,
        height=height,
    )
    own = looks[looks["case"] == code]
    words = axis_title(measure, length=height)
    axes = Axes(panel.space, title=tuple(words), title_y=None, session_axis=True)
    margin = [*threshold_labels(panel, measure=measure), *filter(None, [projection_label(panel)])]
    strip = height + _STRIP
    layers: list[Layer] = [
        *_ties(own, panel=panel, axes=axes, foot=strip),
        *panel_layers(panel, measure=measure, title=words),
        *_looks(own, panel=panel, y=strip),
        *phase_labels(panel),
        *beside(margin, space=panel.space),
        *key(key_words(panel), panel=panel, y=height + _KEY + (_STRIP_HEIGHT if len(own) else 0)),
    ]
    chart = alt.LayerChart(layer=layers).properties(width=width, height=height)
    heads = [shown(text) for text in (title, label) if text]
    if heads:
        chart = chart.properties(title=title_of(heads[0], subtitle=heads[1:], width=width))
    return styled(chart)


def _ties(looks: pd.DataFrame, *, panel: Panel, axes: Axes, foot: float) -> Iterator[alt.Chart]:
    """A thin dotted line from the value of each look down to its symbol."""
    values = dict(zip(panel.points["session"], panel.points["value"], strict=True))
    for look in looks.to_dict("records"):
        data = rows([{"session": int(look["session"]), "number": int(look["number"])}])
        line = alt.Chart(data).mark_rule(stroke=GREY, strokeWidth=0.8, strokeDash=[1, 3])
        top = panel.space.y(float(values[look["session"]]))
        yield line.encode(x=axes.x("session"), y=alt.YValue(top), y2=alt.Y2Value(foot - 6))


def _looks(looks: pd.DataFrame, *, panel: Panel, y: float) -> Iterator[Layer]:
    """The strip: a symbol for each look, how many values it rests on, and the word of its alarm."""
    if looks.empty:
        return
    heads = [_("fixed looks"), _("after so many values")]
    for line, head in enumerate(heads):
        yield text_mark([head], x=panel.space.width + 10, y=y + 4 + 15 * line)
    ends: list[float] = []  # where each row of words is taken up to, so that no two words meet
    for look in looks.sort_values("session").to_dict("records"):
        alarms = _by_weight(look["alarms"])
        shape, ink = _SYMBOLS[alarms[0] if alarms else ""]
        at = panel.space.x(float(look["session"]))
        mark = alt.Chart(rows([{"look": int(look["number"])}])).mark_point(
            shape=shape, filled=True, fill=ink, stroke=INK, strokeWidth=1.2, size=90, opacity=1
        )
        yield mark.encode(x=alt.XValue(at), y=alt.YValue(y))
        yield text_mark([str(int(look["number"]))], x=at, y=y + 19, colour=INK, align="center")
        for kind in alarms:
            word = _alarm_word(kind)
            half = text_width(word) / 2 + 4
            line = next((n for n, end in enumerate(ends) if end <= at - half), len(ends))
            ends[line : line + 1] = [at + half]
            yield text_mark([word], x=at, y=y + 33 + 13 * line, colour=INK, align="center", bold=True)


def _by_weight(alarms: Any) -> list[str]:
    return [kind for kind in _SYMBOLS if kind and kind in tuple(alarms)]


def _alarm_word(kind: str) -> str:
    return {"harm": _("harm"), "success": _("success"), "futility": _("futility")}[kind]


def describe_steering(
    frame: pd.DataFrame,
    *,
    measure: Measure,
    phases: pd.DataFrame,
    trajectory: pd.DataFrame,
    looks: pd.DataFrame,
    case: str | None = None,
    label: str | None = None,
) -> str:
    """Say in plain sentences what `steering_chart` shows; parameters are those of `steering_chart`.

    Raises
    ------
    StudyError
        As `steering_chart`.
    """
    code = only_case(phases, case=case)
    told = [describe_study(frame, measure=measure, phases=phases, case=code, label=label)]
    sides = [side for side in trajectory.loc[trajectory["case"] == code, "side"] if side]
    if sides:
        told.append(
            ngettext(
                "Of {all} value under intervention, {inside} lies where the baseline would have gone, {better} on the "
                "better side and {worse} on the worse side of it.",
                "Of {all} values under intervention, {inside} lie where the baseline would have gone, {better} on the "
                "better side and {worse} on the worse side of it.",
                len(sides),
            ).format(
                all=len(sides),
                inside=sides.count("inside"),
                better=sides.count("better"),
                worse=sides.count("worse"),
            )
        )
    for look in looks[looks["case"] == code].to_dict("records"):
        alarms = ", ".join(_alarm_word(kind) for kind in _by_weight(look["alarms"])) or _("no alarm")
        told.append(
            _("Fixed look at session {session}, after {number} values: {alarms}.").format(
                session=int(look["session"]), number=int(look["number"]), alarms=alarms
            )
        )
    return " ".join(told)
