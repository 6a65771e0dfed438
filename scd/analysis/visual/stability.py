"""May the phase change? A rule on how stable the last values are, and a record of what it looked at."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np

from scd.analysis.visual.phase_values import phase_values
from scd.analysis.visual.trend_lines import trend_line
from scd.language import gettext as _
from scd.language import number
from scd.study import StabilityRule, Study, StudyError
from scd.study.record import Number, Record

__all__ = ["StabilityLook", "StabilityRule", "look_at_stability", "read_look"]

_ROUNDING = 1e-9


class StabilityLook(Record):
    """One look at a phase: the data it saw, the rule, and the verdict. Kept, so that nobody need trust memory.

    Parameters
    ----------
    case, measure, phase : str
        What was looked at.
    looked_at : datetime.datetime
        When, with time zone.
    rule : StabilityRule
        The rule as it stood.
    sessions, values : tuple
        The last values that were on record, and their session numbers; no later one was seen.
    seen : int
        How many values the phase held in all.
    median, lower, upper : float
        The envelope.
    inside : int
        How many of `values` lie in it.
    drift : float
        How far the Theil-Sen line goes from the first to the last of these sessions; in the measure's units.
    stable : bool
        The verdict.
    """

    case: str
    measure: str
    phase: str
    looked_at: dt.datetime
    rule: StabilityRule
    sessions: tuple[int, ...]
    values: tuple[Number, ...]
    seen: int
    median: Number
    lower: Number
    upper: Number
    inside: int
    drift: Number
    stable: bool

    @property
    def words(self) -> str:
        """The verdict and what it rests on."""
        where = _("{case}, {phase}, up to session {session}").format(
            case=self.case, phase=self.phase, session=self.sessions[-1]
        )
        if len(self.values) < self.rule.values:
            return _(
                "{where}: too early to say, {there} of the {needed} values that the rule needs are on record."
            ).format(where=where, there=len(self.values), needed=self.rule.values)
        verdict = _("stable, the phase may change") if self.stable else _("not stable yet")
        return _(
            "{where}: {verdict}. {inside} of the last {values} values lie between {lower} and {upper}; the line drifts "
            "by {drift}. The rule: {rule}."
        ).format(
            where=where,
            verdict=verdict,
            inside=self.inside,
            values=len(self.values),
            lower=number(float(f"{self.lower:.4g}")),
            upper=number(float(f"{self.upper:.4g}")),
            drift=number(float(f"{self.drift:.3g}")),
            rule=self.rule.words,
        )

    def to_json(self) -> str:
        """The look as a document, the same text for the same look."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)


def look_at_stability(
    study: Study,
    *,
    case: str,
    looked_at: dt.datetime,
    measure: str | None = None,
    phase: str | None = None,
    rule: StabilityRule | None = None,
) -> StabilityLook:
    """Look once at whether a phase is stable enough to change, and log what was seen.

    Changing phases by how the data look is a response-guided design: the number of looks and the rule belong into the
    report, and a randomisation test of the starts is then not valid.

    Parameters
    ----------
    study : Study
    case : str
        Code of the case.
    looked_at : datetime.datetime
        When, with time zone.
    measure : str, optional
        Key of the measure; by default the case's first outcome.
    phase : str, optional
        The phase; by default the last one that holds values.
    rule : StabilityRule, optional
        By default the last 5 values, all within 20 % of their median, drifting no further.

    Returns
    -------
    StabilityLook

    Raises
    ------
    StudyError
        When the phase holds no value, the time has no zone, or the rule needs a range that the measure lacks.

    References
    ----------
    Lane and Gast (2014), doi:10.1080/09602011.2013.815636. Allison, Franklin and Heshka (1992), Journal of Experimental
    Education 61 (what guided phase changes do to error rates).

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> seen = enumerate([9, 5, 5, 6, 5, 5], 1)
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in seen]
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),)).record(*rows)
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,))
    >>> look = look_at_stability(study, case="K7M2", looked_at=dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC))
    >>> look.stable, look.sessions, look.values
    (True, (2, 3, 4, 5, 6), (5.0, 5.0, 6.0, 5.0, 5.0))
    """
    rule = rule or StabilityRule()
    if looked_at.tzinfo is None:
        raise StudyError("looked_at: needs a time zone, so that looks can be put in order", field="looked_at")
    held = {one.phase: one for one in phase_values(study, measure=measure, case=case)}
    if phase is not None and phase not in held:
        raise StudyError(
            f"case '{case}', phase '{phase}': holds no value to look at (values are in {', '.join(held)})",
            field="phase",
        )
    one = held[phase] if phase is not None else list(held.values())[-1]
    y, t = one.values[-rule.values :], one.sessions[-rule.values :]
    middle = float(np.median(y))
    whole = abs(middle) if rule.of == "median" else one.measure.range
    if whole is None:
        raise StudyError(
            f"measure '{one.measure.key}': has no range, and the rule measures by it; give its range, or use "
            "of='median'",
            field="of",
        )
    half = rule.width * whole
    drift = trend_line(y, sessions=t, name="Theil-Sen").slope * float(t[-1] - t[0]) if len(y) > 1 else 0.0
    room = _ROUNDING * max(1.0, float(np.abs(y).max()))
    inside = int((np.abs(y - middle) <= half + room).sum())
    enough = len(y) >= rule.values and inside >= rule.inside * len(y) - _ROUNDING
    return StabilityLook(
        case=case,
        measure=one.measure.key,
        phase=one.phase,
        looked_at=looked_at,
        rule=rule,
        sessions=tuple(int(n) for n in t),
        values=tuple(float(v) for v in y),
        seen=len(one.values),
        median=middle,
        lower=middle - half,
        upper=middle + half,
        inside=inside,
        drift=drift,
        stable=enough and abs(drift) <= rule.drift * half + room,
    )


def read_look(text: str) -> StabilityLook:
    """Read a stored look.

    Parameters
    ----------
    text : str
        From `StabilityLook.to_json`.

    Returns
    -------
    StabilityLook

    Raises
    ------
    StudyError
        When it is no such document.

    Examples
    --------
    >>> read_look("[]")
    Traceback (most recent call last):
    scd.study.errors.StudyError: stored look: is not a document of one look
    """
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise StudyError(f"stored look: is not JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(body, dict):
        raise StudyError("stored look: is not a document of one look")
    rule = body.pop("rule", None)
    if not isinstance(rule, dict):
        raise StudyError("stored look: says no rule", field="rule")
    return StabilityLook(**body, rule=StabilityRule(**rule))
