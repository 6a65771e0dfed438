"""What practice adds: recovered where it varies within phases, left wide where it doesn't."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scd.models.dose import dose_model
from scd.models.onset import built_up
from scd.models.practice import Practice
from scd.models.quadrature import integrate
from scd.study import Measure

from .situations import NEUTRAL, layout, noise

__all__ = ["COLUMNS", "PracticeSituation", "practice_row", "situations"]

COLUMNS = ("situation", "design", "points", "phi", "half_life", "adds", "replications", "coverage", "bias", "width",
           "sd_left", "within_phases", "called", "mcse")  # fmt: skip

_PATTERNS = 10
# Half the usual grid: a probability is off by less than the Monte Carlo error by far.
_REFINE = 0.6
_WITHOUT = 1.0
_PRACTICE = Measure(key="practice", label="Practice", improvement="increase", minimum=0, role="practice")


@dataclass(frozen=True)
class PracticeSituation:
    """What is true of the simulated clients; values are in within-phase SDs.

    Attributes
    ----------
    name : str
        ``varies`` (a quarter, half or all of the plan, or nothing, by chance), ``sticks`` (varies, and this session is
        like the last one with probability 0.7), ``the same throughout``, ``hardly varies`` (nine or ten tenths), or
        ``phase at once`` (varies; what comes without practice is there at once, only practice builds up).
    design : str
        ``AB`` or ``ABAB``.
    points : tuple of int
        Sessions of each phase.
    phi : float
        Autocorrelation.
    half_life : float
        Sessions until half of an exposure has built up; 0 is at once.
    adds : float
        What full practice adds.
    """

    name: str
    design: str
    points: tuple[int, ...]
    phi: float
    half_life: float
    adds: float


def situations() -> Iterator[PracticeSituation]:
    """The cells of the table."""
    short, long, back = ("AB", (10, 20)), ("AB", (15, 45)), ("ABAB", (10, 10, 10, 10))
    for design, points in (short, long, back):
        for adds in (0.0, 1.5):
            yield PracticeSituation("varies", design, points, 0.3, 1.5, adds)
    for phi, half_life in ((0.0, 1.5), (0.6, 1.5), (0.3, 0.0), (0.3, 4.0)):
        yield PracticeSituation("varies", *long, phi, half_life, 1.5)
    for name in ("sticks", "hardly varies", "the same throughout", "phase at once"):
        yield PracticeSituation(name, *long, 0.3, 1.5, 1.5)
    yield PracticeSituation("the same throughout", *long, 0.3, 4.0, 1.5)
    yield PracticeSituation("the same throughout", *back, 0.3, 1.5, 0.0)


def practice_row(situation: PracticeSituation, *, replications: int, seed: int) -> dict[str, Any]:
    """One row of the table.

    Parameters
    ----------
    situation : PracticeSituation
    replications : int
        Clients, shared among ten courses of practice.
    seed : int

    Returns
    -------
    dict
        `coverage` of the 95 % interval of what full practice adds, `bias` and mean `width` of that interval in
        within-phase SDs, `sd_left` the posterior's SD as a share of the prior's, `within_phases` the share of
        practice's variation within phases, and `called` how often P(adds > 0) is above 0.975.
    """
    key = zlib.crc32(repr(situation).encode())
    rng = np.random.default_rng([seed, key])
    series = layout(situation.points)
    at = series.session - 1
    kept = 0.5 ** (1 / situation.half_life) if situation.half_life else 0.0
    found = []
    for _ in range(_PATTERNS):
        practice = _practised(situation, series.intervention, rng)
        taken = built_up(series.intervention, 0.0 if situation.name == "phase at once" else kept, at=at)
        expected = _WITHOUT * taken + situation.adds * built_up(practice.dose, kept, at=at)
        size = max(replications // _PATTERNS, 1)
        values = expected + noise(rng, session=series.session, phi=situation.phi, size=size)
        linear = dose_model(series, practice, NEUTRAL, refine=_REFINE)
        adds = integrate(values, linear, NEUTRAL, refine=_REFINE).mixture([0.0, 0.0, 1.0])
        lower, upper = adds.quantile((0.025, 0.975)).T
        within = np.full(size, practice.within_phases)
        found.append([lower, upper, adds.mean(), adds.sd(), adds.above(0.0), within])
    lower, upper, mean, sd, better, within = np.concatenate(found, axis=1)
    covered = float(((lower < situation.adds) & (situation.adds < upper)).mean())
    return {
        "situation": situation.name,
        "design": situation.design,
        "points": "+".join(map(str, situation.points)),
        "phi": situation.phi,
        "half_life": situation.half_life,
        "adds": situation.adds,
        "replications": len(mean),
        "coverage": round(covered, 4),
        "bias": round(float(mean.mean()) - situation.adds, 3),
        "width": round(float((upper - lower).mean()), 2),
        "sd_left": round(float(sd.mean()) / NEUTRAL.delta_sd, 3),
        "within_phases": round(float(within.mean()), 3),
        "called": round(float((better > 0.975).mean()), 4),
        "mcse": round(math.sqrt(max(covered * (1 - covered), 1e-6) / len(mean)), 4),
    }


def _practised(situation: PracticeSituation, under: np.ndarray, rng: np.random.Generator) -> Practice:
    count = len(under)
    amount = rng.choice([0.0, 0.25, 0.5, 1.0], count)
    if situation.name == "the same throughout":
        amount = np.ones(count)
    elif situation.name == "hardly varies":
        amount = rng.choice([0.9, 1.0], count)
    elif situation.name == "sticks":
        for t in range(1, count):
            amount[t] = amount[t - 1] if rng.random() < 0.7 else amount[t]
    phase = np.cumsum(np.r_[0, np.diff(under) != 0])
    return Practice(
        measure=_PRACTICE,
        session=np.arange(1, count + 1),
        phase=tuple(f"{'AB'[i % 2]}{i // 2 + 1}" for i in phase),
        under=under,
        due=under > 0,
        done=np.where(under > 0, amount, np.nan),
        planned=np.where(under > 0, 1.0, np.nan),
        full=1.0,
        full_is="planned",
    )
