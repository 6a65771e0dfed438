"""The process model over many simulated clients: does it find the link that is there, and flag links that are not?

Two sets of simulations, as in the literature on individual process models: a lagged link among one to ten candidates,
and two series that both move with the intervention and have no link.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from scd.analysis.processes.evidence import ENOUGH, MOST_PROCESSES
from scd.models.lagged import Lagged, scale_priors
from scd.models.process import LINK_SD, Regressions, integrate_links, link_names, regressions_of
from scd.study import Measure

__all__ = ["CELLS", "COLUMNS", "Cell", "process_row", "simulated_pairs"]

COLUMNS = (
    "set", "model", "pairs", "processes", "link", "shift", "replications", "flagged", "any_false", "ranked_first",
    "named_right", "named_wrong", "mean_link", "coverage",
)  # fmt: skip

_CARRIED, _TOGETHER, _BURN_IN = 0.3, 0.3, 30
_SURE, _LARGEST = 0.975, 0.8
_OUTCOME = Measure(key="outcome", label="Outcome", improvement="increase")

_LEFT_OUT = {
    "without phase and trend": ("trend",),
    "same session, without phase": ("trend",),
    "same session alone": ("trend", "rho"),
}

KNOWN = "spread known, no phase or trend"
"""Each link as if the spread of what is new were known: the usual short cut, and the best that could be reached."""


@dataclass(frozen=True)
class Cell:
    """One kind of client.

    Attributes
    ----------
    set : {"link", "confounded"}
    model : str
        ``P1``, or what it is compared with.
    pairs : int
        Pairs of consecutive sessions, half in baseline and half under intervention.
    processes : int
        How many candidates; only the first has a link.
    link : float
        How much higher the outcome is per unit of the first process at the session before; processes and outcome have
        an SD of 1 within phases, so that a strong link leaves less that is new.
    shift : float
        By how many SDs outcome and processes move at the intervention.
    """

    set: str
    model: str
    pairs: int
    processes: int
    link: float
    shift: float


def _cells() -> Iterator[Cell]:
    for model in ("P1", KNOWN):
        for pairs in (20, 40, 60, 100):
            for processes in (1, 3, 6, 10):
                yield from (Cell("link", model, pairs, processes, link, 0.0) for link in (0.0, 0.3, 0.5))
    for model in ("P1", "without phase", "same session", *_LEFT_OUT):
        for pairs in (20, 40, 60):
            yield from (Cell("confounded", model, pairs, 1, 0.0, shift) for shift in (1.0, 2.0))


CELLS = tuple(_cells())


def process_row(cell: Cell, *, replications: int, seed: int) -> dict:
    """The table's row for one kind of client.

    Models of one kind of client see the same clients.

    Returns
    -------
    dict
        With `COLUMNS`: how often the first process is flagged (its direction has a probability above .975), how often
        any that has no link is, how often the first one's link is the largest on average, how often the words “which
        process matters most” would be allowed for it and for another one, and the 95 % interval's coverage.
    """
    rng = np.random.default_rng([seed, cell.pairs, cell.processes, round(10 * cell.link), round(10 * cell.shift)])
    x, y = _simulated(cell, rng, size=replications)
    treated = np.arange(cell.pairs + 1) > cell.pairs // 2
    same = cell.model.startswith("same session")
    pairs = [_pairs(x[i], y[i], treated, same=same, case="K7M2") for i in range(replications)]
    phase = cell.model in ("P1", "same session")
    model = regressions_of(pairs, phase=phase)
    model = _without(model, *_LEFT_OUT.get(cell.model, ()))
    if cell.model == KNOWN:
        center, spread = _with_known_spread(
            _without(regressions_of(pairs, phase=False), "trend"), pairs, new=_new_sd(cell.link)
        )
        above, first = _normal_above(center / spread), None
        quantiles = np.stack([center - 1.96 * spread, center + 1.96 * spread], axis=-1)[:, 0]
    else:
        posterior = integrate_links(model)
        mixtures = [posterior.mixture(name) for name in link_names(pairs[0])]
        above = np.stack([m.above(0) for m in mixtures], axis=1)
        center = np.stack([m.mean() for m in mixtures], axis=1)
        quantiles = mixtures[0].quantile((0.025, 0.975))
        first = posterior.first_ranked(rng, size=1000) if cell.processes > 1 else None
    flagged = np.maximum(above, 1 - above) > _SURE
    may_name = first is not None and cell.pairs >= ENOUGH and cell.processes <= MOST_PROCESSES
    named = flagged & (first > _LARGEST) if may_name else np.zeros_like(flagged)
    linked = int(cell.link != 0)
    told = np.nan if cell.model == KNOWN else 1.0  # the words are those of P1
    return {
        **cell.__dict__,
        "replications": replications,
        "flagged": flagged[:, 0].mean(),
        "any_false": flagged[:, linked:].any(axis=1).mean(),
        "ranked_first": (np.abs(center).argmax(axis=1) == 0).mean(),
        "named_right": told * named[:, :linked].any(axis=1).mean(),
        "named_wrong": told * named[:, linked:].any(axis=1).mean(),
        "mean_link": center[:, 0].mean(),
        "coverage": ((quantiles[:, 0] < cell.link) & (cell.link < quantiles[:, 1])).mean(),
    }


def simulated_pairs(cell: Cell, rng: np.random.Generator, *, case: str) -> Lagged:
    """One client of a kind, as the model sees it."""
    x, y = _simulated(cell, rng, size=1)
    return _pairs(x[0], y[0], np.arange(cell.pairs + 1) > cell.pairs // 2, same=False, case=case)


def _simulated(cell: Cell, rng: np.random.Generator, *, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Processes (size, sessions, processes) and outcome (size, sessions) of many clients."""
    count, sessions = cell.processes, cell.pairs + 1
    root = np.linalg.cholesky(_TOGETHER + (1 - _TOGETHER) * np.eye(count))
    x, y = rng.standard_normal((size, count)) @ root.T, rng.standard_normal(size)
    xs, ys = [], []
    for _ in range(_BURN_IN + sessions):
        y = _CARRIED * y + cell.link * x[:, 0] + _new_sd(cell.link) * rng.standard_normal(size)
        x = _CARRIED * x + np.sqrt(1 - _CARRIED**2) * rng.standard_normal((size, count)) @ root.T
        xs.append(x)
        ys.append(y)
    moved = cell.shift * (np.arange(sessions) > cell.pairs // 2)
    return np.stack(xs[_BURN_IN:], axis=1) + moved[:, None], np.stack(ys[_BURN_IN:], axis=1) + moved


def _new_sd(link: float) -> float:
    """SD of what is new in an outcome that follows itself and a process by a lag of one session, and has an SD of 1."""
    shared = _CARRIED * link / (1 - _CARRIED**2)
    return float(np.sqrt(1 - _CARRIED**2 - link**2 - 2 * _CARRIED * link * shared))


def _pairs(x: np.ndarray, y: np.ndarray, treated: np.ndarray, *, same: bool, case: str) -> Lagged:
    count = x.shape[1]
    measures = [
        Measure.model_construct(key=f"process{k}", label="", improvement="increase", role="process")
        for k in range(count)
    ]
    return Lagged(
        case=case,
        outcome=_OUTCOME,
        processes=tuple(measures),
        session=np.arange(2, len(y) + 1),
        value=y[1:],
        before=y[:-1],
        process=x[1:] if same else x[:-1],
        conditions=("A", "B"),
        condition_index=treated[1:].astype(int),
        outcome_sd=float(_within(y[:, None], treated)[0]),
        process_mean=x.mean(axis=0),
        process_sd=_within(x, treated),
        priors=scale_priors(_OUTCOME, y),
        n_dropped=0,
    )


def _within(values: np.ndarray, treated: np.ndarray) -> np.ndarray:
    away = [values[treated == t] - values[treated == t].mean(axis=0) for t in (False, True)]
    return np.sqrt(sum((a**2).sum(axis=0) for a in away) / (len(values) - 2))


def _without(model: Regressions, *names: str) -> Regressions:
    """The model with these coefficients held at 0."""
    held = np.isin(model.coefficients, names)
    return replace(
        model, prior_mean=np.where(held, 0.0, model.prior_mean), prior_sd=np.where(held, 1e-9, model.prior_sd)
    )


def _with_known_spread(model: Regressions, pairs: list[Lagged], *, new: float) -> tuple[np.ndarray, np.ndarray]:
    """Mean and SD of each link with a prior of 0.3, where nothing had to be standardised and what is new is known."""
    unit = np.array([p.outcome_sd for p in pairs])[:, None]
    scale = np.array([p.process_sd for p in pairs])
    links = model.links
    columns, prior_sd = model.columns.copy(), model.prior_sd.copy()
    columns[..., -links - 1] *= unit
    columns[..., -links:] *= scale[:, None]
    prior_sd[:, : -links - 1] *= unit
    prior_sd[:, -links:] = LINK_SD
    turned = np.swapaxes(columns, 1, 2)
    precision = turned @ columns / new**2 + np.eye(columns.shape[-1]) / prior_sd[:, None] ** 2
    pull = (turned @ (model.value * unit)[..., None])[..., 0] / new**2 + model.prior_mean / prior_sd**2
    covariance = np.linalg.inv(precision)
    mean = (covariance @ pull[..., None])[..., 0]
    spread = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    return mean[:, -links:], spread[:, -links:]


def _normal_above(z: np.ndarray) -> np.ndarray:
    from scipy.special import ndtr  # type: ignore[import-untyped]

    return ndtr(z)
