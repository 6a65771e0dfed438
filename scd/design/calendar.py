"""A diary's days as a calendar file: sessions, practice and phase changes, under a pseudonym or under none."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING

from scd.design.diary import Diary
from scd.language import gettext as _
from scd.study import StudyError

if TYPE_CHECKING:
    from icalendar import Event

__all__ = ["diary_calendar"]

# Names of events are made from codes and numbers by SHA-1 under this one: the same session has the same name forever.
_NAMES = uuid.UUID("6f1f0a52-7d57-5d0e-9a1c-0d2b6b1f7c11")
_MINUTES = 15


def diary_calendar(
    diary: Diary,
    *,
    stamp: dt.datetime,
    revision: int = 0,
    at: dt.time | None = None,
    named: bool = True,
    practice: bool = True,
    phase_changes: bool = True,
) -> bytes:
    """A calendar in the format iCalendar (RFC 5545, 10.17487/RFC5545), which every calendar program reads.

    Parameters
    ----------
    diary : Diary
        Its days.
    stamp : datetime.datetime
        When the plan was saved, in UTC. Read in again later, an event of a newer stamp and revision takes the older
        one's place, for it keeps its name.
    revision : int
        The study's revision.
    at : datetime.time, optional
        The time of day, on the clock of whoever looks; without it an event lasts all day.
    named : bool
        Whether events say the client's pseudonym; else just “session”.
    practice : bool
        Whether each day of a diary that asks for practice has an event for it. It never says which practice.
    phase_changes : bool
        Whether the days on which phases begin are there. Leave them out of a calendar for somebody who must not know.

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    StudyError
        When the diary is nobody's: its events could not be told from another's.

    Examples
    --------
    >>> from scd.design.diary import DiaryDay
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> diary = Diary("K7M2", (DiaryDay(3, dt.date(2026, 1, 7)),), (mood,))
    >>> text = diary_calendar(diary, stamp=dt.datetime(2026, 1, 1, tzinfo=dt.UTC)).decode()
    >>> [line for line in text.splitlines() if line.startswith(("SUMMARY", "DTSTART"))]
    ['SUMMARY:K7M2: session 3', 'DTSTART;VALUE=DATE:20260107']
    """
    from icalendar import Calendar

    if not diary.code:
        raise StudyError("calendar: needs a case on record; a sheet of nobody's has none", field="calendar")
    calendar = Calendar()
    calendar.add("prodid", "-//scd//single-case designs//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("x-wr-calname", diary.code if named else _("Sessions"))
    begins = {p.start: p.label for p in diary.phases[1:]} if phase_changes else {}
    for day in diary.days:
        told = [("session", str(day.session), _("session {number}").format(number=day.session))]
        if day.session in begins:
            label = begins[day.session]  # a phase that is moved keeps its event's name, and so its event moves too
            told.append(("phase", label, _("phase {label} begins").format(label=label)))
        if practice and diary.practices:
            told.append(("practice", str(day.session), _("practice")))
        for kind, which, words in told:
            name = f"{diary.code}/{kind}/{which}"
            summary = f"{diary.code}: {words}" if named else words[:1].upper() + words[1:]
            calendar.add_component(_event(name, summary, day.date, at=None if kind == "phase" else at))
    for event in calendar.walk("VEVENT"):
        event.add("dtstamp", stamp)
        event.add("last-modified", stamp)
        event.add("sequence", revision)
    return bytes(calendar.to_ical())


def _event(name: str, summary: str, day: dt.date, *, at: dt.time | None) -> Event:
    from icalendar import Event

    event = Event()
    event.add("uid", f"{uuid.uuid5(_NAMES, name)}@scd")
    event.add("summary", summary)
    if at is None:
        event.add("dtstart", day)
        event.add("dtend", day + dt.timedelta(days=1))
    else:
        # Without a time zone: half past seven stays half past seven wherever the client is.
        event.add("dtstart", dt.datetime.combine(day, at))
        event.add("duration", dt.timedelta(minutes=_MINUTES))
    event.add("transp", "TRANSPARENT")
    event.add("class", "PRIVATE")
    return event
