"""Whether the draws may be trusted: the gate that every number passes before it is shown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scd.language import gettext as _
from scd.language import localized
from scd.models.fitted import Fitted, fitted_of
from scd.study.record import Record

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Diagnostics", "diagnose"]

_RHAT_LIMIT = 1.01
_ESS_LIMIT = 400


class Diagnostics(Record):
    """The sampler's worst figures over all parameters.

    Parameters
    ----------
    rhat_max : float
        Largest rank-normalised split R-hat; must stay below 1.01.
    ess_bulk_min, ess_tail_min : float
        Smallest effective sample sizes; must reach 400.
    divergences : int
        Divergent transitions after the retry; must be 0.

    References
    ----------
    Vehtari, A., Gelman, A., Simpson, D., Carpenter, B., & Bürkner, P.-C. (2021). Rank-normalization, folding, and
    localization: An improved R-hat for assessing convergence of MCMC. Bayesian Analysis, 16(2), 667-718.
    https://doi.org/10.1214/20-BA1221

    Examples
    --------
    >>> Diagnostics(rhat_max=1.02, ess_bulk_min=900, ess_tail_min=900, divergences=0).reason
    'the chains disagree (R-hat 1.020, must be below 1.01)'
    """

    rhat_max: float
    ess_bulk_min: float
    ess_tail_min: float
    divergences: int

    @property
    def reason(self) -> str:
        """Why the numbers are withheld, in words; empty when they may be shown."""
        reasons = []
        if not self.rhat_max < _RHAT_LIMIT:  # also catches NaN
            reasons.append(
                _("the chains disagree (R-hat {rhat_max}, must be below {limit})").format(
                    rhat_max=localized(f"{self.rhat_max:.3f}"), limit=localized(str(_RHAT_LIMIT))
                )
            )
        for name, size in (("bulk", self.ess_bulk_min), ("tail", self.ess_tail_min)):
            if not size >= _ESS_LIMIT:
                reasons.append(
                    _("too few independent draws ({name} ESS {size}, needs {limit})").format(
                        name=name, size=localized(f"{size:.0f}"), limit=_ESS_LIMIT
                    )
                )
        if self.divergences:
            reasons.append(
                _("{divergences} divergent steps of the sampler, also with smaller steps").format(
                    divergences=self.divergences
                )
            )
        return "; ".join(reasons)

    @property
    def ok(self) -> bool:
        """Whether every figure passes."""
        return not self.reason

    def worst(self, other: Diagnostics) -> Diagnostics:
        """The worse of two sets of figures."""
        return Diagnostics(
            rhat_max=math.nan if math.isnan(self.rhat_max + other.rhat_max) else max(self.rhat_max, other.rhat_max),
            ess_bulk_min=min(self.ess_bulk_min, other.ess_bulk_min),
            ess_tail_min=min(self.ess_tail_min, other.ess_tail_min),
            divergences=self.divergences + other.divergences,
        )


def diagnose(tree: xr.DataTree | Fitted) -> Diagnostics:
    """Read the sampler's figures off a posterior.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
        From `scd.models.fit`.

    Returns
    -------
    Diagnostics
        Independent draws need no comparison of chains: their R-hat is 1, and their effective sample size is their
        number or, where they were weighted, what the weights leave of it.
    """
    fitted = fitted_of(tree)
    if (size := fitted.independent) is not None:
        return Diagnostics(rhat_max=1.0, ess_bulk_min=size, ess_tail_min=size, divergences=0)
    import arviz as az  # takes seconds to import, and integrated posteriors do without

    posterior = fitted.dataset()
    return Diagnostics(
        rhat_max=_extreme(az.rhat(posterior), "max"),
        ess_bulk_min=_extreme(az.ess(posterior, method="bulk"), "min"),
        ess_tail_min=_extreme(az.ess(posterior, method="tail"), "min"),
        divergences=int(fitted.stats["diverging"].sum()),
    )


def _extreme(figures: xr.Dataset, which: str) -> float:
    values = [float(getattr(figures[name], which)(skipna=False)) for name in figures.data_vars]
    if any(math.isnan(v) for v in values):
        return math.nan
    return max(values) if which == "max" else min(values)
