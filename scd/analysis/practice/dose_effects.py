"""What practice adds to the effect, as rows for tables and charts, with how much the record can tell apart."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.models.dose import AMOUNTS, fit_dose
from scd.models.practice import FullIs

if TYPE_CHECKING:
    import pandas as pd

    from scd.models.dose import Dose
    from scd.models.mixture import Mixture
    from scd.models.priors import Priors
    from scd.study import Measure, Study

__all__ = ["LEAST_WITHIN", "DoseEffects", "dose_effects"]

LEAST_WITHIN = 0.05
"""With less of practice's variation within phases, what practice adds and what the phase brings are one."""

_TAILS = (0.025, 0.5, 0.975)


@dataclass(frozen=True, eq=False)
class DoseEffects:
    """How one client's effect goes with practice.

    Attributes
    ----------
    case : str
    measure, practice : Measure
        The outcome, and the measure of practice.
    rows : pandas.DataFrame
        Columns ``case, measure, practice, quantity, mean, sd, median, lower, upper, ci_prob, p_improvement``. The
        quantities, in the outcome's units and once fully built up: ``practice_adds`` (what full practice adds),
        ``without_practice``, ``own_practice`` (at the client's average practice) and ``full_practice`` (changes against
        baseline); ``half_life`` in sessions, without a direction.
    courses : pandas.DataFrame
        Columns ``case, phase, session, practice, mean, lower, upper``: expected values at every session with ``full``
        practice as planned, the client's ``own``, and ``none``, with 95 % bands.
    within_phases : float
        Which share of practice's variation is left within phases.
    told_apart : bool
        Whether that is enough to tell practice from phase: `LEAST_WITHIN` or more.
    posterior_sd, prior_sd : float
        Of what full practice adds, in the outcome's units: how much the record has said about it.
    full : float
        What full practice is, in the practice's units.
    full_is : {"planned", "maximum", "usual"}
        Where that comes from; see `scd.models.practice.Practice`.
    own_dose : float
        The client's average practice under intervention, in units of full practice.
    due, unknown : int
        Sessions under intervention at which practice was due, and at how many of them it is unknown. Those count as the
        average of their phase.
    in_baseline : bool
        Whether something was practised in baseline, which the model takes for nothing.
    """

    case: str
    measure: Measure
    practice: Measure
    rows: pd.DataFrame
    courses: pd.DataFrame
    within_phases: float
    told_apart: bool
    posterior_sd: float
    prior_sd: float
    full: float
    full_is: FullIs
    own_dose: float
    due: int
    unknown: int
    in_baseline: bool


def dose_effects(
    study: Study,
    *,
    measure: str | None = None,
    practice: str | None = None,
    case: str | None = None,
    priors: Priors | None = None,
    seed: int = 1,
) -> DoseEffects:
    """Work out how a client's effect goes with practice.

    This never changes the effect of the phase that heads a page: practice follows the phase, and an effect that comes
    by way of practice is an effect of the phase. As a process – does practice go before the outcome from one session to
    the next? – it is asked of the lagged links: `scd.models.lagged.lagged_pairs` takes its key as one of the processes.

    Parameters
    ----------
    study, measure, practice, case, priors
        As in `scd.models.dose.fit_dose`.
    seed : int
        Of the draws behind the courses' bands.

    Returns
    -------
    DoseEffects

    Raises
    ------
    StudyError
        As `scd.models.dose.fit_dose`.
    """
    import pandas as pd

    dose = fit_dose(study, measure=measure, practice=practice, case=case, priors=priors)
    held, code = dose.practice, dose.series.cases[0]
    under = held.under > 0
    own = float(held.dose[under].mean())
    changes = {
        "practice_adds": dose.of(dose=1.0),
        "without_practice": dose.of(delta=1.0),
        "own_practice": dose.of(delta=1.0, dose=own),
        "full_practice": dose.of(delta=1.0, dose=1.0),
    }
    name = (code, dose.measure.key, held.measure.key)
    rows = [(*name, quantity, *_row(found, dose.measure.sign)) for quantity, found in changes.items()]
    rows.append((*name, "half_life", *_half_life(dose)))
    columns = ["case", "measure", "practice", "quantity", "mean", "sd", "median", "lower", "upper"]
    due = held.due & under
    posterior_sd, prior_sd = dose.spread
    return DoseEffects(
        case=code,
        measure=dose.measure,
        practice=held.measure,
        rows=pd.DataFrame(rows, columns=[*columns, "ci_prob", "p_improvement"]),
        courses=_courses(dose, case=code, seed=seed),
        within_phases=held.within_phases,
        told_apart=held.within_phases >= LEAST_WITHIN,
        posterior_sd=posterior_sd,
        prior_sd=prior_sd,
        full=held.full,
        full_is=held.full_is,
        own_dose=own,
        due=int(due.sum()),
        unknown=int((due & ~held.known).sum()),
        in_baseline=bool((held.done[~under & held.known] > 0).any()),
    )


def _row(found: Mixture, sign: int) -> tuple[float, ...]:
    lower, median, upper = (float(q) for q in found.quantile(_TAILS)[0])
    above = float(found.above(0.0)[0])
    better = above if sign > 0 else 1 - above
    return float(found.mean()[0]), float(found.sd()[0]), median, lower, upper, 0.95, better


def _half_life(dose: Dose) -> tuple[float | None, ...]:
    """Sessions until half of the effect is there, from the grid of the share carried over."""
    share, weight = dose.quadrature.outer, dose.quadrature.outer_probability()[0]
    value = math.log(0.5) / np.log(np.clip(share, 1e-12, 1 - 1e-12))
    reached = np.cumsum(weight) - weight / 2
    lower, median, upper = (float(q) for q in np.interp(_TAILS, reached, value))
    return None, None, median, lower, upper, 0.95, None  # a mean would hang on the tail alone


def _courses(dose: Dose, *, case: str, seed: int) -> pd.DataFrame:
    import pandas as pd

    held, found = dose.practice, dose.courses(seed=seed)
    rows = []
    for name in AMOUNTS:
        lower, upper = np.quantile(found[name], (_TAILS[0], _TAILS[2]), axis=0)
        mean = found[name].mean(axis=0)
        for i, session in enumerate(held.session):
            rows.append((case, held.phase[i], int(session), name, float(mean[i]), float(lower[i]), float(upper[i])))
    return pd.DataFrame(rows, columns=["case", "phase", "session", "practice", "mean", "lower", "upper"])
