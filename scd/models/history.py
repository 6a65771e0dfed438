"""What happens to all cases at once: a walk over the sessions that they share, the threat of history.

In a multiple baseline the interventions start at different sessions, so an event that moves every case at the same
session can be told from the intervention. Sessions of the same number are taken as the same occasion; the walk begins
at 0 and moves by Normal(0, history_sd * sqrt(gap)) from one occasion to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scd.models.series import Series

__all__ = ["occasion_widths", "occasions", "steps_taken"]


def occasions(series: Series) -> tuple[np.ndarray, np.ndarray]:
    """The session numbers at which any case has a value, and the place of each value among them.

    Parameters
    ----------
    series : Series

    Returns
    -------
    numbers : ndarray of int, shape (occasions,)
    index : ndarray of int, shape (obs,)
    """
    return np.unique(series.session, return_inverse=True)


def occasion_widths(series: Series) -> np.ndarray:
    """SD of each step of the walk in units of its SD per session, shape (occasions,); 0 at the first occasion."""
    numbers, _ = occasions(series)
    return np.r_[0.0, np.sqrt(np.diff(numbers))]


def steps_taken(series: Series) -> np.ndarray:
    """Which steps of the walk each value has behind it: 0 or 1, shape (obs, occasions - 1)."""
    numbers, index = occasions(series)
    return (index[:, None] >= np.arange(1, len(numbers))).astype(float)
