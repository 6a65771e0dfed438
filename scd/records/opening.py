"""One series of a table as a study: what every analysis of a file begins with, without a caseload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scd.records.matching import quoted
from scd.records.measures import measures_of_table, one_label
from scd.records.tables import read_table, study_from_table
from scd.study import Study, StudyError
from scd.study.measure import Improvement, Scale

__all__ = ["OpenedSeries", "open_series"]


@dataclass(frozen=True)
class OpenedSeries:
    """One series of a table.

    Parameters
    ----------
    study : Study
        The study as read, with one measure; cases keep the names they have in the table.
    warnings : tuple of str
        What was assumed.
    """

    study: Study
    warnings: tuple[str, ...]


def open_series(
    source: Path | bytes | str,
    *,
    name: str,
    improvement: Improvement,
    scale: Scale = "score",
    limits: tuple[float, float] | None = None,
    case: str | None = None,
    measure: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> OpenedSeries:
    """Read one series of a table into a study.

    Parameters
    ----------
    source : pathlib.Path, bytes or str
        As in `scd.records.tables.read_table`.
    name : str
        What messages call it.
    improvement : {"increase", "decrease"}
        The direction that is better.
    scale : {"score", "rating", "count", "rate", "proportion", "percentage", "duration"}
        What kind of number it is; the columns ``minutes`` and ``trials`` of the table are its exposure and denominator.
    limits : tuple of float, optional
        The instrument's range, lowest value first; needed for ratings only.
    case, measure : str, optional
        The case and the series, by their names in the table. Without `case` all of them; without `measure` the first,
        and a warning names the others.
    columns, sheet
        As in `scd.records.tables.read_table`.

    Returns
    -------
    OpenedSeries
        Study and warnings.

    Raises
    ------
    StudyError
        When the table has problems (all of them in the message), has no such case or series, or the range is missing
        or the wrong way round.

    Examples
    --------
    >>> opened = open_series(b"session,phase,score\\n1,A,7\\n2,A,8\\n3,B,3\\n", name="a.csv", improvement="decrease")
    >>> opened.study.frame()[["case", "session", "phase", "value"]].values.tolist()
    [['case 1', 1, 'A1', 7.0], ['case 1', 2, 'A1', 8.0], ['case 1', 3, 'B1', 3.0]]
    >>> opened.study.measures[0].label, opened.warnings
    ('score', ())
    """
    _check_range(limits, scale=scale)
    preview = read_table(source, name=name, columns=columns, sheet=sheet)
    preview.check()
    warnings = []
    if measure is None and len(preview.measures) > 1:
        warnings.append(
            f"{name} holds several series; only the first, '{preview.measures[0]}', is taken. "
            f"The others: {quoted(preview.measures[1:])} (choose with --measure)"
        )
    chosen = preview.measures[0] if measure is None else measure
    measures = measures_of_table(preview, improvement=improvement, scale=scale, limits=limits, series=[chosen])
    label = one_label(case, preview.cases, what="case", where=name) if case is not None else None
    study, _ = study_from_table(preview, measures=measures, case=label)
    return OpenedSeries(study=study, warnings=tuple(warnings))


def _check_range(limits: tuple[float, float] | None, *, scale: Scale) -> None:
    if limits is None and scale == "rating":
        raise StudyError(
            "range: is needed for a rating, whose lowest and highest values end it; give --range LOW HIGH",
            field="range",
        )
    if limits is not None and not limits[0] < limits[1]:
        raise StudyError(
            f"range: its end must lie above its beginning (got {limits[0]:g} and {limits[1]:g})", field="range"
        )
