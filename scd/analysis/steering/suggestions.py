"""Stay, move on, or talk about it: what the rule suggests, and why. It suggests; it never decides."""

from __future__ import annotations

from dataclasses import dataclass

from scd.analysis.steering.phases import Stand
from scd.analysis.steering.steering_values import Alarm, BaselineLook
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import Monitoring
from scd.study.decision import Step

__all__ = ["Situation", "suggest"]

Suggestion = tuple[Step, str]


@dataclass(frozen=True)
class Situation:
    """All that a suggestion hangs on.

    Attributes
    ----------
    stand : Stand
        Where the case stands in its plan.
    rule : Monitoring or None
    baseline : BaselineLook or None
        While the first baseline runs and holds a value.
    alarms : tuple of Alarm
        Of the fixed look that is on now.
    standing : tuple of Alarm
        Of the fixed look before, on which no decision is on record.
    look, next_look : int or None
        As in `Steering`.
    drawn : bool
        Whether the phases' starts were drawn at random.
    comes_back : bool
        Whether the intervention is taken away again, as in an ABAB.
    waits_for : str
        In a multiple baseline: why this tier can't move on yet; empty where it can.
    comparable : bool
        Whether there are values in baseline and under intervention.
    """

    stand: Stand
    rule: Monitoring | None
    baseline: BaselineLook | None = None
    alarms: tuple[Alarm, ...] = ()
    standing: tuple[Alarm, ...] = ()
    look: int | None = None
    next_look: int | None = None
    drawn: bool = False
    comes_back: bool = False
    waits_for: str = ""
    comparable: bool = False

    @property
    def due(self) -> bool:
        """Whether the next phase begins with the next session, as it was drawn."""
        following = self.stand.next
        return following is not None and self.stand.session is not None and self.stand.session + 1 >= following.start


def suggest(situation: Situation) -> Suggestion:
    """What the rule suggests, and why.

    Parameters
    ----------
    situation : Situation

    Returns
    -------
    step : {"stay", "move on", "talk about it"}
    reason : str
        In words.
    """
    stand = situation.stand
    if situation.rule is None:
        told = (
            _("No monitoring rule has been fixed yet. Choose one before the intervention begins.")
            if stand.kind == "baseline"
            else _("No monitoring rule was fixed before the intervention began, so nothing here is an alarm.")
        )
        return "talk about it", told
    if stand.session is None:
        return "stay", _("No session is on record yet.")
    if stand.kind == "baseline":
        return _in_baseline(situation, situation.rule)
    if stand.kind == "intervention":
        return _under_intervention(situation, situation.rule)
    return _at_end(situation, situation.rule)


def _in_baseline(situation: Situation, rule: Monitoring) -> Suggestion:
    stand, look = situation.stand, situation.baseline
    following = "" if stand.next is None else stand.next.label
    if situation.drawn:
        return _as_drawn(situation)
    if look is None:
        return "stay", _("Phase {phase} holds no value yet.").format(phase=stand.phase.label)
    if not look.stable and not look.longest:
        if look.values < rule.baseline.values:
            told = _("The baseline has {values} of the {needed} values that the rule on its stability needs.")
            return "stay", told.format(values=look.values, needed=rule.baseline.values)
        told = _("The baseline is not stable yet, and has {values} of the {longest} values it may have at most.")
        return "stay", told.format(values=look.values, longest=look.longest_values)
    why = (
        _("The baseline is stable by the rule that was fixed beforehand.")
        if look.stable
        else _("The baseline has reached its longest length, {longest} values; it is not stable.").format(
            longest=look.longest_values
        )
    )
    if situation.waits_for:
        return "stay", f"{why} {situation.waits_for}"
    if stand.next is not None and stand.session is not None and stand.session + 1 < stand.next.planned_start:
        early = _(
            "Phase {phase} can begin, earlier than planned (session {session}); the record will ask for the reason."
        )
        return "move on", f"{why} " + early.format(phase=following, session=stand.next.planned_start)
    return "move on", f"{why} " + _("Phase {phase} can begin.").format(phase=following)


def _as_drawn(situation: Situation) -> Suggestion:
    following = situation.stand.next
    if following is None:
        return "stay", ""
    words = {"phase": following.label, "session": following.start}
    if situation.due:
        told = _("The start of {phase} was drawn at random: it begins with session {session}.")
        return "move on", told.format(**words)
    return "stay", _(
        "The start of {phase} was drawn at random for session {session}; a start that follows the numbers would make "
        "the randomisation test invalid."
    ).format(**words)


def _under_intervention(situation: Situation, rule: Monitoring) -> Suggestion:
    kinds = {alarm.kind for alarm in situation.alarms}
    if not situation.comparable:
        return "talk about it", _(
            "There is nothing to compare yet: a value in baseline and one under intervention are needed."
        )
    if "harm" in kinds:
        return "talk about it", _("The numbers point to a change for the worse. Talk about it before the next session.")
    if "success" in kinds:
        return _after_success(situation, rule)
    if "futility" in kinds:
        return "talk about it", _(
            "A meaningful improvement has become improbable. Talk about what could be done differently."
        )
    if situation.standing:
        told = _("The fixed look at session {session} raised an alarm, and no decision on it is on record.")
        return "talk about it", told.format(session=situation.standing[0].session)
    return _at_end(situation, rule)


def _after_success(situation: Situation, rule: Monitoring) -> Suggestion:
    stand = situation.stand
    success = _("The rule for success is met.")
    if situation.comes_back and stand.values < rule.least_points:
        few = ngettext(
            "Phase {phase} has {values} value; in a design that comes back it is not ended before it has {least}.",
            "Phase {phase} has {values} values; in a design that comes back it is not ended before it has {least}.",
            stand.values,
        ).format(phase=stand.phase.label, values=stand.values, least=rule.least_points)
        return "stay", f"{success} {few}"
    if situation.drawn and stand.next is not None:
        step, told = _as_drawn(situation)
        return step, f"{success} {told}"
    if stand.next is None:
        return "move on", f"{success} " + _(
            "The plan has no phase after {phase}: to move on is to go on to what you have agreed for afterwards."
        ).format(phase=stand.phase.label)
    return "move on", f"{success} " + _("Phase {phase} can begin.").format(phase=stand.next.label)


def _at_end(situation: Situation, rule: Monitoring) -> Suggestion:
    """Where nothing is found: stay for the planned sessions, and for the points that a phase needs."""
    stand = situation.stand
    words = {"phase": stand.phase.label, "planned": stand.planned, "values": stand.values, "least": rule.least_points}
    if situation.drawn and stand.next is not None:
        return _as_drawn(situation)
    if not stand.over:
        told = (
            _("The rule finds nothing at this look, and the planned sessions of {phase} are not over.")
            if situation.look is not None
            else _("This is none of the fixed looks, and the planned sessions of {phase} are not over.")
            if stand.kind == "intervention"
            else _("The planned sessions of {phase} are not over.")
        )
        return "stay", told.format(**words)
    if situation.comes_back and stand.values < rule.least_points:
        return "stay", _(
            "Phase {phase} has had its planned sessions ({planned}), but only {values} of the {least} values that the "
            "standards ask for."
        ).format(**words)
    if stand.next is None:
        return "talk about it", _(
            "The planned sessions of {phase}, the last phase, are over. Talk about what they show and what comes next."
        ).format(**words)
    return "move on", _("Phase {phase} has had its planned sessions ({planned}); {next} comes next.").format(
        **words, next=stand.next.label
    )
