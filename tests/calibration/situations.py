"""Situations with a known truth: who is measured when, and what is put into the numbers.

Everything is on a scale of unit size: the within-phase SD is 1, and so is the unit that the priors are set by. Noise is
made from its covariance matrix, so that nothing is shared with the models' own way of writing an AR(1).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scd.models.priors import Priors
from scd.models.series import Series
from scd.study import Measure

__all__ = ["FLOOR_UNIT", "NEUTRAL", "Situation", "layout", "noise", "simulate", "tiers"]

NEUTRAL = Priors.on_scale(center=0, unit=1)
"""The default priors, on a measure whose middle is 0 and whose range is five units."""

FLOOR_UNIT = 2.0
"""Points of a 0-10 rating in one unit."""

_MEASURE = Measure(key="score", label="Score", improvement="increase", minimum=-2.5, maximum=2.5)


@dataclass(frozen=True)
class Situation:
    """What is true of the simulated clients.

    Attributes
    ----------
    name : str
        As in the tables.
    design : str
        ``AB``, ``ABAB``, ``ABABAB``, or ``multiple baseline`` (three clients).
    points : int
        Values a phase; in a multiple baseline the fewest in any phase.
    phi : float
        Autocorrelation.
    truth : float
        Level change, in within-phase SDs.
    drift : float
        Change a session in all phases.
    degrees : int
        Of Student's t distribution of what is new at each session; 0 is normal.
    half_life : float
        Sessions until half of the level change is there; 0 is at once.
    omega : float
        SD of each phase's own deviation.
    missed : float
        Share of sessions missed.
    baseline : float
        Level of the baseline.
    """

    name: str
    design: str
    points: int
    phi: float
    truth: float
    drift: float = 0.0
    degrees: int = 0
    half_life: float = 0.0
    omega: float = 0.0
    missed: float = 0.0
    baseline: float = 0.0


def layout(lengths: tuple[int, ...], *, keep: np.ndarray | None = None) -> Series:
    """The sessions of one case, without values.

    Parameters
    ----------
    lengths : tuple of int
        Sessions in each phase.
    keep : ndarray of bool, shape (sessions,), optional
        Which sessions took place.
    """
    phase = np.repeat(np.arange(len(lengths)), lengths)
    starts = np.cumsum([1, *lengths])[:-1]
    keep = np.ones(len(phase), dtype=bool) if keep is None else keep
    return Series(
        cases=("K7M2QX",),
        measures=(_MEASURE,),
        phases=(tuple(f"{'AB'[i % 2]}{i // 2 + 1}" for i in range(len(lengths))),),
        value=np.zeros(int(keep.sum())),
        session=np.arange(1, len(phase) + 1)[keep],
        case_index=np.zeros(int(keep.sum()), dtype="int64"),
        phase_index=phase[keep],
        intervention=(phase % 2).astype(float)[keep],
        phase_start=starts[phase][keep],
    )


def tiers(situation: Situation) -> tuple[tuple[int, ...], ...]:
    """Sessions in each phase, one tuple a client."""
    n = situation.points
    if situation.design == "multiple baseline":
        return ((n, n + 4), (n + 2, n + 2), (n + 4, n))
    return ((n,) * len(situation.design),)


def noise(
    rng: np.random.Generator, *, session: np.ndarray, phi: np.ndarray | float, size: int, degrees: int = 0
) -> np.ndarray:
    """Stationary AR(1) noise with SD 1 at the given sessions.

    Parameters
    ----------
    rng : numpy.random.Generator
    session : ndarray of int, shape (obs,)
    phi : float or ndarray, shape (size,)
    size : int
        Series.
    degrees : int
        Of Student's t distribution of what is new at each session, scaled to the same SD; 0 is normal.

    Returns
    -------
    ndarray, shape (size, obs)
    """
    if degrees:
        run_in = 60
        count = run_in + int(session.max())
        new = rng.standard_t(degrees, (size, count)) * np.sqrt((degrees - 2) / degrees * (1 - np.square(phi)))
        path = np.zeros((size, count))
        for t in range(1, count):
            path[:, t] = phi * path[:, t - 1] + new[:, t]
        return path[:, run_in + session - 1]
    apart = np.abs(session[:, None] - session)
    covariance = np.reshape(phi, (-1, 1, 1)) ** apart
    return (np.linalg.cholesky(covariance) @ rng.standard_normal((size, len(session), 1)))[..., 0]


def simulate(situation: Situation, series: Series, rng: np.random.Generator, *, size: int) -> np.ndarray:
    """Values of many clients in this situation, shape (size, obs)."""
    s = situation
    reached = series.intervention
    if s.half_life:
        kept, level = 0.5 ** (1 / s.half_life), 0.0
        under = np.zeros(int(series.session.max()))
        starts = [*np.unique(series.phase_start), len(under) + 1]
        for i, (a, b) in enumerate(pairwise(starts)):
            under[a - 1 : b - 1] = i % 2
        path = np.empty(len(under))
        for t, treated in enumerate(under):
            level = kept * level + (1 - kept) * treated
            path[t] = level
        reached = path[series.session - 1]
    expected = s.baseline + s.truth * reached + s.drift * (series.session - series.session.mean())
    own = s.omega * rng.standard_normal((size, len(series.phases[0])))[:, series.phase_index]
    return expected + own + noise(rng, session=series.session, phi=s.phi, size=size, degrees=s.degrees)
