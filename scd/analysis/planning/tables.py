"""Chances as a table with what a chart and a page need: names, totals, bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from scd.analysis.planning.words import design_words

if TYPE_CHECKING:
    from scd.analysis.planning.power import Chance

__all__ = ["CURVES", "chance_table", "curve_table"]

CURVES = ("p_detect", "p_meaningful", "width", "randomization_power")
"""The quantities that a plan has a curve of."""

_ERRORS = 2.0


def chance_table(found: Sequence[Chance]) -> pd.DataFrame:
    """The rows of a plan, and what is known of each design beside them.

    Parameters
    ----------
    found : sequence of Chance

    Returns
    -------
    pandas.DataFrame
        Columns ``design, sessions, change, autocorrelation, p_detect, p_meaningful, width, randomization_power,
        replications``, then ``label, total, tiers, grade, smallest_p``.

    Examples
    --------
    >>> from scd.analysis.planning.power import chances
    >>> from scd.analysis.planning.question import Question
    >>> found = chances(Question(unit=1), designs=["ab"], sessions=[3], changes=[2], replications=20)
    >>> chance_table(found)[["label", "total", "tiers"]].to_dict("records")
    [{'label': 'AB', 'total': 6, 'tiers': 1}]
    """
    rows = []
    for one in found:
        plan = one.plan
        rows.append(
            one.row
            | {
                "label": design_words(plan.name),
                "total": plan.total,
                "tiers": len(plan.starts),
                "grade": plan.grade,
                "smallest_p": plan.smallest_p,
            }
        )
    return pd.DataFrame(rows)


def curve_table(found: Sequence[Chance]) -> pd.DataFrame:
    """One row a point of a curve, with the band that the simulation's error leaves.

    Parameters
    ----------
    found : sequence of Chance
        At one change and one autocorrelation.

    Returns
    -------
    pandas.DataFrame
        Columns ``design`` (its name for people), ``sessions`` (a phase), ``total`` (of each client), ``quantity`` (one
        of `CURVES`), ``value``, ``lower`` and ``upper`` (two standard errors away; shares end at 0 and 1). What can't
        be told has no row.

    Examples
    --------
    >>> from scd.analysis.planning.power import chances
    >>> from scd.analysis.planning.question import Question
    >>> found = chances(Question(unit=1), designs=["ab"], sessions=[3], changes=[2], replications=20)
    >>> curve_table(found)["quantity"].tolist()
    ['p_detect', 'p_meaningful', 'width']
    """
    rows: list[dict[str, Any]] = []
    for one in found:
        for quantity in CURVES:
            value, error = one.row[quantity], one.errors[quantity]
            if value is None or error is None:
                continue
            lower, upper = float(value) - _ERRORS * error, float(value) + _ERRORS * error
            if quantity != "width":
                lower, upper = max(lower, 0.0), min(upper, 1.0)
            rows.append(
                {
                    "design": design_words(one.plan.name),
                    "sessions": one.plan.sessions,
                    "total": one.plan.total,
                    "quantity": quantity,
                    "value": float(value),
                    "lower": lower,
                    "upper": upper,
                }
            )
    return pd.DataFrame(rows, columns=["design", "sessions", "total", "quantity", "value", "lower", "upper"])
