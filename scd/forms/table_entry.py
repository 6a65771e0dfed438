"""Sessions from a table: pasted from a spreadsheet, or a file; looked at before they are taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets as widgets

from scd.forms.alert import Alert
from scd.forms.exposure import called, with_own_columns
from scd.forms.markup import mistake, said, table
from scd.forms.rhythm import rhythm_of
from scd.forms.schedule import case_name
from scd.forms.view import View, button, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized, ngettext, short_day
from scd.records.columns import ONLY_CASE
from scd.records.tables import Preview, read_table, sessions_from_table
from scd.records.update import add_sessions, sessions_for
from scd.study import Case, Measure, Session, Study, StudyError

__all__ = ["TableEntry"]

_HOW = N_(
    "Copy the cells in your spreadsheet with their header row and paste them here, or choose a CSV or Excel file. "
    "A column for the session and one for each measure will do; dates are welcome, and so are minutes with counts and "
    "rates, or trials with proportions. A diary that scd made is read as it comes back."
)
_EXAMPLE = "session\tdate\tPHQ-9\n1\t2026-03-02\t14\n2\t2026-03-09\t12"
_ROWS_SHOWN = 12


class TableEntry(View):
    """Read a table for one case or several.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    taken : callable
        Called with a tuple of sessions for each case code.

    Examples
    --------
    >>> form = TableEntry(Alert(), taken=lambda sessions: None)
    >>> form.pasted.value = ""
    >>> form.read.click()
    >>> "Nothing is pasted" in form.told.value
    True
    """

    def __init__(self, alert: Alert, *, taken: Callable[[Mapping[str, tuple[Session, ...]]], None]) -> None:
        self._study: Study | None = None
        self._case = ""
        self._labels: dict[str, str] = {}
        self._taken = taken
        self.pasted = widgets.Textarea(
            description=_("Pasted cells"),
            placeholder=_EXAMPLE,
            continuous_update=False,
            layout=widgets.Layout(width="38em", height="7em", max_width="100%"),
            style={"description_width": "8em"},
        )
        self.read = button(_("Read pasted cells"), alert.guard(self._paste))
        self.upload = widgets.FileUpload(
            description=_("Choose a file"),
            accept=".csv,.tsv,.txt,.xlsx",
            layout=widgets.Layout(width="auto", margin="4px 0"),
        )
        self.upload.observe(alert.guard(self._open), names="value")
        self.told = shown()
        self.preview = shown()
        self.away = button(_("Do not take this table"), alert.guard(self._discard))
        self.away.layout.display = "none"
        parts = [
            shown(said(_(_HOW))),
            self.pasted,
            row([self.read, self.upload]),
            self.told,
            row([self.away]),
            self.preview,
        ]
        super().__init__(parts)

    def aim(self, study: Study, *, case: str, labels: Mapping[str, str]) -> None:
        """Read for this study; a table that names no case is for this one."""
        self._study, self._case, self._labels = study, case, dict(labels)

    def clear(self) -> None:
        """Put the table away, once its sessions are saved or no longer wanted."""
        self.pasted.value = ""
        self.told.value = self.preview.value = ""
        self.away.layout.display = "none"

    def _discard(self, _button: object) -> None:
        assert self._study is not None
        self._taken({case.code: () for case in self._study.cases})
        self.clear()

    def _paste(self, _button: object) -> None:
        text = self.pasted.value.strip("\n")
        if not text.strip():
            self.told.value = mistake(_("Nothing is pasted yet: copy cells in your spreadsheet, and paste them above."))
            return
        self._read(text, name="pasted cells")

    def _open(self, change: dict[str, Sequence[Mapping[str, object]]]) -> None:
        if not change["new"]:
            return
        file = change["new"][0]
        # The file's own name may be a client's; it is not needed.
        suffix = ".xlsx" if str(file["name"]).lower().endswith(".xlsx") else ".csv"
        self._read(bytes(file["content"]), name=f"the file ({suffix[1:].upper()})")  # type: ignore[call-overload]

    def _read(self, source: str | bytes, *, name: str) -> None:
        if self._study is None:
            return
        self.preview.value = ""
        try:
            preview = read_table(source, name=name)
            self.preview.value = _looked_at(preview)
            sessions = self._sessions(preview)
        except StudyError as error:
            told = "\n".join(p.message for p in error.problems)
            self.told.value = mistake(
                _("Nothing was taken. Mend this in the table, and read it again:\n{told}").format(told=told)
            )
            return
        count = sum(len(rows) for rows in sessions.values())
        self._taken(sessions)
        self.away.layout.display = ""
        self.told.value = said(
            ngettext(
                "{n} session read and waiting: “Save sessions” keeps them.",
                "{n} sessions read and waiting: “Save sessions” keeps them.",
                count,
            ).format(n=count),
            tone="good",
        )

    def _sessions(self, preview: Preview) -> dict[str, tuple[Session, ...]]:
        """Sessions by case code, checked against the study."""
        assert self._study is not None
        study = self._study
        preview = with_own_columns(preview, study.measures)
        if len(preview.cases) > 1:
            found = {self._code_of(label): label for label in preview.cases}
            sessions = {
                code: sessions_from_table(preview, measures=study.measures_of(study.case(code)), case=label)
                for code, label in found.items()
            }
        elif study.across == "behaviours" and any(_own(preview, study, case) for case in study.cases):
            sessions = {
                case.code: sessions_from_table(preview, measures=own)
                for case in study.cases
                if (own := _own(preview, study, case))
            }
        elif "date" in preview.roles:
            sessions = self._dated(preview, study)
        else:
            measures = study.measures_of(study.case(self._case))
            sessions = {self._case: sessions_from_table(preview, measures=measures)}
        for code, rows in sessions.items():
            study = study.with_case(study.case(code).record(*rows))
        return sessions

    def _dated(self, preview: Preview, study: Study) -> dict[str, tuple[Session, ...]]:
        """A diary: its days belong to the sessions on record by their dates, and what it does not ask stays there."""
        named = [label for label in preview.cases if label != ONLY_CASE]
        code = self._code_of(named[0]) if named and len(study.cases) > 1 else self._case
        told = {code: named[0]} if named else {}
        sessions = sessions_for(preview, study, case=code, labels=told, every=rhythm_of(study.case(code)))
        update = add_sessions(study, case=code, sessions=sessions, replace=True)
        differs = {(change.session, change.measure) for change in update.changed}
        if differs:
            words = ngettext(
                "{n} value differs from the one on record, and takes its place: {where}.",
                "{n} values differ from those on record, and take their place: {where}.",
                len(differs),
            )
            where = ", ".join(
                _("session {number}, {measure}").format(number=number, measure=study.measure(key).label)
                for number, key in sorted(differs)
            )
            self.preview.value += said(words.format(n=len(differs), where=where), tone="warning")
        touched = {s.number for s in sessions}
        return {code: tuple(s for s in update.study.case(code).sessions if s.number in touched)}

    def _code_of(self, label: str) -> str:
        assert self._study is not None
        named = {c.code.casefold(): c.code for c in self._study.cases}
        named |= {name.casefold(): code for code, name in self._labels.items() if code in named.values() and name}
        if label.strip().casefold() not in named:
            known = ", ".join(case_name(c.code, self._labels) for c in self._study.cases)
            raise StudyError(
                _("“{label}” is no case of this study; it has {known}").format(label=label, known=known), field="case"
            )
        return named[label.strip().casefold()]


def _own(preview: Preview, study: Study, case: Case) -> dict[str, Measure]:
    """The columns of a table that belong to one behaviour: those named like its measures."""
    found = {label: called(label, study.measures_of(case)) for label in preview.measures}
    return {label: measure for label, measure in found.items() if measure is not None}


def _looked_at(preview: Preview) -> str:
    shown_rows = preview.table(_ROWS_SHOWN)
    total = len(preview.rows)
    caption = (
        _("As read: the first {shown} of {total} values").format(shown=len(shown_rows), total=total)
        if total > len(shown_rows)
        else _("As read")
    )
    body = [[_cell(v) for v in values] for values in shown_rows.itertuples(index=False)]
    notes = "".join(said(note, tone="quiet") for note in preview.notes)
    return table([str(c) for c in shown_rows.columns], body, caption=caption) + notes


def _cell(value: object) -> str:
    if value is None or value != value:  # NaN and NaT differ from themselves
        return ""
    date = getattr(value, "date", None)
    if callable(date):
        return short_day(date())
    return localized(f"{value:g}") if isinstance(value, float) else str(value)
