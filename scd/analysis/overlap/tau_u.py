"""Parker's Tau-U: four members of one family, each to be named where its number is reported."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from scd.analysis.overlap.baseline_trend import rising
from scd.analysis.overlap.contrasts import Contrasts, Estimate
from scd.language import gettext as _
from scd.language import gettext_noop as N_
from scd.study import StudyError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Denominator", "TauU", "tau_u", "tau_u_members"]

TauU = Literal["A vs B", "A vs B - trend A", "A vs B + trend B", "A vs B + trend B - trend A"]
"""Parker's members of Tau-U; plain Tau-U is ``A vs B - trend A``."""

Denominator = Literal["parker", "all pairs", "tau-b"]
"""What the sum of signs is divided by."""

_NO_SPREAD = N_("no standard error or interval: the sampling distribution of Tau-U is not known")


def tau_u(contrasts: Contrasts, *, member: TauU = "A vs B - trend A") -> Estimate:
    """One of Parker's four members of Tau-U.

    S is the number of rising pairs less that of falling ones. S between the phases, less S within the baseline or with
    S within the intervention phase added, over the number of pairs that Parker and colleagues divide by: m n, with the
    pairs within the intervention phase where its trend is added, and with those within the baseline only where both
    trends are in it. So ``A vs B - trend A``, what is mostly called Tau-U, can pass 1.

    Parameters
    ----------
    contrasts : Contrasts
    member : str
        Which; to be named wherever the number is reported.

    Returns
    -------
    Estimate
        Without standard error.

    Raises
    ------
    StudyError
        When there is no such member.

    References
    ----------
    Parker, Vannest, Davis & Sauber (2011), https://doi.org/10.1016/j.beth.2010.08.006. Brossart, Laird & Armstrong
    (2018), https://doi.org/10.1080/23311908.2018.1518687.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> one = contrasts([3, 3, 4, 5], [4, 5, 6, 7, 7], improvement="increase")
    >>> tau_u(one).value == 11 / 20
    True
    """
    if member not in get_args(TauU):
        raise StudyError(f"member: must be one of {'; '.join(get_args(TauU))} (got {member!r})", field="member")
    before, after = contrasts.better
    m, n = contrasts.m, contrasts.n
    rises = np.sum(after[:, None, :] > before[:, :, None], axis=(1, 2))
    falls = np.sum(after[:, None, :] < before[:, :, None], axis=(1, 2))
    s, pairs = (rises - falls).astype(float), m * n
    if member.endswith("- trend A"):
        s = s - rising(before)
    if "+ trend B" in member:
        s, pairs = s + rising(after), pairs + n * (n - 1) // 2
    if member == "A vs B + trend B - trend A":
        pairs = pairs + m * (m - 1) // 2
    return contrasts.estimate(s / pairs, note=_(_NO_SPREAD))


def tau_u_members(contrast: Contrasts, *, over: Denominator = "parker") -> pd.DataFrame:
    """How each member of Tau-U comes about, and what it would be over other denominators.

    The same series prints .59, .88 or 1.00 as Tau-U, by what S is divided by; this table shows which is which.

    Parameters
    ----------
    contrast : Contrasts
        Of one series.
    over : {"parker", "all pairs", "tau-b"}
        Divide by the pairs that Parker and colleagues count (see `tau_u`); by all pairs that are compared; or by
        Kendall's tau-b of the stacked values with their coded time, corrected for ties on both sides.

    Returns
    -------
    pandas.DataFrame
        Columns ``member, rising, falling, tied, s, denominator, tau, sd_s, z, p``, for the four members and the trends
        within each phase. `rising` pairs go the way that is better. `sd_s` is S's standard deviation if the values came
        in random order, corrected for ties; `z` and the two-sided `p` follow from it by the normal distribution, and
        tell nothing about how large an effect is. There is no p where all are tied.

    Raises
    ------
    StudyError
        When there is more than one series, or no such denominator.

    References
    ----------
    Parker, Vannest, Davis & Sauber (2011), https://doi.org/10.1016/j.beth.2010.08.006. Kendall (1970), Rank Correlation
    Methods, 4th edition.

    Examples
    --------
    >>> from scd.analysis.overlap.contrasts import contrasts
    >>> table = tau_u_members(contrasts([2, 3, 5, 3], [4, 5, 5, 7, 6], improvement="increase")).set_index("member")
    >>> table.loc[["A vs B", "A vs B - trend A", "A vs B + trend B"], "tau"].round(4).tolist()
    [0.8, 0.65, 0.7667]
    """
    import pandas as pd

    if over not in get_args(Denominator):
        raise StudyError(f"over: must be one of {', '.join(get_args(Denominator))} (got {over!r})", field="over")
    if not contrast.single:
        raise StudyError(f"contrast: must be one series (got {len(contrast.m)})", field="contrast")
    before, after = (part[0] for part in contrast.better)
    m, n = len(before), len(after)
    falling, level, rise = np.arange(m, 0.0, -1), np.zeros(m), np.arange(1.0, n + 1)
    both, end = np.concatenate([before, after]), np.full(n, m + 1.0)
    # Each member is Kendall's S of the values with a time that is coded so that only its pairs count.
    coded = {
        "A vs B": (np.concatenate([level, np.ones(n)]), both, m * n),
        "trend A": (-falling, before, m * (m - 1) // 2),
        "trend B": (rise, after, n * (n - 1) // 2),
        "A vs B - trend A": (np.concatenate([falling, end]), both, m * n),
        "A vs B + trend B": (np.concatenate([level, rise]), both, m * n + n * (n - 1) // 2),
        "A vs B + trend B - trend A": (np.concatenate([falling, m + rise]), both, (m + n) * (m + n - 1) // 2),
    }
    rows = [(name, *_kendall(time, values, parker, over)) for name, (time, values, parker) in coded.items()]
    return pd.DataFrame(
        rows, columns=["member", "rising", "falling", "tied", "s", "denominator", "tau", "sd_s", "z", "p"]
    )


def _kendall(time: np.ndarray, values: np.ndarray, parker: int, over: str) -> tuple[float, ...]:
    """Counts of pairs, S, its denominator and its normal test."""
    first, second = np.triu_indices(len(values), 1)
    ahead = np.sign(time[second] - time[first])
    change = np.sign(values[second] - values[first])
    rising_pairs, falling_pairs = int((ahead * change > 0).sum()), int((ahead * change < 0).sum())
    compared = int((ahead != 0).sum())
    s = rising_pairs - falling_pairs
    denominator = {
        "parker": float(parker),
        "all pairs": float(compared),
        "tau-b": (compared * int((change != 0).sum())) ** 0.5,
    }[over]
    deviation = _deviation(time, values)
    z = s / deviation if deviation else np.nan
    p = 2 * NormalDist().cdf(-abs(z)) if deviation else np.nan
    tau = s / denominator if denominator else np.nan
    return rising_pairs, falling_pairs, compared - rising_pairs - falling_pairs, s, denominator, tau, deviation, z, p


def _deviation(time: np.ndarray, values: np.ndarray) -> float:
    """Standard deviation of Kendall's S when both sides hold ties."""
    k = len(values)
    if k < 2:
        return 0.0
    one, other = (np.unique(part, return_counts=True)[1].astype(float) for part in (time, values))
    variance = k * (k - 1) * (2 * k + 5) - sum((t * (t - 1) * (2 * t + 5)).sum() for t in (one, other))
    pairs = (one * (one - 1)).sum() * (other * (other - 1)).sum() / (2 * k * (k - 1))
    triples = (one * (one - 1) * (one - 2)).sum() * (other * (other - 1) * (other - 2)).sum()
    variance = variance / 18 + pairs + (triples / (9 * k * (k - 1) * (k - 2)) if k > 2 else 0.0)
    return float(max(variance, 0.0) ** 0.5)
