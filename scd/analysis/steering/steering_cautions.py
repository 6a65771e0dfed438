"""What a reader must know before believing a steering: too few values, rates for another design, another scale."""

from __future__ import annotations

from collections.abc import Iterator

from scd.analysis.cautions import too_few_points
from scd.analysis.steering.evidence import is_exact
from scd.analysis.steering.phases import Stand, the_change, values_in
from scd.analysis.steering.steering_values import BaselineLook
from scd.language import gettext as _
from scd.language import percent
from scd.study import Case, Measure, Monitoring, Study

__all__ = ["steering_cautions"]

# From so much more missed than assumed on, the rates are for another design.
_MORE_MISSED = 0.15


def steering_cautions(
    study: Study,
    case: Case,
    stand: Stand,
    *,
    measure: Measure,
    rule: Monitoring | None,
    baseline: BaselineLook | None = None,
) -> Iterator[str]:
    """Warnings, a sentence each.

    Parameters
    ----------
    study : Study
    case : Case
    stand : Stand
    measure : Measure
        The one that is watched.
    rule : Monitoring, optional
        As it applies to the case.
    baseline : BaselineLook, optional
        The first baseline.

    Yields
    ------
    str
    """
    if stand.kind != "baseline":
        few = too_few_points(study, {case.code: measure}).get(case.code)
        if few:
            yield _("Case {case}: {why} The figures rest mostly on the prior.").format(case=case.code, why=few)
    values = {v for s in case.sessions if (v := s.value(measure.key)) is not None}
    if len(values) == 1 and stand.values > 1:
        yield _("Case {case}: all values are the same; a series that never changes tells little.").format(
            case=case.code
        )
    if rule is None:
        return
    if baseline is not None and not baseline.running and not (baseline.stable or baseline.longest):
        told = (
            _(
                "Case {case}: the intervention began after {values} baseline values, fewer than the {needed} that the "
                "rule on its stability needs."
            )
            if baseline.values < rule.baseline.values
            else _(
                "Case {case}: the baseline was not stable by the rule when the intervention began; a drift that began "
                "before can look like an effect."
            )
        )
        yield told.format(case=case.code, values=baseline.values, needed=rule.baseline.values)
    if measure.scale == "rating":
        yield _(
            "Ratings are taken as scores here, as in the simulation of the rule; the report's model also knows floor "
            "and ceiling, so its figures can differ a little."
        )
    elif not is_exact(measure):
        yield _(
            "The rule's error rates were simulated for even scores with autocorrelation; {measure} is of another kind, "
            "so they are approximate."
        ).format(measure=measure.label)
    yield from _of_another_design(study, case, stand, measure=measure, rule=rule)


def _of_another_design(study: Study, case: Case, stand: Stand, *, measure: Measure, rule: Monitoring) -> Iterator[str]:
    original = study.monitoring
    if original is not None and original.measure != rule.measure:
        yield _(
            "Case {case} is watched on {measure}, not on the measure that the rule was chosen for; the error rates are "
            "those of the rule's own measure."
        ).format(case=case.code, measure=measure.label)
    if stand.kind == "baseline":
        return
    before, _after = the_change(case)
    had = len(values_in(case, measure.key, before))
    # Longer baselines err as often; shorter ones do not tell what the level was.
    if rule.rates and had < rule.baseline_sessions * (1 - rule.missed) - 1:
        yield _(
            "The rule's error rates were simulated for a baseline of {planned} sessions; this one gave {had} values."
        ).format(planned=rule.baseline_sessions, had=had)
    missed, there = (
        len(case.missed_sessions(measure=measure.key)),
        sum(s.value(measure.key) is not None for s in case.sessions),
    )
    share = missed / (missed + there) if there else 0.0
    if share > rule.missed + _MORE_MISSED:
        yield _(
            "{share} of the sessions were missed; the rule's error rates were simulated with {assumed}. If they were "
            "missed because the client was unwell, the figures are too rosy."
        ).format(share=percent(share), assumed=percent(rule.missed))
