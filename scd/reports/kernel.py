"""The kernel that runs a report: this very Python, spoken to through private sockets, with nobody's profile.

Imported only when a report is run: papermill and nbclient take seconds to load.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_event_loop, run_sync
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

from scd.language import current_language

__all__ = ["ENGINE", "kernel_manager", "own_event_loop", "register_engine", "short_folder"]

ENGINE = "scd"
"""The name under which papermill knows the engine."""

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


class _Engine(Engine):
    """Papermill's engine with a kernel of our choosing, which is ended with the last cell."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, watch: Any, folder: Path, cell_seconds: int, **_: Any
    ) -> None:
        with (folder / "stderr").open("wb") as errors:
            run_sync(watch.manager.start_kernel)(
                extra_arguments=["--HistoryManager.enabled=False", "--HistoryManager.hist_file=:memory:"],
                cwd=str(folder),
                env=_environment(folder),
                stdout=errors,
                stderr=errors,
            )
        watch.kill_if_expired()
        client = PapermillNotebookClient(
            nb_man,
            km=watch.manager,
            kernel_name=kernel_name,
            timeout=cell_seconds,
            startup_timeout=60,
            iopub_timeout=30,
            shutdown_kernel="immediate",
            store_widget_state=False,
            record_timing=False,
            log=_log,
            on_cell_execute=watch.at,
        )
        client.execute(cleanup_kc=True)


def register_engine() -> None:
    """Make the engine known to papermill under the name `ENGINE`; doing so twice does no harm."""
    papermill_engines.register(ENGINE, _Engine)


def kernel_manager(folder: Path) -> AsyncKernelManager:
    """A manager for a kernel of this Python, its sockets in a private folder.

    Parameters
    ----------
    folder : pathlib.Path
        A folder that only this user can enter, with a short path.

    Returns
    -------
    jupyter_client.manager.AsyncKernelManager
        Not started yet.
    """
    # Without folders to search, 'python3' is ipykernel's own spec, whose program is sys.executable: never the kernel
    # of another environment that happens to stand first on Jupyter's path.
    specs = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)
    wire: dict[str, Any] = {"transport": "ipc", "ip": str(folder / "k")}
    if sys.platform == "win32":  # no IPC there: a port on this machine alone, and encrypted
        wire = {"ip": "127.0.0.1", "transport_encryption": "required"}
    return AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=specs, connection_file=str(folder / "kernel.json"), **wire
    )


@contextmanager
def own_event_loop() -> Iterator[None]:
    """Give the current thread an event loop of its own, and close it with whatever is still pending."""
    loop = ensure_event_loop()
    try:
        yield
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()
        asyncio.set_event_loop(None)


def short_folder() -> str | None:
    """Where to make the private folder: the usual place, unless a socket's path (about 100 signs) would not fit."""
    return "/tmp" if len(tempfile.gettempdir()) > 60 and Path("/tmp").is_dir() else None


def _environment(folder: Path) -> dict[str, str]:
    # A person's IPython profile and start-up files have no part in a report.
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONSTARTUP"}
    return kept | {
        "SCD_LANGUAGE": current_language(),
        "IPYTHONDIR": str(folder / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(folder),
    }
