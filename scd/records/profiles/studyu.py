"""StudyU: the archive that the designer downloads, or its ``measurements`` and ``interventions`` as CSV or JSON.

One row of the measurements is one survey that was answered, with its questions side by side as
``survey1_question1_id, …_text, …_response``; one row of the interventions is a task that was ticked off.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from scd.records.cells import MAX_BYTES, Cells, read_cells
from scd.records.notation import Unread, is_missing
from scd.records.preview import Problem
from scd.records.profiles.answers import Answer, Item, Prompt, needed_column
from scd.records.profiles.moments import read_moments
from scd.study import StudyError

__all__ = ["is_archive", "studyu_items", "studyu_prompts", "studyu_tables", "studyu_tasks"]

_RESPONSE = re.compile(r"(survey\d+_question\d+)_response")
_TABLES = ("measurements", "interventions")


def is_archive(content: bytes) -> bool:
    """Whether this is a ZIP with StudyU's tables, and not a workbook, which is a ZIP too.

    Examples
    --------
    >>> is_archive(b"measurement_time,participant_id")
    False
    """
    return content[:4] == b"PK\x03\x04" and any(name.startswith(_TABLES) for name in _names(content))


def _names(content: bytes) -> list[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.namelist()
    except zipfile.BadZipFile:
        return []


def studyu_tables(content: bytes, *, name: str) -> list[Cells]:
    """The tables of an export: those of an archive that hold anything, or the one that was given.

    Parameters
    ----------
    content : bytes
        An archive, a CSV, or a JSON list of objects.
    name : str
        What to call it in messages.

    Raises
    ------
    StudyError
        When an archive is too big or holds no such table, or the JSON is no list of rows.
    """
    if not is_archive(content):
        return [_from_json(content, name=name) if content.lstrip()[:1] == b"[" else read_cells(content, name=name)]
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for table in _TABLES:
            entry = next((e for e in archive.infolist() if e.filename == f"{table}.csv"), None)
            if entry is None:
                continue
            if entry.file_size > MAX_BYTES:
                raise StudyError(f"{name}: its {table}.csv is too big (at most {MAX_BYTES:,} bytes)", field="source")
            held = archive.read(entry)
            if held.strip().count(b"\n"):  # a header alone: nobody has answered, or ticked anything
                found.append(read_cells(held, name=f"{table}.csv in {name}"))
    if not found:
        raise StudyError(f"{name}: holds neither measurements nor interventions", field="source")
    return found


def _from_json(content: bytes, *, name: str) -> Cells:
    try:
        rows = json.loads(content.decode("utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise StudyError(f"{name}: is not JSON ({error})", field="source") from None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise StudyError(f"{name}: must be a JSON list of rows with at least one of them", field="source")
    header = tuple(dict.fromkeys(key for row in rows for key in row))
    cells = tuple((n, tuple(_text(row.get(key)) for key in header)) for n, row in enumerate(rows, 1))
    return Cells(name, header, cells, ",", ("rows are numbered as they stand in the JSON list",))


def _text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def studyu_items(cells: Cells) -> dict[str, Item]:
    """The questions of the measurements by ``survey1_question1``, or the tasks of the interventions by their name."""
    if "intervention_task_name" in cells.header:
        names = cells.column(cells.header.index("intervention_task_name"))
        return {name: Item("", names.count(name)) for name in dict.fromkeys(names) if name}
    items = {}
    for index, column in enumerate(cells.header):
        if found := _RESPONSE.fullmatch(column):
            text = f"{found[1]}_text"
            asked = cells.column(cells.header.index(text)) if text in cells.header else []
            question = next((q for q in asked if q), "")
            items[found[1]] = Item(question, sum(not is_missing(t) for t in cells.column(index)))
    return items


def studyu_prompts(
    cells: Cells, *, columns: Mapping[str, str], phase: str, day_first: bool | None, zone: ZoneInfo | None
) -> tuple[list[Prompt], list[str], list[Problem]]:
    """The rows of either table with their person, time and phase.

    Parameters
    ----------
    cells : Cells
        Measurements or interventions.
    columns : mapping of str to str
        Columns by role, where they are not StudyU's own.
    phase : str
        The column that tells the phase; empty for the intervention that was on.
    day_first, zone
        As in `scd.records.profiles.moments.read_moments`.

    Returns
    -------
    prompts : list of Prompt
        One a row.
    notes : list of str
        What was assumed.
    problems : list of Problem
        Times that can't be read, rows without one or without a person.
    """
    tasks = "intervention_task_time" in cells.header
    time = columns.get("time", "intervention_task_time" if tasks else "measurement_time")
    who = columns.get("person", "participant_id")
    told = phase or "current_intervention_name"
    found = {name: needed_column(cells, name) for name in (time, who, told)}
    moments, notes = read_moments(found[time], day_first=day_first, zone=zone)
    form = "measurement_id" if "measurement_id" in cells.header else "intervention_task_id"
    forms = cells.column(cells.header.index(form)) if form in cells.header else [""] * len(cells.rows)
    prompts, problems = [], []
    for i, (row, _) in enumerate(cells.rows):
        moment = moments[i]
        if isinstance(moment, Unread):
            problems.append(Problem(row, time, moment.why))
        elif moment is None or not found[who][i]:
            problems.append(Problem(row, time if moment is None else who, "is empty"))
        else:
            prompt = f"{forms[i]}/{found[time][i]}"
            prompts.append(Prompt(i, found[who][i], moment, None, forms[i], found[told][i], prompt))
    if tasks:
        notes.append("StudyU exports tasks that were ticked off, and none that were not: no row is not known, never 0")
    return prompts, notes, problems


def studyu_tasks(cells: Cells, prompts: list[Prompt], wanted: set[str]) -> list[Answer]:
    """The tasks that were ticked off: 1 for each, or 0 where the export says that it was not completed."""
    names = cells.column(cells.header.index("intervention_task_name"))
    done = needed_column(cells, "is_completed") if "is_completed" in cells.header else ["true"] * len(cells.rows)
    return [
        Answer(
            cells.rows[p.index][0],
            p.person,
            p.moment,
            None,
            names[p.index],
            "0" if done[p.index].casefold() in ("false", "0") else "1",
            p.condition,
            p.prompt,
        )
        for p in prompts
        if names[p.index] in wanted
    ]
