"""What the weekly page shows the clinician of the data: each section as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scd.analysis.processes.evidence import MOST_PROCESSES
from scd.analysis.steering.steering_words import error_words
from scd.forms.markup import headed, more, said, table
from scd.forms.schedule import named
from scd.language import gettext as _
from scd.language import localized, short_day
from scd.study import Case, Measure, Study, StudyError

if TYPE_CHECKING:
    from scd.analysis.areas.area_changes import AreaChanges
    from scd.analysis.processes.table import Processes
    from scd.analysis.steering import Steering

__all__ = [
    "areas_of_life",
    "areas_picture",
    "areas_section",
    "course_section",
    "outcome_of",
    "practice_picture",
    "practice_section",
    "practices_of",
    "processes_of",
    "processes_section",
]

_OBSTACLES_SHOWN = 8
_FEWEST_AREAS = 2


def course_section(study: Study, found: Steering, *, labels: Mapping[str, str]) -> str:
    """The outcome with the baseline's projection and the fixed looks, and what it says; without the suggestion.

    Parameters
    ----------
    study : Study
        As stored.
    found : Steering
        Of one case of this study.
    labels : mapping of str to str
        The clinic's own names by code.

    Returns
    -------
    str
        HTML.
    """
    measure = study.measure(found.measure)
    errors = "" if found.rule is None else error_words(found.rule, measure=measure)
    words = [text for text in found.text if found.reason not in text and text != errors]
    return (
        headed(_("{outcome}: what came, and where the baseline would have gone").format(outcome=measure.label))
        + (_course_picture(study, found) if found.trajectory else "")
        + "".join(said(named(text, labels)) for text in words)
        + "".join(said(named(text, labels), tone="warning") for text in found.warnings)
    )


def _course_picture(study: Study, found: Steering) -> str:
    from scd.analysis.steering import looks_table, trajectory_table
    from scd.charts import describe_steering, picture, steering_chart

    told: dict[str, Any] = {
        "frame": study.frame(),
        "measure": study.measure(found.measure),
        "phases": study.phase_frame(),
        "trajectory": trajectory_table((found,)),
        "looks": looks_table((found,)),
        "case": found.case,
    }
    title = _("{outcome} over the sessions").format(outcome=told["measure"].label)
    return picture(steering_chart(**told), title=title, description=describe_steering(**told)).html


def practices_of(study: Study, case: Case) -> tuple[Measure, ...]:
    """The measures of practice of a case."""
    return tuple(m for m in study.measures_of(case) if m.role == "practice")


def practice_section(study: Study, case: Case, *, practice: Measure) -> str:
    """Follow-through beside the outcome, what practice adds, and what got in the way.

    Parameters
    ----------
    study : Study
        As stored.
    case : Case
        One of it.
    practice : Measure
        One of its measures of practice.

    Returns
    -------
    str
        HTML. What got in the way stands in it in the record's words, escaped.
    """
    from scd.analysis.practice.dose_effects import dose_effects
    from scd.analysis.practice.follow_through import follow_through_table
    from scd.analysis.practice.words import dose_words, follow_through_words

    told = follow_through_words(
        follow_through_table(study, case=case.code, practice=practice.key), practice=practice, case=case.code
    )
    html = headed(_("{practice}: planned and done, beside the outcome").format(practice=practice.label))
    html += practice_picture(study, case, practice=practice) + "".join(said(text) for text in told)
    html += _obstacles(case, practice=practice)
    try:
        found = dose_effects(study, measure=outcome_of(study, case).key, practice=practice.key, case=case.code)
    except StudyError as error:
        return html + said(_("What practice adds can't be told yet: {why}").format(why=error.message), tone="quiet")
    first, *rest = dose_words(found)
    return html + said(first) + more(_("How that was worked out, and what it can't tell"), rest)


def practice_picture(study: Study, case: Case, *, practice: Measure) -> str:
    """The outcome above, the practice between sessions below, over the same sessions."""
    from scd.analysis.practice.follow_through import follow_through
    from scd.charts import describe_study, picture
    from scd.charts.practice_chart import practice_chart

    outcome = outcome_of(study, case)
    frame, phases = study.frame(), study.phase_frame()
    drawn = practice_chart(
        frame,
        measure=outcome,
        phases=phases,
        follow=follow_through(study, case=case.code, practice=practice.key),
        practice=practice,
        case=case.code,
    )
    title = _("{outcome} and {practice} over the sessions").format(outcome=outcome.label, practice=practice.label)
    told = describe_study(frame, measure=outcome, phases=phases, case=case.code)
    return picture(drawn, title=title, description=told).html


def _obstacles(case: Case, *, practice: Measure) -> str:
    """What got in the way, latest first."""
    entries = [(s, v) for s in case.sessions for v in s.values if v.measure == practice.key and v.obstacle]
    if not entries:
        return ""
    rows = [
        (
            s.number,
            s.date and short_day(s.date),
            "" if v.planned is None else localized(f"{v.planned:g}"),
            "" if v.value is None else localized(f"{v.value:g}"),
            v.obstacle,
        )
        for s, v in reversed(entries[-_OBSTACLES_SHOWN:])
    ]
    head = [_("Session"), _("Date"), _("Planned"), _("Done"), _("What got in the way")]
    return table(head, rows)


def processes_of(study: Study, case: Case) -> Processes | StudyError | None:
    """The links of a case's processes to its outcome; why there are none; or None where no process is declared."""
    from scd.analysis.processes.table import process_table

    declared = sum(m.role == "process" for m in study.measures_of(case))
    if not declared:
        return None
    if declared > MOST_PROCESSES:
        told = _(
            "{n} processes were declared for one outcome. Among so many something looks like a link by chance, so none "
            "is shown; declare at most {most}."
        )
        return StudyError(told.format(n=declared, most=MOST_PROCESSES), field="process")
    try:
        return process_table(study, outcome=outcome_of(study, case).key, case=case.code)
    except StudyError as error:
        return error


def processes_section(found: Processes | StudyError, *, labels: Mapping[str, str]) -> str:
    """The processes beside each other, with the probability that each is the first, and honest words.

    Parameters
    ----------
    found : Processes or StudyError
        As `processes_of` gives them.
    labels : mapping of str to str
        The clinic's own names by code.

    Returns
    -------
    str
        HTML.
    """
    head = headed(_("Processes: what goes before the outcome"))
    if isinstance(found, StudyError):
        return head + said(found.message, tone="quiet")
    from scd.charts import describe_processes, picture, process_chart

    told: dict[str, Any] = {"outcome": found.outcome, "processes": found.processes}
    drawn = picture(
        process_chart(found.table, **told),
        title=_("Processes and {outcome}").format(outcome=found.outcome.label),
        description=describe_processes(found.table, **told),
    )
    return head + drawn.html + "".join(said(text) for text in found.text) + more(_("What was left out"), found.warnings)


def areas_of_life(study: Study, case: Case) -> AreaChanges | StudyError | None:
    """All outcomes of a case judged together; why they can't be; or None where there is one outcome only."""
    from scd.analysis.areas.area_changes import area_changes

    if sum(m.role == "outcome" for m in study.measures_of(case)) < _FEWEST_AREAS:
        return None
    try:
        return area_changes(study, case=case.code)
    except StudyError as error:
        return error


def areas_section(study: Study, found: AreaChanges | StudyError | None) -> str:
    """Areas of life as one picture, most improved on top, and what it says.

    Parameters
    ----------
    study : Study
        As stored.
    found : AreaChanges, StudyError or None
        As `areas_of_life` gives them.

    Returns
    -------
    str
        HTML.
    """
    if found is None:
        return ""
    head = headed(_("Areas of life: which got better, which worse"))
    if isinstance(found, StudyError):
        return head + said(found.message, tone="quiet")
    from scd.analysis.areas.words import area_words

    first, *rest = area_words(found, study=study)
    return head + areas_picture(found) + said(first) + more(_("Each area in numbers, and the rule"), rest)


def areas_picture(found: AreaChanges) -> str:
    """One row an area, most improved on top."""
    from scd.analysis.areas.words import area_client_words
    from scd.charts import picture
    from scd.charts.areas_chart import areas_chart

    told = " ".join(area_client_words(found))
    return picture(areas_chart(found.rows), title=_("Change of each area of life"), description=told).html


def outcome_of(study: Study, case: Case) -> Measure:
    """The outcome that the rule watches, or the case's first."""
    own = [m for m in study.measures_of(case) if m.role == "outcome"]
    if not own:
        raise StudyError(f"case '{case.code}': has no outcome among its measures", field="measures")
    watched = None if study.monitoring is None else study.monitoring.measure
    return next((m for m in own if m.key == watched), own[0])
