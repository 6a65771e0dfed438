"""The result of one outcome on the page: in words, as a graph, in numbers, with its checks."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets

from scd.analysis.summary import Summary
from scd.forms.markup import said
from scd.forms.results import diagnostics_table, effects_table
from scd.forms.schedule import named
from scd.forms.view import View, folded, shown
from scd.language import gettext as _
from scd.reports.changes import overall_effect, told_effect, told_measure
from scd.reports.phrases import judged_measure, judged_words, number
from scd.study import Study

__all__ = ["OutcomeResult"]


class OutcomeResult(View):
    """What an estimate of one outcome gave, or why it gave nothing.

    Parameters
    ----------
    summary : Summary
        The estimate.
    study : Study
        As estimated.
    labels : mapping of str to str
        The clinic's own names by code.

    Examples
    --------
    >>> from scd.reports.example import example_study, example_summary
    >>> result = OutcomeResult(example_summary(), study=example_study(), labels={})
    >>> result.title, "probability of improvement" in result.words.value
    ('Worry, −2.97 points', True)
    """

    def __init__(self, summary: Summary, *, study: Study, labels: Mapping[str, str]) -> None:
        from scd.forms.pictures import effects_picture, record_picture

        self.summary = summary
        self.title = judged_words(study, summary=summary) + _change(study, summary)
        held = bool(summary.effects)
        key = summary.measure.split("+")[0]
        self.words = shown(_words(summary, labels))
        self.chart = shown(record_picture(study, measure=key, labels=labels, summary=summary))
        self.effects = shown(effects_table(summary, study=study, labels=labels) if held else "")
        self.picture = shown(effects_picture(summary, study=study, labels=labels) if held else "")
        self.diagnostics = shown(diagnostics_table(summary) if summary.model else "")
        parts: list[widgets.Widget] = [self.words, self.chart]
        if held:
            parts.append(folded(_("The numbers"), widgets.VBox([self.picture, self.effects])))
        if summary.model:
            parts.append(folded(_("How the estimate was made, and its checks"), self.diagnostics))
        super().__init__(parts)


def _change(study: Study, summary: Summary) -> str:
    row = overall_effect(study, summary=summary)
    if row is None:
        return _(", no estimate") if summary.withheld else ""
    measure = judged_measure(study, study.cases[0], summary=summary)
    return f", {number(told_effect(row, measure=measure).median)} {told_measure(measure).unit}"


def _words(summary: Summary, labels: Mapping[str, str]) -> str:
    result = (said(named(text, labels), tone="warning" if summary.withheld else "plain") for text in summary.text)
    warnings = (said(named(text, labels), tone="warning") for text in summary.warnings)
    return "".join([*result, *warnings])
