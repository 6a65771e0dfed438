"""REDCap: the CSV of raw data, one row a record and event, and one for each instance of a repeating instrument."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection
from zoneinfo import ZoneInfo

from scd.records.cells import Cells
from scd.records.notation import Unread, is_missing
from scd.records.preview import Problem
from scd.records.profiles.answers import Item, Prompt, needed_column, optional_column
from scd.records.profiles.moments import read_moments
from scd.study import StudyError

__all__ = ["OWN_COLUMNS", "redcap_items", "redcap_prompts"]

OWN_COLUMNS = (
    "redcap_event_name",
    "redcap_repeat_instrument",
    "redcap_repeat_instance",
    "redcap_data_access_group",
    "redcap_survey_identifier",
)
"""The columns that are REDCap's own and no items."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2})?)?")
_NOT_YET = "[not completed]"


def redcap_items(cells: Cells) -> dict[str, Item]:
    """The fields of an export that hold answers; not the record's own, dates, and marks of complete forms.

    Parameters
    ----------
    cells : Cells
        The export.

    Returns
    -------
    dict of str to Item
        By the field's name.
    """
    items = {}
    for index, field in enumerate(cells.header):
        texts = [t for t in cells.column(index) if not is_missing(t)]
        if index == 0 or not field or field in OWN_COLUMNS or field.endswith("_complete") or _is_time(field, texts):
            continue
        items[field] = Item(answered=len(texts))
    return items


def redcap_prompts(
    cells: Cells,
    wanted: Collection[str],
    *,
    person: str = "",
    time: str = "",
    day_first: bool | None = None,
    zone: ZoneInfo | None = None,
    phase: str = "",
) -> tuple[list[Prompt], list[str], list[Problem]]:
    """The rows of an export that hold one of the wanted fields.

    Parameters
    ----------
    cells : Cells
        The export.
    wanted : collection of str
        The fields that are taken.
    person : str
        The field that tells persons apart; by default the first, which is the record's.
    time : str
        The field of dates or times; by default the only one there is in the rows that hold a wanted field. Where there
        is none, the instance of a repeating instrument numbers the sessions.
    day_first, zone
        As in `scd.records.profiles.moments.read_moments`.
    phase : str
        The field that tells the phase.

    Returns
    -------
    prompts : list of Prompt
        The rows; those without date whose wanted fields are all empty are left out.
    notes : list of str
        What was assumed.
    problems : list of Problem
        Dates that can't be read, answers without one.

    Raises
    ------
    StudyError
        When several fields could be the date, or none can and nothing is repeated.
    """
    forms = optional_column(cells, "redcap_repeat_instrument")
    held = {field: [not is_missing(t) for t in cells.column(cells.header.index(field))] for field in wanted}
    ours = {form for form, *full in zip(forms, *held.values(), strict=True) if any(full)}
    counts = [i for i, form in enumerate(forms) if form in ours]
    column = time or _only_time(cells, counts)
    notes = [f"persons are told apart by '{person or cells.header[0]}'"]
    problems: list[Problem] = []
    moments: list[dt.datetime | dt.date | Unread | None] = [None] * len(cells.rows)
    if column:
        texts = ["" if t == _NOT_YET else t for t in needed_column(cells, column)]
        moments, said = read_moments(texts, day_first=day_first, zone=zone)
        notes += [f"the day is that of '{column}'", *said]
    elif "redcap_repeat_instance" in cells.header:
        notes.append("no field tells a date: the number of the repeated instance is that of the session")
    else:
        raise StudyError(
            f"{cells.name}: tells no day and repeats no instrument; say which field holds the date, as in "
            "--column time=diary_date",
            field="time",
        )
    who = needed_column(cells, person) if person else cells.column(0)
    events, instances = optional_column(cells, "redcap_event_name"), optional_column(cells, "redcap_repeat_instance")
    phases = needed_column(cells, phase) if phase else [""] * len(cells.rows)
    prompts = []
    for i in counts:
        row, moment, session = cells.rows[i][0], moments[i], None
        full = any(texts[i] for texts in held.values())
        if isinstance(moment, Unread):
            problems.append(Problem(row, column, moment.why))
            continue
        if moment is None and column:
            if full:
                problems.append(Problem(row, column, "is empty, and the row holds answers; give it its date"))
            continue
        if not column:
            if not instances[i].isdecimal() or int(instances[i]) < 1:
                problems.append(Problem(row, "redcap_repeat_instance", f"'{instances[i]}' numbers no session"))
                continue
            session = int(instances[i])
        if not who[i]:
            problems.append(Problem(row, person or cells.header[0], "is empty; it tells persons apart"))
            continue
        prompt = f"{events[i]}/{forms[i]}/{instances[i]}"
        prompts.append(Prompt(i, who[i], moment, session, forms[i], phases[i], prompt))
    return prompts, notes, problems


def _is_time(field: str, texts: list[str]) -> bool:
    dated = [t for t in texts if t != _NOT_YET]
    return bool(dated or field.endswith("_timestamp")) and all(_DATE.fullmatch(t) for t in dated)


def _only_time(cells: Cells, counts: list[int]) -> str:
    """The only field of dates among the rows that count; empty where there is none."""
    found = []
    for index, field in enumerate(cells.header):
        texts = cells.column(index)
        held = [texts[i] for i in counts if not is_missing(texts[i])]
        if index and field and held and _is_time(field, held):
            found.append(field)
    if len(found) > 1:
        raise StudyError(
            f"{cells.name}: has several fields of dates ({', '.join(found)}); say which one counts, as in "
            f"--column time={found[0]}",
            field="time",
        )
    return found[0] if found else ""
