"""Tables out: tidy CSV, the CSV of R's scan, XLSX. Text that a spreadsheet would run is made safe."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from scd.study import Study

__all__ = ["csv_text", "to_csv", "to_scan_csv", "to_xlsx", "write_file"]

Cell = str | int | float | dt.date | None

# A cell that begins so is a formula to a spreadsheet (CWE-1236). Text that begins with ' before such a sign gets one
# more, so that reading, which takes one away, gives back what was written.
_RUNS = re.compile(r"'*[=+\-@\t\r\n]")
# What XML 1.0 can't hold.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FIRST_EXCEL_DAY = dt.date(1900, 3, 1)  # before it Excel's calendar has a day too many


def to_csv(study: Study, *, measure: str | None = None) -> str:
    """The record as a tidy long CSV.

    Parameters
    ----------
    study : Study
        The study.
    measure : str, optional
        The key of the only measure to write.

    Returns
    -------
    str
        Columns ``case, measure, session, date, phase, value, trials, minutes``, and ``second_observer``, ``planned``
        and ``obstacle`` where the record holds any such entry; one row a value; an empty value was missed.
        Text stands in quotation marks; text that a spreadsheet would run begins with ``'``.

    Raises
    ------
    StudyError
        When the study has no such measure.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),))
    >>> case = case.record(Session(number=1, values=(Value(measure="mood", value=-4),)))
    >>> print(to_csv(Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,))), end="")
    "case","measure","session","date","phase","value","trials","minutes"
    "K7M2","mood",1,,"A1",-4,,
    """
    header, rows = _value_table(study, measure)
    return csv_text(header, rows)


def to_scan_csv(study: Study, *, measure: str) -> str:
    """One measure as the CSV that R's scan reads with ``read_scdf()``.

    Parameters
    ----------
    study : Study
        The study.
    measure : str
        The measure's key.

    Returns
    -------
    str
        Columns ``case, phase, values, mt``; a missed session has ``NA``. Phases are A, B, … where no case comes back
        to a condition, else A1, B1, A2, …, since scan needs each phase of a case to have its own name.

    Raises
    ------
    StudyError
        When the study has no such measure.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),), sessions=(Session(number=2),))
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,))
    >>> print(to_scan_csv(study, measure="mood"), end="")
    "case","phase","values","mt"
    "K7M2","A","NA",2
    """
    plain = all(p.label.endswith("1") and len(p.label) == 2 for case in study.cases for p in case.phases)
    rows = (
        (case, phase[0] if plain else phase, "NA" if value is None else value, session)
        for case, _, session, _, phase, value, *_ in _value_rows(study, measure)
    )
    return csv_text(("case", "phase", "values", "mt"), rows)


def to_xlsx(study: Study, path: Path, *, labels: Mapping[str, str] | None = None) -> None:
    """Write the record and its plan as a workbook, whole or not at all, readable by its owner only.

    Parameters
    ----------
    study : Study
        The study.
    path : pathlib.Path
        The file; one that is there is replaced.
    labels : mapping of code to str, optional
        The clinic's own labels of cases; they stand in a column ``label`` of the sheet ``plan``.

    Raises
    ------
    OSError
        When the file can't be written; what was there before is untouched.

    Notes
    -----
    A workbook keeps numbers to 16 significant digits; the CSV keeps them all.
    """
    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    _sheet(book, "values", *_value_table(study, None))
    plan: list[Sequence[Cell]] = [
        (case.code, (labels or {}).get(case.code, ""), p.label, p.planned_start, p.actual_start, p.reason)
        for case in study.cases
        for p in case.phases
    ]
    _sheet(book, "plan", ("case", "label", "phase", "planned_start", "actual_start", "reason"), plan)
    held = io.BytesIO()
    book.save(held)
    write_file(path, held.getvalue())


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, readable by its owner only.

    Parameters
    ----------
    path : pathlib.Path
        The file; one that is there is replaced.
    content : str or bytes
        Text is written as UTF-8.

    Raises
    ------
    OSError
        When it can't be written; what was there before is untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".writing-")  # mkstemp gives mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(name).unlink()
        raise
    if hasattr(os, "O_DIRECTORY"):  # the folder's entry must reach the disk too; Windows has no such call
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


_VALUES = ("case", "measure", "session", "date", "phase", "value", "trials", "minutes")
_OPTIONAL = ("second_observer", "planned", "obstacle")


def _value_table(study: Study, measure: str | None) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Header and rows; a column that not every study needs stands there only where it holds something."""
    rows = list(_value_rows(study, measure))
    first = len(_VALUES)
    kept = [n for n in range(first, first + len(_OPTIONAL)) if any(row[n] not in (None, "") for row in rows)]
    header = (*_VALUES, *(_OPTIONAL[n - first] for n in kept))
    return header, [(*row[:first], *(row[n] for n in kept)) for row in rows]


def _value_rows(study: Study, measure: str | None) -> Iterable[tuple[Any, ...]]:
    if measure is not None:
        study.measure(measure)  # says which there are
    for case in study.cases:
        for session in case.sessions:
            phase = case.phase_at(session.number).label
            held = {v.measure: v for v in session.values}
            for due in study.measures_of(case):
                entry = held.get(due.key)
                if measure not in (None, due.key) or (held and entry is None):
                    continue
                told: tuple[Any, ...] = (*(None,) * 5, "")
                if entry is not None:
                    told = (entry.value, entry.trials, entry.minutes, entry.second, entry.planned, entry.obstacle)
                yield (case.code, due.key, session.number, session.date, phase, *told)


def _safe(text: str) -> str:
    return f"'{text}" if _RUNS.match(text) else text


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Rows as a CSV that no spreadsheet runs.

    Parameters
    ----------
    header : sequence of str
        The columns' names.
    rows : iterable of sequences of str, int, float, datetime.date or None
        As many cells each.

    Returns
    -------
    str
        Text in quotation marks; text that a spreadsheet would run begins with ``'``.

    Examples
    --------
    >>> print(csv_text(["code", "value"], [("=1", 2.0), ("K7M2", None)]), end="")
    "code","value"
    "'=1",2
    "K7M2",
    """
    text = io.StringIO(newline="")
    # Quoted text stays one cell also where a semicolon separates cells, as in European spreadsheets.
    writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_STRINGS)
    writer.writerow(header)
    for row in rows:
        writer.writerow([_safe(c) if isinstance(c, str) else _number(c) for c in row])
    return text.getvalue()


def _sheet(book: Any, title: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    from openpyxl.cell import WriteOnlyCell

    sheet = book.create_sheet(title)
    for row in (header, *rows):
        cells = []
        for content in row:
            if isinstance(content, dt.date) and content < _FIRST_EXCEL_DAY:
                content = content.isoformat()
            if not isinstance(content, str):
                cell = WriteOnlyCell(sheet, value=_number(content))
                if isinstance(content, dt.date):
                    cell.number_format = "yyyy-mm-dd"
            else:
                cell = WriteOnlyCell(sheet, value=_NOT_XML.sub("\ufffd", _safe(content)))
                cell.data_type = "s"  # also "#N/A", which openpyxl takes for an error
            cells.append(cell)
        sheet.append(cells)
