"""How often a monitoring rule alarms over all its looks, though nothing changes; how often it finds what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from scd.analysis.planning.replicates import simulate
from scd.analysis.steering.alarm_rates import LookPath, half_of, look_paths
from scd.analysis.steering.sequential import change_posterior, found_at, look_series
from scd.models.priors import Priors
from scd.study import Monitoring

__all__ = ["DESIGNS", "EVERY_SESSION", "KEY", "Design", "crossings", "default_rows", "guided_rows", "sequential_rows"]

KEY = ("rule", "baseline", "phi", "change", "missed", "prior_sd")
EVERY_SESSION = Monitoring(measure="score", looks=tuple(range(3, 16)), meaningful_change=1.0)
"""An AB design with a look after every intervention session from the third to the fifteenth."""
_DEFAULT = Monitoring(measure="score", looks=(3, 5, 8, 10), meaningful_change=1.0)
_LEVELS = (0.95, 0.975, 0.99, 0.995)
_ALARMS = ("success", "futility", "harm")


class Design(NamedTuple):
    """Simulated clients: baseline sessions, autocorrelation, and change in within-phase SDs."""

    baseline: int
    phi: float
    change: float


DESIGNS = (
    Design(5, 0.0, 0.0),
    Design(5, 0.3, 0.0),
    Design(5, 0.6, 0.0),
    Design(8, 0.3, 0.0),
    Design(8, 0.6, 0.0),
    Design(5, 0.3, 1.0),
    Design(5, 0.3, 2.0),
)


def crossings(path: LookPath, *, sceptical: bool) -> dict[str, float | None]:
    """How often P(change > 0) crosses each level at the last look, at any look, and at two looks running.

    Parameters
    ----------
    path : LookPath
    sceptical : bool
        Under the sceptical prior.

    Returns
    -------
    dict of str to float or None
        Shares; and after how many intervention values half of the clients have crossed a level, None where fewer do.
    """
    name = "sceptical_improvement" if sceptical else "improvement"
    better = np.array([getattr(one, name) for one in path.found])
    above = {level: better > level for level in _LEVELS}
    found: dict[str, float | None] = {
        "fixed_95": float(above[0.95][-1].mean()),
        "twice_95": float((above[0.95][1:] & above[0.95][:-1]).any(axis=0).mean()),
    }
    for level, hit in above.items():
        told = f"{1000 * level:.0f}".rstrip("0")
        found[f"ever_{told}"] = float(hit.any(axis=0).mean())
        found[f"median_{told}"] = half_of(hit, path.looks)
    return found


def sequential_rows(design: Design, *, replications: int, seed: int) -> Iterator[dict[str, Any]]:
    """The rows of one design, one a prior of the change: neutral, SD 2.5 units, and sceptical, SD 1."""
    path = look_paths(
        EVERY_SESSION,
        baseline=design.baseline,
        change=design.change,
        unit=1.0,
        autocorrelation=design.phi,
        replications=replications,
        seed=seed,
    )
    for sceptical, sd in ((False, 2.5), (True, 1.0)):
        told = {"rule": "every session 3-15", **design._asdict(), "missed": 0.0, "prior_sd": sd}
        yield told | {"replications": replications} | _rounded(crossings(path, sceptical=sceptical))


def default_rows(*, replications: int, seed: int) -> Iterator[dict[str, Any]]:
    """The default rule's own alarms: looks after 3, 5, 8 and 10 values, meaningful change one unit of the scale.

    Within a phase clients vary by one unit, as the rule's own simulation assumes; ``default, SD 0.5`` and ``SD 2`` are
    of clients who vary by half or twice as much.
    """
    for missed in (0.0, 0.2):
        for phi in (0.0, 0.3, 0.6):
            for change in (0.0, 1.0, 2.0, 3.0, -1.0):
                yield _default_row("default", Design(5, phi, change), replications, seed, missed=missed)
    for sd in (0.5, 2.0):
        for change in (0.0, 2.0):
            yield _default_row(f"default, SD {sd:g}", Design(5, 0.3, change), replications, seed, sd=sd)


def _default_row(
    name: str, design: Design, replications: int, seed: int, *, missed: float = 0.0, sd: float = 1.0
) -> dict[str, Any]:
    path = look_paths(
        _DEFAULT.replace(missed=missed),
        baseline=design.baseline,
        change=design.change,
        unit=1.0,
        autocorrelation=design.phi,
        missed=missed,
        sd=sd,
        replications=replications,
        seed=seed,
    )
    alarms: dict[str, float | None] = {"median_success": path.half("success")}
    alarms |= {kind: float(path.ever(kind).mean()) for kind in _ALARMS}
    told = {"rule": name, **design._asdict(), "missed": missed, "prior_sd": 1.0, "replications": replications}
    return told | _rounded(alarms)


def guided_rows(*, replications: int, seed: int) -> Iterator[dict[str, Any]]:
    """The default rule where the baseline's own rule says when the intervention begins, beside one of fixed length.

    A baseline ends when four of its last five values lie within 0.75 units (15 % of a range of five units) of their
    median and their Theil-Sen line drifts no further, or after ten values. ``fixed start`` begins after seven values,
    about the mean of the guided ones, in the same clients.
    """
    longest, usual = 10, 7
    for phi in (0.0, 0.3, 0.6):
        noise = simulate(
            np.zeros(longest + _DEFAULT.looks[-1]), change=0, autocorrelation=phi, replications=replications, seed=seed
        )
        starts = {
            "start by the baseline's rule": _stable_from(noise, longest),
            "fixed start": np.full(len(noise), usual),
        }
        for change in (0.0, 2.0):
            for name, ends in starts.items():
                ever = _ever_from(noise, ends, change=change)
                told = {"rule": f"default, {name}", **Design(usual, phi, change)._asdict(), "missed": 0.0}
                told |= {"prior_sd": 1.0, "replications": replications, "mean_baseline": round(float(ends.mean()), 2)}
                yield told | _rounded({kind: float(hit.mean()) for kind, hit in ever.items()})


def _stable_from(values: np.ndarray, longest: int) -> np.ndarray:
    """After how many values each baseline is stable, or at its longest."""
    ends, done = np.full(len(values), longest), np.zeros(len(values), dtype=bool)
    early, late = np.triu_indices(5, 1)
    for count in range(5, longest):
        last = values[:, count - 5 : count]
        inside = (np.abs(last - np.median(last, axis=1, keepdims=True)) <= 0.75).sum(axis=1) >= 4
        slope = np.median((last[:, late] - last[:, early]) / (late - early), axis=1)
        found = inside & (np.abs(4 * slope) <= 0.75) & ~done
        ends[found], done = count, done | found
    return ends


def _ever_from(noise: np.ndarray, ends: np.ndarray, *, change: float) -> dict[str, np.ndarray]:
    """Whether each alarm is ever raised, of clients whose baselines end after different numbers of values."""
    ever = {kind: np.zeros(len(noise), dtype=bool) for kind in _ALARMS}
    priors = Priors.on_scale(center=0.0, unit=1.0)
    for end in np.unique(ends):
        mine = np.flatnonzero(ends == end)
        for look in _DEFAULT.looks:
            series = look_series(range(1, end + 1), range(end + 1, end + look + 1))
            values = noise[mine][:, : end + look] + change * series.intervention
            neutral = change_posterior(values, series, priors, simulated=True)
            found = found_at(
                neutral, rule=_DEFAULT, values=look, meaningful=1.0, sign=1, prior_sd=priors.delta_sd, unit=1.0
            )
            for kind, hit in ever.items():
                hit[mine] |= getattr(found, kind)
    return ever


def _rounded(found: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in found.items()}
