"""Folders for practice: each goes away with its page, and those that a killed kernel left go with the next one."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path

__all__ = ["practice_folder", "sweep_practice"]

_PREFIX = "scd-practice-"
# Written once the folder is locked: a folder without it may belong to a process that is about to lock it.
_OWNED = "owned"


def practice_folder() -> tempfile.TemporaryDirectory[str]:
    """A private folder that goes away with the object; stale ones of killed processes are swept.

    The operating system holds a lock on the folder for as long as this process lives, however it ends.

    Returns
    -------
    tempfile.TemporaryDirectory

    Examples
    --------
    >>> folder = practice_folder()
    >>> path = Path(folder.name)
    >>> sweep_practice()  # it is in use
    >>> path.is_dir()
    True
    >>> folder.cleanup()
    >>> path.exists()
    False
    """
    sweep_practice()
    folder = tempfile.TemporaryDirectory(prefix=_PREFIX)
    lock = _locked(Path(folder.name))
    if lock is not None:
        weakref.finalize(folder, os.close, lock)
        Path(folder.name, _OWNED).touch()
    return folder


def sweep_practice() -> None:
    """Take away this user's practice folders whose process is gone; those in use, and other people's, stay."""
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not (path / _OWNED).is_file():
            continue
        lock = _locked(path)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the lock of a folder of this user's; None where another process has it."""
    if sys.platform == "win32":  # no such locks there, so nothing is ever taken for stale
        return None
    import fcntl

    try:
        # Never through a link: somebody else's could lead anywhere.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
