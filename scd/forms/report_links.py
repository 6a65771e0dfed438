"""The reports of a study, and where they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from scd.forms.markup import Link, said
from scd.forms.schedule import case_name
from scd.language import gettext as _
from scd.records.workspace import Workspace
from scd.study import Study, StudyError

if TYPE_CHECKING:
    from scd.analysis.summary import Summary

__all__ = ["file_link", "make_reports"]


def make_reports(workspace: Workspace, study: Study, *, summaries: Sequence[Summary], labels: Mapping[str, str]) -> str:
    """Make the pages for clinician and client, and say where they are.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.
    study : Study
        As stored.
    summaries : sequence of Summary
        Its estimates, the headline's first.
    labels : mapping of str to str
        The clinic's own names by code.

    Returns
    -------
    str
        HTML with a link to each page, where this notebook's server hands out files, and its path.

    Raises
    ------
    StudyError
        When a page could not be made, or is another client's.
    """
    from scd.reports.report import make_report, page_path
    from scd.reports.shares import has_several_clients

    wanted = [(_("Report for the clinician"), study.code, "clinician")]
    if has_several_clients(study):  # each gets a page that shows nobody else
        wanted += [
            (_("Report for the client {client}").format(client=case_name(c.code, labels)), c.code, "client")
            for c in study.cases
        ]
    else:
        wanted.append((_("Report for the client"), study.code, "client"))
    for audience in ("clinician", "client"):
        make_report(workspace, study.code, audience=audience, summaries=summaries)
    links = []
    for name, code, audience in wanted:
        path = page_path(workspace, code, audience=audience)
        _check_page(path, code=code, fingerprint=study.fingerprint())
        links.append(f"<li>{file_link(name, path, workspace=workspace)}</li>")
    return said(_("The reports are made:"), tone="good") + f'<ul style="line-height:1.6">{"".join(links)}</ul>'


def _check_page(path: Path, *, code: str, fingerprint: str) -> None:
    """The worst mistake would be a link to another client's page: what the page says about itself decides."""
    from scd.reports.html import page_facts

    told = page_facts(path.read_text(encoding="utf-8")) if path.exists() else {}
    if (told.get("scd-code"), told.get("scd-fingerprint")) != (code, fingerprint):
        raise StudyError(f"report '{path.name}': is not the page of {code} as it is now; make the reports again")


def file_link(name: str, path: Path, *, workspace: Workspace) -> str:
    """A link to a file of the workspace, where this notebook's server hands out files, and where the file is.

    Parameters
    ----------
    name : str
        What people read.
    path : pathlib.Path
        The file.
    workspace : Workspace
        The clinic's folder.

    Returns
    -------
    str
        HTML.
    """
    lab = os.environ.get("SCD_LAB_URL", "")
    place = f'<br><span style="color:#555">{escape(str(path))}</span>'
    if not lab or not path.is_relative_to(workspace.path):
        return escape(name) + place
    url = f"{lab}files/" + quote(path.relative_to(workspace.path).as_posix())
    return f"{Link(name, url).html} {_('(opens in a new tab)')}{place}"
