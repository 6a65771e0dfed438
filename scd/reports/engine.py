"""Run a notebook through papermill, and believe only what can be checked.

Papermill formats paths as Python strings, injects parameter names unchecked, marks the cells of a dead kernel as
completed and lets ``sys.exit(0)`` pass. So a notebook goes in and a notebook comes out, without a path; parameters are
checked before and after they become code; and a run counts only when its last cell showed the sentence that says so.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import shutil
import tempfile
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scd.language import spoken_here
from scd.reports.templates import cell_words, template_path
from scd.study import StudyError

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["SENTINEL", "ReportError", "run_notebook", "run_template", "seal_of"]

SENTINEL = "scd report complete"
"""What the last code cell shows, followed by the job's own token."""

Scalar = str | int | float | bool | None

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class ReportError(StudyError):
    """A report that could not be made. No page is left behind."""


def run_template(
    name: str, *, parameters: Mapping[str, Scalar], cell_seconds: int = 120, seconds: float = 300
) -> NotebookNode:
    """Run one of scd's templates, its words and those of its kernel in the language that is spoken.

    Parameters
    ----------
    name : str
        One of `scd.reports.templates.template_names`.
    parameters : mapping of str to str, int, float, bool or None
        A value for each parameter of the template, no more and no less.
    cell_seconds : int
        The longest that one cell may take.
    seconds : float
        The longest that the whole run may take.

    Returns
    -------
    nbformat.NotebookNode
        The notebook as it was run, with its outputs.

    Raises
    ------
    ReportError
        When a parameter is missing, a stranger or no plain value, or when the run failed; the message quotes the cell.
        A kernel that was stopped from outside is tried once more.
    """
    import nbformat

    notebook = nbformat.read(template_path(name), as_version=4)
    for cell in notebook.cells:
        cell.source = cell_words(cell)
    return run_notebook(notebook, name=name, parameters=parameters, cell_seconds=cell_seconds, seconds=seconds)


def run_notebook(
    notebook: NotebookNode,
    *,
    name: str,
    parameters: Mapping[str, Scalar],
    cell_seconds: int = 120,
    seconds: float = 300,
) -> NotebookNode:
    """Run a notebook in a kernel of this very Python, reached through private sockets instead of network ports.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With one cell tagged ``parameters``; its last code cell must show the sentinel.
    name : str
        What messages call it.
    parameters, cell_seconds, seconds
        As in `run_template`.

    Returns
    -------
    nbformat.NotebookNode
        The notebook as it was run; the one passed in is untouched.

    Raises
    ------
    ReportError
        As in `run_template`.
    """
    checked = _checked(parameters, declared=_declared(notebook, name), name=name)
    prepared = _prepared(notebook, checked, name)
    try:
        ran = _in_own_thread(prepared, watch=_Watch(name=name, seconds=seconds), cell_seconds=cell_seconds)
    except _KernelStopped:  # whatever ended it from outside need not do so twice
        ran = _in_own_thread(prepared, watch=_Watch(name=name, seconds=seconds), cell_seconds=cell_seconds)
    _complete(ran, name)
    return ran


class _KernelStopped(ReportError):
    """The kernel ended by itself, or was ended, in the middle of a run."""


def _in_own_thread(prepared: NotebookNode, *, watch: _Watch, cell_seconds: int) -> NotebookNode:
    # The caller may stand inside a running event loop, as every callback in JupyterLab does.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="scd-report") as pool:
        run = partial(_run, prepared, watch=watch, cell_seconds=cell_seconds)
        future = pool.submit(spoken_here(run))
        try:
            return future.result()
        except KeyboardInterrupt:
            watch.kill()
            raise


def seal_of(notebook: NotebookNode) -> str | None:
    """The token that the last code cell showed after the sentinel, or None when it showed none."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for output in cells[-1].outputs if cells else ():
        said = output.get("text") or output.get("data", {}).get("text/plain") or ""
        if said.startswith(SENTINEL):
            return str(said.removeprefix(SENTINEL).lstrip(":").strip())
    return None


def _declared(notebook: NotebookNode, name: str) -> tuple[str, ...]:
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ReportError(f"template {name!r}: needs exactly one cell tagged 'parameters' (got {len(cells)})")
    return tuple(_assignments(cells[0].source, name=name))


def _assignments(source: str, *, name: str) -> dict[str, Scalar]:
    """Parse lines of ``name = literal``; anything else is refused, since it would run as code."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        raise ReportError(f"template {name!r}: its parameters are no Python; nothing was run") from None
    found: dict[str, Scalar] = {}
    for line in body:
        if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
            raise ReportError(f"template {name!r}: parameters must read 'name = value'; nothing was run")
        try:
            found[line.targets[0].id] = ast.literal_eval(line.value)
        except ValueError:
            raise ReportError(f"template {name!r}: a parameter is no plain value; nothing was run") from None
    return found


def _checked(parameters: Mapping[str, Scalar], *, declared: tuple[str, ...], name: str) -> dict[str, Scalar]:
    known = ", ".join(declared)
    for key, value in parameters.items():
        if not (isinstance(key, str) and key.isascii() and key.isidentifier() and not keyword.iskeyword(key)):
            raise ReportError(f"template {name!r}: a parameter's name must be a plain name (got {str(key)[:40]!r})")
        if key not in declared:
            raise ReportError(f"template {name!r}: has no parameter {key!r} (it has {known}); correct its name")
        # type() and not isinstance(): a subclass of str could say one thing to us and another to papermill.
        if type(value) not in (str, int, float, bool, type(None)):
            raise ReportError(
                f"template {name!r}, parameter {key!r}: must be text, a number, true, false or null "
                f"(got {type(value).__name__})"
            )
        if type(value) is float and not math.isfinite(value):
            raise ReportError(f"template {name!r}, parameter {key!r}: must be a finite number (got {value})")
    for key in declared:
        if key not in parameters:
            raise ReportError(f"template {name!r}, parameter {key!r}: is missing; give it a value")
    return dict(parameters)


def _prepared(notebook: NotebookNode, parameters: dict[str, Scalar], name: str) -> NotebookNode:
    import nbformat
    import papermill

    blank = nbformat.reads(nbformat.writes(notebook), as_version=4)
    for cell in blank.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None  # an old sentinel must not vouch for this run
    prepared = papermill.execute_notebook(
        blank, None, parameters=parameters, prepare_only=True, progress_bar=False, kernel_name="python3"
    )
    injected = [c for c in prepared.cells if "injected-parameters" in c.metadata.get("tags", [])]
    if parameters and (len(injected) != 1 or _assignments(injected[0].source, name=name) != parameters):
        raise ReportError(f"template {name!r}: its parameters did not survive as they were given; nothing was run")
    return prepared


class _Watch:
    """The kernel of one run: what it is at, and the clock that ends it from outside."""

    def __init__(self, *, name: str, seconds: float) -> None:
        self.name, self.seconds = name, seconds
        self.manager: Any = None
        self.source = ""
        self.expired = False

    def at(self, cell: NotebookNode, cell_index: int) -> None:
        self.source = cell.source

    def expire(self) -> None:
        self.expired = True
        self.kill()

    def kill_if_expired(self) -> None:
        if self.expired:
            self.kill()

    def kill(self) -> None:
        process = getattr(getattr(self.manager, "provisioner", None), "process", None)
        if process is not None:
            process.kill()


def _run(prepared: NotebookNode, *, watch: _Watch, cell_seconds: int) -> NotebookNode:
    import papermill
    from papermill.exceptions import PapermillException, PapermillExecutionError

    from scd.reports.kernel import ENGINE, kernel_manager, own_event_loop, register_engine, short_folder

    register_engine()
    folder = Path(tempfile.mkdtemp(prefix="scd-", dir=short_folder()))  # mkdtemp gives 0700
    clock = threading.Timer(watch.seconds, watch.expire)
    clock.daemon = True
    try:
        with own_event_loop():
            watch.manager = kernel_manager(folder)
            clock.start()
            ran: NotebookNode = papermill.execute_notebook(
                prepared,
                None,
                engine_name=ENGINE,
                kernel_name="python3",
                progress_bar=False,
                watch=watch,
                folder=folder,
                cell_seconds=cell_seconds,
            )
            return ran
    except PapermillExecutionError as error:
        raise _failed(watch, error.source, f"{error.ename}: {error.evalue}") from None
    except (PapermillException, RuntimeError, TimeoutError, OSError) as error:
        if watch.expired:
            raise _failed(watch, watch.source, f"the run took longer than {watch.seconds:g} s") from None
        if isinstance(error, TimeoutError):
            raise _failed(watch, watch.source, f"the cell took longer than {cell_seconds} s") from None
        told = _last_line(folder / "stderr") or str(error)
        raise _KernelStopped(_failed(watch, watch.source, f"the kernel stopped ({told})").message) from None
    finally:
        clock.cancel()
        watch.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _complete(notebook: NotebookNode, name: str) -> None:
    for cell in notebook.cells:
        if cell.cell_type == "code":
            status = cell.metadata.get("papermill", {})
            failed = any(output.output_type == "error" for output in cell.outputs)
            if status.get("status") != "completed" or status.get("exception") or failed:
                raise ReportError(f"template {name!r}: stopped before its end, in the cell\n{_quoted(cell.source)}")
    if seal_of(notebook) is None:
        raise ReportError(f"template {name!r}: ended without saying that it is complete; no page was made")


def _failed(watch: _Watch, source: str, what: str) -> ReportError:
    line = _ANSI.sub("", what).strip().splitlines()[-1] if what.strip() else "unknown error"
    where = f" in the cell\n{_quoted(source)}\n" if source else " before its first cell: "
    return ReportError(f"template {watch.name!r}: failed{where}{line[:300]}")


def _quoted(source: str) -> str:
    lines = [line for line in source.splitlines() if line.strip()]
    return "\n".join(f"    {line[:100]}" for line in lines[:3]) + ("\n    …" if len(lines) > 3 else "")


def _last_line(path: Path) -> str:
    if not path.exists():
        return ""
    lines = _ANSI.sub("", path.read_text(errors="replace")).strip().splitlines()
    return lines[-1][:200] if lines else ""
