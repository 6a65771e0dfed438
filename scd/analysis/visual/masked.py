"""Masked visual analysis: graphs without their phases, and the key sealed until the analyst has made a guess."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import TYPE_CHECKING

from scd.analysis.visual.masked_records import Guess, MaskedAnalysis, MaskedGraph, MaskedResult, MaskKey, seal_of
from scd.analysis.visual.masked_rules import drawn_cases, how_drawn
from scd.design.arrangements import times_drawn
from scd.design.courses import starts_of
from scd.design.schedules import ENUMERATION_LIMIT
from scd.design.tally import counted_outcome
from scd.language import gettext as _
from scd.study import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.analysis.randomization_test.assigned import Assigned
    from scd.design.schemes import Scheme
    from scd.study import Measure, Study

__all__ = ["commit_guess", "open_seal", "seal_analysis"]


def seal_analysis(
    study: Study,
    *,
    sealed_at: dt.datetime,
    measure: str | None = None,
    salt: str | None = None,
    stated: Scheme | None = None,
) -> tuple[MaskedAnalysis, MaskKey]:
    """Hide the phases of a randomised study, and seal what they were.

    Codes, dates and phases are left out, and the graphs stand in an order that only the salt knows: the order of a
    multiple baseline's cases would tell their starts.

    Parameters
    ----------
    study : Study
        With a stored draw that was followed to the end, or with none where a scheme is stated.
    sealed_at : datetime.datetime
        When, with time zone.
    measure : str, optional
        Key of the measure; by default each case's first outcome.
    salt : str, optional
        64 hexadecimal digits; by default random, as it must be for anything but an example.
    stated : Scheme, optional
        How the schedule was drawn, where the study holds no draw; taken as your word, and the analysis says so.

    Returns
    -------
    analysis : MaskedAnalysis
        For the analyst.
    key : MaskKey
        For somebody else to keep.

    Raises
    ------
    StudyError
        When nothing was drawn, the schedule departed from its draw or lies outside it, a phase has not begun, or there
        are more than `ENUMERATION_LIMIT` arrangements.

    References
    ----------
    Ferron and Jones (2006), doi:10.3200/JEXE.75.1.66-81. Byun, Hitchcock and Ferron (2017),
    doi:10.1044/2017_JSLHR-S-16-0344.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.design.randomization import draw_phase_starts
    >>> from scd.study import Measure, Session, Value
    >>> now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    >>> draw = draw_phase_starts(sessions=12, phases=2, min_phase=4, seed=7, drawn_at=now)
    >>> mood = Measure(key="mood", label="Mood", improvement="increase")
    >>> study = reversal(measures=[mood], phases="AB", randomization=draw, code="K7M2")
    >>> rows = [Session(number=n, values=(Value(measure="mood", value=n % 3),)) for n in range(1, 13)]
    >>> analysis, key = seal_analysis(study.with_case(study.cases[0].record(*rows)), sealed_at=now)
    >>> analysis.drawn.arrangements, [graph.name for graph in analysis.graphs], "K7M2" in analysis.to_json()
    (5, ['graph 1'], False)
    """
    outcomes = _outcomes(study, measure)
    held, scheme, arrangements = drawn_cases(study, measures=outcomes, stated=stated)
    if arrangements > ENUMERATION_LIMIT:
        raise StudyError(
            f"study '{study.code}': {arrangements:,} arrangements are too many to name one of them "
            f"(at most {ENUMERATION_LIMIT:,}); use a randomisation test",
            field="randomization",
        )
    salt = salt or secrets.token_hex(32)
    places = sorted(range(len(held)), key=lambda i: hashlib.sha256(f"{salt}/{i}".encode()).digest())
    key = MaskKey(
        salt=salt,
        cases=tuple(held[i].course.case for i in places),
        orders=tuple(held[i].course.order for i in places),
    )
    analysis = MaskedAnalysis(
        graphs=tuple(
            _graph(_("graph {n}").format(n=n), held[i], outcomes[held[i].course.case])
            for n, i in enumerate(places, start=1)
        ),
        drawn=how_drawn(scheme, places=places, orders=key.orders, arrangements=arrangements, stated=stated is not None),
        sealed_at=sealed_at,
        seal="0" * 64,
    )
    return analysis.replace(seal=seal_of(analysis, key)), key


def commit_guess(
    analysis: MaskedAnalysis,
    *,
    at: dt.datetime,
    starts: Sequence[Sequence[int]] | None = None,
    orders: Sequence[str] | None = None,
) -> MaskedAnalysis:
    """Return the analysis with one more guess; a guess stands for good.

    Parameters
    ----------
    analysis : MaskedAnalysis
        As it was sealed, or with earlier guesses.
    at : datetime.datetime
        When, with time zone.
    starts : sequence of sequence of int, optional
        For each graph, the first session of every phase after the first.
    orders : sequence of str, optional
        In place of `starts`, and for designs without phases: for each graph, the condition of every session.

    Returns
    -------
    MaskedAnalysis

    Raises
    ------
    StudyError
        When the guess is not one of the arrangements, was made before, or comes after the key was shown.

    Examples
    --------
    >>> now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    >>> from scd.analysis.visual.masked_records import HowDrawn
    >>> seen = (4, 5, 4, 5, 4, 7, 8, 7, 8, 7)
    >>> analysis = MaskedAnalysis(
    ...     sealed_at=now, seal="0" * 64,
    ...     graphs=(MaskedGraph(name="graph 1", measure="Mood", improvement="increase", values=seen),),
    ...     drawn=HowDrawn(name="phase-starts", min_phase=3, begins="A", phases=2, arrangements=5),
    ... )
    >>> commit_guess(analysis, starts=[[6]], at=now).guesses[0].orders
    ('AAAAABBBBB',)
    """
    if analysis.opened_at is not None:
        raise StudyError(
            f"guess: the seal was opened on {analysis.opened_at:%Y-%m-%d at %H:%M %Z}; no guess counts after that",
            field="opened_at",
        )
    if (starts is None) == (orders is None):
        raise StudyError("guess: give either the starts or the orders", field="starts")
    named = tuple(orders) if orders is not None else _orders(analysis, starts or ())
    lengths = [len(graph.values) for graph in analysis.graphs]
    if [len(order) for order in named] != lengths or any(set(order) - {"A", "B"} for order in named):
        raise StudyError(
            f"guess: must give the condition, A or B, of each session of each graph ({len(lengths)} of {lengths[0]} "
            f"sessions; got {', '.join(named) or 'none'})",
            field="orders",
        )
    if any(guess.orders == named for guess in analysis.guesses):
        raise StudyError(f"guess: {', '.join(named)} was named before; name another", field="orders")
    _weight(analysis, named)
    return analysis.replace(guesses=(*analysis.guesses, Guess(orders=named, at=at)))


def open_seal(analysis: MaskedAnalysis, key: MaskKey, *, give_up: bool = False) -> MaskedResult:
    """Compare the guesses with the key; the key itself is shown only when one is right, or the search is given up.

    p is the share of the admissible assignments that the analyst needed: those named up to and including the right
    one. Without an effect the analyst can do no better than name arrangements at random, which is right within the
    first g of N with probability g/N.

    Parameters
    ----------
    analysis : MaskedAnalysis
        With at least one guess. Once it was opened it stays open.
    key : MaskKey
        What `seal_analysis` gave beside it.
    give_up : bool
        Whether to end without an identification.

    Returns
    -------
    MaskedResult

    Raises
    ------
    StudyError
        When there is no guess, or key, data or rules are not those that were sealed.

    References
    ----------
    Ferron and Jones (2006), doi:10.3200/JEXE.75.1.66-81.

    Examples
    --------
    >>> now = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    >>> from scd.analysis.visual.masked_records import HowDrawn
    >>> seen = (4, 5, 4, 5, 4, 7, 8, 7, 8, 7)
    >>> analysis = MaskedAnalysis(
    ...     sealed_at=now, seal="0" * 64,
    ...     graphs=(MaskedGraph(name="graph 1", measure="Mood", improvement="increase", values=seen),),
    ...     drawn=HowDrawn(name="phase-starts", min_phase=3, begins="A", phases=2, arrangements=5),
    ... )
    >>> key = MaskKey(salt="0" * 64, cases=("K7M2",), orders=("AAAAABBBBB",))
    >>> sealed = analysis.replace(seal=seal_of(analysis, key))
    >>> open_seal(commit_guess(sealed, starts=[[6]], at=now), key).p
    0.2
    """
    if seal_of(analysis, key) != analysis.seal:
        raise StudyError(
            "masked analysis: the seal does not fit. The key, the data or the rules of the draw have been changed "
            "since they were sealed, or this is the key of another analysis; no p is given",
            field="seal",
        )
    if not analysis.guesses:
        raise StudyError("masked analysis: commit to a guess first; until then the key stays closed", field="guesses")
    total, named = analysis.drawn.arrangements, 0
    for count, guess in enumerate(analysis.guesses, start=1):
        named += _weight(analysis, guess.orders)
        if guess.orders == key.orders:
            return MaskedResult(
                identified=True,
                guesses=count,
                arrangements=total,
                p=named / total,
                cases=key.cases,
                orders=key.orders,
            )
    closed = MaskedResult(identified=False, guesses=len(analysis.guesses), arrangements=total)
    ended = give_up or analysis.opened_at is not None
    return closed.replace(p=1.0, cases=key.cases, orders=key.orders) if ended else closed


def _outcomes(study: Study, measure: str | None) -> dict[str, Measure]:
    """The measure of each case: the one asked for, else its first outcome."""
    if measure is not None:
        study.measure(measure)
    found = {}
    for case in study.cases:
        outcome = counted_outcome(study, case=case.code, measure=measure)
        if outcome is None:
            raise StudyError(f"case '{case.code}': has no outcome measure", field="measures")
        found[case.code] = outcome
    return found


def _graph(name: str, held: Assigned, measure: Measure) -> MaskedGraph:
    return MaskedGraph(
        name=name,
        measure=measure.label,
        unit=measure.unit,
        improvement=measure.improvement,
        limits=(measure.minimum, measure.maximum),
        values=tuple(None if value != value else float(value) for value in held.values),
    )


def _orders(analysis: MaskedAnalysis, starts: Sequence[Sequence[int]]) -> tuple[str, ...]:
    """The condition of every session, from the starts of the phases."""
    first = analysis.drawn.begins
    if not first:
        raise StudyError("guess: this design has no phases to start; give the orders, such as ABBABA", field="starts")
    other = "B" if first == "A" else "A"
    if len(starts) != len(analysis.graphs):
        raise StudyError(
            f"guess: must name starts for each of the {len(analysis.graphs)} graphs (got {len(starts)})", field="starts"
        )
    return tuple(
        "".join((first, other)[sum(start <= n for start in row) % 2] for n in range(1, len(graph.values) + 1))
        for graph, row in zip(analysis.graphs, starts, strict=True)
    )


def _weight(analysis: MaskedAnalysis, orders: tuple[str, ...]) -> int:
    """How many assignments give this arrangement; one that is none of them is refused."""
    drawn = analysis.drawn
    runs = {1 + len(starts_of(order)) for order in orders}
    fits = (
        (not drawn.begins or all(order.startswith(drawn.begins) for order in orders))
        and (not drawn.phases or runs == {drawn.phases})
        and (not drawn.treated or all(order.count("B") == drawn.treated for order in orders))
    )
    if not fits:
        raise StudyError(
            f"guess: {', '.join(orders)} is not one of the {drawn.arrangements:,} arrangements that the draw could "
            f"have given ({drawn.scheme.words})",
            field="orders",
        )
    return times_drawn(drawn.scheme, orders, size=drawn.arrangements)
