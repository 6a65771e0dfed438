"""Synthetic clients whose outcome follows some of their processes: a known truth for analyses of processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from scd.design.plans import reversal
from scd.study import Case, Measure, Session, Study, StudyError, Value

__all__ = ["linked_study"]

_CARRIED, _TOGETHER, _BURN_IN = 0.3, 0.3, 30
_MIDDLE, _SPREAD = 50.0, 8.0
# The last sign of a client's code; those of a pseudonym that scd makes.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ"


def linked_study(
    *,
    links: Mapping[str, float],
    cases: int = 1,
    phases: str = "AB",
    sessions: int | Sequence[int] = 30,
    change: float = 1.0,
    missed: float = 0.0,
    seed: int = 1,
    code: str = "SYNPR2",
) -> Study:
    """Make up clients who record an outcome and several processes at each session.

    The outcome, ``wellbeing``, follows its own last value (0.3) and each process's last value by its link; processes
    follow their own last value (0.3) and go together (correlation 0.3). All run on scales from 0 to 100 with an SD of
    about 8 within phases. Wherever something moves, up is better.

    Parameters
    ----------
    links : mapping of str to float
        The key of each process, and by how many SDs (of what is new at each session) the outcome is higher after a
        session at which that process was 1 SD higher.
    cases : int
        How many clients, up to 23, with the same links; their data differ.
    phases : str
        Conditions in order, such as ``ABAB``.
    sessions : int or sequence of int
        Length of each phase.
    change : float
        By how many SDs everything moves under intervention, processes and outcome alike.
    missed : float
        The share of single values that were missed, from 0.
    seed : int
        Same seed, same data.
    code : str
        Of the study.

    Returns
    -------
    Study
        Of design ``reversal`` for one client; of several, their cases beside each other with the same phases.

    Raises
    ------
    StudyError
        When there are no cases or too many.

    Examples
    --------
    >>> study = linked_study(links={"sleep": 0.5, "worry": 0.0})
    >>> [(m.key, m.role) for m in study.measures], len(study.cases[0].sessions)
    ([('wellbeing', 'outcome'), ('sleep', 'process'), ('worry', 'process')], 60)
    """
    measures = [_measure("wellbeing", "outcome"), *(_measure(key, "process") for key in links)]
    plan = reversal(measures=measures, phases=phases, sessions=sessions, code=code)
    if not 1 <= cases <= len(_LETTERS):
        raise StudyError(f"linked study: takes 1 to {len(_LETTERS)} cases (got {cases})", field="cases")
    made = [_recorded(plan, number, links, change=change, missed=missed, seed=seed) for number in range(cases)]
    if cases == 1:
        return plan.with_case(made[0])
    return plan.replace(cases=tuple(c.replace(code=f"{code[:-1]}{_LETTERS[n]}") for n, c in enumerate(made)))


def _measure(key: str, role: str) -> Measure:
    label = key.replace("-", " ").replace("_", " ").capitalize()
    return Measure(key=key, label=label, improvement="increase", minimum=0, maximum=100, role=role)


def _recorded(plan: Study, number: int, links: Mapping[str, float], *, change: float, missed: float, seed: int) -> Case:
    rng = np.random.default_rng([seed, number])
    case, sessions = plan.cases[0], plan.sessions_planned or 0
    count, size = len(links), np.array(list(links.values()))
    root = np.linalg.cholesky(_TOGETHER + (1 - _TOGETHER) * np.eye(count))
    x, y, rows = root @ rng.standard_normal(count), 0.0, []
    for _ in range(_BURN_IN + sessions):
        y = _CARRIED * y + float(size @ x) + rng.standard_normal()
        x = _CARRIED * x + np.sqrt(1 - _CARRIED**2) * (root @ rng.standard_normal(count))
        rows.append((y, *x))
    told = []
    for n, values in enumerate(rows[_BURN_IN:], 1):
        moved = change * (case.phase_at(n).condition == "B")
        recorded = np.clip(np.round(_MIDDLE + _SPREAD * (np.array(values) + moved)), 0, 100)
        entries = [
            Value(measure=m.key, value=None if rng.random() < missed else float(v))
            for m, v in zip(plan.measures, recorded, strict=True)
        ]
        told.append(Session(number=n, values=tuple(entries)))
    return case.record(*told)
