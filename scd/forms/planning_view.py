"""How many sessions are enough: a part of the plan that simulates designs side by side when it is asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from scd.forms.alert import Alert
from scd.forms.background import started
from scd.forms.fields import Field, choice, in_words, typed
from scd.forms.markup import mistake, said
from scd.forms.planning_result import chances_html
from scd.forms.view import View, button, folded, row, shown
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import Measure, StudyError

if TYPE_CHECKING:
    from scd.analysis.planning import Chance, Question

__all__ = ["PlanningView"]

_ALIKE = [
    (N_("not at all (autocorrelation 0)"), 0.0),
    (N_("somewhat, as is usual (0.3)"), 0.3),
    (N_("much (0.5)"), 0.5),
]
_JUDGES = [
    (N_("by the model that heads the report"), "report"),
    (N_("by the level model (phases of a kind are alike)"), "level"),
]
_LABEL, _WIDTH = "19em", "46em"
_COMPARED = ("ab", "abab", "multiple-baseline")
_MOST_LENGTHS = 6
_REPLICATIONS = 500


class PlanningView(View):
    """Work out the chances of the plan's own design, of AB, of ABAB and of a multiple baseline.

    The button schedules the simulation, so that the page stays alive and shows how far it is; `work_out` does the same
    at once, for scripts and tests.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    replications : int
        Simulated clients for each design and length.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> view = PlanningView(Alert(), replications=10)
    >>> view.use(from_catalogue("phq-9"), design="abab")
    >>> view.change.value, view.sd.value
    ('6', '5.4')
    """

    def __init__(self, alert: Alert, *, replications: int = _REPLICATIONS) -> None:
        self._replications = replications
        self._measure: Measure | None = None
        self._asked: dict[str, Any] = {"designs": list(_COMPARED), "min_phase": 3, "tiers": 3}
        self._refused = ""
        self.found: tuple[Chance, ...] = ()
        self.task: asyncio.Task[None] | None = None
        self.change = _typed(_("Change to be found"), hint=_("In the measure's units: how much better it would be."))
        self.sd = _typed(_("Scatter within a phase"), hint=_("Standard deviation of the values while nothing changes."))
        self.level = _typed(_("Level before treatment"), placeholder=_("optional"))
        self.alike = choice(_("Neighbouring sessions are alike"), in_words(_ALIKE), 0.3, label=_LABEL, width=_WIDTH)
        self.judge = choice(_("Judged"), in_words(_JUDGES), "report", label=_LABEL, width=_WIDTH)
        self.missed = _typed(_("Missed sessions, in percent"), "10")
        self.fewest = typed(_("Sessions a phase, from"), "3", width="26em", label=_LABEL)
        self.most = typed(_("to"), "15", width="12em", label="3em")
        self.minutes = _typed(_("Minutes a session takes the client"), "5")
        self.run = button(_("Work out the chances"), alert.guard(lambda _b: self._start(alert)))
        self.bar = widgets.FloatProgress(
            min=0, max=1, description=_("Simulating"), layout=widgets.Layout(width="38em", max_width="100%")
        )
        self.bar.style.description_width = "initial"
        self.told = shown()
        self.result = shown()
        parts = [
            shown(
                said(
                    _("Simulates clients who go through each design, and counts in how many the change is found."),
                    tone="quiet",
                )
            ),
            self.change, self.sd, self.level, self.alike, self.judge, self.missed, row([self.fewest, self.most]),
            self.minutes, row([self.run]), self.bar, self.told, self.result,
        ]  # fmt: skip
        super().__init__([folded(_("How many sessions are enough?"), View(parts))])
        self._busy(False)
        self._offer()

    def use(self, measure: Measure | None, *, design: str, min_phase: int = 3, tiers: int = 3) -> None:
        """Plan for this measure, and compare the plan's own design with the others.

        Parameters
        ----------
        measure : Measure or None
            The headline's; None when it is not complete yet.
        design : str
            As for `scd.analysis.planning.design_name`.
        min_phase, tiers : int
            As for `scd.analysis.planning.planned_design`.
        """
        changed = _facts(measure) != _facts(self._measure)
        self._measure = measure
        if changed:  # a new label alone must not take away what somebody typed
            self.result.value = ""
            self._offer()
        designs = list(dict.fromkeys([*_COMPARED[:2], design, _COMPARED[2]]))
        self._asked = {"designs": designs, "min_phase": min_phase, "tiers": tiers}

    def work_out(self) -> None:
        """Simulate at once, in the caller's own thread."""
        asked = self._read()
        if asked is not None:
            self._show(asked, self._simulated(asked, lambda share: None))

    def _offer(self) -> None:
        """What a measure suggests for the fields."""
        measure = self._measure
        unit = None if measure is None else measure.spread
        if measure is not None:
            usual = measure.meaningful_change or unit
            self.change.value = "" if usual is None else f"{usual:g}"
            self.sd.value = "" if unit is None else f"{unit:g}"
        self.level.hide(measure is None or measure.scale != "rating")

    def _read(self) -> dict[str, Any] | None:
        """What the fields ask, or None where one is wrong: that is shown beside it."""
        self.told.value = ""
        measure = self._measure
        if measure is None:
            self.told.value = mistake(_("First complete part 1: the chances hang on the measure."))
            return None
        fields = (self.change, self.sd, self.level, self.missed, self.fewest, self.most, self.minutes)
        for field in fields:
            field.show("")
        numbers = {field: _read_field(field, needed=field in (self.change, self.sd)) for field in fields}
        if any(field.message.value for field in fields):
            return None
        fewest, most = numbers[self.fewest] or 3, numbers[self.most] or 15
        try:
            question = self._question(measure, numbers)
            lengths = _lengths(int(fewest), int(most))
        except StudyError as error:
            places = {"sd": self.sd, "missed": self.missed, "baseline": self.level, "sessions": self.most}
            where = places.get(error.field)
            if where is None:
                self.told.value = mistake(error.message)
            else:
                where.show(error.message)
            return None
        return {
            "question": question,
            "sessions": lengths,
            "change": numbers[self.change],
            "minutes": numbers[self.minutes],
        }

    def _question(self, measure: Measure, numbers: dict[Field, float | None]) -> Question:
        from scd.analysis.planning import Question

        sd, missed = numbers[self.sd], numbers[self.missed]
        return Question(
            unit=measure.spread or sd or 1.0,
            sd=sd,
            meaningful=measure.meaningful_change,
            missed=(missed or 0.0) / 100,
            model=self.judge.value,
            scale=measure.scale,
            minimum=measure.minimum,
            maximum=measure.maximum,
            baseline=numbers[self.level] if measure.scale == "rating" else None,
            improvement=measure.improvement,
        )

    def _simulated(self, asked: dict[str, Any], told: Callable[[float], None]) -> tuple[Chance, ...]:
        """What is drawn, then with fewer clients what would be if neighbouring sessions were less or more alike."""
        from scd.analysis.planning import chances

        phi = float(self.alike.value)
        others = [p for _words, p in _ALIKE if p != phi]
        parts = (([phi], self._replications, 0.0, 0.5), (others, max(self._replications * 2 // 5, 10), 0.5, 1.0))
        found: tuple[Chance, ...] = ()
        try:
            for phis, replications, begin, end in parts:
                found += chances(
                    asked["question"],
                    designs=self._asked["designs"],
                    sessions=asked["sessions"],
                    changes=[asked["change"]],
                    autocorrelations=phis,
                    replications=replications,
                    min_phase=self._asked["min_phase"],
                    tiers=self._asked["tiers"],
                    progress=lambda share, begin=begin, end=end: told(begin + share * (end - begin)),  # type: ignore[misc]
                )
        except StudyError as error:
            self._refused = error.message
            return ()
        return found

    def _start(self, alert: Alert) -> None:
        self.task = started(self._work_later, alert=alert, running=self.task)

    async def _work_later(self) -> None:
        asked = self._read()
        if asked is None:
            return
        loop = asyncio.get_running_loop()

        def progressed(share: float) -> None:
            # What is shown meanwhile is handed from the thread that simulates to the one that owns the page.
            loop.call_soon_threadsafe(self._progressed, share)

        self._busy(True)
        try:
            found = await asyncio.to_thread(self._simulated, asked, progressed)
        finally:
            self._busy(False)
        self._show(asked, found)

    def _show(self, asked: dict[str, Any], found: Sequence[Chance]) -> None:
        self.found = tuple(found)
        if not found:
            self.told.value = mistake(self._refused)
            return
        self.result.value = chances_html(self.found, asked["question"], minutes=asked["minutes"])

    def _progressed(self, share: float) -> None:
        self.bar.value = min(max(share, 0.0), 1.0)

    def _busy(self, busy: bool) -> None:
        self.run.disabled = busy
        self.bar.value = 0.0
        self.bar.layout.display = "" if busy else "none"


def _typed(description: str, value: str = "", *, hint: str = "", placeholder: str = "") -> Field:
    return typed(description, value, hint=hint, placeholder=placeholder, width=_WIDTH, label=_LABEL)


def _facts(measure: Measure | None) -> tuple[object, ...]:
    """What the chances hang on."""
    if measure is None:
        return ()
    return (measure.scale, measure.minimum, measure.maximum, measure.meaningful_change, measure.improvement)


def _read_field(field: Field, *, needed: bool) -> float | None:
    try:
        number = field.number()
    except StudyError as error:
        field.show(error.message)
        return None
    if number is None and needed:
        field.show(_("{name}: is empty; give a number.").format(name=field.name))
    elif number is not None and number < 0:
        field.show(_("{name}: must be 0 or more.").format(name=field.name))
    return number


def _lengths(fewest: int, most: int) -> list[int]:
    """A few lengths from the fewest to the most.

    Examples
    --------
    >>> _lengths(3, 15)
    [3, 5, 8, 10, 13, 15]
    """
    if not 1 <= fewest <= most:
        raise StudyError(_("Sessions a phase: run from a smaller number to a larger one, from 1 on."), field="sessions")
    steps = min(_MOST_LENGTHS, most - fewest + 1) - 1
    return list(dict.fromkeys(fewest + round(i * (most - fewest) / max(steps, 1)) for i in range(steps + 1)))
