"""The command that writes the caseload's record as tables of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.options import Form, WorkspaceOption, mistake, workspace_at

__all__ = ["export"]


@app.command()
def export(
    code: Annotated[str, typer.Argument(help="The code of a study or a case.")],
    form: Annotated[Form, typer.Option("--format", help="The format.")] = Form.CSV,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file; else standard output.")] = None,
    measure: Annotated[str | None, typer.Option(help="The key of the measure; for scan the first outcome.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write a study's record as a table, or whole as JSON."""
    from scd.records.export import to_csv, to_scan_csv, to_xlsx, write_file

    with workspace_at(workspace).open() as caseload:
        study = caseload.get(code).study
    if form is Form.XLSX:
        if output is None:
            raise mistake("export: a workbook needs a file; name one with --output")
        to_xlsx(study, output)
        return
    text = {
        Form.CSV: lambda: to_csv(study, measure=measure),
        Form.SCAN: lambda: to_scan_csv(study, measure=measure or (study.outcomes or study.measures)[0].key),
        Form.JSON: lambda: study.to_json() + "\n",
    }[form]()
    if output is None:
        typer.echo(text, nl=False)
    else:
        write_file(output, text)
