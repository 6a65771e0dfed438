"""The interval of NAP that stays inside 0 to 1 and keeps its width where everything, or nothing, overlaps."""

from __future__ import annotations

import numpy as np

from scd.analysis.overlap.contrasts import quantile_of

__all__ = ["nap_interval"]


def nap_interval(
    value: np.ndarray, *, m: np.ndarray, n: np.ndarray, ci_prob: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Newcombe's score interval for NAP, exact to the last digits also where all or no pairs overlap.

    Its ends x solve m n (NAP - x)^2 (2 - x) (1 + x) = z^2 x (1 - x) [2 + h + (1 + 2h) x (1 - x)] with
    h = (m + n) / 2 - 1. At NAP = 1 both sides hold the factor 1 - x, which is divided out before the root is sought.

    Parameters
    ----------
    value : ndarray, shape (contrasts,)
        NAP, 0 to 1.
    m, n : ndarray, shape (contrasts,)
        How many values the two phases hold.
    ci_prob : float

    Returns
    -------
    lower, upper : ndarray, shape (contrasts,)

    Raises
    ------
    StudyError
        When `ci_prob` does not lie between 0 and 1.

    References
    ----------
    Newcombe (2006), https://doi.org/10.1002/sim.2324.

    Examples
    --------
    >>> lower, upper = nap_interval(np.array([1.0]), m=np.array([5]), n=np.array([5]))
    >>> round(float(lower[0]), 6), float(upper[0])
    (0.642703, 1.0)
    """
    z = quantile_of(ci_prob)
    # The equation is the same when NAP and x are taken from 1, so that every upper end is a lower one.
    share = np.concatenate([value, 1 - value])
    pairs, h = np.tile(m * n, 2), np.tile((m + n) / 2 - 1, 2)
    full = share >= 1

    def height(x: np.ndarray) -> np.ndarray:
        gap = np.where(full, 1 - x, (share - x) ** 2)
        spread = np.where(full, x, x * (1 - x))
        return pairs * gap * (2 - x) * (1 + x) - z**2 * spread * (2 + h + (1 + 2 * h) * x * (1 - x))

    low, high = np.zeros_like(share), share.copy()
    for _ in range(60):
        middle = (low + high) / 2
        above = height(middle) > 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    ends = np.where(share <= 0, 0.0, (low + high) / 2)
    lower, mirrored = np.split(ends, 2)
    return lower, 1 - mirrored
