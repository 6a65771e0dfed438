"""Starts of multiple baselines, for all cases together: which combinations a draw could have given."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from math import factorial, prod
from typing import TYPE_CHECKING

from scd.design.courses import Course
from scd.design.schemes import Scheme
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

__all__ = ["JointStarts", "dealt", "joint_starts", "random_joint_starts"]


@dataclass(frozen=True, eq=False)
class JointStarts:
    """The start points of all cases, and which of them go together.

    Parameters
    ----------
    places : tuple of numpy.ndarray
        For each case, the places (from 0) of its start points among its sessions.
    lists : tuple of int
        The lengths of the lists of start points. Where lists are dealt out every case has all of them in `places`, one
        after the other; else case i has list i.
    dealt : bool
        Whether each list may go to any case, each to one.
    observed : numpy.ndarray
        For each case, which of its start points came about.
    """

    places: tuple[np.ndarray, ...]
    lists: tuple[int, ...]
    dealt: bool
    observed: np.ndarray

    @property
    def size(self) -> int:
        """How many assignments there are."""
        return prod(self.lists) * (factorial(len(self.lists)) if self.dealt else 1)

    def begun(self) -> np.ndarray:
        """The place at which each case's intervention began."""
        import numpy as np

        return np.array([at[which] for at, which in zip(self.places, self.observed, strict=True)])

    def everything(self) -> np.ndarray:
        """Every assignment, shape (assignment, case): which of its start points each case has."""
        import numpy as np

        within = np.stack(np.unravel_index(np.arange(prod(self.lists)), self.lists), axis=1)
        if not self.dealt:
            return within
        cases = len(self.lists)
        first = np.cumsum([0, *self.lists[:-1]])
        deals = np.array(list(permutations(range(cases))))
        return (first[deals] + within[:, deals]).reshape(-1, cases)


def joint_starts(scheme: Scheme, courses: Sequence[Course]) -> JointStarts:
    """The start points that a scheme of multiple baselines gives the cases.

    Parameters
    ----------
    scheme : Scheme
        One of `STAIRCASES`.
    courses : sequence of Course
        The cases, each with one phase A and one phase B, in the study's order.

    Returns
    -------
    JointStarts

    Raises
    ------
    StudyError
        When a start point leaves a case too short a phase, or the observed starts are not among the assignments.

    Examples
    --------
    >>> one = Course("K7M2", sessions=tuple(range(1, 13)), order="AAAABBBBBBBB")
    >>> two = Course("P3Q9", sessions=tuple(range(1, 13)), order="AAAAAABBBBBB")
    >>> joint_starts(Scheme("koehler-levin", windows=((4, 6), (7, 9))), [one, two]).size
    18
    """
    import numpy as np

    lists = _start_points(scheme, courses)
    dealt_out = scheme.name in ("wampold-worsham", "koehler-levin")
    places = []
    for i, course in enumerate(courses):
        points = [point for row in lists for point in row] if dealt_out else list(lists[i])
        at = np.searchsorted(np.array(course.sessions), points)
        _refuse_short_phases(course, points, at, scheme)
        places.append(at)
    begun = [course.order.index("B") for course in courses]
    first = np.cumsum([0, *(len(row) for row in lists[:-1])])
    if dealt_out:
        fits = [
            [begun[i] in places[i][first[j] : first[j] + len(lists[j])] for j in range(len(lists))]
            for i in range(len(courses))
        ]
        deal = dealt(fits)
        if deal is None:
            starts = ", ".join(f"{course.start} (case '{course.case}')" for course in courses)
            raise StudyError(
                f"{scheme.name}: there is no way to give each case one of the windows so that the starts are {starts}; "
                "the observed schedule lies outside its own admissible set, so it was not drawn from it: state the "
                "windows of the draw",
                field="windows",
            )
    else:
        deal = list(range(len(courses)))
    observed = []
    for i, course in enumerate(courses):
        own = first[deal[i]] if dealt_out else 0
        at = np.flatnonzero(places[i][own : own + len(lists[deal[i]])] == begun[i])
        if not len(at):
            raise StudyError(
                f"case '{course.case}', phase 'B1': starts at session {course.start}, which is not among its start "
                f"points {_told(lists[i])}; the observed schedule lies outside its own admissible set, so it was not "
                "drawn from it: state the draw as it was (the windows stand in the order of the study's cases: "
                + ", ".join(f"'{c.case}'" for c in courses)
                + ")",
                field="windows",
            )
        observed.append(own + at[0])
    return JointStarts(tuple(places), tuple(len(row) for row in lists), dealt_out, np.array(observed))


def random_joint_starts(found: JointStarts, number: int, rng: np.random.Generator) -> np.ndarray:
    """Draw assignments of `found` at random, each equally likely, with replacement.

    Parameters
    ----------
    found : JointStarts
        The set.
    number : int
        How many.
    rng : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    numpy.ndarray
        Whole numbers, shape (number, case), as `JointStarts.everything`.

    Examples
    --------
    >>> import numpy as np
    >>> found = JointStarts((np.array([3, 4]), np.array([5, 6])), (2, 2), False, np.array([0, 1]))
    >>> random_joint_starts(found, 100, np.random.default_rng(1)).max()
    np.int64(1)
    """
    import numpy as np

    within = rng.integers(0, np.array(found.lists), size=(number, len(found.lists)))
    if not found.dealt:
        return within
    first = np.cumsum([0, *found.lists[:-1]])
    deals = rng.permuted(np.tile(np.arange(len(found.lists)), (number, 1)), axis=1)
    return first[deals] + np.take_along_axis(within, deals, axis=1)


def dealt(fits: Sequence[Sequence[bool]]) -> list[int] | None:
    """One way to give every case a window of its own that it fits, or None.

    Parameters
    ----------
    fits : sequence of sequence of bool
        For each case and each window, whether it fits.

    Returns
    -------
    list of int or None
        The window of each case.

    Examples
    --------
    >>> dealt([[True, True], [True, False]]), dealt([[True, False], [True, False]])
    ([1, 0], None)
    """
    holder: dict[int, int] = {}

    def place(case: int, tried: set[int]) -> bool:
        for window, fit in enumerate(fits[case]):
            if fit and window not in tried:
                tried.add(window)
                if window not in holder or place(holder[window], tried):
                    holder[window] = case
                    return True
        return False

    if not all(place(case, set()) for case in range(len(fits))):
        return None
    return [window for case in range(len(fits)) for window, held in holder.items() if held == case]


def _start_points(scheme: Scheme, courses: Sequence[Course]) -> tuple[tuple[int, ...], ...]:
    lists = scheme.start_points
    if lists and len(lists) != len(courses):
        raise StudyError(
            f"{scheme.name}: needs one start window for each of the {len(courses)} cases (got {len(lists)})",
            field="windows",
        )
    if lists:
        return lists
    if scheme.name == "wampold-worsham":
        return tuple((start,) for start in sorted(course.start for course in courses))
    least = scheme.min_phase
    for course in courses:
        for label, (_, length) in zip(course.labels, course.runs, strict=True):
            if length < least:
                raise StudyError(
                    f"case '{course.case}', phase '{label}': has {length} session{'' if length == 1 else 's'}, and the "
                    f"scheme gives every phase at least {least}; the observed schedule lies outside its own admissible "
                    "set, so it was not drawn from it: state the smallest phase of the draw",
                    field="min_phase",
                )
    return tuple(course.sessions[least : len(course.sessions) - least + 1] for course in courses)


def _refuse_short_phases(course: Course, points: Sequence[int], at: np.ndarray, scheme: Scheme) -> None:
    least, sessions = scheme.min_phase, len(course.sessions)
    for point, place in zip(points, at.tolist(), strict=True):
        if place < least or sessions - place < least:
            short = "baseline" if place < least else "intervention"
            raise StudyError(
                f"case '{course.case}': a start at session {point} leaves {min(place, sessions - place)} {short} "
                f"sessions of {sessions}, and every phase needs at least {least}; state other windows, or a smaller "
                "minimum",
                field="windows",
            )


def _told(points: Sequence[int]) -> str:
    shown = [str(p) for p in points[:12]]
    return ", ".join([*shown, "…"] if len(points) > 12 else shown)
