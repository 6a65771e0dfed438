"""The fourth part of the weekly page: the next experiment, a new plan for the same client, set up by one button."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from scd.analysis.words import probability
from scd.design.next_experiment import next_experiment
from scd.forms.alert import Alert
from scd.forms.fields import choice, choices, in_words, tick, typed
from scd.forms.markup import mistake, said
from scd.forms.view import View, button, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import Case, Study, StudyError

if TYPE_CHECKING:
    from scd.analysis.processes.table import Processes

__all__ = ["ExperimentForm"]

_KINDS = [
    (N_("Phases: some sessions without, then some with, and so on"), "phases"),
    (N_("Alternating: from session to session, in a random order"), "alternating"),
]
_ORDERS = [("A-B-A-B", "ABAB"), ("A-B-A", "ABA"), ("A-B", "AB")]


class ExperimentForm(View):
    """Plan a component experiment for a process, and say what it will be before it is made.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    make : callable
        Called by the button with a function that takes a new code and returns the plan; returns HTML that says where
        its page is.

    Examples
    --------
    >>> from scd.design.linked import linked_study
    >>> form = ExperimentForm(Alert(), make=lambda plan: "")
    >>> form.show(linked_study(links={"sleep": 0.6}), case="SYNPR2", processes=None)
    >>> "“Sleep”" in form.preview.value
    True
    """

    def __init__(self, alert: Alert, *, make: Callable[[Callable[[str], Study]], str]) -> None:
        self._make = make
        self._study: Study | None = None
        self._case = ""
        self.lead = shown()
        self.process = choice(_("Process to work on"), [("", "")], "")
        self.kind = choice(_("How"), in_words(_KINDS), "phases")
        self.order = choice(_("Order of phases"), _ORDERS, "ABAB")
        self.sessions = typed(_("Sessions in all"), "28")
        self.shortest = typed(_("Shortest phase, in sessions"), "5")
        self.drawn = tick(_("scd draws at random when each phase starts"), True)
        self.preview = shown()
        self.save = button(_("Set up this experiment"), alert.guard(lambda _b: self.set_up()))
        self.told = shown()
        self._fields = (self.process, self.kind, self.order, self.sessions, self.shortest, self.drawn)
        super().__init__([self.lead, *self._fields, self.preview, row([self.save]), self.told])
        for field in self._fields:
            field.watch(alert.guard(lambda _change: self._update()))

    def show(self, study: Study | None, *, case: str, processes: Processes | StudyError | None) -> None:
        """Offer the processes of a case, the leading one first."""
        self._study, self._case = study, case
        offered = [] if study is None else _offered(study, study.case(case))
        for part in (*self._fields, self.save):
            part.layout.display = "" if offered else "none"
        if not offered:
            self.lead.value = said(
                _(
                    "A next experiment works on a process or a practice, and none is measured yet: add one on the "
                    "set-up page, with what it is for."
                ),
                tone="quiet",
            )
            self.preview.value = ""
            return
        leading, words = _leading(processes)
        self.lead.value = said(words)
        held = self.process.value if self.process.value in [key for _label, key in offered] else ""
        choices(self.process, offered, leading or held or offered[0][1])
        self._update()

    def set_up(self) -> None:
        """Make the new study and its page."""
        try:
            self.plan("K7M2QX")
            self.told.value = self._make(self.plan)
        except StudyError as error:
            self.told.value = mistake(error.message)
            return
        self.save.disabled = True  # one click, one study; another needs another plan

    def plan(self, code: str) -> Study:
        """The plan that the fields describe, under this code, with a draw of its own.

        Raises
        ------
        StudyError
            When a field is wrong.
        """
        assert self._study is not None
        options: dict[str, Any] = {"kind": self.kind.value, "sessions": self.sessions.whole(), "case": self._case}
        if self.kind.value == "phases":
            options |= {"phases": self.order.value, "min_phase": self.shortest.whole()}
        if self.kind.value == "alternating" or self.drawn.value:
            options |= {"seed": secrets.randbits(32), "drawn_at": dt.datetime.now(dt.UTC)}
        return next_experiment(self._study, str(self.process.value), code=code, **options)

    def _update(self) -> None:
        phases = self.kind.value == "phases"
        self.order.hide(not phases)
        self.drawn.hide(not phases)
        self.shortest.hide(not phases or not self.drawn.value)
        self.save.disabled = False
        self.told.value = ""
        if self._study is None or not self.process.value:
            return
        try:
            plan = self.plan("K7M2QX")
        except StudyError as error:
            self.preview.value = said(error.message, tone="warning")
            self.save.disabled = True
            return
        self.preview.value = "".join(said(text) for text in self._words(plan))

    def _words(self, plan: Study) -> tuple[str, ...]:
        assert self._study is not None
        process = self._study.measure(str(self.process.value)).label
        what = _(
            "It will be a new study of the same client, with its own page and code. It works on “{process}” and "
            "measures the same as now. Nothing changes in the study on this page."
        )
        ab = _(
            "A: all that goes on now, without the part that works on “{process}”. B: with it. The outcome is compared "
            "between the two."
        )
        when = (
            _("{sessions} sessions; A and B change from session to session, by a draw, at most two alike in a row.")
            if self.kind.value == "alternating"
            else _(
                "{sessions} sessions in the order {order}; every phase has at least {shortest}, and its start is drawn "
                "when you press the button."
            )
            if self.drawn.value
            else _("{sessions} sessions in the order {order}, the phases as long as one another.")
        )
        words = {"sessions": plan.sessions_planned, "order": "-".join(str(self.order.value))}
        return (
            what.format(process=process),
            ab.format(process=process),
            when.format(**words, shortest=self.shortest.text()),
        )


def _offered(study: Study, case: Case) -> list[tuple[str, str]]:
    return [(m.label, m.key) for m in study.measures_of(case) if m.role in ("process", "practice")]


def _leading(processes: Processes | StudyError | None) -> tuple[str, str]:
    """The process that leads, if one does, and what may be said of it."""
    none = _("No process leads so far. You can still test one that you both believe in.")
    if processes is None or isinstance(processes, StudyError):
        return "", none
    rows: list[Mapping[str, Any]] = processes.table.to_dict("records")  # type: ignore[assignment]
    leads = [r for r in rows if r["evidence"] in ("lead to try next", "matters most")]
    if not leads:
        return "", none
    first = max(leads, key=lambda r: r["p_rank1"])
    label = next(m.label for m in processes.processes if m.key == first["process"])
    told = _("The lead to try next is “{process}”: it has the largest link to the outcome with a probability of {p}.")
    alone = _("The lead to try next is “{process}”.")
    words = told if len(rows) > 1 else alone
    return str(first["process"]), words.format(process=label, p=probability(first["p_rank1"]))
