"""The numbers of an estimate as tables that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scd.forms.markup import said, table
from scd.forms.schedule import case_name
from scd.models.response import FAMILY_WORDS
from scd.reports.changes import comparison_words, effect_words, told_effect
from scd.reports.phrases import (
    engine_words,
    interval,
    judged_measure,
    number,
    probability,
    rhat_words,
    whole,
)
from scd.study import Study

if TYPE_CHECKING:
    from scd.analysis.summary import Effect, Summary

__all__ = ["diagnostics_table", "effects_table"]


def effects_table(summary: Summary, *, study: Study, labels: Mapping[str, str]) -> str:
    """The effect table in words.

    Parameters
    ----------
    summary : Summary
        With effects.
    study : Study
        As estimated.
    labels : mapping of str to str
        The clinic's own names by code.

    Returns
    -------
    str
        HTML.
    """
    several = len(study.cases) > 1
    head = ["Effect", "Phases compared", "Median", "95 % interval", "P(improvement)", "P(meaningful change)"]
    rows = [_row(e, study=study, summary=summary, labels=labels) for e in summary.effects]
    return table([*(["Case"] if several else []), *head], rows)


def diagnostics_table(summary: Summary) -> str:
    """How the estimate was made, and whether it may be trusted.

    Returns
    -------
    str
        HTML.
    """
    d = summary.diagnostics
    state = "All checks of the sampler passed." if d["ok"] else "The checks of the sampler failed."
    checks: list[tuple[str, object]] = [
        ("R-hat, largest (must be below 1.01)", rhat_words(d["rhat_max"])),
        ("Effective sample size, bulk, smallest (at least 400)", whole(d["ess_bulk_min"])),
        ("Effective sample size, tail, smallest (at least 400)", whole(d["ess_tail_min"])),
        ("Divergences (must be 0)", d["divergences"]),
    ]
    if summary.engine == "exact":
        state, checks = "There are no chains to check: nothing was sampled.", []
    elif summary.engine == "importance":
        state = f"The check of the weighted draws {'passed' if d['ok'] else 'failed'}."
        checks = [("Independent draws that the weighted ones are worth (at least 400)", whole(d["ess_bulk_min"]))]
    rows = [
        ("Model", summary.model),
        ("Values, taken as", FAMILY_WORDS.get(summary.family, summary.family)),
        ("Computed", engine_words(summary.engine)),
        *checks,
        ("Seed", summary.seed),
        *((f"Prior of {name}", words) for name, words in summary.priors.items()),
        *((f"Version of {name}", number) for name, number in summary.versions.items()),
        ("Fingerprint of the data", summary.fingerprint[:16]),
    ]
    return said(summary.grade) + said(state) + table(["What", "Value"], rows)


def _row(effect: Effect, *, study: Study, summary: Summary, labels: Mapping[str, str]) -> tuple[object, ...]:
    case = study.cases[0] if effect.case is None else study.case(effect.case)
    measure = judged_measure(study, case, summary=summary)
    told = told_effect(effect, measure=measure)
    who = ("all together" if effect.case is None else case_name(effect.case, labels),)
    return (
        *(who if len(study.cases) > 1 else ()),
        effect_words(effect.effect, measure=measure),
        comparison_words(effect.contrast),
        number(told.median),
        interval(told.lower, told.upper).replace(" ", "\u00a0"),
        probability(effect.p_improvement),
        probability(effect.p_meaningful),
    )
