"""The sentences for clinician and client: one place, and the design's grade beside every probability."""

from __future__ import annotations

from typing import Any

from scd.design.standards import Grade
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.language import localized
from scd.language import percent as percent_of
from scd.study import Measure

__all__ = [
    "change_unit",
    "change_words",
    "client_words",
    "clinician_words",
    "condition_name",
    "condition_word",
    "count_words",
    "frequency_words",
    "grade_words",
    "judgement",
    "number",
    "percent",
    "probability",
    "ratio_words",
]

Row = dict[str, Any]

_MINUS = "\N{MINUS SIGN}"
_JUDGEMENTS = (
    (0.975, N_("clearly better")),
    (0.9, N_("probably better")),
    (0.1, N_("unclear")),
    (0.025, N_("probably worse")),
    (0.0, N_("clearly worse")),
)
_SURE_FROM, _SURE_BELOW = 0.9, 0.1
# What a condition's letter stands for: above a phase, and inside a sentence.
_CONDITIONS = {"A": (N_("Baseline"), N_("baseline")), "B": (N_("Intervention"), N_("intervention"))}
_MET = {
    "meets without reservations": N_("met"),
    "meets with reservations": N_("met with reservations"),
    "does not meet": N_("not met"),
}
_STRENGTH = {
    "meets without reservations": N_(
        "The way you were measured was strong: enough phases and enough sessions in each."
    ),
    "meets with reservations": N_(
        "The way you were measured was fair: enough phases, but few sessions in some of them."
    ),
    "does not meet": N_(
        "The way you were measured so far can't show whether the treatment itself made the difference."
    ),
}
_NO_BREAK = "\N{NO-BREAK SPACE}"


def probability(p: float) -> str:
    r"""A probability as people read it; never 0 % or 100 %, which no model can claim.

    Examples
    --------
    >>> probability(0.9996), probability(0.934), probability(0.0002)
    ('more than 99.9\xa0%', '93\xa0%', 'less than 0.1\xa0%')
    """
    if p > 0.999:
        return _("more than {percent}").format(percent=percent_of(0.999, digits=1))
    if p < 0.001:
        return _("less than {percent}").format(percent=percent_of(0.001, digits=1))
    return percent_of(p, digits=1 if p > 0.99 or p < 0.01 else 0)


def percent(share: float) -> str:
    r"""A share in whole percent.

    Examples
    --------
    >>> percent(0.95)
    '95\xa0%'
    """
    return percent_of(share)


def frequency_words(p: float) -> str:
    """A probability as a natural frequency, at most 99 and at least 1 in 100.

    Examples
    --------
    >>> frequency_words(0.9999)
    'more than 99 of 100'
    >>> frequency_words(0.62)
    '62 of 100'
    """
    if p > 0.99:
        return _("more than 99 of 100")
    if p < 0.01:
        return _("fewer than 1 of 100")
    return _("{count} of 100").format(count=f"{100 * p:.0f}")


def count_words(p: float) -> str:
    """The same as `frequency_words`, as the count alone: for a sentence that has said “of 100” already.

    Examples
    --------
    >>> count_words(0.9999), count_words(0.62), count_words(0.001)
    ('more than 99', '62', 'fewer than 1')
    """
    if p > 0.99:
        return _("more than 99")
    if p < 0.01:
        return _("fewer than 1")
    return f"{100 * p:.0f}"


def number(value: float) -> str:
    """A number with three significant digits at most two decimals, and a true minus sign."""
    size = abs(value)
    text = f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
    text = text.removeprefix("-") if float(text) == 0 else text
    return localized(text.replace("-", _MINUS))


def change_words(row: Row, measure: Measure) -> str:
    r"""A change with its interval and the measure's direction.

    Parameters
    ----------
    row : dict
        A row of the effect table with ``median, lower, upper, ci_prob``.
    measure : Measure
        The measure.

    Examples
    --------
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> change_words({"median": -1.234, "lower": -2, "upper": 0.5, "ci_prob": 0.95}, mood)
    '−1.23 points (95\xa0% interval −2.00 to 0.50; higher is better)'
    """
    factor, unit = change_unit(measure)
    low, middle, high = (number(factor * row[name]) for name in ("lower", "median", "upper"))
    text = (
        _("{change} {unit} ({percent} interval {low} to {high}; higher is better)")
        if measure.improvement == "increase"
        else _("{change} {unit} ({percent} interval {low} to {high}; lower is better)")
    )
    return text.format(change=middle, unit=unit, percent=percent(row["ci_prob"]), low=low, high=high)


def change_unit(measure: Measure) -> tuple[float, str]:
    """What a change of this measure is told in, and how much of it one unit of the measure is.

    Examples
    --------
    >>> change_unit(Measure(key="hits", label="Hits", improvement="increase", scale="proportion", minimum=0, maximum=1))
    (100.0, 'percentage points')
    >>> change_unit(Measure(key="calls", label="Calls", improvement="decrease", scale="count"))
    (1.0, 'per session')
    """
    if measure.scale == "percentage":
        return 1.0, _("percentage points")
    if measure.scale == "proportion" and measure.maximum is not None and measure.maximum <= 1:
        return 100.0, _("percentage points")
    if measure.unit != "points":
        return 1.0, measure.unit_words
    told = {"count": _("per session"), "rate": _("per minute"), "proportion": _("successes per session")}
    return 1.0, told.get(measure.scale, measure.unit_words)


def ratio_words(rows: list[Row], case: str | None) -> str:
    r"""A change as a ratio, in a sentence; empty where the rows hold none.

    Parameters
    ----------
    rows : list of dict
        The effect table's rows.
    case : str or None
        The case; None for the average.

    Examples
    --------
    >>> row = {"case": "K", "contrast": "overall", "effect": "rate_ratio", "median": 0.2, "lower": 0.104, "upper": 0.43,
    ...        "ci_prob": 0.95}
    >>> ratio_words([row], "K")
    ' That is 0.2 times the baseline level (95\xa0% interval 0.1 to 0.43), −80\xa0%.'
    """
    for effect in ("rate_ratio", "odds_ratio"):
        row = _find(rows, case, effect)
        if row is None:
            continue
        low, middle, high = (localized(f"{row[name]:.2g}") for name in ("lower", "median", "upper"))
        told = {"ratio": middle, "percent": percent(row["ci_prob"]), "low": low, "high": high}
        if effect == "odds_ratio":
            return " " + _("The odds ratio is {ratio} ({percent} interval {low} to {high}).").format(**told)
        change = f"{100 * (row['median'] - 1):+.0f}{_NO_BREAK}%".replace("-", _MINUS)
        text = _("That is {ratio} times the baseline level ({percent} interval {low} to {high}), {change}.")
        return " " + text.format(**told, change=change)
    return ""


def judgement(p_improvement: float) -> str:
    """How sure the direction is, in fixed words: the same probability always reads the same.

    Examples
    --------
    >>> judgement(0.98), judgement(0.5), judgement(0.05)
    ('clearly better', 'unclear', 'probably worse')
    """
    return _(next(words for limit, words in _JUDGEMENTS if p_improvement >= limit))


def condition_word(condition: str) -> str:
    """What a condition's letter stands for, as it is written above a phase.

    Examples
    --------
    >>> condition_word("A"), condition_word("C")
    ('Baseline', 'Condition C')
    """
    if condition not in _CONDITIONS:
        return _("Condition {condition}").format(condition=condition)
    return _(_CONDITIONS[condition][0])


def condition_name(condition: str) -> str:
    """What a condition's letter stands for, inside a sentence.

    Examples
    --------
    >>> condition_name("A"), condition_name("C")
    ('baseline', 'condition C')
    """
    if condition not in _CONDITIONS:
        return _("condition {condition}").format(condition=condition)
    return _(_CONDITIONS[condition][1])


def grade_words(grade: Grade) -> str:
    """A design's grade on phases and points in few words, to stand beside a probability.

    Examples
    --------
    >>> from scd.design.plans import reversal
    >>> from scd.design.standards import grade_wwc
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> grade_words(grade_wwc(reversal(measures=[mood], phases="ABAB", sessions=5)))
    'WWC 4.1 met'
    >>> grade_words(grade_wwc(reversal(measures=[mood], phases="AB", sessions=5)))
    'WWC 4.1 not met'
    """
    return f"{grade.standard} {_(_MET[grade.grade])}"


def clinician_words(
    rows: list[Row], *, measure_of: dict[str, Measure], grade: str, too_few: dict[str, str]
) -> tuple[str, ...]:
    """The result for the clinician, a paragraph each.

    Parameters
    ----------
    rows : list of dict
        The effect table's rows.
    measure_of : dict of str to Measure
        The measure of each case.
    grade : str
        The design's grade from `grade_words`; it stands beside every probability.
    too_few : dict of str to str
        For each case whose values can't carry a verdict, why.
    """
    text: list[str] = []
    first = next(iter(measure_of.values()))
    average = _find(rows, None, "level_change")
    if average:
        text.append(
            _(
                "Averaged over {cases} cases, {outcome} changed from baseline to intervention by {change}.{ratio}"
            ).format(
                cases=len(measure_of),
                outcome=_subject(measure_of),
                change=change_words(average, first),
                ratio=ratio_words(rows, None),
            )
            + ("" if len(too_few) == len(measure_of) else f" {_chances(average, first, grade)}")
        )
    elif pooled := _find(rows, None, "standardized_change"):
        text.append(
            _(
                "Averaged over {cases} cases, each on its own measure, the change is {change} within-case standard "
                "deviations ({percent} interval {low} to {high}; above 0 is better). Probability of improvement: "
                "{probability} (design: {grade})."
            ).format(
                cases=len(measure_of),
                change=number(pooled["median"]),
                percent=percent(pooled["ci_prob"]),
                low=number(pooled["lower"]),
                high=number(pooled["upper"]),
                probability=probability(pooled["p_improvement"]),
                grade=grade,
            )
        )
    for case, measure in measure_of.items():
        row = _find(rows, case, "level_change")
        if row is None:
            continue
        changed = _("{outcome} changed from baseline to intervention by {change}.{ratio}").format(
            outcome=measure.label, change=change_words(row, measure), ratio=ratio_words(rows, case)
        )
        if len(measure_of) > 1:
            changed = _("Case {case}: {said}").format(case=case, said=changed)
        if case in too_few:
            verdict = _("No verdict: {why} The figures rest mostly on the prior.").format(why=too_few[case])
        else:
            verdict = f"{_chances(row, measure, grade)}{_consistency(rows, case, grade)}"
        text.append(f"{changed} {verdict}")
    return tuple(text)


def client_words(
    rows: list[Row], *, measure_of: dict[str, Measure], grade: str, too_few: dict[str, str]
) -> tuple[str, ...]:
    """The result for the client in plain words, a paragraph each: what it means, how sure, what it can't tell.

    Parameters
    ----------
    rows, measure_of, too_few
        As in `clinician_words`.
    grade : {"meets without reservations", "meets with reservations", "does not meet"}
        The design's grade.
    """
    text: list[str] = []
    for case, measure in measure_of.items():
        row = _find(rows, case, "level_change")
        if row is None:
            continue
        who = f"{case}: " if len(measure_of) > 1 else ""
        name = measure.label
        if case in too_few:
            said = _("There are not yet enough numbers to say whether {outcome} changed: {why}")
            text.append(who + said.format(outcome=name, why=too_few[case]))
            continue
        p = row["p_improvement"]
        if _SURE_BELOW <= p < _SURE_FROM:
            said = _(
                "We can't yet say whether {outcome} was better or worse during the treatment phases. Your numbers "
                "would fit both."
            )
            text.append(who + said.format(outcome=name))
        else:
            text.append(who + _direction_words(rows, row, case, measure))
        said = (
            _(
                "How sure is that? Of 100 ways to read your numbers that fit them well, {frequency} say that "
                "{outcome} was better during the treatment phases."
            )
            if p >= 0.5
            else _(
                "How sure is that? Of 100 ways to read your numbers that fit them well, {frequency} say that "
                "{outcome} was worse during the treatment phases."
            )
        )
        text.append(said.format(frequency=count_words(max(p, 1 - p)), outcome=name))
    if len(too_few) < len(measure_of) and text:
        text.append(_(_STRENGTH[grade]))
    return tuple(text)


def _direction_words(rows: list[Row], row: Row, case: str, measure: Measure) -> str:
    """How much higher or lower it was, and which of the two is better for this client."""
    factor, unit = change_unit(measure)
    higher, better = row["median"] > 0, row["p_improvement"] > 0.5
    changed = (
        _("{outcome} was about {size} {unit} higher during the treatment phases than before{share}.")
        if higher
        else _("{outcome} was about {size} {unit} lower during the treatment phases than before{share}.")
    )
    means = {
        (True, True): N_("For you, higher is better."),
        (True, False): N_("For you, higher is worse."),
        (False, True): N_("For you, lower is better."),
        (False, False): N_("For you, lower is worse."),
    }[higher, better]
    told = changed.format(
        outcome=f"{measure.label[:1].upper()}{measure.label[1:]}",
        size=localized(f"{abs(factor * row['median']):.1f}"),
        unit=unit,
        share=_share_words(rows, case),
    )
    return f"{told} {_(means)}"


def _share_words(rows: list[Row], case: str) -> str:
    """How much more or less, in percent, where the outcome is one of more or less."""
    row = _find(rows, case, "rate_ratio")
    if row is None:
        return ""
    change = row["median"] - 1
    if change >= 1:
        return _(", about {ratio} times as much").format(ratio=localized(f"{row['median']:.1f}"))
    told = _(", about {percent} more") if change > 0 else _(", about {percent} less")
    return told.format(percent=percent(abs(change)))


def _subject(measure_of: dict[str, Measure]) -> str:
    labels = list(dict.fromkeys(m.label for m in measure_of.values()))
    return labels[0] if len(labels) == 1 else _("the outcome")


def _find(rows: list[Row], case: str | None, effect: str) -> Row | None:
    matching = (r for r in rows if r["case"] == case and r["effect"] == effect and r["contrast"] == "overall")
    return next(matching, None)


def _chances(row: Row, measure: Measure, grade: str) -> str:
    text = _("That is {judgement}: probability of improvement {probability} (design: {grade}).").format(
        judgement=judgement(row["p_improvement"]), probability=probability(row["p_improvement"]), grade=grade
    )
    if row["p_meaningful"] is None:
        return text
    factor, unit = change_unit(measure)
    return f"{text} " + _(
        "Probability of a meaningful improvement, {size} {unit} or more: {probability} (design: {grade})."
    ).format(
        size=number(factor * (measure.meaningful_change or 0)),
        unit=unit,
        probability=probability(row["p_meaningful"]),
        grade=grade,
    )


def _consistency(rows: list[Row], case: str, grade: str) -> str:
    row = _find(rows, case, "consistent_change")
    if row is None:
        return ""
    return " " + _("Probability that every phase change went the right way: {probability} (design: {grade}).").format(
        probability=probability(row["p_improvement"]), grade=grade
    )
