"""The default priors of each family: on the measure's scale for scores and ratings, on the link scale for the rest."""

from __future__ import annotations

import math

from scd.models.priors import Priors, priors_for
from scd.study import Measure, StudyError

__all__ = ["family_priors"]

# On the log and the logit scale: 2.5 units are 1.5, so that a ratio lies between 0.05 and 19 with 95 % probability.
_LINK_UNIT = 0.6
# Percentages without a denominator vary more from session to session on the logit scale, most of all near 0 and 100.
_LOGIT_UNIT = 1.0
# Within-phase SD of latent log rates, of logarithms, and of logits.
_SIGMA = {"poisson-lognormal": 0.5, "log": 1.0, "logit": 1.5}
# Baseline level where the measure says nothing of it, and how sure: an average session's count, a count a minute, and a
# duration in any unit; the 95 % intervals are 0.26-95, 0.02-50 and 0.07-1300.
_OPEN: dict[str, tuple[float, float]] = {"count": (5, 1.5), "rate": (1, 2.0), "duration": (10, 2.5)}


def family_priors(
    measure: Measure, *, family: str = "gaussian", center: float | None = None, unit: float | None = None
) -> Priors:
    """The default priors for a measure's values under a family; none depends on the values.

    Parameters
    ----------
    measure : Measure
        Its range gives the centre.
    family : str
        See `scd.models.families.FAMILIES`.
    center : float, optional
        Baseline level that is expected beforehand, in the measure's units (a rate's per minute).
    unit : float, optional
        Unit of the scale: in the measure's units for scores and ratings, else on the log or logit scale.

    Returns
    -------
    Priors
        For scores and ratings as `priors_for`. Else on the link scale, with `unit` 0.6 (1 for percentages without a
        denominator): baseline and level change have SD 2.5 units. Without a closed range, counts are centred on 5 a
        session, rates on 1 a minute (SD 2 on the log scale), durations on 10 (SD 2.5).

    Raises
    ------
    StudyError
        When a score or rating has an open range and no centre and unit, or the centre doesn't lie where the family's
        values do.

    Examples
    --------
    >>> calls = Measure(key="calls", label="Calls", improvement="decrease", scale="count", minimum=0)
    >>> priors = family_priors(calls, family="count")
    >>> round(priors.center, 3), priors.alpha_sd, priors.delta_sd, priors.dispersion_sd
    (1.609, 1.5, 1.5, 1.0)
    """
    if family in ("gaussian", "rating"):
        return priors_for(measure, center=center, unit=unit)
    given = center is not None
    center = measure.center if center is None else center
    if family in ("proportion", "logit"):
        priors = Priors.on_scale(
            center=0.0 if center is None else _share(measure, center),
            unit=unit or (_LINK_UNIT if family == "proportion" else _LOGIT_UNIT),
        )
        return priors.replace(sigma_sd=_SIGMA.get(family, priors.sigma_sd), dispersion_sd=0.5)
    if given and not center > 0:  # type: ignore[operator]
        raise StudyError(
            f"measure '{measure.key}': the centre must be above 0 on a logarithmic scale (got {center:g})",
            field="center",
        )
    level, spread = _OPEN.get(measure.scale, _OPEN["count"]) if center is None or center <= 0 else (center, None)
    priors = Priors.on_scale(center=math.log(level), unit=unit or _LINK_UNIT)
    return priors.replace(
        alpha_sd=priors.alpha_sd if spread is None else spread,
        sigma_sd=_SIGMA.get(family, priors.sigma_sd),
    )


def _share(measure: Measure, center: float) -> float:
    low, high = (
        (0.0, 100.0)
        if measure.scale == "percentage"
        else (measure.minimum or 0.0, 1.0 if measure.maximum is None else measure.maximum)
    )
    share = (center - low) / (high - low)
    if not 0 < share < 1:
        raise StudyError(
            f"measure '{measure.key}': the centre must lie between {low:g} and {high:g} (got {center:g})",
            field="center",
        )
    return math.log(share / (1 - share))
