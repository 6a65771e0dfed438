"""What the caseload gives back: a study with its revision, a row of the audit, and the refusal of a stale save."""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass
from typing import Any

from scd.study import Study, StudyError

__all__ = ["AuditEntry", "StaleSave", "Stored"]


@dataclass(frozen=True)
class Stored:
    """A study as the store holds it.

    Parameters
    ----------
    study : Study
        The study.
    revision : int
        Its version, from 1; the next save must name it.
    saved_at : datetime.datetime
        When this version was saved, in UTC.
    retired_at : datetime.datetime, optional
        When the study was retired, in UTC; None while it is in use.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> case = Case(code="K7M2AB", phases=(Phase(label="A1", planned_start=1),))
    >>> study = Study(code="K7M2AB", design="reversal", measures=(mood,), cases=(case,))
    >>> Stored(study, revision=1, saved_at=dt.datetime(2026, 5, 4, tzinfo=dt.UTC)).revision
    1
    """

    study: Study
    revision: int
    saved_at: dt.datetime
    retired_at: dt.datetime | None = None


@dataclass(frozen=True)
class AuditEntry:
    """One change, as it stands in the audit for good.

    Parameters
    ----------
    at : datetime.datetime
        When, in UTC.
    who : str
        The user's name in the operating system, or the one given to `open_caseload`.
    code : str
        The study's code.
    revision : int
        The revision that the change made.
    action : {"add", "save", "retire", "restore"}
        What was done.
    path : str
        Where: ``cases[K7M2AB].sessions[7].values[mood]``, ``labels[K7M2AB]`` or ``retired``.
    before, after : object
        JSON values; None where there was nothing, ``"missed"`` for a value that was due and missed.
    reason : str
        Why, in the words of who did it.

    Examples
    --------
    >>> at = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    >>> entry = AuditEntry(at, "anna", "K7M2AB", 2, "save", "cases[K7M2AB].sessions[7].values[mood]", 4.0, 5.0, "typo")
    >>> entry.before, entry.after
    (4.0, 5.0)
    """

    at: dt.datetime
    who: str
    code: str
    revision: int
    action: str
    path: str
    before: Any
    after: Any
    reason: str


class StaleSave(StudyError):
    """A save that started from a version which is no longer the newest; nothing was saved, nothing merged.

    Parameters
    ----------
    revision : int
        The revision that the change started from.
    stored : Stored
        The newest version.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> case = Case(code="K7M2AB", phases=(Phase(label="A1", planned_start=1),))
    >>> study = Study(code="K7M2AB", design="reversal", measures=(mood,), cases=(case,))
    >>> print(StaleSave(3, stored=Stored(study, 4, dt.datetime(2026, 5, 4, 9, 30, tzinfo=dt.UTC))))
    study 'K7M2AB': the change started from revision 3, but the store holds revision 4, saved 2026-05-04 09:30 UTC; \
nothing was saved: open the newest and make the change there
    """

    def __init__(self, revision: int, *, stored: Stored) -> None:
        super().__init__(
            f"study '{stored.study.code}': the change started from revision {revision}, but the store holds revision "
            f"{stored.revision}, saved {stored.saved_at:%Y-%m-%d %H:%M} UTC; nothing was saved: "
            "open the newest and make the change there",
            field="revision",
        )
        self.revision = revision
        self.stored = stored

    def __reduce__(self) -> tuple[Any, ...]:
        return (functools.partial(type(self), stored=self.stored), (self.revision,))
