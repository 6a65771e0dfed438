"""What each method says of a between-case effect size, in the same words: intervention minus baseline."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from scd.analysis.between_case.hps import hps_multiple_baseline, hps_reversal
from scd.analysis.between_case.mixed_effect import mixed_effect
from scd.analysis.between_case.mixed_model import MixedModel
from scd.analysis.between_case.occasions import Occasions
from scd.analysis.between_case.small_sample import noncentral_interval, symmetric_interval
from scd.language import gettext as _
from scd.language import localized
from scd.study import Measure, Study, StudyError

if TYPE_CHECKING:
    from scd.models import Priors

__all__ = ["from_mixed", "from_moments", "from_posterior", "intervals"]


def from_moments(data: Occasions, *, reversal: bool, phi: float | None, rho: float | None) -> dict[str, Any]:
    """The effect size from moments, with what it has of its own under `model`."""
    found = (hps_reversal if reversal else hps_multiple_baseline)(data, phi=phi, rho=rho)
    held = asdict(found)
    own = {name: held.pop(name) for name in ("values", "cells", "shared_sessions")}
    warnings = []
    if found.rho == 0 and rho is None:
        warnings.append(
            _(
                "the variance within cases is estimated as no smaller than the whole variance, so the "
                "share between cases is set to 0, the edge of what is possible"
            )
        )
    if not -1 < found.phi < 1:
        warnings.append(
            _(
                "the autocorrelation is estimated as {phi}, beyond what is possible: standard error, "
                "degrees of freedom and intervals are not to be relied on; use method 'reml'"
            ).format(phi=localized(f"{found.phi:.3f}"))
        )
    return held | {
        "model": {
            "values_compared": own["values"],
            "cells": own["cells"],
            "shared_sessions": list(own["shared_sessions"]),
            "phi_given": phi is not None,
            "rho_given": rho is not None,
        },
        "warnings": warnings,
    }


def from_mixed(data: Occasions, model: MixedModel) -> dict[str, Any]:
    """The effect size from a mixed model, with what it has of its own under `model`."""
    found = mixed_effect(data, model=model)
    return {
        name: getattr(found, name) for name in ("g", "se", "df", "rho", "delta", "kappa", "mean_difference", "variance")
    } | {
        "phi": found.fit.correlation,
        "variance_within": found.fit.variance,
        "model": asdict(model)
        | {
            "start": found.start,
            "at": found.at,
            "coefficients": found.fit.coefficients.tolist(),
            "random_effects_covariance": found.fit.random[-1].tolist(),
            "sd_ratio": found.fit.sd_ratio,
            "log_likelihood": found.fit.log_likelihood,
        },
        "warnings": found.warnings,
    }


def from_posterior(
    study: Study, data: Occasions, measure: Measure, *, priors: Priors | None, sign: int, ci_prob: float, seed: int
) -> dict[str, Any]:
    """The effect size from the multilevel posterior, with what it has of its own under `model`."""
    from scd.analysis.between_case.posterior import posterior_effect

    if priors is None and measure.range is None:
        raise StudyError(
            f"measure '{measure.label}': method 'bayes' needs its lowest and highest possible value, from which the "
            "priors take their scale; give --range LOW HIGH, or the measure's minimum and maximum",
            field="range",
        )
    found = posterior_effect(study, data, measure=measure.key, priors=priors, seed=seed)
    tails = np.array([(1 - ci_prob) / 2, (1 + ci_prob) / 2])
    lower, upper = np.quantile(sign * found.draws, tails).tolist()
    withheld = found.diagnostics.reason
    return {
        "g": float(np.median(found.draws)),
        "se": float(found.draws.std(ddof=1)),
        "lower": lower,
        "upper": upper,
        "lower_noncentral": None,
        "upper_noncentral": None,
        "delta": float(found.draws.mean()),
        "kappa": None,
        "df": found.df,
        **{
            name: float(np.median(getattr(found, name)))
            for name in ("phi", "rho", "mean_difference", "variance", "variance_within")
        },
        "p_improvement": float((measure.sign * found.draws > 0).mean()),
        "model": {
            "engine": found.engine,
            "draws": len(found.draws),
            "priors": json.loads(found.priors),
            "seed": seed,
            "between_sd": _told(found.between_sd, tails),
            "between_sd_prior": _told(found.between_sd_prior, tails),
        },
        "warnings": [_("the draws are not to be relied on: {withheld}").format(withheld=withheld)] if withheld else [],
    }


def _told(draws: np.ndarray, tails: np.ndarray) -> dict[str, float]:
    lower, upper = np.quantile(draws, tails).tolist()
    return {"median": float(np.median(draws)), "lower": lower, "upper": upper}


def intervals(held: dict[str, Any], *, sign: int, ci_prob: float) -> dict[str, float]:
    """The two intervals of an estimate, turned by `sign`."""
    g, df = sign * held["g"], held["df"]
    lower, upper = symmetric_interval(g, se=held["se"], df=df, ci_prob=ci_prob)
    low, high = noncentral_interval(sign * held["delta"], kappa=held["kappa"], df=df, ci_prob=ci_prob)
    return {"lower": lower, "upper": upper, "lower_noncentral": low, "upper_noncentral": high}
