"""The caseload: all studies of a clinic in one store, every change a revision, every revision on record."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from scd.records import rows
from scd.records.changes import Change, changes
from scd.records.kept import refuse_rewriting
from scd.records.store import Store, open_store, transaction
from scd.records.stored import AuditEntry, StaleSave, Stored
from scd.study import Study, StudyError, new_code
from scd.study.record import Text

__all__ = ["AuditEntry", "Caseload", "StaleSave", "Stored", "open_caseload"]

# What scd.study.new_code makes: six signs, a letter first, without 0 and O, 1, I and L.
_PSEUDONYM = re.compile(r"[A-HJKMNP-Z][A-HJKMNP-Z2-9]{5}")
_TEXT: TypeAdapter[str] = TypeAdapter(Text)


def open_caseload(place: str | Path, *, who: str | None = None) -> Caseload:
    """Open a clinic's caseload, and make it where there is none yet.

    Parameters
    ----------
    place : str or pathlib.Path
        Path of a SQLite file, or a URL (``postgresql+psycopg://user@host/database``).
    who : str, optional
        Whose name the audit gets; by default the user's name in the operating system.

    Returns
    -------
    Caseload
        To be closed after use, best by ``with``.

    Raises
    ------
    StudyError
        When the store can't be opened, is damaged, belongs to something else, or was written by a newer scd.

    Examples
    --------
    >>> import tempfile
    >>> from scd.study import Case, Measure, Phase, Study
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> with tempfile.TemporaryDirectory() as folder, open_caseload(Path(folder) / "caseload.sqlite") as caseload:
    ...     code = caseload.new_code()
    ...     case = Case(code=code, phases=(Phase(label="A1", planned_start=1),))
    ...     study = Study(code=code, design="reversal", measures=(mood,), cases=(case,))
    ...     stored = caseload.add(study, labels={code: "the client on Mondays"})
    ...     stored = caseload.save(study.replace(note="new room"), revision=stored.revision)
    ...     [(entry.path, entry.before, entry.after) for entry in caseload.audit(code) if entry.revision == 2]
    [('note', None, 'new room')]
    """
    name = _line(_user() if who is None else who, what="who")
    if not name:
        raise StudyError("who: must not be empty; it tells who changes the record", field="who")
    return Caseload(open_store(place), who=name)


class Caseload:
    """All studies of a clinic in one store; open it with `open_caseload`, which has an example.

    It may be used from several threads, and several processes may have the same store open.

    Parameters
    ----------
    store : Store
        The open database.
    who : str
        Whose name the audit gets.
    """

    def __init__(self, store: Store, *, who: str) -> None:
        self._store = store
        self.who = who

    def __repr__(self) -> str:
        return f"<Caseload: {self._store.where}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self._store.engine.dispose()

    def new_code(self) -> str:
        """A random pseudonym that no study and no case of this store has, or ever had."""
        with transaction(self._store) as connection:
            return new_code(set(rows.owners(connection)))

    def add(self, study: Study, *, labels: Mapping[str, str] | None = None, reason: str = "") -> Stored:
        """Put a new study into the store, as revision 1.

        Parameters
        ----------
        study : Study
            Its code and its cases' codes must be pseudonyms made by scd that the store does not have yet.
        labels : mapping of str to str, optional
            The clinic's own names, by study or case code. They never enter the study's document.
        reason : str
            A note for the audit.

        Returns
        -------
        Stored
            The study with its revision and time.

        Raises
        ------
        StudyError
            When a code is taken or no pseudonym, or a label is for a code that the study lacks.
        """
        wanted = _pseudonyms(study)
        named = _named(study, {}, labels)
        changed = [*changes({}, _body(study)), *_renamed({}, named)]
        reason = _line(reason, what="reason")
        stored = Stored(study, revision=1, saved_at=_now())
        with transaction(self._store, write=True) as connection:
            _refuse_taken(rows.owners(connection, wanted))
            rows.insert(connection, stored)
            rows.write_audit(connection, stored, changed, action="add", who=self.who, reason=reason)
            rows.write_names(connection, study.code, wanted, named)
        return stored

    def save(self, study: Study, *, revision: int, reason: str = "", labels: Mapping[str, str] | None = None) -> Stored:
        """Save a new version of a study.

        Parameters
        ----------
        study : Study
            The whole study, as it shall be.
        revision : int
            The revision that the change started from.
        reason : str
            A note for the audit.
        labels : mapping of str to str, optional
            New names by study or case code; an empty one removes the name, codes left out keep theirs.

        Returns
        -------
        Stored
            The study with its new revision; with the old one when nothing has changed.

        Raises
        ------
        StaleSave
            When the store holds another revision than the one named; nothing is saved, and `stored` has the newest.
        StudyError
            When the store lacks the study or it is retired, a new code is taken or no pseudonym, a decision on record
            would be lost or altered, or the monitoring rule would change although the intervention has begun.
        """
        wanted = _pseudonyms(study)
        reason = _line(reason, what="reason")
        with transaction(self._store, write=True) as connection:
            taken = rows.owners(connection, wanted)
            if taken.get(study.code) not in (None, study.code):
                _refuse_taken({study.code: taken[study.code]})
            current = rows.find_newest(connection, study.code, revision=revision)
            if current.retired_at is not None:
                raise StudyError(f"{_retirement(current)}; restore it before you change it", field="code")
            _refuse_taken({code: owner for code, owner in taken.items() if owner != study.code})
            refuse_rewriting(current.study, study)
            old = rows.read_labels(connection, study.code)
            new = _named(study, old, labels)
            changed = [*changes(_body(current.study), _body(study)), *_renamed(old, new)]
            if not changed:
                return current
            stored = Stored(study, revision=revision + 1, saved_at=_now())
            rows.advance(connection, stored)
            rows.write_audit(connection, stored, changed, action="save", who=self.who, reason=reason)
            rows.write_names(connection, study.code, wanted, new)
        return stored

    def retire(self, code: str, *, revision: int, reason: str) -> Stored:
        """Take a study out of use, such as one set up by mistake; its record and its codes stay.

        Parameters
        ----------
        code : str
            The study's code, or that of one of its cases.
        revision : int
            The revision that the decision started from.
        reason : str
            Why; the audit keeps it.

        Returns
        -------
        Stored
            With its new revision and `retired_at`.

        Raises
        ------
        StaleSave
            When the store holds another revision than the one named.
        StudyError
            When there is no such study, it is retired already, or no reason is given.
        """
        return self._set_retired(code, revision=revision, reason=reason, retire=True)

    def restore(self, code: str, *, revision: int, reason: str) -> Stored:
        """Take a retired study back into use; parameters, result and errors are those of `retire`."""
        return self._set_retired(code, revision=revision, reason=reason, retire=False)

    def get(self, code: str, *, revision: int | None = None, retired: bool = False) -> Stored:
        """Find a study.

        Parameters
        ----------
        code : str
            The study's code, or that of one of its cases; small letters will do.
        revision : int, optional
            An earlier version; by default the newest.
        retired : bool
            Whether a retired study may be the answer.

        Returns
        -------
        Stored
            The study with its revision and time.

        Raises
        ------
        StudyError
            When there is no such study or revision, or the study is retired.
        """
        with transaction(self._store) as connection:
            current = rows.find(connection, code)
            if current.retired_at is not None and not retired:
                raise StudyError(f"{_retirement(current)}; restore it, or ask for it with retired=True", field="code")
            return current if revision is None else rows.read_revision(connection, current, revision=revision)

    def labels(self, code: str) -> dict[str, str]:
        """The clinic's own names for a study and its cases, by code; only those that have one.

        Raises
        ------
        StudyError
            When there is no such study.
        """
        with transaction(self._store) as connection:
            return rows.read_labels(connection, rows.find(connection, code).study.code)

    def audit(self, code: str | None = None) -> list[AuditEntry]:
        """All changes on record, oldest first; with a code only those of its study.

        Raises
        ------
        StudyError
            When there is no study with this code.
        """
        with transaction(self._store) as connection:
            return rows.read_audit(connection, None if code is None else rows.find(connection, code).study.code)

    def list(self, *, retired: bool = False) -> tuple[Stored, ...]:
        """All studies in use, by code; with `retired` also those that are not."""
        with transaction(self._store) as connection:
            return rows.read_all(connection, retired=retired)

    def _set_retired(self, code: str, *, revision: int, reason: str, retire: bool) -> Stored:
        action = "retire" if retire else "restore"
        reason = _line(reason, what="reason")
        if not reason:
            raise StudyError(f"study '{code}': say why you {action} it (field 'reason')", field="reason")
        with transaction(self._store, write=True) as connection:
            current = rows.find_newest(connection, code, revision=revision)
            if (current.retired_at is not None) == retire:
                state = _retirement(current) if retire else f"study '{current.study.code}': is in use"
                raise StudyError(f"{state}; there is nothing to {action}", field="code")
            now = _now()
            stored = Stored(current.study, revision + 1, saved_at=now, retired_at=now if retire else None)
            rows.advance(connection, stored)
            changed = [Change("retired", not retire, retire)]
            rows.write_audit(connection, stored, changed, action=action, who=self.who, reason=reason)
        return stored


def _codes(study: Study) -> list[str]:
    """The study's code and its cases'; the two may be the same in a study of one case."""
    return list(dict.fromkeys([study.code, *(case.code for case in study.cases)]))


def _pseudonyms(study: Study) -> list[str]:
    for code in _codes(study):
        if not _PSEUDONYM.fullmatch(code):
            kind = "study" if code == study.code else "case"
            raise StudyError(
                f"{kind} '{code}': its code is not a pseudonym that scd makes (six signs, such as K7M2AB); draw one "
                "with caseload.new_code() and keep the clinic's own name as its label",
                field="code",
            )
    return _codes(study)


def _refuse_taken(taken: Mapping[str, str]) -> None:
    for code, owner in taken.items():
        raise StudyError(
            f"code '{code}': is taken by study '{owner}'; draw another with caseload.new_code()", field="code"
        )


def _named(study: Study, old: Mapping[str, str], given: Mapping[str, str] | None) -> dict[str, str]:
    """The labels of a study's codes: the old ones with those given on top; an empty one is no label."""
    known = _codes(study)
    new = dict(old)
    for code, label in (given or {}).items():
        if code not in known:
            raise StudyError(
                f"label of '{code}': study '{study.code}' has no such code (it has {', '.join(known)})", field="labels"
            )
        new[code] = _line(label, what=f"label of '{code}'", field="labels")
    return {code: label for code, label in new.items() if label and code in known}


def _renamed(old: Mapping[str, str], new: Mapping[str, str]) -> list[Change]:
    codes = [code for code in {**old, **new} if old.get(code) != new.get(code)]
    return [Change(f"labels[{code}]", old.get(code), new.get(code)) for code in codes]


def _body(study: Study) -> dict[str, Any]:
    return {name: part for name, part in json.loads(study.to_json()).items() if name not in ("format", "version")}


def _line(text: str, *, what: str, field: str = "") -> str:
    try:
        return _TEXT.validate_python(text)
    except ValidationError:
        raise StudyError(
            f"{what}: must be one line of at most 300 characters, without control characters", field=field or what
        ) from None


def _retirement(stored: Stored) -> str:
    return f"study '{stored.study.code}': was retired on {stored.retired_at:%Y-%m-%d}"


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _user() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # a container may run under a number that has no name
        return "unknown"
