"""The numbers of an estimate as tables that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scd.forms.markup import said, table
from scd.forms.schedule import case_name
from scd.reports.phrases import engine_words
from scd.study import Study

if TYPE_CHECKING:
    from scd.analysis.summary import Effect, Summary

__all__ = ["diagnostics_table", "effects_table"]

_EFFECTS = {
    "level_change": "Change of level (intervention − baseline)",
    "level_change_unpooled": "Change of level, from this case alone",
    "standardized_change": "Change in within-case standard deviations (positive is better)",
    "slope_change": "Change of slope per session",
    "consistent_change": "All contrasts go the right way",
    "nap": "Non-overlap (NAP): a value under intervention is better than one in baseline",
}


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
    head = ["Effect", "Contrast", "Median", "95 % interval", "P(improvement)", "P(meaningful change)"]
    rows = [_row(e, labels, several) for e in summary.effects]
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
        ("R-hat, largest (must be below 1.01)", _number(d["rhat_max"], 4)),
        ("Effective sample size, bulk, smallest (at least 400)", _number(d["ess_bulk_min"], 0)),
        ("Effective sample size, tail, smallest (at least 400)", _number(d["ess_tail_min"], 0)),
        ("Divergences (must be 0)", d["divergences"]),
    ]
    if summary.engine == "exact":
        state, checks = "There are no chains to check: nothing was sampled.", []
    rows = [
        ("Model", summary.model),
        ("Computed", engine_words(summary.engine)),
        *checks,
        ("Seed", summary.seed),
        *((f"Prior of {name}", words) for name, words in summary.priors.items()),
        *((f"Version of {name}", number) for name, number in summary.versions.items()),
        ("Fingerprint of the data", summary.fingerprint[:16]),
    ]
    return said(summary.grade) + said(state) + table(["What", "Value"], rows)


def _row(effect: Effect, labels: Mapping[str, str], several: bool) -> tuple[object, ...]:
    who = (("all together" if effect.case is None else case_name(effect.case, labels)),) if several else ()
    interval = (
        ""
        if effect.lower is None
        else f"{_number(effect.lower, 2)} to {_number(effect.upper, 2)}".replace(" ", "\u00a0")
    )
    return (
        *who,
        _EFFECTS.get(effect.effect, effect.effect),
        effect.contrast,
        _number(effect.median, 2),
        interval,
        _chance(effect.p_improvement),
        _chance(effect.p_meaningful),
    )


def _number(value: float | None, places: int) -> str:
    return "" if value is None else f"{value:,.{places}f}".replace("-", "−")


def _chance(value: float | None) -> str:
    if value is None:
        return ""
    return "over 99.9 %" if value > 0.999 else "under 0.1 %" if value < 0.001 else f"{100 * value:.1f} %"
