"""Effects of counts, ratings, proportions and durations: on the scale people read, and as ratios."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scd.models.fitted import Fitted
from scd.models.overlap import overlap
from scd.models.response import Response, mean_value, spread_name, value_sd
from scd.models.terms import SEVERAL_CASES_MODELS
from scd.study import Measure

__all__ = ["FamilyEffect", "family_effects"]

# What one unit more on the link's scale multiplies.
_RATIOS = {
    **dict.fromkeys(("count", "poisson", "poisson-lognormal", "log"), "rate_ratio"),
    **dict.fromkeys(("proportion", "logit"), "odds_ratio"),
}


@dataclass(frozen=True, eq=False)
class FamilyEffect:
    """One effect with its draws.

    Attributes
    ----------
    case : str or None
    contrast, effect : str
    draws : ndarray, shape (draws,)
        As they are shown.
    better : ndarray, shape (draws,)
        Positive where the draw is an improvement.
    meaningful : float or None
        Improvement that `better` must reach to be meaningful.
    shown : bool
        Whether `draws` are told, or only how probable an improvement is.
    """

    case: str | None
    contrast: str
    effect: str
    draws: np.ndarray
    better: np.ndarray
    meaningful: float | None = None
    shown: bool = True


@dataclass(frozen=True, eq=False)
class _Change:
    """Predictors without and with the intervention, shape (draws, sessions): where a change is read off."""

    case: str | None
    contrast: str
    before: np.ndarray
    after: np.ndarray
    spread: np.ndarray


def family_effects(fitted: Fitted, *, measures: list[Measure]) -> list[FamilyEffect]:
    """The effects of a posterior whose family is not Gaussian.

    Parameters
    ----------
    fitted : Fitted
    measures : list of Measure
        Of each case.

    Returns
    -------
    list of FamilyEffect
        For each contrast, with the expected values under the two conditions at a reference session (see
        `scd.models.families`):

        - ``level_change``: intervention minus baseline, in the measure's units
        - ``standardized_change``: that, in SDs of values within a phase (root mean of the two variances), positive for
          improvement
        - ``nap``: the probability that a new value under intervention is better than one in baseline, ties half
        - ``rate_ratio`` (counts, rates, durations) or ``odds_ratio`` (proportions, percentages)
        - ``percent_change``: of the level, in percent of the baseline's

        and for single cases ``consistent_change``, ``level_change_first``, ``level_change_last``, and trends: of
        ratings per session, else as the ratio from one session to the next.

    References
    ----------
    Pustejovsky, J. E. (2018). Using response ratios for meta-analyzing single-case designs with behavioral outcomes.
    Journal of School Psychology, 68, 99-112. https://doi.org/10.1016/j.jsp.2018.02.003
    """
    responses = [Response(**held) for held in json.loads(fitted.origin["responses"])]
    draws = fitted.flat()
    if fitted.origin["model"] in SEVERAL_CASES_MODELS:
        return list(_several(draws, fitted.cases, responses, measures, alike=fitted.common_units))
    return list(_single(draws, fitted, responses[0], measures[0]))


def _several(
    draws: dict[str, np.ndarray], cases: list[str], responses: list[Response], measures: list[Measure], *, alike: bool
) -> Iterator[FamilyEffect]:
    spread = _spread(draws, responses[0])
    alpha, delta = draws["alpha_mean"][:, None], draws["delta_mean"][:, None]
    average = _Change(None, "overall", alpha, alpha + delta, spread)
    if alike:
        yield from _rows(average, responses[0], measures[0])
    else:  # unlike measures share only the standardised scale, on which up is better
        yield _standardized(average, responses[0], sign=1)
    for i, (case, response, measure) in enumerate(zip(cases, responses, measures, strict=True)):
        own = draws["sigma_case"][:, i] if "sigma_case" in draws else spread
        alpha, delta = draws["alpha"][:, [i]], draws["delta"][:, [i]]
        yield from _rows(_Change(case, "overall", alpha, alpha + delta, own), response, measure)


def _single(
    draws: dict[str, np.ndarray], fitted: Fitted, response: Response, measure: Measure
) -> Iterator[FamilyEffect]:
    alpha, delta, spread = draws["alpha"][:, None], draws["delta"][:, None], _spread(draws, response)
    (case,), model = fitted.cases, fitted.origin["model"]
    if model == "piecewise":
        yield from _piecewise(draws, fitted, response, measure)
        return
    yield from _rows(_Change(case, "overall", alpha, alpha + delta, spread), response, measure)
    if model == "level-trend":
        yield _slope(case, "trend", draws["trend"], response, measure)
    if model == "phase-level":
        labels, gamma, right = fitted.labels["phase"], draws["gamma"], []
        for i, (earlier, later) in enumerate(pairwise(labels)):
            if earlier[0] == later[0]:
                continue  # the phase between them was missed altogether
            treated, untreated = (i + 1, i) if later[0] == "B" else (i, i + 1)
            before, after = alpha + gamma[:, [untreated]], alpha + delta + gamma[:, [treated]]
            yield from _rows(_Change(case, f"{earlier}-{later}", before, after, spread), response, measure)
            right.append(measure.sign * (after - before)[:, 0])
        if len(right) > 1:
            together = np.min(right, axis=0)
            yield FamilyEffect(case, "overall", "consistent_change", together, together, shown=False)


def _piecewise(
    draws: dict[str, np.ndarray], fitted: Fitted, response: Response, measure: Measure
) -> Iterator[FamilyEffect]:
    (case,), constant = fitted.cases, fitted.constant
    treated = constant["intervention"] == 1
    session, phase_start = constant["session"], constant["phase_start"]
    elapsed = (session - phase_start)[treated].astype(float)
    before = draws["alpha"][:, None] + draws["trend"][:, None] * (session - session.min())[treated].astype(float)
    after = before + draws["delta"][:, None] + draws["slope_change"][:, None] * elapsed
    spread = _spread(draws, response)
    yield from _rows(_Change(case, "overall", before, after, spread), response, measure)
    early, late = before[:, [int(np.argmin(elapsed))]], before[:, [-1]]
    at_start = _Change(case, "overall", early, early + draws["delta"][:, None], spread)
    yield _level(at_start, response, measure, name="level_change_first")
    yield _level(_Change(case, "overall", late, after[:, [-1]], spread), response, measure, name="level_change_last")
    yield _slope(case, "slope_change", draws["slope_change"], response, measure)
    yield _slope(case, "trend", draws["trend"], response, measure)


def _spread(draws: dict[str, np.ndarray], response: Response) -> np.ndarray:
    name = spread_name(response.family)
    return draws[name] if name else np.zeros(len(next(iter(draws.values()))))


def _rows(change: _Change, response: Response, measure: Measure) -> Iterator[FamilyEffect]:
    yield _level(change, response, measure, name="level_change")
    yield _standardized(change, response, sign=measure.sign)
    yield _nap(change, response, sign=measure.sign)
    name = _RATIOS.get(response.family)
    if name is None:
        return
    log_ratio = (change.after - change.before).mean(axis=1)
    better = measure.sign * log_ratio
    ratio = np.exp(log_ratio)
    yield FamilyEffect(change.case, change.contrast, name, ratio, better)
    if name == "odds_ratio":
        first, second = _levels(change, response)
        ratio = second / np.maximum(first, np.finfo(float).tiny)
    yield FamilyEffect(change.case, change.contrast, "percent_change", 100 * (ratio - 1), better)


def _levels(change: _Change, response: Response) -> tuple[np.ndarray, np.ndarray]:
    """Expected values without and with the intervention, averaged over the sessions."""
    spread = change.spread[:, None]
    first, second = (mean_value(response, p, spread=spread).mean(axis=1) for p in (change.before, change.after))
    return first, second


def _level(change: _Change, response: Response, measure: Measure, *, name: str) -> FamilyEffect:
    first, second = _levels(change, response)
    difference = second - first
    # At a floor or a ceiling the levels may round to the same number; the predictors still tell which is better.
    better = np.where(difference == 0, (change.after - change.before).mean(axis=1) * 1e-300, difference)
    return FamilyEffect(
        change.case, change.contrast, name, difference, measure.sign * better, measure.meaningful_change
    )


def _standardized(change: _Change, response: Response, *, sign: int) -> FamilyEffect:
    first, second = _levels(change, response)
    spread = change.spread[:, None]
    variance = sum((value_sd(response, p, spread=spread) ** 2).mean(axis=1) for p in (change.before, change.after)) / 2
    draws = sign * (second - first) / np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    return FamilyEffect(change.case, change.contrast, "standardized_change", draws, draws)


def _nap(change: _Change, response: Response, *, sign: int) -> FamilyEffect:
    sessions = range(change.before.shape[1])
    each = [
        overlap(response, change.before[:, k], change.after[:, k], spread=change.spread, sign=sign) for k in sessions
    ]
    draws = np.mean(each, axis=0)
    better = sign * (change.after - change.before).mean(axis=1)
    return FamilyEffect(change.case, change.contrast, "nap", draws, better)


def _slope(case: str, name: str, draws: np.ndarray, response: Response, measure: Measure) -> FamilyEffect:
    if response.family in _RATIOS:
        return FamilyEffect(case, "overall", f"{name}_ratio", np.exp(draws), measure.sign * draws)
    return FamilyEffect(case, "overall", name, draws, measure.sign * draws)
