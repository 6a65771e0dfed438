"""How people write numbers, phases and dates in a table, and what scd makes of it. Nothing is guessed in silence."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "MISSING",
    "Unread",
    "has_decimal_comma",
    "is_missing",
    "number_phases",
    "phase_of",
    "read_dates",
    "read_numbers",
    "ticked",
]

MISSING = frozenset({"", "na", "n/a", "nan", "null", ".", "-"})
"""What stands for a missing number, in lower case. Only columns of numbers and dates are read so, never names."""

_POINT = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?")
_COMMA = re.compile(r"[+-]?\d*,\d+%?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}")
_PHASE = re.compile(r"(?:phase[\s_-]*)?([a-z])[\s_-]*([1-9]\d{0,2})?")
_PHASE_WORD = re.compile(r"([a-z][a-z /-]*?)[\s_-]*([1-9]\d{0,2})?")
_WORDS = {
    "baseline": "A",
    "base": "A",
    "bl": "A",
    "no treatment": "A",
    "no intervention": "A",
    "intervention": "B",
    "treatment": "B",
    "therapy": "B",
    "tx": "B",
}
_SWITCH = {"0": "A", "1": "B", "0.0": "A", "1.0": "B", "false": "A", "true": "B", "no": "A", "yes": "B"}
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?")
_OTHER_DATE = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2([1-9]\d{3})(?:[T ]\d{1,2}:\d{2}.*)?")


@dataclass(frozen=True)
class Unread:
    """A cell that could not be read, and why in plain words.

    Parameters
    ----------
    why : str
        ``'abc' is not a number``.
    """

    why: str


def is_missing(text: str) -> bool:
    """Whether a cell of numbers or dates stands for a missing one.

    Examples
    --------
    >>> is_missing("N/A"), is_missing("0")
    (True, False)
    """
    return text.lower() in MISSING


def has_decimal_comma(texts: Iterable[str], *, separator: str) -> bool:
    """Whether numbers are written with a decimal comma.

    Parameters
    ----------
    texts : iterable of str
        All cells that should hold numbers.
    separator : str
        What stands between the cells: beside semicolons a comma can only be a decimal comma; elsewhere ``1,234`` might
        be a thousand, so one other number must show what is meant.

    Examples
    --------
    >>> has_decimal_comma(["1,5", "12"], separator=";"), has_decimal_comma(["1,234"], separator=",")
    (True, False)
    """
    cells = [t.replace("\u2212", "-") for t in texts]
    commas = [t for t in cells if _COMMA.fullmatch(t)]
    if separator == ";" or not commas:
        return bool(commas)
    points = any("." in t and _POINT.fullmatch(t) for t in cells)
    return not points and not all(_THOUSANDS.fullmatch(t) for t in commas)


def read_numbers(texts: Sequence[str], *, decimal_comma: bool = False) -> list[float | Unread | None]:
    """One column of numbers.

    Parameters
    ----------
    texts : sequence of str
        The cells.
    decimal_comma : bool
        Whether ``1,5`` is one and a half.

    Returns
    -------
    list of float, None or Unread
        None where a mark of `MISSING` stands. Per cent signs are taken away when every number has one.

    Examples
    --------
    >>> read_numbers(["1.5", "NA", "abc"])
    [1.5, None, Unread(why="'abc' is not a number")]
    """
    held = [t for t in texts if not is_missing(t)]
    percent = bool(held) and all(t.endswith("%") for t in held)
    return [None if is_missing(t) else _number(t, decimal_comma, percent) for t in texts]


_TICKS = dict.fromkeys(("x", "yes", "y", "ja", "j", "true", "wahr", "done", "\u2713", "\u2714", "\u2611"), "1")
_TICKS |= dict.fromkeys(("no", "n", "nein", "false", "falsch", "\u2610"), "0")


def ticked(text: str) -> str:
    """A cell of practice done or planned, where a tick or a yes is 1 and a no is 0; anything else as it stands.

    Parameters
    ----------
    text : str
        The cell.

    Examples
    --------
    >>> ticked("x"), ticked("Nein"), ticked("20")
    ('1', '0', '20')
    """
    return _TICKS.get(text.strip().casefold(), text)


def _number(text: str, decimal_comma: bool, percent: bool) -> float | Unread:
    plain = text.replace("\u2212", "-").replace(" %", "%")  # a typeset minus
    if plain.endswith("%") and not percent:
        return Unread(f"'{text}' has a % sign and other rows have none; write all the same way")
    if decimal_comma and _COMMA.fullmatch(plain):
        plain = plain.replace(",", ".")
    elif decimal_comma and "." in plain and _POINT.fullmatch(plain):
        return Unread(f"'{text}' has a decimal point and other rows have decimal commas; write all the same way")
    if not _POINT.fullmatch(plain):
        if _COMMA.fullmatch(plain):
            return Unread(
                f"'{text}' has a comma that may be a decimal comma or a thousands mark; write it with a point"
            )
        return Unread(f"'{text}' is not a number")
    number = float(plain.removesuffix("%"))
    return number if math.isfinite(number) else Unread(f"'{text}' is too big a number")


def phase_of(text: str, *, switch: bool = False) -> tuple[str, int | None] | None:
    """The condition letter of a phase cell and its running number, if it tells one.

    Parameters
    ----------
    text : str
        ``A1``, ``b``, ``Phase B 2``, ``baseline``, ``treatment 2``.
    switch : bool
        Whether 0 and 1 stand for baseline and treatment.

    Returns
    -------
    tuple of (str, int or None), or None
        None when the cell is no phase label.

    Examples
    --------
    >>> phase_of("b2"), phase_of("Baseline"), phase_of("1", switch=True), phase_of("follow-up")
    (('B', 2), ('A', None), ('B', None), None)
    """
    plain = " ".join(text.lower().split())
    if switch:
        return (_SWITCH[plain], None) if plain in _SWITCH else None
    found = _PHASE.fullmatch(plain)
    letter = found[1].upper() if found else ""
    if not found:
        found = _PHASE_WORD.fullmatch(plain)
        letter = _WORDS.get(found[1], "") if found else ""
    return (letter, int(found[2]) if found[2] else None) if found and letter else None


def number_phases(tokens: Sequence[tuple[str, int | None]]) -> list[tuple[str, str]]:
    """Label each session's phase, numbering runs of a letter, and check their order.

    Parameters
    ----------
    tokens : sequence of (str, int or None)
        For each session in order: condition letter, and its number where the table tells one.

    Returns
    -------
    list of (str, str)
        The label, and what is wrong at the first session of a run (else an empty string).

    Examples
    --------
    >>> [label for label, _ in number_phases([("A", None), ("B", None), ("B", None), ("A", None)])]
    ['A1', 'B1', 'B1', 'A2']
    """
    labels: list[tuple[str, str]] = []
    reached: dict[str, int] = {}
    before: tuple[str, int] | None = None
    for letter, told in tokens:
        if before and before[0] == letter and told in (None, before[1]):
            labels.append((f"{letter}{before[1]}", ""))
            continue
        due = reached.get(letter, 0) + 1
        number = due if told is None else told
        wrong = ""
        if before and before[0] == letter:
            wrong = f"{letter}{number} follows {letter}{before[1]} under the same condition; join the two"
        elif letter in reached and number < due:
            wrong = (
                f"{letter}{number} comes back after {before[0]}{before[1]}; number it {letter}{due}" if before else ""
            )
        elif letter in reached and number > due:
            wrong = f"{letter}{number} stands where {letter}{due} is due"
        labels.append((f"{letter}{number}", wrong))
        reached[letter] = max(number, reached.get(letter, 0))
        before = (letter, number)
    return labels


def read_dates(texts: Sequence[str], *, day_first: bool | None = None) -> list[dt.date | Unread | None]:
    """One column of dates.

    Parameters
    ----------
    texts : sequence of str
        The cells: ``2026-03-04``, or day and month in an order that the column as a whole makes clear.
    day_first : bool, optional
        Whether ``03/04/2026`` is the third of April; None asks the column.

    Returns
    -------
    list of datetime.date, None or Unread

    Examples
    --------
    >>> read_dates(["03/04/2026", "13/04/2026"])
    [datetime.date(2026, 4, 3), datetime.date(2026, 4, 13)]
    >>> read_dates(["03/04/2026"])[0].why
    "'03/04/2026' may be 3 April or 4 March; write 2026-04-03, or say which comes first (day_first)"
    """
    pairs = {t: (int(m[1]), int(m[3])) for t in texts if (m := _OTHER_DATE.fullmatch(t))}
    if day_first is None and pairs:
        as_day = all(b <= 12 for _, b in pairs.values())
        as_month = all(a <= 12 for a, _ in pairs.values())
        if as_day != as_month:
            day_first = as_day
        elif as_day and all(a == b for a, b in pairs.values()):
            day_first = True
        elif not as_day:
            clash = next(t for t, (_, b) in pairs.items() if b > 12)
            return [
                Unread(f"'{t}' has the month first and other rows have the day first; write 2026-04-03")
                if t == clash
                else None
                for t in texts
            ]
    return [None if is_missing(t) else _date(t, day_first) for t in texts]


def _date(text: str, day_first: bool | None) -> dt.date | Unread:
    if found := _ISO.fullmatch(text):
        year, month, day = int(found[1]), int(found[3]), int(found[4])
    elif found := _OTHER_DATE.fullmatch(text):
        year, day, month = int(found[4]), int(found[1]), int(found[3])
        if day_first is None and day != month:
            one, other = dt.date(year, month, day), dt.date(year, day, month)
            return Unread(
                f"'{text}' may be {one.day} {one:%B} or {other.day} {other:%B}; write {one:%Y-%m-%d}, or say which "
                "comes first (day_first)"
            )
        if not day_first:
            day, month = month, day
    else:
        return Unread(f"'{text}' is not a date; write it as 2026-04-03")
    try:
        return dt.date(year, month, day)
    except ValueError:
        return Unread(f"'{text}' is not a day of the calendar")
