"""Where studies are kept: the caseload in its workspace, and tables in and out."""

from scd.records.caseload import AuditEntry, Caseload, StaleSave, Stored, open_caseload
from scd.records.workspace import Workspace, find_workspace, init_workspace

__all__ = [
    "AuditEntry",
    "Caseload",
    "StaleSave",
    "Stored",
    "Workspace",
    "find_workspace",
    "init_workspace",
    "open_caseload",
]
