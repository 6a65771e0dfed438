"""Counts, ratings, proportions, percentages and durations: against published quadrature, brute force and simulation."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from scd.analysis.effects import effect_table
from scd.analysis.projection import phase_levels, project_baseline
from scd.models import Priors, build_model, fit, series_of
from scd.models.families import FAMILIES, outcome_of
from scd.models.family_priors import family_priors
from scd.models.overlap import overlap
from scd.models.predictive import ar1_paths
from scd.models.response import AUTOCORRELATED, Response, mean_value, new_values, value_sd
from scd.records.opening import open_series
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

# Lambert, Cartledge, Heward & Lo (2006), disruptive behaviour in 10 intervals: student A1 as printed, and student A2.
LAMBERT_A1 = (7, 9, 8, 6, 7, 4, 5, 10), (2, 0, 0, 1, 0, 0), (3, 8, 8, 6, 10, 10, 10, 8), (3, 4, 1, 3, 2, 4, 0, 1, 0)
LAMBERT_A2 = (8, 7, 7, 8, 6, 7, 9), (3, 1, 0, 4, 0, 0), (8, 9, 10, 7, 9, 10, 8, 10), (1, 1, 0, 5, 3, 6, 0, 0, 2)
# Crozier & Tincani (2005), talking out during an activity, https://doi.org/10.1177/10883576050200030201
CROZIER = (9, 12, 10, 8, 12, 16), (0, 6, 1, 5, 1, 1), (2, 4, 12, 12, 7, 11), (1, 0, 0, 0, 0, 0)


def a_study(phases, *, improvement="decrease", trials=None, minutes=None, **measure):
    """One client's study from the values of each phase; trials and minutes are one for all sessions, or a list."""
    held = Measure(key="y", label="Calls", improvement=improvement, **measure)
    labels = [f"{'AB'[i % 2]}{i // 2 + 1}" for i in range(len(phases))]
    starts = np.cumsum([1, *map(len, phases)])[:-1]
    case = Case(
        code="K7M2QX",
        phases=tuple(Phase(label=a, planned_start=int(b)) for a, b in zip(labels, starts, strict=True)),
    )
    values = [v for phase in phases for v in phase]

    def each(given):
        return given if isinstance(given, (list, tuple)) else [given] * len(values)

    sessions = [
        Session(number=n, values=(Value(measure="y", value=float(v), trials=t, minutes=m),))
        for n, (v, t, m) in enumerate(zip(values, each(trials), each(minutes), strict=True), 1)
    ]
    return Study(code="K7M2QX", design="reversal", measures=(held,), cases=(case.record(*sessions),))


COUNTS = {"scale": "count", "minimum": 0}
RATINGS = {"scale": "rating", "minimum": 0, "maximum": 10}
SUCCESSES = {"scale": "proportion", "minimum": 0, "maximum": 10, "trials": 10}


def mcse(draws):
    import arviz as az
    import xarray as xr

    return float(az.mcse(xr.Dataset({"x": (("chain", "draw"), draws)}), method="mean")["x"])


def draws_of(tree, name):
    return tree["posterior"][name].transpose("chain", "draw", ...).to_numpy()


def assert_meets(tree, name, mean, sd, *, slack=5e-4):
    """Within 4 Monte Carlo standard errors of the mean, and the SD within 4 %."""
    draws = draws_of(tree, name)
    assert abs(draws.mean() - mean) < 4 * mcse(draws) + slack
    assert draws.std() == pytest.approx(sd, rel=0.04)


def link_priors(*, center, alpha_sd, delta_sd, dispersion_sd=1.0):
    return Priors.on_scale(center=center, unit=0.6).replace(
        alpha_sd=alpha_sd, delta_sd=delta_sd, dispersion_sd=dispersion_sd
    )


# --- Golden posteriors by quadrature -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phases", "family", "mean", "sd"),
    [
        (LAMBERT_A1, "poisson", -1.6467, 0.2328),
        (LAMBERT_A1[:2], "poisson", -2.4155, 0.5061),
        (LAMBERT_A1, "count", -1.6433, 0.2411),
    ],
)
def test_counts_of_lambert_meet_the_quadrature(phases, family, mean, sd):
    """alpha ~ Normal(log 5, 1.5), delta ~ Normal(0, 1.5), 1 / sqrt(size) ~ HalfNormal(1); grids of 0.02 and finer."""
    tree = fit(a_study(phases, **COUNTS), family=family, engine="nuts")
    assert_meets(tree, "delta", mean, sd)
    if family == "count":
        assert_meets(tree, "dispersion", 0.1422, 0.1085)
    assert ("dispersion" in tree["posterior"]) == (family == "count")


def test_poisson_of_crozier_meets_the_quadrature():
    """b0 ~ Normal(0, 3), b ~ Normal(0, 2); Gauss-Legendre quadrature."""
    priors = link_priors(center=0, alpha_sd=3, delta_sd=2)
    tree = fit(a_study(CROZIER, **COUNTS), family="poisson", priors=priors, engine="nuts")
    assert_meets(tree, "alpha", 2.249060, 0.093616)
    assert_meets(tree, "delta", -2.024775, 0.271907)


def weighted_by_gamma(tree, names, *, dispersion_sd):
    """Posterior means and SDs under size ~ Gamma(2, rate 0.1) instead of the half-normal dispersion, by reweighting."""
    dispersion = draws_of(tree, "dispersion").ravel()
    size = dispersion**-2.0
    log_weight = stats.gamma.logpdf(size, 2, scale=10) + np.log(2) - 3 * np.log(dispersion)
    log_weight -= stats.halfnorm.logpdf(dispersion, scale=dispersion_sd)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    draws = {"size": size} | {name: draws_of(tree, name).ravel() for name in names}
    found = {}
    for name, values in draws.items():
        mean = (weight * values).sum()
        error = np.sqrt((weight**2 * (values - mean) ** 2).sum()) * 1.5  # the chain's draws are nearly independent
        found[name] = mean, np.sqrt((weight * (values - mean) ** 2).sum()), error
    return found


def test_negative_binomial_of_crozier_meets_the_quadrature():
    """b0 ~ Normal(0, 3), b ~ Normal(0, 2), size ~ Gamma(2, 0.1); Gauss-Legendre quadrature."""
    priors = link_priors(center=0, alpha_sd=3, delta_sd=2)
    tree = fit(a_study(CROZIER, **COUNTS), priors=priors, engine="nuts")
    found = weighted_by_gamma(tree, ["alpha", "delta"], dispersion_sd=1.0)
    for name, mean, sd in (
        ("alpha", 2.246479, 0.137475),
        ("delta", -2.012036, 0.306330),
        ("size", 13.901599, 10.798521),
    ):
        assert abs(found[name][0] - mean) < 4 * found[name][2]
        assert found[name][1] == pytest.approx(sd, rel=0.08)


def test_beta_binomial_and_binomial_of_lambert_a2_meet_the_quadrature():
    """b0, b ~ Normal(0, 2) on the logit, concentration ~ Gamma(2, 0.1) or without end; Gauss-Legendre quadrature."""
    study = a_study(LAMBERT_A2, **SUCCESSES)
    priors = link_priors(center=0, alpha_sd=2, delta_sd=2, dispersion_sd=0.5)
    tree = fit(study, priors=priors, engine="nuts")
    found = weighted_by_gamma(tree, ["alpha", "delta"], dispersion_sd=0.5)
    for name, mean, sd in (("alpha", 1.3916, 0.2682), ("delta", -3.0196, 0.4007), ("size", 12.9449, 7.9798)):
        assert abs(found[name][0] - mean) < 4 * found[name][2]
        assert found[name][1] == pytest.approx(sd, rel=0.08)
    binomial = fit(study, priors=priors.replace(dispersion_sd=1e-4), engine="nuts")
    assert_meets(binomial, "alpha", 1.479793, 0.208448)
    assert_meets(binomial, "delta", -3.021798, 0.296905)


def test_ratings_without_autocorrelation_meet_a_quadrature():
    """Three dimensions on a grid: the probability of each rating is that of its cell."""
    study = a_study(LAMBERT_A1, **RATINGS)
    priors = Priors.on_scale(center=5, unit=2).replace(phi_mean=0.0, phi_sd=1e-4)
    tree = fit(study, priors=priors, engine="nuts", draws=800)
    y = series_of(study).value
    under = series_of(study).intervention == 1
    alpha, delta = np.linspace(3, 13, 61), np.linspace(-13, -1, 73)
    sigma = np.linspace(0.25, 7, 82)

    def log_likelihood(values, mean, spread):
        total = 0
        for v in values:
            high = 1.0 if v == 10 else stats.norm.cdf((v + 0.5 - mean) / spread)
            low = 0.0 if v == 0 else stats.norm.cdf((v - 0.5 - mean) / spread)
            total = total + np.log(np.maximum(high - low, 1e-300))
        return total

    first = log_likelihood(y[~under], alpha[:, None], sigma[None, :])[:, None, :]
    second = log_likelihood(y[under], (alpha[:, None] + delta)[:, :, None], sigma)
    prior = stats.norm.logpdf(alpha, 5, 5)[:, None, None] + stats.norm.logpdf(delta, 0, 5)[None, :, None]
    log_density = first + second + prior + stats.halfnorm.logpdf(sigma, scale=2)
    density = np.exp(log_density - log_density.max())
    density /= density.sum()
    for name, grid, axes in (("alpha", alpha, (1, 2)), ("delta", delta, (0, 2)), ("sigma", sigma, (0, 1))):
        marginal = density.sum(axes)
        mean = (marginal * grid).sum()
        assert_meets(tree, name, mean, np.sqrt((marginal * (grid - mean) ** 2).sum()), slack=5e-3)


def test_the_density_of_autocorrelated_ratings_is_that_of_their_cells():
    """Averaged over its latent values, the model's density equals a rectangle of a multivariate normal."""
    study = a_study(((0, 3, 5, 4), (10, 6)), **RATINGS)
    model = build_model(study)
    alpha, delta, sigma, phi = 3.0, 4.0, 2.2, 0.6
    phi_point = np.log((phi + 0.99) / (0.99 - phi))
    # The SD stands on the excess over its floor: sigma = 0.25 / sqrt(1 - phi ** 2) + 2 excess.
    excess = (sigma - 0.25 / np.sqrt(1 - phi**2)) / 2
    point = {"alpha": alpha, "delta": delta, "phi_interval__": phi_point, "excess_z_log__": np.log(excess)}
    latent = model["place_z"]
    density = model.compile_logp(vars=[*model.potentials], jacobian=False)
    rng = np.random.default_rng(3)
    found = []
    for _ in range(4000):
        point["place_z"] = rng.standard_normal(6)
        found.append(density(point))
    assert latent.eval().shape == (6,)
    correction = 0.5 * (excess**2 - (sigma / 2) ** 2)  # what the prior of the SD adds to the potentials
    average = np.exp(np.array(found) - correction)
    y, under = series_of(study).value, series_of(study).intervention
    mean = alpha + delta * under
    cov = sigma**2 * phi ** np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    low, high = np.where(y == 0, -60, y - 0.5), np.where(y == 10, 70, y + 0.5)
    exact = stats.multivariate_normal(mean, cov).cdf(high, lower_limit=low, rng=np.random.default_rng(1))
    error = average.std() / np.sqrt(len(average))
    assert abs(average.mean() - exact) < 4 * error + 1e-3 * exact


def test_ratings_at_the_floor_meet_rejection_sampling():
    """All values at the floor: of a million prior draws, those whose latent paths stay below it are the posterior."""
    rng = np.random.default_rng(0)
    size = 1_000_000
    alpha, delta = rng.normal(5, 5, size), rng.normal(0, 5, size)
    sigma, phi = np.abs(rng.normal(0, 2, size)), rng.normal(0.3, 0.3, size)
    kept = np.abs(phi) < 0.99
    phi = np.clip(phi, -0.98, 0.98)
    kept &= sigma * np.sqrt(1 - phi**2) > 0.25
    deviation = rng.standard_normal(size)
    for session in range(8):
        kept &= alpha + (session >= 4) * delta + sigma * deviation < 0.5
        deviation = phi * deviation + np.sqrt(1 - phi**2) * rng.standard_normal(size)
    tree = fit(a_study(((0, 0, 0, 0), (0, 0, 0, 0)), **RATINGS), seed=3)
    effective = tree.attrs.get("effective_draws", 1000)
    for name, values in (("alpha", alpha), ("delta", delta), ("sigma", sigma), ("phi", phi)):
        draws, values = draws_of(tree, name), values[kept]
        error = np.hypot(draws.std() / np.sqrt(effective), values.std() / np.sqrt(kept.sum()))
        assert abs(draws.mean() - values.mean()) < 4 * error
        assert draws.std() == pytest.approx(values.std(), rel=0.08)


# --- Recovery from simulation ------------------------------------------------------------------------------------


def simulated(family, rng, *, sessions=40, level=2.0, change=-1.2):
    under = np.arange(sessions) % 20 >= 10
    predictor = level + change * under
    if family == "count":
        return rng.negative_binomial(10, 10 / (10 + np.exp(predictor))), COUNTS
    if family == "poisson-lognormal":
        gap, linked = np.ones(sessions, dtype=int), np.r_[0.0, np.ones(sessions - 1)]
        u = ar1_paths(
            np.zeros((1, sessions)), sigma=np.full(1, 0.5), phi=np.full(1, 0.3), gap=gap, linked=linked, rng=rng
        )
        return rng.poisson(np.exp(predictor + u[0])), COUNTS
    if family == "proportion":
        p = 1 / (1 + np.exp(-(predictor - 1)))
        return rng.binomial(10, rng.beta(15 * p, 15 * (1 - p))), SUCCESSES
    latent = 3 + 2 * predictor + 1.5 * rng.standard_normal(sessions)
    return np.clip(np.round(latent), 0, 10), RATINGS


@pytest.mark.parametrize(
    ("family", "level", "change"),
    [("count", 2, -1.2), ("proportion", 1, -1.2), ("rating", 7, -2.4), ("poisson-lognormal", 2, -1.2)],
)
def test_what_was_simulated_is_recovered(family, level, change):
    values, measure = simulated(family, np.random.default_rng(8))
    phases = np.split(values, [10, 20, 30])
    tree = fit(a_study(phases, **measure), family=family, engine="nuts", draws=500)
    assert tree.attrs["family"] == family
    for name, truth in (("alpha", level), ("delta", change)):
        draws = draws_of(tree, name)
        assert abs(draws.mean() - truth) < 3 * draws.std()
        assert draws.std() < 0.4 * abs(change)
    assert int(tree["sample_stats"]["diverging"].sum()) == 0


@pytest.mark.parametrize(("family", "scale"), [("log", "duration"), ("logit", "percentage")])
def test_durations_and_percentages_are_integrated_on_their_own_scale(family, scale):
    rng = np.random.default_rng(2)
    x = np.r_[rng.normal(2, 0.4, 12), rng.normal(1, 0.4, 12)]
    values = np.exp(x) if family == "log" else np.clip((101 / (1 + np.exp(-x)) - 0.5), 0, 100)
    study = a_study(np.split(np.round(values, 4), 2), scale=scale, minimum=0, maximum=None if family == "log" else 100)
    tree = fit(study)
    assert (tree.attrs["family"], tree.attrs["engine"]) == (family, "exact")
    assert abs(draws_of(tree, "delta").mean() + 1) < 3 * draws_of(tree, "delta").std()
    assert outcome_of(series_of(study)).series.value == pytest.approx(x, abs=0.01)


def test_minutes_in_another_unit_of_value_change_nothing():
    """The same sessions as counts with minutes and as rates: one change, and a level that is told per minute."""
    minutes = [20, 25, 20, 40, 20, 30, 20, 25]
    counts = (8, 12, 9, 15), (3, 4, 2, 3)
    rates = np.split(np.concatenate(counts) / minutes, 2)
    usual = float(np.mean(minutes))
    as_counts = fit(a_study(counts, minutes=minutes, **COUNTS), draws=1000)
    rated = {"scale": "rate", "minimum": 0}
    priors = family_priors(a_study(rates, **rated).measures[0], family="count", center=5 / usual)
    as_rates = fit(a_study(rates, minutes=minutes, **rated), priors=priors, draws=1000)
    assert as_rates.attrs["family"] == "count"
    for name, shift in (("delta", 0.0), ("alpha", np.log(usual))):
        first, second = draws_of(as_counts, name), draws_of(as_rates, name)
        assert abs(first.mean() - second.mean() - shift) < 4 * np.hypot(mcse(first), mcse(second))
    told = a_study(counts, minutes=minutes, **COUNTS), a_study(rates, minutes=minutes, **rated)
    tables = [effect_table(t, study=s).set_index("effect") for t, s in zip((as_counts, as_rates), told, strict=True)]
    per_session, per_minute = (float(t.loc["level_change", "median"]) for t in tables)
    assert per_session / usual == pytest.approx(per_minute, rel=0.05)


@pytest.mark.parametrize("family", ["count", "rating"])
def test_several_cases_are_pooled_in_every_family(family):
    rng = np.random.default_rng(4)
    built = []
    for i in range(4):
        start = 7 + 2 * i
        under = np.arange(1, 19) >= start
        change = -1.0 + 0.2 * rng.standard_normal()
        if family == "count":
            y = rng.poisson(np.exp(2 + 0.3 * rng.standard_normal() + change * under))
        else:
            y = np.clip(np.round(7 + rng.standard_normal() + 3 * change * under + rng.standard_normal(18)), 0, 10)
        case = Case(code=f"C{i}", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=start)))
        built.append(
            case.record(*(Session(number=t + 1, values=(Value(measure="y", value=float(v)),)) for t, v in enumerate(y)))
        )
    measure = Measure(key="y", label="Calls", improvement="decrease", **(COUNTS if family == "count" else RATINGS))
    study = Study(code="MBMBMB", design="multiple-baseline", across="clients", measures=(measure,), cases=tuple(built))
    tree = fit(study, model="multilevel", draws=300)
    mean = draws_of(tree, "delta_mean")
    assert abs(mean.mean() - (-1 if family == "count" else -3)) < 3 * mean.std()
    table = effect_table(tree, study=study)
    assert set(table["case"].dropna()) == {c.code for c in study.cases}
    assert (table.loc[table["effect"] == "level_change", "median"] < 0).all()
    assert table["case"].isna().sum() == (5 if family == "count" else 3)
    assert np.isfinite(project_baseline(tree, study=study)[["median", "lower", "upper"]]).all(axis=None)


# --- Poor data ---------------------------------------------------------------------------------------------------

POOR = [
    ((0, 0, 0, 0), (0, 0, 0, 0)),  # all at the floor
    ((5, 5, 5), (5, 5, 5)),  # constant
    ((9, 8, 10), (0, 0, 0, 0, 0)),  # at the floor under intervention
    ((6, 7), (4, 2)),
    ((3,), (1,)),
]


@pytest.mark.parametrize("measure", [COUNTS, RATINGS, SUCCESSES], ids=["counts", "ratings", "successes"])
@pytest.mark.parametrize(("phases", "engine"), [*((p, "auto") for p in POOR), (POOR[0], "nuts")])
def test_poor_data_give_a_wide_posterior_that_passes_the_gate(phases, engine, measure):
    from scd.analysis.diagnostics import diagnose

    study = a_study(phases, **measure)
    tree = fit(study, engine=engine, draws=1000)
    assert diagnose(tree).ok, diagnose(tree).reason
    table = effect_table(tree, study=study)
    assert np.isfinite(table[["mean", "sd", "median", "lower", "upper"]].to_numpy(dtype=float)).all()
    assert float(draws_of(tree, "delta").std()) > 0.1
    held = np.concatenate(
        [phase_levels(tree)[["lower", "upper"]], project_baseline(tree, study=study)[["lower", "upper"]]]
    )
    assert np.isfinite(held).all()


# --- Effects -----------------------------------------------------------------------------------------------------


def test_effects_of_counts_are_ratios_of_their_draws():
    study = a_study(CROZIER, meaningful_change=4.0, **COUNTS)
    tree = fit(study, model="phase-level", draws=1000)
    table = effect_table(tree, study=study)
    overall = table[table["contrast"] == "overall"].set_index("effect")
    alpha, delta, dispersion = (draws_of(tree, n).ravel() for n in ("alpha", "delta", "dispersion"))
    np.testing.assert_allclose(overall.loc["rate_ratio", "median"], np.median(np.exp(delta)), rtol=1e-9)
    np.testing.assert_allclose(overall.loc["percent_change", "median"], 100 * (np.median(np.exp(delta)) - 1), rtol=1e-9)
    change = np.exp(alpha + delta) - np.exp(alpha)
    np.testing.assert_allclose(overall.loc["level_change", "mean"], change.mean(), rtol=1e-9)
    np.testing.assert_allclose(overall.loc["level_change", "p_meaningful"], (change <= -4).mean(), rtol=1e-9)
    variance = [np.exp(a) + dispersion**2 * np.exp(2 * a) for a in (alpha, alpha + delta)]
    np.testing.assert_allclose(
        overall.loc["standardized_change", "mean"], (-change / np.sqrt(np.mean(variance, axis=0))).mean(), rtol=1e-9
    )
    assert set(overall.loc[["level_change", "nap", "rate_ratio", "percent_change"], "p_improvement"]) == {
        (delta < 0).mean()
    }
    assert set(table["contrast"]) == {"overall", "A1-B1", "B1-A2", "A2-B2"}
    labels = list(tree["posterior"]["phase"].to_numpy())
    gamma = tree["posterior"]["gamma"].transpose("chain", "draw", "phase").to_numpy().reshape(-1, 4)
    back = np.exp(delta + gamma[:, labels.index("B1")] - gamma[:, labels.index("A2")])
    row = table[(table["contrast"] == "B1-A2") & (table["effect"] == "rate_ratio")].iloc[0]
    np.testing.assert_allclose(row["mean"], back.mean(), rtol=1e-9)


def test_effects_of_ratings_come_from_their_probabilities():
    study = a_study(LAMBERT_A1, **RATINGS)
    tree = fit(study, draws=500)
    row = effect_table(tree, study=study).set_index("effect").loc["level_change"]
    alpha, delta, sigma = (draws_of(tree, n).ravel()[:, None] for n in ("alpha", "delta", "sigma"))
    ratings = np.arange(11)

    def mean(level):
        edges = np.column_stack([0 * level, stats.norm.cdf((ratings[:-1] + 0.5 - level) / sigma), 0 * level + 1])
        return (np.diff(edges, axis=1) * ratings).sum(axis=1)

    np.testing.assert_allclose(row["mean"], (mean(alpha + delta) - mean(alpha)).mean(), rtol=1e-6)
    latent = draws_of(tree, "delta").mean()
    assert row["mean"] > latent  # at the floor the mean rating can't fall as far as the latent one


@pytest.mark.parametrize("model", ["level-trend", "piecewise", "gradual"])
def test_models_with_time_have_their_effects_on_both_scales(model):
    study = a_study(CROZIER, scale="duration", minimum=0)
    table = effect_table(fit(study, model=model), study=study).set_index("effect")
    assert {"level_change", "standardized_change", "nap", "rate_ratio", "percent_change"} <= set(table.index)
    if model == "piecewise":
        assert {"level_change_first", "level_change_last", "slope_change_ratio", "trend_ratio"} <= set(table.index)
    assert table["lower"].le(table["upper"]).all()


RESPONSES = [
    (Response(family="count", exposure=1.5, scale=2.0), 0.5, -0.4),
    (Response(family="poisson"), 0.0, 0.6),
    (Response(family="poisson-lognormal", exposure=2.0), 0.4, 1.5),
    (Response(family="proportion", trials=12, scale=1 / 12), 0.4, -0.5),
    (Response(family="rating", low=1, high=7), 1.8, 6.0),
    (Response(family="log", shift=0.5), 0.6, 1.0),
    (Response(family="logit", low=0, high=100), 1.4, -1.0),
    (Response(family="gaussian"), 2.0, 3.0),
]


@pytest.mark.parametrize(("response", "spread", "level"), RESPONSES, ids=lambda r: getattr(r, "family", None))
def test_mean_spread_and_overlap_are_those_of_new_values(response, spread, level):
    rng = np.random.default_rng(6)
    size = 400_000
    around = np.full(size, spread)

    def drawn(predictor):
        deviation = spread * rng.standard_normal(size) if response.family in AUTOCORRELATED else np.zeros(size)
        return new_values(response, predictor + deviation, spread=around, rng=rng)

    first, second = drawn(level), drawn(level + 0.5)
    one, spread_one = np.array([level]), np.array([spread])
    error = first.std() / np.sqrt(size)
    assert abs(mean_value(response, one, spread=spread_one)[0] - first.mean()) < 5 * error
    assert value_sd(response, one, spread=spread_one)[0] == pytest.approx(first.std(), rel=0.015)
    better = (second > first).mean() + 0.5 * (second == first).mean()
    found = overlap(response, one, one + 0.5, spread=spread_one, sign=1)[0]
    assert found == pytest.approx(better, abs=0.004)


# --- Transformations ---------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    family=st.sampled_from(FAMILIES),
    before=st.floats(-3, 3),
    change=st.floats(-3, 3),
    spread=st.floats(0.05, 2),
)
def test_overlap_is_even_at_no_change_and_turns_with_the_direction(family, before, change, spread):
    response = Response(family=family, trials=15, low=0, high=6)
    first, second, around = np.array([before]), np.array([before + change]), np.array([spread])
    up = overlap(response, first, second, spread=around, sign=1)[0]
    assert 0 <= up <= 1
    assert up + overlap(response, first, second, spread=around, sign=-1)[0] == pytest.approx(1, abs=1e-9)
    assert up + overlap(response, second, first, spread=around, sign=1)[0] == pytest.approx(1, abs=1e-3)
    assert overlap(response, first, first, spread=around, sign=1)[0] == pytest.approx(0.5, abs=1e-3)
    assert (up - 0.5) * change >= -1e-6


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 12), st.integers(12, 30)), min_size=4, max_size=12))
def test_what_is_taken_apart_comes_together_again(pairs):
    """Shares, successes, rates, durations and percentages: back from the family's scale to the value as recorded."""
    hits, trials = (list(column) for column in zip(*pairs, strict=True))
    shares = [round(h / t, 4) for h, t in pairs]
    halves = (shares[:2], shares[2:])
    found = outcome_of(series_of(a_study(halves, scale="proportion", minimum=0, maximum=1, trials=trials)))
    np.testing.assert_array_equal(found.series.value, hits)
    np.testing.assert_allclose(found.series.value * found.scale, np.array(hits) / trials)
    rates = outcome_of(series_of(a_study(halves, scale="rate", minimum=0, minutes=[float(t) for t in trials])))
    np.testing.assert_array_equal(rates.series.value, hits)
    no_spread = np.zeros(len(hits)) + 1e-9
    for measure in ({"scale": "duration", "minimum": 0}, {"scale": "percentage", "minimum": 0, "maximum": 100}):
        found = outcome_of(series_of(a_study((hits[:2], hits[2:]), **measure)))
        back = new_values(found.responses[0], found.series.value, spread=no_spread, rng=np.random.default_rng(0))
        np.testing.assert_allclose(back, hits, atol=1e-9)


def test_the_scale_of_the_measure_chooses_the_family():
    values = (3, 4, 5), (1, 0, 2)
    tenths = (0.3, 0.4, 0.5), (0.1, 0.0, 0.2)
    for study, family in (
        (a_study(values, scale="score", minimum=0, maximum=10), "gaussian"),
        (a_study(values, **RATINGS), "rating"),
        (a_study(values, **COUNTS), "count"),
        (a_study(values, **SUCCESSES), "proportion"),
        (a_study(tenths, scale="proportion", minimum=0, maximum=1, trials=10), "proportion"),
        (a_study(tenths, scale="proportion", minimum=0, maximum=1), "logit"),
        (a_study([[10 * v for v in p] for p in values], scale="percentage", trials=10), "proportion"),
        (a_study(values, scale="percentage"), "logit"),
        (a_study(tenths, scale="rate", minutes=10), "count"),
        (a_study(tenths, scale="rate", minutes=7), "gaussian"),
        (a_study(tenths, scale="rate"), "gaussian"),
        (a_study(values, scale="duration"), "log"),
    ):
        assert outcome_of(series_of(study)).family == family
    for study, words in (
        (a_study(values, scale="percentage"), "without a denominator"),
        (a_study(values, scale="proportion", minimum=0, trials=[9, 9, 9, 12, 9, 9]), "for a session of 9 trials"),
        (a_study(values, minutes=[30, 30, 30, 10, 30, 30], **COUNTS), "for a session of average length, 26.7 minutes"),
        (a_study(tenths, scale="rate"), "a rate without a whole count behind it"),
    ):
        assert words in " ".join(outcome_of(series_of(study)).notes)
    # Whole percents of 40 trials lie up to a fifth of a trial off.
    rounded = a_study(((33, 48), (5, 8)), scale="percentage", trials=40)
    np.testing.assert_array_equal(outcome_of(series_of(rounded)).series.value, [13, 19, 2, 3])


# --- What can't be taken -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("study", "family", "words"),
    [
        (a_study(((3, -1), (2, 2)), scale="count"), None, "session 2: 'Calls' can't be below 0 as a count (got -1)"),
        (
            a_study(((3, 2.5), (2, 2)), **COUNTS),
            None,
            "session 2: 'Calls' must be a whole number to be a count (got 2.5)",
        ),
        (
            a_study(((3, 2.5), (2, 2)), **RATINGS),
            None,
            "must be a whole number to be a rating (got 2.5); correct the value",
        ),
        (a_study(((3, 2), (2, 2)), scale="rating", minimum=0), None, "needs a range of whole numbers to be a rating"),
        (
            a_study(((3, 2), (2, 2)), scale="proportion", trials=[10, None, 10, 10]),
            None,
            "session 2: 'Calls' lacks its trials",
        ),
        (a_study(((3, 2), (2, 2)), **COUNTS), "proportion", "session 1: 'Calls' lacks its trials to be a proportion"),
        (
            a_study(((0.3, 0.25), (0.1, 0.2)), scale="proportion", minimum=0, maximum=1, trials=10),
            None,
            "session 2: 'Calls' times its trials must be a whole number, of which there are 10 (got 0.25)",
        ),
        (a_study(((1, 0), (0, 0)), scale="proportion", minimum=0, trials=10), None, "could be successes or shares"),
        (a_study(((9, 2), (2, 2)), scale="score", trials=5), "proportion", "can't be above its trials"),
        (a_study(((3, 2), (2, 2)), minutes=[10, None, 10, 10], **COUNTS), None, "lacks its minutes"),
        (
            a_study(((0.33, 0.2), (0.2, 0.2)), scale="rate", minutes=7),
            "count",
            "times its minutes (7) must be whole",
        ),
        (a_study(((3, -2), (2, 2)), scale="duration"), None, "can't be below 0 on a logarithmic scale"),
        (a_study(((3, 120), (2, 2)), scale="percentage"), None, "must be from 0 to 100 to be a share"),
        (a_study(((3, 2), (2, 2)), **COUNTS), "magic", "family 'magic': is unknown; choose one of gaussian"),
        (a_study(((3, 2), (2, 1))), None, "its range is open, so the priors have no scale"),
    ],
)
def test_values_that_a_family_cannot_take_are_refused_in_words(study, family, words):
    with pytest.raises(StudyError) as refused:
        fit(study, family=family)
    assert words in str(refused.value)


def test_trials_and_minutes_that_cannot_be_are_refused_by_the_record():
    for wrong in ({"trials": 0}, {"trials": 2.5}, {"minutes": 0}, {"minutes": -5}):
        with pytest.raises(StudyError, match=next(iter(wrong))):
            Value(measure="y", value=1, **wrong)
    with pytest.raises(StudyError, match="can't be above its trials"):
        a_study(((3, 6), (2, 2)), scale="count", trials=5)


def test_minutes_of_0_in_a_table_are_refused_with_the_rule_and_the_row():
    table = b"session,phase,calls,minutes\n1,A,4,10\n2,A,3,0\n3,A,5,10\n4,B,2,10\n5,B,1,10\n6,B,1,10\n"
    opened = open_series(table, name="calls.csv", improvement="decrease", scale="count")
    words = (
        r"session 2: 'calls' lacks its minutes .* of every session, each above 0 \(a 0 in a table is taken as not known"
    )
    with pytest.raises(StudyError, match=words) as refused:
        fit(opened.study)
    assert refused.value.field == "minutes"


def test_only_normal_single_cases_are_integrated():
    with pytest.raises(StudyError, match="not model 'level' of family 'count'"):
        fit(a_study(CROZIER, **COUNTS), engine="exact")


@pytest.mark.parametrize(
    ("scale", "family", "center", "words"),
    [("count", "count", 0.0, "must be above 0"), ("proportion", "proportion", 1.0, "must lie between 0 and 1")],
)
def test_a_centre_where_no_value_can_lie_is_refused(scale, family, center, words):
    measure = Measure(key="y", label="Calls", improvement="decrease", scale=scale, minimum=0)
    with pytest.raises(StudyError, match=words):
        family_priors(measure, family=family, center=center)


# --- From a file to the words ------------------------------------------------------------------------------------

ROWS = [*(("A", v) for v in CROZIER[0]), *(("B", v) for v in CROZIER[1])]
FILE = "session,phase,value,minutes\n" + "".join(f"{n},{phase},{v},30\n" for n, (phase, v) in enumerate(ROWS, 1))


def test_a_file_of_durations_is_told_as_a_ratio():
    from scd.analysis.tables import analyze_table

    found = analyze_table(FILE, name="calls.csv", improvement="decrease", scale="duration")
    document = json.loads(json.dumps(found.document(), allow_nan=False))
    assert (document["family"], document["engine"]) == ("log", "exact")
    rows = {row["effect"]: row for row in document["effects"]}
    assert {"level_change", "standardized_change", "nap", "rate_ratio", "percent_change"} == set(rows)
    assert "times the baseline level" in document["text"]
    assert any("zeros, which have no logarithm" in warning for warning in document["warnings"])
    client = " ".join(found.summary.client_text)
    assert f"{abs(100 * (rows['rate_ratio']['median'] - 1)):.0f}\N{NO-BREAK SPACE}% less" in client


def test_a_file_of_counts_takes_its_minutes_and_another_family_is_said():
    from scd.analysis.tables import analyze_table

    found = analyze_table(FILE, name="calls.csv", improvement="decrease", scale="count", family="log")
    assert any("is a count; by choice it is analysed as scores on the logarithmic scale" in w for w in found.warnings)
    with pytest.raises(StudyError, match="range: is needed for a rating"):
        analyze_table(FILE, name="calls.csv", improvement="decrease", scale="rating")


def test_the_command_line_takes_scale_and_engine(tmp_path):
    from typer.testing import CliRunner

    from scd.cli import app

    path = tmp_path / "share.csv"
    path.write_text("session,phase,value\n1,A,0.2\n2,A,0.3\n3,A,0.25\n4,B,0.6\n5,B,0.7\n6,B,0.55\n")
    asked = ["analyze", str(path), "--improvement", "increase", "--scale", "proportion", "--engine", "exact", "--json"]
    done = CliRunner().invoke(app, asked)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["family"] == "logit"
    assert "percentage points" in told["text"]
    refused = CliRunner().invoke(app, [*asked, "--model", "level", "--family", "rating"])
    assert refused.exit_code == 2
    assert "needs a range of whole numbers" in refused.stderr or "must be a whole number" in refused.stderr


def test_priors_are_told_with_their_scale():
    measure = Measure(key="y", label="Calls", improvement="decrease", **COUNTS)
    words = family_priors(measure, family="count").describe("level", family="count")
    assert words == {
        "alpha": "Normal(1.60944, 1.5), log scale",
        "delta": "Normal(0, 1.5), log scale",
        "dispersion": "HalfNormal(1)",
    }


def test_the_gradual_model_tells_how_fast_the_effect_comes():
    """A change that is there at once, against one with a half-life of two sessions."""
    rng = np.random.default_rng(4)
    table = {}
    for name, share in (("at once", 0.0), ("by degrees", 0.5**0.5)):
        reached = 1 - share ** np.arange(1, 13)
        values = np.r_[rng.normal(8, 0.3, 10), 8 - 6 * reached + rng.normal(0, 0.3, 12)]
        measure = Measure(key="y", label="Y", improvement="decrease", minimum=0, maximum=10)
        case = Case(code="K7M2QX", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=11)))
        rows = [Session(number=n, values=(Value(measure="y", value=round(v, 2)),)) for n, v in enumerate(values, 1)]
        study = Study(code="K7M2QX", design="reversal", measures=(measure,), cases=(case.record(*rows),))
        table[name] = effect_table(fit(study, model="gradual"), study=study).set_index("effect")
    fast, slow = table["at once"], table["by degrees"]
    assert slow.loc["half_life", "lower"] < 2 < slow.loc["half_life", "upper"]
    assert fast.loc["half_life", "upper"] < slow.loc["half_life", "lower"]
    assert fast.loc["reached_at_third", "median"] > 0.95
    assert slow.loc["reached_at_third", "median"] == pytest.approx(1 - 0.5**1.5, abs=0.1)
    assert slow["p_improvement"].isna()["half_life"]
