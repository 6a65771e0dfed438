"""The 44 sub-items of CENT 2015 for N-of-1 trials, for designs whose order or starts were randomised."""

from __future__ import annotations

from scd.design.checklists import Asked, ChecklistRow, filled_rows
from scd.design.record_words import (
    change_words,
    data_words,
    date_words,
    design_words,
    draw_words,
    measure_words,
    sequence_words,
)
from scd.design.schemes import scheme_of
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import short_day
from scd.study import Study

__all__ = ["CENT_ITEMS", "cent_rows"]

_PAPER = N_("your manuscript")
_REPORT = N_("attach the report, or copy its methods and results")
_SESSIONS = N_("the record of sessions")
CENT_ITEMS: tuple[Asked, ...] = (
    ("1a", N_("title: names an N-of-1 trial, or a series of them"), _PAPER),
    ("1b", N_("structured abstract"), _PAPER),
    ("2a.1", N_("background and rationale"), _PAPER),
    ("2a.2", N_("why an N-of-1 design"), _PAPER),
    ("2b", N_("objectives or hypotheses"), _PAPER),
    ("3a", N_("design, number and length of periods, run-in and wash-out"), N_("the plan of the study")),
    ("3b", N_("changes to methods after the start"), N_("the reason beside a phase that was moved")),
    ("4a", N_("diagnosis, comorbid conditions, concurrent treatments"), _PAPER),
    ("4b", N_("settings and places of data collection"), _PAPER),
    ("4c", N_("whether this is research, and its ethics approval"), _PAPER),
    ("5", N_("intervention of each period, how and when"), _PAPER),
    ("6a.1", N_("outcomes, and how and when they were assessed"), N_("the measures of the study")),
    ("6a.2", N_("measurement properties of the outcomes"), N_("the measure's source")),
    ("6b", N_("changes to outcomes after the start"), _PAPER),
    ("7a", N_("how the number of sessions was chosen"), _PAPER),
    ("7b", N_("interim analyses and stopping rules"), _PAPER),
    ("8a.1", N_("whether and how the order was randomised"), N_("the plan: draw it at random")),
    ("8a.2", N_("kind of randomisation and its restrictions"), N_("the plan: draw it at random")),
    ("8a.3", N_("the intended sequence of periods"), N_("the plan of the study")),
    ("9", N_("concealment of the sequence"), _PAPER),
    ("10", N_("who made the sequence and who assigned it"), _PAPER),
    ("11a", N_("blinding: who and how"), _PAPER),
    ("11b", N_("similarity of the interventions"), _PAPER),
    ("12a", N_("methods to summarise and compare"), _REPORT),
    ("12b", N_("methods of additional analyses, of synthesis over a series"), _REPORT),
    ("12c", N_("carry-over, period effects and correlation within the person"), _REPORT),
    ("13a.1", N_("periods completed, and changes from the plan"), _SESSIONS),
    ("13a.2", N_("series: participants enrolled, assigned, analysed"), _PAPER),
    ("13b", N_("losses after the start, with reasons and period"), N_("the session's note")),
    ("14a", N_("dates of recruitment and follow-up"), N_("the dates of the sessions")),
    ("14b", N_("whether it was stopped early, and why"), N_("the study's note")),
    ("15", N_("characteristics at baseline"), N_("your manuscript; the record holds pseudonyms only")),
    ("16", N_("periods analysed"), _SESSIONS),
    ("17a.1", N_("results of each period, with a figure"), _SESSIONS),
    ("17a.2", N_("estimated effect and its precision"), _REPORT),
    ("17b", N_("binary outcomes: absolute and relative effects"), _PAPER),
    ("18", N_("other analyses"), _REPORT),
    ("19", N_("harms under each intervention"), N_("the session's note, and your manuscript")),
    ("20", N_("limitations"), _PAPER),
    ("21", N_("generalisability"), _PAPER),
    ("22", N_("interpretation"), _PAPER),
    ("23", N_("registration"), _PAPER),
    ("24", N_("protocol, and where it can be found"), _PAPER),
    ("25", N_("funding"), _PAPER),
)
"""Item, topic in our words, and where to fill what the record can't tell."""

_PARTLY = ("3a", "5", "10", "12a", "12b", "12c", "14a", "17a.2", "18", "24")


def cent_rows(study: Study) -> tuple[ChecklistRow, ...]:
    """The rows, filled from the record, or missing and where to fill them; none where nothing was drawn at random.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple of ChecklistRow
        Empty for a study without a stored draw: CENT is for randomised trials.

    References
    ----------
    Vohra et al. (2015), doi:10.1136/bmj.h1738. Shamseer et al. (2015), doi:10.1136/bmj.h1793.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> cent_rows(reversal(measures=[mood], phases="ABAB", sessions=5, code="K7M2"))
    ()
    """
    drawn = study.randomization
    if drawn is None:
        return ()
    data, words, dates = data_words(study), draw_words(study), date_words(study)
    orders = ", ".join(drawn.orders)
    told = {
        "3a": design_words(study),
        "3b": change_words(study),
        "5": dates,
        "6a.1": measure_words(study),
        "6a.2": measure_words(study, sources=True),
        "8a.1": words,
        "8a.2": scheme_of(drawn).words,
        "8a.3": orders if len(orders) <= 300 else design_words(study),
        "10": _("the sequence was made by scd with seed {seed}").format(seed=drawn.seed),
        "13a.1": sequence_words(study),
        "13b": sequence_words(study),
        "14a": dates,
        "16": _("all periods that hold values; {data}").format(data=data) if data else "",
        "17a.1": _("in the record and in the report's figure; {data}").format(data=data) if data else "",
        "24": _("the plan was drawn and stored on {drawn_at}").format(drawn_at=short_day(drawn.drawn_at)),
    }
    if data:
        told |= {
            "12a": _("scd's report gives the models with priors and sources, the indices and the randomisation test"),
            "12b": _("scd's report gives the sensitivity analyses"),
            "12c": _("errors are autocorrelated over session gaps; the report has a model with trend beside it"),
            "17a.2": _("scd's report gives the effect with its interval"),
            "18": _("scd's report gives the other models, priors and indices beside the main one"),
        }
    without = {"13a.2": _("one participant")} if len(study.cases) == 1 else {}
    if all(m.scale != "proportion" or m.maximum != 1 for m in study.outcomes):
        without["17b"] = _("no outcome is recorded as yes or no")
    return filled_rows(CENT_ITEMS, told=told, partly=_PARTLY, not_applicable=without)
