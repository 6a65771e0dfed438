"""The third part of a page: sessions typed, pasted or uploaded, and when phases really began."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import traitlets

from scd.forms.alert import Alert
from scd.forms.case_entry import CaseEntry
from scd.forms.export_entry import ExportEntry
from scd.forms.fields import choice, choices
from scd.forms.markup import mistake, said
from scd.forms.pictures import record_picture
from scd.forms.schedule import case_name
from scd.forms.table_entry import TableEntry
from scd.forms.view import View, button, folded, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import ngettext
from scd.study import Study, StudyError

__all__ = ["SessionsForm"]

_ASKED = {"clients": N_("Client"), "behaviours": N_("Behaviour"), "settings": N_("Setting"), None: N_("Case")}


class SessionsForm(View):
    """Record the sessions of a stored study.

    Its one output is `study`: the stored study with what has been entered, or None where something is wrong.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    save : callable
        Called by the button **Save sessions**.
    drawn : bool
        Whether the graph of the record is part of it.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study.catalogue import from_catalogue
    >>> form = SessionsForm(Alert(), save=lambda: None)
    >>> form.show(reversal(measures=[from_catalogue("phq-9")], code="K7M2QX"), labels={})
    >>> form.case.rows[0].values["phq-9"].value = "14"
    >>> form.study.cases[0].sessions[0].value("phq-9")
    14.0
    """

    study = traitlets.Instance(Study, allow_none=True)

    def __init__(self, alert: Alert, *, save: Callable[[], None], drawn: bool = True) -> None:
        super().__init__()
        self._alert = alert
        self._stored: Study | None = None
        self._labels: dict[str, str] = {}
        self.entries: dict[str, CaseEntry] = {}
        self.chosen = choice(_("Case"), [("", "")], "", width="30em", label="initial")
        self.table = TableEntry(alert, taken=self._take)
        self.save = button(_("Save sessions"), alert.guard(lambda _button: save()), main=True)
        self.told = shown()
        self.measure = choice(_("Show in the chart"), [("", "")], "", width="30em", label="initial")
        self.chart = shown()
        self.empty = shown(said(_("First save the study (part 2). Then the sessions are recorded here."), tone="quiet"))
        self._place = widgets.VBox()
        self._table_fold = folded(_("Paste from a spreadsheet, or take a file"), self.table)
        self.export = ExportEntry(alert, taken=self._take)
        self._export_fold = folded(_("Take an app's export (m-Path, REDCap, StudyU)"), self.export)
        self._all = widgets.VBox(
            [
                self.chosen,
                self._place,
                self._table_fold,
                self._export_fold,
                row([self.save]),
                self.told,
                *((self.measure, self.chart) if drawn else ()),
            ]
        )
        self.children = [self.empty, self._all]
        self.chosen.watch(alert.guard(self._choose))
        self.measure.watch(alert.guard(lambda _change: self.draw()))
        self.show(None, labels={})

    @property
    def case(self) -> CaseEntry:
        """The entries of the case that is on the page now."""
        return self.entries[str(self.chosen.value)]

    @property
    def unsaved(self) -> int:
        """How many sessions and phase starts have been entered and not saved."""
        return sum(entry.unsaved for entry in self.entries.values())

    def show(self, study: Study | None, *, labels: Mapping[str, str], keep: bool = False) -> None:
        """Show a stored study; None before its first save.

        Parameters
        ----------
        study : Study, optional
            As stored.
        labels : mapping of str to str
            The clinic's own names by code.
        keep : bool
            Whether what has been typed and not saved stays on the page.
        """
        self._stored, self._labels = study, dict(labels)
        self.empty.layout.display = "" if study is None else "none"
        self._all.layout.display = "none" if study is None else ""
        if study is None:
            self.entries, self.study = {}, None
            return
        old, self.entries = self.entries, {}
        for case in study.cases:
            measures = study.measures_of(case)
            held = old.get(case.code)
            if held is not None and held.asks_for(measures):
                held.renew(case, keep=keep)
                self.entries[case.code] = held
                continue
            self.entries[case.code] = CaseEntry(case, measures=measures, alert=self._alert, changed=self._update)
            if held is not None and keep:
                self.entries[case.code].adopt(held)
        if not keep:
            self.table.clear()
            self.export.clear()
            self._table_fold.selected_index = self._export_fold.selected_index = None
        codes = [c.code for c in study.cases]
        first = self.chosen.value if self.chosen.value in codes else codes[0]
        self.chosen.control.description = _(_ASKED[study.across])
        choices(self.chosen, [(case_name(code, self._labels), code) for code in codes], first)
        self.chosen.hide(len(codes) == 1)
        self._choose(None)
        self._update()

    def draw(self) -> None:
        """Draw the chart of what is stored; the slowest step, so that a page takes it last."""
        if self._stored is None:
            return
        if not any(case.sessions for case in self._stored.cases):
            self.chart.value = said(_("The chart appears with the first session."), tone="quiet")
            return
        if "<svg" not in self.chart.value:
            self.chart.value = said(_("Drawing the chart …"), tone="quiet")
        self.chart.value = record_picture(self._stored, measure=str(self.measure.value), labels=self._labels)

    def find_mistakes(self) -> str:
        """Why the sessions can't be saved, in words; empty when they can."""
        wrong = []
        for code, entry in self.entries.items():
            try:
                entry.entered()
            except StudyError as error:
                where = f"{case_name(code, self._labels)}: " if len(self.entries) > 1 else ""
                wrong.append(f"{where}{error.message}")
        if not wrong and self.study is None and self._stored is not None:
            wrong.append(self._problem)
        return "\n".join(wrong)

    def tell(self, text: str, *, wrong: bool = False) -> None:
        """Say beside the button what came of saving."""
        self.told.value = mistake(text) if wrong else said(text, tone="good")

    def _update(self) -> None:
        if self._stored is None or len(self.entries) < len(self._stored.cases):
            return
        self._problem = ""
        try:
            study = self._stored
            for entry in self.entries.values():
                study = study.with_case(entry.entered())
        except StudyError as error:
            self._problem = error.message
            self.study = None
            self.told.value = said(_("Something above is not right yet: see the marked fields."), tone="warning")
            return
        waiting = self.unsaved
        self.told.value = (
            said(ngettext("{n} entry not saved yet.", "{n} entries not saved yet.", waiting).format(n=waiting))
            if waiting
            else ""
        )
        self.study = study

    def _choose(self, _change: Any) -> None:
        if self._stored is None or self.chosen.value not in self.entries:
            return
        self._place.children = [self.case]
        case = self._stored.case(str(self.chosen.value))
        measures = self._stored.measures_of(case)
        held = self.measure.value if self.measure.value in [m.key for m in measures] else measures[0].key
        choices(self.measure, [(m.label, m.key) for m in measures], held)
        self.measure.hide(len(measures) == 1)
        self.table.aim(self._stored, case=case.code, labels=self._labels)
        self.export.aim(self._stored, case=case.code, labels=self._labels)

    def _take(self, sessions: Mapping[str, Any]) -> None:
        for code, rows in sessions.items():
            self.entries[code].take(rows)
