"""What a report is made from: a study and its summaries, handed over to the notebook in a private folder."""

from __future__ import annotations

import datetime as dt
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scd.language import current_language
from scd.reports.engine import SENTINEL, ReportError
from scd.study import Study

if TYPE_CHECKING:
    from scd.analysis.between_sessions.values import BetweenSessions
    from scd.analysis.findings import Findings
    from scd.analysis.summary import Summary

__all__ = ["Job", "Seal", "finish", "open_job", "write_job"]

_FORMAT = "scd-report-job"


@dataclass(frozen=True)
class Job:
    """One page to be made.

    Parameters
    ----------
    study : Study
        What the page shows: the whole study, or one client of it.
    summaries : tuple of Summary
        Its estimates and their words, one an outcome, the headline's first.
    findings : tuple of Findings
        What the record says without a model, one an outcome; empty on a client's page.
    between : tuple of BetweenSessions
        What was found between the sessions, one a case of which there is something to say; on a client's page without
        what is for the clinician alone.
    code : str
        The code that the page is for: the study's, or that of one client of several.
    fingerprint : str
        Of the stored study, also where the page shows a part of it.
    revision : int, optional
        Of the stored study; None for the built-in example.
    saved_at, made_at : datetime.datetime, optional
        When that revision was saved and when the page is made, with time zone.
    pictures : mapping of str to str
        Pictures drawn beforehand, as `scd.reports.pictures.drawn` gives them; what is not here is drawn when shown.
    language : str
        The page's language; by default the one spoken when the job is made.
    token : str
        What the last cell must say, so that no other run can vouch for this one.
    """

    study: Study
    summaries: tuple[Summary, ...]
    code: str
    fingerprint: str
    revision: int | None = None
    saved_at: dt.datetime | None = None
    made_at: dt.datetime | None = None
    findings: tuple[Findings, ...] = ()
    between: tuple[BetweenSessions, ...] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    language: str = field(default_factory=current_language)
    token: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def summary(self) -> Summary:
        """The headline's estimate."""
        return self.summaries[0]

    @property
    def is_example(self) -> bool:
        """Whether this is the built-in example with invented numbers."""
        return self.revision is None


def write_job(job: Job, *, folder: Path) -> Path:
    """Write a job into a folder that only this user can enter.

    Parameters
    ----------
    job : Job
        With its revision and times.
    folder : pathlib.Path
        An existing private folder.

    Returns
    -------
    pathlib.Path
        The folder, which is the template's parameter.

    Raises
    ------
    ReportError
        When the job has no revision or times: the example is never handed over.
    """
    if job.revision is None or job.saved_at is None or job.made_at is None:
        raise ReportError("report: needs a stored study with its revision and times; nothing was made")
    head = {
        "format": _FORMAT,
        "code": job.code,
        "fingerprint": job.fingerprint,
        "revision": job.revision,
        "saved_at": job.saved_at.isoformat(),
        "made_at": job.made_at.isoformat(),
        "token": job.token,
        "pictures": dict(job.pictures),
        "language": job.language,
        "summaries": len(job.summaries),
        "findings": [found.model_dump(mode="json") for found in job.findings],
        "between": [found.model_dump(mode="json") for found in job.between],
    }
    texts = {"study.json": job.study.to_json(), "job.json": json.dumps(head)}
    texts |= {_summary_file(n): summary.to_json() for n, summary in enumerate(job.summaries)}
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def open_job(job: str) -> Job:
    """Open a job for the page; without one, the built-in example.

    Parameters
    ----------
    job : str
        The job's folder, or an empty text for the example: an invented client, so that the template can be read and
        run by itself.

    Returns
    -------
    Job
        Study and summaries, read and validated anew.

    Raises
    ------
    ReportError
        When the folder holds no job.
    StudyError
        When one of its documents is damaged.
    """
    from scd.analysis.between_sessions.values import BetweenSessions
    from scd.analysis.findings import Findings
    from scd.analysis.summary import Summary

    if not job:
        from scd.reports.example import example_job

        return example_job()
    folder = Path(job)
    try:
        head: dict[str, Any] = json.loads((folder / "job.json").read_text(encoding="utf-8"))
        if head.get("format") != _FORMAT:
            raise ReportError("report: its job is of an unknown kind; make the report again")
        study = Study.from_json((folder / "study.json").read_text(encoding="utf-8"), source="the job's study")
        summaries = [
            Summary.from_json((folder / _summary_file(n)).read_text(encoding="utf-8")) for n in range(head["summaries"])
        ]
    except (OSError, json.JSONDecodeError):
        raise ReportError("report: its job can't be read; make the report again") from None
    return Job(
        study=study,
        summaries=tuple(summaries),
        code=head["code"],
        fingerprint=head["fingerprint"],
        revision=head["revision"],
        saved_at=dt.datetime.fromisoformat(head["saved_at"]),
        made_at=dt.datetime.fromisoformat(head["made_at"]),
        token=head["token"],
        findings=tuple(Findings(**found) for found in head["findings"]),
        between=tuple(BetweenSessions(**found) for found in head["between"]),
        pictures=head["pictures"],
        language=head["language"],
    )


def finish(job: Job) -> Seal:
    """Say that the page is complete: the last cell of every template.

    Parameters
    ----------
    job : Job
        The job that was opened.

    Returns
    -------
    Seal
        Shows as the sentence that the engine waits for; it is no part of the page.
    """
    return Seal(job.token)


def _summary_file(place: int) -> str:
    return f"summary-{place}.json"


@dataclass(frozen=True)
class Seal:
    """The sentence that a run is complete, with the job's token."""

    token: str

    def __repr__(self) -> str:
        return f"{SENTINEL}: {self.token}"
