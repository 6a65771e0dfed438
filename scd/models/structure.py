"""What is compiled once and serves every client: a family's model with its terms, and room for cases and sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scd.models.counts import build_counts, build_lognormal_counts, counts_data, lognormal_counts_data
from scd.models.families import outcome_of
from scd.models.gaussian import build_gaussian, gaussian_data
from scd.models.history import occasion_widths
from scd.models.predictor import case_capacity
from scd.models.proportions import build_proportions, proportions_data
from scd.models.ratings import build_ratings, ratings_data
from scd.models.series import Series
from scd.models.terms import SEVERAL_CASES_MODELS, SINGLE_CASE_MODELS, TERMS, session_capacity
from scd.study import Measure

if TYPE_CHECKING:
    import pymc as pm

    from scd.models.outcome import Outcome
    from scd.models.priors import Priors

__all__ = ["Structure", "build_structure", "stand_in", "structure_data", "structure_of"]

# Families that are another one's model on other numbers.
_SAME = {"log": "gaussian", "logit": "gaussian", "poisson": "count"}
_LATENT = ("rating", "poisson-lognormal")


@dataclass(frozen=True)
class Structure:
    """A model's shape, apart from its numbers.

    Attributes
    ----------
    family : {"gaussian", "rating", "count", "poisson-lognormal", "proportion"}
    terms : tuple of str
        What the model adds to level and change.
    cases : int
        Room for so many; 0 for a single case.
    sessions : int
        Room for so many latent values; 0 where there are none.
    occasions : int
        Room for so many sessions that all cases share; 0 where nothing is shared.
    """

    family: str
    terms: tuple[str, ...] = TERMS
    cases: int = 0
    sessions: int = 0
    occasions: int = 0


def structure_of(outcome: Outcome, *, model: str) -> Structure:
    """The structure that samples a model of these values, with room to spare so that it serves others too."""
    family = _SAME.get(outcome.family, outcome.family)
    sessions = session_capacity(len(outcome.series.value)) if family in _LATENT else 0
    if model not in SEVERAL_CASES_MODELS:
        terms = SINGLE_CASE_MODELS["gradual"] if model == "gradual" else TERMS
        return Structure(family=family, terms=terms, sessions=sessions)
    terms = SEVERAL_CASES_MODELS[model]
    shared = session_capacity(len(occasion_widths(outcome.series))) if "history" in terms else 0
    return Structure(
        family=family,
        terms=terms,
        cases=case_capacity(len(outcome.series.cases)),
        sessions=sessions,
        occasions=shared,
    )


def structure_data(outcome: Outcome, priors: Priors, *, model: str) -> dict[str, Any]:
    """The named arrays of a family's model.

    Parameters
    ----------
    outcome : Outcome
        The values as their family sees them, best on a scale of unit size.
    priors : Priors
        On the same scale.
    model : str
        The model's name.

    Returns
    -------
    dict of str to ndarray
    """
    match _SAME.get(outcome.family, outcome.family):
        case "rating":
            return ratings_data(outcome, priors, model=model)
        case "count":
            return counts_data(outcome, priors, model=model)
        case "poisson-lognormal":
            return lognormal_counts_data(outcome, priors, model=model)
        case "proportion":
            return proportions_data(outcome, priors, model=model)
        case _:
            return gaussian_data(outcome.series, priors, model=model)


def build_structure(structure: Structure, data: dict[str, Any]) -> pm.Model:
    """The PyMC model of a structure, with these arrays as its data."""
    cases, terms, sessions = structure.cases, structure.terms, structure.sessions
    match structure.family:
        case "rating":
            return build_ratings(data, sessions=sessions, cases=cases, terms=terms)
        case "count":
            return build_counts(data, cases=cases, terms=terms)
        case "poisson-lognormal":
            return build_lognormal_counts(data, sessions=sessions, cases=cases, terms=terms)
        case "proportion":
            return build_proportions(data, cases=cases, terms=terms)
        case _:
            return build_gaussian(data, cases=cases, terms=terms)


def stand_in(structure: Structure) -> dict[str, Any]:
    """Stand-in data to compile with: no client's numbers can reach a compile cache."""
    from scd.models.family_priors import family_priors

    measure = Measure(key="y", label="Y", improvement="increase", minimum=0, maximum=2)
    series = Series(
        cases=("A",),
        measures=(measure,),
        phases=(("A1", "B1"),),
        value=np.array([0.0, 1.0, 2.0, 1.0]),
        session=np.arange(1, 5),
        case_index=np.zeros(4, dtype="int64"),
        phase_index=np.array([0, 0, 1, 1]),
        intervention=np.array([0.0, 0.0, 1.0, 1.0]),
        phase_start=np.array([1, 1, 3, 3]),
        trials=np.full(4, 2.0),
    )
    models = SEVERAL_CASES_MODELS if structure.cases else {"gradual": ("carried",)}
    model = next((name for name, terms in models.items() if terms == structure.terms), "level")
    outcome = outcome_of(series, family=structure.family)
    data = structure_data(outcome, family_priors(measure, family=structure.family), model=model)
    return data | ({"occasion_width": np.zeros(structure.occasions)} if structure.occasions else {})
