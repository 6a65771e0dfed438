"""The command line: what scripts read on standard output, what people read on standard error, and the exit status."""

from __future__ import annotations

import json
import math
import re
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from scd import __version__
from scd.analysis.tables import analyze_table
from scd.cli import app
from scd.cli.show import print_json
from scd.records import Workspace
from scd.records.measures import measures_of_table, one_label
from scd.records.tables import read_table
from scd.reports.doctor import Check, examine
from scd.reports.example import example_study, example_summary
from scd.reports.report import page_path
from scd.study import StudyError

# Lambert, Cartledge, Heward & Lo (2006), student A1: intervals with disruptive behaviour, of 10.
LAMBERT_A1 = {"A1": (7, 9, 8, 6, 7, 4, 5, 10), "B1": (2, 0, 0, 1, 0, 0), "A2": (3, 8, 8, 6, 10, 10, 10, 8)}
LAMBERT_A1 |= {"B2": (3, 4, 1, 3, 2, 4, 0, 1, 0)}
EFFECT_COLUMNS = ["case", "contrast", "effect", "mean", "sd", "median", "lower", "upper", "ci_prob", "p_improvement",
                  "p_meaningful", "rhat", "ess_bulk", "ess_tail"]  # fmt: skip


def scd(*words: str | Path, **environment: str) -> Result:
    return CliRunner(env={"SCD_WORKSPACE": None, **environment}).invoke(app, [str(word) for word in words])


def refused(*words: str | Path) -> str:
    """The message of a command that must fail: status 2, nothing on standard output, no traceback."""
    result = scd(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert "Traceback" not in result.stderr
    return " ".join(re.sub(r"[│╭╰╮╯─]", " ", result.stderr).split())


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Two cases and two series, long."""
    path = tmp_path / "two.csv"
    lines = ["case,series,session,phase,value"]
    for case in ("Anna", "Ben"):
        for series in ("mood", "sleep"):
            lines += [f"{case},{series},{n},{'A' if n < 4 else 'B'},{n}" for n in range(1, 8)]
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def client(workspace: Workspace) -> str:
    """The code of a stored client with both pages made from a ready summary."""
    study, summary = example_study(), example_summary()
    study = study.replace(code="K7M2AB", cases=(study.cases[0].replace(code="K7M2AB"),))
    with workspace.open() as caseload:
        caseload.add(study, labels={"K7M2AB": "the client on Mondays [bold]"})
    assert summary.effects
    return study.code


# --- the door -------------------------------------------------------------------------------------------------------


def test_version_and_help():
    assert scd("--version").stdout == f"scd {__version__}\n"
    shown = scd("--help").stdout
    for command in ("init", "new", "lab", "import", "export", "list", "analyze", "report", "demo", "doctor"):
        assert re.search(rf"^\W*{command}\b", shown, re.MULTILINE)


def test_help_loads_nothing_heavy():
    code = "import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    code += "from scd.cli import app\napp(['--help'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stderr.split()}
    assert not loaded & {"pandas", "numpy", "pydantic", "sqlalchemy", "IPython", "jupyter_client", "altair", "pymc"}


def test_an_unknown_command_or_option_is_status_2():
    assert "No such command" in refused("analyse", "x.csv")
    assert "No such option" in refused("list", "--colour")


def test_no_traceback_ever_shows_a_client_s_data():
    # Rich tracebacks would print local variables.
    assert app.pretty_exceptions_enable is False


@pytest.mark.parametrize("words", [("list",), ("export", "K7M2AB"), ("report", "--all"), ("new", "abab")])
def test_outside_a_workspace_the_message_says_how_to_make_one(words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "scd init" in refused(*words)
    assert f"'{tmp_path / 'no'}'" in refused(*words, "--workspace", tmp_path / "no")


def test_json_knows_no_nan_so_what_is_no_number_is_null(capsys):
    print_json(
        {"rows": [{"tau": np.float64("nan"), "n": np.int64(3)}], "ends": (0.5, math.inf), "all": np.array([1.0])}
    )
    assert json.loads(capsys.readouterr().out) == {"rows": [{"tau": None, "n": 3}], "ends": [0.5, None], "all": [1.0]}


# --- workspace ------------------------------------------------------------------------------------------------------


def test_init_makes_a_private_folder_and_refuses_a_full_one(tmp_path):
    made = scd("init", tmp_path / "clinic")
    assert made.exit_code == 0
    assert stat.S_IMODE((tmp_path / "clinic").stat().st_mode) == 0o700
    assert str(tmp_path / "clinic") in made.stdout
    full = tmp_path / "full"
    full.mkdir()
    (full / "letter.txt").write_text("x")
    assert "holds other things" in refused("init", full)


def test_the_workspace_is_named_by_option_or_environment_or_folder(workspace, client, monkeypatch):
    by_option = scd("list", "-w", workspace.path).stdout
    by_environment = scd("list", SCD_WORKSPACE=str(workspace.path)).stdout
    monkeypatch.chdir(workspace.path)
    by_folder = scd("list").stdout
    assert by_option == by_environment == by_folder
    assert client in by_option
    assert "the client on Mondays [bold]" in by_option


def test_list_as_json(workspace, client):
    (row,) = json.loads(scd("list", "--json", "-w", workspace.path).stdout)
    assert (row["code"], row["label"], row["sessions"], row["revision"]) == (
        client,
        "the client on Mondays [bold]",
        24,
        1,
    )
    empty = scd("list", "-w", scd_workspace(workspace))
    assert "No study yet" in empty.stdout


def scd_workspace(beside: Workspace) -> Path:
    path = beside.path.parent / "empty"
    assert scd("init", path).exit_code == 0
    return path


# --- tables in and out ----------------------------------------------------------------------------------------------


def test_import_makes_pseudonyms_and_keeps_labels_in_the_store(workspace, table):
    done = scd("import", table, "--improvement", "increase", "--range", "0", "10", "--series", "mood",
               "--name", "Low mood", "--label", "group of May", "-w", workspace.path)  # fmt: skip
    assert done.exit_code == 0, done.output
    with workspace.open() as caseload:
        (held,) = caseload.list()
        labels = caseload.labels(held.study.code)
    assert set(labels.values()) == {"group of May", "Anna", "Ben"}
    assert [(m.key, m.label, m.range_words) for m in held.study.measures] == [("low-mood", "Low mood", "0 to 10")]
    document = held.study.to_json()
    assert not re.search("Anna|Ben|group of May", document)
    for code, label in labels.items():
        assert re.search(rf"{code}\W+{label}", done.stdout)


def test_import_takes_measures_of_the_catalogue(workspace, table):
    done = scd("import", table, "--measure", "mood=phq-9", "--improvement", "increase", "-w", workspace.path)
    assert done.exit_code == 0, done.output
    with workspace.open() as caseload:
        (held,) = caseload.list()
    assert [(m.key, m.improvement) for m in held.study.measures] == [("phq-9", "decrease"), ("sleep", "increase")]


def test_a_dry_run_stores_nothing(table):
    done = scd("import", table, "--improvement", "increase", "--dry-run")
    assert done.exit_code == 0
    assert "Nothing stored" in done.stdout


def test_import_names_every_problem_with_its_row(workspace, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("session,phase,score\n1,A,7\n2,A,many\n3,B,11\nx,B,4\n")
    result = scd("import", path, "--improvement", "decrease", "--range", "0", "10", "-w", workspace.path)
    assert result.exit_code == 2
    assert "row 3" in result.stderr
    assert "row 5" in result.stderr
    with workspace.open() as caseload:
        assert caseload.list() == ()


def test_import_asks_for_the_direction(workspace, table):
    result = scd("import", table, "--series", "mood", "-w", workspace.path)
    assert result.exit_code == 2
    assert "which direction is better for 'mood'?" in result.stderr


def test_a_catalogue_measure_must_say_its_series(table):
    preview = read_table(table, name="two.csv")
    with pytest.raises(StudyError, match=r"several series \('mood', 'sleep'\); say which is 'phq-9'"):
        measures_of_table(preview, keys=["phq-9"])
    with pytest.raises(StudyError, match="has no series 'food'"):
        measures_of_table(preview, keys=["food=phq-9"])


def test_a_label_is_found_by_its_last_word_only_when_one_ends_so():
    assert one_label("B2", ["case A1", "case B2"], what="case", where="t") == "case B2"
    with pytest.raises(StudyError, match="has no case 'one'"):
        one_label("one", ["case one", "client one"], what="case", where="t")


@pytest.mark.parametrize(("form", "begins"), [("csv", '"case","measure"'), ("scan", '"case","phase"'), ("json", "{")])
def test_export_to_standard_output_or_a_private_file(workspace, client, tmp_path, form, begins):
    shown = scd("export", client, "--format", form, "-w", workspace.path)
    assert shown.stdout.startswith(begins)
    assert "Mondays" not in shown.stdout
    file = tmp_path / "out"
    assert scd("export", client.lower(), "--format", form, "-o", file, "-w", workspace.path).stdout == ""
    assert file.read_text() == shown.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_export_refuses_in_words(workspace, client):
    assert "name one with --output" in refused("export", client, "--format", "xlsx", "-w", workspace.path)
    assert "has no study or case with code 'QQQ222'" in refused("export", "QQQ222", "-w", workspace.path)
    nowhere = workspace.path / "no" / "out.csv"
    assert "No such file or directory" in refused("export", client, "-o", nowhere, "-w", workspace.path)


# --- analyze --------------------------------------------------------------------------------------------------------


def lambert(tmp_path: Path) -> Path:
    path = tmp_path / "lambert.csv"
    rows = [(phase, value) for phase, values in LAMBERT_A1.items() for value in values]
    lines = [f"case A1,disruptive,{n},{phase},{value}" for n, (phase, value) in enumerate(rows, 1)]
    lines += [f"case A2,disruptive,{n},A1,5" for n in range(1, 4)]
    lines += [f"case A1,quiet,{n},{phase},{10 - value}" for n, (phase, value) in enumerate(rows, 1)]
    path.write_text("\n".join(["case,series,session,phase,outcome", *lines]))
    return path


def test_analyze_prints_one_object_that_holds_the_reference_posterior_of_lambert_a1(tmp_path):
    # A process of its own: what the sampler and its libraries print would show here.
    words = ["analyze", lambert(tmp_path), "--improvement", "decrease", "--range", "0", "10", "--case", "A1"]
    command = [sys.executable, "-c", "from scd.cli import app; app()", *map(str, words), "--model", "level", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} in the JSON"))
    assert list(found) == ["model", "engine", "priors", "diagnostics", "effects", "text", "measure", "warnings", "seed",
                           "fingerprint"]  # fmt: skip
    assert (found["model"], found["engine"], found["measure"], found["seed"]) == ("level", "exact", "disruptive", 1)
    assert list(found["diagnostics"]) == ["rhat_max", "ess_bulk_min", "ess_tail_min", "divergences", "ok"]
    assert found["diagnostics"]["ok"] is True
    assert all(list(row) == EFFECT_COLUMNS for row in found["effects"])
    (row,) = [r for r in found["effects"] if (r["effect"], r["contrast"]) == ("level_change", "overall")]
    assert row["case"] == "case A1"
    assert row["mean"] == pytest.approx(-5.6756, abs=4 * row["sd"] / row["ess_bulk"] ** 0.5)
    assert row["sd"] == pytest.approx(0.8948, rel=0.05)
    assert row["p_meaningful"] is None
    assert "probability of improvement" in found["text"]
    assert "'quiet'" in found["warnings"][0]
    assert found["warnings"][0] in done.stderr


SCALE = ("--range", "0", "10")


def test_analyze_refuses_bad_input_with_status_2(tmp_path, table):
    direction = ("--improvement", "decrease")
    assert "Missing option '--improvement'" in refused("analyze", table, *SCALE)
    assert "Invalid value for '--improvement'" in refused("analyze", table, "--improvement", "down", *SCALE)
    assert "give --range LOW HIGH, or both --center and --unit" in refused("analyze", table, *direction)
    assert "give --range LOW HIGH" in refused("analyze", table, *direction, "--center", "5")
    assert "must lie above its beginning" in refused("analyze", table, *direction, "--range", "10", "0")
    assert "has no case 'Carl' (it has 'Anna', 'Ben')" in refused(
        "analyze", table, *direction, *SCALE, "--case", "Carl"
    )
    assert "has no series 'food'" in refused("analyze", table, *direction, *SCALE, "--measure", "food")
    assert "'mood' must be 0 to 5 (got 6)" in refused("analyze", table, *direction, "--range", "0", "5")
    assert "must be above 0" in refused("analyze", table, *direction, *SCALE, "--unit", "-1")
    assert "nothing.csv" in refused("analyze", tmp_path / "nothing.csv", *direction, *SCALE)
    assert "ROLE=NAME" in refused("analyze", table, *direction, *SCALE, "--column", "value")
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    assert "empty.csv" in refused("analyze", empty, *direction, *SCALE)
    one = tmp_path / "one.csv"
    one.write_text("session,phase,value\n1,A,1\n2,A,2\n")
    assert "intervention" in refused("analyze", one, *direction, *SCALE)


def test_center_and_unit_stand_in_for_the_range(tmp_path):
    one = tmp_path / "one.csv"
    one.write_text("session,phase,value\n1,A,1\n2,A,2\n")
    with pytest.raises(StudyError) as caught:
        analyze_table(one, name="one.csv", improvement="decrease", center=0, unit=2)
    assert "range" not in caught.value.message


# --- report ---------------------------------------------------------------------------------------------------------


def test_report_needs_a_code_or_all(workspace):
    assert "name one code, or say --all" in refused("report", "-w", workspace.path)
    assert "name one code, or say --all" in refused("report", "K7M2AB", "--all", "-w", workspace.path)
    assert "has no study or case with code 'K7M2AB'" in refused("report", "K7M2AB", "-w", workspace.path)


def test_report_all_goes_on_after_a_failure_and_says_so_by_its_status(workspace):
    plain = example_study()
    bare = plain.cases[0].replace(sessions=(), phases=plain.cases[0].phases[:1])
    begun = bare.record(*plain.cases[0].sessions[:3])
    with workspace.open() as caseload:
        caseload.add(plain.replace(code="AAA222", cases=(bare.replace(code="AAA222"),)))
        caseload.add(plain.replace(code="BBB333", cases=(begun.replace(code="BBB333"),)))
    result = scd("report", "--all", "--audience", "client", "-w", workspace.path)
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [str(page_path(workspace, "BBB333", audience="client"))]
    assert "AAA222, client: study 'AAA222': nothing is recorded yet" in result.stderr
    assert "No such" not in result.stderr


# --- doctor, new ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installation() -> list[Check]:
    return list(examine(None))


def test_doctor_finds_this_installation_well(installation):
    names = {check.name for check in installation}
    assert {"Python", "papermill", "pymc", "templates", "charts", "kernel", "workspace"} <= names
    assert [check for check in installation if not check.ok and check.name != "templates"] == []


def test_doctor_says_how_to_mend(workspace, client, monkeypatch):
    from scd.reports import doctor

    well = Check("left out", "")  # these are looked at above, and take seconds
    monkeypatch.setattr(doctor, "_versions", lambda: [well])
    monkeypatch.setattr(doctor, "_charts", lambda: well)
    monkeypatch.setattr(doctor, "_kernel", lambda: well)
    workspace.reports.chmod(0o755)
    job = workspace.path / ".scd-jobs" / "job-x"
    job.mkdir(parents=True)
    result = scd("doctor", "--json", "-w", workspace.path)
    assert result.exit_code == 1
    found = {check["name"]: check for check in json.loads(result.stdout)}
    assert found["permissions of reports"]["mend"] == f"run: chmod 700 '{workspace.reports}'"
    assert str(job) in found["unfinished reports"]["mend"]
    assert found["store"]["ok"]
    assert "1 study" in found["store"]["found"]
    workspace.store.write_bytes(b"no database at all")
    told = scd("doctor", "-w", workspace.path)
    assert told.exit_code == 1
    assert re.search(r"problem\s+store: can't be used\n\s+-> .*restore it from a backup", told.stdout)


def test_doctor_tells_a_wrong_workspace_from_none(tmp_path):
    assert "is not a workspace" in refused("doctor", "-w", tmp_path)
