"""Tables in: long and wide CSV and XLSX, pasted text, the CSV of R's scan; read row by row, every problem named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from scd.records.cells import Cells, read_cells
from scd.records.columns import Columns, open_columns
from scd.records.intake import sessions_from_table, study_from_table
from scd.records.matching import measure_key
from scd.records.preview import Preview, Problem
from scd.records.roles import Layout, find_layout
from scd.records.series import Entry, check_order, label_phases, number_sessions
from scd.study import StudyError

__all__ = ["Preview", "Problem", "measure_key", "read_table", "sessions_from_table", "study_from_table"]


def read_table(
    source: Path | bytes | str,
    *,
    name: str,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
    day_first: bool | None = None,
) -> Preview:
    """Read a table without making a study of it yet.

    Parameters
    ----------
    source : pathlib.Path, bytes or str
        A CSV or XLSX file, its content, or pasted text. A `str` is never taken for a path.
    name : str
        What to call it in messages.
    columns : mapping of role to column name, optional
        Where the names of columns don't tell. Roles are ``case, session, phase, value, measure, date, trials, minutes,
        second_observer, planned, obstacle, condition, treatment``, and for wide tables ``measures`` or ``cases`` with
        several names (``"PHQ-9; GAD-7"``) or ``*`` for every column of numbers. An empty name says that the table has
        no such column. Beside a column ``walks`` or ``walks_done`` of a wide table, ``walks_planned`` and
        ``walks_obstacle`` are what was planned and what got in the way.
    sheet : str, optional
        The sheet of a workbook; by default the first visible one that holds cells.
    day_first : bool, optional
        Whether 03/04/2026 is the third of April; needed only where the whole column leaves it open.

    Returns
    -------
    Preview
        With all problems, row by row. The single case of a table that names none is called ``case 1``.

    Raises
    ------
    StudyError
        When it is no table at all, or its columns can't be told.

    Examples
    --------
    >>> preview = read_table("session;phase;score\\n1;A;7,5\\n2;B;NA\\n", name="pasted text")
    >>> preview.rows[["case", "session", "phase", "value"]].values.tolist()
    [['case 1', 1, 'A1', 7.5], ['case 1', 2, 'B1', nan]]
    >>> preview.notes[:2]
    ('cells are separated by semicolons', 'numbers have decimal commas')
    """
    cells = read_cells(source, name=name, sheet=sheet)
    layout = find_layout(cells, columns=columns)
    cells, ahead = _until_filled_in(cells, layout)
    read = open_columns(cells, layout)
    if ahead:
        read.notes.append(f"days that are yet to come: {ahead} dated rows at the end with nothing in them are left out")
    entries, phase_column = _entries(read, day_first)
    if "session" not in layout.columns:
        entries, notes, problems = number_sessions(entries, date_column=read.name("date"))
        read.notes.extend(notes)
        read.problems.extend(problems)
    for index in layout.values:
        others = [layout.planned.get(index), layout.obstacle.get(index)]
        beside = " and ".join(f"'{cells.header[i]}'" for i in others if i is not None)
        if beside:
            read.notes.append(f"'{layout.label(cells, index)}' is practice: beside it stand {beside}")
    if any(e.session == 0 for e in entries):
        read.notes.append("sessions are counted from 0 in the table and from 1 here: every number is one higher")
        entries = [e if e.session is None else replace(e, session=e.session + 1) for e in entries]
    entries, problems = label_phases(entries, column=phase_column)
    read.problems.extend(problems)
    read.problems.extend(check_order(entries, session_column=read.name("session"), date_column=read.name("date")))
    if layout.unused:
        names = ", ".join(f"'{cells.header[i]}'" if cells.header[i] else "an unnamed one" for i in layout.unused)
        read.notes.append(f"columns that play no part: {names}")
    roles = {role: cells.header[index] for role, index in layout.columns.items()}
    if layout.form != "long":
        many = "cases" if layout.form == "cases" else "measures"
        roles[many] = "; ".join(layout.label(cells, i) for i in layout.values)
    return Preview(
        name=name,
        form=layout.form,
        entries=tuple(entries),
        roles=MappingProxyType(roles),
        notes=tuple(read.notes),
        problems=tuple(sorted(set(read.problems), key=lambda p: (p.row or 0, p.column, p.message))),
    )


def _until_filled_in(cells: Cells, layout: Layout) -> tuple[Cells, int]:
    """The table without the rows at its end that have a date, a session and nothing else, and how many they are.

    So a diary looks that is brought back half way. A session that was missed says so by NA, or stands before another.
    """
    if layout.form != "wide" or not {"date", "session"} <= set(layout.columns):
        return cells, 0
    held = [*layout.values, *layout.planned.values(), *layout.obstacle.values()]
    last = max((n for n, (_, row) in enumerate(cells.rows) if any(row[i] for i in held)), default=-1)
    if last < 0:
        raise StudyError(f"{cells.name}: holds days and nothing else: nothing is filled in yet", field="value")
    return replace(cells, rows=cells.rows[: last + 1]), len(cells.rows) - last - 1


def _entries(read: Columns, day_first: bool | None) -> tuple[list[Entry], str]:
    """One entry a value in the order of the table, and the column that tells the phases."""
    cells, layout = read.cells, read.layout
    cases, measures, sessions, dates = read.cases(), read.measures(), read.sessions(), read.dates(day_first=day_first)
    (told, phase_column), trials, minutes, seconds = read.phases(), read.trials(), read.minutes(), read.seconds()
    entries = []
    for index in layout.values:
        label, texts, values = layout.label(cells, index), cells.column(index), read.numbers(index)
        planned, obstacles = read.planned(index), read.obstacles(index)
        for i, (row, _) in enumerate(cells.rows):
            case, measure = cases[i], label if measures is None else measures[i]
            if layout.form == "cases":
                if not texts[i]:
                    continue  # the case has no such session
                case, measure = label, "value"
            entries.append(
                Entry(
                    row,
                    case,
                    measure,
                    sessions[i],
                    dates[i],
                    told[i],
                    values[i],
                    trials=trials[i],
                    minutes=minutes[i],
                    second=seconds[i],
                    planned=planned[i],
                    obstacle=obstacles[i],
                )
            )
    if layout.form == "cases":
        read.notes.append("an empty cell in a case's column is no session of that case; write NA for a missed one")
    return sorted(entries, key=lambda e: e.row), phase_column
