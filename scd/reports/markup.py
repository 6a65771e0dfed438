"""Pieces of a page. Everything put into one is escaped as it goes in; there is no way to put raw text on a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

__all__ = ["MANY", "Piece", "facts", "fold", "items", "joined", "paragraphs", "table"]

MANY = 3
"""Of more cases than this, each one's numbers are folded away: they would drown what is said of them."""


@dataclass(frozen=True)
class Piece:
    """A piece of HTML that a notebook shows.

    Parameters
    ----------
    html : markupsafe.Markup
        Built from `Markup` templates, which escape what is put into them.
    name : str
        What the piece is; all that its plain text says, so that no client's data stands in a notebook's plain output.
    """

    html: Markup
    name: str

    def _repr_html_(self) -> str:
        return str(self.html)

    def __repr__(self) -> str:
        return f"<{self.name}>"


def joined(parts: Iterable[Markup | str]) -> Markup:
    """Pieces one after the other; plain text among them is escaped.

    Examples
    --------
    >>> joined([Markup("<b>1</b>"), "<i>"])
    Markup('<b>1</b>&lt;i&gt;')
    """
    return Markup("").join(parts)


def paragraphs(texts: Iterable[str], *, kind: str = "") -> Markup:
    """Each text as a paragraph.

    Parameters
    ----------
    texts : iterable of str
        Plain text.
    kind : str
        A class of the style sheet.

    Examples
    --------
    >>> paragraphs(["7 < 9"])
    Markup('<p>7 &lt; 9</p>')
    """
    opening = Markup('<p class="{}">').format(kind) if kind else Markup("<p>")
    return joined(opening + escape(text) + Markup("</p>") for text in texts)


def items(texts: Iterable[str]) -> Markup:
    """Each text as an entry of a list.

    Examples
    --------
    >>> items(["a & b"])
    Markup('<ul><li>a &amp; b</li></ul>')
    """
    return Markup("<ul>") + joined(Markup("<li>{}</li>").format(text) for text in texts) + Markup("</ul>")


def facts(pairs: Iterable[tuple[str, str]]) -> Markup:
    """A list of names and what they are; entries without content are left out.

    Examples
    --------
    >>> facts([("Measure", "Mood"), ("Note", "")])
    Markup('<dl class="facts"><dt>Measure</dt><dd>Mood</dd></dl>')
    """
    lines = joined(Markup("<dt>{}</dt><dd>{}</dd>").format(name, said) for name, said in pairs if said)
    return Markup('<dl class="facts">') + lines + Markup("</dl>")


def fold(summary: str, inside: Markup) -> Markup:
    """Something folded away under a line that opens it; it is unfolded in print."""
    return Markup("<details><summary>{}</summary>{}</details>").format(summary, inside)


def table(rows: Sequence[Sequence[str]], *, head: Sequence[str], caption: str, numbers: Sequence[int] = ()) -> Markup:
    """A table.

    Parameters
    ----------
    rows : sequence of sequences of str
        The cells, as they shall read.
    head : sequence of str
        The columns' names.
    caption : str
        What the table shows.
    numbers : sequence of int
        Columns that hold numbers, from 0.

    Returns
    -------
    markupsafe.Markup
        With a header cell in front of each row, for screen readers.
    """
    kinds = [Markup(' class="number"') if n in set(numbers) else Markup("") for n in range(len(head))]
    top = joined(Markup('<th scope="col"{}>{}</th>').format(k, name) for k, name in zip(kinds, head, strict=True))
    body = joined(
        Markup("<tr>")
        + Markup('<th scope="row"{}>{}</th>').format(kinds[0], row[0])
        + joined(Markup("<td{}>{}</td>").format(k, cell) for k, cell in zip(kinds[1:], row[1:], strict=True))
        + Markup("</tr>")
        for row in rows
    )
    return Markup(
        '<div class="wide"><table><caption>{}</caption><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>'
    ).format(caption, top, body)
