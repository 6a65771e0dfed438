"""What people install: the wheel, alone in an empty environment, makes the whole demo."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
UV = os.environ.get("UV") or shutil.which("uv")  # `uv run` tells where it is

pytestmark = pytest.mark.skipif(UV is None, reason="uv builds the wheel, and there is none on the PATH")


def _offline() -> list[str]:
    """Words before a command that cut it off from every network, where this machine allows that."""
    cut = ["unshare", "--map-root-user", "--net"]
    if shutil.which(cut[0]) and subprocess.run([*cut, "true"], capture_output=True, check=False).returncode == 0:
        return cut
    return []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--wheel", "--quiet", "--out-dir", out], cwd=ROOT, check=True, timeout=300)
    (built,) = out.glob("scd-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], cwd=ROOT, check=True, timeout=120)
    python = folder / "bin" / "python"
    # What the wheel asks for must be enough; the pins only say which versions, so that a cache serves them.
    subprocess.run(
        [UV, "pip", "install", "--quiet", "--python", python, "--constraint", "binder/requirements.txt", wheel],
        cwd=ROOT,
        check=True,
        timeout=600,
    )
    return folder


def test_the_wheel_holds_the_rooms_and_the_templates_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {n.split("/")[0] for n in names} <= {"scd", next(n for n in names if ".dist-info/" in n).split("/")[0]}
    held = {n for n in names if n.startswith("scd/_templates/")}
    assert held == {f"scd/_templates/{p.name}" for p in (ROOT / "templates").glob("*.ipynb")}
    assert len(held) >= 4
    kinds = {".css", ".j2", ".json", ".js", ".po"}
    data = {str(p.relative_to(ROOT)) for p in (ROOT / "scd").rglob("*") if p.suffix in kinds}
    assert data <= set(names)


def test_the_wheel_makes_the_demo_in_an_empty_environment(environment, tmp_path):
    place = tmp_path / "a demo"
    home = tmp_path / "home"
    home.mkdir()
    bare = {"PATH": f"{environment / 'bin'}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(
        [*_offline(), environment / "bin" / "scd", "demo", place],
        env=bare,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    index = place / "index.html"
    assert str(index) in done.stdout.replace("\n", "")
    links = re.findall(r'href="([^"]+)"', index.read_text())
    assert len(links) >= 2 * 12
    for link in links:
        page = (place / link).read_text()
        assert page.rstrip().endswith("</html>")
        assert "Content-Security-Policy" in page
    assert (place / "pages" / "weekly-SYNPR2.ipynb").is_file()
    # Seconds depend on who else is at work on this machine, so they are told and not judged.
    print(re.search(r"in (\d+) s", done.stdout)[0], "for the whole demo from a cold start")


def test_the_installed_templates_are_the_wheels(environment, tmp_path):
    code = "from scd.reports.templates import template_path as t; print(t('abab')); print(t('report_client'))"
    python = environment / "bin" / "python"
    told = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120)
    for line in told.stdout.split():
        assert Path(line).is_relative_to(environment)
        assert Path(line).parent.name == "_templates"
