"""Changes as people read them: their names, their units, and the one that speaks for a whole study."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scd.analysis import words
from scd.language import gettext as _

if TYPE_CHECKING:
    from scd.analysis.summary import Effect, Summary
    from scd.study import Measure, Study

__all__ = ["comparison_words", "effect_words", "overall_effect", "told_effect", "told_measure"]

_IN_UNITS = {
    "level_change",
    "level_change_first",
    "level_change_last",
    "level_change_unpooled",
    "slope_change",
    "trend",
}


def overall_effect(study: Study, *, summary: Summary) -> Effect | None:
    """The change of level that speaks for a whole study: of its only case, or the average over its cases.

    Examples
    --------
    >>> from scd.reports.example import example_study, example_summary
    >>> overall_effect(example_study(), summary=example_summary()).median
    -2.97
    """
    who = study.cases[0].code if len(study.cases) == 1 else None
    wanted = (who, "level_change", "overall")
    return next((row for row in summary.effects if (row.case, row.effect, row.contrast) == wanted), None)


def told_effect(row: Effect, *, measure: Measure) -> Effect:
    """A row of the effect table in the unit that changes of a measure are told in.

    Parameters
    ----------
    row : Effect
        In the measure's units.
    measure : Measure
        Its measure.

    Returns
    -------
    Effect
        A share's change in percentage points; what has no unit stays.

    Examples
    --------
    >>> from scd.reports.example import example_summary
    >>> from scd.study import Measure
    >>> share = Measure(key="hits", label="Hits", improvement="increase", scale="proportion", minimum=0, maximum=1)
    >>> told_effect(example_summary().effects[0].replace(median=0.25), measure=share).median
    25.0
    """
    factor, _ = words.change_unit(measure)
    if row.effect not in _IN_UNITS or row.median is None:
        return row
    numbers = {name: getattr(row, name) for name in ("mean", "sd", "median", "lower", "upper")}
    return row.replace(**{name: None if value is None else factor * value for name, value in numbers.items()})


def told_measure(measure: Measure) -> Measure:
    """A measure whose unit and numbers are those that its changes are told in.

    Examples
    --------
    >>> from scd.study import Measure
    >>> share = Measure(key="hits", label="Hits", improvement="increase", scale="proportion", minimum=0, maximum=1)
    >>> told = told_measure(share)
    >>> told.unit, told.maximum
    ('percentage points', 100.0)
    """
    factor, unit = words.change_unit(measure)
    numbers = {name: getattr(measure, name) for name in ("minimum", "maximum", "meaningful_change", "goal", "cutoff")}
    scaled = {name: None if value is None else factor * value for name, value in numbers.items()}
    return measure.replace(unit=unit, **scaled)


def effect_words(effect: str, *, measure: Measure) -> str:
    """An effect of the table as people read it.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> effect_words("level_change", measure=example_study().measures[0])
    'Change in level (points)'
    """
    unit = words.change_unit(measure)[1]
    named = {
        "level_change": _("Change in level ({unit})").format(unit=unit),
        "level_change_unpooled": _("Change in level, this case by itself ({unit})").format(unit=unit),
        "level_change_first": _("Change at the first session ({unit})").format(unit=unit),
        "level_change_last": _("Change at the last session ({unit})").format(unit=unit),
        "standardized_change": _("Standardised change (SD)"),
        "slope_change": _("Change in slope ({unit} a session)").format(unit=unit),
        "trend": _("Trend ({unit} a session)").format(unit=unit),
        "consistent_change": _("Every change the right way"),
        "nap": _("Non-overlap (NAP)"),
        "rate_ratio": _("Ratio, intervention to baseline"),
        "odds_ratio": _("Odds ratio, intervention to baseline"),
        "percent_change": _("Change in % of baseline"),
    }
    return named.get(effect, effect.replace("_", " "))


def comparison_words(contrast: str) -> str:
    """A contrast as people read it.

    Examples
    --------
    >>> comparison_words("A1-B1"), comparison_words("overall")
    ('A1 and B1', 'all phases')
    """
    return _("all phases") if contrast == "overall" else _(" and ").join(contrast.split("-"))
