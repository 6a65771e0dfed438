"""Members of a large set by their number: what a uniform draw looks up, without listing the set.

A draw picks one number below the size of the set, so every member is equally likely and a set of millions costs no more
than one of ten.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, factorial

from scd.design.schedules import whole_number

__all__ = ["combination_at", "digits_at", "permutation_at", "uniform_index"]


def uniform_index(count: int, seed: int) -> int:
    """A number below `count`, each equally likely.

    Parameters
    ----------
    count : int
        From 1, of any size.
    seed : int
        From 0. The same seed gives the same number on every machine and with every release of NumPy: it is made from
        the raw stream of the PCG64 bit generator, which NumPy keeps fixed.

    Raises
    ------
    StudyError
        When the seed is no whole number from 0.

    Examples
    --------
    >>> uniform_index(165, 7) == uniform_index(165, 7)
    True
    """
    from numpy.random import PCG64

    # A number that falls outside is drawn anew: taking it modulo `count` would favour the first members.
    seed = whole_number(seed, field="seed", what="the seed", least=0)
    bits = (count - 1).bit_length()
    stream = PCG64(seed)
    while True:
        number = 0
        for _ in range(-(-bits // 64)):
            number = number << 64 | int(stream.random_raw())
        number >>= -bits % 64
        if number < count:
            return number


def combination_at(index: int, items: int, size: int) -> list[int]:
    """The index-th combination of `size` of the numbers below `items`, in dictionary order.

    Parameters
    ----------
    index : int
        From 0, below C(items, size).
    items, size : int
        How many there are, and how many are chosen.

    Examples
    --------
    >>> [combination_at(i, 4, 2) for i in range(6)]
    [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
    """
    distance = comb(items, size) - 1 - index  # from the last one
    chosen = []
    for left in range(size, 0, -1):
        low, high = left - 1, items - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if comb(middle, left) <= distance else (low, middle - 1)
        distance -= comb(low, left)
        chosen.append(items - 1 - low)
    return chosen


def permutation_at(index: int, items: int) -> list[int]:
    """The index-th permutation of the numbers below `items`, in dictionary order.

    Parameters
    ----------
    index : int
        From 0, below the factorial of `items`.
    items : int
        How many there are.

    Examples
    --------
    >>> [permutation_at(i, 3) for i in range(6)]
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
    """
    left = list(range(items))
    chosen = []
    for place in range(items - 1, -1, -1):
        step, index = divmod(index, factorial(place))
        chosen.append(left.pop(step))
    return chosen


def digits_at(index: int, sizes: Sequence[int]) -> list[int]:
    """The digits of a number whose digits run below `sizes`, the last one fastest.

    Parameters
    ----------
    index : int
        From 0, below the product of `sizes`.
    sizes : sequence of int
        How many values each digit has.

    Examples
    --------
    >>> digits_at(5, [2, 3])
    [1, 2]
    """
    digits = []
    for size in reversed(sizes):
        index, digit = divmod(index, size)
        digits.append(digit)
    return digits[::-1]
