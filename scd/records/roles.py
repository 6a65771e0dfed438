"""Which column plays which part: found by its name with the usual aliases, or told by the person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from scd.records.cells import Cells
from scd.records.notation import has_decimal_comma, is_missing, read_numbers
from scd.study import StudyError

__all__ = ["ROLES", "Layout", "find_layout"]

# Each role's own name first: where it is there, its aliases are ordinary columns.
_ALIASES: dict[str, tuple[str, ...]] = {
    "case": (
        "case",
        "case_id",
        "client",
        "client_id",
        "client_code",
        "participant",
        "participant_id",
        "subject",
        "subject_id",
        "patient",
        "person",
        "student",
        "record_id",
        "id",
        "pid",
        "name",
    ),
    "session": (
        "session",
        "session_number",
        "session_no",
        "mt",
        "time",
        "measurement",
        "measurement_time",
        "occasion",
        "observation",
        "day",
        "week",
        "redcap_repeat_instance",
    ),
    "phase": ("phase", "phases", "phase_label", "condition_phase"),
    "value": ("value", "values", "outcome", "score", "y"),
    "measure": ("measure", "series", "variable", "outcome_name", "measure_name", "instrument"),
    "date": ("date", "session_date"),
    "trials": ("trials", "n_trials", "opportunities"),
    "minutes": ("minutes", "session_minutes", "session_length"),
    "second_observer": ("second_observer", "second_rater", "observer_2", "rater_2"),
    "planned": ("planned", "amount_planned"),
    "obstacle": ("obstacle", "obstacles", "barrier", "got_in_the_way", "what_got_in_the_way"),
    "condition": ("condition",),
    "treatment": ("treatment",),
}
_DONE = "_done"
_BESIDE = ("planned", "obstacle")
ROLES = (*_ALIASES, "measures", "cases")
"""Roles that a column can be mapped to; ``measures`` and ``cases`` take several columns of a wide table."""


@dataclass(frozen=True)
class Layout:
    """How a table is laid out.

    Parameters
    ----------
    form : {"long", "wide", "cases"}
        One row a value; one row a session and one column a measure; or one column a case.
    columns : dict of str to int
        Column of each role.
    values : tuple of int
        The columns that hold values.
    unused : tuple of int
        Columns that play no part.
    planned, obstacle : dict of int to int
        In a wide table, beside a column of values (``walks_done``): the column of what was planned (``walks_planned``)
        and of what got in the way (``walks_obstacle``).
    """

    form: Literal["long", "wide", "cases"]
    columns: dict[str, int]
    values: tuple[int, ...]
    unused: tuple[int, ...]
    planned: Mapping[int, int] = field(default_factory=dict)
    obstacle: Mapping[int, int] = field(default_factory=dict)

    def label(self, cells: Cells, index: int) -> str:
        """What a column of values measures: its header, without ``_done`` where plan or obstacle stand beside it."""
        name = cells.header[index]
        return name[: -len(_DONE)] if self.is_practice(index) and _plain(name).endswith(_DONE) else name

    def is_practice(self, index: int) -> bool:
        """Whether a column of values has what was planned or what got in the way beside it."""
        return index in self.planned or index in self.obstacle


def find_layout(cells: Cells, *, columns: Mapping[str, str] | None = None) -> Layout:
    """Find each role's column.

    Parameters
    ----------
    cells : Cells
        The table.
    columns : mapping of role to column name, optional
        What the person says: ``{"value": "Punkte"}``. An empty name says that the table has no such column.
        ``{"measures": "PHQ-9; GAD-7"}`` names the value columns of a wide table, ``{"cases": "Anna; Ben"}`` those of a
        table with one column a case; ``*`` stands for every column of numbers that is left.

    Returns
    -------
    Layout

    Raises
    ------
    StudyError
        When a role or column is unknown, or a role is missing or could be played by several columns.

    Examples
    --------
    >>> from scd.records.cells import read_cells
    >>> find_layout(read_cells("mt,values,phase\\n1,5,A\\n", name="a.csv")).columns
    {'session': 0, 'phase': 2, 'value': 1}
    """
    told = dict(columns or {})
    for role in told:
        if role not in ROLES:
            raise StudyError(f"{cells.name}: '{role}' is not a role (they are {', '.join(ROLES)})", field=role)
    found = {role: _named(cells, name, role) for role, name in told.items() if name and role in _ALIASES}
    many = next((role for role in ("measures", "cases") if told.get(role)), "")
    # A column chosen as a value column is no longer free to play another part.
    chosen = set() if told.get(many) in (None, "*") else set(_several(cells, told[many], many))
    taken = set(found.values()) | chosen
    for role, aliases in _ALIASES.items():
        if role not in told and not (many and role == "value"):
            index = _by_alias(cells, role, aliases, taken)
            if index is not None:
                found[role] = index
                taken.add(index)
    found = {role: found[role] for role in _ALIASES if role in found}
    if many:
        beside = _beside(cells, taken) if many == "measures" else {}
        values = tuple(sorted(chosen)) or _wide_values(cells, taken, beside)
        form: Literal["long", "wide", "cases"] = "cases" if many == "cases" else "wide"
    elif "value" in found:
        values, form = (found["value"],), "long"
        beside = {}
    else:
        if "session" not in found and "date" not in found:
            raise StudyError(
                f"{cells.name}: has no column of values (value, values, outcome, score, y), and no session or date "
                f"column that would make it a wide table; its columns are {_listed(cells)}; "
                'say which is which, as in columns={"value": "…", "session": "…"}',
                field="value",
            )
        beside = _beside(cells, taken)
        values, form = _wide_values(cells, taken, beside), "wide"
    if not values:
        raise StudyError(
            f"{cells.name}: has no column of numbers to take as values; its columns are {_listed(cells)}", field="value"
        )
    planned, obstacle = (
        {i: others[part] for i, others in beside.items() if i in values and part in others} for part in _BESIDE
    )
    used = {*taken, *values, *planned.values(), *obstacle.values()}
    unused = tuple(i for i in range(len(cells.header)) if i not in used)
    return Layout(form, found, values, unused, planned, obstacle)


def _beside(cells: Cells, taken: set[int]) -> dict[int, dict[str, int]]:
    """For each column of a practice, ``walks_done`` or ``walks``: the columns ``walks_planned``, ``walks_obstacle``."""
    there = {_plain(h): i for i, h in enumerate(cells.header) if h and i not in taken}
    found: dict[int, dict[str, int]] = {}
    for name, index in there.items():
        for part in _BESIDE:
            stem = name.removesuffix(f"_{part}")
            done = there.get(f"{stem}{_DONE}", there.get(stem)) if stem != name else None
            if done is not None:
                found.setdefault(done, {})[part] = index
    return found


def _wide_values(cells: Cells, taken: set[int], beside: Mapping[int, Mapping[str, int]]) -> tuple[int, ...]:
    """Columns of numbers, and of practice, which may be ticked and not be numbers."""
    others = {i for parts in beside.values() for i in parts.values()}
    return tuple(sorted({*_numeric(cells, taken | others), *beside}))


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip().casefold())


def _listed(cells: Cells) -> str:
    return ", ".join(f"'{h}'" if h else "(unnamed)" for h in cells.header)


def _named(cells: Cells, name: str, role: str) -> int:
    folded = [h.casefold() for h in cells.header]
    if name.strip().casefold() not in folded:
        raise StudyError(
            f"{cells.name}: has no column '{name}' to take as {role}; its columns are {_listed(cells)}", field=role
        )
    return folded.index(name.strip().casefold())


def _several(cells: Cells, names: str, role: str) -> list[int]:
    return [_named(cells, name.strip(), role) for name in names.split(";") if name.strip()]


def _by_alias(cells: Cells, role: str, aliases: tuple[str, ...], taken: set[int]) -> int | None:
    fits = [i for i, h in enumerate(cells.header) if i not in taken and _plain(h) in aliases]
    own = [i for i in fits if _plain(cells.header[i]) == role]
    if own:
        return own[0]
    if len(fits) > 1:
        names = " and ".join(f"'{cells.header[i]}'" for i in fits)
        raise StudyError(
            f"{cells.name}: columns {names} could each be the {role}; say which, as in "
            f'columns={{"{role}": "{cells.header[fits[0]]}"}}',
            field=role,
        )
    return fits[0] if fits else None


def _numeric(cells: Cells, taken: set[int]) -> tuple[int, ...]:
    """Columns that hold numbers for the most part; a slip in one of them is a problem to report, not another column."""
    held = []
    for index, name in enumerate(cells.header):
        if not name or index in taken:
            continue
        texts = cells.column(index)
        comma = has_decimal_comma(texts, separator=cells.separator)
        read = [n for t, n in zip(texts, read_numbers(texts, decimal_comma=comma), strict=True) if not is_missing(t)]
        if sum(isinstance(n, float) for n in read) * 2 > len(read):
            held.append(index)
    return tuple(held)
