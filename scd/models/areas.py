"""Several outcomes of one client in one model: what is measured, on one scale each, with what each session lacks.

Each area is the level model with its own level, change, spread and gaps. What ties areas together: what is new at a
session is correlated between them, they share the autocorrelation, their spreads are alike as far as the values let
them, and the level changes come from one distribution, ``change_o ~ Normal(mean, spread)``. So the areas lend each
other strength, and eight areas are not eight chances of a false alarm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from scd.language import gettext as _
from scd.models.prepare import rounding_floor
from scd.models.priors import Priors, priors_for
from scd.models.series import Series, series_of
from scd.study import Measure, Study, StudyError

__all__ = ["MOST_AREAS", "AreaPriors", "Areas", "areas_of"]

MOST_AREAS = 10
"""With more areas than this one session's values can't tell how they hang together."""


@dataclass(frozen=True)
class AreaPriors:
    """The priors of the joint model, on scales of unit size that are turned so that up is better.

    A change alone has the SD of the single-case model's prior: ``mean_sd ** 2 + spread_sd ** 2 = 2.5 ** 2``.

    Parameters
    ----------
    alpha_sd : float
        SD of the normal prior of each baseline level around mid-range.
    mean_sd : float
        SD of the normal prior, around 0, of the average change.
    spread_sd : float
        Scale of the half-normal prior of the SD of changes between areas.
    sigma_sd : float
        Scale of the half-normal prior of the usual within-phase SD.
    sigma_between_sd : float
        Scale of the half-normal prior of the SD between areas of its logarithm.
    phi_mean, phi_sd : float
        Normal prior of the autocorrelation, truncated to (-0.99, 0.99).
    concentration : float
        Of the LKJ prior of the correlations R0 that areas have beyond a common one, r: what is new at a session is
        correlated as ``r + (1 - r) R0``. Density in proportion to ``det(R0) ** (concentration - 1)``. The common one,
        for good and bad days on which all areas go up or down together, is Beta(1, 2): without it the prior would hold
        eight areas' correlations near 0, and take their average for surer than it is.

    References
    ----------
    Lewandowski, D., Kurowicka, D., & Joe, H. (2009). Generating random correlation matrices based on vines and extended
    onion method. Journal of Multivariate Analysis, 100(9), 1989-2001. https://doi.org/10.1016/j.jmva.2009.04.008

    Examples
    --------
    >>> AreaPriors().describe()["spread"]
    'HalfNormal(1)'
    """

    alpha_sd: float = 2.5
    mean_sd: float = (2.5**2 - 1) ** 0.5
    spread_sd: float = 1.0
    sigma_sd: float = 1.0
    sigma_between_sd: float = 0.3
    phi_mean: float = 0.3
    phi_sd: float = 0.3
    concentration: float = 2.0

    def describe(self) -> dict[str, str]:
        """The priors in the words of a report, one entry a parameter, in units of a fifth of each measure's range."""
        return {
            "alpha": _("{prior} around mid-range").format(prior=f"Normal(0, {self.alpha_sd:g})"),
            "delta": "Normal(mean, spread)",
            "mean": f"Normal(0, {self.mean_sd:.3g})",
            "spread": f"HalfNormal({self.spread_sd:g})",
            "sigma": f"HalfNormal({self.sigma_sd:g})",
            "sigma_spread": _("{prior}, of log sigma between areas").format(
                prior=f"HalfNormal({self.sigma_between_sd:g})"
            ),
            "phi": f"Normal({self.phi_mean:g}, {self.phi_sd:g}) on (-0.99, 0.99)",
            "correlation": f"r + (1 - r) R0 with r from Beta(1, 2) and R0 from LKJ({self.concentration:g})",
        }

    def of_area(self, *, floor: float) -> Priors:
        """The single-case priors of one area, without what ties it to others."""
        priors = Priors.on_scale(center=0, unit=1)
        return priors.replace(
            alpha_sd=self.alpha_sd,
            delta_sd=(self.mean_sd**2 + self.spread_sd**2) ** 0.5,
            sigma_sd=self.sigma_sd,
            phi_mean=self.phi_mean,
            phi_sd=self.phi_sd,
            sigma_floor=floor,
        )


@dataclass(frozen=True, eq=False)
class Areas:
    """The values of several areas of one client, session by session.

    Attributes
    ----------
    case : str
    measures : tuple of Measure
    session : ndarray of int, shape (sessions,)
        Sessions at which any area has a value.
    value : ndarray, shape (sessions, areas)
        ``sign * (recorded - center) / unit``; NaN where an area was missed.
    intervention : ndarray, shape (sessions,)
        1 under intervention, else 0.
    center, unit, sign, floor : ndarray, shape (areas,)
        Of each measure: mid-range and a fifth of the range in its own units, 1 or -1 by its direction, and the least SD
        of what is new at a session, in units.
    left_out : dict of str to str
        Measures that can't be in the picture, by key, and why.
    """

    case: str
    measures: tuple[Measure, ...]
    session: np.ndarray
    value: np.ndarray
    intervention: np.ndarray
    center: np.ndarray
    unit: np.ndarray
    sign: np.ndarray
    floor: np.ndarray
    left_out: dict[str, str]

    @property
    def seen(self) -> np.ndarray:
        """Whether an area has a value at a session, shape (sessions, areas)."""
        return ~np.isnan(self.value)

    @property
    def previous(self) -> np.ndarray:
        """Row of each area's value before, shape (sessions, areas); -1 at its first one and where it has none."""
        rows = np.where(self.seen, np.arange(len(self.session))[:, None], -1)
        latest = np.maximum.accumulate(rows, axis=0)
        before = np.vstack([np.full(rows.shape[1], -1), latest[:-1]])
        return np.where(self.seen, before, -1)

    @property
    def gap(self) -> np.ndarray:
        """Sessions since each area's value before, shape (sessions, areas); 1 where there is none."""
        previous = self.previous
        return np.where(previous >= 0, self.session[:, None] - self.session[previous], 1)

    def one(self, area: int) -> Areas:
        """One area by itself."""
        held = self.seen[:, area]
        pick = slice(area, area + 1)
        return Areas(
            case=self.case,
            measures=self.measures[pick],
            session=self.session[held],
            value=self.value[held, pick],
            intervention=self.intervention[held],
            center=self.center[pick],
            unit=self.unit[pick],
            sign=self.sign[pick],
            floor=self.floor[pick],
            left_out={},
        )

    @property
    def series(self) -> Series:
        """The values of the first area as a series of its own, on its scale of unit size."""
        held = self.seen[:, 0]
        count = int(held.sum())
        under = self.intervention[held]
        return Series(
            cases=(self.case,),
            measures=self.measures[:1],
            phases=(("A1", "B1"),),
            value=self.value[held, 0],
            session=self.session[held],
            case_index=np.zeros(count, dtype="int64"),
            phase_index=under.astype("int64"),
            intervention=under,
            phase_start=self.session[held],
        )


def areas_of(study: Study, *, case: str | None = None, measures: tuple[str, ...] | None = None) -> Areas:
    """Gather the outcomes of one client.

    Parameters
    ----------
    study : Study
        The record.
    case : str, optional
        Code of the case; needed when the study has several.
    measures : tuple of str, optional
        Keys; by default all outcomes of the case.

    Returns
    -------
    Areas
        Outcomes that have no value in baseline or under intervention, or an open range, are left out and named.

    Raises
    ------
    StudyError
        When it is not clear which case is meant, a measure is unknown, there are more areas than `MOST_AREAS`, or none
        can be judged; the message gives each one's reason.
    """
    if case is None and len(study.cases) > 1:
        codes = ", ".join(f"'{c.code}'" for c in study.cases)
        raise StudyError(
            f"study '{study.code}': areas of life are those of one client and the study has several cases ({codes}); "
            "name one",
            field="case",
        )
    chosen = study.cases[0] if case is None else study.case(case)
    held = study.measures_of(chosen)
    keys = tuple(m.key for m in held if m.role == "outcome") if measures is None else tuple(dict.fromkeys(measures))
    if not keys:
        raise StudyError(f"case '{chosen.code}': has no outcome among its measures; name measures", field="measures")
    if len(keys) > MOST_AREAS:
        raise StudyError(
            f"case '{chosen.code}': has {len(keys)} areas; name at most {MOST_AREAS} that matter most",
            field="measures",
        )
    pieces, left_out = [], {}
    for key in keys:
        try:
            series = series_of(study, measure=key, case=chosen.code)
            scale = priors_for(study.measure(key))
        except StudyError as error:
            if error.field == "measures":
                raise  # an unknown key is the caller's slip, not a gap in the record
            left_out[key] = error.message
        else:
            pieces.append((study.measure(key), series, scale))
    if not pieces:
        raise StudyError("\n".join(left_out.values()), field="sessions")
    session = np.unique(np.concatenate([series.session for _, series, _ in pieces]))
    value = np.full((len(session), len(pieces)), np.nan)
    for i, (measure, series, scale) in enumerate(pieces):
        turned = measure.sign * (series.value - scale.center) / scale.unit
        value[np.searchsorted(session, series.session), i] = turned
    return Areas(
        case=chosen.code,
        measures=tuple(measure for measure, *_ in pieces),
        session=session,
        value=value,
        intervention=np.array([float(chosen.phase_at(int(n)).condition == "B") for n in session]),
        center=np.array([scale.center for *_, scale in pieces]),
        unit=np.array([scale.unit for *_, scale in pieces]),
        sign=np.array([float(measure.sign) for measure, *_ in pieces]),
        floor=np.array([rounding_floor(s.value, unit=scale.unit) / scale.unit for _, s, scale in pieces]),
        left_out=left_out,
    )
