"""The process model in PyMC: the reference that can be read, and the engine where a search needs a Markov chain.

With up to three processes the links have normal priors, and `scd.models.process` integrates the same model exactly.
With more, the regularised horseshoe expects one link that is not zero and holds the rest close to zero; it is drawn by
`scd.models.process_search`, and where that can't, sampled here with nutpie.

References
----------
Piironen, J., & Vehtari, A. (2017). Sparsity information and regularization in the horseshoe and other shrinkage priors.
Electronic Journal of Statistics, 11(2), 5018-5051. https://doi.org/10.1214/17-EJS1337SI
"""

from __future__ import annotations

import threading
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scd.models.process import LINK_SD, Regressions, regressions_of

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

    from scd.models.lagged import Lagged

__all__ = ["EXPECTED", "SLAB", "SLAB_FREEDOM", "Shrinkage", "build_model", "process_data", "sample_links"]

Shrinkage = Literal["normal", "horseshoe"]

SLAB = 0.5
"""SD of the slab: a link that is there is a normal number of about this size."""
EXPECTED = 1
"""How many links are expected not to be zero."""

SLAB_FREEDOM = 4
"""The slab's variance is inverse-gamma, as if this many links had been seen with the SD above."""

_DRAWS, _CHAINS, _TUNE = 1000, 4, 1000
# After a divergence once more, with smaller steps.
_TARGET_ACCEPT = (0.95, 0.995)

# Two threads that ask for the same structure at once must not compile it twice.
_compiling = threading.Lock()


def process_data(pairs: Lagged) -> dict[str, Any]:
    """The named arrays that the model takes as `pm.Data`, of one case.

    Parameters
    ----------
    pairs : Lagged

    Returns
    -------
    dict of str to ndarray
        ``value`` (obs,), ``columns`` (obs, others) and their ``prior_mean, prior_sd``, ``process`` (obs, processes),
        ``sigma_sd, sigma_floor``; all in within-phase SDs.
    """
    model: Regressions = regressions_of([pairs])
    return {
        "value": model.value[0],
        "columns": model.columns[0, :, : -model.links],
        "prior_mean": model.prior_mean[0, : -model.links],
        "prior_sd": model.prior_sd[0, : -model.links],
        "process": model.columns[0, :, -model.links :],
        "sigma_sd": model.sigma_sd[0],
        "sigma_floor": model.sigma_floor[0],
    }


def build_model(data: dict[str, Any], *, shrinkage: Shrinkage = "normal") -> pm.Model:
    """The PyMC model of one outcome and its processes.

    Parameters
    ----------
    data : dict
        From `process_data`; all of it `pm.Data`, so that no client's numbers reach a compile cache.
    shrinkage : {"normal", "horseshoe"}
        Prior of the links: Normal(0, 0.3) each; or the regularised horseshoe with slab 0.5, whose global scale expects
        1 of the links not to be zero.

    Returns
    -------
    pymc.Model
        With ``coefficient`` (level, conditions, trend, the outcome's own lag), ``link`` and ``sigma``, the SD of what
        is new at each session.
    """
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as built:
        d = {name: pm.Data(name, content) for name, content in data.items()}
        coefficient = pm.Normal("coefficient", d["prior_mean"], d["prior_sd"], shape=data["prior_mean"].shape)
        sigma = pm.TruncatedNormal("sigma", 0.0, d["sigma_sd"], lower=d["sigma_floor"])
        count = data["process"].shape[1]
        if shrinkage == "normal":
            link = pm.Normal("link", 0.0, LINK_SD, shape=count)
        else:
            # Few links among few rows: the global scale is as small as one link that is not zero lets it be.
            expected = EXPECTED / max(count - EXPECTED, 1) * sigma / pt.sqrt(d["value"].shape[0])
            overall = pm.HalfCauchy("overall", 1.0) * expected
            local = pm.HalfCauchy("local", 1.0, shape=count)
            slab = pm.InverseGamma("slab", SLAB_FREEDOM / 2, SLAB_FREEDOM / 2 * SLAB**2)
            held = local * pt.sqrt(slab / (slab + (overall * local) ** 2))
            link = pm.Deterministic("link", pm.Normal("unscaled", 0.0, 1.0, shape=count) * overall * held)
        expected_value = pt.dot(d["columns"], coefficient) + pt.dot(d["process"], link)
        pm.Normal("observed", expected_value, sigma, observed=d["value"])
    return built


def sample_links(
    pairs: Lagged, *, shrinkage: Shrinkage = "horseshoe", seed: int = 1, draws: int = _DRAWS, chains: int = _CHAINS
) -> xr.DataTree:
    """Sample the model with nutpie; each structure is compiled once a process.

    Parameters
    ----------
    pairs : Lagged
    shrinkage : {"normal", "horseshoe"}
    seed : int
        Same seed and data, same draws.
    draws, chains : int
        Draws a chain after warm-up, and chains.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior`` and ``sample_stats``.
    """
    import nutpie

    data = process_data(pairs)
    with _compiling:
        compiled = _compiled(shrinkage, len(data["prior_mean"]), data["process"].shape[1])
    ready = compiled.with_data(**data)
    for target_accept in _TARGET_ACCEPT:
        tree = nutpie.sample(
            ready,
            draws=draws,
            tune=_TUNE,
            chains=chains,
            cores=min(2, chains),
            seed=seed,
            target_accept=target_accept,
            progress_bar=False,
            save_warmup=False,
        )
        if not int(tree["sample_stats"]["diverging"].sum()):
            break
    return tree


@cache
def _compiled(shrinkage: Shrinkage, others: int, count: int) -> Any:
    import nutpie

    stand_in = {
        "value": np.array([0.0, 1.0, 0.5]),
        "columns": np.ones((3, others)),
        "prior_mean": np.zeros(others),
        "prior_sd": np.ones(others),
        "process": np.ones((3, count)),
        "sigma_sd": np.float64(1.0),
        "sigma_floor": np.float64(0.01),
    }
    return nutpie.compile_pymc_model(build_model(stand_in, shrinkage=shrinkage))
