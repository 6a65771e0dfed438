"""Confidence intervals by turning a randomisation test round: every effect that the test would not reject."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

__all__ = ["bisected_end", "linear_interval", "needed"]

_FEW = 5_000
_HALVINGS = 60


def needed(assignments: int, *, ci_prob: float) -> int:
    """How many assignments must reach the observed statistic for an effect to stay in the interval.

    An effect is left out when the share of assignments that reach the observed statistic is at most 1 - `ci_prob`.

    Parameters
    ----------
    assignments : int
        How many there are.
    ci_prob : float
        Between 0 and 1.

    Returns
    -------
    int
        From 1; where it is 1 no effect can be left out, since the observed assignment always reaches itself.

    Examples
    --------
    >>> needed(19, ci_prob=0.95), needed(20, ci_prob=0.95)
    (1, 2)
    """
    from math import floor

    return floor((1 - ci_prob) * assignments + 1e-9) + 1


def linear_interval(
    statistics: np.ndarray,
    patterns: np.ndarray,
    *,
    observed: int,
    direction: int,
    need: int,
    tolerance: float,
) -> tuple[float | None, float | None]:
    """The interval of a statistic that is linear in the values, exactly.

    Under an effect d the values without treatment are the observed ones less d times the pattern of the schedule that
    came about, so assignment a has the statistic T(a) - d W(a). Each assignment reaches the observed statistic, whose
    W is 1, for d in one or two stretches whose ends follow from T and W; the interval runs from the lowest to the
    highest d that enough assignments reach.

    Parameters
    ----------
    statistics : numpy.ndarray
        T of every assignment, B - A.
    patterns : numpy.ndarray
        W of every assignment: the statistic of the pattern that one unit of effect adds.
    observed : int
        The assignment that came about.
    direction : {-1, 0, 1}
        1: one-sided, large is better; -1: one-sided, small is better; 0: two-sided.
    need : int
        As from `needed`.
    tolerance : float
        Differences between statistics up to this are rounding.

    Returns
    -------
    tuple of float or None
        Lower and upper end, both still inside; None where the interval has no end.

    References
    ----------
    Garthwaite (1996), doi:10.2307/2532852. Michiels, Heyvaert, Meulders and Onghena (2017),
    doi:10.3758/s13428-016-0714-4.

    Examples
    --------
    >>> import numpy as np
    >>> both = np.array([2.0, 1.0, -1.0, -2.0]), np.array([1.0, 0.0, 0.0, -1.0])
    >>> linear_interval(*both, observed=0, direction=0, need=3, tolerance=1e-9)
    (1.0, 3.0)
    """
    import numpy as np

    if need <= 1:
        return None, None
    first, last = _stretches(statistics, patterns, observed=observed, direction=direction, tolerance=tolerance)
    first, last = np.sort(first), np.sort(last)

    def reached(at: np.ndarray) -> np.ndarray:
        begun = np.searchsorted(first, at + tolerance, side="right")
        return begun - np.searchsorted(last, at - tolerance, side="left")

    lower = first[reached(first) >= need]
    upper = last[reached(last) >= need]
    return _end(lower[:1]), _end(upper[-1:])


def bisected_end(
    reaches: Callable[[float, np.ndarray], np.ndarray],
    here: np.ndarray,
    *,
    inside: float,
    outside: float,
    need: int,
    tolerance: float,
) -> float | None:
    """One end of the interval of any statistic, by halving.

    Parameters
    ----------
    reaches : callable
        Given an effect and the numbers of some assignments, whether each reaches the observed statistic.
    here : numpy.ndarray
        For every assignment, whether it does under the effect `inside`.
    inside, outside : float
        An effect that is in the interval, and one beyond all reason on the side in question.
    need : int
        As from `needed`.
    tolerance : float
        How exactly the end is found.

    Returns
    -------
    float or None
        The end, still inside; None where the interval has no end on this side.

    Examples
    --------
    >>> import numpy as np
    >>> ends = np.array([1.0, 2.0, 3.0, 4.0])
    >>> all_ = np.full(4, True)
    >>> end = bisected_end(lambda d, rows: ends[rows] >= d, all_, inside=0, outside=99, need=2, tolerance=1e-9)
    >>> round(end, 6)
    3.0
    """
    import numpy as np

    everything = np.arange(len(here))
    there = reaches(outside, everything)
    if there.sum() >= need:
        return None
    # An assignment that stands alike at both ends is settled, so each halving looks at fewer. Small sets are looked at
    # whole, and so are large ones where the end so found turns out to be none: not every statistic is well behaved.
    for trimmed in (True, False) if len(here) > _FEW else (False,):
        end = _halved(
            reaches, here, there, inside=inside, outside=outside, need=need, tolerance=tolerance, trimmed=trimmed
        )
        if not trimmed or reaches(end, everything).sum() >= need:
            break
    return end


def _halved(
    reaches: Callable[[float, np.ndarray], np.ndarray],
    here: np.ndarray,
    there: np.ndarray,
    *,
    inside: float,
    outside: float,
    need: int,
    tolerance: float,
    trimmed: bool,
) -> float:
    import numpy as np

    everything = np.arange(len(here))
    steps = iter(_near(reaches, len(here), inside, outside, need)) if trimmed else iter(())
    for _ in range(_HALVINGS):
        if abs(outside - inside) <= tolerance:
            break
        middle = next(steps, None)
        if middle is None or not min(inside, outside) < middle < max(inside, outside):
            middle = (inside + outside) / 2
        open_ = np.flatnonzero(here != there) if trimmed else everything
        now = here.copy()
        now[open_] = reaches(middle, open_)
        if now.sum() >= need:
            inside, here = middle, now
        else:
            outside, there = middle, now
    return inside


def _near(
    reaches: Callable[[float, np.ndarray], np.ndarray], assignments: int, inside: float, outside: float, need: int
) -> list[float]:
    """Effects on both sides of where a few of the assignments put the end: they spare halvings of all."""
    import numpy as np

    few = np.arange(0, assignments, max(1, assignments // 1_000))
    share = need / assignments * len(few)
    step = (outside - inside) / 2_000
    for _ in range(_HALVINGS):
        if abs(outside - inside) <= abs(step) / 8:
            break
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if reaches(middle, few).sum() >= share else (inside, middle)
    return [inside - step, inside + step, inside - 4 * step, inside + 4 * step]


def _stretches(
    statistics: np.ndarray, patterns: np.ndarray, *, observed: int, direction: int, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where each assignment reaches the observed statistic: beginnings and ends of closed stretches of effects."""
    import numpy as np

    gap = _snapped(statistics - statistics[observed], tolerance)
    slack = _snapped(1 - patterns, 1e-9)  # reached from above: gap + d * slack >= 0
    if direction:
        first, last = _half_lines(direction * gap, direction * slack)
        return first[first <= last], last[first <= last]
    both = _snapped(statistics + statistics[observed], tolerance)
    room = _snapped(1 + patterns, 1e-9)  # the same from below: both - d * room >= 0
    # |T(a) - d W(a)| >= |T - d| when the two have the same sign, or one is nought.
    above = _half_lines(gap, slack)
    below = _half_lines(both, -room)
    under = _half_lines(-gap, -slack)
    over = _half_lines(-both, room)
    firsts, lasts = [], []
    for one, other in ((above, below), (under, over)):
        first, last = np.maximum(one[0], other[0]), np.minimum(one[1], other[1])
        firsts.append(first)
        lasts.append(last)
    return _joined(firsts, lasts)


def _half_lines(gap: np.ndarray, slack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where gap + d * slack >= 0; an empty half-line begins after it ends, an unknown one is the whole line."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        root = -gap / slack
    first = np.where(slack > 0, root, np.where((slack < 0) | (gap >= 0), -np.inf, np.inf))
    last = np.where(slack < 0, root, np.where((slack > 0) | (gap >= 0), np.inf, -np.inf))
    unknown = np.isnan(gap) | np.isnan(slack)
    return np.where(unknown, -np.inf, first), np.where(unknown, np.inf, last)


def _joined(firsts: list[np.ndarray], lasts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Stretches that are there, those of one assignment that touch taken as one."""
    import numpy as np

    (a, b), (c, d) = zip(firsts, lasts, strict=True)
    there, other = a <= b, c <= d
    touch = there & other & (np.maximum(a, c) <= np.minimum(b, d))
    first = np.concatenate([np.where(touch, np.minimum(a, c), a)[there], c[other & ~touch]])
    last = np.concatenate([np.where(touch, np.maximum(b, d), b)[there], d[other & ~touch]])
    return first, last


def _snapped(numbers: np.ndarray, tolerance: float) -> np.ndarray:
    import numpy as np

    return np.where(np.abs(numbers) <= tolerance, 0.0, numbers)


def _end(found: np.ndarray) -> float | None:
    import numpy as np

    return float(found[0]) + 0.0 if len(found) and np.isfinite(found[0]) else None  # no -0.0
