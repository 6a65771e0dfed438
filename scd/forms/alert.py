"""Where a page shows what nobody foresaw: in plain words, with an id, and never in silence."""

from __future__ import annotations

import functools
import logging
import secrets
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from scd.forms.markup import mistake

__all__ = ["Alert"]

_LOG = logging.getLogger(__name__)


class Alert(widgets.HTML):
    """Where a page shows an error that nobody foresaw, in plain words.

    Examples
    --------
    >>> alert = Alert()
    >>> alert.guard(lambda: 1 / 0)()
    Traceback (most recent call last):
    ZeroDivisionError: division by zero
    >>> "ZeroDivisionError" in alert.value
    True
    """

    def __init__(self) -> None:
        super().__init__(value="")

    def guard(self, action: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback: an error that it lets through is shown here and raised again.

        ipywidgets hands an error in a callback to a log that a clinician never sees.

        Parameters
        ----------
        action : callable
            Anything that a control calls.
        """

        @functools.wraps(action)
        def guarded(*told: Any) -> Any:
            try:
                return action(*told)
            except Exception as error:
                self.tell(error)
                raise

        return guarded

    def tell(self, error: BaseException) -> str:
        """Show an error by its type and an id, and return the id.

        Its text may hold a client's words, so the log and the page leave it out.
        """
        number = secrets.token_hex(3)
        kind = type(error).__name__
        _LOG.error("page error %s: %s", number, kind)
        self.value = mistake(
            f"Something went wrong here that scd did not foresee ({kind}, id {number}). What you typed is still on "
            "this page; the last step may not have been saved. Try it once more. If it happens again, tell the person "
            f"who looks after scd the id {number}."
        )
        return number

    def clear(self) -> None:
        """Take the message away."""
        self.value = ""
