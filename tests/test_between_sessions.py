"""The weekly page without a browser: record, look, decide, plan the next experiment; and what it needs elsewhere."""

from __future__ import annotations

import pytest

from scd.forms.entry_row import EntryRow
from scd.study import Measure, Session, StudyError, Value

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, meaningful_change=2)
WALKS = Measure(key="walks", label="Walks", improvement="increase", minimum=0, maximum=7, role="practice", unit="walks")


def _row(number: int = 3) -> EntryRow:
    return EntryRow([MOOD, WALKS], number=number, changed=lambda _: None)


# --- one session, with practice -------------------------------------------------------------------------------------


def test_a_row_takes_what_was_done_what_was_planned_and_what_got_in_the_way():
    row = _row()
    assert row.blank
    row.values["mood"].value, row.values["walks"].value = "6", "2"
    row.planned["walks"].value, row.obstacles["walks"].value = "5", "rain, and no shoes"
    assert not row.blank
    session = row.session()
    assert session.value("mood") == 6
    assert session.values[1] == Value(measure="walks", value=2, planned=5, obstacle="rain, and no shoes")


def test_what_got_in_the_way_is_kept_though_the_session_was_missed():
    row = _row()
    row.missed.value = True
    row.planned["walks"].value, row.obstacles["walks"].value = "5", "flu"
    session = row.session()
    assert session.missed
    assert session.due("mood")
    assert session.values[1] == Value(measure="walks", planned=5, obstacle="flu")
    row = _row()
    row.missed.value = True
    assert row.session().values == ()


def test_practice_on_record_comes_back_into_its_fields_to_be_corrected():
    held = Session(
        number=3, values=(Value(measure="mood", value=4), Value(measure="walks", planned=5, obstacle="rain"))
    )
    row = _row()
    row.fill(held)
    assert (row.values["walks"].value, row.planned["walks"].value) == ("", "5")
    assert row.session() == held
    row.values["walks"].value = "0"
    assert row.session().values[1].follow_through == 0


def test_practice_outside_its_range_is_refused_beside_its_field():
    row = _row()
    row.values["mood"].value, row.planned["walks"].value = "6", "9"
    with pytest.raises(StudyError, match=r"“Walks” must be 0 to 7 \(got 9\)"):
        row.session()
    assert "Must be 0 to 7 (got 9)" in row.planned["walks"].message.value
    assert not row.values["walks"].message.value
