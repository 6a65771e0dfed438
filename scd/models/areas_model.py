"""The joint model of several areas as a PyMC model: to read, and to check the weighted walk against."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scd.models.areas import AreaPriors

if TYPE_CHECKING:
    import pymc as pm

    from scd.models.areas import Areas

__all__ = ["build_areas_model"]


def build_areas_model(areas: Areas, *, priors: AreaPriors | None = None) -> pm.Model:
    """The model on scales of unit size, turned so that up is better.

    For area o at session t, with n its own value before and g the sessions between:
    ``value[t, o] = alpha[o] + delta[o] D[t] + e[t, o]`` and
    ``e[t, o] = phi ** g e[n, o] + sigma_area[o] sqrt(1 - phi ** (2 g)) w[t, o]``, with w[t] normal with variances of 1
    and the correlations ``common + (1 - common) rest``, and independent from session to session.

    Parameters
    ----------
    areas : Areas
    priors : AreaPriors, optional

    Returns
    -------
    pymc.Model
        What is new in an area that was missed is a parameter, ``unseen``, without a prior of its own: integrated out,
        only the correlations of the areas that are there are left.
    """
    import pymc as pm
    import pytensor.tensor as pt

    priors = priors or AreaPriors()
    seen, previous = areas.seen, areas.previous
    count = seen.shape[1]
    coords = {"area": [m.key for m in areas.measures], "session": areas.session}
    with pm.Model(coords=coords) as built:
        value = pm.Data("value", np.where(seen, areas.value, 0.0), dims=("session", "area"))
        under = pm.Data("intervention", areas.intervention, dims="session")
        gap = pm.Data("gap", areas.gap, dims=("session", "area"))
        linked = pm.Data("linked", (previous >= 0).astype(float), dims=("session", "area"))
        before_at = pm.Data("previous", np.maximum(previous, 0), dims=("session", "area"))

        mean = pm.Normal("mean", 0, priors.mean_sd)
        spread = pm.HalfNormal("spread", priors.spread_sd)
        alpha = pm.Normal("alpha", 0, priors.alpha_sd, dims="area")
        delta_z = pm.Normal("delta_z", 0, 1, dims="area")
        delta = pm.Deterministic("delta", mean + spread * delta_z, dims="area")

        phi = pm.TruncatedNormal("phi", priors.phi_mean, priors.phi_sd, lower=-0.99, upper=0.99)
        floor = float(areas.floor.min()) / pt.sqrt(1 - phi**2)
        excess = pm.HalfNormal("excess", priors.sigma_sd)
        # Above the floor the density stays that of the half-normal.
        pm.Potential("sigma_above_floor", 0.5 * (excess**2 - (floor + excess) ** 2) / priors.sigma_sd**2)
        sigma = pm.Deterministic("sigma", floor + excess)
        sigma_spread = pm.HalfNormal("sigma_spread", priors.sigma_between_sd)
        sigma_z = pm.Normal("sigma_z", 0, 1, dims="area")
        sigma_area = pm.Deterministic("sigma_area", sigma * pt.exp(sigma_spread * sigma_z), dims="area")

        error = value - alpha - delta * under[:, None]
        before = linked * pt.take_along_axis(error, before_at, axis=0)
        rho = linked * phi**gap
        scale = sigma_area * pt.sqrt(1 - rho**2)
        new = (error - rho * before) / scale
        if not seen.all():
            unseen = pm.Flat("unseen", shape=int((~seen).sum()))
            new = new[np.nonzero(~seen)].set(unseen)
        root = _root(count, priors) if count > 1 else pt.eye(1)
        pm.Potential("observed", pm.logp(pm.MvNormal.dist(np.zeros(count), chol=root), new).sum())
        pm.Potential("in_units", -pt.where(seen, pt.log(scale), 0).sum())
    return built


def _root(count: int, priors: AreaPriors) -> Any:
    """Cholesky factor of the correlations between areas, in the model in context."""
    import pymc as pm
    import pytensor.tensor as pt

    common = pm.Beta("common", 1, 2)
    rest = pm.LKJCorr("rest", n=count, eta=priors.concentration)  # a Cholesky factor, in this version of PyMC
    return pt.linalg.cholesky(common + (1 - common) * (rest @ rest.T))
