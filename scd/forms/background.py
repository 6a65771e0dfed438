"""Work that takes seconds, handed to the kernel's loop so that the page stays alive."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scd.forms.alert import Alert

__all__ = ["started"]


def started(
    work: Callable[[], Coroutine[Any, Any, None]], *, alert: Alert, running: asyncio.Task[None] | None
) -> asyncio.Task[None] | None:
    """Hand work to the kernel's loop; where there is none, as in a test, do it now.

    Parameters
    ----------
    work : callable
        Returns the coroutine.
    alert : Alert
        Where an unforeseen error is shown.
    running : asyncio.Task, optional
        What was started before; while it runs, nothing else is.

    Returns
    -------
    asyncio.Task or None
        What runs now; None where the work is done already.

    Examples
    --------
    >>> from scd.forms.alert import Alert
    >>> async def work():
    ...     print("done")
    >>> started(work, alert=Alert(), running=None)
    done
    """
    if running is not None and not running.done():
        return running
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work())
        return None

    async def watched() -> None:
        with alert.watch():
            await work()

    return loop.create_task(watched())
