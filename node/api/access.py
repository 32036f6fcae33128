"""Who may use the node: nothing but liveness is answered without a credential.

    request ──▶ Admission: which principal asks?  ──▶ routes ──▶ check_scope: may it do this?
                  401 wrong credential, or none                    403 known, and it may not

A node that only its own machine can reach is open, unless it is given a file of tokens; one that
others can reach is closed, but for what its operator lets everybody read (`allow_anonymous_reads`).
Who is nobody on a closed node hears 401 from every address, there or not.

Submissions need a credential too. A record carries its own signature, but to find out whether it
holds costs the node work and tells the sender about the state of the ledger; both are for those who
were let in. To have statements signed takes a token of its own, open node or not.

An open node answers to names of this machine alone: a page in a browser here may have its own name
resolve to the loopback address, and would otherwise read what the node has.
"""

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address
from typing import Final

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from node.api.operations import MANUAL, OPERATIONS
from node.api.principal import Principal, included, nobody
from node.api.principal import Scope as Permission
from node.api.problems import ApiError, respond
from node.api.signed_requests import SignedRequests, is_signed
from node.api.throttle import Throttle
from node.api.tokens import Tokens, principal_of
from node.client.request_ids import CURRENT, HEADER, is_plain
from node.settings import Settings

LIVE: Final = "/health/live"
PEER: Final = "peer"
"""Where a TLS connection puts who it is with, in the ASGI scope."""
_REQUEST_ID: Final = HEADER.encode()
_CATALOGUE_KEYS: Final = ("basis/", "dataset/", "entry/", "member/", "release/", "schema")
"""Beginnings of the keys of state values that are part of the catalogue."""


def open_to_everybody(settings: Settings) -> tuple[Permission, ...]:
    """What the node answers to whoever reaches it."""
    if settings.is_open:
        return ("node",)
    match settings.allow_anonymous_reads:
        case True:
            return ("auditor",)
        case "catalogue":
            return ("catalogue",)
        case _:
            return ()


class Admission:
    """ASGI middleware that finds out who asks; it answers 401 to who must not."""

    def __init__(
        self,
        app: ASGIApp,
        tokens: Tokens,
        signed: SignedRequests,
        throttle: Throttle,
        open_scopes: Iterable[Permission],
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._signed = signed
        self._throttle = throttle
        self._open = included(open_scopes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http" or scope["path"] == LIVE:
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._admit(scope)
        except ApiError as error:
            scope["problem"] = error.problem.code
            await respond(error.problem, error.headers)(scope, receive, send)
            return
        scope["principal"] = principal
        _keep_request_id(scope, principal)
        await self._app(scope, receive, send)

    async def _admit(self, scope: Scope) -> Principal:
        """Who asks, if it may ask at all, now. Raises `ApiError`."""
        self._throttle.check_failures(scope)
        try:
            found = await self._principal_of(scope)
        except ApiError:
            if _shows_credential(scope):
                self._throttle.count_failure(scope)
            raise
        principal = replace(found, scopes=found.scopes | self._open)
        if principal.is_known or not principal.may("node"):
            self._throttle.check(scope, principal)
        return principal

    async def _principal_of(self, scope: Scope) -> Principal:
        """Who asks. What the request itself shows comes before what its connection does."""
        if is_signed(scope):
            return await self._signed.principal_of(scope, scope["app"].state.service)
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        if shown:
            principal = principal_of(self._tokens, shown[0].decode("latin-1"))
            if principal is None or len(shown) > 1:
                raise ApiError("unauthorized", "nobody here has this token")
            return principal
        if PEER in scope:
            peer: Principal = scope[PEER]
            return peer
        if not self._open:
            raise unauthorized()
        return nobody(address_of(scope), ())


def _shows_credential(scope: Scope) -> bool:
    return is_signed(scope) or any(name == b"authorization" for name, _ in scope["headers"])


def _keep_request_id(scope: Scope, principal: Principal) -> None:
    """Go on under the id that a request came with: of strangers none is taken into the log."""
    given = [value.decode("latin-1") for name, value in scope["headers"] if name == _REQUEST_ID]
    if len(given) == 1 and is_plain(given[0]) and principal.may("member"):
        CURRENT.set(given[0])


def unauthorized() -> ApiError:
    """The answer to who shows no credential."""
    return ApiError("unauthorized", "show a token (Authorization: Bearer …) or sign the request")


def address_of(scope: Scope) -> str:
    """Whence a request comes; `local` where that is a unix socket."""
    client = scope.get("client")
    return "local" if client is None else str(client[0])


async def check_scope(request: Request) -> None:
    """Refuse whom the operation is not for. A dependency of every route."""
    name = f"{request.method} {request.scope['route'].path_format}"
    needed = "catalogue" if name in MANUAL else OPERATIONS[name].scope
    if needed is None:
        return
    if "key" in request.path_params and _is_of_catalogue(request.path_params["key"]):
        needed = "catalogue"
    principal: Principal = request.scope["principal"]
    if principal.may(needed):
        return
    if needed == "sign":
        raise ApiError("unauthorized", "a token of the node's `[local_signing]` is needed")
    if not principal.is_known:
        raise unauthorized()
    raise ApiError("scope-missing", f"{principal.name} has not the scope `{needed}`", needs=needed)


def _is_of_catalogue(key: str) -> bool:
    return key == "ledger" or key.startswith(_CATALOGUE_KEYS)


def names_this_machine(host: str) -> bool:
    """Whether a header `Host` names the machine itself.

    >>> [names_this_machine(host) for host in ("localhost:8700", "[::1]", "127.0.0.1", "evil.test")]
    [True, True, True, False]
    """
    name = host.removeprefix("[").partition("]")[0] if "[" in host else host.partition(":")[0]
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


class LocalNames:
    """ASGI middleware of an open node: refuses requests that call it by another machine's name."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] == "http":
            hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
            if len(hosts) != 1 or not names_this_machine(hosts[0]):
                scope["problem"] = "misdirected"
                error = ApiError("misdirected", "call the node localhost, or give readers tokens")
                await respond(error.problem)(scope, receive, send)
                return
        await self._app(scope, receive, send)
