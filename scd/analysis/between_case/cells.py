"""Cells of values that are alike in some respect: their numbers, means, and the places of values in them."""

from __future__ import annotations

import numpy as np

__all__ = ["cell_means", "cell_numbers", "places"]


def cell_numbers(*keys: np.ndarray) -> np.ndarray:
    """Number the combinations of several keys.

    Parameters
    ----------
    *keys : ndarray of int, shape (values,)

    Returns
    -------
    ndarray of int, shape (values,)
        From 0, without gaps.

    Examples
    --------
    >>> cell_numbers(np.array([1, 1, 2, 2]), np.array([0, 1, 0, 0])).tolist()
    [0, 1, 2, 2]
    """
    return np.unique(np.column_stack(keys), axis=0, return_inverse=True)[1].reshape(-1)


def cell_means(cells: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For each value the mean of the values of its cell.

    Parameters
    ----------
    cells : ndarray of int, shape (values,)
        As from `cell_numbers`.
    values : ndarray, shape (values,)

    Returns
    -------
    ndarray, shape (values,)

    Examples
    --------
    >>> cell_means(np.array([0, 1, 0]), np.array([2.0, 5.0, 4.0])).tolist()
    [3.0, 5.0, 3.0]
    """
    return (np.bincount(cells, weights=values) / np.bincount(cells))[cells]


def places(cells: np.ndarray) -> np.ndarray:
    """Each value's place within its cell, in the order of the rows.

    Parameters
    ----------
    cells : ndarray of int, shape (values,)

    Returns
    -------
    ndarray of int, shape (values,)
        From 1.

    Examples
    --------
    >>> places(np.array([0, 0, 1, 0, 1])).tolist()
    [1, 2, 1, 3, 2]
    """
    place = np.empty(len(cells), dtype=int)
    for cell in np.unique(cells):
        mine = cells == cell
        place[mine] = np.arange(1, mine.sum() + 1)
    return place
