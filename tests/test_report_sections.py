"""What happens between sessions, on a page: it says what the analysis says, of this client, and nothing it can't."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from test_reports import SAFE, Reader, flesch_kincaid, page_of

from scd.analysis.areas.area_changes import area_changes
from scd.analysis.areas.words import verdict_word
from scd.analysis.between_sessions import BetweenSessions, between_sessions_of
from scd.analysis.between_sessions.area_sentences import area_sentence
from scd.analysis.practice.dose_effects import dose_effects
from scd.analysis.practice.follow_through import follow_through_table
from scd.analysis.processes.table import process_table
from scd.analysis.steering import choose_monitoring, default_monitoring, rule_words, steer
from scd.analysis.words import number, probability
from scd.design.linked import linked_study
from scd.design.plans import multiple_baseline, reversal
from scd.records import init_workspace
from scd.reports.example import example_job, example_study
from scd.reports.html import check_page
from scd.reports.job import Job, open_job, write_job
from scd.reports.outcomes import study_of_outcome, withheld_outcome
from scd.reports.report import make_report
from scd.reports.shares import share_of
from scd.study import Decision, Measure, Session, Study, Value

NOW = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
CODE = "K7M2QX"
MOOD = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, meaningful_change=1.5)
FEAR = Measure(key="fear", label="Fear of crowds", improvement="decrease", minimum=0, maximum=10, meaningful_change=2)
SLEEP = Measure(key="nights", label="Hours slept", improvement="increase", minimum=0, maximum=12, unit="hours")
FRIENDS = Measure(key="friends", label="Time with friends", improvement="increase", minimum=0, maximum=10)
PROCESSES = tuple(
    Measure(key=key, label=label, improvement=better, minimum=0, maximum=100, role="process")
    for key, label, better in (
        ("opening", "Opening up to feelings", "increase"),
        ("brooding", "Brooding", "decrease"),
        ("confidence", "Trust in own strength", "increase"),
    )
)
WALKS = Measure(key="walks", label="Walks", improvement="increase", minimum=0, role="practice", unit="walks")
KEPT = ("mood", "walks")
OBSTACLES = {10: "rained <b>all</b> week", 13: "<script>alert(1)</script> said my boss", 27: "too tired & sad"}


def whole_client(*, length: int = 8, seed: int = 3) -> Study:
    """Four outcomes, three processes, practice with obstacles, a rule and three decisions."""
    measures = (MOOD, FEAR, SLEEP, FRIENDS, *PROCESSES, WALKS)
    study = reversal(measures=measures, phases="ABAB", sessions=length, code=CODE)
    rule = default_monitoring(study)
    study = choose_monitoring(study, rule=rule, replications=100)
    rng = np.random.default_rng(seed)
    case, first, sessions = study.cases[0], dt.date(2025, 11, 3), []
    moved, walked = np.zeros(3), 0.0
    for n in range(1, 4 * length + 1):
        under = case.phase_at(n).condition == "B"
        walked = float(rng.choice([0, 0.4, 0.8, 1.0])) if under else 0.0
        pull = 3.2 + 1.4 * under + 0.45 * moved[0] + 3.0 * walked
        moved = 0.3 * moved + rng.standard_normal(3)
        spread = rng.standard_normal(4)
        values = [
            Value(measure="mood", value=_within(pull + 0.7 * spread[0], 10)),
            Value(measure="fear", value=_within(7 - 1.8 * under - 0.9 * spread[1], 10)),
            Value(measure="nights", value=_within(6.2 + 0.1 * under + 0.8 * spread[2], 12)),
            Value(measure="friends", value=_within(5.5 - 1.1 * under + 1.0 * spread[3], 10)),
            Value(measure="opening", value=_within(40 + 18 * under + 12 * moved[0], 100)),
            Value(measure="brooding", value=_within(60 - 5 * under + 12 * moved[1], 100)),
            Value(measure="confidence", value=_within(50 + 12 * moved[2], 100)),
        ]
        if under:
            said = None if n % 7 == 0 else 5 * walked
            values.append(Value(measure="walks", value=said, planned=5, obstacle=OBSTACLES.get(n, "")))
        day = first + dt.timedelta(days=2 * n)
        sessions.append(Session(number=n, date=day, values=() if n == 12 else tuple(values)))
    study = study.with_case(case.record(*sessions))
    return study.replace(decisions=DECISIONS)


DECISIONS = tuple(
    Decision(
        case=CODE, session=session, suggested=suggested, decided=decided, reason=reason, alarms=alarms, look=look,
        p_improvement=p, p_meaningful=0.5, decided_at=NOW - dt.timedelta(days=90 - session),
    )
    for session, suggested, decided, reason, alarms, look, p in (
        (8, "move on", "move on", "baseline is calm enough", ("baseline stable",), None, None),
        (11, "stay", "stay", "too early <img src=x onerror=alert(1)> to tell", (), 3, 0.93),
        (16, "move on", "talk about it", "client's wish: “one more week”", ("success",), 8, 0.999),
    )
)  # fmt: skip


def _within(value: float, top: float) -> float:
    return float(np.clip(np.round(value, 0 if top == 100 else 1), 0, top))


HEADINGS = {
    "clinician": ("Areas of life", "Practice between the sessions", "Processes", "Looks and decisions"),
    "client": (
        "The areas of your life",
        "Your practice between the sessions",
        "What goes along with what",
        "When we looked",
    ),
}


def job_of(study: Study, *, audience: str = "clinician", between: tuple[BetweenSessions, ...] | None = None) -> Job:
    """A job with what was found between the sessions; its effects are withheld, for they are not what is looked at."""
    if between is None:
        between = between_sessions_of(study, looked_at=NOW)
    if audience == "client":
        between = tuple(found.for_client() for found in between)
    summary = withheld_outcome(study, measure=None, reason="not asked for here")
    return Job(
        study=study, summaries=(summary,), code=study.code, fingerprint=study.fingerprint(), revision=1, saved_at=NOW,
        made_at=NOW, between=between,
    )  # fmt: skip


@pytest.fixture(scope="module")
def study() -> Study:
    return whole_client()


@pytest.fixture(scope="module")
def jobs(study) -> dict[str, Job]:
    between = between_sessions_of(study, looked_at=NOW)
    return {audience: job_of(study, audience=audience, between=between) for audience in HEADINGS}


@pytest.fixture(scope="module")
def pages(jobs) -> dict[str, str]:
    return {audience: page_of(job, audience) for audience, job in jobs.items()}


def section(html: str, heading: str) -> str:
    """The part of a page from one heading of the second rank to the next."""
    return next(part for part in re.split("(?=<h2)", html) if part.startswith(f"<h2>{heading}"))


def table_rows(html: str, caption: str) -> list[list[str]]:
    found = next(t for t in re.findall(r"<table>.*?</table>", html, re.DOTALL) if caption in t.split("</caption>")[0])
    return [[Reader(cell).said for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in found.split("<tr>")[2:]]


def plain(text: str) -> str:
    return text.replace("\xa0", " ")


# --- what the sections say ------------------------------------------------------------------------------------------


def test_the_table_of_follow_through_is_that_of_the_analysis(pages, study):
    shown = table_rows(section(pages["clinician"], "Practice"), "Follow-through")
    counted = follow_through_table(study).to_dict("records")
    assert [row[0] for row in shown] == ["B1", "B2", "under intervention, in all"]
    for row, told in zip(counted, shown, strict=True):
        assert told[1] == f"{row['known']} of {row['due']}"
        assert [float(cell) for cell in told[2:4]] == [row["planned"], row["done"]]
        assert told[4] == f"{100 * row['share']:.0f} %"
        assert told[5:] == [str(row["sessions_as_planned"]), str(row["obstacles"])]


def test_the_effect_with_full_own_and_no_practice_is_that_of_the_analysis(pages, study):
    shown = table_rows(section(pages["clinician"], "Practice"), "different amounts of practice")
    held = dose_effects(study).rows.set_index("quantity")
    names = ("full_practice", "own_practice", "without_practice", "practice_adds")
    for name, told in zip(names, shown, strict=True):
        assert told[1] == number(held.loc[name, "median"])
        assert told[3] == plain(probability(held.loc[name, "p_improvement"]))
    said = Reader(section(pages["clinician"], "Practice")).said
    assert "Practice was not drawn at random" in said
    assert "The effect of the phase is the one above, which leaves practice out." in said


def test_every_link_stands_with_its_rank_and_its_process_with_its_own_change(pages, study):
    html = section(pages["clinician"], "Processes")
    found = process_table(study)
    links, own = table_rows(html, "Links within phases"), table_rows(html, "How each process itself changed")
    for row, link, change in zip(found.table.to_dict("records"), links, own, strict=True):
        name = study.measure(row["process"]).label
        assert link[:2] == [name, number(row["link_mean"])]
        assert link[3:5] == [plain(probability(row[p])) for p in ("p_direction", "p_rank1")]
        assert change[0] == name
        assert change[1].startswith(number(row["phase_change_mean"]))
        clear = not 0.1 < row["phase_change_p_improvement"] < 0.9
        assert change[4] == (plain(probability(row["p_not_later"])) if clear else "–")
    assert sum(float(p) for p in found.table["p_rank1"]) == pytest.approx(1)
    assert f"component experiment on “{study.measure('opening').label}”" in Reader(html).said


def test_the_next_experiment_is_offered_only_where_a_process_stands_out():
    for links, leading in (({"sleep": 0.7, "worry": 0.0}, "sleep"), ({"sleep": 0.0, "worry": 0.0}, "")):
        study = linked_study(links=links, sessions=20, seed=4)
        between = between_sessions_of(study, looked_at=NOW)
        assert between[0].processes.leading == leading
        assert ("Next experiment" in page_of(job_of(study, between=between), "clinician")) == bool(leading)


def test_of_many_clients_each_one_s_numbers_are_folded_and_the_model_is_told_once():
    study = linked_study(links={"sleep": 0.5, "worry": 0.0}, cases=4, sessions=7)
    html = section(page_of(job_of(study), "clinician"), "Processes")
    assert html.count("<summary>The numbers</summary>") == 4
    assert html.count("<summary>The model of the links</summary>") == 1
    assert html.count("All of this is within-phase association") == 1
    links = table_rows(html, "Links within phases")
    assert [row[3:] for row in links] == [["–", "–", "too few sessions"]] * 2, "13 pairs tell no direction and no rank"


def test_rule_looks_and_decisions_stand_there_for_the_audit(pages, study):
    html = section(pages["clinician"], "Looks and decisions")
    said, seen = Reader(html).said, steer(study, looked_at=NOW)
    for text in rule_words(study.monitoring, measure=MOOD):
        assert " ".join(text.split()) in said
    looks = table_rows(html, "The fixed looks at Mood")
    assert [row[:2] for row in looks] == [[str(look.number), str(look.session)] for look in seen.looks]
    for row, look in zip(looks, seen.looks, strict=True):
        assert row[2] == plain(probability(look.p_improvement))
        assert row[-1] == (", ".join(look.alarms) or "no alarm")
    assert "False alarms: this rule raises it at some look in" in said, "an alarm stands beside its error rate"
    decided = table_rows(html, "What was suggested")
    assert [row[-3:] for row in decided] == [[d.suggested, d.decided, d.reason] for d in DECISIONS]
    assert "Decided other than suggested: 1 of 3." in said
    rates = table_rows(html, "How often each alarm is ever raised")
    assert len(rates) == len(study.monitoring.rates) == 6


def test_a_decision_without_a_rule_is_shown_and_that_there_was_none():
    study = example_study()
    decision = DECISIONS[0].replace(case=study.cases[0].code)
    said = Reader(section(page_of(job_of(study.replace(decisions=(decision,))), "clinician"), "Looks")).said
    assert "No rule for looking at the data was fixed" in said
    assert decision.reason in said


def test_what_was_planned_stands_beside_what_was_done_in_the_table_of_all_values(pages):
    assert re.search(r"\d \(5 planned\)", Reader(pages["clinician"]).said)


def test_practice_is_drawn_beside_the_outcome_and_not_once_more_by_itself(pages):
    others = section(pages["clinician"], "Other measures")
    assert "Brooding" in others
    assert "Walks" not in others
    top = pages["client"][: pages["client"].index("<h2")]
    assert top.count("<svg") == 1
    assert "Mood and Walks over the sessions" in top
    assert "<svg" not in section(pages["client"], "Your practice")


def test_every_area_stands_in_the_order_and_with_the_verdict_of_the_joint_model(pages, study):
    found = area_changes(study)
    shown = table_rows(section(pages["clinician"], "Areas of life"), "The change of each area")
    assert len(shown) == len(found.rows) == 4
    for row, told in zip(found.rows.to_dict("records"), shown, strict=True):
        assert told[0] == row["label"]
        assert told[1].startswith(number(row["change"]))
        assert told[3] == plain(probability(row["p_improvement"]))
        assert told[-1] == verdict_word(row["verdict"])
    said = Reader(pages["clinician"]).said
    assert "“Areas of life” judges them together" not in said, "this job has one estimate, so nothing to correct for"
    assert all(
        row["label"] in Reader(section(pages["client"], "The areas")).said for row in found.rows.to_dict("records")
    )


def test_the_client_has_one_graph_an_area_and_no_second_word_on_the_same_change(jobs, pages):
    part = section(pages["client"], "The areas")
    assert part.count("<svg") == 1 + 3, "all at a glance, and one each but for the headline, which stands above"
    others = [withheld_outcome(jobs["client"].study, measure=m, reason="x") for m in (FEAR, SLEEP)]
    job = replace(jobs["client"], summaries=(*jobs["client"].summaries, *others))
    told = Reader(page_of(job, "client")).said
    assert "What else was measured" not in told
    assert "What else was measured" in Reader(page_of(replace(job, between=()), "client")).said
    limits = Reader(page_of(replace(job, findings=()), "clinician")).said
    assert "“Areas of life” judges them together, the other figures do not" in limits


@pytest.mark.parametrize(
    ("change", "improvement", "told"),
    [
        (1.84, "increase", "1.8 points higher during the treatment phases than before. Higher is better."),
        (1.84, "decrease", "1.8 points higher during the treatment phases than before. Higher is worse."),
        (-1.84, "increase", "1.8 points lower during the treatment phases than before. Lower is worse."),
        (-1.84, "decrease", "1.8 points lower during the treatment phases than before. Lower is better."),
    ],
)
def test_the_direction_of_an_area_s_change_is_said(change, improvement, told):
    better = (change > 0) == (improvement == "increase")
    measure = MOOD.replace(improvement=improvement)
    row = {"change": change, "p_improvement": 0.997 if better else 0.003, "verdict": "better" if better else "worse"}
    said = area_sentence({**row, "note": ""}, measure=measure)
    assert f"Mood was about {told}" in said
    counted = "Of 100 ways to read your numbers that fit them well, more than 99 say that Mood was"
    assert said.endswith(f"{counted} {'better' if better else 'worse'}.")
    unsure = area_sentence({**row, "verdict": "unclear", "note": ""}, measure=measure)
    assert unsure.startswith("We can't tell yet whether Mood was better or worse during the treatment phases. Your")
    assert f"point to {'better' if better else 'worse'}. We look at several areas at once" in unsure
    assert "99" not in unsure, "what can't be told yet is not counted as told"
    open_ = area_sentence({**row, "p_improvement": 0.59, "verdict": "unclear", "note": ""}, measure=measure)
    assert open_.endswith("Of 100 ways to read your numbers that fit them well, 59 say that Mood was better.")
    assert "Of 100" not in area_sentence({**row, "note": "too few"}, measure=measure)


# --- where there is nothing, or too little --------------------------------------------------------------------------


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_a_section_without_anything_to_say_is_absent_with_its_heading(audience):
    assert between_sessions_of(example_study(), looked_at=NOW) == ()
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page_of(example_job(), audience))
    assert headings
    assert not [h for h in headings if h.startswith(HEADINGS[audience])]


def without(study: Study, *, keep) -> Study:
    """The study with only those entries that `keep(number, value)` lets through."""
    (case,) = study.cases
    sessions = [s.replace(values=tuple(v for v in s.values if keep(s.number, v))) for s in case.sessions]
    kept = tuple(s for s, before in zip(sessions, case.sessions, strict=True) if s.values or not before.values)
    return study.with_case(case.replace(sessions=kept))


def test_measures_that_were_planned_and_never_recorded_are_no_section(study):
    bare = without(study.replace(monitoring=None, decisions=()), keep=lambda n, v: v.measure == "mood")
    assert between_sessions_of(bare, looked_at=NOW) == ()


def test_too_little_for_one_part_is_a_sentence_and_stops_no_other(study):
    few = study.with_case(study.cases[0].replace(sessions=study.cases[0].sessions[:9]))
    between = between_sessions_of(few, looked_at=NOW)
    assert between[0].practice[0].phases[0].due == 1
    said = Reader(page_of(job_of(few, between=between), "clinician")).said
    assert "The ranking is withheld" in said or "The links can't be told here" in said
    few_values = "each phase needs at least 3 values; phase B1 has 1"
    assert f"The areas can't be judged together here: {few_values}" in said
    assert f"What practice adds can't be told here: {few_values}" in said
    assert "Fixed looks after" in said
    client = Reader(page_of(job_of(few, audience="client", between=between), "client")).said
    assert "You planned 5 walks" in client
    assert few_values not in client
    assert "of 100" not in client[client.index("Your practice") : client.index("What goes along")]


def test_one_area_with_too_few_values_has_no_probability_and_the_others_are_judged(study):
    def keep(number: int, value: Value) -> bool:
        return value.measure in ("mood", "fear") or (value.measure == "nights" and number <= 9)

    thin = without(study.replace(monitoring=None, decisions=()), keep=keep)
    between = between_sessions_of(thin, looked_at=NOW)
    html = section(page_of(job_of(thin, between=between), "clinician"), "Areas of life")
    shown = {row[0]: row[3:] for row in table_rows(html, "The change of each area")}
    assert shown["Hours slept"] == ["–", "–", "–", "can't tell yet"]
    assert shown["Mood"][-1] == "better"
    assert "Hours slept: no verdict and no probabilities, for" in Reader(html).said
    client = Reader(page_of(job_of(thin, audience="client", between=between), "client")).said
    assert "There are not yet enough numbers to say whether Hours slept changed." in client


def test_practice_that_was_never_done_has_no_dose_and_says_so(study):
    (case,) = study.cases
    undone = [
        s.replace(
            values=tuple(v.replace(value=0) if v.measure == "walks" else v for v in s.values if v.measure in KEPT)
        )
        for s in case.sessions
    ]
    measures = tuple(m for m in study.measures if m.key in KEPT)
    idle = study.replace(measures=measures, cases=(case.replace(sessions=tuple(undone)),))
    between = between_sessions_of(idle, looked_at=NOW)
    practised = between[0].practice[0]
    assert practised.dose is None
    assert practised.problem
    said = Reader(section(page_of(job_of(idle, between=between), "clinician"), "Practice")).said
    assert f"What practice adds can't be told here: {practised.problem}" in said
    client = page_of(job_of(idle, audience="client", between=between), "client")
    assert "and did 0" in Reader(section(client, "Your practice")).said
    assert "can't be told here" not in client, "the client isn't told in the words of an error"


def test_a_search_among_many_processes_is_no_section_of_a_report():
    study = linked_study(links=dict.fromkeys(("a", "b", "c", "d"), 0.1), sessions=12)
    between = between_sessions_of(study, looked_at=NOW)
    assert between[0].processes.rows == ()
    assert "4 processes were declared" in between[0].processes.problem
    assert "4 processes were declared" in Reader(page_of(job_of(study, between=between), "clinician")).said
    assert "What goes along" not in page_of(job_of(study, audience="client", between=between), "client")


# --- whose words, whose page ----------------------------------------------------------------------------------------


def test_hostile_words_in_obstacles_and_reasons_stay_words(pages):
    html = pages["clinician"]
    check_page(html)
    reader = Reader(html)
    assert set(reader.tags) <= SAFE
    assert not [a for a in reader.attributes if a[1].startswith("on")]
    for text in (*OBSTACLES.values(), *(d.reason for d in DECISIONS)):
        assert text in reader.said
    folded = re.findall(r"<details><summary>What got in the way.*?</details>", html, re.DOTALL)
    assert len(folded) == 1
    assert all(Reader(folded[0]).said.count(text) == 1 for text in OBSTACLES.values())


def test_the_client_s_page_and_job_hold_no_obstacle_s_text_and_no_reason(pages, jobs):
    held = json.dumps([found.model_dump(mode="json") for found in jobs["client"].between], ensure_ascii=False)
    for text in (*OBSTACLES.values(), *(d.reason for d in DECISIONS)):
        assert text not in Reader(pages["client"]).said
        assert text not in held
    assert "Something got in the way 3 times" in Reader(pages["client"]).said


@pytest.mark.parametrize("audience", ["clinician", "client"])
def test_the_pages_need_no_network(pages, audience):
    reader = Reader(pages[audience])
    assert "http://" not in pages[audience].replace("http://www.w3.org", "")
    assert not [a for a in reader.attributes if a[1] in ("src", "href", "xlink:href")]


def two_clients() -> Study:
    """Two clients of one multiple baseline, each with practice, a process and decisions of their own."""
    calm = Measure(key="calm", label="Calm at night", improvement="increase", minimum=0, maximum=100, role="process")
    codes = ["AAA222", "BBB333"]
    plan = multiple_baseline(
        measures=[MOOD, calm, WALKS], cases=codes, across="clients", starts=[6, 9], sessions=16, code="SSS555"
    )
    plan = choose_monitoring(plan, rule=default_monitoring(plan), replications=100)
    rng = np.random.default_rng(5)
    for who, case in enumerate(plan.cases):
        rows = []
        for n in range(1, 8 - who):
            under = case.phase_at(n).condition == "B"
            values = [
                Value(measure="mood", value=_within(3 + 2 * under + 0.3 * rng.standard_normal(), 10)),
                Value(measure="calm", value=_within(50 + 12 * rng.standard_normal(), 100)),
            ]
            if under:
                done = float(rng.integers(0, 6))
                values.append(Value(measure="walks", value=done, planned=5, obstacle=f"obstacle of {who}"))
            rows.append(Session(number=n, values=tuple(values)))
        plan = plan.with_case(case.record(*rows))
    told = [DECISIONS[0].replace(case=c, session=5, reason=f"reason of {w}") for w, c in enumerate(codes)]
    return plan.replace(decisions=tuple(told))


def test_one_client_s_page_of_several_shows_nobody_else(tmp_path):
    study = two_clients()
    workspace = init_workspace(tmp_path / "w")
    with workspace.open() as caseload:
        caseload.add(study)
    held = withheld_outcome(study, measure=None, reason="not asked for here")
    between = {found.case: found for found in between_sessions_of(study, looked_at=NOW)}
    assert "AAA222" in between["BBB333"].steering.steering.reason, "the second tier waits for the first"
    assert "AAA222" not in json.dumps(between["BBB333"].for_client().model_dump(mode="json"))
    path = make_report(workspace, "AAA222", audience="client", summaries=[held])
    said = Reader(path.read_text()).said
    for heading in ("Your practice", "What goes along", "When we looked"):
        assert heading in said
    assert "BBB333" not in path.read_text()
    assert "obstacle of" not in said
    assert "reason of" not in said
    whole = Reader(page_of(job_of(study), "clinician")).said
    for text in ("AAA222", "BBB333", "obstacle of 0", "reason of 0", "reason of 1"):
        assert text in whole


def test_a_share_of_a_study_keeps_its_own_decisions_and_no_other():
    study = two_clients()
    held = withheld_outcome(study, measure=None, reason="x")
    part, _own = share_of(study, held, case=study.cases[1])
    assert [d.case for d in part.decisions] == ["BBB333"]
    calls = MOOD.replace(key="calls", label="Calls")
    cases = (study.cases[0].replace(measures=("mood", "calm", "walks")), study.cases[1])
    seen = study_of_outcome(study.replace(measures=(*study.measures, calls), cases=cases), measure=calls)
    assert [d.case for d in seen.decisions] == ["BBB333"]


# --- plain words, and the way into the notebook ---------------------------------------------------------------------


def test_the_client_s_sections_are_plain_and_never_say_more_than_they_can(pages):
    text = " ".join(section(pages["client"], heading) for heading in HEADINGS["client"])
    said = Reader(re.sub(r"</(?:p|li|h2)>", ". ", re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL))).said
    assert flesch_kincaid(said) <= 8
    sentences = [s for s in re.split(r"[.!?]+", said) if re.search("[a-z]", s)]
    assert np.mean([len(s.split()) for s in sentences]) <= 20
    for word in (
        r"\bcaus",
        r"\bp\s*[=<]",
        "posterior",
        "prior",
        "significan",
        "autocorrelation",
        r"\bSD\b",
        "you should",
    ):
        assert not re.search(word, said, re.IGNORECASE)
    assert re.search(r"\d+ of 100|Of 100 ways .* \d+ say", said), "natural frequencies"
    assert "can't tell" in said


def test_what_was_found_goes_into_the_notebook_and_comes_out_the_same(jobs, tmp_path):
    for audience, job in jobs.items():
        folder = tmp_path / audience
        folder.mkdir()
        back = open_job(str(write_job(job, folder=folder)))
        assert back.between == job.between
        assert back == replace(job, pictures=back.pictures)
