"""Which areas of a client's life got better, which worse, and which can't be told yet, judged together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scd.analysis.cautions import too_few_points
from scd.models.areas_draws import AreasFit, fit_areas

if TYPE_CHECKING:
    import pandas as pd

    from scd.models.areas import AreaPriors
    from scd.study import Measure, Study

__all__ = ["OWN", "SURE", "AreaChanges", "Verdict", "area_changes", "called"]

Verdict = Literal["better", "worse", "unclear"]

SURE = 0.995
"""From this joint probability on an area is called better, or worse."""
OWN = 0.9
"""Its own values alone must point there too, with at least this probability: no area is called for the others' sake."""

_TAILS = (0.025, 0.5, 0.975)
# Below, the walk has not settled; then nothing is called.
_FEWEST_DRAWS, _MOST_DRIFT = 150.0, 0.5


@dataclass(frozen=True, eq=False)
class AreaChanges:
    """The joint picture of one client's areas.

    Attributes
    ----------
    case : str
    rows : pandas.DataFrame
        Columns ``measure, label, change, standardized, lower, upper, p_improvement, p_meaningful, verdict``, then
        ``standardized_lower, standardized_upper, p_alone, ci_prob, note``; a row an area, most improved first. `change`
        (the median) and its interval are in the measure's units and keep its sign; `standardized` and its interval are
        in fifths of the measure's range, above 0 for better. `p_alone` is the probability of improvement from the area
        by itself; `verdict` is ``better``, ``worse`` or ``unclear``.
    mean, mean_lower, mean_upper : float
        The average change of areas like these, in fifths of a range.
    spread : float
        SD of changes between areas: posterior median, in fifths of a range.
    p_mean_better : float
        Probability that this average is above 0.
    p_all_better, p_all_worse : float
        Joint probability that every area got better, or worse.
    better_expected : float
        How many areas got better, on average over the posterior.
    common : float
        Correlation that all areas share from session to session, posterior median; 0 for one area.
    left_out : dict of str to str
        Outcomes that are not in the picture, by key, and why.
    reliable : bool
        Whether the draws have settled; if not, every verdict is ``unclear``.
    priors : dict of str to str
        In words.
    """

    case: str
    rows: pd.DataFrame
    mean: float
    mean_lower: float
    mean_upper: float
    spread: float
    p_mean_better: float
    p_all_better: float
    p_all_worse: float
    better_expected: float
    common: float
    left_out: dict[str, str]
    reliable: bool
    priors: dict[str, str]


def area_changes(
    study: Study,
    *,
    case: str | None = None,
    measures: tuple[str, ...] | None = None,
    priors: AreaPriors | None = None,
    seed: int = 1,
) -> AreaChanges:
    """Judge all areas of one client together.

    An area is called better when its joint probability of improvement is `SURE` or more and its own values alone give
    `OWN` or more; worse the other way round; else it can't be told yet. How often that calls an area that did not move
    is in ``tests/calibration/areas.csv``.

    Parameters
    ----------
    study : Study
        The record.
    case : str, optional
        Code of the case; needed when the study has several.
    measures : tuple of str, optional
        Keys; by default all outcomes of the case.
    priors : AreaPriors, optional
    seed : int
        Same seed and data, same numbers.

    Returns
    -------
    AreaChanges

    Raises
    ------
    StudyError
        When it is not clear which case is meant, there are too many areas, or none can be judged.
    """
    import pandas as pd

    fit = fit_areas(study, case=case, measures=measures, priors=priors, seed=seed)
    reliable = fit.effective >= _FEWEST_DRAWS and fit.drift <= _MOST_DRIFT
    rows = [
        _row(fit, i, measure, few=_few(study, fit.areas.case, measure), reliable=reliable)
        for i, measure in enumerate(fit.areas.measures)
    ]
    table = pd.DataFrame(rows).sort_values("standardized", ascending=False, kind="stable").reset_index(drop=True)
    delta, mean = fit.draws["delta"], fit.draws["mean"]
    lower, middle, upper = (float(q) for q in np.quantile(mean, _TAILS))
    return AreaChanges(
        case=fit.areas.case,
        rows=table,
        mean=middle,
        mean_lower=lower,
        mean_upper=upper,
        spread=float(np.median(fit.draws["spread"])),
        p_mean_better=float((mean > 0).mean()),
        p_all_better=float((delta > 0).all(axis=1).mean()),
        p_all_worse=float((delta < 0).all(axis=1).mean()),
        better_expected=float(table["p_improvement"].sum()),
        common=float(np.median(fit.draws["common"])) if len(table) > 1 else 0.0,
        left_out=fit.areas.left_out,
        reliable=reliable,
        priors=fit.priors.describe(),
    )


def called(together: np.ndarray, alone: np.ndarray) -> np.ndarray:
    """What each area is called: 1 better, -1 worse, 0 neither.

    Parameters
    ----------
    together, alone : ndarray
        Probability of improvement in the joint model, and from the area by itself.

    Examples
    --------
    >>> called(np.array([0.998, 0.998, 0.9, 0.001]), np.array([0.97, 0.6, 0.99, 0.02])).tolist()
    [1, 0, 0, -1]
    """
    better = (together >= SURE) & (alone >= OWN)
    worse = (together <= 1 - SURE) & (alone <= 1 - OWN)
    return better.astype(int) - worse.astype(int)


def _row(fit: AreasFit, area: int, measure: Measure, *, few: str, reliable: bool) -> dict[str, Any]:
    unit, sign = float(fit.areas.unit[area]), float(fit.areas.sign[area])
    change = fit.change(area)
    low, middle, high = (float(q) for q in change.quantile(_TAILS)[0])
    p, alone = float(change.above(0.0)[0]), float(fit.alone[area].above(0.0)[0])
    matters = measure.meaningful_change
    meaningful = None if matters is None else float(change.above(matters / unit)[0])
    what = int(called(np.array(p), np.array(alone))) if reliable and not few else 0
    verdict: Verdict = "better" if what > 0 else "worse" if what < 0 else "unclear"
    edges = sorted((sign * unit * low, sign * unit * high))
    return {
        "measure": measure.key,
        "label": measure.label,
        "change": sign * unit * middle,
        "standardized": middle,
        "lower": edges[0],
        "upper": edges[1],
        "p_improvement": p,
        "p_meaningful": meaningful,
        "verdict": verdict,
        "standardized_lower": low,
        "standardized_upper": high,
        "p_alone": alone,
        "ci_prob": 0.95,
        "note": few,
    }


def _few(study: Study, case: str, measure: Measure) -> str:
    """Why an area's own values can't carry a verdict; else empty."""
    return too_few_points(study, {case: measure}).get(case, "")
