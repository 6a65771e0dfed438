"""A posterior as plain arrays: what a tree holds, without the library that a tree needs.

xarray takes longer to load than the exact engine to fit a hundred clients. So models and analysis work on arrays, and a
tree is made of them where one is asked for.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scd.models.quadrature import Quadrature

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Fitted", "Grid", "arrays_of", "fitted_of", "third_axis"]

Arrays = dict[str, np.ndarray]

_THIRD_AXES = {"gamma": "phase", "history": "occasion"}
_SAMPLES = ("chain", "draw")


@dataclass(frozen=True, eq=False)
class Grid:
    """The exact posterior of one series, on a scale of unit size.

    Attributes
    ----------
    quadrature : Quadrature
    unit : float
        The measure's units in one of that scale.
    """

    quadrature: Quadrature
    unit: float


@dataclass(frozen=True, eq=False)
class Fitted:
    """What `scd.models.fit` finds, as arrays.

    Attributes
    ----------
    origin : dict of str to object
        Where it came from: the attributes of the tree.
    posterior, prior : dict of str to ndarray, shape (chain, draw) or (chain, draw, phase | case | occasion)
        Draws of the parameters, on the family's scale.
    predictive : dict of str to ndarray, shape (chain, draw, obs)
        ``value`` and ``expected``, in the measure's units; where the family has a scale of its own also ``predictor``.
    observed : ndarray, shape (obs,)
    constant : dict of str to ndarray, shape (obs,)
        What is known of each session.
    stats : dict of str to ndarray, shape (chain, draw)
        What the sampler tells, ``diverging`` at least.
    labels : dict of str to sequence
        The phases, cases and occasions that third axes stand for.
    common_units : bool
        Whether all cases share the measure's units; if not, an average over them has none.
    grid : Grid or None
        What the exact engine drew from.
    """

    origin: dict[str, Any]
    posterior: Arrays
    prior: Arrays = field(default_factory=dict)
    predictive: Arrays = field(default_factory=dict)
    observed: np.ndarray = field(default_factory=lambda: np.empty(0))
    constant: Arrays = field(default_factory=dict)
    stats: Arrays = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)
    common_units: bool = True
    grid: Grid | None = None

    @property
    def cases(self) -> list[str]:
        """Codes of the cases, in order."""
        return json.loads(self.origin["cases"])

    @property
    def shape(self) -> tuple[int, int]:
        """How many chains, and how many draws in each."""
        first = next(iter(self.posterior.values()))
        return first.shape[0], first.shape[1]

    @property
    def independent(self) -> float | None:
        """What the draws are worth, where they are independent of each other; None of a Markov chain's."""
        if self.grid is None and "effective_draws" not in self.origin:
            return None
        return float(self.origin.get("effective_draws", self.shape[0] * self.shape[1]))

    def flat(self, group: str = "posterior") -> Arrays:
        """The draws of a group with chains joined; the first axis is the draw."""
        return {name: v.reshape(-1, *v.shape[2:]) for name, v in getattr(self, group).items()}

    def parameter(self, name: str) -> np.ndarray:
        """A parameter by its name, shape (chain, draw); ``gamma[B1]`` is a phase's, ``delta[K7M2QX]`` a case's."""
        plain, _, label = name.removesuffix("]").partition("[")
        values = self.posterior[plain]
        return values[..., list(self.labels[third_axis(plain)]).index(label)] if label else values

    def dataset(self) -> xr.Dataset:
        """The draws of the posterior with named dims."""
        return self._draws(self.posterior).assign_attrs(common_units=int(self.common_units))

    def tree(self) -> xr.DataTree:
        """The same as a tree with named dims."""
        import xarray as xr

        groups = {
            "posterior": self.dataset(),
            "prior": self._draws(self.prior).assign_attrs(common_units=int(self.common_units)),
            "posterior_predictive": xr.Dataset(
                {name: ((*_SAMPLES, "obs"), v) for name, v in self.predictive.items()}, coords=self._samples(self.shape)
            ),
            "observed_data": xr.Dataset({"value": ("obs", self.observed)}),
            "constant_data": xr.Dataset({name: ("obs", v) for name, v in self.constant.items()}),
            "sample_stats": xr.Dataset({name: (_SAMPLES, v) for name, v in self.stats.items()}),
        }
        if self.grid is not None:
            groups["quadrature"] = _stored(self.grid)
        tree = xr.DataTree.from_dict(groups)
        tree.attrs = self.origin
        return tree

    def _draws(self, arrays: Arrays) -> xr.Dataset:
        import xarray as xr

        held = {name: ((*_SAMPLES, third_axis(name))[: v.ndim], v) for name, v in arrays.items()}
        used = {dim for dims, _ in held.values() for dim in dims}
        coords = self._samples(next(iter(arrays.values())).shape) | {
            dim: list(names) for dim, names in self.labels.items() if dim in used
        }
        return xr.Dataset(held, coords=coords)

    def _samples(self, shape: tuple[int, ...]) -> dict[str, Any]:
        return {dim: np.arange(size) for dim, size in zip(_SAMPLES, shape, strict=False)}


def arrays_of(dataset: xr.Dataset) -> Arrays:
    """The variables of a dataset that have draws, chains and draws first."""
    return {
        str(name): v.transpose(*_SAMPLES, ...).to_numpy()
        for name, v in dataset.data_vars.items()
        if set(_SAMPLES) <= set(v.dims)
    }


def fitted_of(found: Fitted | xr.DataTree) -> Fitted:
    """Read a tree as arrays; groups that it lacks are empty. What is arrays already stays as it is.

    Parameters
    ----------
    found : Fitted or xarray.DataTree
        From `scd.models.fit`, or in its shape.

    Returns
    -------
    Fitted
    """
    if isinstance(found, Fitted):
        return found

    def group(name: str) -> xr.Dataset | None:
        return found[name].to_dataset() if name in found.children else None

    posterior, constant, observed = group("posterior"), group("constant_data"), group("observed_data")
    drawn = {
        name: {} if (held := group(name)) is None else arrays_of(held)
        for name in ("prior", "posterior_predictive", "sample_stats")
    }
    quadrature = group("quadrature")
    assert posterior is not None, "a posterior has draws"
    return Fitted(
        origin={str(name): value for name, value in found.attrs.items()},
        posterior=arrays_of(posterior),
        prior=drawn["prior"],
        predictive=drawn["posterior_predictive"],
        observed=np.empty(0) if observed is None else observed["value"].to_numpy(),
        constant={} if constant is None else {str(n): v.to_numpy() for n, v in constant.data_vars.items()},
        stats=drawn["sample_stats"],
        labels={d: posterior[d].to_numpy().tolist() for d in ("phase", "case", "occasion") if d in posterior.coords},
        common_units=bool(posterior.attrs.get("common_units", True)),
        grid=None if quadrature is None else _restored(quadrature),
    )


def third_axis(name: str) -> str:
    """What the third axis of a parameter stands for: its phases, occasions or cases."""
    return _THIRD_AXES.get(name, "case")


def _stored(grid: Grid) -> xr.Dataset:
    """The grid of one series as a dataset, with dims ``outer, phi, sigma, coefficient, component``."""
    import xarray as xr

    held, cell, arm = grid.quadrature, ("outer", "phi", "sigma"), ("outer", "phi")
    return xr.Dataset(
        {
            "weight": (cell, held.weight[0]),
            "within_phase_sd": (cell, held.sigma[0]),
            "sigma_step": (arm, held.sigma_step[0]),
            "autocorrelation": ("phi", held.phi),
            "outer_value": ("outer", held.outer),
            "columns": (("design", "obs", "coefficient"), held.columns),
            "prior_mean": ("coefficient", held.prior_mean),
            "prior_sd": (("shared", "coefficient") if len(held.prior_sd) == 1 else ("outer", "coefficient"),
                         held.prior_sd),
            "rotation": ((*arm, "coefficient", "component"), held.rotation),
            "curvature": ((*arm, "component"), held.curvature),
            "pull": ((*arm, "component"), held.pull[0]),
        },
        coords={"coefficient": list(held.coefficients)},
        attrs={"unit": grid.unit, "floor": held.floor, "phi_step": held.phi_step,
               "log_evidence": float(held.log_evidence[0])},
    )  # fmt: skip


def _restored(dataset: xr.Dataset) -> Grid:
    quadrature = Quadrature(
        coefficients=tuple(str(name) for name in dataset["coefficient"].to_numpy()),
        phi=dataset["autocorrelation"].to_numpy(),
        outer=dataset["outer_value"].to_numpy(),
        sigma=dataset["within_phase_sd"].to_numpy()[None],
        sigma_step=dataset["sigma_step"].to_numpy()[None],
        phi_step=float(dataset.attrs["phi_step"]),
        floor=float(dataset.attrs["floor"]),
        weight=dataset["weight"].to_numpy()[None],
        columns=dataset["columns"].to_numpy(),
        prior_mean=dataset["prior_mean"].to_numpy(),
        prior_sd=dataset["prior_sd"].to_numpy(),
        rotation=dataset["rotation"].to_numpy(),
        curvature=dataset["curvature"].to_numpy(),
        pull=dataset["pull"].to_numpy()[None],
        log_evidence=np.array([dataset.attrs["log_evidence"]]),
    )
    return Grid(quadrature, float(dataset.attrs["unit"]))
