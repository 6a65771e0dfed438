"""Binder, without Docker: what repo2docker would build, and its scripts replayed in a fresh environment."""

from __future__ import annotations

import os
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
