"""Synthetic clients: made-up people with known stories, for the demo, the tour and the tests."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from scd.design.plans import multiple_baseline, reversal
from scd.design.randomization import draw_phase_starts, draw_start_windows
from scd.design.simulation import Course, fill_case
from scd.design.synthetic_between import areas_pull_apart, practice_carries
from scd.language import current_language
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import Measure, Study
from scd.study.catalogue import from_catalogue

__all__ = ["SyntheticStudy", "synthetic_studies"]

_FIRST_DAY = dt.date(2025, 3, 3)
_DRAWN_AT = dt.datetime(2025, 2, 24, 9, 0, tzinfo=dt.UTC)


@dataclass(frozen=True)
class SyntheticStudy:
    """A made-up study and its true story.

    Parameters
    ----------
    study : Study
        The study with its data. Its codes begin with ``SYN``.
    label : str
        What a clinic would call the client; it always says that the client is synthetic.
    story : str
        What was put into the data, in one sentence.
    tiers : tuple of str
        For a multiple baseline: what each case is, in order.
    """

    study: Study
    label: str
    story: str
    tiers: tuple[str, ...] = ()

    def labels(self) -> dict[str, str]:
        """The clinic's labels of the study and of its cases, by code.

        Examples
        --------
        >>> first = synthetic_studies()[0]
        >>> first.labels()
        {'SYNAB2': 'Synthetic client 1 (clear effect)'}
        """
        tiers = {c.code: t for c, t in zip(self.study.cases, self.tiers, strict=False)}
        return {self.study.code: self.label} | tiers


def synthetic_studies(*, seed: int = 1) -> tuple[SyntheticStudy, ...]:
    """Thirteen made-up studies of what clinics meet: effects, none, harm, gaps, too little data, practice, other areas.

    Parameters
    ----------
    seed : int
        The same seed gives the same values; codes, designs and draws stay the same whatever the seed.

    Returns
    -------
    tuple of SyntheticStudy
        In the order of the demo's table; names, stories and notes are in the language that is spoken.

    Examples
    --------
    >>> studies = synthetic_studies()
    >>> len(studies), studies[0].study.code, studies[0].study.design
    (13, 'SYNAB2', 'reversal')
    >>> studies[0].study.fingerprint() == synthetic_studies()[0].study.fingerprint()
    True
    """
    makers = (
        _clear_effect,
        _no_effect,
        _gradual_onset,
        _deterioration,
        _missed_sessions,
        _too_few_points,
        _randomized_start,
        _running,
        _percentage,
        _across_clients,
        _across_behaviours,
        _practice_carries,
        _areas_pull_apart,
    )
    return tuple(
        _in_words(make((seed, place), _("Synthetic client {place}").format(place=place)))
        for place, make in enumerate(makers, start=1)
    )


def _in_words(made: SyntheticStudy) -> SyntheticStudy:
    """What a clinic would have typed, in the language that is spoken."""
    if current_language() == "en":
        return made
    measures = tuple(m.replace(label=_(m.label), source=_(m.source)) for m in made.study.measures)
    cases = tuple(
        case.replace(
            phases=tuple(phase.replace(reason=_(phase.reason)) for phase in case.phases),
            sessions=tuple(
                session.replace(
                    note=_(session.note),
                    values=tuple(value.replace(obstacle=_(value.obstacle)) for value in session.values),
                )
                for session in case.sessions
            ),
        )
        for case in made.study.cases
    )
    decisions = tuple(decision.replace(reason=_(decision.reason)) for decision in made.study.decisions)
    return replace(made, study=made.study.replace(measures=measures, cases=cases, decisions=decisions))


_DISTRESS = Measure(
    key="distress",
    label=N_("Evening distress"),
    scale="rating",
    improvement="decrease",
    minimum=0,
    maximum=10,
    meaningful_change=2,
    source=N_("Own rating; meaningful change agreed with the (synthetic) client"),
)
_URGE = _DISTRESS.replace(key="urge", label=N_("Urge to avoid"))
_MOOD = _DISTRESS.replace(key="mood", label=N_("Evening mood"), improvement="increase")
_OPENNESS = _DISTRESS.replace(
    key="openness", label=N_("Openness to experience"), improvement="increase", role="process"
)
_PRACTICE = Measure(
    key="practice",
    label=N_("Exercises done"),
    scale="duration",
    improvement="increase",
    minimum=0,
    maximum=120,
    role="practice",
    unit="minutes",
)


def _clear_effect(seed: Sequence[int], name: str) -> SyntheticStudy:
    draw = draw_phase_starts(sessions=28, phases=4, min_phase=5, seed=20, drawn_at=_DRAWN_AT)
    study = reversal(measures=(_DISTRESS, _OPENNESS, _PRACTICE), phases="ABAB", code="SYNAB2", randomization=draw)
    courses = {
        "distress": Course((7.2, 3.4, 6.6, 3.0), sd=1.1),
        "openness": Course((3.0, 6.2, 4.2, 6.8), sd=1.2),
        "practice": Course((0, 22, 4, 25), sd=6, step=5),
    }
    return SyntheticStudy(
        _fill(study, courses, seed=seed),
        _("{name} (clear effect)").format(name=name),
        _("Distress falls by about 3.7 points whenever the intervention is on and returns when it is off."),
    )


def _no_effect(seed: Sequence[int], name: str) -> SyntheticStudy:
    study = reversal(measures=(_MOOD,), phases="ABAB", sessions=6, code="SYNAB3")
    courses = {"mood": Course((4.6, 4.6, 4.6, 4.6), sd=1.3, phi=0.4)}
    return SyntheticStudy(
        _fill(study, courses, seed=seed),
        _("{name} (no effect)").format(name=name),
        _("Mood goes up and down by itself; nothing was put in."),
    )


def _gradual_onset(seed: Sequence[int], name: str) -> SyntheticStudy:
    study = reversal(measures=(_URGE,), phases="ABAB", sessions=(6, 8, 6, 8), code="SYNAB4")
    courses = {"urge": Course((7.6, 2.8, 6.8, 2.4), sd=0.8, half_life=2.5)}
    return SyntheticStudy(
        _fill(study, courses, seed=seed),
        _("{name} (gradual onset)").format(name=name),
        _("The effect is real but builds up, and fades, with a half-life of two and a half sessions."),
    )


def _deterioration(seed: Sequence[int], name: str) -> SyntheticStudy:
    study = reversal(measures=(_DISTRESS,), phases="ABAB", sessions=(6, 7, 6, 6), code="SYNAB5")
    courses = {"distress": Course((4.2, 6.4, 4.4, 6.9), sd=0.9)}
    return SyntheticStudy(
        _fill(study, courses, seed=seed),
        _("{name} (deterioration)").format(name=name),
        _("Distress is about 2.4 points higher whenever the intervention is on."),
    )


def _missed_sessions(seed: Sequence[int], name: str) -> SyntheticStudy:
    study = reversal(measures=(_DISTRESS,), phases="ABAB", sessions=6, code="SYNAB6")
    case = study.cases[0].start_phase("B1", session=9, reason=N_("Therapist ill, first exercise given two days late"))
    study = study.with_case(case).replace(sessions_planned=26)
    courses = {"distress": Course((7.0, 4.0, 6.4, 3.6), sd=1.0)}
    missed = {4: N_("Forgot the rating"), 11: N_("Phone lost"), 12: N_("Phone lost"), 20: N_("At a wedding")}
    return SyntheticStudy(
        _fill(study, courses, seed=seed, missed=missed),
        _("{name} (missed sessions)").format(name=name),
        _("Distress falls by about 2.9 points; four sessions were missed and the first intervention began two late."),
    )


def _too_few_points(seed: Sequence[int], name: str) -> SyntheticStudy:
    study = reversal(measures=(_MOOD,), phases="ABAB", sessions=(3, 2, 2, 2), code="SYNAB7")
    courses = {"mood": Course((4.0, 6.0, 4.4, 6.0), sd=1.0)}
    return SyntheticStudy(
        _fill(study, courses, seed=seed),
        _("{name} (too few points)").format(name=name),
        _("Mood rises by about 2 points, but with two sessions a phase no design standard is met."),
    )


def _randomized_start(seed: Sequence[int], name: str) -> SyntheticStudy:
    draw = draw_phase_starts(sessions=24, phases=2, min_phase=6, seed=8, drawn_at=_DRAWN_AT)
    study = reversal(measures=(from_catalogue("gad-7"),), phases="AB", code="SYNAB8", randomization=draw)
    courses = {"gad-7": Course((14.5, 8.0), sd=2.0)}
    return SyntheticStudy(
        _fill(study, courses, seed=seed, days_apart=7),
        _("{name} (AB, random start)").format(name=name),
        _("Anxiety falls by about 6.5 points at a start drawn at random; with one change only, other causes remain."),
    )


def _running(seed: Sequence[int], name: str) -> SyntheticStudy:
    study = reversal(measures=(_DISTRESS,), phases="ABAB", sessions=7, code="SYNAB9")
    courses = {"distress": Course((6.8, 4.6, 6.8, 4.6), sd=1.1)}
    return SyntheticStudy(
        _fill(study, courses, seed=seed, sessions=10),
        _("{name} (still running)").format(name=name),
        _("The first intervention phase has just begun; distress is about 2.2 points lower."),
    )


def _percentage(seed: Sequence[int], name: str) -> SyntheticStudy:
    tasks = Measure(
        key="tasks",
        label=N_("Planned activities carried out"),
        scale="percentage",
        improvement="increase",
        minimum=0,
        maximum=100,
        unit="%",
        meaningful_change=20,
    )
    study = reversal(measures=(tasks,), phases="ABA", sessions=(6, 8, 6), code="SYNABA")
    courses = {"tasks": Course((42, 74, 60), sd=9, step=5)}
    return SyntheticStudy(
        _fill(study, courses, seed=seed),
        _("{name} (partial reversal)").format(name=name),
        _("Activities rise by about 30 percentage points and only partly fall back when the intervention ends."),
    )


def _across_clients(seed: Sequence[int], name: str) -> SyntheticStudy:
    draw = draw_start_windows(
        windows=((6, 8), (10, 12), (14, 16), (18, 20)), sessions=25, min_phase=5, seed=11, drawn_at=_DRAWN_AT
    )
    codes = ("SYNMC2", "SYNMC3", "SYNMC4", "SYNMC5")
    study = multiple_baseline(
        measures=(from_catalogue("phq-9"),),
        cases=codes,
        across="clients",
        starts=None,
        sessions=25,
        code="SYNMB2",
        randomization=draw,
    )
    courses = [{"phq-9": Course(levels, sd=2.0)} for levels in ((17, 9), (15, 9.5), (19, 10), (14, 13.6))]
    return SyntheticStudy(
        _fill_tiers(study, courses, seed=seed, days_apart=7),
        _("{name} (four clients)").format(name=name),
        _("Depression falls in three of the four clients, by 5 to 9 points; nothing was put in for the fourth."),
        tuple(f"{name}{letter}" for letter in "abcd"),
    )


def _across_behaviours(seed: Sequence[int], name: str) -> SyntheticStudy:
    behaviours = (_("getting up on time"), _("eating with others"), _("answering messages"))
    keys = ("getting-up", "eating", "messages")
    measures = tuple(
        Measure(key=k, label=b[:1].upper() + b[1:], scale="score", improvement="increase", minimum=0, maximum=10)
        for k, b in zip(keys, behaviours, strict=True)
    )
    codes = ("SYNMT2", "SYNMT3", "SYNMT4")
    study = multiple_baseline(
        measures=measures,
        cases=codes,
        across="behaviours",
        starts=(6, 11, 16),
        sessions=22,
        code="SYNMB3",
        tier_measures=tuple((k,) for k in keys),
    )
    levels = ((3.0, 7.0), (2.4, 5.6), (4.0, 7.2))
    courses = [{key: Course(pair, sd=1.1)} for key, pair in zip(keys, levels, strict=True)]
    return SyntheticStudy(
        _fill_tiers(study, courses, seed=seed),
        _("{name} (three behaviours)").format(name=name),
        _("Each behaviour gets better by 3 to 4 points when its own intervention starts, not before."),
        tuple(f"{name}: {b}" for b in behaviours),
    )


def _practice_carries(seed: Sequence[int], name: str) -> SyntheticStudy:
    return SyntheticStudy(
        practice_carries(seed),
        _("{name} (practice carries it)").format(name=name),
        _("Tension falls with the exercise of the days before, by 38 points with all of it; sessions alone nothing."),
    )


def _areas_pull_apart(seed: Sequence[int], name: str) -> SyntheticStudy:
    return SyntheticStudy(
        areas_pull_apart(seed),
        _("{name} (another area)").format(name=name),
        _("Meant for worry, which does not change: friends gain 24 points, the family loses 17, worry follows sleep."),
    )


def _fill(
    study: Study,
    courses: Mapping[str, Course],
    *,
    seed: Sequence[int],
    days_apart: int = 1,
    missed: Mapping[int, str] | None = None,
    sessions: int | None = None,
) -> Study:
    return fill_case(
        study,
        case=study.cases[0].code,
        courses=courses,
        seed=seed,
        first_day=_FIRST_DAY,
        days_apart=days_apart,
        missed=missed,
        sessions=sessions,
    )


def _fill_tiers(
    study: Study, courses: Sequence[Mapping[str, Course]], *, seed: Sequence[int], days_apart: int = 1
) -> Study:
    for place, (case, course) in enumerate(zip(study.cases, courses, strict=True)):
        study = fill_case(
            study,
            case=case.code,
            courses=course,
            seed=(*seed, place),
            first_day=_FIRST_DAY,
            days_apart=days_apart,
        )
    return study
