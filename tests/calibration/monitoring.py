"""How often a monitoring rule alarms over all its looks, though nothing changes; how often it finds what is there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from scd.analysis.steering.alarm_rates import LookPath, half_of, look_paths
from scd.study import Monitoring

__all__ = ["DESIGNS", "EVERY_SESSION", "KEY", "Design", "crossings", "default_rows", "sequential_rows"]

KEY = ("rule", "baseline", "phi", "change", "missed", "prior_sd")
EVERY_SESSION = Monitoring(measure="score", looks=tuple(range(3, 16)), meaningful_change=1.0)
"""An AB design with a look after every intervention session from the third to the fifteenth."""
_LEVELS = (0.95, 0.975, 0.99, 0.995)


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
    """The default rule's own alarms: looks after 3, 5, 8 and 10 values, meaningful change one within-phase SD."""
    for missed in (0.0, 0.2):
        rule = Monitoring(measure="score", looks=(3, 5, 8, 10), meaningful_change=1.0, missed=missed)
        for phi in (0.0, 0.3, 0.6):
            for change in (0.0, 1.0, 2.0, 3.0, -1.0):
                path = look_paths(
                    rule,
                    baseline=5,
                    change=change,
                    unit=1.0,
                    autocorrelation=phi,
                    missed=missed,
                    replications=replications,
                    seed=seed,
                )
                alarms: dict[str, float | None] = {
                    kind: float(path.ever(kind).mean()) for kind in ("success", "futility", "harm")
                }
                alarms["median_success"] = path.half("success")
                told = {"rule": "default", **Design(5, phi, change)._asdict(), "missed": missed, "prior_sd": 1.0}
                yield told | {"replications": replications} | _rounded(alarms)


def _rounded(found: dict[str, float | None]) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 4) for name, value in found.items()}
