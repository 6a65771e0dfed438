"""Simulated data: series with a known truth, and studies filled with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scd.study import Session, Study, StudyError, Value

__all__ = ["Course", "fill_case", "simulate_series"]


@dataclass(frozen=True)
class Course:
    """How one measure runs in one simulated case; the fields mean what they mean in `simulate_series`.

    Parameters
    ----------
    levels : tuple of float
        The level of each phase, in the measure's units.
    sd : float
        Marginal standard deviation within a phase.
    phi : float
        Lag-1 autocorrelation.
    slope : float
        Change a session through all phases.
    half_life : float
        Sessions until half of a change is there.
    step : float
        What the instrument can resolve.
    """

    levels: tuple[float, ...]
    sd: float = 1.0
    phi: float = 0.3
    slope: float = 0.0
    half_life: float = 0.0
    step: float = 1.0


def simulate_series(
    lengths: Sequence[int],
    *,
    levels: Sequence[float],
    seed: int | Sequence[int],
    sd: float = 1.0,
    phi: float = 0.3,
    slope: float = 0.0,
    half_life: float = 0.0,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
) -> np.ndarray:
    """Make one series: phase levels, a common trend, AR(1) noise, rounded and kept inside the range.

    The expected value moves towards the level of the phase in force; noise is a stationary first-order autoregression
    that runs through the phase boundaries. With a half-life above 0 the distance to the level halves every
    `half_life` sessions, on the way in and on the way back (the onset of Swan and Pustejovsky, 2018).

    Parameters
    ----------
    lengths : sequence of int
        Sessions in each phase.
    levels : sequence of float
        The level of each phase, in the measure's units.
    seed : int or sequence of int
        The same seed gives the same series.
    sd : float
        Marginal standard deviation of the noise within a phase, in the measure's units, 0 or more.
    phi : float
        Lag-1 autocorrelation of the noise, in (-1, 1).
    slope : float
        Change a session that goes on through all phases, in the measure's units.
    half_life : float
        Sessions until half of a change is there; 0 means at once.
    minimum, maximum : float, optional
        The instrument's range; what would lie outside is put on its end.
    step : float, optional
        What the instrument can resolve (1 for whole points).

    Returns
    -------
    numpy.ndarray
        Shape ``(sum(lengths),)``.

    Raises
    ------
    StudyError
        When lengths and levels do not belong together, or `sd` or `phi` is out of range.

    References
    ----------
    Swan, D. M., & Pustejovsky, J. E. (2018). A gradual effects model for single-case designs.
    Multivariate Behavioral Research, 53(4), 574-593. https://doi.org/10.1080/00273171.2018.1466681

    Examples
    --------
    >>> simulate_series([3, 3], levels=[8, 2], sd=0, seed=1).tolist()
    [8.0, 8.0, 8.0, 2.0, 2.0, 2.0]
    >>> simulate_series([2, 3], levels=[8, 0], sd=0, half_life=1, seed=1).tolist()
    [8.0, 8.0, 4.0, 2.0, 1.0]
    """
    if len(lengths) != len(levels) or not lengths:
        raise StudyError(
            f"series: needs one level for each phase (got {len(levels)} levels for {len(lengths)} phases)",
            field="levels",
        )
    if min(lengths) < 1:
        raise StudyError(f"series: each phase needs at least 1 session (got {min(lengths)})", field="lengths")
    if sd < 0:
        raise StudyError(f"series: sd must be 0 or more (got {sd:g})", field="sd")
    if not -1 < phi < 1:
        raise StudyError(f"series: phi must lie between -1 and 1 (got {phi:g})", field="phi")
    if half_life < 0:
        raise StudyError(f"series: half-life must be 0 or more (got {half_life:g})", field="half_life")
    targets = np.repeat(np.asarray(levels, dtype=float), np.asarray(lengths, dtype=int))
    kept = 0.5 ** (1 / half_life) if half_life > 0 else 0.0
    expected = np.empty_like(targets)
    expected[0] = targets[0]
    for t in range(1, targets.size):
        expected[t] = kept * expected[t - 1] + (1 - kept) * targets[t]
    shocks = np.random.default_rng(seed).standard_normal(targets.size) * sd
    noise = np.empty_like(targets)
    noise[0] = shocks[0]
    for t in range(1, targets.size):
        noise[t] = phi * noise[t - 1] + np.sqrt(1 - phi**2) * shocks[t]
    series = expected + slope * np.arange(targets.size) + noise
    if step is not None:
        series = np.round(series / step) * step
    return np.clip(series, minimum, maximum) + 0.0  # + 0.0 turns -0.0 into 0.0


def fill_case(
    study: Study,
    *,
    case: str,
    courses: Mapping[str, Course],
    seed: Sequence[int],
    first_day: dt.date | None = None,
    days_apart: int = 1,
    missed: Mapping[int, str] | None = None,
    sessions: int | None = None,
) -> Study:
    """Fill one case of a study with simulated sessions.

    Parameters
    ----------
    study : Study
        The plan; its recorded phase starts decide which level is in force.
    case : str
        Code of the case.
    courses : mapping of str to Course
        One for each measure that is recorded, by the measure's key.
    seed : sequence of int
        The same seed gives the same values; each measure has its own stream.
    first_day : datetime.date, optional
        Date of session 1; without it sessions carry no date.
    days_apart : int
        Days from one session to the next.
    missed : mapping of int to str, optional
        Sessions that were missed, with the reason.
    sessions : int, optional
        Stop after this many; by default the whole plan is filled.

    Returns
    -------
    Study
        With the case's sessions recorded and the starts of the phases it reached.

    Raises
    ------
    StudyError
        When the study has no such case or measure, or a course does not have one level a phase.
    """
    held = study.case(case)
    last = max(study.sessions_planned or 0, held.phases[-1].start)
    starts = [p.start for p in held.phases] + [last + 1]
    lengths = [after - before for before, after in pairwise(starts)]
    series = {}
    for place, (key, course) in enumerate(courses.items()):
        measure = study.measure(key)
        series[key] = simulate_series(
            lengths,
            levels=course.levels,
            seed=(*seed, place),
            sd=course.sd,
            phi=course.phi,
            slope=course.slope,
            half_life=course.half_life,
            minimum=measure.minimum,
            maximum=measure.maximum,
            step=course.step,
        )
    records = []
    for number in range(1, min(sessions or last, last) + 1):
        note = (missed or {}).get(number, "")
        values = tuple(Value(measure=k, value=float(v[number - 1])) for k, v in series.items())
        day = None if first_day is None else first_day + dt.timedelta(days=days_apart * (number - 1))
        records.append(Session(number=number, date=day, values=() if note else values, note=note))
    return study.with_case(held.record(*records))
