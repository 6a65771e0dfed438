"""Exports of diary apps and databases: each becomes person, time, item and value, and from there a study."""

from scd.records.profiles.answers import Answer, Answers
from scd.records.profiles.days import Period, periods_of
from scd.records.profiles.exports import PROFILES, read_export
from scd.records.profiles.settings import ImportSettings, PhaseStart, Taken
from scd.records.profiles.settings_file import read_settings, settings_text
from scd.records.profiles.studies import NewStudies, studies_from_answers
from scd.records.profiles.weekly import NewSessions, person_of, sessions_from_answers

__all__ = [
    "PROFILES",
    "Answer",
    "Answers",
    "ImportSettings",
    "NewSessions",
    "NewStudies",
    "Period",
    "PhaseStart",
    "Taken",
    "periods_of",
    "person_of",
    "read_export",
    "read_settings",
    "sessions_from_answers",
    "settings_text",
    "studies_from_answers",
]
