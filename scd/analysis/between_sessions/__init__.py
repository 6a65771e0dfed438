"""What happens between the sessions of each client, gathered for a report: plain values that a page only shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scd.analysis.between_sessions.gathering import between_sessions_of
    from scd.analysis.between_sessions.values import BetweenSessions

__all__ = ["BetweenSessions", "between_sessions_of"]

_HOMES = {"BetweenSessions": "values", "between_sessions_of": "gathering"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"scd.analysis.between_sessions.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
