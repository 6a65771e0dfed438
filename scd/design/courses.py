"""What a case went through, and what it might have gone through instead."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from scd.study import StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Course", "Schedules", "masks", "starts_of"]


@dataclass(frozen=True)
class Course:
    """The sessions of one case and the condition of each, as they happened.

    Parameters
    ----------
    case : str
        The case's code.
    sessions : tuple of int
        The numbers of its sessions in order, those missed included.
    order : str
        The condition of each session, one letter each: A or B.

    Raises
    ------
    StudyError
        When they don't fit together.

    Examples
    --------
    >>> course = Course("K7M2", sessions=(1, 2, 3, 4, 5), order="AABBB")
    >>> course.runs, course.start
    ((('A', 2), ('B', 3)), 3)
    """

    case: str
    sessions: tuple[int, ...]
    order: str

    def __post_init__(self) -> None:
        if len(self.sessions) != len(self.order) or set(self.order) - {"A", "B"}:
            raise StudyError(
                f"case '{self.case}': needs the condition of each of its {len(self.sessions)} sessions, A or B "
                f"(got {self.order!r})",
                field="order",
            )

    @property
    def runs(self) -> tuple[tuple[str, int], ...]:
        """Its phases: condition and number of sessions."""
        return tuple((letter, len(list(same))) for letter, same in groupby(self.order))

    @property
    def start(self) -> int:
        """The number of the first treated session; the case must have one."""
        return self.sessions[self.order.index("B")]

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its phases: ``A1, B1, A2``."""
        met: dict[str, int] = {}
        labels = []
        for letter, _ in self.runs:
            met[letter] = met.get(letter, 0) + 1
            labels.append(f"{letter}{met[letter]}")
        return tuple(labels)


@dataclass(frozen=True, eq=False)
class Schedules:
    """The schedules that one case may have.

    Parameters
    ----------
    sessions : int
        Number of sessions.
    treated : numpy.ndarray
        Boolean. With `edges` of shape (1 or schedule, phase): whether the phase is treated. Without, of shape
        (schedule, session): whether the session is.
    edges : numpy.ndarray, optional
        Whole numbers, shape (schedule, phase + 1): the place, from 0, at which each phase begins, and the end. Phases
        of no length fill a row up where schedules differ in their number of phases. None for alternating treatments,
        which have no phases.
    """

    sessions: int
    treated: np.ndarray
    edges: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.treated) if self.edges is None else len(self.edges)


def masks(schedules: Schedules, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """Which sessions are treated.

    Parameters
    ----------
    schedules : Schedules
        The schedules of one case.
    rows : numpy.ndarray or slice
        Which of them; by default all.

    Returns
    -------
    numpy.ndarray
        Boolean, shape (schedule, session).

    Examples
    --------
    >>> import numpy as np
    >>> masks(Schedules(4, np.array([[False, True]]), np.array([[0, 1, 4], [0, 3, 4]]))).astype(int).tolist()
    [[0, 1, 1, 1], [0, 0, 0, 1]]
    """
    import numpy as np

    if schedules.edges is None:
        return schedules.treated[rows]
    edges = schedules.edges[rows]
    treated = np.broadcast_to(schedules.treated, (len(schedules), edges.shape[1] - 1))[rows]
    place = np.arange(schedules.sessions)
    found = np.zeros((len(edges), schedules.sessions), dtype=bool)
    for phase in range(edges.shape[1] - 1):
        inside = (place >= edges[:, phase, None]) & (place < edges[:, phase + 1, None])
        found |= inside & treated[:, phase, None]
    return found


def starts_of(order: str) -> tuple[int, ...]:
    """The first session of every phase after the first.

    Parameters
    ----------
    order : str
        The condition of each session.

    Examples
    --------
    >>> starts_of("AABBBA")
    (3, 6)
    """
    return tuple(i for i, (before, after) in enumerate(pairwise(order), start=2) if before != after)
