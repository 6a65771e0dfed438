"""The command line: every command is a thin door to a room; what is heavy loads only when a command needs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from scd import __version__

if TYPE_CHECKING:
    from rich.console import Console

    from scd.records import Workspace

__all__ = ["app"]


class _Door(TyperGroup):
    """Where every mistake leaves: its message on standard error, exit status 2, no traceback, no client's data."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            from scd.study import StudyError

            if not isinstance(error, StudyError):
                raise
            typer.echo(error.message, err=True)
        except OSError as error:
            where = f"'{error.filename}': " if error.filename else ""
            typer.echo(f"{where}{error.strerror or type(error).__name__}", err=True)
        raise typer.Exit(2)


app = typer.Typer(
    cls=_Door,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Single-case designs: plan, record, estimate and report whether a treatment helps a client.",
)


class Kind(StrEnum):
    """A kind of page."""

    ABAB = "abab"
    MULTIPLE_BASELINE = "multiple-baseline"


class Direction(StrEnum):
    """The direction that is better for the client."""

    INCREASE = "increase"
    DECREASE = "decrease"


class Model(StrEnum):
    """A model of `scd.models`."""

    LEVEL = "level"
    LEVEL_TREND = "level-trend"
    PHASE_LEVEL = "phase-level"
    PIECEWISE = "piecewise"
    GRADUAL = "gradual"
    CHANGE_POINT = "change-point"
    MULTILEVEL = "multilevel"


class Scale(StrEnum):
    """A kind of number."""

    SCORE = "score"
    RATING = "rating"
    COUNT = "count"
    RATE = "rate"
    PROPORTION = "proportion"
    PERCENTAGE = "percentage"
    DURATION = "duration"


class Family(StrEnum):
    """How values are taken; see `scd.models.families`."""

    GAUSSIAN = "gaussian"
    RATING = "rating"
    COUNT = "count"
    POISSON = "poisson"
    POISSON_LOGNORMAL = "poisson-lognormal"
    PROPORTION = "proportion"
    LOG = "log"
    LOGIT = "logit"


class Computing(StrEnum):
    """An engine of `scd.models.fit`."""

    AUTO = "auto"
    EXACT = "exact"
    NUTS = "nuts"


class Form(StrEnum):
    """A file format."""

    CSV = "csv"
    SCAN = "scan"
    XLSX = "xlsx"
    JSON = "json"


class Readers(StrEnum):
    """Who reads a report."""

    CLINICIAN = "clinician"
    CLIENT = "client"
    BOTH = "both"


class Across(StrEnum):
    """What the tiers of a multiple baseline are."""

    CLIENTS = "clients"
    BEHAVIOURS = "behaviours"
    SETTINGS = "settings"


WorkspaceOption = Annotated[
    Path | None,
    typer.Option("--workspace", "-w", help="The clinic's folder; else SCD_WORKSPACE, else the current folder."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
ColumnOption = Annotated[
    list[str] | None,
    typer.Option("--column", metavar="ROLE=NAME", help="Which column is what, such as --column value=score."),
]
SheetOption = Annotated[str | None, typer.Option("--sheet", help="The sheet of a workbook.")]
ScaleOption = Annotated[
    Scale, typer.Option(help="What kind of number it is; columns 'minutes' and 'trials' are exposure and denominator.")
]
RangeOption = Annotated[
    tuple[float, float] | None, typer.Option("--range", metavar="LOW HIGH", help="The instrument's range.")
]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"scd {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Single-case designs: plan, record, estimate and report whether a treatment helps a client."""


@app.command()
def init(path: Annotated[Path, typer.Argument(help="A new or empty folder.")]) -> None:
    """Make a workspace: a private folder for the store, the pages and the reports."""
    from scd.records import init_workspace

    workspace = init_workspace(path)
    typer.echo(f"Workspace ready: {workspace.path}\nNext: scd new abab --workspace '{workspace.path}'")


@app.command()
def new(
    kind: Annotated[Kind, typer.Argument(help="The design.")],
    workspace: WorkspaceOption = None,
) -> None:
    """Put a page for a new client into the workspace."""
    from scd.forms.pages import new_page

    place = _workspace(workspace)
    page = new_page(place, kind.value)
    typer.echo(f"Page ready: {page}\nNext: scd lab {page.stem} --workspace '{place.path}'")


@app.command()
def lab(
    page: Annotated[str | None, typer.Argument(help="A page's code, to be opened alone.")] = None,
    workspace: WorkspaceOption = None,
    port: Annotated[int | None, typer.Option(help="The port; by default a free one.")] = None,
    browser: Annotated[bool, typer.Option(help="Open the browser.")] = True,
) -> None:
    """Open JupyterLab in the workspace, on this computer only."""
    from scd.forms.lab import lab_command

    command, environment = lab_command(_workspace(workspace), page=page, port=port, browser=browser)
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)


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

    place = None if dry_run else _workspace(workspace)
    preview = read_table(file, name=file.name, columns=_columns(column), sheet=sheet)
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
    study, labels = study_from_table(
        preview, measures=measures, case=case, across=None if across is None else across.value, pseudonyms=True
    )
    console = _console()
    _print_frame(console, preview.table(6), title=f"{file.name}: the first rows, as scd reads them")
    for note in preview.notes:
        typer.echo(f"- {note}")
    if place is None:
        typer.echo(f"Nothing stored. It would be a {study.design} study of {len(study.cases)} case(s).")
        return
    with place.open() as caseload:
        named = {study.code: label or file.stem} | labels
        stored = caseload.add(study, labels=named, reason=f"scd import {file.name}")
    _print_rows(
        console, ["Code", "Name in the table"], list(named.items()), title="Pseudonyms; the names stay in the store"
    )
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

    with _workspace(workspace).open() as caseload:
        study = caseload.get(code).study
    if form is Form.XLSX:
        if output is None:
            raise _mistake("export: a workbook needs a file; name one with --output")
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


@app.command("list")
def list_(json_: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Show all studies in use."""
    with _workspace(workspace).open() as caseload:
        held = [(stored, caseload.labels(stored.study.code)) for stored in caseload.list()]
    if json_:
        _print_json([
            {"code": s.study.code, "label": labels.get(s.study.code), "design": s.study.design,
             "cases": [c.code for c in s.study.cases], "measures": [m.key for m in s.study.measures],
             "sessions": sum(len(c.sessions) for c in s.study.cases),
             "revision": s.revision, "saved_at": s.saved_at.isoformat()}
            for s, labels in held
        ])  # fmt: skip
        return
    if not held:
        typer.echo("No study yet. Begin with: scd new abab, or scd import FILE")
        return
    rows = [
        (s.study.code, labels.get(s.study.code, ""), s.study.design, ", ".join(m.label for m in s.study.measures),
         str(len(s.study.cases)), str(sum(len(c.sessions) for c in s.study.cases)), str(s.revision),
         f"{s.saved_at:%Y-%m-%d}")
        for s, labels in held
    ]  # fmt: skip
    head = ["Code", "Label", "Design", "Measures", "Cases", "Sessions", "Revision", "Saved"]
    _print_rows(_console(), head, rows)


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
        columns=_columns(column),
        sheet=sheet,
    )
    for warning in found.warnings:
        typer.echo(f"Warning: {warning}", err=True)
    if json_:
        _print_json(found.document())
        return
    if points := found.summary.change_points:
        import pandas as pd

        rows = pd.DataFrame([point.model_dump() for point in points])
        _print_frame(_console(), rows, title="change-point: probability of the last session before the change")
        typer.echo("\n".join(found.summary.text))
        return
    shown = ["case", "contrast", "effect", "median", "lower", "upper", "p_improvement", "p_meaningful"]
    _print_frame(_console(), found.summary.table()[shown], title=f"{found.summary.model}, 95 % intervals")
    typer.echo("\n".join([*found.summary.text, found.summary.grade]))


@app.command()
def report(
    code: Annotated[str | None, typer.Argument(help="The code of a study or a case.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every study in use.")] = False,
    audience: Annotated[Readers, typer.Option(help="Who reads it.")] = Readers.BOTH,
    workspace: WorkspaceOption = None,
) -> None:
    """Make the reports of one study or of all; the exit status is 1 (of all) or 2 (of one) when a page failed."""
    from scd.reports.report import AUDIENCES, report_all, report_study

    if all_ == (code is not None):
        raise _mistake("report: name one code, or say --all")
    place = _workspace(workspace)
    audiences = AUDIENCES if audience is Readers.BOTH else (audience.value,)
    failed = False
    with _progress() as tell:
        if code is not None:
            outcomes = iter(report_study(place, code, audiences=audiences, progress=lambda share: tell(code, share)))
        else:
            outcomes = report_all(place, audiences=audiences, progress=tell)
        for outcome in outcomes:
            failed = failed or not outcome.ok
            if outcome.ok:
                typer.echo(outcome.path)
            else:
                typer.echo(f"{outcome.code}, {outcome.audience}: {outcome.problem}", err=True)
    if failed:
        raise typer.Exit(2 if code is not None else 1)


@app.command()
def demo(path: Annotated[Path, typer.Argument(help="A new or empty folder.")] = Path("scd-demo")) -> None:
    """Make a workspace of synthetic clients, with their reports, and say where to look."""
    from scd.reports.demo import make_demo

    with _progress() as tell:
        made = make_demo(path, progress=lambda share: tell("demo", share))
    for failure in made.failures:
        typer.echo(failure, err=True)
    typer.echo(f"{len(made.reports)} reports of synthetic clients in {made.seconds:.0f} s.\nLook at: {made.index}")
    if made.failures:
        raise typer.Exit(1)


@app.command()
def doctor(json_: JsonOption = False, workspace: WorkspaceOption = None) -> None:
    """Check that everything scd stands on is there, and say how to mend what is not; exit status 1 on a problem."""
    from scd.reports.doctor import examine

    checks = []
    for check in examine(_workspace_or_none(workspace)):
        checks.append(check)
        if not json_:
            typer.echo(f"{'ok     ' if check.ok else 'problem'}  {check.name}: {check.found}")
            if check.mend:
                typer.echo(f"         -> {check.mend}")
    if json_:
        _print_json([{"name": c.name, "ok": c.ok, "found": c.found, "mend": c.mend} for c in checks])
    if not all(check.ok for check in checks):
        raise typer.Exit(1)


def _mistake(message: str) -> Exception:
    from scd.study import StudyError

    return StudyError(message)


def _workspace(path: Path | None) -> Workspace:
    from scd.records import find_workspace

    return find_workspace(path)


def _workspace_or_none(path: Path | None) -> Workspace | None:
    """None only where nobody named one: a named folder that is no workspace is a mistake."""
    import os

    from scd.study import StudyError

    if path is None and not os.environ.get("SCD_WORKSPACE"):
        try:
            return _workspace(None)
        except StudyError:
            return None
    return _workspace(path)


def _columns(said: list[str] | None) -> dict[str, str] | None:
    columns = {}
    for entry in said or ():
        role, equals, name = entry.partition("=")
        if not equals:
            raise _mistake(f"--column: must read ROLE=NAME, such as value=score (got '{entry}')")
        columns[role.strip()] = name
    return columns or None


def _print_json(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, allow_nan=False, indent=1))


def _console() -> Console:
    from rich.console import Console

    # Into a file or a pipe nothing is cut off at 80 signs.
    return Console(width=None if sys.stdout.isatty() else 200, highlight=False, markup=False)


def _print_frame(console: Console, frame: Any, *, title: str = "") -> None:
    shown = frame.astype(object).where(frame.notna(), "")  # a missing value of any kind is an empty cell
    rows = [[_cell(value) for value in row] for row in shown.itertuples(index=False)]
    _print_rows(console, [str(c) for c in frame.columns], rows, title=title)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _print_rows(console: Console, head: list[str], rows: Any, *, title: str = "") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(*head, title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))  # Text: nothing in a table of people's is taken for markup
    console.print(table)


@contextmanager
def _progress() -> Iterator[Any]:
    """A progress bar on standard error, so that standard output holds nothing but results."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda name, share: bar.update(task, description=str(name), completed=share)
