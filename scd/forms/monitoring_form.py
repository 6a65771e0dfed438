"""The rule for looking while a study runs: chosen before the intervention, with how often it errs shown first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets
import traitlets

from scd.analysis.steering import choose_monitoring, default_monitoring, rule_words
from scd.analysis.steering.steering_words import rate_words
from scd.forms.alert import Alert
from scd.forms.background import started
from scd.forms.fields import Field, choice, choices, typed
from scd.forms.markup import mistake, said, table
from scd.forms.view import View, button, row, shown
from scd.language import gettext as _
from scd.language import localized
from scd.study import Measure, Monitoring, Study, StudyError
from scd.study.begun import first_treated

__all__ = ["MonitoringForm"]

_REPLICATIONS = 1000


class MonitoringForm(View):
    """Choose the monitoring rule of a stored study.

    Its one output is `tried`: the study with the rule that was tried out last, and its simulated error rates. The
    button schedules the simulation, so that the page stays alive; `try_out` does the same at once.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    keep : callable
        Called by the button **Keep this rule** with the study that has it.
    replications : int
        Simulated clients in each situation.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.study.catalogue import from_catalogue
    >>> form = MonitoringForm(Alert(), keep=lambda study: None)
    >>> form.show(reversal(measures=[from_catalogue("phq-9")], phases="AB", sessions=[6, 10], code="K7M2QX"))
    >>> form.looks.value, form.change.value
    ('3, 5, 8, 10', '6')
    """

    tried = traitlets.Instance(Study, allow_none=True)

    def __init__(self, alert: Alert, *, keep: Callable[[Study], None], replications: int = _REPLICATIONS) -> None:
        super().__init__()
        self._alert, self._replications = alert, replications
        self._study: Study | None = None
        self.task: asyncio.Task[None] | None = None
        self.told = shown()
        self.measure = choice(_("Outcome that is watched"), [("", "")], "")
        self.change = typed(_("Smallest change that matters"), hint=_("In the outcome's own units."))
        self.looks = typed(
            _("Look after so many values"),
            hint=_("Of the first intervention phase, such as 3, 5, 8. Each look is one more chance of a false alarm."),
        )
        self.values = typed(_("Baseline is stable: of the last"), width="19em")
        self.inside = typed(_("values"), width="9em", label="initial")
        self.width = typed(_("lie around their median within ±"), width="20em", label="initial")
        self.of = widgets.HTML(layout=widgets.Layout(width="auto", margin="3px 0 0 4px"))
        self.longest = typed(_("Baseline at the longest"), hint=_("It goes on after so many values, stable or not."))
        self.missed = typed(_("Sessions missed, in %"), "0", hint=_("How many you expect; they are simulated, too."))
        guard = alert.guard
        self.run = button(_("Work out its false alarms"), guard(lambda _b: self._start()))
        self.keep = button(_("Keep this rule"), guard(lambda _b: self._hand(keep)), main=True)
        self.waiting = shown()
        self.result = shown()
        self._fields = (
            self.change, self.looks, self.values, self.inside, self.width, self.longest, self.missed,
        )  # fmt: skip
        baseline = row([self.values, self.inside, self.width, self.of])
        entered: list[widgets.Widget] = [self.measure, self.change, self.looks, baseline, self.longest, self.missed]
        self._entered = widgets.VBox([*entered, row([self.run]), self.waiting, self.result, row([self.keep])])
        self.children = [self.told, self._entered]
        self.measure.watch(guard(lambda _c: self._propose()))
        for field in self._fields:
            field.watch(guard(lambda _c: self._forget()))
        self.show(None)

    def show(self, study: Study | None) -> None:
        """Show a stored study's rule, or the one that is proposed; None before the first save."""
        self._study = study
        if study is None:
            self.told.value = said(_("First save the study. Then the rule can be chosen."), tone="quiet")
            self._entered.layout.display = "none"
            return
        begun = first_treated(study) is not None
        self._entered.layout.display = "none" if begun else ""
        rule = study.monitoring
        self.told.value = _stands(study, rule, begun=begun)
        if begun:
            return
        outcomes = [(m.label, m.key) for m in study.outcomes]
        choices(self.measure, outcomes, outcomes[0][1] if rule is None else rule.measure)
        self.measure.hide(len(outcomes) == 1)
        self._propose()

    def _hand(self, keep: Callable[[Study], None]) -> None:
        if self.tried is not None:
            keep(self.tried)

    def try_out(self) -> None:
        """Simulate the rule at once, in the caller's own thread; mistakes are shown beside their fields."""
        self._forget()
        rule = self._rule()
        if rule is not None:
            self._show(self._simulated(rule))

    async def _try_later(self) -> None:
        self._forget()
        rule = self._rule()
        if rule is None:
            return
        self.run.disabled = True
        told = _("Simulating {clients} clients like this one; it takes about ten seconds …")
        self.waiting.value = said(told.format(clients=6 * self._replications), tone="quiet")
        try:
            self._show(await asyncio.to_thread(self._simulated, rule))
        finally:
            self.run.disabled = False
            self.waiting.value = ""

    def _start(self) -> None:
        self.task = started(self._try_later, alert=self._alert, running=self.task)

    def _simulated(self, rule: Monitoring) -> Study | StudyError:
        assert self._study is not None
        try:
            return choose_monitoring(self._study, rule=rule, replications=self._replications)
        except StudyError as error:
            return error

    def _show(self, found: Study | StudyError) -> None:
        if isinstance(found, StudyError):
            self.waiting.value = ""
            self.result.value = mistake(found.message)
            return
        assert found.monitoring is not None
        measure = found.measure(found.monitoring.measure)
        words = "".join(said(text) for text in rule_words(found.monitoring, measure=measure))
        self.result.value = words + _rates(found.monitoring, measure=measure)
        self.tried = found
        self.keep.layout.display = ""

    def _rule(self) -> Monitoring | None:
        """The rule that the fields describe; None where one is wrong, which is then shown beside it."""
        assert self._study is not None
        read = (
            self._read(self.change, lambda f: f.number()),
            self._read(self.looks, _looks),
            *(self._read(f, lambda f: f.whole()) for f in (self.values, self.inside)),
            self._read(self.width, lambda f: f.number()),
            self._read(self.longest, lambda f: f.whole()),
            self._read(self.missed, lambda f: f.number()),
        )
        if None in read:
            return None
        change, looks, values, inside, width, longest, missed = read
        try:
            rule = default_monitoring(self._study, measure=str(self.measure.value), meaningful_change=change)
            stable = rule.baseline.replace(values=values, inside=inside / values, width=width / 100)
            return rule.replace(looks=looks, baseline=stable, baseline_longest=longest, missed=missed / 100)
        except StudyError as error:
            self.result.value = mistake(error.message)
            return None

    def _read(self, field: Field, reading: Callable[[Field], Any]) -> Any:
        field.show("")
        try:
            if not field.text():
                raise StudyError(_("Give a number."))
            return reading(field)
        except StudyError as error:
            field.show(error.message)
            return None

    def _propose(self) -> None:
        """Fill in the stored rule, or the one that is usual for this design."""
        self._forget()
        study = self._study
        if study is None:
            return
        measure = study.measure(str(self.measure.value))
        rule = study.monitoring
        if rule is None or rule.measure != measure.key:
            known = measure.meaningful_change
            try:
                rule = default_monitoring(study, measure=measure.key, meaningful_change=known or _guess(measure))
            except StudyError as error:
                self.result.value = mistake(error.message)
                return
            self.change.value = "" if known is None else localized(f"{known:g}")
        else:
            self.change.value = localized(f"{rule.meaningful_change:g}")
        stable = rule.baseline
        self.looks.value = ", ".join(str(n) for n in rule.looks)
        self.values.value = str(stable.values)
        self.inside.value = str(round(stable.inside * stable.values))
        self.width.value = localized(f"{100 * stable.width:g}")
        of = _("% of the measure's range") if stable.of == "range" else _("% of the median")
        self.of.value = said(of)
        self.longest.value = str(rule.baseline_longest)
        self.missed.value = localized(f"{100 * rule.missed:g}")
        self._forget()

    def _forget(self) -> None:
        """A rule that was changed has no rates until it is tried out again."""
        self.tried, self.result.value = None, ""
        self.keep.layout.display = "none"


def _stands(study: Study, rule: Monitoring | None, *, begun: bool) -> str:
    if rule is not None:
        head = _("This rule stands: it was chosen before the intervention began.") if begun else _("This rule is kept.")
        words = rule_words(rule, measure=study.measure(rule.measure))
        return said(head, tone="good") + "".join(said(text) for text in words)
    if begun:
        return said(
            _(
                "No rule was chosen, and the intervention has begun. One that is chosen in view of the data would have "
                "no known rate of false alarms. The weekly page tells probabilities, and no alarms."
            ),
            tone="warning",
        )
    return said(
        _(
            "When do you look, and what would be an alarm? Fixed before the intervention begins, the rule's false "
            "alarms can be worked out for this very design."
        )
    )


def _rates(rule: Monitoring, *, measure: Measure) -> str:
    head = [_("For a client"), _("Values from session to session"), _("Success"), _("Futility"), _("Harm")]
    rows = [
        (
            _("who does not change")
            if rates.change == 0
            else _("who improves by {change} {unit}").format(
                change=localized(f"{rates.change:g}"), unit=measure.unit_words
            ),
            _("unlike (autocorrelation 0)")
            if rates.autocorrelation == 0
            else _("alike (autocorrelation {phi})").format(phi=localized(f"{rates.autocorrelation:g}")),
            *(rate_words(rate) for rate in (rates.success, rates.futility, rates.harm)),
        )
        for rates in rule.rates
    ]
    return table(head, rows, caption=_("How often such clients would ever get each alarm"))


def _looks(field: Field) -> tuple[int, ...]:
    parts = [part for part in field.text().replace(";", ",").replace(" ", ",").split(",") if part]
    if not parts or not all(part.isdigit() and int(part) > 0 for part in parts):
        raise StudyError(_("Give whole numbers in order, such as 3, 5, 8 (got “{text}”).").format(text=field.text()))
    return tuple(sorted({int(part) for part in parts}))


def _guess(measure: Measure) -> float:
    """So that the other fields can be proposed; the field itself stays empty until somebody says which change."""
    return 0.1 * measure.range if measure.range is not None else 1.0
