r"""Who may use the node: nothing but liveness is answered without a credential.

A node that only its own machine can reach is open, unless it is given a file of tokens; one that
others can reach needs the file, or the word of its operator that everybody may read (`Settings`
refuses anything else). The file has a line `name:token` per reader and is for its owner alone.

Submissions need a token too. A record carries its own signature, but to find out whether it holds
costs the node work and tells the sender about the state of the ledger; both are for those who were
let in. The one exception is the resource that signs for local systems: it asks for a token of its
own, which is worth more than reading, and answers this machine alone.

An open node answers to names of this machine alone: a page in a browser here may have its own name
resolve to the loopback address, and would otherwise read what the node has.

Tokens are kept and compared as digests, each with every one, so that neither the time of an answer
nor a dump of memory gives one away.

>>> tokens = parse_tokens(b"auditor:0123456789abcdef\n")
>>> name_of(tokens, "Bearer 0123456789abcdef")
'auditor'
>>> name_of(tokens, "Bearer 0123456789abcdeg") is None
True
"""

import hmac
from collections.abc import Callable, Mapping
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

from node.api.problems import ApiError, respond
from node.client.secret_files import SecretError, read_secret

TOKEN_CHARS_MIN: Final = 16
PEER: Final = "peer_member"
"""Where a connection over TLS puts the member whose node it has found at the other end."""
_OPEN_PATH: Final = "/health/live"
_OWN_TOKEN: Final = "/v1/statements"  # noqa: S105  a path

T = TypeVar("T")
Tokens: TypeAlias = Mapping[str, bytes]
"""By name of the reader, the SHA-256 of its token."""


def parse_token(text: str) -> str:
    """A token, if it is long enough and can stand in a header; raises `SecretError`."""
    if len(text) < TOKEN_CHARS_MIN or not text.isascii() or not text.isprintable() or " " in text:
        raise SecretError(f"a token has {TOKEN_CHARS_MIN} printable characters or more, no spaces")
    return text


def parse_tokens(data: bytes) -> Tokens:
    """The tokens in a file of lines `name:token`; raises `SecretError`, naming the line."""
    tokens: dict[str, bytes] = {}
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, colon, token = (part.strip() for part in line.partition(":"))
        if not (name and colon) or name in tokens:
            raise SecretError(f"line {number} is not `name:token` with a name of its own")
        try:
            digest = _digest_of(token)
        except SecretError as error:
            raise SecretError(f"line {number}: {error}") from error
        if digest in tokens.values():
            raise SecretError(f"line {number} repeats the token of somebody else")
        tokens[name] = digest
    if not tokens:
        raise SecretError("it holds no line `name:token`")
    return tokens


def read_tokens(path: Path) -> Tokens:
    """The tokens in a file. Raises `SecretError`."""
    return _read(path, parse_tokens)


def read_token(path: Path) -> bytes:
    """The SHA-256 of the one token in a file. Raises `SecretError`."""
    return _digest_of(read_shown_token(path))


def read_shown_token(path: Path) -> str:
    """The one token in a file, to be shown to another node. Raises `SecretError`."""
    return _read(path, lambda data: parse_token(data.decode("utf-8", "replace").strip()))


def _digest_of(token: str) -> bytes:
    return sha256(parse_token(token).encode()).digest()


def _read(path: Path, parse: Callable[[bytes], T]) -> T:
    """What a file of secrets says; errors name the file."""
    try:
        return parse(read_secret(path))
    except SecretError as error:
        message = str(error)
        raise SecretError(message if str(path) in message else f"{path}: {message}") from error


def name_of(tokens: Tokens, authorization: str) -> str | None:
    """Whose token a header `Authorization` carries, or None."""
    scheme, _, token = authorization.partition(" ")
    shown = sha256(token.strip().encode("utf-8", "surrogateescape")).digest()
    found = None
    for name, digest in tokens.items():  # every one, however many fit
        if hmac.compare_digest(digest, shown):
            found = name
    return found if scheme.lower() == "bearer" else None


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


class Admission:
    """ASGI middleware that answers 401 to whoever shows no token; without `tokens`, to nobody."""

    def __init__(self, app: ASGIApp, tokens: Tokens | None) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http" or self._tokens is None or _is_exempt(scope["path"]):
            await self._app(scope, receive, send)
            return
        shown = [value for name, value in scope["headers"] if name == b"authorization"]
        header = shown[0].decode("latin-1") if len(shown) == 1 else ""
        reader = name_of(self._tokens, header)
        if reader is None and PEER in scope:
            reader = f"node/{scope[PEER]}"
        if reader is None:
            scope["problem"] = "unauthorized"
            await _unauthorized()(scope, receive, send)
            return
        scope["reader"] = reader
        await self._app(scope, receive, send)


def _is_exempt(path: str) -> bool:
    return path in (_OPEN_PATH, _OWN_TOKEN) or path.startswith(f"{_OWN_TOKEN}/")


def _unauthorized() -> ASGIApp:
    error = ApiError("unauthorized", "a token of the node is needed: Authorization: Bearer …")
    return respond(error.problem)
