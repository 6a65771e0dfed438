"""Designs as they are planned: which session is under which condition, and which schedules a draw could have given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scd.design.plans import multiple_baseline, reversal
from scd.design.schedules import (
    admissible_phase_starts,
    admissible_start_windows,
    count_phase_starts,
    count_start_windows,
)
from scd.design.standards import WwcGrade, grade_wwc
from scd.study import Measure, Study, StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["MULTIPLE_BASELINE", "PlannedDesign", "design_name", "planned_design"]

MULTIPLE_BASELINE = "multiple-baseline"
_MOST_PHASES = 12
_MOST_TIERS = 8
_MOST_SESSIONS = 300
_WIDEST = 20
_MEASURE = Measure(key="outcome", label="Outcome", improvement="increase")


@dataclass(frozen=True)
class PlannedDesign:
    """A design with so many sessions a phase.

    Parameters
    ----------
    name : str
        ``ab``, ``abab``, …, or ``multiple-baseline``.
    sessions : int
        Sessions a phase: of every phase in a reversal design; in a multiple baseline the fewest that any admissible
        schedule gives a phase.
    total : int
        Sessions in all, of each client (or tier).
    phases : int
        Phases of each client (or tier).
    starts : tuple of tuple of int
        For each tier, the first session of every phase after the first, as planned.
    windows : tuple of (int, int)
        Of a multiple baseline: between which sessions each tier's start is drawn.
    min_phase : int
        The shortest phase that a draw may give.
    admissible : int
        How many schedules a draw could give.
    grade : str
        What WWC 4.1 says of the plan, by its phases and points.
    drawn_grade : str
        The same for the schedule that serves worst among those that may be drawn.
    """

    name: str
    sessions: int
    total: int
    phases: int
    starts: tuple[tuple[int, ...], ...]
    windows: tuple[tuple[int, int], ...]
    min_phase: int
    admissible: int
    grade: WwcGrade
    drawn_grade: WwcGrade

    @property
    def smallest_p(self) -> float:
        """The smallest p that a randomisation test could reach."""
        return 1 / self.admissible

    @property
    def scheme(self) -> str:
        """The scheme of the draw, as `scd.design.Scheme` names it."""
        return "start-windows" if self.windows else "phase-starts"

    @property
    def treated(self) -> np.ndarray:
        """Whether each session is under intervention as planned, boolean, shape (tier, session)."""
        import numpy as np

        return np.stack([self.masks(np.array([row]))[0] for row in self.starts])

    def masks(self, starts: np.ndarray) -> np.ndarray:
        """Whether each session is under intervention, by the first sessions of the phases after the first.

        Parameters
        ----------
        starts : ndarray of int, shape (schedule, phases - 1)

        Returns
        -------
        ndarray of bool, shape (schedule, session)
        """
        import numpy as np

        return (np.arange(1, self.total + 1) >= starts[:, :, None]).sum(axis=1) % 2 == 1

    def schedules(self, *, most: int, seed: int) -> tuple[np.ndarray, bool]:
        """The admissible schedules, or as many drawn from them where there are more.

        Parameters
        ----------
        most : int
            List all of them up to here.
        seed : int
            Of the draws.

        Returns
        -------
        starts : ndarray of int, shape (schedule, tier, phases - 1)
        whole : bool
            Whether these are all.
        """
        import numpy as np

        rng = np.random.default_rng([seed, self.total, self.phases])
        if self.windows:
            if self.admissible <= most:
                listed = admissible_start_windows(windows=self.windows, sessions=self.total, min_phase=self.min_phase)
                return listed[:, :, None], True
            drawn = np.stack([rng.integers(first, last + 1, size=most) for first, last in self.windows], axis=1)
            return drawn[:, :, None], False
        if self.admissible <= most:
            listed = admissible_phase_starts(sessions=self.total, phases=self.phases, min_phase=self.min_phase)
            return listed[:, None], True
        # Bars among the spare sessions, as in `scd.design.schedules`.
        spare, bars = self.total - self.min_phase * self.phases, self.phases - 1
        places = np.sort(np.argsort(rng.random((most, spare + bars)), axis=1)[:, :bars], axis=1)
        return (places + self.min_phase * np.arange(1, bars + 1) - np.arange(bars) + 1)[:, None], False


def design_name(text: str) -> str:
    """The design that is meant: letters such as ``abab``, or ``multiple-baseline``.

    Parameters
    ----------
    text : str
        As a person wrote it.

    Raises
    ------
    StudyError
        When there is no such design here.

    Examples
    --------
    >>> design_name("ABAB "), design_name("mbd")
    ('abab', 'multiple-baseline')
    """
    name = text.strip().lower().replace("_", "-").replace(" ", "-")
    if name in (MULTIPLE_BASELINE, "mb", "mbd"):
        return MULTIPLE_BASELINE
    if 2 <= len(name) <= _MOST_PHASES and name == ("ab" * len(name))[: len(name)]:
        return name
    raise StudyError(
        f"design '{text.strip()}': can't be planned here; take letters that alternate and begin with baseline, such as "
        f"ab, aba or abab (up to {_MOST_PHASES}), or {MULTIPLE_BASELINE}",
        field="design",
    )


def planned_design(name: str, *, sessions: int, min_phase: int = 3, tiers: int = 3, window: int = 3) -> PlannedDesign:
    """Lay out a design with so many sessions a phase.

    A reversal design has phases of equal length; its draw (scheme ``phase-starts``) spreads the same sessions over
    phases of at least `min_phase`. In a multiple baseline of n sessions a phase and J tiers, the start of each tier is
    drawn from a window of w sessions (scheme ``start-windows``). The windows follow one another from session n + 1 on,
    the middle of each is the plan, and there are 2 n + w J - 1 sessions, so that any draw gives every phase n sessions.

    Parameters
    ----------
    name : str
        As for `design_name`.
    sessions : int
        Sessions a phase, 1 to 300.
    min_phase : int
        The shortest phase that the draw of a reversal design may give, from 1; no longer than `sessions` at most.
    tiers : int
        Tiers of a multiple baseline, 2 to 8.
    window : int
        Sessions in each start window of a multiple baseline, 1 to 20.

    Returns
    -------
    PlannedDesign

    Raises
    ------
    StudyError
        When a number is out of its range.

    References
    ----------
    Onghena (1992), Behavioral Assessment 14, 153-171. Levin, J. R., Ferron, J. M., & Gafurov, B. S. (2018). Comparison
    of randomization-test procedures for single-case multiple-baseline designs. Developmental Neurorehabilitation,
    21(5), 290-311. https://doi.org/10.1080/17518423.2016.1197708

    Examples
    --------
    >>> plan = planned_design("abab", sessions=5)
    >>> plan.total, plan.admissible, plan.grade
    (20, 165, 'meets without reservations')
    >>> planned_design("multiple-baseline", sessions=5).windows
    ((6, 8), (9, 11), (12, 14))
    """
    name = design_name(name)
    for what, number, field, most in (
        ("sessions a phase", sessions, "sessions", _MOST_SESSIONS),
        ("shortest phase of a draw", min_phase, "min_phase", _MOST_SESSIONS),
    ):
        if not 1 <= number <= most:
            raise StudyError(f"plan: {what} must be 1 to {most} (got {number})", field=field)
    if not 1 <= window <= _WIDEST:
        raise StudyError(f"plan: a start window must be 1 to {_WIDEST} sessions wide (got {window})", field="window")
    if not 2 <= tiers <= _MOST_TIERS:
        raise StudyError(f"plan: a multiple baseline has 2 to {_MOST_TIERS} tiers here (got {tiers})", field="tiers")
    if name == MULTIPLE_BASELINE:
        return _staggered(sessions, tiers, window)
    least, phases = min(min_phase, sessions), len(name)
    total = sessions * phases
    letters = name.upper()
    return PlannedDesign(
        name=name,
        sessions=sessions,
        total=total,
        phases=phases,
        starts=(tuple(1 + sessions * i for i in range(1, phases)),),
        windows=(),
        min_phase=least,
        admissible=count_phase_starts(sessions=total, phases=phases, min_phase=least),
        grade=_grade(reversal(measures=[_MEASURE], phases=letters, sessions=sessions, code="PLAN22")),
        drawn_grade=_grade(reversal(measures=[_MEASURE], phases=letters, sessions=least, code="PLAN22")),
    )


def _staggered(sessions: int, tiers: int, width: int) -> PlannedDesign:
    windows = tuple((sessions + 1 + width * i, sessions + width * (i + 1)) for i in range(tiers))
    total = 2 * sessions + width * tiers - 1
    grades = [
        _grade(
            multiple_baseline(
                measures=[_MEASURE], cases=tiers, across="clients", starts=starts, sessions=total, code="PLAN22"
            )
        )
        for starts in zip(*((first, (first + last) // 2, last) for first, last in windows), strict=True)
    ]
    order: tuple[WwcGrade, ...] = ("does not meet", "meets with reservations", "meets without reservations")
    return PlannedDesign(
        name=MULTIPLE_BASELINE,
        sessions=sessions,
        total=total,
        phases=2,
        starts=tuple(((first + last) // 2,) for first, last in windows),
        windows=windows,
        min_phase=sessions,
        admissible=count_start_windows(windows=windows, sessions=total, min_phase=sessions),
        grade=grades[1],
        drawn_grade=min(grades, key=order.index),
    )


def _grade(study: Study) -> WwcGrade:
    return grade_wwc(study).grade
