"""From a study to everything a page shows: fit, gate, effects, projection, grade and words, in one document."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from scd.analysis.cautions import cautions, too_few_points
from scd.analysis.progress import share_of
from scd.analysis.summary_values import Effect, Level, Projection, Summary, values_of
from scd.analysis.words import client_words, clinician_words, grade_words
from scd.design.standards import grade_wwc
from scd.language import gettext as _
from scd.models.priors import Priors
from scd.models.response import FAMILY_WORDS
from scd.study import Measure, Study, StudyError

if TYPE_CHECKING:
    from scd.analysis.appendix import Check, Robustness
    from scd.analysis.diagnostics import Diagnostics
    from scd.design.standards import Grade
    from scd.models import Engine
    from scd.models.fitted import Fitted

__all__ = ["Effect", "Level", "Projection", "Summary", "headline_model", "summarize"]


def headline_model(study: Study, *, case: str | None = None) -> str:
    """The model whose effect heads the page.

    Parameters
    ----------
    study : Study
        The study.
    case : str, optional
        When only this case is analysed.

    Returns
    -------
    str
        ``multilevel`` for a multiple baseline, ``phase-level`` for three or more phases, else ``level``.
    """
    if study.design == "multiple-baseline" and case is None and len(study.cases) > 1:
        return "multilevel"
    chosen = (study.case(case),) if case is not None else study.cases
    return "phase-level" if max(len(c.phases) for c in chosen) > 2 else "level"


def summarize(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    model: str | None = None,
    family: str | None = None,
    priors: Priors | None = None,
    engine: Engine = "auto",
    appendix: bool = False,
    seed: int = 1,
    progress: Callable[[float], None] | None = None,
) -> Summary:
    """Estimate the effect of a study and put it into numbers, pictures' columns and words.

    Parameters
    ----------
    study : Study
        The record.
    measure : str, optional
        Key of the measure; each case's first outcome without it.
    case : str, optional
        Only this case.
    model : str, optional
        Default: `headline_model`. Single-case models are fitted to every case that has values in baseline and
        under intervention; the multilevel model also gives every such case's unpooled effect.
    family : str, optional
        How to take the values; by default as the measure's scale says, see `scd.models.families`.
    priors : Priors, optional
        Default: on the measure's declared scale.
    engine : {"auto", "exact", "nuts"}
        As in `scd.models.fit`; with ``exact``, the multilevel model is refused.
    appendix : bool
        Whether to add what a methodologist asks for: other models and priors, and checks of the model.
    seed : int
        Seed of the sampler.
    progress : callable, optional
        Called with the share done, 0 to 1.

    Returns
    -------
    Summary
        Without numbers, and with the reason in `withheld`, when the sampler's diagnostics fail.

    Raises
    ------
    StudyError
        When the study can't be estimated yet, or the model doesn't suit it.
    """
    model = model or headline_model(study, case=case)
    if model == "change-point":
        from scd.analysis.immediacy import change_point_summary

        return change_point_summary(study, measure=measure, case=case, family=family, priors=priors, seed=seed)
    asked = _Asked(measure, model, family, priors, engine, appendix, seed)
    codes = [c.code for c in study.cases] if case is None else [study.case(case).code]
    jobs = _jobs(study, codes, measure=measure, model=model)
    readings = [
        _read(study, asked, model=fitted, case=code, progress=share_of(progress, done=done, parts=len(jobs)))
        for done, (fitted, code) in enumerate(jobs)
    ]
    return _told(study, asked, readings)


@dataclass(frozen=True)
class _Asked:
    measure: str | None
    model: str
    family: str | None
    priors: Priors | None
    engine: Engine
    appendix: bool
    seed: int


@dataclass(frozen=True)
class _Reading:
    fitted: Fitted
    gate: Diagnostics
    effects: tuple[Effect, ...]
    # Of a case's own fit beside a multilevel one only the last.
    projection: tuple[Projection, ...] = ()
    levels: tuple[Level, ...] = ()
    checks: tuple[Check, ...] = ()
    robustness: tuple[Robustness, ...] = ()


def _read(
    study: Study, asked: _Asked, *, model: str, case: str | None, progress: Callable[[float], None] | None
) -> _Reading:
    # These load NumPy and, for what can't be integrated, PyMC: only when there is something to fit.
    from scd.analysis.checks import predictive_checks
    from scd.analysis.diagnostics import diagnose
    from scd.analysis.effects import COLUMNS, effect_rows
    from scd.analysis.ladder_pooled import average_robustness
    from scd.analysis.projection import LEVEL_COLUMNS, PROJECTION_COLUMNS, level_rows, projection_rows
    from scd.analysis.robustness import robustness
    from scd.models.posterior import fit_arrays

    measure, family, priors, seed = asked.measure, asked.family, asked.priors, asked.seed
    fitted = fit_arrays(
        study,
        measure=measure,
        case=case,
        model=model,
        family=family,
        priors=priors,
        engine=asked.engine,
        seed=seed,
        progress=progress,
    )
    effects = values_of(effect_rows(fitted, study=study), columns=COLUMNS, kind=Effect)
    read = _Reading(fitted=fitted, gate=diagnose(fitted), effects=effects)
    if model == asked.model:
        read = replace(
            read,
            projection=values_of(
                projection_rows(fitted, study=study, seed=seed), columns=PROJECTION_COLUMNS, kind=Projection
            ),
            levels=values_of(level_rows(fitted), columns=LEVEL_COLUMNS, kind=Level),
            checks=predictive_checks(fitted, study=study) if asked.appendix else (),
        )
    else:  # the unpooled fits beside a multilevel one
        own = (effect for effect in effects if effect.effect == "level_change")
        read = replace(read, effects=tuple(effect.replace(effect="level_change_unpooled") for effect in own))
    if asked.appendix and case is not None:
        beside = robustness(study, case=case, measure=measure, model=model, family=family, priors=priors, seed=seed)
        read = replace(read, robustness=(beside,))
    elif asked.appendix and model == "multilevel":
        average = average_robustness(fitted, study=study, seed=seed)
        read = replace(read, robustness=() if average is None else (average,))
    return read


def _told(study: Study, asked: _Asked, readings: list[_Reading]) -> Summary:
    from scd.analysis.checks import between_cases, prior_look

    found = [reading.fitted for reading in readings]
    first, gate = found[0].origin, reduce(lambda one, other: one.worst(other), (reading.gate for reading in readings))
    measure_of = _measures(study, found)
    grade = grade_wwc(study, measure=asked.measure)
    effects = tuple(effect for reading in readings for effect in reading.effects)
    shown = readings if gate.ok else []
    if gate.ok:
        text, client = _words(study, readings, effects=effects, measure_of=measure_of, grade=grade)
    else:
        text, client = _withheld_words(gate)
    return Summary(
        study=study.code,
        fingerprint=study.fingerprint(),
        measure="+".join(dict.fromkeys(m.key for m in measure_of.values())),
        model=asked.model,
        engine=first["engine"],
        family=first["family"],
        priors=json.loads(first["priors"]),
        diagnostics={k: _finite(v) for k, v in gate.model_dump().items()} | {"ok": gate.ok},
        effects=effects if gate.ok else (),
        projection=tuple(row for reading in shown for row in reading.projection),
        levels=tuple(row for reading in shown for row in reading.levels),
        grade=grade.words,
        text=text,
        client_text=client,
        warnings=(*_notes(found, measure_of), *cautions(study, measure_of, family=first["family"])),
        withheld=gate.reason,
        versions=json.loads(first["versions"]),
        seed=asked.seed,
        robustness=tuple(row for reading in shown for row in reading.robustness),
        checks=tuple(row for reading in shown for row in reading.checks),
        prior_outside=prior_look(found[0], study=study) if asked.appendix else None,
        between_cases=between_cases(found[0]) if asked.appendix and gate.ok else None,
    )


def _words(
    study: Study,
    readings: list[_Reading],
    *,
    effects: tuple[Effect, ...],
    measure_of: dict[str, Measure],
    grade: Grade,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from scd.analysis.robustness import appendix_line

    too_few = too_few_points(study, measure_of)
    rows = [e.model_dump() for e in effects]
    text = clinician_words(rows, measure_of=measure_of, grade=grade_words(grade), too_few=too_few)
    client = client_words(rows, measure_of=measure_of, grade=grade.grade, too_few=too_few)
    beside = [row for reading in readings for row in reading.robustness]
    stands = appendix_line(beside, [check for reading in readings for check in reading.checks])
    return ((*text, stands) if stands else text), client


def _withheld_words(gate: Diagnostics) -> tuple[tuple[str, ...], tuple[str, ...]]:
    text = _(
        "The result is withheld: {reason}. Estimate again with another seed; if it stays, check "
        "the values for typing errors and the measure's range."
    ).format(reason=gate.reason)
    return (text,), (_("The numbers could not be worked out reliably this time, so this page shows none."),)


def _jobs(study: Study, codes: list[str], *, measure: str | None, model: str) -> list[tuple[str, str | None]]:
    """The fits to make: (model, case). Refuses, with each case's reason, when there is none."""
    from scd.models.series import series_of

    if model == "multilevel":
        series_of(study, measure=measure)
    usable, refusals = [], []
    for code in codes:
        try:
            series_of(study, measure=measure, case=code)
        except StudyError as error:
            refusals.append(error)
        else:
            usable.append(code)
    if model == "multilevel":
        return [("multilevel", None), *(("level", code) for code in usable)]
    if not usable:
        message = "\n".join(e.message for e in refusals)
        raise StudyError(message, field=refusals[0].field, problems=tuple(refusals) if len(refusals) > 1 else ())
    return [(model, code) for code in usable]


def _notes(fits: list[Fitted], measure_of: dict[str, Measure]) -> tuple[str, ...]:
    """What to know about how the values were taken, once each."""
    found = [note for fitted in fits for note in json.loads(fitted.origin["notes"])]
    first = fits[0].origin
    if first["family_chosen"] == "by hand":
        measure, taken = next(iter(measure_of.values())), FAMILY_WORDS[first["family"]]
        found.append(
            _("{label} is a {scale}; by choice it is analysed as {taken}.").format(
                label=measure.label, scale=_(measure.scale), taken=_(taken)
            )
        )
    return tuple(dict.fromkeys(found))


def _measures(study: Study, fits: list[Fitted]) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for fitted in fits:
        keys = json.loads(fitted.origin["measures"])
        found |= {c: study.measure(k) for c, k in zip(fitted.cases, keys, strict=True)}
    return {c.code: found[c.code] for c in study.cases if c.code in found}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
