"""Summaries that a page needs besides the analysis: one client's share of a study, and one without any estimate."""

from __future__ import annotations

from scd import __version__
from scd.analysis.cautions import too_few_points
from scd.analysis.summary import Summary
from scd.analysis.words import client_words
from scd.design.standards import grade_wwc
from scd.language import gettext as _
from scd.reports.phrases import headline_measure, judged_measure
from scd.study import Case, Study

__all__ = ["has_several_clients", "pending_summary", "share_of"]


def has_several_clients(study: Study) -> bool:
    """Whether the cases of a study are different people.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> has_several_clients(example_study())
    False
    """
    return len(study.cases) > 1 and study.across not in ("behaviours", "settings")


def share_of(study: Study, summary: Summary, *, case: Case) -> tuple[Study, Summary]:
    """What one client of a study of several may see: their own data, and the estimate of their own change.

    Parameters
    ----------
    study : Study
        A study of several clients.
    summary : Summary
        Of the whole study, for an outcome that this client is measured on.
    case : Case
        The client.

    Returns
    -------
    tuple of Study and Summary
        Without a trace of the other clients: no data, no code, no average.
    """
    decisions = tuple(decision for decision in study.decisions if decision.case == case.code)
    part = study.replace(cases=(case,), randomization=None, note="", decisions=decisions)
    measure = judged_measure(study, case, summary=summary)
    rows = [e.model_dump() for e in summary.effects if e.case == case.code]
    measure_of = {case.code: measure}
    told = summary.client_text
    if not summary.withheld:
        too_few = too_few_points(part, measure_of)
        # The tiers of a multiple baseline are strong only together; in a reversal each client stands alone.
        grade = grade_wwc(part if study.design == "reversal" else study, measure=measure.key).grade
        told = client_words(rows, measure_of=measure_of, grade=grade, too_few=too_few)
    own = summary.replace(
        measure=measure.key,
        effects=tuple(e for e in summary.effects if e.case == case.code),
        projection=tuple(p for p in summary.projection if p.case == case.code),
        levels=tuple(x for x in summary.levels if x.case == case.code),
        text=(),  # the clinician's sentences, the grade's reasons and the warnings may name other cases
        grade="",
        warnings=(),
        robustness=(),  # the appendix is for the clinician
        checks=(),
        prior_outside=None,
        between_cases=None,
        change_points=(),
        client_text=told,
    )
    if not summary.withheld and not rows:
        own = own.replace(
            withheld=_("too few values of this client"),
            client_text=(
                _("There are not yet enough numbers to say whether {label} changed.").format(label=measure.label),
            ),
        )
    return part, own


def pending_summary(study: Study, *, reason: str) -> Summary:
    """A summary without estimate, for a study that can't be estimated yet.

    Parameters
    ----------
    study : Study
        With some values.
    reason : str
        Why there is no estimate.

    Returns
    -------
    Summary
        Withheld, with the design's grade.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> pending_summary(example_study(), reason="phase B1 has no values").withheld
    'phase B1 has no values'
    """
    labels = _(" and ").join(dict.fromkeys(headline_measure(study, case).label for case in study.cases))
    return Summary(
        study=study.code,
        fingerprint=study.fingerprint(),
        measure="+".join(dict.fromkeys(headline_measure(study, case).key for case in study.cases)),
        model="",
        engine="",
        priors={},
        diagnostics={"rhat_max": None, "ess_bulk_min": None, "ess_tail_min": None, "divergences": None, "ok": False},
        effects=(),
        projection=(),
        levels=(),
        grade=grade_wwc(study).words,
        text=(
            _("No effect can be estimated yet: {reason}").format(reason=reason),
            _("The chart shows what has been recorded so far."),
        ),
        client_text=(
            _(
                "It is too early to say whether {labels} changed: there are not yet enough numbers from all phases."
            ).format(labels=labels),
            _("The chart shows what has been written down so far."),
        ),
        warnings=(),
        withheld=reason,
        versions={"scd": __version__},
        seed=0,
    )
