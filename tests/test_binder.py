"""Binder, without Docker: what repo2docker would build, and its scripts replayed in a fresh environment."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PINS = [
    Requirement(line)
    for line in (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    if line and not line.startswith("#")
]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


# --- what is written down -------------------------------------------------------------------------------------------


def test_every_requirement_is_pinned_and_says_nothing_of_where_it_comes_from():
    assert PINS
    for pin in PINS:
        assert [s.operator for s in pin.specifier] == ["=="], str(pin)
        assert pin.url is None
        assert pin.marker is None
    names = [canonicalize_name(pin.name) for pin in PINS]
    assert names == sorted(set(names))


def test_the_pins_lie_within_the_projects_bounds():
    pinned = {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in PINS}
    for wanted in map(Requirement, PROJECT["dependencies"]):
        assert wanted.specifier.contains(pinned[canonicalize_name(wanted.name)]), str(wanted)
    assert "scd" not in pinned  # it is installed from the checkout


def test_repo2docker_sees_our_python_our_warm_up_and_our_start():
    # --no-build needs no container engine: it prints the Dockerfile that it would build.
    done = subprocess.run(
        [shutil.which("jupyter-repo2docker", path=Path(sys.executable).parent), "--no-build", "--debug", "."],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
        timeout=120,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-2000:]
    assert "Building conda environment for python=3.13" in told
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in told
    assert "RUN ./binder/postBuild" in told
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in told


@pytest.mark.parametrize("script", ["postBuild", "start"])
def test_the_scripts_are_executable_and_read_by_bash(script):
    path = ROOT / "binder" / script
    assert os.access(path, os.X_OK)
    subprocess.run(["bash", "-n", path], check=True)
    assert path.read_text().startswith("#!/usr/bin/env bash\n")


# --- replayed in a fresh environment --------------------------------------------------------------------------------

UV = os.environ.get("UV") or shutil.which("uv")  # `uv run` tells where it is

VISIT = """
import json, os, re
from pathlib import Path
from scd.analysis import summarize
from scd.design.synthetic import synthetic_studies
from scd.records import find_workspace

def files():
    return sorted(str(p) for p in (Path.home() / ".cache").rglob("*") if p.is_file())

before = files()
studies = {s.study.code: s.study for s in synthetic_studies()}
ok = [summarize(studies[code]).diagnostics["ok"] for code in ("SYNAB2", "SYNMB2")]
with find_workspace().open() as caseload:
    codes = [held.study.code for held in caseload.list()]
# The kernel's own high-water mark: getrusage would count the process that started this one, too.
mib = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"before": before, "after": files(), "ok": ok, "codes": codes, "mib": mib,
                  "cpu": os.environ["NUMBA_CPU_NAME"], "workspace": str(find_workspace().path)}))
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A checkout after `postBuild`, and a function that runs a command there as a Binder session would."""
    if UV is None or sys.version_info[:2] != (3, 13):
        pytest.skip("needs uv and Python 3.13, which the pins are for")
    root = tmp_path_factory.mktemp("binder")
    checkout, home, venv = root / "checkout", root / "home", root / "venv"
    home.mkdir()
    held = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if held.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, held.stdout.split("\0")):
        if (ROOT / name).is_file():
            (checkout / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, checkout / name)
    subprocess.run([UV, "venv", "--quiet", "--seed", "--python", sys.executable, venv], cwd=ROOT, check=True)
    install = [UV, "pip", "install", "--quiet", "--python", venv / "bin" / "python", "-r", "binder/requirements.txt"]
    subprocess.run(install, cwd=ROOT, check=True, timeout=600)
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PIP_", "SSL_", "REQUESTS_", "HTTP", "http", "no_"))}
    bare = kept | {"PATH": f"{venv / 'bin'}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}

    def run(*command: str | Path) -> str:
        done = subprocess.run(
            command,
            cwd=checkout,
            env=bare,
            capture_output=True,
            text=True,
            check=False,
            timeout=1200,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("binder/postBuild")
    return checkout, run


def test_after_the_build_every_result_is_there(session):
    checkout, run = session
    assert (checkout / "scd-demo" / "index.html").is_file()
    assert len(list((checkout / "scd-demo" / "reports").glob("*.html"))) >= 24
    # The tour's links lead there, seen from its folder.
    tour = "".join(p.read_text() for p in (checkout / "notebooks").glob("*.ipynb"))
    links = set(re.findall(r"\((\.\./scd-demo/[^)]+)\)", tour))
    assert links
    assert not [link for link in links if not (checkout / "notebooks" / link).is_file()]
    assert run("binder/start", "bash", "-c", 'echo "$SCD_WORKSPACE"').strip() == str(checkout / "scd-demo")


def test_a_visitor_opens_the_weekly_page_of_a_synthetic_client(session):
    _, run = session
    opened = "from scd.forms.between_sessions.opening import open_weekly_page as o; page = o('SYNPR2')"
    told = run("binder/start", "python", "-c", f"{opened}; page.check(); print(type(page).__name__)")
    assert told.strip() == "WeeklyPage"


def test_lab_greets_a_visitor_without_a_question(session):
    checkout, _ = session
    overrides = checkout.parent / "venv" / "share" / "jupyter" / "lab" / "settings" / "overrides.json"
    assert json.loads(overrides.read_text())["@jupyterlab/apputils-extension:notification"] == {"fetchNews": "false"}


def test_start_hands_over_to_the_command_and_its_status(session):
    checkout, run = session
    assert run("binder/start", "echo", "two words", "*").strip() == "two words *"
    failing = subprocess.run([checkout / "binder" / "start", "false"], check=False, env={"HOME": "/", "PATH": "/bin"})
    assert failing.returncode == 1


def test_a_visitors_first_estimate_finds_the_caches_warm_and_fits_into_a_gigabyte(session):
    checkout, run = session
    seen = json.loads(run("binder/start", "python", "-c", VISIT))
    assert seen["ok"] == [True, True]
    assert len(seen["codes"]) >= 12
    assert seen["cpu"] == "generic"
    assert seen["workspace"] == str(checkout / "scd-demo")
    assert seen["before"], "the caches lie where the session looks for them"
    assert set(seen["after"]) == set(seen["before"]), "nothing had to be compiled anew for the cache"
    print(f"a visitor's kernel takes {seen['mib']:.0f} MiB")
    assert seen["mib"] < 700  # the server beside it takes about 120 MiB
