"""Simulation-based calibration of the exact engine: truths from the prior, ranked in the posterior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from scd.models.change_point import change_points
from scd.models.exact import draw_exact, quadrature_of
from scd.models.predictive import expected_values, prior_draws
from scd.models.quadrature import Quadrature
from scd.models.series import Series
from scd.models.terms import SINGLE_CASE_MODELS

from .bands import DRAWS, rank_of
from .situations import NEUTRAL, layout, noise

__all__ = ["EXACT_MODELS", "exact_ranks", "log_likelihood", "random_layout"]

EXACT_MODELS = (*SINGLE_CASE_MODELS, "change-point")

# A posterior as it should be; tests put a wrong one in its place.
Posterior = Callable[[Series, str, int], tuple[dict[str, np.ndarray], Quadrature]]


def random_layout(rng: np.random.Generator, *, phases: tuple[int, ...] = (2, 4)) -> Series:
    """Two or four phases of 3 to 10 sessions, of which up to three in ten are missed; two values a phase stay."""
    lengths = tuple(int(n) for n in rng.integers(3, 11, rng.choice(phases)))
    phase, share = np.repeat(np.arange(len(lengths)), lengths), rng.choice([0.0, 0.1, 0.3])
    keep = rng.random(len(phase)) >= share
    while min(np.bincount(phase[keep], minlength=len(lengths))) < 2:
        keep = rng.random(len(phase)) >= share
    return layout(lengths, keep=keep)


def log_likelihood(
    values: np.ndarray, expected: np.ndarray, *, series: Series, draws: dict[str, np.ndarray]
) -> np.ndarray:
    """Log density of the values under each draw, from their covariance matrix (constants left out)."""
    apart = np.abs(series.session[:, None] - series.session)
    factor = np.linalg.cholesky(draws["phi"][:, None, None] ** apart)
    whitened = np.linalg.solve(factor, ((values - expected) / draws["sigma"][:, None])[..., None])[..., 0]
    half_log_det = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
    return -0.5 * (whitened**2).sum(axis=1) - half_log_det - len(values) * np.log(draws["sigma"])


def posterior(series: Series, model: str, seed: int) -> tuple[dict[str, np.ndarray], Quadrature]:
    """Draws of a model's parameters, and the integral that they come from."""
    grid = quadrature_of(series, NEUTRAL, model=model)
    found = draw_exact(grid, model=model, seed=seed, draws=DRAWS, chains=1)
    return {name: v[0] for name, v in found.items()}, grid


def exact_ranks(model: str, *, simulations: int, seed: int, posterior: Posterior = posterior) -> dict[str, np.ndarray]:
    """Ranks (0 to `DRAWS`) of each quantity's truth.

    Parameters
    ----------
    model : str
        One of `EXACT_MODELS`.
    simulations : int
    seed : int
    posterior : callable
        Gives the draws and the integral for a series.

    Returns
    -------
    dict of str to ndarray of int, shape (simulations,)
        Parameters, the standardised change, the log likelihood, which hangs on the data too, and what the effect table
        reads off the integral instead of the draws.
    """
    rng = np.random.default_rng([seed, EXACT_MODELS.index(model)])
    if model == "change-point":
        return {"change point": np.array([_change_point_rank(rng) for _ in range(simulations)])}
    found: dict[str, list[int]] = {}
    for i in range(simulations):
        series = random_layout(rng)
        truth = prior_draws(NEUTRAL, model=model, phases=len(series.phases[0]), cases=1, size=1, rng=rng)
        error = noise(rng, session=series.session, phi=truth["phi"], size=1)
        values = (expected_values(truth, series, model=model) + truth["sigma"][:, None] * error)[0]
        series = replace(series, value=values)
        draws, grid = posterior(series, model, i)
        for name, true, drawn in _quantities(series, truth, draws, model=model):
            found.setdefault(name, []).append(rank_of(true, drawn, rng))
        loading = np.array([float(name == "delta") for name in grid.coefficients])
        for name, true, by_sd in (
            ("delta, integral", truth["delta"][0], False),
            ("delta / sigma, integral", truth["delta"][0] / truth["sigma"][0], True),
        ):
            below = 1 - grid.mixture(loading, standardized=by_sd).above(float(true))[0]
            found.setdefault(name, []).append(min(int(below * (DRAWS + 1)), DRAWS))
    return {name: np.array(ranks) for name, ranks in found.items()}


def _quantities(
    series: Series, truth: dict[str, np.ndarray], draws: dict[str, np.ndarray], *, model: str
) -> list[tuple[str, float, np.ndarray]]:
    single = [name for name in truth if truth[name].ndim == 1]
    found = [(name, float(truth[name][0]), draws[name]) for name in single]
    found.append(("delta / sigma", float(truth["delta"][0] / truth["sigma"][0]), draws["delta"] / draws["sigma"]))
    if "gamma" in truth:
        found.append(("gamma, last phase", float(truth["gamma"][0, -1]), draws["gamma"][:, -1]))
    both = {name: np.concatenate([truth[name], draws[name]]) for name in truth}
    fits = log_likelihood(series.value, expected_values(both, series, model=model), series=series, draws=both)
    return [*found, ("log likelihood", float(fits[0]), fits[1:])]


def _change_point_rank(rng: np.random.Generator) -> int:
    """The true last session before the change, placed in its posterior's distribution function."""
    series = random_layout(rng, phases=(2,))
    while len(series.value) < 7:
        series = random_layout(rng, phases=(2,))
    truth = prior_draws(NEUTRAL, model="level", phases=2, cases=1, size=1, rng=rng)
    split = int(rng.integers(3, len(series.value) - 2))
    after = np.arange(len(series.value)) >= split
    error = noise(rng, session=series.session, phi=truth["phi"], size=1)[0]
    values = truth["alpha"][0] + truth["delta"][0] * after + truth["sigma"][0] * error
    found = change_points(replace(series, value=values), NEUTRAL)[0]
    place = found.sessions.index(int(series.session[split - 1]))
    reached = np.concatenate([[0.0], np.cumsum(found.probability)])
    below = rng.uniform(reached[place], reached[place + 1])
    return min(int(below * (DRAWS + 1)), DRAWS)
