"""A study on one page: the four parts put together, and the store behind them."""

from __future__ import annotations

import datetime as dt
from html import escape
from typing import Any, Literal

import ipywidgets as widgets

from scd.forms.alert import Alert
from scd.forms.effect_form import EffectForm
from scd.forms.markup import STYLE, mistake, said
from scd.forms.measures_form import MeasuresForm
from scd.forms.plan_form import PlanForm
from scd.forms.sessions_form import SessionsForm
from scd.forms.view import View, button, folded, row, shown
from scd.language import current_language, day, ngettext
from scd.language import gettext as _
from scd.records.caseload import StaleSave, Stored
from scd.records.workspace import Workspace
from scd.study import StudyError

__all__ = ["Page"]

Kind = Literal["reversal", "multiple-baseline"]


class Page(View):
    """One study on one page. Shown itself, it tells the state; its parts are shown by the cells below it.

    Attributes ``client``, ``plan``, ``sessions`` and ``effect`` are the parts as they stand on the page;
    ``measures_form``, ``plan_form``, ``sessions_form`` and ``effect_form`` the forms in them.

    Parameters
    ----------
    code : str
        The study's code.
    kind : {"reversal", "multiple-baseline"}
        The design of a new study; a stored one knows its own.
    workspace : Workspace
        The clinic's folder.
    practice : str
        When nothing is kept: why, in one sentence.
    """

    def __init__(self, code: str, *, kind: Kind, workspace: Workspace, practice: str = "") -> None:
        super().__init__()
        self.code = code
        self.workspace = workspace
        self.practice = practice
        self.stored: Stored | None = self._read()
        self._labels: dict[str, str] = {}
        self._newer: Stored | None = None
        design = kind if self.stored is None else self.stored.study.design
        self.alert = Alert()
        guard = self.alert.guard
        self.head = shown()
        self.measures_form = MeasuresForm(self.alert, name="client" if design == "reversal" else "study")
        self.plan_form = PlanForm(self.alert, kind=design, code=code)
        self.sessions_form = SessionsForm(self.alert, save=self.save_sessions)
        self.effect_form = EffectForm(self.alert, reporter=self._report)
        self.save = button(_("Save study"), guard(lambda _button: self.save_study()), main=True)
        self.told = shown()
        self.conflict = shown()
        self.load = button(_("Load the newer one"), guard(lambda _button: self.load_newer()))
        self._stale = widgets.VBox([self.conflict, self.load])
        self._client_fold = folded(_("Client and measures"), self.measures_form, opened=True)
        self._plan_fold = folded(_("Plan"), self.plan_form, opened=True)
        self.children = [self.head]
        self.client = View([self._client_fold])
        self.plan = View([self._plan_fold, row([self.save]), self.told, self._stale, self.alert])
        self.sessions = View([self.sessions_form, self._stale, self.alert])
        self.effect = View([self.effect_form, self.alert])
        self.measures_form.observe(guard(self._measures_changed), names="measures")
        self.plan_form.observe(guard(self._plan_changed), names="study")
        self.sessions_form.observe(guard(self._sessions_changed), names="study")
        self._take(self.stored, setup=True, keep=False)
        self._fold(opened=self.stored is None)
        self.sessions_form.draw()

    @property
    def unsaved(self) -> bool:
        """Whether something on the page is not in the store."""
        return self._setup_changed() or self.sessions_form.unsaved > 0

    def save_study(self) -> None:
        """Save measures, plan and names; with a mistake nothing is saved, and the message says where it is."""
        self.alert.clear()
        wrong = self.measures_form.find_mistakes() or self.plan_form.find_mistakes()
        if wrong:
            self._client_fold.selected_index = 0
            self.told.value = mistake(_("Not saved. Mend this first:") + f"\n{wrong}")
            return
        study = self.plan_form.study
        assert study is not None
        if self.stored is not None:
            study = study.replace(note=self.stored.study.note)
        stored = self._write(study, labels=self._entered_labels())
        if stored is None:
            return
        self._take(stored, setup=True, keep=True)
        self._fold(opened=False)
        if stored.revision == 1 and study.randomization is not None:
            self._plan_fold.selected_index = 0  # now the draw may be seen
        self.told.value = said(f"{_saved_words(stored)} {_('Sessions are recorded in part 3.')}", tone="good")
        self.sessions_form.draw()

    def save_sessions(self) -> None:
        """Save the sessions and phase starts that were entered; with a mistake nothing is saved."""
        self.alert.clear()
        form = self.sessions_form
        wrong = form.find_mistakes()
        if wrong:
            form.tell(_("Not saved. Mend this first:") + f"\n{wrong}", wrong=True)
            return
        if self._setup_changed():
            form.tell(
                _("Not saved. Parts 1 and 2 have changes that are not saved: press “Save study” first."), wrong=True
            )
            return
        if not form.unsaved:
            form.tell(_("There is nothing new to save."))
            return
        count = form.unsaved
        assert form.study is not None
        stored = self._write(form.study, labels=None)
        if stored is None:
            form.tell(_("Not saved: see the message below."), wrong=True)
            return
        self._take(stored, setup=True, keep=False)
        saved = ngettext("{n} entry saved.", "{n} entries saved.", count).format(n=count)
        form.tell(f"{saved} {_saved_words(stored)}")
        form.draw()

    def load_newer(self) -> None:
        """Go on from the newest version in the store; sessions that were typed and not saved stay on the page."""
        newest = self._read()
        self._newer = None
        self._take(newest, setup=True, keep=True)
        self._fold(opened=newest is None)
        self.told.value = said(_("This is the newest version now."), tone="good")
        self.sessions_form.draw()

    def check(self) -> None:
        """Do nothing when the page is whole.

        Raises
        ------
        StudyError
            When a part is missing, or an unforeseen error is shown.
        """
        for name in ("client", "plan", "sessions", "effect"):
            if not getattr(self, name).children:
                raise StudyError(f"page: its part '{name}' is empty; run all cells again")
        if self.alert.value:
            raise StudyError("page: shows an error; see the message above")

    def _read(self) -> Stored | None:
        with self.workspace.open() as caseload:
            known = {
                code for s in caseload.list(retired=True) for code in (s.study.code, *(c.code for c in s.study.cases))
            }
            return caseload.get(self.code) if self.code in known else None

    def _read_labels(self) -> dict[str, str]:
        with self.workspace.open() as caseload:
            return caseload.labels(self.code)

    def _write(self, study: Any, *, labels: dict[str, str] | None) -> Stored | None:
        """Save, or show why not: nothing on the page is lost in either case."""
        try:
            if self.stored is None and (newer := self._read()) is not None:
                self._refuse(newer)
                return None
            with self.workspace.open() as caseload:
                if self.stored is None:
                    return caseload.add(study, labels=labels)
                return caseload.save(study, revision=self.stored.revision, labels=labels)
        except StaleSave as error:
            self._refuse(error.stored)
        except StudyError as error:
            self.told.value = mistake(_("Not saved. {message}").format(message=error.message))
        return None

    def _refuse(self, newer: Stored) -> None:
        self._newer = newer
        text = (
            _(
                "Not saved: this study was saved elsewhere meanwhile, perhaps in another tab. This page began from an "
                "empty page; the store holds revision {newer}, {when}. Nothing you typed is lost."
            )
            if self.stored is None
            else _(
                "Not saved: this study was saved elsewhere meanwhile, perhaps in another tab. This page began from "
                "revision {revision}; the store holds revision {newer}, {when}. Nothing you typed is lost."
            )
        )
        own = None if self.stored is None else self.stored.revision
        self.conflict.value = mistake(text.format(revision=own, newer=newer.revision, when=_when(newer))) + said(
            _(
                "“Load the newer one” brings that version onto this page. Sessions you have typed stay "
                "and can then be saved; changes to measures and plan have to be made again."
            )
        )
        self.told.value = ""
        self._show_state()

    def _take(self, stored: Stored | None, *, setup: bool, keep: bool) -> None:
        """Show what the store holds."""
        self.stored = stored
        study = None if stored is None else stored.study
        self._labels = {} if stored is None else self._read_labels()
        if setup:
            recorded = (
                set() if study is None else {v.measure for c in study.cases for s in c.sessions for v in s.values}
            )
            measures = () if study is None else study.measures
            self.measures_form.show(measures, label=self._labels.get(self.code, ""), kept=recorded)
            self.plan_form.show(study, labels=self._labels)
        self.sessions_form.show(study, labels=self._labels, keep=keep)
        self.effect_form.show(study, labels=self._labels)
        self.effect_form.warn_unsaved(self.sessions_form.unsaved)
        self.conflict.value = ""
        self._newer = None
        self._show_state()

    def _entered_labels(self) -> dict[str, str]:
        return {self.code: self.measures_form.label.text(), **self.plan_form.labels}

    def _setup_changed(self) -> bool:
        if self.stored is None:
            return self.measures_form.entered
        study = self.plan_form.study
        renamed = any(name != self._labels.get(code, "") for code, name in self._entered_labels().items())
        if study is None or renamed:
            return True
        return bool(study.replace(note=self.stored.study.note) != self.stored.study)

    def _measures_changed(self, _change: object) -> None:
        self.plan_form.use(self.measures_form.measures)

    def _plan_changed(self, _change: object) -> None:
        self.told.value = (
            said(_("Changes here are kept with “Save study”."), tone="quiet") if self._setup_changed() else ""
        )

    def _sessions_changed(self, _change: object) -> None:
        self.effect_form.warn_unsaved(self.sessions_form.unsaved)

    def _fold(self, *, opened: bool) -> None:
        self._client_fold.selected_index = self._plan_fold.selected_index = 0 if opened else None

    def _show_state(self) -> None:
        self._stale.layout.display = "" if self._newer is not None else "none"
        study = None if self.stored is None else self.stored.study
        if study is not None:
            names = ", ".join(m.label for m in study.measures)
            self._client_fold.titles = (_("Client and measures: {names}").format(names=names),)
            phases = "-".join(p.label for p in study.cases[0].phases)
            tiers = f"{len(study.cases)} {_(study.across)}, " if study.across else ""
            self._plan_fold.titles = (
                _("Plan: {phases}, {n} sessions").format(phases=tiers + phases, n=study.sessions_planned or "?"),
            )
        who = f"<b>{escape(self.code)}</b>"
        if self._labels.get(self.code):
            who += f" · {escape(self._labels[self.code])}"
        state = _("Not saved yet: begin with part 1.") if self.stored is None else _saved_words(self.stored)
        practice = (
            said(_("Practice mode: nothing is kept. {practice}").format(practice=self.practice), tone="warning")
            if self.practice
            else ""
        )
        self.head.value = f'{STYLE}{practice}<p style="font-size:16px;margin:4px 0">{who}</p>{said(state)}'

    def _report(self, summaries: Any) -> str:
        from scd.forms.report_links import make_reports

        assert self.stored is not None
        return make_reports(self.workspace, self.stored.study, summaries=summaries, labels=self._labels)


def _saved_words(stored: Stored) -> str:
    return _("Saved {when}, revision {revision}.").format(when=_when(stored), revision=stored.revision)


def _when(stored: Stored) -> str:
    at = stored.saved_at.astimezone()
    today = dt.datetime.now().astimezone().date()
    if at.date() == today:
        return _("today at {time}").format(time=f"{at:%H:%M}")
    told = f"{at:%d %B %Y}" if current_language() == "en" else day(at.date())
    return _("on {day} at {time}").format(day=told, time=f"{at:%H:%M}")
