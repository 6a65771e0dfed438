"""A clinic's settings for an import as a file: TOML in, TOML out."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scd.records.profiles.settings import ImportSettings, PhaseStart, Taken
from scd.study import Measure, StudyError
from scd.study.catalogue import from_catalogue

__all__ = ["read_settings", "settings_text"]

_TOP = ("profile", "daily", "every", "day_starts", "time_zone", "day_first", "start")
_ITEMS = {"item": "item", "done": "item", "planned": "planned", "obstacle": "obstacle", "daily": "daily"}


def read_settings(source: Path | str, *, name: str = "settings") -> ImportSettings:
    """Read settings that a clinic has written down, in TOML.

    Parameters
    ----------
    source : pathlib.Path or str
        A file, or its text.
    name : str
        What to call it in messages.

    Returns
    -------
    ImportSettings

    Raises
    ------
    StudyError
        When it is no TOML, has a key that scd does not know, or one that does not fit.

    Examples
    --------
    >>> settings = read_settings('''
    ... profile = "m-path"
    ... day_starts = "04:00"
    ... [phases]
    ... A1 = 2026-01-05
    ... B1 = 2026-01-26
    ... [[measure]]
    ... item = "slider_sad"
    ... key = "sadness"
    ... improvement = "decrease"
    ... range = [0, 100]
    ... [[measure]]
    ... key = "walks"
    ... role = "practice"
    ... improvement = "increase"
    ... done = "walks_done"
    ... planned = "walks_planned"
    ... ''')
    >>> [(t.key, t.item, t.measure.role) for t in settings.measures]
    [('sadness', 'slider_sad', 'outcome'), ('walks', 'walks_done', 'practice')]
    """
    try:
        text = source.read_text(encoding="utf-8-sig") if isinstance(source, Path) else source
        held = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{name}: is not TOML ({error})", field="settings") from None
    except UnicodeDecodeError:
        raise StudyError(f"{name}: is not text in UTF-8", field="settings") from None
    except OSError as error:
        raise StudyError(f"{name}: can't be read ({error.strerror or error})", field="settings") from None
    known = (*_TOP, "columns", "phases", "conditions", "measure")
    stranger = next((key for key in held if key not in known), None)
    if stranger is not None:
        raise StudyError(f"{name}: has a key '{stranger}' that scd does not know (it knows {', '.join(known)})")
    for key, kind in (("columns", dict), ("phases", dict), ("conditions", dict), ("measure", list)):
        if not isinstance(held.get(key, kind()), kind):
            raise StudyError(f"{name}: '{key}' must be a table ([{'[measure]' if kind is list else key}])", field=key)
    phases = dict(held.get("phases", {}))
    column = phases.pop("column", "")
    return ImportSettings(
        **{key: held[key] for key in _TOP if key in held},
        phases=tuple(PhaseStart(label=label, start=start) for label, start in phases.items()),
        phase_column=column,
        conditions=held.get("conditions", {}),
        columns=held.get("columns", {}),
        measures=tuple(_taken(entry, name=name) for entry in held.get("measure", [])),
    )


def _taken(entry: Any, *, name: str) -> Taken:
    if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
        raise StudyError(f"{name}: every [[measure]] needs a key", field="measure")
    items = {_ITEMS[k]: v for k, v in entry.items() if k in _ITEMS}
    if "item" not in items:
        raise StudyError(f"{name}, measure '{entry['key']}': needs an item (for practice: done)", field="item")
    rest = {k: v for k, v in entry.items() if k not in _ITEMS and k not in ("key", "missing", "range")}
    if "range" in entry:
        if not isinstance(entry["range"], list) or len(entry["range"]) != 2:
            raise StudyError(f"{name}, measure '{entry['key']}': range must read [LOW, HIGH]", field="range")
        rest["minimum"], rest["maximum"] = entry["range"]
    stranger = next((k for k in rest if k not in Measure.model_fields), None)
    if stranger is not None:
        raise StudyError(f"{name}, measure '{entry['key']}': has a key '{stranger}' that scd does not know")
    missing = tuple(str(code) for code in entry.get("missing", ()))
    return Taken(key=entry["key"], measure=_measure(entry["key"], rest), missing=missing, **items)


def _measure(key: str, told: Mapping[str, Any]) -> Measure | None:
    """The measure as told; from the catalogue where only its role is told; None where nothing is."""
    if "improvement" in told:
        return Measure(**{"key": key, "label": key.replace("-", " ").replace("_", " ").capitalize(), **told})
    try:
        found = from_catalogue(key)
    except StudyError:
        if told:
            raise StudyError(
                f'measure \'{key}\': which direction is better? Say improvement = "increase" or "decrease"',
                field="improvement",
            ) from None
        return None
    return found.replace(**told)


def settings_text(settings: ImportSettings) -> str:
    """The settings as TOML, to be kept for the next import.

    Parameters
    ----------
    settings : ImportSettings
        What was told.

    Returns
    -------
    str
        Which `read_settings` reads back as it was.

    Examples
    --------
    >>> print(settings_text(ImportSettings(profile="ema", daily="last")), end="")
    # How scd reads this clinic's exports: scd import EXPORT --settings THIS_FILE
    profile = "ema"
    daily = "last"
    """
    lines = ["# How scd reads this clinic's exports: scd import EXPORT --settings THIS_FILE"]
    top = settings.model_dump(include=set(_TOP), exclude_defaults=True)
    lines += [f"{key} = {_toml(top[key])}" for key in _TOP if key in top]
    phases: dict[str, Any] = {"column": settings.phase_column} if settings.phase_column else {}
    phases |= {p.label: p.start for p in settings.phases}
    for title, table in (("columns", settings.columns), ("phases", phases), ("conditions", settings.conditions)):
        if table:
            lines += ["", f"[{title}]", *(f"{_bare(key)} = {_toml(value)}" for key, value in table.items())]
    for taken in settings.measures:
        entry = {k: v for k, v in taken.model_dump(exclude_defaults=True).items() if k != "measure"}
        measure = {} if taken.measure is None else taken.measure.model_dump(exclude_defaults=True)
        lines += ["", "[[measure]]", *(f"{key} = {_toml(value)}" for key, value in {**entry, **measure}.items())]
    return "\n".join(lines) + "\n"


def _bare(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml(key)


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.time):
        return f'"{value:%H:%M}"'
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(_toml(part) for part in value)}]"
    # A JSON string is a TOML string too, but for the one control character that JSON leaves as it is.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f") if isinstance(value, str) else repr(value)
