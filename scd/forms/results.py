"""The numbers of an estimate as tables that people can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scd.forms.markup import said, table
from scd.forms.schedule import case_name
from scd.language import gettext as _
from scd.language import localized
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
    head = [
        _("Effect"),
        _("Phases compared"),
        _("Median"),
        _("95 % interval"),
        _("P(improvement)"),
        _("P(meaningful change)"),
    ]
    rows = [_row(e, study=study, summary=summary, labels=labels) for e in summary.effects]
    return table([*([_("Case")] if several else []), *head], rows)


def diagnostics_table(summary: Summary) -> str:
    """How the estimate was made, and whether it may be trusted.

    Returns
    -------
    str
        HTML.
    """
    d = summary.diagnostics
    state = _("All checks of the sampler passed.") if d["ok"] else _("The checks of the sampler failed.")
    checks: list[tuple[str, object]] = [
        (_("R-hat, largest (must be below {limit})").format(limit=localized("1.01")), rhat_words(d["rhat_max"])),
        (_("Effective sample size, bulk, smallest (at least 400)"), whole(d["ess_bulk_min"])),
        (_("Effective sample size, tail, smallest (at least 400)"), whole(d["ess_tail_min"])),
        (_("Divergences (must be 0)"), d["divergences"]),
    ]
    if summary.engine == "exact":
        state, checks = _("There are no chains to check: nothing was sampled."), []
    elif summary.engine == "importance":
        state = (
            _("The check of the weighted draws passed.") if d["ok"] else _("The check of the weighted draws failed.")
        )
        checks = [(_("Independent draws that the weighted ones are worth (at least 400)"), whole(d["ess_bulk_min"]))]
    rows = [
        (_("Model"), summary.model),
        (_("Values, taken as"), _(FAMILY_WORDS.get(summary.family, summary.family))),
        (_("Computed"), engine_words(summary.engine)),
        *checks,
        (_("Seed"), summary.seed),
        *((_("Prior of {name}").format(name=name), words) for name, words in summary.priors.items()),
        *((_("Version of {name}").format(name=name), number) for name, number in summary.versions.items()),
        (_("Fingerprint of the data"), summary.fingerprint[:16]),
    ]
    return said(summary.grade) + said(state) + table([_("What"), _("Value")], rows)


def _row(effect: Effect, *, study: Study, summary: Summary, labels: Mapping[str, str]) -> tuple[object, ...]:
    case = study.cases[0] if effect.case is None else study.case(effect.case)
    measure = judged_measure(study, case, summary=summary)
    told = told_effect(effect, measure=measure)
    who = (_("all together") if effect.case is None else case_name(effect.case, labels),)
    return (
        *(who if len(study.cases) > 1 else ()),
        effect_words(effect.effect, measure=measure),
        comparison_words(effect.contrast),
        number(told.median),
        interval(told.lower, told.upper).replace(" ", "\u00a0"),
        probability(effect.p_improvement),
        probability(effect.p_meaningful),
    )
