"""Sampling with nutpie: one compilation a model structure a process, whatever the sessions or clients."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import nutpie
import xarray as xr

from scd.models.gaussian import PHASE_CAPACITY, build_single_case
from scd.models.multilevel import build_multilevel

__all__ = ["CHAINS", "DRAWS", "compilations", "sample"]

CHAINS = 4
DRAWS = 2500
_TUNE = 800
_CORES = 2
_TARGET_ACCEPT = (0.9, 0.99)

# Two threads that ask for the same structure at once must not compile it twice.
_compiling = threading.Lock()


def sample(
    data: dict[str, Any],
    *,
    model: str,
    capacity: int = 0,
    seed: int,
    draws: int = DRAWS,
    chains: int = CHAINS,
    progress: Callable[[float], None] | None = None,
) -> tuple[xr.Dataset, xr.Dataset, float]:
    """Draw from the posterior; after a divergence once more, with smaller steps.

    Parameters
    ----------
    data : dict
        The model's named arrays, best on a scale of unit size.
    model : str
        ``level``, ``level-trend``, ``phase-level``, ``piecewise`` or ``multilevel``.
    capacity : int
        For ``multilevel``: room for so many cases.
    seed : int
        Same seed and data, same draws.
    draws, chains : int
        Draws a chain after warm-up, and chains.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    posterior, sample_stats : xarray.Dataset
        With dims ``chain, draw``.
    target_accept : float
        The acceptance rate the draws were made with.
    """
    with _compiling:
        compiled = _compiled(model, capacity)
    ready = compiled.with_data(**data)
    if progress:
        progress(0.3)
    for target_accept in _TARGET_ACCEPT:
        tree = nutpie.sample(
            ready,
            draws=draws,
            tune=_TUNE,
            chains=chains,
            cores=min(_CORES, chains),
            seed=seed,
            target_accept=target_accept,
            progress_bar=False,
            save_warmup=False,
        )
        if not int(tree["sample_stats"]["diverging"].sum()):
            break
    if progress:
        progress(1.0)
    return tree["posterior"].to_dataset(), tree["sample_stats"].to_dataset(), target_accept


def compilations() -> int:
    """How many model structures this process has compiled."""
    return _compiled.cache_info().currsize


@cache
def _compiled(model: str, capacity: int) -> Any:
    # Compiled on stand-in numbers: no client's data can reach a compile cache.
    placeholder = _placeholder(model)
    if model == "multilevel":
        built = build_multilevel(placeholder, capacity=capacity)
    else:
        built = build_single_case(placeholder, model=model)
    return nutpie.compile_pymc_model(built)


def _placeholder(model: str) -> dict[str, Any]:
    obs = 4
    data: dict[str, Any] = {
        "value": np.array([0.0, 0.5, -0.5, 0.0]),
        "intervention": np.array([0.0, 0.0, 1.0, 1.0]),
        "gap": np.ones(obs, dtype="int64"),
        "linked": np.array([0.0, 1.0, 1.0, 1.0]),
        "sigma_prior_sd": np.array(1.0),
        "phi_prior": np.array([0.3, 0.3]),
    }
    if model == "multilevel":
        return data | {
            "case_index": np.zeros(obs, dtype="int64"),
            "alpha_mean_prior": np.array([0.0, 2.5]),
            "alpha_sd_prior_sd": np.array(2.0),
            "delta_mean_prior_sd": np.array(2.5),
            "delta_sd_prior_sd": np.array(1.0),
            "sigma_spread_prior_sd": np.array(0.3),
        }
    data |= {"alpha_prior": np.array([0.0, 2.5]), "delta_prior_sd": np.array(2.5)}
    if model in ("level-trend", "piecewise"):
        data |= {"time": np.arange(obs, dtype=float), "trend_prior_sd": np.array(0.25)}
    if model == "piecewise":
        data |= {"time_in_intervention": np.array([0.0, 0.0, 0.0, 1.0]), "slope_change_prior_sd": np.array(0.25)}
    if model == "phase-level":
        data |= {"phase_index": np.arange(obs) % PHASE_CAPACITY, "omega_prior_sd": np.array(0.5)}
    return data
