"""The sentences for clinician and client: one place, and the design's grade beside every probability."""

from __future__ import annotations

from typing import Any

from scd.design.standards import Grade
from scd.study import Measure

__all__ = [
    "change_unit",
    "change_words",
    "client_words",
    "clinician_words",
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
_JUDGEMENTS = ((0.975, "clearly better"), (0.9, "probably better"), (0.1, "unclear"), (0.025, "probably worse"))
_MET = {
    "meets without reservations": "met",
    "meets with reservations": "met with reservations",
    "does not meet": "not met",
}
_STRENGTH = {
    "meets without reservations": "The way you were measured was strong: enough phases and enough sessions in each.",
    "meets with reservations": "The way you were measured was fair: enough phases, but few sessions in some of them.",
    "does not meet": "The way you were measured so far can't show whether the treatment itself made the difference.",
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
        return f"more than 99.9{_NO_BREAK}%"
    if p < 0.001:
        return f"less than 0.1{_NO_BREAK}%"
    return f"{100 * p:.1f}{_NO_BREAK}%" if p > 0.99 or p < 0.01 else f"{100 * p:.0f}{_NO_BREAK}%"


def percent(share: float) -> str:
    r"""A share in whole percent.

    Examples
    --------
    >>> percent(0.95)
    '95\xa0%'
    """
    return f"{100 * share:.0f}{_NO_BREAK}%"


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
        return "more than 99 of 100"
    if p < 0.01:
        return "fewer than 1 of 100"
    return f"{100 * p:.0f} of 100"


def number(value: float) -> str:
    """A number with three significant digits at most two decimals, and a true minus sign."""
    size = abs(value)
    text = f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}"
    text = text.removeprefix("-") if float(text) == 0 else text
    return text.replace("-", _MINUS)


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
    better = "higher" if measure.improvement == "increase" else "lower"
    factor, unit = change_unit(measure)
    low, middle, high = (number(factor * row[name]) for name in ("lower", "median", "upper"))
    return f"{middle} {unit} ({percent(row['ci_prob'])} interval {low} to {high}; {better} is better)"


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
        return 1.0, "percentage points"
    if measure.scale == "proportion" and measure.maximum is not None and measure.maximum <= 1:
        return 100.0, "percentage points"
    if measure.unit != "points":
        return 1.0, measure.unit
    told = {"count": "per session", "rate": "per minute", "proportion": "successes per session"}
    return 1.0, told.get(measure.scale, measure.unit)


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
        low, middle, high = (f"{row[name]:.2g}" for name in ("lower", "median", "upper"))
        span = f"{percent(row['ci_prob'])} interval {low} to {high}"
        if effect == "odds_ratio":
            return f" The odds ratio is {middle} ({span})."
        change = f"{100 * (row['median'] - 1):+.0f}{_NO_BREAK}%".replace("-", _MINUS)
        return f" That is {middle} times the baseline level ({span}), {change}."
    return ""


def judgement(p_improvement: float) -> str:
    """How sure the direction is, in fixed words: the same probability always reads the same.

    Examples
    --------
    >>> judgement(0.98), judgement(0.5), judgement(0.05)
    ('clearly better', 'unclear', 'probably worse')
    """
    for limit, words in (
        (0.975, "clearly better"),
        (0.9, "probably better"),
        (0.1, "unclear"),
        (0.025, "probably worse"),
    ):
        if p_improvement >= limit:
            return words
    return "clearly worse"


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
    return f"{grade.standard} {_MET[grade.grade]}"


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
            f"Averaged over {len(measure_of)} cases, {_subject(measure_of)} changed from baseline to intervention by "
            f"{change_words(average, first)}.{ratio_words(rows, None)}"
            + ("" if len(too_few) == len(measure_of) else f" {_chances(average, first, grade)}")
        )
    elif pooled := _find(rows, None, "standardized_change"):
        text.append(
            f"Averaged over {len(measure_of)} cases, each on its own measure, the change is {number(pooled['median'])} "
            f"within-case standard deviations ({percent(pooled['ci_prob'])} interval {number(pooled['lower'])} to "
            f"{number(pooled['upper'])}; above 0 is better). Probability of improvement: "
            f"{probability(pooled['p_improvement'])} (design: {grade})."
        )
    for case, measure in measure_of.items():
        row = _find(rows, case, "level_change")
        if row is None:
            continue
        who = f"Case {case}: " if len(measure_of) > 1 else ""
        text.append(
            f"{who}{measure.label} changed from baseline to intervention by {change_words(row, measure)}."
            f"{ratio_words(rows, case)}"
            + (
                f" No verdict: {too_few[case]} The figures rest mostly on the prior."
                if case in too_few
                else f" {_chances(row, measure, grade)}{_consistency(rows, case, grade)}"
            )
        )
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
            text.append(f"{who}There are not yet enough numbers to say whether {name} changed: {too_few[case]}")
            continue
        p = row["p_improvement"]
        if judgement(p) == "unclear":
            text.append(
                f"{who}We can't yet say whether {name} was better or worse during the treatment phases. "
                "Your numbers would fit both."
            )
        else:
            direction = "higher" if row["median"] > 0 else "lower"
            good = "better" if p > 0.5 else "worse"
            factor, unit = change_unit(measure)
            text.append(
                f"{who}{name[:1].upper()}{name[1:]} was about {abs(factor * row['median']):.1f} {unit} {direction} "
                f"during the treatment phases than before{_share_words(rows, case)}. For you, {direction} is {good}."
            )
        sure, side = (p, "better") if p >= 0.5 else (1 - p, "worse")
        text.append(
            f"How sure is that? Of 100 ways to read your numbers that fit them well, {frequency_words(sure)} say that "
            f"{name} was {side} during the treatment phases."
        )
    if len(too_few) < len(measure_of) and text:
        text.append(_STRENGTH[grade])
    return tuple(text)


def _share_words(rows: list[Row], case: str) -> str:
    """How much more or less, in percent, where the outcome is one of more or less."""
    row = _find(rows, case, "rate_ratio")
    if row is None:
        return ""
    change = 100 * (row["median"] - 1)
    if change >= 100:
        return f", about {row['median']:.1f} times as much"
    return f", about {abs(change):.0f}{_NO_BREAK}% {'more' if change > 0 else 'less'}"


def _subject(measure_of: dict[str, Measure]) -> str:
    labels = list(dict.fromkeys(m.label for m in measure_of.values()))
    return labels[0] if len(labels) == 1 else "the outcome"


def _find(rows: list[Row], case: str | None, effect: str) -> Row | None:
    matching = (r for r in rows if r["case"] == case and r["effect"] == effect and r["contrast"] == "overall")
    return next(matching, None)


def _chances(row: Row, measure: Measure, grade: str) -> str:
    text = (
        f"That is {judgement(row['p_improvement'])}: probability of improvement {probability(row['p_improvement'])} "
        f"(design: {grade})."
    )
    if row["p_meaningful"] is not None:
        factor, unit = change_unit(measure)
        text += (
            f" Probability of a meaningful improvement, {number(factor * (measure.meaningful_change or 0))} {unit} or "
            f"more: {probability(row['p_meaningful'])} (design: {grade})."
        )
    return text


def _consistency(rows: list[Row], case: str, grade: str) -> str:
    row = _find(rows, case, "consistent_change")
    if row is None:
        return ""
    return (
        f" Probability that every phase change went the right way: {probability(row['p_improvement'])} "
        f"(design: {grade})."
    )
