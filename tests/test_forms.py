"""The forms without a browser: set values, press buttons, and look at the store and at the messages."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import ipywidgets as widgets
import numpy as np
import openpyxl
import pytest

from scd.analysis.summary import Summary
from scd.design.plans import multiple_baseline, reversal
from scd.design.randomization import assignment_is_admissible, redraw
from scd.forms.alert import Alert, PageError
from scd.forms.caseload_page import open_caseload_page
from scd.forms.effect_form import EffectForm
from scd.forms.lab import lab_command
from scd.forms.page import Page, open_page
from scd.forms.pages import new_page
from scd.forms.pictures import effects_picture
from scd.forms.practice import practice_folder, sweep_practice
from scd.forms.report_links import make_reports
from scd.forms.view import button
from scd.records.workspace import Workspace, init_workspace
from scd.reports.example import example_summary
from scd.reports.html import page_facts
from scd.reports.outcomes import check_outcomes, summarize_outcomes
from scd.reports.report import page_path
from scd.study import Measure, Session, Study, StudyError, Value, new_code
from scd.study.catalogue import from_catalogue

XSS = '<img src=x onerror="alert(1)">'
BASELINE_AND_BETTER = [15, 15, 16, 15, 14, 10, 12, 11, 8, 6, 13, 14, 9, 14, 12, 7, 7, 7, 9, 10]


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return init_workspace(tmp_path / "clinic")


@pytest.fixture
def page(workspace) -> Page:
    return Page(new_code(), kind="reversal", workspace=workspace)


@pytest.fixture
def saved(page) -> Page:
    """A stored ABAB study on PHQ-9, five sessions a phase, nothing recorded."""
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.save.click()
    assert page.stored is not None
    return page


@pytest.fixture
def staircase(workspace) -> Page:
    """A stored multiple baseline across three clients."""
    page = Page(new_code(), kind="multiple-baseline", workspace=workspace)
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.save.click()
    assert page.stored is not None
    return page


def _below(widget: widgets.Widget) -> Iterator[widgets.Widget]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from _below(child)


def _html(page: Page) -> str:
    """Everything that a page puts before the browser as HTML."""
    parts = (page, page.client, page.plan, page.sessions, page.effect)
    return "\n".join(w.value for part in parts for w in _below(part) if isinstance(w, widgets.HTML))


def _paste(page: Page, values: list[float], *, first: int = 1) -> None:
    lines = [f"{number}\t{value}" for number, value in enumerate(values, start=first)]
    page.sessions_form.table.pasted.value = "\n".join(["session\tPHQ-9 depression", *lines])
    page.sessions_form.table.read.click()


def _type(page: Page, value: str, *, row: int = -1) -> None:
    page.sessions_form.case.rows[row].values["phq-9"].value = value


def _summary(study) -> Summary:
    """A result without numbers, for what only needs to know that there is one."""
    return Summary(
        study=study.code,
        fingerprint=study.fingerprint(),
        measure="phq-9",
        model="phase-level",
        engine="nuts",
        priors={},
        diagnostics={"rhat_max": None, "ess_bulk_min": None, "ess_tail_min": None, "divergences": 0, "ok": False},
        effects=(),
        projection=(),
        levels=(),
        grade="",
        text=(),
        client_text=(),
        warnings=(),
        withheld="a test",
        versions={},
        seed=1,
    )


def _stored(page: Page):
    with page.workspace.open() as caseload:
        return caseload.get(page.code)


# --- a whole ABAB study ---------------------------------------------------------------------------------------------


def test_an_abab_study_from_the_empty_page_to_its_reports(workspace):
    page = Page(new_code(), kind="reversal", workspace=workspace)
    assert page.stored is None
    assert "Not saved yet" in page.head.value
    page.measures_form.label.value = "Mrs K"
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    assert "meets the WWC 4.1 standards without reservations" in page.plan_form.message.value
    assert "no randomisation test is possible" in page.plan_form.message.value
    assert "Sessions 6 to 10" in page.plan_form.preview.value
    page.save.click()
    assert "Saved today" in page.told.value
    assert _stored(page).revision == 1

    _paste(page, BASELINE_AND_BETTER[:-1])
    page.sessions_form.save.click()
    _type(page, "10")
    page.sessions_form.case.rows[0].date.value = dt.date(2026, 3, 2)
    page.sessions_form.save.click()
    case = _stored(page).study.cases[0]
    assert [s.value("phq-9") for s in case.sessions] == BASELINE_AND_BETTER
    assert case.sessions[-1].date == dt.date(2026, 3, 2)
    assert "<svg" in page.sessions_form.chart.value

    shares = []
    page.effect_form.bar.observe(lambda change: shares.append(change["new"]), names="value")

    async def press() -> None:
        page.effect_form.run.click()
        await asyncio.sleep(0)
        assert page.effect_form.run.disabled, "a second estimate can't be started meanwhile"
        await page.effect_form.task

    asyncio.run(press())
    (result,) = page.effect_form.results
    assert page.effect_form.summaries == (result.summary,)
    assert result.summary.fingerprint == _stored(page).study.fingerprint()
    assert not result.summary.withheld
    assert max(shares) > 0.5
    assert "probability of improvement" in result.words.value
    assert "<svg" in result.chart.value
    assert "A2 and B2" in result.effects.value
    assert "integrated numerically" in result.diagnostics.value
    assert "R-hat" not in result.diagnostics.value, "nothing was sampled"
    assert not page.effect_form.run.disabled

    page.effect_form.report()
    reports = sorted(p.name for p in workspace.reports.glob("*.html"))
    assert reports == [f"{page.code}-client.html", f"{page.code}-clinician.html"]
    assert all(name in page.effect_form.links.value for name in reports)

    again = Page(page.code, kind="reversal", workspace=workspace)
    assert again.measures_form.label.value == "Mrs K"
    assert again.measures_form.rows[0].fields["catalogue"].value == "phq-9"
    assert again.sessions_form.case.rows[0].number.value == "21"
    assert "<svg" in again.sessions_form.chart.value
    assert not again.unsaved


def test_a_reopened_plan_without_data_can_still_be_changed(workspace, saved):
    again = Page(saved.code, kind="reversal", workspace=workspace)
    assert not again.plan_form.locked
    assert not again.unsaved
    again.plan_form.plan.order.value = "AB"
    again.plan_form.plan.lengths[1].value = "7"
    assert again.unsaved
    again.save.click()
    stored = _stored(again)
    assert stored.revision == 2
    assert [(p.label, p.start) for p in stored.study.cases[0].phases] == [("A1", 1), ("B1", 6)]
    assert stored.study.sessions_planned == 12


def test_an_estimate_is_marked_when_the_record_has_changed_since(saved):
    form = saved.effect_form
    form.summaries = (_summary(saved.stored.study),)
    _type(saved, "14")
    assert "1 entry above is not saved yet" in form.told.value
    assert "has changed since" not in form.told.value
    saved.sessions_form.save.click()
    assert "not saved" not in form.told.value
    assert "The study has changed since this estimate" in form.told.value


def test_nothing_can_be_estimated_before_sessions_are_recorded(saved):
    saved.effect_form.run.click()
    assert "record sessions" in saved.effect_form.told.value
    _paste(saved, [15, 16])
    saved.sessions_form.save.click()
    saved.effect_form.run.click()
    (result,) = saved.effect_form.results
    assert "No effect can be estimated yet" in result.words.value
    assert "no" in result.title
    assert "<svg" in result.chart.value
    assert not result.effects.value


@pytest.fixture
def two_outcomes(workspace) -> Page:
    """A stored ABAB study with two outcomes, of which the second has no value under intervention."""
    page = Page(new_code(), kind="reversal", workspace=workspace)
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.measures_form.more.click()
    page.measures_form.rows[1].fields["catalogue"].value = "gad-7"
    page.save.click()
    rows = [f"{n}\t{v}\t{10 if n < 6 else ''}" for n, v in enumerate(BASELINE_AND_BETTER, start=1)]
    page.sessions_form.table.pasted.value = "\n".join(["session\tPHQ-9\tGAD-7", *rows])
    page.sessions_form.table.read.click()
    page.sessions_form.save.click()
    return page


def test_every_outcome_has_its_result_and_one_without_hides_no_other(two_outcomes):
    form = two_outcomes.effect_form
    form.run.click()
    first, second = form.results
    assert [s.measure for s in form.summaries] == ["phq-9", "gad-7"]
    assert "probability of improvement" in first.words.value
    assert "none under intervention" in second.words.value
    assert "<svg" in second.chart.value
    headline, other = form._place.children
    assert headline.titles[0].startswith("Headline: PHQ-9 depression, −")
    assert headline.selected_index == 0
    assert other.titles == ("Other outcome: GAD-7 anxiety, no estimate",)
    assert other.selected_index is None
    check_outcomes(two_outcomes.stored.study, form.summaries)  # what a report asks of them


def test_an_error_nobody_foresaw_in_one_outcome_stays_in_its_place(two_outcomes, monkeypatch):
    held = _summary(two_outcomes.stored.study)

    def estimate(_study, *, measure, progress):
        if measure is None:
            raise ArithmeticError("Mrs K")
        return held.replace(measure=measure.key)

    monkeypatch.setattr("scd.forms.effect_form.summarize_outcome", estimate)
    form = two_outcomes.effect_form

    async def press() -> None:
        form.run.click()
        with pytest.raises(PageError, match=r"nobody foresaw \(ArithmeticError, id "):
            await form.task

    asyncio.run(press())
    assert [s.measure for s in form.summaries] == ["phq-9", "gad-7"]
    assert "nobody foresaw (ArithmeticError, id " in form.results[0].words.value
    assert "Mrs K" not in _html(two_outcomes)
    assert form.summaries[1].withheld == "a test"
    assert "ArithmeticError" in two_outcomes.alert.value
    assert not form.run.disabled


# --- a whole multiple baseline --------------------------------------------------------------------------------------


def test_a_multiple_baseline_from_the_empty_page_to_its_reports(workspace):
    page = Page(new_code(), kind="multiple-baseline", workspace=workspace)
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    plan = page.plan_form.plan
    for tier, name in zip(plan.tiers, ["Anna", "Ben", "Cleo"], strict=False):
        tier.label.value = name
    assert "Anna" in page.plan_form.preview.value
    page.save.click()
    stored = _stored(page)
    assert [c.phases[1].planned_start for c in stored.study.cases] == [6, 9, 12]
    with workspace.open() as caseload:
        assert sorted(caseload.labels(page.code).values()) == ["Anna", "Ben", "Cleo"]

    random = np.random.default_rng(3)
    rows = ["case\tsession\tPHQ-9 depression"]
    for name, start in (("Anna", 6), ("ben", 9), ("Cleo", 12)):
        level, gain = random.normal(15, 3), random.normal(-6, 2)
        values = level + gain * (np.arange(1, 19) >= start) + random.normal(0, 2, size=18)
        rows += [f"{name}\t{n}\t{v:g}" for n, v in enumerate(values.round().clip(0, 27), start=1)]
    page.sessions_form.table.pasted.value = "\n".join(rows)
    page.sessions_form.table.read.click()
    assert "54 sessions read" in page.sessions_form.table.told.value
    page.sessions_form.save.click()
    assert [len(c.sessions) for c in _stored(page).study.cases] == [18, 18, 18]

    page.effect_form.estimate()
    (result,) = page.effect_form.results
    assert result.summary.model == "multilevel"
    assert result.summary.withheld == ""
    assert "all together" in result.effects.value
    assert "by weighted draws" in result.diagnostics.value
    assert "at least 400" in result.diagnostics.value
    assert "Anna" in result.effects.value
    page.effect_form.report()
    assert len(list(workspace.reports.glob("*.html"))) == 4, "one for the clinician, one for each client"
    assert "Report for the client Anna" in page.effect_form.links.value

    again = Page(page.code, kind="multiple-baseline", workspace=workspace)
    assert [t.label.value for t in again.plan_form.plan.tiers[:3]] == ["Anna", "Ben", "Cleo"]
    assert again.plan_form.plan.tiers[0].start.control.disabled, "the plan stands once there are data"
    assert not again.plan_form.plan.tiers[0].label.control.disabled, "a name may always be changed"
    assert not again.unsaved


def test_each_behaviour_has_its_own_measure_and_its_own_rows(workspace):
    page = Page(new_code(), kind="multiple-baseline", workspace=workspace)
    page.plan_form.plan.across.value = "behaviours"
    for name in ("Hitting", "Shouting", "Running off"):
        if page.measures_form.rows[0].fields["label"].value:
            page.measures_form.more.click()
        fields = page.measures_form.rows[-1].fields
        fields["label"].value, fields["improvement"].value = name, "decrease"
        fields["minimum"].value, fields["maximum"].value = "0", "20"
    page.save.click()
    study = _stored(page).study
    assert [c.measures for c in study.cases] == [("hitting",), ("shouting",), ("running-off",)]
    page.sessions_form.table.pasted.value = "session;Hitting;Shouting;Running off\n1;5;6;7\n2;4;;8"
    page.sessions_form.table.read.click()
    page.sessions_form.save.click()
    first, second, _ = _stored(page).study.cases
    assert [s.value("hitting") for s in first.sessions] == [5, 4]
    assert [s.value("shouting") for s in second.sessions] == [6, None]


def test_unlike_units_are_drawn_on_no_common_axis_but_their_standardised_one():
    hours = Measure(key="hours", label="Sleep", improvement="increase", minimum=0, maximum=12, unit="hours")
    study = multiple_baseline(
        measures=[from_catalogue("phq-9"), hours], cases=["BBB222", "CCC333"], across="behaviours", starts=[4, 7],
        sessions=9, tier_measures=[["phq-9"], ["hours"]],
    )  # fmt: skip
    row = example_summary().effects
    effects = tuple(e.replace(case=case) for case in ("BBB222", "CCC333") for e in row[:2])
    drawn = effects_picture(
        _summary(study).replace(measure="phq-9+hours", effects=effects, withheld=""), study=study, labels={}
    )
    described = unescape(re.search(r"<desc[^>]*>(.*?)</desc>", drawn, re.DOTALL)[1])
    assert described.startswith("Standardised change (SD)")
    assert "BBB222 overall: 3.61 (0.98 to 6.61)" in described


def test_starts_drawn_in_windows_are_stored_with_the_draw(workspace):
    page = Page(new_code(), kind="multiple-baseline", workspace=workspace)
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.plan_form.plan.how.value = "random"
    assert "27 admissible schedules" in page.plan_form.message.value
    assert "shown when the study is saved" in page.plan_form.preview.value
    assert "<td" not in page.plan_form.preview.value, "no schedule is shown before it counts"
    page.save.click()
    draw = _stored(page).study.randomization
    assert draw.scheme == "start-windows"
    assert draw.admissible == 27
    assert assignment_is_admissible(draw)
    assert "<td" in page.plan_form.preview.value


# --- the plan -------------------------------------------------------------------------------------------------------


def test_a_draw_is_made_once_and_kept_for_good(workspace, page):
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    plan = page.plan_form.plan
    plan.how.value = "random"
    plan.sessions.value, plan.min_phase.value = "24", "4"
    first = page.plan_form.study.randomization
    plan.sessions.value = "30"
    plan.sessions.value = "24"
    assert page.plan_form.study.randomization.starts == first.starts, "going back and forth is no new draw"
    assert "1/165 = .0061" in page.plan_form.message.value
    page.save.click()
    stored = _stored(page).study
    assert stored.randomization == redraw(stored.randomization)
    again = Page(page.code, kind="reversal", workspace=workspace)
    assert again.plan_form.locked
    assert again.plan_form.plan.layout.display == "none"
    assert "a draw is made once" in again.plan_form.fixed.value


def test_too_few_sessions_for_the_draw_are_told_beside_the_field(page):
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.plan_form.plan.how.value = "random"
    page.plan_form.plan.sessions.value = "10"
    assert "need 16 sessions (got 10)" in page.plan_form.plan.sessions.message.value
    assert page.plan_form.study is None
    page.save.click()
    assert "Not saved" in page.told.value
    assert page.stored is None


@pytest.mark.parametrize(("text", "words"), [("", "is empty"), ("abc", "must be a number"), ("0", "at least 1")])
def test_a_wrong_phase_length_is_told_beside_its_field_and_nothing_typed_is_lost(page, text, words):
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    field = page.plan_form.plan.lengths[2]
    field.value = text
    assert words in field.message.value
    assert "A2 Baseline" in field.message.value
    page.save.click()
    assert page.stored is None
    assert field.value == text
    field.value = "6"
    assert field.message.value == ""
    page.save.click()
    assert page.stored is not None


def test_starts_that_are_not_staggered_are_told_beside_the_tier(workspace):
    page = Page(new_code(), kind="multiple-baseline", workspace=workspace)
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    tier = page.plan_form.plan.tiers[1]
    tier.start.value = "6"
    assert "later" in tier.start.message.value
    assert page.plan_form.study is None


# --- measures -------------------------------------------------------------------------------------------------------


def test_an_own_measure_is_described_field_by_field(page):
    fields = page.measures_form.rows[0].fields
    fields["label"].value = "Panic attacks"
    assert fields["improvement"].message.value == "", "what is still empty is no mistake while someone types"
    page.save.click()
    assert "whether lower or higher is better" in fields["improvement"].message.value
    fields["improvement"].value = "decrease"
    fields["minimum"].value, fields["maximum"].value = "10", "3"
    assert "maximum must be above minimum (got 10 and 3)" in fields["maximum"].message.value
    fields["minimum"].value = "0"
    fields["meaningful_change"].value = "many"
    assert "must be a number" in fields["meaningful_change"].message.value
    fields["meaningful_change"].value = "1,5"
    fields["goal"].value = "4"
    assert "goal must lie in 0 to 3" in fields["goal"].message.value
    fields["goal"].value = "1"
    page.save.click()
    (measure,) = _stored(page).study.measures
    assert (measure.key, measure.maximum, measure.meaningful_change, measure.goal) == ("panic-attacks", 3, 1.5, 1)


def test_several_measures_with_roles(page):
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.measures_form.more.click()
    page.measures_form.rows[1].fields["catalogue"].value = "aaq-ii"
    page.measures_form.more.click()
    page.measures_form.rows[2].fields["catalogue"].value = "practice-minutes"
    page.save.click()
    study = _stored(page).study
    assert [m.role for m in study.measures] == ["outcome", "process", "practice"]
    assert set(page.sessions_form.case.rows[0].values) == {"phq-9", "aaq-ii", "practice-minutes"}


def test_an_outcome_is_needed_and_a_measure_stands_once(page):
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.measures_form.rows[0].fields["role"].value = "process"
    assert "at least one measure must be an outcome" in page.measures_form.rows[0].fields["role"].message.value
    page.measures_form.rows[0].fields["role"].value = "outcome"
    page.measures_form.more.click()
    page.measures_form.rows[1].fields["catalogue"].value = "phq-9"
    assert "stands here twice" in page.measures_form.rows[1].fields["catalogue"].message.value
    page.measures_form.remove(page.measures_form.rows[1])
    assert len(page.measures_form.measures) == 1


def test_a_measure_with_values_is_described_better_but_not_swapped(workspace, saved):
    _type(saved, "12")
    saved.sessions_form.save.click()
    row = saved.measures_form.rows[0]
    assert row.fields["catalogue"].control.disabled
    row.fields["goal"].value = "5"
    saved.save.click()
    assert _stored(saved).study.measures[0].goal == 5
    assert _stored(saved).study.cases[0].sessions[0].value("phq-9") == 12
    row = saved.measures_form.rows[0]
    row.fields["goal"].value, row.fields["maximum"].value = "5", "10"
    saved.save.click()
    assert "must be 0 to 10 (got 12)" in saved.told.value
    assert _stored(saved).study.measures[0].maximum == 27


# --- sessions -------------------------------------------------------------------------------------------------------


def test_rows_know_their_number_and_their_phase(saved):
    case = saved.sessions_form.case
    assert "session 1, in phase A1" in case.next.value
    _type(saved, "15")
    for value in ("16", "14", "17", "15", "12"):
        case.more.click()
        _type(saved, value)
    assert [r.number.value for r in case.rows] == ["1", "2", "3", "4", "5", "6"]
    assert "phase A1, baseline" in case.rows[4].told.value
    assert "phase B1, intervention" in case.rows[5].told.value
    saved.sessions_form.save.click()
    assert "6 entries saved" in saved.sessions_form.told.value
    assert [r.number.value for r in case.rows] == ["7"]
    assert "<td" in case.record.value


def test_a_missed_session_is_missing_and_never_zero(saved):
    row = saved.sessions_form.case.rows[0]
    row.missed.value = True
    row.note.value = "ill"
    assert row.values["phq-9"].control.disabled
    saved.sessions_form.save.click()
    (session,) = _stored(saved).study.cases[0].sessions
    assert session.missed
    assert session.note == "ill"


@pytest.mark.parametrize(
    ("value", "words"), [("99", "Must be 0 to 27 (got 99)"), ("a lot", "must be a number"), ("-1", "Must be 0 to 27")]
)
def test_a_wrong_value_is_told_beside_its_field_and_nothing_is_saved(saved, value, words):
    _type(saved, "14")
    saved.sessions_form.case.more.click()
    _type(saved, value)
    field = saved.sessions_form.case.rows[1].values["phq-9"]
    assert words in field.message.value
    assert saved.sessions_form.study is None
    saved.sessions_form.save.click()
    assert "Not saved" in saved.sessions_form.told.value
    assert "session 2" in saved.sessions_form.told.value
    assert _stored(saved).revision == 1
    assert field.value == value
    field.value = "13,0"
    saved.sessions_form.save.click()
    assert len(_stored(saved).study.cases[0].sessions) == 2


@pytest.fixture
def counted(workspace) -> Page:
    """A stored study of a count, a proportion and a questionnaire."""
    page = Page(new_code(), kind="reversal", workspace=workspace)
    for n, (label, scale, maximum) in enumerate((("Calls", "count", "50"), ("Hits", "proportion", "1"))):
        if n:
            page.measures_form.more.click()
        fields = page.measures_form.rows[-1].fields
        fields["label"].value, fields["improvement"].value, fields["scale"].value = label, "increase", scale
        fields["minimum"].value, fields["maximum"].value = "0", maximum
    page.measures_form.more.click()
    page.measures_form.rows[-1].fields["catalogue"].value = "phq-9"
    page.save.click()
    assert page.stored is not None, page.told.value
    return page


def _put(row, **entries: str) -> None:
    for key, text in entries.items():
        kind = row.beside if key.endswith("_") else row.values
        kind[key.rstrip("_").replace("phq", "phq-9")].value = text


def test_minutes_and_trials_are_asked_for_only_where_the_scale_has_them(counted):
    row = counted.sessions_form.case.rows[0]
    assert [f.name for f in row.beside.values()] == ["Calls, minutes", "Hits, trials"]
    _put(row, calls="12", calls_="30,5", hits="0,8", hits_="10", phq="14")
    counted.sessions_form.save.click()
    (session,) = _stored(counted).study.cases[0].sessions
    assert session.values == (
        Value(measure="calls", value=12, minutes=30.5),
        Value(measure="hits", value=0.8, trials=10),
        Value(measure="phq-9", value=14),
    )


def test_minutes_and_trials_are_shown_again_and_can_be_corrected(workspace, counted):
    _put(counted.sessions_form.case.rows[0], calls="12", calls_="30", hits="0.8", hits_="10")
    counted.sessions_form.save.click()
    again = Page(counted.code, kind="reversal", workspace=workspace)
    case = again.sessions_form.case
    assert "12 (30 min)" in case.record.value
    assert "0.8 (10 trials)" in case.record.value
    row = case.rows[0]
    row.number.value = "1"
    assert (row.beside["calls"].value, row.beside["hits"].value) == ("30", "10")
    _put(row, calls_="", hits_="12")
    again.sessions_form.save.click()
    calls, hits = _stored(again).study.cases[0].sessions[0].values
    assert (calls.minutes, hits.trials) == (None, 12)


@pytest.mark.parametrize(
    ("entries", "field", "words"),
    [
        ({"calls": "3", "calls_": "0"}, "calls_", "must be above 0 (got 0)"),
        ({"calls": "3", "calls_": "half an hour"}, "calls_", "must be a number"),
        ({"hits": "0.5", "hits_": "2.5"}, "hits_", "must be a whole number"),
        ({"hits": "0.5", "hits_": "-4"}, "hits_", "must be above 0 (got -4)"),
        ({"hits": "8", "hits_": "10"}, "hits", "Must be 0 to 1 (got 8): for 8 of 10 trials, give 0.8."),
        ({"calls_": "30"}, "calls", "Give the value, too, or take the minutes out."),
    ],
)
def test_a_mistake_in_minutes_or_trials_is_told_beside_its_field(counted, entries, field, words):
    row = counted.sessions_form.case.rows[0]
    _put(row, **entries)
    shown = (row.beside if field.endswith("_") else row.values)[field.rstrip("_")].message.value
    assert words in shown
    assert counted.sessions_form.study is None
    counted.sessions_form.save.click()
    assert _stored(counted).revision == 1


def test_minutes_and_trials_are_read_from_a_table_for_the_measures_that_have_them(counted):
    table = counted.sessions_form.table
    table.pasted.value = "session;Calls;Hits;PHQ-9;minutes;trials\n1;12;0,8;14;30;10\n2;;0,5;13;;20"
    table.read.click()
    assert "2 sessions read" in table.told.value
    counted.sessions_form.save.click()
    first = _stored(counted).study.cases[0].sessions[0]
    told = [(v.measure, v.value, v.minutes, v.trials) for v in first.values]
    assert told == [("calls", 12, 30, None), ("hits", 0.8, None, 10), ("phq-9", 14, None, None)]
    row = counted.sessions_form.case.rows[0]
    row.number.value = "2"
    _put(row, phq="9")
    counted.sessions_form.save.click()
    corrected = _stored(counted).study.cases[0].sessions[1]
    assert [(v.value, v.trials) for v in corrected.values] == [(None, None), (0.5, 20), (9, None)], "the rest stays"


def test_minutes_of_a_missed_session_are_locked_with_it(counted):
    row = counted.sessions_form.case.rows[0]
    row.missed.value = True
    assert row.beside["calls"].control.disabled
    counted.sessions_form.save.click()
    assert _stored(counted).study.cases[0].sessions[0].missed


def test_a_row_with_a_note_alone_asks_for_a_value(saved):
    row = saved.sessions_form.case.rows[0]
    row.note.value = "talked about work"
    assert "or tick “Missed”" in row.values["phq-9"].message.value


def test_the_same_session_twice_is_told(saved):
    _type(saved, "14")
    saved.sessions_form.case.more.click()
    saved.sessions_form.case.rows[1].number.value = "1"
    _type(saved, "15")
    assert "stands here twice" in saved.sessions_form.case.rows[1].number.message.value


def test_dates_that_go_back_are_told(saved):
    rows = saved.sessions_form.case.rows
    _type(saved, "14")
    rows[0].date.value = dt.date(2026, 3, 9)
    saved.sessions_form.case.more.click()
    rows[1].date.value = dt.date(2026, 3, 2)
    _type(saved, "15")
    assert "lies before that of session 1" in saved.sessions_form.case.told.value
    assert saved.sessions_form.study is None


def test_a_recorded_session_is_corrected_by_its_number(saved):
    _paste(saved, [14, 15])
    saved.sessions_form.save.click()
    row = saved.sessions_form.case.rows[0]
    row.number.value = "2"
    assert row.values["phq-9"].value == "15", "its values appear"
    assert "will replace it" in row.told.value
    row.values["phq-9"].value = "5"
    saved.sessions_form.save.click()
    assert [s.value("phq-9") for s in _stored(saved).study.cases[0].sessions] == [14, 5]
    with saved.workspace.open() as caseload:
        changed = [e for e in caseload.audit(saved.code) if e.revision == 3]
    assert [(e.before, e.after) for e in changed] == [(15.0, 5.0)]


def test_a_phase_that_starts_off_the_plan_needs_a_reason(saved):
    _paste(saved, [15, 16, 14, 17, 15, 16, 12])
    start = saved.sessions_form.case.start
    assert start.phase.value == "B1"
    assert start.reason.layout.display == "none"
    start.session.value = "7"
    assert start.reason.layout.display == ""
    assert "Say in a few words why it starts at session 7, not at 6" in start.reason.message.value
    saved.sessions_form.save.click()
    assert _stored(saved).revision == 1
    start.reason.value = "therapist ill"
    saved.sessions_form.save.click()
    phases = _stored(saved).study.cases[0].phases
    assert [(p.label, p.start) for p in phases] == [("A1", 1), ("B1", 7), ("A2", 12), ("B2", 17)]
    assert phases[1].reason == "therapist ill"
    assert saved.sessions_form.case.start.phase.value == "A2", "the next one to come"


def test_cases_are_entered_side_by_side_and_saved_together(staircase):
    form = staircase.sessions_form
    assert form.chosen.name == "Client"
    codes = [code for _, code in form.chosen.control.options]
    for code, value in zip(codes, ("11", "12", "13"), strict=True):
        form.chosen.value = code
        _type(staircase, value)
    form.save.click()
    assert [c.sessions[0].value("phq-9") for c in _stored(staircase).study.cases] == [11, 12, 13]


# --- tables ---------------------------------------------------------------------------------------------------------


def test_a_pasted_table_shows_what_was_read_and_every_mistake_by_its_row(saved):
    table = saved.sessions_form.table
    table.pasted.value = "session;PHQ-9\n1;14\n2;viele\n3;40"
    table.read.click()
    assert "Nothing was taken" in table.told.value
    assert "row 3" in table.told.value
    assert "viele" in table.told.value
    assert saved.sessions_form.unsaved == 0
    table.pasted.value = "session;PHQ-9\n1;14\n2;13,5\n3;"
    table.read.click()
    assert "3 sessions read" in table.told.value
    assert "13.5" in table.preview.value
    saved.sessions_form.save.click()
    assert [s.value("phq-9") for s in _stored(saved).study.cases[0].sessions] == [14, 13.5, None]
    assert table.pasted.value == ""


def test_a_table_that_does_not_fit_the_record_is_refused_whole(saved):
    _paste(saved, [14, 40])
    assert "must be 0 to 27 (got 40)" in saved.sessions_form.table.told.value
    assert saved.sessions_form.unsaved == 0


def test_a_table_can_be_put_away_again(saved):
    _paste(saved, [14, 15])
    assert saved.sessions_form.unsaved == 2
    saved.sessions_form.table.away.click()
    assert saved.sessions_form.unsaved == 0
    assert saved.sessions_form.study == saved.stored.study


def _upload(page: Page, name: str, content: bytes) -> None:
    file = {"name": name, "type": "", "size": len(content), "content": memoryview(content)}
    page.sessions_form.table.upload.value = ({**file, "last_modified": dt.datetime(2026, 3, 2, tzinfo=dt.UTC)},)


def test_a_csv_and_a_workbook_are_read_from_an_upload(saved):
    _upload(saved, "mrs-k.csv", b"session,date,PHQ-9\n1,2026-03-02,14\n2,2026-03-09,12\n")
    assert "2 sessions read" in saved.sessions_form.table.told.value
    assert "mrs-k" not in _html(saved)
    saved.sessions_form.save.click()
    book = openpyxl.Workbook()
    for row in (["session", "PHQ-9"], [3, 11], [4, 10]):
        book.active.append(row)
    held = io.BytesIO()
    book.save(held)
    _upload(saved, "later.xlsx", held.getvalue())
    saved.sessions_form.save.click()
    sessions = _stored(saved).study.cases[0].sessions
    assert [s.value("phq-9") for s in sessions] == [14, 12, 11, 10]
    assert sessions[1].date == dt.date(2026, 3, 9)


def test_a_file_that_is_no_table_is_told_in_words(saved):
    _upload(saved, "photo.xlsx", b"\x89PNG\r\n")
    assert "Nothing was taken" in saved.sessions_form.table.told.value
    assert saved.alert.value == ""


def test_a_table_about_somebody_else_is_refused(staircase):
    staircase.sessions_form.table.pasted.value = "case\tsession\tPHQ-9\nAnna\t1\t3\nBen\t1\t4"
    staircase.sessions_form.table.read.click()
    assert "“Anna” is no case of this study" in staircase.sessions_form.table.told.value


# --- the store holds the truth --------------------------------------------------------------------------------------


def test_a_stale_save_names_both_revisions_loses_nothing_and_offers_the_newer(workspace, saved):
    other = Page(saved.code, kind="reversal", workspace=workspace)
    _type(other, "20")
    other.sessions_form.save.click()
    assert _stored(saved).revision == 2

    saved.sessions_form.case.rows[0].number.value = "2"
    _type(saved, "14")
    saved.sessions_form.save.click()
    assert "began from revision 1" in saved.conflict.value
    assert "holds revision 2" in saved.conflict.value
    assert saved.load.layout.display != "none"
    assert _stored(saved).revision == 2
    assert saved.sessions_form.case.rows[0].values["phq-9"].value == "14"

    saved.load.click()
    assert saved.stored.revision == 2
    assert saved.conflict.value == ""
    assert saved.sessions_form.case.rows[0].values["phq-9"].value == "14", "what was typed is still there"
    saved.sessions_form.save.click()
    assert [s.value("phq-9") for s in _stored(saved).study.cases[0].sessions] == [20, 14]


def test_two_tabs_of_a_new_page_can_not_both_make_the_study(workspace):
    code = new_code()
    first, second = (Page(code, kind="reversal", workspace=workspace) for _ in range(2))
    for page, key in ((first, "phq-9"), (second, "gad-7")):
        page.measures_form.rows[0].fields["catalogue"].value = key
    first.save.click()
    second.save.click()
    assert "began from an empty page" in second.conflict.value
    second.load.click()
    assert second.measures_form.rows[0].fields["catalogue"].value == "phq-9"


def test_sessions_wait_for_a_changed_plan_to_be_saved(saved):
    _type(saved, "14")
    saved.plan_form.plan.lengths[0].value = "7"
    saved.sessions_form.save.click()
    assert "press “Save study” first" in saved.sessions_form.told.value
    saved.save.click()
    assert saved.sessions_form.case.rows[0].values["phq-9"].value == "14"
    saved.sessions_form.save.click()
    assert _stored(saved).study.cases[0].phases[1].planned_start == 8


def test_typed_sessions_survive_a_change_of_the_measures(saved):
    _type(saved, "14")
    saved.measures_form.more.click()
    saved.measures_form.rows[1].fields["catalogue"].value = "gad-7"
    saved.save.click()
    row = saved.sessions_form.case.rows[0]
    assert row.values["phq-9"].value == "14"
    assert row.values["gad-7"].value == ""


def test_a_page_opened_again_in_the_same_kernel_keeps_what_was_typed(workspace):
    code = new_code()
    page = open_page(code, workspace=str(workspace.path))
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    assert open_page(code, workspace=str(workspace.path)) is page
    page.save.click()
    fresh = open_page(code, workspace=str(workspace.path))
    assert fresh is not page, "with nothing unsaved the store tells"
    assert fresh.stored.revision == 1


# --- reports of several clients -------------------------------------------------------------------------------------


@pytest.fixture
def two_clients(workspace) -> Study:
    """A stored reversal study of two clients, as an import of a table makes it."""
    first, second = new_code(), new_code()
    measure = from_catalogue("phq-9")
    plans = [reversal(measures=[measure], phases="AB", sessions=[3, 3], code=code) for code in (first, second)]
    cases = [
        plan.cases[0].record(*[Session(number=n, values=(Value(measure="phq-9", value=14 + i),)) for n in (1, 2, 3)])
        for i, plan in enumerate(plans)
    ]
    study = plans[0].replace(code=new_code(), cases=tuple(cases))
    with workspace.open() as caseload:
        return caseload.add(study, labels={first: "Anna", second: "Ben"}).study


def _links(html: str) -> dict[str, str]:
    return {
        unescape(name): Path(unquote(url)).name for url, name in re.findall(r'<a href="([^"]*)"[^>]*>([^<]*)</a>', html)
    }


def test_each_client_of_a_reversal_study_gets_a_link_to_their_own_page(workspace, two_clients, monkeypatch):
    monkeypatch.setenv("SCD_LAB_URL", "/")
    first, second = (case.code for case in two_clients.cases)
    labels = {first: "Anna", second: "Ben"}
    links = _links(make_reports(workspace, two_clients, summaries=summarize_outcomes(two_clients), labels=labels))
    assert links == {
        "Report for the clinician": f"{two_clients.code}-clinician.html",
        f"Report for the client Anna ({first})": f"{first}-client.html",
        f"Report for the client Ben ({second})": f"{second}-client.html",
    }
    for name, file in links.items():
        page = (workspace.reports / file).read_text()
        assert page_facts(page)["scd-code"] == file[:6]
        if "client " in name:
            assert {first, second} & set(re.findall(r"\w{6}", page)) == {file[:6]}


def test_a_page_that_is_another_clients_is_never_linked(workspace, two_clients, monkeypatch):
    first, second = (case.code for case in two_clients.cases)
    monkeypatch.setattr("scd.reports.report.make_report", lambda *_, **__: None)  # leaves what stands there

    def stands(code: str, audience: str, *, about: str, of: Study = two_clients) -> None:
        facts = f'<meta name="scd-code" content="{about}"><meta name="scd-fingerprint" content="{of.fingerprint()}">'
        page_path(workspace, code, audience=audience).write_text(f"<head>{facts}</head>")

    def linked() -> str:
        return make_reports(workspace, two_clients, summaries=(), labels={})

    stands(two_clients.code, "clinician", about=two_clients.code)
    stands(first, "client", about=first)
    stands(second, "client", about=second)
    assert linked().count("<li>") == 3
    stands(second, "client", about=first)
    with pytest.raises(StudyError, match=f"is not the page of {second} as it is now"):
        linked()
    stands(second, "client", about=second, of=two_clients.replace(note="older"))
    with pytest.raises(StudyError, match=f"is not the page of {second} as it is now"):
        linked()
    page_path(workspace, second, audience="client").unlink()
    with pytest.raises(StudyError, match=f"is not the page of {second} as it is now"):
        linked()


# --- what must never happen -----------------------------------------------------------------------------------------


def test_text_from_people_is_never_taken_as_html(workspace):
    page = Page(new_code(), kind="multiple-baseline", workspace=workspace)
    page.measures_form.label.value = XSS
    fields = page.measures_form.rows[0].fields
    fields["label"].value, fields["improvement"].value, fields["unit"].value = XSS, "decrease", XSS
    fields["minimum"].value, fields["maximum"].value = "0", XSS
    assert XSS not in _html(page)
    fields["maximum"].value = "10"
    page.plan_form.plan.tiers[0].label.value = XSS
    page.save.click()
    assert page.stored is not None
    key = page.stored.study.measures[0].key
    row = page.sessions_form.case.rows[0]
    row.values[key].value, row.note.value = XSS, XSS
    page.sessions_form.save.click()
    row.values[key].value = "3"
    page.sessions_form.save.click()
    page.sessions_form.table.pasted.value = f"session\t{XSS}\n1\t{XSS}"
    page.sessions_form.table.read.click()
    shown = _html(page)
    assert "&lt;img" in shown
    assert "<img" not in shown


def test_a_part_that_can_not_be_drawn_tells_nothing_about_the_client(saved):
    saved.measures_form.label.value = "Canary Miller"
    _type(saved, "13.37")
    for part in (saved, saved.client, saved.plan, saved.sessions, saved.effect):
        told = part._repr_mimebundle_()["text/plain"]
        assert told == "<part of a page: choose “Run”, then “Run All Cells” to see it>"
    assert "Canary" not in repr(saved.save_study)


def test_an_error_nobody_foresaw_is_shown_with_its_id_logged_and_raised(saved, caplog):
    saved.kept.workspace = None
    _type(saved, "14")
    with caplog.at_level(logging.ERROR, logger="scd"):
        saved.sessions_form.save.click()
    shown = saved.alert.value
    assert "AttributeError" in shown
    logged = re.fullmatch(
        r"page error (\w{6}): AttributeError at "
        r"scd/forms/alert\.py:\d+( > scd/forms/\w+\.py:\d+)* > scd/forms/kept_study\.py:\d+",
        caplog.records[0].getMessage(),
    )
    assert f"id {logged[1]}" in shown
    assert saved.sessions_form.case.rows[0].values["phq-9"].value == "14"
    with pytest.raises(StudyError, match="shows an error"):
        saved.check()


def test_a_guarded_callback_raises_again():
    alert = Alert()

    def fails(_button: object) -> None:
        raise KeyError("Mrs K")

    with pytest.raises(PageError) as caught:
        alert.guard(alert.guard(fails))(None)
    assert caught.value.number in alert.value, "told once, by the innermost"
    assert "Mrs K" not in "".join(traceback.format_exception(caught.value))
    assert "KeyError" in alert.value
    assert "Mrs K" not in alert.value, "an error's text may hold a client's words"
    alert.clear()
    button("Do it", alert.guard(fails)).click()
    assert "KeyError" in alert.value


def test_an_error_in_the_scheduled_work_is_shown_too(saved):
    def fails(_summaries: object) -> str:
        raise ZeroDivisionError

    form = EffectForm(alert := Alert(), reporter=fails)
    form.summaries = (_summary(saved.stored.study),)

    async def press() -> None:
        form.make.click()
        with pytest.raises(PageError):
            await form.task

    asyncio.run(press())
    assert "ZeroDivisionError" in alert.value
    assert not form.make.disabled


LEAKS = """
import asyncio, gc
import scd.forms.effect_form as effect_form
from scd.forms.page import open_page
from scd.forms.view import button
from scd.forms.fields import typed

def fails(*told, **more):
    raise ValueError("".join(["Cana", "ry Mill", "er"]), told, more)  # a log may quote this line, but not its values

page = open_page()
page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
page.save.click()
page.sessions_form.case.rows[0].values["phq-9"].value = "13.25"
page.sessions_form.save.click()
pressed = button("Do it", page.alert.guard(fails))
field = typed("Value")
field.watch(page.alert.guard(fails))
effect_form.summarize_outcome = fails
print(pressed.model_id, field.control.model_id, page.effect_form.run.model_id)
"""


def test_an_error_nobody_foresaw_tells_lab_nothing_about_the_client(tmp_path):
    from jupyter_client.manager import start_new_kernel

    log = tmp_path / "lab.log"
    heard: list[str] = []
    with log.open("w") as out:
        manager, client = start_new_kernel(stdout=out, stderr=out, cwd=str(tmp_path))

        def run(code: str) -> str:
            """Everything that the kernel says meanwhile, also in answer to what a browser sent before."""
            asked, said = client.execute(code), []
            while True:
                message = client.get_iopub_msg(timeout=60)
                content, kind = message["content"], message["msg_type"]
                if kind in ("stream", "error", "execute_result", "display_data"):
                    said.append(content.get("text") or json.dumps(content, default=str))
                if content.get("execution_state") == "idle" and message["parent_header"].get("msg_id") == asked:
                    heard.extend(said)
                    return "".join(said)

        try:
            pressed, field, estimate = run(LEAKS).split()
            clicked = {"method": "custom", "content": {"event": "click"}}
            typed = {"method": "update", "state": {"value": "Canary Miller"}, "buffer_paths": []}
            for model, data in ((pressed, clicked), (field, typed), (estimate, clicked)):
                client.shell_channel.send(client.session.msg("comm_msg", {"comm_id": model, "data": data}))
            run("await asyncio.wait([page.effect_form.task]); page.effect_form.task = None; gc.collect()")
            run("import scd.forms.page as door; door._practice_page = fails; closed = door.open_page()")
            shown = run("print(page.alert.value, closed.head.value)")
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    said = log.read_text() + "\n".join(heard)
    logged = re.findall(r"page error (\w{6}): (ValueError) at scd/forms/alert\.py:\d+ > ([\w/.: >]+)", said)
    assert len(logged) == 4, "the button, the field, the estimate, the door"
    assert len({number for number, *_ in logged}) == 4
    assert any("scd/forms/effect_form.py:" in places for *_, places in logged)
    assert logged[-2][0] in shown
    assert logged[-1][0] in shown
    for canary in ("Canary", "Miller", "13.25"):
        assert canary not in said


def test_controls_can_be_reached_and_read(saved):
    asked = [
        w
        for part in (saved.client, saved.plan, saved.sessions, saved.effect)
        for w in _below(part)
        if isinstance(w, widgets.Text | widgets.Textarea | widgets.Dropdown | widgets.Checkbox | widgets.DatePicker)
    ]
    assert len(asked) > 30
    assert not [w for w in asked if not w.description], "a control without a name can't be read aloud"
    buttons = [w.description for part in (saved.plan, saved.sessions, saved.effect) for w in _below(part)
               if isinstance(w, widgets.Button)]  # fmt: skip
    assert {"Save study", "Save sessions", "Estimate effect", "Make report"} <= set(buttons)
    assert "Save" not in buttons, "that is JupyterLab's own"


# --- pages and JupyterLab -------------------------------------------------------------------------------------------


def test_the_list_of_studies_shows_the_clinics_names_and_leads_to_every_page(workspace, saved, monkeypatch):
    saved.measures_form.label.value = XSS
    saved.save.click()
    monkeypatch.setenv("SCD_WORKSPACE", str(workspace.path))
    monkeypatch.setenv("SCD_LAB_URL", "/")
    listed = open_caseload_page()
    assert (workspace.pages / f"{saved.code}.ipynb").exists(), "an imported study gets its page here"
    assert f'href="/doc/tree/pages/{saved.code}.ipynb"' in listed.list.value
    assert "&lt;img" in listed.list.value
    assert "<img" not in listed.list.value
    assert "PHQ-9 depression" in listed.list.value
    assert "A1-B1-A2-B2" in listed.list.value
    listed.staircase.click()
    assert "The page is ready" in listed.told.value
    assert "not saved yet" in listed.list.value
    assert len(list(workspace.pages.glob("[A-Z]*.ipynb"))) == 2
    with workspace.open() as caseload:
        caseload.retire(saved.code, revision=2, reason="set up by mistake")
    listed.again.click()
    assert saved.code not in listed.list.value


def test_practice_keeps_nothing_and_says_so():
    page = open_page(kind="multiple-baseline")
    assert "Practice mode: nothing is kept." in page.head.value
    assert "scd new multiple-baseline" in page.head.value
    folder = page.workspace.path
    assert folder.is_dir()
    page.folder.cleanup()
    assert not folder.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is swept where folders can't be locked")
def test_a_practice_folder_of_a_killed_kernel_is_swept_and_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    code = (
        "import time; from scd.forms.practice import practice_folder\n"
        "held = practice_folder(); print(held.name, flush=True); time.sleep(600)"
    )
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": str(tmp_path)}
        )
        for _ in range(2)
    ]
    try:
        killed, living = (Path(kernel.stdout.readline().strip()) for kernel in kernels)
        assert killed.parent == living.parent == tmp_path
        (killed / "practice").mkdir()
        kernels[0].kill()
        kernels[0].wait()
        assert killed.is_dir(), "a killed kernel cleans nothing up"
        begun = tmp_path / "scd-practice-begun"  # its process has not locked it yet
        begun.mkdir()
        strange = tmp_path / "elsewhere"
        strange.mkdir()
        (strange / "owned").touch()
        (tmp_path / "scd-practice-link").symlink_to(strange)
        mine = practice_folder()
        assert not killed.exists()
        left = {living, begun, strange, tmp_path / "scd-practice-link", Path(mine.name)}
        assert set(tmp_path.iterdir()) == left
        assert (strange / "owned").exists()
        mine.cleanup()
    finally:
        for kernel in kernels:
            kernel.kill()
            kernel.wait()
            kernel.stdout.close()


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() != 0, reason="only root can make another user's folder")
def test_another_users_practice_folder_is_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other = tmp_path / "scd-practice-other"
    other.mkdir()
    (other / "owned").touch()
    os.chown(other, 12345, 12345)
    sweep_practice()
    assert (other / "owned").exists()
    os.chown(other, 0, 0)
    sweep_practice()
    assert not other.exists()


def test_a_page_with_a_code_refuses_to_work_without_its_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SCD_WORKSPACE", raising=False)
    page = open_page(new_code())
    assert "can&#x27;t be opened" in page.head.value
    assert "scd init" in page.head.value
    assert not page.client.children
    with pytest.raises(StudyError, match="scd init"):
        page.check()


def test_an_unknown_kind_of_page_is_refused(workspace):
    with pytest.raises(StudyError, match="abab, multiple-baseline"):
        new_page(workspace, "abba")
    with pytest.raises(StudyError, match="abab, multiple-baseline"):
        open_page(kind="abba")


@pytest.mark.parametrize("kind", ["abab", "multiple-baseline"])
def test_a_new_page_has_its_own_code_and_is_signed(workspace, kind):
    import nbformat
    from nbformat.sign import NotebookNotary

    first, second = new_page(workspace, kind), new_page(workspace, kind)
    assert first.parent == workspace.pages
    assert first.stem != second.stem
    document = json.loads(first.read_text(encoding="utf-8"))
    (parameters,) = [c for c in document["cells"] if "parameters" in c["metadata"].get("tags", [])]
    assert f'code = "{first.stem}"' in "".join(parameters["source"])
    assert not [c for c in document["cells"] if c.get("outputs")]
    notary = NotebookNotary(data_dir=str(workspace.path / ".scd" / "lab" / "data"))
    assert notary.check_signature(nbformat.read(first, as_version=4))
    with workspace.open() as caseload:
        assert caseload.list() == (), "a page alone is no study"


def test_lab_brings_its_own_settings_and_leaves_the_users_alone(workspace, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    page = new_page(workspace, "abab")
    argv, env = lab_command(workspace, page=page, port=8899, browser=False)
    assert f"--LabApp.default_url=/doc/tree/pages/{page.name}" in argv
    assert "--port=8899" in argv
    assert "--no-browser" in argv
    assert not [a for a in argv if "token=" in a or "password" in a or "0.0.0.0" in a]
    own = workspace.path / ".scd" / "lab"
    places = [v for k, v in env.items() if k.startswith(("JUPYTER_", "JUPYTERLAB_")) or k == "IPYTHONDIR"]
    assert len([p for p in places if Path(p).is_relative_to(own)]) >= 6
    assert own.stat().st_mode & 0o077 == 0
    assert own.parent.stat().st_mode & 0o077 == 0
    settings = json.loads((own / "config" / "labconfig" / "default_setting_overrides.json").read_text())
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert settings["@jupyter-widgets/jupyterlab-manager:plugin"]["saveState"] is False
    server = json.loads((own / "config" / "jupyter_lab_config.json").read_text())
    assert server["ServerApp"]["ip"] == "127.0.0.1"
    kernel = (own / "ipython" / "profile_default" / "ipython_kernel_config.py").read_text()
    assert "HistoryManager.enabled = False" in kernel
    assert not (tmp_path / "home").exists()


def test_lab_opens_the_list_of_studies_or_the_page_with_a_code(workspace):
    assert any("default_url=/doc/tree/pages/caseload.ipynb" in a for a in lab_command(workspace)[0])
    assert (workspace.pages / "caseload.ipynb").exists()
    page = new_page(workspace, "abab")
    assert any(f"/doc/tree/pages/{page.name}" in a for a in lab_command(workspace, page=page.stem.lower())[0])
    with pytest.raises(StudyError, match="is not in this workspace"):
        lab_command(workspace, page="NOBODY")


def test_the_sessions_trait_tells_the_study_with_what_was_typed(saved):
    _type(saved, "14")
    (session,) = saved.sessions_form.study.cases[0].sessions
    assert session == Session(number=1, values=(Value(measure="phq-9", value=14),))
    assert saved.stored.study.cases[0].sessions == ()
