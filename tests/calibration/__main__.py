"""Remake the tables: ``uv run python -m tests.calibration``, or only some parts with ``--only``."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from scd.models import Engine

from . import coverage
from .bands import BINS, band, binned, verdict
from .exact_ranks import EXACT_MODELS, exact_ranks
from .tables import FOLDER, keep

__all__ = ["main"]

_CELL = ("situation", "design", "points", "phi", "truth", "model")
_AREAS_CELL = ("situation", "points", "correlation", "rule")
_QUANTITY = ("model", "engine", "quantity")
_PROCESS_CELL = ("set", "model", "pairs", "processes", "link", "shift")

# What a part is given: clients a cell or simulations a model (None: the usual number), the seed, and the folder.
Part = Callable[[int | None, int, Path], None]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the parts asked for, one after the other; every table is on disk as far as it has come."""
    asked = argparse.ArgumentParser(prog="python -m tests.calibration", description=__doc__)
    asked.add_argument("--only", nargs="+", choices=list(_PARTS), default=list(_PARTS), help="parts to remake")
    asked.add_argument("--replications", type=int, help="clients a cell, or simulations a model")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--into", type=Path, default=FOLDER, help="folder of the tables")
    options = asked.parse_args(arguments)
    for part in options.only:
        began, cpu = time.perf_counter(), time.process_time()
        print(f"{part}:", file=sys.stderr)
        _PARTS[part](options.replications, options.seed, options.into)
        taken = {"seconds": round(time.perf_counter() - began), "cpu_seconds": round(time.process_time() - cpu)}
        keep("times", [{"part": part} | taken], key=("part",), folder=options.into)
        print(f"\n{part}: {taken['seconds']} s ({taken['cpu_seconds']} s of CPU)", file=sys.stderr)


def _cells(jobs: Callable[[], Iterable[coverage.Job]], *, usual: int = 2000) -> Part:
    def run(replications: int | None, seed: int, folder: Path) -> None:
        every = list(jobs())
        for done, (situation, models) in enumerate(every, 1):
            rows = coverage.cell(situation, models, replications=replications or usual, seed=seed)
            keep("coverage", [{c: r[c] for c in coverage.COLUMNS} for r in rows], key=_CELL, folder=folder)
            told = f"{situation.name}, {situation.design}, {situation.points} points, phi {situation.phi:g}"
            _progress(f"{done}/{len(every)} {told}")

    return run


def _exact(replications: int | None, seed: int, folder: Path) -> None:
    for model in EXACT_MODELS:
        ranks = exact_ranks(model, simulations=replications or 1000, seed=seed)
        _keep_ranks(model, "exact", ranks, folder=folder)
        _progress(model)
    _keep_bands(folder)


def _ranked(engine: Engine, *, usual: int) -> Part:
    """Families take turns, so that what is on disk is balanced whenever this is stopped."""

    def run(replications: int | None, seed: int, folder: Path) -> None:
        from .sampled_ranks import SAMPLED, WEIGHED, Tally, add_one

        tallies = {of: Tally() for of in (SAMPLED if engine == "nuts" else WEIGHED)}
        simulations = replications or usual
        name = "nuts" if engine == "nuts" else "importance"
        for number in range(simulations):
            for of, tally in tallies.items():
                add_one(tally, of=of, number=number, seed=seed, engine=engine)
            _progress(f"{number + 1}/{simulations}")
            if (number + 1) % 20 and number + 1 < simulations:
                continue
            for of, tally in tallies.items():
                _keep_ranks(of, name, {q: np.array(ranks) for q, ranks in tally.ranks.items()}, folder=folder)
                told = {"simulations": number + 1, "divergent": tally.divergent, "unmixed": tally.unmixed}
                told |= {"handed_on": tally.handed_on}
                keep("sampler", [{"model": of, "engine": name} | told], key=("model", "engine"), folder=folder)
            _keep_bands(folder)

    return run


def _pooled(replications: int | None, seed: int, folder: Path) -> None:
    from .pooled_coverage import SITUATIONS, pooled_row

    for done, situation in enumerate(SITUATIONS, 1):
        found = pooled_row(situation, replications=replications or 1000, seed=seed)
        keep("coverage", [{c: found[c] for c in coverage.COLUMNS}], key=_CELL, folder=folder)
        _progress(f"{done}/{len(SITUATIONS)}")


def _processes(replications: int | None, seed: int, folder: Path) -> None:
    from .processes import CELLS, COLUMNS, process_row

    for done, cell in enumerate(CELLS, 1):
        found = process_row(cell, replications=replications or 1000, seed=seed)
        rounded = {c: round(v, 4) if isinstance(v := found[c], float) else v for c in COLUMNS}
        keep("processes", [rounded], key=_PROCESS_CELL, folder=folder)
        _progress(f"{done}/{len(CELLS)}")


def _monitoring(replications: int | None, seed: int, folder: Path) -> None:
    from .monitoring import DESIGNS, KEY, default_rows, guided_rows, sequential_rows

    count = replications or 2000
    for done, design in enumerate(DESIGNS, 1):
        keep("monitoring", list(sequential_rows(design, replications=count, seed=seed)), key=KEY, folder=folder)
        _progress(f"{done}/{len(DESIGNS)} looks after every session")
    for rows in (default_rows, guided_rows):
        keep("monitoring", list(rows(replications=count, seed=seed)), key=KEY, folder=folder)


def _planning(replications: int | None, seed: int, folder: Path) -> None:
    from .planning_table import benchmark_rows

    for done, found in enumerate(benchmark_rows(replications=replications or 4000, seed=seed), 1):
        keep("planning", [found], key=("design", "points", "phi", "change"), folder=folder)
        _progress(f"{done} {found['design']}, {found['points']} values a phase, change {found['change']:g}")


def _practice(replications: int | None, seed: int, folder: Path) -> None:
    from .practice import COLUMNS, practice_row, situations

    every = list(situations())
    for done, situation in enumerate(every, 1):
        found = practice_row(situation, replications=replications or 400, seed=seed)
        keep("practice", [{c: found[c] for c in COLUMNS}], key=COLUMNS[:6], folder=folder)
        _progress(f"{done}/{len(every)} {situation.name}, {situation.design}")


def _links(replications: int | None, seed: int, folder: Path) -> None:
    from .processes_together import CLINICS, COLUMNS, clinic_row

    for done, clinic in enumerate(CLINICS, 1):
        found = clinic_row(clinic, replications=replications or 50, seed=seed)
        rounded = {c: round(v, 4) if isinstance(v := found[c], float) else v for c in COLUMNS}
        keep("processes_together", [rounded], key=COLUMNS[:4], folder=folder)
        _progress(f"{done}/{len(CLINICS)}")


def _areas(replications: int | None, seed: int, folder: Path) -> None:
    from .areas import COLUMNS, SITUATIONS, areas_row, batches, rules

    for done, situation in enumerate(SITUATIONS, 1):
        for together, alone in batches(situation, replications=replications or 200, seed=seed):
            found = [areas_row(situation, said, rule=name) for name, said in rules(together, alone).items()]
            keep("areas", [{c: r[c] for c in COLUMNS} for r in found], key=_AREAS_CELL, folder=folder)
            _progress(f"{done}/{len(SITUATIONS)} {situation.name}, {len(together)} clients")


def _keep_ranks(model: str, engine: str, ranks: dict[str, np.ndarray], *, folder: Path) -> None:
    """Keep how many ranks fell into each bin, and what that says."""
    rows = []
    for quantity, found in ranks.items():
        counts = binned(found)
        bins = {f"bin{i:02}": int(n) for i, n in enumerate(counts, 1)}
        rows.append({"model": model, "engine": engine, "quantity": quantity} | verdict(counts) | bins)
    keep("ranks", rows, key=_QUANTITY, folder=folder)


def _keep_bands(folder: Path) -> None:
    """Keep, for each model, the band of one quantity's ECDF and that of all of its quantities together.

    For quantities that all of its simulations have; where models take turns, some have fewer.
    """
    rows = []
    for (model, engine), part in pd.read_csv(folder / "ranks.csv").groupby(["model", "engine"], sort=False):
        total = int(part["simulations"].max())
        edges = (*band(total), *band(total, level=1 - 0.05 / len(part)))
        for i in range(BINS - 1):
            ends = zip(("low", "high", "all_low", "all_high"), edges, strict=True)
            at = {name: round(float(edge[i]), 4) for name, edge in ends}
            rows.append({"model": model, "engine": engine, "share": (i + 1) / BINS} | at)
    keep("bands", rows, key=("model", "engine", "share"), folder=folder)


def _progress(told: str) -> None:
    print(f"\r{told:<80}", end="", file=sys.stderr, flush=True)


_PARTS: dict[str, Part] = {
    "coverage": _cells(coverage.assumed),
    "departures": _cells(coverage.departures),
    "phases": _cells(coverage.phases),
    "alike": _cells(coverage.alike, usual=1000),
    "exact": _exact,
    "weighed": _ranked("auto", usual=340),
    "sampled": _ranked("nuts", usual=60),
    "pooled": _pooled,
    "planning": _planning,
    "monitoring": _monitoring,
    "processes": _processes,
    "links": _links,
    "practice": _practice,
    "areas": _areas,
}

if __name__ == "__main__":
    main()
