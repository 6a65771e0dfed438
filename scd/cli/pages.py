"""Commands that make pages to read: a study's reports, and the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.options import LanguageOption, Readers, WorkspaceOption, mistake, spoken, workspace_at
from scd.cli.show import progress
from scd.language import speaking

__all__ = ["demo", "report"]


@app.command()
def report(
    code: Annotated[str | None, typer.Argument(help="The code of a study or a case.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every study in use.")] = False,
    audience: Annotated[Readers, typer.Option(help="Who reads it.")] = Readers.BOTH,
    language: LanguageOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Make the reports of one study or of all; the exit status is 1 (of all) or 2 (of one) when a page failed."""
    from scd.reports.report import AUDIENCES, report_all, report_study

    if all_ == (code is not None):
        raise mistake("report: name one code, or say --all")
    place = workspace_at(workspace)
    audiences = AUDIENCES if audience is Readers.BOTH else (audience.value,)
    failed = False
    with speaking(spoken(language)), progress() as tell:
        if code is not None:
            outcomes = iter(report_study(place, code, audiences=audiences, progress=lambda share: tell(code, share)))
        else:
            outcomes = report_all(place, audiences=audiences, progress=tell)
        for outcome in outcomes:
            failed = failed or not outcome.ok
            if outcome.ok:
                typer.echo(outcome.path)
            else:
                typer.echo(f"{outcome.code}, {outcome.audience}: {outcome.problem}", err=True)
    if failed:
        raise typer.Exit(2 if code is not None else 1)


@app.command()
def demo(
    path: Annotated[Path, typer.Argument(help="A new or empty folder.")] = Path("scd-demo"),
    language: LanguageOption = None,
) -> None:
    """Make a workspace of synthetic clients, with their reports, and say where to look."""
    from scd.reports.demo import make_demo

    with speaking(spoken(language)), progress() as tell:
        made = make_demo(path, progress=lambda share: tell("demo", share))
    for failure in made.failures:
        typer.echo(failure, err=True)
    typer.echo(f"{len(made.reports)} reports of synthetic clients in {made.seconds:.0f} s.\nLook at: {made.index}")
    if made.failures:
        raise typer.Exit(1)
