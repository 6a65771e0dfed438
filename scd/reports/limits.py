"""What a page can't tell, for the clinician and for the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scd.language import gettext as _
from scd.reports.markup import Piece, items
from scd.reports.phrases import judged_words

if TYPE_CHECKING:
    from scd.reports.job import Job

__all__ = ["client_limits", "judged_together", "limits"]


def limits(job: Job) -> Piece:
    """What the numbers can't tell, for this design.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A list of sentences.
    """
    drawn = job.study.randomization is not None
    said = [
        _(
            "A probability says how plausible a difference between phases is, given the data and the "
            "model. Whether the treatment made the difference rests on the design. {grade}"
        ).format(grade=job.summary.grade),
        _(
            "The starts of the phases were drawn at random, which guards against starting when "
            "things happened to be bad."
        )
        if drawn
        else _(
            "The starts of the phases were not drawn at random. If treatment began because things "
            "were especially bad, part of an improvement may be the way back to usual."
        ),
        _(
            "The model compares levels. A change that builds up slowly, or lasts after treatment "
            "stops, comes out smaller than it is: look for it in the chart."
        ),
        _(
            "The standardised change is measured by the client's own ups and downs. It can't be "
            "compared with effect sizes from trials of groups."
        ),
        _("If the person who gives the treatment also rates its outcome, no model can put that right."),
        _("It says nothing about other clients."),
    ]
    if len(job.summaries) > 1:
        said.insert(
            1,
            _(
                "The headline, {judged_words}, was named first when the study was set up. With several "
                "outcomes one may look better or worse by chance, and nothing here corrects for that."
            ).format(judged_words=judged_words(job.study, summary=job.summary))
            if not judged_together(job)
            else _(
                "The headline, {judged_words}, was named first when the study was set up. With several outcomes one "
                "may look better or worse by chance: “Areas of life” judges them together, the other figures do not."
            ).format(judged_words=judged_words(job.study, summary=job.summary)),
        )
    return Piece(items(said), name="limits")


def client_limits(job: Job) -> Piece:
    """What the client's page can't tell.

    Parameters
    ----------
    job : Job
        The job.

    Returns
    -------
    Piece
        A list of plain sentences.
    """
    said = [
        _("It can't tell for certain why your numbers changed. Other things may have changed too."),
        _("It can't tell whether a change will last."),
        _("It only knows the numbers that were written down. How you are is more than that."),
        _("It is about you. It says nothing about other people."),
        _("It is not a diagnosis, and it does not decide what comes next. Talk that over with your clinician."),
    ]
    return Piece(items(said), name="client limits")


def judged_together(job: Job) -> bool:
    """Whether the page has a section that judges all outcomes together, so that none looks good by chance.

    Parameters
    ----------
    job : Job
        The job.
    """
    return any(found.areas is not None and bool(found.areas.rows) and found.areas.reliable for found in job.between)
