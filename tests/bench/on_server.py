"""The same records on a PostgreSQL server of this machine, beside a file of SQLite."""

import tempfile
from pathlib import Path
from statistics import median

from node.backup import move
from node.storage.address import Database
from tests.bench.in_process import copy_database, opened, submit
from tests.bench.mix import Streams
from tests.postgres import programs, server
from tests.served import settings_in


def rate_over_sqlite(start: Path, streams: Streams, rounds: int) -> float | None:
    """Records per second there over those here, taken in turn; None where there is no server."""
    if programs() is None:
        return None
    ratios = []
    with server(within=Path(tempfile.gettempdir())) as running:  # the disk of the file
        template = running.new_database()
        move(settings_in(start.parent, database=start), template, lambda _steps: None)
        for _ in range(rounds):
            here = _seconds(copy_database(start, "beside.db"), streams)
            there = running.new_database(template)
            ratios.append(here / _seconds(there, streams))
            running.drop(there)
    return median(ratios)


def _seconds(database: Database, streams: Streams) -> float:
    with opened(database) as node:
        return submit(node, streams)
