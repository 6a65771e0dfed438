"""What one client's record says at a moment: how probable an improvement is, and where the baseline would have gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scd.analysis.steering.phases import up_to
from scd.analysis.steering.sequential import Found, change_posterior, found_at, verdicts
from scd.models.family_priors import family_priors
from scd.models.prepare import prepare
from scd.models.terms import PHASE_CAPACITY
from scd.study import Case, Measure, Monitoring, Study

if TYPE_CHECKING:
    from scd.models.priors import Priors

__all__ = ["Evidence", "course_of", "evidence_of", "found_in", "is_exact"]

_AS_SCORES = ("score", "rating")


@dataclass(frozen=True)
class Evidence:
    """Probabilities under the neutral prior.

    Attributes
    ----------
    improvement : float
        Of any improvement from baseline to intervention.
    meaningful : float or None
        Of one of at least the meaningful change; None where nobody has said which that is.
    """

    improvement: float
    meaningful: float | None


def is_exact(measure: Measure) -> bool:
    """Whether the rule's own engine takes a measure's values: scores, and ratings taken as scores.

    The rule was simulated by that engine. Other values are judged by the model of their family, which takes a second.

    Examples
    --------
    >>> is_exact(Measure(key="calls", label="Calls", improvement="decrease", scale="count"))
    False
    """
    return measure.scale in _AS_SCORES


def evidence_of(study: Study, case: Case, *, measure: Measure, session: int, meaningful: float | None) -> Evidence:
    """What the record up to a session says of the change from baseline to intervention.

    Parameters
    ----------
    study : Study
    case : Case
        With values in baseline and under intervention up to that session.
    measure : Measure
    session : int
        Later ones are not seen.
    meaningful : float, optional
        The smallest change that matters, in the measure's units.

    Returns
    -------
    Evidence
        By the level model, or with three phases or more by the one whose like phases may differ, as on the report.

    Raises
    ------
    StudyError
        When there is nothing to compare yet, or the measure's scale has no ends that priors could be set by.
    """
    part, model = _part(study, case, session, measure=measure, meaningful=meaningful)
    if is_exact(measure):
        outcome, priors = prepare(
            part, measure=measure.key, case=case.code, model=model, family="gaussian", priors=None
        )
        scaled, own = _on_unit_scale(outcome.series.value, priors)
        change = change_posterior(scaled, outcome.series, own, model=model)
        better = _beyond(change.above(0.0), measure)
        if meaningful is None:
            return Evidence(better, None)
        return Evidence(better, _beyond(change.above(measure.sign * meaningful / priors.unit), measure))
    return _by_family(part, case, measure=measure, model=model, priors=None)


def found_in(study: Study, case: Case, *, measure: Measure, session: int, values: int, rule: Monitoring) -> Found:
    """What the rule finds in the record up to a session of the first intervention phase.

    Parameters
    ----------
    study, case, measure, session
        As in `evidence_of`.
    values : int
        How many values of the intervention phase there are.
    rule : Monitoring
        Its meaningful change is in the units of this measure.

    Returns
    -------
    Found
        Arrays of one.
    """
    part, _ = _part(study, case, session, measure=measure, meaningful=rule.meaningful_change)
    if is_exact(measure):
        outcome, priors = prepare(
            part, measure=measure.key, case=case.code, model="level", family="gaussian", priors=None
        )
        scaled, own = _on_unit_scale(outcome.series.value, priors)
        return found_at(
            change_posterior(scaled, outcome.series, own),
            rule=rule,
            values=values,
            meaningful=rule.meaningful_change / priors.unit,
            sign=measure.sign,
            prior_sd=own.delta_sd,
            unit=1.0,
        )
    outcome, _ = prepare(part, measure=measure.key, case=case.code, model="level", family=None, priors=None)
    priors = family_priors(measure, family=outcome.family)
    doubt = priors.replace(delta_sd=min(rule.sceptical_sd * priors.unit, priors.delta_sd))
    told = [_by_family(part, case, measure=measure, model="level", priors=p) for p in (None, doubt)]
    neutral, doubting = ((np.array([e.improvement]), np.array([e.meaningful or 0.0])) for e in told)
    success, futility, harm = verdicts(
        rule,
        values=values,
        improvement=neutral[0],
        meaningful=neutral[1],
        sceptical_improvement=doubting[0],
        sceptical_meaningful=doubting[1],
    )
    return Found(*neutral, *doubting, success, futility, harm)


def course_of(
    study: Study, case: Case, *, measure: Measure, session: int, seed: int = 1
) -> dict[int, tuple[float, float, float]]:
    """Where single values would have fallen had the baseline gone on: median and ends of the 95 % band, by session.

    Parameters
    ----------
    study, case, measure, session
        As in `evidence_of`.
    seed : int
        Seed of the forecast's draws.

    Returns
    -------
    dict of int to (float, float, float)
        For the sessions of every intervention phase that follows a baseline; see `scd.analysis.projection`.
    """
    from scd.analysis.projection import PROJECTION_COLUMNS, projection_rows
    from scd.models.posterior import fit_arrays

    part, model = _part(study, case, session, measure=measure, meaningful=None)
    family = "gaussian" if is_exact(measure) else None
    fitted = fit_arrays(part, measure=measure.key, case=case.code, model=model, family=family, seed=seed)
    rows = projection_rows(fitted, study=part, seed=seed)
    at, first = PROJECTION_COLUMNS.index("session"), PROJECTION_COLUMNS.index("median")
    return {int(row[at]): tuple(row[first : first + 3]) for row in rows}  # type: ignore[call-overload,misc]


def _part(study: Study, case: Case, session: int, *, measure: Measure, meaningful: float | None) -> tuple[Study, str]:
    """The record up to a session, and the model that heads the report of so many phases."""
    part = up_to(study, case, session)
    if meaningful != measure.meaningful_change:
        told = measure.replace(meaningful_change=meaningful)
        part = part.replace(measures=tuple(told if m.key == measure.key else m for m in part.measures))
    held = {case.phase_at(s.number).label for s in part.cases[0].sessions if s.value(measure.key) is not None}
    return part, "phase-level" if 2 < len(held) <= PHASE_CAPACITY else "level"


def _on_unit_scale(value: np.ndarray, priors: Priors) -> tuple[np.ndarray, Priors]:
    return (value - priors.center) / priors.unit, priors.rescaled(center=priors.center, unit=priors.unit)


def _beyond(above: np.ndarray, measure: Measure) -> float:
    return float(above[0] if measure.sign > 0 else 1 - above[0])


def _by_family(part: Study, case: Case, *, measure: Measure, model: str, priors: Priors | None) -> Evidence:
    from scd.analysis.effects import COLUMNS, effect_rows
    from scd.models.posterior import fit_arrays

    fitted = fit_arrays(part, measure=measure.key, case=case.code, model=model, priors=priors)
    rows = (dict(zip(COLUMNS, row, strict=True)) for row in effect_rows(fitted, study=part))
    row: dict[str, Any] = next(r for r in rows if (r["effect"], r["contrast"]) == ("level_change", "overall"))
    return Evidence(float(row["p_improvement"]), row["p_meaningful"])
