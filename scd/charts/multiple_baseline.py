"""The staircase: the tiers of a multiple baseline under each other, joined by one phase-change line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import altair as alt

from scd.charts.labels import (
    MarginLabel,
    beside,
    key,
    key_words,
    phase_labels,
    projection_label,
    threshold_labels,
)
from scd.charts.panel import Panel, change_rule, panel_layers, panel_of
from scd.charts.series import cases_of
from scd.charts.style import Layer, axis_title, styled, title_of
from scd.study import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Measure

__all__ = ["multiple_baseline_chart"]

# The staircase steps sideways so many pixels below a panel.
_STEP = 8


def multiple_baseline_chart(
    frame: pd.DataFrame,
    *,
    measures: Sequence[Measure],
    phases: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
    levels: pd.DataFrame | None = None,
    projection: pd.DataFrame | None = None,
    title: str | None = None,
    width: int = 560,
    height: int = 110,
) -> alt.VConcatChart:
    """Draw the tiers of a multiple baseline as one staircase over a shared session axis.

    Each tier is a panel as `scd.charts.study_chart.study_chart` draws it. The line at the start of a phase goes on
    sideways below its panel to the start of the same phase in the next tier.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``Study.frame()``.
    measures : sequence of Measure
        One that all tiers share, or one a tier in the order of the table of phases.
    phases : pandas.DataFrame
        ``Study.phase_frame()``; the tiers stand in its order.
    labels : mapping of str to str, optional
        The name that people know a case by; its code otherwise.
    levels, projection : pandas.DataFrame, optional
        As for `study_chart`.
    title : str, optional
        Stands above the chart.
    width, height : int
        The plotting area of one tier, in pixels.

    Returns
    -------
    altair.VConcatChart

    Raises
    ------
    StudyError
        When a table lacks a column, or the number of measures is neither one nor that of the tiers.
    """
    cases = cases_of(phases)
    if len(measures) not in (1, len(cases)):
        raise StudyError(
            f"chart: needs 1 measure or one for each of the {len(cases)} cases (got {len(measures)})", field="measures"
        )
    each = list(measures) * len(cases) if len(measures) == 1 else list(measures)
    shared = len({measure.key for measure in each}) == 1
    panels = _on_one_axis(
        [
            panel_of(
                frame,
                measure=measure,
                phases=phases,
                case=case,
                levels=levels,
                projection=projection,
                width=width,
                height=height,
            )
            for case, measure in zip(cases, each, strict=True)
        ],
        measures=each,
    )
    alike = len({tuple(panel.phases["phase"]) for panel in panels}) == 1
    gap = 2 * _STEP if alike else 2 * _STEP + 14
    overhangs = _overhangs(panels, gap=gap)
    spoken = next((n for n, panel in enumerate(panels) if projection_label(panel)), None)

    tiers = []
    for n, (case, measure, panel) in enumerate(zip(cases, each, panels, strict=True)):
        words, place = _title(measure, n=n, tiers=len(panels), shared=shared, height=height, gap=gap)
        margin = [MarginLabel(text=(labels or {}).get(case, case), y=4, bold=True)]
        if n == 0 or not shared:
            margin += threshold_labels(panel, measure=measure)
        if n == spoken:
            margin += filter(None, [projection_label(panel)])
        layers: list[Layer] = [
            *panel_layers(
                panel,
                measure=measure,
                title=words,
                title_y=place,
                session_axis=n == len(panels) - 1,
                overhang=overhangs[n],
            )
        ]
        layers += beside(margin, space=panel.space)
        if n == 0 or not alike:
            layers += phase_labels(panel, short=n > 0)
        if n < len(panels) - 1:
            layers += _steps(panel, below=panels[n + 1])
        else:
            layers += key(_key_words(panels, spoken=spoken is not None), panel=panels[0], y=height + 54)
        tiers.append(alt.LayerChart(layer=layers).properties(width=width, height=height))
    # Flush: panels stand exactly `gap` apart whatever is written around them, or the staircase would break.
    chart = alt.vconcat(*tiers, spacing=gap, bounds="flush")
    if title:
        chart = chart.properties(title=title_of(title, width=width))
    return styled(chart)


def _on_one_axis(panels: Sequence[Panel], *, measures: Sequence[Measure]) -> list[Panel]:
    """The panels over the same sessions; those of one measure also over the same values, or tiers could not be
    compared by eye where the measure's range is open."""
    drawn = []
    for panel, measure in zip(panels, measures, strict=True):
        same = [p.space for p, m in zip(panels, measures, strict=True) if m.key == measure.key]
        space = replace(
            panel.space,
            first=min(p.space.first for p in panels),
            last=max(p.space.last for p in panels),
            low=min(s.low for s in same),
            high=max(s.high for s in same),
            step=max(s.step for s in same),
        )
        drawn.append(replace(panel, space=space))
    return drawn


def _overhangs(panels: Sequence[Panel], *, gap: float) -> list[dict[str, tuple[float, float]]]:
    """How far each phase line reaches out of its panel to meet the steps above and below."""
    starts = [{label for label, _, _ in panel.changes} for panel in panels]
    return [
        {
            label: (
                8.0 if n == 0 else gap - _STEP if label in starts[n - 1] else 0.0,
                _STEP if n < len(panels) - 1 and label in starts[n + 1] else 0.0,
            )
            for label in here
        }
        for n, here in enumerate(starts)
    ]


def _steps(panel: Panel, *, below: Panel) -> list[alt.Chart]:
    """The sideways steps from each phase line of a panel to that of the same phase in the panel below."""
    places = {label: place for label, place, _ in panel.changes}
    y = alt.YValue(panel.space.height + _STEP)
    return [
        change_rule({"phase": label, "step": True}, planned=planned).encode(
            x=alt.XValue(panel.space.x(places[label])), x2=alt.X2Value(below.space.x(place)), y=y
        )
        for label, place, planned in below.changes
        if label in places
    ]


def _title(
    measure: Measure, *, n: int, tiers: int, shared: bool, height: int, gap: int
) -> tuple[list[str], float | None]:
    """The y title of a tier and its place: one in the middle for all when they share the measure."""
    if not shared:
        return axis_title(measure, length=height), None
    middle = (tiers - 1) // 2
    if n != middle:
        return [], None
    whole = tiers * height + (tiers - 1) * gap
    return axis_title(measure, length=whole), whole / 2 - middle * (height + gap)


def _key_words(panels: Sequence[Panel], *, spoken: bool) -> list[str]:
    needed = {word for panel in panels for word in key_words(panel)} - {"conditions", "planned", "projection"}
    needed |= set(key_words(panels[0])) & {"conditions"}
    if any(planned for panel in panels for _, _, planned in panel.changes):
        needed.add("planned")
    if not spoken and any(len(panel.projection) for panel in panels):
        needed.add("projection")
    return [word for word in ("missed", "level", "projection", "planned", "conditions") if word in needed]
