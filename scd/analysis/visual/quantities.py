"""What a visual analyst looks at, in numbers: level, trend and variability of a phase, changes between two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from scd.analysis.overlap.contrasts import contrasts
from scd.analysis.overlap.nonoverlap import nap, pnd
from scd.analysis.visual.outliers import outliers
from scd.analysis.visual.phase_values import PhaseValues
from scd.analysis.visual.trend_lines import TREND_NAMES, trend_line
from scd.language import gettext as _
from scd.language import localized, ngettext

__all__ = ["ENVELOPES", "Quantity", "between_phases", "consistency", "inside_envelope", "of_phase"]

ENVELOPES = (0.20, 0.25)
"""Half-widths of the stability envelope, as shares of the median."""
_STABLE = 0.80
_IMMEDIATE = (1, 3, 5)
_LAST = 3


class Quantity(NamedTuple):
    """One number of a visual analysis.

    Parameters
    ----------
    aspect : str
        ``level``, ``trend``, ``variability``, ``change``, ``immediacy``, ``overlap`` or ``consistency``.
    quantity : str
        What it is.
    value : float
        NaN where it can't be told; then `note` says why.
    note : str
        Empty when there is nothing to say.
    """

    aspect: str
    quantity: str
    value: float
    note: str = ""


def of_phase(phase: PhaseValues) -> list[Quantity]:
    """Level, trend and variability within one phase.

    Level: mean, median, mean and median of the last three values, and for an envelope of 20 and of 25 % of the median
    around it, its ends and the share of values inside (four fifths or more are called stable). Trend: the slopes of
    `scd.analysis.visual.trend_lines`, a session. Variability: standard deviation (n - 1), median absolute deviation
    from the median (as it is, not scaled to the standard deviation), range, the standard deviation of what Theil and
    Sen's line leaves over (n - 2), and how many values `scd.analysis.visual.outliers` finds far from the others.

    Parameters
    ----------
    phase : PhaseValues

    Returns
    -------
    list of Quantity

    References
    ----------
    Lane and Gast (2014), doi:10.1080/09602011.2013.815636 (the envelope). Kratochwill et al. (2013),
    doi:10.1177/0741932512452794.

    Examples
    --------
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> one = PhaseValues("K", mood, "A1", np.array([4.0, 5, 6, 5]), np.array([1.0, 2, 3, 4]), 0)
    >>> {q.quantity: round(q.value, 3) for q in of_phase(one) if q.aspect == "level"}["inside 20 % of the median"]
    1.0
    """
    return [*_level(phase), *_trend(phase), *_variability(phase)]


def between_phases(before: PhaseValues, after: PhaseValues) -> list[Quantity]:
    """Change, immediacy and overlap between two adjacent phases.

    Changes are later less earlier, in the measure's own units. Immediacy is the mean (or median) of the first k values
    of the later phase less that of the last k of the earlier one, for k of 1, 3 and 5. Overlap sets the intervention
    against the baseline, also where the baseline comes second: NAP and PND are high where the intervention is better.

    Parameters
    ----------
    before, after : PhaseValues
        Of the same case and measure.

    Returns
    -------
    list of Quantity

    References
    ----------
    Manolov and Onghena (2022), doi:10.1002/jeab.799 (several definitions of immediacy side by side).

    Examples
    --------
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> one = PhaseValues("K", mood, "A1", np.array([4.0, 5, 6, 5]), np.array([1.0, 2, 3, 4]), 0)
    >>> two = PhaseValues("K", mood, "B1", np.array([7.0, 8, 9]), np.array([5.0, 6, 7]), 0)
    >>> {q.quantity: q.value for q in between_phases(one, two)}["means, last 3 to first 3"]
    2.666666666666667
    """
    rows = [
        Quantity("change", "means", float(after.values.mean() - before.values.mean())),
        Quantity("change", "medians", float(np.median(after.values) - np.median(before.values))),
        _slope_change(before, after),
    ]
    for k in _IMMEDIATE:
        for word, middle in (("means", np.mean), ("medians", np.median)):
            if k == 1 and word == "medians":
                continue
            name = "last value to first value" if k == 1 else f"{word}, last {k} to first {k}"
            fewest = min(len(before.values), len(after.values))
            if fewest < k:
                note = _("needs {k} values in both phases (the shorter one has {fewest})").format(k=k, fewest=fewest)
                rows.append(Quantity("immediacy", name, np.nan, note))
            else:
                change = float(middle(after.values[:k]) - middle(before.values[-k:]))
                rows.append(Quantity("immediacy", name, change))
    return [*rows, *_overlap(before, after)]


def consistency(phases: list[PhaseValues]) -> list[tuple[str, Quantity]]:
    """How alike the phases of one condition are.

    For every condition with two phases or more: the standard deviation of their means over that of all the case's
    values; and the largest difference between their means over the difference between the conditions (of the means of
    phase means, ``A`` against the others). Both are 0 where like phases have the same level.

    Parameters
    ----------
    phases : list of PhaseValues
        All phases of one case and measure.

    Returns
    -------
    list of (str, Quantity)
        The condition's letter and the quantity.

    Examples
    --------
    >>> from scd.study import Measure
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> rows = [("A1", [4.0, 4]), ("B1", [8.0, 8]), ("A2", [5.0, 5]), ("B2", [8.0, 8])]
    >>> parts = [PhaseValues("K", mood, p, np.array(v), np.array([1.0, 2]), 0) for p, v in rows]
    >>> [(part, round(q.value, 3)) for part, q in consistency(parts) if "between" in q.quantity]
    [('A', 0.286), ('B', 0.0)]
    """
    means: dict[str, list[float]] = {}
    for phase in phases:
        means.setdefault(phase.condition, []).append(float(phase.values.mean()))
    everything = np.concatenate([p.values for p in phases])
    spread = float(everything.std(ddof=1)) if len(everything) > 1 else 0.0
    levels = {condition: float(np.mean(like)) for condition, like in means.items()}
    rows = []
    for condition, like in means.items():
        if len(like) < 2:
            continue
        name = "SD of phase means over SD of all values"
        flat = "" if spread else _("all values are the same")
        rows.append((condition, Quantity("consistency", name, _ratio(float(np.std(like, ddof=1)), spread), flat)))
        others = [level for other, level in levels.items() if (other == "A") != (condition == "A")]
        if others:
            apart = max(abs(levels[condition] - other) for other in others)
            name = "largest difference between like phases over that between conditions"
            flat = "" if apart else _("the conditions have the same level")
            rows.append((condition, Quantity("consistency", name, _ratio(max(like) - min(like), apart), flat)))
    return rows


def inside_envelope(values: np.ndarray, *, width: float) -> tuple[float, float, float]:
    """The stability envelope and the share of values inside.

    Parameters
    ----------
    values : ndarray of float, shape (values,)
        One at least.
    width : float
        Half-width as a share of the median's size.

    Returns
    -------
    lower, upper, share : float
        Values on an end are inside.

    Examples
    --------
    >>> inside_envelope(np.array([8.0, 10, 13]), width=0.2)
    (8.0, 12.0, 0.6666666666666666)
    """
    middle = float(np.median(values))
    half = width * abs(middle)
    room = 1e-12 * float(np.abs(values).max())  # 20 % of 0.3 is not 0.06 to the last digit
    return middle - half, middle + half, float((np.abs(values - middle) <= half + room).mean())


def _level(phase: PhaseValues) -> list[Quantity]:
    y, middle = phase.values, float(np.median(phase.values))
    fewer = "" if len(y) >= _LAST else ngettext("of all {n} value", "of all {n} values", len(y)).format(n=len(y))
    rows = [
        Quantity("level", "values", float(len(y))),
        Quantity("level", "missed", float(phase.missed)),
        Quantity("level", "mean", float(y.mean())),
        Quantity("level", "median", middle),
        Quantity("level", "mean of the last 3", float(y[-_LAST:].mean()), fewer),
        Quantity("level", "median of the last 3", float(np.median(y[-_LAST:])), fewer),
    ]
    note = "" if middle else _("the median is 0, so the envelope has no width")
    for width in ENVELOPES:
        lower, upper, share = inside_envelope(y, width=width)
        name = f"{100 * width:.0f} % of the median"
        stable = note or (_("stable") if share >= _STABLE else _("not stable"))
        rows += [
            Quantity("level", f"inside {name}", share, stable),
            Quantity("level", f"lower end of {name}", lower),
            Quantity("level", f"upper end of {name}", upper),
        ]
    return rows


def _trend(phase: PhaseValues) -> list[Quantity]:
    rows = []
    for name in TREND_NAMES:
        least = 3 if name == "tri-split" else 2
        if len(phase.values) < least:
            rows.append(Quantity("trend", f"slope, {name}", np.nan, _("needs {least} values").format(least=least)))
        else:
            line = trend_line(phase.values, sessions=phase.sessions, name=name)
            rows.append(Quantity("trend", f"slope, {name}", line.slope))
    return rows


def _variability(phase: PhaseValues) -> list[Quantity]:
    y, t = phase.values, phase.sessions
    alone = "" if len(y) > 1 else _("needs 2 values")
    outside = outliers(y)[2]
    where = [_("session {number}").format(number=localized(f"{number:.0f}")) for number in t[outside]]
    rest, why = np.nan, _("needs 3 values")
    if len(y) > 2:
        over = y - trend_line(y, sessions=t, name="Theil-Sen").heights(t)
        rest, why = float(np.sqrt((over**2).sum() / (len(y) - 2))), ""
    return [
        Quantity("variability", "SD", float(y.std(ddof=1)) if len(y) > 1 else np.nan, alone),
        Quantity("variability", "MAD", float(np.median(np.abs(y - np.median(y))))),
        Quantity("variability", "minimum", float(y.min())),
        Quantity("variability", "maximum", float(y.max())),
        Quantity("variability", "range", float(y.max() - y.min())),
        Quantity("variability", "SD around Theil-Sen", rest, why),
        Quantity(
            "variability",
            "outliers",
            float(outside.sum()),
            _("at {where}").format(where=", ".join(where)) if where else "",
        ),
    ]


def _slope_change(before: PhaseValues, after: PhaseValues) -> Quantity:
    fewest = min(len(before.values), len(after.values))
    if fewest < 2:
        return Quantity("change", "slopes, Theil-Sen", np.nan, _("needs 2 values in both phases"))
    one, two = (trend_line(p.values, sessions=p.sessions, name="Theil-Sen").slope for p in (before, after))
    return Quantity("change", "slopes, Theil-Sen", two - one)


def _overlap(before: PhaseValues, after: PhaseValues) -> list[Quantity]:
    turned = after.condition == "A"
    baseline, intervention = (after, before) if turned else (before, after)
    both = contrasts(baseline.values.tolist(), intervention.values.tolist(), improvement=before.measure.improvement)
    note = _("{phase}, the later phase, taken as the baseline").format(phase=after.phase) if turned else ""
    return [
        Quantity("overlap", "NAP", float(nap(both).value), note),
        Quantity("overlap", "PND", float(pnd(both).value), note),
    ]


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else np.nan
