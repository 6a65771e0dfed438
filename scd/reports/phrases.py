"""Short phrases that several sections share: cases, designs, measures, comparisons, numbers that may be missing."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from scd.analysis import words
from scd.design.record_words import across_words
from scd.design.schemes import scheme_of
from scd.language import day, localized, moment, ngettext, thousands
from scd.language import gettext as _

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
    return _(" and ").join(study.measure(key).label for key in summary.measure.split("+"))


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
    text = (
        _("{measure}, {range}, higher is better")
        if measure.improvement == "increase"
        else _("{measure}, {range}, lower is better")
    )
    return text.format(measure=measure.label, range=f"{measure.range_words} {measure.unit_words}".strip())


def design_words(study: Study) -> str:
    """The design in the field's words.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> design_words(example_study())
    'reversal design (A1, B1, A2, B2)'
    """
    if study.design == "reversal":
        return _("reversal design ({phases})").format(phases=", ".join(p.label for p in study.cases[0].phases))
    return _("multiple baseline across {across}").format(across=across_words(study))


def engine_words(engine: str) -> str:
    """How a posterior was computed.

    Examples
    --------
    >>> engine_words("exact"), engine_words("nuts")
    ('integrated numerically', 'sampled with NUTS')
    """
    words = {"exact": _("integrated numerically"), "importance": _("by weighted draws"), "nuts": _("sampled with NUTS")}
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
    return _NONE if value is None or value != value else thousands(value)


def rhat_words(value: float | None) -> str:
    """An R-hat with the digits that its limit of 1.01 needs, or a dash where there is none.

    Examples
    --------
    >>> rhat_words(1.00421)
    '1.0042'
    """
    return _NONE if value is None else localized(f"{value:.4f}")


def interval(lower: float | None, upper: float | None) -> str:
    """An interval, or a dash where there is none.

    Examples
    --------
    >>> interval(-1, 2.5), interval(None, None)
    ('−1.00 to 2.50', '–')
    """
    return (
        _NONE
        if lower is None or upper is None
        else _("{lower} to {upper}").format(lower=number(lower), upper=number(upper))
    )


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
    said = [_("{n} recorded").format(n=sum(not s.missed for s in sessions))]
    said += [_("{n} missed").format(n=missed)] if missed else []
    if study.sessions_planned:
        text = _("{n} planned for each case") if len(study.cases) > 1 else _("{n} planned")
        said.append(text.format(n=study.sessions_planned))
    dates = [s.date for s in sessions if s.date is not None]
    if dates:
        said.append(_("{first} to {last}").format(first=day(min(dates)), last=day(max(dates))))
    return ", ".join(said)


def value_words(session: Session, *, measure: str) -> str:
    """An observed number with its minutes or trials, or with what was planned; nothing where there is no number.

    Examples
    --------
    >>> from scd.study import Session, Value
    >>> value_words(Session(number=1, values=(Value(measure="calls", value=12, minutes=30),)), measure="calls")
    '12 (30 min)'
    """
    entry = next((value for value in session.values if value.measure == measure), None)
    if entry is None or entry.value is None:
        return ""
    beside = [] if entry.minutes is None else [_("{minutes} min").format(minutes=localized(f"{entry.minutes:g}"))]
    if entry.planned is not None:
        beside.append(_("{planned} planned").format(planned=localized(f"{entry.planned:g}")))
    if entry.trials is not None:
        beside.append(ngettext("{n} trial", "{n} trials", entry.trials).format(n=entry.trials))
    value = localized(f"{entry.value:g}")
    return f"{value} ({', '.join(beside)})" if beside else value


def record_words(job: Job) -> str:
    """Which version of the record the page shows, and when it was made."""
    if job.revision is None or job.saved_at is None or job.made_at is None:
        return _("invented for this example")
    return _("revision {revision}, saved {saved}; page made {made}").format(
        revision=job.revision, saved=_minute(job.saved_at), made=_minute(job.made_at)
    )


def draw_words(study: Study) -> str:
    """How the starts of the phases were chosen."""
    drawn = study.randomization
    if drawn is None:
        return _("The starts of the phases were set by plan, not drawn at random.")
    known = {
        "phase-starts": _("phase starts, at least {n} sessions a phase"),
        "start-windows": _("a start in each case's window, at least {n} sessions a phase"),
    }
    scheme = known.get(drawn.scheme, "").format(n=drawn.min_phase) or scheme_of(drawn).words
    return _(
        "The starts were drawn at random on {date} ({scheme}, {admissible} possible assignments, "
        "seed {seed}). The smallest p that a randomisation test could reach with this draw is "
        "1/{admissible}."
    ).format(date=day(drawn.drawn_at.date()), scheme=scheme, admissible=thousands(drawn.admissible), seed=drawn.seed)


def _minute(at: dt.datetime) -> str:
    return f"{moment(at)} {at.tzname() or ''}".strip()
