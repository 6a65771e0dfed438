"""The first page of a workspace: all studies by the clinic's own names, each with a link to its page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from scd.forms.alert import Alert, only_foreseen
from scd.forms.markup import STYLE, Link, mistake, said, table
from scd.forms.pages import new_page, page_of, page_url, weekly_page_of
from scd.forms.view import View, button, row, shown
from scd.language import current_language, moment
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.records.caseload import Stored
from scd.records.workspace import Workspace, find_workspace
from scd.study import StudyError

__all__ = ["CaseloadPage", "open_caseload_page"]

_HEAD = (
    N_("Open"),
    N_("Each week"),
    N_("Your name for it"),
    N_("Design"),
    N_("Measures"),
    N_("Sessions"),
    N_("Last saved"),
)


class CaseloadPage(View):
    """All studies of a workspace, and the way to a new one.

    Parameters
    ----------
    workspace : Workspace, optional
        The clinic's folder; None when there is none, which the page then says.

    Examples
    --------
    >>> "no workspace here" in CaseloadPage(None).list.value
    True
    """

    def __init__(self, workspace: Workspace | None) -> None:
        self.workspace = workspace
        self.alert = Alert()
        self.list = shown()
        self.told = shown()
        guard = self.alert.guard
        self.abab = button(_("New page: AB, ABA or ABAB"), guard(lambda _b: self.add("abab")))
        self.staircase = button(_("New page: multiple baseline"), guard(lambda _b: self.add("multiple-baseline")))
        self.again = button(_("Refresh the list"), guard(lambda _b: self.show()))
        super().__init__([self.list, row([self.abab, self.staircase, self.again]), self.told, self.alert])
        self.show()

    def show(self) -> None:
        """Read the store and show every study."""
        if self.workspace is None:
            self.list.value = said(_("Practice mode: there is no workspace here, and so no list."), tone="warning")
            return
        with self.workspace.open() as caseload:
            held = [(stored, caseload.labels(stored.study.code)) for stored in caseload.list()]
            known = {stored.study.code for stored in caseload.list(retired=True)}
        rows = [_row(self.workspace, stored, labels) for stored, labels in held]
        waiting = sorted(p for p in self.workspace.pages.glob("[A-Z]*.ipynb") if p.stem not in known)
        waiting = [p for p in waiting if "-" not in p.stem]  # those are weekly pages
        rows += [(_link(p), "", "", _("not saved yet"), "", "", "") for p in waiting]
        if not rows:
            self.list.value = STYLE + said(_("No study yet: begin with one of the two buttons."))
            return
        self.list.value = STYLE + table([_(name) for name in _HEAD], rows)

    def add(self, kind: Literal["abab", "multiple-baseline"]) -> None:
        """Make a page for a new study, and show where it is."""
        self.alert.clear()
        if self.workspace is None:
            self.told.value = mistake(_("There is no workspace here. Make one in a terminal: scd init FOLDER"))
            return
        try:
            page = new_page(self.workspace, kind)
        except StudyError as error:
            self.told.value = mistake(error.message)
            return
        self.show()
        self.told.value = f"<p>✓ {_('The page is ready:')} {_link(page).html}</p>"


def open_caseload_page(workspace: str = "") -> CaseloadPage:
    """Open the list of all studies.

    Parameters
    ----------
    workspace : str
        The clinic's folder; by default ``SCD_WORKSPACE``, or the folder that the notebook lies in.

    Returns
    -------
    CaseloadPage

    Raises
    ------
    StudyError
        When a folder is named that is no workspace.

    Examples
    --------
    >>> open_caseload_page("/nowhere")
    Traceback (most recent call last):
    scd.study.errors.StudyError: folder '/nowhere': is not a workspace of scd; make one with: scd init '/nowhere'
    """
    with only_foreseen():
        if not workspace and not os.environ.get("SCD_WORKSPACE"):
            try:
                return CaseloadPage(find_workspace())
            except StudyError:
                return CaseloadPage(None)
        return CaseloadPage(find_workspace(workspace or None))


def _row(workspace: Workspace, stored: Stored, labels: dict[str, str]) -> tuple[object, ...]:
    study = stored.study
    pages = page_of(workspace, study), weekly_page_of(workspace, study)
    names = list(dict.fromkeys(labels[c] for c in [study.code, *(c.code for c in study.cases)] if labels.get(c)))
    phases = "-".join(p.label for p in study.cases[0].phases)
    design = f"{len(study.cases)} {_(study.across)}, {phases}" if study.across else phases
    counts = sorted({len(case.sessions) for case in study.cases})
    sessions = _("{low} to {high}").format(low=counts[0], high=counts[-1]) if len(counts) > 1 else str(counts[0])
    measures = ", ".join(m.label for m in study.measures)
    weekly = Link(_("weekly page"), page_url(pages[1]))
    return (_link(pages[0]), weekly, ", ".join(names), design, measures, sessions, _saved(stored))


def _saved(stored: Stored) -> str:
    at = stored.saved_at.astimezone()
    return f"{at:%d %b %Y, %H:%M}" if current_language() == "en" else moment(at)


def _link(page: Path) -> Link:
    return Link(page.stem, page_url(page))
