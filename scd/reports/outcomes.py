"""Every outcome of a study gets its own estimate: the headline first, then the others, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from scd.analysis.progress import share_of
from scd.analysis.summary import Summary, summarize
from scd.reports.phrases import headline_measure
from scd.reports.shares import pending_summary
from scd.study import Measure, Study, StudyError

__all__ = [
    "check_outcomes",
    "other_outcomes",
    "study_of_outcome",
    "summarize_outcome",
    "summarize_outcomes",
    "withheld_outcome",
]


def other_outcomes(study: Study) -> tuple[Measure, ...]:
    """The outcomes that need an estimate besides the headline's.

    Parameters
    ----------
    study : Study
        The record.

    Returns
    -------
    tuple of Measure
        In the study's order. Where each tier of a multiple baseline has its own measure, the headline's estimate
        covers them all, and there are no others.

    Examples
    --------
    >>> from scd.reports.example import example_study
    >>> study = example_study()
    >>> sleep = study.measures[0].replace(key="sleep", label="Sleep", improvement="increase")
    >>> [m.label for m in other_outcomes(study.replace(measures=(*study.measures, sleep)))]
    ['Sleep']
    """
    return tuple(
        m
        for m in study.outcomes
        if any(m in study.measures_of(case) and m != headline_measure(study, case) for case in study.cases)
    )


def study_of_outcome(study: Study, *, measure: Measure | None) -> Study:
    """The study as one outcome sees it.

    Parameters
    ----------
    study : Study
        The record.
    measure : Measure, optional
        One of `other_outcomes`; None for the headline.

    Returns
    -------
    Study
        For the headline the study itself, else with this outcome first and the cases that are measured on it: what
        grades, draws or judges a study by its headline then does so by this outcome.
    """
    if measure is None:
        return study
    cases = tuple(case for case in study.cases if measure in study.measures_of(case))
    drawn = study.randomization if len(cases) == len(study.cases) else None
    measures = (measure, *(m for m in study.measures if m != measure))
    decisions = tuple(d for d in study.decisions if d.case in {case.code for case in cases})
    return study.replace(measures=measures, cases=cases, randomization=drawn, decisions=decisions)


def summarize_outcome(
    study: Study,
    *,
    measure: Measure | None,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Summary:
    """Estimate one outcome.

    Parameters
    ----------
    study : Study
        The record.
    measure : Measure, optional
        One of `other_outcomes`; None for the headline.
    seed : int
        Seed of the sampler.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    Summary
        Of this study's fingerprint, graded by the points of this outcome. Where it can't be estimated yet it is
        withheld, with the reason: too little for an effect hides neither the chart nor another outcome.
    """
    seen = study_of_outcome(study, measure=measure)
    try:
        found = summarize(seen, appendix=True, seed=seed, progress=progress)
    except StudyError as error:
        return withheld_outcome(study, measure=measure, reason=error.message)
    return found.replace(fingerprint=study.fingerprint())


def withheld_outcome(study: Study, *, measure: Measure | None, reason: str) -> Summary:
    """What stands in the place of an outcome that has no estimate.

    Parameters
    ----------
    study, measure
        As in `summarize_outcome`.
    reason : str
        Why there is none.

    Returns
    -------
    Summary
        Withheld, with the reason.
    """
    seen = study_of_outcome(study, measure=measure)
    return pending_summary(seen, reason=reason).replace(fingerprint=study.fingerprint())


def summarize_outcomes(
    study: Study,
    *,
    held: Iterable[Summary] = (),
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> tuple[Summary, ...]:
    """Estimate every outcome of a study.

    Parameters
    ----------
    study : Study
        The record.
    held : iterable of Summary
        What has been estimated already, headline first; only the rest is estimated.
    seed, progress
        As in `summarize_outcome`.

    Returns
    -------
    tuple of Summary
        The headline's first, then one for each of `other_outcomes`.
    """
    done = list(held)
    wanted = (None, *other_outcomes(study))
    for n, measure in enumerate(wanted[len(done) :], start=len(done)):
        told = share_of(progress, done=n, parts=len(wanted))
        done.append(summarize_outcome(study, measure=measure, seed=seed, progress=told))
    return tuple(done)


def check_outcomes(study: Study, summaries: Iterable[Summary]) -> None:
    """Make sure that estimates are of this very record, each of the outcome that its place is for.

    Parameters
    ----------
    study : Study
        The record.
    summaries : iterable of Summary
        Headline first; the last ones may be missing.

    Raises
    ------
    StudyError
        When one is of another version of the record, or of another outcome.
    """
    first = {headline_measure(study, case).key for case in study.cases}
    places = [first, *({m.key} for m in other_outcomes(study))]
    for n, summary in enumerate(summaries):
        if summary.fingerprint != study.fingerprint():
            raise StudyError(
                f"study '{study.code}': the estimate is of another version of the record; estimate again, then report"
            )
        if n >= len(places) or not set(summary.measure.split("+")) <= places[n]:
            raise StudyError(
                f"study '{study.code}': the estimate of '{summary.measure}' stands in the place of another outcome; "
                "give the headline's first, then the others in the study's order"
            )
