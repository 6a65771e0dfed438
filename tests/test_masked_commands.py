"""scd mask, guess and unmask: what the analyst gets tells nothing, guesses stand, and p comes out at the end."""

from __future__ import annotations

import datetime as dt
import json
import re
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from scd.cli import app
from scd.design import (
    alternating_treatments,
    draw_alternating,
    draw_custom,
    draw_phase_starts,
    draw_wampold_worsham,
    multiple_baseline,
    reversal,
)
from scd.study import Measure, Randomization, Session, Study, Value

NOW = dt.datetime(2019, 3, 2, 9, tzinfo=dt.UTC)  # long ago: the sealing itself is dated today
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
SLEEP = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=10, unit="hours")
CODES = ["TKRAAA", "TKRBBB", "TKRCCC", "TKRDDD"]
LABEL = "the client on Mondays"


def scd(*words: str | Path) -> Result:
    return CliRunner(env={"SCD_WORKSPACE": None}).invoke(app, [str(word) for word in words])


def done(*words: str | Path) -> str:
    result = scd(*words)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def refused(*words: str | Path) -> str:
    """The message of a command that must fail: status 2, nothing on standard output, no traceback."""
    result = scd(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    assert "Traceback" not in result.stderr
    return " ".join(re.sub(r"[│╭╰╮╯─]", " ", result.stderr).split())


def filled(study: Study, *, effect: int = 3) -> Study:
    """Every session recorded, higher under intervention; session 2 was missed."""
    orders = study.randomization.orders if study.randomization else ["A" * study.sessions_planned] * len(study.cases)
    for n, (case, order) in enumerate(zip(study.cases, orders, strict=True)):
        rows = [
            Session(
                number=k,
                date=dt.date(2019, 3, 2) + dt.timedelta(days=k),
                values=tuple(
                    Value(measure=m.key, value=None if k == 2 else (2 * k + n) % 4 + effect * (letter == "B"))
                    for m in study.measures
                ),
                note="secret remark",
            )
            for k, letter in enumerate(order, start=1)
        ]
        study = study.with_case(case.record(*rows))
    return study


def four_tiers() -> Study:
    """The published case: which of four tiers gets which of four fixed starts, 4! = 24 arrangements."""
    draw = draw_wampold_worsham(starts=[5, 8, 11, 14], sessions=18, min_phase=3, seed=1, drawn_at=NOW)
    return filled(
        multiple_baseline(
            measures=[MOOD], cases=CODES, across="clients", starts=None, sessions=18, randomization=draw, code="TKRSSS"
        )
    )


def one_client(draw: Randomization, *, effect: int = 3) -> Study:
    measures, phases = [MOOD, SLEEP], "AB" * (len(draw.starts[0]) // 2 + 1)
    return filled(reversal(measures=measures, phases=phases, randomization=draw, code="TKRAAA"), effect=effect)


def drawn_starts(seed: int = 7) -> Randomization:
    return draw_phase_starts(sessions=20, phases=4, min_phase=4, seed=seed, drawn_at=NOW)


@pytest.fixture
def masked(tmp_path: Path):
    """A function that masks a study through the command, and gives the paths of analysis and key."""

    def make(study: Study, *, name: str = "blind", extra: tuple[str, ...] = ()) -> tuple[Path, Path]:
        source = tmp_path / f"{name}.json"
        source.write_text(study.to_json())
        done("mask", source, "--into", tmp_path / name, *extra)
        return tmp_path / name / "analysis.json", tmp_path / f"{name}-key.json"

    return make


def truth(key: Path) -> list[str]:
    return json.loads(key.read_text())["orders"]


def starts(orders: list[str]) -> list[str]:
    return [",".join(str(i + 1) for i in range(1, len(o)) if o[i] != o[i - 1]) for o in orders]


def result(*words: str | Path) -> dict:
    found = scd("unmask", *words, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.stdout)


# --- the whole way ---------------------------------------------------------------------------------------------------


def test_four_tiers_identified_at_the_first_guess_give_the_published_p_of_1_in_24(workspace, tmp_path):
    with workspace.open() as caseload:
        caseload.add(four_tiers(), labels={CODES[0]: LABEL})
    folder = tmp_path / "for the analyst"
    told = done("mask", "TKRSSS", "--into", folder, "-w", workspace.path)
    analysis, key = folder / "analysis.json", tmp_path / "for the analyst-key.json"
    assert str(key) in told
    assert "must not reach the analyst" in told
    assert "24 arrangements were possible" in told
    assert {p.name for p in folder.iterdir()} == {"analysis.json", "graph.html"}

    told = done("guess", analysis, *starts(truth(key)))
    assert "Guess 1 is kept, with its time" in told
    kept = json.loads(analysis.read_text())["guesses"]
    assert [guess["orders"] for guess in kept] == [truth(key)]
    assert dt.datetime.fromisoformat(kept[0]["at"]).tzinfo is not None

    found = result(analysis, key)
    assert (found["identified"], found["guesses"], found["arrangements"]) == (True, 1, 24)
    assert found["p"] == pytest.approx(1 / 24)
    assert round(found["p"], 4) == 0.0417
    assert found["warnings"] == []
    assert {row["case"]: row["order"] for row in found["rows"]} == dict(
        zip(CODES, four_tiers().randomization.orders, strict=True)
    )
    assert sorted(row["starts"] for row in found["rows"]) == [[5], [8], [11], [14]]
    assert [row["graph"] for row in found["rows"]] == ["graph 1", "graph 2", "graph 3", "graph 4"]
    told = done("unmask", analysis, key)
    assert "identified with 1 guess of 24 possible: p = 0.0417" in told
    assert all(code in told for code in CODES)


def test_a_second_guess_doubles_p_and_until_then_the_key_stays_closed(masked):
    analysis, key = masked(four_tiers())
    orders = truth(key)
    done("guess", analysis, *starts([orders[1], orders[0], *orders[2:]]))
    closed = scd("unmask", analysis, key)
    assert closed.exit_code == 0
    assert "the key stays closed" in closed.stdout
    assert not any(code in closed.stdout for code in CODES)
    assert not any(order in closed.stdout for order in orders)
    found = result(analysis, key)
    assert (found["identified"], found["p"], found["rows"]) == (False, None, [])
    done("guess", analysis, *orders)
    assert result(analysis, key)["p"] == pytest.approx(2 / 24)
    assert len(json.loads(analysis.read_text())["guesses"]) == 2


def test_giving_up_ends_with_p_1_and_no_guess_counts_after_what_was_shown(masked):
    analysis, key = masked(four_tiers())
    orders = truth(key)
    done("guess", analysis, *starts([orders[1], orders[0], *orders[2:]]))
    given_up = done("unmask", analysis, key, "--give-up")
    assert "the search was given up: p is taken as 1" in given_up
    assert all(code in given_up for code in CODES)
    before = analysis.read_text()
    assert re.search(r"the seal was opened on 20\d\d-\d\d-\d\d at \d\d:\d\d UTC; no guess counts after that",
                     refused("guess", analysis, *orders))  # fmt: skip
    assert analysis.read_text() == before
    # What was opened stays open, with the same result.
    assert result(analysis, key)["p"] == 1
    assert analysis.read_text() == before


def test_after_the_right_guess_no_other_is_taken(masked):
    analysis, key = masked(four_tiers())
    orders = truth(key)
    done("guess", analysis, *orders)
    done("unmask", analysis, key)
    assert "no guess counts after that" in refused("guess", analysis, *[orders[1], orders[0], *orders[2:]])


def test_an_abab_design_is_guessed_by_its_three_starts(masked):
    draw = drawn_starts()
    analysis, key = masked(one_client(draw))
    page = analysis.with_name("graph.html").read_text()
    assert "The graph begins under baseline (A) and has 4 phases. A cross (×) marks a session that was missed." in page
    assert "scd guess analysis.json START,START,START" in page
    assert starts(truth(key)) == [",".join(map(str, draw.starts[0]))]
    done("guess", analysis, *starts(truth(key)))
    assert result(analysis, key)["p"] == pytest.approx(1 / draw.admissible)


def test_alternating_treatments_are_guessed_by_their_order(masked):
    draw = draw_alternating(sessions=10, max_consecutive=2, seed=4, drawn_at=NOW)
    analysis, key = masked(filled(alternating_treatments(measures=[MOOD], randomization=draw, code="TKRAAA")))
    page = analysis.with_name("graph.html").read_text()
    assert "scd guess analysis.json ORDER" in page
    assert "5 of the 10 sessions were under intervention (B)." in page
    assert "has no phases to start; give the orders" in refused("guess", analysis, "3")
    done("guess", analysis, *truth(key))
    assert result(analysis, key)["p"] == pytest.approx(1 / draw.admissible)


def test_a_list_of_assignments_is_where_the_page_says(masked):
    listed = [("AABB",), ("ABAB",), ("BABA",)]
    draw = draw_custom(assignments=listed, seed=3, drawn_at=NOW)
    analysis, key = masked(filled(alternating_treatments(measures=[MOOD], randomization=draw, code="TKRAAA")))
    assert "stand in analysis.json, under &#39;assignments&#39;" in analysis.with_name("graph.html").read_text()
    assert json.loads(analysis.read_text())["drawn"]["assignments"] == [list(row) for row in listed]
    assert "is not one of the 3 arrangements" in refused("guess", analysis, "ABBA")
    done("guess", analysis, *truth(key))
    assert result(analysis, key)["p"] == pytest.approx(1 / 3)


def test_the_measure_can_be_chosen(masked):
    analysis, _ = masked(one_client(drawn_starts()), extra=("--measure", "sleep"))
    assert [graph["measure"] for graph in json.loads(analysis.read_text())["graphs"]] == ["Sleep"]
    assert "Sleep" in analysis.with_name("graph.html").read_text()


# --- tables, whose draw is somebody's word ---------------------------------------------------------------------------


def table(path: Path, orders: dict[str, str], *, without: int | None = None) -> Path:
    """A table with one case an order, higher under B; session 2 was missed."""
    path.write_text(
        "case,session,phase,mood\n"
        + "".join(
            f"{case},{k},{letter},{'' if k == 2 else k % 3 + 4 * (letter == 'B')}\n"
            for case, order in orders.items()
            for k, letter in enumerate(order, start=1)
            if k != without
        )
    )
    return path


STAIRCASE = {"Ann": "AAAABBBBBBBB", "Ben": "AAAAAABBBBBB", "Cem": "AAAAAAAABBBB"}
SAID = ("--improvement", "increase", "--scheme")


def test_a_table_with_fixed_starts_dealt_out_is_masked_as_stated(tmp_path):
    file = table(tmp_path / "mood.csv", STAIRCASE)
    done("mask", file, "--into", tmp_path / "blind", *SAID, "wampold-worsham")
    analysis, key = tmp_path / "blind" / "analysis.json", tmp_path / "blind-key.json"
    page = analysis.with_name("graph.html").read_text()
    assert "The draw, as stated: Wampold–Worsham" in page
    assert "The fixed starts are sessions 5, 7, 9; which graph has which was drawn." in page
    assert not any(name in page + analysis.read_text() for name in STAIRCASE)
    assert "is not one of the 6 arrangements" in refused("guess", analysis, "4", "7", "9")
    done("guess", analysis, *starts(truth(key)))
    found = result(analysis, key)
    assert found["p"] == pytest.approx(1 / 6)
    assert {row["case"]: row["order"] for row in found["rows"]} == STAIRCASE


@pytest.mark.parametrize(
    ("scheme", "arrangements"),
    [
        (("marascuilo-busk", "--windows", "4-6,6/7/8/9,8-10"), 3 * 4 * 3),
        (("koehler-levin", "--windows", "4/5,7,9-11"), 6 * 2 * 1 * 3),
        (("marascuilo-busk", "--min-phase", "3"), 7**3),
    ],
)
def test_windows_of_a_table_follow_their_case_into_the_order_of_the_graphs(tmp_path, scheme, arrangements):
    file = table(tmp_path / "mood.csv", STAIRCASE)
    for n in range(4):  # the order of the graphs is another one each time
        done("mask", file, "--into", tmp_path / f"m{n}", *SAID, *scheme)
        analysis, key = tmp_path / f"m{n}" / "analysis.json", tmp_path / f"m{n}-key.json"
        done("guess", analysis, *starts(truth(key)))
        found = result(analysis, key)
        assert (found["arrangements"], found["p"]) == (arrangements, pytest.approx(1 / arrangements))


@pytest.mark.parametrize(
    ("order", "scheme", "arrangements"),
    [
        ("AAAAAABBBBBB", ("phase-starts", "--min-phase", "3"), 7),
        ("ABBAABABBA", ("blocks",), 2**5),
        ("ABBAABABBA", ("alternating", "--max-consecutive", "2"), 84),
    ],
)
def test_one_case_of_a_table(tmp_path, order, scheme, arrangements):
    # At most two in a row: 84 of the 252 orders of five A and five B, counted one by one.
    file = table(tmp_path / "mood.csv", {"Ann": order, "Ben": order})
    done("mask", file, "--into", tmp_path / "blind", "--case", "Ann", *SAID, *scheme)
    analysis, key = tmp_path / "blind" / "analysis.json", tmp_path / "blind-key.json"
    done("guess", analysis, *truth(key))
    found = result(analysis, key)
    assert (found["arrangements"], found["p"]) == (arrangements, pytest.approx(1 / arrangements))
    assert [row["case"] for row in found["rows"]] == ["Ann"]


def test_a_session_without_a_row_is_a_missed_one_and_keeps_its_place(tmp_path):
    file = table(tmp_path / "mood.csv", STAIRCASE, without=7)
    done("mask", file, "--into", tmp_path / "blind", *SAID, "wampold-worsham")
    graphs = json.loads((tmp_path / "blind" / "analysis.json").read_text())["graphs"]
    assert [(len(graph["values"]), graph["values"][6]) for graph in graphs] == [(12, None)] * 3


def test_a_stored_study_without_a_draw_takes_a_statement_and_one_with_a_draw_takes_none(tmp_path):
    plain = filled(reversal(measures=[MOOD], phases="AB", sessions=5, code="TKRAAA"))
    source = tmp_path / "study.json"
    source.write_text(plain.to_json())
    told = done("mask", source, "--into", tmp_path / "blind", "--scheme", "phase-starts", "--min-phase", "3")
    assert "as stated: random phase starts" in told
    source.write_text(one_client(drawn_starts()).to_json())
    words = ("mask", source, "--into", tmp_path / "other")
    assert "has a stored draw, which decides" in refused(*words, "--scheme", "phase-starts", "--min-phase", "3")
    assert "knows which direction is better" in refused(*words, "--improvement", "increase")


def test_a_table_that_can_t_be_masked_says_why(tmp_path):
    file, into = table(tmp_path / "mood.csv", STAIRCASE), tmp_path / "blind"
    assert "a table holds no draw" in refused("mask", file, "--into", into)
    assert "a table holds no draw" in refused("mask", file, "--into", into, "--scheme", "wampold-worsham")
    assert "--min-phase: is needed" in refused("mask", file, "--into", into, *SAID, "phase-starts")
    told = refused("mask", file, "--into", into, *SAID, "phase-starts", "--min-phase", "3")
    assert "is drawn for one case at a time (got 3)" in told
    told = refused("mask", file, "--into", into, *SAID, "marascuilo-busk", "--windows", "2-3,6-8,8-10")
    assert "outside its own admissible set" in told
    late = table(tmp_path / "late.csv", STAIRCASE, without=1)
    told = refused("mask", late, "--into", into, *SAID, "wampold-worsham")
    assert "case 'Ann': sessions are not all there (the first that is missing is 1)" in told
    third = table(tmp_path / "third.csv", {"Ann": "AAAABBBBCCCC"})
    told = refused("mask", third, "--into", into, *SAID, "phase-starts", "--min-phase", "3")
    assert "the first that is missing is 9" in told
    assert not into.exists()


# --- what the analyst gets -------------------------------------------------------------------------------------------


def test_the_graph_of_the_same_values_is_the_same_to_the_letter_whatever_was_drawn(masked):
    # Nothing in the page can tell the phases when it does not change with them.
    one, two = drawn_starts(seed=1), drawn_starts(seed=2)
    assert one.starts != two.starts
    files = [masked(one_client(draw, effect=0), name=f"s{n}")[0] for n, draw in enumerate((one, two))]
    pages = [file.with_name("graph.html").read_bytes() for file in files]
    assert pages[0] == pages[1]
    documents = [json.loads(file.read_text()) for file in files]
    for document in documents:
        del document["seal"], document["sealed_at"]
    assert documents[0] == documents[1]


def test_the_folder_holds_no_code_no_label_no_date_and_no_phase(workspace, tmp_path):
    with workspace.open() as caseload:
        caseload.add(four_tiers(), labels={CODES[0]: LABEL})
    done("mask", "TKRSSS", "--into", tmp_path / "blind", "-w", workspace.path)
    secrets = (*CODES, "TKRSSS", LABEL, "secret", "A1", "B1", "AAAA", "BBBB", '"seed"', "salt", "drawn_at", "2019-0")
    for name in ("analysis.json", "graph.html"):
        text = (tmp_path / "blind" / name).read_text()
        assert not [secret for secret in secrets if secret in text]
    page = (tmp_path / "blind" / "graph.html").read_text()
    assert "dasharray" not in page
    # All points look alike.
    assert len(set(re.findall(r'<path[^>]*fill="(#[0-9a-f]{6})"[^>]*stroke="white"', page))) == 1
    assert "scd guess analysis.json START START START START" in page
    assert not re.search(r"<script|src=|href=|url\(", page)


def test_files_are_private_and_the_key_is_not_in_the_folder(masked):
    analysis, key = masked(four_tiers())
    assert stat.S_IMODE(analysis.parent.stat().st_mode) == 0o700
    for file in (analysis, key, analysis.with_name("graph.html")):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key.parent == analysis.parent.parent


# --- bad input -------------------------------------------------------------------------------------------------------


def test_a_changed_file_is_found_out(masked):
    analysis, key = masked(four_tiers())
    done("guess", analysis, *truth(key))
    whole = json.loads(analysis.read_text())
    changed = json.loads(analysis.read_text())
    changed["graphs"][0]["values"][0] += 1
    analysis.write_text(json.dumps(changed))
    assert "the seal does not fit" in refused("unmask", analysis, key)
    fewer = whole | {"drawn": whole["drawn"] | {"arrangements": 240}}
    analysis.write_text(json.dumps(fewer))
    assert "the seal does not fit" in refused("unmask", analysis, key, "--give-up")
    analysis.write_text(json.dumps(whole))
    other = json.loads(key.read_text())
    other["orders"] = other["orders"][::-1]
    key.write_text(json.dumps(other))
    assert "no p is given" in refused("unmask", analysis, key, "--json")


def test_another_analysis_s_key_does_not_open_it(masked):
    analysis, key = masked(four_tiers())
    _, other = masked(four_tiers(), name="second")
    done("guess", analysis, *truth(key))
    before = analysis.read_text()
    assert "this is the key of another analysis" in refused("unmask", analysis, other, "--give-up")
    assert analysis.read_text() == before


def test_without_a_guess_nothing_opens_not_even_by_giving_up(masked):
    analysis, key = masked(four_tiers())
    assert "commit to a guess first" in refused("unmask", analysis, key, "--give-up")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("5", "8"), "must name starts for each of the 4 graphs (got 2)"),
        (("5", "5", "8", "11"), "is not one of the 24 arrangements"),
        (("5", "8", "11", "x"), "'x': must be sessions with commas between them"),
        (("5", "8", "11", "9" * 5000), "must be sessions with commas between them"),
        (("AB", "AB", "AB", "AB"), "must give the condition, A or B, of each session of each graph"),
        (("C" * 18,) * 4, "must give the condition, A or B, of each session of each graph"),
    ],
)
def test_a_guess_that_is_none_is_refused_and_not_kept(masked, words, told):
    analysis, _ = masked(four_tiers())
    before = analysis.read_text()
    assert told in refused("guess", analysis, *words)
    assert analysis.read_text() == before


def test_a_guess_counts_once(masked):
    analysis, key = masked(four_tiers())
    done("guess", analysis, *truth(key))
    assert "was named before; name another" in refused("guess", analysis, *truth(key))


def test_files_that_are_something_else_are_refused_by_name(masked, tmp_path):
    analysis, key = masked(four_tiers())
    assert f"'{key}': masked analysis: is none (key 'format' must be 'scd-masked')" in refused("guess", key, "5")
    done("guess", analysis, *truth(key))
    assert f"'{analysis}': stored key: is no key of a masked analysis" in refused("unmask", analysis, analysis)
    odd = tmp_path / "odd.json"
    for content, told in (
        (b"{", "is not JSON"),
        (b"[]", "must be one object"),
        (b"\xff\xfe\x00", "is not text in UTF"),
    ):
        odd.write_bytes(content)
        assert re.search(f"^'{re.escape(str(odd))}': .*{told}", refused("guess", odd, "5"))
        assert re.search(f"^'{re.escape(str(odd))}': .*{told}", refused("unmask", analysis, odd))
    assert "No such file" in refused("unmask", analysis, tmp_path / "none.json")


def test_only_a_study_with_a_draw_that_was_followed_can_be_masked(tmp_path, workspace):
    into = tmp_path / "blind"
    plain = filled(reversal(measures=[MOOD], phases="AB", sessions=5, code="TKRAAA"))
    with workspace.open() as caseload:
        caseload.add(plain)
    assert "has no stored draw" in refused("mask", "TKRAAA", "--into", into, "-w", workspace.path)
    assert "no study" in refused("mask", "TKRZZZ", "--into", into, "-w", workspace.path).lower()
    source = tmp_path / "study.json"
    source.write_text(one_client(drawn_starts()).to_json())
    assert "has no measure 'joy'" in refused("mask", source, "--into", into, "--measure", "joy")
    source.write_text("{}")
    assert f"'{source}': is not a study document" in refused("mask", source, "--into", into)
    assert {p.name for p in tmp_path.iterdir()} == {workspace.path.name, "study.json"}


def test_nothing_is_written_over_and_the_key_never_lies_beside_the_graph(masked, tmp_path):
    analysis, key = masked(four_tiers())
    source, before = tmp_path / "blind.json", (analysis.read_text(), key.read_text())
    assert "is there already; name a new folder" in refused("mask", source, "--into", analysis.parent)
    new = tmp_path / "new"
    assert "may be the key of another analysis" in refused("mask", source, "--into", new, "--key", key)
    assert "lies in the analyst's folder" in refused("mask", source, "--into", new, "--key", new / "key.json")
    assert "is no folder" in refused("mask", source, "--into", new, "--key", tmp_path / "none" / "key.json")
    assert not new.exists()
    assert (analysis.read_text(), key.read_text()) == before
    done("mask", source, "--into", new, "--key", tmp_path / "safe.json")
    assert (tmp_path / "safe.json").exists()
    assert not (tmp_path / "new-key.json").exists()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs a folder where nobody can write a file")
def test_when_the_key_can_t_be_written_there_is_no_folder_either(masked, tmp_path):
    masked(four_tiers())
    told = refused("mask", tmp_path / "blind.json", "--into", tmp_path / "new", "--key", "/proc/key.json")
    assert "/proc" in told
    assert not (tmp_path / "new").exists()
