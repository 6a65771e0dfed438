"""What is said on pages, in the reader's language: sentences through gettext, numbers and dates by locale.

English is the language of the source: without a catalogue every text comes out as it is written there. Another language
is a catalogue, ``scd/locales/<language>/LC_MESSAGES/scd.po``, kept as text and compiled in memory at first use. Error
messages, help of commands and docstrings stay English. Babel is loaded only for a language other than English.
"""

from __future__ import annotations

import datetime as dt
import gettext as _gettext
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib import resources
from io import BytesIO, StringIO

__all__ = [
    "LANGUAGES",
    "LanguageError",
    "current_language",
    "day",
    "gettext",
    "gettext_noop",
    "known_language",
    "listed",
    "localized",
    "moment",
    "ngettext",
    "number",
    "percent",
    "pgettext",
    "short_day",
    "speaking",
    "spoken_here",
    "thousands",
    "without_zero",
]

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""The languages that are there, each under its own name."""

_ENVIRONMENT = "SCD_LANGUAGE"
_MINUS = "\N{MINUS SIGN}"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_spoken: ContextVar[str | None] = ContextVar("scd_language", default=None)


class LanguageError(ValueError):
    """A language that scd has no catalogue for.

    Parameters
    ----------
    language : str
        What was asked for.
    where : str
        Who asked, in words.

    Examples
    --------
    >>> str(LanguageError("fr"))
    "language 'fr': is not there; take one of en (English), de (Deutsch)"
    """

    def __init__(self, language: str, where: str = "language") -> None:
        there = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
        self.message = f"{where} {language!r}: is not there; take one of {there}"
        super().__init__(self.message)
        self.language = language
        self.where = where

    def __reduce__(self) -> tuple[type[LanguageError], tuple[str, str]]:
        # Exceptions pickle by what they were given to `Exception`, which here is the whole sentence.
        return (type(self), (self.language, self.where))


def known_language(language: str) -> str:
    """The language itself, where scd speaks it.

    Parameters
    ----------
    language : str
        A code of `LANGUAGES`.

    Raises
    ------
    LanguageError
        If there is no such language; the message lists those that are there.

    Examples
    --------
    >>> known_language("de")
    'de'
    """
    if language not in LANGUAGES:
        raise LanguageError(language)
    return language


def current_language() -> str:
    """The language spoken now: that of `speaking`, else of the environment variable SCD_LANGUAGE, else English.

    Raises
    ------
    LanguageError
        If the variable names a language that is not there.

    Examples
    --------
    >>> with speaking("de"):
    ...     current_language()
    'de'
    """
    spoken = _spoken.get()
    if spoken is not None:
        return spoken
    wanted = os.environ.get(_ENVIRONMENT) or "en"
    if wanted not in LANGUAGES:
        raise LanguageError(wanted, f"environment variable {_ENVIRONMENT}")
    return wanted


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """All that is said inside the block is said in one language; afterwards the one before is spoken again.

    Parameters
    ----------
    language : str
        A code of `LANGUAGES`.

    Raises
    ------
    LanguageError
        If there is no such language.

    Notes
    -----
    The language belongs to the context (`contextvars`): a thread that is started inside the block begins with the
    default again, and another thread's language is never changed.

    Examples
    --------
    >>> with speaking("de"):
    ...     number(-0.5, digits=1)
    '−0,5'
    >>> number(-0.5, digits=1)
    '−0.5'
    """
    token = _spoken.set(known_language(language))
    try:
        yield
    finally:
        _spoken.reset(token)


def spoken_here[R](work: Callable[[], R]) -> Callable[[], R]:
    """The same work in the language that is spoken now, in whatever thread it is done.

    A thread begins with the default language. A copy of the caller's whole context would tell it, but also hand over
    the caller's event loop, which two threads can't run at once.

    Parameters
    ----------
    work : callable
        Takes nothing.

    Returns
    -------
    callable

    Examples
    --------
    >>> with speaking("de"):
    ...     work = spoken_here(lambda: number(-0.5, digits=1))
    >>> work()
    '−0,5'
    """
    language = current_language()

    def done() -> R:
        with speaking(language):
            return work()

    return done


def gettext(message: str) -> str:
    """A text in the language spoken now; the text itself where the catalogue doesn't hold it.

    Parameters
    ----------
    message : str
        The English text: a literal with named placeholders, filled by `str.format` afterwards.

    Examples
    --------
    >>> gettext("The change is {change} points.").format(change=number(1.5, digits=1))
    'The change is 1.5 points.'
    """
    return _catalogue(current_language()).gettext(message) if message else ""  # of nothing, gettext tells its header


def gettext_noop(message: str) -> str:
    """The text unchanged: marks a constant for the catalogue that is translated only where it is used.

    Parameters
    ----------
    message : str
        The English text.

    Examples
    --------
    >>> gettext_noop("higher")
    'higher'
    """
    return message


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form of a text that goes with a number of things, by the plural rule of the language spoken now.

    Parameters
    ----------
    singular, plural : str
        The English texts.
    n : int
        How many things.

    Examples
    --------
    >>> ngettext("{n} session", "{n} sessions", 1).format(n=1)
    '1 session'
    """
    return _catalogue(current_language()).ngettext(singular, plural, n)


def pgettext(context: str, message: str) -> str:
    """A text whose English is the same in two places that other languages tell apart.

    Parameters
    ----------
    context : str
        Which of the places is meant; never shown.
    message : str
        The English text.

    Examples
    --------
    >>> pgettext("of a change", "lower")
    'lower'
    """
    return _catalogue(current_language()).pgettext(context, message)


def number(x: float, *, digits: int | None = None) -> str:
    """A number with a true minus sign and the decimal mark of the language spoken now.

    Parameters
    ----------
    x : float
        The number.
    digits : int, optional
        How many decimals; by default as many as it has, in six significant digits.

    Examples
    --------
    >>> number(-5.52, digits=1), number(-0.04, digits=1), number(3.0)
    ('−5.5', '0.0', '3')
    """
    text = f"{x:g}" if digits is None else f"{x:.{digits}f}"
    if x == x and float(text) == 0:
        text = text.lstrip("-")
    return localized(text.replace("-", _MINUS))


def thousands(x: float) -> str:
    """A whole number with its thousands set apart.

    Parameters
    ----------
    x : float
        The number.

    Examples
    --------
    >>> thousands(12870)
    '12,870'
    """
    text = f"{x:,.0f}"
    language = current_language()
    return text if language == "en" else text.replace(",", _marks(language)[1])


def localized(text: str) -> str:
    """A number that is already written with a decimal point, with the marks of the language spoken now.

    Parameters
    ----------
    text : str
        Digits without a mark between thousands.

    Examples
    --------
    >>> with speaking("de"):
    ...     localized(f"{0.05:.3f}")
    '0,050'
    """
    language = current_language()
    return text if language == "en" else text.replace(".", _marks(language)[0])


def listed(parts: Sequence[str]) -> str:
    """Several things in one sentence, the last after “and”.

    Parameters
    ----------
    parts : sequence of str
        At least one.

    Examples
    --------
    >>> listed(["NAP", "SMD", "PoGO"])
    'NAP, SMD and PoGO'
    """
    if len(parts) == 1:
        return parts[0]
    return gettext("{several} and {last}").format(several=", ".join(parts[:-1]), last=parts[-1])


def without_zero(text: str) -> str:
    """A number that can't pass 1, in the way of the field: in English without its zero, elsewhere with it.

    Parameters
    ----------
    text : str
        The number with a decimal point.

    Examples
    --------
    >>> without_zero("0.024")
    '.024'
    >>> with speaking("de"):
    ...     without_zero("0.024")
    '0,024'
    """
    return text.replace("0.", ".", 1) if current_language() == "en" else localized(text)


def percent(share: float, *, digits: int = 0) -> str:
    r"""A share in percent.

    Parameters
    ----------
    share : float
        1 is 100 %.
    digits : int
        How many decimals.

    Examples
    --------
    >>> percent(0.95)
    '95\xa0%'
    """
    return f"{number(100 * share, digits=digits)}{_NO_BREAK}%"


def day(date: dt.date) -> str:
    """A date as it is written in the language spoken now.

    Parameters
    ----------
    date : datetime.date
        The day.

    Examples
    --------
    >>> day(dt.date(2026, 11, 3))
    '3 November 2026'
    """
    language = current_language()
    if language == "en":
        return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"
    from babel.dates import format_date

    return format_date(date, "medium", locale=language)


def short_day(date: dt.date) -> str:
    """A date in few signs, for tables and brackets.

    Parameters
    ----------
    date : datetime.date
        The day.

    Examples
    --------
    >>> short_day(dt.date(2026, 11, 3))
    '2026-11-03'
    """
    return f"{date:%Y-%m-%d}" if current_language() == "en" else day(date)


def moment(at: dt.datetime) -> str:
    """A date and the time of day, to the minute.

    Parameters
    ----------
    at : datetime.datetime
        The moment, told in its own time zone.

    Examples
    --------
    >>> moment(dt.datetime(2026, 11, 3, 9, 5))
    '3 November 2026, 09:05'
    """
    return f"{day(at.date())}, {at:%H:%M}"


# Written out: what `strftime` says depends on the setting of the machine.
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


@cache
def _marks(language: str) -> tuple[str, str]:
    """The decimal mark and the mark between thousands."""
    from babel.numbers import get_decimal_symbol, get_group_symbol

    return get_decimal_symbol(language), get_group_symbol(language)


@cache
def _catalogue(language: str) -> _gettext.NullTranslations:
    if language == "en":
        return _gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    place = resources.files("scd") / "locales" / language / "LC_MESSAGES" / "scd.po"
    compiled = BytesIO()
    write_mo(compiled, read_po(StringIO(place.read_text(encoding="utf-8")), locale=language))
    compiled.seek(0)
    return _gettext.GNUTranslations(compiled)
