"""From a study to everything a page shows: fit, gate, effects, projection, grade and words, in one document."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from scd import __version__
from scd.analysis.appendix import BetweenCases, ChangePointRow, Check, Robustness
from scd.analysis.cautions import cautions, too_few_points
from scd.analysis.words import client_words, clinician_words, grade_words
from scd.design.standards import grade_wwc
from scd.models.priors import Priors
from scd.models.response import FAMILY_WORDS
from scd.study import Measure, Study, StudyError
from scd.study.record import Record

if TYPE_CHECKING:
    import pandas as pd

    from scd.models import Engine

__all__ = ["Effect", "Level", "Projection", "Summary", "headline_model", "summarize"]

SUMMARY_VERSION = 1


class Effect(Record):
    """One row of the effect table; see `scd.analysis.effects.effect_table`."""

    case: str | None
    contrast: str
    effect: str
    mean: float | None
    sd: float | None
    median: float | None
    lower: float | None
    upper: float | None
    ci_prob: float | None
    p_improvement: float | None
    p_meaningful: float | None
    rhat: float | None
    ess_bulk: float | None
    ess_tail: float | None


class Level(Record):
    """The estimated level of a phase; see `scd.analysis.projection.phase_levels`."""

    case: str
    phase: str
    session_from: int
    session_to: int
    median: float
    lower: float
    upper: float


class Projection(Record):
    """One session of the baseline's projection; see `scd.analysis.projection.project_baseline`."""

    case: str
    phase: str
    session: int
    median: float
    lower: float
    upper: float


class Summary(Record):
    """The result of one analysis, ready for tables, pictures and pages.

    Parameters
    ----------
    study, fingerprint : str
        Which study, and the fingerprint of its document: design and data.
    measure : str
        Key of the measure; several keys joined by ``+`` where the cases have different ones.
    model, engine : str
        What was fitted and by which engine.
    family : str
        How the values were taken; see `scd.models.families`.
    priors : dict
        In words, by parameter.
    diagnostics : dict
        ``rhat_max, ess_bulk_min, ess_tail_min, divergences, ok``, the worst over all fits.
    effects : tuple of Effect
        Empty when the diagnostics failed.
    projection, levels : tuple
        For the chart; empty when the diagnostics failed.
    grade : str
        The design's grade in one sentence.
    text, client_text : tuple of str
        Paragraphs for clinician and client.
    warnings : tuple of str
        What a reader must know before believing the numbers.
    withheld : str
        Why there are no numbers; empty when there are.
    versions : dict
        Of scd and the libraries that computed.
    seed : int
        Seed of the sampler.
    robustness : tuple of Robustness
        The effect of each case under other models and priors; only with the appendix.
    checks : tuple of Check
        Figures of the data beside the model's; only with the appendix.
    prior_outside : float, optional
        Share of the prior's values outside the instrument's range; only with the appendix.
    between_cases : BetweenCases, optional
        How far cases differ, by prior and posterior; of several cases, with the appendix.
    change_points : tuple of ChangePointRow
        Of the model ``change-point``, which has no effects.
    """

    study: str
    fingerprint: str
    measure: str
    model: str
    engine: str
    family: str = "gaussian"
    priors: dict[str, str]
    diagnostics: dict[str, float | int | bool | None]
    effects: tuple[Effect, ...]
    projection: tuple[Projection, ...]
    levels: tuple[Level, ...]
    grade: str
    text: tuple[str, ...]
    client_text: tuple[str, ...]
    warnings: tuple[str, ...]
    withheld: str = ""
    versions: dict[str, str]
    seed: int
    robustness: tuple[Robustness, ...] = ()
    checks: tuple[Check, ...] = ()
    prior_outside: float | None = None
    between_cases: BetweenCases | None = None
    change_points: tuple[ChangePointRow, ...] = ()
    version: int = SUMMARY_VERSION

    def table(self) -> pd.DataFrame:
        """The effect table."""
        return _frame(self.effects, Effect)

    def projection_table(self) -> pd.DataFrame:
        """The baseline's projection, a row a session."""
        return _frame(self.projection, Projection)

    def levels_table(self) -> pd.DataFrame:
        """The estimated levels, a row a phase."""
        return _frame(self.levels, Level)

    def to_json(self) -> str:
        """The summary as a JSON document."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str, *, source: str = "summary document") -> Summary:
        """Read a summary document.

        Raises
        ------
        StudyError
            When it is not one, naming the source.
        """
        try:
            return cls(**json.loads(text))
        except json.JSONDecodeError as error:
            raise StudyError(f"{source}: is not JSON (line {error.lineno}: {error.msg})") from None
        except StudyError as error:
            raise StudyError(f"{source}: {error.message}", problems=error.problems) from None


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
        return _change_point_summary(study, measure=measure, case=case, family=family, priors=priors, seed=seed)
    codes = [c.code for c in study.cases] if case is None else [study.case(case).code]
    jobs = _jobs(study, codes, measure=measure, model=model, progress=progress)
    import pandas as pd  # a report's kernel reads summaries without it, and starts in half the time

    from scd.analysis.checks import between_cases, predictive_checks, prior_look
    from scd.analysis.diagnostics import diagnose  # these load ArviZ and PyMC: only when there is something to fit
    from scd.analysis.effects import effect_table
    from scd.analysis.projection import phase_levels, project_baseline
    from scd.analysis.robustness import appendix_line, robustness
    from scd.models import fit

    tables, projections, levels, gates = [], [], [], []
    trees = []
    beside: list[Robustness] = []
    checks: tuple[Check, ...] = ()
    for done, (fitted, code) in enumerate(jobs):
        tree = fit(
            study,
            measure=measure,
            case=code,
            model=fitted,
            family=family,
            priors=priors,
            engine=engine,
            seed=seed,
            progress=None if progress is None else _share(progress, done, len(jobs)),
        )
        trees.append(tree)
        gates.append(diagnose(tree))
        table = effect_table(tree, study=study)
        if fitted != model:  # the unpooled fits beside a multilevel one
            table = table[table["effect"] == "level_change"].assign(effect="level_change_unpooled")
        else:
            projections.append(project_baseline(tree, study=study, seed=seed))
            levels.append(phase_levels(tree))
            checks += predictive_checks(tree, study=study) if appendix else ()
        if appendix and code is not None and (tree.attrs["engine"] == "exact" or tree.attrs["family"] == "rating"):
            beside.append(
                robustness(study, case=code, measure=measure, model=fitted, family=family, priors=priors, seed=seed)
            )
        tables.append(table)
    worst = gates[0]
    for gate in gates[1:]:
        worst = worst.worst(gate)
    first = trees[0]
    measure_of = _measures(study, trees)
    effects = _rows(pd.concat([t for t in tables if len(t)], ignore_index=True), Effect)
    grade = grade_wwc(study, measure=measure)
    too_few = too_few_points(study, measure_of)
    short = grade_words(grade)
    rows = [e.model_dump() for e in effects]
    if worst.ok:
        text = clinician_words(rows, measure_of=measure_of, grade=short, too_few=too_few)
        client = client_words(rows, measure_of=measure_of, grade=grade.grade, too_few=too_few)
        if stands := appendix_line(beside, checks):
            text = (*text, stands)
    else:
        text = (
            f"The result is withheld: {worst.reason}. Estimate again with another seed; if it stays, check the values "
            "for typing errors and the measure's range.",
        )
        client = ("The numbers could not be worked out reliably this time, so this page shows none.",)
    return Summary(
        study=study.code,
        fingerprint=study.fingerprint(),
        measure="+".join(dict.fromkeys(m.key for m in measure_of.values())),
        model=model,
        engine=first.attrs["engine"],
        family=first.attrs["family"],
        priors=json.loads(first.attrs["priors"]),
        diagnostics={k: _finite(v) for k, v in worst.model_dump().items()} | {"ok": worst.ok},
        effects=effects if worst.ok else (),
        projection=_rows(pd.concat(projections, ignore_index=True), Projection) if worst.ok else (),
        levels=_rows(pd.concat(levels, ignore_index=True), Level) if worst.ok else (),
        grade=grade.words,
        text=text,
        client_text=client,
        warnings=(*_notes(trees, measure_of), *cautions(study, measure_of, family=first.attrs["family"])),
        withheld="" if worst.ok else worst.reason,
        versions=json.loads(first.attrs["versions"]),
        seed=seed,
        robustness=tuple(beside) if worst.ok else (),
        checks=checks if worst.ok else (),
        prior_outside=prior_look(first, study=study) if appendix else None,
        between_cases=between_cases(first) if appendix and worst.ok else None,
    )


def _change_point_summary(
    study: Study,
    *,
    measure: str | None,
    case: str | None,
    family: str | None,
    priors: Priors | None,
    seed: int,
) -> Summary:
    """The change points of each case that has any; no effects."""
    from scd.analysis.immediacy import immediacy, immediacy_words
    from scd.models.series import series_of

    codes = [c.code for c in study.cases] if case is None else [study.case(case).code]
    rows: tuple[ChangePointRow, ...] = ()
    told: dict[str, str] = {}
    refusals, taken, keys = [], "gaussian", []
    for code in codes:
        try:
            found, told, taken = immediacy(study, case=code, measure=measure, family=family, priors=priors)
        except StudyError as error:
            refusals.append(error)
            continue
        rows += found
        keys.append(series_of(study, measure=measure, case=code).measures[0].key)
    if not rows:
        raise refusals[0]
    return Summary(
        study=study.code,
        fingerprint=study.fingerprint(),
        measure="+".join(dict.fromkeys(keys)),
        model="change-point",
        engine="exact",
        family=taken,
        priors=told,
        diagnostics={"rhat_max": None, "ess_bulk_min": None, "ess_tail_min": None, "divergences": 0, "ok": True},
        effects=(),
        projection=(),
        levels=(),
        grade=grade_wwc(study).words,
        text=immediacy_words(rows),
        client_text=(),
        warnings=tuple(error.message for error in refusals),
        versions={"scd": __version__},
        seed=seed,
        change_points=rows,
    )


def _jobs(
    study: Study, codes: list[str], *, measure: str | None, model: str, progress: Any
) -> list[tuple[str, str | None]]:  # fmt: skip
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


def _notes(trees: list[Any], measure_of: dict[str, Measure]) -> tuple[str, ...]:
    """What to know about how the values were taken, once each."""
    found = [note for tree in trees for note in json.loads(tree.attrs["notes"])]
    if trees[0].attrs["family_chosen"] == "by hand":
        measure, taken = next(iter(measure_of.values())), FAMILY_WORDS[trees[0].attrs["family"]]
        found.append(f"{measure.label} is a {measure.scale}; by choice it is analysed as {taken}.")
    return tuple(dict.fromkeys(found))


def _share(progress: Callable[[float], None], done: int, jobs: int) -> Callable[[float], None]:
    return lambda share: progress((done + share) / jobs)


def _measures(study: Study, trees: list[Any]) -> dict[str, Measure]:
    found: dict[str, Measure] = {}
    for tree in trees:
        keys = json.loads(tree.attrs["measures"])
        found |= {c: study.measure(k) for c, k in zip(json.loads(tree.attrs["cases"]), keys, strict=True)}
    return {c.code: found[c.code] for c in study.cases if c.code in found}


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _rows[R: Record](table: pd.DataFrame, kind: type[R]) -> tuple[R, ...]:
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    return tuple(kind(**{str(k): v for k, v in row.items()}) for row in records)


def _frame(rows: tuple[Any, ...], kind: type[Record]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([r.model_dump() for r in rows], columns=list(kind.model_fields))
