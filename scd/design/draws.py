"""Phase starts drawn at random from a stated set, each schedule equally likely, kept so that all can repeat the draw.

The draw picks one number below the size of the set and looks that schedule up by its number, so a set of millions costs
no more than one of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial, prod
from typing import TYPE_CHECKING

from scd.design.numbering import combination_at, digits_at, permutation_at, uniform_index
from scd.design.schedules import count_phase_starts, phase_offsets, validated_windows, whole_number
from scd.design.schemes import Scheme
from scd.study import Randomization, StudyError
from scd.study.randomization import SchemeName

if TYPE_CHECKING:
    import datetime as dt

__all__ = [
    "draw_koehler_levin",
    "draw_marascuilo_busk",
    "draw_phase_starts",
    "draw_start_windows",
    "draw_wampold_worsham",
    "zoned",
]


def draw_phase_starts(*, sessions: int, phases: int, min_phase: int, seed: int, drawn_at: dt.datetime) -> Randomization:
    """Draw the phase starts of a reversal design, every admissible schedule being equally likely.

    Parameters
    ----------
    sessions, phases, min_phase : int
        As for `count_phase_starts`.
    seed : int
        From 0. The same seed gives the same draw on every machine and with every release of NumPy: it is made from
        the raw stream of the PCG64 bit generator, which NumPy keeps fixed.
    drawn_at : datetime.datetime
        The time of the draw, with time zone.

    Returns
    -------
    scd.study.Randomization
        Scheme ``phase-starts``; `starts` holds one row, the first session of every phase after the first.

    Raises
    ------
    StudyError
        When the sessions are too few, the seed is below 0, or the time has no zone.

    References
    ----------
    Onghena (1992), Behavioral Assessment 14, 153–171.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw = draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=now)
    >>> draw.admissible, draw.starts
    (165, ((11, 17, 21),))
    """
    count = count_phase_starts(sessions=sessions, phases=phases, min_phase=min_phase)
    index = uniform_index(count, seed)
    bars = combination_at(index, sessions - min_phase * phases + phases - 1, phases - 1)
    offsets = phase_offsets(phases=phases, min_phase=min_phase)
    starts = tuple(bar + offset for bar, offset in zip(bars, offsets, strict=True))
    return Randomization(
        scheme="phase-starts",
        min_phase=int(min_phase),
        sessions=int(sessions),
        admissible=count,
        seed=int(seed),
        starts=(starts,),
        drawn_at=zoned(drawn_at),
    )


def draw_start_windows(
    *, windows: Sequence[tuple[int, int]], sessions: int, min_phase: int, seed: int, drawn_at: dt.datetime
) -> Randomization:
    """Draw the starts of a staggered multiple baseline, every admissible schedule being equally likely.

    Parameters
    ----------
    windows, sessions, min_phase
        As for `count_start_windows`.
    seed, drawn_at
        As for `draw_phase_starts`.

    Returns
    -------
    scd.study.Randomization
        Scheme ``start-windows``; `starts` holds one row a case with the first session of its intervention.

    Raises
    ------
    StudyError
        When the windows are not admissible, the seed is below 0, or the time has no zone.

    References
    ----------
    Levin, Ferron and Gafurov (2018), doi:10.1080/17518423.2016.1197708.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> windows = [(6, 8), (9, 11), (12, 14)]
    >>> draw = draw_start_windows(windows=windows, sessions=20, min_phase=5, seed=7, drawn_at=now)
    >>> draw.admissible, draw.starts
    (27, ((8,), (9,), (14,)))
    """
    checked = validated_windows(windows=windows, sessions=sessions, min_phase=min_phase)
    count = prod(last - first + 1 for first, last in checked)
    rest = uniform_index(count, seed)
    starts: list[tuple[int, ...]] = []
    for first, last in reversed(checked):
        rest, place = divmod(rest, last - first + 1)
        starts.insert(0, (first + place,))
    return Randomization(
        scheme="start-windows",
        min_phase=int(min_phase),
        sessions=int(sessions),
        windows=checked,
        admissible=count,
        seed=int(seed),
        starts=tuple(starts),
        drawn_at=zoned(drawn_at),
    )


def draw_marascuilo_busk(
    *,
    cases: int,
    sessions: int,
    min_phase: int,
    seed: int,
    drawn_at: dt.datetime,
    windows: Sequence[tuple[int, int]] = (),
) -> Randomization:
    """Draw the start of every case of a multiple baseline on its own.

    Parameters
    ----------
    cases : int
        Number of cases, from 2.
    sessions : int
        Planned sessions in all.
    min_phase : int
        Sessions that every phase has at least, from 1.
    seed, drawn_at
        As for `scd.design.draw_phase_starts`.
    windows : sequence of (int, int), optional
        First and last start of each case; they may overlap. By default every start that leaves phases long enough.

    Returns
    -------
    scd.study.Randomization
        Scheme ``marascuilo-busk``; `starts` holds one row a case.

    Raises
    ------
    StudyError
        When the windows leave too short a phase, the seed is below 0, or the time has no zone.

    References
    ----------
    Marascuilo and Busk (1988), Behavioral Assessment 10, 1–28.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw_marascuilo_busk(cases=3, sessions=12, min_phase=5, seed=7, drawn_at=now).admissible
    27
    """
    cases = whole_number(cases, field="cases", what="the number of cases", least=2, most=1_000)
    ranges = windows or [(min_phase + 1, sessions - min_phase + 1)] * cases
    if len(ranges) != cases:
        raise StudyError(f"start windows: need one for each of the {cases} cases (got {len(ranges)})", field="windows")
    return _staircase("marascuilo-busk", ranges, sessions, min_phase, seed, drawn_at)


def draw_wampold_worsham(
    *, starts: Sequence[int], sessions: int, min_phase: int, seed: int, drawn_at: dt.datetime
) -> Randomization:
    """Draw which case of a multiple baseline gets which of the fixed starts.

    Parameters
    ----------
    starts : sequence of int
        The first intervention session of each step of the staircase.
    sessions, min_phase, seed, drawn_at
        As for `draw_marascuilo_busk`.

    Returns
    -------
    scd.study.Randomization
        Scheme ``wampold-worsham``; `starts` holds one row a case.

    Raises
    ------
    StudyError
        As for `draw_marascuilo_busk`.

    References
    ----------
    Wampold and Worsham (1986), Behavioral Assessment 8, 135–143.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw = draw_wampold_worsham(starts=[6, 9, 12], sessions=18, min_phase=5, seed=7, drawn_at=now)
    >>> draw.admissible, sorted(draw.starts)
    (6, [(6,), (9,), (12,)])
    """
    return _staircase("wampold-worsham", [(s, s) for s in starts], sessions, min_phase, seed, drawn_at)


def draw_koehler_levin(
    *, windows: Sequence[tuple[int, int]], sessions: int, min_phase: int, seed: int, drawn_at: dt.datetime
) -> Randomization:
    """Draw which case of a multiple baseline gets which window, and each start within it.

    Parameters
    ----------
    windows : sequence of (int, int)
        First and last start of each step of the staircase.
    sessions, min_phase, seed, drawn_at
        As for `draw_marascuilo_busk`.

    Returns
    -------
    scd.study.Randomization
        Scheme ``koehler-levin``; `starts` holds one row a case.

    Raises
    ------
    StudyError
        As for `draw_marascuilo_busk`.

    References
    ----------
    Koehler and Levin (1998), doi:10.1037/1082-989X.3.2.206.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> windows = [(6, 8), (9, 11), (12, 14)]
    >>> draw_koehler_levin(windows=windows, sessions=20, min_phase=5, seed=7, drawn_at=now).admissible
    162
    """
    return _staircase("koehler-levin", windows, sessions, min_phase, seed, drawn_at)


def zoned(moment: dt.datetime) -> dt.datetime:
    """The time of a draw, which must carry its zone.

    Parameters
    ----------
    moment : datetime.datetime
        The time.

    Raises
    ------
    StudyError
        When it has no time zone.

    Examples
    --------
    >>> import datetime as dt
    >>> zoned(dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)).hour
    9
    """
    if moment.utcoffset() is None:
        raise StudyError(
            f"time of the draw: must carry its time zone (got {moment.isoformat()}); give it one, such as UTC",
            field="drawn_at",
        )
    return moment


def _staircase(
    name: SchemeName,
    windows: Sequence[tuple[int, int]],
    sessions: int,
    min_phase: int,
    seed: int,
    drawn_at: dt.datetime,
) -> Randomization:
    sessions = whole_number(sessions, field="sessions", what="the number of sessions", least=2, most=100_000)
    scheme = Scheme(name, min_phase=min_phase, windows=tuple(windows))
    if len(scheme.windows) < 2:
        raise StudyError(
            f"start windows: a multiple baseline needs one for each of at least 2 cases (got {len(scheme.windows)})",
            field="windows",
        )
    for number, (first, last) in enumerate(scheme.windows, start=1):
        if first <= min_phase or sessions - last + 1 < min_phase:
            raise StudyError(
                f"start window {number}: runs from session {first} to {last} and leaves {first - 1} baseline and "
                f"{max(0, sessions - last + 1)} intervention sessions of {sessions}; at least {min_phase} of each are "
                "needed",
                field="windows",
            )
    sizes = [last - first + 1 for first, last in scheme.windows]
    dealt = name != "marascuilo-busk"
    count = prod(sizes) * (factorial(len(sizes)) if dealt else 1)
    deal_index, within = divmod(uniform_index(count, seed), prod(sizes))
    deal = permutation_at(deal_index, len(sizes)) if dealt else range(len(sizes))
    digits = digits_at(within, sizes)
    return Randomization(
        scheme=name,
        min_phase=min_phase,
        sessions=sessions,
        windows=scheme.windows,
        admissible=count,
        seed=int(seed),
        starts=tuple((scheme.windows[step][0] + digits[step],) for step in deal),
        drawn_at=zoned(drawn_at),
    )
