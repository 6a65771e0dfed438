"""Where a page shows what nobody foresaw: in plain words, with an id, and never in silence."""

from __future__ import annotations

import functools
import logging
import secrets
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ipywidgets as widgets

from scd.forms.markup import mistake
from scd.language import gettext as _
from scd.study import StudyError

__all__ = ["Alert", "PageError", "only_foreseen"]

_LOG = logging.getLogger(__name__)
_PACKAGE = Path(__file__).resolve().parent.parent


class PageError(RuntimeError):
    """What is raised in place of an error that nobody foresaw, whose text and values may be a client's.

    Parameters
    ----------
    kind : str
        The class of the error.
    number : str
        The id under which the log says where it happened.

    Examples
    --------
    >>> str(PageError("KeyError", "3fa9c1"))
    'scd met an error that nobody foresaw (KeyError, id 3fa9c1)'
    """

    def __init__(self, kind: str, number: str) -> None:
        super().__init__(f"scd met an error that nobody foresaw ({kind}, id {number})")
        self.kind, self.number = kind, number


class Alert(widgets.HTML):
    """Where a page shows an error that nobody foresaw, in plain words.

    Examples
    --------
    >>> alert = Alert()
    >>> alert.guard(lambda: 1 / 0)()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    scd.forms.alert.PageError: scd met an error that nobody foresaw (ZeroDivisionError, id ...)
    >>> "ZeroDivisionError" in alert.value
    True
    """

    def __init__(self) -> None:
        super().__init__(value="")

    def guard(self, action: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a callback: an error that it lets through is shown here, and raised on as a `PageError`.

        ipywidgets and JupyterLab write errors of callbacks, with their text, into logs that a clinician never sees.

        Parameters
        ----------
        action : callable
            Anything that a control calls.
        """

        @functools.wraps(action)
        def guarded(*told: Any) -> Any:
            with self.watch():
                return action(*told)

        return guarded

    @contextmanager
    def watch(self) -> Iterator[None]:
        """Show an error of what is done inside by its class and an id, and raise it on as a `PageError`."""
        with _sealed(self._show):
            yield

    def clear(self) -> None:
        """Take the message away."""
        self.value = ""

    def _show(self, error: PageError) -> None:
        self.value = mistake(
            _(
                "Something went wrong here that scd did not foresee ({kind}, id {number}). What you "
                "typed is still on this page; the last step may not have been saved. Try it once more. "
                "If it happens again, tell the person who looks after scd the id {number}."
            ).format(kind=error.kind, number=error.number)
        )


@contextmanager
def only_foreseen() -> Iterator[None]:
    """Let nothing through but `StudyError`, whose words are made for people, and `PageError`.

    A cell that opens a page would else show an error with all its text, and JupyterLab would store that.

    Examples
    --------
    >>> with only_foreseen():  # doctest: +ELLIPSIS
    ...     {}["Mrs K"]
    Traceback (most recent call last):
    scd.forms.alert.PageError: scd met an error that nobody foresaw (KeyError, id ...)
    """
    with _sealed(passing=StudyError):
        yield


@contextmanager
def _sealed(show: Callable[[PageError], None] | None = None, *, passing: type[Exception] = PageError) -> Iterator[None]:
    try:
        yield
    except (PageError, passing):  # what was raised inside as a PageError is told already
        raise
    except Exception as error:  # noqa: BLE001 - it is raised on, only without its text and values
        told = _logged(error)
        if show is not None:
            show(told)
        raise told from None


def _logged(error: Exception) -> PageError:
    """Log an error by its class, an id and where it was in scd: its text and values may be a client's."""
    told = PageError(type(error).__name__, secrets.token_hex(3))
    places = [
        f"{Path(frame.f_code.co_filename).relative_to(_PACKAGE.parent).as_posix()}:{line}"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if Path(frame.f_code.co_filename).is_relative_to(_PACKAGE)
    ]
    _LOG.error("page error %s: %s at %s", told.number, told.kind, " > ".join(places) or "no place in scd")
    return told
