"""How long a between-case effect size takes: ours beside the formulas written out in dense matrices, in one run.

    uv run python tests/benchmarks/between_case.py

Eight simulated cases of 20 sessions, the size of Laski, Charlop and Schreibman (1988). The dense computations are what
a careful reader of the papers would write down: design matrices, covariances of all values by all values, and a
general-purpose search over the restricted likelihood. Both give the same numbers, which is checked first. Nothing here
is a test: figures depend on the machine, ratios less so.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy import optimize

from scd.analysis.between_case.hps import hps_multiple_baseline
from scd.analysis.between_case.mixed_effect import mixed_effect
from scd.analysis.between_case.mixed_model import MixedModel
from scd.analysis.between_case.occasions import Occasions, occasions_of_table

CASES, SESSIONS = 8, 20


def a_table(seed: int = 1) -> pd.DataFrame:
    """Staggered starts, levels that differ, and an autocorrelation of 0.3."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(CASES):
        level, noise = rng.normal(), rng.normal()
        for session in range(1, SESSIONS + 1):
            noise = 0.3 * noise + math.sqrt(0.91) * rng.normal()
            under = session > 4 + i
            rows.append((f"C{i}", session, "B1" if under else "A1", level + under + noise))
    return pd.DataFrame(rows, columns=["case", "session", "phase", "value"])


def dense_moments(data: Occasions) -> float:
    """Hedges, Pustejovsky & Shadish (2013), with a design matrix for every regression."""
    y, n = data.value, len(data.value)
    x = np.column_stack([(data.case == i) & (data.intervention == d) for i in range(CASES) for d in (0, 1)]).astype(
        float
    )
    keys = sorted(set(zip(data.session.tolist(), data.intervention.tolist(), strict=True)))
    z = np.column_stack([(data.session == s) & (data.intervention == d) for s, d in keys]).astype(float)
    hat = np.linalg.inv(x.T @ x) @ x.T
    contrast = np.tile([-1.0, 1.0], CASES) / CASES
    outside = np.eye(n) - z @ np.linalg.pinv(z)
    free = n - len(keys)
    squares = float(y @ outside @ y) / free
    residual = y - x @ (hat @ y)
    lag = sum(residual[i] * residual[i - 1] for i in range(1, n) if data.case[i] == data.case[i - 1])
    sizes = x.sum(axis=0)
    phi = lag / (residual @ residual) + (1 - 1 / sizes).sum() / (n - 2 * CASES)
    same = (data.case[:, None] == data.case).astype(float)
    power = phi ** np.abs(data.session[:, None] - data.session)
    within = (residual @ residual) / (n - np.trace(x @ hat @ (same * power)))
    rho = max(0.0, 1 - within / squares)
    product = outside @ (same * (rho + (1 - rho) * power))
    df = free**2 / np.trace(product @ product)
    return float((1 - 3 / (4 * df - 1)) * (contrast @ hat @ y) / math.sqrt(squares))


def dense_mixed(data: Occasions) -> float:
    """Pustejovsky, Hedges & Shadish (2014): restricted likelihood and information in n by n matrices."""
    same, apart = data.case[:, None] == data.case, np.abs(data.session[:, None] - data.session)
    x = np.column_stack([np.ones(len(data.value)), data.intervention])

    def covariance(phi: float, tau2: float, sigma2: float) -> np.ndarray:
        return np.where(same, tau2 + sigma2 * phi ** np.where(same, apart, 0), 0.0)

    def deviance(point: np.ndarray) -> float:
        v = covariance(math.tanh(point[0]), math.exp(point[1]), math.exp(point[2]))
        inverse = np.linalg.inv(v)
        precision = x.T @ inverse @ x
        r = data.value - x @ np.linalg.solve(precision, x.T @ inverse @ data.value)
        return float(np.linalg.slogdet(v)[1] + np.linalg.slogdet(precision)[1] + r @ inverse @ r)

    best = optimize.minimize(deviance, (0.3, -0.5, 0.0), method="BFGS")
    phi, tau2, sigma2 = math.tanh(best.x[0]), math.exp(best.x[1]), math.exp(best.x[2])
    inverse = np.linalg.inv(covariance(phi, tau2, sigma2))
    middle = np.linalg.inv(x.T @ inverse @ x)
    p = inverse - inverse @ x @ middle @ x.T @ inverse
    lag = np.where(same, apart, 0)
    slopes = [
        p @ np.where(same, 1.0, 0.0),
        p @ np.where(same & (apart > 0), sigma2 * lag * phi ** np.maximum(lag - 1, 0), 0.0),
        p @ np.where(same, phi**lag, 0.0),
    ]
    information = np.array([[np.trace(a @ b) / 2 for b in slopes] for a in slopes])
    weights = np.array([1.0, 0.0, 1.0])
    variance = tau2 + sigma2
    df = 2 * variance**2 / (weights @ np.linalg.solve(information, weights))
    beta = middle @ x.T @ inverse @ data.value
    return float((1 - 3 / (4 * df - 1)) * beta[1] / math.sqrt(variance))


def seconds(work: Callable[[], object], *, repeats: int) -> float:
    """The median time of a repeat."""
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main() -> None:
    """Check that both agree, time both, and print times and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="Print one JSON object.")
    parser.add_argument("--repeats", type=int, default=7)
    asked = parser.parse_args()
    table = a_table()
    data = occasions_of_table(table)
    assert math.isclose(hps_multiple_baseline(data).g, dense_moments(data), rel_tol=1e-9)
    assert math.isclose(mixed_effect(data).g, dense_mixed(data), rel_tol=1e-4)
    trends = MixedModel(trend=True, treatment_trend=True, random_trend=True)
    rows = {
        "table to occasions": (lambda: occasions_of_table(table), None),
        "moments (hps)": (lambda: hps_multiple_baseline(data), lambda: dense_moments(data)),
        "mixed model (reml)": (lambda: mixed_effect(data), lambda: dense_mixed(data)),
        "mixed model, random treatment": (lambda: mixed_effect(data, model=MixedModel(random_treatment=True)), None),
        "mixed model, random trends": (lambda: mixed_effect(data, model=trends), None),
    }
    found = {}
    for name, (ours, dense) in rows.items():
        took = seconds(ours, repeats=asked.repeats)
        other = None if dense is None else seconds(dense, repeats=asked.repeats)
        found[name] = {"seconds": took, "dense_seconds": other, "ratio": None if other is None else other / took}
    if asked.json:
        print(json.dumps(found, indent=1))
        return
    print(f"{CASES} cases of {SESSIONS} sessions; seconds, median of {asked.repeats}")
    for name, row in found.items():
        beside = (
            "" if row["ratio"] is None else f"   dense {row['dense_seconds']:.4f}   {row['ratio']:.1f} times as long"
        )
        print(f"{name:32s}{row['seconds']:.4f}{beside}")


if __name__ == "__main__":
    main()
