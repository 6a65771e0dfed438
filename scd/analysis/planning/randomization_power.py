"""How often the randomisation test of a design's own draw finds the change: schedules drawn, effects put in, tested."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scd.analysis.planning.designs import PlannedDesign

__all__ = ["ALPHA", "rejected"]

ALPHA = 0.05
_MOST = 2000
"""More schedules than this are not listed: so many less one are drawn, and the observed one is counted with them."""
_CELLS = 4_000_000
_EVEN = 1e-9
"""Statistics closer than this are equal: they differ by rounding."""


def rejected(
    noise: np.ndarray,
    plan: PlannedDesign,
    *,
    change: float,
    seed: int,
    seen: Callable[[np.ndarray], np.ndarray] = lambda values: values,
) -> np.ndarray | None:
    """Whether the randomisation test finds the change in each of many studies.

    In each study a schedule is drawn from the admissible ones, the change is added to its treated sessions, and the
    statistic (mean of the B phases' means less mean of the A phases' means, averaged over tiers) is compared with its
    values under all admissible schedules: p is the share of schedules that reach the observed one, itself counted.
    The test is one-sided, upwards. Where a schedule leaves a phase without a value, it counts as reaching it.

    Parameters
    ----------
    noise : ndarray, shape (replications, tier, session)
        The values without any change; NaN where a session was missed.
    plan : PlannedDesign
    change : float
        B - A, in the values' units.
    seed : int
        Of the draws.
    seen : callable
        Turns values into what the instrument shows of them.

    Returns
    -------
    ndarray of bool, shape (replications,)
        Whether p is .05 or less. None where no p can be.

    References
    ----------
    Onghena (1992), Behavioral Assessment 14, 153-171. Edgington, E. S., & Onghena, P. (2007). Randomization tests
    (4th ed.). https://doi.org/10.1201/9781420011814

    Examples
    --------
    >>> from scd.analysis.planning.designs import planned_design
    >>> plan = planned_design("abab", sessions=5)
    >>> noise = np.random.default_rng(1).standard_normal((200, 1, plan.total))
    >>> bool(rejected(noise, plan, change=3, seed=1).mean() > 0.9)
    True
    >>> rejected(noise, planned_design("ab", sessions=5), change=3, seed=1) is None
    True
    """
    if plan.smallest_p > ALPHA:
        return None
    starts, whole = plan.schedules(most=_MOST if plan.admissible <= _MOST else _MOST - 1, seed=seed)
    count, tiers = starts.shape[:2]
    masks = [plan.masks(starts[:, t]) for t in range(tiers)]
    parts = [_phases(starts[:, t], plan.total) for t in range(tiers)]
    own = _own(plan, starts if whole else None, len(noise), seed=seed)
    found = np.empty(len(noise), dtype=bool)
    block = max(1, _CELLS // (count * plan.phases))
    for first in range(0, len(noise), block):
        rows = slice(first, first + block)
        at, mine = own[0][rows], own[1][rows]
        drawn = [masks[t][at] if whole else plan.masks(mine[:, t]) for t in range(tiers)]
        values = [seen(noise[rows, t] + change * drawn[t]) for t in range(tiers)]
        under = np.sum([_statistic(values[t], parts[t]) for t in range(tiers)], axis=0)
        if whole:
            observed, extra = np.take_along_axis(under, at[:, None], axis=1), 0
        else:
            own_values = [_observed(values[t], plan, mine[:, t]) for t in range(tiers)]
            observed, extra = np.sum(own_values, axis=0)[:, None], 1
        reached = (~(under < observed - _EVEN)).sum(axis=1) + extra
        found[rows] = reached <= ALPHA * (count + extra) + _EVEN
    return found


def _own(
    plan: PlannedDesign, listed: np.ndarray | None, replications: int, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """The schedule of each study: its place among those listed, and its starts."""
    if listed is None:
        drawn, _ = plan.schedules(most=replications, seed=seed + 1)
        return np.zeros(replications, dtype=int), drawn
    chance = np.random.default_rng([seed, 2]).random(replications)
    at = (chance * len(listed)).astype(int)
    return at, listed[at]


def _phases(starts: np.ndarray, total: int) -> np.ndarray:
    """Where each phase begins, and the end, shape (schedule, phases + 1), from 0."""
    ends = np.full((len(starts), 1), total)
    return np.hstack([np.zeros((len(starts), 1), dtype=int), starts - 1, ends])


def _statistic(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """B - A as the difference of means of phase means, of every study under every schedule."""
    sums, counts = _running(values)
    phases = edges.shape[1] - 1
    signs = np.where(np.arange(phases) % 2, 1 / (phases // 2), -1 / ((phases + 1) // 2))
    found = np.zeros((len(values), len(edges)))
    with np.errstate(invalid="ignore", divide="ignore"):
        for phase in range(phases):
            low, high = edges[:, phase], edges[:, phase + 1]
            found += signs[phase] * (sums[:, high] - sums[:, low]) / (counts[:, high] - counts[:, low])
    return found


def _observed(values: np.ndarray, plan: PlannedDesign, starts: np.ndarray) -> np.ndarray:
    """The same under each study's own schedule."""
    edges = _phases(starts, plan.total)
    sums, counts = _running(values)
    phases = edges.shape[1] - 1
    signs = np.where(np.arange(phases) % 2, 1 / (phases // 2), -1 / ((phases + 1) // 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        totals, held = (np.diff(np.take_along_axis(table, edges, axis=1), axis=1) for table in (sums, counts))
        return (signs * totals / held).sum(axis=1)


def _running(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sums and counts of the values before each place."""
    held = ~np.isnan(values)
    zeros = np.zeros((len(values), 1))
    sums = np.hstack([zeros, np.cumsum(np.where(held, values, 0.0), axis=1)])
    return sums, np.hstack([zeros, np.cumsum(held, axis=1)])
