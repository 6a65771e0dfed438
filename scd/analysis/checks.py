"""Does the model look like the data? Figures of a short series beside what the model would have produced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from scd.analysis.appendix import BetweenCases, Check
from scd.language import gettext as _
from scd.language import localized
from scd.models.fitted import Fitted, fitted_of
from scd.models.terms import SEVERAL_CASES_MODELS
from scd.study import Measure, Study

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["between_cases", "check_words", "predictive_checks", "prior_look"]

# So improbable in either direction, a figure of the data is told as one that the model does not reproduce.
_STRANGE = 0.01


def predictive_checks(tree: xr.DataTree | Fitted, *, study: Study) -> tuple[Check, ...]:
    """Compare the data with new series from the posterior.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
        From `scd.models.fit`.
    study : Study
        The study it was fitted to.

    Returns
    -------
    tuple of Check
        For every case: mean and SD of each phase, the correlation of neighbouring deviations from the phase means, and
        the share of values at floor and ceiling, where the measure has them.

    References
    ----------
    Gelman, A., Meng, X.-L., & Stern, H. (1996). Posterior predictive assessment of model fitness via realized
    discrepancies. Statistica Sinica, 6, 733-807.
    """
    fitted = fitted_of(tree)
    cases, phases = fitted.cases, json.loads(fitted.origin["phases"])
    measures = [study.measure(key) for key in json.loads(fitted.origin["measures"])]
    constant, observed = fitted.constant, fitted.observed
    drawn = fitted.flat("predictive")["value"]
    case_index, phase_index = constant["case_index"], constant["phase_index"]
    found: list[Check] = []
    for i, case in enumerate(cases):
        mine = case_index == i
        found += _of_case(
            case,
            phases[i],
            measures[i],
            observed[mine],
            drawn[:, mine],
            phase_index[mine],
            constant["session"][mine],
        )
    return tuple(found)


def check_words(checks: tuple[Check, ...]) -> str:
    """One line: which figures the model does not reproduce."""
    strange = [c for c in checks if not c.ok]
    if not strange:
        return _("Series made by the model look like the data in all {n_checks} figures compared.").format(
            n_checks=len(checks)
        )
    several = len({c.case for c in checks}) > 1
    told = "; ".join(
        (f"{c.case}: " if several else "")
        + _("{figure} is {observed}, the model makes {low} to {high}").format(
            figure=c.figure,
            observed=localized(f"{c.observed:.2g}"),
            low=localized(f"{c.lower:.2g}"),
            high=localized(f"{c.upper:.2g}"),
        )
        for c in strange[:3]
    )
    return _(
        "The model does not reproduce {strange} of {figures} figures of the data ({told}); by "
        "chance alone it would be about {expected}. Read it with care."
    ).format(
        strange=len(strange),
        figures=len(checks),
        told=told,
        expected=localized(f"{2 * _STRANGE * len(checks):.1f}"),
    )


def between_cases(tree: xr.DataTree | Fitted) -> BetweenCases | None:
    """Prior and posterior of the SD between cases, side by side; None for a single case.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
        From `scd.models.fit`.
    """
    fitted = fitted_of(tree)
    if fitted.origin["model"] not in SEVERAL_CASES_MODELS:
        return None

    def told(group: dict[str, np.ndarray]) -> tuple[float, float, float]:
        median, lower, upper = np.quantile(group["delta_sd"], (0.5, 0.025, 0.975))
        return float(median), float(lower), float(upper)

    return BetweenCases(cases=len(fitted.cases), prior=told(fitted.prior), posterior=told(fitted.posterior))


def prior_look(tree: xr.DataTree | Fitted, *, study: Study) -> float | None:
    """Share of values outside the instrument's range that the priors alone would produce.

    Parameters
    ----------
    tree : xarray.DataTree or Fitted
        From `scd.models.fit`.
    study : Study

    Returns
    -------
    float or None
        None for a measure without a closed range. A share of a third is usual for scores: the priors leave room on
        purpose. Near 1 they would be about another instrument.
    """
    fitted = fitted_of(tree)
    (key, *_) = json.loads(fitted.origin["measures"])
    measure = study.measure(key)
    if measure.minimum is None or measure.maximum is None or fitted.origin.get("family", "gaussian") != "gaussian":
        return None
    prior = fitted.flat("prior")
    alpha, delta = (
        (prior["alpha_mean"], prior["delta_mean"]) if "alpha_mean" in prior else (prior["alpha"], prior["delta"])
    )
    noise = prior["sigma"] * np.random.default_rng(0).standard_normal(alpha.size)
    values = np.concatenate([alpha + noise, alpha + delta + noise])
    return float(((values < measure.minimum) | (values > measure.maximum)).mean())


def _of_case(
    case: str,
    labels: list[str],
    measure: Measure,
    observed: np.ndarray,
    drawn: np.ndarray,
    phase_index: np.ndarray,
    session: np.ndarray,
) -> list[Check]:
    found = []
    everything = np.vstack([observed, drawn])
    deviation = everything.copy()
    for j, label in enumerate(labels):
        here = phase_index == j
        means = everything[:, here].mean(axis=1)
        deviation[:, here] -= means[:, None]
        found.append(_check(case, _("mean of {label}").format(label=label), means))
        if here.sum() > 2:
            found.append(_check(case, _("SD of {label}").format(label=label), everything[:, here].std(axis=1, ddof=1)))
    neighbours = np.flatnonzero(np.diff(session) == 1)
    if len(neighbours) >= 6:
        square = np.maximum((deviation**2).sum(axis=1), 1e-12)
        lag = (deviation[:, neighbours] * deviation[:, neighbours + 1]).sum(axis=1) / square
        found.append(_check(case, _("correlation of neighbouring sessions"), lag))
    for edge, name in ((measure.minimum, "floor"), (measure.maximum, "ceiling")):
        if edge is not None and ((observed == edge).any() or measure.scale == "rating"):
            # A score's model has no end: its values beyond the edge would have been recorded there.
            beyond = everything <= edge if name == "floor" else everything >= edge
            figure = _("share at the floor") if name == "floor" else _("share at the ceiling")
            found.append(_check(case, figure, beyond.mean(axis=1)))
    return found


def _check(case: str, figure: str, values: np.ndarray) -> Check:
    observed, drawn = float(values[0]), values[1:]
    lower, upper = (float(q) for q in np.quantile(drawn, (0.025, 0.975)))
    tie = 1e-9 * max(1.0, abs(observed))
    above = float((drawn > observed + tie).mean() + 0.5 * (np.abs(drawn - observed) <= tie).mean())
    ok = _STRANGE <= above <= 1 - _STRANGE
    return Check(case=case, figure=figure, observed=observed, lower=lower, upper=upper, p_above=above, ok=ok)
