"""The numbers a model sees: observed values of one or more cases in one row, with phases and gaps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from scd.language import gettext as _
from scd.study import Case, Measure, Study, StudyError

__all__ = ["Series", "series_of"]


@dataclass(frozen=True, eq=False)
class Series:
    """Observed values of one or more cases, stacked; missed sessions are left out and remain as gaps.

    Attributes
    ----------
    cases : tuple of str
        Codes, in order.
    measures : tuple of Measure
        The measure of each case.
    phases : tuple of tuple of str
        The labels of each case's phases that hold at least one value.
    value : ndarray of float, shape (obs,)
        Observed values, in each measure's units.
    session : ndarray of int, shape (obs,)
        Session numbers.
    case_index, phase_index : ndarray of int, shape (obs,)
        Position in `cases` and in that case's `phases`.
    intervention : ndarray of float, shape (obs,)
        1 under intervention, 0 in baseline.
    phase_start : ndarray of int, shape (obs,)
        First session of the phase that the value belongs to, as it happened.
    trials, minutes : ndarray of float, shape (obs,)
        Denominator of each value, and how long was observed; NaN where it is not recorded.
    """

    cases: tuple[str, ...]
    measures: tuple[Measure, ...]
    phases: tuple[tuple[str, ...], ...]
    value: np.ndarray
    session: np.ndarray
    case_index: np.ndarray
    phase_index: np.ndarray
    intervention: np.ndarray
    phase_start: np.ndarray
    trials: np.ndarray = field(default_factory=lambda: np.empty(0))
    minutes: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        for name in ("trials", "minutes"):
            if len(getattr(self, name)) != len(self.value):
                object.__setattr__(self, name, np.full(len(self.value), np.nan))

    @property
    def linked(self) -> np.ndarray:
        """0 at the first value of each case, 1 where the value before belongs to the same case."""
        return np.r_[0.0, (np.diff(self.case_index) == 0).astype(float)]

    @property
    def gap(self) -> np.ndarray:
        """Sessions since the value before; 1 at the first value of each case."""
        steps = np.r_[1, np.diff(self.session)]
        return np.where(self.linked > 0, steps, 1).astype("int64")

    @property
    def time(self) -> np.ndarray:
        """Session number, centred on the mean over each case's observed sessions."""
        means = np.array([self.session[self.case_index == i].mean() for i in range(len(self.cases))])
        return self.session - means[self.case_index]

    @property
    def time_from_start(self) -> np.ndarray:
        """Sessions since each case's first value."""
        first = np.array([self.session[self.case_index == i].min() for i in range(len(self.cases))])
        return (self.session - first[self.case_index]).astype(float)

    @property
    def time_in_phase(self) -> np.ndarray:
        """Sessions since the phase began, from 0 at its first session."""
        return (self.session - self.phase_start).astype(float)

    def part(self, case: str) -> Series:
        """The values of one case."""
        i = self.cases.index(case)
        keep = self.case_index == i
        return Series(
            cases=(case,),
            measures=(self.measures[i],),
            phases=(self.phases[i],),
            value=self.value[keep],
            session=self.session[keep],
            case_index=np.zeros(int(keep.sum()), dtype="int64"),
            phase_index=self.phase_index[keep],
            intervention=self.intervention[keep],
            phase_start=self.phase_start[keep],
            trials=self.trials[keep],
            minutes=self.minutes[keep],
        )


def series_of(study: Study, *, measure: str | None = None, case: str | None = None) -> Series:
    """Gather the observed values of a study.

    Parameters
    ----------
    study : Study
        The record.
    measure : str, optional
        Key of the measure. Without it, each case's own first outcome is taken.
    case : str, optional
        Only this case.

    Returns
    -------
    Series
        Cases without any value are left out.

    Raises
    ------
    StudyError
        When nothing has been observed, no case has values both in baseline and under intervention, or a phase is
        under a condition other than A or B.
    """
    chosen = (study.case(case),) if case is not None else study.cases
    pieces = [piece for c in chosen if (piece := _piece(study, c, measure)) is not None]
    where = _("case '{case}'").format(case=case) if case is not None else _("study '{study}'").format(study=study.code)
    if not pieces:
        raise StudyError(
            _("{where}: has no observed value yet; record sessions first").format(where=where), field="sessions"
        )
    conditions = [set(p["intervention"]) for p in pieces]
    if not any({0.0, 1.0} <= seen for seen in conditions):
        if len(set.union(*conditions)) == 2:
            told = _(
                "{where}: an effect needs values in baseline and under intervention; there is none in both for any one "
                "case yet"
            )
        elif conditions[0] == {0.0}:
            told = _(
                "{where}: an effect needs values in baseline and under intervention; there is none under intervention "
                "(B) yet"
            )
        else:
            told = _(
                "{where}: an effect needs values in baseline and under intervention; there is none in baseline (A) yet"
            )
        raise StudyError(told.format(where=where), field="sessions")
    return Series(
        cases=tuple(p["case"] for p in pieces),
        measures=tuple(p["measure"] for p in pieces),
        phases=tuple(p["phases"] for p in pieces),
        value=np.concatenate([p["value"] for p in pieces]),
        session=np.concatenate([p["session"] for p in pieces]),
        case_index=np.concatenate([np.full(len(p["value"]), i, dtype="int64") for i, p in enumerate(pieces)]),
        phase_index=np.concatenate([p["phase_index"] for p in pieces]),
        intervention=np.concatenate([p["intervention"] for p in pieces]),
        phase_start=np.concatenate([p["phase_start"] for p in pieces]),
        trials=np.concatenate([p["trials"] for p in pieces]),
        minutes=np.concatenate([p["minutes"] for p in pieces]),
    )


def _measure_of(study: Study, case: Case, key: str | None) -> Measure:
    held = study.measures_of(case)
    if key is not None:
        study.measure(key)
        if key not in [m.key for m in held]:
            raise StudyError(f"case '{case.code}': is not measured on '{key}'", field="measure")
        return study.measure(key)
    outcomes = [m for m in held if m.role == "outcome"]
    if not outcomes:
        raise StudyError(f"case '{case.code}': has no outcome among its measures; name a measure", field="measure")
    return outcomes[0]


def _piece(study: Study, case: Case, key: str | None) -> dict | None:
    measure = _measure_of(study, case, key)
    seen = [(s.number, v) for s in case.sessions for v in s.values if v.measure == measure.key and v.value is not None]
    if not seen:
        return None
    at = [case.phase_at(number) for number, _ in seen]
    for phase in at:
        if phase.condition not in "AB":
            raise StudyError(
                f"case '{case.code}', phase '{phase.label}': the models compare baseline A with intervention B; "
                "leave other conditions out of this analysis",
                field="phases",
            )
    labels = tuple(dict.fromkeys(p.label for p in at))
    return {
        "case": case.code,
        "measure": measure,
        "phases": labels,
        "value": np.array([v.value for _, v in seen], dtype=float),
        "session": np.array([n for n, _ in seen], dtype="int64"),
        "phase_index": np.array([labels.index(p.label) for p in at], dtype="int64"),
        "intervention": np.array([float(p.condition == "B") for p in at]),
        "phase_start": np.array([p.start for p in at], dtype="int64"),
        "trials": np.array([np.nan if v.trials is None else v.trials for _, v in seen], dtype=float),
        "minutes": np.array([np.nan if v.minutes is None else v.minutes for _, v in seen], dtype=float),
    }
