"""Weighted draws of ratings, counts and proportions against rectangles of normals, quadrature, and the sampler."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, special, stats

from scd.analysis.diagnostics import diagnose
from scd.models import Priors, fit
from scd.models.paths import lognormal_count_increments, rating_increments
from scd.study import Case, Measure, Phase, Session, Study, Value

GOLDEN = Path(__file__).parents[2] / "shared" / "reference" / "golden" / "bayes_exact_quadrature_counts.json"

# Lambert, Cartledge, Heward & Lo (2006), student A1, disruptive behaviour in intervals of 10, as printed.
LAMBERT_A1 = (7, 9, 8, 6, 7, 4, 5, 10), (2, 0, 0, 1, 0, 0), (3, 8, 8, 6, 10, 10, 10, 8), (3, 4, 1, 3, 2, 4, 0, 1, 0)


def a_study(phases, *, scale, low=0, high=10, trials=None):
    high = None if scale == "count" else 1 if trials else high
    measure = Measure(key="y", label="Y", improvement="decrease", minimum=low, maximum=high, scale=scale)
    labels = [f"{'AB'[i % 2]}{i // 2 + 1}" for i in range(len(phases))]
    starts = np.cumsum([1, *map(len, phases)])[:-1]
    case = Case(
        code="K7M2QX", phases=tuple(Phase(label=a, planned_start=int(b)) for a, b in zip(labels, starts, strict=True))
    )
    values = [v for phase in phases for v in phase]
    rows = [
        Session(number=n, values=(Value(measure="y", value=v / trials if trials else v, trials=trials),))
        for n, v in enumerate(values, 1)
    ]
    return Study(code="K7M2QX", design="reversal", measures=(measure,), cases=(case.record(*rows),))


@pytest.mark.parametrize(("phi", "sigma"), [(0.0, 1.0), (0.4, 1.3), (-0.5, 0.6), (0.85, 2.5)])
def test_a_row_of_ratings_has_the_probability_of_a_rectangle(phi, sigma):
    """Five sessions, a gap, floor and ceiling: the integral over the path equals that of a multivariate normal."""
    lower = np.array([-np.inf, 0.5, 2.5, -np.inf, 1.5])
    upper = np.array([0.5, 1.5, np.inf, 0.5, 2.5])
    session = np.array([1, 2, 4, 5, 6])
    mean = np.array([0.3, 0.9, 2.2, 0.6, 1.4])
    covariance = sigma**2 * np.where(session[:, None] == session, 1.0, phi ** np.abs(session[:, None] - session))
    expected = stats.multivariate_normal(mean, covariance, maxpts=2_000_000, abseps=1e-9, releps=1e-7, seed=1).cdf(
        upper, lower_limit=lower
    )
    told = rating_increments(
        lower,
        upper,
        mean[None],
        np.array([sigma]),
        np.array([phi]),
        gap=np.r_[1, np.diff(session)],
        linked=np.array([0.0, 1, 1, 1, 1]),
    )[0].sum()
    assert told == pytest.approx(math.log(expected), abs=2e-4)


def test_independent_ratings_are_a_product_of_cells():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 11, 25)
    lower = np.where(values == 0, -np.inf, values - 0.5)
    upper = np.where(values == 10, np.inf, values + 0.5)
    mean, sigma = rng.uniform(1, 9, (6, 25)), rng.uniform(2, 4, 6)
    cells = special.ndtr((upper - mean) / sigma[:, None]) - special.ndtr((lower - mean) / sigma[:, None])
    told = rating_increments(
        lower, upper, mean, sigma, np.zeros(6), gap=np.ones(25, dtype=int), linked=np.r_[0.0, np.ones(24)], points=40
    ).sum(axis=1)
    np.testing.assert_allclose(told, np.log(np.maximum(cells, 1e-300)).sum(axis=1), rtol=1e-3)


@pytest.mark.parametrize(
    ("phi", "sigma", "level"), [(0.0, 0.5, 1.0), (0.5, 0.8, 4.5), (0.93, 1.5, 2.0), (-0.4, 0.3, 6.5)]
)
def test_counts_around_a_path_have_the_probability_that_simulated_paths_give(phi, sigma, level):
    """Also that of one count alone, a Poisson-lognormal probability, by adaptive quadrature."""
    rng = np.random.default_rng(5)
    session = np.array([1, 2, 4, 5])
    covariance = sigma**2 * phi ** np.abs(session[:, None] - session)
    count = rng.poisson(np.exp(level + rng.multivariate_normal(np.zeros(4), covariance)))
    told = lognormal_count_increments(
        count,
        np.full((1, 4), level),
        np.array([sigma]),
        np.array([phi]),
        gap=np.r_[1, np.diff(session)],
        linked=np.array([0.0, 1, 1, 1]),
    )[0]

    def density(z):
        return stats.norm.pdf(z) * stats.poisson.pmf(count[0], np.exp(level + sigma * z))

    peak = (math.log(count[0] + 0.5) - level) / sigma
    alone = integrate.quad(density, -9, 9, points=[peak], limit=400, epsabs=1e-14)[0]
    assert told[0] == pytest.approx(math.log(alone), abs=1e-5)
    # Paths drawn around the counts' own logs, weighted by their prior.
    center = np.log(count + 0.5) - level
    inverse = np.linalg.inv(covariance) + np.diag(count + 0.5)
    cover = 1.5 * np.linalg.inv(inverse)
    middle = np.linalg.solve(inverse, (count + 0.5) * center)
    proposal, prior = stats.multivariate_normal(middle, cover), stats.multivariate_normal(np.zeros(4), covariance)
    path = proposal.rvs(400_000, random_state=rng)
    log_weight = (
        prior.logpdf(path) - proposal.logpdf(path) + stats.poisson.logpmf(count, np.exp(level + path)).sum(axis=1)
    )
    weight = np.exp(log_weight - log_weight.max())
    error = weight.std() / weight.mean() / math.sqrt(len(weight))
    assert told.sum() == pytest.approx(math.log(weight.mean()) + log_weight.max(), abs=4.5 * error + 1e-5)


def draws(tree, name):
    return tree["posterior"][name].to_numpy().ravel()


def assert_near(tree, name, mean, sd):
    """Within 4.5 standard errors of what the weighted draws are worth, the SD within 6 %."""
    values = draws(tree, name)
    assert abs(values.mean() - mean) < 4.5 * sd / math.sqrt(tree.attrs["effective_draws"])
    assert values.std() == pytest.approx(sd, rel=0.06)


def counted(family):
    """Mean and SD of level and log rate ratio of Lambert's student on a dense grid."""
    y = np.array([v for phase in LAMBERT_A1 for v in phase], dtype=float)
    treated = np.repeat([0.0, 1, 0, 1], [len(p) for p in LAMBERT_A1])
    a, d = np.linspace(1.2, 2.8, 81), np.linspace(-3.2, -0.3, 81)
    w = np.linspace(0.002, 1.3, 120) if family == "count" else np.array([1e-4])
    alpha, delta, dispersion = np.meshgrid(a, d, w, indexing="ij")
    log_p = -0.5 * (((alpha - math.log(5)) / 1.5) ** 2 + (delta / 1.5) ** 2 + dispersion**2)
    for value, under in zip(y, treated, strict=True):
        mean = np.exp(alpha + delta * under)
        if family == "count":
            log_p += stats.nbinom.logpmf(value, dispersion**-2, 1 / (1 + mean * dispersion**2))
        else:
            log_p += stats.poisson.logpmf(value, mean)
    p = np.exp(log_p - log_p.max())
    p /= p.sum()
    moments = []
    for values in (alpha, delta, dispersion):
        mean = (p * values).sum()
        moments.append((mean, math.sqrt((p * (values - mean) ** 2).sum())))
    return moments


@pytest.mark.parametrize("family", ["count", "poisson"])
def test_counts_meet_quadrature(family):
    """Also the published pair: log rate ratio -1.6467 (0.2328) for Poisson, -1.6425 (0.2432) for NB2."""
    tree = fit(a_study(LAMBERT_A1, scale="count"), family=family)
    assert tree.attrs["engine"] == "importance"
    alpha, delta, dispersion = counted(family)
    assert delta[0] == pytest.approx(-1.6467 if family == "poisson" else -1.6425, abs=3e-3)
    assert_near(tree, "alpha", *alpha)
    assert_near(tree, "delta", *delta)
    if family == "count":
        assert_near(tree, "dispersion", *dispersion)


@pytest.mark.parametrize(("scale", "trials"), [("rating", None), ("proportion", 10)])
def test_the_sampler_gives_the_same_posterior(scale, trials):
    study = a_study(LAMBERT_A1, scale=scale, trials=trials)
    weighted, sampled = fit(study, model="phase-level"), fit(study, model="phase-level", engine="nuts", draws=1000)
    assert (weighted.attrs["engine"], sampled.attrs["engine"]) == ("importance", "nuts")
    assert diagnose(weighted).ok
    assert set(weighted["posterior"].data_vars) == set(sampled["posterior"].data_vars)
    for name in sampled["posterior"].data_vars:
        ours, theirs = weighted["posterior"][name], sampled["posterior"][name]
        error = theirs.std(("chain", "draw")) * math.sqrt(1 / weighted.attrs["effective_draws"] + 1 / 700)
        apart = np.abs(ours.mean(("chain", "draw")) - theirs.mean(("chain", "draw"))) / error
        assert float(apart.max()) < 4.5, name
        np.testing.assert_allclose(ours.std(("chain", "draw")), theirs.std(("chain", "draw")), rtol=0.12)


@pytest.mark.parametrize(
    ("scale", "phases"),
    [
        ("rating", ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0))),
        ("rating", ((10, 10, 10), (0, 0, 0))),
        ("rating", ((5, 5), (5, 5))),
        ("rating", ((0, 2, 4, 6), (7, 8, 9, 10))),
        ("count", ((0, 0, 0), (0, 0, 0))),
        ("count", ((30, 41, 12), (0, 0, 0))),
        ("count", ((1,), (900,))),
    ],
)
@pytest.mark.parametrize("model", ["level", "gradual"])
def test_poor_data_give_a_wide_posterior_not_an_error(scale, phases, model):
    tree = fit(a_study(phases, scale=scale), model=model)
    assert tree.attrs["engine"] == "importance"
    assert np.isfinite(tree["posterior"].to_dataset().to_dataarray()).all()
    assert diagnose(tree).ok
    assert draws(tree, "delta").std() > 0.1


def test_the_same_seed_gives_the_same_draws():
    study = a_study(LAMBERT_A1, scale="count")
    one, two, other = (fit(study, seed=s)["posterior"]["delta"].to_numpy() for s in (1, 1, 2))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def other_peoples_counts():
    """The published integrals of counts and proportions with one contrast, as our models have."""
    if not GOLDEN.is_file():
        return []
    records = json.loads(GOLDEN.read_text())["records"]
    return [r for r in records if len(r["contrasts"]) == 1]


@pytest.mark.skipif(not GOLDEN.is_file(), reason="the reference results are not beside the project")
@pytest.mark.parametrize("record", other_peoples_counts(), ids=lambda r: r["id"])
def test_other_peoples_integrals_of_counts_and_proportions(record):
    """Their priors given explicitly; a gamma prior of the size, which ours don't have, by weighing our draws anew."""
    data = json.loads((GOLDEN.parent / f"bayes_{record['id']}.json").read_text())["data"]
    under = np.array(data["X"]["values"])[:, 0]
    turns = np.flatnonzero(np.r_[True, np.diff(under) != 0])
    phases = [data["y"][a:b] for a, b in zip(turns, [*turns[1:], len(under)], strict=True)]
    family = {"betabin": "proportion", "binomial": "proportion", "negbin": "count", "poisson": "poisson"}
    kind = record["id"].split("_")[0]
    trials = data["N"][0] if "N" in data else None
    priors = Priors.on_scale(center=0.0, unit=1.0).replace(
        alpha_sd=float(data["s_b0"]), delta_sd=float(data["s_b1"]), dispersion_sd=1e-3 if kind == "binomial" else 1.0
    )
    study = a_study(phases, scale="proportion" if trials else "count", trials=trials)
    tree = fit(study, family=family[kind], priors=priors, draws=5000)
    assert tree.attrs["engine"] == "importance"
    weight = np.ones(20_000)
    if kind in ("betabin", "negbin"):
        size = draws(tree, "dispersion") ** -2
        # Gamma(2, 0.1) of the size against our half-normal of its inverse root, both as densities of the size.
        ours = stats.halfnorm.logpdf(size**-0.5) - 1.5 * np.log(size)
        log_weight = stats.gamma.logpdf(size, 2, scale=10) - ours
        weight = np.exp(log_weight - log_weight.max())
    told = {p["parameter"]: p for p in record["posterior"]}
    worth = weight.sum() ** 2 / (weight**2).sum() * tree.attrs["effective_draws"] / 20_000
    assert worth > 300
    for theirs, ours in (("b0", "alpha"), ("b", "delta")):
        values, expected = draws(tree, ours), told[theirs]
        mean = np.average(values, weights=weight)
        sd = math.sqrt(np.average((values - mean) ** 2, weights=weight))
        assert abs(mean - expected["mean"]) < 4.5 * expected["sd"] / math.sqrt(worth), theirs
        assert sd == pytest.approx(expected["sd"], rel=4.5 / math.sqrt(2 * worth)), theirs
