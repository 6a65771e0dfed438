"""What a table holds before it becomes a study: tidy rows, what was assumed, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scd.study import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from scd.records.series import Entry

__all__ = ["Preview", "Problem", "refuse"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a table.

    Parameters
    ----------
    row : int or None
        The row as a spreadsheet numbers it; None when it concerns the whole table.
    column : str
        The column's name.
    message : str
        What is wrong, in plain words.

    Examples
    --------
    >>> Problem(7, "value", "'abc' is not a number").words
    "row 7, column 'value': 'abc' is not a number"
    """

    row: int | None
    column: str
    message: str

    @property
    def words(self) -> str:
        """The whole sentence, with its place."""
        place = [f"row {self.row}"] if self.row is not None else []
        place += [f"column '{self.column}'"] if self.column else []
        return f"{', '.join(place)}: {self.message}" if place else self.message


@dataclass(frozen=True, eq=False)
class Preview:
    """A table as scd reads it.

    Parameters
    ----------
    name : str
        What the source is called.
    form : {"long", "wide", "cases"}
        One row a value; one row a session and one column a measure; or one column a case.
    entries : tuple of Entry
        One a value, in the order of the table. Labels of cases and measures stand as in the table, phases are
        numbered (``A1``); what is missing or could not be read is None.
    roles : mapping of str to str
        Role to column name, as found.
    notes : tuple of str
        What was assumed, in plain words.
    problems : tuple of Problem
        Everything that is wrong, in row order; no study can be made while there are any.
    """

    name: str
    form: str
    entries: tuple[Entry, ...]
    roles: Mapping[str, str]
    notes: tuple[str, ...]
    problems: tuple[Problem, ...]

    @property
    def cases(self) -> tuple[str, ...]:
        """The labels of the cases, in the order of the table."""
        return tuple(dict.fromkeys(e.case for e in self.entries if e.case is not None))

    @property
    def measures(self) -> tuple[str, ...]:
        """The labels of the measures, in the order of the table."""
        return tuple(dict.fromkeys(e.measure for e in self.entries if e.measure is not None))

    @property
    def rows(self) -> pd.DataFrame:
        """The entries as a table.

        Returns
        -------
        pandas.DataFrame
            Columns ``row, case, measure, session, date, phase, value, trials, minutes, second, planned, obstacle``.
        """
        import pandas as pd

        texts, numbers = ("case", "measure", "phase"), ("value", "trials", "minutes", "second", "planned")
        names = ("row", "case", "measure", "session", "date", "phase", *numbers)
        rows = pd.DataFrame([[getattr(e, name) for name in names] for e in self.entries], columns=list(names))
        rows["obstacle"] = [e.obstacle or None for e in self.entries]
        kinds = {"row": "int64", "session": "Int64", "obstacle": "str"} | dict.fromkeys(texts, "str")
        return rows.astype(kinds | dict.fromkeys(numbers, "float64")).assign(date=pd.to_datetime(rows["date"]))

    def table(self, n: int = 10) -> pd.DataFrame:
        """The first rows, without columns that are empty throughout, for people to look at.

        Parameters
        ----------
        n : int
            How many rows.
        """
        return self.rows.head(n).dropna(axis="columns", how="all")

    def check(self) -> None:
        """Do nothing when the table is sound.

        Raises
        ------
        StudyError
            With every problem: one line each in the message, one entry each in `problems`.
        """
        refuse(self.name, self.problems)


def refuse(name: str, problems: tuple[Problem, ...] | list[Problem]) -> None:
    """Raise one `StudyError` that holds all problems of a table; do nothing when there are none.

    Parameters
    ----------
    name : str
        What the table is called.
    problems : sequence of Problem
        What is wrong with it.

    Raises
    ------
    StudyError
        When there are problems.
    """
    if not problems:
        return
    errors = tuple(StudyError(f"{name}, {p.words}", field=p.column) for p in problems)
    message = "\n".join(e.message for e in errors)
    raise StudyError(message, field=errors[0].field, problems=errors if len(errors) > 1 else ())
