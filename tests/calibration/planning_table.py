"""The benchmark of planning: the chance to know in AB and ABAB designs, beside an independent simulation's figures."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from scd.analysis.planning import Question, chance_of, planned_design

__all__ = ["BENCHMARK", "CHANGES", "ELSEWHERE", "PHI", "benchmark_rows", "differs"]

PHI, CHANGES = 0.3, (0.5, 1.0, 1.5, 2.0, 3.0)
_REPLICATIONS = 1000

BENCHMARK = {
    ("ab", 3): ((0.11, 0.03), (0.26, 0.09), (0.46, 0.25), (0.64, 0.40), (0.91, 0.77)),
    ("ab", 5): ((0.15, 0.03), (0.32, 0.12), (0.50, 0.27), (0.73, 0.48), (0.97, 0.88)),
    ("ab", 10): ((0.19, 0.04), (0.47, 0.16), (0.77, 0.46), (0.94, 0.77), (1.0, 0.99)),
    ("ab", 15): ((0.26, 0.04), (0.61, 0.24), (0.88, 0.56), (0.98, 0.88), (1.0, 0.99)),
    ("abab", 3): ((0.20, 0.04), (0.47, 0.19), (0.75, 0.43), (0.94, 0.76), (1.0, 0.98)),
    ("abab", 5): ((0.24, 0.04), (0.60, 0.23), (0.86, 0.55), (0.98, 0.87), (1.0, 1.0)),
    ("abab", 7): ((0.24, 0.05), (0.65, 0.23), (0.93, 0.67), (0.99, 0.92), (1.0, 1.0)),
    ("abab", 10): ((0.33, 0.05), (0.79, 0.31), (0.98, 0.77), (1.0, 0.97), (1.0, 1.0)),
    ("abab", 15): ((0.41, 0.04), (0.90, 0.40), (1.0, 0.89), (1.0, 0.99), (1.0, 1.0)),
}
"""P[P(change > 0) > .95] and P[P(change > 0.5 SD) > .95] by design, values a phase and change in SDs, at
autocorrelation 0.3: 1,000 clients each, made and integrated by other code before this one was written. Where nothing
changes, all of its shares lay between .02 and .07."""

ELSEWHERE = {("ab", 5, 1.5): 0.57, ("ab", 5, 2.0): 0.77}
"""Two of its cells are lower than ours by three standard errors. The same source's other runs of that design, with
1,500 or more clients, had these shares."""


def benchmark_rows(*, replications: int, seed: int) -> Iterator[dict[str, Any]]:
    """Every cell of the benchmark as planning has it, and without any change; each with clients of its own.

    Parameters
    ----------
    replications, seed : int

    Yields
    ------
    dict
        A row of the table.
    """
    number = 0
    for (design, points), published in BENCHMARK.items():
        for change, told in ((0.0, (None, None)), *zip(CHANGES, published, strict=True)):
            number += 1
            found = chance_of(
                planned_design(design, sessions=points),
                Question(unit=1),
                change=change,
                autocorrelation=PHI,
                replications=replications,
                seed=1000 * seed + number,
            )
            power = found.randomization_power
            yield {
                "design": design,
                "points": points,
                "phi": PHI,
                "change": change,
                "replications": replications,
                "p_detect": round(found.p_detect, 4),
                "benchmark_detect": told[0],
                "benchmark_elsewhere": ELSEWHERE.get((design, points, change)),
                "p_meaningful": round(found.p_meaningful, 4),
                "benchmark_meaningful": told[1],
                "width": round(found.width, 3),
                "randomization_power": None if power is None else round(power, 4),
                "inside": _inside(found.p_detect, found.p_meaningful, told, replications=replications),
            }


def differs(share: float, benchmark: float, *, replications: int) -> float:
    """By how many standard errors two shares differ; half a hundredth of the benchmark is rounding.

    Examples
    --------
    >>> differs(0.5, 0.504, replications=1000)
    0.0
    """
    kept = min(max((share + benchmark) / 2, 0.004), 0.996)
    error = math.sqrt(kept * (1 - kept) * (1 / replications + 1 / _REPLICATIONS))
    return max(abs(share - benchmark) - 0.005, 0.0) / error


def _inside(detect: float, meaningful: float, told: tuple[float | None, float | None], *, replications: int) -> bool:
    if told[0] is None or told[1] is None:
        return 0.015 <= detect <= 0.075
    pairs = ((detect, told[0]), (meaningful, told[1]))
    return all(differs(share, known, replications=replications) < 3 for share, known in pairs)
