"""The phase starts of a plan: chosen by hand or taken from a stored draw, and checked either way."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from scd.design.randomization import assignment_is_admissible
from scd.design.schedules import whole_number
from scd.study import Randomization, StudyError

__all__ = ["chosen_starts", "drawn_starts", "staggered_starts"]

_ANY = -100_000  # zero and below have their own words


def chosen_starts(starts: Sequence[int], *, labels: Sequence[str], sessions: int, case: str) -> tuple[int, ...]:
    """The starts of a reversal design, chosen by hand.

    Parameters
    ----------
    starts : sequence of int
        The first session of every phase after the first.
    labels : sequence of str
        The labels of all phases.
    sessions : int
        Planned sessions in all.
    case : str
        The case's code, for the error.

    Raises
    ------
    StudyError
        When a start is missing or leaves a phase without a session; field ``starts``.

    Examples
    --------
    >>> chosen_starts([6, 11], labels=["A1", "B1", "A2"], sessions=15, case="K7M2")
    (6, 11)
    """
    if len(starts) != len(labels) - 1:
        raise StudyError(
            f"case '{case}': needs a start for each phase after the first, {', '.join(labels[1:])} (got {len(starts)})",
            field="starts",
        )
    before, checked = 1, []
    for i, start in enumerate(starts, start=1):
        where = f"case '{case}', phase '{labels[i]}'"
        start = whole_number(start, field="starts", what=f"{where}, start", least=_ANY)
        if start <= before:
            raise StudyError(
                f"case '{case}', phase '{labels[i - 1]}': needs at least 1 session (it starts at session {before}, "
                f"'{labels[i]}' at {start}); give '{labels[i]}' a later start",
                field="starts",
            )
        _refuse_after_end(start, sessions, where)
        checked.append(start)
        before = start
    return tuple(checked)


def staggered_starts(
    starts: Sequence[int] | None, *, cases: Sequence[str], sessions: int, study: str
) -> tuple[int, ...]:
    """The starts of a multiple baseline, chosen by hand, each later than the one before.

    Parameters
    ----------
    starts : sequence of int or None
        The first intervention session of each case.
    cases : sequence of str
        The cases' codes from the top of the staircase down.
    sessions : int
        Planned sessions in all.
    study : str
        The study's code, for the error.

    Raises
    ------
    StudyError
        When a start is missing, isn't later than the one before, or leaves a phase without a session; field
        ``starts``.

    Examples
    --------
    >>> staggered_starts([6, 9], cases=["K7M2", "P4QX"], sessions=15, study="S1")
    (6, 9)
    """
    if starts is None or len(starts) != len(cases):
        got = "none" if starts is None else len(starts)
        raise StudyError(
            f"study '{study}': needs a start of the intervention for each of its {len(cases)} cases (got {got}); "
            "give them, or draw them at random",
            field="starts",
        )
    checked: list[int] = []
    for i, case in enumerate(cases):
        start = whole_number(starts[i], field="starts", what=f"case '{case}', phase 'B1', start", least=_ANY)
        if start < 2:
            raise StudyError(
                f"case '{case}', phase 'A1': needs at least 1 session ('B1' starts at session {start}); "
                "give 'B1' a later start",
                field="starts",
            )
        if checked and start <= checked[-1]:
            raise StudyError(
                f"case '{case}', phase 'B1': must start later than that of case '{cases[i - 1]}' before it "
                f"(got session {start} after session {checked[-1]}); stagger the starts",
                field="starts",
            )
        _refuse_after_end(start, sessions, f"case '{case}', phase 'B1'")
        checked.append(start)
    return tuple(checked)


def drawn_starts(
    randomization: Randomization, *, schemes: Collection[str], rows: int, starts_a_row: int
) -> tuple[tuple[int, ...], ...]:
    """The starts that a stored draw gives to a design of the same form.

    Parameters
    ----------
    randomization : Randomization
        The stored draw.
    schemes : collection of str
        The schemes that the design may have been drawn by.
    rows, starts_a_row : int
        Its number of cases, and of phases after the first.

    Raises
    ------
    StudyError
        When the draw is for another design, or does not lie in the set that it states; field ``randomization``.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.design.randomization import draw_phase_starts
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw = draw_phase_starts(sessions=20, phases=4, min_phase=5, seed=1, drawn_at=now)
    >>> drawn_starts(draw, schemes=["phase-starts"], rows=1, starts_a_row=3)
    ((6, 11, 16),)
    """
    starts = randomization.starts
    if randomization.scheme not in schemes:
        needed = " or ".join(f"'{name}'" for name in sorted(schemes))
        raise StudyError(
            f"stored draw: this design needs one by scheme {needed} (got '{randomization.scheme}')",
            field="randomization",
        )
    if len(starts) != rows or any(len(row) != starts_a_row for row in starts):
        got = f"{len(starts)} × {len(starts[0]) if starts else 0}"
        raise StudyError(
            f"stored draw: this design needs {rows} × {starts_a_row} starts, cases × phases after the first "
            f"(got {got}); draw anew for this design",
            field="randomization",
        )
    if not assignment_is_admissible(randomization):
        raise StudyError(
            "stored draw: its starts or its count don't fit the set that it states; draw anew", field="randomization"
        )
    return starts


def _refuse_after_end(start: int, sessions: int, where: str) -> None:
    if start > sessions:
        raise StudyError(
            f"{where}: needs at least 1 session (it starts at session {start}, the plan ends at {sessions}); "
            "give it an earlier start, or plan more sessions",
            field="starts",
        )
