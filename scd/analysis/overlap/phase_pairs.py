"""Which phases of a record are set against each other, and their values."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from scd.language import gettext as _
from scd.study import Case, Measure, Study, StudyError

__all__ = ["PhasePair", "counts_successes", "phase_pairs"]


@dataclass(frozen=True, eq=False)
class PhasePair:
    """Baseline and intervention values of one contrast of one case, missed ones left out.

    Parameters
    ----------
    case : str
    measure : Measure
    contrast : str
        ``A1-B1``; ``A-B`` for all baseline phases against all intervention phases.
    values, sessions, trials, minutes : ndarray of float, shape (values,)
        In order of time; `trials` and `minutes` are NaN where they were not recorded.
    treated : ndarray of bool, shape (values,)
        Under intervention.
    length : int
        Values of the longest intervention phase.
    shares : bool
        Whether successes were turned into shares of their trials.
    """

    case: str
    measure: Measure
    contrast: str
    values: np.ndarray
    sessions: np.ndarray
    trials: np.ndarray
    minutes: np.ndarray
    treated: np.ndarray
    length: int
    shares: bool = False

    @property
    def gaps(self) -> bool:
        """Whether the session numbers of baseline and intervention, one after the other, skip any."""
        order = np.concatenate([self.sessions[~self.treated], self.sessions[self.treated]])
        return bool((np.diff(order) != 1).any())


def phase_pairs(
    study: Study, *, measure: str | None = None, case: str | None = None
) -> tuple[tuple[PhasePair, ...], dict[str, str]]:
    """Every baseline and intervention of a study that are set against each other.

    Successes out of so many trials, on the scale of proportions, are turned into shares from 0 to 1.

    Each baseline with the intervention that follows it: A1-B1, A2-B2; where a series begins with an intervention, each
    intervention with the baseline that follows it. A phase left over is set against the nearest one of the other kind
    before it (or else after), so that none is lost. A case with several phases of a kind gets A-B besides, all baseline
    values against all intervention values. The baseline is always named first. Cases are never thrown together.

    Parameters
    ----------
    study : Study
    measure : str, optional
        Key of the measure; by default each case's own first outcome.
    case : str, optional
        Only this case.

    Returns
    -------
    pairs : tuple of PhasePair
        In order of the cases and of time.
    without : dict of str to str
        Cases that have none, and why.

    Raises
    ------
    StudyError
        When the study has no such case or measure, or no case has a pair.

    Examples
    --------
    >>> from scd.study import Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=3))
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=v),)) for n, v in enumerate([4, 5, 6, 8], 1)]
    >>> case = Case(code="K7M2", phases=phases).record(*rows)
    >>> pairs, _ = phase_pairs(Study(code="K7M2", design="reversal", measures=(mood,), cases=(case,)))
    >>> [(p.contrast, p.values.tolist(), p.treated.tolist()) for p in pairs]
    [('A1-B1', [4.0, 5.0, 6.0, 8.0], [False, False, True, True])]
    """
    if measure is not None:
        study.measure(measure)
    found: list[PhasePair] = []
    without: dict[str, str] = {}
    shares = {one.key: counts_successes(study, one) for one in study.measures}
    for one in study.cases if case is None else (study.case(case),):
        own = study.measures_of(one)
        chosen = next((m for m in own if (m.key == measure if measure is not None else m.role == "outcome")), None)
        if chosen is None:
            without[one.code] = (
                _("has no outcome measure")
                if measure is None
                else _("does not have measure '{measure}'").format(measure=measure)
            )
            continue
        pairs, reason = _pairs_of(one, chosen, shares=shares[chosen.key])
        found += pairs
        if reason:
            without[one.code] = reason
    if not found:
        told = "; ".join(
            _("case '{case}' {reason}").format(case=code, reason=reason) for code, reason in without.items()
        )
        raise StudyError(
            _(
                "study '{study}': has no baseline and intervention to compare ({reasons}); an index needs values under "
                "both"
            ).format(study=study.code, reasons=told),
            field="cases",
        )
    return tuple(found), without


def counts_successes(study: Study, measure: Measure) -> bool:
    """Whether the values of a proportion are successes, to be set over their trials.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> counts_successes(reversal(measures=[mood], phases="AB", sessions=5), mood)
    False
    """
    if measure.scale != "proportion" or (measure.maximum is not None and measure.maximum <= 1):
        return False
    entries = [v for c in study.cases for s in c.sessions for v in s.values if v.measure == measure.key]
    seen = [v for v in entries if v.value is not None]
    return all(v.trials for v in seen) and any((v.value or 0) > 1 for v in seen)


def _pairs_of(case: Case, measure: Measure, *, shares: bool) -> tuple[list[PhasePair], str]:
    held: dict[str, list[tuple[float, ...]]] = {}
    for session in case.sessions:
        entry = next((v for v in session.values if v.measure == measure.key), None)
        if entry is not None and entry.value is not None:
            value = entry.value / (entry.trials or 1) if shares else entry.value
            row = (value, session.number, entry.trials or np.nan, entry.minutes or np.nan)
            held.setdefault(case.phase_at(session.number).label, []).append(row)
    if not held:
        return [], _("has no value of '{measure}' yet").format(measure=measure.label)
    labels = [p.label for p in case.phases if p.label in held]
    if len({label[0] == "A" for label in labels}) < 2:
        return [], _("has values in {phases} only").format(phases=", ".join(labels))
    made = []
    for name, first, second in _contrasts(labels):
        rows = [(row, label in second) for label in labels if label in (*first, *second) for row in held[label]]
        columns = np.array([row for row, _treated in rows], dtype=float).T
        made.append(
            PhasePair(
                case=case.code,
                measure=measure,
                contrast=name,
                values=columns[0],
                sessions=columns[1],
                trials=columns[2],
                minutes=columns[3],
                treated=np.array([under for _, under in rows]),
                length=max(len(held[label]) for label in second),
                shares=shares,
            )
        )
    return made, ""


def _contrasts(labels: list[str]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Name, baseline phases and intervention phases of each contrast."""
    leads = "A" if labels[0][0] == "A" else "B"
    pairs = [
        (one, two) if leads == "A" else (two, one)
        for one, two in pairwise(labels)
        if one[0] != two[0] and "A" in (one[0], two[0]) and (one[0] == "A") == (leads == "A")
    ]
    taken = {label for pair in pairs for label in pair}
    for label in labels:
        if label in taken:
            continue
        others = [other for other in labels if (other[0] == "A") != (label[0] == "A")]
        earlier = [other for other in others if labels.index(other) < labels.index(label)]
        other = earlier[-1] if earlier else others[0]
        pairs.append((label, other) if label[0] == "A" else (other, label))
    pairs.sort(key=lambda pair: sorted(labels.index(label) for label in pair))
    made: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [(f"{a}-{b}", (a,), (b,)) for a, b in pairs]
    baselines = tuple(label for label in labels if label[0] == "A")
    for condition in sorted({label[0] for label in labels} - {"A"}):
        under = tuple(label for label in labels if label[0] == condition)
        if len(baselines) + len(under) > 2:
            made.append((f"A-{condition}", baselines, under))
    return made
