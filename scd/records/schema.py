"""The store's tables, alike in SQLite and PostgreSQL."""

from __future__ import annotations

import sqlalchemy as sa

from scd.study import StudyError

__all__ = [
    "SCHEMA_VERSION",
    "audit",
    "check_version",
    "codes",
    "create_schema",
    "labels",
    "own_tables",
    "postgresql_version",
    "revisions",
    "studies",
]

SCHEMA_VERSION = 1

_METADATA = sa.MetaData()

# Times are ISO 8601 text in UTC, and documents are text: both databases then give back what was put in, sign by sign.

studies = sa.Table(
    "studies",
    _METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("saved_at", sa.Text, nullable=False),
    sa.Column("retired_at", sa.Text),
)

# Every pseudonym in use, of studies and of their cases. A code stays here when its case is gone: none is given twice.
codes = sa.Table(
    "codes",
    _METADATA,
    sa.Column("code", sa.Text, primary_key=True),
    sa.Column("study", sa.Text, sa.ForeignKey("studies.code"), nullable=False, index=True),
)

# The clinic's own names. They stand nowhere else but in the audit of their changes.
labels = sa.Table(
    "labels",
    _METADATA,
    sa.Column("code", sa.Text, sa.ForeignKey("codes.code"), primary_key=True),
    sa.Column("label", sa.Text, nullable=False),
)

revisions = sa.Table(
    "revisions",
    _METADATA,
    sa.Column("study", sa.Text, sa.ForeignKey("studies.code"), primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("saved_at", sa.Text, nullable=False),
)

# `before` and `after` hold JSON; NULL where there was nothing.
audit = sa.Table(
    "audit",
    _METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("study", sa.Text, sa.ForeignKey("studies.code"), nullable=False, index=True),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Column("reason", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)

# SQLite keeps its version in the file's header (user_version), PostgreSQL in this table.
_STORE = sa.Table("scd_store", sa.MetaData(), sa.Column("schema_version", sa.Integer, nullable=False))

_APPEND_ONLY = {"audit": "id = NEW.id", "revisions": "study = NEW.study AND revision = NEW.revision"}


def create_schema(connection: sa.Connection) -> None:
    """Make the tables and their guards in an empty database, within the caller's transaction.

    Parameters
    ----------
    connection : sqlalchemy.Connection
        Open, and in a transaction.

    Examples
    --------
    >>> engine = sa.create_engine("sqlite://")
    >>> with engine.begin() as connection:
    ...     create_schema(connection)
    >>> sorted(sa.inspect(engine).get_table_names())
    ['audit', 'codes', 'labels', 'revisions', 'studies']
    >>> engine.dispose()
    """
    _METADATA.create_all(connection, checkfirst=False)
    if connection.dialect.name == "sqlite":
        for table, same in _APPEND_ONLY.items():
            refuse = f"BEGIN SELECT RAISE(ABORT, 'the table {table} is append-only'); END"
            connection.exec_driver_sql(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
            connection.exec_driver_sql(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
            # INSERT OR REPLACE removes the old row without asking the trigger on DELETE.
            connection.exec_driver_sql(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
                f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same}) {refuse}"
            )
        connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")
        return
    connection.exec_driver_sql(
        "CREATE FUNCTION scd_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = 'the table ' || TG_TABLE_NAME || ' is append-only'; END $$"
    )
    for table in _APPEND_ONLY:
        connection.exec_driver_sql(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION scd_append_only()"
        )
    _STORE.create(connection)
    connection.execute(_STORE.insert().values(schema_version=SCHEMA_VERSION))


def check_version(version: int, *, where: str) -> None:
    """Refuse a store whose tables this scd does not know.

    Parameters
    ----------
    version : int
        The store's schema version.
    where : str
        The store, in words.

    Raises
    ------
    StudyError
        When the version is another than `SCHEMA_VERSION`.

    Examples
    --------
    >>> check_version(99, where="store 'caseload.sqlite'")
    Traceback (most recent call last):
    scd.study.errors.StudyError: store 'caseload.sqlite': has schema version 99, this scd knows 1; update scd
    """
    if version > SCHEMA_VERSION:
        raise StudyError(f"{where}: has schema version {version}, this scd knows {SCHEMA_VERSION}; update scd")
    if version < SCHEMA_VERSION:
        raise StudyError(
            f"{where}: has schema version {version}, which no scd has written (it must be {SCHEMA_VERSION}); "
            "restore it from a backup"
        )


def postgresql_version(connection: sa.Connection) -> int | None:
    """The schema version of the store in this PostgreSQL database, or None where there is no store yet."""
    if not sa.inspect(connection).has_table(_STORE.name):
        return None
    return connection.scalar(sa.select(_STORE.c.schema_version))


def own_tables() -> frozenset[str]:
    """The names of the store's tables."""
    return frozenset(_METADATA.tables)
