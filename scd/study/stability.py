"""When the values of a phase count as stable: a rule that is fixed before the first look and kept with the study."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from scd.language import gettext as _
from scd.language import number
from scd.study.record import Number, Record

__all__ = ["StabilityRule"]


class StabilityRule(Record):
    """When the values of a phase count as stable. To be fixed before the first look.

    Parameters
    ----------
    values : int
        How many of the last values are looked at, from 3; fewer on record are never stable.
    width : float
        Half-width of the envelope around their median, as a share: of the median's size, or of the instrument's range.
    of : {"median", "range"}
        What `width` is a share of. A median near 0 leaves an envelope of no width, so ratings are better measured by
        their range.
    inside : float
        The share of these values that must lie in the envelope, ends included.
    drift : float
        How far the Theil-Sen line may rise or fall over these values, in half-widths of the envelope.

    Examples
    --------
    >>> print(StabilityRule(inside=0.8).words)
    the last 5 values lie within 20 % of their median (at least 80 % of them), and their line (Theil-Sen) drifts no \
further than that
    """

    values: Annotated[int, Field(ge=3, le=1000)] = 5
    width: Annotated[Number, Field(gt=0, lt=1)] = 0.20
    of: Literal["median", "range"] = "median"
    inside: Annotated[Number, Field(gt=0, le=1)] = 1.0
    drift: Annotated[Number, Field(gt=0)] = 1.0

    @property
    def words(self) -> str:
        """The rule in words."""
        words = {"values": self.values, "width": number(100 * self.width), "share": number(100 * self.inside)}
        if self.of == "median":
            inside = _("the last {values} values lie within {width} % of their median").format(**words)
        else:
            inside = _("the last {values} values lie within {width} % of the instrument's range around their median")
            inside = inside.format(**words)
        share = _("all of them") if self.inside == 1 else _("at least {share} % of them").format(**words)
        drift = (
            _("their line (Theil-Sen) drifts no further than that")
            if self.drift == 1
            else _("their line (Theil-Sen) drifts no further than {times} times that").format(times=number(self.drift))
        )
        return _("{inside} ({share}), and {drift}").format(inside=inside, share=share, drift=drift)
