"""Eight areas of life: false alarms where nothing moved, and power, of the joint model and of separate ones."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from scd.analysis.areas.area_changes import called
from scd.models.areas import AreaPriors, Areas
from scd.models.areas_density import AreasDensity
from scd.models.ensemble import ensemble
from scd.models.exact import linear_model
from scd.models.mixture import normal_cdf
from scd.models.quadrature import integrate
from scd.study import Measure

from .situations import layout

__all__ = ["COLUMNS", "SITUATIONS", "AreasSituation", "areas_row", "batches", "probabilities", "rules"]

COUNT, BATCH = 8, 20
COLUMNS = ("situation", "points", "phi", "correlation", "up", "down", "change", "missed", "replications", "rule",
           "any_false", "false_each", "power", "mcse")  # fmt: skip

_MEASURES = tuple(
    Measure(key=f"area{i}", label=f"Area {i}", improvement="increase", minimum=-2.5, maximum=2.5)
    for i in range(1, COUNT + 1)
)
# Fewer and shorter chains than a page has: the normals given each draw make up for most of that.
_QUICK = {"chains": 60, "settle": 30, "keep": 12, "every": 2, "blocks": 1}
_REFINE = 0.6


@dataclass(frozen=True)
class AreasSituation:
    """What is true of the simulated clients, each with eight areas; values are in within-phase SDs.

    Attributes
    ----------
    name : str
    points : tuple of int
        Sessions of each phase.
    phi : float
        Autocorrelation; with ``unequal autocorrelation`` it runs from 0 to twice that from area to area.
    correlation : float
        Between the areas' deviations at a session.
    up, down : int
        How many areas change for the better and for the worse.
    change : float
        By how much.
    missed : float
        Share of values missed, in each area by itself.
    """

    name: str
    points: tuple[int, ...]
    phi: float = 0.3
    correlation: float = 0.4
    up: int = 0
    down: int = 0
    change: float = 1.0
    missed: float = 0.0

    @property
    def truth(self) -> np.ndarray:
        """The change of each area."""
        still = COUNT - self.up - self.down
        return self.change * np.repeat([1.0, -1.0, 0.0], [self.up, self.down, still])


SITUATIONS = (
    AreasSituation("nothing moved", (10, 10)),
    AreasSituation("all moved", (10, 10), up=8),
    AreasSituation("half moved", (10, 10), up=4),
    AreasSituation("all but one moved", (10, 10), up=7),
    AreasSituation("nothing moved", (15, 25)),
    AreasSituation("half moved", (15, 25), up=4),
    AreasSituation("nothing moved", (10, 10), correlation=0.3),
    AreasSituation("nothing moved", (10, 10), correlation=0.5),
    AreasSituation("one moved", (10, 10), up=1),
    AreasSituation("some up, some down", (10, 10), up=3, down=2),
    AreasSituation("nothing moved", (5, 5, 5, 5)),
    AreasSituation("half moved", (5, 5, 5, 5), up=4),
    AreasSituation("unequal autocorrelation", (10, 10)),
    AreasSituation("one in five missed", (10, 10), missed=0.2),
)


def batches(situation: AreasSituation, *, replications: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """As `probabilities`, 20 clients at a time, each batch with a stream of its own; all clients so far each time."""
    together, alone = [], []
    for batch in range(max(replications // BATCH, 1)):
        joint, separate = probabilities(situation, replications=BATCH, seed=1000 * seed + batch)
        together.append(joint)
        alone.append(separate)
        yield np.concatenate(together), np.concatenate(alone)


def rules(together: np.ndarray, alone: np.ndarray) -> dict[str, np.ndarray]:
    """What each area is called by the joint model's rule, and by separate models with and without protection."""
    found = {"joint": called(together, alone)}
    for name, of in (("separate, shared among eight", COUNT), ("separate, unprotected", 1)):
        sure = separate_threshold(any_of=of)
        found[name] = (alone >= sure).astype(int) - (alone <= 1 - sure)
    return found


def probabilities(situation: AreasSituation, *, replications: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """P(better) of every client's areas, in the joint model and each area by itself, shape (replications, areas)."""
    rng = np.random.default_rng([seed, zlib.crc32(repr(situation).encode())])
    together, alone = [], []
    for _ in range(replications):
        areas = _client(situation, rng)
        density = AreasDensity(areas, AreaPriors())
        found = ensemble(density, density.start(rng), rng=rng, **_QUICK)
        mean, sd = density.changes(found.points)
        together.append(normal_cdf(mean / sd).mean(axis=0))
        alone.append(_by_themselves(areas))
    return np.array(together), np.array(alone)


def areas_row(situation: AreasSituation, called: np.ndarray, *, rule: str) -> dict[str, Any]:
    """One row of the table.

    Parameters
    ----------
    situation : AreasSituation
    called : ndarray, shape (replications, areas)
        1 for an area called better, -1 for worse, 0 for neither.
    rule : str
        Which rule called.

    Returns
    -------
    dict
        `any_false` is how often any area that didn't move was called something, `false_each` how often one such area
        was, `power` how often an area that moved was called so in the right direction.
    """
    truth = situation.truth
    still, moved = truth == 0, truth != 0
    wrong = called[:, still] != 0
    right = called[:, moved] == np.sign(truth[moved])
    any_false = float(wrong.any(axis=1).mean()) if still.any() else None
    return {
        "situation": situation.name,
        "points": "+".join(map(str, situation.points)),
        "phi": situation.phi,
        "correlation": situation.correlation,
        "up": situation.up,
        "down": situation.down,
        "change": situation.change,
        "missed": situation.missed,
        "replications": len(called),
        "rule": rule,
        "any_false": None if any_false is None else round(any_false, 4),
        "false_each": round(float(wrong.mean()), 4) if still.any() else None,
        "power": round(float(right.mean()), 4) if moved.any() else None,
        "mcse": None if any_false is None else round((max(any_false * (1 - any_false), 1e-6) / len(called)) ** 0.5, 4),
    }


def separate_threshold(*, any_of: int) -> float:
    """The probability from which a separate model calls a direction, two-sided 5 % shared among so many areas."""
    return 1 - 0.025 / any_of


def _client(situation: AreasSituation, rng: np.random.Generator) -> Areas:
    sessions = sum(situation.points)
    under = layout(situation.points).intervention
    shared = np.full((COUNT, COUNT), situation.correlation) + (1 - situation.correlation) * np.eye(COUNT)
    fresh = rng.standard_normal((sessions, COUNT)) @ np.linalg.cholesky(shared).T
    phi = np.full(COUNT, situation.phi)
    if situation.name == "unequal autocorrelation":
        phi = np.linspace(0, 2 * situation.phi, COUNT)
    value = np.empty((sessions, COUNT))
    value[0] = fresh[0]
    for t in range(1, sessions):
        value[t] = phi * value[t - 1] + np.sqrt(1 - phi**2) * fresh[t]
    value += under[:, None] * situation.truth
    value[rng.random(value.shape) < situation.missed] = np.nan
    return Areas(
        case="K7M2QX",
        measures=_MEASURES,
        session=np.arange(1, sessions + 1),
        value=value,
        intervention=under,
        center=np.zeros(COUNT),
        unit=np.ones(COUNT),
        sign=np.ones(COUNT),
        floor=np.zeros(COUNT),
        left_out={},
    )


def _by_themselves(areas: Areas) -> np.ndarray:
    """P(better) of each area in a model of its own, with the prior of its change that the joint one has."""
    priors = AreaPriors().of_area(floor=0.0)
    found = np.empty(COUNT)
    for pattern in np.unique(areas.seen, axis=1).T:
        alike = np.flatnonzero((areas.seen == pattern[:, None]).all(axis=0))
        series = areas.one(int(alike[0])).series
        values = areas.value[pattern][:, alike].T
        linear = linear_model(series, priors, model="level", refine=_REFINE)
        found[alike] = integrate(values, linear, priors, refine=_REFINE).mixture([0.0, 1.0]).above(0.0)
    return found
