"""Sampling with nutpie: one compilation a model structure a process, whatever the sessions or clients."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import nutpie
import xarray as xr

from scd.models.gaussian import build_single_case
from scd.models.multilevel import build_multilevel, multilevel_data
from scd.models.priors import Priors, priors_for
from scd.models.series import Series
from scd.models.terms import SINGLE_CASE_MODELS, single_case_data
from scd.study import Measure

__all__ = ["CHAINS", "DRAWS", "compilations", "sample"]

CHAINS = 4
DRAWS = 2000
_TUNE = 1500
_CORES = 2
# Spreads between a few phases or cases make a funnel: small steps from the start cost less than a second run.
_TARGET_ACCEPT, _MULTILEVEL_TARGET_ACCEPT = (0.98, 0.997), (0.99, 0.999)

# Two threads that ask for the same structure at once must not compile it twice.
_compiling = threading.Lock()


def sample(
    data: dict[str, Any],
    *,
    structure: str = "single-case",
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
    structure : {"single-case", "gradual", "multilevel"}
        What to compile, once a process.
    capacity : int
        Room for so many cases in the multilevel structure.
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
        compiled = _compiled(structure, capacity)
    ready = compiled.with_data(**data)
    if progress:
        progress(0.3)
    for target_accept in _MULTILEVEL_TARGET_ACCEPT if structure == "multilevel" else _TARGET_ACCEPT:
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
def _compiled(structure: str, capacity: int) -> Any:
    series, priors = _placeholder()
    if structure == "multilevel":
        built = build_multilevel(multilevel_data(series, priors), capacity=capacity)
    elif structure == "gradual":
        data = single_case_data(series, priors, model="gradual")
        built = build_single_case(data, terms=SINGLE_CASE_MODELS["gradual"])
    else:
        built = build_single_case(single_case_data(series, priors, model="level"))
    return nutpie.compile_pymc_model(built)


def _placeholder() -> tuple[Series, Priors]:
    """Stand-in data to compile with: no client's numbers can reach a compile cache."""
    obs = 4
    measure = Measure(key="y", label="Y", improvement="increase", minimum=-2.5, maximum=2.5)
    series = Series(
        cases=("A",),
        measures=(measure,),
        phases=(("A1", "B1"),),
        value=np.array([0.0, 0.5, -0.5, 0.0]),
        session=np.arange(1, obs + 1),
        case_index=np.zeros(obs, dtype="int64"),
        phase_index=np.array([0, 0, 1, 1]),
        intervention=np.array([0.0, 0.0, 1.0, 1.0]),
        phase_start=np.array([1, 1, 3, 3]),
    )
    return series, priors_for(measure)
