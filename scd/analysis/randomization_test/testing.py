"""Randomisation tests: the observed effect among those of every schedule that the draw could have given.

The study's stored draw decides the reference set. A schedule that nobody drew has none: the test is refused, unless a
hypothetical set is asked for, and then the result says so.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from scd.analysis.randomization_test.assigned import Assigned, assigned_as_drawn, assigned_as_recorded
from scd.analysis.randomization_test.reference_distribution import Question, answer
from scd.analysis.randomization_test.statistics import Contrast, StatisticName, check_statistic
from scd.analysis.randomization_test.wording import basis_words, row_words
from scd.design.reference import ReferenceSet, reference_set
from scd.design.schedules import whole_number
from scd.design.schemes import Scheme, scheme_of
from scd.language import gettext as _
from scd.language import thousands
from scd.study import Improvement, StudyError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from scd.study import Measure, Study

__all__ = ["RandomizationRow", "RandomizationTest", "randomization_test"]

Basis = Literal["record", "stated", "hypothetical"]
_COLUMNS = ["case", "p", "statistic", "assignments", "exact", "lower", "upper", "smallest_p"]
_FEWEST_DRAWS = 9_999


@dataclass(frozen=True)
class RandomizationRow:
    """The test of one case, or of all cases of a multiple baseline together.

    Parameters
    ----------
    case : str or None
        The case; None for all together.
    p : float or None
        Share of the assignments whose statistic is at least as large as the observed one, that one included; above 0.
        None where the case could not be tested, and a warning says why.
    statistic : float or None
        The observed statistic, B - A in the measure's units; for ``nap`` the NAP itself, above .5 for improvement.
    assignments : int or None
        How many assignments p is a share of: all, or those drawn at random and the observed one.
    exact : bool or None
        Whether these are all.
    lower, upper : float or None
        Confidence interval of the effect by test inversion; None where it has no end on that side.
    smallest_p : float or None
        The smallest p that these assignments could have given.
    """

    case: str | None
    p: float | None
    statistic: float | None
    assignments: int | None
    exact: bool | None
    lower: float | None
    upper: float | None
    smallest_p: float | None


@dataclass(frozen=True, eq=False)
class RandomizationTest:
    """A randomisation test.

    Parameters
    ----------
    rows : tuple of RandomizationRow
        One a case; one with case None where the cases' schedules were drawn together.
    measure : str
        The measure's label; of several, where cases have measures of their own.
    improvement : {"increase", "decrease"}
        The direction that is better.
    statistic : str
        The statistic's name; ``custom`` for a person's own.
    two_sided : bool
        Whether effects in both directions count.
    ci_prob : float
        Probability of the interval.
    scheme : str
        The scheme in words.
    basis : {"record", "stated", "hypothetical"}
        Where the reference set comes from.
    draws, seed : int
        How many assignments are drawn, and from which seed, where there are too many to go through.
    text : tuple of str
        The result in sentences; the first says what the reference set is.
    warnings : tuple of str
        What to be careful about.
    distributions : tuple of numpy.ndarray
        For each row, the statistic of every assignment, B - A; of ``nap``, less one half.
    """

    rows: tuple[RandomizationRow, ...]
    measure: str
    improvement: Improvement
    statistic: str
    two_sided: bool
    ci_prob: float
    scheme: str
    basis: Basis
    draws: int
    seed: int
    text: tuple[str, ...]
    warnings: tuple[str, ...]
    distributions: tuple[np.ndarray, ...]

    def table(self) -> pd.DataFrame:
        """The rows as a table.

        Returns
        -------
        pandas.DataFrame
            Columns ``case, p, statistic, assignments, exact, lower, upper, smallest_p``.
        """
        import pandas as pd

        return pd.DataFrame([asdict(row) for row in self.rows], columns=_COLUMNS)

    def document(self) -> dict[str, Any]:
        """The test as one object for JSON, without the distributions.

        Returns
        -------
        dict
            ``rows`` and all that says how they were made; what is not there is None.
        """
        told = {
            name: getattr(self, name)
            for name in (
                "measure",
                "improvement",
                "statistic",
                "two_sided",
                "ci_prob",
                "scheme",
                "basis",
                "draws",
                "seed",
            )
        }
        lists = {"text": list(self.text), "warnings": list(self.warnings)}
        return {"rows": [asdict(row) for row in self.rows]} | told | lists


def randomization_test(
    study: Study,
    *,
    measure: str | None = None,
    statistic: StatisticName | Contrast = "phase-means",
    two_sided: bool = False,
    stated: Scheme | None = None,
    hypothetical: Scheme | None = None,
    immediate: int = 3,
    ci_prob: float = 0.95,
    draws: int = _FEWEST_DRAWS,
    seed: int = 1,
) -> RandomizationTest:
    """Test whether the schedule made a difference, by the schedules that might have been drawn instead.

    p is the share of admissible assignments whose statistic is at least as large as the observed one, which counts
    itself, so p is never 0: exactly where there are at most `ENUMERATION_LIMIT` assignments, else (1 + those drawn
    that reach it) / (1 + draws). Statistics that differ by rounding alone count as equal. One-sided tests look for
    improvement, two-sided ones at the size of the statistic. An assignment under which the statistic can't be computed
    counts as reaching it, so that p is rather too large. Missed sessions keep their place and the assignments move
    over them.

    The interval holds every effect that the same test does not reject at 1 - `ci_prob`, where an effect d means that
    every treated session would have been lower by d without treatment (for ``slope``: by d a session since the phase
    began). A one-sided test gives a one-sided interval.

    Parameters
    ----------
    study : Study
        The study, with its values.
    measure : str, optional
        The key of the measure; by default each case's first outcome.
    statistic : str or callable
        ``phase-means``, ``pooled-means``, ``medians``, ``immediacy``, ``slope`` or ``nap``, see
        `scd.analysis.randomization_test.statistics`; or a function of a case's values (NaN where missed) and of
        whether each session is treated, which gives one number, B - A. Over the cases of a multiple baseline the mean
        is taken; of ``medians`` the median.
    two_sided : bool
        Whether effects in both directions count.
    stated : Scheme, optional
        Where there is no stored draw: how the schedule was drawn, on the word of the one who asks.
    hypothetical : Scheme, optional
        A set to compare with although the schedule was not drawn from it, or departed from its draw.
    immediate : int
        For ``immediacy``: values on either side of a change, from 1.
    ci_prob : float
        Probability of the interval, between 0.5 and 1.
    draws : int
        Assignments drawn where there are too many to go through, at least 9,999.
    seed : int
        Seed of these draws.

    Returns
    -------
    RandomizationTest

    Raises
    ------
    StudyError
        When nothing was drawn, the schedule departed from the draw or lies outside its own admissible set, or the
        statistic can't be computed.

    Notes
    -----
    The exhaustive p values of R's SCRT are met. Those of R's scan (``rand_test``) are met but for these rules: scan
    goes on where the observed start lies outside its own set, so that p may be 0; it squares standardised differences,
    so that their sign is lost; averages absolute differences over cases; takes the row for the time of a slope; drops
    missed sessions before it assigns anew; and leaves the observed assignment out of its sample, so that p may be 0.

    References
    ----------
    Edgington and Onghena (2007), Randomization Tests, 4th edition. Bulté and Onghena (2008),
    doi:10.3758/BRM.40.2.467. Phipson and Smyth (2010), doi:10.2202/1544-6115.1585.

    Examples
    --------
    >>> from scd.design import Scheme
    >>> from scd.records.opening import open_series
    >>> rows = "".join(f"{i},{'A' if i < 6 else 'B'},{v}\\n" for i, v in enumerate([2, 3, 2, 3, 2, 5, 6, 5, 6, 6], 1))
    >>> study = open_series(f"session,phase,score\\n{rows}".encode(), name="k.csv", improvement="increase").study
    >>> found = randomization_test(study, hypothetical=Scheme("phase-starts", min_phase=3))
    >>> found.rows[0].p, found.basis
    (0.2, 'hypothetical')
    """
    draws = whole_number(draws, field="draws", what="the number of draws", least=_FEWEST_DRAWS, most=10_000_000)
    seed = whole_number(seed, field="seed", what="the seed", least=0)
    immediate = whole_number(immediate, field="immediate", what="the values on either side of a change", least=1)
    if not 0.5 <= ci_prob < 1:
        raise StudyError(f"interval: its probability must lie between 0.5 and 1 (got {ci_prob:g})", field="ci_prob")
    measures = _measures(study, measure)
    improvement = next(iter(measures.values())).improvement
    scheme, basis, cases, notes = _basis(study, measures, stated, hypothetical)
    check_statistic(statistic, alternates=scheme.alternates, min_phase=scheme.min_phase)
    direction = 0 if two_sided else (1 if improvement == "increase" else -1)
    question = Question(statistic, direction=direction, immediate=immediate, ci_prob=ci_prob)
    rows, distributions, said = _rows(scheme, cases, question, improvement, draws, seed)
    words = [row_words(row, ci_prob=ci_prob, statistic=statistic) for row in rows if row.p is not None]
    return RandomizationTest(
        rows=tuple(rows),
        measure=", ".join(dict.fromkeys(one.label for one in measures.values())),
        improvement=improvement,
        statistic="custom" if callable(statistic) else statistic,
        two_sided=two_sided,
        ci_prob=ci_prob,
        scheme=scheme.words,
        basis=basis,
        draws=draws,
        seed=seed,
        text=(basis_words(study, scheme=scheme, basis=basis), *words),
        warnings=tuple(dict.fromkeys([*notes, *said])),
        distributions=tuple(distributions),
    )


def _measures(study: Study, key: str | None) -> dict[str, Measure]:
    """The measure of each case: the one that was named, else its first outcome."""
    if key is not None:
        return dict.fromkeys((case.code for case in study.cases), study.measure(key))
    measures = {}
    for case in study.cases:
        own = study.measures_of(case)
        measures[case.code] = next((one for one in own if one.role == "outcome"), own[0])
    if len({one.improvement for one in measures.values()}) > 1:
        raise StudyError(
            f"study '{study.code}': is better higher on some cases' measures and lower on others'; name one measure",
            field="measure",
        )
    return measures


def _basis(
    study: Study, measures: dict[str, Measure], stated: Scheme | None, hypothetical: Scheme | None
) -> tuple[Scheme, Basis, tuple[Assigned, ...], list[str]]:
    """The scheme, where it comes from, and the cases with their values."""
    if stated is not None and hypothetical is not None:
        raise StudyError("scheme: is stated and hypothetical at once; keep one of the two", field="hypothetical")
    if stated is not None and study.randomization is not None:
        raise StudyError(
            f"study '{study.code}': has a stored draw, which decides the reference set; state no other scheme, or ask "
            "for a hypothetical one",
            field="stated",
        )
    other = stated or hypothetical
    if other is not None:
        cases, notes = assigned_as_recorded(study, measures=measures, scheme=other)
        return other, "hypothetical" if stated is None else "stated", cases, list(notes)
    cases, notes = assigned_as_drawn(study, measures=measures)
    assert study.randomization is not None
    return scheme_of(study.randomization), "record", cases, list(notes)


def _rows(
    scheme: Scheme, cases: tuple[Assigned, ...], question: Question, improvement: Improvement, draws: int, seed: int
) -> tuple[list[RandomizationRow], list[np.ndarray], list[str]]:
    """A row for each case, or one for all; a case that can't be tested says why, unless none can."""
    import numpy as np

    rows, distributions, notes, refusals = [], [], [], []
    for group in [cases] if scheme.joint else [(one,) for one in cases]:
        name = None if scheme.joint else group[0].course.case
        try:
            reference = reference_set(scheme, tuple(one.course for one in group), draws=draws, seed=seed)
            found = answer(group, reference, question)
        except StudyError as error:
            refusals.append(error)
            notes.append(_("Not tested: {message}").format(message=error.message))
            rows.append(RandomizationRow(name, None, None, None, None, None, None, None))
            distributions.append(np.empty(0))
            continue
        notes += found.notes
        if not reference.exact:
            notes.append(
                _(
                    "{who}: Monte Carlo, since {size} assignments are too many to go through; {draws} were drawn at "
                    "random (seed {seed}), and the observed one counted with them."
                ).format(
                    who=_("All cases together") if name is None else _("Case '{case}'").format(case=name),
                    size=thousands(reference.size),
                    draws=thousands(draws),
                    seed=seed,
                )
            )
        shown = found.statistic
        if question.statistic == "nap":
            shown = 0.5 + (shown if improvement == "increase" else -shown)
        number = len(found.distribution)
        rows.append(
            RandomizationRow(
                case=name,
                p=found.reached / number,
                statistic=shown,
                assignments=number,
                exact=reference.exact,
                lower=found.lower,
                upper=found.upper,
                smallest_p=_smallest(reference, question) / number,
            )
        )
        distributions.append(found.distribution)
    if len(refusals) == len(rows):
        if len(refusals) == 1:
            raise refusals[0]
        message = "\n".join(error.message for error in refusals)
        raise StudyError(message, field=refusals[0].field, problems=tuple(refusals))
    return rows, distributions, notes


def _smallest(reference: ReferenceSet, question: Question) -> int:
    """The fewest assignments that can reach an observed statistic."""
    pair = reference.mirrored and reference.exact and question.direction == 0 and not callable(question.statistic)
    return reference.repeats * (2 if pair else 1)
