"""What the columns of a table measure, as told on the command line: a measure of the catalogue, or one of one's own."""

from __future__ import annotations

from collections.abc import Sequence

from scd.records.matching import measure_key, quoted
from scd.records.preview import Preview
from scd.study import Measure, StudyError
from scd.study.catalogue import from_catalogue
from scd.study.measure import Improvement, Scale

__all__ = ["measures_of_table", "one_label"]


def measures_of_table(
    preview: Preview,
    *,
    keys: Sequence[str] = (),
    improvement: Improvement | None = None,
    scale: Scale = "score",
    limits: tuple[float, float] | None = None,
    unit: str = "points",
    name: str | None = None,
    series: Sequence[str] = (),
) -> dict[str, Measure]:
    """A measure for each series of a table that is taken.

    Parameters
    ----------
    preview : Preview
        The table.
    keys : sequence of str
        Measures of the catalogue: ``phq-9``, or ``COLUMN=phq-9`` where the table has several series.
    improvement : {"increase", "decrease"}, optional
        For every other series: a measure by its name in the table, better in this direction.
    scale : {"score", "rating", "count", "rate", "proportion", "percentage", "duration"}
        What kind of number it is.
    limits : tuple of float, optional
        Its range; counts, rates and durations start at 0 anyhow, proportions and percentages end at 1 and 100 unless
        their values are numbers of successes.
    unit : str
        Its unit.
    name : str, optional
        The name that people read, for a single series; by default the one it has in the table.
    series : sequence of str
        Take only these, by their names in the table; all without it.

    Returns
    -------
    dict of str to Measure
        By the series' names, as `scd.records.tables.study_from_table` takes them. A series beside which the table tells
        what was planned or what got in the way is practice.

    Raises
    ------
    StudyError
        When a series is not in the table or has no direction, or the catalogue has no such measure.

    Examples
    --------
    >>> from scd.records.tables import read_table
    >>> preview = read_table("session,phase,score\\n1,A,7\\n2,B,3\\n", name="pasted text")
    >>> {label: m.range_words for label, m in measures_of_table(preview, keys=["phq-9"]).items()}
    {'score': '0 to 27'}
    """
    wanted = [one_label(name, preview.measures, what="series", where=preview.name) for name in series]
    taken = wanted or list(preview.measures)
    named: dict[str, Measure] = {}
    for key in keys:
        label, _, entry = key.rpartition("=")
        if not label and len(taken) > 1:
            raise StudyError(
                f"{preview.name}: holds several series ({quoted(taken)}); say which is '{key}', as in "
                f"--measure '{taken[0]}={key}'",
                field="measure",
            )
        label = one_label(label, taken, what="series", where=preview.name) if label else taken[0]
        named[label] = from_catalogue(entry)
    practised = {e.measure for e in preview.entries if e.planned is not None or e.obstacle}
    lacking = [label for label in taken if label not in named]
    if lacking and improvement is None:
        raise StudyError(
            f"{preview.name}: which direction is better for {quoted(lacking)}? Say --improvement increase or decrease, "
            "or name a measure of the catalogue with --measure",
            field="improvement",
        )
    if name is not None and len(lacking) != 1:
        raise StudyError(f"{preview.name}: a name suits one series, not {quoted(lacking) or 'none'}", field="name")
    for label in lacking:
        low, high = limits or _natural_limits(preview, label, scale)
        named[label] = Measure(
            key=measure_key(name or label),
            label=name or label,
            improvement=improvement,
            scale=scale,
            minimum=low,
            maximum=high,
            unit=unit,
            role="practice" if label in practised else "outcome",
        )
    return {label: _as_practice(named[label]) if label in practised else named[label] for label in taken}


def _as_practice(measure: Measure) -> Measure:
    return measure if measure.role == "practice" else measure.replace(role="practice")


def _natural_limits(preview: Preview, label: str, scale: Scale) -> tuple[float | None, float | None]:
    """The range that a scale has of itself."""
    if scale in ("score", "rating"):
        return None, None
    if scale == "percentage":
        return 0, 100
    if scale != "proportion":
        return 0, None
    entries = [e for e in preview.entries if e.measure == label]
    values = [e.value for e in entries if e.value is not None]
    # 0 and 1 alone may be successes as well as shares, unless nothing was counted.
    shares = max(values, default=0) <= 1 and (any(v % 1 for v in values) or all(e.trials is None for e in entries))
    return 0, 1 if shares else None


def one_label(name: str, labels: Sequence[str], *, what: str, where: str) -> str:
    """The label that a person means: as it stands, in other letters, or its last word when only one ends so.

    Parameters
    ----------
    name : str
        What was said.
    labels : sequence of str
        The labels there are.
    what, where : str
        For the message: what is named, and in which table.

    Returns
    -------
    str
        One of `labels`.

    Raises
    ------
    StudyError
        When none is meant, or several could be.

    Examples
    --------
    >>> one_label("a1", ["case A1", "case A2"], what="case", where="table")
    'case A1'
    """
    said = name.strip().casefold()
    same = [label for label in labels if label == name] or [label for label in labels if label.casefold() == said]
    same = same or [label for label in labels if label.casefold().split()[-1:] == [said]]
    if len(same) != 1:
        raise StudyError(f"{where}: has no {what} '{name}' (it has {quoted(labels)})", field=what)
    return same[0]
