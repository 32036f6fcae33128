"""A PostgreSQL server for tests: a real one, on a socket in a folder of its own.

    with server() as running:
        running.new_database()          # an empty database, ordered by a language of people

It is begun by whoever runs the tests, as a user that is not root, and ends with them. Its disk is
waited for as in earnest: a node refuses a server that does not.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import psycopg

from node.storage.address import PostgresAddress

MISSING: Final = "no PostgreSQL server here: apt-get install postgresql"
START_S_MAX: Final = 30
_FOLDERS: Final = "/usr/lib/postgresql/*/bin"
_MEMORY: Final = Path("/dev/shm")  # noqa: S108  the folder made in it is for its owner alone
_ROOM_BYTES: Final = 4 << 30
_ROLE: Final = "blockpool"
_INITDB: Final = (
    *("--username", _ROLE, "--auth", "trust", "--encoding", "UTF8", "--no-sync"),
    # The usual server orders text by a language: "a" before "B", and punctuation as if not there.
    *("--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US"),
)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    folder: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)

    def address(self, database: str) -> PostgresAddress:
        """The address of a database."""
        return PostgresAddress(f"postgresql:///{database}?host={self.folder}&user={_ROLE}")

    def new_database(self, like: PostgresAddress | None = None) -> PostgresAddress:
        """The address of a new database; with the contents of another that nobody uses."""
        template = "template1" if like is None else like.parameters["dbname"]
        name = f"test{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.address(name)

    def drop(self, database: PostgresAddress) -> None:
        """Whoever still uses it is sent away."""
        self.run(f"DROP DATABASE {database.parameters['dbname']} WITH (FORCE)")

    def run(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Execute a statement."""
        parameters: Mapping[str, str] = self.address(database).parameters
        with psycopg.connect(autocommit=True, **parameters) as connection:  # type: ignore[arg-type]
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def programs() -> Path | None:
    """Where `initdb` and `postgres` are, the newest of them."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = sorted(Path("/").glob(_FOLDERS.lstrip("/")), key=lambda one: int(one.parent.name))
    return folders[-1] if folders else None


@contextmanager
def server(*options: str, within: Path | None = None) -> Iterator[Server]:
    """A server with its data in a folder that goes with it; `options` are `name=value`.

    The folder is made `within` another one, or in memory, if there is plenty.
    """
    binaries = programs()
    assert binaries is not None, MISSING
    folder = Path(tempfile.mkdtemp(prefix="blockpool-pg-", dir=within or _quick_folder()))
    data, log = folder / "data", (folder / "log").open("wb")
    user = _user()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)

    def start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [binaries / program, "-D", data, *arguments],
            cwd="/",
            stdout=log,
            stderr=log,
            user=None if user is None else user.pw_uid,
            group=None if user is None else user.pw_gid,
            extra_groups=None if user is None else [],
        )

    try:
        assert start("initdb", *_INITDB).wait(START_S_MAX) == 0, (folder / "log").read_text()
        settings = ["listen_addresses=", f"unix_socket_directories={folder}", *options]
        process = start("postgres", *(part for one in settings for part in ("-c", one)))
        try:
            running = Server(folder, process)
            _wait_until_ready(running)
            yield running
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nobody wants what is in it
            process.wait(START_S_MAX)
    finally:
        log.close()
        shutil.rmtree(folder)


def _quick_folder() -> Path | None:
    """Each database that is dropped waits for the disk."""
    is_roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    return _MEMORY if is_roomy else None


def _user() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to be run by root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _wait_until_ready(running: Server) -> None:
    deadline = time.monotonic() + START_S_MAX
    while True:
        try:
            running.run("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > deadline or running.process.poll() is not None:
                raise
            time.sleep(0.02)
        else:
            return
