"""What the import does: reads, shows what it read, and stores it, as a new study or into one that is on record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scd.cli.options import Across, Reporter, mistake, workspace_at
from scd.cli.show import print_frame, print_rows

if TYPE_CHECKING:
    from scd.records import Caseload, Stored
    from scd.records.preview import Problem
    from scd.records.profiles import Answers, ImportSettings
    from scd.records.update import Update
    from scd.study import Measure, Session

__all__ = ["Place", "check_options", "from_export", "from_table", "save_settings_file", "settings_said", "table_into"]

_ROWS_SHOWN = 14


@dataclass(frozen=True)
class Place:
    """Where it comes from and where it goes to."""

    file: Path
    workspace: Path | None
    dry_run: bool
    replace: bool
    into: tuple[str, ...]


def check_options(given: Mapping[str, object], *, why: str) -> None:
    """Refuse options that would pass unnoticed.

    Parameters
    ----------
    given : mapping of str to object
        What was said, by option; what is empty was not.
    why : str
        Why not.

    Raises
    ------
    StudyError
        Naming the first of them.
    """
    for option, value in given.items():
        if value not in (None, False) and value != []:
            raise mistake(f"{option}: {why}")


def from_table(
    place: Place,
    reading: dict[str, Any],
    *,
    told: dict[str, Any],
    reporter: Reporter | None,
    case: str | None,
    across: Across | None,
    label: str | None,
) -> None:
    """Make a new study of a table; its cases get pseudonyms."""
    from scd.records.measures import measures_of_table
    from scd.records.tables import read_table, study_from_table

    workspace = None if place.dry_run else workspace_at(place.workspace)
    preview = read_table(place.file, name=place.file.name, **reading)
    measures: dict[str, Measure] = measures_of_table(preview, **told)
    if reporter is not None:
        measures = {label: m.replace(reporter=reporter.value) for label, m in measures.items()}
    study, labels = study_from_table(
        preview, measures=measures, case=case, across=None if across is None else across.value, pseudonyms=True
    )
    print_frame(preview.table(6), title=f"{place.file.name}: the first rows, as scd reads them")
    _tell(preview.notes)
    if workspace is None:
        typer.echo(f"Nothing stored. It would be a {study.design} study of {len(study.cases)} case(s).")
        return
    with workspace.open() as caseload:
        named = {study.code: label or place.file.stem} | labels
        stored = caseload.add(study, labels=named, reason=f"scd import {place.file.name}")
    print_rows(named.items(), head=["Code", "Name in the table"], title="Pseudonyms; the names stay in the store")
    typer.echo(f"Stored: {stored.study.code}, revision {stored.revision}. Next: scd report {stored.study.code}")


def settings_said(
    file: Path | None,
    *,
    items: Sequence[str],
    practices: Sequence[str],
    phases: Sequence[str],
    columns: dict[str, str] | None,
    defaults: dict[str, Any],
    told: dict[str, Any],
    day_starts: str | None,
) -> ImportSettings:
    """Return the settings of a file, with what the options say on top."""
    from scd.records.profiles import ImportSettings, read_settings
    from scd.records.profiles.said import item_said, phase_said, practice_said, time_said, with_said

    base = ImportSettings() if file is None else read_settings(file, name=file.name)
    return with_said(
        base,
        measures=[*(item_said(i, defaults=defaults) for i in items), *(practice_said(p) for p in practices)],
        phases=[phase_said(p) for p in phases],
        columns=columns,
        told={**told, "day_starts": None if day_starts is None else time_said(day_starts)},
    )


def save_settings_file(path: Path, settings: ImportSettings) -> None:
    """Write settings for the next import."""
    from scd.records.export import write_file
    from scd.records.profiles import settings_text

    write_file(path, settings_text(settings))
    typer.echo(f"Settings: {path}. Next time: scd import EXPORT --settings {path}")


def from_export(
    place: Place,
    settings: ImportSettings,
    *,
    meta: Path | None,
    person: str | None,
    together: bool,
    label: str | None,
) -> None:
    """Make studies of an app's export, or add its days to those on record; without measures, show the items."""
    from scd.records.profiles import read_export, studies_from_answers

    answers = read_export(place.file, name=place.file.name, settings=settings, meta=meta)
    if not settings.measures:
        _offer_items(answers, place)
        return
    if place.into:
        _export_into(place, answers, settings, person=person)
        return
    made = studies_from_answers(answers, settings=settings, person=person, together=together, label=label)
    _show(made.rows, made.notes, title="What the export would become" if place.dry_run else "What the export becomes")
    _refuse(answers.name, made.problems)
    if place.dry_run:
        typer.echo(f"Nothing stored. It would be {_studies(len(made.studies))}.")
        return
    with workspace_at(place.workspace).open() as caseload:
        _tell_known(caseload, set(made.labels.values()))
        for study in made.studies:
            codes = {study.code, *(c.code for c in study.cases)}
            named = {code: name for code, name in made.labels.items() if code in codes}
            # Neither person nor file: an export is often called after its person, and the audit goes to others.
            caseload.add(study, labels=named, reason=f"scd import, export of {answers.profile}")
    print_rows(made.labels.items(), head=["Code", "Person"], title="Pseudonyms; the names stay in the store")
    codes_made = " ".join(study.code for study in made.studies)
    typer.echo(f"Stored: {_studies(len(made.studies))}: {codes_made}. Next: scd report {made.studies[0].code}")


def _tell_known(caseload: Caseload, persons: set[str]) -> None:
    """Say whose export has been imported before: what is new in it belongs to the study that is there."""
    for held in caseload.list():
        known = [code for code, name in caseload.labels(held.study.code).items() if name in persons]
        if known:
            again = f"there is a study of the same person already: what is new goes into it with --into {known[0]}"
            typer.echo(again, err=True)


def _studies(count: int) -> str:
    return f"{count} {'study' if count == 1 else 'studies'}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _offer_items(answers: Answers, place: Place) -> None:
    """Show which items there are to choose from; without one nothing can be stored."""
    rows = [(i, held.question[:60], held.answered, held.problem) for i, held in answers.items.items()]
    print_rows(rows, head=["Item", "Question", "Answers", "Not to be taken, because it"], title="Items of the export")
    if not place.dry_run:
        raise mistake(
            f"{answers.name}: say which items to take, as in "
            f"--item '{next(iter(answers.items), 'mood')}=mood,increase,0:10'"
        )


def _export_into(place: Place, answers: Answers, settings: ImportSettings, *, person: str | None) -> None:
    from scd.records.profiles import person_of, sessions_from_answers

    failed = False
    with workspace_at(place.workspace).open() as caseload:
        for held, case, labels in _cases(caseload, place.into, persons=answers.persons):
            who = person_of(answers, case=case, labels=labels, person=person)
            new = sessions_from_answers(answers, settings=settings, study=held.study, case=case, person=who)
            _show(new.rows, new.notes, title=f"{case}: what the export holds")
            _refuse(answers.name, new.problems)
            reason = f"scd import, export of {answers.profile}"
            failed |= _add(caseload, place, held.study.code, case, new.sessions, reason=reason)
    if failed:
        raise typer.Exit(1)


def table_into(place: Place, reading: dict[str, Any], *, every: Any, start: dt.date | None, case: str | None) -> None:
    """Add a table's sessions to a case on record; leave with status 1 when something differed and was left out."""
    from scd.records.tables import read_table
    from scd.records.update import sessions_for

    preview = read_table(place.file, name=place.file.name, **reading)
    preview.check()
    failed = False
    with workspace_at(place.workspace).open() as caseload:
        for held, code, labels in _cases(caseload, place.into, persons=preview.cases):
            chosen = labels | ({code: case} if case is not None else {})
            sessions = sessions_for(preview, held.study, case=code, labels=chosen, every=every, start=start)
            print_frame(preview.table(6), title=f"{code}: the first rows, as scd reads them")
            _tell(preview.notes)
            failed |= _add(caseload, place, held.study.code, code, sessions, reason="scd import, table")
    if failed:
        raise typer.Exit(1)


def _cases(
    caseload: Caseload, codes: Sequence[str], *, persons: Sequence[str]
) -> Iterator[tuple[Stored, str, dict[str, str]]]:
    """The cases that are meant, each with its study and the store's names: one, or those of a study that are there."""
    for code in codes:
        held = caseload.get(code)
        labels = caseload.labels(code)
        own = [c.code for c in held.study.cases]
        wanted = [c for c in own if c == code.strip().upper()] or own
        if len(wanted) > 1:
            wanted = [c for c in wanted if labels.get(c) in persons]
        if not wanted:
            raise mistake(f"study '{held.study.code}': none of its cases is in the file; name one with --into")
        for case in wanted:
            yield caseload.get(code), case, labels


def _add(caseload: Caseload, place: Place, study: str, case: str, sessions: Sequence[Session], *, reason: str) -> bool:
    """Add what is new and tell what differs; whether something was left out for that."""
    from scd.records.update import add_sessions

    held = caseload.get(study)
    update = add_sessions(held.study, case=case, sessions=sessions, replace=place.replace)
    _tell_update(update, replaced=place.replace)
    days = len({number for number, _ in update.added})
    words = f"{_counted(len(update.added), 'new value')} on {_counted(days, 'session')}, {update.same} as before"
    if place.dry_run:
        typer.echo(f"Nothing stored. {case} would get {words}.")
        return False
    stored = caseload.save(update.study, revision=held.revision, reason=reason)
    typer.echo(f"Stored: {case}, revision {stored.revision}: {words}.")
    return bool(update.changed) and not place.replace


def _tell_update(update: Update, *, replaced: bool) -> None:
    if not update.changed:
        return
    rows = [(c.session, c.date or "", c.measure, c.field, _cell(c.stored), _cell(c.new)) for c in update.changed]
    title = "Replaced" if replaced else "On record otherwise, and left as it is (--replace takes the file's)"
    print_rows(rows, head=["Session", "Date", "Measure", "", "On record", "In the file"], title=title)


def _cell(value: object) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _show(rows: Any, notes: Sequence[str], *, title: str) -> None:
    shown = rows.dropna(axis="columns", how="all")
    more = f" (the first {_ROWS_SHOWN} of {len(rows)} values)" if len(rows) > _ROWS_SHOWN else ""
    print_frame(shown.head(_ROWS_SHOWN), title=f"{title}{more}")
    _tell(notes)


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        typer.echo(f"- {note}")


def _refuse(name: str, problems: Sequence[Problem]) -> None:
    from scd.records.preview import refuse

    refuse(name, list(problems))
