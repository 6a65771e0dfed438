"""The reports of a study, and where they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from scd.forms.markup import LINK, said
from scd.forms.schedule import case_name
from scd.records.workspace import Workspace
from scd.study import Study

if TYPE_CHECKING:
    from scd.analysis.summary import Summary

__all__ = ["make_reports"]


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
        When a page could not be made.
    """
    from scd.reports.report import make_report, page_path

    made = {"Report for the clinician": make_report(workspace, study.code, audience="clinician", summaries=summaries)}
    first = make_report(workspace, study.code, audience="client", summaries=summaries)
    if study.across == "clients":  # each client gets a page that shows nobody else
        for case in study.cases:
            path = page_path(workspace, case.code, audience="client")
            if path.exists():
                made[f"Report for the client {case_name(case.code, labels)}"] = path
    else:
        made["Report for the client"] = first
    items = "".join(f"<li>{_link(name, path, workspace)}</li>" for name, path in made.items())
    return said("The reports are made:", tone="good") + f'<ul style="line-height:1.6">{items}</ul>'


def _link(name: str, path: Path, workspace: Workspace) -> str:
    lab = os.environ.get("SCD_LAB_URL", "")
    place = f'<br><span style="color:#555">{escape(str(path))}</span>'
    if not lab or not path.is_relative_to(workspace.path):
        return escape(name) + place
    url = f"{lab}files/" + quote(path.relative_to(workspace.path).as_posix())
    link = f'<a href="{escape(url)}" style="{LINK}" target="_blank" rel="noopener">{escape(name)}</a>'
    return f"{link} (opens in a new tab){place}"
