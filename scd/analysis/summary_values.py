"""What a summary holds, as plain values: it is read, stored and shown without any library that computed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from scd.analysis.appendix import BetweenCases, ChangePointRow, Check, Robustness
from scd.study import StudyError
from scd.study.record import Record

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["SUMMARY_VERSION", "Effect", "Level", "Projection", "Summary", "frame_of", "values_of"]

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

    @property
    def shows_effects(self) -> bool:
        """Whether there are effects to be shown, and they are not withheld."""
        return bool(self.effects) and not self.withheld

    def table(self) -> pd.DataFrame:
        """The effect table."""
        return frame_of(self.effects, kind=Effect)

    def projection_table(self) -> pd.DataFrame:
        """The baseline's projection, a row a session."""
        return frame_of(self.projection, kind=Projection)

    def levels_table(self) -> pd.DataFrame:
        """The estimated levels, a row a phase."""
        return frame_of(self.levels, kind=Level)

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


def values_of[R: Record](rows: Sequence[Sequence[object]], *, columns: Sequence[str], kind: type[R]) -> tuple[R, ...]:
    """Rows as values of one kind, whose fields are the columns; what is no number is None."""
    held = [{c: None if v != v else v for c, v in zip(columns, row, strict=True)} for row in rows]
    return tuple(kind(**row) for row in held)


def frame_of[R: Record](rows: Sequence[R], *, kind: type[R]) -> pd.DataFrame:
    """Values of one kind as a table, whose columns are the fields of the kind, of an empty one too."""
    import pandas as pd

    return pd.DataFrame([r.model_dump() for r in rows], columns=list(kind.model_fields))
