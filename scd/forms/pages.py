"""A page for a new client: the template, with a fresh code, in the workspace."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from scd.records.workspace import Workspace
from scd.reports.templates import cell_words, template_path
from scd.study import Study, StudyError

__all__ = ["LAB_FOLDER", "caseload_page", "new_page", "page_of", "page_url", "private_folder", "weekly_page_of"]

LAB_FOLDER = Path(".scd") / "lab"
"""Where a workspace keeps what JupyterLab needs, apart from the user's own settings."""

_TEMPLATES = {"abab": "abab", "multiple-baseline": "multiple_baseline"}


def new_page(workspace: Workspace, kind: Literal["abab", "multiple-baseline"], *, code: str | None = None) -> Path:
    """Put a page for a study into a workspace.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.
    kind : {"abab", "multiple-baseline"}
        Which page.
    code : str, optional
        The study that the page shows; by default a new code.

    Returns
    -------
    pathlib.Path
        ``pages/<CODE>.ipynb``; no study has a new code until the page is first saved.

    Raises
    ------
    StudyError
        When there is no such kind of page, or the folder can't be written.

    Examples
    --------
    >>> from scd.records.workspace import init_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = new_page(init_workspace(Path(folder) / "clinic"), "abab")
    ...     page.suffix, f'code = "{page.stem}"' in json.loads(page.read_text())["cells"][1]["source"][0]
    ('.ipynb', True)
    """
    if kind not in _TEMPLATES:
        raise StudyError(f"page {kind!r}: there is none of this kind (there are {', '.join(_TEMPLATES)})", field="kind")
    if code is None:
        with workspace.open() as caseload:
            code = caseload.new_code()
            while (workspace.pages / f"{code}.ipynb").exists():
                code = caseload.new_code()
    return _put(workspace, _TEMPLATES[kind], code=code)


def page_of(workspace: Workspace, study: Study) -> Path:
    """The page of a stored study; one is made where there is none, as after an import.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.
    study : Study
        As stored.

    Returns
    -------
    pathlib.Path
        ``pages/<CODE>.ipynb``.
    """
    path = workspace.pages / f"{study.code}.ipynb"
    kind = "abab" if study.design == "reversal" else "multiple_baseline"
    return path if path.exists() else _put(workspace, kind, code=study.code)


def weekly_page_of(workspace: Workspace, study: Study) -> Path:
    """The page for the time between the sessions of a stored study; it is made where it is missing.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.
    study : Study
        As stored.

    Returns
    -------
    pathlib.Path
        ``pages/weekly-<CODE>.ipynb``.
    """
    path = workspace.pages / f"weekly-{study.code}.ipynb"
    return path if path.exists() else _put(workspace, "between_sessions", code=study.code, name=path.stem)


def page_url(page: Path) -> str:
    """Where the browser finds a page of the workspace: by the server of `scd lab`, or else beside this page.

    Examples
    --------
    >>> page_url(Path("clinic/pages/K7M2QX.ipynb"))[-12:]
    'K7M2QX.ipynb'
    """
    lab = os.environ.get("SCD_LAB_URL", "")
    return f"{lab}doc/tree/{quote(f'pages/{page.name}')}" if lab else quote(page.name)


def caseload_page(workspace: Workspace) -> Path:
    """The page that lists all studies; it is made where it is missing.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.

    Returns
    -------
    pathlib.Path
        ``pages/caseload.ipynb``.
    """
    path = workspace.pages / "caseload.ipynb"
    return path if path.exists() else _put(workspace, "caseload", code="")


def _put(workspace: Workspace, template: str, *, code: str, name: str = "") -> Path:
    """Copy a template, write the code into its parameters, and sign it."""
    page = json.loads(template_path(template).read_text(encoding="utf-8"))
    for cell in page["cells"]:
        cell["source"] = cell_words(cell).splitlines(keepends=True)
        if code and "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = [f'code = "{code}"  # the study that this page shows\n', 'workspace = ""']
    path = workspace.pages / f"{name or code or template}.ipynb"
    _write(path, json.dumps(page, ensure_ascii=False, indent=1) + "\n")
    _trust(workspace, path)
    return path


def private_folder(inside: Path, below: Path) -> Path:
    """Make folders below one another that only the user can enter, and return the last.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     oct(private_folder(Path(folder), Path("a") / "b").parent.stat().st_mode & 0o777)
    '0o700'
    """
    folder = inside
    for part in below.parts:
        folder = folder / part
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _write(path: Path, text: str) -> None:
    """Write a whole file or none."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-", suffix=".ipynb")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError as error:
        raise StudyError(f"page '{path}': can't be written ({error.strerror})", field="workspace") from None


def _trust(workspace: Workspace, path: Path) -> None:
    """Sign the page, so that `scd lab` runs it by itself; a page from elsewhere waits to be run."""
    import nbformat
    from nbformat.sign import NotebookNotary

    data = private_folder(workspace.path, LAB_FOLDER / "data")
    NotebookNotary(data_dir=str(data)).sign(nbformat.read(path, as_version=4))
