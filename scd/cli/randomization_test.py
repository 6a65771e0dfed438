"""The command that tests the effect in a file by the schedules that might have been drawn instead."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scd.cli.app import app
from scd.cli.options import ColumnOption, Direction, JsonOption, SheetOption, columns_of, mistake
from scd.cli.show import print_frame, print_json

if TYPE_CHECKING:
    from scd.design import Scheme

__all__ = [
    "BlockSizeOption",
    "MaxConsecutiveOption",
    "MinPhaseOption",
    "SchemeName",
    "Statistic",
    "WindowsOption",
    "randomization_test",
    "start_points",
    "stated_scheme",
]


class SchemeName(StrEnum):
    """A way of drawing a schedule; see `scd.design.Scheme`."""

    PHASE_STARTS = "phase-starts"
    MARASCUILO_BUSK = "marascuilo-busk"
    WAMPOLD_WORSHAM = "wampold-worsham"
    KOEHLER_LEVIN = "koehler-levin"
    ALTERNATING = "alternating"
    BLOCKS = "blocks"


class Statistic(StrEnum):
    """A test statistic; see `scd.analysis.randomization_test.statistics.contrasts`."""

    PHASE_MEANS = "phase-means"
    POOLED_MEANS = "pooled-means"
    MEDIANS = "medians"
    IMMEDIACY = "immediacy"
    SLOPE = "slope"
    NAP = "nap"


MinPhaseOption = Annotated[int | None, typer.Option(help="Sessions that every phase has at least.")]
MaxConsecutiveOption = Annotated[
    int | None, typer.Option(help="Alternating: the most sessions in a row under one condition; else any number.")
]
WindowsOption = Annotated[
    str | None,
    typer.Option(
        metavar="5-7,9-11,15-17",
        help="First and last start of each case, in the order of their starts; or listed, as in 5/7/9,9/11.",
    ),
]
BlockSizeOption = Annotated[int, typer.Option(help="Blocks: sessions in a block.")]


@app.command("randomization-test")
def randomization_test(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX.")],
    scheme: Annotated[SchemeName, typer.Option(help="How the schedule was drawn.")],
    improvement: Annotated[
        Direction | None, typer.Option(help="The direction that is better; increase if not said.")
    ] = None,
    min_phase: MinPhaseOption = None,
    max_consecutive: MaxConsecutiveOption = None,
    windows: WindowsOption = None,
    block_size: BlockSizeOption = 2,
    statistic: Annotated[Statistic, typer.Option(help="What is compared.")] = Statistic.PHASE_MEANS,
    immediate: Annotated[int, typer.Option(help="Immediacy: values on either side of a change.")] = 3,
    two_sided: Annotated[bool, typer.Option("--two-sided", help="Count effects in both directions.")] = False,
    hypothetical: Annotated[
        bool, typer.Option("--hypothetical", help="The schedule was not drawn so: only compare it with such a set.")
    ] = False,
    interval: Annotated[float, typer.Option(help="Probability of the interval.")] = 0.95,
    draws: Annotated[int, typer.Option(help="Assignments drawn where there are too many to go through.")] = 9_999,
    seed: Annotated[int, typer.Option(help="Seed of these draws.")] = 1,
    case: Annotated[str | None, typer.Option(help="Only this case of the file.")] = None,
    measure: Annotated[str | None, typer.Option(help="The series of the file; by default the first.")] = None,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    json_: JsonOption = False,
) -> None:
    """Test the effect in a file by the schedules that might have been drawn instead.

    A file has no record of a draw: the scheme is your statement that the schedule was drawn so, at random and before
    the first session. Where it was not, say --hypothetical.
    """
    from scd.analysis.randomization_test.testing import randomization_test as test
    from scd.records.opening import open_series

    meant, warnings = stated_scheme(
        scheme, min_phase=min_phase, max_consecutive=max_consecutive, windows=windows, block_size=block_size
    )
    if improvement is None and not two_sided:
        warnings.append("The direction of improvement was not said: an increase is taken for better.")
    opened = open_series(
        file,
        name=file.name,
        improvement="increase" if improvement is None else improvement.value,
        case=case,
        measure=measure,
        columns=columns_of(column),
        sheet=sheet,
    )
    found = test(
        opened.study,
        statistic=statistic.value,
        two_sided=two_sided,
        stated=None if hypothetical else meant,
        hypothetical=meant if hypothetical else None,
        immediate=immediate,
        ci_prob=interval,
        draws=draws,
        seed=seed,
    )
    warnings = [*opened.warnings, *warnings, *found.warnings]
    for warning in warnings:
        typer.echo(f"Warning: {warning}", err=True)
    if json_:
        print_json(found.document() | {"warnings": warnings})
        return
    sides = "two-sided" if two_sided else f"one-sided, towards {found.improvement}"
    print_frame(found.table(), title=f"{found.measure}, {found.statistic}, {sides}, {interval:.0%} intervals")
    typer.echo("\n".join(found.text))


_WITHOUT_WINDOWS = (SchemeName.PHASE_STARTS, SchemeName.ALTERNATING, SchemeName.BLOCKS)


def start_points(windows: str) -> tuple[tuple[int, ...], ...]:
    """Read the start points that ``--windows`` tells.

    Parameters
    ----------
    windows : str
        Windows with commas between them: a first and a last session (``5-7``), or sessions listed (``5/7/9``).

    Raises
    ------
    StudyError
        When a window reads otherwise.

    Examples
    --------
    >>> start_points("5-7, 6/8/10, 9")
    ((5, 6, 7), (6, 8, 10), (9,))
    """
    points = []
    for window in windows.split(","):
        text = window.strip().replace("–", "-")
        first, dash, last = text.partition("-")
        listed = [first, last] if dash else text.split("/")
        if not all(part.strip().isdecimal() for part in listed):
            raise mistake(f"--windows: must read such as 5-7,9-11,15-17 or 5/7/9,9/11 (got '{window.strip()}')")
        numbers = [int(part) for part in listed]
        if dash and numbers[1] < numbers[0]:
            raise mistake(f"--windows: '{text}' ends before it begins")
        points.append(tuple(range(numbers[0], numbers[1] + 1)) if dash else tuple(numbers))
    return tuple(points)


def stated_scheme(
    name: SchemeName, *, min_phase: int | None, max_consecutive: int | None, windows: str | None, block_size: int
) -> tuple[Scheme, list[str]]:
    """The scheme that a command's options tell.

    Parameters
    ----------
    name, min_phase, max_consecutive, windows, block_size
        As the options say.

    Returns
    -------
    scheme : Scheme
    warnings : list of str
        What was said that the scheme has no use for.

    Raises
    ------
    StudyError
        When something is missing, or makes no scheme.

    Examples
    --------
    >>> stated_scheme(SchemeName.BLOCKS, min_phase=3, max_consecutive=None, windows=None, block_size=2)[1]
    ['--min-phase says nothing about blocks, which has no phases.']
    """
    from scd.design import Scheme

    free = name is SchemeName.MARASCUILO_BUSK and not windows
    if min_phase is None and (name is SchemeName.PHASE_STARTS or free):
        raise mistake(f"--min-phase: is needed for {name.value}; give the smallest phase of the draw, in sessions")
    if name is SchemeName.KOEHLER_LEVIN and not windows:
        raise mistake("--windows: are needed for koehler-levin, one for each case, such as --windows 5-7,9-11,15-17")
    said = []
    if min_phase is not None and min_phase > 1 and name in (SchemeName.ALTERNATING, SchemeName.BLOCKS):
        said.append(f"--min-phase says nothing about {name.value}, which has no phases.")
    if max_consecutive is not None and name is not SchemeName.ALTERNATING:
        said.append(f"--max-consecutive says nothing about {name.value}.")
    if windows is not None and name in _WITHOUT_WINDOWS:
        said.append(f"--windows say nothing about {name.value}.")
        windows = None
    meant = Scheme(
        name.value,
        min_phase=1 if min_phase is None else min_phase,
        starts=() if windows is None else start_points(windows),
        max_consecutive=max_consecutive if name is SchemeName.ALTERNATING else None,
        block_size=block_size,
    )
    return meant, said
