"""The door to a weekly page: it opens what the store holds, a synthetic client for practice, or not at all."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from scd.forms.alert import PageError, only_foreseen
from scd.forms.between_sessions.weekly_page import PARTS, WeeklyPage
from scd.forms.closed_page import ClosedPage
from scd.forms.practice import practice_folder
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.records.workspace import find_workspace, init_workspace
from scd.study import Study, StudyError

__all__ = ["open_weekly_page", "practice_study"]

_PRACTICE = N_("This is the template, with a synthetic client. Every stored study has its own weekly page in the list.")
_SESSIONS = 16
_PLANNED = 25
_CLIENTS = 200

# A page with unsaved entries outlives its view: when the browser is reloaded, the same page comes back.
_OPEN: dict[tuple[str, str], WeeklyPage] = {}


def open_weekly_page(code: str = "", *, workspace: str = "") -> WeeklyPage | ClosedPage:
    """Open the weekly page of a stored study.

    Parameters
    ----------
    code : str
        The study's code. Without one the page is for practice, with a synthetic client.
    workspace : str
        The clinic's folder; by default ``SCD_WORKSPACE``, or the folder that the notebook lies in.

    Returns
    -------
    WeeklyPage or ClosedPage
        Closed, with the reason in words, when the store lacks the study or can't be read, or when something went wrong
        that nobody foresaw.

    Examples
    --------
    >>> "is not a workspace" in open_weekly_page("K7M2QX", workspace="/nowhere").head.value
    True
    """
    try:
        with only_foreseen():
            return _stored_page(code, workspace) if code else _practice_page()
    except (StudyError, PageError) as error:
        return ClosedPage(error, parts=PARTS)


def practice_study(*, last: dt.date) -> Study:
    """A synthetic client in the middle of an ABAB study, with a process, practice and a rule.

    Parameters
    ----------
    last : datetime.date
        The day of the last session on record.

    Examples
    --------
    >>> study = practice_study(last=dt.date(2026, 3, 2))
    >>> len(study.cases[0].sessions), [m.role for m in study.measures]
    (16, ['outcome', 'process', 'practice'])
    """
    from scd.analysis.steering import choose_monitoring
    from scd.design.synthetic import synthetic_studies

    study = synthetic_studies()[0].study
    case = study.cases[0]
    sessions = tuple(
        s.replace(
            date=last - dt.timedelta(days=_SESSIONS - s.number),
            values=tuple(
                v.replace(planned=_PLANNED, obstacle=_("visitors") if s.number == _SESSIONS else "")
                if v.measure == "practice" and case.phase_at(s.number).condition == "B"
                else v
                for v in s.values
            ),
        )
        for s in case.sessions[:_SESSIONS]
    )
    ahead = tuple(p if p.start <= _SESSIONS else p.replace(actual_start=None) for p in case.phases)
    planned = case.replace(sessions=(), phases=tuple(p.replace(actual_start=None) for p in case.phases))
    watched = choose_monitoring(study.with_case(planned), replications=_CLIENTS)
    return watched.with_case(case.replace(sessions=sessions, phases=ahead))


def _practice_page() -> WeeklyPage:
    folder = practice_folder()
    place = init_workspace(Path(folder.name) / "practice")
    study = practice_study(last=dt.date.today() - dt.timedelta(days=1))
    with place.open() as caseload:
        caseload.add(study)
    page = WeeklyPage(study.code, workspace=place, practice=_(_PRACTICE))
    page.folder = folder  # goes away with the page
    return page


def _stored_page(code: str, workspace: str) -> WeeklyPage:
    found = find_workspace(workspace or None)
    key = (str(found.path), code)
    held = _OPEN.get(key)
    if held is None or not held.unsaved:
        held = _OPEN[key] = WeeklyPage(code, workspace=found)
    return held
