"""From a study to its posterior, in one tree that says where it came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import xarray as xr

from scd import __version__
from scd.models.exact import draw_exact, quadrature_of, stored
from scd.models.predictive import ar1_paths, expected_values, prior_draws
from scd.models.prepare import one_scale, prepare, scales
from scd.models.priors import Priors
from scd.models.series import Series
from scd.models.terms import SINGLE_CASE_MODELS, TERMS, single_case_data
from scd.study import Study, StudyError

if TYPE_CHECKING:
    import pymc as pm

__all__ = ["ENGINES", "Engine", "build_model", "fit"]

Engine = Literal["auto", "exact", "nuts"]
ENGINES: tuple[str, ...] = get_args(Engine)

_EXACT_CHAINS, _EXACT_DRAWS = 4, 1000
_LIBRARIES = {"exact": ("numpy",), "nuts": ("pymc", "nutpie", "numpy")}
_PRIOR_DRAWS = 2000
# How each parameter follows when values are shifted, turned and stretched: levels, changes, and spreads.
_LEVELS = ("alpha", "alpha_mean")
_CHANGES = ("delta", "delta_mean", "trend", "slope_change", "gamma")
_SPREADS = ("sigma", "sigma_case", "omega", "alpha_sd", "delta_sd")


def build_model(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    model: str = "level",
    priors: Priors | None = None,
) -> pm.Model:
    """The PyMC model of a study, on the measure's own units, for reading or for sampling by other means.

    Parameters
    ----------
    study, measure, case, model, priors
        As in `fit`.

    Returns
    -------
    pymc.Model

    Raises
    ------
    StudyError
        As `fit`.
    """
    from scd.models.gaussian import build_single_case
    from scd.models.multilevel import build_multilevel, multilevel_data

    series, priors, model = prepare(study, measure=measure, case=case, model=model, priors=priors)
    if model == "multilevel":
        if not one_scale(series.measures):
            raise StudyError(
                f"study '{study.code}': its cases have measures with different ranges or directions; "
                "`fit` brings them to one scale, `build_model` needs one measure for all",
                field="measures",
            )
        return build_multilevel(multilevel_data(series, priors), capacity=len(series.cases))
    return build_single_case(single_case_data(series, priors, model=model), terms=SINGLE_CASE_MODELS[model])


def fit(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    model: str = "level",
    priors: Priors | None = None,
    engine: Engine = "auto",
    seed: int = 1,
    draws: int | None = None,
    chains: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.DataTree:
    """Fit a Gaussian model to one case, or the multilevel model to several.

    Parameters
    ----------
    study : Study
        The record.
    measure : str, optional
        Key of the measure; each case's own first outcome without it.
    case : str, optional
        Code of the case; needed for a single-case model when the study has several.
    model : {"level", "level-trend", "phase-level", "piecewise", "gradual", "multilevel"}
        The expected values; see `scd.models.gaussian` and `scd.models.multilevel`.
    priors : Priors, optional
        Default: weakly informative on the measure's declared scale.
    engine : {"auto", "exact", "nuts"}
        ``exact`` integrates (single cases), ``nuts`` samples; ``auto`` integrates where it can.
    seed : int
        Seed of the draws.
    draws, chains : int, optional
        Draws a chain, and chains; 1000 and 4 where they are independent, 2000 and 4 where they come from a sampler.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    xarray.DataTree
        Groups ``posterior, prior, posterior_predictive, observed_data, constant_data, sample_stats``, with named
        dims ``chain, draw`` and ``case``, ``phase`` or ``obs``; the attributes say which study (by fingerprint),
        measures, cases, model, engine, priors, seed and versions.

    Raises
    ------
    StudyError
        When there are too few data for any effect, the model is unknown, or the priors have no scale.
    """
    if engine not in ENGINES:
        raise StudyError(f"engine '{engine}': is unknown; choose one of {', '.join(ENGINES)}", field="engine")
    if engine == "exact" and model == "multilevel":
        raise StudyError("engine 'exact': integrates single-case models; use 'auto' or 'nuts'", field="engine")
    series, priors, model = prepare(study, measure=measure, case=case, model=model, priors=priors)
    # Computed on a scale of unit size and brought back: the work does not depend on the instrument.
    center, unit, sign = scales(series, priors)
    scaled = replace(series, value=sign[series.case_index] * (series.value - center[series.case_index])
                     / unit[series.case_index])  # fmt: skip
    own = priors.rescaled(center=priors.center, unit=priors.unit)
    if progress:
        progress(0.05)
    groups: dict[str, xr.Dataset] = {}
    target_accept = None
    if engine == "nuts" or model == "multilevel":
        used = "nuts"
        posterior, stats, target_accept = _sampled(
            scaled, own, model=model, seed=seed, draws=draws, chains=chains, progress=progress
        )
    else:
        used = "exact"
        grid = quadrature_of(scaled, own, model=model)
        posterior, stats = draw_exact(
            grid, scaled, model=model, seed=seed, draws=draws or _EXACT_DRAWS, chains=chains or _EXACT_CHAINS
        )
        groups["quadrature"] = stored(grid, unit=float(unit[0]))
        if progress:
            progress(1.0)
    posterior = _named(posterior[_parameters(posterior, model=model)], series)
    posterior = _to_units(posterior, center=center, unit=unit, sign=sign)
    rng = np.random.default_rng(seed)
    prior = _named(_prior(own, series, model=model, rng=rng), series)
    prior = _to_units(prior, center=center, unit=unit, sign=sign)
    tree = xr.DataTree.from_dict(
        {
            "posterior": posterior,
            "prior": prior,
            "posterior_predictive": _predictive(posterior, series, model=model, rng=rng),
            "observed_data": xr.Dataset({"value": ("obs", series.value)}),
            "constant_data": _constants(series),
            "sample_stats": stats,
            **groups,
        }
    )
    tree.attrs = {
        "study": study.code,
        "fingerprint": study.fingerprint(),
        "cases": json.dumps(series.cases),
        "measures": json.dumps([m.key for m in series.measures]),
        "phases": json.dumps(series.phases),
        "model": model,
        "engine": used,
        "priors": json.dumps(priors.describe(model)),
        "prior_values": json.dumps(priors.model_dump()),
        "seed": seed,
        "versions": json.dumps({"scd": __version__} | {n: version(n) for n in _LIBRARIES[used]}),
    }
    if target_accept is not None:
        tree.attrs["target_accept"] = target_accept
    return tree


def _sampled(
    series: Series,
    priors: Priors,
    *,
    model: str,
    seed: int,
    draws: int | None,
    chains: int | None,
    progress: Callable[[float], None] | None,
) -> tuple[xr.Dataset, xr.Dataset, float]:
    from scd.models.multilevel import case_capacity, multilevel_data
    from scd.models.sampling import CHAINS, DRAWS, sample

    if model == "multilevel":
        data, structure, capacity = multilevel_data(series, priors), "multilevel", case_capacity(len(series.cases))
    else:
        data, capacity = single_case_data(series, priors, model=model), 0
        structure = "gradual" if model == "gradual" else "single-case"
    return sample(
        data,
        structure=structure,
        capacity=capacity,
        seed=seed,
        draws=draws or DRAWS,
        chains=chains or CHAINS,
        progress=progress,
    )


def _parameters(posterior: xr.Dataset, *, model: str) -> list[str]:
    """The model's own parameters: without helper draws and without those of terms that it lacks."""
    names = [str(name) for name in posterior.data_vars if not str(name).endswith("_z")]
    if model == "multilevel":
        return names
    lacking = set(TERMS) - set(SINGLE_CASE_MODELS[model])
    if "gamma" in lacking:
        lacking.add("omega")
    return [name for name in names if name not in lacking]


def _named(draws: xr.Dataset, series: Series) -> xr.Dataset:
    """Cut off the spare phases or cases and give the others their names."""
    if "phase" in draws.dims:
        labels = list(series.phases[0])
        draws = draws.isel(phase=slice(len(labels))).assign_coords(phase=labels)
    if "case" in draws.dims:
        draws = draws.isel(case=slice(len(series.cases))).assign_coords(case=list(series.cases))
    return draws


def _to_units(draws: xr.Dataset, *, center: np.ndarray, unit: np.ndarray, sign: np.ndarray) -> xr.Dataset:
    """Bring draws from the unit scale back to the measures' units; an average over unlike measures stays unitless."""
    alike = bool((unit == unit[0]).all() and (center == center[0]).all() and (sign == sign[0]).all())
    by_case = {
        name: xr.DataArray(v, dims="case", coords={"case": draws["case"]}) if "case" in draws.dims else v[0]
        for name, v in (("center", center), ("unit", unit), ("sign", sign))
    }
    out = {}
    for name, values in draws.data_vars.items():
        per_case = "case" in values.dims
        if not per_case and not alike:
            out[name] = values
            continue
        c, u, s = (by_case[k] if per_case else v[0] for k, v in zip(by_case, (center, unit, sign), strict=True))
        if name in _LEVELS:
            out[name] = c + s * u * values
        elif name in _CHANGES:
            out[name] = s * u * values
        elif name in _SPREADS:
            out[name] = u * values
        else:
            out[name] = values
    return xr.Dataset(out, attrs={"common_units": int(alike)}).transpose("chain", "draw", ...)


def _prior(priors: Priors, series: Series, *, model: str, rng: np.random.Generator) -> xr.Dataset:
    drawn = prior_draws(
        priors, model=model, phases=len(series.phases[0]), cases=len(series.cases), size=_PRIOR_DRAWS, rng=rng
    )
    second = "case" if model == "multilevel" else "phase"
    return xr.Dataset(
        {name: (("chain", "draw", second)[: v.ndim + 1], v[None]) for name, v in drawn.items()},
        coords={"chain": [0], "draw": np.arange(_PRIOR_DRAWS)},
    )


def _predictive(posterior: xr.Dataset, series: Series, *, model: str, rng: np.random.Generator) -> xr.Dataset:
    size = posterior.sizes["chain"] * posterior.sizes["draw"]
    draws = {
        str(name): values.transpose("chain", "draw", ...).to_numpy().reshape(size, *values.shape[2:])
        for name, values in posterior.data_vars.items()
    }
    expected = expected_values(draws, series, model=model)
    sigma = draws["sigma_case"][:, series.case_index] if model == "multilevel" else draws["sigma"]
    paths = ar1_paths(expected, sigma=sigma, phi=draws["phi"], gap=series.gap, linked=series.linked, rng=rng)
    shape = (posterior.sizes["chain"], posterior.sizes["draw"], -1)
    dims = ("chain", "draw", "obs")
    coords = {"chain": posterior["chain"], "draw": posterior["draw"]}
    return xr.Dataset(
        {"value": (dims, paths.reshape(shape)), "expected": (dims, expected.reshape(shape))}, coords=coords
    )


def _constants(series: Series) -> xr.Dataset:
    return xr.Dataset(
        {
            "session": ("obs", series.session),
            "case_index": ("obs", series.case_index),
            "phase_index": ("obs", series.phase_index),
            "intervention": ("obs", series.intervention),
            "phase_start": ("obs", series.phase_start),
        }
    )
