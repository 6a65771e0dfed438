"""Processes beside each other: each one's link to the outcome, its rank, and its own change with the intervention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from scd.analysis.words import change_unit, number, percent, probability
from scd.charts.series import need_columns
from scd.charts.style import (
    BLUE,
    INK,
    LINE_HEIGHT,
    Layer,
    nice_end,
    nice_step,
    rows,
    shown,
    styled,
    text_mark,
    title_of,
    wrapped,
)
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import number as written
from scd.study import StudyError

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["describe_processes", "process_chart"]

_NEEDED = ("case", "process", "n", "link_mean", "lower", "upper", "ci_prob", "p_rank1", "phase_change_mean",
           "phase_change_lower", "phase_change_upper", "phase_change_p_improvement", "evidence")  # fmt: skip
_EVIDENCE = {
    "too few sessions": N_("too few sessions"),
    "no clear link": N_("no clear link"),
    "lead to try next": N_("a lead to try next"),
    "matters most": N_("matters most, as an association"),
}
_LABEL_WIDTH, _PITCH = 150, 62
_FIRST_COLUMN, _SECOND_COLUMN, _SECOND_WIDTH = 14, 190, 170
_UNSURE_DASH = [4, 3]


def process_chart(
    table: pd.DataFrame,
    *,
    outcome: Measure,
    processes: Sequence[Measure],
    title: str | None = None,
    width: int = 320,
) -> alt.LayerChart:
    """Draw one row a process: its link with the interval, the probability that it is the largest, and its own change.

    A full point on a solid line is a lead or more; an open one on a dashed line is no clear link, or stands for too few
    sessions. What each is stands beside it in words.

    Parameters
    ----------
    table : pandas.DataFrame
        From `scd.analysis.processes.table.process_table`, the rows of one case.
    outcome : Measure
    processes : sequence of Measure
        For their labels, units and directions.
    title : str, optional
        Stands above the chart.
    width : int
        The plotting area in pixels; names and words stand around it.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    StudyError
        When the table lacks a column, is empty, holds several cases, or has a process that is not among `processes`.

    Examples
    --------
    >>> from scd.analysis.processes.table import process_table
    >>> from scd.design.linked import linked_study
    >>> found = process_table(linked_study(links={"sleep": 0.6, "worry": 0.0}, sessions=12))
    >>> process_chart(found.table, outcome=found.outcome, processes=found.processes).to_dict()["height"]
    124
    """
    records = _records(table, processes)
    labels = {m.key: m for m in processes}
    height = _PITCH * len(records)
    low, high, step = _ends([float(r[end]) for r in records for end in ("lower", "upper")])
    zero = width * -low / (high - low)

    def x(field: str) -> alt.X:
        heading = _("Link to {outcome} at the next session (SD per SD)").format(outcome=shown(outcome.label))
        return alt.X(
            f"{field}:Q",
            title=wrapped(heading, width=width + 60, lines=2, size=12),
            scale=alt.Scale(domain=[low, high], nice=False, zero=False),
            axis=alt.Axis(values=_ticks(low, high, step)),
        )

    better, worse = _("outcome higher: better →"), _("outcome higher: worse →")
    ends = (_("← outcome lower: worse"), better) if outcome.sign > 0 else (_("← outcome lower: better"), worse)
    none = alt.Chart(rows([{"link": 0}])).mark_rule(stroke=INK, strokeWidth=1.2)
    interval = _("link ({ci} interval), rank").format(ci=percent(float(records[0]["ci_prob"])))
    layers: list[Layer] = [
        none.encode(x=x("link"), y=alt.YValue(-4), y2=alt.Y2Value(height)),
        text_mark([ends[0]], x=zero - 8, y=-8, align="right"),
        text_mark([ends[1]], x=zero + 8, y=-8),
        text_mark([interval], x=width + _FIRST_COLUMN, y=-8),
        text_mark([_("own change, B − A")], x=width + _SECOND_COLUMN, y=-8),
    ]
    for place, record in enumerate(records):
        measure = labels[str(record["process"])]
        middle = (place + 0.5) * _PITCH
        layers += _interval(record, x=x, y=middle)
        layers += _block(wrapped(measure.label, width=_LABEL_WIDTH, lines=3), x=-10, y=middle, align="right")
        layers += _block(_link_lines(record), x=width + _FIRST_COLUMN, y=middle)
        layers += _block(_change_lines(record, measure), x=width + _SECOND_COLUMN, y=middle)
    chart = alt.LayerChart(layer=layers).properties(width=width, height=height)
    if title:
        chart = chart.properties(title=title_of(title, width=width))
    return styled(chart)


def describe_processes(table: pd.DataFrame, *, outcome: Measure, processes: Sequence[Measure]) -> str:
    """Say in plain sentences what `process_chart` shows, for those who can't see it.

    Parameters
    ----------
    table, outcome, processes
        As for `process_chart`.

    Returns
    -------
    str
    """
    labels = {m.key: m.label for m in processes}
    told = [_("Links to {outcome} at the next session, a row a process.").format(outcome=outcome.label)]
    for record in _records(table, processes):
        parts = "; ".join(_link_lines(record))
        told.append(_("{process}: {link}.").format(process=labels[str(record["process"])], link=parts))
    return " ".join(told)


def _records(table: pd.DataFrame, processes: Sequence[Measure]) -> list[dict[str, Any]]:
    need_columns(table, columns=_NEEDED, what="process table")
    if table.empty or table["case"].nunique() > 1:
        raise StudyError(
            f"chart, process table: takes the rows of one case (got {table['case'].nunique()} cases)", field="case"
        )
    known = [m.key for m in processes]
    for key in table["process"]:
        if key not in known:
            raise StudyError(
                f"chart, process table: has process '{key}', which is not among the measures given "
                f"({', '.join(known) or 'none'})",
                field="process",
            )
    return table.to_dict("records")  # type: ignore[return-value]


def _ends(values: list[float]) -> tuple[float, float, float]:
    """Ends and tick distance of the axis: alike on both sides of zero, so that no direction looks favoured."""
    reach = max([abs(v) for v in values] + [0.5]) * 1.06
    return -reach, reach, nice_step(2 * reach, at_most=6)


def _ticks(low: float, high: float, step: float) -> list[float]:
    first = nice_end(low, step=step, up=True)
    return [round(first + i * step, 10) for i in range(int((high - first) / step + 1e-9) + 1)]


def _interval(record: dict[str, Any], *, x: Any, y: float) -> list[Layer]:
    sure = record["evidence"] in ("lead to try next", "matters most")
    values = {name: float(record[name]) for name in ("link_mean", "lower", "upper")}
    base = alt.Chart(rows([values]))
    line = base.mark_rule(stroke=BLUE, strokeWidth=2.4 if sure else 1.6, strokeDash=[1, 0] if sure else _UNSURE_DASH)
    point = base.mark_point(
        shape="circle", filled=True, size=80, fill=BLUE if sure else "white", stroke=BLUE, strokeWidth=1.6, opacity=1
    )
    at = alt.YValue(y)
    return [line.encode(x=x("lower"), x2=alt.X2("upper"), y=at), point.encode(x=x("link_mean"), y=at)]


def _block(lines: Sequence[str], *, x: float, y: float, align: Any = "left") -> list[Layer]:
    """Lines of text around a height."""
    return [text_mark(lines, x=x, y=y - LINE_HEIGHT * len(lines) / 2 + 10, align=align)] if lines else []


def _link_lines(record: dict[str, Any]) -> list[str]:
    middle, low, high = (number(float(record[name])) for name in ("link_mean", "lower", "upper"))
    told = [_("{link} ({low} to {high})").format(link=middle, low=low, high=high)]
    if not pd.isna(record["p_rank1"]):
        told.append(_("the largest: {p}").format(p=probability(float(record["p_rank1"]))))
    told.append(_(_EVIDENCE[record["evidence"]]))
    if record["evidence"] == "too few sessions":
        told.append(_("{n} pairs, not ranked").format(n=written(int(record["n"]))))
    return told


def _change_lines(record: dict[str, Any], process: Measure) -> list[str]:
    if pd.isna(record["phase_change_mean"]):
        return [_("not told")]
    factor, unit = change_unit(process)
    middle, low, high = (number(factor * float(record[f"phase_change_{end}"])) for end in ("mean", "lower", "upper"))
    change = _("{change} {unit} ({low} to {high})").format(change=middle, unit=shown(unit), low=low, high=high)
    better = _("better: {p}").format(p=probability(float(record["phase_change_p_improvement"])))
    return [*wrapped(change, width=_SECOND_WIDTH, lines=2), better]
