"""The command that compares the effect in a file with differences between its cases."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

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
from scd.cli.show import print_json, print_rows

__all__ = ["Design", "Errors", "Method", "between_case"]


class Design(StrEnum):
    """What was done to the cases."""

    REVERSAL = "reversal"
    MULTIPLE_BASELINE = "multiple-baseline"


class Method(StrEnum):
    """A way to the effect size."""

    HPS = "hps"
    REML = "reml"
    BAYES = "bayes"


class Errors(StrEnum):
    """How values of one case hang together."""

    AR1 = "ar1"
    MA1 = "ma1"
    INDEPENDENT = "independent"


_FIXED = "[reml] Values drift over sessions, in all cases alike."
_SHOWN = ("g", "se", "lower", "upper", "df", "phi", "rho", "mean_difference", "variance", "variance_within", "cases")


@app.command(name="between-case")
def between_case(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    design: Annotated[Design, typer.Option(help="Phases that come back, or staggered starts.")],
    method: Annotated[
        Method, typer.Option(help="Moments (Hedges, Pustejovsky, Shadish), mixed model, or multilevel posterior.")
    ] = Method.HPS,
    improvement: Annotated[
        Direction | None,
        typer.Option(help="The direction that counts as positive; without it, intervention above baseline does."),
    ] = None,
    measure: Annotated[str | None, typer.Option(help="The series of the file; by default the first.")] = None,
    scale: ScaleOption = Scale.SCORE,
    limits: RangeOption = None,
    trend: Annotated[bool, typer.Option("--trend", help=_FIXED)] = False,
    treatment_trend: Annotated[
        bool, typer.Option("--treatment-trend", help="[reml] The drift changes under intervention.")
    ] = False,
    random_trend: Annotated[bool, typer.Option("--random-trend", help="[reml] Drifts differ between cases.")] = False,
    random_treatment: Annotated[
        bool, typer.Option("--random-treatment", help="[reml] Changes of level differ between cases.")
    ] = False,
    random_treatment_trend: Annotated[
        bool, typer.Option("--random-treatment-trend", help="[reml] Changes of the drift differ between cases.")
    ] = False,
    errors: Annotated[Errors, typer.Option(help="[reml] How values of one case hang together.")] = Errors.AR1,
    unequal_variance: Annotated[
        bool, typer.Option("--unequal-variance", help="[reml] Values scatter differently under intervention.")
    ] = False,
    start: Annotated[
        int | None, typer.Option(help="[reml] The effect is that of an intervention after this session,")
    ] = None,
    at: Annotated[int | None, typer.Option(help="[reml] seen at this one.")] = None,
    center: Annotated[int | None, typer.Option(help="[reml] Session at which levels of cases are compared.")] = None,
    phi: Annotated[float | None, typer.Option(help="[hps] Autocorrelation, where it is known.")] = None,
    rho: Annotated[float | None, typer.Option(help="[hps] Intraclass correlation, where it is known.")] = None,
    ci_prob: Annotated[float, typer.Option(help="Coverage of the intervals.")] = 0.95,
    seed: Annotated[int, typer.Option(min=0, help="[bayes] Seed of the draws.")] = 1,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    json_: JsonOption = False,
) -> None:
    """The between-case effect size of a file: the change in units of the SD between cases, as trials report it.

    Without --improvement a positive g means intervention above baseline (B - A); with it, an improvement. The output
    says which.
    """
    from scd.analysis.between_case import between_case as estimate
    from scd.analysis.mixed_effect import MixedModel
    from scd.records.opening import open_series

    model = MixedModel(
        trend=trend,
        treatment_trend=treatment_trend,
        random_trend=random_trend,
        random_treatment=random_treatment,
        random_treatment_trend=random_treatment_trend,
        errors=errors.value,
        unequal_variance=unequal_variance,
        start=start,
        at=at,
        center=center,
    )
    opened = open_series(
        file,
        name=file.name,
        improvement=(improvement or Direction.INCREASE).value,
        scale=scale.value,
        limits=limits,
        measure=measure,
        columns=columns_of(column),
        sheet=sheet,
    )
    found = estimate(
        opened.study,
        design=design.value,
        method=method.value,
        direction="difference" if improvement is None else "improvement",
        model=model if method is Method.REML or model != MixedModel() else None,
        phi=phi,
        rho=rho,
        ci_prob=ci_prob,
        seed=seed,
    )
    document: dict[str, Any] = found.document()
    document["warnings"] = [*opened.warnings, *found.warnings]
    for warning in document["warnings"]:
        typer.echo(f"Warning: {warning}", err=True)
    if json_:
        print_json(document)
        return
    rows = [(name, "" if document[name] is None else f"{document[name]:.6g}") for name in _SHOWN]
    print_rows(rows, head=("", found.measure), title=f"between-case effect size ({found.method}), {found.direction}")
