"""Where studies are kept: the caseload in its workspace, and tables in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.records.export import to_csv, to_scan_csv, to_xlsx, write_file
from scd.records.tables import Preview, Problem, measure_key, read_table, sessions_from_table, study_from_table

if TYPE_CHECKING:
    from scd.records.caseload import AuditEntry, Caseload, StaleSave, Stored, open_caseload
    from scd.records.diary import diary_csv
    from scd.records.profiles import ImportSettings, read_export, read_settings, studies_from_answers
    from scd.records.update import Update, add_sessions, sessions_for
    from scd.records.workspace import Workspace, find_workspace, init_workspace

__all__ = [
    "AuditEntry",
    "Caseload",
    "ImportSettings",
    "Preview",
    "Problem",
    "StaleSave",
    "Stored",
    "Update",
    "Workspace",
    "add_sessions",
    "diary_csv",
    "find_workspace",
    "init_workspace",
    "measure_key",
    "open_caseload",
    "read_export",
    "read_settings",
    "read_table",
    "sessions_for",
    "sessions_from_table",
    "studies_from_answers",
    "study_from_table",
    "to_csv",
    "to_scan_csv",
    "to_xlsx",
    "write_file",
]

_HOMES = {
    **dict.fromkeys(("AuditEntry", "Caseload", "StaleSave", "Stored", "open_caseload"), "caseload"),
    "diary_csv": "diary",
    **dict.fromkeys(("ImportSettings", "read_export", "read_settings", "studies_from_answers"), "profiles"),
    **dict.fromkeys(("Update", "add_sessions", "sessions_for"), "update"),
    **dict.fromkeys(("Workspace", "find_workspace", "init_workspace"), "workspace"),
}


def __getattr__(name: str) -> Any:
    # SQLAlchemy takes a while to import: a table that is analysed on its own needs no store.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"scd.records.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
