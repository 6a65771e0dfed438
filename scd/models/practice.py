"""What a client practised between sessions, as numbers: how much was planned and done, session by session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from scd.study import Case, Measure, Study, StudyError
from scd.study.session import numbers_left_out

if TYPE_CHECKING:
    from scd.study import Session

__all__ = ["MOST_UNKNOWN", "FullIs", "Practice", "practice_measure", "practice_of"]

MOST_UNKNOWN = 0.4
"""Where more of the practice under intervention is unknown, a dose would be made of guesses."""

FullIs = Literal["planned", "maximum", "usual"]


@dataclass(frozen=True, eq=False)
class Practice:
    """One client's practice under intervention.

    Attributes
    ----------
    measure : Measure
        Of role practice.
    session : ndarray of int, shape (sessions,)
        Every session number from the first to the last one on record.
    phase : tuple of str
        The phase of each.
    under : ndarray, shape (sessions,)
        1 under intervention, else 0.
    due : ndarray of bool, shape (sessions,)
        Whether practice was asked for.
    done, planned : ndarray, shape (sessions,)
        In the measure's units; NaN where nobody said.
    full : float
        How much is full practice, in the measure's units.
    full_is : {"planned", "maximum", "usual"}
        Where that comes from: the median of what was planned, the end of the measure's range, or, where nothing was
        planned, the mean of what was done when something was done.
    """

    measure: Measure
    session: np.ndarray
    phase: tuple[str, ...]
    under: np.ndarray
    due: np.ndarray
    done: np.ndarray
    planned: np.ndarray
    full: float
    full_is: FullIs

    @property
    def known(self) -> np.ndarray:
        """Whether it is known how much was done, shape (sessions,)."""
        return ~np.isnan(self.done)

    @property
    def unknown_share(self) -> float:
        """Which share of the practice due under intervention is unknown."""
        due = self.due & (self.under > 0)
        return float((~self.known[due]).mean()) if due.any() else 1.0

    @property
    def dose(self) -> np.ndarray:
        """Practice in units of full practice, shape (sessions,): 0 in baseline, as what is unknown the phase's mean.

        A session number at which nobody was asked takes the next entry's amount, which tells of the time until then.
        """
        under = self.under > 0
        amount = np.where(self.due, self.done, _next(self.done, self.due))
        overall = float(np.nanmean(self.done[under]))
        labels = np.array(self.phase)
        for label in dict.fromkeys(self.phase):
            here = (labels == label) & under
            known = self.done[here & self.known]
            amount[here & np.isnan(amount)] = known.mean() if len(known) else overall
        return np.where(under, amount, 0.0) / self.full

    @property
    def plan(self) -> np.ndarray:
        """What full practice would have been, in the same units: as planned where that is known, else 1; 0 before."""
        planned = np.where(self.due, self.planned, _next(self.planned, self.due)) / self.full
        return np.where(self.under > 0, np.where(np.isnan(planned), 1.0, planned), 0.0)

    @property
    def within_phases(self) -> float:
        """Which share of the dose's variation is left within phases, 0 to 1.

        The sum of squares around each phase's mean over that around the mean of all sessions, where it is known.
        """
        used = self.known | (self.under == 0)
        dose, labels = self.dose[used], np.array(self.phase)[used]
        total = float(((dose - dose.mean()) ** 2).sum())
        inside = sum(float(((part - part.mean()) ** 2).sum()) for part in (dose[labels == p] for p in set(labels)))
        return inside / total if total > 0 else 0.0


def practice_measure(study: Study, *, case: Case, practice: str | None = None) -> Measure:
    """The measure of practice that is meant.

    Raises
    ------
    StudyError
        When the case has none, has several and none is named, or the one named is not of that role.
    """
    held = [m for m in study.measures_of(case) if m.role == "practice"]
    keys = ", ".join(f"'{m.key}'" for m in held)
    if practice is not None:
        chosen = study.measure(practice)
        if chosen.role != "practice" or chosen not in held:
            raise StudyError(
                f"case '{case.code}': '{practice}' is not one of its measures of practice ({keys or 'it has none'}); "
                "give the measure the role 'practice'",
                field="practice",
            )
        return chosen
    if len(held) != 1:
        told = f"has several measures of practice ({keys}); name one" if held else "has no measure of practice"
        raise StudyError(f"case '{case.code}': {told}", field="practice")
    return held[0]


def practice_of(study: Study, *, case: str | None = None, practice: str | None = None) -> Practice:
    """Gather a client's practice.

    Parameters
    ----------
    study : Study
        The record.
    case : str, optional
        Code of the case; needed when the study has several.
    practice : str, optional
        Key of the measure of practice; needed when the case has several.

    Returns
    -------
    Practice

    Raises
    ------
    StudyError
        When it is not clear which case or measure is meant, nothing is known about practice under intervention, nothing
        was practised there, or more than `MOST_UNKNOWN` of it is unknown.

    Examples
    --------
    >>> from scd.study import Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> walks = Measure(key="walks", label="Walks", improvement="increase", minimum=0, role="practice", unit="walks")
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=2)))
    >>> done = [Value(measure="walks", value=v, planned=4) for v in (2, 4)]
    >>> case = case.record(Session(number=1), *(Session(number=n, values=(v,)) for n, v in enumerate(done, 2)))
    >>> study = Study(code="K7M2", design="reversal", measures=(mood, walks), cases=(case,))
    >>> practice_of(study).dose.tolist()
    [0.0, 0.5, 1.0]
    """
    if case is None and len(study.cases) > 1:
        codes = ", ".join(f"'{c.code}'" for c in study.cases)
        raise StudyError(f"study '{study.code}': has several cases ({codes}); name one", field="case")
    chosen = study.cases[0] if case is None else study.case(case)
    measure = practice_measure(study, case=chosen, practice=practice)
    if not chosen.sessions:
        raise StudyError(f"case '{chosen.code}': has no session yet; record sessions first", field="sessions")
    found = _gathered(chosen, measure)
    where = f"case '{chosen.code}', '{measure.label}'"
    amounts = found.done[found.known & (found.under > 0)]
    if not len(amounts):
        raise StudyError(
            f"{where}: nothing is known yet about practice under intervention; enter how much was done, 0 for nothing",
            field="sessions",
        )
    if found.unknown_share > MOST_UNKNOWN:
        raise StudyError(
            f"{where}: how much was done is unknown at {found.unknown_share:.0%} of the sessions under intervention, "
            f"and at most {MOST_UNKNOWN:.0%} may be; missing practice is not 0, so ask the client and enter it",
            field="sessions",
        )
    if not amounts.any():
        raise StudyError(
            f"{where}: nothing was practised under intervention, so what practice adds can't be told; the effect of "
            "the phase stands without it",
            field="sessions",
        )
    return found


def _gathered(case: Case, measure: Measure) -> Practice:
    recorded = {s.number: s for s in case.sessions}
    first, last = min(recorded), max(recorded)
    number = np.arange(first, last + 1)
    left_out = set(numbers_left_out(list(recorded), first=first, last=last))
    phases = [case.phase_at(int(n)) for n in number]
    under = np.array([float(p.condition == "B") for p in phases])
    due = np.array([int(n) in left_out or (int(n) in recorded and recorded[int(n)].due(measure.key)) for n in number])
    done, planned = (
        _entries(recorded, number, measure, what="value"),
        _entries(recorded, number, measure, what="planned"),
    )
    full, full_is = _full(measure, done[under > 0], planned[under > 0])
    return Practice(measure, number, tuple(p.label for p in phases), under, due, done, planned, full, full_is)


def _entries(recorded: dict[int, Session], number: np.ndarray, measure: Measure, *, what: str) -> np.ndarray:
    held = {n: v for n, s in recorded.items() for v in s.values if v.measure == measure.key}
    told = [getattr(held[int(n)], what) if int(n) in held else None for n in number]
    return np.array([np.nan if t is None else t for t in told], dtype=float)


def _full(measure: Measure, done: np.ndarray, planned: np.ndarray) -> tuple[float, FullIs]:
    """How much is full practice, and where that comes from."""
    wanted = planned[planned > 0]
    if len(wanted):
        return float(np.median(wanted)), "planned"
    if measure.scale in ("proportion", "percentage") and measure.maximum is not None:
        return float(measure.maximum), "maximum"
    some = done[done > 0]
    return (float(some.mean()) if len(some) else 1.0), "usual"


def _next(values: np.ndarray, due: np.ndarray) -> np.ndarray:
    """At every session the entry of the next one that was due; NaN after the last."""
    at = np.where(due, np.arange(len(due)), len(due))
    after = np.minimum.accumulate(at[::-1])[::-1]
    return np.r_[values, np.nan][after]
