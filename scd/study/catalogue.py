"""Common clinical measures, so that a clinician picks PHQ-9 and need not type 0–27. Facts only, no item texts.

The facts stand in ``catalogue.json``. A number stands there only where it is published, and `source` says which number
is whose. `cutoff` is the first score of the clinical (or lowest symptomatic) range; `meaningful_change` is a published
reliable or minimally important change. Where authors disagree or give only percentages the field is empty: the clinic
sets its own.
"""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from importlib.resources import files

from scd.language import current_language
from scd.language import gettext as _
from scd.study.errors import StudyError
from scd.study.measure import Measure, Role

__all__ = ["catalogue", "from_catalogue", "subscales"]


@cache
def _entries() -> dict[str, tuple[Measure, str]]:
    rows = json.loads(files("scd.study").joinpath("catalogue.json").read_text(encoding="utf-8"))
    return {
        row["key"]: (Measure(**{k: v for k, v in row.items() if k != "part_of"}), row.get("part_of", ""))
        for row in rows
    }


def catalogue() -> tuple[Measure, ...]:
    """Every measure of the catalogue: instruments first, with their subscales, then plain scales.

    Returns
    -------
    tuple of Measure
        Each with range, direction and source; cut-off and meaningful change where they are published.

    Examples
    --------
    >>> [m.label for m in catalogue()][:2]
    ['PHQ-9 depression', 'GAD-7 anxiety']
    """
    return tuple(_in_words(measure) for measure, _whole in _entries().values())


def from_catalogue(key: str, *, role: Role | None = None) -> Measure:
    """One measure of the catalogue.

    Parameters
    ----------
    key : str
        Its key, such as ``phq-9``; upper and lower case are the same.
    role : {"outcome", "process", "practice"}, optional
        Its role in this study; by default the one it usually has.

    Returns
    -------
    Measure

    Raises
    ------
    StudyError
        When there is no such key; the message names the nearest ones.

    Examples
    --------
    >>> phq = from_catalogue("phq-9")
    >>> phq.minimum, phq.maximum, phq.cutoff, phq.improvement
    (0.0, 27.0, 10.0, 'decrease')
    >>> from_catalogue("pswq", role="outcome").role
    'outcome'
    """
    held = _entries()
    found = held.get(key.strip().lower())
    if found is None:
        bare = {re.sub(r"[^a-z0-9]", "", k): k for k in held}
        near = difflib.get_close_matches(re.sub(r"[^a-z0-9]", "", key.lower()), bare, n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(bare[n] for n in near)}" if near else f"it has {', '.join(held)}"
        raise StudyError(f"catalogue: has no measure {key!r} ({hint})", field="key")
    measure = _in_words(found[0])
    return measure if role is None else measure.replace(role=role)


def subscales(key: str) -> tuple[Measure, ...]:
    """The subscales of a measure, which are entries of their own.

    Parameters
    ----------
    key : str
        The key of the whole instrument.

    Returns
    -------
    tuple of Measure
        Empty when the catalogue holds none.

    Raises
    ------
    StudyError
        When there is no such key.

    Examples
    --------
    >>> [m.key for m in subscales("dass-21")]
    ['dass-21-depression', 'dass-21-anxiety', 'dass-21-stress']
    """
    whole = from_catalogue(key).key
    return tuple(_in_words(measure) for measure, part_of in _entries().values() if part_of == whole)


def _in_words(measure: Measure) -> Measure:
    """A measure with its name in the language that is spoken; its key and its numbers are the same in every one."""
    if current_language() == "en":
        return measure
    return measure.replace(label=_(measure.label), source=_(measure.source))
