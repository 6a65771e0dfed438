"""The command that examines the installation."""

from __future__ import annotations

import typer

from scd.cli.app import app
from scd.cli.options import JsonOption, WorkspaceOption, workspace_or_none
from scd.cli.show import print_json

__all__ = ["doctor"]


@app.command()
def doctor(json_: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Check that everything scd stands on is there, and say how to mend what is not; exit status 1 on a problem."""
    from scd.reports.doctor import examine

    checks = []
    for check in examine(workspace_or_none(workspace)):
        checks.append(check)
        if not json_:
            typer.echo(f"{'ok     ' if check.ok else 'problem'}  {check.name}: {check.found}")
            if check.mend:
                typer.echo(f"         -> {check.mend}")
    if json_:
        print_json([{"name": c.name, "ok": c.ok, "found": c.found, "mend": c.mend} for c in checks])
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
