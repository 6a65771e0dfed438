"""From a table to its effects in one step, without a caseload: what `scd analyze` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scd.analysis.summary import Summary, summarize
from scd.models.families import outcome_of
from scd.models.family_priors import family_priors
from scd.models.priors import Priors
from scd.models.series import series_of
from scd.records.opening import open_series
from scd.study import StudyError
from scd.study.measure import Improvement, Scale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scd.models import Engine
    from scd.study import Study

__all__ = ["TableAnalysis", "analyze_table"]


@dataclass(frozen=True)
class TableAnalysis:
    """The analysis of one series of a table.

    Parameters
    ----------
    study : Study
        The study as read; cases keep the names they have in the table.
    summary : Summary
        Its estimates.
    warnings : tuple of str
        What was assumed and what to be careful about.
    """

    study: Study
    summary: Summary
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The analysis as one object for JSON.

        Returns
        -------
        dict
            Of the model ``change-point``, ``change_point``; of families other than the Gaussian, ``family``; of all,
            ``model, engine, priors, diagnostics, effects, text`` and ``measure, warnings, seed,
            fingerprint``; no NaN: what is not there is None.
        """
        told = self.summary
        points = [{k: v for k, v in row.model_dump().items() if k != "last_before"} for row in told.change_points]
        family = {} if told.family == "gaussian" else {"family": told.family}
        return (
            ({"change_point": points} if points else {})
            | family
            | {
                "model": told.model,
                "engine": told.engine,
                "priors": told.priors,
                "diagnostics": told.diagnostics,
                "effects": [effect.model_dump() for effect in told.effects],
                "text": "\n".join(told.text),
                "measure": self.study.measures[0].label,
                "warnings": list(self.warnings),
                "seed": told.seed,
                "fingerprint": told.fingerprint,
            }
        )


def analyze_table(
    source: Path | bytes | str,
    *,
    name: str,
    improvement: Improvement,
    scale: Scale = "score",
    limits: tuple[float, float] | None = None,
    center: float | None = None,
    unit: float | None = None,
    model: str | None = None,
    family: str | None = None,
    engine: Engine = "auto",
    case: str | None = None,
    measure: str | None = None,
    seed: int = 1,
    columns: Mapping[str, str] | None = None,
    sheet: str | None = None,
) -> TableAnalysis:
    """Read a table and estimate the effect of one of its series.

    Parameters
    ----------
    source, name, improvement, scale, case, measure, columns, sheet
        As in `scd.records.opening.open_series`.
    limits : tuple of float, optional
        The instrument's range; needed for ratings, and for scores unless `center` and `unit` are given.
    center, unit : float, optional
        Centre and unit of the priors; see `scd.models.family_priors`.
    model : str, optional
        By default the headline model of the design.
    family : str, optional
        How to take the values; by default as the scale says, see `scd.models.families`.
    engine : {"auto", "exact", "nuts"}
        As in `scd.models.fit`.
    seed : int
        Seed of the sampler.

    Returns
    -------
    TableAnalysis
        Study, summary and warnings.

    Raises
    ------
    StudyError
        When the table has problems (all of them in the message), the scale is not given, or no effect can be estimated.
    """
    if limits is None and scale == "score" and (center is None or unit is None):
        raise StudyError(
            "range: is needed, since the priors stand on the instrument's scale; give --range LOW HIGH, "
            "or both --center and --unit",
            field="range",
        )
    opened = open_series(
        source,
        name=name,
        improvement=improvement,
        scale=scale,
        limits=limits,
        case=case,
        measure=measure,
        columns=columns,
        sheet=sheet,
    )
    study = opened.study
    priors = _priors(study, family=family, center=center, unit=unit)
    summary = summarize(study, model=model, family=family, priors=priors, engine=engine, seed=seed)
    return TableAnalysis(study=study, summary=summary, warnings=(*opened.warnings, *summary.warnings))


def _priors(study: Study, *, family: str | None, center: float | None, unit: float | None) -> Priors | None:
    """The priors that a centre or a unit asks for, under the family that the values have."""
    if center is None and unit is None:
        return None
    taken = outcome_of(series_of(study), family=family).family
    return family_priors(study.measures[0], family=taken, center=center, unit=unit)
