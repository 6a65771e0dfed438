"""Simulation-based calibration of what can't be integrated, through `scd.models.fit` as a clinic's numbers go."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy import stats

from scd.models import Engine, fit
from scd.models.families import Outcome, outcome_of
from scd.models.family_priors import family_priors
from scd.models.history import occasion_widths
from scd.models.predictive import expected_values, predicted, prior_draws
from scd.models.priors import Priors
from scd.models.series import Series, series_of
from scd.models.terms import SEVERAL_CASES_MODELS
from scd.study import Case, Measure, Phase, Session, Study, Value

from .bands import DRAWS, rank_of
from .exact_ranks import log_likelihood, random_layout

__all__ = ["CENTER", "FAMILIES", "SAMPLED", "SCORE", "UNIT", "WEIGHED", "Tally", "a_study", "add_one", "healthy"]

_MODELS = ("level", "level-trend", "phase-level", "piecewise")
_CASES = ("K7M2QX", "P4R9TW", "Z3H8VN")
_CHAINS, _CHAIN_DRAWS = 2, 500
# Of a thousand draws; the product asks more of its eight thousand.
_RHAT, _ESS = 1.03, 150
_STEADIEST_RATING = 0.25

# Simulated scores know no ends, so their priors are given a centre and a unit instead of a range.
SCORE = Measure(key="y", label="Y", improvement="increase")
CENTER, UNIT = 5.0, 2.0
_COUNT = Measure(key="y", label="Y", improvement="decrease", scale="count", minimum=0)
_RATING = Measure(key="y", label="Y", improvement="decrease", scale="rating", minimum=0, maximum=10)
_SHARE = Measure(key="y", label="Y", improvement="increase", scale="proportion", minimum=0, maximum=1)

FAMILIES: dict[str, tuple[str, Measure]] = {
    "scores": ("gaussian", SCORE),
    "ratings": ("rating", _RATING),
    "counts": ("count", _COUNT),
    "counts, latent": ("poisson-lognormal", _COUNT),
    "proportions": ("proportion", _SHARE),
    "several clients": ("gaussian", SCORE),
    "several clients, history": ("gaussian", SCORE),
}
"""Each row of the tables with its family and a measure that has it."""
SAMPLED = tuple(of for of in FAMILIES if of != "several clients, history")
"""The rows that a Markov chain is tried on as well."""
WEIGHED = tuple(of for of in FAMILIES if of != "scores")
"""The rows that weighted draws stand behind; scores of one client are integrated."""


@dataclass
class Tally:
    """What has come of the simulations of one family so far.

    Attributes
    ----------
    ranks : dict of str to list of int
    divergent : int
        Simulations in which the second run, with smaller steps, still had a divergence.
    unmixed : int
        Simulations whose R-hat was above 1.03 or whose bulk effective sample size was below 150.
    handed_on : int
        Simulations whose weighted draws were worth too few, so that a Markov chain was asked.
    """

    ranks: dict[str, list[int]] = field(default_factory=dict)
    divergent: int = 0
    unmixed: int = 0
    handed_on: int = 0


def add_one(tally: Tally, *, of: str, number: int, seed: int, engine: Engine) -> None:
    """Simulate one client (or three), fit, and add the ranks; whatever the sampler did, the ranks count.

    Parameters
    ----------
    tally : Tally
    of : str
        One of `FAMILIES`.
    number : int
        Of the simulation, from 0; the single-case models take turns.
    seed : int
    engine : {"auto", "nuts"}
    """
    family, measure = FAMILIES[of]
    rng = np.random.default_rng([seed, 100 + list(FAMILIES).index(of), number])
    several = of.startswith("several clients")
    model = _MODELS[number % len(_MODELS)]
    if several:
        model = "multilevel-history" if of.endswith("history") else "multilevel"
    parts = [random_layout(rng, phases=(2,)) for _ in _CASES] if several else [random_layout(rng)]
    blank, sessions = _blank(parts, measure, rng)
    scale = {"center": CENTER, "unit": UNIT} if family == "gaussian" else {}
    priors = family_priors(measure, family=family, **scale)
    if family == "rating":
        priors = priors.replace(sigma_floor=_STEADIEST_RATING)
    truth = _truth(priors, blank, model=model, family=family, rng=rng)
    outcome = outcome_of(blank, family=family)
    made = predicted(outcome, truth, model=model, rng=rng)["value"][0]
    study = a_study(parts, measure, values=made, trials=sessions["trials"], minutes=sessions["minutes"])
    sampler = {"seed": number + 1, "draws": _CHAIN_DRAWS, "chains": _CHAINS}
    tree = fit(study, model=model, family=family, priors=priors, engine=engine, **sampler)
    tally.handed_on += engine == "auto" and tree.attrs["engine"] == "nuts"
    kept = np.linspace(0, _CHAINS * _CHAIN_DRAWS - 1, DRAWS).astype(int)
    draws = {
        str(name): v.transpose("chain", "draw", ...).to_numpy().reshape(_CHAINS * _CHAIN_DRAWS, *v.shape[2:])[kept]
        for name, v in tree["posterior"].data_vars.items()
    }
    seen = outcome_of(series_of(study), family=family)
    for name, true, drawn in _quantities(seen, truth, draws, model=model):
        tally.ranks.setdefault(name, []).append(rank_of(true, drawn, rng))
    diverged, mixed = healthy(tree)
    tally.divergent += diverged
    tally.unmixed += not mixed


def healthy(tree: object) -> tuple[bool, bool]:
    """Whether a fit diverged, and whether its chains agree and hold enough independent draws."""
    from scd.analysis.diagnostics import diagnose

    found = diagnose(tree)  # type: ignore[arg-type]
    return found.divergences > 0, found.rhat_max <= _RHAT and found.ess_bulk_min >= _ESS


def a_study(
    parts: list[Series],
    measure: Measure,
    *,
    values: np.ndarray,
    trials: np.ndarray | None = None,
    minutes: np.ndarray | None = None,
) -> Study:
    """The record of these values, as a clinic would keep it."""
    cases, at = [], 0
    for code, part in zip(_CASES, parts, strict=False):
        starts = sorted(set(part.phase_start.tolist()))
        phases = tuple(Phase(label=a, planned_start=b) for a, b in zip(part.phases[0], starts, strict=True))
        rows = []
        for number in part.session.tolist():
            told = {"trials": None if trials is None else int(trials[at])}
            told |= {"minutes": None if minutes is None else float(minutes[at])}
            rows.append(Session(number=number, values=(Value(measure=measure.key, value=float(values[at]), **told),)))
            at += 1
        cases.append(Case(code=code, phases=phases).record(*rows))
    if len(cases) == 1:
        return Study(code=_CASES[0], design="reversal", measures=(measure,), cases=tuple(cases))
    return Study(code="M8Q3LD", design="multiple-baseline", across="clients", measures=(measure,), cases=tuple(cases))


def _blank(
    parts: list[Series], measure: Measure, rng: np.random.Generator
) -> tuple[Series, dict[str, np.ndarray | None]]:
    """The sessions without their values, with what they need besides."""
    count = sum(len(part.value) for part in parts)
    sessions: dict[str, np.ndarray | None] = {"trials": None, "minutes": None}
    if measure.scale == "proportion":
        sessions["trials"] = rng.integers(5, 31, count)
    if measure.scale == "count":
        sessions["minutes"] = rng.choice([20.0, 30.0, 45.0], count)
    study = a_study(parts, measure, values=np.zeros(count), trials=sessions["trials"], minutes=sessions["minutes"])
    return series_of(study), sessions


def _truth(
    priors: Priors, series: Series, *, model: str, family: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    sizes = {"phases": len(series.phases[0]), "cases": len(series.cases), "size": 1}
    return prior_draws(priors, model=model, family=family, rng=rng, widths=occasion_widths(series), **sizes)


def _quantities(
    outcome: Outcome, truth: dict[str, np.ndarray], draws: dict[str, np.ndarray], *, model: str
) -> Iterator[tuple[str, float, np.ndarray]]:
    """Name, truth and draws of what is ranked: parameters, one case's own, and the fit to the data."""
    for name, true in truth.items():
        if true.ndim == 1:
            yield name, float(true[0]), draws[name]
        else:
            part = "occasion" if name == "history" else "case" if model in SEVERAL_CASES_MODELS else "phase"
            yield f"{name}, last {part}", float(true[0, -1]), draws[name][:, -1]
    both = {name: np.concatenate([truth[name], draws[name]]) for name in truth}
    fits = _fit_to_data(outcome, both, model=model)
    yield "fit to the data", float(fits[0]), fits[1:]


def _fit_to_data(outcome: Outcome, draws: dict[str, np.ndarray], *, model: str) -> np.ndarray:
    """Log likelihood under each draw; where it has no closed form, that without autocorrelation or latent values."""
    series, expected = outcome.series, expected_values(draws, outcome.series, model=model)
    match outcome.family:
        case "count":
            mean, size = outcome.exposure * np.exp(expected), 1 / (draws["dispersion"][:, None] ** 2 + 1e-8)
            found = stats.nbinom.logpmf(series.value, size, size / (size + mean))
        case "poisson-lognormal":
            found = stats.poisson.logpmf(series.value, outcome.exposure * np.exp(expected))
        case "proportion":
            size = 1 / (draws["dispersion"][:, None] ** 2 + 1e-6)
            share = 1 / (1 + np.exp(-expected))
            found = stats.betabinom.logpmf(series.value, outcome.trials.astype(int), size * share, size * (1 - share))
        case "rating":
            spread = draws["sigma"][:, None] * math.sqrt(2)
            found = -(((series.value - expected) / spread) ** 2) - np.log(spread)
        case _ if model in SEVERAL_CASES_MODELS:
            spread = draws["sigma_case"][:, series.case_index]
            return stats.norm.logpdf(series.value, expected, spread).sum(axis=1)
        case _:
            return log_likelihood(series.value, expected, series=series, draws=draws)
    return np.where(np.isfinite(found), found, -1e6).sum(axis=1)
