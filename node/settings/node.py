"""Everything a node is told, in one model."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, PlainValidator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from node.client.clock import BEHIND_DAYS_MAX
from node.settings.limits import Limits
from node.settings.local_signing import LocalSigning
from node.settings.network import Peer, Witness
from node.settings.ordering import Blocks, Cache
from node.settings.part import is_loopback
from node.settings.snapshots import Snapshots
from node.settings.tls import Tls
from node.settings.webhook import Webhook
from node.storage.address import Database, parse_database

_MIB: Final = 1024 * 1024
NAME_AT_SOCKET: Final = "node"
"""What clients call a node whose unix socket they know."""
LogLevel = Literal["debug", "info", "warning", "error"]


def _place(given: object) -> Database:
    if isinstance(given, Database):
        return given
    if not isinstance(given, str):
        raise ValueError("is a path, or an address such as postgresql://user@host/database")  # noqa: TRY004  pydantic asks for it
    return parse_database(given)


class Settings(BaseSettings):
    """Everything a node is told."""

    model_config = SettingsConfigDict(
        env_prefix="BLOCKPOOL_", env_nested_delimiter="__", extra="forbid", frozen=True
    )
    member: str = Field(min_length=1, description="The member whose node this is.")
    log_key: Path | None = Field(
        default=None,
        description="Key file of the log, Ed25519, of a node that orders records; mode 0600. "
        "Without log keys the node follows its `peers`.",
    )
    log_key_pq: Path | None = Field(default=None, description="The same, ML-DSA-44; mode 0600.")
    next_log_key: Path | None = Field(
        default=None,
        description="Key file of the log that a vote is to bring into force, Ed25519; mode 0600.",
    )
    next_log_key_pq: Path | None = Field(
        default=None, description="The same, ML-DSA-44; mode 0600."
    )
    passphrase_file: Path | None = Field(
        default=None, description="File with the passphrase of the log keys; mode 0600."
    )
    database: Annotated[Database, PlainValidator(_place)] = Field(
        default=Path("ledger.db"),
        description="The database: a file of SQLite, or `postgresql://user@host/database` as libpq "
        "takes it, without a password (`?passfile=`).",
    )
    disk_reserve_bytes: int = Field(
        default=256 * _MIB,
        ge=0,
        le=2**50,
        description="With less free space on the disk of the database, or of `evidence` where the "
        "database is on a server, records are answered 503.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen at.")
    port: int = Field(
        default=8700, ge=0, le=65_535, description="Port to listen at; 0 takes a free one."
    )
    unix_socket: Path | None = Field(
        default=None,
        description="Unix socket to listen at instead of address and port; made with mode 0600.",
    )
    tls_by_proxy: bool = Field(
        default=False,
        description="Speak plain HTTP though the node listens beyond this machine: a proxy in "
        "front of it ends TLS, and nobody else reaches the port.",
    )
    read_tokens_file: Path | None = Field(
        default=None,
        description="File with a `name:token` per line, its scopes after it, mode 0600; then "
        "nothing but liveness is answered without a credential.",
    )
    allow_anonymous_reads: Literal["catalogue"] | bool | None = Field(
        default=None,
        description='Let everybody who reaches the node read: `true` everything, `"catalogue"` '
        "what there is. Left out, a node without tokens that this machine alone reaches is open.",
    )
    names: tuple[str, ...] = Field(
        default=(),
        description="Names under which the node is called, besides that of its registered "
        "address: a signed request is for one of them.",
    )
    log_level: LogLevel = Field(
        default="info", description="`debug`, `info`, `warning` or `error`."
    )
    verify_processes: int | None = Field(
        default=None,
        ge=0,
        le=256,
        description="Processes that verify signatures; by default one less than the cores; with 0 "
        "the node verifies in threads of its own.",
    )
    clock_offset_days: int = Field(
        default=0,
        ge=-BEHIND_DAYS_MAX,
        le=0,
        description="For exercises and training alone: days that the node's clock runs behind.",
    )
    blocks: Blocks = Blocks()
    cache: Cache = Cache()
    limits: Limits = Limits()
    tls: Tls | None = None
    local_signing: LocalSigning | None = None
    webhook: Webhook | None = None
    witness: Witness | None = None
    peers: tuple[Peer, ...] = ()
    believed_policy: Path | None = Field(
        default=None,
        description="tlog-policy file whose log keys a node that follows believes on its way to "
        "the present, where votes have replaced those of the genesis record; its quorum vouches "
        "for a snapshot.",
    )
    snapshots: Snapshots = Snapshots()
    evidence: Path = Field(
        default=Path("evidence"),
        description="Folder for evidence against a node that orders records, should it lie.",
    )

    @property
    def orders(self) -> bool:
        """Whether the node is to order records."""
        return self.log_key is not None

    @property
    def own_folder(self) -> Path:
        """Where this node writes most: the folder of its database, or that of its evidence."""
        written = self.database if isinstance(self.database, Path) else self.evidence
        return written.resolve().parent

    @property
    def is_open(self) -> bool:
        """Whether the node does what it is asked without a credential: for this machine alone."""
        said = self.allow_anonymous_reads is not None or self.read_tokens_file is not None
        return self.is_local and not self.speaks_tls and not said

    @property
    def speaks_tls(self) -> bool:
        """Whether connections begin with TLS; at a unix socket none does."""
        return self.tls is not None and self.unix_socket is None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the node."""
        return self.unix_socket is not None or is_loopback(self.host)

    @property
    def called(self) -> tuple[str, ...]:
        """Names under which the node is called; its registered address apart."""
        if not self.is_local:
            return self.names
        return (*self.names, "localhost", "127.0.0.1", "::1", self.host, NAME_AT_SOCKET)

    @property
    def log_key_files(self) -> tuple[Path, ...]:
        """The key files of the log, those of keys to come among them."""
        files = (self.log_key, self.log_key_pq, self.next_log_key, self.next_log_key_pq)
        return tuple(one for one in files if one is not None)

    @model_validator(mode="after")
    def check_log_keys(self) -> Self:
        """Refuse half a pair: checkpoints are signed with both. A node orders or follows."""
        if (self.log_key is None) != (self.log_key_pq is None):
            raise ValueError("log_key: goes with `log_key_pq`")
        if not self.orders and not self.peers:
            raise ValueError("peers: without `log_key` the node follows others; name one")
        if (self.next_log_key is None) != (self.next_log_key_pq is None):
            raise ValueError("next_log_key: goes with `next_log_key_pq`")
        return self

    @model_validator(mode="after")
    def check_privacy(self) -> Self:
        """Refuse to speak in the clear beyond this machine."""
        if self.tls is not None and self.tls_by_proxy:
            raise ValueError("tls_by_proxy: contradicts `[tls]`")
        if not (self.is_local or self.tls is not None or self.tls_by_proxy):
            raise ValueError(
                f"host: {self.host} can be reached from outside, in the clear: set up `[tls]`, or "
                "set `tls_by_proxy = true` where a proxy in front of the node ends TLS"
            )
        return self

    @model_validator(mode="after")
    def check_joining(self) -> Self:
        """Refuse to begin from a state on nobody's word."""
        if self.snapshots.join and self.orders:
            raise ValueError("snapshots.join: a node with log keys replays before it orders")
        if self.snapshots.join and self.believed_policy is None:
            raise ValueError("snapshots.join: goes with `believed_policy`, whose quorum vouches")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  there is one
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  not read: one file is enough
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003  the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file."""
        return env_settings, init_settings
