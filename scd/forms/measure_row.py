"""One measure on the page: taken from the catalogue, or described by the clinic."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

import ipywidgets as widgets

from scd.forms.fields import choice, in_words, typed
from scd.forms.markup import said
from scd.forms.view import View, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.study import Measure, StudyError
from scd.study.catalogue import catalogue
from scd.study.measure import unit_said

__all__ = ["MeasureRow"]

_OWN = N_("– describe your own below –")
_ROLES = [
    (N_("Outcome: what therapy should change"), "outcome"),
    (N_("Process: what is thought to carry the change"), "process"),
    (N_("Practice: what the client does between sessions"), "practice"),
]
_BETTER = [(N_("– choose –"), ""), (N_("Lower is better"), "decrease"), (N_("Higher is better"), "increase")]
_SCALES = [
    (N_("Score of a questionnaire"), "score"),
    (N_("Rating on a scale"), "rating"),
    (N_("Count"), "count"),
    (N_("Rate per time"), "rate"),
    (N_("Proportion (0 to 1)"), "proportion"),
    (N_("Percentage (0 to 100)"), "percentage"),
    (N_("Duration"), "duration"),
]
_NUMBERS = ("minimum", "maximum", "meaningful_change", "goal")


class MeasureRow(View):
    """The fields of one measure.

    Parameters
    ----------
    changed : callable
        Called whenever a field changes.

    Examples
    --------
    >>> row = MeasureRow(lambda _: None)
    >>> row.fields["catalogue"].value = "phq-9"
    >>> row.measure(taken=()).maximum
    27.0
    """

    def __init__(self, changed: Callable[[object], None]) -> None:
        listed = [(_(_OWN), ""), *((m.label, m.key) for m in catalogue())]
        self.fields = {
            "catalogue": choice(_("From the list"), listed, "", hint=_("Type the first letters to jump, such as PHQ.")),
            "label": typed(_("Name of the measure"), placeholder=_("such as Panic attacks")),
            "role": choice(_("What it is for"), in_words(_ROLES), "outcome"),
            "improvement": choice(_("Which way is better"), in_words(_BETTER), ""),
            "minimum": typed(_("Lowest possible"), width="24em"),
            "maximum": typed(_("Highest possible"), width="22em", label="13em"),
            "unit": typed(_("Unit"), _("points"), width="24em"),
            "scale": choice(_("Kind of number"), in_words(_SCALES), "score", width="28em", label="13em"),
            "meaningful_change": typed(_("Change that matters"), placeholder=_("optional"), width="24em"),
            "goal": typed(_("Goal"), placeholder=_("optional"), width="22em", label="13em"),
        }
        self._source = shown()
        self._held: Measure | None = None
        self._key = ""
        self._filling = False
        self._changed = changed
        f = self.fields
        pairs = [("minimum", "maximum"), ("unit", "scale"), ("meaningful_change", "goal")]
        super().__init__(
            [
                *(f[name] for name in ("catalogue", "label", "role", "improvement")),
                *(row([f[left], f[right]]) for left, right in pairs),
                self._source,
            ],
            layout=widgets.Layout(border="1px solid #ccc", padding="8px", margin="4px 0"),
        )
        f["catalogue"].watch(self._take)
        for name in list(f)[1:]:
            f[name].watch(self._tell)

    @property
    def empty(self) -> bool:
        """Whether nothing has been entered yet."""
        return not self.fields["label"].text() and not self.fields["catalogue"].value

    def fill(self, measure: Measure) -> None:
        """Show a measure; its key stays, also when its name changes later."""
        self._held, self._key = measure, measure.key
        self._filling = True
        for name, field in self.fields.items():
            if name in _NUMBERS:
                number = getattr(measure, name)
                field.value = "" if number is None else localized(f"{number:g}")
            elif name == "unit":
                field.value = measure.unit_words
            elif name != "catalogue":
                field.value = getattr(measure, name)
        known = {m.key: m for m in catalogue()}
        same = measure.key in known and known[measure.key].label == measure.label
        self.fields["catalogue"].value = measure.key if same else ""
        told = _("Source: {source}").format(source=measure.source) if measure.source else ""
        if measure.cutoff is not None:
            told += "\n" + _("Published cut-off: {cutoff}").format(cutoff=localized(f"{measure.cutoff:g}"))
        self._source.value = said(told.strip(), tone="quiet")
        self._filling = False

    @property
    def kept(self) -> bool:
        """Whether values of this measure are on record: it may be described better, but not swapped or taken out."""
        return bool(self.fields["catalogue"].control.disabled)

    @kept.setter
    def kept(self, kept: bool) -> None:
        """Forbid to swap the measure, or allow it again."""
        self.fields["catalogue"].lock(kept)

    def measure(self, *, taken: Collection[str], missing: bool = True) -> Measure:
        """The measure that the fields describe; mistakes are shown beside them.

        Parameters
        ----------
        taken : collection of str
            Keys of the other measures.
        missing : bool
            Whether to point at fields that are still empty; while someone types that would be a nuisance.

        Raises
        ------
        StudyError
            When a field is wrong.
        """
        for field in self.fields.values():
            field.show("")
        wrong = []
        entered: dict[str, object] = {}
        if not self.fields["label"].text():
            told = _("Choose a measure from the list above, or give it a name here.")
            self.fields["label"].show(told if missing else "")
            wrong.append(_("its name is missing"))
        if not self.fields["improvement"].value:
            told = _("Say whether lower or higher is better for the client.")
            self.fields["improvement"].show(told if missing else "")
            wrong.append(_("which way is better is missing"))
        for name in _NUMBERS:
            try:
                entered[name] = self.fields[name].number()
            except StudyError as error:
                self.fields[name].show(error.message)
                wrong.append(error.message)
        if wrong:
            raise StudyError("; ".join(wrong), field="measures")
        entered["label"] = self.fields["label"].text()
        entered["unit"] = unit_said(self.fields["unit"].text())
        for name in ("role", "improvement", "scale"):
            entered[name] = self.fields[name].value
        key = self._key or _key(self.fields["label"].text(), taken)
        if self._held is not None and entered["label"] == self._held.label:
            entered |= {"source": self._held.source, "cutoff": self._held.cutoff}
        if self._held is not None:  # a new name changes nothing about who tells it
            entered["reporter"] = self._held.reporter
        try:
            return Measure(key=key, **entered)
        except StudyError as error:
            for problem in error.problems:
                name = problem.field.split(".")[-1]
                self.fields.get(name, self.fields["label"]).show(problem.message)
            raise

    def _take(self, change: dict[str, object]) -> None:
        chosen = change["new"]
        if self._filling:
            return
        if chosen:
            self.fill(next(m for m in catalogue() if m.key == chosen))
        else:
            self._held, self._key = None, ""
            self._source.value = ""
        self._changed(change)

    def _tell(self, change: dict[str, object]) -> None:
        if not self._filling:
            self._changed(change)


def _key(label: str, taken: Collection[str]) -> str:
    """A short name for tables, made from the measure's name."""
    plain = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
    stem = plain if plain[:1].isalpha() else f"m-{plain}".rstrip("-")
    key, number = stem[:36], 2
    while key in taken:
        key, number = f"{stem[:36]}-{number}", number + 1
    return key
