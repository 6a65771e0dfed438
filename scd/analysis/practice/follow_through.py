"""What was planned and what was done between sessions, as tables; what got in the way is counted, never quoted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.models.practice import practice_measure
from scd.study import StudyError
from scd.study.session import numbers_left_out

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Case, Measure, Study, Value

__all__ = ["follow_through", "follow_through_table"]

_SESSIONS = (
    "case",
    "practice",
    "session",
    "date",
    "phase",
    "condition",
    "planned",
    "done",
    "share",
    "obstacle",
    "missed",
)
_PHASES = ("case", "practice", "phase", "due", "known", "planned", "done", "share", "sessions_as_planned", "obstacles")


def follow_through(study: Study, *, case: str | None = None, practice: str | None = None) -> pd.DataFrame:
    """What was planned and done, session by session.

    Parameters
    ----------
    study : Study
        The record.
    case : str, optional
        Only this case; by default all that have a measure of practice.
    practice : str, optional
        Key of the measure of practice; needed where a case has several.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, practice, session, date, phase, condition, planned, done, share, obstacle, missed``: a row a
        session at which practice was due. `share` is done by planned, above 1 where more was done; NaN where either is
        unknown or nothing was planned. `obstacle` says whether something got in the way, in the record's words, which
        stay in the record; `missed`, that nobody said how much was done, which is not nothing.

    Raises
    ------
    StudyError
        When no case has a measure of practice, or it is not clear which is meant.
    """
    import pandas as pd

    rows: list[tuple[Any, ...]] = []
    for chosen, measure in _chosen(study, case=case, practice=practice):
        held = {s.number: s for s in chosen.sessions}
        left_out = numbers_left_out(list(held), first=min(held), last=max(held)) if held else []
        for number in sorted([*held, *left_out]):
            session = held.get(number)
            if session is not None and not session.due(measure.key):
                continue
            phase = chosen.phase_at(number)
            values = () if session is None else session.values
            entry: Value | None = next((v for v in values if v.measure == measure.key), None)
            told = (None, None, None, False) if entry is None else _told(entry)
            date = None if session is None else session.date
            rows.append((chosen.code, measure.key, number, date, phase.label, phase.condition, *told, told[1] is None))
    table = pd.DataFrame(rows, columns=list(_SESSIONS))
    kinds = {"session": "int64", "planned": "float64", "done": "float64", "share": "float64"}
    return table.astype(kinds | {"obstacle": "bool", "missed": "bool"}).assign(date=pd.to_datetime(table["date"]))


def follow_through_table(study: Study, *, case: str | None = None, practice: str | None = None) -> pd.DataFrame:
    """Follow-through by phase, and over all phases under intervention.

    Parameters
    ----------
    study, case, practice
        As in `follow_through`.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, practice, phase, due, known, planned, done, share, sessions_as_planned, obstacles``: a row a
        phase with practice due, then one a case with phase ``intervention``. `due` and `known` count sessions;
        `planned` and `done` are sums, in the measure's units, over the sessions where both are known, and `share` is
        the one by the other; where nothing was planned, `done` is the sum of what is known and the others are NaN.
        `sessions_as_planned` counts sessions at which as much as planned was done, or more; `obstacles` those at which
        something got in the way.

    Raises
    ------
    StudyError
        As in `follow_through`.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Study, Value
    >>> walks = Measure(key="walks", label="Walks", improvement="increase", minimum=0, role="practice", unit="walks")
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=2)))
    >>> entries = (Value(measure="walks", value=2, planned=4, obstacle="rain"), Value(measure="walks", planned=4))
    >>> case = case.record(*(Session(number=n, values=(v,)) for n, v in enumerate(entries, 2)))
    >>> study = Study(code="K7M2", design="reversal", measures=(walks,), cases=(case,))
    >>> follow_through_table(study)[["phase", "due", "known", "planned", "done", "share", "obstacles"]].values.tolist()
    [['B1', 2, 1, 4.0, 2.0, 0.5, 1], ['intervention', 2, 1, 4.0, 2.0, 0.5, 1]]
    """
    import pandas as pd

    every = follow_through(study, case=case, practice=practice)
    rows = []
    for (code, key), own in every.groupby(["case", "practice"], sort=False):
        parts = [(str(label), part) for label, part in own.groupby("phase", sort=False)]
        for label, part in [*parts, ("intervention", own[own["condition"] == "B"])]:
            if len(part):
                rows.append((code, key, label, *_summed(part)))
    return pd.DataFrame(rows, columns=list(_PHASES))


def _chosen(study: Study, *, case: str | None, practice: str | None) -> list[tuple[Case, Measure]]:
    if case is not None:
        one = study.case(case)
        return [(one, practice_measure(study, case=one, practice=practice))]
    found = []
    for one in study.cases:
        if any(m.role == "practice" for m in study.measures_of(one)):
            found.append((one, practice_measure(study, case=one, practice=practice)))
    if not found:
        raise StudyError(
            f"study '{study.code}': has no measure of practice; give a measure the role 'practice'", field="practice"
        )
    return found


def _told(entry: Value) -> tuple[float | None, float | None, float | None, bool]:
    return entry.planned, entry.value, entry.follow_through, bool(entry.obstacle)


def _summed(part: pd.DataFrame) -> tuple[Any, ...]:
    both = part.dropna(subset=["planned", "done"])
    planned, done = float(both["planned"].sum()), float(both["done"].sum())
    counts = len(part), int((~part["missed"]).sum())
    kept = int((both["done"] >= both["planned"]).sum())
    if both.empty:
        known = part["done"].dropna()
        done = float(known.sum()) if len(known) else float("nan")
        return *counts, float("nan"), done, float("nan"), 0, int(part["obstacle"].sum())
    share = done / planned if planned > 0 else float("nan")
    return *counts, planned, done, share, kept, int(part["obstacle"].sum())
