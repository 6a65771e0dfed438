"""The door to a clinician's page: it opens what the store holds, for practice, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from scd.forms.alert import PageError, only_foreseen
from scd.forms.closed_page import ClosedPage
from scd.forms.practice import practice_folder
from scd.forms.study_page import Kind, Page
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.records.workspace import find_workspace, init_workspace
from scd.study import StudyError, new_code

__all__ = ["ClosedPage", "Page", "open_page"]

_KINDS: dict[str, Kind] = {"abab": "reversal", "multiple-baseline": "multiple-baseline"}

_PARTS = ("client", "plan", "sessions", "effect")

# A page with unsaved entries outlives its view: when the browser is reloaded, the same page comes back.
_OPEN: dict[tuple[str, str], Page] = {}


def open_page(
    code: str = "", *, kind: Literal["abab", "multiple-baseline"] = "abab", workspace: str = ""
) -> Page | ClosedPage:
    """Open the page of a study: what the store holds, or an empty form before the first save.

    Parameters
    ----------
    code : str
        The study's code, which `scd new` writes into the page. Without one the page is for practice.
    kind : {"abab", "multiple-baseline"}
        The design of a new study.
    workspace : str
        The clinic's folder; by default ``SCD_WORKSPACE``, or the folder that the notebook lies in.

    Returns
    -------
    Page or ClosedPage
        In practice mode, with a store that goes away, when there is no code. Closed, with the reason in words, when
        there is no workspace or its store can't be read, or when something went wrong that nobody foresaw.

    Raises
    ------
    StudyError
        When there is no such kind of page.

    Examples
    --------
    >>> page = open_page()
    >>> "nothing is kept" in page.head.value
    True
    >>> page.check()
    """
    if kind not in _KINDS:
        raise StudyError(f"page {kind!r}: there is none of this kind (there are {', '.join(_KINDS)})", field="kind")
    try:
        with only_foreseen():
            return _stored_page(code, kind=kind, workspace=workspace) if code else _practice_page(kind)
    except (StudyError, PageError) as error:
        return ClosedPage(error, parts=_PARTS)


def _practice_page(kind: str) -> Page:
    folder = practice_folder()
    place = init_workspace(Path(folder.name) / "practice")
    page = Page(new_code(), kind=_KINDS[kind], workspace=place, practice=_(_PRACTICE).format(kind=kind))
    page.folder = folder  # goes away with the page
    return page


def _stored_page(code: str, *, kind: str, workspace: str) -> Page:
    found = find_workspace(workspace or None)
    key = (str(found.path), code)
    held = _OPEN.get(key)
    if held is None or not held.unsaved:
        held = _OPEN[key] = Page(code, kind=_KINDS[kind], workspace=found)
    return held


_PRACTICE = N_("This is the template. To make a page for a client, type this in a terminal: scd new {kind}")
