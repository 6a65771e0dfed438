"""A randomisation test in words: what the reference set is, and what it says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

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
        day = study.randomization.drawn_at.date().isoformat()
        return f"Reference set: the draw of {day} that the study's record holds ({scheme.words})."
    if basis == "stated":
        return (
            f"Reference set as stated: {scheme.words}. The data hold no record of a draw; that the schedule was drawn "
            "from this set at random, before the first session, is the word of whoever asked for the test."
        )
    return (
        f"Hypothetical reference set: {scheme.words}. The schedule was not drawn at random from it, so p only says how "
        "the observed statistic lies among those of other schedules; it does not control false alarms."
    )


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
    who = "All cases together" if row.case is None else f"Case '{row.case}'"
    reached = round(row.p * row.assignments)
    words = (
        f"{who}: p {_p(row.p)} ({reached:,} of {row.assignments:,} {'' if row.exact else 'sampled '}assignments reach "
        f"the observed statistic, {row.statistic:.4g})."
    )
    if row.lower is None and row.upper is None:
        return words
    unit = {"slope": " a session", "nap": ", as a shift of the treated sessions"}.get(str(statistic), "")
    if row.upper is None:
        span = f"{row.lower:.4g} or higher"
    elif row.lower is None:
        span = f"{row.upper:.4g} or lower"
    else:
        span = f"{row.lower:.4g} to {row.upper:.4g}"
    return f"{words} {ci_prob * 100:.3g} % interval of the effect: {span}{unit}."


def _p(p: float) -> str:
    if p < 0.0005:
        return "< .001"
    return "= 1" if p > 0.9995 else f"= {p:.3f}".replace("0.", ".")
