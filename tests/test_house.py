"""The house stands as it was drawn: who may import whom, what loads when, and what a notebook may hold."""

from __future__ import annotations

import ast
import importlib
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "scd").rglob("*.py"))
NOTEBOOKS = sorted(p for d in ("notebooks", "templates") for p in (ROOT / d).glob("*.ipynb"))

# Data goes one way. Forms may offer a report; a report never needs a form.
MAY_IMPORT = {
    "language": set(),
    "study": {"language"},
    "design": {"language", "study"},
    "records": {"language", "study", "design"},
    "models": {"language", "study", "design", "records"},
    "analysis": {"language", "study", "design", "records", "models"},
    "charts": {"language", "study", "design", "records", "models", "analysis"},
    "reports": {"language", "study", "design", "records", "models", "analysis", "charts"},
    "forms": {"language", "study", "design", "records", "models", "analysis", "charts", "reports"},
    "cli": {"language", "study", "design", "records", "models", "analysis", "charts", "reports", "forms"},
}
# A demo's workspace shows both: reports, and pages with forms.
_DEMO_PAGES = {("scd.reports.demo", f"scd.forms.pages.{name}") for name in ("new_page", "weekly_page_of")}
HOMES = {
    "pymc": {"models"},
    "pytensor": {"models"},
    "nutpie": {"models"},
    "arviz": {"models", "analysis"},
    "sqlalchemy": {"records"},
    "altair": {"charts"},
    "vl_convert": {"charts"},
    "ipywidgets": {"forms"},
    "papermill": {"reports"},
    "nbclient": {"reports"},
    "nbconvert": {"reports"},
    "babel": {"language"},
    "icalendar": {"design"},
    "typer": {"cli"},
    "rich": {"cli"},
}


def _room(module: Path) -> str:
    return module.relative_to(ROOT / "scd").parts[0].removesuffix(".py")


def _name(module: Path) -> str:
    parts = module.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(module: Path) -> Iterator[tuple[int, str]]:
    """Every imported dotted name, also those inside functions; `from a import b` counts as `a.b`."""
    package = _name(module).split(".") if module.name == "__init__.py" else _name(module).split(".")[:-1]
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)


def test_a_module_imports_only_from_rooms_to_its_left():
    wrong = [
        f"{module.relative_to(ROOT)}:{line} imports {name}"
        for module in MODULES
        for line, name in _imports(module)
        if name.startswith("scd.")
        and (other := name.split(".")[1]) in MAY_IMPORT
        and other != _room(module)
        and other not in MAY_IMPORT.get(_room(module), set())
        and (_name(module), name) not in _DEMO_PAGES
    ]
    assert not wrong, "\n".join(wrong)


def test_each_heavy_library_has_one_home():
    wrong = [
        f"{module.relative_to(ROOT)}:{line} imports {name}"
        for module in MODULES
        for line, name in _imports(module)
        if (library := name.split(".")[0]) in HOMES and _room(module) not in HOMES[library]
    ]
    assert not wrong, "\n".join(wrong)


def test_every_room_stands_in_the_drawing():
    rooms = {_room(module) for module in MODULES} - {"__init__", "__main__"}
    assert rooms <= set(MAY_IMPORT)


def test_no_module_is_a_drawer_for_odds_and_ends():
    drawers = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc"}
    assert not [m for m in MODULES if set(m.relative_to(ROOT).with_suffix("").parts) & drawers]


def _loaded(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.split(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("module", ["scd", "scd.study", "scd.design"])
def test_the_values_load_without_any_heavy_library(module):
    assert not _loaded(f"import {module}") & (set(HOMES) | {"pandas", "matplotlib", "xarray", "scipy"})


def test_the_command_line_starts_without_the_model_libraries():
    slow = {"pymc", "pytensor", "nutpie", "arviz", "papermill", "nbconvert", "ipywidgets", "altair", "vl_convert"}
    assert not _loaded("import scd.cli") & slow


def _cpu_seconds(code: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)


def test_import_scd_takes_under_three_tenths_of_a_second():
    # CPU time, not the clock: the machine may be busy with other tests.
    bare = min(_cpu_seconds("pass") for _ in range(5))
    ours = min(_cpu_seconds("import scd") for _ in range(5))
    assert ours - bare < 0.3


def _isort_key(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("module", MODULES, ids=_name)
def test_all_is_sorted_and_true(module):
    tree = ast.parse(module.read_text())
    defined = [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    loaded = importlib.import_module(_name(module))
    if not defined and module.name == "__init__.py" and not hasattr(loaded, "__all__"):
        return
    listed = list(loaded.__all__)
    assert listed == sorted(listed, key=_isort_key)
    assert len(listed) == len(set(listed))
    assert not [name for name in listed if not hasattr(loaded, name)]
    assert set(defined) <= set(listed), "public names that __all__ doesn't tell"


def _public_functions(module: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            yield node.name, node
        elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


def test_no_public_function_takes_arbitrary_keywords():
    # `Record.replace` names fields of the value itself and refuses any other; papermill prescribes its engine's method.
    found = {name for module in MODULES for name, node in _public_functions(module) if node.args.kwarg}
    assert found <= {"Record.replace", "ScdEngine.execute_managed_notebook"}


def test_everything_public_has_a_docstring():
    bare = [
        f"{module.relative_to(ROOT)}: {name}"
        for module in MODULES
        for name, node in _public_functions(module)
        if not ast.get_docstring(node)
    ]
    bare += [f"{m.relative_to(ROOT)}: the module" for m in MODULES if not ast.get_docstring(ast.parse(m.read_text()))]
    assert not bare, "\n".join(bare)


# --- notebooks ------------------------------------------------------------------------------------------------------


def _cells(notebook: Path) -> list[dict]:
    return json.loads(notebook.read_text())["cells"]


def _source(cell: dict) -> str:
    return "".join(cell["source"])


def _tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def test_there_are_notebooks_to_look_at():
    names = {p.name for p in NOTEBOOKS}
    assert {"01_abab_tour.ipynb", "02_multiple_baseline_tour.ipynb", "start_here.ipynb"} <= names
    assert {"abab.ipynb", "multiple_baseline.ipynb", "report_clinician.ipynb", "report_client.ipynb"} <= names


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_is_a_page_and_no_program(notebook):
    cells = _cells(notebook)
    code = [c for c in cells if c["cell_type"] == "code"]
    assert code
    forbidden = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.For | ast.AsyncFor | ast.While | ast.Try
    for cell in code:
        lines = [line for line in _source(cell).splitlines() if line.strip()]
        assert len(lines) <= 6, _source(cell)
        assert not [n for n in ast.walk(ast.parse(_source(cell))) if isinstance(n, forbidden)], _source(cell)
    # Words come before code; the parameters cell is filled in by papermill, not read.
    for before, cell in zip([None, *cells], cells, strict=False):
        if cell["cell_type"] == "code" and "parameters" not in _tags(cell):
            assert before is not None, "a page begins with words"
            assert before["cell_type"] == "markdown" or "parameters" in _tags(before), _source(cell)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_enters_the_history_clean(notebook):
    document = json.loads(notebook.read_text())
    assert not [c for c in document["cells"] if c.get("outputs") or c.get("execution_count")]
    # Without both of these JupyterLab opens with a question about the kernel.
    assert document["metadata"]["kernelspec"]["name"] == "python3"
    assert document["metadata"]["language_info"]["name"] == "python"
    assert "widgets" not in document["metadata"]
    assert not re.search(r"(?:/home/|/root/|/Users/|/tmp/|[A-Z]:\\\\)", notebook.read_text())
    parameters = [c for c in document["cells"] if "parameters" in _tags(c)]
    assert len(parameters) == (1 if notebook.parent.name == "templates" else 0)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda p: p.name)
def test_a_notebook_speaks_to_scd_and_not_to_the_libraries_under_it(notebook):
    names = {
        (node.module or "").split(".")[0] if isinstance(node, ast.ImportFrom) else alias.name.split(".")[0]
        for cell in _cells(notebook)
        if cell["cell_type"] == "code"
        for node in ast.walk(ast.parse(_source(cell)))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    assert not names & set(HOMES)


@pytest.mark.parametrize("notebook", [p for p in NOTEBOOKS if p.parent.name == "notebooks"], ids=lambda p: p.name)
def test_the_tour_says_at_its_top_that_the_clients_are_synthetic(notebook):
    first = _source(_cells(notebook)[0])
    assert "synthetic clients only – do not enter real clients" in first.lower()


# --- the tree -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout: " + listing.stderr.strip())
    return [Path(name) for name in listing.stdout.split("\0") if name]


def test_the_top_level_holds_the_rooms_and_nothing_else(tracked):
    folders = {p.parts[0] for p in tracked if len(p.parts) > 1}
    assert {f for f in folders if not f.startswith(".")} <= {"scd", "notebooks", "templates", "tests", "binder"}


def test_no_tracked_file_names_a_package_registry(tracked):
    # The brackets keep this file from finding itself.
    hosts = re.compile(r"py[p]i\.org|python[h]osted\.org|ana[c]onda\.org|--[i]ndex-url")
    wrong = [
        str(path)
        for path in tracked
        if (ROOT / path).is_file() and hosts.search((ROOT / path).read_text(encoding="utf-8", errors="replace"))
    ]
    assert not wrong


def test_no_client_data_is_tracked(tracked):
    assert not [p for p in tracked if p.suffix in {".sqlite", ".db", ".nc", ".xlsx"} or "scd-demo" in p.parts]
