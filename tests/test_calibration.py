"""scd's promises on clients whose truth is known: a small share of the published calibration, made again."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from calibration import coverage
from calibration.__main__ import main
from calibration.bands import BINS, DRAWS, band, binned, rank_of, verdict
from calibration.exact_ranks import exact_ranks, posterior
from calibration.sampled_ranks import WEIGHED
from calibration.situations import Situation, layout, noise, simulate

TABLES = Path(__file__).parent / "calibration"
CELL = ["situation", "design", "points", "phi", "truth", "model"]


@pytest.fixture(scope="module")
def cells():
    return pd.read_csv(TABLES / "coverage.csv")


@pytest.fixture(scope="module")
def ranks():
    return pd.read_csv(TABLES / "ranks.csv")


# --- the judge ------------------------------------------------------------------------------------------------------


def test_the_band_holds_even_ranks_as_often_as_it_says():
    rng = np.random.default_rng(7)
    left = [verdict(binned(rng.integers(0, DRAWS + 1, 250)))["band_p"] < 0.05 for _ in range(1000)]
    assert np.mean(left) == pytest.approx(0.05, abs=0.02)


def test_the_verdict_is_whether_the_curve_lies_inside_the_band():
    rng = np.random.default_rng(8)
    low, high = band(300)
    for _ in range(100):
        counts = binned(np.minimum((rng.beta(1, 1.15, 300) * (DRAWS + 1)).astype(int), DRAWS))
        difference = np.cumsum(counts)[:-1] / 300 - np.arange(1, BINS) / BINS
        inside = bool(((difference >= low - 1e-12) & (difference <= high + 1e-12)).all())
        assert inside == (verdict(counts)["band_p"] >= 0.05)


def test_a_rank_counts_the_draws_below_and_splits_ties_by_chance():
    rng = np.random.default_rng(9)
    assert rank_of(2.0, np.array([1.0, 1.5, 3.0]), rng) == 2
    assert {rank_of(0.0, np.zeros(2), rng) for _ in range(60)} == {0, 1, 2}


# --- the simulated clients ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("degrees", [0, 4])
def test_noise_has_the_spread_and_autocorrelation_it_was_asked_for(degrees):
    session = np.array([1, 2, 4, 5])
    made = noise(np.random.default_rng(3), session=session, phi=0.5, size=60_000, degrees=degrees)
    assert np.cov(made.T) == pytest.approx(0.5 ** np.abs(session[:, None] - session), abs=0.03)


def test_a_gradual_change_is_half_there_after_its_half_life():
    situation = Situation("slow", "AB", 6, 0.0, 2.0, half_life=3)
    made = simulate(situation, layout((6, 6)), np.random.default_rng(4), size=40_000).mean(axis=0)
    assert made[[5, 8, 11]] == pytest.approx([0.0, 1.0, 1.5], abs=0.03)


# --- the published tables, made again -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("situation", "model", "rate"),
    [
        (Situation("as assumed", "AB", 5, 0.4, 0.0), "level", "type_one"),
        (Situation("as assumed", "ABAB", 7, 0.2, 2.0), "level", "coverage"),
        (Situation("drift of 0.1 SD a session", "AB", 10, 0.3, 0.0, drift=0.1), "level", "type_one"),
    ],
)
def test_new_clients_give_the_published_rate_within_monte_carlo_error(cells, situation, model, rate):
    found = coverage.cell(situation, {model: "any"}, replications=300, seed=99)[0]
    same = cells[CELL].eq(pd.Series(found)[CELL]).all(axis=1)
    told = cells[same].iloc[0]
    error = np.sqrt(told[rate] * (1 - told[rate]) * (1 / 300 + 1 / told["replications"]))
    assert found[rate] == pytest.approx(told[rate], abs=3.5 * error)


def _least(model, *, simulations, of=posterior):
    """The smallest probability that chance takes a quantity's ranks so far, times the number of quantities."""
    found = exact_ranks(model, simulations=simulations, seed=12, posterior=of)
    return min(verdict(binned(ranks))["band_p"] for ranks in found.values()) * len(found)


@pytest.mark.parametrize("model", ["level", "phase-level"])
def test_truths_drawn_from_the_prior_have_even_ranks_in_the_posterior(model):
    assert _least(model, simulations=200) > 0.01


def _too_sure(series, model, seed):
    draws, grid = posterior(series, model, seed)
    return {name: v.mean(axis=0) + 0.8 * (v - v.mean(axis=0)) for name, v in draws.items()}, grid


def _biased(series, model, seed):
    draws, grid = posterior(series, model, seed)
    return draws | {"delta": draws["delta"] + 0.3 * draws["delta"].std()}, grid


@pytest.mark.parametrize("wrong", [_too_sure, _biased])
def test_a_wrong_posterior_fails_the_same_check(wrong):
    """Draws a fifth too narrow, or moved by a third of an SD: if this passed, passing would mean nothing."""
    assert _least("level", simulations=350, of=wrong) < 0.01


# --- what the tables on disk say ------------------------------------------------------------------------------------


def test_the_tables_hold_every_cell_that_the_command_makes(cells):
    keys = {tuple(r) for r in cells[CELL].itertuples(index=False)}
    for jobs in (coverage.assumed, coverage.departures, coverage.phases, coverage.alike):
        for s, models in jobs():
            assert {(s.name, s.design, s.points, s.phi, s.truth, model) for model in models} <= keys
    assert cells.query("model != 'multilevel'")["replications"].min() >= 1000
    assert not cells.duplicated(CELL).any()


def test_where_the_level_model_is_right_its_promises_hold_up_to_an_autocorrelation_of_four_tenths(cells):
    right = cells.query("situation == 'as assumed' and model == 'level' and phi <= 0.4")
    assert len(right) == 3 * 4 * 3 * 2
    assert right["coverage"].between(0.93, 0.985).all()
    assert right["type_one"].max() <= 0.07


def test_every_model_stays_inside_its_band(ranks):
    assert set(ranks["engine"]) == {"exact", "importance", "nuts"}
    exact = ranks.query("engine == 'exact'")
    assert set(exact["model"]) == {"level", "level-trend", "phase-level", "piecewise", "gradual", "change-point"}
    assert exact["simulations"].min() >= 1000
    weighed = ranks.query("engine == 'importance'")
    assert set(weighed["model"]) == set(WEIGHED)
    assert weighed.groupby("model")["simulations"].max().min() >= 340
    worst = ranks.groupby(["engine", "model"])["band_p"].agg(["min", "size"])
    assert (worst["min"] * worst["size"] >= 0.05).all(), worst


def test_the_bins_of_a_row_say_what_its_verdict_says(ranks):
    for row in ranks.sample(8, random_state=1).to_dict("records"):
        counts = np.array([row[f"bin{i:02}"] for i in range(1, BINS + 1)])
        assert counts.sum() == row["simulations"]
        assert verdict(counts)["band_p"] == row["band_p"]


def test_one_command_makes_the_tables(tmp_path, capsys):
    main(["--only", "exact", "--replications", "2", "--into", str(tmp_path)])
    made, kept = pd.read_csv(tmp_path / "ranks.csv"), pd.read_csv(TABLES / "ranks.csv")
    assert list(made.columns) == list(kept.columns)
    key = ["model", "quantity"]
    assert made[key].equals(kept.query("engine == 'exact'")[key].reset_index(drop=True))
    assert pd.read_csv(tmp_path / "times.csv")["part"].tolist() == ["exact"]
    assert "change-point" in capsys.readouterr().err


def test_the_weighted_engine_is_ranked_by_the_same_command(tmp_path):
    """Two clients of each family: their ranks fall into the bins that the table on disk counts, in the same rows."""
    main(["--only", "weighed", "--replications", "2", "--into", str(tmp_path)])
    made, kept = pd.read_csv(tmp_path / "ranks.csv"), pd.read_csv(TABLES / "ranks.csv").query("engine == 'importance'")
    rows = {tuple(r) for r in kept[["model", "quantity"]].itertuples(index=False)}
    assert {tuple(r) for r in made[["model", "quantity"]].itertuples(index=False)} <= rows
    assert pd.read_csv(tmp_path / "sampler.csv")["handed_on"].sum() == 0
