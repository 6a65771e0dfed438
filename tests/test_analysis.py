"""Effects, gate and words, on posteriors whose truth is known."""

import json
import re

import numpy as np
import pytest
import xarray as xr
from test_models import LAMBERT_A1, a_study, several

from scd.analysis import Summary, headline_model, summarize
from scd.analysis.cautions import cautions, too_few_points
from scd.analysis.diagnostics import Diagnostics, diagnose
from scd.analysis.effects import COLUMNS, effect_table
from scd.analysis.projection import phase_levels, project_baseline
from scd.analysis.words import client_words, clinician_words, count_words, frequency_words, judgement, probability
from scd.study import Measure, Phase, Session, StudyError, Value


def fabricated(study, model="phase-level", *, draws=500, seed=1, **values):
    """A posterior with chosen draws, in the shape that `fit` returns."""
    rng = np.random.default_rng(seed)
    shape = (4, draws)
    held = {
        "alpha": 7 + 0.1 * rng.standard_normal(shape),
        "delta": -4 + rng.standard_normal(shape),
        "sigma": np.full(shape, 2.0) + 0.1 * rng.standard_normal(shape),
        "phi": 0.3 + 0.01 * rng.standard_normal(shape),
    } | values
    data = {n: (("chain", "draw", "phase")[: v.ndim], v) for n, v in held.items()}
    if model == "phase-level":
        data["gamma"] = (("chain", "draw", "phase"), values.get("gamma", 0.1 * rng.standard_normal((*shape, 4))))
    labels = [p.label for p in study.cases[0].phases]
    posterior = xr.Dataset(data, coords={"phase": labels} if model == "phase-level" else {})
    posterior = posterior.assign_coords(chain=range(4), draw=range(draws))
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "sample_stats": xr.Dataset({"diverging": (("chain", "draw"), np.zeros(shape, dtype=bool))}),
        }
    )
    tree.attrs = {
        "model": model,
        "cases": json.dumps([study.cases[0].code]),
        "measures": json.dumps([study.measures[0].key]),
        "phases": json.dumps([labels]),
    }
    return tree


@pytest.fixture(scope="module")
def lambert():
    return a_study(LAMBERT_A1, low=0, high=10)


def row(table, effect, contrast="overall"):
    (found,) = table[(table["effect"] == effect) & (table["contrast"] == contrast)].to_dict("records")
    return found


def test_effect_rows_are_what_the_draws_say(lambert):
    study = lambert.replace(measures=(lambert.measures[0].replace(meaningful_change=3),))
    tree = fabricated(study)
    table = effect_table(tree, study=study)
    assert tuple(table.columns) == COLUMNS
    delta = tree["posterior"]["delta"].to_numpy().ravel()
    told = row(table, "level_change")
    assert told["mean"] == pytest.approx(delta.mean())
    assert told["sd"] == pytest.approx(delta.std(ddof=1))
    assert (told["lower"], told["upper"]) == pytest.approx(tuple(np.quantile(delta, [0.025, 0.975])))
    assert told["ci_prob"] == 0.95
    assert told["p_improvement"] == pytest.approx((delta < 0).mean())  # lower is better
    assert told["p_meaningful"] == pytest.approx((delta <= -3).mean())
    sigma = tree["posterior"]["sigma"].to_numpy().ravel()
    assert row(table, "standardized_change")["mean"] == pytest.approx((-delta / sigma).mean())  # above 0 is better


def test_every_contrast_is_intervention_minus_baseline(lambert):
    """B1-A2 too, so that the three can be compared and all are negative when the intervention lowers the score."""
    tree = fabricated(lambert)
    p = tree["posterior"]
    level = {n: p["alpha"] + p["gamma"].sel(phase=n) + (p["delta"] if n[0] == "B" else 0) for n in p["phase"].values}
    table = effect_table(tree, study=lambert)
    differences = {
        "A1-B1": level["B1"] - level["A1"],
        "B1-A2": level["B1"] - level["A2"],
        "A2-B2": level["B2"] - level["A2"],
    }
    for contrast, draws in differences.items():
        assert row(table, "level_change", contrast)["mean"] == pytest.approx(float(draws.mean()))
        assert row(table, "level_change", contrast)["mean"] < 0
    together = np.logical_and.reduce([d < 0 for d in differences.values()]).mean()
    assert row(table, "consistent_change")["p_improvement"] == pytest.approx(float(together))


def test_projection_ends_where_the_instrument_ends(lambert):
    from scd.models import fit

    tree = fit(lambert, model="level", draws=500)
    projected = project_baseline(tree, study=lambert)
    assert set(projected["phase"]) == {"B1", "B2"}
    assert projected.loc[projected["phase"] == "B1", "session"].tolist() == list(range(9, 15))
    assert projected["upper"].max() <= 10
    assert projected["lower"].min() >= 0
    assert (projected["lower"] < projected["median"]).all()
    # The first forecast leans on the last value (10, above the level), the last one has forgotten it.
    b1 = projected[projected["phase"] == "B1"]
    assert b1["median"].iloc[0] > b1["median"].iloc[-1]
    levels = phase_levels(tree)
    assert levels["phase"].tolist() == ["A1", "B1", "A2", "B2"]
    assert levels["session_to"].tolist() == [8, 14, 22, 31]


def test_projection_meets_the_ar1_forecast_by_hand(lambert):
    """With parameters known exactly, the forecast is the textbook one."""
    tree = fabricated(lambert, model="level", draws=2500)
    p = tree["posterior"].to_dataset()
    fixed = {"alpha": 6.0, "delta": -3.0, "sigma": 1.0, "phi": 0.5}
    p = p.assign({n: xr.full_like(p[n], v) for n, v in fixed.items()})
    values = np.array([v for phase in LAMBERT_A1 for v in phase], float)
    sizes = [len(phase) for phase in LAMBERT_A1]
    treated = np.repeat([0, 1, 0, 1], sizes)
    expected = np.broadcast_to(6.0 - 3 * treated, (4, 2500, 31))
    full = xr.DataTree.from_dict(
        {
            "posterior": p,
            "posterior_predictive": xr.Dataset({"expected": (("chain", "draw", "obs"), expected)}),
            "observed_data": xr.Dataset({"value": ("obs", values)}),
            "constant_data": xr.Dataset(
                {
                    "session": ("obs", np.arange(1, 32)),
                    "case_index": ("obs", np.zeros(31, int)),
                    "phase_index": ("obs", np.repeat(range(4), sizes)),
                }
            ),
        }
    )
    full.attrs = tree.attrs
    got = project_baseline(full, study=lambert).iloc[0]
    mean, sd = 6 + 0.5 * (10 - 6), np.sqrt(1 - 0.25)
    assert got["median"] == pytest.approx(mean, abs=0.06)
    assert got["lower"] == pytest.approx(mean - 1.96 * sd, abs=0.12)


def test_chains_that_disagree_are_caught(lambert):
    good = fabricated(lambert)
    assert diagnose(good).ok
    shifted = np.arange(4)[:, None] + np.random.default_rng(2).standard_normal((4, 500))
    bad = diagnose(fabricated(lambert, delta=shifted))
    assert not bad.ok
    assert "the chains disagree" in bad.reason
    stuck = diagnose(fabricated(lambert, delta=np.full((4, 500), -2.0)))
    assert not stuck.ok


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        ({"ess_tail_min": 399}, "tail ESS 399, needs 400"),
        ({"divergences": 2}, "2 divergent steps"),
        ({"rhat_max": float("nan")}, "the chains disagree"),
        ({"rhat_max": 1.01}, "the chains disagree"),
    ],
)
def test_the_gate(figures, words):
    fine = {"rhat_max": 1.001, "ess_bulk_min": 900, "ess_tail_min": 900, "divergences": 0}
    assert Diagnostics(**fine).ok
    assert words in Diagnostics(**fine | figures).reason


def test_numbers_that_fail_the_gate_are_withheld(lambert, monkeypatch):
    """With a handful of draws the gate must close; no number may slip into table, chart or words."""
    from scd.models import posterior

    monkeypatch.setitem(posterior.fit_arrays.__kwdefaults__, "draws", 8)
    summary = summarize(lambert, model="level")
    assert summary.withheld
    assert summary.effects == summary.projection == summary.levels == ()
    assert summary.diagnostics["ok"] is False
    assert summary.text[0].startswith("The result is withheld: ")
    assert not re.search(r"\d+.%", " ".join(summary.client_text))


def test_summary_of_an_abab_client(lambert):
    summary = summarize(lambert)
    assert summary.model == "phase-level"
    assert summary.measure == "score"
    assert Summary.from_json(summary.to_json()) == summary
    table = summary.table()
    assert set(table["contrast"]) == {"overall", "A1-B1", "B1-A2", "A2-B2"}
    assert summary.fingerprint == lambert.fingerprint()
    # The grade stands beside every probability.
    for paragraph in summary.text:
        assert paragraph.count("robability of") + paragraph.count("Probability that") == paragraph.count("(design: ")
    assert "WWC 4.1" in summary.text[0]
    told = row(table, "level_change")
    assert f"−{abs(told['median']):.2f}" in summary.text[0]  # the words read the table's own row


def test_summary_of_a_multiple_baseline():
    study = several(4, sessions=14)
    seen = []
    summary = summarize(study, progress=seen.append)
    table = summary.table()
    assert summary.model == "multilevel"
    average = table[table["case"].isna()]
    assert set(average["effect"]) == {"level_change", "standardized_change", "nap"}
    for case in study.cases:
        mine = table[table["case"] == case.code]
        assert {"level_change", "level_change_unpooled", "standardized_change", "nap"} == set(mine["effect"])
    assert seen == sorted(seen)
    assert seen[-1] == 1
    assert set(summary.projection_table()["case"]) == {c.code for c in study.cases}


def test_a_tier_still_in_baseline_joins_without_an_unpooled_effect():
    study = several(3, sessions=14)
    waiting = study.cases[2]
    waiting = waiting.replace(sessions=tuple(s for s in waiting.sessions if s.number < waiting.phases[1].start))
    summary = summarize(study.with_case(waiting))
    table = summary.table()
    assert "level_change_unpooled" not in set(table.loc[table["case"] == waiting.code, "effect"])


def test_headline_models(lambert):
    assert headline_model(lambert) == "phase-level"
    assert headline_model(a_study(LAMBERT_A1[:2])) == "level"
    assert headline_model(several(3)) == "multilevel"
    assert headline_model(several(3), case="C1") == "level"


def test_too_few_points_give_no_verdict(lambert):
    study = a_study(((6, 7), (3, 2, 2)), low=0, high=10)
    measure_of = {study.code: study.measures[0]}
    why = too_few_points(study, measure_of)
    assert why == {study.code: "each phase needs at least 3 values; phase A1 has 2."}
    rows = [{"case": study.code, "effect": "level_change", "contrast": "overall", "median": -4.0, "lower": -6.0,
             "upper": -1.0, "ci_prob": 0.95, "p_improvement": 0.99, "p_meaningful": None}]  # fmt: skip
    told = clinician_words(rows, measure_of=measure_of, grade="WWC 4.1 …", too_few=why)
    assert "No verdict: each phase needs" in told[0]
    assert "clearly" not in " ".join(told)
    client = client_words(rows, measure_of=measure_of, grade="does not meet", too_few=why)
    assert "not yet enough numbers" in client[0]


def test_words_for_a_worse_and_an_unclear_result():
    sleep = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=10)
    base = {"case": "K", "effect": "level_change", "contrast": "overall", "ci_prob": 0.95, "p_meaningful": None}
    worse = base | {"median": -2.0, "lower": -3.0, "upper": -1.0, "p_improvement": 0.004}
    told = clinician_words([worse], measure_of={"K": sleep}, grade="g", too_few={})[0]
    assert "clearly worse: probability of improvement 0.4" in told
    client = client_words([worse], measure_of={"K": sleep}, grade="does not meet", too_few={})
    assert "2.0 points lower" in client[0]
    assert "lower is worse" in client[0]
    assert "Of 100 ways to read your numbers that fit them well, more than 99 say that Sleep was worse" in client[1]
    unclear = base | {"median": 0.1, "lower": -1.0, "upper": 1.2, "p_improvement": 0.6}
    client = client_words([unclear], measure_of={"K": sleep}, grade="does not meet", too_few={})
    assert "can't yet say" in client[0]


@pytest.mark.parametrize("p", [0, 1e-9, 0.0005, 0.5, 0.9995, 1 - 1e-9, 1])
def test_no_probability_reads_as_certain(p):
    assert not re.search(r"\b(0|100|0\.0|100\.0)\s?%", probability(p))
    assert frequency_words(p) not in ("100 of 100", "0 of 100")
    assert count_words(p) not in ("100", "0")


def test_judgements_are_symmetric():
    for p in np.linspace(0, 1, 401):
        assert judgement(p).replace("better", "worse") == judgement(1 - p).replace("better", "worse") or p in (
            0.9,
            0.975,
            0.1,
            0.025,
        )


def test_cautions_name_floor_scale_misses_and_moved_phases(lambert):
    study = a_study(((0, 0, 0, 1), (0, 0, 0, 0)), low=0, high=10)
    found = " ".join(cautions(study, {study.code: study.measures[0]}))
    assert "7 of 8 values lie at the floor (0)" in found
    assert "floor" not in " ".join(cautions(study, {study.code: study.measures[0]}, family="rating"))
    flat = a_study(((2, 2), (2, 2)), low=0, high=10)
    assert "all values are 2" in " ".join(cautions(flat, {flat.code: flat.measures[0]}))
    case = lambert.cases[0]
    for number in range(9, 17):
        case = case.record(Session(number=number))
    missed = lambert.with_case(case)
    assert "8 of 31 sessions were missed" in " ".join(cautions(missed, {case.code: lambert.measures[0]}))
    left_out = lambert.with_case(case.replace(sessions=tuple(s for s in case.sessions if not s.missed)))
    assert "8 of 31 sessions were missed" in " ".join(cautions(left_out, {case.code: lambert.measures[0]}))
    by_day = [s.replace(number=7 * s.number) for s in flat.cases[0].sessions]  # no session is due on six days of seven
    weekly = flat.cases[0].replace(sessions=tuple(by_day))
    assert "missed" not in " ".join(cautions(flat.with_case(weekly), {weekly.code: flat.measures[0]}))
    phases = (case.phases[0], Phase(label="B1", planned_start=8, actual_start=9, reason="holiday"), *case.phases[2:])
    moved = lambert.with_case(lambert.cases[0].replace(phases=phases))
    assert "planned for 8 (holiday)" in " ".join(cautions(moved, {case.code: lambert.measures[0]}))


def test_a_study_without_an_effect_yet_is_refused_with_every_reason(lambert):
    study = several(3, sessions=12)
    only_baseline = study
    for case in study.cases:
        keep = tuple(s for s in case.sessions if s.number < case.phases[1].start)
        only_baseline = only_baseline.with_case(case.replace(sessions=keep))
    with pytest.raises(StudyError, match="there is none under intervention") as refused:
        summarize(only_baseline)
    assert refused.value.message.startswith("study 'MBMBMB'")
    with pytest.raises(StudyError) as refused:
        summarize(only_baseline, model="level")
    assert len(refused.value.problems) == 3


def test_other_conditions_are_refused(lambert):
    case = lambert.cases[0]
    phases = (*case.phases[:3], Phase(label="C1", planned_start=23))
    with pytest.raises(StudyError, match=r"phase 'C1': the models compare baseline A with intervention B"):
        summarize(lambert.with_case(case.replace(phases=phases)))


def test_several_outcomes_are_told_apart(lambert):
    extra = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=10)
    case = lambert.cases[0]
    for s in case.sessions:
        case = case.record(s.replace(values=(*s.values, Value(measure="sleep", value=5 + s.number % 3))))
    study = lambert.replace(measures=(*lambert.measures, extra), cases=(case,))
    assert summarize(study, measure="sleep", model="level").measure == "sleep"
    assert summarize(study, model="level").measure == "score"


def test_the_spread_between_cases_is_told_before_and_after_the_data():
    from scd.analysis.checks import between_cases
    from scd.models import fit

    tree = fit(several(4, sessions=14), model="multilevel", draws=300)
    told = between_cases(tree)
    assert told.cases == 4
    assert told.prior[0] == pytest.approx(4 * 0.6745, rel=0.1)  # the median of HalfNormal(4), on a range of 20
    assert told.posterior[1] < told.posterior[0] < told.posterior[2]
    assert between_cases(fit(several(2), case="C0")) is None
