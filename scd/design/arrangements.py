"""One named arrangement among all that a draw could have given."""

from __future__ import annotations

from collections.abc import Sequence

from scd.design.courses import Course, masks
from scd.design.reference import reference_set
from scd.design.schemes import Scheme
from scd.study import StudyError

__all__ = ["times_drawn"]


def times_drawn(scheme: Scheme, orders: Sequence[str], *, size: int) -> int:
    """How many of the admissible assignments give one arrangement; 1 but for overlapping windows that are dealt out.

    Parameters
    ----------
    scheme : Scheme
        How the schedule was drawn.
    orders : sequence of str
        For each case, the condition of every session: ``AAAABBBB``.
    size : int
        How many assignments there are in all.

    Returns
    -------
    int
        From 1.

    Raises
    ------
    StudyError
        When the arrangement is not one of them.

    Examples
    --------
    >>> times_drawn(Scheme("phase-starts", min_phase=3), ["AAABBBBBBB"], size=5)
    1
    >>> times_drawn(Scheme("koehler-levin", windows=((4, 5), (4, 5))), ["AAABBBB", "AAAABBB"], size=8)
    2
    """
    import numpy as np

    courses = tuple(
        Course(f"graph {place}", tuple(range(1, len(order) + 1)), order) for place, order in enumerate(orders, start=1)
    )
    outside = StudyError(
        f"{', '.join(orders)}: is not one of the {size:,} arrangements that the draw could have given ({scheme.words})",
        field="orders",
    )
    if any("A" not in order or "B" not in order for order in orders):
        raise outside
    try:
        found = reference_set(scheme, courses)
    except StudyError:
        raise outside from None
    if found.size != size:
        raise outside
    same = np.ones(len(found.choice), dtype=bool)
    for schedules, column in zip(found.schedules, found.choice.T, strict=True):
        every = masks(schedules)
        same &= (every == every[column[found.observed]]).all(axis=1)[column]
    return int(same.sum())
