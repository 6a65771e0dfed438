"""The one error a study raises: where it is, which rule, what it got, what to do."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

__all__ = ["StudyError"]


class StudyError(ValueError):
    """A study that breaks a rule.

    Parameters
    ----------
    message : str
        Where, which rule, what it got and what to do, in one plain sentence:
        ``case 'K7M2', phase 'B1': needs at least 1 session (got 0)``.
    field : str, optional
        The dotted name of the field at fault (``measures.0.minimum``), so that a form can show the message beside it.
    problems : tuple of StudyError, optional
        All problems found together, when there are several; the message then holds one line each.

    Examples
    --------
    >>> str(StudyError("measure 'mood': maximum must be above minimum (got 0 and 0)", field="maximum"))
    "measure 'mood': maximum must be above minimum (got 0 and 0)"
    """

    def __init__(self, message: str, *, field: str = "", problems: tuple[StudyError, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.problems = problems or (self,)

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by positional arguments; the keyword ones would be lost between processes.
        state = {"field": self.field} if self.problems == (self,) else {"field": self.field, "problems": self.problems}
        return (type(self), (self.message,), state)

    @classmethod
    def from_validation(cls, subject: str, error: ValidationError) -> StudyError:
        """Turn pydantic's report into one `StudyError` that holds every problem.

        Parameters
        ----------
        subject : str
            What was being built, in words (``"measure"``).
        error : pydantic.ValidationError
            The report.

        Returns
        -------
        StudyError
            With one entry in `problems` for each line of the report.
        """
        problems: list[StudyError] = []
        lines = error.errors(include_url=False)
        inner_places = [line["loc"] for line in lines]
        for line in lines:
            if any(p[: len(line["loc"])] == line["loc"] and len(p) > len(line["loc"]) for p in inner_places):
                continue  # a container that lacks an item only because that item was refused
            cause = line.get("ctx", {}).get("error")
            place = ".".join(str(part) for part in line["loc"])
            if isinstance(cause, StudyError):  # a value inside this one already said it in its own words
                problems.extend(
                    cls(p.message, field=".".join(part for part in (place, p.field) if part)) for p in cause.problems
                )
                continue
            problems.append(cls(_sentence(subject, place, line), field=place))
        message = "\n".join(p.message for p in problems)
        return cls(message, field=problems[0].field, problems=tuple(problems) if len(problems) > 1 else ())


def _sentence(subject: str, place: str, line: Any) -> str:
    kind, got = line["type"], line.get("input")
    where = f"{subject}, field '{place}'" if place else subject
    if kind == "missing":
        return f"{where}: is missing; give it a value"
    if kind == "extra_forbidden":
        return f"{where}: is not a field that scd knows; remove it or correct its name"
    if kind == "value_error":
        return f"{where}: {line['ctx']['error']}"
    told = line["msg"][0].lower() + line["msg"][1:]
    return f"{where}: {told} (got {got!r})"
