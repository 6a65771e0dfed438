"""Pictures that draw a table's columns and compute nothing."""

import scd.charts.quick  # noqa: F401  # first: it loads Altair fast
from scd.charts.areas_chart import areas_chart, describe_areas
from scd.charts.effects_chart import effects_chart
from scd.charts.masked_chart import describe_masked, masked_chart
from scd.charts.multiple_baseline import multiple_baseline_chart
from scd.charts.planning_chart import describe_planning, planning_chart
from scd.charts.practice_chart import courses_chart, describe_practice, practice_chart
from scd.charts.process_chart import describe_processes, process_chart
from scd.charts.steering_chart import describe_steering, steering_chart
from scd.charts.study_chart import study_chart
from scd.charts.svg import Picture, describe_study, picture, to_svg
from scd.charts.visual_chart import visual_chart

__all__ = [
    "Picture",
    "areas_chart",
    "courses_chart",
    "describe_areas",
    "describe_masked",
    "describe_planning",
    "describe_practice",
    "describe_processes",
    "describe_steering",
    "describe_study",
    "effects_chart",
    "masked_chart",
    "multiple_baseline_chart",
    "picture",
    "planning_chart",
    "practice_chart",
    "process_chart",
    "steering_chart",
    "study_chart",
    "to_svg",
    "visual_chart",
]
