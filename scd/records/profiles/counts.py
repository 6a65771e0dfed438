"""How often a client was asked and answered, and how a session's note says it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scd.language import LANGUAGES, speaking
from scd.language import gettext as _

__all__ = ["Count", "count_words", "is_count_note"]

_MAX_TEXT = 300  # of `scd.study.record.Text`


@dataclass(frozen=True)
class Count:
    """How often a measure was asked for and answered.

    Parameters
    ----------
    asked, answered : int
        Prompts, and answers among them.
    """

    asked: int
    answered: int


def count_words(counts: dict[str, Count]) -> str:
    """What a session's note says of prompts and answers; nothing where each measure was asked for once, and answered.

    Parameters
    ----------
    counts : dict of str to Count
        By the measure's label.

    Examples
    --------
    >>> count_words({"Mood": Count(5, 4), "Sleep": Count(5, 4)}), count_words({"Mood": Count(1, 1)})
    ('4 of 5 prompts answered', '')
    """
    told = {label: count for label, count in counts.items() if count.asked}
    if all(count == Count(1, 1) for count in told.values()):
        return ""
    words = _told_words()
    if len(set(told.values())) == 1:
        one = next(iter(told.values()))
        return words.format(answered=one.answered, asked=one.asked)
    parts = [f"{label}: {words.format(answered=c.answered, asked=c.asked)}" for label, c in told.items()]
    return "; ".join(parts)[:_MAX_TEXT]


def _told_words() -> str:
    return _("{answered} of {asked} prompts answered")


def is_count_note(note: str) -> bool:
    """Whether a session's note is one of `count_words`, in any language, and nothing that a person wrote.

    Parameters
    ----------
    note : str
        The session's.

    Examples
    --------
    >>> is_count_note("4 of 5 prompts answered"), is_count_note("ill from 3 to 5")
    (True, False)
    """
    for language in LANGUAGES:
        with speaking(language):
            told = re.escape(_told_words()).replace(r"\{answered\}", r"\d+").replace(r"\{asked\}", r"\d+")
        if note and all(re.fullmatch(f"(?:.+: )?{told}", part) for part in note.split("; ")):
            return True
    return False
