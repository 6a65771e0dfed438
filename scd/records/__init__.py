"""Where studies are kept: the caseload in its workspace, and tables in and out."""

from scd.records.caseload import AuditEntry, Caseload, StaleSave, Stored, open_caseload
from scd.records.export import to_csv, to_scan_csv, to_xlsx, write_file
from scd.records.tables import Preview, Problem, measure_key, read_table, sessions_from_table, study_from_table
from scd.records.workspace import Workspace, find_workspace, init_workspace

__all__ = [
    "AuditEntry",
    "Caseload",
    "Preview",
    "Problem",
    "StaleSave",
    "Stored",
    "Workspace",
    "find_workspace",
    "init_workspace",
    "measure_key",
    "open_caseload",
    "read_table",
    "sessions_from_table",
    "study_from_table",
    "to_csv",
    "to_scan_csv",
    "to_xlsx",
    "write_file",
]
