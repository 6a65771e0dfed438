"""The demo: two synthetic clients all the way (the whole demo runs in test_wheel.py), and the folders it keeps off."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from pathlib import Path

import pytest

from scd.design.synthetic import synthetic_studies
from scd.records.workspace import Workspace, init_workspace
from scd.reports.demo import demo_contents, make_demo
from scd.reports.demo_index import DemoRow, index_page
from scd.study import StudyError

STUDIES = {s.study.code: s for s in synthetic_studies()}


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# --- the front page -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page() -> str:
    return index_page(
        [
            DemoRow(label=one.label, story=one.story, study=one.study, grade="meets", says=("Better.",))
            for one in STUDIES.values()
        ]
    )


def test_the_front_page_warns_and_names_everybody(page):
    assert "Synthetic clients only – do not enter real clients." in page
    for one in STUDIES.values():
        assert one.study.code in page
        assert one.label in page
    assert "Multiple baseline across 4 clients, starts drawn at random; 25 of 25 sessions" in page
    assert "ABAB; 22 of 26 sessions" in page


def test_the_front_page_loads_and_runs_nothing(page):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1] == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ).replace("'", "'")
    assert not re.search(r"<(script|iframe|object|embed|link|img)|\son\w+=|https?:|style=", page)


def test_what_people_wrote_is_shown_and_never_run():
    one = STUDIES["SYNAB2"]
    evil = "<script>alert(1)</script>"
    page = index_page(
        [DemoRow(label=evil, story=evil, study=one.study, says=(evil,), failure=evil, links=((evil, '"><b>'),))]
    )
    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5
    assert "<b>" not in page


def test_a_sparkline_breaks_at_phases_and_at_missed_sessions():
    one = STUDIES["SYNAB6"]
    page = index_page([DemoRow(label=one.label, story=one.story, study=one.study)])
    lines = [m.split() for m in re.findall(r'<polyline class="line" points="([^"]+)"', page)]
    # A1 is broken at session 4, B1 at 11 and 12; the last session of A2 was missed.
    assert [len(line) for line in lines] == [3, 4, 2, 2, 5, 6]
    assert page.count("<circle") == 22
    assert page.count('class="phase"') == 2


# --- the folders it keeps off ---------------------------------------------------------------------------------------


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("five years of work")
    before = _tree(tmp_path)
    with pytest.raises(StudyError, match="holds other things and was left alone; name a new or an empty folder"):
        make_demo(tmp_path, studies=[STUDIES["SYNAB2"]])
    assert _tree(tmp_path) == before


def test_a_clinics_workspace_is_left_alone(tmp_path):
    workspace = init_workspace(tmp_path / "clinic")
    before = _tree(workspace.path)
    with pytest.raises(StudyError, match="holds other things and was left alone"):
        make_demo(workspace.path, studies=[STUDIES["SYNAB2"]])
    assert _tree(workspace.path) == before


def test_a_file_is_left_alone(tmp_path):
    file = tmp_path / "demo"
    file.write_text("mine")
    with pytest.raises(StudyError, match="holds other things and was left alone"):
        make_demo(file, studies=[STUDIES["SYNAB2"]])
    assert file.read_text() == "mine"


# --- two clients all the way ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "a demo"
    running = STUDIES["SYNAB9"]
    case = running.study.cases[0]
    begun = running.study.with_case(case.replace(sessions=case.sessions[:4]))
    told: list[float] = []
    made = make_demo(folder, studies=[STUDIES["SYNPR2"], replace(running, study=begun)], progress=told.append)
    return made, told


def test_the_demo_makes_pages_for_clinician_and_client_and_a_front_page(demo):
    made, told = demo
    assert not made.failures
    folder = made.index.parent
    assert sorted(p.relative_to(folder).as_posix() for p in made.reports) == [
        f"reports/{code}-{audience}.html" for code in ("SYNAB9", "SYNPR2") for audience in ("client", "clinician")
    ]
    index = made.index.read_text()
    for page in made.reports:
        assert f'href="{page.relative_to(folder).as_posix()}"' in index
    assert told[-1] == 1.0
    assert all(0 <= share <= 1 for share in told)
    assert made.seconds > 0


def test_the_front_page_says_what_the_reports_say(demo):
    made, _ = demo
    index = made.index.read_text()
    assert "Evening tension" in index
    assert "probability of improvement" in index
    # What carries the effect does not show in the headline: the row tells it as the report does.
    report = next(p for p in made.reports if p.name == "SYNPR2-clinician.html").read_text()
    (told,) = re.findall(r"Full practice goes with a further change in Evening tension of [^<]*", index)
    assert told in report
    # The other one has no intervention values yet: a page with a chart and without a number.
    assert "No effect can be estimated yet" in index


def test_the_demo_is_a_workspace_with_labels_that_say_synthetic_and_a_page_to_work_on(demo):
    made, _ = demo
    workspace = Workspace(made.index.parent)
    with workspace.open() as caseload:
        assert {held.study.code for held in caseload.list()} == {"SYNPR2", "SYNAB9"}
        assert caseload.labels("SYNPR2")["SYNPR2"].startswith("Synthetic client")
    assert {p.name for p in workspace.pages.iterdir()} == {"SYNPR2.ipynb", "weekly-SYNPR2.ipynb"}
    assert 'code = \\"SYNPR2\\"' in (workspace.pages / "weekly-SYNPR2.ipynb").read_text()
    assert 'code = \\"SYNPR2\\"' in (workspace.pages / "SYNPR2.ipynb").read_text()
    assert "Synthetic clients only" in (workspace.path / "SYNTHETIC.txt").read_text()


def test_a_notebook_links_to_the_reports_that_are_there(demo, monkeypatch):
    made, _ = demo
    monkeypatch.chdir(made.index.parent.parent)
    rows = demo_contents("a demo").splitlines()
    assert len(rows) == 2 + len(STUDIES)
    linked = [row for row in rows if "](" in row]
    assert len(linked) == 2
    assert "[For the clinician](a%20demo/reports/SYNPR2-clinician.html)" in linked[1]
    assert sum("not made here" in row for row in rows) == len(STUDIES) - 2


def test_running_it_again_renews_the_pages_and_keeps_what_is_stored(demo):
    made, _ = demo
    with Workspace(made.index.parent).open() as caseload:
        held = caseload.get("SYNPR2")
        tried = held.study.replace(note="tried something out")
        changed = caseload.save(tried, revision=held.revision, reason="a visitor").study
    made.index.unlink()
    again = make_demo(made.index.parent, studies=[STUDIES["SYNPR2"]])
    assert not again.failures
    assert again.index.exists()
    with Workspace(made.index.parent).open() as caseload:
        assert caseload.get("SYNPR2").study == changed
    assert changed.fingerprint() in next(p for p in again.reports if "clinician" in p.name).read_text()
    assert Workspace(made.index.parent).pages.joinpath("weekly-SYNPR2.ipynb").is_file()


def test_a_demo_that_somebody_put_a_study_into_is_left_alone(demo):
    made, _ = demo
    folder = made.index.parent
    own = STUDIES["SYNAB3"].study
    own = own.replace(code="K7M2AB", cases=(own.cases[0].replace(code="K7M2AB"),))
    with Workspace(folder).open() as caseload:
        caseload.add(own, reason="somebody's own study")
    before = (folder / "index.html").read_bytes()
    with pytest.raises(StudyError, match=r"holds studies that the demo did not make \(K7M2AB\) and was left alone"):
        make_demo(folder, studies=[STUDIES["SYNPR2"]])
    assert (folder / "index.html").read_bytes() == before
