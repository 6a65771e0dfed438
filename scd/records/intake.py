"""From a table to a study: measures matched, phases as they happened, every problem named with its row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal

from scd.records.matching import match_measures, quoted
from scd.records.preview import Preview, Problem, refuse
from scd.study import Case, Measure, Phase, Session, Study, StudyError, Value, new_code

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["sessions_from_table", "study_from_table"]

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
    held = rows["case"].unique()
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
    used = list(dict.fromkeys(rows["measure_key"]))
    cases = [
        Case(
            code=one,
            phases=_phases(part),
            sessions=_sessions(part),
            measures=tuple(k for k in used if k in set(part["measure_key"])),
        )
        for one, (_, part) in zip(codes, tiers, strict=True)
    ]
    cases = [c.replace(measures=()) if len(c.measures) == len(used) else c for c in cases]
    by_measure = len(tiers) > rows["case"].nunique()
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
) -> tuple[pd.DataFrame, str]:
    """The chosen rows with their measure's key, all problems refused; and which trials were left out."""
    import pandas as pd

    preview.check()
    rows = preview.rows
    if case is not None:
        if case not in preview.cases:
            raise StudyError(f"{preview.name}: has no case '{case}' (it has {quoted(preview.cases)})", field="case")
        rows = rows[rows["case"] == case]
    matched = match_measures(list(rows["measure"].unique()), measures, measure=measure, name=preview.name)
    rows = rows[rows["measure"].isin(list(matched))]
    rows = rows.assign(measure_key=[matched[label].key for label in rows["measure"]])
    problems: list[Problem] = []
    without: list[str] = []
    for label, held in matched.items():
        part = rows[rows["measure"] == label]
        above = part[part["value"] > part["trials"]]
        if held.scale == "percentage":  # 70 % of 10 trials lie above them, and rightly
            above = above.iloc[:0]
        elif len(above) and held.scale not in _TRIED:
            without.append(f"'{held.label}'")
            rows.loc[part.index, "trials"] = float("nan")
            above = above.iloc[:0]
        column = label if preview.form == "wide" else preview.roles.get("value", label)
        for row, value, who in zip(part["row"], part["value"], part["case"], strict=True):
            if pd.notna(value) and not held.holds(value):
                at = who if preview.form == "cases" else column
                problems.append(Problem(row, at, f"'{held.label}' must be {held.range_words} (got {value:g})"))
        problems += _second_problems(part, held, preview.roles.get("second_observer", ""))
        for row, value, trials in zip(above["row"], above["value"], above["trials"], strict=True):
            problems.append(
                Problem(row, column, f"'{held.label}' can't be above its trials (got {value:g} of {trials:g})")
            )
    refuse(preview.name, sorted(problems, key=lambda p: (p.row or 0, p.column)))
    note = f"trials of {', '.join(without)} left out: some values lie above them" if without else ""
    return rows, note if len(note) <= 300 else "trials left out: some values lie above them"


def _second_problems(rows: pd.DataFrame, measure: Measure, column: str) -> list[Problem]:
    """What is wrong with a second observer's values."""
    problems = []
    for row, value, trials in zip(rows["row"], rows["second"], rows["trials"], strict=True):
        if value == value and not measure.holds(value):
            rule = f"must be {measure.range_words} (got {value:g})"
        elif measure.scale in _TRIED and value > trials:
            rule = f"can't be above its trials (got {value:g} of {trials:g})"
        else:
            continue
        problems.append(Problem(row, column, f"'{measure.label}' of the second observer {rule}"))
    return problems


def _need_phases(preview: Preview, rows: pd.DataFrame) -> None:
    if rows["phase"].isna().any():
        raise StudyError(
            f"{preview.name}: tells no phases; add a column 'phase' with A or B (or A1, B1, A2, B2), or say which "
            'column it is, as in columns={"phase": "…"}',
            field="phase",
        )


def _tiers(preview: Preview, rows: pd.DataFrame, across: str | None) -> list[tuple[str, pd.DataFrame]]:
    """Cases in the order of the table; each measure of one client where its measures run on their own phases."""
    split = rows.groupby(["case", "session"], sort=False)["phase"].nunique()
    own = [str(c) for c in split[split > 1].index.get_level_values("case").unique()]
    one_case = rows["case"].nunique() == 1
    if own and not one_case:
        raise StudyError(
            f"{preview.name}: measures of {quoted(own)} start their phases at different sessions; choose one measure, "
            "or one case (its measures are then the tiers of a multiple baseline)",
            field="measure",
        )
    if own or (one_case and across in ("behaviours", "settings") and rows["measure"].nunique() > 1):
        return [(str(label), part) for label, part in rows.groupby("measure", sort=False)]
    return [(str(label), part) for label, part in rows.groupby("case", sort=False)]


def _phases(rows: pd.DataFrame) -> tuple[Phase, ...]:
    starts = rows.groupby("phase")["session"].min().sort_values()
    return tuple(Phase(label=str(label), planned_start=int(s), actual_start=int(s)) for label, s in starts.items())


def _sessions(rows: pd.DataFrame) -> tuple[Session, ...]:
    import pandas as pd

    columns = ["session", "date", "measure_key", "value", "trials", "minutes", "second", "planned", "obstacle"]
    sessions: dict[int, dict[str, Any]] = {}
    for number, date, key, value, trials, minutes, second, planned, obstacle in rows[columns].itertuples(index=False):
        session = sessions.setdefault(int(number), {"date": None, "values": []})
        session["date"] = session["date"] if pd.isna(date) else date.date()
        entry = Value(
            measure=key,
            value=None if pd.isna(value) else value,
            trials=None if pd.isna(trials) else int(trials),
            minutes=None if pd.isna(minutes) else minutes,
            second=None if pd.isna(second) else second,
            planned=None if pd.isna(planned) else planned,
            obstacle="" if pd.isna(obstacle) else obstacle,
        )
        session["values"].append(entry)
    return tuple(Session(number=n, date=s["date"], values=s["values"]) for n, s in sorted(sessions.items()))
