"""Practice: follow-through counted; what it adds found where it varies, wide where it doesn't, never the headline."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scd.analysis.practice.dose_effects import dose_effects
from scd.analysis.practice.follow_through import follow_through, follow_through_table
from scd.analysis.practice.words import (
    dose_client_words,
    dose_words,
    follow_through_client_words,
    follow_through_words,
)
from scd.analysis.summary import summarize
from scd.charts import to_svg
from scd.charts.practice_chart import courses_chart, practice_chart
from scd.models.dose import dose_model, fit_dose
from scd.models.onset import built_up
from scd.models.practice import practice_of
from scd.models.prepare import prepare
from scd.models.quadrature import integrate
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
WALKS = Measure(key="walks", label="Walks", improvement="increase", minimum=0, role="practice", unit="minutes")


def a_study(values, done, *, baseline=8, planned=20.0, unknown=(), outcome=MOOD, obstacle=()):
    """One AB study; `done` is a share of what was planned, one for each session."""
    case = Case(
        code="K7M2QX", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=baseline + 1))
    )
    rows = []
    for n, (value, share) in enumerate(zip(values, done, strict=True), 1):
        entries = [Value(measure=outcome.key, value=None if value is None else float(value))]
        if n > baseline:
            amount = None if n in unknown else float(share) * (planned or 20)
            why = "argued with R." if n in obstacle else ""
            entries.append(Value(measure="walks", value=amount, planned=planned, obstacle=why))
        rows.append(Session(number=n, values=tuple(entries)))
    return Study(code="K7M2QX", design="reversal", measures=(outcome, WALKS), cases=(case.record(*rows),))


def simulated(*, seed=1, baseline=10, treated=40, delta=0.5, dose=3.0, share=0.5, practised=None, noise=0.7):
    rng = np.random.default_rng(seed)
    under = np.r_[np.zeros(baseline), np.ones(treated)]
    done = under * (rng.choice([0, 0.25, 0.75, 1], baseline + treated) if practised is None else practised)
    every = np.arange(len(under))
    expected = 3 + delta * built_up(under, share, at=every) + dose * built_up(done, share, at=every)
    return a_study(np.clip(expected + noise * rng.standard_normal(len(under)), 0, 10), done, baseline=baseline)


def quantity(found, name):
    return found.rows.set_index("quantity").loc[name]


def test_what_practice_adds_is_recovered_where_practice_varies():
    found = dose_effects(simulated())
    adds = quantity(found, "practice_adds")
    assert found.told_apart
    assert adds["lower"] < 3.0 < adds["upper"]
    assert abs(adds["mean"] - 3.0) < 0.8
    assert adds["upper"] - adds["lower"] < 3.0
    assert adds["p_improvement"] > 0.99
    assert quantity(found, "half_life")["median"] == pytest.approx(1.0, abs=0.6)


@pytest.mark.parametrize("share", [0.0, 0.7])
def test_practice_that_never_varies_leaves_the_prior_whatever_the_onset(share):
    """At once or by degrees: an effect that builds up is not taken for practice."""
    found = dose_effects(simulated(practised=1.0, share=share))
    adds = quantity(found, "practice_adds")
    assert not found.told_apart
    assert found.within_phases == pytest.approx(0.0, abs=1e-12)
    # Prior SDs of phase and practice are alike, so half of the variance is left where only their sum is known.
    assert adds["sd"] > 0.65 * found.prior_sd
    assert adds["lower"] < 0 < adds["upper"]
    # The sum of both is known all the same.
    assert quantity(found, "full_practice")["sd"] < 0.35 * adds["sd"]
    assert any("can't be told apart" in text for text in dose_words(found))
    assert "can't say yet what practice" in dose_client_words(found)[0]


def test_the_headline_effect_of_the_phase_is_that_of_the_model_without_practice():
    study = simulated(treated=14)
    bare = study.replace(
        measures=(MOOD,),
        cases=tuple(
            case.replace(
                sessions=tuple(
                    s.replace(values=tuple(v for v in s.values if v.measure == "mood")) for s in case.sessions
                )
            )
            for case in study.cases
        ),
    )
    dose_effects(study)
    with_practice, without = summarize(study), summarize(bare)
    assert with_practice.effects == without.effects
    assert with_practice.text == without.text


def test_the_exact_posterior_does_not_hang_on_the_grid():
    study = simulated(treated=12)
    usual, finer = (fit_dose(study, refine=refine).of(dose=1.0) for refine in (1.0, 1.6))
    assert usual.mean()[0] == pytest.approx(finer.mean()[0], abs=2e-3)
    assert usual.sd()[0] == pytest.approx(finer.sd()[0], rel=2e-3)


def test_without_carry_over_it_is_generalised_least_squares_with_normal_priors():
    """Given phi = 0, sigma and the share, the coefficients are normal: the same by plain linear algebra."""
    study = simulated(treated=12)
    outcome, priors = prepare(study, measure="mood", case="K7M2QX", model="gradual", family="gaussian", priors=None)
    own = priors.rescaled(center=priors.center, unit=priors.unit)
    series = replace(outcome.series, value=(outcome.series.value - priors.center) / priors.unit)
    linear = dose_model(series, practice_of(study), own)
    one = linear.part(np.array([0]))
    one = replace(one, columns=one.columns[:1])
    found = integrate(series.value, one, own, phi=0.0)
    x, sd = one.columns[0], one.prior_sd[0]
    weight, sigma = found.weight.ravel(), found.sigma.ravel()
    means = [np.linalg.solve(x.T @ x / s**2 + np.diag(sd**-2.0), x.T @ series.value / s**2)[2] for s in sigma]
    assert found.mixture([0, 0, 1]).mean()[0] == pytest.approx(float(weight @ np.array(means)), rel=1e-6)


@given(st.floats(0.0, 0.98), st.lists(st.floats(0, 2), min_size=1, max_size=30))
def test_what_builds_up_stays_between_the_least_and_the_most_that_came_in(share, amounts):
    reached = built_up(np.array(amounts), share, at=np.arange(len(amounts)))
    assert (reached >= -1e-12).all()
    assert reached.max() <= max(amounts) + 1e-9


def test_courses_agree_with_the_rows_and_start_together():
    found = dose_effects(simulated(treated=20))
    end = found.courses[found.courses["session"] == found.courses["session"].max()].set_index("practice")["mean"]
    assert end["full"] - end["none"] == pytest.approx(quantity(found, "practice_adds")["mean"], abs=0.15)
    before = found.courses[found.courses["phase"] == "A1"].groupby("session")["mean"].agg(np.ptp)
    assert before.max() == pytest.approx(0.0, abs=1e-9)
    assert (found.courses["lower"] <= found.courses["mean"]).all()


def test_the_practice_measured_in_other_units_adds_the_same():
    study = simulated(treated=14)
    hours = study.replace(
        cases=tuple(
            case.replace(
                sessions=tuple(
                    s.replace(
                        values=tuple(
                            v if v.planned is None else v.replace(value=v.value / 60, planned=v.planned / 60)
                            for v in s.values
                        )
                    )
                    for s in case.sessions
                )
            )
            for case in study.cases
        )
    )
    one, other = (quantity(dose_effects(s), "practice_adds") for s in (study, hours))
    assert one["mean"] == pytest.approx(other["mean"], rel=1e-9)


def test_an_outcome_turned_round_turns_the_effect_and_keeps_its_probability():
    study = simulated(treated=14)
    low = MOOD.replace(improvement="decrease")
    turned = a_study(
        [10 - s.value("mood") for s in study.cases[0].sessions],
        [(s.value("walks") or 0) / 20 for s in study.cases[0].sessions],
        baseline=10,
        outcome=low,
    )
    up, down = (quantity(dose_effects(s), "practice_adds") for s in (study, turned))
    assert down["mean"] == pytest.approx(-up["mean"], abs=1e-6)
    assert down["p_improvement"] == pytest.approx(up["p_improvement"], abs=1e-6)


def test_unknown_practice_counts_as_the_average_of_its_phase_and_is_told():
    values, done = [4] * 8 + [6, 7] * 5, [0] * 8 + [0.5, 1.0] * 5
    study = a_study(values, done, unknown=(10, 13))
    practice = practice_of(study)
    assert practice.dose[[9, 12]] == pytest.approx([np.mean([0.5, 0.5, 0.5, 1, 1, 1, 0.5, 1])] * 2)
    assert practice.unknown_share == pytest.approx(0.2)
    assert int(practice.known.sum()) == 8
    told = " ".join(dose_words(dose_effects(study)))
    assert "unknown at 2 of 10 sessions" in told


def test_with_more_than_two_in_five_unknown_it_is_refused():
    study = a_study([4] * 8 + [6] * 10, [0] * 8 + [1] * 10, unknown=range(9, 14))
    with pytest.raises(
        StudyError, match=r"unknown at 50% of the sessions under intervention.*missing practice is not 0"
    ):
        fit_dose(study)


def test_where_nothing_was_practised_it_is_refused_in_words():
    with pytest.raises(StudyError, match="nothing was practised under intervention"):
        fit_dose(a_study([4] * 8 + [6] * 10, [0] * 18))


def test_without_a_measure_of_practice_it_is_refused_in_words():
    study = a_study([4] * 8 + [6] * 10, [0] * 8 + [1] * 10)
    only = study.replace(measures=(MOOD,), cases=(study.cases[0].replace(sessions=(study.cases[0].sessions[0],)),))
    with pytest.raises(StudyError, match="has no measure of practice"):
        practice_of(only)
    with pytest.raises(StudyError, match="'mood' is not one of its measures of practice"):
        practice_of(study, practice="mood")


def test_full_practice_is_what_was_planned_or_the_range_or_a_usual_session():
    values, done = [4] * 8 + [6] * 4, [0] * 8 + [0.5, 1, 0, 0.5]
    assert (practice_of(a_study(values, done)).full, practice_of(a_study(values, done)).full_is) == (20.0, "planned")
    unplanned = practice_of(a_study(values, done, planned=None))
    assert unplanned.full_is == "usual"
    assert unplanned.full == pytest.approx(np.mean([10, 20, 10]))
    assert "Nothing was planned" in " ".join(dose_words(dose_effects(a_study(values, done, planned=None))))
    share = WALKS.replace(scale="proportion", maximum=1.0, unit="")
    study = a_study(values, np.array(done) / 20, planned=None).replace(measures=(MOOD, share))
    assert practice_of(study).full_is == "maximum"
    assert practice_of(study).dose[8:].tolist() == pytest.approx([0.5, 1, 0, 0.5])


def test_a_weekly_entry_among_daily_outcomes_tells_of_the_days_before_it():
    case = Case(code="K", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=8)))
    rows = [
        Session(
            number=n,
            values=(
                Value(measure="mood", value=5),
                *([Value(measure="walks", value=10, planned=20)] if n in (14, 21) else []),
            ),
        )
        for n in range(1, 22)
    ]
    study = Study(code="K", design="reversal", measures=(MOOD, WALKS), cases=(case.record(*rows),))
    practice = practice_of(study)
    assert practice.unknown_share == 0.0
    assert practice.dose[7:].tolist() == pytest.approx([0.5] * 14)


def test_follow_through_is_counted_and_obstacles_never_quoted():
    study = a_study([4] * 8 + [6] * 6, [0] * 8 + [0.5, 1, 0, 1.5, 0, 1], unknown=(13,), obstacle=(9, 11))
    rows = follow_through(study)
    assert rows["session"].tolist() == list(range(9, 15))  # in baseline practice was not due
    under = follow_through_table(study).set_index("phase").loc["intervention"]
    assert (under["due"], under["known"], under["planned"], under["done"]) == (6, 5, 100.0, 80.0)
    assert (under["share"], under["sessions_as_planned"], under["obstacles"]) == (0.8, 3, 2)
    told = [
        *follow_through_words(follow_through_table(study), practice=WALKS, case="K7M2QX"),
        *follow_through_client_words(follow_through_table(study), practice=WALKS, case="K7M2QX"),
    ]
    chart = practice_chart(study.frame(), measure=MOOD, phases=study.phase_frame(), follow=rows, practice=WALKS)
    everything = " ".join([*told, rows.to_csv(), to_svg(chart, title="Practice", description="Practice")])
    assert "argued" not in everything
    assert "80 of 100 minutes planned" in told[0]
    assert "does not count as nothing" in " ".join(told)


def drawn(chart, field):
    spec = chart.to_dict()
    found = [data for data in spec["datasets"].values() if data and field in data[0]]
    return [row for data in found for row in data]


def test_the_chart_tells_done_planned_nothing_and_unknown_apart():
    study = a_study([4] * 8 + [6] * 5, [0] * 8 + [0.5, 1, 0, 1.5, 0], unknown=(13,), obstacle=(9,))
    chart = practice_chart(
        study.frame(), measure=MOOD, phases=study.phase_frame(), follow=follow_through(study), practice=WALKS
    )
    assert [row["done"] for row in drawn(chart, "done")] == [10, 20, 30]
    assert len(drawn(chart, "planned")) == 5
    assert [row["session"] for row in drawn(chart, "none")] == [11]
    assert [row["session"] for row in drawn(chart, "missed")] == [13]
    assert [row["session"] for row in drawn(chart, "obstacle")] == [9]
    domains = {
        tuple(layer["encoding"]["x"]["scale"]["domain"])
        for panel in chart.to_dict()["vconcat"]
        for layer in panel["layer"]
        if "scale" in layer.get("encoding", {}).get("x", {})
    }
    assert domains == {(0.5, 13.5)}  # one time axis


def test_the_courses_chart_draws_three_lines_inside_the_range():
    study = simulated(treated=14, dose=9.0)
    found = dose_effects(study)
    chart = courses_chart(study.frame(), measure=MOOD, phases=study.phase_frame(), courses=found.courses)
    bands = drawn(chart, "expected")
    assert max(row["upper"] for row in bands) <= 10
    dashes = {
        str(layer["mark"]["strokeDash"])
        for layer in chart.to_dict()["layer"]
        if "expected:Q" in str(layer) or layer["encoding"].get("y", {}).get("field") == "expected"
    }
    assert len(dashes) == 3


def test_a_client_is_told_direction_and_what_it_cant_tell_without_causes():
    told = " ".join(dose_client_words(dose_effects(simulated())))
    assert "was better when you had practised more" in told
    assert "can't tell what comes first" in told
    assert "cause" not in told


def test_a_table_of_an_empty_phase_says_so_instead_of_failing():
    study = a_study([4] * 8, [0] * 8)
    with pytest.raises(StudyError, match="nothing is known yet about practice under intervention"):
        practice_of(study)
    assert isinstance(follow_through_table(study), pd.DataFrame)
    assert follow_through_words(follow_through_table(study), practice=WALKS, case="K7M2QX") == ()


def test_in_the_simulations_practice_is_covered_where_it_varies_and_left_open_where_it_does_not():
    with (Path(__file__).parent / "calibration" / "practice.csv").open() as file:
        rows = list(csv.DictReader(file))
    varies = [r for r in rows if r["situation"] in ("varies", "sticks")]
    constant = [r for r in rows if r["situation"] == "the same throughout"]
    assert varies
    assert constant
    assert all(float(r["coverage"]) > 0.92 for r in varies)
    assert all(float(r["called"]) < 0.06 for r in varies if float(r["adds"]) == 0)
    assert all(float(r["sd_left"]) > 0.65 for r in constant)
    assert max(float(r["sd_left"]) for r in varies) < min(float(r["sd_left"]) for r in constant)
