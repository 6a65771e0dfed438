"""The average over cases under other models and priors: is it something that happened to all at once?"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scd.analysis.appendix import Alternative, Robustness
from scd.analysis.effects import COLUMNS, effect_rows
from scd.analysis.robustness import robustness_words
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.models.engines import INTEGRATED
from scd.models.fitted import Fitted, fitted_of
from scd.models.posterior import fit_arrays
from scd.models.priors import Priors

if TYPE_CHECKING:
    import xarray as xr

    from scd.study import Study

__all__ = ["average_robustness"]

_EFFECTS = ("rate_ratio", "odds_ratio", "level_change", "standardized_change")


def average_robustness(tree: xr.DataTree | Fitted, *, study: Study, seed: int = 1) -> Robustness | None:
    """The average effect with events that all cases share, and under a sceptical prior.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
        The multilevel fit of the headline.
    study : Study
        What it was fitted to; sessions of the same number are taken as the same occasion.
    seed : int

    Returns
    -------
    Robustness or None
        None where each other fit would need a Markov chain.
    """
    fitted = fitted_of(tree)
    family = str(fitted.origin["family"])
    if fitted.origin["engine"] != "importance" or family not in INTEGRATED:
        return None
    priors = Priors(**json.loads(fitted.origin["prior_values"]))
    (measure, *others) = dict.fromkeys(json.loads(fitted.origin["measures"]))
    again = partial(fit_arrays, study, measure=None if others else measure, family=family, seed=seed)
    sceptical = priors.replace(delta_sd=min(priors.unit, priors.delta_sd))
    history = N_("Events that all cases share allowed for (history)")
    fits = {
        N_("Cases pooled"): fitted,
        history: again(model="multilevel-history", priors=priors),
        N_("Sceptical prior"): again(model="multilevel", priors=sceptical),
    }
    averages = {name: _average(other, study) for name, other in fits.items()}
    found = [
        Alternative(
            case=None, name=name, **{k: row[k] for k in ("effect", "median", "lower", "upper", "p_improvement")}
        )
        for name, row in averages.items()
    ]
    spread = np.median(fits[history].posterior["history_sd"])
    note = _(
        "Shared events: from one session to the next all cases may move together; the SD of such a step is put at {sd} "
        "after the data. Sessions of the same number count as the same occasion."
    ).format(sd=localized(f"{float(spread):.2g}"))
    return Robustness(case=None, alternatives=tuple(found), words=robustness_words(found), note=note)


def _average(fitted: Fitted, study: Study) -> dict[str, Any]:
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in effect_rows(fitted, study=study)]
    average = {row["effect"]: row for row in rows if row["case"] is None}
    return average[next(effect for effect in _EFFECTS if effect in average)]
