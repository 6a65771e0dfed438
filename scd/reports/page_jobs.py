"""From a stored study to the jobs of its pages: the whole study for the clinician, their own part for each client."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from scd.analysis.between_sessions import between_sessions_of
from scd.analysis.findings import Findings, findings_of
from scd.reports.job import Job
from scd.reports.outcomes import other_outcomes, study_of_outcome
from scd.reports.shares import has_several_clients, share_of

if TYPE_CHECKING:
    from scd.analysis.between_sessions import BetweenSessions
    from scd.analysis.summary import Summary
    from scd.records import Stored
    from scd.study import Study

__all__ = ["between_of", "page_jobs"]


def between_of(study: Study) -> tuple[BetweenSessions, ...]:
    """What happened between the sessions, as it looks now.

    Parameters
    ----------
    study : Study
        The record.
    """
    return between_sessions_of(study, looked_at=dt.datetime.now(dt.UTC))


def page_jobs(
    stored: Stored,
    code: str,
    *,
    audience: str,
    summaries: tuple[Summary, ...],
    between: tuple[BetweenSessions, ...],
) -> list[Job]:
    """The jobs of a study's pages for one audience.

    Parameters
    ----------
    stored : Stored
        The study as it is stored.
    code : str
        The study's, or that of one of its cases, in capitals.
    audience : {"clinician", "client"}
        Who reads them.
    summaries : tuple of Summary
        The estimates of this very revision, headline first.
    between : tuple of BetweenSessions
        From `between_of`.

    Returns
    -------
    list of Job
        One for the clinician; for clients one each, without a trace of the others.
    """
    study = stored.study
    told: dict[str, Any] = {
        "fingerprint": study.fingerprint(),
        "revision": stored.revision,
        "saved_at": stored.saved_at,
        "made_at": dt.datetime.now(dt.UTC),
    }
    if audience == "clinician":
        told |= {"findings": _findings(study, summaries), "between": between}
        return [Job(study=study, summaries=summaries, code=study.code, **told)]
    plain = tuple(found.for_client() for found in between)
    if not has_several_clients(study):
        return [Job(study=study, summaries=summaries, code=study.code, between=plain, **told)]
    jobs = []
    for case in study.cases:
        if code in (case.code, study.code):
            headline, *others = summaries
            measured = [s for s in others if s.measure in [m.key for m in study.measures_of(case)]]
            shares = [share_of(study, summary, case=case) for summary in (headline, *measured)]
            own = tuple(summary for _, summary in shares)
            mine = tuple(found for found in plain if found.case == case.code)
            jobs.append(Job(study=shares[0][0], summaries=own, code=case.code, between=mine, **told))
    return jobs


def _findings(study: Study, summaries: tuple[Summary, ...]) -> tuple[Findings, ...]:
    wanted = (None, *other_outcomes(study))[: len(summaries)]
    return tuple(findings_of(study_of_outcome(study, measure=measure)) for measure in wanted)
