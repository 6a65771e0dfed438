"""What the data can carry: how strongly the words may speak of a process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

__all__ = ["ENOUGH", "FEWEST_RANKED", "MOST_PROCESSES", "Evidence", "evidence_of"]

Evidence = Literal["too few sessions", "no clear link", "lead to try next", "matters most"]
"""From weakest to strongest; “matters most” is about the link within phases, never about a cause."""

MOST_PROCESSES = 3
"""More processes for one outcome are a search."""
FEWEST_RANKED = 20
"""With fewer pairs of consecutive sessions no process is ranked."""
ENOUGH = 40
"""From so many pairs on the words may say which process matters most."""

_CLEAR, _SURE, _LARGEST = 0.9, 0.975, 0.8


def evidence_of(rows: Sequence[dict[str, Any]], index: int) -> Evidence:
    """What may be said of one process among those it was compared with.

    “matters most” needs 40 pairs of consecutive sessions or more, a probability above .8 of being the largest link
    among two or three declared processes, and one above .975 of its direction. A direction with a probability of .9
    or more makes a lead to try next. With fewer than 20 pairs nothing is ranked.

    Parameters
    ----------
    rows : sequence of dict
        Of one case and outcome, with ``n, p_rank1, p_direction``.
    index : int
        Which of them.

    Returns
    -------
    {"too few sessions", "no clear link", "lead to try next", "matters most"}

    Examples
    --------
    >>> rows = [{"n": 45, "p_rank1": 0.93, "p_direction": 0.99}, {"n": 45, "p_rank1": 0.07, "p_direction": 0.6}]
    >>> evidence_of(rows, 0), evidence_of(rows, 1), evidence_of([row | {"n": 30} for row in rows], 0)
    ('matters most', 'no clear link', 'lead to try next')
    """
    row = rows[index]
    if row["n"] < FEWEST_RANKED:
        return "too few sessions"
    compared = 2 <= len(rows) <= MOST_PROCESSES
    if compared and row["n"] >= ENOUGH and row["p_rank1"] > _LARGEST and row["p_direction"] > _SURE:
        return "matters most"
    return "lead to try next" if row["p_direction"] >= _CLEAR else "no clear link"
