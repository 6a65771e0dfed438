"""How the effect fares under other models and priors: a ladder to be read as a whole, never to pick from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scd.models.exact import quadrature_of
from scd.models.power_scaling import Sensitivity, power_scaling
from scd.models.prepare import prepare, scales
from scd.study import Study
from scd.study.record import Record

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.quadrature import Quadrature
    from scd.models.series import Series

__all__ = ["Alternative", "Robustness", "robustness", "robustness_words"]

_PROBABILITIES = (0.025, 0.5, 0.975)
# Prefixes with fewer values than this don't forecast, and shorter series can't choose between models.
_FEWEST_TO_CHOOSE = 20
_CLEAR_DIFFERENCE = 4.0
_INTEGRATED = {"gaussian": "level_change", "log": "rate_ratio", "logit": "odds_ratio"}


class Alternative(Record):
    """The effect under one other model or prior.

    Parameters
    ----------
    case : str
    name : str
        What is different, in words.
    effect : str
        ``level_change`` in the measure's units, ``rate_ratio`` or ``odds_ratio``.
    median, lower, upper : float
        With the 95 % interval.
    p_improvement : float
    elpd_difference, elpd_se : float, optional
        How much worse single values were foretold from those before them than by the best of the ladder, in log
        density, with its standard error; None where the series is too short to tell.
    """

    case: str
    name: str
    effect: str
    median: float
    lower: float
    upper: float
    p_improvement: float
    elpd_difference: float | None = None
    elpd_se: float | None = None


class Robustness(Record):
    """What the ladder and the priors say about one case.

    Parameters
    ----------
    case : str
    alternatives : tuple of Alternative
        From the simplest model to the richest, then the headline model under a sceptical prior, then what missed
        sessions could do.
    prior_sensitivity, likelihood_sensitivity : float
        How far the effect's posterior moves when prior or likelihood are made a little stronger or weaker; above
        0.05 is worth a look.
    words : str
        One line for the page.
    note : str
        What the ladder rests on, where the headline stands on another family; else empty.
    """

    case: str
    alternatives: tuple[Alternative, ...]
    prior_sensitivity: float
    likelihood_sensitivity: float
    words: str
    note: str = ""


@dataclass(frozen=True)
class _Rung:
    name: str
    model: str
    phi: float | None = None
    delta_sd: float | None = None


def robustness(
    study: Study,
    *,
    case: str,
    measure: str | None = None,
    model: str = "level",
    family: str | None = None,
    priors: Priors | None = None,
    seed: int = 1,
) -> Robustness:
    """The effect of one case under the ladder of models, a sceptical prior, and worse missed sessions.

    Parameters
    ----------
    study : Study
    case : str
        Code of the case.
    measure, family, priors
        As in `scd.models.fit`. Ratings are taken as scores here; counts and proportions are refused.
    model : {"level", "level-trend", "phase-level", "piecewise", "gradual"}
        The headline model.
    seed : int
        Seed of the draws that the sensitivity is read from.

    Returns
    -------
    Robustness

    Raises
    ------
    StudyError
        As `scd.models.fit`.
    ValueError
        When the family can't be integrated.
    """
    note = ""
    outcome, own = prepare(study, measure=measure, case=case, model=model, family=family, priors=priors)
    if outcome.family == "rating":
        outcome, own = prepare(study, measure=measure, case=case, model=model, family="gaussian", priors=priors)
        note = "The ladder takes the ratings as scores: the ends of the scale have no part in it."
    if outcome.family not in _INTEGRATED:
        raise ValueError(f"family '{outcome.family}' can't be integrated")
    effect, subject = _INTEGRATED[outcome.family], study.measure(outcome.series.measures[0].key)
    center, unit, sign = scales(outcome, own)
    series = outcome.scaled(center=center, unit=unit, sign=sign).series
    unit_priors = own.rescaled(center=own.center, unit=own.unit)
    rungs = _ladder(series, headline=model)
    grids = {rung.name: _grid(rung, series, unit_priors) for rung in rungs}
    foretold = _foretold(series, unit_priors, rungs)
    found = []
    for rung in rungs:
        told = _alternative(rung.name, grids[rung.name], rung.model, series, unit=float(unit[0]), sign=subject.sign,
                            effect=effect)  # fmt: skip
        if rung.name in foretold:
            difference, error = foretold[rung.name]
            told = told.replace(elpd_difference=difference, elpd_se=error)
        found.append(told.replace(case=case))
    headline = next(rung for rung in rungs if rung.model == model and rung.phi is None and rung.delta_sd is None)
    if missed := _if_missed_were_worse(study, case, series, subject.key):
        first = next(a for a in found if a.name == headline.name)
        found.append(_shifted(first, missed * subject.sign * float(unit[0]), grids[headline.name], headline.model, series,
                              unit=float(unit[0]), sign=subject.sign, effect=effect))  # fmt: skip
    found = [a for a in found if a is not None]
    sensitivity = power_scaling(
        grids[headline.name],
        series,
        unit_priors,
        loading=_loading(grids[headline.name], headline.model, series),
        seed=seed,
    )
    return Robustness(
        case=case,
        alternatives=tuple(found),
        prior_sensitivity=sensitivity.prior,
        likelihood_sensitivity=sensitivity.likelihood,
        words=robustness_words(found, headline=headline.name, sensitivity=sensitivity),
        note=note,
    )


def robustness_words(alternatives: list[Alternative], *, headline: str, sensitivity: Sensitivity) -> str:
    """One line for the page: whether the conclusion stands under all rungs.

    Returns
    -------
    str
    """
    chances = [a.p_improvement for a in alternatives]
    low, high = min(chances), max(chances)
    span = f"from {_percent(low)} to {_percent(high)}"
    others = len(alternatives) - 1
    if low >= 0.95 or high <= 0.05:
        line = (
            f"The direction holds under all {others} other models and priors tried (probability of improvement {span})."
        )
    elif low > 0.5 or high < 0.5:
        line = f"Other models and priors agree on the direction but not on how sure it is (probability {span})."
    else:
        line = f"Other models and priors do not agree on the direction (probability of improvement {span}): no safe ground."
    if sensitivity.prior > _NOTABLE:
        weak = sensitivity.likelihood <= _NOTABLE
        line += " The prior has a say in the result" + (
            ", since the data are few." if weak else "; data and prior differ."
        )
    return line


_NOTABLE = 0.05


def _percent(probability: float) -> str:
    if probability >= 0.9995:
        return "more than 99.9 %"
    if probability <= 0.0005:
        return "less than 0.1 %"
    return f"{100 * probability:.1f} %"


def _ladder(series: Series, *, headline: str) -> list[_Rung]:
    phases = len(series.phases[0])
    rungs = [_Rung("Level, sessions independent", "level", phi=0.0), _Rung("Level", "level")]
    rungs.append(_Rung("Level and trend", "level-trend"))
    rungs.append(_Rung("Level and slopes", "piecewise"))
    if phases > 2:
        rungs.append(_Rung("Levels that differ between like phases", "phase-level"))
    rungs.append(_Rung("Gradual onset (full effect)", "gradual"))
    rungs.append(_Rung("Sceptical prior", headline, delta_sd=1.0))
    return rungs


def _grid(rung: _Rung, series: Series, priors: Priors) -> Quadrature:
    if rung.delta_sd is not None:
        priors = priors.replace(delta_sd=min(rung.delta_sd * priors.unit, priors.delta_sd))
    return quadrature_of(series, priors, model=rung.model, phi=rung.phi)


def _loading(grid: Quadrature, model: str, series: Series) -> np.ndarray:
    """The effect as a sum of coefficients: with slopes, at the mean session under intervention."""
    weight = {"delta": 1.0}
    if model == "piecewise":
        weight["slope_change"] = float(series.time_in_phase[series.intervention != 0].mean())
    return np.array([weight.get(name, 0.0) for name in grid.coefficients])


def _alternative(
    name: str, grid: Quadrature, model: str, series: Series, *, unit: float, sign: int, effect: str, shift: float = 0.0
) -> Alternative:
    change = grid.mixture(_loading(grid, model, series)).affine(shift=shift, scale=unit)
    lower, median, upper = (float(q) for q in change.quantile(_PROBABILITIES)[0])
    above = float(change.above(0.0)[0])
    if effect != "level_change":
        lower, median, upper = math.exp(lower), math.exp(median), math.exp(upper)
    return Alternative(
        case="",
        name=name,
        effect=effect,
        median=median,
        lower=lower,
        upper=upper,
        p_improvement=above if sign > 0 else 1 - above,
    )


def _shifted(
    first: Alternative,
    shift: float,
    grid: Quadrature,
    model: str,
    series: Series,
    *,
    unit: float,
    sign: int,
    effect: str,
) -> Alternative | None:
    if effect != "level_change":
        return None
    name = "If missed sessions were one unit worse"
    return _alternative(name, grid, model, series, unit=unit, sign=sign, effect=effect, shift=shift).replace(
        case=first.case
    )


def _if_missed_were_worse(study: Study, case: str, series: Series, measure: str) -> float:
    """What the effect loses, in units, if each missed session would have been a unit worse than the model expects.

    The effect over all sessions is that over the recorded ones, less the difference of the missed shares.
    """
    shares = {}
    held = study.case(case)
    for condition in "AB":
        due = [s for s in held.sessions if held.phase_at(s.number).condition == condition]
        missed = sum(s.value(measure) is None for s in due)
        shares[condition] = missed / len(due) if due else 0.0
    return -(shares["B"] - shares["A"])


def _foretold(series: Series, priors: Priors, rungs: list[_Rung]) -> dict[str, tuple[float, float]]:
    """Leave-future-out: how each rung foretold value after value, against the best; nothing where too short.

    The density of a value given those before it is a ratio of evidences, so it is exact.
    """
    from scd.models.exact import linear_model
    from scd.models.quadrature import integrate

    first_treated = int(np.argmax(series.intervention != 0))
    begin = max(first_treated + 3, 8)
    if len(series.value) < _FEWEST_TO_CHOOSE or len(series.value) - begin < 8:
        return {}
    steps = {}
    for rung in rungs:
        if rung.delta_sd is not None or rung.model in ("phase-level", "gradual"):
            continue
        linear = linear_model(series, priors, model=rung.model)
        evidence = []
        for end in range(begin, len(series.value) + 1):
            part = replace(linear, columns=linear.columns[:, :end], gap=linear.gap[:end], linked=linear.linked[:end])
            evidence.append(integrate(series.value[:end], part, priors, phi=rung.phi, refine=0.7).log_evidence[0])
        steps[rung.name] = np.diff(evidence)
    best = max(steps.values(), key=np.sum)
    return {
        name: (float((density - best).sum()), float(np.std(density - best) * math.sqrt(len(best))))
        for name, density in steps.items()
    }
