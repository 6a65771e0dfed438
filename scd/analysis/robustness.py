"""How the effect fares under other models and priors: a ladder to be read as a whole, never to pick from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scd.analysis.appendix import Alternative, Check, Robustness
from scd.analysis.checks import check_words
from scd.analysis.ladder import Rung, ladder
from scd.language import gettext as _
from scd.language import localized
from scd.models.engines import INTEGRATED
from scd.models.prepare import prepare, scales
from scd.study import Study

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scd.models.outcome import Outcome
    from scd.models.power_scaling import Sensitivity
    from scd.models.priors import Priors

__all__ = ["appendix_line", "robustness", "robustness_words"]

# Power-scaling sensitivity above this is worth a word.
_NOTABLE = 0.05
_SURE = 0.95
_RATIOS = {"log": "rate_ratio", "logit": "odds_ratio", "proportion": "odds_ratio"}


def robustness(
    study: Study,
    *,
    case: str,
    measure: str | None = None,
    model: str = "level",
    family: str | None = None,
    priors: Priors | None = None,
    seed: int = 1,
) -> Robustness:
    """The effect of one case under the ladder of models, a sceptical prior, and worse missed sessions.

    Parameters
    ----------
    study : Study
    case : str
        Code of the case.
    measure, family, priors
        As in `scd.models.fit`. Ratings are taken as scores here.
    model : {"level", "level-trend", "phase-level", "piecewise", "gradual"}
        The headline model.
    seed : int
        Seed of the draws.

    Returns
    -------
    Robustness

    Raises
    ------
    StudyError
        As `scd.models.fit`.
    """
    outcome, own, note = _prepared(study, measure=measure, case=case, model=model, family=family, priors=priors)
    subject = study.measure(outcome.series.measures[0].key)
    effect = "level_change" if outcome.family == "gaussian" else _RATIOS.get(outcome.family, "rate_ratio")
    rungs = ladder(outcome.series, headline=model, family=outcome.family)
    headline = next(
        r for r in rungs
        if r.model == model and r.phi is None and r.delta_sd is None and r.family in (None, outcome.family)
    )  # fmt: skip
    center, unit, sign = scales(outcome, own)
    lost = _missed_shares(study, case, subject.key) if outcome.family == "gaussian" else 0.0
    if lost:
        name = _("If each missed session had been {unit} worse than expected").format(
            unit=localized(f"{float(unit[0]):g}")
        )
        rungs.append(Rung(name, model, shift=lost * subject.sign))
    if outcome.family in INTEGRATED:
        from scd.analysis.ladder_exact import climb_exactly

        climbed = climb_exactly(
            outcome.scaled(center=center, unit=unit, sign=sign).series,
            own.rescaled(center=own.center, unit=own.unit),
            rungs,
            headline=headline,
            unit=float(unit[0]),
            sign=subject.sign,
            ratio=effect != "level_change",
            seed=seed,
        )
    else:
        from scd.analysis.ladder_weighed import climb_by_weights

        climbed = climb_by_weights(outcome, own, rungs, headline=headline, sign=subject.sign, seed=seed)
    found = []
    for name, told in climbed.effects.items():
        difference, error = climbed.foretold.get(name, (None, None))
        found.append(
            Alternative(case=case, name=name, effect=effect, **told, elpd_difference=difference, elpd_se=error)
        )
    return Robustness(
        case=case,
        alternatives=tuple(found),
        prior_sensitivity=climbed.sensitivity.prior,
        likelihood_sensitivity=climbed.sensitivity.likelihood,
        words=robustness_words(found, sensitivity=climbed.sensitivity),
        note=note,
    )


def robustness_words(alternatives: Sequence[Alternative], *, sensitivity: Sensitivity | None = None) -> str:
    """One line for the page: whether the conclusion stands under all rungs.

    Returns
    -------
    str
    """
    chances = [a.p_improvement for a in alternatives]
    low, high = min(chances), max(chances)
    span = _("from {low} to {high}").format(low=_percent(low), high=_percent(high))
    if _firm(alternatives):
        line = _(
            "The direction holds under every other model and prior tried (probability of improvement {span})."
        ).format(span=span)
    elif low > 0.5 or high < 0.5:
        line = _(
            "Other models and priors agree on the direction but not on how sure it is (probability {span})."
        ).format(span=span)
    else:
        line = _("Other models and priors disagree on the direction (probability of improvement {span}).").format(
            span=span
        )
    if sensitivity is not None and sensitivity.prior > _NOTABLE:
        line += " " + (
            _("Its size leans on the prior, since the data alone say little.")
            if sensitivity.likelihood <= _NOTABLE
            else _("Its size leans on the prior, since data and prior differ.")
        )
    return line


def appendix_line(beside: Sequence[Robustness], checks: Sequence[Check]) -> str:
    """The one line of a clinician's page on what the appendix holds.

    Parameters
    ----------
    beside : sequence of Robustness
        One a case, and one for the average over cases.
    checks : sequence of Check

    Returns
    -------
    str
    """
    cases = [b for b in beside if b.case is not None]
    if len(cases) == 1:
        line = cases[0].words
    elif cases:
        firm = sum(_firm(b.alternatives) for b in cases)
        line = _("In {firm} of {n_cases} cases the direction holds under every other model and prior tried.").format(
            firm=firm, n_cases=len(cases)
        )
    else:
        line = ""
    line = " ".join(
        [line, *(_("On average over cases: {words}").format(words=b.words) for b in beside if b.case is None)]
    ).strip()
    if any(not check.ok for check in checks):
        line = f"{line} {check_words(tuple(checks))}"
    return line.strip()


def _prepared(
    study: Study, *, measure: str | None, case: str, model: str, family: str | None, priors: Priors | None
) -> tuple[Outcome, Priors, str]:
    """The values as the ladder takes them, their priors, and a note where that is not as the headline does."""
    outcome, own = prepare(study, measure=measure, case=case, model=model, family=family, priors=priors)
    note = ""
    if outcome.family == "rating":
        outcome, own = prepare(study, measure=measure, case=case, model=model, family="gaussian", priors=priors)
        note = _("The ladder takes the ratings as scores: the ends of the scale have no part in it.")
    return outcome, own, note


def _firm(alternatives: Sequence[Alternative]) -> bool:
    chances = [a.p_improvement for a in alternatives]
    return min(chances) >= _SURE or max(chances) <= 1 - _SURE


def _percent(probability: float) -> str:
    if probability >= 0.9995:
        return _("more than {percent}").format(percent=f"{localized('99.9')} %")
    if probability <= 0.0005:
        return _("less than {percent}").format(percent=f"{localized('0.1')} %")
    return f"{localized(f'{100 * probability:.1f}')} %"


def _missed_shares(study: Study, case: str, measure: str) -> float:
    """What the effect loses, in units, if each missed session would have been a unit worse than the model expects.

    The effect over all sessions is that over the recorded ones, less the difference of the missed shares.
    """
    held, shares = study.case(case), []
    missed = [held.phase_at(n).condition for n in held.missed_sessions(measure=measure)]
    seen = [held.phase_at(s.number).condition for s in held.sessions if s.value(measure) is not None]
    for condition in "AB":
        lost = missed.count(condition)
        shares.append(lost / (lost + seen.count(condition)) if lost else 0.0)
    return shares[0] - shares[1]
