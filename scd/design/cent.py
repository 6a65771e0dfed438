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
from scd.study import Study

__all__ = ["CENT_ITEMS", "cent_rows"]

_PAPER = "your manuscript"
_REPORT = "attach the report, or copy its methods and results"
_SESSIONS = "the record of sessions"
CENT_ITEMS: tuple[Asked, ...] = (
    ("1a", "title: names an N-of-1 trial, or a series of them", _PAPER),
    ("1b", "structured abstract", _PAPER),
    ("2a.1", "background and rationale", _PAPER),
    ("2a.2", "why an N-of-1 design", _PAPER),
    ("2b", "objectives or hypotheses", _PAPER),
    ("3a", "design, number and length of periods, run-in and wash-out", "the plan of the study"),
    ("3b", "changes to methods after the start", "the reason beside a phase that was moved"),
    ("4a", "diagnosis, comorbid conditions, concurrent treatments", _PAPER),
    ("4b", "settings and places of data collection", _PAPER),
    ("4c", "whether this is research, and its ethics approval", _PAPER),
    ("5", "intervention of each period, how and when", _PAPER),
    ("6a.1", "outcomes, and how and when they were assessed", "the measures of the study"),
    ("6a.2", "measurement properties of the outcomes", "the measure's source"),
    ("6b", "changes to outcomes after the start", _PAPER),
    ("7a", "how the number of sessions was chosen", _PAPER),
    ("7b", "interim analyses and stopping rules", _PAPER),
    ("8a.1", "whether and how the order was randomised", "the plan: draw it at random"),
    ("8a.2", "kind of randomisation and its restrictions", "the plan: draw it at random"),
    ("8a.3", "the intended sequence of periods", "the plan of the study"),
    ("9", "concealment of the sequence", _PAPER),
    ("10", "who made the sequence and who assigned it", _PAPER),
    ("11a", "blinding: who and how", _PAPER),
    ("11b", "similarity of the interventions", _PAPER),
    ("12a", "methods to summarise and compare", _REPORT),
    ("12b", "methods of additional analyses, of synthesis over a series", _REPORT),
    ("12c", "carry-over, period effects and correlation within the person", _REPORT),
    ("13a.1", "periods completed, and changes from the plan", _SESSIONS),
    ("13a.2", "series: participants enrolled, assigned, analysed", _PAPER),
    ("13b", "losses after the start, with reasons and period", "the session's note"),
    ("14a", "dates of recruitment and follow-up", "the dates of the sessions"),
    ("14b", "whether it was stopped early, and why", "the study's note"),
    ("15", "characteristics at baseline", "your manuscript; the record holds pseudonyms only"),
    ("16", "periods analysed", _SESSIONS),
    ("17a.1", "results of each period, with a figure", _SESSIONS),
    ("17a.2", "estimated effect and its precision", _REPORT),
    ("17b", "binary outcomes: absolute and relative effects", _PAPER),
    ("18", "other analyses", _REPORT),
    ("19", "harms under each intervention", "the session's note, and your manuscript"),
    ("20", "limitations", _PAPER),
    ("21", "generalisability", _PAPER),
    ("22", "interpretation", _PAPER),
    ("23", "registration", _PAPER),
    ("24", "protocol, and where it can be found", _PAPER),
    ("25", "funding", _PAPER),
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
        "10": f"the sequence was made by scd with seed {drawn.seed}",
        "13a.1": sequence_words(study),
        "13b": sequence_words(study),
        "14a": dates,
        "16": f"all periods that hold values; {data}" if data else "",
        "17a.1": f"in the record and in the report's figure; {data}" if data else "",
        "24": f"the plan was drawn and stored on {drawn.drawn_at:%Y-%m-%d}",
    }
    if data:
        told |= {
            "12a": "scd's report gives the models with priors and sources, the indices and the randomisation test",
            "12b": "scd's report gives the sensitivity analyses",
            "12c": "errors are autocorrelated over session gaps; the report has a model with trend beside it",
            "17a.2": "scd's report gives the effect with its interval",
            "18": "scd's report gives the other models, priors and indices beside the main one",
        }
    without = {"13a.2": "one participant"} if len(study.cases) == 1 else {}
    if all(m.scale != "proportion" or m.maximum != 1 for m in study.outcomes):
        without["17b"] = "no outcome is recorded as yes or no"
    return filled_rows(CENT_ITEMS, told=told, partly=_PARTLY, not_applicable=without)
