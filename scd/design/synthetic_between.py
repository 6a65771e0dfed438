"""Two synthetic clients of what happens between the sessions: practice that carries an effect, a pull elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from scd.design.plans import reversal
from scd.design.simulation import simulate_series
from scd.language import gettext_noop as N_
from scd.study import AlarmRates, Decision, Improvement, Measure, Monitoring, Role, Session, Study, Value

__all__ = ["areas_pull_apart", "practice_carries"]

_FIRST_DAY = dt.date(2025, 3, 3)

_TENSION = Measure(
    key="tension",
    label=N_("Evening tension"),
    improvement="decrease",
    minimum=0,
    maximum=100,
    meaningful_change=15,
    source=N_("Own rating; meaningful change agreed with the (synthetic) client"),
)
_EXERCISE = Measure(
    key="exercise",
    label=N_("Breathing exercise"),
    scale="duration",
    improvement="increase",
    minimum=0,
    maximum=120,
    role="practice",
    unit="minutes",
)
_PLANNED = 20
_OBSTACLES = (N_("Came home late"), N_("Children were ill"), N_("Forgot it"), N_("Did not feel like it"))
# With full practice tension is so much lower; half of that is there after so many days.
_FULL_EFFECT, _HALF_LIFE = -38.0, 1.5

_RULE = Monitoring(
    measure="tension",
    looks=(5, 8, 12),
    meaningful_change=15,
    baseline_sessions=8,
    # As `scd.analysis.steering` simulates them for this very rule; a test makes some of them again.
    rates=(
        AlarmRates(autocorrelation=0.0, change=0.0, success=0.0, futility=0.608, harm=0.046),
        AlarmRates(autocorrelation=0.3, change=0.0, success=0.001, futility=0.563, harm=0.076),
        AlarmRates(autocorrelation=0.6, change=0.0, success=0.006, futility=0.568, harm=0.111),
        AlarmRates(autocorrelation=0.0, change=30.0, success=0.239, futility=0.0, harm=0.0),
        AlarmRates(autocorrelation=0.3, change=30.0, success=0.225, futility=0.009, harm=0.0),
        AlarmRates(autocorrelation=0.6, change=30.0, success=0.293, futility=0.022, harm=0.0),
    ),
    replications=1000,
    seed=1,
)


def practice_carries(seed: Sequence[int]) -> Study:
    """An ABAB in which the evening is as good as the exercise done in the days before; the sessions alone nothing.

    Parameters
    ----------
    seed : sequence of int
        The same seed gives the same values.

    Returns
    -------
    Study
        With practice planned, done and what got in the way, a monitoring rule, and two decisions.

    Examples
    --------
    >>> study = practice_carries((1, 12))
    >>> study.code, [m.role for m in study.measures], len(study.cases[0].sessions)
    ('SYNPR2', ['outcome', 'practice'], 44)
    """
    plan = reversal(measures=(_TENSION, _EXERCISE), phases="ABAB", sessions=(8, 14, 8, 14), code="SYNPR2")
    case, last = plan.cases[0], plan.sessions_planned or 0
    rng = np.random.default_rng(seed)
    treated = np.array([case.phase_at(n).condition == "B" for n in range(1, last + 1)])
    # Good and bad stretches of some days each, as life has them.
    willing = simulate_series([last], levels=[0.8], sd=0.45, phi=0.6, seed=(*seed, 1), minimum=0.0, maximum=1.25)
    done = np.where(treated, np.round(willing * _PLANNED / 5) * 5, 0.0)
    kept, reached, exposure = 0.5 ** (1 / _HALF_LIFE), 0.0, np.empty(last)
    for t in range(last):
        reached = kept * reached + (1 - kept) * done[t] / _PLANNED
        exposure[t] = reached
    noise = simulate_series([last], levels=[0.0], sd=8.0, phi=0.3, seed=(*seed, 2))
    tension = np.clip(np.round(72 + _FULL_EFFECT * exposure + noise), 0, 100)
    sessions = []
    for t in range(last):
        values = [Value(measure="tension", value=float(tension[t]))]
        if treated[t]:
            little = done[t] < _PLANNED / 2
            obstacle = str(rng.choice(_OBSTACLES)) if little else ""
            values.append(Value(measure="exercise", value=float(done[t]), planned=_PLANNED, obstacle=obstacle))
        sessions.append(Session(number=t + 1, date=_FIRST_DAY + dt.timedelta(days=t), values=tuple(values)))
    decisions = (
        Decision(
            case=case.code,
            session=8,
            suggested="move on",
            decided="move on",
            reason=N_("The baseline is stable, and both of us want to begin"),
            alarms=("baseline stable",),
            decided_at=dt.datetime(2025, 3, 10, 18, tzinfo=dt.UTC),
        ),
        Decision(
            case=case.code,
            session=20,
            suggested="stay",
            decided="stay",
            reason=N_("The exercise has fallen asleep; from tomorrow it has its place before supper"),
            decided_at=dt.datetime(2025, 3, 22, 18, tzinfo=dt.UTC),
        ),
    )
    return plan.with_case(case.record(*sessions)).replace(monitoring=_RULE, decisions=decisions)


def _area(key: str, label: str, *, improvement: Improvement = "increase", role: Role = "outcome") -> Measure:
    return Measure(key=key, label=label, improvement=improvement, minimum=0, maximum=100, role=role)


_AREAS = (
    _area("worry", N_("Worry"), improvement="decrease"),
    _area("mood", N_("Mood")),
    _area("friends", N_("Time with friends")),
    _area("family", N_("Time for the family")),
    _area("work", N_("Getting on with work")),
)
_PROCESSES = (
    _area("sleep", N_("Sleep last night"), role="process"),
    _area("outdoors", N_("Time outdoors"), role="process"),
)
_LEVELS = {"worry": 62, "mood": 45, "friends": 30, "family": 58, "work": 50, "sleep": 50, "outdoors": 40}
# What the intervention adds; it was meant for worry.
_ADDED = {"friends": 24, "family": -17, "mood": 3}
# By how much worry is lower on the day after a night that was one SD better.
_LINK = 6.0


def areas_pull_apart(seed: Sequence[int]) -> Study:
    """An ABAB meant for worry, which hardly moves: friends get better, the family pays, and worry follows sleep.

    Parameters
    ----------
    seed : sequence of int
        The same seed gives the same values.

    Returns
    -------
    Study
        With five areas of life and two processes.

    Examples
    --------
    >>> study = areas_pull_apart((1, 13))
    >>> study.code, [m.key for m in study.outcomes]
    ('SYNAR2', ['worry', 'mood', 'friends', 'family', 'work'])
    """
    plan = reversal(measures=(*_AREAS, *_PROCESSES), phases="ABAB", sessions=15, code="SYNAR2")
    case, last = plan.cases[0], plan.sessions_planned or 0
    starts = [p.start for p in case.phases] + [last + 1]
    lengths = [after - before for before, after in pairwise(starts)]
    series = {}
    for place, measure in enumerate(plan.measures):
        low, added = _LEVELS[measure.key], _ADDED.get(measure.key, 0)
        levels = [low + added * (phase.condition == "B") for phase in case.phases]
        series[measure.key] = simulate_series(lengths, levels=levels, sd=9.0, phi=0.3, seed=(*seed, place))
    slept = (series["sleep"] - _LEVELS["sleep"]) / 9.0
    series["worry"][1:] -= _LINK * slept[:-1]
    sessions = []
    for t in range(last):
        values = tuple(Value(measure=key, value=float(np.clip(np.round(v[t]), 0, 100))) for key, v in series.items())
        sessions.append(Session(number=t + 1, date=_FIRST_DAY + dt.timedelta(days=t), values=values))
    return plan.with_case(case.record(*sessions))
