"""The staircase of a multiple baseline: a tier moves on only after the tier before it has shown something."""

from __future__ import annotations

from scd.analysis.steering.looks import fixed_looks, rule_for
from scd.analysis.steering.phases import stand_of
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import Case, Study

__all__ = ["waits_for"]


def waits_for(study: Study, case: Case) -> str:
    """Why a tier can't leave its baseline yet; empty where it can, and in designs without tiers.

    The tier before must have met the rule for success, or have been under intervention for as many sessions as the plan
    puts between the two starts: else the tiers start together, and what happened to all of them at once could pass for
    the effect.

    Parameters
    ----------
    study : Study
    case : Case

    References
    ----------
    Kratochwill, T. R., et al. (2013). Single-case intervention research design standards. Remedial and Special
    Education, 34(1), 26-38. https://doi.org/10.1177/0741932512452794

    Examples
    --------
    >>> from scd.design.plans import multiple_baseline
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> two = ["K7M2QX", "P4QXAB"]
    >>> study = multiple_baseline(measures=[mood], cases=two, across="clients", starts=[6, 9], sessions=15)
    >>> waits_for(study, study.cases[1])
    'Tier K7M2QX, the one before, is still in baseline; starting together would spoil the staircase.'
    """
    place = [c.code for c in study.cases].index(case.code)
    if study.design != "multiple-baseline" or place == 0:
        return ""
    before = study.cases[place - 1]
    rule, measure = rule_for(study, before)
    stand = stand_of(study, before, measure=measure.key)
    if stand.session is None or stand.kind == "baseline":
        return _(
            "Tier {tier}, the one before, is still in baseline; starting together would spoil the staircase."
        ).format(tier=before.code)
    apart = case.phases[1].planned_start - before.phases[1].planned_start
    been = stand.session - before.phases[1].start + 1
    if been >= apart:
        return ""
    if rule is not None and any(
        "success" in look.alarms for look in fixed_looks(study, before, measure=measure, rule=rule)
    ):
        return ""
    return ngettext(
        "Tier {tier}, the one before, has been under intervention for {been} of the {apart} session that the plan "
        "puts between the two, and has not met the rule for success; wait for it.",
        "Tier {tier}, the one before, has been under intervention for {been} of the {apart} sessions that the plan "
        "puts between the two, and has not met the rule for success; wait for it.",
        apart,
    ).format(tier=before.code, been=been, apart=apart)
