"""The settings of a node: one TOML file, each value overridable from the environment.

`BLOCKPOOL_PORT=8800` overrides `port`, `BLOCKPOOL_BLOCKS__RECORDS_MAX=100` overrides `records_max`
in `[blocks]`. Unknown names are refused, so a misspelt setting never passes for a default. Relative
paths are relative to the folder of the file, wherever they were given.

Secure unless somebody says otherwise: whatever listens beyond this machine has to be told who may
read, or be told in so many words that everybody may.
"""

import ipaddress
import tomllib
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from ledger.errors import LedgerError
from ledger.note import VerifierKey, check_key_name, parse_vkey
from ledger.records.keys import CUSTODIAN
from node.client.clock import BEHIND_DAYS_MAX

MIB: Final = 1024 * 1024
LogLevel = Literal["debug", "info", "warning", "error"]


class SettingsError(ValueError):
    """The settings cannot be used; each line names one of them and says what is wrong."""


class Blocks(BaseModel):
    """When a block is closed, and how much may wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    records_max: int = Field(
        default=500, ge=1, le=10_000, description="Records in a block, at most."
    )
    linger_ms: int = Field(
        default=5,
        ge=0,
        le=10_000,
        description="How long the first record of a block waits for company.",
    )
    waiting_max: int = Field(
        default=20_000,
        ge=1,
        le=1_000_000,
        description="Records that may wait; beyond, submissions are answered 429.",
    )
    waiting_per_key_max: int = Field(
        default=5_000,
        ge=1,
        le=1_000_000,
        description="Of these, records signed with one key, and records nobody is known to have "
        "signed; beyond, whoever submits them is answered 429.",
    )


class Cache(BaseModel):
    """How much of the state is kept in memory."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    values_max: int = Field(
        default=200_000,
        ge=1,
        le=100_000_000,
        description="State values kept in memory, twice at most.",
    )
    nodes_max: int = Field(
        default=200_000,
        ge=1,
        le=100_000_000,
        description="Map nodes kept in memory, twice at most.",
    )


class LocalSigning(BaseModel):
    """Signing for local systems: whose keys the node holds, and the tokens callers need."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    token_file: Path | None = Field(
        default=None,
        description="File with the token, 16 characters or more, that lets local systems have "
        "statements signed as every writer here; mode 0600.",
    )
    writer_tokens_file: Path | None = Field(
        default=None,
        description="File with a `writer:token` per line, each of which lets sign as that writer "
        "alone; mode 0600. One of the two files is needed.",
    )
    outbox: Path = Field(
        default=Path("outbox.db"),
        description="Database of what was signed and is not answered yet.",
    )
    passphrase_file: Path | None = Field(
        default=None, description="File with the passphrase of the writers' keys; mode 0600."
    )
    keys: dict[str, Path] = Field(
        min_length=1, description='Key file per writer: `"health/main" = "keys/main.pem"`.'
    )

    @field_validator("keys")
    @classmethod
    def check_writers(cls, keys: dict[str, Path]) -> dict[str, Path]:
        """Refuse custodians: with one, the token of local systems would end and appoint writers."""
        for writer in keys:
            if writer.partition("/")[2] == CUSTODIAN:
                raise ValueError(f"the key of {writer} is kept offline, no node signs with it")
        return keys

    @model_validator(mode="after")
    def check_tokens(self) -> Self:
        """Refuse to sign for whoever asks."""
        if self.token_file is None and self.writer_tokens_file is None:
            raise ValueError("token_file, or writer_tokens_file, says who may have anything signed")
        return self


class Webhook(BaseModel):
    """Where findings and deadlines are announced."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    url: str = Field(
        max_length=2_048,
        description="Address that events are posted to: https, or http on this machine.",
    )
    secret_file: Path = Field(
        description="File with the secret that signs posts, `whsec_` and base64; mode 0600."
    )
    place: Path = Field(
        default=Path("webhook.json"), description="File in which the place in the log is kept."
    )
    members: tuple[str, ...] = Field(
        default=(), description="Members whose findings and deadlines are announced; all."
    )

    @field_validator("url")
    @classmethod
    def check_url(cls, url: str) -> str:
        """Refuse what is no address, and what others on the way could read."""
        return _checked_url(url)


class Peer(BaseModel):
    """Another member's node: for the first contact, or where its registration does not lead."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    member: str = Field(min_length=1, description="The member whose node it is.")
    url: str = Field(max_length=2_048, description="Its address: https, or http on this machine.")
    token_file: Path | None = Field(
        default=None, description="File with the token it asks of readers; mode 0600."
    )

    @field_validator("url")
    @classmethod
    def check_url(cls, url: str) -> str:
        """Refuse what is no address, and what others on the way could read."""
        return _checked_url(url)


class ForeignLog(BaseModel):
    """A log of others that this node witnesses: on consistency alone."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    vkey: tuple[str, ...] = Field(
        min_length=1,
        description="The log's key as C2SP writes it; or a list of them, one of which has to sign.",
    )
    origin: str | None = Field(
        default=None, description="Its origin, if that is not the name of its key."
    )

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The log's keys."""
        return tuple(parse_vkey(one) for one in self.vkey)

    @property
    def known_as(self) -> str:
        """The log's origin."""
        return self.keys[0].name if self.origin is None else self.origin

    @field_validator("vkey", mode="before")
    @classmethod
    def listed(cls, given: object) -> object:
        """One key is a list of one."""
        return (given,) if isinstance(given, str) else given

    @field_validator("vkey")
    @classmethod
    def check_vkeys(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        """Refuse what are no keys of one log."""
        try:
            keys = [parse_vkey(one) for one in given]
        except LedgerError as error:
            raise ValueError(str(error)) from error
        if len({key.name for key in keys}) > 1:
            raise ValueError("the keys are of several logs, each needs an entry of its own")
        for key in keys:
            if key.signature_type != key.public_key.suite.log_type:
                raise ValueError(f"{key} is a witness's key, not a log's")
        return given


class Witness(BaseModel):
    """Cosigning: the witness keys that the member's custodian has registered with its node."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: Path = Field(description="Witness key file, Ed25519; mode 0600.")
    key_pq: Path = Field(description="Witness key file, ML-DSA-44; mode 0600.")
    passphrase_file: Path | None = Field(
        default=None, description="File with the passphrase of these keys; mode 0600."
    )
    database: Path = Field(
        default=Path("witness.db"),
        description="What was cosigned last. Never restored from a backup.",
    )
    foreign_name: str | None = Field(
        default=None,
        description="Name under which logs of others are cosigned: another than the member's.",
    )
    foreign_key: Path | None = Field(
        default=None,
        description="Key file for logs of others, Ed25519: another key than `key`; mode 0600.",
    )
    foreign_key_pq: Path | None = Field(default=None, description="The same, ML-DSA-44; mode 0600.")
    logs: tuple[ForeignLog, ...] = ()

    @property
    def foreign_key_files(self) -> tuple[Path, ...]:
        """The key files for logs of others."""
        files = (self.foreign_key, self.foreign_key_pq)
        return tuple(one for one in files if one is not None)

    @model_validator(mode="after")
    def check_foreign(self) -> Self:
        """Refuse to say of other logs, by a name or key, what the member says of its own."""
        if {self.foreign_key, self.foreign_key_pq} & {self.key, self.key_pq}:
            raise ValueError("foreign_key: has to be another file than that of the member's key")
        if self.foreign_name is not None:
            _check_name(self.foreign_name)
        given = (self.foreign_name, self.foreign_key, self.foreign_key_pq)
        if self.logs and None in given:
            raise ValueError("logs: go with `foreign_name`, `foreign_key` and `foreign_key_pq`")
        if not self.logs and given != (None, None, None):
            raise ValueError("foreign_name: goes with `logs`, the logs of others")
        origins = [one.known_as for one in self.logs]
        if len(set(origins)) < len(origins):
            raise ValueError("logs: one log has two entries; give all its keys in one")
        return self


def _check_name(name: str) -> None:
    """Refuse what cannot name a key. Raises `ValueError`."""
    try:
        check_key_name(name)
    except LedgerError as error:
        raise ValueError(f"foreign_name: {error}") from error


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
    database: Path = Field(default=Path("ledger.db"), description="The database.")
    disk_reserve_bytes: int = Field(
        default=256 * MIB,
        ge=0,
        le=2**50,
        description="With less free space on the disk of the database, records are answered 503.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="Address to listen at.")
    port: int = Field(
        default=8700, ge=0, le=65_535, description="Port to listen at; 0 takes a free one."
    )
    unix_socket: Path | None = Field(
        default=None,
        description="Unix socket to listen at instead of address and port; made with mode 0600.",
    )
    read_tokens_file: Path | None = Field(
        default=None,
        description="File with a `name:token` per line, mode 0600; then nothing but liveness is "
        "answered without one of these tokens.",
    )
    allow_anonymous_reads: bool = Field(
        default=False,
        description="Let everybody read who reaches the node, though it listens beyond this "
        "machine.",
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
    local_signing: LocalSigning | None = None
    webhook: Webhook | None = None
    witness: Witness | None = None
    peers: tuple[Peer, ...] = ()
    believed_policy: Path | None = Field(
        default=None,
        description="tlog-policy file whose log keys a node that follows believes on its way to "
        "the present, where votes have replaced those of the genesis record.",
    )
    evidence: Path = Field(
        default=Path("evidence"),
        description="Folder for evidence against a node that orders records, should it lie.",
    )

    @property
    def orders(self) -> bool:
        """Whether the node is to order records."""
        return self.log_key is not None

    @property
    def answers_local_names_only(self) -> bool:
        """Whether the node is open to this machine, at an address a browser could be led to."""
        open_here = self.read_tokens_file is None and not self.allow_anonymous_reads
        return open_here and self.unix_socket is None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the node."""
        return self.unix_socket is not None or is_loopback(self.host)

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
    def check_readers(self) -> Self:
        """Refuse to listen beyond this machine unless somebody said who may read."""
        if self.allow_anonymous_reads and self.read_tokens_file is not None:
            raise ValueError("allow_anonymous_reads: contradicts `read_tokens_file`")
        if not (self.is_local or self.allow_anonymous_reads or self.read_tokens_file is not None):
            raise ValueError(
                f"host: {self.host} can be reached from outside: say who may read with "
                "`read_tokens_file`, or set `allow_anonymous_reads = true`"
            )
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


def load_settings(path: Path) -> Settings:
    """The settings in a TOML file; raises `SettingsError`, `OSError`."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError(_told(error)) from error
    except ValueError as error:  # no TOML, no UTF-8, no JSON in a variable
        raise SettingsError(str(error)) from error
    return _resolve(settings, path.resolve().parent)


def _told(error: ValidationError) -> str:
    """A line per setting: what pydantic says of it, without the value, which may be a secret."""
    lines = []
    for one in error.errors(include_url=False, include_input=False):
        name = ".".join(map(str, one["loc"]))
        said = one["msg"].removeprefix("Value error, ")
        if one["type"] == "extra_forbidden":
            said = "there is no such setting"
        lines.append(f"{name}: {said}" if name else said)
    return "\n".join(lines)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address such as https://department.example/events")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("beyond this machine an address begins with https://")
    return url


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _resolve(settings: Settings, folder: Path) -> Settings:
    """The same settings with absolute paths."""

    def absolute(model: BaseModel) -> dict[str, Path]:
        return {
            name: folder / value
            for name in type(model).model_fields
            if isinstance(value := getattr(model, name), Path)
        }

    update: dict[str, object] = {**absolute(settings)}
    local = settings.local_signing
    if local is not None:
        keys = {writer: folder / key for writer, key in local.keys.items()}
        update["local_signing"] = local.model_copy(update={**absolute(local), "keys": keys})
    for name in ("webhook", "witness"):
        part = getattr(settings, name)
        if part is not None:
            update[name] = part.model_copy(update=absolute(part))
    update["peers"] = tuple(one.model_copy(update=absolute(one)) for one in settings.peers)
    return settings.model_copy(update=update)
