"""Which process goes before the outcome, for this client: the table, a row a process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from scd.analysis.processes.client import client_words
from scd.analysis.processes.evidence import MOST_PROCESSES
from scd.analysis.processes.rows import COLUMNS, NUMBERS, process_rows
from scd.analysis.processes.words import caution_words, lead_words
from scd.language import gettext as _
from scd.models.lagged import declared_processes, lagged_pairs
from scd.models.process import LINK_SD, RHO
from scd.study import StudyError

if TYPE_CHECKING:
    from scd.study import Measure, Study

__all__ = ["COLUMNS", "Processes", "process_table"]


@dataclass(frozen=True, eq=False)
class Processes:
    """The processes of one outcome.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a case and process; columns as in `COLUMNS`. Links are in within-phase SDs of the outcome per
        within-phase SD of the process, with the sign of the values as recorded; ``phase_change`` is in the process's
        own units; ``a_b`` is in within-phase SDs of the outcome. What can't be told is missing, and `warnings` say why.
    outcome : Measure
    processes : tuple of Measure
        Those of any case, in the order asked for.
    n_dropped : int
        Observed outcomes, after each case's first, without a recorded session just before.
    model : str
        ``P1``, or ``P1, horseshoe`` where more than three processes are searched.
    priors : dict of str to str
        In words.
    text, client_text : tuple of str
        What it says, for the clinician and for the client.
    warnings : tuple of str
        What was left out, and what to be careful about.
    """

    table: pd.DataFrame
    outcome: Measure
    processes: tuple[Measure, ...]
    n_dropped: int
    model: str
    priors: dict[str, str]
    text: tuple[str, ...]
    client_text: tuple[str, ...]
    warnings: tuple[str, ...]


def process_table(
    study: Study,
    *,
    outcome: str | None = None,
    processes: Sequence[str] | None = None,
    case: str | None = None,
    many: bool = False,
    seed: int = 1,
) -> Processes:
    """Estimate the link of each process to the outcome at the next session, within phases.

    Model P1 (see `scd.models.process`): the outcome on its last value, the condition, a trend and all processes one
    session before. Beside each link stand the process's own change with the intervention (model ``level``), how
    probable it is that it changed no later than the outcome (change-point model), and the product a * b of that
    change and the link, with draws of the two taken as independent.

    Parameters
    ----------
    study : Study
    outcome : str, optional
        Key of the outcome; by default the study's first.
    processes : sequence of str, optional
        Keys of measures that were declared as processes or practice; by default all that were declared as processes.
    case : str, optional
        Only this case; by default each case for itself.
    many : bool
        Allow more than three processes: a search, by the regularised horseshoe.
    seed : int
        Of the draws for ranks and products.

    Returns
    -------
    Processes

    Raises
    ------
    StudyError
        As `scd.models.lagged.lagged_pairs`; when no process was declared; when there are more than three and `many`
        is not set. With several cases, those that can't be analysed are named in the warnings; the error comes when
        none can.

    Examples
    --------
    >>> from scd.design.linked import linked_study
    >>> found = process_table(linked_study(links={"sleep": 0.6, "worry": 0.0}))
    >>> found.table[["process", "n", "evidence"]].values.tolist()
    [['sleep', 59, 'matters most'], ['worry', 59, 'no clear link']]

    References
    ----------
    Hayes, S. C., Ciarrochi, J., Hofmann, S. G., Chin, F., & Sahdra, B. (2022). Evolving an idionomic approach to
    processes of change. Behaviour Research and Therapy, 156, 104155. https://doi.org/10.1016/j.brat.2022.104155
    """
    target = _outcome(study, outcome)
    codes = [c.code for c in study.cases] if case is None else [study.case(case).code]
    refusals, found, warnings = [], [], []
    for code in codes:
        try:
            pairs = lagged_pairs(study, case=code, outcome=target, processes=_chosen(study, code, processes, many))
        except StudyError as error:
            if len(codes) == 1 or error.field == "many":
                raise
            refusals.append(error)
            continue
        rows, notes = process_rows(study, pairs, seed=seed)
        found.append((pairs, rows))
        warnings += notes
    if not found:
        raise refusals[0]
    measures = tuple(dict.fromkeys(m for pairs, _ in found for m in pairs.processes))
    told = [row for _, rows in found for row in rows]
    searched = any(len(pairs.processes) > MOST_PROCESSES for pairs, _ in found)
    several = len(found) > 1
    leads = [lead_words(rows, pairs.outcome, pairs.processes, several=several) for pairs, rows in found]
    return Processes(
        table=pd.DataFrame(told, columns=list(COLUMNS)).astype(dict.fromkeys(NUMBERS, "float64")),
        outcome=study.measure(target),
        processes=measures,
        n_dropped=sum(pairs.n_dropped for pairs, _ in found),
        model="P1, horseshoe" if searched else "P1",
        priors=_prior_words(searched=searched),
        text=(
            *(f"{row['case']}: {row['text']}" if several else row["text"] for row in told),
            *leads,
            *caution_words(searched=searched),
        ),
        client_text=tuple(line for pairs, rows in found for line in client_words(rows, pairs.outcome, pairs.processes)),
        warnings=(*(error.message for error in refusals), *warnings),
    )


def _outcome(study: Study, key: str | None) -> str:
    if key is not None:
        return study.measure(key).key
    if not study.outcomes:
        raise StudyError(f"study '{study.code}': has no outcome among its measures; name one", field="measure")
    return study.outcomes[0].key


def _chosen(study: Study, case: str, processes: Sequence[str] | None, many: bool) -> Sequence[str]:
    """The keys of one case's processes, no more than may be compared."""
    if processes is None:
        processes = [m.key for m in declared_processes(study, case=case)]
        if not processes:
            raise StudyError(
                f"case '{case}': no measure was declared as a process; give those thought to carry the change the "
                "role 'process' when the study is planned",
                field="process",
            )
    if len(processes) > MOST_PROCESSES and not many:
        raise StudyError(
            f"case '{case}': {len(processes)} processes for one outcome are a search, in which something looks like "
            f"a link by chance; name at most {MOST_PROCESSES} (--process), or ask for the search (many=True, --many)",
            field="many",
        )
    return processes


def _prior_words(*, searched: bool) -> dict[str, str]:
    links = f"Normal(0, {LINK_SD:g})"
    if searched:
        links = _("regularised horseshoe, slab 0.5, 1 link expected")
    return {
        "link": _("{prior}, in within-phase SDs of the outcome per within-phase SD of the process").format(prior=links),
        "alpha": _("Normal(centre of the scale, 2.5 units)"),
        "delta": _("Normal(0, 2.5 units)"),
        "trend": _("Normal(0, 0.25 units) per session"),
        "rho": f"Normal({RHO[0]:g}, {RHO[1]:g})",
        "sigma": _("HalfNormal(1 unit), at least 0.02 units"),
        "unit": _("a fifth of the outcome's range; where that is open, of twice the observed one"),
    }
