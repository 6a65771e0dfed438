"""How precisely a mixed model's variances are known: the expected information of restricted maximum likelihood."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from scd.analysis.between_case.reml import MixedFit
from scd.analysis.between_case.restricted_likelihood import Mixed

__all__ = ["expected_information", "variance_parameters"]


def variance_parameters(mixed: Mixed, fit: MixedFit) -> list[str]:
    """Name the parameters of the variance, in the order of `expected_information`.

    Parameters
    ----------
    mixed : Mixed
    fit : MixedFit

    Returns
    -------
    list of str
        For each level, outermost first, its variances and covariances (of effects 1 and 1, 1 and 2, 2 and 2, ...),
        then ``correlation``, ``sd_ratio`` and ``variance``, where there are such.

    Examples
    --------
    >>> from scd.analysis.between_case.reml import fit_mixed
    >>> from scd.analysis.between_case.restricted_likelihood import Level
    >>> case, one = np.repeat([0, 1, 2], 4), np.ones((12, 1))
    >>> value = np.array([1.0, 2, 1, 3, 5, 6, 7, 5, 9, 8, 10, 9])
    >>> model = Mixed(value, one, (Level("case", case, one),), case, np.tile([1, 2, 3, 4], 3), "ar1")
    >>> variance_parameters(model, fit_mixed(model))
    ['case 1,1', 'correlation', 'variance']
    """
    names = [f"{level.name} {i + 1},{j + 1}" for level in mixed.levels for i, j in _entries(level.columns.shape[1])]
    names += ["correlation"] if fit.correlation is not None else []
    names += ["sd_ratio"] if fit.sd_ratio is not None else []
    return [*names, "variance"]


def expected_information(mixed: Mixed, fit: MixedFit) -> np.ndarray:
    """The expected information about the parameters of the variance: half the trace of P dV P dV' for each two.

    P is the inverse covariance of the values with the fixed effects taken out, dV the covariance's derivative.

    Parameters
    ----------
    mixed : Mixed
    fit : MixedFit

    Returns
    -------
    ndarray, shape (parameters, parameters)
        In the order of `variance_parameters`.

    References
    ----------
    Pustejovsky, J. E., Hedges, L. V., & Shadish, W. R. (2014). Design-comparable effect sizes in multiple baseline
    designs. Journal of Educational and Behavioral Statistics, 39, 368-393. https://doi.org/10.3102/1076998614547577

    Examples
    --------
    In a balanced design the variance within cases is known as from 9 squares:

    >>> from scd.analysis.between_case.reml import fit_mixed
    >>> from scd.analysis.between_case.restricted_likelihood import Level
    >>> case, one = np.repeat([0, 1, 2], 4), np.ones((12, 1))
    >>> value = np.array([1.0, 2, 1, 3, 5, 6, 7, 5, 9, 8, 10, 9])
    >>> model = Mixed(value, one, (Level("case", case, one),), case, np.tile([1, 2, 3, 4], 3), "independent")
    >>> fit = fit_mixed(model)
    >>> covariance = np.linalg.inv(expected_information(model, fit))
    >>> round(float(2 * fit.variance**2 / covariance[1, 1]), 4)
    9.0
    """
    size = len(variance_parameters(mixed, fit))
    whole, fixed = np.zeros((size, size)), mixed.fixed
    through: list[np.ndarray] = [np.zeros((fixed.shape[1], fixed.shape[1])) for _ in range(size)]
    twice = np.zeros((size, size, fixed.shape[1], fixed.shape[1]))
    precision = np.zeros((fixed.shape[1], fixed.shape[1]))
    for rows in _blocks(mixed):
        covariance, derivatives = _block(mixed, fit, rows)
        inverse = np.linalg.inv(covariance)
        solved = inverse @ np.stack(derivatives)  # V^-1 dV, one for each parameter
        x = fixed[rows]
        toward = inverse @ x
        precision += x.T @ toward
        left = toward.T @ np.stack(derivatives)  # X' V^-1 dV
        right = solved @ toward  # V^-1 dV V^-1 X
        for i in range(size):
            through[i] += left[i] @ toward
            for j in range(size):
                whole[i, j] += (solved[i] * solved[j].T).sum()
                twice[i, j] += left[i] @ right[j]
    inner = np.linalg.inv(precision)
    for i in range(size):
        for j in range(size):
            whole[i, j] += -2 * (inner * twice[i, j].T).sum() + ((inner @ through[i]) * (inner @ through[j]).T).sum()
    return (whole + whole.T) / 4


def _entries(width: int) -> Iterator[tuple[int, int]]:
    """The places of a covariance's own entries, column by column."""
    return ((i, j) for j in range(width) for i in range(j + 1))


def _blocks(mixed: Mixed) -> Iterator[np.ndarray]:
    """The rows that may be correlated with each other."""
    outermost = mixed.levels[0].group
    return (np.flatnonzero(outermost == g) for g in range(int(outermost.max()) + 1))


def _block(mixed: Mixed, fit: MixedFit, rows: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The covariance of some values, and its derivative for each parameter."""
    same = mixed.series[rows][:, None] == mixed.series[rows][None, :]
    apart = np.abs(mixed.session[rows][:, None] - mixed.session[rows][None, :])
    correlation, slope = _correlations(mixed, fit, np.where(same, apart, -1))
    sd = np.ones(len(rows))
    if mixed.other is not None and fit.sd_ratio is not None:
        sd = np.where(mixed.other[rows], fit.sd_ratio, 1.0)
    scale = np.outer(sd, sd)
    covariance = fit.variance * scale * correlation
    derivatives = []
    for level, random in zip(mixed.levels, fit.random, strict=True):
        together = level.group[rows][:, None] == level.group[rows][None, :]
        z = level.columns[rows]
        covariance = covariance + together * (z @ random @ z.T)
        for i, j in _entries(z.shape[1]):
            crossed = np.outer(z[:, i], z[:, j])
            derivatives.append(together * (crossed if i == j else crossed + crossed.T))
    if fit.correlation is not None:
        derivatives.append(fit.variance * scale * slope)
    if mixed.other is not None:
        inside = mixed.other[rows].astype(float)
        derivatives.append(fit.variance * correlation * (np.outer(sd, inside) + np.outer(inside, sd)))
    derivatives.append(scale * correlation)
    return covariance, derivatives


def _correlations(mixed: Mixed, fit: MixedFit, apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of errors so many sessions apart (-1: of another series), and their slopes."""
    if fit.correlation is None:
        return (apart == 0).astype(float), np.zeros(apart.shape)
    at = fit.correlation
    if mixed.errors == "ma1":
        side = (apart == 1).astype(float)
        return (apart == 0) + side * at / (1 + at**2), side * (1 - at**2) / (1 + at**2) ** 2
    lag = np.maximum(apart, 0)
    correlation = np.where(apart >= 0, np.power(at, lag), 0.0)
    slope = np.where(apart > 0, lag * np.power(at, np.maximum(lag - 1, 0)), 0.0)
    return correlation, slope
