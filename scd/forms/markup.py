"""The words and tables that forms show as HTML. Every text from people is escaped here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

__all__ = ["LINK", "STYLE", "Link", "headed", "mistake", "more", "said", "table"]

LINK = "color:#0b4f8a;text-decoration:underline"
"""How a link is set: JupyterLab leaves those of widgets without a sign."""

STYLE = (
    "<style>.scd-above > .widget-label{width:auto;max-width:100%;text-align:left;line-height:20px;height:20px}"
    ".scd-above > input{width:100%}</style>"
)
"""What a page sets apart from JupyterLab's own look; it travels with the page, also where `scd lab` is not used."""

Tone = Literal["plain", "quiet", "good", "warning"]

# The sign carries the meaning; the colour only helps to find it. All are above 4.5 : 1 on white.
_TONES = {
    "plain": ("", "inherit"),
    "quiet": ("", "#555"),
    "good": ("✓ ", "#1b5e20"),
    "warning": ("⚠ ", "#7a4100"),
}
_CELL = "border-bottom:1px solid #ccc;padding:2px 12px 2px 4px;text-align:left;vertical-align:top"


def said(text: str, *, tone: Tone = "plain") -> str:
    """One paragraph; line breaks stay.

    Parameters
    ----------
    text : str
        What to say; nothing in it is taken as HTML.
    tone : {"plain", "quiet", "good", "warning"}
        How it is set.

    Returns
    -------
    str
        HTML; empty for an empty text.

    Examples
    --------
    >>> said("5 < 6")
    '<p role="status" style="margin:2px 0;line-height:1.45;color:inherit">5 &lt; 6</p>'
    """
    if not text:
        return ""
    sign, colour = _TONES[tone]
    words = sign + escape(text).replace("\n", "<br>")
    return f'<p role="status" style="margin:2px 0;line-height:1.45;color:{colour}">{words}</p>'


def headed(text: str) -> str:
    """The heading of a section within a part.

    Examples
    --------
    >>> headed("Sleep & rest")
    '<h3 style="font-size:16px;margin:14px 0 4px">Sleep &amp; rest</h3>'
    """
    return f'<h3 style="font-size:16px;margin:14px 0 4px">{escape(text)}</h3>'


def more(title: str, paragraphs: Sequence[str]) -> str:
    """Paragraphs that are folded away under a title; nothing in them is taken as HTML.

    Examples
    --------
    >>> more("In numbers", []), "<summary" in more("In numbers", ["5 < 6"])
    ('', True)
    """
    if not paragraphs:
        return ""
    words = "".join(said(text) for text in paragraphs)
    return f'<details style="margin:4px 0"><summary style="cursor:pointer">{escape(title)}</summary>{words}</details>'


@dataclass(frozen=True)
class Link:
    """A link that opens in a new tab.

    Parameters
    ----------
    text : str
        What people read.
    url : str
        Where it leads.

    Examples
    --------
    >>> "&lt;b&gt;" in Link("<b>", "K7M2QX.ipynb").html
    True
    """

    text: str
    url: str

    @property
    def html(self) -> str:
        """As it stands on a page."""
        return f'<a href="{escape(self.url)}" style="{LINK}" target="_blank" rel="noopener">{escape(self.text)}</a>'


def mistake(text: str) -> str:
    """The message about a mistake, to be put right beside its field.

    Returns
    -------
    str
        HTML that a screen reader reads out at once; empty for an empty text.

    Examples
    --------
    >>> "&lt;b&gt;" in mistake("<b>"), mistake("")
    (True, '')
    """
    if not text:
        return ""
    words = escape(text).replace("\n", "<br>")
    return f'<p role="alert" style="margin:2px 0;line-height:1.4;color:#8a1212;font-weight:600">✗ {words}</p>'


def table(
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
) -> str:
    """A table whose cells are text and links.

    Parameters
    ----------
    head : sequence of str
        The columns' names.
    rows : iterable of sequences
        One entry a column, a `Link` or text; None leaves the cell empty.
    caption : str
        Stands above the table.

    Returns
    -------
    str
        HTML with header cells, so that it can be read aloud.

    Examples
    --------
    >>> "<td" in table(["Session"], [[1]])
    True
    """
    top = f'<caption style="text-align:left;padding:4px 0;color:#555">{escape(caption)}</caption>' if caption else ""
    names = "".join(f'<th scope="col" style="{_CELL}">{escape(name)}</th>' for name in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{_text(cell)}</td>' for cell in row) + "</tr>" for row in rows
    )
    return f'<table style="border-collapse:collapse;line-height:1.4">{top}<tr>{names}</tr>{body}</table>'


def _text(cell: object) -> str:
    if isinstance(cell, Link):
        return cell.html
    return "" if cell is None else escape(str(cell))
