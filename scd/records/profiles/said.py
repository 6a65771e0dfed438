"""What a person says on the command line of an export, item by item, as settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any, get_args

from scd.records.matching import measure_key
from scd.records.profiles.settings import ImportSettings, PhaseStart, Rule, Taken
from scd.study import Measure, StudyError
from scd.study.catalogue import catalogue, from_catalogue
from scd.study.measure import Improvement, Role, Scale

__all__ = ["item_said", "phase_said", "practice_said", "time_said", "with_said"]

_IMPROVEMENT, _ROLE, _SCALE, _RULE = (get_args(kind) for kind in (Improvement, Role, Scale, Rule))


def _words(words: Sequence[str]) -> tuple[dict[str, Any], Rule | None, list[str]]:
    """What is recognised among the words after a key: fields of the measure, the rule; and the rest."""
    fields: dict[str, Any] = {}
    rule: Rule | None = None
    rest = []
    for word in words:
        low, colon, high = word.partition(":")
        if word in _IMPROVEMENT:
            fields["improvement"] = word
        elif word in _ROLE:
            fields["role"] = word
        elif word in _SCALE:
            fields["scale"] = word
        elif word in _RULE:
            rule = word  # type: ignore[assignment]
        elif colon and _is_number(low) and _is_number(high):
            fields |= {"minimum": float(low) if low else None, "maximum": float(high) if high else None}
        else:
            rest.append(word)
    return fields, rule, rest


def _is_number(text: str) -> bool:
    try:
        return not text or float(text) == float(text)
    except ValueError:
        return False


def item_said(said: str, *, defaults: dict[str, Any] | None = None) -> Taken:
    """An item and its measure, as ``ITEM=KEY`` with words after it in any order.

    Parameters
    ----------
    said : str
        ``slider_sad=sadness,decrease,0:100,process,last``: the direction that is better, the range (an open end is left
        empty), the role, the scale, the rule for a day's value. A key of the catalogue needs none of them.
    defaults : dict, optional
        Fields of the measure where no word tells them.

    Returns
    -------
    Taken
        Without a measure where the words don't make one and the catalogue has none.

    Raises
    ------
    StudyError
        When a word is none of these.

    Examples
    --------
    >>> taken = item_said("slider_sad=sadness,decrease,0:100,process")
    >>> taken.item, taken.measure.role, taken.measure.range_words
    ('slider_sad', 'process', '0 to 100')
    """
    item, equals, told = said.rpartition("=")
    item, told = (item, told) if equals else (told, measure_key(told))
    key, *words = (part.strip() for part in told.split(","))
    fields, rule, rest = _words(words)
    if rest or not item.strip():
        raise StudyError(
            f"--item: must read ITEM=KEY, with words such as decrease, 0:100, process or last after it (got '{said}')",
            field="item",
        )
    return Taken(key=key, item=item.strip(), daily=rule, measure=_measure(key, fields, defaults or {}))


def practice_said(said: str) -> Taken:
    """A practice and its items, as ``KEY=DONE,PLANNED,OBSTACLE``; the last two may be missing, words may follow.

    Parameters
    ----------
    said : str
        ``walks=walks_done,walks_planned,walks_obstacle,count,sum``.

    Returns
    -------
    Taken
        With a measure whose role is practice, better with an increase, from 0.

    Raises
    ------
    StudyError
        When it doesn't read so.

    Examples
    --------
    >>> taken = practice_said("walks=done,planned,why_not,duration")
    >>> taken.planned, taken.obstacle, taken.measure.scale, taken.measure.role
    ('planned', 'why_not', 'duration', 'practice')
    """
    key, equals, told = (part.strip() for part in said.partition("="))
    fields, rule, items = _words([part.strip() for part in told.split(",")])
    if not equals or not 1 <= len([i for i in items if i]) <= 3 or not items[0]:
        raise StudyError(
            f"--practice: must read KEY=DONE,PLANNED,OBSTACLE, of which the last two may be missing (got '{said}')",
            field="practice",
        )
    done, planned, obstacle = (*items, "", "")[:3]
    fields = {"improvement": "increase", "minimum": 0, "role": "practice", **fields}
    return Taken(key=key, item=done, planned=planned, obstacle=obstacle, daily=rule, measure=_measure(key, fields, {}))


def _measure(key: str, fields: dict[str, Any], defaults: dict[str, Any]) -> Measure | None:
    if key in {m.key for m in catalogue()}:
        return from_catalogue(key).replace(**fields)
    told = {**defaults, **fields}
    if "improvement" not in told:
        return None
    return Measure(key=key, label=key.replace("-", " ").replace("_", " ").capitalize(), **told)


def phase_said(said: str) -> PhaseStart:
    """A phase and where it begins, as ``B1:2026-01-26`` or ``B1:22``.

    Raises
    ------
    StudyError
        When it doesn't read so.

    Examples
    --------
    >>> phase_said("B1:2026-01-26").start, phase_said("B1:22").start
    (datetime.date(2026, 1, 26), 22)
    """
    label, _, start = (part.strip() for part in said.partition(":"))
    try:
        return PhaseStart(label=label, start=int(start) if start.isdecimal() else dt.date.fromisoformat(start))
    except ValueError:  # a StudyError is one, too
        raise StudyError(
            f"--phase: must read LABEL:DATE or LABEL:SESSION, such as B1:2026-01-26 or B1:22 (got '{said}')",
            field="phase",
        ) from None


def time_said(said: str) -> dt.time:
    """A time of day, as ``04:00``.

    Raises
    ------
    StudyError
        When it doesn't read so.

    Examples
    --------
    >>> time_said("04:00")
    datetime.time(4, 0)
    """
    try:
        return dt.datetime.strptime(said, "%H:%M").time()
    except ValueError:
        raise StudyError(f"time: must read HH:MM, such as 04:00 (got '{said}')", field="time") from None


def with_said(
    settings: ImportSettings,
    *,
    measures: Sequence[Taken] = (),
    phases: Sequence[PhaseStart] = (),
    columns: dict[str, str] | None = None,
    told: dict[str, Any] | None = None,
) -> ImportSettings:
    """The settings of a file with what was said on top.

    Parameters
    ----------
    settings : ImportSettings
        Of the file.
    measures : sequence of Taken
        Added; one of the same key takes the other's place.
    phases : sequence of PhaseStart
        Instead of the file's, where there are any.
    columns : dict of str to str, optional
        Columns by role, added.
    told : dict, optional
        Other fields; None leaves the file's.

    Returns
    -------
    ImportSettings

    Examples
    --------
    >>> with_said(ImportSettings(daily="last"), told={"daily": None, "every": "week"}).daily
    'last'
    """
    taken = {t.key: t for t in settings.measures} | {t.key: t for t in measures}
    changed = {field: value for field, value in (told or {}).items() if value is not None}
    return settings.replace(
        measures=tuple(taken.values()),
        phases=tuple(phases) or settings.phases,
        columns={**settings.columns, **(columns or {})},
        **changed,
    )
