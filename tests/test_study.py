"""The study's values: what they hold, what they refuse and in which words, and that nothing is lost on the way."""

import datetime as dt
import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value, new_code

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
STEPS = Measure(key="steps", label="Steps", improvement="increase", minimum=0, scale="count", role="practice")
ABAB = tuple(Phase(label=a, planned_start=s) for a, s in (("A1", 1), ("B1", 6), ("A2", 11), ("B2", 16)))


def a_case(**changes):
    return Case(**{"code": "K7M2QX", "phases": ABAB} | changes)


def a_study(case=None, **changes):
    fields = {"code": "K7M2QX", "design": "reversal", "measures": (MOOD, STEPS), "cases": (case or a_case(),)}
    return Study(**fields | changes)


def seen(number, mood=None, **more):
    return Session(number=number, values=() if mood is None else (Value(measure="mood", value=mood),), **more)


@st.composite
def studies(draw):
    """Valid studies: sessions missed or dated, phases that moved, values anywhere in their range."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=2, max_size=6))
    starts = [1 + sum(lengths[:i]) for i in range(len(lengths))]
    phases = tuple(Phase(label=f"{'AB'[i % 2]}{i // 2 + 1}", planned_start=s) for i, s in enumerate(starts))
    case = a_case(phases=phases)
    for number in sorted(draw(st.sets(st.integers(1, sum(lengths)), max_size=20))):
        mood = draw(st.none() | st.floats(0, 10))
        steps = draw(st.none() | st.integers(0, 30_000))
        values = (
            Value(measure="mood", value=mood),
            Value(measure="steps", value=steps, minutes=draw(st.none() | st.just(5))),
        )
        date = draw(st.none() | st.just(dt.date(2026, 1, 1) + dt.timedelta(days=number)))
        note = draw(st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=10))
        case = case.record(Session(number=number, date=date, values=values, note=note))
    return a_study(case)


@settings(max_examples=60, deadline=None)
@given(studies())
def test_a_document_gives_back_the_same_study(study):
    again = Study.from_json(study.to_json())
    assert again == study
    assert again.fingerprint() == study.fingerprint()
    assert pickle.loads(pickle.dumps(study)) == study


@settings(max_examples=40, deadline=None)
@given(studies())
def test_the_frame_holds_every_value_once_with_the_phase_in_force(study):
    frame = study.frame()
    case = study.cases[0]
    assert len(frame) == 2 * len(case.sessions)
    for row in frame.to_dict("records"):
        session = next(s for s in case.sessions if s.number == row["session"])
        value = session.value(row["measure"])
        assert (row["value"] == value) if value is not None else row["value"] != row["value"]  # NaN, never 0
        held = [p for p in case.phases if p.start <= row["session"]]
        assert row["phase"] == held[-1].label
        assert row["condition"] == row["phase"][0]


def test_fingerprint_changes_with_the_data_and_only_with_them():
    one = a_study(a_case().record(seen(1, 4)))
    assert one.fingerprint() == a_study(a_case().record(seen(1, 4))).fingerprint()
    assert one.fingerprint() != a_study(a_case().record(seen(1, 5))).fingerprint()
    assert one.fingerprint() != a_study(a_case().record(seen(2, 4))).fingerprint()


def test_a_missed_session_is_missing_and_never_zero():
    frame = a_study(a_case().record(seen(1, 4), seen(2), seen(3, 5))).frame()
    mood = frame[frame["measure"] == "mood"].set_index("session")["value"]
    assert mood.loc[[1, 3]].tolist() == [4, 5]
    assert mood.isna().loc[2]


def observed(number, *, note="", **values):
    entries = tuple(Value(measure=key, value=value) for key, value in values.items())
    return Session(number=number, values=entries, note=note)


def test_a_session_number_left_out_was_missed():
    case = a_case().record(observed(2, mood=4), observed(3, mood=5), observed(5, mood=4))
    assert case.missed_sessions(measure="mood") == case.missed_sessions() == {1: "", 4: ""}


def test_numbers_left_out_are_not_missed_where_most_are():
    weekly = a_case().record(*(observed(n, mood=4) for n in (1, 8, 15)))
    assert weekly.missed_sessions(measure="mood") == weekly.missed_sessions() == {}


def test_a_session_with_all_values_missing_was_missed():
    case = a_case().record(
        observed(1, mood=4, steps=90), observed(2, mood=None, steps=None, note="ill"), Session(number=3, note="away")
    )
    assert case.missed_sessions() == {2: "ill", 3: "away"}
    assert case.missed_sessions(measure="mood") == case.missed_sessions(measure="steps") == {2: "ill", 3: "away"}


def test_a_session_at_which_only_another_measure_was_due_was_not_missed():
    case = a_case().record(observed(1, mood=4, steps=90), observed(2, steps=80), observed(3, steps=None, mood=5))
    assert case.missed_sessions(measure="mood") == {}
    alone = a_case().record(observed(1, mood=4, steps=90), observed(2, steps=None), observed(3, mood=5))
    assert alone.missed_sessions(measure="mood") == {}
    assert alone.missed_sessions(measure="steps") == {2: ""}
    assert alone.missed_sessions() == {2: ""}  # nothing at all was observed


def test_a_measure_that_was_due_and_has_no_value_was_missed_though_another_was_observed():
    case = a_case().record(observed(1, mood=4, steps=90), observed(2, mood=None, steps=80), observed(3, mood=5))
    assert case.missed_sessions(measure="mood") == {2: ""}
    assert case.missed_sessions(measure="steps") == case.missed_sessions() == {}


def test_a_measure_is_not_missed_before_it_was_first_due_nor_after_it_was_last():
    case = a_case().record(
        *(observed(n, steps=90) for n in (1, 3)), observed(4, steps=90, mood=4), observed(6, steps=90, mood=3)
    )
    assert case.missed_sessions(measure="mood") == {5: ""}
    assert case.missed_sessions(measure="steps") == {2: "", 5: ""}
    assert a_case().missed_sessions() == a_case().missed_sessions(measure="mood") == {}
    assert case.replace(measures=("steps",), sessions=(Session(number=1),)).missed_sessions(measure="mood") == {}


@settings(max_examples=40, deadline=None)
@given(studies())
def test_what_is_missing_in_the_table_is_what_was_missed_on_record(study):
    case = study.cases[0]
    frame = study.frame()
    empty = frame[(frame["measure"] == "mood") & frame["value"].isna()]["session"].tolist()
    on_record = {s.number for s in case.sessions}
    assert [n for n in case.missed_sessions(measure="mood") if n in on_record] == empty


def test_recording_keeps_the_phases_as_they_happened():
    case = a_case().record(*(seen(n, 5) for n in range(1, 7)))
    assert [p.actual_start for p in case.phases] == [1, 6, None, None]


def test_a_phase_that_starts_late_needs_a_reason_and_moves_the_later_ones():
    case = a_case().record(*(seen(n, 5) for n in range(1, 6)))
    with pytest.raises(StudyError, match="started at session 8, planned for 6; say why"):
        case.start_phase("B1", session=8)
    moved = case.start_phase("B1", session=8, reason="client on holiday")
    assert [p.start for p in moved.phases] == [1, 8, 13, 18]
    assert [p.planned_start for p in moved.phases] == [1, 6, 11, 16]  # the plan is kept
    assert moved.phases[1].reason == "client on holiday"


def test_measures_know_centre_spread_and_sign():
    assert (MOOD.center, MOOD.spread, MOOD.sign) == (5, 2, 1)
    assert (STEPS.center, STEPS.spread, STEPS.range_words) == (None, None, "0 or more")
    assert MOOD.holds(10)
    assert not MOOD.holds(10.01)
    assert not MOOD.holds(float("nan"))


@pytest.mark.parametrize(
    ("make", "words", "field"),
    [
        (lambda: MOOD.replace(maximum=0), "measure 'mood': maximum must be above minimum (got 0 and 0)", "maximum"),
        (lambda: MOOD.replace(goal=11), "measure 'mood': goal must lie in 0 to 10 (got 11)", "goal"),
        (lambda: MOOD.replace(meaningful_change=-2), "meaningful change must be above 0 (got -2)", "meaningful_change"),
        (lambda: MOOD.replace(improvement="up"), "field 'improvement'", "improvement"),
        (lambda: MOOD.replace(minimum=float("nan")), "field 'minimum'", "minimum"),
        (lambda: MOOD.replace(colour="red"), "measure: has no field 'colour'", ""),
        (lambda: Measure(key="m", label="M"), "field 'improvement': is missing", "improvement"),
        (lambda: MOOD.replace(label="a\x00b"), "field 'label'", "label"),
        (lambda: Phase(label="baseline", planned_start=1), "phase 'baseline', field 'label'", "label"),
        (lambda: a_case(phases=ABAB[:1] * 2), "case 'K7M2QX': has phase 'A1' twice", "phases"),
        (lambda: a_case(phases=(ABAB[0], ABAB[2])), "follows 'A1' under the same condition", "phases"),
        (
            lambda: a_case(phases=(ABAB[0], Phase(label="B1", planned_start=1))),
            "case 'K7M2QX', phase 'A1': needs at least 1 session (it starts at 1, 'B1' at 1)",
            "phases",
        ),
        (lambda: a_case(sessions=(seen(2), seen(2))), "session 2: is recorded twice", "sessions"),
        (lambda: a_case(sessions=(seen(3), seen(2))), "session 2: stands after session 3", "sessions"),
        (
            lambda: a_case(sessions=(seen(1, date=dt.date(2026, 5, 2)), seen(2, date=dt.date(2026, 5, 1)))),
            "its date 2026-05-01 lies before that of session 1",
            "sessions",
        ),
        (lambda: a_study(a_case().record(seen(4, 11))), "session 4: 'Mood' must be 0 to 10 (got 11)", "values"),
        (lambda: a_study(design="multiple-baseline"), "across clients, behaviours or settings; say which", "across"),
        (lambda: a_study(cases=(a_case(), a_case())), "has case 'K7M2QX' twice", "cases"),
        (lambda: a_study(a_case(measures=("sleep",))), "names measure 'sleep', which the study lacks", "measures"),
        (lambda: a_study().measure("sleep"), "has no measure 'sleep' (it has mood, steps)", "measures"),
        (lambda: a_study().case("NOBODY"), "has no case 'NOBODY'", "cases"),
    ],
)
def test_a_broken_rule_is_told_in_words(make, words, field):
    with pytest.raises(StudyError) as refused:
        make()
    assert words in str(refused.value)
    assert refused.value.problems[0].field.endswith(field)


def test_all_problems_are_told_at_once():
    with pytest.raises(StudyError) as refused:
        Study(
            code="K7M2QX",
            design="reversal",
            measures=[{"key": "m", "label": "M", "improvement": "increase", "minimum": 5, "maximum": 1}],
            cases=[{"code": "x", "phases": [{"label": "A1", "planned_start": 3}, {"label": "B1", "planned_start": 2}]}],
        )
    assert [p.field for p in refused.value.problems] == ["measures.0.maximum", "cases.0.phases"]
    again = pickle.loads(pickle.dumps(refused.value))
    assert [p.field for p in again.problems] == ["measures.0.maximum", "cases.0.phases"]


def document(**changes):
    return json.dumps(json.loads(a_study().to_json()) | changes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (document(version=2), "client.json: key 'version' must be 1 (got 2)"),
        (document(format="other"), "client.json: is not a study document"),
        (document(colour="red"), "client.json: study 'K7M2QX', field 'colour': is not a field that scd knows"),
        ("[1, 2]", "client.json: is not a study document"),
        ("{", "client.json: is not JSON (line 1, column 2"),
        ('{"format": "scd-study", "version": 1}', "field 'design': is missing"),
    ],
)
def test_an_unknown_document_is_refused_naming_the_file(text, words):
    with pytest.raises(StudyError) as refused:
        Study.from_json(text, source="client.json")
    assert words in str(refused.value)


def test_values_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        MOOD.label = "other"


def test_trials_bound_counts_and_proportions_only():
    told = Measure(key="on_task", label="On task", improvement="increase", scale="percentage", minimum=0, maximum=100)
    share = told.replace(key="right", label="Right", scale="proportion", maximum=None)
    study = a_study(measures=(told, share))
    fine = a_case().record(Session(number=1, values=(Value(measure="on_task", value=80, trials=20),)))
    assert study.replace(cases=(fine,)).frame()["trials"].iloc[0] == 20
    above = a_case().record(Session(number=1, values=(Value(measure="right", value=8, trials=5),)))
    with pytest.raises(StudyError, match=r"'Right' can't be above its trials \(got 8 of 5\)"):
        study.replace(cases=(above,))


def test_codes_are_random_and_avoid_the_taken():
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(len(c) == 6 and c[0].isalpha() and not set(c) & set("0O1IL") for c in codes)
