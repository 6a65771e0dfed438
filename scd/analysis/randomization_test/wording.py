"""A randomisation test in words: what the reference set is, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scd.language import gettext as _
from scd.language import localized, short_day, thousands, without_zero

if TYPE_CHECKING:
    from scd.analysis.randomization_test.statistics import Contrast, StatisticName
    from scd.analysis.randomization_test.testing import RandomizationRow
    from scd.design.schemes import Scheme
    from scd.study import Study

__all__ = ["basis_words", "row_words"]


def basis_words(study: Study, *, scheme: Scheme, basis: Literal["record", "stated", "hypothetical"]) -> str:
    """Where the reference set comes from, and what that is worth.

    Parameters
    ----------
    study : Study
        The study.
    scheme : Scheme
        The scheme of the set.
    basis : {"record", "stated", "hypothetical"}
        Where it comes from.

    Returns
    -------
    str
        One or two sentences.
    """
    if basis == "record" and study.randomization is not None:
        day = short_day(study.randomization.drawn_at.date())
        return _("Reference set: the draw of {day} that the study's record holds ({words}).").format(
            day=day, words=scheme.words
        )
    if basis == "stated":
        return _(
            "Reference set as stated: {words}. The data hold no record of a draw; that the schedule "
            "was drawn from this set at random, before the first session, is the word of whoever "
            "asked for the test."
        ).format(words=scheme.words)
    return _(
        "Hypothetical reference set: {words}. The schedule was not drawn at random from it, so p "
        "only says how the observed statistic lies among those of other schedules; it does not "
        "control false alarms."
    ).format(words=scheme.words)


def row_words(row: RandomizationRow, *, ci_prob: float, statistic: StatisticName | Contrast) -> str:
    """One row in words.

    Parameters
    ----------
    row : RandomizationRow
        A row with a p.
    ci_prob : float
        Probability of the interval.
    statistic : str or callable
        The statistic.

    Returns
    -------
    str
        One or two sentences.

    Examples
    --------
    >>> from scd.analysis.randomization_test.testing import RandomizationRow
    >>> row = RandomizationRow("K7M2", 4 / 165, -2.0, 165, True, None, -0.5, 1 / 165)
    >>> words = row_words(row, ci_prob=0.95, statistic="phase-means")
    >>> words.split(". ")[0]
    "Case 'K7M2': p = .024 (4 of 165 assignments reach the observed statistic, -2)"
    >>> words.split(". ")[1]
    '95 % interval of the effect: -0.5 or lower.'
    """
    assert row.p is not None
    assert row.assignments is not None
    who = _("All cases together") if row.case is None else _("Case '{case}'").format(case=row.case)
    text = (
        _("{who}: p {p} ({reached} of {assignments} assignments reach the observed statistic, {statistic}).")
        if row.exact
        else _(
            "{who}: p {p} ({reached} of {assignments} sampled assignments reach the observed statistic, {statistic})."
        )
    )
    words = text.format(
        who=who,
        p=_p(row.p),
        reached=thousands(round(row.p * row.assignments)),
        assignments=thousands(row.assignments),
        statistic=localized(f"{row.statistic:.4g}"),
    )
    if row.lower is None and row.upper is None:
        return words
    unit = {"slope": _(" a session"), "nap": _(", as a shift of the treated sessions")}.get(str(statistic), "")
    low, high = (None if end is None else localized(f"{end:.4g}") for end in (row.lower, row.upper))
    span = (
        _("{low} or higher").format(low=low)
        if high is None
        else _("{high} or lower").format(high=high)
        if low is None
        else _("{low} to {high}").format(low=low, high=high)
    )
    return f"{words} " + _("{percent} % interval of the effect: {span}{unit}.").format(
        percent=localized(f"{ci_prob * 100:.3g}"), span=span, unit=unit
    )


def _p(p: float) -> str:
    if p < 0.0005:
        return f"< {without_zero('0.001')}"
    return "= 1" if p > 0.9995 else f"= {without_zero(f'{p:.3f}')}"
