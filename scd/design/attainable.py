"""What a randomisation test could reach at best, said in one sentence while the design can still be changed."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, floor, log10, prod

from scd.design.schedules import count_phase_starts, count_start_windows
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import ngettext, thousands, without_zero
from scd.study import Randomization

__all__ = ["phase_starts_words", "set_size_words", "smallest_p_words", "start_windows_words"]

_ENOUGH = 20  # the smallest set whose smallest p is .05
_FIXED = N_("The phase starts are fixed, not drawn at random: no randomisation test is possible.")


def smallest_p_words(randomization: Randomization | None) -> str:
    """One honest sentence on the smallest p that a randomisation test of this design can reach.

    The smallest p is 1 divided by the number of admissible schedules, reached when no other schedule gives as large an
    effect as the one that was drawn.

    Parameters
    ----------
    randomization : scd.study.Randomization or None
        The stored draw; None when the starts are fixed.

    Returns
    -------
    str
        Where .05 is out of reach it says so, and what it would take with the same smallest phase.

    References
    ----------
    Onghena (1992), Behavioral Assessment 14, 153–171. Levin, Ferron and Gafurov (2018),
    doi:10.1080/17518423.2016.1197708.

    Examples
    --------
    >>> smallest_p_words(None)
    'The phase starts are fixed, not drawn at random: no randomisation test is possible.'
    """
    if randomization is None:
        return _(_FIXED)
    sessions, min_phase = randomization.sessions, randomization.min_phase
    if randomization.scheme == "phase-starts":
        phases = len(randomization.starts[0]) + 1
        return phase_starts_words(sessions=sessions, phases=phases, min_phase=min_phase)
    if randomization.scheme == "start-windows":
        return start_windows_words(windows=randomization.windows, sessions=sessions, min_phase=min_phase)
    return set_size_words(randomization.admissible)


def set_size_words(count: int) -> str:
    """The sentence of `smallest_p_words` for a set of any scheme.

    Parameters
    ----------
    count : int
        The number of admissible assignments, from 1.

    Returns
    -------
    str
        One sentence.

    Examples
    --------
    >>> set_size_words(6)
    "6 admissible schedules: a randomisation test can't reach a p below 1/6 = .167, so it can never reach .05."
    """
    return (
        _reach(count) + "."
        if count >= _ENOUGH
        else _("{reach}, so it can never reach .05.").format(reach=_reach(count))
    )


def phase_starts_words(*, sessions: int, phases: int, min_phase: int) -> str:
    """The sentence of `smallest_p_words` for a reversal design, before anything is drawn.

    Parameters
    ----------
    sessions, phases, min_phase : int
        As for `count_phase_starts`.

    Returns
    -------
    str
        One sentence.

    Raises
    ------
    StudyError
        When the sessions are too few for that many phases of that length.

    Examples
    --------
    >>> phase_starts_words(sessions=24, phases=4, min_phase=4)
    "165 admissible schedules: a randomisation test can't reach a p below 1/165 = .0061."
    """
    count = count_phase_starts(sessions=sessions, phases=phases, min_phase=min_phase)
    if count >= _ENOUGH:
        return _reach(count) + "."
    needed = sessions
    while comb(needed - min_phase * phases + phases - 1, phases - 1) < _ENOUGH:
        needed += 1
    return _(
        "{reach}, so it can never reach .05; {sessions} ({needed} in all, with at least "
        "{min_phase} a phase as now) would put .05 within reach."
    ).format(reach=_reach(count), sessions=_sessions(needed - sessions, more=True), needed=needed, min_phase=min_phase)


def start_windows_words(*, windows: Sequence[tuple[int, int]], sessions: int, min_phase: int) -> str:
    """The sentence of `smallest_p_words` for a multiple baseline with start windows, before anything is drawn.

    Parameters
    ----------
    windows, sessions, min_phase
        As for `count_start_windows`.

    Returns
    -------
    str
        One sentence. Where .05 is out of reach it says by how much the windows must widen, the gaps between them
        staying as they are, and whether that takes more sessions.

    Raises
    ------
    StudyError
        When the windows are not admissible.

    Examples
    --------
    >>> start_windows_words(windows=[(6, 8), (9, 11), (12, 14)], sessions=20, min_phase=5)
    "27 admissible schedules: a randomisation test can't reach a p below 1/27 = .037."
    """
    count = count_start_windows(windows=windows, sessions=sessions, min_phase=min_phase)
    if count >= _ENOUGH:
        return _reach(count) + "."
    widths = [last - first + 1 for first, last in windows]
    wider = sorted(widths)
    while prod(wider) < _ENOUGH:
        wider[0] += 1  # widening the narrowest multiplies the set most
        wider.sort()
    extra = sum(wider) - sum(widths)
    span = windows[-1][1] - windows[0][0] + 1 + extra
    needed = min_phase + span + min_phase - 1
    means = _("start windows wider by {sessions} in all").format(sessions=_sessions(extra))
    if needed <= sessions:
        remedy = _("{means} would put .05 within reach within the {sessions} sessions planned").format(
            means=means, sessions=sessions
        )
    else:
        remedy = _("{means} and {sessions} ({needed} in all) would put .05 within reach").format(
            means=means, sessions=_sessions(needed - sessions, more=True), needed=needed
        )
    return _("{reach}, so it can never reach .05; {remedy}.").format(reach=_reach(count), remedy=remedy)


def _reach(count: int) -> str:
    if count == 1:
        return _("1 admissible schedule: a randomisation test can't reach a p below 1")
    return _("{large} admissible schedules: a randomisation test can't reach a p below {fraction}").format(
        large=_large(count), fraction=_fraction(count)
    )


def _fraction(count: int) -> str:
    if count > 10_000:
        return _("1/{large} (less than .0001)").format(large=_large(count))
    digits = max(3, 1 - floor(log10(1 / count)))
    return f"1/{thousands(count)} = " + without_zero(f"{1 / count:.{digits}f}".rstrip("0"))


def _large(count: int) -> str:
    return thousands(count) if count < 10**12 else f"10^{len(str(count)) - 1}"


def _sessions(number: int, *, more: bool = False) -> str:
    told = (
        ngettext("{n} more session", "{n} more sessions", number)
        if more
        else ngettext("{n} session", "{n} sessions", number)
    )
    return told.format(n=number)
