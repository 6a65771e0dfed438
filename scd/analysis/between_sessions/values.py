"""What was found between the sessions, as plain values: a report reads them without any library that computed them."""

from __future__ import annotations

from scd.analysis.between_sessions.practice_values import PracticeFound
from scd.analysis.steering.steering_values import Steering
from scd.study.decision import Decision
from scd.study.record import Record

__all__ = [
    "AreaRow",
    "AreasFound",
    "BetweenSessions",
    "ProcessRow",
    "ProcessesFound",
    "SteeringFound",
]


class AreaRow(Record):
    """How one area of life changed; see `scd.analysis.areas.area_changes.AreaChanges`.

    Parameters
    ----------
    client_text : str
        The same in a plain sentence or two.
    """

    measure: str
    label: str
    change: float
    standardized: float
    lower: float
    upper: float
    p_improvement: float
    p_meaningful: float | None
    verdict: str
    standardized_lower: float
    standardized_upper: float
    p_alone: float
    ci_prob: float
    note: str
    client_text: str


class AreasFound(Record):
    """The areas of one client, judged together.

    Parameters
    ----------
    rows : tuple of AreaRow
        Most improved first.
    text : tuple of str
        The joint picture, then what it rests on; each area's own numbers stand in its row.
    client_text : tuple of str
    reliable : bool
        Whether the draws have settled; if not, no area is called, and the client is shown none.
    priors : dict of str to str, optional
    problem : str
        Why there are no rows; else empty.
    """

    rows: tuple[AreaRow, ...] = ()
    text: tuple[str, ...] = ()
    client_text: tuple[str, ...] = ()
    reliable: bool = True
    priors: dict[str, str] | None = None
    problem: str = ""


class ProcessRow(Record):
    """One link of a process to the outcome; see `scd.analysis.processes.table.process_table`."""

    case: str
    outcome: str
    process: str
    n: int
    link_mean: float
    sd: float
    lower: float
    upper: float
    ci_prob: float
    p_direction: float
    p_rank1: float | None
    p_above_tenth: float
    phase_change_mean: float | None
    phase_change_lower: float | None
    phase_change_upper: float | None
    phase_change_p_improvement: float | None
    p_not_later: float | None
    a_b_mean: float | None
    a_b_lower: float | None
    a_b_upper: float | None
    a_b_p_positive: float | None
    evidence: str
    text: str


class ProcessesFound(Record):
    """The declared processes of one client.

    Parameters
    ----------
    outcome : str
        Key of the outcome.
    processes : tuple of str
        Keys, in the order of the rows.
    rows : tuple of ProcessRow
    model : str
    priors : dict of str to str, optional
    text : tuple of str
        What follows, and what no such table can tell; each link's own words stand in its row.
    client_text : tuple of str
    warnings : tuple of str
    leading : str
        Key of the process that the next experiment would be about; empty where none stands out.
    problem : str
        Why there are no rows; else empty.
    """

    outcome: str
    processes: tuple[str, ...]
    rows: tuple[ProcessRow, ...] = ()
    model: str = ""
    priors: dict[str, str] | None = None
    text: tuple[str, ...] = ()
    client_text: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    leading: str = ""
    problem: str = ""


class SteeringFound(Record):
    """The rule of one case, its looks, and what was decided.

    Parameters
    ----------
    steering : Steering or None
        Where the case stands; None where that can't be told.
    rule_text : tuple of str
        The rule in sentences; empty where none was fixed.
    alarm_text : tuple of str
        Every kind of alarm that was raised, at which looks, and how often the rule raises it by mistake.
    decisions : tuple of Decision
        In the order they were taken.
    client_text : tuple of str
    problem : str
        Why there is no steering; else empty.
    """

    steering: Steering | None
    rule_text: tuple[str, ...] = ()
    alarm_text: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    client_text: tuple[str, ...] = ()
    problem: str = ""


class BetweenSessions(Record):
    """What was found between the sessions of one client; each part is absent where there is nothing to say.

    Parameters
    ----------
    case : str
    areas : AreasFound, optional
        Where two or more outcomes are on record.
    practice : tuple of PracticeFound
        One a measure of practice.
    processes : ProcessesFound, optional
    steering : SteeringFound, optional
    """

    case: str
    areas: AreasFound | None = None
    practice: tuple[PracticeFound, ...] = ()
    processes: ProcessesFound | None = None
    steering: SteeringFound | None = None

    def for_client(self) -> BetweenSessions:
        """The same without what is for the clinician alone: words of people, reasons, and sentences on other cases."""
        practice = tuple(found.replace(obstacles=(), text=()) for found in self.practice)
        steering = self.steering
        if steering is not None:
            told = steering.steering
            if told is not None:
                told = told.replace(text=(), reason="", warnings=(), grade_words="")
            plain = tuple(decision.replace(reason="–") for decision in steering.decisions)
            steering = steering.replace(steering=told, rule_text=(), alarm_text=(), decisions=plain, problem="")
        return self.replace(practice=practice, steering=steering)
