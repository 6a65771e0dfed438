"""How long a plan takes: ``uv run python tests/benchmarks/planning.py``.

1,000 replications of three designs with five lengths, as the issue asks; then each design alone.
"""

from __future__ import annotations

import argparse
import os
import time

from scd.analysis.planning import Question, chances

DESIGNS, LENGTHS = ("ab", "abab", "multiple-baseline"), (3, 5, 7, 10, 15)


def main() -> None:
    """Print seconds by the clock and of CPU."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--replications", type=int, default=1000)
    asked.add_argument("--jobs", type=int)
    options = asked.parse_args()
    chances(Question(unit=1), designs=["ab"], sessions=[3], changes=[1], replications=10)  # what is imported once
    print(f"{options.replications} replications, {os.process_cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    for designs in (DESIGNS, *((name,) for name in DESIGNS)):
        began, cpu = time.perf_counter(), time.process_time()
        chances(
            Question(unit=2),
            designs=designs,
            sessions=LENGTHS,
            changes=[2],
            replications=options.replications,
            jobs=options.jobs,
        )
        seconds, spent = time.perf_counter() - began, time.process_time() - cpu
        print(f"{', '.join(designs)}: {len(designs) * len(LENGTHS)} plans, {seconds:.1f} s ({spent:.1f} s of CPU)")


if __name__ == "__main__":
    main()
