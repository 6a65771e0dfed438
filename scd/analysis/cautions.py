"""What a reader must know before believing the numbers: too few points, floors, wrong scale, plans that moved."""

from __future__ import annotations

from collections.abc import Iterator

from scd.language import gettext as _
from scd.language import localized
from scd.study import Case, Measure, Study

__all__ = ["cautions", "too_few_points"]

_FEWEST = 3
_EDGE_SHARE = 0.5
_MISSED_SHARE = 0.2
# Families whose model knows where the values end.
_KNOWS_EDGES = ("rating", "count", "poisson", "poisson-lognormal", "proportion")


def too_few_points(study: Study, measure_of: dict[str, Measure]) -> dict[str, str]:
    """Why a case's values can't carry a verdict, in one sentence a case.

    Parameters
    ----------
    study : Study
        The record.
    measure_of : dict of str to Measure
        The measure of each case that is judged.

    Returns
    -------
    dict of str to str
        Only the cases with fewer than 3 values in a phase that has begun.
    """
    why = {}
    for code, measure in measure_of.items():
        counts = _counts(study.case(code), measure)
        short = [_("phase {label} has {n}").format(label=label, n=n) for label, n in counts.items() if n < _FEWEST]
        if short:
            why[code] = _("each phase needs at least {fewest} values; {short}.").format(
                fewest=_FEWEST, short=", ".join(short)
            )
    return why


def cautions(study: Study, measure_of: dict[str, Measure], *, family: str = "gaussian") -> tuple[str, ...]:
    """Warnings about a study's data, most serious first.

    Parameters
    ----------
    study : Study
        The record.
    measure_of : dict of str to Measure
        The measure of each case that is judged.
    family : str
        How the values were taken; see `scd.models.families`.

    Returns
    -------
    tuple of str
        One sentence each; empty when there is nothing to warn of.
    """
    found: list[str] = []
    for code, measure in measure_of.items():
        found += _case_cautions(study.case(code), measure, family)
    left_out = [c.code for c in study.cases if c.code not in measure_of]
    if left_out and measure_of:
        found.append(_("Not in this estimate, for want of values: {left_out}.").format(left_out=", ".join(left_out)))
    return tuple(found)


def _case_cautions(case: Case, measure: Measure, family: str) -> Iterator[str]:
    values = [v for s in case.sessions if (v := s.value(measure.key)) is not None]
    if len(set(values)) == 1:
        yield _("Case {code}: all values are {values}; a series that never changes tells little.").format(
            code=case.code, values=localized(f"{values[0]:g}")
        )
    edges = () if family in _KNOWS_EDGES else ((measure.minimum, "floor"), (measure.maximum, "ceiling"))
    for edge, name in edges:
        at_edge = sum(v == edge for v in values)
        if edge is not None and len(set(values)) > 1 and at_edge >= _EDGE_SHARE * len(values):
            text = (
                _(
                    "Case {case}: {at_edge} of {values} values lie at the floor ({edge}) of {measure}; the estimate is "
                    "about mean values and can't see changes beyond it."
                )
                if name == "floor"
                else _(
                    "Case {case}: {at_edge} of {values} values lie at the ceiling ({edge}) of {measure}; the estimate "
                    "is about mean values and can't see changes beyond it."
                )
            )
            yield text.format(
                case=case.code, at_edge=at_edge, values=len(values), edge=localized(f"{edge:g}"), measure=measure.label
            )
    missed = len(case.missed_sessions(measure=measure.key))
    due = missed + len(values)
    if missed and missed >= _MISSED_SHARE * due:
        yield (
            _(
                "Case {code}: {missed} of {due} sessions were missed; if they were missed because the "
                "client was unwell, the estimate is too rosy."
            ).format(code=case.code, missed=missed, due=due)
        )
    for phase in case.phases:
        if phase.actual_start is not None and phase.actual_start != phase.planned_start:
            yield (
                _(
                    "Case {code}: phase {label} started at session {actual_start}, planned for "
                    "{planned_start} ({reason}); a start chosen in view of the data can bias the estimate."
                ).format(
                    code=case.code,
                    label=phase.label,
                    actual_start=phase.actual_start,
                    planned_start=phase.planned_start,
                    reason=phase.reason,
                )
            )


def _counts(case: Case, measure: Measure) -> dict[str, int]:
    """Values in every phase that has begun."""
    last = case.sessions[-1].number if case.sessions else 0
    counts = {p.label: 0 for p in case.phases if p.start <= last}
    for session in case.sessions:
        if session.value(measure.key) is not None:
            counts[case.phase_at(session.number).label] += 1
    return counts
