"""Judging ranks: are they as even as chance alone would make them?

A truth is drawn from the prior, data from the truth, and draws from the posterior given the data. If the posterior is
right, the truth's rank among the draws is uniform; too narrow a posterior gathers ranks at both ends, too wide a one in
the middle, a biased one at one end.

References
----------
Talts, S., Betancourt, M., Simpson, D., Vehtari, A., & Gelman, A. (2018). Validating Bayesian inference algorithms with
simulation-based calibration. arXiv:1804.06788. https://doi.org/10.48550/arXiv.1804.06788

Säilynoja, T., Bürkner, P.-C., & Vehtari, A. (2022). Graphical test for discrete uniformity and its applications in
goodness-of-fit evaluation and multiple sample comparison. Statistics and Computing, 32, 32.
https://doi.org/10.1007/s11222-022-10090-6

Modrák, M., Moon, A. H., Kim, S., Bürkner, P., Huurre, N., Faltejsková, K., Gelman, A., & Vehtari, A. (2023).
Simulation-based calibration checking for Bayesian computation: The choice of test quantities shapes sensitivity.
Bayesian Analysis. https://doi.org/10.1214/23-BA1404
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from scipy import stats

__all__ = ["BINS", "DRAWS", "band", "binned", "rank_of", "verdict"]

DRAWS = 199
"""Draws that a truth is ranked among, so that there are 200 ranks."""

BINS = 20
"""Equal parts of the ranks that the tables keep."""

_CHANCE = 20_000


def rank_of(truth: float, draws: np.ndarray, rng: np.random.Generator) -> int:
    """How many draws lie below the truth; ties, as a discrete quantity has them, are broken by chance."""
    below, equal = int((draws < truth).sum()), int((draws == truth).sum())
    return below + int(rng.integers(0, equal + 1))


def binned(ranks: np.ndarray) -> np.ndarray:
    """Number of ranks (0 to `DRAWS`) in each of the `BINS`."""
    return np.bincount(np.asarray(ranks) * BINS // (DRAWS + 1), minlength=BINS)


def verdict(counts: np.ndarray) -> dict[str, Any]:
    """How unusual these counts are if the posterior is right.

    Parameters
    ----------
    counts : ndarray of int, shape (BINS,)

    Returns
    -------
    dict
        ``simulations``; ``band_p``, the probability that chance alone takes the ECDF as far from even at its worst
        point, which is below 0.05 when it leaves the simultaneous 95 % band; and ``chi2_p``, that of Pearson's test.
    """
    total = int(counts.sum())
    return {
        "simulations": total,
        "band_p": round(float((_by_chance(total) <= _worst(counts[None])[0]).mean()), 4),
        "chi2_p": round(float(stats.chisquare(counts).pvalue), 4),
    }


def band(simulations: int, *, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """The simultaneous band of the ECDF at the ends of the bins, less what even ranks would give.

    Parameters
    ----------
    simulations : int
    level : float
        Probability that the whole ECDF of a right posterior lies inside.

    Returns
    -------
    low, high : ndarray, shape (BINS - 1,)
    """
    gamma = np.quantile(_by_chance(simulations), 1 - level)
    share = np.arange(1, BINS) / BINS
    low = stats.binom.ppf(gamma / 2, simulations, share) / simulations
    high = stats.binom.isf(gamma / 2, simulations, share) / simulations
    return low - share, high - share


def _worst(counts: np.ndarray) -> np.ndarray:
    """Smallest two-sided binomial tail of each ECDF, over the ends of the bins."""
    reached = np.cumsum(counts, axis=1)[:, :-1]
    return _tails(int(counts[0].sum()))[reached, np.arange(BINS - 1)].min(axis=1)


@cache
def _tails(simulations: int) -> np.ndarray:
    """Two-sided tail of each number of ranks below each end, shape (simulations + 1, BINS - 1)."""
    reached, share = np.arange(simulations + 1)[:, None], np.arange(1, BINS) / BINS
    below, above = stats.binom.cdf(reached, simulations, share), stats.binom.sf(reached - 1, simulations, share)
    return np.minimum(2 * np.minimum(below, above), 1)


@cache
def _by_chance(simulations: int) -> np.ndarray:
    """What `_worst` gives for so many even ranks."""
    rng = np.random.default_rng(simulations)
    return _worst(rng.multinomial(simulations, np.full(BINS, 1 / BINS), size=_CHANCE))
