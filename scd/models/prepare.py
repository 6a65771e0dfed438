"""What a fit needs from a study: its values, the priors on their scale, and whether the model suits them."""

from __future__ import annotations

import math

import numpy as np

from scd.models.families import outcome_of
from scd.models.family_priors import family_priors
from scd.models.outcome import Outcome
from scd.models.priors import Priors
from scd.models.series import series_of
from scd.models.terms import PHASE_CAPACITY, SEVERAL_CASES_MODELS, SINGLE_CASE_MODELS
from scd.study import Measure, Study, StudyError

__all__ = ["MODELS", "one_scale", "prepare", "rounding_floor", "scales"]

MODELS = (*SINGLE_CASE_MODELS, *SEVERAL_CASES_MODELS)

# A latent rating steadier than this (in steps) can't be told from a constant one.
_STEADIEST = 0.25


def prepare(
    study: Study, *, measure: str | None, case: str | None, model: str, family: str | None, priors: Priors | None
) -> tuple[Outcome, Priors]:
    """Gather what a fit needs, or refuse in words: the values as their family sees them, and their priors.

    Raises
    ------
    StudyError
        When there are too few data for any effect, the model is unknown or doesn't suit, or the priors have no scale.
    """
    if model not in MODELS:
        raise StudyError(f"model '{model}': is unknown; choose one of {', '.join(MODELS)}", field="model")
    if model not in SEVERAL_CASES_MODELS and case is None:
        if len(study.cases) > 1:
            codes = ", ".join(f"'{c.code}'" for c in study.cases)
            raise StudyError(
                f"study '{study.code}': model '{model}' takes one case and the study has several ({codes}); name one",
                field="case",
            )
        case = study.cases[0].code
    series = series_of(study, measure=measure, case=case)
    if model in SEVERAL_CASES_MODELS and len(series.cases) < 2:
        raise StudyError(
            f"study '{study.code}': the {model} model needs at least 2 cases with values (got {len(series.cases)}); "
            "use a single-case model",
            field="model",
        )
    if model == "phase-level" and len(series.phases[0]) > PHASE_CAPACITY:
        raise StudyError(
            f"case '{series.cases[0]}': model 'phase-level' takes up to {PHASE_CAPACITY} phases "
            f"(got {len(series.phases[0])}); use 'level'",
            field="model",
        )
    outcome = outcome_of(series, family=family)
    if priors is None:
        priors = family_priors(series.measures[0], family=outcome.family)
    floor = _rounding(outcome, unit=priors.unit)
    return outcome, priors.replace(sigma_floor=max(priors.sigma_floor, floor))


def _rounding(outcome: Outcome, *, unit: float) -> float:
    """The least SD of each family's deviations; logarithms and logits are read where rounding weighs least."""
    recorded = outcome.recorded
    match outcome.family:
        case "gaussian":
            return rounding_floor(recorded, unit=unit)
        case "log":
            return rounding_floor(recorded, unit=unit) / float(recorded.max() + outcome.responses[0].shift)
        case "logit":
            width = outcome.responses[0].high - outcome.responses[0].low
            return 4 * rounding_floor(recorded / width, unit=unit)
        case "rating":
            return min(_STEADIEST, unit / 4)
        case _:
            return 0.0


def rounding_floor(value: np.ndarray, *, unit: float) -> float:
    """The SD that rounding leaves unseen: a value written in steps of r may have been anywhere within r.

    Parameters
    ----------
    value : ndarray
        Values as recorded; their step is the largest power of ten, 1 at most, that all of them are multiples of.
    unit : float
        Unit of the measure's scale; half of it is the most that is taken.

    Returns
    -------
    float
        ``r / sqrt(12)``, the SD of a uniform error.

    Examples
    --------
    >>> round(rounding_floor(np.array([3.0, 7.0]), unit=2.0), 3), round(rounding_floor(np.array([0.25]), unit=2.0), 4)
    (0.289, 0.0029)
    """
    step = 1.0
    while step > 1e-6 and not np.allclose(value / step, np.round(value / step), rtol=0, atol=1e-6):
        step /= 10
    return min(step / math.sqrt(12), unit / 2)


def one_scale(measures: tuple[Measure, ...]) -> bool:
    """Whether all measures have the same range and direction."""
    return len({(m.minimum, m.maximum, m.improvement) for m in measures}) == 1


def scales(outcome: Outcome, priors: Priors) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre, unit and sign by case; cases on one measure keep its sign, others are turned so that up is better."""
    measures = outcome.series.measures
    count = len(measures)
    if one_scale(measures):
        center, unit = (priors.center, priors.unit) if outcome.shifted else (0.0, 1.0)
        return np.full(count, center), np.full(count, unit), np.ones(count)
    sign = np.array([float(m.sign) for m in measures])
    if not outcome.shifted:
        return np.zeros(count), np.ones(count), sign
    each = [family_priors(m, family=outcome.family) for m in measures]
    return np.array([p.center for p in each]), np.array([p.unit for p in each]), sign
