"""Make a client's pages: whole, of the version of the record they name, about nobody else – or not at all."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scd.analysis.between_sessions import BetweenSessions
from scd.analysis.summary import Summary
from scd.language import gettext as _
from scd.records import Stored, Workspace
from scd.records.export import write_file
from scd.reports.engine import ReportError, run_template, seal_of
from scd.reports.gallery import drawn
from scd.reports.html import page_facts, to_page
from scd.reports.job import Job, write_job
from scd.reports.outcomes import check_outcomes, summarize_outcomes
from scd.reports.page_jobs import between_of, page_jobs
from scd.study import Study, StudyError

__all__ = ["AUDIENCES", "Outcome", "job_folders", "make_report", "page_path", "report_all", "report_study"]

AUDIENCES = ("clinician", "client")

_JOBS = ".scd-jobs"


@dataclass(frozen=True)
class Outcome:
    """What became of one page.

    Parameters
    ----------
    code : str
        Whose page.
    audience : str
        For whom.
    path : pathlib.Path, optional
        The page; None when it could not be made.
    problem : str
        Why not; empty when it was made.
    """

    code: str
    audience: str
    path: Path | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether the page was made."""
        return self.path is not None


def make_report(
    workspace: Workspace,
    code: str,
    *,
    audience: str,
    summaries: Sequence[Summary] = (),
    between: Sequence[BetweenSessions] | None = None,
    progress: Callable[[float], None] | None = None,
) -> Path:
    """Make the page of a study for one audience.

    The page is written beside its place, synced and moved there: it is whole or it isn't there. When making it fails,
    a page made earlier stays, with its own revision printed on it, and the error names that revision. Words, numbers
    and dates are in the language that is spoken: see `scd.language.speaking`.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.
    code : str
        The study's code, or that of one of its cases.
    audience : {"clinician", "client"}
        Who reads it. The clinician's page shows the whole study. A client's page never shows another client: in a
        study of several clients each gets a page of their own, for the study's code all of them are made.
    summaries : sequence of Summary
        The estimates of this very revision as `scd.reports.outcomes.summarize_outcomes` gives them, the headline's
        first; those that are missing are made here, which may take up to a minute.
    between : sequence of BetweenSessions, optional
        What happened between the sessions by this very revision, from `scd.reports.page_jobs.between_of`; by default
        it is gathered here.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    pathlib.Path
        ``reports/<CODE>-<audience>.html``; of several pages, the first.

    Raises
    ------
    StudyError
        When there is no such study, or nothing is recorded yet.
    ReportError
        When a summary is of another revision or another outcome, the template failed, or the page would hold what it
        must not.
    """
    _check_audience(audience)
    stored, known = _from_store(workspace, code)
    tell = progress or _silent
    estimates = _estimates(stored.study, summaries, lambda share: tell(0.8 * share))
    found = between_of(stored.study) if between is None else tuple(between)
    jobs = page_jobs(stored, code.strip().upper(), audience=audience, summaries=estimates, between=found)
    paths = []
    for done, job in enumerate(jobs, start=1):
        paths.append(_make(workspace, job, audience=audience, strangers=known - _own_codes(job)))
        tell(0.8 + 0.2 * done / len(jobs))
    return paths[0]


def report_study(
    workspace: Workspace,
    code: str,
    *,
    audiences: Sequence[str] = AUDIENCES,
    progress: Callable[[float], None] | None = None,
) -> tuple[Outcome, ...]:
    """Make the pages of one study for several audiences, from one estimate.

    Parameters
    ----------
    workspace, code, progress
        As in `make_report`.
    audiences : sequence of str
        Whom for.

    Returns
    -------
    tuple of Outcome
        One a page; a failure does not stop the others.

    Raises
    ------
    StudyError
        When there is no such study or audience.
    """
    for audience in audiences:
        _check_audience(audience)
    stored, known = _from_store(workspace, code)
    tell = progress or _silent
    try:
        estimates = _estimates(stored.study, (), lambda share: tell(0.6 * share))
    except StudyError as error:
        return tuple(Outcome(stored.study.code, audience, problem=error.message) for audience in audiences)
    found: dict[str, Any] = {"summaries": estimates, "between": between_of(stored.study)}
    asked = code.strip().upper()
    wanted = [(a, job) for a in audiences for job in page_jobs(stored, asked, audience=a, **found)]
    outcomes = []
    for done, (audience, job) in enumerate(wanted, start=1):
        try:
            path = _make(workspace, job, audience=audience, strangers=known - _own_codes(job))
            outcomes.append(Outcome(job.code, audience, path))
        except StudyError as error:
            outcomes.append(Outcome(job.code, audience, problem=error.message))
        tell(0.6 + 0.4 * done / len(wanted))
    return tuple(outcomes)


def report_all(
    workspace: Workspace,
    *,
    audiences: Sequence[str] = AUDIENCES,
    progress: Callable[[str, float], None] | None = None,
) -> Iterator[Outcome]:
    """Make the pages of every study in use, one after the other.

    Parameters
    ----------
    workspace : Workspace
        The clinic's folder.
    audiences : sequence of str
        Whom for.
    progress : callable, optional
        Called with the code at work and the share of all that is done, 0 to 1.

    Yields
    ------
    Outcome
        As soon as it is known; one failure does not stop the rest.

    Raises
    ------
    StudyError
        When the store can't be opened.
    """
    with workspace.open() as caseload:
        codes = [stored.study.code for stored in caseload.list()]
    for done, code in enumerate(codes):

        def tell(share: float, code: str = code, done: int = done) -> None:
            if progress is not None:
                progress(code, (done + share) / len(codes))

        tell(0)
        yield from report_study(workspace, code, audiences=audiences, progress=tell)


def page_path(workspace: Workspace, code: str, *, audience: str) -> Path:
    """Where a page stands; the code is a pseudonym made by scd, so the name tells nothing about the client."""
    return workspace.reports / f"{code}-{audience}.html"


def job_folders(workspace: Workspace) -> tuple[Path, ...]:
    """The private folders of reports in the making; those of a report that was killed stay behind."""
    folder = workspace.path / _JOBS
    return tuple(sorted(folder.iterdir())) if folder.is_dir() else ()


def _check_audience(audience: str) -> None:
    if audience not in AUDIENCES:
        raise StudyError(f"audience {audience!r}: must be one of {', '.join(AUDIENCES)}", field="audience")


def _from_store(workspace: Workspace, code: str) -> tuple[Stored, set[str]]:
    """A study, and every code of the store, also of studies that are retired."""
    with workspace.open() as caseload:
        return caseload.get(code), _codes(caseload.list(retired=True))


def _estimates(study: Study, held: Sequence[Summary], tell: Callable[[float], None]) -> tuple[Summary, ...]:
    if not any(not session.missed for case in study.cases for session in case.sessions):
        raise StudyError(f"study '{study.code}': nothing is recorded yet; record sessions first", field="sessions")
    try:
        check_outcomes(study, held)
    except StudyError as error:
        raise ReportError(error.message) from None
    return summarize_outcomes(study, held=held, progress=tell)


def _make(workspace: Workspace, job: Job, *, audience: str, strangers: set[str]) -> Path:
    target = page_path(workspace, job.code, audience=audience)
    try:
        job = replace(job, pictures=drawn(job, audience=audience))
        with _job_folder(workspace) as folder:
            parameters = {"job": str(write_job(job, folder=folder))}
            notebook = run_template(f"report_{audience}", parameters=parameters)
        if seal_of(notebook) != job.token:
            raise ReportError(f"report '{job.code}': its template ended without this job's seal; no page was made")
        html = to_page(
            notebook,
            title=_title(job, audience),
            audience=audience,
            language=job.language,
            facts={"scd-code": job.code, "scd-revision": str(job.revision), "scd-fingerprint": job.fingerprint},
        )
        _check_identity(html, job=job, strangers=strangers)
        target.parent.mkdir(mode=0o700, exist_ok=True)
        write_file(target, html)
    except ReportError as error:
        raise ReportError(error.message + _still_there(target)) from None
    except OSError as error:
        said = f"report '{job.code}': can't be written to '{target.parent}' ({error.strerror})"
        raise ReportError(said + _still_there(target)) from None
    return target


def _title(job: Job, audience: str) -> str:
    told = _("{code} – report for the clinician") if audience == "clinician" else _("{code} – report for the client")
    return told.format(code=job.code)


def _check_identity(html: str, *, job: Job, strangers: set[str]) -> None:
    """The worst error is another client's data: every code on the page is looked at once more."""
    seen = set(re.findall(r"(?<![A-Z0-9])[A-Z][A-Z0-9]{5}(?![A-Z0-9])", html))
    if job.code not in seen and job.code not in html:
        raise ReportError(f"report '{job.code}': its page lacks the client's code; no page was made")
    if job.fingerprint not in html:
        raise ReportError(f"report '{job.code}': its page lacks the record's fingerprint; no page was made")
    if seen & strangers:
        raise ReportError(
            f"report '{job.code}': its page names another client ({', '.join(sorted(seen & strangers))}); no page was "
            "made. If a note or a label names that code, take it out"
        )


def _own_codes(job: Job) -> set[str]:
    return {job.code, *(case.code for case in job.study.cases)}


def _codes(studies: Sequence[Stored]) -> set[str]:
    return {code for s in studies for code in (s.study.code, *(case.code for case in s.study.cases))}


@contextmanager
def _job_folder(workspace: Workspace) -> Iterator[Path]:
    jobs = workspace.path / _JOBS
    jobs.mkdir(mode=0o700, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="job-", dir=jobs))  # mkdtemp gives 0700
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _still_there(target: Path) -> str:
    """Tell that an earlier page stays, so that nobody takes it for the new one."""
    try:
        revision = page_facts(target.read_text(encoding="utf-8")).get("scd-revision", "unknown")
    except OSError:
        return ""
    return f"\n(The page made earlier, of revision {revision}, is still in '{target}'.)"


def _silent(share: float) -> None:
    return None
