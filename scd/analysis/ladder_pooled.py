"""The average over cases under other models and priors: is it something that happened to all at once?"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd

from scd.analysis.appendix import Alternative, Robustness
from scd.analysis.effects import effect_table
from scd.analysis.robustness import robustness_words
from scd.models import Priors, fit
from scd.models.engines import INTEGRATED

if TYPE_CHECKING:
    import xarray as xr

    from scd.study import Study

__all__ = ["average_robustness"]

_EFFECTS = ("rate_ratio", "odds_ratio", "level_change", "standardized_change")


def average_robustness(tree: xr.DataTree, *, study: Study, seed: int = 1) -> Robustness | None:
    """The average effect with events that all cases share, and under a sceptical prior.

    Parameters
    ----------
    tree : xarray.DataTree
        The multilevel fit of the headline.
    study : Study
        What it was fitted to; sessions of the same number are taken as the same occasion.
    seed : int

    Returns
    -------
    Robustness or None
        None where each other fit would need a Markov chain.
    """
    family = str(tree.attrs["family"])
    if tree.attrs["engine"] != "importance" or family not in INTEGRATED:
        return None
    priors = Priors(**json.loads(tree.attrs["prior_values"]))
    (measure, *others) = dict.fromkeys(json.loads(tree.attrs["measures"]))
    again = partial(fit, study, measure=None if others else measure, family=family, seed=seed)
    sceptical = priors.replace(delta_sd=min(priors.unit, priors.delta_sd))
    history = "Events that all cases share allowed for (history)"
    trees = {
        "Cases pooled": tree,
        history: again(model="multilevel-history", priors=priors),
        "Sceptical prior": again(model="multilevel", priors=sceptical),
    }
    averages = {name: _average(other, study) for name, other in trees.items()}
    found = [
        Alternative(
            case=None, name=name, **{k: row[k] for k in ("effect", "median", "lower", "upper", "p_improvement")}
        )
        for name, row in averages.items()
    ]
    spread = trees[history]["posterior"]["history_sd"].median()
    note = (
        f"Shared events: from one session to the next all cases may move together; the SD of such a step is put at "
        f"{float(spread):.2g} after the data. Sessions of the same number count as the same occasion."
    )
    return Robustness(case=None, alternatives=tuple(found), words=robustness_words(found), note=note)


def _average(tree: xr.DataTree, study: Study) -> pd.Series:
    table = effect_table(tree, study=study)
    average = {row["effect"]: row for _, row in table[table["case"].isna()].iterrows()}
    return average[next(effect for effect in _EFFECTS if effect in average)]
