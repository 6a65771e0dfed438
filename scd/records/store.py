"""Opening the database behind a caseload: a private SQLite file, or PostgreSQL by URL."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

from scd.records import schema
from scd.study import StudyError

__all__ = ["Store", "open_store", "transaction"]

# "scd1" in ASCII: tells our file from any other SQLite file.
_APPLICATION_ID = 0x73636431
_BUSY_SECONDS = 10
_SUFFIXES = ("", "-wal", "-shm", "-journal")
# One number for all caseloads of a PostgreSQL database: whoever holds it is the only writer.
_WRITER_LOCK = 0x73636431


class Store(NamedTuple):
    """An open database and the name it has in messages, which never holds a user or a password."""

    engine: sa.Engine
    where: str


def open_store(place: str | Path) -> Store:
    """Open a store, and make it where there is none yet.

    Parameters
    ----------
    place : str or pathlib.Path
        Path of a SQLite file, or a URL (``postgresql+psycopg://user@host/database``).

    Returns
    -------
    Store
        The engine and the store's name.

    Raises
    ------
    StudyError
        When the place can't be opened, is damaged, belongs to something else, or was written by a newer scd.
    """
    if isinstance(place, Path) or "://" not in place:
        return _open_sqlite(Path(place))
    try:
        url = sa.make_url(place)
        kind = url.get_backend_name()
    except (sa.exc.ArgumentError, ValueError):
        # The parser's own words quote parts of the URL, and with them the password.
        raise StudyError(
            "store: its URL can't be read; write it as postgresql+psycopg://user@host/database, "
            "and '@', ':', '/' and '%' in a password as %40, %3A, %2F and %25",
            field="store",
        ) from None
    if kind == "sqlite" and url.database and url.database != ":memory:" and not url.query:
        return _open_sqlite(Path(url.database))
    if url.drivername in ("postgresql", "postgresql+psycopg"):
        return _open_postgresql(url.set(drivername="postgresql+psycopg"))
    raise StudyError(
        f"store: must be the path of a file or a URL that begins with postgresql+psycopg:// (got one of '{kind}')",
        field="store",
    )


@contextlib.contextmanager
def transaction(store: Store, *, write: bool = False) -> Iterator[sa.Connection]:
    """All that is done inside happens, or none of it.

    Parameters
    ----------
    store : Store
        The open store.
    write : bool
        Whether the block changes something. Writers stand in a queue, in both databases, so that what a writer has
        read is still true when it writes.

    Yields
    ------
    sqlalchemy.Connection
        To work with inside the block.

    Raises
    ------
    StudyError
        When the database refuses; nothing of the block is kept.
    """
    try:
        with store.engine.execution_options(scd_write=write).begin() as connection:
            if write and connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_BUSY_SECONDS}s'")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITER_LOCK)))
            yield connection
    except sa.exc.SQLAlchemyError as error:
        raise StudyError(f"{store.where}: {_words(error, store.engine.url)}") from None
    except UnicodeDecodeError:
        raise StudyError(f"{store.where}: is damaged (a text in it can't be read); restore it from a backup") from None


def _words(error: Exception, url: sa.URL) -> str:
    cause = getattr(error, "orig", None) or error
    # Further lines quote the statement or the row, and with it a client's data.
    said = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    for secret in {url.password, *(v for k, v in url.query.items() if "pass" in k)}:
        if isinstance(secret, str) and secret:
            said = said.replace(secret, "***")
    if "locked" in said or "lock timeout" in said:
        return f"another program has been writing for {_BUSY_SECONDS} seconds; nothing was saved, try again in a moment"
    return f"the database refused ({said}); nothing was saved"


def _open_postgresql(url: sa.URL) -> Store:
    where = f"store in PostgreSQL database '{url.database}' on {url.host or url.query.get('host', 'this machine')}"
    waiting = {} if "connect_timeout" in url.query else {"connect_timeout": _BUSY_SECONDS}
    try:
        engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=waiting)
    except ImportError:
        raise StudyError(
            f"{where}: needs the PostgreSQL driver, which is not installed; install scd[postgres]", field="store"
        ) from None
    store = Store(engine, where)
    try:
        with transaction(store, write=True) as connection:
            version = schema.postgresql_version(connection)
            if version is not None:
                schema.check_version(version, where=where)
            elif strangers := schema.own_tables() & set(sa.inspect(connection).get_table_names()):
                raise StudyError(
                    f"{where}: holds tables of another program ({', '.join(sorted(strangers))}); "
                    "give scd a database of its own",
                    field="store",
                )
            else:
                schema.create_schema(connection)
    except StudyError:
        engine.dispose()
        raise
    return store


def _open_sqlite(path: Path) -> Store:
    path = path.expanduser().absolute()
    where = f"store '{path}'"
    try:
        if path.is_dir():
            raise StudyError(f"{where}: is a folder; name a file in it, such as caseload.sqlite", field="store")
        if not path.parent.is_dir():
            raise StudyError(f"{where}: its folder does not exist; make it first", field="store")
        if not path.exists():
            _create_sqlite(path, where=where)
        _check_sqlite(path, where=where)
    except OSError as error:
        raise StudyError(f"{where}: can't be opened ({error.strerror})", field="store") from None
    return Store(_sqlite_engine(path), where)


def _create_sqlite(path: Path, *, where: str) -> None:
    """Build the store beside its place and move it there whole: a half-made or empty file is then never ours."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    store = Store(_sqlite_engine(draft), where)
    try:
        with contextlib.closing(_connect_existing(draft)) as raw:
            _pragma(raw, "journal_mode = WAL")
        with transaction(store, write=True) as connection:
            schema.create_schema(connection)
            connection.exec_driver_sql(f"PRAGMA application_id = {_APPLICATION_ID}")
        store.engine.dispose()  # the last connection moves everything from the -wal file into the draft
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process made the store in the meantime: that one counts
        except OSError:  # no hard links on this file system
            draft.rename(path)
        _sync_folder(path.parent)
    finally:
        store.engine.dispose()
        for suffix in _SUFFIXES:
            draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def _check_sqlite(path: Path, *, where: str) -> None:
    """Refuse a file that is damaged or not ours before anything is written to it; make the file private."""
    mend = "restore it from a backup, or name another file"
    # SQLite fills a last page that was cut off with zeros, and does not mind. With a -wal file it may mend it.
    size, whole = path.stat().st_size, not path.with_name(f"{path.name}-wal").exists()
    try:
        with contextlib.closing(_connect_existing(path)) as raw:
            raw.execute("PRAGMA trusted_schema = OFF")
            if _pragma(raw, "application_id") != _APPLICATION_ID:
                raise StudyError(f"{where}: is not a caseload of scd; name another file", field="store")
            schema.check_version(int(_pragma(raw, "user_version")), where=where)
            _make_private(path)
            verdict = str(_pragma(raw, "quick_check(1)"))
            if whole and size % int(_pragma(raw, "page_size")):
                verdict = "its end is missing"
            if verdict != "ok":
                raise StudyError(f"{where}: is damaged ({verdict.splitlines()[-1]}); {mend}", field="store")
            if _pragma(raw, "journal_mode") != "wal":  # as in a copy made by VACUUM INTO
                _pragma(raw, "journal_mode = WAL")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise StudyError(f"{where}: is no caseload, or a damaged one ({error}); {mend}", field="store") from None
        raise StudyError(f"{where}: can't be opened ({error})", field="store") from None
    except UnicodeDecodeError:  # the driver trips over its own message, which quotes the damaged place
        raise StudyError(f"{where}: is damaged; {mend}", field="store") from None


def _make_private(path: Path) -> None:
    for suffix in _SUFFIXES:
        with contextlib.suppress(FileNotFoundError):  # a -wal file goes when its last user goes
            file = path.with_name(path.name + suffix)
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                file.chmod(0o600)


def _connect_existing(path: Path) -> sqlite3.Connection:
    # By URI, because a plain connect would make a missing file.
    return sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=_BUSY_SECONDS, isolation_level=None)


def _pragma(raw: sqlite3.Connection, text: str) -> int | str:
    row = raw.execute(f"PRAGMA {text}").fetchone()
    return row[0] if row else ""


def _sqlite_engine(path: Path) -> sa.Engine:
    engine = sa.create_engine(
        sa.URL.create("sqlite+pysqlite", database=str(path)),
        hide_parameters=True,
        connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None},
    )

    @sa.event.listens_for(engine, "connect")
    def _guard(raw: sqlite3.Connection, _: object) -> None:
        for text in ("foreign_keys = ON", "synchronous = FULL", "secure_delete = ON", "trusted_schema = OFF"):
            raw.execute(f"PRAGMA {text}")

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        # A deferred transaction that turns into a writer fails when another wrote in between; this one waits first.
        write = connection.get_execution_options().get("scd_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
