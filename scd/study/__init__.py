"""The record's values: measures, phases, sessions, cases and the study that holds them."""

from scd.study.case import Case, Phase
from scd.study.decision import Decision
from scd.study.errors import StudyError
from scd.study.measure import Improvement, Measure, Reporter, Role, Scale
from scd.study.monitoring import AlarmRates, Monitoring
from scd.study.randomization import Randomization
from scd.study.session import Session, Value
from scd.study.stability import StabilityRule
from scd.study.study import FORMAT_VERSION, Study, new_code

__all__ = [
    "FORMAT_VERSION",
    "AlarmRates",
    "Case",
    "Decision",
    "Improvement",
    "Measure",
    "Monitoring",
    "Phase",
    "Randomization",
    "Reporter",
    "Role",
    "Scale",
    "Session",
    "StabilityRule",
    "Study",
    "StudyError",
    "Value",
    "new_code",
]
