"""From a table to a study: measures matched, phases as they happened, every problem named with its row."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePath
from typing import Any, Literal

from scd.records.matching import match_measures, quoted
from scd.records.preview import Preview, Problem, refuse
from scd.records.series import Entry
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value, new_code

__all__ = ["sessions_from_table", "study_from_table"]

Row = tuple[str, Entry]
"""The key of a measure, and what the table tells of one of its values."""

_TRIED = ("count", "proportion")  # where a value is so many of its trials


def sessions_from_table(
    preview: Preview,
    *,
    measures: Sequence[Measure] | Mapping[str, Measure],
    case: str | None = None,
    measure: str | None = None,
) -> tuple[Session, ...]:
    """The sessions of one case, to be recorded into a study that is planned already.

    Parameters
    ----------
    preview : Preview
        The table; it needs no phases.
    measures : sequence of Measure, or mapping of label to Measure
        As in `study_from_table`.
    case : str, optional
        The case's label in the table; needed when the table holds several.
    measure : str, optional
        Take only this one.

    Returns
    -------
    tuple of Session
        In order. A value that is missing in the table is a missed one, never 0.

    Raises
    ------
    StudyError
        With every problem of the table.

    Examples
    --------
    >>> from scd.records.tables import read_table
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> preview = read_table("session,mood\\n1,4\\n3,\\n", name="pasted text")
    >>> [(s.number, s.value("mood")) for s in sessions_from_table(preview, measures=[mood])]
    [(1, 4.0), (3, None)]
    """
    rows, _ = _checked(preview, measures, case=case, measure=measure)
    held = _different(e.case for _, e in rows)
    if len(held) > 1:
        raise StudyError(f"{preview.name}: holds several cases ({quoted(held)}); say which", field="case")
    return _sessions(rows)


def study_from_table(
    preview: Preview,
    *,
    measures: Sequence[Measure] | Mapping[str, Measure],
    design: Literal["reversal", "multiple-baseline"] | None = None,
    across: Literal["clients", "behaviours", "settings"] | None = None,
    case: str | None = None,
    measure: str | None = None,
    code: str | None = None,
    pseudonyms: bool = False,
) -> tuple[Study, dict[str, str]]:
    """Make a study of a table whose phases are told.

    Parameters
    ----------
    preview : Preview
        The table.
    measures : sequence of Measure, or mapping of label to Measure
        What the table measures. From a sequence each label of the table finds its measure by key or label; a single
        measure fits a single label whatever its name. A mapping names the labels to take; others are left out.
    design : {"reversal", "multiple-baseline"}, optional
        None guesses: a reversal when there is one case or a case comes back to a condition, else a multiple baseline.
    across : {"clients", "behaviours", "settings"}, optional
        What the tiers of a multiple baseline are; None takes clients. When one client's measures start their phases
        at different sessions, or `across` is behaviours or settings, each measure is a tier.
    case : str, optional
        Take only the case with this label.
    measure : str, optional
        Take only this measure: its label in the table, or its key.
    code : str, optional
        The study's code; None takes the source's name, or with `pseudonyms` a new one.
    pseudonyms : bool
        Whether cases get new codes instead of their labels in the table.

    Returns
    -------
    study : Study
        Phases start where the table says (planned as happened), at the first session that the table has of them. The
        tiers of a multiple baseline stand in the order of their starts.
    labels : dict of str to str
        Code to label in the table; empty without `pseudonyms`.

    Raises
    ------
    StudyError
        With every problem of the table, one line each: the preview's, values outside a measure's range, measures that
        don't match, missing phases.

    Examples
    --------
    >>> from scd.records.tables import read_table
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> preview = read_table("case,phase,values,mt\\nK,A,4,1\\nK,B,6,2\\nK,B,7,4\\n", name="k.csv")
    >>> study, _ = study_from_table(preview, measures=[mood])
    >>> study.design, [(p.label, p.start) for p in study.case("K").phases]
    ('reversal', [('A1', 1), ('B1', 2)])
    """
    rows, trials_left = _checked(preview, measures, case=case, measure=measure)
    _need_phases(preview, rows)
    tiers = _tiers(preview, rows, across)
    stem = PurePath(preview.name).stem
    study_code = code or (new_code() if pseudonyms else re.sub(r"[^\w .-]", "-", stem)[:64].strip() or "table")
    codes: list[str] = []
    labels: dict[str, str] = {}
    for label, _ in tiers:
        one = study_code if pseudonyms and len(tiers) == 1 else new_code({study_code, *labels})
        codes.append(one if pseudonyms else label)
        if pseudonyms:
            labels[one] = label
    used = _different(key for key, _ in rows)
    cases = [
        Case(
            code=one,
            phases=_phases(part),
            sessions=_sessions(part),
            measures=tuple(key for key in used if key in {k for k, _ in part}),
        )
        for one, (_, part) in zip(codes, tiers, strict=True)
    ]
    cases = [c.replace(measures=()) if len(c.measures) == len(used) else c for c in cases]
    by_measure = len(tiers) > len({e.case for _, e in rows})
    if design is None:
        returns = any(len(c.phases) > len({p.condition for p in c.phases}) for c in cases)
        design = "reversal" if returns or len(cases) == 1 else "multiple-baseline"
    if design == "multiple-baseline":
        cases.sort(key=lambda c: c.phases[1].start if len(c.phases) > 1 else 100_001)
        across = across or ("behaviours" if by_measure else "clients")
    chosen = measures.values() if isinstance(measures, Mapping) else measures
    kept = {m.key: m for m in chosen}
    study = Study(
        code=study_code,
        design=design,
        measures=tuple(kept[key] for key in used),
        cases=tuple(cases),
        across=across if design == "multiple-baseline" else None,
        note=trials_left,
    )
    return study, labels


def _checked(
    preview: Preview, measures: Sequence[Measure] | Mapping[str, Measure], *, case: str | None, measure: str | None
) -> tuple[list[Row], str]:
    """The chosen entries with their measure's key, all problems refused; and which trials were left out."""
    preview.check()
    entries = [e for e in preview.entries if case is None or e.case == case]
    if case is not None and case not in preview.cases:
        raise StudyError(f"{preview.name}: has no case '{case}' (it has {quoted(preview.cases)})", field="case")
    matched = match_measures(_different(e.measure for e in entries), measures, measure=measure, name=preview.name)
    # The trials of a measure that isn't counted tell the weight of its values, if that.
    without = [
        label
        for label, held in matched.items()
        if held.scale not in (*_TRIED, "percentage") and any(_above(e) for e in entries if e.measure == label)
    ]
    entries = [replace(e, trials=None) if e.measure in without else e for e in entries]
    rows = [(matched[e.measure].key, e) for e in entries if e.measure in matched]
    problems = [Problem(e.row, *told) for _, e in rows for told in _problems(e, matched[str(e.measure)], preview)]
    refuse(preview.name, sorted(problems, key=lambda p: (p.row or 0, p.column)))
    left = ", ".join(f"'{matched[label].label}'" for label in without)
    note = f"trials of {left} left out: some values lie above them" if without else ""
    return rows, note if len(note) <= 300 else "trials left out: some values lie above them"


def _problems(entry: Entry, measure: Measure, preview: Preview) -> Iterator[tuple[str, str]]:
    """What is wrong with the numbers of one entry: the column, and why."""
    column = str(entry.measure) if preview.form == "wide" else preview.roles.get("value", str(entry.measure))
    name, rule = f"'{measure.label}'", f"must be {measure.range_words}"
    if entry.value is not None and not measure.holds(entry.value):
        at = str(entry.case) if preview.form == "cases" else column
        yield at, f"{name} {rule} (got {entry.value:g})"
    tried = measure.scale in _TRIED
    if tried and _above(entry):
        yield column, f"{name} can't be above its trials (got {entry.value:g} of {entry.trials:g})"
    if entry.second is None:
        return
    observer = preview.roles.get("second_observer", "")
    if not measure.holds(entry.second):
        yield observer, f"{name} of the second observer {rule} (got {entry.second:g})"
    elif tried and entry.trials is not None and entry.second > entry.trials:
        told = f"(got {entry.second:g} of {entry.trials:g})"
        yield observer, f"{name} of the second observer can't be above its trials {told}"


def _above(entry: Entry) -> bool:
    return entry.value is not None and entry.trials is not None and entry.value > entry.trials


def _need_phases(preview: Preview, rows: list[Row]) -> None:
    if any(e.phase is None for _, e in rows):
        raise StudyError(
            f"{preview.name}: tells no phases; add a column 'phase' with A or B (or A1, B1, A2, B2), or say which "
            'column it is, as in columns={"phase": "…"}',
            field="phase",
        )


def _tiers(preview: Preview, rows: list[Row], across: str | None) -> list[tuple[str, list[Row]]]:
    """Cases in the order of the table; each measure of one client where its measures run on their own phases."""
    phases: dict[tuple[str, int | None], set[str | None]] = {}
    for _, entry in rows:
        phases.setdefault((str(entry.case), entry.session), set()).add(entry.phase)
    own = _different(case for (case, _), held in phases.items() if len(held) > 1)
    one_case = len({e.case for _, e in rows}) == 1
    if own and not one_case:
        raise StudyError(
            f"{preview.name}: measures of {quoted(own)} start their phases at different sessions; choose one measure, "
            "or one case (its measures are then the tiers of a multiple baseline)",
            field="measure",
        )
    several = len({e.measure for _, e in rows}) > 1
    by_measure = own or (one_case and across in ("behaviours", "settings") and several)
    tiers: dict[str, list[Row]] = {}
    for key, entry in rows:
        tiers.setdefault(str(entry.measure if by_measure else entry.case), []).append((key, entry))
    return list(tiers.items())


def _phases(rows: list[Row]) -> tuple[Phase, ...]:
    starts: dict[str, int] = {}
    for _, entry in rows:
        label, session = str(entry.phase), int(entry.session or 0)
        starts[label] = min(session, starts.get(label, session))
    in_order = sorted(starts.items(), key=lambda start: start[1])
    return tuple(Phase(label=label, planned_start=first, actual_start=first) for label, first in in_order)


def _sessions(rows: list[Row]) -> tuple[Session, ...]:
    sessions: dict[int, dict[str, Any]] = {}
    for key, entry in rows:
        session = sessions.setdefault(int(entry.session or 0), {"date": None, "values": []})
        session["date"] = entry.date or session["date"]
        value = Value(
            measure=key,
            value=entry.value,
            trials=None if entry.trials is None else int(entry.trials),
            minutes=entry.minutes,
            second=entry.second,
            planned=entry.planned,
            obstacle=entry.obstacle,
        )
        session["values"].append(value)
    return tuple(Session(number=n, date=s["date"], values=s["values"]) for n, s in sorted(sessions.items()))


def _different(labels: Iterable[str | None]) -> list[str]:
    """Labels once each, in the order of the table."""
    return [label for label in dict.fromkeys(labels) if label is not None]
