"""What a model expects at given sessions, and draws of new values around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from scd.models.history import occasions
from scd.models.onset import carried
from scd.models.response import AUTOCORRELATED, mean_value, new_values, spread_name
from scd.models.terms import SEVERAL_CASES_MODELS

__all__ = ["ar1_paths", "expected_values", "predicted", "prior_draws"]

if TYPE_CHECKING:
    from scd.models.outcome import Outcome
    from scd.models.priors import Priors
    from scd.models.series import Series


def expected_values(draws: dict[str, np.ndarray], series: Series, *, model: str) -> np.ndarray:
    """Linear predictor of each observation under each draw: for scores the expected value itself.

    Parameters
    ----------
    draws : dict of str to ndarray
        Parameters; the first axis is the draw, a second one phase or case.
    series : Series
        The observations.
    model : str
        The model's name.

    Returns
    -------
    ndarray, shape (draws, obs)
    """
    d = series.intervention
    if model == "gradual":
        return draws["alpha"][:, None] + draws["delta"][:, None] * carried(series, draws["carried"])
    if model in SEVERAL_CASES_MODELS:
        expected = draws["alpha"][:, series.case_index] + draws["delta"][:, series.case_index] * d
        return expected + draws["history"][:, occasions(series)[1]] if "history" in draws else expected
    expected = draws["alpha"][:, None] + draws["delta"][:, None] * d
    if model == "level-trend":
        expected = expected + draws["trend"][:, None] * series.time
    elif model == "piecewise":
        expected = expected + draws["trend"][:, None] * series.time_from_start
        expected = expected + draws["slope_change"][:, None] * (d * series.time_in_phase)
    elif model == "phase-level":
        expected = expected + draws["gamma"][:, series.phase_index]
    return expected


def predicted(
    outcome: Outcome, draws: dict[str, np.ndarray], *, model: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """New values of every session, and the expected ones, on the scale of the values.

    Parameters
    ----------
    outcome : Outcome
        The observations, as their family sees them.
    draws : dict of str to ndarray
        Parameters on the family's scale; the first axis is the draw, a second one phase or case.
    model : str
        The model's name.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray, shape (draws, obs)
        ``value`` and ``expected``; where the family has a scale of its own, also ``predictor``, the expected values
        there.
    """
    series = outcome.series
    predictor = expected_values(draws, series, model=model)
    spread = np.zeros((len(predictor), 1))
    name = spread_name(outcome.family)
    if "sigma_case" in draws:
        spread = draws["sigma_case"][:, series.case_index]
    elif name:
        spread = draws[name][:, None]
    reached = predictor
    if outcome.family in AUTOCORRELATED:
        reached = ar1_paths(predictor, sigma=spread, phi=draws["phi"], gap=series.gap, linked=series.linked, rng=rng)
    value, expected = np.empty_like(predictor), np.empty_like(predictor)
    for i, response in enumerate(outcome.responses):
        mine = series.case_index == i
        own = spread[:, mine] if spread.shape[1] > 1 else spread
        session = {n: getattr(outcome, n)[mine] for n in ("exposure", "trials", "scale")}
        value[:, mine] = new_values(response, reached[:, mine], spread=own, rng=rng, **session)
        expected[:, mine] = mean_value(response, predictor[:, mine], spread=own, **session)
    found = {"value": value, "expected": expected}
    return found if outcome.family == "gaussian" else found | {"predictor": predictor}


def ar1_paths(
    expected: np.ndarray,
    *,
    sigma: np.ndarray,
    phi: np.ndarray,
    gap: np.ndarray,
    linked: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """New values: the expected ones plus a stationary AR(1), one path a draw.

    Parameters
    ----------
    expected : ndarray, shape (draws, obs)
    sigma : ndarray, shape (draws,) or (draws, obs)
        Marginal SD.
    phi : ndarray, shape (draws,)
    gap, linked : ndarray, shape (obs,)
        Sessions since the value before; 0 where a new case begins.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (draws, obs)
    """
    # A session's values lie side by side while the path goes on from one to the next: several times as fast.
    deviation = np.ascontiguousarray(rng.standard_normal(expected.shape).T)
    steps: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for t in range(1, len(deviation)):
        if not linked[t]:
            continue
        if gap[t] not in steps:
            rho = phi ** gap[t]
            steps[gap[t]] = rho, np.sqrt(1 - rho**2)
        rho, fresh = steps[gap[t]]
        deviation[t] = rho * deviation[t - 1] + fresh * deviation[t]
    spread = sigma[:, None] if sigma.ndim == 1 else sigma
    return expected + spread * deviation.T


def prior_draws(
    priors: Priors,
    *,
    model: str,
    family: str = "gaussian",
    phases: int,
    cases: int,
    widths: np.ndarray | None = None,
    size: int,
    rng: np.random.Generator,
) -> dict[str, np.ndarray]:
    """Draws of a model's parameters from its priors, without compiling anything.

    Parameters
    ----------
    priors : Priors
    model, family : str
    phases, cases : int
        Sizes of the ``phase`` and ``case`` dims.
    widths : ndarray, shape (occasions,), optional
        Of the steps of what all cases share, where the model has it; see `scd.models.history.occasion_widths`.
    size : int
        Number of draws.
    rng : numpy.random.Generator

    Returns
    -------
    dict of str to ndarray
        The first axis is the draw.
    """

    drawn = _level_draws(priors, model=model, phases=phases, cases=cases, size=size, rng=rng)
    if model == "multilevel-history":
        widths = np.zeros(1) if widths is None else widths
        drawn["history_sd"] = np.abs(rng.normal(0, priors.history_sd, size))
        steps = widths * rng.standard_normal((size, len(widths)))
        drawn["history"] = drawn["history_sd"][:, None] * steps.cumsum(axis=1)
    if family not in AUTOCORRELATED:
        if family != "poisson":
            drawn["dispersion"] = np.abs(rng.normal(0, priors.dispersion_sd, size))
        return drawn
    drawn["phi"], drawn["sigma"] = _errors(priors, size=size, rng=rng)
    if model in SEVERAL_CASES_MODELS:
        drawn["sigma_spread"] = np.abs(rng.normal(0, priors.sigma_between_sd, size))
        z = rng.standard_normal((size, cases))
        drawn["sigma_case"] = drawn["sigma"][:, None] * np.exp(drawn["sigma_spread"][:, None] * z)
    return drawn


def _level_draws(
    priors: Priors, *, model: str, phases: int, cases: int, size: int, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draws of what the expected values hang on."""

    def half_normal(scale: float) -> np.ndarray:
        return np.abs(rng.normal(0, scale, size))

    if model in SEVERAL_CASES_MODELS:
        alpha_mean, delta_mean = rng.normal(priors.center, priors.alpha_sd, size), rng.normal(0, priors.delta_sd, size)
        alpha_sd, delta_sd = half_normal(priors.alpha_between_sd), half_normal(priors.delta_between_sd)
        z = rng.standard_normal((2, size, cases))
        return {
            "alpha_mean": alpha_mean,
            "alpha_sd": alpha_sd,
            "delta_mean": delta_mean,
            "delta_sd": delta_sd,
            "alpha": alpha_mean[:, None] + alpha_sd[:, None] * z[0],
            "delta": delta_mean[:, None] + delta_sd[:, None] * z[1],
        }
    drawn = {
        "alpha": rng.normal(priors.center, priors.alpha_sd, size),
        "delta": rng.normal(0, priors.delta_sd, size),
    }
    if model in ("level-trend", "piecewise"):
        drawn["trend"] = rng.normal(0, priors.trend_sd, size)
    if model == "piecewise":
        drawn["slope_change"] = rng.normal(0, priors.slope_change_sd, size)
    if model == "gradual":
        drawn["carried"] = rng.beta(1, 2, size)
    if model == "phase-level":
        drawn["omega"] = half_normal(priors.omega_sd)
        drawn["gamma"] = drawn["omega"][:, None] * rng.standard_normal((size, phases))
    return drawn


def _errors(priors: Priors, *, size: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draws of phi and sigma; what lies outside the limits is drawn again, which is seldom."""
    phi, sigma = np.empty(0), np.empty(0)
    while phi.size < size:
        flat = math.isinf(priors.phi_sd)
        fresh = rng.uniform(-0.99, 0.99, size) if flat else rng.normal(priors.phi_mean, priors.phi_sd, size)
        fresh = fresh[np.abs(fresh) < 0.99]
        spread, root = np.abs(rng.normal(0, priors.sigma_sd, fresh.size)), np.sqrt(1 - fresh**2)
        if priors.sigma_of == "innovation":
            spread = spread / root
        above = spread * root > priors.sigma_floor
        phi, sigma = np.concatenate([phi, fresh[above]]), np.concatenate([sigma, spread[above]])
    return phi[:size], sigma[:size]
