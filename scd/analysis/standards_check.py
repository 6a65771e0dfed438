"""A study against the field's standards: every grade, score and checklist item as rows of one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from scd.analysis.visual.screens import CUTOFF, Screen, wwc5_screens
from scd.design.agreement import Agreement, observer_agreement
from scd.design.cent import cent_rows
from scd.design.checklists import ChecklistRow
from scd.design.robint import robint_rows
from scd.design.scribe import scribe_rows
from scd.design.standards import Grade, grade_wwc
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.study import Study, StudyError

__all__ = ["CheckRow", "StandardName", "check_standards", "check_words"]

StandardName = Literal["wwc", "robint", "scribe", "cent", "all"]

_WHERE_OBSERVER = N_("a column second_observer in the table, or the reporter of the measure")


@dataclass(frozen=True)
class CheckRow:
    """One row of the check.

    Parameters
    ----------
    standard : str
        The standard and its version.
    item : str
        The item's number or name.
    topic : str
        What it asks for.
    result : str
        The grade, the score, or a status such as ``filled``, ``missing``, ``not computable`` or ``not applicable``.
    text : str
        What it rests on.
    where : str
        Where to fill in what is missing; empty where nothing is.
    """

    standard: str
    item: str
    topic: str
    result: str
    text: str = ""
    where: str = ""


def check_standards(
    study: Study,
    *,
    standard: StandardName = "all",
    measure: str | None = None,
    case: str | None = None,
    cutoff: float = CUTOFF,
) -> tuple[CheckRow, ...]:
    """Grade a study, and fill the checklists from its record.

    Parameters
    ----------
    study : Study
        With data or without.
    standard : {"wwc", "robint", "scribe", "cent", "all"}
        ``wwc``: the grade of version 4.1, agreement between observers, and the screens of version 5.0.
    measure : str, optional
        Key of the outcome that is looked at; by default each case's first.
    case : str, optional
        The screens of this case only; designs are graded whole.
    cutoff : float
        Of the screens, see `scd.analysis.visual.screens.wwc5_screens`.

    Returns
    -------
    tuple of CheckRow

    Raises
    ------
    StudyError
        When the standard is unknown, or the study has no such measure or case.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", reporter="self")
    >>> rows = check_standards(reversal(measures=[mood], phases="ABAB", sessions=5, code="K7M2"), standard="wwc")
    >>> [(row.standard, row.item, row.result) for row in rows]
    [('WWC 4.1', 'design', 'meets without reservations'), ('WWC 4.1', 'agreement', 'not applicable'), \
('WWC 5.0', 'screens', 'not computable')]
    """
    if standard not in get_args(StandardName):
        known = ", ".join(get_args(StandardName))
        raise StudyError(f"standard: must be one of {known} (got {standard!r})", field="standard")
    if measure is not None:
        study.measure(measure)
    if case is not None:
        study.case(case)
    rows: list[CheckRow] = []
    if standard in ("wwc", "all"):
        rows += _wwc(study, measure, case, cutoff)
    if standard in ("robint", "all"):
        rows += _robint(study, measure)
    if standard in ("scribe", "all"):
        rows += [_listed("SCRIBE 2016", row) for row in scribe_rows(study)]
    if standard in ("cent", "all"):
        listed = [_listed("CENT 2015", row) for row in cent_rows(study)]
        why = _("the order was not randomised as far as the record knows; CENT is for randomised N-of-1 trials")
        rows += listed or [CheckRow("CENT 2015", "all", _("N-of-1 trials"), "not applicable", why)]
    return tuple(rows)


def check_words(rows: tuple[CheckRow, ...]) -> tuple[str, ...]:
    """One sentence a standard: the grade, the total of the scores, how many items are filled.

    Parameters
    ----------
    rows : tuple of CheckRow
        From `check_standards`.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> rows = CheckRow("SCRIBE 2016", "1", "title", "missing"), CheckRow("SCRIBE 2016", "5", "design", "filled")
    >>> check_words(rows)
    ('SCRIBE 2016: 1 of 2 items filled from the record, 0 in part, 1 missing.',)
    """
    told = []
    for standard in dict.fromkeys(row.standard for row in rows):
        own = [row for row in rows if row.standard == standard]
        results = [row.result for row in own]
        if standard == "WWC 4.1":
            told.append(own[0].text)
        elif standard.startswith("RoBiNT"):
            scores = [int(result) for result in results if result.isdigit()]
            told.append(
                _(
                    "{standard}: {points} of {most} points on the {items} items that the record can "
                    "score; the others wait for a person, or do not apply."
                ).format(standard=standard, points=sum(scores), most=2 * len(scores), items=len(scores))
            )
        elif standard == "WWC 5.0":
            failed = results.count("not passed")
            known = failed + results.count("passed")
            told.append(
                _("{standard}: {passed} of {known} screens that can be computed are passed.").format(
                    standard=standard, passed=known - failed, known=known
                )
            )
        elif results != ["not applicable"]:
            full, part = results.count("filled"), results.count("partly")
            asked = len(own) - results.count("not applicable")
            told.append(
                _(
                    "{standard}: {full} of {asked} items filled from the record, {part} in part, {missing} missing."
                ).format(standard=standard, full=full, asked=asked, part=part, missing=results.count("missing"))
            )
        else:
            told.append(f"{standard}: {own[0].text}.")
    return tuple(told)


def _wwc(study: Study, measure: str | None, case: str | None, cutoff: float) -> list[CheckRow]:
    grade, observers = grade_wwc(study, measure=measure), observer_agreement(study, measure=measure)
    rows = [CheckRow(grade.standard, "design", _("phases, points and demonstrations"), grade.grade, grade.words)]
    rows += [CheckRow(grade.standard, "design", _("what is missing"), "note", told) for told in grade.reasons]
    rows += _agreement(grade, observers)
    # The first thing that is left out is agreement between observers, which has its own rows.
    rows += [
        CheckRow(grade.standard, "design", _("what is not assessed"), "note", told)
        for told in grade.not_assessed
        if observers.words not in told
    ]
    return rows + _screens(study, measure, case, cutoff)


def _agreement(grade: Grade, observers: Agreement) -> list[CheckRow]:
    topic = _("agreement between observers, in every phase and on 20 % of the values of each condition")
    where = "" if observers.status in ("met", "not applicable") else _(_WHERE_OBSERVER)
    rows = [CheckRow(grade.standard, "agreement", topic, observers.status, observers.words, where)]
    for one in observers.conditions:
        if one.agreement is None:
            continue
        kappa = "" if one.kappa is None else _(", kappa {kappa}").format(kappa=localized(f"{one.kappa:.2f}"))
        text = _("{agreement} %{kappa}, on {doubled} of {values} values").format(
            agreement=localized(f"{100 * one.agreement:.0f}"), kappa=kappa, doubled=one.doubled, values=one.values
        )
        rows.append(
            CheckRow(
                grade.standard,
                "agreement",
                _("condition {part} of case {case}").format(part=one.part, case=one.case),
                "note",
                text,
            )
        )
    return rows


def _screens(study: Study, measure: str | None, case: str | None, cutoff: float) -> list[CheckRow]:
    standard, topic = "WWC 5.0", _("reversibility and baseline trend")
    if not any(s.value(m.key) is not None for c in study.cases for s in c.sessions for m in study.measures_of(c)):
        return [CheckRow(standard, "screens", topic, "not computable", _("no value yet"))]
    found = wwc5_screens(study, measure=measure, case=case, cutoff=cutoff)
    if not found:
        return [CheckRow(standard, "screens", topic, "not computable", _("no baseline"))]
    return [CheckRow(standard, one.screen, f"{one.case}, {one.part}", _passed(one), one.words) for one in found]


def _passed(screen: Screen) -> str:
    return "not computable" if screen.passed is None else "passed" if screen.passed else "not passed"


def _robint(study: Study, measure: str | None) -> list[CheckRow]:
    rows = []
    for row in robint_rows(study, measure=measure):
        open_ = "not computable" if row.applies else "not applicable"
        result = open_ if row.score is None else str(row.score)
        rows.append(CheckRow("RoBiNT 2013", str(row.item), row.topic, result, row.text.removeprefix(f"{_(result)}: ")))
    return rows


def _listed(standard: str, row: ChecklistRow) -> CheckRow:
    return CheckRow(standard, row.item, row.topic, row.status, row.text, row.where)
