"""The catalogue holds facts: ranges that follow from the scoring, a source for each, no number out of its range."""

import re

import pytest

from scd.study import Measure, StudyError
from scd.study.catalogue import catalogue, from_catalogue, subscales

# number of items, lowest and highest score of an item, factor on the sum
SCORING = {
    "phq-9": (9, 0, 3, 1),
    "gad-7": (7, 0, 3, 1),
    "pcl-5": (20, 0, 4, 1),
    "pcl-5-intrusion": (5, 0, 4, 1),
    "pcl-5-avoidance": (2, 0, 4, 1),
    "pcl-5-cognition": (7, 0, 4, 1),
    "pcl-5-arousal": (6, 0, 4, 1),
    "bdi-ii": (21, 0, 3, 1),
    "bai": (21, 0, 3, 1),
    "oasis": (5, 0, 4, 1),
    "odsis": (5, 0, 4, 1),
    "dass-21": (21, 0, 3, 2),
    "dass-21-depression": (7, 0, 3, 2),
    "dass-21-anxiety": (7, 0, 3, 2),
    "dass-21-stress": (7, 0, 3, 2),
    "isi": (7, 0, 4, 1),
    "y-bocs": (10, 0, 4, 1),
    "y-bocs-obsessions": (5, 0, 4, 1),
    "y-bocs-compulsions": (5, 0, 4, 1),
    "spin": (17, 0, 4, 1),
    "ies-r": (22, 0, 4, 1),
    "ies-r-intrusion": (8, 0, 4, 1),
    "ies-r-avoidance": (8, 0, 4, 1),
    "ies-r-hyperarousal": (6, 0, 4, 1),
    "audit": (10, 0, 4, 1),
    "pss-10": (10, 0, 4, 1),
    "wsas": (5, 0, 8, 1),
    "k10": (10, 1, 5, 1),
    "core-10": (10, 0, 4, 1),
    "core-om": (34, 0, 4, 10 / 34),
    "core-om-wellbeing": (4, 0, 4, 10 / 4),
    "core-om-problems": (12, 0, 4, 10 / 12),
    "core-om-functioning": (12, 0, 4, 10 / 12),
    "core-om-risk": (6, 0, 4, 10 / 6),
    "ors": (4, 0, 10, 1),
    "who-5": (5, 0, 5, 4),
    "rses": (10, 0, 3, 1),
    "swls": (5, 1, 7, 1),
    "aaq-ii": (7, 1, 7, 1),
    "afq-y": (17, 0, 4, 1),
    "afq-y8": (8, 0, 4, 1),
    "cfq": (7, 1, 7, 1),
    "gse": (10, 1, 4, 1),
    "pswq": (16, 1, 5, 1),
    "ptq": (15, 0, 4, 1),
    "srs": (4, 0, 10, 1),
    "vq-progress": (5, 0, 6, 1),
    "vq-obstruction": (5, 0, 6, 1),
}
HIGHER_IS_BETTER = {"ors", "who-5", "rses", "swls", "gse", "srs", "vq-progress"}
PLAIN = {m.key for m in catalogue() if m.key not in SCORING}


@pytest.mark.parametrize("key", SCORING)
def test_range_follows_from_items_and_scoring(key):
    items, low, high, factor = SCORING[key]
    measure = from_catalogue(key)
    assert measure.minimum == pytest.approx(items * low * factor)
    assert measure.maximum == pytest.approx(items * high * factor)


@pytest.mark.parametrize("measure", catalogue(), ids=lambda m: m.key)
def test_every_entry_is_sourced_and_its_numbers_are_told(measure):
    assert isinstance(measure, Measure)
    assert len(measure.source) > 20
    if measure.cutoff is not None:
        assert re.search(rf"[Cc]ut-off {measure.cutoff:g}\b", measure.source)
        assert measure.minimum < measure.cutoff < measure.maximum
    if measure.meaningful_change is not None:
        assert re.search(rf"change {measure.meaningful_change:g}\b", measure.source)
        assert measure.meaningful_change < measure.range / 2
    for doi in re.findall(r"doi:(\S+)", measure.source):
        assert re.match(r"10\.\d{4,5}/\S+", doi)


def test_keys_and_labels_are_unique():
    keys = [m.key for m in catalogue()]
    labels = [m.label for m in catalogue()]
    assert len(set(keys)) == len(keys)
    assert len(set(labels)) == len(labels)


def test_direction_is_that_of_the_instrument():
    for key in SCORING:
        assert from_catalogue(key).improvement == ("increase" if key in HIGHER_IS_BETTER else "decrease")


def test_there_are_plain_scales_for_either_direction():
    assert {"rating-0-10", "rating-0-10-up", "percentage", "percentage-up", "daily-count", "suds"} <= PLAIN
    for key in ("rating-0-10", "percentage", "daily-count"):
        assert from_catalogue(key).improvement == "decrease"
        assert from_catalogue(f"{key}-up").improvement == "increase"
    assert from_catalogue("daily-count").maximum is None
    assert from_catalogue("practice-minutes").role == "practice"


def test_subscales_add_up_to_their_instrument():
    for key in ("pcl-5", "dass-21", "ies-r", "y-bocs"):
        assert sum(part.maximum for part in subscales(key)) == from_catalogue(key).maximum
    assert [m.key for m in subscales("core-om")] == [
        "core-om-wellbeing",
        "core-om-problems",
        "core-om-functioning",
        "core-om-risk",
    ]
    assert subscales("percentage") == ()


def test_processes_are_processes_unless_the_study_says_otherwise():
    assert from_catalogue("AAQ-II").role == "process"
    assert from_catalogue("aaq-ii", role="outcome").role == "outcome"
    assert from_catalogue("phq-9").role == "outcome"


def test_unknown_key_names_the_nearest():
    with pytest.raises(StudyError, match=r"catalogue: has no measure 'phq9' \(nearest: phq-9") as caught:
        from_catalogue("phq9")
    assert caught.value.field == "key"
    with pytest.raises(StudyError, match="it has phq-9, gad-7"):
        from_catalogue("??")
