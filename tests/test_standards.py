"""The WWC grade: the handbook's table, what counts as a point, and what a study still running may hope for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.design import Grade, grade_wwc, multiple_baseline, reversal
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
SLEEP = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=12)
OPEN = Measure(key="open", label="Openness", improvement="increase", role="process")

FULL, SOME, NONE = "meets without reservations", "meets with reservations", "does not meet"
RANK = [NONE, SOME, FULL]
FIRST_DAY = dt.date(2026, 3, 2)


def abab(*lengths: int, phases: str = "ABAB", measures: Collection[Measure] = (MOOD,)) -> Study:
    return reversal(measures=list(measures), phases=phases, sessions=list(lengths), code="K7M2")


def staircase(*starts: int, sessions: int = 20, across: str = "clients") -> Study:
    tiers = ["TIER" + letter for letter in "ABCDEFGH"[: len(starts)]]
    return multiple_baseline(
        measures=[MOOD], cases=tiers, across=across, starts=list(starts), sessions=sessions, code="S1"
    )


def rated(number: int, *, missed: bool = False, date: dt.date | None = None, key: str = "mood") -> Session:
    return Session(number=number, date=date, values=(Value(measure=key, value=None if missed else 5),))


def recorded(study: Study, *, upto: int, missed: Collection[int] = ()) -> Study:
    """The study with sessions 1 to `upto` recorded in every case; the missed ones hold no value."""
    for case in study.cases:
        study = study.with_case(case.record(*(rated(n, missed=n in missed) for n in range(1, upto + 1))))
    return study


# --- the table of the WWC handbook, version 4.1 -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phases", "lengths", "grade", "demonstrations"),
    [
        ("ABAB", (5, 5, 5, 5), FULL, 3),
        ("ABAB", (9, 5, 7, 6), FULL, 3),
        ("ABAB", (5, 5, 4, 5), SOME, 3),
        ("ABAB", (3, 3, 3, 3), SOME, 3),
        ("ABAB", (5, 5, 2, 5), NONE, 1),
        ("ABAB", (2, 5, 5, 5), NONE, 2),
        ("ABA", (9, 9, 9), NONE, 2),
        ("AB", (20, 20), NONE, 1),
        ("ABABAB", (5, 5, 5, 5, 5, 5), FULL, 5),
        ("ABABA", (5, 5, 5, 5, 1), FULL, 3),
        ("ABABAB", (5, 5, 4, 5, 5, 5), SOME, 5),
        ("ABABAB", (5, 5, 2, 5, 5, 5), NONE, 2),
        ("ABABAB", (2, 5, 5, 5, 5, 4), FULL, 4),
    ],
)
def test_wwc_4_1_reversal_designs(phases, lengths, grade, demonstrations):
    result = grade_wwc(abab(*lengths, phases=phases))
    assert (result.grade, result.demonstrations, result.phases) == (grade, demonstrations, len(phases))
    assert result.standard == "WWC 4.1"


@pytest.mark.parametrize(
    ("starts", "sessions", "grade", "demonstrations"),
    [
        ((6, 9, 12), 18, FULL, 3),
        ((6, 9, 12), 16, FULL, 3),
        ((6, 9, 12), 15, SOME, 3),
        ((5, 9, 12), 18, SOME, 3),
        ((4, 5, 6), 8, SOME, 3),
        ((3, 9, 12), 18, NONE, 2),
        ((6, 9, 12), 13, NONE, 2),
        ((6, 9), 18, NONE, 2),
        ((6, 7, 8, 9), 20, FULL, 4),
        ((3, 8, 11, 14), 20, FULL, 3),
    ],
)
def test_wwc_4_1_multiple_baseline_designs(starts, sessions, grade, demonstrations):
    result = grade_wwc(staircase(*starts, sessions=sessions))
    assert (result.grade, result.demonstrations, result.phases) == (grade, demonstrations, 2 * len(starts))


def test_what_is_planned_is_recorded_point_by_point():
    result = grade_wwc(recorded(abab(5, 6, 5, 6), upto=13, missed=(2, 12)))
    assert result.points_per_phase == (
        ("K7M2", "A1", 5, 4),
        ("K7M2", "B1", 6, 6),
        ("K7M2", "A2", 5, 1),
        ("K7M2", "B2", 6, 0),
    )


# --- stagger ------------------------------------------------------------------------------------------------------


def built(*tiers: tuple[int, range], dates: tuple[dt.date, ...] = ()) -> Study:
    """A multiple baseline as it was recorded: for each tier its start and its sessions."""
    cases = []
    for i, (start, sessions) in enumerate(tiers):
        case = Case(
            code="TIER" + "ABCDEFGH"[i],
            phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=start)),
        )
        begin = dates[i] if dates else None
        cases.append(case.record(*(rated(n, date=begin and begin + dt.timedelta(days=n)) for n in sessions)))
    return Study(
        code="S1",
        design="multiple-baseline",
        across="clients",
        measures=(MOOD,),
        cases=tuple(cases),
        sessions_planned=20,
    )


def test_tiers_that_start_together_demonstrate_the_effect_once():
    together = grade_wwc(built((6, range(1, 21)), (6, range(1, 21)), (12, range(1, 21))))
    assert (together.grade, together.demonstrations) == (NONE, 2)
    assert together.reasons[0] == "cases TIERA and TIERB start the intervention at the same time"
    # A fourth tier with a time of its own makes up for it.
    more = grade_wwc(built((6, range(1, 21)), (6, range(1, 21)), (9, range(1, 21)), (12, range(1, 21))))
    assert (more.grade, more.demonstrations) == (FULL, 3)


def test_a_later_tier_must_still_be_in_baseline():
    # The third tier's baseline was broken off before the second one started.
    sessions = [n for n in range(1, 21) if not 8 <= n < 12]
    study = built((6, range(1, 21)), (9, range(1, 21)), (12, sessions))
    result = grade_wwc(study)
    assert (result.grade, result.demonstrations) == (NONE, 2)
    assert result.reasons[0] == "case TIERC has no baseline point after case TIERB started the intervention"


def test_baselines_must_overlap_from_before_the_first_start():
    study = built((6, range(1, 21)), (9, range(1, 21)), (12, range(7, 21)))
    result = grade_wwc(study)
    assert (result.grade, result.demonstrations) == (NONE, 2)
    assert result.reasons[0] == "case TIERC has no baseline point before case TIERA starts the intervention"


def test_dates_decide_whether_baselines_ran_at_the_same_time():
    tiers = [(6, range(1, 21)), (9, range(1, 21)), (12, range(1, 21))]
    same = grade_wwc(built(*tiers, dates=(FIRST_DAY,) * 3))
    months_apart = tuple(FIRST_DAY + dt.timedelta(days=60 * i) for i in range(3))
    apart = grade_wwc(built(*tiers, dates=months_apart))
    assert (same.grade, same.demonstrations) == (FULL, 3)
    assert (apart.grade, apart.demonstrations) == (NONE, 1)
    assert "case TIERB has no baseline point before case TIERA starts the intervention" in apart.reasons
    # All three begin at their own session 6, but a few days apart: staggered by date though not by number.
    days_apart = tuple(FIRST_DAY + dt.timedelta(days=3 * i) for i in range(3))
    assert grade_wwc(built(*[(8, range(1, 21))] * 3, dates=days_apart)).grade == FULL


def test_without_dates_the_overlap_of_clients_is_said_to_be_unknown():
    words = "whether the clients' baselines ran at the same time"
    undated = recorded(staircase(6, 9, 12), upto=20)
    assert any(words in told for told in grade_wwc(undated).not_assessed)
    assert not any(words in told for told in grade_wwc(staircase(6, 9, 12)).not_assessed)
    one_client = recorded(staircase(6, 9, 12, across="behaviours"), upto=20)
    assert not any(words in told for told in grade_wwc(one_client).not_assessed)


def test_stagger_is_found_whatever_the_order_of_the_cases():
    shuffled = built((12, range(1, 21)), (6, range(1, 21)), (9, range(1, 21)))
    assert grade_wwc(shuffled).grade == FULL


# --- what is a point ----------------------------------------------------------------------------------------------


def test_a_missed_session_is_no_point():
    study = recorded(abab(5, 5, 5, 5), upto=20, missed=(7,))
    result = grade_wwc(study)
    assert (result.grade, result.planned, result.reachable) == (SOME, FULL, SOME)
    assert result.reasons == ("phase B1 of case K7M2 has 4 points; 5 are needed to meet without reservations",)
    empty = study.with_case(study.cases[0].record(Session(number=8), Session(number=9)))
    assert grade_wwc(empty).grade == NONE


def test_points_of_a_process_measure_do_not_count():
    study = abab(5, 5, 5, 5, measures=(OPEN, MOOD))
    study = study.with_case(study.cases[0].record(*(rated(n, key="open") for n in range(1, 21))))
    result = grade_wwc(study)
    assert result.basis == "plan"
    assert {row[3] for row in result.points_per_phase} == {0}


def test_the_headline_outcome_is_counted_unless_another_is_asked_for():
    study = abab(5, 5, 5, 5, measures=(MOOD, SLEEP))
    days = [rated(n) for n in range(1, 21)]
    weekly = Value(measure="sleep", value=7)
    days = [s.replace(values=(*s.values, weekly)) if s.number % 5 == 1 else s for s in days]
    study = study.with_case(study.cases[0].record(*days))
    assert grade_wwc(study).grade == FULL
    assert "the other outcomes (Sleep): the points of Mood were counted" in grade_wwc(study).not_assessed
    assert grade_wwc(study, measure="sleep").grade == NONE
    assert [row[3] for row in grade_wwc(study, measure="sleep").points_per_phase] == [1, 1, 1, 1]
    with pytest.raises(StudyError, match="has no measure 'anger' \\(it has mood, sleep\\)"):
        grade_wwc(study, measure="anger")


def test_each_tier_is_graded_on_its_own_outcome():
    study = multiple_baseline(
        measures=[MOOD, SLEEP, MOOD.replace(key="calm", label="Calm")],
        cases=3,
        across="behaviours",
        starts=[6, 9, 12],
        sessions=18,
        tier_measures=[["mood"], ["sleep"], ["calm"]],
    )
    assert grade_wwc(study).grade == FULL
    for case in study.cases:
        key = case.measures[0]
        study = study.with_case(case.record(*(rated(n, key=key) for n in range(1, 19))))
    result = grade_wwc(study)
    assert (result.grade, result.basis, result.demonstrations) == (FULL, "record", 3)


def test_a_study_without_an_outcome_is_told_so():
    result = grade_wwc(abab(5, 5, 5, 5, measures=(OPEN,)))
    assert result.grade == NONE
    assert result.reasons[0] == "case K7M2 has no outcome measure, so nothing can be counted"


def test_in_a_reversal_of_several_clients_the_weakest_decides():
    strong, weak = abab(5, 5, 5, 5).cases[0], abab(5, 5, 4, 5).cases[0].replace(code="P4QX")
    study = Study(code="S1", design="reversal", measures=(MOOD,), cases=(strong, weak), sessions_planned=19)
    result = grade_wwc(study)
    assert result.grade == SOME
    assert "phase A2 of case P4QX has 4 planned points; 5 are needed to meet without reservations" in result.reasons


def test_a_plan_of_unknown_length_says_so():
    study = abab(5, 5, 5, 5).replace(sessions_planned=None)
    result = grade_wwc(study)
    assert result.grade == NONE
    assert "the plan does not say how many sessions there are" in result.reasons[0]


# --- while the study runs -----------------------------------------------------------------------------------------


def test_a_running_study_tells_what_it_holds_and_what_it_can_reach():
    result = grade_wwc(recorded(abab(5, 5, 5, 5), upto=8))
    assert (result.grade, result.planned, result.reachable) == (NONE, FULL, FULL)
    assert (result.basis, result.phases, result.demonstrations) == ("record", 2, 1)
    assert result.reasons == (
        "phase B1 of case K7M2 has 3 points; 5 are needed to meet without reservations",
        "phase A2 of case K7M2 has not begun",
        "phase B2 of case K7M2 has not begun",
    )
    assert result.words == (
        "So far the record does not meet the WWC 4.1 standards: it holds 1 of the 3 demonstrations of the effect it "
        "needs; if the rest goes to plan it will meet the WWC 4.1 standards without reservations "
        "(agreement between observers is not assessed)."
    )


def test_what_was_missed_can_no_longer_be_reached():
    result = grade_wwc(recorded(abab(5, 5, 5, 5), upto=8, missed=(2,)))
    assert (result.planned, result.reachable) == (FULL, SOME)
    assert "will meet the WWC 4.1 standards with reservations" in result.words


def test_a_phase_that_started_late_takes_its_time_from_the_end():
    study = abab(5, 5, 5, 5)
    study = study.with_case(study.cases[0].start_phase("B1", session=8, reason="therapist ill"))
    study = recorded(study, upto=8)
    assert grade_wwc(study).reachable == SOME
    assert grade_wwc(study.replace(sessions_planned=22)).reachable == FULL


lengths = st.lists(st.integers(1, 7), min_size=4, max_size=6)


@given(lengths, st.sets(st.integers(1, 42)))
@settings(max_examples=50, deadline=None)
def test_recording_never_takes_a_grade_away_and_ends_where_it_could(planned, missed):
    study = abab(*planned, phases="ABABAB"[: len(planned)])
    total, before = sum(planned), NONE
    for upto in range(1, total + 1):
        result = grade_wwc(recorded(study, upto=upto, missed=missed))
        if result.basis == "plan":  # nothing observed yet
            continue
        assert RANK.index(before) <= RANK.index(result.grade) <= RANK.index(result.reachable)
        assert RANK.index(result.reachable) <= RANK.index(result.planned)
        before = result.grade
    if result.basis == "record":
        assert result.grade == result.reachable
    if not missed & set(range(1, total + 1)):
        assert result.grade == result.planned == grade_wwc(study).grade


@given(st.lists(st.integers(1, 4), min_size=2, max_size=5), st.integers(1, 8), st.integers(1, 7))
@settings(max_examples=50, deadline=None)
def test_a_staircase_recorded_to_the_end_has_the_grade_of_its_plan(steps, first, tail):
    starts = [first + 1]
    for step in steps:
        starts.append(starts[-1] + step)
    study = staircase(*starts, sessions=starts[-1] + tail - 1)
    plan, record = grade_wwc(study), grade_wwc(recorded(study, upto=starts[-1] + tail - 1))
    assert (plan.basis, record.basis) == ("plan", "record")
    assert (plan.grade, plan.demonstrations, plan.phases) == (record.grade, record.demonstrations, record.phases)
    # Independently: every tier of which both phases have 3 points, as their starts all differ.
    long_enough = [s for s in starts if s - 1 >= 3 and study.sessions_planned - s + 1 >= 3]
    assert plan.demonstrations == len(long_enough)


# --- the words ----------------------------------------------------------------------------------------------------


def test_an_ab_design_is_told_plainly_what_it_cannot_show():
    for study in (abab(10, 10, phases="AB"), recorded(abab(10, 10, phases="AB"), upto=20)):
        assert grade_wwc(study).words.endswith(
            "does not meet the WWC 4.1 standards: case K7M2 has one change from baseline to intervention, which is a "
            "single demonstration and can't show that the intervention caused the change."
        )


def test_the_words_of_a_plan_and_of_a_record():
    assert grade_wwc(abab(5, 5, 5, 5)).words == (
        "By plan, the design meets the WWC 4.1 standards without reservations: the effect can show at 3 different "
        "times, between phases of at least 5 points (agreement between observers is not assessed)."
    )
    assert grade_wwc(recorded(abab(5, 5, 5, 5), upto=20, missed=(7,))).words == (
        "The record meets the WWC 4.1 standards with reservations: phase B1 of case K7M2 has 4 points; 5 are needed "
        "to meet without reservations (agreement between observers is not assessed)."
    )
    assert grade_wwc(abab(3, 2, 2, 2)).words == (
        "By plan, the design does not meet the WWC 4.1 standards: phase B1 of case K7M2 has 2 planned points; "
        "3 are needed to meet with reservations, 5 without."
    )
    assert grade_wwc(staircase(6, 9)).words == (
        "By plan, the design does not meet the WWC 4.1 standards: the design has 2 tiers (clients); at least 3, each "
        "with its own start of the intervention, are needed to show that it caused the change."
    )
    assert grade_wwc(abab(5, 5, 5, phases="ABA")).words == (
        "By plan, the design does not meet the WWC 4.1 standards: case K7M2 has 3 phases, so 2 demonstrations of the "
        "effect; the 3 that are needed take 4 phases, as in ABAB."
    )


def test_a_phase_too_many_is_no_fault():
    result = grade_wwc(abab(5, 5, 5, 5, 1, phases="ABABA"))
    assert result.reasons == ("phase A3 of case K7M2 has 1 planned point; the grade does not rest on it",)


def test_agreement_between_observers_is_never_passed_in_silence():
    for study in (abab(5, 5, 5, 5), recorded(abab(5, 5, 5, 5), upto=20), staircase(6, 9, 12)):
        result = grade_wwc(study)
        assert result.not_assessed[0].startswith("agreement between observers: the record holds no second observer")
        assert "agreement between observers is not assessed" in result.words


def test_a_grade_survives_its_document():
    result = grade_wwc(recorded(abab(5, 5, 5, 5), upto=8))
    assert Grade(**result.model_dump(mode="json")) == result
