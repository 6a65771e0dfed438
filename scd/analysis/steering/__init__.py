"""Steering between sessions: the baseline's course against what came, fixed looks, alarms with their error rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scd.analysis.steering.after_session import steer, steer_all
    from scd.analysis.steering.choosing import choose_monitoring, default_monitoring
    from scd.analysis.steering.decisions import record_decision
    from scd.analysis.steering.steering_values import Steering, looks_table, trajectory_table
    from scd.analysis.steering.steering_words import rule_words

__all__ = [
    "Steering",
    "choose_monitoring",
    "default_monitoring",
    "looks_table",
    "record_decision",
    "rule_words",
    "steer",
    "steer_all",
    "trajectory_table",
]

_HOMES = {
    **dict.fromkeys(("choose_monitoring", "default_monitoring"), "choosing"),
    "record_decision": "decisions",
    **dict.fromkeys(("Steering", "looks_table", "trajectory_table"), "steering_values"),
    "rule_words": "steering_words",
    **dict.fromkeys(("steer", "steer_all"), "after_session"),
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"scd.analysis.steering.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
