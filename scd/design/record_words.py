"""What a study's record can say for itself in a reporting checklist, in short sentences."""

from __future__ import annotations

from scd.design.schemes import scheme_of
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized, ngettext, short_day, thousands
from scd.study import Case, Study

__all__ = [
    "across_words",
    "adherence_words",
    "change_words",
    "data_words",
    "date_words",
    "design_words",
    "draw_words",
    "measure_words",
    "sequence_words",
]

_ACROSS = (N_("clients"), N_("behaviours"), N_("settings"))
_REPORTERS = {
    "self": N_("self-report"),
    "observer": N_("recorded by an observer"),
    "device": N_("recorded by a device"),
}


def design_words(study: Study) -> str:
    """Kind of design, phases and planned starts.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> design_words(reversal(measures=[mood], phases="ABAB", sessions=5, code="K7M2"))
    'reversal design; K7M2: A1 from session 1, B1 from 6, A2 from 11, B2 from 16; 20 sessions planned'
    """
    kind = (
        _("reversal design")
        if study.design == "reversal"
        else _("multiple baseline across {across}").format(across=across_words(study))
    )
    if study.randomization is not None and study.randomization.scheme in ("alternating", "blocks"):
        orders = ", ".join(study.randomization.orders)
        return _("alternating treatments, order {orders}; {sessions} sessions planned").format(
            orders=orders, sessions=study.randomization.sessions
        )
    told = []
    for case in study.cases:
        starts = [
            (_("{phase} from session {start}") if n == 0 else _("{phase} from {start}")).format(
                phase=p.label, start=p.planned_start
            )
            for n, p in enumerate(case.phases)
        ]
        told.append(f"{case.code}: {', '.join(starts)}")
    planned = (
        _("; {sessions_planned} sessions planned").format(sessions_planned=study.sessions_planned)
        if study.sessions_planned
        else ""
    )
    return f"{kind}; {'; '.join(told)}{planned}"


def change_words(study: Study) -> str:
    """Phases that did not start as planned, and why; empty while nothing is recorded.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> change_words(reversal(measures=[mood], phases="AB", sessions=5, code="K7M2"))
    ''
    """
    moved = [
        _("{code}, {label}: session {actual_start} and not {planned_start} ({reason})").format(
            code=case.code, label=p.label, actual_start=p.actual_start, planned_start=p.planned_start, reason=p.reason
        )
        for case in study.cases
        for p in case.phases
        if p.actual_start not in (None, p.planned_start)
    ]
    if moved:
        return "; ".join(moved)
    return _("no phase is recorded as started off its plan") if any(case.sessions for case in study.cases) else ""


def across_words(study: Study) -> str:
    """What the tiers of a multiple baseline are; empty for another design.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> across_words(reversal(measures=[mood], phases="AB", sessions=5, code="K7M2"))
    ''
    """
    return _(study.across) if study.across else ""


def draw_words(study: Study) -> str:
    """The stored draw; empty where there is none.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.design.plans import reversal
    >>> from scd.design.randomization import draw_phase_starts
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    >>> draw = draw_phase_starts(sessions=12, phases=2, min_phase=4, seed=7, drawn_at=now)
    >>> draw_words(reversal(measures=[mood], phases="AB", randomization=draw, code="K7M2"))
    'random phase starts, at least 4 sessions in every phase; 1 of 5 schedules, drawn on 2026-03-02 with seed 7'
    """
    drawn = study.randomization
    if drawn is None:
        return ""
    return _("{words}; 1 of {admissible} schedules, drawn on {drawn_at} with seed {seed}").format(
        words=scheme_of(drawn).words,
        admissible=thousands(drawn.admissible),
        drawn_at=short_day(drawn.drawn_at),
        seed=drawn.seed,
    )


def measure_words(study: Study, *, sources: bool = False) -> str:
    """The outcomes: label, range, direction, who reports them; with their sources on demand.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10, reporter="self")
    >>> measure_words(reversal(measures=[mood], phases="AB", sessions=5, code="K7M2"))
    'Mood (0 to 10, higher is better, self-report)'
    """
    told = []
    for measure in study.outcomes:
        if sources:
            if measure.source:
                told.append(f"{measure.label}: {measure.source}")
            continue
        parts = [measure.range_words, _("higher is better") if measure.sign > 0 else _("lower is better")]
        parts += [_(_REPORTERS[measure.reporter])] if measure.reporter else []
        told.append(f"{measure.label} ({', '.join(parts)})")
    return "; ".join(told)


def sequence_words(study: Study) -> str:
    """What each case completed and missed; empty while nothing is recorded.

    Examples
    --------
    >>> from scd.study import Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> seen = Session(number=1, values=(Value(measure="mood", value=4),)), Session(number=2, note="ill")
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),)).record(*seen)
    >>> sequence_words(Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,)))
    'K7M2: 2 sessions, phases A1; missed: session 2 (ill)'
    """
    return "; ".join(_sequence(case) for case in study.cases if case.sessions)


def data_words(study: Study) -> str:
    """How many values the record holds of each outcome; empty while it holds none.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> data_words(reversal(measures=[mood], phases="AB", sessions=5, code="K7M2"))
    ''
    """
    told = []
    for measure in study.outcomes:
        number = sum(s.value(measure.key) is not None for case in study.cases for s in case.sessions)
        if number:
            told.append(
                ngettext("{label}: {n} value", "{label}: {n} values", number).format(label=measure.label, n=number)
            )
    return "; ".join(told)


def date_words(study: Study) -> str:
    """When the first and the last session took place; empty where no session is dated.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> date_words(reversal(measures=[mood], phases="AB", sessions=5, code="K7M2"))
    ''
    """
    dates = [session.date for case in study.cases for session in case.sessions if session.date is not None]
    return (
        _("sessions from {first} to {last}").format(first=short_day(min(dates)), last=short_day(max(dates)))
        if dates
        else ""
    )


def adherence_words(study: Study) -> str:
    """How often practice between sessions was recorded; empty where no measure is one.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> adherence_words(reversal(measures=[mood], phases="AB", sessions=5, code="K7M2"))
    ''
    """
    told = []
    for measure in study.measures:
        if measure.role == "practice":
            values = [v for case in study.cases for s in case.sessions if (v := s.value(measure.key)) is not None]
            if values:
                told.append(
                    _("{label}: mean {mean} over {n} sessions").format(
                        label=measure.label, mean=localized(f"{sum(values) / len(values):.3g}"), n=len(values)
                    )
                )
    return "; ".join(told)


def _sequence(case: Case) -> str:
    last = case.sessions[-1].number
    reached = ", ".join(p.label for p in case.phases if p.start <= last)
    missed = [
        _("session {number}").format(number=n) + (f" ({note})" if note else "")
        for n, note in case.missed_sessions().items()
    ]
    told = ngettext("{case}: {n} session, phases {phases}", "{case}: {n} sessions, phases {phases}", last).format(
        case=case.code, n=last, phases=reached
    )
    return (
        _("{told}; missed: {missed}").format(told=told, missed=", ".join(missed))
        if missed
        else _("{told}; none missed").format(told=told)
    )
