"""The between-case effect size from a mixed model: Pustejovsky, Hedges and Shadish."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scd.analysis.between_case.information import expected_information
from scd.analysis.between_case.mixed_model import MixedModel, check_model, times_of
from scd.analysis.between_case.occasions import Occasions
from scd.analysis.between_case.reml import MixedFit, fit_mixed
from scd.analysis.between_case.restricted_likelihood import Level, Mixed
from scd.analysis.between_case.small_sample import correction, standard_error
from scd.language import gettext_noop as N_
from scd.study import StudyError

__all__ = ["MixedEffect", "mixed_effect"]


@dataclass(frozen=True, eq=False)
class MixedEffect:
    """A between-case effect size from a mixed model, with every quantity on the way to it.

    Attributes
    ----------
    mean_difference : float
        Intervention minus baseline at the session asked for, in the measure's units.
    variance : float
        Of values of one session between cases, in baseline.
    delta : float
        `mean_difference` in units of the root of `variance`.
    kappa : float
        Standard error of `mean_difference`, in units of the root of `variance`.
    df : float
        Satterthwaite's degrees of freedom of the variance, from the expected information.
    g : float
        Effect size, corrected for few degrees of freedom.
    se : float
        Its standard error.
    rho : float
        Share of the variance of levels in that of levels and errors; of nested cases, of both levels together.
    start, at : int or None
        The sessions that an effect with trends is about.
    fit : MixedFit
    warnings : tuple of str
    """

    mean_difference: float
    variance: float
    delta: float
    kappa: float
    df: float
    g: float
    se: float
    rho: float
    start: int | None
    at: int | None
    fit: MixedFit
    warnings: tuple[str, ...]


def mixed_effect(data: Occasions, *, model: MixedModel | None = None) -> MixedEffect:
    """Estimate a between-case effect size from a mixed model by restricted maximum likelihood.

    Levels differ between cases (and between clusters of cases, where `data` has them); errors within a series are
    correlated by how many sessions lie between. The effect is divided by the root of the variance that a baseline
    value has between cases; Satterthwaite's degrees of freedom of that variance give the correction.

    Parameters
    ----------
    data : Occasions
    model : MixedModel, optional
        Default: a change of level that is the same for all cases, and autocorrelated errors.

    Returns
    -------
    MixedEffect

    Raises
    ------
    StudyError
        When the model asks for what it lacks, its effects can't be told apart, or the values leave no variance.

    References
    ----------
    Pustejovsky, J. E., Hedges, L. V., & Shadish, W. R. (2014). Design-comparable effect sizes in multiple baseline
    designs: A general modeling framework. Journal of Educational and Behavioral Statistics, 39, 368-393.
    https://doi.org/10.3102/1076998614547577

    Notes
    -----
    The numbers are those of R's scdhlm (`calc_BCSMD`, `g_mlm`), but for three rules. Where nlme stops short of the
    maximum of the restricted likelihood, often with random effects at the edge, ours is the higher one. With
    `unequal_variance` the unit is always baseline's SD; nlme takes that of whatever phase comes first. And with one
    degree of freedom or fewer there is a refusal, as the correction would turn the effect's sign.

    Examples
    --------
    >>> import pandas as pd
    >>> from scd.analysis.between_case.mixed_model import MixedModel
    >>> from scd.analysis.between_case.occasions import occasions_of_table
    >>> rows = [("P", 3, (4, 6, 9, 8, 9, 9)), ("Q", 4, (2, 5, 3, 7, 6, 8)), ("R", 5, (5, 3, 4, 5, 8, 7))]
    >>> table = pd.DataFrame(
    ...     [(c, n, "A1" if n < b else "B1", v) for c, b, values in rows for n, v in enumerate(values, 1)],
    ...     columns=["case", "session", "phase", "value"],
    ... )
    >>> found = mixed_effect(occasions_of_table(table), model=MixedModel(errors="independent"))
    >>> round(found.mean_difference, 3), round(found.g, 3), found.warnings
    (3.607, 2.594, ())
    """
    model = model or MixedModel()
    check_model(model)
    start, at = times_of(model, data)
    center = 0 if at is None else at if model.center is None else model.center
    time = (data.session - center).astype(float)
    under = data.intervention.astype(float)
    elapsed = _elapsed(data)
    fixed = [np.ones(len(time)), *([time] if model.trend else []), under, *([elapsed] if model.treatment_trend else [])]
    mixed = Mixed(
        value=data.value,
        fixed=np.column_stack(fixed),
        levels=_levels(data, model, time, elapsed),
        series=data.case,
        session=data.session,
        errors=model.errors,
        other=data.intervention == 1 if model.unequal_variance else None,
    )
    fit = fit_mixed(mixed)
    numerator = np.zeros(len(fixed))
    numerator[1 + model.trend] = 1.0
    if model.treatment_trend and start is not None and at is not None:
        numerator[-1] = at - start
    # A baseline value at that session: levels, trends, and errors.
    baseline = np.array([1.0, 0.0 if at is None else float(at - center)])
    weights = []
    for level in mixed.levels:
        held = np.zeros(level.columns.shape[1])
        own = baseline[: 1 + (level is mixed.levels[-1] and model.random_trend)]
        held[: len(own)] = own
        weights.append(held)
    return _effect(mixed, fit, numerator, weights, start=start, at=at)


def _elapsed(data: Occasions) -> np.ndarray:
    """Sessions under intervention, 1 at the first of each case; 0 before."""
    elapsed = np.zeros(len(data.session))
    for i in range(len(data.cases)):
        mine = data.case == i
        first = data.session[mine & (data.intervention == 1)].min()
        elapsed[mine] = np.maximum(data.session[mine] - first + 1, 0)
    return elapsed


def _levels(data: Occasions, model: MixedModel, time: np.ndarray, elapsed: np.ndarray) -> tuple[Level, ...]:
    parts = [(np.ones(len(time)), N_("level"))]
    if model.random_trend:
        parts.append((time, N_("trend")))
    if model.random_treatment:
        parts.append((data.intervention.astype(float), N_("effect")))
    if model.random_treatment_trend:
        parts.append((elapsed, N_("change of slope")))
    columns, names = zip(*parts, strict=True)
    own = Level("case", data.case, np.column_stack(columns), names)
    if data.group is None:
        return (own,)
    return Level("cluster", data.group, np.ones((len(time), 1))), own


def _effect(
    mixed: Mixed, fit: MixedFit, numerator: np.ndarray, weights: list[np.ndarray], *, start: int | None, at: int | None
) -> MixedEffect:
    difference = float(numerator @ fit.coefficients)
    variance = fit.variance + sum(float(w @ t @ w) for w, t in zip(weights, fit.random, strict=True))
    kappa = math.sqrt(float(numerator @ fit.covariance @ numerator) / variance)
    # The same sum as weights of the single entries: a covariance counts twice.
    entries = [w[i] * w[j] * (1 if i == j else 2) for w in weights for j in range(len(w)) for i in range(j + 1)]
    others = (fit.correlation is not None) + (fit.sd_ratio is not None)
    gradient = np.array([*entries, *[0.0] * others, 1.0])
    df = 2 * variance**2 / _spread(mixed, fit, gradient)
    delta = difference / math.sqrt(variance)
    g = _corrected(delta, df, fit)
    levels = sum(float(t[0, 0]) for t in fit.random)
    return MixedEffect(
        mean_difference=difference,
        variance=variance,
        delta=delta,
        kappa=kappa,
        df=df,
        g=g,
        se=standard_error(g, kappa=kappa, df=df, truncated=True),
        rho=levels / (levels + fit.variance),
        start=start,
        at=at,
        fit=fit,
        warnings=fit.warnings,
    )


def _corrected(delta: float, df: float, fit: MixedFit) -> float:
    try:
        return correction(df) * delta
    except StudyError as error:  # the fit knows why the variance is so badly known
        raise StudyError("; ".join([error.message, *fit.warnings]), field=error.field) from None


def _spread(mixed: Mixed, fit: MixedFit, gradient: np.ndarray) -> float:
    """The sampling variance of a sum of variance parameters with these weights."""
    try:
        spread = float(gradient @ np.linalg.solve(expected_information(mixed, fit), gradient))
    except np.linalg.LinAlgError:
        spread = 0.0
    if not spread > 0:
        raise StudyError(
            "mixed model: how well its variances are known can't be computed at these estimates; "
            + " ".join([*fit.warnings, "simplify the model"]),
            field="model",
        )
    return spread
