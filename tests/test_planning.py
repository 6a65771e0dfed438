"""Planning: the chance to know. Its benchmark, its engine against the others, its tests against the product's own."""

from __future__ import annotations

import asyncio
import json
import math
from html import unescape

import numpy as np
import pandas as pd
import pytest
from calibration.planning_table import BENCHMARK, CHANGES, ELSEWHERE, PHI, differs
from calibration.situations import layout, noise
from calibration.tables import FOLDER
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from scd.analysis.planning import (
    Question,
    assumption_words,
    chance_of,
    chances,
    design_name,
    draw_words,
    planned_design,
    posterior_of_average,
    posterior_of_change,
    reach_words,
    simulate,
    warnings_of,
)
from scd.analysis.planning.randomization_power import rejected
from scd.analysis.planning.tables import chance_table, curve_table
from scd.analysis.randomization_test.testing import randomization_test
from scd.charts import to_svg
from scd.charts.planning_chart import describe_planning, planning_chart
from scd.cli import app
from scd.cli.plan import numbers_of, sessions_of
from scd.design import Scheme, grade_wwc, multiple_baseline, reversal
from scd.forms.alert import Alert
from scd.forms.plan_form import PlanForm
from scd.forms.planning_view import PlanningView
from scd.models import Priors
from scd.models.exact import linear_model
from scd.models.pooled import pooled_draws
from scd.models.quadrature import integrate
from scd.models.series import Series
from scd.study import Measure, Session, StudyError, Value
from scd.study.catalogue import from_catalogue

RAW = Measure(key="outcome", label="Outcome", improvement="increase")
ROWS = ["design", "sessions", "change", "autocorrelation", "p_detect", "p_meaningful", "width", "randomization_power"]


# ------------------------------------------------------------------------------------------ the benchmark


@pytest.mark.parametrize(("design", "points"), [("ab", 3), ("ab", 10), ("abab", 5), ("abab", 10)])
def test_the_chances_are_those_of_an_independent_simulation(design, points):
    for number, (change, told) in enumerate(zip(CHANGES, BENCHMARK[design, points], strict=True)):
        found = chance_of(
            planned_design(design, sessions=points),
            Question(unit=1),
            change=change,
            autocorrelation=PHI,
            replications=400,
            seed=100 + number,
        )
        for share, known in zip((found.p_detect, found.p_meaningful), told, strict=True):
            # Forty comparisons: one of them is beyond 3.5 standard errors once in fifty runs, and the seed is fixed.
            assert differs(share, known, replications=400) < 3.5, (design, points, change, share, known)


def test_where_the_benchmark_is_three_errors_lower_its_sources_other_runs_agree():
    for (design, points, change), known in ELSEWHERE.items():
        found = chance_of(planned_design(design, sessions=points), Question(unit=1), change=change, replications=1500)
        assert found.p_detect == pytest.approx(known, abs=0.035)


def test_the_whole_benchmark_as_it_was_last_remade():
    table = pd.read_csv(FOLDER / "planning.csv")
    assert len(table) == 6 * len(BENCHMARK)
    assert table["replications"].min() >= 2000
    outside = table[~table["inside"]]
    assert {(r.design, r.points, r.change) for r in outside.itertuples()} <= set(ELSEWHERE)


def test_where_nothing_changes_a_change_is_rarely_found():
    found = chances(Question(unit=1), designs=["ab", "abab"], sessions=[5, 10], changes=[0], replications=400)
    assert all(0.005 <= one.p_detect <= 0.09 for one in found)
    assert all(one.p_meaningful < one.p_detect for one in found)


# ------------------------------------------------------------------------------- simulation and posterior


def test_simulated_noise_is_stationary_and_correlated_as_asked():
    values = simulate(np.zeros(12), change=0, sd=2, autocorrelation=0.6, replications=20_000, seed=1)
    assert np.allclose(values.std(axis=0), 2, atol=0.04)
    lags = [np.corrcoef(values[:, 3], values[:, 3 + lag])[0, 1] for lag in (1, 2, 4)]
    assert np.allclose(lags, [0.6, 0.36, 0.1296], atol=0.02)


def test_a_longer_plan_begins_with_the_same_luck():
    short = simulate(np.zeros(6), change=0, replications=4, seed=3)
    long = simulate(np.zeros(20), change=0, replications=4, seed=3)
    assert np.array_equal(short, long[:, :6])


@given(
    lengths=st.lists(st.integers(1, 6), min_size=2, max_size=6),
    change=st.floats(-5, 5),
    baseline=st.floats(-9, 9),
    phi=st.floats(-0.9, 0.9),
)
@settings(max_examples=40)
def test_the_change_is_where_the_intervention_is(lengths, change, baseline, phi):
    treated = np.repeat(np.arange(len(lengths)) % 2, lengths).astype(bool)
    values = simulate(treated, change=change, sd=0, autocorrelation=phi, baseline=baseline, replications=2, seed=1)
    assert np.allclose(values, baseline + change * treated)


def test_missed_sessions_are_missing_and_every_phase_keeps_one():
    treated = np.repeat([0, 1, 0, 1], 3)
    values = simulate(treated, change=1, replications=2000, seed=1, missed=0.4)
    gone = np.isnan(values)
    # A phase that lost all three is drawn anew, so a little less is missed.
    assert gone.mean() == pytest.approx((0.4 - 0.4**3) / (1 - 0.4**3), abs=0.04)
    assert all((~gone[:, i : i + 3]).any(axis=1).all() for i in range(0, 12, 3))
    whole = simulate(treated, change=1, replications=2000, seed=1)
    assert np.array_equal(values[~gone], whole[~gone])


@pytest.mark.parametrize(
    ("lengths", "model", "phi"),
    [((3, 3), "level", 0.3), ((5, 5, 5, 5), "level", 0.6), ((15, 15), "level", 0.0), ((5, 5, 5, 5), "level-trend", 0.3),
     ((4, 4, 4, 4), "phase-level", 0.3)],
)  # fmt: skip
def test_the_shared_grid_gives_what_a_grid_of_ones_own_gives(lengths, model, phi):
    series, size = layout(lengths), 40
    values = series.intervention + noise(np.random.default_rng(1), session=series.session, phi=phi, size=size)
    found = posterior_of_change(values, series.intervention, unit=1, above=(0, 0.5), model=model)
    priors = Priors.on_scale(center=0, unit=1)
    linear = linear_model(series, priors, model=model)
    change = integrate(values, linear, priors).mixture([float(name == "delta") for name in linear.coefficients])
    lower, upper = change.quantile((0.025, 0.975)).T
    within = {"above": 0.0015, "rest": 0.004}
    assert np.allclose(found.above, np.stack([change.above(0.0), change.above(0.5)], axis=1), atol=within["above"])
    assert np.allclose([found.mean, found.sd], [change.mean(), change.sd()], atol=within["rest"])
    assert np.allclose([found.lower, found.upper], [lower, upper], atol=5 * within["rest"])


def test_a_missed_session_is_a_gap_as_in_the_models():
    keep = np.array([1, 1, 0, 1, 1, 1, 0, 0, 1, 1], dtype=bool)
    series = layout((5, 5), keep=keep)
    observed = np.array([0.3, -1.2, 0.4, 0.1, 1.9, 1.2, 2.2])
    values = np.full((1, 10), np.nan)
    values[0, keep] = observed
    found = posterior_of_change(values, np.repeat([0, 1], 5), unit=1)
    priors = Priors.on_scale(center=0, unit=1)
    change = integrate(observed, linear_model(series, priors, model="level"), priors).mixture([0, 1])
    assert found.mean[0] == pytest.approx(change.mean()[0], abs=1e-3)
    assert found.above[0, 0] == pytest.approx(change.above(0.0)[0], abs=1e-3)


def test_units_and_centre_change_nothing_but_the_units():
    treated = np.repeat([0, 1], 6)
    values = simulate(treated, change=1, replications=30, seed=2)
    one = posterior_of_change(values, treated, unit=1, above=(0, 0.5))
    other = posterior_of_change(10 + 4 * values, treated, unit=4, center=10, above=(0, 2))
    assert np.allclose(one.above, other.above)
    assert np.allclose(4 * one.lower, other.lower)


def test_intervals_of_the_first_series_are_those_of_all():
    treated = np.repeat([0, 1], 5)
    values = simulate(treated, change=1, replications=50, seed=2, missed=0.2)
    everyone = posterior_of_change(values, treated, unit=1)
    some = posterior_of_change(values, treated, unit=1, intervals=30)
    assert np.allclose(some.lower[:30], everyone.lower[:30])
    assert np.isnan(some.upper[30:]).all()
    assert np.array_equal(some.above, everyone.above)
    assert np.isnan(posterior_of_change(values, treated, unit=1, ci_prob=None).lower).all()


def test_a_sceptical_prior_finds_less():
    treated = np.repeat([0, 1], 6)
    values = simulate(treated, change=1, replications=200, seed=2)
    neutral, sceptical = (posterior_of_change(values, treated, unit=1, change_sd=sd) for sd in (2.5, 1.0))
    assert sceptical.sd.mean() < neutral.sd.mean()
    assert np.abs(sceptical.mean).mean() < np.abs(neutral.mean).mean()
    assert (sceptical.above > 0.95).sum() < (neutral.above > 0.95).sum()


def test_without_intervention_the_posterior_is_the_prior():
    values = simulate(np.zeros(5), change=0, replications=3, seed=1)
    found = posterior_of_change(values, np.zeros(5), unit=2)
    assert np.allclose(found.sd, 5, atol=1e-6)
    assert np.allclose(found.upper, 5 * 1.959964, atol=1e-3)


def test_the_average_of_tiers_is_that_of_the_multilevel_model():
    plan = planned_design("multiple-baseline", sessions=5)
    tiers = [simulate(row, change=1.5, replications=5, seed=[4, i]) for i, row in enumerate(plan.treated)]
    values = np.stack(tiers, axis=1)
    found = posterior_of_average(values, plan.treated, unit=1, above=(0, 0.5))
    for number in range(len(values)):
        drawn = pooled_draws(
            _tiers(plan.treated, values[number]), Priors.on_scale(center=0, unit=1), seed=1, draws=1000, chains=4
        )
        average = np.asarray(drawn[0]["delta_mean"]).ravel()
        assert found.mean[number] == pytest.approx(average.mean(), abs=0.2)
        assert found.sd[number] == pytest.approx(average.std(), rel=0.15)
        assert found.above[number, 0] == pytest.approx((average > 0).mean(), abs=0.02)


def _tiers(treated, values):
    sessions = treated.shape[1]
    starts = np.where(treated, 1 + np.argmax(treated, axis=1)[:, None], 1)
    return Series(
        cases=tuple(f"K{i}" for i in range(len(treated))),
        measures=(RAW,) * len(treated),
        phases=(("A1", "B1"),) * len(treated),
        value=values.ravel(),
        session=np.tile(np.arange(1, sessions + 1), len(treated)),
        case_index=np.repeat(np.arange(len(treated)), sessions),
        phase_index=treated.astype(int).ravel(),
        intervention=treated.astype(float).ravel(),
        phase_start=starts.ravel(),
    )


# ------------------------------------------------------------------------------------------------ designs


@pytest.mark.parametrize(("name", "sessions", "admissible"), [("abab", 5, 165), ("ab", 10, 15), ("aba", 5, 28)])
def test_a_plan_counts_its_schedules_as_onghena_1992_does(name, sessions, admissible):
    plan = planned_design(name, sessions=sessions)
    assert plan.admissible == admissible
    starts, whole = plan.schedules(most=1000, seed=1)
    assert whole
    assert len(np.unique(starts.reshape(len(starts), -1), axis=0)) == admissible


@pytest.mark.parametrize("name", ["ab", "abab", "multiple-baseline"])
def test_drawn_schedules_are_admissible(name):
    plan = planned_design(name, sessions=6)
    listed, _ = plan.schedules(most=10_000, seed=1)
    drawn, whole = plan.schedules(most=5, seed=1)
    assert not whole
    assert {tuple(row.ravel()) for row in drawn} <= {tuple(row.ravel()) for row in listed}


@given(sessions=st.integers(1, 12), tiers=st.integers(2, 5), window=st.integers(1, 5))
@settings(max_examples=30)
def test_any_draw_of_a_multiple_baseline_leaves_every_phase_its_sessions(sessions, tiers, window):
    plan = planned_design("multiple-baseline", sessions=sessions, tiers=tiers, window=window)
    assert min(plan.windows[0][0] - 1, plan.total - plan.windows[-1][1] + 1) == sessions
    assert plan.treated.shape == (tiers, plan.total)
    assert plan.admissible == window**tiers


def test_the_grade_is_that_of_the_plan():
    for name, sessions in (("ab", 8), ("abab", 3), ("abab", 5)):
        study = reversal(measures=[RAW], phases=name.upper(), sessions=sessions)
        assert planned_design(name, sessions=sessions).grade == grade_wwc(study).grade
    staggered = planned_design("multiple-baseline", sessions=5)
    starts = [start for (start,) in staggered.starts]
    study = multiple_baseline(measures=[RAW], cases=3, across="clients", starts=starts, sessions=staggered.total)
    assert staggered.grade == grade_wwc(study).grade == "meets without reservations"
    assert planned_design("abab", sessions=5).drawn_grade == "meets with reservations"  # phases of 3 may be drawn


@pytest.mark.parametrize("name", ["ba", "abba", "abc", "", "alternating"])
def test_a_design_that_is_none_of_these_is_refused(name):
    with pytest.raises(StudyError, match=r"can't be planned here; take letters that alternate"):
        design_name(name)


# ---------------------------------------------------------------------------------------- randomisation test


@pytest.mark.parametrize(("name", "sessions"), [("ab", 14), ("abab", 5), ("multiple-baseline", 4)])
def test_each_simulated_study_is_tested_as_the_product_tests_it(name, sessions):
    plan = planned_design(name, sessions=sessions)
    tiers = [simulate(np.zeros(plan.total), change=0, replications=12, seed=[6, i]) for i in range(len(plan.starts))]
    values = np.stack(tiers, axis=1)
    values[3, 0, 1] = np.nan
    found = rejected(values, plan, change=1.8, seed=5)
    starts, _ = plan.schedules(most=2000, seed=5)
    own = starts[(np.random.default_rng([5, 2]).random(12) * len(starts)).astype(int)]
    for number in range(12):
        study = _study(plan, own[number], values[number], change=1.8)
        scheme = Scheme(plan.scheme, min_phase=plan.min_phase, windows=plan.windows)
        row = randomization_test(study, stated=scheme).rows[0]
        assert found[number] == (row.p <= 0.05), number


def _study(plan, starts, values, *, change):
    masks = [plan.masks(starts[[t]])[0] for t in range(len(starts))]
    if plan.windows:
        own = [int(start[0]) for start in starts]
        study = multiple_baseline(measures=[RAW], cases=len(starts), across="clients", starts=own, sessions=plan.total)
    else:
        own = [int(start) for start in starts[0]]
        study = reversal(measures=[RAW], phases=plan.name.upper(), starts=own, sessions=plan.total)
    for case, row, treated in zip(study.cases, values, masks, strict=True):
        held = row + change * treated
        sessions = [
            Session(number=n, values=() if math.isnan(v) else (Value(measure="outcome", value=float(v)),))
            for n, v in enumerate(held, 1)
        ]
        study = study.with_case(case.record(*sessions))
    return study


def test_the_test_keeps_its_level_and_grows_with_the_change():
    plan = planned_design("abab", sessions=5)
    values = simulate(np.zeros(plan.total), change=0, autocorrelation=0.5, replications=2000, seed=1)[:, None]
    shares = [rejected(values, plan, change=change, seed=1).mean() for change in (0, 1, 2)]
    # 8 of 165 schedules: the level is .0485, whatever the autocorrelation.
    assert shares[0] == pytest.approx(8 / 165, abs=0.016)
    assert shares[0] < shares[1] < shares[2]


def test_more_schedules_than_can_be_listed_are_sampled():
    plan = planned_design("abab", sessions=9)
    assert plan.admissible > 2000
    values = simulate(np.zeros(plan.total), change=0, replications=1500, seed=2)[:, None]
    assert rejected(values, plan, change=0, seed=2).mean() == pytest.approx(0.05, abs=0.018)


def test_a_test_that_can_never_reach_05_has_no_power_and_says_why():
    found = chances(Question(unit=1), designs=["ab", "abab"], sessions=[3, 13], changes=[2], replications=50)
    powers = {(one.plan.name, one.plan.sessions): one.randomization_power for one in found}
    assert powers["ab", 3] is None
    assert powers["abab", 3] is None
    assert powers["ab", 13] is not None
    told = " ".join(draw_words(found))
    assert "AB, 3 sessions a phase: no randomisation test can reach .05. 1 admissible schedule" in told
    assert "each phase at least 3 sessions long" in told


# ------------------------------------------------------------------------------------------------ the whole


def test_the_answer_is_the_same_with_any_number_of_threads():
    asked = {"designs": ["ab", "multiple-baseline"], "sessions": [4, 6], "changes": [1.0], "replications": 60}
    one, three = (chances(Question(unit=1, missed=0.2), **asked, jobs=jobs) for jobs in (1, 3))
    assert [a.row for a in one] == [b.row for b in three]
    other = chances(Question(unit=1, missed=0.2), **asked, seed=2)
    assert [a.row for a in one] != [b.row for b in other]


def test_rows_come_in_the_order_that_was_asked_for():
    found = chances(
        Question(unit=1), designs=["abab", "ab"], sessions=[6, 3], changes=[2, 1], autocorrelations=[0.5, 0],
        replications=20,
    )  # fmt: skip
    asked = [(one.change, one.autocorrelation, one.plan.name, one.plan.sessions) for one in found]
    assert asked == [(d, p, n, s) for d in (2, 1) for p in (0.5, 0) for n in ("abab", "ab") for s in (6, 3)]


def test_missed_sessions_and_a_stricter_model_cost_chances():
    plan = planned_design("abab", sessions=6)
    asked = {"change": 1.2, "replications": 400}
    plain, missed, strict = (
        chance_of(plan, question, **asked)
        for question in (Question(unit=1), Question(unit=1, missed=0.4), Question(unit=1, model="report"))
    )
    assert missed.p_detect < plain.p_detect
    assert missed.width > plain.width
    assert strict.p_detect < plain.p_detect - 0.1
    assert plain.randomization_power is not None
    assert missed.randomization_power is not None
    assert missed.randomization_power < plain.randomization_power
    assert strict.randomization_power == plain.randomization_power


def test_the_measures_own_units_do_not_matter():
    plan = planned_design("ab", sessions=5)
    one = chance_of(plan, Question(unit=1), change=1, replications=100)
    ten = chance_of(plan, Question(unit=10), change=10, replications=100)
    assert (one.p_detect, one.p_meaningful) == (ten.p_detect, ten.p_meaningful)
    assert ten.width == pytest.approx(10 * one.width)


def test_noise_and_unit_are_two_things():
    plan = planned_design("ab", sessions=5)
    calm = chance_of(plan, Question(unit=2, sd=1), change=2, replications=200)
    wild = chance_of(plan, Question(unit=2), change=2, replications=200)
    assert calm.p_detect > wild.p_detect + 0.2
    assert calm.width < wild.width


def test_a_rating_at_its_floor_shows_less():
    plan = planned_design("abab", sessions=6)
    rating = {"unit": 2.0, "scale": "rating", "minimum": 0, "maximum": 10, "meaningful": 1.0}
    free = Question(**rating, baseline=7, improvement="decrease")
    floored = Question(**rating, baseline=2, improvement="decrease")
    shown = free.observed(free.noise(plan, autocorrelation=0.3, replications=50, seed=1), change=2)
    assert set(np.unique(shown)) <= set(np.arange(-5, 6.0))
    upwards = Question(**rating, baseline=3, improvement="increase")  # the same, seen in a mirror
    chances_of = [chance_of(plan, q, change=2, replications=300) for q in (free, floored, upwards)]
    assert chances_of[1].p_meaningful < chances_of[0].p_meaningful
    assert chances_of[2].p_detect == chances_of[0].p_detect


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"unit": 0}, "unit must be above 0"),
        ({"unit": 1, "sd": -1}, "sd must be above 0"),
        ({"unit": 1, "meaningful": -0.5}, "must be 0 or more"),
        ({"unit": 1, "missed": 1}, "share of missed sessions must be 0 to 0.9"),
        ({"unit": 1, "scale": "count"}, "can be planned for scores and ratings, not for a count yet"),
        ({"unit": 1, "scale": "rating"}, "a rating needs its range"),
        ({"unit": 1, "minimum": 0, "maximum": 5, "baseline": 7}, "must lie inside the range"),
        ({"unit": 1, "model": "gradual"}, "is none of level, level-trend, phase-level, report"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_in_words(wrong, words):
    with pytest.raises(StudyError, match=words):
        Question(**wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"changes": [-1]}, "the change must be 0 or more"),
        ({"autocorrelations": [1.0]}, "must lie between -1 and 1"),
        ({"replications": 3}, "replications must be 10 to"),
        ({"sessions": []}, "needs at least 1 sessions"),
        ({"sessions": [0]}, "sessions a phase must be 1 to 300"),
        ({"designs": ["abc"]}, "can't be planned here"),
        ({"jobs": 0}, "jobs must be 1 or more"),
        ({"tiers": 1, "designs": ["multiple-baseline"]}, "has 2 to 8 tiers"),
        ({"sessions": range(1, 300), "autocorrelations": [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]}, "are too many"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_before_anything_is_simulated(wrong, words):
    with pytest.raises(StudyError, match=words):
        chances(Question(unit=1), **{"designs": ["ab"], "sessions": [5], "changes": [1], "replications": 20} | wrong)


def test_a_change_that_the_range_has_no_room_for_is_refused():
    question = Question(unit=2, scale="rating", minimum=0, maximum=10, baseline=3, improvement="decrease")
    with pytest.raises(StudyError, match=r"does not fit into what the range leaves for an improvement \(3\)"):
        chance_of(planned_design("ab", sessions=5), question, change=4)


# --------------------------------------------------------------------------------------- words and pictures


@pytest.fixture(scope="module")
def found():
    return chances(
        Question(unit=2), designs=["ab", "abab", "multiple-baseline"], sessions=[5, 10], changes=[4], replications=200
    )


def test_words_say_what_is_enough_and_what_is_not(found):
    told = reach_words(found)
    assert len(told) == 3
    assert told[0].startswith("AB reaches 80\N{NO-BREAK SPACE}% with 10 sessions a phase")
    assert told[1].startswith("ABAB reaches 80\N{NO-BREAK SPACE}% with the fewest sessions asked for, 5 a phase")
    assert "18 sessions for each of 3 clients or behaviours" in told[2]
    weak = chances(Question(unit=2), designs=["ab"], sessions=[3, 5], changes=[1], replications=100)
    assert reach_words(weak)[0].startswith("AB does not reach 80\N{NO-BREAK SPACE}% with up to 5 sessions a phase")


def test_words_say_what_is_assumed(found):
    told = " ".join(assumption_words(found, Question(unit=2)))
    assert "the level changes at once" in told
    assert "autocorrelation 0.3" in told
    assert "phase-level model" in told
    assert "the average change over the tiers" in told
    assert "half a unit, 1, is taken" in warnings_of(found, Question(unit=2))[0]
    assert not any("half a unit" in one for one in warnings_of(found, Question(unit=2, meaningful=2)))


def test_curves_hold_what_is_known_and_their_bands(found):
    table = curve_table(found)
    assert len(table) == 3 * 6 + sum(one.randomization_power is not None for one in found)
    assert (table["lower"] <= table["value"]).all()
    assert (table["upper"] >= table["value"]).all()
    shares = table[table["quantity"] != "width"]
    assert shares["lower"].min() >= 0
    assert shares["upper"].max() <= 1
    assert chance_table(found)["grade"].tolist()[:2] == ["does not meet"] * 2


def test_the_chart_draws_every_curve_and_says_so(found):
    table = curve_table(found)
    chart = planning_chart(table, cost="5 minutes")
    svg = to_svg(chart, title="Plan", description=describe_planning(table))
    for words in ("Multiple baseline", "sessions a phase", "a session costs 5 minutes", "80%", "randomisation test"):
        assert words in svg
    assert "ABAB: from" in describe_planning(table)
    with pytest.raises(StudyError, match="curves of a plan"):
        planning_chart(table.drop(columns="upper"))


# ---------------------------------------------------------------------------------------------- the command


def test_the_command_prints_the_rows_of_the_issue():
    asked = ["plan", "--design", "ab,abab", "--sessions", "5:6", "--change", "2", "--unit", "2", "--autocorrelation"]
    done = CliRunner().invoke(app, [*asked, "0.3", "--replications", "50", "--cost", "5", "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout)
    assert list(document["rows"][0]) == [*ROWS, "replications"]
    assert [(r["design"], r["sessions"]) for r in document["rows"]] == [("ab", 5), ("ab", 6), ("abab", 5), ("abab", 6)]
    assert document["rows"][0]["randomization_power"] is None
    assert any("no randomisation test can reach .05" in told for told in document["warnings"])
    assert document["designs"][2] | {"cost": 100.0, "total": 20, "smallest_p": 1 / 165} == document["designs"][2]
    assert document["errors"][0]["randomization_power"] is None
    assert document["meaningful"] == 1


def test_the_command_shows_a_table_for_people():
    asked = ["plan", "--design", "abab", "--design", "multiple-baseline", "--sessions", "5", "--change", "2"]
    done = CliRunner().invoke(app, [*asked, "--range", "0", "10", "--replications", "20", "--cost", "5"])
    assert done.exit_code == 0, done.output
    for words in ("meets without reservations", "18 x 3", "100", "unit 2, SD within a phase 2", "Note: No meaningful"):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--sessions", "a"], "--sessions: must be a number, a range or a list"),
        (["--sessions", "9:5"], "a range runs from the smaller to the larger"),
        (["--change", "much"], "--change: must be a number"),
        (["--cost", "-1"], "--cost: must be 0 or more"),
        (["--scale", "count"], "not for a count yet"),
        (["--design", "xyz"], "design 'xyz'"),
    ],
)
def test_the_command_refuses_in_words(wrong, words):
    asked = {"--design": "ab", "--sessions": "5", "--change": "2", "--unit": "2"} | dict([wrong])
    done = CliRunner().invoke(app, ["plan", *(part for pair in asked.items() for part in pair)])
    assert done.exit_code == 2
    assert words in done.stderr.replace("\n", " ")
    assert not done.stdout


def test_ranges_and_lists_are_read():
    assert sessions_of("5:8") == [5, 6, 7, 8]
    assert sessions_of("3,5,10") == [3, 5, 10]
    assert numbers_of(["0.3", "0,.5"], option="--autocorrelation") == [0.3, 0.0, 0.5]


# -------------------------------------------------------------------------------------------------- the page


@pytest.fixture
def view():
    shown = PlanningView(Alert(), replications=20)
    shown.use(from_catalogue("phq-9"), design="ababab")
    shown.fewest.value, shown.most.value = "4", "5"
    return shown


def test_the_page_compares_the_plans_own_design_with_the_others(view):
    view.change.value, view.minutes.value = "8", "10"
    view.run.click()  # without a kernel's loop the work is done at once
    assert {one.plan.name for one in view.found} == {"ab", "abab", "ababab", "multiple-baseline"}
    assert {one.autocorrelation for one in view.found} == {0.0, 0.3, 0.5}
    for words in ("<svg", "ABABAB", "meets without reservations", "hours)", "10 minutes", "are missed by chance"):
        assert words in view.result.value
    assert "meaningful one" in view.result.value
    assert view.bar.layout.display == "none"
    assert not view.run.disabled


def test_the_page_shows_progress_while_it_simulates(view):
    seen = []

    async def watched():
        view.bar.observe(lambda change: seen.append((change["new"], view.run.disabled)), names="value")
        view.run.click()
        await view.task

    asyncio.run(watched())
    told = [share for share, busy in seen if share > 0 and busy]
    assert told == sorted(told)
    assert len(told) > 5
    assert view.found


def test_the_page_does_not_ask_whether_the_least_that_matters_is_more_than_that(view):
    view.change.value = "6"  # the smallest meaningful change of the PHQ-9
    view.work_out()
    assert "meaningful one" not in view.result.value
    assert "can hardly be shown to be at least that large" in view.result.value


@pytest.mark.parametrize(
    ("field", "text", "words"),
    [
        ("change", "", "is empty; give a number"),
        ("change", "much", "must be a number"),
        ("sd", "0", "sd must be above 0"),
        ("missed", "95", "share of missed sessions must be 0 to 0.9"),
        ("most", "2", "run from a smaller number to a larger one"),
        ("minutes", "-3", "must be 0 or more"),
    ],
)
def test_a_mistake_is_shown_beside_its_field_and_nothing_is_simulated(view, field, text, words):
    getattr(view, field).value = text
    view.work_out()
    assert words in unescape(getattr(view, field).message.value)
    assert not view.found


def test_a_measure_that_cannot_be_planned_for_is_refused_in_words(view):
    view.use(Measure(key="tics", label="Tics", improvement="decrease", scale="count"), design="ab")
    view.change.value, view.sd.value = "3", "2"
    view.work_out()
    assert "not for a count yet" in view.told.value
    view.use(None, design="ab")
    view.work_out()
    assert "First complete part 1" in view.told.value


def test_the_plans_form_hands_its_design_to_the_chances():
    form = PlanForm(Alert(), kind="reversal", code="K7M2QX")
    form.use([from_catalogue("phq-9")])
    form.plan.order.value, form.plan.how.value, form.plan.min_phase.value = "ABA", "random", "4"
    assert form.planning._asked == {"designs": ["ab", "abab", "aba", "multiple-baseline"], "min_phase": 4, "tiers": 3}
    staggered = PlanForm(Alert(), kind="multiple-baseline", code="K7M2QX")
    staggered.use([from_catalogue("phq-9")])
    staggered.plan.tiers_number.value = 4
    assert staggered.planning._asked["tiers"] == 4


def test_typed_numbers_stay_when_only_the_label_changes(view):
    view.change.value = "7.5"
    view.use(from_catalogue("phq-9").replace(label="Low mood"), design="abab")
    assert view.change.value == "7.5"
    view.use(from_catalogue("gad-7"), design="abab")
    assert view.change.value != "7.5"
