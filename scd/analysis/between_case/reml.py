"""A linear mixed model with correlated errors, fitted by restricted maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy import optimize  # type: ignore[import-untyped]

from scd.analysis.between_case.restricted_likelihood import Layout, Mixed, laid_out, profile, split_point
from scd.language import gettext as _
from scd.language import localized

__all__ = ["MixedFit", "fit_mixed"]

# Nearer to 1 the errors of a case are hard to tell from its level.
_EDGE = 0.95
# A random effect that adds less than this share of the error variance is none.
_NOTHING = 1e-6
# Where searches begin: correlation, and SDs of random effects relative to the error's. The second set is tried when the
# first don't agree.
_STARTS = ((0.3, 0.7), (0.6, 0.2))
_MORE_STARTS = ((0.0, 1.5), (-0.3, 0.5), (0.9, 0.3), (0.5, 0.05), (0.2, 3.0))
# Slopes at which a search ends: of those that are compared, and of the best one.
_COARSE, _FINE = 1e-3, 1e-7
# Minus twice the log likelihoods that differ by less are of the same maximum.
_ALIKE = 1e-4
# What no likelihood reaches: a step there is too far.
_IMPOSSIBLE = 1e12
# Of the differences that slopes are taken from, in roots of variances and hyperbolic angles of correlations.
_STEP = 1e-3


@dataclass(frozen=True, eq=False)
class MixedFit:
    """A fitted mixed model.

    Attributes
    ----------
    coefficients : ndarray, shape (coefficients,)
    covariance : ndarray, shape (coefficients, coefficients)
        Of the coefficients.
    variance : float
        Of the errors (where SDs differ: outside `Mixed.other`).
    random : tuple of ndarray, shape (effects, effects)
        Covariance of the random effects of each level.
    correlation : float or None
        phi or theta; None where errors are independent.
    sd_ratio : float or None
        SD inside `Mixed.other` as a multiple of that outside.
    log_likelihood : float
        Restricted.
    warnings : tuple of str
        Where the fit is not to be relied on, in words.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    variance: float
    random: tuple[np.ndarray, ...]
    correlation: float | None
    sd_ratio: float | None
    log_likelihood: float
    warnings: tuple[str, ...]


def fit_mixed(mixed: Mixed) -> MixedFit:
    """Fit a mixed model by restricted maximum likelihood.

    Parameters
    ----------
    mixed : Mixed

    Returns
    -------
    MixedFit
        The best of searches from several starts; its `warnings` say where it is not to be relied on.

    Raises
    ------
    StudyError
        When fixed effects can't be told apart, or the values leave no variance.

    References
    ----------
    Pinheiro, J. C., & Bates, D. M. (2000). Mixed-effects models in S and S-PLUS. Springer.
    https://doi.org/10.1007/b98882

    Examples
    --------
    >>> from scd.analysis.between_case.restricted_likelihood import Level
    >>> case = np.repeat([0, 1, 2], 4)
    >>> value = np.array([1.0, 2, 1, 3, 5, 6, 7, 5, 9, 8, 10, 9])
    >>> one = np.ones((12, 1))
    >>> found = fit_mixed(Mixed(value, one, (Level("case", case, one),), case, np.tile([1, 2, 3, 4], 3), "independent"))
    >>> round(found.variance, 4), round(float(found.random[0][0, 0]), 4)  # as from the table of an analysis of variance
    (0.8333, 12.9792)
    """
    layout = laid_out(mixed)
    searches = [_search(layout, _begin(layout, phi, root), tolerance=_COARSE) for phi, root in _STARTS]
    if _agreeing(searches) < len(_STARTS):
        searches += [_search(layout, _begin(layout, phi, root), tolerance=_COARSE) for phi, root in _MORE_STARTS]
    best = min(searches, key=lambda s: s.fun)
    best = _search(layout, best.x, tolerance=_FINE)
    fit = _fitted(layout, best.x)
    warnings = _edges(fit, mixed)
    if float(np.abs(best.jac).max()) > 1e-2 or _agreeing([best, *searches]) < 3:
        unclear = _(
            "the restricted likelihood has no clear maximum: searches from different starts do not "
            "agree; simplify the model before relying on these numbers"
        )
        warnings = [unclear, *warnings]
    return replace(fit, warnings=tuple(warnings))


def _agreeing(searches: list[optimize.OptimizeResult]) -> int:
    least = min(s.fun for s in searches)
    return sum(s.fun - least < _ALIKE for s in searches)


def _begin(layout: Layout, phi: float, root: float) -> np.ndarray:
    start = [math.atanh(phi)] if layout.mixed.errors != "independent" else []
    if layout.mixed.other is not None:
        start.append(0.0)
    for level in layout.mixed.levels:
        width = level.columns.shape[1]
        start += (root * np.eye(width))[np.tril_indices(width)].tolist()
    return np.array(start)


def _search(layout: Layout, start: np.ndarray, *, tolerance: float) -> optimize.OptimizeResult:
    around = np.concatenate([np.zeros((1, len(start))), *(k * _STEP * np.eye(len(start)) for k in (-2, -1, 1, 2))])

    def objective(point: np.ndarray) -> tuple[float, np.ndarray]:
        """The value, and the slopes by differences of fourth order, all points at once."""
        try:
            with np.errstate(all="ignore"):
                found = profile(layout, point + around)[0]
        except np.linalg.LinAlgError:
            return _IMPOSSIBLE, np.zeros(len(point))
        if not np.isfinite(found).all():
            return _IMPOSSIBLE, np.zeros(len(point))
        far_below, below, above, far_above = found[1:].reshape(4, -1)
        return float(found[0]), (8 * (above - below) - (far_above - far_below)) / (12 * _STEP)

    return optimize.minimize(objective, start, method="BFGS", jac=True, options={"gtol": tolerance, "maxiter": 300})


def _fitted(layout: Layout, point: np.ndarray) -> MixedFit:
    correlation, ratio, roots = split_point(layout, point[None])
    deviance, estimates, variance = profile(layout, point[None])
    free = len(layout.mixed.value) - layout.fixed
    sigma2 = float(variance[0]) * layout.unit**2
    back = np.linalg.inv(layout.triangle)
    random = []
    for root, triangle in zip(roots, layout.triangles, strict=True):
        own = np.linalg.solve(triangle, root[0])
        random.append(sigma2 * own @ own.T)
    constant = free * (math.log(2 * math.pi) + 1 + 2 * math.log(layout.unit))
    constant += 2 * float(np.log(np.abs(np.diag(layout.triangle))).sum())
    return MixedFit(
        coefficients=back @ (layout.ordinary + layout.unit * estimates[0, :, 0]),
        covariance=sigma2 * back @ estimates[0, :, 1:] @ back.T,
        variance=sigma2,
        random=tuple(random),
        correlation=None if layout.mixed.errors == "independent" else float(correlation[0]),
        sd_ratio=None if layout.mixed.other is None else float(ratio[0]),
        log_likelihood=-0.5 * (float(deviance[0]) + constant),
        warnings=(),
    )


def _edges(fit: MixedFit, mixed: Mixed) -> list[str]:
    """Where an estimate stands at the edge of what is possible."""
    told = []
    if fit.correlation is not None and abs(fit.correlation) > _EDGE:
        told.append(
            _(
                "the autocorrelation is estimated as {correlation}, near the edge of what is possible: "
                "drift of the values can hardly be told from differences between cases, and the effect "
                "size depends on which of them it is taken for"
            ).format(correlation=localized(f"{fit.correlation:.3f}"))
        )
    for level, covariance in zip(mixed.levels, fit.random, strict=True):
        size = (level.columns**2).mean(axis=0) / fit.variance
        share = np.diag(covariance) * size
        for name, own in zip(level.effects, share, strict=True):
            if own < _NOTHING:
                told.append(
                    (
                        _("the variance of the {effect} between cases is estimated as 0, the edge of what is possible")
                        if level.name == "case"
                        else _(
                            "the variance of the {effect} between clusters is estimated as 0, the edge of what is "
                            "possible"
                        )
                    ).format(effect=_(name))
                )
        if len(share) > 1 and share.min() >= _NOTHING:
            sd = np.sqrt(np.diag(covariance))
            if np.linalg.eigvalsh(covariance / np.outer(sd, sd))[0] < _NOTHING:
                told.append(
                    _(
                        "the random effects of cases are estimated to go hand in hand without any scatter, the edge of "
                        "what is possible; a simpler model says the same"
                    )
                    if level.name == "case"
                    else _(
                        "the random effects of clusters are estimated to go hand in hand without any scatter, the edge "
                        "of what is possible; a simpler model says the same"
                    )
                )
    return told
