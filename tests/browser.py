"""What all tests in a real browser share: the JupyterLab that `scd lab` starts, windows, and what they look for."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from scd.records.workspace import Workspace

CHROMIUM = shutil.which("chromium")

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 240_000  # ms; a loaded machine takes its time to import and compile


@dataclass
class Lab:
    """A running JupyterLab."""

    workspace: Workspace
    url: str
    token: str
    log: Path

    def ask(self, path: str, *, method: str = "GET") -> Any:
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def end_kernels(self) -> None:
        for session in self.ask("api/sessions"):
            self.ask(f"api/sessions/{session['id']}", method="DELETE")


@dataclass
class Visit:
    """One browser window, and everything that happened in it."""

    page: Any
    folder: Path
    abroad: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    shots: int = 0

    def shoot(self, name: str) -> None:
        self.shots += 1
        self.page.screenshot(path=self.folder / f"{self.shots:02d}-{name}.png")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def see(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for(timeout=PATIENCE)

    def scroll_to(self, element: Any) -> None:
        """Bring an element into view; a chart that is drawn anew meanwhile never rests, so nothing waits for it."""
        element.evaluate("element => element.scrollIntoView()")

    def tell(self, label: str, text: str, *, nth: int = 0) -> None:
        control = self.page.get_by_label(label).nth(nth)
        control.fill(text)
        control.blur()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[Lab]:
    from scd.forms.lab import lab_command
    from scd.records.workspace import init_workspace

    folder = tmp_path_factory.mktemp("lab")
    workspace = init_workspace(folder / "clinic")
    argv, env = lab_command(workspace, port=_free_port(), browser=False)
    log = folder / "lab.log"
    with log.open("w") as out:
        process = subprocess.Popen(argv, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        yield _started(process, workspace, log)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


def _started(process: subprocess.Popen, workspace: Workspace, log: Path) -> Lab:
    runtime = workspace.path / ".scd" / "lab" / "runtime"
    for _ in range(600):
        if process.poll() is not None:
            pytest.fail(f"JupyterLab ended at once:\n{log.read_text()}")
        for file in runtime.glob("jpserver-*.json"):
            server = json.loads(file.read_text())
            running = Lab(workspace, server["url"], server["token"], log)
            try:
                running.ask("api/status")
            except OSError:
                continue
            return running
        time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the Python package 'playwright' is not installed")
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visits(lab, chromium, tmp_path) -> Iterator[Any]:
    """Open a page in a fresh window; at the end nothing may have gone wrong in any of them."""
    opened: list[Visit] = []

    def visit(notebook: Path, *, from_list: str = "", until: str = "Save study") -> Visit:
        context = chromium.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE)
        told = Visit(context.new_page(), tmp_path)
        opened.append(told)
        context.on("request", lambda r: None if _stays_here(r.url) else told.abroad.append(r.url))
        context.on("weberror", lambda error: told.errors.append(str(error.error)))
        context.on("console", lambda m: told.errors.append(m.text) if m.type == "error" else None)
        context.on("dialog", lambda dialog: (told.errors.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        if from_list:
            told.page.goto(f"{lab.url}?token={lab.token}")
            with told.page.expect_popup() as popup:
                told.page.get_by_role("link", name=from_list, exact=True).first.click()
            told.shoot("list")
            told.page = popup.value
        else:
            told.page.goto(f"{lab.url}doc/tree/pages/{notebook.name}?token={lab.token}")
        told.page.get_by_role("button", name=until, exact=True).wait_for()
        return told

    yield visit
    for told in opened:
        assert not told.abroad, "a request left this computer"
        assert not told.errors, "\n".join(told.errors)


def _stays_here(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:"))


def on_disk(notebook: Path, visit: Visit) -> str:
    """Let Lab write the notebook, and return what it wrote."""
    before = notebook.stat().st_mtime_ns
    visit.page.keyboard.press("Control+s")
    for _ in range(100):
        text = notebook.read_text(encoding="utf-8")
        if notebook.stat().st_mtime_ns != before and "widget-view+json" in text:
            return text
        time.sleep(0.1)
    pytest.fail("JupyterLab did not write the notebook")


def no_canary_outside_the_store(lab: Lab, canaries: Sequence[str]) -> None:
    """A client's words are in the store and on reports, and in no other file of the workspace, nor in Lab's log."""
    for file in lab.workspace.path.rglob("*"):
        kept = file.name.startswith("caseload.sqlite") or file.parent == lab.workspace.reports
        if file.is_file() and not kept:
            held = file.read_bytes()
            assert not [c for c in canaries if c.encode() in held], file
    log = lab.log.read_text()
    assert not [c for c in canaries if c in log]
