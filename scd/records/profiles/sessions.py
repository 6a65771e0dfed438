"""What every import of an export needs, into a new study or one on record: its measures and its sessions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scd.records.profiles.counts import count_words
from scd.records.profiles.days import Period
from scd.records.profiles.settings import ImportSettings
from scd.study import Measure, Session, StudyError, Value

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["left_out_words", "measures_of_settings", "period_frame", "sessions_of"]

_COLUMNS = ["person", "session", "date", "measure", "value", "planned", "obstacle", "answered", "asked"]


def measures_of_settings(settings: ImportSettings, *, known: Sequence[Measure] = ()) -> dict[str, Measure]:
    """The measures that are taken, by key.

    Parameters
    ----------
    settings : ImportSettings
        Which ones.
    known : sequence of Measure
        Those of the study that takes the values in; they count before what the settings say.

    Returns
    -------
    dict of str to Measure

    Raises
    ------
    StudyError
        When nothing is taken, a measure is not told, or the study has no such measure.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> from scd.records.profiles.settings import Taken
    >>> settings = ImportSettings(measures=(Taken(key="mood", item="slider_happy"),))
    >>> measures_of_settings(settings, known=[mood])["mood"].label
    'Mood'
    """
    if not settings.measures:
        raise StudyError("import: says of no item which measure it is; name one with --item ITEM=KEY", field="item")
    own = {m.key: m for m in known}
    found = {}
    for taken in settings.measures:
        measure = own.get(taken.key) if known else taken.measure
        if measure is None and known:
            raise StudyError(
                f"measure '{taken.key}': the study has none of this key (it has {', '.join(own)})", field="item"
            )
        if measure is None:
            raise StudyError(
                f"measure '{taken.key}': is not in the catalogue; say what it is, as in "
                f"--item '{taken.item}={taken.key},decrease,0:100'",
                field="item",
            )
        found[taken.key] = taken.replace(measure=measure).measure or measure  # checks what goes with practice
    return found


def sessions_of(numbered: Sequence[tuple[int, Period]], measures: dict[str, Measure]) -> tuple[Session, ...]:
    """The sessions of one person.

    Parameters
    ----------
    numbered : sequence of (int, Period)
        Session number and value.
    measures : dict of str to Measure
        By key.

    Returns
    -------
    tuple of Session
        In order; a measure that was asked for and not answered is missed, and the note tells how many prompts were
        answered where it was more than one.
    """
    sessions: dict[int, list[Period]] = {}
    for number, period in numbered:
        sessions.setdefault(number, []).append(period)
    order = list(measures)
    found = []
    for number, periods in sorted(sessions.items()):
        periods.sort(key=lambda p: order.index(p.key))
        values = tuple(
            Value(measure=p.key, value=p.value, planned=p.planned, obstacle=p.obstacle)
            for p in periods
        )  # fmt: skip
        note = count_words({measures[p.key].label: p.count for p in periods})
        found.append(Session(number=number, date=periods[0].day, values=values, note=note))
    return tuple(found)


def period_frame(numbered: Sequence[tuple[int, Period]], *, persons: Sequence[str]) -> pd.DataFrame:
    """The values as a table to look at.

    Parameters
    ----------
    numbered : sequence of (int, Period)
        Session number and value.
    persons : sequence of str
        What stands for the person in each row.

    Returns
    -------
    pandas.DataFrame
        Columns ``person, session, date, measure, value, planned, obstacle, answered, asked``.
    """
    import pandas as pd

    rows = [
        (w, n, p.day, p.key, p.value, p.planned, p.obstacle or None, p.count.answered, p.count.asked)
        for w, (n, p) in zip(persons, numbered, strict=True)
    ]
    return pd.DataFrame(rows, columns=_COLUMNS).sort_values(["person", "session"], kind="stable", ignore_index=True)


def left_out_words(count: int, first: dt.date | None) -> str:
    """What is said of values that lie before session 1.

    Parameters
    ----------
    count : int
        How many.
    first : datetime.date, optional
        The day of session 1.

    Examples
    --------
    >>> left_out_words(1, dt.date(2026, 1, 5))
    '1 value before session 1, which is on 2026-01-05, is left out'
    """
    return f"{count} value{'s' if count > 1 else ''} before session 1, which is on {first}, " + (
        "are left out" if count > 1 else "is left out"
    )
