"""One session on the page: its number, its date, a value for each measure, and what stands beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from scd.forms.exposure import asked_beside
from scd.forms.fields import Field, day, tick, typed
from scd.forms.markup import said
from scd.forms.view import View, row
from scd.language import gettext as _
from scd.language import localized
from scd.study import Measure, Session, StudyError, Value

__all__ = ["EntryRow"]


class EntryRow(View):
    """The fields of one session; practice has fields for what was planned, and for what got in the way.

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
        self.number = typed(_("Session"), str(number), width="5em", above=True)
        self.date = day(_("Date (optional)"), width="10.5em")
        self.values = {m.key: _amount(_asked(m), m) for m in measures}
        self.beside = {
            m.key: typed(f"{m.label}, {_(kind)}", placeholder=_("optional"), width=_width(m, extra=9), above=True)
            for m in measures
            if m.role != "practice" and (kind := asked_beside(m))
        }
        practised = [m for m in measures if m.role == "practice"]
        self.planned = {m.key: _amount(_planned(m), m) for m in practised}
        self.obstacles = {
            m.key: typed(_("What got in the way?"), placeholder=_("optional"), width="20em", above=True)
            for m in practised
        }
        self._held: Session | None = None
        self.missed = tick(_("Missed"))
        self.missed.layout.margin = "22px 12px 0 4px"  # level with the boxes, whose names stand above them
        self.note = typed(_("Note (optional)"), width="16em", above=True)
        self.told = widgets.HTML(layout=widgets.Layout(margin="24px 0 0 8px"))
        first = [self.number, self.date, *self._numbers, self.missed, self.note]
        rows = [first, *([self.values[k], self.planned[k], self.obstacles[k]] for k in self.planned)]
        rows[-1].append(self.told)
        super().__init__([row(fields) for fields in rows], layout=widgets.Layout(padding="2px 0 4px"))
        self.missed.watch(self._cross_out)
        for field in self._fields:
            field.watch(changed)

    @property
    def blank(self) -> bool:
        """Whether nothing but the number has been entered."""
        typed_in = any(f.text() for f in (*self._numbers, *self._practised, self.note))
        return not (typed_in or self.missed.value or self.date.value)

    def fill(self, session: Session) -> None:
        """Show a session that is on record, to correct it."""
        self._held = session
        self.number.value = str(session.number)
        self.date.value = session.date
        self.note.value = session.note
        self.missed.value = session.missed
        for key, field in self.values.items():
            number = session.value(key)
            field.value = "" if number is None else localized(f"{number:.12g}")
        for key, field in self.planned.items():
            entry = next((v for v in session.values if v.measure == key), Value(measure=key))
            field.value = "" if entry.planned is None else localized(f"{entry.planned:.12g}")
            self.obstacles[key].value = entry.obstacle
        for measure in self._measures:
            number = getattr(_value_of(session, measure), asked_beside(measure) or "", None)
            if measure.key in self.beside:
                self.beside[measure.key].value = "" if number is None else localized(f"{number:.12g}")

    def copy(self, other: EntryRow) -> None:
        """Take over what was typed in another row, for the measures that both have."""
        self.number.value, self.date.value, self.note.value = other.number.value, other.date.value, other.note.value
        self.missed.value = other.missed.value
        self._held = other._held
        pairs = ((self.values, other.values), (self.beside, other.beside))
        for mine, theirs in (*pairs, (self.planned, other.planned), (self.obstacles, other.obstacles)):
            for key in mine.keys() & theirs.keys():
                mine[key].value = theirs[key].value

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
        missed = bool(self.missed.value)
        held = tuple(v for m in self._measures if (v := self._value(m, number, wrong, missed=missed)) is not None)
        told = any(v.planned is not None or v.obstacle for v in held)
        if (missed and held) or (told and all(v.value is None for v in held)):  # only practice is known
            there = {v.measure: v for v in held}
            held = tuple(there.get(m.key, Value(measure=m.key)) for m in self._measures)
        if not wrong and not missed and not told and all(v.value is None for v in held):
            first = next(iter(self.values.values()))
            first.show(_("Give a value, or tick “Missed”."))
            wrong.append(StudyError(_("has no value; give one, or tick “Missed”"), field="values"))
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
        return (self.number, self.date, *self._numbers, *self._practised, self.missed, self.note)

    @property
    def _practised(self) -> tuple[Field, ...]:
        """The fields of practice: how much was done, how much was planned, and what got in the way."""
        return tuple(f for key in self.planned for f in (self.values[key], self.planned[key], self.obstacles[key]))

    @property
    def _numbers(self) -> tuple[Field, ...]:
        """The fields for values, each with what stands beside it."""
        asked = [key for key in self.values if key not in self.planned]
        return tuple(f for key in asked for f in (self.values[key], self.beside.get(key)) if f is not None)

    def _value(
        self, measure: Measure, number: int | None, wrong: list[StudyError], *, missed: bool = False
    ) -> Value | None:
        if measure.key in self.planned:
            return self._practice(measure, number, wrong, missed=missed)
        if missed:
            return None
        field, beside = self.values[measure.key], self.beside.get(measure.key)
        value = self._read(field, lambda f: f.number(), wrong)
        kind = asked_beside(measure)
        held = self._held if self._held is not None and self._held.number == number else None
        on_record = None if held is None else _value_of(held, measure)
        extra = None if beside is None else self._read(beside, lambda f: _exposure(f, kind), wrong)
        if value is None:
            if extra is not None and not field.text():
                field.show(
                    _("Give the value, too, or take the minutes out.")
                    if kind == "minutes"
                    else _("Give the value, too, or take the trials out.")
                )
                wrong.append(
                    StudyError(
                        (
                            _("“{measure}” has minutes and no value")
                            if kind == "minutes"
                            else _("“{measure}” has trials and no value")
                        ).format(measure=measure.label),
                        field="values",
                    )
                )
            return on_record if on_record is not None and on_record.value is None else None  # it was due, and missed
        rule = "" if measure.holds(value) else _out_of_range(measure, value)
        if rule and kind == "trials" and extra is not None and value <= extra:
            rule += _(": for {value} of {trials} trials, give {share}").format(
                value=localized(f"{value:g}"), trials=localized(f"{extra:g}"), share=localized(f"{value / extra:.3g}")
            )
        if rule:
            field.show(f"{rule[:1].upper()}{rule[1:]}.")
            wrong.append(StudyError(f"“{measure.label}” {rule}", field="values"))
            return None
        # What no field asks for stays as it is on record.
        entry = (on_record or Value(measure=measure.key)).replace(value=value)
        return entry if kind is None else entry.replace(**{kind: extra})

    def _practice(self, measure: Measure, number: int | None, wrong: list[StudyError], *, missed: bool) -> Value | None:
        """What was done, what was planned and what got in the way; any of them may be known without the others."""
        field, planned, obstacle = (part[measure.key] for part in (self.values, self.planned, self.obstacles))
        done = self._read(field, lambda f: f.number(), wrong)
        aim = self._read(planned, lambda f: f.number(), wrong)
        obstacle.show("")
        held = self._held if self._held is not None and self._held.number == number else None
        on_record = None if held is None else _value_of(held, measure)
        if done is None and aim is None and not obstacle.text():
            due = on_record is not None and (on_record.value is None or missed)
            return Value(measure=measure.key) if due else None
        for asked, amount in ((field, done), (planned, aim)):
            if amount is not None and not (measure.holds(amount) and (amount >= 0 or asked is field)):
                rule = _out_of_range(measure, amount)
                asked.show(f"{rule[:1].upper()}{rule[1:]}.")
                wrong.append(StudyError(f"“{measure.label}” {rule}", field="values"))
        if wrong:
            return None
        entry = on_record or Value(measure=measure.key)
        try:
            return entry.replace(value=done, planned=aim, obstacle=obstacle.text())
        except StudyError as error:
            shown_at = obstacle if "obstacle" in error.field else planned
            shown_at.show(error.message)
            wrong.append(error)
            return None

    def _read(self, field: Field, reading: Callable[[Field], Any], wrong: list[StudyError]) -> Any:
        field.show("")
        try:
            return reading(field)
        except StudyError as error:
            field.show(error.message)
            wrong.append(error)
            return None

    def _cross_out(self, _change: object) -> None:
        for field in self._numbers:
            field.lock(bool(self.missed.value))


def _amount(name: str, measure: Measure) -> Field:
    return typed(
        name, placeholder=_limits(measure), width=_width(measure, extra=len(name) - len(measure.label)), above=True
    )


def _asked(measure: Measure) -> str:
    return _("{practice}: done").format(practice=measure.label) if measure.role == "practice" else measure.label


def _planned(measure: Measure) -> str:
    return _("{practice}: planned").format(practice=measure.label)


def _out_of_range(measure: Measure, value: float) -> str:
    return _("must be {range} (got {value})").format(range=measure.range_words, value=localized(f"{value:g}"))


def _limits(measure: Measure) -> str:
    return "" if measure.minimum is None and measure.maximum is None else measure.range_words


def _width(measure: Measure, *, extra: int = 0) -> str:
    return f"{min(max(9, (len(measure.label) + extra) * 0.62), 22):.1f}em"


def _value_of(session: Session, measure: Measure) -> Value | None:
    return next((value for value in session.values if value.measure == measure.key), None)


def _exposure(field: Field, kind: str | None) -> float | None:
    if not field.text():
        return None
    number = field.whole() if kind == "trials" else field.number()
    if number is None or not 0 < number < math.inf:
        raise StudyError(
            _("{name}: must be above 0 (got {text})").format(name=field.name, text=field.text()), field=kind or ""
        )
    return number


def _number(field: Field) -> int:
    number = field.whole()
    if number < 1:
        raise StudyError(_("Session: must be 1 or more (got {number})").format(number=number), field="number")
    return number
