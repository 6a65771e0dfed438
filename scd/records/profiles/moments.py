"""When something was answered: times as exports write them, by the client's own clock, never guessed in silence."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from scd.records.notation import Unread, is_missing, read_dates
from scd.study import StudyError

__all__ = ["day_of", "local_clock", "read_moments", "zone_of"]

_CLOCK = re.compile(
    r"(?P<date>.*?)[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d+))?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
)
# Further years have days before or after them that the calendar of Python does not have.
_YEARS = range(1900, 2200)
_EPOCH = re.compile(r"\d{10}|\d{13}")


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of a name such as ``Europe/Berlin``; None for an empty one.

    Raises
    ------
    StudyError
        When there is no such time zone.

    Examples
    --------
    >>> zone_of("Europe/Berlin").key
    'Europe/Berlin'
    """
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise StudyError(
            f"time zone: '{name}' is none; write it as in Europe/Berlin or America/New_York", field="time_zone"
        ) from None


def local_clock(seconds: float) -> dt.datetime:
    """What a clock showed, from seconds since 1970 that were counted on that clock and not in UTC, as m-Path does.

    Examples
    --------
    >>> local_clock(1713514602)
    datetime.datetime(2024, 4, 19, 8, 16, 42)
    """
    return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)


def read_moments(
    texts: Sequence[str], *, day_first: bool | None = None, zone: ZoneInfo | None = None
) -> tuple[list[dt.datetime | dt.date | Unread | None], list[str]]:
    """One column of dates, or of dates with a time.

    Parameters
    ----------
    texts : sequence of str
        ``2026-03-04``, ``2026-03-04 21:05``, ``4.3.2026 21:05``, ``2026-03-04T20:05:00Z``, or seconds or milliseconds
        since 1970 in UTC.
    day_first : bool, optional
        Whether ``03/04/2026`` is the third of April; None asks the column, and refuses where it leaves it open.
    zone : zoneinfo.ZoneInfo, optional
        The client's: a time in UTC is told by the clock there. A time with another offset keeps its own clock.

    Returns
    -------
    moments : list
        Without a time zone, by the client's clock; None where nothing stands, `Unread` where it can't be read.
    notes : list of str
        What was assumed.

    Examples
    --------
    >>> read_moments(["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"], zone=zone_of("Europe/Berlin"))[0]
    [datetime.datetime(2026, 3, 29, 1, 30), datetime.datetime(2026, 3, 29, 3, 30)]
    >>> read_moments(["2026-03-29 07:00", "NA"])[0]
    [datetime.datetime(2026, 3, 29, 7, 0), None]
    """
    found = [_CLOCK.fullmatch(text) for text in texts]
    dates = read_dates([m["date"] if m else t for m, t in zip(found, texts, strict=True)], day_first=day_first)
    moments: list[dt.datetime | dt.date | Unread | None] = []
    in_utc = False
    for text, match, date in zip(texts, found, dates, strict=True):
        if is_missing(text):
            moments.append(None)
        elif _EPOCH.fullmatch(text):
            in_utc = True
            seconds = int(text) / (1000 if len(text) > 10 else 1)
            moments.append(_by_clock(local_clock(seconds).replace(tzinfo=dt.UTC), zone))
        elif isinstance(date, dt.date) and date.year not in _YEARS:
            moments.append(Unread(f"'{text}' is no day on which anybody answered: its year is {date.year}"))
        elif match is None or not isinstance(date, dt.date):
            moments.append(date)
        else:
            at = _at(date, match)
            in_utc = in_utc or (isinstance(at, dt.datetime) and at.tzinfo is dt.UTC)
            moments.append(_by_clock(at, zone) if isinstance(at, dt.datetime) else at)
    notes = []
    if in_utc and zone is None:
        notes.append("times are in UTC, and so are the days; --time-zone says whose clock counts")
    elif in_utc and zone is not None:
        notes.append(f"times in UTC are told by the clock of {zone.key}")
    return moments, notes


def _at(date: dt.date, match: re.Match[str]) -> dt.datetime | Unread:
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    offset = match["zone"]
    zone: dt.tzinfo | None = None
    if offset in ("Z", "+00:00", "+0000", "+00"):
        zone = dt.UTC
    elif offset:
        sign, digits = (-1 if offset[0] == "-" else 1), offset[1:].replace(":", "").ljust(4, "0")
        zone = dt.timezone(sign * dt.timedelta(hours=int(digits[:2]) % 24, minutes=int(digits[2:]) % 60))
    try:
        clock = dt.time(hour, int(match["minute"]), int(match["second"] or 0))
    except ValueError:
        return Unread(f"'{match[0]}' is not a time of day")
    return dt.datetime.combine(date, clock, tzinfo=zone)


def _by_clock(at: dt.datetime, zone: ZoneInfo | None) -> dt.datetime:
    if at.tzinfo is dt.UTC and zone is not None:
        at = at.astimezone(zone)
    return at.replace(tzinfo=None, fold=0)


def day_of(moment: dt.datetime | dt.date, *, day_starts: dt.time) -> dt.date:
    """The day that a moment belongs to.

    Parameters
    ----------
    moment : datetime.datetime or datetime.date
        By the client's clock; a date is its own day.
    day_starts : datetime.time
        When a day begins: what was answered before belongs to the day before.

    Examples
    --------
    >>> day_of(dt.datetime(2026, 1, 6, 1, 30), day_starts=dt.time(4))
    datetime.date(2026, 1, 5)
    """
    if not isinstance(moment, dt.datetime):
        return moment
    return moment.date() - dt.timedelta(days=1 if moment.time() < day_starts else 0)
