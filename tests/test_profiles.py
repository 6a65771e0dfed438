"""Exports of diary apps: every format in its real shape, told by synthetic people, and one way to days of a study."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from scd.cli import app
from scd.records.export import to_csv
from scd.records.measures import measures_of_table
from scd.records.profiles import (
    ImportSettings,
    PhaseStart,
    Taken,
    periods_of,
    read_export,
    read_settings,
    settings_text,
    studies_from_answers,
)
from scd.records.profiles.days import combine
from scd.records.profiles.moments import day_of, local_clock, read_moments, zone_of
from scd.records.profiles.mpath import OWN_COLUMNS
from scd.records.profiles.said import item_said, practice_said
from scd.records.tables import read_table, study_from_table
from scd.records.update import add_sessions
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
SAD = Measure(key="sad", label="Sadness", improvement="decrease", minimum=0, maximum=100)
WALKS = Measure(key="walks", label="Walks", improvement="increase", minimum=0, role="practice", scale="duration")
AB = (PhaseStart(label="A1", start=dt.date(2026, 1, 5)), PhaseStart(label="B1", start=dt.date(2026, 1, 8)))


def ema(*rows: str, separator: str = ",") -> str:
    return "\n".join([separator.join(("person", "time", "item", "value")), *rows]) + "\n"


def taken(*measures: Measure, **items: str) -> tuple[Taken, ...]:
    return tuple(Taken(key=m.key, item=items.get(m.key, m.key), measure=m) for m in measures)


def settings_for(*measures: Measure, **told) -> ImportSettings:
    return ImportSettings(**{"profile": "ema", "measures": taken(*measures), "phases": AB, **told})


def made(text, settings, **options):
    answers = read_export(text, name="export", settings=settings)
    return studies_from_answers(answers, settings=settings, **options)


def values(study, key="mood"):
    return {s.number: s.value(key) for s in study.cases[0].sessions}


def words(found) -> list[str]:
    return [p.words for p in found.problems]


# --- m-Path ---------------------------------------------------------------------------------------------------------


def seconds(text: str) -> int:
    """What m-Path writes: seconds since 1970 as the participant's own clock counts them."""
    return int((dt.datetime.fromisoformat(text) - dt.datetime(1970, 1, 1)).total_seconds())


def mpath(*beeps: tuple, items=("slider_sad_sliderNegPos", "why_open", "company_multipleChoice_index")) -> str:
    """A basic.csv: (connectionId, list, sent, start, sentBeepId, reminderFor, answers…)."""
    lines = [";".join((*OWN_COLUMNS, *items))]
    for person, form, sent, start, beep, original, *answers in beeps:
        own = dict.fromkeys(OWN_COLUMNS, "") | {
            "connectionId": person,
            "legacyCode": "!9v48@jp7a7",
            "code": '"!byyo kjyt"',
            "alias": "Quillfeather",
            "initials": "Qui",
            "sentBeepId": str(beep),
            "reminderForOriginalSentBeepId": str(original),
            "questionListName": form,
            "timeStampScheduled": str(seconds(sent)),
            "timeStampSent": str(seconds(sent) + 2),
            "timeStampStart": str(seconds(start)) if start else "",
            "timeStampStop": str(seconds(start) + 40) if start else "",
            "originalTimeStampSent": "0",
            "timeZoneOffset": "7200",
            "deltaUTC": "0",
        }
        lines.append(";".join([*own.values(), *answers]))  # trailing empty cells are left out, as m-Path does
    return "\n".join(lines) + "\n"


def packed(text: str) -> str:
    """A text as m-Path packs it: JSON, and then quoted for the CSV."""
    return '"' + json.dumps(text).replace('"', '""') + '"'


META = (
    "columnName;fullQuestion;typeQuestion;typeAnswer;fullQuestion_mixed;typeQuestion_mixed;typeAnswer_mixed\n"
    'slider_sad_sliderNegPos;"How sad are you right now?";sliderNegPos;int;0;0;0\n'
    'why_open;"What got in the way?";open;string;0;0;0\n'
    'company_multipleChoice_index;"Who are you with?";multipleChoice;intList;0;0;0\n'
)
BEEPS = (
    ("234609", "morning", "2026-01-05 09:00", "2026-01-05 09:05", 11, 0, "50"),
    ("234609", "morning", "2026-01-05 15:00", "", 12, 0),
    ("234609", "morning", "2026-01-05 15:10", "2026-01-05 15:12", 13, 12, "70"),  # the reminder of beep 12
    ("234609", "morning", "2026-01-06 09:00", "", 14, 0),
    ("234609", "evening", "2026-01-05 21:00", "2026-01-06 00:30", 15, 0, "", packed("=1+1; too late\nand dark")),
    ("235458", "morning", "2026-01-09 09:00", "2026-01-09 09:01", 16, 0, "10"),
)
MPATH = {"profile": "m-path", "measures": taken(SAD, sad="slider_sad"), "phases": AB}


def test_mpath_beeps_become_days_and_missed_ones_are_counted():
    found = made(mpath(*BEEPS), ImportSettings(**MPATH))
    assert words(found) == []
    first, second = found.studies
    assert values(first, "sad") == {1: 60.0, 2: None}
    # Beep 12 was missed, but its reminder was answered: two prompts, two answers.
    assert [s.note for s in first.cases[0].sessions] == ["2 of 2 prompts answered", "0 of 1 prompts answered"]
    assert values(second, "sad") == {5: 10.0}
    assert [p.label for p in second.cases[0].phases] == ["A1", "B1"]
    assert set(found.labels.values()) == {"234609", "235458"}


def test_mpath_counts_time_on_the_participant_s_own_clock():
    # mpathr's example_basic.csv: timeStampStart 1713514602 with timeZoneOffset 7200 is 8:16 in the morning there.
    assert local_clock(1713514602) == dt.datetime(2024, 4, 19, 8, 16, 42)
    late = made(mpath(*BEEPS), ImportSettings(**MPATH, day_starts=dt.time(4)))
    assert "a day begins at 04:00; what was answered before belongs to the day before" in late.notes
    assert any("participant's own clock" in note for note in late.notes)


def test_mpath_evening_questionnaire_misses_nothing_of_the_morning_s():
    practice = WALKS.replace(scale="score")
    measures = (*taken(SAD, sad="slider_sad"), Taken(key="walks", item="slider_sad", obstacle="why", measure=practice))
    found = made(mpath(*BEEPS), ImportSettings(profile="m-path", measures=measures, phases=AB, day_starts="04:00"))
    first = found.studies[0].cases[0].sessions
    assert first[0].values[1].obstacle == "=1+1; too late and dark"
    assert (first[0].date, first[0].note) == (dt.date(2026, 1, 5), "2 of 2 prompts answered")
    # The text comes out of a spreadsheet as text, and back as it was.
    text = to_csv(found.studies[0])
    assert '"\'=1+1; too late and dark"' in text
    back, _ = study_from_table(read_table(text, name="back"), measures=[SAD, practice])
    assert back.cases[0].sessions[0].values[1].obstacle == "=1+1; too late and dark"


def test_mpath_several_answers_in_one_cell_are_no_number(tmp_path):
    settings = ImportSettings(profile="m-path", measures=taken(SAD, sad="company"), phases=AB)
    text = mpath(("1", "m", "2026-01-05 09:00", "2026-01-05 09:05", 1, 0, "50", "", '"1,4"'))
    with pytest.raises(StudyError, match=r"item 'company_multipleChoice_index' holds several answers in one cell"):
        read_export(text, name="basic.csv", settings=settings, meta=META.encode())
    (problem,) = words(made(text, settings))  # without meta data the cell itself says so
    assert problem.startswith("row 2, column 'company_multipleChoice_index': '1,4' has a comma")


def test_mpath_items_are_found_by_name_beginning_or_question():
    for said in ("slider_sad_sliderNegPos", "slider_sad", "how sad are you right now?"):
        answers = read_export(
            mpath(*BEEPS),
            name="basic.csv",
            settings=ImportSettings(profile="m-path", measures=taken(SAD, sad=said)),
            meta=META.encode(),
        )
        assert answers.rows[0].item == "slider_sad_sliderNegPos"
    assert answers.items["why_open"].question == "What got in the way?"
    with pytest.raises(StudyError, match=r"has no item 'mood' \(it has 'slider_sad_sliderNegPos'"):
        made(mpath(*BEEPS), ImportSettings(profile="m-path", measures=taken(MOOD), phases=AB))


def test_mpath_saved_by_a_spreadsheet_is_refused():
    quoted = "\n".join('"' + line.replace('"', '""') + '"' for line in mpath(*BEEPS).splitlines())
    with pytest.raises(StudyError, match=r"a spreadsheet has saved it .* download it anew"):
        made(quoted, ImportSettings(**MPATH))


# --- REDCap ---------------------------------------------------------------------------------------------------------

REDCAP = """record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,age,diary_date,mood,walked,\
walk_plan,walk_why,daily_diary_complete,phq9_total
1,baseline_arm_1,,,34,,,,,,,14
1,diary_arm_1,daily_diary,1,,2026-01-05,4,1,1,,2,
1,diary_arm_1,daily_diary,2,,2026-01-06,-99,0,1,"+rain, and -5",2,
1,diary_arm_1,daily_diary,3,,2026-01-08,7,1,1,,2,
NA,diary_arm_1,daily_diary,1,,2026-01-05,3,,,,2,
NA,diary_arm_1,daily_diary,2,,2026-01-09,5,,,,1,
"""
REDCAP_TAKEN = (
    Taken(key="mood", item="mood", measure=MOOD, missing=("-99",)),
    Taken(
        key="walks",
        item="walked",
        planned="walk_plan",
        obstacle="walk_why",
        measure=WALKS.replace(scale="score", maximum=1),
    ),
)


def test_redcap_repeating_instrument_with_the_diary_s_date():
    settings = ImportSettings(profile="redcap", measures=REDCAP_TAKEN, phases=AB)
    found = made(REDCAP, settings)
    assert words(found) == []
    assert "the day is that of 'diary_date'" in found.notes
    one, na = found.studies
    assert values(one) == {1: 4.0, 2: None, 4: 7.0}
    second = one.cases[0].sessions[1].values[1]
    assert (second.value, second.planned, second.obstacle) == (0.0, 1.0, "+rain, and -5")
    assert values(na) == {1: 3.0, 5: 5.0}
    assert list(found.labels.values()) == ["1", "NA"]  # a record called NA is a record


def test_redcap_without_a_date_numbers_sessions_by_instance():
    text = re.sub(r"2026-01-0\d", "", REDCAP)
    starts = (PhaseStart(label="A1", start=1), PhaseStart(label="B1", start=3))
    found = made(text, ImportSettings(profile="redcap", measures=REDCAP_TAKEN, phases=starts))
    assert values(found.studies[0]) == {1: 4.0, 2: None, 3: 7.0}
    assert any("number of the repeated instance" in note for note in found.notes)
    with pytest.raises(StudyError, match="the export tells no dates"):
        made(text, ImportSettings(profile="redcap", measures=REDCAP_TAKEN, phases=AB))


def test_redcap_events_may_tell_phases_and_several_dates_must_be_told_apart():
    rows = [
        f"7,{event},2026-0{n}-05,2026-0{n}-06 08:00,{10 - n}"
        for n, event in enumerate(("week_1_arm_1", "week_2_arm_1", "therapy_1_arm_1", "therapy_2_arm_1"), 1)
    ]
    text = "\n".join(["record_id,redcap_event_name,seen_on,phq_timestamp,phq", *rows])
    measure = Measure(key="phq", label="PHQ", improvement="decrease", minimum=0, maximum=27)
    letters = dict.fromkeys(("week_1_arm_1", "week_2_arm_1"), "A") | dict.fromkeys(
        ("therapy_1_arm_1", "therapy_2_arm_1"), "B"
    )
    settings = ImportSettings(
        profile="redcap", measures=taken(measure), phase_column="redcap_event_name", conditions=letters
    )
    with pytest.raises(StudyError, match=r"several fields of dates \(seen_on, phq_timestamp\)"):
        made(text, settings)
    found = made(text, settings.replace(columns={"time": "seen_on"}))
    assert [(p.label, p.start) for p in found.studies[0].cases[0].phases] == [("A1", 1), ("B1", 60)]
    lacking = settings.replace(columns={"time": "seen_on"}, conditions={"week_1_arm_1": "A"})
    with pytest.raises(StudyError, match="condition 'week_2_arm_1' has no letter"):
        made(text, lacking)


def test_redcap_export_of_labels_is_refused_naming_the_raw_one():
    text = "Record ID,Event Name,Repeat Instance,Mood\n1,Diary,1,4\n"
    with pytest.raises(StudyError, match="it is one of labels: export the raw data"):
        made(text, ImportSettings(profile="redcap", measures=REDCAP_TAKEN, phases=AB))


# --- StudyU ---------------------------------------------------------------------------------------------------------

PERSON = "0f8fad5b-d9cb-469f-a165-70867728950e"
MEASUREMENTS = (
    "measurement_time,measurement_id,measurement_name,participant_id,participant_started_at,invite_code,\
current_day_of_study,current_intervention_id,current_intervention_name,survey1_id,survey1_name,is_survey1,\
survey1_question1_id,survey1_question1_text,survey1_question1_response,survey1_question2_id,survey1_question2_text,\
survey1_question2_response\r\n"
    + "".join(
        f"2026-01-{day:02d} {time}Z,s1,Evening,{PERSON},2026-01-05 07:00:00.000Z,,{day - 5},{intervention},{name},s1,"
        f'Evening,true,q1,"How strong was the pain, today?",{pain},q2,Did you sleep?,{slept}\r\n'
        for day, time, intervention, name, pain, slept in (
            (9, "20:15:00.123", "i2", "Willow bark tea", "2", "true"),  # the newest first, as StudyU writes them
            (8, "20:10:00.456", "i2", "Willow bark tea", "3", "false"),
            (6, "23:30:00.000", "__baseline", "Baseline", "6", "true"),
            (5, "20:00:00.000", "__baseline", "Baseline", "7", "N/A"),
        )
    )
)
INTERVENTIONS = (
    "intervention_task_time,intervention_task_id,intervention_task_name,is_completed,participant_id,"
    "participant_started_at,invite_code,current_day_of_study,current_intervention_id,current_intervention_name\r\n"
    f"2026-01-09 08:00:00.000Z,t1,Drink tea,true,{PERSON},2026-01-05 07:00:00.000Z,,4,i2,Willow bark tea\r\n"
    f"2026-01-09 18:00:00.000Z,t1,Drink tea,true,{PERSON},2026-01-05 07:00:00.000Z,,4,i2,Willow bark tea\r\n"
    f"2026-01-08 08:00:00.000Z,t1,Drink tea,true,{PERSON},2026-01-05 07:00:00.000Z,,3,i2,Willow bark tea\r\n"
)
PAIN = Measure(key="pain", label="Pain", improvement="decrease", minimum=0, maximum=10)
TEA = Measure(key="tea", label="Tea", improvement="increase", minimum=0, role="practice", scale="count")


def studyu(**told) -> ImportSettings:
    return ImportSettings(
        **{"profile": "studyu", "measures": taken(PAIN, pain="survey1_question1"), "time_zone": "Europe/Berlin", **told}
    )


def test_studyu_measurements_with_the_intervention_as_phase():
    found = made(MEASUREMENTS, studyu())
    assert words(found) == []
    study = found.studies[0]
    # 23:30 in UTC is half past midnight in Berlin: the day after.
    assert values(study, "pain") == {1: 7.0, 3: 6.0, 4: 3.0, 5: 2.0}
    assert [(p.label, p.start) for p in study.cases[0].phases] == [("A1", 1), ("B1", 4)]
    assert "times in UTC are told by the clock of Europe/Berlin" in found.notes
    assert "phases: 'Baseline' is A, 'Willow bark tea' is B" in found.notes
    unsaid = made(MEASUREMENTS, studyu(time_zone=""))
    assert values(unsaid.studies[0], "pain") == {1: 7.0, 2: 6.0, 4: 3.0, 5: 2.0}
    assert any("times are in UTC" in note for note in unsaid.notes)


def test_studyu_archive_holds_measurements_and_tasks():
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as held:
        held.writestr("study_definition.json", "{}")
        held.writestr("measurements.csv", MEASUREMENTS)
        held.writestr("interventions.csv", INTERVENTIONS)
    measures = (
        *taken(PAIN, pain="How strong was the pain, today?"),
        Taken(key="tea", item="Drink tea", measure=TEA, daily="sum"),
    )
    found = made(archive.getvalue(), studyu(measures=measures))
    assert words(found) == []
    assert values(found.studies[0], "tea") == {1: None, 3: None, 4: 1.0, 5: 2.0}
    assert [v.measure for v in found.studies[0].cases[0].sessions[0].values] == [
        "pain"
    ]  # no tick is not known, never 0
    assert any("none that were not" in note for note in found.notes)


def test_studyu_json_and_yes_or_no():
    header, *rows = [line.split(",") for line in INTERVENTIONS.strip().split("\r\n")]
    text = json.dumps([dict(zip(header, row, strict=True)) for row in rows])
    settings = studyu(measures=(Taken(key="tea", item="Drink tea", measure=TEA, daily="count"),))
    assert values(made(text, settings).studies[0], "tea") == {1: 1.0, 2: 2.0}
    slept = Measure(key="slept", label="Slept", improvement="increase", minimum=0, maximum=1)
    found = made(MEASUREMENTS, studyu(measures=taken(slept, slept="survey1_question2")))
    assert values(found.studies[0], "slept") == {1: None, 3: 1.0, 4: 0.0, 5: 1.0}


# --- which export it is ---------------------------------------------------------------------------------------------

EXPORTS = {
    "m-path": mpath(*BEEPS),
    "redcap": REDCAP,
    "studyu": MEASUREMENTS,
    "ema": ema("7,2026-01-05 09:00,mood,4"),
}


@pytest.mark.parametrize("said", EXPORTS)
@pytest.mark.parametrize("is_one", EXPORTS)
def test_an_export_of_another_kind_is_refused_naming_what_it_is(said, is_one):
    settings = ImportSettings(profile=said)
    if said == is_one:
        assert read_export(EXPORTS[is_one], name="x.csv", settings=settings).items
        return
    expected = "is no export of" if is_one == "ema" else f"say --profile {is_one}"
    with pytest.raises(StudyError, match=expected):
        read_export(EXPORTS[is_one], name="x.csv", settings=settings)


def test_a_table_of_nothing_known_says_what_was_expected():
    with pytest.raises(StudyError, match=r"no export of m-Path: expected are the columns connectionId and time"):
        read_export("a,b\n1,2\n", name="x.csv", settings=ImportSettings(profile="m-path"))
    with pytest.raises(StudyError, match=r"no column for the person .*--column person=NAME"):
        read_export("a,b\n1,2\n", name="x.csv", settings=ImportSettings(profile="ema"))


# --- a tidy table, and how it is written ----------------------------------------------------------------------------


def test_people_called_na_and_007_stay_who_they_are():
    found = made(ema("NA,2026-01-05,mood,4", "007,2026-01-05,mood,5", "null,2026-01-06,mood,6"), settings_for(MOOD))
    assert list(found.labels.values()) == ["NA", "007", "null"]
    assert [values(s) for s in found.studies] == [{1: 4.0}, {1: 5.0}, {2: 6.0}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_encodings_and_decimal_commas(encoding):
    text = ema("Zoë;05.01.2026 21:05;mood;4,5", "Zoë;13.01.2026 21:05;mood;NA", separator=";")
    found = made(text.encode(encoding), settings_for(MOOD))
    assert list(found.labels.values()) == ["Zoë"]
    assert values(found.studies[0]) == {1: 4.5, 9: None}


def test_day_and_month_are_never_guessed():
    text = ema("7,03/02/2026 09:00,mood,4", "7,04/02/2026 09:00,mood,5")
    (first, _second) = words(made(text, settings_for(MOOD)))
    assert first.startswith("row 2, column 'time': '03/02/2026' may be 3 February or 2 March")
    starts = (PhaseStart(label="A1", start=dt.date(2026, 2, 3)),)
    assert values(made(text, settings_for(MOOD, day_first=True, phases=starts)).studies[0]) == {1: 4.0, 2: 5.0}


def test_answers_that_stand_there_twice_count_once_and_two_answers_to_one_prompt_are_a_problem():
    text = ema("7,2026-01-05 09:00,mood,4", "7,2026-01-05 09:00,mood,4", "7,2026-01-05 21:00,mood,6")
    found = made(text, settings_for(MOOD))
    assert values(found.studies[0]) == {1: 5.0}
    assert "1 answer that stands there twice counted once" in found.notes
    clash = made(text + "7,2026-01-05 21:00,mood,7\n", settings_for(MOOD))
    assert words(clash) == ["row 5, column 'mood': two answers to one prompt: '6' in row 4, '7' here; keep one"]
    assert clash.studies == ()


def test_entries_of_one_date_without_a_time_are_answers_of_their_own():
    assert values(made(ema("7,2026-01-05,mood,4", "7,2026-01-05,mood,4"), settings_for(MOOD)).studies[0]) == {1: 4.0}


def test_problems_are_named_by_row_and_nothing_is_made():
    text = ema(
        "7,2026-01-05 09:00,mood,four", "7,2026-01-06 09:00,mood,11", "7,,mood,3", ",2026-01-07,mood,3", "7,x,mood,3"
    )
    found = made(text, settings_for(MOOD))
    assert words(found) == [
        "row 2, column 'mood': 'four' is not a number",
        "row 3, column 'mood': an answer of 'Mood' must be 0 to 10 (got 11)",
        "row 4, column 'time': is empty; say when",
        "row 5, column 'person': is empty; name the person in every row",
        "row 6, column 'time': 'x' is not a date; write it as 2026-04-03",
    ]
    assert found.studies == ()


def test_clocks_that_are_put_forward_and_back():
    berlin = zone_of("Europe/Berlin")
    spring, _ = read_moments(["2026-03-29T00:59:00Z", "2026-03-29T01:00:00Z"], zone=berlin)
    assert [f"{m:%H:%M}" for m in spring] == ["01:59", "03:00"]
    # In autumn the hour from two to three comes twice: two prompts at the same time by the clock are two.
    autumn = ema(*(f"7,2026-10-25T0{hour}:30:00Z,mood,{value}" for hour, value in ((0, 2), (1, 6), (2, 7))))
    starts = (PhaseStart(label="A1", start=dt.date(2026, 10, 25)),)
    found = made(autumn, settings_for(MOOD, time_zone="Europe/Berlin", phases=starts))
    assert values(found.studies[0]) == {1: 5.0}
    assert found.studies[0].cases[0].sessions[0].note == "3 of 3 prompts answered"
    with pytest.raises(StudyError, match="time zone: 'Mars/Base' is none"):
        made(autumn, settings_for(MOOD, time_zone="Mars/Base"))


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("2026-01-05T23:30:00+01:00", "2026-01-05T23:30:00"),  # an offset other than UTC's keeps its own clock
        ("2026-01-05 11:30 PM", "2026-01-05T23:30:00"),
        ("2026-01-05 12:05 am", "2026-01-05T00:05:00"),
        ("1767650400", "2026-01-05T22:00:00"),
        ("1767650400000", "2026-01-05T22:00:00"),
    ],
)
def test_ways_to_write_a_time(text, clock):
    assert read_moments([text])[0][0].isoformat() == clock


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2050, 1, 1)), st.times(max_value=dt.time(12)))
def test_a_day_is_24_hours_long_wherever_it_begins(moment, day_starts):
    day = day_of(moment, day_starts=day_starts)
    begin = dt.datetime.combine(day, day_starts)
    assert begin <= moment < begin + dt.timedelta(days=1)


# --- from answers to days -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "value"),
    [("mean", 5), ("median", 5), ("first", 2), ("last", 8), ("min", 2), ("max", 8), ("sum", 15), ("count", 3)],
)
def test_every_rule_for_a_day(rule, value):
    # Rows out of order: first and last go by the clock.
    text = ema(
        "7,2026-01-05 21:00,mood,8",
        "7,2026-01-05 09:00,mood,2",
        "7,2026-01-05 15:00,mood,5",
        "7,2026-01-05 16:00,mood,",
    )
    open_end = MOOD.replace(maximum=None)
    found = made(text, settings_for(open_end, daily=rule))
    session = found.studies[0].cases[0].sessions[0]
    assert (session.value("mood"), session.note) == (value, "3 of 4 prompts answered")
    assert any(note.startswith("the value of a day is") for note in found.notes)
    assert "a day begins at 00:00" in found.studies[0].measures[0].source


def test_nobody_having_answered_is_missed_and_never_0():
    for rule in ("mean", "sum", "count", "max"):
        assert combine([], rule) is None
    assert values(made(ema("7,2026-01-05 09:00,mood,"), settings_for(MOOD, daily="sum")).studies[0]) == {1: None}


def test_a_count_has_no_mean():
    calls = Measure(key="calls", label="Calls", improvement="decrease", minimum=0, scale="count")
    with pytest.raises(StudyError, match="the mean of several counts is none; say daily = 'sum'"):
        made(ema("7,2026-01-05 09:00,calls,2"), settings_for(calls))
    assert values(made(ema("7,2026-01-05 09:00,calls,2"), settings_for(calls, daily="sum")).studies[0], "calls") == {
        1: 2
    }


def test_a_sum_is_held_against_the_range_as_a_whole():
    text = ema("7,2026-01-05 09:00,mood,6", "7,2026-01-05 21:00,mood,6")
    (problem,) = words(made(text, settings_for(MOOD, daily="sum")))
    assert problem == "row 3, column 'mood': the sum of the answers of 'Mood' must be 0 to 10 (got 12)"


def test_weeks_begin_with_session_1():
    rows = [f"7,2026-01-{day:02d} 09:00,mood,{day % 10}" for day in (7, 13, 14, 27)]
    starts = (PhaseStart(label="A1", start=dt.date(2026, 1, 7)), PhaseStart(label="B1", start=dt.date(2026, 1, 14)))
    found = made(ema(*rows), settings_for(MOOD, every="week", phases=starts))
    assert values(found.studies[0]) == {1: 5.0, 2: 4.0, 3: 7.0}
    assert [(p.label, p.start) for p in found.studies[0].cases[0].phases] == [("A1", 1), ("B1", 2)]
    amid = (starts[0], PhaseStart(label="B1", start=dt.date(2026, 1, 16)))
    with pytest.raises(StudyError, match="lies amid a week that begins on Wednesday"):
        made(ema(*rows), settings_for(MOOD, every="week", phases=amid))


def test_days_before_the_first_phase_are_left_out_and_told():
    found = made(ema("7,2026-01-02,mood,1", "7,2026-01-05,mood,4"), settings_for(MOOD))
    assert values(found.studies[0]) == {1: 4.0}
    assert "1 value before session 1, which is on 2026-01-05, is left out" in found.notes


def test_practice_is_three_items_of_one_measure():
    text = ema(
        "7,2026-01-05 20:00,done,20", "7,2026-01-05 20:00,plan,30", "7,2026-01-05 20:00,why,\"rain, mostly\"",
        "7,2026-01-06 20:00,done,0", "7,2026-01-06 20:00,plan,30", "7,2026-01-06 20:00,why,tired",
        "7,2026-01-07 20:00,done,", "7,2026-01-07 20:00,plan,30",
    )  # fmt: skip
    walks = (Taken(key="walks", item="done", planned="plan", obstacle="why", measure=WALKS),)
    study = made(text, settings_for(MOOD, measures=walks)).studies[0]
    told = [(v.value, v.planned, v.obstacle) for s in study.cases[0].sessions for v in s.values]
    assert told == [(20, 30, "rain, mostly"), (0, 30, "tired"), (None, 30, "")]
    assert study.cases[0].sessions[0].values[0].follow_through == pytest.approx(2 / 3)


def test_persons_may_be_cases_of_one_staircase():
    rows = [f"{who},2026-01-{day:02d},mood,{day % 10},{'B' if day >= start else 'A'}" for who, start in
            (("anna", 9), ("ben", 7)) for day in range(5, 12)]  # fmt: skip
    text = "person,time,item,value,phase\n" + "\n".join(rows)
    found = made(text, settings_for(MOOD, phases=()), together=True, label="group of May")
    (study,) = found.studies
    assert (study.design, study.across) == ("multiple-baseline", "clients")
    assert [found.labels[c.code] for c in study.cases] == ["ben", "anna"]
    assert [[p.start for p in c.phases] for c in study.cases] == [[1, 3], [1, 5]]
    assert found.labels[study.code] == "group of May"
    assert not re.search("anna|ben", study.to_json())


def test_one_person_s_slip_is_no_other_s():
    text = ema("anna,2026-01-05,mood,4", "ben,2026-01-05,mood,eleven")
    assert values(made(text, settings_for(MOOD), person="anna").studies[0]) == {1: 4.0}
    assert words(made(text, settings_for(MOOD))) == ["row 3, column 'mood': 'eleven' is not a number"]
    with pytest.raises(StudyError, match=r"holds nothing of the person named \(2 others are there\)"):
        made(text, settings_for(MOOD), person="clara")
    with pytest.raises(StudyError, match="by texts of more than 300 signs"):
        made(ema(f"{301 * 'x'},2026-01-05,mood,4"), settings_for(MOOD))


def test_without_phases_an_export_is_no_study():
    with pytest.raises(StudyError, match=r"tells no phases; say when they began, as in --phase A1:2026-01-05"):
        made(ema("7,2026-01-05,mood,4"), settings_for(MOOD, phases=()))


def test_ten_thousand_beeps_all_arrive():
    rows = [
        (str(person), "m", f"{dt.date(2026, 1, 5) + dt.timedelta(days=day)} {hour:02d}:00",
         f"{dt.date(2026, 1, 5) + dt.timedelta(days=day)} {hour:02d}:01", 0, 0, str((day + hour) % 100))
        for person in range(10) for day in range(200) for hour in (8, 11, 14, 17, 20)
    ]  # fmt: skip
    found = made(mpath(*rows), ImportSettings(**MPATH))
    assert len(found.rows) == 10 * 200
    assert int(found.rows["answered"].sum()) == 10_000
    assert all(len(s.cases[0].sessions) == 200 for s in found.studies)


obstacles = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp")), max_size=30).map(
    lambda text: " ".join(text.split())
)


@given(st.lists(st.tuples(st.floats(0, 500), st.none() | st.floats(0, 500), obstacles), min_size=1, max_size=5))
def test_practice_survives_export_and_import(told):
    sessions = tuple(
        Session(number=n, values=(Value(measure="walks", value=done, planned=planned, obstacle=why),))
        for n, (done, planned, why) in enumerate(told, 1)
    )
    case = Case(code="K7M2AB", phases=(Phase(label="A1", planned_start=1, actual_start=1),), sessions=sessions)
    study = Study(code="K7M2AB", design="reversal", measures=(WALKS,), cases=(case,))
    back, _ = study_from_table(read_table(to_csv(study), name="back"), measures=[WALKS])
    assert back.cases[0].sessions == sessions
    assert Study.from_json(study.to_json()) == study


def test_a_table_that_tells_plans_or_obstacles_tells_of_practice():
    long = "session,phase,measure,value,planned,obstacle\n1,A,walks,20,30,rain\n1,A,mood,4,,\n2,B,walks,0,30,\n"
    wide = "session,phase,mood,walks,walks planned,walks obstacle\n1,A,4,20,30,rain\n2,B,5,no,30,\n"
    for text in (long, wide):
        preview = read_table(text, name="pasted text")
        assert preview.problems == ()
        measures = measures_of_table(preview, improvement="increase")
        assert {key: m.role for key, m in measures.items()} == {"walks": "practice", "mood": "outcome"}
        study, _ = study_from_table(preview, measures=measures)
        told = [s.values for s in study.cases[0].sessions]
        walks = [next(v for v in values if v.measure == "walks") for values in told]
        assert [(v.value, v.planned, v.obstacle) for v in walks] == [(20, 30, "rain"), (0, 30, "")]
    (problem,) = read_table(long.replace("0,30,\n", "0,-3,\n"), name="pasted text").problems
    assert problem.words == "row 4, column 'planned': '-3' must be 0 or more"
    unsaid = "session,phase,measure,value,obstacle\n1,A,mood,4,rain\n"
    with pytest.raises(StudyError, match="says what was planned or got in the way, and is not practice"):
        study_from_table(read_table(unsaid, name="x"), measures=[MOOD])


# --- settings -------------------------------------------------------------------------------------------------------


def test_settings_come_back_from_their_file_as_they_were():
    settings = ImportSettings(
        profile="studyu",
        measures=(*REDCAP_TAKEN, *taken(SAD, sad='the "sad" one, übel'), Taken(key="phq-9", item="x")),
        daily="last",
        every="week",
        day_starts=dt.time(4),
        time_zone="Europe/Berlin",
        day_first=False,
        start=dt.date(2026, 1, 5),
        phase_column="arm",
        conditions={"Green tea": "B", "Baseline": "A"},
        columns={"time": "answered at"},
    )
    back = read_settings(settings_text(settings))
    assert back.replace(measures=back.measures[:3]) == settings.replace(measures=settings.measures[:3])
    assert back.measures[3].measure.label == "PHQ-9 depression"  # of the catalogue, where nothing else is said
    dated = ImportSettings(phases=AB)
    assert read_settings(settings_text(dated)) == dated


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("profile = [", "is not TOML"),
        ("colour = 1", "has a key 'colour' that scd does not know"),
        ('profile = "excel"', "profile"),
        ('day_starts = "18:00"', "must begin between 00:00 and 12:00"),
        ("[[measure]]\nitem = 'x'", "needs a key"),
        ("[[measure]]\nkey = 'mood'\nimprovement = 'increase'", "needs an item"),
        ("[[measure]]\nkey = 'own'\nitem = 'x'\nrange = [0, 5]", "which direction is better"),
        ("[[measure]]\nkey = 'own'\nitem = 'x'\nimprovement = 'increase'\nhue = 1", "has a key 'hue'"),
        ("[phases]\nA1 = 2026-01-05\nB1 = 9", "all phases by date, or all by session number"),
        ("[columns]\nwho = 'x'", "'who' is not a role"),
    ],
)
def test_settings_that_do_not_fit_are_refused(text, said):
    with pytest.raises(StudyError, match=re.escape(said)):
        read_settings(text, name="clinic.toml")


def test_words_of_the_command_line():
    sad = item_said("How sad, today?=sadness,decrease,0:100,process,last")
    assert (sad.item, sad.key, sad.daily, sad.measure.role) == ("How sad, today?", "sadness", "last", "process")
    assert item_said("q9=phq-9").measure.range_words == "0 to 27"
    assert item_said("q9=own").measure is None
    assert practice_said("walks=done,plan,why,0:1").measure.maximum == 1
    for wrong in ("sad=sadness,downwards", "=x"):
        with pytest.raises(StudyError, match="must read ITEM=KEY"):
            item_said(wrong)
    with pytest.raises(StudyError, match="must read KEY=DONE"):
        practice_said("walks")


# --- the command ----------------------------------------------------------------------------------------------------


def scd(*said: str | Path) -> Result:
    return CliRunner(env={"SCD_WORKSPACE": None}).invoke(app, [str(word) for word in said])


CANARY = "Zephyrine Quillfeather"
WEEK = ema(*(f"{CANARY},2026-01-{day:02d} 09:00,mood,{day - 3}" for day in range(5, 10)))
SAID = ("--profile", "ema", "--item", "mood=mood,increase,0:10", "--phase", "A1:2026-01-05", "--phase", "B1:2026-01-08")


@pytest.fixture
def export(tmp_path) -> Path:
    path = tmp_path / f"{CANARY}.csv"
    path.write_text(WEEK, encoding="utf-8")
    return path


def stored(workspace):
    with workspace.open() as caseload:
        return {held.study.code: held.study for held in caseload.list()}


def test_command_without_items_shows_those_there_are_and_stores_nothing(export, workspace):
    shown = scd("import", export, "--profile", "ema", "--dry-run")
    assert shown.exit_code == 0
    assert re.search(r"mood\W+5", shown.stdout)
    refused = scd("import", export, "--profile", "ema", "-w", workspace.path)
    assert refused.exit_code == 2
    assert "say which items to take" in refused.stderr
    assert stored(workspace) == {}


def test_command_dry_run_needs_no_workspace_and_stores_nothing(export, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shown = scd("import", export, *SAID, "--dry-run")
    assert shown.exit_code == 0, shown.output
    assert "Nothing stored. It would be 1 study." in shown.stdout
    assert CANARY not in shown.stdout.replace(export.name, "")
    assert [p.name for p in tmp_path.iterdir()] == [export.name]


def test_command_names_every_problem_and_stores_nothing(export, workspace):
    export.write_text(WEEK + f"{CANARY},2026-01-10 09:00,mood,eleven\n{CANARY},2026-01-11 09:00,mood,12\n")
    done = scd("import", export, *SAID, "-w", workspace.path)
    assert done.exit_code == 2
    assert "row 7, column 'mood': 'eleven' is not a number" in done.stderr
    assert "row 8, column 'mood': an answer of 'Mood' must be 0 to 10 (got 12)" in done.stderr
    assert stored(workspace) == {}


def test_weekly_update_adds_what_is_new_and_replaces_nothing_unasked(export, workspace, tmp_path):
    kept = tmp_path / "clinic.toml"
    assert scd("import", export, *SAID, "--save-settings", kept, "-w", workspace.path).exit_code == 0
    (code,) = stored(workspace)
    newer = WEEK.replace("2026-01-06 09:00,mood,3", "2026-01-06 09:00,mood,9") + f"{CANARY},2026-01-12 09:00,mood,8\n"
    export.write_text(newer, encoding="utf-8")
    done = scd("import", export, "--settings", kept, "--into", code, "-w", workspace.path)
    assert done.exit_code == 1  # something was left as it is
    assert re.search(r"2\W+2026-01-06\W+mood\W+value\W+3\W+9", done.stdout)
    assert values(stored(workspace)[code]) == {1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 8: 8}
    again = scd("import", export, "--settings", kept, "--into", code, "--replace", "-w", workspace.path)
    assert again.exit_code == 0
    assert values(stored(workspace)[code])[2] == 9
    unchanged = scd("import", export, "--settings", kept, "--into", code, "-w", workspace.path)
    assert "0 new values on 0 sessions, 6 as before" in unchanged.stdout


def test_weekly_update_of_somebody_else_s_export_is_refused(export, workspace):
    assert scd("import", export, *SAID, "-w", workspace.path).exit_code == 0
    (code,) = stored(workspace)
    export.write_text(WEEK.replace(CANARY, "Other Person"), encoding="utf-8")
    done = scd("import", export, *SAID[:4], "--into", code, "-w", workspace.path)
    assert done.exit_code == 2
    assert "holds nothing of the person that case" in done.stderr
    assert "Other Person" not in done.stderr
    sure = scd("import", export, *SAID[:4], "--into", code, "--person", "Other Person", "-w", workspace.path)
    assert sure.exit_code == 0, sure.output


def test_mpath_by_command_with_meta_data_weeks_and_a_weekly_update(tmp_path, workspace):
    export, meta, kept = tmp_path / "basic.csv", tmp_path / "meta.csv", tmp_path / "clinic.toml"
    week = [("234609", "m", f"2026-01-{day:02d} 09:00", f"2026-01-{day:02d} 09:05", day, 0, str(day)) for day in
            (5, 7, 13)]  # fmt: skip
    export.write_text(mpath(*week), encoding="utf-8")
    meta.write_text(META, encoding="utf-8")
    done = scd("import", export, "--profile", "m-path", "--meta", meta, "--every", "week", "--save-settings", kept,
               "--item", "How sad are you right now?=sad,decrease,0:100", "--phase", "A1:2026-01-05",
               "--phase", "B1:2026-01-12", "-w", workspace.path)  # fmt: skip
    assert done.exit_code == 0, done.output
    (code,) = stored(workspace)
    assert values(stored(workspace)[code], "sad") == {1: 6, 2: 13}
    later = ("234609", "m", "2026-01-27 09:00", "2026-01-27 09:05", 27, 0, "27")
    export.write_text(mpath(*week, later), encoding="utf-8")
    again = scd("import", export, "--settings", kept, "--meta", meta, "--into", code, "-w", workspace.path)
    assert again.exit_code == 0, again.output
    assert values(stored(workspace)[code], "sad") == {1: 6, 2: 13, 4: 27}


def test_a_person_s_name_is_in_the_store_alone_and_in_no_path(export, workspace):
    assert scd("import", export, *SAID, "-w", workspace.path).exit_code == 0
    with workspace.open() as caseload:
        (held,) = caseload.list()
        assert list(caseload.labels(held.study.code).values()) == [CANARY]
        assert not any(CANARY in entry.reason for entry in caseload.audit(held.study.code))
    assert "Quillfeather" not in held.study.to_json()
    for path in workspace.path.rglob("*"):
        assert "Quillfeather" not in str(path.relative_to(workspace.path))
        if path.is_file() and not path.name.startswith("caseload."):
            assert b"Quillfeather" not in path.read_bytes()


def test_several_persons_become_several_studies(tmp_path, workspace):
    export = tmp_path / "export.csv"
    export.write_text(ema("NA,2026-01-05,mood,4", "007,2026-01-09,mood,5"))
    done = scd("import", export, *SAID, "-w", workspace.path)
    assert done.exit_code == 0, done.output
    assert "Stored: 2 studies" in done.stdout
    one = scd("import", export, *SAID, "--person", "007", "--label", "Mondays", "-w", workspace.path)
    assert one.exit_code == 0
    assert "there is a study of the same person already" in one.stderr
    with workspace.open() as caseload:
        names = [caseload.labels(held.study.code) for held in caseload.list()]
    assert sorted(sorted(n.values()) for n in names) == [["007"], ["007", "Mondays"], ["NA"]]


def test_no_option_passes_unnoticed(export, workspace):
    for words, told in (
        (("--improvement", "increase", "--daily", "last"), "--daily: is for an app's export"),
        (("--improvement", "increase", "--start", "2026-01-05"), "--start: is for a study on record"),
        ((*SAID, "--measure", "phq-9"), "--measure: is for a table"),
        ((*SAID, "--replace"), "--replace: is for a study on record"),
        ((*SAID, "--into", "K7M2AB"), "--phase: is for a new study"),
    ):
        done = scd("import", export, *words, "-w", workspace.path)
        assert (done.exit_code, told in done.stderr) == (2, True), words


# --- what is on record ----------------------------------------------------------------------------------------------


def test_an_empty_cell_takes_no_value_away():
    case = Case(code="K7M2AB", phases=(Phase(label="A1", planned_start=1),))
    case = case.record(Session(number=1, date=dt.date(2026, 1, 5), values=(Value(measure="mood", value=4),)))
    study = Study(code="K7M2AB", design="reversal", measures=(MOOD,), cases=(case,))
    empty = [Session(number=1, values=(Value(measure="mood"),))]
    update = add_sessions(study, case="K7M2AB", sessions=empty, replace=True)
    assert (update.study, update.added, update.changed, update.same) == (study, (), (), 1)
    other_day = [Session(number=1, date=dt.date(2026, 1, 6), values=(Value(measure="mood", value=4),))]
    with pytest.raises(StudyError, match="is on 2026-01-05 on record and on 2026-01-06 in the file"):
        add_sessions(study, case="K7M2AB", sessions=other_day)


def test_a_count_of_prompts_goes_with_its_values_and_a_person_s_note_stays():
    def noted(note, value):
        return Session(number=1, values=(Value(measure="mood", value=value),), note=note)

    case = Case(code="K7M2AB", phases=(Phase(label="A1", planned_start=1),))
    for old, new, kept in (
        ("1 of 5 prompts answered", "5 of 5 prompts answered", "5 of 5 prompts answered"),
        ("0 of 1 prompts answered", "", ""),
        ("ill from 3 to 5", "5 of 5 prompts answered", "ill from 3 to 5"),
    ):
        study = Study(code="K7M2AB", design="reversal", measures=(MOOD,), cases=(case.record(noted(old, 4)),))
        update = add_sessions(study, case="K7M2AB", sessions=[noted(new, 6)], replace=True)
        assert update.study.cases[0].sessions[0].note == kept


def test_the_tidy_form_has_four_columns_whatever_the_export():
    for profile, text in EXPORTS.items():
        item = {"m-path": "slider_sad", "redcap": "mood", "studyu": "survey1_question1", "ema": "mood"}[profile]
        settings = ImportSettings(profile=profile, measures=(Taken(key="x", item=item, measure=MOOD),))
        frame = read_export(text, name="x", settings=settings).frame()
        assert list(frame.columns) == ["person", "time", "item", "value"]
        assert len(frame)


def test_periods_tell_what_they_rest_on():
    settings = settings_for(MOOD)
    answers = read_export(ema("7,2026-01-05 09:00,mood,4", "7,2026-01-05 21:00,mood,"), name="x", settings=settings)
    (period,), notes, problems = periods_of(answers, settings=settings, measures={"mood": MOOD})
    assert (period.count.answered, period.count.asked, period.row) == (1, 2, 3)
    assert "2 answers asked for, 1 of them missed" in notes
    assert problems == []


# --- whatever comes -------------------------------------------------------------------------------------------------

SCRAPS = [
    "NA", "-", "4", "4,5", "1e400", "99999999999", "1713514602", "2026-02-30", "0001-01-01", "9999-12-31T23:59Z",
    "03/04/2026", "2026-01-05T25:61", "[not-completed]", "true", '"', '""x""', "=1", "0", "-1", "1,4", "\u202ex",
    "2026-01-05", "2026-01-05T09:00", "2026-01-06T23:30Z",
]  # fmt: skip
scraps = st.one_of(st.sampled_from(["", *SCRAPS]), st.text(max_size=6))
HEADERS = {
    "m-path": ["connectionId", "timeStampSent", "timeStampStart", "sentBeepId", "mood"],
    "redcap": ["record_id", "redcap_repeat_instrument", "redcap_repeat_instance", "day", "mood"],
    "studyu": ["participant_id", "measurement_time", "current_intervention_name", "survey1_question1_response"],
    "ema": ["person", "time", "item", "value", "phase"],
}


@given(st.data(), st.sampled_from(sorted(HEADERS)), st.sampled_from(["", "Europe/Berlin"]), st.booleans())
def test_whatever_an_export_holds_it_is_read_or_refused_in_words(data, profile, zone, by_week):
    header = HEADERS[profile]
    rows = data.draw(st.lists(st.lists(scraps, min_size=len(header), max_size=len(header)), min_size=1, max_size=5))
    if profile == "ema":
        rows = [[*row[:2], "mood", *row[3:]] for row in rows]
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    item = {"studyu": "survey1_question1"}.get(profile, "mood")
    settings = ImportSettings(
        profile=profile, measures=taken(MOOD, mood=item), time_zone=zone, every="week" if by_week else "day"
    )
    try:
        found = made(out.getvalue(), settings)
    except StudyError:  # any other mistake fails the test
        return
    for study in found.studies:
        assert all(v is None or 0 <= v <= 10 for v in values(study).values())
