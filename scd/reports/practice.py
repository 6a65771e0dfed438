"""Practice between sessions: what was planned and done beside the outcome, what goes with it, what got in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.analysis.words import change_unit
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized, percent, short_day
from scd.reports.figures import figure, graph_words, once
from scd.reports.markup import MANY, Piece, fold, joined, paragraphs, table
from scd.reports.phrases import interval, number, of_case, probability
from scd.reports.pictures import chart

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scd.analysis.between_sessions.practice_values import DoseFound, Obstacle, PracticeFound
    from scd.reports.job import Job
    from scd.study import Case, Measure

__all__ = ["client_chart", "client_practice", "practice", "practice_charts"]

_CHANGES = {
    "full_practice": N_("With full practice"),
    "own_practice": N_("With this client's practice"),
    "without_practice": N_("With none"),
    "practice_adds": N_("What full practice adds"),
}


def practice(job: Job) -> Piece:
    """What was planned and done, beside the outcome, and how the effect goes with it.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing where no practice is on record.
    """
    parts = [part for case, found in _every(job) for part in _of_measure(job, case, found)]
    if not parts:
        return Piece(Markup(""), name="practice")
    head = Markup("<h2>{}</h2>").format(_("Practice between the sessions"))
    return Piece(joined([head, *parts]), name="practice")


def client_chart(job: Job) -> Piece:
    """The graph of the client's own numbers, with the practice below where there is one measure of it.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
    """
    found = _at_the_top(job)
    return chart(job, plain=True) if found is None else _chart(job, job.study.cases[0], found, plain=True)


def client_practice(job: Job) -> Piece:
    """The same in the client's words.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing where no practice is on record.
    """
    parts, top = [], _at_the_top(job)
    for case, found in _every(job):
        dose = () if found.dose is None else found.dose.client_text
        if found.client_text or dose:
            shown = Markup("") if found is top else _chart(job, case, found, plain=True).html
            parts += [shown, paragraphs(" ".join(told) for told in (found.client_text, dose) if told)]
    if not parts:
        return Piece(Markup(""), name="client practice")
    head = Markup("<h2>{}</h2>").format(_("Your practice between the sessions"))
    return Piece(joined([head, *parts]), name="client practice")


def practice_charts(job: Job, *, plain: bool) -> Iterator[Piece]:
    """The pictures of the section, to be drawn before the notebook runs.

    Parameters
    ----------
    job : Job
        The job.
    plain : bool
        Those of the client's page alone.
    """
    for case, found in _every(job):
        yield _chart(job, case, found, plain=plain)
        if found.dose is not None and not plain:
            yield _courses(job, case, found, found.dose)


def _every(job: Job) -> Iterator[tuple[Case, PracticeFound]]:
    for held in job.between:
        for found in held.practice:
            yield job.study.case(held.case), found


def _at_the_top(job: Job) -> PracticeFound | None:
    """The practice that the client's first graph shows: the only one, beside the only case's headline."""
    held = [found for _case, found in _every(job)]
    alone = len(job.study.cases) == 1 and len(held) == 1
    return held[0] if alone and held[0].measure == job.summary.measure else None


def _of_measure(job: Job, case: Case, found: PracticeFound) -> Iterator[Markup]:
    study = job.study
    measure = study.measure(found.practice)
    if len(study.cases) > 1 or len(list(_every(job))) > 1:
        yield Markup("<h3>{}</h3>").format(of_case(study, case, said=measure.label))
    yield paragraphs(found.text)
    inside = joined(_numbers(job, case, found, measure))
    yield inside if len(list(_every(job))) <= MANY else fold(_("The numbers"), inside)


def _numbers(job: Job, case: Case, found: PracticeFound, measure: Measure) -> Iterator[Markup]:
    yield _chart(job, case, found, plain=False).html
    yield _phases(found, measure)
    if found.obstacles:
        yield _obstacles(found.obstacles)
    if found.dose is not None:
        yield from _dose(job, case, found, found.dose)
    elif found.problem:
        told = _("What practice adds can't be told here: {problem}").format(problem=found.problem)
        yield paragraphs([told])


def _phases(found: PracticeFound, measure: Measure) -> Markup:
    rows = [
        [
            _("under intervention, in all") if row.phase == "intervention" else row.phase,
            _("{known} of {due}").format(known=row.known, due=row.due),
            _amount(row.planned),
            _amount(row.done),
            number(None) if row.share is None else percent(row.share),
            number(None) if row.planned is None else str(row.sessions_as_planned),
            str(row.obstacles),
        ]
        for row in found.phases
    ]
    head = [_("Phase"), _("Sessions known"), _("Planned"), _("Done"), _("Share"), _("Done as planned"), _("Obstacles")]
    caption = _(
        "Follow-through, in {unit}. Planned and done are sums over the sessions where both are known; the last two "
        "columns count sessions."
    ).format(unit=measure.unit_words)
    return table(rows, head=head, caption=caption, numbers=range(1, len(head)))


def _obstacles(obstacles: Sequence[Obstacle]) -> Markup:
    dated = any(one.date is not None for one in obstacles)
    rows = []
    for one in obstacles:
        day = [] if not dated else ["" if one.date is None else short_day(one.date)]
        rows.append([str(one.session), *day, one.text])
    head = [_("Session"), *([_("Date")] if dated else []), _("In the words of the record")]
    held = table(rows, head=head, caption=_("What got in the way, session by session."), numbers=(0,))
    return fold(_("What got in the way ({n})").format(n=len(rows)), held)


def _amount(value: float | None) -> str:
    return number(None) if value is None else localized(f"{value:.1f}".removesuffix(".0"))


def _dose(job: Job, case: Case, found: PracticeFound, dose: DoseFound) -> Iterator[Markup]:
    outcome = job.study.measure(found.measure)
    factor, unit = change_unit(outcome)
    held = {row.quantity: row for row in dose.rows}
    rows = []
    for quantity, name in _CHANGES.items():
        row = held[quantity]
        low, middle, high = (factor * end for end in (row.lower, row.median, row.upper))
        rows.append([_(name), number(middle), interval(low, high), probability(row.p_improvement)])
    head = ["", _("Change ({unit})").format(unit=unit), _("95 % interval"), _("P(better)")]
    caption = _(
        "{outcome}: the change from baseline that is expected with different amounts of practice, once it has built up "
        "fully."
    ).format(outcome=outcome.label)
    yield Markup("<h3>{}</h3>").format(_("What goes with practice"))
    yield table(rows, head=head, caption=caption, numbers=(1, 2, 3))
    yield _courses(job, case, found, dose).html
    yield paragraphs(dose.text[:1])
    yield paragraphs(dose.text[1:], kind="note")


def _chart(job: Job, case: Case, found: PracticeFound, *, plain: bool) -> Piece:
    def draw() -> Markup:
        from scd.analysis.between_sessions.practice_values import FollowRow
        from scd.analysis.summary_values import frame_of
        from scd.charts.practice_chart import practice_chart

        study = job.study
        outcome, measure = study.measure(found.measure), study.measure(found.practice)
        graph = practice_chart(
            study.frame(),
            measure=outcome,
            phases=study.phase_frame(),
            follow=frame_of(found.sessions, kind=FollowRow),
            practice=measure,
            case=case.code,
            height=170,
            strip=90,
        )
        caption = _("{outcome} above, {practice} below, over the same sessions.").format(
            outcome=outcome.label, practice=measure.label
        )
        title = _("{outcome} and {practice} over the sessions").format(outcome=outcome.label, practice=measure.label)
        said = " ".join([graph_words(job, case, outcome), *(found.client_text if plain else found.text)])
        return figure(graph, title=title, description=said, caption=caption)

    return once(job, name=f"practice {found.practice} of {case.code}{' plain' if plain else ''}", draw=draw)


def _courses(job: Job, case: Case, found: PracticeFound, dose: DoseFound) -> Piece:
    def draw() -> Markup:
        from scd.analysis.between_sessions.practice_values import CourseRow
        from scd.analysis.summary_values import frame_of
        from scd.charts.practice_chart import courses_chart

        study, outcome = job.study, job.study.measure(found.measure)
        graph = courses_chart(
            study.frame(),
            measure=outcome,
            phases=study.phase_frame(),
            courses=frame_of(dose.courses, kind=CourseRow),
            case=case.code,
            height=200,
        )
        caption = _(
            "What the model expects with full practice, with the client's own and with none, with 95 % bands of the "
            "expected values."
        )
        title = _("{outcome} expected with different amounts of practice").format(outcome=outcome.label)
        return figure(graph, title=title, description=dose.text[0], caption=caption)

    return once(job, name=f"courses {found.practice} of {case.code}", draw=draw)
