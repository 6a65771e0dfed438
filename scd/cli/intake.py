"""The command that takes in: tables, and the exports of diary apps, as new studies or into one that is on record."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.importing import (
    Place,
    check_options,
    from_export,
    from_table,
    save_settings_file,
    settings_said,
    table_into,
)
from scd.cli.options import (
    Across,
    ColumnOption,
    Direction,
    RangeOption,
    ReporterOption,
    Scale,
    ScaleOption,
    SheetOption,
    WorkspaceOption,
    columns_of,
)

__all__ = ["Every", "Kind", "Rule", "import_"]


class Kind(StrEnum):
    """A kind of export; see `scd.records.profiles`."""

    M_PATH = "m-path"
    REDCAP = "redcap"
    STUDYU = "studyu"
    EMA = "ema"


class Rule(StrEnum):
    """How a day's value comes about from several answers."""

    MEAN = "mean"
    MEDIAN = "median"
    FIRST = "first"
    LAST = "last"
    MIN = "min"
    MAX = "max"
    SUM = "sum"
    COUNT = "count"


class Every(StrEnum):
    """What a session of an import is."""

    DAY = "day"
    WEEK = "week"


_EXPORT = "Exports of diary apps"
_INTO = "Into a study on record"


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX, long or wide, the CSV of R's scan, or an app's export.")],
    improvement: Annotated[Direction | None, typer.Option(help="The direction that is better.")] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY | SERIES=KEY", help="A measure of the catalogue, such as phq-9."),
    ] = None,
    scale: ScaleOption = Scale.SCORE,
    limits: RangeOption = None,
    unit: Annotated[str, typer.Option(help="The word for one unit of the measure.")] = "points",
    reporter: ReporterOption = None,
    name: Annotated[str | None, typer.Option(help="The measure's name on the pages; else the table's.")] = None,
    series: Annotated[list[str] | None, typer.Option(help="Take only this series of the table.")] = None,
    case: Annotated[str | None, typer.Option(help="Take only this case of the table.")] = None,
    across: Annotated[Across | None, typer.Option(help="What the tiers of a multiple baseline are.")] = None,
    label: Annotated[str | None, typer.Option(help="The clinic's name for the study; else the file's name.")] = None,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    day_first: Annotated[
        bool | None, typer.Option("--day-first/--month-first", help="Whether 03/04/2026 is the third of April.")
    ] = None,
    profile: Annotated[Kind | None, typer.Option(help="The app that made the export.", rich_help_panel=_EXPORT)] = None,
    settings: Annotated[
        Path | None, typer.Option(help="A TOML file that says all of this once.", rich_help_panel=_EXPORT)
    ] = None,
    save_settings: Annotated[
        Path | None, typer.Option(help="Write what was said into such a file.", rich_help_panel=_EXPORT)
    ] = None,
    item: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ITEM=KEY,…",
            help="An item and its measure, such as sad=sadness,decrease,0:100,process.",
            rich_help_panel=_EXPORT,
        ),
    ] = None,
    practice: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=DONE,PLANNED,OBSTACLE", help="A practice and its three items.", rich_help_panel=_EXPORT
        ),
    ] = None,
    daily: Annotated[
        Rule | None, typer.Option(help="A day's value of several answers.", rich_help_panel=_EXPORT)
    ] = None,
    every: Annotated[Every | None, typer.Option(help="What a session is.", rich_help_panel=_EXPORT)] = None,
    day_starts: Annotated[
        str | None, typer.Option(metavar="HH:MM", help="When a day begins; else midnight.", rich_help_panel=_EXPORT)
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The client's, such as Europe/Berlin.", rich_help_panel=_EXPORT)
    ] = None,
    start: Annotated[
        dt.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="The day of session 1.", rich_help_panel=_EXPORT),
    ] = None,
    phase: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL:START", help="B1:2026-01-26, or B1:22.", rich_help_panel=_EXPORT),
    ] = None,
    phase_column: Annotated[
        str | None, typer.Option(help="The column that tells phases.", rich_help_panel=_EXPORT)
    ] = None,
    person: Annotated[str | None, typer.Option(help="Take only this person.", rich_help_panel=_EXPORT)] = None,
    together: Annotated[
        bool, typer.Option("--together", help="One multiple baseline across persons.", rich_help_panel=_EXPORT)
    ] = False,
    meta: Annotated[Path | None, typer.Option(help="m-Path's file of meta data.", rich_help_panel=_EXPORT)] = None,
    into: Annotated[
        list[str] | None,
        typer.Option(metavar="CODE", help="Add what is new to this study or case.", rich_help_panel=_INTO),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="What differs takes the place of what is there.", rich_help_panel=_INTO)
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be imported, and store nothing.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take a table or an app's export in as a new study, or add what is new in it to one that is there.

    Cases and persons get pseudonyms; the names that the file has for them stay in the store. A diary that `scd diary`
    made comes back with --into CODE.
    """
    place = Place(file, workspace, dry_run=dry_run, replace=replace, into=tuple(into or ()))
    is_export = profile is not None or settings is not None
    of_tables = {"--measure": measure, "--name": name, "--series": series, "--across": across, "--sheet": sheet}
    of_exports = {
        "--item": item, "--practice": practice, "--daily": daily, "--phase": phase, "--phase-column": phase_column,
        "--person": person, "--together": together, "--day-starts": day_starts, "--time-zone": time_zone,
        "--save-settings": save_settings, "--meta": meta,
    }  # fmt: skip
    check_options(
        of_tables if is_export else of_exports,
        why="is for a table; an export's items are told by --item"
        if is_export
        else "is for an app's export; say which with --profile, or give --settings",
    )
    if not into:
        why = "is for a study on record; name it with --into"
        check_options({"--replace": replace} | ({} if is_export else {"--every": every, "--start": start}), why=why)
    else:
        why = "is for a new study; what is added with --into belongs to a study that has its own"
        check_options({"--label": label, "--together": together, "--phase": phase, "--across": across}, why=why)
    if is_export:
        defaults = {
            "improvement": None if improvement is None else improvement.value,
            "scale": None if scale is Scale.SCORE else scale.value,
            "unit": None if unit == "points" else unit,
            "minimum": limits[0] if limits else None,
            "maximum": limits[1] if limits else None,
            "reporter": None if reporter is None else reporter.value,
        }
        said = settings_said(
            settings,
            items=item or (),
            practices=practice or (),
            phases=phase or (),
            columns=columns_of(column),
            defaults={key: value for key, value in defaults.items() if value is not None},
            told={
                "profile": None if profile is None else profile.value,
                "daily": None if daily is None else daily.value,
                "every": None if every is None else every.value,
                "time_zone": time_zone,
                "day_first": day_first,
                "start": None if start is None else start.date(),
                "phase_column": phase_column,
            },
            day_starts=day_starts,
        )
        from_export(place, said, meta=meta, person=person, together=together, label=label)
        if save_settings is not None:
            save_settings_file(save_settings, said)
        return
    preview_options = {"columns": columns_of(column), "sheet": sheet, "day_first": day_first}
    if into:
        begin = None if start is None else start.date()
        table_into(place, preview_options, every="day" if every is None else every.value, start=begin, case=case)
        return
    from_table(
        place,
        preview_options,
        told={
            "keys": measure or (),
            "improvement": None if improvement is None else improvement.value,
            "scale": scale.value,
            "limits": limits,
            "unit": unit,
            "name": name,
            "series": series or (),
        },
        reporter=reporter,
        case=case,
        across=across,
        label=label,
    )
