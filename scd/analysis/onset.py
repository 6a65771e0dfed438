"""How fast an effect builds up and wears off, from the gradual model."""

from __future__ import annotations

import math

import numpy as np

from scd.models.fitted import Fitted

__all__ = ["onset_draws"]

# An effect is told as immediate by what has been reached at this session under intervention.
_SOON = 3


def onset_draws(fitted: Fitted) -> dict[str, np.ndarray]:
    """How long half of the full effect takes, and how much of it is there at the third session.

    With the share s carried over from one session to the next, half of the full effect is reached after
    ``log(1/2) / log(s)`` sessions, and ``1 - s ** 3`` of it at the third.

    Parameters
    ----------
    fitted : Fitted

    Returns
    -------
    dict of str to ndarray, shape (chain, draw)
        ``half_life`` in sessions and ``reached_at_third``, a share; empty for models without gradual onset.

    References
    ----------
    Swan, D. M., & Pustejovsky, J. E. (2018). A gradual effects model for single-case designs. Multivariate Behavioral
    Research, 53(4), 574-593. https://doi.org/10.1080/00273171.2018.1466681
    """
    if "carried" not in fitted.posterior:
        return {}
    share = np.clip(fitted.posterior["carried"], 1e-12, 1 - 1e-12)
    return {"half_life": math.log(0.5) / np.log(share), "reached_at_third": 1 - share**_SOON}
