"""Randomisation tests: published values, other packages' results, brute force, and what a record must be for one."""

from __future__ import annotations

import datetime as dt
import json
from itertools import groupby, pairwise, permutations, product
from math import comb, factorial
from statistics import mean, median

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from peers import REFERENCE, needs_peers, records
from typer.testing import CliRunner

from scd.analysis.randomization_test.assigned import Assigned
from scd.analysis.randomization_test.inversion import linear_interval
from scd.analysis.randomization_test.reference_distribution import Question, answer
from scd.analysis.randomization_test.testing import randomization_test
from scd.cli import app
from scd.design import (
    Scheme,
    alternating_treatments,
    draw_alternating,
    draw_blocks,
    draw_custom,
    draw_koehler_levin,
    draw_marascuilo_busk,
    draw_phase_starts,
    draw_start_windows,
    draw_wampold_worsham,
    multiple_baseline,
    reversal,
)
from scd.design.courses import Course, masks
from scd.design.reference import reference_set
from scd.records.opening import open_series
from scd.study import Case, Measure, Phase, Randomization, Session, Study, StudyError, Value

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)

# Bulté and Onghena (2008), after Onghena (1992): an ABAB design of 24 sessions.
ONGHENA = [6, 2, 5, 3, 4, 4, 1, 2, 3, 1, 3, 2, 2, 3, 4, 2, 4, 3, 0, 1, 2, 0, 2, 1]
# Sleeping pills (Onghena 2020): the treatment E is B, the control C is A.
PILLS = "ECECCECEECCEEC".replace("C", "A").replace("E", "B")
PILLS_SCORES = [6, 5, 7, 4, 5, 6, 5, 7, 4, 5, 4, 6, 7, 6]
# What Works Clearinghouse, version 5.0, figure 17.
WWC = [15, 10, 14, 17, 13, 12, 2, 1, 1, 0, 0, 9, 9, 11, 15, 20, 1, 0, 4, 0, 1]


def measure(improvement: str = "increase") -> Measure:
    return Measure(key="y", label="Y", improvement=improvement)


def case_of(order: str, values, code: str = "K7M2QX", sessions=None) -> Case:
    """A case with the condition of each session as `order` says; None where a value was missed."""
    numbers = list(range(1, len(order) + 1)) if sessions is None else list(sessions)
    starts, met = [], {}
    for i, letter in enumerate(order):
        if i == 0 or letter != order[i - 1]:
            met[letter] = met.get(letter, 0) + 1
            starts.append(Phase(label=f"{letter}{met[letter]}", planned_start=numbers[i]))
    rows = [
        Session(number=n, values=(Value(measure="y", value=None if v is None else float(v)),))
        for n, v in zip(numbers, values, strict=True)
    ]
    return Case(code=code, phases=tuple(starts)).record(*rows)


def study_of(order: str, values, improvement: str = "increase", **other) -> Study:
    return Study(
        code="S", design="reversal", measures=(measure(improvement),), cases=(case_of(order, values, **other),)
    )


def staircase_of(orders, values, improvement: str = "increase", drawn: Randomization | None = None) -> Study:
    cases = tuple(case_of(o, v, code=f"case {i}") for i, (o, v) in enumerate(zip(orders, values, strict=True)))
    return Study(
        code="S",
        design="multiple-baseline",
        across="clients",
        measures=(measure(improvement),),
        cases=cases,
        randomization=drawn,
    )


def order_of(*lengths: int) -> str:
    return "".join("AB"[i % 2] * n for i, n in enumerate(lengths))


def row_of(study: Study, scheme: Scheme, **other):
    return randomization_test(study, hypothetical=scheme, **other).rows[0]


# --- published results --------------------------------------------------------------------------------------------


def test_bulte_onghena_2008_abab_p_is_4_in_165_with_means_of_phase_means():
    row = row_of(study_of(order_of(6, 6, 6, 6), ONGHENA, "decrease"), Scheme("phase-starts", min_phase=4))
    assert row.p == pytest.approx(4 / 165, abs=1e-15)
    assert (row.statistic, row.assignments, row.exact, row.smallest_p) == (-2.0, 165, True, 1 / 165)


def test_bulte_onghena_2008_abab_p_is_5_in_165_with_pooled_means():
    study = study_of(order_of(6, 6, 6, 6), ONGHENA, "decrease")
    row = row_of(study, Scheme("phase-starts", min_phase=4), statistic="pooled-means")
    assert (row.p, row.statistic) == (pytest.approx(5 / 165, abs=1e-15), -2.0)


@pytest.mark.parametrize(
    ("scheme", "reached", "all_"),
    [
        (Scheme("alternating"), 77, 3432),
        (Scheme("alternating", max_consecutive=2), 12, 518),
        (Scheme("alternating", max_consecutive=3), 50, 1972),
        (Scheme("blocks"), 5, 128),
    ],
    ids=["completely randomised", "at most 2", "at most 3", "blocks of 2"],
)
def test_onghena_2020_sleeping_pills(scheme, reached, all_):
    row = row_of(study_of(PILLS, PILLS_SCORES), scheme)
    assert row.p == pytest.approx(reached / all_, abs=1e-15)
    assert row.statistic == pytest.approx(9 / 7)
    assert row.assignments == all_


@pytest.mark.parametrize(("least", "reached", "all_"), [(3, 2, 220), (4, 1, 56), (5, 1, 4)])
def test_what_works_clearinghouse_reversal(least, reached, all_):
    row = row_of(study_of(order_of(6, 5, 5, 5), WWC, "decrease"), Scheme("phase-starts", min_phase=least))
    assert row.p == pytest.approx(reached / all_, abs=1e-15)
    assert row.statistic == pytest.approx(-12.15)


@needs_peers
def test_scan_example_ab_three_cases_p_is_48_in_1331():
    path = REFERENCE / "data" / "scan_exampleAB.csv"
    study = open_series(path, name="exampleAB", improvement="increase").study
    found = randomization_test(study, stated=Scheme("marascuilo-busk", min_phase=5))
    (row,), (distribution,) = found.rows, found.distributions
    assert (row.case, row.p, row.assignments) == (None, pytest.approx(48 / 1331, abs=1e-15), 1331)
    assert row.statistic == pytest.approx(20.5556, abs=5e-5)
    assert distribution.mean() == pytest.approx(18.6089, abs=5e-5)
    assert distribution.std(ddof=1) == pytest.approx(1.1248, abs=5e-5)


def test_ferron_and_colleagues_the_order_of_four_cases_found_at_the_first_try_is_1_in_24():
    starts = (4, 6, 8, 10)
    orders = [order_of(s - 1, 13 - s) for s in starts]
    values = [[0.0] * (s - 1) + [5.0] * (13 - s) for s in starts]
    row = row_of(staircase_of(orders, values), Scheme("wampold-worsham", min_phase=3))
    assert (row.p, row.smallest_p) == (1 / 24, 1 / 24)


@pytest.mark.parametrize(("cases", "points", "count"), [(3, 3, 162), (4, 2, 384), (4, 3, 1944)])
def test_koehler_levin_1998_counts(cases, points, count):
    windows = [(4 + points * i, 3 + points * (i + 1)) for i in range(cases)]
    drawn = draw_koehler_levin(windows=windows, sessions=30, min_phase=3, seed=1, drawn_at=NOW)
    assert drawn.admissible == count == factorial(cases) * points**cases
    orders = [order_of(first - 1, 31 - first) for first, _ in windows]
    courses = tuple(Course(str(i), tuple(range(1, 31)), o) for i, o in enumerate(orders))
    found = reference_set(Scheme("koehler-levin", windows=tuple(windows)), courses)
    assert (found.size, len(found.choice), len(np.unique(found.choice, axis=0))) == (count, count, count)


@pytest.mark.parametrize(("cases", "count"), [(3, 6), (4, 24), (5, 120)])
def test_wampold_worsham_1986_counts(cases, count):
    starts = [4 + 2 * i for i in range(cases)]
    assert draw_wampold_worsham(starts=starts, sessions=30, min_phase=3, seed=1, drawn_at=NOW).admissible == count


def test_marascuilo_busk_1988_counts_the_product_of_the_start_points():
    assert draw_marascuilo_busk(cases=3, sessions=12, min_phase=5, seed=1, drawn_at=NOW).admissible == 27


@pytest.mark.parametrize(
    ("sessions", "count"), [(8, 34), (10, 84), (12, 208), (14, 518), (16, 1296), (18, 3254), (20, 8196)]
)
def test_alternating_with_at_most_two_in_a_row_counts(sessions, count):
    drawn = draw_alternating(sessions=sessions, max_consecutive=2, seed=1, drawn_at=NOW)
    assert drawn.admissible == count


# --- other packages ------------------------------------------------------------------------------------------------


def _of_scrt(args) -> Scheme:
    match args["design"]:
        case "AB" | "ABA" | "ABAB":
            return Scheme("phase-starts", min_phase=args["limit"])
        case "CRD":
            return Scheme("alternating")
        case "ATD":
            return Scheme("alternating", max_consecutive=args["limit"])
        case "RBD":
            return Scheme("blocks")
        case "MBD":
            return Scheme("koehler-levin", starts=tuple(map(tuple, args["start_points"])))
    raise AssertionError(f"no scheme for {args['design']}")


@needs_peers
def test_scrt_exhaustive_p_values():
    # All are met, none needs explaining: 66 of 66.
    met = 0
    for record in records("scrt_randomisation.json", "pvalue.systematic"):
        args, result = record["args"], record["result"]
        series = result["data"] if isinstance(result["data"], list) else [result["data"]]
        improvement = "decrease" if args["statistic"] in ("A-B", "PA-PB") else "increase"
        orders = ["".join(label[0] for label in one["labels"]) for one in series]
        found = randomization_test(
            staircase_of(orders, [one["values"] for one in series], improvement)
            if args["design"] == "MBD"
            else study_of(orders[0], series[0]["values"], improvement),
            hypothetical=_of_scrt(args),
            statistic="phase-means" if "P" in args["statistic"] else "pooled-means",
            two_sided="|" in args["statistic"],
        )
        (row,), (distribution,) = found.rows, found.distributions
        toward = -row.statistic if improvement == "decrease" else row.statistic
        assert row.p == pytest.approx(result["p_value"], abs=1e-12), record
        assert row.assignments == result["n_assignments"]
        assert (abs(toward) if found.two_sided else toward) == pytest.approx(result["observed"], abs=1e-9)
        if listed := result.get("distribution_sorted"):
            ours = np.abs(distribution) if found.two_sided else distribution * (1 if improvement == "increase" else -1)
            np.testing.assert_allclose(np.sort(ours), listed, atol=1e-9)
        met += 1
    assert met == 66


@needs_peers
def test_scrt_numbers_of_assignments():
    compared = 0
    for record in records("scrt_randomisation.json", "quantity"):
        args, sessions = record["args"], record["args"]["MT"]
        scheme = _of_scrt(args | {"start_points": ()})
        half = "AB" * (sessions // 2)
        if args["design"] in ("AB", "ABA", "ABAB"):
            phases, least = len(args["design"]), args["limit"]
            order = order_of(*[least] * (phases - 1), sessions - least * (phases - 1))
        else:
            order = half
        found = reference_set(scheme, (Course("K", tuple(range(1, sessions + 1)), order),))
        assert (found.size, len(found.choice)) == (record["result"],) * 2, record
        compared += 1
    assert compared == 37


def hedges(values: np.ndarray, treated: np.ndarray) -> float:
    a, b = values[~treated], values[treated]
    n = len(values)
    pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (n - 2))
    return (b.mean() - a.mean()) / pooled * ((n - 3) / (n - 2.25) * np.sqrt((n - 2) / n))


def welch(values: np.ndarray, treated: np.ndarray) -> float:
    a, b = values[~treated], values[treated]
    return (b.mean() - a.mean()) / np.sqrt(a.var(ddof=1) / len(a) + b.var(ddof=1) / len(b))


def minus_wilcoxon(values: np.ndarray, treated: np.ndarray) -> float:
    a, b = values[~treated], values[treated]
    return -float(((np.sign(a[:, None] - b) + 1) / 2).sum())


_SCAN = {
    "Mean B-A": "phase-means",
    "Mean A-B": "phase-means",
    "Mean |A-B|": "phase-means",
    "Median B-A": "medians",
    "Median A-B": "medians",
    "Median |A-B|": "medians",
    "NAP": "nap",
    "NAP decreasing": "nap",
    "Slope B-A": "slope",
    "SMD hedges": hedges,
    "T-test": welch,
    "W-test": minus_wilcoxon,
}


def _explained(name: str, study: Study, cases, scheme: Scheme, found) -> str:
    """Why a result may differ from scan's, by rule; empty where it may not."""
    if found is None:
        return "observed start outside its own admissible set: scan answers 0 or 1, scd refuses"
    if name == "SMD hedges" and (found.rows[0].statistic < 0 or found.distributions[0].min() < 0):
        return "scan squares the difference: its sign is lost (defect c)"
    if name == "Slope B-A" and any(np.ptp(np.diff([s.number for s in c.sessions])) for c in cases):
        return "scan takes the row for the time, scd the session number"
    if name == "Mean |A-B|" and scheme.joint:
        signs = {np.sign(randomization_test(_alone(study, c), hypothetical=_single(scheme)).distributions[0]).min()
                 for c in cases}  # fmt: skip
        if min(signs) < 0:
            return "scan averages each case's absolute difference: opposite effects add"
    return ""


def _alone(study: Study, case: Case) -> Study:
    return study.replace(design="reversal", across=None, cases=(case,))


def _single(scheme: Scheme) -> Scheme:
    return Scheme("phase-starts", min_phase=scheme.min_phase)


@needs_peers
def test_scan_rand_test():
    tally = {"matched": 0, "explained": 0}
    opened: dict[tuple[str, str], Study] = {}
    for record in records("scan_*.json", "rand_test"):
        args, result, dataset = record["args"], record["result"], record["dataset"]
        name, joint = args["statistic"], bool(args.get("all_cases"))
        improvement = "decrease" if name in ("Mean A-B", "Median A-B", "NAP decreasing") else "increase"
        if (dataset, improvement) not in opened:
            path = REFERENCE / "data" / f"{dataset}.csv"
            opened[dataset, improvement] = open_series(path, name=dataset, improvement=improvement).study
        study = opened[dataset, improvement]
        if not joint:
            study = _alone(study, study.case(record["case"]))
        scheme = Scheme("marascuilo-busk" if joint else "phase-starts", min_phase=args["limit"])
        try:
            found = randomization_test(
                study, hypothetical=scheme, statistic=_SCAN[name], two_sided="|" in name, ci_prob=0.9999
            )
        except StudyError as error:
            found = None if "outside its own admissible set" in error.message else error
        assert not isinstance(found, StudyError), found
        if found is not None:
            row = found.rows[0]
            ours = {"decrease": -1, "increase": 1}[improvement] * row.statistic
            ours = {"NAP": 100 * row.statistic, "W-test": -row.statistic}.get(name, abs(ours) if "|" in name else ours)
            same = row.p == pytest.approx(result["p.value"], abs=1e-8) and row.assignments == result["number"]
            if same and ours == pytest.approx(result["observed.statistic"], abs=1e-8):
                tally["matched"] += 1
                continue
        assert _explained(name, study, study.cases, scheme, found), record
        tally["explained"] += 1
    assert tally == {"matched": 792, "explained": 44}


# --- scan's defects, and what is right -----------------------------------------------------------------------------


def test_defect_a_monte_carlo_counts_the_observed_assignment_so_p_is_never_0():
    # 44 sessions of ABABAB: none of the other assignments comes near the observed effect.
    order = order_of(8, 7, 7, 8, 7, 7)
    values = np.random.default_rng(4).normal(size=44) + [100 * (letter == "B") for letter in order]
    assert comb(44 - 18 + 5, 5) == 169_911
    (exact,) = randomization_test(study_of(order, values), stated=Scheme("phase-starts", min_phase=3)).rows
    assert (exact.p, exact.exact) == (1 / 169_911, True)
    found = randomization_test(study_of(order, values), stated=Scheme("phase-starts", min_phase=2))
    (row,) = found.rows
    assert (row.p, row.exact, row.assignments, row.smallest_p) == (1e-4, False, 10_000, 1e-4)
    assert "Monte Carlo, since 435,897 assignments are too many to go through; 9,999 were drawn" in found.warnings[0]


def test_defect_b_slope_looks_the_way_of_improvement():
    # B rises, A is flat: for a decrease the test looks at the other tail.
    values = [5, 5, 6, 5, 5, 6, 7, 8, 9, 10, 11, 12]
    up, down = (
        row_of(study_of(order_of(5, 7), values, improvement), Scheme("phase-starts", min_phase=3), statistic="slope")
        for improvement in ("increase", "decrease")
    )
    assert up.statistic == down.statistic > 0
    assert down.p > 0.5 > up.p
    n = up.assignments
    assert up.p + down.p == pytest.approx((n + 1) / n)  # no ties but with itself


def test_defect_c_opposite_effects_of_two_cases_cancel():
    orders = [order_of(5, 5)] * 2
    values = [[1, 2, 1, 2, 1, 8, 9, 8, 9, 8], [9, 8, 9, 8, 9, 2, 1, 2, 1, 2]]
    study = staircase_of(orders, values)
    scheme = Scheme("marascuilo-busk", min_phase=3)
    for statistic in ("phase-means", hedges):
        row = row_of(study, scheme, statistic=statistic)
        assert abs(row.statistic) < 1e-9
        assert row.p > 0.4


def test_defect_d_missed_sessions_keep_their_place_and_assignments_move_over_them():
    # De, Michiels, Tanious and Onghena (2020): nine starts, not the seven that are left when two sessions are dropped.
    values = [3, 2, None, 3, 2, 3, 7, None, 8, 7, 8, 7]
    study = study_of(order_of(6, 6), values)
    found = randomization_test(study, hypothetical=Scheme("phase-starts", min_phase=2))
    expected = []
    for start in range(2, 11):
        a, b = ([v for v in part if v is not None] for part in (values[:start], values[start:]))
        expected.append(mean(b) - mean(a))
    np.testing.assert_allclose(found.distributions[0], expected)
    assert found.rows[0].p == 1 / 9
    assert "2 sessions without a value; they keep their place" in found.warnings[0]


def test_a_session_number_that_no_row_carries_is_a_missed_session():
    held = [(i, v) for i, v in enumerate([3, 2, 4, 3, 2, 3, 7, 6, 8, 7, 8, 7], 1) if i not in (3, 8)]
    numbers, values = zip(*held, strict=True)
    order = "".join("A" if n < 7 else "B" for n in numbers)
    gap = row_of(study_of(order, values, sessions=numbers), Scheme("phase-starts", min_phase=2))
    marked = [dict(held).get(i) for i in range(1, 13)]
    assert gap == row_of(study_of(order_of(6, 6), marked), Scheme("phase-starts", min_phase=2))


def test_an_assignment_without_values_in_a_phase_counts_against_the_effect():
    values = [9, None, None, 2, 6, 7, 6, 7, 6, 7]
    found = randomization_test(study_of("BAAABBBBBB", values), hypothetical=Scheme("phase-starts", min_phase=1))
    (distribution,) = found.distributions
    unknown = np.isnan(distribution)
    assert unknown.sum() == 3  # where the A phase is session 2, session 3 or both
    reached = (distribution[~unknown] >= found.rows[0].statistic - 1e-9).sum()
    assert found.rows[0].p == pytest.approx((3 + reached) / 36)
    assert any("under 3 of 36 assignments a phase or condition has too few values" in w for w in found.warnings)


def test_defect_e_a_design_that_was_not_randomised_is_refused():
    study = study_of(order_of(6, 6, 6, 6), ONGHENA, "decrease")
    with pytest.raises(StudyError, match=r"was not randomised as far as the record knows.*hypothetical") as refusal:
        randomization_test(study)
    assert refusal.value.field == "randomization"


def test_defect_e_all_phases_are_tested_not_the_first_two():
    study = study_of(order_of(6, 6, 6, 6), ONGHENA, "decrease")
    assert row_of(study, Scheme("phase-starts", min_phase=4)).assignments == 165


# --- brute force ---------------------------------------------------------------------------------------------------


def brute_statistic(name: str, values: list[float], order: str, *, alternates: bool = False) -> float:
    phases = [(letter, [values[i] for i, _ in same]) for letter, same in groupby(enumerate(order), key=lambda p: p[1])]
    a, b = ([v for letter, part in phases if letter == which for v in part] for which in "AB")
    match name:
        case "phase-means" if not alternates:
            return mean(mean(p) for x, p in phases if x == "B") - mean(mean(p) for x, p in phases if x == "A")
        case "phase-means" | "pooled-means":
            return mean(b) - mean(a)
        case "medians":
            return median(b) - median(a)
        case "nap":
            return mean((y > x) + 0.5 * (y == x) for x in a for y in b) - 0.5
        case "immediacy":
            changes = [(x[0], mean(y[1][:3]) - mean(x[1][-3:])) for x, y in pairwise(phases)]
            return mean(change if before == "A" else -change for before, change in changes)
        case "slope":
            at, slopes = 0, {"A": [], "B": []}
            for letter, part in phases:
                slopes[letter].append(np.polyfit(range(at, at + len(part)), part, 1)[0])
                at += len(part)
            return mean(slopes["B"]) - mean(slopes["A"])
    raise AssertionError(name)


def brute_orders(scheme: Scheme, order: str) -> list[str]:
    """Every order of the set, found by trying all orders there are."""
    found = []
    runs = [(letter, len(list(same))) for letter, same in groupby(order)]
    for letters in product("AB", repeat=len(order)):
        one = "".join(letters)
        own = [(letter, len(list(same))) for letter, same in groupby(one)]
        if scheme.name == "phase-starts":
            fits = [x for x, _ in own] == [x for x, _ in runs] and min(n for _, n in own) >= scheme.min_phase
        elif scheme.name == "blocks":
            blocks = [one[i : i + scheme.block_size] for i in range(0, len(one), scheme.block_size)]
            fits = all(block.count("A") == block.count("B") for block in blocks)
        else:
            fits = one.count("B") == order.count("B") and max(n for _, n in own) <= (scheme.max_consecutive or 99)
        if fits:
            found.append(one)
    return found


def brute_p(statistics: list[float], observed: float, *, improvement: str, two_sided: bool) -> float:
    sign = 1 if improvement == "increase" else -1
    scored = [abs(t) if two_sided else sign * t for t in statistics]
    return mean(int(t >= (abs(observed) if two_sided else sign * observed) - 1e-9) for t in scored)


SINGLE = [
    (Scheme("phase-starts", min_phase=2), order_of(4, 6)),
    (Scheme("phase-starts", min_phase=2), order_of(3, 4, 4)),
    (Scheme("phase-starts", min_phase=2), order_of(3, 2, 2, 4)),
    (Scheme("phase-starts", min_phase=2), "BBBAABBAA"),
    (Scheme("alternating"), "ABBABAABB"),
    (Scheme("alternating", max_consecutive=2), "ABBABAABAB"),
    (Scheme("blocks"), "ABBABAABBA"),
    (Scheme("blocks", block_size=4), "ABBABAAB"),
]


@pytest.mark.parametrize("statistic", ["phase-means", "pooled-means", "medians", "immediacy", "slope", "nap"])
@pytest.mark.parametrize(("scheme", "order"), SINGLE, ids=lambda v: v if isinstance(v, str) else v.name)
@pytest.mark.parametrize(("improvement", "two_sided"), [("increase", False), ("decrease", False), ("increase", True)])
def test_one_case_is_what_brute_force_finds(scheme, order, statistic, improvement, two_sided):
    if scheme.alternates and statistic in ("immediacy", "slope"):
        with pytest.raises(StudyError, match="alternating treatments have none"):
            row_of(study_of(order, range(len(order))), scheme, statistic=statistic)
        return
    values = np.random.default_rng(len(order)).integers(0, 8, len(order)).tolist()
    found = randomization_test(
        study_of(order, values, improvement), hypothetical=scheme, statistic=statistic, two_sided=two_sided
    )
    all_ = [
        brute_statistic(statistic, values, one, alternates=scheme.alternates) for one in brute_orders(scheme, order)
    ]
    np.testing.assert_allclose(np.sort(found.distributions[0]), np.sort(all_), atol=1e-12)
    observed = brute_statistic(statistic, values, order, alternates=scheme.alternates)
    p = brute_p(all_, observed, improvement=improvement, two_sided=two_sided)
    assert found.rows[0].p == pytest.approx(p, abs=1e-12)


STARTS = (4, 6, 7)
WINDOWS = ((3, 4), (5, 7), (7, 8))


def brute_starts(name: str) -> list[tuple[int, ...]]:
    ranges = [range(a, b + 1) for a, b in WINDOWS]
    match name:
        case "marascuilo-busk":
            return list(product(*ranges))
        case "wampold-worsham":
            return list(permutations(STARTS))
        case "koehler-levin":
            return [s for deal in permutations(ranges) for s in product(*deal)]
    raise AssertionError(name)


@pytest.mark.parametrize("name", ["marascuilo-busk", "wampold-worsham", "koehler-levin"])
@pytest.mark.parametrize("statistic", ["phase-means", "medians", "immediacy", "nap"])
def test_a_multiple_baseline_is_what_brute_force_finds(name, statistic):
    rng = np.random.default_rng(8)
    lengths = (10, 11, 12)
    values = [rng.integers(0, 8, n).tolist() for n in lengths]
    orders = [order_of(s - 1, n - s + 1) for s, n in zip(STARTS, lengths, strict=True)]
    scheme = Scheme(name, min_phase=2, windows=() if name == "wampold-worsham" else WINDOWS)
    found = randomization_test(staircase_of(orders, values), stated=scheme, statistic=statistic)
    combine = median if statistic == "medians" else mean

    def joint(starts: tuple[int, ...]) -> float:
        each = zip(values, starts, strict=True)
        return combine(brute_statistic(statistic, v, order_of(s - 1, len(v) - s + 1)) for v, s in each)

    all_ = [joint(starts) for starts in brute_starts(name)]
    np.testing.assert_allclose(np.sort(found.distributions[0]), np.sort(all_), atol=1e-12)
    p = brute_p(all_, joint(STARTS), improvement="increase", two_sided=False)
    assert (found.rows[0].p, found.rows[0].case) == (pytest.approx(p, abs=1e-12), None)


def test_windows_may_be_listed_point_by_point_as_scrt_lists_them():
    orders = [order_of(4, 8), order_of(6, 6)]
    values = [[1, 2, 1, 2, 6, 7, 6, 5, 6, 7, 6, 7], [2, 1, 2, 1, 2, 1, 6, 7, 6, 7, 5, 6]]
    found = randomization_test(staircase_of(orders, values), stated=Scheme("koehler-levin", starts=((3, 5, 9), (7, 8))))
    assert found.rows[0].assignments == 2 * 3 * 2


def test_a_custom_list_is_the_whole_reference_set():
    listed = ("AABBAB", "ABABAB", "ABBABA", "BABAAB")
    values = [1, 2, 5, 6, 2, 7]
    found = randomization_test(
        study_of("AABBAB", values), stated=Scheme("custom", assignments=tuple((o,) for o in listed))
    )
    expected = [brute_statistic("phase-means", values, order) for order in listed]
    np.testing.assert_allclose(found.distributions[0], expected)
    assert (found.rows[0].case, found.rows[0].p) == ("K7M2QX", 1 / 4)
    with pytest.raises(StudyError, match="the observed assignment, BBAABA, is not among the 4 listed"):
        row_of(study_of("BBAABA", values), Scheme("custom", assignments=tuple((o,) for o in listed)))


def test_a_custom_list_for_several_cases_is_one_draw():
    listed = (("AABBBB", "AAAABB"), ("AAAABB", "AABBBB"), ("AAABBB", "AAABBB"))
    values = [[1, 1, 5, 5, 5, 5], [1, 1, 1, 1, 5, 5]]
    row = row_of(staircase_of(listed[0], values), Scheme("custom", assignments=listed))
    assert (row.case, row.p, row.assignments, row.statistic) == (None, 1 / 3, 3, 4.0)


def test_a_users_function_gets_values_and_treated_sessions():
    def trimmed(values: np.ndarray, treated: np.ndarray) -> float:
        b, a = np.sort(values[treated]), np.sort(values[~treated])
        return b[1:-1].mean() - a[1:-1].mean()

    values = [3, 2, 4, 3, 2, 3, 7, 6, 8, 7, 20, 7]
    found = randomization_test(
        study_of(order_of(6, 6), values), hypothetical=Scheme("phase-starts", min_phase=3), statistic=trimmed
    )
    expected = [mean(sorted(values[s:])[1:-1]) - mean(sorted(values[:s])[1:-1]) for s in range(3, 10)]
    np.testing.assert_allclose(found.distributions[0], expected)
    assert found.statistic == "custom"


# --- rounding ------------------------------------------------------------------------------------------------------


def test_statistics_that_differ_by_rounding_alone_are_ties():
    # In tenths the order of the same numbers changes the last digit of their mean; in whole numbers it can't.
    order = "ABBABAABBAAB"
    whole = [1, 7, 3, 2, 6, 1, 3, 7, 2, 3, 1, 6]
    tenths = [v / 10 for v in whole]
    for scheme in (Scheme("alternating"), Scheme("alternating", max_consecutive=2), Scheme("blocks")):
        for statistic in ("phase-means", "medians", "nap"):
            p = {
                row_of(study_of(order, values), scheme, statistic=statistic).p
                for values in (whole, tenths, [v / 3 + 1e6 for v in whole], [v * 1e-9 for v in whole])
            }
            assert len(p) == 1
    treated = masks(reference_set(Scheme("alternating"), (Course("K", tuple(range(12)), order),)).schedules[0])
    plain = np.array([mean([v for v, t in zip(tenths, row, strict=True) if t]) for row in treated[:924]])
    assert len(np.unique(np.round(plain, 9))) < len(np.unique(plain))  # there are such ties here


# --- Hypothesis ----------------------------------------------------------------------------------------------------

NAMES = ["phase-means", "pooled-means", "medians", "immediacy", "nap"]
LINEAR_NAMES = ["phase-means", "pooled-means", "immediacy"]


@st.composite
def problems(draw, names=NAMES):
    scheme, order = draw(st.sampled_from(SINGLE))
    names = [n for n in names if not (scheme.alternates and n == "immediacy")]
    values = draw(st.lists(st.integers(-20, 20), min_size=len(order), max_size=len(order)))
    return scheme, order, values, draw(st.sampled_from(names)), draw(st.booleans())


@given(problems(), st.integers(-1000, 1000), st.sampled_from([0.001, 0.3, 7.0, 1e5]))
@settings(max_examples=60, deadline=None)
def test_p_is_a_share_that_shift_scale_and_mirror_leave_alone(problem, shift, factor):
    scheme, order, values, statistic, two_sided = problem
    how = {"statistic": statistic, "two_sided": two_sided}
    row = row_of(study_of(order, values), scheme, **how)
    assert 0 < row.smallest_p <= row.p <= 1
    assert row_of(study_of(order, [v * factor + shift for v in values]), scheme, **how).p == row.p
    mirrored = row_of(study_of(order, [-v for v in values], "decrease"), scheme, **how)
    assert mirrored.p == row.p
    if None not in (row.lower, mirrored.upper):
        assert mirrored.upper == pytest.approx(-row.lower, abs=1e-6)


@given(problems(names=LINEAR_NAMES), st.integers(-400, 400), st.sampled_from([0.5, 0.8, 0.9]))
@settings(max_examples=120, deadline=None)
def test_the_interval_holds_exactly_the_effects_that_are_not_rejected(problem, effect, ci_prob):
    scheme, order, values, statistic, two_sided = problem
    effect = effect / 16 + 1 / 97
    how = {"statistic": statistic, "two_sided": two_sided, "ci_prob": ci_prob}
    row = row_of(study_of(order, values), scheme, **how)
    lower = -np.inf if row.lower is None else row.lower
    upper = np.inf if row.upper is None else row.upper
    assume(min(abs(effect - lower), abs(effect - upper)) > 1e-6)
    without = [v - effect * (letter == "B") for v, letter in zip(values, order, strict=True)]
    rejected = row_of(study_of(order, without), scheme, **how).p <= 1 - ci_prob + 1e-12
    assert rejected != (lower < effect < upper)


@given(problems(names=["medians"]), st.integers(-400, 400))
@settings(max_examples=40, deadline=None)
def test_the_interval_of_medians_is_found_by_halving(problem, effect):
    scheme, order, values, statistic, two_sided = problem
    assume(len(set(values)) > 1)
    effect = effect / 16 + 1 / 97
    how = {"statistic": statistic, "two_sided": two_sided, "ci_prob": 0.8}
    row = row_of(study_of(order, values), scheme, **how)
    lower = -np.inf if row.lower is None else row.lower
    upper = np.inf if row.upper is None else row.upper
    assume(min(abs(effect - lower), abs(effect - upper)) > 1e-6)
    without = [v - effect * (letter == "B") for v, letter in zip(values, order, strict=True)]
    rejected = row_of(study_of(order, without), scheme, **how).p <= 0.2 + 1e-12
    assert rejected != (lower < effect < upper)


# --- intervals -----------------------------------------------------------------------------------------------------


def test_an_interval_of_paired_blocks_by_hand():
    # Four blocks with differences 1, 2, 3, 4 and 16 assignments. An effect d is rejected, two-sided at .15, when only
    # the observed signs and their mirror image reach it: every difference must lie on one side of d.
    values = [0, 1, 0, 2, 0, 3, 0, 4]
    row = row_of(study_of("AB" * 4, values), Scheme("blocks"), two_sided=True, ci_prob=0.85)
    assert (row.lower, row.upper) == (pytest.approx(1), pytest.approx(4))
    one_sided = row_of(study_of("AB" * 4, values), Scheme("blocks"), ci_prob=0.9)
    assert (one_sided.lower, one_sided.upper) == (pytest.approx(1), None)


def test_a_one_sided_interval_ends_on_the_side_of_the_claim():
    study = study_of("AB" * 7, [3, 1] * 7, "decrease")
    row = row_of(study, Scheme("blocks"))
    assert row.lower is None
    assert row.upper == pytest.approx(-2)


def test_a_set_too_small_to_leave_anything_out_has_no_interval_and_says_so():
    found = randomization_test(
        study_of(order_of(5, 7), range(12)), hypothetical=Scheme("phase-starts", min_phase=3), two_sided=True
    )
    assert (found.rows[0].lower, found.rows[0].upper) == (None, None)
    assert any("7 assignments can't leave any effect out at 95%" in w for w in found.warnings)


def test_the_interval_of_a_slope_is_a_change_of_slope():
    # B rises by exactly 2 a session from its start on: that effect taken out, all sessions are alike.
    order = order_of(8, 12)
    noise = np.random.default_rng(3).normal(size=20)
    values = [noise[i] + 2 * max(0, i - 8) for i in range(20)]
    row = row_of(study_of(order, values), Scheme("phase-starts", min_phase=3), statistic="slope", ci_prob=0.8)
    assert row.lower < 2


def test_a_users_function_and_nap_have_intervals_too():
    rng = np.random.default_rng(2)
    order = "ABBABAABABBA"
    values = [v + 4 * (letter == "B") for v, letter in zip(rng.normal(size=12), order, strict=True)]
    plain = row_of(study_of(order, values), Scheme("alternating"), two_sided=True)
    own = row_of(
        study_of(order, values),
        Scheme("alternating"),
        two_sided=True,
        statistic=lambda v, t: v[t].mean() - v[~t].mean(),
    )
    assert own.p == plain.p
    assert own.lower == pytest.approx(plain.lower, abs=1e-6)
    assert own.upper == pytest.approx(plain.upper, abs=1e-6)
    nap = row_of(study_of(order, values), Scheme("alternating"), two_sided=True, statistic="nap")
    assert nap.statistic == 1.0
    # The Mann-Whitney interval: ends are differences of two values.
    differences = [b - a for a, x in zip(values, order, strict=True) if x == "A"
                   for b, y in zip(values, order, strict=True) if y == "B"]  # fmt: skip
    for end in (nap.lower, nap.upper):
        assert min(abs(end - d) for d in differences) < 1e-6


def test_a_function_that_does_not_follow_an_effect_has_no_interval():
    found = randomization_test(
        study_of("ABBABAABABBA", range(1, 13)),
        hypothetical=Scheme("alternating"),
        two_sided=True,
        statistic=lambda v, t: float(v[0]),
    )
    assert found.rows[0].p == 1
    assert any("does not follow an effect" in w for w in found.warnings)


@given(st.lists(st.integers(-9, 9), min_size=12, max_size=30), st.integers(1, 6), st.booleans())
@settings(max_examples=80, deadline=None)
def test_stretches_of_any_pattern_are_those_that_trying_effects_finds(numbers, need, two_sided):
    # Patterns beyond 1 and -1 too, as the slope's may be: then an assignment may hold in two stretches.
    half = len(numbers) // 2
    statistics = np.array(numbers[:half], dtype=float)
    patterns = np.array(numbers[half : 2 * half]) / 4
    patterns[0] = 1.0
    lower, upper = linear_interval(
        statistics, patterns, observed=0, direction=0 if two_sided else 1, need=need, tolerance=1e-9
    )

    def held(tried: np.ndarray) -> np.ndarray:
        shifted, observed = statistics[:, None] - patterns[:, None] * tried, statistics[0] - tried
        if two_sided:
            return (np.abs(shifted) >= np.abs(observed) - 1e-9).sum(axis=0) >= need
        return (shifted >= observed - 1e-9).sum(axis=0) >= need

    if need == 1:
        assert (lower, upper) == (None, None)
        return
    tried = np.linspace(-1000, 1000, 16_001)
    inside = tried[held(tried)]
    if len(inside):
        assert inside[0] <= -1000 if lower is None else lower <= inside[0] + 1e-9
        assert inside[-1] >= 1000 if upper is None else upper >= inside[-1] - 1e-9
    ends = [end for end in (lower, upper) if end is not None]
    assert held(np.array(ends)).all()  # an end is in the interval, though it may be a point by itself


# --- the record decides --------------------------------------------------------------------------------------------


def recorded(draw: Randomization, values, improvement: str = "increase", **changes) -> Study:
    phases = "AB" * 20
    study = reversal(
        measures=[measure(improvement)], phases=phases[: len(draw.starts[0]) + 1], randomization=draw, code="K7M2QX"
    )
    rows = [Session(number=n, values=(Value(measure="y", value=float(v)),)) for n, v in enumerate(values, 1)]
    return study.with_case(study.cases[0].record(*rows)).replace(**changes)


def onghena_draw() -> Randomization:
    return Randomization(
        scheme="phase-starts", min_phase=4, sessions=24, admissible=165, seed=1, starts=((7, 13, 19),), drawn_at=NOW
    )


def test_the_stored_draw_decides_the_reference_set():
    found = randomization_test(recorded(onghena_draw(), ONGHENA, "decrease"))
    assert (found.basis, found.rows[0].p) == ("record", pytest.approx(4 / 165))
    assert found.text[0].startswith("Reference set: the draw of 2026-03-02 that the study's record holds")
    # The seed of a draw made elsewhere does not repeat it, which is worth a word and no refusal.
    assert any("can't be repeated" in warning for warning in found.warnings)


def test_a_draw_that_its_seed_repeats_needs_no_word():
    draw = draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=7, drawn_at=NOW)
    assert randomization_test(recorded(draw, ONGHENA, "decrease")).warnings == ()


def test_a_schedule_that_departed_from_its_draw_is_refused():
    study = recorded(onghena_draw(), ONGHENA, "decrease")
    moved = study.with_case(study.cases[0].start_phase("B1", session=8, reason="ill"))
    with pytest.raises(
        StudyError, match="'B1': was drawn for session 7 and started at session 8; the schedule departed"
    ):
        randomization_test(moved)
    found = randomization_test(moved, hypothetical=Scheme("phase-starts", min_phase=4))
    assert found.basis == "hypothetical"
    assert found.text[0].startswith("Hypothetical reference set")


def test_a_plan_that_was_changed_after_the_draw_is_refused():
    study = recorded(onghena_draw(), ONGHENA, "decrease")
    phases = list(study.cases[0].phases)
    phases[1] = Phase(label="B1", planned_start=8, actual_start=8)
    with pytest.raises(StudyError, match="is planned for session 8, and the draw gave session 7; the plan was changed"):
        randomization_test(study.with_case(study.cases[0].replace(phases=tuple(phases))))


@pytest.mark.parametrize("change", [{"starts": ((4, 13, 19),)}, {"admissible": 166}, {"min_phase": 7}])
def test_a_draw_outside_its_own_set_is_refused(change):
    study = recorded(onghena_draw(), ONGHENA, "decrease")
    with pytest.raises(StudyError, match="the stored draw lies outside the set that it states, or its count is wrong"):
        randomization_test(study.replace(randomization=study.randomization.replace(**change)))


def test_a_study_under_way_is_refused():
    study = recorded(onghena_draw(), ONGHENA[:15], "decrease")
    with pytest.raises(StudyError, match=r"'B2': has not begun .*test when the study is complete"):
        randomization_test(study)


def test_sessions_that_the_record_lacks_count_as_missed():
    found = randomization_test(recorded(onghena_draw(), ONGHENA[:22], "decrease"))
    assert found.rows[0].assignments == 165
    assert any("2 sessions without a value" in warning for warning in found.warnings)


def test_sessions_after_the_draw_are_left_out():
    found = randomization_test(recorded(onghena_draw(), [*ONGHENA, 9, 9], "decrease"))
    assert found.rows[0].p == pytest.approx(4 / 165)
    assert any("2 sessions after session 24" in warning for warning in found.warnings)


def test_a_stored_draw_is_not_overruled_by_a_statement():
    study = recorded(onghena_draw(), ONGHENA, "decrease")
    with pytest.raises(StudyError, match="has a stored draw, which decides the reference set"):
        randomization_test(study, stated=Scheme("phase-starts", min_phase=3))


@pytest.mark.parametrize(
    "draw",
    [
        draw_start_windows(windows=[(4, 6), (7, 9), (10, 12)], sessions=15, min_phase=3, seed=3, drawn_at=NOW),
        draw_marascuilo_busk(cases=3, sessions=15, min_phase=4, seed=3, drawn_at=NOW),
        draw_marascuilo_busk(cases=3, sessions=15, min_phase=3, windows=[(4, 8)] * 3, seed=3, drawn_at=NOW),
        draw_wampold_worsham(starts=[5, 8, 11], sessions=15, min_phase=4, seed=3, drawn_at=NOW),
        draw_koehler_levin(windows=[(4, 6), (6, 8), (9, 11)], sessions=15, min_phase=3, seed=3, drawn_at=NOW),
    ],
    ids=lambda draw: draw.scheme,
)
def test_a_drawn_multiple_baseline_is_tested_by_its_record(draw):
    study = multiple_baseline(
        measures=[measure()],
        cases=["one", "two", "three"],
        across="clients",
        starts=None,
        sessions=15,
        randomization=draw,
    )
    rng = np.random.default_rng(5)
    for case in study.cases:
        start = case.phases[1].planned_start
        rows = [
            Session(number=n, values=(Value(measure="y", value=float(rng.normal() + 5 * (n >= start))),))
            for n in range(1, 16)
        ]
        study = study.with_case(case.record(*rows))
    (row,) = randomization_test(study).rows
    assert (row.case, row.assignments) == (None, draw.admissible)
    # Each case's own start has the largest difference, so only draws that give the same starts reach the statistic.
    assert row.p <= 6 / draw.admissible


@pytest.mark.parametrize(
    "draw",
    [
        draw_alternating(sessions=12, seed=3, drawn_at=NOW),
        draw_alternating(sessions=12, max_consecutive=2, seed=4, drawn_at=NOW),
        draw_blocks(sessions=12, seed=5, drawn_at=NOW),
        draw_blocks(sessions=12, block_size=4, seed=6, drawn_at=NOW),
        draw_custom(assignments=["ABABABABABAB", "BABABABABABA", "ABBAABBAABBA"], seed=1, drawn_at=NOW),
    ],
    ids=lambda draw: draw.scheme,
)
def test_drawn_alternating_treatments_are_tested_by_their_record(draw):
    study = alternating_treatments(measures=[measure()], randomization=draw, code="K7M2QX")
    rows = [
        Session(number=n, values=(Value(measure="y", value=n / 10 + 5 * (letter == "B")),))
        for n, letter in enumerate(draw.orders[0], 1)
    ]
    study = study.with_case(study.cases[0].record(*rows))
    (row,) = randomization_test(study).rows
    assert (row.case, row.p, row.assignments) == ("K7M2QX", 1 / draw.admissible, draw.admissible)
    assert randomization_test(Study.from_json(study.to_json())).rows[0] == row


def test_the_same_schedule_drawn_in_several_ways_is_counted_in_the_smallest_p():
    # Two cases with the same two fixed starts, one of them twice: the three cases' order has only three schedules.
    orders = [order_of(4, 8), order_of(4, 8), order_of(6, 6)]
    row = row_of(staircase_of(orders, [[0] * 4 + [5] * 8] * 2 + [[0] * 6 + [5] * 6]), Scheme("wampold-worsham"))
    assert (row.assignments, row.p, row.smallest_p) == (6, 2 / 6, 2 / 6)


def test_mirror_images_are_counted_in_the_smallest_two_sided_p():
    study = study_of("AB" * 4, [0, 5] * 4)
    assert row_of(study, Scheme("blocks"), two_sided=True).p == 2 / 16
    assert row_of(study, Scheme("blocks"), two_sided=True).smallest_p == 2 / 16
    assert row_of(study, Scheme("blocks")).smallest_p == 1 / 16


# --- too many to go through ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "order"),
    [
        (Scheme("phase-starts", min_phase=3), order_of(8, 8, 8, 8, 8, 8)),
        (Scheme("alternating"), "ABBABAABABBABAABABBABAAB"),
        (Scheme("alternating", max_consecutive=3), "ABBABAABABBABAABABBABAAB"),
        (Scheme("blocks"), "ABBABAAB" * 5),
        (Scheme("blocks", block_size=4), "ABBABAAB" * 4),
    ],
    ids=lambda v: v.name if isinstance(v, Scheme) else None,
)
def test_a_sample_stands_for_a_set_too_large_to_go_through(scheme, order):
    values = np.random.default_rng(6).normal(size=len(order)) + [0.6 * (letter == "B") for letter in order]
    found = randomization_test(study_of(order, values), stated=scheme, two_sided=True)
    (row,) = found.rows
    assert (row.exact, row.assignments, row.smallest_p) == (False, 10_000, 1e-4)
    assert any("Monte Carlo" in w and "9,999 were drawn at random (seed 1)" in w for w in found.warnings)
    assert randomization_test(study_of(order, values), stated=scheme, two_sided=True).rows[0] == row
    other = randomization_test(study_of(order, values), stated=scheme, two_sided=True, seed=2).rows[0]
    assert abs(other.p - row.p) < 5 * np.sqrt(2 * row.p * (1 - row.p) / 10_000) + 1e-4
    assert row.lower < row.statistic < row.upper


@pytest.mark.parametrize("name", ["marascuilo-busk", "koehler-levin"])
def test_a_sample_of_starts_agrees_with_all_of_them(name):
    # 6 cases with 6 starts each: too many; the sample's p must lie by that of a set cut down to what can be listed.
    rng = np.random.default_rng(7)
    orders = [order_of(8 + i, 20 - i) for i in range(6)]
    values = [rng.normal(size=28) + [0.8 * (x == "B") for x in o] for o in orders]
    windows = tuple((7 + i, 14 + i) for i in range(6))
    found = randomization_test(staircase_of(orders, values), stated=Scheme(name, windows=windows))
    (row,), (distribution,) = found.rows, found.distributions
    assert not row.exact
    assert any(f"{8**6 * (720 if name == 'koehler-levin' else 1):,} assignments" in w for w in found.warnings)
    again = randomization_test(staircase_of(orders, values), stated=Scheme(name, windows=windows), draws=40_000, seed=5)
    assert abs(again.rows[0].p - row.p) < 5 * np.sqrt(row.p / 10_000) + 1e-4
    assert abs(again.distributions[0].mean() - distribution.mean()) < 5 * distribution.std() / 100


def test_fewer_draws_than_9999_are_refused():
    with pytest.raises(StudyError, match=r"the number of draws: must be at least 9999 \(got 500\)"):
        row_of(study_of(order_of(5, 5), range(10)), Scheme("phase-starts", min_phase=3), draws=500)


# --- calibration ---------------------------------------------------------------------------------------------------


def test_false_alarms_are_as_rare_as_p_says_and_intervals_hold_the_effect():
    # A drawn ABAB of 14 sessions (10 schedules) on a strongly autocorrelated series without an effect of its own.
    rng = np.random.default_rng(11)
    scheme, repeats, truth = Scheme("phase-starts", min_phase=3), 1_500, 1.7
    p, held = np.empty(repeats), 0
    for i in range(repeats):
        noise = rng.normal(size=14)
        for t in range(1, 14):
            noise[t] += 0.6 * noise[t - 1]
        draw = draw_phase_starts(sessions=14, phases=4, min_phase=3, seed=i, drawn_at=NOW)
        course = Course("K", tuple(range(1, 15)), draw.orders[0])
        treated = np.array([x == "B" for x in course.order])
        reference = reference_set(scheme, (course,))
        p[i] = answer([Assigned(course, noise)], reference, Question("phase-means", direction=1)).reached / 10
        shifted = Assigned(course, noise + truth * treated)
        found = answer([shifted], reference, Question("phase-means", direction=0, ci_prob=0.8))
        held += (found.lower or -np.inf) <= truth <= (found.upper or np.inf)
    for level in (0.1, 0.2, 0.5):
        assert abs(np.mean(p <= level + 1e-9) - level) < 4 * np.sqrt(level * (1 - level) / repeats)
    assert held / repeats > 0.8 - 4 * np.sqrt(0.16 / repeats)


# --- refusals ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "order", "words"),
    [
        (Scheme("phase-starts", min_phase=5), order_of(4, 8), "'A1': has 4 sessions, and the scheme gives every phase"),
        (Scheme("phase-starts", min_phase=2), "A" * 8, "has only condition A; a randomisation test needs two"),
        (Scheme("alternating", max_consecutive=2), "ABBBAABA", "has 3 sessions in a row under one condition"),
        (Scheme("alternating"), "A" * 8, "has only condition A"),
        (Scheme("blocks"), "AABBABAB", "sessions 1 to 2: have the order AA, and the scheme gives a block of 2"),
        (Scheme("blocks"), "ABBAB", "5 sessions don't fill blocks of 2; plan a multiple of 2"),
        (Scheme("custom", assignments=(("AABB",),)), "AABBA", "lists orders of 4 sessions, and the cases have 5"),
    ],
)
def test_an_observed_schedule_outside_its_own_set_is_refused(scheme, order, words):
    with pytest.raises(StudyError, match=words):
        row_of(study_of(order, range(len(order))), scheme)


@pytest.mark.parametrize(
    ("scheme", "words"),
    [
        (Scheme("marascuilo-busk", min_phase=6), "case 'case 0', phase 'A1': has 4 sessions"),
        (
            Scheme("marascuilo-busk", windows=((5, 6), (5, 6))),
            "'case 1', phase 'B1': starts at session 7, which is not",
        ),
        (Scheme("marascuilo-busk", windows=((5, 6),)), "needs one start window for each of the 2 cases \\(got 1\\)"),
        (Scheme("koehler-levin", windows=((5, 6), (5, 6))), "no way to give each case one of the windows"),
        (Scheme("koehler-levin", min_phase=4, windows=((3, 6), (7, 8))), "a start at session 3 leaves 2 baseline"),
        (Scheme("wampold-worsham", min_phase=7), "a start at session 5 leaves 4 baseline sessions of 12"),
    ],
)
def test_starts_outside_their_own_set_are_refused(scheme, words):
    study = staircase_of([order_of(4, 8), order_of(6, 6)], [range(12)] * 2)
    with pytest.raises(StudyError, match=words):
        row_of(study, scheme)


def test_a_reversal_is_no_multiple_baseline():
    study = staircase_of([order_of(3, 3, 3, 3)] * 2, [range(12)] * 2)
    with pytest.raises(StudyError, match="has phases A1, B1, A2, B2, and scheme koehler-levin needs A1 and B1"):
        row_of(study, Scheme("koehler-levin", windows=((3, 5), (6, 8))))


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"name": "latin-square"}, "scheme", "must be one of phase-starts, .*custom \\(got 'latin-square'\\)"),
        ({"name": "koehler-levin"}, "windows", "needs the start windows, one for each step"),
        ({"name": "custom"}, "assignments", "needs the list of all admissible assignments"),
        ({"name": "custom", "assignments": (("AAXB",),)}, "assignments", "assignment 1: must be one order of A and B"),
        (
            {"name": "custom", "assignments": (("AB",), ("AB",))},
            "assignments",
            "assignment 2: is the same as assignment 1",
        ),
        ({"name": "custom", "assignments": (("AB",), ("ABB",))}, "assignments", "assignment 2: has other cases or"),
        ({"name": "phase-starts", "min_phase": 0}, "min_phase", "smallest phase length: must be at least 1"),
        (
            {"name": "marascuilo-busk", "windows": ((7, 5),)},
            "windows",
            "its last session must not lie before its first",
        ),
        ({"name": "alternating", "max_consecutive": 0}, "max_consecutive", "must be at least 1"),
    ],
)
def test_a_senseless_scheme_is_refused(fields, field, words):
    with pytest.raises(StudyError, match=words) as refusal:
        Scheme(**fields)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"statistic": "mean"}, "statistic: must be one of phase-means"),
        ({"ci_prob": 1.0}, "its probability must lie between 0.5 and 1"),
        ({"immediate": 0}, "must be at least 1"),
        ({"seed": -1}, "the seed: must be at least 0"),
        ({"measure": "z"}, "has no measure 'z'"),
        ({"stated": Scheme("blocks")}, "is stated and hypothetical at once"),
    ],
)
def test_a_senseless_question_is_refused(how, words):
    with pytest.raises(StudyError, match=words):
        randomization_test(
            study_of(order_of(5, 5), range(10)), **{"hypothetical": Scheme("phase-starts", min_phase=3)} | how
        )


def test_a_slope_needs_phases_of_two():
    with pytest.raises(StudyError, match="needs phases of at least 2 sessions"):
        row_of(study_of(order_of(5, 5), range(10)), Scheme("phase-starts", min_phase=1), statistic="slope")


def test_a_phase_without_values_can_not_be_tested():
    with pytest.raises(StudyError, match="can't be computed under the observed schedule"):
        row_of(study_of(order_of(3, 3, 3), [1, 2, 1, None, None, None, 2, 1, 2]), Scheme("phase-starts", min_phase=3))


def test_constant_values_reach_themselves_always():
    row = row_of(study_of(order_of(6, 6), [0.1] * 12), Scheme("phase-starts", min_phase=2))
    assert (row.p, row.statistic) == (1.0, 0.0)


def test_conditions_beyond_two_are_left_out_from_there_on():
    found = randomization_test(
        study_of("AAAABBBBCCC", [1, 2, 1, 2, 5, 6, 5, 6, 9, 9, 9]), hypothetical=Scheme("phase-starts", min_phase=2)
    )
    assert found.rows[0].assignments == 5
    assert any("the sessions from phase C1 on are left out" in w for w in found.warnings)
    with pytest.raises(StudyError, match="compares two conditions"):
        row_of(study_of("ABCABCABC", range(9)), Scheme("alternating"))


def behaviours(second: str) -> Study:
    measures = (measure(), Measure(key="z", label="Z", improvement=second))
    cases = []
    for key, start in (("y", 5), ("z", 8)):
        rows = [Session(number=n, values=(Value(measure=key, value=float(n >= start)),)) for n in range(1, 13)]
        phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=start))
        cases.append(Case(code=f"tier {key}", phases=phases, measures=(key,)).record(*rows))
    return Study(code="S", design="multiple-baseline", across="behaviours", measures=measures, cases=tuple(cases))


def test_tiers_may_have_measures_of_their_own():
    scheme = Scheme("marascuilo-busk", min_phase=3)
    found = randomization_test(behaviours("increase"), hypothetical=scheme)
    assert (found.measure, found.rows[0].statistic, found.rows[0].p) == ("Y, Z", 1.0, 1 / 49)
    with pytest.raises(StudyError, match="better higher on some cases' measures and lower on others'; name one"):
        randomization_test(behaviours("decrease"), hypothetical=scheme)
    with pytest.raises(StudyError, match="needs one start window for each of the 1 cases"):
        randomization_test(
            behaviours("decrease"), measure="z", hypothetical=Scheme("koehler-levin", windows=((5, 6), (7, 8)))
        )


@pytest.mark.parametrize("value", [1e300, 1e-320, 1e308])
def test_values_of_any_size_are_tested_or_refused_in_words(value):
    for statistic in ("phase-means", "medians", "immediacy", "slope", "nap"):
        study = study_of(order_of(6, 6), [-value, value] * 6)
        try:
            row = row_of(study, Scheme("phase-starts", min_phase=3), statistic=statistic)
        except StudyError as error:
            words = error.message
        else:
            words = "" if 0 < row.p <= 1 else str(row)
        assert words in ("", "case 'K7M2QX': has values too far apart to be computed with"), statistic


# --- the command ---------------------------------------------------------------------------------------------------


def table(tmp_path, rows: str) -> str:
    path = tmp_path / "data.csv"
    path.write_text(rows)
    return str(path)


def run(*arguments: str, fails: bool = False):
    result = CliRunner().invoke(app, ["randomization-test", *arguments])
    assert result.exit_code == (2 if fails else 0), result.output + result.stderr
    return result.stderr if fails else result.stdout


def long_table(order: str, values, case: str = "") -> str:
    head = "case,session,phase,score\n" if case else "session,phase,score\n"
    rows = (f"{n},{x},{'' if v is None else v}\n" for n, (x, v) in enumerate(zip(order, values, strict=True), 1))
    return head + "".join(f"{case}," * bool(case) + row for row in rows)


def test_the_command_prints_the_issues_columns(tmp_path):
    file = table(tmp_path, long_table(order_of(6, 6, 6, 6), ONGHENA))
    document = json.loads(
        run(file, "--scheme", "phase-starts", "--min-phase", "4", "--improvement", "decrease", "--json")
    )
    (row,) = document["rows"]
    assert list(row) == ["case", "p", "statistic", "assignments", "exact", "lower", "upper", "smallest_p"]
    assert row["p"] == pytest.approx(4 / 165)
    assert document["basis"] == "stated"
    assert "is the word of whoever asked for the test" in document["text"][0]
    hypothetical = json.loads(
        run(file, "--scheme", "phase-starts", "--min-phase", "4", "--hypothetical", "--two-sided", "--json")
    )
    assert hypothetical["text"][0].startswith("Hypothetical reference set")


@pytest.mark.parametrize("column", ["phase", "condition"])
def test_the_command_reads_alternating_treatments(tmp_path, column):
    file = table(tmp_path, long_table(PILLS, PILLS_SCORES).replace("phase", column, 1))
    for more, p in [
        (("--scheme", "alternating"), 77 / 3432),
        (("--scheme", "alternating", "--max-consecutive", "3"), 50 / 1972),
        (("--scheme", "blocks", "--block-size", "2"), 5 / 128),
    ]:
        (row,) = json.loads(run(file, *more, "--improvement", "increase", "--json"))["rows"]
        assert row["p"] == pytest.approx(p)


def test_the_command_reads_many_changes_of_condition(tmp_path):
    order = "ABAABB" * 60  # 360 sessions, 240 phases
    file = table(tmp_path, long_table(order, [i % 7 + (x == "B") for i, x in enumerate(order)]))
    (row,) = json.loads(run(file, "--scheme", "alternating", "--max-consecutive", "2", "--json"))["rows"]
    assert row["exact"] is False


def test_the_command_tests_every_case_of_a_file_and_a_multiple_baseline_as_one(tmp_path):
    text = long_table(order_of(5, 7), [1, 2, 1, 2, 1, 6, 7, 6, 7, 6, 7, 6], "Anna")
    text += long_table(order_of(7, 5), [1, 2, 1, 2, 1, 2, 1, 7, 6, 7, 6, 7], "Ben").split("\n", 1)[1]
    file = table(tmp_path, text)
    rows = json.loads(run(file, "--scheme", "phase-starts", "--min-phase", "3", "--json"))["rows"]
    assert [(row["case"], row["assignments"]) for row in rows] == [("Anna", 7), ("Ben", 7)]
    for more, number in [
        (("marascuilo-busk", "--min-phase", "3"), 49),
        (("marascuilo-busk", "--windows", "5-6,8-9"), 4),
        (("wampold-worsham",), 2),
        (("koehler-levin", "--windows", "5-7,7/8/9"), 18),
    ]:
        (row,) = json.loads(run(file, "--scheme", *more, "--json"))["rows"]
        assert (row["case"], row["assignments"]) == (None, number)


def test_a_case_that_can_not_be_tested_says_why_and_the_others_are(tmp_path):
    text = (
        long_table(order_of(2, 10), range(12), "Anna") + long_table(order_of(6, 6), range(12), "Ben").split("\n", 1)[1]
    )
    document = json.loads(run(table(tmp_path, text), "--scheme", "phase-starts", "--min-phase", "3", "--json"))
    assert [(row["case"], row["p"] is None) for row in document["rows"]] == [("Anna", True), ("Ben", False)]
    assert any(w.startswith("Not tested: case 'Anna', phase 'A1': has 2 sessions") for w in document["warnings"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("phase-starts",), "--min-phase: is needed for phase-starts"),
        (("marascuilo-busk",), "--min-phase: is needed for marascuilo-busk"),
        (("koehler-levin",), "--windows: are needed for koehler-levin"),
        (("phase-starts", "--min-phase", "7"), "outside its own admissible set"),
        (("koehler-levin", "--windows", "5-x"), "--windows: must read such as 5-7,9-11,15-17"),
        (("koehler-levin", "--windows", "7-5"), "ends before it begins"),
        (("alternating", "--max-consecutive", "2"), "has 6 sessions in a row under one condition"),
        (("blocks",), "sessions 1 to 2: have the order AA"),
    ],
)
def test_the_command_refuses_in_words(tmp_path, arguments, words):
    file = table(tmp_path, long_table(order_of(6, 6), range(12)))
    assert words in run(file, "--scheme", *arguments, fails=True)


def test_the_command_says_what_it_has_no_use_for(tmp_path):
    file = table(tmp_path, long_table("ABBAAB", range(6)))
    document = json.loads(
        run(file, "--scheme", "blocks", "--min-phase", "3", "--max-consecutive", "2", "--windows", "3-4", "--json")
    )
    said = " ".join(document["warnings"])
    assert "--min-phase says nothing about blocks" in said
    assert "--max-consecutive says nothing about blocks" in said
    assert "--windows say nothing about blocks" in said
    assert "an increase is taken for better" in said


def test_the_table_for_people_has_sentences(tmp_path):
    text = run(table(tmp_path, long_table(order_of(6, 6), range(12))), "--scheme", "phase-starts", "--min-phase", "3")
    assert "Reference set as stated" in text
    assert "Case 'case 1': p = 1 (7 of 7 assignments reach the observed statistic, 6)." in text
