"""What a monitoring rule finds at a look, for one client's record or for a thousand simulated ones.

The model is M1: a level, a change of level under intervention, and a stationary AR(1) over real session gaps,
integrated exactly. The posterior under a sceptical prior of the change is the neutral one times the ratio of the two
priors; of a mixture of normals that is a mixture of normals again, so that one integration serves both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.models.exact import linear_model
from scd.models.mixture import Mixture
from scd.models.quadrature import integrate
from scd.models.series import Series
from scd.study import Measure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scd.models.priors import Priors
    from scd.study import Monitoring

__all__ = ["Found", "change_posterior", "found_at", "look_series", "under_prior", "verdicts"]

_MEASURE = Measure(key="simulated", label="Simulated", improvement="increase")
# What a grid has on the axis of spread where nothing else is asked for.
_USUAL_POINTS = 28


@dataclass(frozen=True, eq=False)
class Found:
    """The probabilities of one look, and what the rule makes of them; arrays of shape (series,).

    Attributes
    ----------
    improvement, meaningful : ndarray of float
        Probability of an improvement, and of one of at least the meaningful change, under the neutral prior.
    sceptical_improvement, sceptical_meaningful : ndarray of float
        The same under the sceptical prior.
    success, futility, harm : ndarray of bool
        What the rule finds.
    """

    improvement: np.ndarray
    meaningful: np.ndarray
    sceptical_improvement: np.ndarray
    sceptical_meaningful: np.ndarray
    success: np.ndarray
    futility: np.ndarray
    harm: np.ndarray


def look_series(baseline: ArrayLike, treated: ArrayLike) -> Series:
    """The sessions of a baseline and an intervention phase, without values, as the models see them.

    Parameters
    ----------
    baseline, treated : array_like of int
        Numbers of the sessions that gave a value.

    Examples
    --------
    >>> look_series([1, 2, 4], [5, 6]).gap.tolist()
    [1, 1, 2, 1, 1]
    """
    session = np.r_[np.asarray(baseline), np.asarray(treated)].astype("int64")
    phase = np.r_[np.zeros(np.size(baseline)), np.ones(np.size(treated))].astype("int64")
    return Series(
        cases=("simulated",),
        measures=(_MEASURE,),
        phases=(("A1", "B1"),),
        value=np.zeros(len(session)),
        session=session,
        case_index=np.zeros(len(session), dtype="int64"),
        phase_index=phase,
        intervention=phase.astype(float),
        phase_start=session[np.searchsorted(phase, phase)],
    )


def change_posterior(
    value: np.ndarray, series: Series, priors: Priors, *, model: str = "level", simulated: bool = False
) -> Mixture:
    """The exact posterior of the change, intervention minus baseline, in many series of one design.

    Parameters
    ----------
    value : ndarray, shape (series, obs)
        On a scale of unit size.
    series : Series
        Their sessions and phases; its own values are not looked at.
    priors : Priors
        On the same scale.
    model : str
        See `scd.models.exact.linear_model`.
    simulated : bool
        The values were simulated with a spread of one unit within a phase, or half or twice that: the grid is then not
        fitted to every series, which takes a fifth of the time. Probabilities are off by less than 0.001.

    Returns
    -------
    Mixture
        One row a series.

    Examples
    --------
    >>> from scd.models.priors import Priors
    >>> value = np.array([[0.1, -0.2, 0.0, 0.1, 2.1, 1.8, 2.2]])
    >>> found = change_posterior(value, look_series([1, 2, 3, 4], [5, 6, 7]), Priors.on_scale(center=0, unit=1))
    >>> bool(found.above(0)[0] > 0.99)
    True
    """
    linear = linear_model(series, priors, model=model)
    loading = [float(name == "delta") for name in linear.coefficients]
    if not simulated:
        return integrate(np.atleast_2d(value), linear, priors).mixture(loading)
    where, refine = _usual_place(value.shape[1])
    return integrate(value, linear, priors, where=where, refine=refine).mixture(loading)


def _usual_place(obs: int) -> tuple[tuple[np.ndarray, tuple[float, float]], float]:
    """Where the mass of autocorrelation and spread lies in series of unit spread, and how fine a grid that asks for.

    The posterior SD of u is about 1 / sqrt(obs + 11), that of log(SD) 1 / sqrt(2 * obs); a step of 1.4 SDs leaves the
    trapezoidal rule an error below 0.0001. Few values can look far steadier than they are.
    """
    low, high = (0.05, 6.0) if obs >= 8 else (0.004, 8.0)
    u_low, u_high = (-2.4, 2.7) if obs >= 8 else (-3.0, 4.0)
    u = np.linspace(u_low, u_high, math.ceil((u_high - u_low) * math.sqrt(obs + 11) / 1.3) + 1)
    points = math.ceil(math.log(high / low) * math.sqrt(2 * obs) / 0.85) + 1
    return (u, (math.log(low), math.log(high))), points / _USUAL_POINTS


def under_prior(mixture: Mixture, *, sd: float, instead_of: float) -> Mixture:
    """A posterior as it would be under another normal prior around 0.

    A normal component times ``exp(-r * x ** 2 / 2)``, r being the difference of the priors' precisions, is normal
    again: its variance v becomes ``v / (1 + r * v)``, its mean m ``m / (1 + r * v)``, and its weight is multiplied by
    ``exp(-r * m ** 2 / (2 * (1 + r * v))) / sqrt(1 + r * v)``.

    Parameters
    ----------
    mixture : Mixture
        Of the quantity that the prior is about.
    sd : float
        SD of the prior that is wanted, at most `instead_of`.
    instead_of : float
        SD of the prior that the mixture came from.

    Returns
    -------
    Mixture

    Examples
    --------
    >>> one = Mixture(np.ones((1, 1)), np.array([[2.0]]), np.array([[1.0]]))
    >>> told = under_prior(one, sd=1.0, instead_of=1e6)
    >>> round(float(told.mean()[0]), 3), round(float(told.sd()[0] ** 2), 3)
    (1.0, 0.5)
    """
    more = 1 / sd**2 - 1 / instead_of**2
    wider = 1 + more * mixture.spread**2
    log_share = -0.5 * more * mixture.center**2 / wider - 0.5 * np.log(wider)
    # The largest of the components that have any weight is 1, so that nothing runs out of range.
    held = np.where(mixture.weight > 0, log_share, -np.inf)
    weight = mixture.weight * np.exp(log_share - held.max(axis=-1, keepdims=True))
    return Mixture(weight / weight.sum(axis=-1, keepdims=True), mixture.center / wider, mixture.spread / np.sqrt(wider))


def found_at(
    neutral: Mixture, *, rule: Monitoring, values: int, meaningful: float, sign: int, prior_sd: float, unit: float
) -> Found:
    """What the rule finds at one look.

    Success: under the sceptical prior P(meaningful improvement) and P(improvement) above their limits, from
    `rule.success_from` values on. Futility: under the neutral prior P(meaningful improvement) below its limit, from
    `rule.futility_from` values on. Harm: under the neutral prior P(change for the worse) above its limit.

    Parameters
    ----------
    neutral : Mixture
        Posterior of the change, intervention minus baseline, on the scale of `unit`.
    rule : Monitoring
    values : int
        How many values of the intervention phase it rests on.
    meaningful : float
        The smallest change that matters, on the mixture's scale.
    sign : {1, -1}
        1 when an increase is better.
    prior_sd : float
        SD of the neutral prior of the change, on that scale.
    unit : float
        What `rule.sceptical_sd` is a multiple of, on that scale.

    Returns
    -------
    Found
    """
    # The other way round it would no longer be one posterior reweighted, but one made of what the prior left out.
    doubting = under_prior(neutral, sd=min(rule.sceptical_sd * unit, prior_sd), instead_of=prior_sd)
    better, enough = _beyond(neutral, 0.0, sign), _beyond(neutral, meaningful, sign)
    doubtful_better, doubtful_enough = _beyond(doubting, 0.0, sign), _beyond(doubting, meaningful, sign)
    success, futility, harm = verdicts(
        rule,
        values=values,
        improvement=better,
        meaningful=enough,
        sceptical_improvement=doubtful_better,
        sceptical_meaningful=doubtful_enough,
    )
    return Found(better, enough, doubtful_better, doubtful_enough, success, futility, harm)


def verdicts(
    rule: Monitoring,
    *,
    values: int,
    improvement: np.ndarray,
    meaningful: np.ndarray,
    sceptical_improvement: np.ndarray,
    sceptical_meaningful: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Success, futility and harm from the probabilities of a look; parameters as in `Found` and `found_at`.

    Returns
    -------
    success, futility, harm : ndarray of bool, shape (series,)
    """
    success = (sceptical_meaningful > rule.success_meaningful) & (sceptical_improvement > rule.success_improvement)
    futility = meaningful < rule.futility
    harm = 1 - improvement > rule.harm
    never = np.zeros(len(harm), dtype=bool)
    return (
        success if values >= rule.success_from else never,
        futility if values >= rule.futility_from else never,
        harm,
    )


def _beyond(mixture: Mixture, threshold: float, sign: int) -> np.ndarray:
    above = mixture.above(sign * threshold)
    return above if sign > 0 else 1 - above
