"""The caseload: revisions, stale saves, the audit, pseudonyms, and what happens when things go wrong."""

from __future__ import annotations

import datetime as dt
import json
import os
import pickle
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from scd.records import Caseload, StaleSave, open_caseload
from scd.records.changes import changes
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value, new_code

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=1_000_000)
SLEEP = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=24, scale="duration")
PHASES = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=6))


def one_case(code: str = "K7M2AB", *, note: str = "", mood: float | None = None) -> Study:
    case = Case(code=code, phases=PHASES)
    if mood is not None:
        case = case.record(Session(number=1, values=(Value(measure="mood", value=mood),)))
    return Study(code=code, design="reversal", measures=(MOOD, SLEEP), cases=(case,), note=note)


def two_cases(code: str, *cases: str) -> Study:
    tiers = tuple(Case(code=c, phases=PHASES) for c in cases)
    return Study(code=code, design="multiple-baseline", across="clients", measures=(MOOD,), cases=tiers)


@pytest.fixture
def caseload(store_url: str):
    with open_caseload(store_url, who="anna") as opened:
        yield opened


# -- adding, finding, saving -------------------------------------------------------------------------------------------


def test_a_study_comes_back_as_it_was_saved(caseload: Caseload, store_url: str) -> None:
    before = dt.datetime.now(dt.UTC)
    study = one_case(note="Zoë „schläft“ wieder 😴", mood=4)
    stored = caseload.add(study)
    assert (stored.study, stored.revision) == (study, 1)
    assert before <= stored.saved_at <= dt.datetime.now(dt.UTC)
    with open_caseload(store_url) as again:
        assert again.get("K7M2AB") == stored
        assert again.get("K7M2AB").study.fingerprint() == study.fingerprint()
        assert again.get("K7M2AB").saved_at.utcoffset() == dt.timedelta(0)


def test_a_save_makes_a_revision_and_keeps_the_old_ones(caseload: Caseload) -> None:
    caseload.add(one_case())
    for revision in (1, 2, 3):
        assert caseload.save(one_case(note=f"n{revision}"), revision=revision).revision == revision + 1
    assert caseload.get("K7M2AB").study.note == "n3"
    assert [caseload.get("K7M2AB", revision=r).study.note for r in (1, 2, 3, 4)] == ["", "n1", "n2", "n3"]
    with pytest.raises(StudyError, match=r"has no revision 9 \(the newest is 4\)"):
        caseload.get("K7M2AB", revision=9)


def test_a_save_without_a_change_makes_no_revision(caseload: Caseload) -> None:
    stored = caseload.add(one_case())
    entries = caseload.audit()
    assert caseload.save(one_case(), revision=1, reason="nothing") == stored
    assert caseload.audit() == entries


def test_a_stale_save_is_refused_with_both_revisions_named(caseload: Caseload) -> None:
    caseload.add(one_case())
    newest = caseload.save(one_case(note="first"), revision=1)
    with pytest.raises(StaleSave, match=r"'K7M2AB'.* started from revision 1, .* holds revision 2, .*nothing was") as e:
        caseload.save(one_case(note="second"), revision=1)
    assert e.value.stored == newest
    assert e.value.field == "revision"
    assert caseload.get("K7M2AB") == newest
    assert {entry.after for entry in caseload.audit() if entry.path == "note"} == {"first"}
    again = pickle.loads(pickle.dumps(e.value))
    assert (str(again), again.stored, again.field) == (str(e.value), newest, "revision")


def test_a_save_from_a_revision_that_the_store_never_had_is_refused(caseload: Caseload) -> None:
    caseload.add(one_case())
    with pytest.raises(StaleSave, match=r"revision 7, but the store holds revision 1"):
        caseload.save(one_case(note="from a backup"), revision=7)


def test_a_study_is_found_by_its_code_and_by_its_cases_codes(caseload: Caseload) -> None:
    study = two_cases("STUDYA", "CASE22", "CASE33")
    caseload.add(study)
    for code in ("STUDYA", "CASE22", "CASE33", " case33 "):
        assert caseload.get(code).study == study


def test_an_unknown_code_says_how_to_see_the_codes(caseload: Caseload) -> None:
    for call in (caseload.get, caseload.labels, caseload.audit):
        with pytest.raises(StudyError, match=r"no study or case with code 'NNNNNN'; `scd list` shows the codes"):
            call("NNNNNN")
    with pytest.raises(StudyError, match="has no study or case with code 'K7M2AB'"):
        caseload.save(one_case(), revision=1)


def test_the_list_holds_every_study_by_code(caseload: Caseload) -> None:
    assert caseload.list() == ()
    stored = [caseload.add(one_case(code)) for code in ("ZZZZZZ", "AAAAAA", "MMMMMM")]
    assert caseload.list() == (stored[1], stored[2], stored[0])


# -- codes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["Anna", "K7M2", "ANNA-MEIER", "K7M2AO", "2K7M2A", "k7m2ab", "K7M2ABX", "ÄÄÄÄÄÄ"])
def test_a_code_that_scd_did_not_make_is_refused(caseload: Caseload, code: str) -> None:
    with pytest.raises(StudyError, match=rf"study '{code}': its code is not a pseudonym .* caseload.new_code\(\)"):
        caseload.add(one_case(code))
    with pytest.raises(StudyError, match=rf"case '{code}': its code is not a pseudonym"):
        caseload.add(two_cases("STUDYA", "CASE22", code))
    assert caseload.list() == ()


def test_the_codes_that_scd_makes_are_accepted(caseload: Caseload) -> None:
    made = {new_code() for _ in range(50)}
    for code in made:
        caseload.add(one_case(code))
    assert {stored.study.code for stored in caseload.list()} == made


def test_new_codes_avoid_all_that_were_ever_given(caseload: Caseload, monkeypatch: pytest.MonkeyPatch) -> None:
    caseload.add(two_cases("STUDYA", "CASE22", "CASE33"))
    caseload.save(two_cases("STUDYA", "CASE22"), revision=1)
    caseload.retire("STUDYA", revision=2, reason="set up by mistake")
    drawn = iter("STUDYA" + "CASE22" + "CASE33" + "FRESH2")
    monkeypatch.setattr("scd.study.study.secrets.choice", lambda signs: next(drawn))
    assert caseload.new_code() == "FRESH2"


def test_a_code_belongs_to_one_study(caseload: Caseload) -> None:
    caseload.add(two_cases("STUDYA", "CASE22", "CASE33"))
    for study, taken in [
        (one_case("STUDYA"), "STUDYA"),
        (one_case("CASE22"), "CASE22"),
        (two_cases("STUDYB", "CASE33", "CASE44"), "CASE33"),
    ]:
        with pytest.raises(StudyError, match=rf"code '{taken}': is taken by study 'STUDYA'; draw another"):
            caseload.add(study)
    caseload.add(two_cases("STUDYB", "CASE44", "CASE55"))
    with pytest.raises(StudyError, match="code 'CASE33': is taken by study 'STUDYA'"):
        caseload.save(two_cases("STUDYB", "CASE44", "CASE33"), revision=1)
    with pytest.raises(StudyError, match="code 'CASE44': is taken by study 'STUDYB'"):
        caseload.save(one_case("CASE44"), revision=1)
    assert caseload.get("CASE44").revision == 1


# -- labels ------------------------------------------------------------------------------------------------------------


def test_labels_stay_out_of_the_document_and_are_audited(caseload: Caseload, store_url: str) -> None:
    study = two_cases("STUDYA", "CASE22", "CASE33")
    caseload.add(study, labels={"CASE22": "Zoë M.", "STUDYA": "Group on Mondays"})
    assert caseload.labels("CASE33") == {"CASE22": "Zoë M.", "STUDYA": "Group on Mondays"}
    stored = caseload.save(
        study, revision=1, labels={"CASE22": "Zoë N.", "CASE33": "Ida", "STUDYA": ""}, reason="moved"
    )
    assert stored.revision == 2
    assert caseload.labels("STUDYA") == {"CASE22": "Zoë N.", "CASE33": "Ida"}
    assert [(e.path, e.before, e.after, e.reason) for e in caseload.audit("STUDYA") if e.revision == 2] == [
        ("labels[CASE22]", "Zoë M.", "Zoë N.", "moved"),
        ("labels[STUDYA]", "Group on Mondays", None, "moved"),
        ("labels[CASE33]", None, "Ida", "moved"),
    ]
    assert "Zoë" not in stored.study.to_json()
    engine = sa.create_engine(store_url)
    with engine.connect() as connection:
        documents = connection.exec_driver_sql("SELECT document FROM studies UNION SELECT document FROM revisions")
        assert not any("Zoë" in document for (document,) in documents)
    engine.dispose()


def test_a_save_that_names_no_labels_keeps_them(caseload: Caseload) -> None:
    caseload.add(one_case(), labels={"K7M2AB": "Zoë"})
    caseload.save(one_case(note="x"), revision=1)
    assert caseload.labels("K7M2AB") == {"K7M2AB": "Zoë"}


def test_the_label_of_a_case_goes_with_the_case(caseload: Caseload) -> None:
    caseload.add(two_cases("STUDYA", "CASE22", "CASE33"), labels={"CASE33": "Ida"})
    caseload.save(two_cases("STUDYA", "CASE22"), revision=1)
    assert caseload.labels("STUDYA") == {}
    assert ("labels[CASE33]", "Ida", None) in [(e.path, e.before, e.after) for e in caseload.audit()]


def test_bad_labels_and_reasons_are_refused(caseload: Caseload) -> None:
    with pytest.raises(StudyError, match=r"label of 'CASE99': study 'K7M2AB' has no such code \(it has K7M2AB\)"):
        caseload.add(one_case(), labels={"CASE99": "Zoë"})
    for bad in ("two\nlines", "x" * 301, "nul\0", "\ud800"):
        with pytest.raises(StudyError, match="label of 'K7M2AB': must be one line of at most 300") as e:
            caseload.add(one_case(), labels={"K7M2AB": bad})
        assert e.value.field == "labels"
        with pytest.raises(StudyError, match="reason: must be one line of at most 300"):
            caseload.add(one_case(), reason=bad)
    assert caseload.list() == ()


# -- the audit ---------------------------------------------------------------------------------------------------------


def test_the_audit_says_what_changed_when_from_what_to_what(caseload: Caseload) -> None:
    added = caseload.add(one_case(mood=4), reason="first visit")
    saved = caseload.save(one_case(mood=5), revision=1, reason="typing error")
    first, second = (
        [e for e in caseload.audit("K7M2AB") if e.revision == 1],
        [e for e in caseload.audit("K7M2AB") if e.revision == 2],
    )
    (change,) = second
    assert change.path == "cases[K7M2AB].sessions[1].values[mood]"
    assert (change.before, change.after) == (4.0, 5.0)
    assert (change.at, change.who, change.code, change.action, change.reason) == (
        saved.saved_at,
        "anna",
        "K7M2AB",
        "save",
        "typing error",
    )
    assert {(e.at, e.action, e.reason, e.before) for e in first} == {(added.saved_at, "add", "first visit", None)}
    assert ("cases[K7M2AB].sessions[1].values[mood]", 4.0) in [(e.path, e.after) for e in first]
    assert ("measures[mood].improvement", "increase") in [(e.path, e.after) for e in first]


def test_who_is_the_user_of_the_operating_system_unless_named(store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "kim")
    with open_caseload(store_url) as caseload:
        caseload.add(one_case())
        assert {e.who for e in caseload.audit()} == {"kim"}
    with pytest.raises(StudyError, match="who: must not be empty"):
        open_caseload(store_url, who=" ")


def test_the_audit_of_one_study_leaves_the_others_out(caseload: Caseload) -> None:
    caseload.add(one_case("AAAAAA"))
    caseload.add(two_cases("STUDYA", "CASE22", "CASE33"))
    assert {e.code for e in caseload.audit()} == {"AAAAAA", "STUDYA"}
    assert {e.code for e in caseload.audit("CASE33")} == {"STUDYA"}


@pytest.mark.parametrize("table", ["audit", "revisions"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "REPLACE", "TRUNCATE {}"])
def test_what_is_on_record_can_not_be_changed(caseload: Caseload, store_url: str, table: str, statement: str) -> None:
    caseload.add(one_case())
    kept = caseload.audit(), caseload.get("K7M2AB")
    column = {"audit": "reason", "revisions": "document"}[table]
    sqlite = store_url.startswith("sqlite")
    if statement.startswith("TRUNCATE") and sqlite:
        pytest.skip("SQLite has no TRUNCATE")
    if statement == "REPLACE":
        key = {"audit": "id", "revisions": "study, revision"}[table]
        replace = (
            f"INSERT INTO {table} SELECT * FROM {table} WHERE true ON CONFLICT ({key}) DO UPDATE SET {{1}} = {{2}}"
        )
        statement = "INSERT OR REPLACE INTO {0} SELECT * FROM {0}" if sqlite else replace
    engine = sa.create_engine(store_url)
    with pytest.raises(sa.exc.DBAPIError, match=f"the table {table} is append-only"), engine.begin() as connection:
        connection.exec_driver_sql(statement.format(table, column, "'forged'"))
    engine.dispose()
    assert (caseload.audit(), caseload.get("K7M2AB")) == kept


def test_two_versions_are_compared_by_keys_not_by_places() -> None:
    case = Case(code="K7M2AB", phases=PHASES)
    sessions = [Session(number=n, values=(Value(measure="mood", value=n),)) for n in (1, 2, 3, 4, 5, 6)]
    early, late = case.record(*sessions[1:]), case.record(*sessions)

    def rows(before: Case, after: Case) -> list[tuple[str, object, object]]:
        documents = (
            {"cases": [json.loads(c.model_dump_json(exclude_defaults=True))]} if c is not None else {}
            for c in (before, after)
        )
        return [tuple(change) for change in changes(*documents)]

    at = "cases[K7M2AB].sessions"
    assert rows(early, late) == [(f"{at}[1].values[mood]", None, 1.0)]
    assert rows(late, early) == [(f"{at}[1]", {"values": [{"measure": "mood", "value": 1.0}]}, None)]
    assert rows(late, late.record(Session(number=2))) == [(f"{at}[2].values[mood]", 2.0, None)]
    assert rows(late, late.record(Session(number=2, values=(Value(measure="mood"),)))) == [
        (f"{at}[2].values[mood]", 2.0, "missed")
    ]
    assert rows(late, late.record(Session(number=9))) == [(f"{at}[9]", None, {})]
    counted = Session(number=2, values=(Value(measure="mood", value=2, trials=5),))
    assert rows(late, late.record(counted)) == [(f"{at}[2].values[mood]", 2.0, {"value": 2.0, "trials": 5})]
    moved = early.start_phase("B1", session=7, reason="holiday")
    assert rows(early, moved) == [
        ("cases[K7M2AB].phases[B1].actual_start", 6, 7),
        ("cases[K7M2AB].phases[B1].reason", None, "holiday"),
    ]


def test_a_new_order_of_measures_is_a_change_because_the_first_is_the_headline(caseload: Caseload) -> None:
    study = one_case()
    caseload.add(study)
    caseload.save(study.replace(measures=(SLEEP, MOOD)), revision=1)
    (change,) = [e for e in caseload.audit() if e.revision == 2]
    assert (change.path, change.before, change.after) == ("measures", ["mood", "sleep"], ["sleep", "mood"])


values = st.builds(
    Value, measure=st.just("mood"), value=st.none() | st.integers(0, 3), trials=st.none() | st.integers(3, 5)
)
sessions = st.lists(
    st.builds(
        Session,
        number=st.integers(1, 6),
        values=st.lists(values, max_size=1).map(tuple),
        note=st.sampled_from(["", "ill"]),
    ),
    max_size=4,
)


@given(st.lists(sessions, min_size=2, max_size=2))
@settings(max_examples=150, deadline=None)
def test_every_difference_is_on_record_and_nothing_else(drawn: list[list[Session]]) -> None:
    old, new = (
        json.loads(one_case().with_case(Case(code="K7M2AB", phases=PHASES).record(*s)).to_json()) for s in drawn
    )
    found = list(changes(old, new))
    assert (found == []) == (old == new)
    assert all(change.before != change.after for change in found)
    assert len({change.path for change in found}) == len(found)
    assert [(c.path, c.after, c.before) for c in changes(new, new)] == []
    for change in found:
        assert _at(old, change.path) == change.before or change.before is None
        assert _at(new, change.path) == change.after


def _at(document: dict, path: str) -> object:
    """Follow a path through a document by other means than the code under test."""
    keys = {"cases": "code", "phases": "label", "sessions": "number", "values": "measure"}
    here: object = document
    for part in path.split("."):
        name, _, key = part.rstrip("]").partition("[")
        here = here.get(name) if isinstance(here, dict) else None
        if key and here is not None:
            item = next((i for i in here if str(i[keys[name]]) == key), None)
            here = None if item is None else {k: v for k, v in item.items() if k != keys[name]}
            if name == "values" and here is not None:
                here = "missed" if not here else here["value"] if set(here) == {"value"} else here
    return here


# -- retiring ----------------------------------------------------------------------------------------------------------


def test_a_retired_study_is_out_of_use_but_on_record(caseload: Caseload) -> None:
    study = one_case()
    caseload.add(study)
    with pytest.raises(StudyError, match=r"say why you retire it \(field 'reason'\)"):
        caseload.retire("K7M2AB", revision=1, reason=" ")
    with pytest.raises(StaleSave):
        caseload.retire("K7M2AB", revision=3, reason="mistake")
    retired = caseload.retire("K7M2AB", revision=1, reason="set up by mistake")
    assert (retired.revision, retired.retired_at) == (2, retired.saved_at)
    assert caseload.list() == ()
    assert caseload.list(retired=True) == (retired,)
    assert caseload.get("K7M2AB", retired=True) == retired
    with pytest.raises(StudyError, match=r"'K7M2AB': was retired on \d{4}-\d\d-\d\d; restore it"):
        caseload.get("K7M2AB")
    with pytest.raises(StudyError, match=r"was retired on .*; restore it before you change it"):
        caseload.save(one_case(note="x"), revision=2)
    with pytest.raises(StudyError, match=r"was retired on .*; there is nothing to retire"):
        caseload.retire("K7M2AB", revision=2, reason="again")
    entry = caseload.audit("K7M2AB")[-1]
    assert (entry.action, entry.path, entry.before, entry.after) == ("retire", "retired", False, True)
    assert entry.reason == "set up by mistake"
    back = caseload.restore("K7M2AB", revision=2, reason="it was none")
    assert (back.study, back.revision, back.retired_at) == (study, 3, None)
    assert caseload.get("K7M2AB") == back
    with pytest.raises(StudyError, match="is in use; there is nothing to restore"):
        caseload.restore("K7M2AB", revision=3, reason="again")


# -- the store against a plain dictionary ------------------------------------------------------------------------------


def test_the_store_does_what_a_dictionary_would_do(fresh_store: Callable[[], str]) -> None:
    class Machine(RuleBasedStateMachine):
        codes = ("AAAAAA", "BBBBBB", "CCCCCC")

        def __init__(self) -> None:
            super().__init__()
            self.caseload = open_caseload(fresh_store(), who="anna")
            self.model: dict[str, list[str]] = {}
            self.retired: set[str] = set()
            self.labels: dict[str, str] = {}

        def teardown(self) -> None:
            self.caseload.close()

        @rule(code=st.sampled_from(codes), label=st.sampled_from(["", "Zoë"]))
        def add(self, code: str, label: str) -> None:
            if code in self.model:
                with pytest.raises(StudyError, match="is taken by study"):
                    self.caseload.add(one_case(code))
                return
            assert self.caseload.add(one_case(code), labels={code: label}).revision == 1
            self.model[code] = [""]
            self.labels |= {code: label} if label else {}

        @precondition(lambda self: self.model)
        @rule(data=st.data(), back=st.integers(-1, 2), note=st.sampled_from(["", "a", "b"]))
        def save(self, data: st.DataObject, back: int, note: str) -> None:
            code = data.draw(st.sampled_from(sorted(self.model)))
            newest = len(self.model[code])
            if back:
                with pytest.raises(StaleSave):
                    self.caseload.save(one_case(code, note=note), revision=newest - back)
            elif code in self.retired:
                with pytest.raises(StudyError, match="was retired"):
                    self.caseload.save(one_case(code, note=note), revision=newest)
            else:
                stored = self.caseload.save(one_case(code, note=note), revision=newest)
                if note != self.model[code][-1]:
                    self.model[code].append(note)
                assert stored.revision == len(self.model[code])

        @precondition(lambda self: self.model)
        @rule(data=st.data(), label=st.sampled_from(["", "Ida"]))
        def rename(self, data: st.DataObject, label: str) -> None:
            code = data.draw(st.sampled_from(sorted(set(self.model) - self.retired) or ["-"]))
            if code == "-" or self.labels.get(code, "") == label:
                return
            notes = self.model[code]
            self.caseload.save(one_case(code, note=notes[-1]), revision=len(notes), labels={code: label})
            notes.append(notes[-1])
            self.labels = {**self.labels, code: label} if label else {k: v for k, v in self.labels.items() if k != code}

        @precondition(lambda self: self.model)
        @rule(data=st.data())
        def retire_or_restore(self, data: st.DataObject) -> None:
            code = data.draw(st.sampled_from(sorted(self.model)))
            act = self.caseload.restore if code in self.retired else self.caseload.retire
            act(code, revision=len(self.model[code]), reason="as it is")
            self.retired ^= {code}
            self.model[code].append(self.model[code][-1])

        @invariant()
        def holds_the_same(self) -> None:
            held = self.caseload.list(retired=True)
            assert {s.study.code: (s.revision, s.study.note) for s in held} == {
                code: (len(notes), notes[-1]) for code, notes in self.model.items()
            }
            assert {s.study.code for s in self.caseload.list()} == set(self.model) - self.retired
            entries = self.caseload.audit()
            for code, notes in self.model.items():
                assert {e.revision for e in entries if e.code == code} == set(range(1, len(notes) + 1))
                assert self.caseload.labels(code) == {k: v for k, v in self.labels.items() if k == code}
                old = self.caseload.get(code, revision=1, retired=True)
                assert old.study.note == notes[0]

    budget = settings(
        max_examples=8, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(Machine, settings=budget)


# -- several at once ---------------------------------------------------------------------------------------------------


def test_of_many_threads_that_save_at_once_exactly_one_wins(caseload: Caseload, store_url: str) -> None:
    caseload.add(one_case())
    start, outcomes = threading.Barrier(8), []

    def save(number: int, own: Caseload) -> None:
        start.wait()
        try:
            outcomes.append(own.save(one_case(note=f"n{number}"), revision=1))
        except StaleSave as error:
            outcomes.append(error)

    others = [open_caseload(store_url) for _ in range(4)]
    threads = [threading.Thread(target=save, args=(n, own)) for n, own in enumerate([caseload] * 4 + others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    (winner,) = [o for o in outcomes if not isinstance(o, StaleSave)]
    assert len(outcomes) == 8
    assert caseload.get("K7M2AB") == winner
    assert all(o.stored == winner for o in outcomes if isinstance(o, StaleSave))
    assert len([e for e in caseload.audit() if e.revision == 2]) == 1


def test_of_many_threads_that_open_a_new_store_all_get_the_same(store_url: str) -> None:
    start, opened, failed = threading.Barrier(6), [], []

    def enter() -> None:
        start.wait()
        try:
            opened.append(open_caseload(store_url))
        except StudyError as error:
            failed.append(error)

    threads = [threading.Thread(target=enter) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    opened[0].add(one_case())
    assert all(len(caseload.list()) == 1 for caseload in opened)
    for caseload in opened:
        caseload.close()


# One process that has everything imported and forks the savers: a round then takes no start-up.
NURSERY = """
import os, sys
from scd.records import StaleSave, open_caseload
from scd.study import Session, Value

def save(url, rounds):
    with open_caseload(url, who="child") as caseload:
        stored = caseload.get("K7M2AB")
        while rounds:
            case = stored.study.cases[0]
            count = case.sessions[0].values[0].value + 1 if case.sessions else 1
            case = case.record(Session(number=1, values=(Value(measure="mood", value=count),)))
            try:
                stored = caseload.save(stored.study.with_case(case), revision=stored.revision)
            except StaleSave as error:
                stored = error.stored
                continue
            rounds -= 1
            os.write(1, b"saved %d\\n" % stored.revision)

open_caseload(sys.argv[1]).close()  # loads the driver

for line in sys.stdin:
    savers, rounds = map(int, line.split())
    children = []
    for _ in range(savers):
        child = os.fork()
        if child == 0:
            try:
                save(sys.argv[1], rounds)
                os._exit(0)
            finally:
                os._exit(1)
        children.append(child)
        os.write(1, b"started %d\\n" % child)
    status = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    os.write(1, b"ended %s\\n" % repr(status).encode())
"""


@pytest.fixture
def nursery(store_url: str):
    """Ask for so many savers with so many rounds each by a line on its input; it tells what happens on its output."""
    command = [sys.executable, "-c", NURSERY, store_url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as process:
        yield process
        process.stdin.close()


def test_two_processes_that_count_together_lose_no_step(caseload: Caseload, nursery: subprocess.Popen[str]) -> None:
    caseload.add(one_case())
    nursery.stdin.write("2 15\n")
    while not (line := nursery.stdout.readline()).startswith("ended"):
        assert line, "the savers died"
    assert line == "ended [0, 0]\n"
    stored = caseload.get("K7M2AB")
    assert (stored.study.cases[0].sessions[0].value("mood"), stored.revision) == (30, 31)
    steps = [e.after for e in caseload.audit() if e.path.endswith("values[mood]")]
    assert steps == list(range(1, 31))


def test_a_process_killed_while_saving_loses_nothing_it_was_told_was_saved(
    store_url: str, nursery: subprocess.Popen[str]
) -> None:
    with open_caseload(store_url) as caseload:
        caseload.add(one_case())
    chance = random.Random(20)
    for _ in range(20):
        nursery.stdin.write("1 1000000\n")
        _, saver = nursery.stdout.readline().split()
        told = [nursery.stdout.readline()]
        time.sleep(chance.uniform(0, 0.05))
        os.kill(int(saver), signal.SIGKILL)
        while not (line := nursery.stdout.readline()).startswith("ended"):
            told.append(line)
        assert line == f"ended [{-signal.SIGKILL}]\n"
        acknowledged = int(told[-1].removeprefix("saved "))
        with open_caseload(store_url) as caseload:
            stored = caseload.get("K7M2AB")
            assert stored.revision in (acknowledged, acknowledged + 1)
            assert stored.study.cases[0].sessions[0].value("mood") == stored.revision - 1
            assert {e.revision for e in caseload.audit()} == set(range(1, stored.revision + 1))
            assert caseload.get("K7M2AB", revision=acknowledged).revision == acknowledged


def test_a_writer_that_waits_too_long_is_told_so(
    caseload: Caseload, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    caseload.add(one_case())
    monkeypatch.setattr("scd.records.store._BUSY_SECONDS", 1)
    engine = sa.create_engine(store_url, connect_args={"isolation_level": None} if "sqlite" in store_url else {})
    with engine.connect() as other, open_caseload(store_url) as late:
        hold = "BEGIN IMMEDIATE" if "sqlite" in store_url else f"SELECT pg_advisory_lock({0x73636431})"
        other.exec_driver_sql(hold)
        assert late.get("K7M2AB").revision == 1, "reading does not wait"
        with pytest.raises(StudyError, match="another program has been writing for 1 seconds; nothing was saved"):
            late.save(one_case(note="x"), revision=1)
        other.exec_driver_sql("ROLLBACK" if "sqlite" in store_url else "SELECT pg_advisory_unlock_all()")
        assert late.save(one_case(note="x"), revision=1).revision == 2
    engine.dispose()


# -- opening -----------------------------------------------------------------------------------------------------------


def test_the_settings_of_a_sqlite_store(tmp_path: Path) -> None:
    expected = {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "synchronous": 2,
        "secure_delete": 1,
        "trusted_schema": 0,
        "busy_timeout": 10_000,
        "application_id": int.from_bytes(b"scd1"),
        "user_version": 1,
    }
    file = tmp_path / "caseload.sqlite"
    with open_caseload(file) as caseload:
        caseload.add(one_case())
        for suffix in ("", "-wal", "-shm"):
            mode = stat.S_IMODE(file.with_name(file.name + suffix).stat().st_mode)
            assert mode == 0o600, f"{file.name}{suffix} has mode {mode:o}"
        with caseload._store.engine.connect() as connection:
            ask = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in expected}
    assert ask == expected
    assert [p.name for p in tmp_path.iterdir()] == ["caseload.sqlite"], "nothing is left behind after closing"


def test_a_store_open_to_others_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "caseload.sqlite"
    open_caseload(file).close()
    file.chmod(0o644)
    open_caseload(file).close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_store_without_hard_links_is_made_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    with open_caseload(tmp_path / "caseload.sqlite") as caseload:
        caseload.add(one_case())
    assert [p.name for p in tmp_path.iterdir()] == ["caseload.sqlite"]


@pytest.mark.parametrize("name", ["with space.sqlite", "br{ace}s.sqlite", "Zoë – 100%?#.sqlite", "a'b\"c.sqlite"])
def test_odd_paths_work(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "Ordner {x} ü"
    folder.mkdir()
    with open_caseload(folder / name) as caseload:
        caseload.add(one_case())
    with open_caseload(str(folder / name)) as caseload:
        assert len(caseload.list()) == 1
    assert [p.name for p in folder.iterdir()] == [name]


def test_places_that_can_not_be_a_store_are_refused_in_words(tmp_path: Path) -> None:
    for place, words in [
        (tmp_path, "is a folder; name a file in it"),
        (tmp_path / "no" / "caseload.sqlite", "its folder does not exist; make it first"),
        ("mysql://u:geheim@h/d", r"must be the path of a file or a URL .* \(got one of 'mysql'\)"),
        ("sqlite://", "must be the path of a file"),
        ("postgresql+psycopg2://u:geheim@h/d", "begins with postgresql\\+psycopg://"),
        ("postgresql://u:ge@heim:x@h:port/d", "its URL can't be read; write it as postgresql"),
    ]:
        with pytest.raises(StudyError, match=words) as e:
            open_caseload(place)
        assert "geheim" not in str(e.value)
        assert "heim:x" not in str(e.value)


def test_a_foreign_file_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "other.sqlite"
    with sqlite3.connect(file) as foreign:
        foreign.execute("CREATE TABLE studies (x)")
    foreign.close()
    text, empty = tmp_path / "letter.txt", tmp_path / "empty"
    text.write_text("Dear colleague, " * 100)
    empty.touch()
    for path, words in [
        (file, "is not a caseload of scd; name another file"),
        (text, "is no caseload, or a damaged one"),
        (empty, "is not a caseload of scd"),
    ]:
        before, mode = path.read_bytes(), path.stat().st_mode
        with pytest.raises(StudyError, match=words) as e:
            open_caseload(path)
        assert str(path) in str(e.value)
        assert (path.read_bytes(), path.stat().st_mode) == (before, mode)


def test_a_store_of_a_newer_scd_is_refused(store_url: str) -> None:
    open_caseload(store_url).close()
    engine = sa.create_engine(store_url)
    newer = "PRAGMA user_version = 7" if "sqlite" in store_url else "UPDATE scd_store SET schema_version = 7"
    with engine.begin() as connection:
        connection.exec_driver_sql(newer)
    engine.dispose()
    with pytest.raises(StudyError, match="has schema version 7, this scd knows 1; update scd"):
        open_caseload(store_url)


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("healthy") / "caseload.sqlite"
    with open_caseload(file) as caseload:
        for code in ("AAAAAA", "BBBBBB"):
            caseload.add(one_case(code, mood=4), labels={code: "Zoë"})
    return file.read_bytes()


def read_all(file: Path) -> None:
    with open_caseload(file) as caseload:
        for stored in caseload.list(retired=True):
            caseload.labels(stored.study.code)
            caseload.get(stored.study.code, revision=stored.revision, retired=True)
        caseload.audit()


def test_a_store_cut_short_is_refused_in_words(tmp_path: Path, healthy: bytes) -> None:
    file = tmp_path / "caseload.sqlite"
    for length in [
        0,
        1,
        15,
        16,
        99,
        100,
        511,
        4095,
        4096,
        5000,
        *range(8192, len(healthy), 12_000),
        len(healthy) - 4096,
        len(healthy) - 1,
    ]:
        assert length < len(healthy)
        file.write_bytes(healthy[:length])
        with pytest.raises(StudyError, match=r"damaged|is not a caseload"):
            read_all(file)


def test_a_store_with_a_wrong_byte_is_read_or_refused_but_never_breaks(tmp_path: Path, healthy: bytes) -> None:
    file = tmp_path / "caseload.sqlite"
    chance = random.Random(7)
    refused = 0
    for _ in range(120):
        place = chance.randrange(len(healthy))
        file.unlink(missing_ok=True)
        file.write_bytes(healthy[:place] + bytes([healthy[place] ^ chance.randrange(1, 256)]) + healthy[place + 1 :])
        try:
            read_all(file)
        except StudyError:
            refused += 1
    assert refused > 0


# -- PostgreSQL --------------------------------------------------------------------------------------------------------


def test_a_database_with_other_tables_of_these_names_is_refused(store_url: str) -> None:
    if "sqlite" in store_url:
        pytest.skip("a SQLite file is known by its application id")
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE audit (x int)")
    engine.dispose()
    with pytest.raises(StudyError, match=r"holds tables of another program \(audit\); give scd a database of its own"):
        open_caseload(store_url)


def test_a_password_appears_in_no_error(store_url: str) -> None:
    if "sqlite" in store_url:
        pytest.skip("a SQLite file has no password")
    wrong = sa.make_url(store_url).set(database="nosuch", password="geheim")
    for url in (
        wrong.render_as_string(hide_password=False),
        "postgresql://anna:geheim@127.0.0.1:1/clinic",
        "postgresql://anna@127.0.0.1:1/clinic?password=geheim",
        "postgresql+psycopg://anna:geheim@127.0.0.1:1/clinic?sslmode=geheim",
    ):
        with pytest.raises(StudyError, match=r"store in PostgreSQL database '(nosuch|clinic)' on") as e:
            open_caseload(url)
        assert "geheim" not in str(e.value)
        assert e.value.__suppress_context__
    with open_caseload(wrong.set(database="postgres").render_as_string(hide_password=False)) as caseload:
        assert "geheim" not in repr(caseload)
        assert "geheim" not in repr(caseload._store)


def test_a_missing_driver_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StudyError, match=r"needs the PostgreSQL driver, .*; install scd\[postgres\]") as e:
        open_caseload("postgresql+psycopg://anna:geheim@127.0.0.1:1/clinic")
    assert "geheim" not in str(e.value)


def test_an_error_quotes_no_client_data(caseload: Caseload, store_url: str) -> None:
    """The database refuses a row; neither message nor traceback may show what was in it."""
    caseload.add(one_case())
    engine = sa.create_engine(store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE labels")
        connection.exec_driver_sql("CREATE TABLE labels (code TEXT PRIMARY KEY, label TEXT CHECK (label = 'never'))")
    engine.dispose()
    secret = "can" + "ary"  # in two pieces, because a traceback shows this line too
    with pytest.raises(StudyError, match=r"the database refused .*; nothing was saved") as e:
        caseload.save(one_case(note="x"), revision=1, labels={"K7M2AB": secret})
    assert secret not in "".join(traceback.format_exception(e.value))
    assert caseload.get("K7M2AB").revision == 1
