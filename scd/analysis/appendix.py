"""What a methodologist asks for beside the headline, as plain values: no library is loaded to read them."""

from __future__ import annotations

from scd.study.record import Record

__all__ = ["Alternative", "BetweenCases", "ChangePointRow", "Check", "Robustness"]


class Alternative(Record):
    """The effect under one other model or prior.

    Parameters
    ----------
    case : str or None
        None for the average over cases.
    name : str
        What is different, in words.
    effect : str
        ``level_change`` in the measure's units, ``rate_ratio``, ``odds_ratio``, or ``standardized_change`` where cases
        differ in their measure.
    median, lower, upper : float
        With the 95 % interval.
    p_improvement : float
    elpd_difference, elpd_se : float, optional
        How much worse single values were foretold from those before them than by the best of the ladder, in log
        density, with its standard error; None where the series is too short to tell.
    """

    case: str | None
    name: str
    effect: str
    median: float
    lower: float
    upper: float
    p_improvement: float
    elpd_difference: float | None = None
    elpd_se: float | None = None


class Robustness(Record):
    """What the ladder and the priors say about one case, or about the average over cases.

    Parameters
    ----------
    case : str or None
        None for the average.
    alternatives : tuple of Alternative
        From the simplest model to the richest, then the headline model under a sceptical prior, then what missed
        sessions could do.
    prior_sensitivity, likelihood_sensitivity : float, optional
        How far the effect's posterior moves when prior or likelihood are made a little stronger or weaker; above
        0.05 is worth a look. None for the average.
    words : str
        One line for the page.
    note : str
        What the ladder rests on, where the headline stands on another family; else empty.
    """

    case: str | None
    alternatives: tuple[Alternative, ...]
    words: str
    prior_sensitivity: float | None = None
    likelihood_sensitivity: float | None = None
    note: str = ""


class Check(Record):
    """One figure of the data and where it lies among series that the model would have produced.

    Parameters
    ----------
    case : str
    figure : str
        What is compared, in words.
    observed : float
    lower, upper : float
        The middle 95 % of the model's series.
    p_above : float
        Share of the model's series whose figure is as high or higher, ties by half.
    ok : bool
        Whether the figure is among the middle 98 %.
    """

    case: str
    figure: str
    observed: float
    lower: float
    upper: float
    p_above: float
    ok: bool


class ChangePointRow(Record):
    """One candidate for the last session before the level changed.

    Parameters
    ----------
    case, contrast : str
    session : int
    probability : float
    last_before : int
        The last session with a value in the earlier phase.
    """

    case: str
    contrast: str
    session: int
    probability: float
    last_before: int


class BetweenCases(Record):
    """How far cases differ in their change, before and after the data: with few cases the prior decides.

    Parameters
    ----------
    cases : int
    prior, posterior : tuple of float
        Median, and ends of the 95 % interval, of the SD between cases of the level change: in the measure's units, or
        on the family's scale.
    """

    cases: int
    prior: tuple[float, float, float]
    posterior: tuple[float, float, float]
