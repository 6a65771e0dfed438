"""A line through the values of one phase: least squares, Theil and Sen, split-middle, tri-split."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from scd.analysis.overlap.baseline_trend import theil_sen
from scd.analysis.overlap.contrasts import contrasts
from scd.study import StudyError

__all__ = ["TREND_NAMES", "TrendLine", "TrendName", "trend_line"]

TrendName = Literal["least squares", "Theil-Sen", "split-middle", "tri-split"]
TREND_NAMES: tuple[TrendName, ...] = get_args(TrendName)


@dataclass(frozen=True)
class TrendLine:
    """A straight line through a phase.

    Parameters
    ----------
    name : {"least squares", "Theil-Sen", "split-middle", "tri-split"}
        How it was found.
    slope : float
        Change of the value a session.
    intercept : float
        Its height at session 0.
    """

    name: TrendName
    slope: float
    intercept: float

    def at(self, session: float) -> float:
        """Its height at a session.

        Examples
        --------
        >>> TrendLine("least squares", slope=0.5, intercept=2.0).at(4)
        4.0
        """
        return self.intercept + self.slope * session

    def heights(self, sessions: np.ndarray) -> np.ndarray:
        """Its heights at many sessions.

        Examples
        --------
        >>> TrendLine("least squares", slope=0.5, intercept=2.0).heights(np.array([4, 6])).tolist()
        [4.0, 5.0]
        """
        return self.intercept + self.slope * sessions


def trend_line(
    values: np.ndarray, *, sessions: np.ndarray, name: TrendName = "least squares", halve: bool = False
) -> TrendLine:
    """The line through the values of a phase.

    - ``least squares``: the sum of the squared vertical distances is smallest.
    - ``Theil-Sen``: the median of the slopes between all pairs of values; its height is the median of what the slope
      leaves over.
    - ``split-middle``: the first and the last half of the values, the middle one left out where their number is odd;
      the line joins the points (median session, median value) of the halves. With `halve` it is then moved up or down,
      parallel, until as many values lie above it as below (White and Haring's last step).
    - ``tri-split``: the same with the first and last third, of floor(n / 3) values each; thirds of unequal length as in
      R's scan.

    Parameters
    ----------
    values : ndarray of float, shape (values,)
        In order of time, missed ones left out.
    sessions : ndarray of float, shape (values,)
        Their session numbers; gaps count.
    name : {"least squares", "Theil-Sen", "split-middle", "tri-split"}
        Which line.
    halve : bool
        For ``split-middle``: whether to move the line until it halves the values.

    Returns
    -------
    TrendLine

    Raises
    ------
    StudyError
        When there are fewer values than the line needs: 2, or 3 for ``tri-split``; or the name is unknown.

    References
    ----------
    White and Haring (1980), Exceptional Teaching, 2nd edition (split-middle). Sen (1968), doi:10.2307/2285891.

    Examples
    --------
    >>> values, sessions = np.array([20, 20, 26, 25, 22, 23.0]), np.arange(1, 7)
    >>> [round(trend_line(values, sessions=sessions, name=name).slope, 4) for name in TREND_NAMES]
    [0.5714, 0.6, 1.0, 0.625]
    """
    if name not in TREND_NAMES:
        raise StudyError(f"trend: must be one of {', '.join(TREND_NAMES)} (got {name!r})", field="trend")
    y, t = np.asarray(values, dtype=float), np.asarray(sessions, dtype=float)
    least = 3 if name == "tri-split" else 2
    if len(y) < least or len(np.unique(t)) < 2:
        raise StudyError(f"trend: a {name} line needs at least {least} values (got {len(y)})", field="values")
    line = _LINES[name](y, t)
    if name == "split-middle" and halve:
        line = TrendLine(name, line.slope, float(np.median(y - line.slope * t)))
    return line


def _least_squares(y: np.ndarray, t: np.ndarray) -> TrendLine:
    center = t.mean()
    slope = float(((t - center) * (y - y.mean())).sum() / ((t - center) ** 2).sum())
    return TrendLine("least squares", slope, float(y.mean() - slope * center))


def _theil_sen(y: np.ndarray, t: np.ndarray) -> TrendLine:
    both = contrasts(y.tolist(), y.tolist(), improvement="increase", sessions=(t.tolist(), t.tolist()))
    slope, intercept = theil_sen(both, "sessions")
    return TrendLine("Theil-Sen", float(slope[0]), float(intercept[0]))


def _split_middle(y: np.ndarray, t: np.ndarray) -> TrendLine:
    half = len(y) // 2
    return _joined("split-middle", (y[:half], t[:half]), (y[-half:], t[-half:]))


def _tri_split(y: np.ndarray, t: np.ndarray) -> TrendLine:
    first, last = len(y) // 3, -(-len(y) * 2 // 3)
    return _joined("tri-split", (y[:first], t[:first]), (y[last:], t[last:]))


def _joined(name: TrendName, first: tuple[np.ndarray, np.ndarray], last: tuple[np.ndarray, np.ndarray]) -> TrendLine:
    (y1, t1), (y2, t2) = ((float(np.median(y)), float(np.median(t))) for y, t in (first, last))
    slope = (y2 - y1) / (t2 - t1)
    return TrendLine(name, slope, y1 - slope * t1)


_LINES: dict[TrendName, Callable[[np.ndarray, np.ndarray], TrendLine]] = {
    "least squares": _least_squares,
    "Theil-Sen": _theil_sen,
    "split-middle": _split_middle,
    "tri-split": _tri_split,
}
