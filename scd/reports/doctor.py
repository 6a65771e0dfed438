"""Whether this installation can do its work, and how to mend what it can't."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata

from scd.records import Workspace
from scd.study import StudyError

__all__ = ["Check", "examine"]

_TEMPLATES = ("abab", "multiple_baseline", "report_client", "report_clinician")
_INSTALL = "install scd again, so that its libraries come with it"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Parameters
    ----------
    name : str
        What was looked at.
    found : str
        What was found.
    mend : str
        How to mend it; empty when all is well.
    """

    name: str
    found: str
    mend: str = ""

    @property
    def ok(self) -> bool:
        """Whether all is well."""
        return not self.mend


def examine(workspace: Workspace | None) -> Iterator[Check]:
    """Look at everything that scd stands on, one thing after the other.

    Parameters
    ----------
    workspace : Workspace, optional
        The clinic's folder; without one, only the installation is looked at.

    Yields
    ------
    Check
        As soon as it is known; a problem never stops the rest.
    """
    yield _python()
    yield from _versions()
    yield _templates()
    yield _charts()
    yield _kernel()
    if workspace is None:
        yield Check("workspace", "none here (name one with --workspace, or make one with: scd init FOLDER)")
        return
    yield from _private(workspace)
    yield _store(workspace)
    yield _leftovers(workspace)


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check("Python", found, "" if sys.version_info >= (3, 12) else "use Python 3.12 or newer")


def _versions() -> Iterator[Check]:
    from packaging.requirements import Requirement

    try:
        told = metadata.requires("scd") or []
    except metadata.PackageNotFoundError:
        yield Check("libraries", "scd itself is not installed", "install scd, for instance with: uv sync")
        return
    for requirement in map(Requirement, told):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        try:
            found = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            yield Check(requirement.name, "missing", _INSTALL)
            continue
        fits = requirement.specifier.contains(found, prereleases=True)
        yield Check(
            requirement.name,
            found if fits else f"{found}, needs {requirement.specifier}",
            "" if fits else _INSTALL,
        )


def _templates() -> Check:
    from scd.reports.templates import template_names

    try:
        found = template_names()
    except StudyError as error:
        return Check("templates", "missing", error.message)
    lacking = [name for name in _TEMPLATES if name not in found]
    return Check("templates", f"without {', '.join(lacking)}" if lacking else f"{len(found)} found",
                 "install scd again: its templates are not whole" if lacking else "")  # fmt: skip


def _charts() -> Check:
    from scd.charts.study_chart import study_chart
    from scd.charts.svg import to_svg
    from scd.reports.example import example_study

    study = example_study()
    try:
        chart = study_chart(study.frame(), measure=study.measures[0], phases=study.phase_frame())
        svg = to_svg(chart, title="Check", description="Check")
    except (ValueError, RuntimeError, OSError) as error:
        return Check("charts", f"not drawn ({_first_line(error)})", f"{_INSTALL} (vl-convert-python draws the charts)")
    return Check("charts", f"drawn without a network ({len(svg) // 1000} kB)")


def _kernel() -> Check:
    from nbformat.v4 import new_code_cell, new_notebook

    from scd.reports.engine import SENTINEL, ReportError, run_notebook

    cells = [new_code_cell('job = ""', metadata={"tags": ["parameters"]}), new_code_cell(f"print('{SENTINEL}')")]
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3"}, "language_info": {"name": "python"}}
    try:
        run_notebook(new_notebook(cells=cells, metadata=python), name="check", parameters={"job": ""}, seconds=90)
    except ReportError as error:
        return Check("kernel", _last_line(error), f"{_INSTALL} (ipykernel runs the reports)")
    return Check("kernel", "starts and answers, without a network port")


def _private(workspace: Workspace) -> Iterator[Check]:
    if os.name != "posix":
        yield Check("permissions", "not looked at on this system")
        return
    for path in (workspace.path, workspace.pages, workspace.reports, workspace.store):
        if not path.exists():
            continue
        mode = stat.S_IMODE(path.stat().st_mode)
        wanted = "700" if path.is_dir() else "600"
        mend = f"run: chmod {wanted} '{path}'" if mode & 0o077 else ""
        name = "workspace" if path == workspace.path else path.name
        yield Check(f"permissions of {name}", f"{mode:o}" + (", others can get in" if mend else ""), mend)


def _store(workspace: Workspace) -> Check:
    try:
        with workspace.open() as caseload:
            studies = caseload.list()
    except StudyError as error:
        return Check("store", "can't be used", error.message)
    return Check("store", f"opens and is whole; {len(studies)} {'study' if len(studies) == 1 else 'studies'}")


def _leftovers(workspace: Workspace) -> Check:
    from scd.reports.report import job_folders

    left = job_folders(workspace)
    mend = f"no report is being made? Then delete: {', '.join(str(p) for p in left)}" if left else ""
    return Check("unfinished reports", f"{len(left)} left behind" if left else "none", mend)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _last_line(error: StudyError) -> str:
    return error.message.splitlines()[-1][:200]
