"""A file or pasted text as cells. All is text first, so that "007" stays "007" and a client "NA" stays a client."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scd.records.workbook import MAX_COLUMNS, MAX_ROWS, is_workbook, read_workbook
from scd.study import StudyError

__all__ = ["Cells", "read_cells"]

MAX_BYTES = 50_000_000
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
# What makes a spreadsheet run a cell; scd's own exports put a ' before it, and reading takes that one away again.
_GUARDED = re.compile(r"^'(?='*[=+\-@\t\r\n])")


@dataclass(frozen=True)
class Cells:
    """A table as text: one header, and rows with the numbers a spreadsheet shows beside them.

    Parameters
    ----------
    name : str
        What the source is called in messages.
    header : tuple of str
        Column names; an unnamed column has an empty one.
    rows : tuple of (int, tuple of str)
        Row number from 1, and as many cells as the header has.
    separator : str
        What stood between the cells; empty for a workbook.
    notes : tuple of str
        What was assumed, in plain words.
    ragged : tuple of (int, int)
        Rows with more cells than the header: row number and number of cells.
    """

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    separator: str = ""
    notes: tuple[str, ...] = ()
    ragged: tuple[tuple[int, int], ...] = ()

    def column(self, index: int) -> list[str]:
        """The texts of one column, in row order."""
        return [cells[index] for _, cells in self.rows]


def read_cells(source: Path | bytes | str, *, name: str, sheet: str | None = None) -> Cells:
    """Read a CSV or XLSX file, or pasted text, into cells.

    Parameters
    ----------
    source : pathlib.Path, bytes or str
        A file, its content, or text itself (as pasted). A `str` is never taken for a path.
    name : str
        What to call it in messages.
    sheet : str, optional
        The sheet of a workbook; by default the first one that is visible and holds cells.

    Returns
    -------
    Cells

    Raises
    ------
    StudyError
        When the source is empty, too big, no table, or its header is unclear.

    Examples
    --------
    >>> read_cells("session;value\\n1;2,5\\n", name="pasted text").rows
    ((2, ('1', '2,5')),)
    """
    notes: list[str] = []
    if isinstance(source, Path):
        source = _content(source, name)
    if isinstance(source, bytes):
        if len(source) > MAX_BYTES:
            raise StudyError(f"{name}: is too big ({len(source):,} bytes; at most {MAX_BYTES:,})", field="source")
        if is_workbook(source, name=name):
            raw, notes = read_workbook(source, name=name, sheet=sheet)
            return _cells(name, raw, separator="", notes=notes)
        source = _decoded(source, name, notes)
    elif re.fullmatch(r"[^\n\r\t;,]+\.(csv|txt|tsv|xlsx)", source.strip(), re.IGNORECASE):
        raise StudyError(
            f"{name}: is text that looks like a file name ({source.strip()!r}); give a Path to read a file"
        )
    if sheet is not None:
        raise StudyError(f"{name}: is no workbook, so it has no sheet {sheet!r}", field="sheet")
    if "\x00" in source:
        raise StudyError(f"{name}: is not a text table; save it as CSV or XLSX", field="source")
    text, separator = _separator(source.removeprefix("\ufeff"))
    if separator != "," and separator in text:
        notes.append(f"cells are separated by {'tabs' if separator == chr(9) else 'semicolons'}")
    return _cells(name, _records(text, separator, name), separator=separator, notes=notes)


def _content(path: Path, name: str) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise StudyError(
                f"{name}: is too big ({path.stat().st_size:,} bytes; at most {MAX_BYTES:,})", field="source"
            )
        return path.read_bytes()
    except OSError as error:
        raise StudyError(f"{name}: can't be read ({error.strerror or error})", field="source") from None


def _decoded(content: bytes, name: str, notes: list[str]) -> str:
    encoding = next((e for bom, e in _BOMS.items() if content.startswith(bom)), "")
    if not encoding:
        # Text in UTF-16 without a mark: every other byte of plain Latin letters is zero.
        even, odd = content[:200:2], content[1:200:2]
        encoding = "utf-16-le" if _mostly_zero(odd) else "utf-16-be" if _mostly_zero(even) else "utf-8"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise StudyError(f"{name}: is damaged UTF-16 text; save it as UTF-8", field="source") from None
    notes.append("the text is not UTF-8 and was read as Windows/Latin-1: check letters such as ä, é, ß")
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _mostly_zero(part: bytes) -> bool:
    return part.count(0) * 2 > len(part)


def _separator(text: str) -> tuple[str, str]:
    told = re.match(r"sep=([;,\t])\r?\n", text)  # Excel's own first line, which it doesn't show
    if told:
        return text[told.end() :], told[1]
    header = next((line for line in text.split("\n") if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", header)
    return text, max("\t;,", key=bare.count)  # one column alone has none of them: the first, so that 2,5 is a number


def _records(text: str, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    number = 0
    while True:
        number += 1
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise StudyError(
                f"{name}, row {number}: a quotation mark is out of place ({error}); "
                'close it, or write two ("") inside a quoted cell',
                field="source",
            ) from None
        yield number, record


def _cells(name: str, raw: Iterable[tuple[int, list[str]]], *, separator: str, notes: list[str]) -> Cells:
    header: list[str] | None = None
    rows: list[tuple[int, tuple[str, ...]]] = []
    ragged: list[tuple[int, int]] = []
    blank, last = 0, 0
    for number, record in raw:
        texts = [_GUARDED.sub("", cell).strip() for cell in record]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        blank, last = blank + number - last - 1, number  # those at the end are nobody's news
        if header is None:
            header = texts
            if len(header) > MAX_COLUMNS:
                raise StudyError(f"{name}: has more than {MAX_COLUMNS:,} columns; keep those that matter")
            continue
        if len(rows) == MAX_ROWS:
            raise StudyError(f"{name}: has more than {MAX_ROWS:,} rows; split it", field="source")
        if len(texts) > len(header):
            ragged.append((number, len(texts)))
        rows.append((number, tuple(texts[: len(header)] + [""] * (len(header) - len(texts)))))
    if header is None:
        raise StudyError(f"{name}: is empty", field="source")
    folded = [h.casefold() for h in header]
    for index, column in enumerate(folded):
        if column and column in folded[:index]:
            where = ", ".join(str(i + 1) for i, other in enumerate(folded) if other == column)
            raise StudyError(f"{name}: has the column '{header[index]}' more than once ({where}); rename one")
    if not rows:
        raise StudyError(f"{name}: has a header ({', '.join(header)}) but no rows below it", field="source")
    if blank:
        notes.append(f"{blank} blank row{'s' if blank > 1 else ''} skipped")
    return Cells(name, tuple(header), tuple(rows), separator, tuple(notes), tuple(ragged))
