"""Was the change immediate? The change point that the data alone would name, beside the one that was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scd import __version__
from scd.analysis.appendix import ChangePointRow
from scd.analysis.summary_values import Summary
from scd.design.standards import grade_wwc
from scd.language import gettext as _
from scd.language import localized, ngettext
from scd.models.change_point import FEWEST_BESIDE, change_points
from scd.models.prepare import prepare, scales
from scd.models.series import series_of
from scd.study import Study, StudyError

if TYPE_CHECKING:
    from scd.models.change_point import ChangePoint
    from scd.models.priors import Priors

__all__ = ["change_point_summary", "immediacy", "immediacy_words"]

_INTEGRATED = ("gaussian", "log", "logit")


def immediacy(
    study: Study,
    *,
    case: str,
    measure: str | None = None,
    family: str | None = None,
    priors: Priors | None = None,
) -> tuple[tuple[ChangePointRow, ...], dict[str, str], str]:
    """The posterior of the change point between each two adjacent phases of one case.

    Parameters
    ----------
    study : Study
    case : str
        Code of the case.
    measure, family, priors
        As in `scd.models.fit`. Families that can't be integrated are taken as scores.

    Returns
    -------
    rows : tuple of ChangePointRow
        Every candidate of every two adjacent phases with 6 values or more.
    priors : dict of str to str
        In words.
    family : str
        How the values were taken.

    Raises
    ------
    StudyError
        As `scd.models.fit`, or when no two adjacent phases hold enough values.
    """
    outcome, own = prepare(study, measure=measure, case=case, model="level", family=family, priors=priors)
    if outcome.family not in _INTEGRATED:
        outcome, own = prepare(study, measure=measure, case=case, model="level", family="gaussian", priors=priors)
    center, unit, sign = scales(outcome, own)
    series = outcome.scaled(center=center, unit=unit, sign=sign).series
    found = change_points(series, own.rescaled(center=own.center, unit=own.unit))
    if not found:
        raise StudyError(
            f"case '{case}': no two adjacent phases hold {2 * FEWEST_BESIDE} values, so no change point can be told; "
            "record more sessions",
            field="sessions",
        )
    return tuple(row for point in found for row in _rows(case, point)), own.describe("level"), outcome.family


def immediacy_words(rows: tuple[ChangePointRow, ...]) -> tuple[str, ...]:
    """One sentence for each contrast: at once, later, or unclear.

    Returns
    -------
    tuple of str
    """
    told = []
    several = len({row.case for row in rows}) > 1
    for case, contrast in dict.fromkeys((row.case, row.contrast) for row in rows):
        mine = [row for row in rows if (row.case, row.contrast) == (case, contrast)]
        best = max(mine, key=lambda row: row.probability)
        where = f"{case}, {contrast}" if several else contrast
        boundary = mine[0].last_before
        late = best.session - boundary
        if best.probability < 0.5:
            verdict = _("the data do not tell when the level changed")
        elif late == 0:
            verdict = _("the level changed with the phase")
        elif late > 0:
            verdict = ngettext(
                "the level changed {n} session after the phase had begun",
                "the level changed {n} sessions after the phase had begun",
                late,
            ).format(n=late)
        else:
            verdict = ngettext(
                "the level changed {n} session before the phase began",
                "the level changed {n} sessions before the phase began",
                -late,
            ).format(n=-late)
        told.append(
            _(
                "{where}: {verdict} (most probable last session before the change: {session}, "
                "probability {probability} %; the phase ended with session {boundary})."
            ).format(
                where=where,
                verdict=verdict,
                session=best.session,
                probability=localized(f"{100 * best.probability:.0f}"),
                boundary=boundary,
            )
        )
    told.append(_("This is about how soon the level changed, not about how much the intervention helped."))
    return tuple(told)


def change_point_summary(
    study: Study,
    *,
    measure: str | None = None,
    case: str | None = None,
    family: str | None = None,
    priors: Priors | None = None,
    seed: int = 1,
) -> Summary:
    """The change points of each case that has any, as a page shows them; no effects.

    Parameters
    ----------
    study : Study
    measure, case, family, priors
        As in `scd.analysis.summary.summarize`.
    seed : int
        Told only: nothing is drawn.

    Returns
    -------
    Summary
        Its warnings name the cases without any.

    Raises
    ------
    StudyError
        When no case has any.
    """
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


def _rows(case: str, point: ChangePoint) -> list[ChangePointRow]:
    return [
        ChangePointRow(
            case=case, contrast=point.contrast, session=session, probability=share, last_before=point.last_before
        )
        for session, share in zip(point.sessions, point.probability, strict=True)
    ]
