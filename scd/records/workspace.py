"""The workspace: one private folder that holds a clinic's store, its notebooks and its reports."""

from __future__ import annotations

import difflib
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from scd.records.caseload import Caseload, open_caseload
from scd.study import StudyError

__all__ = ["Workspace", "find_workspace", "init_workspace"]

_MARKER = "scd.toml"
_SETTINGS = ("store",)
_FIRST_SETTINGS = """\
# This folder is a workspace of scd: caseload.sqlite holds all studies, pages/ the notebooks, reports/ the reports.
# To keep the caseload in PostgreSQL instead, remove the sign at the beginning of the next line and fill it in.
# store = "postgresql+psycopg://user@host/database"
"""


@dataclass(frozen=True)
class Workspace:
    """A clinic's folder; made by `init_workspace`, found by `find_workspace`.

    Parameters
    ----------
    path : pathlib.Path
        The folder.

    Examples
    --------
    >>> Workspace(Path("clinic")).reports.as_posix()
    'clinic/reports'
    """

    path: Path

    @property
    def store(self) -> Path:
        """The SQLite file of the caseload; not in use when the settings name a PostgreSQL database."""
        return self.path / "caseload.sqlite"

    @property
    def pages(self) -> Path:
        """The folder of the notebooks."""
        return self.path / "pages"

    @property
    def reports(self) -> Path:
        """The folder of the reports."""
        return self.path / "reports"

    @property
    def settings(self) -> Path:
        """The file that makes the folder a workspace."""
        return self.path / _MARKER

    def open(self, *, who: str | None = None) -> Caseload:
        """Open the caseload: the SQLite file, or the database that ``store`` in ``scd.toml`` names.

        Parameters
        ----------
        who : str, optional
            Whose name the audit gets; by default the user's name in the operating system.

        Returns
        -------
        Caseload
            To be closed after use, best by ``with``.

        Raises
        ------
        StudyError
            When the settings can't be read, or the store is missing or can't be opened.
        """
        url = _read_settings(self.settings).get("store")
        if url is not None:
            return open_caseload(url, who=who)
        if not self.store.exists():
            raise StudyError(
                f"workspace '{self.path}': its store {self.store.name} is missing; restore it from a backup, or begin "
                f"an empty one with: scd init '{self.path}'",
                field="store",
            )
        return open_caseload(self.store, who=who)


def init_workspace(path: str | Path) -> Workspace:
    """Make a folder a workspace, readable by nobody else; in one that is there already, make what is missing.

    Parameters
    ----------
    path : str or pathlib.Path
        A new or empty folder, or a workspace.

    Returns
    -------
    Workspace
        The workspace, with an absolute path.

    Raises
    ------
    StudyError
        When the folder holds other things, or can't be made.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     workspace = init_workspace(Path(folder) / "clinic")
    ...     sorted(entry.name for entry in workspace.path.iterdir())
    ['caseload.sqlite', 'pages', 'reports', 'scd.toml']
    """
    workspace = Workspace(Path(path).expanduser().absolute())
    where = f"folder '{workspace.path}'"
    try:
        if not workspace.path.is_dir() and workspace.path.exists():
            raise StudyError(f"{where}: is a file; name a folder", field="path")
        if not workspace.settings.exists() and workspace.path.is_dir() and any(workspace.path.iterdir()):
            raise StudyError(f"{where}: holds other things; name a new or an empty folder", field="path")
        workspace.path.parent.mkdir(parents=True, exist_ok=True)
        for folder in (workspace.path, workspace.pages, workspace.reports):
            folder.mkdir(mode=0o700, exist_ok=True)
            folder.chmod(0o700)
        if not workspace.settings.exists():
            workspace.settings.touch(mode=0o600)
            workspace.settings.write_text(_FIRST_SETTINGS, encoding="utf-8")
        workspace.settings.chmod(0o600)  # a store's URL may hold a password
    except OSError as error:
        raise StudyError(f"{where}: can't be made a workspace ({error.strerror})", field="path") from None
    if "store" not in _read_settings(workspace.settings):
        open_caseload(workspace.store).close()
    return workspace


def find_workspace(path: str | Path | None = None) -> Workspace:
    """Find the workspace to work in.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        The folder, when it is named. Else the environment variable ``SCD_WORKSPACE`` names it, else it is the current
        folder, or the one above when the current folder is the ``pages`` or ``reports`` of a workspace.

    Returns
    -------
    Workspace
        The workspace, with an absolute path.

    Raises
    ------
    StudyError
        When the folder is no workspace; the message says how to make one.

    Examples
    --------
    >>> find_workspace("/nowhere")
    Traceback (most recent call last):
    scd.study.errors.StudyError: folder '/nowhere': is not a workspace of scd; make one with: scd init '/nowhere'
    """
    named = path if path is not None else os.environ.get("SCD_WORKSPACE") or None
    if named is not None:
        found = Workspace(Path(named).expanduser().absolute())
        if found.settings.is_file():
            return found
        told = "" if path is not None else " (SCD_WORKSPACE names it)"
        raise StudyError(
            f"folder '{found.path}'{told}: is not a workspace of scd; make one with: scd init '{found.path}'",
            field="workspace",
        )
    here = Path.cwd()
    candidates = [here, here.parent] if here.name in ("pages", "reports") else [here]
    for folder in candidates:
        if (folder / _MARKER).is_file():
            return Workspace(folder)
    raise StudyError(
        f"folder '{here}': is not a workspace of scd; go to one, name it with --workspace or SCD_WORKSPACE, "
        "or make one with: scd init FOLDER",
        field="workspace",
    )


def _read_settings(file: Path) -> dict[str, str]:
    where = f"settings '{file}'"
    try:
        settings = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise StudyError(f"{where}: can't be read ({error.strerror})", field="settings") from None
    except UnicodeDecodeError:
        raise StudyError(f"{where}: is not UTF-8 text; save it as that", field="settings") from None
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{where}: is not valid TOML: {error}", field="settings") from None
    for key in settings:
        if key not in _SETTINGS:
            near = difflib.get_close_matches(key, _SETTINGS, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"known are: {', '.join(_SETTINGS)}"
            raise StudyError(f"{where}: has an unknown key '{key}'; {hint}", field=key)
    store = settings.get("store", "postgresql")
    if not isinstance(store, str) or not store.startswith("postgresql"):  # what it got may hold a password
        raise StudyError(
            f"{where}: key 'store' must be a URL in quotes, such as \"postgresql+psycopg://user@host/database\"",
            field="store",
        )
    return settings
