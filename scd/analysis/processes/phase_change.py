"""Does a process move with the intervention, and no later than the outcome?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scd.models.change_point import change_points
from scd.models.exact import quadrature_of
from scd.models.lagged import scale_priors
from scd.models.prepare import prepare, scales
from scd.models.series import series_of
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.models.change_point import ChangePoint
    from scd.models.mixture import Mixture
    from scd.models.priors import Priors
    from scd.models.series import Series
    from scd.study import Study

__all__ = ["level_change", "no_later"]


def level_change(study: Study, *, case: str, measure: str) -> Mixture:
    """The exact posterior of the change from baseline to intervention, by the model ``level``.

    Values are taken as scores. Sessions under conditions other than A and B are left out.

    Parameters
    ----------
    study : Study
    case, measure : str

    Returns
    -------
    Mixture
        In the measure's units, with its sign.

    Raises
    ------
    StudyError
        When baseline or intervention has no value.
    """
    series, priors, unit = _scaled(study, case=case, measure=measure)
    grid = quadrature_of(series, priors, model="level")
    return grid.mixture([float(name == "delta") for name in grid.coefficients]).affine(scale=unit)


def no_later(study: Study, *, case: str, processes: Sequence[str], outcome: str) -> dict[str, float | None]:
    """How probable it is that each process changed no later than the outcome.

    Each series is asked when its level changed between two adjacent phases, by the change-point model; the two answers
    are taken as independent. Both in the same session counts as no later. The first two phases are taken in which both
    series can be asked.

    Parameters
    ----------
    study : Study
    case : str
    processes : sequence of str
    outcome : str

    Returns
    -------
    dict of str to float or None
        By process; None where no two adjacent phases hold enough values of both.

    References
    ----------
    Natesan, P., & Hedges, L. V. (2017). Bayesian unknown change-point models to investigate immediacy in single case
    designs. Psychological Methods, 22(4), 743-759. https://doi.org/10.1037/met0000134
    """
    reference = _change_points(study, case=case, measure=outcome)
    found: dict[str, float | None] = {}
    for key in processes:
        own = _change_points(study, case=case, measure=key)
        shared = [contrast for contrast in reference if contrast in own]
        found[key] = _order(own[shared[0]], reference[shared[0]]) if shared else None
    return found


def _order(process: ChangePoint, outcome: ChangePoint) -> float:
    """P(k of the process <= k of the outcome)."""
    early = np.array(process.sessions)[:, None] <= np.array(outcome.sessions)
    return float(np.array(process.probability) @ early @ np.array(outcome.probability))


def _change_points(study: Study, *, case: str, measure: str) -> dict[str, ChangePoint]:
    """By contrast; none where the measure has no values in both conditions."""
    try:
        series, priors, _ = _scaled(study, case=case, measure=measure)
    except StudyError:
        return {}
    return {point.contrast: point for point in change_points(series, priors)}


def _scaled(study: Study, *, case: str, measure: str) -> tuple[Series, Priors, float]:
    """The series of one case in baseline and intervention on a scale of unit size, its priors, and the unit."""
    compared = _compared(study, case)
    values = series_of(compared, measure=measure, case=case).value
    priors = scale_priors(study.measure(measure), values)
    outcome, own = prepare(compared, measure=measure, case=case, model="level", family="gaussian", priors=priors)
    center, unit, sign = scales(outcome, own)
    series = outcome.scaled(center=center, unit=unit, sign=sign).series
    return series, own.rescaled(center=own.center, unit=own.unit), float(unit[0])


def _compared(study: Study, code: str) -> Study:
    """The study with only those sessions of the case that lie in baseline or intervention."""
    case = study.case(code)
    kept = tuple(s for s in case.sessions if case.phase_at(s.number).condition in "AB")
    return study if len(kept) == len(case.sessions) else study.with_case(case.replace(sessions=kept))
