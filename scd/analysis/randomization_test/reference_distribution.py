"""The statistic under every assignment of a reference set: p, and the effects that the test does not reject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scd.analysis.randomization_test.inversion import bisected_end, linear_interval, needed
from scd.analysis.randomization_test.statistics import LINEAR, Contrast, StatisticName, contrasts, shift_pattern
from scd.language import gettext as _
from scd.language import localized, thousands
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from scd.analysis.randomization_test.assigned import Assigned
    from scd.design.reference import ReferenceSet

__all__ = ["Answer", "Question", "answer"]

_FAR = 100.0  # times the range of the values: an effect beyond all reason
_EVEN = 1e-10  # times the range of the values: differences up to here are rounding


@dataclass(frozen=True)
class Question:
    """What is asked of a reference set.

    Parameters
    ----------
    statistic : str or callable
        As in `scd.analysis.randomization_test.statistics.contrasts`.
    direction : {-1, 0, 1}
        1: one-sided, large is better; -1: one-sided, small is better; 0: two-sided.
    immediate : int
        For ``immediacy``: values on either side of a change.
    ci_prob : float
        Probability of the interval.
    """

    statistic: StatisticName | Contrast
    direction: int
    immediate: int = 3
    ci_prob: float = 0.95


@dataclass(frozen=True, eq=False)
class Answer:
    """What a reference set says.

    Parameters
    ----------
    statistic : float
        The observed statistic, B - A.
    reached : int
        How many assignments reach it, the observed one included.
    lower, upper : float or None
        The interval.
    distribution : numpy.ndarray
        The statistic of every assignment.
    notes : tuple of str
        What was noticed.
    """

    statistic: float
    reached: int
    lower: float | None
    upper: float | None
    distribution: np.ndarray
    notes: tuple[str, ...]


def answer(cases: Sequence[Assigned], reference: ReferenceSet, question: Question) -> Answer:
    """Go through a reference set.

    Parameters
    ----------
    cases : sequence of Assigned
        The cases of the set, in its order.
    reference : ReferenceSet
        The set.
    question : Question
        What is asked.

    Returns
    -------
    Answer
        An assignment under which the statistic can't be computed counts as reaching the observed one.

    Raises
    ------
    StudyError
        When the statistic can't be computed under the observed schedule.

    Examples
    --------
    >>> import numpy as np
    >>> from scd.analysis.randomization_test.assigned import Assigned
    >>> from scd.design.courses import Course
    >>> from scd.design.reference import reference_set
    >>> from scd.design.schemes import Scheme
    >>> course = Course("K7M2", sessions=(1, 2, 3, 4, 5, 6), order="AAABBB")
    >>> found = reference_set(Scheme("phase-starts", min_phase=2), (course,))
    >>> values = np.array([1, 1, 1, 4, 4, 4.0])
    >>> answer([Assigned(course, values)], found, Question("phase-means", direction=1)).reached
    1
    """
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return _answered(_Sample(cases, reference, question))


def _answered(sample: _Sample) -> Answer:
    import numpy as np

    cases, reference, question = sample.cases, sample.reference, sample.question
    if not np.isfinite(sample.spread):
        raise StudyError(f"{_named(cases)}: has values too far apart to be computed with", field="values")
    everything = np.arange(len(reference.choice))
    distribution = sample.statistic(0.0, everything)
    observed = float(distribution[reference.observed])
    if np.isnan(observed):
        raise StudyError(
            f"{_named(cases)}: the statistic can't be computed under the observed schedule, where a phase or condition "
            "has too few values",
            field="statistic",
        )
    reached = sample.reach(distribution, observed)
    notes = []
    if unknown := int(np.isnan(distribution).sum()):
        notes.append(
            _(
                "{opening}: under {unknown} of {assignments} assignments a phase or condition has too "
                "few values for the statistic; they count as reaching it, so p is rather too large than "
                "too small."
            ).format(opening=_opening(cases), unknown=thousands(unknown), assignments=thousands(len(distribution)))
        )
    need = needed(len(distribution), ci_prob=question.ci_prob)
    if need == 1:
        lower, upper = None, None
        notes.append(
            _(
                "{opening}: no interval, since {assignments} assignments can't leave any effect out at {ci_prob}."
            ).format(
                opening=_opening(cases),
                assignments=thousands(len(distribution)),
                ci_prob=localized(f"{question.ci_prob:.0%}"),
            )
        )
    else:
        lower, upper, said = sample.interval(distribution, need)
        notes += said
    return Answer(observed, int(reached.sum()), lower, upper, distribution, tuple(notes))


class _Sample:
    """Values and schedules of the cases of one reference set."""

    def __init__(self, cases: Sequence[Assigned], reference: ReferenceSet, question: Question) -> None:
        import numpy as np

        self.cases, self.reference, self.question = cases, reference, question
        self.times = [np.array(one.course.sessions, dtype=float) for one in cases]
        held = np.concatenate([one.values[~np.isnan(one.values)] for one in cases])
        self.spread = float(np.ptp(held)) if len(held) else 0.0
        self.rounding = _EVEN * self.spread + 64 * np.finfo(float).eps * float(np.abs(held).max(initial=0.0))
        own = reference.choice[reference.observed]
        self.patterns = [
            shift_pattern(one.values, schedules, observed=int(which), statistic=question.statistic, sessions=times)
            for one, schedules, which, times in zip(cases, reference.schedules, own, self.times, strict=True)
        ]

    def combined(self, values: Sequence[np.ndarray], rows: np.ndarray) -> np.ndarray:
        """The statistic of all cases together under the assignments in question."""
        import numpy as np

        choice = self.reference.choice[rows]
        parts = []
        for i, schedules in enumerate(self.reference.schedules):
            alone = len(self.cases) == 1
            found = contrasts(
                values[i],
                schedules,
                statistic=self.question.statistic,
                sessions=self.times[i],
                immediate=self.question.immediate,
                rows=choice[:, 0] if alone else None,
            )
            parts.append(found if alone else found[choice[:, i]])
        if len(parts) == 1:
            return parts[0]
        together = np.stack(parts)
        return np.median(together, axis=0) if self.question.statistic == "medians" else together.mean(axis=0)

    def statistic(self, effect: float, rows: np.ndarray) -> np.ndarray:
        """The statistic after an effect is taken out of the treated sessions."""
        pairs = zip(self.cases, self.patterns, strict=True)
        return self.combined([one.values - effect * pattern for one, pattern in pairs], rows)

    def reach(self, statistics: np.ndarray, observed: float) -> np.ndarray:
        """Whether statistics reach the observed one; those that differ by rounding do, and so do unknown ones."""
        import numpy as np

        statistic, direction = self.question.statistic, self.question.direction
        even = _EVEN if statistic == "nap" else self.rounding
        if callable(statistic):
            finite = statistics[np.isfinite(statistics)]
            even = _EVEN * max(abs(observed), float(np.abs(finite).max(initial=0.0)))
        if direction:
            return ~(direction * statistics < direction * observed - even)
        return ~(np.abs(statistics) < abs(observed) - even)

    def interval(self, distribution: np.ndarray, need: int) -> tuple[float | None, float | None, list[str]]:
        """The effects that the test does not reject."""
        import numpy as np

        statistic, direction = self.question.statistic, self.question.direction
        everything = np.arange(len(distribution))
        if statistic in LINEAR:
            ends = linear_interval(
                distribution,
                self.combined(self.patterns, everything),
                observed=self.reference.observed,
                direction=direction,
                need=need,
                tolerance=self.rounding,
            )
            return *ends, self._unbounded(ends)
        far = _FAR * (self.spread or 1.0)
        center = direction * far if direction else self._center(far)
        here = None if center is None else self._reached(center, everything)
        if center is None or here is None or here.sum() < need:
            return (
                None,
                None,
                [
                    _("{opening}: no interval, since this statistic does not follow an effect.").format(
                        opening=_opening(self.cases)
                    )
                ],
            )
        found = [
            None
            if outside == center
            else bisected_end(self._reached, here, inside=center, outside=outside, need=need, tolerance=1e-12 * far)
            for outside in (-far, far)
        ]
        return found[0], found[1], self._unbounded((found[0], found[1]))

    def _reached(self, effect: float, rows: np.ndarray) -> np.ndarray:
        import numpy as np

        observed = self.statistic(effect, np.array([self.reference.observed]))[0]
        return self.reach(self.statistic(effect, rows), observed)

    def _center(self, far: float) -> float | None:
        """An effect without which the observed statistic is nought, or as near as it comes."""
        import numpy as np

        own = np.array([self.reference.observed])

        def left(effect: float) -> float:
            return float(self.statistic(effect, own)[0])

        low, high = -far, far
        if not left(low) >= 0 >= left(high):
            return None
        for _halving in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if left(middle) >= 0 else (low, middle)
        return min((low, high), key=lambda effect: abs(left(effect)))

    def _unbounded(self, ends: tuple[float | None, float | None]) -> list[str]:
        direction = self.question.direction
        due = {1: ends[:1], -1: ends[1:], 0: ends}[direction]
        if all(end is not None for end in due):
            return []
        return [
            _("{opening}: the interval has no end on a side where these assignments can't leave any out.").format(
                opening=_opening(self.cases)
            )
        ]


def _named(cases: Sequence[Assigned]) -> str:
    return f"case '{cases[0].course.case}'" if len(cases) == 1 else "all cases together"


def _opening(cases: Sequence[Assigned]) -> str:
    one = len(cases) == 1
    return _("Case '{case}'").format(case=cases[0].course.case) if one else _("All cases together")
