"""Single-case Gaussian models by exact integration: no compilation, no Markov chain, independent draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.polynomial import legendre

from scd.models.mixture import Mixture
from scd.models.onset import carried
from scd.models.quadrature import LinearModel, Quadrature, integrate
from scd.models.terms import SINGLE_CASE_MODELS

if TYPE_CHECKING:
    from scd.models.priors import Priors
    from scd.models.series import Series

__all__ = ["draw_exact", "half_normal_grid", "linear_model", "quadrature_of", "sum_of"]

_OUTER_POINTS = {"gamma": 18, "carried": 40}


def linear_model(series: Series, priors: Priors, *, model: str, refine: float = 1.0) -> LinearModel:
    """A single-case model as columns and normal priors.

    Parameters
    ----------
    series : Series
        One case.
    priors : Priors
        On the scale of ``series.value``.
    model : {"level", "level-trend", "phase-level", "piecewise", "gradual"}
    refine : float
        Points for the outer quantity as a multiple of the usual number.

    Returns
    -------
    LinearModel
        Its outer quantity is the SD between phases of a kind in ``phase-level``, the share carried over from one
        session to the next in ``gradual``.
    """
    ones, treated = np.ones(len(series.value)), series.intervention
    names, columns, sds = ["alpha", "delta"], [ones, treated], [priors.alpha_sd, priors.delta_sd]
    terms = SINGLE_CASE_MODELS[model]
    if "trend" in terms:
        names.append("trend")
        columns.append(series.time_from_start if model == "piecewise" else series.time)
        sds.append(priors.trend_sd)
    if "slope_change" in terms:
        names.append("slope_change")
        columns.append(treated * series.time_in_phase)
        sds.append(priors.slope_change_sd)
    design, sd = np.stack(columns, axis=-1)[None], np.array([sds])
    outer, weight = np.zeros(1), np.ones(1)
    points = round(refine * max((_OUTER_POINTS.get(term, 1) for term in terms), default=1))
    if "gamma" in terms:
        outer, weight = half_normal_grid(priors.omega_sd, points=points)
        labels = series.phases[0]
        names += [f"gamma[{label}]" for label in labels]
        member = (series.phase_index[:, None] == np.arange(len(labels))).astype(float)
        design = np.concatenate([design[0], member], axis=1)[None]
        sd = np.column_stack([np.broadcast_to(sd, (points, len(sds))), np.repeat(outer[:, None], len(labels), axis=1)])
    if "carried" in terms:
        nodes, node_weight = legendre.leggauss(points)
        outer = (nodes + 1) / 2
        weight = node_weight / 2 * 2 * (1 - outer)  # Beta(1, 2)
        design = np.stack([np.stack([ones, carried(series, share)], axis=-1) for share in outer])
    return LinearModel(
        coefficients=tuple(names),
        columns=design,
        prior_mean=np.array([priors.center, *np.zeros(len(names) - 1)]),
        prior_sd=sd,
        outer=outer,
        outer_weight=weight,
        gap=series.gap,
        linked=series.linked,
    )


def quadrature_of(
    series: Series, priors: Priors, *, model: str, phi: float | None = None, refine: float = 1.0
) -> Quadrature:
    """Integrate a single-case model for one series.

    Parameters
    ----------
    series, priors, model
        As in `linear_model`.
    phi : float, optional
        Hold the autocorrelation at this value; 0 leaves it out.
    refine : float
        Grid points as a multiple of the usual number.

    Returns
    -------
    Quadrature
    """
    linear = linear_model(series, priors, model=model, refine=refine)
    return integrate(series.value, linear, priors, phi=phi, refine=refine)


def draw_exact(quadrature: Quadrature, *, model: str, seed: int, draws: int, chains: int) -> dict[str, np.ndarray]:
    """Independent draws in the shape that a sampler would give.

    Parameters
    ----------
    quadrature : Quadrature
    model : str
    seed : int
    draws, chains : int

    Returns
    -------
    dict of str to ndarray, shape (chains, draws)
        By parameter; ``gamma`` has the phases as a third axis.
    """
    drawn = quadrature.draw(np.random.default_rng(seed), size=draws * chains)
    shape = (chains, draws)
    single = [n for n in quadrature.coefficients if not n.startswith("gamma")]
    found: dict[str, np.ndarray] = {name: drawn["coefficients"][:, i].reshape(shape) for i, name in enumerate(single)}
    outer = drawn["outer"].reshape(shape)
    if len(single) < len(quadrature.coefficients):
        found["gamma"] = drawn["coefficients"][:, len(single) :].reshape(*shape, -1)
        found["omega"] = outer
    if "carried" in SINGLE_CASE_MODELS[model]:
        found["carried"] = outer
    return found | {"sigma": drawn["sigma"].reshape(shape), "phi": drawn["phi"].reshape(shape)}


def sum_of(
    quadrature: Quadrature, loadings: dict[str, float], *, unit: float = 1.0, standardized: bool = False
) -> Mixture:
    """The exact posterior of a weighted sum of coefficients, in the measure's units.

    Parameters
    ----------
    quadrature : Quadrature
        Of one series, on a scale of unit size.
    loadings : dict of str to float
        Weight of each coefficient; ``gamma[A1]`` is the deviation of phase A1. Only differences are meaningful: the
        origin of `alpha` is that of the scaled values.
    unit : float
        The measure's units in one of that scale.
    standardized : bool
        In units of the within-phase SD.

    Returns
    -------
    Mixture
    """
    names = quadrature.coefficients
    unknown = set(loadings) - set(names)
    if unknown:
        raise KeyError(f"no coefficient {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    mixture = quadrature.mixture(np.array([loadings.get(name, 0.0) for name in names]), standardized=standardized)
    return mixture if standardized else mixture.affine(scale=unit)


def half_normal_grid(sd: float, *, points: int) -> tuple[np.ndarray, np.ndarray]:
    """Points and weights for an SD with a half-normal prior.

    The posterior is an even function of the SD, so the trapezoidal rule from 0, with half the weight there, converges
    exponentially; the points lie closer near 0, where a short series may speak.
    """
    scale = 0.1 * sd
    x = np.linspace(0, np.arcsinh(6 * sd / scale), points)
    value = scale * np.sinh(x)
    weight = x[1] * scale * np.cosh(x) * np.sqrt(2 / np.pi) / sd * np.exp(-0.5 * (value / sd) ** 2)
    weight[0] /= 2
    return value, weight
