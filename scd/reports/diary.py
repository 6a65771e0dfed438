"""The diary as a sheet of paper: one page for A4, with boxes to write in; it says a pseudonym and no name."""

from __future__ import annotations

from importlib.resources import files

from markupsafe import Markup

from scd.design.diary import Diary, DiaryDay
from scd.language import current_language, day, number
from scd.language import gettext as _
from scd.reports.html import check_page
from scd.reports.markup import items, joined, paragraphs
from scd.study import Measure

__all__ = ["diary_sheet"]

_PORTRAIT_UNITS = 6.0
# How much room a field takes, in the width of a number's.
_NUMBER, _TICK, _WORDS = 1.0, 0.8, 2.4


def diary_sheet(diary: Diary) -> str:
    """A sheet for the coming weeks, in the language spoken now.

    Parameters
    ----------
    diary : Diary
        Its days and what is asked.

    Returns
    -------
    str
        A whole HTML document that loads nothing. One row a day; a field for each measure's number; for each practice
        what was planned, what was done and what got in the way. It is landscape where portrait would be too narrow.

    Examples
    --------
    >>> import datetime as dt
    >>> mood = Measure(key="mood", label="Mood", improvement="increase", minimum=0, maximum=10)
    >>> sheet = diary_sheet(Diary("K7M2", (DiaryDay(1, dt.date(2026, 1, 5)),), (mood,)))
    >>> "K7M2" in sheet, "0 to 10" in sheet
    (True, True)
    """
    units = _NUMBER * len(diary.asked) + sum(_width(m) for m in diary.practices)
    wide = "landscape" if units > _PORTRAIT_UNITS else "portrait"
    style = files("scd.reports").joinpath("page", "diary.css").read_text(encoding="utf-8").replace("PAGE", wide)
    title = _("Diary {code}").format(code=diary.code) if diary.code else _("Diary")
    html = Markup(
        '<!DOCTYPE html>\n<html lang="{}">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="robots" content="noindex">\n'
        "<title>{}</title>\n<style>\n{}</style>\n</head>\n<body><main>{}</main></body>\n</html>\n"
    ).format(current_language(), title, Markup(style), joined([_top(diary), _table(diary), _foot(diary)]))
    check_page(html)
    return str(html)


def _top(diary: Diary) -> Markup:
    whose = Markup('<p class="code">{} <span class="line">{}</span></p>').format(_("Code:"), diary.code)
    first, last = diary.days[0].date, diary.days[-1].date
    span = _("{first} to {last}").format(first=day(first), last=day(last))
    head = Markup('<div class="top"><h1>{}</h1>{}</div>').format(_("Diary: {span}").format(span=span), whose)
    said = [
        _("Fill in one row for each day below, best at the same time of day."),
        _("If you missed a day, leave its row empty: an empty row is better than a guess."),
        _("There are no right or wrong answers. Bring this sheet with you next time."),
    ]
    return head + paragraphs([" ".join(said)]) + items(_explained(diary))


def _explained(diary: Diary) -> list[str]:
    """What is asked, in one line for all measures that are asked alike."""
    alike: dict[str, list[str]] = {}
    for measure in diary.asked:
        better = _("Higher is better.") if measure.improvement == "increase" else _("Lower is better.")
        unit = f" ({measure.unit_words})" if measure.unit != "points" else ""
        alike.setdefault(f"{_range_words(measure)}. {better}", []).append(f"{measure.label}{unit}")
    return [f"{', '.join(names)}: {words}" for words, names in alike.items()] + [_practice(m) for m in diary.practices]


def _practice(measure: Measure) -> str:
    if _ticks(measure):
        words = _("{name}: whether you planned it, whether you did it, and what got in the way, if anything did.")
        return words.format(name=measure.label)
    words = _("{name} ({unit}): how much you planned, how much you did, and what got in the way, if anything did. "
              "If you did nothing, write 0.")  # fmt: skip
    return words.format(name=measure.label, unit=measure.unit_words)


def _range_words(measure: Measure) -> str:
    low, high = measure.minimum, measure.maximum
    if low is not None and high is not None:
        return _("a number from {low} to {high}").format(low=number(low), high=number(high))
    if low is not None:
        return _("a number from {low}").format(low=number(low))
    return _("a number up to {high}").format(high=number(high)) if high is not None else _("a number")


def _ticks(measure: Measure) -> bool:
    """Whether a practice is done or not, and not counted."""
    return measure.minimum == 0 and measure.maximum == 1


def _width(practice: Measure) -> float:
    return 2 * (_TICK if _ticks(practice) else _NUMBER) + _WORDS


def _table(diary: Diary) -> Markup:
    cells = [Markup('<th scope="col" class="day" rowspan="2">{}</th>').format(_("Day"))]
    cells += [Markup('<th scope="col" rowspan="2">{}<br>{}</th>').format(m.label, _hint(m)) for m in diary.asked]
    cells += [Markup('<th scope="colgroup" colspan="3">{}</th>').format(m.label) for m in diary.practices]
    beneath = joined(
        Markup('<th scope="col">{}</th><th scope="col">{}</th><th scope="col" class="words">{}</th>').format(
            _("Planned"), _("Done"), _("What got in the way?")
        )
        for _practice in diary.practices
    )
    weeks: list[list[DiaryDay]] = []
    for one in diary.days:
        if not weeks or one.date.isocalendar()[:2] != weeks[-1][-1].date.isocalendar()[:2]:
            weeks.append([])
        weeks[-1].append(one)
    body = joined(
        Markup("<tbody>{}</tbody>").format(joined(_row(one, diary) for one in week))
        for week in weeks
    )  # fmt: skip
    caption = _("Your diary, one row a day")
    return Markup(
        '<div class="wide"><table><caption>{}</caption><thead><tr>{}</tr><tr>{}</tr></thead>{}</table></div>'
    ).format(caption, joined(cells), beneath, body)  # fmt: skip


def _hint(measure: Measure) -> Markup:
    if measure.range is None:
        return Markup("")
    words = _("{low} to {high}").format(low=number(measure.minimum or 0), high=number(measure.maximum or 0))
    return Markup('<span class="hint">{}</span>').format(words)


def _row(one: DiaryDay, diary: Diary) -> Markup:
    named = Markup('<th scope="row"><b>{}</b><br>{}<span class="hint"> · {}</span></th>').format(
        _weekday(one), day(one.date), _("no. {number}").format(number=one.session)
    )
    number_field, choice = Markup('<td><span class="box"></span></td>'), _yes_or_no()
    fields = [number_field for _measure in diary.asked]
    for practice in diary.practices:
        field = choice if _ticks(practice) else number_field
        fields += [field, field, Markup('<td class="words"></td>')]
    return Markup("<tr>{}{}</tr>").format(named, joined(fields))


def _yes_or_no() -> Markup:
    choices = joined(
        Markup('<span class="choice"><span class="tick"></span>{}</span>').format(w) for w in (_("yes"), _("no"))
    )
    return Markup("<td>{}</td>").format(choices)


def _weekday(one: DiaryDay) -> str:
    names = (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"))
    return names[one.date.weekday()]


def _foot(diary: Diary) -> Markup:
    return paragraphs([_("Please write no names on this sheet: the code is enough.")], kind="foot")
