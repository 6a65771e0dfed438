"""The one door: the application that commands join, and how a mistake leaves it."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scd import __version__
from scd.language import LanguageError

__all__ = ["app", "main"]


class _Door(TyperGroup):
    """Where every mistake leaves: its message on standard error, exit status 2, no traceback, no client's data."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ValueError as error:
            from scd.study import StudyError

            if not isinstance(error, StudyError | LanguageError):
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
