r"""Requests that prove who sends them: HTTP message signatures (RFC 9421), Ed25519.

    Signature-Input: sig=("@method" "@authority" "@path" "@query" "content-digest");created=…;
                     keyid="4cc3f338…";alg="ed25519";expires=…;nonce="…";tag="blockpool"
    Signature: sig=:…:
    Content-Digest: sha-256=:…:                                 (RFC 9530, where there is a body)

The key is one the ledger knows: that of a writer, or the transport key of a node. So a member needs
no token of any node. `@authority` binds a request to the node it is meant for, `created` to its
minute, `nonce` to the one time it is sent. What stands between client and node may change the
scheme, so that is left out; it must pass on the header `Host` as it is.

What is signed here begins with `"@method"`, a record's envelope with `DSSEv1`: neither signature
passes for the other.

>>> from ledger.keys import generate_private_key
>>> from ledger.suites import ED25519
>>> request = httpx.Request("GET", "https://node.example/v1/ledger")
>>> _ = next(RequestSignature(generate_private_key(ED25519)).auth_flow(request))
>>> request.headers["signature-input"][:44]
'sig=("@method" "@authority" "@path" "@query"'
"""

import secrets
from collections.abc import Callable, Generator, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Final

import httpx
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import ED25519 as ED25519_OF_RFC

from ledger.keys import Signer
from ledger.suites import ED25519
from node.client.errors import ClientError

TAG: Final = "blockpool"
COMPONENTS: Final = ("@method", "@authority", "@path", "@query")
DIGEST: Final = "content-digest"
ASKED: Final = "accept-signature"
"""The header by which a node says that it takes signed requests (RFC 9421, section 5.1)."""
WINDOW_S: Final = 60
"""How far the clocks of client and node may differ, transmission included."""
_LABEL: Final = "sig"
_NONCE_BYTES: Final = 16
_PARTS: Final = " ".join(f'"{part}"' for part in (*COMPONENTS, DIGEST))
CHALLENGE: Final = f'{_LABEL}=({_PARTS});created;alg="ed25519";tag="{TAG}"'
"""What the header says."""


class RequestSignature(httpx.Auth):
    """Signs each request with one key, for clients of either kind."""

    requires_request_body = True

    def __init__(self, signer: Signer) -> None:
        """`signer` holds an Ed25519 key; raises `ClientError` for any other."""
        if signer.public_key.suite is not ED25519:
            raise ClientError("requests are signed with an Ed25519 key")
        self._signer = signer
        self._form = HTTPMessageSigner(signature_algorithm=ED25519_OF_RFC)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """As `httpx.Auth.auth_flow`."""
        now = datetime.now(UTC)
        prepared = self._form.prepare(
            request,
            key_id=self._signer.public_key.keyid,
            created=now,
            expires=now + timedelta(seconds=WINDOW_S),
            nonce=secrets.token_hex(_NONCE_BYTES),
            label=_LABEL,
            tag=TAG,
            covered_component_ids=COMPONENTS,
            body=request.content or None,
        )
        self._form.apply(request, prepared, self._signer.sign(prepared.signature_base))
        yield request


class Credential:
    """What a client shows of itself: its token, and signatures once the node asks for them."""

    def __init__(self, token: str | None, request_signer: Callable[[], Signer] | None) -> None:
        """`request_signer` gives the key; it is not called before a node asks."""
        self.headers = {} if token is None else {"authorization": f"Bearer {token}"}
        self.signature: RequestSignature | None = None
        self._request_signer = request_signer
        self._making = Lock()

    def must_sign(
        self, shown: RequestSignature | None, status: int, headers: Mapping[str, str]
    ) -> bool:
        """Whether an answer asks for a signature that was not shown: then ask again, and sign."""
        is_asked = status == httpx.codes.UNAUTHORIZED and ASKED in headers
        if shown is not None or not is_asked or self._request_signer is None:
            return False
        with self._making:  # threads share a client, and a key may want a passphrase
            if self.signature is None:
                self.signature = RequestSignature(self._request_signer())
        return True
