"""The plan of a multiple baseline on the page: its tiers, and where each one's intervention starts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from scd.design.plans import multiple_baseline
from scd.design.randomization import draw_start_windows
from scd.design.standards import grade_wwc
from scd.forms.fields import Field, choice, choices, in_words, typed
from scd.forms.view import View, row
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import Measure, Randomization, Study, StudyError, new_code

__all__ = ["StaggeredPlan"]

_ACROSS = [
    (N_("Clients"), "clients"),
    (N_("Behaviours of one client"), "behaviours"),
    (N_("Settings of one client"), "settings"),
]
_HOW = [(N_("I set each start"), "fixed"), (N_("scd draws each start at random from a window"), "random")]
_NAMES = {
    "clients": N_("Client {n}, name"),
    "behaviours": N_("Behaviour {n}, name"),
    "settings": N_("Setting {n}, name"),
}
_MOST_TIERS = 8
_ALL = ""


class _Tier(View):
    """One step of the staircase."""

    def __init__(self, number: int, code: str) -> None:
        start = 6 + 3 * number
        self.code = code
        self.label = typed(_("Your name for it"), placeholder=_("optional"), width="34em")
        self.start = typed(_("Starts at session"), str(start), width="15em", label="10em")
        self.first = typed(_("Starts from session"), str(start), width="15em", label="10em")
        self.last = typed(_("to session"), str(start + 2), width="11em", label="6em")
        self.measure = choice(_("Measured by"), [(_("All measures"), _ALL)], _ALL, width="38em")
        super().__init__([row([self.label, self.start, self.first, self.last]), self.measure])

    @property
    def fields(self) -> tuple[Field, ...]:
        """All its fields."""
        return (self.label, self.start, self.first, self.last, self.measure)


class StaggeredPlan(View):
    """The fields of a multiple baseline across clients, behaviours or settings.

    Parameters
    ----------
    changed : callable
        Called whenever a field changes.
    seed : int
        Of the draw, the same as long as the page is open.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> plan = StaggeredPlan(lambda _: None, seed=1)
    >>> study = plan.study([from_catalogue("phq-9")], code="K7M2QX")
    >>> [c.phases[1].start for c in study.cases]
    [6, 9, 12]
    """

    def __init__(self, changed: Callable[[object], None], *, seed: int) -> None:
        self._seed = seed
        self._changed = changed
        self._filling = False
        self.across = choice(_("Across"), in_words(_ACROSS), "clients")
        self.tiers_number = choice(_("How many"), [(str(n), n) for n in range(2, _MOST_TIERS + 1)], 3)
        self.how = choice(_("When intervention starts"), in_words(_HOW), "fixed")
        self.sessions = typed(_("Sessions in all"), "18", hint=_("The same for every one of them."))
        self.min_phase = typed(
            _("Shortest phase, in sessions"), "5", hint=_("5 or more is best; fewer than 3 shows little.")
        )
        codes: list[str] = []
        while len(codes) < _MOST_TIERS:
            codes.append(new_code(taken=set(codes)))
        self.tiers = [_Tier(i, code) for i, code in enumerate(codes)]
        super().__init__([self.across, self.tiers_number, self.how, self.sessions, self.min_phase, *self.tiers])
        top = (self.across, self.tiers_number, self.how, self.sessions, self.min_phase)
        for field in (*top, *(f for tier in self.tiers for f in tier.fields)):
            field.watch(self._react)
        self.offer(())
        self._lay_out()

    @property
    def drawn(self) -> bool:
        """Whether the starts are drawn at random."""
        return bool(self.how.value == "random")

    @property
    def compared(self) -> dict[str, Any]:
        """What the chances of this plan are worked out for."""
        return {"design": "multiple-baseline", "tiers": int(self.tiers_number.value)}

    @property
    def labels(self) -> dict[str, str]:
        """The clinic's own names by tier code."""
        return {tier.code: tier.label.text() for tier in self._used}

    def offer(self, measures: Sequence[Measure]) -> None:
        """Let each tier choose among these measures; behaviours get one each while nobody has chosen."""
        outcomes = [m for m in measures if m.role == "outcome"]
        listed = [(_("All measures"), _ALL), *((m.label, m.key) for m in outcomes)]
        self._filling = True
        for number, tier in enumerate(self.tiers):
            held = tier.measure.value if tier.measure.value in [m.key for m in outcomes] else _ALL
            if held == _ALL and self.across.value == "behaviours" and len(outcomes) >= len(self._used):
                held = outcomes[number].key if number < len(outcomes) else _ALL
            choices(tier.measure, listed, held)
            tier.measure.hide(len(outcomes) < 2)
        self._filling = False

    def study(self, measures: Sequence[Measure], *, code: str) -> Study:
        """The study as planned; a mistake is shown beside its field.

        Raises
        ------
        StudyError
            When a field is wrong.
        """
        self.offer(measures)
        fields: list[Field] = [self.sessions]
        fields += [self.min_phase] if self.drawn else []
        fields += [f for t in self._used for f in ((t.first, t.last) if self.drawn else (t.start,))]
        numbers = _whole_numbers(fields)
        if not self.drawn:
            return self._made(measures, code, starts=numbers[1:], sessions=numbers[0])
        sessions, shortest, ends = numbers[0], numbers[1], numbers[2:]
        windows = list(zip(ends[::2], ends[1::2], strict=True))
        now = dt.datetime.now(dt.UTC)
        try:
            draw = draw_start_windows(
                windows=windows, sessions=sessions, min_phase=shortest, seed=self._seed, drawn_at=now
            )
        except StudyError as error:
            self._beside(error)
            raise
        return self._made(measures, code, starts=None, sessions=sessions, randomization=draw)

    def worst(self, measures: Sequence[Measure], *, code: str) -> Study:
        """The draw that would serve the design worst (the same as `study` where nothing is drawn)."""
        planned = self.study(measures, code=code)
        draw = planned.randomization
        if draw is None:
            return planned
        ends = [[w[side] for w in draw.windows] for side in (0, 1)]
        bounds = [self._made(measures, code, starts=starts, sessions=draw.sessions) for starts in ends]
        order = ("does not meet", "meets with reservations", "meets without reservations")
        return min(bounds, key=lambda s: order.index(grade_wwc(s).grade))

    def lock(self, locked: bool) -> None:
        """Forbid changes to the plan, or allow them again; names may always be changed."""
        top = (self.across, self.tiers_number, self.how, self.sessions, self.min_phase)
        for field in (*top, *(f for t in self.tiers for f in t.fields if f is not t.label)):
            field.lock(locked)

    def fill(self, study: Study, labels: dict[str, str]) -> None:
        """Show a stored plan."""
        self._filling = True
        self.across.value = study.across
        self.tiers_number.value = min(len(study.cases), _MOST_TIERS)
        self.sessions.value = str(study.sessions_planned or max(c.phases[-1].start for c in study.cases))
        draw = study.randomization
        self.how.value = "fixed" if draw is None else "random"
        if draw is not None:
            self.min_phase.value = str(draw.min_phase)
        listed = [(_("All measures"), _ALL), *((m.label, m.key) for m in study.outcomes)]
        for number, (tier, case) in enumerate(zip(self.tiers, study.cases, strict=False)):
            tier.code = case.code
            tier.label.value = labels.get(case.code, "")
            tier.start.value = str(case.phases[1].planned_start if len(case.phases) > 1 else case.phases[0].start)
            if draw is not None:
                tier.first.value, tier.last.value = (str(end) for end in draw.windows[number])
            own = [m.key for m in study.outcomes if m.key in case.measures]
            choices(tier.measure, listed, own[0] if len(own) == 1 else _ALL)
        self._filling = False
        self._lay_out()

    @property
    def _used(self) -> list[_Tier]:
        return self.tiers[: int(self.tiers_number.value)]

    def _made(
        self,
        measures: Sequence[Measure],
        code: str,
        *,
        starts: Sequence[int] | None,
        sessions: int,
        randomization: Randomization | None = None,
    ) -> Study:
        others = [m.key for m in measures if m.role != "outcome"]
        own = [[t.measure.value, *others] if t.measure.value else [m.key for m in measures] for t in self._used]
        try:
            return multiple_baseline(
                measures=measures,
                cases=[t.code for t in self._used],
                across=self.across.value,
                starts=starts,
                sessions=sessions,
                code=code,
                tier_measures=own if any(t.measure.value for t in self._used) else None,
                randomization=randomization,
            )
        except StudyError as error:
            self._beside(error)
            raise

    def _beside(self, error: StudyError) -> None:
        """Show an error at the tier that it names first, or at the field that it is about."""
        tiers = self._used
        where = {tier: min(_place(error.message, f"'{tier.code}'"), _place(error.message, f"start window {i + 1}:"))
                 for i, tier in enumerate(tiers)}  # fmt: skip
        named = min(tiers, key=lambda tier: where[tier])
        own = named.first if self.drawn else named.start
        if where[named] < len(error.message):
            own.show(error.message)
            return
        places = {"sessions": self.sessions, "min_phase": self.min_phase}
        places.get(error.field, own).show(error.message)

    def _react(self, change: Any) -> None:
        if self._filling:
            return
        self._lay_out()
        self._changed(change)

    def _lay_out(self) -> None:
        name = _NAMES[str(self.across.value)]
        for number, tier in enumerate(self.tiers):
            tier.layout.display = "" if number < int(self.tiers_number.value) else "none"
            tier.label.control.description = _(name).format(n=number + 1)
            tier.start.hide(self.drawn)
            tier.first.hide(not self.drawn)
            tier.last.hide(not self.drawn)
        self.min_phase.hide(not self.drawn)


def _whole_numbers(fields: Sequence[Field]) -> list[int]:
    numbers, wrong = [], []
    for field in fields:
        field.show("")
        try:
            numbers.append(field.whole())
        except StudyError as error:
            field.show(error.message)
            wrong.append(error.message)
    if wrong:
        raise StudyError("\n".join(wrong), field="plan")
    return numbers


def _place(text: str, part: str) -> int:
    found = text.find(part)
    return len(text) if found < 0 else found
