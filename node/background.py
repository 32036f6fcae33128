"""Work beside the answering of requests."""

import asyncio
from collections.abc import Coroutine

from node.logs import log


def in_background(name: str, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
    """Do this until it is cancelled; should it end before, that is told."""
    task = asyncio.create_task(work, name=name)
    task.add_done_callback(_tell_end)
    return task


def _tell_end(task: asyncio.Task[None]) -> None:
    """The node goes on without it; but somebody waits for what it would do."""
    if not task.cancelled():
        log.error(f"{task.get_name()}-ended", exc_info=task.exception())
