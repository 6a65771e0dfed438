"""What several commands ask for, and what was meant by it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scd.language import current_language, known_language

if TYPE_CHECKING:
    from scd.records import Workspace
    from scd.study import StudyError

__all__ = [
    "Across",
    "ColumnOption",
    "Computing",
    "Direction",
    "Family",
    "Form",
    "JsonOption",
    "Kind",
    "LanguageOption",
    "Model",
    "RangeOption",
    "Readers",
    "Reporter",
    "ReporterOption",
    "Scale",
    "ScaleOption",
    "SheetOption",
    "Standard",
    "WorkspaceOption",
    "columns_of",
    "mistake",
    "spoken",
    "workspace_at",
    "workspace_or_none",
]


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
    MULTILEVEL_HISTORY = "multilevel-history"


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


class Standard(StrEnum):
    """A standard of design or of reporting."""

    WWC = "wwc"
    ROBINT = "robint"
    SCRIBE = "scribe"
    CENT = "cent"
    ALL = "all"


class Reporter(StrEnum):
    """Who tells a value."""

    SELF = "self"
    OBSERVER = "observer"
    DEVICE = "device"


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
ReporterOption = Annotated[
    Reporter | None, typer.Option(help="Who tells the values: the client, an observer or a device.")
]
LanguageOption = Annotated[
    str | None, typer.Option("--language", metavar="CODE", help="en or de; else SCD_LANGUAGE, else English.")
]
RangeOption = Annotated[
    tuple[float, float] | None, typer.Option("--range", metavar="LOW HIGH", help="The instrument's range.")
]


def columns_of(said: list[str] | None) -> dict[str, str] | None:
    """Return what ``--column ROLE=NAME`` said, by role; None when it was not given.

    Raises
    ------
    StudyError
        When an entry has no equals sign.

    Examples
    --------
    >>> columns_of(["value=score", "session=week"])
    {'value': 'score', 'session': 'week'}
    """
    columns = {}
    for entry in said or ():
        role, equals, name = entry.partition("=")
        if not equals:
            raise mistake(f"--column: must read ROLE=NAME, such as value=score (got '{entry}')")
        columns[role.strip()] = name
    return columns or None


def mistake(message: str) -> StudyError:
    """Return a mistake to be raised; the library behind it loads only when there is one."""
    from scd.study import StudyError

    return StudyError(message)


def spoken(language: str | None) -> str:
    """Return the language that was asked for, else that of SCD_LANGUAGE, else English.

    Raises
    ------
    LanguageError
        When it is not there; the message lists those that are.

    Examples
    --------
    >>> spoken("de")
    'de'
    """
    return current_language() if language is None else known_language(language)


def workspace_at(path: Path | None) -> Workspace:
    """Return the clinic's workspace: the folder named, else SCD_WORKSPACE, else the current folder.

    Raises
    ------
    StudyError
        When there is no workspace.
    """
    from scd.records import find_workspace

    return find_workspace(path)


def workspace_or_none(path: Path | None) -> Workspace | None:
    """Return the workspace, or None only where nobody named one: a named folder that is no workspace is a mistake.

    Raises
    ------
    StudyError
        When a folder was named, and is no workspace.
    """
    import os

    from scd.study import StudyError

    if path is None and not os.environ.get("SCD_WORKSPACE"):
        try:
            return workspace_at(None)
        except StudyError:
            return None
    return workspace_at(path)
