"""How far a computation has come, told by its parts."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["share_of"]


def share_of(progress: Callable[[float], None] | None, *, done: int, parts: int) -> Callable[[float], None] | None:
    """Return what one of several equal parts tells its progress to, so that the whole tells its own.

    Parameters
    ----------
    progress : callable, optional
        Called with the share done of the whole, 0 to 1.
    done, parts : int
        How many parts are done before this one, and how many there are.

    Examples
    --------
    >>> told = []
    >>> share_of(told.append, done=1, parts=4)(0.5)
    >>> told
    [0.375]
    """
    return None if progress is None else lambda share: progress((done + share) / parts)
