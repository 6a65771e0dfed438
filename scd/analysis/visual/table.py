"""Visual analysis, made exact: what an analyst looks at as one tidy table, as lines for a chart, and in sentences."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

from scd.analysis.visual.phase_values import PhaseValues, phase_values
from scd.analysis.visual.quantities import between_phases, consistency, inside_envelope, of_phase
from scd.analysis.visual.trend_lines import trend_line
from scd.language import gettext as _
from scd.language import localized, ngettext
from scd.study import Study, StudyError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "like_phase_words", "visual_lines", "visual_table", "visual_words"]

COLUMNS = ("case", "measure", "part", "aspect", "quantity", "value", "note")
_LINES = ("case", "phase", "line", "session_from", "session_to", "value_from", "value_to")


def visual_table(study: Study, *, measure: str | None = None, case: str | None = None) -> pd.DataFrame:
    """Every quantity of a visual analysis: one row a case, part and quantity.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the measure; by default each case's own first outcome.
    case : str, optional
        Only this case.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, measure, part, aspect, quantity, value, note``. `part` is a phase (``A1``), two adjacent phases
        (``A1-B1``, ``B1-A2``) or a condition (``A``). See `scd.analysis.visual.quantities` for what each quantity is.
        A value that can't be told is missing, and its note says why.

    Raises
    ------
    StudyError
        When the study has no such case or measure, or no value yet.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=4))
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([4, 5, 4, 7, 8], 1)]
    >>> case = Case(code="K7M2", phases=phases).record(*rows)
    >>> table = visual_table(Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,)))
    >>> table[table["quantity"] == "median"][["part", "value"]].values.tolist()
    [['A1', 4.0], ['B1', 7.5]]
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for phases in _cases(study, measure, case):
        head = (phases[0].case, phases[0].measure.key)
        rows += [(*head, phase.phase, *q) for phase in phases for q in of_phase(phase)]
        for before, after in pairwise(phases):
            rows += [(*head, f"{before.phase}-{after.phase}", *q) for q in between_phases(before, after)]
        rows += [(*head, part, *q) for part, q in consistency(phases)]
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"value": "float64"})


def visual_lines(study: Study, *, case: str, measure: str | None = None, envelope: float | None = 0.25) -> pd.DataFrame:
    """The lines that a visual analyst draws into the chart of one case.

    In each phase its median, its Theil-Sen line, and the ends of the stability envelope; of the first baseline also the
    mean and the Theil-Sen line drawn on to the end of the record.

    Parameters
    ----------
    study : Study
    case : str
        Code of the case.
    measure : str, optional
        Key of the measure; by default the case's first outcome.
    envelope : float, optional
        Half-width of the envelope as a share of the median; None leaves it out.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, phase, line, session_from, session_to, value_from, value_to``; `line` is ``median``,
        ``trend``, ``envelope``, ``projected mean`` or ``projected trend``.

    Raises
    ------
    StudyError
        When the case has no value yet, or `envelope` is no share.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([4, 5, 6], 1)]
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1),)).record(*rows)
    >>> study = Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,))
    >>> visual_lines(study, case="K7M2")[["line", "value_from", "value_to"]].values.tolist()
    [['median', 5.0, 5.0], ['trend', 4.0, 6.0], ['envelope', 3.75, 3.75], ['envelope', 6.25, 6.25]]
    """
    import pandas as pd

    if envelope is not None and not 0 < envelope < 1:
        raise StudyError(
            f"envelope: must be a share between 0 and 1, such as 0.25 (got {envelope:g})", field="envelope"
        )
    phases = phase_values(study, measure=measure, case=case, as_charted=True)
    end = float(phases[-1].sessions[-1])
    rows: list[tuple[Any, ...]] = []
    for n, phase in enumerate(phases):
        y, t = phase.values, phase.sessions
        first, last = float(t[0]), float(t[-1])
        lower, upper, _ = inside_envelope(y, width=envelope or 0.25)
        middle = (lower + upper) / 2
        rows.append((case, phase.phase, "median", first, last, middle, middle))
        line = trend_line(y, sessions=t, name="Theil-Sen") if len(y) > 1 else None
        if line is not None:
            rows.append((case, phase.phase, "trend", first, last, line.at(first), line.at(last)))
        if envelope is not None:
            rows += [(case, phase.phase, "envelope", first, last, edge, edge) for edge in (lower, upper)]
        if n == 0 and phase.condition == "A" and end > last:
            mean = float(y.mean())
            rows.append((case, phase.phase, "projected mean", last, end, mean, mean))
            if line is not None:
                rows.append((case, phase.phase, "projected trend", last, end, line.at(last), line.at(end)))
    return pd.DataFrame(rows, columns=list(_LINES))


def visual_words(study: Study, *, measure: str | None = None, case: str | None = None) -> tuple[str, ...]:
    """What the table shows, in sentences: a description, no verdict.

    Parameters
    ----------
    study, measure, case
        As in `visual_table`.

    Returns
    -------
    tuple of str
        For each case one sentence a phase, one a change, and one on the consistency of like phases.

    Raises
    ------
    StudyError
        As `visual_table`.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=4))
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([4, 5, 4, 7, 8], 1)]
    >>> case = Case(code="K7M2", phases=phases).record(*rows)
    >>> for told in visual_words(Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,))):
    ...     print(told)
    A1: 3 values around a median of 4, no change with time; 100 % lie within 25 % of the median (stable).
    B1: 2 values around a median of 7.5, rising by 1 a session (Theil-Sen); 100 % lie within 25 % of the median \
(stable).
    A1 to B1: the mean moves by +3.17, for the better; an intervention value is better than a baseline value in 100 % \
of pairs (NAP).
    """
    every = _cases(study, measure, case)
    told = []
    for phases in every:
        head = f"{phases[0].case}, " if len(every) > 1 else ""
        told += [head + _phase_words(phase) for phase in phases]
        told += [head + _change_words(before, after) for before, after in pairwise(phases)]
        told += _like_phase_words(phases, several=len(every) > 1)
    return tuple(told)


def like_phase_words(study: Study, *, measure: str | None = None, case: str | None = None) -> tuple[str, ...]:
    """Of `visual_words` only how much phases of one condition differ, which no short table shows.

    Parameters
    ----------
    study, measure, case
        As for `visual_words`.

    Returns
    -------
    tuple of str
        Empty where no condition comes twice.
    """
    every = _cases(study, measure, case)
    return tuple(text for phases in every for text in _like_phase_words(phases, several=len(every) > 1))


def _cases(study: Study, measure: str | None, case: str | None) -> list[list[PhaseValues]]:
    found = phase_values(study, measure=measure, case=case)
    return [list(part) for _, part in groupby(found, key=lambda one: one.case)]


def _like_phase_words(phases: list[PhaseValues], *, several: bool) -> list[str]:
    rows = [(part, q) for part, q in consistency(phases) if q.quantity.startswith("largest")]
    told = []
    for part, q in rows:
        if q.value == q.value:
            text = (
                _(
                    "{case}, the levels of the {condition} phases differ by up to {percent} % of the difference "
                    "between the conditions."
                )
                if several
                else _(
                    "The levels of the {condition} phases differ by up to {percent} % of the difference between "
                    "the conditions."
                )
            )
            told.append(text.format(case=phases[0].case, condition=part, percent=localized(f"{100 * q.value:.0f}")))
    return told


def _phase_words(phase: PhaseValues) -> str:
    told = {q.quantity: q for q in of_phase(phase)}
    count, middle = len(phase.values), told["median"].value
    head = ngettext(
        "{phase}: {n} value around a median of {median}", "{phase}: {n} values around a median of {median}", count
    ).format(phase=phase.phase, n=count, median=localized(f"{middle:.3g}"))
    slope = told["slope, Theil-Sen"].value
    if slope == slope:
        way = (
            _(", rising by {slope} a session (Theil-Sen)")
            if slope > 0
            else _(", falling by {slope} a session (Theil-Sen)")
            if slope
            else _(", no change with time")
        )
        head += way.format(slope=localized(f"{abs(slope):.3g}"))
    inside = told["inside 25 % of the median"]
    return _("{head}; {percent} % lie within 25 % of the median ({note}).").format(
        head=head, percent=localized(f"{100 * inside.value:.0f}"), note=inside.note
    )


def _change_words(before: PhaseValues, after: PhaseValues) -> str:
    told = {q.quantity: q for q in between_phases(before, after) if q.aspect in ("change", "overlap")}
    change = told["means"].value
    moved = (
        _("the mean stays the same")
        if not change
        else _("the mean moves by {change}, for the better")
        if change * before.measure.sign > 0
        else _("the mean moves by {change}, for the worse")
    )
    return _(
        "{earlier} to {later}: {moved}; an intervention value is better than a baseline value in {percent} % of pairs "
        "(NAP)."
    ).format(
        earlier=before.phase,
        later=after.phase,
        moved=moved.format(change=localized(f"{change:+.3g}")),
        percent=localized(f"{100 * told['NAP'].value:.0f}"),
    )
