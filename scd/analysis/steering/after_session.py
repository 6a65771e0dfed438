"""Steering a case: after each session, where it stands, what the rule finds, and what it suggests."""

from __future__ import annotations

import datetime as dt

from scd.analysis.steering.choosing import default_stability
from scd.analysis.steering.evidence import Evidence, course_of, evidence_of
from scd.analysis.steering.looks import alarms_of, comparable, fixed_looks, rule_for, standing_alarms
from scd.analysis.steering.phases import Stand, planned_length, stand_of, the_change, values_in
from scd.analysis.steering.staircase import waits_for
from scd.analysis.steering.steering_cautions import steering_cautions
from scd.analysis.steering.steering_values import BaselineLook, Steering, TrajectoryRow
from scd.analysis.steering.steering_words import steering_text
from scd.analysis.steering.suggestions import Situation, suggest
from scd.analysis.visual.stability import look_at_stability
from scd.analysis.words import grade_words
from scd.design.standards import grade_wwc
from scd.study import Case, Measure, Monitoring, Study, StudyError

__all__ = ["steer", "steer_all"]


def steer_all(study: Study, *, looked_at: dt.datetime) -> tuple[Steering, ...]:
    """Steering of every case of a study, in order; parameters as in `steer`."""
    return tuple(steer(study, case=case.code, looked_at=looked_at) for case in study.cases)


def steer(study: Study, *, looked_at: dt.datetime, case: str | None = None) -> Steering:
    """Where one case stands after its last session, and what the monitoring rule suggests.

    Parameters
    ----------
    study : Study
        The record, with the rule that was fixed by `scd.analysis.steering.choosing.choose_monitoring`. Without a rule
        there are probabilities and no alarms.
    looked_at : datetime.datetime
        When, with time zone.
    case : str, optional
        Code of the case; may be left out where there is one only.

    Returns
    -------
    Steering

    Raises
    ------
    StudyError
        When it is not clear which case is meant, it has no outcome, or no intervention phase follows a baseline.

    Examples
    --------
    >>> from scd.design.synthetic import synthetic_studies
    >>> running = synthetic_studies()[7].study
    >>> found = steer(running, looked_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC))
    >>> found.phase, found.session, found.suggestion, found.alarms
    ('B1', 10, 'talk about it', ())
    """
    one = _one_case(study, case)
    rule, measure = rule_for(study, one)
    stand = stand_of(study, one, measure=measure.key)
    found = _without_words(study, one, stand, measure=measure, rule=rule, looked_at=looked_at)
    step, reason = suggest(_situation(study, one, stand, found))
    found = found.replace(suggestion=step, reason=reason)
    text, client_text = steering_text(found, measure=measure, kind=stand.kind)
    return found.replace(text=text, client_text=client_text)


def _without_words(
    study: Study, case: Case, stand: Stand, *, measure: Measure, rule: Monitoring | None, looked_at: dt.datetime
) -> Steering:
    """What is seen, before anything is suggested or said."""
    baseline = _baseline(study, case, stand, measure=measure, rule=rule, looked_at=looked_at)
    warnings = list(steering_cautions(study, case, stand, measure=measure, rule=rule, baseline=baseline))
    evidence = _evidence(study, case, stand, measure=measure, rule=rule, warnings=warnings)
    looks = fixed_looks(study, case, measure=measure, rule=rule) if rule is not None and evidence is not None else ()
    treated = len(values_in(case, measure.key, the_change(case)[1]))
    on_look = stand.kind == "intervention" and bool(looks) and looks[-1].number == treated
    alarms = alarms_of(looks[-1], rule) if on_look and rule is not None else ()
    waiting = rule is not None and stand.kind == "intervention" and not on_look
    grade = grade_wwc(study, measure=measure.key)
    return Steering(
        study=study.code,
        fingerprint=study.fingerprint(),
        case=case.code,
        measure=measure.key,
        session=stand.session,
        phase=stand.phase.label,
        rule=rule,
        trajectory=_trajectory(study, case, stand, measure=measure, projected=evidence is not None),
        p_improvement=None if evidence is None else evidence.improvement,
        p_meaningful=None if evidence is None else evidence.meaningful,
        looks=looks,
        look=looks[-1].number if on_look else None,
        next_look=_next_look(stand, treated, rule),
        baseline=baseline,
        alarms=alarms,
        standing=standing_alarms(study, case, looks, rule=rule) if waiting and rule is not None else (),
        suggestion="stay",
        reason="",
        grade=grade_words(grade),
        grade_words=grade.words,
        warnings=tuple(warnings),
    )


def _one_case(study: Study, code: str | None) -> Case:
    if code is not None:
        return study.case(code)
    if len(study.cases) > 1:
        codes = ", ".join(c.code for c in study.cases)
        raise StudyError(
            f"study '{study.code}': has several cases ({codes}), and each is steered by itself; name one", field="case"
        )
    return study.cases[0]


def _situation(study: Study, case: Case, stand: Stand, found: Steering) -> Situation:
    return Situation(
        stand=stand,
        rule=found.rule,
        baseline=found.baseline,
        alarms=found.alarms,
        standing=found.standing,
        look=found.look,
        drawn=study.randomization is not None,
        comes_back=len(case.phases) > 2,
        waits_for=waits_for(study, case) if stand.kind == "baseline" else "",
        comparable=found.p_improvement is not None,
    )


def _evidence(
    study: Study, case: Case, stand: Stand, *, measure: Measure, rule: Monitoring | None, warnings: list[str]
) -> Evidence | None:
    """The probabilities so far; where the priors have no scale, the reason joins the warnings."""
    if stand.session is None or not comparable(case, measure):
        return None
    meaningful = measure.meaningful_change if rule is None else rule.meaningful_change
    try:
        return evidence_of(study, case, measure=measure, session=stand.session, meaningful=meaningful)
    except StudyError as error:  # an open range, or a value that its family can't take
        warnings.append(error.message)
        return None


def _next_look(stand: Stand, treated: int, rule: Monitoring | None) -> int | None:
    if rule is None or stand.kind == "later":
        return None
    return next((number for number in rule.looks if number > treated), None)


def _trajectory(
    study: Study, case: Case, stand: Stand, *, measure: Measure, projected: bool
) -> tuple[TrajectoryRow, ...]:
    """What came at every session at which the measure was due, and where the baseline would have gone."""
    if stand.session is None:
        return ()
    course = course_of(study, case, measure=measure, session=stand.session) if projected else {}
    seen = {s.number: s.value(measure.key) for s in case.sessions if s.due(measure.key)}
    seen |= dict.fromkeys(case.missed_sessions(measure=measure.key))
    rows = []
    for number, value in sorted(seen.items()):
        band = course.get(number)
        row = TrajectoryRow(case=case.code, phase=case.phase_at(number).label, session=number, value=value)
        if band is not None:
            median, lower, upper = band
            row = row.replace(median=median, lower=lower, upper=upper)
            if value is not None:
                inside = lower <= value <= upper
                better = (value > upper) == (measure.sign > 0)
                row = row.replace(side="inside" if inside else "better" if better else "worse")
        rows.append(row)
    return tuple(rows)


def _baseline(
    study: Study, case: Case, stand: Stand, *, measure: Measure, rule: Monitoring | None, looked_at: dt.datetime
) -> BaselineLook | None:
    """What the stability rule sees of the first baseline, as it runs or as it ended."""
    before, _after = the_change(case)
    values = len(values_in(case, measure.key, before))
    if not values:
        return None
    look = look_at_stability(
        study,
        case=case.code,
        looked_at=looked_at,
        measure=measure.key,
        phase=before.label,
        rule=default_stability(measure) if rule is None else rule.baseline,
    )
    # A lower tier of a staircase was planned for a longer baseline than the rule's longest one.
    longest = max(planned_length(study, case, before), 0 if rule is None else rule.baseline_longest)
    return BaselineLook(
        stable=look.stable,
        running=stand.kind == "baseline",
        longest=values >= longest,
        values=values,
        longest_values=longest,
        words=look.words,
    )
