"""The third part of the weekly page: what the rule suggests, what was decided, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scd.analysis.steering.steering_words import alarm_words, error_words, step_words
from scd.forms.alert import Alert
from scd.forms.fields import choice, in_words, typed
from scd.forms.markup import headed, mistake, said, table
from scd.forms.schedule import named
from scd.forms.view import View, button, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import moment
from scd.study import Study

if TYPE_CHECKING:
    from scd.analysis.steering import Steering

__all__ = ["DecideForm"]

_STEPS = [
    (N_("– choose –"), ""),
    (N_("Stay in this phase"), "stay"),
    (N_("Move on to the next phase"), "move on"),
    (N_("Talk about it first"), "talk about it"),
]


class DecideForm(View):
    """Show the suggestion, and record the decision with its reason.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    record : callable
        Called by the button with what was decided and why; says in words what came of it, with True where it is a
        mistake.

    Examples
    --------
    >>> form = DecideForm(Alert(), record=lambda decided, reason: ("kept", False))
    >>> form.save.click()
    >>> "Choose what was decided" in form.decided.message.value
    True
    """

    def __init__(self, alert: Alert, *, record: Callable[[Any, str], tuple[str, bool]]) -> None:
        self._record = record
        self.suggested = shown()
        self.decided = choice(_("What do you decide?"), in_words(_STEPS), "")
        self.reason = typed(
            _("Why?"),
            placeholder=_("such as: two good weeks, but the holidays are near"),
            hint=_("One line, for the report. No names, please."),
        )
        self.save = button(_("Record the decision"), alert.guard(lambda _b: self.record()), main=True)
        self.told = shown()
        self.past = shown()
        super().__init__([self.suggested, self.decided, self.reason, row([self.save]), self.told, self.past])

    def show(self, study: Study | None, *, case: str, found: Steering | None, labels: Mapping[str, str]) -> None:
        """Show what the rule suggests for a case, and the decisions so far."""
        self.past.value = "" if study is None else _past(study, case=case)
        if study is None or found is None:
            self.suggested.value = said(_("There is no suggestion yet."), tone="quiet")
            return
        self.suggested.value = _suggestion(study, found, labels)

    def record(self) -> None:
        """Record what was decided; choice and reason are both needed."""
        self.decided.show("" if self.decided.value else _("Choose what was decided."))
        self.reason.show("" if self.reason.text() else _("Say why in a few words; later nobody will remember."))
        if not self.decided.value or not self.reason.text():
            return
        told, wrong = self._record(self.decided.value, self.reason.text())
        self.told.value = mistake(told) if wrong else said(told, tone="good")
        if not wrong:
            self.decided.value, self.reason.value = "", ""


def _suggestion(study: Study, found: Steering, labels: Mapping[str, str]) -> str:
    measure = study.measure(found.measure)
    told = headed(_("Suggestion: {step}").format(step=step_words(found.suggestion))) + said(named(found.reason, labels))
    if found.rule is not None:
        for alarm in (*found.alarms, *found.standing):
            told += said(alarm_words(alarm, found.rule, measure=measure), tone="warning")
        told += said(error_words(found.rule, measure=measure), tone="quiet")
    return told + said(named(found.grade_words, labels), tone="quiet")


def _past(study: Study, *, case: str) -> str:
    taken = [d for d in study.decisions if d.case == case]
    if not taken:
        return said(_("No decision is on record yet."), tone="quiet")
    head = [_("When"), _("After session"), _("Suggested"), _("Decided"), _("Why")]
    rows = [
        (moment(d.decided_at.astimezone()), d.session, step_words(d.suggested), step_words(d.decided), d.reason)
        for d in reversed(taken)
    ]
    return headed(_("Decisions so far")) + table(head, rows)
