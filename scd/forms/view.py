"""The building blocks of a page: parts, rows, regions, buttons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

__all__ = ["View", "button", "folded", "row", "shown"]


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
    >>> len(row([shown("from"), shown("to")]).children)
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
