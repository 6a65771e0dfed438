"""The command that holds a study against the field's standards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scd.cli.app import app
from scd.cli.options import (
    ColumnOption,
    Direction,
    JsonOption,
    RangeOption,
    ReporterOption,
    Scale,
    ScaleOption,
    SheetOption,
    Standard,
    WorkspaceOption,
    columns_of,
    mistake,
    workspace_at,
)
from scd.cli.show import print_json, print_rows

if TYPE_CHECKING:
    from enum import StrEnum

    from scd.study import Study

__all__ = ["check"]


@app.command()
def check(
    subject: Annotated[str, typer.Argument(metavar="FILE|CODE", help="CSV or XLSX, or the code of a stored study.")],
    standard: Annotated[Standard, typer.Option(help="Which standards.")] = Standard.ALL,
    improvement: Annotated[Direction | None, typer.Option(help="The direction that is better, for a file.")] = None,
    measure: Annotated[
        str | None, typer.Option(help="The series of the file, or the measure's key; by default the first.")
    ] = None,
    case: Annotated[str | None, typer.Option(help="Of a file only this case; of a stored study its screens.")] = None,
    cutoff: Annotated[float, typer.Option(help="From this NAP on a screen of WWC 5.0 is not passed.")] = 0.85,
    scale: ScaleOption = Scale.SCORE,
    limits: RangeOption = None,
    reporter: ReporterOption = None,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    workspace: WorkspaceOption = None,
    json_: JsonOption = False,
) -> None:
    """Hold a file or a stored study against WWC, RoBiNT, SCRIBE and CENT, as far as its record tells."""
    from dataclasses import asdict

    from scd.analysis.standards_check import check_standards, check_words
    from scd.design.standards import grade_wwc
    from scd.records.opening import open_series

    warnings: tuple[str, ...] = ()
    file = Path(subject)
    if file.is_file():
        if improvement is None:
            raise mistake("--improvement: say which direction is better in this file, increase or decrease")
        opened = open_series(
            file,
            name=file.name,
            improvement=improvement.value,
            scale=scale.value,
            limits=limits,
            case=case,
            measure=measure,
            columns=columns_of(column),
            sheet=sheet,
        )
        warnings, key, one = opened.warnings, None, None
        told_by = "" if reporter is None else reporter.value
        study = opened.study.replace(measures=tuple(m.replace(reporter=told_by) for m in opened.study.measures))
    else:
        study, key, one = _stored(subject, improvement or reporter, workspace), measure, case
    rows = check_standards(study, standard=standard.value, measure=key, case=one, cutoff=cutoff)
    told = check_words(rows)
    if json_:
        print_json(
            {
                "rows": [asdict(row) for row in rows],
                "warnings": list(warnings),
                "text": list(told),
                "study": study.code,
                "standard": standard.value,
                "grade": grade_wwc(study, measure=key).model_dump(mode="json"),
                "cutoff": cutoff,
            }
        )
        return
    for warning in warnings:
        typer.echo(f"Warning: {warning}", err=True)
    typer.echo("\n".join(told))
    for name in dict.fromkeys(row.standard for row in rows):
        shown = [(r.item, r.topic, r.result, r.text, r.where) for r in rows if r.standard == name]
        print_rows(shown, head=["Item", "Asks for", "Result", "From the record", "Where to fill it in"], title=name)


def _stored(code: str, said: StrEnum | None, workspace: Path | None) -> Study:
    if Path(code).suffix or len(Path(code).parts) > 1:
        raise mistake(f"'{code}': there is no such file, and a code has no dots or slashes")
    if said is not None:
        raise mistake("--improvement and --reporter: a stored study knows both; leave them out")
    with workspace_at(workspace).open() as caseload:
        return caseload.get(code).study
