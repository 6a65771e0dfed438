"""Values of a phase that lie far from the others: to be looked at, never to be taken out."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from scd.study import StudyError

__all__ = ["OutlierMethod", "outliers"]

OutlierMethod = Literal["mad", "sd"]

_NORMAL = 1.4826  # makes the median absolute deviation of a normal distribution its standard deviation
_CRITERIA: dict[OutlierMethod, float] = {"mad": 3.5, "sd": 2.0}


def outliers(
    values: np.ndarray, *, method: OutlierMethod = "mad", criterion: float | None = None
) -> tuple[float, float, np.ndarray]:
    """Which values of a phase lie outside its bounds.

    ``mad``: further from the median than `criterion` times 1.4826 times the median absolute deviation. ``sd``: further
    from the mean than `criterion` standard deviations, which a single wild value widens, so it finds less. Where more
    than half of the values are the same, the median absolute deviation is 0 and every other value lies outside.

    Parameters
    ----------
    values : ndarray of float, shape (values,)
        Of one phase, missed ones left out.
    method : {"mad", "sd"}
        Which bounds.
    criterion : float, optional
        By default 3.5 for ``mad`` and 2 for ``sd``.

    Returns
    -------
    lower, upper : float
        The bounds; NaN for a phase too short for a standard deviation.
    outside : ndarray of bool, shape (values,)
        A value on a bound is inside.

    Raises
    ------
    StudyError
        When the method is unknown, the criterion is not above 0, or there is no value.

    References
    ----------
    Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers (the criterion of 3.5).

    Examples
    --------
    >>> lower, upper, outside = outliers(np.array([5.0, 6, 5, 7, 6, 30]))
    >>> outside.tolist()
    [False, False, False, False, False, True]
    """
    if method not in get_args(OutlierMethod):
        raise StudyError(f"outliers: method must be mad or sd (got {method!r})", field="method")
    times = _CRITERIA[method] if criterion is None else criterion
    if not times > 0:
        raise StudyError(f"outliers: the criterion must be above 0 (got {times:g})", field="criterion")
    y = np.asarray(values, dtype=float)
    if not len(y):
        raise StudyError("outliers: needs at least 1 value (got 0)", field="values")
    if method == "mad":
        center = float(np.median(y))
        spread = _NORMAL * float(np.median(np.abs(y - center)))
    else:
        center, spread = float(y.mean()), float(y.std(ddof=1)) if len(y) > 1 else float("nan")
    lower, upper = center - times * spread, center + times * spread
    room = 1e-12 * float(np.abs(y).max())
    return lower, upper, (y < lower - room) | (y > upper + room)
