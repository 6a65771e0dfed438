"""The client's view on the weekly page: one graph an area and plain sentences, to be looked at together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scd.forms.between_sessions.look_sections import areas_picture, outcome_of, practice_picture, practices_of
from scd.forms.markup import headed, said
from scd.forms.pictures import record_picture
from scd.language import gettext as _
from scd.study import Case, Measure, Study, StudyError

if TYPE_CHECKING:
    from scd.analysis.areas.area_changes import AreaChanges
    from scd.analysis.processes.table import Processes
    from scd.analysis.steering import Steering

__all__ = ["together_section"]


def together_section(
    study: Study,
    case: Case,
    *,
    found: Steering | None,
    areas: AreaChanges | StudyError | None,
    processes: Processes | StudyError | None,
) -> str:
    """The client's view: one graph an area, plain sentences, no tables and no codes.

    Parameters
    ----------
    study : Study
        As stored.
    case : Case
        One of it.
    found : Steering, optional
        Where it stands.
    areas : AreaChanges, StudyError or None
        As `areas_of_life` gives them.
    processes : Processes, StudyError or None
        As `processes_of` gives them.

    Returns
    -------
    str
        HTML, set larger than the rest.
    """
    own = study.replace(cases=(case,), randomization=None, decisions=(), across=study.across)
    parts = []
    if areas is not None and not isinstance(areas, StudyError):
        from scd.analysis.areas.words import area_client_words

        parts.append(_block(_("All areas at a glance"), area_client_words(areas), areas_picture(areas)))
    parts += [_area_together(own, case, measure=m, found=found) for m in own.measures_of(case) if m.role == "outcome"]
    parts += [_practice_together(own, case, practice=m) for m in practices_of(own, case)]
    if processes is not None and not isinstance(processes, StudyError):
        parts.append(_block(_("What goes along with it"), processes.client_text))
    return f'<div style="font-size:17px;line-height:1.6;max-width:46em">{"".join(parts)}</div>'


def _area_together(study: Study, case: Case, *, measure: Measure, found: Steering | None) -> str:
    practices = practices_of(study, case)
    watched = measure.key == outcome_of(study, case).key
    # Practice stands below the outcome that it is for; then no second graph shows the same numbers.
    drawn = (
        practice_picture(study, case, practice=practices[0])
        if practices and watched
        else record_picture(study, measure=measure.key, labels={})
    )
    if found is not None and found.measure == measure.key:
        return _block(measure.label, found.client_text, drawn)
    better = _("Higher is better.") if measure.sign > 0 else _("Lower is better.")
    return _block(measure.label, (better,), drawn)


def _practice_together(study: Study, case: Case, *, practice: Measure) -> str:
    from scd.analysis.practice.dose_effects import dose_effects
    from scd.analysis.practice.follow_through import follow_through_table
    from scd.analysis.practice.words import dose_client_words, follow_through_client_words

    table_ = follow_through_table(study, case=case.code, practice=practice.key)
    told: Sequence[str] = follow_through_client_words(table_, practice=practice, case=case.code)
    try:
        dose = dose_effects(study, measure=outcome_of(study, case).key, practice=practice.key, case=case.code)
        told = (*told, *dose_client_words(dose))
    except StudyError:
        told = (*told, _("There are too few numbers yet to see what practice adds."))
    first = practice == practices_of(study, case)[0]
    return _block(practice.label, told, "" if first else practice_picture(study, case, practice=practice))


def _block(title: str, sentences: Sequence[str], drawn: str = "") -> str:
    return headed(title) + drawn + "".join(said(text) for text in sentences)
