"""Where the client touches the world, apart from the network and the clock: addresses."""

from typing import Final

import httpx

from node.client.errors import ClientError

TIMEOUT_S: Final = 30.0


def base_of(url: str) -> httpx.URL:
    """The address of a node; raises `ClientError` for what is no HTTP address."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ClientError(f"not an address: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ClientError(f"not an http or https address: {url}")
    return parsed
