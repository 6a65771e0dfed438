"""The values of one or many contrasts as arrays: what every index of overlap and mean difference is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Literal, get_args

import numpy as np

from scd.study import StudyError
from scd.study.measure import Improvement

__all__ = ["Contrasts", "Estimate", "Timing", "Values", "contrasts", "median", "quantile_of", "tied"]

Timing = Literal["order", "sessions"]
"""What counts as time: the order of the values (1, 2, 3, ...), or their session numbers, in which gaps are real."""

# Differences of numbers that were added and multiplied are told apart down to this share of their size.
_ROUNDING = 1e-12

Values = Sequence[float] | Sequence[Sequence[float]] | Sequence[np.ndarray] | np.ndarray
"""The values of one series, or of many, one list each."""


@dataclass(frozen=True, eq=False)
class Estimate:
    """An index and its precision as far as theory goes; of one contrast numbers, of many arrays of shape (contrasts,).

    Parameters
    ----------
    value : float or ndarray
        NaN where it can't be told; then `note` says why.
    se, lower, upper : float, ndarray or None
        Standard error and ends of the interval; None where the index has none, NaN where this contrast has none.
    note : str or ndarray of str
        Why something is missing, or what to be careful about; empty when there is nothing to say.
    """

    value: Any
    se: Any = None
    lower: Any = None
    upper: Any = None
    note: Any = ""


@dataclass(frozen=True, eq=False)
class Contrasts:
    """Baseline and intervention values of one or many contrasts, missed ones left out, padded with NaN at the end.

    Made by `contrasts`; every index takes it as its subject.

    Parameters
    ----------
    baseline, intervention : ndarray of float, shape (contrasts, longest phase)
        Values in order of time.
    baseline_sessions, intervention_sessions : ndarray of float, shape as the values
        Session numbers; without them the values are counted on from 1.
    improvement : {"increase", "decrease"}
        The direction that is better.
    single : bool
        Whether it was made of one contrast, so that results are numbers and not arrays.
    """

    baseline: np.ndarray
    intervention: np.ndarray
    baseline_sessions: np.ndarray
    intervention_sessions: np.ndarray
    improvement: Improvement
    single: bool

    @property
    def m(self) -> np.ndarray:
        """Number of baseline values of each contrast."""
        return np.isfinite(self.baseline).sum(axis=1)

    @property
    def n(self) -> np.ndarray:
        """Number of intervention values of each contrast."""
        return np.isfinite(self.intervention).sum(axis=1)

    @property
    def sign(self) -> int:
        """1 when an increase is better, -1 when a decrease is."""
        return 1 if self.improvement == "increase" else -1

    @property
    def better(self) -> tuple[np.ndarray, np.ndarray]:
        """Baseline and intervention values turned so that more is better."""
        return self.sign * self.baseline, self.sign * self.intervention

    def times(self, timing: Timing) -> tuple[np.ndarray, np.ndarray]:
        """When the values of baseline and intervention were taken.

        Raises
        ------
        StudyError
            When `timing` is neither ``order`` nor ``sessions``.
        """
        if timing == "sessions":
            return self.baseline_sessions, self.intervention_sessions
        if timing != "order":
            raise StudyError(f"timing: must be one of {', '.join(get_args(Timing))} (got {timing!r})", field="timing")
        first = np.where(np.isfinite(self.baseline), np.arange(1.0, self.baseline.shape[1] + 1), np.nan)
        second = np.arange(1.0, self.intervention.shape[1] + 1) + self.m[:, None]
        return first, np.where(np.isfinite(self.intervention), second, np.nan)

    def estimate(
        self,
        value: np.ndarray,
        *,
        se: np.ndarray | None = None,
        lower: np.ndarray | None = None,
        upper: np.ndarray | None = None,
        note: str | np.ndarray = "",
    ) -> Estimate:
        """An estimate of these contrasts: numbers for one, arrays for many; infinities become NaN."""
        notes = np.broadcast_to(np.asarray(note, dtype=object), value.shape)

        def plain(part: np.ndarray | None) -> Any:
            if part is None:
                return None
            kept = np.where(np.isfinite(part), part, np.nan)
            return float(kept[0]) if self.single else kept

        told = str(notes[0]) if self.single else notes
        return Estimate(plain(value), plain(se), plain(lower), plain(upper), told)


def contrasts(
    baseline: Values,
    intervention: Values,
    *,
    improvement: Improvement,
    sessions: tuple[Values, Values] | None = None,
) -> Contrasts:
    """Set intervention values against baseline values, of one contrast or of many at once.

    Parameters
    ----------
    baseline, intervention : sequence of float, or sequence of such sequences
        Values in order of time; NaN is a missed one. Many contrasts may have phases of different length.
    improvement : {"increase", "decrease"}
        The direction that is better. There is no default: a silent one would turn effects round.
    sessions : tuple of two, optional
        Session numbers of the baseline and the intervention values.

    Returns
    -------
    Contrasts

    Raises
    ------
    StudyError
        When the direction is not one of the two, a phase holds no value, or an infinity is among the values.

    Examples
    --------
    >>> one = contrasts([20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29], improvement="increase")
    >>> int(one.m[0]), int(one.n[0])
    (6, 7)
    >>> contrasts([[1, 2, 3], [4, 5]], [[3, 4], [6, 7, 8, 9]], improvement="increase").n.tolist()
    [2, 4]
    """
    if improvement not in get_args(Improvement):
        raise StudyError(
            f"improvement: must be 'increase' or 'decrease', the direction that is better (got {improvement!r})",
            field="improvement",
        )
    first, single = _rows(baseline, "baseline")
    second, _ = _rows(intervention, "intervention")
    if len(first) != len(second):
        raise StudyError(
            f"intervention: must hold as many phases as the baseline (got {len(second)} for {len(first)})",
            field="intervention",
        )
    told = (None, None) if sessions is None else (_rows(sessions[0], "sessions")[0], _rows(sessions[1], "sessions")[0])
    lengths = np.array([len(row) for row in first])
    packed = [
        _padded(rows, said, name, start=start)
        for rows, said, name, start in zip(
            (first, second), told, ("baseline", "intervention"), (np.zeros_like(lengths), lengths), strict=True
        )
    ]
    return Contrasts(
        baseline=packed[0][0],
        intervention=packed[1][0],
        baseline_sessions=packed[0][1],
        intervention_sessions=packed[1][1],
        improvement=improvement,
        single=single,
    )


def tied(one: np.ndarray, other: np.ndarray, size: np.ndarray) -> np.ndarray:
    """Whether two computed numbers are the same but for rounding; `size` is how large the terms were they came from."""
    return np.abs(one - other) <= _ROUNDING * size


def median(ordered: np.ndarray, count: np.ndarray) -> np.ndarray:
    """The median of each row's first `count` numbers; the rows are sorted, with NaN at the end."""
    low, high = (np.take_along_axis(ordered, i[:, None], axis=1)[:, 0] for i in ((count - 1) // 2, count // 2))
    return np.where(low == high, low, (low + high) / 2)


def quantile_of(ci_prob: float) -> float:
    """The standard normal's quantile that ends an interval of this probability.

    Raises
    ------
    StudyError
        When it is no probability.
    """
    if not 0 < ci_prob < 1:
        raise StudyError(f"ci_prob: must lie between 0 and 1, such as 0.95 (got {ci_prob:g})", field="ci_prob")
    return NormalDist().inv_cdf((1 + ci_prob) / 2)


def _rows(values: Values, name: str) -> tuple[list[np.ndarray], bool]:
    """One array a contrast, and whether there was only one, given flat."""
    held = list(values)
    if not held:
        raise StudyError(f"{name}: holds no value; an index needs at least 1 in each phase", field=name)
    single = np.ndim(held[0]) == 0
    rows = [np.asarray(row, dtype=float) for row in ([held] if single else held)]
    if any(row.ndim != 1 for row in rows):
        raise StudyError(f"{name}: must be one list of numbers, or a list of such lists", field=name)
    return rows, single


def _padded(
    rows: list[np.ndarray], times: list[np.ndarray] | None, name: str, *, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Observed values and their times, each row filled up with NaN; without times counted on from `start`."""
    lengths = np.array([len(row) for row in rows])
    flat, row_of = np.concatenate(rows), np.repeat(np.arange(len(rows)), lengths)
    place = np.arange(len(flat)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    at = place + 1.0 + start[row_of] if times is None else np.concatenate(times)
    if np.isinf(flat).any():
        raise StudyError(f"{name}: holds an infinite value; write a missed one as NaN", field=name)
    if times is not None:
        for row, given in zip(rows, times, strict=True):
            if len(given) != len(row):
                raise StudyError(
                    f"sessions: must hold a number for each value of the {name} (got {len(given)} for {len(row)})",
                    field="sessions",
                )
    seen = ~np.isnan(flat)
    kept = np.bincount(row_of[seen], minlength=len(rows))
    if (kept == 0).any():
        raise StudyError(f"{name}: holds no value; an index needs at least 1 in each phase", field=name)
    values, numbers = np.full((2, len(rows), kept.max()), np.nan)
    place = np.arange(seen.sum()) - np.repeat(np.cumsum(kept) - kept, kept)
    values[row_of[seen], place], numbers[row_of[seen], place] = flat[seen], at[seen]
    return values, numbers
