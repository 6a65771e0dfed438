"""Agreement between observers: how often a second one recorded, and how far the two agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from scd.design.tally import counted_outcome
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.study import Measure, Study, StudyError
from scd.study.record import Record

__all__ = [
    "Agreement",
    "AgreementRule",
    "AgreementStatus",
    "ObservedTwice",
    "cohen_kappa",
    "observer_agreement",
    "percent_agreement",
]

AgreementRule = Literal["exact", "interval", "total"]
AgreementStatus = Literal["met", "not met", "not recorded", "not applicable"]

LEAST_COVERAGE, LEAST_AGREEMENT, LEAST_KAPPA = 0.20, 0.80, 0.60
_ROUNDING = 1e-9
_RATIOS = ("count", "rate", "duration", "proportion", "percentage")
_NOT_ASKED = {
    "self": N_("the client reports it (self-report), so there is no second observer to agree with"),
    "device": N_("a device records it, so there is no second observer to agree with"),
}


class ObservedTwice(Record):
    """The values of one case in one phase, or under one condition, that two observers recorded.

    Parameters
    ----------
    case, part : str
        The case, and the phase's label (``A1``) or the condition (``A``).
    values, doubled : int
        How many values there are, and how many of them a second observer recorded as well.
    agreement : float, optional
        Percent agreement as a share, 0 to 1; None where nothing was recorded twice.
    kappa : float, optional
        Cohen's kappa; None where it is not defined or does not suit the scale.
    """

    case: str
    part: str
    values: int
    doubled: int
    agreement: float | None = None
    kappa: float | None = None

    @property
    def coverage(self) -> float:
        """The share of values that were recorded twice; 0 where there are no values."""
        return self.doubled / self.values if self.values else 0.0


class Agreement(Record):
    """What a study's record tells about the agreement between observers.

    Parameters
    ----------
    status : {"met", "not met", "not recorded", "not applicable"}
        Against the What Works Clearinghouse's minima: in every phase, on 20 % of the values of each condition, 80 %
        agreement or a kappa of .60. ``not applicable`` where the client or a device reports the measure; it is never
        counted as met.
    rules : tuple of (measure label, rule)
        How percent agreement was computed.
    phases, conditions : tuple of ObservedTwice
        The numbers behind it.
    reasons : tuple of str
        What is missing, or why it does not apply.
    """

    status: AgreementStatus
    rules: tuple[tuple[str, AgreementRule], ...]
    phases: tuple[ObservedTwice, ...]
    conditions: tuple[ObservedTwice, ...]
    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        """The result in one sentence."""
        if self.status == "met":
            least = min(c.agreement for c in self.conditions if c.agreement is not None)
            covered = min(c.coverage for c in self.conditions if c.doubled)
            return _(
                "agreement between observers: at least {least} % in every condition, on at least {covered} % of the "
                "values"
            ).format(least=f"{100 * least:.0f}", covered=f"{100 * covered:.0f}")
        head = {
            "not met": _("agreement between observers is too low or too seldom checked"),
            "not recorded": _("agreement between observers"),
            "not applicable": _("inter-observer agreement not applicable"),
        }[self.status]
        return f"{head}: {'; '.join(self.reasons)}"


def percent_agreement(pairs: Sequence[tuple[float, float]], *, rule: AgreementRule) -> float:
    """Percent agreement of two observers, as a share.

    ``exact``: the share of sessions in which both recorded the same. ``interval``: the smaller number over the larger
    one, session by session (1 where both are 0), averaged. ``total``: the smaller total over the larger total; it hides
    disagreements that cancel out, so it is never the default.

    Parameters
    ----------
    pairs : sequence of (float, float)
        The two observers' numbers, one pair a session.
    rule : {"exact", "interval", "total"}
        ``interval`` and ``total`` need numbers from 0.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    StudyError
        When there is no pair, or a number is negative where it may not be.

    References
    ----------
    Cooper, Heron and Heward (2020), Applied Behavior Analysis, chapter 5. Reed and Azulay (2011),
    doi:10.1007/BF03391783.

    Examples
    --------
    >>> pairs = [(4, 5), (10, 10), (6, 3)]
    >>> [round(percent_agreement(pairs, rule=rule), 3) for rule in ("exact", "interval", "total")]
    [0.333, 0.767, 0.9]
    """
    if not pairs:
        raise StudyError("agreement: needs at least 1 session that two observers recorded (got 0)", field="second")
    if rule == "exact":
        return sum(one == other for one, other in pairs) / len(pairs)
    if any(number < 0 for pair in pairs for number in pair):
        raise StudyError(f"agreement: the rule '{rule}' needs numbers from 0; use 'exact'", field="rule")
    if rule == "total":
        pairs = [(sum(one for one, _ in pairs), sum(other for _, other in pairs))]
    elif rule != "interval":
        raise StudyError(f"agreement: rule must be exact, interval or total (got {rule!r})", field="rule")
    return sum(1.0 if one == other else min(one, other) / max(one, other) for one, other in pairs) / len(pairs)


def cohen_kappa(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Agreement beyond chance: observed less expected agreement, over 1 less expected agreement.

    Expected is the agreement of two observers who use every category as often as these, independently.

    Parameters
    ----------
    pairs : sequence of (float, float)
        The two observers' categories, one pair a session.

    Returns
    -------
    float or None
        At most 1; None without pairs, and where both used one and the same category only.

    References
    ----------
    Cohen (1960), doi:10.1177/001316446002000104.

    Examples
    --------
    >>> round(cohen_kappa([(1, 1)] * 20 + [(1, 0)] * 5 + [(0, 1)] * 10 + [(0, 0)] * 15), 6)
    0.4
    """
    if not pairs:
        return None
    number = len(pairs)
    first, second = Counter(one for one, _ in pairs), Counter(other for _, other in pairs)
    expected = sum(first[category] * second[category] for category in first)
    if expected == number**2:
        return None
    same = sum(one == other for one, other in pairs)
    return (same * number - expected) / (number**2 - expected)


def observer_agreement(study: Study, *, measure: str | None = None, rule: AgreementRule | None = None) -> Agreement:
    """How far a second observer's values agree with the record, and whether that is enough.

    Parameters
    ----------
    study : Study
        The study; second observers' values stand in `Value.second`.
    measure : str, optional
        Key of the measure, where a case has it; by default each case's first outcome.
    rule : {"exact", "interval", "total"}, optional
        See `percent_agreement`. By default ``interval`` for counts, rates, durations, proportions and percentages, and
        ``exact`` for scores and ratings. Kappa is computed for ratings, and where all numbers are 0 or 1.

    Returns
    -------
    Agreement
        A phase that has no value yet is not asked for.

    Raises
    ------
    StudyError
        When the study has no such measure.

    References
    ----------
    What Works Clearinghouse (2020), Standards Handbook, version 4.1.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", reporter="self")
    >>> print(observer_agreement(reversal(measures=[mood], phases="AB", sessions=3, code="K7M2")).words)
    inter-observer agreement not applicable: 'Mood': the client reports it (self-report), so there is no second \
observer to agree with
    """
    if measure is not None:
        study.measure(measure)
    phases: list[ObservedTwice] = []
    conditions: list[ObservedTwice] = []
    found: dict[AgreementStatus, list[str]] = {}
    rules: dict[str, AgreementRule] = {}
    for case in study.cases:
        outcome = counted_outcome(study, case=case.code, measure=measure)
        if outcome is None:
            found.setdefault("not recorded", []).append(_("case {code} has no outcome measure").format(code=case.code))
            continue
        held = _held(study, case.code, outcome)
        if not any(other is not None for row in held for _, other in row.values):
            status, why = _without(outcome)
            found.setdefault(status, []).append(why)
            continue
        used = rules.setdefault(outcome.label, rule or ("interval" if outcome.scale in _RATIOS else "exact"))
        own = [_twice(case.code, row.part, row.values, outcome, used) for row in held if row.values]
        letters = dict.fromkeys(row.part[0] for row in held if row.values)
        joint = [
            _twice(case.code, x, [v for row in held if row.part[0] == x for v in row.values], outcome, used)
            for x in letters
        ]
        phases, conditions = phases + own, conditions + joint
        faults = _faults(own, joint)
        found.setdefault("not met" if faults else "met", []).extend(faults)
    order: tuple[AgreementStatus, ...] = ("not met", "not recorded", "met", "not applicable")
    status = next(one for one in order if one in found)
    return Agreement(
        status=status,
        rules=tuple(rules.items()),
        phases=tuple(phases),
        conditions=tuple(conditions),
        reasons=tuple(dict.fromkeys(why for one in order if one != "met" for why in found.get(one, ()))),
    )


class _Row(NamedTuple):
    part: str
    values: list[tuple[float, float | None]]


def _held(study: Study, code: str, measure: Measure) -> list[_Row]:
    """The values of each phase with what the second observer recorded."""
    case = study.case(code)
    rows = {p.label: _Row(p.label, []) for p in case.phases}
    for session in case.sessions:
        for entry in session.values:
            if entry.measure == measure.key and entry.value is not None:
                rows[case.phase_at(session.number).label].values.append((entry.value, entry.second))
    return list(rows.values())


def _without(measure: Measure) -> tuple[AgreementStatus, str]:
    if measure.reporter in _NOT_ASKED:
        return "not applicable", f"'{measure.label}': {_(_NOT_ASKED[measure.reporter])}"
    told = (
        _("the record holds no second observer's values")
        if measure.reporter
        else _("the record holds no second observer's values, and does not say who reports '{label}'")
    ).format(label=measure.label)
    return "not recorded", told


def _twice(
    case: str, part: str, values: Sequence[tuple[float, float | None]], measure: Measure, rule: AgreementRule
) -> ObservedTwice:
    pairs = [(one, other) for one, other in values if other is not None]
    categories = measure.scale == "rating" or {number for pair in pairs for number in pair} <= {0, 1}
    return ObservedTwice(
        case=case,
        part=part,
        values=len(values),
        doubled=len(pairs),
        agreement=percent_agreement(pairs, rule=rule) if pairs else None,
        kappa=cohen_kappa(pairs) if categories else None,
    )


def _faults(phases: Sequence[ObservedTwice], conditions: Sequence[ObservedTwice]) -> list[str]:
    faults = [
        _("phase {part} of case {case} has no value of a second observer").format(part=p.part, case=p.case)
        for p in phases
        if not p.doubled
    ]
    for one in conditions:
        where = _("condition {part} of case {case}").format(part=one.part, case=one.case)
        if one.doubled and one.coverage < LEAST_COVERAGE - _ROUNDING:
            faults.append(
                _("{where}: a second observer recorded {doubled} of {values} values; 20 % are needed").format(
                    where=where, doubled=one.doubled, values=one.values
                )
            )
        agreed = (one.agreement or 0) >= LEAST_AGREEMENT - _ROUNDING or (
            one.kappa is not None and one.kappa >= LEAST_KAPPA - _ROUNDING
        )
        if one.doubled and not agreed:
            also = "" if one.kappa is None else _(" (kappa {kappa})").format(kappa=localized(f"{one.kappa:.2f}"))
            faults.append(
                _("{where}: the observers agree by {value} %{also}; 80 % or a kappa of .60 are needed").format(
                    where=where, value=localized(f"{100 * (one.agreement or 0):.0f}"), also=also
                )
            )
    return faults
