"""The pictures of a page: charts as SVG, with a description for those who can't see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from scd.forms.schedule import case_name
from scd.language import gettext as _
from scd.study import Case, Measure, Study

if TYPE_CHECKING:
    from scd.analysis.summary import Summary

__all__ = ["effects_picture", "record_picture"]


def record_picture(
    study: Study,
    *,
    measure: str,
    labels: Mapping[str, str],
    summary: Summary | None = None,
) -> str:
    """The graph of a study: the field's own for one case, panels under each other for several.

    Parameters
    ----------
    study : Study
        With data.
    measure : str
        Key of the measure; a case that does not have it is drawn on its own first one.
    labels : mapping of str to str
        The clinic's own names by code.
    summary : Summary, optional
        When given, its projection and levels are drawn, too.

    Returns
    -------
    str
        HTML.
    """
    from scd.charts import describe_study, multiple_baseline_chart, picture, study_chart

    frame, phases = study.frame(), study.phase_frame()
    levels = summary.levels_table() if summary is not None and summary.levels else None
    projection = summary.projection_table() if summary is not None and summary.projection else None
    each = [_measure_of(study, case, measure) for case in study.cases]
    title = _(" and ").join(dict.fromkeys(m.label for m in each))
    drawn: Any
    if len(study.cases) == 1:
        drawn = study_chart(frame, measure=each[0], phases=phases, levels=levels, projection=projection)
    else:
        names = {case.code: case_name(case.code, labels) for case in study.cases}
        drawn = multiple_baseline_chart(
            frame, measures=each, phases=phases, labels=names, levels=levels, projection=projection
        )
    described = " ".join(
        describe_study(
            frame, measure=m, phases=phases, case=case.code, label=case.code if len(study.cases) > 1 else None
        )
        for case, m in zip(study.cases, each, strict=True)
    )
    return picture(drawn, title=_("{measures} over the sessions").format(measures=title), description=described).html


def effects_picture(summary: Summary, *, study: Study, labels: Mapping[str, str]) -> str:
    """The effects with their intervals.

    Parameters
    ----------
    summary : Summary
        Of this study, with effects.
    study : Study
        As estimated.
    labels : mapping of str to str
        The clinic's own names by code.

    Returns
    -------
    str
        HTML.
    """
    from scd.charts import picture
    from scd.reports.pictures import effects_drawn

    names = {c.code: case_name(c.code, labels) for c in study.cases}
    drawn, told = effects_drawn(study, summary=summary, labels=names)
    return picture(drawn, title=_("Changes with their intervals"), description=told).html


def _measure_of(study: Study, case: Case, key: str) -> Measure:
    own = study.measures_of(case)
    return next((m for m in own if m.key == key), own[0])
