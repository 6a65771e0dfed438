"""The study behind a page: read, saved under its revision, and never over a newer version of somebody else's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import ipywidgets as widgets

from scd.forms.alert import Alert
from scd.forms.markup import mistake, said
from scd.forms.view import View, button, shown
from scd.language import current_language, day
from scd.language import gettext as _
from scd.records.caseload import StaleSave, Stored
from scd.records.workspace import Workspace
from scd.study import Study, StudyError

__all__ = ["KeptStudy", "saved_words"]


class KeptStudy(View):
    """What the store holds of one study. Shown, it tells when somebody else has saved it meanwhile.

    Attributes ``stored`` is the version that the page shows (None before the first save), ``labels`` the clinic's own
    names by code, ``problem`` why the last save was refused, ``conflict`` and ``load`` message and button about a newer
    version.

    Parameters
    ----------
    code : str
        The study's code.
    workspace : Workspace
        The clinic's folder.
    alert : Alert
        Where an unforeseen error is shown.
    renew : callable
        Called by the button that brings the newest version onto the page.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from scd.records.workspace import init_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = init_workspace(Path(folder) / "clinic")
    ...     KeptStudy("K7M2QX", workspace=place, alert=Alert(), renew=lambda: None).stored is None
    True
    """

    def __init__(self, code: str, *, workspace: Workspace, alert: Alert, renew: Callable[[], None]) -> None:
        self.code = code
        self.workspace = workspace
        self.newer: Stored | None = None
        self.problem = ""
        self.labels: dict[str, str] = {}
        self.stored: Stored | None = self.read()
        self.conflict = shown()
        self.load = button(_("Load the newer one"), alert.guard(lambda _button: renew()))
        super().__init__([widgets.VBox([self.conflict, self.load])])
        self.take(self.stored)

    def read(self) -> Stored | None:
        """The newest version in the store, or None where there is none."""
        with self.workspace.open() as caseload:
            known = {
                code for s in caseload.list(retired=True) for code in (s.study.code, *(c.code for c in s.study.cases))
            }
            return caseload.get(self.code) if self.code in known else None

    def take(self, stored: Stored | None) -> None:
        """Go on from this version: what the next save begins with."""
        self.stored = stored
        self.labels = {} if stored is None else self._read_labels()
        self.newer, self.problem, self.conflict.value = None, "", ""
        self.layout.display = "none"

    def write(self, study: Study, *, labels: Mapping[str, str] | None = None, reason: str = "") -> Stored | None:
        """Save, or tell why not; in either case nothing on the page is lost.

        Parameters
        ----------
        study : Study
            The whole study, as it shall be.
        labels : mapping of str to str, optional
            New names by code.
        reason : str
            A note for the audit.

        Returns
        -------
        Stored or None
            None when it was refused: because of a newer version, which is shown, or for what `problem` says.
        """
        self.problem = ""
        try:
            if self.stored is None and (newer := self.read()) is not None:
                self._refuse(newer)
                return None
            with self.workspace.open() as caseload:
                if self.stored is None:
                    return caseload.add(study, labels=labels)
                return caseload.save(study, revision=self.stored.revision, labels=labels, reason=reason)
        except StaleSave as error:
            self._refuse(error.stored)
        except StudyError as error:
            self.problem = _("Not saved. {message}").format(message=error.message)
        return None

    def _read_labels(self) -> dict[str, str]:
        with self.workspace.open() as caseload:
            return caseload.labels(self.code)

    def _refuse(self, newer: Stored) -> None:
        self.newer = newer
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
        self.layout.display = ""


def saved_words(stored: Stored) -> str:
    """When a version was saved, in words."""
    return _("Saved {when}, revision {revision}.").format(when=_when(stored), revision=stored.revision)


def _when(stored: Stored) -> str:
    at = stored.saved_at.astimezone()
    today = dt.datetime.now().astimezone().date()
    if at.date() == today:
        return _("today at {time}").format(time=f"{at:%H:%M}")
    told = f"{at:%d %B %Y}" if current_language() == "en" else day(at.date())
    return _("on {day} at {time}").format(day=told, time=f"{at:%H:%M}")
