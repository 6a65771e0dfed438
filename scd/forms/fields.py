"""One control with its hint and the message about its mistake, and the region that shows what nobody foresaw."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from scd.forms.markup import mistake, said
from scd.study import StudyError

__all__ = ["Alert", "Field", "View", "button", "choice", "choices", "day", "folded", "row", "shown", "tick", "typed"]

_LOG = logging.getLogger(__name__)

_LABEL = "15em"
_WIDTH = "42em"


class View(widgets.VBox):
    """Part of a page. Where it can't be drawn it says how to bring it back, and never what was in it.

    JupyterLab stores this text in the notebook file beside the (unsaved) widget, so it must not show a child's value.

    Examples
    --------
    >>> View([widgets.Text(value="secret")])
    <part of a page: choose “Run”, then “Run All Cells” to see it>
    """

    def __repr__(self) -> str:
        return "<part of a page: choose “Run”, then “Run All Cells” to see it>"


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
            raise StudyError(f"{self.name}: must be a number, such as 7 or 7.5 (got “{text}”)") from None

    def whole(self) -> int:
        """The whole number in it.

        Raises
        ------
        StudyError
            When it is empty or no whole number.
        """
        number = self.number()
        if number is None:
            raise StudyError(f"{self.name}: is empty; give a whole number")
        if number != int(number):
            raise StudyError(f"{self.name}: must be a whole number (got “{self.text()}”)")
        return int(number)

    @property
    def name(self) -> str:
        """The name that people see."""
        return str(self.control.description)


class Alert(widgets.HTML):
    """Where a page shows an error that nobody foresaw, in plain words.

    Examples
    --------
    >>> alert = Alert()
    >>> alert.guard(lambda: 1 / 0)()
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    >>> "ZeroDivisionError" in alert.value
    True
    """

    def __init__(self) -> None:
        super().__init__(value="")

    def guard(self, action: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback: an error that it lets through is shown here and raised again.

        ipywidgets hands an error in a callback to a log that a clinician never sees.

        Parameters
        ----------
        action : callable
            Anything that a control calls.
        """

        @functools.wraps(action)
        def guarded(*told: Any) -> Any:
            try:
                return action(*told)
            except Exception as error:
                self.tell(error)
                raise

        return guarded

    def tell(self, error: BaseException) -> str:
        """Show an error by its type and an id, and return the id.

        Its text may hold a client's words, so the log and the page leave it out.
        """
        number = secrets.token_hex(3)
        kind = type(error).__name__
        _LOG.error("page error %s: %s", number, kind)
        self.value = mistake(
            f"Something went wrong here that scd did not foresee ({kind}, id {number}). What you typed is still on "
            "this page; the last step may not have been saved. Try it once more. If it happens again, tell the person "
            f"who looks after scd the id {number}."
        )
        return number

    def clear(self) -> None:
        """Take the message away."""
        self.value = ""


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


def button(description: str, action: Callable[[Any], None], *, main: bool = False) -> widgets.Button:
    """A button wide enough for its words.

    Parameters
    ----------
    description : str
        What it does, as a verb; never just “Save”, which is JupyterLab's own.
    action : callable
        Called with the button.
    main : bool
        The step that most people want next.

    Examples
    --------
    >>> button("Save study", lambda _: None).description
    'Save study'
    """
    layout = widgets.Layout(width="auto", margin="4px 8px 4px 0")
    made = widgets.Button(description=description, layout=layout, button_style="primary" if main else "")
    made.style.font_weight = "bold" if main else ""
    made.on_click(action)
    return made


def row(children: Sequence[widgets.Widget]) -> widgets.HBox:
    """Controls side by side, which go below one another where the page is narrow.

    Examples
    --------
    >>> len(row([typed("From"), typed("To")]).children)
    2
    """
    return widgets.HBox(list(children), layout=widgets.Layout(flex_flow="row wrap", align_items="flex-start"))


def shown(html: str = "") -> widgets.HTML:
    """A region for HTML made by `scd.forms.markup` or `scd.charts`.

    Examples
    --------
    >>> shown("<p>x</p>").value
    '<p>x</p>'
    """
    return widgets.HTML(html, layout=widgets.Layout(width="100%"))


def folded(title: str, child: widgets.Widget, *, opened: bool = False) -> widgets.Accordion:
    """A part that can be folded away.

    Examples
    --------
    >>> folded("Diagnostics", shown()).selected_index is None
    True
    """
    return widgets.Accordion([child], titles=[title], selected_index=0 if opened else None)


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
