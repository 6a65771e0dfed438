"""Plans of alternating treatments: two conditions that change from session to session."""

from __future__ import annotations

from collections.abc import Sequence

from scd.design.courses import Course, starts_of
from scd.design.randomization import assignment_is_admissible
from scd.study import Case, Measure, Phase, Randomization, Study, StudyError, new_code

__all__ = ["alternating_treatments"]

_MOST_RUNS = 1_998  # labels run to A999 and B999


def alternating_treatments(
    *,
    measures: Sequence[Measure],
    randomization: Randomization,
    code: str | None = None,
    case: str | None = None,
) -> Study:
    """Plan an alternating treatments design for one client.

    Parameters
    ----------
    measures : sequence of Measure
        What is measured; the first outcome is the headline.
    randomization : Randomization
        A draw of one order by `draw_alternating`, `draw_blocks` or `draw_custom`; it is kept in the study.
    code, case : str, optional
        Pseudonyms of the study and of its case. Without `code` a new one is made; without `case` it is the same.

    Returns
    -------
    Study
        Of design ``reversal``: every run of sessions under one condition is a phase, A1, B1, A2, ….

    Raises
    ------
    StudyError
        When the draw is of another kind or lies outside its own set.

    Examples
    --------
    >>> import datetime as dt
    >>> from scd.design import draw_alternating
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> now = dt.datetime(2026, 3, 2, 9, 0, tzinfo=dt.UTC)
    >>> draw = draw_alternating(sessions=8, max_consecutive=2, seed=3, drawn_at=now)
    >>> study = alternating_treatments(measures=[mood], randomization=draw, code="K7M2")
    >>> draw.orders[0], [p.planned_start for p in study.cases[0].phases] == [1, *draw.starts[0]]
    ('ABAABABB', True)
    """
    if randomization.scheme not in ("alternating", "blocks", "custom") or len(randomization.starts) != 1:
        raise StudyError(
            "stored draw: alternating treatments need one order of sessions, by scheme 'alternating', 'blocks' or "
            f"'custom' (got '{randomization.scheme}' for {len(randomization.starts)} cases)",
            field="randomization",
        )
    if not assignment_is_admissible(randomization):
        raise StudyError(
            "stored draw: its order or its count don't fit the set that it states; draw anew", field="randomization"
        )
    code = new_code() if code is None else code
    order = randomization.orders[0]
    course = Course(code if case is None else case, tuple(range(1, len(order) + 1)), order)
    if len(course.labels) > _MOST_RUNS:
        raise StudyError(
            f"alternating treatments: conditions may change at most {_MOST_RUNS - 1} times (got "
            f"{len(course.labels) - 1}); plan fewer sessions",
            field="randomization",
        )
    pairs = zip(course.labels, (1, *starts_of(order)), strict=True)
    phases = tuple(Phase(label=label, planned_start=start) for label, start in pairs)
    return Study(
        code=code,
        design="reversal",
        measures=tuple(measures),
        cases=(Case(code=course.case, phases=phases),),
        sessions_planned=randomization.sessions,
        randomization=randomization,
    )
