"""The command that computes the field's own indices for a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.options import (
    ColumnOption,
    Direction,
    JsonOption,
    RangeOption,
    Scale,
    ScaleOption,
    SheetOption,
    columns_of,
)
from scd.cli.show import json_rows, print_frame, print_json

__all__ = ["overlap"]


@app.command()
def overlap(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    improvement: Annotated[Direction, typer.Option(help="The direction that is better.")],
    goal: Annotated[float | None, typer.Option(help="The goal, in the measure's units, for PoGO.")] = None,
    scale: ScaleOption = Scale.SCORE,
    limits: RangeOption = None,
    case: Annotated[str | None, typer.Option(help="Only this case of the file.")] = None,
    measure: Annotated[str | None, typer.Option(help="The series of the file; by default the first.")] = None,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    json_: JsonOption = False,
) -> None:
    """Compute indices of overlap and simple effect sizes for a file, and say which of them to read."""
    from scd.analysis.overlap.index_guidance import index_guidance
    from scd.analysis.overlap.overlap_table import overlap_table
    from scd.records.opening import open_series

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
    table = overlap_table(opened.study, goal=goal)
    advice = index_guidance(opened.study, goal=goal)
    for warning in opened.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    if json_:
        print_json(
            {
                "rows": json_rows(table),
                "warnings": list(opened.warnings),
                "guidance": [one.model_dump() for one in advice],
                "measure": opened.study.measures[0].label,
                "improvement": improvement.value,
                "scale": scale.value,
                "goal": goal,
                "ci_prob": 0.95,
            }
        )
        return
    print_frame(table, title=f"{opened.study.measures[0].label}, {improvement.value} is better, 95 % intervals")
    typer.echo("\n".join(one.words for one in advice))
    for told in dict.fromkeys(why for one in advice for _, why in one.leave):
        typer.echo(f"Not: {told}")
