"""What a masked visual analysis keeps: graphs without phases, the seal over the key, guesses, and the result."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from scd.design.schemes import Scheme
from scd.language import gettext as _
from scd.language import localized, ngettext, thousands
from scd.study import StudyError
from scd.study.measure import Improvement
from scd.study.randomization import Order, SchemeName
from scd.study.record import Number, Record, Text

__all__ = ["Guess", "HowDrawn", "MaskKey", "MaskedAnalysis", "MaskedGraph", "MaskedResult", "seal_of"]

_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class MaskedGraph(Record):
    """One case's values without its phases, its code and its dates.

    Parameters
    ----------
    name : str
        What the analyst calls it: ``graph 1``.
    measure, unit : str
        The measure's label and unit.
    improvement : {"increase", "decrease"}
        The direction that is better.
    limits : tuple of float or None
        The lowest and highest possible value; None where open.
    values : tuple of float or None
        One a session, from session 1; None where it was missed.
    """

    name: Text
    measure: Text
    unit: Text = ""
    improvement: Improvement
    limits: tuple[Number | None, Number | None] = (None, None)
    values: Annotated[tuple[Number | None, ...], Field(min_length=2)]


class HowDrawn(Record):
    """The rules of the draw, which the analyst may know; neither its seed nor its result.

    Parameters
    ----------
    name, min_phase, windows, starts, max_consecutive, block_size, assignments
        As in `scd.design.Scheme`; what belongs to cases stands in the order of the graphs.
    begins : {"A", "B", ""}
        The condition that every case begins with; empty where conditions alternate or assignments are listed.
    phases : int
        Phases of each case; 0 where that is not fixed.
    treated : int
        Sessions under B of each case; 0 where that is not fixed.
    arrangements : int
        How many assignments there are.
    stated : bool
        Whether somebody said that it was drawn so, and no record of the draw is there.
    """

    name: SchemeName
    min_phase: int = 1
    windows: tuple[tuple[int, int], ...] = ()
    starts: tuple[tuple[int, ...], ...] = ()
    max_consecutive: int | None = None
    block_size: int = 2
    assignments: tuple[tuple[Order, ...], ...] = ()
    begins: Literal["A", "B", ""] = ""
    phases: Annotated[int, Field(ge=0)] = 0
    treated: Annotated[int, Field(ge=0)] = 0
    arrangements: Annotated[int, Field(ge=2)]
    stated: bool = False

    @property
    def scheme(self) -> Scheme:
        """The same as a scheme."""
        return Scheme(
            self.name,
            min_phase=self.min_phase,
            windows=self.windows,
            starts=self.starts,
            max_consecutive=self.max_consecutive,
            block_size=self.block_size,
            assignments=self.assignments,
        )


class Guess(Record):
    """One arrangement that the analyst named, and when.

    Parameters
    ----------
    orders : tuple of str
        For each graph, the condition of every session: ``AAAABBBB``.
    at : datetime.datetime
        When it was named, with time zone.
    """

    orders: tuple[Order, ...]
    at: dt.datetime


class MaskKey(Record):
    """What opens the seal; somebody other than the analyst keeps it.

    Parameters
    ----------
    salt : str
        64 random hexadecimal digits: without them the seal can't be opened by trying all arrangements.
    cases : tuple of str
        The case of each graph.
    orders : tuple of str
        For each graph, the condition of every session, as drawn.
    """

    salt: _Digest
    cases: tuple[Text, ...]
    orders: tuple[Order, ...]

    def to_json(self) -> str:
        """The key as a document."""
        return _dumped(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a key.

        Raises
        ------
        StudyError
            When it is no such document.
        """
        body = _loaded(text, "stored key")
        if "salt" not in body:
            raise StudyError("stored key: is no key of a masked analysis (it has no 'salt')", field="salt")
        return cls(**body)


class MaskedAnalysis(Record):
    """Graphs to judge, the seal over their key, and the guesses so far. All of it may be shown to the analyst.

    Parameters
    ----------
    graphs : tuple of MaskedGraph
        In random order.
    drawn : HowDrawn
        The rules of the draw.
    sealed_at : datetime.datetime
        When, with time zone.
    seal : str
        SHA-256 of the salt, the key and all fields above.
    guesses : tuple of Guess
        In order of time.
    opened_at : datetime.datetime, optional
        When the key was shown; no guess counts after that.

    Raises
    ------
    StudyError
        When a time has no zone, or sealing, guesses and opening are out of order.
    """

    format: Literal["scd-masked"] = "scd-masked"
    version: Literal[1] = 1
    graphs: Annotated[tuple[MaskedGraph, ...], Field(min_length=1)]
    drawn: HowDrawn
    sealed_at: dt.datetime
    seal: _Digest
    guesses: tuple[Guess, ...] = ()
    opened_at: dt.datetime | None = None

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        times = [self.sealed_at, *(guess.at for guess in self.guesses)]
        times += [self.opened_at] if self.opened_at is not None else []
        if any(time.tzinfo is None for time in times):
            raise StudyError("masked analysis: every time needs a zone", field="at")
        if sorted(times) != times:
            raise StudyError(
                "masked analysis: guesses must follow the sealing, in order of time, and the opening must follow them",
                field="at",
            )
        return self

    @property
    def words(self) -> str:
        """What the analyst is asked, and how small p can become."""
        count, number = len(self.graphs), self.drawn.arrangements
        ways = {
            "increase": _("{measure}, increase is better"),
            "decrease": _("{measure}, decrease is better"),
        }
        of = ", ".join(dict.fromkeys(ways[graph.improvement].format(measure=graph.measure) for graph in self.graphs))
        graphs = ngettext("{n} graph of {measures}", "{n} graphs of {measures}", count).format(n=count, measures=of)
        text = (
            _(
                "{graphs}, phases hidden. The draw, as stated: {scheme}; {arrangements} arrangements were possible. "
                "Name the one that you take for the true one. Right at the first guess is p = 1/{arrangements} = {p}."
            )
            if self.drawn.stated
            else _(
                "{graphs}, phases hidden. The draw: {scheme}; {arrangements} arrangements were possible. Name the one "
                "that you take for the true one. Right at the first guess is p = 1/{arrangements} = {p}."
            )
        )
        return text.format(
            graphs=graphs,
            scheme=self.drawn.scheme.words,
            arrangements=thousands(number),
            p=localized(f"{1 / number:.3g}"),
        )

    def to_json(self) -> str:
        """The analysis as a document, which `from_json` reads."""
        return _dumped(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a masked analysis.

        Raises
        ------
        StudyError
            When it is no such document.
        """
        body = _loaded(text, "masked analysis")
        if body.get("format") != "scd-masked":
            raise StudyError("masked analysis: is none (key 'format' must be 'scd-masked')", field="format")
        return cls(**body)


class MaskedResult(Record):
    """What came out when the seal was tried.

    Parameters
    ----------
    identified : bool
        Whether one of the guesses is the true arrangement.
    guesses : int
        How many it took; all that were made where none is right.
    arrangements : int
        How many were possible.
    p : float, optional
        Share of the admissible assignments that were named up to the right one; None while none is right.
    cases, orders : tuple of str
        The case and the true conditions of each graph; empty while the key stays closed.
    """

    identified: bool
    guesses: int
    arrangements: int
    p: float | None = None
    cases: tuple[Text, ...] = ()
    orders: tuple[Order, ...] = ()

    @property
    def words(self) -> str:
        """The result in one sentence."""
        told = {
            "guesses": ngettext("{n} guess", "{n} guesses", self.guesses).format(n=self.guesses),
            "arrangements": thousands(self.arrangements),
        }
        if self.identified:
            return _(
                "The arrangement was identified with {guesses} of {arrangements} possible: p = {p}, if the schedule "
                "was drawn at random and the analyst saw nothing else."
            ).format(**told, p=localized(f"{self.p:.3g}"))
        if self.p is None:
            return _(
                "The arrangement was not identified with {guesses}; the key stays closed. Guess on, or give up."
            ).format(**told)
        return _(
            "The arrangement was not identified with {guesses}, and the search was given up: p is taken as 1."
        ).format(**told)


def seal_of(analysis: MaskedAnalysis, key: MaskKey) -> str:
    """The seal over an analysis and its key: SHA-256 of both documents, the salt among them, as they were sealed.

    Examples
    --------
    >>> key = MaskKey(salt="0" * 64, cases=("K7M2",), orders=("AB",))
    >>> now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    >>> graph = MaskedGraph(name="graph 1", measure="Mood", improvement="increase", values=(4, 5))
    >>> analysis = MaskedAnalysis(
    ...     graphs=(graph,), drawn=HowDrawn(name="phase-starts", arrangements=2), sealed_at=now, seal="0" * 64
    ... )
    >>> seal_of(analysis, key) == seal_of(analysis.replace(graphs=(graph.replace(measure="Sleep"),)), key)
    False
    """
    parts = [key.model_dump(mode="json"), analysis.model_dump(mode="json", exclude={"seal", "guesses", "opened_at"})]
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _dumped(record: Record) -> str:
    return json.dumps(record.model_dump(mode="json"), ensure_ascii=False, indent=1)


def _loaded(text: str, what: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except json.JSONDecodeError as error:
        raise StudyError(f"{what}: is not JSON (line {error.lineno}, column {error.colno}: {error.msg})") from None
    if not isinstance(body, dict):
        raise StudyError(f"{what}: must be one object")
    return body
