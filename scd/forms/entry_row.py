"""One session on the page: its number, its date, a value for each measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from scd.forms.fields import Field, day, tick, typed
from scd.forms.markup import said
from scd.forms.view import View, row
from scd.study import Measure, Session, StudyError, Value

__all__ = ["EntryRow"]


class EntryRow(View):
    """The fields of one session.

    Parameters
    ----------
    measures : sequence of Measure
        What is measured.
    number : int
        The session's number, which may be changed.
    changed : callable
        Called whenever a field changes.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> entry = EntryRow([from_catalogue("phq-9")], number=6, changed=lambda _: None)
    >>> entry.values["phq-9"].value = "14"
    >>> entry.session().value("phq-9")
    14.0
    """

    def __init__(self, measures: Sequence[Measure], *, number: int, changed: Callable[[Any], None]) -> None:
        self._measures = tuple(measures)
        self.number = typed("Session", str(number), width="5em", above=True)
        self.date = day("Date (optional)", width="10.5em")
        self.values = {
            m.key: typed(
                m.label, placeholder=_limits(m), width=f"{min(max(9, len(m.label) * 0.62), 22):.1f}em", above=True
            )
            for m in measures
        }
        self.missed = tick("Missed")
        self.missed.layout.margin = "22px 12px 0 4px"  # level with the boxes, whose names stand above them
        self.note = typed("Note (optional)", width="16em", above=True)
        self.told = widgets.HTML(layout=widgets.Layout(margin="24px 0 0 8px"))
        super().__init__(
            [row([self.number, self.date, *self.values.values(), self.missed, self.note, self.told])],
            layout=widgets.Layout(padding="2px 0 4px"),
        )
        self.missed.watch(self._cross_out)
        for field in self._fields:
            field.watch(changed)

    @property
    def blank(self) -> bool:
        """Whether nothing but the number has been entered."""
        return not (
            any(f.text() for f in self.values.values()) or self.missed.value or self.note.text() or self.date.value
        )

    def fill(self, session: Session) -> None:
        """Show a session that is on record, to correct it."""
        self.number.value = str(session.number)
        self.date.value = session.date
        self.note.value = session.note
        self.missed.value = session.missed
        for key, field in self.values.items():
            number = session.value(key)
            field.value = "" if number is None else f"{number:.12g}"

    def copy(self, other: EntryRow) -> None:
        """Take over what was typed in another row, for the measures that both have."""
        self.number.value, self.date.value, self.note.value = other.number.value, other.date.value, other.note.value
        self.missed.value = other.missed.value
        for key in self.values.keys() & other.values.keys():
            self.values[key].value = other.values[key].value

    def tell(self, text: str) -> None:
        """Say something about the whole row, at its end."""
        self.told.value = said(text, tone="quiet")

    def session(self) -> Session:
        """The session that the fields describe; mistakes are shown beside them.

        Raises
        ------
        StudyError
            When a field is wrong.
        """
        wrong: list[StudyError] = []
        number = self._read(self.number, lambda f: _number(f), wrong)
        values = [] if self.missed.value else [self._value(m, wrong) for m in self._measures]
        held = tuple(v for v in values if v is not None)
        if not wrong and not self.missed.value and not held:
            first = next(iter(self.values.values()))
            first.show("Give a value, or tick “Missed”.")
            wrong.append(StudyError("has no value; give one, or tick “Missed”", field="values"))
        if wrong:
            raise wrong[0]
        note = self.note.text()
        self.note.show("")
        try:
            return Session(number=number, date=self.date.value, values=held, note=note)
        except StudyError as error:
            for problem in error.problems:
                beside = self.note if problem.field.startswith("note") else self.number
                beside.show(problem.message)
            raise

    @property
    def _fields(self) -> tuple[Field, ...]:
        return (self.number, self.date, *self.values.values(), self.missed, self.note)

    def _value(self, measure: Measure, wrong: list[StudyError]) -> Value | None:
        field = self.values[measure.key]
        value = self._read(field, lambda f: f.number(), wrong)
        if value is not None and not measure.holds(value):
            field.show(f"Must be {measure.range_words} (got {value:g}).")
            wrong.append(StudyError(f"“{measure.label}” must be {measure.range_words} (got {value:g})", field="values"))
            return None
        return None if value is None else Value(measure=measure.key, value=value)

    def _read(self, field: Field, reading: Callable[[Field], Any], wrong: list[StudyError]) -> Any:
        field.show("")
        try:
            return reading(field)
        except StudyError as error:
            field.show(error.message)
            wrong.append(error)
            return None

    def _cross_out(self, _change: object) -> None:
        for field in self.values.values():
            field.lock(bool(self.missed.value))


def _limits(measure: Measure) -> str:
    return "" if measure.minimum is None and measure.maximum is None else measure.range_words


def _number(field: Field) -> int:
    number = field.whole()
    if number < 1:
        raise StudyError(f"Session: must be 1 or more (got {number})", field="number")
    return number
