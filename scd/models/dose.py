"""What practice adds: the effect of a phase split into what comes without practice and what comes with it.

``y_t = alpha + delta x_t + dose e_t`` with autocorrelated deviations. Both exposures build up and wear off by the same
share s carried over from session to session: ``x_t = s x_(t-1) + (1 - s) D_t`` of the intervention, and
``e_t = s e_(t-1) + (1 - s) h_t D_t`` of the practice h under it, in units of full practice. So an effect that comes by
degrees is never taken for practice, and where practice is the same throughout, the two can't be told apart at any s.

Practice comes after the phase has begun and is not drawn at random. The effect of the phase is therefore that of the
models without practice; this one only asks how the effect goes with practice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scd.models.exact import linear_model
from scd.models.onset import built_up
from scd.models.practice import Practice, practice_of
from scd.models.prepare import prepare
from scd.models.quadrature import LinearModel, Quadrature, integrate

if TYPE_CHECKING:
    from scd.models.mixture import Mixture
    from scd.models.priors import Priors
    from scd.models.series import Series
    from scd.study import Measure, Study

__all__ = ["AMOUNTS", "Dose", "dose_model", "fit_dose"]

AMOUNTS = ("full", "own", "none")
"""How much practice an expected course is for: as planned, as it was, none."""


@dataclass(frozen=True, eq=False)
class Dose:
    """The posterior of what practice adds for one client and outcome.

    Attributes
    ----------
    measure : Measure
        The outcome.
    practice : Practice
    series : Series
        The outcome's values on a scale of unit size.
    quadrature : Quadrature
        Coefficients ``alpha, delta, dose``; the outer quantity is the share carried over.
    priors : Priors
        In the outcome's units; the prior of the dose's effect is that of the level change.
    """

    measure: Measure
    practice: Practice
    series: Series
    quadrature: Quadrature
    priors: Priors

    def of(self, *, delta: float = 0.0, dose: float = 0.0) -> Mixture:
        """The exact posterior of ``delta * effect without practice + dose * effect of full practice``, in units."""
        return self.quadrature.mixture([0.0, delta, dose]).affine(scale=self.priors.unit)

    def courses(self, *, seed: int = 1, size: int = 4000) -> dict[str, np.ndarray]:
        """Draws of the expected value at every session of `Practice.session`, for each amount of `AMOUNTS`.

        Returns
        -------
        dict of str to ndarray, shape (size, sessions)
            In the outcome's units.
        """
        drawn = self.quadrature.draw(np.random.default_rng(seed), size=size)
        held, at = drawn["coefficients"], drawn["outer_index"]
        practice, share = self.practice, self.quadrature.outer
        every = np.arange(len(practice.session))
        taken = built_up(practice.under, share, at=every)[at]
        plain = held[:, [0]] + held[:, [1]] * taken
        amounts = {"full": practice.plan, "own": practice.dose, "none": np.zeros(len(every))}
        return {
            name: self.priors.center
            + self.priors.unit * (plain + held[:, [2]] * built_up(amounts[name], share, at=every)[at])
            for name in AMOUNTS
        }

    @property
    def spread(self) -> tuple[float, float]:
        """SD of the dose's effect in its posterior and in its prior, in the outcome's units."""
        return float(self.of(dose=1.0).sd()[0]), self.priors.delta_sd


def dose_model(series: Series, practice: Practice, priors: Priors, *, refine: float = 1.0) -> LinearModel:
    """The model as columns and normal priors, for each share carried over.

    Parameters
    ----------
    series : Series
        The outcome's values of one case.
    practice : Practice
        Of the same case; it spans the series' sessions.
    priors : Priors
        On the scale of ``series.value``; the dose's effect has the level change's prior.
    refine : float
        Points of the share carried over, as a multiple of the usual number.

    Returns
    -------
    LinearModel
        Coefficients ``alpha, delta, dose``.
    """
    gradual = linear_model(series, priors, model="gradual", refine=refine)
    at = series.session - practice.session[0]
    taken, exposure = (built_up(amount, gradual.outer, at=at) for amount in (practice.under, practice.dose))
    return replace(
        gradual,
        coefficients=(*gradual.coefficients, "dose"),
        columns=np.stack([np.ones_like(taken), taken, exposure], axis=-1),
        prior_mean=np.r_[gradual.prior_mean, 0.0],
        prior_sd=np.column_stack([gradual.prior_sd, np.full(len(gradual.prior_sd), priors.delta_sd)]),
    )


def fit_dose(
    study: Study,
    *,
    measure: str | None = None,
    practice: str | None = None,
    case: str | None = None,
    priors: Priors | None = None,
    refine: float = 1.0,
) -> Dose:
    """Split a client's change into what comes without practice and what full practice adds.

    Parameters
    ----------
    study : Study
        The record.
    measure : str, optional
        Key of the outcome; the case's first without it.
    practice : str, optional
        Key of the measure of practice; needed when the case has several.
    case : str, optional
        Code of the case; needed when the study has several.
    priors : Priors, optional
        Default: weakly informative on the outcome's declared scale.
    refine : float
        Grid points as a multiple of the usual number.

    Returns
    -------
    Dose

    Raises
    ------
    StudyError
        When there are too few data for any effect, the outcome's range is open and no priors are given, or practice is
        unknown too often; see `scd.models.practice.practice_of`.

    References
    ----------
    Swan, D. M., & Pustejovsky, J. E. (2018). A gradual effects model for single-case designs. Multivariate Behavioral
    Research, 53(4), 574-593. https://doi.org/10.1080/00273171.2018.1466681
    """
    held = practice_of(study, case=case, practice=practice)
    outcome, priors = prepare(study, measure=measure, case=case, model="gradual", family="gaussian", priors=priors)
    series = replace(outcome.series, value=(outcome.series.value - priors.center) / priors.unit)
    own = priors.rescaled(center=priors.center, unit=priors.unit)
    linear = dose_model(series, held, own, refine=refine)
    return Dose(
        measure=series.measures[0],
        practice=held,
        series=series,
        quadrature=integrate(series.value, linear, own, refine=refine),
        priors=priors,
    )
