"""One outcome of a table with its processes as a study: what the analysis of processes of a file begins with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from scd.records.matching import measure_key, quoted
from scd.records.measures import measures_of_table, one_label
from scd.records.opening import OpenedSeries
from scd.records.preview import Preview
from scd.records.tables import read_table, study_from_table
from scd.study import StudyError
from scd.study.measure import Improvement

__all__ = ["open_processes"]


def open_processes(
    source: Path | bytes | str,
    *,
    name: str,
    outcome: str,
    processes: Sequence[str],
    improvement: Improvement | None = None,
    process_improvement: Sequence[Improvement] = (),
    limits: tuple[float, float] | None = None,
    case: str | None = None,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> OpenedSeries:
    """Read one outcome and its processes from a table into a study; naming a process here declares it.

    Parameters
    ----------
    source, name, columns, sheet
        As in `scd.records.tables.read_table`.
    outcome : str
        The outcome's name in the table, or its key.
    processes : sequence of str
        The processes' names in the table, or their keys.
    improvement : {"increase", "decrease"}, optional
        The direction of the outcome that is better; without it an increase is taken for better, and a warning says so.
    process_improvement : sequence of {"increase", "decrease"}
        The same for the processes: one for all, or one each in their order.
    limits : tuple of float, optional
        The outcome's range, lowest value first.
    case : str, optional
        Only this case, by its name in the table.

    Returns
    -------
    OpenedSeries
        Study and warnings; the measures' roles are outcome and process.

    Raises
    ------
    StudyError
        When the table has problems (all of them in the message) or no such case or series, a process is the outcome
        itself or named twice, or directions and processes differ in number.

    Examples
    --------
    >>> table = b"session,phase,mood,sleep\\n1,A,4,6\\n2,A,5,7\\n3,B,6,8\\n"
    >>> opened = open_processes(table, name="a.csv", outcome="mood", processes=["sleep"], improvement="increase")
    >>> [(m.key, m.role) for m in opened.study.measures], opened.warnings
    ([('mood', 'outcome'), ('sleep', 'process')], ("for 'sleep' higher is taken as better; say otherwise with \
--process-improvement decrease",))
    """
    if not processes:
        raise StudyError(f"{name}: name at least one process beside '{outcome}' (--process)", field="process")
    if limits is not None and not limits[0] < limits[1]:
        raise StudyError(
            f"range: its end must lie above its beginning (got {limits[0]:g} and {limits[1]:g})", field="range"
        )
    preview = _read(source, name=name, wanted=(outcome, *processes), columns=columns, sheet=sheet)
    preview.check()
    target = _label(outcome, preview)
    chosen = [_label(process, preview) for process in processes]
    for i, label in enumerate(chosen):
        if label == target:
            raise StudyError(f"process '{label}': is the outcome itself; name another series", field="process")
        if label in chosen[:i]:
            raise StudyError(f"process '{label}': is named twice; keep one", field="process")
    directions, warnings = _directions(target, chosen, improvement, process_improvement)
    measures = measures_of_table(preview, improvement=improvement or "increase", limits=limits, series=[target])
    for label, better in zip(chosen, directions, strict=True):
        (own,) = measures_of_table(preview, improvement=better, series=[label]).values()
        measures[label] = own.replace(role="process")
    keys = [m.key for m in measures.values()]
    for label, measure in measures.items():
        if keys.count(measure.key) > 1:
            raise StudyError(
                f"{name}: two of its series would be called '{measure.key}'; give '{label}' another name",
                field="measure",
            )
    who = one_label(case, preview.cases, what="case", where=name) if case is not None else None
    study, _ = study_from_table(preview, measures=measures, case=who)
    ordered = tuple(m for m in measures.values() if m.key in [held.key for held in study.measures])
    return OpenedSeries(study=study.replace(measures=ordered), warnings=warnings)


def _read(
    source: Path | bytes | str,
    *,
    name: str,
    wanted: Sequence[str],
    columns: Mapping[str, str] | None,
    sheet: str | None,
) -> Preview:
    """The table; where not all series are found, their names are tried as columns of a wide one."""
    preview = read_table(source, name=name, columns=columns, sheet=sheet)
    known = {measure_key(label) for label in preview.measures} | set(preview.measures)
    if set(wanted) <= known or (columns and {"measures", "cases", "value"} & set(columns)):
        return preview
    try:
        wide = read_table(
            source, name=name, columns={**(columns or {}), "measures": "; ".join(dict.fromkeys(wanted))}, sheet=sheet
        )
    except StudyError:
        return preview  # its series are told by the message about the one that is not among them
    return wide


def _label(said: str, preview: Preview) -> str:
    by_key = [label for label in preview.measures if measure_key(label) == said]
    if said not in preview.measures and len(by_key) == 1:
        return by_key[0]
    return one_label(said, preview.measures, what="series", where=preview.name)


def _directions(
    outcome: str, processes: Sequence[str], improvement: Improvement | None, given: Sequence[Improvement]
) -> tuple[list[Improvement], tuple[str, ...]]:
    """The better direction of each process, and what was assumed."""
    if given and len(given) not in (1, len(processes)):
        raise StudyError(
            f"--process-improvement: give one direction for all processes or one for each of the {len(processes)} "
            f"(got {len(given)})",
            field="improvement",
        )
    told = []
    if improvement is None:
        told.append(f"for '{outcome}' higher is taken as better; say otherwise with --improvement decrease")
    if not given:
        told.append(
            f"for {quoted(processes)} higher is taken as better; say otherwise with --process-improvement decrease"
        )
    each: list[Improvement] = list(given) * (len(processes) if len(given) == 1 else 1) or ["increase"] * len(processes)
    return each, tuple(told)
