"""What a record says without a model, on the clinician's page: visual analysis, indices, the draw's test, g."""

import datetime as dt
import re

import pytest

from scd.analysis.findings import Findings, findings_of
from scd.analysis.overlap.overlap_table import overlap_table
from scd.design.plans import multiple_baseline, reversal
from scd.design.randomization import draw_phase_starts
from scd.reports import sections as page
from scd.reports.example import example_job, example_study, example_summary
from scd.reports.job import Job
from scd.study import Measure, Session, Value

NOW = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
# Onghena (1992) and Bulté and Onghena (2008): an ABAB of 24 sessions, at least 4 a phase, as decreases.
ONGHENA = (6, 2, 5, 3, 4, 4, 1, 2, 3, 1, 3, 2, 2, 3, 4, 2, 4, 3, 0, 1, 2, 0, 2, 1)


def recorded(study, series):
    """The study with these values, one row of them a case."""
    cases = []
    for case, values in zip(study.cases, series, strict=True):
        key = study.measures_of(case)[0].key
        rows = [Session(number=n, values=(Value(measure=key, value=v),)) for n, v in enumerate(values, 1)]
        cases.append(case.record(*rows))
    return study.replace(cases=tuple(cases))


def drawn_study():
    """Onghena's study with a stored draw that gave his starts."""
    draws = (draw_phase_starts(sessions=24, phases=4, min_phase=4, seed=s, drawn_at=NOW) for s in range(5000))
    draw = next(d for d in draws if d.starts == ((7, 13, 19),))
    measure = MOOD.replace(improvement="decrease")
    study = reversal(measures=[measure], phases="ABAB", sessions=24, code="K7M2QX", randomization=draw)
    return recorded(study, [ONGHENA])


def a_job(study, **kinds):
    summary = example_summary().replace(measure=study.measures[0].key)
    return Job(
        study=study, summaries=(summary,), code=study.code, fingerprint="", findings=(findings_of(study),), **kinds
    )


def text(piece):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", str(piece.html)))


def test_the_example_reads_as_its_numbers():
    job = example_job()
    seen = text(page.visual(job))
    assert "A1 6 7.17 7.00 7.33 0.00 0.75 100 %" in seen
    assert "6 of 6 values lie beyond both lines of the baseline" in seen
    read = text(page.indices(job))
    table = overlap_table(job.study).set_index(["contrast", "index"])["value"]
    assert f"A1-B1 NAP {table['A1-B1', 'NAP']:.2f}" in read
    # What has no value is told with its reason, once, and stands in no table.
    assert read.count("PoGO: no goal is set") == 1
    assert "PND hangs on the single best baseline value" in read
    assert str(page.draw_test(job).html) == ""
    assert str(page.between_cases(job).html) == ""


def test_the_draw_that_is_stored_is_tested_and_the_result_said():
    """Onghena (1992): 4 of 165 schedules reach the observed difference."""
    told = findings_of(drawn_study()).draw_test
    assert told.rows[0].p == pytest.approx(4 / 165)
    assert told.rows[0].upper == pytest.approx(-0.625)
    assert "4 of 165" in text(page.draw_test(a_job(drawn_study())))


def test_a_start_off_its_draw_has_no_test_and_says_why():
    study = drawn_study()
    moved = study.cases[0].start_phase("B2", session=20, reason="client on holiday")
    told = findings_of(study.replace(cases=(moved,))).draw_test
    assert told.rows == ()
    assert told.text[0].startswith("The draw gives no test here:")


def test_several_clients_stand_beside_trials_of_groups():
    study = multiple_baseline(measures=[MOOD], cases=3, across="clients", starts=[4, 6, 8], sessions=10)
    study = recorded(
        study, [(2, 3, 2, 6, 7, 6, 7, 6, 7, 6), (4, 3, 4, 4, 3, 7, 8, 8, 7, 8), (1, 2, 2, 1, 3, 2, 2, 5, 6, 7)]
    )
    found = findings_of(study)
    assert [one.method for one in found.between] == ["hps", "reml"]
    assert all(one.g > 0 for one in found.between)
    assert "Positive is an improvement" in text(page.between_cases(a_job(study)))
    behaviours = study.replace(across="behaviours")
    assert findings_of(behaviours).between == ()


def test_a_record_that_has_only_begun_is_told_as_far_as_it_goes():
    study = recorded(reversal(measures=[MOOD], phases="ABAB", sessions=5, code="K7M2QX"), [(4, 5, 4)])
    found = findings_of(study)
    assert found.indices == ()
    assert "has no baseline and intervention to compare" in found.unread
    seen = text(page.visual(a_job(study)))
    assert "A1 3 4.33" in seen
    nothing = reversal(measures=[MOOD], phases="ABAB", sessions=5, code="K7M2QX")
    assert "nothing to look at yet" in text(page.visual(a_job(nothing)))


def test_the_record_is_held_against_the_standards():
    seen = text(page.standards(example_job()))
    assert "SCRIBE 2016: " in seen
    assert "of 26 items filled from the record" in seen
    assert seen.count("item by item") >= 4


def test_findings_survive_the_hand_over():
    found = findings_of(example_study())
    assert Findings(**found.model_dump(mode="json")) == found


def test_sentences_that_hold_for_all_phases_are_said_once():
    read = text(page.indices(example_job()))
    assert read.count("Standard errors take the sessions as independent of each other") == 1


def test_tiers_with_measures_of_their_own_are_told_on_their_own():
    anger = Measure(key="anger", label="Anger", improvement="decrease", minimum=0, maximum=10)
    study = multiple_baseline(
        measures=[MOOD, anger],
        cases=2,
        across="behaviours",
        starts=[4, 6],
        sessions=9,
        tier_measures=[["mood"], ["anger"]],
    )
    study = recorded(study, [(2, 3, 2, 6, 7, 6, 7, 6, 7), (8, 7, 8, 8, 7, 2, 1, 2, 1)])
    found = findings_of(study)
    assert {row.measure for row in found.visual} == {"mood", "anger"}
    assert {row.value for row in found.indices if row.index == "NAP"} == {1.0}
