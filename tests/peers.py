"""Other packages' results on real data, where they are at hand; they are under the GPL and no part of scd."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

REFERENCE = Path(__file__).parents[2] / "shared" / "reference"
needs_peers = pytest.mark.skipif(
    not REFERENCE.exists(), reason="the other packages' results are not at hand (../shared/reference)"
)


def records(pattern: str, *functions: str) -> Iterator[dict[str, Any]]:
    """Records of these functions in the files that fit a pattern; what a package refused to do is left out."""
    for path in sorted((REFERENCE / "golden").glob(pattern)):
        for record in json.loads(path.read_text())["records"]:
            if record["function"] in functions and "error" not in record:
                yield record


@cache
def table(dataset: str) -> tuple[dict[str, str], ...]:
    """The rows of a data set."""
    with (REFERENCE / "data" / f"{dataset}.csv").open(newline="") as file:
        return tuple(csv.DictReader(file))


def number(text: Any) -> float:
    """A number as the results write it: null is not there, infinities are words."""
    if text is None or text in ("", "NA"):
        return math.nan
    return float(text.replace("Infinity", "inf")) if isinstance(text, str) else float(text)


def same(want: float, got: Any, tolerance: float = 1e-8) -> bool:
    """Whether both are the same number, or both are not there."""
    got = math.nan if got is None else float(got)
    if math.isnan(want) or math.isnan(got):
        return math.isnan(want) and math.isnan(got)
    return want == got or abs(want - got) <= tolerance * max(1.0, abs(want))
