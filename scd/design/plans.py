"""Plans: a study with its phases laid out and no data yet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal

from scd.design.schedules import whole_number
from scd.design.schemes import STAIRCASES
from scd.design.starts import chosen_starts, drawn_starts, staggered_starts
from scd.study import Case, Measure, Phase, Randomization, Study, StudyError, new_code

__all__ = ["multiple_baseline", "reversal"]

_MOST_SESSIONS = 100_000
_MOST_PHASES = 198  # labels run to A99 and B99


def reversal(
    *,
    measures: Sequence[Measure],
    phases: str = "ABAB",
    sessions: int | Sequence[int] = 5,
    code: str | None = None,
    case: str | None = None,
    starts: Sequence[int] | None = None,
    randomization: Randomization | None = None,
) -> Study:
    """Plan an AB, ABA, ABAB or longer design for one client.

    Parameters
    ----------
    measures : sequence of Measure
        What is measured; the first outcome is the headline.
    phases : str
        Conditions in order, alternating and beginning with baseline: ``AB``, ``ABA``, ``ABAB``, …
    sessions : int or sequence of int
        Planned length of each phase in sessions, from 1; one number stands for all phases. With `starts` only the sum
        counts: the length of the whole. With `randomization` it is not used: the draw knows its own length.
    code, case : str, optional
        Pseudonyms of the study and of its case. Without `code` a new one is made; without `case` it is the same.
    starts : sequence of int, optional
        The first session of each phase after the first, in place of lengths.
    randomization : Randomization, optional
        A draw by `draw_phase_starts`; it decides the starts and the planned length and is kept in the study.

    Returns
    -------
    Study
        Phases labelled A1, B1, A2, B2, …, with planned starts only.

    Raises
    ------
    StudyError
        Its `field` is the name of the argument at fault.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> study = reversal(measures=[mood], phases="ABAB", sessions=[5, 6, 5, 6], code="K7M2")
    >>> [(p.label, p.planned_start) for p in study.cases[0].phases], study.sessions_planned
    ([('A1', 1), ('B1', 6), ('A2', 12), ('B2', 17)], 22)
    """
    code = new_code() if code is None else code
    named = "code" if case is None else "case"
    case = code if case is None else case
    labels = _labels(phases, case)
    if randomization is not None:
        _refuse_both(starts)
        first = drawn_starts(randomization, schemes=["phase-starts"], rows=1, starts_a_row=len(labels) - 1)[0]
        total = randomization.sessions
    else:
        lengths = _lengths(sessions, labels, case)
        total = sum(lengths)
        first = tuple(accumulate(lengths[:-1], initial=1))[1:]
        if starts is not None:
            first = chosen_starts(starts, labels=labels, sessions=total, case=case)
    return Study(
        code=code,
        design="reversal",
        measures=_measured(measures, code),
        cases=(_planned_case(case, labels, first, field=named),),
        sessions_planned=total,
        randomization=randomization,
    )


def multiple_baseline(
    *,
    measures: Sequence[Measure],
    cases: int | Sequence[str],
    across: Literal["clients", "behaviours", "settings"],
    starts: Sequence[int] | None,
    sessions: int,
    code: str | None = None,
    tier_measures: Sequence[Sequence[str]] | None = None,
    randomization: Randomization | None = None,
) -> Study:
    """Plan a multiple baseline: each tier has a baseline and an intervention, and the starts are staggered.

    Parameters
    ----------
    measures : sequence of Measure
        All measures of the study; the first outcome is the headline.
    cases : int or sequence of str
        How many tiers (their codes are made), or the tiers' codes from the top of the staircase down; 2 or more.
    across : {"clients", "behaviours", "settings"}
        What the tiers are.
    starts : sequence of int or None
        The first intervention session of each tier, each later than the one before; None with `randomization`.
    sessions : int
        Planned sessions in all, the same for every tier.
    code : str, optional
        Pseudonym of the study; without it a new one is made.
    tier_measures : sequence of sequence of str, optional
        For each tier the keys of its own measures; without it every tier has all of them.
    randomization : Randomization, optional
        A draw by `draw_start_windows`, `draw_marascuilo_busk`, `draw_wampold_worsham` or `draw_koehler_levin`; it
        decides the starts and is kept in the study.

    Returns
    -------
    Study
        One case a tier with phases A1 and B1, with planned starts only.

    Raises
    ------
    StudyError
        Its `field` is the name of the argument at fault.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> study = multiple_baseline(
    ...     measures=[mood], cases=["K7M2", "P4QX", "W9TR"], across="clients", starts=[6, 9, 12], sessions=18
    ... )
    >>> [c.phases[1].planned_start for c in study.cases]
    [6, 9, 12]
    """
    code = new_code() if code is None else code
    tiers = _tier_codes(cases, code)
    if across not in ("clients", "behaviours", "settings"):
        raise StudyError(
            f"study '{code}': a multiple baseline runs across clients, behaviours or settings (got {across!r})",
            field="across",
        )
    total = whole_number(
        sessions, field="sessions", what=f"study '{code}', number of sessions", least=2, most=_MOST_SESSIONS
    )
    measured = _measured(measures, code)
    own = _own_measures(tier_measures, tiers, [m.key for m in measured])
    if randomization is not None:
        _refuse_both(starts)
        if randomization.sessions != total:
            raise StudyError(
                f"study '{code}': the draw was made for {randomization.sessions} sessions (got {total}); "
                "plan that many, or draw anew",
                field="sessions",
            )
        rows = drawn_starts(randomization, schemes=STAIRCASES, rows=len(tiers), starts_a_row=1)
        first = tuple(row[0] for row in rows)
    else:
        first = staggered_starts(starts, cases=tiers, sessions=total, study=code)
    return Study(
        code=code,
        design="multiple-baseline",
        across=across,
        measures=measured,
        cases=tuple(
            _planned_case(tier, ("A1", "B1"), (start,), field="cases", measures=keys)
            for tier, start, keys in zip(tiers, first, own, strict=True)
        ),
        sessions_planned=total,
        randomization=randomization,
    )


def _labels(phases: str, case: str) -> tuple[str, ...]:
    conditions = phases.strip().upper()
    alternating = ("AB" * len(conditions))[: len(conditions)]
    if not 2 <= len(conditions) <= _MOST_PHASES or conditions != alternating:
        raise StudyError(
            f"case '{case}': phases must alternate between A and B and begin with baseline A, "
            f"such as AB, ABA or ABAB (got {phases!r})",
            field="phases",
        )
    return tuple(f"{condition}{i // 2 + 1}" for i, condition in enumerate(conditions))


def _lengths(sessions: int | Sequence[int], labels: tuple[str, ...], case: str) -> list[int]:
    if isinstance(sessions, Sequence) and not isinstance(sessions, str):
        if len(sessions) != len(labels):
            raise StudyError(
                f"case '{case}': needs a length for each of its {len(labels)} phases, {', '.join(labels)} "
                f"(got {len(sessions)})",
                field="sessions",
            )
        each: Sequence[int] = sessions
    else:
        each = [sessions] * len(labels)  # what isn't a number is refused below
    lengths = []
    for label, length in zip(labels, each, strict=True):
        where = f"case '{case}', phase '{label}'"
        number = whole_number(length, field="sessions", what=f"{where}, number of sessions", least=-_MOST_SESSIONS)
        if number < 1:
            raise StudyError(f"{where}: needs at least 1 session (got {number})", field="sessions")
        lengths.append(number)
    if sum(lengths) > _MOST_SESSIONS:
        raise StudyError(
            f"case '{case}': must have at most {_MOST_SESSIONS:,} sessions in all (got {sum(lengths):,})",
            field="sessions",
        )
    return lengths


def _refuse_both(starts: Sequence[int] | None) -> None:
    if starts is not None:
        raise StudyError("phase starts: are given and drawn at random; keep one of the two", field="starts")


def _tier_codes(cases: int | Sequence[str], code: str) -> list[str]:
    if isinstance(cases, Sequence) and not isinstance(cases, str):
        tiers = list(cases)
        number = len(tiers)
    else:
        number = whole_number(cases, field="cases", what=f"study '{code}', number of cases", least=-_MOST_SESSIONS)
        tiers = []
    if number < 2:
        raise StudyError(
            f"study '{code}': a multiple baseline needs at least 2 cases (got {number}); "
            "for one client and one behaviour plan a reversal design",
            field="cases",
        )
    while len(tiers) < number:
        tiers.append(new_code(taken={code, *tiers}))
    return tiers


def _own_measures(
    tier_measures: Sequence[Sequence[str]] | None, tiers: list[str], keys: list[str]
) -> list[tuple[str, ...]]:
    if tier_measures is None:
        return [()] * len(tiers)
    if len(tier_measures) != len(tiers):
        raise StudyError(
            f"tier measures: need one entry for each of {len(tiers)} cases (got {len(tier_measures)})",
            field="tier_measures",
        )
    for tier, own in zip(tiers, tier_measures, strict=True):
        if isinstance(own, str) or not own:
            raise StudyError(
                f"case '{tier}': needs a list of at least 1 measure key (got {own!r})", field="tier_measures"
            )
        for key in own:
            if key not in keys:
                raise StudyError(
                    f"case '{tier}': names measure '{key}', which the study lacks (it has {', '.join(keys)})",
                    field="tier_measures",
                )
    return [tuple(own) for own in tier_measures]


def _measured(measures: Sequence[Measure], code: str) -> tuple[Measure, ...]:
    if not measures:
        raise StudyError(
            f"study '{code}': needs at least 1 measure (got 0); choose one from the catalogue or describe your own",
            field="measures",
        )
    return tuple(measures)


def _planned_case(
    code: str, labels: Sequence[str], starts: Sequence[int], *, field: str, measures: tuple[str, ...] = ()
) -> Case:
    phases = tuple(Phase(label=p, planned_start=s) for p, s in zip(labels, (1, *starts), strict=True))
    try:
        return Case(code=code, phases=phases, measures=measures)
    except StudyError as error:  # all else was checked above, so the code is at fault: name the caller's argument
        raise StudyError(error.message, field=field) from None
