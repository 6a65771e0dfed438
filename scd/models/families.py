"""Which family a measure's values belong to, and the values as that family sees them; what it can't take is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn, get_args

import numpy as np

from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.models.outcome import Outcome
from scd.models.response import Family, Response
from scd.models.series import Series
from scd.study import Measure, StudyError

__all__ = ["FAMILIES", "outcome_of"]

FAMILIES: tuple[str, ...] = get_args(Family)

# A rate or a share is written rounded; so far from a whole number its count may lie.
_MOST_OFF = 0.25
_OR_SCORE = "correct the value, or give the measure the scale 'score'"


def outcome_of(series: Series, *, family: str | None = None) -> Outcome:
    """The values of a series as their family sees them.

    Parameters
    ----------
    series : Series
        One case or several.
    family : str, optional
        By default that of the measures' scale: scores are ``gaussian``, ratings ``rating``, counts ``count``,
        proportions and percentages with trials ``proportion``, without ``logit``, durations ``log``; rates are
        ``count`` where value times minutes is a whole number throughout, else ``gaussian``.

    Returns
    -------
    Outcome

    Raises
    ------
    StudyError
        When the family is unknown, the cases don't share one, or a value doesn't fit it.

    Notes
    -----
    The reference session that levels and changes speak of: for counts with minutes (or trials) one of average length,
    for rates one of average length, its count told per minute, for proportions one with the usual number of trials.

    Examples
    --------
    >>> from scd.study import Case, Measure, Phase, Session, Study, Value
    >>> from scd.models.series import series_of
    >>> hits = Measure(key="hits", label="Hits", improvement="increase", scale="proportion", minimum=0, maximum=1)
    >>> case = Case(code="K7M2", phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=2)))
    >>> values = [Value(measure="hits", value=v, trials=8) for v in (0.25, 1)]
    >>> case = case.record(*(Session(number=n, values=(v,)) for n, v in enumerate(values, 1)))
    >>> study = Study(code="K7M2", design="reversal", measures=(hits,), cases=(case,))
    >>> found = outcome_of(series_of(study))
    >>> found.family, found.series.value
    ('proportion', array([2., 8.]))
    """
    if family is not None and family not in FAMILIES:
        raise StudyError(f"family '{family}': is unknown; choose one of {', '.join(FAMILIES)}", field="family")
    scales = sorted({m.scale for m in series.measures})
    if len(scales) > 1:
        if family not in (None, "gaussian"):
            raise StudyError(
                f"cases {', '.join(series.cases)}: are measured on different kinds of scale ({', '.join(scales)}), "
                f"which family '{family}' can't take together; choose 'gaussian', or analyse them one by one",
                field="family",
            )
        note = _("The cases are measured on different kinds of scale ({scales}); all are treated as scores.").format(
            scales=", ".join(_(scale) for scale in scales)
        )
        return replace(_as_recorded(series, "gaussian"), notes=(note,))
    chosen = family or _by_scale(series)
    builder: dict[str, Callable[[Series, str], Outcome]] = {
        "gaussian": _as_recorded,
        "rating": _ratings,
        "proportion": _proportions,
        "log": _logarithms,
        "logit": _logits,
    }
    return builder.get(chosen, _counts)(series, chosen)


def _by_scale(series: Series) -> str:
    scale = series.measures[0].scale
    if scale == "rate":
        return "count" if _counted(series) else "gaussian"
    if scale == "percentage":
        return "proportion" if _counted(series) else "logit"
    if scale == "proportion":
        return "logit" if np.isnan(series.trials).all() else "proportion"
    return {"score": "gaussian", "rating": "rating", "count": "count", "duration": "log"}[scale]


def _counted(series: Series) -> bool:
    """Whether every rate or percentage stands on a count that can be told."""
    known, factor = (
        (series.minutes, series.minutes) if series.measures[0].scale == "rate" else (series.trials, series.trials / 100)
    )
    return not np.isnan(known).any() and bool((_off_whole(series.value, factor) <= 0).all())


def _off_whole(value: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """How far value times factor lies from a whole number, less what the rounding of the value excuses."""
    excused = np.minimum(factor * _step(value) / 2, _MOST_OFF) + 1e-6
    return np.abs(value * factor - np.round(value * factor)) - excused


def _step(value: np.ndarray) -> float:
    """The step that values are written in: the largest power of ten, 1 at most, that divides all of them."""
    step = 1.0
    while step > 1e-6 and not np.allclose(value / step, np.round(value / step), rtol=0, atol=1e-6):
        step /= 10
    return step


def _refuse(series: Series, i: int, *, rule: str, mend: str, field: str = "values") -> NoReturn:
    """The value at position `i` doesn't fit: say which, why, and what to do."""
    case = series.case_index[i]
    raise StudyError(
        f"case '{series.cases[case]}', session {series.session[i]}: '{series.measures[case].label}' {rule} "
        f"(got {series.value[i]:g}); {mend}",
        field=field,
    )


def _first(where: np.ndarray) -> int | None:
    found = np.flatnonzero(where)
    return int(found[0]) if found.size else None


def _outcome(
    series: Series,
    family: str,
    responses: list[Response],
    *,
    value: np.ndarray | None = None,
    exposure: np.ndarray | None = None,
    trials: np.ndarray | None = None,
    scale: np.ndarray | None = None,
    notes: tuple[str, ...] = (),
) -> Outcome:
    ones = np.ones(len(series.value))
    value = series.value if value is None else value
    return Outcome(
        family=family,
        series=replace(series, value=value),
        recorded=series.value,
        lower=value,
        upper=value,
        exposure=ones if exposure is None else exposure,
        trials=ones if trials is None else trials,
        scale=ones if scale is None else scale,
        responses=tuple(responses),
        notes=notes,
    )


def _as_recorded(series: Series, family: str) -> Outcome:
    measure = series.measures[0]
    notes: tuple[str, ...] = ()
    if measure.scale == "rate":
        notes = (
            _(
                "{label} is a rate without a whole count behind it (value times minutes); it is treated "
                "as a score with even spread, so read it with care near 0."
            ).format(label=measure.label),
        )
    elif measure.scale != "score":
        notes = (
            _("{label} is a {scale}; it is treated here as a score with even spread.").format(
                label=measure.label, scale=_(measure.scale)
            ),
        )
    return _outcome(series, family, [Response(family="gaussian") for _ in series.cases], notes=notes)


def _ratings(series: Series, family: str) -> Outcome:
    for case, measure in zip(series.cases, series.measures, strict=True):
        ends = (measure.minimum, measure.maximum)
        if None in ends or any(e != round(e) for e in ends):  # type: ignore[arg-type]
            raise StudyError(
                f"case '{case}': '{measure.label}' needs a range of whole numbers to be a rating (got "
                f"{measure.range_words}); give its lowest and highest rating, or the scale 'score'",
                field="minimum",
            )
    i = _first(series.value != np.round(series.value))
    if i is not None:
        _refuse(
            series,
            i,
            rule="must be a whole number to be a rating",
            mend=_OR_SCORE,
        )
    found = _outcome(
        series, family, [Response(family="rating", low=m.minimum, high=m.maximum) for m in series.measures]
    )
    low, high = (np.array([getattr(r, end) for r in found.responses])[series.case_index] for end in ("low", "high"))
    return replace(
        found,
        lower=np.where(series.value <= low, -np.inf, series.value - 0.5),
        upper=np.where(series.value >= high, np.inf, series.value + 0.5),
    )


def _counts(series: Series, family: str) -> Outcome:
    measure = series.measures[0]
    i = _first(series.value < 0)
    if i is not None:
        _refuse(
            series,
            i,
            rule="can't be below 0 as a count",
            mend=_OR_SCORE,
        )
    if measure.scale == "rate":
        minutes = _complete(series, "minutes", needed="to be a rate with a count behind it")
        i = _first(_off_whole(series.value, minutes) > 0)
        if i is not None:
            _refuse(
                series,
                i,
                rule=f"times its minutes ({minutes[i]:g}) must be whole",
                mend="correct the minutes, give more decimals, or choose the family 'gaussian'",
            )
        usual = float(minutes.mean())
        return _outcome(
            series,
            family,
            [Response(family=family, exposure=usual, scale=1 / usual) for _ in series.cases],
            value=np.round(series.value * minutes),
            exposure=minutes,
            scale=1 / minutes,
        )
    i = _first(series.value != np.round(series.value))
    if i is not None:
        _refuse(
            series,
            i,
            rule="must be a whole number to be a count",
            mend="correct the value, or give the measure the scale 'score' or 'rate'",
        )
    exposure = np.ones(len(series.value))
    notes: tuple[str, ...] = ()
    for kind in (N_("minutes"), N_("trials")):
        if not np.isnan(getattr(series, kind)).all():
            known = _complete(series, kind, needed="to be set against the length of its session")
            exposure = known / known.mean()
            if np.ptp(known):
                notes = (
                    _(
                        "Sessions of {label} differ in {kind}; levels and changes are for a session of average "
                        "length, {mean} {kind}."
                    ).format(label=measure.label, kind=_(kind), mean=localized(f"{known.mean():.3g}")),
                )
            break
    return _outcome(series, family, [Response(family=family) for _ in series.cases], exposure=exposure, notes=notes)


def _complete(series: Series, kind: str, *, needed: str) -> np.ndarray:
    """Minutes or trials of every value."""
    known = getattr(series, kind)
    i = _first(np.isnan(known))
    if i is not None:
        case = series.case_index[i]
        raise StudyError(
            f"case '{series.cases[case]}', session {series.session[i]}: '{series.measures[case].label}' lacks its "
            f"{kind} {needed}; give the {kind} of every session, each above 0 (a 0 in a table is taken as not known)"
            + (", or of none" if kind == "minutes" else ""),
            field=kind,
        )
    return known


def _proportions(series: Series, family: str) -> Outcome:
    trials = _complete(series, "trials", needed="to be a proportion")
    responses, counts, scale = [], np.empty(len(trials)), np.empty(len(trials))
    notes: tuple[str, ...] = ()
    keys = np.array([m.key for m in series.measures])[series.case_index]
    for i, measure in enumerate(series.measures):
        mine, alike = series.case_index == i, keys == measure.key
        top = _top(measure, value=series.value[alike], trials=trials[alike])
        factor = np.ones(mine.sum()) if top is None else trials[mine] / top
        counts[mine], scale[mine] = series.value[mine] * factor, 1 / factor
        usual = float(np.round(np.median(trials[mine])))
        if top is None and np.ptp(trials[mine]):
            notes = (
                _(
                    "Sessions of {label} differ in trials; levels and changes are for a session of {usual} trials."
                ).format(label=measure.label, usual=localized(f"{usual:g}")),
            )
        responses.append(Response(family=family, trials=usual, scale=1.0 if top is None else top / usual))
    off = _off_whole(series.value, 1 / scale)
    rules = (
        (series.value < 0, "can't be below 0 as a proportion"),
        (counts > trials + _MOST_OFF, "can't be above its trials"),
        (off > 0, "times its trials must be a whole number"),
    )
    for wrong, rule in rules:
        at = _first(wrong)
        if at is not None:
            _refuse(
                series,
                at,
                rule=f"{rule}, of which there are {trials[at]:g}",
                mend="correct the value or its trials, or choose the family 'logit'",
            )
    return _outcome(series, family, responses, value=np.round(counts), trials=trials, scale=scale, notes=notes)


def _top(measure: Measure, *, value: np.ndarray, trials: np.ndarray) -> float | None:
    """What a share of 1 reads in the measure's units; None where values are successes, not shares."""
    if measure.scale == "percentage":
        return 100.0
    if measure.maximum is not None:
        return 1.0 if measure.maximum <= 1 else None
    if (value > 1).any() or (trials == 1).all():
        return None
    if (value == np.round(value)).all():
        raise StudyError(
            f"measure '{measure.key}': '{measure.label}' holds only 0 and 1, which could be successes or shares of "
            "their trials; give its range, 0 to 1 for shares or 0 to the most trials for successes",
            field="maximum",
        )
    return 1.0


def _logarithms(series: Series, family: str) -> Outcome:
    i = _first(series.value < 0)
    if i is not None:
        _refuse(
            series,
            i,
            rule="can't be below 0 on a logarithmic scale",
            mend=_OR_SCORE,
        )
    shift = _step(series.value) / 2 if (series.value == 0).any() else 0.0
    notes: tuple[str, ...] = ()
    if shift:
        notes = (
            _(
                "{label} holds zeros, which have no logarithm: {shift}, half of the smallest step, is "
                "added to every value, and ratios are ratios of these sums."
            ).format(label=series.measures[0].label, shift=localized(f"{shift:g}")),
        )
    responses = [Response(family="log", shift=shift) for _ in series.cases]
    return _outcome(series, family, responses, value=np.log(series.value + shift), notes=notes)


def _logits(series: Series, family: str) -> Outcome:
    responses, value = [], np.empty(len(series.value))
    for i, measure in enumerate(series.measures):
        mine = series.case_index == i
        low, high = _share_ends(measure)
        wrong = _first(mine & ((series.value < low) | (series.value > high)))
        if wrong is not None:
            _refuse(
                series,
                wrong,
                rule=f"must be from {low:g} to {high:g} to be a share",
                mend="correct the value, give the trials behind it, or give the measure the scale 'score'",
            )
        share = (100 * (series.value[mine] - low) / (high - low) + 0.5) / 101
        value[mine] = np.log(share / (1 - share))
        responses.append(Response(family="logit", low=low, high=high))
    measure = series.measures[0]
    notes = (
        _(
            "{label} comes without a denominator, so how exactly each value is known can't be told; "
            "it is treated as a score with even spread on the logit scale."
        ).format(label=measure.label),
    )
    return _outcome(series, family, responses, value=value, notes=notes)


def _share_ends(measure: Measure) -> tuple[float, float]:
    if measure.scale == "percentage":
        return 0.0, 100.0
    if measure.scale == "proportion" or measure.range is None:
        return 0.0, 1.0
    return float(measure.minimum or 0), float(measure.maximum or 0)
