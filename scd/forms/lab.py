"""How `scd lab` starts JupyterLab: on this computer only, with settings of its own, leaving the user's alone."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.resources import as_file, files
from pathlib import Path

from scd.forms.pages import LAB_FOLDER, caseload_page, private_folder
from scd.records.workspace import Workspace
from scd.study import StudyError

__all__ = ["lab_command"]

_FOLDERS = ("config", "data", "runtime", "ipython", "settings", "workspaces", "checkpoints")

# What a kernel types into its history would be read by whoever reads the user's own.
_KERNEL_CONFIG = "c = get_config()\nc.HistoryManager.enabled = False\n"


def lab_command(
    workspace: Workspace,
    *,
    page: str | Path | None = None,
    port: int | None = None,
    browser: bool = True,
) -> tuple[list[str], dict[str, str]]:
    """The command that opens JupyterLab in a workspace, and its environment; it is not started.

    JupyterLab's settings, checkpoints, logs of signatures and kernel history lie in the workspace's ``.scd/lab``,
    which only the user can enter. Nothing in the user's own ``~/.jupyter`` and ``~/.ipython`` is read or changed. A
    token guards the door, and only this computer can knock.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.
    page : str or pathlib.Path, optional
        A page's code or file, to be opened alone; without it the list of all studies.
    port : int, optional
        By default JupyterLab looks for a free one from 8888 on.
    browser : bool
        Whether to open the user's browser.

    Returns
    -------
    tuple of (list of str, dict of str to str)
        Arguments and whole environment for `subprocess.run`.

    Raises
    ------
    StudyError
        When there is no such page, or the settings can't be written.

    Examples
    --------
    >>> import tempfile
    >>> from scd.records.workspace import init_workspace
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     workspace = init_workspace(Path(folder) / "clinic")
    ...     argv, env = lab_command(workspace, port=8899, browser=False)
    ...     "--no-browser" in argv, env["SCD_WORKSPACE"] == str(workspace.path)
    (True, True)
    """
    try:
        folder = private_folder(workspace.path, LAB_FOLDER)
        extensions = _bring_settings(folder)
    except OSError as error:
        raise StudyError(
            f"workspace '{workspace.path}': its settings for JupyterLab can't be written ({error.strerror})",
            field="workspace",
        ) from None
    argv = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={workspace.path}",
        f"--LabApp.default_url={_first_url(workspace, page)}",
        f"--LabApp.extra_labextensions_path={extensions}",
        f"--FileCheckpoints.checkpoint_dir={folder / 'checkpoints'}",
    ]
    if port is not None:
        argv.append(f"--port={port}")
    if not browser:
        argv.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        argv.append("--allow-root")  # a container's only user
    own = {
        "JUPYTER_CONFIG_DIR": folder / "config",
        "JUPYTER_DATA_DIR": folder / "data",
        "JUPYTER_RUNTIME_DIR": folder / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": folder / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": folder / "workspaces",
        "IPYTHONDIR": folder / "ipython",
        "SCD_WORKSPACE": workspace.path,
        "SCD_LAB_URL": "/",
    }
    return argv, dict(os.environ) | {name: str(value) for name, value in own.items()}


def _first_url(workspace: Workspace, page: str | Path | None) -> str:
    if page is None:
        return f"/doc/tree/pages/{caseload_page(workspace).name}"
    there = sorted(p.stem for p in workspace.pages.glob("*.ipynb"))
    name = Path(page).name.removesuffix(".ipynb")
    found = next((stem for stem in there if stem.casefold() == name.casefold()), None)
    if found is None:
        known = ", ".join(there) or "none yet; make one with: scd new abab"
        raise StudyError(f"page '{name}': is not in this workspace (pages there: {known})", field="page")
    return f"/doc/tree/pages/{found}.ipynb"


def _bring_settings(folder: Path) -> Path:
    """Copy our settings to where JupyterLab looks for them, and return the folder of our extension."""
    for name in _FOLDERS:
        private_folder(folder, Path(name))
    places = {
        "jupyter_lab_config.json": folder / "config" / "jupyter_lab_config.json",
        "overrides.json": folder / "config" / "labconfig" / "default_setting_overrides.json",
        "page_config.json": folder / "config" / "labconfig" / "page_config.json",
        "custom.css": folder / "config" / "custom" / "custom.css",
    }
    extensions = folder / "labextensions"
    with as_file(files("scd.forms").joinpath("settings")) as ours:
        for name, place in places.items():
            private_folder(folder, place.parent.relative_to(folder))
            shutil.copyfile(ours / name, place)
        shutil.rmtree(extensions, ignore_errors=True)
        shutil.copytree(ours / "labextensions", extensions)
    profile = private_folder(folder, Path("ipython") / "profile_default")
    (profile / "ipython_kernel_config.py").write_text(_KERNEL_CONFIG, encoding="utf-8")
    return extensions
