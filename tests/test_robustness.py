"""Other models and priors, checks of the model, change points: against ArviZ, simulation and plain recomputation."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from scd.analysis.appendix import Alternative
from scd.analysis.checks import check_words, predictive_checks, prior_look
from scd.analysis.effects import effect_table
from scd.analysis.immediacy import immediacy, immediacy_words
from scd.analysis.robustness import robustness, robustness_words
from scd.analysis.summary import Summary, summarize
from scd.models import Priors, fit, series_of
from scd.models.exact import linear_model, quadrature_of
from scd.models.power_scaling import Sensitivity, cumulative_divergence, integrated_sensitivity
from scd.models.quadrature import integrate
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value

# Lambert, Cartledge, Heward & Lo (2006), student A1; self-blame of a client, after Natesan Batley's tutorial (2020).
LAMBERT_A1 = (7, 9, 8, 6, 7, 4, 5, 10), (2, 0, 0, 1, 0, 0), (3, 8, 8, 6, 10, 10, 10, 8), (3, 4, 1, 3, 2, 4, 0, 1, 0)
P8 = (5.2, 5.41, 5.41, 6.02, 6.63, 6.44), (5.83, 5.23, 4.24, 3.84, 3.05, 2.25)
CODE = "K7M2QX"


def a_study(phases, *, low=0, high=10, missed=(), scale="score"):
    measure = Measure(key="score", label="Score", improvement="decrease", minimum=low, maximum=high, scale=scale)
    labels = [f"{'AB'[i % 2]}{i // 2 + 1}" for i in range(len(phases))]
    starts = np.cumsum([1, *map(len, phases)])[:-1]
    case = Case(
        code=CODE, phases=tuple(Phase(label=a, planned_start=int(b)) for a, b in zip(labels, starts, strict=True))
    )
    values = [v for phase in phases for v in phase]
    rows = [
        Session(number=n, values=() if n in missed else (Value(measure="score", value=v),))
        for n, v in enumerate(values, 1)
    ]
    return Study(code=CODE, design="reversal", measures=(measure,), cases=(case.record(*rows),))


def named(result, name) -> Alternative:
    return next(a for a in result.alternatives if a.name == name)


def test_the_ladder_holds_the_same_numbers_as_the_fits():
    study = a_study(LAMBERT_A1)
    told = robustness(study, case=CODE, model="phase-level")
    for name, model in (
        ("Level", "level"),
        ("Level and trend", "level-trend"),
        ("Level and slopes", "piecewise"),
        ("Levels that differ between like phases", "phase-level"),
        ("Gradual onset (full effect)", "gradual"),
    ):
        row = effect_table(fit(study, model=model), study=study).iloc[0]
        rung = named(told, name)
        assert (rung.median, rung.lower, rung.upper) == pytest.approx((row["median"], row["lower"], row["upper"]))
        assert rung.p_improvement == pytest.approx(row["p_improvement"])


def test_a_sceptical_prior_draws_towards_no_effect_and_independence_narrows():
    told = robustness(a_study(LAMBERT_A1), case=CODE, model="level")
    plain, sceptic, alone = (named(told, n) for n in ("Level", "Sceptical prior", "Level, sessions independent"))
    assert plain.median < sceptic.median < 0
    assert alone.upper - alone.lower < plain.upper - plain.lower


def test_missed_sessions_that_were_worse_take_their_share_from_the_effect():
    """Two of six treated sessions missed, none before: a unit worse in each takes a third of a unit."""
    study = a_study(((8, 7, 8, 9, 8, 7), (3, 4, 3, 4, 3, 4)), missed=(9, 11))
    told = robustness(study, case=CODE, model="level")
    plain, worse = named(told, "Level"), told.alternatives[-1]
    assert worse.name == "If each missed session had been 2 worse than expected"
    assert worse.median - plain.median == pytest.approx(2 * 2 / 6)
    assert worse.p_improvement < plain.p_improvement


def test_a_session_left_out_of_the_record_is_a_missed_one_and_one_of_another_measure_is_none():
    study = a_study(((8, 7, 8, 9, 8, 7), (3, 4, 3, 4, 3, 4)), missed=(9, 11))
    (case,) = study.cases
    left_out = study.with_case(case.replace(sessions=tuple(s for s in case.sessions if s.values)))
    assert robustness(left_out, case=CODE) == robustness(study, case=CODE)
    sleep = Measure(key="sleep", label="Sleep", improvement="increase")
    slept = [s.replace(values=(Value(measure="sleep", value=7),)) for s in case.sessions if not s.values]
    other = study.replace(measures=(*study.measures, sleep), cases=(case.record(*slept),))
    names = [a.name for a in robustness(other, case=CODE, measure="score").alternatives]
    assert not [name for name in names if "missed" in name]


def test_power_scaling_agrees_with_arviz():
    import arviz_stats

    series, priors = series_of(a_study(P8)), Priors.on_scale(center=5, unit=2)
    grid = quadrature_of(series, priors, model="level")
    own = integrated_sensitivity(grid, series, priors, loading=np.array([0.0, 1.0]), seed=3)
    drawn = grid.draw(np.random.default_rng(3), size=4000)
    alpha, delta = drawn["coefficients"].T
    log_prior = (
        stats.norm(5, 5).logpdf(alpha)
        + stats.norm(0, 5).logpdf(delta)
        + stats.halfnorm(scale=2).logpdf(drawn["sigma"])
        + stats.norm(0.3, 0.3).logpdf(drawn["phi"])
    )
    mean = alpha[:, None] + delta[:, None] * series.intervention
    lag = np.abs(series.session[:, None] - series.session)
    log_likelihood = [
        stats.multivariate_normal(m, s**2 * p**lag).logpdf(series.value)
        for m, s, p in zip(mean, drawn["sigma"], drawn["phi"], strict=True)
    ]
    parts = {"posterior": delta, "log_prior": log_prior, "log_likelihood": np.array(log_likelihood)}
    tree = xr.DataTree.from_dict(
        {name: xr.Dataset({"delta": (("chain", "draw"), v.reshape(4, 1000))}) for name, v in parts.items()}
    )
    told = arviz_stats.psense_summary(tree, round_to=6).loc["delta"]
    assert own.prior == pytest.approx(float(told["prior"]), abs=2e-3)
    assert own.likelihood == pytest.approx(float(told["likelihood"]), abs=2e-3)


def test_a_sample_is_no_distance_from_itself_and_a_strong_prior_is_felt():
    values = np.random.default_rng(1).normal(size=500)
    assert cumulative_divergence(values, np.ones(500)) < 1e-6
    series = series_of(a_study(((5, 6, 5), (4, 5, 4))))
    weak, strong = Priors.on_scale(center=5, unit=2), Priors.on_scale(center=5, unit=2).replace(delta_sd=0.2)
    felt = [
        integrated_sensitivity(quadrature_of(series, p, model="level"), series, p, loading=np.array([0.0, 1.0])).prior
        for p in (weak, strong)
    ]
    assert felt[0] < felt[1]
    assert felt[1] > 0.05


def test_what_is_foretold_is_the_density_of_each_value_given_those_before():
    """A ratio of evidences equals the predictive density averaged over draws from the earlier values' posterior."""
    series, priors = series_of(a_study(LAMBERT_A1)), Priors.on_scale(center=5, unit=2)
    linear = linear_model(series, priors, model="level")
    end = 17

    def upto(count):
        part = replace(linear, columns=linear.columns[:, :count], gap=linear.gap[:count], linked=linear.linked[:count])
        return integrate(series.value[:count], part, priors)

    exact = upto(end + 1).log_evidence[0] - upto(end).log_evidence[0]
    drawn = upto(end).draw(np.random.default_rng(2), size=200_000)
    means = drawn["coefficients"] @ linear.columns[0, end - 1 : end + 1].T
    center = means[:, 1] + drawn["phi"] * (series.value[end - 1] - means[:, 0])
    spread = drawn["sigma"] * np.sqrt(1 - drawn["phi"] ** 2)
    assert exact == pytest.approx(math.log(stats.norm(center, spread).pdf(series.value[end]).mean()), abs=0.01)


def test_only_long_series_choose_between_models():
    told = robustness(a_study(LAMBERT_A1), case=CODE, model="level")
    judged = [a for a in told.alternatives if a.elpd_difference is not None]
    assert len(judged) == 4
    assert max(a.elpd_difference for a in judged) == 0
    short = robustness(a_study(P8), case=CODE, model="level")
    assert all(a.elpd_difference is None for a in short.alternatives)


@pytest.mark.parametrize(
    ("chances", "prior", "likelihood", "words"),
    [
        ((0.97, 0.99), 0.01, 0.2, "The direction holds under every other"),
        ((0.01, 0.02), 0.01, 0.2, "The direction holds under every"),
        (
            (0.7, 0.99),
            0.01,
            0.2,
            "agree on the direction but not on how sure it is (probability from 70.0 % to 99.0 %)",
        ),
        ((0.4, 0.99), 0.01, 0.2, "disagree on the direction"),
        ((0.97, 0.99), 0.2, 0.01, "Its size leans on the prior, since the data alone say little."),
        ((0.97, 0.99), 0.2, 0.2, "Its size leans on the prior, since data and prior differ."),
    ],
)
def test_one_line_says_whether_the_result_stands(chances, prior, likelihood, words):
    rows = [
        Alternative(case=CODE, name="x", effect="level_change", median=0, lower=-1, upper=1, p_improvement=p)
        for p in chances
    ]
    assert words in robustness_words(rows, sensitivity=Sensitivity(prior, likelihood))


def test_checks_pass_where_the_model_is_right():
    """Series from the model itself: about one figure in fifty falls outside the middle 98 %."""
    rng = np.random.default_rng(4)
    strange = total = 0
    for _ in range(12):
        values = 5 + np.repeat([0.0, -2.0, 0.0, -2.0], 8) + rng.normal(0, 1, 32)
        phases = tuple(tuple(np.round(values[i : i + 8], 2)) for i in range(0, 32, 8))
        study = a_study(phases, low=-20, high=30)
        checks = predictive_checks(fit(study, priors=Priors.on_scale(center=5, unit=2)), study=study)
        strange, total = strange + sum(not c.ok for c in checks), total + len(checks)
    assert total >= 100
    assert strange <= 4


def test_checks_see_a_series_that_the_model_does_not_make():
    study = a_study(((0, 0, 0, 0, 9, 0), (0, 0, 0, 0, 0, 0)))
    checks = predictive_checks(fit(study), study=study)
    strange = {c.figure for c in checks if not c.ok}
    assert {"share at the floor", "SD of B1"} <= strange
    assert "does not reproduce" in check_words(checks)
    assert "share at the floor is 0.92" in check_words(checks)


def test_the_priors_leave_room_but_are_about_this_instrument():
    study = a_study(LAMBERT_A1)
    assert 0.2 < prior_look(fit(study), study=study) < 0.5
    far = fit(study, priors=Priors.on_scale(center=500, unit=2))
    assert prior_look(far, study=study) > 0.99


def test_change_points_in_words():
    rows, priors, family = immediacy(a_study(LAMBERT_A1), case=CODE)
    assert family == "gaussian"
    assert priors["delta"] == "Normal(0, 5)"
    by = {c: sum(r.probability for r in rows if r.contrast == c) for c in ("A1-B1", "B1-A2", "A2-B2")}
    assert list(by.values()) == pytest.approx([1, 1, 1])
    said = immediacy_words(rows)
    assert said[0].startswith("A1-B1: the level changed with the phase")
    assert "B1-A2: the level changed 1 session after the phase had begun" in said[1]
    assert said[-1].startswith("This is about how soon")


def test_too_few_values_name_no_change_point():
    with pytest.raises(StudyError) as refused:
        immediacy(a_study(((5, 4), (3, 2))), case=CODE)
    assert "no two adjacent phases hold 6 values" in str(refused.value)


def test_the_summary_carries_the_appendix_only_when_asked():
    study = a_study(LAMBERT_A1)
    plain, full = summarize(study), summarize(study, appendix=True)
    assert (plain.robustness, plain.checks, plain.prior_outside) == ((), (), None)
    assert len(full.robustness) == 1
    assert len(full.checks) >= 9
    assert Summary.from_json(full.to_json()) == full
    points = summarize(study, model="change-point")
    assert points.effects == ()
    assert len(points.change_points) == 9 + 9 + 12
    assert json.loads(points.to_json())["engine"] == "exact"


def test_ratings_are_laddered_as_scores():
    told = robustness(a_study(LAMBERT_A1, scale="rating"), case=CODE, model="level")
    assert told.note.startswith("The ladder takes the ratings as scores")


def test_the_ladder_of_counts_holds_the_same_numbers_as_the_fits():
    """Also the published pair of rate ratios, as medians: exp(-1.64) for Poisson and for negative binomial spread."""
    study = a_study(LAMBERT_A1, scale="count", high=None)
    told = robustness(study, case=CODE, model="phase-level")
    for name, model, family in (
        ("Level, Poisson spread", "level", "poisson"),
        ("Level, negative binomial spread", "level", "count"),
        ("Level, autocorrelated rate (Poisson-lognormal)", "level", "poisson-lognormal"),
        ("Level and trend", "level-trend", "count"),
        ("Level and slopes", "piecewise", "count"),
        ("Levels that differ between like phases", "phase-level", "count"),
        ("Gradual onset (full effect)", "gradual", "count"),
    ):
        tree = fit(study, model=model, family=family, seed=5)
        row = effect_table(tree, study=study).query("effect == 'rate_ratio' and contrast == 'overall'").iloc[0]
        rung = named(told, name)
        assert rung.effect == "rate_ratio"
        error = 4.5 * (math.log(rung.upper) - math.log(rung.lower)) / 4 / math.sqrt(1000)
        if name != "Gradual onset (full effect)":
            assert math.log(rung.median) == pytest.approx(math.log(row["median"]), abs=error), name
        assert rung.p_improvement > 0.99
    assert named(told, "Level, Poisson spread").median == pytest.approx(math.exp(-1.64), abs=0.01)
    sceptic = named(told, "Sceptical prior")
    assert named(told, "Levels that differ between like phases").median < sceptic.median < 1
    assert told.prior_sensitivity > 0
    assert told.likelihood_sensitivity > 0


def test_counts_are_foretold_as_plain_integration_says():
    """Poisson, level alone: the density of each value given those before it, on a dense grid of both coefficients."""
    study = a_study(LAMBERT_A1, scale="count", high=None)
    told = robustness(study, case=CODE, model="level")
    series = series_of(study)
    alpha, delta = np.meshgrid(np.linspace(0.5, 3.5, 101), np.linspace(-5, 2.5, 101), indexing="ij")
    log_prior = stats.norm(math.log(5), 1.5).logpdf(alpha) + stats.norm(0, 1.5).logpdf(delta)

    def evidence(dispersion, end):
        mean = np.exp(alpha[..., None] + delta[..., None] * series.intervention[:end])
        if dispersion is None:
            fit_ = stats.poisson.logpmf(series.value[:end], mean)
        else:
            fit_ = stats.nbinom.logpmf(series.value[:end], dispersion**-2, 1 / (1 + mean * dispersion**2))
        log_p = log_prior + fit_.sum(axis=-1)
        return np.exp(log_p).sum()

    begin, end = 11, len(series.value)
    poisson = math.log(evidence(None, end) / evidence(None, begin))
    spreads = np.linspace(0.005, 2.5, 60)
    weight = stats.halfnorm.pdf(spreads)
    both = [sum(w * evidence(s, e) for w, s in zip(weight, spreads, strict=True)) for e in (end, begin)]
    expected = math.log(both[0] / both[1]) - poisson
    ours = named(told, "Level, negative binomial spread").elpd_difference
    against = named(told, "Level, Poisson spread").elpd_difference
    # Weighted draws worth a thousand each know a ratio of evidences to about 0.04.
    assert ours - against == pytest.approx(expected, abs=0.18)


@pytest.mark.parametrize("phases", [((0, 0, 0), (0, 0, 0)), ((30, 41, 12), (0, 0, 0))])
def test_poor_counts_climb_the_ladder_too(phases):
    told = robustness(a_study(phases, scale="count", high=None), case=CODE)
    assert all(math.isfinite(a.median) and a.lower < a.upper and a.elpd_difference is None for a in told.alternatives)


def test_a_headline_whose_later_phases_are_still_empty_has_its_rung():
    """An ABAB that has only begun: its model is `phase-level` before it has three phases with values."""
    told = robustness(a_study(((7, 8, 6, 7), (4, 5, 3))), case=CODE, model="phase-level")
    assert named(told, "Levels that differ between like phases").p_improvement > 0.5
