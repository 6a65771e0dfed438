"""Points counted phase by phase: as planned, as recorded, and as far as a running study can still get."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cmp_to_key
from itertools import pairwise
from typing import NamedTuple

from scd.language import gettext as _
from scd.study import Case, Measure, Study

__all__ = [
    "PhaseTally",
    "counted_outcome",
    "stagger_faults",
    "staggered_tiers",
    "tally_plan",
    "tally_reach",
    "tally_record",
]

When = tuple[int, dt.date | None]
"""A session's number and, where it has one, its date."""


class PhaseTally(NamedTuple):
    """One phase of one case and its points.

    Parameters
    ----------
    case, label, condition : str
        The phase.
    points : int
        How many points it has.
    begun : bool
        False for a phase that lies ahead.
    start : tuple of (int, date or None)
        Its first session.
    first, last : tuple of (int, date or None), optional
        Its first and its last point.
    """

    case: str
    label: str
    condition: str
    points: int
    begun: bool
    start: When
    first: When | None
    last: When | None


_Tier = tuple[PhaseTally, PhaseTally]  # the baseline and the intervention that follows it


def counted_outcome(study: Study, *, case: str, measure: str | None = None) -> Measure | None:
    """The measure of a case that standards look at: the one asked for where the case has it, else its first outcome.

    Parameters
    ----------
    study : Study
        The study.
    case : str
        Code of the case.
    measure : str, optional
        Key of a measure.

    Returns
    -------
    Measure or None
        None where the case has no outcome.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> counted_outcome(reversal(measures=[mood], phases="AB", sessions=3, code="K7M2"), case="K7M2").label
    'Mood'
    """
    own = study.measures_of(study.case(case))
    asked = [m for m in own if m.key == measure]
    return next(iter(asked + [m for m in own if m.role == "outcome"]), None)


def tally_plan(study: Study, measures: Mapping[str, str | None]) -> list[list[PhaseTally]]:
    """Points if every session of the plan as made gives one.

    Parameters
    ----------
    study : Study
        The study.
    measures : mapping of case code to measure key or None
        What is counted; None counts nothing.

    Returns
    -------
    list of list of PhaseTally
        One row a case.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", sessions=[5, 7], code="K7M2")
    >>> [p.points for p in tally_plan(study, {"K7M2": "mood"})[0]]
    [5, 7]
    """
    rows = []
    for case in study.cases:
        starts = [p.planned_start for p in case.phases]
        row = []
        for phase, start, end in zip(case.phases, starts, _ends(study, case, starts), strict=True):
            points = max(0, end - start + 1) if measures[case.code] is not None else 0
            first, last = ((start, None), (end, None)) if points else (None, None)
            row.append(PhaseTally(case.code, phase.label, phase.condition, points, True, (start, None), first, last))
        rows.append(row)
    return rows


def tally_record(study: Study, measures: Mapping[str, str | None]) -> list[list[PhaseTally]]:
    """Points that were observed; a missed session gives none.

    Parameters
    ----------
    study, measures
        As for `tally_plan`.

    Returns
    -------
    list of list of PhaseTally
        One row a case.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", sessions=3, code="K7M2")
    >>> case = study.cases[0].record(Session(number=1, values=(Value(measure="mood", value=4),)), Session(number=2))
    >>> [(p.points, p.begun) for p in tally_record(study.with_case(case), {"K7M2": "mood"})[0]]
    [(1, True), (0, False)]
    """
    rows = []
    for case in study.cases:
        points: dict[str, list[When]] = {p.label: [] for p in case.phases}
        held: dict[str, list[When]] = {p.label: [] for p in case.phases}
        key = measures[case.code]
        for session in case.sessions:
            label = case.phase_at(session.number).label
            held[label].append((session.number, session.date))
            if key is not None and session.value(key) is not None:
                points[label].append((session.number, session.date))
        last_session = case.sessions[-1].number if case.sessions else 0
        row = []
        for phase in case.phases:
            seen = points[phase.label]
            dates = [date for _, date in held[phase.label] if date is not None]
            row.append(
                PhaseTally(
                    case=case.code,
                    label=phase.label,
                    condition=phase.condition,
                    points=len(seen),
                    begun=phase.start <= last_session,
                    start=(phase.start, dates[0] if dates else None),
                    first=seen[0] if seen else None,
                    last=seen[-1] if seen else None,
                )
            )
        rows.append(row)
    return rows


def tally_reach(study: Study, measures: Mapping[str, str | None]) -> list[list[PhaseTally]]:
    """Points that were observed, and one for every planned session after the last one that is recorded.

    Parameters
    ----------
    study, measures
        As for `tally_plan`.

    Returns
    -------
    list of list of PhaseTally
        One row a case.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", sessions=3, code="K7M2")
    >>> case = study.cases[0].record(Session(number=1, values=(Value(measure="mood", value=4),)), Session(number=2))
    >>> [p.points for p in tally_reach(study.with_case(case), {"K7M2": "mood"})[0]]
    [2, 3]
    """
    rows = []
    for case, recorded in zip(study.cases, tally_record(study, measures), strict=True):
        last_session = case.sessions[-1].number if case.sessions else 0
        starts = [p.start for p in case.phases]
        row = []
        for tally, start, end in zip(recorded, starts, _ends(study, case, starts), strict=True):
            ahead = max(start, last_session + 1)
            if measures[case.code] is not None and ahead <= end:
                tally = tally._replace(
                    points=tally.points + end - ahead + 1, first=tally.first or (ahead, None), last=(end, None)
                )
            row.append(tally._replace(begun=True))
        rows.append(row)
    return rows


def staggered_tiers(rows: list[list[PhaseTally]], *, least: int) -> int:
    """How many tiers demonstrate the effect at their own time.

    The largest number of tiers, each with a baseline and an intervention of at least `least` points, of which each
    starts later than the one before, still has a baseline point at or after that start, and has its first baseline
    point before the first tier starts.

    Parameters
    ----------
    rows : list of list of PhaseTally
        One row a tier.
    least : int
        Points a phase.

    Returns
    -------
    int
        0 when no tier has both phases.

    Examples
    --------
    >>> from scd.design.plans import multiple_baseline
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = multiple_baseline(measures=[mood], cases=3, across="settings", starts=[6, 8, 10], sessions=14)
    >>> staggered_tiers(tally_plan(study, {c.code: "mood" for c in study.cases}), least=5)
    3
    """
    tiers = [t for row in rows if (t := _introduction(row)) is not None and min(t[0].points, t[1].points) >= least]
    tiers.sort(key=cmp_to_key(_by_start))
    best = 0
    for i, top in enumerate(tiers):
        chains: list[tuple[_Tier, int]] = [(top, 1)]  # the longest staircase from the top down to each tier
        for lower in tiers[i + 1 :]:
            if _follows(top, lower):
                chains.append((lower, 1 + max(length for tier, length in chains if _follows(tier, lower))))
        best = max(best, *(length for _, length in chains))
    return best


def stagger_faults(rows: list[list[PhaseTally]]) -> list[str]:
    """What is wrong with the staircase, in words; at most one fault a tier.

    Parameters
    ----------
    rows : list of list of PhaseTally
        One row a tier.

    Returns
    -------
    list of str
        Empty when every tier starts at its own time while the later ones are in baseline.

    Examples
    --------
    >>> stagger_faults([])
    []
    """
    tiers = [t for row in rows if (t := _introduction(row)) is not None and t[0].points and t[1].points]
    faults: dict[str, str] = {}
    for i, one in enumerate(tiers):
        for other in tiers[i + 1 :]:
            earlier, later = (one, other) if _before(one[1].start, other[1].start) else (other, one)
            if later[0].case in faults or _follows(earlier, later):
                continue
            first, second = earlier[0].case, later[0].case
            if not _before(earlier[1].start, later[1].start):
                faults[second] = _("cases {first} and {second} start the intervention at the same time").format(
                    first=one[0].case, second=other[0].case
                )
            elif not _before(later[0].first, earlier[1].start):
                faults[second] = _(
                    "case {second} has no baseline point before case {first} starts the intervention"
                ).format(second=second, first=first)
            else:
                faults[second] = _(
                    "case {second} has no baseline point after case {first} started the intervention"
                ).format(second=second, first=first)
    return list(faults.values())


def _introduction(row: list[PhaseTally]) -> _Tier | None:
    return next(((a, b) for a, b in pairwise(row) if (a.condition, b.condition) == ("A", "B")), None)


def _follows(earlier: _Tier, later: _Tier) -> bool:
    start = earlier[1].start
    return _before(start, later[1].start) and _before(later[0].first, start) and not _before(later[0].last, start)


def _by_start(one: _Tier, other: _Tier) -> int:
    return _before(other[1].start, one[1].start) - _before(one[1].start, other[1].start)


def _before(one: When | None, other: When | None) -> bool:
    # Dates decide where both have one: two clients' session numbers need not run together.
    if one is None or other is None:
        return False
    if one[1] is not None and other[1] is not None:
        return one[1] < other[1]
    return one[0] < other[0]


def _ends(study: Study, case: Case, starts: list[int]) -> list[int]:
    recorded = case.sessions[-1].number if case.sessions else 0
    last = study.sessions_planned or max(recorded, starts[-1] - 1)
    return [start - 1 for start in starts[1:]] + [last]
