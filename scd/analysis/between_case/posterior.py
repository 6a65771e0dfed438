"""The between-case effect size as a posterior, from the multilevel model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.analysis.between_case.occasions import Occasions
from scd.analysis.diagnostics import Diagnostics, diagnose
from scd.models.posterior import fit_arrays
from scd.study import Study

if TYPE_CHECKING:
    from scd.models import Priors

__all__ = ["PosteriorEffect", "posterior_effect"]


@dataclass(frozen=True, eq=False)
class PosteriorEffect:
    """The posterior of a between-case effect size.

    Attributes
    ----------
    draws : ndarray, shape (draws,)
        Of the effect size, intervention minus baseline.
    mean_difference, phi, rho : ndarray, shape (draws,)
        Of the average change, the autocorrelation, and the share of the variance that lies between cases.
    variance, variance_within : ndarray, shape (draws,)
        Of values of one session between cases in baseline, and of values of one case around its level.
    between_sd, between_sd_prior : ndarray, shape (draws,)
        SD of baseline levels between cases, after the data and before them: with few cases the two are much alike.
    df : float
        Degrees of freedom of a variance that would be known as well as `variance` is: twice its squared mean over its
        variance.
    engine : str
        How the draws were made.
    priors : str
        In words, as JSON.
    diagnostics : Diagnostics
        Whether they may be trusted.
    """

    draws: np.ndarray
    mean_difference: np.ndarray
    phi: np.ndarray
    rho: np.ndarray
    variance: np.ndarray
    variance_within: np.ndarray
    between_sd: np.ndarray
    between_sd_prior: np.ndarray
    df: float
    engine: str
    priors: str
    diagnostics: Diagnostics


def posterior_effect(
    study: Study, data: Occasions, *, measure: str, priors: Priors | None = None, seed: int = 1
) -> PosteriorEffect:
    """Draw from the posterior of a between-case effect size.

    The values of all cases are taken as scores in the multilevel model of `scd.models.fit`: levels, changes and SDs
    differ between cases, errors are autocorrelated. Each draw's average change is divided by the root of the sum of
    the variance of baseline levels between cases and the typical case's variance within.

    Parameters
    ----------
    study : Study
    data : Occasions
        Which of the study's values are taken.
    measure : str
        Key of the measure; it needs a range, or `priors`, for the priors to have a scale.
    priors : Priors, optional
        By default weakly informative on the measure's range.
    seed : int

    Returns
    -------
    PosteriorEffect

    Raises
    ------
    StudyError
        As `scd.models.fit`.

    References
    ----------
    Rindskopf, D. (2014). Nonlinear Bayesian analysis for single case designs. Journal of School Psychology, 52,
    179-189. https://doi.org/10.1016/j.jsp.2013.12.003
    """
    fitted = fit_arrays(
        _taken(study, data, measure), measure=measure, model="multilevel", family="gaussian", priors=priors, seed=seed
    )
    draws = fitted.flat()
    difference, between, sigma, phi = (draws[name] for name in ("delta_mean", "alpha_sd", "sigma", "phi"))
    within = sigma**2
    variance = between**2 + within
    return PosteriorEffect(
        draws=difference / np.sqrt(variance),
        mean_difference=difference,
        phi=phi,
        rho=between**2 / variance,
        variance=variance,
        variance_within=within,
        between_sd=between,
        between_sd_prior=fitted.flat("prior")["alpha_sd"],
        df=float(2 * variance.mean() ** 2 / variance.var(ddof=1)),
        engine=str(fitted.origin["engine"]),
        priors=str(fitted.origin["priors"]),
        diagnostics=diagnose(fitted),
    )


def _taken(study: Study, data: Occasions, measure: str) -> Study:
    """The study with only the cases and sessions that the effect size is about."""
    cases = []
    for i, name in enumerate(data.cases):
        case, kept = study.case(name), set(data.session[data.case == i].tolist())
        sessions = tuple(
            session.replace(values=tuple(v for v in session.values if v.measure == measure))
            for session in case.sessions
            if session.number in kept
        )
        cases.append(case.replace(sessions=sessions))
    if study.randomization is not None:  # a draw is for all cases; it says nothing here
        study = study.replace(randomization=None)
    return study.replace(cases=tuple(cases))
