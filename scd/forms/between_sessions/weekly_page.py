"""The weekly page: one stored client, top to bottom, and the store behind it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html import escape
from typing import Any

from scd.analysis.steering import Steering, record_decision, steer
from scd.analysis.summary import Summary
from scd.forms.alert import Alert
from scd.forms.between_sessions.decide_form import DecideForm
from scd.forms.between_sessions.experiment_form import ExperimentForm
from scd.forms.between_sessions.look_view import LookView
from scd.forms.between_sessions.papers_form import PapersForm
from scd.forms.kept_study import KeptStudy, saved_words
from scd.forms.markup import STYLE, Link, said
from scd.forms.pages import page_of, page_url
from scd.forms.report_links import file_link, make_reports
from scd.forms.schedule import case_name
from scd.forms.sessions_form import SessionsForm
from scd.forms.view import View, shown
from scd.language import gettext as _
from scd.language import ngettext
from scd.records.workspace import Workspace
from scd.study import Study, StudyError

__all__ = ["PARTS", "WeeklyPage"]

PARTS = ("record", "look", "decide", "experiment", "papers")
"""Names of the parts of the page, from top to bottom."""


class WeeklyPage(View):
    """A stored study between two sessions: record, look, decide, plan the next experiment, take papers along.

    Shown itself, it tells the state; its parts are shown by the cells below it. Attributes ``record``, ``look``,
    ``decide``, ``experiment`` and ``papers`` are the parts as they stand on the page.

    Parameters
    ----------
    code : str
        The study's code.
    workspace : Workspace
        The clinic's folder.
    practice : str
        When nothing is kept: why, in one sentence.

    Raises
    ------
    StudyError
        When the store has no such study.
    """

    def __init__(self, code: str, *, workspace: Workspace, practice: str = "") -> None:
        super().__init__()
        self.code, self.workspace, self.practice = code, workspace, practice
        self.alert = Alert()
        guard = self.alert.guard
        self.kept = KeptStudy(code, workspace=workspace, alert=self.alert, renew=self.load_newer)
        if self.kept.stored is None:
            raise StudyError(
                f"study '{code}': is not in this store yet; set it up on its own page first, and save it", field="code"
            )
        self.head = shown()
        self.children = [self.head]
        self.sessions_form = SessionsForm(self.alert, save=self.save_sessions, drawn=False)
        self.look_view = LookView(self.alert, steer=_steered)
        self.decide_form = DecideForm(self.alert, record=self.record_decision)
        self.experiment_form = ExperimentForm(self.alert, make=self.set_up)
        self.papers_form = PapersForm(self.alert, reporter=self._report, printer=self._print)
        self.record = View([self.sessions_form, self.kept, self.alert])
        self.look = View([self.look_view, self.alert])
        self.decide = View([self.decide_form, self.kept, self.alert])
        self.experiment = View([self.experiment_form, self.alert])
        self.papers = View([self.papers_form, self.alert])
        self.sessions_form.chosen.watch(guard(lambda _change: self._show_case()))
        self.look_view.observe(guard(lambda _change: self._show_found()), names=["found", "processes"])
        self.look_view.together.observe(guard(lambda _change: self._lay_out()), names="value")
        self._show(keep=False)

    @property
    def study(self) -> Study:
        """As stored."""
        assert self.kept.stored is not None
        return self.kept.stored.study

    @property
    def case(self) -> str:
        """The code of the case that is on the page."""
        return str(self.sessions_form.chosen.value)

    @property
    def unsaved(self) -> bool:
        """Whether something on the page is not in the store."""
        return self.sessions_form.unsaved > 0 or bool(self.decide_form.reason.text())

    def save_sessions(self) -> None:
        """Save the sessions and phase starts that were entered; with a mistake nothing is saved."""
        self.alert.clear()
        form = self.sessions_form
        wrong = form.find_mistakes()
        if wrong:
            form.tell(_("Not saved. Mend this first:") + f"\n{wrong}", wrong=True)
            return
        if not form.unsaved or form.study is None:
            form.tell(_("There is nothing new to save."))
            return
        count = form.unsaved
        stored = self.kept.write(form.study)
        if stored is None:
            form.tell(self.kept.problem or _("Not saved: see the message below."), wrong=True)
            return
        self.kept.take(stored)
        self._show(keep=False)
        saved = ngettext("{n} entry saved.", "{n} entries saved.", count).format(n=count)
        form.tell(f"{saved} {saved_words(stored)}")

    def record_decision(self, decided: Any, reason: str) -> tuple[str, bool]:
        """Record what was decided about the case on the page.

        Returns
        -------
        str
            What came of it, in words.
        bool
            Whether nothing was recorded.
        """
        self.alert.clear()
        found = self.look_view.found
        if self.sessions_form.unsaved:
            return _("Not recorded: sessions above are not saved yet. Save them and look again."), True
        if found is None or (found.case, found.fingerprint) != (self.case, self.study.fingerprint()):
            return _("Not recorded: there is nothing to look at yet, or it is still being worked out."), True
        try:
            now = dt.datetime.now(dt.UTC)
            study = record_decision(self.study, steering=found, decided=decided, reason=reason, decided_at=now)
        except StudyError as error:
            return _("Not recorded. {message}").format(message=error.message), True
        stored = self.kept.write(study, reason="decision")
        if stored is None:
            return self.kept.problem or _("Not recorded: see the message below."), True
        self.kept.take(stored)
        self._show(keep=True)
        told = _("The decision is recorded.")
        if decided == "move on":
            told += " " + _("The next phase begins with its next session; part 1 asks when, and why if not as planned.")
        return told, False

    def set_up(self, plan: Callable[[str], Study]) -> str:
        """Store the plan of the next experiment under a new code, make its page, and say where it is.

        Returns
        -------
        str
            HTML with a link.

        Raises
        ------
        StudyError
            When it can't be stored.
        """
        label = self.kept.labels.get(self.case) or self.kept.labels.get(self.code, "")
        with self.workspace.open() as caseload:
            new = plan(caseload.new_code())
            stored = caseload.add(new, labels={new.code: label} if label else None, reason=f"next after {self.code}")
        page = page_of(self.workspace, stored.study)
        link = Link(_("Open the page of {code}").format(code=new.code), page_url(page)).html
        told = said(_("The next experiment is set up, under the code {code}.").format(code=new.code), tone="good")
        return f"{told}<p>{link}</p>"

    def load_newer(self) -> None:
        """Go on from the newest version in the store; sessions that were typed and not saved stay on the page."""
        self.kept.take(self.kept.read())
        self._show(keep=True)

    def check(self) -> None:
        """Do nothing when the page is whole.

        Raises
        ------
        StudyError
            When a part is missing, or an unforeseen error is shown.
        """
        for name in PARTS:
            if not getattr(self, name).children:
                raise StudyError(f"page: its part '{name}' is empty; run all cells again")
        if self.alert.value:
            raise StudyError("page: shows an error; see the message above")

    def _show(self, *, keep: bool) -> None:
        """Show what the store holds."""
        assert self.kept.stored is not None
        self.sessions_form.show(self.study, labels=self.kept.labels, keep=keep)
        practice = (
            said(_("Practice mode: nothing is kept. {practice}").format(practice=self.practice), tone="warning")
            if self.practice
            else ""
        )
        name = self.kept.labels.get(self.code)
        who = f"<b>{escape(self.code)}</b>" + (f" · {escape(name)}" if name else "")
        setup = ""
        if not self.practice:
            url = page_url(page_of(self.workspace, self.study))
            setup = f"<p>{Link(_('Set-up, all sessions and the whole effect'), url).html}</p>"
        self.head.value = (
            f'{STYLE}{practice}<p style="font-size:16px;margin:4px 0">{who}</p>'
            f"{said(saved_words(self.kept.stored))}{setup}"
        )
        self._show_case()

    def _show_case(self) -> None:
        self.papers_form.show(self.study, case=self.case)
        self.look_view.show(self.study, case=self.case, labels=self.kept.labels)
        self._show_found()

    def _show_found(self) -> None:
        """What the look has found is what there is to decide on, and what leads to the next experiment."""
        found = self.look_view.found
        mine = found if found is not None and found.case == self.case else None
        self.decide_form.show(self.study, case=self.case, found=mine, labels=self.kept.labels)
        self.experiment_form.show(self.study, case=self.case, processes=self.look_view.processes)

    def _lay_out(self) -> None:
        """Looking at it together, nothing but the client's view is on the page."""
        hidden = "none" if self.look_view.together.value else ""
        for part in (self.record, self.decide, self.experiment, self.papers):
            part.layout.display = hidden
        self.head.layout.display = hidden

    def _report(self, summaries: tuple[Summary, ...]) -> str:
        return make_reports(self.workspace, self.study, summaries=summaries, labels=self.kept.labels)

    def _print(self, *, weeks: int, start: dt.date | None, every: str) -> str:
        """Write sheet, file and calendar of the case on the page, and say where they are."""
        from scd.design.calendar import diary_calendar
        from scd.design.diary import diary_of
        from scd.records.diary import diary_csv
        from scd.records.export import write_file
        from scd.reports.diary import diary_sheet

        assert self.kept.stored is not None
        made = diary_of(self.study, case=self.case, weeks=weeks, start=start, every=every)
        calendar = diary_calendar(made, stamp=self.kept.stored.saved_at, revision=self.kept.stored.revision)
        written = (
            (_("Diary to print"), "html", diary_sheet(made)),
            (_("Diary to fill in (CSV)"), "csv", diary_csv(made)),
            (_("Calendar (ICS)"), "ics", calendar),
        )
        links = []
        for name, ending, content in written:
            path = self.workspace.reports / f"diary-{made.code}.{ending}"
            write_file(path, content)
            links.append(f"<li>{file_link(name, path, workspace=self.workspace)}</li>")
        who = case_name(made.code, self.kept.labels)
        told = ngettext("{n} day for {who}:", "{n} days for {who}:", len(made.days)).format(n=len(made.days), who=who)
        return said(told, tone="good") + f'<ul style="line-height:1.6">{"".join(links)}</ul>'


def _steered(study: Study, case: str) -> Steering:
    return steer(study, case=case, looked_at=dt.datetime.now(dt.UTC))
