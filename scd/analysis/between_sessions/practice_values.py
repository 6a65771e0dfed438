"""What was found of practice, as plain values: session by session, phase by phase, and how the effect goes with it."""

from __future__ import annotations

import datetime as dt

from scd.study.record import Record, Text

__all__ = ["CourseRow", "DoseFound", "DoseRow", "FollowPhase", "FollowRow", "Obstacle", "PracticeFound"]


class FollowRow(Record):
    """What was planned and done at one session; see `scd.analysis.practice.follow_through.follow_through`."""

    case: str
    practice: str
    session: int
    date: dt.date | None
    phase: str
    condition: str
    planned: float | None
    done: float | None
    share: float | None
    obstacle: bool
    missed: bool


class FollowPhase(Record):
    """Follow-through in one phase; see `scd.analysis.practice.follow_through.follow_through_table`."""

    case: str
    practice: str
    phase: str
    due: int
    known: int
    planned: float | None
    done: float | None
    share: float | None
    sessions_as_planned: int
    obstacles: int


class Obstacle(Record):
    """What got in the way of practice at one session, in the words of the record."""

    session: int
    date: dt.date | None
    text: Text


class DoseRow(Record):
    """One quantity of how the effect goes with practice; see `scd.analysis.practice.dose_effects.dose_effects`."""

    case: str
    measure: str
    practice: str
    quantity: str
    mean: float | None
    sd: float | None
    median: float
    lower: float
    upper: float
    ci_prob: float
    p_improvement: float | None


class CourseRow(Record):
    """The expected value at one session with one amount of practice."""

    case: str
    phase: str
    session: int
    practice: str
    mean: float
    lower: float
    upper: float


class DoseFound(Record):
    """How the effect goes with practice.

    Parameters
    ----------
    rows : tuple of DoseRow
    courses : tuple of CourseRow
    told_apart : bool
        Whether practice varies enough within phases to be told from the phase.
    text, client_text : tuple of str
    """

    rows: tuple[DoseRow, ...]
    courses: tuple[CourseRow, ...]
    told_apart: bool
    text: tuple[str, ...]
    client_text: tuple[str, ...]


class PracticeFound(Record):
    """One measure of practice of one client.

    Parameters
    ----------
    practice, measure : str
        Keys of the measure of practice, and of the outcome that it stands beside.
    sessions : tuple of FollowRow
    phases : tuple of FollowPhase
        A row a phase, then one over all phases under intervention.
    obstacles : tuple of Obstacle
        In the order of the sessions; none on a client's page.
    text, client_text : tuple of str
        Follow-through in words.
    dose : DoseFound or None
        None where it can't be told.
    problem : str
        Why not; else empty.
    """

    practice: str
    measure: str
    sessions: tuple[FollowRow, ...]
    phases: tuple[FollowPhase, ...]
    obstacles: tuple[Obstacle, ...]
    text: tuple[str, ...]
    client_text: tuple[str, ...]
    dose: DoseFound | None = None
    problem: str = ""
