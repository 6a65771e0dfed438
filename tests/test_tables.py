"""Tables in: what people have in their spreadsheets is read as it stands, and what is wrong is said row by row."""

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.records import workbook
from scd.records.tables import measure_key, read_table, sessions_from_table, study_from_table
from scd.study import Measure, StudyError

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "data"
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
OPEN = Measure(key="y", label="Outcome", improvement="increase")


def words(preview):
    return [p.words for p in preview.problems]


def records(preview, *columns):
    return preview.rows[list(columns)].astype(object).where(preview.rows[list(columns)].notna(), None).values.tolist()


def book(*sheets, **formats):
    """An XLSX of (title, rows) pairs as bytes."""
    held = openpyxl.Workbook()
    held.remove(held.active)
    for title, rows in sheets:
        sheet = held.create_sheet(title)
        for row in rows:
            sheet.append(row)
        for cell, number_format in formats.items():
            sheet[cell].number_format = number_format
    content = io.BytesIO()
    held.save(content)
    return content.getvalue()


# --- what is read ---------------------------------------------------------------------------------------------------


def test_long_table_with_usual_names():
    preview = read_table(
        "Client,Day,Condition_Phase,Score,n trials,Session Length\nK,1,A,4,10,30\nK,3,B,,10,30\n", name="k.csv"
    )
    assert preview.form == "long"
    assert dict(preview.roles) == {
        "case": "Client",
        "session": "Day",
        "phase": "Condition_Phase",
        "value": "Score",
        "trials": "n trials",
        "minutes": "Session Length",
    }
    assert records(preview, "row", "case", "session", "phase", "value", "trials", "minutes") == [
        [2, "K", 1, "A1", 4.0, 10.0, 30.0],
        [3, "K", 3, "B1", None, 10.0, 30.0],
    ]
    assert preview.problems == ()


def test_semicolons_with_decimal_commas_and_typeset_minus():
    preview = read_table(
        "Sitzung;Phase;Punkte\n1;A;-2,5\n2;B;\u22123\n", name="x", columns={"session": "Sitzung", "value": "punkte"}
    )
    assert preview.rows["value"].tolist() == [-2.5, -3.0]
    assert "cells are separated by semicolons" in preview.notes
    assert "numbers have decimal commas" in preview.notes


def test_comma_file_with_quoted_decimal_commas():
    preview = read_table('session,value\n1,"2,5"\n2,"3,25"\n', name="x")
    assert preview.rows["value"].tolist() == [2.5, 3.25]


def test_a_thousand_is_not_guessed():
    preview = read_table('session,value\n1,"1,234"\n2,"2,500"\n', name="x")
    assert words(preview) == [
        "row 2, column 'value': '1,234' has a comma that may be a decimal comma or a thousands mark; "
        "write it with a point",
        "row 3, column 'value': '2,500' has a comma that may be a decimal comma or a thousands mark; "
        "write it with a point",
    ]


def test_decimal_marks_are_not_mixed():
    preview = read_table("session;value\n1;2,5\n2;1.234\n", name="x")
    assert words(preview) == [
        "row 3, column 'value': '1.234' has a decimal point and other rows have decimal commas; write all the same way"
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings_are_told_apart(encoding):
    preview = read_table("case,session,value\nJürgen,1,4\n".encode(encoding), name="x")
    assert preview.cases == ("Jürgen",)
    assert not any("Latin" in note for note in preview.notes)


def test_latin_1_is_read_with_a_note():
    preview = read_table("case,session,value\nJürgen,1,4\n".encode("latin-1"), name="x")
    assert preview.cases == ("Jürgen",)
    assert any("was read as Windows/Latin-1" in note for note in preview.notes)


def test_pasted_tabs():
    preview = read_table("session\tmood\n1\t4\n2\t5,5\n", name="pasted text")
    assert preview.form == "wide"
    assert preview.rows["value"].tolist() == [4.0, 5.5]


def test_blank_rows_are_skipped_and_rows_keep_their_numbers():
    preview = read_table("session,value\n\n1,4\n,\n2,abc\n\n\n", name="x")
    assert preview.rows["row"].tolist() == [3, 5]
    assert "2 blank rows skipped" in preview.notes
    assert words(preview) == ["row 5, column 'value': 'abc' is not a number"]


def test_a_quoted_line_break_does_not_shift_row_numbers():
    preview = read_table('note,session,value\n"two\nlines",1,4\nx,2,abc\n', name="x")
    assert words(preview) == ["row 3, column 'value': 'abc' is not a number"]


def test_labels_stand_as_in_the_file():
    preview = read_table("client,session,value\n007,1,4\nNA,1,5\nnull,1,NA\n1e3,1,6\n", name="x")
    assert preview.cases == ("007", "NA", "null", "1e3")
    assert records(preview, "value") == [[4.0], [5.0], [None], [6.0]]


@pytest.mark.parametrize("mark", ["", "NA", "n/a", "NaN", "NULL", ".", "-"])
def test_marks_of_a_missing_value(mark):
    preview = read_table(f"session,value\n1,{mark}\n2,4\n", name="x")
    assert preview.problems == ()
    assert pd.isna(preview.rows["value"][0])


def test_scan_csv_without_case_names_and_without_mt():
    preview = read_table('"case","phase","values"\n"","A",1\n"","A",NA\n"","B",3\n', name="scan.csv")
    assert records(preview, "case", "session", "phase", "value") == [
        ["case 1", 1, "A1", 1.0],
        ["case 1", 2, "A1", None],
        ["case 1", 3, "B1", 3.0],
    ]
    assert "the table names no case: it is called 'case 1'" in preview.notes


def test_row_names_of_r_are_no_measure():
    preview = read_table('"","session","mood"\n"1",1,4\n"2",2,5\n', name="x")
    assert preview.measures == ("mood",)
    assert "columns that play no part: an unnamed one" in preview.notes


def test_wide_table_one_column_a_measure():
    preview = read_table("session,phase,PHQ-9,GAD-7,remark\n1,A,20,15,ok\n2,B,12,,late\n", name="x")
    assert preview.form == "wide"
    assert preview.roles["measures"] == "PHQ-9; GAD-7"
    assert records(preview, "row", "measure", "value") == [
        [2, "PHQ-9", 20.0],
        [2, "GAD-7", 15.0],
        [3, "PHQ-9", 12.0],
        [3, "GAD-7", None],
    ]
    assert "columns that play no part: 'remark'" in preview.notes


def test_a_slip_in_a_wide_column_is_reported_and_the_column_kept():
    preview = read_table("session,mood\n1,4\n2,5\n3,six\n", name="x")
    assert words(preview) == ["row 4, column 'mood': 'six' is not a number"]


def test_wide_table_with_chosen_measures():
    preview = read_table("session,age,mood\n1,44,4\n2,44,5\n", name="x", columns={"measures": "mood"})
    assert preview.measures == ("mood",)


def test_one_column_a_case():
    text = "session,phase,Anna,Ben\n1,A,4,\n2,A,5,NA\n3,B,6,7\n"
    preview = read_table(text, name="x", columns={"cases": "*"})
    assert preview.form == "cases"
    assert records(preview, "case", "session", "value") == [
        ["Anna", 1, 4.0],
        ["Anna", 2, 5.0],
        ["Ben", 2, None],
        ["Anna", 3, 6.0],
        ["Ben", 3, 7.0],
    ]
    chosen = read_table(text, name="x", columns={"cases": "Ben"})
    assert chosen.cases == ("Ben",)


def test_percent_signs_are_taken_away_when_all_have_one():
    assert read_table("session,value\n1,85%\n2,NA\n3,90 %\n", name="x").rows["value"].tolist()[::2] == [85.0, 90.0]
    assert words(read_table("session,value\n1,85%\n2,90\n", name="x")) == [
        "row 2, column 'value': '85%' has a % sign and other rows have none; write all the same way"
    ]


def test_sessions_from_zero_are_counted_from_one():
    preview = read_table("mt,values\n0,4\n1,5\n7,6\n", name="x")
    assert preview.rows["session"].tolist() == [1, 2, 8]
    assert any("counted from 0" in note for note in preview.notes)


def test_sessions_of_a_spreadsheet_that_writes_them_as_decimals():
    assert read_table("session,value\n1.0,4\n2.0,5\n", name="x").rows["session"].tolist() == [1, 2]


def test_a_column_can_be_switched_off():
    preview = read_table("session,value,trials\n1,4,x\n", name="x", columns={"trials": ""})
    assert preview.problems == ()
    assert "columns that play no part: 'trials'" in preview.notes


def test_excel_tells_its_separator():
    assert read_table("sep=;\nsession;value\n1;4\n", name="x").rows["value"].tolist() == [4.0]


def test_the_guard_before_a_formula_is_taken_away():
    preview = read_table("case,session,value\n'=1+1,1,'-4\n''@x,1,5\nO'Neill,1,6\n'quoted',1,7\n", name="x")
    assert preview.cases == ("=1+1", "'@x", "O'Neill", "'quoted'")
    assert preview.rows["value"].tolist() == [-4.0, 5.0, 6.0, 7.0]


def test_the_head_leaves_empty_columns_out():
    preview = read_table("session,value\n" + "".join(f"{n},1\n" for n in range(1, 30)), name="x")
    assert list(preview.table(3).columns) == ["row", "case", "measure", "session", "value"]
    assert len(preview.table(3)) == 3


# --- phases ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "told",
    [
        "A1 A1 B1 A2 B2",
        "a a b a b",
        "A A B A2 B2",
        "baseline baseline Intervention Baseline treatment",
        "Phase-A phase_a Phase-B Phase-A2 Phase-B2",
    ],
)
def test_phases_as_people_write_them(told):
    text = "session,phase,value\n" + "".join(f"{n},{p},1\n" for n, p in enumerate(told.split(), 1))
    preview = read_table(text, name="x")
    assert preview.rows["phase"].tolist() == ["A1", "A1", "B1", "A2", "B2"]
    assert preview.problems == ()


def test_runs_follow_the_sessions_and_not_the_rows():
    preview = read_table("session,phase,value\n3,A,1\n1,A,1\n2,B,1\n", name="x")
    assert preview.rows["phase"].tolist() == ["A2", "A1", "B1"]


def test_runs_are_numbered_by_case_also_for_a_measure_that_skips_a_phase():
    text = "measure,session,phase,value\n" + "".join(
        f"{m},{s},{p},1\n" for m, s, p in [("d", 1, "A"), ("w", 1, "A"), ("d", 2, "B"), ("d", 3, "A"), ("w", 3, "A")]
    )
    assert read_table(text, name="x").rows["phase"].tolist() == ["A1", "A1", "B1", "A2", "A2"]


@pytest.mark.parametrize(
    ("column", "values"),
    [("treatment", "0 0 1 0"), ("phase", "0 0 1 0"), ("condition", "A A B A"), ("treatment", "no no yes no")],
)
def test_phases_from_other_columns(column, values):
    text = f"session,{column},value\n" + "".join(f"{n},{p},1\n" for n, p in enumerate(values.split(), 1))
    preview = read_table(text, name="x")
    assert preview.rows["phase"].tolist() == ["A1", "A1", "B1", "A2"]
    assert any(note.startswith(f"phases are read from the column '{column}'") for note in preview.notes)


def test_phase_names_give_way_to_a_treatment_column():
    preview = read_table("session,phase,treatment,value\n1,SSR,0,1\n2,RC,1,2\n", name="x")
    assert preview.rows["phase"].tolist() == ["A1", "B1"]
    assert preview.problems == ()


def test_a_table_need_not_tell_phases_but_a_study_needs_them():
    preview = read_table("session,mood\n1,4\n", name="x.csv")
    assert preview.problems == ()
    assert "the table tells no phases" in preview.notes
    with pytest.raises(StudyError, match=r"x.csv: tells no phases; add a column 'phase'"):
        study_from_table(preview, measures=[MOOD])


def test_phases_out_of_order():
    told = ["A1", "B1", "A1", "A3", "B2", "B3", "A2"]
    text = "session,phase,value\n" + "".join(f"{n},{p},1\n" for n, p in enumerate(told, 1))
    assert words(read_table(text, name="x")) == [
        "row 4, column 'phase': A1 comes back after B1; number it A2",
        "row 5, column 'phase': A3 follows A1 under the same condition; join the two",
        "row 7, column 'phase': B3 follows B2 under the same condition; join the two",
        "row 8, column 'phase': A2 comes back after B3; number it A4",
    ]


def test_a_gap_in_the_numbers_of_phases():
    preview = read_table("case,session,phase,value\nK,1,A1,1\nK,2,B1,1\nK,3,A3,1\nL,1,A,1\n", name="x")
    assert words(preview) == ["row 4, column 'phase': A3 stands where A2 is due (case 'K')"]


def test_phase_labels_that_are_none():
    preview = read_table("session,phase,value\n1,A,1\n2,,1\n3,follow-up,1\n", name="x")
    hint = "write A for baseline and B for intervention, or A1, B1, A2, B2"
    assert words(preview) == [
        f"row 3, column 'phase': is empty; {hint}",
        f"row 4, column 'phase': 'follow-up' is not a phase; {hint}",
    ]


# --- dates ----------------------------------------------------------------------------------------------------------


def dates(*told, **options):
    text = "session;date;value\n" + "".join(f"{n};{d};1\n" for n, d in enumerate(told, 1))
    preview = read_table(text, name="x", **options)
    return [None if pd.isna(d) else d.date() for d in preview.rows["date"]], words(preview)


def test_iso_dates():
    assert dates("2026-03-04", "2026/03/05", "2026-03-06T08:30", "") == (
        [dt.date(2026, 3, 4), dt.date(2026, 3, 5), dt.date(2026, 3, 6), None],
        [],
    )


def test_the_whole_column_may_make_day_and_month_clear():
    assert dates("03/04/2026", "13/04/2026")[0] == [dt.date(2026, 4, 3), dt.date(2026, 4, 13)]
    assert dates("03.04.2026", "04.13.2026")[0] == [dt.date(2026, 3, 4), dt.date(2026, 4, 13)]
    assert dates("04/04/2026", "05/05/2026")[0] == [dt.date(2026, 4, 4), dt.date(2026, 5, 5)]


def test_day_and_month_are_never_guessed():
    assert dates("03/04/2026", "05/04/2026")[1] == [
        "row 2, column 'date': '03/04/2026' may be 3 April or 4 March; write 2026-04-03, or say which comes first "
        "(day_first)",
        "row 3, column 'date': '05/04/2026' may be 5 April or 4 May; write 2026-04-05, or say which comes first "
        "(day_first)",
    ]
    assert dates("03/04/2026", "05/04/2026", day_first=True)[0] == [dt.date(2026, 4, 3), dt.date(2026, 4, 5)]
    assert dates("03/04/2026", "05/04/2026", day_first=False)[0] == [dt.date(2026, 3, 4), dt.date(2026, 5, 4)]


def test_dates_that_contradict_each_other_or_the_calendar():
    assert dates("13/04/2026", "04/14/2026")[1] == [
        "row 3, column 'date': '04/14/2026' has the month first and other rows have the day first; write 2026-04-03"
    ]
    assert dates("2026-02-30", "3 March", "45000", "03/04/26")[1] == [
        "row 2, column 'date': '2026-02-30' is not a day of the calendar",
        "row 3, column 'date': '3 March' is not a date; write it as 2026-04-03",
        "row 4, column 'date': '45000' is not a date; write it as 2026-04-03",
        "row 5, column 'date': '03/04/26' is not a date; write it as 2026-04-03",
    ]


def test_dates_go_forward_and_a_session_has_one():
    assert dates("2026-03-05", "2026-03-04")[1] == [
        "row 3, column 'date': 2026-03-04 lies before 2026-03-05, the date of session 1"
    ]
    text = "measure,session,date,value\na,1,2026-03-04,1\nb,1,2026-03-05,1\n"
    assert words(read_table(text, name="x")) == [
        "row 3, column 'date': session 1 has two dates: 2026-03-04 in row 2, 2026-03-05 here"
    ]


def test_dates_number_the_sessions_where_nothing_else_does():
    preview = read_table("date,mood\n2026-03-09,5\n2026-03-04,4\n,3\n", name="x")
    assert preview.rows["session"].tolist()[:2] == [2, 1]
    assert words(preview) == ["row 4, column 'date': has no date, and dates number the sessions here"]


def test_a_date_in_the_session_column_says_how_to_map_it():
    assert words(read_table("day,value\n2026-03-04,1\n", name="x")) == [
        "row 2, column 'day': '2026-03-04' is a date, not a number; say columns={\"date\": \"day\"}"
    ]


# --- what is wrong, all of it ---------------------------------------------------------------------------------------


def test_problems_of_all_rows_are_reported_together():
    text = "case,session,phase,value\nK,1,A,abc\nK,2.5,A,4\nK,3,x,5\nK,4,B,6\nK,4,B,7\n,5,B,8\nK,,B,8\nK,-1,B,8\n"
    preview = read_table(text, name="k.csv")
    hint = "write A for baseline and B for intervention, or A1, B1, A2, B2"
    assert words(preview) == [
        "row 2, column 'value': 'abc' is not a number",
        "row 3, column 'session': '2.5' is not a whole number",
        f"row 4, column 'phase': 'x' is not a phase; {hint}",
        "row 6, column 'session': session 4 of case 'K' stands already in row 5; keep one",
        "row 7, column 'case': is empty; name the case in every row",
        "row 8, column 'session': is empty; number the session",
        "row 9, column 'session': '-1' must be from 1 to 100000",
    ]
    with pytest.raises(StudyError) as caught:
        study_from_table(preview, measures=[MOOD])
    assert len(caught.value.problems) == 7
    assert str(caught.value).splitlines() == [f"k.csv, {line}" for line in words(preview)]
    assert caught.value.field == "value"


def test_a_baseline_called_b_is_not_taken_for_an_intervention():
    preview = read_table("session,phase,value\n1,B,1\n2,T,1\n", name="x")
    assert [p.row for p in preview.problems] == [3]
    assert "'T' is not a phase; write A for baseline" in words(preview)[0]
    assert read_table("session,phase,value\n1,B,1\n", name="x").problems == ()
    assert read_table("session,phase,value\n1,A,1\n2,B,1\n3,C,1\n", name="x").rows["phase"].tolist() == [
        "A1",
        "B1",
        "C1",
    ]


def test_values_outside_the_range_are_all_named_with_their_rows():
    preview = read_table("session,phase,mood\n1,A,11\n2,A,4\n3,B,-1\n", name="k.csv")
    with pytest.raises(StudyError) as caught:
        study_from_table(preview, measures=[MOOD])
    assert str(caught.value).splitlines() == [
        "k.csv, row 2, column 'mood': 'Mood' must be 0 to 10 (got 11)",
        "k.csv, row 4, column 'mood': 'Mood' must be 0 to 10 (got -1)",
    ]


def test_rows_longer_than_the_header():
    preview = read_table("session,value\n1,2,5\n2,4\n", name="x")
    assert words(preview)[0] == (
        "row 2: has 3 cells and the header has 2; put a number with a decimal comma into quotation marks, "
        "or separate cells by semicolons"
    )


def test_trials_and_minutes():
    preview = read_table("session,value,trials,minutes\n1,4,2.5,-1\n2,4,10,0\n", name="x")
    assert words(preview) == [
        "row 2, column 'minutes': '-1' must be above 0",
        "row 2, column 'trials': '2.5' must be a whole number above 0",
    ]
    assert "0 in the column 'minutes' is taken as not known" in preview.notes


def test_a_count_cannot_be_above_its_trials_but_another_score_may():
    preview = read_table("session,phase,value,trials\n1,A,4,5\n2,A,6,5\n", name="x.csv")
    tried = Measure(key="hits", label="Hits", improvement="increase", scale="count")
    with pytest.raises(StudyError, match=r"row 3, column 'value': 'Hits' can't be above its trials \(got 6 of 5\)"):
        study_from_table(preview, measures=[tried])
    study, _ = study_from_table(preview, measures=[OPEN])
    assert study.note == "trials of 'Outcome' left out: some values lie above them"
    assert study.frame()["trials"].isna().all()


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "x: is empty"),
        ("\n\n , \n", "x: is empty"),
        (b"", "x: is empty"),
        ("session,value\n", r"x: has a header \(session, value\) but no rows below it"),
        ("value,session,Value\n1,2,3\n", r"x: has the column 'Value' more than once \(1, 3\); rename one"),
        ("a,b\n1,2\n", r"no column of values .* its columns are 'a', 'b'"),
        ("session,remark\n1,good\n", "has no column of numbers to take as values; its columns are 'session', 'remark'"),
        ("day,time,value\n1,2,3\n", "columns 'day' and 'time' could each be the session; say which"),
        ("score,outcome,session\n1,2,3\n", "columns 'score' and 'outcome' could each be the value; say which"),
        ('session,value\n1,"4\n2,5\n', "x, row 2: a quotation mark is out of place"),
        (b"%PDF-1.7 ...", "is a PDF; save the table as CSV or XLSX"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old .xls workbook or one with a password"),
        (b"PK\x03\x04broken", "x: is a damaged workbook"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is not a text table"),
        ("clients.csv", "looks like a file name"),
        (Path("/nonexistent/table.csv"), "can't be read"),
    ],
)
def test_what_is_no_table_is_refused_in_words(source, message):
    with pytest.raises(StudyError, match=message):
        read_table(source, name="x")


def test_the_roles_own_name_goes_before_its_aliases():
    preview = read_table("session,day,value,score\n1,30,4,100\n", name="x")
    assert records(preview, "session", "value") == [[1, 4.0]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"valeu": "score"}, "'valeu' is not a role"),
        ({"value": "points"}, "has no column 'points' to take as value; its columns are 'session', 'score'"),
        ({"measures": "score; mood"}, "has no column 'mood' to take as measures"),
    ],
)
def test_a_wrong_mapping_is_refused(columns, message):
    with pytest.raises(StudyError, match=message):
        read_table("session,score\n1,4\n", name="x", columns=columns)


def test_a_million_rows_are_refused():
    with pytest.raises(StudyError, match="has more than 100,000 rows; split it"):
        read_table("session,value\n" + "1,2\n" * 1_000_001, name="x")


def test_too_many_bytes_or_columns_are_refused(tmp_path):
    with pytest.raises(StudyError, match="x: is too big"):
        read_table(b"a" * 50_000_001, name="x")
    big = tmp_path / "big.csv"
    with big.open("wb") as file:
        file.truncate(50_000_001)
    with pytest.raises(StudyError, match="x: is too big"):
        read_table(big, name="x")
    with pytest.raises(StudyError, match="more than 500 columns"):
        read_table(",".join(f"c{n}" for n in range(501)) + "\n1\n", name="x")


def said(source):
    """True when a source is read, or refused with words; any other exception fails the test."""
    try:
        preview = read_table(source, name="x")
    except StudyError as error:
        return error.message.startswith("x")
    return all(p.words for p in preview.problems)


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="session,value;phase\tAB10-./'\"=\n\r é\x00", max_size=80))
def test_any_text_is_read_or_refused_in_words(text):
    assert said("session,value\n" + text)


# --- workbooks ------------------------------------------------------------------------------------------------------


def test_workbook_shows_what_the_person_sees():
    rows = [
        ["client", "session", "date", "phase", "value"],
        ["007", 1, dt.date(2026, 3, 4), "A", 0.85],
        [None, None, None, None, None],
        [7, 2.0, dt.datetime(2026, 3, 5, 8, 30), "B", 0.9],
    ]
    preview = read_table(book(("Data", rows), E2="0%", E4="0.0%"), name="x.xlsx")
    assert records(preview, "row", "case", "session", "value") == [[2, "007", 1, 85.0], [4, "7", 2, 90.0]]
    assert [d.date() for d in preview.rows["date"]] == [dt.date(2026, 3, 4), dt.date(2026, 3, 5)]
    assert "1 blank row skipped" in preview.notes


def test_the_first_sheet_that_holds_cells_or_the_one_that_is_named():
    content = book(("empty", []), ("first", [["session", "value"], [1, 2]]), ("second", [["session", "value"], [1, 3]]))
    preview = read_table(content, name="x")
    assert preview.rows["value"].tolist() == [2.0]
    assert "read the sheet 'first'; the workbook also has empty, second" in preview.notes
    assert read_table(content, name="x", sheet="second").rows["value"].tolist() == [3.0]
    with pytest.raises(StudyError, match=r"x: has no sheet 'third' \(it has empty, first, second\)"):
        read_table(content, name="x", sheet="third")
    with pytest.raises(StudyError, match="is no workbook, so it has no sheet 'a'"):
        read_table("session,value\n1,2\n", name="x", sheet="a")


def test_a_formula_without_a_result_is_not_a_missing_value():
    with pytest.raises(StudyError, match=r"x, sheet 's', row 3: cell B3 is a formula without a stored result"):
        read_table(book(("s", [["session", "value"], [1, 2], [2, "=B2+1"]])), name="x")


def test_an_error_cell_is_no_number():
    preview = read_table(book(("s", [["session", "value"], [1, 2], [2, "#DIV/0!"], [3, True]])), name="x")
    assert words(preview) == [
        "row 3, column 'value': '#DIV/0!' is not a number",
        "row 4, column 'value': 'TRUE' is not a number",
    ]


def test_an_empty_workbook():
    with pytest.raises(StudyError, match="x: is empty"):
        read_table(book(("s", [])), name="x")


def with_part(content, name, data):
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(held, "w") as new:
        for part in old.namelist():
            new.writestr(part, data if part == name else old.read(part))
        if name not in old.namelist():
            new.writestr(name, data)
    return held.getvalue()


def test_macros_and_other_archives_are_refused():
    content = book(("s", [["session", "value"], [1, 2]]))
    with pytest.raises(StudyError, match="holds macros"):
        read_table(with_part(content, "xl/vbaProject.bin", b"x"), name="x")
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(StudyError, match="is no XLSX workbook"):
        read_table(held.getvalue(), name="x")


def test_a_workbook_that_unpacks_too_big_is_refused(monkeypatch):
    monkeypatch.setattr(workbook, "_MAX_UNPACKED", 1_000_000)
    content = with_part(book(("s", [["session", "value"], [1, 2]])), "xl/media/x.bin", b"\0" * 1_000_001)
    with pytest.raises(StudyError, match=r"x: unpacks to 1,0.* bytes"):
        read_table(content, name="x")


def test_a_row_number_beyond_any_sheet_ends_the_reading():
    content = book(("s", [["session", "value"], [1, 2]]))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    far = xml.replace(b'<row r="2"', b'<row r="999999999"').replace(b'r="A2"', b'r="A999999999"')
    with pytest.raises(StudyError, match="more rows than a sheet can have"):
        read_table(with_part(content, "xl/worksheets/sheet1.xml", far.replace(b'r="B2"', b'r="B999999999"')), name="x")


SMALL = book(("s", [["session", "value"], ["a", 2]]))  # made once: its bytes hold the time


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_workbook_is_read_or_refused_in_words(data):
    content = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    assert said(bytes(content[: data.draw(st.integers(4, len(content)))]))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_workbook_whose_parts_are_damaged_is_read_or_refused_in_words(data):
    with zipfile.ZipFile(io.BytesIO(SMALL)) as archive:
        part = data.draw(st.sampled_from(archive.namelist()))
        xml = bytearray(archive.read(part))
    for _ in range(data.draw(st.integers(1, 4))):
        xml[data.draw(st.integers(0, len(xml) - 1))] = data.draw(st.sampled_from(b'<>/"=019azAZ &\0'))
    assert said(with_part(SMALL, part, bytes(xml)))


# --- studies --------------------------------------------------------------------------------------------------------


def test_gaps_stay_and_missing_values_are_missed_sessions():
    preview = read_table("session,phase,mood\n2,A,4\n3,A,\n7,B,6\n9,B,7\n", name="k.csv")
    study, labels = study_from_table(preview, measures=[MOOD])
    case = study.cases[0]
    assert [(p.label, p.planned_start, p.actual_start) for p in case.phases] == [("A1", 2, 2), ("B1", 7, 7)]
    assert [(s.number, s.value("mood"), s.missed) for s in case.sessions] == [
        (2, 4.0, False),
        (3, None, True),
        (7, 6.0, False),
        (9, 7.0, False),
    ]
    assert (study.code, case.code, labels) == ("k", "case 1", {})


def test_pseudonyms_take_the_place_of_labels():
    text = "case,session,phase,value\nAnna,1,A,1\nAnna,2,B,1\nBen,1,A,1\nBen,3,B,1\n"
    preview = read_table(text, name="names.csv")
    study, labels = study_from_table(preview, measures=[MOOD], pseudonyms=True)
    assert sorted(labels.values()) == ["Anna", "Ben"]
    assert [labels[c.code] for c in study.cases] == ["Anna", "Ben"]
    assert not any(name in study.to_json() for name in ("Anna", "Ben", "names"))
    one, labels = study_from_table(preview, measures=[MOOD], case="Ben", pseudonyms=True, code="ABCDEF")
    assert one.code == one.cases[0].code == "ABCDEF"
    assert labels == {"ABCDEF": "Ben"}


def test_design_is_guessed_from_the_phases():
    def design(text):
        preview = read_table("case,session,phase,value\n" + text, name="x")
        return study_from_table(preview, measures=[OPEN])[0]

    assert design("K,1,A,1\nK,2,B,1\n").design == "reversal"
    assert design("K,1,A,1\nK,2,B,1\nK,3,A,1\nL,1,A,1\nL,2,B,1\n").design == "reversal"
    staggered = design("L,1,A,1\nL,4,B,1\nK,1,A,1\nK,2,B,1\nM,1,A,1\n")
    assert (staggered.design, staggered.across) == ("multiple-baseline", "clients")
    assert [c.code for c in staggered.cases] == ["K", "L", "M"]


def test_one_clients_measures_with_phases_of_their_own_are_tiers():
    rows = [("talk", 1, "A"), ("talk", 2, "B"), ("talk", 3, "B"), ("play", 1, "A"), ("play", 2, "A"), ("play", 3, "B")]
    text = "case,series,session,phase,value\n" + "".join(f"K,{m},{s},{p},1\n" for m, s, p in rows)
    measures = [Measure(key=k, label=k.title(), improvement="increase") for k in ("talk", "play")]
    study, _ = study_from_table(read_table(text, name="x"), measures=measures)
    assert (study.design, study.across) == ("multiple-baseline", "behaviours")
    assert [(c.code, c.measures, c.phases[1].start) for c in study.cases] == [
        ("talk", ("talk",), 2),
        ("play", ("play",), 3),
    ]
    two = text + text.split("\n", 1)[1].replace("K,", "L,")
    with pytest.raises(StudyError, match="measures of 'K', 'L' start their phases at different sessions; choose one"):
        study_from_table(read_table(two, name="x"), measures=measures)
    assert (
        study_from_table(read_table(two, name="x"), measures=measures, measure="talk")[0].design == "multiple-baseline"
    )


def test_measures_are_matched_by_key_label_or_mapping():
    preview = read_table("session,phase,PHQ-9,Sleep\n1,A,20,4\n2,B,10,6\n", name="x")
    phq = Measure(key="phq-9", label="PHQ-9 depression", improvement="decrease", minimum=0, maximum=27)
    sleep = Measure(key="hours", label="sleep", improvement="increase")
    assert [m.key for m in study_from_table(preview, measures=[sleep, phq])[0].measures] == ["phq-9", "hours"]
    assert [m.key for m in study_from_table(preview, measures={"Sleep": sleep})[0].measures] == ["hours"]
    assert [m.key for m in study_from_table(preview, measures=[OPEN], measure="phq-9")[0].measures] == ["y"]
    assert study_from_table(preview, measures=[OPEN], measure="Sleep")[0].frame()["value"].tolist() == [4.0, 6.0]
    with pytest.raises(StudyError, match=r"no measure is given for 'Sleep' \(the table has 'PHQ-9', 'Sleep'\)"):
        study_from_table(preview, measures=[phq])
    with pytest.raises(StudyError, match="x: has no measure 'mood'"):
        study_from_table(preview, measures=[phq], measure="mood")
    with pytest.raises(StudyError, match="x: has no measure 'mood'"):
        study_from_table(preview, measures={"mood": phq})
    with pytest.raises(StudyError, match=r"'PHQ-9' and 'Sleep' are both taken as measure 'y'"):
        study_from_table(preview, measures={"Sleep": OPEN, "PHQ-9": OPEN})


def test_keys_and_labels_that_cross_are_matched_by_key_first():
    preview = read_table("session,phase,mood,energy\n1,A,1,2\n2,B,3,4\n", name="x")
    crossed = [
        Measure(key="mood", label="Energy", improvement="increase"),
        Measure(key="energy", label="Mood", improvement="increase"),
    ]
    frame = study_from_table(preview, measures=crossed)[0].frame()
    assert frame[frame["measure"] == "energy"]["value"].tolist() == [2.0, 4.0]


def test_an_unknown_case_is_named_with_those_there_are():
    preview = read_table("case,session,phase,value\n007,1,A,1\nNA,1,A,1\n", name="x")
    with pytest.raises(StudyError, match="x: has no case '7' \\(it has '007', 'NA'\\)"):
        study_from_table(preview, measures=[OPEN], case="7")
    assert study_from_table(preview, measures=[OPEN], case="NA")[0].cases[0].code == "NA"


def test_sessions_for_a_study_that_is_planned_already():
    preview = read_table("date,mood\n2026-03-04,4\n2026-03-06,NA\n", name="pasted text")
    sessions = sessions_from_table(preview, measures=[MOOD])
    assert [(s.number, s.date, s.value("mood")) for s in sessions] == [
        (1, dt.date(2026, 3, 4), 4.0),
        (2, dt.date(2026, 3, 6), None),
    ]
    two = read_table("case,session,mood\nA,1,4\nB,1,5\n", name="x")
    with pytest.raises(StudyError, match="x: holds several cases \\('A', 'B'\\); say which"):
        sessions_from_table(two, measures=[MOOD])
    assert len(sessions_from_table(two, measures=[MOOD], case="B")) == 1


@given(st.text(max_size=60))
def test_a_key_of_any_label_is_a_key(label):
    key = measure_key(label)
    assert Measure(key=key, label="x", improvement="increase").key == key
    assert measure_key(key) == key


# --- published data -------------------------------------------------------------------------------------------------


def reference(name):
    if not REFERENCE.is_dir():
        pytest.skip(f"published data sets are not beside this checkout ({REFERENCE})")
    return REFERENCE / name


def open_measures(preview):
    return [Measure(key=measure_key(label), label=label, improvement="increase") for label in preview.measures]


# A folder that is absent still shows up as one skipped test.
FILES = sorted(p.name for p in REFERENCE.glob("*.csv")) or ["any.csv"]
REFUSED_IN_WORDS = {
    "scdhlm_Bryant2018.csv": "session 1 of case 'student 1' stands already in row 2",
    "scdhlm_Thiemann2001.csv": "measures of 'Casey', .* start their phases at different sessions; choose one measure",
}


@pytest.mark.parametrize("name", FILES)
def test_published_data_sets_are_read(name):
    path = reference(name)
    if name.endswith("_prepost.csv"):
        with pytest.raises(StudyError, match=r"has no column of values .* its columns are 'study', 'case', 'unit'"):
            read_table(path, name=name)
        return
    preview = read_table(path, name=name)
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    assert len(preview.rows) == len(raw)
    assert set(preview.cases) == set(raw["case"])
    if name in REFUSED_IN_WORDS:
        with pytest.raises(StudyError, match=REFUSED_IN_WORDS[name]):
            study_from_table(preview, measures=open_measures(preview))
        return
    assert preview.problems == ()
    assert preview.rows["phase"].tolist() == raw["phase"].tolist()
    assert preview.rows["value"].tolist() == raw["outcome"].astype(float).tolist()
    study, _ = study_from_table(preview, measures=open_measures(preview))
    assert len(study.frame()) == len(raw)


def test_lambert_keeps_its_missing_session():
    preview = read_table(reference("scdhlm_Lambert.csv"), name="scdhlm_Lambert.csv")
    measure = Measure(key="disruptive", label="Disruptive behaviour", improvement="decrease", minimum=0, maximum=10)
    study, _ = study_from_table(preview, measures=[measure], measure="disruptive behavior", case="case A1")
    case = study.cases[0]
    numbers = [s.number for s in case.sessions]
    assert (study.design, case.code, len(numbers), numbers[-1]) == ("reversal", "case A1", 30, 31)
    assert set(range(1, 32)) - set(numbers) == {11}
    assert [p.label for p in case.phases] == ["A1", "B1", "A2", "B2"]


def test_laski_is_a_multiple_baseline_in_the_order_of_its_starts():
    preview = read_table(reference("scdhlm_Laski.csv"), name="scdhlm_Laski.csv")
    measure = Measure(key="speech", label="Speech", improvement="increase", minimum=0, maximum=100)
    study, _ = study_from_table(preview, measures=[measure])
    starts = [c.phases[1].start for c in study.cases]
    assert (study.design, len(study.cases)) == ("multiple-baseline", 8)
    assert starts == sorted(starts)


def test_thiemann_is_read_client_by_client_with_behaviours_as_tiers():
    preview = read_table(reference("scdhlm_Thiemann2001.csv"), name="scdhlm_Thiemann2001.csv")
    for label in preview.cases:
        study, _ = study_from_table(preview, measures=open_measures(preview), case=label)
        assert (study.design, study.across) == ("multiple-baseline", "behaviours")
        assert len(study.cases) >= 2
