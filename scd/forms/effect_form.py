"""The last part of a page: estimate every outcome, see it in words and pictures, and make the reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import ipywidgets as widgets
import traitlets

from scd.analysis.summary import Summary
from scd.forms.alert import Alert, PageError
from scd.forms.background import started
from scd.forms.markup import mistake, said
from scd.forms.outcome_result import OutcomeResult
from scd.forms.view import View, button, folded, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import ngettext
from scd.reports.outcomes import other_outcomes, study_of_outcome, summarize_outcome, withheld_outcome
from scd.study import Measure, Study, StudyError

__all__ = ["EffectForm"]

_PATIENCE = N_("Most estimates take seconds; that of several cases together may take a minute or two.")


class EffectForm(View):
    """Estimate the effect of a stored study on every outcome, and report it.

    Its one output is `summaries`: one an outcome, the headline's first, none before the first estimate. The button
    schedules the work, so that the page stays alive; `estimate` and `report` do the same at once, for scripts and
    tests.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    reporter : callable
        Takes the summaries and returns HTML that says where the reports are.

    Examples
    --------
    >>> form = EffectForm(Alert(), reporter=lambda summaries: "")
    >>> form.estimate()
    >>> "record sessions" in form.told.value
    True
    """

    summaries = traitlets.Tuple()

    def __init__(self, alert: Alert, *, reporter: Callable[[tuple[Summary, ...]], str]) -> None:
        super().__init__()
        self._alert = alert
        self._reporter = reporter
        self._study: Study | None = None
        self._labels: dict[str, str] = {}
        self._unsaved = 0
        self.task: asyncio.Task[None] | None = None
        self.run = button(_("Estimate effect"), alert.guard(lambda _b: self._start(self._estimate_later)), main=True)
        self.make = button(_("Make report"), alert.guard(lambda _b: self._start(self._report_later)))
        self.bar = widgets.FloatProgress(
            min=0, max=1, description=_("Estimating"), layout=widgets.Layout(width="38em", max_width="100%")
        )
        self.bar.style.description_width = "initial"
        self.told = shown()
        self.results: tuple[OutcomeResult, ...] = ()
        self.links = shown()
        self._place = widgets.VBox()
        self._result = widgets.VBox([self._place, row([self.make]), self.links])
        self.children = [row([self.run]), self.bar, self.told, self._result]
        self._busy("", False)
        self._lay_out()

    def show(self, study: Study | None, *, labels: Mapping[str, str]) -> None:
        """Take the newest stored study; a result of an older one is marked, not taken away."""
        self._study, self._labels = study, dict(labels)
        self._mark()
        self._lay_out()

    def warn_unsaved(self, entries: int) -> None:
        """Say that so many entries are not part of an estimate, because they are not saved."""
        self._unsaved = entries
        self._mark()

    def estimate(self) -> None:
        """Estimate at once, in the caller's own thread."""
        if self._ready():
            self._estimate_all(lambda show, *told: show(*told))

    def report(self) -> None:
        """Make the reports at once, in the caller's own thread."""
        if self.summaries:
            self.links.value = self._reported(self.summaries)

    async def _estimate_later(self) -> None:
        if not self._ready():
            return
        loop = asyncio.get_running_loop()
        self._busy(_("Estimating"), True)
        self.told.value = said(_(_PATIENCE), tone="quiet")
        try:
            # What is shown meanwhile is handed from the thread that samples to the one that owns the page.
            await asyncio.to_thread(self._estimate_all, lambda show, *told: loop.call_soon_threadsafe(show, *told))
        finally:
            self._busy("", False)
            self._mark()

    async def _report_later(self) -> None:
        if not self.summaries:
            return
        self._busy(_("Making the reports"), True)
        try:
            self.links.value = await asyncio.to_thread(self._reported, self.summaries)
        finally:
            self._busy("", False)

    def _start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self.task = started(work, alert=self._alert, running=self.task)

    def _ready(self) -> bool:
        self.told.value = ""
        if self._study is None or not any(case.sessions for case in self._study.cases):
            self.told.value = mistake(_("There is nothing to estimate yet: save the study and record sessions first."))
            return False
        return True

    def _estimate_all(self, hand: Callable[..., object]) -> None:
        """Estimate outcome by outcome, and hand each to `_show_result` as soon as it is known."""
        study = self._study
        assert study is not None
        self._estimate_from(0, (None, *other_outcomes(study)), study=study, hand=hand)

    def _estimate_from(
        self, place: int, wanted: tuple[Measure | None, ...], *, study: Study, hand: Callable[..., object]
    ) -> None:
        if place == len(wanted):
            return

        def progressed(share: float) -> None:
            hand(self._progressed, (place + share) / len(wanted))

        measure, show = wanted[place], self._alert.guard(self._show_result)
        try:
            with self._alert.watch():
                summary = summarize_outcome(study, measure=measure, progress=progressed)
            hand(show, summary, study, measure)
        except PageError as error:
            hand(show, _failed(study, measure=measure, error=error), study, measure)
            raise
        finally:  # an error that nobody foresaw stays with its outcome: the others still come
            self._estimate_from(place + 1, wanted, study=study, hand=hand)

    def _reported(self, summaries: tuple[Summary, ...]) -> str:
        try:
            return self._reporter(summaries)
        except StudyError as error:
            return mistake(_("No report was made. {message}").format(message=error.message))

    def _show_result(self, summary: Summary, study: Study, measure: Measure | None) -> None:
        """Put the result of one outcome below those that are known; the headline's begins anew."""
        seen = study_of_outcome(study, measure=measure)
        result = OutcomeResult(summary, study=seen, labels=self._labels)
        held = () if measure is None else self.results
        self.results = (*held, result)
        if other_outcomes(study):
            place = _("Headline") if measure is None else _("Other outcome")
            shown_as = folded(f"{place}: {result.title}", result, opened=measure is None)
        else:
            shown_as = result
        self._place.children = (*self._place.children[: len(held)], shown_as)
        self.links.value = ""
        self.summaries = tuple(r.summary for r in self.results)
        self._mark()
        self._lay_out()

    def _mark(self) -> None:
        told = []
        if self._unsaved:
            text = ngettext(
                "{n} entry above is not saved yet: an estimate leaves them out.",
                "{n} entries above are not saved yet: an estimate leaves them out.",
                self._unsaved,
            )
            told.append(text.format(n=self._unsaved))
        held = None if self._study is None else self._study.fingerprint()
        if any(summary.fingerprint != held for summary in self.summaries):
            told.append(_("The study has changed since this estimate: estimate again."))
        self.told.value = said("\n".join(told), tone="warning")

    def _progressed(self, share: float) -> None:
        self.bar.value = min(max(share, 0.0), 1.0)

    def _busy(self, doing: str, busy: bool) -> None:
        self.run.disabled = self.make.disabled = busy
        self.bar.description = doing
        self.bar.value = 0.0
        self.bar.layout.display = "" if busy else "none"

    def _lay_out(self) -> None:
        self._result.layout.display = "" if self.summaries else "none"


def _failed(study: Study, *, measure: Measure | None, error: PageError) -> Summary:
    """What stands in the place of an outcome whose estimate ended in an error that nobody foresaw."""
    told = withheld_outcome(study, measure=measure, reason=f"{error}.")
    return told.replace(client_text=(_("The numbers could not be worked out this time, so none is shown here."),))
