"""Both pages in a real browser, against the JupyterLab that `scd lab` starts."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scd.forms.lab import lab_command
from scd.forms.pages import new_page
from scd.records.workspace import Workspace, init_workspace

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: install Debian's package 'chromium'")
sync_api = pytest.importorskip("playwright.sync_api", reason="the Python package 'playwright' is not installed")

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
LABEL = 'Canary Miller <img src=x onerror="window.hacked=1">'
NOTE = "canary-note-4711"
CANARIES = ("Canary Miller", NOTE, "13.25", "Tier Canary")


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
        """Bring an element into view; a chart that is drawn anew meanwhile never comes to rest, so none waits for it."""
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
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visits(lab, chromium, tmp_path) -> Iterator[Any]:
    """Open a page in a fresh window; at the end nothing may have gone wrong in any of them."""
    opened: list[Visit] = []

    def visit(notebook: Path, *, from_list: bool = False) -> Visit:
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
                told.page.get_by_role("link", name=notebook.stem).click()
            told.shoot("list")
            told.page = popup.value
        else:
            told.page.goto(f"{lab.url}doc/tree/pages/{notebook.name}?token={lab.token}")
        told.page.get_by_role("button", name="Save study", exact=True).wait_for()
        return told

    yield visit
    for told in opened:
        assert not told.abroad, "a request left this computer"
        assert not told.errors, "\n".join(told.errors)


def _stays_here(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:"))


def _on_disk(lab: Lab, notebook: Path, visit: Visit) -> str:
    """Let Lab write the notebook, and return what it wrote."""
    before = notebook.stat().st_mtime_ns
    visit.page.keyboard.press("Control+s")
    for _ in range(100):
        text = notebook.read_text(encoding="utf-8")
        if notebook.stat().st_mtime_ns != before and "widget-view+json" in text:
            return text
        time.sleep(0.1)
    pytest.fail("JupyterLab did not write the notebook")


def _no_canary_outside_the_store(lab: Lab) -> None:
    for file in lab.workspace.path.rglob("*"):
        kept = file.name.startswith("caseload.sqlite") or file.parent == lab.workspace.reports
        if file.is_file() and not kept:
            held = file.read_bytes()
            assert not [c for c in CANARIES if c.encode() in held], file
    log = lab.log.read_text()
    assert not [c for c in CANARIES if c in log]


def _estimate_and_report(visit: Visit, *, sampled: bool) -> None:
    visit.press("Estimate effect")
    if sampled:  # what is integrated is there at once
        visit.see("Estimating")
        visit.shoot("estimating")
    visit.page.get_by_role("button", name="Make report", exact=True).wait_for()
    visit.see("probability of improvement")
    visit.scroll_to(visit.page.locator("svg", has_text="projected from").first)
    visit.shoot("effect")
    visit.press("Make report")
    visit.see("The reports are made")
    visit.scroll_to(visit.page.get_by_text("The reports are made"))
    visit.shoot("reported")


def test_an_abab_page_is_set_up_saved_filled_estimated_reported_and_reopened(lab, visits):
    notebook = new_page(lab.workspace, "abab")
    visit = visits(notebook, from_list=True)
    page = visit.page
    visit.see("Not saved yet")
    visit.shoot("opened")
    assert page.get_by_role("dialog").count() == 0, "no question about kernels or news"
    assert not page.get_by_text("from scd.forms").first.is_visible(), "no code in sight"

    # Single keys beside the fields are commands of Lab's; here they must do nothing.
    cells = page.locator(".jp-Cell").count()
    page.get_by_role("heading", name="Does it help this client?").click()
    for key in ("b", "x", "d", "d", "m", "Enter"):
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == cells

    visit.tell("Your name for this client", LABEL)
    page.get_by_label("From the list").select_option(label="PHQ-9 depression")
    visit.see("meets the WWC 4.1 standards without reservations")
    visit.shoot("measure")
    visit.tell("A1 Baseline", "0")
    visit.see("needs at least 1 session")
    visit.press("Save study")
    visit.see("Mend this first")
    visit.scroll_to(page.get_by_text("Mend this first"))
    visit.shoot("mistake")
    visit.tell("A1 Baseline", "5")
    visit.press("Save study")
    visit.see("Saved today")
    visit.shoot("saved")

    visit.tell("PHQ-9 depression", "99")
    visit.see("Must be 0 to 27 (got 99)")
    visit.tell("PHQ-9 depression", "13,25")
    visit.tell("Note (optional)", NOTE)
    visit.press("Add another session")
    page.get_by_label("PHQ-9 depression").nth(1).wait_for()
    visit.tell("PHQ-9 depression", "16", nth=1)
    visit.press("Save sessions")
    visit.see("2 entries saved")
    page.get_by_text("Paste from a spreadsheet").click()
    rest = [14, 17, 15, 12, 10, 11, 9, 8, 13, 14, 12, 13, 14, 9, 8, 7, 8, 6]
    visit.tell("Pasted cells", "\n".join(["session\tPHQ-9", *(f"{n}\t{v}" for n, v in enumerate(rest, start=3))]))
    visit.press("Read pasted cells")
    visit.see("18 sessions read")
    visit.shoot("pasted")
    visit.press("Save sessions")
    visit.see("18 entries saved")
    visit.scroll_to(page.locator("svg[role=img]").first)
    visit.shoot("chart")
    _estimate_and_report(visit, sampled=False)
    link = page.get_by_role("link", name="Report for the clinician")
    with page.expect_popup() as popup:
        link.click()
    popup.value.get_by_role("heading").first.wait_for()
    assert notebook.stem in popup.value.content()
    popup.value.screenshot(path=visit.folder / "report.png")
    assert page.evaluate("window.hacked") is None

    assert notebook.stem in _on_disk(lab, notebook, visit)
    page.context.close()
    lab.end_kernels()
    again = visits(notebook)
    again.see("revision 3")
    again.see("the next one is session 21")
    again.page.locator("svg[role=img]").first.wait_for()
    again.shoot("reopened")
    assert again.page.evaluate("window.hacked") is None
    _on_disk(lab, notebook, again)
    again.page.context.close()
    lab.end_kernels()
    _no_canary_outside_the_store(lab)


def test_a_multiple_baseline_page_is_set_up_saved_filled_estimated_reported_and_reopened(lab, visits):
    notebook = new_page(lab.workspace, "multiple-baseline")
    visit = visits(notebook)
    page = visit.page
    page.get_by_label("From the list").select_option(label="PHQ-9 depression")
    visit.see("meets the WWC 4.1 standards without reservations")
    for number, name in enumerate(("Tier Canary", "Ben", "Cleo"), start=1):
        visit.tell(f"Client {number}, name", name)
    page.get_by_label("When intervention starts").select_option(label="scd draws each start at random from a window")
    visit.see("27 admissible schedules")
    visit.shoot("staircase-random")
    page.get_by_label("When intervention starts").select_option(label="I set each start")
    visit.see("Sessions 12 to 18")
    visit.scroll_to(page.get_by_label("When intervention starts"))
    visit.shoot("staircase")
    visit.press("Save study")
    visit.see("Saved today")

    visit.tell("PHQ-9 depression", "14")
    visit.press("Save sessions")
    visit.see("1 entry saved")
    visit.scroll_to(page.get_by_label("Client", exact=True))
    visit.shoot("staircase-sessions")
    page.get_by_text("Paste from a spreadsheet").click()
    visit.tell("Pasted cells", "\n".join(["case\tsession\tPHQ-9", *staircase_rows()]))
    visit.press("Read pasted cells")
    visit.see("54 sessions read")
    visit.press("Save sessions")
    visit.see("54 entries saved")
    visit.scroll_to(page.locator("svg[role=img]").first)
    visit.shoot("staircase-chart")
    _estimate_and_report(visit, sampled=True)
    assert page.get_by_role("link", name="Report for the client").count() == 3

    _on_disk(lab, notebook, visit)
    page.context.close()
    lab.end_kernels()
    again = visits(notebook)
    again.see("18 sessions are on record; the next one is session 19")
    assert again.page.get_by_label("Client", exact=True).locator("option").first.inner_text()[:4] == "Tier"
    again.page.locator("svg[role=img]").first.wait_for()
    again.shoot("staircase-reopened")
    again.page.context.close()
    lab.end_kernels()
    _no_canary_outside_the_store(lab)


def staircase_rows() -> list[str]:
    """Three clients of clinical plausibility: different levels, different gains, some noise."""
    random = np.random.default_rng(3)
    rows = []
    for name, start in (("Tier Canary", 6), ("Ben", 9), ("Cleo", 12)):
        level, gain = random.normal(15, 3), random.normal(-6, 2)
        values = level + gain * (np.arange(1, 19) >= start) + random.normal(0, 2, size=18)
        rows += [f"{name}\t{n}\t{v:g}" for n, v in enumerate(values.round().clip(0, 27), start=1)]
    return rows
