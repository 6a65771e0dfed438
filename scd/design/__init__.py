"""Designs: plans of phases and sessions, starts drawn at random, and a first grade by published standards."""

from scd.design.agreement import Agreement, observer_agreement
from scd.design.alternating import alternating_treatments
from scd.design.attainable import phase_starts_words, set_size_words, smallest_p_words, start_windows_words
from scd.design.calendar import diary_calendar
from scd.design.cent import cent_rows
from scd.design.dating import number_dates
from scd.design.diary import Diary, blank_diary, diary_of
from scd.design.next_experiment import next_experiment
from scd.design.plans import multiple_baseline, reversal
from scd.design.randomization import (
    admissible_starts,
    assignment_is_admissible,
    draw_alternating,
    draw_blocks,
    draw_custom,
    draw_koehler_levin,
    draw_marascuilo_busk,
    draw_phase_starts,
    draw_start_windows,
    draw_wampold_worsham,
    redraw,
)
from scd.design.robint import robint_rows
from scd.design.schedules import (
    ENUMERATION_LIMIT,
    admissible_phase_starts,
    admissible_start_windows,
    count_phase_starts,
    count_start_windows,
)
from scd.design.schemes import Scheme
from scd.design.scribe import scribe_rows
from scd.design.standards import Grade, WwcGrade, grade_wwc

__all__ = [
    "ENUMERATION_LIMIT",
    "Agreement",
    "Diary",
    "Grade",
    "Scheme",
    "WwcGrade",
    "admissible_phase_starts",
    "admissible_start_windows",
    "admissible_starts",
    "alternating_treatments",
    "assignment_is_admissible",
    "blank_diary",
    "cent_rows",
    "count_phase_starts",
    "count_start_windows",
    "diary_calendar",
    "diary_of",
    "draw_alternating",
    "draw_blocks",
    "draw_custom",
    "draw_koehler_levin",
    "draw_marascuilo_busk",
    "draw_phase_starts",
    "draw_start_windows",
    "draw_wampold_worsham",
    "grade_wwc",
    "multiple_baseline",
    "next_experiment",
    "number_dates",
    "observer_agreement",
    "phase_starts_words",
    "redraw",
    "reversal",
    "robint_rows",
    "scribe_rows",
    "set_size_words",
    "smallest_p_words",
    "start_windows_words",
]
