"""Test statistics of randomisation tests, computed for many schedules at once.

Each contrasts condition B with condition A for one case and keeps the measure's sign (B - A). A missed session has its
place in the schedule and no part in the statistic.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from scd.design.courses import Schedules, masks
from scd.study import StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["LINEAR", "STATISTICS", "Contrast", "StatisticName", "check_statistic", "contrasts", "shift_pattern"]

StatisticName = Literal["phase-means", "pooled-means", "medians", "immediacy", "slope", "nap"]
"""The statistics that have a name."""

STATISTICS: tuple[StatisticName, ...] = ("phase-means", "pooled-means", "medians", "immediacy", "slope", "nap")
"""Their names."""

LINEAR: frozenset[str] = frozenset({"phase-means", "pooled-means", "immediacy", "slope"})
"""Those that are linear in the values."""

Contrast = Callable[["np.ndarray", "np.ndarray"], float]
"""A person's own statistic: values (NaN where missed) and whether each session is treated, to one number, B - A."""

_CELLS_AT_ONCE = 4_000_000


def contrasts(
    values: np.ndarray,
    schedules: Schedules,
    *,
    statistic: StatisticName | Contrast,
    sessions: np.ndarray,
    immediate: int = 3,
    rows: np.ndarray | None = None,
) -> np.ndarray:
    """The statistic of one case under many schedules.

    Parameters
    ----------
    values : numpy.ndarray
        One value a session, NaN where it was missed.
    schedules : Schedules
        The schedules.
    statistic : str or callable
        - ``phase-means``: mean of the means of the B phases minus mean of the means of the A phases; every phase
          weighs the same (Onghena 1992). In alternating treatments every session is a phase of its own.
        - ``pooled-means``: mean of all B sessions minus mean of all A sessions.
        - ``medians``: median of all B sessions minus median of all A sessions.
        - ``immediacy``: over all changes of phase, the mean of the first `immediate` values after the change minus the
          mean of the last `immediate` before it (where B comes first, the other way round), averaged.
        - ``slope``: least-squares slope a session, mean of the B phases minus mean of the A phases.
        - ``nap``: share of all pairs of an A and a B session in which B is higher, ties counting half, minus one half.
        - a function of values and treated sessions.
    sessions : numpy.ndarray
        The sessions' numbers; the slope's time.
    immediate : int
        For ``immediacy``: how many values, from 1; fewer where a phase has fewer.
    rows : numpy.ndarray, optional
        Which schedules; by default all.

    Returns
    -------
    numpy.ndarray
        One number a schedule; NaN where a phase or condition has too few values.

    References
    ----------
    Onghena (1992), Behavioral Assessment 14, 153–171. Michiels and Onghena (2019), doi:10.3758/s13428-018-1084-x.

    Examples
    --------
    >>> import numpy as np
    >>> ab = Schedules(5, np.array([[False, True]]), np.array([[0, 2, 5], [0, 3, 5]]))
    >>> contrasts(np.array([1, 1, 4, 4, 4.0]), ab, statistic="phase-means", sessions=np.arange(1, 6)).tolist()
    [3.0, 2.0]
    """
    import numpy as np

    chosen: np.ndarray | slice = slice(None) if rows is None else rows
    number = len(schedules) if rows is None else len(rows)
    if callable(statistic):
        found = [float(statistic(values, treated)) for treated in masks(schedules, chosen)]
        return np.array(found, dtype=float)
    held = ~np.isnan(values)
    centred = values[held] - (np.median(values[held]) if held.any() else 0.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        if schedules.edges is not None:
            phases = _Phases(schedules, chosen, held)
            match statistic:
                case "phase-means":
                    return phases.difference(phases.means(centred))
                case "pooled-means":
                    return phases.pooled(centred)
                case "medians":
                    return phases.medians(centred)
                case "immediacy":
                    return phases.immediacy(centred, immediate)
                case "slope":
                    return phases.difference(phases.slopes(centred, sessions[held]))
                case _:
                    return phases.nap(centred)
        by_mask = {"medians": _median_difference, "nap": _nap_difference}.get(statistic, _mean_difference)
        at_once = max(1, _CELLS_AT_ONCE // max(1, len(values)))
        places = np.arange(len(schedules))[chosen]
        parts = [
            by_mask(centred, masks(schedules, places[i : i + at_once])[:, held]) for i in range(0, number, at_once)
        ]
        return np.concatenate(parts) if parts else np.empty(0)


def check_statistic(statistic: StatisticName | Contrast, *, alternates: bool, min_phase: int) -> None:
    """Do nothing when a statistic can be computed under a scheme.

    Parameters
    ----------
    statistic : str or callable
        As in `contrasts`.
    alternates : bool
        Whether the scheme alternates sessions, without phases.
    min_phase : int
        The smallest phase that the scheme allows.

    Raises
    ------
    StudyError
        When the statistic is unknown, or needs what the scheme does not give.

    Examples
    --------
    >>> check_statistic("nap", alternates=True, min_phase=1)
    """
    if callable(statistic):
        return
    if statistic not in STATISTICS:
        raise StudyError(f"statistic: must be one of {', '.join(STATISTICS)} (got {statistic!r})", field="statistic")
    if alternates and statistic in ("immediacy", "slope"):
        raise StudyError(
            f"statistic '{statistic}': looks at phases, and alternating treatments have none; take phase-means, "
            "pooled-means, medians or nap",
            field="statistic",
        )
    if statistic == "slope" and min_phase < 2 and not alternates:
        raise StudyError(
            "statistic 'slope': needs phases of at least 2 sessions, better 3; the scheme allows phases of 1",
            field="statistic",
        )


def shift_pattern(
    values: np.ndarray,
    schedules: Schedules,
    *,
    observed: int,
    statistic: StatisticName | Contrast,
    sessions: np.ndarray,
) -> np.ndarray:
    """What one unit of effect adds to each session of the schedule that came about.

    Parameters
    ----------
    values, schedules, statistic, sessions
        As in `contrasts`.
    observed : int
        The schedule that came about.

    Returns
    -------
    numpy.ndarray
        One number a session: 1 in treated sessions and 0 in others; for ``slope`` the time since the phase began
        instead of 1. NaN where the value was missed.

    Examples
    --------
    >>> import numpy as np
    >>> ab = Schedules(4, np.array([[False, True]]), np.array([[0, 2, 4]]))
    >>> shift_pattern(np.ones(4), ab, observed=0, statistic="slope", sessions=np.arange(1, 5)).tolist()
    [0.0, 0.0, 0.0, 1.0]
    """
    import numpy as np

    treated = masks(schedules, np.array([observed]))[0]
    pattern = treated.astype(float)
    if statistic == "slope" and schedules.edges is not None:
        for first, end in zip(schedules.edges[observed][:-1], schedules.edges[observed][1:], strict=True):
            if first < end:
                pattern[first:end] *= sessions[first:end] - sessions[first]
    return np.where(np.isnan(values), np.nan, pattern)


class _Phases:
    """The phases of many schedules among the sessions that were observed; sums come from running totals."""

    def __init__(self, schedules: Schedules, rows: np.ndarray | slice, held: np.ndarray) -> None:
        import numpy as np

        assert schedules.edges is not None
        edges = schedules.edges[rows]
        kept = np.concatenate([[0], np.cumsum(held)])
        self.first, self.end = kept[edges[:, :-1]], kept[edges[:, 1:]]
        self.there = edges[:, 1:] > edges[:, :-1]
        width = edges.shape[1] - 1
        self.treated = np.broadcast_to(schedules.treated, (len(schedules), width))[rows]
        self.counts = self.end - self.first

    def sums(self, values: np.ndarray, first: np.ndarray | None = None, end: np.ndarray | None = None) -> np.ndarray:
        import numpy as np

        total = np.concatenate([[0.0], np.cumsum(values)])
        return total[self.end if end is None else end] - total[self.first if first is None else first]

    def means(self, values: np.ndarray) -> np.ndarray:
        return self.sums(values) / self.counts

    def slopes(self, values: np.ndarray, time: np.ndarray) -> np.ndarray:
        import numpy as np

        time = time - time.mean() if len(time) else time
        across = self.sums(time * values) - self.sums(time) * self.sums(values) / self.counts
        spread = self.sums(time * time) - self.sums(time) ** 2 / self.counts
        return np.where(self.counts > 1, across / spread, np.nan)

    def difference(self, of_phases: np.ndarray) -> np.ndarray:
        """Mean over the treated phases minus mean over the others."""
        return self._mean(of_phases, self.there & self.treated) - self._mean(of_phases, self.there & ~self.treated)

    def pooled(self, values: np.ndarray) -> np.ndarray:
        sums = self.sums(values)
        parts = [
            (sums * which).sum(axis=1) / (self.counts * which).sum(axis=1) for which in (self.treated, ~self.treated)
        ]
        return parts[0] - parts[1]

    def nap(self, values: np.ndarray) -> np.ndarray:
        from scipy.stats import rankdata  # type: ignore[import-untyped]

        many, others = ((self.counts * which).sum(axis=1) for which in (self.treated, ~self.treated))
        above = (self.sums(rankdata(values)) * self.treated).sum(axis=1) - many * (many + 1) / 2
        return above / (many * others) - 0.5

    def medians(self, values: np.ndarray) -> np.ndarray:
        """Found by halving the ranks: how many values of a condition lie below one comes from running totals."""
        import numpy as np

        if not len(values):
            return np.full(len(self.first), np.nan)
        rising = np.argsort(values, kind="stable")
        below = np.zeros((len(values), len(values) + 1), dtype=np.int32)
        below[:, 1:] = np.cumsum(np.argsort(rising) <= np.arange(len(values))[:, None], axis=1)
        ordered = values[rising]

        def at(which: np.ndarray, number: np.ndarray) -> np.ndarray:
            low, high = np.zeros(len(number), dtype=int), np.full(len(number), len(values) - 1)
            for _ in range(len(values).bit_length()):
                middle = (low + high) // 2
                among = below[middle[:, None], self.end] - below[middle[:, None], self.first]
                enough = (among * which).sum(axis=1) >= number
                low, high = np.where(enough, low, np.minimum(middle + 1, high)), np.where(enough, middle, high)
            return ordered[high]

        halves = []
        for which in (self.treated, ~self.treated):
            many = (self.counts * which).sum(axis=1)
            halves.append(np.where(many > 0, (at(which, (many + 1) // 2) + at(which, many // 2 + 1)) / 2, np.nan))
        return halves[0] - halves[1]

    def immediacy(self, values: np.ndarray, immediate: int) -> np.ndarray:
        import numpy as np

        change = self.first[:, 1:]
        before = np.maximum(change - immediate, self.first[:, :-1])
        after = np.minimum(change + immediate, self.end[:, 1:])
        later = self.sums(values, change, after) / (after - change)
        earlier = self.sums(values, before, change) / (change - before)
        sign = np.where(self.treated[:, 1:], 1.0, -1.0)
        return self._mean(sign * (later - earlier), self.there[:, 1:])

    @staticmethod
    def _mean(of_phases: np.ndarray, which: np.ndarray) -> np.ndarray:
        import numpy as np

        return np.where(which, of_phases, 0.0).sum(axis=1) / which.sum(axis=1)


def _mean_difference(values: np.ndarray, treated: np.ndarray) -> np.ndarray:
    many = treated.sum(axis=1)
    sums = treated @ values
    return sums / many - (values.sum() - sums) / (len(values) - many)


def _median_difference(values: np.ndarray, treated: np.ndarray) -> np.ndarray:
    import numpy as np

    rising = np.argsort(values, kind="stable")
    ordered, among = values[rising], treated[:, rising]

    def median(among: np.ndarray) -> np.ndarray:
        reached, many = among.cumsum(axis=1), among.sum(axis=1)
        low = (reached >= ((many + 1) // 2)[:, None]).argmax(axis=1)
        high = (reached >= (many // 2 + 1)[:, None]).argmax(axis=1)
        return np.where(many > 0, (ordered[low] + ordered[high]) / 2, np.nan)

    if not len(values):
        return np.full(len(treated), np.nan)
    return median(among) - median(~among)


def _nap_difference(values: np.ndarray, treated: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    many = treated.sum(axis=1)
    others = len(values) - many
    above = treated @ rankdata(values) - many * (many + 1) / 2
    return above / (many * others) - 0.5
