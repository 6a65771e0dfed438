"""Steering: looks, alarms, suggestions, their error rates, and decisions that stay as they were taken."""

import datetime as dt
import math
import re
from pathlib import Path

import numpy as np
import pytest
from calibration.monitoring import EVERY_SESSION, crossings
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.analysis.planning.replicates import posterior_of_change, simulate
from scd.analysis.steering import (
    choose_monitoring,
    default_monitoring,
    looks_table,
    record_decision,
    rule_words,
    steer,
    steer_all,
    trajectory_table,
)
from scd.analysis.steering.alarm_rates import alarm_rates, look_paths
from scd.analysis.steering.choosing import default_looks
from scd.analysis.steering.sequential import change_posterior, found_at, look_series, under_prior
from scd.analysis.summary import summarize
from scd.design.plans import multiple_baseline, reversal
from scd.models.mixture import Mixture
from scd.models.priors import Priors
from scd.records import open_caseload
from scd.study import Decision, Measure, Monitoring, Phase, Session, StabilityRule, Study, StudyError, Value

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
CODE = "K7M2QX"
SCORE = Measure(key="score", label="Score", improvement="increase", minimum=0, maximum=10, meaningful_change=2)
UNIT = Priors.on_scale(center=0, unit=1)
FLAT_A = (5.0, 4.6, 5.3, 4.9, 5.1)


def plan(phases="ABAB", sessions=8, measure=SCORE):
    return reversal(measures=[measure], phases=phases, sessions=sessions, code=CODE)


def ruled(study, *, replications=100, **changes):
    """The study with a rule; its error rates rest on few clients, for speed."""
    rule = default_monitoring(study)
    return choose_monitoring(study, rule=rule.replace(**changes), replications=replications)


def filled(study, values, *, first=1, case=0):
    """The study with one value a session; None is a missed one."""
    one = study.cases[case]
    key = study.measures_of(one)[0].key
    rows = [Session(number=n, values=(Value(measure=key, value=v),)) for n, v in enumerate(values, first)]
    return study.with_case(one.record(*rows))


def seen(study, **options):
    return steer(study, looked_at=NOW, **options)


def kinds(found):
    return [alarm.kind for alarm in found.alarms]


# One rule for all tests of looks: simulating its rates is the slow part.
RULED = ruled(plan(sessions=[5, 10, 5, 5]))
BETTER, WORSE = (8.6, 9.1, 8.8, 9.3, 8.9, 9.2, 9.0, 8.7), (2.0, 1.4, 1.7, 1.1, 1.6, 1.3, 1.9, 1.2)


# --- the rule's probabilities ---------------------------------------------------------------------------------------


def test_the_sceptical_posterior_is_that_of_the_sceptical_prior():
    series = look_series([1, 2, 3, 5, 6], [7, 8, 10, 11])
    rng = np.random.default_rng(3)
    value = rng.standard_normal((40, 9)) + 1.5 * series.intervention
    doubting = under_prior(change_posterior(value, series, UNIT), sd=1.0, instead_of=2.5)
    direct = change_posterior(value, series, UNIT.replace(delta_sd=1.0))
    for threshold in (0.0, 0.5, 1.0):
        assert doubting.above(threshold) == pytest.approx(direct.above(threshold), abs=1e-6)


def test_a_normal_under_another_prior_is_the_textbook_normal():
    # A likelihood N(2, 1) seen under a flat prior, then under N(0, 1): the posterior is N(1, 1/2).
    told = under_prior(Mixture(np.ones((1, 1)), np.full((1, 1), 2.0), np.ones((1, 1))), sd=1.0, instead_of=1e8)
    assert (told.mean()[0], told.sd()[0] ** 2) == pytest.approx((1.0, 0.5))


@pytest.mark.parametrize(("baseline", "treated"), [(3, 1), (5, 3), (5, 8), (8, 15)])
def test_the_quick_grid_of_simulations_agrees_with_the_one_fitted_to_every_series(baseline, treated):
    series = look_series(range(1, baseline + 1), range(baseline + 1, baseline + treated + 1))
    under = series.intervention > 0
    for phi in (0.0, 0.6):
        value = simulate(under, change=1, autocorrelation=phi, replications=100, seed=5)
        quick, fitted = (change_posterior(value, series, UNIT, simulated=s) for s in (True, False))
        for threshold in (0.0, 1.0):
            assert quick.above(threshold) == pytest.approx(fitted.above(threshold), abs=1e-3)


def test_looks_agree_with_the_planning_engine_on_both_priors():
    under = np.arange(13) >= 5
    value = simulate(under, change=1.5, replications=60, seed=2)
    rule = Monitoring(measure="score", looks=(8,), meaningful_change=1)
    neutral = change_posterior(value, look_series(range(1, 6), range(6, 14)), UNIT, simulated=True)
    found = found_at(neutral, rule=rule, values=8, meaningful=1, sign=1, prior_sd=2.5, unit=1)
    for sd, better, enough in (
        (2.5, found.improvement, found.meaningful),
        (1.0, found.sceptical_improvement, found.sceptical_meaningful),
    ):
        told = posterior_of_change(value, under, unit=1, above=(0, 1), change_sd=sd, ci_prob=None).above
        assert np.stack([better, enough], axis=1) == pytest.approx(told, abs=1e-3)
    assert (found.success == ((found.sceptical_meaningful > 0.9) & (found.sceptical_improvement > 0.99))).all()


def test_the_page_and_steering_say_the_same_of_a_score():
    study = filled(RULED, (*FLAT_A, *BETTER[:4]))
    found, page = seen(study), summarize(study, model="level")
    row = next(e for e in page.effects if e.effect == "level_change")
    assert (found.p_improvement, found.p_meaningful) == pytest.approx((row.p_improvement, row.p_meaningful), abs=1e-6)
    ahead = {p.session: (p.median, p.lower, p.upper) for p in page.projection}
    assert {r.session: (r.median, r.lower, r.upper) for r in found.trajectory if r.lower is not None} == ahead


def test_with_three_phases_the_model_is_the_one_that_heads_the_report():
    study = filled(plan(sessions=4), (5, 4.6, 5.3, 4.9, 7, 7.4, 7.1, 6.8, 5, 5.2, 4.8, 5.1))
    row = next(e for e in summarize(study).effects if (e.effect, e.contrast) == ("level_change", "overall"))
    assert seen(study).p_improvement == pytest.approx(row.p_improvement, abs=1e-6)


# --- error rates ----------------------------------------------------------------------------------------------------


def test_the_sequential_benchmark_at_a_seeded_share():
    """AB, baseline 5, looks after every B session 3 to 15, against an independent simulation of 1,000 clients."""
    null = look_paths(EVERY_SESSION, baseline=5, change=0, unit=1, autocorrelation=0.3, replications=600, seed=8)
    told = crossings(null, sceptical=False)
    for name, published in {"fixed_95": 0.037, "ever_95": 0.096, "twice_95": 0.075, "ever_975": 0.05,
                            "ever_99": 0.026, "ever_995": 0.015}.items():  # fmt: skip
        # Three standard errors of the difference between two simulations.
        error = math.sqrt(published * (1 - published) * (1 / 600 + 1 / 1000))
        assert told[name] == pytest.approx(published, abs=3 * error), name
    doubting = crossings(null, sceptical=True)
    assert doubting["ever_95"] == pytest.approx(0.057, abs=3 * math.sqrt(0.057 * 0.943 * (1 / 600 + 1 / 1000)))
    assert all(doubting[name] <= told[name] for name in ("ever_95", "ever_975", "ever_99", "ever_995"))
    # More doubt, less alarm: the rates fall with the level.
    levels = [told[f"ever_{level}"] for level in ("95", "975", "99", "995")]
    assert levels == sorted(levels, reverse=True)
    assert told["fixed_95"] <= told["ever_95"] >= told["twice_95"]


def test_power_of_the_sequential_benchmark():
    path = look_paths(EVERY_SESSION, baseline=5, change=2, unit=1, autocorrelation=0.3, replications=300, seed=8)
    told = crossings(path, sceptical=False)
    assert told["ever_95"] == pytest.approx(0.927, abs=0.055)
    assert told["ever_99"] == pytest.approx(0.718, abs=0.095)
    # Half of the clients have crossed after 3, 6 and 11 values.
    assert told["median_95"] in (3, 4)
    assert 5 <= told["median_99"] <= 7


@settings(max_examples=8)
@given(
    strict=st.floats(0.91, 0.99),
    better=st.floats(0.96, 0.999),
    harm=st.floats(0.9, 0.99),
)
def test_a_stricter_rule_never_alarms_more(strict, better, harm):
    lax = Monitoring(measure="score", looks=(5, 8), meaningful_change=0.5, success_meaningful=0.6,
                     success_improvement=0.95, harm=0.85)  # fmt: skip
    strictly = lax.replace(success_meaningful=strict, success_improvement=better, harm=harm, futility=0.05)
    rates = [
        look_paths(rule, baseline=5, change=0.3, unit=1, autocorrelation=0.3, replications=60, seed=4)
        for rule in (lax, strictly)
    ]
    for kind in ("success", "futility", "harm"):
        assert not (rates[1].ever(kind) & ~rates[0].ever(kind)).any()


def test_improvement_and_harm_are_mirrored_in_the_simulation():
    rule = Monitoring(measure="score", looks=(5, 8), meaningful_change=1)
    kept = {"baseline": 5, "unit": 1, "autocorrelation": 0.3, "replications": 100}
    up, down = (look_paths(rule, change=c, seed=1, **kept) for c in (2, -2))
    assert up.ever("harm").mean() < 0.05 < 0.5 < down.ever("harm").mean()
    assert not down.ever("success").any()


def test_the_rates_printed_beside_an_alarm_are_those_of_the_rule():
    rule = RULED.monitoring
    again = alarm_rates(rule.replace(rates=()), baseline=5, unit=2, change=4, replications=100)
    assert again.rates == rule.rates
    assert len(rule.rates) == 6
    assert {(r.autocorrelation, r.change) for r in rule.rates} == {(p, c) for p in (0, 0.3, 0.6) for c in (0, 4)}
    assert rule.false_success == max(r.success for r in rule.rates if r.change == 0) < 0.05
    assert rule.false_harm == max(r.harm for r in rule.rates if r.change == 0)
    found = seen(filled(RULED, (*FLAT_A, *WORSE[:5])))
    assert [(a.kind, a.false_rate, a.look) for a in found.alarms] == [("harm", rule.false_harm, 5)]
    told = " ".join(found.text)
    assert f"up to {100 * rule.false_harm:.0f}\N{NO-BREAK SPACE}% of clients for whom nothing changes" in told
    assert "100 clients each, autocorrelation 0 to 0.6" in told


def test_missed_sessions_are_simulated_and_the_units_do_not_matter():
    plain, missing = (
        look_paths(
            Monitoring(measure="score", looks=(3, 5), meaningful_change=2 * unit, missed=missed),
            baseline=6, change=4 * unit, unit=2 * unit, autocorrelation=0.3, missed=missed, replications=80, seed=3,
        )
        for unit, missed in ((1, 0.3), (10, 0.3))
    )  # fmt: skip
    for one, other in zip(plain.found, missing.found, strict=True):
        assert one.improvement == pytest.approx(other.improvement)
        assert one.meaningful == pytest.approx(other.meaningful)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"baseline": 1}, "at least 2 planned baseline sessions to simulate its error rates (got 1)"),
        ({"change": 0}, "the stated change must be above 0, for the better (got 0)"),
        ({"replications": 50}, "at least 100 simulated clients (got 50)"),
    ],
)
def test_rates_that_mean_nothing_are_refused(changes, words):
    rule = Monitoring(measure="score", looks=(5,), meaningful_change=1)
    asked = {"baseline": 5, "unit": 1, "change": 1, "replications": 100} | changes
    with pytest.raises(StudyError) as told:
        alarm_rates(rule, **asked)
    assert words in told.value.message


# --- choosing the rule ----------------------------------------------------------------------------------------------


def test_default_looks_are_in_order_and_end_with_the_plan():
    for length in range(1, 40):
        looks = default_looks(length)
        assert list(looks) == sorted(set(looks))
        assert looks[-1] == max(length, 1)
    assert default_looks(10) == (3, 5, 8, 10)


def test_the_default_rule_doubts_success_and_heeds_harm():
    rule = default_monitoring(plan(sessions=[6, 10, 6, 10]))
    assert (rule.success_meaningful, rule.success_improvement, rule.success_from) == (0.9, 0.99, 5)
    assert (rule.futility, rule.futility_from, rule.harm, rule.sceptical_sd) == (0.1, 8, 0.95, 1.0)
    assert (rule.least_points, rule.baseline_longest) == (5, 11)
    words = rule_words(rule, measure=SCORE)
    assert words[0] == "Fixed looks after 3, 5, 8, 10 values of the first intervention phase."


def test_a_rule_is_fixed_before_the_first_value_under_intervention():
    baseline = filled(plan(sessions=5), FLAT_A)
    assert ruled(baseline).monitoring is not None
    missed = filled(plan(sessions=5), (*FLAT_A, None))  # a missed session tells nothing
    assert ruled(missed).monitoring is not None
    with pytest.raises(StudyError, match="has a value at session 6 in phase 'B1' already") as told:
        choose_monitoring(filled(plan(sessions=5), (*FLAT_A, 6)))
    assert "no known rate of false alarms" in told.value.message
    assert told.value.field == "monitoring"


def test_a_rule_needs_a_meaningful_change_and_an_outcome():
    with pytest.raises(StudyError, match="nobody has said which change is the smallest that matters"):
        default_monitoring(plan(measure=SCORE.replace(meaningful_change=None)))
    assert default_monitoring(plan(), meaningful_change=1.5).meaningful_change == 1.5
    flex = Measure(key="flex", label="Flexibility", improvement="increase", role="process")
    both = reversal(measures=[SCORE, flex], phases="AB", code=CODE)
    with pytest.raises(StudyError, match="'flex' is not an outcome and can't be watched; choose one of score"):
        default_monitoring(both, measure="flex")
    open_ended = plan(measure=SCORE.replace(minimum=None, maximum=None))
    with pytest.raises(StudyError, match="its range is open, so the priors have no scale"):
        choose_monitoring(open_ended)


def test_a_rule_survives_the_document():
    assert Study.from_json(RULED.to_json()).monitoring == RULED.monitoring
    with pytest.raises(StudyError, match="looks must be in order"):
        RULED.monitoring.replace(looks=(5, 3))


# --- looks and alarms -----------------------------------------------------------------------------------------------


def test_a_worsening_client_raises_harm_and_asks_to_talk():
    found = seen(filled(RULED, (*FLAT_A, *WORSE[:3])))
    assert (found.look, kinds(found), found.suggestion) == (3, ["harm"], "talk about it")
    assert "WWC 4.1" in " ".join(found.text)
    assert found.looks[0].p_improvement < 0.05


def test_an_improving_client_meets_success_not_before_the_fifth_value():
    early = seen(filled(RULED, (*FLAT_A, *BETTER[:3])))
    assert (early.look, kinds(early), early.suggestion) == (3, [], "stay")
    enough = seen(filled(RULED, (*FLAT_A, *BETTER[:5])))
    assert (enough.look, kinds(enough), enough.suggestion) == (5, ["success"], "move on")
    assert "A2 can begin" in enough.reason


def test_a_flat_client_raises_no_alarm():
    values = (*FLAT_A, 5.2, 4.7, 5.0, 5.1, 4.8)
    for upto in range(1, len(values) + 1):
        found = seen(filled(RULED, values[:upto]))
        assert not found.alarms
        assert found.suggestion == ("move on" if upto == 5 else "stay")


def test_futility_asks_to_talk_from_the_eighth_value_on():
    values = (*FLAT_A, 5.2, 4.7, 5.0, 5.1, 4.8, 4.9, 5.2, 5.0)
    found = seen(filled(RULED, values))
    assert (found.look, kinds(found), found.suggestion) == (8, ["futility"], "talk about it")
    assert found.alarms[0].false_rate == RULED.monitoring.false_futility
    assert "for whom there is a change of 4 points" in " ".join(found.text)


def test_a_look_outside_the_fixed_ones_is_information():
    found = seen(filled(RULED, (*FLAT_A, *WORSE[:4])))
    assert (found.look, found.alarms, found.next_look) == (None, (), 5)
    assert found.p_improvement < 0.05
    assert "This is none of the fixed looks: what stands here is information, not an alarm." in " ".join(found.text)
    assert "The figures lean to the worse. How the client is goes before any rule." in " ".join(found.text)
    # The alarm of the look before stands, for nobody has said what was decided on it.
    assert [a.kind for a in found.standing] == ["harm"]
    assert found.suggestion == "talk about it"
    before = filled(RULED, (*FLAT_A, *WORSE[:3]))
    decided = record_decision(before, steering=seen(before), decided="stay", reason="one bad week", decided_at=NOW)
    after = seen(filled(decided, WORSE[3:4], first=9))
    assert (after.standing, after.suggestion) == ((), "stay")


@settings(max_examples=10)
@given(st.lists(st.floats(0, 10), min_size=6, max_size=13), st.integers(0, 3))
def test_a_mirrored_instrument_gives_mirrored_results(values, missed):
    values = [round(v, 1) for v in values]
    if missed:
        values[missed] = None
    mirrored = SCORE.replace(improvement="decrease")
    down = RULED.replace(measures=(mirrored,))
    turned = [None if v is None else round(10 - v, 1) for v in values]
    one, other = seen(filled(RULED, values)), seen(filled(down, turned))
    assert one.p_improvement == pytest.approx(other.p_improvement, abs=1e-6)
    assert (kinds(one), one.suggestion, one.look) == (kinds(other), other.suggestion, other.look)
    assert [r.side for r in one.trajectory if r.value is not None and r.lower is None] == [
        r.side for r in other.trajectory if r.value is not None and r.lower is None
    ]
    assert one.baseline_stable == other.baseline_stable


def test_missed_sessions_count_for_no_look():
    study = filled(RULED, (*FLAT_A, BETTER[0], None, BETTER[1], None, BETTER[2]))
    found = seen(study)
    assert (found.session, found.look, found.looks[0].session) == (10, 3, 10)
    assert [r.session for r in found.trajectory if r.value is None] == [7, 9]
    assert all(r.lower is not None for r in found.trajectory if r.phase == "B1")
    missed_since = seen(filled(study, (None,), first=11))
    assert missed_since.look == 3  # nothing new has been seen
    left_out = study.with_case(study.cases[0].record(Session(number=14, values=(Value(measure="score", value=9),))))
    assert [r.session for r in seen(left_out).trajectory if r.value is None] == [7, 9, 11, 12, 13]


def test_a_constant_series_and_three_sessions_have_their_say():
    constant = seen(filled(RULED, (5,) * 10))
    assert constant.p_improvement == pytest.approx(0.5, abs=0.01)
    assert not constant.alarms
    assert any("all values are the same" in told for told in constant.warnings)
    three = seen(filled(plan("AB", [2, 6]), (4, 5, 9)))
    assert 0.5 < three.p_improvement < 1
    assert any("each phase needs at least 3 values" in told for told in three.warnings)


def test_before_any_session_and_in_the_first_baseline():
    empty = seen(RULED)
    assert (empty.session, empty.suggestion, empty.trajectory, empty.p_improvement) == (None, "stay", (), None)
    short = seen(filled(RULED, FLAT_A[:3]))
    assert (short.baseline_stable, short.suggestion) == (False, "stay")
    assert "3 of the 5 values" in short.reason
    stable = seen(filled(RULED, FLAT_A))
    assert (stable.baseline_stable, stable.suggestion) == (True, "move on")
    assert stable.findings == ("baseline stable",)


def test_a_restless_baseline_moves_on_at_its_longest():
    restless = (1.0, 9.0, 2.0, 8.0, 1.5, 8.5, 2.5, 9.0, 1.0, 8.0)
    study = ruled(plan("AB", [12, 8]), baseline_longest=10, replications=100)
    assert seen(filled(study, restless[:9])).suggestion == "stay"  # planned for 12, which is longer than the rule's 10
    study = ruled(plan("AB", [10, 8]), baseline_longest=10, replications=100)
    assert seen(filled(study, restless[:9])).suggestion == "stay"
    found = seen(filled(study, restless))
    assert (found.baseline_stable, found.suggestion, found.findings) == (False, "move on", ("baseline at its longest",))
    assert "has reached its longest length, 10 values; it is not stable" in found.reason


def test_no_first_intervention_of_a_design_that_comes_back_ends_before_five_points():
    hasty = ruled(plan(sessions=[5, 4, 5, 5]), looks=(3, 4), success_from=3, success_meaningful=0.6)
    for values in ((*FLAT_A, *BETTER[:3]), (*FLAT_A, *BETTER[:4])):
        found = seen(filled(hasty, values))
        assert kinds(found) == ["success"]
        assert found.suggestion == "stay"
        assert "it is not ended before it has 5" in found.reason
    # Planned too short: at the plan's end there still are too few points.
    flat = filled(ruled(plan(sessions=[5, 4, 5, 5])), (*FLAT_A, 5.0, 5.2, 4.8, 5.1))
    assert seen(flat.with_case(flat.cases[0])).suggestion == "stay"


def test_a_drawn_start_is_kept_whatever_the_numbers_say():
    from scd.design.randomization import draw_phase_starts

    draw = draw_phase_starts(sessions=40, phases=4, min_phase=6, seed=3, drawn_at=NOW)
    study = ruled(reversal(measures=[SCORE], phases="ABAB", code=CODE, randomization=draw))
    start = study.cases[0].phases[1].planned_start
    steady = [FLAT_A[i % 5] for i in range(start - 1)]
    waiting = seen(filled(study, steady[:-1]))
    assert waiting.baseline_stable
    assert waiting.suggestion == "stay"
    assert "would make the randomisation test invalid" in waiting.reason
    assert seen(filled(study, steady)).suggestion == "move on"


def test_without_a_rule_there_is_information_and_no_alarm():
    found = seen(filled(plan(sessions=5), (*FLAT_A, *WORSE[:3])))
    assert (found.alarms, found.looks, found.look, found.suggestion) == ((), (), None, "talk about it")
    assert found.p_improvement < 0.05
    assert "No monitoring rule was fixed before the intervention began" in found.reason


def test_counts_are_judged_by_their_own_family_and_say_so():
    calls = Measure(key="score", label="Calls", improvement="decrease", scale="count", minimum=0, maximum=30,
                    meaningful_change=3)  # fmt: skip
    study = ruled(plan("AB", [5, 5], measure=calls), looks=(3, 5))
    found = seen(filled(study, (9, 11, 8, 10, 9, 2, 1, 3)))
    assert (found.look, kinds(found)) == (3, [])
    assert found.p_improvement > 0.9
    assert found.looks[0].sceptical_improvement < found.looks[0].p_improvement
    assert any("of another kind" in told for told in found.warnings)


# --- several tiers --------------------------------------------------------------------------------------------------


def staircase():
    study = multiple_baseline(
        measures=[SCORE], cases=["K7M2QX", "P4QXAB"], across="clients", starts=[6, 10], sessions=18, code="STUDYA"
    )
    return ruled(study)


def test_a_tier_waits_for_the_one_before_it():
    study = staircase()
    both = filled(filled(study, FLAT_A, case=0), FLAT_A, case=1)
    first, second = steer_all(both, looked_at=NOW)
    assert first.suggestion == "move on"
    assert (second.baseline_stable, second.suggestion) == (True, "stay")
    assert "K7M2QX, the one before, is still in baseline" in second.reason
    begun = filled(filled(both, (5.1, 5.0), first=6, case=0), (5.0, 4.9), first=6, case=1)
    waiting = steer_all(begun, looked_at=NOW)[1]
    assert waiting.suggestion == "stay"
    assert "for 2 of the 4 sessions that the plan puts between the two" in waiting.reason
    long_enough = filled(filled(begun, (5.2, 4.9), first=8, case=0), (5.0, 5.1), first=8, case=1)
    assert steer_all(long_enough, looked_at=NOW)[1].suggestion == "move on"


def test_a_tier_need_not_wait_where_the_one_before_has_met_success():
    quick = staircase()
    quick = quick.replace(monitoring=quick.monitoring.replace(looks=(3, 8), success_from=3, success_meaningful=0.6))
    study = filled(filled(quick, (*FLAT_A, *BETTER[:3]), case=0), (*FLAT_A, 5.0, 5.1, 4.9), case=1)
    first, second = steer_all(study, looked_at=NOW)
    assert kinds(first) == ["success"]
    assert second.suggestion == "move on"


def test_several_cases_are_steered_one_by_one():
    with pytest.raises(StudyError, match=r"has several cases .* name one"):
        steer(staircase(), looked_at=NOW)


# --- tables, decisions, the store -----------------------------------------------------------------------------------


def test_tables_hold_what_the_values_hold():
    found = seen(filled(RULED, (*FLAT_A, *BETTER[:5])))
    table = trajectory_table((found,))
    assert list(table["session"]) == list(range(1, 11))
    assert (table["side"] == "better").sum() == 5
    assert list(looks_table((found,))["number"]) == [3, 5]
    assert looks_table((seen(RULED),)).empty


def test_the_client_reads_plain_words():
    text = " ".join(seen(filled(RULED, (*FLAT_A, *BETTER[:5]))).client_text)
    assert "Higher is better." in text
    assert re.search(r"Of 100 ways .*, (more than )?\d+ say", text)
    assert "These numbers can't tell why something changed." in text
    assert "cause" not in text


def test_a_decision_is_added_and_needs_its_reason():
    study = filled(RULED, (*FLAT_A, *WORSE[:3]))
    found = seen(study)
    decided = record_decision(study, steering=found, decided="move on", reason="client asks for it", decided_at=NOW)
    last = decided.decisions[-1]
    assert (last.suggested, last.decided, last.alarms, last.look) == ("talk about it", "move on", ("harm",), 3)
    assert last.p_improvement == found.p_improvement
    assert study.decisions == ()
    assert Study.from_json(decided.to_json()).decisions == decided.decisions
    with pytest.raises(StudyError, match="reason"):
        record_decision(study, steering=found, decided="stay", reason="", decided_at=NOW)
    with pytest.raises(StudyError, match="its time needs a time zone"):
        record_decision(study, steering=found, decided="stay", reason="so", decided_at=NOW.replace(tzinfo=None))
    with pytest.raises(StudyError, match="after session 8, and the record goes to session 9; look again"):
        record_decision(filled(study, (2.0,), first=9), steering=found, decided="stay", reason="so", decided_at=NOW)
    with pytest.raises(StudyError, match="nothing to decide on"):
        record_decision(RULED, steering=seen(RULED), decided="stay", reason="so", decided_at=NOW)


def test_the_store_loses_no_decision_and_keeps_the_rule(store_url):
    with open_caseload(store_url, who="tester") as caseload:
        stored = caseload.add(filled(RULED, FLAT_A))
        relaxed = stored.study.replace(monitoring=RULED.monitoring.replace(looks=(4, 8)))
        stored = caseload.save(relaxed, revision=stored.revision)  # still in baseline
        study = filled(stored.study, WORSE[:3], first=6)
        decided = record_decision(study, steering=seen(study), decided="stay", reason="early", decided_at=NOW)
        stored = caseload.save(decided, revision=stored.revision)
        other = stored.study.decisions[0].replace(reason="rewritten")
        for lost in ((), (other,), (other, *stored.study.decisions)):
            with pytest.raises(StudyError, match=r"decision 1 .* would be lost or altered"):
                caseload.save(stored.study.replace(decisions=lost), revision=stored.revision)
        for rule in (None, RULED.monitoring):
            with pytest.raises(StudyError, match="its monitoring rule would change"):
                caseload.save(stored.study.replace(monitoring=rule), revision=stored.revision)
        more = Decision(case=CODE, session=8, suggested="stay", decided="stay", reason="again", decided_at=NOW)
        stored = caseload.save(
            stored.study.replace(decisions=(*stored.study.decisions, more)), revision=stored.revision
        )
        assert [d.reason for d in caseload.get(CODE).study.decisions] == ["early", "again"]
        paths = [(e.path, e.after) for e in caseload.audit(CODE) if e.path.startswith("decisions[2]")]
        assert ("decisions[2].reason", "again") in paths


def test_the_stability_rule_is_kept_with_the_rule():
    own = StabilityRule(values=3, width=0.3, of="range")
    study = ruled(plan(sessions=5), baseline=own)
    assert Study.from_json(study.to_json()).monitoring.baseline == own
    assert seen(filled(study, FLAT_A[:3])).baseline_stable


def test_a_restless_baseline_is_told_after_it_has_ended():
    found = seen(filled(RULED, (2, 8, 3, 9, 1, 5, 6, 5)))
    assert (found.baseline_stable, found.baseline.running, found.findings) == (False, False, ())
    assert any("was not stable by the rule when the intervention began" in told for told in found.warnings)


def test_a_follow_up_is_shown_and_changes_no_figure():
    study = filled(plan("AB", [5, 5]), (*FLAT_A, *BETTER[:5]))
    case = study.cases[0]
    longer = study.with_case(case.replace(phases=(*case.phases, Phase(label="C1", planned_start=11))))
    followed = seen(filled(longer, (2.0, 1.0), first=11))
    assert followed.p_improvement == pytest.approx(seen(study).p_improvement, abs=1e-9)
    assert (followed.phase, followed.trajectory[-1].value, followed.trajectory[-1].lower) == ("C1", 1.0, None)


# An independent simulation of 1,000 clients a row, with a quadrature of its own: baseline, phi, prior SD; then how
# often P(change > 0) is above .95 at the fifteenth look, ever, twice running, and ever above .975, .99 and .995.
PUBLISHED = [
    (5, 0.0, 2.5, (0.026, 0.070, 0.047, 0.026, 0.011, 0.001)),
    (5, 0.3, 2.5, (0.037, 0.096, 0.075, 0.050, 0.026, 0.015)),
    (5, 0.6, 2.5, (0.067, 0.138, 0.115, 0.077, 0.043, 0.024)),
    (5, 0.3, 1.0, (0.026, 0.057, 0.042, 0.028, 0.008, 0.003)),
    (8, 0.3, 2.5, (0.039, 0.099, 0.082, 0.059, 0.022, 0.008)),
    (8, 0.6, 2.5, (0.058, 0.141, 0.122, 0.077, 0.038, 0.012)),
    (8, 0.3, 1.0, (0.030, 0.070, 0.054, 0.031, 0.007, 0.000)),
]
POWER = {2.0: (0.927, 0.872, 0.718, 0.587), 1.0: (0.534, 0.376, 0.200, 0.131)}


def stored_rows():
    import pandas as pd

    table = pd.read_csv(Path(__file__).parent / "calibration" / "monitoring.csv")
    return table[table["rule"] == "every session 3-15"].set_index(["baseline", "phi", "change", "prior_sd"])


@pytest.mark.parametrize(("baseline", "phi", "prior", "published"), PUBLISHED)
def test_the_stored_table_agrees_with_the_published_one(baseline, phi, prior, published):
    row = stored_rows().loc[(baseline, phi, 0.0, prior)]
    for name, rate in zip(
        ("fixed_95", "ever_95", "twice_95", "ever_975", "ever_99", "ever_995"), published, strict=True
    ):
        pooled = max((rate + row[name]) / 2, 0.001)
        error = math.sqrt(pooled * (1 - pooled) * (1 / row["replications"] + 1 / 1000))
        assert row[name] == pytest.approx(rate, abs=3.5 * error), name


@pytest.mark.parametrize("change", POWER)
def test_the_stored_power_agrees_with_the_published_one(change):
    row = stored_rows().loc[(5, 0.3, change, 2.5)]
    for name, rate in zip(("ever_95", "ever_975", "ever_99", "ever_995"), POWER[change], strict=True):
        error = math.sqrt(rate * (1 - rate) * (1 / row["replications"] + 1 / 1000))
        assert row[name] == pytest.approx(rate, abs=3.5 * error), name
    if change == 2:
        assert (row["median_95"], row["median_99"]) == (3, 6)
        assert row["median_995"] in (10, 11)
