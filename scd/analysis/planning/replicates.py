"""Many simulated clients at once: their series, and the exact posterior of the level change in each of them.

A simulated value is the level of its condition plus stationary AR(1) noise that runs through the phase boundaries. The
posterior is that of the report's own models (`scd.models.exact`), integrated without a Markov chain
(`scd.models.many`), so that thousands of clients take a second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.models.exact import linear_model
from scd.models.many import mixtures
from scd.models.mixture import Mixture
from scd.models.priors import Priors
from scd.models.quadrature import LinearModel
from scd.models.series import Series
from scd.study import Measure, StudyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Change", "integrated", "posterior_of_change", "simulate", "unit_priors"]

_REFINE = 0.5
"""Half the usual grid between phases of a kind: a probability is off by less than 0.001."""
_SHARE_A_PATTERN = 20
"""So many clients share which sessions were missed, so that they are integrated together."""
_TRIES = 1000
_MEASURE = Measure(key="simulated", label="Simulated", improvement="increase")


@dataclass(frozen=True, eq=False)
class Change:
    """The posterior of the level change (B - A) in each of many series, in the measure's units.

    Attributes
    ----------
    above : ndarray, shape (replications, thresholds)
        Probability that the change lies above each threshold.
    mean, sd : ndarray, shape (replications,)
    lower, upper : ndarray, shape (replications,)
        The interval that holds the change with probability `ci_prob`, equal tails; NaN in series that none was asked
        for.
    """

    above: np.ndarray
    mean: np.ndarray
    sd: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def simulate(
    treated: ArrayLike,
    *,
    change: float,
    sd: float = 1.0,
    autocorrelation: float = 0.3,
    replications: int,
    seed: int | Sequence[int],
    baseline: float = 0.0,
    missed: float = 0.0,
) -> np.ndarray:
    """Values of many clients who go through the same plan.

    The level is `baseline` without and ``baseline + change`` with intervention, from its first session on. Noise is
    u_1 = sd * e_1 and u_t = phi * u_(t-1) + sd * sqrt(1 - phi ** 2) * e_t with standard normal e. The same seed gives
    client i the same e in every plan, at every change and at every autocorrelation, so that what differs between two
    results is the plan and not the luck of the draw.

    Parameters
    ----------
    treated : array_like of bool, shape (sessions,) or (replications, sessions)
        Whether each session is under intervention; several rows where clients have schedules of their own.
    change : float
        B - A, in the measure's units.
    sd : float
        Marginal SD within a phase, in the measure's units, 0 or more.
    autocorrelation : float
        Of neighbouring sessions, in (-1, 1).
    replications : int
        Clients, from 1.
    seed : int or sequence of int
        The same seed gives the same values.
    baseline : float
        Level without intervention.
    missed : float
        Share of sessions missed, in [0, 0.9]; each on its own, but one session of every phase takes place. Twenty
        clients share which sessions were missed.

    Returns
    -------
    ndarray, shape (replications, sessions)
        NaN where a session was missed.

    Raises
    ------
    StudyError
        When a number is out of its range.

    Examples
    --------
    >>> values = simulate([0, 0, 1, 1], change=2, sd=0, replications=2, seed=1)
    >>> values.tolist()
    [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]]
    """
    under = np.asarray(treated, dtype=bool)
    _check(under, sd=sd, autocorrelation=autocorrelation, replications=replications, missed=missed)
    sessions = under.shape[-1]
    start = [seed] if isinstance(seed, int) else list(seed)
    # Sessions come first, so that a longer plan begins with the same numbers as a shorter one.
    shocks = sd * np.random.default_rng([*start, 0]).standard_normal((sessions, replications))
    kept = math.sqrt(1 - autocorrelation**2)
    noise = np.empty((sessions, replications))
    noise[0] = shocks[0]
    for t in range(1, sessions):
        noise[t] = autocorrelation * noise[t - 1] + kept * shocks[t]
    values = baseline + change * under + noise.T
    if missed:
        if under.ndim > 1:
            raise StudyError("simulation: missed sessions need one schedule for all clients", field="missed")
        values[_missed(under, missed, replications, np.random.default_rng([*start, 1]))] = np.nan
    return values


def posterior_of_change(
    values: np.ndarray,
    treated: ArrayLike,
    *,
    unit: float,
    center: float = 0.0,
    above: Sequence[float] = (0.0,),
    change_sd: float = 2.5,
    step: float = 0.0,
    model: str = "level",
    ci_prob: float | None = 0.95,
    intervals: int | None = None,
) -> Change:
    """The exact posterior of the level change in each of many series of one plan.

    Parameters
    ----------
    values : ndarray, shape (replications, sessions)
        NaN where a session was missed. For a look at a running study give its first sessions only.
    treated : array_like of bool, shape (sessions,)
        Whether each session is under intervention. Where none is, the posterior is the prior.
    unit, center : float
        Unit and middle of the scale that the priors are set by: a fifth and the middle of the measure's range.
    above : sequence of float
        Thresholds of the change, in the measure's units.
    change_sd : float
        SD of the change's normal prior in units: 2.5 (neutral) or 1.0 (sceptical).
    step : float
        What the instrument can resolve; the noise can't be below its rounding error. 0 for continuous values.
    model : {"level", "level-trend", "phase-level"}
        See `scd.models.exact.linear_model`.
    ci_prob : float, optional
        Probability of the interval; None leaves it out, which saves more than half of the time.
    intervals : int, optional
        Only the first so many series get one; by default all.

    Returns
    -------
    Change

    Raises
    ------
    StudyError
        When values and plan don't fit, or the unit is not above 0.

    Examples
    --------
    >>> treated = np.repeat([0, 1, 0, 1], 5)
    >>> values = simulate(treated, change=2, replications=20, seed=1)
    >>> found = posterior_of_change(values, treated, unit=1, above=(0, 0.5))
    >>> found.above.shape, bool((found.above[:, 0] > 0.95).mean() > 0.8)
    ((20, 2), True)
    """
    under = np.asarray(treated, dtype=bool)
    if values.ndim != 2 or under.shape != values.shape[1:]:
        raise StudyError(
            f"simulated series: need one value for each of the plan's {under.size} sessions (got {values.shape})",
            field="values",
        )
    priors = unit_priors(unit, change_sd=change_sd, step=step)

    def model_of(keep: np.ndarray) -> LinearModel:
        return linear_model(_series(under, keep), priors, model=model, refine=_REFINE)

    return integrated(
        values, model_of, priors, unit=unit, center=center, above=above, ci_prob=ci_prob, intervals=intervals
    )


def unit_priors(unit: float, *, change_sd: float, step: float) -> Priors:
    """The default priors on the scale of the unit, with centre 0.

    Parameters
    ----------
    unit, change_sd, step
        As in `posterior_of_change`.

    Raises
    ------
    StudyError
        When the unit is not above 0.

    Examples
    --------
    >>> unit_priors(2.0, change_sd=1.0, step=0).delta_sd
    1.0
    """
    if not (math.isfinite(unit) and unit > 0):
        raise StudyError(f"priors: the unit must be above 0 (got {unit:g})", field="unit")
    floor = min(step / math.sqrt(12) / unit, 0.5)
    return Priors.on_scale(center=0.0, unit=1.0).replace(delta_sd=change_sd, sigma_floor=floor)


def integrated(
    values: np.ndarray,
    model_of: Callable[[np.ndarray], LinearModel],
    priors: Priors,
    *,
    unit: float,
    center: float,
    above: Sequence[float],
    ci_prob: float | None,
    intervals: int | None,
) -> Change:
    """The posterior of coefficient `delta` in many series; those with the same sessions are integrated together.

    Parameters
    ----------
    values : ndarray, shape (replications, cells)
        NaN where a session was missed.
    model_of : callable
        Gives the model for the cells that have values.
    priors : Priors
        From `unit_priors`.
    unit, center, above, ci_prob, intervals
        As in `posterior_of_change`.

    Returns
    -------
    Change
    """
    import scipy.special  # type: ignore[import-untyped]  # noqa: F401  # its normal distribution function is faster

    scaled = (values - center) / unit
    thresholds = [float(a) / unit for a in above]
    count = len(thresholds)
    found = np.full((len(values), count + 4), np.nan)
    patterns, which = np.unique(~np.isnan(values), axis=0, return_inverse=True)
    for number, keep in enumerate(patterns):
        linear = model_of(keep)
        delta = [float(name == "delta") for name in linear.coefficients]
        rows = np.flatnonzero(which.ravel() == number)
        for part, mixture in mixtures(scaled[np.ix_(rows, np.flatnonzero(keep))], linear, priors, loading=delta):
            told = [mixture.above(t) for t in thresholds] + [unit * mixture.mean(), unit * mixture.sd()]
            found[rows[part], : count + 2] = np.stack(told, axis=1)
            few = int((rows[part] < (len(values) if intervals is None else intervals)).sum())
            if ci_prob is not None and few:
                begun = Mixture(mixture.weight[:few], mixture.center[:few], mixture.spread[:few])
                ends = begun.quantile(((1 - ci_prob) / 2, (1 + ci_prob) / 2))
                found[rows[part][:few], -2:] = unit * ends
    return Change(found[:, :count], *found[:, count:].T)


def _check(under: np.ndarray, *, sd: float, autocorrelation: float, replications: int, missed: float) -> None:
    if under.ndim not in (1, 2) or not under.size or (under.ndim == 2 and len(under) != replications):
        raise StudyError(
            f"simulation: needs the condition of each session, for all clients or for each of {replications} "
            f"(got an array of shape {under.shape})",
            field="treated",
        )
    if not (math.isfinite(sd) and sd >= 0):
        raise StudyError(f"simulation: the SD within a phase must be 0 or more (got {sd:g})", field="sd")
    if not -1 < autocorrelation < 1:
        raise StudyError(
            f"simulation: the autocorrelation must lie between -1 and 1 (got {autocorrelation:g})",
            field="autocorrelation",
        )
    if replications < 1:
        raise StudyError(f"simulation: needs at least 1 replication (got {replications})", field="replications")
    if not 0 <= missed <= 0.9:
        raise StudyError(
            f"simulation: the share of missed sessions must lie in 0 to 0.9 (got {missed:g})", field="missed"
        )


def _phase_of(under: np.ndarray) -> np.ndarray:
    return np.cumsum(np.r_[False, under[1:] != under[:-1]])


def _missed(under: np.ndarray, share: float, replications: int, rng: np.random.Generator) -> np.ndarray:
    """Which sessions each client missed; a pattern that empties a phase is drawn anew."""
    phase = _phase_of(under)
    patterns = []
    for _ in range(math.ceil(replications / _SHARE_A_PATTERN)):
        for _ in range(_TRIES):
            gone = rng.random(len(under)) < share
            if np.bincount(phase[~gone], minlength=phase[-1] + 1).all():
                break
        else:  # so many short phases that chance leaves one empty again and again: hold one session of each such
            for label in np.setdiff1d(phase, phase[~gone]):
                gone[rng.choice(np.flatnonzero(phase == label))] = False
        patterns.append(gone)
    return np.repeat(patterns, _SHARE_A_PATTERN, axis=0)[:replications]


def _series(under: np.ndarray, keep: np.ndarray) -> Series:
    """The sessions that took place, without values, as the models see them."""
    phase = _phase_of(under)
    at = np.flatnonzero(keep)
    held, index = np.unique(phase[at], return_inverse=True)
    starts = np.array([np.flatnonzero(phase == p)[0] + 1 for p in range(phase[-1] + 1)])
    return Series(
        cases=("simulated",),
        measures=(_MEASURE,),
        phases=(tuple(f"phase {p + 1}" for p in held),),
        value=np.zeros(len(at)),
        session=at + 1,
        case_index=np.zeros(len(at), dtype="int64"),
        phase_index=index,
        intervention=under[at].astype(float),
        phase_start=starts[phase[at]],
    )
