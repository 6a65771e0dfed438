"""An export of a diary app on a page: which item is which measure, and the days that are new."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from scd.forms.alert import Alert
from scd.forms.fields import Field, choice, choices, in_words
from scd.forms.markup import mistake, said
from scd.forms.rhythm import rhythm_of
from scd.forms.view import View, button, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import ngettext
from scd.records.preview import refuse
from scd.records.tables import measure_key
from scd.records.update import Update, add_sessions
from scd.study import Measure, Session, Study, StudyError

if TYPE_CHECKING:
    from scd.records.profiles import Answers, ImportSettings

__all__ = ["ExportEntry"]

_KINDS = [
    (N_("m-Path"), "m-path"),
    (N_("REDCap (CSV)"), "redcap"),
    (N_("StudyU"), "studyu"),
    (N_("A table of person, time, item and value"), "ema"),
]
_RULES = [
    (N_("the mean of the day's answers"), "mean"),
    (N_("the median of the day's answers"), "median"),
    (N_("the day's first answer"), "first"),
    (N_("the day's last answer"), "last"),
    (N_("the sum of the day's answers"), "sum"),
]
_PARTS = {
    "value": N_("{measure}"),
    "planned": N_("{measure}: planned"),
    "obstacle": N_("{measure}: what got in the way"),
}


class ExportEntry(View):
    """Read an app's export into the sessions of one case; nothing on record is changed by it.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    taken : callable
        Called with a tuple of sessions for the case's code.

    Examples
    --------
    >>> form = ExportEntry(Alert(), taken=lambda sessions: None)
    >>> form.take.layout.display
    'none'
    """

    def __init__(self, alert: Alert, *, taken: Callable[[Mapping[str, tuple[Session, ...]]], None]) -> None:
        self._alert, self._taken = alert, taken
        self._study: Study | None = None
        self._case = ""
        self._labels: dict[str, str] = {}
        self._content = b""
        self.items: dict[tuple[str, str], Field] = {}
        self.kind = choice(_("The app"), in_words(_KINDS), "m-path", width="30em")
        self.upload = widgets.FileUpload(
            description=_("Choose the export"),
            accept=".csv,.tsv,.txt,.xlsx,.zip,.json",
            layout=widgets.Layout(width="auto", margin="4px 0"),
        )
        self.daily = choice(_("A day's value is"), in_words(_RULES), "mean", width="36em")
        self.person = choice(_("Whose answers"), [("", "")], "", width="30em")
        self._chosen = widgets.VBox()
        self.take = button(_("Take the days that are new"), alert.guard(lambda _b: self._read()))
        self.told = shown()
        super().__init__(
            [row([self.kind, self.upload]), self._chosen, self.daily, self.person, row([self.take]), self.told]
        )
        self.upload.observe(alert.guard(self._open), names="value")
        self.clear()

    def aim(self, study: Study, *, case: str, labels: Mapping[str, str]) -> None:
        """Read for this case."""
        if (self._study, self._case) != (study, case):
            self._study, self._case, self._labels = study, case, dict(labels)
            self.clear()

    def clear(self) -> None:
        """Put the export away."""
        self._content, self.items, self._chosen.children = b"", {}, ()
        self.told.value = ""
        for part in (self.daily, self.person, self.take):
            part.layout.display = "none"

    def _open(self, change: dict[str, Sequence[Mapping[str, object]]]) -> None:
        if not change["new"] or self._study is None:
            return
        self.clear()
        self._content = bytes(change["new"][0]["content"])  # type: ignore[call-overload]
        try:
            answers = self._answers(())
        except StudyError as error:
            self.told.value = mistake(error.message)
            return
        offered = [(_("– not in the export –"), ""), *((name, name) for name in answers.items)]
        for measure in self._study.measures_of(self._study.case(self._case)):
            for part in ("value", "planned", "obstacle") if measure.role == "practice" else ("value",):
                self.items[measure.key, part] = choice(
                    _asked(measure, part), offered, _alike(measure, part, list(answers.items))
                )
        self._chosen.children = [
            shown(said(_("Which question of the app is which measure?"))),
            *self.items.values(),
        ]
        for part in (self.daily, self.take):
            part.layout.display = ""

    def _read(self) -> None:
        """Read the chosen items, and hand on what the record does not have yet."""
        assert self._study is not None
        try:
            answers, settings = self._answers(self._wanted()), self._settings(self._wanted())
            person = self._whose(answers)
            if person is None:
                return
            update, notes = self._update(answers, settings, person)
        except StudyError as error:
            self.told.value = mistake(error.message)
            return
        new = {number for number, _measure in update.added}
        sessions = tuple(s for s in update.study.case(self._case).sessions if s.number in new)
        self._taken({self._case: sessions})
        told = ngettext(
            "{n} session with something new is waiting: “Save sessions” keeps it.",
            "{n} sessions with something new are waiting: “Save sessions” keeps them.",
            len(sessions),
        )
        self.told.value = (
            said(told.format(n=len(sessions)), tone="good")
            + _left(update)
            + "".join(said(note, tone="quiet") for note in notes)
        )

    def _update(self, answers: Answers, settings: ImportSettings, person: str) -> tuple[Update, tuple[str, ...]]:
        from scd.records.profiles import sessions_from_answers

        assert self._study is not None
        found = sessions_from_answers(answers, settings=settings, study=self._study, case=self._case, person=person)
        refuse(answers.name, list(found.problems))
        return add_sessions(self._study, case=self._case, sessions=found.sessions), found.notes

    def _whose(self, answers: Answers) -> str | None:
        """The person whose answers are read: the case's own name, the only one there, or whom somebody chose."""
        persons = list(answers.persons)
        known = self._labels.get(self._case, "")
        if known in persons:
            return known
        if self.person.value in persons:
            return str(self.person.value)
        choices(self.person, [(_("– choose –"), ""), *((name, name) for name in persons)], "")
        self.person.layout.display = ""
        self.told.value = said(_("Say whose answers belong to this client, and press the button again."))
        return None

    def _wanted(self) -> tuple[Any, ...]:
        from scd.records.profiles import Taken

        chosen = {place: str(field.value) for place, field in self.items.items()}
        keys = [key for key, part in chosen if part == "value" and chosen[key, part]]
        if not keys:
            raise StudyError(_("Choose at least one question of the app."), field="measures")
        return tuple(
            Taken(
                key=key,
                item=chosen[key, "value"],
                planned=chosen.get((key, "planned"), ""),
                obstacle=chosen.get((key, "obstacle"), ""),
            )
            for key in keys
        )

    def _settings(self, wanted: tuple[Any, ...]) -> ImportSettings:
        from scd.records.profiles import ImportSettings

        assert self._study is not None
        return ImportSettings(
            profile=self.kind.value,
            measures=wanted,
            daily=self.daily.value,
            every=rhythm_of(self._study.case(self._case)),
        )

    def _answers(self, wanted: tuple[Any, ...]) -> Answers:
        from scd.records.profiles import read_export

        # The file's own name may be a client's; it is not needed.
        return read_export(self._content, name=_("the export"), settings=self._settings(wanted))


def _asked(measure: Measure, part: str) -> str:
    return _(_PARTS[part]).format(measure=measure.label) if part in _PARTS else measure.label


def _left(update: Update) -> str:
    if not update.changed:
        return ""
    words = ngettext(
        "{n} value is otherwise on record, and stays as it is there.",
        "{n} values are otherwise on record, and stay as they are there.",
        len(update.changed),
    )
    return said(words.format(n=len(update.changed)), tone="warning")


def _alike(measure: Measure, part: str, items: Sequence[str]) -> str:
    """The item that is called like a measure, or like a part of its practice; empty where none is."""
    names = {"value": ("", "_done"), "planned": ("_planned",), "obstacle": ("_obstacle",)}[part]
    wanted = {f"{stem}{ending}".casefold() for stem in (measure.key, measure.label) for ending in names}
    return next((item for item in items if item.casefold() in wanted or measure_key(item) in wanted), "")
