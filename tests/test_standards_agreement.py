"""Agreement between observers: textbook values, the minima of WWC 4.1, and its way through the record and tables."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scd.design import alternating_treatments, draw_alternating, grade_wwc
from scd.design.agreement import cohen_kappa, observer_agreement, percent_agreement
from scd.records.export import to_csv
from scd.records.measures import measures_of_table
from scd.records.tables import read_table, study_from_table
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value
from scd.study.catalogue import from_catalogue

CALLS = Measure(key="calls", label="Calling out", improvement="decrease", scale="count", minimum=0, reporter="observer")
RATED = Measure(key="rated", label="Effort", improvement="increase", scale="rating", minimum=0, maximum=4)
NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


def abab(
    *, measure: Measure = CALLS, seconds: dict[int, float] | None = None, sessions: int = 20, planned: int = 20
) -> Study:
    """Five sessions a phase, every value 4; `seconds` tells what the second observer recorded in which session."""
    phases = tuple(Phase(label=p, planned_start=n) for p, n in (("A1", 1), ("B1", 6), ("A2", 11), ("B2", 16)))
    rows = [
        Session(number=n, values=(Value(measure=measure.key, value=4, second=(seconds or {}).get(n)),))
        for n in range(1, sessions + 1)
    ]
    return Study(
        code="S1",
        design="reversal",
        measures=(measure,),
        cases=(Case(code="K7M2", phases=phases).record(*rows),),
        sessions_planned=planned,
    )


# --- the numbers -------------------------------------------------------------------------------------------------


def test_cohens_kappa_by_hand():
    # 20 and 15 agreements, 5 and 10 disagreements: observed .70, expected .50
    pairs = [(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15
    assert cohen_kappa(pairs) == pytest.approx(0.4)
    assert cohen_kappa([(1, 2), (2, 1)]) == pytest.approx(-1)
    assert cohen_kappa([(3, 3)] * 5) is None
    assert cohen_kappa([]) is None


def test_the_three_rules_differ_as_they_should():
    # Disagreements that cancel out: the totals are the same, the sessions are not.
    pairs = [(2, 4), (4, 2)]
    assert percent_agreement(pairs, rule="total") == 1
    assert percent_agreement(pairs, rule="interval") == 0.5
    assert percent_agreement(pairs, rule="exact") == 0
    assert percent_agreement([(0, 0), (0, 3)], rule="interval") == 0.5


pairs = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=12)


@given(pairs, st.sampled_from(["exact", "interval", "total"]))
def test_agreement_is_a_share_and_knows_no_first_observer(seen, rule):
    found = percent_agreement(seen, rule=rule)
    assert 0 <= found <= 1
    assert found == pytest.approx(percent_agreement([(b, a) for a, b in seen], rule=rule))
    assert percent_agreement([(a, a) for a, _ in seen], rule=rule) == 1


@given(pairs)
def test_kappa_agrees_with_its_definition(seen):
    found = cohen_kappa(seen)
    n = len(seen)
    expected = sum(
        sum(a == k for a, _ in seen) / n * sum(b == k for _, b in seen) / n for k in {x for pair in seen for x in pair}
    )
    if found is None:
        assert expected == pytest.approx(1)
    else:
        observed = sum(a == b for a, b in seen) / n
        assert found == pytest.approx((observed - expected) / (1 - expected))
        assert found <= 1


def test_what_has_no_agreement_is_refused_in_words():
    with pytest.raises(StudyError, match="needs at least 1 session that two observers recorded"):
        percent_agreement([], rule="exact")
    with pytest.raises(StudyError, match="the rule 'total' needs numbers from 0; use 'exact'"):
        percent_agreement([(-1, 2)], rule="total")
    with pytest.raises(StudyError, match="rule must be exact, interval or total"):
        percent_agreement([(1, 2)], rule="median")


# --- the minima --------------------------------------------------------------------------------------------------


def test_one_session_of_five_in_every_phase_is_enough():
    study = abab(seconds={1: 4, 6: 4, 11: 5, 16: 4})
    found = observer_agreement(study)
    assert found.status == "met"
    assert found.rules == (("Calling out", "interval"),)
    assert [(p.part, p.doubled, p.values) for p in found.phases] == [(p, 1, 5) for p in ("A1", "B1", "A2", "B2")]
    assert [round(c.agreement, 2) for c in found.conditions] == [0.9, 1.0]
    assert found.words == (
        "agreement between observers: at least 90 % in every condition, on at least 20 % of the values"
    )
    grade = grade_wwc(study)
    assert (grade.grade, grade.agreement) == ("meets without reservations", "met")
    assert grade.words.endswith("(agreement between observers is high enough).")
    assert not any("agreement" in told for told in grade.not_assessed)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        ({1: 4, 2: 4, 6: 4, 11: 4}, "phase B2 of case K7M2 has no value of a second observer"),
        ({1: 4, 6: 4, 11: 1, 16: 4}, "condition A of case K7M2: the observers agree by 62 %"),
        ({1: 4}, "condition A of case K7M2: a second observer recorded 1 of 10 values; 20 % are needed"),
    ],
)
def test_too_little_agreement_fails_the_grade(seconds, reason):
    grade = grade_wwc(abab(seconds=seconds))
    assert (grade.grade, grade.planned, grade.reachable) == (
        "does not meet",
        "meets without reservations",
        "does not meet",
    )
    assert grade.agreement == "not met"
    assert any(told.startswith(reason) for told in grade.reasons), grade.reasons
    assert grade.reasons[0] in grade.words


def test_while_sessions_lie_ahead_a_second_observer_can_still_come():
    grade = grade_wwc(abab(seconds={1: 4}, sessions=8))
    assert (grade.grade, grade.reachable) == ("does not meet", "meets without reservations")
    assert grade.words.startswith("So far the record does not meet the WWC 4.1 standards: phase B1 of case K7M2 has no")
    assert "if the rest goes to plan it will meet" in grade.words
    over = grade_wwc(abab(seconds={6: 4}, sessions=8))  # nobody came while the first phase lasted
    assert (over.grade, over.reachable) == ("does not meet", "does not meet")


def test_kappa_may_stand_in_for_percent_where_categories_were_rated():
    seen = {1: 4, 2: 4, 3: 3, 6: 4, 11: 4, 16: 4}
    study = abab(measure=RATED, seconds=seen)
    rule = dict(observer_agreement(study).rules)
    assert rule == {"Effort": "exact"}
    assert observer_agreement(study).conditions[0].agreement == 0.75
    assert observer_agreement(study).status == "not met"  # 3 of 4 agree, and kappa is 0: one of them uses one category
    assert observer_agreement(study).conditions[0].kappa == 0


# --- never passed in silence -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reporter", "status", "words"),
    [
        ("self", "not applicable", "the client reports it (self-report)"),
        ("device", "not applicable", "a device records it"),
        ("observer", "not recorded", "the record holds no second observer's values"),
        ("", "not recorded", "does not say who reports 'Calling out'"),
    ],
)
def test_who_reports_decides_what_is_said(reporter, status, words):
    study = abab(measure=CALLS.replace(reporter=reporter))
    found, grade = observer_agreement(study), grade_wwc(study)
    assert found.status == grade.agreement == status
    assert words in found.words
    assert words in grade.not_assessed[0]
    expected = "inter-observer agreement not applicable" if status == "not applicable" else "is not assessed"
    assert expected in grade.words
    assert grade.grade == "meets without reservations"


def test_a_self_report_that_somebody_else_checked_is_assessed():
    study = abab(measure=CALLS.replace(reporter="self"), seconds={1: 4, 6: 4, 11: 4, 16: 4})
    assert observer_agreement(study).status == "met"


def test_questionnaires_of_the_catalogue_are_self_reports():
    assert from_catalogue("phq-9").reporter == "self"
    assert from_catalogue("y-bocs").reporter == "observer"
    assert from_catalogue("daily-count").reporter == ""


def test_the_form_keeps_who_reports_also_under_a_new_name():
    from scd.forms.measure_row import MeasureRow

    row = MeasureRow(lambda _: None)
    row.fill(from_catalogue("phq-9"))
    assert row.measure(taken=()).reporter == "self"
    row.fields["label"].value = "Her own PHQ"
    assert row.measure(taken=()).reporter == "self"


# --- the record --------------------------------------------------------------------------------------------------


def test_a_study_stored_before_there_were_second_observers_reads_as_before():
    old = abab(measure=CALLS.replace(reporter=""))
    text = old.to_json()
    assert "second" not in text
    assert "reporter" not in text
    assert Study.from_json(text) == old


def test_second_observers_survive_the_document_and_stay_out_of_the_frame():
    study = abab(seconds={1: 3})
    assert Study.from_json(study.to_json()) == study
    columns = ["case", "session", "date", "phase", "condition", "measure", "value", "trials", "minutes"]
    assert list(study.frame().columns) == columns


def test_a_second_observers_value_keeps_to_the_range():
    with pytest.raises(StudyError, match=r"session 1: 'Effort' of the second observer must be 0 to 4 \(got 9\)"):
        abab(measure=RATED, seconds={1: 9})
    tried = Measure(key="t", label="Tried", improvement="increase", scale="proportion", minimum=0)
    phases = (Phase(label="A1", planned_start=1),)
    entry = Value(measure="t", value=3, trials=5, second=6)
    case = Case(code="K", phases=phases).record(Session(number=1, values=(entry,)))
    with pytest.raises(StudyError, match=r"'Tried' of the second observer can't be above its trials \(got 6 of 5\)"):
        Study(code="K", design="reversal", measures=(tried,), cases=(case,))


def test_a_column_second_observer_comes_in_and_goes_out():
    text = "case,session,phase,value,second_observer\nK,1,A,4,5\nK,2,A,4,\nK,3,B,1,1\n"
    preview = read_table(text, name="seen.csv")
    measures = measures_of_table(preview, improvement="decrease", scale="count")
    study, _ = study_from_table(preview, measures=measures)
    seconds = [v.second for s in study.cases[0].sessions for v in s.values]
    assert seconds == [5, None, 1]
    out = to_csv(study)
    assert out.splitlines()[0].endswith('"minutes","second_observer"')
    again, _ = study_from_table(read_table(out, name="seen.csv"), measures=list(measures.values()))
    assert [v.second for s in again.cases[0].sessions for v in s.values] == seconds
    assert "second" not in to_csv(abab())


def test_a_wide_table_does_not_say_whose_second_value_it_is():
    preview = read_table("session,phase,mood,sleep,second_observer\n1,A,4,5,4\n2,B,3,6,3\n", name="wide.csv")
    assert preview.rows["second"].isna().all()
    assert any("does not say which of the values it repeats" in note for note in preview.notes)


def test_a_second_value_out_of_range_is_a_problem_of_its_row():
    preview = read_table("session,phase,value,second_observer\n1,A,4,99\n2,B,3,3\n", name="seen.csv")
    with pytest.raises(
        StudyError, match=r"row 2, column 'second_observer': 'Effort' of the second observer must be 0 to 4"
    ):
        study_from_table(preview, measures=[RATED])


# --- alternating treatments ---------------------------------------------------------------------------------------


def alternation(sessions: int, *, longest: int | None = 2) -> Study:
    draw = draw_alternating(sessions=sessions, max_consecutive=longest, seed=3, drawn_at=NOW)
    return alternating_treatments(measures=[CALLS], randomization=draw, code="K7M2")


@pytest.mark.parametrize(
    ("sessions", "grade"), [(10, "meets without reservations"), (8, "meets with reservations"), (6, "does not meet")]
)
def test_alternating_treatments_need_five_points_under_each_condition(sessions, grade):
    found = grade_wwc(alternation(sessions))
    assert (found.grade, found.demonstrations, found.alternating) == (grade, sessions // 2, True)
    assert any("lasts into the next" in told for told in found.not_assessed)


def test_three_in_a_row_are_no_alternation():
    draws = (draw_alternating(sessions=12, max_consecutive=3, seed=seed, drawn_at=NOW) for seed in range(99))
    draw = next(d for d in draws if "AAA" in d.orders[0] or "BBB" in d.orders[0])
    found = grade_wwc(alternating_treatments(measures=[CALLS], randomization=draw, code="K7M2"))
    assert found.grade == "does not meet"
    assert "3 points in a row under condition" in found.reasons[0]
