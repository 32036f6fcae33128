"""What a node stands in, its settings apart: the machine's clock, the network, room on the disk.

A node at work takes those of its machine. Tests that let many nodes live through years of faults in
a second (`tests.simulation`) give each its own.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from node.storage.disk import free_bytes


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The world as a node meets it.

    `transport` carries requests to other nodes, `blocking_transport` those that are made in a
    thread; without them httpx does it by itself.
    """

    time_ns: Callable[[], int] = time.time_ns
    transport: httpx.AsyncBaseTransport | None = None
    blocking_transport: httpx.BaseTransport | None = None
    free_bytes: Callable[[Path], int] = free_bytes


MACHINE: Final = Surroundings()
