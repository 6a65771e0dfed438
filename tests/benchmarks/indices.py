"""How long the indices of 1,000 series take, together and beside loops over pairs of values, as ratios from one run.

    uv run python tests/benchmarks/indices.py

The loops compute the indices of overlap as their definitions read, pair by pair, for the same series; both must agree.
Nothing here is a test: figures depend on the machine, ratios less so.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

SERIES = 1000
Phases = tuple[list[float], list[float]]


def many(count: int) -> list[Phases]:
    """Counts in baselines of 5 to 12 and interventions of 8 to 25 sessions, the same in every run."""
    draw = random.Random(1)
    made = []
    for _ in range(count):
        m, n, level, lift = draw.randint(5, 12), draw.randint(8, 25), draw.uniform(3, 9), draw.uniform(0, 6)
        values = [float(max(1, round(draw.gauss(level + (lift if t >= m else 0), 2)))) for t in range(m + n)]
        made.append((values[:m], values[m:]))
    return made


def loops(series: list[Phases]) -> list[tuple[float, ...]]:
    """NAP with its interval, PND, PAND, Tau-U and Tau-BC of each series, pair by pair."""
    return [_of_one(before, after) for before, after in series]


def _of_one(before: list[float], after: list[float]) -> tuple[float, ...]:
    m, n = len(before), len(after)
    share = sum((b > a) + 0.5 * (b == a) for a in before for b in after) / (m * n)
    pnd = sum(b > max(before) for b in after) / n
    low, high = sorted(before), sorted(after)
    kept = max(
        i + j
        for i in range(m + 1)
        for j in range(n + 1)
        if (low[i - 1] if i else -1e300) < (high[n - j] if j else 1e300)
    )
    s = sum((b > a) - (b < a) for a in before for b in after)
    s -= sum((before[j] > before[i]) - (before[j] < before[i]) for i in range(m) for j in range(i + 1, m))
    slope = statistics.median((before[j] - before[i]) / (j - i) for i in range(m) for j in range(i + 1, m))
    rest = [v - slope * t for t, v in enumerate([*before, *after])]
    gaps = [b - a for a in rest[:m] for b in rest[m:]]
    corrected = sum((g > 1e-9) - (g < -1e-9) for g in gaps) / (m * n)
    return share, _lower(share, m, n), pnd, kept / (m + n), s / (m * n), corrected


def _lower(share: float, m: int, n: int) -> float:
    h, z = (m + n) / 2 - 1, 1.959963984540054
    low, high = 0.0, share
    for _ in range(60):
        x = (low + high) / 2
        gap, spread = ((share - x) ** 2, x * (1 - x)) if share < 1 else (1 - x, x)
        above = m * n * gap * (2 - x) * (1 + x) > z**2 * spread * (2 + h + (1 + 2 * h) * x * (1 - x))
        low, high = (x, high) if above else (low, x)
    return (low + high) / 2


def together(series: list[Phases]) -> list[tuple[float, ...]]:
    """The same numbers by scd."""
    from scd.analysis.overlap.contrasts import contrasts
    from scd.analysis.overlap.nonoverlap import nap, pand, pnd
    from scd.analysis.overlap.tau import tau_bc
    from scd.analysis.overlap.tau_u import tau_u

    subject = contrasts([a for a, _ in series], [b for _, b in series], improvement="increase")
    overlap = nap(subject)
    found = overlap.value, overlap.lower, pnd(subject).value, pand(subject).value
    rows = zip(*found, tau_u(subject).value, tau_bc(subject).value, strict=True)
    return [tuple(float(v) for v in row) for row in rows]


def a_study(series: list[Phases], *, scale: str) -> Any:
    """All series as the cases of one study."""
    from scd.study import Case, Measure, Phase, Session, Study, Value

    measure = Measure(key="y", label="Y", improvement="increase", scale=scale)  # type: ignore[arg-type]
    cases = []
    for i, (before, after) in enumerate(series):
        phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=len(before) + 1))
        rows = [Session(number=t, values=(Value(measure="y", value=v),)) for t, v in enumerate([*before, *after], 1)]
        cases.append(Case(code=f"C{i}", phases=phases).record(*rows))
    return Study(code="MANY", design="multiple-baseline", across="clients", measures=(measure,), cases=tuple(cases))


def seconds(work: Callable[[], object], *, times: int) -> float:
    """Median time of a piece of work, after one run to warm up."""
    work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=SERIES)
    count = parser.parse_args().series
    from scd.analysis.overlap.overlap_table import INDICES, overlap_table

    series = many(count)
    worst = max(abs(a - b) for one, two in zip(loops(series), together(series), strict=True)
                for a, b in zip(one, two, strict=True))  # fmt: skip
    by_loops = seconds(lambda: loops(series), times=3)
    by_scd = seconds(lambda: together(series), times=3)
    print(f"six indices of overlap for {count} series, largest difference {worst:.1e}")
    print(f"  loops over pairs  {by_loops:8.3f} s")
    print(f"  scd               {by_scd:8.3f} s   {by_loops / by_scd:.0f} times as fast")
    for scale in ("score", "count"):
        study = a_study(series, scale=scale)
        taken = seconds(lambda study=study: overlap_table(study), times=3)  # type: ignore[misc]
        print(f"the whole table, {len(INDICES)} indices for {count} series of scale {scale}: {taken:.2f} s")


if __name__ == "__main__":
    main()
