"""The plan of a reversal design on the page: order and length of phases, fixed or drawn at random."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from scd.analysis.words import condition_word
from scd.design.plans import reversal
from scd.design.randomization import draw_phase_starts
from scd.forms.fields import choice, choices, in_words, typed
from scd.forms.markup import said
from scd.forms.view import View, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import Measure, Study, StudyError

__all__ = ["ReversalPlan"]

_ORDERS = [
    (N_("ABAB: baseline, intervention, and both again"), "ABAB"),
    (N_("AB: baseline, then intervention"), "AB"),
    (N_("ABA: back to baseline at the end"), "ABA"),
    ("ABABA", "ABABA"),
    ("ABABAB", "ABABAB"),
    ("ABABABAB", "ABABABAB"),
]
_HOW = [(N_("I set the length of each phase"), "fixed"), (N_("scd draws the phase starts at random"), "random")]
# The shortest phase that a draw is taken to give while none was chosen.
_SHORTEST = 3


class ReversalPlan(View):
    """The fields of an AB, ABA, ABAB or longer plan.

    Parameters
    ----------
    changed : callable
        Called whenever a field changes.
    seed : int
        Of the draw, the same as long as the page is open: drawing until a schedule pleases is no draw.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> plan = ReversalPlan(lambda _: None, seed=1)
    >>> study = plan.study([from_catalogue("phq-9")], code="K7M2QX")
    >>> [p.start for p in study.cases[0].phases]
    [1, 6, 11, 16]
    """

    def __init__(self, changed: Callable[[object], None], *, seed: int) -> None:
        self._seed = seed
        self._changed = changed
        self._filling = False
        self.order = choice(_("Order of phases"), in_words(_ORDERS), "ABAB")
        self.how = choice(_("When phases start"), in_words(_HOW), "fixed")
        self.lengths = [
            typed(f"{_label(i)} {condition_word('AB'[i % 2])}", "5", width="13em", label="8.5em") for i in range(8)
        ]
        self.sessions = typed(_("Sessions in all"), "20")
        self.min_phase = typed(
            _("Shortest phase, in sessions"), "4", hint=_("5 or more is best; fewer than 3 shows little.")
        )
        self._fixed = View([shown(said(_("Sessions in each phase:"))), row(self.lengths)])
        self._random = View([self.sessions, self.min_phase])
        super().__init__([self.order, self.how, self._fixed, self._random])
        for field in (self.order, self.how, self.sessions, self.min_phase, *self.lengths):
            field.watch(self._react)
        self._lay_out()

    @property
    def drawn(self) -> bool:
        """Whether the starts are drawn at random."""
        return bool(self.how.value == "random")

    @property
    def compared(self) -> dict[str, Any]:
        """What the chances of this plan are worked out for."""
        try:
            shortest = self.min_phase.whole() if self.drawn else _SHORTEST
        except StudyError:
            shortest = _SHORTEST
        return {"design": str(self.order.value).lower(), "min_phase": max(shortest, 1)}

    def study(self, measures: Sequence[Measure], *, code: str) -> Study:
        """The study as planned; a mistake is shown beside its field.

        Raises
        ------
        StudyError
            When a field is wrong.
        """
        return self._planned(measures, code, worst=False)

    def worst(self, measures: Sequence[Measure], *, code: str) -> Study:
        """What any draw guarantees: every phase of smallest length (the same as `study` where nothing is drawn)."""
        return self._planned(measures, code, worst=True)

    def fill(self, study: Study) -> None:
        """Show a stored plan."""
        starts = [p.planned_start for p in study.cases[0].phases]
        order = "".join(p.condition for p in study.cases[0].phases)
        total = study.sessions_planned or starts[-1]
        self._filling = True
        if order not in [value for _, value in _ORDERS]:
            choices(self.order, [*in_words(_ORDERS), (order, order)], order)
        self.order.value = order
        for field, (start, end) in zip(self.lengths, pairwise([*starts, total + 1]), strict=False):
            field.value = str(end - start)
        self.sessions.value = str(total)
        if study.randomization is not None:
            self.how.value = "random"
            self.min_phase.value = str(study.randomization.min_phase)
        self._filling = False
        self._lay_out()

    def _planned(self, measures: Sequence[Measure], code: str, *, worst: bool) -> Study:
        order = str(self.order.value)
        used = [self.sessions, self.min_phase] if self.drawn else self.lengths[: len(order)]
        numbers = []
        wrong = []
        for field in used:
            field.show("")
            try:
                numbers.append(field.whole())
                if numbers[-1] < 1:
                    told = _("{name}: needs at least 1 session (got {number})")
                    raise StudyError(told.format(name=field.name, number=numbers[-1]), field="sessions")
            except StudyError as error:
                field.show(error.message)
                wrong.append(error.message)
        if wrong:
            raise StudyError("\n".join(wrong), field="plan")
        if not self.drawn:
            return reversal(measures=measures, phases=order, sessions=numbers, code=code)
        sessions, shortest = numbers
        try:
            draw = draw_phase_starts(
                sessions=sessions,
                phases=len(order),
                min_phase=shortest,
                seed=self._seed,
                drawn_at=dt.datetime.now(dt.UTC),
            )
        except StudyError as error:
            (self.min_phase if error.field == "min_phase" else self.sessions).show(error.message)
            raise
        if worst:
            return reversal(measures=measures, phases=order, sessions=shortest, code=code)
        return reversal(measures=measures, phases=order, code=code, randomization=draw)

    def _react(self, change: object) -> None:
        self._lay_out()
        if not self._filling:
            self._changed(change)

    def _lay_out(self) -> None:
        for number, field in enumerate(self.lengths):
            field.hide(number >= len(self.order.value))
        self._fixed.layout.display = "none" if self.drawn else ""
        self._random.layout.display = "" if self.drawn else "none"


def _label(place: int) -> str:
    return f"{'AB'[place % 2]}{place // 2 + 1}"
