"""When a phase really began: one line of the page, with the reason where it is not as planned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scd.analysis.words import condition_name
from scd.forms.fields import choice, typed
from scd.forms.view import View, row
from scd.language import gettext as _
from scd.study import Case, StudyError

__all__ = ["PhaseStart"]


class PhaseStart(View):
    """Record the first session of a phase.

    Parameters
    ----------
    case : Case
        As stored.
    changed : callable
        Called whenever a field changes.

    Examples
    --------
    >>> from scd.study import Phase
    >>> case = Case(code="K7M2QX", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=6)))
    >>> start = PhaseStart(case, changed=lambda _: None)
    >>> start.session.value, start.reason.value = "8", "on holiday"
    >>> start.apply(case).phases[1].start
    8
    """

    def __init__(self, case: Case, *, changed: Callable[[Any], None]) -> None:
        self._case = case
        self._filling = False
        later = [(f"{p.label} ({condition_name(p.condition)})", p.label) for p in case.phases[1:]]
        last = case.sessions[-1].number if case.sessions else 0
        ahead = [p.label for p in case.phases[1:] if p.start > last]
        first = ahead[0] if ahead else (later[-1][1] if later else None)
        self.phase = choice(_("Phase"), later, first, width="20em", label="initial")
        self.session = typed(_("starts at session"), width="13em", label="initial")
        self.reason = typed(
            _("Why not as planned?"), placeholder=_("such as: client on holiday"), width="38em", label="initial"
        )
        super().__init__([row([self.phase, self.session]), self.reason])
        self.hide_if(not later)
        self._take(None)
        self.phase.watch(self._take)
        self.session.watch(lambda _change: self._ask_why())
        for field in (self.session, self.reason):
            field.watch(lambda change: None if self._filling else changed(change))
        self.phase.watch(changed)

    def hide_if(self, hidden: bool) -> None:
        """Take the line off the page, or bring it back."""
        self.layout.display = "none" if hidden else ""

    @property
    def changed(self) -> bool:
        """Whether something was entered that is not stored."""
        if not self.phase.value:
            return False
        phase = self._phase()
        return self.session.text() != str(phase.start) or self.reason.text() != phase.reason

    def apply(self, case: Case) -> Case:
        """The case with the start recorded; a mistake is shown beside its field.

        Raises
        ------
        StudyError
            When the session is no number or does not fit, or the reason is missing.
        """
        for field in (self.session, self.reason):
            field.show("")
        if not self.changed:
            return case
        try:
            session = self.session.whole()
        except StudyError as error:
            self.session.show(error.message)
            raise
        planned = self._phase().planned_start
        if session != planned and not self.reason.text():
            self.reason.show(
                _("Say in a few words why it starts at session {session}, not at {planned} as planned.").format(
                    session=session, planned=planned
                )
            )
            raise StudyError(
                _("phase {phase} starts at session {session}, not at {planned} as planned: say why").format(
                    phase=self._phase().label, session=session, planned=planned
                ),
                field="reason",
            )
        try:
            return case.start_phase(self._phase().label, session=session, reason=self.reason.text())
        except StudyError as error:
            (self.reason if error.field.endswith("reason") else self.session).show(error.message)
            raise

    def _phase(self) -> Any:
        return next(p for p in self._case.phases if p.label == self.phase.value)

    def _take(self, _change: object) -> None:
        if not self.phase.value:
            return
        phase = self._phase()
        self._filling = True
        self.session.value, self.reason.value = str(phase.start), phase.reason
        self._filling = False
        self.session.show("")
        self.reason.show("")
        self._ask_why()

    def _ask_why(self) -> None:
        self.reason.hide(self.session.text() == str(self._phase().planned_start))
