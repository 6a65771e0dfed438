"""The second part of the weekly page: the outcome, practice, areas of life and processes; or the client's view."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import traitlets

from scd.forms.alert import Alert
from scd.forms.background import started
from scd.forms.between_sessions.client_view import together_section
from scd.forms.between_sessions.look_sections import (
    areas_of_life,
    areas_section,
    course_section,
    practice_section,
    practices_of,
    processes_of,
    processes_section,
)
from scd.forms.markup import said
from scd.forms.view import View, row, shown
from scd.language import gettext as _
from scd.study import Case, Study, StudyError

if TYPE_CHECKING:
    from scd.analysis.areas.area_changes import AreaChanges
    from scd.analysis.processes.table import Processes
    from scd.analysis.steering import Steering

__all__ = ["LookView"]

_NO_HEADINGS = "<style>.jp-MarkdownCell{display:none}</style>"

Section = tuple[widgets.HTML, Callable[[], str]]


class LookView(View):
    """Look at one case: for the clinician, or together with the client.

    Its outputs are `found`, where the case stands by the monitoring rule, and `processes`; both None until they are
    worked out. What is drawn is worked out section by section, in a thread where a kernel's loop runs, so that the page
    stays alive.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    steer : callable
        Takes study and case and says where it stands.

    Examples
    --------
    >>> view = LookView(Alert(), steer=lambda study, case: None)
    >>> view.show(None, case="", labels={})
    >>> "first session" in view.told.value
    True
    """

    found = traitlets.Any(None)
    processes = traitlets.Any(None)

    def __init__(self, alert: Alert, *, steer: Callable[[Study, str], Steering]) -> None:
        super().__init__()
        self._alert, self._steer = alert, steer
        self._study: Study | None = None
        self._case = ""
        self._labels: dict[str, str] = {}
        self._shown = 0  # a later record makes a look that is still being drawn an old one
        self._drawn: tuple[Study, str] | None = None
        self._judged: tuple[tuple[Study, str], AreaChanges | StudyError | None] | None = None
        self.task: asyncio.Task[None] | None = None
        self.together = widgets.ToggleButton(
            value=False, description=_("Look at it together"), layout=widgets.Layout(width="auto", margin="4px 0")
        )
        self.together.observe(alert.guard(lambda _change: self._lay_out()), names="value")
        self.told = shown()
        self.course, self.practice, self.areas, self.links, self.client = (shown() for _part in range(5))
        self._alone = shown()  # while the client looks on, the page's own headings are out of the way
        self._clinician = View([self.course, self.practice, self.areas, self.links])
        self.children = [row([self.together]), self._alone, self.told, self._clinician, self.client]
        self._lay_out()

    def show(self, study: Study | None, *, case: str, labels: Mapping[str, str]) -> None:
        """Look at the newest record of a case; what stands here is drawn anew."""
        self._study, self._case, self._labels = study, case, dict(labels)
        self._shown += 1
        if study is None or not study.case(case).sessions:
            self.found = self.processes = self._drawn = None
            for part in (self.course, self.practice, self.areas, self.links, self.client):
                part.value = ""
            self.told.value = said(_("There is something to look at from the first session on."), tone="quiet")
            return
        self.told.value = said(_("Working it out and drawing …"), tone="quiet")
        self.task = started(self._draw_all, alert=self._alert, running=self.task)

    async def _draw_all(self) -> None:
        """Draw until what is on the page is of the newest record."""
        drawn = 0
        try:
            while drawn != self._shown:
                drawn = self._shown
                study, code = self._study, self._case
                if study is None:
                    return
                await self._draw(study, study.case(code), turn=drawn)
        finally:
            self.told.value = ""

    async def _draw(self, study: Study, case: Case, *, turn: int) -> None:
        found, why = await asyncio.to_thread(self._stands, study, case)
        numbers = study.replace(decisions=()), case.code
        same, self._drawn = numbers == self._drawn, None
        processes = self.processes if same else await asyncio.to_thread(processes_of, study, case)
        if turn != self._shown:
            return
        self.found, self.processes = found, processes
        self.course.value = said(why, tone="warning")
        for region, make in self._sections(study, case, found, processes):
            if same and region in (self.practice, self.links, self.areas):
                continue  # a decision alone changes nothing there
            html = await asyncio.to_thread(_made, make)
            if turn != self._shown:
                return
            region.value = html
        self._drawn = numbers

    def _stands(self, study: Study, case: Case) -> tuple[Steering | None, str]:
        try:
            return self._steer(study, case.code), ""
        except StudyError as error:
            return None, error.message

    def _sections(
        self, study: Study, case: Case, found: Steering | None, processes: Processes | StudyError | None
    ) -> Iterator[Section]:
        """What is drawn, in the order in which it is wanted; what a case does not have is emptied."""
        if found is not None:
            yield self.course, lambda: course_section(study, found, labels=self._labels)
        practices = practices_of(study, case)
        yield self.practice, lambda: "".join(practice_section(study, case, practice=p) for p in practices)
        yield self.links, lambda: "" if processes is None else processes_section(processes, labels=self._labels)
        yield self.areas, lambda: areas_section(study, self._areas_of(study, case))
        yield (
            self.client,
            lambda: together_section(study, case, found=found, areas=self._areas_of(study, case), processes=processes),
        )

    def _areas_of(self, study: Study, case: Case) -> AreaChanges | StudyError | None:
        """The slowest step, taken once for the same numbers."""
        numbers = study.replace(decisions=()), case.code
        if self._judged is None or self._judged[0] != numbers:
            self._judged = numbers, areas_of_life(study, case)
        return self._judged[1]

    def _lay_out(self) -> None:
        together = bool(self.together.value)
        self.together.description = _("Back to the clinician's view") if together else _("Look at it together")
        self._alone.value = _NO_HEADINGS if together else ""
        self._clinician.layout.display = "none" if together else ""
        self.client.layout.display = "" if together else "none"


def _made(make: Callable[[], Any]) -> str:
    """A section, or in its place why there is none."""
    try:
        return str(make())
    except StudyError as error:
        return said(error.message, tone="warning")
