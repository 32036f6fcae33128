"""Tells tasks in the event loop that a block was published on the committing thread."""

import asyncio
import contextlib


class News:
    """Something to wait on until the next block. Made in the event loop it is used in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self.is_closed = False

    def publish(self) -> None:
        """From any thread: wake everybody who waits."""
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """From the event loop: no more news; whoever waits shall end."""
        self.is_closed = True
        self._wake()

    def subscribe(self) -> asyncio.Event:
        """Set at the next block. Take it before reading, so that no block is missed."""
        return self._event

    def _wake(self) -> None:
        self._event.set()
        self._event = asyncio.Event()
