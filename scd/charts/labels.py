"""The words around a panel: phase labels above it, labels in its right margin, and the key below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import altair as alt

from scd.analysis.words import condition_name, condition_word
from scd.charts.panel import Panel
from scd.charts.space import Space
from scd.charts.style import (
    BLUE,
    CROSS,
    GREY,
    INK,
    LINE_HEIGHT,
    Layer,
    number_words,
    rows,
    text_mark,
    text_width,
    wrapped,
)
from scd.language import gettext as _
from scd.language import gettext_noop as N_

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = [
    "MarginLabel",
    "beside",
    "key",
    "key_words",
    "phase_labels",
    "projection_label",
    "threshold_labels",
]

_MARGIN_WIDTH = 120
_PROJECTED = N_("projected from baseline, 95 %")
_KEY_LINE = 16

_KEY_WORDS = {
    "missed": N_("session missed, no value"),
    "level": N_("estimated level of a phase, with its 95 % interval"),
    "projection": _PROJECTED,
    "planned": N_("planned, not yet reached"),
    "conditions": "",
}


@dataclass(frozen=True)
class MarginLabel:
    """A label right of the panel that should stand at a height, and moves down or up where others stand in its way.

    Parameters
    ----------
    text : str
        What it says.
    y : float
        Where its middle should be, in pixels from the panel's top.
    colour : str
        The ink.
    bold : bool
        Whether it is bold.
    x : float, optional
        Where it begins, when it stands inside the panel instead and moves for nobody.
    """

    text: str
    y: float
    colour: str = INK
    bold: bool = False
    x: float | None = None

    @property
    def lines(self) -> list[str]:
        """The text in lines that fit the margin."""
        return wrapped(self.text, width=_MARGIN_WIDTH, lines=4)


def phase_labels(panel: Panel, *, short: bool = False) -> list[Layer]:
    """The label of every phase above its middle: ``A1`` over “Baseline”, or ``A1`` alone where a phase is too short.

    All labels of a panel have the same form. Planned phases say so and are grey.

    Parameters
    ----------
    panel : Panel
        Its phases.
    short : bool
        Whether only ``A1`` is wanted, close to the panel.
    """
    wide = _has_room(panel) and not short
    crowded = min(_widths(panel), default=99.0) < 20
    drawn = []
    for n, phase in enumerate(panel.phases.to_dict("records")):
        name, planned = str(phase["phase"]), int(phase["start"]) > panel.reached
        middle = panel.space.x((max(phase["start"], panel.space.first) + phase["end"]) / 2)
        ink = GREY if planned else INK
        lift = 26 if wide else 5 if short else 12 + (LINE_HEIGHT if crowded and n % 2 else 0)
        head = _("{phase} (planned)").format(phase=name) if planned and wide else name
        drawn.append(text_mark([head], x=middle, y=-lift, colour=ink, align="center", bold=True))
        if wide:
            drawn.append(text_mark([condition_word(name[0])], x=middle, y=-12, colour=ink, align="center"))
    return drawn


def key_words(panel: Panel) -> list[str]:
    """Which entries the key of a panel needs, of ``missed``, ``level``, ``projection``, ``planned``, ``conditions``."""
    entries = []
    if panel.points["value"].isna().any():
        entries.append("missed")
    if len(panel.levels):
        entries.append("level")
    if len(panel.projection) and projection_label(panel) is None:
        entries.append("projection")
    if not _has_room(panel):
        entries += ["planned"] if any(planned for _, _, planned in panel.changes) else []
        entries.append("conditions")
    return entries


def projection_label(panel: Panel) -> MarginLabel | None:
    """The projection's own label, right of where it ends; None where later sessions stand in its place."""
    if panel.projection.empty:
        return None
    end = panel.projection.sort_values("session").iloc[-1]
    if len(panel.points) and int(panel.points["session"].max()) > int(end["session"]):
        return None
    right = panel.space.x(float(end["session"]) + 0.5)
    room = panel.space.width - right
    at = right + 4 if room >= _MARGIN_WIDTH else None
    return MarginLabel(text=_(_PROJECTED), y=panel.space.y(float(end["median"])), colour=BLUE, x=at)


def threshold_labels(panel: Panel, *, measure: Measure) -> list[MarginLabel]:
    """Labels for the measure's goal and published cut-off, with their numbers."""
    labels = []
    for word, value in ((_("goal"), measure.goal), (_("published cut-off"), measure.cutoff)):
        if value is not None:
            labels.append(MarginLabel(text=f"{word} {number_words(value)}", y=panel.space.y(value)))
    return labels


def beside(labels: Iterable[MarginLabel], *, space: Space) -> list[Layer]:
    """Labels in the right margin, each as near to its height as the others let it.

    Parameters
    ----------
    labels : iterable of MarginLabel
        In any order.
    space : Space
        The panel's area.
    """
    placed: list[tuple[float, MarginLabel]] = []
    drawn = []
    floor = -4.0
    for label in sorted(labels, key=lambda item: item.y):
        if label.x is not None:
            top = label.y - LINE_HEIGHT * len(label.lines) / 2
            drawn.append(text_mark(label.lines, x=label.x, y=top + 10, colour=label.colour, halo=True))
            continue
        top = max(label.y - LINE_HEIGHT * len(label.lines) / 2, floor)
        placed.append((top, label))
        floor = top + LINE_HEIGHT * len(label.lines) + 3
    ceiling = space.height + 4.0
    for top, label in reversed(placed):
        top = min(top, ceiling - LINE_HEIGHT * len(label.lines))
        ceiling = top - 3
        drawn.append(text_mark(label.lines, x=space.width + 10, y=top + 10, colour=label.colour, bold=label.bold))
    return drawn


def key(entries: Sequence[str], *, panel: Panel, y: float) -> list[Layer]:
    """The key: one entry after the other from the left, in as many lines as it needs.

    Parameters
    ----------
    entries : sequence of str
        As `key_words` names them.
    panel : Panel
        For the width and the conditions.
    y : float
        The middle of its first line, in pixels from the panel's top.
    """
    drawn: list[Layer] = []
    x, line = 0.0, y
    letters = ", ".join(f"{c} = {condition_name(c)}" for c in panel.conditions)
    for entry in entries:
        words = letters if entry == "conditions" else _(_KEY_WORDS[entry])
        sign = 0 if entry == "conditions" else 26
        needed = sign + text_width(words) + 18
        if x > 0 and x + needed > panel.space.width + _MARGIN_WIDTH:
            x, line = 0.0, line + _KEY_LINE
        drawn += _sign(entry, x=x, y=line)
        drawn.append(text_mark([words], x=x + sign, y=line + 4))
        x += needed
    return drawn


def _sign(entry: str, *, x: float, y: float) -> list[Layer]:
    one = alt.Chart(rows([{}]))
    rule = {"x": alt.XValue(x), "x2": alt.X2Value(x + 20), "y": alt.YValue(y)}
    if entry == "missed":
        cross = one.mark_point(shape=CROSS, filled=False, size=70, stroke=INK, strokeWidth=1.5, opacity=1)
        return [cross.encode(x=alt.XValue(x + 10), y=alt.YValue(y))]
    if entry == "level":
        band = one.mark_rect(fill=INK, opacity=0.18).encode(
            x=alt.XValue(x), x2=alt.X2Value(x + 20), y=alt.YValue(y - 5), y2=alt.Y2Value(y + 5)
        )
        return [band, one.mark_rule(stroke=INK, strokeWidth=3).encode(**rule)]
    if entry == "projection":
        return [one.mark_rule(stroke=BLUE, strokeWidth=2, strokeDash=[7, 4]).encode(**rule)]
    if entry == "planned":
        return [one.mark_rule(stroke=GREY, strokeWidth=1.2, strokeDash=[2, 4]).encode(**rule)]
    return []


def _widths(panel: Panel) -> list[float]:
    each = panel.space.width / (panel.space.last - panel.space.first + 1)
    return [(int(p["end"]) - int(p["start"]) + 1) * each for p in panel.phases.to_dict("records")]


def _has_room(panel: Panel) -> bool:
    """Whether every phase is wide enough for its two-line label."""
    for phase, width in zip(panel.phases.to_dict("records"), _widths(panel), strict=True):
        planned = int(phase["start"]) > panel.reached
        head = text_width(_("{phase} (planned)").format(phase=phase["phase"]) if planned else str(phase["phase"]))
        if max(head, text_width(condition_word(str(phase["phase"])[0]))) + 6 > width:
            return False
    return True
