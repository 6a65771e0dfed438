"""What the model says about each phase, and where the baseline would have gone."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import xarray as xr

from scd.models.response import AUTOCORRELATED, Response, new_values, spread_name
from scd.study import Measure, Study

__all__ = ["phase_levels", "project_baseline"]

_TAILS = (0.025, 0.5, 0.975)
# The band is drawn, not read to the third digit; 4,000 draws place it to a hundredth of its width.
_MOST_DRAWS = 4000


def phase_levels(tree: xr.DataTree) -> pd.DataFrame:
    """The estimated level of every phase: the expected value, averaged over its observed sessions.

    Parameters
    ----------
    tree : xarray.DataTree
        From `scd.models.fit`.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, phase, session_from, session_to, median, lower, upper`` (95 % interval), in measure units.
    """
    cases, phases = json.loads(tree.attrs["cases"]), json.loads(tree.attrs["phases"])
    constant = tree["constant_data"].to_dataset()
    expected = _flat(tree["posterior_predictive"].to_dataset()["expected"])
    rows = []
    for i, case in enumerate(cases):
        for j, label in enumerate(phases[i]):
            here = ((constant["case_index"] == i) & (constant["phase_index"] == j)).to_numpy()
            lower, median, upper = np.quantile(expected[:, here].mean(axis=1), _TAILS)
            sessions = constant["session"].to_numpy()[here]
            rows.append((case, label, int(sessions.min()), int(sessions.max()), median, lower, upper))
    columns = ["case", "phase", "session_from", "session_to", "median", "lower", "upper"]
    return pd.DataFrame(rows, columns=columns)


def project_baseline(tree: xr.DataTree, *, study: Study, seed: int = 1) -> pd.DataFrame:
    """Where single values would have fallen had the baseline gone on: the forecast over each intervention phase.

    From the last value of the baseline before it, the deviation from the baseline's expected value fades with
    ``phi ** gap``, and new deviations come in, so the band widens to the spread of the baseline.

    Parameters
    ----------
    tree : xarray.DataTree
        From `scd.models.fit`.
    study : Study
        The study it was fitted to.
    seed : int
        Seed of the forecast's draws.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, phase, session, median, lower, upper``: a row a session of each intervention phase that
        follows a baseline, with the 95 % predictive band. The band ends where the instrument's range ends.
    """
    rng = np.random.default_rng(seed)
    cases, phases = json.loads(tree.attrs["cases"]), json.loads(tree.attrs["phases"])
    measures = [study.measure(key) for key in json.loads(tree.attrs["measures"])]
    told = tree.attrs.get("responses")  # a tree without them is one of scores
    responses = [Response(**held) for held in json.loads(told)] if told else [Response(family="gaussian")] * len(cases)
    constant = tree["constant_data"].to_dataset()
    observed = tree["observed_data"]["value"].to_numpy()
    draws = {str(n): _flat(v) for n, v in tree["posterior"].to_dataset().data_vars.items()}
    predictive = tree["posterior_predictive"].to_dataset()
    predictor = _flat(predictive["predictor" if "predictor" in predictive else "expected"])
    session = constant["session"].to_numpy()
    case_index, phase_index = constant["case_index"].to_numpy(), constant["phase_index"].to_numpy()
    rows: list[tuple[object, ...]] = []
    for i, case in enumerate(cases):
        mine = case_index == i
        name = spread_name(responses[i].family)
        spread = draws["sigma_case"][:, i] if "sigma_case" in draws else draws[name] if name else np.zeros(1)
        slope = draws.get("trend", np.zeros(1))
        for j, label in enumerate(phases[i]):
            if label[0] != "B" or j == 0 or phases[i][j - 1][0] != "A":
                continue
            last = np.flatnonzero(mine & (phase_index == j - 1))[-1]
            treated = session[mine & (phase_index == j)]
            ahead = np.arange(treated.min(), treated.max() + 1)
            gap = ahead - session[last]
            # The baseline's expected value at the last session, carried on along the trend where there is one.
            level = predictor[:, [last]] + slope[:, None] * gap
            if responses[i].family in AUTOCORRELATED:
                deviation = _last_deviation(responses[i], observed[last], predictor[:, last], spread, rng=rng)
                rho = draws["phi"][:, None] ** gap[None, :]
                fresh = spread[:, None] * np.sqrt(1 - rho**2) * rng.standard_normal(rho.shape)
                level = level + rho * deviation[:, None] + fresh
            values = new_values(responses[i], level, spread=spread[:, None], rng=rng)
            lower, median, upper = _inside(np.quantile(values, _TAILS, axis=0), measures[i])
            rows += [(case, label, int(s), *map(float, q)) for s, *q in zip(ahead, median, lower, upper, strict=True)]
    return pd.DataFrame(rows, columns=["case", "phase", "session", "median", "lower", "upper"])


def _last_deviation(
    response: Response, value: float, predictor: np.ndarray, spread: np.ndarray, *, rng: np.random.Generator
) -> np.ndarray:
    """How far the last value lay from its expected one, on the family's scale.

    A rating tells only between what its latent value lies, and a count hardly tells its latent rate: the one is drawn
    from its cell, without regard to the values before; the other is taken as unknown.
    """
    match response.family:
        case "gaussian":
            return value - predictor
        case "log":
            return np.log(value + response.shift) - predictor
        case "logit":
            share = (100 * (value - response.low) / (response.high - response.low) + 0.5) / 101
            return np.log(share / (1 - share)) - predictor
        case "rating":
            low = -np.inf if value <= response.low else value - 0.5
            high = np.inf if value >= response.high else value + 0.5
            from scipy.special import ndtr, ndtri  # type: ignore[import-untyped]

            below, above = ndtr((low - predictor) / spread), ndtr((high - predictor) / spread)
            reached = below + rng.uniform(size=len(predictor)) * (above - below)
            return spread * ndtri(np.clip(reached, 1e-12, 1 - 1e-12))
        case _:
            return spread * rng.standard_normal(len(predictor))


def _flat(values: xr.DataArray) -> np.ndarray:
    in_order = values.transpose("chain", "draw", ...).to_numpy()
    stacked = in_order.reshape(-1, *in_order.shape[2:])
    return stacked[:: max(1, len(stacked) // _MOST_DRAWS)]


def _inside(quantiles: np.ndarray, measure: Measure) -> np.ndarray:
    return np.clip(quantiles, measure.minimum, measure.maximum)
