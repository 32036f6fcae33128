"""Settings from a file and the environment, with absolute paths and errors that name them."""

import tomllib
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, ValidationError

from node.client.keys.references import is_elsewhere
from node.settings.node import Settings
from node.storage.address import PostgresAddress


class SettingsError(ValueError):
    """The settings cannot be used; each line names one of them and says what is wrong."""


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


def _resolve(settings: Settings, folder: Path) -> Settings:
    """The same settings with absolute paths."""

    def place(path: Path) -> Path:
        return path if is_elsewhere(path) else folder / path

    def absolute(model: BaseModel) -> dict[str, Path]:
        return {
            name: place(value)
            for name in type(model).model_fields
            if isinstance(value := getattr(model, name), Path)
        }

    update: dict[str, object] = {**absolute(settings)}
    if isinstance(settings.database, PostgresAddress):
        update["database"] = replace(settings.database, folder=folder)
    local = settings.local_signing
    if local is not None:
        keys = {writer: place(key) for writer, key in local.keys.items()}
        update["local_signing"] = local.model_copy(update={**absolute(local), "keys": keys})
    for name in ("snapshots", "webhook", "witness"):
        part = getattr(settings, name)
        if part is not None:
            update[name] = part.model_copy(update=absolute(part))
    if settings.tls is not None:
        readers = tuple(one.model_copy(update=absolute(one)) for one in settings.tls.readers)
        update["tls"] = settings.tls.model_copy(
            update={**absolute(settings.tls), "readers": readers}
        )
    update["peers"] = tuple(one.model_copy(update=absolute(one)) for one in settings.peers)
    return settings.model_copy(update=update)
