"""Tables out: what is written can be read again as it was, and no text of it runs in a spreadsheet."""

import csv
import datetime as dt
import io
import stat
from itertools import accumulate

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.records import export
from scd.records.export import to_csv, to_scan_csv, to_xlsx, write_file
from scd.records.tables import read_table, study_from_table
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

MOOD = Measure(key="mood", label="Mood", improvement="increase")
PRACTICE = Measure(key="practice", label="Practice", improvement="increase", role="practice")

# Codes that spreadsheets and readers stumble over.
NASTY = [
    "NA",
    "007",
    "=1+1",
    "'=1",
    "@SUM(A1)",
    "-5",
    "+49",
    "#N/A",
    "TRUE",
    "a,b;c",
    'q"q',
    "'",
    "_x0041_",
    "\u2028x",
    "1e3",
]
codes = st.one_of(
    st.sampled_from(NASTY),
    st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf")), min_size=1, max_size=12).map(str.strip),
).filter(lambda code: code and code.strip() == code)
obstacles = st.sampled_from(
    ["", "rain", "it was too far, and late; no bus", *NASTY, "=HYPERLINK(1)", "+", "no time\u2014again"]
)
numbers = st.one_of(st.none(), st.floats(-1e300, 1e300), st.integers(-(10**6), 10**6))


@st.composite
def cases(draw, code):
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    first = draw(st.sampled_from([1, 2, 1996]))
    starts = list(accumulate(lengths[:-1], initial=first))
    phases = tuple(
        Phase(label=f"{'AB'[i % 2]}{i // 2 + 1}", planned_start=s, actual_start=s) for i, s in enumerate(starts)
    )
    sessions, day = [], dt.date(2026, 3, 4)
    for number in range(first, first + sum(lengths)):
        if number not in starts and draw(st.booleans()):
            continue  # a gap
        day += dt.timedelta(days=draw(st.integers(0, 40)))
        mood = Value(measure="mood", value=draw(numbers), minutes=draw(st.none() | st.floats(0.5, 90)))
        planned, obstacle = draw(st.none() | st.floats(0, 1e6)), draw(obstacles)
        practice = Value(measure="practice", value=draw(numbers), planned=planned, obstacle=obstacle)
        values = (mood, practice) if draw(st.booleans()) else (mood,)
        sessions.append(Session(number=number, date=draw(st.sampled_from([None, day])), values=values))
    return Case(code=code, phases=phases, sessions=tuple(sessions))


@st.composite
def studies(draw):
    chosen = draw(st.lists(codes, min_size=1, max_size=3, unique=True))
    return Study(
        code="S2",
        design="multiple-baseline",
        across="clients",
        measures=(MOOD, PRACTICE),
        cases=tuple(draw(cases(code)) for code in chosen),
    )


def rows_of(study, measure=None):
    """The record as comparable rows; missing is None."""
    frame = study.frame()
    frame = frame if measure is None else frame[frame["measure"] == measure]
    kept = frame[["case", "session", "date", "phase", "measure", "value", "trials", "minutes"]].astype(object)
    return sorted(map(tuple, kept.where(kept.notna(), None).values.tolist()), key=lambda r: (r[0], r[4], r[1]))


def practice_of(study):
    """What was planned and what got in the way, by case and session."""
    return {
        (case.code, session.number, value.planned, value.obstacle)
        for case in study.cases
        for session in case.sessions
        for value in session.values
        if value.planned is not None or value.obstacle
    }


def read_back(source, measures=(MOOD, PRACTICE), **options):
    preview = read_table(source, name="back", **options)
    there = [m for m in measures if m.key in preview.measures]
    return study_from_table(preview, measures=there, design="multiple-baseline", across="clients")[0]


@settings(max_examples=60, deadline=None)
@given(studies())
def test_tidy_csv_reads_back_as_it_was(study):
    back = read_back(to_csv(study))
    assert rows_of(back) == rows_of(study)
    assert practice_of(back) == practice_of(study)


@settings(max_examples=40, deadline=None)
@given(studies())
def test_scan_csv_reads_back_as_it_was(study):
    text = to_scan_csv(study, measure="mood")
    back = study_from_table(read_table(text, name="back"), measures=[MOOD], design="multiple-baseline")[0]
    kept = [0, 1, 3, 5]  # scan's form has case, session, phase and value
    assert [[r[i] for i in kept] for r in rows_of(back)] == [[r[i] for i in kept] for r in rows_of(study, "mood")]


@settings(max_examples=20, deadline=None)
@given(study=studies())
def test_workbook_reads_back_as_it_was(tmp_path_factory, study):
    path = tmp_path_factory.mktemp("out") / "study.xlsx"
    to_xlsx(study, path)
    told = [(code, number, obstacle) for code, number, _, obstacle in practice_of(read_back(path))]
    assert sorted(told) == sorted((code, number, obstacle) for code, number, _, obstacle in practice_of(study))
    for back, held in zip(rows_of(read_back(path)), rows_of(study), strict=True):
        assert back[:5] == held[:5]
        for number, written in zip(back[5:], held[5:], strict=True):
            assert number == (None if written is None else pytest.approx(written, rel=1e-14))


@settings(max_examples=40, deadline=None)
@given(studies())
def test_no_text_cell_runs_in_a_spreadsheet_and_numbers_stay_numbers(study):
    for text in (to_csv(study), to_scan_csv(study, measure="mood")):
        for row in csv.DictReader(io.StringIO(text, newline="")):
            for column in ("case", "measure", "phase"):
                assert not row.get(column, "").startswith(("=", "+", "-", "@", "\t", "\r"))
            number = row.get("value", row.get("values"))
            assert number in ("", "NA") or float(number) == float(number.lstrip("'"))


def simple(code="K7M2", values=(-4.0, None, 6.5)):
    sessions = tuple(Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate(values, 1))
    phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=3))
    case = Case(code=code, phases=phases).record(*sessions)
    return Study(code="S2", design="reversal", measures=(MOOD,), cases=(case,))


def test_negative_numbers_stay_numbers_and_text_is_quoted():
    assert to_csv(simple("=A1")) == (
        '"case","measure","session","date","phase","value","trials","minutes"\n'
        '"\'=A1","mood",1,,"A1",-4,,\n'
        '"\'=A1","mood",2,,"A1",,,\n'
        '"\'=A1","mood",3,,"B1",6.5,,\n'
    )


def test_scan_csv_has_scans_columns_and_marks():
    assert to_scan_csv(simple(), measure="mood") == (
        '"case","phase","values","mt"\n"K7M2","A",-4,1\n"K7M2","A","NA",2\n"K7M2","B",6.5,3\n'
    )


def test_scan_csv_numbers_phases_when_a_condition_comes_back():
    phases = tuple(Phase(label=p, planned_start=n) for n, p in enumerate(("A1", "B1", "A2"), 1))
    case = Case(code="K", phases=phases).record(*(Session(number=n) for n in (1, 2, 3)))
    study = Study(code="K", design="reversal", measures=(MOOD,), cases=(case,))
    assert [line.split(",")[1] for line in to_scan_csv(study, measure="mood").splitlines()[1:]] == [
        '"A1"',
        '"B1"',
        '"A2"',
    ]


def test_one_measure_of_several_and_none_that_is_not_there():
    study = simple().replace(measures=(MOOD, PRACTICE))
    assert '"practice"' not in to_csv(study, measure="mood")
    with pytest.raises(StudyError, match=r"has no measure 'sleep' \(it has mood, practice\)"):
        to_csv(study, measure="sleep")
    with pytest.raises(StudyError, match="has no measure 'sleep'"):
        to_scan_csv(study, measure="sleep")


def test_a_session_without_values_is_written_as_missed():
    case = Case(code="K", phases=(Phase(label="A1", planned_start=1),), sessions=(Session(number=1), Session(number=2)))
    study = Study(code="K", design="reversal", measures=(MOOD,), cases=(case,))
    assert to_csv(study).splitlines()[1] == '"K","mood",1,,"A1",,,'
    assert rows_of(read_back(to_csv(study))) == rows_of(study)


def test_workbook_holds_values_and_plan(tmp_path):
    path = tmp_path / "study.xlsx"
    to_xlsx(simple("=A1"), path, labels={"=A1": "+Anna\x01"})
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["values", "plan"]
    assert [c.value for c in book["plan"][1]] == ["case", "label", "phase", "planned_start", "actual_start", "reason"]
    case, label = book["plan"]["A2"], book["plan"]["B2"]
    assert (case.value, case.data_type, label.value, label.data_type) == ("'=A1", "s", "'+Anna\ufffd", "s")
    number = book["values"]["F2"]
    assert (number.value, number.data_type) == (-4, "n")
    assert not [c for sheet in book for row in sheet.iter_rows() for c in row if c.data_type == "f"]


def test_dates_are_dates_in_a_workbook(tmp_path):
    days = (dt.date(1899, 12, 31), dt.date(1900, 2, 28), dt.date(2026, 3, 4))
    study = simple()
    case = study.cases[0]
    sessions = tuple(s.replace(date=d) for s, d in zip(case.sessions, days, strict=True))
    path = tmp_path / "study.xlsx"
    to_xlsx(study.with_case(case.replace(sessions=sessions)), path)
    assert [c.is_date for c in openpyxl.load_workbook(path)["values"]["D"]] == [False, False, False, True]
    assert read_back(path).frame()["date"].dt.date.tolist() == list(days)
    assert pd.read_excel(path, sheet_name="values")["date"][2] == pd.Timestamp("2026-03-04")


def test_files_are_private_and_replace_what_was_there(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(0o644)
    write_file(path, "new é")
    assert path.read_text(encoding="utf-8") == "new é"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_file_that_fails_half_way_leaves_the_old_one_and_no_rest(tmp_path, monkeypatch):
    path = tmp_path / "out.csv"
    path.write_text("old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_file(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_file(tmp_path / "none" / "out.csv", "x")
    assert list(tmp_path.iterdir()) == []
