"""The restricted likelihood of a linear mixed model with correlated errors, at many points at once.

Fixed effects and the error variance are profiled out. What is left are the correlation, the ratio of SDs, and the
random effects' covariances, relative to the error variance, by their roots: a root may be 0, so that the edge of what
is possible is an ordinary point of the search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from scd.study import StudyError

__all__ = ["ERRORS", "Errors", "Layout", "Level", "Mixed", "laid_out", "profile", "split_point"]

Errors = Literal["ar1", "ma1", "independent"]
ERRORS: tuple[str, ...] = get_args(Errors)

# Rows and columns of a root with so many effects; there are no more than level, trend, effect and change of slope.
_TRIANGLES = {width: np.tril_indices(width) for width in range(1, 5)}


@dataclass(frozen=True, eq=False)
class Level:
    """Random effects of one grouping.

    Attributes
    ----------
    name : str
    group : ndarray of int, shape (values,)
        Which group each value belongs to, from 0.
    columns : ndarray, shape (values, effects)
        What each effect is multiplied by; the effects of a group are correlated freely.
    effects : tuple of str
        What the effects are called in warnings.
    """

    name: str
    group: np.ndarray
    columns: np.ndarray
    effects: tuple[str, ...] = ("level",)


@dataclass(frozen=True, eq=False)
class Mixed:
    """A mixed model's data, rows in the order of series and session.

    Attributes
    ----------
    value : ndarray, shape (values,)
    fixed : ndarray, shape (values, coefficients)
    levels : tuple of Level
        Outermost first; later ones are nested in it.
    series : ndarray of int, shape (values,)
        Errors are correlated within a series.
    session : ndarray of int, shape (values,)
        Correlation depends on how many sessions lie between.
    errors : {"ar1", "ma1", "independent"}
        ``ar1``: phi to the power of the sessions apart; ``ma1``: theta / (1 + theta²) one session apart, else 0.
    other : ndarray of bool, shape (values,), or None
        Where the error's SD is another than elsewhere; None: it is one.
    """

    value: np.ndarray
    fixed: np.ndarray
    levels: tuple[Level, ...]
    series: np.ndarray
    session: np.ndarray
    errors: Errors = "ar1"
    other: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Layout:
    """The data on a scale of unit size, laid out by series, with what the likelihood needs at each step.

    Attributes
    ----------
    columns : ndarray, shape (series, sessions, columns)
        Fixed columns made orthonormal; the values, as residuals of ordinary least squares; then the columns of each
        level, outermost first, made orthonormal within their level. Shorter series end in zeros.
    gap : ndarray of int, shape (series, sessions)
        Sessions since the row before.
    linked, other : ndarray of bool, shape (series, sessions)
        Whether there is a row before; `Mixed.other`.
    parents : tuple of ndarray, shape (groups further out, groups)
        From the innermost level on: which group further out each belongs to, as 0 and 1.
    triangle : ndarray, shape (coefficients, coefficients)
        The fixed columns are the orthonormal ones times this.
    triangles : tuple of ndarray, shape (effects, effects)
        The same of each level's columns.
    ordinary : ndarray, shape (coefficients,)
        Ordinary least squares' coefficients of the orthonormal columns.
    unit : float
        What values were divided by.
    """

    mixed: Mixed
    columns: np.ndarray
    gap: np.ndarray
    linked: np.ndarray
    other: np.ndarray
    parents: tuple[np.ndarray, ...]
    triangle: np.ndarray
    triangles: tuple[np.ndarray, ...]
    ordinary: np.ndarray
    unit: float

    @property
    def fixed(self) -> int:
        """How many fixed effects there are."""
        return len(self.triangle)


def laid_out(mixed: Mixed) -> Layout:
    """Lay a mixed model's data out for the likelihood.

    Parameters
    ----------
    mixed : Mixed

    Returns
    -------
    Layout

    Raises
    ------
    StudyError
        When effects can't be told apart, or fixed ones leave no variance.

    Examples
    --------
    >>> case, one = np.repeat([0, 1, 2], 4), np.ones((12, 1))
    >>> value = np.array([1.0, 2, 1, 3, 5, 6, 7, 5, 9, 8, 10, 9])
    >>> mixed = Mixed(value, one, (Level("case", case, one),), case, np.tile([1, 2, 3, 4], 3), "ar1")
    >>> laid_out(mixed).columns.shape  # three series of four sessions: a fixed column, the values, a random column
    (3, 4, 3)
    """
    orthonormal, triangle = _orthonormal(mixed.fixed, what="fixed effects")
    free = len(mixed.value) - len(triangle)
    ordinary = orthonormal.T @ mixed.value
    residual = mixed.value - orthonormal @ ordinary
    unit = math.sqrt(float(residual @ residual) / free)
    if unit <= 1e-10 * float(np.abs(mixed.value).max()):
        raise StudyError(
            "mixed model: the fixed effects explain every value; without any variance nothing can be standardised",
            field="values",
        )
    size = math.sqrt(len(mixed.value))
    turned = [_orthonormal(level.columns, what=f"random effects of {level.name}s") for level in mixed.levels]
    bases, triangles = [base * size for base, _ in turned], [root / size for _, root in turned]
    linked = np.r_[False, mixed.series[1:] == mixed.series[:-1]]
    gap = np.where(linked, np.diff(mixed.session, prepend=0), 0)
    first = np.flatnonzero(~linked)
    number = np.cumsum(~linked) - 1
    place = np.arange(len(linked)) - first[number]

    def by_series(rows: np.ndarray) -> np.ndarray:
        out = np.zeros((len(first), int(place.max()) + 1, *rows.shape[1:]), dtype=rows.dtype)
        out[number, place] = rows
        return out

    parents, children = [], np.arange(len(first))
    for level in reversed(mixed.levels[:-1]):
        group = level.group[first]
        parents.append((group[children] == np.arange(int(group.max()) + 1)[:, None]).astype(float))
        children = np.array([int(np.flatnonzero(group == g)[0]) for g in range(int(group.max()) + 1)])
    return Layout(
        mixed=mixed,
        columns=by_series(np.column_stack([orthonormal, residual / unit, *bases])),
        gap=by_series(gap),
        linked=by_series(linked),
        other=by_series(np.zeros(len(linked), dtype=bool) if mixed.other is None else mixed.other),
        parents=tuple(parents),
        triangle=triangle,
        triangles=tuple(triangles),
        ordinary=ordinary,
        unit=unit,
    )


def _orthonormal(columns: np.ndarray, *, what: str) -> tuple[np.ndarray, np.ndarray]:
    base, triangle = np.linalg.qr(columns)
    diagonal = np.abs(np.diag(triangle))
    if diagonal.min() <= 1e-9 * diagonal.max() or len(columns) < columns.shape[1] + 2:
        raise StudyError(f"mixed model: its {what} can't be told apart in these data; leave out a trend", field="model")
    return base, triangle


def split_point(layout: Layout, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """Read what each point of the search stands for.

    Parameters
    ----------
    layout : Layout
    points : ndarray, shape (points, parameters)
        The hyperbolic angle of the correlation and the log of the ratio of SDs, where the model has them; then the
        lower triangle of each level's root, row by row.

    Returns
    -------
    correlation, ratio : ndarray, shape (points,)
    roots : list of ndarray, shape (points, effects, effects)
        Of each level's covariance, relative to the error's SD.

    Examples
    --------
    >>> case, one = np.repeat([0, 1, 2], 4), np.ones((12, 1))
    >>> value = np.array([1.0, 2, 1, 3, 5, 6, 7, 5, 9, 8, 10, 9])
    >>> mixed = Mixed(value, one, (Level("case", case, one),), case, np.tile([1, 2, 3, 4], 3), "ar1")
    >>> correlation, _, roots = split_point(laid_out(mixed), np.array([[0.0, 1.5]]))
    >>> correlation.tolist(), roots[0].tolist()
    ([0.0], [[[1.5]]])
    """
    at, correlation, ratio = 0, np.zeros(len(points)), np.ones(len(points))
    if layout.mixed.errors != "independent":
        correlation, at = np.tanh(points[:, 0]), 1
    if layout.mixed.other is not None:
        ratio, at = np.exp(points[:, at]), at + 1
    roots = []
    for level in layout.mixed.levels:
        width = level.columns.shape[1]
        rows, columns = _TRIANGLES[width]
        root = np.zeros((len(points), width, width))
        root[:, rows, columns] = points[:, at : at + len(rows)]
        at += len(rows)
        roots.append(root)
    return correlation, ratio, roots


def _white(layout: Layout, correlation: np.ndarray, ratio: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The columns with independent errors of one SD, and the log determinant of what was taken out."""
    columns, log_det = np.broadcast_to(layout.columns, (len(ratio), *layout.columns.shape)), np.zeros(len(ratio))
    if layout.mixed.other is not None:
        sd = np.where(layout.other, ratio[:, None, None], 1.0)
        columns, log_det = columns / sd[..., None], 2 * np.log(sd).sum(axis=(1, 2))
    if layout.mixed.errors == "independent":
        return columns, log_det
    at = correlation[:, None, None]
    if layout.mixed.errors == "ar1":
        rho = np.where(layout.linked, np.power(at, layout.gap), 0.0)
        left = 1 - rho**2
        before = np.concatenate([np.zeros_like(columns[:, :, :1]), columns[:, :, :-1]], axis=2)
        return (columns - rho[..., None] * before) / np.sqrt(left)[..., None], log_det + np.log(left).sum(axis=(1, 2))
    side = np.where(layout.linked & (layout.gap == 1), at / (1 + at**2), 0.0)
    out = np.empty_like(columns)
    out[:, :, 0], left = columns[:, :, 0], np.ones(side.shape[:2])
    for t in range(1, side.shape[2]):  # the bidiagonal root of the correlations, row by row
        step = side[:, :, t] / np.sqrt(left)
        left = 1 - step**2
        out[:, :, t] = (columns[:, :, t] - step[..., None] * out[:, :, t - 1]) / np.sqrt(left)[..., None]
        log_det = log_det + np.log(left).sum(axis=1)
    return out, log_det


def profile(layout: Layout, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The restricted likelihood of each point, and the estimates that follow from it.

    Level after level, from the innermost, the random effects are integrated out of the sums of squares and products.

    Parameters
    ----------
    layout : Layout
    points : ndarray, shape (points, parameters)
        As in `split_point`.

    Returns
    -------
    deviance : ndarray, shape (points,)
        Minus twice the restricted log likelihood, up to a constant.
    estimates : ndarray, shape (points, coefficients, 1 + coefficients)
        Coefficients of the orthonormal columns, then their covariance in units of the variance.
    variance : ndarray, shape (points,)
        Of the errors, on the layout's scale.

    Examples
    --------
    >>> case, one = np.repeat([0, 1, 2], 4), np.ones((12, 1))
    >>> value = np.array([1.0, 2, 1, 3, 5, 6, 7, 5, 9, 8, 10, 9])
    >>> mixed = Mixed(value, one, (Level("case", case, one),), case, np.tile([1, 2, 3, 4], 3), "ar1")
    >>> layout = laid_out(mixed)
    >>> deviance, _, variance = profile(layout, np.array([[0.0, 0.0], [0.0, 4.0]]))  # without and with random levels
    >>> round(float(variance[0]), 6), bool(deviance[1] < deviance[0])
    (1.0, True)
    """
    correlation, ratio, roots = split_point(layout, points)
    white, log_det = _white(layout, correlation, ratio)
    sums = np.swapaxes(white, -1, -2) @ white
    for place, root in enumerate(reversed(roots)):
        keep = sums.shape[-1] - root.shape[-1]
        turned = np.swapaxes(root, -1, -2)[:, None] @ sums[:, :, keep:]
        inner = np.eye(root.shape[-1]) + turned[..., keep:] @ root[:, None]
        sums = sums[:, :, :keep, :keep] - np.swapaxes(turned[..., :keep], -1, -2) @ np.linalg.solve(
            inner, turned[..., :keep]
        )
        log_det = log_det + np.linalg.slogdet(inner)[1].sum(axis=1)
        if place < len(layout.parents):
            sums = np.einsum("gs,msij->mgij", layout.parents[place], sums)
    sums = sums.sum(axis=1)
    fixed, free = layout.fixed, len(layout.mixed.value) - layout.fixed
    covariance = np.linalg.inv(sums[:, :fixed, :fixed])
    coefficients = (covariance @ sums[:, :fixed, fixed:])[..., 0]
    variance = (sums[:, fixed, fixed] - (coefficients * sums[:, :fixed, fixed]).sum(axis=1)) / free
    deviance = free * np.log(variance) + log_det - np.linalg.slogdet(covariance)[1]
    return deviance, np.concatenate([coefficients[..., None], covariance], axis=-1), variance
