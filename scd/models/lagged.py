"""Pairs of consecutive sessions: the outcome at one, and the outcome and its processes at the one before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scd.language import gettext as _
from scd.models.priors import Priors
from scd.study import Case, Measure, Study, StudyError

__all__ = ["FEWEST_PAIRS", "Lagged", "declared_processes", "lagged_pairs", "scale_priors"]

FEWEST_PAIRS = 4
"""With fewer pairs of consecutive sessions nothing is estimated."""

# The innovations' SD can't be below this share of the scale's unit: rows that happen to fit to the last digit must not
# pass for certainty. Told by the unit and not by the digits, so that links don't hang on how values are written.
_LEAST = 0.02


@dataclass(frozen=True, eq=False)
class Lagged:
    """What the process model sees of one case: a row a session whose session before was recorded as well.

    Attributes
    ----------
    case : str
    outcome : Measure
    processes : tuple of Measure
    session : ndarray of int, shape (obs,)
        The later session of each pair.
    value, before : ndarray, shape (obs,)
        The outcome there and at the session before, in its own units.
    process : ndarray, shape (obs, processes)
        Each process at the session before, in its own units.
    conditions : tuple of str
        The conditions of the rows, baseline first.
    condition_index : ndarray of int, shape (obs,)
        Place of each row's condition among them, at the later session.
    outcome_sd : float
        Within-phase SD of the outcome: about the means of its phases, pooled over phases, from all observed values.
    process_mean, process_sd : ndarray, shape (processes,)
        Mean over all observed values, and within-phase SD as above.
    priors : Priors
        On the outcome's scale.
    n_dropped : int
        Observed outcomes, after the first, that gave no pair because something at the session before is missing.
    """

    case: str
    outcome: Measure
    processes: tuple[Measure, ...]
    session: np.ndarray
    value: np.ndarray
    before: np.ndarray
    process: np.ndarray
    conditions: tuple[str, ...]
    condition_index: np.ndarray
    outcome_sd: float
    process_mean: np.ndarray
    process_sd: np.ndarray
    priors: Priors
    n_dropped: int

    @property
    def standardized(self) -> np.ndarray:
        """The processes, centred and in within-phase SDs, shape (obs, processes)."""
        return (self.process - self.process_mean) / self.process_sd


def declared_processes(study: Study, *, case: str | None = None) -> tuple[Measure, ...]:
    """The measures that were declared as processes.

    Parameters
    ----------
    study : Study
    case : str, optional
        Only those that this case is measured on.

    Returns
    -------
    tuple of Measure
    """
    held = study.measures if case is None else study.measures_of(study.case(case))
    return tuple(m for m in held if m.role == "process")


def lagged_pairs(study: Study, *, case: str, outcome: str, processes: Sequence[str]) -> Lagged:
    """Pair each session of one case with the session before it.

    A row needs the outcome at a session, and the outcome and every process at the session just before (its number less
    by one). Nothing that was missed is filled in.

    Parameters
    ----------
    study : Study
    case, outcome : str
        Code of the case and key of the outcome.
    processes : sequence of str
        Keys of one or more measures that were declared as processes or practice.

    Returns
    -------
    Lagged

    Raises
    ------
    StudyError
        When a key is unknown, doubled, the outcome's own or of a measure that was not declared as a process; when
        baseline or intervention has no value; when a measure never varied within a phase; or when there are too few
        pairs.

    Examples
    --------
    >>> from scd.study import Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> sleep = Measure(key="sleep", label="Sleep", improvement="increase", role="process", minimum=0, maximum=12)
    >>> seen = [(4, 6), (5, 7), (4, 5), (6, 8), (7, None), (6, 7), (8, 8)]
    >>> rows = [
    ...     Session(number=n, values=(Value(measure="mood", value=m), Value(measure="sleep", value=s)))
    ...     for n, (m, s) in enumerate(seen, 1)
    ... ]
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=4))
    >>> case = Case(code="K7M2", phases=phases).record(*rows)
    >>> study = Study(code="K7M2", design="reversal", measures=(mood, sleep), cases=(case,))
    >>> pairs = lagged_pairs(study, case="K7M2", outcome="mood", processes=["sleep"])
    >>> pairs.session.tolist(), pairs.process[:, 0].tolist(), pairs.n_dropped
    ([2, 3, 4, 5, 7], [6.0, 7.0, 5.0, 8.0, 7.0], 1)
    """
    of = study.case(case)
    target = _measured(study, of, outcome)
    chosen = _processes(study, of, target, processes)
    seen = _observed(of, target)
    _need_both_conditions(of, target, seen)
    drivers = [_observed(of, measure) for measure in chosen]
    spread = _within_phase_sd(of, target, seen)
    process_sd = np.array([_within_phase_sd(of, m, held) for m, held in zip(chosen, drivers, strict=True)])
    wanted = [n for n in seen if n != min(seen)]
    kept = [n for n in wanted if n - 1 in seen and all(n - 1 in held for held in drivers)]
    if len(kept) < FEWEST_PAIRS:
        raise StudyError(
            f"case '{case}': '{target.key}' and {_quoted(chosen)} give {len(kept)} pairs of consecutive sessions, and "
            f"at least {FEWEST_PAIRS} are needed; a session counts only where the session just before it was recorded",
            field="sessions",
        )
    at = [of.phase_at(n).condition for n in kept]
    conditions = tuple(sorted(set(at) | {"A"}))
    return Lagged(
        case=case,
        outcome=target,
        processes=chosen,
        session=np.array(kept, dtype="int64"),
        value=np.array([seen[n] for n in kept]),
        before=np.array([seen[n - 1] for n in kept]),
        process=np.array([[held[n - 1] for held in drivers] for n in kept]),
        conditions=conditions,
        condition_index=np.array([conditions.index(c) for c in at], dtype="int64"),
        outcome_sd=spread,
        process_mean=np.array([np.mean(list(held.values())) for held in drivers]),
        process_sd=process_sd,
        priors=scale_priors(target, np.array(list(seen.values()))),
        n_dropped=len(wanted) - len(kept),
    )


def scale_priors(measure: Measure, values: np.ndarray) -> Priors:
    """The default priors for a measure, also where its range is open.

    An open range is taken as if it were twice as wide as what was observed, around the same middle: wide enough that
    the priors weigh little, and free of the unit that the values are written in.

    Parameters
    ----------
    measure : Measure
    values : ndarray
        Its observed values; not all of them the same.

    Returns
    -------
    Priors

    Examples
    --------
    >>> sleep = Measure(key="sleep", label="Sleep", improvement="increase")
    >>> priors = scale_priors(sleep, np.array([4.0, 9.0, 6.0]))
    >>> priors.center, priors.unit
    (6.5, 2.0)
    """
    center, unit = measure.center, measure.spread
    if center is None or unit is None:
        center, unit = float(values.min() + values.max()) / 2, float(np.ptp(values)) / 2.5
    return Priors.on_scale(center=center, unit=unit).replace(sigma_floor=_LEAST * unit)


def _measured(study: Study, case: Case, key: str) -> Measure:
    measure = study.measure(key)
    if key not in [m.key for m in study.measures_of(case)]:
        raise StudyError(f"case '{case.code}': is not measured on '{key}'", field="measure")
    return measure


def _processes(study: Study, case: Case, outcome: Measure, keys: Sequence[str]) -> tuple[Measure, ...]:
    if isinstance(keys, str) or not keys:
        raise StudyError(
            f"case '{case.code}': needs at least one process beside '{outcome.key}' (got {keys!r})", field="process"
        )
    chosen: list[Measure] = []
    for key in keys:
        measure = _measured(study, case, key)
        if key == outcome.key:
            raise StudyError(f"process '{key}': is the outcome itself; name another measure", field="process")
        if key in [m.key for m in chosen]:
            raise StudyError(f"process '{key}': is named twice; keep one", field="process")
        if measure.role == "outcome":
            declared = ", ".join(f"'{m.key}'" for m in declared_processes(study)) or "none"
            raise StudyError(
                f"process '{key}': was not declared as a process before the data came (it is an outcome; declared are: "
                f"{declared}); give the measure the role 'process' when the study is planned",
                field="process",
            )
        chosen.append(measure)
    return tuple(chosen)


def _observed(case: Case, measure: Measure) -> dict[int, float]:
    """The measure's observed values by session."""
    seen = {s.number: v for s in case.sessions if (v := s.value(measure.key)) is not None}
    if not seen:
        told = _("case '{case}', '{measure}': has no observed value; every session was missed")
        raise StudyError(told.format(case=case.code, measure=measure.key), field="sessions")
    return seen


def _need_both_conditions(case: Case, outcome: Measure, seen: dict[int, float]) -> None:
    conditions = {case.phase_at(n).condition for n in seen}
    if "A" not in conditions or "B" not in conditions:
        told = (
            _(
                "case '{case}', '{measure}': has no value in baseline (A) yet; links are looked for within phases, "
                "beside the phase's own effect"
            )
            if "A" not in conditions
            else _(
                "case '{case}', '{measure}': has no value under intervention (B) yet; links are looked for within "
                "phases, beside the phase's own effect"
            )
        )
        raise StudyError(told.format(case=case.code, measure=outcome.key), field="sessions")


def _within_phase_sd(case: Case, measure: Measure, seen: dict[int, float]) -> float:
    """SD about the phases' means, pooled: the square root of summed squares over (values - phases)."""
    by_phase: dict[str, list[float]] = {}
    for number, value in seen.items():
        by_phase.setdefault(case.phase_at(number).label, []).append(value)
    freedom = len(seen) - len(by_phase)
    squares = sum(float(((np.array(held) - np.mean(held)) ** 2).sum()) for held in by_phase.values())
    # Means of equal numbers may differ from them in the last digit.
    if freedom < 1 or squares <= 1e-20 * max(1.0, max(abs(v) for v in seen.values())) ** 2 * len(seen):
        raise StudyError(
            _("case '{case}', '{measure}': never varied within a phase, so no link can be seen; leave it out").format(
                case=case.code, measure=measure.key
            ),
            field="process" if measure.role != "outcome" else "measure",
        )
    return float(np.sqrt(squares / freedom))


def _quoted(measures: Sequence[Measure]) -> str:
    return ", ".join(f"'{m.key}'" for m in measures)
