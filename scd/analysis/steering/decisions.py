"""What was decided after a look, and why: added to the study, never changed."""

from __future__ import annotations

import datetime as dt

from scd.analysis.steering.steering_values import Steering
from scd.study import Decision, Study, StudyError
from scd.study.decision import Step

__all__ = ["record_decision"]


def record_decision(study: Study, *, steering: Steering, decided: Step, reason: str, decided_at: dt.datetime) -> Study:
    """Return the study with one more decision: what was suggested, what was decided, and why.

    Parameters
    ----------
    study : Study
        The record that was looked at.
    steering : Steering
        What was seen, from `scd.analysis.steering.after_session.steer`.
    decided : {"stay", "move on", "talk about it"}
        What clinician and client decided; it need not be what was suggested.
    reason : str
        Why, in one line; never empty.
    decided_at : datetime.datetime
        When, with time zone.

    Returns
    -------
    Study
        A phase does not change by this: that is recorded with its first session, or by `Case.start_phase`.

    Raises
    ------
    StudyError
        When the steering is of another study or of an older record, no session is on record, or the reason is missing.

    Examples
    --------
    >>> from scd.analysis.steering.after_session import steer
    >>> from scd.design.synthetic import synthetic_studies
    >>> study, now = synthetic_studies()[7].study, dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
    >>> seen = steer(study, looked_at=now)
    >>> study = record_decision(study, steering=seen, decided="stay", reason="too early to tell", decided_at=now)
    >>> study.decisions[-1].session, study.decisions[-1].suggested, study.decisions[-1].decided
    (10, 'talk about it', 'stay')
    """
    if steering.study != study.code:
        raise StudyError(
            f"study '{study.code}': the look that this decision rests on was at study '{steering.study}'; look at this "
            "study first",
            field="steering",
        )
    case = study.case(steering.case)
    last = case.sessions[-1].number if case.sessions else None
    if last is None or steering.session is None:
        raise StudyError(
            f"case '{case.code}': has no session on record yet, so there is nothing to decide on", field="sessions"
        )
    if steering.session != last:
        raise StudyError(
            f"case '{case.code}': the look was after session {steering.session}, and the record goes to session "
            f"{last}; look again before you decide",
            field="steering",
        )
    decision = Decision(
        case=case.code,
        session=last,
        suggested=steering.suggestion,
        decided=decided,
        reason=reason,
        alarms=steering.findings,
        look=steering.look,
        p_improvement=steering.p_improvement,
        p_meaningful=steering.p_meaningful,
        decided_at=decided_at,
    )
    return study.replace(decisions=(*study.decisions, decision))
