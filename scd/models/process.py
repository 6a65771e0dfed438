"""Which process goes before the outcome, within phases? The lagged regression of one client, integrated exactly.

The outcome y at a session, in SDs, on that of the session before, the condition D, a trend over the sessions s, and
each process x at the session before, centred and in SDs::

    y[t] = alpha + delta D[t] + tau (s[t] - mean(s)) + rho y[t-1] + sum_k b[k] x[k, t-1] + e[t],   e ~ Normal(0, sigma)

An SD is the one within phases: about the phases' means, pooled. So b[k] is how many within-phase SDs the outcome lies
higher after a session at which process k was one within-phase SD higher, phase, trend and the outcome's own last value
being the same. Given sigma all coefficients are jointly normal; over sigma their posterior is a mixture of normals,
known without Monte Carlo error.

References
----------
Hayes, S. C., Ciarrochi, J., Hofmann, S. G., Chin, F., & Sahdra, B. (2022). Evolving an idionomic approach to processes
of change. Behaviour Research and Therapy, 156, 104155. https://doi.org/10.1016/j.brat.2022.104155
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.models.mixture import Mixture

if TYPE_CHECKING:
    from scd.models.lagged import Lagged

__all__ = ["LINK_SD", "RHO", "LinkPosterior", "Regressions", "integrate_links", "link_names", "regressions_of"]

LINK_SD = 0.3
"""SD of the normal prior of a link, in SDs of the outcome per SD of the process."""
RHO = (0.3, 0.3)
"""Mean and SD of the normal prior of the outcome's own lag."""

_POINTS = 32
# The grid ends where the density is e**-16 of its peak.
_DEPTH = 16.0


@dataclass(frozen=True, eq=False)
class Regressions:
    """Linear regressions with normal priors, one row a series; shorter series are filled up with rows of 0.

    Attributes
    ----------
    coefficients : tuple of str
        Their names, the links last.
    value : ndarray, shape (batch, obs)
    columns : ndarray, shape (batch, obs, coefficients)
    obs : ndarray, shape (batch,)
        How many rows of each series are real.
    prior_mean, prior_sd : ndarray, shape (batch, coefficients)
    sigma_sd, sigma_floor : ndarray, shape (batch,)
        Scale of the half-normal prior of the innovations' SD, and what it can't be below.
    links : int
        How many of the last coefficients are links.
    """

    coefficients: tuple[str, ...]
    value: np.ndarray
    columns: np.ndarray
    obs: np.ndarray
    prior_mean: np.ndarray
    prior_sd: np.ndarray
    sigma_sd: np.ndarray
    sigma_floor: np.ndarray
    links: int


@dataclass(frozen=True, eq=False)
class LinkPosterior:
    """The posterior of each series on a grid over sigma.

    Attributes
    ----------
    coefficients : tuple of str
    links : int
    sigma, step : ndarray, shape (batch, points) and (batch,)
        The innovations' SD, and the step of ``log(sigma - floor)``.
    weight : ndarray, shape (batch, points)
        Posterior weight; each row sums to 1.
    prior_mean, prior_sd : ndarray, shape (batch, coefficients)
    rotation : ndarray, shape (batch, coefficients, component)
    curvature, pull : ndarray, shape (batch, component)
        Given sigma, component j of the scaled coefficients is Normal(pull_j / (sigma ** 2 + curvature_j),
        sigma ** 2 / (sigma ** 2 + curvature_j)), independently of the others.
    log_evidence : ndarray, shape (batch,)
    """

    coefficients: tuple[str, ...]
    links: int
    sigma: np.ndarray
    step: np.ndarray
    weight: np.ndarray
    prior_mean: np.ndarray
    prior_sd: np.ndarray
    rotation: np.ndarray
    curvature: np.ndarray
    pull: np.ndarray
    log_evidence: np.ndarray

    def mixture(self, name: str) -> Mixture:
        """The exact posterior of one coefficient, one row a series."""
        i = self.coefficients.index(name)
        scaled = self.prior_sd[:, i, None] * self.rotation[:, i]
        variance = self.sigma[..., None] ** 2
        shrunk = 1 / (variance + self.curvature[:, None])
        mean = self.prior_mean[:, i, None] + ((scaled * self.pull)[:, None] * shrunk).sum(axis=-1)
        spread = np.sqrt((scaled[:, None] ** 2 * variance * shrunk).sum(axis=-1))
        return Mixture(self.weight, mean, spread)

    def draw(self, rng: np.random.Generator, *, size: int) -> np.ndarray:
        """Independent joint draws of the links, shape (batch, size, links)."""
        bins = np.cumsum(self.weight, axis=1)
        picked = (bins[:, None] < rng.random((len(bins), size, 1)) * bins[:, None, -1:]).sum(axis=-1)
        variance = np.take_along_axis(self.sigma, picked, axis=1)[..., None] ** 2
        shrunk = 1 / (variance + self.curvature[:, None])
        noise = rng.standard_normal((*picked.shape, self.curvature.shape[-1]))
        component = self.pull[:, None] * shrunk + np.sqrt(variance * shrunk) * noise
        scaled = component @ np.swapaxes(self.rotation[:, -self.links :], 1, 2)
        return self.prior_mean[:, None, -self.links :] + self.prior_sd[:, None, -self.links :] * scaled

    def first_ranked(self, rng: np.random.Generator, *, size: int = 20_000) -> np.ndarray:
        """Probability that each link is the largest in size, by joint draws, shape (batch, links)."""
        largest = np.abs(self.draw(rng, size=size)).argmax(axis=-1)
        return (largest[..., None] == np.arange(self.links)).mean(axis=1)


def link_names(pairs: Lagged) -> tuple[str, ...]:
    """The names of the links among the coefficients: one a process."""
    return tuple(f"link[{m.key}]" for m in pairs.processes)


def regressions_of(pairs: Sequence[Lagged], *, phase: bool = True) -> Regressions:
    """The regressions of one or more cases with as many processes each, in within-phase SDs.

    Parameters
    ----------
    pairs : sequence of Lagged
    phase : bool
        Without the conditions' own effects only to show what leaving them out does; no result of scd is without.

    Returns
    -------
    Regressions
        Coefficients ``alpha``, ``delta[B]`` and one for every further condition, ``trend``, ``rho`` and the links.
    """
    others = sorted({c for p in pairs for c in p.conditions} - {"A"}) if phase else []
    names = ("alpha", *(f"delta[{c}]" for c in others), "trend", "rho", *link_names(pairs[0]))
    most = max(len(p.value) for p in pairs)
    value, columns = np.zeros((len(pairs), most)), np.zeros((len(pairs), most, len(names)))
    mean, sd = np.zeros((len(pairs), len(names))), np.ones((len(pairs), len(names)))
    for i, p in enumerate(pairs):
        n, unit, center = len(p.value), p.outcome_sd, p.priors.center
        at = np.array(p.conditions)[p.condition_index]
        value[i, :n] = (p.value - center) / unit
        columns[i, :n] = np.column_stack(
            [
                np.ones(n),
                *((at == c).astype(float) for c in others),
                p.session - p.session.mean(),
                (p.before - center) / unit,
                p.standardized,
            ]
        )
        scaled = p.priors.rescaled(center=center, unit=unit)
        links = len(p.processes)
        mean[i, -links - 1] = RHO[0]
        sd[i] = [scaled.alpha_sd, *[scaled.delta_sd] * len(others), scaled.trend_sd, RHO[1], *[LINK_SD] * links]
    return Regressions(
        coefficients=names,
        value=value,
        columns=columns,
        obs=np.array([len(p.value) for p in pairs]),
        prior_mean=mean,
        prior_sd=sd,
        sigma_sd=np.array([p.priors.sigma_sd / p.outcome_sd for p in pairs]),
        sigma_floor=np.array([p.priors.sigma_floor / p.outcome_sd for p in pairs]),
        links=len(pairs[0].processes),
    )


def integrate_links(model: Regressions, *, points: int = _POINTS) -> LinkPosterior:
    """Integrate the posterior of many regressions at once: coefficients exactly, sigma by the trapezoidal rule.

    Parameters
    ----------
    model : Regressions
    points : int
        Of the grid over sigma.

    Returns
    -------
    LinkPosterior

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.standard_normal((200, 1, 1))
    >>> model = Regressions(("link[x]",), (0.5 * x[:, 0, 0] + rng.standard_normal(200))[None], x.reshape(1, 200, 1),
    ...     np.array([200]), np.zeros((1, 1)), np.full((1, 1), 0.3), np.array([1.0]), np.array([0.0]), links=1)
    >>> bool(abs(integrate_links(model).mixture("link[x]").mean()[0] - 0.5) < 0.2)
    True
    """
    sd = model.prior_sd
    centered = model.value - (model.columns @ model.prior_mean[..., None])[..., 0]
    scaled = model.columns * sd[:, None]
    turned = np.swapaxes(scaled, 1, 2)
    curvature, rotation = np.linalg.eigh(turned @ scaled)
    curvature = np.maximum(curvature, 0.0)
    pull = (np.swapaxes(rotation, 1, 2) @ (turned @ centered[..., None]))[..., 0]
    square = (centered**2).sum(axis=1)

    def log_density(v: np.ndarray) -> np.ndarray:
        """Of v = log(sigma - floor), shape (batch, points)."""
        sigma = model.sigma_floor[:, None] + np.exp(v)
        variance = sigma[..., None] ** 2
        explained = (pull[:, None] ** 2 / (variance + curvature[:, None])).sum(axis=-1)
        left = np.maximum(square[:, None] - explained, 0.0)
        return (
            v
            - 0.5 * (sigma / model.sigma_sd[:, None]) ** 2
            - model.obs[:, None] * np.log(sigma)
            - 0.5 * np.log1p(curvature[:, None] / variance).sum(axis=-1)
            - 0.5 * left / sigma**2
        )

    low, high = _ends(log_density, model)
    v = low + (high - low) * np.linspace(0, 1, points)
    step = (high - low)[:, 0] / (points - 1)
    density = log_density(v)
    top = density.max(axis=1, keepdims=True)
    weight = np.exp(density - top)
    total = weight.sum(axis=1, keepdims=True)
    # The half-normal prior's constant, of what it holds above the floor.
    above = [math.log(math.erfc(f / s / math.sqrt(2))) for f, s in zip(model.sigma_floor, model.sigma_sd, strict=True)]
    constant = 0.5 * math.log(2 / math.pi) - np.log(model.sigma_sd) - np.array(above)
    evidence = (np.log(total) + top)[:, 0] + np.log(step) + constant - 0.5 * model.obs * math.log(2 * math.pi)
    return LinkPosterior(
        coefficients=model.coefficients,
        links=model.links,
        sigma=model.sigma_floor[:, None] + np.exp(v),
        step=step,
        weight=weight / total,
        prior_mean=model.prior_mean,
        prior_sd=sd,
        rotation=rotation,
        curvature=curvature,
        pull=pull,
        log_evidence=evidence,
    )


def _ends(log_density: Callable[[np.ndarray], np.ndarray], model: Regressions) -> tuple[np.ndarray, np.ndarray]:
    """Where the density of v ends in each series, found on a wide grid and then a closer one."""
    unit, floor = model.sigma_sd[:, None], model.sigma_floor[:, None]
    low, high = np.log(np.where(floor > 0, floor * 1e-3, unit * 1e-4)) - _DEPTH, np.log(6.0 * unit)
    for count in (60, 20):
        v = low + (high - low) * np.linspace(0, 1, count)
        density = log_density(v)
        above = density > density.max(axis=1, keepdims=True) - _DEPTH
        first = np.maximum(above.argmax(axis=1) - 1, 0)
        last = np.minimum(count - above[:, ::-1].argmax(axis=1), count - 1)
        low, high = (np.take_along_axis(v, i[:, None], axis=1) for i in (first, last))
    return low, high
