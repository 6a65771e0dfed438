"""What is entered for one case: new sessions, corrections, and when its phases began."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from scd.analysis.words import condition_name
from scd.forms.alert import Alert
from scd.forms.entry_row import EntryRow
from scd.forms.markup import mistake, said, table
from scd.forms.phase_start import PhaseStart
from scd.forms.view import View, button, folded, row, shown
from scd.language import gettext as _
from scd.language import localized, ngettext, short_day
from scd.reports.phrases import value_words
from scd.study import Case, Measure, Session, StudyError

__all__ = ["CaseEntry"]


class CaseEntry(View):
    """The rows of one case.

    Parameters
    ----------
    case : Case
        As stored.
    measures : sequence of Measure
        Of this case.
    alert : Alert
        Where an unforeseen error is shown.
    changed : callable
        Called whenever something is entered.

    Examples
    --------
    >>> from scd.study import Phase
    >>> from scd.study.catalogue import from_catalogue
    >>> case = Case(code="K7M2QX", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=6)))
    >>> entry = CaseEntry(case, measures=[from_catalogue("phq-9")], alert=Alert(), changed=lambda: None)
    >>> entry.rows[0].values["phq-9"].value = "14"
    >>> [s.number for s in entry.entered().sessions]
    [1]
    """

    def __init__(self, case: Case, *, measures: Sequence[Measure], alert: Alert, changed: Callable[[], None]) -> None:
        self._measures = tuple(measures)
        self._alert = alert
        self._changed = changed
        self._correcting = False
        self.case = case
        self.pending: tuple[Session, ...] = ()
        self.rows: list[EntryRow] = []
        self.next = shown()
        self.told = shown()
        self._list = widgets.VBox()
        self.more = button(_("Add another session"), alert.guard(self._add))
        self.record = shown()
        self._folded = folded(_("Sessions on record"), self.record)
        self._start_place = widgets.VBox()
        super().__init__([self.next, self._list, row([self.more]), self._start_place, self.told, self._folded])
        self.renew(case, keep=False)

    def renew(self, case: Case, *, keep: bool) -> None:
        """Show the stored case again; with `keep`, what has been typed and not saved stays."""
        kept = [r for r in self.rows if not r.blank] if keep else []
        self.case = case
        if not keep:
            self.pending = ()
            self.start = PhaseStart(case, changed=self._alert.guard(self._react))
            self._start_place.children = [self.start]
        self.rows = kept
        if not kept:
            self._new_row(_last(case) + 1)
        self._list.children = self.rows
        self._show_record()
        self._react(None)

    def asks_for(self, measures: Sequence[Measure]) -> bool:
        """Whether the rows ask for exactly these measures."""
        return self._measures == tuple(measures)

    def adopt(self, other: CaseEntry) -> None:
        """Take over what was typed for the same case while other measures were asked for."""
        typed = [r for r in other.rows if not r.blank]
        self.rows = self.rows if not typed else []
        for old in typed:
            self._new_row(1)
            self.rows[-1].copy(old)
        self._list.children = self.rows
        self._react(None)

    @property
    def unsaved(self) -> int:
        """How many sessions and starts have been entered and not saved."""
        return sum(not r.blank for r in self.rows) + len(self.pending) + int(self.start.changed)

    def entered(self) -> Case:
        """The case with everything that is on the page; mistakes are shown beside their fields.

        Raises
        ------
        StudyError
            When something is wrong.
        """
        self.told.value = ""
        wrong: list[StudyError] = []
        sessions: list[Session] = list(self.pending)
        case = self.case
        try:
            case = self.start.apply(case)
        except StudyError as error:
            wrong.append(error)
        for entry in self.rows:
            if entry.blank and not wrong:
                self._place(entry, case)
            if entry.blank:
                continue
            try:
                session = entry.session()
            except StudyError as error:
                wrong.append(
                    StudyError(
                        _("session {number}: {message}").format(number=entry.number.text(), message=error.message),
                        field=error.field,
                    )
                )
                continue
            if session.number in [s.number for s in sessions]:
                wrong.append(
                    StudyError(
                        _("session {number}: stands here twice; keep one").format(number=session.number), field="number"
                    )
                )
                entry.number.show(wrong[-1].message)
                continue
            sessions.append(session)
            self._place(entry, case)
        if wrong:
            raise StudyError("\n".join(dict.fromkeys(e.message for e in wrong)), field="sessions")
        try:
            return case.record(*sessions) if sessions else case
        except StudyError as error:
            self.told.value = mistake(error.message)
            raise

    def take(self, sessions: Sequence[Session]) -> None:
        """Put sessions from a table in waiting; they are saved with the rest."""
        self.pending = tuple(sessions)
        self._react(None)

    def _place(self, entry: EntryRow, case: Case) -> None:
        """Say which phase a row belongs to, and whether it replaces a session on record."""
        try:
            number = entry.number.whole()
            phase = case.phase_at(number)
        except StudyError:
            return
        told = _("phase {phase}, {condition}").format(phase=phase.label, condition=condition_name(phase.condition))
        if number in [s.number for s in self.case.sessions]:
            told += _("; on record already: this row will replace it")
        entry.tell(told)

    def _react(self, _change: object) -> None:
        if self._correcting:
            return
        last = _last(self.case)
        begun = [p for p in self.case.phases if p.start <= last + 1]
        phase = begun[-1].label if begun else self.case.phases[0].label
        ahead = [p for p in self.case.phases if p.start > last + 1]
        count = len(self.case.sessions)
        text = (
            ngettext(
                "{n} session is on record; the next one is session {next}, in phase {phase}.",
                "{n} sessions are on record; the next one is session {next}, in phase {phase}.",
                count,
            )
            if count
            else _("No session is on record; the next one is session {next}, in phase {phase}.")
        )
        told = text.format(n=count, next=last + 1, phase=phase)
        if ahead:
            told += " " + _("By the plan phase {phase} begins at session {start}.").format(
                phase=ahead[0].label, start=ahead[0].start
            )
        self.next.value = said(told)
        self._changed()

    def _renumbered(self, entry: EntryRow) -> Callable[[Any], None]:
        def loaded(_change: object) -> None:
            held = {str(s.number): s for s in self.case.sessions}
            if entry.blank and entry.number.text() in held:
                self._correcting = True
                entry.fill(held[entry.number.text()])
                self._correcting = False
                self._react(None)

        return loaded

    def _new_row(self, number: int) -> None:
        entry = EntryRow(self._measures, number=number, changed=self._alert.guard(self._react))
        entry.number.watch(self._alert.guard(self._renumbered(entry)))
        self.rows.append(entry)

    def _add(self, _button: object) -> None:
        numbers = [_last(self.case), *(s.number for s in self.pending)]
        for entry in self.rows:
            text = entry.number.text()
            numbers += [int(text)] if text.isdigit() else []
        self._new_row(max(numbers) + 1)
        self._list.children = self.rows
        self._react(None)

    def _show_record(self) -> None:
        count = len(self.case.sessions)
        self._folded.titles = (_("Sessions on record: {count}").format(count=count),)
        if not count:
            self.record.value = said(_("None yet."), tone="quiet")
            return
        head = [_("Session"), _("Date"), _("Phase"), *(m.label for m in self._measures), _("Note")]
        rows = [
            (
                s.number,
                s.date and short_day(s.date),
                self.case.phase_at(s.number).label,
                *(_recorded(s, m) for m in self._measures),
                s.note,
            )
            for s in self.case.sessions
        ]
        hint = _("To correct a session, type its number in a row above: its values appear there.")
        self.record.value = said(hint, tone="quiet") + table(head, rows)


def _recorded(session: Session, measure: Measure) -> str:
    """A value as it stands on record; of practice also what was planned, and what got in the way."""
    entry = next((v for v in session.values if v.measure == measure.key), None)
    if session.missed and (entry is None or measure.role != "practice"):
        return _("missed")
    done = value_words(session, measure=measure.key)
    if measure.role != "practice" or entry is None:
        return done
    if entry.planned is not None and not done:
        done = _("not known, of {planned}").format(planned=localized(f"{entry.planned:g}"))
    return f"{done} · {entry.obstacle}".strip(" ·") if entry.obstacle else done


def _last(case: Case) -> int:
    return case.sessions[-1].number if case.sessions else case.phases[0].start - 1
