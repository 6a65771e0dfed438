"""What happens between sessions, on a page: it says what the analysis says, of this client, and nothing it can't."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from scd.analysis.between_sessions import between_sessions_of
from scd.analysis.steering import choose_monitoring, default_monitoring
from scd.design.plans import reversal
from scd.study import Decision, Measure, Session, Study, Value

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
CODE = "K7M2QX"
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, meaningful_change=1.5)
FEAR = Measure(key="fear", label="Fear of crowds", improvement="decrease", minimum=0, maximum=10, meaningful_change=2)
SLEEP = Measure(key="nights", label="Hours slept", improvement="increase", minimum=0, maximum=12, unit="hours")
FRIENDS = Measure(key="friends", label="Time with friends", improvement="increase", minimum=0, maximum=10)
PROCESSES = tuple(
    Measure(key=key, label=label, improvement=better, minimum=0, maximum=100, role="process")
    for key, label, better in (
        ("opening", "Opening up to feelings", "increase"),
        ("brooding", "Brooding", "decrease"),
        ("confidence", "Trust in own strength", "increase"),
    )
)
WALKS = Measure(key="walks", label="Walks", improvement="increase", minimum=0, role="practice", unit="walks")
OBSTACLES = {15: "rained <b>all</b> week", 21: "<script>alert(1)</script> said my boss", 39: "too tired & sad"}


def whole_client(*, length: int = 12, seed: int = 3) -> Study:
    """Four outcomes, three processes, practice with obstacles, a rule and three decisions."""
    measures = (MOOD, FEAR, SLEEP, FRIENDS, *PROCESSES, WALKS)
    study = reversal(measures=measures, phases="ABAB", sessions=length, code=CODE)
    rule = default_monitoring(study)
    study = choose_monitoring(study, rule=rule, replications=100)
    rng = np.random.default_rng(seed)
    case, first, sessions = study.cases[0], dt.date(2025, 11, 3), []
    moved, walked = np.zeros(3), 0.0
    for n in range(1, 4 * length + 1):
        under = case.phase_at(n).condition == "B"
        walked = float(rng.choice([0, 0.4, 0.8, 1.0])) if under else 0.0
        pull = 3.2 + 1.4 * under + 0.45 * moved[0] + 3.0 * walked
        moved = 0.3 * moved + rng.standard_normal(3)
        spread = rng.standard_normal(4)
        values = [
            Value(measure="mood", value=_within(pull + 0.7 * spread[0], 10)),
            Value(measure="fear", value=_within(7 - 1.8 * under - 0.9 * spread[1], 10)),
            Value(measure="nights", value=_within(6.2 + 0.1 * under + 0.8 * spread[2], 12)),
            Value(measure="friends", value=_within(5.5 - 1.1 * under + 1.0 * spread[3], 10)),
            Value(measure="opening", value=_within(40 + 18 * under + 12 * moved[0], 100)),
            Value(measure="brooding", value=_within(60 - 5 * under + 12 * moved[1], 100)),
            Value(measure="confidence", value=_within(50 + 12 * moved[2], 100)),
        ]
        if under:
            said = None if n % 11 == 0 else 5 * walked
            values.append(Value(measure="walks", value=said, planned=5, obstacle=OBSTACLES.get(n, "")))
        day = first + dt.timedelta(days=2 * n)
        sessions.append(Session(number=n, date=day, values=() if n == 17 else tuple(values)))
    study = study.with_case(case.record(*sessions))
    return study.replace(decisions=DECISIONS)


DECISIONS = tuple(
    Decision(
        case=CODE, session=session, suggested=suggested, decided=decided, reason=reason, alarms=alarms, look=look,
        p_improvement=p, p_meaningful=0.5, decided_at=NOW - dt.timedelta(days=90 - session),
    )
    for session, suggested, decided, reason, alarms, look, p in (
        (12, "move on", "move on", "baseline is calm enough", ("baseline stable",), None, None),
        (15, "stay", "stay", "too early <img src=x onerror=alert(1)> to tell", (), 3, 0.93),
        (24, "move on", "talk about it", "client's wish: “one more week”", ("success",), 12, 0.999),
    )
)  # fmt: skip


def _within(value: float, top: float) -> float:
    return float(np.clip(np.round(value, 0 if top == 100 else 1), 0, top))
