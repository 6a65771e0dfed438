"""Choosing the monitoring rule of a study, before its intervention begins, and finding out how often it errs."""

from __future__ import annotations

from scd.analysis.steering.alarm_rates import alarm_rates
from scd.analysis.steering.phases import planned_length, the_change
from scd.models.family_priors import family_priors
from scd.study import Measure, Monitoring, StabilityRule, Study, StudyError
from scd.study.begun import first_treated

__all__ = ["choose_monitoring", "default_looks", "default_monitoring", "default_stability", "unit_of"]

_FIRST, _SUCCESS_FROM, _EVERY = 3, 5, 3
_LONGER_BASELINE = 5
# The change for which power is told, in meaningful changes.
_STATED = 2.0
_EXACT = ("score", "rating")


def default_looks(length: int) -> tuple[int, ...]:
    """After how many values of an intervention phase to look: the third, the fifth, every third, and the last planned.

    Parameters
    ----------
    length : int
        Planned sessions of the phase, from 1.

    Examples
    --------
    >>> default_looks(10), default_looks(5), default_looks(2)
    ((3, 5, 8, 10), (3, 5), (2,))
    """
    usual = [_FIRST, *range(_SUCCESS_FROM, length, _EVERY)]
    return tuple(sorted({n for n in usual if n < length} | {max(length, 1)}))


def default_monitoring(
    study: Study, *, measure: str | None = None, meaningful_change: float | None = None, missed: float = 0.0
) -> Monitoring:
    """The rule that is proposed for a study, without error rates yet; change it by its `replace`.

    Looks are those of `default_looks` for the planned length of the first intervention phase. The baseline counts as
    stable when four of its last five values lie within 15 % of the instrument's range around their median (20 % of the
    median, where the range is open), and their line drifts no further; it moves on five values after its plan at the
    latest.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the outcome to watch; by default the first outcome.
    meaningful_change : float, optional
        The smallest change that matters, in the measure's units; by default the measure's own.
    missed : float
        Share of the sessions that are expected to be missed, in [0, 0.9].

    Returns
    -------
    Monitoring

    Raises
    ------
    StudyError
        When there is no outcome, no intervention phase after a baseline, or nobody has said which change matters.

    References
    ----------
    What Works Clearinghouse (2020). Standards Handbook, version 4.1 (5 points a phase). Lane, J. D., & Gast, D. L.
    (2014). Visual analysis in single case experimental design studies. Neuropsychological Rehabilitation, 24(3-4),
    445-463. https://doi.org/10.1080/09602011.2013.815636 (80 % of the values in the envelope).

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, meaningful_change=2)
    >>> rule = default_monitoring(reversal(measures=[mood], phases="ABAB", sessions=[6, 10, 6, 10]))
    >>> rule.looks, rule.baseline_longest, rule.baseline.words[:33]
    ((3, 5, 8, 10), 11, 'the last 5 values lie within 15 %')
    """
    watched = _watched(study, measure)
    change = watched.meaningful_change if meaningful_change is None else meaningful_change
    if change is None:
        raise StudyError(
            f"measure '{watched.key}': nobody has said which change is the smallest that matters, and success and "
            "futility are judged by it; give 'meaningful_change'",
            field="meaningful_change",
        )
    case = study.cases[0]
    before, after = the_change(case)
    return Monitoring(
        measure=watched.key,
        looks=default_looks(planned_length(study, case, after)),
        meaningful_change=change,
        baseline=default_stability(watched),
        baseline_longest=max(planned_length(study, case, before) + _LONGER_BASELINE, 5),
        missed=missed,
    )


def choose_monitoring(
    study: Study,
    *,
    rule: Monitoring | None = None,
    change: float | None = None,
    replications: int = 1000,
    seed: int = 1,
) -> Study:
    """Fix the monitoring rule of a study, with its own error rates, simulated for its design.

    Parameters
    ----------
    study : Study
        With no value under intervention yet.
    rule : Monitoring, optional
        By default that of `default_monitoring`.
    change : float, optional
        The change for which power is told, in the measure's units; by default twice the meaningful change.
    replications : int
        Simulated clients for each of the six situations: autocorrelation 0, 0.3 and 0.6, without and with the change.
    seed : int
        The same seed gives the same rates.

    Returns
    -------
    Study
        With `monitoring`. In a multiple baseline the rule is simulated for the first tier, which has the shortest
        baseline.

    Raises
    ------
    StudyError
        When a value under intervention is on record already, the measure is no outcome, or a number is out of range.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, meaningful_change=2)
    >>> study = choose_monitoring(reversal(measures=[mood], phases="ABAB", sessions=5, code="K7M2QX"), replications=100)
    >>> study.monitoring.looks, study.monitoring.false_success < 0.05, study.monitoring.replications
    ((3, 5), True, 100)
    """
    begun = first_treated(study)
    if begun is not None:
        code, session, label = begun
        raise StudyError(
            f"case '{code}': has a value at session {session} in phase '{label}' already; a monitoring rule is fixed "
            "before the first value under intervention, for one that is chosen in view of the data has no known rate "
            "of false alarms; go on without one, and talk about what you see",
            field="monitoring",
        )
    rule = default_monitoring(study) if rule is None else rule
    watched = _watched(study, rule.measure)
    case = study.cases[0]
    before, _ = the_change(case)
    rated = alarm_rates(
        rule,
        baseline=planned_length(study, case, before),
        unit=unit_of(watched, meaningful_change=rule.meaningful_change),
        change=_STATED * rule.meaningful_change if change is None else change,
        replications=replications,
        seed=seed,
    )
    return study.replace(monitoring=rated)


def default_stability(measure: Measure) -> StabilityRule:
    """When a baseline of this measure counts as stable, where nobody has said otherwise; see `default_monitoring`."""
    if measure.range is not None:
        return StabilityRule(inside=0.8, width=0.15, of="range")
    return StabilityRule(inside=0.8, width=0.20)


def unit_of(measure: Measure, *, meaningful_change: float) -> float:
    """The unit that clients are simulated in: that of the priors, or the meaningful change on a scale without ends.

    Values on a logarithmic or logit scale are simulated as even ones in which the meaningful change is one unit.
    """
    if measure.scale in _EXACT or measure.spread is not None:
        return family_priors(measure).unit
    return meaningful_change


def _watched(study: Study, key: str | None) -> Measure:
    if key is None:
        if not study.outcomes:
            raise StudyError(f"study '{study.code}': has no outcome to watch; add one", field="measures")
        return study.outcomes[0]
    measure = study.measure(key)
    if measure.role != "outcome":
        raise StudyError(
            f"study '{study.code}': '{key}' is not an outcome and can't be watched; choose one of "
            f"{', '.join(m.key for m in study.outcomes)}",
            field="measure",
        )
    return measure
