"""The second part of a page: the plan, what it looks like, and how far it can carry."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Literal

import traitlets

from scd.design.randomization import smallest_p_words
from scd.design.standards import grade_wwc
from scd.forms.alert import Alert
from scd.forms.baseline_plan import StaggeredPlan
from scd.forms.markup import said
from scd.forms.planning_view import PlanningView
from scd.forms.reversal_plan import ReversalPlan
from scd.forms.schedule import schedule
from scd.forms.view import View, shown
from scd.language import gettext as _
from scd.language import ngettext
from scd.study import Measure, Study, StudyError

__all__ = ["PlanForm"]


class PlanForm(View):
    """Plan a study.

    Its one output is `study`: a valid study, or None while a measure or a field is missing or wrong.

    Parameters
    ----------
    alert : Alert
        Where an unforeseen error is shown.
    kind : {"reversal", "multiple-baseline"}
        The design.
    code : str
        The study's code.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> form = PlanForm(Alert(), kind="reversal", code="K7M2QX")
    >>> form.use([from_catalogue("phq-9")])
    >>> form.study.sessions_planned
    20
    """

    study = traitlets.Instance(Study, allow_none=True)

    def __init__(self, alert: Alert, *, kind: Literal["reversal", "multiple-baseline"], code: str) -> None:
        super().__init__()
        changed = alert.guard(self._update)
        seed = secrets.randbits(32)
        self.plan = ReversalPlan(changed, seed=seed) if kind == "reversal" else StaggeredPlan(changed, seed=seed)
        self._code = code
        self._measures: tuple[Measure, ...] = ()
        self._stored: Study | None = None
        self._labels: dict[str, str] = {}
        self.fixed = shown()
        self.message = shown()
        self.preview = shown()
        self.planning = PlanningView(alert)
        self.children = [self.fixed, self.plan, self.message, self.preview, self.planning]
        self._update()

    @property
    def locked(self) -> bool:
        """Whether the plan can't change any more: a session is on record, or the starts were drawn and stored."""
        return self._stored is not None and (
            self._stored.randomization is not None or any(case.sessions for case in self._stored.cases)
        )

    @property
    def labels(self) -> dict[str, str]:
        """The clinic's own names of the tiers, by code."""
        return self.plan.labels if isinstance(self.plan, StaggeredPlan) else {}

    def use(self, measures: Sequence[Measure] | None) -> None:
        """Plan with these measures; None when they are not complete yet."""
        self._measures = tuple(measures or ())
        self._update()

    def show(self, study: Study | None, *, labels: Mapping[str, str]) -> None:
        """Show a stored study's plan, or an empty form."""
        self._stored, self._labels = study, dict(labels)
        if study is not None:
            self._measures = study.measures
            if isinstance(self.plan, StaggeredPlan):
                self.plan.fill(study, self._labels)
            else:
                self.plan.fill(study)
        self._update()

    def find_mistakes(self) -> str:
        """Why there is no study yet, in words; empty when there is one."""
        return "" if self.study is not None else self._problem

    def _update(self, _change: object = None) -> None:
        self._problem = ""
        locked = self.locked
        self.plan.layout.display = "none" if locked and isinstance(self.plan, ReversalPlan) else ""
        if isinstance(self.plan, StaggeredPlan):
            self.plan.lock(locked)
        self.fixed.value = said(self._why_fixed() if locked else "", tone="plain")
        self.planning.layout.display = "none" if locked else ""
        outcomes = [m for m in self._measures if m.role == "outcome"]
        self.planning.use(outcomes[0] if outcomes else None, **self.plan.compared)
        if not self._measures:
            self._problem = _("the measures are not complete (part 1)")
            self.study, self.preview.value, self.message.value = (
                None,
                "",
                said(_("First complete part 1."), tone="quiet"),
            )
            return
        try:
            study = self._rebuilt() if locked else self.plan.study(self._measures, code=self._code)
        except StudyError as error:
            self._problem = error.message
            self.study, self.preview.value = None, ""
            told = error.message if locked else _("The plan is not complete: see the marked field.")
            self.message.value = said(told, tone="warning")
            return
        self._draw(study)
        self.study = study

    def _rebuilt(self) -> Study:
        assert self._stored is not None
        return self._stored.replace(measures=self._measures)

    def _why_fixed(self) -> str:
        assert self._stored is not None
        recorded = sum(len(case.sessions) for case in self._stored.cases)
        if recorded:
            return ngettext(
                "The plan stands: {n} session is on record. Where a phase starts earlier or later than planned, say so "
                "in part 3.",
                "The plan stands: {n} sessions are on record. Where a phase starts earlier or later than planned, say "
                "so in part 3.",
                recorded,
            ).format(n=recorded)
        return _("The plan stands: its starts were drawn at random, and a draw is made once.")

    def _draw(self, study: Study) -> None:
        hidden = self.plan.drawn and not self.locked
        p = smallest_p_words(study.randomization)
        graded = self.plan.worst(self._measures, code=self._code) if hidden else study
        self.message.value = said(grade_wwc(graded).words, tone="plain") + said(p, tone="plain")
        if hidden:
            self.preview.value = said(
                _(
                    "The starts are drawn once, and shown when the study is saved. The grade above is what "
                    "any draw guarantees."
                ),
                tone="quiet",
            )
            return
        self.preview.value = schedule(study, labels=self._labels | {k: v for k, v in self.labels.items() if v})
