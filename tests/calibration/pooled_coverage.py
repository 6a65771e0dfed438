"""Coverage of the average over several clients, from weighted draws."""

from __future__ import annotations

import numpy as np

from scd.models import fit
from scd.models.family_priors import family_priors

from .coverage import row
from .sampled_ranks import CENTER, SCORE, UNIT, a_study
from .situations import Situation, layout, simulate, tiers

__all__ = ["SITUATIONS", "pooled_row"]

_BETWEEN_LEVELS, _BETWEEN_CHANGES = 1.0, 0.5

SITUATIONS = tuple(Situation("as assumed", "multiple baseline", 5, phi, t) for phi in (0.2, 0.4) for t in (0.0, 2.0))
"""Three clients whose levels differ with an SD of 1, their level changes with one of 0.5, around the true change."""


def pooled_row(situation: Situation, *, replications: int, seed: int) -> dict:
    """The table's row for the average effect of the multilevel model."""
    parts = [layout(lengths) for lengths in tiers(situation)]
    priors = family_priors(SCORE, center=CENTER, unit=UNIT)
    found = []
    for number in range(replications):
        rng = np.random.default_rng([seed, 200 + SITUATIONS.index(situation), number])
        values = [
            simulate(situation, part, rng, size=1)[0]
            + _BETWEEN_LEVELS * rng.standard_normal()
            + _BETWEEN_CHANGES * rng.standard_normal() * part.intervention
            for part in parts
        ]
        study = a_study(parts, SCORE, values=CENTER + UNIT * np.concatenate(values))
        tree = fit(study, model="multilevel", priors=priors, seed=number + 1)
        effect = tree["posterior"]["delta_mean"].to_numpy().ravel() / UNIT
        found.append(((effect > 0).mean(), (effect > situation.truth).mean(), effect.mean() - situation.truth))
    return row(situation, *np.array(found).T, model="multilevel", model_is="right")
