"""The table of the field's own indices: one row a case, contrast and index, and why a row is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from scd.analysis.overlap.baseline_trend import baseline_trend
from scd.analysis.overlap.contrasts import Contrasts, Estimate, contrasts
from scd.analysis.overlap.gradual_effects import GradualFamily, gradual_effect
from scd.analysis.overlap.mean_differences import pogo, smd
from scd.analysis.overlap.medians import lrm
from scd.analysis.overlap.nonoverlap import ird, nap, pand, pem, pet, pnd
from scd.analysis.overlap.phase_pairs import PhasePair, phase_pairs
from scd.analysis.overlap.ratios import RATIO_SCALES, lor, lrrd, lrri
from scd.analysis.overlap.tau import tau, tau_bc
from scd.analysis.overlap.tau_u import TauU, tau_u
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.study import Measure, Study

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "INDICES", "index_rows", "overlap_table"]

COLUMNS = ("case", "contrast", "index", "value", "se", "lower", "upper", "note")
_MEMBERS: tuple[TauU, ...] = ("A vs B", "A vs B - trend A", "A vs B + trend B", "A vs B + trend B - trend A")
INDICES = (
    "NAP",
    "IRD",
    "PAND",
    "PND",
    "PEM",
    "PET",
    "Tau",
    "Tau-U",
    *(f"Tau-U ({member})" for member in _MEMBERS),
    "Tau-BC",
    "SMD",
    "SMD (pooled)",
    "LRRi",
    "LRRd",
    "LOR",
    "LRM",
    "PoGO",
    "GEM",
)
"""The names of the indices, in the order of the table."""

_FAMILIES: dict[str, GradualFamily] = {
    "count": "poisson",
    "rate": "poisson",
    "proportion": "binomial",
    "percentage": "binomial",
}
_LINKS = {
    "gaussian": N_("in the measure's units"),
    "poisson": N_("on the log scale"),
    "binomial": N_("on the log odds scale"),
}


def overlap_table(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    goal: float | None = None,
    ci_prob: float = 0.95,
) -> pd.DataFrame:
    """Every index for every contrast of every case.

    Contrasts are those of `scd.analysis.overlap.phase_pairs`. Standard errors and intervals stand where theory has
    them, and take the sessions as independent of each other. NAP and Tau have Sen's unbiased standard error and
    Newcombe's interval; what has none says so. Which ratios apply is told by the measure's scale; `trials` and
    `minutes` of the record tell how fine a proportion or a rate is.

    Parameters
    ----------
    study : Study
        Its measures say which direction is better.
    measure : str, optional
        Key of the measure; by default each case's own first outcome.
    case : str, optional
        Only this case.
    goal : float, optional
        For PoGO, in the measure's units; by default the measure's own goal.
    ci_prob : float
        Probability of the intervals.

    Returns
    -------
    pandas.DataFrame
        Columns ``case, contrast, index, value, se, lower, upper, note``; the indices of `INDICES`. All are positive, or
        above a half, for improvement, but for two: LRRd is negative, and GEM keeps the measure's own direction. NAP,
        IRD, PAND, PND, PEM and PET are proportions from 0 to 1, PoGO is in percent. An index that can't be told has no
        value and a `note` that says why; a case without a contrast has such rows with `contrast` None.

    Raises
    ------
    StudyError
        When the study has no such case or measure, no case has both a baseline and an intervention, or `ci_prob` is no
        probability.

    Notes
    -----
    Where other packages print other numbers for the same values:

    - The ends of NAP's and Tau's intervals: SingleCaseES stops its search about 1e-4 short of them, and where no pairs
      or all pairs overlap it gives an interval without width.
    - Tau-BC: values that lie on the baseline's line are ties here; elsewhere rounding mostly breaks them. By tau-b, R's
      Kendall package computes in single precision. The p of a trend is exact here where no values are tied.
    - SMD of two baseline values: the correction against bias is 0 there, so SingleCaseES prints 0; here it is none.
    - A logarithm of 0, or a division by an SD of 0: infinite in SingleCaseES, none here, with a note.
    - GEM: omega is sought over all of 0 to 1, so it leaves as little deviance as SingleCaseES's or less.
    - PAND: the fewest values to take out; scan's default sorts all values instead. PEM: a value at the median counts
      half; in scan nothing.
    - Tau-U: scan's default divides Parker's sum by another denominator (see `scd.analysis.overlap.tau_u`), has a
      standard error and an interval where none is known, and never asks which direction is better.
    - IRD and PAND of several cases: scan throws them together.

    Examples
    --------
    >>> from scd.study import Case, Phase, Session, Value
    >>> words = Measure(key="words", label="Words", improvement="increase", scale="count")
    >>> values = [20, 20, 26, 25, 22, 23, 28, 25, 24, 27, 30, 30, 29]
    >>> rows = [Session(number=n, values=(Value(measure="words", value=v),)) for n, v in enumerate(values, 1)]
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=7))
    >>> study = Study(
    ...     code="K7M2", design="reversal", measures=(words,), cases=(Case(code="K7M2", phases=phases).record(*rows),)
    ... )
    >>> found = overlap_table(study).set_index("index")["value"].astype(float)
    >>> found[["NAP", "PND", "Tau-U", "SMD", "LRRi"]].round(4).to_dict()
    {'NAP': 0.9167, 'PND': 0.7143, 'Tau-U': 0.7381, 'SMD': 1.6499, 'LRRi': 0.1954}
    """
    import pandas as pd

    pairs, without = phase_pairs(study, measure=measure, case=case)
    rows = index_rows(pairs, goal=goal, ci_prob=ci_prob)
    for code, reason in without.items():
        rows += [(code, None, index, *(np.nan,) * 4, _("the case {reason}").format(reason=reason)) for index in INDICES]
    order = {one.code: i for i, one in enumerate(study.cases)}
    rows.sort(key=lambda row: order[row[0]])  # stable: contrasts and indices keep their order
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(dict.fromkeys(("value", "se", "lower", "upper"), "float64"))


def index_rows(
    pairs: tuple[PhasePair, ...], *, goal: float | None = None, ci_prob: float = 0.95
) -> list[tuple[Any, ...]]:
    """The rows of the table for these contrasts, computed together for each measure.

    Parameters
    ----------
    pairs : tuple of PhasePair
    goal : float, optional
    ci_prob : float

    Returns
    -------
    list of tuple
        In the order of `pairs` and of `INDICES`.
    """
    made: dict[int, list[tuple[Any, ...]]] = {}
    for measure in {pair.measure.key: pair.measure for pair in pairs}.values():
        places = [i for i, pair in enumerate(pairs) if pair.measure.key == measure.key]
        together = [pairs[i] for i in places]
        told = _estimates(together, measure, measure.goal if goal is None else goal, ci_prob)
        for k, place in enumerate(places):
            one = pairs[place]
            made[place] = [
                (
                    one.case,
                    one.contrast,
                    index,
                    *(_at(part, k) for part in _parts(told[index])),
                    str(told[index].note[k]),
                )
                for index in INDICES
            ]
    return [row for place in range(len(pairs)) for row in made[place]]


def _estimates(pairs: list[PhasePair], measure: Measure, goal: float | None, ci_prob: float) -> dict[str, Estimate]:
    """Every index of many contrasts of one measure."""
    subject = contrasts(
        [p.values[~p.treated] for p in pairs],
        [p.values[p.treated] for p in pairs],
        improvement=measure.improvement,
        sessions=([p.sessions[~p.treated] for p in pairs], [p.sessions[p.treated] for p in pairs]),
    )
    found = {
        "NAP": nap(subject, ci_prob=ci_prob),
        "IRD": ird(subject),
        "PAND": pand(subject),
        "PND": pnd(subject),
        "PEM": pem(subject),
        "PET": pet(subject),
        "Tau": tau(subject, ci_prob=ci_prob),
        "Tau-U": tau_u(subject),
        **{f"Tau-U ({member})": tau_u(subject, member=member) for member in _MEMBERS},
        "Tau-BC": _corrected(subject, pairs, ci_prob),
        "SMD": smd(subject, ci_prob=ci_prob),
        "SMD (pooled)": smd(subject, standardizer="pooled", ci_prob=ci_prob),
        "PoGO": _of_goal(subject, pairs, goal, ci_prob),
        "GEM": _gradual(pairs, measure, ci_prob),
    }
    return found | _ratios(subject, pairs, measure, ci_prob)


def _ratios(subject: Contrasts, pairs: list[PhasePair], measure: Measure, ci_prob: float) -> dict[str, Estimate]:
    scale = measure.scale
    trials, minutes = (
        np.array([_mean(part) for part in parts]) for parts in zip(*((p.trials, p.minutes) for p in pairs), strict=True)
    )
    told = {"scales": ", ".join(_(one) for one in RATIO_SCALES), "scale": _(scale)}
    none = _absent(
        pairs, _("needs an outcome with a true zero ({scales}); the measure's scale is {scale}").format(**told)
    )
    if scale not in RATIO_SCALES:
        found = {"LRRi": none, "LRRd": none, "LRM": none}
    else:
        found = {
            "LRRi": lrri(subject, scale=scale, trials=trials, minutes=minutes, ci_prob=ci_prob),
            "LRRd": lrrd(subject, scale=scale, trials=trials, minutes=minutes, ci_prob=ci_prob),
            "LRM": lrm(subject, ci_prob=ci_prob),
        }
    if scale in ("proportion", "percentage"):
        return found | {"LOR": lor(subject, scale=scale, trials=trials, ci_prob=ci_prob)}
    return found | {
        "LOR": _absent(pairs, _("needs proportions or percentages; the measure's scale is {scale}").format(**told))
    }


def _corrected(subject: Contrasts, pairs: list[PhasePair], ci_prob: float) -> Estimate:
    """Tau-BC by the order of the values, and in its note the slope, and what gaps between sessions would make of it."""
    found, by_session = tau_bc(subject, ci_prob=ci_prob), tau_bc(subject, timing="sessions").value
    trend = baseline_trend(subject)
    notes = []
    for k, pair in enumerate(pairs):
        if np.isnan(found.value[k]):
            notes.append(str(found.note[k]))
            continue
        p = f", p = {localized(f'{trend.p[k]:.2g}')}" if np.isfinite(trend.p[k]) else ""
        told = _("baseline slope of {slope} a value taken off{p}").format(slope=localized(f"{trend.slope[k]:.3g}"), p=p)
        if pair.gaps and not np.isclose(by_session[k], found.value[k]):
            told += _("; by session numbers instead of the order of the values it is {value}").format(
                value=localized(f"{by_session[k]:.3f}")
            )
        notes.append("; ".join(part for part in (str(found.note[k]), told) if part))
    return Estimate(found.value, found.se, found.lower, found.upper, np.array(notes, dtype=object))


def _of_goal(subject: Contrasts, pairs: list[PhasePair], goal: float | None, ci_prob: float) -> Estimate:
    if goal is None:
        return _absent(pairs, _("no goal is set"))
    if goal > 1 and any(pair.shares for pair in pairs):
        return _absent(
            pairs, _("the goal must be a share from 0 to 1, since successes are taken as shares of their trials")
        )
    return pogo(subject, goal=goal, ci_prob=ci_prob)


def _gradual(pairs: list[PhasePair], measure: Measure, ci_prob: float) -> Estimate:
    family = _FAMILIES.get(measure.scale, "gaussian")
    whole = 100 if measure.scale == "percentage" else 1
    found = gradual_effect(
        [p.values / whole for p in pairs],
        treated=[p.treated for p in pairs],
        sessions=[p.length for p in pairs],
        family=family,
        ci_prob=ci_prob,
    )
    notes = [
        str(note)
        if np.isnan(value)
        else _("change after {sessions} sessions {link}, in the measure's own direction; omega {omega}").format(
            sessions=p.length, link=_(_LINKS[family]), omega=localized(f"{omega:.2f}")
        )
        + (f"; {note}" if note else "")
        for p, value, omega, note in zip(pairs, found.effect, found.omega, found.note, strict=True)
    ]
    return Estimate(found.effect, found.se, found.lower, found.upper, np.array(notes, dtype=object))


def _absent(pairs: list[PhasePair], why: str) -> Estimate:
    return Estimate(np.full(len(pairs), np.nan), note=np.full(len(pairs), why, dtype=object))


def _parts(found: Estimate) -> tuple[Any, Any, Any, Any]:
    return found.value, found.se, found.lower, found.upper


def _at(part: np.ndarray | None, k: int) -> float:
    return np.nan if part is None else float(part[k])


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else np.nan
