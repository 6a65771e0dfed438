"""The command that looks for processes that go before an outcome, within phases."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scd.cli.app import app
from scd.cli.options import ColumnOption, Direction, JsonOption, RangeOption, SheetOption, columns_of
from scd.cli.show import json_rows, print_frame, print_json

__all__ = ["process"]


@app.command()
def process(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    outcome: Annotated[str, typer.Option(help="The outcome, by its name in the file.")],
    processes: Annotated[
        list[str],
        typer.Option("--process", help="A process thought to carry the change, named beforehand; may be repeated."),
    ],
    improvement: Annotated[Direction | None, typer.Option(help="The outcome's direction that is better.")] = None,
    process_improvement: Annotated[
        list[Direction] | None,
        typer.Option(help="The processes' direction that is better: once for all, or once for each in their order."),
    ] = None,
    limits: RangeOption = None,
    case: Annotated[str | None, typer.Option(help="Only this case of the file.")] = None,
    many: Annotated[bool, typer.Option("--many", help="Search among more than three processes.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draws.")] = 1,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    json_: JsonOption = False,
) -> None:
    """Link processes to an outcome at the next session, within phases, without storing anything."""
    from scd.analysis.processes.table import process_table
    from scd.analysis.processes.together import fit_links_together
    from scd.records.opening_processes import open_processes
    from scd.study import StudyError

    opened = open_processes(
        file,
        name=file.name,
        outcome=outcome,
        processes=processes,
        improvement=None if improvement is None else improvement.value,
        process_improvement=[one.value for one in process_improvement or ()],
        limits=limits,
        case=case,
        columns=columns_of(column),
        sheet=sheet,
    )
    keys = [m.key for m in opened.study.measures]
    found = process_table(opened.study, outcome=keys[0], processes=keys[1:], many=many, seed=seed)
    together, alone = None, []
    if len(opened.study.cases) > 1 and not many:  # a short series leans on the others; a search would lean on chance
        try:
            together = fit_links_together(opened.study, outcome=keys[0], processes=keys[1:], seed=seed)
        except StudyError as error:  # each client's own links stand all the same
            alone = [error.message]
    warnings = [*opened.warnings, *found.warnings, *(together.warnings if together else alone)]
    for warning in warnings:
        typer.echo(f"Warning: {warning}", err=True)
    if json_:
        print_json(
            {
                "rows": json_rows(found.table),
                "n_dropped": found.n_dropped,
                "model": found.model,
                "priors": found.priors,
                "warnings": warnings,
                "text": "\n".join(found.text),
                "seed": seed,
                "fingerprint": opened.study.fingerprint(),
            }
            | ({"together": json_rows(together.clients), "average": json_rows(together.average)} if together else {})
        )
        return
    shown = [
        "case",
        "process",
        "n",
        "link_mean",
        "lower",
        "upper",
        "p_direction",
        "p_rank1",
        "p_above_tenth",
        "evidence",
    ]
    print_frame(
        found.table[shown], title=f"{found.model}: links to {found.outcome.label} at the next session, SD per SD"
    )
    typer.echo("\n".join(found.text))
    if together:
        columns = [
            "case",
            "process",
            "n",
            "link_mean",
            "lower",
            "upper",
            "link_mean_alone",
            "lower_alone",
            "upper_alone",
        ]
        print_frame(together.clients[columns], title="each client leaning on the others, and alone")
        typer.echo("\n".join(together.text))
