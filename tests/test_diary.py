"""The diary: a sheet that prints, a file that comes back, and a calendar that another program reads."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar
from typer.testing import CliRunner, Result

from scd.cli import app
from scd.design.calendar import diary_calendar
from scd.design.dating import first_day, number_dates
from scd.design.diary import Diary, DiaryDay, blank_diary, diary_days, diary_of
from scd.language import speaking
from scd.records.diary import diary_csv
from scd.records.tables import read_table
from scd.records.update import add_sessions, sessions_for
from scd.reports.diary import diary_sheet
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
WORRY = Measure(key="worry-time", label="Worry", improvement="decrease", scale="duration", unit="minutes", minimum=0)
WALKS = Measure(key="walks", label="Walks", improvement="increase", minimum=0, maximum=1, role="practice")
CALLS = Measure(key="hard_calls", label="Hard calls", improvement="increase", minimum=0, unit="calls", role="practice")
PHASES = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=8))
MONDAY = dt.date(2026, 1, 5)
STAMP = dt.datetime(2026, 1, 4, 12, tzinfo=dt.UTC)


def study(*sessions: Session, measures=(MOOD, WORRY, WALKS, CALLS), code="K7M2AB") -> Study:
    case = Case(code=code, phases=PHASES).record(*sessions)
    return Study(code=code, design="reversal", measures=measures, cases=(case,))


def on(number: int, date: dt.date | None = None) -> Session:
    return Session(number=number, date=date, values=(Value(measure="mood", value=4),))


def filled(text: str, rows: dict[int, dict[str, str]], *, separator=",") -> str:
    """The diary as a client sends it back."""
    held = list(csv.DictReader(io.StringIO(text)))
    for row in held:
        row |= rows.get(int(row["session"]), {})
    out = io.StringIO()
    writer = csv.DictWriter(out, held[0].keys(), delimiter=separator)
    writer.writeheader()
    writer.writerows(held)
    return out.getvalue()


# --- days and their numbers -----------------------------------------------------------------------------------------


def test_days_of_a_diary():
    assert len(diary_days(start=MONDAY, weeks=2)) == 14
    assert [d.weekday() for d in diary_days(start=MONDAY, weeks=1, every="weekday")] == [0, 1, 2, 3, 4]
    assert diary_days(start=MONDAY, weeks=3, every="week") == tuple(MONDAY + dt.timedelta(weeks=n) for n in range(3))
    for weeks, every in ((0, "day"), (54, "day"), (2, "fortnight"), (2, "mon,noday")):
        with pytest.raises(StudyError, match=r"diary: (must be for 1 to 53 weeks|every '.*' is not known)"):
            diary_days(start=MONDAY, weeks=weeks, every=every)


def test_a_diary_goes_on_where_the_record_ends():
    after = diary_of(study(on(1, MONDAY), on(3, MONDAY + dt.timedelta(days=2))), case="K7M2AB", weeks=1)
    assert (after.days[0].session, after.days[0].date) == (4, dt.date(2026, 1, 8))
    weekly = diary_of(study(on(1, MONDAY), on(2, MONDAY + dt.timedelta(days=8))), case="K7M2AB", weeks=2, every="week")
    assert [(d.session, d.date.day) for d in weekly.days] == [(3, 20), (4, 27)]
    occasions = study(on(1, MONDAY), on(2, dt.date(2026, 1, 20)), on(3, dt.date(2026, 1, 21)))
    assert diary_of(occasions, case="K7M2AB", weeks=1).days[0] == DiaryDay(4, dt.date(2026, 1, 22))
    undated = diary_of(study(on(1), on(2)), case="K7M2AB", weeks=1, start=MONDAY)
    assert [d.session for d in undated.days] == [3, 4, 5, 6, 7, 8, 9]


def test_a_diary_needs_a_first_day_and_a_day_that_is_left():
    with pytest.raises(
        StudyError, match=r"no session on record has a date; say on which day the diary begins \(--from\)"
    ):
        diary_of(study(), case="K7M2AB")
    full = study(*(on(n + 1, MONDAY + dt.timedelta(days=n)) for n in range(7)))
    with pytest.raises(StudyError, match="no day is left in these weeks"):
        diary_of(full, case="K7M2AB", weeks=1, start=MONDAY)
    with pytest.raises(StudyError, match="has nothing to ask"):
        blank_diary((), start=MONDAY)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=8, unique=True), st.sampled_from(["day", "week"]))
def test_dates_keep_in_step_with_days_or_weeks_on_record(days, every):
    step = 1 if every == "day" else 7
    held = study(*(on(n + 1, MONDAY + dt.timedelta(days=step * n)) for n in sorted(days))).cases[0]
    assert first_day(held, every=every) == MONDAY
    new = [MONDAY + dt.timedelta(days=n) for n in range(500)]
    numbers = number_dates(held, new, every=every)
    assert [numbers[day] for day in new] == [n // step + 1 for n in range(500)]
    with pytest.raises(StudyError, match="lies before session 1"):
        number_dates(held, [MONDAY - dt.timedelta(days=1)], every=every)


def test_a_date_between_occasions_has_no_number():
    held = study(on(1, MONDAY), on(2, dt.date(2026, 1, 20)), on(3, dt.date(2026, 1, 21))).cases[0]
    assert number_dates(held, [dt.date(2026, 1, 20), dt.date(2026, 2, 1)]) == {
        dt.date(2026, 1, 20): 2,
        dt.date(2026, 2, 1): 4,
    }
    with pytest.raises(StudyError, match="lies between sessions that are numbered one by one"):
        number_dates(held, [dt.date(2026, 1, 10)])


# --- the file -------------------------------------------------------------------------------------------------------


def test_the_file_has_the_columns_that_the_import_knows():
    text = diary_csv(diary_of(study(), case="K7M2AB", start=MONDAY, weeks=1))
    header = next(csv.reader(io.StringIO(text)))
    assert header == ["date", "session", "mood", "worry-time", "walks_planned", "walks_done", "walks_obstacle",
                      "hard_calls_planned", "hard_calls_done", "hard_calls_obstacle"]  # fmt: skip
    assert "K7M2AB" not in text


def back(text: str | bytes, held: Study):
    preview = read_table(text, name="diary.csv")
    sessions = sessions_for(preview, held, case="K7M2AB")
    return add_sessions(held, case="K7M2AB", sessions=sessions), preview.notes


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_the_file_comes_back_as_it_was_filled_in(separator, encoding):
    held = study()
    text = diary_csv(diary_of(held, case="K7M2AB", start=MONDAY, weeks=1))
    comma = "7,5" if separator != "," else "7.5"
    rows = {
        1: {"mood": comma, "walks_planned": "ja", "walks_done": "x", "hard_calls_done": "2", "hard_calls_planned": "3"},
        2: {"mood": "6", "walks_planned": "yes", "walks_done": "no", "walks_obstacle": "=rain; too cold für mich"},
        4: {"mood": "NA", "worry-time": "30", "hard_calls_done": "0"},
    }
    update, notes = back(filled(text, rows, separator=separator).encode(encoding), held)
    told = {s.number: {v.measure: v for v in s.values} for s in update.study.cases[0].sessions}
    assert list(told) == [1, 2, 3, 4]  # the third day was missed, the last three are yet to come
    assert "days that are yet to come: 3 dated rows at the end with nothing in them are left out" in notes
    assert (told[1]["mood"].value, told[4]["mood"].value) == (7.5, None)
    assert (told[1]["walks"].planned, told[1]["walks"].value) == (1, 1)
    assert (told[2]["walks"].planned, told[2]["walks"].value) == (1, 0)
    assert told[2]["walks"].obstacle == "=rain; too cold für mich"
    assert told[1]["hard_calls"].follow_through == pytest.approx(2 / 3)
    assert all(v.value is None for v in told[3].values())
    assert update.study.cases[0].sessions[0].date == MONDAY


cells = st.fixed_dictionaries(
    {},
    optional={
        "mood": st.integers(0, 10).map(str),
        "walks_done": st.sampled_from(["x", "no", "1", "0", "nein", "\u2713"]),
        "walks_planned": st.sampled_from(["yes", "0"]),
        "walks_obstacle": st.sampled_from(["rain", "'quoted'", "no, really", "+1 child ill", "-", "NA"]),
    },
)


@given(st.dictionaries(st.integers(1, 14), cells, max_size=14))
def test_whatever_is_filled_in_is_read_and_read_again_changes_nothing(rows):
    held = study(measures=(MOOD, WALKS))
    text = filled(diary_csv(diary_of(held, case="K7M2AB", start=MONDAY)), rows)
    if not any(row.keys() & {"mood", "walks_done", "walks_planned", "walks_obstacle"} for row in rows.values()):
        return  # an empty sheet has no values to read
    update, _ = back(text, held)
    for number, row in rows.items():
        session = next((s for s in update.study.cases[0].sessions if s.number == number), None)
        values = {v.measure: v for v in session.values} if session else {}
        if "mood" in row:
            assert values["mood"].value == float(row["mood"])
        if "walks_done" in row:
            assert values["walks"].value == (1 if row["walks_done"] in ("x", "1", "\u2713") else 0)
        if row.get("walks_obstacle"):
            assert values["walks"].obstacle == row["walks_obstacle"]
    again, _ = back(text, update.study)
    assert (again.study, again.added, again.changed) == (update.study, (), ())


def test_a_last_day_that_says_na_was_missed_and_an_empty_sheet_is_none():
    held = study()
    text = diary_csv(diary_of(held, case="K7M2AB", start=MONDAY, weeks=1))
    update, _ = back(filled(text, {1: {"mood": "4"}, 3: {"mood": "NA"}}), held)
    assert [(s.number, s.value("mood")) for s in update.study.cases[0].sessions] == [(1, 4), (2, None), (3, None)]
    with pytest.raises(StudyError, match="nothing is filled in yet"):
        read_table(text, name="diary.csv")


def test_a_diary_of_another_case_or_without_days_is_refused():
    named = "case,date,session,mood\nZ9Z9ZZ,2026-01-05,1,4\n"
    with pytest.raises(StudyError, match="does not name case 'K7M2AB' alone"):
        back(named, study())
    with pytest.raises(StudyError, match="tells neither session nor date of every row"):
        back("measure,value\nmood,4\n", study())
    by_date, _ = back("date,mood\n2026-01-07,4\n", study(on(1, MONDAY)))
    assert [s.number for s in by_date.study.cases[0].sessions] == [1, 3]


# --- the sheet ------------------------------------------------------------------------------------------------------


def test_the_sheet_says_a_code_and_the_measures_and_nothing_of_phases():
    sheet = diary_sheet(diary_of(study(), case="K7M2AB", start=MONDAY))
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", sheet, flags=re.DOTALL)
    for words in ("K7M2AB", "Monday", "5 January 2026", "no. 14", "a number from 0 to 10", "Higher is better.",
                  "Lower is better.", "What got in the way?", "Hard calls (calls)", "an empty row"):  # fmt: skip
        assert words in " ".join(text.split()), words
    assert sheet.count('<th scope="row">') == 14
    assert not re.search(r"\b[AB][12]\b|baseline|intervention|phase", text, re.IGNORECASE)
    assert not re.search(r"(?:src|href)=|https?://|<script", sheet)


def test_the_sheet_escapes_what_people_write():
    nasty = MOOD.replace(label="<img src=x onerror=alert(1)> & {0} {label}")
    sheet = diary_sheet(blank_diary((nasty,), start=MONDAY))
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; {0} {label}" in sheet
    assert "<img" not in sheet


def test_the_sheet_asks_yes_or_no_only_where_nothing_is_counted():
    yes = diary_sheet(blank_diary((WALKS,), start=MONDAY, weeks=1))
    assert yes.count('class="tick"') == 7 * 2 * 2
    assert 'class="box"' not in re.sub(r"<style>.*?</style>", "", yes, flags=re.DOTALL)
    assert diary_sheet(blank_diary((CALLS,), start=MONDAY, weeks=1)).count('class="box"') == 7 * 2


def test_the_sheet_turns_where_it_would_be_too_narrow():
    assert "size: A4 portrait" in diary_sheet(blank_diary((MOOD, WALKS), start=MONDAY))
    assert "size: A4 landscape" in diary_sheet(blank_diary((MOOD, WORRY, WALKS, CALLS), start=MONDAY))


def test_the_sheet_speaks_the_language_that_is_spoken():
    with speaking("de"):
        sheet = diary_sheet(diary_of(study(), case="K7M2AB", start=MONDAY))
    assert '<html lang="de">' in sheet
    assert "05.01.2026" in sheet


@pytest.mark.skipif(not (shutil.which("chromium") or shutil.which("google-chrome")), reason="no browser to print with")
def test_two_weeks_print_on_one_page_of_a4(tmp_path):
    page, printed = tmp_path / "sheet.html", tmp_path / "sheet.pdf"
    page.write_text(diary_sheet(diary_of(study(measures=(MOOD, WALKS)), case="K7M2AB", start=MONDAY)), encoding="utf-8")
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    options = ["--headless", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", "--no-pdf-header-footer"]
    command = [browser, *options, *sandbox, f"--print-to-pdf={printed}", page.as_uri()]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    if done.returncode != 0 or not printed.exists():
        pytest.skip("the browser does not print here")
    content = printed.read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", content)) == 1
    assert re.search(rb"/MediaBox\s*\[0 0 59[45][\d.]* 84[12][\d.]*\]", content)  # A4, upright, in points


# --- the calendar ---------------------------------------------------------------------------------------------------


def events(content: bytes) -> list:
    return list(Calendar.from_ical(content).walk("VEVENT"))


def test_the_calendar_reads_back_with_sessions_practice_and_phase_changes():
    diary = diary_of(study(), case="K7M2AB", start=MONDAY)
    found = events(diary_calendar(diary, stamp=STAMP, revision=3))
    named = [(str(e["summary"]), e["dtstart"].dt) for e in found]
    assert named.count(("K7M2AB: session 8", dt.date(2026, 1, 12))) == 1
    assert named.count(("K7M2AB: phase B1 begins", dt.date(2026, 1, 12))) == 1
    assert sum(words == "K7M2AB: practice" for words, _ in named) == 14
    assert len({str(e["uid"]) for e in found}) == len(found) == 14 + 14 + 1
    assert all(e["dtend"].dt - e["dtstart"].dt == dt.timedelta(days=1) for e in found)
    assert {(e["dtstamp"].dt, e["sequence"]) for e in found} == {(STAMP, 3)}
    assert not any("mood" in str(e).casefold() or "walks" in str(e).casefold() for e in found)


def test_the_calendar_may_be_silent_on_phases_and_on_the_code():
    diary = diary_of(study(), case="K7M2AB", start=MONDAY)
    content = diary_calendar(diary, stamp=STAMP, named=False, phase_changes=False)
    assert b"K7M2AB" not in content
    assert {str(e["summary"]) for e in events(content)} == {"Practice", *(f"Session {n}" for n in range(1, 15))}


def test_an_event_keeps_its_name_when_it_moves_so_that_it_is_updated():
    diary = diary_of(study(), case="K7M2AB", start=MONDAY)
    later = diary_of(study(), case="K7M2AB", start=MONDAY + dt.timedelta(days=2))
    before, after = (
        {str(e["summary"]): str(e["uid"]) for e in events(diary_calendar(d, stamp=STAMP))} for d in (diary, later)
    )
    assert before == after
    other = diary_of(study(code="P3Q9XY"), case="P3Q9XY", start=MONDAY)
    assert not set(before.values()) & {str(e["uid"]) for e in events(diary_calendar(other, stamp=STAMP))}


def test_a_time_of_day_belongs_to_no_time_zone():
    content = diary_calendar(diary_of(study(), case="K7M2AB", start=MONDAY), stamp=STAMP, at=dt.time(19, 30))
    assert b"DTSTART:20260105T193000\r\n" in content
    assert b"TZID" not in content
    sessions = [e for e in events(content) if "session" in str(e["summary"])]
    assert {e["dtstart"].dt.time() for e in sessions} == {dt.time(19, 30)}


def test_lines_are_folded_and_signs_escaped_by_the_format_s_rules():
    code = "Zoë; the one, who\\came on " + 10 * "Mondays "
    with speaking("de"):
        content = diary_calendar(Diary(code.strip(), (DiaryDay(1, MONDAY),), (WALKS,)), stamp=STAMP)
    assert {str(e["summary"]).rpartition(":")[0] for e in events(content)} == {code.strip()}
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    with pytest.raises(StudyError, match="calendar: needs a case on record"):
        diary_calendar(blank_diary((MOOD,), start=MONDAY), stamp=STAMP)


# --- the command ----------------------------------------------------------------------------------------------------


def scd(*said: str | Path) -> Result:
    return CliRunner(env={"SCD_WORKSPACE": None}).invoke(app, [str(word) for word in said])


@pytest.fixture
def client(workspace, tmp_path, monkeypatch) -> str:
    monkeypatch.chdir(tmp_path)
    with workspace.open() as caseload:
        caseload.add(study(on(1, MONDAY)), labels={"K7M2AB": "Zephyrine Quillfeather"})
    return "K7M2AB"


def test_command_writes_sheet_file_and_calendar_and_takes_the_file_back(client, workspace, tmp_path):
    done = scd("diary", client, "--weeks", "1", "--calendar", "k.ics", "--no-phase-changes", "-w", workspace.path)
    assert done.exit_code == 0, done.output
    assert "7 days, 2026-01-06 to 2026-01-12, sessions 2 to 8." in done.stdout
    for name in ("diary-K7M2AB.html", "diary-K7M2AB.csv", "k.ics"):
        content = (tmp_path / name).read_text(encoding="utf-8")
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
        assert not re.search("Quillfeather|B1", content)
    diary = tmp_path / "diary-K7M2AB.csv"
    diary.write_text(filled(diary.read_text(), {2: {"mood": "5", "walks_done": "x"}, 4: {"mood": "7"}}))
    taken = scd("import", diary, "--into", client, "-w", workspace.path)
    assert taken.exit_code == 0, taken.output
    with workspace.open() as caseload:
        record = caseload.get(client).study
    assert {s.number: s.value("mood") for s in record.cases[0].sessions} == {1: 4, 2: 5, 3: None, 4: 7}
    following = scd("diary", client, "--weeks", "1", "-w", workspace.path)
    assert "2026-01-09 to 2026-01-15, sessions 5 to 11." in following.stdout


def test_command_makes_a_blank_sheet_of_a_settings_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("clinic.toml").write_text('[[measure]]\nkey = "phq-9"\nitem = "q"\n', encoding="utf-8")
    done = scd("diary", "--template", "clinic.toml", "--from", "2026-01-05", "--every", "week", "--language", "de")
    assert done.exit_code == 0, done.output
    assert "PHQ-9" in Path("diary.html").read_text(encoding="utf-8")
    assert Path("diary.csv").read_text().startswith('"date","session","phq-9"\n2026-01-05,1,\n2026-01-12,2,')
    for words, said in (
        (("diary",), "name one code, or give a --template"),
        (("diary", "--template", "clinic.toml"), "say on which day the sheet begins"),
        (("diary", "--template", "clinic.toml", "--from", "2026-01-05", "--calendar", "x.ics"), "needs a code"),
    ):
        refused = scd(*words)
        assert (refused.exit_code, said in refused.stderr) == (2, True)
