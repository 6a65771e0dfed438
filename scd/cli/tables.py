"""Commands between the caseload and tables of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.options import (
    Across,
    ColumnOption,
    Direction,
    Form,
    RangeOption,
    ReporterOption,
    Scale,
    ScaleOption,
    SheetOption,
    WorkspaceOption,
    columns_of,
    mistake,
    workspace_at,
)
from scd.cli.show import print_frame, print_rows

__all__ = ["export", "import_"]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX, long or wide, or the CSV of R's scan.")],
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
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be imported, and store nothing.")] = False,
    workspace: WorkspaceOption = None,
) -> None:
    """Take a table in as a new study; its cases get pseudonyms."""
    from scd.records.measures import measures_of_table
    from scd.records.tables import read_table, study_from_table

    place = None if dry_run else workspace_at(workspace)
    preview = read_table(file, name=file.name, columns=columns_of(column), sheet=sheet)
    measures = measures_of_table(
        preview,
        keys=measure or (),
        improvement=None if improvement is None else improvement.value,
        scale=scale.value,
        limits=limits,
        unit=unit,
        name=name,
        series=series or (),
    )
    if reporter is not None:
        measures = {label: m.replace(reporter=reporter.value) for label, m in measures.items()}
    study, labels = study_from_table(
        preview, measures=measures, case=case, across=None if across is None else across.value, pseudonyms=True
    )
    print_frame(preview.table(6), title=f"{file.name}: the first rows, as scd reads them")
    for note in preview.notes:
        typer.echo(f"- {note}")
    if place is None:
        typer.echo(f"Nothing stored. It would be a {study.design} study of {len(study.cases)} case(s).")
        return
    with place.open() as caseload:
        named = {study.code: label or file.stem} | labels
        stored = caseload.add(study, labels=named, reason=f"scd import {file.name}")
    print_rows(named.items(), head=["Code", "Name in the table"], title="Pseudonyms; the names stay in the store")
    typer.echo(f"Stored: {stored.study.code}, revision {stored.revision}. Next: scd report {stored.study.code}")


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
