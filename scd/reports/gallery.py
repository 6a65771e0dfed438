"""All pictures of a page, drawn before its notebook runs: here the libraries are warm, a new kernel loads them anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scd.reports.areas import areas_charts
from scd.reports.pictures import chart, effect_chart, other_charts, outcome_chart, visual_charts
from scd.reports.practice import client_chart, practice_charts
from scd.reports.processes import process_charts
from scd.reports.steering import steering_charts

if TYPE_CHECKING:
    from scd.reports.job import Job

__all__ = ["drawn"]


def drawn(job: Job, *, audience: str) -> dict[str, str]:
    """Draw what a page shows.

    Parameters
    ----------
    job : Job
        The job.
    audience : {"clinician", "client"}
        Who reads the page.

    Returns
    -------
    dict of str to str
        HTML by name, for the job's `pictures`.
    """
    if audience == "client":
        pieces = [client_chart(job), *areas_charts(job, plain=True), *practice_charts(job, plain=True)]
    else:
        others = [outcome_chart(job, summary=summary) for summary in job.summaries[1:]]
        pieces = [chart(job), effect_chart(job), *others, other_charts(job), visual_charts(job)]
        pieces += [*areas_charts(job, plain=False), *practice_charts(job, plain=False)]
        pieces += [*process_charts(job), *steering_charts(job)]
    return {piece.name: str(piece.html) for piece in pieces}
