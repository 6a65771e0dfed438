"""Areas of life: one joint model, checked against dense algebra and PyMC; verdicts that survive eight areas at once."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from scd.analysis.areas.area_changes import OWN, SURE, area_changes, called
from scd.analysis.areas.words import area_client_words, area_words
from scd.charts import to_svg
from scd.charts.areas_chart import areas_chart
from scd.models.areas import AreaPriors, Areas, areas_of
from scd.models.areas_density import AreasDensity, correlation_root
from scd.models.areas_draws import fit_areas
from scd.models.ensemble import ensemble
from scd.models.exact import linear_model
from scd.models.quadrature import integrate
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

DATA = Path(__file__).parents[2] / "shared" / "reference" / "data"


def a_measure(key, *, low=0.0, high=10.0, improvement="increase", matters=None):
    return Measure(
        key=key, label=key.title(), improvement=improvement, minimum=low, maximum=high, meaningful_change=matters
    )


def a_study(values, measures, *, baseline):
    """One AB study from a table of values, a row a session and a column a measure; None where one was missed."""
    case = Case(
        code="K7M2QX", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=baseline + 1))
    )
    rows = [
        Session(
            number=n,
            values=tuple(
                Value(measure=m.key, value=None if v is None or np.isnan(v) else float(v))
                for m, v in zip(measures, row, strict=True)
            ),
        )
        for n, row in enumerate(values, 1)
    ]
    return Study(code="K7M2QX", design="reversal", measures=tuple(measures), cases=(case.record(*rows),))


def simulated(changes, *, seed=1, each=12, correlation=0.4, unit=2.0):
    """Values of areas on 0 to 10 with within-phase SD 2 that change by so many SDs."""
    rng, count = np.random.default_rng(seed), len(changes)
    shared = np.full((count, count), correlation) + (1 - correlation) * np.eye(count)
    noise = rng.standard_normal((2 * each, count)) @ np.linalg.cholesky(shared).T
    moved = np.repeat([0.0, 1.0], each)[:, None] * np.asarray(changes)
    return np.round(np.clip(4 + unit * 0.7 * (noise + moved), 0, 10), 2)


@pytest.fixture(scope="module")
def three():
    keys = ("sleep", "work", "family")
    study = a_study(simulated([2.2, 0.0, -2.0]), [a_measure(k, matters=2) for k in keys], baseline=12)
    return study, area_changes(study)


def blanks(*, missed=0.25, sessions=8, count=3, seed=2):
    rng = np.random.default_rng(seed)
    value = rng.standard_normal((sessions, count))
    value[rng.random(value.shape) < missed] = np.nan
    return Areas(
        case="K",
        measures=tuple(a_measure(f"m{i}") for i in range(count)),
        session=np.cumsum(rng.integers(1, 3, sessions)),
        value=value,
        intervention=np.repeat([0.0, 1.0], sessions // 2),
        center=np.zeros(count),
        unit=np.ones(count),
        sign=np.ones(count),
        floor=np.full(count, 0.05),
        left_out={},
    )


def test_the_density_is_that_of_one_large_normal():
    """Every covariance written out, levels and changes included: no filtering, no patterns, no integration."""
    areas, priors = blanks(), AreaPriors()
    density = AreasDensity(areas, priors)
    points = density.start(np.random.default_rng(3))[:3]
    parts = density.parts(points)
    cells = list(zip(*np.nonzero(areas.seen), strict=True))
    place = {cell: n for n, cell in enumerate(cells)}
    count = areas.seen.shape[1]
    columns = np.zeros((len(cells), 2 * count))
    for (t, o), n in place.items():
        columns[n, [2 * o, 2 * o + 1]] = 1.0, areas.intervention[t]
    for i in range(len(points)):
        linked, new = np.eye(len(cells)), np.zeros((len(cells), len(cells)))
        correlation = parts.root[i] @ parts.root[i].T

        def rho(t, o, i=i):
            return parts.phi[i] ** areas.gap[t, o] if areas.previous[t, o] >= 0 else 0.0

        for (t, o), n in place.items():
            if areas.previous[t, o] >= 0:
                linked[n, place[(areas.previous[t, o], o)]] = -rho(t, o)
            for (s, q), m in place.items():
                if s == t:
                    spread = parts.sigma[i, o] * parts.sigma[i, q]
                    new[n, m] = correlation[o, q] * spread * math.sqrt((1 - rho(t, o) ** 2) * (1 - rho(s, q) ** 2))
        back = np.linalg.inv(linked)
        prior = np.kron(np.eye(count), np.diag([priors.alpha_sd**2, parts.spread[i] ** 2]))
        prior[1::2, 1::2] += priors.mean_sd**2
        covariance = back @ new @ back.T + columns @ prior @ columns.T
        value = np.array([areas.value[cell] for cell in cells])
        expected = stats.multivariate_normal(np.zeros(len(cells)), covariance).logpdf(value)
        assert density(points[[i]])[0] - density._log_prior(density.parts(points[[i]]))[0] == pytest.approx(expected)


def test_the_prior_of_the_correlations_is_lkj():
    """Density in proportion to det(R) ** (eta - 1) in R's entries: the Jacobian by differences."""
    priors = AreaPriors(concentration=2.0)
    density = AreasDensity(blanks(), priors)
    points = density.start(np.random.default_rng(4))[:4]

    def entries(w):
        root = correlation_root(np.tanh(w)[None], areas=3)[0]
        return (root @ root.T)[np.tril_indices(3, -1)]

    found = []
    for point in points:
        fixed = points[0].copy()
        fixed[-3:] = point[-3:]
        step = 1e-5 * np.eye(3)
        jacobian = np.array([(entries(point[-3:] + s) - entries(point[-3:] - s)) / 2e-5 for s in step])
        a, b, c = entries(point[-3:])
        det = 1 + 2 * a * b * c - a * a - b * b - c * c
        own = density._log_prior(density.parts(fixed[None]))[0]
        found.append(own - (priors.concentration - 1) * math.log(det) - math.log(abs(np.linalg.det(jacobian))))
    assert np.ptp(found) < 1e-6


def test_pymc_says_the_same_of_the_same_parameters():
    """The readable model: what it says of levels and changes, integrated by its own curvature, is the density."""
    import pytensor.tensor as pt

    from scd.models.areas_model import build_areas_model

    areas, priors = blanks(), AreaPriors()
    density = AreasDensity(areas, priors)
    points = density.start(np.random.default_rng(5))[:1]
    parts = density.parts(points)
    model = build_areas_model(areas, priors=priors)
    held = {v.name: v for v in model.value_vars}
    linear = ["mean", "alpha", "delta_z", "unseen"]
    wanted = [model["mean"], model["alpha"], model["delta_z"], *(p for p in model.potentials if "sigma" not in p.name)]
    # Some hundred calls: not worth compiling for.
    logp = model.compile_fn(
        model.logp(vars=wanted, jacobian=False),
        inputs=model.value_vars,
        on_unused_input="ignore",
        mode="FAST_COMPILE",
    )
    lost = int((~areas.seen).sum())
    sizes = {"mean": 1, "alpha": 3, "delta_z": 3, "unseen": lost}
    cuts = np.cumsum(list(sizes.values()))[:-1]
    found = []
    for i in range(len(points)):
        excess = np.exp(parts.v[i]) / math.sqrt(1 - parts.phi[i] ** 2)
        transform = model.rvs_to_transforms[model["rest"]]
        root = correlation_root(np.tanh(parts.partial[[i]]), areas=3)[0]
        place = {
            "spread_log__": math.log(parts.spread[i]),
            "phi_interval__": math.log((parts.phi[i] + 0.99) / (0.99 - parts.phi[i])),
            "excess_log__": math.log(excess),
            "sigma_spread_log__": math.log(parts.sigma_spread[i]),
            "sigma_z": parts.normal[i, 3:],
            "common_logodds__": math.log(parts.common[i] / (1 - parts.common[i])),
            "rest_cholesky_corr__": transform.forward(pt.as_tensor(root), *model["rest"].owner.inputs).eval(
                mode="FAST_COMPILE"
            ),
        }
        assert set(place) | set(linear) == set(held)

        def at(x, place=place):
            split = dict(zip(linear, np.split(x, cuts), strict=True))
            split["mean"] = split["mean"][0]
            return float(logp({**place, **split}))

        size = sum(sizes.values())
        steps, middle = np.eye(size), at(np.zeros(size))
        single = np.array([(at(s), at(-s)) for s in steps])
        gradient = (single[:, 0] - single[:, 1]) / 2
        curvature = np.diag(single.sum(axis=1) - 2 * middle)
        for j in range(size):
            for k in range(j):
                both = at(steps[j] + steps[k]) - single[j, 0] - single[k, 0] + middle
                curvature[j, k] = curvature[k, j] = both
        exact = middle - 0.5 * gradient @ np.linalg.solve(curvature, gradient)
        exact += 0.5 * size * math.log(2 * math.pi) - 0.5 * np.linalg.slogdet(-curvature)[1]
        found.append((exact, density(points[[i]])[0] - density._log_prior(density.parts(points[[i]]))[0]))
    for exact, own in found:
        assert own == pytest.approx(exact, abs=1e-4)


def test_many_short_chains_find_a_known_normal_in_thirty_dimensions():
    rng = np.random.default_rng(1)
    root = np.tril(rng.standard_normal((30, 30))) / 6 + np.eye(30)
    inverse = np.linalg.inv(root)

    def log_density(x):
        return -0.5 * ((x @ inverse.T) ** 2).sum(axis=1)

    found = ensemble(log_density, 2 * rng.standard_normal((1000, 30)), rng=rng)
    assert found.effective > 500
    assert np.abs(found.points.mean(axis=0) / np.sqrt(np.diag(root @ root.T))).max() < 0.15
    assert np.cov(found.points.T).diagonal() == pytest.approx(np.diag(root @ root.T), rel=0.2)


def test_what_was_put_in_comes_out(three):
    _, found = three
    assert found.rows["measure"].tolist() == ["sleep", "work", "family"]  # in order of change
    assert found.rows["verdict"].tolist() == ["better", "unclear", "worse"]
    assert found.reliable
    for row, truth in zip(found.rows.to_dict("records"), (2.2 * 1.4, 0.0, -2.0 * 1.4), strict=True):
        assert row["lower"] < truth < row["upper"]
        assert row["standardized"] == pytest.approx(row["change"] / 2)
    assert found.p_all_better < 0.01
    assert 0.5 < found.rows.iloc[0]["p_meaningful"] <= found.rows.iloc[0]["p_improvement"]


def test_one_area_is_the_separate_model():
    study = a_study(simulated([1.0])[:, :1], [a_measure("sleep")], baseline=12)
    fit = fit_areas(study)
    change, alone = fit.change(0), fit.alone[0]
    assert change.mean()[0] == pytest.approx(alone.mean()[0], abs=0.06 * alone.sd()[0])
    assert change.sd()[0] == pytest.approx(alone.sd()[0], rel=0.08)


def test_a_single_change_has_the_prior_of_the_single_case_model():
    priors = AreaPriors()
    assert math.hypot(priors.mean_sd, priors.spread_sd) == pytest.approx(2.5)
    assert priors.of_area(floor=0.0).delta_sd == pytest.approx(2.5)


def test_a_measure_in_other_units_or_turned_round_is_the_same_area():
    values = simulated([1.5, 0.3])
    study = a_study(values, [a_measure("sleep"), a_measure("work")], baseline=12)
    other = np.column_stack([10 * values[:, 0] + 50, 10 - values[:, 1]])
    turned = a_study(
        other, [a_measure("sleep", low=50, high=150), a_measure("work", improvement="decrease")], baseline=12
    )
    one, two = areas_of(study), areas_of(turned)
    assert two.value == pytest.approx(one.value)
    same = replace(two, measures=one.measures, floor=one.floor)
    points = AreasDensity(one, AreaPriors()).start(np.random.default_rng(1))[:5]
    assert AreasDensity(same, AreaPriors())(points) == pytest.approx(AreasDensity(one, AreaPriors())(points))
    table = area_changes(turned).rows.set_index("measure")
    plain = area_changes(study).rows.set_index("measure")
    # Rounding is finer on the wider scale, so the floor of the spread differs by a trifle.
    assert table.loc["sleep", "change"] == pytest.approx(10 * plain.loc["sleep", "change"], rel=0.05)
    assert table.loc["work", "change"] == pytest.approx(-plain.loc["work", "change"], abs=0.1)
    assert table.loc["work", "p_improvement"] == pytest.approx(plain.loc["work", "p_improvement"], abs=0.02)


def test_areas_in_another_order_are_the_same_areas():
    values, keys = simulated([1.5, 0.3, -0.5]), ("a", "b", "c")
    one = area_changes(a_study(values, [a_measure(k) for k in keys], baseline=12)).rows.set_index("measure")
    two = area_changes(a_study(values[:, ::-1], [a_measure(k) for k in keys[::-1]], baseline=12))
    for key in keys:
        other = two.rows.set_index("measure").loc[key]
        assert other["standardized"] == pytest.approx(one.loc[key, "standardized"], abs=0.05)
        assert other["p_improvement"] == pytest.approx(one.loc[key, "p_improvement"], abs=0.02)


def test_a_constant_area_is_estimated_at_no_change_and_never_called():
    values = simulated([1.5, 0.0])
    values[:, 1] = 7.0
    rows = area_changes(a_study(values, [a_measure("sleep"), a_measure("work")], baseline=12)).rows
    still = rows.set_index("measure").loc["work"]
    assert still["verdict"] == "unclear"
    assert abs(still["change"]) < 0.5


def test_an_area_with_three_values_is_in_the_picture_without_a_verdict():
    values = simulated([2.5, 2.5, 2.5])
    values[:, 2] = np.nan
    values[[2, 14, 20], 2] = [2, 9, 9]
    study = a_study(values, [a_measure(k) for k in ("sleep", "work", "family")], baseline=12)
    found = area_changes(study)
    few = found.rows.set_index("measure").loc["family"]
    assert few["verdict"] == "unclear"
    assert "phase A1 has 1" in few["note"]
    assert any("No verdict" in text for text in area_words(found, study=study))
    sure = found.rows.set_index("measure").loc["sleep"]
    assert few["upper"] - few["lower"] > sure["upper"] - sure["lower"]


def test_areas_that_were_missed_altogether_are_named_and_all_of_them_refused():
    values = simulated([2.0, 0.0])
    values[:, 1] = np.nan
    measures = [a_measure("sleep"), a_measure("work")]
    found = areas_of(a_study(values, measures, baseline=12))
    assert [m.key for m in found.measures] == ["sleep"]
    assert "has no observed value yet" in found.left_out["work"]
    values[:, 0] = np.nan
    with pytest.raises(StudyError, match="has no observed value yet"):
        areas_of(a_study(values, measures, baseline=12))


def test_an_area_without_an_end_to_its_scale_is_left_out_and_told_why():
    measures = [a_measure("sleep"), Measure(key="calls", label="Calls", improvement="decrease", scale="count")]
    study = a_study(simulated([1.0, 0.0]), measures, baseline=12)
    assert "its range is open" in areas_of(study).left_out["calls"]


def test_an_unknown_area_and_too_many_are_refused_in_words():
    study = a_study(simulated([1.0, 0.0]), [a_measure("sleep"), a_measure("work")], baseline=12)
    with pytest.raises(StudyError, match="has no measure 'fun'"):
        areas_of(study, measures=("sleep", "fun"))
    many = [a_measure(f"m{i}") for i in range(11)]
    with pytest.raises(StudyError, match="has 11 areas; name at most 10"):
        areas_of(a_study(np.ones((4, 11)), many, baseline=2))


def test_borrowed_strength_alone_calls_no_area():
    assert called(np.array([0.999]), np.array([OWN - 0.01])).tolist() == [0]
    assert called(np.array([SURE - 0.001, 1 - SURE]), np.array([0.999, 0.001])).tolist() == [0, -1]


def test_the_words_name_each_area_once_and_never_a_cause(three):
    study, found = three
    client = " ".join(area_client_words(found))
    assert "Better during the treatment phases than before: Sleep." in client
    assert "Worse during the treatment phases than before: Family." in client
    assert "can't be sure yet: Work" in client
    assert "cause" not in client
    clinician = " ".join(area_words(found, study=study))
    assert clinician.startswith("3 areas, from baseline to intervention – better: Sleep; worse: Family;")
    assert f"{100 * SURE:.1f}" in clinician


def test_draws_that_have_not_settled_call_nothing(three):
    study, found = three
    unsettled = replace(found, reliable=False)
    assert "have not settled" in area_words(unsettled, study=study)[0]
    assert len(area_client_words(unsettled)) == 1


def test_the_chart_has_one_row_an_area_and_says_the_verdict_by_shape_and_word(three):
    _, found = three
    spec = areas_chart(found.rows).to_dict()
    words = [row["text"][0] for data in spec["datasets"].values() for row in data if "text" in row]
    assert [w for w in words if w in ("better", "worse", "can't tell yet")] == ["better", "can't tell yet", "worse"]
    shapes = [layer["mark"]["shape"] for layer in spec["layer"] if "shape" in layer["mark"]]
    assert shapes == ["triangle-right", "circle", "triangle-left"]
    assert "better →" in words
    assert to_svg(areas_chart(found.rows), title="Areas", description="Areas").startswith("<svg")
    with pytest.raises(StudyError, match="needs at least 1 area"):
        areas_chart(found.rows.iloc[:0])


# Ruiz and others (2020), https://doi.org/10.3389/fpsyg.2020.00356: scales and directions as published.
RUIZ = {
    "PSWQ": (11, 55, "decrease"),
    "DEPRESSION": (0, 21, "decrease"),
    "ANXIETY": (0, 21, "decrease"),
    "AAQ- II": (7, 49, "decrease"),
    "VQ-PROGRESS": (0, 30, "increase"),
}


def read(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"no reference data at {path}")
    with path.open() as file:
        return list(csv.DictReader(file))


def test_a_client_of_ruiz_2020_got_better_on_the_whole():
    """All after the baseline taken as one phase; the areas turned so that up is better."""
    rows = [r for r in read("scdhlm_Ruiz.csv") if r["case"] == "P3" and r["series"] in RUIZ]
    measures = [
        a_measure(k.lower().replace("- ", "_").replace("-", "_"), low=a, high=b, improvement=i)
        for k, (a, b, i) in RUIZ.items()
    ]
    values = np.full((14, len(RUIZ)), np.nan)
    for row in rows:
        values[int(row["session"]) - 1, list(RUIZ).index(row["series"])] = float(row["outcome"])
    found = area_changes(a_study(values, measures, baseline=5))
    assert found.p_mean_better > 0.95
    assert "better" in set(found.rows["verdict"])
    assert "worse" not in set(found.rows["verdict"])


def test_a_client_of_schutte_2008_with_one_outcome_is_judged_as_by_itself():
    rows = [r for r in read("scdhlm_Schutte.csv") if r["case"] == "Case 2"]
    values = np.array([[float(r["outcome"])] for r in rows])
    fatigue = a_measure("fatigue", low=9, high=63, improvement="decrease")
    study = a_study(values, [fatigue], baseline=8)
    areas = areas_of(study)
    priors = AreaPriors().of_area(floor=float(areas.floor[0]))
    series = areas.series
    exact = integrate(series.value, linear_model(series, priors, model="level"), priors).mixture([0.0, 1.0])
    row = area_changes(study).rows.iloc[0]
    assert row["p_alone"] == pytest.approx(float(exact.above(0)[0]), abs=1e-9)
    assert row["p_improvement"] == pytest.approx(row["p_alone"], abs=0.03)


def kept(name):
    with (Path(__file__).parent / "calibration" / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_in_the_simulations_eight_areas_that_did_not_move_stay_below_five_in_a_hundred():
    """And areas that moved are found more often than by separate models that share the same protection."""
    rows = {(r["situation"], r["points"], r["correlation"], r["rule"]): r for r in kept("areas")}
    still = [r for key, r in rows.items() if key[0] == "nothing moved" and key[3] == "joint"]
    assert still
    assert all(float(r["any_false"]) < 0.05 for r in still)
    for (situation, points, correlation, rule), row in rows.items():
        if rule == "joint" and row["power"]:
            protected = rows[situation, points, correlation, "separate, shared among eight"]
            # Areas that go different ways lend each other less.
            least = 0.9 if situation in ("one moved", "some up, some down") else 1.0
            assert float(row["power"]) > least * float(protected["power"])
