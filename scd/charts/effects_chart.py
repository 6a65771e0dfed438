"""Effects with their intervals, beside a line of no change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING, Any

import altair as alt
import pandas as pd

from scd.charts.series import need_columns
from scd.charts.style import (
    BLUE,
    GREY,
    INK,
    LINE_HEIGHT,
    ORANGE,
    Layer,
    nice_end,
    nice_step,
    number_words,
    rows,
    shown,
    styled,
    text_mark,
    text_width,
    title_of,
    wrapped,
)
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.study import StudyError

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["effects_chart"]

_NEEDED = ("case", "contrast", "effect", "median", "lower", "upper", "ci_prob")
_LABEL_WIDTH = 190
_KEY_WORDS = {
    "pooled": N_("estimated together with the other cases"),
    "alone": N_("estimated from this case alone"),
    "whole": N_("average of all cases"),
    "meaningful": N_("smallest change that matters"),
}


_WEIGHT = {"pooled": 2.6, "alone": 1.4, "whole": 2.6}
_MEANINGFUL_DASH = [1, 3]


@dataclass(frozen=True)
class _Axis:
    """The axis of change: its ends, its ticks' distance, its title."""

    low: float
    high: float
    step: float
    title: tuple[str, ...]

    def x(self, field: str) -> alt.X:
        return alt.X(
            f"{field}:Q",
            title=list(self.title),
            scale=alt.Scale(domain=[self.low, self.high], nice=False, zero=False),
            axis=alt.Axis(values=_ticks(self.low, self.high, step=self.step)),
        )


@dataclass(frozen=True)
class _Row:
    """One effect: its place among the rows, its kind (``pooled``, ``alone``, ``whole``) and its numbers."""

    place: float
    kind: str
    numbers: tuple[float, float, float] | None


def effects_chart(
    table: pd.DataFrame,
    *,
    measure: Measure,
    effect: str = "level_change",
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    width: int = 400,
) -> alt.LayerChart:
    """Draw one kind of effect as medians with intervals, one row a contrast or case, with the numbers beside.

    Effects of single phases or cases are circles, those of the whole study or of the average case diamonds. Where the
    table also has the same effect unpooled (``level_change_unpooled``), it stands below the pooled one, open and thin.

    Parameters
    ----------
    table : pandas.DataFrame
        Effect table: columns ``case, contrast, effect, median, lower, upper, ci_prob``; a row without a case is the
        average of all. Rows without numbers say “no estimate”.
    measure : Measure
        Decides which side is better, and carries the smallest change that matters.
    effect : str
        ``level_change`` or ``slope_change`` in the measure's units, or ``standardized_change``, which is positive for
        improvement.
    labels : mapping of str to str, optional
        The name that people know a case by; its code otherwise.
    title : str, optional
        Stands above the chart.
    width : int
        The plotting area in pixels; names and numbers stand around it.

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    StudyError
        When the table lacks a column or has no row of this effect.

    Examples
    --------
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> row = {"case": "K7M2", "contrast": "overall", "effect": "level_change", "median": 2.1, "lower": 0.4}
    >>> table = pd.DataFrame([row | {"upper": 3.7, "ci_prob": 0.95}])
    >>> effects_chart(table, measure=mood).to_dict()["width"]
    400
    """
    need_columns(table, columns=_NEEDED, what="effect table")
    chosen = table[table["effect"].isin([effect, f"{effect}_unpooled"])]
    if chosen.empty:
        known = ", ".join(dict.fromkeys(map(str, table["effect"]))) or "none"
        raise StudyError(f"chart, effect table: has no effect '{effect}' (it has {known})", field="effect")
    names, found = _arrange(chosen, effect=effect, labels=labels or {})
    pitch = 38 if any(row.kind == "alone" for row in found) else 30
    height = pitch * len(names)
    meaningful = measure.meaningful_change if effect == "level_change" else None
    marks = [] if meaningful is None else [measure.sign * meaningful]
    axis = _Axis(
        *_ends([v for row in found if row.numbers for v in row.numbers] + marks),
        title=tuple(_axis_words(measure, effect=effect, width=width)),
    )
    better = 1 if effect == "standardized_change" else measure.sign
    zero = width * -axis.low / (axis.high - axis.low)
    layers: list[Layer] = [
        alt.Chart(rows([{"change": 0}]))
        .mark_rule(stroke=INK, strokeWidth=1.2)
        .encode(x=axis.x("change"), y=alt.YValue(-4), y2=alt.Y2Value(height)),
        text_mark([_("← better") if better < 0 else _("← worse")], x=zero - 8, y=-8, align="right"),
        text_mark([_("worse →") if better < 0 else _("better →")], x=zero + 8, y=-8),
    ]
    for mark in marks:
        rule = alt.Chart(rows([{"meaningful": mark}])).mark_rule(
            stroke=INK, strokeWidth=1.2, strokeDash=_MEANINGFUL_DASH
        )
        rule = rule.encode(x=axis.x("meaningful"), y=alt.YValue(0), y2=alt.Y2Value(height))
        layers.append(rule)
    for row in found:
        layers += _interval(row, axis=axis, pitch=pitch)
    for n, name in enumerate(names):
        lines = wrapped(name, width=_LABEL_WIDTH, lines=2)
        top = (n + 0.5) * pitch - LINE_HEIGHT * len(lines) / 2
        bold = any(row.kind == "whole" and int(row.place) == n for row in found)
        layers.append(text_mark(lines, x=-10, y=top + 10, align="right", bold=bold))
    layers += _numbers(found, pitch=pitch, x=width + 14, ci_prob=float(chosen["ci_prob"].iloc[0]))
    smallest = f"{_(_KEY_WORDS['meaningful'])}, {number_words(meaningful)} {_unit(measure)}" if meaningful else ""
    layers += _key(found, meaningful=smallest, y=height + 62, right=width + 150)
    chart = alt.LayerChart(layer=layers).properties(width=width, height=height)
    if title:
        chart = chart.properties(title=title_of(title, width=width))
    return styled(chart)


def _arrange(table: pd.DataFrame, *, effect: str, labels: Mapping[str, str]) -> tuple[list[str], list[_Row]]:
    """The rows' names from top to bottom, with the average last, and the effects with their places."""
    records: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    cases = {r["case"] for r in records if not pd.isna(r["case"])}
    order = list(dict.fromkeys((None if pd.isna(r["case"]) else r["case"], r["contrast"]) for r in records))
    order.sort(key=lambda key: key[0] is None)
    several = any(len({contrast for who, contrast in order if who == case}) > 1 for case in cases)
    paired = {_key_of(r) for r in records if r["effect"] != effect}

    names = []
    for case, contrast in order:
        who = _("Average of all cases") if case is None else shown(labels.get(case, case))
        what = _contrast_words(str(contrast))
        names.append(what if len(cases) == 1 and case else f"{who}: {what}" if several else who)
    found = []
    for record in records:
        case, contrast = _key_of(record)
        alone = record["effect"] != effect
        whole = case is None or (len(cases) == 1 and several and contrast == "overall")
        shift = 0.0 if (case, contrast) not in paired else 0.2 if alone else -0.2
        values = (record["median"], record["lower"], record["upper"])
        numbers = None if any(pd.isna(v) for v in values) else (float(values[0]), float(values[1]), float(values[2]))
        kind = "alone" if alone else "whole" if whole else "pooled"
        found.append(_Row(place=order.index((case, contrast)) + 0.5 + shift, kind=kind, numbers=numbers))
    return names, found


def _key_of(record: Mapping[str, Any]) -> tuple[str | None, str]:
    return (None if pd.isna(record["case"]) else record["case"], record["contrast"])


def _contrast_words(contrast: str) -> str:
    """A contrast with the intervention first, as its number is taken: ``A1-B1`` and ``B1-A1`` are “B1 against A1”."""
    if contrast == "overall":
        return _("Whole study")
    first, second = contrast.partition("-")[::2]
    treated, untreated = (first, second) if second.startswith("A") else (second, first)
    return _("{intervention} against {baseline}").format(intervention=treated, baseline=untreated)


def _axis_words(measure: Measure, *, effect: str, width: float) -> list[str]:
    told = {"measure": shown(measure.label), "unit": _unit(measure) or _("measure's units")}
    if effect == "standardized_change":
        words = _("Standardised change in {measure} (within-case SDs; positive is better)")
    elif effect == "slope_change":
        words = _("Change in slope of {measure} ({unit} per session)")
    else:
        words = _("Change in {measure}, intervention − baseline ({unit})")
    words = words.format(**told)
    return wrapped(words, width=width + 60, lines=2, size=12)


def _unit(measure: Measure) -> str:
    return shown(measure.unit_words)


def _ends(values: list[float]) -> tuple[float, float, float]:
    """The ends and tick distance of the axis: room for both sides of zero, so that “better” and “worse” both fit."""
    low, high = min([*values, 0.0]), max([*values, 0.0])
    span = (high - low) or 1.0
    low, high = min(low - 0.04 * span, -0.25 * span), max(high + 0.04 * span, 0.25 * span)
    return low, high, nice_step(high - low, at_most=7)


def _ticks(low: float, high: float, *, step: float) -> list[float]:
    first = nice_end(low, step=step, up=True)
    return [round(first + i * step, 10) for i in range(int((high - first) / step + 1e-9) + 1)]


def _interval(row: _Row, *, axis: _Axis, pitch: float) -> list[Layer]:
    if row.numbers is None:
        return []
    median, lower, upper = row.numbers
    base = alt.Chart(rows([{"kind": row.kind, "change": median, "lower": lower, "upper": upper}]))
    y = alt.YValue(row.place * pitch)
    line = base.mark_rule(stroke=ORANGE if row.kind == "whole" else BLUE, strokeWidth=_WEIGHT[row.kind])
    return [
        line.encode(x=axis.x("lower"), x2=alt.X2("upper"), y=y),
        _sign(base, kind=row.kind).encode(x=axis.x("change"), y=y),
    ]


def _sign(base: alt.Chart, *, kind: str) -> alt.Chart:
    if kind == "whole":
        return base.mark_point(shape="diamond", filled=True, size=150, fill=ORANGE, opacity=1)
    if kind == "alone":
        return base.mark_point(
            shape="circle", filled=True, size=50, fill="white", stroke=BLUE, strokeWidth=1.6, opacity=1
        )
    return base.mark_point(shape="circle", filled=True, size=75, fill=BLUE, opacity=1)


def _numbers(found: list[_Row], *, pitch: float, x: float, ci_prob: float) -> list[Layer]:
    """Median and interval of every row, in words beside it."""
    largest = max((abs(v) for row in found if row.numbers for v in row.numbers), default=1.0)
    # About two digits: more would pretend to a precision that the intervals deny.
    decimals = max(0, min(4, 1 - floor(log10(largest or 1.0)) + (largest >= 10)))
    layers = [
        text_mark([_("median ({percent} % interval)").format(percent=localized(f"{ci_prob * 100:g}"))], x=x, y=-8)
    ]
    for row in found:
        words = _("no estimate")
        if row.numbers:
            median, lower, upper = (number_words(v, decimals=decimals) for v in row.numbers)
            words = _("{median} ({lower} to {upper})").format(median=median, lower=lower, upper=upper)
        ink = GREY if row.kind == "alone" or not row.numbers else INK
        layers.append(text_mark([words], x=x, y=row.place * pitch + 4, colour=ink, bold=row.kind == "whole"))
    return layers


def _key(found: list[_Row], *, meaningful: str, y: float, right: float) -> list[Layer]:
    """What the signs mean, where more than one is drawn."""
    kinds = [kind for kind in _WEIGHT if any(row.kind == kind for row in found)]
    entries = kinds if "alone" in kinds else []
    layers: list[Layer] = []
    x, line = -_LABEL_WIDTH / 2, y
    for entry in [*entries, *(["meaningful"] if meaningful else [])]:
        words = meaningful if entry == "meaningful" else _(_KEY_WORDS[entry])
        needed = 26 + text_width(words) + 16
        if x + needed > right and x > -_LABEL_WIDTH / 2:
            x, line = -_LABEL_WIDTH / 2, line + 17
        one = alt.Chart(rows([{}]))
        if entry == "meaningful":
            rule = one.mark_rule(stroke=INK, strokeWidth=1.2, strokeDash=_MEANINGFUL_DASH)
            layers.append(rule.encode(x=alt.XValue(x), x2=alt.X2Value(x + 20), y=alt.YValue(line)))
        else:
            rule = one.mark_rule(stroke=ORANGE if entry == "whole" else BLUE, strokeWidth=_WEIGHT[entry])
            layers.append(rule.encode(x=alt.XValue(x), x2=alt.X2Value(x + 20), y=alt.YValue(line)))
            layers.append(_sign(one, kind=entry).encode(x=alt.XValue(x + 10), y=alt.YValue(line)))
        layers.append(text_mark([words], x=x + 26, y=line + 4))
        x += needed
    return layers
