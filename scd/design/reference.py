"""The reference set of a randomisation test: every assignment that the draw could have given, or a sample of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from math import comb
from typing import TYPE_CHECKING

from scd.design.block_orders import block_orders, count_block_orders, random_block_orders
from scd.design.courses import Course, Schedules
from scd.design.orders import count_orders, longest_run, orders, random_orders
from scd.design.schedules import ENUMERATION_LIMIT, admissible_phase_starts, count_phase_starts, phase_offsets
from scd.design.schemes import Scheme
from scd.design.staircases import joint_starts, random_joint_starts
from scd.study import StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["ReferenceSet", "reference_set"]


@dataclass(frozen=True, eq=False)
class ReferenceSet:
    """The assignments that a randomisation test goes through.

    Parameters
    ----------
    schedules : tuple of Schedules
        For each case, the schedules it may have.
    choice : numpy.ndarray
        Whole numbers, shape (assignment, case): which schedule each case has under each assignment.
    observed : int
        The row of `choice` that came about.
    size : int
        How many assignments the draw could have given.
    exact : bool
        Whether `choice` holds all of them; else a random sample with the observed one before it.
    repeats : int
        How often the rarest schedule stands among all assignments; above 1 where several draws give the same schedule.
    mirrored : bool
        Whether with each assignment the set has the one with A and B exchanged.
    """

    schedules: tuple[Schedules, ...]
    choice: np.ndarray
    observed: int
    size: int
    exact: bool
    repeats: int = 1
    mirrored: bool = False


def reference_set(scheme: Scheme, courses: tuple[Course, ...], *, draws: int = 9_999, seed: int = 1) -> ReferenceSet:
    """The reference set of a scheme, for cases that went through what they did.

    Parameters
    ----------
    scheme : Scheme
        How the schedule was drawn.
    courses : tuple of Course
        One case for schemes that are drawn a case, all cases for schemes of multiple baselines.
    draws : int
        How many assignments to draw when there are more than `ENUMERATION_LIMIT`.
    seed : int
        Seed of these draws.

    Returns
    -------
    ReferenceSet
        Sessions that were missed keep their place in it: assignments move over them.

    Raises
    ------
    StudyError
        When the observed schedule does not lie in the set, or the scheme doesn't fit the design.

    References
    ----------
    De, Michiels, Tanious and Onghena (2020), doi:10.3758/s13428-019-01320-3.

    Examples
    --------
    >>> course = Course("K7M2", sessions=tuple(range(1, 11)), order="AAAABBBBBB")
    >>> found = reference_set(Scheme("phase-starts", min_phase=3), (course,))
    >>> found.size, found.observed, found.exact
    (5, 1, True)
    """
    import numpy as np

    if not scheme.joint and len(courses) != 1:
        raise StudyError(f"{scheme.name}: is drawn for one case at a time (got {len(courses)})", field="scheme")
    rng = np.random.default_rng(seed)
    if scheme.name == "phase-starts":
        return _phase_starts(scheme, courses[0], draws, rng)
    if scheme.alternates:
        return _alternation(scheme, courses[0], draws, rng)
    if scheme.name == "custom":
        return _custom(scheme, courses)
    return _multiple_baseline(scheme, courses, draws, rng)


def _phase_starts(scheme: Scheme, course: Course, draws: int, rng: np.random.Generator) -> ReferenceSet:
    import numpy as np

    sessions, least = len(course.sessions), scheme.min_phase
    if len(course.runs) < 2:
        raise StudyError(
            f"case '{course.case}': has only condition {course.order[:1]}; a randomisation test needs two",
            field="order",
        )
    for label, (_, length) in zip(course.labels, course.runs, strict=True):
        if length < least:
            raise StudyError(
                f"case '{course.case}', phase '{label}': has {_sessions(length)}, and the scheme gives every phase at "
                f"least {least}; the observed schedule lies outside its own admissible set, so it was not drawn from "
                "it: state the smallest phase of the draw",
                field="min_phase",
            )
    phases = len(course.runs)
    size = count_phase_starts(sessions=sessions, phases=phases, min_phase=least)
    ends = np.cumsum([length for _, length in course.runs])
    exact = size <= ENUMERATION_LIMIT
    if exact:
        starts = admissible_phase_starts(sessions=sessions, phases=phases, min_phase=least) - 1
    else:
        bars = _random_combinations(draws, sessions - least * phases + phases - 1, phases - 1, rng)
        starts = np.vstack([ends[:-1], bars + phase_offsets(phases=phases, min_phase=least) - 1])
    edges = np.column_stack([np.zeros(len(starts), int), starts, np.full(len(starts), sessions)]).astype(np.int32)
    treated = np.array([[letter == "B" for letter, _ in course.runs]])
    at = int(np.flatnonzero((starts == ends[:-1]).all(axis=1))[0])
    return ReferenceSet((Schedules(sessions, treated, edges),), _one_each(len(edges)), at, size, exact)


def _alternation(scheme: Scheme, course: Course, draws: int, rng: np.random.Generator) -> ReferenceSet:
    import numpy as np

    sessions = len(course.sessions)
    observed = np.array([letter == "B" for letter in course.order])
    treated = int(observed.sum())
    if not 0 < treated < sessions:
        raise StudyError(
            f"case '{course.case}': has only condition {course.order[:1]}; a randomisation test needs two",
            field="order",
        )
    if scheme.name == "blocks":
        block = scheme.block_size
        size = count_block_orders(sessions=sessions, block_size=block)
        _refuse_unbalanced_block(course, block)
        exact = size <= ENUMERATION_LIMIT
        listed = (
            block_orders(sessions=sessions, block_size=block)
            if exact
            else random_block_orders(draws, sessions=sessions, block_size=block, rng=rng)
        )
    else:
        longest = scheme.max_consecutive
        if longest is not None and longest_run(course.order) > longest:
            raise StudyError(
                f"case '{course.case}': has {longest_run(course.order)} sessions in a row under one condition, and the "
                f"scheme allows {longest}; the observed order lies outside its own admissible set, so it was not drawn "
                "from it: state the limit of the draw",
                field="max_consecutive",
            )
        size = count_orders(sessions=sessions, treated=treated, max_consecutive=longest)
        exact = size <= ENUMERATION_LIMIT
        listed = (
            orders(sessions=sessions, treated=treated, max_consecutive=longest)
            if exact
            else random_orders(draws, sessions=sessions, treated=treated, max_consecutive=longest, rng=rng)
        )
    if not exact:
        listed = np.vstack([observed, listed])
    at = int(np.flatnonzero((listed == observed).all(axis=1))[0])
    mirrored = 2 * treated == sessions
    return ReferenceSet((Schedules(sessions, listed),), _one_each(len(listed)), at, size, exact, mirrored=mirrored)


def _custom(scheme: Scheme, courses: tuple[Course, ...]) -> ReferenceSet:
    import numpy as np

    listed = scheme.assignments
    if len(listed) > ENUMERATION_LIMIT:
        raise StudyError(
            f"custom scheme: {len(listed):,} assignments are too many (at most {ENUMERATION_LIMIT:,})",
            field="assignments",
        )
    observed = tuple(course.order for course in courses)
    if [len(order) for order in listed[0]] != [len(order) for order in observed]:
        raise StudyError(
            f"custom scheme: lists orders of {', '.join(str(len(o)) for o in listed[0])} sessions, and the cases have "
            f"{', '.join(str(len(o)) for o in observed)}",
            field="assignments",
        )
    if observed not in listed:
        raise StudyError(
            f"custom scheme: the observed assignment, {', '.join(observed)}, is not among the {len(listed):,} listed; "
            "it was not drawn from them",
            field="assignments",
        )
    schedules, columns = [], []
    for case in range(len(courses)):
        different = list(dict.fromkeys(row[case] for row in listed))
        number = {order: i for i, order in enumerate(different)}
        schedules.append(_as_schedules(different))
        columns.append([number[row[case]] for row in listed])
    everything = set(listed)
    swap = str.maketrans("AB", "BA")
    mirrored = all(tuple(order.translate(swap) for order in row) in everything for row in listed)
    choice = np.array(columns).T
    return ReferenceSet(tuple(schedules), choice, listed.index(observed), len(listed), True, mirrored=mirrored)


def _multiple_baseline(
    scheme: Scheme, courses: tuple[Course, ...], draws: int, rng: np.random.Generator
) -> ReferenceSet:
    import numpy as np

    for course in courses:
        if [letter for letter, _ in course.runs] != ["A", "B"]:
            raise StudyError(
                f"case '{course.case}': has phases {', '.join(course.labels)}, and scheme {scheme.name} needs A1 and "
                "B1 in every case of a multiple baseline",
                field="scheme",
            )
    found = joint_starts(scheme, courses)
    exact = found.size <= ENUMERATION_LIMIT
    choice = found.everything() if exact else np.vstack([found.observed, random_joint_starts(found, draws, rng)])
    schedules = tuple(
        Schedules(
            len(course.sessions),
            np.array([[False, True]]),
            np.column_stack([np.zeros(len(at), int), at, np.full(len(at), len(course.sessions))]).astype(np.int32),
        )
        for course, at in zip(courses, found.places, strict=True)
    )
    begun = np.stack([at[column] for at, column in zip(found.places, choice.T, strict=True)], axis=1)
    same = (begun == found.begun()).all(axis=1)
    repeats = 1
    if exact and scheme.name in ("wampold-worsham", "koehler-levin"):
        code = np.zeros(len(begun), dtype=np.int64)
        for column, course in zip(begun.T, courses, strict=True):
            code = np.unique(code * (len(course.sessions) + 1) + column, return_inverse=True)[1]
        repeats = int(np.bincount(code).min())
    return ReferenceSet(schedules, choice, int(np.flatnonzero(same)[0]), found.size, exact, repeats=repeats)


def _one_each(number: int) -> np.ndarray:
    import numpy as np

    return np.arange(number)[:, None]


def _as_schedules(listed: list[str]) -> Schedules:
    """Orders as schedules with phases: a run of sessions under one condition is a phase."""
    import numpy as np

    runs = [[(letter, len(list(same))) for letter, same in groupby(order)] for order in listed]
    most = max(map(len, runs))
    treated = np.zeros((len(listed), most), dtype=bool)
    edges = np.full((len(listed), most + 1), len(listed[0]), dtype=np.int32)
    for i, row in enumerate(runs):
        treated[i, : len(row)] = [letter == "B" for letter, _ in row]
        edges[i, : len(row)] = np.cumsum([0, *(length for _, length in row[:-1])])
    return Schedules(len(listed[0]), treated, edges)


def _refuse_unbalanced_block(course: Course, block: int) -> None:
    for first in range(0, len(course.order), block):
        part = course.order[first : first + block]
        if part.count("B") != block // 2:
            raise StudyError(
                f"case '{course.case}', sessions {course.sessions[first]} to {course.sessions[first + block - 1]}: "
                f"have the order {part}, and the scheme gives a block of {block} as many A as B; the observed order "
                "lies outside its own admissible set, so it was not drawn from it",
                field="scheme",
            )


def _random_combinations(number: int, items: int, size: int, rng: np.random.Generator) -> np.ndarray:
    import numpy as np

    assert comb(items, size) > 0
    at_once = max(1, 4_000_000 // items)
    parts = []
    for first in range(0, number, at_once):
        noise = rng.random((min(at_once, number - first), items))
        parts.append(np.sort(np.argpartition(noise, size - 1, axis=1)[:, :size], axis=1))
    return np.concatenate(parts)


def _sessions(number: int) -> str:
    return f"{number} session{'' if number == 1 else 's'}"
