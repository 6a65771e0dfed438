"""The fixed looks of one case: which have been reached, what the rule found at them, and what still stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from scd.analysis.steering.evidence import found_in, is_exact
from scd.analysis.steering.phases import the_change, values_in
from scd.analysis.steering.steering_values import Alarm, AlarmKind, Look
from scd.study import Case, Measure, Monitoring, Study, StudyError

__all__ = ["alarms_of", "comparable", "fixed_looks", "rule_for", "standing_alarms"]


def rule_for(study: Study, case: Case) -> tuple[Monitoring | None, Measure]:
    """The rule as it applies to a case, and the measure that is watched.

    A tier of a multiple baseline across behaviours has an outcome of its own: it is watched in the rule's place, and
    its meaningful change is its own, or else as large a share of its range as the rule's.

    Raises
    ------
    StudyError
        When the case has no outcome.

    Examples
    --------
    >>> from scd.design.plans import multiple_baseline
    >>> a = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=10)
    >>> b = a.replace(key="walks", maximum=100)
    >>> study = multiple_baseline(measures=[a, b], cases=["K7M2QX", "P4QXAB"], across="behaviours", starts=[6, 9],
    ...                           sessions=15, tier_measures=[["sleep"], ["walks"]])
    >>> study = study.replace(monitoring=Monitoring(measure="sleep", looks=(3, 5), meaningful_change=2))
    >>> rule, measure = rule_for(study, study.cases[1])
    >>> measure.key, rule.meaningful_change
    ('walks', 20.0)
    """
    own, rule = study.measures_of(case), study.monitoring
    outcomes = [m for m in own if m.role == "outcome"]
    if not outcomes:
        raise StudyError(f"case '{case.code}': has no outcome to watch; add one", field="measures")
    if rule is None:
        return None, outcomes[0]
    watched = next((m for m in outcomes if m.key == rule.measure), None)
    if watched is not None:
        return rule, watched
    change = _translated(study, rule, outcomes[0])
    rates = tuple(r.replace(change=r.change * change / rule.meaningful_change) for r in rule.rates)
    return rule.replace(measure=outcomes[0].key, meaningful_change=change, rates=rates), outcomes[0]


def _translated(study: Study, rule: Monitoring, measure: Measure) -> float:
    if measure.meaningful_change is not None:
        return measure.meaningful_change
    whole = study.measure(rule.measure).range
    if whole is None or measure.range is None:
        return rule.meaningful_change
    return rule.meaningful_change / whole * measure.range


def comparable(case: Case, measure: Measure) -> bool:
    """Whether there are values in a baseline and in the first intervention phase after one."""
    before, after = the_change(case)
    return bool(values_in(case, measure.key, before)) and bool(values_in(case, measure.key, after))


def fixed_looks(study: Study, case: Case, *, measure: Measure, rule: Monitoring) -> tuple[Look, ...]:
    """The fixed looks that the first intervention phase has reached, each from the record as it stood then.

    Parameters
    ----------
    study : Study
    case : Case
    measure : Measure
        The one that is watched.
    rule : Monitoring
        As it applies to the case, from `rule_for`.

    Returns
    -------
    tuple of Look
        In order. Of counts and other values that the rule's own engine does not take only the last one, for each takes
        a second or two.
    """
    if not comparable(case, measure):
        return ()
    rows = values_in(case, measure.key, the_change(case)[1])
    reached = [n for n in rule.looks if n <= len(rows)]
    if not is_exact(measure):
        reached = reached[-1:]
    found = []
    for number in reached:
        session = rows[number - 1][0]
        seen = found_in(study, case, measure=measure, session=session, values=number, rule=rule)
        kinds: tuple[AlarmKind, ...] = get_args(AlarmKind)
        found.append(
            Look(
                case=case.code,
                number=number,
                session=session,
                p_improvement=float(seen.improvement[0]),
                p_meaningful=float(seen.meaningful[0]),
                sceptical_improvement=float(seen.sceptical_improvement[0]),
                sceptical_meaningful=float(seen.sceptical_meaningful[0]),
                alarms=tuple(kind for kind in kinds if getattr(seen, kind)[0]),
            )
        )
    return tuple(found)


def alarms_of(look: Look, rule: Monitoring) -> tuple[Alarm, ...]:
    """The alarms of a look, each with its error rate."""
    rate = {"success": rule.false_success, "harm": rule.false_harm, "futility": rule.false_futility}
    return tuple(
        Alarm(kind=kind, session=look.session, look=look.number, false_rate=rate[kind]) for kind in look.alarms
    )


def standing_alarms(study: Study, case: Case, looks: Sequence[Look], *, rule: Monitoring) -> tuple[Alarm, ...]:
    """The alarms of the last look that was reached, unless a decision has been recorded since."""
    if not looks:
        return ()
    last = looks[-1]
    decided = any(d.case == case.code and d.session >= last.session for d in study.decisions)
    return () if decided else alarms_of(last, rule)
