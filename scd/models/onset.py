"""Effects that come and go by degrees: how much of the intervention has taken hold at each session."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scd.models.series import Series

__all__ = ["built_up", "carried", "lags_treated"]


def carried(series: Series, share: float | np.ndarray) -> np.ndarray:
    """The effect reached at each value, as a share of the full effect.

    At each session the share s of what was there is carried over: x[t] = s x[t-1] + (1 - s) D[t] with x[0] = 0 before
    the first session. The same share rules the build-up under intervention and the fading after it.

    Parameters
    ----------
    series : Series
        One case. A missed session counts to the phase it lies in.
    share : float or ndarray
        Carried over from one session to the next, from 0 (at once) to 1 (never); one or many.

    Returns
    -------
    ndarray, shape (obs,) or (*share, obs)

    References
    ----------
    Swan, D. M., & Pustejovsky, J. E. (2018). A gradual effects model for single-case designs. Multivariate Behavioral
    Research, 53(4), 574-593. https://doi.org/10.1080/00273171.2018.1466681
    """
    return built_up(_treated(series), share, at=series.session - series.session.min())


def built_up(amount: np.ndarray, share: float | np.ndarray, *, at: np.ndarray) -> np.ndarray:
    """What has built up of an amount that comes in session by session: x[t] = s x[t-1] + (1 - s) amount[t].

    Parameters
    ----------
    amount : ndarray, shape (sessions,)
        Of every session from the first one on, such as 1 under intervention and 0 in baseline.
    share : float or ndarray
        Carried over from one session to the next, from 0 (at once) to 1 (never); one or many.
    at : ndarray of int, shape (obs,)
        Which sessions are asked for, counted from 0.

    Returns
    -------
    ndarray, shape (obs,) or (*share, obs)

    Examples
    --------
    >>> built_up(np.array([0.0, 1.0, 1.0]), 0.5, at=np.arange(3))
    array([0.  , 0.5 , 0.75])
    """
    share = np.asarray(share, dtype=float)
    reached, level = np.empty((*share.shape, len(at))), np.zeros(share.shape)
    wanted = {int(number): i for i, number in enumerate(at)}
    for t, now in enumerate(amount):
        level = share * level + (1 - share) * now
        if t in wanted:  # long gaps cost time, not memory
            reached[..., wanted[t]] = level
    return reached


def lags_treated(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """For each value (rows) and each session up to it (columns): how long ago it was, and whether it was treated.

    Returns
    -------
    lag, treated : ndarray, shape (obs, sessions)
        So that ``(1 - s) * sum(s ** lag * treated)`` is what `carried` gives.
    """
    under = _treated(series)
    lag = (series.session - series.session.min())[:, None] - np.arange(len(under))
    return np.maximum(lag, 0), (lag >= 0) * under


def _treated(series: Series) -> np.ndarray:
    """Whether each session from the first value's to the last one's was under intervention."""
    first = series.session.min()
    sessions = np.arange(first, series.session.max() + 1)
    # The phase of a missed session: that of the next value, unless its phase began later.
    after = np.searchsorted(series.session, sessions)
    began = series.phase_start[after] <= sessions
    return np.where(began, series.intervention[after], series.intervention[np.maximum(after - 1, 0)])
