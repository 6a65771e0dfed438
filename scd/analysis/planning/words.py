"""A plan's chances in words: how many sessions are enough, what the test can reach, and what all of it assumes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from scd.analysis.planning.designs import MULTIPLE_BASELINE, PlannedDesign
from scd.analysis.planning.randomization_power import ALPHA
from scd.design.attainable import phase_starts_words, start_windows_words
from scd.language import gettext as _
from scd.language import listed, ngettext, number, percent

if TYPE_CHECKING:
    from scd.analysis.planning.power import Chance
    from scd.analysis.planning.question import Question

__all__ = ["ENOUGH", "assumption_words", "design_words", "draw_words", "reach_words", "warnings_of"]

ENOUGH = 0.8
"""The chance that is usually asked for."""


def design_words(name: str) -> str:
    """A design's name for people.

    Parameters
    ----------
    name : str
        As in `PlannedDesign`.

    Examples
    --------
    >>> design_words("abab"), design_words("multiple-baseline")
    ('ABAB', 'Multiple baseline')
    """
    return _("Multiple baseline") if name == MULTIPLE_BASELINE else name.upper()


def reach_words(found: Sequence[Chance], *, meaningful: float = 0.0) -> tuple[str, ...]:
    """For each design, change and autocorrelation: how many sessions a phase reach .8, or that none does.

    Parameters
    ----------
    found : sequence of Chance
        In the order of `scd.analysis.planning.chances`.
    meaningful : float
        The smallest change that matters. Of a change no larger than it nothing is said of that.

    Returns
    -------
    tuple of str
        Two sentences or three each.

    Examples
    --------
    >>> from scd.analysis.planning.power import chances
    >>> from scd.analysis.planning.question import Question
    >>> found = chances(Question(unit=1), designs=["ab"], sessions=[3, 4], changes=[0.5], replications=20)
    >>> reach_words(found)[0].split(":")[0]
    'AB does not reach 80\\xa0% with up to 4 sessions a phase'
    """

    def of(one: Chance) -> tuple[float, float, str]:
        return one.change, one.autocorrelation, one.plan.name

    groups = [list(part) for _key, part in groupby(found, key=of)]
    changes = {one.change for one in found}
    phis = {one.autocorrelation for one in found}
    told = []
    for part in groups:
        head = []
        if len(changes) > 1:
            head.append(_("change of {change}").format(change=number(part[0].change)))
        if len(phis) > 1:
            head.append(_("autocorrelation {phi}").format(phi=number(part[0].autocorrelation)))
        opening = f"{', '.join(head)}: " if head else ""
        told.append(opening + _reached(part, meaningful=meaningful))
    return tuple(told)


def _reached(part: list[Chance], *, meaningful: float) -> str:
    part = sorted(part, key=lambda one: one.plan.sessions)
    enough = next((one for one in part if one.p_detect >= ENOUGH), None)
    best = part[-1] if enough is None else enough
    named = {
        "design": design_words(best.plan.name),
        "enough": percent(ENOUGH),
        "sessions": best.plan.sessions,
        "total": _total(best.plan),
        "share": _share(best.p_detect, best.errors["p_detect"]),
    }
    if enough is None:
        sentence = _(
            "{design} does not reach {enough} with up to {sessions} sessions a phase: the chance to find the change is "
            "{share} then ({total})."
        )
    elif enough is part[0] and len(part) > 1:
        sentence = _(
            "{design} reaches {enough} with the fewest sessions asked for, {sessions} a phase: the chance to find the "
            "change is {share} ({total})."
        )
    else:
        sentence = _(
            "{design} reaches {enough} with {sessions} sessions a phase: the chance to find the change is {share} "
            "({total})."
        )
    close = abs(best.p_detect - ENOUGH) <= 2 * (best.errors["p_detect"] or 0.0)
    told = [sentence.format(**named)]
    if close:
        told.append(_("That is so close to {enough} that it may be chance.").format(enough=percent(ENOUGH)))
    if best.change <= meaningful:
        return " ".join(told)
    meant = next((one for one in part if one.p_meaningful >= ENOUGH), None)
    if meant is not None:
        also = _("To find that the change is a meaningful one, {enough} takes {sessions} a phase.").format(
            enough=percent(ENOUGH), sessions=meant.plan.sessions
        )
    else:
        also = _("That the change is a meaningful one is found in {share} at most.").format(
            share=percent(max(one.p_meaningful for one in part))
        )
    return " ".join((*told, also))


def _share(share: float, error: float | None) -> str:
    """A share with twice its Monte Carlo error."""
    return percent(share) if error is None else f"{percent(share)} ± {number(200 * error, digits=0)}"


def _total(plan: PlannedDesign) -> str:
    if plan.name == MULTIPLE_BASELINE:
        return _("{total} sessions for each of {tiers} clients or behaviours").format(
            total=plan.total, tiers=len(plan.starts)
        )
    return _("{total} sessions in all").format(total=plan.total)


def draw_words(found: Sequence[Chance]) -> tuple[str, ...]:
    """Which randomisation test was simulated for each design, and where none can reach .05.

    Parameters
    ----------
    found : sequence of Chance

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from scd.analysis.planning.power import chances
    >>> from scd.analysis.planning.question import Question
    >>> found = chances(Question(unit=1), designs=["ab"], sessions=[3], changes=[1], replications=20)
    >>> draw_words(found)[0][:60]
    'AB, 3 sessions a phase: no randomisation test can reach .05.'
    """
    told = []
    for name, plans in _plans(found).items():
        short = [plan for plan in plans if plan.smallest_p > ALPHA]
        if len(short) < len(plans):
            told.append(_scheme(name, plans))
        if not short:
            continue
        sessions = listed([str(plan.sessions) for plan in short])
        last = short[-1]
        told.append(
            ngettext(
                "{design}, {sessions} sessions a phase: no randomisation test can reach .05. {why}",
                "{design}, {sessions} sessions a phase: no randomisation test can reach .05. With the most of these: "
                "{why}",
                len(short),
            ).format(design=design_words(name), sessions=sessions, why=_why(last))
        )
    return tuple(told)


def _plans(found: Sequence[Chance]) -> dict[str, list[PlannedDesign]]:
    plans: dict[str, dict[int, PlannedDesign]] = {}
    for one in found:
        plans.setdefault(one.plan.name, {})[one.plan.sessions] = one.plan
    return {name: [own[n] for n in sorted(own)] for name, own in plans.items()}


def _scheme(name: str, plans: list[PlannedDesign]) -> str:
    if name == MULTIPLE_BASELINE:
        first, last = plans[0].windows[0]
        return _(
            "{design}: the randomisation test is that of starts drawn from windows of {width} sessions, one window "
            "after the other; wider windows give it more to compare with."
        ).format(design=design_words(name), width=last - first + 1)
    least = max(plan.min_phase for plan in plans)
    return _(
        "{design}: the randomisation test is that of phase starts drawn at random, each phase at least {least} "
        "sessions long; the grade of such a draw can be lower than that of equal phases."
    ).format(design=design_words(name), least=least)


def _why(plan: PlannedDesign) -> str:
    if plan.windows:
        return start_windows_words(windows=plan.windows, sessions=plan.total, min_phase=plan.min_phase)
    return phase_starts_words(sessions=plan.total, phases=plan.phases, min_phase=plan.min_phase)


def assumption_words(found: Sequence[Chance], question: Question) -> tuple[str, ...]:
    """What the chances assume, and what would lower them.

    Parameters
    ----------
    found : sequence of Chance
    question : Question

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from scd.analysis.planning.power import chances
    >>> from scd.analysis.planning.question import Question
    >>> asked = Question(unit=1)
    >>> found = chances(asked, designs=["ab"], sessions=[3], changes=[1], replications=20)
    >>> assumption_words(found, asked)[0][:50]
    'A chance is the share of 20 simulated clients in w'
    """
    first = found[0]
    phis = listed([number(phi) for phi in dict.fromkeys(one.autocorrelation for one in found)])
    told = [
        _(
            "A chance is the share of {replications} simulated clients in whom the probability of an improvement comes "
            "out above {certain}; ± is twice the error of the simulation."
        ).format(replications=first.replications, certain=percent(0.95)),
        _(
            "Assumed: the level changes at once and by as much as said, values scatter by {sd} within a phase (SD), "
            "neighbouring sessions are alike (autocorrelation {phis}), and {missed} of sessions are missed by chance."
        ).format(sd=number(question.within_sd), phis=phis, missed=percent(question.missed)),
        _(
            "A change that comes slowly, a trend that is there without treatment, or phases of a kind that differ by "
            "themselves make the chances lower than these."
        ),
    ]
    names = {one.plan.name for one in found}
    if any(len(name) > 2 for name in names - {MULTIPLE_BASELINE}):
        told += _judged(question.model)
    if MULTIPLE_BASELINE in names:
        told.append(
            _(
                "Multiple baseline: the average change over the tiers is judged, as the multilevel model has it; the "
                "change is simulated equally large in all."
            )
        )
    return tuple(told)


def _judged(model: str) -> list[str]:
    """Which model judges designs of three phases or more."""
    if model == "level":
        return [
            _(
                "Judged by the level model. With three phases or more, reports lead with the phase-level model, which "
                "allows for phases that differ by themselves: it finds a change less often."
            )
        ]
    if model in ("report", "phase-level"):
        return [
            _(
                "With three phases or more, the phase-level model judges, as in the report: it allows for phases that "
                "differ by themselves. If they never do, the level model finds more."
            )
        ]
    return []


def warnings_of(found: Sequence[Chance], question: Question) -> tuple[str, ...]:
    """What the reader of a table must know: defaults that were taken, cells that are empty, readings that differ.

    Parameters
    ----------
    found : sequence of Chance
    question : Question

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> from scd.analysis.planning.power import chances
    >>> from scd.analysis.planning.question import Question
    >>> asked = Question(unit=2)
    >>> warnings_of(chances(asked, designs=["ab"], sessions=[3], changes=[1], replications=20), asked)[0]
    'No meaningful change was given: half a unit, 1, is taken.'
    """
    told = []
    if question.meaningful is None:
        told.append(
            _("No meaningful change was given: half a unit, {meaningful}, is taken.").format(
                meaningful=number(question.smallest_meaningful)
            )
        )
    if any(0 < one.change <= question.smallest_meaningful for one in found):
        told.append(
            _(
                "A change that is no larger than the smallest that matters can hardly be shown to be at least that "
                "large, however many sessions there are: that takes a larger one."
            )
        )
    if question.scale == "rating":
        told.append(
            _(
                "Ratings are simulated as rounded values inside the range and judged as scores; the change is that of "
                "the value behind the rating, and near the ends of the range mean ratings change by less."
            )
        )
        if question.baseline is None:
            told.append(_("No baseline was given: the levels are taken to lie evenly around the middle of the range."))
    if any(one.plan.sessions < 3 for one in found):
        told.append(_("Phases of fewer than 3 sessions meet no standard and show little."))
    return (*told, *draw_words(found))
