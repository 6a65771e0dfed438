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


_SHOWN = ("g", "se", "lower", "upper", "df", "phi", "rho", "mean_difference", "variance", "variance_within", "cases")


def _of_reml(name: str, words: str) -> Any:
    return typer.Option(name, help=f"{words} (reml)")  # named, so that a flag has no counterpart


DesignOption = Annotated[Design, typer.Option(help="Phases that come back, or staggered starts.")]
MethodOption = Annotated[
    Method, typer.Option(help="Moments (Hedges, Pustejovsky, Shadish), mixed model, or multilevel posterior.")
]
ImprovementOption = Annotated[
    Direction | None,
    typer.Option(help="The direction that counts as positive; without it, intervention above baseline does."),
]
MeasureOption = Annotated[str | None, typer.Option(help="The series of the file; by default the first.")]
TrendFlag = Annotated[bool, _of_reml("--trend", "Values drift over sessions, in all cases alike.")]
TreatmentTrendFlag = Annotated[bool, _of_reml("--treatment-trend", "The drift changes under intervention.")]
RandomTrendFlag = Annotated[bool, _of_reml("--random-trend", "Drifts differ between cases.")]
RandomTreatmentFlag = Annotated[bool, _of_reml("--random-treatment", "Changes of level differ between cases.")]
RandomTreatmentTrendFlag = Annotated[
    bool, _of_reml("--random-treatment-trend", "Changes of the drift differ between cases.")
]
ErrorsOption = Annotated[Errors, _of_reml("--errors", "How values of one case hang together.")]
UnequalVarianceFlag = Annotated[bool, _of_reml("--unequal-variance", "Values scatter differently under intervention.")]
StartOption = Annotated[
    int | None, _of_reml("--start", "With trends: the effect is that of an intervention after this session.")
]
AtOption = Annotated[int | None, _of_reml("--at", "With trends: the effect is that at this session.")]
CenterOption = Annotated[
    int | None, _of_reml("--center", "With trends: the session at which levels of cases are compared.")
]
PhiOption = Annotated[float | None, typer.Option(help="Autocorrelation, where it is known. (hps)")]
RhoOption = Annotated[float | None, typer.Option(help="Intraclass correlation, where it is known. (hps)")]
CoverageOption = Annotated[float, typer.Option(help="Coverage of the intervals.")]
SeedOption = Annotated[int, typer.Option(min=0, help="Seed of the draws. (bayes)")]


@app.command(name="between-case")
def between_case(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    design: DesignOption,
    method: MethodOption = Method.HPS,
    improvement: ImprovementOption = None,
    measure: MeasureOption = None,
    scale: ScaleOption = Scale.SCORE,
    limits: RangeOption = None,
    trend: TrendFlag = False,
    treatment_trend: TreatmentTrendFlag = False,
    random_trend: RandomTrendFlag = False,
    random_treatment: RandomTreatmentFlag = False,
    random_treatment_trend: RandomTreatmentTrendFlag = False,
    errors: ErrorsOption = Errors.AR1,
    unequal_variance: UnequalVarianceFlag = False,
    start: StartOption = None,
    at: AtOption = None,
    center: CenterOption = None,
    phi: PhiOption = None,
    rho: RhoOption = None,
    ci_prob: CoverageOption = 0.95,
    seed: SeedOption = 1,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    json_: JsonOption = False,
) -> None:
    """The between-case effect size of a file: the change in units of the SD between cases, as trials report it.

    Without --improvement a positive g means intervention above baseline (B - A); with it, an improvement. The output
    says which.
    """
    from scd.analysis.between_case.effect_size import between_case as estimate
    from scd.analysis.between_case.mixed_model import MixedModel
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
