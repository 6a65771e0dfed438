"""The dual criterion: exact binomial minima, Fisher's table by name, R's scan on real data, and bad input in words."""

from __future__ import annotations

from math import nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scd.analysis.visual.dual_criteria import criterion_words, dual_criteria
from scd.analysis.visual.dual_criterion import binomial_p, dual_criterion, needed_beyond
from scd.analysis.visual.trend_lines import TREND_NAMES, trend_line
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value
from tests.peers import needs_peers, number, records, same, table

MOOD = Measure(key="mood", label="Mood", improvement="increase")
JOHANNA = [54, 53, 56, 58, 52], [61, 62, 71, 66, 64, 78, 70, 74, 82, 77, 86, 68, 80, 86, 87]
METHODS = {"OLS": "least squares", "bisplit": "split-middle", "trisplit": "tri-split"}


def study_of(*tiers: tuple[list[float], list[float]], design: str = "multiple-baseline") -> Study:
    cases = []
    for letter, (a, b) in zip("ABCDEFG", tiers, strict=False):
        phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=len(a) + 1))
        rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([*a, *b], 1)]
        cases.append(Case(code=f"TIER{letter}", phases=phases).record(*rows))
    across = "clients" if design == "multiple-baseline" else None
    return Study(code="S1", design=design, across=across, measures=(MOOD,), cases=tuple(cases))


# --- what is needed ----------------------------------------------------------------------------------------------


def test_the_exact_binomial_minima_from_5_to_30_values():
    told = (5, 6, 7, 7, 8, 9, 9, 10, 10, 11, 12, 12, 13, 13, 14, 15, 15, 16, 16, 17, 18, 18, 19, 19, 20, 20)
    assert tuple(needed_beyond(n) for n in range(5, 31)) == told
    assert [needed_beyond(n) for n in range(5)] == [None] * 5
    assert binomial_p(4, values=4) == 0.0625


def test_fisher_kelley_and_lomas_2003_table():
    told = (3, 4, 5, 6, 6, 7, 8, 8, 9, 9, 10, 11, 12, 12, 12, 13, 13, 13, 14, 14, 15)
    assert tuple(needed_beyond(n, rule="fisher2003") for n in range(3, 24)) == told
    assert needed_beyond(2, rule="fisher2003") is None
    assert needed_beyond(24, rule="fisher2003") is None


@pytest.mark.parametrize("n", range(5, 31))
def test_the_minimum_is_the_least_that_a_coin_gives_in_fewer_than_5_percent(n):
    from scipy.stats import binomtest

    least = needed_beyond(n)
    assert binomtest(least, n, alternative="greater").pvalue < 0.05
    assert binomtest(least - 1, n, alternative="greater").pvalue >= 0.05
    assert binomial_p(least, values=n) == pytest.approx(binomtest(least, n, alternative="greater").pvalue, abs=1e-14)


def test_fishers_table_is_laxer_and_must_be_asked_for_by_name():
    a, b = [4, 5, 4, 5, 4], [9, 9, 9, 9, 9, 9, 1]
    exact, fisher = (dual_criterion(a, b, improvement="increase", rule=rule) for rule in ("binomial", "fisher2003"))
    assert (exact.met, exact.needed, exact.beyond) == (False, 7, 6)
    assert (fisher.met, fisher.needed, fisher.beyond) == (True, 6, 6)


# --- the lines ---------------------------------------------------------------------------------------------------


def test_the_lines_by_hand():
    found = dual_criterion([1, 2, 3, 4, 5], [7, 7, 7, 7, 7], improvement="increase")
    assert (found.slope, found.level) == (pytest.approx(1), pytest.approx(3 + 0.25 * np.std([1, 2, 3, 4, 5], ddof=1)))
    # drawn on, the trend line is at 6.4, 7.4, 8.4, ...: only the first value lies above it
    assert (found.beyond, found.met) == (1, False)
    plain = dual_criterion([1, 2, 3, 4, 5], [7, 7, 7, 7, 7], improvement="increase", conservative=False)
    assert (plain.shift, plain.beyond) == (0, 1)  # the second one lies on the line, which is not beyond


def test_a_value_on_a_line_is_not_beyond_it_whatever_the_rounding():
    a = [0.1 * k for k in range(1, 7)]
    b = [0.1 * k for k in range(7, 17)]
    assert dual_criterion(a, b, improvement="increase", conservative=False).beyond == 0


def test_lanovaz_divides_by_n_and_scan_by_n_minus_1():
    scan, lanovaz = (dual_criterion(*JOHANNA, improvement="increase", ddof=ddof) for ddof in (1, 0))
    assert scan.shift / lanovaz.shift == pytest.approx((5 / 4) ** 0.5)


def test_gaps_between_sessions_count():
    by_order = dual_criterion([1, 2, 3], [5, 6, 7, 8, 9], improvement="increase")
    apart = ([1, 3, 5], [9, 10, 11, 12, 13])
    by_session = dual_criterion([1, 2, 3], [5, 6, 7, 8, 9], improvement="increase", sessions=apart)
    assert (by_order.slope, by_session.slope) == (pytest.approx(1), pytest.approx(0.5))
    missed = dual_criterion([1, nan, 2, nan, 3], [5, 6, 7, 8, 9], improvement="increase")
    assert missed.slope == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("n", "first", "last"), [(4, (1, 2), (3, 4)), (5, (1, 2), (4, 5)), (7, (1, 2, 3), (5, 6, 7)), (2, (1,), (2,))]
)
def test_split_middle_leaves_the_middle_value_out(n, first, last):
    y = np.array([3.0, 1, 4, 1, 5, 9, 2][:n])
    found = trend_line(y, sessions=np.arange(1, n + 1), name="split-middle")
    one, two = (np.median(y[[i - 1 for i in part]]) for part in (first, last))
    assert found.at(np.median(first)) == pytest.approx(one)
    assert found.at(np.median(last)) == pytest.approx(two)


def test_split_middle_can_be_moved_until_it_halves_the_values():
    y, t = np.array([1.0, 9, 2, 8, 3, 7]), np.arange(1, 7)
    moved = trend_line(y, sessions=t, name="split-middle", halve=True)
    assert (y > moved.heights(t)).sum() == (y < moved.heights(t)).sum() == 3


# --- invariances -------------------------------------------------------------------------------------------------

whole = st.lists(st.integers(-20, 20), min_size=3, max_size=12)


@given(whole, whole, st.sampled_from(TREND_NAMES), st.integers(-50, 50), st.sampled_from([0.5, 2, 8]))
def test_neither_units_nor_a_turned_scale_change_the_verdict(a, b, trend, shift, factor):
    plain = dual_criterion(a, b, improvement="increase", trend=trend)
    moved = dual_criterion(
        [factor * v + shift for v in a], [factor * v + shift for v in b], improvement="increase", trend=trend
    )
    turned = dual_criterion([-v for v in a], [-v for v in b], improvement="decrease", trend=trend)
    for other in (moved, turned):
        assert (other.met, other.beyond, other.p) == (plain.met, plain.beyond, plain.p)


@given(whole, whole)
def test_the_conservative_form_never_counts_more(a, b):
    strict, plain = (dual_criterion(a, b, improvement="increase", conservative=c) for c in (True, False))
    assert strict.beyond <= plain.beyond


# --- a study -----------------------------------------------------------------------------------------------------


def test_across_tiers_two_of_three_are_asked_for_lanovaz_turgeon_2020():
    clear, none = ([4, 5, 4, 5], [8, 9, 8, 9, 8]), ([4, 5, 4, 5], [4, 5, 4, 5, 4])
    study = study_of(clear, clear, none)
    found = dual_criteria(study)
    assert [one.met for one in found] == [True, True, False]
    last = criterion_words(study, found)[-1]
    assert last.startswith("It is met in 2 of 3 tiers.")
    assert last.endswith("Two or more tiers show it here.")
    study = study_of(clear, none, none)
    assert criterion_words(study, dual_criteria(study))[-1].endswith("Fewer than two tiers show it here.")
    assert "tiers" not in " ".join(criterion_words(study_of(clear, clear), dual_criteria(study_of(clear, clear))))


def test_what_cannot_be_told_says_why():
    alone = dual_criterion([4], [6, 7, 8, 9, 9], improvement="increase")
    assert alone.met is None
    assert alone.note == "a baseline of 1 value has no least squares line"
    few = dual_criterion([4, 5, 4], [9, 9, 9], improvement="increase")
    assert few.met is False
    assert few.needed is None
    assert few.p == 0.125
    assert "3 values can't reach it, at least 5 are needed" in few.note
    flat = dual_criterion([4, 4, 4], [5, 5, 5, 5, 5], improvement="increase")
    assert flat.met
    assert "the baseline does not vary" in flat.note
    level = dual_criterion([4, 4, 4], [4, 4, 4, 4, 4], improvement="increase")
    assert not level.met
    assert level.beyond == 0
    many = dual_criterion([4, 5, 4], [9] * 24, improvement="increase", rule="fisher2003")
    assert many.met is False
    assert "from 3 to 23 values (got 24)" in many.note
    told = criterion_words(study_of(([4], [6, 7, 8]), design="reversal"), [alone])
    assert told == ("the conservative dual criterion can't be told: a baseline of 1 value has no least squares line.",)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rule": "fischer"}, "rule: must be one of binomial, fisher2003"),
        ({"trend": "OLS"}, "trend: must be one of least squares"),
        ({"improvement": "up"}, "improvement: must be 'increase' or 'decrease'"),
    ],
)
def test_unknown_options_are_refused(options: dict[str, Any], words: str):
    with pytest.raises(StudyError, match=words):
        dual_criterion([1, 2, 3], [4, 5], **({"improvement": "increase"} | options))


def test_a_study_without_a_baseline_or_without_data_is_refused():
    with pytest.raises(StudyError, match="has no value of 'Mood' yet"):
        dual_criteria(
            study_of(([4, 5], [6])).replace(cases=(Case(code="K", phases=(Phase(label="A1", planned_start=1),)),))
        )


# --- R's scan ----------------------------------------------------------------------------------------------------


def phases_of(dataset: str, case: str) -> tuple[list[list[float]], list[list[float]]]:
    """Values and sessions of the first two phases, as scan's cdc takes them."""
    case = case.replace("[case #", "Case").replace("]", "")  # scan's word for a case without a name
    rows = [r for r in table(dataset) if r["case"] == case and number(r["outcome"]) == number(r["outcome"])]
    parts = [[r for r in rows if r["phase_index"] == phase] for phase in ("1", "2")]
    return (
        [[number(r["outcome"]) for r in part] for part in parts],
        [[number(r["session"]) for r in part] for part in parts],
    )


def listed(found: Any) -> list[Any]:
    """What R writes for one case without a list."""
    return found if isinstance(found, list) else [found]


@needs_peers
def test_scan_cdc_on_real_data():
    met = 0
    for record in records("scan_*.json", "cdc"):
        args, told = record["args"], record["result"]
        results = [listed(told[name]) for name in ("case_names", "cdc", "cdc_be", "cdc_b", "cdc_p")]
        for case, verdict, beyond, size, p in zip(*results, strict=True):
            values, sessions = phases_of(record["dataset"], case)
            found = dual_criterion(
                *values,
                improvement="decrease" if args["decreasing"] else "increase",
                sessions=tuple(sessions),
                trend=METHODS[args["trend_method"]],
            )
            where = (record["dataset"], case, args)
            assert (found.beyond, found.values) == (beyond, size), where
            assert same(p, found.p, 1e-12), where
            assert (verdict == "systematic change") == found.met, where
            met += 1
    assert met > 500
