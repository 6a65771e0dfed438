"""A series as its family sees it: the values on the family's scale, and the way back to the measure's units."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from scd.models.response import AUTOCORRELATED, Response
from scd.models.series import Series

__all__ = ["Outcome"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """A series as its family sees it.

    Attributes
    ----------
    family : str
        See `FAMILIES`.
    series : Series
        With `value` on the family's own scale: counts, successes, logarithms, logits, or as recorded.
    recorded : ndarray of float, shape (obs,)
        The values as recorded.
    lower, upper : ndarray of float, shape (obs,)
        Ratings: between what the latent value lies, half a step around the rating, without end at floor and ceiling;
        else the value itself.
    exposure : ndarray of float, shape (obs,)
        Counts and rates: length of each session, relative to one of rate ``exp(predictor)``; else 1.
    trials : ndarray of float, shape (obs,)
        Proportions: the denominator; else 1.
    scale : ndarray of float, shape (obs,)
        Counts and proportions: what one more count adds to the value; else 1.
    responses : tuple of Response
        The way back to the measure's units, one a case.
    notes : tuple of str
        What a reader must know about the choice, a sentence each.
    """

    family: str
    series: Series
    recorded: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    exposure: np.ndarray
    trials: np.ndarray
    scale: np.ndarray
    responses: tuple[Response, ...]
    notes: tuple[str, ...] = ()

    @property
    def shifted(self) -> bool:
        """Whether its values can be shifted and stretched to a scale of unit size."""
        return self.family in AUTOCORRELATED - {"poisson-lognormal"}

    def scaled(self, *, center: np.ndarray, unit: np.ndarray, sign: np.ndarray) -> Outcome:
        """The same values on a scale of unit size.

        Parameters
        ----------
        center, unit, sign : ndarray, shape (cases,)
            Of each case. Where values can be shifted and stretched they become ``sign * (value - center) / unit``;
            counts and proportions stay, and a sign of -1 turns the direction of the intervention.
        """
        of = self.series.case_index
        if not self.shifted:
            return replace(self, series=replace(self.series, intervention=sign[of] * self.series.intervention))
        value, lower, upper = (
            sign[of] * (edge - center[of]) / unit[of] for edge in (self.series.value, self.lower, self.upper)
        )
        return replace(
            self,
            series=replace(self.series, value=value),
            lower=np.minimum(lower, upper),
            upper=np.maximum(lower, upper),
        )
