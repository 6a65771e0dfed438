"""The command that estimates the effect in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.options import (
    ColumnOption,
    Computing,
    Direction,
    Family,
    JsonOption,
    Model,
    RangeOption,
    Scale,
    ScaleOption,
    SheetOption,
    columns_of,
)
from scd.cli.show import print_json, print_values

__all__ = ["analyze"]


@app.command()
def analyze(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    improvement: Annotated[Direction, typer.Option(help="The direction that is better.")],
    scale: ScaleOption = Scale.SCORE,
    limits: RangeOption = None,
    center: Annotated[float | None, typer.Option(help="Centre of the priors; by default mid-range.")] = None,
    unit: Annotated[float | None, typer.Option(help="Unit of the priors; by default a fifth of the range.")] = None,
    model: Annotated[Model | None, typer.Option(help="By default the headline model of the design.")] = None,
    family: Annotated[Family | None, typer.Option(help="How to take the values; by default as the scale says.")] = None,
    engine: Annotated[
        Computing, typer.Option(help="Integrate exactly or sample; auto integrates where it can.")
    ] = Computing.AUTO,
    case: Annotated[str | None, typer.Option(help="Only this case of the file.")] = None,
    measure: Annotated[str | None, typer.Option(help="The series of the file; by default the first.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sampler.")] = 1,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    json_: JsonOption = False,
) -> None:
    """Estimate the effect in a file, without storing anything."""
    from scd.analysis.tables import analyze_table

    found = analyze_table(
        file,
        name=file.name,
        improvement=improvement.value,
        scale=scale.value,
        limits=limits,
        center=center,
        unit=unit,
        model=None if model is None else model.value,
        family=None if family is None else family.value,
        engine=engine.value,
        case=case,
        measure=measure,
        seed=seed,
        columns=columns_of(column),
        sheet=sheet,
    )
    for warning in found.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    if json_:
        print_json(found.document())
        return
    if points := found.summary.change_points:
        rows = [point.model_dump() for point in points]
        print_values(
            rows, columns=list(rows[0]), title="change-point: probability of the last session before the change"
        )
        typer.echo("\n".join(found.summary.text))
        return
    shown = ["case", "contrast", "effect", "median", "lower", "upper", "p_improvement", "p_meaningful"]
    effects = [effect.model_dump() for effect in found.summary.effects]
    print_values(effects, columns=shown, title=f"{found.summary.model}, 95 % intervals")
    typer.echo("\n".join([*found.summary.text, found.summary.grade]))
