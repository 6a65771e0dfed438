"""Orders of alternating treatments: counted, listed, drawn and looked up by number.

An order says which condition each session has. Admissible are those with so many treated sessions, or of these only
those with at most so many sessions in a row under one condition.
"""

from __future__ import annotations

from functools import lru_cache
from math import comb
from typing import TYPE_CHECKING

from scd.design.numbering import combination_at
from scd.design.schedules import refuse_beyond_limit, whole_number
from scd.study import StudyError

if TYPE_CHECKING:
    import numpy as np

__all__ = ["count_orders", "longest_run", "order_at", "orders", "random_orders"]

_MOST_SESSIONS = 2_000


def count_orders(*, sessions: int, treated: int, max_consecutive: int | None = None) -> int:
    """How many orders have so many treated sessions and no long runs.

    Without a limit C(N, treated). With one, the completions of every beginning are counted from the end backwards.

    Parameters
    ----------
    sessions : int
        Sessions in all, N, from 2.
    treated : int
        Sessions under B, at least 1 and at most N - 1.
    max_consecutive : int, optional
        The most sessions in a row under one condition; None means any number.

    Returns
    -------
    int
        From 1.

    Raises
    ------
    StudyError
        When there is no such order.

    References
    ----------
    Onghena and Edgington (1994), doi:10.1016/0005-7967(94)90036-1.

    Examples
    --------
    >>> [count_orders(sessions=n, treated=n // 2, max_consecutive=2) for n in (8, 10, 12, 14)]
    [34, 84, 208, 518]
    """
    sessions, treated, longest = _checked(sessions, treated, max_consecutive)
    if longest is None:
        return comb(sessions, treated)
    count = int(_completions(sessions - treated, treated, longest)[-1, -1, 0, 0])
    if not count:
        raise StudyError(
            f"alternating treatments: no order of {sessions - treated} A and {treated} B sessions has at most "
            f"{longest} in a row; allow longer runs, or even the numbers out",
            field="max_consecutive",
        )
    return count


def orders(*, sessions: int, treated: int, max_consecutive: int | None = None) -> np.ndarray:
    """List every order with so many treated sessions and no long runs.

    Parameters
    ----------
    sessions, treated, max_consecutive
        As for `count_orders`.

    Returns
    -------
    numpy.ndarray
        Boolean, shape (order, session): True where the session is treated. In dictionary order, A before B.

    Raises
    ------
    StudyError
        When there is no such order, or more than `ENUMERATION_LIMIT`.

    Examples
    --------
    >>> ["".join("AB"[t] for t in row) for row in orders(sessions=4, treated=2, max_consecutive=1).astype(int)]
    ['ABAB', 'BABA']
    """
    import numpy as np

    count = count_orders(sessions=sessions, treated=treated, max_consecutive=max_consecutive)
    refuse_beyond_limit(count, "sessions")
    sessions, treated, longest = _checked(sessions, treated, max_consecutive)
    ways = None if longest is None else _completions(sessions - treated, treated, longest) > 0
    listed = np.zeros((1, sessions), dtype=bool)
    left, run, last = np.array([treated]), np.array([0]), np.array([0])
    for place in range(sessions):
        parts = []
        for condition in (0, 1):
            after = left - condition
            plain = sessions - place - 1 - after
            length = np.where((last == condition) & (run > 0), run + 1, 1)
            at = np.flatnonzero((after >= 0) & (plain >= 0) & (longest is None or length <= longest))
            if ways is not None:
                at = at[ways[plain[at], after[at], condition, length[at]]]
            parts.append((at, after[at], length[at], np.full(len(at), condition)))
        rows, left, run, last = (np.concatenate(both) for both in zip(*parts, strict=True))
        sorting = np.lexsort((last, rows))
        left, run, last = left[sorting], run[sorting], last[sorting]
        listed = listed[rows[sorting]]
        listed[:, place] = last == 1
    return listed


def order_at(index: int, *, sessions: int, treated: int, max_consecutive: int | None = None) -> str:
    """The index-th order in dictionary order.

    Parameters
    ----------
    index : int
        From 0, below `count_orders`.
    sessions, treated, max_consecutive
        As for `count_orders`.

    Returns
    -------
    str
        One letter a session.

    Raises
    ------
    StudyError
        When there is no such order.

    Examples
    --------
    >>> [order_at(i, sessions=4, treated=2) for i in range(6)]
    ['AABB', 'ABAB', 'ABBA', 'BAAB', 'BABA', 'BBAA']
    """
    sessions, treated, longest = _checked(sessions, treated, max_consecutive)
    if longest is None:
        chosen = set(combination_at(comb(sessions, treated) - 1 - index, sessions, treated))
        return "".join("B" if place in chosen else "A" for place in range(sessions))
    ways = _completions(sessions - treated, treated, longest)
    order, plain, last, run = "", sessions - treated, 0, 0
    for _ in range(sessions):
        length = run + 1 if run and last == 0 else 1
        behind = int(ways[plain - 1, treated, 0, length]) if plain and length <= longest else 0
        if index < behind:
            order, plain, last, run = order + "A", plain - 1, 0, length
        else:
            index -= behind
            run = run + 1 if run and last == 1 else 1
            order, treated, last = order + "B", treated - 1, 1
    return order


def random_orders(
    number: int, *, sessions: int, treated: int, max_consecutive: int | None = None, rng: np.random.Generator
) -> np.ndarray:
    """Draw orders at random, each admissible one equally likely, with replacement.

    Parameters
    ----------
    number : int
        How many.
    sessions, treated, max_consecutive
        As for `count_orders`.
    rng : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    numpy.ndarray
        Boolean, shape (number, session).

    Examples
    --------
    >>> import numpy as np
    >>> random_orders(3, sessions=6, treated=2, rng=np.random.default_rng(1)).sum(axis=1).tolist()
    [2, 2, 2]
    """
    import numpy as np

    sessions, treated, longest = _checked(sessions, treated, max_consecutive)
    if longest is None:
        drawn = np.zeros((number, sessions), dtype=bool)
        drawn[:, :treated] = True
        return rng.permuted(drawn, axis=1)
    chance = _chance_of_treated(sessions - treated, treated, longest)
    drawn = np.zeros((number, sessions), dtype=bool)
    left, run, last = np.full(number, treated), np.zeros(number, int), np.zeros(number, int)
    for place in range(sessions):
        now = (rng.random(number) < chance[sessions - place - left, left, last, run]).astype(int)
        run = np.where((now == last) & (run > 0), run + 1, 1)
        last, left = now, left - now
        drawn[:, place] = now == 1
    return drawn


def longest_run(order: str) -> int:
    """The most sessions in a row under one condition.

    Parameters
    ----------
    order : str
        One letter a session.

    Examples
    --------
    >>> longest_run("AABBBA")
    3
    """
    longest = run = 0
    for i, letter in enumerate(order):
        run = run + 1 if i and order[i - 1] == letter else 1
        longest = max(longest, run)
    return longest


def _checked(sessions: int, treated: int, max_consecutive: int | None) -> tuple[int, int, int | None]:
    sessions = whole_number(sessions, field="sessions", what="the number of sessions", least=2, most=_MOST_SESSIONS)
    treated = whole_number(treated, field="treated", what="the number of treated sessions", least=1, most=sessions - 1)
    if max_consecutive is None:
        return sessions, treated, None
    longest = whole_number(
        max_consecutive, field="max_consecutive", what="the most sessions in a row under one condition", least=1
    )
    return sessions, treated, None if longest >= max(treated, sessions - treated) else longest


@lru_cache(maxsize=8)
def _completions(plain: int, treated: int, longest: int) -> np.ndarray:
    """Ways to go on, by what is left of A, what is left of B, the condition before and its run so far (0: none)."""
    import numpy as np

    ways = np.zeros((plain + 1, treated + 1, 2, longest + 1), dtype=object)
    ways[0, 0] = 1
    for a in range(plain + 1):
        for b in range(treated + 1):
            if a + b == 0:
                continue
            new_a = ways[a - 1, b, 0, 1] if a else 0
            new_b = ways[a, b - 1, 1, 1] if b else 0
            ways[a, b, :, 0] = new_a + new_b
            for run in range(1, longest + 1):
                longer_a = ways[a - 1, b, 0, run + 1] if a and run < longest else 0
                longer_b = ways[a, b - 1, 1, run + 1] if b and run < longest else 0
                ways[a, b, 0, run] = longer_a + new_b
                ways[a, b, 1, run] = new_a + longer_b
    return ways


def _chance_of_treated(plain: int, treated: int, longest: int) -> np.ndarray:
    """The chance that the next session is treated, in the cells of `_completions`."""
    import numpy as np

    ways = _completions(plain, treated, longest)
    behind = np.zeros_like(ways)
    behind[:, 1:, 0, :] = ways[:, :-1, 1, 1][:, :, None]
    behind[:, 1:, 1, 1:-1] = ways[:, :-1, 1, 2:]
    behind[:, 1:, 1, 0] = ways[:, :-1, 1, 1]
    whole = np.where(ways > 0, ways, 1)
    return (behind / whole).astype(float)
