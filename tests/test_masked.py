"""Masked visual analysis: nothing leaks, the seal holds, and p is the share of arrangements that were needed."""

from __future__ import annotations

import datetime as dt
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.analysis.visual.masked import commit_guess, open_seal, seal_analysis
from scd.analysis.visual.masked_records import MaskedAnalysis, MaskKey
from scd.charts import describe_masked, masked_chart, to_svg
from scd.design import (
    alternating_treatments,
    draw_alternating,
    draw_koehler_levin,
    draw_marascuilo_busk,
    draw_phase_starts,
    draw_wampold_worsham,
    multiple_baseline,
    reversal,
)
from scd.study import Measure, Session, Study, StudyError, Value

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
CODES = ["TIERA", "TIERB", "TIERC", "TIERD"]


def filled(study: Study, *, missed: tuple[int, ...] = ()) -> Study:
    """Every session recorded, with values that say little."""
    last = study.sessions_planned
    for n, case in enumerate(study.cases):
        rows = [
            Session(
                number=k,
                date=dt.date(2026, 3, 2) + dt.timedelta(days=k),
                values=(Value(measure="mood", value=None if k in missed else (3 * k + n) % 7),),
                note="secret remark",
            )
            for k in range(1, last + 1)
        ]
        study = study.with_case(case.record(*rows))
    return study


def four_clients(seed: int = 1) -> Study:
    draw = draw_wampold_worsham(starts=[5, 8, 11, 14], sessions=18, min_phase=3, seed=seed, drawn_at=NOW)
    return filled(
        multiple_baseline(
            measures=[MOOD], cases=CODES, across="clients", starts=None, sessions=18, randomization=draw, code="S1"
        )
    )


def one_client(seed: int = 7) -> Study:
    draw = draw_phase_starts(sessions=20, phases=4, min_phase=4, seed=seed, drawn_at=NOW)
    return filled(reversal(measures=[MOOD], phases="ABAB", randomization=draw, code="K7M2"), missed=(3,))


def wrong(key: MaskKey) -> tuple[str, ...]:
    """Another arrangement of the same starts."""
    return (key.orders[1], key.orders[0], *key.orders[2:])


# --- p -----------------------------------------------------------------------------------------------------------


def test_four_clients_identified_at_the_first_try_p_is_1_of_24():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    found = open_seal(commit_guess(analysis, orders=key.orders, at=LATER), key)
    assert (found.identified, found.guesses, found.arrangements) == (True, 1, 24)
    assert found.p == pytest.approx(1 / 24)
    assert sorted(found.cases) == CODES
    assert "identified with 1 guess of 24 possible: p = 0.0417" in found.words


def test_a_second_guess_doubles_p_and_the_key_stays_closed_until_then():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    once = commit_guess(analysis, orders=wrong(key), at=LATER)
    closed = open_seal(once, key)
    assert (closed.identified, closed.p, closed.orders, closed.cases) == (False, None, (), ())
    assert "the key stays closed" in closed.words
    twice = open_seal(commit_guess(once, orders=key.orders, at=LATER), key)
    assert (twice.guesses, twice.p) == (2, pytest.approx(2 / 24))
    given_up = open_seal(once, key, give_up=True)
    assert (given_up.identified, given_up.p, given_up.orders) == (False, 1.0, key.orders)
    assert "p is taken as 1" in given_up.words


def test_a_guess_by_starts_in_an_abab_design():
    analysis, key = seal_analysis(one_client(), sealed_at=NOW)
    starts = [[i + 1 for i in range(1, 20) if order[i] != order[i - 1]] for order in key.orders]
    guessed = commit_guess(analysis, starts=starts, at=LATER)
    assert guessed.guesses[0].orders == key.orders
    assert open_seal(guessed, key).p == pytest.approx(1 / analysis.drawn.arrangements)


@pytest.mark.parametrize(("starts", "ways"), [((6, 6), 2), ((5, 7), 1)])
def test_windows_that_overlap_give_an_arrangement_more_than_one_way_to_come_about(starts, ways):
    draws = (
        draw_koehler_levin(windows=((5, 6), (6, 7)), sessions=12, min_phase=3, seed=seed, drawn_at=NOW)
        for seed in range(100)
    )
    draw = next(d for d in draws if tuple(row[0] for row in d.starts) == starts)
    study = filled(
        multiple_baseline(
            measures=[MOOD], cases=CODES[:2], across="clients", starts=None, sessions=12, randomization=draw, code="S1"
        )
    )
    analysis, key = seal_analysis(study, sealed_at=NOW)
    assert open_seal(commit_guess(analysis, orders=key.orders, at=LATER), key).p == ways / 8


@pytest.mark.parametrize("scheme", ["own windows", "alternating"])
def test_other_schemes_can_be_masked_too(scheme):
    if scheme == "alternating":
        draw = draw_alternating(sessions=10, max_consecutive=2, seed=4, drawn_at=NOW)
        study = filled(alternating_treatments(measures=[MOOD], randomization=draw, code="K7M2"))
    else:
        windows = ((4, 6), (7, 9), (10, 12))
        draw = draw_marascuilo_busk(cases=3, windows=windows, sessions=16, min_phase=3, seed=4, drawn_at=NOW)
        study = filled(
            multiple_baseline(
                measures=[MOOD],
                cases=CODES[:3],
                across="clients",
                starts=None,
                sessions=16,
                randomization=draw,
                code="S1",
            )
        )
    analysis, key = seal_analysis(study, sealed_at=NOW)
    found = open_seal(commit_guess(analysis, orders=key.orders, at=LATER), key)
    assert found.p == pytest.approx(1 / draw.admissible)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_whoever_names_every_arrangement_finds_it_and_p_is_the_share_needed(seed):
    draw = draw_phase_starts(sessions=10, phases=2, min_phase=3, seed=seed, drawn_at=NOW)
    study = filled(reversal(measures=[MOOD], phases="AB", randomization=draw, code="K7M2"))
    analysis, key = seal_analysis(study, sealed_at=NOW)
    for start in range(4, 9):
        analysis = commit_guess(analysis, starts=[[start]], at=LATER)
    found = open_seal(analysis, key)
    assert found.p == pytest.approx((draw.starts[0][0] - 3) / 5)
    assert len(analysis.guesses) == analysis.drawn.arrangements


def test_tiers_with_measures_of_their_own_keep_them():
    calls = Measure(key="calls", label="Calling out", improvement="decrease", minimum=0)
    draw = draw_wampold_worsham(starts=[4, 7], sessions=12, min_phase=3, seed=1, drawn_at=NOW)
    study = multiple_baseline(
        measures=[MOOD, calls],
        cases=CODES[:2],
        across="behaviours",
        starts=None,
        sessions=12,
        tier_measures=[["mood"], ["calls"]],
        randomization=draw,
        code="S1",
    )
    for case in study.cases:
        rows = [Session(number=n, values=(Value(measure=case.measures[0], value=n),)) for n in range(1, 11)]
        late = [Session(number=n, values=(Value(measure=case.measures[0], value=1),)) for n in (11, 12)]
        study = study.with_case(case.record(*rows, *late))
    analysis, key = seal_analysis(study, sealed_at=NOW)
    assert {(graph.measure, graph.improvement) for graph in analysis.graphs} == {
        ("Mood", "increase"),
        ("Calling out", "decrease"),
    }
    assert "Mood by session, higher is better" in describe_masked(analysis)
    assert "Calling out by session, lower is better" in describe_masked(analysis)
    assert open_seal(commit_guess(analysis, orders=key.orders, at=LATER), key).p == 0.5


# --- nothing leaks -----------------------------------------------------------------------------------------------


def test_what_the_analyst_gets_tells_neither_codes_nor_phases_nor_dates():
    for study in (four_clients(), one_client()):
        analysis, _ = seal_analysis(study, sealed_at=NOW)
        text = analysis.to_json()
        for secret in (*CODES, "K7M2", "S1", "secret", "2026-03-0", "A1", "B1", "AAAA", "seed", "salt"):
            # the sealing itself is dated
            assert secret not in text.replace(NOW.isoformat().replace("+00:00", "Z"), ""), secret


def test_the_picture_tells_nothing_either():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    words = describe_masked(analysis)
    chart = masked_chart(analysis)
    svg = to_svg(chart, title="Masked graphs", description=words)
    for secret in (*CODES, "A1", "B1", "Baseline", "Intervention", "phase", "condition"):
        assert secret not in svg.replace("Phases are hidden", ""), secret
        assert secret not in json.dumps(chart.to_dict()), secret
    assert key.orders[0] not in svg
    assert "graph 4" in svg
    assert "dasharray" not in svg
    # Points of all sessions look alike: one fill, one size.
    marks = re.findall(r'<path[^>]*fill="(#[0-9a-f]{6})"[^>]*stroke="white"', svg)
    assert len(set(marks)) <= 1


def test_a_chart_of_the_same_values_is_the_same_whatever_the_phases():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW, salt="ab" * 32)
    draw = draw_phase_starts(sessions=18, phases=2, min_phase=3, seed=3, drawn_at=NOW)
    other = analysis.replace(drawn=analysis.drawn.replace(name=draw.scheme))
    assert masked_chart(analysis).to_dict() == masked_chart(other).to_dict()
    assert describe_masked(analysis) == describe_masked(other)
    assert key.salt == "ab" * 32


def test_the_graphs_stand_in_an_order_that_the_salt_decides():
    orders = {seal_analysis(four_clients(), sealed_at=NOW)[1].cases for _ in range(30)}
    assert len(orders) > 5
    one, two = (seal_analysis(four_clients(), sealed_at=NOW, salt="0f" * 32) for _ in range(2))
    assert one == two


def test_two_seals_over_the_same_study_differ():
    one, two = (seal_analysis(four_clients(), sealed_at=NOW)[0].seal for _ in range(2))
    assert one != two


# --- the seal ----------------------------------------------------------------------------------------------------


def test_both_documents_survive_their_json():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    guessed = commit_guess(commit_guess(analysis, orders=wrong(key), at=LATER), orders=key.orders, at=LATER)
    assert MaskedAnalysis.from_json(guessed.to_json()) == guessed
    assert MaskKey.from_json(key.to_json()) == key
    assert open_seal(MaskedAnalysis.from_json(guessed.to_json()), MaskKey.from_json(key.to_json())).guesses == 2


def test_a_changed_key_is_found_out():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    guessed = commit_guess(analysis, orders=wrong(key), at=LATER)
    for changed in (
        key.replace(orders=wrong(key)),
        key.replace(cases=key.cases[::-1]),
        key.replace(salt="0" * 64),
        seal_analysis(four_clients(), sealed_at=NOW)[1],
    ):
        with pytest.raises(StudyError, match="the seal does not fit"):
            open_seal(guessed, changed)


@pytest.mark.parametrize("what", ["value", "arrangements", "time", "order", "seal", "scheme"])
def test_changed_data_are_found_out(what):
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    guessed = commit_guess(analysis, orders=key.orders, at=LATER)
    first = guessed.graphs[0]
    changed = {
        "value": {"graphs": (first.replace(values=(9, *first.values[1:])), *guessed.graphs[1:])},
        "arrangements": {"drawn": guessed.drawn.replace(arrangements=240)},
        "time": {"sealed_at": NOW - dt.timedelta(days=1)},
        "order": {"graphs": guessed.graphs[::-1]},
        "seal": {"seal": "0" * 64},
        "scheme": {"drawn": guessed.drawn.replace(min_phase=1)},
    }[what]
    with pytest.raises(StudyError, match="have been changed since they were sealed"):
        open_seal(guessed.replace(**changed), key)


# --- bad input ---------------------------------------------------------------------------------------------------


def test_the_key_stays_closed_without_a_guess():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    with pytest.raises(StudyError, match="commit to a guess first"):
        open_seal(analysis, key)


def test_a_guess_must_be_one_of_the_arrangements():
    analysis, key = seal_analysis(four_clients(), sealed_at=NOW)
    with pytest.raises(StudyError, match="is not one of the 24 arrangements that the draw could have given"):
        commit_guess(analysis, starts=[[5], [5], [8], [11]], at=LATER)
    with pytest.raises(StudyError, match="must name starts for each of the 4 graphs"):
        commit_guess(analysis, starts=[[5]], at=LATER)
    with pytest.raises(StudyError, match="must give the condition, A or B, of each session of each graph"):
        commit_guess(analysis, orders=["AB"] * 4, at=LATER)
    with pytest.raises(StudyError, match="give either the starts or the orders"):
        commit_guess(analysis, at=LATER)
    once = commit_guess(analysis, orders=key.orders, at=LATER)
    with pytest.raises(StudyError, match="was named before"):
        commit_guess(once, orders=key.orders, at=LATER)
    with pytest.raises(StudyError, match="guesses must follow the sealing"):
        commit_guess(analysis, orders=key.orders, at=NOW - dt.timedelta(days=1))
    single, _ = seal_analysis(one_client(), sealed_at=NOW)
    for orders in (["B" * 5 + "A" * 5 + "B" * 5 + "A" * 5], ["A" * 10 + "B" * 10], ["A" * 20]):
        with pytest.raises(StudyError, match="is not one of the"):
            commit_guess(single, orders=orders, at=LATER)


def test_only_a_draw_that_was_followed_can_be_masked():
    plain = filled(reversal(measures=[MOOD], phases="AB", sessions=5, code="K7M2"))
    with pytest.raises(StudyError, match="has no stored draw"):
        seal_analysis(plain, sealed_at=NOW)
    study = one_client()
    with pytest.raises(StudyError, match="every time needs a zone"):
        seal_analysis(study, sealed_at=NOW.replace(tzinfo=None))
    with pytest.raises(StudyError, match="has no measure 'sleep'"):
        seal_analysis(study, sealed_at=NOW, measure="sleep")
    draw = draw_phase_starts(sessions=200, phases=4, min_phase=4, seed=1, drawn_at=NOW)
    long = filled(reversal(measures=[MOOD], phases="ABAB", randomization=draw, code="K7M2"))
    with pytest.raises(StudyError, match="arrangements are too many to name one of them"):
        seal_analysis(long, sealed_at=NOW)


@pytest.mark.parametrize(("text", "words"), [("{", "is not JSON"), ("[]", "must be one object")])
def test_what_is_no_document_is_refused(text, words):
    for kind in (MaskedAnalysis, MaskKey):
        with pytest.raises(StudyError, match=words):
            kind.from_json(text)
