"""The weekly update: an export's days for a study that is on record, for the person that it was imported for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scd.design.dating import first_day, number_dates
from scd.records.preview import Problem
from scd.records.profiles.answers import Answers
from scd.records.profiles.days import periods_of
from scd.records.profiles.sessions import left_out_words, measures_of_settings, period_frame, sessions_of
from scd.records.profiles.settings import ImportSettings
from scd.study import Session, Study, StudyError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["NewSessions", "person_of", "sessions_from_answers"]


@dataclass(frozen=True, eq=False)
class NewSessions:
    """What an export holds for one case.

    Parameters
    ----------
    sessions : tuple of Session
        In order; none while there are problems.
    rows : pandas.DataFrame
        As in `scd.records.profiles.studies.NewStudies`, with the case's code for the person.
    notes : tuple of str
        What was assumed, in plain words.
    problems : tuple of Problem
        Everything that is wrong, row by row.
    """

    sessions: tuple[Session, ...]
    rows: pd.DataFrame
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]


def person_of(answers: Answers, *, case: str, labels: Mapping[str, str], person: str | None = None) -> str:
    """Whose answers belong to a case: those of the person whose name the store keeps with its code.

    Parameters
    ----------
    answers : Answers
        The export.
    case : str
        The case's code.
    labels : mapping of str to str
        The store's names by code.
    person : str, optional
        Who it is, where the store has another name for the case; the caller answers for it.

    Returns
    -------
    str
        As in the export.

    Raises
    ------
    StudyError
        When the export holds nothing of that person. The message names nobody: it may end up in a log.

    Examples
    --------
    >>> from scd.records.profiles.answers import Answer
    >>> held = Answers("a.csv", "ema", (Answer(2, "007", None, 1, "mood", "4"),), {})
    >>> person_of(held, case="K7M2AB", labels={"K7M2AB": "007"})
    '007'
    """
    wanted = person if person is not None else labels.get(case)
    if wanted not in answers.persons:
        count = len(answers.persons)
        raise StudyError(
            f"{answers.name}: holds nothing of the person that case '{case}' was imported for (it holds answers of "
            f"{count} {'other' if count == 1 else 'others'}); name the person with --person, once you are sure",
            field="person",
        )
    return str(wanted)


def sessions_from_answers(
    answers: Answers, *, settings: ImportSettings, study: Study, case: str, person: str
) -> NewSessions:
    """The sessions of one person for a case on record.

    Parameters
    ----------
    answers : Answers
        The export.
    settings : ImportSettings
        Which item is which measure of the study, and the rules. Phases are the study's own.
    study : Study
        As it is on record.
    case : str
        The case's code.
    person : str
        Whose answers they are, as in the export.

    Returns
    -------
    NewSessions
        Numbered in step with the sessions on record; days before session 1 are left out.

    Raises
    ------
    StudyError
        When the study has no such measure, or its sessions can't be told from dates.
    """
    held = study.case(case)
    start = first_day(held, every=settings.every) or settings.start
    settings = settings.replace(start=start)
    measures = measures_of_settings(settings, known=study.measures_of(held))
    mine, notes, problems = periods_of(answers.of(person), settings=settings, measures=measures)
    early = [p for p in mine if start is not None and p.day is not None and p.day < start]
    if early:
        notes.append(left_out_words(len(early), start))
        mine = [p for p in mine if p not in early]
    days = [p.day for p in mine if p.day is not None]
    numbers = number_dates(held, days, every=settings.every, start=start) if days else {}
    numbered = [(p.session if p.day is None else numbers[p.day], p) for p in mine]
    placed = [(n, p) for n, p in numbered if n is not None and n >= held.phases[0].start]
    rows = period_frame(placed, persons=[case] * len(placed))
    sessions = sessions_of(placed, measures) if not problems else ()
    return NewSessions(sessions, rows, (*answers.notes, *notes), tuple(problems))
