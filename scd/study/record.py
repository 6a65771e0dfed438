"""What every value of a study has in common: it is frozen, knows all its fields, and speaks through `StudyError`."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import AllowInfNan, BaseModel, ConfigDict, StringConstraints, ValidationError

from scd.study.errors import StudyError

__all__ = ["Number", "Record", "Text"]

Number = Annotated[float, AllowInfNan(False)]
"""A finite number: NaN and infinity are refused, so that they never reach a model or a page."""

# Control characters and the Unicode marks that reorder text have no business in a label that ends up on a page.
_PRINTABLE = r"^[^\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]*$"
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300, pattern=_PRINTABLE)]
"""One line of text of at most 300 characters."""


class Record(BaseModel):
    """A frozen value. Building it with a wrong field raises `StudyError` with every problem in words."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise StudyError.from_validation(_subject(type(self), data), error) from None

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed, validated anew.

        Raises
        ------
        StudyError
            When the changed value breaks a rule; the original is untouched.
        """
        unknown = set(changes) - set(type(self).model_fields)
        if unknown:
            raise StudyError(f"{type(self).__name__.lower()}: has no field {sorted(unknown)[0]!r}")
        return type(self)(**{name: getattr(self, name) for name in type(self).model_fields} | changes)


def _subject(kind: type, data: dict[str, Any]) -> str:
    name = next((data[f] for f in ("key", "code", "label", "number") if isinstance(data.get(f), str | int)), None)
    return kind.__name__.lower() + (f" '{name}'" if name is not None else "")
