"""Indices of overlap and simple effect sizes: published examples, what must not change them, and what has no answer."""

from __future__ import annotations

import itertools
import json
import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from scd.analysis.overlap.baseline_trend import baseline_trend, kendall_p
from scd.analysis.overlap.contrasts import contrasts
from scd.analysis.overlap.gradual_effects import gradual_effect
from scd.analysis.overlap.index_guidance import index_guidance
from scd.analysis.overlap.mean_differences import pogo, smd
from scd.analysis.overlap.medians import lrm
from scd.analysis.overlap.nap_interval import nap_interval
from scd.analysis.overlap.nonoverlap import ird, nap, pand, pem, pet, pnd
from scd.analysis.overlap.overlap_table import COLUMNS, INDICES, overlap_table
from scd.analysis.overlap.phase_pairs import phase_pairs
from scd.analysis.overlap.ratios import lor, lrrd, lrri
from scd.analysis.overlap.reliable_change import reliable_change
from scd.analysis.overlap.tau import tau, tau_bc
from scd.analysis.overlap.tau_u import tau_u, tau_u_members
from scd.cli import app
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

# No timed tests: a busy machine is no fault.
quick = settings(deadline=None, max_examples=40, derandomize=True)

PARKER_2011 = [20, 20, 26, 25, 22, 23], [28, 25, 24, 27, 30, 30, 29]
# R's scan, series of exampleAB.
JOHANNA = [54, 53, 56, 58, 52], [61, 62, 71, 66, 64, 78, 70, 74, 82, 77, 86, 68, 80, 86, 87]


def up(before, after, **options):
    return contrasts(before, after, improvement="increase", **options)


def down(before, after, **options):
    return contrasts(before, after, improvement="decrease", **options)


def a_study(*series, scale="score", improvement="increase", trials=None, **measure):
    """Cases from their phases: each a dict of label to values; None is a missed session."""
    outcome = Measure(key="y", label="Y", improvement=improvement, scale=scale, **measure)
    cases = []
    for i, phases in enumerate(series):
        starts = np.cumsum([1, *map(len, phases.values())])
        case = Case(
            code=f"CASE{i + 1}",
            phases=tuple(Phase(label=k, planned_start=int(at)) for k, at in zip(phases, starts, strict=False)),
        )
        values = [v for part in phases.values() for v in part]
        rows = [
            Session(number=n, values=(Value(measure="y", value=v, trials=trials),)) for n, v in enumerate(values, 1)
        ]
        cases.append(case.record(*rows))
    across = {"design": "multiple-baseline", "across": "clients"} if len(cases) > 1 else {"design": "reversal"}
    return Study(code="STUDY", measures=(outcome,), cases=tuple(cases), **across)


def by_index(table, *, contrast="A1-B1", case="CASE1"):
    chosen = table[(table["case"] == case) & (table["contrast"] == contrast)]
    return chosen.set_index("index")


# Published examples.


def test_parker_vannest_and_davis_2011_first_example():
    one = up(*PARKER_2011)
    assert pnd(one).value == 5 / 7
    assert pand(one).value == 11 / 13
    assert pem(one).value == 1
    assert ird(one).value == pytest.approx(6 / 7 - 1 / 6)
    assert nap(one).value == pytest.approx(38.5 / 42)
    assert [nap(one, se=kind).se for kind in ("unbiased", "hanley", "null")] == pytest.approx(
        [0.0690066, 0.0773919, 0.1666667], abs=5e-8
    )
    assert (nap(one).lower, nap(one).upper) == pytest.approx((0.597319, 0.985998), abs=5e-7)
    assert tau(one).value == pytest.approx(0.833333, abs=5e-7)
    assert tau_u(one).value == pytest.approx(0.738095, abs=5e-7)
    assert baseline_trend(one).slope == pytest.approx(0.6)
    assert tau_bc(one).value == pytest.approx(0.285714, abs=5e-7)


def test_parker_vannest_and_davis_2011_mean_differences_and_ratios():
    one = up(*PARKER_2011)
    found = smd(one), smd(one, standardizer="pooled")
    assert [f.value for f in found] == pytest.approx([1.649932, 1.876247], abs=5e-7)
    assert [f.se for f in found] == pytest.approx([0.634094, 0.637422], abs=5e-7)
    plain, corrected = lrri(one, scale="count", bias_corrected=False), lrri(one, scale="count")
    assert (plain.value, corrected.value, corrected.se) == pytest.approx((0.195885, 0.195396, 0.055577), abs=5e-7)


def test_parker_vannest_and_davis_2011_second_example():
    one = up([3, 3, 4, 5], [4, 5, 6, 7, 7])
    assert tau(one).value == pytest.approx(0.8)
    assert tau_u(one).value == 11 / 20


def test_parker_and_others_2011_the_four_members_of_tau_u():
    one = up([2, 3, 5, 3], [4, 5, 5, 7, 6])
    members = ("A vs B", "A vs B - trend A", "A vs B + trend B", "A vs B + trend B - trend A")
    assert [tau_u(one, member=m).value for m in members] == [16 / 20, 13 / 20, 23 / 30, 20 / 36]
    spread = tau_u_members(one).set_index("member").loc[list(members)]
    assert spread["tau"].tolist() == [16 / 20, 13 / 20, 23 / 30, 20 / 36]
    assert spread["s"].tolist() == [16, 13, 23, 20]


def test_parker_and_vannest_2009_nap():
    one = up([4, 3, 4, 3, 4, 7, 5, 2, 3, 2], [5, 9, 7, 9, 7, 5, 9, 11, 11, 10, 9])
    assert nap(one).value == pytest.approx(0.9636, abs=5e-5)


def test_tarlow_2017_a_baseline_that_goes_on_leaves_exactly_nothing():
    # scia answers 0.746, for rounding breaks the ties that detrending makes.
    one = up([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])
    assert (tau(one).value, tau_u(one).value) == (1.0, 0.6)
    assert tau_bc(one).value == 0.0
    assert tau_bc(one, kendall=True).value == 0.0
    assert (nap(one).value, round(nap(one).lower, 6), nap(one).upper) == (1.0, 0.642703, 1.0)


@pytest.mark.parametrize("step", [0.1, 1 / 3, 7.7, 1e-7, 1e9])
def test_a_straight_line_leaves_nothing_whatever_its_step(step):
    line = [5 + step * t for t in range(20)]
    assert tau_bc(up(line[:7], line[7:])).value == 0.0
    assert pet(up(line[:7], line[7:])).value == 0.0


def test_tarlow_2017_depression_a_correction_can_turn_the_sign():
    one = up([33, 25, 17, 25, 14, 13, 14], [14, 15, 15, 4, 6, 9, 5, 4, 2, 2, 8, 11, 7])
    trend = baseline_trend(one)
    assert trend.tau == pytest.approx(-0.75, abs=0.005)
    assert trend.p < 0.05
    assert tau_bc(one, kendall=True, pretest=0).value == pytest.approx(-0.58, abs=0.005)
    assert tau_bc(one, kendall=True, pretest=0.05).value == pytest.approx(0.69, abs=0.005)


def test_a_pretest_corrects_only_a_trend_that_it_finds():
    flat = up(*PARKER_2011)
    assert baseline_trend(flat).p > 0.05
    assert tau_bc(flat, pretest=0.05).value == tau(flat).value != tau_bc(flat).value


def test_jacobson_and_truax_1991_the_reliable_change_is_over_the_error_of_a_difference():
    # scan prints 18.136 under the name of Jacobson, which is over the standard error of one score.
    found = reliable_change(up(*JOHANNA), reliability=0.8)
    assert (found.change, found.sem, found.s_diff) == pytest.approx((19.533, 1.077, 1.523), abs=5e-4)
    assert found.index == pytest.approx(12.824, abs=5e-4)
    assert reliable_change(down(*JOHANNA), reliability=0.8).index == -found.index
    assert reliable_change(up(*JOHANNA), reliability=0.8, of="means").s_diff == pytest.approx(
        found.sem * math.sqrt(1 / 5 + 1 / 15)
    )


def test_tau_u_of_one_series_by_what_it_is_divided_by():
    # scan prints .59 and .88 for the same series that Parker's member gives 1.
    told = [
        tau_u_members(up(*JOHANNA), over=over).set_index("member")["tau"] for over in ("tau-b", "all pairs", "parker")
    ]
    assert [round(t["A vs B - trend A"], 2) for t in told] == [0.59, 0.88, 1.0]


# Computed another way.

small = st.lists(st.integers(0, 6), min_size=1, max_size=6)
longer = st.lists(st.integers(-20, 20), min_size=3, max_size=12)


@quick
@given(small, small)
def test_nap_and_pnd_by_counting_pairs(before, after):
    one = up(before, after)
    pairs = [(b > a) + 0.5 * (b == a) for a in before for b in after]
    assert nap(one).value == pytest.approx(sum(pairs) / len(pairs))
    assert pnd(one).value == pytest.approx(sum(b > max(before) for b in after) / len(after))


@quick
@given(small, small)
def test_pand_by_taking_out_every_set_of_values(before, after):
    rows = [(v, 0) for v in before] + [(v, 1) for v in after]
    for out in range(len(rows)):
        kept = (set(range(len(rows))) - set(gone) for gone in combinations(range(len(rows)), out))
        parts = ([[rows[i][0] for i in k if rows[i][1] == phase] for phase in (0, 1)] for k in kept)
        if any(not a or not b or max(a) < min(b) for a, b in parts):
            break
    assert pand(up(before, after)).value == pytest.approx(1 - out / len(rows))


@quick
@given(longer, longer, st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_the_interval_of_nap_solves_newcombes_equation(before, after, ci_prob):
    one = up(before, after)
    found, m, n = nap(one, ci_prob=ci_prob), len(before), len(after)
    z, h = abs(np.sqrt(2) * _erfinv(ci_prob)), (m + n) / 2 - 1
    assert 0 <= found.lower <= found.value <= found.upper <= 1
    for end in (found.lower, found.upper):
        if 0 < end < 1:
            left = m * n * (found.value - end) ** 2 * (2 - end) * (1 + end)
            assert left == pytest.approx(z**2 * end * (1 - end) * (2 + h + (1 + 2 * h) * end * (1 - end)), rel=1e-6)
    assert found.upper > found.lower  # also where nothing or everything overlaps


def _erfinv(p):
    from scipy.special import erfinv

    return erfinv(p)


def test_the_interval_narrows_to_its_point_as_values_gather():
    lower, upper = nap_interval(np.array([0.7] * 3), m=np.array([5, 50, 5000]), n=np.array([5, 50, 5000]))
    assert (np.diff(lower) > 0).all() and (np.diff(upper) < 0).all()  # noqa: PT018
    assert upper[-1] - lower[-1] < 0.03


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_kendalls_p_by_all_orders(count):
    orders = np.array(list(itertools.permutations(range(count))))
    s = np.array([sum(np.sign(b - a) for a, b in combinations(order, 2)) for order in orders])
    for value in set(s.tolist()):
        assert kendall_p(value, ties=(1,) * count, count=count) == pytest.approx((abs(s) >= abs(value)).mean())


def test_a_gradual_effect_is_found_again():
    omega, values, exposure = 0.6, [], 0.0
    treated = [0] * 6 + [1] * 10 + [0] * 8
    for d in treated:
        exposure = omega * exposure + (1 - omega) * d
        values.append(10 + 5 * exposure / (1 - omega**10))
    found = gradual_effect(values, treated=treated, sessions=10)
    assert (found.omega, found.baseline, found.effect) == pytest.approx((omega, 10, 5), abs=1e-6)
    counts = gradual_effect(np.exp(np.array(values) / 5), treated=treated, sessions=10, family="poisson")
    assert (counts.omega, counts.effect) == pytest.approx((omega, 1), abs=1e-5)


# What must not change an index, and what must turn it.

RANKS = {"nap": nap, "tau": tau, "tau_u": tau_u, "pnd": pnd, "pem": pem, "pet": pet, "pand": pand, "ird": ird}
EVERY = RANKS | {"tau_bc": tau_bc, "smd": smd, "smd_pooled": lambda c: smd(c, standardizer="pooled")}
UNORDERED = ("nap", "tau", "pnd", "pem", "pand", "ird", "smd", "smd_pooled")


def parts(found):
    return [math.nan if p is None else p for p in (found.value, found.se, found.lower, found.upper)]


@pytest.mark.parametrize("name", EVERY)
@quick
@given(longer, longer, st.integers(-50, 50), st.sampled_from([0.25, 1, 4]))
def test_shift_and_scale_change_no_index(name, before, after, shift, scale):
    moved = up(*([scale * v + shift for v in part] for part in (before, after)))
    assert parts(EVERY[name](moved)) == pytest.approx(parts(EVERY[name](up(before, after))), nan_ok=True, abs=1e-9)


@pytest.mark.parametrize("name", EVERY)
@quick
@given(longer, longer)
def test_a_mirrored_measure_with_its_direction_turned_gives_the_same(name, before, after):
    mirrored = down([-v for v in before], [-v for v in after])
    assert parts(EVERY[name](mirrored)) == pytest.approx(parts(EVERY[name](up(before, after))), nan_ok=True, abs=1e-12)


@quick
@given(longer, longer)
def test_the_other_direction_turns_every_symmetric_index(before, after):
    # SingleCaseES once left the direction out of its sums (0.4.3); scan's never reaches Tau-U.
    better, worse = up(before, after), down(before, after)
    assert nap(worse).value == pytest.approx(1 - nap(better).value)
    assert nap(worse).upper == pytest.approx(1 - nap(better).lower)
    assert pem(worse).value == pytest.approx(1 - pem(better).value)
    for index in (tau, tau_bc, tau_u, smd, lambda c: tau_bc(c, kendall=True)):
        assert index(worse).value == pytest.approx(-index(better).value, nan_ok=True)
        assert parts(index(worse))[1] == pytest.approx(parts(index(better))[1], nan_ok=True)


@quick
@given(st.lists(st.integers(1, 30), min_size=3, max_size=9), st.lists(st.integers(1, 30), min_size=3, max_size=9))
def test_ratios_turn_with_the_direction_and_do_not_depend_on_the_unit(before, after):
    better, worse = up(before, after), down(before, after)
    doubled = up([2 * v for v in before], [2 * v for v in after])
    assert lrri(worse, scale="duration").value == pytest.approx(-lrri(better, scale="duration").value)
    assert lrrd(better, scale="duration").value == pytest.approx(-lrri(better, scale="duration").value)
    assert lrri(doubled, scale="duration").value == pytest.approx(lrri(better, scale="duration").value)
    assert lrm(worse).value == pytest.approx(-lrm(better).value)
    assert lrm(doubled).value == pytest.approx(lrm(better).value)
    shares = (up if up_ else down for up_ in (True, False))
    odds = [lor(make(before, after), scale="percentage").value for make in shares]
    assert odds[0] == pytest.approx(-odds[1])
    reversed_ = down([100 - v for v in before], [100 - v for v in after])
    assert lor(reversed_, scale="percentage").value == pytest.approx(odds[0])
    # A percentage that should rise is, seen from its other side, one that should fall.
    assert lrri(better, scale="percentage").value == pytest.approx(lrri(reversed_, scale="percentage").value)


@pytest.mark.parametrize("name", UNORDERED)
@quick
@given(longer, longer, st.randoms(use_true_random=False))
def test_the_order_of_sessions_within_a_phase_changes_no_index_without_time(name, before, after, random):
    shuffled = [random.sample(part, len(part)) for part in (before, after)]
    assert parts(EVERY[name](up(*shuffled))) == pytest.approx(parts(EVERY[name](up(before, after))), nan_ok=True)


@pytest.mark.parametrize("name", EVERY)
@quick
@given(st.lists(st.tuples(small, small), min_size=1, max_size=5))
def test_many_contrasts_at_once_are_each_as_alone(name, many):
    together = EVERY[name](up([a for a, _ in many], [b for _, b in many]))
    for k, (before, after) in enumerate(many):
        alone = EVERY[name](up(before, after))
        at = [math.nan if p is None else p[k] for p in (together.value, together.se, together.lower, together.upper)]
        assert at == pytest.approx(parts(alone), nan_ok=True)
        assert together.note[k] == alone.note


def test_gradual_effects_of_many_series_are_each_as_alone():
    rng = np.random.default_rng(3)
    series = [rng.poisson(4, size) + 1.0 for size in (8, 14, 11)]
    treated = [[0] * 4 + [1] * (len(s) - 4) for s in series]
    for family in ("gaussian", "poisson"):
        together = gradual_effect(series, treated=treated, sessions=[4, 10, 7], family=family)
        for k, (values, given_) in enumerate(zip(series, treated, strict=True)):
            alone = gradual_effect(values, treated=given_, sessions=len(values) - 4, family=family)
            assert together.deviance[k] == pytest.approx(alone.deviance)
            assert together.effect[k] == pytest.approx(alone.effect, rel=1e-4)


def test_missed_values_are_left_out_and_leave_a_gap_in_time():
    gap = up([1, math.nan, 3], [4, 5])
    assert nap(gap).value == nap(up([1, 3], [4, 5])).value
    # The line goes on by 1 a session: 4 and 5 lie on it. By the order of the values it goes on by 2.
    assert pet(gap).value == 0.0
    assert tau_bc(gap, timing="sessions").value == 0.0
    assert tau_bc(gap).value == -1.0


# What has no answer says so.


def test_a_phase_of_one_has_what_can_be_told_and_no_more():
    found = by_index(overlap_table(a_study({"A1": [3], "B1": [5, 6]}, scale="count")))
    assert found.loc["NAP", "value"] == 1.0
    assert math.isnan(found.loc["NAP", "se"])
    assert found.loc["NAP", "note"] == "a phase of one value has no unbiased standard error"
    assert found.loc["NAP", "lower"] < 0.5
    assert found.loc["PET", "note"] == "a baseline of one value has no trend to exceed"
    assert found.loc["Tau-BC", "note"] == "a baseline of one value has no trend to correct for"
    assert found.loc["SMD", "note"] == "the baseline holds too few values to tell an SD"
    assert found.loc[["PET", "Tau-BC", "SMD"], "value"].isna().all()
    assert found.loc["LRRi", "note"] == "no standard error: a phase holds one value"


def test_two_baseline_values_give_no_bias_corrected_smd():
    # 1 - 3 / (4 - 1) is 0: SingleCaseES prints an SMD of 0 with a standard error of 0, whatever the data.
    assert math.isnan(smd(up([1, 4], [30, 90])).value)
    assert smd(up([1, 4], [30, 90]), bias_corrected=False).value > 20


def test_all_ties():
    found = by_index(overlap_table(a_study({"A1": [4] * 5, "B1": [4] * 6}), goal=9))
    assert found.loc["NAP", ["value", "note"]].tolist() == [0.5, "all values are the same"]
    assert (found.loc[["Tau", "Tau-U", "Tau-BC", "PoGO"], "value"] == 0).all()
    assert found.loc["SMD", "note"] == "the SD is 0"
    assert math.isnan(found.loc["SMD", "value"])
    assert "no standard error: both phases are constant" in found.loc["PoGO", "note"]
    assert "All values are the same" in index_guidance(a_study({"A1": [4] * 5, "B1": [4] * 6}))[0].words


def test_zeros_under_a_logarithm():
    zeros = {"A1": [0, 0, 0, 0], "B1": [2, 3, 4, 2, 5]}
    counted = by_index(overlap_table(a_study(zeros, scale="count")))
    assert counted.loc["LRRi", "value"] == pytest.approx(lrri(up(*zeros.values()), scale="count").value)
    assert counted.loc["LRRi", "note"] == (
        "a phase mean of 0 was moved by half of what one event in all its sessions comes to"
    )
    assert counted.loc["LRM", "note"] == "a phase median is 0 or less, which has no logarithm"
    assert counted.loc["GEM", "note"] == "all values of a phase are 0, which has no logarithm"
    rate = by_index(overlap_table(a_study(zeros, scale="rate"))).loc["LRRi"]
    assert math.isnan(rate["value"])
    assert rate["note"] == (
        "a phase mean is 0, whose size has no logarithm; record the minutes of observation behind the values"
    )
    shares = {"A1": [0.0] * 4, "B1": [0.2, 0.3, 0.5]}
    assert "record the trials" in by_index(overlap_table(a_study(shares, scale="proportion"))).loc["LOR", "note"]
    told = by_index(overlap_table(a_study(shares, scale="proportion", trials=10))).loc["LOR"]
    assert told["value"] == pytest.approx(lor(up(*shares.values()), scale="proportion", trials=10).value)


def test_a_goal_at_the_baseline_or_behind_it_is_refused_in_words():
    values = {"A1": [2, 4, 3, 3], "B1": [5, 6, 7]}
    at = by_index(overlap_table(a_study(values), goal=3)).loc["PoGO"]
    assert (math.isnan(at["value"]), at["note"]) == (True, "the goal is the baseline mean: there is no way to cover")
    behind = by_index(overlap_table(a_study(values), goal=2)).loc["PoGO", "note"]
    assert behind == "the baseline mean already lies beyond the goal: there is no way left to cover"
    assert by_index(overlap_table(a_study(values))).loc["PoGO", "note"] == "no goal is set"
    own = a_study(values, goal=9)
    assert by_index(overlap_table(own)).loc["PoGO", "value"] == pytest.approx(50)
    # SingleCaseES's calculator once held goals to 0 to 100.
    assert pogo(up([100, 200], [300, 500]), goal=1000).value == pytest.approx(100 * 250 / 850)
    assert pogo(down([-1, -3], [-5, -7]), goal=-10).value == pytest.approx(50)


def test_ratios_need_a_true_zero():
    found = by_index(overlap_table(a_study({"A1": [3, 4, 5], "B1": [6, 7, 8]})))
    for index in ("LRRi", "LRRd", "LRM"):
        assert found.loc[index, "note"].startswith("needs an outcome with a true zero")
    assert found.loc["LOR", "note"] == "needs proportions or percentages; the measure's scale is score"
    with pytest.raises(StudyError, match="needs an outcome with a true zero"):
        lrri(up([3, 4], [6, 7]), scale="rating")
    with pytest.raises(StudyError, match="needs proportions or percentages"):
        lor(up([3, 4], [6, 7]), scale="count")


def test_a_percentage_above_100_has_no_odds():
    found = by_index(overlap_table(a_study({"A1": [80, 110, 90], "B1": [95, 99, 100]}, scale="percentage")))
    assert found.loc["LOR", "note"] == "a value lies outside 0 to 100, so it is no percentage"
    assert found.loc["LRRi", "note"] == "a value lies outside 0 to 100; look at it again"


def test_no_pair_of_phases():
    with pytest.raises(
        StudyError, match=r"no baseline and intervention to compare \(case 'CASE1' has values in A1 only\)"
    ):
        overlap_table(a_study({"A1": [3, 4, 5]}))
    with pytest.raises(StudyError, match="has no value of 'Y' yet"):
        overlap_table(a_study({"A1": [None], "B1": [None]}))
    mixed = overlap_table(a_study({"A1": [3, 4], "B1": [5, 6]}, {"A1": [3, 4, 5]}))
    lacking = mixed[mixed["case"] == "CASE2"]
    assert lacking["contrast"].isna().all() and lacking["value"].isna().all()  # noqa: PT018
    assert set(lacking["note"]) == {"the case has values in A1 only"}


def test_a_direction_is_never_guessed():
    with pytest.raises(TypeError, match="improvement"):
        contrasts([1, 2], [3, 4])
    with pytest.raises(StudyError, match="improvement: must be 'increase' or 'decrease'"):
        contrasts([1, 2], [3, 4], improvement="up")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: up([], [1]), "baseline: holds no value"),
        (lambda: up([1], [math.nan]), "intervention: holds no value"),
        (lambda: up([1, math.inf], [2]), "baseline: holds an infinite value; write a missed one as NaN"),
        (lambda: up([[1], [2]], [[3]]), "must hold as many phases as the baseline"),
        (lambda: up([1, 2], [3], sessions=([1], [3])), "must hold a number for each value of the baseline"),
        (lambda: nap(up([1, 2], [3]), se="exact"), "se: must be one of unbiased, hanley, null"),
        (lambda: nap(up([1, 2], [3]), ci_prob=95), "ci_prob: must lie between 0 and 1"),
        (lambda: tau_u(up([1, 2], [3]), member="A"), "member: must be one of"),
        (lambda: tau_bc(up([1, 2], [3]), timing="days"), "timing: must be one of order, sessions"),
        (lambda: smd(up([1, 2], [3]), standardizer="B"), "standardizer: must be one of baseline, pooled"),
        (lambda: gradual_effect([1, 2], treated=[0], sessions=1), "treated: must hold one entry a value"),
        (lambda: gradual_effect([1, 2], treated=[0, 1], sessions=0), "sessions: must be at least 1"),
        (lambda: reliable_change(up([1, 2], [3]), reliability=1), "reliability: must be 0 or more and below 1"),
        (lambda: reliable_change(up([2, 2], [3]), reliability=0.8), "give the instrument's SD"),
    ],
)
def test_bad_input_is_refused_in_words(make, words):
    with pytest.raises(StudyError, match=words):
        make()


# The table.


def test_the_table_has_every_index_for_every_contrast_of_every_case():
    phases = {"A1": [7, 9, 8, 6], "B1": [2, 0, 0, 1], "A2": [3, 8, 8], "B2": [3, 4, 1]}
    table = overlap_table(a_study(phases, phases, improvement="decrease", scale="count"))
    assert tuple(table.columns) == COLUMNS
    rows = list(table[["case", "contrast", "index"]].itertuples(index=False, name=None))
    assert rows == [(c, k, i) for c in ("CASE1", "CASE2") for k in ("A1-B1", "A2-B2", "A-B") for i in INDICES]
    pooled = by_index(table, contrast="A-B")["value"]
    assert pooled["NAP"] == nap(down([7, 9, 8, 6, 3, 8, 8], [2, 0, 0, 1, 3, 4, 1])).value


def test_cases_are_never_thrown_together():
    # scia's tau_u and hplm take a table of three cases for one.
    one, two, three = ({"A1": [k, k + 1, k], "B1": [k + 2, k, k + 3]} for k in (0, 50, 100))
    together = overlap_table(a_study(one, two, three))
    for code, phases in zip(("CASE1", "CASE2", "CASE3"), (one, two, three), strict=True):
        alone = by_index(overlap_table(a_study(phases)))["value"]
        assert by_index(together, case=code)["value"].tolist() == pytest.approx(alone.tolist(), nan_ok=True)


@pytest.mark.parametrize(
    ("labels", "wanted"),
    [
        ("A1 B1", ["A1-B1"]),
        ("A1 B1 A2 B2", ["A1-B1", "A2-B2", "A-B"]),  # scia answers nothing to such labels, without an error
        ("A1 B1 A2", ["A1-B1", "A2-B1", "A-B"]),
        ("B1 A1 B2", ["A1-B1", "A1-B2", "A-B"]),
        ("B1 A1 B2 A2", ["A1-B1", "A2-B2", "A-B"]),
        ("B1 A1 B2 A2 B3", ["A1-B1", "A2-B2", "A2-B3", "A-B"]),
        ("A1 B1 C1", ["A1-B1", "A1-C1"]),
        ("A1 B1 C1 A2 B2", ["A1-B1", "A1-C1", "A2-B2", "A-B", "A-C"]),
    ],
)
def test_which_phases_are_set_against_each_other(labels, wanted):
    pairs, without = phase_pairs(a_study({label: [1, 2] for label in labels.split()}))
    assert ([pair.contrast for pair in pairs], without) == (wanted, {})


def test_a_goal_of_successes_and_their_shares():
    told = a_study({"A1": [2, 3, 2], "B1": [7, 8, 9]}, scale="proportion", trials=10)
    shares = a_study(
        {"A1": [0.2, 0.3, 0.2], "B1": [0.7, 0.8, 0.9]}, scale="proportion", trials=10, minimum=0, maximum=1
    )
    ours, theirs = (by_index(overlap_table(study))["value"] for study in (told, shares))
    assert ours.tolist() == pytest.approx(theirs.tolist(), nan_ok=True)
    assert "share from 0 to 1" in by_index(overlap_table(told, goal=9)).loc["PoGO", "note"]


values = st.lists(st.one_of(st.none(), st.integers(0, 4)), min_size=1, max_size=5)


@quick
@given(
    st.lists(values, min_size=2, max_size=4),
    st.sampled_from(["score", "count", "rate", "percentage", "proportion"]),
    st.sampled_from(["increase", "decrease"]),
    st.sampled_from([None, 0, 1, 2.5]),
)
def test_nothing_is_missing_without_a_note(phases, scale, improvement, goal):
    assume(all(any(v is not None for v in part) for part in phases))
    share = 4 if scale == "proportion" else 1
    labels = ("A1", "B1", "A2", "B2")
    held = {k: [None if v is None else v / share for v in part] for k, part in zip(labels, phases, strict=False)}
    table = overlap_table(a_study(held, scale=scale, improvement=improvement), goal=goal)
    assert not np.isinf(table[["value", "se", "lower", "upper"]].to_numpy(dtype=float)).any()
    lacking = table["value"].isna() | table["se"].isna() | table["lower"].isna() | table["upper"].isna()
    assert (table.loc[lacking, "note"] != "").all()


# Guidance.


def test_the_guidance_names_a_trend_of_the_baseline():
    better = index_guidance(a_study({"A1": [1, 2, 3, 4, 5], "B1": [6, 7, 8, 9, 10]}))[0]
    assert better.read == ("NAP", "Tau-BC")
    assert "NAP takes that for an effect" in better.because[1]
    worse = index_guidance(a_study({"A1": [5, 4, 3, 2, 1], "B1": [6, 7, 8, 9, 10]}))[0]
    assert "was getting worse" in worse.because[1]
    short = index_guidance(a_study({"A1": [1, 2, 3], "B1": [4, 5, 6]}))[0]
    assert "Tau-BC" not in short.read
    assert "The baseline seems to improve, but it holds too few values to tell" in " ".join(short.cautions)


def test_the_guidance_sees_a_ceiling():
    apart = {"A1": [3, 5, 4, 5, 3], "B1": [8, 9, 10, 10, 10]}
    plain = index_guidance(a_study(apart))[0]
    assert plain.read == ("NAP", "SMD")
    assert "no index of overlap can tell a large difference from a small one; SMD can" in plain.words
    assert index_guidance(a_study(apart, scale="count"))[0].read == ("NAP", "LRRi")
    assert index_guidance(a_study(apart), goal=10)[0].read == ("NAP", "PoGO")
    assert "60 % of the intervention values stand at the measure's end (10)" in index_guidance(
        a_study(apart, minimum=0, maximum=10)
    )[0].words  # fmt: skip


def test_the_guidance_warns_of_pnd_and_of_short_phases():
    advice = index_guidance(a_study({"A1": [3, 5, 4], "B1": [4, 9, 6, 3, 8]}))[0]
    left = dict(advice.leave)
    assert "hangs on the single best baseline value" in left["PND"]
    assert "Name the member" in left["Tau-U"]
    assert "The baseline holds 3 values, so every index moves in large steps (NAP by 0.067)." in advice.words
    assert "take the sessions as independent" in advice.words


# The command.


def scd(*words):
    return CliRunner().invoke(app, ["overlap", *(str(word) for word in words)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "two.csv"
    rows = ["case,session,phase,value"]
    for name, lift in (("Ann", 0), ("Ben", 3)):
        rows += [
            f"{name},{n},{'A' if n < 7 else 'B'},{v + lift}"
            for n, v in enumerate([*PARKER_2011[0], *PARKER_2011[1]], 1)
        ]
    path.write_text("\n".join(rows))
    return path


def test_scd_overlap_prints_one_json_object_with_its_rows(file):
    told = json.loads(scd(file, "--improvement", "increase", "--scale", "count", "--goal", "40", "--json").stdout)
    rows = told["rows"]
    assert [tuple(row) for row in rows] == [COLUMNS] * len(rows)
    assert {row["case"] for row in rows} == {"Ann", "Ben"}
    found = {row["index"]: row for row in rows if row["case"] == "Ann"}
    assert found["NAP"]["value"] == pytest.approx(38.5 / 42)
    assert found["PND"]["se"] is None
    assert found["PoGO"]["value"] == pytest.approx(100 * (27.5714286 - 22.6666667) / (40 - 22.6666667))
    assert told["warnings"] == []
    assert told["guidance"][0]["read"][0] == "NAP"
    assert (told["improvement"], told["scale"], told["goal"], told["ci_prob"]) == ("increase", "count", 40, 0.95)


def test_scd_overlap_takes_one_case_and_speaks_to_people(file):
    result = scd(file, "--improvement", "decrease", "--case", "Ben")
    assert result.exit_code == 0
    assert "Ann" not in result.stdout
    assert "decrease is better" in result.stdout
    assert "Ben, A1-B1: read NAP" in result.stdout
    assert "Not: PND hangs on the single best baseline value" in result.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("session,phase,score\n1,A,3\n2,A,4\n3,A,6\n", "has no baseline and intervention to compare"),
        ("session,score\n1,3\n2,4\n3,6\n", "tells no phases; add a column 'phase'"),
        ("session,phase,score\n1,,3\n2,,4\n", "tells no phases; add a column 'phase'"),
        (
            "session,phase,score\n1,A,3\n2,B,4\n1,A,2\n2,B,5\n1,A,7\n2,B,9\n",
            "session 1 of case 'case 1' stands already",
        ),
    ],
    ids=["no intervention", "no phases", "labels without phases", "three cases as one"],
)
def test_scd_overlap_refuses_in_words(tmp_path, text, words):
    path = tmp_path / "data.csv"
    path.write_text(text)
    result = scd(path, "--improvement", "increase", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert words in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_scd_overlap_asks_for_the_direction(file):
    result = scd(file)
    assert result.exit_code == 2
    assert "--improvement" in result.stderr
