"""The Gaussian models against published quadrature, an independent likelihood, and what must not matter."""

import json
from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from scd.analysis.effects import effect_table
from scd.models import Priors, build_model, fit, priors_for, series_of
from scd.models.predictive import ar1_paths, prior_draws
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

# Lambert, Cartledge, Heward & Lo (2006), student A1, disruptive behaviour in intervals of 10, as printed (31 sessions).
LAMBERT_A1 = (7, 9, 8, 6, 7, 4, 5, 10), (2, 0, 0, 1, 0, 0), (3, 8, 8, 6, 10, 10, 10, 8), (3, 4, 1, 3, 2, 4, 0, 1, 0)
# What Works Clearinghouse (2022), Standards Handbook 5.0, reversal example.
WWC_5 = (15, 10, 14, 17, 13, 12), (2, 1, 1, 0, 0), (9, 9, 11, 15, 20), (1, 0, 4, 0, 1)
# Parker, Vannest & Davis (2011), https://doi.org/10.1177/0145445511399147
PARKER_2011 = (20, 20, 26, 25, 22, 23), (28, 25, 24, 27, 30, 30, 29)
# Self-blame of three clients, after Natesan Batley's tutorial (2020).
P7 = (4.77, 4.78, 2.96, 4.79, 3.99, 4.00), (3.18, 2.78, 2.99, 2.79, 2.79, 2.20)
P8 = (5.2, 5.41, 5.41, 6.02, 6.63, 6.44), (5.83, 5.23, 4.24, 3.84, 3.05, 2.25)
P9 = (4.02, 3.82, 4.03, 4.24, 4.04, 4.25), (4.46, 4.67, 4.47, 4.26, 4.47, 4.07)


def a_study(phases, *, low=None, high=None, improvement="decrease", leave_out=(), code="K7M2QX", absent=True):
    """One client's study from the values of each phase."""
    measure = Measure(key="score", label="Score", improvement=improvement, minimum=low, maximum=high)
    labels = [f"{'AB'[i % 2]}{i // 2 + 1}" for i in range(len(phases))]
    starts = np.cumsum([1, *map(len, phases)])[:-1]
    case = Case(
        code=code,
        phases=tuple(Phase(label=a, planned_start=int(b)) for a, b in zip(labels, starts, strict=True)),
    )
    values = [v for phase in phases for v in phase]
    sessions = [
        Session(number=n, values=() if n in leave_out else (Value(measure="score", value=v),))
        for n, v in enumerate(values, 1)
        if not (absent and n in leave_out)
    ]
    return Study(code=code, design="reversal", measures=(measure,), cases=(case.record(*sessions),))


def mcse(draws):
    import arviz as az
    import xarray as xr

    held = xr.Dataset({"x": (("chain", "draw"), draws)})
    return float(az.mcse(held, method="mean")["x"])


def assert_meets(tree, name, mean, sd, *, digits=4):
    """Within 4 Monte Carlo standard errors of the printed mean, and the SD within 4 %."""
    draws = tree["posterior"][name].transpose("chain", "draw").to_numpy()
    assert abs(draws.mean() - mean) < 4 * mcse(draws) + 0.5 * 10**-digits
    assert draws.std() == pytest.approx(sd, rel=0.04)


# Posterior by two-dimensional quadrature on a 151 x 160 grid: mean and SD of the level change, sigma, phi, P(change<0).
LEVEL = [
    ("P7", P7, 4, 1, -1.3500, 0.4540, 0.6971, 0.1024, 0.99182),
    ("P8", P8, 4, 1, -0.9581, 0.6894, 1.1360, 0.7251, 0.92234),
    ("P9", P9, 4, 1, 0.2821, 0.1853, 0.2634, 0.3599, 0.06452),
    ("Parker 2011", PARKER_2011, 25, 3, 4.7990, 1.8870, 2.8368, 0.4163, 0.00980),
    ("Lambert A1", LAMBERT_A1, 5, 2, -5.6756, 0.8948, 2.0493, 0.3258, 1.0),
    ("WWC 5.0", WWC_5, 10, 3, -11.8507, 1.4419, 2.9611, 0.2928, 1.0),
]


@pytest.mark.parametrize(("name", "phases", "center", "unit", "mean", "sd", "sigma", "phi", "p_below"), LEVEL)
def test_level_model_meets_the_quadrature(name, phases, center, unit, mean, sd, sigma, phi, p_below):
    tree = fit(a_study(phases), model="level", engine="nuts", priors=Priors.on_scale(center=center, unit=unit))
    assert_meets(tree, "delta", mean, sd)
    for parameter, expected in (("sigma", sigma), ("phi", phi)):
        draws = tree["posterior"][parameter].to_numpy()
        assert abs(draws.mean() - expected) < 4 * mcse(draws) + 1e-4
    assert float((tree["posterior"]["delta"] < 0).mean()) == pytest.approx(p_below, abs=0.012)


@pytest.mark.parametrize(
    ("phases", "center", "unit", "model", "mean", "sd"),
    [
        (LAMBERT_A1, 5, 2, "level-trend", -6.0213, 1.0368),
        (LAMBERT_A1, 5, 2, "phase-level", -5.5540, 1.1640),
        (WWC_5, 10, 3, "level-trend", -11.767, 1.648),
        (WWC_5, 10, 3, "phase-level", -11.571, 1.867),
    ],
)
def test_trend_and_phase_level_models_meet_the_quadrature(phases, center, unit, model, mean, sd):
    tree = fit(a_study(phases), model=model, engine="nuts", priors=Priors.on_scale(center=center, unit=unit))
    assert_meets(tree, "delta", mean, sd, digits=3)


@pytest.mark.parametrize(
    ("model", "mean", "sd"),
    [("level", -5.6336, 0.8965), ("level-trend", -5.9638, 1.0493), ("phase-level", -5.5161, 1.1625)],
)
def test_a_missed_session_counts_as_a_gap(model, mean, sd):
    """Lambert A1 with session 11 missing: the deviation before it is two sessions away, not one."""
    tree = fit(a_study(LAMBERT_A1, low=0, high=10, leave_out=(11,)), model=model, engine="nuts")
    assert_meets(tree, "delta", mean, sd)


def test_a_missed_session_and_an_absent_one_are_the_same():
    absent = fit(a_study(LAMBERT_A1, low=0, high=10, leave_out=(11,)), model="level")
    missed = fit(a_study(LAMBERT_A1, low=0, high=10, leave_out=(11,), absent=False), model="level")
    np.testing.assert_array_equal(absent["posterior"]["delta"], missed["posterior"]["delta"])


@pytest.mark.parametrize("model", ["level", "phase-level"])
def test_shift_and_stretch_of_the_scale_change_nothing_but_the_units(model):
    """Another instrument for the same client: the same answer."""
    plain = change(a_study(LAMBERT_A1, low=0, high=10), model=model)
    phases = [[64 + 4 * v for v in phase] for phase in LAMBERT_A1]
    turned = change(a_study(phases, low=64, high=104), model=model)
    for name in ("mean", "sd", "lower", "upper"):
        assert turned[name] == pytest.approx(4 * plain[name], rel=1e-4)  # the floor of rounding is not stretched
    assert turned["p_improvement"] == pytest.approx(plain["p_improvement"], abs=1e-6)


def test_a_mirrored_series_gives_the_mirrored_effect():
    plain = change(a_study(P8, low=0, high=8), model="level")
    mirrored = change(a_study([[8 - v for v in p] for p in P8], low=0, high=8, improvement="increase"), model="level")
    assert mirrored["mean"] == pytest.approx(-plain["mean"], rel=1e-6)
    assert mirrored["lower"] == pytest.approx(-plain["upper"], rel=1e-6)
    assert mirrored["p_improvement"] == pytest.approx(plain["p_improvement"], rel=1e-6)


def change(study, *, model):
    """The row of the overall level change."""
    table = effect_table(fit(study, model=model), study=study)
    return table[(table["effect"] == "level_change") & (table["contrast"] == "overall")].iloc[0]


def test_one_compilation_serves_every_client_and_design():
    """Other sessions, other phases, other clients: the compiled structure is used again."""
    from scd.models.sampling import compilations

    fit(a_study(LAMBERT_A1, low=0, high=10), model="phase-level", engine="nuts", draws=50)
    fit(several(3, sessions=8), model="multilevel", draws=50)
    before = compilations()
    fit(a_study((*LAMBERT_A1, (7, 7, 8), (1, 0)), low=0, high=10), model="phase-level", engine="nuts", draws=50)
    fit(a_study(LAMBERT_A1[:3], low=0, high=10), model="phase-level", engine="nuts", draws=50)
    fit(several(9, sessions=12), model="multilevel", draws=50)
    assert compilations() == before


def several(cases, *, sessions=20, seed=3, effect=3.0, effect_sd=0.5, mixed=False):
    """A simulated multiple baseline with autocorrelated errors; with `mixed`, every other measure is turned."""
    rng = np.random.default_rng(seed)
    measures, built = [], []
    for i in range(cases):
        turned = mixed and i % 2 == 1
        key = f"m{i}" if mixed else "score"
        if mixed or not measures:
            measures.append(
                Measure(
                    key=key,
                    label=key,
                    improvement="decrease" if turned else "increase",
                    minimum=0,
                    maximum=100 if turned else 20,
                )
            )
        start = sessions // 3 + 1 + i % max(1, sessions // 3)
        u = ar1_paths(
            np.zeros((1, sessions)),
            sigma=np.array([1.5]),
            phi=np.array([0.3]),
            gap=np.ones(sessions, dtype=int),
            linked=np.r_[0.0, np.ones(sessions - 1)],
            rng=rng,
        )[0]
        change = effect + effect_sd * rng.standard_normal()
        y = 8 + rng.standard_normal() + u + change * (np.arange(1, sessions + 1) >= start)
        y = np.clip(100 - 5 * y if turned else y, 0, 100 if turned else 20)
        case = Case(
            code=f"C{i}",
            phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=start)),
            measures=(key,) if mixed else (),
        )
        rows = [Session(number=t + 1, values=(Value(measure=key, value=float(v)),)) for t, v in enumerate(y)]
        built.append(case.record(*rows))
    return Study(
        code="MBMBMB",
        design="multiple-baseline",
        across="clients",
        measures=tuple(measures),
        cases=tuple(built),
    )


def test_multilevel_recovers_the_average_and_pools():
    study = several(8, sessions=24, effect=3.0, effect_sd=0.5)
    posterior = fit(study, model="multilevel")["posterior"]
    assert posterior["delta"].dims[-1] == "case"
    assert list(posterior["case"].values) == [c.code for c in study.cases]
    mean, sd = float(posterior["delta_mean"].mean()), float(posterior["delta_mean"].std())
    assert abs(mean - 3.0) < 3 * sd
    pooled = posterior["delta"].mean(("chain", "draw")).to_numpy()
    unpooled = np.array([float(fit(study, case=c.code)["posterior"]["delta"].mean()) for c in study.cases])
    assert pooled.std() < unpooled.std()  # partial pooling draws cases together


def test_multilevel_on_unlike_measures_turns_and_scales_them():
    """Half the clients on 0–20 with more is better, half on 0–100 with less: each in its own units and direction."""
    study = several(6, sessions=24, effect=4.0, effect_sd=0.1, mixed=True)
    posterior = fit(study, model="multilevel")["posterior"].to_dataset()
    assert posterior.attrs["common_units"] == 0
    means = posterior["delta"].mean(("chain", "draw")).to_numpy()
    assert (means[::2] > 1).all()
    assert (means[1::2] < -5).all()
    assert float(posterior["delta_mean"].mean()) > 0.5


@pytest.mark.parametrize("model", ["level", "level-trend", "phase-level", "piecewise"])
def test_likelihood_is_the_stationary_ar1_across_gaps(model):
    """The model's density equals a multivariate normal with correlation phi ** |difference of sessions|."""
    study = a_study(LAMBERT_A1, low=0, high=10, leave_out=(3, 4, 11, 20))
    series = series_of(study)
    built = build_model(study, model=model)
    rng = np.random.default_rng(8)
    logp = built.compile_logp(vars=built.observed_RVs, jacobian=False)
    for _ in range(5):
        delta, trend, slope = rng.normal(-4, 1), rng.normal(0, 0.1), rng.normal(0, 0.1)
        omega, z = abs(rng.normal(0, 1)), rng.standard_normal(8)
        sigma, phi, alpha = rng.uniform(0.9, 3), rng.uniform(-0.8, 0.9), rng.normal(7, 1)
        floor = 1 / np.sqrt(12) / np.sqrt(1 - phi**2)
        point = {"alpha": alpha, "delta": delta, "excess_z_log__": np.log((sigma - floor) / 2)}
        point["phi_interval__"] = np.log((phi + 0.99) / (0.99 - phi))
        mu = alpha + delta * series.intervention
        if model == "level-trend":
            point["trend"] = trend
            mu = mu + trend * (series.session - series.session.mean())
        if model == "phase-level":
            point |= {"omega_log__": np.log(omega), "gamma_z": z}
            mu = mu + omega * z[series.phase_index]
        if model == "piecewise":
            point |= {"trend": trend, "slope_change": slope}
            starts = np.array([1, 9, 15, 23])[series.phase_index]
            mu = mu + trend * (series.session - 1) + slope * series.intervention * (series.session - starts)
        lag = np.abs(series.session[:, None] - series.session[None, :])
        covariance = sigma**2 * phi**lag
        expected = stats.multivariate_normal(mu, covariance).logpdf(series.value)
        assert float(logp(point)) == pytest.approx(expected, rel=1e-9)


def test_prior_draws_follow_the_models_priors():
    """The quick draws of the `prior` group agree with the PyMC model they stand for."""
    import pymc as pm

    study = several(3, sessions=9)
    built = build_model(study, model="multilevel")
    names = ["alpha_mean", "alpha_sd", "delta_mean", "delta_sd", "sigma", "sigma_spread", "phi", "alpha", "sigma_case"]
    by_pymc = dict(zip(names, pm.draw([built[n] for n in names], draws=3000, random_seed=2), strict=True))
    quick = prior_draws(
        priors_for(study.measures[0]), model="multilevel", phases=2, cases=3, size=3000, rng=np.random.default_rng(4)
    )
    for name in names:
        assert stats.ks_2samp(by_pymc[name].reshape(3000, -1)[:, 0], quick[name].reshape(3000, -1)[:, 0]).pvalue > 1e-3


def test_paths_have_the_stated_spread_and_autocorrelation():
    gap = np.array([1, 1, 2, 1, 3])
    paths = ar1_paths(
        np.zeros((200_000, 5)),
        sigma=np.full(200_000, 2.0),
        phi=np.full(200_000, 0.6),
        gap=gap,
        linked=np.array([0, 1, 1, 1, 1.0]),
        rng=np.random.default_rng(1),
    )
    np.testing.assert_allclose(paths.std(0), 2, rtol=0.01)
    for t, (before, now) in enumerate(pairwise(paths.T), 1):
        assert np.corrcoef(before, now)[0, 1] == pytest.approx(0.6 ** gap[t], abs=0.01)


def test_the_tree_says_where_it_came_from():
    study = a_study(LAMBERT_A1, low=0, high=10)
    tree = fit(study, model="phase-level", engine="nuts", seed=5, draws=100)
    assert set(tree.children) == {
        "posterior",
        "prior",
        "posterior_predictive",
        "observed_data",
        "constant_data",
        "sample_stats",
    }
    assert tree.attrs["fingerprint"] == study.fingerprint()
    assert (tree.attrs["model"], tree.attrs["engine"], tree.attrs["seed"]) == ("phase-level", "nuts", 5)
    assert json.loads(tree.attrs["priors"])["delta"] == "Normal(0, 5)"
    assert list(tree["posterior"]["phase"].values) == ["A1", "B1", "A2", "B2"]
    assert not [n for n in tree["posterior"].data_vars if str(n).endswith("_z")]
    again = fit(study, model="phase-level", engine="nuts", seed=5, draws=100)
    np.testing.assert_array_equal(tree["posterior"]["delta"], again["posterior"]["delta"])


def test_every_number_enters_the_model_as_data():
    """Constants would end up in compile caches; `pm.Data` does not."""
    study = a_study(LAMBERT_A1, low=0, high=10)
    for model in ("level", "level-trend", "phase-level", "piecewise"):
        built = build_model(study, model=model)
        names = {v.name for v in built.data_vars}
        assert {"value", "intervention", "gap", "linked", "alpha_prior"} <= names
        (observed,) = built.observed_RVs
        assert built.rvs_to_values[observed] in built.data_vars


@pytest.mark.parametrize("engine", ["exact", "nuts"])
@pytest.mark.parametrize(
    "phases",
    [
        ((0, 0, 0), (0, 0, 1)),  # at the floor
        ((5, 5, 5, 5), (5, 5, 5, 5)),  # constant
        ((5, 5), (3, 3)),  # two sessions a phase that never vary
        ((5,), (3,)),  # one session a phase
        ((1, 9), (2, 2)),
        ((3, 4), (4,)),
        ((0, 1, 2, 3, 4, 5), (5, 6, 7, 8, 9, 10)),  # a walk: autocorrelation near 1
    ],
)
def test_poor_data_give_a_wide_posterior_not_an_error(phases, engine):
    posterior = fit(a_study(phases, low=0, high=10), model="level", engine=engine)["posterior"]
    assert np.isfinite(posterior["delta"]).all()
    # Values in steps of 1 that do not vary may still have varied by 1 / sqrt(12).
    least = np.sqrt(1 / 12 * (1 / len(phases[0]) + 1 / len(phases[1])))
    assert float(posterior["delta"].std()) > 0.9 * least


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fit(a_study(((1, 2, 3),), low=0, high=10)), "there is none under intervention (B) yet"),
        (lambda: fit(a_study(LAMBERT_A1)), "its range is open, so the priors have no scale"),
        (lambda: fit(a_study(LAMBERT_A1, low=0, high=10), model="magic"), "model 'magic': is unknown; choose one of"),
        (lambda: fit(a_study(LAMBERT_A1, low=0, high=10), model="multilevel"), "needs at least 2 cases"),
        (lambda: fit(several(3), model="level"), "takes one case and the study has several"),
        (lambda: fit(a_study(LAMBERT_A1, low=0, high=10), case="NOBODY"), "has no case 'NOBODY'"),
        (lambda: fit(a_study(LAMBERT_A1, low=0, high=10), measure="sleep"), "has no measure 'sleep'"),
        (lambda: fit(a_study(LAMBERT_A1, low=0, high=10), engine="magic"), "engine 'magic': is unknown; choose one of"),
        (lambda: fit(several(3), model="multilevel", engine="exact"), "engine 'exact': integrates single-case models"),
        (lambda: Priors.on_scale(center=0, unit=0), "the unit must be above 0"),
    ],
)
def test_what_cannot_be_fitted_is_refused_in_words(make, words):
    with pytest.raises(StudyError) as refused:
        make()
    assert words in str(refused.value)
