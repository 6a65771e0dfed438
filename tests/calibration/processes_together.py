"""Links of several clients: what leaning on the others gains, over many simulated clinics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scd.models.process import integrate_links, regressions_of
from scd.models.process_pooled import pool_links

from .processes import Cell, simulated_pairs

__all__ = ["CLINICS", "COLUMNS", "Clinic", "clinic_row"]

COLUMNS = (
    "clients", "pairs", "average", "between", "replications", "error_alone", "error_together", "coverage_alone",
    "coverage_together", "coverage_average",
)  # fmt: skip


@dataclass(frozen=True)
class Clinic:
    """Clients whose links to one process differ around an average.

    Attributes
    ----------
    clients, pairs : int
        How many, and how many pairs of consecutive sessions each has.
    average, between : float
        Mean and SD of the links over clients.
    """

    clients: int
    pairs: int
    average: float
    between: float


CLINICS = tuple(
    Clinic(clients, pairs, 0.3, between) for clients in (4, 10) for pairs in (15, 40) for between in (0.05, 0.15)
)


def clinic_row(clinic: Clinic, *, replications: int, seed: int) -> dict:
    """The table's row for one kind of clinic.

    Returns
    -------
    dict
        With `COLUMNS`: root mean squared error of the clients' links, alone and together, and how often the 95 %
        intervals hold each client's true link and the true average.
    """
    rng = np.random.default_rng([seed, clinic.clients, clinic.pairs, round(100 * clinic.between)])
    errors, held, averages = [], [], []
    for number in range(replications):
        true = np.clip(rng.normal(clinic.average, clinic.between, clinic.clients), -0.8, 0.8)
        pairs = [
            simulated_pairs(Cell("link", "P1", clinic.pairs, 1, float(link), 0.0), rng, case=f"K{i}")
            for i, link in enumerate(true)
        ]
        alone = integrate_links(regressions_of(pairs)).mixture("link[process0]")
        together = pool_links(pairs, seed=number, draws=2000)
        ends = np.quantile(together.link[..., 0], (0.025, 0.975), axis=0)
        edges = alone.quantile((0.025, 0.975)).T
        errors.append([(alone.mean() - true) ** 2, (together.link[..., 0].mean(axis=0) - true) ** 2])
        held.append([(edges[0] < true) & (true < edges[1]), (ends[0] < true) & (true < ends[1])])
        low, high = np.quantile(together.mean[:, 0], (0.025, 0.975))
        averages.append(low < clinic.average < high)
    error, share = np.sqrt(np.mean(errors, axis=(0, 2))), np.mean(held, axis=(0, 2))
    return {
        **clinic.__dict__,
        "replications": replications,
        "error_alone": error[0],
        "error_together": error[1],
        "coverage_alone": share[0],
        "coverage_together": share[1],
        "coverage_average": float(np.mean(averages)),
    }
