"""What is shown in place of a page that can't be opened."""

from __future__ import annotations

from collections.abc import Sequence

from scd.forms.alert import PageError
from scd.forms.markup import mistake
from scd.forms.view import View, shown
from scd.language import gettext as _
from scd.study import StudyError

__all__ = ["ClosedPage"]


class ClosedPage(View):
    """Why a page can't be opened, and nothing to fill in.

    Parameters
    ----------
    error : StudyError or PageError
        Why.
    parts : sequence of str
        The parts that the page would have: each is an attribute, and empty.

    Examples
    --------
    >>> page = ClosedPage(StudyError("store: is missing"), parts=("plan",))
    >>> "store: is missing" in page.head.value, page.plan.children
    (True, ())
    """

    def __init__(self, error: StudyError | PageError, *, parts: Sequence[str]) -> None:
        self.error = error
        self.head = shown(mistake(_("This page can't be opened, and nothing typed here could be kept.") + f"\n{error}"))
        for name in parts:
            setattr(self, name, View())
        super().__init__([self.head])

    def check(self) -> None:
        """Raise the error: a page that can't be opened is not whole.

        Raises
        ------
        StudyError or PageError
            Always.
        """
        raise self.error
