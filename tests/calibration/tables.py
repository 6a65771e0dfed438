"""The results as small tables beside the code that made them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["FOLDER", "keep"]

FOLDER = Path(__file__).parent


def keep(name: str, rows: list[dict[str, Any]], *, key: tuple[str, ...], folder: Path = FOLDER) -> pd.DataFrame:
    """Put rows into a table; those with the same key are replaced, all others stay.

    Parameters
    ----------
    name : str
        Of the table, without ending.
    rows : list of dict
    key : tuple of str
        Columns that name a row.
    folder : pathlib.Path
        Where the tables lie.

    Returns
    -------
    pandas.DataFrame
        The whole table.
    """
    path, fresh = folder / f"{name}.csv", pd.DataFrame(rows)
    if path.exists():
        fresh = pd.concat([pd.read_csv(path), fresh]).drop_duplicates(subset=list(key), keep="last")
    partial = path.with_suffix(".part")
    fresh.to_csv(partial, index=False, lineterminator="\n")
    partial.replace(path)
    return fresh
