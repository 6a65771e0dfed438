"""Random starts: the admissible sets are counted, listed and drawn from as the papers say."""

from __future__ import annotations

import datetime as dt
import json
import tracemalloc
from collections import Counter
from functools import partial
from itertools import combinations, groupby, pairwise, permutations, product
from math import comb
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from scd.design import (
    admissible_phase_starts,
    admissible_start_windows,
    admissible_starts,
    assignment_is_admissible,
    count_phase_starts,
    count_start_windows,
    draw_alternating,
    draw_blocks,
    draw_custom,
    draw_koehler_levin,
    draw_marascuilo_busk,
    draw_phase_starts,
    draw_start_windows,
    draw_wampold_worsham,
    phase_starts_words,
    redraw,
    smallest_p_words,
    start_windows_words,
)
from scd.study import Randomization, StudyError

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
SCRT = Path(__file__).parents[2] / "shared" / "reference" / "golden" / "scrt_randomisation.json"

# Bulté and Onghena (2008), after Onghena (1992): an ABAB design of 24 sessions.
ONGHENA = [6, 2, 5, 3, 4, 4, 1, 2, 3, 1, 3, 2, 2, 3, 4, 2, 4, 3, 0, 1, 2, 0, 2, 1]


def phase_means(values: list[float], starts: np.ndarray) -> np.ndarray:
    """Mean of each phase under each assignment, shape (assignment, phase)."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    edges = np.column_stack([np.ones(len(starts), int), starts, np.full(len(starts), len(values) + 1)]) - 1
    return np.diff(sums[edges], axis=1) / np.diff(edges, axis=1)


# --- published counts and p values --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sessions", "min_phase", "count"),
    [(20, 3, 165), (24, 4, 165), (24, 5, 35), (28, 5, 165), (30, 5, 286), (40, 5, 1771)],
)
def test_onghena_1992_counts_of_abab(sessions, min_phase, count):
    assert count_phase_starts(sessions=sessions, phases=4, min_phase=min_phase) == count
    assert count == comb(sessions - 4 * min_phase + 3, 3)


def test_onghena_1992_twenty_one_sessions_leave_four_schedules():
    assert count_phase_starts(sessions=21, phases=4, min_phase=5) == 4


def test_edgington_ab_has_n_minus_2k_plus_1_starts():
    assert [count_phase_starts(sessions=n, phases=2, min_phase=5) for n in (10, 20, 29)] == [1, 11, 20]


def test_onghena_1992_aba_count():
    assert count_phase_starts(sessions=20, phases=3, min_phase=4) == comb(20 - 3 * 4 + 2, 2) == 45


def test_bulte_onghena_2008_abab_p_is_4_in_165():
    means = phase_means(ONGHENA, admissible_phase_starts(sessions=24, phases=4, min_phase=4))
    statistic = means[:, [0, 2]].mean(axis=1) - means[:, [1, 3]].mean(axis=1)
    observed = phase_means(ONGHENA, np.array([[7, 13, 19]]))[0]
    observed = observed[[0, 2]].mean() - observed[[1, 3]].mean()
    assert observed == 2.0
    assert np.mean(statistic >= observed - 1e-12) == 4 / 165


def test_levin_ferron_gafurov_2018_restricted_windows_multiply():
    windows = [(6, 8), (9, 11), (12, 14)]
    assert count_start_windows(windows=windows, sessions=20, min_phase=5) == 27
    assert count_start_windows(windows=[(6, 7), (9, 12), (14, 18)], sessions=24, min_phase=5) == 2 * 4 * 5


@pytest.mark.parametrize(("design", "phases"), [("AB", 2), ("ABAB", 4)])
def test_scrt_has_the_same_reference_distribution(design, phases):
    if not SCRT.exists():
        pytest.skip(f"the peers' reference results are not here ({SCRT.name})")
    compared = 0
    records = json.loads(SCRT.read_text())["records"]
    for record in (r for r in records if r["function"] == "pvalue.systematic"):
        args, result = record["args"], record["result"]
        known = "distribution_sorted" in result and "data" in result
        if args["design"] != design or not known or args["statistic"] not in ("PA-PB", "B-A"):
            continue
        values = result["data"]["values"]
        starts = admissible_phase_starts(sessions=len(values), phases=phases, min_phase=args["limit"])
        means = phase_means(values, starts)
        statistic = means[:, 0::2].mean(axis=1) - means[:, 1::2].mean(axis=1)
        if args["statistic"] == "B-A":
            statistic = -statistic
        assert len(starts) == result["n_assignments"]
        np.testing.assert_allclose(np.sort(statistic), result["distribution_sorted"], atol=1e-9)
        assert np.mean(statistic >= result["observed"] - 1e-9) == pytest.approx(result["p_value"], abs=1e-12)
        compared += 1
    assert compared >= 4


# --- counted, listed, drawn: one set ------------------------------------------------------------------------------

small_plans = st.tuples(st.integers(2, 5), st.integers(1, 4), st.integers(0, 7)).map(
    lambda t: {"sessions": t[0] * t[1] + t[2], "phases": t[0], "min_phase": t[1]}
)


@st.composite
def window_plans(draw):
    min_phase = draw(st.integers(1, 5))
    windows, at = [], min_phase
    for _ in range(draw(st.integers(2, 4))):
        first = at + draw(st.integers(1, 3))
        at = first + draw(st.integers(0, 3))
        windows.append((first, at))
    return {"windows": windows, "sessions": at + min_phase - 1 + draw(st.integers(0, 3)), "min_phase": min_phase}


def brute_force(sessions: int, phases: int, min_phase: int) -> list[list[int]]:
    return [
        list(starts)
        for starts in combinations(range(2, sessions + 1), phases - 1)
        if all(b - a >= min_phase for a, b in pairwise((1, *starts, sessions + 1)))
    ]


@given(small_plans)
@settings(max_examples=60, deadline=None)
def test_phase_starts_are_those_that_brute_force_finds(plan):
    listed = admissible_phase_starts(**plan).tolist()
    assert listed == brute_force(**plan)
    assert len(listed) == count_phase_starts(**plan)


@given(window_plans())
@settings(max_examples=60, deadline=None)
def test_start_windows_are_those_that_brute_force_finds(plan):
    listed = admissible_start_windows(**plan).tolist()
    assert listed == [list(s) for s in product(*(range(a, b + 1) for a, b in plan["windows"]))]
    assert len(listed) == count_start_windows(**plan)
    # Staggered whatever is drawn, and both phases long enough in every case.
    for starts in listed:
        assert all(a < b for a, b in pairwise(starts))
        assert all(s - 1 >= plan["min_phase"] and plan["sessions"] - s + 1 >= plan["min_phase"] for s in starts)


@given(small_plans, st.integers(0, 2**64))
@settings(max_examples=60, deadline=None)
def test_a_drawn_reversal_lies_in_its_set_and_can_be_drawn_again(plan, seed):
    draw = draw_phase_starts(**plan, seed=seed, drawn_at=NOW)
    assert list(draw.starts[0]) in admissible_phase_starts(**plan).tolist()
    assert draw.admissible == count_phase_starts(**plan)
    assert assignment_is_admissible(draw)
    assert redraw(draw) == draw
    assert any((row == np.array(draw.starts)).all() for row in admissible_starts(draw))


@given(window_plans(), st.integers(0, 2**64))
@settings(max_examples=60, deadline=None)
def test_a_drawn_multiple_baseline_lies_in_its_set_and_can_be_drawn_again(plan, seed):
    draw = draw_start_windows(**plan, seed=seed, drawn_at=NOW)
    assert [row[0] for row in draw.starts] in admissible_start_windows(**plan).tolist()
    assert draw.admissible == count_start_windows(**plan)
    assert assignment_is_admissible(draw)
    assert redraw(draw) == draw
    assert any((row == np.array(draw.starts)).all() for row in admissible_starts(draw))


def assert_uniform(seen: Counter, size: int) -> None:
    expected = seen.total() / size
    statistic = sum((n - expected) ** 2 / expected for n in seen.values()) + expected * (size - len(seen))
    assert len(seen) == size
    assert statistic < chi2.isf(0.001, size - 1)


def test_every_phase_schedule_is_equally_likely():
    # 35 schedules take 6 bits, of which 29 values fall outside: a modulo would show here.
    seeds = range(4000)
    plan = {"sessions": 24, "phases": 4, "min_phase": 5}
    assert_uniform(Counter(draw_phase_starts(**plan, seed=s, drawn_at=NOW).starts for s in seeds), 35)


def test_every_window_schedule_is_equally_likely():
    seeds = range(4000)
    plan = {"windows": [(6, 7), (9, 11), (12, 16)], "sessions": 22, "min_phase": 5}
    assert_uniform(Counter(draw_start_windows(**plan, seed=s, drawn_at=NOW).starts for s in seeds), 30)


# --- other schemes ------------------------------------------------------------------------------------------------


def staircase_set(name: str) -> set[tuple[int, ...]]:
    windows = [range(4, 6), range(5, 8), range(9, 10)]
    match name:
        case "marascuilo-busk":
            return set(product(*windows))
        case "wampold-worsham":
            return set(permutations((4, 6, 9)))
        case "koehler-levin":
            return {starts for deal in permutations(windows) for starts in product(*deal)}
    raise AssertionError(name)


STAIRCASE_DRAWS = {
    "marascuilo-busk": partial(
        draw_marascuilo_busk, cases=3, windows=[(4, 5), (5, 7), (9, 9)], sessions=12, min_phase=3, drawn_at=NOW
    ),
    "wampold-worsham": partial(draw_wampold_worsham, starts=[4, 6, 9], sessions=12, min_phase=3, drawn_at=NOW),
    "koehler-levin": partial(
        draw_koehler_levin, windows=[(4, 5), (5, 7), (9, 9)], sessions=12, min_phase=3, drawn_at=NOW
    ),
}


@pytest.mark.parametrize("name", STAIRCASE_DRAWS)
def test_every_draw_of_a_staircase_lies_in_its_set_and_can_be_drawn_again(name):
    draws = [STAIRCASE_DRAWS[name](seed=seed) for seed in range(3_000)]
    assert {tuple(row[0] for row in draw.starts) for draw in draws} == staircase_set(name)
    assert all(redraw(draw) == draw and assignment_is_admissible(draw) for draw in draws[:60])
    listed = admissible_starts(draws[0])
    assert listed.shape == (draws[0].admissible, 3, 1)
    assert {tuple(row) for row in listed[:, :, 0].tolist()} == staircase_set(name)


@pytest.mark.parametrize("name", STAIRCASE_DRAWS)
def test_every_draw_of_a_staircase_is_equally_likely(name):
    # Koehler and Levin's windows overlap, so some schedules come about in two ways and are twice as likely.
    listed = Counter(tuple(row) for row in admissible_starts(STAIRCASE_DRAWS[name](seed=1))[:, :, 0].tolist())
    seen = Counter(tuple(r[0] for r in STAIRCASE_DRAWS[name](seed=seed).starts) for seed in range(4_000))
    share = 4_000 / listed.total()
    statistic = sum((seen[k] - share * n) ** 2 / (share * n) for k, n in listed.items())
    assert statistic < chi2.isf(0.001, len(listed) - 1)


ORDER_DRAWS = {
    "completely randomised": partial(draw_alternating, sessions=7, treated=3, drawn_at=NOW),
    "at most 2 in a row": partial(draw_alternating, sessions=8, max_consecutive=2, drawn_at=NOW),
    "blocks of 2": partial(draw_blocks, sessions=10, drawn_at=NOW),
    "blocks of 4": partial(draw_blocks, sessions=8, block_size=4, drawn_at=NOW),
    "custom": partial(draw_custom, assignments=["AABB", "ABAB", "BBAA"], drawn_at=NOW),
}


def order_set(name: str) -> set[str]:
    def runs(order: str) -> int:
        return max(len(list(same)) for _, same in groupby(order))

    def even(order: str, size: int) -> bool:
        return all(order[i : i + size].count("A") == size // 2 for i in range(0, len(order), size))

    def every(sessions: int) -> list[str]:
        return ["".join(letters) for letters in product("AB", repeat=sessions)]

    match name:
        case "completely randomised":
            return {o for o in every(7) if o.count("B") == 3}
        case "at most 2 in a row":
            return {o for o in every(8) if o.count("B") == 4 and runs(o) <= 2}
        case "blocks of 2":
            return {o for o in every(10) if even(o, 2)}
        case "blocks of 4":
            return {o for o in every(8) if even(o, 4)}
        case "custom":
            return {"AABB", "ABAB", "BBAA"}
    raise AssertionError(name)


@pytest.mark.parametrize("name", ORDER_DRAWS)
def test_every_order_lies_in_its_set_is_equally_likely_and_can_be_drawn_again(name):
    draws = [ORDER_DRAWS[name](seed=seed) for seed in range(3_000)]
    seen = Counter(draw.orders[0] for draw in draws)
    assert set(seen) == order_set(name)
    assert draws[0].admissible == len(seen)
    assert_uniform(seen, len(seen))
    assert all(redraw(draw) == draw and assignment_is_admissible(draw) for draw in draws[:60])


def test_stored_seeds_of_other_schemes_give_their_draws_for_good():
    # Drawn once, as below.
    assert [STAIRCASE_DRAWS[name](seed=7).starts for name in STAIRCASE_DRAWS] == [
        ((5,), (7,), (9,)),
        ((9,), (6,), (4,)),
        ((7,), (4,), (9,)),
    ]
    assert [ORDER_DRAWS[name](seed=7).orders for name in ORDER_DRAWS] == [
        ("ABABABA",),
        ("ABBABAAB",),
        ("BAABBAABAB",),
        ("ABBAABBA",),
        ("BBAA",),
    ]


def test_an_order_of_a_hundred_sessions_is_drawn_without_listing_any():
    draw = draw_alternating(sessions=100, max_consecutive=3, seed=1, drawn_at=NOW)
    assert draw.admissible > 10**25
    assert draw.orders[0].count("B") == 50
    assert assignment_is_admissible(draw)
    assert redraw(draw) == draw
    assert smallest_p_words(draw).startswith("10^")


@pytest.mark.parametrize(
    ("draw", "change"),
    [
        (STAIRCASE_DRAWS["marascuilo-busk"](seed=1), {"starts": ((6,), (5,), (9,))}),
        (STAIRCASE_DRAWS["marascuilo-busk"](seed=1), {"admissible": 7}),
        (STAIRCASE_DRAWS["wampold-worsham"](seed=1), {"starts": ((4,), (4,), (9,))}),
        (STAIRCASE_DRAWS["koehler-levin"](seed=1), {"starts": ((4,), (5,), (8,))}),
        (STAIRCASE_DRAWS["koehler-levin"](seed=1), {"windows": ((4, 5), (5, 7))}),
        (STAIRCASE_DRAWS["koehler-levin"](seed=1), {"starts": ((4, 6), (5,), (9,))}),
        (STAIRCASE_DRAWS["koehler-levin"](seed=1), {"begins": ("B", "A", "A")}),
        (ORDER_DRAWS["at most 2 in a row"](seed=1), {"max_consecutive": 1}),
        (ORDER_DRAWS["at most 2 in a row"](seed=1), {"starts": ((5,),)}),
        (ORDER_DRAWS["completely randomised"](seed=1), {"admissible": 34}),
        (ORDER_DRAWS["completely randomised"](seed=1), {"starts": ((9,),)}),
        (ORDER_DRAWS["completely randomised"](seed=1), {"starts": ((4, 4),)}),
        (ORDER_DRAWS["blocks of 2"](seed=1), {"starts": ((3,),)}),
        (ORDER_DRAWS["blocks of 4"](seed=1), {"block_size": 3}),
        (ORDER_DRAWS["custom"](seed=1), {"starts": ((2, 3),), "begins": ("A",)}),
    ],
)
def test_a_changed_draw_of_another_scheme_is_found_out(draw, change):
    assert assignment_is_admissible(draw)
    assert not assignment_is_admissible(draw.replace(**change))


def test_the_order_of_sessions_has_no_starts_to_list():
    with pytest.raises(StudyError, match="scheme 'blocks' draws the order of the sessions, not the starts of phases"):
        admissible_starts(ORDER_DRAWS["blocks of 2"](seed=1))


def test_a_document_of_before_other_schemes_is_still_read():
    document = (
        '{"scheme": "start-windows", "min_phase": 5, "sessions": 20, "windows": [[6, 8], [9, 11], [12, 14]], '
        '"admissible": 27, "seed": 7, "starts": [[8], [9], [14]], "drawn_at": "2026-03-02T09:30:00Z"}'
    )
    draw = Randomization(**json.loads(document))
    assert redraw(draw) == draw
    assert json.loads(draw.model_dump_json(exclude_defaults=True)) == json.loads(document)


@pytest.mark.parametrize(
    ("draw", "change", "words"),
    [
        (draw_marascuilo_busk, {"cases": 1}, "number of cases: must be at least 2"),
        (draw_marascuilo_busk, {"windows": [(6, 8)]}, "need one for each of the 3 cases \\(got 1\\)"),
        (draw_marascuilo_busk, {"min_phase": 11}, "its last session must not lie before its first"),
        (draw_koehler_levin, {"windows": [(6, 8)]}, "one for each of at least 2 cases \\(got 1\\)"),
        (draw_koehler_levin, {"windows": [(5, 8), (9, 11)]}, "leaves 4 baseline and 13 intervention sessions of 20"),
        (draw_koehler_levin, {"windows": [(6, 8), (9, 17)]}, "leaves 8 baseline and 4 intervention sessions of 20"),
        (draw_wampold_worsham, {"starts": [6, 17]}, "start window 2: runs from session 17 to 17"),
        (draw_wampold_worsham, {"drawn_at": dt.datetime(2026, 3, 2)}, "must carry its time zone"),
        (draw_alternating, {"treated": 20}, "number of treated sessions: must be at most 19"),
        (draw_alternating, {"treated": 2, "max_consecutive": 2}, "no order of 18 A and 2 B sessions has at most 2"),
        (draw_blocks, {"block_size": 3}, "its size must be even \\(got 3\\)"),
        (draw_blocks, {"block_size": 6}, "20 sessions don't fill blocks of 6; plan a multiple of 6"),
        (draw_custom, {"assignments": ["AB", "AB"]}, "assignment 2: is the same as assignment 1"),
        (draw_custom, {"assignments": [("AB", "ABB")]}, "all cases of a stored draw have the same number of sessions"),
    ],
)
def test_draws_of_other_schemes_refuse(draw, change, words):
    plans = {
        draw_marascuilo_busk: {"cases": 3, "sessions": 20, "min_phase": 5},
        draw_koehler_levin: {"windows": [(6, 8), (9, 11)], "sessions": 20, "min_phase": 5},
        draw_wampold_worsham: {"starts": [6, 9], "sessions": 20, "min_phase": 5},
        draw_alternating: {"sessions": 20},
        draw_blocks: {"sessions": 20},
        draw_custom: {},
    }
    with pytest.raises(StudyError, match=words):
        draw(**plans[draw] | {"seed": 1, "drawn_at": NOW} | change)


def test_a_stored_seed_gives_its_draw_for_good():
    # These were drawn once. Should they ever change, no stored draw could be checked any more.
    reversal = draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=NOW)
    staggered = draw_start_windows(windows=[(6, 8), (9, 11), (12, 14)], sessions=20, min_phase=5, seed=7, drawn_at=NOW)
    long = draw_phase_starts(sessions=100_000, phases=6, min_phase=5, seed=3, drawn_at=NOW)
    assert reversal.starts == ((11, 17, 21),)
    assert staggered.starts == ((8,), (9,), (14,))
    assert long.starts == ((3329, 14804, 16643, 80251, 89946),)


def test_a_set_too_large_to_list_is_drawn_from_in_no_memory():
    plan = {"sessions": 100_000, "phases": 12, "min_phase": 5}
    tracemalloc.start()
    draws = [draw_phase_starts(**plan, seed=s, drawn_at=NOW) for s in range(60)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000
    assert all(assignment_is_admissible(d) for d in draws)
    assert len({d.starts for d in draws}) == 60
    # Twelve phases of the same expected length: the middle start lies in the middle on average.
    middles = [d.starts[0][5] for d in draws]
    assert abs(np.mean(middles) - 50_000) < 3 * np.std(middles) / 60**0.5


def test_two_hundred_thousand_schedules_are_listed_and_more_are_refused():
    assert len(admissible_phase_starts(sessions=118, phases=4, min_phase=4)) == 187_460
    with pytest.raises(StudyError, match=r"221,815 admissible schedules are too many to list \(at most 200,000\)") as e:
        admissible_phase_starts(sessions=124, phases=4, min_phase=4)
    assert e.value.field == "sessions"
    windows = [(11 + 10 * i, 20 + 10 * i) for i in range(6)]
    with pytest.raises(StudyError, match="1,000,000 admissible schedules are too many"):
        admissible_start_windows(windows=windows, sessions=80, min_phase=5)


# --- a draw that was tampered with --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"starts": ((4, 9, 14),)},
        {"starts": ((6, 11, 22),)},
        {"starts": ((6, 11),)},
        {"starts": ((6, 11, 16), (6, 11, 16))},
        {"admissible": 166},
        {"sessions": 30},
        {"windows": ((6, 8),)},
    ],
)
def test_a_changed_reversal_draw_is_found_out(change):
    draw = draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=NOW)
    assert not assignment_is_admissible(draw.replace(**change))


@pytest.mark.parametrize(
    "change",
    [
        {"starts": ((6,), (9,), (15,))},
        {"starts": ((6,), (9,))},
        {"starts": ((6, 7), (9,), (12,))},
        {"admissible": 28},
        {"windows": ((6, 8), (8, 11), (12, 14))},
        {"sessions": 16},
    ],
)
def test_a_changed_multiple_baseline_draw_is_found_out(change):
    draw = draw_start_windows(windows=[(6, 8), (9, 11), (12, 14)], sessions=20, min_phase=5, seed=7, drawn_at=NOW)
    assert assignment_is_admissible(draw)
    assert not assignment_is_admissible(draw.replace(**change))


def test_another_admissible_start_is_found_out_by_drawing_again():
    draw = draw_phase_starts(sessions=20, phases=2, min_phase=5, seed=7, drawn_at=NOW)
    other = draw.replace(starts=((draw.starts[0][0] % 10 + 6,),))
    assert assignment_is_admissible(other)
    assert redraw(other) != other


def test_a_draw_survives_its_document():
    draw = draw_phase_starts(sessions=100_000, phases=6, min_phase=5, seed=2**70, drawn_at=NOW)
    assert draw.admissible > 2**64
    assert Randomization(**json.loads(draw.model_dump_json())) == draw


# --- refusals -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"sessions": 19}, "sessions", "4 phases of at least 5 sessions need 20 sessions \\(got 19\\); plan more"),
        ({"sessions": 24.0}, "sessions", "number of sessions: must be a whole number \\(got 24.0\\)"),
        ({"sessions": 100_001}, "sessions", "must be at most 100,000 \\(got 100001\\)"),
        ({"phases": 1}, "phases", "number of phases: must be at least 2 \\(got 1\\)"),
        ({"min_phase": 0}, "min_phase", "smallest phase length: must be at least 1 \\(got 0\\)"),
        ({"min_phase": None}, "min_phase", "smallest phase length: must be a whole number \\(got None\\)"),
        ({"seed": -1}, "seed", "seed: must be at least 0 \\(got -1\\)"),
        ({"drawn_at": dt.datetime(2026, 3, 2)}, "drawn_at", "must carry its time zone"),
    ],
)
def test_a_reversal_draw_refuses(change, field, words):
    plan = {"sessions": 24, "phases": 4, "min_phase": 5, "seed": 1, "drawn_at": NOW}
    with pytest.raises(StudyError, match=words) as refusal:
        draw_phase_starts(**plan | change)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"windows": [(6, 8)]}, "windows", "one for each of at least 2 cases \\(got 1\\)"),
        ({"windows": [(6, 8), (8, 11)]}, "windows", "start window 2: begins at session 8, but the window before"),
        ({"windows": [(9, 11), (6, 8)]}, "windows", "must follow one another without overlapping"),
        ({"windows": [(8, 6), (9, 11)]}, "windows", "start window 1: its last session must not lie before its first"),
        ({"windows": [(6, 8, 9), (10, 11)]}, "windows", "start window 1: needs a first and a last session"),
        ({"windows": [("6", 8), (10, 11)]}, "windows", "start window 1: must be a whole number \\(got '6'\\)"),
        (
            {"windows": [(5, 8), (9, 11)]},
            "windows",
            "begins at session 5 and leaves 4 baseline sessions; at least 5 are needed, so begin it at session 6",
        ),
        (
            {"windows": [(6, 8), (9, 17)]},
            "windows",
            "ends at session 17 of 20 and leaves 4 intervention sessions; .* end it at session 16 or earlier",
        ),
        ({"sessions": 12}, "windows", "ends at session 14 of 12 and leaves 0 intervention sessions"),
        ({"min_phase": 0}, "min_phase", "must be at least 1"),
        ({"sessions": "20"}, "sessions", "must be a whole number \\(got '20'\\)"),
        ({"seed": 1.5}, "seed", "seed: must be a whole number"),
    ],
)
def test_a_multiple_baseline_draw_refuses(change, field, words):
    plan = {"windows": [(6, 8), (9, 11), (12, 14)], "sessions": 20, "min_phase": 5, "seed": 1, "drawn_at": NOW}
    with pytest.raises(StudyError, match=words) as refusal:
        draw_start_windows(**plan | change)
    assert refusal.value.field == field


# --- the sentence at design time ----------------------------------------------------------------------------------


def test_a_fixed_start_allows_no_randomisation_test():
    assert smallest_p_words(None) == (
        "The phase starts are fixed, not drawn at random: no randomisation test is possible."
    )


def test_the_sentence_gives_the_smallest_p():
    draw = draw_start_windows(windows=[(6, 8), (9, 11), (12, 14)], sessions=20, min_phase=5, seed=7, drawn_at=NOW)
    assert smallest_p_words(draw) == (
        "27 admissible schedules: a randomisation test can't reach a p below 1/27 = .037."
    )
    assert draw.smallest_p == 1 / 27


def test_the_sentence_says_how_many_sessions_would_put_five_percent_within_reach():
    draw = draw_phase_starts(sessions=21, phases=4, min_phase=5, seed=7, drawn_at=NOW)
    assert smallest_p_words(draw) == (
        "4 admissible schedules: a randomisation test can't reach a p below 1/4 = .25, so it can never reach .05; "
        "2 more sessions (23 in all, with at least 5 a phase as now) would put .05 within reach."
    )
    assert phase_starts_words(sessions=28, phases=2, min_phase=5) == (
        "19 admissible schedules: a randomisation test can't reach a p below 1/19 = .053, so it can never reach .05; "
        "1 more session (29 in all, with at least 5 a phase as now) would put .05 within reach."
    )
    assert phase_starts_words(sessions=29, phases=2, min_phase=5).endswith("a p below 1/20 = .05.")


@given(small_plans)
@settings(max_examples=60, deadline=None)
def test_the_sessions_that_the_sentence_names_are_the_fewest_that_do(plan):
    words = phase_starts_words(**plan)
    if count_phase_starts(**plan) >= 20:
        assert "never" not in words
        return
    needed = int(words.split(" in all")[0].split("(")[1])
    assert count_phase_starts(**plan | {"sessions": needed}) >= 20
    assert count_phase_starts(**plan | {"sessions": needed - 1}) < 20


def test_narrow_windows_are_told_to_widen():
    narrow = [(6, 7), (8, 9), (10, 11)]
    assert start_windows_words(windows=narrow, sessions=15, min_phase=5) == (
        "8 admissible schedules: a randomisation test can't reach a p below 1/8 = .125, so it can never reach .05; "
        "start windows wider by 3 sessions in all and 3 more sessions (18 in all) would put .05 within reach."
    )
    assert start_windows_words(windows=narrow, sessions=25, min_phase=5).endswith(
        "start windows wider by 3 sessions in all would put .05 within reach within the 25 sessions planned."
    )
    # And so it is.
    assert count_start_windows(windows=[(6, 8), (9, 11), (12, 14)], sessions=18, min_phase=5) == 27


def test_a_single_schedule_and_a_huge_set_have_their_words():
    assert phase_starts_words(sessions=20, phases=4, min_phase=5).startswith(
        "1 admissible schedule: a randomisation test can't reach a p below 1, so it can never reach .05; 3 more"
    )
    assert phase_starts_words(sessions=100_000, phases=6, min_phase=5) == (
        "10^22 admissible schedules: a randomisation test can't reach a p below 1/10^22 (less than .0001)."
    )
