"""The last part of the weekly page: the reports, and diary and calendar for the coming weeks."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from scd.analysis.summary import Summary
from scd.forms.alert import Alert
from scd.forms.background import started
from scd.forms.fields import choice, day, in_words, typed
from scd.forms.markup import headed, mistake, said
from scd.forms.rhythm import rhythm_of
from scd.forms.view import View, button, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.reports.outcomes import summarize_outcomes
from scd.study import Case, Study, StudyError

__all__ = ["PapersForm"]

_EVERY = [(N_("Every day"), "day"), (N_("Monday to Friday"), "weekday"), (N_("Once a week"), "week")]


class PapersForm(View):
    """Make the reports of a study, and the diary of a case.

    The report's button schedules the work, so that the page stays alive; `report` does the same at once.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    reporter : callable
        Takes the summaries and returns HTML that says where the reports are.
    printer : callable
        Takes weeks, first day and how often, and returns HTML that says where diary and calendar are.

    Examples
    --------
    >>> form = PapersForm(Alert(), reporter=lambda summaries: "", printer=lambda **asked: "")
    >>> form.weeks.value
    '2'
    """

    def __init__(
        self,
        alert: Alert,
        *,
        reporter: Callable[[tuple[Summary, ...]], str],
        printer: Callable[..., str],
    ) -> None:
        self._alert, self._reporter, self._printer = alert, reporter, printer
        self._study: Study | None = None
        self.task: asyncio.Task[None] | None = None
        self.make = button(_("Make report"), alert.guard(lambda _b: self._start()), main=True)
        self.bar = widgets.FloatProgress(min=0, max=1, layout=widgets.Layout(width="38em", max_width="100%"))
        self.bar.layout.display = "none"
        self.links = shown()
        self.weeks = typed(_("Weeks"), "2", width="6em", above=True)
        self.first = day(_("From"), width="10.5em")
        self.every = choice(_("Days"), in_words(_EVERY), "day", width="16em", label="initial")
        self.every.layout.margin = "20px 0 0 8px"  # level with the boxes, whose names stand above them
        self.diary = button(_("Make diary and calendar"), alert.guard(lambda _b: self.print_diary()))
        self.printed = shown()
        super().__init__(
            [
                shown(headed(_("Report"))),
                row([self.make]),
                self.bar,
                self.links,
                shown(headed(_("Diary for the coming weeks"))),
                shown(said(_("A sheet to print, a file to fill in on a phone or computer, and a calendar."))),
                row([self.weeks, self.first, self.every]),
                row([self.diary]),
                self.printed,
            ]
        )

    def show(self, study: Study | None, *, case: str) -> None:
        """Take the newest stored study; what was made of an older one is no longer offered."""
        if study is not None and (self._study is None or study.fingerprint() != self._study.fingerprint()):
            self.links.value = self.printed.value = ""
            self.first.value, self.every.value = _next_day(study.case(case))
        self._study = study

    def report(self) -> None:
        """Make the reports at once, in the caller's own thread."""
        if self._ready():
            self.links.value = self._reported(lambda share: None)

    def print_diary(self) -> None:
        """Write diary and calendar, and say where they are."""
        self.weeks.show("")
        if self._study is None:
            return
        try:
            weeks = self.weeks.whole()
        except StudyError as error:
            self.weeks.show(error.message)
            return
        try:
            self.printed.value = self._printer(weeks=weeks, start=self.first.value, every=self.every.value)
        except StudyError as error:
            self.printed.value = mistake(error.message)

    async def _report_later(self) -> None:
        if not self._ready():
            return
        loop = asyncio.get_running_loop()
        self.make.disabled, self.bar.layout.display = True, ""
        self.links.value = said(_("Estimating every outcome and making the pages; it takes seconds …"), tone="quiet")
        try:
            self.links.value = await asyncio.to_thread(
                self._reported, lambda share: loop.call_soon_threadsafe(self._progressed, share)
            )
        finally:
            self.make.disabled, self.bar.layout.display = False, "none"

    def _start(self) -> None:
        self.task = started(self._report_later, alert=self._alert, running=self.task)

    def _ready(self) -> bool:
        if self._study is None or not any(case.sessions for case in self._study.cases):
            self.links.value = mistake(_("There is nothing to report yet: record sessions first."))
            return False
        return True

    def _reported(self, progressed: Callable[[float], Any]) -> str:
        assert self._study is not None
        try:
            return self._reporter(summarize_outcomes(self._study, progress=progressed))
        except StudyError as error:
            return mistake(_("No report was made. {message}").format(message=error.message))

    def _progressed(self, share: float) -> None:
        self.bar.value = min(max(share, 0.0), 1.0)


def _next_day(case: Case) -> tuple[dt.date, str]:
    """The first day of the coming diary, and how often: as the sessions on record lie."""
    every, today = rhythm_of(case), dt.date.today()
    days = [s.date for s in case.sessions if s.date is not None]
    if not days:
        return today + dt.timedelta(days=1), every
    after = max(days) + dt.timedelta(days=7 if every == "week" else 1)
    return after if every == "week" else max(after, today), every
