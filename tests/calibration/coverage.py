"""How often the 95 % interval holds the truth, and how often an intervention that does nothing is called better."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from scd.models.exact import linear_model
from scd.models.priors import Priors
from scd.models.quadrature import integrate
from scd.models.series import Series

from .situations import FLOOR_UNIT, NEUTRAL, Situation, layout, simulate, tiers

__all__ = ["COLUMNS", "alike", "assumed", "cell", "departures", "judged", "phases", "row"]

COLUMNS = ("situation", "design", "points", "phi", "truth", "model", "model_is", "replications",
           "type_one", "power", "coverage", "bias", "mcse")  # fmt: skip

PHIS, POINTS, TRUTHS = (0.0, 0.2, 0.4, 0.6), (3, 5, 7, 10), (0.0, 2.0)
_BLOCK = 100
_PATTERNS = 40
# Half the usual grid: a probability is off by less than 0.0004, a tenth of the Monte Carlo error.
_REFINE = 0.5

Job = tuple[Situation, dict[str, str]]


def assumed() -> Iterator[Job]:
    """Clients who are as the level model assumes, and which models see them; each with what it is to them."""
    for design in ("AB", "ABAB", "multiple baseline"):
        models = {"level": "right"} | ({} if design == "multiple baseline" else {"level-trend": "roomier"})
        for situation in _grid(design):
            yield situation, models


def departures() -> Iterator[Job]:
    """Clients who are not, with autocorrelation 0.3."""
    for design in ("AB", "ABAB"):
        for points in (5, 10):
            for truth in TRUTHS:
                plain = Situation("", design, points, 0.3, truth)
                for drift in (0.05, 0.1):
                    yield (
                        replace(plain, name=f"drift of {drift:g} SD a session", drift=drift),
                        {"level": "wrong", "level-trend": "right"},
                    )
                yield replace(plain, name="heavy tails (t, 4 degrees)", degrees=4), {"level": "wrong"}
                yield (
                    replace(plain, name="one in five missed", missed=0.2),
                    {"level": "right", "level, gaps ignored": "wrong"},
                )
                yield (
                    replace(plain, name="0-10 rating at the floor", baseline=1.0 if truth else 1.5),
                    {"level, mean rating": "wrong", "level, latent": "wrong"},
                )
    for design in ("AB", "ABAB"):
        for points in (5, 10):
            yield (
                Situation("half-life of 3 sessions", design, points, 0.3, 2.0, half_life=3),
                {"level": "wrong", "gradual": "right"},
            )


def phases() -> Iterator[Job]:
    """Phases of a kind that differ by themselves."""
    for design, points in (("ABAB", 5), ("ABAB", 10), ("ABABAB", 5)):
        for omega in (0.3, 0.6):
            for truth in TRUTHS:
                yield (
                    Situation(f"phases differ by {omega:g} SD", design, points, 0.3, truth, omega=omega),
                    {"level": "wrong", "phase-level": "right"},
                )


def alike() -> Iterator[Job]:
    """The model that expects phases to differ, where they do not."""
    for situation in _grid("ABAB"):
        if situation.points in (5, 10):
            yield situation, {"phase-level": "roomier"}


def _grid(design: str) -> Iterator[Situation]:
    for points in POINTS:
        for phi in PHIS:
            for truth in TRUTHS:
                yield Situation("as assumed", design, points, phi, truth)


def cell(situation: Situation, models: dict[str, str], *, replications: int, seed: int) -> list[dict[str, Any]]:
    """The rows of one situation, one a model; every model sees the same clients.

    Parameters
    ----------
    situation : Situation
    models : dict of str to str
        What each model is to the situation: right, roomier (right, with terms that nothing is in) or wrong.
    replications : int
        Clients; so many in each tier of a multiple baseline.
    seed : int
        The cell's own stream also hangs on the situation, so that one cell can be remade alone.

    Returns
    -------
    list of dict
        With the `COLUMNS`.
    """
    rng = np.random.default_rng([seed, zlib.crc32(repr(situation).encode())])
    found: dict[str, list[np.ndarray]] = {model: [] for model in models}
    for lengths in tiers(situation):
        for keep, count in _attended(situation, sum(lengths), lengths, rng, replications=replications):
            series = layout(lengths, keep=keep)
            values = simulate(situation, series, rng, size=count)
            for model in models:
                found[model].append(_seen(situation, series, values, model=model))
    return [
        row(situation, *np.concatenate(parts, axis=1), model=model, model_is=models[model])
        for model, parts in found.items()
    ]


def judged(
    values: np.ndarray, series: Series, *, model: str, truth: float, priors: Priors = NEUTRAL, refine: float = _REFINE
) -> np.ndarray:
    """Posterior of the level change of many series: P(above 0), P(above the truth) and the mean, shape (3, series)."""
    linear = linear_model(series, priors, model=model, refine=refine)
    delta = np.array([float(name == "delta") for name in linear.coefficients])
    parts = []
    for start in range(0, len(values), _BLOCK):
        change = integrate(values[start : start + _BLOCK], linear, priors, refine=refine).mixture(delta)
        parts.append(np.stack([change.above(0.0), change.above(truth), change.mean()]))
    return np.concatenate(parts, axis=1)


def row(
    situation: Situation, better: np.ndarray, beyond: np.ndarray, mean: np.ndarray, *, model: str, model_is: str
) -> dict[str, Any]:
    """One row of the table from each client's P(better), P(change above the truth) and estimate less the truth."""
    covered = float(np.mean((beyond > 0.025) & (beyond < 0.975)))
    called = float(np.mean(better > 0.95))
    told = asdict(situation)
    return {name: told[name] for name in ("design", "points", "phi", "truth")} | {
        "situation": situation.name,
        "model": model,
        "model_is": model_is,
        "replications": len(better),
        "type_one": round(called, 4) if situation.truth == 0 else None,
        "power": round(called, 4) if situation.truth else None,
        "coverage": round(covered, 4),
        "bias": round(float(mean.mean()), 3),
        "mcse": round(math.sqrt(max(covered * (1 - covered), 1e-6) / len(better)), 4),
    }


def _attended(
    situation: Situation, sessions: int, lengths: tuple[int, ...], rng: np.random.Generator, *, replications: int
) -> Iterator[tuple[np.ndarray | None, int]]:
    """Which sessions took place, and how many clients share that; every phase keeps two sessions."""
    if not situation.missed:
        yield None, replications
        return
    phase = np.repeat(np.arange(len(lengths)), lengths)
    for _ in range(_PATTERNS):
        keep = rng.random(sessions) >= situation.missed
        while min(np.bincount(phase[keep], minlength=len(lengths))) < 2:
            keep = rng.random(sessions) >= situation.missed
        yield keep, max(replications // _PATTERNS, 1)


def _seen(situation: Situation, series: Series, values: np.ndarray, *, model: str) -> np.ndarray:
    """P(better), P(above the truth), and the estimate less the truth, as a model with its name's reading has them."""
    truth, priors = situation.truth, NEUTRAL
    if model == "level, gaps ignored":
        series = replace(series, session=np.arange(1, len(series.session) + 1))
    if situation.name.startswith("0-10"):
        # Better is upwards throughout; a ceiling that clients reach is a floor, mirrored. Middle 5, unit 2 points.
        values = (np.clip(np.round(5 + FLOOR_UNIT * values), 0, 10) - 5) / FLOOR_UNIT
        priors = NEUTRAL.replace(sigma_floor=1 / math.sqrt(12) / FLOOR_UNIT)
    if model == "level, mean rating":
        before, after = (_mean_rating(situation.baseline + change) for change in (0.0, truth))
        truth = after - before
    kind = model.split(",")[0]
    better, beyond, mean = judged(values, series, model=kind, truth=truth, priors=priors)
    return np.stack([better, beyond, mean - truth])


def _mean_rating(level: float) -> float:
    """Mean of a rating whose latent value has this level and SD 1, in units."""
    edges = (np.arange(10) + 0.5 - 5) / FLOOR_UNIT - level
    return float(sum(0.5 * math.erfc(e / math.sqrt(2)) for e in edges) - 5) / FLOOR_UNIT
