"""The values of several cases side by side: what every between-case effect size is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scd.language import gettext as _
from scd.study import StudyError

if TYPE_CHECKING:
    import pandas as pd

    from scd.study import Study

__all__ = ["Occasions", "occasions_of_study", "occasions_of_table"]

_FEWEST_CASES = 2


@dataclass(frozen=True, eq=False)
class Occasions:
    """Every recorded value of baseline and intervention, by case and session.

    Attributes
    ----------
    cases : tuple of str
        The cases, in the order of the table.
    case : ndarray of int, shape (values,)
        Place of each value's case in `cases`.
    session : ndarray of int, shape (values,)
        Session number; rising within a case, gaps are real.
    intervention : ndarray of int, shape (values,)
        0 in baseline, 1 under intervention.
    pair : ndarray of int, shape (values,)
        Which baseline-intervention pair of a reversal design the value belongs to, from 1: a pair begins with its
        baseline, so that a series that starts under intervention has an incomplete first pair.
    value : ndarray of float, shape (values,)
    group : ndarray of int, shape (values,), or None
        Place of the cluster that the case belongs to, where cases are nested: behaviours in a client, clients in a
        class.
    warnings : tuple of str
        What was left out.
    """

    cases: tuple[str, ...]
    case: np.ndarray
    session: np.ndarray
    intervention: np.ndarray
    pair: np.ndarray
    value: np.ndarray
    group: np.ndarray | None = None
    warnings: tuple[str, ...] = ()


def occasions_of_study(study: Study, *, measure: str | None = None) -> Occasions:
    """Collect the values of a study's cases on one measure.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the measure; by default the study's first outcome.

    Returns
    -------
    Occasions

    Raises
    ------
    StudyError
        As `occasions_of_table`, or when the study has no such measure or no outcome.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Study, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=3))
    >>> cases = [
    ...     Case(code=code, phases=phases).record(
    ...         *(Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate(values, 1))
    ...     )
    ...     for code, values in {"Z": (3, 4, 6, 7), "K": (2, 5, 8, 8)}.items()
    ... ]
    >>> study = Study(code="S", design="multiple-baseline", across="clients", measures=(mood,), cases=tuple(cases))
    >>> found = occasions_of_study(study)
    >>> found.cases, found.session.tolist(), found.intervention.tolist()
    (('Z', 'K'), [1, 2, 3, 4, 1, 2, 3, 4], [0, 0, 1, 1, 0, 0, 1, 1])
    """
    if measure is None:
        if not study.outcomes:
            raise StudyError(f"study '{study.code}': has no outcome; name a measure", field="measures")
        measure = study.outcomes[0].key
    study.measure(measure)
    table = study.frame()
    return occasions_of_table(table[table["measure"] == measure])


def occasions_of_table(table: pd.DataFrame, *, cluster: str | None = None) -> Occasions:
    """Collect the values of a tidy table.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``case, session, phase, value``: one row a session of a case, in any order. `phase` is a condition
        letter with a running number (``A1``); `value` is NaN where it was missed. Only baseline (A) and intervention
        (B) are taken.
    cluster : str, optional
        Column of the clusters that cases are nested in; cases of different clusters may share a name.

    Returns
    -------
    Occasions

    Raises
    ------
    StudyError
        When a session is no whole number or stands twice, fewer than two cases have values in both conditions, or all
        values are alike.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     [("P", 1, "A1", 5.0), ("P", 2, "A1", 6.0), ("P", 3, "B1", 3.0), ("C", 1, "A1", 6.0),
    ...      ("C", 3, "B1", float("nan")), ("C", 4, "B1", 2.0)],
    ...     columns=["case", "session", "phase", "value"],
    ... )
    >>> occasions_of_table(table).session.tolist(), occasions_of_table(table).warnings
    ([1, 2, 3, 1, 4], ())
    """
    _check_sessions(table)
    warnings: list[str] = []
    names, case = _names(table, cluster)
    clusters = None if cluster is None else _first_seen(table[cluster].astype(str).to_numpy())[1]
    phase = table["phase"].astype(str).to_numpy()
    condition = np.array([label[:1] for label in phase], dtype=object)
    session = table["session"].to_numpy(dtype=float).astype(int)
    order = np.lexsort((session, case))
    _check_doubled(names, case[order], session[order])
    pair = np.empty(len(order), dtype=int)
    pair[order] = _pairs(case[order], phase[order])
    value = table["value"].to_numpy(dtype=float)
    other = sorted({str(c) for c in condition} - {"A", "B"})
    if other:
        warnings.append(
            _("only baseline (A) and intervention (B) are compared: values under {other} are left out").format(
                other=", ".join(other)
            )
        )
    keep = np.isfinite(value) & np.isin(condition, ["A", "B"])
    lacking = []
    for i, name in enumerate(names):
        if {"A", "B"} - set(condition[keep & (case == i)]):
            lacking.append(name)
            keep &= case != i
    if lacking:
        told = ", ".join(f"'{name}'" for name in lacking)
        warnings.append(_("left out, for lack of values in baseline or in intervention: {told}").format(told=told))
    order = order[keep[order]]
    left, renumbered = np.unique(case[order], return_inverse=True)
    found = Occasions(
        cases=tuple(names[i] for i in left),
        case=renumbered,
        session=session[order],
        intervention=(condition[order] == "B").astype(int),
        pair=pair[order],
        value=value[order],
        group=None if clusters is None else np.unique(clusters[order], return_inverse=True)[1],
        warnings=tuple(warnings),
    )
    _check_enough(found)
    return found


def _names(table: pd.DataFrame, cluster: str | None) -> tuple[list[str], np.ndarray]:
    names = table["case"].astype(str)
    if cluster is not None:
        names = table[cluster].astype(str) + " / " + names
    return _first_seen(names.to_numpy())


def _first_seen(labels: np.ndarray) -> tuple[list[str], np.ndarray]:
    """The labels in the order they come first, and each row's place among them."""
    names = list(dict.fromkeys(labels.tolist()))
    places = {name: i for i, name in enumerate(names)}
    return names, np.array([places[label] for label in labels.tolist()], dtype=int)


def _pairs(case: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """Which pair each row belongs to, rows in the order of case and session."""
    starts_phase = np.r_[True, (case[1:] != case[:-1]) | (phase[1:] != phase[:-1])] if len(case) else np.zeros(0, bool)
    baseline = np.array([label.startswith("A") for label in phase], dtype=bool)
    pair = np.empty(len(case), dtype=int)
    for i in np.unique(case):
        mine = np.flatnonzero(case == i)
        # A series that starts under intervention has a first pair without baseline.
        pair[mine] = np.cumsum((starts_phase & baseline)[mine]) + (not baseline[mine[0]])
    return pair


def _check_sessions(table: pd.DataFrame) -> None:
    sessions = table["session"].to_numpy(dtype=float)
    wrong = np.flatnonzero(~(np.isfinite(sessions) & (sessions == np.round(sessions))))
    if len(wrong):
        row = table.iloc[int(wrong[0])]
        raise StudyError(
            f"case '{row['case']}', session {row['session']}: sessions must be whole numbers, because values so many "
            "sessions apart are taken to be alike; number them 1, 2, 3 and leave gaps where sessions were missed",
            field="session",
        )


def _check_doubled(names: list[str], case: np.ndarray, session: np.ndarray) -> None:
    twice = np.flatnonzero((case[1:] == case[:-1]) & (session[1:] == session[:-1]))
    if len(twice):
        at = int(twice[0])
        raise StudyError(
            f"case '{names[case[at]]}', session {session[at]}: stands twice; keep one value a session, or choose one "
            "of several series",
            field="session",
        )


def _check_enough(found: Occasions) -> None:
    if len(found.cases) < _FEWEST_CASES:
        raise StudyError(
            f"between-case effect size: needs values in baseline and intervention of at least {_FEWEST_CASES} cases "
            f"(got {len(found.cases)}); for one case read the effect within the case instead",
            field="cases",
        )
    if np.ptp(found.value) == 0:
        raise StudyError(
            f"between-case effect size: all values are {found.value[0]:g}; without any variance nothing can be "
            "standardised",
            field="values",
        )
    phases = list(zip(found.case.tolist(), found.pair.tolist(), found.intervention.tolist(), strict=True))
    if len(set(phases)) == len(set(zip(phases, found.value.tolist(), strict=True))):
        raise StudyError(
            "between-case effect size: values never change within any phase, so their variance within cases can't be "
            "estimated; one value a phase is not enough either",
            field="values",
        )
