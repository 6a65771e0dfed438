"""Standards in one table: WWC's screens, RoBiNT, SCRIBE and CENT filled from the record, and the command."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scd.analysis.standards_check import check_standards, check_words
from scd.analysis.visual.screens import trend_nap, wwc5_screens
from scd.cli import app
from scd.design import draw_phase_starts, draw_wampold_worsham, multiple_baseline, reversal
from scd.design.cent import CENT_ITEMS, cent_rows
from scd.design.robint import robint_rows
from scd.design.scribe import SCRIBE_ITEMS, scribe_rows
from scd.records import Workspace
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

CALLS = Measure(key="calls", label="Calling out", improvement="decrease", scale="count", minimum=0)
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, reporter="self", source="Own.")
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)

# What Works Clearinghouse, Handbook 5.0, figure 17
FIG17 = {"A1": [15, 10, 14, 17, 13, 12], "B1": [2, 1, 1, 0, 0], "A2": [9, 9, 11, 15, 20], "B2": [1, 0, 4, 0, 1]}


def study_of(phases: dict[str, list[float | None]], *, measure: Measure = CALLS) -> Study:
    starts, rows, number = [], [], 1
    for label, values in phases.items():
        starts.append(Phase(label=label, planned_start=number))
        for value in values:
            rows.append(Session(number=number, values=(Value(measure=measure.key, value=value),)))
            number += 1
    case = Case(code="K7M2", phases=tuple(starts)).record(*rows)
    return Study(code="K7M2", design="reversal", measures=(measure,), cases=(case,))


def drawn_abab(*, upto: int = 0, measure: Measure = MOOD, dates: bool = False) -> Study:
    draw = draw_phase_starts(sessions=24, phases=4, min_phase=5, seed=7, drawn_at=NOW)
    study = reversal(measures=[measure], phases="ABAB", randomization=draw, code="K7M2")
    rows = [
        Session(
            number=n,
            date=dt.date(2026, 3, 2) + dt.timedelta(days=n) if dates else None,
            values=(Value(measure=measure.key, value=n % 5),),
        )
        for n in range(1, upto + 1)
    ]
    return study.with_case(study.cases[0].record(*rows)) if rows else study


# --- WWC 5.0 -----------------------------------------------------------------------------------------------------


def test_wwc_5_figure_17_reversibility_and_baseline_trend():
    found = {(one.screen, one.part): one for one in wwc5_screens(study_of(FIG17))}
    assert found["reversibility", "A1, A2"].nap == pytest.approx(18.5 / 30)
    assert round(found["reversibility", "A1, A2"].nap, 3) == 0.617
    assert found["baseline trend", "A1"].nap == pytest.approx(4 / 9)
    assert all(one.passed for one in found.values())


def test_the_cut_off_is_a_setting():
    study = study_of(FIG17)
    assert [one.passed for one in wwc5_screens(study, cutoff=0.6)] == [False, True, True]
    assert "cut-off 0.6" in wwc5_screens(study, cutoff=0.6)[0].words
    for cutoff in (0.5, 0, 1.1):
        with pytest.raises(StudyError, match=r"cutoff: must lie above 0\.5"):
            wwc5_screens(study, cutoff=cutoff)


def test_an_effect_that_stays_and_a_baseline_that_moves_are_found_out():
    stays = study_of({"A1": [9, 10, 9, 10], "B1": [2, 1], "A2": [2, 1, 2, 1], "B2": [1]})
    words = [one.words for one in wwc5_screens(stays)]
    assert words[0] == "K7M2, A1, A2: the second baseline stayed better (NAP 1.000, cut-off 0.85)."
    moves = study_of({"A1": [10, 9, 8, 4, 3, 2], "B1": [1, 1]})
    assert [(one.passed, one.nap) for one in wwc5_screens(moves)] == [(False, 1.0)]
    assert "the baseline was improving already" in wwc5_screens(moves)[0].words


def test_a_screen_that_cannot_be_computed_says_why():
    short = wwc5_screens(study_of({"A1": [3, 2, 1], "B1": [1]}))[0]
    assert short.passed is None
    assert short.words == "K7M2, A1: baseline trend can't be told, it needs 4 values (there are 3)."
    with pytest.raises(StudyError, match="needs at least 4 values"):
        trend_nap([1, 2, 3], improvement="increase")
    with pytest.raises(StudyError, match="has no value of an outcome yet"):
        wwc5_screens(drawn_abab())
    ties = wwc5_screens(study_of({"A1": [5] * 6, "B1": [5] * 5, "A2": [5] * 5, "B2": [5] * 5}))
    assert [one.nap for one in ties] == [0.5, 0.5, 0.5]


# --- RoBiNT ------------------------------------------------------------------------------------------------------


def scores(study: Study) -> dict[int, int | None]:
    return {row.item: row.score for row in robint_rows(study)}


def test_robint_of_a_randomised_abab_of_self_reports():
    found = scores(drawn_abab(upto=24))
    assert found == {
        1: 2, 2: 2, 3: 2, 4: None, 5: None, 6: None, 7: None, 8: None, 9: None, 10: None, 11: None, 12: 2, 13: 2,
        14: 0, 15: None,
    }  # fmt: skip
    rows = robint_rows(drawn_abab(upto=24))
    assert [row.item for row in rows if not row.applies] == [6]
    assert "not applicable" in rows[5].text
    assert all(row.text for row in rows)


def test_robint_before_there_are_data():
    found = scores(drawn_abab())
    assert (found[1], found[2], found[3]) == (2, 2, 2)
    assert (found[12], found[13]) == (None, None)
    assert "not computable: nothing is recorded yet" in [row.text for row in robint_rows(drawn_abab())]


@pytest.mark.parametrize(
    ("phases", "item", "score"),
    [
        ({"A1": [1] * 5, "B1": [1] * 5}, 1, 0),
        ({"A1": [1] * 5, "B1": [1] * 5, "A2": [1] * 5}, 1, 1),
        ({"A1": [1] * 4, "B1": [1] * 5}, 3, 1),
        ({"A1": [1] * 2, "B1": [1] * 5}, 3, 0),
        ({"A1": [1] * 5}, 13, 0),
        ({"A1": [1, None, 1], "B1": [1]}, 12, 2),
    ],
)
def test_robint_scores_what_the_record_holds(phases, item, score):
    assert scores(study_of(phases))[item] == score


def test_robint_knows_a_departure_from_the_draw_and_a_number_left_out():
    study = drawn_abab(upto=3)
    start = study.cases[0].phases[1].planned_start
    moved = study.with_case(study.cases[0].start_phase("B1", session=start + 1, reason="holiday"))
    row = robint_rows(moved)[1]
    assert row.score == 1
    assert "K7M2, B1" in row.text
    full = study_of({"A1": [1, 2, 3], "B1": [1]})
    sessions = tuple(s for s in full.cases[0].sessions if s.number != 2)
    assert scores(full.with_case(full.cases[0].replace(sessions=sessions)))[12] == 1


def test_robint_counts_replications():
    draw = draw_wampold_worsham(starts=[6, 9, 12, 15], sessions=20, min_phase=3, seed=1, drawn_at=NOW)
    study = multiple_baseline(
        measures=[MOOD], cases=4, across="clients", starts=None, sessions=20, randomization=draw, code="S1"
    )
    assert (scores(study)[1], scores(study)[14]) == (2, 2)


@pytest.mark.parametrize(
    ("rated", "score"), [({6: 0.9, 7: 0.8}, 2), ({6: 0.9}, 1), ({6: 0.5}, 0), ({6: 0.5, 7: 0.5, 8: 0.5}, 1), ({}, None)]
)
def test_robint_adherence_needs_an_observer_on_a_fifth_of_the_sessions(rated, score):
    kept = Measure(
        key="kept",
        label="Kept to the manual",
        improvement="increase",
        scale="proportion",
        minimum=0,
        maximum=1,
        role="practice",
        reporter="observer",
    )
    phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=6))
    rows = [
        Session(
            number=n,
            values=(Value(measure="calls", value=1), *([Value(measure="kept", value=rated[n])] if n in rated else [])),
        )
        for n in range(1, 16)
    ]
    case = Case(code="K7M2", phases=phases).record(*rows)
    study = Study(code="K7M2", design="reversal", measures=(CALLS, kept), cases=(case,))
    assert scores(study)[7] == score
    own = study.replace(measures=(CALLS, kept.replace(reporter="self")))
    assert scores(own)[7] is None


# --- SCRIBE and CENT ---------------------------------------------------------------------------------------------


def test_scribe_has_26_rows_and_says_where_to_fill_what_is_missing():
    for study in (drawn_abab(), drawn_abab(upto=24, dates=True), study_of(FIG17)):
        rows = scribe_rows(study)
        assert [row.item for row in rows] == [str(n) for n in range(1, 27)]
        assert all(row.where for row in rows if row.status in ("missing", "partly"))
        assert all(row.text for row in rows if row.status in ("filled", "partly"))
    assert len(SCRIBE_ITEMS) == 26


def test_scribe_fills_more_as_the_record_grows():
    status = {row.item: row.status for row in scribe_rows(drawn_abab(upto=24, dates=True))}
    assert {item for item, said in status.items() if said == "filled"} == {"5", "6", "8", "19", "20"}
    assert {item for item, said in status.items() if said == "partly"} == {"7", "14", "16", "18", "25"}
    before = {row.item for row in scribe_rows(drawn_abab()) if row.status == "filled"}
    assert before == {"5", "8"}


def test_scribe_says_what_it_knows():
    rows = {row.item: row.text for row in scribe_rows(drawn_abab(upto=24, dates=True))}
    assert rows["5"].startswith("reversal design; K7M2: A1 from session 1, B1 from ")
    assert "1 of 35 schedules, drawn on 2026-03-02 with seed 7" in rows["8"]
    assert "inter-observer agreement not applicable" in rows["14"]
    assert rows["16"] == "sessions from 2026-03-03 to 2026-03-26"
    assert rows["20"] == "in the record, session by session: Mood: 24 values"
    assert {row.item: row.text for row in scribe_rows(study_of(FIG17))}["8"].startswith("the starts were not drawn")


def test_cent_has_44_sub_items_of_25_items_when_the_order_was_randomised():
    rows = cent_rows(drawn_abab(upto=24, dates=True))
    assert len(rows) == len(CENT_ITEMS) == 44
    items = {"".join(c for c in row.item.split(".")[0] if c.isdigit()) for row in rows}
    assert items == {str(n) for n in range(1, 26)}
    said = {row.item: row.status for row in rows}
    assert (said["8a.1"], said["8a.3"], said["13a.1"], said["13a.2"]) == (
        "filled",
        "filled",
        "filled",
        "not applicable",
    )
    assert (said["23"], said["12c"], said["6a.2"]) == ("missing", "partly", "filled")
    assert all(row.where for row in rows if row.status in ("missing", "partly"))
    assert cent_rows(study_of(FIG17)) == ()


def test_the_whole_check_and_its_sentences():
    rows = check_standards(drawn_abab(upto=24))
    assert list(dict.fromkeys(row.standard for row in rows)) == [
        "WWC 4.1", "WWC 5.0", "RoBiNT 2013", "SCRIBE 2016", "CENT 2015",
    ]  # fmt: skip
    words = check_words(rows)
    assert words[0].startswith("The record meets the WWC 4.1 standards without reservations")
    assert words[2].startswith("RoBiNT 2013: 10 of 12 points on the 6 items")
    assert words[3] == "SCRIBE 2016: 5 of 26 items filled from the record, 4 in part, 17 missing."
    agreement = [row for row in rows if row.item == "agreement"]
    assert [row.result for row in agreement] == ["not applicable"]
    plain = check_standards(study_of(FIG17), standard="cent")
    assert [(row.result, row.item) for row in plain] == [("not applicable", "all")]
    assert "was not randomised" in check_words(plain)[0]


def test_an_unknown_standard_measure_or_case_is_refused():
    study = study_of(FIG17)
    with pytest.raises(StudyError, match="standard: must be one of wwc, robint, scribe, cent, all"):
        check_standards(study, standard="horner")
    with pytest.raises(StudyError, match="has no measure 'mood'"):
        check_standards(study, measure="mood")
    with pytest.raises(StudyError, match="has no case 'X'"):
        check_standards(study, case="X")


# --- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def figure17(tmp_path: Path) -> Path:
    path = tmp_path / "fig17.csv"
    lines, number = ["case,session,phase,value,second_observer"], 1
    for label, values in FIG17.items():
        for place, value in enumerate(values):
            lines.append(f"K7M2,{number},{label},{value},{value if place < 2 else ''}")
            number += 1
    path.write_text("\n".join(lines))
    return path


def run(*words: str | Path):
    return CliRunner(env={"SCD_WORKSPACE": None}).invoke(app, ["check", *(str(word) for word in words)])


def test_check_prints_one_json_object(figure17):
    result = run(figure17, "--improvement", "decrease", "--scale", "count", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert set(told) == {"rows", "warnings", "text", "study", "standard", "grade", "cutoff"}
    assert all(set(row) == {"standard", "item", "topic", "result", "text", "where"} for row in told["rows"])
    assert told["grade"]["standard"] == "WWC 4.1"
    assert told["grade"]["grade"] == "meets without reservations"
    assert told["grade"]["agreement"] == "met"
    screens = {row["topic"]: row for row in told["rows"] if row["standard"] == "WWC 5.0"}
    assert "NAP 0.617" in screens["K7M2, A1, A2"]["text"]
    assert "NAP 0.444" in screens["K7M2, A1"]["text"]
    assert len([row for row in told["rows"] if row["standard"] == "SCRIBE 2016"]) == 26
    assert len([row for row in told["rows"] if row["standard"] == "RoBiNT 2013"]) == 15


def test_who_reports_a_file_can_be_told(tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("session,phase,value\n" + "\n".join(f"{n},{'A' if n < 6 else 'B'},{n}" for n in range(1, 11)))
    for words, status in ((["--reporter", "self"], "not applicable"), ([], "not recorded")):
        result = run(path, "--improvement", "decrease", "--standard", "wwc", "--json", *words)
        told = json.loads(result.stdout)
        assert told["grade"]["agreement"] == status
        assert [row["result"] for row in told["rows"] if row["item"] == "agreement"] == [status]


def test_check_prints_tables_for_people(figure17):
    result = run(figure17, "--improvement", "decrease", "--standard", "wwc", "--cutoff", "0.6")
    assert result.exit_code == 0, result.output
    assert "meets the WWC 4.1 standards without reservations" in result.stdout
    assert "WWC 5.0: 2 of 3 screens that can be computed are passed." in result.stdout
    assert "SCRIBE" not in result.stdout


def test_check_reads_a_stored_study_by_its_code(workspace: Workspace):
    study = drawn_abab(upto=24)
    study = study.replace(code="K7M2AB", cases=(study.cases[0].replace(code="K7M2AB"),))
    with workspace.open() as caseload:
        caseload.add(study, labels={"K7M2AB": "the client on Mondays"})
    result = run("K7M2AB", "--workspace", workspace.path, "--standard", "cent", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["study"], len(told["rows"])) == ("K7M2AB", 44)
    assert "Mondays" not in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["FILE"], "--improvement: say which direction is better in this file"),
        (["nothing.csv"], "'nothing.csv': there is no such file"),
        (["K7M2AB", "--improvement", "increase"], "a stored study knows both; leave them out"),
        (["FILE", "--improvement", "decrease", "--cutoff", "0.2"], "cutoff: must lie above 0.5"),
        (["FILE", "--improvement", "decrease", "--case", "X"], "has no case 'X'"),
        (["FILE", "--improvement", "decrease", "--measure", "X"], "has no series 'X'"),
    ],
)
def test_check_refuses_in_words(figure17, words, message):
    result = run(*(figure17 if word == "FILE" else word for word in words))
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr
