"""The chance to know: what a plan's posterior rule and its randomisation test would say of many simulated clients."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from itertools import product

from scd.analysis.planning.designs import MULTIPLE_BASELINE, PlannedDesign, design_name, planned_design
from scd.analysis.planning.question import Question
from scd.analysis.planning.randomization_power import rejected
from scd.analysis.planning.replicates import posterior_of_change
from scd.analysis.planning.tiers import posterior_of_average
from scd.study import StudyError

__all__ = ["CERTAIN", "Chance", "chance_of", "chances"]

CERTAIN = 0.95
"""A change is found where its posterior probability is above this."""
_INTERVALS = 250
"""So many replications tell the mean width."""
_MOST_POINTS = 2000
_MOST_REPLICATIONS = 100_000


@dataclass(frozen=True)
class Chance:
    """What one plan would find at one change and one autocorrelation.

    Parameters
    ----------
    plan : PlannedDesign
    change, autocorrelation : float
        What was simulated.
    p_detect, p_meaningful : float
        Shares of the replications in which P(change > 0 | data) and P(change > smallest meaningful | data) are above
        .95.
    width : float
        Mean width of the 95 % interval of the change, in the measure's units, over the first 250 replications: widths
        differ so little that more would not show.
    randomization_power : float or None
        Share in which the randomisation test has p of .05 or less; None where no p can be.
    replications : int
    errors : dict of str to float or None
        Monte Carlo standard error of each of the four.
    """

    plan: PlannedDesign
    change: float
    autocorrelation: float
    p_detect: float
    p_meaningful: float
    width: float
    randomization_power: float | None
    replications: int
    errors: dict[str, float | None]

    @property
    def row(self) -> dict[str, str | int | float | None]:
        """The row of the table."""
        return {
            "design": self.plan.name,
            "sessions": self.plan.sessions,
            "change": self.change,
            "autocorrelation": self.autocorrelation,
            "p_detect": self.p_detect,
            "p_meaningful": self.p_meaningful,
            "width": self.width,
            "randomization_power": self.randomization_power,
            "replications": self.replications,
        }


def chance_of(
    plan: PlannedDesign,
    question: Question,
    *,
    change: float,
    autocorrelation: float = 0.3,
    replications: int = 500,
    seed: int = 1,
) -> Chance:
    """Simulate one plan: how often its posterior and its randomisation test would find the change.

    The change is there at once and whole from the first treated session on, and noise is a stationary AR(1). The
    posterior is that of the equal phases that are planned; the randomisation test draws a schedule for every client.

    Parameters
    ----------
    plan : PlannedDesign
    question : Question
    change : float
        Improvement, in the measure's units, 0 or more; 0 gives the false alarms.
    autocorrelation : float
        In (-1, 1).
    replications : int
        Simulated clients, from 10.
    seed : int
        Same seed, same clients.

    Returns
    -------
    Chance

    Raises
    ------
    StudyError
        When a number is out of its range.

    Examples
    --------
    >>> from scd.analysis.planning.designs import planned_design
    >>> found = chance_of(planned_design("ab", sessions=5), Question(unit=2), change=6, replications=50)
    >>> found.p_detect > 0.9, found.randomization_power is None
    (True, True)
    """
    _check(question, change=change, autocorrelation=autocorrelation, replications=replications, seed=seed)
    noise = question.noise(plan, autocorrelation=autocorrelation, replications=replications, seed=seed)
    values = question.observed(noise + change * plan.treated, change=change)
    thresholds = (0.0, question.smallest_meaningful)
    measured = min(replications, _INTERVALS)
    if plan.name == MULTIPLE_BASELINE:
        found = posterior_of_average(
            values,
            plan.treated,
            unit=question.unit,
            above=thresholds,
            change_sd=question.change_sd,
            step=question.step,
            intervals=measured,
        )
    else:
        found = posterior_of_change(
            values[:, 0],
            plan.treated[0],
            unit=question.unit,
            above=thresholds,
            change_sd=question.change_sd,
            step=question.step,
            model=question.model_of(plan),
            intervals=measured,
        )
    sure = (found.above > CERTAIN).mean(axis=0)
    width = (found.upper - found.lower)[:measured]
    tested = rejected(noise, plan, change=change, seed=seed, seen=lambda v: question.observed(v, change=change))
    power = None if tested is None else float(tested.mean())
    shares = {"p_detect": float(sure[0]), "p_meaningful": float(sure[1]), "randomization_power": power}
    errors: dict[str, float | None] = {
        name: None if share is None else _error(share, replications) for name, share in shares.items()
    }
    return Chance(
        plan=plan,
        change=change,
        autocorrelation=autocorrelation,
        p_detect=float(sure[0]),
        p_meaningful=float(sure[1]),
        width=float(width.mean()),
        randomization_power=power,
        replications=replications,
        errors=errors | {"width": float(width.std(ddof=1)) / math.sqrt(measured)},
    )


def chances(
    question: Question,
    *,
    designs: Sequence[str],
    sessions: Sequence[int],
    changes: Sequence[float],
    autocorrelations: Sequence[float] = (0.3,),
    replications: int = 500,
    seed: int = 1,
    min_phase: int = 3,
    tiers: int = 3,
    window: int = 3,
    jobs: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> tuple[Chance, ...]:
    """The chance of every design with every number of sessions, at every change and autocorrelation.

    Parameters
    ----------
    question : Question
    designs : sequence of str
        As for `scd.analysis.planning.design_name`.
    sessions : sequence of int
        Sessions a phase.
    changes, autocorrelations : sequence of float
    replications, seed : int
        As for `chance_of`.
    min_phase, tiers, window : int
        As for `planned_design`.
    jobs : int, optional
        How many threads share the work, from 1; by default one a processor. The answer is the same with any number.
    progress : callable, optional
        Called with the share done, 0 to 1, in the caller's thread.

    Returns
    -------
    tuple of Chance
        In the order of changes, autocorrelations, designs, sessions.

    Raises
    ------
    StudyError
        When a number is out of its range, or nothing is asked.

    Examples
    --------
    >>> found = chances(Question(unit=1), designs=["ab"], sessions=[3, 6], changes=[2], replications=50, jobs=1)
    >>> [one.plan.sessions for one in found], found[1].width < found[0].width
    ([3, 6], True)
    """
    for what, asked in (
        ("design", designs),
        ("sessions", sessions),
        ("change", changes),
        ("autocorrelation", autocorrelations),
    ):
        if not len(asked):
            raise StudyError(f"plan: needs at least 1 {what} (got 0)", field=what)
    if jobs is not None and jobs < 1:
        raise StudyError(f"plan: jobs must be 1 or more (got {jobs})", field="jobs")
    named = list(dict.fromkeys(design_name(name) for name in designs))
    plans = [
        planned_design(name, sessions=n, min_phase=min_phase, tiers=tiers, window=window)
        for name, n in product(named, dict.fromkeys(sessions))
    ]
    points = list(product(dict.fromkeys(changes), dict.fromkeys(autocorrelations), plans))
    if len(points) > _MOST_POINTS:
        raise StudyError(
            f"plan: {len(points):,} combinations are too many (at most {_MOST_POINTS:,}); ask for fewer at a time",
            field="sessions",
        )
    for change, phi, _ in points:
        _check(question, change=change, autocorrelation=phi, replications=replications, seed=seed)
    found: list[Chance | None] = [None] * len(points)
    # The dearest come first, so that no thread is left alone with one of them at the end.
    order = sorted(range(len(points)), key=lambda i: -points[i][2].total * len(points[i][2].starts) ** 2)
    with ThreadPoolExecutor(max_workers=jobs or os.process_cpu_count() or 1) as pool:
        waiting = {
            pool.submit(
                chance_of, plan, question, change=change, autocorrelation=phi, replications=replications, seed=seed
            ): i
            for i in order
            for change, phi, plan in (points[i],)
        }
        try:
            for done, future in enumerate(as_completed(waiting), 1):
                found[waiting[future]] = future.result()
                if progress is not None:
                    progress(done / len(points))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return tuple(one for one in found if one is not None)


def _check(question: Question, *, change: float, autocorrelation: float, replications: int, seed: int) -> None:
    if not (math.isfinite(change) and change >= 0):
        raise StudyError(
            f"plan: the change must be 0 or more (got {change:g}); it is always towards improvement", field="change"
        )
    if not -1 < autocorrelation < 1:
        raise StudyError(
            f"plan: the autocorrelation must lie between -1 and 1 (got {autocorrelation:g})", field="autocorrelation"
        )
    if not 10 <= replications <= _MOST_REPLICATIONS:
        raise StudyError(
            f"plan: replications must be 10 to {_MOST_REPLICATIONS:,} (got {replications})", field="replications"
        )
    if seed < 0:
        raise StudyError(f"plan: the seed must be 0 or more (got {seed})", field="seed")
    if question.scale == "rating" and question.minimum is not None and question.maximum is not None:
        room = question.maximum - question.minimum
        if question.baseline is not None:
            up = question.improvement == "increase"
            room = question.maximum - question.baseline if up else question.baseline - question.minimum
        if change > room:
            raise StudyError(
                f"plan: a change of {change:g} does not fit into what the range leaves for an improvement ({room:g})",
                field="change",
            )


def _error(share: float, replications: int) -> float:
    """Standard error of a share; at 0 and 1 that of the next share that could have come, never 0."""
    kept = min(max(share, 1 / (2 * replications)), 1 - 1 / (2 * replications))
    return math.sqrt(kept * (1 - kept) / replications)
