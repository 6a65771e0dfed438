"""What the model says about each phase, and where the baseline would have gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from scd.models.fitted import Fitted, fitted_of
from scd.models.response import AUTOCORRELATED, Response, new_values, spread_name
from scd.study import Measure, Study

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["LEVEL_COLUMNS", "PROJECTION_COLUMNS", "level_rows", "phase_levels", "project_baseline", "projection_rows"]

LEVEL_COLUMNS = ("case", "phase", "session_from", "session_to", "median", "lower", "upper")
PROJECTION_COLUMNS = ("case", "phase", "session", "median", "lower", "upper")

_TAILS = (0.025, 0.5, 0.975)
# The band is drawn, not read to the third digit; 4,000 draws place it to a hundredth of its width.
_MOST_DRAWS = 4000


def phase_levels(tree: xr.DataTree | Fitted) -> pd.DataFrame:
    """The estimated level of every phase: the expected value, averaged over its observed sessions.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
        From `scd.models.fit`.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, phase, session_from, session_to, median, lower, upper`` (95 % interval), in measure units.
    """
    import pandas as pd

    return pd.DataFrame(level_rows(fitted_of(tree)), columns=list(LEVEL_COLUMNS))


def level_rows(fitted: Fitted) -> list[tuple[object, ...]]:
    """The rows of `phase_levels`, in the order of `LEVEL_COLUMNS`."""
    phases, constant = json.loads(fitted.origin["phases"]), fitted.constant
    expected = _thinned(fitted.predictive["expected"])
    rows: list[tuple[object, ...]] = []
    for i, case in enumerate(fitted.cases):
        for j, label in enumerate(phases[i]):
            here = (constant["case_index"] == i) & (constant["phase_index"] == j)
            lower, median, upper = (float(q) for q in np.quantile(expected[:, here].mean(axis=1), _TAILS))
            sessions = constant["session"][here]
            rows.append((case, label, int(sessions.min()), int(sessions.max()), median, lower, upper))
    return rows


def project_baseline(tree: xr.DataTree | Fitted, *, study: Study, seed: int = 1) -> pd.DataFrame:
    """Where single values would have fallen had the baseline gone on: the forecast over each intervention phase.

    From the last value of the baseline before it, the deviation from the baseline's expected value fades with
    ``phi ** gap``, and new deviations come in, so the band widens to the spread of the baseline.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
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
    import pandas as pd

    rows = projection_rows(fitted_of(tree), study=study, seed=seed)
    return pd.DataFrame(rows, columns=list(PROJECTION_COLUMNS))


def projection_rows(fitted: Fitted, *, study: Study, seed: int = 1) -> list[tuple[object, ...]]:
    """The rows of `project_baseline`, in the order of `PROJECTION_COLUMNS`."""
    rng = np.random.default_rng(seed)
    cases, phases = fitted.cases, json.loads(fitted.origin["phases"])
    measures = [study.measure(key) for key in json.loads(fitted.origin["measures"])]
    told = fitted.origin.get("responses")  # a posterior without them is one of scores
    responses = [Response(**held) for held in json.loads(told)] if told else [Response(family="gaussian")] * len(cases)
    observed, predictive = fitted.observed, fitted.predictive
    draws = {name: _thinned(v) for name, v in fitted.posterior.items()}
    predictor = _thinned(predictive["predictor" if "predictor" in predictive else "expected"])
    session, case_index, phase_index = (fitted.constant[n] for n in ("session", "case_index", "phase_index"))
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
    return rows


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


def _thinned(values: np.ndarray) -> np.ndarray:
    joined = values.reshape(-1, *values.shape[2:])
    return joined[:: max(1, len(joined) // _MOST_DRAWS)]


def _inside(quantiles: np.ndarray, measure: Measure) -> np.ndarray:
    return np.clip(quantiles, measure.minimum, measure.maximum)
