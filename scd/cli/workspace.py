"""Commands about the clinic's folder: make it, add a page, open it, look in it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.options import JsonOption, Kind, WorkspaceOption, workspace_at
from scd.cli.show import print_json, print_rows

__all__ = ["init", "lab", "list_", "new"]


@app.command()
def init(path: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Make a workspace: a private folder for the store, the pages and the reports."""
    from scd.records import init_workspace

    workspace = init_workspace(path)
    typer.echo(f"Workspace ready: {workspace.path}\nNext: scd new abab --workspace '{workspace.path}'")


@app.command()
def new(
    kind: Annotated[Kind, typer.Argument(help="The design.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Put a page for a new client into the workspace."""
    from scd.forms.pages import new_page

    place = workspace_at(workspace)
    page = new_page(place, kind.value)
    typer.echo(f"Page ready: {page}\nNext: scd lab {page.stem} --workspace '{place.path}'")


@app.command()
def lab(
    page: Annotated[str | None, typer.Argument(help="A page's code, to be opened alone.")] = None,
    workspace: WorkspaceOption = None,
    port: Annotated[int | None, typer.Option(help="The port; by default a free one.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open JupyterLab in the workspace, on this computer only."""
    from scd.forms.lab import lab_command

    command, environment = lab_command(workspace_at(workspace), page=page, port=port, browser=browser)
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)


@app.command("list")
def list_(json_: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show all studies in use."""
    with workspace_at(workspace).open() as caseload:
        held = [(stored, caseload.labels(stored.study.code)) for stored in caseload.list()]
    if json_:
        print_json([
            {"code": s.study.code, "label": labels.get(s.study.code), "design": s.study.design,
             "cases": [c.code for c in s.study.cases], "measures": [m.key for m in s.study.measures],
             "sessions": sum(len(c.sessions) for c in s.study.cases),
             "revision": s.revision, "saved_at": s.saved_at.isoformat()}
            for s, labels in held
        ])  # fmt: skip
        return
    if not held:
        typer.echo("No study yet. Begin with: scd new abab, or scd import FILE")
        return
    rows = [
        (s.study.code, labels.get(s.study.code, ""), s.study.design, ", ".join(m.label for m in s.study.measures),
         str(len(s.study.cases)), str(sum(len(c.sessions) for c in s.study.cases)), str(s.revision),
         f"{s.saved_at:%Y-%m-%d}")
        for s, labels in held
    ]  # fmt: skip
    head = ["Code", "Label", "Design", "Measures", "Cases", "Sessions", "Revision", "Saved"]
    print_rows(rows, head=head)
