"""What stands beside a number: for how many minutes was observed, or of how many trials it is a share."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from scd.records.series import Entry
from scd.records.tables import Preview, measure_key
from scd.study import Measure

__all__ = ["asked_beside", "called", "with_own_columns"]

Kind = Literal["minutes", "trials"]

_ASKED: dict[str, Kind] = {"count": "minutes", "rate": "minutes", "proportion": "trials"}
# What a table may tell beyond that: of a percentage the trials tell the weight, and a count may be so many of them.
_TOLD: dict[Kind, tuple[str, ...]] = {"minutes": ("count", "rate"), "trials": ("proportion", "percentage", "count")}


def asked_beside(measure: Measure) -> Kind | None:
    """What is asked for beside a measure's value.

    Parameters
    ----------
    measure : Measure
        What is measured.

    Returns
    -------
    {"minutes", "trials"} or None
        Minutes for a count or a rate, trials for a proportion.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> asked_beside(from_catalogue("phq-9")) is None
    True
    """
    return _ASKED.get(measure.scale)


def called(label: str, measures: tuple[Measure, ...]) -> Measure | None:
    """The measure that a table calls by a label; None where it is none of these.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> called("PHQ-9", (from_catalogue("phq-9"), from_catalogue("gad-7"))).key
    'phq-9'
    """
    return next((m for m in measures if m.key == measure_key(label) or m.label.casefold() == label.casefold()), None)


def with_own_columns(preview: Preview, measures: tuple[Measure, ...]) -> Preview:
    """The table with minutes and trials only beside the values that they belong to.

    Parameters
    ----------
    preview : Preview
        As read. In a wide table one column stands beside all measures of a row.
    measures : tuple of Measure
        What it may measure.

    Returns
    -------
    Preview
        Minutes stay with counts and rates; trials with proportions, or else percentages, or else counts.

    Examples
    --------
    >>> from scd.records.tables import read_table
    >>> calls = Measure(key="calls", label="Calls", improvement="increase", scale="count")
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> preview = read_table("session,calls,mood,minutes\\n1,4,5,30\\n", name="pasted text")
    >>> with_own_columns(preview, (calls, mood)).rows["minutes"].tolist()
    [30.0, nan]
    """
    single = measures[0] if len(measures) == len(preview.measures) == 1 else None  # fits whatever its name
    found = {label: called(label, measures) or single for label in preview.measures}
    entries = preview.entries
    for kind, scales in _TOLD.items():
        held = [m.scale for m in found.values() if m is not None]
        if preview.form == "wide" and kind == "trials":  # one column of trials can't be every measure's
            scales = tuple(scale for scale in scales if scale in held)[:1]
        strange = [label for label, m in found.items() if m is not None and m.scale not in scales]
        entries = tuple(_without(e, kind) if e.measure in strange else e for e in entries)
    return replace(preview, entries=entries)


def _without(entry: Entry, kind: Kind) -> Entry:
    return replace(entry, minutes=None) if kind == "minutes" else replace(entry, trials=None)
