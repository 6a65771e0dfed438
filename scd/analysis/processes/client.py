"""What the client is told of processes: short sentences, natural frequencies, and what they can't tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scd.analysis.processes.evidence import FEWEST_RANKED
from scd.analysis.words import frequency_words
from scd.language import gettext as _
from scd.language import listed

if TYPE_CHECKING:
    from scd.study import Measure

__all__ = ["client_words"]

Row = dict[str, Any]


def client_words(rows: Sequence[Row], outcome: Measure, processes: Sequence[Measure]) -> tuple[str, ...]:
    """The same for the client: short sentences, natural frequencies, and what it can't tell.

    Parameters
    ----------
    rows : sequence of dict
        All rows of one case.
    outcome : Measure
    processes : sequence of Measure
        In the order of the rows.

    Returns
    -------
    tuple of str
    """
    names = listed([_("“{process}”").format(process=p.label) for p in processes])
    if rows[0]["evidence"] == "too few sessions":
        return (
            _(
                "There are too few sessions yet to see what goes along with “{outcome}”. We looked at {processes}. We "
                "have {n} pairs of sessions in a row and need {fewest}."
            ).format(outcome=outcome.label, processes=names, n=rows[0]["n"], fewest=FEWEST_RANKED),
        )
    told = [
        _client_link_words(row, outcome, process)
        for row, process in zip(rows, processes, strict=True)
        if row["evidence"] in ("matters most", "lead to try next")
    ]
    if not told:
        told.append(
            _(
                "So far nothing clearly goes along with “{outcome}” at the next session. We looked at {processes}."
            ).format(outcome=outcome.label, processes=names)
        )
    told.append(
        _(
            "This can't tell that one brings about the other: something else may move both. To find out, we can plan "
            "to try a step with and without, and compare."
        )
    )
    return tuple(told)


def _client_link_words(row: Row, outcome: Measure, process: Measure) -> str:
    higher = row["link_mean"] > 0
    if higher and outcome.sign > 0:
        words = _(
            "After sessions with a higher “{process}”, “{outcome}” was often higher the next time. Higher is better. "
            "We expect to be right about this direction {times} times."
        )
    elif higher:
        words = _(
            "After sessions with a higher “{process}”, “{outcome}” was often higher the next time. Higher is worse. "
            "We expect to be right about this direction {times} times."
        )
    elif outcome.sign > 0:
        words = _(
            "After sessions with a higher “{process}”, “{outcome}” was often lower the next time. Lower is worse. "
            "We expect to be right about this direction {times} times."
        )
    else:
        words = _(
            "After sessions with a higher “{process}”, “{outcome}” was often lower the next time. Lower is better. "
            "We expect to be right about this direction {times} times."
        )
    return words.format(process=process.label, outcome=outcome.label, times=frequency_words(row["p_direction"]))
