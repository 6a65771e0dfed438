"""The canary: one client's words and one odd number go all the way, and must turn up nowhere but where they belong.

Everything that a program might write to is pointed into one folder, which is searched afterwards, file by file.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

LABEL = "Zephyrine Quillfeather"
NOTE = "saw the heron by the weir"
REASON = "moved by the ferry strike"
VALUE = 7.318264153
SCALED = (VALUE - 5) / 2  # as models see it: the range is 0 to 10

WORDS = [LABEL, "Quillfeather", NOTE, REASON, "7.3182641"]
NUMBERS = [VALUE, SCALED]
MARKS = {
    f"{text!r} as {code}": text.encode(code)
    for word in WORDS
    for text in {word, word.lower(), word.replace(" ", "_")}
    for code in ("utf-8", "utf-16-le", "utf-16-be")
}
MARKS |= {f"{number!r} as {form}": struct.pack(form, number) for number in NUMBERS for form in ("<d", ">d", "<f")}

CANARY = "case,session,phase,value\n" + "".join(
    f"{LABEL},{n},{'A' if n <= 6 else 'B'},{v}\n"
    for n, v in enumerate([8, 7, VALUE, 6, 8, 7, 4, 3, 4, 2, 3, 4], start=1)
)
OTHER = "case,session,phase,value\n" + "".join(
    f"somebody else,{n},{'A' if n <= 6 else 'B'},{v}\n"
    for n, v in enumerate([5, 6, 5, 7, 6, 5, 5, 6, 4, 5, 6, 5], start=1)
)

ADD_WORDS = """
import sys
from scd.records import find_workspace
with find_workspace().open() as caseload:
    held = caseload.get(sys.argv[1])
    case = held.study.cases[0]
    session = case.sessions[3].replace(note=sys.argv[2])
    case = case.record(session).start_phase("B1", session=8, reason=sys.argv[3])
    caseload.save(held.study.with_case(case), revision=held.revision, reason=sys.argv[2])
"""
LOOK_UP = """
from scd.records import find_workspace
with find_workspace().open() as caseload:
    for held in caseload.list():
        print(held.study.code, *(case.code for case in held.study.cases))
"""


def found_in(content: bytes) -> list[str]:
    return [name for name, mark in MARKS.items() if mark in content]


@dataclass(frozen=True)
class Journey:
    root: Path
    canary: set[str]
    other: set[str]
    said: dict[str, str]

    @property
    def workspace(self) -> Path:
        return self.root / "clinic"

    def files(self) -> list[Path]:
        return [path for path in self.root.rglob("*") if path.is_file()]

    def belongs(self, path: Path) -> bool:
        """Whether the canary may be in this file: the store, its own reports, and what its clinician asked for."""
        own_report = path.parent == self.workspace / "reports" and path.name.split("-")[0] in self.canary
        store = path.parent == self.workspace and path.name.startswith("caseload.sqlite")
        return own_report or store or path.parent in (self.root / "given", self.root / "asked")


@pytest.fixture(scope="module")
def journey():
    # A short path: sockets of kernels live below it, and their names may hold about a hundred signs.
    root = Path(tempfile.mkdtemp(prefix="scd-", dir="/tmp"))
    folders = {name: root / name for name in ("home", "tmp", "cache", "given", "asked", "elsewhere")}
    for folder in folders.values():
        folder.mkdir()
    environment = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "LANG": "C.UTF-8",
        "HOME": str(folders["home"]),
        "TMPDIR": str(folders["tmp"]),
        "XDG_CACHE_HOME": str(folders["cache"] / "xdg"),
        "XDG_CONFIG_HOME": str(folders["home"] / "config"),
        "XDG_DATA_HOME": str(folders["home"] / "data"),
        "XDG_STATE_HOME": str(folders["home"] / "state"),
        "IPYTHONDIR": str(folders["home"] / "ipython"),
        "PYTENSOR_FLAGS": f"base_compiledir={folders['cache'] / 'pytensor'}",
        "NUMBA_CACHE_DIR": str(folders["cache"] / "numba"),
        "SCD_WORKSPACE": str(root / "clinic"),
    }
    said: dict[str, str] = {}

    def run(name: str, *command: str) -> str:
        done = subprocess.run(
            command,
            env=environment,
            cwd=folders["elsewhere"],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, f"{name}: {done.stdout}\n{done.stderr}"
        said[name] = done.stdout + done.stderr
        return done.stdout

    try:
        (folders["given"] / "canary.csv").write_text(CANARY)
        (folders["given"] / "other.csv").write_text(OTHER)
        run("init", "scd", "init", str(root / "clinic"))
        limits = ("--improvement", "decrease", "--range", "0", "10")
        run("import", "scd", "import", str(folders["given"] / "canary.csv"), "--label", LABEL, *limits)
        canary = run("codes", sys.executable, "-c", LOOK_UP).split()
        run("import other", "scd", "import", str(folders["given"] / "other.csv"), "--label", "Other", *limits)
        both = run("codes", sys.executable, "-c", LOOK_UP).split()
        run("words", sys.executable, "-c", ADD_WORDS, canary[0], NOTE, REASON)
        run("report", "scd", "report", "--all")
        # Most posteriors are integrated: the sampler, whose compiled models are kept, has to be asked for.
        sampled = ("--engine", "nuts", "--model", "level")
        run("analyze", "scd", "analyze", str(folders["given"] / "canary.csv"), *limits, *sampled)
        for form in ("csv", "scan", "xlsx", "json"):
            run(f"export {form}", "scd", "export", canary[0], "--format", form, "-o", str(folders["asked"] / form))
        run("doctor", "scd", "doctor")
        yield Journey(root, set(canary), set(both) - set(canary), said)
    finally:
        shutil.rmtree(root)


def test_the_search_finds_what_is_there(journey):
    store = b"".join(p.read_bytes() for p in journey.workspace.glob("caseload.sqlite*"))
    for mark in (LABEL, NOTE, REASON, "7.318264153"):
        assert mark.encode() in store
    assert found_in(b"..." + struct.pack("<d", SCALED) + b"...")
    assert found_in("…quillfeather…".encode("utf-16-le"))
    own = [p for p in (journey.workspace / "reports").iterdir() if p.name.split("-")[0] in journey.canary]
    assert {p.name.split("-")[1] for p in own} == {"clinician.html", "client.html"}
    assert NOTE in "".join(p.read_text() for p in own)  # why a session was special is part of the record


def test_the_canary_is_in_no_file_but_the_store_and_its_own_reports(journey):
    caught = {
        str(path.relative_to(journey.root)): marks
        for path in journey.files()
        if not journey.belongs(path) and (marks := found_in(path.read_bytes()))
    }
    assert not caught


def test_the_canary_is_in_no_name_of_a_file_or_folder(journey):
    assert not [path for path in journey.root.rglob("*") if found_in(str(path.relative_to(journey.root)).encode())]


def test_the_caches_were_used_and_searched(journey):
    # Else the test above would search empty folders.
    assert len([p for p in (journey.root / "cache" / "pytensor").rglob("*") if p.is_file()]) > 5


def test_nobody_elses_page_names_the_canary(journey):
    pages = [p for p in (journey.workspace / "reports").iterdir() if p.name.split("-")[0] in journey.other]
    assert len(pages) == 2
    for page in pages:
        assert not found_in(page.read_bytes())
        assert not [code for code in journey.canary if code in page.read_text()]


def test_what_the_commands_say_keeps_the_canary_to_itself(journey):
    # `import` shows the first rows of the table that it was just given, `analyze` its cases; nothing else may.
    shows = ("import", "analyze")
    told = {name: found_in(text.encode()) for name, text in journey.said.items() if not name.startswith(shows)}
    assert not {name: marks for name, marks in told.items() if marks}


def test_store_and_reports_are_for_this_user_only(journey):
    private = [journey.workspace, journey.workspace / "reports", journey.workspace / "pages"]
    assert [oct(p.stat().st_mode & 0o777) for p in private] == ["0o700"] * 3
    assert (journey.workspace / "caseload.sqlite").stat().st_mode & 0o077 == 0


def test_no_draft_or_job_is_left_behind(journey):
    left = [p for p in journey.workspace.rglob("*") if p.name.startswith(".") and p.is_file()]
    assert not left
    assert not list((journey.root / "elsewhere").iterdir())
