"""scd monitor: the same as the values of steering, as a table and as one JSON object; mistakes in words."""

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from scd.analysis.steering import default_monitoring, record_decision, steer
from scd.cli import app
from scd.design.plans import multiple_baseline, reversal
from scd.study import AlarmRates, Measure, Session, Value

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SCORE = Measure(key="score", label="Score", improvement="decrease", minimum=0, maximum=10, meaningful_change=2)
COLUMNS = ["case", "session", "phase", "look", "p_improvement", "p_meaningful", "baseline_stable", "alarms",
           "suggestion", "reason", "false_success", "false_harm"]  # fmt: skip
RATES = tuple(
    AlarmRates(autocorrelation=phi, change=change, success=success, futility=0.1, harm=0.08)
    for phi, change, success in ((0.3, 0, 0.02), (0.6, 0, 0.04), (0.3, 4, 0.5))
)


def run(*arguments):
    return CliRunner().invoke(app, ["monitor", *arguments])


def with_rule(study):
    """The study with a rule whose rates are made up: how they come about is tested where they are simulated."""
    return study.replace(monitoring=default_monitoring(study).replace(rates=RATES, replications=1000))


def filled(study, values, *, case=0):
    rows = [Session(number=n, values=(Value(measure="score", value=v),)) for n, v in enumerate(values, 1)]
    return study.with_case(study.cases[case].record(*rows))


@pytest.fixture
def worse(workspace):
    """A stored client who gets worse, at the first fixed look."""
    with workspace.open() as caseload:
        study = with_rule(reversal(measures=[SCORE], phases="ABAB", sessions=5, code=caseload.new_code()))
        caseload.add(filled(study, (5, 4.6, 5.3, 4.9, 5.1, 8.9, 9.2, 8.7)))
        return workspace, study.code


def test_the_rows_are_the_named_ones_and_the_alarm_has_its_rate(worse):
    workspace, code = worse
    told = run(code, "--workspace", str(workspace.path), "--json")
    assert told.exit_code == 0, told.output
    document = json.loads(told.stdout)
    (row,) = document["rows"]
    assert list(row) == COLUMNS
    assert (row["case"], row["session"], row["phase"], row["look"]) == (code, 8, "B1", 3)
    assert (row["alarms"], row["suggestion"]) == (["harm"], "talk about it")
    assert (row["false_success"], row["false_harm"], row["baseline_stable"]) == (0.04, 0.08, True)
    assert row["p_improvement"] < 0.05
    assert "WWC 4.1" in document["grade"]
    assert (document["warnings"], document["decisions"]) == ([], [])
    assert document["rule"]["looks"] == [3, 5]
    assert [look["alarms"] for look in document["looks"]] == [["harm"]]


def test_people_get_the_same_in_sentences(worse):
    workspace, code = worse
    told = run(code, "--workspace", str(workspace.path))
    assert told.exit_code == 0, told.output
    assert "Alarm: harm." in told.stdout
    assert "in up to 8\N{NO-BREAK SPACE}% of clients for whom nothing changes" in told.stdout
    assert "Suggestion: talk about it." in told.stdout


def test_decisions_so_far_are_told(worse):
    workspace, code = worse
    with workspace.open() as caseload:
        stored = caseload.get(code)
        seen = steer(stored.study, looked_at=NOW)
        decided = record_decision(stored.study, steering=seen, decided="stay", reason="a bad week", decided_at=NOW)
        caseload.save(decided, revision=stored.revision)
    (decision,) = json.loads(run(code, "-w", str(workspace.path), "--json").stdout)["decisions"]
    assert (decision["suggested"], decision["decided"], decision["reason"]) == ("talk about it", "stay", "a bad week")
    assert "a bad week" in run(code, "-w", str(workspace.path)).stdout


def test_every_tier_has_its_row_and_nothing_is_no_number(workspace):
    with workspace.open() as caseload:
        codes = [caseload.new_code() for _ in range(3)]
        study = multiple_baseline(
            measures=[SCORE], cases=codes[:2], across="clients", starts=[6, 9], sessions=15, code=codes[2]
        )
        caseload.add(filled(with_rule(study), (5, 5.2, 4.9), case=1))
    document = json.loads(run(codes[2].lower(), "-w", str(workspace.path), "--json").stdout)
    first, second = document["rows"]
    assert [first["case"], second["case"]] == codes[:2]
    assert (first["session"], first["p_improvement"], first["baseline_stable"]) == (None, None, None)
    assert (second["session"], second["phase"], second["look"], second["baseline_stable"]) == (3, "A1", None, False)
    assert {first["suggestion"], second["suggestion"]} == {"stay"}


def test_a_study_without_a_rule_has_no_alarms(workspace):
    with workspace.open() as caseload:
        study = reversal(measures=[SCORE], phases="AB", sessions=4, code=caseload.new_code())
        caseload.add(filled(study, (5, 5, 5, 5, 9, 9, 9)))
    document = json.loads(run(study.code, "-w", str(workspace.path), "--json").stdout)
    assert document["rule"] is None
    assert (document["rows"][0]["alarms"], document["rows"][0]["false_success"]) == ([], None)
    assert "No monitoring rule was fixed" in document["rows"][0]["reason"]


def test_a_rule_that_was_never_simulated_says_so_beside_its_alarm(workspace):
    with workspace.open() as caseload:
        study = reversal(measures=[SCORE], phases="AB", sessions=5, code=caseload.new_code())
        study = study.replace(monitoring=default_monitoring(study))
        caseload.add(filled(study, (5, 4.6, 5.3, 4.9, 5.1, 8.9, 9.2, 8.7)))
    document = json.loads(run(study.code, "-w", str(workspace.path), "--json").stdout)
    row = document["rows"][0]
    assert (row["alarms"], row["false_success"], row["false_harm"]) == (["harm"], None, None)
    assert "How often this rule raises it by mistake was not simulated." in " ".join(document["text"])


def test_an_unknown_code_is_a_mistake_in_words(workspace):
    told = run("ABCDEF", "-w", str(workspace.path))
    assert told.exit_code == 2
    assert "ABCDEF" in told.stderr
    assert "Traceback" not in told.output
