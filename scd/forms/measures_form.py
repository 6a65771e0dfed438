"""The first part of a page: the clinic's own name for the client, and what is measured."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import ipywidgets as widgets
import traitlets

from scd.forms.alert import Alert
from scd.forms.fields import typed
from scd.forms.measure_row import MeasureRow
from scd.forms.view import View, button, row
from scd.language import gettext as _
from scd.study import Measure, StudyError

__all__ = ["MeasuresForm"]

_MINUTES = "practice-minutes"


class MeasuresForm(View):
    """Choose the measures of a study.

    Its one output is `measures`: a tuple of valid measures, or None while something is missing or wrong.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    name : str
        What the clinic's own label names: ``client`` or ``study``.

    Examples
    --------
    >>> form = MeasuresForm(Alert())
    >>> form.rows[0].fields["catalogue"].value = "phq-9"
    >>> [m.key for m in form.measures]
    ['phq-9']
    """

    measures = traitlets.Any(None)

    def __init__(self, alert: Alert, *, name: str = "client") -> None:
        super().__init__()
        self._alert = alert
        self.rows: list[MeasureRow] = []
        self.label = typed(
            _("Your name for this client") if name == "client" else _("Your name for this study"),
            placeholder=_("optional"),
            hint=_("Kept in the clinic's store only. Everything else goes by the code."),
        )
        self.more = button(_("Add another measure"), alert.guard(self._add))
        self.practice = button(_("Add practice between sessions"), alert.guard(self._add_practice))
        self._list = widgets.VBox()
        self.children = [self.label, self._list, row([self.more, self.practice])]
        self.show(())

    def show(self, measures: Sequence[Measure], *, label: str = "", kept: Collection[str] = ()) -> None:
        """Show the measures of a stored study, or an empty form.

        Parameters
        ----------
        measures : sequence of Measure
            Of the stored study.
        label : str
            The clinic's own name.
        kept : collection of str
            Keys of measures with values on record: they can't be taken out.
        """
        self.label.value = label
        self.rows = []
        for measure in measures:
            entry = self._new_row()
            entry.fill(measure)
            entry.kept = measure.key in kept
        if not measures:
            self._new_row()
        self._lay_out()
        self._update()

    @property
    def entered(self) -> bool:
        """Whether anything was typed."""
        return any(not r.empty for r in self.rows) or bool(self.label.text())

    def find_mistakes(self, *, missing: bool = True) -> str:
        """Check every row, show the messages beside the fields, and return them in one text.

        Parameters
        ----------
        missing : bool
            Whether to point at fields that are still empty.
        """
        made: list[Measure] = []
        wrong: list[str] = []
        for number, entry in enumerate(self.rows, start=1):
            try:
                made.append(entry.measure(taken=[m.key for m in made], missing=missing))
            except StudyError as error:
                wrong.append(_("measure {number}: {message}").format(number=number, message=error.message))
        keys = [m.key for m in made]
        if not wrong and len(set(keys)) < len(keys):
            second = next(i for i, key in enumerate(keys) if key in keys[:i])
            wrong.append(_("“{measure}” stands here twice; remove one").format(measure=made[second].label))
            self.rows[second].fields["catalogue"].show(wrong[0])
        if not wrong and all(m.role != "outcome" for m in made):
            wrong.append(_("at least one measure must be an outcome: what therapy should change"))
            self.rows[0].fields["role"].show(wrong[0])
        self.measures = None if wrong else tuple(made)
        return "\n".join(wrong)

    def _update(self, _change: object = None) -> None:
        if len(self.rows) == 1 and self.rows[0].empty:
            self.measures = None  # an empty form is no mistake yet
            return
        self.find_mistakes(missing=False)

    def _new_row(self) -> MeasureRow:
        entry = MeasureRow(self._alert.guard(self._update))
        self.rows.append(entry)
        return entry

    def _add(self, _button: object) -> None:
        self._new_row()
        self._lay_out()
        self.measures = None

    def _add_practice(self, _button: object) -> None:
        """A row for practice: minutes a day, or where that is there already one to be described."""
        held = [r.fields["catalogue"].value for r in self.rows]
        entry = self.rows[-1] if self.rows[-1].empty and len(self.rows) > 1 else self._new_row()
        self._lay_out()
        if _MINUTES not in held:
            entry.fields["catalogue"].value = _MINUTES
            return
        for name, value in (("role", "practice"), ("improvement", "increase"), ("minimum", "0"), ("unit", _("times"))):
            entry.fields[name].value = value

    def remove(self, entry: MeasureRow) -> None:
        """Take a measure off the list."""
        self.rows.remove(entry)
        self._lay_out()
        self._update()

    def _lay_out(self) -> None:
        parts: list[widgets.Widget] = []
        for number, entry in enumerate(self.rows, start=1):
            parts.append(entry)
            if len(self.rows) > 1 and not entry.kept:
                drop = button(
                    _("Remove measure {number}").format(number=number),
                    self._alert.guard(lambda _b, e=entry: self.remove(e)),
                )
                parts.append(row([drop]))
        self._list.children = parts
