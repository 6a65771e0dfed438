"""The command that prints what a client fills in between sessions: a sheet, a file, and a calendar."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scd.cli.app import app
from scd.cli.options import LanguageOption, WorkspaceOption, mistake, spoken, workspace_at
from scd.language import speaking

if TYPE_CHECKING:
    from scd.design.diary import Diary
    from scd.records.stored import Stored

__all__ = ["diary"]


@app.command()
def diary(
    code: Annotated[str | None, typer.Argument(help="The code of a study of one case, or of a case.")] = None,
    template: Annotated[
        Path | None, typer.Option(help="Instead of a code: the measures of an import's settings file (TOML).")
    ] = None,
    weeks: Annotated[int, typer.Option(help="For how many weeks.")] = 2,
    begin: Annotated[
        dt.datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="DATE", help="The first day; else the next."),
    ] = None,
    every: Annotated[str, typer.Option(help="day, weekday, week, or days such as mon,wed,fri.")] = "day",
    sheet: Annotated[Path | None, typer.Option("--output", "-o", help="The sheet; else diary-CODE.html.")] = None,
    csv: Annotated[Path | None, typer.Option(help="The file to fill in (CSV); else diary-CODE.csv.")] = None,
    calendar: Annotated[Path | None, typer.Option(help="Write a calendar, too (ICS).")] = None,
    at: Annotated[str | None, typer.Option(metavar="HH:MM", help="The time in the calendar; else all day.")] = None,
    named: Annotated[
        bool, typer.Option("--code/--no-code", help="Whether the calendar says the code, or just “session”.")
    ] = True,
    phase_changes: Annotated[
        bool, typer.Option("--phase-changes/--no-phase-changes", help="Whether the calendar tells when phases begin.")
    ] = True,
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Print the diary of the coming weeks: a sheet for paper, and a CSV for a phone or a computer.

    What comes back as CSV is read by `scd import diary.csv --into CODE`.
    """
    from scd.records.diary import diary_csv
    from scd.records.export import write_file
    from scd.records.profiles.said import time_said
    from scd.reports.diary import diary_sheet

    if (code is None) == (template is None):
        raise mistake("diary: name one code, or give a --template")
    if calendar is not None and code is None:
        raise mistake("diary: a calendar needs a code; a sheet of nobody's has none")
    start = None if begin is None else begin.date()
    held, made = _diary(code, template, workspace, weeks=weeks, start=start, every=every)
    stem = f"diary-{made.code}" if made.code else "diary"
    with speaking(spoken(language)):
        write_file(sheet or Path(f"{stem}.html"), diary_sheet(made))
        write_file(csv or Path(f"{stem}.csv"), diary_csv(made))
        typer.echo(f"To print: {sheet or f'{stem}.html'}\nTo fill in: {csv or f'{stem}.csv'}")
        if calendar is not None and held is not None:
            from scd.design.calendar import diary_calendar

            hour = None if at is None else time_said(at)
            content = diary_calendar(
                made, stamp=held.saved_at, revision=held.revision, at=hour, named=named, phase_changes=phase_changes
            )
            write_file(calendar, content)
            typer.echo(f"Calendar: {calendar}")
    first, last = made.days[0], made.days[-1]
    typer.echo(f"{len(made.days)} days, {first.date} to {last.date}, sessions {first.session} to {last.session}.")


def _diary(
    code: str | None, template: Path | None, workspace: Path | None, *, weeks: int, start: dt.date | None, every: str
) -> tuple[Stored | None, Diary]:
    from scd.design.diary import blank_diary, diary_of

    if template is not None:
        from scd.records.profiles import read_settings
        from scd.records.profiles.sessions import measures_of_settings

        if start is None:
            raise mistake("diary: say on which day the sheet begins, as in --from 2026-01-05")
        measures = measures_of_settings(read_settings(template, name=template.name))
        return None, blank_diary(tuple(measures.values()), start=start, weeks=weeks, every=every)
    assert code is not None
    with workspace_at(workspace).open() as caseload:
        held = caseload.get(code)
    cases = [c.code for c in held.study.cases]
    wanted = [c for c in cases if c == code.strip().upper()] or cases
    if len(wanted) > 1:
        raise mistake(f"study '{held.study.code}': has several cases ({', '.join(cases)}); name one of them")
    return held, diary_of(held.study, case=wanted[0], weeks=weeks, start=start, every=every)
