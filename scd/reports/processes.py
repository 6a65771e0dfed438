"""Processes thought to carry the change: what goes together within phases, how sure that is, and what to try next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markupsafe import Markup

from scd.analysis.processes.words import CLEAR
from scd.analysis.words import change_unit
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.reports.figures import figure, once
from scd.reports.markup import MANY, Piece, fold, items, joined, paragraphs, table
from scd.reports.phrases import interval, number, of_case, probability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scd.analysis.between_sessions.values import ProcessesFound, ProcessRow
    from scd.reports.job import Job
    from scd.study import Case

__all__ = ["client_processes", "process_charts", "processes"]

_EVIDENCE = {
    "too few sessions": N_("too few sessions"),
    "no clear link": N_("no clear link"),
    "lead to try next": N_("a lead to try next"),
    "matters most": N_("matters most, as an association"),
}


def processes(job: Job) -> Piece:
    """The links of the declared processes to the outcome, each with its rank and its own change.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing where no process was declared and recorded.
    """
    held = list(_every(job))
    if not held:
        return Piece(Markup(""), name="processes")
    parts = [Markup("<h2>{}</h2>").format(_("Processes"))]
    for case, found in held:
        if len(job.study.cases) > 1:
            outcome = job.study.measure(found.outcome).label
            parts.append(Markup("<h3>{}</h3>").format(of_case(job.study, case, said=outcome)))
        if not found.rows:
            parts.append(paragraphs([_("The links can't be told here: {problem}").format(problem=found.problem)]))
            continue
        inside = joined(_numbers(job, case, found))
        parts += [paragraphs(found.text[:1]), inside if len(held) <= MANY else fold(_("The numbers"), inside)]
        parts.append(_next_step(job, found))
    said = dict.fromkeys(text for _case, found in held for text in found.text[1:])
    return Piece(joined([*parts, paragraphs(said, kind="note"), *_model(held)]), name="processes")


def client_processes(job: Job) -> Piece:
    """The same in the client's words.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing where there is nothing to say yet.
    """
    told = [text for _case, found in _every(job) for text in found.client_text]
    if not told:
        return Piece(Markup(""), name="client processes")
    head = Markup("<h2>{}</h2>").format(_("What goes along with what"))
    return Piece(head + paragraphs(told), name="client processes")


def process_charts(job: Job) -> Iterator[Piece]:
    """The pictures of the section, to be drawn before the notebook runs.

    Parameters
    ----------
    job : Job
        The job.
    """
    for case, found in _every(job):
        if found.rows:
            yield _chart(job, case, found)


def _every(job: Job) -> Iterator[tuple[Case, ProcessesFound]]:
    for held in job.between:
        if held.processes is not None:
            yield job.study.case(held.case), held.processes


def _numbers(job: Job, case: Case, found: ProcessesFound) -> Iterator[Markup]:
    yield _chart(job, case, found).html
    yield _links(job, found)
    yield _own_changes(job, found)
    yield paragraphs(found.warnings, kind="note")
    yield fold(_("Each link in words"), items(r.text for r in found.rows))


def _model(held: Sequence[tuple[Case, ProcessesFound]]) -> Iterator[Markup]:
    """The model, once for all cases."""
    for found in [found for _case, found in held if found.rows][:1]:
        priors = "; ".join(f"{name}: {said}" for name, said in (found.priors or {}).items())
        model = _("Model {model}, integrated numerically; the processes were declared beforehand. Priors: {priors}")
        yield fold(_("The model of the links"), paragraphs([model.format(model=found.model, priors=priors)]))


def _links(job: Job, found: ProcessesFound) -> Markup:
    rows = [
        [
            job.study.measure(row.process).label,
            number(row.link_mean),
            interval(row.lower, row.upper),
            probability(None if row.evidence == "too few sessions" else row.p_direction),
            probability(row.p_rank1),
            _(_EVIDENCE[row.evidence]),
        ]
        for row in found.rows
    ]
    head = [_("Process"), _("Link"), _("95 % interval"), _("P(direction)"), _("P(largest)"), _("Evidence")]
    caption = _(
        "Links within phases to {outcome} at the next session, in SDs per SD, from {n} pairs of sessions in a row. "
        "P(largest) is the probability that a link is the largest of those compared. From too few pairs "
        "neither is told."
    ).format(outcome=job.study.measure(found.outcome).label, n=found.rows[0].n)
    return table(rows, head=head, caption=caption, numbers=range(1, 5))


def _own_changes(job: Job, found: ProcessesFound) -> Markup:
    rows = [_own_change(job, row) for row in found.rows]
    head = [_("Process"), _("Own change"), _("95 % interval"), _("P(better)"), _("P(no later)")]
    caption = _(
        "How each process itself changed from baseline to intervention, and how probable it is that it did so no later "
        "than {outcome}; that is asked only of a process that clearly changed."
    ).format(outcome=job.study.measure(found.outcome).label)
    return table(rows, head=head, caption=caption, numbers=range(1, 5))


def _own_change(job: Job, row: ProcessRow) -> list[str]:
    process = job.study.measure(row.process)
    factor, unit = change_unit(process)
    ends = (row.phase_change_mean, row.phase_change_lower, row.phase_change_upper)
    middle, low, high = (None if end is None else factor * end for end in ends)
    return [
        process.label,
        number(None) if middle is None else f"{number(middle)} {unit}",
        interval(low, high),
        probability(row.phase_change_p_improvement),
        probability(row.p_not_later if _clear(row) else None),
    ]


def _clear(row: ProcessRow) -> bool:
    better = row.phase_change_p_improvement
    return better is not None and not 1 - CLEAR < better < CLEAR


def _next_step(job: Job, found: ProcessesFound) -> Markup:
    """The next experiment, as an option; nothing where no process stands out."""
    if not found.leading:
        return Markup("")
    told = _(
        "An option for what comes next: a component experiment on “{process}”. The part of the intervention that works "
        "on it is off (A) and on (B) in turn, in phases or in a random order from session to session, and all else "
        "goes on. Only that can tell whether working on it makes a difference."
    )
    name = Markup("<strong>{}</strong> ").format(_("Next experiment."))
    return Markup("<p>{}{}</p>").format(name, told.format(process=job.study.measure(found.leading).label))


def _chart(job: Job, case: Case, found: ProcessesFound) -> Piece:
    def draw() -> Markup:
        from scd.analysis.between_sessions.values import ProcessRow
        from scd.analysis.summary_values import frame_of
        from scd.charts.process_chart import describe_processes, process_chart

        rows = frame_of(found.rows, kind=ProcessRow)
        outcome = job.study.measure(found.outcome)
        measures = [job.study.measure(key) for key in found.processes]
        title = _("Links of processes to {outcome}").format(outcome=outcome.label)
        said = describe_processes(rows, outcome=outcome, processes=measures)
        caption = _("One row a process: its link with the 95 % interval, its rank, and its own change.")
        return figure(
            process_chart(rows, outcome=outcome, processes=measures), title=title, description=said, caption=caption
        )

    return once(job, name=f"processes of {case.code}", draw=draw)
