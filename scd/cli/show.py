"""How a command shows what it found: tables for people, one object of JSON for programs, progress on the side."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from rich.console import Console

__all__ = ["json_rows", "print_frame", "print_json", "print_rows", "print_values", "progress"]


def json_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table's rows as objects, in order; what is missing is None.

    Examples
    --------
    >>> import pandas as pd
    >>> json_rows(pd.DataFrame({"case": ["K7M2", "P3Q9"], "tau": [0.5, float("nan")]}))
    [{'case': 'K7M2', 'tau': 0.5}, {'case': 'P3Q9', 'tau': None}]
    """
    held = frame.astype(object).where(frame.notna(), None)
    return [{str(name): _plain(cell) for name, cell in row.items()} for row in held.to_dict("records")]


def print_json(document: Any) -> None:
    """Print one JSON object on standard output; what is no number is null, for JSON knows no NaN."""
    typer.echo(json.dumps(_plain(document), ensure_ascii=False, allow_nan=False, indent=1))


def print_frame(frame: pd.DataFrame, *, title: str = "") -> None:
    """Print a table for people, under its column names; a missing value of any kind is an empty cell."""
    shown = frame.astype(object).where(frame.notna(), None)
    print_values(shown.to_dict("records"), columns=[str(c) for c in frame.columns], title=title)


def print_values(rows: Iterable[Mapping[Any, object]], *, columns: Sequence[str], title: str = "") -> None:
    """Print some columns of rows for people; a missing value is an empty cell."""
    print_rows([[_cell(row[c]) for c in columns] for row in rows], head=columns, title=title)


def print_rows(rows: Iterable[Sequence[object]], *, head: Sequence[str], title: str = "") -> None:
    """Print rows for people, under a head of as many cells."""
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # Text: nothing in a table of people's is taken for markup
    _console().print(table)


@contextmanager
def progress() -> Iterator[Callable[[object, float], None]]:
    """Show a bar on standard error, so that standard output holds nothing but results; gives what tells it a share."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda name, share: bar.update(task, description=str(name), completed=share)


def _console() -> Console:
    from rich.console import Console

    # Into a file or a pipe nothing is cut off at 80 signs.
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if type(value).__module__ == "numpy":  # a number as a table holds it
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value
