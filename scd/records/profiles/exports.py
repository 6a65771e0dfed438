"""An export of whatever kind becomes the tidy form; one of another kind is refused, naming what was expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from scd.records.cells import Cells, read_cells
from scd.records.preview import Problem
from scd.records.profiles.answers import Answer, Answers, Item, Prompt, find_item, wide_answers
from scd.records.profiles.ema import ema_answers, ema_items
from scd.records.profiles.moments import zone_of
from scd.records.profiles.mpath import mpath_items, mpath_prompts, read_meta, unpacked
from scd.records.profiles.redcap import redcap_items, redcap_prompts
from scd.records.profiles.settings import ImportSettings
from scd.records.profiles.studyu import is_archive, studyu_items, studyu_prompts, studyu_tables, studyu_tasks
from scd.study import StudyError

__all__ = ["PROFILES", "read_export"]

PROFILES = {
    "m-path": ("m-Path", "the columns connectionId and timeStampStart, as in the file basic.csv that m-Path exports"),
    "redcap": ("REDCap", "redcap_event_name or redcap_repeat_instance, as in “CSV / Microsoft Excel (raw data)”"),
    "studyu": ("StudyU", "participant_id and measurement_time or intervention_task_time, or the archive it downloads"),
    "ema": ("tidy", "a column each for person, time, item and value"),
}
"""Name of each profile, and how its exports are known."""


def read_export(
    source: Path | bytes | str, *, name: str, settings: ImportSettings, meta: Path | bytes | None = None
) -> Answers:
    """Read an export into its tidy form.

    Parameters
    ----------
    source : pathlib.Path, bytes or str
        The file, its content, or text itself.
    name : str
        What to call it in messages.
    settings : ImportSettings
        Which kind it is, which items are taken (without any: none, and `Answers.items` tells which there are), and how
        times are told.
    meta : pathlib.Path or bytes, optional
        m-Path's file of meta data, which tells questions and kinds of answers.

    Returns
    -------
    Answers
        With all problems, row by row.

    Raises
    ------
    StudyError
        When it is no table, an export of another kind, or has no such item or column.

    Examples
    --------
    >>> from scd.records.profiles.settings import Taken
    >>> settings = ImportSettings(profile="ema", measures=(Taken(key="mood", item="mood"),))
    >>> text = "person,time,item,value\\n007,2026-01-05 09:00,mood,4\\n007,2026-01-05 21:00,mood,\\n"
    >>> read_export(text, name="a.csv", settings=settings).frame().values.tolist()
    [['007', '2026-01-05T09:00:00', 'mood', '4'], ['007', '2026-01-05T21:00:00', 'mood', None]]
    """
    if settings.profile is None:
        raise StudyError(f"{name}: say which kind of export it is: {', '.join(PROFILES)}", field="profile")
    content = _content(source, name)
    tables = _tables(content, name, profile=settings.profile)
    for cells in tables:
        _refuse_stranger(cells, settings.profile)
    zone = zone_of(settings.time_zone)
    if settings.profile == "ema":
        cells = tables[0]
        items = ema_items(cells, columns=settings.columns)
        wanted = _wanted(settings, items, name)
        answers, notes, problems = ema_answers(
            cells,
            wanted,
            columns=settings.columns,
            phase=settings.phase_column,
            day_first=settings.day_first,
            zone=zone,
        )
        return _answers(tables, settings.profile, answers, items, notes, problems)
    if settings.profile == "m-path":
        return _mpath(tables[0], settings, meta)
    if settings.profile == "redcap":
        cells = tables[0]
        items = redcap_items(cells)
        wanted = _wanted(settings, items, name)
        if not wanted:
            return _answers(tables, settings.profile, [], items, [], [])
        prompts, notes, problems = redcap_prompts(
            cells,
            wanted,
            person=settings.columns.get("person", ""),
            time=settings.columns.get("time", ""),
            day_first=settings.day_first,
            zone=zone,
            phase=settings.phase_column,
        )
        return _answers(tables, settings.profile, _wide(cells, prompts, wanted), items, notes, problems)
    return _studyu(tables, settings)


def _content(source: Path | bytes | str, name: str) -> bytes:
    if isinstance(source, str):
        return source.encode()
    if isinstance(source, bytes):
        return source
    try:
        return source.read_bytes()
    except OSError as error:
        raise StudyError(f"{name}: can't be read ({error.strerror or error})", field="source") from None


def _tables(content: bytes, name: str, *, profile: str) -> list[Cells]:
    if profile == "studyu" or is_archive(content):
        return studyu_tables(content, name=name)
    return [read_cells(content, name=name)]


def _kind(cells: Cells) -> str:
    """Which export a table is by its header; empty where it is none that scd knows."""
    header = set(cells.header)
    if "connectionId" in header and any(column.startswith("timeStamp") for column in header):
        return "m-path"
    if header & {"redcap_event_name", "redcap_repeat_instance", "redcap_repeat_instrument"}:
        return "redcap"
    if "participant_id" in header and header & {"measurement_time", "intervention_task_time"}:
        return "studyu"
    return ""


def _refuse_stranger(cells: Cells, profile: str) -> None:
    """Refuse a table of another kind; a tidy table is known by its roles alone."""
    kind = _kind(cells)
    title, marks = PROFILES[profile]
    if kind == profile or (profile == "ema" and not kind):
        return
    if kind:
        raise StudyError(
            f"{cells.name}: is an export of {PROFILES[kind][0]}, not of {title}; say --profile {kind}", field="profile"
        )
    hint = ""
    if len(cells.header) == 1 and "connectionId" in cells.header[0]:
        hint = "; a spreadsheet has saved it and put every row into quotation marks: download it anew"
    elif profile == "redcap" and {"Event Name", "Repeat Instance", "Repeat Instrument"} & set(cells.header):
        hint = "; it is one of labels: export the raw data"
    raise StudyError(
        f"{cells.name}: is no export of {title}: expected are {marks} (its columns are "
        f"{', '.join(h for h in cells.header[:8] if h)}{' …' if len(cells.header) > 8 else ''}){hint}",
        field="profile",
    )


def _wanted(settings: ImportSettings, items: dict[str, Item], name: str) -> set[str]:
    """The items that are taken, by their names in the export."""
    said = [item for t in settings.measures for item in (t.item, t.planned, t.obstacle) if item]
    wanted = {find_item(item, items, where=name) for item in said}
    for item in sorted(wanted):
        if items[item].problem:
            raise StudyError(f"{name}: item '{item}' {items[item].problem}; take another", field="item")
    return wanted


def _wide(cells: Cells, prompts: Sequence[Prompt], wanted: set[str]) -> list[Answer]:
    return wide_answers(cells, prompts, {item: cells.header.index(item) for item in sorted(wanted)})


def _mpath(cells: Cells, settings: ImportSettings, meta: Path | bytes | None) -> Answers:
    told = None if meta is None else read_meta(read_cells(meta, name="the file of meta data"))
    items = mpath_items(cells, told)
    wanted = _wanted(settings, items, cells.name)
    prompts, notes, problems = mpath_prompts(
        cells, person=settings.columns.get("person", ""), time=settings.columns.get("time", "")
    )
    if settings.phase_column:
        texts = cells.column(cells.header.index(find_item(settings.phase_column, _all(cells), where=cells.name)))
        prompts = [replace(p, condition=unpacked(texts[p.index])) for p in prompts]
    problems += [
        Problem(cells.rows[p.index][0], "timeStampSent", "is empty: no time tells when it was") for p in prompts
        if p.moment is None
    ]  # fmt: skip
    prompts = [p for p in prompts if p.moment is not None]
    answers = [replace(a, text=unpacked(a.text)) for a in _wide(cells, prompts, wanted)]
    return _answers([cells], "m-path", answers, items, notes, problems)


def _all(cells: Cells) -> dict[str, Item]:
    return {column: Item() for column in cells.header if column}


def _studyu(tables: list[Cells], settings: ImportSettings) -> Answers:
    held = [studyu_items(cells) for cells in tables]
    items = {item: told for part in held for item, told in part.items()}
    wanted = _wanted(settings, items, tables[0].name)
    answers: list[Answer] = []
    notes: list[str] = []
    problems: list[Problem] = []
    for cells, part in zip(tables, held, strict=True):
        prompts, said, wrong = studyu_prompts(
            cells,
            columns=settings.columns,
            phase=settings.phase_column,
            day_first=settings.day_first,
            zone=zone_of(settings.time_zone),
        )
        notes += [note for note in said if note not in notes]
        problems += wrong
        ours = wanted & set(part)
        if "intervention_task_name" in cells.header:
            answers += studyu_tasks(cells, prompts, ours)
        else:
            columns = {item: cells.header.index(f"{item}_response") for item in sorted(ours)}
            answers += [replace(a, text=_switch(a.text)) for a in wide_answers(cells, prompts, columns)]
    return _answers(tables, "studyu", answers, items, notes, problems)


def _switch(text: str) -> str:
    """A yes or no as StudyU writes it, as a number."""
    return {"true": "1", "false": "0"}.get(text.casefold(), text)


def _answers(
    tables: Sequence[Cells],
    profile: str,
    answers: Sequence[Answer],
    items: dict[str, Item],
    notes: Sequence[str],
    problems: list[Problem],
) -> Answers:
    said = [note for cells in tables for note in cells.notes]
    for cells in tables:
        for row, count in cells.ragged:
            problems.append(Problem(row, "", f"has {count} cells and the header has {len(cells.header)}"))
    return Answers(
        tables[0].name,
        profile,
        tuple(answers),
        items,
        tables[0].separator,
        (*dict.fromkeys(said), *notes),
        tuple(sorted(set(problems), key=lambda p: (p.row or 0, p.column, p.message))),
    )
