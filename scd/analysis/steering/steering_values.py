"""What steering finds after a session, as plain values: a page, a report and the command line read the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from scd.study import Monitoring
from scd.study.decision import Finding, Step
from scd.study.record import Number, Record

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Alarm", "BaselineLook", "Look", "Steering", "TrajectoryRow", "looks_table", "trajectory_table"]

AlarmKind = Literal["success", "futility", "harm"]


class TrajectoryRow(Record):
    """One session: what came, and where the baseline would have gone.

    Parameters
    ----------
    case, phase : str
    session : int
    value : float, optional
        The observed value; None where it was missed.
    median, lower, upper : float, optional
        The baseline's projection with its 95 % band for single values; None in baselines.
    side : {"", "inside", "better", "worse"}
        Where the value lies: inside the band, or beyond it on the better or worse side; empty without value or band.
    """

    case: str
    phase: str
    session: int
    value: Number | None
    median: Number | None = None
    lower: Number | None = None
    upper: Number | None = None
    side: Literal["", "inside", "better", "worse"] = ""


class Alarm(Record):
    """One alarm of a fixed look, with how often the rule raises it by mistake.

    Parameters
    ----------
    kind : {"success", "futility", "harm"}
    session : int
        Of the look.
    look : int
        After how many values of the first intervention phase.
    false_rate : float, optional
        Of success and harm: how often the rule ever raises it in clients for whom nothing changes. Of futility: how
        often in clients for whom the stated change is there. None where that was not simulated.
    """

    kind: AlarmKind
    session: int
    look: int
    false_rate: Number | None


class Look(Record):
    """One fixed look at the first intervention phase.

    Parameters
    ----------
    case : str
    number : int
        After how many values.
    session : int
        The session that gave the last of them.
    p_improvement, p_meaningful : float
        Under the neutral prior.
    sceptical_improvement, sceptical_meaningful : float
        Under the sceptical prior, by which success is judged.
    alarms : tuple of str
        What the rule found.
    """

    case: str
    number: int
    session: int
    p_improvement: Number
    p_meaningful: Number
    sceptical_improvement: Number
    sceptical_meaningful: Number
    alarms: tuple[AlarmKind, ...] = ()


class BaselineLook(Record):
    """What the baseline-stability rule saw.

    Parameters
    ----------
    stable : bool
    running : bool
        Whether the baseline still runs; else this is how it was when it ended.
    longest : bool
        Whether the baseline has reached its longest length.
    values, longest_values : int
        Values of the baseline on record, and how many it may have at most.
    words : str
        The verdict, and what it rests on.
    """

    stable: bool
    running: bool
    longest: bool
    values: int
    longest_values: int
    words: str


class Steering(Record):
    """Where one case stands after its last session, and what the rule suggests.

    Parameters
    ----------
    study, fingerprint : str
        Which study, and the fingerprint of its document: a decision can be held against what was looked at.
    case, measure : str
        Code of the case and key of the measure.
    session : int, optional
        The last session on record; None before the first.
    phase : str
        The phase in force there.
    rule : Monitoring, optional
        The rule, as it applies to this case; None where none was fixed.
    trajectory : tuple of TrajectoryRow
        A row a session.
    p_improvement, p_meaningful : float, optional
        Under the neutral prior, from all values so far; None while there is nothing to compare, or nobody has said
        which change is meaningful.
    looks : tuple of Look
        The fixed looks that have been reached.
    look : int, optional
        The fixed look that is on now; None outside the fixed looks.
    next_look : int, optional
        After how many values of the first intervention phase the next fixed look is.
    baseline : BaselineLook, optional
        The first baseline, as it runs or as it ended; None while it holds no value.
    alarms : tuple of Alarm
        Of the fixed look that is on now; none outside.
    standing : tuple of Alarm
        Alarms of the fixed look before, while no decision has been recorded since.
    suggestion : {"stay", "move on", "talk about it"}
    reason : str
        Why, in words.
    grade : str
        The design's grade in few words; `grade_words` says it in a sentence.
    grade_words : str
    text, client_text : tuple of str
        Paragraphs for clinician and client.
    warnings : tuple of str
        What a reader must know before believing the numbers.
    """

    study: str
    fingerprint: str
    case: str
    measure: str
    session: int | None
    phase: str
    rule: Monitoring | None
    trajectory: tuple[TrajectoryRow, ...] = ()
    p_improvement: Number | None = None
    p_meaningful: Number | None = None
    looks: tuple[Look, ...] = ()
    look: int | None = None
    next_look: int | None = None
    baseline: BaselineLook | None = None
    alarms: tuple[Alarm, ...] = ()
    standing: tuple[Alarm, ...] = ()
    suggestion: Step
    reason: str
    grade: str
    grade_words: str
    text: tuple[str, ...] = ()
    client_text: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def baseline_stable(self) -> bool | None:
        """Whether the first baseline is stable, or was when it ended; None where it holds no value."""
        return None if self.baseline is None else self.baseline.stable

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All that the rule found: alarms, and what it says of the baseline."""
        found: list[Finding] = [alarm.kind for alarm in self.alarms]
        if self.rule is not None and self.baseline is not None and self.baseline.running:
            found += ["baseline stable"] if self.baseline.stable else []
            found += ["baseline at its longest"] if self.baseline.longest else []
        return tuple(found)


def trajectory_table(steerings: tuple[Steering, ...]) -> pd.DataFrame:
    """The trajectories of some cases as one table, with the columns of `TrajectoryRow`."""
    import pandas as pd

    rows = [row.model_dump() for one in steerings for row in one.trajectory]
    return pd.DataFrame(rows, columns=list(TrajectoryRow.model_fields))


def looks_table(steerings: tuple[Steering, ...]) -> pd.DataFrame:
    """The fixed looks of some cases as one table, with the columns of `Look`."""
    import pandas as pd

    rows = [row.model_dump() for one in steerings for row in one.looks]
    return pd.DataFrame(rows, columns=list(Look.model_fields))
