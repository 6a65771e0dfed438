"""Several answers a day become a day's value, by a rule that is stated; how many were asked for and came is kept."""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scd.records.notation import Unread, has_decimal_comma, read_numbers, ticked
from scd.records.preview import Problem
from scd.records.profiles.answers import Answer, Answers, find_item
from scd.records.profiles.counts import Count
from scd.records.profiles.moments import day_of
from scd.records.profiles.settings import RULES, ImportSettings, Rule, Taken
from scd.study import Measure

__all__ = ["Period", "combine", "periods_of"]

_MAX_TEXT = 300  # of `scd.study.record.Text`
_COMBINING: dict[Rule, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "median": statistics.median,
    "first": lambda numbers: numbers[0],
    "last": lambda numbers: numbers[-1],
    "min": min,
    "max": max,
    "sum": sum,
    "count": len,
}


@dataclass(frozen=True)
class Period:
    """One person's value of one measure on one day, in one week or at one numbered session.

    Parameters
    ----------
    person : str
        As in the export.
    day : datetime.date, optional
        The day, or the first day of the week with an answer; None where the export numbers sessions.
    session : int, optional
        The number of the session, where the export tells it.
    key : str
        The measure's.
    value : float, optional
        By the rule; None where nobody answered.
    planned : float, optional
        Of practice: what was planned.
    obstacle : str
        Of practice: what got in the way.
    count : Count
        Prompts and answers that it rests on.
    row : int
        The last row of the export that it rests on.
    condition : str
        The phase or condition as the export tells it.
    """

    person: str
    day: dt.date | None
    session: int | None
    key: str
    value: float | None
    planned: float | None
    obstacle: str
    count: Count
    row: int
    condition: str = ""


def combine(numbers: Sequence[float], rule: Rule) -> float | None:
    """One value of several, in the order in which they were given.

    Parameters
    ----------
    numbers : sequence of float
        The answers.
    rule : {"mean", "median", "first", "last", "min", "max", "sum", "count"}
        See `scd.records.profiles.settings.RULES`.

    Returns
    -------
    float or None
        None of no answers, also their sum and count: nobody having said is not 0.

    Examples
    --------
    >>> combine([2, 3, 7], "mean"), combine([2, 3, 7], "last"), combine([2, 3, 7], "count"), combine([], "sum")
    (4.0, 7.0, 3.0, None)
    """
    if not numbers:
        return None
    return float(_COMBINING[rule](numbers))


def periods_of(
    answers: Answers, *, settings: ImportSettings, measures: dict[str, Measure]
) -> tuple[list[Period], list[str], list[Problem]]:
    """The value of each measure in each day or week.

    Parameters
    ----------
    answers : Answers
        The export.
    settings : ImportSettings
        Rules, day boundary, and which item is which measure.
    measures : dict of str to Measure
        The measures by key, with the ranges that values must keep to.

    Returns
    -------
    periods : list of Period
        By person, time and measure.
    notes : list of str
        The rules in words; answers that stood there twice.
    problems : list of Problem
        Answers that are no numbers or out of range, and prompts with two different answers.
    """
    notes, problems = _stated(settings), list(answers.problems)
    rows, twice = _once(answers.rows, problems)
    if twice:
        notes.append(f"{twice} answer{'s that stand' if twice > 1 else ' that stands'} there twice counted once")
    by_item: dict[str, list[Answer]] = {}
    for answer in rows:
        by_item.setdefault(answer.item, []).append(answer)
    comma = has_decimal_comma((a.text for a in rows), separator=answers.separator)
    if answers.profile == "m-path":  # a comma between two whole numbers may stand between two answers
        comma = False
    periods = []
    for taken in settings.measures:
        measure = measures[taken.key]
        rule = taken.replace(measure=measure).rule(settings.daily)
        reader = _Reader(taken, measure, rule, comma, problems)
        parts = [
            by_item.get(find_item(item, answers.items, where=answers.name), []) if item else []
            for item in (taken.item, taken.planned, taken.obstacle)
        ]
        periods += _of_measure(parts, reader, settings)
    order = {key: n for n, key in enumerate(measures)}
    periods.sort(key=lambda p: (p.person, p.session or 0, p.day or dt.date.min, order[p.key]))
    if not problems:
        answered = sum(p.count.answered for p in periods)
        asked = sum(p.count.asked for p in periods)
        notes.append(f"{asked} answers asked for, {asked - answered} of them missed")
    return periods, notes, sorted(set(problems), key=lambda p: (p.row or 0, p.column, p.message))


def _stated(settings: ImportSettings) -> list[str]:
    rules: dict[Rule, list[str]] = {}
    for taken in settings.measures:
        rules.setdefault(taken.daily or settings.daily, []).append(taken.key)
    notes = [f"the value of a {settings.every} is {RULES[rule]} ({', '.join(keys)})" for rule, keys in rules.items()]
    start = "midnight" if settings.day_starts == dt.time(0) else f"{settings.day_starts:%H:%M}"
    before = "" if start == "midnight" else "; what was answered before belongs to the day before"
    return [*notes, f"a day begins at {start}{before}"]


def _once(rows: Iterable[Answer], problems: list[Problem]) -> tuple[list[Answer], int]:
    """Each answer once; two different answers to one prompt are a problem."""
    kept: list[Answer] = []
    seen: dict[tuple[str, str, object, str], Answer] = {}
    twice = 0
    for answer in rows:
        if not answer.prompt:
            kept.append(answer)
            continue
        key = (answer.person, answer.item, answer.moment, answer.prompt)
        first = seen.get(key)
        if first is None:
            seen[key] = answer
            kept.append(answer)
        elif first.text == answer.text:
            twice += 1
        else:
            said = f"two answers to one prompt: '{first.text}' in row {first.row}, '{answer.text}' here; keep one"
            problems.append(Problem(answer.row, answer.item, said))
    return kept, twice


@dataclass(frozen=True)
class _Reader:
    """How the answers of one measure are read, and where what can't be read is noted."""

    taken: Taken
    measure: Measure
    rule: Rule
    decimal_comma: bool
    problems: list[Problem]

    def numbers(self, answers: Sequence[Answer]) -> list[tuple[Answer, float | None]]:
        """Each answer with its number; None where nobody answered."""
        texts = ["" if a.text in self.taken.missing else a.text for a in answers]
        if self.measure.role == "practice":
            texts = [ticked(t) for t in texts]
        read = read_numbers(texts, decimal_comma=self.decimal_comma)
        for answer, number in zip(answers, read, strict=True):
            if isinstance(number, Unread):
                self.problems.append(Problem(answer.row, answer.item, number.why))
        return [(a, None if isinstance(n, Unread) else n) for a, n in zip(answers, read, strict=True)]

    def check(self, row: int, item: str, value: float | None, *, what: str) -> None:
        """Note a value out of the measure's range."""
        if value is not None and not self.measure.holds(value):
            said = f"{what} of '{self.measure.label}' must be {self.measure.range_words} (got {value:g})"
            self.problems.append(Problem(row, item, said))


Key = tuple[str, int | None, int]


def _of_measure(parts: Sequence[Sequence[Answer]], reader: _Reader, settings: ImportSettings) -> list[Period]:
    done, planned, obstacle = parts
    weeks = _Weeks(settings)
    grouped: dict[Key, tuple[list[tuple[Answer, float | None]], list[tuple[Answer, float | None]], list[Answer]]] = {}
    for answer, number in reader.numbers(done):
        grouped.setdefault(weeks.key(answer), ([], [], []))[0].append((answer, number))
        if reader.rule not in ("sum", "count"):
            reader.check(answer.row, answer.item, number, what="an answer")
    for answer, number in reader.numbers(planned):
        if number is not None and number < 0:
            reader.problems.append(Problem(answer.row, answer.item, f"'{answer.text}' must be 0 or more"))
        elif number is not None:
            grouped.setdefault(weeks.key(answer), ([], [], []))[1].append((answer, number))
    for answer in obstacle:
        if answer.text and answer.text not in reader.taken.missing:
            grouped.setdefault(weeks.key(answer), ([], [], []))[2].append(answer)
    return [_period(key, *held, reader=reader) for key, held in grouped.items()]


def _period(
    key: Key,
    done: Sequence[tuple[Answer, float | None]],
    planned: Sequence[tuple[Answer, float | None]],
    obstacles: Sequence[Answer],
    *,
    reader: _Reader,
) -> Period:
    person, session, ordinal = key
    done, planned = (sorted(part, key=lambda pair: _clock(pair[0])) for part in (done, planned))
    everything = [*(a for a, _n in done), *(a for a, _n in planned), *obstacles]
    numbers = [n for _a, n in done if n is not None]
    value = combine(numbers, reader.rule)
    last = max(everything, key=_clock)
    if reader.rule in ("sum", "count"):
        reader.check(last.row, last.item, value, what=f"the {reader.rule} of the answers")
    told = [n for _a, n in planned if n is not None]
    texts = list(dict.fromkeys(" ".join(a.text.split()) for a in sorted(obstacles, key=_clock)))
    return Period(
        person=person,
        day=None if session is not None else dt.date.fromordinal(ordinal),
        session=session,
        key=reader.taken.key,
        value=value,
        # Counting answers to what was planned would tell nothing: then the last plan stands.
        planned=combine(told, "last" if reader.rule == "count" else reader.rule),
        obstacle="; ".join(texts)[:_MAX_TEXT].strip(),
        count=Count(len(done), len(numbers)),
        row=last.row,
        condition=next((a.condition for a in sorted(everything, key=_clock) if a.condition), ""),
    )


@dataclass(frozen=True)
class _Weeks:
    """To which day, or to the first day of which week, an answer belongs."""

    settings: ImportSettings

    def key(self, answer: Answer) -> Key:
        if answer.moment is None:
            return answer.person, answer.session, 0
        day = day_of(answer.moment, day_starts=self.settings.day_starts).toordinal()
        if self.settings.every == "week":
            day -= (day - self._first()) % 7
        return answer.person, None, day

    def _first(self) -> int:
        """A day on which weeks begin: that of session 1, or a Monday."""
        starts = [p.start for p in self.settings.phases if isinstance(p.start, dt.date)]
        first = self.settings.start or (starts[0] if starts else None)
        return 1 if first is None else first.toordinal()  # the ordinal 1 is a Monday


def _clock(answer: Answer) -> tuple[dt.datetime, int]:
    if isinstance(answer.moment, dt.datetime):
        return answer.moment, answer.row
    day = answer.moment or dt.date.min
    return dt.datetime.combine(day, dt.time(0)), answer.row
