"""The last part of a page: estimate the effect, see it in words and pictures, and make the reports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import traitlets

from scd.analysis.summary import Summary, summarize
from scd.forms.alert import Alert
from scd.forms.fields import choice, choices
from scd.forms.markup import mistake, said
from scd.forms.results import diagnostics_table, effects_table
from scd.forms.schedule import case_name
from scd.forms.view import View, button, folded, row, shown
from scd.study import Study, StudyError

__all__ = ["EffectForm"]

_PATIENCE = "The first estimate after opening a page takes up to a minute, the next ones only seconds."


class EffectForm(View):
    """Estimate the effect of a stored study and report it.

    Its one output is `summary`. The button schedules the work, so that the page stays alive; `estimate` and `report`
    do the same at once, for scripts and tests.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    reporter : callable
        Takes a summary and returns HTML that says where the reports are.

    Examples
    --------
    >>> form = EffectForm(Alert(), reporter=lambda summary: "")
    >>> form.estimate()
    >>> "record sessions" in form.told.value
    True
    """

    summary = traitlets.Instance(Summary, allow_none=True)

    def __init__(self, alert: Alert, *, reporter: Callable[[Summary], str]) -> None:
        super().__init__()
        self._alert = alert
        self._reporter = reporter
        self._study: Study | None = None
        self._labels: dict[str, str] = {}
        self._unsaved = 0
        self.task: asyncio.Task[None] | None = None
        self.measure = choice("Measure", [("", "")], "", width="30em", label="initial")
        self.run = button("Estimate effect", alert.guard(lambda _b: self._start(self._estimate_later)), main=True)
        self.make = button("Make report", alert.guard(lambda _b: self._start(self._report_later)))
        self.bar = widgets.FloatProgress(
            min=0, max=1, description="Estimating", layout=widgets.Layout(width="38em", max_width="100%")
        )
        self.bar.style.description_width = "initial"
        self.told = shown()
        self.words = shown()
        self.chart = shown()
        self.effects = shown()
        self.picture = shown()
        self.diagnostics = shown()
        self.links = shown()
        self._result = widgets.VBox(
            [
                self.words,
                self.chart,
                folded("The numbers", widgets.VBox([self.picture, self.effects])),
                folded("How the estimate was made, and its checks", self.diagnostics),
                row([self.make]),
                self.links,
            ]
        )
        self.children = [self.measure, row([self.run]), self.bar, self.told, self._result]
        self._lay_out()

    def show(self, study: Study | None, *, labels: Mapping[str, str]) -> None:
        """Take the newest stored study; a result of an older one is marked, not taken away."""
        self._study, self._labels = study, dict(labels)
        outcomes = () if study is None else study.outcomes
        listed = [(m.label, m.key) for m in outcomes]
        tiers = study is not None and any(case.measures for case in study.cases)
        if tiers:
            listed = [("each one's own measure", "")]
        held = self.measure.value if self.measure.value in [key for _, key in listed] else None
        choices(self.measure, listed or [("", "")], held if held is not None else (listed[0][1] if listed else ""))
        self.measure.hide(len(listed) < 2)
        self._mark()
        self._lay_out()

    def warn_unsaved(self, entries: int) -> None:
        """Say that so many entries are not part of an estimate, because they are not saved."""
        self._unsaved = entries
        self._mark()

    def estimate(self) -> None:
        """Estimate at once, in the caller's own thread."""
        if self._ready():
            self._present(self._fitted(self._progressed))

    def report(self) -> None:
        """Make the reports at once, in the caller's own thread."""
        if self.summary is not None:
            self.links.value = self._reported(self.summary)

    async def _estimate_later(self) -> None:
        if not self._ready():
            return
        loop = asyncio.get_running_loop()

        def progressed(share: float) -> None:  # called in the thread that samples
            loop.call_soon_threadsafe(self._progressed, share)

        self._busy("Estimating", True)
        self.told.value = said(_PATIENCE, tone="quiet")
        try:
            outcome = await asyncio.to_thread(self._fitted, progressed)
        finally:
            self._busy("", False)
        self._present(outcome)

    async def _report_later(self) -> None:
        if self.summary is None:
            return
        self._busy("Making the reports", True)
        try:
            self.links.value = await asyncio.to_thread(self._reported, self.summary)
        finally:
            self._busy("", False)

    def _start(self, work: Callable[[], Any]) -> None:
        """Hand the work to the kernel's loop; where there is none, as in a test, do it now."""
        if self.task is not None and not self.task.done():
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(work())
            return
        self.task = loop.create_task(self._watched(work))

    async def _watched(self, work: Callable[[], Any]) -> None:
        try:
            await work()
        except Exception as error:
            self._alert.tell(error)
            raise

    def _ready(self) -> bool:
        self.told.value = ""
        if self._study is None or not any(case.sessions for case in self._study.cases):
            self.told.value = mistake("There is nothing to estimate yet: save the study and record sessions first.")
            return False
        return True

    def _fitted(self, progress: Callable[[float], None]) -> Summary | StudyError:
        assert self._study is not None
        try:
            return summarize(self._study, measure=self.measure.value or None, progress=progress)
        except StudyError as error:
            return error

    def _reported(self, summary: Summary) -> str:
        try:
            return self._reporter(summary)
        except StudyError as error:
            return mistake(f"No report was made. {error.message}")

    def _present(self, outcome: Summary | StudyError) -> None:
        if isinstance(outcome, StudyError):
            self.told.value = mistake(f"The effect can't be estimated yet:\n{outcome.message}")
            return
        from scd.forms.pictures import effects_picture, record_picture

        assert self._study is not None
        summary, study = outcome, self._study
        self.words.value = "".join(
            [
                said(summary.withheld and f"The result is withheld: {summary.withheld}", tone="warning"),
                *(said(self._named(paragraph)) for paragraph in summary.text),
                *(said(self._named(warning), tone="warning") for warning in summary.warnings),
            ]
        )
        key = summary.measure.split("+")[0]
        self.chart.value = record_picture(study, measure=key, labels=self._labels, summary=summary)
        self.effects.value = effects_table(summary, study=study, labels=self._labels) if summary.effects else ""
        self.picture.value = effects_picture(summary, study=study, labels=self._labels) if summary.effects else ""
        self.diagnostics.value = diagnostics_table(summary)
        self.links.value = ""
        self.summary = summary
        self._mark()
        self._lay_out()

    def _named(self, text: str) -> str:
        """The clinic's own names beside the codes, on this page only."""
        for code in self._labels:
            text = text.replace(code, case_name(code, self._labels))
        return text

    def _mark(self) -> None:
        told = []
        if self._unsaved:
            entries = "1 entry above is" if self._unsaved == 1 else f"{self._unsaved} entries above are"
            told.append(f"{entries} not saved yet: an estimate leaves them out.")
        held = None if self._study is None else self._study.fingerprint()
        if self.summary is not None and self.summary.fingerprint != held:
            told.append("The study has changed since this estimate: estimate again.")
        self.told.value = said("\n".join(told), tone="warning")

    def _progressed(self, share: float) -> None:
        self.bar.value = min(max(share, 0.0), 1.0)

    def _busy(self, doing: str, busy: bool) -> None:
        self.run.disabled = self.make.disabled = busy
        self.bar.description = doing
        self.bar.value = 0.0
        self.bar.layout.display = "" if busy else "none"

    def _lay_out(self) -> None:
        self._busy("", False)
        self._result.layout.display = "none" if self.summary is None else ""
