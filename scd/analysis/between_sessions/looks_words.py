"""The looks at the data in words: every alarm with its error rate, and the same for the client in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from scd.analysis.steering.looks import alarms_of
from scd.analysis.steering.steering_words import alarm_words
from scd.language import gettext as _
from scd.language import listed

if TYPE_CHECKING:
    from scd.analysis.steering.steering_values import Alarm, Look, Steering
    from scd.study import Measure, Monitoring
    from scd.study.decision import Decision

__all__ = ["look_client_words", "looks_alarm_words"]


def looks_alarm_words(steering: Steering, *, measure: Measure) -> tuple[str, ...]:
    """Every kind of alarm that was raised, at which looks, and how often the rule raises it by mistake.

    Parameters
    ----------
    steering : Steering
    measure : Measure
        The one that is watched.

    Returns
    -------
    tuple of str
        Empty without a rule, or where no look found anything.
    """
    rule = steering.rule
    raised: dict[str, list[Alarm]] = {}
    if rule is None:
        return ()
    for look in steering.looks:
        for alarm in alarms_of(look, rule):
            raised.setdefault(alarm.kind, []).append(alarm)
    told = _("After {values} values: {alarm}")
    return tuple(
        told.format(
            values=listed([str(alarm.look) for alarm in alarms]),
            alarm=alarm_words(alarms[0], rule, measure=measure),
        )
        for alarms in raised.values()
    )


def look_client_words(steering: Steering, decisions: Sequence[Decision], *, measure: Measure) -> tuple[str, ...]:
    """When the client's numbers were looked at, what was seen, and what was decided, in plain sentences.

    Parameters
    ----------
    steering : Steering
    decisions : sequence of Decision
        Those of this case.
    measure : Measure
        The one that is watched.

    Returns
    -------
    tuple of str
        Without reasons: those are the clinician's notes.
    """
    told = []
    if steering.rule is not None:
        told.append(_plan_words(steering.rule))
        told += _looks_words(steering.looks, measure)
        told += _error_words(steering.rule, measure)
    told += [_decision_words(decision) for decision in decisions]
    return tuple(told)


def _plan_words(rule: Monitoring) -> str:
    looks = listed([str(n) for n in rule.looks])
    return _(
        "Before treatment began, it was agreed when to look at your numbers: after {looks} numbers of the first "
        "treatment phase."
    ).format(looks=looks)


def _looks_words(looks: Sequence[Look], measure: Measure) -> list[str]:
    """One sentence for all looks in a row that found the same."""
    told = []
    for found, same in groupby(looks, key=_found):
        said = {
            "harm": _("After {n} numbers, {name} looked worse than before."),
            "success": _("After {n} numbers, {name} looked clearly better than before."),
            "futility": _("After {n} numbers, a change in {name} that matters was not in sight."),
            "": _("After {n} numbers there was no alarm about {name}."),
        }[found]
        told.append(said.format(n=listed([str(look.number) for look in same]), name=measure.label))
    return told


def _found(look: Look) -> str:
    return next((kind for kind in ("harm", "success", "futility") if kind in look.alarms), "")


def _error_words(rule: Monitoring, measure: Measure) -> list[str]:
    """How often the plan is wrong, in natural frequencies; empty where that was not simulated."""
    if rule.false_success is None or rule.false_harm is None:
        return []
    told = _(
        "Such a plan can be wrong. Think of 100 people whose {name} stays the same. It would call {better} of them "
        "better and {worse} of them worse."
    )
    better, worse = _of_hundred(rule.false_success), _of_hundred(rule.false_harm)
    return [told.format(name=measure.label, better=better, worse=worse)]


def _of_hundred(rate: float) -> str:
    # Never “none”: simulation can't tell that.
    return _("fewer than 1") if rate < 0.005 else _("about {n}").format(n=f"{100 * rate:.0f}")


def _decision_words(decision: Decision) -> str:
    said = {
        "stay": _("After session {n} it was decided to go on as before."),
        "move on": _("After session {n} it was decided to take the next step."),
        "talk about it": _("After session {n} it was decided to talk about it first."),
    }[decision.decided]
    return said.format(n=decision.session)
