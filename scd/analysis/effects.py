"""The effect table: one tidy row for each effect that a posterior holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from scd.analysis.family_effects import FamilyEffect, family_effects
from scd.analysis.onset import onset_draws
from scd.models.exact import sum_of
from scd.models.fitted import Fitted, Grid, fitted_of
from scd.models.mixture import Mixture, normal_cdf
from scd.models.terms import SEVERAL_CASES_MODELS
from scd.study import Measure, Study

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["COLUMNS", "effect_rows", "effect_table"]

COLUMNS = (
    "case",
    "contrast",
    "effect",
    "mean",
    "sd",
    "median",
    "lower",
    "upper",
    "ci_prob",
    "p_improvement",
    "p_meaningful",
    "rhat",
    "ess_bulk",
    "ess_tail",
)
_CI_PROB = 0.95
_PROBABILITIES = ((1 - _CI_PROB) / 2, 0.5, (1 + _CI_PROB) / 2)


@dataclass(frozen=True, eq=False)
class _Effect:
    """A weighted sum of parameters, or an increasing function of one, still to be read off the posterior.

    `sums` names the parameters and their weights; with a case, the draws of that case are meant. A row of which only
    the probability of improvement is told has `together`, the sums that must all be improvements.
    """

    case: str | None
    contrast: str
    effect: str
    sums: dict[str, float]
    sign: int = 1
    meaningful: float | None = None
    standardized_by: str = ""
    shown_as: Callable[[np.ndarray], np.ndarray] | None = None
    together: tuple[dict[str, float], ...] = field(default=())


def effect_table(tree: xr.DataTree | Fitted, *, study: Study) -> pd.DataFrame:
    """Every effect of a posterior as a row.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
        From `scd.models.fit`.
    study : Study
        The study it was fitted to; gives direction and meaningful change.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, contrast, effect, mean, sd, median, lower, upper, ci_prob, p_improvement, p_meaningful, rhat,
        ess_bulk, ess_tail``. In the measure's units and with its sign, intervention minus baseline:

        - ``level_change``: the difference that the intervention makes; contrast ``overall`` or two adjacent phases.
          Every contrast is intervention minus baseline, ``B1-A2`` too, so that they can be compared. For the
          piecewise model it is the mean over the sessions under intervention.
        - ``level_change_first``, ``level_change_last``: at the first and the last session of an intervention phase
          (piecewise).
        - ``trend``, ``slope_change``: per session.
        - ``half_life`` in sessions, and ``reached_at_third``, a share: how fast a gradual effect builds up; without
          probabilities, as neither is better or worse (gradual).

        Families other than the Gaussian add ``rate_ratio``, ``odds_ratio`` and ``percent_change``; see
        `scd.analysis.family_effects`.

        ``standardized_change`` is the level change in within-phase SDs of this case (marginal SD), positive for
        improvement; it can't be compared with effect sizes between people. ``nap`` is the probability that a value
        drawn under intervention is better than one drawn in baseline. ``consistent_change`` has only
        `p_improvement`: the probability that all adjacent phases differ in the right direction. The interval holds
        `ci_prob` of the posterior with equal tails. `p_meaningful` is the probability of an improvement of at least
        the measure's meaningful change. In the multilevel model the rows with `case` None are the average over
        cases. Where the posterior of scores was integrated, all but ``consistent_change`` and the rows on onset are
        without Monte Carlo error. Of independent draws `rhat` is 1, and the effective sample sizes are what they are
        worth.
    """
    import pandas as pd

    return pd.DataFrame(effect_rows(fitted_of(tree), study=study), columns=list(COLUMNS))


def effect_rows(fitted: Fitted, *, study: Study) -> list[tuple[object, ...]]:
    """The rows of `effect_table`, in the order of `COLUMNS`."""
    model, cases = fitted.origin["model"], fitted.cases
    measures = [study.measure(key) for key in json.loads(fitted.origin["measures"])]
    if fitted.origin.get("family", "gaussian") != "gaussian":
        told = [_family_row(e, fitted) for e in family_effects(fitted, measures=measures)]
        return [*told, *_onset_rows(fitted, cases[0])]
    if model in SEVERAL_CASES_MODELS:
        effects = _multilevel(fitted, measures)
    else:
        effects = _single_case(fitted, cases[0], measures[0])
    if fitted.grid is not None:
        read = _reader(fitted.grid)
        rows = [_exact_row(e, read, fitted) for e in effects]
    else:
        rows = [_sampled_row(e, fitted) for e in effects]
    return [*rows, *_onset_rows(fitted, cases[0])]


def _single_case(fitted: Fitted, case: str, measure: Measure) -> list[_Effect]:
    model = fitted.origin["model"]
    if model == "piecewise":
        return _piecewise(fitted, case, measure)
    effects = _change(case, "overall", {"delta": 1.0}, "sigma", measure)
    if model == "level-trend":
        effects.append(_Effect(case, "overall", "trend", {"trend": 1.0}, measure.sign))
    if model == "phase-level":
        changes = []
        for earlier, later in pairwise(fitted.labels["phase"]):
            if earlier[0] == later[0]:
                continue  # the phase between them was missed altogether
            treated, untreated = (later, earlier) if later[0] == "B" else (earlier, later)
            changes.append({"delta": 1.0, f"gamma[{treated}]": 1.0, f"gamma[{untreated}]": -1.0})
            effects += _change(case, f"{earlier}-{later}", changes[-1], "sigma", measure)
        if len(changes) > 1:
            effects.append(_Effect(case, "overall", "consistent_change", {}, measure.sign, together=tuple(changes)))
    return effects


def _piecewise(fitted: Fitted, case: str, measure: Measure) -> list[_Effect]:
    treated = fitted.constant["intervention"] == 1
    elapsed = (fitted.constant["session"] - fitted.constant["phase_start"])[treated]

    def at(session: float) -> dict[str, float]:
        return {"delta": 1.0, "slope_change": session}

    return [
        *_change(case, "overall", at(float(elapsed.mean())), "sigma", measure),
        _Effect(case, "overall", "level_change_first", at(0.0), measure.sign, measure.meaningful_change),
        _Effect(case, "overall", "level_change_last", at(float(elapsed[-1])), measure.sign, measure.meaningful_change),
        _Effect(case, "overall", "slope_change", {"slope_change": 1.0}, measure.sign),
        _Effect(case, "overall", "trend", {"trend": 1.0}, measure.sign),
    ]


def _multilevel(fitted: Fitted, measures: list[Measure]) -> list[_Effect]:
    if fitted.common_units:
        effects = _change(None, "overall", {"delta_mean": 1.0}, "sigma", measures[0])
    else:  # unlike measures share only the standardised scale, on which up is better
        share = {"delta_mean": 1.0}
        effects = [_Effect(None, "overall", "standardized_change", share, standardized_by="sigma")]
    for case, measure in zip(fitted.cases, measures, strict=True):
        effects += _change(case, "overall", {f"delta[{case}]": 1.0}, f"sigma_case[{case}]", measure)
    return effects


def _change(case: str | None, contrast: str, change: dict[str, float], sigma: str, measure: Measure) -> list[_Effect]:
    better = {name: measure.sign * weight for name, weight in change.items()}
    return [
        _Effect(case, contrast, "level_change", change, measure.sign, measure.meaningful_change),
        _Effect(case, contrast, "standardized_change", better, standardized_by=sigma),
        _Effect(case, contrast, "nap", better, standardized_by=sigma, shown_as=_overlap),
    ]


def _overlap(standardized: np.ndarray) -> np.ndarray:
    """P(a value of one normal is above one of another) from the distance of their means in SDs."""
    return normal_cdf(standardized / np.sqrt(2))


def _reader(grid: Grid) -> Callable[[_Effect], tuple[Mixture, np.ndarray]]:
    """Reads mixtures and their quantiles off the grid; rows about the same sum share the work."""
    found: dict[tuple[object, ...], tuple[Mixture, np.ndarray]] = {}

    def read(effect: _Effect) -> tuple[Mixture, np.ndarray]:
        key = (*effect.sums.items(), bool(effect.standardized_by))
        if key not in found:
            mixture = sum_of(grid.quadrature, effect.sums, unit=grid.unit, standardized=bool(effect.standardized_by))
            found[key] = mixture, mixture.quantile(_PROBABILITIES)[0]
        return found[key]

    return read


def _exact_row(
    effect: _Effect, read: Callable[[_Effect], tuple[Mixture, np.ndarray]], fitted: Fitted
) -> tuple[object, ...]:
    if effect.together:
        return _only_probability(effect, fitted)
    mixture, quantiles = read(effect)
    mean, sd = float(mixture.mean()[0]), float(mixture.sd()[0])
    if effect.shown_as is not None:
        shown = effect.shown_as
        quantiles, mean = shown(quantiles), float(mixture.expect(shown)[0])
        square = float(mixture.expect(lambda values: (shown(values) - mean) ** 2)[0])
        sd = square**0.5
    lower, median, upper = (float(q) for q in quantiles)
    meaningful = None if effect.meaningful is None else _beyond(mixture, effect.sign, effect.meaningful)
    better = _beyond(mixture, effect.sign, 0.0)
    told = (mean, sd, median, lower, upper, _CI_PROB, better, meaningful)
    return (effect.case, effect.contrast, effect.effect, *told, 1.0, fitted.independent, fitted.independent)


def _beyond(mixture: Mixture, sign: int, threshold: float) -> float:
    above = float(mixture.above(sign * threshold)[0])
    return above if sign > 0 else 1 - above


def _sampled_row(effect: _Effect, fitted: Fitted) -> tuple[object, ...]:
    if effect.together:
        return _only_probability(effect, fitted)
    draws = _sum(fitted, effect.sums)
    if effect.standardized_by:
        draws = draws / fitted.parameter(effect.standardized_by)
    values = draws.ravel()
    better = float((effect.sign * values > 0).mean())
    meaningful = None if effect.meaningful is None else float((effect.sign * values >= effect.meaningful).mean())
    shown = values if effect.shown_as is None else effect.shown_as(values)
    lower, median, upper = np.quantile(shown, _PROBABILITIES)
    return (
        effect.case,
        effect.contrast,
        effect.effect,
        float(shown.mean()),
        float(shown.std(ddof=1)),
        float(median),
        float(lower),
        float(upper),
        _CI_PROB,
        better,
        meaningful,
        *_reliability(draws, fitted),
    )


def _family_row(effect: FamilyEffect, fitted: Fitted) -> tuple[object, ...]:
    name = (effect.case, effect.contrast, effect.effect)
    better = float((effect.better > 0).mean())
    if not effect.shown:
        return (*name, *(None,) * 6, better, *(None,) * 4)
    lower, median, upper = np.quantile(effect.draws, _PROBABILITIES)
    meaningful = None if effect.meaningful is None else float((effect.better >= effect.meaningful).mean())
    told = (float(effect.draws.mean()), float(effect.draws.std(ddof=1)), float(median), float(lower), float(upper))
    return (*name, *told, _CI_PROB, better, meaningful, *_reliability(effect.draws.reshape(fitted.shape), fitted))


def _reliability(chains: np.ndarray, fitted: Fitted) -> tuple[float, float, float]:
    """R-hat, and bulk and tail effective sample size; of independent draws 1 and what they are worth."""
    if fitted.independent is not None:
        return 1.0, fitted.independent, fitted.independent
    import arviz as az  # takes seconds to import, and integrated posteriors do without
    import xarray as xr

    held = xr.Dataset({"effect": (("chain", "draw"), chains)})
    bulk, tail = (float(az.ess(held, method=method)["effect"]) for method in ("bulk", "tail"))
    return float(az.rhat(held)["effect"]), bulk, tail


def _onset_rows(fitted: Fitted, case: str) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for name, chains in onset_draws(fitted).items():
        lower, median, upper = np.quantile(chains, _PROBABILITIES)
        told = (float(chains.mean()), float(chains.std(ddof=1)), float(median), float(lower), float(upper), _CI_PROB)
        rows.append((case, "overall", name, *told, None, None, *_reliability(chains, fitted)))
    return rows


def _only_probability(effect: _Effect, fitted: Fitted) -> tuple[object, ...]:
    right = [effect.sign * _sum(fitted, sums) > 0 for sums in effect.together]
    together = float(np.all(right, axis=0).mean())
    none = (None,) * 5
    return (effect.case, effect.contrast, effect.effect, *none, None, together, None, *(None,) * 3)


def _sum(fitted: Fitted, sums: dict[str, float]) -> np.ndarray:
    parts = [weight * fitted.parameter(name) for name, weight in sums.items()]
    return sum(parts[1:], start=parts[0])
