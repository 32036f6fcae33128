"""The service in process, over a database of a test world: real but for the sockets.

async with served(settings_in(tmp_path), World.genesis()) as client:
    answer = await client.get("/v1/ledger")
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from ledger.keys import Signer
from ledger.types import WriterId
from node.app import create_app
from node.composition import Keys
from node.settings import Settings, Snapshots
from node.surroundings import MACHINE, Surroundings
from tests.log_files import log_signers
from tests.nodes import close, open_replica
from tests.world import World


def settings_in(folder: Path, **changes: object) -> Settings:
    """Settings for a node of the test world's steward, all of whose files are in `folder`."""
    given: dict[str, object] = {
        "member": "steward",
        "database": folder / "ledger.db",
        "log_key": folder / "log.pem",
        "log_key_pq": folder / "log-pq.pem",
        "evidence": folder / "evidence",
        "port": 0,
        "snapshots": Snapshots(folder=folder / "snapshots"),
        "verify_processes": 0,
    }
    return Settings(**{**given, **changes})  # type: ignore[arg-type]


def file_of(settings: Settings) -> Path:
    """The database of a node, which is a file."""
    assert isinstance(settings.database, Path)
    return settings.database


@asynccontextmanager
async def served(
    settings: Settings,
    world: World,
    writer_signers: Mapping[WriterId, Signer] = {},
    surroundings: Surroundings = MACHINE,
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a node whose database has come as far as `world`."""
    close(open_replica(settings.database, world))
    app = create_app(settings, Keys(log_signers(), writer_signers), surroundings)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as client,
    ):
        yield client
