"""A study on one page: the four parts put together, and the store behind them."""

from __future__ import annotations

from html import escape
from typing import Any, Literal

from scd.forms.alert import Alert
from scd.forms.effect_form import EffectForm
from scd.forms.kept_study import KeptStudy, saved_words
from scd.forms.markup import STYLE, Link, mistake, said
from scd.forms.measures_form import MeasuresForm
from scd.forms.monitoring_form import MonitoringForm
from scd.forms.pages import page_url, weekly_page_of
from scd.forms.plan_form import PlanForm
from scd.forms.sessions_form import SessionsForm
from scd.forms.view import View, button, folded, row, shown
from scd.language import gettext as _
from scd.language import ngettext
from scd.records.caseload import Stored
from scd.records.workspace import Workspace
from scd.study import Study, StudyError

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
        self.alert = Alert()
        guard = self.alert.guard
        self.kept = KeptStudy(code, workspace=workspace, alert=self.alert, renew=self.load_newer)
        self.conflict, self.load = self.kept.conflict, self.kept.load
        design = kind if self.stored is None else self.stored.study.design
        self.head = shown()
        self.measures_form = MeasuresForm(self.alert, name="client" if design == "reversal" else "study")
        self.plan_form = PlanForm(self.alert, kind=design, code=code)
        self.sessions_form = SessionsForm(self.alert, save=self.save_sessions)
        self.effect_form = EffectForm(self.alert, reporter=self._report)
        self.save = button(_("Save study"), guard(lambda _button: self.save_study()), main=True)
        self.told = shown()
        self.weekly = shown()
        self.monitoring_form = MonitoringForm(self.alert, keep=self.keep_rule)
        self._rule_fold = folded(_("Rule for looking while it runs"), self.monitoring_form)
        self._client_fold = folded(_("Client and measures"), self.measures_form, opened=True)
        self._plan_fold = folded(_("Plan"), self.plan_form, opened=True)
        self.children = [self.head]
        self.client = View([self._client_fold])
        self.plan = View(
            [self._plan_fold, row([self.save]), self.told, self._rule_fold, self.weekly, self.kept, self.alert]
        )
        self.sessions = View([self.sessions_form, self.kept, self.alert])
        self.effect = View([self.effect_form, self.alert])
        self.measures_form.observe(guard(self._measures_changed), names="measures")
        self.plan_form.observe(guard(self._plan_changed), names="study")
        self.sessions_form.observe(guard(self._sessions_changed), names="study")
        self._take(self.stored, setup=True, keep=False)
        self._fold(opened=self.stored is None)
        self.sessions_form.draw()

    @property
    def stored(self) -> Stored | None:
        """The stored version that the page shows; None before the first save."""
        return self.kept.stored

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
        had = None if self.stored is None else self.stored.study.monitoring
        study = self._carried(study)
        stored = self._write(study, labels=self._entered_labels())
        if stored is None:
            return
        self._take(stored, setup=True, keep=True)
        self._fold(opened=False)
        if stored.revision == 1 and study.randomization is not None:
            self._plan_fold.selected_index = 0  # now the draw may be seen
        self.told.value = said(f"{saved_words(stored)} {_('Sessions are recorded in part 3.')}", tone="good")
        if had is not None and study.monitoring is None:
            lost = _("The rule for looking was worked out for the earlier plan: choose it again.")
            self.told.value += said(lost, tone="warning")
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
        form.tell(f"{saved} {saved_words(stored)}")
        form.draw()

    def keep_rule(self, study: Study) -> None:
        """Keep the monitoring rule of a study that was tried out, if the study is still the stored one."""
        self.alert.clear()
        if self.stored is None or self._setup_changed() or study.replace(monitoring=None) != self._without_rule():
            self.told.value = mistake(_("Not saved: the plan has changes. Press “Save study” and work it out again."))
            return
        stored = self._write(study, labels=None)
        if stored is not None:
            self._take(stored, setup=True, keep=True)
            self.told.value = said(f"{_('The rule is kept.')} {saved_words(stored)}", tone="good")

    def load_newer(self) -> None:
        """Go on from the newest version in the store; sessions that were typed and not saved stay on the page."""
        newest = self.kept.read()
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

    def _write(self, study: Study, *, labels: dict[str, str] | None) -> Stored | None:
        """Save, or show why not: nothing on the page is lost in either case."""
        stored = self.kept.write(study, labels=labels)
        if stored is None:
            self.told.value = mistake(self.kept.problem)
        return stored

    def _take(self, stored: Stored | None, *, setup: bool, keep: bool) -> None:
        """Show what the store holds."""
        self.kept.take(stored)
        study = None if stored is None else stored.study
        if setup:
            recorded = (
                set() if study is None else {v.measure for c in study.cases for s in c.sessions for v in s.values}
            )
            measures = () if study is None else study.measures
            self.measures_form.show(measures, label=self.kept.labels.get(self.code, ""), kept=recorded)
            self.plan_form.show(study, labels=self.kept.labels)
        self.sessions_form.show(study, labels=self.kept.labels, keep=keep)
        self.effect_form.show(study, labels=self.kept.labels)
        if setup:
            self.monitoring_form.show(study)
        self.effect_form.warn_unsaved(self.sessions_form.unsaved)
        self._show_state()

    def _entered_labels(self) -> dict[str, str]:
        return {self.code: self.measures_form.label.text(), **self.plan_form.labels}

    def _setup_changed(self) -> bool:
        if self.stored is None:
            return self.measures_form.entered
        study = self.plan_form.study
        renamed = any(name != self.kept.labels.get(code, "") for code, name in self._entered_labels().items())
        if study is None or renamed:
            return True
        return bool(self._carried(study) != self.stored.study)

    def _carried(self, study: Study) -> Study:
        """The study with what no part of the set-up asks for; a rule goes with the plan that it was worked out for."""
        if self.stored is None:
            return study
        held = self.stored.study
        study = study.replace(note=held.note, decisions=held.decisions)
        return study.replace(monitoring=held.monitoring) if _same_plan(study, held) else study

    def _without_rule(self) -> Study | None:
        return None if self.stored is None else self.stored.study.replace(monitoring=None)

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
        if self.kept.labels.get(self.code):
            who += f" · {escape(self.kept.labels[self.code])}"
        state = _("Not saved yet: begin with part 1.") if self.stored is None else saved_words(self.stored)
        practice = (
            said(_("Practice mode: nothing is kept. {practice}").format(practice=self.practice), tone="warning")
            if self.practice
            else ""
        )
        note = "" if study is None else said(study.note)
        self.head.value = f'{STYLE}{practice}<p style="font-size:16px;margin:4px 0">{who}</p>{note}{said(state)}'
        if study is not None and not self.practice:
            link = Link(_("The weekly page of this study"), page_url(weekly_page_of(self.workspace, study)))
            self.weekly.value = f"<p>{link.html}</p>"

    def _report(self, summaries: Any) -> str:
        from scd.forms.report_links import make_reports

        assert self.stored is not None
        return make_reports(self.workspace, self.stored.study, summaries=summaries, labels=self.kept.labels)


def _same_plan(study: Study, held: Study) -> bool:
    """Whether phases, length and the watched measure are those that a monitoring rule was simulated for."""
    rule = held.monitoring
    if rule is None:
        return True
    if rule.measure not in [m.key for m in study.outcomes]:
        return False
    plans = [(s.sessions_planned, [c.phases for c in s.cases]) for s in (study, held)]
    scales = [(m.scale, m.range, m.improvement) for m in (study.measure(rule.measure), held.measure(rule.measure))]
    return plans[0] == plans[1] and scales[0] == scales[1]
