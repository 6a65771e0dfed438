"""The pictures say what the tables say: what is joined, where phases change, which side is better. SVG stays SVG."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import altair as alt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scd.charts import (
    Picture,
    describe_study,
    effects_chart,
    multiple_baseline_chart,
    picture,
    study_chart,
    to_svg,
)
from scd.charts.labels import MarginLabel, beside
from scd.charts.series import series
from scd.charts.space import Space, session_ticks
from scd.charts.style import axis_title, rows
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text><script>alert(1)</script>&\"'"
DISTRESS = Measure(
    key="distress",
    label="Distress",
    improvement="decrease",
    minimum=0,
    maximum=10,
    goal=3,
    cutoff=6,
    meaningful_change=2,
)
CALM = Measure(key="calm", label="Calm", improvement="increase", minimum=0, maximum=100, unit="%")
ABAB = [7, 8, 6, 7, 8, 5, 4, None, 3, 2, 2, 5, 6, 7, 6, 7, 3, 2, 1, 2, 0]


def reversal(values, *, starts=(1, 6, 12, 17), measure=DISTRESS, planned=None) -> Study:
    labels = [f"{'AB'[n % 2]}{n // 2 + 1}" for n in range(len(starts))]
    case = Case(
        code="K7M2PQ",
        phases=tuple(Phase(label=label, planned_start=s) for label, s in zip(labels, starts, strict=True)),
    )
    sessions = [Session(number=n, values=(Value(measure=measure.key, value=v),)) for n, v in enumerate(values, 1)]
    case = case.record(*sessions) if sessions else case
    return Study(code="K7M2PQ", design="reversal", measures=(measure,), cases=(case,), sessions_planned=planned)


def staircase(starts=(4, 6, 9), *, sessions=12, recorded=12, measures=(CALM,)) -> Study:
    cases = []
    for n, start in enumerate(starts):
        measure = measures[n % len(measures)]
        case = Case(
            code=f"TIER{n + 1}",
            phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=start)),
            measures=(measure.key,),
        )
        values = [(2 if i < start else 7) + i % 2 for i in range(1, recorded + 1)]
        cases.append(
            case.record(
                *(Session(number=i, values=(Value(measure=measure.key, value=v),)) for i, v in enumerate(values, 1))
            )
        )
    unique = tuple({m.key: m for m in measures}.values())
    return Study(
        code="STAIRS",
        design="multiple-baseline",
        across="settings",
        measures=unique,
        cases=tuple(cases),
        sessions_planned=sessions,
    )


def draw(study: Study, **more) -> dict[str, Any]:
    measure = study.measures[0]
    return study_chart(study.frame(), measure=measure, phases=study.phase_frame(), **more).to_dict()


def views(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every layer of a spec with its rows."""
    for part in spec.get("layer", []) + spec.get("vconcat", []):
        yield from views(part | {"datasets": spec["datasets"]})
    if "mark" in spec:
        yield spec | {"rows": spec["datasets"][spec["data"]["name"]]}


def with_field(spec: dict[str, Any], field: str) -> list[dict[str, Any]]:
    return [view for view in views(spec) if view["rows"] and field in view["rows"][0]]


def words(spec: dict[str, Any]) -> list[str]:
    """All text marks, each in one line."""
    return [" ".join(row["text"]) for view in with_field(spec, "text") for row in view["rows"]]


def y_titles(spec: dict[str, Any]) -> set[str]:
    titles = (view["encoding"].get("y", {}).get("title") for view in views(spec))
    return {" ".join(title) for title in titles if title}


def levels(study: Study) -> pd.DataFrame:
    spans = study.phase_frame().rename(columns={"start": "session_from", "end": "session_to"})
    return spans.assign(median=5.0, lower=4.0, upper=6.0)


def projection(study: Study, *, median=7.0, lower=4.5, upper=9.5) -> pd.DataFrame:
    spans = study.phase_frame()
    records = [
        (p["case"], p["phase"], n, median, lower, upper)
        for p in spans[spans["condition"] == "B"].to_dict("records")
        for n in range(p["start"], p["end"] + 1)
    ]
    return pd.DataFrame(records, columns=["case", "phase", "session", "median", "lower", "upper"])


# --- what a line may join ------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.floats(0, 10)), min_size=1, max_size=25),
    first=st.integers(2, 12),
    second=st.integers(13, 24),
)
def test_a_segment_never_crosses_a_phase_or_a_missed_session(values, first, second):
    study = reversal(values, starts=(1, first, second))
    points = series(study.frame(), measure=DISTRESS, phases=study.phase_frame(), case="K7M2PQ")
    seen = points[points["value"].notna()]
    assert len(seen) == sum(v is not None for v in values)
    assert len(points) == len(values)
    for _, part in seen.groupby("segment"):
        assert part["phase"].nunique() == 1
        assert part["session"].diff().dropna().eq(1).all()
    # and no break without a cause: a new segment begins only after a phase change or a missed session
    for before, after in pairwise(seen.to_dict("records")):
        together = before["phase"] == after["phase"] and after["session"] - before["session"] == 1
        assert (before["segment"] == after["segment"]) is together


def test_a_session_at_which_only_another_measure_was_due_does_not_break_the_line():
    frame = pd.DataFrame(
        [("K", 1, "A1", "distress", 4), ("K", 2, "A1", "calm", 50), ("K", 3, "A1", "distress", 5)],
        columns=["case", "session", "phase", "measure", "value"],
    )
    phases = pd.DataFrame({"case": ["K"], "phase": ["A1"], "start": [1], "end": [3]})
    points = series(frame, measure=DISTRESS, phases=phases, case="K")
    assert points["segment"].tolist() == [0, 0]
    lone = series(frame[frame["measure"] == "distress"], measure=DISTRESS, phases=phases, case="K")
    assert lone["segment"].tolist() == [0, -1, 1]  # now nothing is known of session 2: it was missed


def test_sessions_numbered_by_day_are_not_called_missed():
    frame = pd.DataFrame(
        [("K", n, "A1", "distress", 4) for n in (1, 8, 15)], columns=["case", "session", "phase", "measure", "value"]
    )
    phases = pd.DataFrame({"case": ["K"], "phase": ["A1"], "start": [1], "end": [15]})
    points = series(frame, measure=DISTRESS, phases=phases, case="K")
    assert points["session"].tolist() == [1, 8, 15]
    assert points["segment"].tolist() == [0, 1, 2]


def test_the_line_is_drawn_by_segment_and_no_segment_spans_two_phases():
    study = reversal(ABAB)
    line = next(v for v in with_field(draw(study), "segment") if v["mark"]["type"] == "line")
    assert line["encoding"]["detail"]["field"] == "segment"
    phase_of = {n: study.cases[0].phase_at(n).label for n in range(1, 22)}
    pieces: dict[int, set[str]] = {}
    for row in line["rows"]:
        pieces.setdefault(row["segment"], set()).add(phase_of[row["session"]])
    assert sorted(map(sorted, pieces.values())) == [["A1"], ["A2"], ["B1"], ["B1"], ["B2"]]


def test_missed_sessions_are_crosses_of_their_own_and_in_the_key():
    spec = draw(reversal(ABAB))
    (missed,) = with_field(spec, "missed")
    assert [row["session"] for row in missed["rows"]] == [8]
    assert missed["mark"]["shape"].startswith("M-1,-1L1,1")
    assert 8 not in [row["session"] for view in with_field(spec, "segment") for row in view["rows"]]
    assert "session missed, no value" in words(spec)
    assert "session missed, no value" not in words(draw(reversal(ABAB[:5])))


def test_a_study_without_a_value_still_shows_its_plan():
    spec = draw(reversal([], planned=21))
    assert [view["rows"][0]["change"] for view in with_field(spec, "change")] == [5.5, 11.5, 16.5]
    assert "A1 (planned)" in words(spec)


# --- phases, axes, thresholds ---------------------------------------------------------------------------------------


def test_phase_lines_stand_half_a_session_before_the_phase():
    spec = draw(reversal(ABAB))
    changes = with_field(spec, "change")
    assert [view["rows"][0] for view in changes] == [
        {"phase": "B1", "change": 5.5},
        {"phase": "A2", "change": 11.5},
        {"phase": "B2", "change": 16.5},
    ]
    assert {view["mark"]["type"] for view in changes} == {"rule"}
    assert all(view["mark"]["strokeDash"] for view in changes)
    for word in ("A1", "Baseline", "B1", "Intervention"):
        assert word in words(spec)


def test_a_phase_not_yet_reached_looks_different_and_says_so():
    spec = draw(reversal(ABAB[:8], planned=21))
    reached, later, last = with_field(spec, "change")
    assert reached["mark"]["strokeDash"] != later["mark"]["strokeDash"] == last["mark"]["strokeDash"]
    assert {"A1", "B1", "A2 (planned)", "B2 (planned)"} <= set(words(spec))


def test_phases_too_short_for_words_carry_letters_and_the_key_explains_them():
    spec = draw(reversal([5] * 20, starts=(1, 6, 7, 8)))
    assert "Baseline" not in words(spec)
    assert {"A1", "B1", "A2", "B2", "A = baseline, B = intervention"} <= set(words(spec))


@pytest.mark.parametrize(
    ("measure", "title"),
    [(DISTRESS, "Distress (points) ← lower is better"), (CALM, "Calm (%) higher is better →")],
)
def test_the_y_axis_names_measure_unit_and_direction(measure, title):
    spec = draw(reversal([1, 2, 3], starts=(1,), measure=measure))
    assert y_titles(spec) == {title}
    domains = {tuple(v["encoding"]["y"]["scale"]["domain"]) for v in views(spec) if "scale" in v["encoding"]["y"]}
    assert domains == {(measure.minimum, measure.maximum)}


def test_a_long_label_never_pushes_out_unit_and_direction():
    long = DISTRESS.replace(label="Percentage of intervals in which " * 8, unit="% of intervals")
    lines = axis_title(long, length=110)
    assert lines[-2:] == ["(% of intervals)", "← lower is better"]
    assert len(lines) <= 5
    assert lines[-3].endswith("…")


def test_an_open_range_holds_everything_that_is_drawn():
    walks = Measure(key="walks", label="Walks", improvement="increase", scale="count", minimum=0, unit="a day")
    study = reversal([3, 4, 2, 14], starts=(1, 3), measure=walks)
    spec = draw(study, projection=projection(study, median=3, lower=-2, upper=19))
    low, high = next(v for v in with_field(spec, "segment"))["encoding"]["y"]["scale"]["domain"]
    assert low == 0
    assert high >= 19
    sway = Measure(key="sway", label="Sway", improvement="decrease", unit="z")
    low, high = with_field(draw(reversal([-0.3, -2.2], starts=(1,), measure=sway)), "segment")[0]["encoding"]["y"][
        "scale"
    ]["domain"]
    assert low <= -2.2 < -0.3 <= high
    constant = with_field(draw(reversal([4, 4], starts=(1,), measure=sway)), "segment")[0]
    low, high = constant["encoding"]["y"]["scale"]["domain"]
    assert low <= 4 < high


def test_session_ticks_are_whole_sessions_and_have_room():
    for last in (1, 2, 9, 21, 40, 170, 2000):
        space = Space(first=1, last=last, low=0, high=1, step=1, width=640, height=200)
        ticks = session_ticks(space)
        assert ticks[0] == 1
        assert all(isinstance(n, int) and 1 <= n <= last for n in ticks)
        gaps = [space.x(b) - space.x(a) for a, b in pairwise(ticks)]
        assert all(gap > 14 for gap in gaps)


def test_goal_and_published_cutoff_are_labelled_rules():
    spec = draw(reversal(ABAB))
    (goal,), (cutoff,) = with_field(spec, "goal"), with_field(spec, "cutoff")
    assert (goal["rows"], cutoff["rows"]) == ([{"goal": 3.0}], [{"cutoff": 6.0}])
    assert goal["mark"]["strokeDash"] != cutoff["mark"]["strokeDash"]
    assert {"goal 3", "published cut-off 6"} <= set(words(spec))
    assert not with_field(draw(reversal([1, 2], starts=(1,), measure=CALM)), "goal")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0, 260), min_size=1, max_size=5))
def test_labels_in_the_margin_never_overlap(heights):
    space = Space(first=1, last=9, low=0, high=1, step=1, width=100, height=260)
    drawn = beside([MarginLabel(text="projected from baseline, 95 %", y=y) for y in heights], space=space)
    tops = sorted(layer.to_dict()["encoding"]["y"]["value"] for layer in drawn)
    assert len(tops) == len(heights)
    assert all(b - a >= 2 * 13 for a, b in pairwise(tops))


# --- estimates ------------------------------------------------------------------------------------------------------


def test_levels_and_projection_are_the_tables_columns():
    study = reversal(ABAB)
    spec = draw(study, levels=levels(study), projection=projection(study))
    band, line = with_field(spec, "level")
    assert (band["mark"]["type"], line["mark"]["type"]) == ("rect", "rule")
    assert [(r["lower"], r["level"], r["upper"]) for r in line["rows"]] == [(4.0, 5.0, 6.0)] * 4
    assert [(r["from"], r["to"]) for r in line["rows"]] == [(0.6, 5.4), (5.6, 11.4), (11.6, 16.4), (16.6, 21.4)]
    ahead = with_field(spec, "projected")
    assert {view["mark"]["type"] for view in ahead} == {"area", "line"}
    assert {view["encoding"]["detail"]["field"] for view in ahead} == {"phase"}
    assert {row["phase"] for row in ahead[0]["rows"]} == {"B1", "B2"}
    middle = next(view for view in ahead if view["encoding"]["y"]["field"] == "projected")
    assert middle["mark"]["strokeDash"]
    assert "projected from baseline, 95 %" in words(spec)
    assert "estimated level of a phase, with its 95 % interval" in words(spec)


def test_a_band_ends_where_the_instrument_ends_and_has_no_edge_there():
    study = reversal(ABAB)
    ahead = with_field(draw(study, projection=projection(study, median=8, lower=5, upper=13)), "projected")[0]
    row = ahead["rows"][0]
    assert (row["lower"], row["lower_edge"]) == (5.0, 5.0)
    assert (row["upper"], row["upper_edge"]) == (10.0, None)


def test_a_projection_with_later_sessions_behind_it_is_explained_in_the_key():
    study = reversal(ABAB[:16], starts=(1, 6, 12))
    spec = draw(study, projection=projection(study))
    assert words(spec).count("projected from baseline, 95 %") == 1
    assert words(spec)[-1] == "projected from baseline, 95 %"


def test_tables_of_other_cases_and_withheld_rows_are_left_out():
    study = reversal(ABAB)
    others = levels(study).assign(case="OTHER")
    withheld = levels(study).assign(median=float("nan"))
    assert not with_field(draw(study, levels=others), "level")
    assert not with_field(draw(study, levels=withheld), "level")


# --- grey and colour-blind ------------------------------------------------------------------------------------------


def test_conditions_differ_in_shape_as_well_as_in_colour():
    points = next(v for v in with_field(draw(reversal(ABAB)), "segment") if v["mark"]["type"] == "point")
    for channel in ("shape", "fill"):
        scale = points["encoding"][channel]["scale"]
        assert scale["domain"] == ["A", "B"]
        assert len(set(scale["range"])) == 2


def test_no_writing_is_smaller_than_11_pixels():
    study = reversal(ABAB)
    drawn = to_svg(
        study_chart(
            study.frame(),
            measure=DISTRESS,
            phases=study.phase_frame(),
            levels=levels(study),
            projection=projection(study),
            title="Title",
            label="Label",
        ),
        title="t",
        description="d",
    )
    sizes = {float(s) for s in re.findall(r'font-size="([\d.]+)px"', drawn)}
    assert sizes
    assert min(sizes) >= 11


# --- multiple baseline ----------------------------------------------------------------------------------------------


def test_the_staircase_is_connected_from_tier_to_tier():
    study = staircase()
    spec = multiple_baseline_chart(study.frame(), measures=[CALM], phases=study.phase_frame()).to_dict()
    assert len(spec["vconcat"]) == 3
    assert spec["bounds"] == "flush"
    lines, steps = [], []
    for part in spec["vconcat"]:
        tier = part | {"datasets": spec["datasets"]}
        lines.append(with_field(tier, "change")[0])
        steps += with_field(tier, "step")
    assert [line["rows"][0]["change"] for line in lines] == [3.5, 5.5, 8.5]
    height, gap = spec["vconcat"][0]["height"], spec["spacing"]
    for (upper, lower), step in zip(pairwise(lines), steps, strict=True):
        level = step["encoding"]["y"]["value"]
        assert upper["encoding"]["y2"]["value"] == level  # the line above reaches down to the step …
        assert lower["encoding"]["y"]["value"] + height + gap == level  # … and the line below up to it
        for end, line in (("x", upper), ("x2", lower)):
            left, right = line["encoding"]["x"]["scale"]["domain"]
            place = (line["rows"][0]["change"] - left) / (right - left) * spec["vconcat"][0]["width"]
            assert step["encoding"][end]["value"] == pytest.approx(place)
    assert len(steps) == 2


def test_all_tiers_share_the_session_axis_and_only_the_last_one_numbers_it():
    study = staircase(recorded=7)
    spec = multiple_baseline_chart(study.frame(), measures=[CALM], phases=study.phase_frame()).to_dict()
    axes = [view["encoding"]["x"] for view in with_field(spec, "segment") if view["mark"]["type"] == "line"]
    assert {tuple(axis["scale"]["domain"]) for axis in axes} == {(0.5, 12.5)}
    assert [axis["title"] for axis in axes] == [None, None, "Session"]
    assert [axis["axis"].get("labels", True) for axis in axes] == [False, False, True]
    assert "planned, not yet reached" in words(spec)


def test_each_tier_may_have_its_own_measure_and_label():
    study = staircase(measures=(CALM, DISTRESS.replace(goal=None, cutoff=None)))
    both = [study.measure(c.measures[0]) for c in study.cases]
    spec = multiple_baseline_chart(
        study.frame(), measures=both, phases=study.phase_frame(), labels={"TIER1": "Reading"}
    ).to_dict()
    assert y_titles(spec) == {"Calm (%) higher is better →", "Distress (points) ← lower is better"}
    assert {"Reading", "TIER2", "TIER3"} <= set(words(spec))
    shared = multiple_baseline_chart(study.frame(), measures=[CALM], phases=study.phase_frame()).to_dict()
    titled = [bool(y_titles(part | {"datasets": shared["datasets"]})) for part in shared["vconcat"]]
    assert titled == [False, True, False]


def test_tiers_of_one_measure_with_open_range_share_its_axis():
    walks = Measure(key="walks", label="Walks", improvement="increase", scale="count", minimum=0, unit="a day")
    study = staircase(measures=(walks,))
    frame = study.frame()
    frame.loc[(frame["case"] == "TIER2") & (frame["session"] == 12), "value"] = 40
    spec = multiple_baseline_chart(frame, measures=[walks], phases=study.phase_frame()).to_dict()
    domains = {tuple(v["encoding"]["y"]["scale"]["domain"]) for v in with_field(spec, "segment")}
    assert domains == {(0, 40)}


def test_tiers_with_other_phases_carry_their_own_labels():
    study = staircase()
    phases = study.phase_frame()
    more = pd.DataFrame([{"case": "TIER3", "phase": "A2", "condition": "A", "start": 12, "end": 12}])
    spec = multiple_baseline_chart(study.frame(), measures=[CALM], phases=pd.concat([phases, more])).to_dict()
    assert words(spec).count("A1") == 3
    assert "A2" in words(spec)


def test_the_number_of_measures_must_fit_the_tiers():
    study = staircase()
    with pytest.raises(StudyError, match=r"needs 1 measure or one for each of the 3 cases \(got 2\)"):
        multiple_baseline_chart(study.frame(), measures=[CALM, DISTRESS], phases=study.phase_frame())


# --- effects --------------------------------------------------------------------------------------------------------


def effect(case, contrast, name, median, half) -> dict[str, Any]:
    return {
        "case": case,
        "contrast": contrast,
        "effect": name,
        "median": median,
        "lower": median - half,
        "upper": median + half,
        "ci_prob": 0.95,
    }


ABAB_EFFECTS = pd.DataFrame(
    [
        effect("K", "overall", "level_change", -5.5, 2),
        effect("K", "A1-B1", "level_change", -6.6, 2),
        effect("K", "B1-A2", "level_change", -5.1, 2),
        effect("K", "A2-B2", "level_change", -4.8, 2),
        effect("K", "overall", "standardized_change", 3.1, 1.5),
        effect("K", "overall", "consistent_change", float("nan"), 0),
    ]
)


def test_effects_of_a_reversal_show_the_whole_study_and_each_contrast_with_its_numbers():
    spec = effects_chart(ABAB_EFFECTS, measure=DISTRESS).to_dict()
    said = words(spec)
    assert [w for w in said if "against" in w or w == "Whole study"] == [
        "Whole study",
        "B1 against A1",
        "B1 against A2",  # the number is intervention minus baseline here too
        "B2 against A2",
    ]
    assert "−5.5 (−7.5 to −3.5)" in said
    assert {"← better", "worse →", "median (95 % interval)", "smallest change that matters, 2 points"} <= set(said)
    kinds = {view["rows"][0]["kind"]: view["mark"].get("shape") for view in with_field(spec, "kind")}
    assert kinds == {"whole": "diamond", "pooled": "circle"}
    (mark,) = with_field(spec, "meaningful")
    assert mark["rows"] == [{"meaningful": -2.0}]


def test_the_axis_of_effects_always_holds_zero_and_both_sides():
    for shift in (-100, -3, 0, 3, 100):
        table = pd.DataFrame([effect("K", "overall", "level_change", shift, 1)])
        zero = effects_chart(table, measure=CALM).to_dict()["layer"][0]
        low, high = zero["encoding"]["x"]["scale"]["domain"]
        assert low < min(0, shift - 1)
        assert max(0, shift + 1) < high
        assert min(-low, high) / (high - low) > 0.1


def test_which_side_is_better_follows_the_measure_and_the_effect():
    up = effects_chart(pd.DataFrame([effect("K", "overall", "level_change", 2, 1)]), measure=CALM).to_dict()
    assert {"← worse", "better →"} <= set(words(up))
    standardized = effects_chart(ABAB_EFFECTS, measure=DISTRESS, effect="standardized_change").to_dict()
    assert {"← worse", "better →"} <= set(words(standardized))  # positive is improvement whatever the measure
    assert "smallest change that matters, 2 points" not in words(standardized)


def test_effects_of_a_multiple_baseline_pooled_unpooled_and_average():
    table = pd.DataFrame(
        [
            effect(None, "overall", "level_change", 30, 5),
            effect("TIER1", "A1-B1", "level_change", 27, 9),
            effect("TIER1", "A1-B1", "level_change_unpooled", 24, 15),
            effect("TIER2", "A1-B1", "level_change", 33, 9),
            effect("TIER2", "A1-B1", "level_change_unpooled", float("nan"), 15),
        ]
    )
    spec = effects_chart(table, measure=CALM, labels={"TIER1": "Mia", "TIER2": "Mia"}).to_dict()
    said = words(spec)
    assert said.count("Mia") == 2  # two cases of one name stay two rows
    assert said.index("Average of all cases") > said.index("Mia")
    assert "no estimate" in said
    points = {v["rows"][0]["change"]: v for v in with_field(spec, "kind") if v["mark"]["type"] == "point"}
    assert points[27]["mark"]["fill"] != points[24]["mark"]["fill"] == "white"
    assert points[24]["encoding"]["y"]["value"] > points[27]["encoding"]["y"]["value"]
    assert points[30]["mark"]["shape"] == "diamond"
    assert {"estimated together with the other cases", "estimated from this case alone"} <= set(said)


# --- bad input ------------------------------------------------------------------------------------------------------


def test_a_chart_says_which_column_or_case_it_lacks():
    study = staircase()
    frame, phases = study.frame(), study.phase_frame()
    with pytest.raises(StudyError, match=r"shows one case, the table of phases has 3 \(TIER1, TIER2, TIER3\)"):
        study_chart(frame, measure=CALM, phases=phases)
    with pytest.raises(StudyError, match=r"has no case 'TIER9' \(the table of phases has TIER1, TIER2, TIER3\)"):
        study_chart(frame, measure=CALM, phases=phases, case="TIER9")
    with pytest.raises(StudyError, match=r"table of values: lacks column 'value' \(it has case, "):
        study_chart(frame.drop(columns="value"), measure=CALM, phases=phases, case="TIER1")
    lacking = projection(study).drop(columns=["median", "lower"])
    with pytest.raises(StudyError, match=r"table of projections: lacks column 'median', 'lower'"):
        study_chart(frame, measure=CALM, phases=phases, case="TIER1", projection=lacking)
    with pytest.raises(StudyError, match=r"table of phases: needs at least 1 phase \(got 0\)"):
        study_chart(frame, measure=CALM, phases=phases.iloc[:0])
    with pytest.raises(StudyError, match=r"has no effect 'slope_change' \(it has level_change, standardized_change"):
        effects_chart(ABAB_EFFECTS, measure=DISTRESS, effect="slope_change")


# --- SVG ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hostile_pictures() -> list[str]:
    nasty = DISTRESS.replace(label=HOSTILE, unit=HOSTILE)
    study = reversal(ABAB, measure=nasty)
    stairs = staircase()
    charts = [
        study_chart(
            study.frame(), measure=nasty, phases=study.phase_frame(), title=HOSTILE, label="{{datum}} " + HOSTILE
        ),
        multiple_baseline_chart(
            stairs.frame(),
            measures=[CALM],
            phases=stairs.phase_frame(),
            labels={"TIER1": HOSTILE, "TIER2": "\x00\x0b]]>\u202e"},
        ),
        effects_chart(ABAB_EFFECTS.assign(case=["K", "L"] * 3), measure=nasty, labels={"K": HOSTILE}),
    ]
    return [to_svg(chart, title=HOSTILE, description=HOSTILE + "\x01") for chart in charts]


def test_svg_is_well_formed_described_and_closed_to_the_outside(hostile_pictures):
    for text in hostile_pictures:
        root = ElementTree.fromstring(text)
        assert root.tag == f"{SVG}svg"
        assert root.get("role") == "img"
        named = {element.get("id"): element for element in root.iter() if element.get("id")}
        title, description = (named[i] for i in root.get("aria-labelledby", "").split())
        assert (title.tag, description.tag) == (f"{SVG}title", f"{SVG}desc")
        assert title.text == HOSTILE
        assert description.text == HOSTILE
        assert not {"script", "style", "image", "foreignObject", "a"} & {e.tag.removeprefix(SVG) for e in root.iter()}
        assert not [key for e in root.iter() for key in e.attrib if key.startswith("on") or "href" in key]
        assert re.sub(r'xmlns(:\w+)?="[^"]*"', "", text).count("http") == 0
        assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in hostile_pictures[1]


def test_the_same_chart_is_the_same_svg_and_two_charts_share_no_id(hostile_pictures):
    once, again = (
        to_svg(effects_chart(ABAB_EFFECTS, measure=DISTRESS), title="Change", description="d") for _ in range(2)
    )
    assert once == again
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in [once, *hostile_pictures]]
    assert all(ids)
    assert len(set.union(*ids)) == sum(map(len, ids))


def test_a_clip_path_keeps_its_reference():
    chart = alt.Chart(rows([{"x": 1, "y": 2}, {"x": 2, "y": 3}])).mark_line(clip=True).encode(x="x:Q", y="y:Q")
    text = to_svg(chart, title="t", description="d")
    (clip,) = re.findall(r'<clipPath id="([^"]+)"', text)
    assert f"url(#{clip})" in text
    assert clip.startswith("scd-")


def test_a_chart_that_would_fetch_something_is_refused():
    remote = alt.Chart(alt.UrlData(url="http://127.0.0.1:9/rows.csv")).mark_point().encode(x="a:Q")
    with pytest.raises(StudyError, match="refers to data on the network"):
        to_svg(remote, title="t", description="d")
    linked = alt.Chart(rows([{"x": 1, "to": "https://example.org"}])).mark_point().encode(x="x:Q", href="to:N")
    with pytest.raises(StudyError, match="refers to something outside it"):
        to_svg(linked, title="t", description="d")


def test_a_picture_shows_itself_as_a_figure_and_in_words():
    study = reversal(ABAB)
    chart = study_chart(study.frame(), measure=DISTRESS, phases=study.phase_frame())
    said = describe_study(study.frame(), measure=DISTRESS, phases=study.phase_frame(), label="Mia <b>")
    shown = picture(chart, title="Distress", description=said)
    bundle = shown._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"] == said
    figure = ElementTree.fromstring(bundle["text/html"])
    assert figure.tag == "figure"
    assert figure[0].tag == f"{SVG}svg"
    assert shown == Picture(svg=shown.svg, description=said)


def test_the_description_counts_and_names_what_is_there():
    study = reversal(ABAB[:14], planned=21)
    assert describe_study(study.frame(), measure=DISTRESS, phases=study.phase_frame(), label="Mia") == (
        "Distress (points, 0 to 10; lower is better) of Mia by session. "
        "A1, baseline, sessions 1 to 5: 5 values, from 6 to 8. "
        "B1, intervention, sessions 6 to 11: 5 values, from 2 to 5; 1 session missed. "
        "A2, baseline, sessions 12 to 16: 3 values, from 5 to 7. "
        "B2, intervention, planned for sessions 17 to 21. "
        "Goal: 3. Published cut-off: 6."
    )


# --- the room -------------------------------------------------------------------------------------------------------


def test_drawing_switches_nothing_on_and_needs_no_sampler():
    code = (
        "import sys, altair as alt\n"
        "before = alt.theme.active, alt.renderers.active, alt.data_transformers.active\n"
        "import scd.charts\n"
        "assert (alt.theme.active, alt.renderers.active, alt.data_transformers.active) == before\n"
        "assert not {'pymc', 'arviz', 'pytensor', 'sqlalchemy', 'ipywidgets'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_long_study_is_drawn_whole():
    study = reversal([n % 11 for n in range(6000)], starts=(1, 3000))
    spec = draw(study)
    line = next(v for v in with_field(spec, "segment") if v["mark"]["type"] == "line")
    assert len(line["rows"]) == 6000
