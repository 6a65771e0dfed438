"""The looks at the data while a study runs: the rule and how often it errs, what it found, what was decided and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from scd.analysis.steering.steering_words import rate_words, step_words
from scd.analysis.words import change_unit
from scd.language import gettext as _
from scd.language import localized, short_day, thousands
from scd.reports.figures import figure, once
from scd.reports.markup import MANY, Piece, fold, items, joined, paragraphs, table
from scd.reports.phrases import number, of_case, probability

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scd.analysis.between_sessions.values import SteeringFound
    from scd.analysis.steering.steering_values import Look, Steering
    from scd.reports.job import Job
    from scd.study import Case, Monitoring
    from scd.study.decision import Decision

__all__ = ["client_steering", "steering", "steering_charts"]


def steering(job: Job) -> Piece:
    """The rule, its looks and the decisions, for the audit.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing where no rule was fixed and nothing decided.
    """
    held = list(_every(job))
    if not held:
        return Piece(Markup(""), name="steering")
    parts = [Markup("<h2>{}</h2>").format(_("Looks and decisions"))]
    shared = len({found.rule_text for _case, found in held}) == 1  # tiers with measures of their own differ
    if shared:
        parts += _rule(job, held[0][1])
    for case, found in held:
        if len(job.study.cases) > 1:
            parts.append(Markup("<h3>{}</h3>").format(case.code))
        parts += [] if shared else _rule(job, found)
        parts += list(_of_case(job, case, found, many=len(held) > MANY))
    return Piece(joined(parts), name="steering")


def client_steering(job: Job) -> Piece:
    """When the numbers were looked at and what was decided, in the client's words.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        Under a heading of its own; nothing where no rule was fixed and nothing decided.
    """
    told = [text for _case, found in _every(job) for text in found.client_text]
    if not told:
        return Piece(Markup(""), name="client steering")
    head = Markup("<h2>{}</h2>").format(_("When we looked, and what was decided"))
    return Piece(head + items(told), name="client steering")


def steering_charts(job: Job) -> Iterator[Piece]:
    """The pictures of the section, to be drawn before the notebook runs.

    Parameters
    ----------
    job : Job
        The job.
    """
    for case, found in _every(job):
        if found.steering is not None and found.steering.trajectory:
            yield _chart(job, case, found.steering)


def _every(job: Job) -> Iterator[tuple[Case, SteeringFound]]:
    for held in job.between:
        if held.steering is not None:
            yield job.study.case(held.case), held.steering


def _rule(job: Job, found: SteeringFound) -> Iterator[Markup]:
    if found.steering is None:
        return
    if found.steering.rule is None:
        yield paragraphs([_("No rule for looking at the data was fixed before the intervention began.")])
        return
    yield paragraphs([_("The rule, fixed before the first value under intervention:")])
    yield items(found.rule_text)
    yield _rates(job, found.steering, found.steering.rule)


def _of_case(job: Job, case: Case, found: SteeringFound, *, many: bool) -> Iterator[Markup]:
    seen = found.steering
    if found.problem:
        yield paragraphs([_("The looks can't be told here: {problem}").format(problem=found.problem)])
    if seen is not None:
        inside = joined(_looked(job, case, seen))
        yield fold(_("The numbers"), inside) if many else inside
        yield items(found.alarm_text) if found.alarm_text else Markup("")
        if seen.session is not None:
            yield paragraphs([_now(seen)])
        if seen.warnings:
            told = Markup("<p>{}</p>").format(_("Before you rely on this")) + items(seen.warnings)
            yield Markup('<div class="warning">{}</div>').format(told)
    yield _decisions(found.decisions)


def _looked(job: Job, case: Case, seen: Steering) -> Iterator[Markup]:
    if seen.trajectory:
        yield _chart(job, case, seen).html
    if seen.looks:
        yield _looks(job, seen)


def _rates(job: Job, seen: Steering, rule: Monitoring) -> Markup:
    if not rule.rates:
        return paragraphs([_("How often this rule errs was not simulated.")])
    # Of a tier with another measure the rule was simulated for the study's own.
    own = job.study.monitoring
    factor, unit = change_unit(job.study.measure(seen.measure if own is None else own.measure))
    rows = [
        [
            f"{localized(f'{factor * rate.change:g}')} {unit}" if rate.change else _("none"),
            localized(f"{rate.autocorrelation:g}"),
            *(rate_words(share) for share in (rate.success, rate.futility, rate.harm)),
            number(None) if rate.median_stop is None else str(rate.median_stop),
        ]
        for rate in sorted(rule.rates, key=lambda rate: (rate.change, rate.autocorrelation))
    ]
    head = [
        _("True change"),
        _("Autocorrelation"),
        _("Success"),
        _("Futility"),
        _("Harm"),
        _("Found after"),
    ]
    caption = _(
        "How often each alarm is ever raised, simulated for this design with {clients} clients a row, before the "
        "intervention began. The last column: after how many values success is first found, in the median."
    ).format(clients=thousands(rule.replications))
    held = table(rows, head=head, caption=caption, numbers=range(1, len(head)))
    return fold(_("How often the rule errs"), held)


def _looks(job: Job, seen: Steering) -> Markup:
    rows = [_look(look) for look in seen.looks]
    head = [
        _("Values"),
        _("Session"),
        _("P(better)"),
        _("P(meaningful)"),
        _("P(better), judged sceptically"),
        _("P(meaningful), judged sceptically"),
        _("Found"),
    ]
    caption = _(
        "The fixed looks at {measure}: after how many values of the first intervention phase, and what the record said "
        "then. Success is judged by the sceptical figures. Design: {grade}."
    ).format(measure=job.study.measure(seen.measure).label, grade=seen.grade)
    return table(rows, head=head, caption=caption, numbers=(0, 1))


def _look(look: Look) -> list[str]:
    chances = (look.p_improvement, look.p_meaningful, look.sceptical_improvement, look.sceptical_meaningful)
    found = ", ".join(_finding_words(kind) for kind in look.alarms) or _("no alarm")
    return [str(look.number), str(look.session), *(probability(p) for p in chances), found]


def _now(seen: Steering) -> str:
    return _("Suggestion after session {session}, the last on record: {step}. {reason} (Design: {grade}.)").format(
        session=seen.session, step=step_words(seen.suggestion), reason=seen.reason, grade=seen.grade
    )


def _finding_words(kind: str) -> str:
    return {
        "success": _("success"),
        "futility": _("futility"),
        "harm": _("harm"),
        "baseline stable": _("baseline stable"),
        "baseline at its longest": _("baseline at its longest"),
    }[kind]


def _decisions(decisions: Sequence[Decision]) -> Markup:
    if not decisions:
        return paragraphs([_("No decision is on record.")])
    rows = [
        [
            str(one.session),
            short_day(one.decided_at.date()),
            ", ".join(_finding_words(kind) for kind in one.alarms) or _("nothing"),
            probability(one.p_improvement),
            step_words(one.suggested),
            step_words(one.decided),
            one.reason,
        ]
        for one in decisions
    ]
    head = [_("After session"), _("Date"), _("Found"), _("P(better)"), _("Suggested"), _("Decided"), _("Why")]
    departed = sum(one.suggested != one.decided for one in decisions)
    caption = _(
        "What was suggested and what was decided, with the figures as they stood then. Decided other than suggested: "
        "{departed} of {n}."
    ).format(departed=departed, n=len(decisions))
    return table(rows, head=head, caption=caption, numbers=(0, 1, 3))


def _chart(job: Job, case: Case, seen: Steering) -> Piece:
    def draw() -> Markup:
        from scd.analysis.steering.steering_values import looks_table, trajectory_table
        from scd.charts.steering_chart import describe_steering, steering_chart

        study = job.study
        drawn: dict[str, Any] = {
            "measure": study.measure(seen.measure),
            "phases": study.phase_frame(),
            "trajectory": trajectory_table((seen,)),
            "looks": looks_table((seen,)),
            "case": case.code,
        }
        title = _("{measure} and the fixed looks").format(measure=drawn["measure"].label)
        caption = _("The band: where 95 % of single values would have fallen by the model, had the baseline gone on.")
        caption += " " + _("Below, the fixed looks.") if seen.looks else ""
        said = describe_steering(study.frame(), **drawn)
        chart = steering_chart(study.frame(), **drawn, height=200)
        named = of_case(study, case, said=title)
        return figure(chart, title=named, description=said, caption=caption)

    return once(job, name=f"looks of {case.code}", draw=draw)
