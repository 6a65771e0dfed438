"""From an executed notebook to one page that needs nothing else: no script, no network, no code.

Text from people was escaped where it entered the HTML (`scd.reports.markup`). What is checked here is the second wall:
a page that could load or run anything is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

from scd.reports.engine import ReportError

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["check_page", "page_facts", "to_page"]

_FOLDER = Path(__file__).resolve().parent
_FORBIDDEN = {
    "a", "applet", "audio", "base", "button", "embed", "foreignobject", "form", "frame", "frameset", "iframe", "image",
    "input", "link", "object", "portal", "script", "select", "source", "template", "textarea", "track", "video",
}  # fmt: skip
_LOADING = {
    "action",
    "background",
    "cite",
    "data",
    "formaction",
    "href",
    "poster",
    "src",
    "srcdoc",
    "srcset",
    "xlink:href",
}

_DRAWING = {
    "clip-path",
    "cursor",
    "fill",
    "filter",
    "marker-end",
    "marker-mid",
    "marker-start",
    "mask",
    "stroke",
    "style",
}


def to_page(
    notebook: NotebookNode, *, title: str, audience: str, facts: Mapping[str, str], language: str = "en"
) -> str:
    """Turn an executed notebook into a page.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Its Markdown cells and its outputs of HTML make the page, in order; cells tagged ``workshop`` don't.
    title : str
        The title of the browser's window.
    audience : str
        A word that the style sheet knows: ``clinician`` or ``client``.
    facts : mapping of str to str
        What a machine can read from the page's head, such as ``scd-revision``.
    language : str
        The page's language tag.

    Returns
    -------
    str
        A whole HTML document.

    Raises
    ------
    ReportError
        When the page would load or run anything.
    """
    from nbconvert.exporters.templateexporter import TemplateExporter
    from traitlets.config import Config

    exporter = TemplateExporter(
        # An empty configuration and no preprocessors: settings of the person's Jupyter don't change a report.
        config=Config(),
        template_name="page",
        template_file="index.html.j2",
        extra_template_basedirs=[str(_FOLDER)],
        default_preprocessors=[],
        filters={"words2html": _words},
    )
    page = {"title": title, "audience": audience, "language": language, "facts": dict(facts)}
    html, _ = exporter.from_notebook_node(notebook, resources={"page": page})
    check_page(html)
    return str(html)


def _words(source: str) -> str:
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    # Only the templates' own words come here, and even their HTML would be shown as text.
    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=True, exclude_anchor_links=True)).render(source))


def check_page(html: str) -> None:
    """Refuse a page that could load or run anything.

    Parameters
    ----------
    html : str
        A whole document.

    Raises
    ------
    ReportError
        Naming the element or attribute.

    Examples
    --------
    >>> check_page("<p>7 of 10</p>")
    >>> check_page("<p onclick='x()'>7 of 10</p>")
    Traceback (most recent call last):
    scd.reports.engine.ReportError: page: holds the attribute 'onclick', which a report must not have; no page was made
    """
    _Wall().feed(html)


def page_facts(html: str) -> dict[str, str]:
    """What the head of a page says about it.

    Parameters
    ----------
    html : str
        A page made by `to_page`.

    Returns
    -------
    dict of str to str
        Such as ``scd-code``, ``scd-revision`` and ``scd-fingerprint``.

    Examples
    --------
    >>> page_facts('<head><meta name="scd-revision" content="3"></head>')
    {'scd-revision': '3'}
    """
    reader = _Facts()
    reader.feed(html.split("</head>", 1)[0])
    return reader.found


class _Wall(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _FORBIDDEN:
            raise _refused(f"the element '{tag}'")
        self._in_style = tag == "style"
        for name, value in attrs:
            said = (value or "").strip().lower()
            if name.startswith("on"):
                raise _refused(f"the attribute '{name}'")
            if name in _LOADING and not said.startswith(
                ("#", "data:image/png", "data:image/jpeg", "data:image/svg+xml")
            ):
                raise _refused(f"the attribute '{name}' with an address")
            if tag == "meta" and name == "http-equiv" and said != "content-security-policy":
                raise _refused("a redirection")
            if name in _DRAWING:
                _check_style(said)

    def handle_endtag(self, tag: str) -> None:
        self._in_style = self._in_style and tag != "style"

    def handle_data(self, data: str) -> None:
        if self._in_style:
            _check_style(data.lower())


class _Facts(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = dict(attrs)
        name = said.get("name") or ""
        if tag == "meta" and name.startswith("scd-"):
            self.found[name] = said.get("content") or ""


def _check_style(text: str) -> None:
    squeezed = "".join(text.split()).replace("url(#", "").replace("url('#", "").replace('url("#', "")
    if "url(" in squeezed or "@import" in squeezed:
        raise _refused("a style that loads something")


def _refused(what: str) -> ReportError:
    return ReportError(f"page: holds {what}, which a report must not have; no page was made")
