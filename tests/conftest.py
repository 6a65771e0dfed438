"""What all tests share: Hypothesis's settings, and stores to test on, SQLite and PostgreSQL where it is installed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import settings

from tests.browser import chromium, lab, visits  # noqa: F401  # fixtures of all tests in a browser

# A slow machine is no mistake, and the same commit is tested by the same examples.
settings.register_profile("scd", deadline=None, derandomize=True)
settings.load_profile("scd")

_SERVER_USERS = ("postgres", "nobody")
_numbers = count(1)


@pytest.fixture(params=["sqlite", "postgresql"])
def fresh_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """A function that gives the URL of one more empty store on each call; the test runs on each kind of database."""
    if request.param == "sqlite":
        return lambda: f"sqlite:///{tmp_path / f'caseload-{next(_numbers)}.sqlite'}"
    server = request.getfixturevalue("postgresql_server")
    return lambda: _fresh_schema(server)


@pytest.fixture
def store_url(fresh_store: Callable[[], str]) -> str:
    """The URL of an empty store; the test runs on each kind of database."""
    return fresh_store()


@pytest.fixture
def workspace(tmp_path: Path):
    """An initialised workspace, in a folder whose name has what breaks careless code."""
    from scd.records import init_workspace

    return init_workspace(tmp_path / "clinic {1} Zoë")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own: no network, a socket in a private folder, gone after the session."""
    initdb, postgres = _binary("initdb"), _binary("postgres")
    if initdb is None or postgres is None:
        pytest.skip("no PostgreSQL server on this machine (Debian: apt-get install postgresql)")
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed (scd[postgres])")
    as_user = _server_user()
    if as_user is None:
        pytest.skip("PostgreSQL refuses to run as root, and this machine has no user 'postgres' or 'nobody'")
    folder = Path(tempfile.mkdtemp(prefix="scd-pg-"))  # short: a socket's path has at most 107 signs
    try:
        if "user" in as_user:
            shutil.chown(folder, as_user["user"], as_user["group"])
        run = {"cwd": folder, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **as_user}
        options = ["--auth=trust", "--username=scd", "--encoding=UTF8", "--locale=C", "--no-sync"]
        made = subprocess.run([initdb, "-D", folder / "data", *options], check=False, **run)
        if made.returncode != 0:
            pytest.skip(f"PostgreSQL can't make a database here: {made.stdout.strip().splitlines()[-1]}")
        options = ["listen_addresses=", f"unix_socket_directories={folder}", "fsync=off", "max_connections=50"]
        arguments = [part for option in options for part in ("-c", option)]
        log = (folder / "log").open("w")
        server = subprocess.Popen([postgres, "-D", folder / "data", *arguments], **(run | {"stdout": log}))
        try:
            _wait_for(server, folder)
            yield f"postgresql+psycopg://scd@/postgres?host={quote(str(folder))}"
        finally:
            server.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            server.wait(30)
            log.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binary(name: str) -> str | None:
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[4].split(".")[0]))
    return shutil.which(name) or (str(beside[-1]) if beside else None)


def _server_user() -> dict[str, object] | None:
    """How to start the server: as ourselves, or as root under a user that PostgreSQL accepts."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    import pwd

    known = [pwd.getpwnam(name) for name in _SERVER_USERS if name in {entry.pw_name for entry in pwd.getpwall()}]
    return {"user": known[0].pw_name, "group": known[0].pw_gid, "extra_groups": []} if known else None


def _wait_for(server: subprocess.Popen[str], folder: Path) -> None:
    import psycopg

    for _ in range(300):
        if server.poll() is not None:
            last = ((folder / "log").read_text().strip().splitlines() or ["it said nothing"])[-1]
            pytest.skip(f"PostgreSQL does not start here: {last}")
        try:
            psycopg.connect(host=str(folder), user="scd", dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return
    pytest.skip("PostgreSQL did not answer within 30 seconds")


def _fresh_schema(server: str) -> str:
    """An empty place in the server that no other test sees."""
    import sqlalchemy as sa

    name = f"clinic_{next(_numbers)}"
    engine = sa.create_engine(server)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()
    return f"{server}&options={quote(f'-csearch_path={name}')}"
