"""One area of a client's life in a plain sentence or two, by the joint verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.analysis.words import change_unit, count_words
from scd.language import gettext as _
from scd.language import number

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["area_sentence"]

# From here on numbers point somewhere, though the joint verdict asks for more.
_POINTS = 0.9


def area_sentence(row: dict[str, Any], *, measure: Measure) -> str:
    """How one area changed, for the client: what came, which direction is better, and how sure that is.

    Where its own values are too few for a verdict, no more than that.

    Parameters
    ----------
    row : dict
        A row of `scd.analysis.areas.area_changes.AreaChanges`, with ``change, p_improvement, verdict, note``.
    measure : Measure

    Returns
    -------
    str

    Examples
    --------
    >>> from scd.study import Measure
    >>> sleep = Measure(key="sleep", label="Sleep", improvement="increase", minimum=0, maximum=10)
    >>> row = {"change": 1.84, "p_improvement": 0.999, "verdict": "better", "note": ""}
    >>> area_sentence(row, measure=sleep).partition(" Of ")[0]
    'Sleep was about 1.8 points higher during the treatment phases than before. Higher is better.'
    """
    if row["note"]:
        return _("There are not yet enough numbers to say whether {name} changed.").format(name=measure.label)
    return f"{_change_words(row, measure)} {_sure_words(row, measure)}"


def _change_words(row: dict[str, Any], measure: Measure) -> str:
    if row["verdict"] == "unclear":
        told = _("We can't tell yet whether {name} was better or worse during the treatment phases.")
        return told.format(name=measure.label)
    higher, good = row["change"] > 0, measure.sign > 0
    if higher and good:
        told = _("{name} was about {size} {unit} higher during the treatment phases than before. Higher is better.")
    elif higher:
        told = _("{name} was about {size} {unit} higher during the treatment phases than before. Higher is worse.")
    elif good:
        told = _("{name} was about {size} {unit} lower during the treatment phases than before. Lower is worse.")
    else:
        told = _("{name} was about {size} {unit} lower during the treatment phases than before. Lower is better.")
    factor, unit = change_unit(measure)
    return told.format(name=measure.label, size=number(abs(factor * row["change"]), digits=1), unit=unit)


def _sure_words(row: dict[str, Any], measure: Measure) -> str:
    p = row["p_improvement"]
    if row["verdict"] == "unclear" and not 1 - _POINTS < p < _POINTS:
        return (
            _("Your numbers point to better. We look at several areas at once, so we want to be surer to say so.")
            if p > 0.5
            else _("Your numbers point to worse. We look at several areas at once, so we want to be surer to say so.")
        )
    told = (
        _("Of 100 ways to read your numbers that fit them well, {count} say that {name} was better.")
        if p >= 0.5
        else _("Of 100 ways to read your numbers that fit them well, {count} say that {name} was worse.")
    )
    return told.format(count=count_words(max(p, 1 - p)), name=measure.label)
