"""How long one client takes: the exact engine beside sampling, as ratios from one run.

    uv run python tests/benchmarks/engines.py

CausalPy stands on older versions of ArviZ and NumPy, so it is timed in an environment of its own, on the same sessions:

    uv run --no-project --with "causalpy>=0.8,<1" --with "arviz<1" --with "numpy<2.4" \\
        python tests/benchmarks/engines.py --cold causalpy

Every row is about the same 31 sessions. A cold start is a fresh process with an empty compile cache; the time to import
libraries is told apart from it and not counted. Nothing here is a test: figures depend on the machine, ratios less so.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Lambert, Cartledge, Heward & Lo (2006), student A1: disruptive behaviour, https://doi.org/10.1177/10983007060080020701
PHASES = (7, 9, 8, 6, 7, 4, 5, 10), (2, 0, 0, 1, 0, 0), (3, 8, 8, 6, 10, 10, 10, 8), (3, 4, 1, 3, 2, 4, 0, 1, 0)


def a_study(scale: str = "score") -> Any:
    """The student's study."""
    from scd.study import Case, Measure, Phase, Session, Study, Value

    measure = Measure(key="y", label="Y", improvement="decrease", minimum=0, maximum=10, scale=scale)
    labels, starts = ("A1", "B1", "A2", "B2"), (1, 9, 15, 23)
    case = Case(
        code="K7M2QX", phases=tuple(Phase(label=a, planned_start=b) for a, b in zip(labels, starts, strict=True))
    )
    values = [v for phase in PHASES for v in phase]
    trials = 10 if scale == "proportion" else None
    rows = [
        Session(
            number=n,
            values=(Value(measure="y", value=v / 10 if trials else v, trials=trials),),
        )
        for n, v in enumerate(values, 1)
    ]
    if trials:
        measure = measure.replace(maximum=1)
    return Study(code="K7M2QX", design="reversal", measures=(measure,), cases=(case.record(*rows),))


def seconds(work: Callable[[], object], *, times: int) -> float:
    """Median time of a piece of work, after one run to warm up."""
    work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def exact_rows() -> dict[str, float]:
    """Integration with 4,000 independent draws, and the whole posterior tree."""
    import numpy as np

    from scd.models import fit, priors_for, series_of
    from scd.models.exact import linear_model, quadrature_of
    from scd.models.quadrature import integrate

    study = a_study()
    series, priors = series_of(study), priors_for(study.measures[0])
    rng = np.random.default_rng(1)
    found = {}
    for model in ("level", "level-trend", "piecewise", "phase-level", "gradual"):
        found[f"exact, {model}"] = seconds(
            lambda model=model: quadrature_of(series, priors, model=model).draw(rng, size=4000), times=41
        )
    for model in ("level", "phase-level"):
        found[f"exact, {model}, whole tree"] = seconds(lambda model=model: fit(study, model=model), times=21)
    many = 5 + rng.normal(0, 2, (500, len(series.value)))
    for model in ("level", "phase-level"):
        linear = linear_model(series, priors, model=model)
        found[f"exact, {model}, one of 500"] = seconds(lambda m=linear: integrate(many, m, priors), times=1) / 500
    return found


def warm_rows() -> dict[str, Any]:
    """Sampling with a structure that is compiled already, and effective draws a second."""
    import arviz as az

    from scd.models import fit

    found: dict[str, Any] = {}
    wanted = [
        ("score", "level", None),
        ("score", "phase-level", None),
        ("rating", "phase-level", None),
        ("count", "phase-level", None),
        ("count", "level", "poisson-lognormal"),
        ("proportion", "phase-level", None),
    ]
    for scale, model, family in wanted:
        study = a_study(scale)

        def work(study: Any = study, model: str = model, family: str | None = family) -> Any:
            return fit(study, model=model, family=family, engine="nuts")

        name = f"nutpie warm, {family or ('gaussian' if scale == 'score' else scale)}, {model}"
        found[name] = seconds(work, times=3)
        tree = work()
        ess = az.ess(tree["posterior"].to_dataset())
        least = min(float(ess[v].min()) for v in ess.data_vars)
        found[f"ESS a second, {name.removeprefix('nutpie warm, ')}"] = least / found[name]
    return found


def cold_nutpie() -> float:
    """Compile and sample in a fresh process."""
    import arviz  # noqa: F401
    import nutpie  # noqa: F401
    import pymc  # noqa: F401

    from scd.models import fit

    study = a_study()
    began = time.perf_counter()
    fit(study, model="level", engine="nuts")
    return time.perf_counter() - began


def cold_pymc() -> float:
    """`pm.sample` of the same model in a fresh process, with PyMC's own sampler and settings."""
    import arviz  # noqa: F401
    import pymc as pm

    from scd.models import build_model

    study = a_study()
    began = time.perf_counter()
    with build_model(study, model="level"):
        pm.sample(random_seed=1, progressbar=False)
    return time.perf_counter() - began


def cold_causalpy() -> float:
    """CausalPy's interrupted time series on the first two phases, all it takes, in a fresh process."""
    import causalpy as cp
    import pandas as pd

    values = [*PHASES[0], *PHASES[1]]
    frame = pd.DataFrame({"y": [float(v) for v in values], "t": range(len(values))})
    began = time.perf_counter()
    model = cp.pymc_models.LinearRegression(sample_kwargs={"random_seed": 1, "progressbar": False})
    experiment = cp.InterruptedTimeSeries(frame, treatment_time=len(PHASES[0]), formula="y ~ 1 + t", model=model)
    if getattr(experiment, "idata", None) is None and hasattr(experiment, "fit"):
        experiment.fit()
    return time.perf_counter() - began


def in_fresh_process(name: str) -> float:
    """Run one of the cold functions where nothing is loaded, compiled or cached."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"PYTENSOR_FLAGS": f"base_compiledir={folder}"}
        command = [sys.executable, __file__, "--cold", name]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr[-2000:]}")
    return float(done.stdout.strip().splitlines()[-1])


def whole_command() -> float:
    """`scd analyze` of one client from the shell, imports and all."""
    rows = ["case,session,phase,value"]
    number = 0
    for label, phase in zip(("A1", "B1", "A2", "B2"), PHASES, strict=True):
        for value in phase:
            number += 1
            rows.append(f"one,{number},{label},{value}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.csv"
        file.write_text("\n".join(rows), encoding="utf-8")
        program = Path(sys.executable).with_name("scd")
        command = [str(program), "analyze", str(file), "--improvement", "decrease", "--range", "0", "10", "--json"]
        return seconds(lambda: subprocess.run(command, capture_output=True, check=True), times=5)


def main() -> None:
    """Measure and print; `--json FILE` keeps the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cold", help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    asked = parser.parse_args()
    if asked.cold:
        print({"nutpie": cold_nutpie, "pymc": cold_pymc, "causalpy": cold_causalpy}[asked.cold]())
        return
    found: dict[str, float] = exact_rows()
    found["scd analyze, one client, from the shell"] = whole_command()
    found |= warm_rows()
    found["nutpie cold, gaussian, level"] = in_fresh_process("nutpie")
    found["pm.sample cold, gaussian, level"] = in_fresh_process("pymc")
    base = found["exact, level"]
    for name, value in found.items():
        if name.startswith("ESS"):
            print(f"{name:60s} {value:12.0f}")
        else:
            print(f"{name:60s} {1000 * value:12.2f} ms {value / base:10.1f} x the exact level fit")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
