"""Schemes: the stated ways in which a schedule can be drawn, each of which fixes a reference set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from scd.design.schedules import whole_number
from scd.language import gettext as _
from scd.language import ngettext, thousands
from scd.study import Randomization, StudyError
from scd.study.randomization import SchemeName

__all__ = ["STAIRCASES", "Scheme", "scheme_of"]

STAIRCASES = frozenset({"start-windows", "marascuilo-busk", "wampold-worsham", "koehler-levin"})
"""The schemes of multiple baselines: one draw for all cases together."""

_ALTERNATIONS = frozenset({"alternating", "blocks"})


@dataclass(frozen=True)
class Scheme:
    """A stated way of drawing a schedule, each admissible assignment being equally likely.

    With N cases and start points as listed, the assignments of a multiple baseline count: ``marascuilo-busk`` the
    product of the numbers of start points, ``wampold-worsham`` N!, ``koehler-levin`` N! times that product (every case
    may get every list of start points, as in R's SCRT).

    Parameters
    ----------
    name : str
        - ``phase-starts``: when each phase after the first starts (AB, ABA, ABAB, …), every phase at least `min_phase`
          sessions long (Edgington 1975, Onghena 1992);
        - ``marascuilo-busk``: each case's start on its own, within the case's own window, else anywhere that leaves
          both phases `min_phase` sessions (Marascuilo and Busk 1988);
        - ``start-windows``: the same with windows that follow one another (Levin, Ferron and Gafurov 2018);
        - ``wampold-worsham``: which case gets which of the fixed starts (Wampold and Worsham 1986);
        - ``koehler-levin``: which case gets which window, and the start within it (Koehler and Levin 1998);
        - ``alternating``: the order of the sessions, with as many of each condition as there were and at most
          `max_consecutive` in a row (completely randomised where None; Onghena and Edgington 1994);
        - ``blocks``: the order of the sessions within blocks of `block_size`, half of each block under each condition;
        - ``custom``: one of the `assignments`.
    min_phase : int
        The smallest phase, in sessions, from 1.
    windows : tuple of (int, int)
        First and last start, session numbers: of each case in the study's order, or for ``koehler-levin`` of each step
        of the staircase.
    starts : tuple of tuple of int
        In place of `windows`: every start point listed, such as ``((5, 7, 9), (6, 8))``.
    max_consecutive : int, optional
        From 1; None means any number.
    block_size : int
        Even, from 2.
    assignments : tuple of tuple of str
        Each assignment as one order a case: ``(("AABB",), ("ABAB",))`` for one case.

    Raises
    ------
    StudyError
        When the scheme is unknown, or what it needs is missing or senseless.

    References
    ----------
    Edgington (1975), doi:10.1080/00223980.1975.9923926. Onghena (1992), Behavioral Assessment 14, 153–171. Marascuilo
    and Busk (1988), Behavioral Assessment 10, 1–28. Wampold and Worsham (1986), Behavioral Assessment 8, 135–143.
    Koehler and Levin (1998), doi:10.1037/1082-989X.3.2.206. Levin, Ferron and Gafurov (2018),
    doi:10.1080/17518423.2016.1197708. Onghena and Edgington (1994), doi:10.1016/0005-7967(94)90036-1.

    Examples
    --------
    >>> Scheme("phase-starts", min_phase=4).words
    'random phase starts, at least 4 sessions in every phase'
    >>> Scheme("koehler-levin", windows=((5, 7), (9, 11))).start_points
    ((5, 6, 7), (9, 10, 11))
    """

    name: SchemeName
    min_phase: int = 1
    windows: tuple[tuple[int, int], ...] = ()
    starts: tuple[tuple[int, ...], ...] = ()
    max_consecutive: int | None = None
    block_size: int = 2
    assignments: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.name not in get_args(SchemeName):
            known = ", ".join(get_args(SchemeName))
            raise StudyError(f"scheme: must be one of {known} (got {self.name!r})", field="scheme")
        whole_number(self.min_phase, field="min_phase", what="the smallest phase length", least=1)
        if self.max_consecutive is not None:
            what = "the most sessions in a row under one condition"
            whole_number(self.max_consecutive, field="max_consecutive", what=what, least=1)
        object.__setattr__(self, "windows", _windows(self.windows))
        object.__setattr__(self, "starts", _lists(self.starts))
        object.__setattr__(self, "assignments", _assignments(self.assignments))
        if self.windows and self.starts:
            raise StudyError("scheme: windows and start points are both given; keep one of the two", field="windows")
        if self.name == "koehler-levin" and not self.start_points:
            raise StudyError(
                "koehler-levin: needs the start windows, one for each step of the staircase, such as 5-7, 9-11, 15-17",
                field="windows",
            )
        if (self.name == "custom") != bool(self.assignments):
            raise StudyError(
                "custom scheme: needs the list of all admissible assignments, and no other scheme takes one",
                field="assignments",
            )

    @property
    def start_points(self) -> tuple[tuple[int, ...], ...]:
        """The start points of each window, in order; empty when none were given."""
        return self.starts or tuple(tuple(range(first, last + 1)) for first, last in self.windows)

    @property
    def joint(self) -> bool:
        """Whether one draw decides about all cases together."""
        return self.name in STAIRCASES or bool(self.assignments and len(self.assignments[0]) > 1)

    @property
    def alternates(self) -> bool:
        """Whether conditions alternate from session to session, without phases."""
        return self.name in _ALTERNATIONS

    @property
    def words(self) -> str:
        """The scheme in words."""
        points = "; ".join(_span(points) for points in self.start_points)
        least = ngettext(
            "at least {n} session in every phase", "at least {n} sessions in every phase", self.min_phase
        ).format(n=self.min_phase)
        within = _("starts within {points}").format(points=points) if points else least
        runs = (
            _("at most {max_consecutive} in a row").format(max_consecutive=self.max_consecutive)
            if self.max_consecutive
            else _("completely randomised")
        )
        return {
            "phase-starts": _("random phase starts, {least}").format(least=least),
            "start-windows": _("restricted Marascuilo–Busk: each case's start within its own window, {within}").format(
                within=within
            ),
            "marascuilo-busk": _("Marascuilo–Busk: each case's start on its own, {within}").format(within=within),
            "wampold-worsham": _("Wampold–Worsham: which case gets which of the fixed starts"),
            "koehler-levin": _("Koehler–Levin: which case gets which window, and the start within it, {within}").format(
                within=within
            ),
            "alternating": _("alternating treatments, {runs}").format(runs=runs),
            "blocks": _("alternating treatments in random blocks of {block_size}").format(block_size=self.block_size),
            "custom": _("one of {assignments} listed assignments").format(assignments=thousands(len(self.assignments))),
        }[self.name]


def scheme_of(randomization: Randomization) -> Scheme:
    """The scheme of a stored draw.

    Parameters
    ----------
    randomization : scd.study.Randomization
        The stored draw.

    Returns
    -------
    Scheme

    Raises
    ------
    StudyError
        When the stored constraints make no scheme.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.design.randomization import draw_phase_starts
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> scheme_of(draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=now))
    Scheme(name='phase-starts', min_phase=4, windows=(), starts=(), max_consecutive=None, block_size=2, assignments=())
    """
    return Scheme(
        randomization.scheme,
        min_phase=randomization.min_phase,
        windows=randomization.windows,
        max_consecutive=randomization.max_consecutive,
        block_size=2 if randomization.block_size is None else randomization.block_size,
        assignments=randomization.assignments,
    )


def _windows(windows: Sequence[Sequence[int]]) -> tuple[tuple[int, int], ...]:
    checked = []
    for number, window in enumerate(windows, start=1):
        where = f"start window {number}"
        if len(window) != 2:
            raise StudyError(f"{where}: needs a first and a last session (got {tuple(window)})", field="windows")
        first, last = (whole_number(end, field="windows", what=where, least=1) for end in window)
        if last < first:
            raise StudyError(
                f"{where}: its last session must not lie before its first (got {first} to {last})", field="windows"
            )
        checked.append((first, last))
    return tuple(checked)


def _lists(starts: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    checked = []
    for number, points in enumerate(starts, start=1):
        where = f"start points {number}"
        row = tuple(whole_number(point, field="starts", what=where, least=1) for point in points)
        if not row or len(set(row)) < len(row):
            raise StudyError(f"{where}: needs at least one session, and each once (got {list(row)})", field="starts")
        checked.append(tuple(sorted(row)))
    return tuple(checked)


def _assignments(assignments: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    rows = tuple((row,) if isinstance(row, str) else tuple(row) for row in assignments)
    for number, row in enumerate(rows, start=1):
        if not row or any(not order or set(order) - {"A", "B"} for order in row):
            raise StudyError(
                f"assignment {number}: must be one order of A and B a case, such as 'AABB' (got {row!r})",
                field="assignments",
            )
        if [len(order) for order in row] != [len(order) for order in rows[0]]:
            raise StudyError(
                f"assignment {number}: has other cases or another number of sessions than the first",
                field="assignments",
            )
    first: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows, start=1):
        if first.setdefault(row, number) != number:
            raise StudyError(
                f"assignment {number}: is the same as assignment {first[row]}; list each once", field="assignments"
            )
    return rows


def _span(points: Sequence[int]) -> str:
    if len(points) > 2 and list(points) == list(range(points[0], points[-1] + 1)):
        return f"{points[0]}–{points[-1]}"
    return ", ".join(map(str, points))
