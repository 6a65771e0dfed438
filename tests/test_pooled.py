"""The multilevel model by weighted draws, against multivariate normals, other people's integrals, and the sampler."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from scd.analysis.diagnostics import diagnose
from scd.analysis.effects import effect_table
from scd.analysis.ladder_pooled import average_robustness
from scd.models import Priors, build_model, fit, series_of
from scd.models.history import steps_taken
from scd.models.pooled import _log_posterior, _log_prior
from scd.models.prepare import prepare
from scd.models.quadrature import integrate
from scd.study import Case, Measure, Phase, Session, Study, Value

REFERENCE = Path(__file__).parents[2] / "shared" / "reference"
GOLDEN = REFERENCE / "golden" / "bayes_exact_quadrature_multilevel.json"


def a_study(series, *, low, high):
    """A multiple baseline from (sessions, values, first session of the intervention) of each case."""
    measure = Measure(key="y", label="Y", improvement="increase", minimum=low, maximum=high)
    cases = []
    for i, (numbers, values, start) in enumerate(series):
        phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=start))
        rows = [
            Session(number=int(n), values=(Value(measure="y", value=float(v)),))
            for n, v in zip(numbers, values, strict=True)
        ]
        cases.append(Case(code=f"C{i}", phases=phases).record(*rows))
    return Study(code="MBMBMB", design="multiple-baseline", across="clients", measures=(measure,), cases=tuple(cases))


def simulated(cases=3, *, sessions=14, seed=5):
    rng = np.random.default_rng(seed)
    made = []
    for i in range(cases):
        numbers = np.flatnonzero(rng.random(sessions) > 0.1) + 1
        start = 4 + 3 * i % 9
        values = 8 + rng.normal(0, 2) + 3 * (numbers >= start) + rng.normal(0, 1.5, len(numbers))
        made.append((numbers, np.round(np.clip(values, 0, 20), 1), start))
    return a_study(made, low=0, high=20)


@pytest.mark.parametrize("history", [False, True])
def test_the_density_is_that_of_a_multivariate_normal(history):
    """Levels, changes, averages and what all cases share integrated out by hand: one covariance over all values."""
    series = series_of(simulated())
    priors = Priors.on_scale(center=10, unit=4).replace(sigma_floor=0.05)
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.normal(0.2, 0.4, 6), rng.normal(0, 0.4, 6), rng.normal(0, 0.7, (6, 2)),
                              rng.normal(-1.5, 0.5, 6), *([rng.normal(0, 0.5, 6)] if history else []),
                              rng.normal(0, 1, (6, 3))])  # fmt: skip
    shared = steps_taken(series) if history else np.empty((len(series.value), 0))
    told = _log_posterior(points, series, priors, shared) - _log_prior(points, priors, cases=3)
    expected = []
    for u, v, log_a, log_d, log_s, *rest in points:
        phi = 0.99 * math.tanh(u)
        sigma = (0.05 + math.exp(v)) / math.sqrt(1 - phi**2) * np.exp(math.exp(log_s) * np.array(rest[-3:]))
        of, under = series.case_index, series.intervention
        same = of[:, None] == of
        lag = np.abs(series.session[:, None] - series.session)
        errors = np.where(
            same, sigma[of][:, None] * sigma[of] * np.where(lag == 0, 1.0, phi ** np.maximum(lag, 1)), 0.0
        )
        levels = priors.alpha_sd**2 + math.exp(2 * log_a) * same
        changes = (priors.delta_sd**2 + math.exp(2 * log_d) * same) * np.outer(under, under)
        # A walk from the first session on: two of its places share the way up to the earlier one.
        since = series.session - series.session.min()
        walk = math.exp(2 * rest[0]) * np.minimum(since[:, None], since) if history else 0.0
        covariance = errors + levels + changes + walk
        expected.append(stats.multivariate_normal(np.full(len(of), 10.0), covariance).logpdf(series.value))
    assert told == pytest.approx(np.array(expected), abs=1e-7)


def test_the_pymc_model_of_a_shared_history_has_the_density_of_its_definition():
    study = simulated()
    series, priors = series_of(study), Priors.on_scale(center=10, unit=4)
    model = build_model(study, model="multilevel-history", priors=priors)
    rng = np.random.default_rng(2)
    occasions = np.unique(series.session)
    capacity = len(model.coords["occasion"])

    def a_point():
        return {"alpha_mean": rng.normal(9, 3), "alpha_sd": rng.gamma(3), "delta_mean": rng.normal(2, 2),
                "delta_sd": rng.gamma(2), "alpha_z": rng.standard_normal(3), "delta_z": rng.standard_normal(3),
                "history_sd": rng.gamma(2, 0.3), "history_z": rng.standard_normal(capacity)}  # fmt: skip

    def by_hand(p):
        found = stats.norm.logpdf(p["alpha_mean"], 10, 10) + stats.norm.logpdf(p["delta_mean"], 0, 10)
        for name, scale in (("alpha_sd", 8), ("delta_sd", 4), ("history_sd", 1.2)):
            found += stats.halfnorm.logpdf(p[name], scale=scale)
        found += sum(stats.norm.logpdf(p[name]).sum() for name in ("alpha_z", "delta_z", "history_z"))
        steps = np.r_[0.0, p["history_z"][1 : len(occasions)] * np.sqrt(np.diff(occasions))]
        history = dict(zip(occasions, p["history_sd"] * np.cumsum(steps), strict=True))
        expected = (
            (p["alpha_mean"] + p["alpha_sd"] * p["alpha_z"])[series.case_index]
            + (p["delta_mean"] + p["delta_sd"] * p["delta_z"])[series.case_index] * series.intervention
            + np.array([history[n] for n in series.session])
        )
        return found + stats.norm.logpdf(series.value, expected, 1.5).sum()

    # Errors of SD 1.5, independent, the same for every case.
    held = {"phi": 0.0, "sigma_spread": 0.1, "sigma_z": np.zeros(3)}
    excess = next(rv for rv in model.free_RVs if rv.name == "excess_z")
    floor, scale = prepare_floor(study, priors), priors.sigma_sd
    held[excess.name] = (1.5 - floor) / scale
    log_density = model.compile_logp(jacobian=False)
    points = [a_point() for _ in range(4)]

    def told(p):
        free = {**p, **held}
        values = {model.rvs_to_values[rv].name: rv for rv in model.free_RVs}
        point = {}
        for name, rv in values.items():
            transform = model.rvs_to_transforms[rv]
            value = np.asarray(free[rv.name], dtype=float)
            point[name] = value if transform is None else transform.forward(value, *rv.owner.inputs).eval()
        return float(log_density(point))

    ours, theirs = np.array([by_hand(p) for p in points]), np.array([told(p) for p in points])
    assert theirs - theirs[0] == pytest.approx(ours - ours[0], abs=1e-6)


def prepare_floor(study, priors):
    return prepare(study, measure=None, case=None, model="multilevel", family=None, priors=priors)[1].sigma_floor


def test_what_moves_all_cases_at_once_is_told_from_the_intervention():
    """No effect, but all four cases rise by 6 at session 9, where the second one's intervention begins."""
    rng = np.random.default_rng(8)
    made = []
    for start in (5, 9, 13, 17):
        numbers = np.arange(1, 21)
        made.append((numbers, np.round(6 + 6 * (numbers >= 9) + rng.normal(0, 1, 20), 1), start))
    study = a_study(made, low=0, high=20)
    plain, shared = (fit(study, model=m) for m in ("multilevel", "multilevel-history"))
    assert shared.attrs["engine"] == "importance"
    assert plain["posterior"]["delta_mean"].mean() > 1
    effect = shared["posterior"]["delta_mean"]
    assert abs(float(effect.mean())) < 0.8
    assert float(effect.std()) < float(plain["posterior"]["delta_mean"].std())
    walk = shared["posterior"]["history"].mean(("chain", "draw"))
    assert float(walk.sel(occasion=10) - walk.sel(occasion=7)) == pytest.approx(6, abs=1.2)
    assert list(walk["occasion"].values) == list(range(1, 21))
    assert "history_sd" in json.loads(shared.attrs["priors"])
    table = effect_table(shared, study=study)
    assert table.query("case.isna() and effect == 'level_change'")["p_improvement"].item() < 0.9


def test_without_spread_between_cases_it_is_one_long_series():
    """With SDs between cases held near 0, the average is what the single-case integral gives for the cases in a row."""
    study = simulated()
    priors = Priors.on_scale(center=10, unit=4).replace(
        alpha_between_sd=1e-3, delta_between_sd=1e-3, sigma_between_sd=1e-3
    )
    tree = fit(study, model="multilevel", priors=priors)
    series = series_of(study)
    from scd.models.quadrature import LinearModel

    model = LinearModel(
        coefficients=("alpha", "delta"),
        columns=np.column_stack([np.ones(len(series.value)), series.intervention])[None],
        prior_mean=np.array([10.0, 0.0]),
        prior_sd=np.array([[priors.alpha_sd, priors.delta_sd]]),
        outer=np.zeros(1),
        outer_weight=np.ones(1),
        gap=series.gap,
        linked=series.linked,
    )
    exact = integrate(series.value, model, priors).mixture([0, 1])
    told = tree["posterior"]["delta_mean"].to_numpy()
    error = exact.sd()[0] / math.sqrt(tree.attrs["effective_draws"])
    assert abs(told.mean() - exact.mean()[0]) < 4.5 * error
    assert told.std() == pytest.approx(exact.sd()[0], rel=0.06)


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the reference results are not beside the project")
@pytest.mark.parametrize(
    "name", ["ml_ri_ar1_Laski", "ml_rs_ar1_Laski", "ml_rs_ar1_Lambert_gap", "ml_rs_ar1_Lambert_idx"]
)
def test_other_peoples_integrals(name):
    """Random levels and changes with one SD for all cases, uniform phi, priors on the innovations."""
    golden = json.loads(GOLDEN.read_text())
    record = next(r for r in (golden.get("posterior") or golden["records"]) if r["id"] == name)
    data = json.loads((GOLDEN.parent / f"bayes_{name}.json").read_text())["data"]
    told = {p["parameter"]: p for p in record["posterior"]}
    study = from_record(data, range_=100 if "Laski" in name else 10)
    unit = float(data["s_sigma"])
    priors = Priors.on_scale(center=float(data["m_b0"]), unit=unit).replace(
        alpha_sd=float(data["s_b0"]),
        delta_sd=float(data["s_b1"]),
        sigma_of="innovation",
        phi_sd=math.inf,
        alpha_between_sd=unit,
        delta_between_sd=1e-3 if "_ri_" in name else unit,
        sigma_between_sd=1e-3,
    )
    tree = fit(study, model="multilevel", priors=priors)
    assert tree.attrs["engine"] == "importance"
    found = tree["posterior"].to_dataset()
    pairs = {"b0": "alpha_mean", "b1": "delta_mean", "tau0": "alpha_sd", "tau1": "delta_sd", "phi": "phi"}
    for theirs, ours in pairs.items():
        if theirs not in told:
            continue  # changes that do not differ between cases have no SD
        values, expected = found[ours].to_numpy().ravel(), told[theirs]
        error = expected["sd"] / math.sqrt(tree.attrs["effective_draws"])
        assert abs(values.mean() - expected["mean"]) < 4.5 * error, theirs
        assert values.std() == pytest.approx(expected["sd"], rel=0.1), theirs


def from_record(data, *, range_):
    y, treated = np.array(data["y"], dtype=float), np.array(data["trt"])
    of, gap = np.array(data["case"] if "case" in data else data["id"]), np.array(data["g"])
    series = []
    for case in np.unique(of):
        mine = np.flatnonzero(of == case)
        numbers = np.cumsum(np.r_[1, gap[mine][1:]])
        series.append((numbers, y[mine], treated[mine]))
    measure = Measure(key="y", label="Y", improvement="increase", minimum=0, maximum=range_)
    cases = []
    for i, (numbers, values, under) in enumerate(series):
        turns = np.flatnonzero(np.r_[True, np.diff(under) != 0])
        counts = {0: 0, 1: 0}
        phases = []
        for turn in turns:
            condition = int(under[turn])
            counts[condition] += 1
            phases.append(Phase(label=f"{'AB'[condition]}{counts[condition]}", planned_start=int(numbers[turn])))
        rows = [
            Session(number=int(n), values=(Value(measure="y", value=float(v)),))
            for n, v in zip(numbers, values, strict=True)
        ]
        cases.append(Case(code=f"C{i}", phases=tuple(phases)).record(*rows))
    return Study(code="MBMBMB", design="multiple-baseline", across="clients", measures=(measure,), cases=tuple(cases))


@pytest.mark.parametrize("cases", [2, 3, 8, 12])
def test_few_or_many_cases_give_draws_enough(cases):
    tree = fit(simulated(cases, sessions=16, seed=cases), model="multilevel")
    assert tree.attrs["engine"] == "importance"
    assert diagnose(tree).ok
    assert all(np.isfinite(values).all() for values in tree["posterior"].data_vars.values())
    assert list(tree["posterior"]["case"].values) == [f"C{i}" for i in range(cases)]


def test_the_sampler_gives_the_same_posterior():
    study = simulated(4, sessions=18)
    weighed, sampled = (fit(study, model="multilevel", engine=e, draws=d) for e, d in (("auto", 1000), ("nuts", 3000)))
    assert (weighed.attrs["engine"], sampled.attrs["engine"]) == ("importance", "nuts")
    for name in sampled["posterior"].data_vars:
        ours, theirs = weighed["posterior"][name], sampled["posterior"][name]
        error = theirs.std(("chain", "draw")) * math.sqrt(1 / weighed.attrs["effective_draws"] + 1 / 500)
        apart = np.abs(ours.mean(("chain", "draw")) - theirs.mean(("chain", "draw"))) / error
        assert float(apart.max()) < 4.5, name


def test_the_average_is_looked_at_with_shared_events_and_a_sceptical_prior():
    study = simulated(4, sessions=18)
    tree = fit(study, model="multilevel")
    told = average_robustness(tree, study=study)
    pooled, history, sceptic = told.alternatives
    row = effect_table(tree, study=study).query("case.isna() and effect == 'level_change'").iloc[0]
    assert (pooled.median, pooled.lower, pooled.upper) == pytest.approx((row["median"], row["lower"], row["upper"]))
    assert history.upper - history.lower > pooled.upper - pooled.lower
    assert 0 < sceptic.median < pooled.median
    assert told.case is None
    assert "SD of such a step" in told.note
    tree.attrs["engine"] = "nuts"  # where each further fit would need a chain, there is none
    assert average_robustness(tree, study=study) is None
