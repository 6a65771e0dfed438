"""The gradual effects model: an effect that builds up under intervention and wears off when it is withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from scd.analysis.overlap.contrasts import Values, quantile_of
from scd.analysis.overlap.gradual_fit import FARTHEST, LINKS, exposure, fit_lines, least_deviance
from scd.language import gettext as _
from scd.study import StudyError

__all__ = ["GradualEffect", "GradualFamily", "gradual_effect"]

GradualFamily = Literal["gaussian", "poisson", "binomial"]
"""Identity link and constant variance; log link and variance in proportion to the mean; logit link and to p (1 - p)."""


@dataclass(frozen=True, eq=False)
class GradualEffect:
    """A fitted gradual effects model; of one series numbers, of many arrays of shape (series,).

    Parameters
    ----------
    omega : float or ndarray
        How much of the way is still left after each session, 0 to 1: at 0 the effect is there at once.
    baseline, effect : float or ndarray
        On the link's scale: the level without intervention, and the change after `sessions` sessions of it, in the
        measure's own direction.
    se, lower, upper : float or ndarray
        Of the effect.
    covariance : ndarray, shape (3, 3) or (series, 3, 3)
        Of baseline, effect and omega.
    dispersion, deviance : float or ndarray
        Pearson's chi-squared over n - 2, and what the fit leaves.
    note : str or ndarray of str
        Why there is no estimate, or what to be careful about.
    """

    omega: Any
    baseline: Any
    effect: Any
    se: Any
    lower: Any
    upper: Any
    covariance: np.ndarray
    dispersion: Any
    deviance: Any
    note: Any


def gradual_effect(
    values: Values,
    *,
    treated: Values,
    sessions: int | Sequence[int],
    family: GradualFamily = "gaussian",
    omega: float | None = None,
    ci_prob: float = 0.95,
) -> GradualEffect:
    """Fit Swan and Pustejovsky's gradual effects model to one series, or to many at once.

    The exposure follows x = omega x' + (1 - omega) D, with x' the exposure before and D 1 under intervention; the link
    of the mean is baseline + effect x / (1 - omega^m), so that `effect` is the change after m sessions. Omega is where
    the deviance is least, sought on a grid over 0 to 1 and refined around its lowest point, so that a local dip is not
    mistaken for the lowest.

    Parameters
    ----------
    values : sequence of float, or sequence of such sequences
        In order of time, each series from its first value to its last; NaN is a missed one and is left out.
    treated : as `values`
        1 under intervention, else 0.
    sessions : int or sequence of int
        After how many sessions of intervention the effect is told (m).
    family : {"gaussian", "poisson", "binomial"}
        For scores; counts and rates; proportions from 0 to 1. The dispersion is estimated for each.
    omega : float, optional
        Fit at this omega instead of seeking it.
    ci_prob : float
        Probability of the interval, effect -+ z SE. Both take the values as independent of each other.

    Returns
    -------
    GradualEffect

    Raises
    ------
    StudyError
        When the family is none of the three, a number of sessions is below 1, or the shapes do not fit.

    References
    ----------
    Swan & Pustejovsky (2018), https://doi.org/10.1080/00273171.2018.1466681.

    Examples
    --------
    >>> found = gradual_effect([3, 5, 4, 8, 11, 12, 12], treated=[0, 0, 0, 1, 1, 1, 1], sessions=4)
    >>> round(found.omega, 2), round(found.baseline, 2), round(found.effect, 2)
    (0.5, 3.97, 8.35)
    """
    if family not in get_args(GradualFamily):
        raise StudyError(
            f"family: must be one of {', '.join(get_args(GradualFamily))} (got {family!r})", field="family"
        )
    single = np.ndim(next(iter(values), 0.0)) == 0
    y, d, seen = _packed([values] if single else values, [treated] if single else treated)
    after = np.broadcast_to(np.asarray(sessions, dtype=int), (len(y),))
    if (after < 1).any():
        raise StudyError(f"sessions: must be at least 1 (got {int(after.min())})", field="sessions")
    fault = _faults(y, d, seen, family)
    y = np.where(seen & (fault == "")[:, None], y, 0.5)
    found = least_deviance(y, d, seen, after, family) if omega is None else np.full(len(y), float(omega))
    told = _told(y, d, seen, after, family, found)
    return _result(told, found, fault, family, ci_prob=ci_prob, single=single, fixed=omega is not None)


def _packed(values: Any, treated: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Observed values and conditions, padded at the end, and where there are any."""
    rows = []
    for one, given in zip(values, treated, strict=True):
        row, condition = np.asarray(one, dtype=float), np.asarray(given, dtype=float)
        if row.shape != condition.shape:
            raise StudyError(
                f"treated: must hold one entry a value (got {condition.size} for {row.size})", field="treated"
            )
        kept = np.isfinite(row)
        rows.append((row[kept], condition[kept]))
    longest = max((len(row) for row, _ in rows), default=0)
    y, d = np.full((2, len(rows), longest), np.nan)
    for i, (row, condition) in enumerate(rows):
        y[i, : len(row)], d[i, : len(row)] = row, condition
    return y, np.nan_to_num(d), np.isfinite(y)


def _faults(y: np.ndarray, d: np.ndarray, seen: np.ndarray, family: str) -> np.ndarray:
    """Why a series can't be fitted; empty where it can."""
    base, under = seen & (d == 0), seen & (d == 1)
    zeros = [~((y != 0) & part).any(axis=1) for part in (base, under)]
    wholes = [~((y != 1) & part).any(axis=1) for part in (base, under)]
    with np.errstate(invalid="ignore"):
        outside = ((y < 0) | ((y > 1) & (family == "binomial"))).any(axis=1) & (family != "gaussian")
    empty = ~base.any(axis=1) | ~under.any(axis=1)
    return np.select(
        [
            empty,
            seen.sum(axis=1) < 4,
            outside,
            (family != "gaussian") & (zeros[0] | zeros[1]),
            (family == "binomial") & (wholes[0] | wholes[1]),
        ],
        [
            _("needs values in baseline and under intervention"),
            _("needs at least 4 values"),
            _("a value lies outside what the model can take"),
            _("all values of a phase are 0, which has no logarithm"),
            _("all values of a phase are the whole, which has no log odds"),
        ],
        "",
    )


def _told(
    y: np.ndarray, d: np.ndarray, seen: np.ndarray, after: np.ndarray, family: str, omega: np.ndarray
) -> dict[str, np.ndarray]:
    """The fit at the omega found, with Pearson's dispersion and the covariance of all three parameters."""
    x, change = (part[:, 0] for part in exposure(d, after, omega[:, None]))
    intercept, slope, deviance = (part[:, 0] for part in fit_lines(y, x[:, None], seen, family))
    eta = intercept[:, None] + slope[:, None] * x
    mean, weight = eta, np.ones_like(eta)
    if family != "gaussian":
        mean = LINKS[family][0](np.clip(eta, -FARTHEST, FARTHEST))
        weight = LINKS[family][1](mean)
    weight = weight * seen
    pearson = np.where(seen, (y - mean) ** 2 / (1 if family == "gaussian" else LINKS[family][1](mean)), 0).sum(axis=1)
    dispersion = pearson / np.maximum(seen.sum(axis=1) - 2, 1)
    design = np.stack([np.ones_like(x), x, slope[:, None] * change], axis=-1)
    information = np.einsum("kti,kt,ktj->kij", design, weight, design)
    scale = np.sqrt(np.einsum("kii->ki", information))
    scale = np.where(scale > 0, scale, 1.0)
    even = information / scale[:, :, None] / scale[:, None, :]
    usable = np.linalg.matrix_rank(even, tol=1e-10, hermitian=True) == 3
    even = np.where(usable[:, None, None], even, np.eye(3))
    covariance = np.linalg.inv(even) / scale[:, :, None] / scale[:, None, :] * dispersion[:, None, None]
    covariance = np.where(usable[:, None, None], covariance, np.nan)
    return {
        "baseline": intercept,
        "effect": slope,
        "deviance": deviance,
        "dispersion": dispersion,
        "covariance": covariance,
        "reach": np.abs(eta * seen).max(axis=1),
    }


def _result(
    told: dict[str, np.ndarray],
    omega: np.ndarray,
    fault: np.ndarray,
    family: str,
    *,
    ci_prob: float,
    single: bool,
    fixed: bool,
) -> GradualEffect:
    se = np.sqrt(told["covariance"][:, 1, 1])
    lost = (fault != "") | ((family != "gaussian") & (told["reach"] >= 20))
    at_end = (omega < 1e-6) | (omega > 1 - 1e-6)
    note = np.select(
        [fault != "", lost, ~np.isfinite(se), at_end & (not fixed)],
        [
            fault,
            _("the fit runs away: a level of 0 or of the whole fits best"),
            _("no standard error: the data do not tell omega"),
            _("omega lies at the end of its range, where the standard error is only a rough guide"),
        ],
        "",
    )
    reach = quantile_of(ci_prob) * se

    def plain(part: np.ndarray) -> Any:
        kept = np.where(lost.reshape(-1, *(1,) * (part.ndim - 1)), np.nan, part)
        if not single:
            return kept
        return float(kept[0]) if kept.ndim == 1 else kept[0]

    return GradualEffect(
        omega=plain(omega),
        baseline=plain(told["baseline"]),
        effect=plain(told["effect"]),
        se=plain(se),
        lower=plain(told["effect"] - reach),
        upper=plain(told["effect"] + reach),
        covariance=plain(told["covariance"]),
        dispersion=plain(told["dispersion"]),
        deviance=plain(told["deviance"]),
        note=str(note[0]) if single else note,
    )
