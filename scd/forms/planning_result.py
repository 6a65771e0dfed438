"""The chances of a plan as a page shows them: words first, then the curves, then what they assume."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from scd.forms.markup import said, table
from scd.language import gettext as _
from scd.language import number, percent

if TYPE_CHECKING:
    from scd.analysis.planning import Chance, Question

__all__ = ["chances_html"]


def chances_html(found: Sequence[Chance], question: Question, *, minutes: float | None = None) -> str:
    """What was simulated, for the page.

    Parameters
    ----------
    found : sequence of Chance
        At one change; the autocorrelation that stands first is the one that is drawn.
    question : Question
    minutes : float, optional
        What a session takes the client.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> from scd.analysis.planning import Question, chances
    >>> asked = Question(unit=1)
    >>> found = chances(asked, designs=["ab"], sessions=[3, 5], changes=[2], replications=10)
    >>> "<svg" in chances_html(found, asked)
    True
    """
    from scd.analysis.planning import assumption_words, reach_words, warnings_of
    from scd.analysis.planning.tables import curve_table
    from scd.charts.planning_chart import describe_planning, planning_chart
    from scd.charts.svg import picture

    phi = found[0].autocorrelation
    main = [one for one in found if one.autocorrelation == phi]
    curves = curve_table(main)
    if main[0].change <= question.smallest_meaningful:  # not more than the least can be shown to be at least that
        curves = curves[curves["quantity"] != "p_meaningful"]
    cost = "" if not minutes else _("{minutes} minutes").format(minutes=number(minutes))
    drawn = picture(
        planning_chart(curves, cost=cost),
        title=_("Chance to know, by the number of sessions"),
        description=describe_planning(curves),
    )
    parts = [said(told) for told in reach_words(main, meaningful=question.smallest_meaningful)]
    parts.append(_designs(main, minutes=minutes))
    parts.append(drawn.html)
    if len({one.autocorrelation for one in found}) > 1:
        parts.append(_others(found))
    parts += [said(told, tone="quiet") for told in (*assumption_words(main, question), *warnings_of(main, question))]
    return "".join(parts)


def _designs(main: list[Chance], *, minutes: float | None) -> str:
    """Every design at the fewest sessions that are enough, or at the most that were asked for."""
    from scd.analysis.planning import ENOUGH, design_words

    head = [_("Design"), _("Sessions a phase"), _("In all, each client"), _("Chance to find it"),
            _("By randomisation test"), _("WWC 4.1 grade")]  # fmt: skip
    rows = []
    for name, group in groupby(main, key=lambda one: one.plan.name):
        part = list(group)
        one = next((c for c in part if c.p_detect >= ENOUGH), part[-1])
        power = one.randomization_power
        total = str(one.plan.total)
        if minutes:
            total = _("{total} ({hours} hours)").format(total=total, hours=_hours(one.plan.total * minutes))
        rows.append(
            [
                design_words(name),
                one.plan.sessions,
                total,
                percent(one.p_detect),
                _("not possible") if power is None else percent(power),
                _(one.plan.grade),
            ]
        )
    caption = _("With the fewest sessions that reach {enough}, or with the most that were tried").format(
        enough=percent(ENOUGH)
    )
    return table(head, rows, caption=caption)


def _hours(minutes: float) -> str:
    return number(minutes / 60, digits=1)


def _others(found: Sequence[Chance]) -> str:
    """How many sessions are enough where neighbouring sessions are more alike, or less."""
    from scd.analysis.planning import ENOUGH, design_words

    phis = sorted({one.autocorrelation for one in found})
    names = list(dict.fromkeys(one.plan.name for one in found))
    rows = []
    for name in names:
        cells = []
        for phi in phis:
            part = [one for one in found if one.plan.name == name and one.autocorrelation == phi]
            enough = next((one.plan.sessions for one in part if one.p_detect >= ENOUGH), None)
            most = max(one.plan.sessions for one in part)
            cells.append(_("more than {most}").format(most=most) if enough is None else str(enough))
        rows.append([design_words(name), *cells])
    head = [_("Design"), *(_("autocorrelation {phi}").format(phi=number(phi)) for phi in phis)]
    caption = _("Sessions a phase that reach {enough}, of those tried, if neighbouring sessions are less or more alike")
    return table(head, rows, caption=caption.format(enough=percent(ENOUGH)))
