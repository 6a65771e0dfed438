"""The multilevel model by weighted draws, against multivariate normals, other people's integrals, and the sampler."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from scd.analysis.diagnostics import diagnose
from scd.models import Priors, fit, series_of
from scd.models.pooled import _log_posterior, _log_prior
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


def test_the_density_is_that_of_a_multivariate_normal():
    """Levels, changes and their averages integrated out by hand: one covariance over all values of all cases."""
    series = series_of(simulated())
    priors = Priors.on_scale(center=10, unit=4).replace(sigma_floor=0.05)
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.normal(0.2, 0.4, 6), rng.normal(0, 0.4, 6), rng.normal(0, 0.7, (6, 2)),
                              rng.normal(-1.5, 0.5, 6), rng.normal(0, 1, (6, 3))])  # fmt: skip
    told = _log_posterior(points, series, priors) - _log_prior(points, priors)
    expected = []
    for u, v, log_a, log_d, log_s, *z in points:
        phi = 0.99 * math.tanh(u)
        sigma = (0.05 + math.exp(v)) / math.sqrt(1 - phi**2) * np.exp(math.exp(log_s) * np.array(z))
        of, under = series.case_index, series.intervention
        same = of[:, None] == of
        lag = np.abs(series.session[:, None] - series.session)
        errors = np.where(
            same, sigma[of][:, None] * sigma[of] * np.where(lag == 0, 1.0, phi ** np.maximum(lag, 1)), 0.0
        )
        levels = priors.alpha_sd**2 + math.exp(2 * log_a) * same
        changes = (priors.delta_sd**2 + math.exp(2 * log_d) * same) * np.outer(under, under)
        expected.append(
            stats.multivariate_normal(np.full(len(of), 10.0), errors + levels + changes).logpdf(series.value)
        )
    # Up to constants: those of the normals, and of the average's prior.
    assert told - told[0] == pytest.approx(np.array(expected) - expected[0], abs=1e-7)


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
@pytest.mark.parametrize("name", ["ml_rs_ar1_Laski", "ml_rs_ar1_Lambert_gap"])
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
        delta_between_sd=unit,
        sigma_between_sd=1e-3,
    )
    tree = fit(study, model="multilevel", priors=priors)
    assert tree.attrs["engine"] == "importance"
    found = tree["posterior"].to_dataset()
    pairs = {"b0": "alpha_mean", "b1": "delta_mean", "tau0": "alpha_sd", "tau1": "delta_sd", "phi": "phi"}
    for theirs, ours in pairs.items():
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
