"""Opening a database on a PostgreSQL server, by psycopg, with what a ledger needs of it.

A transaction is durable when `commit` returns: a server that does not wait for its disk is refused.
Readers are `REPEATABLE READ READ ONLY`: all they read is of one size of the log. Transactions that
write go one after the other, whoever begins them: one that a killed process left to be committed is
done before the next process reads where the log stands. What is committed twice is refused by the
primary keys of leaves and blocks.

PostgreSQL has no U+0000 in text. Titles may hold it and callers may send it: as text it is written,
and looked for, as U+0001, which is the next in order. Records and values are bytes, in which it
stays what it is.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, LiteralString

import psycopg
from psycopg.adapt import AdaptersMap, Buffer
from psycopg.types.string import StrBinaryDumper, StrDumper, StrDumperUnknown
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from node.client.secret_files import SecretError, read_secret
from node.storage.address import PostgresAddress
from node.storage.schema import migrate

READERS_MAX: Final = 16
VERSION_MIN: Final = 14
_COMMITTING: Final = 0x626C6F636B  # number of an advisory lock: "block"
_READING: Final = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
_MUST_BE_ON: Final = ("fsync", "synchronous_commit")
# The server, too, notices within a minute that this machine is gone, and lets go of its locks.
_KEEP_ALIVE: Final = (
    "SELECT set_config('tcp_keepalives_idle', '20', false), "
    "set_config('tcp_keepalives_interval', '10', false), "
    "set_config('tcp_keepalives_count', '3', false)"
)


class ServerError(Exception):
    """A database server cannot be reached, or not be trusted with a ledger."""


def open_postgres(address: PostgresAddress) -> Engine:
    """The database at `address`, brought to the newest schema. Raises `ServerError`."""
    engine = connect_postgres(address)
    with told(address, engine), engine.connect() as connection:
        migrate(connection)
    return engine


def connect_postgres(address: PostgresAddress) -> Engine:
    """The database as it is. Raises `ServerError`."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: session(address),
        paramstyle="format",  # the hot path hands rows over as tuples
        poolclass=QueuePool,
        pool_size=READERS_MAX,
        max_overflow=0,
        pool_pre_ping=True,  # a server that was started anew is one for readers to come back to
        hide_parameters=True,  # errors are logged; records must not be
    )
    event.listen(engine, "begin", _begin)
    with told(address, engine):
        _check_file(address)
        with postgres_reading(engine).connect() as connection:
            _check_server(connection)
    return engine


def session(address: PostgresAddress) -> psycopg.Connection[tuple[object, ...]]:
    """A session of its own. Raises `psycopg.OperationalError`."""
    connection = psycopg.connect(context=_ADAPTERS, **address.parameters)  # type: ignore[arg-type]
    connection.execute(_KEEP_ALIVE)
    connection.commit()
    return connection


@contextmanager
def told(address: PostgresAddress, engine: Engine | None = None) -> Iterator[None]:
    """Within this context what goes wrong is a `ServerError`, and ends the engine."""
    try:
        yield
    except (ServerError, SecretError, DBAPIError, psycopg.Error) as error:
        if engine is not None:
            engine.dispose()
        why = error.orig if isinstance(error, DBAPIError) else error
        raise ServerError(f"{address}: {_first_line(why)}") from error


def postgres_reading(engine: Engine) -> Engine:
    """The same database for transactions that only read, each of one moment."""
    return engine.execution_options(**_READING)


def stored_text(text: str) -> str:
    """Text as a server holds it."""
    return text.replace("\0", "\1") if "\0" in text else text


def _first_line(error: BaseException | None) -> str:
    """What the server says, without the values it may quote below."""
    return str(error).strip().partition("\n")[0]


def _check_file(address: PostgresAddress) -> None:
    """Raise `SecretError` where libpq would pass over a file of passwords in silence."""
    if "passfile" in address.parameters:
        read_secret(Path(address.parameters["passfile"]))


def _begin(connection: Connection) -> None:
    if not connection.get_execution_options().get("postgresql_readonly", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_COMMITTING})")


def _check_server(connection: Connection) -> None:
    """Raise `ServerError` where a commit would promise too much, or text be something else."""

    def shown(name: LiteralString) -> str:
        return str(connection.execute(text(f"SHOW {name}")).scalar_one())

    version = int(shown("server_version_num")) // 10_000
    if version < VERSION_MIN:
        raise ServerError(f"the server is PostgreSQL {version}: it takes {VERSION_MIN} or later")
    for name in _MUST_BE_ON:
        if shown(name) == "off":
            raise ServerError(f"the server has {name} = off: what it commits may be lost")
    if shown("server_encoding") != "UTF8":
        raise ServerError("the encoding of the database has to be UTF8")


class _Replacing:
    """Of a dumper of `str`: what it writes has no U+0000."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(stored_text(obj))  # type: ignore[misc, no-any-return]


class _Text(_Replacing, StrDumper): ...


class _BinaryText(_Replacing, StrBinaryDumper): ...


class _AnyText(_Replacing, StrDumperUnknown): ...


_ADAPTERS: Final = AdaptersMap(psycopg.adapters)
for _dumper in (_BinaryText, _Text, _AnyText):  # the last is the usual one, as in psycopg
    _ADAPTERS.register_dumper(str, _dumper)
