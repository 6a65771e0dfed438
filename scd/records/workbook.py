"""An XLSX workbook as rows of text: the numbers a person sees, no formula run, no macro, no bomb."""

from __future__ import annotations

import datetime as dt
import io
import warnings
import xml.etree.ElementTree as ET
import zipfile
import zlib
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from scd.study import StudyError

__all__ = ["is_workbook", "read_workbook"]

MAX_ROWS = 100_000
MAX_COLUMNS = 500
_MAX_UNPACKED = 300_000_000
_SHEET_ROWS = 1_048_576
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    ET.ParseError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


def is_workbook(content: bytes, *, name: str) -> bool:
    """Whether the bytes are an XLSX workbook; kinds of files that scd doesn't open are refused by their name.

    Parameters
    ----------
    content : bytes
        The file.
    name : str
        What to call it in messages.

    Raises
    ------
    StudyError
        For an old or encrypted workbook, one with macros, another office file, a PDF, or one that unpacks too big.

    Examples
    --------
    >>> is_workbook(b"session,value", name="a.csv")
    False
    """
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise StudyError(
            f"{name}: is an old .xls workbook or one with a password; save it as .xlsx without a password",
            field="source",
        )
    if content.startswith(b"%PDF"):
        raise StudyError(f"{name}: is a PDF; save the table as CSV or XLSX", field="source")
    if not content.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = {part.filename: part.file_size for part in archive.infolist()}
            kinds = archive.read("[Content_Types].xml") if parts.get("[Content_Types].xml", 0) < 1_000_000 else b""
    except KeyError:
        raise StudyError(f"{name}: is no XLSX workbook; save it as .xlsx or CSV", field="source") from None
    except _DAMAGED as error:
        raise StudyError(f"{name}: is a damaged workbook ({error}); save it again", field="source") from None
    if sum(parts.values()) > _MAX_UNPACKED:
        raise StudyError(
            f"{name}: unpacks to {sum(parts.values()):,} bytes (at most {_MAX_UNPACKED:,}); save only the table",
            field="source",
        )
    if b"macroEnabled" in kinds or any(part.endswith("vbaProject.bin") for part in parts):
        raise StudyError(f"{name}: holds macros, which scd doesn't open; save it as .xlsx", field="source")
    if not any(part.startswith("xl/") for part in parts):
        raise StudyError(f"{name}: is no XLSX workbook; save it as .xlsx or CSV", field="source")
    return True


def read_workbook(
    content: bytes, *, name: str, sheet: str | None = None
) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """The rows of one sheet as text, with notes.

    Parameters
    ----------
    content : bytes
        The file, which `is_workbook` has passed.
    name : str
        What to call it in messages.
    sheet : str, optional
        The sheet's name; by default the first visible one that holds cells.

    Returns
    -------
    rows : list of (int, list of str)
        Row number from 1, and its cells.
    notes : list of str
        Which sheet was read, if there are others.

    Raises
    ------
    StudyError
        When the workbook is damaged or too big, there is no such sheet, or a formula has no stored result.
    """
    import openpyxl

    def opened(*, data_only: bool) -> Any:
        return openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only, keep_links=False)

    notes: list[str] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl tells of decorations it leaves out
            shown, written = opened(data_only=True), opened(data_only=False)
            names = [ws.title for ws in shown.worksheets if ws.sheet_state == "visible"]
            if sheet is not None and sheet not in [ws.title for ws in shown.worksheets]:
                raise StudyError(f"{name}: has no sheet {sheet!r} (it has {', '.join(names)})", field="sheet")
            for title in [sheet] if sheet is not None else names:
                rows = list(_rows(shown[title], written[title], name=f"{name}, sheet '{title}'"))
                if rows:
                    others = [n for n in names if n != title]
                    if others and sheet is None:
                        notes.append(f"read the sheet '{title}'; the workbook also has {', '.join(others)}")
                    return rows, notes
    except StudyError:
        raise
    except _DAMAGED as error:
        raise StudyError(f"{name}: is a damaged workbook ({error}); save it again", field="source") from None
    return [], notes


def _rows(shown: Any, written: Any, *, name: str) -> Iterator[tuple[int, list[str]]]:
    for worksheet in (shown, written):
        worksheet.reset_dimensions()  # the stored size may be wrong; the cells are not
    held = 0
    for number, (row, formulas) in enumerate(zip_longest(shown.iter_rows(), written.iter_rows(), fillvalue=()), 1):
        if number > _SHEET_ROWS:
            raise StudyError(f"{name}: has more rows than a sheet can have; save it again", field="source")
        for cell, formula in zip(row, formulas, strict=False):
            if formula.data_type == "f" and cell.value is None:
                raise StudyError(
                    f"{name}, row {number}: cell {formula.coordinate} is a formula without a stored result; "
                    "open the workbook in a spreadsheet program and save it",
                    field="source",
                )
        texts = [_text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        if not texts:
            continue
        held += 1
        if held > MAX_ROWS + 1:
            raise StudyError(f"{name}: has more than {MAX_ROWS:,} rows; split it", field="source")
        if len(texts) > MAX_COLUMNS:
            raise StudyError(f"{name}: has more than {MAX_COLUMNS:,} columns; keep those that matter", field="source")
        yield number, texts


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ")
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int | float) and cell.number_format.endswith("%"):
        return f"{round(value * 100, 10):.15g}%"  # as the person sees it: 85 %, not .85
    return str(value)
