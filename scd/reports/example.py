"""A made-up client with a ready-made summary, so that a report template can be read and run by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scd.language import gettext as _
from scd.reports.job import Job
from scd.study import Case, Measure, Phase, Session, Study, Value

if TYPE_CHECKING:
    from scd.analysis import Summary

__all__ = ["example_job", "example_study", "example_summary"]

_WORRY = (7, 8, 6, 7, 8, 7, 5, 4, 4, None, 3, 4, 6, 6, 7, 5, 7, 6, 4, 3, 3, 4, 2, 3)
_STARTS = (("A1", 1), ("B1", 7), ("A2", 13), ("B2", 19))

# What `scd.analysis.summarize` gave for these values with seed 1, rounded: no one waits for a sampler to see a page.
_CHANGES = (  # contrast; level change: mean, sd, median, lower, upper, P(better), P(meaningful); standardised change
    ("overall", (-2.93, 0.95, -2.97, -4.74, -0.86, 0.992, 0.875), (3.67, 1.43, 3.61, 0.98, 6.61)),
    ("A1-B1", (-3.09, 0.49, -3.12, -4.00, -2.04, 0.9999, 0.978), (3.88, 1.01, 3.87, 1.87, 5.85)),
    ("B1-A2", (-2.39, 0.52, -2.39, -3.45, -1.38, 0.9998, 0.787), (2.97, 0.79, 2.99, 1.40, 4.49)),
    ("A2-B2", (-2.98, 0.47, -2.99, -3.87, -1.97, 0.9999, 0.973), (3.73, 0.95, 3.74, 1.82, 5.60)),
)
_LEVELS = (("A1", 1, 6, 7.02, 6.16, 7.64), ("B1", 7, 12, 3.90, 3.14, 4.61),
           ("A2", 13, 18, 6.29, 5.58, 7.01), ("B2", 19, 24, 3.28, 2.68, 4.09))  # fmt: skip
_PROJECTIONS = (("B1", 7, 12, 7.0, 5.1, 8.8), ("B2", 19, 24, 6.3, 4.5, 8.0))


def example_study() -> Study:
    """An invented client in an ABAB design, with one missed session.

    Examples
    --------
    >>> example_study().code
    'EXAMPL'
    """
    worry = Measure(
        key="worry",
        label=_("Worry"),
        improvement="decrease",
        scale="rating",
        minimum=0,
        maximum=10,
        meaningful_change=2,
    )
    case = Case(code="EXAMPL", phases=tuple(Phase(label=label, planned_start=start) for label, start in _STARTS))
    sessions = [
        Session(number=n, values=(Value(measure="worry", value=v),), note="" if v is not None else _("ill"))
        for n, v in enumerate(_WORRY, start=1)
    ]
    return Study(
        code="EXAMPL", design="reversal", measures=(worry,), cases=(case.record(*sessions),), sessions_planned=24
    )


def example_summary() -> Summary:
    """The invented client's summary, without sampling.

    Examples
    --------
    >>> example_summary().effects[0].median
    -2.97
    """
    from scd.analysis.summary import Effect, Level, Projection, Summary
    from scd.analysis.words import client_words, clinician_words, grade_words
    from scd.design.standards import grade_wwc

    study = example_study()
    code, measure, grade = study.code, study.measures[0], grade_wwc(study)
    names = ("mean", "sd", "median", "lower", "upper", "p_improvement", "p_meaningful")
    quality = {"case": code, "ci_prob": 0.95, "rhat": 1.0, "ess_bulk": 4000, "ess_tail": 4000}
    effects = []
    for contrast, change, standardized in _CHANGES:
        better = {"p_improvement": change[5], "p_meaningful": None}
        effects += [
            Effect(contrast=contrast, effect="level_change", **dict(zip(names, change, strict=True)), **quality),
            Effect(contrast=contrast, effect="standardized_change", **dict(zip(names, standardized, strict=False)),
                   **better, **quality),
        ]  # fmt: skip
    blank = dict.fromkeys((*names, "ci_prob", "rhat", "ess_bulk", "ess_tail"))
    effects.append(
        Effect(case=code, contrast="overall", effect="consistent_change", **blank | {"p_improvement": 0.9996})
    )
    rows = [effect.model_dump() for effect in effects]
    told: dict[str, Any] = {"measure_of": {code: measure}, "too_few": {}}
    level_names = ("phase", "session_from", "session_to", "median", "lower", "upper")
    return Summary(
        study=code,
        fingerprint=study.fingerprint(),
        measure=measure.key,
        model="phase-level",
        engine="nuts",
        priors={
            "alpha": "Normal(5, 5)",
            "delta": "Normal(0, 5)",
            "sigma": "HalfNormal(2)",
            "phi": "Normal(0.3, 0.3) on (-0.99, 0.99)",
            "omega": "HalfNormal(1)",
        },
        diagnostics={"rhat_max": 1.0042, "ess_bulk_min": 1372, "ess_tail_min": 1528, "divergences": 0, "ok": True},
        effects=tuple(effects),
        projection=tuple(
            Projection(case=code, phase=phase, session=n, median=median, lower=lower, upper=upper)
            for phase, first, last, median, lower, upper in _PROJECTIONS
            for n in range(first, last + 1)
        ),
        levels=tuple(Level(case=code, **dict(zip(level_names, row, strict=True))) for row in _LEVELS),
        grade=grade.words,
        text=clinician_words(rows, grade=grade_words(grade), **told),
        client_text=client_words(rows, grade=grade.grade, **told),
        warnings=(),
        versions={"scd": "example"},
        seed=1,
    )


def example_job() -> Job:
    """The invented client as a job without revision, which marks its page as an example."""
    from scd.analysis.findings import findings_of

    study = example_study()
    return Job(
        study=study,
        summaries=(example_summary(),),
        code=study.code,
        fingerprint=study.fingerprint(),
        findings=(findings_of(study),),
    )
