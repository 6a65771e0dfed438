"""The tidy form of every export: person, time, item, value; one row an answer, or a prompt that nobody answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scd.records.cells import Cells
from scd.records.notation import is_missing
from scd.records.preview import Problem
from scd.study import StudyError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Answer", "Answers", "Item", "Prompt", "find_item", "needed_column", "optional_column", "wide_answers"]


@dataclass(frozen=True)
class Answer:
    """One answer to one item, or its absence.

    Parameters
    ----------
    row : int
        The row of the export, as a spreadsheet numbers it.
    person : str
        As the export names them.
    moment : datetime.datetime, datetime.date or None
        When, by the client's own clock; a date where the export tells no time; None where it tells neither.
    session : int, optional
        The number of the session, where the export counts and doesn't date.
    item : str
        Which question.
    text : str
        The answer as it stands; empty where there was none.
    condition : str
        The phase or condition as the export tells it.
    prompt : str
        What tells two prompts of a person apart; empty where the export doesn't.
    """

    row: int
    person: str
    moment: dt.datetime | dt.date | None
    session: int | None
    item: str
    text: str
    condition: str = ""
    prompt: str = ""


@dataclass(frozen=True)
class Item:
    """A question of an export.

    Parameters
    ----------
    question : str
        Its text, where the export tells it.
    answered : int
        How often it was answered.
    problem : str
        Why it can't be a measure; empty where it can.
    """

    question: str = ""
    answered: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Prompt:
    """One row of a wide export: one person at one time, with a questionnaire.

    Parameters
    ----------
    index : int
        Which of the table's rows, from 0.
    person, moment, session, condition, prompt
        As in `Answer`.
    form : str
        The questionnaire, survey or instrument.
    """

    index: int
    person: str
    moment: dt.datetime | dt.date | None
    session: int | None = None
    form: str = ""
    condition: str = ""
    prompt: str = ""


@dataclass(frozen=True, eq=False)
class Answers:
    """An export as scd reads it.

    Parameters
    ----------
    name : str
        What the source is called in messages.
    profile : str
        Which kind of export it is.
    rows : tuple of Answer
        In the order of the export; only the items that were asked for.
    items : mapping of str to Item
        All items of the export.
    separator : str
        What stood between the cells, which tells how decimals may be written.
    notes : tuple of str
        What was assumed, in plain words.
    problems : tuple of Problem
        What is wrong, with the row.
    """

    name: str
    profile: str
    rows: tuple[Answer, ...]
    items: Mapping[str, Item]
    separator: str = ","
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def persons(self) -> tuple[str, ...]:
        """The persons in the order of the export."""
        return tuple(dict.fromkeys(a.person for a in self.rows))

    def of(self, person: str) -> Answers:
        """The answers of one person alone.

        Raises
        ------
        StudyError
            When there are none. The message names nobody: it may end up in a log.
        """
        rows = tuple(a for a in self.rows if a.person == person)
        if not rows:
            count = len(self.persons)
            raise StudyError(
                f"{self.name}: holds nothing of the person named ({count} {'other is' if count == 1 else 'others are'} "
                "there)",
                field="person",
            )
        return replace(self, rows=rows)

    def frame(self) -> pd.DataFrame:
        """The tidy table.

        Returns
        -------
        pandas.DataFrame
            Columns ``person, time, item, value``; `time` as text in ISO 8601 (or the session's number), `value` as the
            export has it, None where a prompt went unanswered.
        """
        import pandas as pd

        rows = [
            (a.person, a.moment.isoformat() if a.moment is not None else str(a.session), a.item, a.text or None)
            for a in self.rows
        ]
        return pd.DataFrame(rows, columns=["person", "time", "item", "value"], dtype=object)


def find_item(name: str, items: Mapping[str, Item], *, where: str) -> str:
    """The item that a person means: by its name, the text of its question, or the only one that begins so.

    Parameters
    ----------
    name : str
        What was said.
    items : mapping of str to Item
        The items there are.
    where : str
        What the export is called in messages.

    Raises
    ------
    StudyError
        When none is meant, or several could be.

    Examples
    --------
    >>> find_item("sad", {"sad_sliderNegPos": Item("How sad?"), "tired_slider": Item()}, where="basic.csv")
    'sad_sliderNegPos'
    """
    said = name.strip().casefold()
    for same in (
        [item for item in items if item == name],
        [item for item in items if item.casefold() == said],
        [item for item, held in items.items() if held.question.casefold() == said],
        [item for item in items if item.casefold().startswith(f"{said}_")],
    ):
        if len(same) == 1:
            return same[0]
    there = [f"'{item}'" for item, held in items.items() if not held.problem]
    more = f" and {len(there) - 30} more" if len(there) > 30 else ""
    raise StudyError(f"{where}: has no item '{name}' (it has {', '.join(there[:30])}{more})", field="item")


def needed_column(cells: Cells, name: str) -> list[str]:
    """The texts of a column that must be there.

    Parameters
    ----------
    cells : Cells
        The table.
    name : str
        The column's header.

    Raises
    ------
    StudyError
        When it is not; the message lists those that are.
    """
    if name not in cells.header:
        there = ", ".join(f"'{h}'" for h in cells.header[:30] if h)
        raise StudyError(f"{cells.name}: has no column '{name}' (it has {there})", field="columns")
    return cells.column(cells.header.index(name))


def optional_column(cells: Cells, name: str) -> list[str]:
    """The texts of a column; empty ones where the table has none of this name."""
    return cells.column(cells.header.index(name)) if name in cells.header else [""] * len(cells.rows)


def wide_answers(cells: Cells, prompts: Sequence[Prompt], columns: Mapping[str, int]) -> list[Answer]:
    """The answers of a table with one column an item.

    A row has an answer due for an item only where its questionnaire ever had one: a morning questionnaire has missed
    nothing of the evening's questions.

    Parameters
    ----------
    cells : Cells
        The table.
    prompts : sequence of Prompt
        Its rows, as far as they count.
    columns : mapping of str to int
        The column of each item that is wanted.

    Returns
    -------
    list of Answer
        By row and item.
    """
    texts = {item: [("" if is_missing(t) else t) for t in cells.column(i)] for item, i in columns.items()}
    carried = {item: {p.form for p in prompts if held[p.index]} for item, held in texts.items()}
    return [
        Answer(cells.rows[p.index][0], p.person, p.moment, p.session, item, texts[item][p.index], p.condition, p.prompt)
        for p in prompts
        for item in columns
        if p.form in carried[item]
    ]
