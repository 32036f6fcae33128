"""PKCS#11 URIs (RFC 7512): which module, which token, which key, and where its PIN is.

    pkcs11:token=health;object=main?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/etc/pin

What we do not use is refused, not ignored: a URI that says more means another key than we would
take. The PIN is in a file of mode 0600; in the URI (`pin-value`) everybody could read it.

>>> parse_pkcs11_uri("pkcs11:token=health;object=main?module-path=/m.so&pin-source=/pin").token
'health'
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote_to_bytes

from ledger.errors import KeyFileError

PKCS11: Final = "pkcs11:"
_PATH: Final = frozenset({"token", "object", "id", "serial", "type"})
_QUERY: Final = frozenset({"module-path", "pin-source"})
_FILE: Final = "file:"


@dataclass(frozen=True, slots=True)
class Pkcs11Uri:
    """One private key of one token. `label` and `id` narrow down each other; one is given."""

    module: Path
    pin_file: Path
    token: str
    serial: bytes | None = None
    label: str | None = None
    id: bytes | None = None


def parse_pkcs11_uri(text: str) -> Pkcs11Uri:
    """The key that a URI names. Raises `KeyFileError`, whose message quotes no value."""
    path, _, query = text.removeprefix(PKCS11).partition("?")
    told = _attributes(path, ";", _PATH)
    asked = _attributes(query, "&", _QUERY)
    if told.get("type", b"private") != b"private":
        raise KeyFileError("a PKCS#11 URI here names a private key: type=private, or no type")
    if "token" not in told or not told.keys() & {"object", "id"}:
        raise KeyFileError("a PKCS#11 URI here names `token`, and `object` or `id`")
    if asked.keys() != _QUERY:
        raise KeyFileError("a PKCS#11 URI here has `?module-path=…&pin-source=…`, both")
    return Pkcs11Uri(
        module=_file(asked["module-path"], "module-path"),
        pin_file=_file(asked["pin-source"], "pin-source"),
        token=_text(told["token"], "token"),
        serial=told.get("serial"),
        label=_text(told["object"], "object") if "object" in told else None,
        id=told.get("id"),
    )


def _attributes(text: str, separator: str, known: Collection[str]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name not in known:
            raise KeyFileError(f"a PKCS#11 URI here has {', '.join(sorted(known))}, not `{name}`")
        if not equals or not value or name in found:
            raise KeyFileError(f"`{name}` stands in a PKCS#11 URI once, with a value")
        found[name] = unquote_to_bytes(value)
    return found


def _text(value: bytes, name: str) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise KeyFileError(f"`{name}` of a PKCS#11 URI is no UTF-8") from error


def _file(value: bytes, name: str) -> Path:
    path = Path(_text(value, name).removeprefix(_FILE))
    if not path.is_absolute():  # of whose folder would be the question, and a program is `|…`
        raise KeyFileError(f"`{name}` of a PKCS#11 URI is an absolute path")
    return path
