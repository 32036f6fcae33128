"""Requests held to the limits of the settings: of each who asks, and of wrong credentials.

Who is known is counted by name, wherever it asks from; who is not, by address, of IPv6 by the /64
that one subscriber has. Nobody's requests count against another one's, so that whoever asks much
keeps no peer and no witness out.
"""

import math
from ipaddress import IPv6Address, IPv6Network, ip_address
from time import monotonic
from typing import Final

from starlette.types import Scope

from node.api.principal import Principal
from node.api.problems import ApiError
from node.api.rates import Allowance, Rates
from node.settings import Limits

OF_NODES: Final = 10
"""How many times as much the node of a member may ask."""
RATE: Final = "rate"
"""Where the headers that tell what is left are found in the ASGI scope."""
_PREFIX: Final = 64


class Throttle:
    """The limits of one node."""

    def __init__(self, limits: Limits) -> None:
        per_s, burst = limits.requests_per_s, limits.requests_burst
        self._of_readers = Rates(per_s, burst)
        self._of_nodes = Rates(per_s * OF_NODES, burst * OF_NODES)
        self._of_failures = Rates(limits.failures_per_minute / 60, limits.failures_per_minute)

    def check_failures(self, scope: Scope) -> None:
        """Refuse to look at the credential of who has shown too many wrong ones."""
        place = _place_of(scope)
        if place is None:
            return
        found = self._of_failures.look(place, now_s=monotonic())
        if not found.is_allowed:
            raise _refusal("too many wrong credentials from this address", found)

    def count_failure(self, scope: Scope) -> None:
        """Count a wrong credential."""
        place = _place_of(scope)
        if place is not None:
            self._of_failures.take(place, now_s=monotonic())

    def check(self, scope: Scope, principal: Principal) -> None:
        """Count a request. Raises `ApiError` where there are too many."""
        who = principal.name if principal.is_known else _place_of(scope) or principal.name
        rates = self._of_nodes if principal.may("node") else self._of_readers
        found = rates.take(who, now_s=monotonic())
        scope[RATE] = _told(rates, found)
        if not found.is_allowed:
            raise _refusal("too many requests in a short time", found)


def _refusal(why: str, found: Allowance) -> ApiError:
    return ApiError("rate-limited", why, retry_after_s=max(1, math.ceil(found.wait_s)))


def _told(rates: Rates, found: Allowance) -> list[tuple[bytes, bytes]]:
    """The headers of the IETF's draft-ietf-httpapi-ratelimit-headers."""
    window_s = max(1, math.ceil(rates.burst / rates.per_s))
    return [
        (b"ratelimit-policy", b'"requests";q=%d;w=%d' % (rates.burst, window_s)),
        (b"ratelimit", b'"requests";r=%d;t=%d' % (found.left, math.ceil(found.whole_s))),
    ]


def _place_of(scope: Scope) -> str | None:
    """Where a request comes from, as who is unknown is counted; None: from this machine.

    >>> [_place_of({"client": (host, 1)}) for host in ("192.0.2.1", "2001:db8::1:2:3", "::1")]
    ['192.0.2.1', '2001:db8::/64', None]
    """
    client = scope.get("client")
    if client is None:
        return None
    try:
        address = ip_address(client[0])
    except ValueError:  # what a proxy on this machine calls it
        return str(client[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return None
    is_ipv6 = isinstance(address, IPv6Address)
    return str(IPv6Network((address, _PREFIX), strict=False)) if is_ipv6 else str(address)
