"""The joint posterior of several areas: levels and changes integrated out, what is left as a vector without bounds.

Given each area's autocorrelation and spread, the correlations between areas and the spread of the changes, levels and
changes of all areas are jointly normal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from scd.models.errors import PHI_LIMIT, innovation_share, log_prior_mass, log_prior_u, log_prior_v, phi_of
from scd.models.exact import linear_model
from scd.models.quadrature import integrate

if TYPE_CHECKING:
    from scd.models.areas import AreaPriors, Areas

__all__ = ["AreasDensity", "Parts", "correlation_root"]

# Beyond these, sums of logarithms cancel; the priors all but rule them out.
_FARTHEST, _CLOSEST = 15.0, 4.0
# Areas that share more than this in their ups and downs are one.
_MOST_SHARED = 0.995
# Changes that differ by less are alike: the precision of their differences would swallow all else.
_CLOSEST_SPREAD = 1e-3
# Working arrays stay below so many numbers.
_CHUNK = 2_000_000
# Points to begin with, from a grid of so much less than the usual number of points.
_START, _ROUGH = 1000, 0.6


@dataclass(frozen=True, eq=False)
class Parts:
    """The vector of one point, taken apart; the points come first.

    Attributes
    ----------
    u, v : ndarray, shape (points,)
        atanh(phi / 0.99), and log of the usual innovations' SD above its floor.
    phi : ndarray, shape (points,)
        Autocorrelation.
    sigma : ndarray, shape (points, areas)
        Marginal within-phase SD.
    sigma_spread : ndarray, shape (points,)
        SD of its logarithm between areas.
    spread : ndarray, shape (points,)
        SD of changes between areas.
    root : ndarray, shape (points, areas, areas)
        Lower Cholesky factor of the correlation of what is new at a session.
    partial : ndarray, shape (points, pairs)
        atanh of the partial correlations of what the areas don't share.
    common : ndarray, shape (points,)
        The correlation that all areas share.
    normal : ndarray, shape (points, 3 + areas)
        The spread of changes, the common correlation, the spread of the SDs, and each area's place in it, as standard
        normal quantities.
    """

    u: np.ndarray
    v: np.ndarray
    phi: np.ndarray
    sigma: np.ndarray
    sigma_spread: np.ndarray
    spread: np.ndarray
    root: np.ndarray
    partial: np.ndarray
    common: np.ndarray
    normal: np.ndarray


class AreasDensity:
    """The log density of the parameters that are left when levels and changes are integrated out.

    Parameters
    ----------
    areas : Areas
    priors : AreaPriors
    """

    def __init__(self, areas: Areas, priors: AreaPriors) -> None:
        self.areas, self.priors = areas, priors
        seen, previous = areas.seen, np.maximum(areas.previous, 0)
        self._count = seen.shape[1]
        value = np.where(seen, areas.value, 0.0)
        columns = [np.ones_like(value), np.broadcast_to(areas.intervention[:, None], value.shape), value]
        self._design = np.stack(columns, axis=-1) * seen[..., None]
        linked = areas.previous >= 0
        before = np.take_along_axis(self._design, previous[..., None], axis=0)
        self._before = before * linked[..., None]
        self._linked, self._gap, self._seen = linked, areas.gap, seen
        self._every = bool((self._gap == 1).all())
        patterns, member = np.unique(seen, axis=0, return_inverse=True)
        member = member.reshape(-1)
        self._patterns = [(pattern, np.flatnonzero(member == i)) for i, pattern in enumerate(patterns)]
        self._floor = float(areas.floor.min())
        self._single = priors.of_area(floor=self._floor)

    @property
    def size(self) -> int:
        """How many parameters are left."""
        return self._before_pairs + self._count * (self._count - 1) // 2

    @property
    def _before_pairs(self) -> int:
        return 5 + self._count

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Log density, shape (points,), of points of shape (points, size)."""
        found = []
        chunk = self._chunk()
        with np.errstate(all="ignore"):  # far-out points over- and underflow, and count as impossible
            for i in range(0, len(points), chunk):
                found.append(self._log_density(points[i : i + chunk]))
        return np.concatenate(found)

    def draws(self, points: np.ndarray, *, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Levels and changes drawn exactly given each point, with the parameters themselves, on the unit scale.

        Parameters
        ----------
        points : ndarray, shape (points, size)
        rng : numpy.random.Generator

        Returns
        -------
        dict of str to ndarray
            ``alpha, delta, sigma`` of shape (points, areas), ``mean, spread, phi, common`` of shape (points,),
            ``correlation`` of shape (points, areas, areas).
        """
        parts = []
        chunk = self._chunk()
        for i in range(0, len(points), chunk):
            parts.append(self._draw(self.parts(points[i : i + chunk]), rng))
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def changes(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and SD of each area's change, which is normal given a point, shape (points, areas)."""
        found = []
        chunk = self._chunk()
        for i in range(0, len(points), chunk):
            precision, pull, *_ = self._normal(self.parts(points[i : i + chunk]))
            covariance = np.linalg.inv(precision)
            mean = (covariance @ pull[..., None])[:, 1::2, 0]
            found.append((mean, np.sqrt(np.diagonal(covariance, axis1=1, axis2=2)[:, 1::2])))
        return np.concatenate([m for m, _ in found]), np.concatenate([s for _, s in found])

    def parts(self, points: np.ndarray) -> Parts:
        """Take points apart."""
        k = self._count
        points = np.clip(points, -_FARTHEST, _FARTHEST)
        u, v, normal = points[:, 0], points[:, 1], points[:, 2 : self._before_pairs]
        phi = phi_of(u)
        usual = (self._floor + np.exp(v)) / innovation_share(phi)
        spread, common = self.priors.spread_sd * _half_normal(normal[:, 0]), _shared(normal[:, 1])
        sigma_spread = self.priors.sigma_between_sd * _half_normal(normal[:, 2])
        apart = np.clip(sigma_spread[:, None] * normal[:, 3:], -_CLOSEST, _CLOSEST)
        partial = np.clip(points[:, self._before_pairs :], -_CLOSEST, _CLOSEST)
        root = correlation_root(np.tanh(partial), areas=k)
        if k > 1:
            rest = (1 - common)[:, None, None] * (root @ np.swapaxes(root, 1, 2))
            root = _roots(rest + common[:, None, None])
        sigma = usual[:, None] * np.exp(apart)
        return Parts(u, v, phi, sigma, sigma_spread, spread, root, partial, common, normal)

    def start(self, rng: np.random.Generator) -> np.ndarray:
        """Points about where the posterior lies, from each area by itself, shape (points, size)."""
        phis, sigmas = np.empty((2, self._count, _START))
        left = np.full(self._seen.shape, np.nan)
        for pattern in np.unique(self._seen, axis=1).T:  # areas seen at the same sessions share the work
            alike = np.flatnonzero((self._seen == pattern[:, None]).all(axis=0))
            alone = self.areas.one(int(alike[0])).series
            values = self.areas.value[pattern][:, alike].T
            linear = linear_model(alone, self._single, model="level", refine=_ROUGH)
            found = integrate(values, linear, self._single, refine=_ROUGH)
            for n, i in enumerate(alike):
                drawn = found.draw(rng, size=_START, series=n)
                phis[i], sigmas[i] = drawn["phi"], drawn["sigma"]
                level, moved = np.median(drawn["coefficients"], axis=0)
                error = values[n] - level - moved * alone.intervention
                rho = alone.linked * float(np.median(drawn["phi"])) ** alone.gap
                left[pattern, i] = error - rho * np.r_[0, error[:-1]]
        phi, log_sigma = np.mean(phis, axis=0), np.log(np.maximum(sigmas, 1e-3))
        usual = log_sigma.mean(axis=0)
        innovation = np.exp(usual) * innovation_share(phi) - self._floor
        spread = -0.3 + 0.9 * rng.standard_normal((_START, 2))
        apart = self.priors.sigma_between_sd * _half_normal(spread[:, 1])
        place = np.clip((log_sigma - usual) / np.maximum(apart, 0.05), -4, 4) + 0.3 * rng.standard_normal(
            log_sigma.shape
        )
        between = self._between(left, rng)
        return np.column_stack(
            [
                np.arctanh(phi / PHI_LIMIT),
                np.log(np.maximum(innovation, 1e-3)),
                spread[:, 0],
                between[:, 0],
                spread[:, 1],
                place.T,
                between[:, 1:],
            ]
        )

    def _between(self, left: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """The common correlation, and partial ones of the rest, in what each area's own model leaves."""
        k = self._count
        standard = left / np.where(np.nanstd(left, axis=0) > 0, np.nanstd(left, axis=0), 1.0)
        filled = np.nan_to_num(standard)
        shrunk = filled.T @ filled / (self._seen.T.astype(float) @ self._seen + 6)
        pairs = [(i, j) for i in range(1, k) for j in range(i)]
        common = min(max(float(np.mean([shrunk[i, j] for i, j in pairs])) if pairs else 0.3, 0.05), 0.8)
        center = [math.atanh(min(max((shrunk[i, j] - common) / (1 - common), -0.7), 0.7)) for i, j in pairs]
        middle = np.r_[NormalDist().inv_cdf(1 - (1 - common) ** 2), center]
        width = np.r_[0.5, np.full(len(pairs), 1 / math.sqrt(len(left) + 4))]
        return middle + width * rng.standard_normal((_START, len(middle)))

    def _chunk(self) -> int:
        return max(1, _CHUNK // (9 * self._count**2 * len(self._patterns) + 9 * self._design.size))

    def _log_density(self, points: np.ndarray) -> np.ndarray:
        beyond = (np.abs(points) > _FARTHEST).any(axis=1)
        beyond |= (np.abs(points[:, self._before_pairs :]) > _CLOSEST).any(axis=1)
        parts = self.parts(points)
        precision, pull, constant, square = self._normal(parts)
        # The last diagonal entry of the root of the bordered matrix is what levels and changes leave unexplained.
        bordered = np.block([[precision, pull[..., None]], [pull[:, None], square[:, None, None]]])
        diagonal = np.diagonal(_roots(bordered), axis1=1, axis2=2)
        found = constant - np.log(diagonal[:, :-1]).sum(axis=1) - 0.5 * diagonal[:, -1] ** 2
        return np.where(beyond | np.isnan(found), -np.inf, found + self._log_prior(parts))

    def _normal(self, parts: Parts) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Precision and pull of levels and changes, shape (points, 2 areas, ...).

        Also the log of what the density is divided by, and the sum of squares where levels and changes are 0.
        """
        k = self._count
        phi = parts.phi[:, None, None]
        rho = self._linked * (phi if self._every else phi**self._gap)
        share = np.sqrt(1 - rho**2)
        scale = share * parts.sigma[:, None]
        white = (self._design - rho[..., None] * self._before) / scale[..., None]
        white = white.reshape(len(rho), len(self._seen), 3 * k)
        turned = np.linalg.inv(parts.root)
        inverse = np.swapaxes(turned, 1, 2) @ turned
        constant = -np.where(self._seen, np.log(scale), 0).sum(axis=(1, 2))
        constant -= 0.5 * self._seen.sum() * math.log(2 * math.pi)
        constant -= len(self._seen) * np.log(np.diagonal(parts.root, axis1=1, axis2=2)).sum(axis=1)
        total = np.zeros((len(rho), 3 * k, 3 * k))
        for pattern, sessions in self._patterns:
            here = white[:, sessions]
            gram = np.swapaxes(here, 1, 2) @ here
            weight, log_lost = _without(inverse, np.flatnonzero(~pattern))
            constant -= 0.5 * len(sessions) * log_lost
            total += gram * np.repeat(np.repeat(weight, 3, axis=1), 3, axis=2)
        return self._with_prior(total, parts, constant)

    def _with_prior(
        self, total: np.ndarray, parts: Parts, constant: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        k, priors = self._count, self.priors
        of_value = np.arange(3 * k) % 3 == 2
        own = np.flatnonzero(~of_value)
        values = total[:, of_value]
        pull = values[:, :, own].sum(axis=1)
        square = values[:, :, of_value].sum(axis=(1, 2))
        precision = total[:, own[:, None], own]
        level, change = np.arange(0, 2 * k, 2), np.arange(1, 2 * k, 2)
        precision[:, level, level] += priors.alpha_sd**-2
        variance = parts.spread**2
        common = priors.mean_sd**2 / (variance + k * priors.mean_sd**2)
        held = (np.eye(k) - common[:, None, None]) / variance[:, None, None]
        precision[:, change[:, None], change] += held
        log_prior = -k * math.log(priors.alpha_sd)
        log_prior = log_prior - (k - 1) * np.log(parts.spread) - 0.5 * np.log(variance + k * priors.mean_sd**2)
        return precision, pull, constant + log_prior, square

    def _log_prior(self, parts: Parts) -> np.ndarray:
        k = self._count
        single, innovation = self._single, self._floor + np.exp(parts.v)
        found = log_prior_u(parts.u, single) - log_prior_mass(single)
        found += log_prior_v(parts.v, innovation, innovation_share(parts.phi), single)
        found -= 0.5 * (parts.normal**2).sum(axis=1) + 0.5 * parts.normal.shape[1] * math.log(2 * math.pi)
        # The partial correlation given j others is Beta(b, b) on (-1, 1) under LKJ, with b = eta + (areas - 2 - j) / 2.
        given = np.array([j for i in range(1, k) for j in range(i)])
        shape = self.priors.concentration + (k - 2 - given) / 2
        log_beta = np.array([2 * math.lgamma(b) - math.lgamma(2 * b) for b in shape])
        log_rest = -2 * (np.logaddexp(parts.partial, -parts.partial) - math.log(2))
        return found + (shape * log_rest - log_beta - (2 * shape - 1) * math.log(2)).sum(axis=1)

    def _draw(self, parts: Parts, rng: np.random.Generator) -> dict[str, np.ndarray]:
        precision, pull, *_ = self._normal(parts)
        root = np.swapaxes(np.linalg.cholesky(precision), -1, -2)
        fresh = np.linalg.solve(root, rng.standard_normal((*pull.shape, 1)))[..., 0]
        held = np.linalg.solve(precision, pull[..., None])[..., 0] + fresh
        delta, spread = held[:, 1::2], parts.spread
        known = self._count / spread**2 + self.priors.mean_sd**-2
        mean = delta.sum(axis=1) / spread**2 / known + rng.standard_normal(len(spread)) / np.sqrt(known)
        return {
            "alpha": held[:, ::2],
            "delta": delta,
            "mean": mean,
            "spread": spread,
            "sigma": parts.sigma,
            "phi": parts.phi,
            "common": parts.common,
            "correlation": parts.root @ np.swapaxes(parts.root, 1, 2),
        }


def correlation_root(partial: np.ndarray, *, areas: int) -> np.ndarray:
    """The Cholesky factors of correlation matrices from their partial correlations.

    Parameters
    ----------
    partial : ndarray, shape (points, pairs)
        Of area i with each area j before it, given those before j; pairs in the order (1, 0), (2, 0), (2, 1), ...
    areas : int

    Returns
    -------
    ndarray, shape (points, areas, areas)

    Examples
    --------
    >>> root = correlation_root(np.array([[0.5, 0.0, 0.0]]), areas=3)
    >>> (root @ root.swapaxes(1, 2))[0].round(3).tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    root = np.zeros((len(partial), areas, areas))
    root[:, 0, 0] = 1.0
    place = 0
    for i in range(1, areas):
        rest = np.ones(len(partial))
        for j in range(i):
            root[:, i, j] = partial[:, place] * np.sqrt(rest)
            rest = rest * (1 - partial[:, place] ** 2)
            place += 1
        root[:, i, i] = np.sqrt(rest)
    return root


def _roots(matrices: np.ndarray) -> np.ndarray:
    """Cholesky factors; not a number where rounding leaves a matrix without one."""
    try:
        return np.linalg.cholesky(matrices)
    except np.linalg.LinAlgError:
        if len(matrices) == 1:
            return np.full_like(matrices, np.nan)
        half = len(matrices) // 2
        return np.concatenate([_roots(matrices[:half]), _roots(matrices[half:])])


def _half_normal(normal: np.ndarray) -> np.ndarray:
    """The half-normal quantity that lies at the same quantile as a standard normal one."""
    from scipy.special import ndtr, ndtri  # type: ignore[import-untyped]  # a slow import, so only where it is used

    return np.maximum(-ndtri(ndtr(-normal) / 2), _CLOSEST_SPREAD)


def _shared(normal: np.ndarray) -> np.ndarray:
    """The Beta(1, 2) quantity that lies at the same quantile as a standard normal one."""
    from scipy.special import ndtr

    return np.minimum(1 - np.sqrt(ndtr(-normal)), _MOST_SHARED)


def _without(inverse: np.ndarray, missed: np.ndarray) -> tuple[np.ndarray, np.ndarray | float]:
    """Precision of the areas that are there when others are missed, and the log determinant that goes with those."""
    if not len(missed):
        return inverse, 0.0
    held = inverse[:, missed[:, None], missed]
    across = inverse[:, missed]
    lost = np.linalg.slogdet(held)[1]
    return inverse - np.swapaxes(across, 1, 2) @ np.linalg.solve(held, across), lost
