"""Where a node keeps its ledger: a file of SQLite, or a database on a PostgreSQL server.

    ledger.db                                                   a path: SQLite
    postgresql://blockpool@db.example/ledger                    any URL that libpq takes

The URL is libpq's own, with all its parameters. It holds no password: that is in a file of mode
0600 (`?passfile=`, or libpq's usual one), or there is none, as `peer` and certificates have it.
Beyond this machine the server proves who it is: `sslmode=verify-full` unless `verify-ca` is said.

>>> parse_database("ledger.db")
PosixPath('ledger.db')
>>> print(parse_database("postgresql://blockpool@db.example/ledger").parameters["sslmode"])
verify-full
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SCHEMES: Final = ("postgresql:", "postgres:")
_VERIFIED: Final = ("verify-full", "verify-ca")
_SECRETS: Final = ("password", "sslpassword")
_FILES: Final[tuple[str, ...]] = ("passfile", "sslrootcert", "sslcert", "sslkey", "sslcrl")
_LOOPBACK: Final = ("", "localhost", "127.0.0.1", "::1")
_DEFAULTS: Final = {
    "application_name": "blockpool",
    "client_encoding": "utf8",
    "connect_timeout": "10",
    "target_session_attrs": "read-write",  # no stand-by
    # A server that is gone is noticed within a minute, not after the system's quarter of an hour.
    "keepalives_idle": "20",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "50000",
}


@dataclass(frozen=True, slots=True)
class PostgresAddress:
    """A database on a server. Files named in `url` are relative to `folder`."""

    url: str
    folder: Path = Path()

    def __str__(self) -> str:
        """The URL, which holds no secret."""
        return self.url

    @property
    def parameters(self) -> Mapping[str, str]:
        """What libpq is told. Raises `ValueError`, which never quotes the URL."""
        given = _parsed(self.url)
        files: dict[str, str] = {
            name: str(self.folder / given[name])
            for name in _FILES
            if name in given and not (name == "sslrootcert" and given[name] == "system")
        }
        return {**_DEFAULTS, **given, **files, "sslmode": _sslmode(given)}


Database = Path | PostgresAddress


def parse_database(text: str) -> Database:
    """A path or an address. Raises `ValueError`, which never quotes what may be a secret."""
    if not text.startswith(SCHEMES):
        return Path(text)
    address = PostgresAddress(text)
    if any(name in address.parameters for name in _SECRETS):
        raise ValueError("the password stands in a file of mode 0600: ?passfile=FILE")
    return address


def _parsed(url: str) -> dict[str, str]:
    from psycopg import ProgrammingError  # noqa: PLC0415  slow to load, and few need it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415  the same

    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except ProgrammingError:  # its words would quote the URL, and a password in it
        raise ValueError("is no address such as postgresql://user@host/database") from None


def _sslmode(given: Mapping[str, str]) -> str:
    said = given.get("sslmode")
    if _is_here(given):
        return said or "prefer"
    if said is None:
        return _VERIFIED[0]
    if said not in _VERIFIED:
        raise ValueError(f"beyond this machine sslmode is one of {', '.join(_VERIFIED)}")
    return said


def _is_here(given: Mapping[str, str]) -> bool:
    """Whether every host is this machine; one that a service file names may be any."""
    named = given.get("hostaddr") or given.get("host")
    if named is None:
        if "service" in given or "PGSERVICE" in os.environ:
            return False
        named = os.environ.get("PGHOSTADDR") or os.environ.get("PGHOST", "")
    return all(one.startswith(("/", "@")) or one in _LOOPBACK for one in named.split(","))
