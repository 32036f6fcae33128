r"""What the node says while it runs: one JSON object per line, on standard error.

    {"time": "2026-03-01T08:00:00.120417Z", "level": "info", "event": "request",
     "request_id": "4f1c…", "method": "POST", "route": "/v1/records", "status": 201, "ms": 9}

A line names what happened, never what was said: no payload, key, token or passphrase, no query and
no path but its template. Exceptions are the way by which such things get into logs, in messages
that quote what was wrong. So of an exception we tell its class and the lines of code it came by;
its message only where it speaks of disks and databases (`_SAFE`).

What other packages log through `logging` comes out in the same form.

>>> import io
>>> stream = io.StringIO()
>>> with configured_logs("info", stream):
...     log.info("started", size=2)
>>> stream.getvalue()
'{"time": "...", "level": "info", "event": "started", "size": 2}\n'
"""

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, TextIO

import structlog
from psycopg import Error as PostgresError
from sqlalchemy.exc import SQLAlchemyError
from structlog.types import EventDict, Processor, WrappedLogger

from node.client.request_ids import CURRENT
from node.outbox import OutboxError
from node.replica import ReplicaError
from node.storage.postgres import ServerError

_SAFE: Final = (OSError, SQLAlchemyError, PostgresError, ServerError, OutboxError, ReplicaError)
"""Their messages are about this machine; SQLAlchemy is told to hide what it was to write,
and a server quotes it on further lines."""
_OWN: Final = "blockpool"
"""The logger that follows the setting; of all others only warnings are shown."""
_ROOT: Final = Path(__file__).parents[1]
_FIRST: Final = ("time", "level", "event")


def _told(exception: BaseException) -> dict[str, object]:
    """What may be said of an exception."""
    told: dict[str, object] = {"error": type(exception).__name__}
    if isinstance(exception, _SAFE):
        told["detail"] = str(exception).partition("\n")[0]
    frames = traceback.extract_tb(exception.__traceback__)
    told["trace"] = [f"{_place(one.filename)}:{one.lineno} {one.name}" for one in frames]
    if exception.__cause__ is not None:
        told["cause"] = _told(exception.__cause__)
    return told


def _place(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(_ROOT)) if path.is_relative_to(_ROOT) else path.name


def _tell_exceptions(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    exception = given[1] if isinstance(given, tuple) else given
    if isinstance(exception, BaseException):
        event.update(_told(exception))
    return event


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {**{name: event.pop(name) for name in _FIRST}, **event}


def _with_request_id(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The id of the request that it comes of, if it comes of one."""
    current = CURRENT.get()
    return event if current is None else {"request_id": current, **event}


_SHARED: Final[tuple[Processor, ...]] = (
    _with_request_id,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
)
log: Final[structlog.stdlib.BoundLogger] = structlog.wrap_logger(
    logging.getLogger(_OWN),
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    wrapper_class=structlog.stdlib.BoundLogger,
)
"""The node's own log: `log.info("event-name", what=value)`."""


@contextmanager
def configured_logs(level: str, stream: TextIO) -> Iterator[None]:
    """Within this context the whole process logs to `stream`."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _tell_exceptions,
                _in_order,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    before, root.handlers = root.handlers, [handler]
    logging.getLogger(_OWN).setLevel(level.upper())
    try:
        yield
    finally:
        root.handlers = before
