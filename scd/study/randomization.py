"""The draw that decided a study's schedule, as it is stored."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from scd.study.errors import StudyError
from scd.study.record import Record

__all__ = ["Order", "Randomization", "SchemeName"]

SchemeName = Literal[
    "phase-starts",
    "start-windows",
    "marascuilo-busk",
    "wampold-worsham",
    "koehler-levin",
    "alternating",
    "blocks",
    "custom",
]
"""How a schedule is drawn; `scd.design.Scheme` tells what each of them means."""

Order = Annotated[str, StringConstraints(pattern=r"^[AB]+$", max_length=100_000)]
"""The condition of every session of a case, one letter a session: ``AABBA``."""


class Randomization(Record):
    """The draw that decided a schedule, kept for good: a randomisation test reads its reference set from here.

    Parameters
    ----------
    scheme : str
        ``phase-starts`` (reversal designs); ``start-windows`` (multiple baseline, staggered windows),
        ``marascuilo-busk``, ``wampold-worsham`` or ``koehler-levin`` (multiple baseline); ``alternating`` or
        ``blocks`` (alternating treatments); ``custom`` (a list of assignments). See `scd.design.Scheme`.
    min_phase : int
        The smallest phase length in every admissible assignment; 1 for alternating treatments.
    sessions : int
        Planned sessions in all.
    windows : tuple of (int, int)
        First and last admissible start: of each case in order (``start-windows``, ``marascuilo-busk``), or of each
        step of the staircase, whichever case gets it (``wampold-worsham``, ``koehler-levin``).
    max_consecutive : int, optional
        For ``alternating``: the most sessions in a row under one condition; None means any number.
    block_size : int, optional
        For ``blocks``: sessions in a block, half of them under each condition.
    assignments : tuple of tuple of str
        For ``custom``: every admissible assignment, as one order (``"AABB"``) a case.
    admissible : int
        How many assignments the draw could have given.
    seed : int
        The seed of the draw.
    starts : tuple of tuple of int
        The drawn assignment: for each case, the first session of every phase after the first. In alternating
        treatments a phase is a run of sessions under one condition.
    begins : tuple of {"A", "B"}
        The condition that each case begins with; empty means that all begin with A.
    drawn_at : datetime.datetime
        When it was drawn, with time zone.

    Raises
    ------
    StudyError
        When `begins` is not one a case.

    Examples
    --------
    >>> draw = Randomization(
    ...     scheme="blocks", block_size=2, min_phase=1, sessions=6, admissible=8, seed=1, starts=((2, 4, 6),),
    ...     begins=("B",), drawn_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC),
    ... )
    >>> draw.orders
    ('BAABBA',)
    """

    scheme: SchemeName
    min_phase: Annotated[int, Field(ge=1)]
    sessions: Annotated[int, Field(ge=2)]
    windows: tuple[tuple[int, int], ...] = ()
    max_consecutive: Annotated[int, Field(ge=1)] | None = None
    block_size: Annotated[int, Field(ge=2)] | None = None
    assignments: tuple[tuple[Order, ...], ...] = ()
    admissible: Annotated[int, Field(ge=1)]
    seed: Annotated[int, Field(ge=0)]
    starts: tuple[tuple[int, ...], ...]
    begins: tuple[Literal["A", "B"], ...] = ()
    drawn_at: dt.datetime

    @model_validator(mode="after")
    def _begins_each_case_once(self) -> Self:
        if self.begins and len(self.begins) != len(self.starts):
            raise StudyError(
                f"stored draw: says what {len(self.begins)} cases begin with, and where {len(self.starts)} cases "
                "change; it needs both for each case",
                field="begins",
            )
        return self

    @property
    def orders(self) -> tuple[str, ...]:
        """The drawn assignment as one order a case: the condition of every session."""
        begins = self.begins or ("A",) * len(self.starts)
        return tuple(self._order(first, row) for first, row in zip(begins, self.starts, strict=True))

    @property
    def smallest_p(self) -> float:
        """The smallest p that a one-sided randomisation test could reach with this reference set."""
        return 1 / self.admissible

    def _order(self, first: str, starts: tuple[int, ...]) -> str:
        letters = (first, "B" if first == "A" else "A")
        edges = (1, *starts, self.sessions + 1)
        return "".join(letters[i % 2] * (b - a) for i, (a, b) in enumerate(pairwise(edges)))
