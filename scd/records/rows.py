"""Reading and writing the store's rows, within a transaction that the caller holds."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa

from scd.records.changes import Change
from scd.records.schema import audit, codes, labels, revisions, studies
from scd.records.stored import AuditEntry, StaleSave, Stored
from scd.study import Study, StudyError

__all__ = [
    "advance",
    "find",
    "find_newest",
    "insert",
    "owners",
    "read_all",
    "read_audit",
    "read_labels",
    "read_revision",
    "write_audit",
    "write_names",
]


def find(connection: sa.Connection, code: str) -> Stored:
    """The newest version of the study with this code, or with a case of this code.

    Raises
    ------
    StudyError
        When the store has no such code.
    """
    joined = sa.select(studies).join(codes, codes.c.study == studies.c.code)
    row = connection.execute(joined.where(codes.c.code == code.strip().upper())).one_or_none()
    if row is None:
        raise StudyError(
            f"caseload: has no study or case with code {code!r}; `scd list` shows the codes "
            "(in Python: caseload.list())",
            field="code",
        )
    return _stored(row)


def find_newest(connection: sa.Connection, code: str, *, revision: int) -> Stored:
    """The newest version of a study, which must be the one that a change started from.

    Raises
    ------
    StaleSave
        When it is another.
    StudyError
        When the store has no such code.
    """
    current = find(connection, code)
    if current.revision != revision:
        raise StaleSave(revision, stored=current)
    return current


def read_all(connection: sa.Connection, *, retired: bool) -> tuple[Stored, ...]:
    """The newest version of every study, by code; with or without the retired ones."""
    query = sa.select(studies).order_by(studies.c.code)
    if not retired:
        query = query.where(studies.c.retired_at.is_(None))
    return tuple(_stored(row) for row in connection.execute(query))


def read_revision(connection: sa.Connection, current: Stored, *, revision: int) -> Stored:
    """An earlier version of a study.

    Raises
    ------
    StudyError
        When there is no such revision.
    """
    of_study = (revisions.c.study == current.study.code) & (revisions.c.revision == revision)
    row = connection.execute(sa.select(revisions).where(of_study)).one_or_none()
    if row is None:
        raise StudyError(
            f"study '{current.study.code}': has no revision {revision} (the newest is {current.revision})",
            field="revision",
        )
    return Stored(_study(row.study, row.document), row.revision, _time(row.saved_at), current.retired_at)


def read_labels(connection: sa.Connection, study: str) -> dict[str, str]:
    """The clinic's own names for a study and its cases, by code."""
    joined = sa.select(labels).join(codes, codes.c.code == labels.c.code).order_by(labels.c.code)
    return {row.code: row.label for row in connection.execute(joined.where(codes.c.study == study))}


def read_audit(connection: sa.Connection, study: str | None) -> list[AuditEntry]:
    """The audit of one study, or of all; oldest first."""
    query = sa.select(audit).order_by(audit.c.id)
    if study is not None:
        query = query.where(audit.c.study == study)
    return [
        AuditEntry(
            at=_time(row.at),
            who=row.who,
            code=row.study,
            revision=row.revision,
            action=row.action,
            path=row.path,
            before=_parsed(row.before),
            after=_parsed(row.after),
            reason=row.reason,
        )
        for row in connection.execute(query)
    ]


def owners(connection: sa.Connection, wanted: Iterable[str] | None = None) -> dict[str, str]:
    """Which study each code belongs to, for the codes wanted that are taken; by default for all."""
    query = sa.select(codes) if wanted is None else sa.select(codes).where(codes.c.code.in_(list(wanted)))
    return {row.code: row.study for row in connection.execute(query)}


def insert(connection: sa.Connection, stored: Stored) -> None:
    """Write the first version of a study."""
    connection.execute(studies.insert().values(code=stored.study.code, retired_at=None, **_version(stored)))
    connection.execute(revisions.insert().values(study=stored.study.code, **_version(stored)))


def advance(connection: sa.Connection, stored: Stored) -> None:
    """Put a version in the place of the one before it.

    Raises
    ------
    StaleSave
        When the one before it is not the newest: the condition of the update makes a lost update impossible.
    """
    before = (studies.c.code == stored.study.code) & (studies.c.revision == stored.revision - 1)
    retired_at = None if stored.retired_at is None else stored.retired_at.isoformat()
    done = connection.execute(studies.update().where(before).values(retired_at=retired_at, **_version(stored)))
    if done.rowcount != 1:
        raise StaleSave(stored.revision - 1, stored=find(connection, stored.study.code))
    connection.execute(revisions.insert().values(study=stored.study.code, **_version(stored)))


def write_audit(
    connection: sa.Connection, stored: Stored, changed: Iterable[Change], *, action: str, who: str, reason: str
) -> None:
    """Put on record what a version changed."""
    common = {
        "at": stored.saved_at.isoformat(),
        "who": who,
        "study": stored.study.code,
        "revision": stored.revision,
        "action": action,
        "reason": reason,
    }
    rows = [common | {"path": c.path, "before": _json(c.before), "after": _json(c.after)} for c in changed]
    connection.execute(audit.insert(), rows)


def write_names(connection: sa.Connection, study: str, wanted: Iterable[str], named: Mapping[str, str]) -> None:
    """Give a study the codes it does not have yet, and its labels in place of the old ones."""
    ours = list(connection.scalars(sa.select(codes.c.code).where(codes.c.study == study)))
    fresh = [{"code": code, "study": study} for code in wanted if code not in ours]
    if fresh:
        connection.execute(codes.insert(), fresh)
    if read_labels(connection, study) == named:
        return
    connection.execute(labels.delete().where(labels.c.code.in_(ours)))
    if named:
        connection.execute(labels.insert(), [{"code": code, "label": label} for code, label in named.items()])


def _version(stored: Stored) -> dict[str, Any]:
    return {
        "revision": stored.revision,
        "document": stored.study.to_json(),
        "saved_at": stored.saved_at.isoformat(),
    }


def _stored(row: Any) -> Stored:
    retired_at = None if row.retired_at is None else _time(row.retired_at)
    return Stored(_study(row.code, row.document), row.revision, _time(row.saved_at), retired_at)


def _study(code: str, document: str) -> Study:
    return Study.from_json(document, source=f"study '{code}' in the store")


def _time(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise StudyError("store: is damaged (a time in it can't be read); restore it from a backup") from None


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _parsed(text: str | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except (TypeError, ValueError):
        raise StudyError("store: is damaged (a row of its audit can't be read); restore it from a backup") from None
