"""Phase starts drawn at random from a stated set, each schedule equally likely, kept so that all can repeat the draw.

The draw picks one number below the size of the set and looks that schedule up by its number, so a set of millions costs
no more than one of ten.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import TYPE_CHECKING

from scd.design.attainable import smallest_p_words
from scd.design.numbering import combination_at, uniform_index
from scd.design.schedules import (
    admissible_phase_starts,
    admissible_start_windows,
    count_phase_starts,
    count_start_windows,
    phase_offsets,
    validated_windows,
)
from scd.study import Randomization, StudyError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    import numpy as np

__all__ = [
    "admissible_phase_starts",
    "admissible_start_windows",
    "admissible_starts",
    "assignment_is_admissible",
    "count_phase_starts",
    "count_start_windows",
    "draw_phase_starts",
    "draw_start_windows",
    "redraw",
    "smallest_p_words",
]


def draw_phase_starts(*, sessions: int, phases: int, min_phase: int, seed: int, drawn_at: dt.datetime) -> Randomization:
    """Draw the phase starts of a reversal design, every admissible schedule being equally likely.

    Parameters
    ----------
    sessions, phases, min_phase : int
        As for `count_phase_starts`.
    seed : int
        From 0. The same seed gives the same draw on every machine and with every release of NumPy: it is made from
        the raw stream of the PCG64 bit generator, which NumPy keeps fixed.
    drawn_at : datetime.datetime
        The time of the draw, with time zone.

    Returns
    -------
    scd.study.Randomization
        Scheme ``phase-starts``; `starts` holds one row, the first session of every phase after the first.

    Raises
    ------
    StudyError
        When the sessions are too few, the seed is below 0, or the time has no zone.

    References
    ----------
    Onghena (1992), Behavioral Assessment 14, 153–171.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw = draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=now)
    >>> draw.admissible, draw == redraw(draw)
    (165, True)
    """
    count = count_phase_starts(sessions=sessions, phases=phases, min_phase=min_phase)
    index = uniform_index(count, seed)
    bars = combination_at(index, sessions - min_phase * phases + phases - 1, phases - 1)
    offsets = phase_offsets(phases=phases, min_phase=min_phase)
    starts = tuple(bar + offset for bar, offset in zip(bars, offsets, strict=True))
    return Randomization(
        scheme="phase-starts",
        min_phase=int(min_phase),
        sessions=int(sessions),
        admissible=count,
        seed=int(seed),
        starts=(starts,),
        drawn_at=_zoned(drawn_at),
    )


def draw_start_windows(
    *, windows: Sequence[tuple[int, int]], sessions: int, min_phase: int, seed: int, drawn_at: dt.datetime
) -> Randomization:
    """Draw the starts of a staggered multiple baseline, every admissible schedule being equally likely.

    Parameters
    ----------
    windows, sessions, min_phase
        As for `count_start_windows`.
    seed, drawn_at
        As for `draw_phase_starts`.

    Returns
    -------
    scd.study.Randomization
        Scheme ``start-windows``; `starts` holds one row a case with the first session of its intervention.

    Raises
    ------
    StudyError
        When the windows are not admissible, the seed is below 0, or the time has no zone.

    References
    ----------
    Levin, Ferron and Gafurov (2018), doi:10.1080/17518423.2016.1197708.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> windows = [(6, 8), (9, 11), (12, 14)]
    >>> draw = draw_start_windows(windows=windows, sessions=20, min_phase=5, seed=7, drawn_at=now)
    >>> draw.admissible, assignment_is_admissible(draw)
    (27, True)
    """
    checked = validated_windows(windows=windows, sessions=sessions, min_phase=min_phase)
    count = prod(last - first + 1 for first, last in checked)
    rest = uniform_index(count, seed)
    starts: list[tuple[int, ...]] = []
    for first, last in reversed(checked):
        rest, place = divmod(rest, last - first + 1)
        starts.insert(0, (first + place,))
    return Randomization(
        scheme="start-windows",
        min_phase=int(min_phase),
        sessions=int(sessions),
        windows=checked,
        admissible=count,
        seed=int(seed),
        starts=tuple(starts),
        drawn_at=_zoned(drawn_at),
    )


def admissible_starts(randomization: Randomization) -> np.ndarray:
    """List the set that a stored draw came from: the reference set of its randomisation test.

    Parameters
    ----------
    randomization : scd.study.Randomization
        The stored draw.

    Returns
    -------
    numpy.ndarray
        Whole numbers, shape (assignment, case, start): each row has the form of `Randomization.starts`.

    Raises
    ------
    StudyError
        When there are more than `ENUMERATION_LIMIT` schedules.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> admissible_starts(draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=now)).shape
    (165, 1, 3)
    """
    sessions, min_phase = randomization.sessions, randomization.min_phase
    if randomization.scheme == "phase-starts":
        phases = len(randomization.starts[0]) + 1
        return admissible_phase_starts(sessions=sessions, phases=phases, min_phase=min_phase)[:, None, :]
    return admissible_start_windows(windows=randomization.windows, sessions=sessions, min_phase=min_phase)[:, :, None]


def redraw(randomization: Randomization) -> Randomization:
    """Repeat a stored draw from its scheme, constraints and seed; an untouched one comes out equal.

    Parameters
    ----------
    randomization : scd.study.Randomization
        The stored draw.

    Returns
    -------
    scd.study.Randomization
        What that seed gives, with the stored time.

    Raises
    ------
    StudyError
        When the stored constraints allow no schedule.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw = draw_phase_starts(sessions=20, phases=2, min_phase=5, seed=7, drawn_at=now)
    >>> redraw(draw.replace(starts=((10,),))).starts == draw.starts
    True
    """
    sessions, min_phase = randomization.sessions, randomization.min_phase
    seed, drawn_at = randomization.seed, randomization.drawn_at
    if randomization.scheme == "phase-starts":
        phases = len(randomization.starts[0]) + 1
        return draw_phase_starts(sessions=sessions, phases=phases, min_phase=min_phase, seed=seed, drawn_at=drawn_at)
    return draw_start_windows(
        windows=randomization.windows, sessions=sessions, min_phase=min_phase, seed=seed, drawn_at=drawn_at
    )


def assignment_is_admissible(randomization: Randomization) -> bool:
    """Whether a stored draw lies in the set it states, and the stored size of that set is right.

    Parameters
    ----------
    randomization : scd.study.Randomization
        The stored draw.

    Returns
    -------
    bool
        False also when the constraints contradict each other.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw = draw_phase_starts(sessions=20, phases=2, min_phase=5, seed=7, drawn_at=now)
    >>> assignment_is_admissible(draw), assignment_is_admissible(draw.replace(starts=((4,),)))
    (True, False)
    """
    sessions, min_phase, starts = randomization.sessions, randomization.min_phase, randomization.starts
    if randomization.scheme == "phase-starts":
        if len(starts) != 1 or not starts[0] or randomization.windows:
            return False
        bounds = (1, *starts[0], sessions + 1)
        if any(later - earlier < min_phase for earlier, later in pairwise(bounds)):
            return False
        return randomization.admissible == count_phase_starts(
            sessions=sessions, phases=len(starts[0]) + 1, min_phase=min_phase
        )
    windows = randomization.windows
    try:
        count = count_start_windows(windows=windows, sessions=sessions, min_phase=min_phase)
    except StudyError:
        return False
    if len(starts) != len(windows) or any(len(row) != 1 for row in starts):
        return False
    inside = all(first <= row[0] <= last for row, (first, last) in zip(starts, windows, strict=True))
    return inside and randomization.admissible == count


def _zoned(moment: dt.datetime) -> dt.datetime:
    if moment.utcoffset() is None:
        raise StudyError(
            f"time of the draw: must carry its time zone (got {moment.isoformat()}); give it one, such as UTC",
            field="drawn_at",
        )
    return moment
