"""The 26 items of SCRIBE 2016, as far as a study's record can fill them."""

from __future__ import annotations

from scd.design.agreement import observer_agreement
from scd.design.checklists import Asked, ChecklistRow, filled_rows
from scd.design.record_words import (
    adherence_words,
    change_words,
    data_words,
    date_words,
    design_words,
    draw_words,
    measure_words,
    sequence_words,
)
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import short_day
from scd.study import Study

__all__ = ["SCRIBE_ITEMS", "scribe_rows"]

_PAPER = N_("your manuscript")
SCRIBE_ITEMS: tuple[Asked, ...] = (
    ("1", N_("title: names a single-case experimental design"), _PAPER),
    ("2", N_("abstract: question, population, design, methods, results, conclusions"), _PAPER),
    ("3", N_("background: what is known, and what is not"), _PAPER),
    ("4", N_("aims, questions and hypotheses"), _PAPER),
    ("5", N_("design, phases, their order, and when they change"), N_("the plan of the study")),
    (
        "6",
        N_("procedural changes after the start"),
        N_("the reason beside a phase that was moved, and your manuscript"),
    ),
    ("7", N_("planned replication"), _PAPER),
    ("8", N_("randomisation: whether, how, and of what"), N_("the plan: draw the starts at random")),
    ("9", N_("blinding: who was blind"), N_("your manuscript; masked visual analysis blinds the analyst")),
    ("10", N_("selection criteria and recruitment"), _PAPER),
    ("11", N_("participants' characteristics"), N_("your manuscript; the record holds pseudonyms only")),
    ("12", N_("setting and place"), _PAPER),
    ("13", N_("ethics approval and consent"), _PAPER),
    ("14", N_("measures: definition, reliability, choice, timing"), N_("the measure's source, and your manuscript")),
    ("15", N_("equipment"), _PAPER),
    ("16", N_("intervention and control condition in each phase"), _PAPER),
    ("17", N_("procedural fidelity"), N_("a practice measure, and your manuscript")),
    ("18", N_("analyses, described and justified"), N_("attach the report, or copy its methods")),
    ("19", N_("sequence completed by each participant; drop-outs"), N_("the record of sessions")),
    ("20", N_("outcomes and estimation: raw data of each participant"), N_("the record of sessions")),
    ("21", N_("adverse events, and their phase"), N_("the session's note, and your manuscript")),
    ("22", N_("interpretation"), _PAPER),
    ("23", N_("limitations"), _PAPER),
    ("24", N_("applicability"), _PAPER),
    ("25", N_("protocol, and where it can be found"), _PAPER),
    ("26", N_("funding and other support"), _PAPER),
)
"""Item, topic in our words, and where to fill what the record can't tell."""

_PARTLY = ("7", "12", "14", "16", "17", "18", "25")


def scribe_rows(study: Study) -> tuple[ChecklistRow, ...]:
    """The 26 rows: filled from the record, or missing and where to fill them.

    Parameters
    ----------
    study : Study

    Returns
    -------
    tuple of ChecklistRow

    References
    ----------
    Tate et al. (2016), doi:10.1016/j.jsp.2016.04.001.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> rows = scribe_rows(reversal(measures=[mood], phases="ABAB", sessions=5, code="K7M2"))
    >>> len(rows), [row.item for row in rows if row.status == "filled"]
    (26, ['5', '8'])
    """
    data = data_words(study)
    drawn = draw_words(study)
    told = {
        "5": design_words(study),
        "6": change_words(study),
        "7": _replication(study),
        "8": drawn or _("the starts were not drawn at random, as far as the record knows"),
        "12": _("the tiers are settings") if study.across == "settings" else "",
        "14": "; ".join(part for part in (measure_words(study), _agreement(study)) if part),
        "16": date_words(study),
        "17": adherence_words(study),
        "18": _("scd's report gives each model with its priors and sources, the indices and the tests") if data else "",
        "19": sequence_words(study),
        "20": _("in the record, session by session: {data}").format(data=data) if data else "",
        "25": _("the plan was drawn and stored on {drawn_at}").format(drawn_at=short_day(study.randomization.drawn_at))
        if study.randomization
        else "",
    }
    return filled_rows(SCRIBE_ITEMS, told=told, partly=_PARTLY)


def _replication(study: Study) -> str:
    number = len(study.cases)
    within = max((sum(p.condition == "B" for p in case.phases) for case in study.cases), default=0)
    parts = [_("{number} cases in one study").format(number=number)] if number > 1 else []
    parts += [_("{within} intervention phases in a case").format(within=within)] if within > 1 else []
    return "; ".join(parts)


def _agreement(study: Study) -> str:
    found = observer_agreement(study)
    return found.words if found.status != "not recorded" else ""
