"""What a record says without a model, put together for a report: indices, the test of the draw, spread of cases."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from scd.analysis.overlap.index_guidance import IndexGuidance, index_guidance
from scd.language import gettext as _
from scd.study import StudyError
from scd.study.record import Record

if TYPE_CHECKING:
    from scd.analysis.between_case.effect_size import BetweenCase
    from scd.study import Study

__all__ = ["BetweenFound", "DrawTest", "DrawTestRow", "Findings", "IndexRow", "StandardRow", "VisualRow", "findings_of"]

_FEWEST_CASES = 3


class VisualRow(Record):
    """One quantity of a visual analysis; see `scd.analysis.visual.table.visual_table`."""

    case: str
    measure: str
    part: str
    aspect: str
    quantity: str
    value: float | None
    note: str


class IndexRow(Record):
    """One index of one contrast; see `scd.analysis.overlap.overlap_table.overlap_table`."""

    case: str
    contrast: str | None
    index: str
    value: float | None
    se: float | None
    lower: float | None
    upper: float | None
    note: str


class DrawTestRow(Record):
    """The randomisation test of one case, or (None) of all; see `scd.analysis.randomization_test.testing`."""

    case: str | None
    p: float | None
    statistic: float | None
    assignments: int | None
    exact: bool | None
    lower: float | None
    upper: float | None
    smallest_p: float | None


class DrawTest(Record):
    """The randomisation test that the stored draw allows.

    Parameters
    ----------
    rows : tuple of DrawTestRow
        Empty where the test was refused.
    text : tuple of str
        The result in sentences, or why there is none.
    warnings : tuple of str
    """

    rows: tuple[DrawTestRow, ...]
    text: tuple[str, ...]
    warnings: tuple[str, ...] = ()


class StandardRow(Record):
    """One row of a standard; see `scd.analysis.standards_check.CheckRow`."""

    standard: str
    item: str
    topic: str
    result: str
    text: str
    where: str


class BetweenFound(Record):
    """The between-case effect size, by the method that has its own restricted likelihood and by moments.

    Parameters
    ----------
    method : {"hps", "reml"}
    g, lower, upper, df : float
    phi : float or None
    rho : float
    cases : int
    warnings : tuple of str
    """

    method: str
    g: float
    lower: float
    upper: float
    df: float
    phi: float | None
    rho: float
    cases: int
    warnings: tuple[str, ...]


class Findings(Record):
    """What one outcome of a study says without a model.

    Parameters
    ----------
    measure : str
        The outcome's key.
    visual : tuple of VisualRow
        Empty where nothing is recorded.
    visual_words : tuple of str
        What stands in no short table: how alike like phases are, and the dual criterion.
    indices : tuple of IndexRow
    guidance : tuple of IndexGuidance
        Which of them to read, and why not the others.
    unread : str
        Why there are no indices; else empty.
    draw_test : DrawTest or None
        None where no start was drawn at random.
    between : tuple of BetweenFound
        Empty with fewer than three cases, or where they are not different people.
    between_words : str
        Why there is none of several cases; else empty.
    standards : tuple of StandardRow
        The design and the record against the field's standards.
    standards_words : tuple of str
        A sentence a standard.
    """

    measure: str
    visual: tuple[VisualRow, ...] = ()
    visual_words: tuple[str, ...] = ()
    indices: tuple[IndexRow, ...] = ()
    guidance: tuple[IndexGuidance, ...] = ()
    unread: str = ""
    draw_test: DrawTest | None = None
    between: tuple[BetweenFound, ...] = ()
    between_words: str = ""
    standards: tuple[StandardRow, ...] = ()
    standards_words: tuple[str, ...] = ()


def findings_of(study: Study, *, measure: str | None = None) -> Findings:
    """Gather what a record says without a model.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the outcome; by default the first.

    Returns
    -------
    Findings
        What can't be told yet stands there in words: too little for an index stops nothing else.

    Examples
    --------
    >>> from scd.records.opening import open_series
    >>> rows = "".join(f"{i},{'A' if i < 6 else 'B'},{v}\\n" for i, v in enumerate([2, 3, 2, 3, 2, 5, 6, 5, 6, 6], 1))
    >>> study = open_series(f"session,phase,score\\n{rows}".encode(), name="k.csv", improvement="increase").study
    >>> found = findings_of(study)
    >>> found.guidance[0].read, found.draw_test is None, found.between
    (('NAP', 'SMD'), True, ())
    """
    chosen = study.measure(measure) if measure else (study.outcomes or study.measures)[0]
    found = Findings(measure=chosen.key)
    own = None if _each_its_own(study) else chosen.key
    found = _with_indices(_seen(found, study, own), study, own)
    if study.randomization is not None:
        found = found.replace(draw_test=_draw_test(study, chosen.key))
    if len(study.cases) >= _FEWEST_CASES and study.across not in ("behaviours", "settings"):
        found = _with_between(found, study, chosen.key)
    return _with_standards(found, study, own)


def _seen(found: Findings, study: Study, measure: str | None) -> Findings:
    from scd.analysis.visual.dual_criteria import criterion_words, dual_criteria
    from scd.analysis.visual.table import like_phase_words, visual_table

    try:
        rows = visual_table(study, measure=measure).to_dict("records")
    except StudyError:
        return found
    # The sentences on phases and changes say what the short table shows; those on like phases stand in none.
    said = list(like_phase_words(study, measure=measure))
    try:
        said += criterion_words(study, dual_criteria(study, measure=measure))
    except StudyError as error:
        said.append(_("The dual criterion can't be told yet: {message}").format(message=error.message))
    return found.replace(visual=tuple(VisualRow(**_finite(row)) for row in rows), visual_words=tuple(said))


def _with_indices(found: Findings, study: Study, measure: str | None) -> Findings:
    from scd.analysis.overlap.overlap_table import overlap_table

    try:
        table = overlap_table(study, measure=measure)
        guidance = index_guidance(study, measure=measure)
    except StudyError as error:
        return found.replace(unread=error.message)
    rows = tuple(IndexRow(**_finite(row)) for row in table.to_dict("records"))
    return found.replace(indices=rows, guidance=guidance)


def _draw_test(study: Study, measure: str) -> DrawTest:
    from scd.analysis.randomization_test.testing import randomization_test

    try:
        told = randomization_test(study, measure=measure).document()
    except StudyError as error:
        return DrawTest(rows=(), text=(_("The draw gives no test here: {message}").format(message=error.message),))
    rows = tuple(DrawTestRow(**_finite(row)) for row in told["rows"])
    return DrawTest(rows=rows, text=tuple(told["text"]), warnings=tuple(told["warnings"]))


def _with_between(found: Findings, study: Study, measure: str) -> Findings:
    from scd.analysis.between_case.effect_size import between_case

    told, said = [], ""
    for method in ("hps", "reml"):
        try:
            told.append(_between(between_case(study, measure=measure, method=method)))
        except StudyError as error:
            said = error.message
    return found.replace(between=tuple(told), between_words="" if told else said)


def _with_standards(found: Findings, study: Study, measure: str | None) -> Findings:
    from scd.analysis.standards_check import check_standards, check_words

    rows = check_standards(study, measure=measure)
    held = tuple(StandardRow(**asdict(row)) for row in rows)
    return found.replace(standards=held, standards_words=check_words(rows))


def _between(found: BetweenCase) -> BetweenFound:
    names = ("method", "g", "lower", "upper", "df", "phi", "rho", "cases", "warnings")
    return BetweenFound(**{name: getattr(found, name) for name in names})


def _each_its_own(study: Study) -> bool:
    """Whether the tiers of a multiple baseline have measures of their own."""
    return any(case.measures for case in study.cases)


def _finite(row: dict) -> dict:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
