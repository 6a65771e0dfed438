"""The between-case effect size of a study: design-comparable, with its intervals and what to know about it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from scd.analysis.between_case.methods import from_mixed, from_moments, from_posterior, intervals
from scd.analysis.between_case.mixed_model import MixedModel
from scd.analysis.between_case.occasions import Occasions, occasions_of_study
from scd.analysis.between_case.small_sample import FEWEST_DF, check_coverage
from scd.language import gettext as _
from scd.language import localized
from scd.study import Measure, Study, StudyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scd.models import Priors

__all__ = ["METHODS", "BetweenCase", "Method", "between_case"]

Method = Literal["hps", "reml", "bayes"]
METHODS: tuple[str, ...] = get_args(Method)
Design = Literal["reversal", "multiple-baseline"]
Direction = Literal["improvement", "difference"]

# With fewer, the spread between cases is all but guessed.
_FEW_CASES = 3


@dataclass(frozen=True)
class BetweenCase:
    """A between-case effect size.

    Attributes
    ----------
    method : {"hps", "reml", "bayes"}
    design : {"reversal", "multiple-baseline"}
    measure : str
        Its label.
    improvement : {"increase", "decrease"} or None
        The direction that counts as positive; None: whatever lies above baseline.
    direction : str
        In words what a positive `g` means.
    cases, values : int
        How many it comes from.
    g : float
        The effect size: corrected for few degrees of freedom (of ``bayes``: the posterior's median).
    se : float
        Its standard error (of ``bayes``: the posterior's SD).
    lower, upper : float
        The symmetric interval (of ``bayes``: that of the posterior).
    ci_prob : float
        Coverage of the intervals.
    lower_noncentral, upper_noncentral : float or None
        The interval from the noncentral t distribution, around the uncorrected effect size; None of ``bayes``.
    g_b_minus_a : float
        The effect size as intervention minus baseline, whatever the direction of improvement.
    df : float
        Degrees of freedom of the variance that it is standardised by.
    phi : float or None
        Autocorrelation from one session to the next (of errors ``ma1``: theta); None where errors are independent.
    rho : float
        Share of the variance that lies between cases.
    delta : float
        The effect size before the correction (of ``bayes``: the posterior's mean).
    kappa : float or None
        Standard error of `mean_difference`, in units of the root of `variance`; None of ``bayes``.
    mean_difference : float
        Intervention minus baseline, in the measure's units, with the measure's sign.
    variance : float
        Between cases, of values of one session in baseline; the effect size is in units of its root.
    variance_within : float or None
        Of values of one case around its level; None where `rho` was given.
    p_improvement : float or None
        Of ``bayes``, where the direction is known: the posterior probability of an improvement.
    model : mapping
        How it was made: what the method has of its own.
    warnings : tuple of str
        What was left out, and where it is not to be relied on.
    """

    method: Method
    design: Design
    measure: str
    improvement: str | None
    direction: str
    cases: int
    values: int
    g: float
    se: float
    lower: float
    upper: float
    ci_prob: float
    lower_noncentral: float | None
    upper_noncentral: float | None
    g_b_minus_a: float
    df: float
    phi: float | None
    rho: float
    delta: float
    kappa: float | None
    mean_difference: float
    variance: float
    variance_within: float | None
    p_improvement: float | None
    model: Mapping[str, Any]
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """The effect size as one object for JSON, its warnings last."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {
            "model": dict(self.model),
            "warnings": list(self.warnings),
        }


def between_case(
    study: Study,
    *,
    measure: str | None = None,
    design: Design | None = None,
    method: Method = "hps",
    direction: Direction = "improvement",
    model: MixedModel | None = None,
    phi: float | None = None,
    rho: float | None = None,
    priors: Priors | None = None,
    ci_prob: float = 0.95,
    seed: int = 1,
) -> BetweenCase:
    """Estimate a study's between-case (design-comparable) standardised mean difference.

    It is the change under intervention in units of the SD that values of different cases have in the same session, so
    that it can stand beside effect sizes of trials between groups; effects within a case, divided by a case's own SD,
    can't.

    Parameters
    ----------
    study : Study
        Two cases or more, with values in baseline and under intervention; missed values are left out, and gaps in
        session numbers count.
    measure : str, optional
        Key of the measure; by default the first outcome.
    design : {"reversal", "multiple-baseline"}, optional
        By default the study's own.
    method : {"hps", "reml", "bayes"}
        ``hps``: moments (`scd.analysis.between_case.hps`); ``reml``: a mixed model by restricted maximum likelihood
        (`scd.analysis.between_case.mixed_effect`); ``bayes``: the multilevel posterior
        (`scd.analysis.between_case.posterior`).
    direction : {"improvement", "difference"}
        What counts as positive: an improvement, or (``difference``) intervention above baseline, as other software
        prints it. Only the sign differs; `BetweenCase.g_b_minus_a` is always the latter.
    model : MixedModel, optional
        Of ``reml``. Trends need a multiple baseline.
    phi, rho : float, optional
        Of ``hps``: autocorrelation and intraclass correlation, where they are known.
    priors : Priors, optional
        Of ``bayes``; by default weakly informative on the measure's range.
    ci_prob : float
        Coverage of the intervals, between 0 and 1.
    seed : int
        Of ``bayes``.

    Returns
    -------
    BetweenCase
        Where an estimate stands at the edge of what is possible, or degrees of freedom or cases are few, its
        `warnings` say so.

    Raises
    ------
    StudyError
        When there are fewer than two cases with both conditions, no variance, an option doesn't go with the method, or
        a session number is no whole number.

    References
    ----------
    Hedges, L. V., Pustejovsky, J. E., & Shadish, W. R. (2012). A standardized mean difference effect size for single
    case designs. Research Synthesis Methods, 3, 224-239. https://doi.org/10.1002/jrsm.1052

    Hedges, L. V., Pustejovsky, J. E., & Shadish, W. R. (2013). A standardized mean difference effect size for multiple
    baseline designs across individuals. Research Synthesis Methods, 4, 324-341. https://doi.org/10.1002/jrsm.1086

    Pustejovsky, J. E., Hedges, L. V., & Shadish, W. R. (2014). Design-comparable effect sizes in multiple baseline
    designs: A general modeling framework. Journal of Educational and Behavioral Statistics, 39, 368-393.
    https://doi.org/10.3102/1076998614547577

    Examples
    --------
    >>> from scd.study import Case, Phase, Session, Value
    >>> worry = Measure(key="worry", label="Worry", improvement="decrease", minimum=0, maximum=10)
    >>> cases = [
    ...     Case(
    ...         code=code,
    ...         phases=(Phase(label="A1", planned_start=1), Phase(label="B1", planned_start=start)),
    ...     ).record(*(Session(number=n, values=(Value(measure="worry", value=v),)) for n, v in enumerate(values, 1)))
    ...     for code, start, values in (
    ...         ("P", 4, (8, 7, 9, 5, 4, 4, 3)), ("C", 5, (6, 7, 6, 8, 3, 4, 2)), ("K", 6, (9, 8, 9, 9, 8, 5, 4))
    ...     )
    ... ]
    >>> study = Study(code="S", design="multiple-baseline", across="clients", measures=(worry,), cases=tuple(cases))
    >>> found = between_case(study)
    >>> found.direction, found.mean_difference < 0, found.g > 0, found.g == -found.g_b_minus_a
    ('positive: improvement (a decrease)', True, True, True)
    """
    design = design or study.design
    _check(method, design, direction, model=model, phi=phi, rho=rho, priors=priors)
    check_coverage(ci_prob)
    data = occasions_of_study(study, measure=measure)
    chosen = study.outcomes[0] if measure is None else study.measure(measure)
    sign = chosen.sign if direction == "improvement" else 1
    match method:
        case "hps":
            held = from_moments(data, reversal=design == "reversal", phi=phi, rho=rho)
        case "reml":
            held = from_mixed(data, model or MixedModel())
        case "bayes":
            held = from_posterior(study, data, chosen, priors=priors, sign=sign, ci_prob=ci_prob, seed=seed)
    if method != "bayes":
        held |= intervals(held, sign=sign, ci_prob=ci_prob)
    g = held["g"]
    return BetweenCase(
        **held
        | {
            "method": method,
            "design": design,
            "measure": chosen.label,
            "improvement": chosen.improvement if direction == "improvement" else None,
            "direction": _direction_words(chosen, direction),
            "cases": len(data.cases),
            "values": len(data.value),
            "g": sign * g,
            "delta": sign * held["delta"],
            "g_b_minus_a": g,
            "ci_prob": ci_prob,
            "p_improvement": held.get("p_improvement") if direction == "improvement" else None,
            "warnings": (*data.warnings, *_cautions(data, design, held), *held["warnings"]),
        }
    )


def _check(
    method: str,
    design: str,
    direction: str,
    *,
    model: MixedModel | None,
    phi: float | None,
    rho: float | None,
    priors: Priors | None,
) -> None:
    for name, value, known in (
        ("method", method, METHODS),
        ("design", design, get_args(Design)),
        ("direction", direction, get_args(Direction)),
    ):
        if value not in known:
            raise StudyError(f"{name} '{value}': is unknown; choose one of {', '.join(known)}", field=name)
    for asked, name, owner in (
        (model is not None, "model", "reml"),
        (phi is not None, "phi", "hps"),
        (rho is not None, "rho", "hps"),
        (priors is not None, "priors", "bayes"),
    ):
        if asked and method != owner:
            raise StudyError(f"{name}: belongs to method '{owner}' (the method is '{method}')", field=name)
    if phi is not None and not -1 < phi < 1:
        raise StudyError(f"phi: must lie between -1 and 1 (got {phi:g})", field="phi")
    if model is not None and model.with_time and design == "reversal":
        raise StudyError(
            "model: trends over sessions need a multiple baseline; in a reversal design leave them out", field="trend"
        )


def _direction_words(measure: Measure, direction: Direction) -> str:
    if direction == "difference":
        return _("positive: intervention above baseline (B - A)")
    return (
        _("positive: improvement (an increase)")
        if measure.improvement == "increase"
        else _("positive: improvement (a decrease)")
    )


def _cautions(data: Occasions, design: Design, held: dict[str, Any]) -> list[str]:
    told = []
    if len(data.cases) < _FEW_CASES:
        told.append(
            _(
                "only {cases} cases: the variance between cases is all but unknown; read the effect "
                "size as a sketch, and have 3 cases or more for a claim"
            ).format(cases=len(data.cases))
        )
    if design == "multiple-baseline" and int(data.pair.max()) > 1:
        told.append(
            _(
                "cases have several phases of one condition: they are pooled, as a multiple baseline has "
                "one of each; if phases were withdrawn and came back, choose the reversal design"
            )
        )
    if held["kappa"] is not None and held["df"] < FEWEST_DF:  # a posterior's interval doesn't rest on them
        told.append(
            _(
                "only {df} degrees of freedom: the standard error is infinite in theory and is computed "
                "as with {least}; do not rely on it"
            ).format(df=localized(f"{held['df']:.2f}"), least=localized(f"{FEWEST_DF:g}"))
        )
    return told
