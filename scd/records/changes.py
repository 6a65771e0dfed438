"""What changed between two versions of a study's document, row by row, for the audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

__all__ = ["Change", "changes"]

# The field that tells the items of a list apart.
_KEYS = {"cases": "code", "measures": "key", "phases": "label", "sessions": "number", "values": "measure"}

# A study keeps these sorted by itself, so that a late session is not reported as a new order.
_SORTED = ("phases", "sessions")

# Only ever added to, so an item is known by its place, counted from 1.
_ADDED_TO = ("decisions",)


class Change(NamedTuple):
    """One row of the audit: where, from what, to what.

    Parameters
    ----------
    path : str
        The place in the study's document, items named by their own key: ``cases[K7M2AB].sessions[7].values[mood]``.
    before, after : object
        JSON values; None where there was nothing, ``"missed"`` for a value that was due and missed.
    """

    path: str
    before: Any
    after: Any


def changes(before: Any, after: Any, *, path: str = "") -> Iterator[Change]:
    """Compare two versions of a study's document.

    Cases are told apart by code, sessions by number, measures by key and phases by label, so that a session entered
    late is one change and not a shift of all that follow. What was added is reported leaf by leaf (the history of a
    value is then all rows of one path); what was removed is reported once, whole.

    Parameters
    ----------
    before, after : dict
        Parsed JSON documents; an empty one for a study that is new.
    path : str
        Where the two stand, when they are parts of a document.

    Yields
    ------
    Change
        One for each difference; none when the two are equal.

    Examples
    --------
    >>> old = {"sessions": [{"number": 7, "values": [{"measure": "mood", "value": 4.0}]}]}
    >>> new = {"sessions": [{"number": 7, "values": [{"measure": "mood", "value": 5.0}]}, {"number": 8}]}
    >>> for change in changes(old, new):
    ...     print(change)
    Change(path='sessions[7].values[mood]', before=4.0, after=5.0)
    Change(path='sessions[8]', before=None, after={})
    """
    if before == after:
        return
    name = path.rpartition(".")[2]
    some = after or before
    if name in _KEYS and isinstance(some, list) and isinstance(some[0], dict):
        old, new = _by_key(name, before), _by_key(name, after)
        for key in old | new:
            yield from changes(old.get(key), new.get(key), path=f"{path}[{key}]")
        order = [k for k in old if k in new] + [k for k in new if k not in old]
        if name not in _SORTED and order != list(new):
            yield Change(path, list(old), list(new))
    elif name in _ADDED_TO and isinstance(some, list):
        old, new = (dict(enumerate(items or (), 1)) for items in (before, after))
        for place in old | new:
            yield from changes(old.get(place), new.get(place), path=f"{path}[{place}]")
    elif isinstance(after, dict) and (after or before) and not name.startswith("values["):
        before = before or {}
        for key in before | after:
            yield from changes(before.get(key), after.get(key), path=f"{path}.{key}" if path else key)
    else:
        yield Change(path, before, after)


def _by_key(name: str, items: list[dict[str, Any]] | None) -> dict[Any, Any]:
    key = _KEYS[name]
    held = {item[key]: {k: v for k, v in item.items() if k != key} for item in items or ()}
    return {k: _value(v) for k, v in held.items()} if name == "values" else held


def _value(entry: dict[str, Any]) -> Any:
    """A value as people say it: its number, ``missed``, or all of it when it has a denominator or a duration."""
    if not entry:
        return "missed"
    return entry["value"] if list(entry) == ["value"] else entry
