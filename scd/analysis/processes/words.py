"""What is said of processes: an association within phases, how strong the evidence is, and what it can't tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scd.analysis.processes.evidence import FEWEST_RANKED
from scd.analysis.words import change_unit, number, percent, probability
from scd.language import gettext as _
from scd.language import listed, ngettext

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["CLEAR", "caution_words", "lead_words", "link_words", "phase_change_words"]

Row = dict[str, Any]

CLEAR = 0.9
"""From this probability on, or below its counterpart, a process has changed clearly enough to ask when."""


def link_words(row: Row, outcome: Measure, process: Measure, *, processes: int) -> str:
    """One process in the clinician's words: its link, its rank, its own change, and what came first.

    Parameters
    ----------
    row : dict
        A row of the process table, with its ``evidence``.
    outcome, process : Measure
    processes : int
        How many were compared.

    Returns
    -------
    str

    Examples
    --------
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> sleep = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=12)
    >>> row = {"n": 12, "evidence": "too few sessions", "phase_change_mean": None}
    >>> link_words(row, mood, sleep, processes=2).partition(",")[0]
    '“Sleep” and “Mood”: 12 pairs of consecutive sessions are too few to say whether they go together (20 are needed)'
    """
    if row["evidence"] == "too few sessions":
        told = [_too_few_words(row, outcome, process)]
    else:
        told = [_association_words(row, outcome, process)]
        if processes > 1:
            told.append(
                _("Of the {count} processes compared it has the largest link with a probability of {p}.").format(
                    count=processes, p=probability(row["p_rank1"])
                )
            )
        told.append(_evidence_words(row, outcome, process))
    told.append(phase_change_words(row, outcome, process))
    return " ".join(line for line in told if line)


def phase_change_words(row: Row, outcome: Measure, process: Measure) -> str:
    """Whether the process moved with the intervention, and no later than the outcome; empty where it can't be told.

    Parameters
    ----------
    row : dict
        A row of the process table.
    outcome, process : Measure

    Returns
    -------
    str
    """
    if row["phase_change_mean"] is None:
        return ""
    factor, unit = change_unit(process)
    middle, low, high = (number(factor * row[f"phase_change_{end}"]) for end in ("mean", "lower", "upper"))
    improved = row["phase_change_p_improvement"]
    told = [
        _(
            "From baseline to intervention “{process}” changed by {change} {unit} ({ci} interval {low} to {high}; "
            "probability that it got better {p})."
        ).format(
            process=process.label, change=middle, unit=unit, ci=percent(row["ci_prob"]), low=low, high=high,
            p=probability(improved),
        )
    ]  # fmt: skip
    if 1 - CLEAR < improved < CLEAR:
        told.append(_("That is too unclear to ask whether it or the outcome moved first."))
    elif row["p_not_later"] is not None:
        words = (
            _("It changed no later than “{outcome}” with a probability of {p}.")
            if row["p_not_later"] >= CLEAR
            else _("It changed later than “{outcome}”: no later only with a probability of {p}.")
            if row["p_not_later"] <= 1 - CLEAR
            else _("Whether it changed no later than “{outcome}” is open (probability {p}).")
        )
        told.append(words.format(outcome=outcome.label, p=probability(row["p_not_later"])))
    if row["evidence"] not in ("too few sessions", "no clear link"):
        middle, low, high = (number(row[f"a_b_{end}"]) for end in ("mean", "lower", "upper"))
        better = row["a_b_p_positive"] if outcome.sign > 0 else 1 - row["a_b_p_positive"]
        told.append(
            _(
                "Its change and its link together are consistent with a part of {part} SD in the outcome's change "
                "({ci} interval {low} to {high}; probability that this part is for the better {p})."
            ).format(part=middle, ci=percent(row["ci_prob"]), low=low, high=high, p=probability(better))
        )
    return " ".join(told)


def lead_words(rows: Sequence[Row], outcome: Measure, processes: Sequence[Measure], *, several: bool = False) -> str:
    """What follows for one client, in one or two sentences.

    Parameters
    ----------
    rows : sequence of dict
        All rows of one case.
    outcome : Measure
    processes : sequence of Measure
        In the order of the rows.
    several : bool
        Whether the case is named.

    Returns
    -------
    str
    """
    found = list(zip(rows, processes, strict=True))
    where = f"{rows[0]['case']}: " if several else ""
    if rows[0]["evidence"] == "too few sessions":
        return where + ngettext(
            "The ranking is withheld: {n} pair of consecutive sessions, and at least {fewest} are needed.",
            "The ranking is withheld: {n} pairs of consecutive sessions, and at least {fewest} are needed.",
            rows[0]["n"],
        ).format(n=rows[0]["n"], fewest=FEWEST_RANKED)
    for row, process in found:
        if row["evidence"] == "matters most":
            return where + _(
                "By this record “{process}” is the process that matters most for “{outcome}” in this client: the "
                "largest within-phase association with a probability of {p}. To test it, plan to switch the part of "
                "the intervention that works on it on and off."
            ).format(process=process.label, outcome=outcome.label, p=probability(row["p_rank1"]))
    leads = sorted((f for f in found if f[0]["evidence"] == "lead to try next"), key=lambda f: -f[0]["p_rank1"])
    if not leads:
        return where + _("No process stands out for “{outcome}” so far.").format(outcome=outcome.label)
    named = [
        _("“{process}” (largest link: {p})").format(process=process.label, p=probability(row["p_rank1"]))
        if len(rows) > 1
        else _("“{process}”").format(process=process.label)
        for row, process in leads
    ]
    return where + _(
        "Leads to try next for “{outcome}”: {leads}. To test one, plan to switch the part of the intervention that "
        "works on it on and off."
    ).format(outcome=outcome.label, leads=listed(named))


def caution_words(*, searched: bool = False) -> tuple[str, ...]:
    """What no table of links can tell, for the clinician.

    Parameters
    ----------
    searched : bool
        Whether more than three processes were compared.

    Returns
    -------
    tuple of str
    """
    told = [
        _(
            "All of this is within-phase association: phase, trend and the outcome's own last value are in the model, "
            "and something that was not recorded may still move both. It does not show that changing the process "
            "would change the outcome."
        )
    ]
    if searched:
        told.append(
            _(
                "More than three processes were compared: this is a search. What it brings up is an idea to look at "
                "in new sessions, not a finding."
            )
        )
    return tuple(told)


def _too_few_words(row: Row, outcome: Measure, process: Measure) -> str:
    return ngettext(
        "“{process}” and “{outcome}”: {n} pair of consecutive sessions is too few to say whether they go together "
        "({fewest} are needed), and nothing is ranked.",
        "“{process}” and “{outcome}”: {n} pairs of consecutive sessions are too few to say whether they go together "
        "({fewest} are needed), and nothing is ranked.",
        row["n"],
    ).format(process=process.label, outcome=outcome.label, n=row["n"], fewest=FEWEST_RANKED)


def _association_words(row: Row, outcome: Measure, process: Measure) -> str:
    told = {
        "outcome": outcome.label,
        "process": process.label,
        "size": number(row["link_mean"]),
        "ci": percent(row["ci_prob"]),
        "low": number(row["lower"]),
        "high": number(row["upper"]),
        "p": probability(row["p_direction"]),
    }
    if row["evidence"] == "no clear link":
        return _(
            "No clear within-phase association of “{process}” with “{outcome}” at the next session: {size} SD per SD "
            "({ci} interval {low} to {high})."
        ).format(**told)
    higher = row["link_mean"] > 0
    if higher and outcome.sign > 0:
        words = _(
            "Within phases “{outcome}” was higher (better) at the session after one with a higher “{process}”: {size} "
            "SD per SD ({ci} interval {low} to {high}; probability of this direction {p})."
        )
    elif higher:
        words = _(
            "Within phases “{outcome}” was higher (worse) at the session after one with a higher “{process}”: {size} "
            "SD per SD ({ci} interval {low} to {high}; probability of this direction {p})."
        )
    elif outcome.sign > 0:
        words = _(
            "Within phases “{outcome}” was lower (worse) at the session after one with a higher “{process}”: {size} "
            "SD per SD ({ci} interval {low} to {high}; probability of this direction {p})."
        )
    else:
        words = _(
            "Within phases “{outcome}” was lower (better) at the session after one with a higher “{process}”: {size} "
            "SD per SD ({ci} interval {low} to {high}; probability of this direction {p})."
        )
    return words.format(**told)


def _evidence_words(row: Row, outcome: Measure, process: Measure) -> str:
    if row["evidence"] == "matters most":
        return _(
            "With {n} pairs of sessions the evidence is enough to say that this association matters most for "
            "“{outcome}” in this client."
        ).format(n=row["n"], outcome=outcome.label)
    if row["evidence"] == "lead to try next":
        return _("“{process}” is a lead to try next, no more.").format(process=process.label)
    return ""
