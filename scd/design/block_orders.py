"""Orders of alternating treatments that are balanced within blocks: counted, listed, drawn and looked up by number."""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

from scd.design.numbering import digits_at
from scd.design.schedules import refuse_beyond_limit, whole_number
from scd.study import StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["block_order_at", "block_orders", "count_block_orders", "random_block_orders"]

_MOST_SESSIONS = 2_000


def count_block_orders(*, sessions: int, block_size: int = 2) -> int:
    """How many orders are balanced within blocks: C(b, b / 2) to the power of the number of blocks.

    Parameters
    ----------
    sessions : int
        Sessions in all, a multiple of the block size.
    block_size : int
        Sessions in a block, b, even: half of them are treated.

    Raises
    ------
    StudyError
        When the block size is odd, or does not divide the sessions.

    Examples
    --------
    >>> count_block_orders(sessions=14), count_block_orders(sessions=12, block_size=4)
    (128, 216)
    """
    sessions, block_size = _checked_blocks(sessions, block_size)
    return comb(block_size, block_size // 2) ** (sessions // block_size)


def block_orders(*, sessions: int, block_size: int = 2) -> np.ndarray:
    """List every order that is balanced within blocks.

    Parameters
    ----------
    sessions, block_size
        As for `count_block_orders`.

    Returns
    -------
    numpy.ndarray
        Boolean, shape (order, session).

    Raises
    ------
    StudyError
        As for `count_block_orders`, and when there are more than `ENUMERATION_LIMIT`.

    Examples
    --------
    >>> ["".join("AB"[t] for t in row) for row in block_orders(sessions=4).astype(int)]
    ['ABAB', 'ABBA', 'BAAB', 'BABA']
    """
    import numpy as np

    count = count_block_orders(sessions=sessions, block_size=block_size)
    refuse_beyond_limit(count, "sessions")
    patterns = _patterns(block_size)
    sizes = (len(patterns),) * (sessions // block_size)
    places = np.stack(np.unravel_index(np.arange(count), sizes), axis=1)
    return patterns[places].reshape(count, sessions)


def block_order_at(index: int, *, sessions: int, block_size: int = 2) -> str:
    """The index-th order that is balanced within blocks, in the order of `block_orders`.

    Parameters
    ----------
    index : int
        From 0, below `count_block_orders`.
    sessions, block_size
        As for `count_block_orders`.

    Returns
    -------
    str
        One letter a session.

    Raises
    ------
    StudyError
        As for `count_block_orders`.

    Examples
    --------
    >>> block_order_at(1, sessions=4)
    'ABBA'
    """
    sessions, block_size = _checked_blocks(sessions, block_size)
    patterns = _patterns(block_size)
    digits = digits_at(index, (len(patterns),) * (sessions // block_size))
    return "".join("B" if t else "A" for digit in digits for t in patterns[digit])


def random_block_orders(number: int, *, sessions: int, block_size: int = 2, rng: np.random.Generator) -> np.ndarray:
    """Draw orders balanced within blocks at random, each equally likely, with replacement.

    Parameters
    ----------
    number, rng
        As for `random_orders`.
    sessions, block_size
        As for `count_block_orders`.

    Returns
    -------
    numpy.ndarray
        Boolean, shape (number, session).

    Examples
    --------
    >>> import numpy as np
    >>> random_block_orders(3, sessions=6, rng=np.random.default_rng(1)).sum(axis=1).tolist()
    [3, 3, 3]
    """
    sessions, block_size = _checked_blocks(sessions, block_size)
    patterns = _patterns(block_size)
    return patterns[rng.integers(len(patterns), size=(number, sessions // block_size))].reshape(number, sessions)


def _checked_blocks(sessions: int, block_size: int) -> tuple[int, int]:
    sessions = whole_number(sessions, field="sessions", what="the number of sessions", least=2, most=_MOST_SESSIONS)
    block_size = whole_number(block_size, field="block_size", what="the sessions in a block", least=2)
    if block_size % 2:
        raise StudyError(
            f"random blocks: a block has as many A as B sessions, so its size must be even (got {block_size})",
            field="block_size",
        )
    if sessions % block_size:
        raise StudyError(
            f"random blocks: {sessions} sessions don't fill blocks of {block_size}; plan a multiple of {block_size}",
            field="sessions",
        )
    return sessions, block_size


@lru_cache(maxsize=8)
def _patterns(block_size: int) -> np.ndarray:
    """What one block may look like, in dictionary order with A before B."""
    import numpy as np

    count = comb(block_size, block_size // 2)
    refuse_beyond_limit(count, "block_size")
    patterns = np.zeros((count, block_size), dtype=bool)
    chosen = list(combinations(range(block_size), block_size // 2))[::-1]
    patterns[np.arange(count)[:, None], np.array(chosen)] = True
    return patterns
