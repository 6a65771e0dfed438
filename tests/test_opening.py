"""One series of a table is opened as a study: which one, under which range, and what is said about it."""

from __future__ import annotations

import pytest

from scd.records.opening import open_series
from scd.study import StudyError

TWO = b"case,session,phase,calls,mood\nAnna,1,A,4,2\nAnna,2,B,3,3\nBen,1,A,5,NA\nBen,3,B,1,4\n"


def test_the_first_series_is_taken_and_the_others_are_named():
    opened = open_series(TWO, name="two.csv", improvement="decrease", scale="count")
    assert [m.label for m in opened.study.measures] == ["calls"]
    assert opened.study.frame()["value"].tolist() == [4, 3, 5, 1]
    (warning,) = opened.warnings
    assert "only the first, 'calls', is taken" in warning
    assert "'mood'" in warning


def test_a_series_and_a_case_are_taken_by_their_names():
    opened = open_series(TWO, name="two.csv", improvement="increase", measure="Mood", case="anna")
    assert opened.warnings == ()
    assert [(c.code, [s.value("mood") for s in c.sessions]) for c in opened.study.cases] == [("Anna", [2, 3])]


@pytest.mark.parametrize("scale", ["score", "count", "rate", "proportion", "percentage", "duration"])
def test_no_scale_but_a_rating_needs_a_range(scale):
    table = b"session,phase,share\n1,A,0.5\n2,A,0\n3,B,1\n"
    if scale == "count":
        table = table.replace(b"0.5", b"2")
    opened = open_series(table, name="a.csv", improvement="increase", scale=scale)
    assert opened.study.measures[0].scale == scale


def test_a_range_that_is_missing_or_the_wrong_way_round_is_refused_in_words():
    with pytest.raises(StudyError, match="is needed for a rating") as caught:
        open_series(TWO, name="two.csv", improvement="increase", scale="rating")
    assert caught.value.field == "range"
    with pytest.raises(StudyError, match=r"its end must lie above its beginning \(got 7 and 1\)"):
        open_series(TWO, name="two.csv", improvement="increase", limits=(7, 1))


def test_what_is_not_in_the_table_is_refused_with_what_is():
    with pytest.raises(StudyError, match=r"has no series 'sleep' \(it has 'calls', 'mood'\)"):
        open_series(TWO, name="two.csv", improvement="increase", measure="sleep")
    with pytest.raises(StudyError, match=r"has no case 'Cleo' \(it has 'Anna', 'Ben'\)"):
        open_series(TWO, name="two.csv", improvement="increase", case="Cleo")
