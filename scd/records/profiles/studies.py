"""From the tidy form to studies: one for each person, or one of several cases; sessions are days that came."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from scd.language import gettext as _
from scd.records.preview import Problem
from scd.records.profiles.answers import Answers
from scd.records.profiles.days import Period, periods_of
from scd.records.profiles.exports import PROFILES
from scd.records.profiles.phases import phases_by_column, phases_by_start
from scd.records.profiles.sessions import left_out_words, measures_of_settings, period_frame, sessions_of
from scd.records.profiles.settings import ImportSettings, Rule, Taken
from scd.study import Case, Measure, Phase, Study, StudyError, new_code
from scd.study.record import Text

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NewStudies", "studies_from_answers"]


@dataclass(frozen=True, eq=False)
class NewStudies:
    """What an export would become.

    Parameters
    ----------
    studies : tuple of Study
        One a person, or one of all; none while there are problems.
    labels : dict of str to str
        Code to the person's name in the export, for the store alone.
    rows : pandas.DataFrame
        Columns ``person, session, date, measure, value, planned, obstacle, answered, asked``: one row a session and
        measure, persons as *person 1*, *person 2* … in the order of the export.
    notes : tuple of str
        What was assumed, in plain words.
    problems : tuple of Problem
        Everything that is wrong, row by row.
    """

    studies: tuple[Study, ...]
    labels: dict[str, str]
    rows: pd.DataFrame
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def studies_from_answers(
    answers: Answers,
    *,
    settings: ImportSettings,
    person: str | None = None,
    together: bool = False,
    label: str | None = None,
) -> NewStudies:
    """Make studies of an export: one for each person, or one of all of them.

    Parameters
    ----------
    answers : Answers
        The export in its tidy form.
    settings : ImportSettings
        Measures, rules, phases.
    person : str, optional
        Take only this one.
    together : bool
        One multiple baseline across clients, on one calendar, instead of a study for each.
    label : str, optional
        The clinic's name for the study, where there is one study.

    Returns
    -------
    NewStudies
        With codes that say nothing of anybody.

    Raises
    ------
    StudyError
        When the settings don't fit the export, no phases are told, or there is no such person.

    Examples
    --------
    >>> from scd.records.profiles import PhaseStart, Taken, read_export
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> starts = (PhaseStart(label="A1", start=dt.date(2026, 1, 5)), PhaseStart(label="B1", start=dt.date(2026, 1, 7)))
    >>> taken = (Taken(key="mood", item="mood", measure=mood),)
    >>> settings = ImportSettings(profile="ema", measures=taken, phases=starts)
    >>> text = "person,time,item,value\\nN,2026-01-05 09:00,mood,4\\nN,2026-01-05 20:00,mood,5\\nN,2026-01-08,mood,7\\n"
    >>> made = studies_from_answers(read_export(text, name="a.csv", settings=settings), settings=settings)
    >>> made.studies[0].frame()[["session", "phase", "value"]].values.tolist()
    [[1, 'A1', 4.5], [4, 'B1', 7.0]]
    >>> made.studies[0].cases[0].sessions[0].note
    '2 of 2 prompts answered'
    """
    measures = measures_of_settings(settings)
    answers = answers if person is None else answers.of(person)
    _check_names(answers)
    periods, notes, problems = periods_of(answers, settings=settings, measures=measures)
    persons = list(dict.fromkeys(p.person for p in sorted(periods, key=lambda p: p.row)))
    rows: list[tuple[str, int, Period]] = []
    cases: list[Case] = []
    labels: dict[str, str] = {}
    common = _first_day(periods, settings) if together else None
    for who in persons:
        mine = [p for p in periods if p.person == who]
        first = common or _first_day(mine, settings)
        number, left_out = _numbering(mine, settings, first)
        if left_out:
            notes.append(left_out_words(left_out, first))
        numbered = [(n, p) for p in mine if (n := number(p)) >= 1]
        rows += [(f"person {persons.index(who) + 1}", n, p) for n, p in numbered]
        if problems or not numbered:
            continue
        phases, said = _phases(numbered, settings, first, answers.name)
        notes += [note for note in said if note not in notes]
        code = new_code(set(labels))
        labels[code] = who
        kept = [(n, p) for n, p in numbered if n >= phases[0].start]
        sessions = sessions_of(kept, measures)
        cases.append(Case(code=code, phases=phases).record(*sessions))
    if settings.phases == () and not settings.phase_column and settings.start is None and not problems:
        notes.append("session 1 is the first day with a prompt")
    told = tuple(m.replace(source=_source(m, t, settings, answers)) for t, m in _pairs(settings, measures))
    studies = tuple(_studies(cases, told, together=together, label=label, labels=labels)) if not problems else ()
    frame = period_frame([(n, p) for _w, n, p in rows], persons=[w for w, _n, _p in rows])
    return NewStudies(studies, labels, frame, (*answers.notes, *notes), tuple(problems))


def _check_names(answers: Answers) -> None:
    """Refuse names that the store can't keep, before anything is stored."""
    name = TypeAdapter(Text)
    for person in answers.persons:
        try:
            name.validate_python(person)
        except ValidationError:
            raise StudyError(
                f"{answers.name}: tells persons apart by texts of more than 300 signs, or with control characters; "
                "choose another column, as in --column person=NAME",
                field="person",
            ) from None


def _pairs(settings: ImportSettings, measures: dict[str, Measure]) -> list[tuple[Taken, Measure]]:
    return [(taken, measures[taken.key]) for taken in settings.measures]


def _first_day(periods: Sequence[Period], settings: ImportSettings) -> dt.date | None:
    starts = [p.start for p in settings.phases if isinstance(p.start, dt.date)]
    first = settings.start or (starts[0] if starts else None)
    days = [p.day for p in periods if p.day is not None]
    return (first or min(days)) if days else None


def _numbering(
    periods: Sequence[Period], settings: ImportSettings, first: dt.date | None
) -> tuple[Callable[[Period], int], int]:
    """What tells the session of a period, and how many periods lie before session 1."""
    step = 7 if settings.every == "week" else 1

    def number(period: Period) -> int:
        if period.session is not None:
            return period.session
        assert period.day is not None
        assert first is not None
        return (period.day - first).days // step + 1

    return number, sum(number(p) < 1 for p in periods)


def _phases(
    numbered: Sequence[tuple[int, Period]], settings: ImportSettings, first: dt.date | None, name: str
) -> tuple[tuple[Phase, ...], list[str]]:
    if settings.phases:
        phases = phases_by_start(settings, first=first)
        early = sum(n < phases[0].start for n, _p in numbered)
        return phases, [f"{early} values before {phases[0].label} are left out"] if early else []
    return phases_by_column(numbered, conditions=settings.conditions, name=name)


def _studies(
    cases: Sequence[Case], measures: tuple[Measure, ...], *, together: bool, label: str | None, labels: dict[str, str]
) -> list[Study]:
    if together and len(cases) > 1:
        ordered = sorted(cases, key=lambda c: c.phases[1].start if len(c.phases) > 1 else 100_001)
        code = new_code(set(labels))
        if label:
            labels[code] = label
        return [Study(code=code, design="multiple-baseline", across="clients", measures=measures, cases=tuple(ordered))]
    studies = []
    for case in cases:
        code = case.code
        if label and len(cases) == 1:  # the person's name in the export stays with the case: the next import needs it
            code = new_code(set(labels))
            labels[code] = label
        studies.append(Study(code=code, design="reversal", measures=measures, cases=(case,)))
    return studies


def _source(measure: Measure, taken: Taken, settings: ImportSettings, answers: Answers) -> str:
    """How the measure's values came about, after what was known of it."""
    if settings.every == "week":
        how = _("one value a week, {rule}, of the item {item} in a {profile} export")
    else:
        how = _("one value a day, {rule}, of the item {item} in a {profile} export; a day begins at {time}")
    told = how.format(
        rule=_rule_words(taken.daily or settings.daily),
        item=taken.item,
        profile=PROFILES[answers.profile][0],
        time=f"{settings.day_starts:%H:%M}",
    )
    return "; ".join(part for part in (measure.source, told) if part)[:300]


def _rule_words(rule: Rule) -> str:
    return {
        "mean": _("the mean of the answers"),
        "median": _("the median of the answers"),
        "first": _("the first answer"),
        "last": _("the last answer"),
        "min": _("the lowest answer"),
        "max": _("the highest answer"),
        "sum": _("the sum of the answers"),
        "count": _("the number of answers"),
    }[rule]
