"""The rows of one client's processes: link, rank, own change, order, and the words for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scd.analysis.diagnostics import diagnose
from scd.analysis.processes.evidence import FEWEST_RANKED, MOST_PROCESSES, evidence_of
from scd.analysis.processes.phase_change import level_change, no_later
from scd.analysis.processes.words import link_words
from scd.language import gettext as _
from scd.models.process import integrate_links, link_names, regressions_of
from scd.models.process_search import search_links
from scd.study import StudyError

if TYPE_CHECKING:
    from scd.models.lagged import Lagged
    from scd.models.mixture import Mixture
    from scd.study import Study

__all__ = ["COLUMNS", "NUMBERS", "process_rows"]

COLUMNS = (
    "case", "outcome", "process", "n", "link_mean", "sd", "lower", "upper", "ci_prob", "p_direction", "p_rank1",
    "p_above_tenth", "phase_change_mean", "phase_change_lower", "phase_change_upper", "phase_change_p_improvement",
    "p_not_later", "a_b_mean", "a_b_lower", "a_b_upper", "a_b_p_positive", "evidence", "text",
)  # fmt: skip
"""The table's columns."""
NUMBERS = COLUMNS[4:-2]
"""Those that hold numbers, also where one is missing."""

_CI = 0.95
_TAILS = ((1 - _CI) / 2, (1 + _CI) / 2)
_DRAWS = 20_000
# A link below this size, in SDs per SD, would hardly be felt.
_TENTH = 0.1


def process_rows(study: Study, pairs: Lagged, *, seed: int) -> tuple[list[dict[str, Any]], list[str]]:
    """The rows of one case, and what to know about them.

    Parameters
    ----------
    study : Study
    pairs : Lagged
        Of this study.
    seed : int
        Of the draws.

    Returns
    -------
    rows : list of dict
        With `COLUMNS`; None where something can't be told.
    notes : list of str
        Why it can't, and what was left out.

    Raises
    ------
    StudyError
        When the sampler that a search needs does not settle.
    """
    rng = np.random.default_rng(seed)
    draws, exact = _links(pairs, rng, seed=seed)
    first = (np.abs(draws).argmax(axis=1)[:, None] == np.arange(draws.shape[1])).mean(axis=0)
    order = no_later(study, case=pairs.case, processes=[m.key for m in pairs.processes], outcome=pairs.outcome.key)
    rows, notes = [], []
    for k, process in enumerate(pairs.processes):
        row: dict[str, Any] = {
            **dict.fromkeys(COLUMNS),
            "case": pairs.case,
            "outcome": pairs.outcome.key,
            "process": process.key,
            "n": len(pairs.value),
            **(_of_mixture(exact[k]) if exact else _of_draws(draws[:, k])),
            "ci_prob": _CI,
            "p_rank1": float(first[k]) if len(pairs.value) >= FEWEST_RANKED else None,
        }
        try:
            row |= _phase_change(study, pairs, k, exact[k] if exact else None, draws[:, k], rng)
            row["p_not_later"] = order[process.key]
        except StudyError as error:
            told = _("'{process}': its own change can't be told; {why}")
            notes.append(told.format(process=process.key, why=error.message))
        else:
            if row["p_not_later"] is None:
                told = _(
                    "case '{case}', '{process}': two adjacent phases hold too few values to tell whether it or the "
                    "outcome changed first"
                )
                notes.append(told.format(case=pairs.case, process=process.key))
        rows.append(row)
    for k, row in enumerate(rows):
        row["evidence"] = evidence_of(rows, k)
        row["text"] = link_words(row, pairs.outcome, pairs.processes[k], processes=len(rows))
    return rows, notes + _notes(pairs)


def _links(pairs: Lagged, rng: np.random.Generator, *, seed: int) -> tuple[np.ndarray, list[Mixture]]:
    """Joint draws of the links, shape (draws, processes), and each one's exact posterior where there is one."""
    if len(pairs.processes) <= MOST_PROCESSES:
        posterior = integrate_links(regressions_of([pairs]))
        return posterior.draw(rng, size=_DRAWS)[0], [posterior.mixture(n) for n in link_names(pairs)]
    if (drawn := search_links(pairs, seed=seed)) is not None:
        return drawn, []
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
) -> dict[str, float]:
    """How the process moved with the intervention, and the product of that and its link."""
    process, unit = pairs.processes[k], pairs.process_sd[k]
    change = level_change(study, case=pairs.case, measure=process.key)
    above, mean = float(change.above(0)[0]), float(change.mean()[0])
    lower, upper = (float(q) for q in change.quantile(_TAILS)[0])
    positive = float(exact.above(0)[0]) if exact else float((link > 0).mean())
    center = float(exact.mean()[0]) if exact else float(link.mean())
    path = np.quantile(_drawn(change, rng, size=len(link)) / unit * link, _TAILS)
    return {
        "phase_change_mean": mean,
        "phase_change_lower": lower,
        "phase_change_upper": upper,
        "phase_change_p_improvement": above if process.sign > 0 else 1 - above,
        "a_b_mean": mean / unit * center,
        "a_b_lower": float(path[0]),
        "a_b_upper": float(path[1]),
        "a_b_p_positive": above * positive + (1 - above) * (1 - positive),
    }


def _drawn(mixture: Mixture, rng: np.random.Generator, *, size: int) -> np.ndarray:
    chosen = rng.choice(mixture.weight.shape[1], size=size, p=mixture.weight[0] / mixture.weight[0].sum())
    return mixture.center[0, chosen] + mixture.spread[0, chosen] * rng.standard_normal(size)


def _notes(pairs: Lagged) -> list[str]:
    told = []
    if pairs.n_dropped:
        told.append(
            _(
                "case '{case}': {dropped} of {sessions} sessions are left out, because the outcome or a process was "
                "not recorded at the session just before; nothing is filled in"
            ).format(case=pairs.case, dropped=pairs.n_dropped, sessions=pairs.n_dropped + len(pairs.value))
        )
    if len(pairs.value) < FEWEST_RANKED:
        told.append(
            _(
                "case '{case}': {pairs} pairs of consecutive sessions are too few to rank processes ({fewest} are "
                "needed)"
            ).format(case=pairs.case, pairs=len(pairs.value), fewest=FEWEST_RANKED)
        )
    counted = [m for m in (pairs.outcome, *pairs.processes) if m.scale not in ("score", "rating")]
    if counted:
        named = ", ".join(f"'{m.key}' ({_(m.scale)})" for m in counted)
        text = _(
            "case '{case}': {measures}: values are taken as scores, whatever was observed or tried at each session"
        )
        told.append(text.format(case=pairs.case, measures=named))
    others = [c for c in pairs.conditions if c not in "AB"]
    if others:
        told.append(
            _(
                "case '{case}': sessions under {conditions} have a level of their own; changes with the intervention "
                "are told from A and B only"
            ).format(case=pairs.case, conditions=", ".join(others))
        )
    return told
