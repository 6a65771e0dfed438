"""What a masked study's schedule was drawn from, as far as the analyst may know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scd.analysis.randomization_test.assigned import Assigned, assigned_as_drawn, assigned_as_recorded
from scd.analysis.visual.masked_records import HowDrawn
from scd.design.courses import starts_of
from scd.design.reference import reference_set
from scd.design.schemes import Scheme, scheme_of
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scd.study import Measure, Study

__all__ = ["drawn_cases", "how_drawn"]

_OWN_STARTS = ("start-windows", "marascuilo-busk")


def drawn_cases(
    study: Study, *, measures: Mapping[str, Measure], stated: Scheme | None = None
) -> tuple[tuple[Assigned, ...], Scheme, int]:
    """The cases with their values, the scheme of their schedule, and how many assignments it allows.

    Parameters
    ----------
    study : Study
        With a stored draw that was followed, or without one where a scheme is stated.
    measures : mapping of str to Measure
        For each case's code, whose values.
    stated : Scheme, optional
        How the schedule was drawn, where the study holds no draw.

    Returns
    -------
    cases : tuple of Assigned
        In the study's order, with every session from 1 on.
    scheme : Scheme
    arrangements : int

    Raises
    ------
    StudyError
        When there is no draw and none is stated, or both; when the schedule departed from it or lies outside it; and,
        where it is stated, when sessions, values or conditions are not all there.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", sessions=[4, 6], code="K7M2")
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=n % 3),)) for n in range(1, 11)]
    >>> study = study.with_case(study.cases[0].record(*rows))
    >>> drawn_cases(study, measures={"K7M2": mood}, stated=Scheme("phase-starts", min_phase=3))[2]
    5
    """
    if stated is None:
        held, _ = assigned_as_drawn(study, measures=measures)
        assert study.randomization is not None  # assigned_as_drawn refuses a study without
        return held, scheme_of(study.randomization), study.randomization.admissible
    if study.randomization is not None:
        raise StudyError(f"study '{study.code}': has a stored draw, which decides; state no other", field="stated")
    held, _ = assigned_as_recorded(study, measures=measures, scheme=stated)
    for case in study.cases:
        _refuse_gaps(case.code, {one.course.case: one.course.sessions for one in held}.get(case.code, ()), study)
    size = reference_set(stated, tuple(one.course for one in held)).size
    if stated.name == "wampold-worsham" and not stated.start_points:
        # Otherwise any starts would be admissible in a guess.
        stated = Scheme(stated.name, starts=tuple((start,) for start in sorted(one.course.start for one in held)))
    return held, stated, size


def how_drawn(
    scheme: Scheme, *, places: Sequence[int], orders: Sequence[str], arrangements: int, stated: bool = False
) -> HowDrawn:
    """The rules of a draw, with what belongs to a case in the order of the graphs.

    Parameters
    ----------
    scheme : Scheme
        How the schedule was drawn.
    places : sequence of int
        For each graph, which case of the study it shows, from 0.
    orders : sequence of str
        For each graph, the condition of every session.
    arrangements : int
        How many assignments there are.
    stated : bool
        Whether no record of the draw is there.

    Returns
    -------
    HowDrawn
        Nothing in it depends on which of the assignments came about.

    Examples
    --------
    >>> scheme = Scheme("start-windows", windows=((3, 4), (5, 6)))
    >>> how_drawn(scheme, places=(1, 0), orders=("AAAABBB", "AABBBBB"), arrangements=4).windows
    ((5, 6), (3, 4))
    """
    phased = not scheme.alternates and scheme.name != "custom"
    own = scheme.name in _OWN_STARTS
    return HowDrawn(
        name=scheme.name,
        min_phase=scheme.min_phase,
        windows=tuple(scheme.windows[i] for i in places) if own and scheme.windows else scheme.windows,
        starts=tuple(scheme.starts[i] for i in places) if own and scheme.starts else scheme.starts,
        max_consecutive=scheme.max_consecutive,
        block_size=scheme.block_size,
        assignments=tuple(tuple(row[i] for i in places) for row in scheme.assignments),
        begins="B" if phased and orders[0].startswith("B") else "A" if phased else "",
        phases=len(starts_of(orders[0])) + 1 if phased else 0,
        treated=orders[0].count("B") if scheme.name == "alternating" else 0,
        arrangements=arrangements,
        stated=stated,
    )


def _refuse_gaps(case: str, sessions: tuple[int, ...], study: Study) -> None:
    """A graph has every session from 1 on: what is not there could not be named in a guess."""
    last = study.case(case).sessions[-1].number if study.case(case).sessions else 0
    if not sessions:
        raise StudyError(f"case '{case}': has no value; take it out of the table before masking", field="sessions")
    missing = sorted(set(range(1, last + 1)) - set(sessions))
    if missing:
        raise StudyError(
            f"case '{case}': sessions are not all there (the first that is missing is {missing[0]}); a masked analysis "
            "needs every session from 1 on, under A or B; give those that were missed an empty value",
            field="sessions",
        )
