"""The weekly page without a browser: record, look, decide, plan the next experiment; and what it needs elsewhere."""

from __future__ import annotations

import datetime as dt
import json
from html import unescape

import ipywidgets as widgets
import pytest

from scd.analysis.steering import choose_monitoring, steer
from scd.design.diary import diary_of
from scd.design.linked import linked_study
from scd.design.plans import reversal
from scd.design.randomization import assignment_is_admissible
from scd.forms.alert import Alert
from scd.forms.between_sessions.decide_form import DecideForm
from scd.forms.between_sessions.opening import open_weekly_page, practice_study
from scd.forms.between_sessions.weekly_page import WeeklyPage
from scd.forms.caseload_page import CaseloadPage
from scd.forms.closed_page import ClosedPage
from scd.forms.entry_row import EntryRow
from scd.forms.export_entry import ExportEntry
from scd.forms.measures_form import MeasuresForm
from scd.forms.page import Page
from scd.forms.pages import weekly_page_of
from scd.forms.table_entry import TableEntry
from scd.records.diary import diary_csv
from scd.records.workspace import Workspace
from scd.study import Measure, Session, Study, StudyError, Value, new_code

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, meaningful_change=2)
WALKS = Measure(key="walks", label="Walks", improvement="increase", minimum=0, maximum=7, role="practice", unit="walks")


def _row(number: int = 3) -> EntryRow:
    return EntryRow([MOOD, WALKS], number=number, changed=lambda _: None)


# --- one session, with practice -------------------------------------------------------------------------------------


def test_a_row_takes_what_was_done_what_was_planned_and_what_got_in_the_way():
    row = _row()
    assert row.blank
    row.values["mood"].value, row.values["walks"].value = "6", "2"
    row.planned["walks"].value, row.obstacles["walks"].value = "5", "rain, and no shoes"
    assert not row.blank
    session = row.session()
    assert session.value("mood") == 6
    assert session.values[1] == Value(measure="walks", value=2, planned=5, obstacle="rain, and no shoes")


def test_what_got_in_the_way_is_kept_though_the_session_was_missed():
    row = _row()
    row.missed.value = True
    row.planned["walks"].value, row.obstacles["walks"].value = "5", "flu"
    session = row.session()
    assert session.missed
    assert session.due("mood")
    assert session.values[1] == Value(measure="walks", planned=5, obstacle="flu")
    row = _row()
    row.missed.value = True
    assert row.session().values == ()


def test_practice_on_record_comes_back_into_its_fields_to_be_corrected():
    held = Session(
        number=3, values=(Value(measure="mood", value=4), Value(measure="walks", planned=5, obstacle="rain"))
    )
    row = _row()
    row.fill(held)
    assert (row.values["walks"].value, row.planned["walks"].value) == ("", "5")
    assert row.session() == held
    row.values["walks"].value = "0"
    assert row.session().values[1].follow_through == 0


def test_practice_outside_its_range_is_refused_beside_its_field():
    row = _row()
    row.values["mood"].value, row.planned["walks"].value = "6", "9"
    with pytest.raises(StudyError, match=r"“Walks” must be 0 to 7 \(got 9\)"):
        row.session()
    assert "Must be 0 to 7 (got 9)" in row.planned["walks"].message.value
    assert not row.values["walks"].message.value


def test_practice_is_set_up_in_one_click():
    form = MeasuresForm(Alert())
    form.rows[0].fields["catalogue"].value = "phq-9"
    form.practice.click()
    assert [(m.key, m.role) for m in form.measures] == [("phq-9", "outcome"), ("practice-minutes", "practice")]
    form.practice.click()
    form.rows[2].fields["label"].value = "Walks"
    walks = form.measures[2]
    assert (walks.role, walks.improvement, walks.minimum, walks.unit) == ("practice", "increase", 0, "times")


# --- a diary that comes back ----------------------------------------------------------------------------------------


def test_a_diary_comes_back_by_its_dates_and_leaves_what_it_does_not_ask(workspace):
    first = dt.date(2026, 3, 2)
    study = reversal(measures=[MOOD, WALKS], phases="AB", sessions=[3, 11], code="K7M2QX")
    held = Session(number=1, date=first, values=(Value(measure="mood", value=4),), note="by phone")
    study = study.with_case(study.cases[0].record(held))
    taken = {}
    form = TableEntry(Alert(), taken=taken.update)
    form.aim(study, case="K7M2QX", labels={})
    lines = diary_csv(diary_of(study, case="K7M2QX", weeks=1, start=first)).splitlines()
    filled = [f"{line.split(',')[0]},{line.split(',')[1]},5,3,1,rain" for line in lines[1:3]]
    form.pasted.value = "\n".join([lines[0], "2026-03-02,1,6,,,", *filled, *lines[3:]])
    form.read.click()
    assert "differs from the one on record, and takes its place: session 1, Mood" in form.preview.value
    assert "days that are yet to come" in form.preview.value
    sessions = taken["K7M2QX"]
    assert [(s.number, s.value("mood"), s.note) for s in sessions] == [(1, 6, "by phone"), (2, 5, ""), (3, 5, "")]
    assert sessions[1].values[1] == Value(measure="walks", value=1, planned=3, obstacle="rain")


EXPORT = (
    "person,time,item,value\n"
    "Mrs K,2026-03-02 09:00,mood,3\nMrs K,2026-03-02 21:00,mood,5\nMrs K,2026-03-02 21:00,walks_done,1\n"
    "Mrs K,2026-03-03 09:00,mood,6\nMrs K,2026-03-03 21:00,walks_done,2\nMrs K,2026-03-03 21:00,walks_planned,5\n"
    "Mrs K,2026-03-03 21:00,why,rain\nMr B,2026-03-03 21:00,mood,9\n"
)


def test_an_apps_export_brings_the_days_that_are_new_and_changes_nothing_on_record():
    study = reversal(measures=[MOOD, WALKS], phases="AB", sessions=[3, 11], code="K7M2QX")
    held = Session(number=1, date=dt.date(2026, 3, 2), values=(Value(measure="mood", value=7),))
    study = study.with_case(study.cases[0].record(held))
    taken = {}
    form = ExportEntry(Alert(), taken=taken.update)
    form.aim(study, case="K7M2QX", labels={})
    form.kind.value = "ema"
    file = {"name": "mrs-k.csv", "type": "", "size": len(EXPORT), "content": memoryview(EXPORT.encode())}
    form.upload.value = ({**file, "last_modified": dt.datetime(2026, 3, 4, tzinfo=dt.UTC)},)
    assert {place: field.value for place, field in form.items.items()} == {
        ("mood", "value"): "mood",
        ("walks", "value"): "walks_done",
        ("walks", "planned"): "walks_planned",
        ("walks", "obstacle"): "",
    }
    form.items["walks", "obstacle"].value = "why"
    form.take.click()
    assert "Say whose answers" in form.told.value
    assert not taken
    form.person.value = "Mrs K"
    form.take.click()
    assert "1 value is otherwise on record" in form.told.value
    first, second = taken["K7M2QX"]
    assert (first.value("mood"), first.value("walks")) == (7, 1), "what is on record stays"
    assert second.value("mood") == 6
    assert second.values[1] == Value(measure="walks", value=2, planned=5, obstacle="rain")


# --- the rule for looking, on the set-up page -----------------------------------------------------------------------


@pytest.fixture
def planned(workspace) -> Page:
    """A stored ABAB study on PHQ-9, nothing recorded."""
    page = Page(new_code(), kind="reversal", workspace=workspace)
    page.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    page.save.click()
    page.monitoring_form._replications = 100
    return page


def test_a_rule_is_kept_only_after_its_false_alarms_were_shown(planned):
    form = planned.monitoring_form
    assert (form.looks.value, form.change.value) == ("3, 5", "6")
    assert form.keep.layout.display == "none"
    form.looks.value = "3; 5"
    form.try_out()
    assert "who does not change" in form.result.value
    assert "simulated for this design, 100 clients each" in form.result.value
    form.keep.click()
    rule = planned.stored.study.monitoring
    assert (rule.looks, rule.meaningful_change, rule.replications, len(rule.rates)) == ((3, 5), 6, 100, 6)
    assert "This rule is kept" in form.told.value
    assert not planned.unsaved


def test_a_rule_that_was_changed_after_it_was_tried_out_can_not_be_kept(planned):
    form = planned.monitoring_form
    form.try_out()
    assert form.keep.layout.display == ""
    form.looks.value = "2, 4"
    assert form.tried is None
    assert form.keep.layout.display == "none"
    form.looks.value = "soon"
    form.try_out()
    assert "Give whole numbers in order" in form.looks.message.value
    assert form.tried is None


def test_a_rule_goes_with_the_plan_that_it_was_worked_out_for(planned):
    planned.monitoring_form.try_out()
    planned.monitoring_form.keep.click()
    planned.measures_form.label.value = "Mrs K"
    planned.save.click()
    assert planned.stored.study.monitoring is not None, "a new name changes no plan"
    planned.plan_form.plan.lengths[1].value = "9"
    planned.save.click()
    assert planned.stored.study.monitoring is None
    assert "choose it again" in planned.told.value


def test_no_rule_is_chosen_in_view_of_the_data(planned):
    for number, value in enumerate([15, 14, 16, 15, 14, 9], 1):
        planned.sessions_form.case.rows[-1].values["phq-9"].value = str(value)
        if number < 6:
            planned.sessions_form.case.more.click()
    planned.sessions_form.save.click()
    assert "No rule was chosen, and the intervention has begun" in planned.monitoring_form.told.value
    assert planned.monitoring_form._entered.layout.display == "none"


# --- the weekly page ------------------------------------------------------------------------------------------------

XSS = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def client() -> Study:
    """A client in the first intervention phase, with a process, practice and a rule."""
    return practice_study(last=dt.date(2026, 3, 1))


@pytest.fixture
def weekly(workspace, client) -> WeeklyPage:
    """The weekly page of that client, stored."""
    with workspace.open() as caseload:
        caseload.add(client, labels={"SYNAB2": "Mrs K"})
    return WeeklyPage("SYNAB2", workspace=workspace)


def _stored(workspace: Workspace, code: str = "SYNAB2"):
    with workspace.open() as caseload:
        return caseload.get(code)


def _html(view: widgets.Widget) -> str:
    held = [view.value] if isinstance(view, widgets.HTML) else []
    return "\n".join([*held, *(_html(child) for child in getattr(view, "children", ()))])


def test_a_week_from_the_record_to_the_next_experiment(weekly, workspace):
    weekly.check()
    assert "Mrs K" in weekly.head.value
    before = weekly.look_view.course.value
    assert before.count("<svg") == 1
    assert "Case Mrs K (SYNAB2), after session 16" in before

    row = weekly.sessions_form.case.rows[0]
    for key, value in (("distress", "3"), ("openness", "6"), ("practice", "10")):
        row.values[key].value = value
    row.planned["practice"].value, row.obstacles["practice"].value = "25", f"a cold {XSS}"
    decide = weekly.decide_form
    decide.decided.value, decide.reason.value = "stay", "too early"
    decide.save.click()
    assert "not saved yet" in decide.told.value
    weekly.sessions_form.save.click()
    assert "1 entry saved" in weekly.sessions_form.told.value
    entry = next(v for v in _stored(workspace).study.cases[0].sessions[-1].values if v.measure == "practice")
    assert (entry.value, entry.planned, entry.obstacle) == (10, 25, f"a cold {XSS}")
    assert weekly.look_view.course.value != before, "what came is looked at, at once"
    assert "a cold &lt;img" in weekly.look_view.practice.value
    assert XSS not in _html(weekly.record) + _html(weekly.look)

    decide.save.click()
    assert "The decision is recorded" in decide.told.value
    decision = _stored(workspace).study.decisions[0]
    assert (decision.session, decision.suggested, decision.decided, decision.reason) == (
        17,
        "stay",
        "stay",
        "too early",
    )
    assert "too early" in decide.past.value
    assert decide.reason.value == ""

    form = weekly.experiment_form
    assert "No process leads so far" in form.lead.value
    assert "28 sessions in the order A-B-A-B" in form.preview.value
    form.process.value = "practice"
    assert "“Exercises done”" in form.preview.value
    form.save.click()
    assert form.save.disabled, "one click, one study"
    new = next(s.study for s in _all(workspace) if s.study.code != "SYNAB2")
    assert new.code in form.told.value
    assert new.cases[0].code == new.code
    assert assignment_is_admissible(new.randomization)
    assert (new.measures, new.decisions, new.monitoring) == (weekly.study.measures, (), None)
    assert (workspace.pages / f"{new.code}.ipynb").exists()
    with workspace.open() as caseload:
        assert caseload.labels(new.code) == {new.code: "Mrs K"}

    weekly.papers_form.diary.click()
    assert "14 days for Mrs K" in weekly.papers_form.printed.value
    written = {p.suffix: p.read_bytes() for p in workspace.reports.glob("diary-SYNAB2.*")}
    assert set(written) == {".html", ".csv", ".ics"}
    assert b"practice_obstacle" in written[".csv"]
    pages = "".join(p.read_text() for p in workspace.pages.glob("*.ipynb"))
    assert "a cold" not in pages
    assert "Mrs K" not in pages
    weekly.check()


def _all(workspace: Workspace):
    with workspace.open() as caseload:
        return caseload.list()


def test_a_decision_needs_a_choice_and_a_reason(weekly, workspace):
    weekly.decide_form.save.click()
    assert "Choose what was decided" in weekly.decide_form.decided.message.value
    assert "Say why" in weekly.decide_form.reason.message.value
    assert _stored(workspace).study.decisions == ()
    with workspace.open() as caseload:  # meanwhile in another tab
        held = caseload.get("SYNAB2")
        caseload.save(held.study.replace(note="elsewhere"), revision=held.revision)
    weekly.decide_form.decided.value, weekly.decide_form.reason.value = "move on", "it is time"
    weekly.decide_form.save.click()
    assert "Not recorded" in weekly.decide_form.told.value
    assert "revision 2" in weekly.kept.conflict.value
    weekly.kept.load.click()
    weekly.decide_form.save.click()
    assert "part 1 asks when" in weekly.decide_form.told.value
    assert _stored(workspace).study.decisions[0].decided == "move on"


def test_looking_at_it_together_leaves_only_the_clients_view(weekly):
    view = weekly.look_view
    view.together.value = True
    hidden = [weekly.head, weekly.record, weekly.decide, weekly.experiment, weekly.papers, view._clinician]
    assert all(part.layout.display == "none" for part in hidden)
    assert view.client.layout.display == ""
    told = unescape(view.client.value)
    for word in ("posterior", "interval", "SYNAB2", "Mrs K", "causes", "probability"):
        assert word not in told, word
    assert "These numbers can't tell why" in told
    assert "You decide together" in told
    assert told.count("<svg") == 1, "one graph an area, the practice below it"
    view.together.value = False
    assert all(part.layout.display == "" for part in hidden)


def test_the_leading_process_is_offered_first(workspace):
    study = linked_study(links={"worry": 0.0, "sleep": 0.6}, code="SYNXNK")
    with workspace.open() as caseload:
        caseload.add(study)
    page = WeeklyPage("SYNXNK", workspace=workspace)
    assert page.experiment_form.process.value == "sleep"
    assert "The lead to try next is “Sleep”" in page.experiment_form.lead.value
    assert "Leads to try next for “Wellbeing”: “Sleep”" in page.look_view.links.value
    assert "No monitoring rule was fixed" in page.decide_form.suggested.value
    assert page.look_view.practice.value == ""
    page.experiment_form.kind.value = "alternating"
    assert "at most two alike in a row" in page.experiment_form.preview.value
    page.experiment_form.sessions.value = "many"
    assert "must be a number" in page.experiment_form.preview.value
    assert page.experiment_form.save.disabled


def test_each_client_of_a_staircase_is_looked_at_by_itself(workspace):
    stairs = Page(new_code(), kind="multiple-baseline", workspace=workspace)
    stairs.measures_form.rows[0].fields["catalogue"].value = "phq-9"
    stairs.save.click()
    study = stairs.stored.study
    first, second = study.cases[0], study.cases[1]
    study = choose_monitoring(study, replications=100)
    study = study.with_case(first.record(*(_rated(n, 15 - n) for n in range(1, 9))))
    with workspace.open() as caseload:
        caseload.save(study, revision=1)
    page = WeeklyPage(study.code, workspace=workspace)
    assert page.look_view.found.case == first.code
    page.sessions_form.chosen.value = second.code
    assert "from the first session on" in page.look_view.told.value
    assert "There is no suggestion yet" in page.decide_form.suggested.value
    assert "none is measured yet" in page.experiment_form.lead.value
    page.decide_form.decided.value, page.decide_form.reason.value = "stay", "nothing yet"
    page.decide_form.save.click()
    assert "nothing to look at yet" in page.decide_form.told.value


def _rated(number: int, value: float) -> Session:
    return Session(number=number, values=(Value(measure="phq-9", value=value),))


def test_the_list_leads_to_each_weekly_page_and_unknown_codes_to_none(workspace):
    with workspace.open() as caseload:
        caseload.add(linked_study(links={"sleep": 0.5}, code="SYNXNK"))
    told = CaseloadPage(workspace).list.value
    assert "weekly-SYNXNK.ipynb" in told
    assert "not saved yet" not in told
    made = json.loads(weekly_page_of(workspace, _all(workspace)[0].study).read_text())
    assert 'code = "SYNXNK"' in made["cells"][1]["source"][0]
    closed = open_weekly_page("K7M2QX", workspace=str(workspace.path))
    assert isinstance(closed, ClosedPage)
    with pytest.raises(StudyError, match="not in this store yet"):
        closed.check()


def test_areas_of_life_are_one_picture_in_both_views(workspace):
    sleep = MOOD.replace(key="sleep", label="Sleep")
    study = reversal(measures=[MOOD, sleep], phases="AB", sessions=[6, 8], code="K7M2QX")
    jitter = (0, 1, 0, -1, 1, 0, -1)
    rated = [
        Session(
            number=n,
            values=(
                Value(measure="mood", value=(3 if n < 7 else 7) + jitter[n % 7]),
                Value(measure="sleep", value=5 + jitter[(2 * n) % 7]),
            ),
        )
        for n in range(1, 15)
    ]
    with workspace.open() as caseload:
        caseload.add(study.with_case(study.cases[0].record(*rated)))
    view = WeeklyPage("K7M2QX", workspace=workspace).look_view
    assert "better: Mood" in view.areas.value
    assert view.areas.value.count("<svg") == 1
    assert "All areas at a glance" in view.client.value
    assert view.client.value.count("<svg") == 3, "the areas together, and a graph of each"


def test_an_alarm_stands_beside_how_often_the_rule_raises_it_by_mistake(client):
    case = client.cases[0]
    ahead = tuple(p if p.start <= 11 else p.replace(actual_start=None) for p in case.phases)
    study = client.with_case(case.replace(sessions=case.sessions[:11], phases=ahead))
    found = steer(study, looked_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC))
    assert [alarm.kind for alarm in found.alarms] == ["success"]
    form = DecideForm(Alert(), record=lambda decided, reason: ("", False))
    form.show(study, case=case.code, found=found, labels={})
    told = unescape(form.suggested.value).replace("\xa0", " ")
    assert "Alarm: success" in told
    assert "False alarms: this rule raises it at some look in" in told
    assert "The rule for success is met" in told
