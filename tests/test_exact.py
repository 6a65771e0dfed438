"""The exact engine against published quadrature, finer grids, brute force, other people's integrals, and NUTS."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from scd.analysis.effects import effect_table
from scd.models import Priors, fit, series_of
from scd.models.change_point import change_points
from scd.models.exact import quadrature_of
from scd.models.quadrature import LinearModel, integrate
from scd.study import Case, Measure, Phase, Session, Study, Value

# Lambert, Cartledge, Heward & Lo (2006), student A1, as printed; WWC (2022), Handbook 5.0, reversal example;
# Parker, Vannest & Davis (2011); self-blame of three clients, after Natesan Batley's tutorial (2020).
LAMBERT_A1 = (7, 9, 8, 6, 7, 4, 5, 10), (2, 0, 0, 1, 0, 0), (3, 8, 8, 6, 10, 10, 10, 8), (3, 4, 1, 3, 2, 4, 0, 1, 0)
WWC_5 = (15, 10, 14, 17, 13, 12), (2, 1, 1, 0, 0), (9, 9, 11, 15, 20), (1, 0, 4, 0, 1)
PARKER_2011 = (20, 20, 26, 25, 22, 23), (28, 25, 24, 27, 30, 30, 29)
P7 = (4.77, 4.78, 2.96, 4.79, 3.99, 4.00), (3.18, 2.78, 2.99, 2.79, 2.79, 2.20)
P8 = (5.2, 5.41, 5.41, 6.02, 6.63, 6.44), (5.83, 5.23, 4.24, 3.84, 3.05, 2.25)
P9 = (4.02, 3.82, 4.03, 4.24, 4.04, 4.25), (4.46, 4.67, 4.47, 4.26, 4.47, 4.07)
# Laski, Charlop & Schreibman (1988), https://doi.org/10.1901/jaba.1988.21-391, case 1.
LASKI_1 = (27.6, 23.96, 23.83, 47.26), (52.7, 60.99, 66.6, 52.5, 85.88, 47.05, 66.28, 54.05, 51.23)

GOLDEN = Path(__file__).parents[2] / "shared" / "reference" / "golden" / "bayes_exact_quadrature.json"


def a_study(phases, *, sessions=None, low=None, high=None):
    """One client's study from the values of each phase; `sessions` numbers the values where some were missed."""
    values = [float(v) for phase in phases for v in phase]
    numbers = list(range(1, len(values) + 1)) if sessions is None else list(sessions)
    firsts = np.cumsum([0, *map(len, phases)])[:-1]
    measure = Measure(key="score", label="Score", improvement="decrease", minimum=low, maximum=high)
    labels = [f"{'AB'[i % 2]}{i // 2 + 1}" for i in range(len(phases))]
    starts = [1, *(numbers[i] for i in firsts[1:])]
    case = Case(
        code="K7M2QX", phases=tuple(Phase(label=a, planned_start=b) for a, b in zip(labels, starts, strict=True))
    )
    rows = [Session(number=n, values=(Value(measure="score", value=v),)) for n, v in zip(numbers, values, strict=True)]
    return Study(code="K7M2QX", design="reversal", measures=(measure,), cases=(case.record(*rows),))


def posterior(phases, *, center, unit, model="level", **options):
    priors = Priors.on_scale(center=center, unit=unit)
    return quadrature_of(series_of(a_study(phases)), priors, model=model, **options)


def loading(grid, name):
    return np.array([float(n == name) for n in grid.coefficients])


# Level change, its quantiles and SDs, d, sigma, phi, alpha and P(change < 0), by quadrature on a 151 x 160 grid.
M1 = [
    (P7, 4, 1, (-1.3500, 0.4540), (-2.2156, -1.3698, -0.3616), (-2.1131, 0.8693), 0.6971, (0.1024, 0.2624), 4.1747,
     0.99182),
    (P8, 4, 1, (-0.9581, 0.6894), (-2.3321, -0.9525, 0.3949), (-0.9463, 0.7334), 1.1360, (0.7251, 0.1645), 4.9240,
     0.92234),
    (P9, 4, 1, (0.2821, 0.1853), (-0.1129, 0.2904, 0.6343), (1.2338, 0.8154), 0.2634, (0.3599, 0.2607), 4.0690,
     0.06452),
    (PARKER_2011, 25, 3, (4.7990, 1.8870), (0.9458, 4.8246, 8.4943), (1.8103, 0.8069), 2.8368, (0.4163, 0.2061),
     22.7204, 0.00980),
    (LAMBERT_A1, 5, 2, (-5.6756, 0.8948), (-7.3804, -5.6996, -3.8335), (-2.8454, 0.6430), 2.0493, (0.3258, 0.1590),
     7.2033, 1.0),
    (WWC_5, 10, 3, (-11.8507, 1.4419), (-14.6482, -11.8731, -8.9216), (-4.1518, 0.9251), 2.9611, (0.2928, 0.1827),
     13.0176, 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("phases", "center", "unit", "delta", "quantiles", "d", "sigma", "phi", "alpha", "below"), M1)
def test_level_meets_the_golden_table_to_the_printed_digit(
    phases, center, unit, delta, quantiles, d, sigma, phi, alpha, below
):
    grid = posterior(phases, center=center, unit=unit)
    change = grid.mixture([0, 1])
    digit = 1.5e-4  # the table's own grid leaves half a unit more than its rounding
    assert (change.mean()[0], change.sd()[0]) == pytest.approx(delta, abs=digit)
    assert tuple(change.quantile((0.025, 0.5, 0.975))[0]) == pytest.approx(quantiles, abs=digit)
    standardized = grid.mixture([0, 1], standardized=True)
    # P9's grid is coarse against a posterior of sigma this narrow.
    coarse = 6e-4 if phases is P9 else digit
    assert (standardized.mean()[0], standardized.sd()[0]) == pytest.approx(d, abs=coarse)
    assert grid.marginal("sigma").mean()[0] == pytest.approx(sigma, abs=coarse)
    assert (grid.marginal("phi").mean()[0], grid.marginal("phi").sd()[0]) == pytest.approx(phi, abs=coarse)
    assert grid.mixture([1, 0]).mean()[0] == pytest.approx(alpha, abs=digit)
    assert 1 - change.above(0)[0] == pytest.approx(below, abs=5e-5)


@pytest.mark.parametrize(
    ("phases", "center", "unit", "model", "delta", "quantiles"),
    [
        (LAMBERT_A1, 5, 2, "level-trend", (-6.0213, 1.0368), (-7.945, -6.067, -3.844)),
        (LAMBERT_A1, 5, 2, "phase-level", (-5.5540, 1.1640), (-7.723, -5.607, -3.072)),
        (WWC_5, 10, 3, "level-trend", (-11.767, 1.648), (-14.940, -11.800, -8.404)),
        (WWC_5, 10, 3, "phase-level", (-11.571, 1.867), (-15.039, -11.658, -7.566)),
    ],
)
def test_trend_and_phase_level_meet_the_golden_table(phases, center, unit, model, delta, quantiles):
    grid = posterior(phases, center=center, unit=unit, model=model)
    change = grid.mixture(loading(grid, "delta"))
    assert (change.mean()[0], change.sd()[0]) == pytest.approx(delta, abs=1.5e-3)
    assert tuple(change.quantile((0.025, 0.5, 0.975))[0]) == pytest.approx(quantiles, abs=1.5e-3)


def test_trend_and_spread_between_phases_meet_the_golden_table():
    grid = posterior(LAMBERT_A1, center=5, unit=2, model="level-trend")
    trend = grid.mixture(loading(grid, "trend"))
    assert (trend.mean()[0], trend.sd()[0]) == pytest.approx((0.0427, 0.0670), abs=6e-5)
    for phases, center, unit, omega, below in ((LAMBERT_A1, 5, 2, 0.6127, 0.99956), (WWC_5, 10, 3, 0.9197, 0.99995)):
        grid = posterior(phases, center=center, unit=unit, model="phase-level")
        assert grid.marginal("outer").mean()[0] == pytest.approx(omega, abs=1e-3)
        assert 1 - grid.mixture(loading(grid, "delta")).above(0)[0] == pytest.approx(below, abs=1e-5)


@pytest.mark.parametrize(
    ("model", "mean", "sd", "quantiles"),
    [
        ("level", -5.6336, 0.8965, (-7.3498, -5.6548, -3.7950)),
        ("level-trend", -5.9638, 1.0493, (-7.9261, -6.0039, -3.7756)),
        ("phase-level", -5.5161, 1.1625, (-7.6903, -5.5656, -3.0444)),
    ],
)
def test_a_missed_session_is_a_gap_in_time(model, mean, sd, quantiles):
    """Lambert A1 with session 11 missing; the rows of the effect table carry the integral, not draws."""
    values = [v for phase in LAMBERT_A1 for v in phase]
    phases = (LAMBERT_A1[0], (2, 0, 1, 0, 0), *LAMBERT_A1[2:])
    study = a_study(phases, sessions=[n for n in range(1, len(values) + 1) if n != 11], low=0, high=10)
    tree = fit(study, model=model)
    row = effect_table(tree, study=study).iloc[0]
    assert tree.attrs["engine"] == "exact"
    assert (row["mean"], row["sd"]) == pytest.approx((mean, sd), abs=5e-4)
    assert (row["lower"], row["median"], row["upper"]) == pytest.approx(quantiles, abs=1e-3)


CHANGE_POINTS = [
    (P7, 4, 1, None, 0, {3: 0.0294, 4: 0.1042, 5: 0.1142, 6: 0.4455, 7: 0.1870, 8: 0.0623, 9: 0.0574}, -1.1852),
    (P8, 4, 1, None, 0, {3: 0.0377, 4: 0.0371, 5: 0.0454, 6: 0.0969, 7: 0.1390, 8: 0.5068, 9: 0.1371}, None),
    (P8, 4, 1, 0.0, 0, {6: 0.0099, 7: 0.0773, 8: 0.6481, 9: 0.2615}, None),
    (LAMBERT_A1, 5, 2, None, 0, {8: 0.9557, 9: 0.0280}, -6.262),
    (LAMBERT_A1, 5, 2, None, 1, {14: 0.0436, 15: 0.9112, 18: 0.0249}, None),
    (LAMBERT_A1, 5, 2, None, 2, {22: 0.5936, 24: 0.1190, 28: 0.0655, 21: 0.0580, 23: 0.0537}, None),
    (LASKI_1, 50, 15, None, 0, {3: 0.5044, 4: 0.2417, 5: 0.0998}, 25.50),
]


@pytest.mark.parametrize(("phases", "center", "unit", "phi", "pair", "probability", "change"), CHANGE_POINTS)
def test_change_points_meet_the_golden_table(phases, center, unit, phi, pair, probability, change):
    """The unknown change point of Natesan & Hedges (2017), summed out, against quadrature."""
    found = change_points(series_of(a_study(phases)), Priors.on_scale(center=center, unit=unit), phi=phi)[pair]
    told = dict(zip(found.sessions, found.probability, strict=True))
    for session, expected in probability.items():
        assert told[session] == pytest.approx(expected, abs=6e-5)
    assert sum(found.probability) == pytest.approx(1)
    if change is not None:
        assert found.change == pytest.approx(change, abs=6e-3)


@pytest.mark.parametrize("model", ["level", "level-trend", "piecewise", "phase-level", "gradual"])
@pytest.mark.parametrize(
    "phases",
    [
        LAMBERT_A1,
        ((5, 5, 5, 5), (5, 5, 5, 5)),  # constant: sigma at its floor
        ((0, 1, 2, 3, 4), (5, 6, 7, 8, 9)),  # a walk: phi at its upper end
        ((0, 9, 0, 9, 0, 9), (0, 9, 0, 9, 0, 9)),  # a saw: phi at its lower end
        ((0, 0), (0, 10)),
    ],
    ids=["Lambert", "constant", "walk", "saw", "two a phase"],
)
def test_a_far_finer_grid_changes_nothing(model, phases):
    """Ten times the points on each axis (two and a half with an outer quantity) move nothing by 2e-4 SD."""
    refine = 2.5 if model in ("phase-level", "gradual") else 10
    priors = Priors.on_scale(center=5, unit=2).replace(sigma_floor=1 / math.sqrt(12))
    series = series_of(a_study(phases))
    usual, fine = (quadrature_of(series, priors, model=model, refine=r) for r in (1, refine))
    for standardized in (False, True):
        a, b = (g.mixture(loading(g, "delta"), standardized=standardized) for g in (usual, fine))
        scale = b.sd()[0]
        assert a.mean()[0] == pytest.approx(b.mean()[0], abs=2e-4 * scale)
        assert a.sd()[0] == pytest.approx(scale, rel=2e-4)
        levels = (0.025, 0.5, 0.975)
        assert a.quantile(levels)[0] == pytest.approx(b.quantile(levels)[0], abs=2e-4 * scale)
    for name in ("phi", "sigma"):
        scale = fine.marginal(name).sd()[0]
        assert usual.marginal(name).mean()[0] == pytest.approx(fine.marginal(name).mean()[0], abs=5e-4 * scale)
    assert usual.log_evidence[0] == pytest.approx(fine.log_evidence[0], abs=3e-4)


@st.composite
def designs(draw):
    """Values of two to four phases on 0–10, with missed sessions and any autocorrelation."""
    lengths = draw(st.lists(st.integers(2, 7), min_size=2, max_size=4))
    count = sum(lengths)
    gaps = draw(st.lists(st.sampled_from([1, 1, 1, 2, 3]), min_size=count, max_size=count))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    phi, sigma, delta = draw(st.sampled_from([-0.4, 0.0, 0.3, 0.8])), rng.uniform(0.3, 3), rng.normal(0, 4)
    u = np.zeros(count)
    for t in range(count):
        rho = phi ** gaps[t] if t else 0.0
        u[t] = rho * u[t - 1] * (t > 0) + sigma * math.sqrt(1 - rho**2) * rng.standard_normal()
    phase = np.repeat(np.arange(len(lengths)), lengths)
    y = np.round(5 + delta * (phase % 2) + u, 2)
    return tuple(tuple(y[phase == p]) for p in range(len(lengths))), tuple(int(n) for n in np.cumsum(gaps))


def by_brute_force(series, priors):
    """Mean and SD of the level change, and the evidence, from multivariate normals on a dense grid: no whitening."""
    n, y = len(series.value), series.value
    design = np.stack([np.ones(n), series.intervention], axis=1)
    phi, sigma = np.linspace(-0.9899, 0.9899, 121), np.geomspace(0.01, 12, 121)
    lag = np.abs(series.session[:, None] - series.session)
    prior = np.diag([priors.alpha_sd**2, priors.delta_sd**2])
    residual = y - priors.center
    top = np.empty((len(phi), len(sigma), 3))
    for i, p in enumerate(phi):
        log_prior = stats.truncnorm(*((np.array([-0.99, 0.99]) - 0.3) / 0.3), 0.3, 0.3).logpdf(p)
        correlation = np.where(lag == 0, 1.0, p ** np.maximum(lag, 1))
        for j, s in enumerate(sigma):
            covariance = s**2 * correlation + design @ prior @ design.T
            factor = np.linalg.cholesky(covariance)
            white = np.linalg.solve(factor, residual)
            log_likelihood = -0.5 * white @ white - np.log(np.diag(factor)).sum() - 0.5 * n * math.log(2 * math.pi)
            cross = np.linalg.solve(factor, design @ prior[:, 1])
            top[i, j] = (
                log_likelihood + log_prior + stats.halfnorm.logpdf(s, scale=priors.sigma_sd) + math.log(s),
                cross @ white,
                prior[1, 1] - cross @ cross,
            )
    step = (phi[1] - phi[0]) * (math.log(sigma[1]) - math.log(sigma[0]))
    weight = np.exp(top[..., 0] - top[..., 0].max())
    evidence = math.log(weight.sum() * step) + top[..., 0].max()
    weight /= weight.sum()
    mean = (weight * top[..., 1]).sum()
    return mean, math.sqrt((weight * (top[..., 2] + (top[..., 1] - mean) ** 2)).sum()), evidence


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(designs())
def test_random_designs_meet_brute_force(design):
    phases, sessions = design
    priors = Priors.on_scale(center=5, unit=2)
    series = series_of(a_study(phases, sessions=sessions))
    grid = quadrature_of(series, priors, model="level")
    mean, sd, evidence = by_brute_force(series, priors)
    change = grid.mixture([0, 1])
    # The plain sum over a coarse grid is the less exact of the two.
    assert change.mean()[0] == pytest.approx(mean, abs=0.02 * sd)
    assert change.sd()[0] == pytest.approx(sd, rel=0.02)
    assert grid.log_evidence[0] == pytest.approx(evidence, abs=0.03)


@settings(
    max_examples=int(os.environ.get("SCD_DESIGNS", "6")),
    deadline=None,
    derandomize="SCD_DESIGNS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(designs(), st.sampled_from(["level", "level-trend", "phase-level", "piecewise"]))
def test_both_engines_agree_on_random_designs(design, model):
    """Every parameter within 4.5 Monte Carlo standard errors, where the chain passes; SCD_DESIGNS=300 tries so many."""
    import arviz as az

    phases, sessions = design
    study = a_study(phases, sessions=sessions)
    priors = Priors.on_scale(center=5, unit=2)
    exact, sampled = (fit(study, model=model, priors=priors, engine=e) for e in ("exact", "nuts"))
    # Two points a phase that lie on a line leave hardly any spread: a chain that diverges there is withheld on a page.
    assume(not int(sampled["sample_stats"]["diverging"].sum()))
    draws = sampled["posterior"].to_dataset()
    errors = az.mcse(draws, method="mean")
    grid = quadrature_of(series_of(study), priors.replace(sigma_floor=_floor(sampled)), model=model)
    for name in ("alpha", "delta", "trend", "slope_change"):
        if name in draws:
            truth = grid.mixture(loading(grid, name)).mean()[0]
            assert abs(float(draws[name].mean()) - truth) < 4.5 * float(errors[name])
    for name in ("sigma", "phi"):
        assert abs(float(draws[name].mean()) - grid.marginal(name).mean()[0]) < 4.5 * float(errors[name])
    assert set(exact["posterior"].data_vars) == set(draws.data_vars)


def _floor(tree):
    return json.loads(tree.attrs["prior_values"])["sigma_floor"]


def test_many_series_at_once_are_the_same_as_one_by_one():
    rng = np.random.default_rng(3)
    series = series_of(a_study(LAMBERT_A1))
    priors = Priors.on_scale(center=5, unit=2)
    values = 5 + rng.normal(0, 2, (40, len(series.value)))
    from scd.models.exact import linear_model

    for model in ("level", "phase-level"):
        linear = linear_model(series, priors, model=model)
        together = integrate(values, linear, priors).mixture(np.eye(len(linear.coefficients))[1])
        for i in range(0, 40, 13):
            alone = integrate(values[i], linear, priors).mixture(np.eye(len(linear.coefficients))[1])
            assert together.mean()[i] == pytest.approx(alone.mean()[0], abs=1e-6)
            assert together.sd()[i] == pytest.approx(alone.sd()[0], abs=1e-6)
            assert together.above(0)[i] == pytest.approx(alone.above(0)[0], abs=1e-6)


def test_draws_are_independent_and_follow_the_posterior():
    grid = posterior(P8, center=4, unit=1)
    drawn = grid.draw(np.random.default_rng(5), size=100_000)
    delta = drawn["coefficients"][:, 1]
    assert abs(np.corrcoef(delta[1:], delta[:-1])[0, 1]) < 4 / math.sqrt(len(delta))
    for values, mixture in (
        (delta, grid.mixture([0, 1])),
        (delta / drawn["sigma"], grid.mixture([0, 1], standardized=True)),
        (drawn["phi"], grid.marginal("phi")),
        (drawn["sigma"], grid.marginal("sigma")),
    ):
        assert values.mean() == pytest.approx(mixture.mean()[0], abs=5 * values.std() / math.sqrt(len(values)))
        assert values.std() == pytest.approx(mixture.sd()[0], rel=0.02)


def test_overlap_is_the_probability_that_a_treated_value_is_better():
    study = a_study(PARKER_2011, low=0, high=40)
    tree = fit(study, draws=20_000)
    table = effect_table(tree, study=study).set_index("effect")
    d = (-tree["posterior"]["delta"] / tree["posterior"]["sigma"]).to_numpy().ravel()
    nap = stats.norm.cdf(d / math.sqrt(2))
    row = table.loc["nap"]
    assert row["mean"] == pytest.approx(nap.mean(), abs=2e-3)
    assert row["sd"] == pytest.approx(nap.std(), rel=0.02)
    assert (row["lower"], row["upper"]) == pytest.approx(tuple(np.quantile(nap, [0.025, 0.975])), abs=6e-3)


def test_gradual_onset_is_told_from_an_immediate_one():
    """Swan & Pustejovsky (2018): half of what is left is reached at each session; the share carried over is 0.5."""
    rng = np.random.default_rng(12)
    reached = 1 - 0.5 ** np.arange(1, 13)
    faded = reached[-1] * 0.5 ** np.arange(1, 13)
    noise = rng.normal(0, 0.4, 48)
    parts = [np.zeros(12), -6 * reached, -6 * faded, -6 * (1 - (1 - faded[-1]) * 0.5 ** np.arange(1, 13))]
    values = 8 + np.concatenate(parts) + noise
    phases = tuple(tuple(values[i : i + 12]) for i in range(0, 48, 12))
    grid = posterior(phases, center=5, unit=2, model="gradual")
    carried = grid.marginal("outer")
    assert carried.mean()[0] == pytest.approx(0.5, abs=4 * carried.sd()[0])
    assert carried.sd()[0] < 0.1
    delta = grid.mixture([0, 1])
    assert delta.mean()[0] == pytest.approx(-6, abs=4 * delta.sd()[0])
    sudden = posterior(LAMBERT_A1, center=5, unit=2, model="gradual").marginal("outer")
    assert sudden.mean()[0] < 0.35


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the reference results are not beside the project")
class TestOtherPeoplesIntegrals:
    """Per-case models integrated elsewhere, with their priors given explicitly: SD of the innovations, uniform phi."""

    records = json.loads(GOLDEN.read_text()) if GOLDEN.is_file() else {}

    @pytest.mark.parametrize("record", records.get("posterior") or records.get("records") or [], ids=lambda r: r["id"])
    def test_integral(self, record):
        data = json.loads((GOLDEN.parent / f"bayes_{record['id']}.json").read_text())["data"]
        y, n = np.array(data["y"], dtype=float), len(data["y"])
        kind = record["id"].split("_ar1_")[0]
        names, columns, sds = self.design(kind, data)
        unit = float(data["s_sigma"])
        priors = Priors.on_scale(center=float(data["m_b0"]), unit=unit)
        priors = priors.replace(sigma_of="innovation", sigma_sd=unit, phi_sd=math.inf)
        model = LinearModel(
            coefficients=names,
            columns=columns[None],
            prior_mean=np.array([float(data["m_b0"]) if name in ("b0",) or name[0] == "m" else 0.0 for name in names]),
            prior_sd=np.array([sds]),
            outer=np.zeros(1),
            outer_weight=np.ones(1),
            gap=np.array([1, *data["g"][1:]]),
            linked=np.r_[0.0, np.ones(n - 1)],
        )
        grid = integrate(y, model, priors)
        told = {p["parameter"]: p for p in record["posterior"]}
        for i, name in enumerate(names):
            mixture = grid.mixture(np.eye(len(names))[i])
            assert mixture.mean()[0] == pytest.approx(told[name]["mean"], abs=1e-3 * told[name]["sd"])
            assert mixture.sd()[0] == pytest.approx(told[name]["sd"], rel=1e-3)
            quantiles = tuple(told[name][q] for q in ("q2.5", "q50", "q97.5"))
            assert tuple(mixture.quantile((0.025, 0.5, 0.975))[0]) == pytest.approx(
                quantiles, abs=2e-3 * told[name]["sd"]
            )
        phi = grid.marginal("phi")
        assert phi.mean()[0] == pytest.approx(told["phi"]["mean"], abs=1e-3 * told["phi"]["sd"])
        innovation = (grid.weight * grid.sigma * np.sqrt(1 - grid.phi[:, None] ** 2)).sum()
        assert innovation == pytest.approx(told["sigma"]["mean"], abs=1e-3 * told["sigma"]["sd"])
        if "log_marginal_likelihood" in record:
            assert grid.log_evidence[0] == pytest.approx(record["log_marginal_likelihood"], abs=2e-3)

    @staticmethod
    def design(kind, data):
        ones = np.ones(len(data["y"]))
        if kind == "level":
            return ("b0", "b1"), np.stack([ones, data["trt"]], 1), [data["s_b0"], data["s_b1"]]
        if kind == "piecewise":
            columns = np.stack([ones, data["trt"], data["tc"], np.multiply(data["trt"], data["tb"])], 1)
            return ("b0", "b1", "b_trend", "b_slope"), columns, [data["s_b0"], data["s_b1"], 10.0, 10.0]
        phase = np.array(data["phase"] if "phase" in data else data["ph"])
        member = (phase[:, None] == np.unique(phase)).astype(float)
        return tuple(f"m[{i + 1}]" for i in range(member.shape[1])), member, [data["s_b0"]] * member.shape[1]


def test_the_normal_distribution_function_needs_no_library():
    """Eight digits, also far out, in a process that has not loaded SciPy."""
    import subprocess
    import sys

    code = (
        "import sys, math, numpy as np; from scd.models.mixture import normal_cdf; z = np.linspace(-12, 12, 4801);"
        "told = normal_cdf(z); assert 'scipy' not in sys.modules;"
        "print(max(abs(t - 0.5 * math.erfc(-x / 2**0.5)) for t, x in zip(told, z)), (np.diff(told) < 0).sum())"
    )
    off, falls = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert float(off) < 5e-9
    assert falls == "0"
