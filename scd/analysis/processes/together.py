"""Links of several clients side by side: each for itself, and leaning on the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scd.analysis.processes.evidence import MOST_PROCESSES
from scd.analysis.words import number, percent, probability
from scd.language import gettext as _
from scd.models.lagged import Lagged, lagged_pairs
from scd.models.process import integrate_links, link_names, regressions_of
from scd.models.process_pooled import TAU_SD, PooledLinks, pool_links
from scd.study import Study, StudyError

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["LinksTogether", "fit_links_together"]

_CI = 0.95
_TAILS = ((1 - _CI) / 2, (1 + _CI) / 2)
# With fewer clients the SD between them is mostly what the prior says.
_FEW_CLIENTS = 8
_CLIENT_COLUMNS = (
    "case", "outcome", "process", "n", "link_mean", "sd", "lower", "upper", "ci_prob", "p_direction",
    "link_mean_alone", "sd_alone", "lower_alone", "upper_alone", "p_direction_alone",
)  # fmt: skip
_AVERAGE_COLUMNS = (
    "outcome", "process", "clients", "average_mean", "average_sd", "average_lower", "average_upper", "ci_prob",
    "p_direction", "between_mean", "between_lower", "between_upper", "between_prior_mean",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class LinksTogether:
    """The links of several clients.

    Attributes
    ----------
    clients : pandas.DataFrame
        A row a client and process: the link where the client leans on the others (``link_mean`` and so on), and beside
        it the same from the client's own sessions alone (``…_alone``).
    average : pandas.DataFrame
        A row a process: the average link over clients, and the SD between clients with its prior mean beside it.
    effective : float
        How many independent draws the weighted ones are worth.
    text : tuple of str
    warnings : tuple of str
        Which clients were left out, and why.
    """

    clients: pd.DataFrame
    average: pd.DataFrame
    effective: float
    text: tuple[str, ...]
    warnings: tuple[str, ...]


def fit_links_together(
    studies: Study | Sequence[Study], *, outcome: str, processes: Sequence[str], seed: int = 1
) -> LinksTogether:
    """Estimate links in which each client's are drawn from a distribution over clients.

    Parameters
    ----------
    studies : Study or sequence of Study
        Every case is a client.
    outcome : str
        Key of the outcome, the same in all.
    processes : sequence of str
        Keys of at most three declared processes, the same in all.
    seed : int

    Returns
    -------
    LinksTogether

    Raises
    ------
    StudyError
        When fewer than two clients can be analysed, a case's code stands twice, or there are more than three processes.

    Examples
    --------
    >>> from scd.design.linked import linked_study
    >>> found = fit_links_together(
    ...     linked_study(links={"sleep": 0.5}, cases=3, sessions=12), outcome="wellbeing", processes=["sleep"]
    ... )
    >>> found.clients["case"].tolist(), int(found.average["clients"].iloc[0])
    (['SYNPRA', 'SYNPRB', 'SYNPRC'], 3)
    """
    if len(processes) > MOST_PROCESSES:
        raise StudyError(
            f"links together: take at most {MOST_PROCESSES} processes (got {len(processes)})", field="process"
        )
    pairs, refused = _gathered([studies] if isinstance(studies, Study) else studies, outcome, processes)
    if len(pairs) < 2:
        raise StudyError(
            "links together: need at least 2 clients with enough sessions "
            f"(got {len(pairs)}; {'; '.join(e.message for e in refused) or 'no other case'})",
            field="cases",
        )
    pooled = pool_links(pairs, seed=seed)
    average = _average(pairs, pooled)
    return LinksTogether(
        clients=_clients(pairs, pooled),
        average=average,
        effective=pooled.effective,
        text=_words(average, pairs[0].outcome, pairs[0].processes),
        warnings=tuple(e.message for e in refused),
    )


def _gathered(
    studies: Sequence[Study], outcome: str, processes: Sequence[str]
) -> tuple[list[Lagged], list[StudyError]]:
    pairs: list[Lagged] = []
    refused = []
    for study in studies:
        for case in study.cases:
            if case.code in [p.case for p in pairs]:
                raise StudyError(f"links together: case '{case.code}' stands twice; keep one", field="cases")
            try:
                pairs.append(lagged_pairs(study, case=case.code, outcome=outcome, processes=processes))
            except StudyError as error:
                refused.append(error)
    return pairs, refused


def _clients(pairs: Sequence[Lagged], pooled: PooledLinks) -> pd.DataFrame:
    alone = integrate_links(regressions_of(pairs))
    rows: list[tuple[Any, ...]] = []
    for k, name in enumerate(link_names(pairs[0])):
        own = alone.mixture(name)
        mean, sd, above, ends = own.mean(), own.sd(), own.above(0), own.quantile(_TAILS)
        for i, p in enumerate(pairs):
            link = pooled.link[:, i, k]
            direction = max(float(above[i]), 1 - float(above[i]))
            rows.append(
                (p.case, p.outcome.key, p.processes[k].key, len(p.value), *_told(link), float(mean[i]), float(sd[i]),
                 *map(float, ends[i]), direction)
            )  # fmt: skip
    order = {p.case: i for i, p in enumerate(pairs)}
    rows.sort(key=lambda row: order[row[0]])
    return pd.DataFrame(rows, columns=list(_CLIENT_COLUMNS))


def _average(pairs: Sequence[Lagged], pooled: PooledLinks) -> pd.DataFrame:
    rows = []
    for k, process in enumerate(pairs[0].processes):
        between = pooled.spread[:, k]
        rows.append(
            (pairs[0].outcome.key, process.key, len(pairs), *_told(pooled.mean[:, k]), float(between.mean()),
             *map(float, np.quantile(between, _TAILS)), TAU_SD * math.sqrt(2 / math.pi))
        )  # fmt: skip
    return pd.DataFrame(rows, columns=list(_AVERAGE_COLUMNS))


def _told(draws: np.ndarray) -> tuple[float, ...]:
    """Mean, SD, interval, its probability, and that of the direction."""
    above = float((draws > 0).mean())
    low, high = np.quantile(draws, _TAILS)
    return float(draws.mean()), float(draws.std()), float(low), float(high), _CI, max(above, 1 - above)


def _words(average: pd.DataFrame, outcome: Measure, processes: Sequence[Measure]) -> tuple[str, ...]:
    told = []
    for row, process in zip(average.to_dict("records"), processes, strict=True):
        told.append(
            _(
                "Over {clients} clients the average within-phase association of “{process}” with “{outcome}” at the "
                "next session is {size} SD per SD ({ci} interval {low} to {high}; probability of this direction {p}); "
                "between clients it differs by about {between} SD."
            ).format(
                clients=row["clients"], process=process.label, outcome=outcome.label,
                size=number(row["average_mean"]), ci=percent(_CI), low=number(row["average_lower"]),
                high=number(row["average_upper"]), p=probability(row["p_direction"]),
                between=number(row["between_mean"]),
            )
        )  # fmt: skip
    if int(average["clients"].iloc[0]) < _FEW_CLIENTS:
        told.append(
            _(
                "With so few clients, how much they differ is mostly what was assumed beforehand (about {prior} SD); "
                "read each client's own estimate beside the one that leans on the others."
            ).format(prior=number(float(average["between_prior_mean"].iloc[0])))
        )
    return tuple(told)
