"""The plotting area of one panel and its axes: which session and which value lie at which pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import altair as alt

from scd.charts.style import nice_end, nice_step
from scd.language import gettext as _

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Measure

__all__ = ["Axes", "Space", "session_ticks", "space_of"]

_TOP, _BOTTOM = 6, 16


@dataclass(frozen=True)
class Space:
    """The ends of both axes and the size of the area in pixels.

    Parameters
    ----------
    first, last : int
        The first and last session; the axis reaches half a session beyond both.
    low, high : float
        The ends of the y axis, in the measure's units.
    step : float
        The distance of its ticks.
    width, height : int
        Pixels.

    Examples
    --------
    >>> space = Space(first=1, last=10, low=0, high=10, step=5, width=100, height=120)
    >>> space.x(1), space.y(10), space.ticks
    (5.0, 6.0, [0.0, 5.0, 10.0])
    """

    first: int
    last: int
    low: float
    high: float
    step: float
    width: int
    height: int

    @property
    def sessions(self) -> tuple[float, float]:
        """The ends of the x axis."""
        return self.first - 0.5, self.last + 0.5

    @property
    def y_range(self) -> tuple[float, float]:
        """The pixels of `low` and `high`; the low end floats above the x axis, so that a value of 0 is not hidden on
        it and a missed session, marked on the axis, can't be taken for a 0."""
        return self.height - _BOTTOM, _TOP

    @property
    def ticks(self) -> list[float]:
        """The ticks of the y axis."""
        start = nice_end(self.low, step=self.step, up=True)
        count = int((self.high - start) / self.step + 1e-9) + 1
        return [float(round(start + i * self.step, 10)) for i in range(count)]

    def x(self, session: float) -> float:
        """The pixel of a session."""
        left, right = self.sessions
        return (session - left) / (right - left) * self.width

    def y(self, value: float) -> float:
        """The pixel of a value, kept inside the area."""
        bottom, top = self.y_range
        return min(max(bottom + (value - self.low) / (self.high - self.low) * (top - bottom), top), bottom)


@dataclass(frozen=True)
class Axes:
    """The same axes for every layer of a panel: Vega-Lite joins the titles of layers that differ.

    Parameters
    ----------
    space : Space
        The panel's area.
    title : tuple of str
        The lines of the y axis' title; empty for none.
    title_y : float, optional
        Where the title's middle stands, in pixels from the panel's top; the panel's middle by default.
    session_axis : bool
        Whether the x axis has numbers and a title.
    """

    space: Space
    title: tuple[str, ...]
    title_y: float | None
    session_axis: bool

    def x(self, field: str) -> alt.X:
        """The session axis for a column."""
        labels: dict[str, Any] = {} if self.session_axis else {"labels": False}
        return alt.X(
            f"{field}:Q",
            title=_("Session") if self.session_axis else None,
            scale=alt.Scale(domain=list(self.space.sessions), nice=False, zero=False),
            axis=alt.Axis(values=session_ticks(self.space), format="d", labelOverlap=True, **labels),
        )

    def y(self, field: str) -> alt.Y:
        """The value axis for a column."""
        place: dict[str, Any] = {} if self.title_y is None else {"titleY": self.title_y}
        return alt.Y(
            f"{field}:Q",
            title=list(self.title) or None,
            scale=alt.Scale(
                domain=[self.space.low, self.space.high], range=list(self.space.y_range), nice=False, zero=False
            ),
            axis=alt.Axis(values=self.space.ticks, **place),
        )


def space_of(
    tables: Sequence[pd.DataFrame], *, measure: Measure, phases: pd.DataFrame, width: int, height: int
) -> Space:
    """The area that holds the instrument's range, or everything drawn where an end of the range is open.

    Parameters
    ----------
    tables : sequence of pandas.DataFrame
        All that is drawn: the columns ``session``, ``value``, ``lower`` and ``upper`` are looked at.
    measure : Measure
        Its range, goal and cut-off.
    phases : pandas.DataFrame
        The phases of the case, or of all cases that share the axis: columns ``start`` and ``end``.
    width, height : int
        Pixels.
    """
    sessions = [int(n) for t in tables if "session" in t for n in t["session"]]
    drawn = [
        float(v) for t in tables for column in ("value", "lower", "upper") if column in t for v in t[column].dropna()
    ]
    drawn += [v for v in (measure.goal, measure.cutoff) if v is not None]
    low = measure.minimum if measure.minimum is not None else min(drawn, default=(measure.maximum or 10.0) - 10)
    high = measure.maximum if measure.maximum is not None else max(drawn, default=low + 10)
    if high <= low:  # a single value, or all the same: room on the side that is open
        low, high = (low, low + 1) if measure.maximum is None else (high - 1, high)
    step = nice_step(high - low, at_most=max(3, height // 38))
    if measure.minimum is None:
        low = nice_end(low, step=step, up=False)
    if measure.maximum is None:
        high = nice_end(high, step=step, up=True)
    return Space(
        first=min([int(phases["start"].min()), *sessions]),
        last=max([int(phases["end"].max()), *sessions]),
        low=low,
        high=high,
        step=step,
        width=width,
        height=height,
    )


def session_ticks(space: Space) -> list[int]:
    """Whole sessions for the x axis: the first one, then every one, every other one or round numbers, about 30 pixels
    apart or more.

    Examples
    --------
    >>> session_ticks(Space(first=1, last=31, low=0, high=1, step=1, width=300, height=100))
    [1, 5, 10, 15, 20, 25, 30]
    """
    count = space.last - space.first + 1
    step = max(1, round(nice_step(count, at_most=max(1, space.width // 30))))
    if step <= 2:
        return list(range(space.first, space.last + 1, step))
    round_ones = range(-(-space.first // step) * step, space.last + 1, step)
    return [space.first, *(n for n in round_ones if n - space.first > step / 2)]
