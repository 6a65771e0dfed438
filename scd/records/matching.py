"""Which measure a table means: its labels matched to measures, never in silence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from scd.study import Measure, StudyError

__all__ = ["match_measures", "measure_key", "quoted"]


def measure_key(label: str) -> str:
    """The key of a measure that a table calls by a label.

    Parameters
    ----------
    label : str
        As in the table.

    Returns
    -------
    str
        Lower-case letters, digits, ``-`` and ``_``, at most 40.

    Examples
    --------
    >>> measure_key("PHQ-9"), measure_key("disruptive behavior"), measure_key("6 Items"), measure_key("Ärger")
    ('phq-9', 'disruptive-behavior', 'm-6-items', 'arger')
    """
    if re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", label):
        return label
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")
    if not slug:
        return "measure"
    return (slug if slug[0].isalpha() else f"m-{slug}")[:40].rstrip("-_")


def match_measures(
    labels: Sequence[str],
    measures: Sequence[Measure] | Mapping[str, Measure],
    *,
    measure: str | None = None,
    name: str = "table",
) -> dict[str, Measure]:
    """The measure of each label that is taken.

    Parameters
    ----------
    labels : sequence of str
        What the table calls its measures.
    measures : sequence of Measure, or mapping of label to Measure
        In a sequence each label finds its measure by key or label, and a single measure fits a single label whatever
        its name; a mapping names the labels to take.
    measure : str, optional
        Take only this one, by its label in the table or its key.
    name : str
        What to call the table in messages.

    Returns
    -------
    dict of str to Measure

    Raises
    ------
    StudyError
        When a label finds no measure, a named one is not there, or two labels find the same.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> list(match_measures(["score"], [mood])), list(match_measures(["Mood", "x"], [mood], measure="mood"))
    (['score'], ['Mood'])
    """
    there = quoted(labels)
    by_label = isinstance(measures, Mapping)
    given = dict(measures) if isinstance(measures, Mapping) else {m.key: m for m in measures}
    found = {label: given[key] for label in labels if (key := _named(label, given, by_label=by_label)) is not None}
    if measure is not None:
        same = [x for x in labels if measure in (measure_key(x), found[x].key if x in found else None)]
        labels = [measure] if measure in labels else same
        if not labels:
            raise StudyError(f"{name}: has no measure '{measure}' (it has {there})", field="measure")
    if not by_label and len(labels) == 1 and len(given) == 1:
        return {labels[0]: next(iter(given.values()))}
    for key in given if by_label and measure is None else ():
        if not any(_named(label, [key]) for label in labels):
            raise StudyError(f"{name}: has no measure '{key}' (it has {there})", field="measures")
    lacking = [label for label in labels if label not in found]
    if lacking and not (by_label and measure is None):
        raise StudyError(
            f"{name}: no measure is given for {quoted(lacking)} (the table has {there}); give one for each, or choose "
            "one of them",
            field="measures",
        )
    taken = {label: found[label] for label in labels if label in found}
    for label, held in taken.items():
        twin = next((x for x, m in taken.items() if m.key == held.key and x != label), None)
        if twin is not None:
            raise StudyError(f"{name}: '{label}' and '{twin}' are both taken as measure '{held.key}'", field="measures")
    return taken


def _named(label: str, given: Mapping[str, Measure] | Sequence[str], *, by_label: bool = True) -> str | None:
    """The key in `given` that a label means: the same word first, then the same slug, then the measure's own label."""
    for key in given:
        if key == label:
            return key
    for key in given:
        if measure_key(label) in (key, measure_key(key)) or (by_label and key.casefold() == label.casefold()):
            return key
    if isinstance(given, Mapping) and not by_label:
        return next((key for key, m in given.items() if m.label.casefold() == label.casefold()), None)
    return None


def quoted(labels: Iterable[str]) -> str:
    """Labels as a sentence lists them.

    Examples
    --------
    >>> quoted(["Anna", "Ben"])
    "'Anna', 'Ben'"
    """
    return ", ".join(f"'{label}'" for label in labels)
