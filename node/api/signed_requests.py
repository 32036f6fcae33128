"""Signed requests (RFC 9421): which member's key a request is signed with.

    Signature-Input, Signature ──▶ form, window ──▶ key in the state ──▶ signature ──▶ nonce

The form is that of `node.client.signed_requests`, and nothing less: whoever leaves the method, the
host, the path, the query or the digest of a body uncovered, is refused. Keys are those of the
ledger in its latest state, so one that is revoked there ends here with the same block. A body is
compared with the digest that was signed when it has been read (`read_body`).

A signature is for one node: the host it covers must be one of this node's names. Else a node that
is sent a request could send it on to another one, as if it came from the member itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import Final

from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, VerifyResult
from http_message_signatures.algorithms import HTTPSignatureAlgorithm
from http_message_signatures.digests import ContentDigest
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from contracts.values import Key, Member, RegisteredNode, Writer
from contracts.view import StateView, read
from ledger.keys import PublicKey, parse_public_key
from ledger.suites import ED25519
from ledger.times import from_ms
from ledger.types import MemberId, Time
from node.api.nonces import Nonces, NoncesFull
from node.api.principal import Principal, of_signer
from node.api.problems import ApiError
from node.api.service import Service
from node.client.signed_requests import COMPONENTS, DIGEST, TAG, WINDOW_S
from node.views.as_at import PresentState

FIELDS: Final = (b"signature-input", b"signature")
FIELD_BYTES_MAX: Final = 2_048
"""One signature of ours takes a fourth of it; more would be work for strangers to give."""
NONCE_CHARS_MAX: Final = 64
ASKED_METHOD: Final = "asked_method"
"""Where the ASGI scope tells the method that was signed, if the request is handled as another."""
SIGNED_DIGEST: Final = "signed_digest"
"""Where the digest that a signature covers is found in the ASGI scope; None: of no body."""


def is_signed(scope: Scope) -> bool:
    """Whether a request says that it is signed."""
    return any(name in FIELDS for name, _ in scope["headers"])


class SignedRequests:
    """Verifies signed requests to a node that is called by `names`, and by its registered one."""

    def __init__(self, own: MemberId, names: Iterable[str]) -> None:
        self._own = own
        self._names = frozenset(name.lower() for name in names)
        self._nonces = Nonces(keep_s=2 * WINDOW_S)

    async def principal_of(self, scope: Scope, service: Service) -> Principal:
        """Who signed a request. Raises `ApiError`."""
        message = _message_of(scope)
        verified = await run_in_threadpool(self._verify, message, service)
        nonce = verified.result.nonce or ""
        if not 0 < len(nonce) <= NONCE_CHARS_MAX:
            raise ApiError("signature-wrong", "the signature has no `nonce`, or a long one")
        digest = verified.result.covered_components.get(f'"{DIGEST}"')
        if digest is None and _has_body(scope):
            raise ApiError("signature-wrong", f"the signature covers no `{DIGEST}` of the body")
        self._take(f"{verified.keyid}/{nonce}")
        scope[SIGNED_DIGEST] = digest
        return verified.principal

    def _verify(self, message: "_Message", service: Service) -> "_Verified":
        with service.replica.store.snapshot() as snapshot:
            view = PresentState(snapshot)
            self._check_name(view, message.host)
            keys = _Keys(view, from_ms(service.clock()))
            verifier = _Verifier(signature_algorithm=_Ed25519, key_resolver=keys)
            try:
                found = verifier.verify(
                    message,
                    max_age=timedelta(0),  # beside the skew that is allowed
                    expect_tag=TAG,
                    require_components=COMPONENTS,
                )
            except (HTTPMessageSignaturesException, ValueError) as error:
                raise ApiError("signature-wrong", str(error)) from error
            if len(found) != 1 or keys.principal is None:
                raise ApiError("signature-wrong", "a request has one signature for us")
            return _Verified(keys.principal, str(found[0].parameters["keyid"]), found[0])

    def _check_name(self, view: StateView, host: str) -> None:
        """Refuse what was signed for another node."""
        node = read(view, RegisteredNode, f"node/{self._own}")
        registered = "" if node is None else host_in(node.endpoint.partition("://")[2])
        if host_in(host) not in {*self._names, registered} - {""}:
            raise ApiError("signature-wrong", f"this node is not called {host}: see `names`")

    def _take(self, nonce: str) -> None:
        try:
            if not self._nonces.take(nonce, now_s=monotonic()):
                raise ApiError("signature-replayed", "a request with this nonce was here before")
        except NoncesFull as error:
            full = "too many signed requests in a short time"
            raise ApiError("rate-limited", full, retry_after_s=2 * WINDOW_S) from error


def check_digest(scope: Scope, body: bytes) -> None:
    """Refuse a body that is not the one signed; whoever showed another credential signs none."""
    if SIGNED_DIGEST not in scope:
        return
    digest = scope[SIGNED_DIGEST]
    if digest is None and not body:
        return
    try:
        ContentDigest.verify(digest or "", body)
    except HTTPMessageSignaturesException as error:
        raise ApiError("signature-wrong", "the body is not the one signed") from error


def host_in(authority: str) -> str:
    """The host in `host:port` and what may follow it, in lower case.

    >>> [host_in(one) for one in ("Node.example:8443/x", "[::1]:8700", "node.example", "")]
    ['node.example', '::1', 'node.example', '']
    """
    host = authority.partition("/")[0]
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


@dataclass(frozen=True, slots=True)
class _Verified:
    """A signature that holds, and whose it is."""

    principal: Principal
    keyid: str
    result: VerifyResult


@dataclass(frozen=True, slots=True)
class _Message:
    """A request as the library wants it."""

    method: str
    url: str
    host: str
    headers: "_Headers"


@dataclass(frozen=True, slots=True)
class _Headers:
    """All lines of a head, in their order."""

    lines: tuple[tuple[str, str], ...]

    def items(self) -> Iterable[tuple[str, str]]:
        """Name and value of each line."""
        return self.lines


def _message_of(scope: Scope) -> _Message:
    lines = tuple(
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]
    )
    for field in FIELDS:
        values = [value for name, value in lines if name.encode("latin-1") == field]
        if len(values) != 1 or len(values[0]) > FIELD_BYTES_MAX:
            named = field.decode()
            raise ApiError("signature-wrong", f"`{named}` is there once, and not that long")
    hosts = [value for name, value in lines if name == "host"]
    if len(hosts) != 1:
        raise ApiError("signature-wrong", "a request names one host")
    path = scope["raw_path"].decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    url = f"{scope['scheme']}://{hosts[0]}{path}" + (f"?{query}" if query else "")
    return _Message(scope.get(ASKED_METHOD, scope["method"]), url, hosts[0], _Headers(lines))


def _has_body(scope: Scope) -> bool:
    told = dict(scope["headers"])
    return told.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in told


class _Verifier(HTTPMessageVerifier):
    """With the window that our clients use."""

    max_clock_skew = timedelta(seconds=WINDOW_S)


class _Ed25519(HTTPSignatureAlgorithm):
    """Ed25519 as the ledger verifies it: canonical, without cofactor, no weak keys."""

    algorithm_id = "ed25519"

    def __init__(self, public_key: PublicKey) -> None:
        self._public_key = public_key

    def verify(self, signature: bytes, message: bytes) -> None:
        self._public_key.verify(signature, message)


class _Keys(HTTPSignatureKeyResolver):
    """The keys in a state that may sign requests now, and whose the one asked for is."""

    def __init__(self, view: StateView, now: Time) -> None:
        self._view = view
        self._now = now
        self.principal: Principal | None = None

    def resolve_public_key(self, key_id: str) -> PublicKey | None:
        if len(key_id) > NONCE_CHARS_MAX or not key_id.isascii() or not key_id.isalnum():
            return None
        key = read(self._view, Key, f"key/{key_id}")
        if key is None or key.status != "active":
            return None
        member = read(self._view, Member, f"member/{key.member}")
        if member is None or member.status == "removed":
            return None
        if key.function != "transport" and not self._signs(key, key_id):
            return None
        public_key = parse_public_key(key.key)
        if public_key.suite is not ED25519:
            return None
        writer = None if key.function == "transport" else key.writer
        self.principal = of_signer(key.member, writer)
        return public_key

    def _signs(self, key: Key, keyid: str) -> bool:
        """Whether it is the key of a writer at work; keys of logs and witnesses sign none."""
        if key.function not in ("custodian", "writer") or key.writer is None:
            return False
        writer = read(self._view, Writer, f"writer/{key.writer}")
        if writer is None or writer.status != "active" or writer.key != keyid:
            return False
        return writer.not_after is None or self._now < writer.not_after
