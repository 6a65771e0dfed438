"""Planning: how likely a design is to know, before its first session, by simulation and the exact engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scd.analysis.planning.designs import (
        MULTIPLE_BASELINE,
        PlannedDesign,
        design_name,
        planned_design,
    )
    from scd.analysis.planning.power import CERTAIN, Chance, chance_of, chances
    from scd.analysis.planning.question import PLANNED_MODELS, PLANNED_SCALES, PlannedModel, Question
    from scd.analysis.planning.replicates import Change, posterior_of_change, simulate
    from scd.analysis.planning.tiers import posterior_of_average
    from scd.analysis.planning.words import (
        ENOUGH,
        assumption_words,
        design_words,
        draw_words,
        reach_words,
        warnings_of,
    )

__all__ = [
    "CERTAIN",
    "ENOUGH",
    "MULTIPLE_BASELINE",
    "PLANNED_MODELS",
    "PLANNED_SCALES",
    "Chance",
    "Change",
    "PlannedDesign",
    "PlannedModel",
    "Question",
    "assumption_words",
    "chance_of",
    "chances",
    "design_name",
    "design_words",
    "draw_words",
    "planned_design",
    "posterior_of_average",
    "posterior_of_change",
    "reach_words",
    "simulate",
    "warnings_of",
]

_HOMES = {
    **dict.fromkeys(("CERTAIN", "Chance", "chance_of", "chances"), "power"),
    **dict.fromkeys(("MULTIPLE_BASELINE", "PlannedDesign", "design_name", "planned_design"), "designs"),
    **dict.fromkeys(("PLANNED_MODELS", "PLANNED_SCALES", "PlannedModel", "Question"), "question"),
    **dict.fromkeys(("Change", "posterior_of_change", "simulate"), "replicates"),
    "posterior_of_average": "tiers",
    **dict.fromkeys(
        ("ENOUGH", "assumption_words", "design_words", "draw_words", "reach_words", "warnings_of"), "words"
    ),
}


def __getattr__(name: str) -> Any:
    # NumPy takes a while to import: it is loaded when a plan is asked for, not when the room is entered.
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"scd.analysis.planning.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
