"""The SCED graph of one case, as the field draws it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import altair as alt

from scd.charts.labels import (
    beside,
    key,
    key_words,
    phase_labels,
    projection_label,
    threshold_labels,
)
from scd.charts.panel import panel_layers, panel_of
from scd.charts.series import only_case
from scd.charts.style import Layer, axis_title, shown, styled, title_of

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Measure

__all__ = ["study_chart"]


def study_chart(
    frame: pd.DataFrame,
    *,
    measure: Measure,
    phases: pd.DataFrame,
    case: str | None = None,
    levels: pd.DataFrame | None = None,
    projection: pd.DataFrame | None = None,
    title: str | None = None,
    label: str | None = None,
    width: int = 640,
    height: int = 260,
) -> alt.LayerChart:
    """Draw one case on one measure over its sessions.

    Points are joined within a phase, never across phases nor across a missed session; missed sessions are crosses on
    the x axis; phase changes are dashed lines half a session before the phase's first one, dotted and grey while the
    phase is only planned. The chart draws the tables' columns and computes no statistic.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``Study.frame()``, with all measures: a session at which another measure was taken is not a missed one.
    measure : Measure
        What to draw; its range makes the y axis, its goal and published cut-off are drawn as thin lines.
    phases : pandas.DataFrame
        ``Study.phase_frame()``.
    case : str, optional
        The case's code; may be left out when there is one case only.
    levels : pandas.DataFrame, optional
        Estimated level of each phase: columns ``case, phase, session_from, session_to, median, lower, upper`` with
        95 % intervals.
    projection : pandas.DataFrame, optional
        The baseline's projection into intervention phases: columns ``case, phase, session, median, lower, upper`` with
        95 % predictive bands. Where a band reaches beyond the instrument's range it is cut there.
    title : str, optional
        Stands above the chart.
    label : str, optional
        The case's name as people know it; stands below the title, or in its place.
    width, height : int
        The plotting area in pixels; words stand around it.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    StudyError
        When a table lacks a column, or it is not clear which case to draw.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Study, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=3)))
    >>> case = case.record(Session(number=1, values=(Value(measure="mood", value=4),)))
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,), sessions_planned=6)
    >>> chart = study_chart(study.frame(), measure=mood, phases=study.phase_frame())
    >>> chart.to_dict()["width"]
    640
    """
    code = only_case(phases, case=case)
    panel = panel_of(
        frame,
        measure=measure,
        phases=phases[phases["case"] == code],
        case=code,
        levels=levels,
        projection=projection,
        width=width,
        height=height,
    )
    margin = [*threshold_labels(panel, measure=measure), *filter(None, [projection_label(panel)])]
    layers: list[Layer] = [
        *panel_layers(panel, measure=measure, title=axis_title(measure, length=height)),
        *phase_labels(panel),
        *beside(margin, space=panel.space),
        *key(key_words(panel), panel=panel, y=height + 54),
    ]
    chart = alt.LayerChart(layer=layers).properties(width=width, height=height)
    heads = [shown(text) for text in (title, label) if text]
    if heads:
        chart = chart.properties(title=title_of(heads[0], subtitle=heads[1:], width=width))
    return styled(chart)
