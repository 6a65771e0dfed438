"""The RoBiNT scale: the items that a study's record can score, and what the others wait for."""

from __future__ import annotations

from typing import Literal, NamedTuple

from scd.design.agreement import observer_agreement
from scd.design.alternation import alternates, repetitions
from scd.design.record_words import data_words, draw_words
from scd.design.tally import PhaseTally, counted_outcome, staggered_tiers, tally_plan, tally_record
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized, ngettext
from scd.study import Study
from scd.study.record import Record

__all__ = ["RobintRow", "robint_rows"]

Score = Literal[0, 1, 2]

_TOPICS = (
    N_("design: chances to demonstrate the effect"),
    N_("randomisation"),
    N_("sampling of behaviour: points in each phase"),
    N_("blinding of client and therapist"),
    N_("blinding of assessors"),
    N_("agreement between observers"),
    N_("treatment adherence"),
    N_("baseline characteristics"),
    N_("setting"),
    N_("outcome, defined"),
    N_("intervention, defined"),
    N_("raw data record"),
    N_("data analysis"),
    N_("replication"),
    N_("generalisation"),
)
_PEOPLE = N_("not computable: a person has to judge it from the manuscript")
_FULL, _SOME = 5, 3


class RobintRow(Record):
    """One item.

    Parameters
    ----------
    item : int
        1 to 15; 1 to 7 are internal validity, 8 to 15 external validity and interpretation.
    topic : str
        In our words.
    score : {0, 1, 2}, optional
        None where the record can't tell, or the item does not apply.
    applies : bool
        False where it does not apply.
    text : str
        Why this score, or what is missing.
    """

    item: int
    topic: str
    score: Score | None = None
    applies: bool = True
    text: str


class _Scored(NamedTuple):
    score: Score | None
    text: str
    applies: bool = True


def robint_rows(study: Study, *, measure: str | None = None) -> tuple[RobintRow, ...]:
    """All 15 items: 1, 2, 3, 6, 7, 12, 13 and 14 scored from the record where it holds enough, the others left open.

    Our reading of the anchors, 2 / 1 / 0 (check them against the manual before you publish a score):

    - 1: three / two / fewer chances to demonstrate the effect; by the plan until data are there;
    - 2: drawn at random and followed / drawn and departed from / not drawn;
    - 3: at least 5 / 3 or 4 / fewer points in every phase;
    - 6: the agreement that the What Works Clearinghouse asks for / 80 % where it was checked, but too seldom / less;
    - 7: an observer rates adherence in 20 % of the intervention sessions, 80 % on average / one of the two / neither;
    - 12: every session on record with its value or as missed / some numbers without any entry;
    - 13: values under both conditions, on which the report's visual analysis and models rest / - / under one only;
    - 14: three or more / one or two / no replications in other cases.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the outcome that is looked at; by default each case's first.

    Returns
    -------
    tuple of RobintRow

    Raises
    ------
    StudyError
        When the study has no such measure.

    References
    ----------
    Tate et al. (2013), doi:10.1080/09602011.2013.824383.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", reporter="self")
    >>> rows = robint_rows(reversal(measures=[mood], phases="ABAB", sessions=5, code="K7M2"))
    >>> [(row.item, row.score) for row in rows if row.score is not None]
    [(1, 2), (2, 0), (3, 2), (14, 0)]
    >>> rows[5].applies, rows[5].text
    (False, "inter-observer agreement not applicable: 'Mood': the client reports it (self-report), so there is no \
second observer to agree with")
    """
    if measure is not None:
        study.measure(measure)
    keys = {}
    for case in study.cases:
        outcome = counted_outcome(study, case=case.code, measure=measure)
        keys[case.code] = None if outcome is None else outcome.key
    recorded = tally_record(study, keys)
    basis = N_("record") if any(p.points for row in recorded for p in row) else N_("plan")
    now = recorded if basis == "record" else tally_plan(study, keys)
    scored = {
        1: _design(study, now, basis),
        2: _randomisation(study),
        3: _sampling(study, now, basis),
        6: _observers(study, measure),
        7: _adherence(study),
        12: _raw_data(study, keys),
        13: _analysis(recorded),
        14: _replication(study),
    }
    rows = []
    for item, topic in enumerate(_TOPICS, start=1):
        found = scored.get(item, _Scored(None, _(_PEOPLE)))
        rows.append(RobintRow(item=item, topic=_(topic), score=found.score, applies=found.applies, text=found.text))
    return tuple(rows)


def _graded(number: float, *, full: float, some: float) -> Score:
    return 2 if number >= full else 1 if number >= some else 0


def _design(study: Study, rows: list[list[PhaseTally]], basis: str) -> _Scored:
    if alternates(study):
        number = min(repetitions(row) for row in rows)
        return _Scored(
            _graded(number, full=_FULL, some=_SOME),
            _("{n} repetitions of the alternation, by {basis}").format(n=number, basis=_(basis)),
        )
    if study.design == "multiple-baseline":
        number = staggered_tiers(rows, least=1)
    else:
        number = min(max(0, sum(p.points > 0 for p in row) - 1) for row in rows)
    chances = ngettext(
        "{n} chance to demonstrate the effect, by {basis}", "{n} chances to demonstrate the effect, by {basis}", number
    ).format(n=number, basis=_(basis))
    return _Scored(_graded(number, full=3, some=2), chances)


def _randomisation(study: Study) -> _Scored:
    drawn = study.randomization
    if drawn is None:
        return _Scored(0, _("nothing was drawn at random, as far as the record knows"))
    departed = [
        f"{case.code}, {p.label}"
        for case, starts in zip(study.cases, drawn.starts, strict=True)
        for p, start in zip(case.phases[1:], starts, strict=False)
        if p.start != start
    ]
    if departed:
        return _Scored(1, _("drawn at random, and departed from ({departed})").format(departed=", ".join(departed)))
    return _Scored(2, draw_words(study))


def _sampling(study: Study, rows: list[list[PhaseTally]], basis: str) -> _Scored:
    if alternates(study):
        points = {
            (row[0].case, letter): sum(p.points for p in row if p.condition == letter)
            for row in rows
            for letter in "AB"
        }
        (case, part), fewest = min(points.items(), key=lambda one: one[1])
        return _Scored(
            _graded(fewest, full=_FULL, some=_SOME),
            _("the fewest points are {fewest}, {case} under {condition}, by {basis}").format(
                fewest=fewest, case=case, condition=part, basis=_(basis)
            ),
        )
    least = min((p for row in rows for p in row), key=lambda p: p.points)
    begun = "" if least.begun else _(" (it has not begun)")
    told = _("the shortest phase is {phase} of {case} with {points} points{begun}, by {basis}").format(
        phase=least.label, case=least.case, points=least.points, begun=begun, basis=_(basis)
    )
    return _Scored(_graded(least.points, full=_FULL, some=_SOME), told)


def _observers(study: Study, measure: str | None) -> _Scored:
    found = observer_agreement(study, measure=measure)
    if found.status == "not applicable":
        return _Scored(None, found.words, applies=False)
    if found.status == "not recorded":
        return _Scored(None, _("not computable: {words}").format(words=found.words))
    if found.status == "met":
        return _Scored(2, found.words)
    checked = [one.agreement for one in found.conditions if one.agreement is not None]
    return _Scored(1 if checked and min(checked) >= 0.8 else 0, found.words)


def _adherence(study: Study) -> _Scored:
    rated = [
        m
        for m in study.measures
        if m.role == "practice" and m.reporter == "observer" and m.scale in ("proportion", "percentage")
    ]
    if not rated:
        return _Scored(
            None,
            _(
                "not computable: the record holds no observer's rating of adherence (a practice measure, "
                "a proportion or percentage, reported by an observer)"
            ),
        )
    measure, values, sessions = rated[0], [], 0
    for case in study.cases:
        for session in case.sessions:
            if case.phase_at(session.number).condition == "A" or session.missed:
                continue
            sessions += 1
            entry = next((v for v in session.values if v.measure == measure.key and v.value is not None), None)
            if entry is not None and entry.value is not None:
                whole = 100 if measure.scale == "percentage" else entry.trials if measure.maximum != 1 else 1
                values.append(entry.value / (whole or 1))
    if not values:
        return _Scored(
            None, _("not computable: no value of '{label}' in an intervention phase yet").format(label=measure.label)
        )
    mean, share = sum(values) / len(values), len(values) / sessions
    score = (mean >= 0.8 - 1e-9) + (share >= 0.2 - 1e-9)
    told = _("'{label}': {mean} % on average, rated in {share} % of intervention sessions").format(
        label=measure.label, mean=localized(f"{100 * mean:.0f}"), share=localized(f"{100 * share:.0f}")
    )
    return _Scored(2 if score == 2 else 1 if score else 0, told)


def _raw_data(study: Study, keys: dict[str, str | None]) -> _Scored:
    data = data_words(study)
    if not data:
        return _Scored(None, _("not computable: nothing is recorded yet"))
    gaps = 0
    for case in study.cases:
        numbers = {s.number for s in case.sessions if keys[case.code] is None or s.due(keys[case.code] or "")}
        gaps += sum(n not in numbers for n in range(min(numbers, default=1), max(numbers, default=0) + 1))
    if gaps:
        return _Scored(
            1,
            ngettext(
                "{data}; {n} session number without any entry", "{data}; {n} session numbers without any entry", gaps
            ).format(data=data, n=gaps),
        )
    return _Scored(2, _("{data}; every session has its value or is marked as missed").format(data=data))


def _analysis(recorded: list[list[PhaseTally]]) -> _Scored:
    under = {p.condition == "A" for row in recorded for p in row if p.points}
    if not under:
        return _Scored(None, _("not computable: nothing is recorded yet"))
    if len(under) < 2:
        return _Scored(0, _("values under one condition only, so there is nothing to compare"))
    return _Scored(2, _("with the report attached: a visual analysis in numbers, and models with their assumptions"))


def _replication(study: Study) -> _Scored:
    number = len(study.cases) - 1
    return _Scored(
        _graded(number, full=3, some=1),
        ngettext("{n} replication in other cases", "{n} replications in other cases", number).format(n=number),
    )
