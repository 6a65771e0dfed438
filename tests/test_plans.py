"""Plans: phases laid out as asked, and every wrong wish answered beside its control."""

from __future__ import annotations

import datetime as dt
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.design import draw_phase_starts, draw_start_windows, multiple_baseline, reversal
from scd.study import Measure, Study, StudyError

NOW = dt.datetime(2026, 3, 2, 9, 30, tzinfo=dt.UTC)
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
SLEEP = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=12, unit="hours")
TIERS = ("K7M2", "P4QX", "W9TR")
WINDOWS = ((6, 8), (9, 11), (12, 14))


def starts_of(study: Study) -> list[list[tuple[str, int]]]:
    return [[(p.label, p.planned_start) for p in case.phases] for case in study.cases]


# --- reversal -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phases", "labels"),
    [
        ("AB", ["A1", "B1"]),
        ("ABA", ["A1", "B1", "A2"]),
        ("ABAB", ["A1", "B1", "A2", "B2"]),
        (" abab ", ["A1", "B1", "A2", "B2"]),
        ("ABABABA", ["A1", "B1", "A2", "B2", "A3", "B3", "A4"]),
    ],
)
def test_phases_are_numbered_within_their_condition(phases, labels):
    study = reversal(measures=[MOOD], phases=phases)
    assert [p.label for p in study.cases[0].phases] == labels


@settings(deadline=None)  # the first example imports pandas
@given(st.lists(st.integers(1, 30), min_size=2, max_size=8))
def test_every_phase_has_the_length_that_was_asked_for(lengths):
    phases = ("AB" * 8)[: len(lengths)]
    study = reversal(measures=[MOOD], phases=phases, sessions=lengths)
    frame = study.phase_frame()
    assert (frame["end"] - frame["start"] + 1).tolist() == lengths
    assert study.sessions_planned == sum(lengths)
    # The same plan, told by its starts.
    starts = list(accumulate(lengths, initial=1))[1:-1]
    told = reversal(measures=[MOOD], phases=phases, sessions=lengths, starts=starts, code=study.code)
    assert told == study


def test_a_plan_records_nothing_yet():
    study = reversal(measures=[MOOD, SLEEP])
    assert study.frame().empty
    assert all(p.actual_start is None for p in study.cases[0].phases)
    assert study.sessions_planned == 20
    assert study.randomization is None


def test_codes_are_made_or_taken():
    made = reversal(measures=[MOOD])
    assert made.cases[0].code == made.code
    assert len(made.code) == 6
    assert reversal(measures=[MOOD], code="K7M2").cases[0].code == "K7M2"
    assert reversal(measures=[MOOD], code="S1", case="K7M2").cases[0].code == "K7M2"


def test_starts_leave_the_length_of_the_whole_to_sessions():
    study = reversal(measures=[MOOD], sessions=6, starts=[5, 12, 20], code="K7M2")
    assert starts_of(study) == [[("A1", 1), ("B1", 5), ("A2", 12), ("B2", 20)]]
    assert study.sessions_planned == 24


def test_a_drawn_reversal_keeps_its_draw_through_its_document():
    draw = draw_phase_starts(sessions=26, phases=4, min_phase=5, seed=3, drawn_at=NOW)
    study = reversal(measures=[MOOD], randomization=draw)
    assert [p.planned_start for p in study.cases[0].phases] == [1, *draw.starts[0]]
    assert study.sessions_planned == 26
    assert Study.from_json(study.to_json()).randomization == draw


@pytest.mark.parametrize(
    ("wish", "field", "message"),
    [
        ({"sessions": [5, 0, 5, 5]}, "sessions", "case 'K7M2', phase 'B1': needs at least 1 session (got 0)"),
        ({"sessions": 0}, "sessions", "case 'K7M2', phase 'A1': needs at least 1 session (got 0)"),
        (
            {"sessions": [5, 5, 5]},
            "sessions",
            "case 'K7M2': needs a length for each of its 4 phases, A1, B1, A2, B2 (got 3)",
        ),
        (
            {"sessions": 5.5},
            "sessions",
            "case 'K7M2', phase 'A1', number of sessions: must be a whole number (got 5.5)",
        ),
        (
            {"sessions": "5"},
            "sessions",
            "case 'K7M2', phase 'A1', number of sessions: must be a whole number (got '5')",
        ),
        ({"sessions": 30_000}, "sessions", "case 'K7M2': must have at most 100,000 sessions in all (got 120,000)"),
        (
            {"phases": "ABBA"},
            "phases",
            "case 'K7M2': phases must alternate between A and B and begin with baseline A, "
            "such as AB, ABA or ABAB (got 'ABBA')",
        ),
        ({"phases": "BAB"}, "phases", None),
        ({"phases": "A"}, "phases", None),
        ({"phases": ""}, "phases", None),
        ({"phases": "ABC"}, "phases", None),
        (
            {"starts": [6, 11]},
            "starts",
            "case 'K7M2': needs a start for each phase after the first, B1, A2, B2 (got 2)",
        ),
        (
            {"starts": [6, 6, 16]},
            "starts",
            "case 'K7M2', phase 'B1': needs at least 1 session (it starts at session 6, 'A2' at 6); "
            "give 'A2' a later start",
        ),
        (
            {"starts": [1, 6, 16]},
            "starts",
            "case 'K7M2', phase 'A1': needs at least 1 session (it starts at session 1, 'B1' at 1); "
            "give 'B1' a later start",
        ),
        (
            {"starts": [6, 11, 21]},
            "starts",
            "case 'K7M2', phase 'B2': needs at least 1 session (it starts at session 21, the plan ends at 20); "
            "give it an earlier start, or plan more sessions",
        ),
        (
            {"starts": [6, None, 16]},
            "starts",
            "case 'K7M2', phase 'A2', start: must be a whole number (got None)",
        ),
        (
            {"measures": []},
            "measures",
            "study 'K7M2': needs at least 1 measure (got 0); choose one from the catalogue or describe your own",
        ),
        ({"case": ""}, "case", None),
        ({"code": ""}, "code", None),
    ],
)
def test_a_reversal_that_cannot_be_planned(wish, field, message):
    with pytest.raises(StudyError) as refusal:
        reversal(**{"measures": [MOOD], "code": "K7M2"} | wish)
    assert refusal.value.field == field
    if message is not None:
        assert refusal.value.message == message


def test_a_draw_for_another_design_is_refused():
    for_aba = draw_phase_starts(sessions=20, phases=3, min_phase=5, seed=1, drawn_at=NOW)
    staggered = draw_start_windows(windows=WINDOWS, sessions=20, min_phase=5, seed=1, drawn_at=NOW)
    with pytest.raises(StudyError, match=r"needs 1 × 3 starts, .* \(got 1 × 2\); draw anew") as shape:
        reversal(measures=[MOOD], phases="ABAB", randomization=for_aba)
    with pytest.raises(StudyError, match="needs one by scheme 'phase-starts' \\(got 'start-windows'\\)") as scheme:
        reversal(measures=[MOOD], phases="ABAB", randomization=staggered)
    with pytest.raises(StudyError, match="don't fit the set that it states; draw anew") as forged:
        reversal(measures=[MOOD], phases="ABA", randomization=for_aba.replace(starts=((3, 11),)))
    assert {e.value.field for e in (shape, scheme, forged)} == {"randomization"}
    with pytest.raises(StudyError, match="are given and drawn at random; keep one of the two") as both:
        reversal(measures=[MOOD], phases="ABA", starts=[6, 11], randomization=for_aba)
    assert both.value.field == "starts"


# --- multiple baseline --------------------------------------------------------------------------------------------


def staircase(**wish):
    plan = {"measures": [MOOD], "cases": TIERS, "across": "clients", "starts": [6, 9, 12], "sessions": 18, "code": "S1"}
    return multiple_baseline(**plan | wish)


def test_each_tier_has_a_baseline_and_an_intervention():
    study = staircase()
    assert starts_of(study) == [[("A1", 1), ("B1", s)] for s in (6, 9, 12)]
    assert [c.code for c in study.cases] == list(TIERS)
    assert (study.design, study.across, study.sessions_planned) == ("multiple-baseline", "clients", 18)
    assert Study.from_json(study.to_json()) == study


def test_codes_of_tiers_are_made_when_only_their_number_is_given():
    study = staircase(cases=3, code=None)
    codes = {study.code, *(c.code for c in study.cases)}
    assert len(codes) == 4
    assert all(len(code) == 6 for code in codes)


def test_each_tier_may_have_its_own_measures():
    study = staircase(
        measures=[MOOD, SLEEP],
        across="behaviours",
        cases=TIERS[:2],
        starts=[6, 9],
        tier_measures=[["mood"], ["sleep", "mood"]],
    )
    assert [[m.key for m in study.measures_of(c)] for c in study.cases] == [["mood"], ["mood", "sleep"]]


def test_a_drawn_multiple_baseline_takes_its_starts_from_the_draw():
    draw = draw_start_windows(windows=WINDOWS, sessions=18, min_phase=5, seed=5, drawn_at=NOW)
    study = staircase(starts=None, randomization=draw)
    assert [c.phases[1].planned_start for c in study.cases] == [row[0] for row in draw.starts]
    assert study.randomization == draw


@pytest.mark.parametrize(
    ("wish", "field", "message"),
    [
        (
            {"starts": [6, 6, 12]},
            "starts",
            "case 'P4QX', phase 'B1': must start later than that of case 'K7M2' before it "
            "(got session 6 after session 6); stagger the starts",
        ),
        (
            {"starts": [1, 6, 12]},
            "starts",
            "case 'K7M2', phase 'A1': needs at least 1 session ('B1' starts at session 1); give 'B1' a later start",
        ),
        (
            {"starts": [6, 9, 19]},
            "starts",
            "case 'W9TR', phase 'B1': needs at least 1 session (it starts at session 19, the plan ends at 18); "
            "give it an earlier start, or plan more sessions",
        ),
        (
            {"starts": [6, 9]},
            "starts",
            "study 'S1': needs a start of the intervention for each of its 3 cases (got 2); "
            "give them, or draw them at random",
        ),
        ({"starts": None}, "starts", None),
        ({"starts": [6, 9.5, 12]}, "starts", "case 'P4QX', phase 'B1', start: must be a whole number (got 9.5)"),
        (
            {"cases": 1},
            "cases",
            "study 'S1': a multiple baseline needs at least 2 cases (got 1); "
            "for one client and one behaviour plan a reversal design",
        ),
        ({"cases": []}, "cases", None),
        ({"cases": "three"}, "cases", "study 'S1', number of cases: must be a whole number (got 'three')"),
        (
            {"cases": ["K7M2", "P4QX", "K7M2"]},
            "cases",
            "study 'S1': has case 'K7M2' twice; give each its own code",
        ),
        ({"cases": ["K7M2", "", "P4QX"]}, "cases", None),
        ({"sessions": 1}, "sessions", "study 'S1', number of sessions: must be at least 2 (got 1)"),
        ({"sessions": None}, "sessions", "study 'S1', number of sessions: must be a whole number (got None)"),
        (
            {"across": "therapists"},
            "across",
            "study 'S1': a multiple baseline runs across clients, behaviours or settings (got 'therapists')",
        ),
        ({"tier_measures": [["mood"]]}, "tier_measures", "tier measures: need one entry for each of 3 cases (got 1)"),
        (
            {"tier_measures": [["mood"], [], ["mood"]]},
            "tier_measures",
            "case 'P4QX': needs a list of at least 1 measure key (got [])",
        ),
        ({"tier_measures": ["mood", "mood", "mood"]}, "tier_measures", None),
        (
            {"tier_measures": [["mood"], ["sleep"], ["mood"]]},
            "tier_measures",
            "case 'P4QX': names measure 'sleep', which the study lacks (it has mood)",
        ),
        ({"measures": []}, "measures", None),
    ],
)
def test_a_multiple_baseline_that_cannot_be_planned(wish, field, message):
    with pytest.raises(StudyError) as refusal:
        staircase(**wish)
    assert refusal.value.field == field
    if message is not None:
        assert refusal.value.message == message


def test_a_draw_for_other_tiers_or_sessions_is_refused():
    draw = draw_start_windows(windows=WINDOWS, sessions=20, min_phase=5, seed=5, drawn_at=NOW)
    with pytest.raises(StudyError, match="the draw was made for 20 sessions \\(got 18\\)") as length:
        staircase(starts=None, randomization=draw)
    with pytest.raises(StudyError, match="needs 2 × 1 starts") as tiers:
        staircase(cases=TIERS[:2], starts=None, sessions=20, randomization=draw)
    with pytest.raises(StudyError, match="keep one of the two") as both:
        staircase(sessions=20, randomization=draw)
    assert [e.value.field for e in (length, tiers, both)] == ["sessions", "randomization", "starts"]
