"""Remake the tables: ``uv run python -m tests.calibration [--only coverage departures exact sampled ...]``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np

from . import coverage
from .bands import binned, verdict
from .exact_ranks import EXACT_MODELS, exact_ranks
from .tables import keep

_CELL = ("situation", "design", "points", "phi", "truth", "model")
_QUANTITY = ("model", "engine", "quantity")


def main() -> None:
    """Run the parts asked for, one after the other."""
    asked = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    asked.add_argument("--only", nargs="+", choices=list(_PARTS), default=list(_PARTS), help="parts to remake")
    asked.add_argument("--replications", type=int, help="clients a cell, or simulations a model")
    asked.add_argument("--seed", type=int, default=1)
    options = asked.parse_args()
    for part in options.only:
        began, cpu = time.perf_counter(), time.process_time()
        print(f"{part}:", file=sys.stderr)
        _PARTS[part](options.replications, options.seed)
        taken = {"seconds": round(time.perf_counter() - began), "cpu_seconds": round(time.process_time() - cpu)}
        keep("times", [{"part": part, **taken}], key=("part",))
        print(f"\n{part}: {taken['seconds']} s ({taken['cpu_seconds']} s of CPU)", file=sys.stderr)


def _cells(jobs: Callable[[], Iterable[coverage.Job]]) -> Callable[[int | None, int], None]:
    def run(replications: int | None, seed: int) -> None:
        every = list(jobs())
        for done, (situation, models) in enumerate(every, 1):
            rows = coverage.cell(situation, models, replications=replications or 2000, seed=seed)
            keep("coverage", [{c: r[c] for c in coverage.COLUMNS} for r in rows], key=_CELL)
            told = f"{situation.name}, {situation.design}, {situation.points} points, phi {situation.phi:g}"
            print(f"\r{done}/{len(every)} {told:<70}", end="", file=sys.stderr, flush=True)

    return run


def _exact(replications: int | None, seed: int) -> None:
    for model in EXACT_MODELS:
        ranks = exact_ranks(model, simulations=replications or 1000, seed=seed)
        _keep_ranks({"model": model, "engine": "exact"}, ranks)
        print(f"\r{model:<70}", end="", file=sys.stderr, flush=True)


def _sampled(replications: int | None, seed: int) -> None:
    """Families take turns, so that what is on disk is balanced whenever this is stopped."""
    from .sampled_ranks import FAMILIES, Tally, add_one

    tallies = {of: Tally() for of in FAMILIES}
    simulations = replications or 100
    for number in range(simulations):
        for of, tally in tallies.items():
            add_one(tally, of=of, number=number, seed=seed)
        print(f"\r{number + 1}/{simulations}", end="", file=sys.stderr, flush=True)
        if (number + 1) % 20 and number + 1 < simulations:
            continue
        for of, tally in tallies.items():
            _keep_ranks({"model": of, "engine": "nuts"}, {k: np.array(v) for k, v in tally.ranks.items()})
            told = {"simulations": number + 1, "divergent": tally.divergent, "unmixed": tally.unmixed}
            keep("sampler", [{"model": of} | told], key=("model",))


def _keep_ranks(of: dict[str, str], ranks: dict[str, np.ndarray]) -> None:
    """Keep how many ranks fell into each bin, and what that says."""
    rows = []
    for quantity, found in ranks.items():
        counts = binned(found)
        share = {f"bin{i:02}": int(n) for i, n in enumerate(counts, 1)}
        rows.append(of | {"quantity": quantity} | verdict(counts) | share)
    keep("ranks", rows, key=_QUANTITY)


_PARTS: dict[str, Callable[[int | None, int], None]] = {
    "coverage": _cells(coverage.assumed),
    "departures": _cells(coverage.departures),
    "exact": _exact,
    "phases": _cells(coverage.phases),
    "sampled": _sampled,
}

if __name__ == "__main__":
    main()
