"""What parts of the settings have in common, and the checks that several of them make."""

import ipaddress
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict

from ledger.errors import LedgerError
from ledger.note import check_key_name


class Part(BaseModel):
    """A table of the settings; names it does not know are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def checked_url(url: str) -> str:
    """Refuse what is no address, and what others on the way could read. Raises `ValueError`."""
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


def check_name(name: str) -> None:
    """Refuse what cannot name a key. Raises `ValueError`."""
    try:
        check_key_name(name)
    except LedgerError as error:
        raise ValueError(f"foreign_name: {error}") from error
