"""How the effect fares under other models and priors: a ladder to be read as a whole, never to pick from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from scd.analysis.appendix import Alternative, Check, Robustness
from scd.analysis.checks import check_words
from scd.models.exact import quadrature_of
from scd.models.power_scaling import Sensitivity, power_scaling
from scd.models.prepare import prepare, scales
from scd.study import Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.models.outcome import Outcome
    from scd.models.priors import Priors
    from scd.models.quadrature import Quadrature
    from scd.models.series import Series

__all__ = ["appendix_line", "robustness", "robustness_words"]

_PROBABILITIES = (0.025, 0.5, 0.975)
# Prefixes with fewer values than this don't forecast, and shorter series can't choose between models.
_FEWEST_TO_CHOOSE = 20
# Power-scaling sensitivity above this is worth a word.
_NOTABLE = 0.05
_SURE = 0.95
_INTEGRATED = {"gaussian": "level_change", "log": "rate_ratio", "logit": "odds_ratio"}


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
    outcome, own, note = _prepared(study, measure=measure, case=case, model=model, family=family, priors=priors)
    effect, subject = _INTEGRATED[outcome.family], study.measure(outcome.series.measures[0].key)
    center, unit, sign = scales(outcome, own)
    series = outcome.scaled(center=center, unit=unit, sign=sign).series
    unit_priors = own.rescaled(center=own.center, unit=own.unit)
    rungs = _ladder(series, headline=model)
    grids = {rung.name: _grid(rung, series, unit_priors) for rung in rungs}
    foretold = _foretold(series, unit_priors, rungs)
    tell = partial(_effect, series=series, unit=float(unit[0]), sign=subject.sign, effect=effect)
    found = []
    for rung in rungs:
        difference, error = foretold.get(rung.name, (None, None))
        told = tell(grids[rung.name], rung.model)
        found.append(
            Alternative(case=case, name=rung.name, effect=effect, **told, elpd_difference=difference, elpd_se=error)
        )
    headline = next(rung.name for rung in rungs if rung.model == model and rung.phi is None and rung.delta_sd is None)
    lost = _missed_shares(study, case, subject.key)
    if lost and effect == "level_change":
        told = tell(grids[headline], model, shift=lost * subject.sign * float(unit[0]))
        name = f"If each missed session had been {float(unit[0]):g} worse than expected"
        found.append(Alternative(case=case, name=name, effect=effect, **told))
    loading = _loading(grids[headline], model, series)
    sensitivity = power_scaling(grids[headline], series, unit_priors, loading=loading, seed=seed)
    return Robustness(
        case=case,
        alternatives=tuple(found),
        prior_sensitivity=sensitivity.prior,
        likelihood_sensitivity=sensitivity.likelihood,
        words=robustness_words(found, sensitivity=sensitivity),
        note=note,
    )


def robustness_words(alternatives: Sequence[Alternative], *, sensitivity: Sensitivity) -> str:
    """One line for the page: whether the conclusion stands under all rungs.

    Returns
    -------
    str
    """
    chances = [a.p_improvement for a in alternatives]
    low, high = min(chances), max(chances)
    span = f"from {_percent(low)} to {_percent(high)}"
    if _firm(alternatives):
        line = f"The direction holds under every other model and prior tried (probability of improvement {span})."
    elif low > 0.5 or high < 0.5:
        line = f"Other models and priors agree on the direction but not on how sure it is (probability {span})."
    else:
        line = f"Other models and priors disagree on the direction (probability of improvement {span})."
    if sensitivity.prior > _NOTABLE:
        why = "the data say little" if sensitivity.likelihood <= _NOTABLE else "data and prior differ"
        line += f" The prior has a say in the result, since {why}."
    return line


def appendix_line(beside: Sequence[Robustness], checks: Sequence[Check]) -> str:
    """The one line of a clinician's page on what the appendix holds.

    Parameters
    ----------
    beside : sequence of Robustness
        One a case; empty where the family can't be integrated.
    checks : sequence of Check

    Returns
    -------
    str
    """
    if len(beside) == 1:
        line = beside[0].words
    elif beside:
        firm = sum(_firm(b.alternatives) for b in beside)
        line = f"In {firm} of {len(beside)} cases the direction holds under every other model and prior tried."
    else:
        line = ""
    if any(not check.ok for check in checks):
        line = f"{line} {check_words(tuple(checks))}"
    return line.strip()


def _prepared(
    study: Study, *, measure: str | None, case: str, model: str, family: str | None, priors: Priors | None
) -> tuple[Outcome, Priors, str]:
    """The values as the ladder takes them, their priors, and a note where that is not as the headline does."""
    outcome, own = prepare(study, measure=measure, case=case, model=model, family=family, priors=priors)
    note = ""
    if outcome.family == "rating":
        outcome, own = prepare(study, measure=measure, case=case, model=model, family="gaussian", priors=priors)
        note = "The ladder takes the ratings as scores: the ends of the scale have no part in it."
    if outcome.family not in _INTEGRATED:
        raise ValueError(f"family '{outcome.family}' can't be integrated")
    return outcome, own, note


def _firm(alternatives: Sequence[Alternative]) -> bool:
    chances = [a.p_improvement for a in alternatives]
    return min(chances) >= _SURE or max(chances) <= 1 - _SURE


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
    if phases > 2 or headline == "phase-level":
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


def _effect(
    grid: Quadrature, model: str, *, series: Series, unit: float, sign: int, effect: str, shift: float = 0.0
) -> dict[str, float]:
    change = grid.mixture(_loading(grid, model, series)).affine(shift=shift, scale=unit)
    lower, median, upper = (float(q) for q in change.quantile(_PROBABILITIES)[0])
    above = float(change.above(0.0)[0])
    if effect != "level_change":
        lower, median, upper = math.exp(lower), math.exp(median), math.exp(upper)
    return {"median": median, "lower": lower, "upper": upper, "p_improvement": above if sign > 0 else 1 - above}


def _missed_shares(study: Study, case: str, measure: str) -> float:
    """What the effect loses, in units, if each missed session would have been a unit worse than the model expects.

    The effect over all sessions is that over the recorded ones, less the difference of the missed shares.
    """
    held, shares = study.case(case), []
    missed = [held.phase_at(n).condition for n in held.missed_sessions(measure=measure)]
    seen = [held.phase_at(s.number).condition for s in held.sessions if s.value(measure) is not None]
    for condition in "AB":
        lost = missed.count(condition)
        shares.append(lost / (lost + seen.count(condition)) if lost else 0.0)
    return shares[0] - shares[1]


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
