"""The dual criterion for every contrast of a study, its words, and the rule over the tiers of a multiple baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from scd.analysis.overlap.phase_pairs import phase_pairs
from scd.analysis.visual.dual_criterion import CriterionRule, DualCriterion, dual_criterion
from scd.analysis.visual.trend_lines import TrendName
from scd.language import gettext as _
from scd.study import Study

__all__ = ["criterion_words", "dual_criteria"]

_TIERS = 2, 3  # so many of so many are enough


def dual_criteria(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    conservative: bool = True,
    rule: CriterionRule = "binomial",
    trend: TrendName = "least squares",
    ddof: Literal[0, 1] = 1,
) -> tuple[DualCriterion, ...]:
    """The criterion for each baseline and the intervention that follows it.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the measure; by default each case's first outcome.
    case : str, optional
        Only this case.
    conservative, rule, trend, ddof
        As in `dual_criterion`.

    Returns
    -------
    tuple of DualCriterion
        In order of cases and time. Pooled contrasts (``A-B``) have no trend line and are left out.

    Raises
    ------
    StudyError
        When nothing can be compared.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=4))
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([4, 5, 4, 7, 8], 1)]
    >>> case = Case(code="K7M2", phases=phases).record(*rows)
    >>> found = dual_criteria(Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,)))
    >>> [(one.contrast, one.met, one.beyond) for one in found]
    [('A1-B1', False, 2)]
    """
    pairs, _ = phase_pairs(study, measure=measure, case=case)
    found = []
    for pair in pairs:
        if not pair.contrast[1:2].isdigit():
            continue
        before = ~pair.treated
        one = dual_criterion(
            pair.values[before].tolist(),
            pair.values[pair.treated].tolist(),
            improvement=pair.measure.improvement,
            sessions=(pair.sessions[before].tolist(), pair.sessions[pair.treated].tolist()),
            conservative=conservative,
            rule=rule,
            trend=trend,
            ddof=ddof,
        )
        found.append(replace(one, case=pair.case, contrast=pair.contrast))
    return tuple(found)


def criterion_words(study: Study, found: Sequence[DualCriterion]) -> tuple[str, ...]:
    """The criteria in sentences; they accompany a verdict and are none.

    Parameters
    ----------
    study : Study
        The study, which knows whether its cases are tiers of a multiple baseline.
    found : sequence of DualCriterion
        From `dual_criteria`.

    Returns
    -------
    tuple of str
        One a contrast, and for three tiers or more the rule over tiers.

    References
    ----------
    Lanovaz and Turgeon (2020), doi:10.1007/s40614-020-00263-x.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", sessions=5, code="K7M2")
    >>> one = dual_criterion([4, 5, 4, 4], [7, 8, 7, 9, 8], improvement="increase")
    >>> print(criterion_words(study, [one])[0])
    5 of 5 values lie beyond both lines of the baseline; by the exact binomial rule 5 are needed: the conservative \
dual criterion is met.
    """
    several = len({one.case for one in found}) > 1
    told = [_one_words(one, several=several) for one in found]
    tiers = {one.case: one.met for one in found if one.contrast.startswith("A1")}
    least, most = _TIERS
    if study.design == "multiple-baseline" and len(tiers) >= most:
        met = sum(verdict is True for verdict in tiers.values())
        told.append(
            _(
                "It is met in {met} of {tiers} tiers. From three tiers on, a clear change in two of them keeps false "
                "alarms below 5 % with power above 80 %, and asking for all of them misses too many (Lanovaz and "
                "Turgeon 2020, who simulated the form that is not conservative)."
            ).format(met=met, tiers=len(tiers))
            + " "
            + (_("Two or more tiers show it here.") if met >= least else _("Fewer than two tiers show it here."))
        )
    return tuple(told)


def _one_words(one: DualCriterion, *, several: bool) -> str:
    name = _("the conservative dual criterion") if one.conservative else _("the dual criterion")
    where = ", ".join(part for part in (one.case if several else "", one.contrast) if part)
    head = f"{where}: " if where else ""
    if one.met is None:
        return head + _("{name} can't be told: {note}.").format(name=name, note=one.note)
    told = _("{beyond} of {values} values lie beyond both lines of the baseline;").format(
        beyond=one.beyond, values=one.values
    )
    if one.needed is None:
        return f"{head}{told} " + _("{name} is not met: {note}.").format(name=name, note=one.note)
    by = _("the exact binomial rule") if one.rule == "binomial" else _("the table of Fisher and others (2003)")
    verdict = (
        _("by {rule} {needed} are needed: {name} is met{end}.")
        if one.met
        else _("by {rule} {needed} are needed: {name} is not met{end}.")
    )
    end = f" ({one.note})" if one.note else ""
    return f"{head}{told} " + verdict.format(rule=by, needed=one.needed, name=name, end=end)
