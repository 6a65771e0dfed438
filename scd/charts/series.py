"""One case's values on one measure, cut into the pieces that a line may join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from scd.study import StudyError
from scd.study.session import numbers_left_out

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["cases_of", "estimates", "need_columns", "only_case", "phases_of", "series"]

_FRAME = ("case", "session", "phase", "measure", "value")
_PHASES = ("case", "phase", "start", "end")


def cases_of(phases: pd.DataFrame) -> list[str]:
    """The cases in the order of the table of phases.

    Raises
    ------
    StudyError
        When the table is empty or lacks a column.
    """
    need_columns(phases, columns=_PHASES, what="table of phases")
    if phases.empty:
        raise StudyError("chart, table of phases: needs at least 1 phase (got 0)", field="phases")
    return [str(case) for case in dict.fromkeys(phases["case"])]


def only_case(phases: pd.DataFrame, *, case: str | None = None) -> str:
    """The case to draw: the one named, or the only one there is.

    Raises
    ------
    StudyError
        When the case is not in the table of phases, or none is named and there are several, or a column is lacking.
    """
    known = cases_of(phases)
    if case is None:
        if len(known) != 1:
            raise StudyError(
                f"chart: shows one case, the table of phases has {len(known)} ({', '.join(known)}); "
                "name one with case=…",
                field="case",
            )
        return known[0]
    if case not in known:
        raise StudyError(f"chart: has no case '{case}' (the table of phases has {', '.join(known)})", field="case")
    return case


def phases_of(phases: pd.DataFrame, *, case: str) -> pd.DataFrame:
    """The phases of one case, in order.

    Raises
    ------
    StudyError
        When the table lacks a column.
    """
    need_columns(phases, columns=_PHASES, what="table of phases")
    return phases[phases["case"] == case].sort_values("start").reset_index(drop=True)


def series(frame: pd.DataFrame, *, measure: Measure, phases: pd.DataFrame, case: str) -> pd.DataFrame:
    """The sessions of one case at which a measure was due.

    Two values belong to one segment, and may be joined by a line, when they lie in the same phase and no session was
    missed between them. A session at which other measures were taken but not this one was not due and joins; a number
    that no session carries does not. Such a number counts as missed as `scd.study.session.numbers_left_out` says.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``Study.frame()``, with all measures.
    measure : Measure
        The measure.
    phases : pandas.DataFrame
        ``Study.phase_frame()``.
    case : str
        The case.

    Returns
    -------
    pandas.DataFrame
        Columns ``session, phase, condition, value, segment``; `value` is NaN where the session was missed, and
        `segment` is then -1.

    Raises
    ------
    StudyError
        When a table lacks a column.

    Examples
    --------
    >>> from scd.study import Measure
    >>> frame = pd.DataFrame({"case": "K", "session": [1, 2, 4], "phase": "A1", "measure": "mood", "value": [3, 4, 5]})
    >>> phases = pd.DataFrame({"case": ["K"], "phase": ["A1"], "start": [1], "end": [4]})
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> series(frame, measure=mood, phases=phases, case="K")["segment"].tolist()
    [0, 0, -1, 1]
    """
    need_columns(frame, columns=_FRAME, what="table of values")
    spans = phases_of(phases, case=case)
    of_case = frame[frame["case"] == case]
    held = {int(n) for n in of_case["session"]}
    taken = of_case[of_case["measure"] == measure.key].sort_values("session", kind="stable")
    values = {int(n): float(v) for n, v in zip(taken["session"], taken["value"], strict=True)}
    names = {int(n): str(p) for n, p in zip(taken["session"], taken["phase"], strict=True)}

    for number in numbers_left_out(held, first=min(values), last=max(values)) if values else []:
        values[number] = float("nan")
        names[number] = str(spans.loc[spans["start"] <= number, "phase"].iloc[-1])

    records: list[tuple[int, str, str, float, int]] = []
    segment, before, gap = -1, None, True
    for number in sorted(values):
        phase, value = names[number], values[number]
        if pd.isna(value):
            records.append((number, phase, phase[0], value, -1))
            gap = True
            continue
        apart = before is None or phase != before[1] or any(n not in held for n in range(before[0] + 1, number))
        if gap or apart:
            segment += 1
        records.append((number, phase, phase[0], value, segment))
        before, gap = (number, phase), False
    return pd.DataFrame(records, columns=["session", "phase", "condition", "value", "segment"])


def estimates(table: pd.DataFrame | None, *, case: str, columns: tuple[str, ...], what: str) -> pd.DataFrame:
    """The rows of one case in an optional table; an empty table when there is none.

    Raises
    ------
    StudyError
        When the table lacks a column.
    """
    if table is None:
        return pd.DataFrame(columns=["case", *columns])
    need_columns(table, columns=("case", *columns), what=what)
    return table[table["case"] == case].dropna(subset=["median", "lower", "upper"]).reset_index(drop=True)


def need_columns(table: pd.DataFrame, *, columns: tuple[str, ...], what: str) -> None:
    """Refuse a table that lacks a column.

    Raises
    ------
    StudyError
        With the columns that are lacking and those there are.
    """
    lacking = [c for c in columns if c not in table.columns]
    if lacking:
        raise StudyError(
            f"chart, {what}: lacks column {', '.join(repr(c) for c in lacking)} "
            f"(it has {', '.join(map(str, table.columns)) or 'none'})",
            field=lacking[0],
        )
