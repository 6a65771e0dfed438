"""The chart of a running study: the looks stand where they were taken, and an alarm is a shape and a word."""

import datetime as dt
import re

import pytest

from scd.analysis.steering import default_monitoring, looks_table, steer, trajectory_table
from scd.charts import describe_steering, steering_chart, to_svg
from scd.design.plans import reversal
from scd.study import Measure, Session, StudyError, Value

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
SCORE = Measure(key="score", label="Score", improvement="increase", minimum=0, maximum=10, meaningful_change=2)
WORSE = (5, 4.6, 5.3, 4.9, 5.1, 1.2, 1.9, 1.4, 1.1, 1.6)


def drawn_from(values, **changes):
    """Tables of a client, as the chart takes them."""
    study = reversal(measures=[SCORE], phases="ABAB", sessions=5, code="K7M2QX")
    study = study.replace(monitoring=default_monitoring(study).replace(looks=(3, 5), **changes))
    rows = [Session(number=n, values=(Value(measure="score", value=v),)) for n, v in enumerate(values, 1)]
    study = study.with_case(study.cases[0].record(*rows))
    found = (steer(study, looked_at=NOW),)
    tables = {"trajectory": trajectory_table(found), "looks": looks_table(found)}
    return study.frame(), {"measure": SCORE, "phases": study.phase_frame(), **tables}


def shapes(chart):
    """Shape of every look by the number of its values."""
    spec, found = chart.to_dict(), {}
    for layer in spec["layer"]:
        first = next(iter(spec["datasets"].get((layer.get("data") or {}).get("name"), [])), {})
        if "look" in first and layer["mark"]["type"] == "point":
            found[first["look"]] = layer["mark"]["shape"]
    return found


def test_an_alarm_has_a_shape_and_a_word():
    frame, tables = drawn_from(WORSE)
    assert [list(alarms) for alarms in tables["looks"]["alarms"]] == [["harm"], ["harm"]]
    assert shapes(steering_chart(frame, **tables)) == {3: "triangle-down", 5: "triangle-down"}
    assert to_svg(steering_chart(frame, **tables), title="t", description="d").count(">harm<") == 2
    calm = drawn_from((5, 4.6, 5.3, 4.9, 5.1, 5.0, 4.8, 5.2))
    assert shapes(steering_chart(calm[0], **calm[1])) == {3: "diamond"}


def test_words_of_neighbouring_looks_do_not_meet():
    frame, tables = drawn_from(WORSE)
    tables["looks"] = tables["looks"].assign(session=[8, 9])
    svg = to_svg(steering_chart(frame, width=220, **tables), title="t", description="d")
    found = re.findall(r'<text[^>]*transform="translate\(([\d.]+),([\d.]+)\)"[^>]*>harm</text>', svg)
    assert len(found) == 2
    assert found[0][1] != found[1][1]


def test_the_description_says_what_the_chart_shows():
    frame, tables = drawn_from(WORSE)
    told = describe_steering(frame, **tables)
    assert "Fixed look at session 8, after 3 values: harm." in told
    assert "Of 5 values under intervention" in told
    frame, tables = drawn_from(WORSE[:4])
    assert "Fixed look" not in describe_steering(frame, **tables)
    assert not shapes(steering_chart(frame, **tables))


def test_all_data_stand_in_the_chart_and_a_table_without_columns_is_refused():
    frame, tables = drawn_from(WORSE)
    spec = steering_chart(frame, **tables).to_dict()
    assert {data.get("name") for layer in spec["layer"] if (data := layer.get("data"))} <= set(spec["datasets"])
    with pytest.raises(StudyError, match="table of looks: lacks column 'alarms'"):
        steering_chart(frame, **(tables | {"looks": tables["looks"].drop(columns="alarms")}))
