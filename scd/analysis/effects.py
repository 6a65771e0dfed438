"""The effect table: one tidy row for each effect that a posterior holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

import arviz as az
import numpy as np
import pandas as pd
import xarray as xr

from scd.study import Measure, Study

__all__ = ["COLUMNS", "effect_table"]

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


@dataclass(frozen=True, eq=False)
class _Effect:
    case: str | None
    contrast: str
    effect: str
    draws: xr.DataArray
    sign: int = 1
    meaningful: float | None = None


def effect_table(tree: xr.DataTree, *, study: Study) -> pd.DataFrame:
    """Every effect of a posterior as a row.

    Parameters
    ----------
    tree : xarray.DataTree
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

        ``standardized_change`` is the level change in within-phase SDs of this case (marginal SD), positive for
        improvement; it can't be compared with effect sizes between people. ``consistent_change`` has only
        `p_improvement`: the probability that all adjacent phases differ in the right direction. The interval holds
        `ci_prob` of the posterior with equal tails. `p_meaningful` is the probability of an improvement of at least
        the measure's meaningful change. In the multilevel model the rows with `case` None are the average over
        cases.
    """
    posterior = tree["posterior"].to_dataset()
    model = tree.attrs["model"]
    cases = json.loads(tree.attrs["cases"])
    measures = [study.measure(key) for key in json.loads(tree.attrs["measures"])]
    if model == "multilevel":
        effects = _multilevel(posterior, cases, measures)
    else:
        effects = _single_case(posterior, tree, cases[0], measures[0])
    return pd.DataFrame([_row(e) for e in effects], columns=list(COLUMNS))


def _single_case(posterior: xr.Dataset, tree: xr.DataTree, case: str, measure: Measure) -> list[_Effect]:
    model = tree.attrs["model"]
    delta, sigma = posterior["delta"], posterior["sigma"]
    if model == "piecewise":
        return _piecewise(posterior, tree, case, measure)
    effects = _change(case, "overall", delta, sigma, measure)
    if model == "level-trend":
        effects.append(_Effect(case, "overall", "trend", posterior["trend"], measure.sign))
    if model == "phase-level":
        labels = [str(label) for label in posterior["phase"].values]
        without = posterior["alpha"] + posterior["gamma"]
        levels = {label: without.sel(phase=label, drop=True) + (delta if label[0] == "B" else 0) for label in labels}
        right = []
        for earlier, later in pairwise(labels):
            if earlier[0] == later[0]:
                continue  # the phase between them was missed altogether
            first, second = (levels[earlier], levels[later])
            change = second - first if later[0] == "B" else first - second
            effects += _change(case, f"{earlier}-{later}", change, sigma, measure)
            right.append(change * measure.sign > 0)
        if len(right) > 1:
            together = xr.concat(right, dim="contrast").all("contrast").astype(float)
            effects.append(_Effect(case, "overall", "consistent_change", together))
    return effects


def _piecewise(posterior: xr.Dataset, tree: xr.DataTree, case: str, measure: Measure) -> list[_Effect]:
    constant = tree["constant_data"].to_dataset()
    treated = constant["intervention"].to_numpy() == 1
    elapsed = (constant["session"] - constant["phase_start"]).to_numpy()[treated]
    delta, slope_change = posterior["delta"], posterior["slope_change"]

    def at(session: float) -> xr.DataArray:
        return delta + slope_change * session

    return [
        *_change(case, "overall", at(float(elapsed.mean())), posterior["sigma"], measure),
        _Effect(case, "overall", "level_change_first", at(0), measure.sign, measure.meaningful_change),
        _Effect(case, "overall", "level_change_last", at(elapsed[-1]), measure.sign, measure.meaningful_change),
        _Effect(case, "overall", "slope_change", slope_change, measure.sign),
        _Effect(case, "overall", "trend", posterior["trend"], measure.sign),
    ]


def _multilevel(posterior: xr.Dataset, cases: list[str], measures: list[Measure]) -> list[_Effect]:
    if posterior.attrs["common_units"]:
        effects = _change(None, "overall", posterior["delta_mean"], posterior["sigma"], measures[0])
    else:  # unlike measures share only the standardised scale, on which up is better
        standardized = posterior["delta_mean"] / posterior["sigma"]
        effects = [_Effect(None, "overall", "standardized_change", standardized)]
    for i, (case, measure) in enumerate(zip(cases, measures, strict=True)):
        delta, sigma = (posterior[n].isel(case=i, drop=True) for n in ("delta", "sigma_case"))
        effects += _change(case, "overall", delta, sigma, measure)
    return effects


def _change(
    case: str | None, contrast: str, change: xr.DataArray, sigma: xr.DataArray, measure: Measure
) -> list[_Effect]:
    return [
        _Effect(case, contrast, "level_change", change, measure.sign, measure.meaningful_change),
        _Effect(case, contrast, "standardized_change", measure.sign * change / sigma),
    ]


def _row(effect: _Effect) -> tuple[object, ...]:
    draws = effect.draws.transpose("chain", "draw")
    values = draws.to_numpy().ravel()
    better = float((effect.sign * values > 0).mean())
    if effect.effect == "consistent_change":
        none = (None,) * 5
        return (effect.case, effect.contrast, effect.effect, *none, None, better, None, *(None,) * 3)
    lower, median, upper = np.quantile(values, [(1 - _CI_PROB) / 2, 0.5, (1 + _CI_PROB) / 2])
    meaningful = None if effect.meaningful is None else float((effect.sign * values >= effect.meaningful).mean())
    together = xr.Dataset({"effect": draws})
    return (
        effect.case,
        effect.contrast,
        effect.effect,
        float(values.mean()),
        float(values.std(ddof=1)),
        float(median),
        float(lower),
        float(upper),
        _CI_PROB,
        better,
        meaningful,
        float(az.rhat(together)["effect"]),
        float(az.ess(together, method="bulk")["effect"]),
        float(az.ess(together, method="tail")["effect"]),
    )
