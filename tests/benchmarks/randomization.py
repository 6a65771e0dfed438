"""How long randomisation tests take: all assignments at once beside a loop over them, as ratios from one run.

    uv run python tests/benchmarks/randomization.py

Every row goes through the whole reference set, p and interval included; the loop, in plain Python, computes the
statistics and p only. Nothing here is a test: figures depend on the machine, ratios less so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import combinations, permutations, product
from statistics import mean

import numpy as np

from scd.analysis.randomization_test.testing import randomization_test
from scd.design import Scheme
from scd.study import Case, Measure, Phase, Session, Study, Value

_RNG = np.random.default_rng(1)


def main() -> None:
    """Print one row a scheme."""
    print(f"{'scheme':<44}{'assignments':>12}{'scd, s':>9}{'loop, s':>9}{'ratio':>7}")
    for name, study, scheme, loop in (_koehler_levin(), _phase_starts(), _alternating()):
        took, found = _timed(lambda study=study, scheme=scheme: randomization_test(study, stated=scheme))
        looped, p = _timed(loop)
        row = found.rows[0]
        assert abs(row.p - p) < 1e-9, (row.p, p)
        print(f"{name:<44}{row.assignments:>12,}{took:>9.2f}{looped:>9.2f}{looped / took:>7.0f}")


def _timed(work: Callable[[], object]) -> tuple[float, object]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def _koehler_levin() -> tuple[str, Study, Scheme, Callable[[], float]]:
    windows = ((5, 10), (9, 14), (13, 18), (17, 24))
    starts, sessions = (6, 11, 15, 20), 30
    values = [_RNG.normal(size=sessions) + 0.8 * (np.arange(1, sessions + 1) >= s) for s in starts]
    points = [range(a, b + 1) for a, b in windows]
    deals = (s for deal in permutations(points) for s in product(*deal))
    orders = ([_order(start, sessions) for start in deal] for deal in deals)
    name = "Koehler–Levin, 4 cases of 30 sessions"
    observed = [_order(s, sessions) for s in starts]
    return (
        name,
        _study(observed, values),
        Scheme("koehler-levin", windows=windows),
        lambda: _p(orders, observed, values),
    )


def _phase_starts() -> tuple[str, Study, Scheme, Callable[[], float]]:
    least, lengths = 4, (20, 20, 20, 20)
    sessions = sum(lengths)
    observed = ["".join("AB"[i % 2] * n for i, n in enumerate(lengths))]
    values = [_RNG.normal(size=sessions) + 0.3 * np.array([x == "B" for x in observed[0]])]

    def orders() -> Iterator[list[str]]:
        for a, b, c in combinations(range(2, sessions + 1), 3):
            if min(a - 1, b - a, c - b, sessions + 1 - c) >= least:
                yield ["A" * (a - 1) + "B" * (b - a) + "A" * (c - b) + "B" * (sessions + 1 - c)]

    name = "phase starts, ABAB of 80 sessions"
    return (
        name,
        _study(observed, values),
        Scheme("phase-starts", min_phase=least),
        lambda: _p(orders(), observed, values),
    )


def _alternating() -> tuple[str, Study, Scheme, Callable[[], float]]:
    observed = ["ABBABAABABBABAABAABB"]
    values = [_RNG.normal(size=20) + 0.5 * np.array([x == "B" for x in observed[0]])]

    def orders() -> Iterator[list[str]]:
        for chosen in combinations(range(20), 10):
            held = set(chosen)
            yield ["".join("B" if i in held else "A" for i in range(20))]

    name = "alternating treatments, 20 sessions"
    return name, _study(observed, values), Scheme("alternating"), lambda: _p(orders(), observed, values, runs=False)


def _p(assignments: Iterator[list[str]], observed: list[str], values: list[np.ndarray], *, runs: bool = True) -> float:
    plain = [v.tolist() for v in values]
    least = _statistic(observed, plain, runs) - 1e-9
    reached = [_statistic(orders, plain, runs) >= least for orders in assignments]
    return sum(reached) / len(reached)


def _statistic(orders: list[str], values: list[list[float]], runs: bool) -> float:
    """Mean of phase means, B - A, over all cases."""
    differences = []
    for order, series in zip(orders, values, strict=True):
        means: dict[str, list[float]] = {"A": [], "B": []}
        first = 0
        for end in range(1, len(order) + 1):
            if end == len(order) or not runs or order[end] != order[first]:
                means[order[first]].append(sum(series[first:end]) / (end - first))
                first = end
        differences.append(sum(means["B"]) / len(means["B"]) - sum(means["A"]) / len(means["A"]))
    return mean(differences)


def _order(start: int, sessions: int) -> str:
    return "A" * (start - 1) + "B" * (sessions - start + 1)


def _study(orders: list[str], values: list[np.ndarray]) -> Study:
    cases = []
    for i, (order, series) in enumerate(zip(orders, values, strict=True)):
        met = {"A": 0, "B": 0}
        phases = []
        for n, letter in enumerate(order, 1):
            if n == 1 or letter != order[n - 2]:
                met[letter] += 1
                phases.append(Phase(label=f"{letter}{met[letter]}", planned_start=n))
        rows = [Session(number=n, values=(Value(measure="y", value=float(v)),)) for n, v in enumerate(series, 1)]
        cases.append(Case(code=f"case {i}", phases=tuple(phases)).record(*rows))
    many = len(cases) > 1
    return Study(
        code="S",
        design="multiple-baseline" if many else "reversal",
        across="clients" if many else None,
        measures=(Measure(key="y", label="Y", improvement="increase"),),
        cases=tuple(cases),
    )


if __name__ == "__main__":
    main()
