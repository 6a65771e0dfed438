"""The phases of an import: told by dates, by session numbers, or by a column of the export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from scd.records.notation import number_phases, phase_of
from scd.records.profiles.days import Period
from scd.records.profiles.settings import ImportSettings
from scd.study import Phase, StudyError

__all__ = ["phases_by_column", "phases_by_start"]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def phases_by_start(settings: ImportSettings, *, first: dt.date | None) -> tuple[Phase, ...]:
    """The phases as the settings give them.

    Parameters
    ----------
    settings : ImportSettings
        With phases.
    first : datetime.date, optional
        The day of session 1, where phases are given by dates.

    Returns
    -------
    tuple of Phase
        Planned; that they have begun is told by the sessions.

    Raises
    ------
    StudyError
        When a phase starts before session 1 or amid a week, or dates can't be told from sessions.

    Examples
    --------
    >>> from scd.records.profiles.settings import PhaseStart
    >>> starts = (PhaseStart(label="A1", start=dt.date(2026, 1, 5)), PhaseStart(label="B1", start=dt.date(2026, 1, 26)))
    >>> [p.planned_start for p in phases_by_start(ImportSettings(phases=starts), first=dt.date(2026, 1, 5))]
    [1, 22]
    """
    phases = []
    for told in settings.phases:
        start = told.start
        if isinstance(start, dt.date):
            if first is None:
                raise StudyError(
                    f"phase '{told.label}': starts on a date, and the export tells no dates; give the number of its "
                    "first session",
                    field="phases",
                )
            days = (start - first).days
            if days < 0:
                raise StudyError(f"phase '{told.label}': {start} lies before session 1, which is on {first}")
            if settings.every == "week" and days % 7:
                raise StudyError(
                    f"phase '{told.label}': {start} lies amid a week that begins on {first:%A}; a session is a week "
                    "here, so let phases begin with one",
                    field="phases",
                )
            start = days // (7 if settings.every == "week" else 1) + 1
        phases.append(Phase(label=told.label, planned_start=start))
    return tuple(phases)


def phases_by_column(
    periods: Sequence[tuple[int, Period]], *, conditions: Mapping[str, str], name: str
) -> tuple[tuple[Phase, ...], list[str]]:
    """The phases as a column of the export tells them, along the sessions.

    Parameters
    ----------
    periods : sequence of (int, Period)
        Session number and what was told at it.
    conditions : mapping of str to str
        What stands in the column, and the letter it means. Without any, what reads as a phase is one (``A``, ``B2``,
        ``baseline``), and other conditions are the next letters in the order in which they come.
    name : str
        What the export is called in messages.

    Returns
    -------
    phases : tuple of Phase
        A run of one condition each.
    notes : list of str
        What was assumed.

    Raises
    ------
    StudyError
        When a condition has no letter, phases are out of order, or none is told.

    Examples
    --------
    >>> from scd.records.profiles.counts import Count
    >>> told = enumerate(("Baseline", "Tea"), 1)
    >>> tea = [(n, Period("7", None, n, "mood", 4.0, None, "", Count(1, 1), n, c)) for n, c in told]
    >>> phases, notes = phases_by_column(tea, conditions={}, name="measurements.csv")
    >>> [(p.label, p.planned_start) for p in phases], notes
    ([('A1', 1), ('B1', 2)], ["phases: 'Baseline' is A, 'Tea' is B"])
    """
    told: dict[int, str] = {}
    mixed = set()
    for number, period in sorted(periods, key=lambda pair: (pair[0], pair[1].row)):
        if period.condition and told.setdefault(number, period.condition) != period.condition:
            mixed.add(number)
    if not told:
        raise StudyError(
            f"{name}: tells no phases; say when they began, as in --phase A1:2026-01-05 --phase B1:2026-01-26, or "
            "which column tells them",
            field="phase",
        )
    letters = _letters(list(dict.fromkeys(told[n] for n in sorted(told))), conditions, name)
    numbers = sorted(told)
    labels = number_phases([letters[told[n]] for n in numbers])
    wrong = next((said for _, said in labels if said), "")
    if wrong:
        raise StudyError(f"{name}: {wrong}", field="phase")
    starts: dict[str, int] = {}
    for number, (label, _) in zip(numbers, labels, strict=True):
        starts.setdefault(label, number)
    first = min(number for number, _ in periods)
    phases = [Phase(label=label, planned_start=start) for label, start in starts.items()]
    phases[0] = phases[0].replace(planned_start=first)  # what was answered before anything was told belongs to it
    notes = ["phases: " + ", ".join(f"'{text}' is {letter}" for text, (letter, _) in letters.items())]
    if mixed:
        notes.append(f"{len(mixed)} sessions hold answers under two conditions: the first one counts")
    return tuple(phases), notes


def _letters(texts: Sequence[str], conditions: Mapping[str, str], name: str) -> dict[str, tuple[str, int | None]]:
    """The letter of each condition, in the order in which they come."""
    if conditions:
        lacking = [text for text in texts if text not in conditions]
        if lacking:
            raise StudyError(
                f"{name}: the condition '{lacking[0]}' has no letter (settings name "
                f"{', '.join(repr(c) for c in conditions)}); add it under [conditions]",
                field="conditions",
            )
        return {text: (conditions[text], None) for text in texts}
    read = {text: phase_of(text) for text in texts}
    taken = {token[0] for token in read.values() if token}
    free = iter([letter for letter in _LETTERS if letter not in taken])
    letters = {}
    for text in texts:
        token = read[text]
        letters[text] = token if token is not None else (next(free), None)
    return letters
