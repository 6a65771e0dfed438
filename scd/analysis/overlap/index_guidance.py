"""Which index to read for this very series, and why not the others, in short sentences."""

from __future__ import annotations

import numpy as np

from scd.analysis.overlap.baseline_trend import baseline_trend
from scd.analysis.overlap.contrasts import contrasts
from scd.analysis.overlap.nonoverlap import nap
from scd.analysis.overlap.phase_pairs import PhasePair, phase_pairs
from scd.analysis.overlap.tau import tau_bc
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import listed, localized, ngettext
from scd.study import Study
from scd.study.record import Record

__all__ = ["IndexGuidance", "index_guidance"]

# Below so many values a phase tells little, whatever is computed; the standards ask for as many.
_SHORT = 5
# A baseline's tau from here on is a trend worth naming, even where so few values can't prove one.
_TREND = 0.4
_ALPHA = 0.05
# Share of values at the instrument's better end from which on it can't show more.
_AT_END = 0.5

_OWN_UNITS = N_(
    "SMD is in units of this client's own ups and downs; it can't be compared between "
    "clients nor with effect sizes between groups."
)
_WARNINGS = {
    "PND": N_(
        "PND hangs on the single best baseline value and falls with every baseline session more; "
        "read it only beside older studies that report nothing else."
    ),
    "PEM": N_("PEM asks only for the baseline's median, so it is near 1 for small effects and large ones alike."),
    "PAND, IRD": N_("PAND and IRD depend on how long the phases are, and have no standard error."),
    "PET": N_("PET draws the baseline's line on through the whole intervention, however few values it rests on."),
    "Tau-U": N_(
        "Tau-U is a family of four, without a standard error; its usual member can pass 1. Name "
        "the member wherever you report it."
    ),
}


class IndexGuidance(Record):
    """What to read for one contrast, and what to leave.

    Parameters
    ----------
    case, contrast : str
    read : tuple of str
        Names of indices as in the table, the first one first.
    because : tuple of str
        One short sentence a reason.
    cautions : tuple of str
        What the numbers can't tell here.
    leave : tuple of (str, str)
        Other indices, and why not.
    """

    case: str
    contrast: str
    read: tuple[str, ...]
    because: tuple[str, ...]
    cautions: tuple[str, ...]
    leave: tuple[tuple[str, str], ...]

    @property
    def words(self) -> str:
        """The advice in a few sentences, without the indices to leave."""
        return " ".join(
            [
                _("{case}, {contrast}: read {read}.").format(
                    case=self.case, contrast=self.contrast, read=listed(self.read)
                ),
                *self.because,
                *self.cautions,
            ]
        )


def index_guidance(
    study: Study, *, measure: str | None = None, case: str | None = None, goal: float | None = None
) -> tuple[IndexGuidance, ...]:
    """Advice for every contrast of every case: which index to read for these values, and why not the others.

    NAP comes first, since it has a meaning that can be said in words and an interval that holds. It does not see a
    trend of the baseline, nor how far apart phases lie that don't overlap at all; what is read beside it follows from
    that, from the scale and from the goal. An index is never chosen for being large.

    Parameters
    ----------
    study : Study
    measure, case : str, optional
        As in `scd.analysis.overlap.overlap_table.overlap_table`.
    goal : float, optional
        By default the measure's own.

    Returns
    -------
    tuple of IndexGuidance

    Raises
    ------
    StudyError
        As `scd.analysis.overlap.overlap_table.overlap_table`.

    References
    ----------
    Allison & Gorman (1993), https://doi.org/10.1016/0005-7967(93)90115-B. Pustejovsky (2019),
    https://doi.org/10.1037/met0000179. Tarlow (2017), https://doi.org/10.1177/0145445516676750.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Value
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=n),)) for n in range(1, 11)]
    >>> phases = (Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=6))
    >>> study = Study(
    ...     code="K7M2", design="reversal", measures=(mood,), cases=(Case(code="K7M2", phases=phases).record(*rows),)
    ... )
    >>> advice = index_guidance(study)[0]
    >>> advice.read
    ('NAP', 'Tau-BC')
    >>> print(advice.because[1])
    The baseline was already improving (tau 1.00, p = 0.017). NAP takes that for an effect; Tau-BC, 0.00, takes it off.
    """
    pairs, _ = phase_pairs(study, measure=measure, case=case)
    return tuple(_advice(pair, pair.measure.goal if goal is None else goal) for pair in pairs)


def _advice(pair: PhasePair, goal: float | None) -> IndexGuidance:
    before, after = pair.values[~pair.treated], pair.values[pair.treated]
    subject = contrasts(before, after, improvement=pair.measure.improvement)
    read = ["NAP"]
    because = [
        _("NAP is how often an intervention value is better than a baseline value, and its interval holds up to 1.")
    ]
    value, trend = nap(subject).value, baseline_trend(subject)
    heading = trend.tau * subject.sign if np.isfinite(trend.p) else 0.0
    shown = trend.p <= _ALPHA or abs(heading) >= _TREND
    if shown and len(before) >= _SHORT:
        read.append("Tau-BC")
        because.append(_trend_words(heading, trend.p, tau_bc(subject).value))
    if value in (0.0, 1.0) and not (shown and heading > 0):
        beside = _size_index(pair, goal)
        read.append(beside)
        told = (
            _(
                "Every intervention value is better than every baseline value, so no index of overlap can tell a large "
                "difference from a small one; {index} can."
            )
            if value == 1
            else _(
                "Every intervention value is worse than every baseline value, so no index of overlap can tell a large "
                "difference from a small one; {index} can."
            )
        )
        because.append(told.format(index=beside))
        if beside.startswith("SMD"):
            because.append(_(_OWN_UNITS))
    if pair.measure.scale in ("count", "rate", "duration", "proportion", "percentage"):
        ratio = "LRRi" if pair.measure.improvement == "increase" else "LRRd"
        if ratio not in read:
            read.append(ratio)
            because.append(
                _("The outcome has a true zero, so {ratio} tells the change in proportion to the baseline.").format(
                    ratio=ratio
                )
            )
    if goal is not None and "PoGO" not in read:
        read.append("PoGO")
        because.append(_("A goal is set; PoGO tells how much of the way to it has been covered."))
    leave = [(name, _(why)) for name, why in _WARNINGS.items()]
    if np.ptp(before) == 0:
        leave.append(("SMD", _("The baseline does not vary, so there is no SD to tell a difference in.")))
    elif "SMD" not in read:
        leave.append(("SMD", _(_OWN_UNITS)))
    return IndexGuidance(
        case=pair.case,
        contrast=pair.contrast,
        read=tuple(dict.fromkeys(read)),
        because=tuple(because),
        cautions=_cautions(pair, before, after, heading=heading if shown else 0.0),
        leave=tuple(leave),
    )


def _trend_words(tau: float, p: float, corrected: float) -> str:
    size = f"(tau {localized(f'{abs(tau):.2f}')}, p = {localized(f'{p:.2g}')})"
    if tau > 0:
        return _(
            "The baseline was already improving {size}. NAP takes that for an effect; Tau-BC, "
            "{corrected}, takes it off."
        ).format(size=size, corrected=localized(f"{corrected:.2f}"))
    return _(
        "The baseline was getting worse {size}, which NAP does not see; Tau-BC, {corrected}, takes it off."
    ).format(size=size, corrected=localized(f"{corrected:.2f}"))


def _size_index(pair: PhasePair, goal: float | None) -> str:
    """What tells the size of a difference where nothing overlaps."""
    if goal is not None:
        return "PoGO"
    if pair.measure.scale in ("proportion", "percentage"):
        return "LOR"
    if pair.measure.scale in ("count", "rate", "duration"):
        return "LRRi" if pair.measure.improvement == "increase" else "LRRd"
    return "SMD" if np.ptp(pair.values[~pair.treated]) > 0 else "SMD (pooled)"


def _cautions(pair: PhasePair, before: np.ndarray, after: np.ndarray, *, heading: float) -> tuple[str, ...]:
    told = []
    few, many = len(before), len(after)
    short = [
        (text, n)
        for text, n in (
            (ngettext("the baseline holds {n} value", "the baseline holds {n} values", few), few),
            (ngettext("the intervention holds {n} value", "the intervention holds {n} values", many), many),
        )
        if n < _SHORT
    ]
    if short:
        phases = listed([text.format(n=k) for text, k in short])
        told.append(
            _("{phases}, so every index moves in large steps (NAP by {step}).").format(
                phases=phases[0].upper() + phases[1:], step=localized(f"{1 / (len(before) * len(after)):.2g}")
            )
        )
    if heading and len(before) < _SHORT:
        told.append(
            _("The baseline seems to improve, but it holds too few values to tell; Tau-BC and PET would lean on them.")
            if heading > 0
            else _(
                "The baseline seems to get worse, but it holds too few values to tell; Tau-BC and PET would lean on "
                "them."
            )
        )
    elif heading:
        told.append(
            _("A slope drawn on from a short baseline can carry far; see whether Tau-BC and NAP tell the same story.")
        )
    end = pair.measure.maximum if pair.measure.improvement == "increase" else pair.measure.minimum
    if end is not None and (after == end).mean() >= _AT_END:
        share = 100 * float((after == end).mean())
        told.append(
            _("{share} % of the intervention values stand at the measure's end ({end}); it can't show more.").format(
                share=localized(f"{share:.0f}"), end=localized(f"{end:g}")
            )
        )
    if np.ptp(pair.values) == 0:
        told.append(_("All values are the same, so no index can tell a difference."))
    told.append(
        _(
            "Standard errors take the sessions as independent of each other; where one day carries "
            "over into the next they are too small."
        )
    )
    return tuple(told)
