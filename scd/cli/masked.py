"""Commands of masked visual analysis: hide the phases, take a guess, open the seal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scd.cli.app import app
from scd.cli.options import (
    ColumnOption,
    Direction,
    JsonOption,
    RangeOption,
    SheetOption,
    WorkspaceOption,
    columns_of,
    mistake,
    workspace_at,
)
from scd.cli.randomization_test import (
    BlockSizeOption,
    MaxConsecutiveOption,
    MinPhaseOption,
    SchemeName,
    WindowsOption,
    stated_scheme,
)
from scd.cli.show import print_json, print_rows

if TYPE_CHECKING:
    from scd.analysis.visual.masked_records import MaskedAnalysis, MaskKey
    from scd.design import Scheme
    from scd.study import Study

__all__ = ["guess", "mask", "unmask"]

AnalysisArgument = Annotated[Path, typer.Argument(metavar="ANALYSIS.json", help="The analyst's file, from scd mask.")]


@app.command()
def mask(
    subject: Annotated[
        str,
        typer.Argument(metavar="CODE|FILE", help="The code of a stored study, a study exported as JSON, or a table."),
    ],
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder, for the analyst.")],
    key: Annotated[Path | None, typer.Option(help="A new file for the key; else FOLDER-key.json beside it.")] = None,
    measure: Annotated[
        str | None, typer.Option(help="The measure's key, or the series of a table; by default the first.")
    ] = None,
    scheme: Annotated[
        SchemeName | None, typer.Option(help="How the schedule was drawn, where no draw is kept.")
    ] = None,
    min_phase: MinPhaseOption = None,
    max_consecutive: MaxConsecutiveOption = None,
    windows: WindowsOption = None,
    block_size: BlockSizeOption = 2,
    improvement: Annotated[Direction | None, typer.Option(help="The direction that is better, for a table.")] = None,
    limits: RangeOption = None,
    case: Annotated[str | None, typer.Option(help="Only this case of a table.")] = None,
    column: ColumnOption = None,
    sheet: SheetOption = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Hide the phases of a randomised study, for somebody who judges the graphs without knowing them.

    The stored draw says which arrangements were possible. A table has none: there --scheme is your statement that the
    schedule was drawn so, at random and before the first session.
    """
    from scd.analysis.visual.masked import seal_analysis
    from scd.records.opening import open_series
    from scd.reports.masked_page import masked_page

    key = _key_place(into, key)
    stated: Scheme | None = None
    warnings: list[str] = []
    if scheme is not None:
        stated, warnings = stated_scheme(
            scheme, min_phase=min_phase, max_consecutive=max_consecutive, windows=windows, block_size=block_size
        )
    if _is_table(subject):
        if improvement is None or scheme is None:
            raise mistake(
                f"'{subject}': a table holds no draw; say how its schedule was drawn, with --scheme, and which "
                "direction is better, with --improvement"
            )
        opened = open_series(
            Path(subject),
            name=Path(subject).name,
            improvement=improvement.value,
            limits=limits,
            case=case,
            measure=measure,
            columns=columns_of(column),
            sheet=sheet,
        )
        study, measure, warnings = opened.study, None, [*opened.warnings, *warnings]
    else:
        study = _study(subject, improvement, workspace)
    analysis, opens = seal_analysis(study, sealed_at=_now(), measure=measure, stated=stated)
    _write_new(into, {"analysis.json": _document(analysis), "graph.html": masked_page(analysis)}, key=key, opens=opens)
    for warning in warnings:
        typer.echo(f"Warning: {warning}", err=True)
    typer.echo(
        f"For the analyst: {into}, with graph.html to look at and analysis.json for the guesses\n"
        f"For somebody else: {key}, the key, which tells the phases; it must not reach the analyst\n"
        f"{analysis.words}"
    )


@app.command()
def guess(
    file: AnalysisArgument,
    named: Annotated[
        list[str],
        typer.Argument(
            metavar="STARTS|ORDER...",
            help="For each graph, the first session of every phase after the first, as in 6,11,16; or the condition "
            "of every session, as in ABBABA.",
        ),
    ],
) -> None:
    """Name an arrangement; the guess is kept with its time, for good."""
    from scd.analysis.visual.masked import commit_guess
    from scd.analysis.visual.masked_records import MaskedAnalysis
    from scd.records.export import write_file

    analysis = _opened(file, MaskedAnalysis)
    if any(letter.isdigit() for word in named for letter in word):
        analysis = commit_guess(analysis, starts=[_starts(word) for word in named], at=_now())
    else:
        analysis = commit_guess(analysis, orders=named, at=_now())
    write_file(file, _document(analysis))
    last = analysis.guesses[-1]
    rows = [(graph.name, *_told(order)) for graph, order in zip(analysis.graphs, last.orders, strict=True)]
    print_rows(rows, head=["Graph", "Starts", "Order"])
    typer.echo(
        f"Guess {len(analysis.guesses)} is kept, with its time: {last.at:%Y-%m-%d %H:%M} UTC. "
        f"Next, with whoever has the key: scd unmask '{file}' KEY.json"
    )


@app.command()
def unmask(
    file: AnalysisArgument,
    key: Annotated[Path, typer.Argument(metavar="KEY.json", help="The key, from scd mask.")],
    give_up: Annotated[bool, typer.Option("--give-up", help="End without the right guess: p is 1.")] = False,
    json_: JsonOption = False,
) -> None:
    """Try the seal: p if a guess was right, else the key stays closed."""
    from scd.analysis.visual.masked import open_seal
    from scd.analysis.visual.masked_records import MaskedAnalysis, MaskKey
    from scd.design.courses import starts_of
    from scd.records.export import write_file

    analysis = _opened(file, MaskedAnalysis)
    found = open_seal(analysis, _opened(key, MaskKey), give_up=give_up)
    if found.orders and analysis.opened_at is None:
        # Before anything is shown, so that no guess can follow what was seen.
        write_file(file, _document(analysis.replace(opened_at=_now())))
    names = [graph.name for graph in analysis.graphs if found.orders]
    rows = list(zip(names, found.cases, found.orders, strict=True))
    if json_:
        print_json(
            {
                "rows": [
                    {"graph": graph, "case": case, "starts": starts_of(order), "order": order}
                    for graph, case, order in rows
                ],
                "warnings": [],
                "identified": found.identified,
                "guesses": found.guesses,
                "arrangements": found.arrangements,
                "p": found.p,
                "text": found.words,
            }
        )
        return
    typer.echo(found.words)
    if rows:
        shown = [(graph, case, *_told(order)) for graph, case, order in rows]
        print_rows(shown, head=["Graph", "Case", "Starts", "Order"])


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _document(kept: MaskedAnalysis | MaskKey) -> str:
    return kept.to_json() + "\n"


def _is_table(subject: str) -> bool:
    file = Path(subject)
    return file.suffix.lower() != ".json" and (bool(file.suffix) or file.is_file())


def _study(subject: str, improvement: Direction | None, workspace: Path | None) -> Study:
    """The study of a JSON file or of a code."""
    from scd.study import Study

    if improvement is not None:
        raise mistake("--improvement: a stored study knows which direction is better; leave it out")
    file = Path(subject)
    if file.suffix:
        return Study.from_json(_text(file), source=f"'{file}'")
    with workspace_at(workspace).open() as caseload:
        return caseload.get(subject).study


def _key_place(into: Path, named: Path | None) -> Path:
    """Where the key goes: as named, else beside the analyst's folder; never over a file, never into the folder."""
    key = named or into.absolute().with_name(f"{into.absolute().name}-key.json")
    if into.exists():
        raise mistake(f"'{into}': is there already; name a new folder with --into")
    if key.exists():
        raise mistake(f"'{key}': is there already, and may be the key of another analysis; name another with --key")
    if key.resolve().is_relative_to(into.resolve()):
        raise mistake(
            f"'{key}': lies in the analyst's folder, where the key must not be; name another place with --key"
        )
    if not key.parent.is_dir():
        raise mistake(f"'{key.parent}': is no folder; name another place for the key with --key")
    return key


def _write_new(into: Path, contents: dict[str, str], *, key: Path, opens: MaskKey) -> None:
    """The key and the folder, or neither."""
    import shutil

    from scd.records.export import write_file

    into.mkdir(mode=0o700)
    try:
        for name, content in contents.items():
            write_file(into / name, content)
        write_file(key, _document(opens))  # last: where it is, all is
    except OSError:
        shutil.rmtree(into)
        raise


def _opened[Kept: (MaskedAnalysis, MaskKey)](file: Path, kind: type[Kept]) -> Kept:
    """What a file holds; a mistake in it names the file."""
    from scd.study import StudyError

    text = _text(file)
    try:
        return kind.from_json(text)
    except StudyError as error:
        raise mistake(f"'{file}': {error.message}") from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise mistake(f"'{file}': is not text in UTF-8") from None


def _starts(word: str) -> list[int]:
    parts = word.split(",")
    if not all(part.isdecimal() and len(part) < 7 for part in parts):
        raise mistake(f"'{word}': must be sessions with commas between them, such as 6,11,16, or letters alone")
    return [int(part) for part in parts]


def _told(order: str) -> tuple[str, str]:
    from scd.design.courses import starts_of

    return ", ".join(map(str, starts_of(order))), order
