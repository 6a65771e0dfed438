"""Steering in words: for the clinician with grade and error rates, for the client in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

from scd.analysis.steering.steering_values import Alarm, Steering, TrajectoryRow
from scd.analysis.words import change_unit, count_words, probability
from scd.language import gettext as _
from scd.language import ngettext, number, percent, thousands
from scd.study import Measure, Monitoring
from scd.study.decision import Step

__all__ = [
    "alarm_words",
    "error_words",
    "rate_words",
    "rule_words",
    "steering_text",
    "step_words",
]

# Between these probabilities of improvement the client is told that nobody can say.
_SURE = (0.1, 0.9)


def step_words(step: Step) -> str:
    """A suggestion as people read it.

    Examples
    --------
    >>> step_words("talk about it")
    'talk about it'
    """
    return {"stay": _("stay"), "move on": _("move on"), "talk about it": _("talk about it")}[step]


def rate_words(rate: float) -> str:
    r"""A simulated rate; below 1 % it says no more than that, for a thousand clients can't tell.

    Examples
    --------
    >>> rate_words(0.042), rate_words(0.0)
    ('4\xa0%', 'less than 1\xa0%')
    """
    return _("less than {percent}").format(percent=percent(0.01)) if rate < 0.01 else percent(rate)


def _at_most(rate: float) -> str:
    """The largest of several rates."""
    return rate_words(rate) if rate < 0.01 else _("up to {percent}").format(percent=percent(rate))


def alarm_words(alarm: Alarm, rule: Monitoring, *, measure: Measure) -> str:
    """An alarm with its own error rate, in one sentence or two.

    Parameters
    ----------
    alarm : Alarm
    rule : Monitoring
    measure : Measure
        Whose units the meaningful change is in.
    """
    limits = {
        "meaningful": percent(rule.success_meaningful),
        "improvement": percent(rule.success_improvement),
        "futility": percent(rule.futility),
        "harm": percent(rule.harm),
        "change": _change(rule.meaningful_change, measure),
    }
    found = {
        "success": _(
            "Alarm: success. Judged sceptically, the probability of an improvement of {change} or more is above "
            "{meaningful}, and that of any improvement above {improvement}."
        ),
        "futility": _("Alarm: futility. The probability of an improvement of {change} or more is below {futility}."),
        "harm": _("Alarm: harm. The probability of a change for the worse is above {harm}."),
    }[alarm.kind].format(**limits)
    return f"{found} {_rate_sentence(alarm, rule, measure=measure)}"


def _rate_sentence(alarm: Alarm, rule: Monitoring, *, measure: Measure) -> str:
    if alarm.false_rate is None:
        return _("How often this rule raises it by mistake was not simulated.")
    words = {
        "rate": _at_most(alarm.false_rate),
        "clients": thousands(rule.replications),
        "low": number(min(r.autocorrelation for r in rule.rates)),
        "high": number(max(r.autocorrelation for r in rule.rates)),
    }
    if alarm.kind == "futility":
        stated = max(r.change for r in rule.rates)
        return _(
            "False alarms: this rule raises it at some look in {rate} of clients for whom there is a change of "
            "{change} (simulated for this design, {clients} clients each, autocorrelation {low} to {high})."
        ).format(**words, change=_change(stated, measure))
    return _(
        "False alarms: this rule raises it at some look in {rate} of clients for whom nothing changes (simulated "
        "for this design, {clients} clients each, autocorrelation {low} to {high})."
    ).format(**words)


def rule_words(rule: Monitoring, *, measure: Measure) -> tuple[str, ...]:
    """The rule and what it can do, a sentence each: for the plan, the page and the report.

    Parameters
    ----------
    rule : Monitoring
    measure : Measure
        The outcome that is watched.
    """
    told = [
        _("Fixed looks after {looks} values of the first intervention phase.").format(
            looks=", ".join(str(n) for n in rule.looks)
        ),
        _(
            "Success, from value {start} on: judged sceptically, the probability of an improvement of {change} or more "
            "is above {meaningful}, and that of any improvement above {improvement}."
        ).format(
            start=rule.success_from,
            change=_change(rule.meaningful_change, measure),
            meaningful=percent(rule.success_meaningful),
            improvement=percent(rule.success_improvement),
        ),
        _("Futility, from value {start} on: the probability of such an improvement is below {limit}.").format(
            start=rule.futility_from, limit=percent(rule.futility)
        ),
        _("Harm, at every look: the probability of a change for the worse is above {limit}.").format(
            limit=percent(rule.harm)
        ),
        _("The intervention begins when {stable}, or after {longest} values at the latest.").format(
            stable=rule.baseline.words, longest=rule.baseline_longest
        ),
    ]
    told += [errors] if (errors := error_words(rule, measure=measure)) else []
    return tuple(told)


def error_words(rule: Monitoring, *, measure: Measure) -> str:
    """How often the rule alarms by mistake, and how often it finds a change that is there; empty before simulation."""
    false_success, false_harm = rule.false_success, rule.false_harm
    if false_success is None or false_harm is None:
        return ""
    told = _(
        "For a client for whom nothing changes, this rule ever finds success in {success} and harm in {harm} of cases "
        "(simulated for this design, {clients} clients each)."
    ).format(
        success=_at_most(false_success),
        harm=_at_most(false_harm),
        clients=thousands(rule.replications),
    )
    stated = [r for r in rule.rates if r.change > 0]
    if not stated:
        return told
    low, high = min(r.success for r in stated), max(r.success for r in stated)
    words = {"change": _change(stated[0].change, measure), "low": rate_words(low), "high": rate_words(high)}
    power = (
        _("With a change of {change} it ever finds success in {low} of cases.")
        if words["low"] == words["high"]
        else _("With a change of {change} it ever finds success in {low} to {high} of cases.")
    )
    return f"{told} {power.format(**words)}"


def steering_text(found: Steering, *, measure: Measure, kind: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Where a case stands, a paragraph each.

    Parameters
    ----------
    found : Steering
        Complete but for its texts.
    measure : Measure
        The one that is watched.
    kind : {"baseline", "intervention", "later"}
        As in `scd.analysis.steering.phases.Stand`.

    Returns
    -------
    text : tuple of str
        For the clinician.
    client_text : tuple of str
        For the client: what came, how sure, what the plan says, and what these numbers can't tell.
    """
    parts = [
        _place_words(found),
        found.baseline.words if found.baseline is not None and found.baseline.running else "",
        _course_words(found.trajectory),
        _chance_words(found, measure=measure),
        *_look_words(found, measure=measure, kind=kind),
        _("Suggestion: {step}. {reason} (Design: {grade}.)").format(
            step=step_words(found.suggestion), reason=found.reason, grade=found.grade
        ),
        "" if found.rule is None else error_words(found.rule, measure=measure),
    ]
    return tuple(part for part in parts if part), _client_words(found, measure=measure)


def _place_words(found: Steering) -> str:
    if found.session is None:
        return _("Case {case}: no session is on record yet.").format(case=found.case)
    return _("Case {case}, after session {session}, in phase {phase}.").format(
        case=found.case, session=found.session, phase=found.phase
    )


def _course_words(trajectory: Sequence[TrajectoryRow]) -> str:
    """How many values came where the baseline would have gone."""
    sides = [row.side for row in trajectory if row.side]
    if not sides:
        return ""
    told = ngettext(
        "Of {all} value under intervention, {inside} lies in the band where the baseline would have gone (95 % of "
        "single values), {better} on the better side of it, {worse} on the worse side.",
        "Of {all} values under intervention, {inside} lie in the band where the baseline would have gone (95 % of "
        "single values), {better} on the better side of it, {worse} on the worse side.",
        len(sides),
    )
    return told.format(
        all=len(sides), inside=sides.count("inside"), better=sides.count("better"), worse=sides.count("worse")
    )


def _chance_words(found: Steering, *, measure: Measure) -> str:
    """The probabilities so far, each with the design's grade beside it; empty where there are none."""
    if found.p_improvement is None:
        return ""
    told = _("Probability of improvement so far: {p} (design: {grade}).").format(
        p=probability(found.p_improvement), grade=found.grade
    )
    change = measure.meaningful_change if found.rule is None else found.rule.meaningful_change
    if found.p_meaningful is None or change is None:
        return told
    more = _("Probability of a meaningful improvement, {change} or more: {p} (design: {grade}).")
    told_more = more.format(change=_change(change, measure), p=probability(found.p_meaningful), grade=found.grade)
    return f"{told} {told_more}"


def _look_words(found: Steering, *, measure: Measure, kind: str) -> list[str]:
    """What the fixed look says; outside of them that what stands here is no alarm."""
    rule = found.rule
    if rule is None or kind == "baseline":
        return []
    if found.look is not None:
        place = rule.looks.index(found.look) + 1
        head = _("Fixed look {place} of {all}, after {values} values of the first intervention phase.").format(
            place=place, all=len(rule.looks), values=found.look
        )
        told = [alarm_words(alarm, rule, measure=measure) for alarm in found.alarms]
        return [head, *(told or [_("The rule raises no alarm.")])]
    outside = _("This is none of the fixed looks: what stands here is information, not an alarm.")
    if found.next_look is not None:
        outside += " " + _("The next fixed look is after {values} values.").format(values=found.next_look)
    if found.p_improvement is not None and 1 - found.p_improvement > rule.harm:
        outside += " " + _("The figures lean to the worse. How the client is goes before any rule.")
    if not found.standing:
        return [outside]
    stood = _("What the fixed look at session {session} found, on which no decision is on record:").format(
        session=found.standing[0].session
    )
    return [outside, " ".join([stood, *(alarm_words(alarm, rule, measure=measure) for alarm in found.standing)])]


def _client_words(found: Steering, *, measure: Measure) -> tuple[str, ...]:
    told, name = [], measure.label
    factor, _unit = change_unit(measure)
    last = next((row for row in reversed(found.trajectory) if row.value is not None), None)
    if last is not None and last.value is not None:
        sentence = (
            _("Your last number for {name} was {value}. Higher is better.")
            if measure.sign > 0
            else _("Your last number for {name} was {value}. Lower is better.")
        )
        told.append(sentence.format(name=name, value=_plain(factor * last.value)))
        if last.lower is not None and last.upper is not None:
            sentence = _(
                "If things had gone on as they were before the treatment phase, almost all of your numbers would now "
                "lie between {low} and {high}."
            )
            told.append(sentence.format(low=_plain(factor * last.lower), high=_plain(factor * last.upper)))
    if found.p_improvement is not None:
        if _SURE[0] < found.p_improvement < _SURE[1]:
            unclear = _("We can't yet say whether {name} was better or worse during the treatment phases.")
            told.append(unclear.format(name=name))
        sentence = (
            _(
                "Of 100 ways to read your numbers that fit them well, {count} say that {name} was better during the "
                "treatment phases."
            )
            if found.p_improvement >= 0.5
            else _(
                "Of 100 ways to read your numbers that fit them well, {count} say that {name} was worse during the "
                "treatment phases."
            )
        )
        sure = max(found.p_improvement, 1 - found.p_improvement)
        told.append(sentence.format(count=count_words(sure), name=name))
    plan = {
        "stay": _("The rule that was agreed on says: stay with this step for now."),
        "move on": _("The rule that was agreed on says: the next step can come."),
        "talk about it": _("It is time to talk about it together."),
    }[found.suggestion]
    told.append(plan + " " + _("You decide together. These numbers can't tell why something changed."))
    return tuple(told)


def _change(change: float, measure: Measure) -> str:
    factor, unit = change_unit(measure)
    return _("{change} {unit}").format(change=_plain(factor * change), unit=unit)


def _plain(value: float) -> str:
    return number(round(value, 1) if abs(value) >= 1 else float(f"{value:.2g}"))
