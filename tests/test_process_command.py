"""`scd process`: what scripts read, what people read, and what is refused."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scd.analysis.processes.table import COLUMNS, process_table
from scd.cli import app
from scd.design.linked import linked_study
from scd.records.opening_processes import open_processes
from scd.study import StudyError

DATA = Path(__file__).parents[2] / "shared" / "reference" / "data"


def scd(*words: str | Path) -> Result:
    return CliRunner(env={"SCD_WORKSPACE": None}).invoke(app, [str(word) for word in words])


def refused(*words: str | Path) -> str:
    """The message of a command that must fail: status 2, nothing on standard output, no traceback."""
    result = scd(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert "Traceback" not in result.stderr
    return " ".join(re.sub(r"[│╭╰╮╯─]", " ", result.stderr).split())


def written(path: Path, *, wide: bool = True, cases: int = 1, sessions: int = 25) -> Path:
    """A made-up client as a table, one column a measure or one row a value."""
    study = linked_study(links={"sleep": 0.6, "worry": 0.0}, cases=cases, sessions=sessions)
    long = study.frame()[["case", "session", "phase", "measure", "value"]]
    if wide:
        long = long.pivot(index=["case", "session", "phase"], columns="measure", values="value").reset_index()
        long = long.sort_values(["case", "session"])
    long.to_csv(path, index=False)
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return written(tmp_path / "client.csv")


ASKED = ("--outcome", "wellbeing", "--process", "sleep", "--process", "worry")
SAID = ("--improvement", "increase", "--process-improvement", "increase", "--process-improvement", "decrease")


def test_one_object_of_json_holds_rows_and_how_they_were_made(table):
    result = scd("process", table, *ASKED, *SAID, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert list(told) == ["rows", "n_dropped", "model", "priors", "warnings", "text", "seed", "fingerprint"]
    assert [tuple(row) for row in told["rows"]] == [COLUMNS, COLUMNS]
    assert [row["process"] for row in told["rows"]] == ["sleep", "worry"]
    assert told["model"] == "P1"
    assert told["n_dropped"] == 0
    assert told["warnings"] == []
    assert told["rows"][0]["n"] == 49
    assert told["rows"][0]["ci_prob"] == 0.95
    assert sum(row["p_rank1"] for row in told["rows"]) == pytest.approx(1)
    assert "within-phase association" in told["text"]


def test_the_command_says_what_the_library_says(table):
    told = json.loads(scd("process", table, *ASKED, *SAID, "--json").stdout)
    study = linked_study(links={"sleep": 0.6, "worry": 0.0}, sessions=25)
    open_ends = tuple(m.replace(minimum=None, maximum=None) for m in study.measures)
    found = process_table(study.replace(measures=open_ends))
    for row, expected in zip(told["rows"], found.table.to_dict("records"), strict=True):
        assert row["link_mean"] == pytest.approx(expected["link_mean"], abs=1e-9)
        assert row["evidence"] == expected["evidence"]


def test_a_long_table_gives_the_same_and_so_do_keys_for_labels(table, tmp_path):
    long = written(tmp_path / "long.csv", wide=False)
    one, other = (json.loads(scd("process", f, *ASKED, *SAID, "--json").stdout)["rows"] for f in (table, long))
    assert [r["link_mean"] for r in one] == pytest.approx([r["link_mean"] for r in other])
    text = long.read_text().replace("sleep", "Hours of Sleep")
    named = tmp_path / "named.csv"
    named.write_text(text)
    for name in ("hours-of-sleep", "Hours of Sleep", "sleep"):
        result = scd("process", named, "--outcome", "wellbeing", "--process", name, "--json")
        assert json.loads(result.stdout)["rows"][0]["process"] == "hours-of-sleep"


def test_people_read_a_table_and_sentences(table):
    result = scd("process", table, *ASKED, *SAID)
    assert result.exit_code == 0
    assert "P1: links to wellbeing at the next session, SD per SD" in result.stdout
    assert "“sleep”" in result.stdout
    assert "It does not show that changing the process would change the outcome." in result.stdout


def test_what_is_assumed_is_warned_of_on_standard_error_and_in_json(table):
    result = scd("process", table, *ASKED, "--json")
    told = json.loads(result.stdout)
    assert told["warnings"] == [
        "for 'wellbeing' higher is taken as better; say otherwise with --improvement decrease",
        "for 'sleep', 'worry' higher is taken as better; say otherwise with --process-improvement decrease",
    ]
    assert result.stderr.count("Warning:") == 2


def test_one_direction_stands_for_all_processes(table):
    told = json.loads(scd("process", table, *ASKED, *SAID[:2], "--process-improvement", "decrease", "--json").stdout)
    other = json.loads(scd("process", table, *ASKED, *SAID[:2], "--process-improvement", "increase", "--json").stdout)
    for row, turned in zip(told["rows"], other["rows"], strict=True):
        assert row["phase_change_p_improvement"] == pytest.approx(1 - turned["phase_change_p_improvement"])
        assert row["link_mean"] == turned["link_mean"]


def test_a_range_sets_the_scale_and_values_outside_it_are_refused(table):
    plain, ranged = (
        json.loads(scd("process", table, *ASKED, *SAID, *limits, "--json").stdout)["rows"][0]["link_mean"]
        for limits in ((), ("--range", "0", "100"))
    )
    assert ranged == pytest.approx(plain, abs=0.05)
    assert ranged != plain
    assert "'wellbeing' must be 0 to 10" in refused("process", table, *ASKED, *SAID, "--range", "0", "10")
    assert "its end must lie above" in refused("process", table, *ASKED, *SAID, "--range", "10", "0")


def test_every_case_of_a_file_is_told_or_one_alone(tmp_path):
    several = written(tmp_path / "several.csv", cases=2, sessions=8)
    told = json.loads(scd("process", several, *ASKED, *SAID, "--json").stdout)
    assert [row["case"] for row in told["rows"]] == ["SYNPRA", "SYNPRA", "SYNPRB", "SYNPRB"]
    assert {row["p_rank1"] for row in told["rows"]} == {None}
    assert any("too few to rank" in line for line in told["warnings"])
    alone = json.loads(scd("process", several, *ASKED, *SAID, "--case", "SYNPRB", "--json").stdout)
    assert {row["case"] for row in alone["rows"]} == {"SYNPRB"}


def test_json_holds_no_nan_where_a_number_is_withheld(tmp_path):
    short = written(tmp_path / "short.csv", sessions=5)
    result = scd("process", short, *ASKED, *SAID, "--json")
    assert "NaN" not in result.stdout
    for row in json.loads(result.stdout)["rows"]:
        assert row["p_rank1"] is None
        assert math.isfinite(row["link_mean"])


def test_missing_cells_are_missed_sessions(table):
    lines = table.read_text().splitlines()
    cells = lines[10].split(",")
    cells[-1] = ""
    table.write_text("\n".join([*lines[:10], ",".join(cells), *lines[11:]]) + "\n")
    told = json.loads(scd("process", table, *ASKED, *SAID, "--json").stdout)
    assert told["n_dropped"] == 1
    assert told["rows"][0]["n"] == 48


def test_what_cannot_be_is_refused_in_words(table, tmp_path):
    known = "(it has"
    assert known in refused("process", table, "--outcome", "mood", "--process", "sleep")
    assert "has no series 'slep'" in refused("process", table, "--outcome", "wellbeing", "--process", "slep")
    assert "is the outcome itself" in refused("process", table, "--outcome", "wellbeing", "--process", "wellbeing")
    assert "is named twice" in refused("process", table, "--outcome", "wellbeing", *(["--process", "sleep"] * 2))
    assert "one for each of the 2" in refused("process", table, *ASKED, *(["--process-improvement", "increase"] * 3))
    assert "has no case 'K9'" in refused("process", table, *ASKED, *SAID, "--case", "K9")
    assert "Missing option" in refused("process", table, "--outcome", "wellbeing")
    lines = table.read_text().splitlines()
    one_phase = tmp_path / "baseline.csv"
    one_phase.write_text("\n".join(lines[:20]) + "\n")
    assert "under intervention (B)" in refused("process", one_phase, *ASKED, *SAID)


def test_four_processes_are_a_search_that_must_be_asked_for(tmp_path):
    study = linked_study(links=dict.fromkeys(["a", "b", "c", "d"], 0.0), sessions=6)
    path = tmp_path / "many.csv"
    study.frame()[["case", "session", "phase", "measure", "value"]].to_csv(path, index=False)
    asked = [word for key in "abcd" for word in ("--process", key)]
    told = refused("process", path, "--outcome", "wellbeing", *asked)
    assert "4 processes for one outcome are a search" in told
    assert "--many" in told


def test_a_column_called_outcome_is_found_by_its_name(tmp_path):
    path = tmp_path / "plain.csv"
    rows = ["session,phase,outcome,sleep"]
    rows += [f"{n},{'A' if n < 13 else 'B'},{n % 5 + (n > 12)},{(n * 7) % 6}" for n in range(1, 25)]
    path.write_text("\n".join(rows) + "\n")
    opened = open_processes(path, name="plain.csv", outcome="outcome", processes=["sleep"])
    assert [m.key for m in opened.study.measures] == ["outcome", "sleep"]
    assert json.loads(scd("process", path, "--outcome", "outcome", "--process", "sleep", "--json").stdout)["rows"]


def test_processes_are_needed():
    with pytest.raises(StudyError, match="name at least one process"):
        open_processes("session,phase,mood\n1,A,1\n2,B,2\n", name="t", outcome="mood", processes=[])


def test_ruiz_2020_goes_through_the_command():
    """Ruiz et al. (2020), https://doi.org/10.3389/fpsyg.2020.00356."""
    path = DATA / "scdhlm_Ruiz.csv"
    if not path.exists():
        pytest.skip(f"{path} is not on this machine")
    told = json.loads(
        scd(
            "process", path, "--outcome", "DEPRESSION", "--process", "AAQ- II", "--process", "CFQ", "--improvement",
            "decrease", "--process-improvement", "decrease", "--column", "phase=treatment", "--json",
        ).stdout
    )  # fmt: skip
    assert len(told["rows"]) == 12
    assert {row["evidence"] for row in told["rows"]} == {"too few sessions"}
    assert "The ranking is withheld: 13 pairs" in told["text"]


def test_several_clients_lean_on_each_other_beside_their_own_links(tmp_path):
    result = scd("process", written(tmp_path / "clients.csv", cases=3, sessions=15), *ASKED, *SAID, "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    alone = {(row["case"], row["process"]): row["link_mean"] for row in told["rows"]}
    for row in told["together"]:
        assert row["link_mean_alone"] == pytest.approx(alone[row["case"], row["process"]])
        assert row["sd"] < row["sd_alone"]
    assert [row["clients"] for row in told["average"]] == [3, 3]
