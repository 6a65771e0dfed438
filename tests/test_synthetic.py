"""Synthetic clients: reproducible, plainly marked as made up, and with the truth in them that their story tells."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scd.design.randomization import assignment_is_admissible
from scd.design.simulation import Course, fill_case, simulate_series
from scd.design.standards import grade_wwc
from scd.design.synthetic import synthetic_studies
from scd.study import Case, Measure, Phase, Study, StudyError

STUDIES = synthetic_studies()


def _study(code):
    return next(s.study for s in STUDIES if s.study.code == code)


def _means(study, measure):
    frame = study.frame()
    return frame[frame["measure"] == measure].groupby("condition")["value"].mean()


# --- the series -----------------------------------------------------------------------------------------------------


def test_the_noise_is_stationary_with_the_standard_deviation_and_autocorrelation_asked_for():
    series = simulate_series([40_000], levels=[5], sd=2, phi=0.6, seed=3)
    assert series.mean() == pytest.approx(5, abs=0.1)
    assert series.std() == pytest.approx(2, abs=0.05)
    assert np.corrcoef(series[:-1], series[1:])[0, 1] == pytest.approx(0.6, abs=0.02)


def test_the_first_value_has_the_same_spread_as_the_others():
    first = np.array([simulate_series([2], levels=[0], sd=2, phi=0.9, seed=k)[0] for k in range(4000)])
    assert first.std() == pytest.approx(2, abs=0.1)


def test_the_noise_runs_through_the_phase_boundary():
    pairs = np.array([simulate_series([1, 1], levels=[0, 10], sd=1, phi=0.8, seed=k) for k in range(4000)])
    assert np.corrcoef(pairs.T)[0, 1] == pytest.approx(0.8, abs=0.03)
    assert (pairs[:, 1] - pairs[:, 0]).mean() == pytest.approx(10, abs=0.05)


def test_a_gradual_effect_builds_up_and_fades_with_the_same_half_life():
    series = simulate_series([2, 4, 4], levels=[0, 8, 0], sd=0, half_life=2, seed=1)
    assert series[3] == pytest.approx(4)  # half of 8 after two intervention sessions
    assert series[5] == pytest.approx(6)  # and half of the rest after two more
    assert series[7] == pytest.approx(3)  # and half of that gone after two sessions without


def test_a_slope_goes_on_through_all_phases():
    assert simulate_series([2, 2], levels=[1, 3], slope=0.5, sd=0, seed=1).tolist() == [1.0, 1.5, 4.0, 4.5]


@given(st.integers(0, 10_000), st.floats(-0.95, 0.95), st.floats(0, 10), st.sampled_from([0.5, 1.0, 5.0]))
def test_values_lie_on_the_instruments_steps_and_inside_its_range(seed, phi, sd, step):
    series = simulate_series([5, 5], levels=[2, 8], seed=seed, sd=sd, phi=phi, minimum=0, maximum=10, step=step)
    assert series.min() >= 0
    assert series.max() <= 10
    assert np.allclose(series / step, np.round(series / step))
    assert not np.signbit(series).any()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"levels": [1]}, "series: needs one level for each phase (got 1 levels for 2 phases)"),
        ({"lengths": [3, 0]}, "series: each phase needs at least 1 session (got 0)"),
        ({"sd": -1}, "series: sd must be 0 or more (got -1)"),
        ({"phi": 1}, "series: phi must lie between -1 and 1 (got 1)"),
        ({"half_life": -2}, "series: half-life must be 0 or more (got -2)"),
    ],
)
def test_a_series_that_can_not_be_made_is_refused_in_words(change, words):
    wanted = {"lengths": [3, 3], "levels": [1, 2], "seed": 1} | change
    with pytest.raises(StudyError, match=re.escape(words)):
        simulate_series(wanted.pop("lengths"), **wanted)


def test_a_case_is_filled_by_the_phases_as_they_happened_and_missed_sessions_stay_missed():
    mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    case = Case(code="SYNTST", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=4)))
    case = case.start_phase("B1", session=5, reason="late")
    study = Study(code="SYNTST", design="reversal", measures=(mood,), cases=(case,), sessions_planned=7)
    filled = fill_case(
        study, case="SYNTST", courses={"mood": Course((2, 9), sd=0)}, seed=(1,), missed={2: "ill"}, sessions=6
    )
    values = filled.frame().set_index("session")["value"]
    assert values.drop(2).to_dict() == {1: 2.0, 3: 2.0, 4: 2.0, 5: 9.0, 6: 9.0}
    assert np.isnan(values[2])
    assert filled.cases[0].sessions[1].note == "ill"


# --- the clients ----------------------------------------------------------------------------------------------------


def test_there_are_at_least_ten_and_both_kinds_of_design():
    assert len(STUDIES) >= 10
    assert {s.study.design for s in STUDIES} == {"reversal", "multiple-baseline"}
    assert {s.study.across for s in STUDIES} == {None, "clients", "behaviours"}


def test_every_code_is_a_pseudonym_and_says_synthetic():
    codes = [c for s in STUDIES for c in s.labels()]
    assert len(codes) == len(set(codes))
    # The pattern of scd.study.new_code: six signs, a letter first, without 0 and O, 1, I and L.
    assert all(re.fullmatch(r"SYN[A-HJKMNP-Z2-9]{3}", code) for code in codes)
    assert all(s.label.startswith("Synthetic client") for s in STUDIES)
    assert all(label.startswith("Synthetic client") for s in STUDIES for label in s.labels().values())
    assert all(set(s.labels()) == {s.study.code} | {c.code for c in s.study.cases} for s in STUDIES)


def test_the_same_seed_gives_the_same_clients_and_another_seed_other_values():
    again = synthetic_studies(seed=1)
    other = synthetic_studies(seed=2)
    assert [s.study for s in again] == [s.study for s in STUDIES]
    for mine, theirs in zip(STUDIES, other, strict=True):
        assert mine.study.fingerprint() != theirs.study.fingerprint()
        assert mine.study.randomization == theirs.study.randomization
        assert [c.phases for c in mine.study.cases] == [c.phases for c in theirs.study.cases]


def test_clients_do_not_share_their_noise():
    assert len({tuple(s.study.frame()["value"].fillna(-1)[:6]) for s in STUDIES}) == len(STUDIES)


def test_the_draws_are_admissible_and_the_phases_begin_where_they_say():
    drawn = [s.study for s in STUDIES if s.study.randomization]
    assert len(drawn) >= 3
    for study in drawn:
        assert assignment_is_admissible(study.randomization)
        assert study.randomization.starts == tuple(tuple(p.start for p in c.phases[1:]) for c in study.cases)


def test_the_stories_are_in_the_data():
    distress = _means(_study("SYNAB2"), "distress")
    assert distress["B"] < distress["A"] - 3
    assert abs(_means(_study("SYNAB3"), "mood").diff().iloc[-1]) < 1.3
    worse = _means(_study("SYNAB5"), "distress")
    assert worse["B"] > worse["A"] + 1.5
    behaviours = _study("SYNMB3")
    assert [m.key for c in behaviours.cases for m in behaviours.measures_of(c)] == ["getting-up", "eating", "messages"]
    clients = _study("SYNMB2").frame().groupby(["case", "condition"])["value"].mean().unstack()
    assert ((clients["A"] - clients["B"]) > 3).tolist() == [True, True, True, False]


def test_missed_sessions_and_a_late_phase_carry_their_reasons():
    case = _study("SYNAB6").cases[0]
    missed = [s for s in case.sessions if s.missed]
    assert len(missed) == 4
    assert all(s.note and s.date for s in missed)
    late = case.phases[1]
    assert (late.planned_start, late.actual_start) == (7, 9)
    assert late.reason


def test_the_running_study_stands_in_its_first_intervention_phase():
    case = _study("SYNAB9").cases[0]
    assert [p.label for p in case.phases] == ["A1", "B1", "A2", "B2"]
    assert [p.actual_start is not None for p in case.phases] == [True, True, False, False]
    assert case.phase_at(case.sessions[-1].number).label == "B1"


def test_grades_go_from_the_best_to_none():
    grades = {s.study.code: grade_wwc(s.study).grade for s in STUDIES}
    assert grades["SYNAB2"] == "meets without reservations"
    assert grades["SYNAB7"] == "does not meet"
    assert len(set(grades.values())) >= 2


def test_practice_carries_the_effect_and_the_sessions_alone_do_nothing():
    """What was put in is found: a large effect of full practice, none of the phase without it."""
    from scd.analysis.practice.dose_effects import dose_effects

    study = _study("SYNPR2")
    rows = dose_effects(study, measure="tension", practice="exercise", case=study.code).rows.set_index("quantity")
    assert rows.loc["full_practice", "lower"] < -38 < rows.loc["full_practice", "upper"]
    assert rows.loc["full_practice", "p_improvement"] > 0.99
    assert rows.loc["without_practice", "lower"] < 0 < rows.loc["without_practice", "upper"]


def test_the_area_that_matters_is_not_the_one_treated():
    from scd.analysis.areas.area_changes import area_changes
    from scd.analysis.processes.table import process_table

    study = _study("SYNAR2")
    verdicts = area_changes(study, case=study.code).rows.set_index("measure")["verdict"].to_dict()
    assert verdicts == {
        "friends": "better",
        "family": "worse",
        "worry": "unclear",
        "mood": "unclear",
        "work": "unclear",
    }
    links = process_table(study, case=study.code, outcome="worry").table.set_index("process")
    assert links.loc["sleep", "evidence"] == "matters most"
    assert links.loc["outdoors", "evidence"] == "no clear link"


def test_the_stored_error_rates_are_those_of_the_rule():
    from scd.analysis.steering.alarm_rates import alarm_rates

    rule = _study("SYNPR2").monitoring
    again = alarm_rates(
        rule, baseline=rule.baseline_sessions, unit=20, change=30, autocorrelations=(0.3,), replications=1000, seed=1
    )
    assert list(again.rates) == [row.replace(median_stop=None) for row in rule.rates if row.autocorrelation == 0.3]
