"""When did the level change? The unknown change point between two phases, summed out exactly."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from scd.models.quadrature import LinearModel, integrate

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["FEWEST_BESIDE", "ChangePoint", "change_points"]

FEWEST_BESIDE = 3
"""Values that must lie on either side of a change point."""


@dataclass(frozen=True, eq=False)
class ChangePoint:
    """The posterior of the last session before the level changed, between two adjacent phases.

    Attributes
    ----------
    contrast : str
        The two phases, such as ``A1-B1``.
    last_before : int
        The last session with a value in the earlier phase: where an immediate change would put the change point.
    sessions : tuple of int
        Candidates.
    probability : tuple of float
        Of each candidate; they sum to 1.
    change, change_sd : float
        Mean and SD of the level change, in the units of the values. For checking only: the intervention's time is
        known, so this is no estimate of its effect.
    """

    contrast: str
    last_before: int
    sessions: tuple[int, ...]
    probability: tuple[float, ...]
    change: float
    change_sd: float

    @property
    def expected(self) -> float:
        """Mean of the last session before the change."""
        return float(np.dot(self.sessions, self.probability))


def change_points(series: Series, priors: Priors, *, phi: float | None = None) -> tuple[ChangePoint, ...]:
    """Where the level changed between each phase and the next, if the data alone had to tell.

    Between two adjacent phases the level changes once, after an unknown session; every session that leaves at least
    3 values on either side is as likely beforehand. Level, change, spread and autocorrelation are integrated out. A
    posterior that gathers at the phase boundary speaks for an immediate change; one that lies later, or is spread, for
    a delayed or unclear one.

    Parameters
    ----------
    series : Series
        One case.
    priors : Priors
        On the scale of ``series.value``.
    phi : float, optional
        Hold the autocorrelation at this value; 0 leaves it out.

    Returns
    -------
    tuple of ChangePoint
        One for each two adjacent phases of unlike condition that hold 6 values or more.

    References
    ----------
    Natesan, P., & Hedges, L. V. (2017). Bayesian unknown change-point models to investigate immediacy in single case
    designs. Psychological Methods, 22(4), 743-759. https://doi.org/10.1037/met0000134
    """
    labels = series.phases[0]
    found = []
    for earlier, later in pairwise(range(len(labels))):
        keep = np.isin(series.phase_index, (earlier, later))
        count = int(keep.sum())
        if labels[earlier][0] == labels[later][0] or count < 2 * FEWEST_BESIDE:
            continue
        session = series.session[keep]
        splits = np.arange(FEWEST_BESIDE, count - FEWEST_BESIDE + 1)
        after = (np.arange(count) >= splits[:, None]).astype(float)
        model = LinearModel(
            coefficients=("alpha", "change"),
            columns=np.stack([np.ones_like(after), after], axis=-1),
            prior_mean=np.array([priors.center, 0.0]),
            prior_sd=np.array([[priors.alpha_sd, priors.delta_sd]]),
            outer=splits.astype(float),
            outer_weight=np.full(len(splits), 1 / len(splits)),
            gap=np.r_[1, np.diff(session)],
            linked=np.r_[0.0, np.ones(count - 1)],
        )
        grid = integrate(series.value[keep], model, priors, phi=phi)
        change = grid.mixture([0.0, 1.0])
        found.append(
            ChangePoint(
                contrast=f"{labels[earlier]}-{labels[later]}",
                last_before=int(series.session[series.phase_index == earlier].max()),
                sessions=tuple(int(session[k - 1]) for k in splits),
                probability=tuple(float(p) for p in grid.outer_probability()[0]),
                change=float(change.mean()[0]),
                change_sd=float(change.sd()[0]),
            )
        )
    return tuple(found)
