"""The catalogues brought up to date with the source: ``uv run python -m tests.language``.

Every text of ``scd`` that goes through gettext, and every word that a template shows, is taken into each language's
catalogue; texts that are gone leave it. What is new has no translation yet: the command lists it, and ends with status
1 until somebody has written it into the ``.po`` file.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from scd.language import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
KEYWORDS = {
    "_": None,
    "N_": None,
    "gettext": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
_FORMATS = {"python-format", "python-brace-format"}  # “95 % interval” is no format of Python's
_SOME_DAY = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)  # a date of its own at each run would be noise in the history


def extracted() -> Catalog:
    """Every text that is to be translated, with the files that it stands in."""
    found = Catalog(project="scd", charset="utf-8")
    for file, _line, message, _comments, context in extract_from_dir(
        ROOT / "scd", method_map=[("**.py", "python")], keywords=KEYWORDS
    ):
        found.add(message, locations=[(f"scd/{file}", 0)], context=context)
    for path in sorted((ROOT / "templates").glob("*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            # Cells for the workshop are never shown on a page.
            if cell["cell_type"] == "markdown" and "workshop" not in cell["metadata"].get("tags", []):
                found.add("".join(cell["source"]), locations=[(f"templates/{path.name}", 0)])
    for row in json.loads((ROOT / "scd" / "study" / "catalogue.json").read_text(encoding="utf-8")):
        # Where numbers come from is cited as it was published; only our own words about plain scales are translated.
        for text in (
            row["label"],
            *([row["source"]] if "doi:" not in row["source"] and "plain" in row["source"] else []),
        ):
            found.add(text, locations=[("scd/study/catalogue.json", 0)])
    for message in found:
        message.flags -= _FORMATS
    return found


def catalogue_path(language: str) -> Path:
    """Where a language's catalogue stands."""
    return ROOT / "scd" / "locales" / language / "LC_MESSAGES" / "scd.po"


def catalogue(language: str) -> Catalog:
    """A language's catalogue as it stands."""
    with catalogue_path(language).open(encoding="utf-8") as file:
        return read_po(file, locale=language)


def without_translation(held: Catalog) -> list[str]:
    """The English texts that a catalogue has no words for, or only a guess."""
    return [
        message.id if isinstance(message.id, str) else message.id[0]
        for message in held
        if message.id
        and (message.fuzzy or not all([message.string] if isinstance(message.id, str) else message.string))
    ]


def update(language: str) -> list[str]:
    """Bring one catalogue up to date; returns what waits for a translation."""
    held = catalogue(language)
    fresh = Catalog(
        locale=language,
        project="scd",
        version="1",
        charset="utf-8",
        header_comment=held.header_comment,
        msgid_bugs_address="",
        last_translator="scd",
        language_team=LANGUAGES[language],
        creation_date=_SOME_DAY,
        revision_date=_SOME_DAY,
        fuzzy=False,
    )
    for message in sorted(extracted(), key=_place):
        if message.id:
            known = held.get(message.id, message.context)
            string = known.string if known is not None and _fits(message.id, known.string) else ""
            fresh.add(message.id, string, locations=message.locations, context=message.context)
    for message in fresh:
        message.flags -= _FORMATS
    with catalogue_path(language).open("wb") as file:
        write_po(file, fresh, width=100, include_lineno=False)
    return without_translation(fresh)


def _place(message: object) -> tuple[str, str]:
    files = sorted(file for file, _line in message.locations)  # type: ignore[attr-defined]
    said = message.id  # type: ignore[attr-defined]
    return (files[0] if files else "", said if isinstance(said, str) else said[0])


def _fits(message: object, string: object) -> bool:
    return isinstance(message, str) == isinstance(string, str)


def main() -> int:
    """Update every catalogue and tell what is missing."""
    missing = {language: update(language) for language in LANGUAGES if language != "en"}
    for language, texts in missing.items():
        print(f"{language}: {len(texts)} texts wait for a translation in {catalogue_path(language).relative_to(ROOT)}")
        print("\n".join(f"  {text}" for text in texts))
    return int(any(missing.values()))


if __name__ == "__main__":
    sys.exit(main())
