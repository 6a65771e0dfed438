"""Several tiers together: the exact posterior of their average level change in many simulated multiple baselines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scd.analysis.planning.replicates import Change, integrated, unit_priors
from scd.models.exact import half_normal_grid
from scd.models.quadrature import LinearModel
from scd.study import StudyError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scd.models.priors import Priors

__all__ = ["posterior_of_average"]

_BETWEEN_POINTS = 8
"""Points of the SD between tiers."""


def posterior_of_average(
    values: np.ndarray,
    treated: ArrayLike,
    *,
    unit: float,
    center: float = 0.0,
    above: Sequence[float] = (0.0,),
    change_sd: float = 2.5,
    step: float = 0.0,
    ci_prob: float | None = 0.95,
    intervals: int | None = None,
) -> Change:
    """The posterior of the average level change over the tiers of a multiple baseline, in each of many studies.

    The multilevel model (average change ~ Normal(0, 2.5 units), SD between tiers ~ HalfNormal(1 unit), one
    autocorrelation) with two simplifications that let it be integrated: all tiers have the same within-phase SD, and
    their levels have priors of their own. Levels and changes are integrated out, the autocorrelation, the SD within
    phases and the SD between tiers are summed over a grid.

    Parameters
    ----------
    values : ndarray, shape (replications, tiers, sessions)
        NaN where a session was missed.
    treated : array_like of bool, shape (tiers, sessions)
        Whether each session of each tier is under intervention.
    unit, center, above, change_sd, step, ci_prob, intervals
        As in `posterior_of_change`; `change_sd` is that of the average change.

    Returns
    -------
    Change

    Raises
    ------
    StudyError
        When values and plan don't fit, or the unit is not above 0.

    References
    ----------
    Rindskopf, D. (2014). Nonlinear Bayesian analysis for single case designs. Journal of School Psychology, 52(2),
    179-189. https://doi.org/10.1016/j.jsp.2013.12.003

    Examples
    --------
    >>> from scd.analysis.planning.replicates import simulate
    >>> treated = [[0] * 5 + [1] * 7, [0] * 7 + [1] * 5]
    >>> tiers = [simulate(row, change=2, replications=9, seed=[1, i]) for i, row in enumerate(treated)]
    >>> posterior_of_average(np.stack(tiers, axis=1), treated, unit=1).mean.shape
    (9,)
    """
    under = np.asarray(treated, dtype=bool)
    if values.ndim != 3 or under.shape != values.shape[1:]:
        raise StudyError(
            f"simulated tiers: need one value for each session of each tier, {under.shape} (got {values.shape})",
            field="values",
        )
    priors = unit_priors(unit, change_sd=change_sd, step=step)
    flat = values.reshape(len(values), -1)
    return integrated(
        flat, lambda keep: _tiers_model(under, keep, priors), priors, unit=unit, center=center, above=above,
        ci_prob=ci_prob,
        intervals=intervals,
    )  # fmt: skip


def _tiers_model(under: np.ndarray, keep: np.ndarray, priors: Priors) -> LinearModel:
    """Tiers below one another: a level and a deviation from the average change each."""
    tiers, sessions = under.shape
    tier, session = np.divmod(np.flatnonzero(keep), sessions)
    member = (tier[:, None] == np.arange(tiers)).astype(float)
    change = under.ravel()[keep].astype(float)
    outer, weight = half_normal_grid(priors.delta_between_sd, points=_BETWEEN_POINTS)
    level_sd = math.hypot(priors.alpha_sd, priors.alpha_between_sd)
    fixed = np.r_[priors.delta_sd, np.full(tiers, level_sd)]
    first = np.r_[True, np.diff(tier) > 0]
    return LinearModel(
        coefficients=("delta", *(f"alpha {i + 1}" for i in range(tiers)), *(f"own {i + 1}" for i in range(tiers))),
        columns=np.column_stack([change, member, member * change[:, None]])[None],
        prior_mean=np.zeros(1 + 2 * tiers),
        prior_sd=np.column_stack([np.tile(fixed, (len(outer), 1)), np.repeat(outer[:, None], tiers, axis=1)]),
        outer=outer,
        outer_weight=weight,
        gap=np.where(first, 1, np.r_[1, np.diff(session)]),
        linked=(~first).astype(float),
    )
