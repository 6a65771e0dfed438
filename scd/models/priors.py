"""Weakly informative priors on the declared scale of a measure, never on the data."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field

from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import Measure, StudyError
from scd.study.record import Number, Record

__all__ = ["Priors", "priors_for"]

Positive = Annotated[Number, Field(gt=0)]

_LINKS = {
    "count": N_("log scale"),
    "poisson": N_("log scale"),
    "poisson-lognormal": N_("log scale"),
    "log": N_("log scale"),
    "proportion": N_("logit scale"),
    "logit": N_("logit scale"),
}


class Priors(Record):
    """The priors of every model, in the measure's own units or on the scale of the family's link.

    Parameters
    ----------
    center, unit : float
        Middle and unit of the scale: for an instrument with a range, mid-range and a fifth of the range.
    alpha_sd : float
        SD of the baseline level's normal prior, centred on `center`.
    delta_sd : float
        SD of the level change's normal prior, centred on 0.
    trend_sd, slope_change_sd : float
        SD of the normal priors of the slope and of its change, per session.
    sigma_sd : float
        Scale of the half-normal prior of the within-phase SD (marginal, not of the innovations).
    sigma_of : {"marginal", "innovation"}
        Which SD that prior speaks of: of the values around the expected ones, or of what is new at each session,
        ``sigma * sqrt(1 - phi ** 2)``.
    sigma_floor : float
        The SD of what is new at each session can't be below it: rounding to the instrument's steps adds that much.
    phi_mean, phi_sd : float
        Normal prior of the autocorrelation at a gap of one session, truncated to (-0.99, 0.99); an infinite SD makes
        it uniform.
    omega_sd : float
        Scale of the half-normal prior of the SD between phases of a kind (phase-level model).
    alpha_between_sd, delta_between_sd : float
        Scales of the half-normal priors of the SDs between cases (multilevel model).
    sigma_between_sd : float
        Scale of the half-normal prior of the SD between cases of the log within-phase SD.
    history_sd : float
        Scale of the half-normal prior of the SD, per session, of the walk that all cases share (multilevel-history).
    dispersion_sd : float
        Scale of the half-normal prior of the dispersion of counts (variance ``mean + (dispersion * mean) ** 2``) and of
        proportions (concentration ``1 / dispersion ** 2``).

    Examples
    --------
    >>> priors = Priors.on_scale(center=5, unit=2)
    >>> priors.delta_sd, priors.describe()["phi"]
    (5.0, 'Normal(0.3, 0.3) on (-0.99, 0.99)')
    """

    center: Number
    unit: Positive
    alpha_sd: Positive
    delta_sd: Positive
    trend_sd: Positive
    slope_change_sd: Positive
    sigma_sd: Positive
    sigma_of: Literal["marginal", "innovation"] = "marginal"
    sigma_floor: Annotated[Number, Field(ge=0)] = 0.0
    phi_mean: Annotated[Number, Field(gt=-1, lt=1)] = 0.3
    phi_sd: Annotated[float, Field(gt=0, allow_inf_nan=True)] = 0.3
    omega_sd: Positive
    alpha_between_sd: Positive
    delta_between_sd: Positive
    sigma_between_sd: Positive = 0.3
    history_sd: Positive
    dispersion_sd: Positive = 1.0

    @classmethod
    def on_scale(cls, *, center: float, unit: float) -> Self:
        """The default priors for a scale with this centre and unit.

        Raises
        ------
        StudyError
            When `unit` is not a number above 0.
        """
        if not unit > 0:
            raise StudyError(f"priors: the unit must be above 0 (got {unit:g})", field="unit")
        return cls(
            center=center,
            unit=unit,
            alpha_sd=2.5 * unit,
            delta_sd=2.5 * unit,
            trend_sd=0.25 * unit,
            slope_change_sd=0.25 * unit,
            sigma_sd=unit,
            omega_sd=0.5 * unit,
            alpha_between_sd=2 * unit,
            delta_between_sd=unit,
            history_sd=0.3 * unit,
        )

    def rescaled(self, *, center: float, unit: float) -> Priors:
        """The same priors for values that were shifted by `center` and divided by `unit`."""
        scaled = {
            name: getattr(self, name) / unit
            for name in type(self).model_fields
            if name.endswith(("_sd", "_floor")) and name not in ("phi_sd", "sigma_between_sd", "dispersion_sd")
        }
        return self.replace(center=(self.center - center) / unit, unit=self.unit / unit, **scaled)

    def describe(self, model: str | None = None, *, family: str = "gaussian") -> dict[str, str]:
        """The priors in the words of a report, one entry a parameter.

        Parameters
        ----------
        model : str, optional
            Keep only the parameters of this model.
        family : str
            Keep only those of this family, and say on which scale they are.
        """
        words = self._of_model(model)
        if family in ("count", "poisson", "proportion"):
            words = {name: told for name, told in words.items() if name not in ("sigma", "sigma_spread", "phi")}
            if family != "poisson":
                words["dispersion"] = f"HalfNormal({self.dispersion_sd:g})"
        scale = _LINKS.get(family)
        unlinked = ("dispersion", "phi", "carried", "sigma_spread")
        return {name: f"{told}, {_(scale)}" if scale and name not in unlinked else told for name, told in words.items()}

    def _of_model(self, model: str | None) -> dict[str, str]:
        if model in ("multilevel", "multilevel-history"):
            shared = {"history_sd": _per_session(f"HalfNormal({self.history_sd:g})")}
            return (shared if model == "multilevel-history" else {}) | {
                "alpha_mean": f"Normal({self.center:g}, {self.alpha_sd:g})",
                "delta_mean": f"Normal(0, {self.delta_sd:g})",
                "alpha_sd": f"HalfNormal({self.alpha_between_sd:g})",
                "delta_sd": f"HalfNormal({self.delta_between_sd:g})",
                "sigma": self._sigma_words,
                "sigma_spread": f"HalfNormal({self.sigma_between_sd:g})",
                "phi": self._phi_words,
            }
        words = {
            "alpha": f"Normal({self.center:g}, {self.alpha_sd:g})",
            "delta": f"Normal(0, {self.delta_sd:g})",
            "sigma": self._sigma_words,
            "phi": self._phi_words,
        }
        if model in ("level-trend", "piecewise"):
            words["trend"] = _per_session(f"Normal(0, {self.trend_sd:g})")
        if model == "piecewise":
            words["slope_change"] = _per_session(f"Normal(0, {self.slope_change_sd:g})")
        if model == "gradual":
            words["carried"] = "Beta(1, 2)"
        if model == "phase-level":
            words["omega"] = f"HalfNormal({self.omega_sd:g})"
        return words

    @property
    def _sigma_words(self) -> str:
        of = _(" for the innovations") if self.sigma_of == "innovation" else ""
        floor = _("; innovations at least {floor}").format(floor=f"{self.sigma_floor:.2g}") if self.sigma_floor else ""
        return f"HalfNormal({self.sigma_sd:g}){of}{floor}"

    @property
    def _phi_words(self) -> str:
        if math.isinf(self.phi_sd):
            return "Uniform(-0.99, 0.99)"
        return f"Normal({self.phi_mean:g}, {self.phi_sd:g}) on (-0.99, 0.99)"


def priors_for(measure: Measure, *, center: float | None = None, unit: float | None = None) -> Priors:
    """The default priors for a measure.

    Parameters
    ----------
    measure : Measure
        Its range gives centre (mid-range) and unit (a fifth of the range).
    center, unit : float, optional
        Override them, in the measure's units.

    Raises
    ------
    StudyError
        When the measure's range has an open end and centre or unit is not given.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> priors_for(mood).center
    5.0
    """
    center = measure.center if center is None else center
    unit = measure.spread if unit is None else unit
    if center is None or unit is None:
        raise StudyError(
            f"measure '{measure.key}': its range is open, so the priors have no scale; "
            "give minimum and maximum, or both a centre and a unit",
            field="minimum",
        )
    return Priors.on_scale(center=center, unit=unit)


def _per_session(prior: str) -> str:
    return _("{prior} per session").format(prior=prior)
