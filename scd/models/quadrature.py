"""Exact posteriors of Gaussian models with AR(1) errors: coefficients integrated out, quadrature over what is left.

Given the autocorrelation phi, the within-phase SD sigma and, in some models, one further quantity (the *outer* one: the
SD between phases, the rate of a gradual onset, the unknown change point), the expected values are linear in
coefficients with normal priors. The posterior is then a mixture of normals over a grid of these two or three
quantities, known without Monte Carlo error. Smooth densities that vanish at both ends of a grid are summed by the
trapezoidal rule, whose error falls exponentially with the number of points.

References
----------
Trefethen, L. N., & Weideman, J. A. C. (2014). The exponentially convergent trapezoidal rule. SIAM Review, 56(3),
385-458. https://doi.org/10.1137/130932132
Rue, H., & Held, L. (2005). Gaussian Markov Random Fields. Chapman & Hall/CRC. https://doi.org/10.1201/9780203492024
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scd.models.density import CHUNK, DEPTH, ends_between, log_peak, on_grid
from scd.models.errors import PHI_LIMIT, U_LIMIT, innovation_share, log_prior_mass, log_prior_u, phi_of
from scd.models.mixture import Mixture

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from scd.models.priors import Priors

__all__ = ["LinearModel", "Quadrature", "integrate"]

# glibc hands free memory back to the system as soon as 128 KiB of it lie at the end of the heap, and a page taken anew
# costs more than the sums made in it. Once a larger block was freed, it keeps twice that much: see mallopt(3),
# M_MMAP_THRESHOLD. This block is never touched, so it holds no memory; without it a posterior takes half as long again.
np.empty(4 << 20, dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class LinearModel:
    """A model that is linear in its coefficients, for one outer value after the other.

    Attributes
    ----------
    coefficients : tuple of str
        Their names.
    columns : ndarray, shape (1 or outer, obs, coefficients)
        What multiplies each coefficient in each expected value.
    prior_mean : ndarray, shape (coefficients,)
    prior_sd : ndarray, shape (1 or outer, coefficients)
    outer : ndarray, shape (outer,)
        The outer quantity's values; a single 0 where there is none.
    outer_weight : ndarray, shape (outer,)
        Prior density of each outer value times the width of the grid there.
    gap, linked : ndarray, shape (obs,)
        Sessions since the value before; 0 at the first value of a series, else 1.
    """

    coefficients: tuple[str, ...]
    columns: np.ndarray
    prior_mean: np.ndarray
    prior_sd: np.ndarray
    outer: np.ndarray
    outer_weight: np.ndarray
    gap: np.ndarray
    linked: np.ndarray

    def part(self, keep: np.ndarray) -> LinearModel:
        """The model for some of the outer values."""
        return replace(
            self,
            columns=self.columns[keep] if len(self.columns) > 1 else self.columns,
            prior_sd=self.prior_sd[keep] if len(self.prior_sd) > 1 else self.prior_sd,
            outer=self.outer[keep],
            outer_weight=self.outer_weight[keep],
        )


@dataclass(frozen=True, eq=False)
class Quadrature:
    """The posterior of one or more series on a grid; every axis but `batch` is the grid's.

    Attributes
    ----------
    coefficients : tuple of str
    phi : ndarray, shape (phi,)
    outer : ndarray, shape (outer,)
    sigma, sigma_step : ndarray, shape (batch, outer, phi, sigma) and (batch, outer, phi)
        Within-phase SD, and the step of log(innovation SD - floor).
    phi_step, floor : float
        Step of atanh(phi / 0.99), and the smallest innovation SD.
    weight : ndarray, shape (batch, outer, phi, sigma)
        Posterior weight; sums to 1 in each series.
    columns, prior_mean, prior_sd : ndarray
        As in `LinearModel`.
    rotation : ndarray, shape (outer, phi, coefficients, component)
    curvature : ndarray, shape (outer, phi, component)
    pull : ndarray, shape (batch, outer, phi, component)
        Given a grid point, component j of the scaled coefficients is Normal(pull_j / (sigma ** 2 + curvature_j),
        sigma ** 2 / (sigma ** 2 + curvature_j)), independently of the others.
    log_evidence : ndarray, shape (batch,)
        Log marginal likelihood.
    """

    coefficients: tuple[str, ...]
    phi: np.ndarray
    outer: np.ndarray
    sigma: np.ndarray
    sigma_step: np.ndarray
    phi_step: float
    floor: float
    weight: np.ndarray
    columns: np.ndarray
    prior_mean: np.ndarray
    prior_sd: np.ndarray
    rotation: np.ndarray
    curvature: np.ndarray
    pull: np.ndarray
    log_evidence: np.ndarray

    def mixture(self, loading: ArrayLike, *, standardized: bool = False) -> Mixture:
        """The exact posterior of a weighted sum of coefficients, or of that sum in units of sigma.

        Parameters
        ----------
        loading : array_like, shape (coefficients,) or (1 or outer, coefficients)
            Weights of the sum.
        standardized : bool
            Divide by the within-phase SD.

        Returns
        -------
        Mixture
            Of normals, one a grid point.
        """
        weights = np.atleast_2d(np.asarray(loading, dtype=float))
        loaded = np.broadcast_to(weights * self.prior_sd, (len(self.outer), weights.shape[1]))
        scaled = np.einsum("hk,hukj->huj", loaded, self.rotation)
        variance = self.sigma**2
        mean = np.broadcast_to((weights @ self.prior_mean)[None, :, None, None], variance.shape).copy()
        spread = np.zeros_like(variance)
        for j in range(scaled.shape[-1]):
            shrunk = 1 / (variance + self.curvature[..., j, None])
            mean += (scaled[..., j] * self.pull[..., j])[..., None] * shrunk
            spread += scaled[..., j, None] ** 2 * variance * shrunk
        if standardized:
            mean, spread = mean / self.sigma, spread / variance
        return self._mixture(mean, np.sqrt(spread))

    def marginal(self, name: str) -> Mixture:
        """The posterior of ``phi``, ``sigma`` or ``outer`` as point masses on the grid."""
        values = {"phi": self.phi[:, None], "sigma": self.sigma, "outer": self.outer[:, None, None]}[name]
        return self._mixture(np.broadcast_to(values, self.weight.shape), np.zeros(self.weight.shape))

    def outer_probability(self) -> np.ndarray:
        """Posterior probability of each outer value, shape (batch, outer)."""
        return self.weight.sum(axis=(2, 3))

    def draw(self, rng: np.random.Generator, *, size: int, series: int = 0) -> dict[str, np.ndarray]:
        """Independent draws from the posterior of one series.

        A grid point is drawn by its weight; phi and the innovations' SD are spread evenly over the cell around it.

        Parameters
        ----------
        rng : numpy.random.Generator
        size : int
            Number of draws.
        series : int
            Which of the batch.

        Returns
        -------
        dict of str to ndarray
            ``coefficients`` of shape (size, coefficients), ``sigma``, ``phi``, ``outer_index``, and ``outer``.
        """
        weight = self.weight[series].ravel()
        # Places in order are found in a third of the time: sorted uniform numbers, and their order drawn afterwards.
        spaced = rng.standard_exponential(size + 1).cumsum()
        mass = weight.cumsum()
        cell = np.minimum(np.searchsorted(mass, spaced[:-1] * (mass[-1] / spaced[-1]), "right"), weight.size - 1)
        cell = rng.permutation(cell)
        arm, (points, count) = cell // self.sigma.shape[-1], (len(self.phi), len(self.coefficients))
        h, u = arm // points, arm % points
        sigma = self.sigma[series].ravel().take(cell)
        variance = (sigma**2)[:, None]
        shrunk = 1 / (variance + self.curvature.reshape(-1, count).take(arm, axis=0))
        component = self.pull[series].reshape(-1, count).take(arm, axis=0) * shrunk
        component += np.sqrt(variance * shrunk) * rng.standard_normal(shrunk.shape)
        scaled = np.einsum("skj,sj->sk", self.rotation.reshape(-1, count, count).take(arm, axis=0), component)
        sd = self.prior_sd[h] if len(self.prior_sd) > 1 else self.prior_sd
        jitter = rng.random((2, size)) - 0.5
        share = innovation_share(self.phi)
        excess = (sigma * share.take(u) - self.floor) * np.exp(self.sigma_step[series].ravel().take(arm) * jitter[1])
        phi = self.phi.take(u)
        if points > 1:
            aside = np.tanh(self.phi_step * jitter[0])
            phi = (phi + PHI_LIMIT * aside) / (1 + phi / PHI_LIMIT * aside)  # atanh's sum, without going there
        spread = (self.floor + excess) / innovation_share(phi)
        # The same for the outer quantity, whose cells end half-way between neighbouring values.
        outer = np.broadcast_to(self.outer[:1], h.shape)
        if len(self.outer) > 1:
            edges = np.r_[self.outer[:1], (self.outer[1:] + self.outer[:-1]) / 2, self.outer[-1:]]
            outer = edges[h] + (edges[h + 1] - edges[h]) * rng.random(size)
        return {
            "coefficients": self.prior_mean + sd * scaled,
            "sigma": spread,
            "phi": phi,
            "outer_index": h,
            "outer": outer,
        }

    def _mixture(self, mean: np.ndarray, sd: np.ndarray) -> Mixture:
        count = len(self.weight)
        return Mixture(*(a.reshape(count, -1) for a in (self.weight, mean, sd))).pruned()


def integrate(
    value: np.ndarray,
    model: LinearModel,
    priors: Priors,
    *,
    phi: float | None = None,
    refine: float = 1.0,
    where: tuple[np.ndarray, tuple[float, float]] | None = None,
) -> Quadrature:
    """Integrate a linear model's posterior for one or more series of the same design.

    Parameters
    ----------
    value : ndarray, shape (batch, obs)
        Observed values, best on a scale of unit size.
    model : LinearModel
    priors : Priors
        Of the within-phase SD and the autocorrelation, on the scale of `value`.
    phi : float, optional
        Hold the autocorrelation at this value, in (-0.99, 0.99), instead of integrating over it.
    refine : float
        Points on each axis as a multiple of the usual number, for tests of the error.
    where : tuple of ndarray and (float, float), optional
        Where the mass of all these series lies, known beforehand: evenly spaced values of u, and the ends of v. Without
        it that is sought for every series, which for thousands of simulated ones is most of the work.

    Returns
    -------
    Quadrature
    """
    value = np.atleast_2d(np.asarray(value, dtype=float))
    obs = value.shape[1]
    points = math.ceil(28 * refine)
    if where is not None:
        u, step = where[0], float(where[0][1] - where[0][0])
        ends = np.array(where[1]).reshape(2, 1, 1, 1, 1) * np.ones((len(value), len(model.outer), len(u), 1))
    elif phi is not None:
        u, step, ends = np.array([math.atanh(phi / PHI_LIMIT)]), 0.0, None
    else:
        u, ends = _where(value, model, priors, refine=refine)
        step = float(u[1] - u[0])
        points += math.ceil(2 * refine)  # ends taken from neighbours lie a little wider apart
    piece = max(1, int(CHUNK / (len(model.outer) * len(u) * points)))
    parts = []
    for i in range(0, len(value), piece):
        own_ends = None if ends is None else ends[:, i : i + piece]
        parts.append(on_grid(value[i : i + piece], model, priors, u, points=points, ends=own_ends))
    moments = parts[0][0]
    joined = {k: np.concatenate([p[1][k] for p in parts]) for k in ("log_density", "sigma", "step", "pull")}
    log_weight = joined["log_density"] + log_prior_u(u, priors, held=phi is not None)[:, None]
    if phi is None:
        log_weight += math.log(step)
    with np.errstate(divide="ignore"):
        log_weight += np.log(model.outer_weight)[:, None, None] + np.log(joined["step"])[..., None]
    peak = log_weight.max(axis=(1, 2, 3), keepdims=True)
    weight = np.exp(log_weight - peak)
    total = weight.sum(axis=(1, 2, 3), keepdims=True)
    return Quadrature(
        coefficients=model.coefficients,
        phi=phi_of(u),
        outer=model.outer,
        sigma=joined["sigma"],
        sigma_step=joined["step"],
        phi_step=step,
        floor=priors.sigma_floor,
        weight=weight / total,
        columns=model.columns,
        prior_mean=model.prior_mean,
        prior_sd=model.prior_sd,
        rotation=moments["rotation"],
        curvature=moments["curvature"],
        pull=joined["pull"],
        log_evidence=(np.log(total) + peak).ravel()
        - 0.5 * obs * math.log(2 * math.pi)
        - log_prior_mass(priors, phi=phi),
    )


def _where(value: np.ndarray, model: LinearModel, priors: Priors, *, refine: float) -> tuple[np.ndarray, np.ndarray]:
    """The values of u to integrate over, and the ends of v for each outer value and u, from a coarse look at both."""
    # Near any phi the likelihood holds u to about 1 / sqrt(obs): steps of half an SD.
    fine = 0.5 / math.sqrt(value.shape[1] + 11) / refine
    every = max(1, len(model.outer) // 4) if len(model.columns) == 1 else 1
    some = np.unique(np.r_[0 : len(model.outer) : every, len(model.outer) - 1])
    few = model.part(some)
    low, high, between = -U_LIMIT, U_LIMIT, None
    # From far off first, with some log density to spare for a peak that so wide a grid steps over.
    for steps, spare, points in ((8, 2.0, 40), (4, 0.0, 48)):
        coarse = np.linspace(low, high, max(math.ceil((high - low) / (steps * min(0.0875, fine * refine))), 4))
        peak, known = log_peak(value, few, priors, coarse, points=points, between=between)
        inside = peak > peak.max(axis=(1, 2), keepdims=True) - DEPTH - spare
        between = float(known[0][inside].min()), float(known[1][inside].max())
        places = np.flatnonzero(inside.any(axis=(0, 1)))
        low, high = coarse[max(places[0] - 1, 0)], coarse[min(places[-1] + 1, len(coarse) - 1)]
    u = np.linspace(low, high, max(math.ceil((high - low) / fine), 8))
    return u, ends_between(known, (some, np.arange(len(model.outer))), (coarse, u))
