"""Which process goes before the outcome, for this client: the table, a row a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scd.analysis.diagnostics import diagnose
from scd.analysis.processes.evidence import FEWEST_RANKED, MOST_PROCESSES, evidence_of
from scd.analysis.processes.phase_change import level_change, no_later
from scd.analysis.processes.words import caution_words, client_words, lead_words, link_words
from scd.models.lagged import Lagged, declared_processes, lagged_pairs
from scd.models.process import LINK_SD, RHO, integrate_links, link_names, regressions_of
from scd.study import StudyError

if TYPE_CHECKING:
    from scd.models.mixture import Mixture
    from scd.study import Measure, Study

__all__ = ["COLUMNS", "Processes", "process_table"]

COLUMNS = (
    "case", "outcome", "process", "n", "link_mean", "sd", "lower", "upper", "ci_prob", "p_direction", "p_rank1",
    "p_above_tenth", "phase_change_mean", "phase_change_lower", "phase_change_upper", "phase_change_p_improvement",
    "p_not_later", "a_b_mean", "a_b_lower", "a_b_upper", "a_b_p_positive", "evidence", "text",
)  # fmt: skip
"""The table's columns."""

_CI = 0.95
_TAILS = ((1 - _CI) / 2, (1 + _CI) / 2)
_DRAWS = 20_000
# A link below this size, in SDs per SD, would hardly be felt.
_TENTH = 0.1


@dataclass(frozen=True, eq=False)
class Processes:
    """The processes of one outcome.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a case and process; columns as in `COLUMNS`. Links are in within-phase SDs of the outcome per
        within-phase SD of the process, with the sign of the values as recorded; ``phase_change`` is in the process's
        own units; ``a_b`` is in within-phase SDs of the outcome. What can't be told is missing, and `warnings` say why.
    outcome : Measure
    processes : tuple of Measure
        Those of any case, in the order asked for.
    n_dropped : int
        Observed outcomes, after each case's first, without a recorded session just before.
    model : str
        ``P1``, or ``P1, horseshoe`` where more than three processes are searched.
    priors : dict of str to str
        In words.
    text, client_text : tuple of str
        What it says, for the clinician and for the client.
    warnings : tuple of str
        What was left out, and what to be careful about.
    """

    table: pd.DataFrame
    outcome: Measure
    processes: tuple[Measure, ...]
    n_dropped: int
    model: str
    priors: dict[str, str]
    text: tuple[str, ...]
    client_text: tuple[str, ...]
    warnings: tuple[str, ...]


def process_table(
    study: Study,
    *,
    outcome: str | None = None,
    processes: Sequence[str] | None = None,
    case: str | None = None,
    many: bool = False,
    seed: int = 1,
) -> Processes:
    """Estimate the link of each process to the outcome at the next session, within phases.

    Model P1 (see `scd.models.process`): the outcome on its last value, the condition, a trend and all processes one
    session before. Beside each link stand the process's own change with the intervention (model ``level``), how
    probable it is that it changed no later than the outcome (change-point model), and the product a * b of that
    change and the link, with draws of the two taken as independent.

    Parameters
    ----------
    study : Study
    outcome : str, optional
        Key of the outcome; by default the study's first.
    processes : sequence of str, optional
        Keys of measures that were declared as processes or practice; by default all that were declared as processes.
    case : str, optional
        Only this case; by default each case for itself.
    many : bool
        Allow more than three processes: a search, by the regularised horseshoe.
    seed : int
        Of the draws for ranks and products.

    Returns
    -------
    Processes

    Raises
    ------
    StudyError
        As `scd.models.lagged.lagged_pairs`; when no process was declared; when there are more than three and `many`
        is not set. With several cases, those that can't be analysed are named in the warnings; the error comes when
        none can.

    Examples
    --------
    >>> from scd.design.linked import linked_study
    >>> found = process_table(linked_study(links={"sleep": 0.6, "worry": 0.0}))
    >>> found.table[["process", "n", "evidence"]].values.tolist()
    [['sleep', 59, 'matters most'], ['worry', 59, 'no clear link']]

    References
    ----------
    Hayes, S. C., Ciarrochi, J., Hofmann, S. G., Chin, F., & Sahdra, B. (2022). Evolving an idionomic approach to
    processes of change. Behaviour Research and Therapy, 156, 104155. https://doi.org/10.1016/j.brat.2022.104155
    """
    target = _outcome(study, outcome)
    codes = [c.code for c in study.cases] if case is None else [study.case(case).code]
    refusals, found, warnings = [], [], []
    for code in codes:
        try:
            pairs = lagged_pairs(study, case=code, outcome=target, processes=_chosen(study, code, processes, many))
        except StudyError as error:
            if len(codes) == 1 or error.field == "many":
                raise
            refusals.append(error)
            continue
        rows, notes = _rows(study, pairs, seed=seed)
        found.append((pairs, rows))
        warnings += notes
    if not found:
        raise refusals[0]
    measures = tuple(dict.fromkeys(m for pairs, _ in found for m in pairs.processes))
    told = [row for _, rows in found for row in rows]
    searched = any(len(pairs.processes) > MOST_PROCESSES for pairs, _ in found)
    several = len(found) > 1
    leads = [lead_words(rows, pairs.outcome, pairs.processes, several=several) for pairs, rows in found]
    return Processes(
        table=pd.DataFrame(told, columns=list(COLUMNS)),
        outcome=study.measure(target),
        processes=measures,
        n_dropped=sum(pairs.n_dropped for pairs, _ in found),
        model="P1, horseshoe" if searched else "P1",
        priors=_prior_words(searched=searched),
        text=(
            *(f"{row['case']}: {row['text']}" if several else row["text"] for row in told),
            *leads,
            *caution_words(searched=searched),
        ),
        client_text=tuple(line for pairs, rows in found for line in client_words(rows, pairs.outcome, pairs.processes)),
        warnings=(*(error.message for error in refusals), *warnings),
    )


def _outcome(study: Study, key: str | None) -> str:
    if key is not None:
        return study.measure(key).key
    if not study.outcomes:
        raise StudyError(f"study '{study.code}': has no outcome among its measures; name one", field="measure")
    return study.outcomes[0].key


def _chosen(study: Study, case: str, processes: Sequence[str] | None, many: bool) -> Sequence[str]:
    """The keys of one case's processes, no more than may be compared."""
    if processes is None:
        processes = [m.key for m in declared_processes(study, case=case)]
        if not processes:
            raise StudyError(
                f"case '{case}': no measure was declared as a process; give those thought to carry the change the "
                "role 'process' when the study is planned",
                field="process",
            )
    if len(processes) > MOST_PROCESSES and not many:
        raise StudyError(
            f"case '{case}': {len(processes)} processes for one outcome are a search, in which something looks like "
            f"a link by chance; name at most {MOST_PROCESSES} (--process), or ask for the search (many=True, --many)",
            field="many",
        )
    return processes


def _rows(study: Study, pairs: Lagged, *, seed: int) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of one case, and what to know about them."""
    rng = np.random.default_rng(seed)
    draws, exact = _links(pairs, rng, seed=seed)
    notes: list[str] = []
    ranked = len(pairs.value) >= FEWEST_RANKED
    first = (np.abs(draws).argmax(axis=1)[:, None] == np.arange(draws.shape[1])).mean(axis=0)
    rows = []
    for k, process in enumerate(pairs.processes):
        link = draws[:, k]
        row: dict[str, Any] = {
            "case": pairs.case,
            "outcome": pairs.outcome.key,
            "process": process.key,
            "n": len(pairs.value),
            **(_of_mixture(exact[k]) if exact else _of_draws(link)),
            "ci_prob": _CI,
            "p_rank1": float(first[k]) if ranked else None,
        }
        changed, why = _phase_change(study, pairs, k, exact[k] if exact else None, link, rng)
        rows.append(row | changed)
        notes += why
    for k, row in enumerate(rows):
        row["evidence"] = evidence_of(rows, k)
        row["text"] = link_words(row, pairs.outcome, pairs.processes[k], processes=len(rows))
    return rows, notes + _notes(pairs)


def _links(pairs: Lagged, rng: np.random.Generator, *, seed: int) -> tuple[np.ndarray, list[Mixture]]:
    """Joint draws of the links, shape (draws, processes), and each one's exact posterior where there is one."""
    if len(pairs.processes) <= MOST_PROCESSES:
        posterior = integrate_links(regressions_of([pairs]))
        return posterior.draw(rng, size=_DRAWS)[0], [posterior.mixture(n) for n in link_names(pairs)]
    from scd.models.process_chain import sample_links

    tree = sample_links(pairs, seed=seed)
    if why := diagnose(tree).reason:
        raise StudyError(
            f"case '{pairs.case}': the links are withheld, since {why}; name fewer processes", field="process"
        )
    link = tree["posterior"]["link"].to_numpy()
    return link.reshape(-1, link.shape[-1]), []


def _of_mixture(link: Mixture) -> dict[str, float]:
    above = float(link.above(0)[0])
    lower, upper = (float(q) for q in link.quantile(_TAILS)[0])
    beyond = float(link.above(_TENTH)[0] + 1 - link.above(-_TENTH)[0])
    spread = {"link_mean": float(link.mean()[0]), "sd": float(link.sd()[0]), "lower": lower, "upper": upper}
    return spread | {"p_direction": max(above, 1 - above), "p_above_tenth": min(beyond, 1.0)}


def _of_draws(link: np.ndarray) -> dict[str, float]:
    above = float((link > 0).mean())
    lower, upper = (float(q) for q in np.quantile(link, _TAILS))
    spread = {"link_mean": float(link.mean()), "sd": float(link.std()), "lower": lower, "upper": upper}
    return spread | {"p_direction": max(above, 1 - above), "p_above_tenth": float((np.abs(link) > _TENTH).mean())}


def _phase_change(
    study: Study, pairs: Lagged, k: int, exact: Mixture | None, link: np.ndarray, rng: np.random.Generator
) -> tuple[dict[str, float | None], list[str]]:
    """How the process moved with the intervention, in which order, and the product with its link."""
    process = pairs.processes[k]
    keys = ("phase_change_mean", "phase_change_lower", "phase_change_upper", "phase_change_p_improvement",
            "p_not_later", "a_b_mean", "a_b_lower", "a_b_upper", "a_b_p_positive")  # fmt: skip
    try:
        change = level_change(study, case=pairs.case, measure=process.key)
    except StudyError as error:
        return dict.fromkeys(keys), [error.message]
    above = float(change.above(0)[0])
    positive = float(exact.above(0)[0]) if exact else float((link > 0).mean())
    product = _drawn(change, rng, size=len(link)) / pairs.process_sd[k] * link
    mean = float(change.mean()[0])
    lower, upper = (float(q) for q in change.quantile(_TAILS)[0])
    center = float(exact.mean()[0]) if exact else float(link.mean())
    path = (float(q) for q in np.quantile(product, _TAILS))
    improved = above if process.sign > 0 else 1 - above
    order = no_later(study, case=pairs.case, process=process.key, outcome=pairs.outcome.key)
    together = above * positive + (1 - above) * (1 - positive)
    values = (mean, lower, upper, improved, order[0] if order else None, mean / pairs.process_sd[k] * center, *path,
              together)  # fmt: skip
    note = f"case '{pairs.case}', '{process.key}': two adjacent phases hold too few values to tell what changed first"
    return dict(zip(keys, values, strict=True)), [] if order else [note]


def _drawn(mixture: Mixture, rng: np.random.Generator, *, size: int) -> np.ndarray:
    chosen = rng.choice(mixture.weight.shape[1], size=size, p=mixture.weight[0] / mixture.weight[0].sum())
    return mixture.center[0, chosen] + mixture.spread[0, chosen] * rng.standard_normal(size)


def _notes(pairs: Lagged) -> list[str]:
    where, told = f"case '{pairs.case}'", []
    if pairs.n_dropped:
        told.append(
            f"{where}: {pairs.n_dropped} of {pairs.n_dropped + len(pairs.value)} sessions are left out, because the "
            "outcome or a process was not recorded at the session just before; nothing is filled in"
        )
    if len(pairs.value) < FEWEST_RANKED:
        told.append(
            f"{where}: {len(pairs.value)} pairs of consecutive sessions are too few to rank processes "
            f"({FEWEST_RANKED} are needed)"
        )
    others = [c for c in pairs.conditions if c not in "AB"]
    if others:
        told.append(
            f"{where}: sessions under {', '.join(others)} have a level of their own; changes with the intervention are "
            "told from A and B only"
        )
    return told


def _prior_words(*, searched: bool) -> dict[str, str]:
    links = f"Normal(0, {LINK_SD:g})"
    if searched:
        links = "regularised horseshoe, slab 0.5, 1 link expected"
    return {
        "link": f"{links}, in within-phase SDs of the outcome per within-phase SD of the process",
        "alpha": "Normal(centre of the scale, 2.5 units)",
        "delta": "Normal(0, 2.5 units)",
        "trend": "Normal(0, 0.25 units) per session",
        "rho": f"Normal({RHO[0]:g}, {RHO[1]:g})",
        "sigma": "HalfNormal(1 unit), at least 0.02 units",
        "unit": "a fifth of the outcome's range; where that is open, of twice the observed one",
    }
