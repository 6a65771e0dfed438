"""Follow-through and what practice adds, in sentences for clinician and client, made from the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.analysis.words import change_unit, change_words, frequency_words, number, probability
from scd.language import gettext as _
from scd.language import ngettext, percent
from scd.language import number as written

if TYPE_CHECKING:
    import pandas as pd

    from scd.analysis.practice.dose_effects import DoseEffects
    from scd.study import Measure

__all__ = ["dose_client_words", "dose_words", "follow_through_client_words", "follow_through_words"]

_Row = dict[str, Any]

# From here on the direction is told to the client; below, “can't tell”.
_TOLD = 0.9


def follow_through_words(table: pd.DataFrame, *, practice: Measure, case: str) -> tuple[str, ...]:
    """A client's follow-through under intervention, for the clinician.

    Parameters
    ----------
    table : pandas.DataFrame
        From `scd.analysis.practice.follow_through.follow_through_table`.
    practice : Measure
        The measure of practice.
    case : str

    Returns
    -------
    tuple of str
        Empty where no practice was due under intervention.

    Examples
    --------
    >>> import pandas as pd
    >>> from scd.study import Measure
    >>> walks = Measure(key="walks", label="Walks", improvement="increase", minimum=0, role="practice", unit="walks")
    >>> row = {"case": "K", "phase": "intervention", "due": 6, "known": 5, "planned": 20.0, "done": 15.0, "share": 0.75}
    >>> follow_through_words(pd.DataFrame([row | {"obstacles": 2}]), practice=walks, case="K")[0].replace("\xa0", " ")
    'Walks: 15 of 20 walks planned under intervention were done (75 %); known for 5 of 6 sessions.'
    """
    row = _under_intervention(table, case)
    if row is None:
        return ()
    known = _("known for {known} of {due} sessions").format(known=row["known"], due=row["due"])
    if not row["known"]:
        text = [_("{practice}: nobody has said yet how much was done.").format(practice=practice.label)]
    elif row["planned"] == row["planned"]:
        told = _("{practice}: {done} of {planned} {unit} planned under intervention were done ({share}); {known}.")
        text = [
            told.format(
                practice=practice.label,
                done=_amount(row["done"]),
                planned=_amount(row["planned"]),
                unit=practice.unit_words,
                share="–" if row["share"] != row["share"] else percent(row["share"]),
                known=known,
            )
        ]
    else:
        told = _("{practice}: {done} {unit} were done under intervention, and nothing was planned; {known}.")
        text = [told.format(practice=practice.label, done=_amount(row["done"]), unit=practice.unit_words, known=known)]
    if row["obstacles"]:
        told = ngettext(
            "Something got in the way at {n} session; the record says what.",
            "Something got in the way at {n} sessions; the record says what.",
            int(row["obstacles"]),
        )
        text.append(told.format(n=int(row["obstacles"])))
    return tuple(text)


def follow_through_client_words(table: pd.DataFrame, *, practice: Measure, case: str) -> tuple[str, ...]:
    """A client's follow-through in plain words; parameters as in `follow_through_words`."""
    row = _under_intervention(table, case)
    if row is None:
        return ()
    if not row["known"]:
        return (_("We don't know yet how much you practised ({practice}).").format(practice=practice.label),)
    if row["planned"] != row["planned"]:
        told = _("You did {done} {unit} of practice ({practice}) during the treatment phases.")
        text = [told.format(done=_amount(row["done"]), unit=practice.unit_words, practice=practice.label)]
    else:
        told = _("You planned {planned} {unit} of practice ({practice}) and did {done}.")
        planned, done = _amount(row["planned"]), _amount(row["done"])
        text = [told.format(planned=planned, unit=practice.unit_words, practice=practice.label, done=done)]
    unknown = int(row["due"]) - int(row["known"])
    if unknown:
        told = ngettext(
            "For {n} session nobody noted how much you did. That does not count as nothing.",
            "For {n} sessions nobody noted how much you did. That does not count as nothing.",
            unknown,
        )
        text.append(told.format(n=unknown))
    if row["obstacles"]:
        told = ngettext(
            "Something got in the way {n} time. It may help to talk about what would make it easier.",
            "Something got in the way {n} times. It may help to talk about what would make it easier.",
            int(row["obstacles"]),
        )
        text.append(told.format(n=int(row["obstacles"])))
    return tuple(text)


def dose_words(found: DoseEffects) -> tuple[str, ...]:
    """How the effect goes with practice, for the clinician.

    Parameters
    ----------
    found : DoseEffects

    Returns
    -------
    tuple of str
        The result, what full practice means, how much could be told apart, and how missing entries were taken.
    """
    adds, none, full = (_quantity(found, name) for name in ("practice_adds", "without_practice", "full_practice"))
    text = []
    if found.told_apart:
        told = _(
            "Full practice goes with a further change in {outcome} of {change}; probability that it goes with "
            "improvement: {chance}. Expected change against baseline without practice: {without}; with full "
            "practice: {with_full}."
        )
    else:
        told = _(
            "Practice and phase can't be told apart here: practice hardly varies within the phases. Read the following "
            "as what the prior allows. Full practice: a further change in {outcome} of {change}; probability that it "
            "goes with improvement: {chance}. Expected change against baseline without practice: "
            "{without}; with full practice: {with_full}."
        )
    text.append(
        told.format(
            outcome=found.measure.label,
            change=change_words(adds, found.measure),
            chance=probability(adds["p_improvement"]),
            without=_interval(none, found.measure),
            with_full=_interval(full, found.measure),
        )
    )
    text.append(_full_words(found))
    told = _(
        "Of the variation in practice, {share} lies within phases; only that part can tell practice from phase. The "
        "standard deviation of what practice adds went from {before} (prior) to {after}."
    )
    share, before, after = percent(found.within_phases), number(found.prior_sd), number(found.posterior_sd)
    text.append(told.format(share=share, before=before, after=after))
    text += _cautions(found)
    text.append(
        _(
            "Practice was not drawn at random: better weeks may bring more practice as well as the other way round. "
            "So this says what goes with practice. The effect of the phase is the one above, which leaves practice out."
        )
    )
    return tuple(text)


def dose_client_words(found: DoseEffects) -> tuple[str, ...]:
    """How the effect goes with practice, in plain words for the client; parameters as in `dose_words`."""
    adds = _quantity(found, "practice_adds")
    p = adds["p_improvement"]
    name = found.measure.label
    if not found.told_apart:
        told = _(
            "We can't say yet what practice ({practice}) adds: you practised about as much at every session of a phase."
        )
        return (told.format(practice=found.practice.label),)
    if 1 - _TOLD < p < _TOLD:
        told = _("We can't say yet whether {outcome} goes with how much you practise. Your numbers would fit both.")
        text = [told.format(outcome=name)]
    else:
        factor, unit = change_unit(found.measure)
        size = written(abs(factor * adds["median"]), digits=1)
        told = (
            _("{outcome} was better when you had practised more: about {size} {unit} for full practice.")
            if p > 0.5
            else _("{outcome} was worse when you had practised more: about {size} {unit} for full practice.")
        )
        text = [told.format(outcome=name, size=size, unit=unit)]
    sure = max(p, 1 - p)
    told = (
        _("How sure is that? Of the ways to read your numbers that fit them well, {n} say: more practice, better.")
        if p >= 0.5
        else _("How sure is that? Of the ways to read your numbers that fit them well, {n} say: more practice, worse.")
    )
    text.append(told.format(n=frequency_words(sure)))
    text.append(
        _(
            "This can't tell what comes first: practice may help on good days, or good days may make it easier to "
            "practise."
        )
    )
    return tuple(text)


def _full_words(found: DoseEffects) -> str:
    told = {
        "planned": _(
            "Full practice is what was usually planned, {full} {unit} a session; this client did {own} of it."
        ),
        "maximum": _("Full practice is the end of the measure's range, {full} {unit}; this client did {own} of it."),
        "usual": _(
            "Nothing was planned, so full practice is taken as a usual session with practice, {full} {unit}; averaged "
            "over all sessions this client did {own} of it."
        ),
    }[found.full_is]
    return told.format(full=_amount(found.full), unit=found.practice.unit_words, own=percent(found.own_dose))


def _cautions(found: DoseEffects) -> list[str]:
    text = []
    if found.unknown:
        told = _(
            "How much was done is unknown at {unknown} of {due} sessions under intervention; there the average of the "
            "phase was taken, which makes the result look a little surer than it is."
        )
        text.append(told.format(unknown=found.unknown, due=found.due))
    if found.in_baseline:
        text.append(
            _(
                "Something was practised in baseline too. It counts as part of the baseline here, and what practice "
                "adds may look smaller for it."
            )
        )
    return text


def _interval(row: _Row, measure: Measure) -> str:
    factor, unit = change_unit(measure)
    low, middle, high = (number(factor * row[name]) for name in ("lower", "median", "upper"))
    told = _("{middle} {unit} ({level} interval {low} to {high})")
    return told.format(middle=middle, unit=unit, level=percent(row["ci_prob"]), low=low, high=high)


def _quantity(found: DoseEffects, name: str) -> _Row:
    rows: list[_Row] = found.rows.to_dict("records")  # type: ignore[assignment]
    return next(row for row in rows if row["quantity"] == name)


def _under_intervention(table: pd.DataFrame, case: str) -> _Row | None:
    rows = table[(table["case"] == case) & (table["phase"] == "intervention")].to_dict("records")
    return rows[0] if rows else None  # type: ignore[return-value]


def _amount(value: float) -> str:
    return written(round(float(value), 1))
