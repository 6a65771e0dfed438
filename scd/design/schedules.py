"""Admissible schedules: the set of phase starts that a draw may give, counted and listed.

A randomisation test is valid only when the schedule was drawn from a set stated before the first session. A set is
stated by a few numbers (sessions, phases, smallest phase; or start windows), and everything else follows from them.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import chain, combinations
from math import comb, prod
from typing import TYPE_CHECKING, Any

from scd.study import StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "ENUMERATION_LIMIT",
    "admissible_phase_starts",
    "admissible_start_windows",
    "count_phase_starts",
    "count_start_windows",
    "phase_offsets",
    "refuse_beyond_limit",
    "validated_windows",
    "whole_number",
]

ENUMERATION_LIMIT = 200_000
"""The largest set that is listed in full; a larger one is drawn from without listing it."""

_MOST_SESSIONS = 100_000


def count_phase_starts(*, sessions: int, phases: int, min_phase: int) -> int:
    """How many schedules give every phase of a reversal design at least its minimum length.

    With N sessions, P phases and a minimum of k, the N - kP spare sessions are spread over P phases:
    C(N - kP + P - 1, P - 1). For AB that is N - 2k + 1, for ABAB C(N - 4k + 3, 3).

    Parameters
    ----------
    sessions : int
        Planned sessions in all, N.
    phases : int
        Number of phases, 2 or more: 4 for ABAB.
    min_phase : int
        Sessions that every phase has at least, k, from 1.

    Returns
    -------
    int
        The size of the admissible set, at least 1.

    Raises
    ------
    StudyError
        When the sessions are too few for that many phases of that length.

    References
    ----------
    Onghena (1992), Behavioral Assessment 14, 153–171. Bulté and Onghena (2008), doi:10.3758/BRM.40.2.467.

    Examples
    --------
    >>> count_phase_starts(sessions=24, phases=4, min_phase=4)
    165
    """
    sessions, phases, min_phase = _checked_phases(sessions, phases, min_phase)
    return comb(sessions - min_phase * phases + phases - 1, phases - 1)


def admissible_phase_starts(*, sessions: int, phases: int, min_phase: int) -> np.ndarray:
    """List every admissible schedule of a reversal design.

    Parameters
    ----------
    sessions, phases, min_phase : int
        As for `count_phase_starts`.

    Returns
    -------
    numpy.ndarray
        Whole numbers, shape (assignment, phases - 1): the first session of every phase after the first, in
        dictionary order.

    Raises
    ------
    StudyError
        When the sessions are too few, or there are more than `ENUMERATION_LIMIT` schedules.

    Examples
    --------
    >>> admissible_phase_starts(sessions=7, phases=3, min_phase=2).tolist()
    [[3, 5], [3, 6], [4, 6]]
    """
    import numpy as np

    count = count_phase_starts(sessions=sessions, phases=phases, min_phase=min_phase)
    refuse_beyond_limit(count, "sessions")
    spare = sessions - min_phase * phases
    bars = combinations(range(spare + phases - 1), phases - 1)
    table = np.fromiter(chain.from_iterable(bars), dtype=np.int64, count=count * (phases - 1))
    return table.reshape(count, phases - 1) + phase_offsets(phases=phases, min_phase=min_phase)


def count_start_windows(*, windows: Sequence[tuple[int, int]], sessions: int, min_phase: int) -> int:
    """How many schedules a staggered multiple baseline has when each case starts somewhere in its own window.

    The product of the windows' lengths. The windows follow one another without overlapping, so every schedule of the
    set is staggered in the same order (restricted Marascuilo–Busk procedure).

    Parameters
    ----------
    windows : sequence of (int, int)
        For each case the first and the last session at which its intervention may start, both included.
    sessions : int
        Planned sessions in all, the same for every case.
    min_phase : int
        Sessions that every baseline and every intervention phase has at least, from 1.

    Returns
    -------
    int
        The size of the admissible set.

    Raises
    ------
    StudyError
        When windows overlap or are out of order, or leave too short a baseline or intervention phase.

    References
    ----------
    Levin, Ferron and Gafurov (2018), doi:10.1080/17518423.2016.1197708.

    Examples
    --------
    >>> count_start_windows(windows=[(6, 8), (9, 11), (12, 14)], sessions=20, min_phase=5)
    27
    """
    checked = validated_windows(windows=windows, sessions=sessions, min_phase=min_phase)
    return prod(last - first + 1 for first, last in checked)


def admissible_start_windows(*, windows: Sequence[tuple[int, int]], sessions: int, min_phase: int) -> np.ndarray:
    """List every admissible schedule of a multiple baseline with start windows.

    Parameters
    ----------
    windows, sessions, min_phase
        As for `count_start_windows`.

    Returns
    -------
    numpy.ndarray
        Whole numbers, shape (assignment, case): the first intervention session of each case, in dictionary order.

    Raises
    ------
    StudyError
        When the windows are not admissible, or there are more than `ENUMERATION_LIMIT` schedules.

    Examples
    --------
    >>> admissible_start_windows(windows=[(3, 4), (5, 6)], sessions=8, min_phase=2).tolist()
    [[3, 5], [3, 6], [4, 5], [4, 6]]
    """
    import numpy as np

    count = count_start_windows(windows=windows, sessions=sessions, min_phase=min_phase)
    refuse_beyond_limit(count, "windows")
    rest = np.arange(count)
    columns = []
    for first, last in reversed(windows):
        rest, place = np.divmod(rest, last - first + 1)
        columns.append(first + place)
    return np.stack(columns[::-1], axis=1)


def validated_windows(
    *, windows: Sequence[tuple[int, int]], sessions: int, min_phase: int
) -> tuple[tuple[int, int], ...]:
    """The start windows of a staggered multiple baseline, checked against the plan.

    Parameters
    ----------
    windows, sessions, min_phase
        As for `count_start_windows`.

    Raises
    ------
    StudyError
        When windows overlap or are out of order, or leave too short a baseline or intervention phase.

    Examples
    --------
    >>> validated_windows(windows=[(6, 8), (9, 11)], sessions=16, min_phase=5)
    ((6, 8), (9, 11))
    """
    sessions = whole_number(sessions, field="sessions", what="the number of sessions", least=2, most=_MOST_SESSIONS)
    min_phase = whole_number(min_phase, field="min_phase", what="the smallest phase length", least=1)
    if len(windows) < 2:
        raise StudyError(
            f"start windows: a multiple baseline needs one for each of at least 2 cases (got {len(windows)})",
            field="windows",
        )
    checked: list[tuple[int, int]] = []
    for number, window in enumerate(windows, start=1):
        where = f"start window {number}"
        if len(window) != 2:
            raise StudyError(f"{where}: needs a first and a last session (got {tuple(window)})", field="windows")
        first, last = (whole_number(end, field="windows", what=where, least=1) for end in window)
        if last < first:
            raise StudyError(
                f"{where}: its last session must not lie before its first (got {first} to {last})", field="windows"
            )
        if checked and first <= checked[-1][1]:
            raise StudyError(
                f"{where}: begins at session {first}, but the window before it ends at {checked[-1][1]}; "
                "windows must follow one another without overlapping",
                field="windows",
            )
        checked.append((first, last))
    (first, _), (_, last) = checked[0], checked[-1]
    if first <= min_phase:
        raise StudyError(
            f"start window 1: begins at session {first} and leaves {first - 1} baseline sessions; at least "
            f"{min_phase} are needed, so begin it at session {min_phase + 1} or later",
            field="windows",
        )
    if sessions - last + 1 < min_phase:
        raise StudyError(
            f"start window {len(checked)}: ends at session {last} of {sessions} and leaves "
            f"{max(0, sessions - last + 1)} intervention sessions; at least {min_phase} are needed, so end it at "
            f"session {sessions - min_phase + 1} or earlier, or plan more sessions",
            field="windows",
        )
    return tuple(checked)


def phase_offsets(*, phases: int, min_phase: int) -> list[int]:
    """What turns bars among spare sessions into phase starts.

    A schedule is a row of spare sessions with a bar where a phase ends. Bar number i has i bars and i + 1 phases of
    smallest length before it, so the phase behind it starts at: its place, less i, plus (i + 1) times the smallest
    length, plus 1.

    Examples
    --------
    >>> phase_offsets(phases=4, min_phase=5)
    [6, 10, 14]
    """
    return [(i + 1) * min_phase - i + 1 for i in range(phases - 1)]


def whole_number(value: Any, *, field: str, what: str, least: int, most: int | None = None) -> int:
    """The value as a whole number within its limits.

    Parameters
    ----------
    value : object
        What came from a form, a file or a caller.
    field : str
        The argument's name, for the error.
    what : str
        The thing in words, which opens the error's message.
    least, most : int
        The limits, both included.

    Raises
    ------
    StudyError
        When it is no whole number (a float isn't one, not even 5.0) or lies outside.

    Examples
    --------
    >>> whole_number(5, field="sessions", what="the number of sessions", least=1)
    5
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise StudyError(f"{what}: must be a whole number (got {value!r})", field=field) from None
    if number < least or (most is not None and number > most):
        allowed = f"at least {least}" if most is None or number < least else f"at most {most:,}"
        raise StudyError(f"{what}: must be {allowed} (got {number})", field=field)
    return number


def refuse_beyond_limit(count: int, field: str) -> None:
    """Do nothing when a set can be listed in full.

    Parameters
    ----------
    count : int
        Its size.
    field : str
        The argument at fault, for the error.

    Raises
    ------
    StudyError
        When it has more than `ENUMERATION_LIMIT` members.

    Examples
    --------
    >>> refuse_beyond_limit(200_000, "sessions")
    """
    if count > ENUMERATION_LIMIT:
        raise StudyError(
            f"random starts: {count:,} admissible schedules are too many to list (at most {ENUMERATION_LIMIT:,}); "
            "draw from them at random instead",
            field=field,
        )


def _checked_phases(sessions: int, phases: int, min_phase: int) -> tuple[int, int, int]:
    sessions = whole_number(sessions, field="sessions", what="the number of sessions", least=2, most=_MOST_SESSIONS)
    phases = whole_number(phases, field="phases", what="the number of phases", least=2)
    min_phase = whole_number(min_phase, field="min_phase", what="the smallest phase length", least=1)
    needed = phases * min_phase
    if sessions < needed:
        raise StudyError(
            f"random phase starts: {phases} phases of at least {min_phase} sessions need {needed} sessions "
            f"(got {sessions}); plan more sessions or a smaller minimum",
            field="sessions",
        )
    return sessions, phases, min_phase
