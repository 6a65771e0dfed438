"""Several areas of one client estimated together: draws, and what is exactly normal given them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.models.areas import AreaPriors, Areas, areas_of
from scd.models.areas_density import AreasDensity
from scd.models.ensemble import ensemble
from scd.models.exact import linear_model
from scd.models.mixture import Mixture
from scd.models.quadrature import integrate

if TYPE_CHECKING:
    from scd.study import Study

__all__ = ["AreasFit", "fit_areas"]


@dataclass(frozen=True, eq=False)
class AreasFit:
    """The joint posterior, on scales of a fifth of each measure's range, turned so that up is better.

    Attributes
    ----------
    areas : Areas
    priors : AreaPriors
    draws : dict of str to ndarray
        ``alpha, delta, sigma`` of shape (draws, areas), ``mean, spread, phi, common`` of shape (draws,), and
        ``correlation`` of shape (draws, areas, areas).
    center, sd : ndarray, shape (draws, areas)
        Each area's change is normal given what else was drawn: mean and SD.
    alone : tuple of Mixture
        Each area's change in a model of its own, exactly, under the same prior of a single change.
    effective : float
        How many independent draws there are, in the parameter that mixes worst.
    drift : float
        How far the mean of any parameter moved while it was drawn, in SDs.
    """

    areas: Areas
    priors: AreaPriors
    draws: dict[str, np.ndarray]
    center: np.ndarray
    sd: np.ndarray
    alone: tuple[Mixture, ...]
    effective: float
    drift: float

    def change(self, area: int) -> Mixture:
        """The posterior of one area's change."""
        center, sd = self.center[:, area], self.sd[:, area]
        return Mixture(np.full((1, len(center)), 1 / len(center)), center[None], sd[None])


def fit_areas(
    study: Study,
    *,
    case: str | None = None,
    measures: tuple[str, ...] | None = None,
    priors: AreaPriors | None = None,
    seed: int = 1,
) -> AreasFit:
    """Estimate the changes of several areas of one client together.

    Parameters
    ----------
    study, case, measures
        As in `scd.models.areas.areas_of`.
    priors : AreaPriors, optional
    seed : int
        Same seed and data, same draws.

    Returns
    -------
    AreasFit

    Raises
    ------
    StudyError
        As `scd.models.areas.areas_of`.
    """
    areas, priors = areas_of(study, case=case, measures=measures), priors or AreaPriors()
    rng = np.random.default_rng(seed)
    density = AreasDensity(areas, priors)
    found = ensemble(density, density.start(rng), rng=rng)
    center, sd = density.changes(found.points)
    return AreasFit(
        areas=areas,
        priors=priors,
        draws=density.draws(found.points, rng=rng),
        center=center,
        sd=sd,
        alone=tuple(_alone(areas.one(i), priors) for i in range(len(areas.measures))),
        effective=found.effective,
        drift=found.drift,
    )


def _alone(area: Areas, priors: AreaPriors) -> Mixture:
    single, series = priors.of_area(floor=float(area.floor[0])), area.series
    return integrate(series.value, linear_model(series, single, model="level"), single).mixture([0.0, 1.0])
