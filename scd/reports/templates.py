"""Where the notebook templates lie: inside an installed wheel, or beside the package in a source checkout."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scd.language import gettext as _
from scd.study import StudyError

__all__ = ["cell_words", "template_names", "template_path"]

_PACKAGE = Path(__file__).resolve().parent.parent


def _folder() -> Path:
    for folder in (_PACKAGE / "_templates", _PACKAGE.parent / "templates"):
        if folder.is_dir():
            return folder
    raise StudyError("templates: none were found beside scd; install scd again")


def cell_words(cell: Mapping[str, Any]) -> str:
    """What stands in a cell of a template, its words in the language that is spoken.

    Parameters
    ----------
    cell : mapping
        A cell as it stands in a notebook's document: with ``cell_type`` and ``source``.

    Returns
    -------
    str
        Code unchanged.

    Examples
    --------
    >>> cell_words({"cell_type": "markdown", "source": ["## Result"]})
    '## Result'
    """
    source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
    return _(source) if cell["cell_type"] == "markdown" else source


def template_names() -> tuple[str, ...]:
    """The names of all templates, sorted.

    Returns
    -------
    tuple of str
        File names without their ending.

    Raises
    ------
    StudyError
        When this installation has no templates.

    Examples
    --------
    >>> "report_client" in template_names()
    True
    """
    return tuple(sorted(path.stem for path in _folder().glob("*.ipynb")))


def template_path(name: str) -> Path:
    """The file of a template.

    Parameters
    ----------
    name : str
        One of `template_names`. Nothing else is opened: a path is not a name.

    Returns
    -------
    pathlib.Path
        The notebook.

    Raises
    ------
    StudyError
        When there is none of this name; the message lists the names there are.

    Examples
    --------
    >>> template_path("report_client").name
    'report_client.ipynb'
    """
    known = template_names()
    if name not in known:
        raise StudyError(f"template {name!r}: there is none of this name (there are {', '.join(known)})")
    return _folder() / f"{name}.ipynb"
