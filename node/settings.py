"""The settings of a node: one TOML file, each value overridable from the environment.

`BLOCKPOOL_PORT=8800` overrides `port`, `BLOCKPOOL_BLOCKS__RECORDS_MAX=100` overrides `records_max`
in `[blocks]`. Unknown names are refused, so a misspelt setting never passes for a default.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PositiveInt
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class Blocks(BaseModel):
    """When a block is closed, and how much may wait."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    records_max: PositiveInt = 500
    linger_ms: int = Field(default=5, ge=0, le=10_000)
    waiting_max: PositiveInt = 20_000


class Cache(BaseModel):
    """How much of the state is kept in memory."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    values_max: PositiveInt = 200_000
    nodes_max: PositiveInt = 200_000


class LocalSigning(BaseModel):
    """Signing for local systems: whose keys the node holds, and the token callers need."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    token_file: Path
    outbox: Path = Path("outbox.db")
    passphrase_file: Path | None = None
    keys: dict[str, Path]


class Settings(BaseSettings):
    """Everything a node is told. Relative paths are relative to the configuration file."""

    model_config = SettingsConfigDict(
        env_prefix="BLOCKPOOL_", env_nested_delimiter="__", extra="forbid", frozen=True
    )
    member: str
    database: Path = Path("ledger.db")
    disk_reserve_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    log_key: Path
    log_key_pq: Path
    passphrase_file: Path | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8700, ge=0, le=65_535)
    check_threads: PositiveInt | None = None
    blocks: Blocks = Blocks()
    cache: Cache = Cache()
    local_signing: LocalSigning | None = None

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
    """The settings in a TOML file; raises `pydantic.ValidationError`, `OSError`, `ValueError`."""
    values: dict[str, Any] = TomlConfigSettingsSource(Settings, path)()
    settings = Settings(**values)
    return _resolve(settings, path.resolve().parent)


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
    return settings.model_copy(update=update)
