"""A stored draw: repeated from its seed, checked against the set that it states, and that set listed."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from scd.design.attainable import smallest_p_words
from scd.design.block_orders import count_block_orders
from scd.design.courses import Course, starts_of
from scd.design.draws import (
    draw_koehler_levin,
    draw_marascuilo_busk,
    draw_phase_starts,
    draw_start_windows,
    draw_wampold_worsham,
)
from scd.design.order_draws import draw_alternating, draw_blocks, draw_custom
from scd.design.orders import count_orders, longest_run
from scd.design.schedules import (
    admissible_phase_starts,
    admissible_start_windows,
    count_phase_starts,
    count_start_windows,
    refuse_beyond_limit,
)
from scd.design.schemes import STAIRCASES, scheme_of
from scd.design.staircases import joint_starts
from scd.study import Randomization, StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = [
    "admissible_phase_starts",
    "admissible_start_windows",
    "admissible_starts",
    "assignment_is_admissible",
    "count_phase_starts",
    "count_start_windows",
    "draw_alternating",
    "draw_blocks",
    "draw_custom",
    "draw_koehler_levin",
    "draw_marascuilo_busk",
    "draw_phase_starts",
    "draw_start_windows",
    "draw_wampold_worsham",
    "redraw",
    "smallest_p_words",
]


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
        When there are more than `ENUMERATION_LIMIT` schedules, or the draw was of an order of sessions, which has no
        fixed number of starts (`scd.design.reference.reference_set` lists those).

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> admissible_starts(draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=now)).shape
    (165, 1, 3)
    """
    import numpy as np

    sessions, min_phase = randomization.sessions, randomization.min_phase
    if randomization.scheme == "phase-starts":
        phases = len(randomization.starts[0]) + 1
        return admissible_phase_starts(sessions=sessions, phases=phases, min_phase=min_phase)[:, None, :]
    if randomization.scheme == "start-windows":
        windows = randomization.windows
        return admissible_start_windows(windows=windows, sessions=sessions, min_phase=min_phase)[:, :, None]
    if randomization.scheme not in STAIRCASES:
        raise StudyError(
            f"stored draw: scheme '{randomization.scheme}' draws the order of the sessions, not the starts of phases",
            field="scheme",
        )
    found = joint_starts(scheme_of(randomization), _courses(randomization))
    refuse_beyond_limit(found.size, "windows")
    chosen = found.everything().T
    begun = np.stack([at[column] for at, column in zip(found.places, chosen, strict=True)], axis=1)
    return begun[:, :, None] + 1


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
    kept = randomization
    seed, drawn_at = kept.seed, kept.drawn_at
    sessions, min_phase, windows = kept.sessions, kept.min_phase, kept.windows
    match kept.scheme:
        case "phase-starts":
            phases = len(kept.starts[0]) + 1
            return draw_phase_starts(
                sessions=sessions, phases=phases, min_phase=min_phase, seed=seed, drawn_at=drawn_at
            ).replace(begins=kept.begins)
        case "start-windows":
            return draw_start_windows(
                windows=windows, sessions=sessions, min_phase=min_phase, seed=seed, drawn_at=drawn_at
            )
        case "marascuilo-busk":
            return draw_marascuilo_busk(
                cases=len(kept.starts),
                windows=windows,
                sessions=sessions,
                min_phase=min_phase,
                seed=seed,
                drawn_at=drawn_at,
            )
        case "wampold-worsham":
            first = [window[0] for window in windows]
            return draw_wampold_worsham(
                starts=first, sessions=sessions, min_phase=min_phase, seed=seed, drawn_at=drawn_at
            )
        case "koehler-levin":
            return draw_koehler_levin(
                windows=windows, sessions=sessions, min_phase=min_phase, seed=seed, drawn_at=drawn_at
            )
        case "alternating":
            treated = kept.orders[0].count("B")
            return draw_alternating(
                sessions=sessions,
                treated=treated,
                max_consecutive=kept.max_consecutive,
                seed=seed,
                drawn_at=drawn_at,
            )
        case "blocks":
            return draw_blocks(sessions=sessions, block_size=kept.block_size or 2, seed=seed, drawn_at=drawn_at)
        case "custom":
            return draw_custom(assignments=kept.assignments, seed=seed, drawn_at=drawn_at)


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
    try:
        if randomization.scheme == "start-windows":
            return _windows_hold(randomization)
        return _size(randomization) == randomization.admissible
    except StudyError:
        return False


def _windows_hold(drawn: Randomization) -> bool:
    windows, starts = drawn.windows, drawn.starts
    count = count_start_windows(windows=windows, sessions=drawn.sessions, min_phase=drawn.min_phase)
    if len(starts) != len(windows) or any(len(row) != 1 for row in starts):
        return False
    inside = all(first <= row[0] <= last for row, (first, last) in zip(starts, windows, strict=True))
    return inside and drawn.admissible == count


def _size(drawn: Randomization) -> int:
    """The size of the set that a draw states, when the draw lies in it; 0 when it does not."""
    courses = _courses(drawn)
    order = courses[0].order
    if drawn.scheme in STAIRCASES:
        plain = len(drawn.windows) == len(drawn.starts) and all(c.order.startswith("A") for c in courses)
        plain = plain and all(len(row) == 1 for row in drawn.starts)
        return joint_starts(scheme_of(drawn), courses).size if plain else 0
    if drawn.scheme == "custom":
        orders = tuple(course.order for course in courses)
        return len(drawn.assignments) if orders in scheme_of(drawn).assignments else 0
    if len(courses) != 1 or drawn.windows:
        return 0
    if drawn.scheme == "blocks":
        block = drawn.block_size or 2
        parts = [order[i : i + block] for i in range(0, len(order), block)]
        even = all(part.count("B") * 2 == block for part in parts)
        return count_block_orders(sessions=drawn.sessions, block_size=block) if even else 0
    longest = drawn.max_consecutive
    if longest is not None and longest_run(order) > longest:
        return 0
    return count_orders(sessions=drawn.sessions, treated=order.count("B"), max_consecutive=longest)


def _courses(drawn: Randomization) -> list[Course]:
    """The drawn assignment, one course a case; starts that make no schedule are refused."""
    courses = []
    for i, (order, starts) in enumerate(zip(drawn.orders, drawn.starts, strict=True), start=1):
        if len(order) != drawn.sessions or starts_of(order) != starts:
            raise StudyError(f"stored draw, case {i}: its starts {starts} make no schedule", field="starts")
        courses.append(Course(f"case {i}", tuple(range(1, drawn.sessions + 1)), order))
    return courses
