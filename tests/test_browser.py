"""Both pages in a real browser, against the JupyterLab that `scd lab` starts."""

from __future__ import annotations

import numpy as np
import pytest

from scd.forms.pages import new_page
from tests.browser import CHROMIUM, Visit, no_canary_outside_the_store, on_disk

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: install Debian's package 'chromium'")

LABEL = 'Canary Miller <img src=x onerror="window.hacked=1">'
NOTE = "canary-note-4711"
CANARIES = ("Canary Miller", NOTE, "13.25", "Tier Canary")


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
    visit = visits(notebook, from_list=notebook.stem)
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

    assert notebook.stem in on_disk(notebook, visit)
    page.context.close()
    lab.end_kernels()
    again = visits(notebook)
    again.see("revision 3")
    again.see("the next one is session 21")
    again.page.locator("svg[role=img]").first.wait_for()
    again.shoot("reopened")
    assert again.page.evaluate("window.hacked") is None
    on_disk(notebook, again)
    again.page.context.close()
    lab.end_kernels()
    no_canary_outside_the_store(lab, CANARIES)


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

    on_disk(notebook, visit)
    page.context.close()
    lab.end_kernels()
    again = visits(notebook)
    again.see("18 sessions are on record; the next one is session 19")
    assert again.page.get_by_label("Client", exact=True).locator("option").first.inner_text()[:4] == "Tier"
    again.page.locator("svg[role=img]").first.wait_for()
    again.shoot("staircase-reopened")
    again.page.context.close()
    lab.end_kernels()
    no_canary_outside_the_store(lab, CANARIES)


def staircase_rows() -> list[str]:
    """Three clients of clinical plausibility: different levels, different gains, some noise."""
    random = np.random.default_rng(3)
    rows = []
    for name, start in (("Tier Canary", 6), ("Ben", 9), ("Cleo", 12)):
        level, gain = random.normal(15, 3), random.normal(-6, 2)
        values = level + gain * (np.arange(1, 19) >= start) + random.normal(0, 2, size=18)
        rows += [f"{name}\t{n}\t{v:g}" for n, v in enumerate(values.round().clip(0, 27), start=1)]
    return rows
