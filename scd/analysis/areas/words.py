"""The joint picture of a client's areas in sentences, made from the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.analysis.areas.area_changes import OWN, SURE
from scd.analysis.words import change_words, frequency_words, number, probability
from scd.language import gettext as _
from scd.language import listed, ngettext, percent

if TYPE_CHECKING:
    from scd.analysis.areas.area_changes import AreaChanges
    from scd.study import Study

__all__ = ["area_client_words", "area_words", "verdict_word"]

_Row = dict[str, Any]

# From here on a direction is told; below, “can't say yet”.
_TOLD = 0.9


def verdict_word(verdict: str) -> str:
    """A verdict as it stands on a page.

    Examples
    --------
    >>> verdict_word("unclear")
    "can't tell yet"
    """
    return {"better": _("better"), "worse": _("worse"), "unclear": _("can't tell yet")}[verdict]


def area_words(found: AreaChanges, *, study: Study) -> tuple[str, ...]:
    """The joint picture for the clinician, a paragraph each.

    Parameters
    ----------
    found : AreaChanges
    study : Study
        For the measures' directions and units.

    Returns
    -------
    tuple of str
        Which areas moved, each area's change, the joint probabilities, the rule, and what is left out.
    """
    rows = _rows(found)
    text = [_withheld()] if not found.reliable else [_overview(rows)]
    told = _("{label}: {change}; probability of improvement {chance}{meaningful}. Verdict: {verdict}.{note}")
    for row in rows:
        matters = row["p_meaningful"]
        text.append(
            told.format(
                label=row["label"],
                change=change_words({**row, "median": row["change"]}, study.measure(row["measure"])),
                chance=probability(row["p_improvement"]),
                meaningful=""
                if matters is None or matters != matters
                else _(", of a meaningful one {chance}").format(chance=probability(matters)),
                verdict=verdict_word(row["verdict"]),
                note=f" {_no_verdict(row['note'])}" if row["note"] else "",
            )
        )
    if len(rows) > 1:
        joint = _(
            "Averaged over areas like these the change is {mean} fifths of a scale (95 % interval {low} to {high}; "
            "above 0 is better; probability of improvement {better}), and areas differ by {spread}. Probability that "
            "all of them got better: {all_better}."
        )
        text.append(
            joint.format(
                mean=number(found.mean),
                low=number(found.mean_lower),
                high=number(found.mean_upper),
                better=probability(found.p_mean_better),
                spread=number(found.spread),
                all_better=probability(found.p_all_better),
            )
        )
        rule = _(
            "All areas are judged in one model, so that many areas do not make many chances of a false alarm: an area "
            "is called when its joint probability is {sure} or more and its own values alone give {own} or more."
        )
        text.append(rule.format(sure=percent(SURE, digits=1), own=percent(OWN)))
    text += [_("Not in the picture: {reason}").format(reason=reason) for reason in found.left_out.values()]
    return tuple(text)


def area_client_words(found: AreaChanges) -> tuple[str, ...]:
    """The joint picture for the client, in plain words.

    Parameters
    ----------
    found : AreaChanges

    Returns
    -------
    tuple of str
        What got better, what got worse, what can't be told yet, and what that can't mean.
    """
    rows = _rows(found)
    if not found.reliable:
        return (_("The numbers could not be worked out reliably this time, so this page shows none."),)
    text = []
    for verdict, told in (
        ("better", _("Better during the treatment phases than before: {areas}.")),
        ("worse", _("Worse during the treatment phases than before: {areas}.")),
        ("unclear", _("For each of these alone we can't be sure yet: {areas}.")),
    ):
        areas = [row["label"] for row in rows if row["verdict"] == verdict]
        if areas:
            text.append(told.format(areas=listed(areas)))
    if len(rows) > 1:
        text.append(_taken_together(found.p_mean_better))
        text.append(
            _(
                "We looked at all areas at once. With many areas, one may look better or worse just by chance; so we "
                "only say so when we can be quite sure."
            )
        )
    return tuple(text)


def _taken_together(p: float) -> str:
    if 1 - _TOLD < p < _TOLD:
        return _("Taken together, we can't say yet whether your areas were better or worse than before treatment.")
    told = (
        _("Taken together, your areas were better: {n} ways to read your numbers that fit them well say so.")
        if p > 0.5
        else _("Taken together, your areas were worse: {n} ways to read your numbers that fit them well say so.")
    )
    return told.format(n=frequency_words(max(p, 1 - p)))


def _overview(rows: list[_Row]) -> str:
    parts = []
    for verdict, told in (
        ("better", _("better: {areas}")),
        ("worse", _("worse: {areas}")),
        ("unclear", _("can't tell yet: {areas}")),
    ):
        areas = [row["label"] for row in rows if row["verdict"] == verdict]
        if areas:
            parts.append(told.format(areas=", ".join(areas)))
    head = ngettext("{n} area, from baseline to intervention", "{n} areas, from baseline to intervention", len(rows))
    return f"{head.format(n=len(rows))} – {'; '.join(parts)}."


def _no_verdict(note: str) -> str:
    return _("No verdict: {reason}").format(reason=note)


def _withheld() -> str:
    return _("No area is called: the draws have not settled. Estimate again with another seed.")


def _rows(found: AreaChanges) -> list[_Row]:
    return found.rows.to_dict("records")  # type: ignore[return-value]
