"""Is the method calibrated? Rates against their nominal lines, and ranks inside their bands."""

from __future__ import annotations

from collections.abc import Callable

import altair as alt
import pandas as pd

from scd.charts.series import need_columns
from scd.charts.style import BLUE, COLOURS, GREY, INK, ORANGE, SHAPES, Layer, rows, shown, styled

__all__ = ["rank_chart", "rate_chart"]

_ROW = 3
_LENGTH = "values a phase"


def rate_chart(
    table: pd.DataFrame,
    *,
    rate: str,
    nominal: float,
    allowed: tuple[float, float],
    words: str,
    ends: tuple[float, float],
    width: int = 200,
    height: int = 190,
) -> alt.VConcatChart:
    """Draw how often something happened against the true autocorrelation, one panel a design, one line a phase length.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``design, points, phi`` and the rate.
    rate : str
        Which column is drawn, 0 to 1.
    nominal : float
        What the method promises, drawn as a line.
    allowed : tuple of float
        Between what the rate should lie, drawn as a band.
    words : str
        Title of the upright axis.
    ends : tuple of float
        Its lowest and highest value.
    width, height : int
        Of one panel, in pixels.

    Returns
    -------
    altair.VConcatChart

    Raises
    ------
    StudyError
        When a column is missing.

    Examples
    --------
    >>> table = pd.DataFrame({"design": "AB", "points": [5, 5], "phi": [0.0, 0.3], "coverage": [0.97, 0.95]})
    >>> chart = rate_chart(table, rate="coverage", nominal=0.95, allowed=(0.93, 0.985), words="held", ends=(0.85, 1))
    >>> len(chart.to_dict()["vconcat"][0]["hconcat"])
    1
    """
    need_columns(table, columns=("design", "points", "phi", rate), what="calibration table")
    names = [str(n) for n in sorted({int(n) for n in table["points"]})]
    colour, shape = _by_length(names)
    y_scale = alt.Scale(domain=list(ends), nice=False, clamp=True)

    def layers(part: pd.DataFrame, first: bool) -> list[Layer]:
        x = alt.X("phi:Q", title="true autocorrelation", axis=alt.Axis(values=sorted({float(v) for v in part["phi"]})))
        axis = alt.Axis(format=".0%", tickCount=5)
        y = alt.Y("rate:Q", title=words if first else None, scale=y_scale, axis=axis)
        drawn = zip(part["phi"], part["points"], part[rate], strict=True)
        base = alt.Chart(rows({"phi": float(phi), "points": str(int(n)), "rate": float(r)} for phi, n, r in drawn))
        return [
            alt.Chart(rows([{"low": allowed[0], "high": allowed[1]}]))
            .mark_rect(fill=GREY, opacity=0.14)
            .encode(y=alt.Y("low:Q", scale=y_scale), y2="high:Q"),
            alt.Chart(rows([{"nominal": nominal}])).mark_rule(stroke=INK, strokeDash=[4, 3]).encode(y="nominal:Q"),
            base.mark_line(strokeWidth=1.5).encode(x=x, y=y, color=colour),
            base.mark_point(filled=True, size=46, opacity=1).encode(x=x, y=y, color=colour, shape=shape),
        ]

    return _panels(table, by="design", layers=layers, width=width, height=height)


def rank_chart(table: pd.DataFrame, *, width: int = 200, height: int = 120) -> alt.VConcatChart:
    """Draw how the ranks' distribution differs from an even one, one panel a model, one line a quantity.

    The dark band is that of one quantity, the light one that of all of the model's quantities together: a right
    posterior leaves either in one of twenty runs. A line that leaves the light band is orange.

    Parameters
    ----------
    table : pandas.DataFrame
        Columns ``model, quantity, share, difference`` (of the distribution function at that share from it),
        ``low, high`` and ``all_low, all_high`` (the two bands), and ``inside`` (the light one).
    width, height : int
        Of one panel, in pixels.

    Returns
    -------
    altair.VConcatChart

    Raises
    ------
    StudyError
        When a column is missing.

    Examples
    --------
    >>> band = {"low": -0.1, "high": 0.1, "all_low": -0.12, "all_high": 0.12, "inside": True}
    >>> line = {"model": "level", "quantity": "delta", "share": 0.5, "difference": 0.02}
    >>> chart = rank_chart(pd.DataFrame([line | band]))
    >>> chart.to_dict()["vconcat"][0]["hconcat"][0]["title"]
    'level'
    """
    needed = ("model", "quantity", "share", "difference", "low", "high", "all_low", "all_high", "inside")
    need_columns(table, columns=needed, what="rank table")
    reach = 1.15 * float(table[["difference", "all_low", "all_high"]].abs().to_numpy().max())
    scale = alt.Scale(domain=[-reach, reach], nice=False)
    x = alt.X("share:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=[0, 0.5, 1]))

    def layers(part: pd.DataFrame, first: bool) -> list[Layer]:
        one = part[part["quantity"] == part["quantity"].iloc[0]]
        bands = [{str(k): float(v) for k, v in r.items()} for r in one[["share", *needed[4:8]]].to_dict("records")]
        lines = [
            {"quantity": r.quantity, "share": float(r.share), "difference": float(r.difference), "in": bool(r.inside)}  # type: ignore[arg-type]
            for r in part.itertuples()
        ]
        title = "difference from even ranks" if first else None
        y = alt.Y("difference:Q", title=title, scale=scale, axis=alt.Axis(tickCount=4, titleFontSize=10))
        colour = alt.condition("datum.in", alt.value(BLUE), alt.value(ORANGE))
        area = alt.Chart(rows(bands))
        return [
            area.mark_area(color=GREY, opacity=0.16).encode(x=x, y=alt.Y("all_low:Q", scale=scale), y2="all_high:Q"),
            area.mark_area(color=GREY, opacity=0.22).encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"),
            alt.Chart(rows(lines)).mark_line(strokeWidth=1.1).encode(x=x, y=y, detail="quantity:N", color=colour),
        ]

    return _panels(table, by="model", layers=layers, width=width, height=height)


def _by_length(names: list[str]) -> tuple[alt.Color, alt.Shape]:
    """How the lines of phase lengths are told apart: by colour, and by shape for who sees no colours."""
    colours = [COLOURS[i % len(COLOURS)] for i in range(len(names))]
    shapes = [SHAPES[i % len(SHAPES)] for i in range(len(names))]
    return (
        alt.Color("points:N", title=_LENGTH, sort=names, scale=alt.Scale(domain=names, range=colours)),
        alt.Shape("points:N", title=_LENGTH, sort=names, scale=alt.Scale(domain=names, range=shapes)),
    )


def _panels(
    table: pd.DataFrame, *, by: str, layers: Callable[[pd.DataFrame, bool], list[Layer]], width: int, height: int
) -> alt.VConcatChart:
    """One panel a group, in rows; `layers` draws a group, and is told whether its panel begins a row."""
    panels = [
        alt.LayerChart(layer=layers(part, i % _ROW == 0)).properties(width=width, height=height, title=shown(name))
        for i, (name, part) in enumerate(table.groupby(by, sort=False))
    ]
    found = [panels[i : i + _ROW] for i in range(0, len(panels), _ROW)]
    return styled(alt.VConcatChart(vconcat=[alt.HConcatChart(hconcat=part) for part in found]))
