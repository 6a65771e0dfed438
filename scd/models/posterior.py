"""From a study to its posterior, in one tree that says where it came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from scd import __version__
from scd.models.engines import ENGINES, Drawn, Engine, check_engine, drawn
from scd.models.fitted import Fitted, Grid
from scd.models.history import occasion_widths
from scd.models.outcome import Outcome
from scd.models.predictive import predicted, prior_draws
from scd.models.prepare import one_scale, prepare, scales
from scd.models.priors import Priors
from scd.models.series import Series
from scd.models.terms import SEVERAL_CASES_MODELS, SINGLE_CASE_MODELS, TERMS
from scd.models.units import labels_of, one_unit, to_units, trimmed
from scd.study import Study, StudyError

if TYPE_CHECKING:
    import pymc as pm
    import xarray as xr

__all__ = ["ENGINES", "Engine", "build_model", "fit", "fit_arrays"]

_LIBRARIES = {"exact": ("numpy",), "importance": ("numpy", "scipy"), "nuts": ("pymc", "nutpie", "numpy")}
_PRIOR_DRAWS = 2000


def build_model(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    model: str = "level",
    family: str | None = None,
    priors: Priors | None = None,
) -> pm.Model:
    """The PyMC model of a study, on the family's own scale, for reading or for sampling by other means.

    Parameters
    ----------
    study, measure, case, model, family, priors
        As in `fit`.

    Returns
    -------
    pymc.Model

    Raises
    ------
    StudyError
        As `fit`.
    """
    from scd.models.structure import build_structure, structure_data, structure_of

    outcome, priors = prepare(study, measure=measure, case=case, model=model, family=family, priors=priors)
    if model in SEVERAL_CASES_MODELS and not one_scale(outcome.series.measures):
        raise StudyError(
            f"study '{study.code}': its cases have measures with different ranges or directions; "
            "`fit` brings them to one scale, `build_model` needs one measure for all",
            field="measures",
        )
    roomy = structure_of(outcome, model=model)
    exact_size = replace(
        roomy,
        terms=(SINGLE_CASE_MODELS | SEVERAL_CASES_MODELS)[model],
        cases=len(outcome.series.cases) if roomy.cases else 0,
        sessions=len(outcome.series.value) if roomy.sessions else 0,
    )
    return build_structure(exact_size, structure_data(outcome, priors, model=model))


def fit(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    model: str = "level",
    family: str | None = None,
    priors: Priors | None = None,
    engine: Engine = "auto",
    seed: int = 1,
    draws: int | None = None,
    chains: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.DataTree:
    """Fit a model to one case, or the multilevel model to several.

    Parameters
    ----------
    study : Study
        The record.
    measure : str, optional
        Key of the measure; each case's own first outcome without it.
    case : str, optional
        Code of the case; needed for a single-case model when the study has several.
    model : {"level", "level-trend", "phase-level", "piecewise", "gradual", "multilevel", "multilevel-history"}
        The expected values; see `scd.models.predictor`.
    family : {"gaussian", "rating", "count", "poisson", "poisson-lognormal", "proportion", "log", "logit"}, optional
        The kind of values; by default that of the measure's scale, see `scd.models.families`.
    priors : Priors, optional
        Default: weakly informative on the measure's declared scale; see `scd.models.family_priors`.
    engine : {"auto", "exact", "nuts"}
        ``exact`` integrates (single cases of the families gaussian, log and logit), ``nuts`` samples; ``auto``
        integrates where it can, weighs independent draws for one case's ratings, counts and proportions (engine
        ``importance``, see `scd.models.importance`), and samples the rest.
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
        measures, cases, model, family, engine, priors, seed and versions, and what to know about the family. Parameters
        are on the family's scale, observed and predicted values in the measure's units.

    Raises
    ------
    StudyError
        When there are too few data for any effect, the model or family is unknown, a value doesn't fit the family, or
        the priors have no scale.
    """
    return fit_arrays(
        study,
        measure=measure,
        case=case,
        model=model,
        family=family,
        priors=priors,
        engine=engine,
        seed=seed,
        draws=draws,
        chains=chains,
        progress=progress,
    ).tree()


def fit_arrays(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    model: str = "level",
    family: str | None = None,
    priors: Priors | None = None,
    engine: Engine = "auto",
    seed: int = 1,
    draws: int | None = None,
    chains: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Fitted:
    """Fit a model as `fit` does, and give the result as arrays: without the time that a tree takes.

    Parameters
    ----------
    study, measure, case, model, family, priors, engine, seed, draws, chains, progress
        As in `fit`.

    Returns
    -------
    Fitted

    Raises
    ------
    StudyError
        As `fit`.
    """
    outcome, priors = prepare(study, measure=measure, case=case, model=model, family=family, priors=priors)
    check_engine(engine, model=model, family=outcome.family)
    series = outcome.series
    # Computed on a scale of unit size and brought back: the work does not depend on the instrument.
    center, unit, sign = scales(outcome, priors)
    scaled = outcome.scaled(center=center, unit=unit, sign=sign)
    own = priors.rescaled(center=priors.center, unit=priors.unit) if outcome.shifted else priors
    if progress:
        progress(0.05)
    found = drawn(scaled, own, model=model, engine=engine, seed=seed, draws=draws, chains=chains, progress=progress)
    scale = {"center": center, "unit": unit, "turned": sign if outcome.shifted else np.ones_like(sign), "sign": sign}
    labels = labels_of(series)
    kept = _parameters(found.posterior, model=model, family=outcome.family)
    posterior = to_units(trimmed({name: found.posterior[name] for name in kept}, labels), **scale)
    rng = np.random.default_rng(seed)
    prior = _prior(own, series, model=model, family=outcome.family, rng=rng)
    return Fitted(
        origin=_origin(study, outcome, priors, found, model=model, family=family, seed=seed),
        posterior=posterior,
        prior=to_units(prior, **scale),
        predictive=_predictive(posterior, outcome, model=model, rng=rng),
        observed=outcome.recorded,
        constant=_constants(outcome),
        stats=found.stats,
        labels=labels,
        common_units=one_unit(center=center, unit=unit, sign=sign),
        grid=None if found.grid is None else Grid(found.grid, float(unit[0])),
    )


def _origin(
    study: Study, outcome: Outcome, priors: Priors, found: Drawn, *, model: str, family: str | None, seed: int
) -> dict[str, Any]:
    """Where a posterior came from, as attributes of its tree."""
    series = outcome.series
    attrs = {
        "study": study.code,
        "fingerprint": study.fingerprint(),
        "cases": json.dumps(series.cases),
        "measures": json.dumps([m.key for m in series.measures]),
        "phases": json.dumps(series.phases),
        "model": model,
        "family": outcome.family,
        "family_chosen": "by scale" if family is None else "by hand",
        "responses": json.dumps([r.model_dump() for r in outcome.responses]),
        "notes": json.dumps(outcome.notes),
        "engine": found.engine,
        "priors": json.dumps(priors.describe(model, family=outcome.family)),
        "prior_values": json.dumps(priors.model_dump()),
        "seed": seed,
        "versions": json.dumps(_versions(found.engine)),
    }
    more = {"target_accept": found.target_accept, "effective_draws": found.effective}
    return attrs | {name: value for name, value in more.items() if value is not None}


@cache
def _versions(engine: str) -> dict[str, str]:
    from importlib.metadata import version

    return {"scd": __version__} | {name: version(name) for name in _LIBRARIES[engine]}


def _parameters(posterior: dict[str, np.ndarray], *, model: str, family: str) -> list[str]:
    """The model's own parameters: without helper draws and without those of terms that it lacks."""
    names = [name for name in posterior if not name.endswith("_z")]
    if family == "poisson":
        names = [name for name in names if name != "dispersion"]
    if model in SEVERAL_CASES_MODELS:
        return names
    lacking = set(TERMS) - set(SINGLE_CASE_MODELS[model])
    if "gamma" in lacking:
        lacking.add("omega")
    return [name for name in names if name not in lacking]


def _prior(
    priors: Priors, series: Series, *, model: str, family: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    found = prior_draws(
        priors,
        model=model,
        family=family,
        phases=len(series.phases[0]),
        cases=len(series.cases),
        widths=occasion_widths(series) if model == "multilevel-history" else None,
        size=_PRIOR_DRAWS,
        rng=rng,
    )
    return {name: values[None] for name, values in found.items()}


def _predictive(
    posterior: dict[str, np.ndarray], outcome: Outcome, *, model: str, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    shape = next(iter(posterior.values())).shape[:2]
    draws = {name: values.reshape(-1, *values.shape[2:]) for name, values in posterior.items()}
    return {name: v.reshape(*shape, -1) for name, v in predicted(outcome, draws, model=model, rng=rng).items()}


def _constants(outcome: Outcome) -> dict[str, np.ndarray]:
    series = outcome.series
    return {
        "session": series.session,
        "case_index": series.case_index,
        "phase_index": series.phase_index,
        "intervention": series.intervention,
        "phase_start": series.phase_start,
        "exposure": outcome.exposure,
        "trials": outcome.trials,
        "scale": outcome.scale,
    }
