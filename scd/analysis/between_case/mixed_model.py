"""What a mixed model of several cases expects of them, and which sessions its effect is about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scd.analysis.between_case.occasions import Occasions
from scd.analysis.between_case.restricted_likelihood import ERRORS, Errors
from scd.study import StudyError

__all__ = ["MixedModel", "check_model", "default_times", "times_of"]


@dataclass(frozen=True)
class MixedModel:
    """What the values of every case are expected to do.

    Parameters
    ----------
    trend : bool
        A linear trend over sessions that all cases share.
    treatment_trend : bool
        A change of slope from the first intervention session on, that all cases share. Needs `trend`.
    random_trend : bool
        Trends differ between cases. Needs `trend`.
    random_treatment : bool
        Changes of level differ between cases.
    random_treatment_trend : bool
        Changes of slope differ between cases. Needs `treatment_trend`.
    errors : {"ar1", "ma1", "independent"}
        Correlation within a series: ``ar1`` falls as phi to the power of the sessions between, ``ma1`` reaches one
        session only.
    unequal_variance : bool
        The SD within cases is another under intervention; the effect size is in units of baseline's.
    start, at : int, optional
        With trends: the effect is that at session `at` of an intervention that follows session `start`. By default the
        shortest baseline's last session, and as long after it as that case's intervention lasted.
    center : int, optional
        Session at which levels are compared between cases when trends differ; by default `at`.
    """

    trend: bool = False
    treatment_trend: bool = False
    random_trend: bool = False
    random_treatment: bool = False
    random_treatment_trend: bool = False
    errors: Errors = "ar1"
    unequal_variance: bool = False
    start: int | None = None
    at: int | None = None
    center: int | None = None

    @property
    def with_time(self) -> bool:
        """Whether the expected values depend on the session."""
        return self.trend or self.treatment_trend or self.random_trend or self.random_treatment_trend


def default_times(data: Occasions) -> tuple[int, int]:
    """The sessions that an effect with trends is about, when none are given.

    Parameters
    ----------
    data : Occasions

    Returns
    -------
    start, at : int
        Last session of the shortest baseline; that plus the number of sessions from first to last under intervention of
        the case whose baseline it is (of several, the shortest).

    Examples
    --------
    >>> import pandas as pd
    >>> from scd.analysis.between_case.occasions import occasions_of_table
    >>> rows = [("P", 3, (4, 6, 9, 8, 9, 9)), ("Q", 4, (2, 5, 3, 7, 6, 8)), ("R", 5, (5, 3, 4, 5, 8, 7))]
    >>> table = pd.DataFrame(
    ...     [(c, n, "A1" if n < b else "B1", v) for c, b, values in rows for n, v in enumerate(values, 1)],
    ...     columns=["case", "session", "phase", "value"],
    ... )
    >>> default_times(occasions_of_table(table))
    (2, 6)
    """
    lasts, lengths = [], []
    for i in range(len(data.cases)):
        mine = data.case == i
        lasts.append(int(data.session[mine & (data.intervention == 0)].max()))
        treated = data.session[mine & (data.intervention == 1)]
        lengths.append(int(np.ptp(treated)) + 1)
    start = min(lasts)
    return start, start + min(n for last, n in zip(lasts, lengths, strict=True) if last == start)


def check_model(model: MixedModel) -> None:
    """Refuse a model that asks for what it lacks.

    Raises
    ------
    StudyError
        When an option is on without the one that it needs, or the kind of errors is unknown.

    Examples
    --------
    >>> check_model(MixedModel(random_trend=True))
    Traceback (most recent call last):
    scd.study.errors.StudyError: model: 'random_trend' needs 'trend' too; add it
    """
    needs = (
        (model.treatment_trend, model.trend, "treatment_trend", "trend"),
        (model.random_trend, model.trend, "random_trend", "trend"),
        (model.random_treatment_trend, model.treatment_trend, "random_treatment_trend", "treatment_trend"),
    )
    for asked, held, name, needed in needs:
        if asked and not held:
            raise StudyError(f"model: '{name}' needs '{needed}' too; add it", field=name)
    if model.errors not in ERRORS:
        raise StudyError(
            f"model: errors '{model.errors}' are unknown; choose one of {', '.join(ERRORS)}", field="errors"
        )


def times_of(model: MixedModel, data: Occasions) -> tuple[int, int] | tuple[None, None]:
    """The sessions that an effect is about, or None without trends.

    Parameters
    ----------
    model : MixedModel
    data : Occasions

    Returns
    -------
    start, at : int or None

    Raises
    ------
    StudyError
        When the effect would be read off before the intervention began.

    Examples
    --------
    >>> import pandas as pd
    >>> from scd.analysis.between_case.occasions import occasions_of_table
    >>> rows = [("P", 3, (4, 6, 9, 8, 9, 9)), ("Q", 4, (2, 5, 3, 7, 6, 8)), ("R", 5, (5, 3, 4, 5, 8, 7))]
    >>> table = pd.DataFrame(
    ...     [(c, n, "A1" if n < b else "B1", v) for c, b, values in rows for n, v in enumerate(values, 1)],
    ...     columns=["case", "session", "phase", "value"],
    ... )
    >>> data = occasions_of_table(table)
    >>> [times_of(model, data) for model in (MixedModel(), MixedModel(trend=True), MixedModel(trend=True, at=5))]
    [(None, None), (2, 6), (2, 5)]
    """
    if not model.with_time:
        return None, None
    usual_start, usual_end = default_times(data)
    start = usual_start if model.start is None else model.start
    at = usual_end if model.at is None else model.at
    if at <= start:
        raise StudyError(
            f"model: the effect is read off after the intervention began: 'at' must lie above 'start' (got {at} and "
            f"{start})",
            field="at",
        )
    return start, at
