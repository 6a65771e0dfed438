"""What stands beside a number: for how many minutes was observed, or of how many trials it is a share."""

from __future__ import annotations

from typing import Literal

from scd.study import Measure, Session, Value

__all__ = ["asked_beside", "without_strangers"]

Kind = Literal["minutes", "trials"]

# What a form asks for, and what may also come from a table: of a percentage the trials tell the weight.
_ASKED: dict[str, Kind] = {"count": "minutes", "rate": "minutes", "proportion": "trials"}
_KEPT: dict[Kind, tuple[str, ...]] = {"minutes": ("count", "rate"), "trials": ("count", "proportion", "percentage")}


def asked_beside(measure: Measure) -> Kind | None:
    """What is asked for beside a measure's value.

    Parameters
    ----------
    measure : Measure
        What is measured.

    Returns
    -------
    {"minutes", "trials"} or None
        Minutes for a count or a rate, trials for a proportion.

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> asked_beside(from_catalogue("phq-9")) is None
    True
    """
    return _ASKED.get(measure.scale)


def without_strangers(session: Session, measures: tuple[Measure, ...]) -> Session:
    """The session without minutes and trials of measures that have none: a table's column is for the whole row.

    Parameters
    ----------
    session : Session
        As read from a table.
    measures : tuple of Measure
        Of its case.

    Returns
    -------
    Session

    Examples
    --------
    >>> from scd.study.catalogue import from_catalogue
    >>> session = Session(number=1, values=(Value(measure="phq-9", value=14, minutes=30),))
    >>> without_strangers(session, (from_catalogue("phq-9"),)).values[0].minutes is None
    True
    """
    scales = {m.key: m.scale for m in measures}
    return session.replace(values=tuple(_kept(value, scales[value.measure]) for value in session.values))


def _kept(value: Value, scale: str) -> Value:
    strange = {kind: None for kind, scales in _KEPT.items() if scale not in scales}
    return value.replace(**strange) if strange else value
