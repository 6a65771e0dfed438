"""The diary as a file that a client fills in: one row a day; `scd import --into CODE` reads it back."""

from __future__ import annotations

from scd.design.diary import Diary
from scd.records.export import Cell, csv_text

__all__ = ["diary_csv"]


def diary_csv(diary: Diary) -> str:
    """The diary as a CSV with nothing filled in.

    Parameters
    ----------
    diary : Diary
        Its days and what is asked.

    Returns
    -------
    str
        Columns ``date, session``, the key of each measure, and for each practice ``KEY_done, KEY_planned,
        KEY_obstacle``; a tick, yes or no will do where nothing is to be counted.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.design.diary import DiaryDay
    >>> from scd.study import Measure
    >>> walks = Measure(key="walks", label="Walks", improvement="increase", role="practice")
    >>> print(diary_csv(Diary("K7M2", (DiaryDay(1, dt.date(2026, 1, 5)),), (walks,))), end="")
    "date","session","walks_planned","walks_done","walks_obstacle"
    2026-01-05,1,,,
    """
    parts = [f"{m.key}_{part}" for m in diary.practices for part in ("planned", "done", "obstacle")]
    header = ["date", "session", *(m.key for m in diary.asked), *parts]
    empty: list[Cell] = [None] * (len(header) - 2)
    return csv_text(header, ([day.date, day.session, *empty] for day in diary.days))
