"""Sampling with nutpie: one compilation a model structure a process, whatever the sessions or clients."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import nutpie

from scd.models.fitted import arrays_of
from scd.models.structure import Structure, build_structure, stand_in

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
    structure: Structure,
    seed: int,
    draws: int = DRAWS,
    chains: int = CHAINS,
    progress: Callable[[float], None] | None = None,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], float]:
    """Draw from the posterior; after a divergence once more, with smaller steps.

    Parameters
    ----------
    data : dict
        The model's named arrays, best on a scale of unit size.
    structure : Structure
        What to compile, once a process.
    seed : int
        Same seed and data, same draws.
    draws, chains : int
        Draws a chain after warm-up, and chains.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    posterior, stats : dict of str to ndarray
        By name; the first axes are chain and draw.
    target_accept : float
        The acceptance rate the draws were made with.
    """
    with _compiling:
        compiled = _compiled(structure)
    ready = compiled.with_data(**data)
    if progress:
        progress(0.3)
    for target_accept in _MULTILEVEL_TARGET_ACCEPT if structure.cases else _TARGET_ACCEPT:
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
    return arrays_of(tree["posterior"].to_dataset()), arrays_of(tree["sample_stats"].to_dataset()), target_accept


def compilations() -> int:
    """How many model structures this process has compiled."""
    return _compiled.cache_info().currsize


@cache
def _compiled(structure: Structure) -> Any:
    return nutpie.compile_pymc_model(build_structure(structure, stand_in(structure)))
