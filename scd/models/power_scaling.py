"""Does the result hang on the prior? Both prior and likelihood are made a little stronger and weaker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.quadrature import Quadrature
    from scd.models.series import Series

__all__ = ["Sensitivity", "cumulative_divergence", "integrated_sensitivity", "weighed_sensitivity"]

_POWERS = (0.8, 1.25)
_DRAWS = 4000


@dataclass(frozen=True)
class Sensitivity:
    """How far a quantity's posterior moves, per doubling of the prior's or the likelihood's weight.

    Attributes
    ----------
    prior, likelihood : float
        0 is not at all; above 0.05 is worth a look. A prior above it beside a likelihood below it speaks of few data,
        both above it of a prior and data that differ.
    """

    prior: float
    likelihood: float


def integrated_sensitivity(
    grid: Quadrature, series: Series, priors: Priors, *, loading: np.ndarray, seed: int = 1
) -> Sensitivity:
    """Power-scaling sensitivity of a sum of coefficients whose posterior was integrated.

    Parameters
    ----------
    grid : Quadrature
        The posterior of one series.
    series : Series
        That series.
    priors : Priors
        On the same scale. All are scaled but those that are part of the model: the phases' deviations given their SD.
    loading : ndarray, shape (coefficients,)
        Weights of the sum.
    seed : int
        Of the draws.

    Returns
    -------
    Sensitivity

    References
    ----------
    Kallioinen, N., Paananen, T., Bürkner, P.-C., & Vehtari, A. (2024). Detecting and diagnosing prior and likelihood
    sensitivity with power-scaling. Statistics and Computing, 34, 57. https://doi.org/10.1007/s11222-023-10366-5
    """
    drawn = grid.draw(np.random.default_rng(seed), size=_DRAWS)
    parameters = {name: drawn["coefficients"][:, i] for i, name in enumerate(grid.coefficients)}
    parameters |= {"sigma": drawn["sigma"], "phi": drawn["phi"]}
    if any(name.startswith("gamma") for name in grid.coefficients):
        parameters["omega"] = drawn["outer"]
    elif len(grid.outer) > 1:
        parameters["carried"] = drawn["outer"]
    fit = _log_likelihood(grid, series, drawn)
    return weighed_sensitivity(drawn["coefficients"] @ loading, parameters, priors, log_likelihood=fit)


def weighed_sensitivity(
    quantity: np.ndarray, parameters: dict[str, np.ndarray], priors: Priors, *, log_likelihood: np.ndarray
) -> Sensitivity:
    """Power-scaling sensitivity of any quantity, from draws.

    Parameters
    ----------
    quantity : ndarray, shape (draws,)
    parameters : dict of str to ndarray, shape (draws,)
        Of a single-case model, by name; the phases' deviations are not looked at.
    priors : Priors
        On their scale.
    log_likelihood : ndarray, shape (draws,)

    Returns
    -------
    Sensitivity
    """
    return Sensitivity(
        prior=_moved(quantity, _log_prior(parameters, priors)), likelihood=_moved(quantity, log_likelihood)
    )


def _log_prior(parameters: dict[str, np.ndarray], priors: Priors) -> np.ndarray:
    """Log prior density of a model's parameters, up to a constant."""
    scales = {
        "alpha": priors.alpha_sd,
        "delta": priors.delta_sd,
        "trend": priors.trend_sd,
        "slope_change": priors.slope_change_sd,
        "omega": priors.omega_sd,
        "dispersion": priors.dispersion_sd,
        "sigma": priors.sigma_sd,
    }
    found = np.zeros(len(parameters["delta"]))
    for name, scale in scales.items():
        if name in parameters:
            away = parameters[name] - (priors.center if name == "alpha" else 0.0)
            if name == "sigma" and priors.sigma_of == "innovation":
                away = away * np.sqrt(1 - parameters["phi"] ** 2)
            found = found - 0.5 * (away / scale) ** 2
    if "phi" in parameters and np.isfinite(priors.phi_sd):
        found = found - 0.5 * ((parameters["phi"] - priors.phi_mean) / priors.phi_sd) ** 2
    if "carried" in parameters:
        found = found + np.log1p(-parameters["carried"])  # Beta(1, 2)
    return found


def _log_likelihood(grid: Quadrature, series: Series, drawn: dict[str, np.ndarray]) -> np.ndarray:
    deviation = series.value - np.einsum("sk,snk->sn", drawn["coefficients"], _columns(grid, drawn["outer_index"]))
    rho = series.linked * drawn["phi"][:, None] ** series.gap
    before = np.concatenate([np.zeros((len(rho), 1)), deviation[:, :-1]], axis=1)
    spread = drawn["sigma"][:, None] * np.sqrt(1 - rho**2)
    return (-0.5 * ((deviation - rho * before) / spread) ** 2 - np.log(spread)).sum(axis=1)


def _columns(grid: Quadrature, outer_index: np.ndarray) -> np.ndarray:
    return grid.columns[outer_index] if len(grid.columns) > 1 else np.broadcast_to(
        grid.columns[0], (len(outer_index), *grid.columns[0].shape)
    )  # fmt: skip


def _moved(quantity: np.ndarray, log_density: np.ndarray) -> float:
    distances = []
    for power in _POWERS:
        log_weight = (power - 1) * log_density
        weight = np.exp(log_weight - log_weight.max())
        distances.append(cumulative_divergence(quantity, weight))
    return float(sum(distances) / (2 * np.log2(_POWERS[1])))


def cumulative_divergence(values: np.ndarray, weight: np.ndarray) -> float:
    """Distance of a weighted sample from the same one unweighted: cumulative Jensen-Shannon, 0 to 1, either way round.

    Parameters
    ----------
    values, weight : ndarray, shape (draws,)

    Returns
    -------
    float

    References
    ----------
    Nguyen, H.-V., & Vreeken, J. (2015). Non-parametric Jensen-Shannon divergence. Machine Learning and Knowledge
    Discovery in Databases, 173-189. https://doi.org/10.1007/978-3-319-23525-7_11
    """
    return max(_one_way(values, weight), _one_way(-values, weight))


def _one_way(values: np.ndarray, weight: np.ndarray) -> float:
    order = np.argsort(values)
    width = np.diff(values[order])
    q = np.cumsum(weight[order] / weight.sum())[:-1]
    p = np.arange(1, len(values)) / len(values)
    middle = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = sum(np.where(f > 0, f * np.log2(f / middle), 0.0) for f in (p, q))
    total = float(width @ (p + q))
    return float(np.sqrt(max(float(width @ apart), 0.0) / total)) if total > 0 else 0.0
