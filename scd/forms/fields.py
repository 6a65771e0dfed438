"""One control with its hint and, beneath it, the message about its mistake."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from scd.forms.markup import mistake, said
from scd.forms.view import View
from scd.language import gettext as _
from scd.language import localized
from scd.study import StudyError

__all__ = ["Field", "choice", "choices", "day", "in_words", "tick", "typed"]

_LABEL = "15em"
_WIDTH = "42em"


class Field(View):
    """One control, its hint, and beneath it the message about its mistake.

    Parameters
    ----------
    control : ipywidgets.Widget
        With a visible description.
    hint : str
        One short sentence on what to enter.
    indent, width : str
        How far hint and message stand from the left, and how wide the message may get, as CSS.

    Examples
    --------
    >>> field = typed("Sessions", "5")
    >>> field.whole()
    5
    """

    def __init__(self, control: widgets.DOMWidget, *, hint: str = "", indent: str = "0px", width: str = "38em") -> None:
        self.control = control
        self.quiet = False  # while a list is exchanged, nobody has chosen anything
        self.message = widgets.HTML(layout=widgets.Layout(margin=f"0 0 0 {indent}", display="none", max_width=width))
        self.hint = widgets.HTML(said(hint, tone="quiet"), layout=widgets.Layout(margin=f"0 0 0 {indent}"))
        super().__init__([control, *([self.hint] if hint else []), self.message])

    @property
    def value(self) -> Any:
        """What the control holds."""
        return self.control.value

    @value.setter
    def value(self, value: Any) -> None:
        """Put a value into the control."""
        self.control.value = value

    def show(self, text: str) -> None:
        """Show a mistake; an empty text takes the message away."""
        self.message.value = mistake(text)
        self.message.layout.display = "" if text else "none"

    def hide(self, hidden: bool = True) -> None:
        """Take the field off the page, or bring it back."""
        self.layout.display = "none" if hidden else ""

    def lock(self, locked: bool = True) -> None:
        """Forbid changes, or allow them again."""
        self.control.disabled = locked

    def watch(self, action: Callable[[Any], None]) -> None:
        """Call `action` whenever the value changes."""
        self.control.observe(lambda change: None if self.quiet else action(change), names="value")

    def text(self) -> str:
        """The text without spaces around it."""
        return str(self.control.value or "").strip()

    def number(self) -> float | None:
        """The number in it, None when it is empty; a decimal comma will do.

        Raises
        ------
        StudyError
            When it is no number.
        """
        text = self.text()
        if not text:
            return None
        try:
            return float(text.replace(",", ".").replace("−", "-"))
        except ValueError:
            told = _("{name}: must be a number, such as 7 or {fraction} (got “{text}”)")
            raise StudyError(told.format(name=self.name, fraction=localized("7.5"), text=text)) from None

    def whole(self) -> int:
        """The whole number in it.

        Raises
        ------
        StudyError
            When it is empty or no whole number.
        """
        number = self.number()
        if number is None:
            raise StudyError(_("{name}: is empty; give a whole number").format(name=self.name))
        if number != int(number):
            told = _("{name}: must be a whole number (got “{text}”)")
            raise StudyError(told.format(name=self.name, text=self.text()))
        return int(number)

    @property
    def name(self) -> str:
        """The name that people see."""
        return str(self.control.description)


def typed(
    description: str,
    value: str = "",
    *,
    hint: str = "",
    placeholder: str = "",
    width: str = _WIDTH,
    label: str = _LABEL,
    above: bool = False,
) -> Field:
    """A field for one line of text or a number; it answers when it is left, not at each key.

    Parameters
    ----------
    description : str
        The field's name.
    value : str
        What stands in it at first.
    hint, placeholder : str
        One short sentence below it, and an example inside it.
    width, label : str
        Of the field with its name, and of its name, as CSS.
    above : bool
        Whether its name stands above it, for fields in a row.

    Returns
    -------
    Field

    Examples
    --------
    >>> typed("Goal", "2,5").number()
    2.5
    """
    control = widgets.Text(value=value, placeholder=placeholder, continuous_update=False)
    return _field(control, description, hint=hint, width=width, label=label, above=above)


def day(description: str, *, width: str) -> Field:
    """A field for a date, whose name stands above it.

    Examples
    --------
    >>> day("Date", width="10em").value is None
    True
    """
    return _field(widgets.DatePicker(), description, hint="", width=width, label=_LABEL, above=True)


def choice(
    description: str,
    options: Sequence[tuple[str, Any]],
    value: Any,
    *,
    hint: str = "",
    width: str = _WIDTH,
    label: str = _LABEL,
) -> Field:
    """A field to choose one from a list.

    Parameters
    ----------
    description : str
        The field's name.
    options : sequence of (str, object)
        What people read, and what it means.
    value : object
        What is chosen at first.
    hint : str
        One short sentence.
    width, label : str
        Of the field with its name, and of its name, as CSS.

    Examples
    --------
    >>> choice("Better is", [("lower", "decrease"), ("higher", "increase")], "decrease").value
    'decrease'
    """
    return _field(
        widgets.Dropdown(options=list(options), value=value), description, hint=hint, width=width, label=label
    )


def in_words(options: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Options of a field in the language that is spoken.

    Examples
    --------
    >>> in_words([("Count", "count")])
    [('Count', 'count')]
    """
    return [(_(words), value) for words, value in options]


def choices(field: Field, options: Sequence[tuple[str, Any]], value: Any) -> None:
    """Give a field of `choice` another list without telling its watchers of values in between.

    Examples
    --------
    >>> field = choice("Case", [("one", 1)], 1)
    >>> choices(field, [("two", 2)], 2)
    >>> field.value
    2
    """
    if tuple(field.control.options) == tuple(options) and field.value == value:
        return
    field.quiet = True
    field.control.options = list(options)
    field.control.value = value
    field.quiet = False


def tick(description: str, value: bool = False) -> Field:
    """A box to tick.

    Examples
    --------
    >>> tick("missed").value
    False
    """
    return _field(widgets.Checkbox(value=value, indent=False), description, hint="", width="auto", label="initial")


def _field(
    control: widgets.DOMWidget, description: str, *, hint: str, width: str, label: str, above: bool = False
) -> Field:
    control.description = description
    control.style.description_width = "initial" if above else label
    control.layout = widgets.Layout(width=width, max_width="100%")
    if above:
        control.add_class("scd-above")
        control.layout.flex_flow, control.layout.align_items, control.layout.height = "column", "stretch", "auto"
    control.tabbable = True
    beside = above or label == "initial"
    broad = "38em" if width == _WIDTH else "20em"
    return Field(control, hint=hint, indent="2px" if beside else f"calc({label} + 10px)", width=broad)
