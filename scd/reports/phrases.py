"""Short phrases that several sections share: cases, designs, measures, comparisons, numbers that may be missing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from scd.analysis import words
from scd.design.schemes import scheme_of

if TYPE_CHECKING:
    from scd.analysis.summary import Summary
    from scd.reports.job import Job
    from scd.study import Case, Measure, Session, Study

__all__ = [
    "case_words",
    "design_words",
    "draw_words",
    "engine_words",
    "headline_measure",
    "interval",
    "judged_measure",
    "judged_words",
    "measure_words",
    "number",
    "of_case",
    "probability",
    "record_words",
    "rhat_words",
    "session_words",
    "value_words",
    "whole",
]

_NONE = "–"


def headline_measure(study: Study, case: Case) -> Measure:
    """The measure that a case is judged by: its first outcome, or its first measure when it has none.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> study = example_study()
    >>> headline_measure(study, study.cases[0]).label
    'Worry'
    """
    own = study.measures_of(case)
    return next((m for m in own if m.role == "outcome"), own[0])


def judged_measure(study: Study, case: Case, *, summary: Summary) -> Measure:
    """The measure of a case that a summary is about; its headline where the summary is not about this case.

    Examples
    --------
    >>> from scd.reports.example import example_study, example_summary
    >>> study = example_study()
    >>> judged_measure(study, study.cases[0], summary=example_summary()).label
    'Worry'
    """
    keys = summary.measure.split("+")
    return next((m for m in study.measures_of(case) if m.key in keys), headline_measure(study, case))


def judged_words(study: Study, *, summary: Summary) -> str:
    """What a summary is about, by its name or names.

    Examples
    --------
    >>> from scd.reports.example import example_study, example_summary
    >>> judged_words(example_study(), summary=example_summary())
    'Worry'
    """
    return " and ".join(study.measure(key).label for key in summary.measure.split("+"))


def case_words(study: Study, case: Case) -> str:
    """A case by its code, with its measure where the tiers are behaviours."""
    return f"{case.code}, {headline_measure(study, case).label}" if study.across == "behaviours" else case.code


def of_case(study: Study, case: Case, *, said: str) -> str:
    """What is said of one case, with the case in front where there are several.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> study = example_study()
    >>> of_case(study, study.cases[0], said="Worry")
    'Worry'
    """
    return f"{case_words(study, case)}: {said}" if len(study.cases) > 1 else said


def measure_words(measure: Measure) -> str:
    """A measure with its range and direction.

    Examples
    --------
    >>> from scd.study import Measure
    >>> measure_words(Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10))
    'Mood, 0 to 10 points, higher is better'
    """
    better = "higher" if measure.improvement == "increase" else "lower"
    return f"{measure.label}, {f'{measure.range_words} {measure.unit}'.strip()}, {better} is better"


def design_words(study: Study) -> str:
    """The design in the field's words.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> design_words(example_study())
    'reversal design (A1, B1, A2, B2)'
    """
    if study.design == "reversal":
        return f"reversal design ({', '.join(p.label for p in study.cases[0].phases)})"
    return f"multiple baseline across {study.across}"


def engine_words(engine: str) -> str:
    """How a posterior was computed.

    Examples
    --------
    >>> engine_words("exact"), engine_words("nuts")
    ('integrated numerically', 'sampled with NUTS')
    """
    words = {"exact": "integrated numerically", "importance": "by weighted draws", "nuts": "sampled with NUTS"}
    return words.get(engine, engine)


def number(value: float | None) -> str:
    """A number, or a dash where there is none."""
    return _NONE if value is None or value != value else words.number(float(value))


def whole(value: float | None) -> str:
    """A count, or a dash where there is none.

    Examples
    --------
    >>> whole(1234.4), whole(None)
    ('1,234', '–')
    """
    return _NONE if value is None or value != value else f"{value:,.0f}"


def rhat_words(value: float | None) -> str:
    """An R-hat with the digits that its limit of 1.01 needs, or a dash where there is none.

    Examples
    --------
    >>> rhat_words(1.00421)
    '1.0042'
    """
    return _NONE if value is None else f"{value:.4f}"


def interval(lower: float | None, upper: float | None) -> str:
    """An interval, or a dash where there is none.

    Examples
    --------
    >>> interval(-1, 2.5), interval(None, None)
    ('−1.00 to 2.50', '–')
    """
    return _NONE if lower is None or upper is None else f"{number(lower)} to {number(upper)}"


def probability(p: float | None) -> str:
    """A probability in percent, or a dash where there is none."""
    return _NONE if p is None or p != p else words.probability(float(p))


def session_words(study: Study) -> str:
    """How many sessions are on record, and from when to when.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> session_words(example_study())
    '23 recorded, 1 missed, 24 planned'
    """
    sessions = [s for case in study.cases for s in case.sessions]
    missed = sum(len(case.missed_sessions()) for case in study.cases)
    said = [f"{sum(not s.missed for s in sessions)} recorded"]
    said += [f"{missed} missed"] if missed else []
    if study.sessions_planned:
        several = " for each case" if len(study.cases) > 1 else ""
        said.append(f"{study.sessions_planned} planned{several}")
    dates = [s.date for s in sessions if s.date is not None]
    if dates:
        said.append(f"{_day(min(dates))} to {_day(max(dates))}")
    return ", ".join(said)


def value_words(session: Session, *, measure: str) -> str:
    """An observed number with its minutes or trials; nothing where there is no number.

    Examples
    --------
    >>> from scd.study import Session, Value
    >>> value_words(Session(number=1, values=(Value(measure="calls", value=12, minutes=30),)), measure="calls")
    '12 (30 min)'
    """
    entry = next((value for value in session.values if value.measure == measure), None)
    if entry is None or entry.value is None:
        return ""
    beside = [] if entry.minutes is None else [f"{entry.minutes:g} min"]
    beside += [] if entry.trials is None else [f"{entry.trials} trial{'s' if entry.trials != 1 else ''}"]
    return f"{entry.value:g} ({', '.join(beside)})" if beside else f"{entry.value:g}"


def record_words(job: Job) -> str:
    """Which version of the record the page shows, and when it was made."""
    if job.revision is None or job.saved_at is None or job.made_at is None:
        return "invented for this example"
    return f"revision {job.revision}, saved {_minute(job.saved_at)}; page made {_minute(job.made_at)}"


def draw_words(study: Study) -> str:
    """How the starts of the phases were chosen."""
    drawn = study.randomization
    if drawn is None:
        return "The starts of the phases were set by plan, not drawn at random."
    least = f"at least {drawn.min_phase} sessions a phase"
    known = {"phase-starts": f"phase starts, {least}", "start-windows": f"a start in each case's window, {least}"}
    scheme = known.get(drawn.scheme) or scheme_of(drawn).words
    return (
        f"The starts were drawn at random on {_day(drawn.drawn_at.date())} ({scheme}, {drawn.admissible:,} possible "
        f"assignments, seed {drawn.seed}). The smallest p that a randomisation test could reach with this draw is "
        f"1/{drawn.admissible:,}."
    )


def _day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _minute(moment: dt.datetime) -> str:
    return f"{_day(moment.date())}, {moment:%H:%M} {moment.tzname() or ''}".strip()
