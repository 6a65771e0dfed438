"""The weekly page in a real browser: a new user records, looks, decides, plans the next experiment, takes papers."""

from __future__ import annotations

import datetime as dt

import pytest

from scd.forms.between_sessions.opening import practice_study
from scd.forms.pages import weekly_page_of
from tests.browser import CHROMIUM, Visit, no_canary_outside_the_store, on_disk

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: install Debian's package 'chromium'")

LABEL = 'Canary Weber <img src=x onerror="window.hacked=1">'
OBSTACLE = "canary-cold-0815 <script>window.hacked=2</script>"
REASON = "canary-reason: too early to tell"


def _choose_the_rule(visit: Visit) -> None:
    """On the new study's page: when to look, and what would be an alarm, with how often that errs."""
    visit.see("Component experiment after SYNAB2: A without, B with")
    visit.page.get_by_text("Rule for looking while it runs").click()
    visit.press("Work out its false alarms")
    visit.see("Simulating 6000 clients")
    visit.see("who does not change")
    visit.scroll_to(visit.page.get_by_text("Rule for looking while it runs"))
    visit.shoot("rule")
    visit.press("Keep this rule")
    visit.see("The rule is kept")
    visit.scroll_to(visit.page.get_by_role("heading", name="2 · Plan"))
    visit.shoot("rule-kept")
    with visit.page.expect_popup() as popup:
        visit.page.get_by_role("link", name="The weekly page of this study").click()
    popup.value.get_by_text("something to look at from the first session on").wait_for()


def test_a_week_is_recorded_looked_at_decided_on_and_planned(lab, visits):
    study = practice_study(last=dt.date.today() - dt.timedelta(days=1))
    with lab.workspace.open() as caseload:
        caseload.add(study, labels={study.code: LABEL})
    notebook = weekly_page_of(lab.workspace, study)
    visit = visits(notebook, from_list="weekly page", until="Save sessions")
    page = visit.page
    assert page.get_by_role("dialog").count() == 0
    page.locator("svg[role=img]").first.wait_for()
    visit.shoot("opened")

    visit.tell("Date (optional)", dt.date.today().isoformat())
    visit.tell("Evening distress", "3")
    visit.tell("Openness to experience", "6")
    visit.tell("Exercises done: done", "10")
    visit.tell("Exercises done: planned", "300")
    visit.see("Must be 0 to 120 (got 300)")
    visit.tell("Exercises done: planned", "25")
    visit.tell("What got in the way?", OBSTACLE)
    visit.shoot("typed")
    visit.press("Save sessions")
    visit.see("1 entry saved")
    visit.see("17 sessions are on record")
    visit.shoot("recorded")

    page.get_by_role("cell", name="canary-cold-0815").last.wait_for()
    for name, text in (
        ("course", "where the baseline would have gone"),
        ("practice", "planned and done, beside the outcome"),
        ("processes", "what goes before the outcome"),
    ):
        visit.scroll_to(page.get_by_role("heading", name=text))
        visit.shoot(name)
    visit.press("Look at it together")
    visit.see("You decide together")
    assert not page.get_by_role("button", name="Record the decision", exact=True).is_visible()
    assert not page.get_by_role("heading", name="3 · Decide").is_visible()
    visit.scroll_to(page.get_by_role("button", name="Back to the clinician's view"))
    visit.shoot("together")
    visit.scroll_to(page.get_by_role("heading", name="Exercises done", exact=True).last)
    visit.shoot("together-practice")
    visit.press("Back to the clinician's view")

    visit.scroll_to(page.get_by_role("heading", name="3 · Decide"))
    visit.shoot("suggested")
    visit.press("Record the decision")
    visit.see("Choose what was decided")
    page.get_by_label("What do you decide?").select_option(label="Stay in this phase")
    visit.tell("Why?", REASON)
    visit.press("Record the decision")
    visit.see("The decision is recorded")
    visit.see(REASON)
    visit.shoot("decided")

    visit.scroll_to(page.get_by_role("heading", name="4 · The next experiment"))
    visit.see("28 sessions in the order A-B-A-B")
    visit.shoot("experiment")
    visit.press("Set up this experiment")
    visit.see("The next experiment is set up")
    visit.shoot("experiment-made")

    visit.scroll_to(page.get_by_role("heading", name="5 · To take along"))
    visit.press("Make diary and calendar")
    visit.see("14 days for")
    visit.press("Make report")
    visit.see("The reports are made")
    visit.shoot("papers")
    assert page.evaluate("window.hacked") is None

    with page.expect_popup() as popup:
        page.get_by_role("link", name="Diary to print").click()
    popup.value.get_by_role("heading").first.wait_for()
    popup.value.screenshot(path=visit.folder / "diary.png")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Open the page of").click()
    _choose_the_rule(Visit(popup.value, visit.folder))

    on_disk(notebook, visit)
    page.context.close()
    lab.end_kernels()
    again = visits(notebook, until="Save sessions")
    again.see("the next one is session 18")
    again.see(REASON)
    assert again.page.evaluate("window.hacked") is None
    again.page.context.close()
    lab.end_kernels()
    no_canary_outside_the_store(lab, ("Canary Weber", "canary-cold-0815", "canary-reason"))
