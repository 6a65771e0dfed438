"""Does the model look like the data? Figures of a short series beside what the model would have produced."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr

from scd.analysis.appendix import BetweenCases, Check
from scd.models.terms import SEVERAL_CASES_MODELS
from scd.study import Measure, Study

__all__ = ["between_cases", "check_words", "predictive_checks", "prior_look"]

# So improbable in either direction, a figure of the data is told as one that the model does not reproduce.
_STRANGE = 0.01


def predictive_checks(tree: xr.DataTree, *, study: Study) -> tuple[Check, ...]:
    """Compare the data with new series from the posterior.

    Parameters
    ----------
    tree : xarray.DataTree
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
    cases, phases = json.loads(tree.attrs["cases"]), json.loads(tree.attrs["phases"])
    measures = [study.measure(key) for key in json.loads(tree.attrs["measures"])]
    constant = tree["constant_data"].to_dataset()
    observed = tree["observed_data"]["value"].to_numpy()
    drawn = tree["posterior_predictive"]["value"].transpose("chain", "draw", "obs").to_numpy()
    drawn = drawn.reshape(-1, drawn.shape[-1])
    case_index, phase_index = constant["case_index"].to_numpy(), constant["phase_index"].to_numpy()
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
            constant["session"].to_numpy()[mine],
        )
    return tuple(found)


def check_words(checks: tuple[Check, ...]) -> str:
    """One line: which figures the model does not reproduce."""
    strange = [c for c in checks if not c.ok]
    if not strange:
        return f"Series made by the model look like the data in all {len(checks)} figures compared."
    several = len({c.case for c in checks}) > 1
    told = "; ".join(
        f"{c.case + ': ' if several else ''}{c.figure} is {c.observed:.2g}, "
        f"the model makes {c.lower:.2g} to {c.upper:.2g}"
        for c in strange[:3]
    )
    return (
        f"The model does not reproduce {len(strange)} of {len(checks)} figures of the data ({told}); by chance alone "
        f"it would be about {2 * _STRANGE * len(checks):.1f}. Read it with care."
    )


def between_cases(tree: xr.DataTree) -> BetweenCases | None:
    """Prior and posterior of the SD between cases, side by side; None for a single case.

    Parameters
    ----------
    tree : xarray.DataTree
        From `scd.models.fit`.
    """
    if tree.attrs["model"] not in SEVERAL_CASES_MODELS:
        return None

    def told(group: str) -> tuple[float, float, float]:
        median, lower, upper = np.quantile(tree[group]["delta_sd"].to_numpy(), (0.5, 0.025, 0.975))
        return float(median), float(lower), float(upper)

    return BetweenCases(cases=len(json.loads(tree.attrs["cases"])), prior=told("prior"), posterior=told("posterior"))


def prior_look(tree: xr.DataTree, *, study: Study) -> float | None:
    """Share of values outside the instrument's range that the priors alone would produce.

    Parameters
    ----------
    tree : xarray.DataTree
        From `scd.models.fit`.
    study : Study

    Returns
    -------
    float or None
        None for a measure without a closed range. A share of a third is usual for scores: the priors leave room on
        purpose. Near 1 they would be about another instrument.
    """
    (key, *_) = json.loads(tree.attrs["measures"])
    measure = study.measure(key)
    if measure.minimum is None or measure.maximum is None or tree.attrs.get("family", "gaussian") != "gaussian":
        return None
    prior = tree["prior"].to_dataset()
    if "alpha_mean" in prior:
        alpha, delta = prior["alpha_mean"].to_numpy().ravel(), prior["delta_mean"].to_numpy().ravel()
    else:
        alpha, delta = prior["alpha"].to_numpy().ravel(), prior["delta"].to_numpy().ravel()
    noise = prior["sigma"].to_numpy().ravel() * np.random.default_rng(0).standard_normal(alpha.size)
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
        found.append(_check(case, f"mean of {label}", means))
        if here.sum() > 2:
            found.append(_check(case, f"SD of {label}", everything[:, here].std(axis=1, ddof=1)))
    neighbours = np.flatnonzero(np.diff(session) == 1)
    if len(neighbours) >= 6:
        square = np.maximum((deviation**2).sum(axis=1), 1e-12)
        lag = (deviation[:, neighbours] * deviation[:, neighbours + 1]).sum(axis=1) / square
        found.append(_check(case, "correlation of neighbouring sessions", lag))
    for edge, name in ((measure.minimum, "floor"), (measure.maximum, "ceiling")):
        if edge is not None and ((observed == edge).any() or measure.scale == "rating"):
            # A score's model has no end: its values beyond the edge would have been recorded there.
            beyond = everything <= edge if name == "floor" else everything >= edge
            found.append(_check(case, f"share at the {name}", beyond.mean(axis=1)))
    return found


def _check(case: str, figure: str, values: np.ndarray) -> Check:
    observed, drawn = float(values[0]), values[1:]
    lower, upper = (float(q) for q in np.quantile(drawn, (0.025, 0.975)))
    tie = 1e-9 * max(1.0, abs(observed))
    above = float((drawn > observed + tie).mean() + 0.5 * (np.abs(drawn - observed) <= tie).mean())
    ok = _STRANGE <= above <= 1 - _STRANGE
    return Check(case=case, figure=figure, observed=observed, lower=lower, upper=upper, p_above=above, ok=ok)
