"""The columns of a table, read one by one: cases, sessions, phases and numbers, and beside them what can't be read."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scd.records.cells import Cells
from scd.records.notation import Unread, has_decimal_comma, phase_of, read_dates, read_numbers, ticked
from scd.records.preview import Problem
from scd.records.roles import Layout

__all__ = ["ONLY_CASE", "Columns", "Token", "open_columns"]

ONLY_CASE = "case 1"
"""What a case is called in a table that names none."""

Token = tuple[str, int | None]
"""A phase as a table tells it: the condition's letter and, where it is there, the running number."""

_MAX_SESSION = 100_000
_MAX_TEXT = 300  # of `scd.study.record.Text`, as are the signs that it refuses
_CONTROL = re.compile(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Columns:
    """A table whose columns have their roles, with the notes and problems that gather while it is read.

    Parameters
    ----------
    cells : Cells
        The table.
    layout : Layout
        Which column plays which part.
    decimal_comma : bool
        Whether ``1,5`` is one and a half.
    notes : list of str
        What was assumed.
    problems : list of Problem
        What is wrong.
    """

    cells: Cells
    layout: Layout
    decimal_comma: bool
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def name(self, role: str) -> str:
        """The header of a role's column; empty when the table has none."""
        return self.cells.header[self.layout.columns[role]] if role in self.layout.columns else ""

    def texts(self, role: str) -> list[str]:
        """The cells of a role's column; empty texts when the table has none."""
        if role not in self.layout.columns:
            return [""] * len(self.cells.rows)
        return self.cells.column(self.layout.columns[role])

    def numbers(self, index: int) -> list[float | None]:
        """A column of values; of practice also of ticks."""
        texts = self.cells.column(index)
        if self.layout.is_practice(index):
            texts = [ticked(t) for t in texts]
        return self._sound(read_numbers(texts, decimal_comma=self.decimal_comma), self.cells.header[index])

    def planned(self, index: int) -> list[float | None]:
        """How much practice was planned, beside a column of values."""
        at = self._beside(index, "planned", self.layout.planned)
        if at is None:
            return [None] * len(self.cells.rows)
        read = read_numbers([ticked(t) for t in self.cells.column(at)], decimal_comma=self.decimal_comma)
        below = [
            Unread(f"'{text}' must be 0 or more") if isinstance(n, float) and n < 0 else n
            for text, n in zip(self.cells.column(at), read, strict=True)
        ]
        return self._sound(below, self.cells.header[at])

    def obstacles(self, index: int) -> list[str]:
        """What got in the way of the practice, beside a column of values."""
        at = self._beside(index, "obstacle", self.layout.obstacle)
        if at is None:
            return [""] * len(self.cells.rows)
        read = [" ".join(text.split()) for text in self.cells.column(at)]
        if any(len(text) > _MAX_TEXT for text in read):
            self.notes.append(f"texts of the column '{self.cells.header[at]}' are cut after {_MAX_TEXT} signs")
        sound = [text[:_MAX_TEXT].strip() for text in read]
        checked = [Unread("holds a control character; type it anew") if _CONTROL.search(t) else t for t in sound]
        return [text or "" for text in self._sound(checked, self.cells.header[at])]

    def _beside(self, index: int, role: str, own: Mapping[int, int]) -> int | None:
        """The column that belongs to a column of values: its own, or the table's where it has one value a row."""
        if index in own or role not in self.layout.columns:
            return own.get(index)
        if len(self.layout.values) > 1:
            note = f"the column '{self.name(role)}' is left out: it does not say which of the values it belongs to"
            self.notes.extend([note] if note not in self.notes else [])
            return None
        return self.layout.columns[role]

    def cases(self) -> list[str | None]:
        """The case of each row."""
        texts = self.texts("case")
        if not any(texts):
            if self.layout.form != "cases":
                self.notes.append(f"the table names no case: it is called '{ONLY_CASE}'")
            return [ONLY_CASE] * len(texts)
        return self._sound([t or Unread("is empty; name the case in every row") for t in texts], self.name("case"))

    def measures(self) -> list[str | None] | None:
        """The measure of each row of a long table; None when no column names it."""
        if "measure" not in self.layout.columns:
            return None
        texts = self.texts("measure")
        return self._sound([t or Unread("is empty; name the measure") for t in texts], self.name("measure"))

    def sessions(self) -> list[int | None]:
        """The session number of each row."""
        if "session" not in self.layout.columns:
            return [None] * len(self.cells.rows)
        texts = self.texts("session")
        numbers = read_numbers(texts, decimal_comma=self.decimal_comma)
        return self._sound([self._session(t, n) for t, n in zip(texts, numbers, strict=True)], self.name("session"))

    def _session(self, text: str, number: float | Unread | None) -> int | Unread:
        if not text:
            return Unread("is empty; number the session")
        if isinstance(number, float) and number.is_integer():
            if 0 <= number <= _MAX_SESSION:
                return int(number)
            return Unread(f"'{text}' must be from 1 to {_MAX_SESSION}")
        if isinstance(read_dates([text], day_first=True)[0], dt.date):
            return Unread(f'\'{text}\' is a date, not a number; say columns={{"date": "{self.name("session")}"}}')
        return Unread(f"'{text}' is not a whole number")

    def dates(self, *, day_first: bool | None) -> list[dt.date | None]:
        """The date of each row."""
        if "date" not in self.layout.columns:
            return [None] * len(self.cells.rows)
        return self._sound(read_dates(self.texts("date"), day_first=day_first), self.name("date"))

    def trials(self) -> list[float | None]:
        """The denominator of each row."""
        return self._optional("trials", float.is_integer, "a whole number above 0")

    def minutes(self) -> list[float | None]:
        """How long was observed, for each row."""
        return self._optional("minutes", lambda n: True, "above 0")

    def seconds(self) -> list[float | None]:
        """What a second observer recorded, for each row of a table that holds one value a row."""
        if "second_observer" not in self.layout.columns:
            return [None] * len(self.cells.rows)
        if len(self.layout.values) > 1:
            column = self.name("second_observer")
            self.notes.append(f"the column '{column}' is left out: it does not say which of the values it repeats")
            return [None] * len(self.cells.rows)
        return self.numbers(self.layout.columns["second_observer"])

    def phases(self) -> tuple[list[Token | None], str]:
        """The phase of each row and the column it is read from, the first one that tells phases.

        Returns
        -------
        tokens : list of Token or None
            None where the table tells none.
        column : str
            The column's name; empty when the table tells no phases.
        """
        for role in ("phase", "condition", "treatment"):
            texts = self.texts(role)
            held = {t for t in texts if t}
            switch = role == "treatment" or (role == "phase" and "0" in held and held <= {"0", "1"})
            tokens = _conditions([phase_of(t, switch=switch) for t in texts])
            if not any(tokens) and not (role == "phase" and held and not self._told_elsewhere()):
                continue
            if role != "phase" or switch:
                told = ", 0 as baseline and 1 as treatment" if switch else ""
                self.notes.append(f"phases are read from the column '{self.name(role)}'{told}")
            if any(token and token[1] is None for token in tokens):
                self.notes.append("phases are numbered by their runs: A1, B1, A2 …")
            hint = "write A for baseline and B for intervention, or A1, B1, A2, B2"
            read = [
                token or Unread(f"'{t}' is not a phase; {hint}" if t else f"is empty; {hint}")
                for token, t in zip(tokens, texts, strict=True)
            ]
            return self._sound(read, self.name(role)), self.name(role)
        self.notes.append("the table tells no phases")
        return [None] * len(self.cells.rows), ""

    def _told_elsewhere(self) -> bool:
        return any(phase_of(t) for t in self.texts("condition")) or any(
            phase_of(t, switch=True) for t in self.texts("treatment")
        )

    def _optional(self, role: str, sound: Callable[[float], bool], rule: str) -> list[float | None]:
        texts = self.texts(role)
        checked = [
            Unread(f"'{text}' must be {rule}") if isinstance(item, float) and (item < 0 or not sound(item)) else item
            for text, item in zip(texts, read_numbers(texts, decimal_comma=self.decimal_comma), strict=True)
        ]
        if 0.0 in checked:  # nothing can be observed in no time, or in none of no trials
            self.notes.append(f"0 in the column '{self.name(role)}' is taken as not known")
        return [number or None for number in self._sound(checked, self.name(role))]

    def _sound(self, read: Sequence[Any], column: str) -> list[Any]:
        """Note what could not be read as a problem, and leave it missing."""
        for (row, _), item in zip(self.cells.rows, read, strict=True):
            if isinstance(item, Unread):
                self.problems.append(Problem(row, column, item.why))
        return [None if isinstance(item, Unread) else item for item in read]


def _conditions(tokens: list[Token | None]) -> list[Token | None]:
    """Leave out letters that don't follow from A, B, C …: in B and T, B would be a baseline and not an intervention."""
    letters = {token[0] for token in tokens if token}
    sound = {x for x in letters if x in "AB" or {chr(c) for c in range(ord("A"), ord(x))} <= letters}
    return [token if token and token[0] in sound else None for token in tokens]


def open_columns(cells: Cells, layout: Layout) -> Columns:
    """A table ready to be read column by column.

    Parameters
    ----------
    cells : Cells
        The table.
    layout : Layout
        Which column plays which part.

    Returns
    -------
    Columns
        With the notes of the cells, and a problem for every row that is longer than the header.
    """
    numbers = ("session", "trials", "minutes", "second_observer", "planned")
    numeric = {i for role, i in layout.columns.items() if role in numbers}
    numeric |= {*layout.values, *layout.planned.values()}
    texts = [text for i in sorted(numeric) for text in cells.column(i)]
    columns = Columns(cells, layout, has_decimal_comma(texts, separator=cells.separator), list(cells.notes))
    if columns.decimal_comma:
        columns.notes.append("numbers have decimal commas")
    hint = "give every column a name"
    if cells.separator == ",":
        hint = "put a number with a decimal comma into quotation marks, or separate cells by semicolons"
    for row, count in cells.ragged:
        columns.problems.append(Problem(row, "", f"has {count} cells and the header has {len(cells.header)}; {hint}"))
    return columns
