"""Load Altair in a quarter of its time; imported before every other module of this room."""

from __future__ import annotations

import sys

__all__: list[str] = []

# jsonschema, which Altair loads, builds a grammar of internationalised web addresses: three of four seconds, in every
# kernel of every report, for a check that no chart makes. It does without when that library is not there.
_UNUSED = "rfc3987_syntax"

if "jsonschema" not in sys.modules and _UNUSED not in sys.modules:
    sys.modules[_UNUSED] = None  # type: ignore[assignment]
    try:
        import altair  # noqa: F401
    finally:
        del sys.modules[_UNUSED]
