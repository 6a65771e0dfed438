"""Which engine answers for a model: exact integration, weighted independent draws, or a Markov chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from scd.models.exact import draw_exact, quadrature_of
from scd.models.importance import WEIGHED, weighted_draws
from scd.models.pooled import pooled_draws
from scd.models.terms import SEVERAL_CASES_MODELS
from scd.study import StudyError

if TYPE_CHECKING:
    from scd.models.outcome import Outcome
    from scd.models.priors import Priors
    from scd.models.quadrature import Quadrature

__all__ = ["ENGINES", "INTEGRATED", "Drawn", "Engine", "check_engine", "drawn"]

Engine = Literal["auto", "exact", "nuts"]
ENGINES: tuple[str, ...] = get_args(Engine)
INTEGRATED = ("gaussian", "log", "logit")
"""Families whose values, on their own scale, are normal around the predictor."""

_INDEPENDENT_CHAINS, _INDEPENDENT_DRAWS = 4, 1000


@dataclass(frozen=True, eq=False)
class Drawn:
    """Draws of a model's parameters on the unit scale, and how they came about.

    Attributes
    ----------
    engine : {"exact", "importance", "nuts"}
    posterior : dict of str to ndarray, shape (chain, draw) or (chain, draw, phase | case | occasion)
    stats : dict of str to ndarray, shape (chain, draw)
        What the sampler tells of each draw, ``diverging`` at least.
    grid : Quadrature or None
        What the exact engine drew from.
    effective : float or None
        How many independent draws the weighted ones are worth.
    target_accept : float or None
        The sampler's acceptance rate.
    """

    engine: str
    posterior: dict[str, np.ndarray]
    stats: dict[str, np.ndarray]
    grid: Quadrature | None = None
    effective: float | None = None
    target_accept: float | None = None


def check_engine(engine: str, *, model: str, family: str) -> None:
    """Refuse an engine that is unknown or can't take the model.

    Raises
    ------
    StudyError
    """
    if engine not in ENGINES:
        raise StudyError(f"engine '{engine}': is unknown; choose one of {', '.join(ENGINES)}", field="engine")
    if engine == "exact" and (model in SEVERAL_CASES_MODELS or family not in INTEGRATED):
        raise StudyError(
            f"engine 'exact': integrates single-case models of the families {', '.join(INTEGRATED)}, not model "
            f"'{model}' of family '{family}'; use 'auto' or 'nuts'",
            field="engine",
        )


def drawn(
    outcome: Outcome,
    priors: Priors,
    *,
    model: str,
    engine: Engine,
    seed: int,
    draws: int | None = None,
    chains: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Drawn:
    """Draw from the posterior by the engine asked for; by ``auto`` without a Markov chain wherever that can be.

    Parameters
    ----------
    outcome : Outcome
        On a scale of unit size.
    priors : Priors
        On that scale.
    model, engine, seed, draws, chains, progress
        As in `scd.models.fit`.

    Returns
    -------
    Drawn
    """
    several = model in SEVERAL_CASES_MODELS
    count = {"draws": draws or _INDEPENDENT_DRAWS, "chains": chains or _INDEPENDENT_CHAINS}
    if engine != "nuts" and not several and outcome.family in INTEGRATED:
        grid = quadrature_of(outcome.series, priors, model=model)
        posterior = draw_exact(grid, model=model, seed=seed, **count)
        found: Drawn | None = Drawn("exact", posterior, _undivided(**count), grid=grid)
    else:
        found = _weighed(outcome, priors, model=model, seed=seed, **count) if engine == "auto" else None
    if found is None:
        return _sampled(outcome, priors, model=model, seed=seed, draws=draws, chains=chains, progress=progress)
    if progress:
        progress(1.0)
    return found


def _weighed(outcome: Outcome, priors: Priors, *, model: str, seed: int, draws: int, chains: int) -> Drawn | None:
    if model not in SEVERAL_CASES_MODELS and outcome.family in WEIGHED:
        chance = weighted_draws(outcome, priors, model=model, seed=seed, draws=draws, chains=chains)
    elif model in SEVERAL_CASES_MODELS and outcome.family in INTEGRATED:
        chance = pooled_draws(outcome.series, priors, model=model, seed=seed, draws=draws, chains=chains)
    else:
        return None
    if chance is None:
        return None
    posterior, effective = chance
    return Drawn("importance", posterior, _undivided(draws=draws, chains=chains), effective=effective)


def _undivided(*, draws: int, chains: int) -> dict[str, np.ndarray]:
    """Independent draws have no divergences."""
    return {"diverging": np.zeros((chains, draws), dtype=bool)}


def _sampled(
    outcome: Outcome,
    priors: Priors,
    *,
    model: str,
    seed: int,
    draws: int | None,
    chains: int | None,
    progress: Callable[[float], None] | None,
) -> Drawn:
    from scd.models.sampling import CHAINS, DRAWS, sample
    from scd.models.structure import structure_data, structure_of

    posterior, stats, target_accept = sample(
        structure_data(outcome, priors, model=model),
        structure=structure_of(outcome, model=model),
        seed=seed,
        draws=draws or DRAWS,
        chains=chains or CHAINS,
        progress=progress,
    )
    return Drawn("nuts", posterior, stats, target_accept=target_accept)
