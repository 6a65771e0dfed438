"""Orders of sessions drawn at random: alternating treatments, and any list of assignments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scd.design.block_orders import block_order_at, count_block_orders
from scd.design.courses import starts_of
from scd.design.draws import zoned
from scd.design.numbering import uniform_index
from scd.design.orders import count_orders, order_at
from scd.design.schedules import whole_number
from scd.design.schemes import Scheme
from scd.study import Randomization, StudyError

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["draw_alternating", "draw_blocks", "draw_custom"]


def draw_alternating(
    *,
    sessions: int,
    seed: int,
    drawn_at: dt.datetime,
    treated: int | None = None,
    max_consecutive: int | None = None,
) -> Randomization:
    """Draw the order of an alternating treatments design.

    Parameters
    ----------
    sessions : int
        Planned sessions in all, from 2.
    seed, drawn_at
        As for `scd.design.draw_phase_starts`.
    treated : int, optional
        Sessions under B; by default half of them.
    max_consecutive : int, optional
        The most sessions in a row under one condition; None means any number (completely randomised).

    Returns
    -------
    scd.study.Randomization
        Scheme ``alternating``; `orders` holds the order.

    Raises
    ------
    StudyError
        When there is no such order, the seed is below 0, or the time has no zone.

    References
    ----------
    Onghena and Edgington (1994), doi:10.1016/0005-7967(94)90036-1.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw_alternating(sessions=14, max_consecutive=2, seed=7, drawn_at=now).admissible
    518
    """
    sessions = whole_number(sessions, field="sessions", what="the number of sessions", least=2)
    treated = sessions // 2 if treated is None else treated
    count = count_orders(sessions=sessions, treated=treated, max_consecutive=max_consecutive)
    order = order_at(uniform_index(count, seed), sessions=sessions, treated=treated, max_consecutive=max_consecutive)
    return _ordered(Scheme("alternating", max_consecutive=max_consecutive), (order,), count, seed, drawn_at)


def draw_blocks(*, sessions: int, seed: int, drawn_at: dt.datetime, block_size: int = 2) -> Randomization:
    """Draw the order of an alternating treatments design in random blocks.

    Parameters
    ----------
    sessions : int
        Planned sessions in all, a multiple of `block_size`.
    seed, drawn_at
        As for `scd.design.draw_phase_starts`.
    block_size : int
        Sessions in a block, even: half of them are under B.

    Returns
    -------
    scd.study.Randomization
        Scheme ``blocks``; `orders` holds the order.

    Raises
    ------
    StudyError
        When the blocks don't fit, the seed is below 0, or the time has no zone.

    References
    ----------
    Onghena and Edgington (1994), doi:10.1016/0005-7967(94)90036-1.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw_blocks(sessions=14, seed=7, drawn_at=now).admissible
    128
    """
    count = count_block_orders(sessions=sessions, block_size=block_size)
    order = block_order_at(uniform_index(count, seed), sessions=sessions, block_size=block_size)
    return _ordered(Scheme("blocks", block_size=block_size), (order,), count, seed, drawn_at)


def draw_custom(*, assignments: Sequence[str | Sequence[str]], seed: int, drawn_at: dt.datetime) -> Randomization:
    """Draw one of a list of assignments.

    Parameters
    ----------
    assignments : sequence of str, or of sequence of str
        Each the order of one case (``"AABB"``), or one order a case; all of the same number of sessions.
    seed, drawn_at
        As for `scd.design.draw_phase_starts`.

    Returns
    -------
    scd.study.Randomization
        Scheme ``custom``; the list is kept.

    Raises
    ------
    StudyError
        When the list has an order that is none, or the same assignment twice.

    Examples
    --------
    >>> import datetime as dt
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw_custom(assignments=["AABB", "ABAB", "ABBA"], seed=7, drawn_at=now).admissible
    3
    """
    rows = tuple((row,) if isinstance(row, str) else tuple(row) for row in assignments)
    scheme = Scheme("custom", assignments=rows)
    lengths = {len(order) for row in rows for order in row}
    if len(lengths) > 1:
        raise StudyError(
            f"custom scheme: all cases of a stored draw have the same number of sessions (got {sorted(lengths)})",
            field="assignments",
        )
    return _ordered(scheme, rows[uniform_index(len(rows), seed)], len(rows), seed, drawn_at)


def _ordered(scheme: Scheme, orders: tuple[str, ...], count: int, seed: int, drawn_at: dt.datetime) -> Randomization:
    return Randomization(
        scheme=scheme.name,
        min_phase=1,
        sessions=len(orders[0]),
        max_consecutive=scheme.max_consecutive,
        block_size=scheme.block_size if scheme.name == "blocks" else None,
        assignments=scheme.assignments,
        admissible=count,
        seed=int(seed),
        starts=tuple(starts_of(order) for order in orders),
        begins=tuple("B" if order[0] == "B" else "A" for order in orders),
        drawn_at=zoned(drawn_at),
    )
